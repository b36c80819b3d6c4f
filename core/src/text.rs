//! Texts: the one way in which they are made equal regardless of case, and where one stands in another.
//!
//! ```text
//! "ΣΑΣ" and "σας"  ─▶  "σασ"        "K" (Kelvin sign)  ─▶  "k"        "ß"  ─▶  "ß"
//! ```
//!
//! Simple case folding of Unicode (rows C and S of `CaseFolding.txt`): one character becomes one
//! character, so wildcards keep counting characters. Nothing here depends on a language or locale.
//!
//! A text is *spelled* as JSON writes it with the fewest escapes: a backslash before quotes and backslashes, a letter for
//! each of five control characters, all else as it is. Nearly every event writes its texts so; literals that are spelled
//! are found in them as they stand there. What is spelled is cut into units, an escape or a single byte, and only at
//! their ends may a literal begin.

use crate::lanes::{self, Lanes, Narrow};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The five characters that Windows programs take for a dash.
pub(crate) const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// Where in the one text the other must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Anchor {
    Whole,
    Start,
    End,
    Anywhere,
}

/// The simple case folding of one character.
pub(crate) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    unicode_case_mapping::case_folded(c).and_then(|folded| char::from_u32(folded.get())).unwrap_or(c)
}

/// The folded copy of a text.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_folded(text, &mut out);
    out
}

/// Adds the folded copy of a text to `out`.
pub(crate) fn push_folded(text: &str, out: &mut String) {
    // ASCII runs are folded as a whole; only what is between them goes through the table.
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = ascii_prefix(rest);
        let (run, behind) = rest.split_at(ascii);
        let start = out.len();
        out.push_str(run);
        if let Some(copy) = out.get_mut(start..) {
            copy.make_ascii_lowercase();
        }
        let mut chars = behind.chars();
        rest = behind;
        while let Some(c) = chars.next().filter(|c| !c.is_ascii()) {
            out.push(fold_char(c));
            rest = chars.as_str();
        }
    }
}

/// How JSON spells a text.
pub(crate) fn spelled(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    push_spelled(text, &mut out);
    // Only whole characters are replaced.
    String::from_utf8(out).unwrap_or_default()
}

/// Adds a text to `out`, spelled as in JSON, and so UTF-8 as well.
// PERF: as bytes, since texts are added to each other, and whether all are UTF-8 is found out once.
pub(crate) fn push_spelled(text: &str, out: &mut Vec<u8>) {
    lanes::run(Spell { text, out });
}

/// Whether a text surely is spelled in JSON as it is.
pub(crate) fn is_spelled_as_is(text: &str) -> bool {
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    let is_plain = |block: &[u8; 16]| marks(Narrow, block) == 0;
    blocks.iter().all(is_plain) && rest.iter().all(|byte| !matches!(byte, b'"' | b'\\' | ..b' '))
}

/// Bytes that are copied together.
const BLOCK: usize = 32;
/// Bytes of a text that are spelled in one go.
const PIECE: usize = 128;

/// A text that is to be spelled.
struct Spell<'a> {
    text: &'a str,
    out: &'a mut Vec<u8>,
}

impl lanes::Work for Spell<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let (text, out, mut last) = (self.text.as_bytes(), self.out, [0; PIECE + BLOCK]);
        let mut at = 0;
        while at < text.len() {
            let (end, length) = (out.len(), (text.len() - at).min(PIECE));
            let piece = text.get(at..).and_then(|rest| rest.first_chunk()).unwrap_or_else(|| {
                last.iter_mut().zip(text.get(at..).unwrap_or_default()).for_each(|(own, byte)| *own = *byte);
                &last
            });
            out.resize(end + 2 * (PIECE + BLOCK), 0);
            let room = out.get_mut(end..).and_then(|room| room.first_chunk_mut());
            let spelled = room.map_or(0, |room| spell(lanes, piece, length, room));
            out.truncate(end + spelled);
            at += length;
        }
    }
}

/// Spells so many bytes of a text, behind which a block stands that does no harm, and says how long they became.
// PERF: texts of tables are spelled when they are searched, and byte by byte that took half of the time of a scan. Paths have a
// backslash in every block, so blocks are copied whole and overwritten rather than cut into pieces.
#[inline(always)]
fn spell<L: Lanes>(lanes: L, piece: &[u8; PIECE + BLOCK], length: usize, out: &mut [u8; 2 * (PIECE + BLOCK)]) -> usize {
    let (mut at, mut end) = (0, 0);
    while at < length {
        let Some(block) = piece.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) else { break };
        let own = (length - at).min(BLOCK);
        let mut marks = marks(lanes, block) & u64::MAX >> (64 - own);
        copy(piece, at, out, end);
        while marks != 0 {
            let mark = at + marks.trailing_zeros() as usize;
            marks &= marks - 1;
            let letter = piece.get(mark).copied().and_then(letter_behind_backslash);
            let (Some(letter), Some([first, second, ..])) = (letter, out.get_mut(end + mark - at..)) else { continue };
            (*first, *second) = (b'\\', letter);
            end += 1;
            copy(piece, mark + 1, out, end + mark + 1 - at);
        }
        (at, end) = (at + own, end + own);
    }
    end
}

