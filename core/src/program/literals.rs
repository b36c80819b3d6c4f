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
use super::index::{self, Index};
use super::needles::{self, Needles};
use super::tables::{Reader, Writer};
use super::trie::{self, Trie};
use crate::shortcut::{Shortcut, Shortcuts};
use crate::text::{self, Escapes};
use bytemuck::{Pod, Zeroable};
use std::collections::{BTreeMap, BTreeSet};

/// Where a literal must stand in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Whole,
    Start,
    End,
    Inside,
}

/// A frozen set of literals.
#[derive(Debug)]
pub(crate) struct Literals<'a> {
    whole: Index<'a, Whole>,
    texts: &'a [u8],
    start: Trie<'a>,
    end: Trie<'a>,
    inside: Needles<'a>,
    /// What the literals are made of, when all may stand anywhere and all are ASCII.
    alphabet: Option<Alphabet>,
    /// Of each of those the longest part without escapes, when any literal has escapes and each has such a part.
    parts: Option<Needles<'a>>,
    inside_spans: &'a [Span],
    spans: &'a [Span],
    codes: &'a [u32],
}

/// A literal that is the whole value, and its codes.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Whole {
    literal: Span,
    codes: Span,
}

/// What a set of literals can tell of several texts at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hearing {
    /// Whether a literal holds what JSON escapes, so that only spelled texts tell all.
    pub(crate) has_escapes: bool,
    /// Whether a literal may stand in a number.
    pub(crate) has_numbers: bool,
    /// Whether texts that are not spelled tell anything.
    pub(crate) is_plain: bool,
}

/// Collects literals with their codes.
#[derive(Debug, Default)]
pub(crate) struct LiteralsBuilder {
    entries: BTreeMap<(Place, String), Vec<u32>>,
    pub(crate) shortcuts: Shortcuts,
}

impl LiteralsBuilder {
    /// Adds a code to what a folded literal gives.
    pub(crate) fn add(&mut self, place: Place, literal: &str, code: u32) {
        let codes = self.entries.entry((place, text::spelled(literal))).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }

    /// Writes the set.
    pub(crate) fn write(self, writer: &mut Writer) {
        let (mut whole, mut starts, mut ends, mut inside) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut spans, mut inside_spans, mut all_codes) = (Vec::new(), Vec::new(), Vec::new());
        for ((place, literal), codes) in self.entries {
            let start = all_codes.len() as u32;
            all_codes.extend(codes);
            let span = Span { start, end: all_codes.len() as u32 };
            let ordinal = spans.len() as u32;
            match place {
                Place::Whole => {
                    let row = Whole { literal: writer.text(&literal), codes: span };
                    whole.push((hash(literal.as_bytes(), CASE), row));
                    continue;
                }
                Place::Inside => {
                    inside.push(literal);
                    inside_spans.push(span);
                    continue;
                }
                Place::Start => starts.push((literal, ordinal)),
                Place::End => ends.push((literal, ordinal)),
            }
            spans.push(span);
        }
        let has_alphabet = whole.is_empty() && starts.is_empty() && ends.is_empty();
        let has_alphabet = has_alphabet && self.shortcuts.has(Shortcut::KeywordSearch);
        let alphabet = has_alphabet.then(|| Alphabet::of(&inside)).flatten();
        let has_escapes = alphabet.as_ref().is_some_and(|alphabet| alphabet.has(b'\\'));
        let parts: Option<BTreeSet<&str>> = inside.iter().filter(|_| has_escapes).map(|own| plain_part(own)).collect();
        let parts = parts.unwrap_or_default().into_iter().map(str::to_owned).collect();
        Alphabet::write(alphabet, writer);
        index::write(whole, writer);
        trie::write(starts.iter().map(|(literal, at)| (literal.bytes(), *at)), writer);
        trie::write(ends.iter().map(|(literal, at)| (literal.bytes().rev(), *at)), writer);
        needles::write(inside, self.shortcuts.has(Shortcut::Dense), writer);
        needles::write(parts, self.shortcuts.has(Shortcut::Dense), writer);
        writer.table(&inside_spans);
        writer.table(&spans);
        writer.table(&all_codes);
    }
}

impl<'a> Literals<'a> {
    /// Reads what a builder wrote.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            alphabet: Alphabet::read(reader)?,
            whole: Index::read(reader)?,
            texts: reader.texts().as_bytes(),
            start: Trie::read(reader)?,
            end: Trie::read(reader)?,
            inside: Needles::read(reader)?,
            parts: Some(Needles::read(reader)?).filter(|parts| !parts.is_empty()),
            inside_spans: reader.table()?,
            spans: reader.table()?,
            codes: reader.table()?,
        })
    }

    /// Whether one of the literals may stand in a value of this event. True when the set cannot tell.
    pub(crate) fn may_stand_in(&self, event: &Written<'_>) -> bool {
        let may_hide = |alphabet: &Alphabet| alphabet.may_be_hidden_in(event);
        self.alphabet.as_ref().is_none_or(may_hide) || self.inside.is_any_in(event.text.as_bytes())
    }

    /// The same for texts that are not spelled. True when the set cannot tell, and perhaps when a part of a literal is there.
    pub(crate) fn may_stand_in_plain(&self, texts: &[u8]) -> bool {
        let Some(alphabet) = &self.alphabet else { return true };
        let inside = if alphabet.has(b'\\') { self.parts.as_ref() } else { Some(&self.inside) };
        (!texts.is_ascii() && folds_to_ascii(texts)) || inside.is_none_or(|inside| inside.is_any_in_plain(texts))
    }

    /// What the set can tell of several texts at once; `None` when it can tell nothing.
    pub(crate) fn hearing(&self) -> Option<Hearing> {
        self.alphabet.as_ref().map(|alphabet| Hearing {
            has_escapes: alphabet.has(b'\\'),
            has_numbers: alphabet.has_numbers,
            is_plain: !alphabet.has(b'\\') || self.parts.is_some(),
        })
    }

    /// Calls `found` for every code of every literal that stands in its place, some perhaps several times.
    pub(crate) fn search(&self, value: &str, mut found: impl FnMut(u32)) {
        let mut give = |span: Span| span.of(self.codes).iter().for_each(|code| found(*code));
        if !self.whole.is_empty() {
            let is_it = |own: &&Whole| own.literal.of(self.texts).eq_ignore_ascii_case(value.as_bytes());
            if let Some(own) = self.whole.bucket(hash(value.as_bytes(), CASE)).iter().find(is_it) {
                give(own.codes);
            }
        }
        let spans = self.spans;
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
    pub(crate) is_ascii: bool,
    /// Whether it writes characters by their numbers (`\u0041`).
    pub(crate) has_code_points: bool,
    /// Whether it escapes slashes.
    pub(crate) has_slashes: bool,
    /// Whether a number may have another text than the one it is written with.
    pub(crate) has_odd_numbers: bool,
}

