//! Many literals at once: which of them is the value, begins it, ends it, or stands in it?
//!
//! ```text
//! whole "cmd.exe" │ start "c:\windows\" │ end "\cmd.exe" │ inside "-enc"
//!  hash lookup    │ trie                │ trie, reversed │ needles
//! ```
//!
//! Of very many the tries are lookups by length, and long needles are found by their marks.
//!
//! Each literal gives codes: numbers whose meaning belongs to the matcher. What is searched is a value or
//! its folded copy; this file does not fold.

use super::affixes::Affixes;
use super::codes::Codes;
use super::marks::{self, Marks};
use super::needles::Needles;
use super::trie::Trie;
use crate::text::Texts;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Where a literal must stand in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Whole,
    Start,
    End,
    Inside,
}

/// Beginnings or ends from which on they are looked up by length.
const AFFIXES_MIN: usize = 4_096;

/// Long needles from which on they are found by their marks.
///
/// PERF: with fewer, windows in strides take a third of the instructions; with more, their tables outgrow the caches.
const MARKS_MIN: usize = 50_000;

/// A frozen set of literals.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    texts: Texts,
    /// For each literal the number of its list of codes.
    lists: Vec<u32>,
    codes: Codes,
    whole: Affixes,
    start: Trie,
    start_many: Affixes,
    end: Trie,
    end_many: Affixes,
    inside: Needles,
    /// The numbers of the literals that are needles.
    inside_numbers: Vec<u32>,
    inside_many: Marks,
    /// Of each literal the longest part that JSON writes as it is, when all may stand anywhere.
    written: Option<Needles>,
}

/// Collects literals with their codes.
#[derive(Debug, Default)]
pub(crate) struct LiteralsBuilder {
    texts: Texts,
    places: Vec<Place>,
    numbers: HashTable<u32>,
    codes: Vec<(u32, u32)>,
}

impl LiteralsBuilder {
    /// Adds a code to what a literal gives.
    pub(crate) fn add(&mut self, place: Place, literal: &str, code: u32) {
        let Self { texts, places, numbers, codes } = self;
        let hash_of = |place: Place, text: &str| FixedState::default().hash_one((place as u8, text));
        let is_own = |own: &u32| places.get(*own as usize) == Some(&place) && texts.get(*own as usize) == Some(literal);
        let hash = hash_of(place, literal);
        if let Some(known) = numbers.find(hash, is_own) {
            return codes.push((*known, code));
        }
        let number = texts.len() as u32;
        // INVARIANT: limits on rules keep all literals of a matcher far below four gigabytes.
        if texts.push(literal) {
            places.push(place);
            codes.push((number, code));
            numbers.insert_unique(hash, number, |own| {
                let own = *own as usize;
                hash_of(places.get(own).copied().unwrap_or(place), texts.get(own).unwrap_or_default())
            });
        }
    }

    /// Freezes the set.
    pub(crate) fn build(self) -> Literals {
        let Self { mut texts, places, mut codes, numbers } = self;
        drop(numbers);
        texts.shrink();
        codes.sort_unstable();
        codes.dedup();
        let mut literals = Literals { lists: Vec::with_capacity(texts.len()), ..Literals::default() };
        for own in codes.chunk_by(|left, right| left.0 == right.0) {
            literals.lists.push(literals.codes.put(own.iter().map(|(_, code)| *code)));
        }
        drop(codes);
        let mut by_place: [Vec<u32>; 4] = Default::default();
        for (number, place) in (0_u32..).zip(places) {
            if let Some(own) = by_place.get_mut(place as usize) {
                own.push(number);
            }
        }
        let [whole, start, end, inside] = by_place;
        if whole.is_empty() && start.is_empty() && end.is_empty() && inside.len() < MARKS_MIN {
            let text = |number: &u32| texts.get(*number as usize).and_then(written_part);
            literals.written = inside.iter().map(text).collect::<Option<_>>().map(Needles::new);
        }
        literals.whole = Affixes::new(&whole, &texts);
        let bytes = |number: &u32| texts.get(*number as usize).unwrap_or_default().bytes();
        if start.len() < AFFIXES_MIN {
            literals.start = Trie::new(start.iter().map(|number| (bytes(number), *number)));
        } else {
            literals.start_many = Affixes::new(&start, &texts);
        }
        if end.len() < AFFIXES_MIN {
            literals.end = Trie::new(end.iter().map(|number| (bytes(number).rev(), *number)));
        } else {
            literals.end_many = Affixes::new(&end, &texts);
        }
        literals.set_inside(inside, &texts);
        literals.texts = texts;
        literals
    }
}

impl Literals {
    fn set_inside(&mut self, inside: Vec<u32>, texts: &Texts) {
        let is_long = |number: &u32| texts.get(*number as usize).is_some_and(|text| text.len() >= marks::LENGTH_MIN);
        let (long, short): (Vec<u32>, Vec<u32>) = inside.iter().partition(|number| is_long(number));
        let needles = if long.len() < MARKS_MIN {
            inside
        } else {
            self.inside_many = Marks::new(&long, texts);
            short
        };
        self.inside =
            Needles::new(needles.iter().filter_map(|number| texts.get(*number as usize)).map(str::to_owned).collect());
        self.inside_numbers = needles;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Whether one of the literals may stand in a text of an event that is written so. True when the set cannot tell.
    pub(crate) fn may_stand_in(&self, event: &str) -> bool {
        self.written.as_ref().is_none_or(|written| written.is_any_in(event.as_bytes()))
    }

    /// Calls `found` for every code of every literal that stands in its place, some perhaps several times.
    pub(crate) fn search(&self, value: &str, mut found: impl FnMut(u32)) {
        let mut give = |number: u32| {
            if let Some(list) = self.lists.get(number as usize) {
                self.codes.of(*list).iter().for_each(|code| found(*code));
            }
        };
        let bytes = value.as_bytes();
        if !self.whole.is_empty()
            && let Some(number) = self.whole.get(bytes, &self.texts)
        {
            give(number);
        }
        self.start.walk(value.bytes(), &mut give);
        self.start_many.starts(bytes, &self.texts, &mut give);
        self.end.walk(value.bytes().rev(), &mut give);
        self.end_many.ends(bytes, &self.texts, &mut give);
        self.inside.search(bytes, |needle| {
            if let Some(number) = self.inside_numbers.get(needle as usize) {
                give(*number);
            }
        });
        self.inside_many.search(bytes, &self.texts, &mut give);
    }
}

/// The longest part of a text without the characters that JSON may write as a backslash and a letter.
fn written_part(literal: &str) -> Option<String> {
    let is_escaped = |c: char| matches!(c, '"' | '\\' | '/' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t');
    literal.split(is_escaped).max_by_key(|part| part.len()).filter(|part| part.len() > 1).map(str::to_owned)
}
