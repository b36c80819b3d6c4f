//! Equal tests are one atom, whichever rules ask them.
//!
//! ```text
//! rule 1  Image|endswith: ['\a.exe', '\b.exe']  ┐
//! rule 2  Image|endswith: ['\b.exe', '\A.EXE']  ┴─▶  atom 5: Image, any of {end "\a.exe", end "\b.exe"}
//! ```
//!
//! All atoms are false when their field is missing; `null` and `exists: false` are said with `not`. An atom
//! is one item's whole list of alternatives, so a list of a million values is one bit.

use crate::check::{FieldRef, List, Networks, Part, Pattern, Regex, Relation, Test, TimePart};
use crate::number::Number;
use crate::program::{AtomId, GlobPart as Piece, Pair, SlotId, Subject};
use crate::shortcut::{Shortcut, Shortcuts};
use crate::text;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use ipnet::IpNet;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// What an atom asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Question {
    /// Any of these tests, sorted and each once, holds for any value.
    AnyOf(Box<[Ask]>),
    /// The field is there.
    Present,
    /// A value of the field is null.
    IsNull,
    /// The pair holds.
    Holds,
}

/// One test in the form in which equal ones are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Ask {
    Text(Pieces),
    /// Any of many texts.
    List(List),
    /// Any of many networks.
    Networks(Networks),
    Regex {
        pattern: String,
        insensitive: bool,
        multiline: bool,
        dot_all: bool,
    },
    Cidr(IpNet),
    Compare(Relation, Number),
    Bits(u64),
    Time(TimePart, Relation, Number),
}

/// A pattern whose texts are folded unless it is cased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pieces {
    pub(super) cased: bool,
    pub(super) parts: Vec<Piece>,
}

impl Ask {
    /// The distinct form of a test that looks at single values; `None` for all others.
    pub(super) fn new(test: &Test) -> Option<Self> {
        Some(match test {
            Test::Text(pattern) => Self::Text(Pieces::new(pattern)),
            Test::List(list) => Self::List(list.clone()),
            Test::Networks(networks) => Self::Networks(networks.clone()),
            // A number equals a text that spells it and a number whose text is the same: one test on the text.
            Test::Number(number) => Self::Text(Pieces::whole(&number.text())),
            Test::Bool(value) => Self::Text(Pieces::whole(if *value { "true" } else { "false" })),
            Test::Regex(Regex { pattern, insensitive, multiline, dot_all, .. }) => Self::Regex {
                pattern: pattern.clone(),
                insensitive: *insensitive,
                multiline: *multiline,
                dot_all: *dot_all,
            },
            Test::Cidr(network) => Self::Cidr(*network),
            Test::Compare(relation, number) => Self::Compare(*relation, *number),
            Test::Bits(bits) => Self::Bits(*bits),
            Test::Time(part, relation, number) => Self::Time(*part, *relation, *number),
            Test::Null | Test::Exists(_) | Test::FieldRef(_) | Test::AnyOf(_) => return None,
        })
    }
}

impl Pieces {
    fn whole(text: &str) -> Self {
        Self { cased: false, parts: if text.is_empty() { Vec::new() } else { vec![Piece::Text(text.to_owned())] } }
    }

    pub(super) fn new(pattern: &Pattern) -> Self {
        let parts = pattern
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) if pattern.cased => Piece::Text(text.clone()),
                Part::Text(text) => Piece::Text(text::folded(text)),
                Part::Many => Piece::Many,
                Part::One => Piece::One,
                Part::Dash | Part::Placeholder(_) => Piece::Dash,
            })
            .collect();
        Self { cased: pattern.cased, parts }
    }
}

/// The table of atoms and slots.
#[derive(Debug, Default)]
pub(super) struct Atoms {
    atoms: Vec<(Subject, Question)>,
    by_question: HashTable<AtomId>,
    hasher: RandomState,
    slots: HashMap<String, SlotId>,
    names: Vec<String>,
    pairs: Vec<Pair>,
    /// How many items of rules ask each atom: what many ask for is usually common.
    uses: Vec<u32>,
    shortcuts: Shortcuts,
}

impl Atoms {
    pub(super) fn new(shortcuts: Shortcuts) -> Self {
        Self { shortcuts, ..Self::default() }
    }

