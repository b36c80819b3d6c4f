//! What was found, as plain records that every language shows in its own way.
//!
//! ```text
//! {"rule_id":"1d2a…","rule_title":"Whoami","level":"low","kind":"detection","event_index":7,"tags":[…],…}
//! {"rule_id":"77b0…","rule_title":"Guessing","level":"high","kind":"correlation","group":{"User":"anna"},"count":12,…}
//! ```
//!
//! The names are those of the command line's records, which have a file and a line in place of an event's number.

use super::{Error, Hit, RuleSet};
use crate::record::{CORRELATION, DETECTION, identity, identity_of, number};
use crate::time::rfc3339;
use serde::Serialize;
use std::collections::BTreeMap;
use tieline::stream::{Alert, AlertKind, CorrelationInfo};
use tieline::{Evidence, Level, LogSource, Metadata, RuleInfo};

/// What a rule says of itself.
#[derive(Debug, Clone, Serialize)]
pub struct RuleRecord<'a> {
    /// `detection` or `correlation`.
    pub kind: &'static str,
    /// Title, id, level, tags and the like.
    #[serde(flatten)]
    pub metadata: &'a Metadata,
    /// Which events it is about; `None` for correlations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logsource: Option<&'a LogSource>,
    /// The file it came from, or the name of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'a str>,
    /// The type of a correlation, such as `event_count`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub correlation_type: Option<&'static str>,
}

impl<'a> RuleRecord<'a> {
    /// Of a rule.
    #[must_use]
    pub fn of_rule(rule: RuleInfo<'a>) -> Self {
        Self {
            kind: DETECTION,
            metadata: rule.metadata(),
            logsource: Some(rule.logsource()),
            path: rule.path(),
            correlation_type: None,
        }
    }

    /// Of a correlation.
    #[must_use]
    pub fn of_correlation(rule: &'a CorrelationInfo) -> Self {
        let (kind, metadata) = (CORRELATION, rule.metadata());
        Self { kind, metadata, logsource: None, path: None, correlation_type: Some(rule.kind()) }
    }
}

/// A rule that matched an event.
#[derive(Debug, Clone, Serialize)]
pub struct DetectionRecord<'a> {
    /// The rule's id, else its name.
    pub rule_id: Option<&'a str>,
    /// The rule's title.
    pub rule_title: &'a str,
    /// How serious it is, when the rule says so.
    pub level: Option<Level>,
    /// `detection`.
    pub kind: &'static str,
    /// The number of the event, from 0.
    pub event_index: u64,
    /// The rule's tags.
    pub tags: &'a [String],
    /// The source by which the rules were mapped, when one was found out or chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// Selections and fields, when they were asked for.
    #[serde(flatten)]
    pub evidence: Option<&'a Evidence>,
}

impl<'a> DetectionRecord<'a> {
    /// Of a hit; `None` when it is of other rules.
    #[must_use]
    pub fn new(rules: &'a RuleSet, hit: &Hit, evidence: Option<&'a Evidence>) -> Option<Self> {
        let rule = rules.rule(hit)?;
        Some(Self {
            rule_id: identity(rule),
            rule_title: rule.title(),
            level: rule.level(),
            kind: DETECTION,
            event_index: hit.event,
            tags: rule.tags(),
            source: rules.source_of(hit),
            evidence,
        })
    }
}

/// A correlation that holds for a group.
#[derive(Debug, Clone, Serialize)]
pub struct AlertRecord<'a> {
    /// The correlation's id, else its name.
    pub rule_id: Option<&'a str>,
    /// Its title.
    pub rule_title: &'a str,
    /// How serious it is, when it says so.
    pub level: Option<Level>,
    /// `correlation`.
    pub kind: &'static str,
    /// When it holds, RFC 3339.
    pub time: String,
    /// The same in nanoseconds since 1970.
    pub time_ns: i64,
    /// The correlation's tags.
    pub tags: &'a [String],
    /// Its type, such as `event_count`.
    #[serde(rename = "type")]
    pub correlation_type: &'static str,
    /// Whether this only tells the latest state of an alert whose window is not over.
    pub update: bool,
    /// The names of `group-by` and their values.
    pub group: BTreeMap<&'a str, Option<&'a str>>,
    /// The times of the first and the last event that contribute, RFC 3339.
    pub first: String,
    /// See `first`.
    pub last: String,
    /// In nanoseconds since 1970.
    pub first_ns: i64,
    /// See `first_ns`.
    pub last_ns: i64,
    /// How many events contribute.
    pub count: u64,
    /// What the condition was about: the count, the computed value, or the number of rules.
    pub value: serde_json::Number,
    /// The numbers of the latest events that contribute, at most 16, the oldest first.
    pub events: &'a [u64],
}

impl<'a> AlertRecord<'a> {
    /// Of an alert.
    #[must_use]
    pub fn new(alert: &'a Alert) -> Self {
        let rule = alert.rule();
        Self {
            rule_id: identity_of(rule.metadata()),
            rule_title: rule.title(),
            level: rule.level(),
            kind: CORRELATION,
            time: rfc3339(alert.time_ns()),
            time_ns: alert.time_ns(),
            tags: &rule.metadata().tags,
            correlation_type: rule.kind(),
            update: alert.kind() == AlertKind::Update,
            group: alert.group().collect(),
            first: rfc3339(alert.first_ns()),
            last: rfc3339(alert.last_ns()),
            first_ns: alert.first_ns(),
            last_ns: alert.last_ns(),
            count: alert.count(),
            value: number(alert.value()),
            events: alert.events(),
        }
    }
}

/// An event that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultRecord {
    /// The number of the event, from 0.
    pub event_index: u64,
    /// The byte of the event where reading stopped, from 0, where one is known.
    pub byte: Option<u64>,
    /// What is wrong with it.
    pub message: String,
}

impl FaultRecord {
    pub(super) fn new(event_index: u64, error: &Error) -> Self {
        Self { event_index, byte: error.byte(), message: error.to_string() }
    }
}

impl RuleSet {
    /// The source by which the rules of a hit were mapped.
    #[must_use]
    pub fn source_of(&self, hit: &Hit) -> Option<&str> {
        self.plan().source(crate::source::SourceId::at(hit.form as usize)).map(crate::source::Known::name)
    }
}
