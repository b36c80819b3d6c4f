//! A compiled pattern with wildcards, matched segment by segment.
//!
//! ```text
//! a*b?c*d   ─▶   starts with "a" · then somewhere "b?c" · ends with "d"
//! ```
//!
//! Segments between `*` are searched for from left to right, each at its first place; that is enough,
//! because an earlier place leaves more room for what follows. Texts are folded beforehand where case does
//! not matter, so characters are compared as they are.

use crate::text::DASHES;
use std::fmt;

/// A pattern over a whole value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    /// What stands between the `*`; the first is bound to the start, the last to the end.
    segments: Vec<Segment>,
}

type Segment = Vec<Unit>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Unit {
    Text(Box<str>),
    One,
    Dash,
}

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

impl Glob {
    /// Compiles a pattern whose texts are folded already where case does not matter.
    pub(crate) fn new(parts: &[GlobPart]) -> Self {
        let mut segments = vec![Segment::new()];
        for part in parts {
            let unit = match part {
                GlobPart::Many => {
                    segments.push(Segment::new());
                    continue;
                }
                GlobPart::Text(text) => Unit::Text(text.as_str().into()),
                GlobPart::One => Unit::One,
                GlobPart::Dash => Unit::Dash,
            };
            if let Some(segment) = segments.last_mut() {
                segment.push(unit);
            }
        }
        Self { segments }
    }

    /// Whether the whole value matches.
    pub(crate) fn is_match(&self, value: &str) -> bool {
        let Some((first, others)) = self.segments.split_first() else { return value.is_empty() };
        let Some(mut rest) = strip(first, value) else { return false };
        let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
        for segment in middle {
            match find(segment, rest) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        ends_with(last, rest)
    }
}

/// As rules write it; a dash stands for any of the five.
impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, segment) in self.segments.iter().enumerate() {
            if number > 0 {
                f.write_str("*")?;
            }
            for unit in segment {
                match unit {
                    Unit::Text(text) => f.write_str(&text.replace('*', "\\*").replace('?', "\\?"))?,
                    Unit::One => f.write_str("?")?,
                    Unit::Dash => f.write_str("-")?,
                }
            }
        }
        Ok(())
    }
}

/// What is left behind a segment that the value begins with.
fn strip<'v>(segment: &[Unit], value: &'v str) -> Option<&'v str> {
    let mut rest = value;
    for unit in segment {
        rest = match unit {
            Unit::Text(text) => rest.strip_prefix(&**text)?,
            Unit::One => rest.strip_prefix(|_: char| true)?,
            Unit::Dash => rest.strip_prefix(DASHES)?,
        };
    }
    Some(rest)
}

/// What is left behind the first place where the segment stands.
fn find<'v>(segment: &[Unit], value: &'v str) -> Option<&'v str> {
    let mut rest = value;
    loop {
        // A leading text says where to look next.
        if let Some(Unit::Text(text)) = segment.first() {
            rest = rest.get(memchr::memmem::find(rest.as_bytes(), text.as_bytes())?..)?;
        }
        if let Some(behind) = strip(segment, rest) {
            return Some(behind);
        }
        let mut chars = rest.chars();
        chars.next()?;
        rest = chars.as_str();
    }
}

/// Whether the segment stands at the end of the value.
fn ends_with(segment: &[Unit], value: &str) -> bool {
    let mut rest = value;
    for unit in segment.iter().rev() {
        let shorter = match unit {
            Unit::Text(text) => rest.strip_suffix(&**text),
            Unit::One => rest.strip_suffix(|_: char| true),
            Unit::Dash => rest.strip_suffix(DASHES),
        };
        match shorter {
            Some(shorter) => rest = shorter,
            None => return false,
        }
    }
    true
}
