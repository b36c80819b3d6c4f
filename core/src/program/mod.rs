//! The compiled form: what is done for an event, as numbers and automata.
//!
//! ```text
//! router ─▶ partition ─▶ probes (slot, matcher) ─▶ effects (atom true, units woken) ─▶ decisions ─▶ rule
//! ```
//!
//! A program holds no names but those of fields, no YAML and no rules as written. It is frozen: whoever
//! evaluates keeps what changes elsewhere. It is written as tables (see `tables`) and borrows them, whether they were
//! written a moment ago or come from a file. Who writes it and who reads it is not known here.

mod affixes;
mod codes;
mod expression;
mod fields;
mod glob;
mod hash;
mod index;
mod indicators;
mod literals;
mod marks;
mod matcher;
mod needles;
mod networks;
mod numbers;
mod router;
pub(crate) mod tables;
mod trie;

pub(crate) use expression::Expression;
pub(crate) use fields::{Fields, NodeId, SlotId};
pub(crate) use glob::GlobPart;
#[cfg(test)]
pub(crate) use glob::{Glob, write as write_glob};
pub(crate) use literals::{Hearing, LiteralsBuilder, Place, Written};
pub(crate) use matcher::{
    CLAUSE, Demand, Exact, ExactDraft, List, ListDraft, Matcher, MatcherDraft, Verify, VerifyDraft,
};
pub(crate) use networks::NetworksBuilder;
pub(crate) use router::{ByValue, Router, RouterDraft};

use crate::text::Anchor;
use bytemuck::{Pod, Zeroable};
use std::sync::Arc;
use tables::{Reader, Writer};

/// One distinct test, shared by all rules that ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct AtomId(pub(crate) u32);

/// A rule, by its position in the rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct RuleId(pub(crate) u32);

/// One alternative of a rule's condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct UnitId(pub(crate) u32);

/// A range of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The part of `table` that the span means.
    pub(crate) fn of<T>(self, table: &[T]) -> &[T] {
        table.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The part of all texts that the span means.
    fn of_texts(self, texts: &str) -> &str {
        texts.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// All rules of a set, compiled: a view of tables that lie elsewhere.
pub(crate) struct Program<'a> {
    pub(crate) fields: Fields<'a>,
    /// Where each atom looks.
    pub(crate) atoms: &'a [SubjectId],
    pub(crate) units: &'a [Unit],
    pub(crate) decisions: &'a [Decision],
    pub(crate) effects: &'a [Effect],
    pub(crate) wakes: &'a [UnitId],
    pub(crate) matchers: Vec<Matcher<'a>>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) partitions: Vec<Partition<'a>>,
    pub(crate) router: Router<'a>,
    /// Whether any partition looks at every leaf, for keywords.
    pub(crate) needs_leaves: bool,
}

/// What is written of a program behind its matchers.
pub(crate) struct ProgramDraft {
    pub(crate) names: Vec<String>,
    pub(crate) atoms: Vec<Subject>,
    pub(crate) units: Vec<Unit>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) wakes: Vec<UnitId>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) partitions: Vec<PartitionDraft>,
    pub(crate) router: RouterDraft,
    pub(crate) needs_leaves: bool,
}

impl ProgramDraft {
    /// Writes what is left when expressions, lists and matchers have been written.
    pub(crate) fn write(self, writer: &mut Writer) {
        matcher::write_end(writer);
        fields::write(&self.names, writer);
        writer.table(&self.atoms.into_iter().map(SubjectId::from).collect::<Vec<_>>());
        writer.table(&self.units);
        writer.table(&self.decisions);
        writer.table(&self.effects);
        writer.table(&self.wakes);
        writer.size(self.pairs.len());
        for Pair { left, right, anchor, cased } in self.pairs {
            [left.0, right.0, numbers::of_anchor(anchor), cased.into()].into_iter().for_each(|word| writer.word(word));
        }
        writer.size(self.partitions.len());
        for partition in self.partitions {
            writer.table(&partition.probes);
            writer.table(&partition.rest);
            writer.table(&partition.always);
        }
        self.router.write(writer);
        writer.word(self.needs_leaves.into());
    }
}

