//! What was seen of events, and what rules are blind for want of: as plain records.
//!
//! It sums up what was observed and judged elsewhere.

use super::judge::identity;
use super::observe::{Count, Logs};
use super::ports;
use crate::fields::logsource;
use crate::source::Plan;
use serde::Serialize;
use std::collections::BTreeMap;
use tieline::{RuleInfo, Rules};

/// What was seen of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataReport {
    /// How many events, and from when to when.
    #[serde(flatten)]
    pub all: Count,
    /// Events that could not be read.
    pub unreadable: u64,
    /// Events of no known source that name no log and tell of no OT operation.
    pub unrecognised: Count,
    /// Where the first of them are.
    pub unrecognised_at: Vec<PlaceSeen>,
    /// The logs that were seen.
    pub logs: Vec<LogSeen>,
    /// Events of further kinds than are told apart; rules are taken to be able to fire on them.
    pub further: u64,
    /// The OT protocols whose operations were read.
    pub operations: Vec<OperationSeen>,
    /// OT protocols by the ports of connections, of which no message was read.
    pub not_decoded: Vec<PortSeen>,
    /// Zones of the plant in which no end of any event lies: no sensor sees them. Empty without a plant.
    pub zones_unseen: Vec<String>,
    /// How many rules could fire on such events.
    pub rules_here: usize,
    /// The rules that can never fire on such events.
    pub blind: Vec<BlindRule>,
    /// Logs that rules are blind for want of, those of most rules first.
    pub missing_logs: Vec<LogMissing>,
    /// The same for fields of logs that are there.
    pub missing_fields: Vec<FieldMissing>,
}

/// An event's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceSeen {
    /// Its file.
    pub file: String,
    /// Its line or record, from 1.
    pub line: u64,
}

/// A log of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogSeen {
    /// The source; `None` when it is none of those that are known.
    pub source: Option<String>,
    /// What the events call their log; empty when they do not.
    pub log: String,
    /// Its events.
    #[serde(flatten)]
    pub count: Count,
    /// The fields that rules ask for, and how many events have each.
    pub fields: BTreeMap<String, u64>,
}

/// Operations of a protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationSeen {
    /// The sensor that told of them.
    pub sensor: String,
    /// The protocol.
    pub protocol: String,
    /// The records.
    #[serde(flatten)]
    pub count: Count,
}

/// A protocol by its port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortSeen {
    /// The protocol.
    pub protocol: String,
    /// What it is called.
    pub title: String,
    /// The port.
    pub port: u16,
    /// Whether other programs use the port as well.
    pub guess: bool,
    /// The events.
    #[serde(flatten)]
    pub count: Count,
}

/// A rule that can never fire on the events that were seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlindRule {
    /// Its id, else its name.
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// Its pack.
    pub pack: String,
    /// Its log source.
    pub logsource: String,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// Something that a rule needs and that never occurs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Missing {
    /// What kind of thing.
    pub kind: MissingKind,
    /// The field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The values it should have, any of which will do; of a source its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// What kind of thing is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingKind {
    /// Events of the rule's source.
    Source,
    /// A log: events whose field has one of the values.
    Log,
    /// A field.
    Field,
    /// Events without the field that names the log.
    Absence,
    /// The rule's condition cannot be met by any event.
    Never,
}

/// A log that rules are blind for want of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogMissing {
    /// The field that names it; `None` for a whole source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The values of the field, or the name of the log source.
    pub values: Vec<String>,
    /// How many rules are blind for want of it.
    pub rules: usize,
}

/// A field that rules are blind for want of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldMissing {
    /// The field.
    pub field: String,
    /// How many rules are blind for want of it.
    pub rules: usize,
}

