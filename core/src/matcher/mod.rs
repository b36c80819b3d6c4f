//! The hot loop: slots become true atoms, atoms wake units, units decide, rules match.
//!
//! ```text
//! for each probe of the partition:  value ─▶ memo? ─▶ effects   (else literals, then exact tests)
//! for each effect:                  atom is true, its units wake
//! for each woken unit:              walk its decisions; TRUE ─▶ the rule is reported
//!                                   where nobody has looked yet: the rest of the tests of that slot, once
//! ```
//!
//! All that changes lives in [`Scratch`], which is reused from event to event. A literal may announce a test
//! that then fails; it never hides one that would hold.

mod columns;
mod memo;
mod pair;
mod probe;
mod tally;
mod verdicts;
mod walked;

use crate::event::slots::{Seen, Slots};
use crate::program::{AtomId, Decision, Effect, Matcher, Partition, Probe, Program, RuleId, Subject, UnitId};
use crate::shortcut::{Shortcut, Shortcuts};
use crate::time::Clock;
pub(crate) use columns::Table;
use columns::{Memory, Row};
use memo::Key;
pub(crate) use tally::{Counts, Looks, Tests};
use tally::{Off, Tally};
use verdicts::Verdicts;
use walked::Walked;

/// What evaluation writes to; one per thread.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) slots: Slots,
    /// The rules that matched, in ascending order.
    pub(crate) matched: Vec<RuleId>,
    partitions: Vec<u32>,
    buffers: Buffers,
    run: Runs,
}

/// The loop, with or without a tally.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the plain one is nearly always meant, and needs no further step to be reached"
)]
enum Runs {
    Plain(Run<Off>),
    Counted(Box<Run<Counts>>),
}

/// Memory for reading one value.
#[derive(Debug, Default)]
struct Buffers {
    unescaped: String,
    folded: String,
}

/// What is known about the event at hand.
#[derive(Debug)]
struct Run<T> {
    truth: Truth,
    unit_epochs: Vec<u32>,
    rule_epochs: Vec<u32>,
    epoch: u32,
    /// For the leaves, each slot and each pair, the run in which the rest of its tests was looked at.
    looked: Vec<u64>,
    number: u64,
    pair: pair::Buffers,
    hits: probe::Hits<T>,
    verdicts: Verdicts,
    /// What is known of the table at hand; nothing while events do not come in columns.
    columns: Memory,
}

/// The atoms that are true, and what follows from them.
#[derive(Debug)]
struct Truth {
    /// One bit for each atom.
    bits: Vec<u64>,
    /// The words of `bits` that are not 0.
    touched: Vec<u32>,
    woken: Vec<UnitId>,
}

/// How an event gives its values. The loop is compiled for each form of it.
trait View: Copy {
    /// Finds the partitions for the event.
    fn route<T: Tally>(run: &mut Run<T>, to: &Rules<'_>, event: Self, buffers: &mut Buffers, found: &mut Vec<u32>);

    /// Makes the atoms true that the values at a place make true.
    fn look<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>, probe: Probe);

    /// Looks at all that is looked at for every event, or at all but keywords if they are known to be absent.
    fn look_first<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>, keywords: Keywords);

    /// What the only partition of the event remembers its verdict by; `None` where that is not worth it, or where a keyword
    /// may stand in the event.
    fn key<T: Tally>(run: &mut Run<T>, at: &Place<'_, Self>) -> Option<Key>;
}

/// The rules that are evaluated, and how times are read.
#[derive(Clone, Copy)]
struct Rules<'a> {
    program: &'a Program<'a>,
    clock: &'a Clock,
}

/// What does not change while one event is evaluated in one partition.
struct Place<'a, E> {
    program: &'a Program<'a>,
    id: u32,
    partition: &'a Partition<'a>,
    clock: &'a Clock,
    event: E,
}

/// What is known of the keywords that a partition looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keywords {
    Absent,
    Unknown,
}

impl Scratch {
    pub(crate) fn new(program: &Program, rules: usize, shortcuts: Shortcuts) -> Self {
        Self::with(Runs::Plain(Run::new(program, rules, shortcuts, Off)), shortcuts)
    }