    pub(super) fn subject(&mut self, field: Option<&str>) -> Subject {
        field.map_or(Subject::Leaves, |field| Subject::Slot(self.slot(field)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn fields(&self) -> usize {
        self.names.len()
    }

    pub(super) fn slot(&mut self, field: &str) -> SlotId {
        if let Some(slot) = self.slots.get(field) {
            return *slot;
        }
        let slot = SlotId(self.names.len() as u32);
        self.names.push(field.to_owned());
        self.slots.insert(field.to_owned(), slot);
        slot
    }

    /// The slot of a field, if it has one.
    pub(super) fn known(&self, field: &str) -> Option<SlotId> {
        self.slots.get(field).copied()
    }

    /// Whether an atom looks at a slot.
    pub(super) fn reads(&self, id: AtomId, slot: SlotId) -> bool {
        match self.get(id).map(|(subject, _)| subject) {
            Some(Subject::Slot(own)) => *own == slot,
            Some(Subject::Pair(pair)) => {
                self.pairs.get(*pair as usize).is_some_and(|pair| pair.left == slot || pair.right == slot)
            }
            Some(Subject::Leaves) | None => false,
        }
    }

    /// The atom for a question, a new one when nobody asked it before.
    pub(super) fn atom(&mut self, subject: Subject, question: Question) -> AtomId {
        let (atoms, hasher) = (&self.atoms, &self.hasher);
        let hash = hasher.hash_one((subject, &question));
        let is_it = |id: &AtomId| atoms.get(id.0 as usize).is_some_and(|own| own.0 == subject && own.1 == question);
        let known = self.by_question.find(hash, is_it).copied().filter(|_| self.shortcuts.has(Shortcut::SharedAtoms));
        let id = known.unwrap_or(AtomId(atoms.len() as u32));
        if known.is_none() {
            self.atoms.push((subject, question));
            let atoms = &self.atoms;
            let rehash = |id: &AtomId| atoms.get(id.0 as usize).map_or(0, |own| hasher.hash_one((own.0, &own.1)));
            self.by_question.insert_unique(hash, id, rehash);
            self.uses.push(0);
        }
        if let Some(uses) = self.uses.get_mut(id.0 as usize) {
            *uses += 1;
        }
        id
    }

    /// The atom that compares a field with another one; keywords have none.
    pub(super) fn pair(&mut self, subject: Subject, reference: &FieldRef) -> Option<AtomId> {
        let Subject::Slot(left) = subject else { return None };
        let right = self.slot(&reference.field);
        let pair = Pair { left, right, anchor: reference.anchor, cased: reference.cased };
        let number = self.pairs.iter().position(|own| *own == pair).unwrap_or_else(|| {
            self.pairs.push(pair);
            self.pairs.len() - 1
        });
        Some(self.atom(Subject::Pair(number as u32), Question::Holds))
    }

    pub(super) fn get(&self, id: AtomId) -> Option<&(Subject, Question)> {
        self.atoms.get(id.0 as usize)
    }

    pub(super) fn uses(&self, id: AtomId) -> u32 {
        self.uses.get(id.0 as usize).copied().unwrap_or(0)
    }

    /// Where each atom looks.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        self.atoms.iter().map(|(subject, _)| *subject).collect()
    }

    pub(super) fn into_names_and_pairs(self) -> (Vec<String>, Vec<Pair>) {
        (self.names, self.pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Glob, tables::tests::written, write_glob};
    use proptest::prelude::*;

    fn agree(pattern: &Pattern, value: &str) -> Result<(), TestCaseError> {
        let pieces = Pieces::new(pattern);
        let value_seen = if pattern.cased { value.to_owned() } else { text::folded(value) };
        let is_match = written(
            |writer| write_glob(&pieces.parts, writer),
            |reader| Glob::read(reader).unwrap().is_match(&value_seen),
        );
        prop_assert_eq!(is_match, pattern.matches(value));
        Ok(())
    }

    proptest! {
        /// The two matchers of patterns are written differently and must agree.
        #[test]
        fn globs_agree_with_the_obvious_matcher(pattern in "[aAb*?\\\\éK-]{0,8}", value in "[abAékK*?\\\\-]{0,10}", cased: bool) {
            agree(&Pattern { cased, ..Pattern::parse(&pattern) }, &value)?;
        }

        #[test]
        fn dashes_agree_too(texts in prop::collection::vec("[ab]{0,2}", 1..4), value in "[ab/\u{2013}-]{0,8}") {
            let mut pattern = Pattern::default();
            for text in texts {
                pattern.push(Part::Text(text));
                pattern.push(Part::Dash);
            }
            agree(&pattern, &value)?;
            pattern.open_start();
            pattern.open_end();
            agree(&pattern, &value)?;
        }
    }
}
