//! Many literals at once: which of them is the value, begins it, ends it, or stands in it?
//!
//! ```text
//! whole "cmd.exe" │ start "c:\windows\" │ end "\cmd.exe" │ inside "-enc"
//!  hash lookup    │ trie                │ trie, reversed │ needles
//! ```
//!
//! Each literal gives codes: numbers whose meaning belongs to the matcher. What is searched is a value or
//! its folded copy; this file does not fold.

use super::Span;
use super::needles::Needles;
use super::trie::Trie;
use hashbrown::HashMap;
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
    whole: HashMap<Box<str>, Span, foldhash::fast::FixedState>,
    start: Trie,
    end: Trie,
    inside: Needles,
    /// Of each literal the longest part that JSON writes as it is, when all may stand anywhere.
    written: Option<Needles>,
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
    /// Adds a code to what a literal gives.
    pub(crate) fn add(&mut self, place: Place, literal: &str, code: u32) {
        let codes = self.entries.entry((place, literal.to_owned())).or_default();
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
                    literals.whole.insert(literal.into_boxed_str(), span);
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
            let parts: Option<Vec<String>> = inside.iter().map(|literal| written_part(literal)).collect();
            literals.written = parts.map(Needles::new);
        }
        literals.inside = Needles::new(inside);
        literals
    }
}

impl Literals {
    pub(crate) fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Whether one of the literals may stand in a text of an event that is written so. True when the set cannot tell.
    pub(crate) fn may_stand_in(&self, event: &str) -> bool {
        self.written.as_ref().is_none_or(|written| written.is_any_in(event.as_bytes()))
    }

    /// Calls `found` for every code of every literal that stands in its place, some perhaps several times.
    pub(crate) fn search(&self, value: &str, mut found: impl FnMut(u32)) {
        let mut give = |span: Span| span.of(&self.codes).iter().for_each(|code| found(*code));
        if let Some(span) = self.whole.get(value) {
            give(*span);
        }
        let mut give_at = |at: u32| {
            if let Some(span) = self.spans.get(at as usize) {
                give(*span);
            }
        };
        self.start.walk(value.bytes(), &mut give_at);
        self.end.walk(value.bytes().rev(), &mut give_at);
        self.inside.search(value.as_bytes(), |needle| {
            if let Some(span) = self.inside_spans.get(needle as usize) {
                give(*span);
            }
        });
    }
}

/// The longest part of a text without the characters that JSON may write as a backslash and a letter.
fn written_part(literal: &str) -> Option<String> {
    let is_escaped = |c: char| matches!(c, '"' | '\\' | '/' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t');
    literal.split(is_escaped).max_by_key(|part| part.len()).filter(|part| part.len() > 1).map(str::to_owned)
}
