//! Detections and faults as plain records, the same in every language.
//!
//! ```text
//! {"rule_id":"1d2a…","rule_title":"Whoami","level":"low","kind":"detection","file":"a.ndjson","line":7,…}
//! ```
//!
//! A record borrows from the rules and from the batch, so making one costs nothing. It decides nothing.

use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use tieline::{Evidence, Level, RuleInfo};

/// The `kind` of a record of one rule that matched one event.
pub const DETECTION: &str = "detection";

/// One rule that matched one event.
#[derive(Debug, Clone, Serialize)]
pub struct Found<'a> {
    /// The rule's id, else its name.
    pub rule_id: Option<&'a str>,
    /// The rule's title; empty when it has none.
    pub rule_title: &'a str,
    /// How serious it is, when the rule says so.
    pub level: Option<Level>,
    /// What kind of record this is: [`DETECTION`].
    pub kind: &'static str,
    /// The event's file, as it was named; `-` is standard input.
    pub file: &'a str,
    /// The event's line, or record in formats without lines, from 1.
    pub line: u64,
    /// The event's own time, when a usual time field holds one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<&'a str>,
    /// The host that the event is about, or both ends of a connection, when one of the usual fields says so; for
    /// people, and no part of what is serialised.
    #[serde(skip)]
    pub host: Option<&'a str>,
    /// The rule's tags.
    pub tags: &'a [String],
    /// The source by which the rules were mapped, when one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// Selections and fields, when they were asked for.
    #[serde(flatten)]
    pub evidence: Option<&'a Evidence>,
    /// The event, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Cow<'a, RawValue>>,
}

impl<'a> Found<'a> {
    /// The record of a rule, with the place of the event and nothing that is optional.
    #[must_use]
    pub fn new(rule: RuleInfo<'a>, file: &'a str, line: u64) -> Self {
        Self {
            rule_id: identity(rule),
            rule_title: rule.title(),
            level: rule.level(),
            kind: DETECTION,
            file,
            line,
            time: None,
            host: None,
            tags: rule.tags(),
            source: None,
            evidence: None,
            event: None,
        }
    }
}

/// What identifies a rule in output: its id, else its name.
#[must_use]
pub fn identity(rule: RuleInfo<'_>) -> Option<&str> {
    rule.id().or(rule.metadata().name.as_deref())
}

/// An event that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadEvent<'a> {
    /// The file, as it was named; `-` is standard input.
    pub file: &'a str,
    /// The line, or record in formats without lines, from 1.
    pub line: u64,
    /// The byte where it is: of the event when it is no JSON, of the content when it could not even be cut out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// What is wrong with it.
    pub message: &'a str,
}

impl fmt::Display for BadEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)?;
        match self.byte {
            Some(byte) if !self.message.contains("at byte") => write!(f, " (byte {byte})"),
            _ => Ok(()),
        }
    }
}

/// The event's own text as JSON on one line; `None` when it is not JSON.
#[must_use]
pub fn raw_event(bytes: &[u8]) -> Option<Cow<'_, RawValue>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if memchr::memchr2(b'\n', b'\r', bytes).is_none() {
        return serde_json::from_slice::<&RawValue>(bytes).ok().map(Cow::Borrowed);
    }
    // Line ends cannot stand inside a JSON text, so blanks in their place change nothing.
    let line = bytes.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect();
    RawValue::from_string(String::from_utf8(line).ok()?).ok().map(Cow::Owned)
}
