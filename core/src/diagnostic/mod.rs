//! What is wrong in a rule, a filter or a pipeline, told so that its author can mend it.
//!
//! ```text
//! error[TL0010]: unknown modifier `startwith`
//!   --> rules/a.yml:7:9
//!    |
//!  7 |         Image|startwith: 'C:\'
//!    |         ^^^^^^^^^^^^^^^
//!    = help: did you mean `startswith`?
//! ```
//!
//! A diagnostic owns all it needs to be shown, so the source text may be dropped once rules are loaded.
//! This room does not decide what is wrong, and errors of a *call* are not here but in `error`.

mod code;
mod disabled;
mod render;
mod source;

pub use code::{Code, Severity};
pub use disabled::Disabled;
pub use source::{Source, Span};

use serde::Serialize;

/// Characters of a message, a help or a rule's label; longer ones are cut, because they repeat what the
/// author wrote, and that may be of any length.
const TEXT_CHARS_MAX: usize = 400;

/// One finding about a rule, a filter, a correlation or a pipeline.
///
/// `Display` gives one line (`file:line:column: error[TL0010]: ...`), [`Diagnostic::render`] the form with
/// the source line and a caret, and serialising it gives the JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How bad it is; always `code.severity()`.
    pub severity: Severity,
    /// What is wrong: one line, lower case, the author's own text in backticks.
    pub message: String,
    /// What to write instead, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The file or other name of the source; `None` when the caller gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// First line, from 1; 0 when the finding has no place.
    pub line: u32,
    /// First column in characters, from 1; 0 when the finding has no place.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column behind the last character.
    pub end_column: u32,
    /// Title or id of the rule it is about, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The text of the first line, for the caret.
    #[serde(skip)]
    snippet: String,
}

impl Diagnostic {
    /// A finding at `span` of `source`.
    #[must_use]
    pub fn new(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: clipped(message.into()),
            help: None,
            path: source.name().map(str::to_owned),
            line: span.line,
            column: span.column,
            end_line: span.end_line,
            end_column: span.end_column,
            rule: None,
            snippet: source.line(span.line).to_owned(),
        }
    }

    /// A finding that has no place in a text, such as a file that cannot be read.
    #[must_use]
    pub fn without_place(code: Code, path: Option<&str>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: clipped(message.into()),
            help: None,
            path: path.map(str::to_owned),
            line: 0,
            column: 0,
            end_line: 0,
            end_column: 0,
            rule: None,
            snippet: String::new(),
        }
    }

    /// The same with a sentence about what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(clipped(help.into()));
        self
    }

    /// The same, said to be about the rule with this title or id.
    #[must_use]
    pub fn about(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(clipped(rule.into()));
        self
    }

    /// True when the rule, filter or pipeline was left out because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The text, cut when it is very long.
pub(crate) fn clipped(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// The name nearest to `word` among `known`, when it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = if word.chars().count() <= 4 { 1 } else { 2 };
    known
        .into_iter()
        .map(|candidate| (edit_distance(&word.to_lowercase(), candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters; words longer than 64 characters are never near anything.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    if left.chars().count() > 64 || right.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        for (j, b) in right.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let cost = (diagonal + usize::from(a != *b)).min(above + 1).min(previous + 1);
            diagonal = above;
            if let Some(cell) = row.get_mut(j) {
                *cell = previous;
            }
            previous = cost;
        }
        if let Some(cell) = row.last_mut() {
            *cell = previous;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word() {
        let known = ["startswith", "endswith", "contains", "re", "all"];
        assert_eq!(nearest("startwith", known), Some("startswith"));
        assert_eq!(nearest("contain", known), Some("contains"));
        assert_eq!(nearest("rex", known), Some("re"));
        assert_eq!(nearest("something", known), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
    }

    #[test]
    fn codes_ascend_and_are_distinct() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert_eq!("tl0010".parse(), Ok(Code::UnknownModifier));
        assert_eq!("unknown-modifier".parse(), Ok(Code::UnknownModifier));
    }
}
