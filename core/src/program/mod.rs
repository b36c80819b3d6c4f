//! The compiled form: what is done for an event, as numbers and automata.
//!
//! ```text
//! router ─▶ partition ─▶ probes (slot, matcher) ─▶ effects (atom true, units woken) ─▶ decisions ─▶ rule
//! ```
//!
//! A program holds no names but those of fields, no YAML and no rules as written. It is frozen: whoever
//! evaluates keeps what changes elsewhere. Who writes it and who reads it is not known here.

mod fields;
mod glob;
mod literals;
mod trie;

pub(crate) use fields::{Edge, Fields, NodeId, SlotId};
pub(crate) use glob::{Glob, GlobPart};
pub(crate) use literals::{Literals, LiteralsBuilder, Place};

use crate::number::{Number, Relation};
use crate::text::Anchor;
use crate::time::TimePart;
use hashbrown::HashMap;
use ipnet::IpNet;
use memchr::memmem::Finder;
use regex_automata::meta;

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
    pub(crate) atoms: usize,
    pub(crate) units: Vec<Unit>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) wakes: Vec<UnitId>,
    pub(crate) matchers: Vec<Matcher>,
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
    pub(crate) probes: Vec<Probe>,
    /// The matcher for every leaf.
    pub(crate) leaves: Option<u32>,
    /// Tests that compare two fields.
    pub(crate) pairs: Vec<Pair>,
    /// Units that no single atom can wake.
    pub(crate) always: Vec<UnitId>,
}

/// A slot to look at, and the matcher that says which atoms its values make true.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) slot: SlotId,
    pub(crate) matcher: u32,
}

/// A comparison of two slots.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) left: SlotId,
    pub(crate) right: SlotId,
    pub(crate) anchor: Anchor,
    pub(crate) cased: bool,
    pub(crate) effect: u32,
}

/// Chooses the partition by the values of a few slots, as a decision tree.
#[derive(Debug)]
pub(crate) enum Router {
    Partition(u32),
    Slot { slot: SlotId, by_value: HashMap<Box<str>, Router, foldhash::fast::FixedState>, otherwise: Box<Router> },
}

/// Everything that is asked of one slot in one partition.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    /// Literals in the folded value.
    pub(crate) folded: Literals,
    /// Literals in the value as it is, for `cased`.
    pub(crate) cased: Literals,
    /// Tests that a literal calls for.
    pub(crate) verifies: Vec<Verify>,
    /// Tests that every value has to take, because no literal announces them.
    pub(crate) residual: Vec<Verify>,
    /// What follows when the field is there at all.
    pub(crate) present: Vec<u32>,
    /// What follows when it holds null.
    pub(crate) null: Vec<u32>,
}

impl Matcher {
    /// Whether nothing can follow from values whose folded texts, taken together, hold none of the literals.
    pub(crate) fn is_silent_on(&self, folded: &str) -> bool {
        self.residual.is_empty()
            && self.cased.is_empty()
            && self.folded.only_inside()
            && !self.folded.any_inside(folded)
    }
}

/// A code of a literal with this bit set calls for the test of that number; without it, it is an effect.
pub(crate) const VERIFY: u32 = 1 << 31;

/// A test that is more than a literal, and what follows when it holds.
#[derive(Debug)]
pub(crate) struct Verify {
    pub(crate) test: Exact,
    pub(crate) effects: Vec<u32>,
}

/// The exact form of a test.
#[derive(Debug)]
pub(crate) enum Exact {
    /// Any value that has a text.
    AnyText,
    /// A pattern over the folded value.
    Folded(Glob),
    /// A pattern over the value as it is.
    Cased(Glob),
    Regex {
        regex: meta::Regex,
        /// Sets of texts, of each of which one stands in the folded value when the expression matches.
        also: Box<[Box<[Finder<'static>]>]>,
    },
    Cidr(IpNet),
    Compare(Relation, Number),
    Time(TimePart, Relation, Number),
}
