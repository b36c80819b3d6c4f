//! Bytes of messages as sensors write them: as hexadecimal digits, or as the characters that they are.
//!
//! ```text
//! "5a:00:41"   at 1, length 2   ─▶  65        "\\x00\\x07\\x00\\x08"   length 2, on and on   ─▶  7, 8
//! ```
//!
//! What the bytes mean is not known here.

use super::taxonomy::Bytes;
use std::borrow::Cow;

/// Bytes in hexadecimal digits, with nothing in front of them or between them.
pub(super) fn digits(text: Cow<'_, str>) -> Cow<'_, str> {
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    if digits.len() == text.len() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return text;
    }
    Cow::Owned(digits.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect())
}

/// A number in hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    u64::from_str_radix(digits, 16).ok().and_then(|number| i64::try_from(number).ok())
}

/// Some of the bytes that a text stands for, as a number.
pub(super) fn number(text: &str, form: Bytes, at: i64, length: usize, is_little: bool) -> Option<i64> {
    let all = all_bytes(text, form)?;
    let first = first_byte(&all, at)?;
    joined(all.get(first..first.checked_add(length)?)?, is_little)
}

/// The same for what follows as well, a number for each so many bytes.
pub(super) fn numbers(text: &str, form: Bytes, at: i64, length: usize, is_little: bool) -> Vec<i64> {
    let all = all_bytes(text, form).unwrap_or_default();
    let counted = first_byte(&all, at).and_then(|first| all.get(first..)).unwrap_or_default();
    counted.chunks_exact(length.max(1)).filter_map(|bytes| joined(bytes, is_little)).collect()
}

/// Bytes that are written as characters, in hexadecimal digits.
pub(super) fn raw_digits(text: &str) -> String {
    of_raw(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn all_bytes(text: &str, form: Bytes) -> Option<Vec<u8>> {
    match form {
        Bytes::Hex => of_hex(text),
        Bytes::Raw => Some(of_raw(text)),
    }
}

/// The first byte that counts, from the end when it begins in front of 0.
fn first_byte(all: &[u8], at: i64) -> Option<usize> {
    usize::try_from(if at < 0 { all.len() as i64 + at } else { at }).ok()
}

fn joined(bytes: &[u8], is_little: bool) -> Option<i64> {
    let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    let number = if is_little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) };
    i64::try_from(number).ok()
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let step = if text.get(2).is_some_and(|byte| !byte.is_ascii_hexdigit()) { 3 } else { 2 };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for digits in text.chunks(step) {
        // What is cut off in the middle of a byte is no byte.
        if let [high, low, ..] = digits {
            bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
        }
    }
    Some(bytes)
}

fn of_raw(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = rest.strip_prefix(b"\\x").and_then(|digits| std::str::from_utf8(digits.get(..2)?).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_with_or_without_something_between_them() {
        for (text, at, expected) in [
            ("5a:00:41", 2, Some(0x41)),
            ("5a0041", 1, Some(0)),
            ("0x5a0041", 0, Some(0x5a)),
            ("5a 00", 1, Some(0)),
            ("5a:00:41", -1, Some(0x41)),
            ("5a:00:41", -3, Some(0x5a)),
            ("5a:00:41", -4, None),
            ("5a", 1, None),
            ("5", 0, None),
            ("zz", 0, None),
            ("5a:0", 1, None),
            ("5a", i64::MAX, None),
        ] {
            assert_eq!(number(text, Bytes::Hex, at, 1, false), expected, "{text} {at}");
        }
        assert_eq!(number("00:ce:04:00:01:00", Bytes::Hex, 0, 4, true), Some(0x0004_ce00));
        assert_eq!(number("00:ce:04:00:01:00", Bytes::Hex, 1, 2, false), Some(0xce04));
        assert_eq!(number("ff:ff:ff:ff:ff:ff:ff:ff", Bytes::Hex, 0, 8, false), None);
        let raw = |text: &str| [0, 1, 2].map(|at| number(text, Bytes::Raw, at, 1, false));
        assert_eq!(raw("\0A\0"), [Some(0), Some(0x41), Some(0)]);
        assert_eq!(raw("\\xE3A"), [Some(0xe3), Some(0x41), None]);
        assert_eq!(raw("é\\x"), [Some(0xc3), Some(0xa9), Some(b'\\'.into())]);
        let registers = |text: &str, form| numbers(text, form, 0, 2, false);
        assert_eq!(registers("\0\u{7}\0\u{8}\\xff\\xff", Bytes::Raw), [7, 8, 65_535]);
        assert_eq!(registers("00:07:00:08:ff", Bytes::Hex), [7, 8]);
        assert_eq!(registers("zz", Bytes::Hex), [0; 0]);
        assert_eq!(raw_digits("\u{b}\\xe3A"), "0be341");
    }
}
