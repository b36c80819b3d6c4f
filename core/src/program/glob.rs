//! A compiled pattern with wildcards, matched segment by segment.
//!
//! ```text
//! a*b?c*d   ─▶   starts with "a" · then somewhere "b?c" · ends with "d"
//! ```
//!
//! Segments between `*` are searched for from left to right, each at its first place; that is enough,
//! because an earlier place leaves more room for what follows. Texts are folded beforehand where case does
//! not matter, so characters are compared as they are.

use super::Span;
use super::tables::{Reader, Writer};
use crate::text::DASHES;
use bytemuck::{Pod, Zeroable};
use std::fmt;

/// A pattern over a whole value.
#[derive(Debug)]
pub(crate) struct Glob<'a> {
    /// What stands between two `MANY` is a segment; the first is bound to the start, the last to the end.
    units: &'a [Unit],
    texts: &'a str,
}

/// One unit of a pattern, or the border of two segments.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Unit {
    kind: u32,
    text: Span,
}

const TEXT: u32 = 0;
const ONE: u32 = 1;
const DASH: u32 = 2;
const MANY: u32 = 3;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum GlobPart {
    Text(String),
    /// `*`
    Many,
    /// `?`
    One,
    /// Any of the five dashes.
    Dash,
}

/// Writes a pattern whose texts are folded already where case does not matter.
pub(crate) fn write(parts: &[GlobPart], writer: &mut Writer) {
    let unit = |part: &GlobPart| match part {
        GlobPart::Many => Unit { kind: MANY, text: Span::default() },
        GlobPart::Text(text) => Unit { kind: TEXT, text: writer.text(text) },
        GlobPart::One => Unit { kind: ONE, text: Span::default() },
        GlobPart::Dash => Unit { kind: DASH, text: Span::default() },
    };
    let units: Vec<Unit> = parts.iter().map(unit).collect();
    writer.table(&units);
}

/// As rules write it; a dash stands for any of the five.
impl fmt::Display for Glob<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for unit in self.units {
            match unit.kind {
                TEXT => f.write_str(&unit.text.of_texts(self.texts).replace('*', "\\*").replace('?', "\\?"))?,
                ONE => f.write_str("?")?,
                DASH => f.write_str("-")?,
                _ => f.write_str("*")?,
            }
        }
        Ok(())
    }
}

impl<'a> Glob<'a> {
    /// Reads what [`write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self { units: reader.table()?, texts: reader.texts() })
    }

    /// Whether the whole value matches.
    pub(crate) fn is_match(&self, value: &str) -> bool {
        let mut segments = self.units.split(|unit| unit.kind == MANY);
        let Some(first) = segments.next() else { return value.is_empty() };
        let Some(mut rest) = self.strip(first, value) else { return false };
        let Some(last) = segments.next_back() else { return rest.is_empty() };
        for segment in segments {
            match self.find(segment, rest) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        self.ends_with(last, rest)
    }

    /// What is left behind a segment that the value begins with.
    fn strip<'v>(&self, segment: &[Unit], value: &'v str) -> Option<&'v str> {
        let mut rest = value;
        for unit in segment {
            rest = match unit.kind {
                TEXT => rest.strip_prefix(unit.text.of_texts(self.texts))?,
                ONE => rest.strip_prefix(|_: char| true)?,
                _ => rest.strip_prefix(DASHES)?,
            };
        }
        Some(rest)
    }

    /// What is left behind the first place where the segment stands.
    fn find<'v>(&self, segment: &[Unit], value: &'v str) -> Option<&'v str> {
        let mut rest = value;
        loop {
            // A leading text says where to look next.
            if let Some(Unit { kind: TEXT, text }) = segment.first() {
                let text = text.of_texts(self.texts);
                rest = rest.get(memchr::memmem::find(rest.as_bytes(), text.as_bytes())?..)?;
            }
            if let Some(behind) = self.strip(segment, rest) {
                return Some(behind);
            }
            let mut chars = rest.chars();
            chars.next()?;
            rest = chars.as_str();
        }
    }

    /// Whether the segment stands at the end of the value.
    fn ends_with(&self, segment: &[Unit], value: &str) -> bool {
        let mut rest = value;
        for unit in segment.iter().rev() {
            let shorter = match unit.kind {
                TEXT => rest.strip_suffix(unit.text.of_texts(self.texts)),
                ONE => rest.strip_suffix(|_: char| true),
                _ => rest.strip_suffix(DASHES),
            };
            match shorter {
                Some(shorter) => rest = shorter,
                None => return false,
            }
        }
        true
    }
}
