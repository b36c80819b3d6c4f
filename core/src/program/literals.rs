//! Many literals at once: which of them is the value, begins it, ends it, or stands in it?
//!
//! ```text
//! whole "cmd.exe" │ start "c:\windows\" │ end "\cmd.exe" │ inside "-enc"
//!  hash lookup    │ trie                │ trie, reversed │ needles
//! ```
//!
//! Each literal gives codes: numbers whose meaning belongs to the matcher. Literals are folded, and kept as JSON spells
//! them (see `text`), so that most values are searched where they stand in the event. A value is spelled as well; its
//! ASCII letters may be in any case, and if it has others, it is folded. This file neither spells nor folds values.

use super::Span;
use super::hash::{CASE, hash};
use super::needles::Needles;
use super::trie::Trie;
use crate::shortcut::{Shortcut, Shortcuts};
use crate::text::{self, Escapes};
use hashbrown::HashTable;
use std::collections::BTreeMap;

/// Where a literal must stand in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Whole,
    Start,
    End,
    Inside,
}

/// A frozen set of literals.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    whole: HashTable<(Box<str>, Span)>,
    start: Trie,
    end: Trie,
    inside: Needles,
    /// What the literals are made of, when all may stand anywhere and all are ASCII.
    alphabet: Option<Alphabet>,
    inside_spans: Vec<Span>,
    spans: Vec<Span>,
    codes: Vec<u32>,
}

/// Collects literals with their codes.
#[derive(Debug, Default)]
pub(crate) struct LiteralsBuilder {
    entries: BTreeMap<(Place, String), Vec<u32>>,
}

impl LiteralsBuilder {
    /// Adds a code to what a folded literal gives.
    pub(crate) fn add(&mut self, place: Place, literal: &str, code: u32) {
        let codes = self.entries.entry((place, text::spelled(literal))).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }

    /// Freezes the set.
    pub(crate) fn build(self) -> Literals {
        let mut literals = Literals::default();
        let (mut starts, mut ends, mut inside) = (Vec::new(), Vec::new(), Vec::new());
        for ((place, literal), codes) in self.entries {
            let start = literals.codes.len() as u32;
            literals.codes.extend(codes);
            let span = Span { start, end: literals.codes.len() as u32 };
            let ordinal = literals.spans.len() as u32;
            match place {
                Place::Whole => {
                    let rehash = |(literal, _): &(Box<str>, Span)| hash(literal.as_bytes(), CASE);
                    literals.whole.insert_unique(hash(literal.as_bytes(), CASE), (literal.into(), span), rehash);
                    continue;
                }
                Place::Inside => {
                    inside.push(literal);
                    literals.inside_spans.push(span);
                    continue;
                }
                Place::Start => starts.push((literal, ordinal)),
                Place::End => ends.push((literal, ordinal)),
            }
            literals.spans.push(span);
        }
        literals.start = Trie::new(starts.iter().map(|(literal, at)| (literal.bytes(), *at)));
        literals.end = Trie::new(ends.iter().map(|(literal, at)| (literal.bytes().rev(), *at)));
        if literals.whole.is_empty() && starts.is_empty() && ends.is_empty() {
            literals.alphabet = Alphabet::of(&inside);
        }
        literals.inside = Needles::new(inside);
        literals
    }
}

impl Literals {
    /// The same without the shortcuts that are not taken.
    pub(crate) fn with_only(mut self, shortcuts: Shortcuts) -> Self {
        if !shortcuts.has(Shortcut::KeywordSearch) {
            self.alphabet = None;
        }
        if !shortcuts.has(Shortcut::Packed) {
            self.inside.drop_packed();
        }
        self
    }

    /// Whether one of the literals may stand in a value of this event. True when the set cannot tell.
    pub(crate) fn may_stand_in(&self, event: &Written<'_>) -> bool {
        let may_hide = |alphabet: &Alphabet| alphabet.may_be_hidden_in(event);
        self.alphabet.as_ref().is_none_or(may_hide) || self.inside.is_any_in(event.text.as_bytes())
    }

    /// Calls `found` for every code of every literal that stands in its place, some perhaps several times.
    pub(crate) fn search(&self, value: &str, mut found: impl FnMut(u32)) {
        let mut give = |span: Span| span.of(&self.codes).iter().for_each(|code| found(*code));
        if !self.whole.is_empty() {
            let is_it = |(own, _): &(Box<str>, Span)| own.eq_ignore_ascii_case(value);
            if let Some((_, span)) = self.whole.find(hash(value.as_bytes(), CASE), is_it) {
                give(*span);
            }
        }
        let spans = &self.spans;
        let lower = |byte: u8| byte.to_ascii_lowercase();
        self.start.walk(value.bytes().map(lower), |at, _| {
            if let Some(span) = spans.get(at as usize) {
                give(*span);
            }
        });
        let mut escapes = Escapes::new(value.as_bytes());
        self.end.walk(value.bytes().rev().map(lower), |at, length| {
            if let Some(span) = spans.get(at as usize)
                && !escapes.is_cut_at(value.len() - length)
            {
                give(*span);
            }
        });
        self.inside.search(value.as_bytes(), &mut |needle| {
            if let Some(span) = self.inside_spans.get(needle as usize) {
                give(*span);
            }
        });
    }
}

/// An event as it is written, and in what way its values may differ from that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'e> {
    pub(crate) text: &'e str,
    /// Whether it writes characters by their numbers (`\u0041`).
    pub(crate) has_code_points: bool,
    /// Whether a number may have another text than the one it is written with.
    pub(crate) has_odd_numbers: bool,
}

/// The ASCII characters of literals.
#[derive(Debug)]
struct Alphabet {
    characters: u128,
    /// Whether a literal may stand in a number.
    has_numbers: bool,
}

impl Alphabet {
    fn of(literals: &[String]) -> Option<Self> {
        let is_in_numbers = |byte: u8| byte.is_ascii_digit() || b"+-.e".contains(&byte);
        let characters = literals.iter().flat_map(|literal| literal.bytes());
        Some(Self {
            characters: characters.map(bit).try_fold(0, |all, one| Some(all | one?))?,
            has_numbers: literals.iter().any(|literal| literal.bytes().all(is_in_numbers)),
        })
    }

    fn has(&self, byte: u8) -> bool {
        bit(byte.to_ascii_lowercase()).is_some_and(|bit| self.characters & bit != 0)
    }

    /// Whether the event may write a character of the literals in another way than they do.
    fn may_be_hidden_in(&self, event: &Written<'_>) -> bool {
        let holds = |text: &str| memchr::memmem::find(event.text.as_bytes(), text.as_bytes()).is_some();
        (event.has_odd_numbers && self.has_numbers)
            || (event.has_code_points && self.has_code_point_in(event.text))
            || (self.has(b'/') && holds("\\/"))
            // The two characters that are no ASCII and fold to some.
            || (!event.text.is_ascii() && (holds("\u{212A}") || holds("\u{17F}")))
    }

    fn has_code_point_in(&self, event: &str) -> bool {
        memchr::memmem::find_iter(event.as_bytes(), "\\u").any(|at| {
            let code = event.get(at + 2..at + 6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            match code.and_then(char::from_u32) {
                // Literals hold control characters as escapes.
                Some(c) if c < ' ' && self.has(b'\\') => true,
                Some(c) => u8::try_from(text::fold_char(c)).is_ok_and(|byte| self.has(byte)),
                None => false,
            }
        })
    }
}

fn bit(byte: u8) -> Option<u128> {
    1_u128.checked_shl(u32::from(byte))
}
