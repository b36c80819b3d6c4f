//! Regular expressions: parsed here, so that a fault is told with its place when the rule loads.
//!
//! ```text
//! '(?=a)b'   ─▶   TL0014 look-around cannot run in linear time, column of `(?=`
//! ```
//!
//! The syntax is that of the `regex` crates, which covers what the specification lists. Two things that
//! PCRE allows and they refuse are read as PCRE means them: a `{` that begins no repetition, and escapes
//! of characters that need none.

use super::rule::Regex;
use crate::diagnostic::Code;
use regex_syntax::ast::ErrorKind;
use regex_syntax::hir::Hir;

/// Why an expression cannot be used.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Where in the expression, in characters.
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

/// Parses an expression with its flags.
pub(crate) fn parse(regex: &Regex) -> Result<Hir, Fault> {
    parse_and_write(regex).map(|(hir, _)| hir)
}

/// The same, and the expression with its flags as one text that the `regex` crates take.
pub(crate) fn parse_and_write(regex: &Regex) -> Result<(Hir, String), Fault> {
    let mut builder = regex_syntax::ParserBuilder::new();
    builder.case_insensitive(regex.insensitive).multi_line(regex.multiline).dot_matches_new_line(regex.dot_all);
    let flags = [(regex.insensitive, 'i'), (regex.multiline, 'm'), (regex.dot_all, 's')];
    let flags: String = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| *flag).collect();
    let written = |pattern: &str| if flags.is_empty() { pattern.to_owned() } else { format!("(?{flags}){pattern}") };
    match builder.build().parse(&regex.pattern) {
        Ok(hir) => Ok((hir, written(&regex.pattern))),
        Err(first) => {
            let lenient = accept_pcre(&regex.pattern);
            if lenient != regex.pattern
                && let Ok(hir) = builder.build().parse(&lenient)
            {
                return Ok((hir, written(&lenient)));
            }
            Err(fault(&first, &regex.pattern))
        }
    }
}

fn fault(error: &regex_syntax::Error, pattern: &str) -> Fault {
    let place = |start: usize, end: usize| {
        let offset = pattern.get(..start).map_or(0, |before| before.chars().count());
        (offset, pattern.get(start..end).map_or(1, |part| part.chars().count()).max(1))
    };
    match error {
        regex_syntax::Error::Parse(error) => {
            let span = error.span();
            let (offset, length) = place(span.start.offset, span.end.offset);
            let (code, message) = match error.kind() {
                ErrorKind::UnsupportedLookAround => {
                    (Code::RegexUnsupported, "look-around cannot run in linear time".to_owned())
                }
                ErrorKind::UnsupportedBackreference => {
                    (Code::RegexUnsupported, "a back-reference cannot run in linear time".to_owned())
                }
                kind => (Code::BadRegex, format!("bad regular expression: {kind}")),
            };
            Fault { code, message, offset, length }
        }
        regex_syntax::Error::Translate(error) => {
            let (offset, length) = place(error.span().start.offset, error.span().end.offset);
            Fault { code: Code::BadRegex, message: format!("bad regular expression: {}", error.kind()), offset, length }
        }
        other => {
            Fault { code: Code::BadRegex, message: format!("bad regular expression: {other}"), offset: 0, length: 1 }
        }
    }
}

/// The expression with lone `{` escaped and needless escapes of letters and `<`, `>` removed.
fn accept_pcre(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some(escaped @ ('<' | '>' | '_' | 'e' | '/' | ' ')) => match escaped {
                    'e' => out.push_str("\\x1b"),
                    plain => out.push(plain),
                },
                Some(other) => {
                    out.push('\\');
                    out.push(other);
                }
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push(c);
            }
            '[' => out.push_str("\\["),
            ']' => {
                in_class = false;
                out.push(c);
            }
            '{' if !in_class && !begins_repetition(rest.as_str()) => out.push_str("\\{"),
            other => out.push(other),
        }
    }
    out
}

fn begins_repetition(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    !low.is_empty() && [low, high].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(pattern: &str) -> Option<(Code, usize)> {
        let regex = Regex {
            pattern: pattern.into(),
            insensitive: false,
            multiline: false,
            dot_all: false,
            placeholders: false,
        };
        parse(&regex).err().map(|fault| (fault.code, fault.offset))
    }

    #[test]
    fn what_cannot_run_is_told_with_its_place() {
        assert_eq!(code("ab(?=c)"), Some((Code::RegexUnsupported, 2)));
        assert_eq!(code(r"(a)\1"), Some((Code::RegexUnsupported, 3)));
        assert_eq!(code("a(b"), Some((Code::BadRegex, 1)));
        assert_eq!(code("a{2,1}").map(|(code, _)| code), Some(Code::BadRegex));
    }

    #[test]
    fn what_is_written_with_its_flags_means_the_same() {
        for pattern in ["a|b", "(?x) a # b", "^a.$", r"\{a{", r"(?-i)A\<", ""] {
            for flags in 0..8_u8 {
                let [insensitive, multiline, dot_all] = [1, 2, 4].map(|bit| flags & bit != 0);
                let regex = Regex { pattern: pattern.into(), insensitive, multiline, dot_all, placeholders: false };
                let (hir, written) = parse_and_write(&regex).unwrap();
                assert_eq!(regex_syntax::parse(&written).unwrap(), hir, "{written}");
            }
        }
    }

    #[test]
    fn what_pcre_takes_for_plain_text_is_plain_text() {
        for pattern in [r"\{a{", r"a\/b", r"[[]x", r"\<a\>", "a{b}", r#"\""#, r"\-\ "] {
            assert_eq!(code(pattern), None, "{pattern}");
        }
    }
}
