//! Zeek's tab-separated logs, each row as one JSON object.
//!
//! ```text
//!  #path conn
//!  #fields  id.orig_h  id.resp_p  services     local
//!  #types   addr       port       set[string]  bool
//!           10.0.0.1   502        modbus,-     T
//!
//!  {"id.orig_h":"10.0.0.1","id.resp_p":502,"services":["modbus",null],"local":true,"_path":"conn"}
//! ```
//!
//! The object is the one Zeek's own JSON writer makes, with unset fields as `null` instead of left
//! out: keys stay flat, numbers keep their spelling, bytes that are no UTF-8 stay `\xNN`. A value that
//! does not have the form of its type, such as a masked time, is a string.

use super::batch::Batch;
use super::error::Broken;
use super::fault::{Fault, FaultKind};
use super::json;
use super::lines::{Lines, Step};
use super::options::{BATCH_FAULTS_MAX, Limits};
use super::source::Pace;
use super::window::Window;
use super::zeek_header::{Column, Header, Kind};

/// Converts an input row by row.
pub(super) struct Zeek {
    lines: Lines,
    limits: Limits,
    header: Header,
    /// Memory for values whose escapes are resolved.
    text: Vec<u8>,
    /// Whether there was a line that is not blank.
    begun: bool,
}

impl Zeek {
    pub(super) fn new(lines: Lines, limits: Limits) -> Self {
        Zeek { lines, limits, header: Header::default(), text: Vec::new(), begun: false }
    }

    pub(super) fn window(&mut self) -> &mut Window {
        &mut self.lines.window
    }