    /// The same, and everything is counted; `clock` tells nanoseconds.
    pub(crate) fn counted(program: &Program, rules: usize, clock: fn() -> u64) -> Self {
        // What is not looked at cannot be counted.
        let shortcuts = Shortcuts::ALL.without(Shortcut::Verdicts);
        let counts = Counts::new(program, rules, clock);
        Self::with(Runs::Counted(Box::new(Run::new(program, rules, shortcuts, counts))), shortcuts)
    }

    fn with(run: Runs, shortcuts: Shortcuts) -> Self {
        Self {
            slots: Slots::new(shortcuts),
            matched: Vec::new(),
            partitions: Vec::new(),
            buffers: Buffers::default(),
            run,
        }
    }

    /// What was counted, if anything is.
    pub(crate) fn counts(&self) -> Option<&Counts> {
        match &self.run {
            Runs::Plain(_) => None,
            Runs::Counted(run) => Some(&run.hits.tally),
        }
    }

    /// Says that the slots are about to be filled.
    #[inline]
    pub(crate) fn begin(&mut self) {
        if let Runs::Counted(run) = &mut self.run {
            run.hits.tally.read();
        }
    }

    /// Says that what is in `matched` now is the answer.
    #[inline]
    pub(crate) fn end(&mut self) {
        if let Runs::Counted(run) = &mut self.run {
            run.hits.tally.matched(&self.matched);
        }
    }

    /// Evaluates the program on the event in `slots`, written as `event`, and leaves the rules that matched in `matched`. Before
    /// any values but those that lead events are read, `fill` may put more of them into the slots, which were announced; it says how
    /// many.
    pub(crate) fn detect(
        &mut self,
        program: &Program<'_>,
        clock: &Clock,
        event: &str,
        fill: impl FnOnce(&mut Slots) -> usize,
    ) {
        self.matched.clear();
        self.partitions.clear();
        let Self { slots, matched, partitions, buffers, run } = self;
        let rules = Rules { program, clock };
        match run {
            Runs::Plain(run) => {
                let recalled = run.recall(&rules, Walked { slots, text: event }, buffers, partitions, matched);
                if let Recalled::New(key) = recalled {
                    let filled = fill(slots);
                    run.work_out(&rules, Walked { slots, text: event }, (key, filled), partitions, matched);
                }
            }
            Runs::Counted(run) => {
                run.hits.tally.has_read(event.len());
                fill(slots);
                run.event(&rules, Walked { slots, text: event }, buffers, partitions, matched);
            }
        }
        self.matched.sort_unstable();
    }

    /// Says that events to come are the rows of another table.
    pub(crate) fn begin_table(&mut self, program: &Program<'_>, kin: Option<u128>) {
        match &mut self.run {
            Runs::Plain(run) => run.columns.begin(program, kin),
            Runs::Counted(run) => run.columns.begin(program, kin),
        }
    }

    /// Evaluates the program on one row of the table, and leaves the rules that matched in `matched`.
    pub(crate) fn detect_row(&mut self, program: &Program<'_>, clock: &Clock, table: &Table<'_>, row: usize) {
        self.matched.clear();
        self.partitions.clear();
        let Self { matched, partitions, buffers, run, .. } = self;
        let (rules, row) = (Rules { program, clock }, Row { table, row });
        match run {
            Runs::Plain(run) => run.event(&rules, row, buffers, partitions, matched),
            Runs::Counted(run) => {
                run.hits.tally.has_read(0);
                run.event(&rules, row, buffers, partitions, matched);
            }
        }
        self.matched.sort_unstable();
    }
}

/// What an event is to a run that has seen no more of it than where it goes.
enum Recalled {
    /// Like one before; what matched is told.
    Known,
    /// To be worked out, and remembered by a key if there is one.
    New(Option<Key>),
}

