//! Texts with wildcards: `*`, `?`, and the dashes of `windash`.
//!
//! ```text
//! '*\a?\*b'   ─▶   [ Many, Text("\a"), One, Text("*b") ]
//! ```
//!
//! A pattern always stands for the whole value; `contains` and its like put `Many` at the ends. The
//! matcher here is the obvious one, by backtracking over characters with two pointers; the engine has
//! its own and must agree with it.

use crate::text::{self, DASHES};
use serde::{Deserialize, Serialize};

/// A text with wildcards, and whether upper and lower case differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) struct Pattern {
    pub(crate) parts: Vec<Part>,
    pub(crate) cased: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Part {
    Text(String),
    /// `*`: any run of characters, also none.
    Many,
    /// `?`: exactly one character.
    One,
    /// Any of the five dashes.
    Dash,
    /// `%name%` under `expand`, until its values are known.
    Placeholder(String),
}

impl Pattern {
    /// A text without wildcards, whatever characters it holds.
    pub(crate) fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { parts: if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] }, cased: false }
    }

    /// Reads wildcards and escapes as the specification's section "Escape Character" says.
    pub(crate) fn parse(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.peek() {
                    Some(&escaped @ ('*' | '?' | '\\')) => {
                        chars.next();
                        pattern.push_char(escaped);
                    }
                    _ => pattern.push_char('\\'),
                },
                '*' => pattern.push(Part::Many),
                '?' => pattern.push(Part::One),
                other => pattern.push_char(other),
            }
        }
        pattern
    }

    pub(crate) fn push_char(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.to_string())),
        }
    }

    /// Adds a part; neighbouring texts become one, and so do neighbouring `*`.
    pub(crate) fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (Some(Part::Many), Part::Many) => {}
            (Some(Part::Text(text)), Part::Text(more)) => text.push_str(&more),
            (_, Part::Text(text)) if text.is_empty() => {}
            (_, part) => self.parts.push(part),
        }
    }

    /// The same with `*` before it.
    pub(crate) fn open_start(&mut self) {
        if self.parts.first() != Some(&Part::Many) {
            self.parts.insert(0, Part::Many);
        }
    }

    /// The same with `*` behind it.
    pub(crate) fn open_end(&mut self) {
        self.push(Part::Many);
    }

    /// The text when there is no wildcard, dash or placeholder in it.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn has_placeholder(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Placeholder(_)))
    }

    pub(crate) fn has_wildcard(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Many | Part::One))
    }

    /// The pattern as a rule would write it.
    pub(crate) fn written(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    let mut chars = text.chars().peekable();
                    while let Some(c) = chars.next() {
                        let ambiguous = c == '\\' && chars.peek().is_none_or(|next| matches!(next, '\\' | '*' | '?'));
                        if matches!(c, '*' | '?') || ambiguous {
                            out.push('\\');
                        }
                        out.push(c);
                    }
                }
                Part::Many => out.push('*'),
                Part::One => out.push('?'),
                Part::Dash => out.push('-'),
                Part::Placeholder(name) => {
                    out.push('%');
                    out.push_str(name);
                    out.push('%');
                }
            }
        }
        out
    }

    /// Whether the whole of `value` matches: the obvious matcher, used by `reference`.
    ///
    /// When a part does not fit, the last `*` before it takes one character more; an earlier `*` never
    /// has to, because whatever it could give up the later one can take.
    pub(crate) fn matches(&self, value: &str) -> bool {
        let mut part_at = 0;
        let mut rest = value;
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let step = match self.parts.get(part_at) {
                Some(Part::Many) => {
                    retry = Some((part_at, rest));
                    Some(rest)
                }
                Some(part) => self.take(part, rest),
                None if rest.is_empty() => return true,
                None => None,
            };
            if let Some(behind) = step {
                rest = behind;
                part_at += 1;
                continue;
            }
            let Some((many_at, from)) = retry else { return false };
            let mut chars = from.chars();
            if chars.next().is_none() {
                return false;
            }
            rest = chars.as_str();
            retry = Some((many_at, rest));
            part_at = many_at + 1;
        }
    }

    /// What is left of `value` behind one part other than `*`; `None` when it does not begin with the part.
    fn take<'v>(&self, part: &Part, value: &'v str) -> Option<&'v str> {
        let mut chars = value.chars();
        match part {
            Part::Text(text) => {
                for wanted in text.chars() {
                    let own = chars.next()?;
                    if own != wanted && (self.cased || text::fold_char(own) != text::fold_char(wanted)) {
                        return None;
                    }
                }
            }
            Part::One => drop(chars.next()?),
            Part::Dash => drop(chars.next().filter(|c| DASHES.contains(c))?),
            // INVARIANT: `compile` refuses rules with placeholders; until then nothing equals one.
            Part::Placeholder(_) | Part::Many => return None,
        }
        Some(chars.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_follow_the_specification() {
        for (written, parts) in [
            (r"a\b", vec![Part::Text(r"a\b".into())]),
            (r"a\\b", vec![Part::Text(r"a\b".into())]),
            (r"\*", vec![Part::Text("*".into())]),
            (r"\\*", vec![Part::Text(r"\".into()), Part::Many]),
            (r"\\\*", vec![Part::Text(r"\*".into())]),
            (r"\\\\", vec![Part::Text(r"\\".into())]),
            (r"\\\", vec![Part::Text(r"\\".into())]),
            (
                r"a?b**c",
                vec![Part::Text("a".into()), Part::One, Part::Text("b".into()), Part::Many, Part::Text("c".into())],
            ),
        ] {
            assert_eq!(Pattern::parse(written).parts, parts, "{written}");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for text in [r"a\b", r"\*", r"\\*", r"\\\\", r"C:\x\*y?", r"\", "", "*", r"a\\"] {
            let pattern = Pattern::parse(text);
            assert_eq!(Pattern::parse(&pattern.written()), pattern, "{text}");
        }
    }

    #[test]
    fn wildcards_backtrack() {
        for (pattern, value, verdict) in [
            ("*ab?d", "abxxabyd", true),
            ("a*b?", "axbxxby", true),
            ("a*b", "a\nb", true),
            ("?", "é", true),
            ("?", "", false),
            ("", "", true),
            ("*", "", true),
            ("a", "A", true),
            ("ſ", "S", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(Pattern::parse(pattern).matches(value), verdict, "{pattern} on {value}");
        }
    }
}
