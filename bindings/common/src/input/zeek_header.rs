//! The lines of a Zeek log that begin with `#`.
//!
//! ```text
//!  #separator \x09        #set_separator ,    #empty_field (empty)    #unset_field -
//!  #path conn             #fields ts uid      #types time string      #open, #close, others
//! ```
//!
//! A header may occur again anywhere in a file that was joined from several; from there it counts. What
//! a row looks like is not known here.

use super::json;
use super::zeek::unescape;

/// The header in force.
pub(super) struct Header {
    pub(super) separator: u8,
    pub(super) set_separator: u8,
    pub(super) empty: Vec<u8>,
    pub(super) unset: Vec<u8>,
    /// Empty before the first `#fields`.
    pub(super) columns: Vec<Column>,
    /// What ends each object: `}`, or the `_path` before it.
    pub(super) tail: Vec<u8>,
    path: Vec<u8>,
}

/// One column, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// `{"name":` for the first column, `,"name":` for the others.
    pub(super) key: Vec<u8>,
    /// The type of the value, or of its elements.
    pub(super) kind: Kind,
    /// Whether the type is a set, a vector or a list.
    pub(super) is_list: bool,
}

/// What a value may be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Integer,
    Number,
    Text,
}

impl Default for Header {
    fn default() -> Self {
        Header {
            separator: b'\t',
            set_separator: b',',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            columns: Vec::new(),
            tail: b"}".to_vec(),
            path: Vec::new(),
        }
    }
}

impl Header {
    /// Takes in a line that begins with `#`. The error says what is wrong with it.
    pub(super) fn read(&mut self, line: &[u8]) -> Result<(), String> {
        // `#separator` comes before anyone can know the separator, so a blank follows it.
        if let Some(value) = line.strip_prefix(b"#separator ") {
            *self = Header { separator: single(value, "#separator")?, ..Header::default() };
            return Ok(());
        }
        let separator = self.separator;
        let mut cells = line.split(|byte| *byte == separator);
        let name = cells.next().unwrap_or_default();
        let value = line.get(name.len() + 1..).unwrap_or_default();
        match name {
            b"#set_separator" => self.set_separator = single(value, "#set_separator")?,
            b"#empty_field" => self.empty = value.to_vec(),
            b"#unset_field" => self.unset = value.to_vec(),
            b"#path" => {
                self.path = value.to_vec();
                self.end_objects();
            }
            b"#fields" => {
                let columns = cells.enumerate().map(|(index, name)| Column::text(index, name));
                self.columns = columns.collect();
                self.end_objects();
            }
            b"#types" => return self.read_types(cells),
            _ => {}
        }
        Ok(())
    }

    fn read_types<'a>(&mut self, types: impl Iterator<Item = &'a [u8]>) -> Result<(), String> {
        let types: Vec<&[u8]> = types.collect();
        for (column, written) in self.columns.iter_mut().zip(&types) {
            column.set_type(written);
        }
        if types.len() == self.columns.len() {
            return Ok(());
        }
        Err(format!("`#types` has {} columns and `#fields` has {}", types.len(), self.columns.len()))
    }

    /// Writes `_path` after the columns, unless one of them has that name.
    fn end_objects(&mut self) {
        self.tail.clear();
        let has_path = self.columns.iter().any(|column| column.key.get(1..) == Some(b"\"_path\":"));
        if !self.path.is_empty() && !has_path {
            self.tail.extend_from_slice(b",\"_path\":");
            json::write_string(&mut self.tail, &self.path);
        }
        self.tail.push(b'}');
    }
}

impl Column {
    fn text(index: usize, name: &[u8]) -> Self {
        let mut key = if index == 0 { b"{".to_vec() } else { b",".to_vec() };
        json::write_string(&mut key, name);
        key.push(b':');
        Column { key, kind: Kind::Text, is_list: false }
    }

    fn set_type(&mut self, written: &[u8]) {
        let element = [&b"set["[..], b"vector[", b"list["].iter().find_map(|prefix| written.strip_prefix(*prefix));
        self.is_list = element.is_some();
        let scalar = element.map_or(written, |element| element.strip_suffix(b"]").unwrap_or(element));
        self.kind = match scalar {
            b"bool" => Kind::Bool,
            b"count" | b"int" | b"port" => Kind::Integer,
            b"double" | b"interval" | b"time" => Kind::Number,
            _ => Kind::Text,
        };
    }
}

/// A separator: one byte, possibly as `\xNN`.
fn single(written: &[u8], name: &str) -> Result<u8, String> {
    let mut bytes = Vec::new();
    unescape(written, &mut bytes);
    match bytes.as_slice() {
        [byte] => Ok(*byte),
        _ => Err(format!("`{name}` of `{}`; expected one character", String::from_utf8_lossy(written).escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn header(lines: &[&str]) -> Header {
        let mut header = Header::default();
        for line in lines {
            header.read(line.as_bytes()).unwrap();
        }
        header
    }

    #[test]
    fn separators_and_marks_are_those_of_the_header() {
        let header = header(&["#separator \\x2c", "#set_separator,|", "#empty_field,none", "#unset_field,nil"]);
        assert_eq!((header.separator, header.set_separator), (b',', b'|'));
        assert_eq!((header.empty, header.unset), (b"none".to_vec(), b"nil".to_vec()));
    }

    #[test]
    fn path_ends_each_object_unless_it_is_a_column() {
        assert_eq!(header(&["#path\tconn", "#fields\ta"]).tail, b",\"_path\":\"conn\"}");
        assert_eq!(header(&["#fields\ta", "#path\tconn"]).tail, b",\"_path\":\"conn\"}");
        assert_eq!(header(&["#path\tconn", "#fields\ta\t_path"]).tail, b"}");
        assert_eq!(header(&["#fields\ta"]).tail, b"}");
    }

    #[test]
    fn a_new_header_forgets_the_old_one() {
        let header = header(&["#path\tconn", "#fields\ta", "#types\tcount", "#separator \\x09", "#fields\tb"]);
        assert_eq!(header.columns, [Column { key: b"{\"b\":".to_vec(), kind: Kind::Text, is_list: false }]);
        assert_eq!(header.tail, b"}");
    }

    #[test]
    fn a_header_that_contradicts_itself_is_named() {
        let mut header = header(&["#fields\ta\tb"]);
        let error = header.read(b"#types\tcount").unwrap_err();
        assert_eq!(error, "`#types` has 1 columns and `#fields` has 2");
        let error = header.read(b"#separator tab").unwrap_err();
        assert_eq!(error, "`#separator` of `tab`; expected one character");
    }
}
