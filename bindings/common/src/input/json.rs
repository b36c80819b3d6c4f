//! Writes JSON pieces into a buffer.
//!
//! ```text
//!  say "hi"\n   ─▶   "say \"hi\"\n"
//! ```
//!
//! Bytes that are no UTF-8 are written as they are: whoever parses the record judges them the same
//! way as in a file that was JSON from the start.

/// Appends `text` as a JSON string.
pub(super) fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { break };
        write_escape(out, *byte);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(hex_digit(byte >> 4));
            out.push(hex_digit(byte & 0xf));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// The lower-case hexadecimal digit of a value below 16.
pub(super) fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + (value - 10) }
}

/// Whether `text` is a JSON number: `-0.5e3` is, `007`, `.5`, `+1` and `nan` are not.
pub(super) fn is_number(text: &[u8]) -> bool {
    let Some(rest) = skip_integer(text) else { return false };
    let rest = match rest.split_first() {
        Some((b'.', fraction)) => match skip_digits(fraction) {
            Some(rest) => rest,
            None => return false,
        },
        _ => rest,
    };
    match rest.split_first() {
        None => true,
        Some((b'e' | b'E', exponent)) => {
            let digits = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
            skip_digits(digits).is_some_and(<[u8]>::is_empty)
        }
        Some(_) => false,
    }
}

/// Whether `text` is a JSON integer.
pub(super) fn is_integer(text: &[u8]) -> bool {
    skip_integer(text).is_some_and(<[u8]>::is_empty)
}

/// What follows the integer that `text` begins with.
fn skip_integer(text: &[u8]) -> Option<&[u8]> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits.split_first()? {
        (b'0', rest) => Some(rest),
        _ => skip_digits(digits),
    }
}

/// What follows one or more digits.
fn skip_digits(text: &[u8]) -> Option<&[u8]> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { None } else { text.get(count..) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn strings_read_back_as_they_were() {
        let all: String = (0..0x250u32).filter_map(char::from_u32).chain("\u{2028}😀".chars()).collect();
        for text in ["", "plain", "say \"hi\"\\\n\r\t\0\u{1f}\u{7f}", &all] {
            let mut out = Vec::new();
            write_string(&mut out, text.as_bytes());
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn numbers_are_those_of_json() {
        let cases = ["0", "-0", "12", "0.5", "-1.50", "1e3", "1E+3", "1.5e-10", "18446744073709551616"];
        let others = ["", "-", "007", ".5", "1.", "1e", "+1", "nan", "inf", "0x1f", "1 ", "1_0", "XXXXXXXXXX.XXXXXX"];
        for text in cases.iter().chain(&others) {
            let expected = serde_json::from_str::<serde_json::Number>(text).is_ok() && text.trim() == *text;
            assert_eq!(is_number(text.as_bytes()), expected, "{text}");
        }
        assert!(cases.iter().all(|text| is_number(text.as_bytes())));
        assert!(is_integer(b"-12") && !is_integer(b"1.0") && !is_integer(b"012") && !is_integer(b""));
    }
}
