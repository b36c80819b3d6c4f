//! Tells the format of a file from its first bytes.
//!
//! ```text
//!  {"a":1}            one JSON object per line      #separator \x09   Zeek
//!  {            }     JSON over several lines       ElfFile           EVTX
//!  [            ]     a JSON array                  time,host,msg     CSV, when a header is plausible
//! ```
//!
//! The file's extension only decides where the content alone does not. Nothing is converted here.

use super::Format;
use super::csv::named_delimiter;
use super::foreign;
use super::format::Extension;

/// The first bytes of an EVTX log.
pub(super) const EVTX_MAGIC: &[u8] = b"ElfFile\0";

/// The separators that a CSV header may use, likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Nesting followed when the first line of a JSON file is looked at.
const NESTING_MAX: usize = 256;

/// The format of an input with this head; an empty input counts as its extension says. The error
/// says what the content looks like.
pub(super) fn sniff(head: &[u8], extension: Option<Extension>) -> Result<Format, String> {
    if head.starts_with(EVTX_MAGIC) {
        return Ok(Format::Evtx);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if let Some(name) = foreign::name(head).or_else(|| foreign::name(text)) {
        return Err(name);
    }
    match text.first() {
        None if extension == Some(Extension::Evtx) => Err("is empty".to_owned()),
        None => Ok(if extension == Some(Extension::Csv) { Format::Csv } else { Format::Ndjson }),
        Some(b'[') if extension != Some(Extension::Csv) || is_json_array(text) => Ok(Format::JsonArray),
        Some(b'{') => Ok(if is_cut_by_brackets(text) { Format::JsonArray } else { Format::Ndjson }),
        Some(b'#') if extension != Some(Extension::Csv) || is_zeek(text) => Ok(Format::ZeekTsv),
        Some(_) => sniff_text(text, extension),
    }
}

/// Refuses content that cannot be of the format the caller asked for.
pub(super) fn contradicts(head: &[u8], format: Format) -> Option<String> {
    let is_evtx = head.starts_with(EVTX_MAGIC);
    match (format, is_evtx) {
        (Format::Evtx, true) => None,
        (Format::Evtx, false) => Some(if head.is_empty() { "is empty" } else { "is no EVTX log" }.to_owned()),
        (_, true) => Some("is an EVTX log".to_owned()),
        (_, false) => None,
    }
}

/// The separator of a CSV header: the one that occurs most outside quotes.
pub(super) fn delimiter_of(head: &[u8]) -> u8 {
    let line = first_line(head);
    let count = |delimiter: u8| {
        let mut quoted = false;
        line.iter()
            .filter(|byte| {
                quoted ^= **byte == b'"';
                !quoted && **byte == delimiter
            })
            .count()
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn first_line(text: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_ascii()
}

/// Text that does not begin as JSON or Zeek does.
fn sniff_text(text: &[u8], extension: Option<Extension>) -> Result<Format, String> {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    if memchr::memchr(0, text).is_some() || first_line(text).iter().any(is_control) {
        let utf16 = matches!(text, [0, first, ..] | [first, 0, ..] if first.is_ascii_graphic());
        return Err(if utf16 { "UTF-16 without a byte order mark" } else { "binary data" }.to_owned());
    }
    if extension == Some(Extension::Csv) || named_delimiter(text).is_some() || is_csv_header(text) {
        return Ok(Format::Csv);
    }
    let begins_object = |line: &[u8]| line.trim_ascii_start().starts_with(b"{");
    if extension == Some(Extension::Json) && text.split(|byte| *byte == b'\n').skip(1).any(begins_object) {
        return Ok(Format::Ndjson);
    }
    let shown: String = String::from_utf8_lossy(first_line(text)).chars().take(40).collect();
    Err(format!("text that begins with `{}`", shown.escape_debug()))
}

/// Whether `[` begins JSON rather than, say, a CSV header `[time],[host]`.
fn is_json_array(text: &[u8]) -> bool {
    let inner = text.get(1..).unwrap_or_default().trim_ascii_start();
    matches!(inner.first(), None | Some(b'{' | b'[' | b']'))
}

fn is_zeek(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n')
        .take_while(|line| line.starts_with(b"#"))
        .any(|line| line.starts_with(b"#separator") || line.starts_with(b"#fields"))
}

/// Whether the first line could name columns: two or more, each of them a plain name, and no fewer
/// cells in the line after it.
fn is_csv_header(text: &[u8]) -> bool {
    let delimiter = delimiter_of(text);
    let line = first_line(text);
    let is_name_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.@ /#".contains(byte) || !byte.is_ascii();
    let is_name = |cell: &[u8]| {
        let cell = cell.trim_ascii();
        let cell = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
        !cell.is_empty()
            && cell.len() <= 64
            && cell.iter().all(is_name_byte)
            && cell.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
    };
    let cells = |line: &[u8]| line.split(|byte| *byte == delimiter).count();
    let next = text.split(|byte| *byte == b'\n').nth(1).map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    line.contains(&delimiter)
        && line.split(|byte| *byte == delimiter).all(is_name)
        && next.is_none_or(|next| next.contains(&b'"') || cells(next) >= cells(line))
}

/// Whether lines do not part the objects that begin here: another one follows in the same line, or the first goes
/// on in the next line in the way JSON printed over several lines does. A first line that is cut off does not:
/// inside a string, or before another object where none can be.
fn is_cut_by_brackets(text: &[u8]) -> bool {
    let end_of_line = memchr::memchr(b'\n', text);
    let line_end = end_of_line.unwrap_or(text.len());
    let line = text.get(..line_end).unwrap_or_default().trim_ascii_end();
    let mut open: Vec<u8> = Vec::new();
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in line.iter().enumerate() {
        match (quoted, *byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (true, _) => {}
            (false, b'{' | b'[') if open.len() >= NESTING_MAX => return false,
            (false, b'{' | b'[') => open.push(*byte),
            (false, b'}' | b']') => {
                open.pop();
                if open.is_empty() {
                    let after = line.get(at + 1..).unwrap_or_default().trim_ascii_start();
                    return matches!(after.first(), Some(b'{' | b','));
                }
            }
            _ => {}
        }
    }
    let rest = text.get(line_end..).unwrap_or_default().trim_ascii_start();
    if end_of_line.is_none() {
        return false;
    }
    let in_array = open.last() == Some(&b'[');
    match (line.last(), rest.first()) {
        _ if quoted => false,
        (Some(b':' | b'['), _) => true,
        (Some(b','), Some(b'{')) => in_array,
        (Some(_), Some(b'{')) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_is_told_from_content_before_extension() {
        use Extension::{Csv, Evtx, Json, Log};
        let cases: [(&str, Option<Extension>, Option<Format>); 33] = [
            ("{\"a\":1}\n{\"a\":2}\n", None, Some(Format::Ndjson)),
            ("\u{feff}  \r\n{\"a\":1}\n", Some(Csv), Some(Format::Ndjson)),
            ("{\n  \"a\": 1\n}\n", None, Some(Format::JsonArray)),
            ("{\"a\":{\n\"b\":1}}", None, Some(Format::JsonArray)),
            ("{\"a\":[\n{\"b\":1}]}", None, Some(Format::JsonArray)),
            ("{\"a\":[1,\n{\"b\":1}]}", None, Some(Format::JsonArray)),
            ("{\"a\":1,\n\"b\":2}", None, Some(Format::JsonArray)),
            ("{\"a\":1", Some(Json), Some(Format::Ndjson)),
            ("{\"a\":1}{\"a\":2}\n", None, Some(Format::JsonArray)),
            ("{\"a\":1} {\"a\":2}", None, Some(Format::JsonArray)),
            ("{\"a\":1},\r\n{\"a\":2},\r\n", None, Some(Format::JsonArray)),
            ("{\"a\":1} x\n", None, Some(Format::Ndjson)),
            ("sep=;\r\na;b\r\n", Some(Log), Some(Format::Csv)),
            ("{\"a\":\"cut\n{\"a\":2}\n", None, Some(Format::Ndjson)),
            ("{\"a\":1,\n{\"a\":2}\n", None, Some(Format::Ndjson)),
            ("{\"a\":1\n{\"a\":2}\n", None, Some(Format::Ndjson)),
            ("{\"a\":\"}{\\\"\"}\n", None, Some(Format::Ndjson)),
            ("[{\"a\":1}]", Some(Log), Some(Format::JsonArray)),
            ("[time],[host]\n1,2\n", Some(Csv), Some(Format::Csv)),
            ("#separator \\x09\n", Some(Log), Some(Format::ZeekTsv)),
            ("### comment\n#fields\ta\n", Some(Csv), Some(Format::ZeekTsv)),
            ("#id,name\n1,2\n", Some(Csv), Some(Format::Csv)),
            ("ElfFile\0...", None, Some(Format::Evtx)),
            ("time,host\n1,2\n", None, Some(Format::Csv)),
            ("\"Date und Zeit\";\"Gerät\"\n", Some(Log), Some(Format::Csv)),
            ("name\n1\n", Some(Csv), Some(Format::Csv)),
            ("alse}\n{\"a\":1}\n", Some(Json), Some(Format::Ndjson)),
            ("alse}\n{\"a\":1}\n", Some(Log), None),
            ("type=SYSCALL msg=audit(1604996384.965:93777): arch=c000003e\n", Some(Log), None),
            ("Jan  1 00:00:00 host su: ok, done\n", Some(Log), None),
            ("\0\0\0\0", None, None),
            ("", Some(Evtx), None),
            ("", Some(Log), Some(Format::Ndjson)),
        ];
        for (text, extension, expected) in cases {
            assert_eq!(sniff(text.as_bytes(), extension).ok(), expected, "{text:?} {extension:?}");
        }
    }

    #[test]
    fn utf16_without_mark_is_named() {
        let error = sniff(b"t\0i\0m\0e\0", None);
        assert_eq!(error, Err("UTF-16 without a byte order mark".to_owned()));
    }

    #[test]
    fn delimiter_is_the_most_frequent_outside_quotes() {
        let cases: [(&str, u8); 5] =
            [("a,b", b','), ("\"a,b,c\";d", b';'), ("a\tb\tc,d", b'\t'), ("a|b", b'|'), ("alone", b',')];
        for (header, expected) in cases {
            assert_eq!(delimiter_of(header.as_bytes()), expected, "{header}");
        }
    }
}