impl<'a> Program<'a> {
    /// Reads a program; expressions may take so many bytes when they are compiled.
    pub(crate) fn read(reader: &mut Reader<'a>, expression_bytes_max: usize) -> Option<Self> {
        let texts = reader.texts();
        let patterns: &[Span] = reader.table()?;
        let has_ascii = reader.word()? != 0;
        let expression = |span: &Span| {
            let whole = Expression::new(span.of_texts(texts), expression_bytes_max);
            Arc::new(if has_ascii { whole } else { whole.only_whole() })
        };
        let expressions: Vec<Arc<Expression<'a>>> = patterns.iter().map(expression).collect();
        let matchers = matcher::read_all(reader, &expressions)?;
        let program = Self {
            matchers,
            fields: Fields::read(reader)?,
            atoms: reader.table()?,
            units: reader.table()?,
            decisions: reader.table()?,
            effects: reader.table()?,
            wakes: reader.table()?,
            pairs: reader.many(Pair::read)?,
            partitions: reader.many(|reader| {
                let (probes, rest, always) = (reader.table()?, reader.table()?, reader.table()?);
                Some(Partition { probes, rest, always })
            })?,
            router: Router::read(reader)?,
            needs_leaves: reader.word()? != 0,
        };
        // A forged condition that leads back to itself would never end.
        let is_behind = |to: u32, at: usize| (to as usize) < at || to >= Decision::FALSE;
        let mut decisions = program.decisions.iter().enumerate();
        decisions.all(|(at, step)| is_behind(step.if_true, at) && is_behind(step.if_false, at)).then_some(program)
    }
}

/// Writes the expressions of a program, which come first, and whether ASCII values meet a form of their own.
pub(crate) fn write_expressions(patterns: &[String], have_ascii: bool, writer: &mut Writer) {
    let spans: Vec<Span> = patterns.iter().map(|pattern| writer.text(pattern)).collect();
    writer.table(&spans);
    writer.word(have_ascii.into());
}

/// An alternative of a rule: when the walk through decisions ends in `TRUE`, the rule matches.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Unit {
    pub(crate) rule: RuleId,
    pub(crate) entry: u32,
}

/// One step of a condition: look at an atom, go to one of two steps that stand before it, or to an end.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
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
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Effect {
    pub(crate) atom: AtomId,
    pub(crate) wakes: Span,
}

/// The rules that can match events of one kind, and what must be looked at for them.
#[derive(Debug)]
pub(crate) struct Partition<'a> {
    /// What is looked at for every event: the tests that wake units.
    pub(crate) probes: &'a [Probe],
    /// What is looked at when a woken unit asks, ordered by subject: all other tests.
    pub(crate) rest: &'a [Probe],
    /// Units that no single atom can wake.
    pub(crate) always: &'a [UnitId],
}

/// The same while it is built.
#[derive(Debug, Default)]
pub(crate) struct PartitionDraft {
    pub(crate) probes: Vec<Probe>,
    pub(crate) rest: Vec<Probe>,
    pub(crate) always: Vec<UnitId>,
}

/// Where to look, and the matcher that says which atoms the values there make true.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Probe {
    pub(crate) subject: SubjectId,
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

/// A subject as a number; numbers are ordered as subjects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct SubjectId(u32);

const LEAVES: u32 = 1 << 30;
const PAIRS: u32 = 1 << 31;

impl From<Subject> for SubjectId {
    fn from(subject: Subject) -> Self {
        Self(match subject {
            Subject::Slot(slot) => slot.0,
            Subject::Leaves => LEAVES,
            Subject::Pair(number) => PAIRS | number,
        })
    }
}

impl SubjectId {
    #[inline]
    pub(crate) fn subject(self) -> Subject {
        match self.0 {
            LEAVES => Subject::Leaves,
            number if number & PAIRS == 0 => Subject::Slot(SlotId(number)),
            number => Subject::Pair(number & !PAIRS),
        }
    }
}

/// A comparison of two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub(crate) left: SlotId,
    pub(crate) right: SlotId,
    pub(crate) anchor: Anchor,
    pub(crate) cased: bool,
}

impl Pair {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (left, right) = (SlotId(reader.word()?), SlotId(reader.word()?));
        Some(Self { left, right, anchor: numbers::anchor(reader.word()?)?, cased: reader.word()? != 0 })
    }
}
