//! Rewriting a text with wildcards by a regular expression.
//!
//! ```text
//! 'C:\x\*'   regex '\\', replacement '/'   ─▶   'C:/x/*'
//! ```
//!
//! The expression sees the text as it would be written, wildcards as `*` and `?` and literal ones as `\*` and
//! `\?`; the result is read again. A literal backslash before a wildcard stays one. Replacements are written
//! as in Python: `\1`, `\g<1>`, `\g<name>`. Which texts are rewritten is not known here.

use crate::check::{Part, Pattern};
use regex_automata::meta;

/// Stands behind a literal backslash that a wildcard follows, so that reading again does not join the two.
const BREAK: char = '\u{F8F0}';

/// The five dashes of one `windash` place, times those of up to three others.
pub(super) const DASH_TEXTS_MAX: usize = 625;

/// A replacement, cut at its references to groups.
#[derive(Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Template {
    /// Reads a replacement for `regex`; the message says what is wrong.
    pub(super) fn read(text: &str, regex: &meta::Regex) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '\\' {
                plain.push(c);
                continue;
            }
            let group = match chars.peek().copied() {
                Some('g') => {
                    let rest: String = chars.clone().skip(1).collect();
                    let name = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(name, _)| name);
                    let Some(name) = name else { return Err("`\\g` needs a group in `<...>`".to_owned()) };
                    chars.nth(name.chars().count() + 2);
                    Some(group(name, regex)?)
                }
                Some(digit) if digit.is_ascii_digit() => {
                    let mut number = String::new();
                    while let Some(digit) = chars.next_if(|c| c.is_ascii_digit() && number.len() < 2) {
                        number.push(digit);
                    }
                    Some(group(&number, regex)?)
                }
                Some('n') => {
                    chars.next();
                    plain.push('\n');
                    None
                }
                Some('t') => {
                    chars.next();
                    plain.push('\t');
                    None
                }
                Some('\\') => {
                    chars.next();
                    plain.push('\\');
                    None
                }
                _ => {
                    plain.push('\\');
                    None
                }
            };
            if let Some(group) = group {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                pieces.push(Piece::Group(group));
            }
        }
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }
}

fn group(name: &str, regex: &meta::Regex) -> Result<usize, String> {
    let info = regex.group_info();
    let number = name.parse().ok().or_else(|| info.to_index(regex_automata::PatternID::ZERO, name));
    match number {
        Some(number) if number < info.group_len(regex_automata::PatternID::ZERO) => Ok(number),
        _ => Err(format!("the expression has no group `{name}`")),
    }
}

/// Every match of `regex` in `text` replaced.
fn substitute(text: &str, regex: &meta::Regex, template: &Template) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for captures in regex.captures_iter(text) {
        let Some(found) = captures.get_match() else { continue };
        out.push_str(text.get(at..found.start()).unwrap_or_default());
        for piece in &template.0 {
            match piece {
                Piece::Text(plain) => out.push_str(plain),
                Piece::Group(group) => {
                    out.push_str(
                        captures.get_group(*group).and_then(|span| text.get(span.range())).unwrap_or_default(),
                    );
                }
            }
        }
        at = found.end();
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// How `replace_string` treats wildcards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Special {
    /// They are part of the text that the expression sees.
    Seen,
    /// Each stretch between them is rewritten by itself; what comes in stays plain text.
    SkippedPlain,
    /// The same, but wildcards that come in are wildcards.
    SkippedRead,
}

/// The pattern with every match replaced; `None` when nothing changed. It must hold no dashes.
pub(super) fn replace(
    pattern: &Pattern,
    regex: &meta::Regex,
    template: &Template,
    special: Special,
) -> Option<Pattern> {
    let mut out = Pattern { parts: Vec::new(), cased: pattern.cased };
    // A placeholder is no text yet: what stands around it is rewritten by itself.
    for stretch in pattern.parts.split_inclusive(|part| matches!(part, Part::Placeholder(_))) {
        let (stretch, placeholder) = match stretch.split_last() {
            Some((last @ Part::Placeholder(_), rest)) => (rest, Some(last.clone())),
            _ => (stretch, None),
        };
        if special == Special::Seen {
            let text = seen(stretch);
            let new = substitute(&text, regex, template);
            let parts = if new == text { stretch.to_vec() } else { unseen(&new).parts };
            parts.into_iter().for_each(|part| out.push(part));
        } else {
            for part in stretch {
                match part {
                    Part::Text(text) => {
                        let new = substitute(text, regex, template);
                        if special == Special::SkippedRead && new != *text {
                            Pattern::parse(&new).parts.into_iter().for_each(|part| out.push(part));
                        } else {
                            out.push(Part::Text(new));
                        }
                    }
                    other => out.push(other.clone()),
                }
            }
        }
        placeholder.into_iter().for_each(|part| out.push(part));
    }
    (out != *pattern).then_some(out)
}

/// The parts as one text, for an expression to see.
fn seen(parts: &[Part]) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => {
                for c in text.chars() {
                    if matches!(c, '*' | '?') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                if text.ends_with('\\') && at + 1 < parts.len() {
                    out.push(BREAK);
                }
            }
            Part::Many => out.push('*'),
            Part::One => out.push('?'),
            Part::Dash => out.push('-'),
            Part::Placeholder(_) => {}
        }
    }
    out
}

fn unseen(text: &str) -> Pattern {
    let mut pattern = Pattern::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.peek() {
                Some(&escaped @ ('*' | '?')) => {
                    chars.next();
                    pattern.push_char(escaped);
                }
                _ => pattern.push_char('\\'),
            },
            BREAK => {}
            '*' => pattern.push(Part::Many),
            '?' => pattern.push(Part::One),
            other => pattern.push_char(other),
        }
    }
    pattern
}

/// Every pattern that one with dashes stands for; `None` when there are too many.
pub(super) fn without_dashes(pattern: &Pattern) -> Option<Vec<Pattern>> {
    let mut patterns = vec![Pattern { parts: Vec::new(), cased: pattern.cased }];
    for part in &pattern.parts {
        if *part != Part::Dash {
            patterns.iter_mut().for_each(|own| own.push(part.clone()));
            continue;
        }
        if patterns.len() * crate::text::DASHES.len() > DASH_TEXTS_MAX {
            return None;
        }
        patterns = patterns
            .iter()
            .flat_map(|own| {
                crate::text::DASHES.iter().map(move |dash| {
                    let mut own = own.clone();
                    own.push(Part::Text(dash.to_string()));
                    own
                })
            })
            .collect();
    }
    Some(patterns)
}

/// The pattern as a regular expression that means the same: unanchored where it begins or ends with `*`.
pub(super) fn to_regex(pattern: &Pattern) -> String {
    let mut parts = pattern.parts.as_slice();
    let mut out = String::new();
    if let Some((Part::Many, rest)) = parts.split_first() {
        parts = rest;
    } else {
        out.push('^');
    }
    let open_end = matches!(parts.last(), Some(Part::Many));
    if open_end {
        parts = parts.get(..parts.len() - 1).unwrap_or_default();
    }
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(&regex_syntax::escape(text)),
            Part::Many => out.push_str(".*"),
            Part::One => out.push('.'),
            Part::Dash => out.push_str(r"[\-/\u{2013}\u{2014}\u{2015}]"),
            Part::Placeholder(name) => {
                out.push('%');
                out.push_str(name);
                out.push('%');
            }
        }
    }
    if !open_end {
        out.push('$');
    }
    out
}
