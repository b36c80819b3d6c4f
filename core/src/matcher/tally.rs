//! What evaluation costs, step by step, for whoever asks; nothing at all for all others.
//!
//! ```text
//! Run<Off>      the hot loop, in which no step is noted        Run<Counts>   the same loop, each step counted and timed
//! ```
//!
//! The loop is compiled once for each of the two, and a scanner chooses one when it is made. Counts are kept by the numbers
//! of the program; what they are called is for `engine`. The time is told by a clock of the caller's, because this library
//! has none.

use crate::program::{Program, RuleId, UnitId};
use std::fmt;

/// Is told of every step. Steps of one kind never lie within each other; tests lie in looks, looks in walks.
pub(crate) trait Tally: fmt::Debug {
    /// The partitions of the event are known.
    fn routed(&mut self) {}
    /// A partition is done with the event.
    fn visited(&mut self, _partition: u32) {}
    /// A look at the values of one place begins.
    fn look(&mut self) {}
    /// It ends.
    fn looked(&mut self, _matcher: u32) {}
    /// The memo knew a value.
    fn remembered(&mut self, _matcher: u32) {}
    /// A value was searched.
    fn searched(&mut self, _matcher: u32, _bytes: usize) {}
    /// A test begins.
    fn test(&mut self) {}
    /// It ends.
    fn tested(&mut self, _matcher: u32, _test: usize, _bytes: usize, _answer: Answer) {}
    /// A walk through the decisions of a unit begins.
    fn walk(&mut self) {}
    /// It ends.
    fn walked(&mut self, _unit: UnitId, _decisions: u64) {}
}

/// What a test said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Holds,
    Fails,
}

/// Nothing is noted.
#[derive(Debug)]
pub(crate) struct Off;

impl Tally for Off {}

/// Everything is noted.
#[derive(Debug)]
pub(crate) struct Counts {
    clock: fn() -> u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) reading_ns: u64,
    pub(crate) routing_ns: u64,
    /// By the number of the partition.
    pub(crate) partitions: Vec<Visits>,
    /// By the number of the matcher.
    pub(crate) matchers: Vec<Looks>,
    /// The tests of all matchers, one matcher behind the other.
    tests: Vec<Tests>,
    /// For each matcher, where in that its tests begin.
    firsts: Vec<usize>,
    /// By the number of the unit.
    pub(crate) units: Vec<Walks>,
    /// How often each rule matched.
    pub(crate) matched: Vec<u64>,
    /// When the present part of the event began.
    part: u64,
    look: Since,
    test: u64,
    walk: (u64, Since),
    /// All looks and all tests so far.
    so_far: Since,
}

/// Events that came to a partition.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Visits {
    pub(crate) events: u64,
    pub(crate) ns: u64,
}

/// Looks at the values of one place.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Looks {
    pub(crate) remembered: u64,
    pub(crate) searched: u64,
    pub(crate) bytes: u64,
    pub(crate) ns: u64,
    /// What of the time its tests took.
    pub(crate) tests_ns: u64,
}

/// Runs of one test.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tests {
    pub(crate) runs: u64,
    pub(crate) bytes: u64,
    pub(crate) held: u64,
    pub(crate) ns: u64,
}

/// Walks through the decisions of one unit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Walks {
    pub(crate) count: u64,
    pub(crate) decisions: u64,
    /// Without the looks that it caused.
    pub(crate) ns: u64,
    /// Those looks, without their tests.
    pub(crate) looks_ns: u64,
}

/// Times of looks and of the tests in them.
#[derive(Debug, Clone, Copy, Default)]
struct Since {
    looks: u64,
    tests: u64,
}