/// Copies a block from one place to another.
#[inline(always)]
fn copy(source: &[u8], from: usize, out: &mut [u8], to: usize) {
    let source = source.get(from..).and_then(|source| source.first_chunk::<BLOCK>());
    let room = out.get_mut(to..).and_then(|room| room.first_chunk_mut::<BLOCK>());
    if let (Some(source), Some(room)) = (source, room) {
        *room = *source;
    }
}

/// One bit for each byte that JSON may not write as it is.
#[inline(always)]
fn marks<L: Lanes>(lanes: L, block: &[u8]) -> u64 {
    (0..block.len()).step_by(L::BYTES).fold(0, |marks, at| {
        let own = lanes.load(block, at);
        let quotes = lanes.equal(own, lanes.splat(b'"')) | lanes.equal(own, lanes.splat(b'\\'));
        marks | (quotes | lanes.equal(own, lanes.min(own, lanes.splat(b' ' - 1)))) << at
    })
}

/// What JSON writes behind a backslash for a byte that it does not write as it is.
fn letter_behind_backslash(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0C => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => return None,
    })
}

/// Knows which places of a spelled text cut an escape in two.
#[derive(Debug)]
pub(crate) struct Escapes<'t> {
    text: &'t [u8],
    /// The backslashes that were looked at last, from the first of their run on.
    run: Range<usize>,
}

impl<'t> Escapes<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Self { text, run: 0..0 }
    }

    /// Whether the place is behind the backslash of an escape: then an odd number of them stands before it.
    #[inline]
    pub(crate) fn is_cut_at(&mut self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|last| self.text.get(last));
        before == Some(&b'\\') && self.is_odd_run(at)
    }

    /// A run is walked only once, however many places in it are asked for.
    #[inline(never)]
    fn is_odd_run(&mut self, at: usize) -> bool {
        if !(self.run.start < at && at <= self.run.end) {
            let floor = if at > self.run.end { self.run.end } else { 0 };
            let new = self.text.get(floor..at).unwrap_or_default();
            let length = new.iter().rev().take_while(|byte| **byte == b'\\').count();
            let start = if length == new.len() && floor > 0 { self.run.start } else { at - length };
            self.run = start..at;
        }
        (at - self.run.start) % 2 == 1
    }
}

/// How many bytes at the beginning are ASCII.
fn ascii_prefix(text: &str) -> usize {
    let (words, _) = text.as_bytes().as_chunks::<32>();
    let whole = words.iter().take_while(|word| word.is_ascii()).count() * 32;
    let rest = text.as_bytes().get(whole..).unwrap_or_default();
    whole + rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len())
}

impl Anchor {
    /// Whether `right` stands there in `left`.
    pub(crate) fn holds(self, left: &str, right: &str) -> bool {
        match self {
            Self::Whole => left == right,
            Self::Start => left.starts_with(right),
            Self::End => left.ends_with(right),
            Self::Anywhere => left.contains(right),
        }
    }
}

/// Many texts in one piece of memory, numbered in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Adds a text; false when there is no room for it, which is after four gigabytes.
    pub(crate) fn push(&mut self, text: &str) -> bool {
        let Ok(end) = u32::try_from(self.all.len() + text.len()) else { return false };
        self.all.push_str(text);
        self.ends.push(end);
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, number: usize) -> Option<&str> {
        let start = number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.all.get(start as usize..*self.ends.get(number)? as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        (0..self.len()).filter_map(|number| self.get(number))
    }

    /// The texts that stand behind each other in `all` and end at these places.
    pub(crate) fn of_parts(all: String, ends: Vec<u32>) -> Self {
        Self { all, ends }
    }

    /// All texts behind each other, and where each ends.
    pub(crate) fn parts(&self) -> (&str, &[u32]) {
        (&self.all, &self.ends)
    }

    /// Gives memory back that was only there to grow.
    pub(crate) fn shrink(&mut self) {
        self.all.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut all = Self::default();
        for text in texts {
            if !all.push(text.as_ref()) {
                break;
            }
        }
        all.shrink();
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_spelled_as_in_json(text in "[a\"\\\\\n\t\u{8}\u{c}é]{0,12}|([abcdé語😀]{0,40}[\"\\\\\n]{0,3}){0,9}") {
            prop_assert_eq!(super::is_spelled_as_is(&text), !text.contains(['"', '\\', '\n', '\t', '\u{8}', '\u{c}']));
            let mut json = serde_json::to_string(&text).unwrap();
            json.pop();
            prop_assert_eq!(super::spelled(&text), json.split_off(1));
        }

        #[test]
        fn places_in_escapes_are_told_in_any_order(text in "[a\\\\]{0,20}", places in prop::collection::vec(0..20_usize, 0..20)) {
            let mut escapes = super::Escapes::new(text.as_bytes());
            for at in places.into_iter().filter(|at| *at <= text.len()) {
                let run = text[..at].len() - text[..at].trim_end_matches('\\').len();
                prop_assert_eq!(escapes.is_cut_at(at), run % 2 == 1, "{} in {}", at, text);
            }
        }
    }

    #[test]
    fn folding_is_simple_and_idempotent() {
        assert_eq!(super::folded("ΣΑΣ"), super::folded("σας"));
        assert_eq!(super::folded("\u{212A}\u{17F}"), "ks");
        assert_eq!(super::folded("İß"), "İß");
        for c in ('\0'..=char::MAX).filter(|c| super::fold_char(*c) != *c) {
            assert_eq!(super::fold_char(super::fold_char(c)), super::fold_char(c), "{c:?}");
        }
    }
}
