//! One event as a line of JSON, its keys in the order in which they are given.
//!
//! ```text
//! Line::new().with("EventID", 4624).with("Computer", "EWS01") ──▶ {"EventID":4624,"Computer":"EWS01"}
//! ```
//!
//! It knows nothing about sensors. A key that is given twice is written twice, which a test refuses.

use std::fmt::Write as _;

use crate::clock::Moment;

/// An event on its way to the tape.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// When it happened, as its own time field says.
    pub(crate) at: Moment,
    /// The line, without its end.
    pub(crate) line: String,
}

/// A line that is being written.
#[derive(Debug)]
pub(crate) struct Line(String);

/// What may stand behind a key.
pub(crate) trait Value {
    /// Appends the value as JSON.
    fn write(&self, line: &mut String);
}

impl Value for &str {
    fn write(&self, line: &mut String) {
        // A text is always valid JSON, so there is nothing to fail.
        line.push_str(&serde_json::to_string(self).unwrap_or_default());
    }
}

impl Value for String {
    fn write(&self, line: &mut String) {
        self.as_str().write(line);
    }
}

impl Value for i64 {
    fn write(&self, line: &mut String) {
        let _ = write!(line, "{self}");
    }
}

impl Value for i32 {
    fn write(&self, line: &mut String) {
        i64::from(*self).write(line);
    }
}

impl Value for bool {
    fn write(&self, line: &mut String) {
        line.push_str(if *self { "true" } else { "false" });
    }
}

/// A number that is written as it stands, such as `12.5`.
pub(crate) struct Number(pub(crate) String);

impl Value for Number {
    fn write(&self, line: &mut String) {
        line.push_str(&self.0);
    }
}

impl Line {
    pub(crate) fn new() -> Line {
        Line("{".to_owned())
    }

    pub(crate) fn with(mut self, key: &str, value: impl Value) -> Line {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        key.write(&mut self.0);
        self.0.push(':');
        value.write(&mut self.0);
        self
    }

    pub(crate) fn end(mut self, at: Moment) -> Event {
        self.0.push('}');
        Event { at, line: self.0 }
    }
}
