//! What was found, counted by rule and by host, and privileged operations as they were judged.
//!
//! ```text
//! notes of incidents ─▶ rule: how often, first, last     host: how often     operation: explained, or what is missing
//! ```
//!
//! Equal privileged operations are one row with a count.

use super::document::{LeftOut, Privileged, RuleRow};
use super::timeline::{ByRule, Timeline};
use super::traffic::cut;
use super::{Span, nanos};
use crate::coverage::{Judged, Missing, MissingKind};
use crate::source::Plan;
use crate::time::rfc3339;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use tieline::incidents::{Found, Made, Note};
use tieline::trust::Judgement;
use tieline::{Level, Metadata};

/// Hosts of findings that are counted.
const HOSTS_MAX: usize = 1 << 18;
/// Different privileged operations that are kept.
const OPERATIONS_MAX: usize = 1 << 14;

/// The rule that unexplained operations are found by.
const TRUST: (&str, &str) = ("tieline.trust", "Privileged operation that nothing explains");

/// What was found of a host.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfHost {
    pub(super) findings: u64,
    pub(super) serious: u64,
}

/// What was found by a rule.
#[derive(Debug, Clone, Copy, Default)]
struct OfRule {
    span: Span,
    /// By which the timeline knows the rule.
    number: u32,
}

/// Source, target, operation, and what is missing.
type Operation = (String, String, String, Vec<String>);

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    rules: HashMap<String, OfRule>,
    hosts: HashMap<String, OfHost>,
    operations: BTreeMap<Operation, Privileged>,
    pub(super) explained: u64,
    pub(super) unexplained: u64,
    pub(super) without_account: u64,
    pub(super) by_level: BTreeMap<Level, u64>,
    crowded: u64,
}

impl Findings {
    pub(super) fn add(&mut self, note: Note, timeline: &mut Timeline) {
        match note {
            Note::Found(found) => self.found(&found, timeline),
            Note::Judged(judged) => {
                if !judged.is_explained() {
                    let found = Found {
                        rule: TRUST.0.to_owned(),
                        level: Level::High,
                        made: Made::Trust,
                        time_ns: nanos(&judged.time),
                        source: Some(judged.source.clone()),
                        target: Some(judged.destination.clone()),
                    };
                    self.found(&found, timeline);
                }
                self.judged(judged);
            }
        }
    }

    fn found(&mut self, found: &Found, timeline: &mut Timeline) {
        let next = self.rules.len() as u32;
        let of_rule = match self.rules.get_mut(&found.rule) {
            Some(known) => known,
            None => self.rules.entry(found.rule.clone()).or_insert(OfRule { number: next, ..OfRule::default() }),
        };
        of_rule.span.add(found.time_ns);
        *self.by_level.entry(found.level).or_default() += 1;
        if let Some(time) = found.time_ns {
            timeline.finding(time, found.level, of_rule.number);
        }
        let target = found.target.as_ref().filter(|target| found.source.as_ref() != Some(*target));
        for host in found.source.iter().chain(target) {
            if self.hosts.len() >= HOSTS_MAX && !self.hosts.contains_key(host) {
                self.crowded += 1;
                continue;
            }
            let own = self.hosts.entry(host.clone()).or_default();
            own.findings += 1;
            own.serious += u64::from(found.level >= Level::High);
        }
    }

    fn judged(&mut self, judged: Judgement) {
        let explained = judged.is_explained();
        *if explained { &mut self.explained } else { &mut self.unexplained } += 1;
        let account = judged.sessions.iter().rev().find_map(|session| session.user.clone());
        self.without_account += u64::from(account.is_none());
        let key = (judged.source.clone(), judged.destination.clone(), judged.operation.clone(), judged.missing.clone());
        if let Some(known) = self.operations.get_mut(&key) {
            known.count += 1;
            known.last = judged.time;
            return;
        }
        if self.operations.len() >= OPERATIONS_MAX {
            self.crowded += 1;
            return;
        }
        let step = |session: &tieline::trust::SessionSeen| {
            let user = session.user.as_deref().map(|user| format!(" as {user}")).unwrap_or_default();
            format!("{}{user} on {}", session.kind, session.host)
        };
        let way: Vec<String> = judged.sessions.iter().map(step).collect();
        let row = Privileged {
            last: judged.time.clone(),
            time: judged.time,
            operation: judged.operation,
            protocol: judged.protocol,
            source: judged.source,
            target: judged.destination,
            account,
            session: (!way.is_empty()).then(|| way.join(", ")),
            explained,
            missing: judged.missing,
            event: judged.at,
            count: 1,
        };
        self.operations.insert(key, row);
    }

