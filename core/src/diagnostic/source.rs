//! A text that rules are read from, and places in it.
//!
//! Lines and columns count from 1 and columns count characters, as editors show them. A source does not
//! know what its text means.

use std::sync::{Arc, OnceLock};

/// A place in a source: from the first character up to, not including, the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First line, from 1; 0 for no place.
    pub line: u32,
    /// First column in characters, from 1.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column behind the last character.
    pub end_column: u32,
}

impl Span {
    /// The part of a one-line span that begins `offset` characters in and is `length` characters long.
    ///
    /// Spans over several lines are returned whole, because characters of a folded text have no fixed column.
    #[must_use]
    pub fn part(self, offset: usize, length: usize) -> Self {
        if self.line != self.end_line {
            return self;
        }
        let column = self.column.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
        let end_column = column.saturating_add(u32::try_from(length.max(1)).unwrap_or(u32::MAX));
        Self { column, end_column: end_column.min(self.end_column.max(column + 1)), ..self }
    }
}

/// A text with an optional name. Clones share the text.
#[derive(Debug, Clone)]
pub struct Source(Arc<Text>);

#[derive(Debug)]
struct Text {
    name: Option<String>,
    text: String,
    /// Where each line begins, found when the first is asked for.
    line_starts: OnceLock<Vec<usize>>,
}

impl Source {
    /// Takes a text and the name (usually a path) to show for it.
    #[must_use]
    pub fn new(name: Option<&str>, text: impl Into<String>) -> Self {
        let (text, line_starts) = (text.into(), OnceLock::new());
        Self(Arc::new(Text { name: name.map(str::to_owned), text, line_starts }))
    }

    /// Whether both are one text, not only equal ones.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The name, when there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Line `number` (from 1) without its line end; empty when there is no such line.
    #[must_use]
    pub fn line(&self, number: u32) -> &str {
        let Some(index) = (number as usize).checked_sub(1) else { return "" };
        let line_starts = self.0.line_starts.get_or_init(|| {
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', self.text().as_bytes()).map(|at| at + 1)).collect()
        });
        let Some(&start) = line_starts.get(index) else { return "" };
        let end = line_starts.get(index + 1).map_or(self.0.text.len(), |next| next - 1);
        self.0.text.get(start..end).unwrap_or("").trim_end_matches('\r')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_number() {
        let source = Source::new(None, "a\r\nbc\n\nd");
        assert_eq!([1, 2, 3, 4, 5, 0].map(|n| source.line(n).to_owned()), ["a", "bc", "", "d", "", ""]);
    }
}
