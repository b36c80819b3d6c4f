//! Detections, alerts of correlations, and faults as plain records, the same in every language.
//!
//! ```text
//! {"rule_id":"1d2a…","rule_title":"Whoami","level":"low","kind":"detection","file":"a.ndjson","line":7,…}
//! {"rule_id":"77b0…","rule_title":"Guessing","level":"high","kind":"correlation",…,"group":{"User":"anna"},"count":12,…}
//! ```
//!
//! A record borrows from the rules and from the batch, so making one costs nothing. It decides nothing.

use crate::time;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use tieline::stream::{Alert, AlertKind, CorrelationInfo};
use tieline::{Evidence, Level, Metadata, Number, RuleInfo};

/// The `kind` of a record of one rule that matched one event.
pub const DETECTION: &str = "detection";

/// The `kind` of a record of a correlation that holds for a group.
pub const CORRELATION: &str = "correlation";

/// One rule that matched one event, or a correlation that holds for a group.
#[derive(Debug, Clone, Serialize)]
pub struct Found<'a> {
    /// The rule's id, else its name.
    pub rule_id: Option<&'a str>,
    /// The rule's title; empty when it has none.
    pub rule_title: &'a str,
    /// How serious it is, when the rule says so.
    pub level: Option<Level>,
    /// What kind of record this is: [`DETECTION`] or [`CORRELATION`].
    pub kind: &'static str,
    /// The event's file, as it was named; `-` is standard input. Of a correlation, that of the latest event it names.
    pub file: &'a str,
    /// The event's line, or record in formats without lines, from 1.
    pub line: u64,
    /// The event's own time, when a usual time field holds one; of a correlation, that of the event which completes it or of
    /// the end of its window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<&'a str>,
    /// The host that the event is about, or both ends of a connection, when one of the usual fields says so; the values of a
    /// correlation's group. For people, and no part of what is serialised.
    #[serde(skip)]
    pub host: Option<&'a str>,
    /// The rule's tags.
    pub tags: &'a [String],
    /// The source by which the rules were mapped, when one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// What a correlation tells.
    #[serde(flatten)]
    pub correlation: Option<&'a Correlated<'a>>,
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
            correlation: None,
            evidence: None,
            event: None,
        }
    }

    /// The record of an alert, with the place of the latest event it names.
    #[must_use]
    pub fn of_alert(rule: &'a CorrelationInfo, correlated: &'a Correlated<'a>) -> Self {
        let place = correlated.events.last();
        Self {
            rule_id: identity_of(rule.metadata()),
            rule_title: rule.title(),
            level: rule.level(),
            kind: CORRELATION,
            file: place.map_or("", |place| place.file),
            line: place.map_or(0, |place| place.line),
            time: Some(&correlated.time),
            host: Some(&correlated.group_text).filter(|text| !text.is_empty()).map(String::as_str),
            tags: &rule.metadata().tags,
            source: None,
            correlation: Some(correlated),
            evidence: None,
            event: None,
        }
    }
}

/// What a correlation tells of a group.
#[derive(Debug, Clone, Serialize)]
pub struct Correlated<'a> {
    /// Its type, such as `event_count`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether this only tells the latest state of an alert whose window is not over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub update: bool,
    /// The names of `group-by` and their values.
    pub group: BTreeMap<&'a str, Option<&'a str>>,
    /// The times of the first and the last event that contribute, RFC 3339.
    pub first: String,
    /// See `first`.
    pub last: String,
    /// How many events contribute.
    pub count: u64,
    /// What the condition was about: the count, the computed value, or the number of rules.
    pub value: serde_json::Number,
    /// The latest events that contribute, at most 16, the oldest first.
    pub events: Vec<Place<'a>>,
    /// When it holds; the record has it as its own time.
    #[serde(skip)]
    pub time: String,
    /// The values of the group, for people.
    #[serde(skip)]
    pub group_text: String,
}

/// Where an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place<'a> {
    /// Its file.
    pub file: &'a str,
    /// Its line or record, from 1.
    pub line: u64,
}

impl<'a> Correlated<'a> {
    /// What an alert tells; `place` says where an event is by its number.
    #[must_use]
    pub fn new<'p: 'a>(alert: &'a Alert, place: impl Fn(u64) -> Option<Place<'p>>) -> Self {
        let values: Vec<&str> = alert.group().map(|(_, value)| value.unwrap_or("-")).collect();
        Self {
            kind: alert.rule().kind(),
            update: alert.kind() == AlertKind::Update,
            group: alert.group().collect(),
            first: time::rfc3339(alert.first_ns()),
            last: time::rfc3339(alert.last_ns()),
            count: alert.count(),
            value: number(alert.value()),
            events: alert.events().iter().filter_map(|event| place(*event)).collect(),
            time: time::rfc3339(alert.time_ns()),
            group_text: values.join(", "),
        }
    }
}

/// The number as JSON; what is beyond 128 bits or no number cannot come.
pub(crate) fn number(number: Number) -> serde_json::Number {
    serde_json::from_str(&number.text()).unwrap_or_else(|_| 0.into())
}

/// What identifies a rule in output: its id, else its name.
#[must_use]
pub fn identity(rule: RuleInfo<'_>) -> Option<&str> {
    identity_of(rule.metadata())
}

/// The same for rules of any kind.
pub(crate) fn identity_of(meta: &Metadata) -> Option<&str> {
    meta.id.as_deref().or(meta.name.as_deref())
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