    pub(super) fn host(&self, name: &str) -> Option<OfHost> {
        self.hosts.get(name).copied()
    }

    pub(super) fn all(&self) -> u64 {
        self.by_level.values().sum()
    }

    /// Operations that nothing explains, by device.
    pub(super) fn unexplained_on(&self) -> impl Iterator<Item = &Privileged> {
        self.operations.values().filter(|row| !row.explained)
    }

    pub(super) fn privileged(&self, most: usize, left_out: &mut Vec<LeftOut>) -> Vec<Privileged> {
        let mut rows: Vec<Privileged> = self.operations.values().cloned().collect();
        rows.sort_by(|one, other| {
            let key = |own: &Privileged| (own.explained, nanos(&own.time), own.event.clone());
            key(one).cmp(&key(other))
        });
        cut(&mut rows, most, "privileged operations, different ones", left_out);
        if self.crowded > 0 {
            let what = "findings and operations that found no room in counts by host".to_owned();
            left_out.push(LeftOut { what, count: self.crowded });
        }
        rows
    }

    /// All rules and correlations, and how often each was found to hold.
    pub(super) fn rules(&self, plan: &Plan, judged: &Judged, packs: &[PathBuf], by_rule: &ByRule) -> Vec<RuleRow> {
        let mut rows = Vec::new();
        let row = |meta: &Metadata, path: Option<&str>, alerts: bool, blind: Option<String>| {
            let of_rule = self.rules.get(meta.identity());
            let span = of_rule.map(|of_rule| of_rule.span).unwrap_or_default();
            RuleRow {
                id: meta.identity().to_owned(),
                title: meta.title.clone(),
                level: meta.level.unwrap_or(Level::Informational),
                pack: pack(path, packs),
                tags: meta.tags.clone(),
                detections: span.count,
                first: span.first.map(rfc3339),
                last: span.last.map(rfc3339),
                buckets: of_rule.and_then(|of_rule| by_rule.get(&of_rule.number)).cloned().unwrap_or_default(),
                alerts,
                can_match: blind.is_none() || span.count > 0,
                blind: blind.filter(|_| span.count == 0),
            }
        };
        if let Some(rules) = plan.rules(plan.fixed().unwrap_or_else(|| plan.as_is())) {
            for (rule, missing) in rules.iter().zip(&judged.missing) {
                rows.push(row(rule.metadata(), rule.path(), rule.alerts(), missing.as_deref().map(why)));
            }
            for (correlation, holds) in rules.correlations().zip(&judged.correlations) {
                let blind = (!holds).then(|| "too few of the rules that it correlates can match".to_owned());
                rows.push(row(correlation.metadata(), correlation.path(), correlation.alerts(), blind));
            }
        }
        if self.rules.contains_key(TRUST.0) {
            let (title, id) = (TRUST.1.to_owned(), Some(TRUST.0.to_owned()));
            let meta = Metadata { title, id, level: Some(Level::High), ..Metadata::default() };
            rows.push(row(&meta, None, true, None));
        }
        rows.sort_by(|one, other| {
            (other.detections, other.level, &one.title).cmp(&(one.detections, one.level, &other.title))
        });
        rows
    }
}

/// The pack that a rule was read from.
fn pack(path: Option<&str>, packs: &[PathBuf]) -> Option<String> {
    let path = Path::new(path?);
    let within = packs.iter().filter(|pack| path.starts_with(pack)).max_by_key(|pack| pack.components().count());
    within.map(|pack| pack.display().to_string())
}

/// What is missing for a rule to match.
fn why(missing: &[Missing]) -> String {
    let show = |own: &Missing| {
        let field = own.field.as_deref().unwrap_or("");
        let values = own.values.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
        match own.kind {
            MissingKind::Source => format!("no events of {values}"),
            MissingKind::Log if values.is_empty() => format!("no log has {field}"),
            MissingKind::Log => format!("no log with {field} {values}"),
            MissingKind::Field => format!("the field {field} never occurs"),
            MissingKind::Absence => format!("no event is without {field}"),
            MissingKind::Never => "its condition cannot be met".to_owned(),
        }
    };
    missing.iter().map(show).collect::<Vec<_>>().join("; ")
}