    pub(super) fn next_batch(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<(), Broken> {
        batch.clear_bytes();
        self.lines.window.wake();
        let faults_before = faults.len();
        let faults_max = faults_before.saturating_add(BATCH_FAULTS_MAX);
        while batch.bytes.len() < self.limits.batch_bytes
            && batch.len() < self.limits.batch_records_max
            && faults.len() < faults_max
        {
            match self.lines.step() {
                Step::Line { start, end, number } => self.take(start, end, number, batch, faults)?,
                Step::Fault(fault) => faults.push(fault),
                Step::NeedMore if self.lines.is_resting() => break,
                Step::NeedMore if self.lines.is_open() => {
                    let found = !batch.is_empty() || faults.len() > faults_before;
                    if found && self.lines.window.pace() == Pace::Live {
                        break;
                    }
                    self.lines.window.read_more();
                }
                Step::NeedMore => match self.lines.finish().transpose()? {
                    Some(Step::Line { start, end, number }) => self.take(start, end, number, batch, faults)?,
                    Some(Step::Fault(fault)) => faults.push(fault),
                    Some(Step::NeedMore) | None => {
                        if self.begun && self.header.columns.is_empty() {
                            return Err(Broken::Format("text without a `#fields` line".to_owned()));
                        }
                        break;
                    }
                },
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        start: usize,
        end: usize,
        number: u64,
        batch: &mut Batch,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Broken> {
        let line = self.lines.window.slice(start, end);
        self.begun = true;
        if line.starts_with(b"#") {
            faults.extend(self.header.read(line).err().map(|message| Fault {
                number,
                byte: None,
                message,
                kind: FaultKind::Header,
            }));
            return Ok(());
        }
        if self.header.columns.is_empty() {
            return Err(Broken::Format(format!("line {number} comes before any `#fields` header")));
        }
        let before = batch.bytes.len();
        match convert(line, &self.header, &mut self.text, &mut batch.bytes) {
            Ok(()) => batch.push_span(before..batch.bytes.len(), number),
            Err(message) => {
                batch.bytes.truncate(before);
                faults.push(Fault { number, byte: None, message, kind: FaultKind::Columns });
            }
        }
        Ok(())
    }
}

/// Appends a row as a JSON object. The error says that its columns do not fit the header's.
fn convert(line: &[u8], header: &Header, text: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), String> {
    let mut cells = line.split(|byte| *byte == header.separator);
    for column in &header.columns {
        let Some(cell) = cells.next() else {
            return Err(wrong_columns(line, header));
        };
        out.extend_from_slice(&column.key);
        write_cell(cell, column, header, text, out);
    }
    if cells.next().is_some() {
        return Err(wrong_columns(line, header));
    }
    out.extend_from_slice(&header.tail);
    Ok(())
}

fn wrong_columns(line: &[u8], header: &Header) -> String {
    let found = line.split(|byte| *byte == header.separator).count();
    format!("row of {found} columns under a header of {} columns", header.columns.len())
}

fn write_cell(cell: &[u8], column: &Column, header: &Header, text: &mut Vec<u8>, out: &mut Vec<u8>) {
    if !column.is_list {
        return write_scalar(cell, column.kind, header, text, out);
    }
    if cell == header.unset {
        return out.extend_from_slice(b"null");
    }
    out.push(b'[');
    if cell != header.empty {
        for (index, element) in cell.split(|byte| *byte == header.set_separator).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_scalar(element, column.kind, header, text, out);
        }
    }
    out.push(b']');
}

fn write_scalar(cell: &[u8], kind: Kind, header: &Header, text: &mut Vec<u8>, out: &mut Vec<u8>) {
    if cell == header.unset {
        return out.extend_from_slice(b"null");
    }
    let is_plain = match kind {
        Kind::Bool => match cell {
            b"T" => return out.extend_from_slice(b"true"),
            b"F" => return out.extend_from_slice(b"false"),
            _ => false,
        },
        Kind::Integer => json::is_integer(cell),
        Kind::Number => json::is_number(cell),
        Kind::Text => false,
    };
    if is_plain {
        out.extend_from_slice(cell);
    } else if cell == header.empty {
        out.extend_from_slice(b"\"\"");
    } else {
        json::write_string(out, resolve(cell, text));
    }
}

/// The value with its escapes resolved, as UTF-8.
fn resolve<'a>(cell: &'a [u8], text: &'a mut Vec<u8>) -> &'a [u8] {
    let has_escape = memchr::memchr(b'\\', cell).is_some();
    if !has_escape && cell.is_ascii() {
        return cell;
    }
    text.clear();
    unescape(cell, text);
    if std::str::from_utf8(text).is_err() {
        *text = hex_escaped(text);
    }
    text
}

/// Appends `cell` with `\xNN` and `\\` resolved; any other backslash stands for itself.
pub(super) fn unescape(cell: &[u8], out: &mut Vec<u8>) {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut rest = cell;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let resolved = match escape {
            [_, b'\\', ..] => Some((b'\\', 2)),
            [_, b'x', high, low, ..] => digit(high).zip(digit(low)).map(|(high, low)| (high << 4 | low, 4)),
            _ => None,
        };
        let (byte, length) = resolved.unwrap_or((b'\\', 1));
        out.push(byte);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// The text with every byte that is no UTF-8 as `\xNN`, as Zeek's JSON writer has it.
fn hex_escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(2));
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for byte in chunk.invalid() {
            out.extend_from_slice(&[b'\\', b'x', json::hex_digit(byte >> 4), json::hex_digit(byte & 0xf)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn row(types: &str, cells: &str) -> String {
        let mut header = Header::default();
        let names: Vec<String> = (0..types.split(' ').count()).map(|n| format!("f{n}")).collect();
        header.read(format!("#fields\t{}", names.join("\t")).as_bytes()).unwrap();
        header.read(format!("#types\t{}", types.replace(' ', "\t")).as_bytes()).unwrap();
        let mut out = Vec::new();
        match convert(cells.replace(' ', "\t").as_bytes(), &header, &mut Vec::new(), &mut out) {
            Ok(()) => String::from_utf8(out).unwrap(),
            Err(message) => message,
        }
    }

    #[test]
    fn values_follow_the_type_of_their_column() {
        let cases = [
            ("bool bool bool", "T F -", r#"{"f0":true,"f1":false,"f2":null}"#),
            ("count int port", "18446744073709551615 -5 502", r#"{"f0":18446744073709551615,"f1":-5,"f2":502}"#),
            ("count count", "007 1.5", r#"{"f0":"007","f1":"1.5"}"#),
            ("double interval", "1e-05 0.100", r#"{"f0":1e-05,"f1":0.100}"#),
            ("double double", "nan inf", r#"{"f0":"nan","f1":"inf"}"#),
            ("time", "1445429413.610003", r#"{"f0":1445429413.610003}"#),
            ("time", "XXXXXXXXXX.XXXXXX", r#"{"f0":"XXXXXXXXXX.XXXXXX"}"#),
            ("string string", "12 (empty)", r#"{"f0":"12","f1":""}"#),
            ("string string", r"a\x09b\x5cc \x2d", r#"{"f0":"a\tb\\c","f1":"-"}"#),
            ("string string", r"a\\x41 C:\dir\xZZ\x4", r#"{"f0":"a\\x41","f1":"C:\\dir\\xZZ\\x4"}"#),
            ("string", r"\xc3\xbc\xff", r#"{"f0":"ü\\xff"}"#),
            ("set[string] vector[count]", "a,b\\x2cc,- 1,2", r#"{"f0":["a","b,c",null],"f1":[1,2]}"#),
            ("set[addr] vector[bool]", "- (empty)", r#"{"f0":null,"f1":[]}"#),
            ("vector[string]", "a,(empty),,b", r#"{"f0":["a","","","b"]}"#),
            ("vector[interval] record", "0.1,-,2.0 x", r#"{"f0":[0.1,null,2.0],"f1":"x"}"#),
            ("string string", "a", "row of 1 columns under a header of 2 columns"),
            ("string", "a b c", "row of 3 columns under a header of 1 columns"),
        ];
        for (types, cells, expected) in cases {
            assert_eq!(row(types, cells), expected, "{types}: {cells}");
        }
    }

    #[test]
    fn raw_bytes_that_are_no_utf8_become_escapes() {
        let mut text = Vec::new();
        assert_eq!(resolve(b"a\xffb", &mut text), b"a\\xffb");
        assert_eq!(resolve("ü".as_bytes(), &mut text), "ü".as_bytes());
    }
}