impl<T: Tally> Run<T> {
    fn new(program: &Program, rules: usize, shortcuts: Shortcuts, tally: T) -> Self {
        Self {
            truth: Truth { bits: vec![0; program.atoms.len().div_ceil(64)], touched: Vec::new(), woken: Vec::new() },
            unit_epochs: vec![0; program.units.len()],
            rule_epochs: vec![0; rules],
            epoch: 0,
            looked: vec![0; 1 + program.fields.len() + program.pairs.len()],
            number: 0,
            pair: pair::Buffers::default(),
            hits: probe::Hits::new(program, shortcuts, tally),
            verdicts: if shortcuts.has(Shortcut::Verdicts) { Verdicts::new(program) } else { Verdicts::default() },
            columns: Memory::new(shortcuts),
        }
    }

    /// Evaluates one event in every partition to which it is routed.
    fn event<E: View>(
        &mut self,
        rules: &Rules<'_>,
        event: E,
        buffers: &mut Buffers,
        partitions: &mut Vec<u32>,
        matched: &mut Vec<RuleId>,
    ) {
        if let Recalled::New(key) = self.recall(rules, event, buffers, partitions, matched) {
            self.work_out(rules, event, (key, 0), partitions, matched);
        }
    }

    /// Finds the partitions to which an event is routed. Where there is only one, and it remembers what it said of an event with the
    /// same values, that is the answer.
    #[inline]
    fn recall<E: View>(
        &mut self,
        rules: &Rules<'_>,
        event: E,
        buffers: &mut Buffers,
        partitions: &mut Vec<u32>,
        matched: &mut Vec<RuleId>,
    ) -> Recalled {
        let &Rules { program, clock } = rules;
        E::route(self, rules, event, buffers, partitions);
        self.hits.tally.routed();
        let [id] = **partitions else { return Recalled::New(None) };
        let Some(partition) = program.partitions.get(id as usize) else { return Recalled::New(None) };
        let key = E::key(self, &Place { program, id, partition, clock, event });
        let Some(known) = key.as_ref().and_then(|key| self.verdicts.find(key)) else { return Recalled::New(key) };
        matched.extend(known.iter().map(|rule| RuleId(*rule)));
        self.hits.tally.visited(id);
        Recalled::Known
    }

    /// Evaluates an event in the partitions to which it is routed, for which some slots had to be filled.
    #[inline]
    fn work_out<E: View>(
        &mut self,
        rules: &Rules<'_>,
        event: E,
        (key, filled): (Option<Key>, usize),
        partitions: &[u32],
        matched: &mut Vec<RuleId>,
    ) {
        let &Rules { program, clock } = rules;
        let is_only = partitions.len() == 1;
        self.begin();
        for id in partitions {
            let &id = id;
            let Some(partition) = program.partitions.get(id as usize) else { continue };
            let at = Place { program, id, partition, clock, event };
            let keywords = if key.is_some() { Keywords::Absent } else { Keywords::Unknown };
            let work = self.detect(&at, keywords, matched);
            if is_only {
                self.verdicts.note_work(id, work + filled as u64);
            }
            // What later keywords say, if that was asked, is not in the values.
            if let Some(key) = &key
                && self.looked.first().is_some_and(|run| *run != self.number)
            {
                self.verdicts.put(key, bytemuck::cast_slice(matched));
            }
            self.hits.tally.visited(id);
        }
    }

