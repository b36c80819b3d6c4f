//! One event: named values in the order in which its log writes them.
//!
//! ```text
//! Record { ts: 1795410000.5, id.orig_p: 502, local_orig: true }
//!     JSON line   {"ts":1795410000.5,"id.orig_p":502,"local_orig":true}
//!     Zeek row    1795410000.500000  502  T
//! ```
//!
//! It keeps its own order instead of serde_json's map, whose order depends on features that other crates may switch on.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::clock::SECOND;

/// One value of a record.
#[derive(Clone, Debug)]
pub(crate) enum Datum {
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Seconds or a Zeek time, kept in microseconds.
    Seconds(i64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
    /// Records inside a record; only `truth.json` has them.
    Records(Vec<Record>),
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Datum::Text(text.to_owned())
    }
}

impl From<String> for Datum {
    fn from(text: String) -> Self {
        Datum::Text(text)
    }
}

impl From<i64> for Datum {
    fn from(number: i64) -> Self {
        Datum::Whole(number)
    }
}

impl From<bool> for Datum {
    fn from(flag: bool) -> Self {
        Datum::Flag(flag)
    }
}

impl Datum {
    /// The value as one cell of a Zeek row.
    fn cell(&self) -> String {
        match self {
            Datum::Text(text) => text.clone(),
            Datum::Whole(number) => number.to_string(),
            Datum::Seconds(micros) => format!("{}.{:06}", micros / SECOND, micros % SECOND),
            Datum::Flag(true) => "T".to_owned(),
            Datum::Flag(false) => "F".to_owned(),
            Datum::List(texts) => texts.join(","),
            Datum::Records(_) => "-".to_owned(),
        }
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Datum::Text(text) => serializer.serialize_str(text),
            Datum::Whole(number) => serializer.serialize_i64(*number),
            // Microseconds of this century fit into the 53 bits of an f64.
            Datum::Seconds(micros) => serializer.serialize_f64(*micros as f64 / SECOND as f64),
            Datum::Flag(flag) => serializer.serialize_bool(*flag),
            Datum::List(texts) => texts.serialize(serializer),
            Datum::Records(records) => records.serialize(serializer),
        }
    }
}

/// Named values in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Vec<(&'static str, Datum)>);

impl Record {
    /// The same record with one more value at its end.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Datum>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// The value of that name; `None` when the record has none.
    pub(crate) fn get(&self, name: &str) -> Option<&Datum> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The text of that name; empty when it is missing or not text.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Datum::Text(text)) => text,
            _ => "",
        }
    }

    /// One JSON object without a line end.
    pub(crate) fn json(&self) -> String {
        // Nothing in a record can fail to serialise: keys are text and there is no map inside.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// One JSON object over many lines, for people.
    pub(crate) fn json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// One row of a Zeek log with these columns; `-` where the record has no value.
    pub(crate) fn row(&self, columns: &[(&str, &str)]) -> String {
        let cells: Vec<String> =
            columns.iter().map(|(name, _)| self.get(name).map_or_else(|| "-".to_owned(), Datum::cell)).collect();
        cells.join("\t")
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
