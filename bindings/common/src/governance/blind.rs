//! What cannot be seen, and why; and techniques of ATT&CK with their rules.
//!
//! ```text
//! coverage of the logs that were seen ─▶ "nothing of the zone safety: no sensor sees it", "12 rules: no log with _path dns"
//! ```

use super::document::{AssetRow, AssetStatus, Attack, BlindSpot, InBucket, LeftOut, RuleRow, TechniqueRow};
use super::traffic::cut;
use crate::coverage::{Coverage, DataReport, LogMissing, Shows, TaggedRule, Technique, enterprise};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rows of each kind that are told.
const ROWS_MAX: usize = 100;

pub(super) fn spots(coverage: &Coverage, assets: &[AssetRow], left_out: &mut Vec<LeftOut>) -> Vec<BlindSpot> {
    let mut all = Vec::new();
    if let Some(data) = &coverage.data {
        of_data(data, &mut all, left_out);
    }
    let mut silent: Vec<BlindSpot> = assets
        .iter()
        .filter(|row| row.status == AssetStatus::Silent)
        .map(|row| {
            let zone = row.zone.as_ref().map(|zone| format!(" in the zone {zone}")).unwrap_or_default();
            let why = format!("it is declared{zone}, and nothing was heard of it");
            BlindSpot { kind: "asset", what: row.id.clone(), why }
        })
        .collect();
    silent.sort_by(|one, other| one.what.cmp(&other.what));
    cut(&mut silent, ROWS_MAX, "silent assets among blind spots", left_out);
    all.append(&mut silent);
    let bare = |technique: &&Technique| {
        technique.rules.is_empty() && matches!(technique.shows, Some(Shows::Network | Shows::Partly | Shows::Host))
    };
    all.extend(coverage.ics.iter().filter(bare).map(|technique| BlindSpot {
        kind: "technique",
        what: format!("{} {}", technique.id, technique.name.unwrap_or_default()),
        why: format!("no rule is about it; it {}", technique.shows.map_or("shows nowhere", Shows::reason)),
    }));
    all
}

fn of_data(data: &DataReport, all: &mut Vec<BlindSpot>, left_out: &mut Vec<LeftOut>) {
    let spot = |kind, what: String, why: String| BlindSpot { kind, what, why };
    all.extend(data.zones_unseen.iter().map(|zone| {
        spot("zone", format!("zone {zone}"), "no end of any event lies in it; no sensor sees it".to_owned())
    }));
    let rules = |count: usize| if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
    let is_protocol = |log: &&LogMissing| log.field.as_deref() == Some("ot.protocol");
    // Of a protocol that is there rules may want an operation that is not.
    let is_there = |name: &str| data.operations.iter().any(|seen| seen.protocol == name);
    let is_missing = |log: &&LogMissing| is_protocol(log) && !log.values.iter().any(|name| is_there(name));
    let missing = || data.missing_logs.iter().filter(is_missing);
    let protocols: BTreeSet<&str> = missing().flat_map(|log| log.values.iter().map(String::as_str)).collect();
    if !protocols.is_empty() {
        let count = missing().map(|log| log.rules).sum();
        let names = protocols.into_iter().collect::<Vec<_>>().join(", ");
        let why = format!("no event tells of them; {} are about nothing else", rules(count));
        all.push(spot("log", format!("OT protocols {names}"), why));
    }
    let mut logs: Vec<BlindSpot> = data
        .missing_logs
        .iter()
        .filter(|log| !is_protocol(log))
        .map(|log| {
            let values = log.values.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
            let what = match &log.field {
                Some(field) if values.is_empty() => format!("logs with {field}"),
                Some(field) => format!("log {field} = {values}"),
                None => format!("events of {values}"),
            };
            spot("log", what, format!("{} can never match without", rules(log.rules)))
        })
        .collect();
    cut(&mut logs, ROWS_MAX, "missing logs among blind spots", left_out);
    all.append(&mut logs);
    let mut fields: Vec<BlindSpot> = data
        .missing_fields
        .iter()
        .map(|row| {
            spot("field", format!("field {}", row.field), format!("{} can never match without", rules(row.rules)))
        })
        .collect();
    cut(&mut fields, ROWS_MAX, "missing fields among blind spots", left_out);
    all.append(&mut fields);
    all.extend(data.not_decoded.iter().map(|row| {
        let guess = if row.guess { "perhaps " } else { "" };
        let why = format!("{} events, of which no message was read", row.count.events);
        spot("protocol", format!("{guess}{} on port {}", row.title, row.port), why)
    }));
    if data.unrecognised.events > 0 {
        let places: Vec<String> = data.unrecognised_at.iter().map(|own| format!("{}:{}", own.file, own.line)).collect();
        let what = format!("{} events of no known source", data.unrecognised.events);
        all.push(spot("event", what, format!("they name no log and no operation, such as {}", places.join(", "))));
    }
    if data.unreadable > 0 {
        all.push(spot("event", format!("{} events", data.unreadable), "they could not be read".to_owned()));
    }
}

pub(super) fn attack(coverage: &Coverage, rules: &[RuleRow]) -> Attack {
    let found: HashMap<&str, &RuleRow> = rules.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut all = Attack::default();
    for technique in coverage.ics.iter().chain(&coverage.ics_other) {
        let name = technique.name.unwrap_or(&technique.id);
        all.ics.extend(rows(&technique.id, name, &technique.tactics, Some(technique), &found));
    }
    let named: BTreeMap<&str, &Technique> = coverage.enterprise.iter().map(|own| (own.id.as_str(), own)).collect();
    let mut left = named.clone();
    for row in enterprise() {
        left.remove(row.id);
        let own = named.get(row.id).copied();
        // Of those that are part of another only what some rule is about is told.
        if own.is_some() || !row.id.contains('.') {
            all.enterprise.extend(rows(row.id, row.name, &row.tactics, own, &found));
        }
    }
    for (id, technique) in left {
        all.enterprise.extend(rows(id, id, &[], Some(technique), &found));
    }
    all
}

/// A technique has a row in each of its tactics.
fn rows(
    id: &str,
    name: &str,
    tactics: &[&str],
    technique: Option<&Technique>,
    found: &HashMap<&str, &RuleRow>,
) -> Vec<TechniqueRow> {
    let rules = technique.map_or(&[][..], |technique| &technique.rules);
    let found_by = |own: &TaggedRule| found.get(own.id.as_deref().unwrap_or(&own.title)).copied();
    let found: Vec<&RuleRow> = rules.iter().filter_map(found_by).collect();
    let mut buckets: BTreeMap<u64, u64> = BTreeMap::new();
    for InBucket(at, count) in found.iter().flat_map(|row| &row.buckets) {
        *buckets.entry(*at).or_default() += count;
    }
    let buckets: Vec<InBucket> = buckets.into_iter().map(|(at, count)| InBucket(at, count)).collect();
    let tactics = if tactics.is_empty() { &["other"] } else { tactics };
    let row = |tactic: &&str| TechniqueRow {
        id: id.to_owned(),
        name: name.to_owned(),
        tactic: (*tactic).to_owned(),
        rules: rules.len() as u64,
        here: technique.and_then(|technique| technique.here).unwrap_or(0) as u64,
        detections: found.iter().map(|row| row.detections).sum(),
        buckets: buckets.clone(),
    };
    tactics.iter().map(row).collect()
}