impl Counts {
    pub(crate) fn new(program: &Program, rules: usize, clock: fn() -> u64) -> Self {
        let mut tests = 0;
        let firsts = program.matchers.iter().map(|matcher| {
            let first = tests;
            tests += matcher.verifies.len() + matcher.residual.len() + matcher.lists.len();
            first
        });
        let firsts = firsts.collect();
        Self {
            clock,
            events: 0,
            bytes: 0,
            reading_ns: 0,
            routing_ns: 0,
            partitions: vec![Visits::default(); program.partitions.len()],
            matchers: vec![Looks::default(); program.matchers.len()],
            tests: vec![Tests::default(); tests],
            firsts,
            units: vec![Walks::default(); program.units.len()],
            matched: vec![0; rules],
            part: 0,
            look: Since::default(),
            test: 0,
            walk: (0, Since::default()),
            so_far: Since::default(),
        }
    }

    /// An event begins.
    pub(super) fn read(&mut self) {
        self.part = (self.clock)();
    }

    /// Its slots are filled.
    pub(super) fn has_read(&mut self, bytes: usize) {
        self.events += 1;
        self.bytes += bytes as u64;
        self.reading_ns += self.lap();
    }

    /// These rules matched.
    pub(super) fn matched(&mut self, rules: &[RuleId]) {
        for rule in rules {
            if let Some(count) = self.matched.get_mut(rule.0 as usize) {
                *count += 1;
            }
        }
    }

    /// The tests of a matcher: those behind clauses, those without, its lists.
    pub(crate) fn tests(&self, matcher: usize) -> &[Tests] {
        let first = self.firsts.get(matcher).copied().unwrap_or(0);
        let end = self.firsts.get(matcher + 1).copied().unwrap_or(self.tests.len());
        self.tests.get(first..end).unwrap_or_default()
    }

    /// The time since the last part of an event, and the beginning of the next.
    fn lap(&mut self) -> u64 {
        let now = (self.clock)();
        now.saturating_sub(std::mem::replace(&mut self.part, now))
    }

    fn since(&self, then: u64) -> u64 {
        (self.clock)().saturating_sub(then)
    }
}

impl Tally for Counts {
    fn routed(&mut self) {
        self.routing_ns += self.lap();
    }

    fn visited(&mut self, partition: u32) {
        let ns = self.lap();
        if let Some(visits) = self.partitions.get_mut(partition as usize) {
            visits.events += 1;
            visits.ns += ns;
        }
    }

    fn look(&mut self) {
        self.look = Since { looks: (self.clock)(), tests: self.so_far.tests };
    }

    fn looked(&mut self, matcher: u32) {
        let ns = self.since(self.look.looks);
        self.so_far.looks += ns;
        if let Some(looks) = self.matchers.get_mut(matcher as usize) {
            looks.ns += ns;
            looks.tests_ns += self.so_far.tests - self.look.tests;
        }
    }

    fn remembered(&mut self, matcher: u32) {
        if let Some(looks) = self.matchers.get_mut(matcher as usize) {
            looks.remembered += 1;
        }
    }

    fn searched(&mut self, matcher: u32, bytes: usize) {
        if let Some(looks) = self.matchers.get_mut(matcher as usize) {
            looks.searched += 1;
            looks.bytes += bytes as u64;
        }
    }

    fn test(&mut self) {
        self.test = (self.clock)();
    }

    fn tested(&mut self, matcher: u32, test: usize, bytes: usize, answer: Answer) {
        let ns = self.since(self.test);
        self.so_far.tests += ns;
        let first = self.firsts.get(matcher as usize).copied().unwrap_or(0);
        if let Some(tests) = self.tests.get_mut(first + test) {
            tests.runs += 1;
            tests.bytes += bytes as u64;
            tests.held += u64::from(answer == Answer::Holds);
            tests.ns += ns;
        }
    }

    fn walk(&mut self) {
        self.walk = ((self.clock)(), self.so_far);
    }

    fn walked(&mut self, unit: UnitId, decisions: u64) {
        let (begun, before) = self.walk;
        let (ns, looks) = (self.since(begun), self.so_far.looks - before.looks);
        let tests = self.so_far.tests - before.tests;
        if let Some(walks) = self.units.get_mut(unit.0 as usize) {
            walks.count += 1;
            walks.decisions += decisions;
            walks.ns += ns.saturating_sub(looks);
            walks.looks_ns += looks.saturating_sub(tests);
        }
    }
}