/// Sums up.
pub(super) fn report(
    plan: &Plan,
    seen: &Logs,
    rules: &Rules,
    missing: &[Option<Vec<Missing>>],
    pack: &dyn Fn(RuleInfo<'_>) -> String,
) -> DataReport {
    let blind: Vec<BlindRule> = rules
        .iter()
        .zip(missing)
        .filter_map(|(rule, missing)| {
            Some(BlindRule {
                id: identity(rule).1.map(str::to_owned),
                title: rule.title().to_owned(),
                pack: pack(rule),
                logsource: logsource(rule.logsource()),
                missing: missing.clone()?,
            })
        })
        .collect();
    let mut logs: BTreeMap<(Option<String>, Vec<String>), usize> = BTreeMap::new();
    let mut fields: BTreeMap<String, usize> = BTreeMap::new();
    for missing in blind.iter().flat_map(|rule| &rule.missing) {
        match (missing.kind, &missing.field) {
            (MissingKind::Source | MissingKind::Log, field) => {
                *logs.entry((field.clone(), missing.values.clone())).or_default() += 1;
            }
            (MissingKind::Field, Some(field)) => *fields.entry(field.clone()).or_default() += 1,
            _ => {}
        }
    }
    let mut missing_logs: Vec<LogMissing> =
        logs.into_iter().map(|((field, values), rules)| LogMissing { field, values, rules }).collect();
    missing_logs.sort_by_key(|row| std::cmp::Reverse(row.rules));
    let mut missing_fields: Vec<FieldMissing> =
        fields.into_iter().map(|(field, rules)| FieldMissing { field, rules }).collect();
    missing_fields.sort_by_key(|row| std::cmp::Reverse(row.rules));
    DataReport {
        all: seen.all.clone(),
        unreadable: seen.unreadable,
        unrecognised: seen.unrecognised.clone(),
        unrecognised_at: seen
            .unrecognised_at
            .iter()
            .map(|(file, line)| PlaceSeen { file: file.clone(), line: *line })
            .collect(),
        logs: logs_seen(plan, seen),
        further: seen.crowded.values().map(|count| count.events).sum(),
        operations: seen
            .operations
            .iter()
            .map(|((sensor, protocol), count)| OperationSeen {
                sensor: sensor.clone(),
                protocol: protocol.clone(),
                count: count.clone(),
            })
            .collect(),
        not_decoded: not_decoded(seen),
        zones_unseen: plan
            .context()
            .into_iter()
            .flat_map(|plant| plant.zones())
            .filter(|zone| !seen.zones.contains(&zone.name))
            .map(|zone| zone.name.clone())
            .collect(),
        rules_here: missing.iter().filter(|missing| missing.is_none()).count(),
        blind,
        missing_logs,
        missing_fields,
    }
}

/// One row for each log of a source, whatever protocols its records tell of.
fn logs_seen(plan: &Plan, seen: &Logs) -> Vec<LogSeen> {
    let mut rows: BTreeMap<(Option<String>, String), LogSeen> = BTreeMap::new();
    for (key, kind) in &seen.kinds {
        let source = plan.source(key.source).map(|known| known.name().to_owned());
        let mut texts: Vec<&str> = Vec::new();
        for (_, text) in &key.log {
            if !texts.contains(&text.as_str()) {
                texts.push(text);
            }
        }
        let log = texts.join(" ");
        let row = rows.entry((source.clone(), log.clone())).or_insert_with(|| LogSeen {
            source,
            log,
            count: Count::default(),
            fields: BTreeMap::new(),
        });
        row.count.join(&kind.count);
        for (field, count) in &kind.fields {
            *row.fields.entry(field.clone()).or_default() += count;
        }
    }
    let mut rows: Vec<LogSeen> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count.events));
    rows
}

/// Of each port that was seen, the likeliest protocol, unless messages of one that uses the port were read.
fn not_decoded(seen: &Logs) -> Vec<PortSeen> {
    let is_read = |protocol: &str| {
        let is_log =
            |text: &str| text == protocol || text.strip_prefix(protocol).is_some_and(|rest| rest.starts_with('_'));
        seen.operations.keys().any(|(_, known)| known == protocol)
            || seen.kinds.keys().any(|key| key.log.iter().any(|(_, text)| is_log(text)))
    };
    let mut by_port: BTreeMap<u16, Vec<(usize, &Count)>> = BTreeMap::new();
    for ((row, port), count) in &seen.ports {
        by_port.entry(*port).or_default().push((*row, count));
    }
    let mut found = Vec::new();
    for (port, rows) in by_port {
        let known: Vec<_> = rows.iter().filter_map(|(row, count)| Some((ports::get(*row)?, *count))).collect();
        if known.iter().any(|(row, _)| is_read(row.protocol)) {
            continue;
        }
        if let Some((row, count)) = known.first() {
            found.push(PortSeen {
                protocol: row.protocol.to_owned(),
                title: row.title.to_owned(),
                port,
                guess: row.is_guess,
                count: (*count).clone(),
            });
        }
    }
    found.sort_by_key(|row| std::cmp::Reverse(row.count.events));
    found
}
