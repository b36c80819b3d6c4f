//! The compiled form: what is done for an event, as numbers and automata.
//!
//! ```text
//! router ─▶ partition ─▶ probes (slot, matcher) ─▶ effects (atom true, units woken) ─▶ decisions ─▶ rule
//! ```
//!
//! A program holds no names but those of fields, no YAML and no rules as written. It is frozen: whoever
//! evaluates keeps what changes elsewhere. Who writes it and who reads it is not known here.

mod affixes;
mod codes;
mod expression;
mod fields;
mod glob;
mod hash;
mod indicators;
mod literals;
mod marks;
mod needles;
mod networks;
mod router;
mod trie;

pub(crate) use expression::Expression;
pub(crate) use fields::{Fields, NodeId, SlotId};
pub(crate) use glob::{Glob, GlobPart};
pub(crate) use indicators::Indicators;
pub(crate) use literals::{Literals, LiteralsBuilder, Place, Written};
pub(crate) use networks::{Networks, NetworksBuilder};
pub(crate) use router::{ByValue, Router};

use crate::number::{Number, Relation};
use crate::text::Anchor;
use crate::time::TimePart;
use std::sync::Arc;

/// One distinct test, shared by all rules that ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AtomId(pub(crate) u32);

/// A rule, by its position in the rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RuleId(pub(crate) u32);

/// One alternative of a rule's condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UnitId(pub(crate) u32);

/// A range of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The part of `table` that the span means.
    pub(crate) fn of<T>(self, table: &[T]) -> &[T] {
        table.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// All rules of a set, compiled.
pub(crate) struct Program {
    pub(crate) fields: Fields,
    /// Where each atom looks.
    pub(crate) atoms: Vec<Subject>,
    pub(crate) units: Vec<Unit>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) wakes: Vec<UnitId>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) partitions: Vec<Partition>,
    pub(crate) router: Router,
    /// Whether any partition looks at every leaf, for keywords.
    pub(crate) needs_leaves: bool,
}

/// An alternative of a rule: when the walk through decisions ends in `TRUE`, the rule matches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) rule: RuleId,
    pub(crate) entry: u32,
}

/// One step of a condition: look at an atom, go to one of two other steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision {
    pub(crate) atom: AtomId,
    pub(crate) if_true: u32,
    pub(crate) if_false: u32,
}

impl Decision {
    pub(crate) const TRUE: u32 = u32::MAX;
    pub(crate) const FALSE: u32 = u32::MAX - 1;
}

/// What follows when a test holds: an atom is true, and units that wait for it wake up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effect {
    pub(crate) atom: AtomId,
    pub(crate) wakes: Span,
}

/// The rules that can match events of one kind, and what must be looked at for them.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    /// What is looked at for every event: the tests that wake units.
    pub(crate) probes: Vec<Probe>,
    /// What is looked at when a woken unit asks, ordered by subject: all other tests.
    pub(crate) rest: Vec<Probe>,
    /// Units that no single atom can wake.
    pub(crate) always: Vec<UnitId>,
}

/// Where to look, and the matcher that says which atoms the values there make true.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) subject: Subject,
    pub(crate) matcher: u32,
}

/// Where an atom looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    Slot(SlotId),
    /// Every scalar of the event, for keywords.
    Leaves,
    /// Two slots against each other: the pair of this number.
    Pair(u32),
}

/// A comparison of two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub(crate) left: SlotId,
    pub(crate) right: SlotId,
    pub(crate) anchor: Anchor,
    pub(crate) cased: bool,
}

/// A long list that is sought for several partitions.
#[derive(Debug)]
pub(crate) enum List {
    Folded(Indicators),
    Cased(Indicators),
    Networks(Networks),
}

/// Everything that is asked of one slot in one partition.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    pub(crate) literals: Literals,
    /// Networks in which the value, if it is an address, may lie.
    pub(crate) networks: Networks,
    /// Long lists, and what follows when anything of them is found.
    pub(crate) lists: Vec<(Arc<List>, u32)>,
    /// For each clause the test that needs it.
    pub(crate) clauses: Vec<u32>,
    /// Tests that run when a literal of each of their clauses stands in the value.
    pub(crate) verifies: Vec<Verify>,
    /// Tests that every value has to take, because no literal announces them.
    pub(crate) residual: Vec<Verify>,
    /// What follows when the field is there at all, or the pair holds.
    pub(crate) present: Vec<u32>,
    /// What follows when it holds null.
    pub(crate) null: Vec<u32>,
    /// What follows when it holds any value that has a text.
    pub(crate) any_text: Vec<u32>,
}

impl Matcher {
    /// Whether nothing can follow from any value of an event.
    pub(crate) fn is_silent_on(&self, event: &Written<'_>) -> bool {
        self.residual.is_empty()
            && self.any_text.is_empty()
            && self.networks.is_empty()
            && self.lists.is_empty()
            && !self.literals.may_stand_in(event)
    }
}

/// A code of a literal with this bit set says that the clause of that number holds; without it, it is an effect.
pub(crate) const CLAUSE: u32 = 1 << 31;

/// A test that is more than a literal, and what follows when it holds.
#[derive(Debug)]
pub(crate) struct Verify {
    pub(crate) test: Exact,
    /// How many clauses must hold before it is worth to run the test.
    pub(crate) clauses: u32,
    pub(crate) demand: Demand,
    pub(crate) effects: Vec<u32>,
}

/// What every text that passes a test has, and is quickly looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Bytes at least.
    pub(crate) length: usize,
    /// A printable ASCII character that is no letter, and how often it stands there at least.
    pub(crate) character: u8,
    pub(crate) times: usize,
}

impl Demand {
    /// Whether a text that JSON spells so may have it.
    pub(crate) fn may_be_met_by(&self, spelled: &str) -> bool {
        let found = || memchr::memchr_iter(self.character, spelled.as_bytes()).take(self.times).count();
        spelled.len() >= self.length && (self.times == 0 || found() == self.times)
    }
}

/// The exact form of a test.
#[derive(Debug)]
pub(crate) enum Exact {
    /// A pattern over the folded value.
    Folded(Glob),
    /// A pattern over the value as it is.
    Cased(Glob),
    Regex(Arc<Expression>),
    Compare(Relation, Number),
    Time(TimePart, Relation, Number),
}
