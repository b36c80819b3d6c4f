//! What correlations tell: alerts, and what the rule behind each says about itself.

use crate::check::correlation::Criterion;
use crate::check::{Correlation, Level, Metadata};
use crate::correlation::alert::{Finding, FindingKind};
use crate::correlation::table;
use crate::number::Number;
use std::sync::Arc;

/// A correlation rule.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationInfo {
    meta: Metadata,
    kind: &'static str,
    group_by: Vec<String>,
    timespan_ns: u64,
    alerts: bool,
    rules: Vec<String>,
    rules_min: usize,
    path: Option<String>,
}

impl CorrelationInfo {
    pub(in crate::engine) fn new(correlation: &Correlation, alerts: bool, path: Option<&str>) -> Self {
        Self {
            meta: correlation.meta.clone(),
            kind: correlation.kind.name(),
            group_by: correlation.group_by.clone(),
            timespan_ns: correlation.timespan_ns,
            alerts,
            rules: correlation.rules.iter().map(|reference| reference.written.clone()).collect(),
            rules_min: if correlation.criterion == Criterion::EveryRule { correlation.rules.len() } else { 1 },
            path: path.map(str::to_owned),
        }
    }

    /// Everything but what it correlates.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.meta
    }

    /// The title; empty when the rule has none.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.meta.title
    }

    /// The id, else the name, else the title.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.meta.identity()
    }

    /// The level, when the rule has one.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.meta.level
    }

    /// The type as it is written in rules, such as `event_count`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The fields or aliases whose values make a group.
    #[must_use]
    pub fn group_by(&self) -> &[String] {
        &self.group_by
    }

    /// The timespan in nanoseconds.
    #[must_use]
    pub fn timespan_ns(&self) -> u64 {
        self.timespan_ns
    }

    /// The rules and correlations it refers to, by id or name as it is written.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// How many of these must match at least: all of them, for temporal types without a condition, else one.
    #[must_use]
    pub fn rules_min(&self) -> usize {
        self.rules_min
    }

    /// The file or other name of the text it was read from; `None` after loading saved rules.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Whether it alerts by itself: another correlation that refers to it without `generate: true` keeps it silent.
    #[must_use]
    pub fn alerts(&self) -> bool {
        self.alerts
    }
}

/// A correlation holds for a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    pub(super) rule: Arc<CorrelationInfo>,
    /// Its position among the correlations of its pack.
    pub(super) index: usize,
    pub(super) group: Vec<Option<String>>,
    pub(super) finding: Finding,
}

impl Alert {
    pub(super) fn new(alert: table::Alert, rules: &[Arc<CorrelationInfo>]) -> Option<Self> {
        let rule = Arc::clone(rules.get(alert.correlation)?);
        Some(Self { rule, index: alert.correlation, group: alert.group, finding: alert.finding })
    }

    /// The correlation.
    #[must_use]
    pub fn rule(&self) -> &CorrelationInfo {
        &self.rule
    }

    /// Whether this is something new, or the latest state of an alert whose window is not over.
    #[must_use]
    pub fn kind(&self) -> FindingKind {
        self.finding.kind
    }

    /// The fields of `group-by` and their values; a value is `None` where the lack of one makes a group.
    pub fn group(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.rule.group_by.iter().zip(&self.group).map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// When it holds, in nanoseconds since 1970: the time of the event that completes it, or the end of its window.
    #[must_use]
    pub fn time_ns(&self) -> i64 {
        self.finding.time_ns
    }

    /// The time of the first event that contributes.
    #[must_use]
    pub fn first_ns(&self) -> i64 {
        self.finding.first_ns
    }

    /// The time of the last event that contributes.
    #[must_use]
    pub fn last_ns(&self) -> i64 {
        self.finding.last_ns
    }

    /// How many events contribute; for distinct values and for rules the latest of each.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.finding.count
    }

    /// What the condition was about: the count, the computed value, or the number of rules.
    #[must_use]
    pub fn value(&self) -> Number {
        self.finding.value
    }

    /// The numbers of the latest contributing events, at most 16, the oldest first.
    #[must_use]
    pub fn events(&self) -> &[u64] {
        &self.finding.events
    }
}
