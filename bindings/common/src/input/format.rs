//! The formats events come in, and their names.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// A format of event files. Packing (gzip, Zstandard) and UTF-16 are found by their first bytes and
/// are not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object per line.
    Ndjson,
    /// JSON objects in an array, or one after another over several lines.
    JsonArray,
    /// A binary Windows event log.
    Evtx,
    /// A tab-separated Zeek log with its `#fields` header.
    ZeekTsv,
    /// Comma-separated values with a header row; `;`, tab and `|` are found as well.
    Csv,
}

impl Format {
    const NAMES: [(Format, &'static str); 5] = [
        (Format::Ndjson, "ndjson"),
        (Format::JsonArray, "json"),
        (Format::Evtx, "evtx"),
        (Format::ZeekTsv, "zeek"),
        (Format::Csv, "csv"),
    ];

    /// Whether events are read as they stand in the file, and not made of rows or records.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Format::Ndjson | Format::JsonArray)
    }

    /// What a file of this format looks like, for messages that say what was expected.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Format::Ndjson => "one JSON object per line",
            Format::JsonArray => "a JSON array of objects",
            Format::Evtx => "an EVTX log, which begins with `ElfFile`",
            Format::ZeekTsv => "a Zeek log with a `#fields` header",
            Format::Csv => "CSV with a header row",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Format::NAMES.iter().find(|(format, _)| format == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

/// A format name that is none; says which there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseFormatError {
    name: String,
}

impl fmt::Display for ParseFormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown format `{}`; write one of ndjson, json, evtx, zeek, csv", self.name)
    }
}

impl std::error::Error for ParseFormatError {}

impl FromStr for Format {
    type Err = ParseFormatError;

    /// Reads the names that [`Format`] prints, and `jsonl` and `zeek-tsv`, in any case.
    fn from_str(name: &str) -> Result<Self, ParseFormatError> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "jsonl" => return Ok(Format::Ndjson),
            "zeek-tsv" => return Ok(Format::ZeekTsv),
            _ => {}
        }
        Format::NAMES
            .iter()
            .find(|(_, known)| *known == lower)
            .map(|(format, _)| *format)
            .ok_or_else(|| ParseFormatError { name: name.to_owned() })
    }
}

/// What a file's name says about its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extension {
    Json,
    Log,
    Csv,
    Evtx,
}

impl Extension {
    /// The extension of `path` under a possible `.gz` or `.zst`, in any case; `None` when it is not
    /// one of an event file.
    pub(super) fn of(path: &Path) -> Option<Extension> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "json" | "jsonl" | "ndjson" => Some(Extension::Json),
            "log" => Some(Extension::Log),
            "csv" => Some(Extension::Csv),
            "evtx" => Some(Extension::Evtx),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_format_reads_back_its_own_name() {
        for (format, name) in Format::NAMES {
            assert_eq!(format.to_string(), name);
            assert_eq!(name.parse::<Format>().unwrap(), format);
            assert_eq!(name.to_uppercase().parse::<Format>().unwrap(), format);
        }
        assert_eq!("jsonl".parse::<Format>().unwrap(), Format::Ndjson);
        let error = "xml".parse::<Format>().unwrap_err().to_string();
        assert_eq!(error, "unknown format `xml`; write one of ndjson, json, evtx, zeek, csv");
    }

    #[test]
    fn extension_is_found_under_packing_and_in_any_case() {
        let cases = [
            ("a.json", Some(Extension::Json)),
            ("a.NDJSON.gz", Some(Extension::Json)),
            ("conn.2024-01-01.log.zst", Some(Extension::Log)),
            ("Security.EVTX", Some(Extension::Evtx)),
            ("a.csv", Some(Extension::Csv)),
            ("a.gz", None),
            ("log", None),
            ("a.txt", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Extension::of(Path::new(name)), expected, "{name}");
        }
    }
}