impl<'e> Written<'e> {
    /// Texts that are spelled with the fewest escapes.
    pub(crate) fn spelled(text: &'e str) -> Self {
        let is_ascii = text.is_ascii();
        Self { text, is_ascii, has_code_points: false, has_slashes: false, has_odd_numbers: false }
    }
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

    fn write(alphabet: Option<Self>, writer: &mut Writer) {
        writer.word(alphabet.is_some().into());
        if let Some(alphabet) = alphabet {
            [0, 32, 64, 96].into_iter().for_each(|shift| writer.word((alphabet.characters >> shift) as u32));
            writer.word(alphabet.has_numbers.into());
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Option<Self>> {
        if reader.word()? == 0 {
            return Some(None);
        }
        let mut characters = 0;
        for shift in [0, 32, 64, 96] {
            characters |= u128::from(reader.word()?) << shift;
        }
        Some(Some(Self { characters, has_numbers: reader.word()? != 0 }))
    }

    fn has(&self, byte: u8) -> bool {
        bit(byte.to_ascii_lowercase()).is_some_and(|bit| self.characters & bit != 0)
    }

    /// Whether the event may write a character of the literals in another way than they do.
    fn may_be_hidden_in(&self, event: &Written<'_>) -> bool {
        (event.has_odd_numbers && self.has_numbers)
            || (event.has_code_points && self.has_code_point_in(event.text))
            || (event.has_slashes && self.has(b'/'))
            || (!event.is_ascii && folds_to_ascii(event.text.as_bytes()))
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

/// Whether one of the two characters stands in a text that are no ASCII and fold to some: the Kelvin sign and the long s.
// PERF: two searches for them take four times as many instructions as one for their first bytes.
fn folds_to_ascii(text: &[u8]) -> bool {
    let is_one = |at| text.get(at..).is_some_and(|rest| rest.starts_with(KELVIN) || rest.starts_with(LONG_S));
    memchr::memchr2_iter(0xE2, 0xC5, text).any(is_one)
}

const KELVIN: &[u8] = "\u{212A}".as_bytes();
const LONG_S: &[u8] = "\u{17F}".as_bytes();

/// Parts of literals are sought when each has so many bytes at least; shorter ones stand everywhere.
const PART_BYTES_MIN: usize = 3;

/// The longest part of a spelled literal that holds no escape, if it is long enough.
fn plain_part(literal: &str) -> Option<&str> {
    let (mut best, mut rest) = ("", literal);
    loop {
        let (part, behind) = rest.split_at(rest.find('\\').unwrap_or(rest.len()));
        if part.len() > best.len() {
            best = part;
        }
        match behind.get(2..) {
            Some(behind) => rest = behind,
            None => return Some(best).filter(|best| best.len() >= PART_BYTES_MIN),
        }
    }
}

fn bit(byte: u8) -> Option<u128> {
    1_u128.checked_shl(u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::super::tables::tests::written;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_part_without_escapes_stands_in_unspelled_texts() {
        for (literal, part) in [
            ("abc", Some("abc")),
            (r"a\\bcd\\ef", Some("bcd")),
            (r"\n\\", None),
            (r#"\"abc\""#, Some("abc")),
            (r"a\\bc", None),
            ("", None),
        ] {
            assert_eq!(plain_part(literal), part, "{literal}");
        }
    }

    proptest! {
        #[test]
        fn no_literal_is_missed_in_texts_that_are_not_spelled(
            literals in prop::collection::btree_set("[abn|]{0,4}[\\\\\"\n|]{0,2}[abn|]{1,4}", 1..6),
            value in "[abnN\\\\\"\n|é\u{212A}]{0,40}",
        ) {
            let stands = literals.iter().any(|literal| value.to_ascii_lowercase().contains(literal.as_str()));
            let mut builder = LiteralsBuilder::default();
            literals.iter().for_each(|literal| builder.add(Place::Inside, literal, 0));
            let (may, may_plain) = written(
                |writer| builder.write(writer),
                |reader| {
                    let literals = Literals::read(reader).unwrap();
                    let spelled = text::spelled(&value);
                    (literals.may_stand_in(&Written::spelled(&spelled)), literals.may_stand_in_plain(value.as_bytes()))
                },
            );
            prop_assert!(!stands || (may && may_plain));
        }
    }
}