    /// Forgets which units and rules the last event woke.
    fn begin(&mut self) {
        if self.epoch == u32::MAX {
            self.unit_epochs.fill(0);
            self.rule_epochs.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
    }

    /// Evaluates one partition, and says how many atoms and decisions that took.
    fn detect<E: View>(&mut self, at: &Place<'_, E>, keywords: Keywords, matched: &mut Vec<RuleId>) -> u64 {
        self.number += 1;
        E::look_first(self, at, keywords);
        self.truth.woken.extend_from_slice(at.partition.always);
        self.decide(at, matched)
    }

    #[inline]
    fn look_unless_absent<E: View>(&mut self, at: &Place<'_, E>, keywords: Keywords, probe: Probe) {
        if keywords == Keywords::Unknown || probe.subject.subject() != Subject::Leaves {
            self.look(at, probe);
        }
    }

    /// Makes the atoms true that the values at a place make true.
    fn look<E: View>(&mut self, at: &Place<'_, E>, probe: Probe) {
        self.hits.tally.look();
        E::look(self, at, probe);
        self.hits.tally.looked(probe.matcher);
    }

    #[inline]
    fn look_at_value(&mut self, rules: Rules<'_>, matcher: &Matcher<'_>, id: u32, seen: &Seen<'_>) {
        let effects = self.hits.value(matcher, id, seen, rules.clock);
        self.truth.add(rules.program, effects);
    }

    fn decide<E: View>(&mut self, at: &Place<'_, E>, matched: &mut Vec<RuleId>) -> u64 {
        let mut woken = std::mem::take(&mut self.truth.woken);
        let mut work = 0;
        for id in woken.drain(..) {
            match self.unit_epochs.get_mut(id.0 as usize) {
                Some(epoch) if *epoch != self.epoch => *epoch = self.epoch,
                _ => continue,
            }
            let Some(unit) = at.program.units.get(id.0 as usize) else { continue };
            self.hits.tally.walk();
            let (mut step, mut decisions) = (unit.entry, 0);
            while let Some(Decision { atom, if_true, if_false }) = at.program.decisions.get(step as usize) {
                step = if self.is_true(at, *atom) { *if_true } else { *if_false };
                decisions += 1;
            }
            self.hits.tally.walked(id, decisions);
            work += decisions;
            if step == Decision::TRUE
                && let Some(epoch) = self.rule_epochs.get_mut(unit.rule.0 as usize)
                && *epoch != self.epoch
            {
                *epoch = self.epoch;
                matched.push(unit.rule);
            }
        }
        self.truth.woken = woken;
        work += self.truth.touched.len() as u64;
        self.truth.forget();
        work
    }

    /// Whether an atom is true; where nobody has looked yet, this looks.
    fn is_true<E: View>(&mut self, at: &Place<'_, E>, atom: AtomId) -> bool {
        if self.truth.holds(atom) {
            return true;
        }
        let Some(subject) = at.program.atoms.get(atom.0 as usize).copied() else { return false };
        let number = match subject.subject() {
            Subject::Leaves => 0,
            Subject::Slot(slot) => 1 + slot.index(),
            Subject::Pair(number) => 1 + at.program.fields.len() + number as usize,
        };
        match self.looked.get_mut(number) {
            Some(run) if *run != self.number => *run = self.number,
            _ => return false,
        }
        match at.partition.rest.binary_search_by_key(&subject, |probe| probe.subject) {
            Ok(found) => {
                at.partition.rest.get(found).into_iter().for_each(|probe| self.look(at, *probe));
                self.truth.holds(atom)
            }
            Err(_) => false,
        }
    }
}

impl Truth {
    #[inline]
    fn holds(&self, atom: AtomId) -> bool {
        self.bits.get(atom.0 as usize / 64).is_some_and(|word| word >> (atom.0 % 64) & 1 == 1)
    }

    /// Makes atoms true.
    #[inline]
    fn add(&mut self, program: &Program<'_>, effects: &[u32]) {
        for effect in effects {
            let Some(Effect { atom, wakes }) = program.effects.get(*effect as usize) else { continue };
            let Some(word) = self.bits.get_mut(atom.0 as usize / 64) else { continue };
            let bit = 1 << (atom.0 % 64);
            if *word & bit != 0 {
                continue;
            }
            *word |= bit;
            self.touched.push(atom.0 / 64);
            if wakes.start < wakes.end {
                self.wake(wakes.of(program.wakes), program);
            }
        }
    }

    fn wake(&mut self, units: &[UnitId], program: &Program<'_>) {
        self.woken.extend_from_slice(units);
        // Only the effects of forged rules can wake the same units so often that it takes room.
        if self.woken.len() > 2 * program.wakes.len() {
            self.woken.sort_unstable();
            self.woken.dedup();
        }
    }

    /// Makes every atom false.
    fn forget(&mut self) {
        for word in self.touched.drain(..) {
            if let Some(word) = self.bits.get_mut(word as usize) {
                *word = 0;
            }
        }
    }
}
