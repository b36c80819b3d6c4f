//! Many literals at once: which of them is the value, begins it, ends it, or stands in it?
//!
//! ```text
//! whole "cmd.exe" │ start "c:\windows\" │ end "\cmd.exe" │ inside "-enc"
//!  hash lookup    │ trie                │ trie, reversed │ one Aho-Corasick pass
//! ```
//!
//! Each literal gives codes: numbers whose meaning belongs to the matcher. What is searched is a value or
//! its folded copy; this file does not fold.

use super::Span;
use super::trie::Trie;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
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

/// Sets up to this size are searched for any literal before they are searched for all.
///
/// PERF: most values hold none; a packed search says so at several GB/s, the automaton at 0.2 to 0.7 GB/s.
const FEW: usize = 64;

/// Sets of up to so many bytes get an automaton that takes one step per byte but about half a kilobyte per state.
///
/// PERF: 7.2 to 5.7 us per event of the structured lane, for 25 MB more.
const DFA_BYTES: usize = 10_000;

/// A frozen set of literals.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    whole: HashMap<Box<str>, Span, foldhash::fast::FixedState>,
    start: Trie,
    end: Trie,
    inside: Option<AhoCorasick>,
    /// The same few literals in a form that finds whether there is one at all several times faster.
    any_inside: Option<AhoCorasick>,
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

    /// Freezes the set; `None` when the automaton would be too large.
    pub(crate) fn build(self) -> Option<Literals> {
        let mut literals = Literals::default();
        let (mut starts, mut ends, mut inside) = (Vec::new(), Vec::new(), Vec::new());
        for ((place, literal), codes) in self.entries {
            let start = literals.codes.len() as u32;
            literals.codes.extend(codes);
            let span = Span { start, end: literals.codes.len() as u32 };
            match place {
                Place::Whole => drop(literals.whole.insert(literal.into_boxed_str(), span)),
                Place::Start => {
                    starts.push((literal, literals.spans.len() as u32));
                    literals.spans.push(span);
                }
                Place::End => {
                    ends.push((literal, literals.spans.len() as u32));
                    literals.spans.push(span);
                }
                Place::Inside => {
                    inside.push(literal);
                    literals.inside_spans.push(span);
                }
            }
        }
        literals.start = Trie::new(starts.iter().map(|(literal, at)| (literal.bytes(), *at)));
        literals.end = Trie::new(ends.iter().map(|(literal, at)| (literal.bytes().rev(), *at)));
        if !inside.is_empty() {
            let bytes: usize = inside.iter().map(String::len).sum();
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(if bytes <= DFA_BYTES { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA }))
                .build(&inside)
                .ok()?;
            literals.inside = Some(automaton);
            if inside.len() <= FEW {
                literals.any_inside = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&inside).ok();
            }
        }
        Some(literals)
    }
}

impl Literals {
    pub(crate) fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Whether every literal may stand anywhere, so that [`any_inside`](Self::any_inside) speaks for all.
    pub(crate) fn only_inside(&self) -> bool {
        self.whole.is_empty() && self.start.is_empty() && self.end.is_empty()
    }

    /// Whether any of the literals that may stand anywhere stands in the text. Stops at the first.
    pub(crate) fn any_inside(&self, text: &str) -> bool {
        self.any_inside.as_ref().or(self.inside.as_ref()).is_some_and(|automaton| automaton.is_match(text))
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
        if !self.start.is_empty() {
            self.start.walk(value.bytes(), &mut give_at);
        }
        if !self.end.is_empty() {
            self.end.walk(value.bytes().rev(), &mut give_at);
        }
        if let Some(automaton) = &self.inside
            && self.any_inside.as_ref().is_none_or(|any| any.is_match(value))
        {
            for hit in automaton.find_overlapping_iter(value) {
                if let Some(span) = self.inside_spans.get(hit.pattern().as_usize()) {
                    give(*span);
                }
            }
        }
    }
}
