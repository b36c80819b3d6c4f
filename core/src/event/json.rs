//! Reading JSON without building a tree: a visitor that is told every key and every scalar.
//!
//! ```text
//! {"a":{"b":[1,2]}}   ─▶   object { key a, object { key b, array [ 1 2 ] } }
//! ```
//!
//! `serde_json` does the parsing; its depth limit of 128 keeps hostile nesting off the stack. Unlike its
//! own tree, duplicate keys are all seen. This file attaches no meaning to what it reads.

use crate::config::EVENT_DEPTH_MAX;
use crate::number::{Number, is_plain};
use std::fmt;

/// Why bytes are not an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventError {
    message: String,
    byte: Option<usize>,
}

impl EventError {
    pub(crate) fn new(message: impl Into<String>, byte: Option<usize>) -> Self {
        Self { message: message.into(), byte }
    }

    /// The byte of the event at which reading stopped, from 0, when it is known.
    #[must_use]
    pub fn byte(&self) -> Option<usize> {
        self.byte
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.byte {
            Some(byte) => write!(f, "{} at byte {byte}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for EventError {}

/// The bytes of an event without a byte order mark.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// The text of an event, checked to be UTF-8 and without a byte order mark.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, EventError> {
    let bytes = without_mark(bytes);
    simdutf8::compat::from_utf8(bytes).map_err(|error| EventError::new("invalid UTF-8", Some(error.valid_up_to())))
}

/// Refuses a text that is nested deeper than the parser reads.
///
/// The parser itself counts levels only in what it is asked for, and passes over the rest at any depth; an event
/// would then be one or none depending on the rules.
pub(crate) fn within_depth(text: &str) -> Result<(), EventError> {
    // PERF: few events have so many brackets, and counting them runs at memory speed.
    if memchr::memchr2_iter(b'{', b'[', text.as_bytes()).nth(EVENT_DEPTH_MAX).is_none() {
        return Ok(());
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => {
                depth += 1;
                if depth > EVENT_DEPTH_MAX {
                    return Err(EventError::new(format!("nested deeper than {EVENT_DEPTH_MAX} levels"), Some(at)));
                }
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Turns an error of the parser into one that names the byte.
pub(crate) fn error(text: &str, error: &serde_json::Error) -> EventError {
    let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or("not JSON").to_owned();
    let column = if error.column() > 0 { error.column() - 1 } else { 0 };
    EventError::new(message, Some(line_start + column))
}

/// Adds what a string of valid JSON means, given what stands between its quotes.
pub(super) fn push_unescaped(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(at);
        out.push_str(plain);
        let (meant, length) = match escape.as_bytes().get(1) {
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'u') => {
                let code = escape.get(2..6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                (code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
            }
            Some(byte) => (char::from(*byte), 2),
            None => (char::REPLACEMENT_CHARACTER, 1),
        };
        out.push(meant);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// The text without what the parser refuses although it is well formed, when there is any: half of a surrogate pair that
/// stands alone becomes the replacement character, a number beyond all floats the largest of them. Programs that cut
/// texts write the one; whoever wants to hide an event may write either.
pub(super) fn mended(text: &str) -> Option<String> {
    let mut out = String::new();
    let (mut copied, mut at, mut in_string) = (0, 0, false);
    while let Some(byte) = text.as_bytes().get(at) {
        let (length, instead) = match byte {
            b'\\' if in_string => lone_surrogate(text, at),
            b'-' | b'0'..=b'9' if !in_string => number_beyond_floats(text, at),
            _ => (1, None),
        };
        in_string ^= *byte == b'"';
        if let Some(instead) = instead {
            out.push_str(text.get(copied..at)?);
            out.push_str(instead);
            copied = at + length;
        }
        at += length;
    }
    out.push_str(text.get(copied..)?);
    (copied > 0).then_some(out)
}

/// The length of the escape at a place, of a pair as a whole, and what to write instead of one that is half a pair.
fn lone_surrogate(text: &str, at: usize) -> (usize, Option<&'static str>) {
    let code_at = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    match code_at(at) {
        Some(0xD800..=0xDBFF) if matches!(code_at(at + 6), Some(0xDC00..=0xDFFF)) => (12, None),
        Some(0xD800..=0xDFFF) => (6, Some("\\ufffd")),
        _ => (2, None),
    }
}

/// The length of the number at a place, and what to write instead of one that is infinite as a float.
fn number_beyond_floats(text: &str, at: usize) -> (usize, Option<&'static str>) {
    let rest = text.get(at..).unwrap_or_default();
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let number = rest.get(..length).unwrap_or_default();
    let is_sound = number.split(['e', 'E']).next().is_some_and(is_plain);
    let instead = match number.parse() {
        Ok(f64::INFINITY) if is_sound => Some("1.7976931348623157e308"),
        Ok(f64::NEG_INFINITY) if is_sound => Some("-1.7976931348623157e308"),
        _ => None,
    };
    (length.max(1), instead)
}

/// The value of a number as JSON writes it.
pub(crate) fn number(raw: &str) -> Number {
    let number = serde_json::from_str::<serde_json::Number>(raw).ok();
    let number = number.and_then(|number| match number.as_i128() {
        Some(integer) => Some(Number::Integer(integer)),
        None => number.as_f64().and_then(Number::from_f64),
    });
    number.unwrap_or(Number::Integer(0))
}

/// A float as a number; `serde_json` never gives NaN or infinities.
pub(crate) fn float(value: f64) -> Number {
    Number::from_f64(value).unwrap_or(Number::Integer(0))
}
