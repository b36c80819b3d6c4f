//! Incidents as documents of the Elastic Common Schema, version 8.11: one for each incident, then one for each of its findings.
//!
//! ```text
//! {"@timestamp": "2026-11-26T21:20:30Z", "event": {"kind": "alert", "dataset": "tieline.incident", ...}, "tieline": {"incident": {...}}}
//! {"@timestamp": "2026-11-26T21:20:00Z", "event": {"kind": "alert", "dataset": "tieline.finding", ...}, "rule": {...}, "host": {...}}
//! ```
//!
//! Objects are nested. Everything of our own is under `tieline`; `tieline.incident.id` joins the findings of an incident.

use super::attack;
use super::ocsf::way;
use super::record::{Room, addresses, finding_id, hosts, names, object, put};
use crate::check::Level;
use crate::incident::finding::{EntityKind, Made};
use crate::incident::show::{FindingSeen, HostSeen, Incident};
use hashbrown::HashMap;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The version of the schema.
const VERSION: &str = "8.11.0";

/// The documents of an incident.
pub(super) fn documents(own: &Incident) -> impl Iterator<Item = Value> {
    let known = hosts(own);
    let findings = own.findings.iter().map(move |found| finding(own, found, &known));
    std::iter::once(incident(own)).chain(findings)
}

fn incident(own: &Incident) -> Value {
    let mut room = Room::default();
    let mut event = event("tieline.incident", own.level, [&own.first, &own.last]);
    put(&mut event, "id", own.id.as_str());
    put(&mut event, "risk_score", f64::from(own.score.total));
    put(&mut event, "reason", way(own));
    let mut record = head(&own.last, &own.title, event);
    let (tactics, techniques) = distinct(&own.findings);
    put(&mut record, "threat", threat(&tactics, &techniques));
    let hosts = room.of("hosts", &own.hosts);
    let all: BTreeSet<String> = hosts.iter().flat_map(|host| addresses(&host.name, Some(host))).collect();
    let mut hashes: Vec<&String> = own.findings.iter().flat_map(|found| names(found, EntityKind::Hash)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let related = object([
        ("hosts", json!(hosts.iter().map(|host| &host.name).collect::<Vec<_>>())),
        ("ip", json!(all)),
        ("user", json!(room.of("accounts", &own.accounts))),
        ("hash", json!(room.of("hashes", &hashes))),
    ]);
    put(&mut record, "related", related);
    let more = object([
        ("id", own.id.as_str().into()),
        ("title", own.title.as_str().into()),
        ("is_closed", own.is_closed.into()),
        ("findings", own.findings.len().into()),
        ("score", json!(own.score)),
        ("stages", stages(own)),
        ("hosts", json!(hosts)),
        ("path", json!(own.path)),
        ("reached", json!(room.of("reached", &own.spread.reached))),
        ("next", json!(room.of("next", &own.spread.next))),
        ("hints", json!(own.hints)),
        ("merged", json!(own.merged.iter().map(|(id, _)| id).collect::<Vec<_>>())),
        ("split", json!(own.split.iter().map(|(id, _)| id).collect::<Vec<_>>())),
        ("left_out", room.left_out().unwrap_or_default()),
    ]);
    put(&mut record, "tieline", json!({"incident": more}));
    record.into()
}

/// Stages as objects: an index takes no list of lists with different members.
fn stages(own: &Incident) -> Value {
    let stage = |(tactic, techniques): &(String, Vec<String>)| json!({"tactic": tactic, "techniques": techniques});
    own.stages.iter().map(stage).collect::<Vec<_>>().into()
}

fn finding(own: &Incident, found: &FindingSeen, known: &HashMap<&str, &HostSeen>) -> Value {
    let mut event = event("tieline.finding", found.level, [&found.first, &found.last]);
    put(&mut event, "id", finding_id(found));
    put(&mut event, "action", found.operation.as_deref());
    put(&mut event, "reason", found.because.as_deref());
    let mut record = head(&found.first, &found.title, event);
    let made = match found.made {
        Made::Detection => "detection",
        Made::Correlation => "correlation",
        Made::Trust => "trust",
        Made::Elsewhere => "elsewhere",
    };
    put(&mut record, "rule", object([("id", found.rule.as_str().into()), ("name", found.title.as_str().into())]));
    put(&mut record, "threat", threat(&found.tactics, &found.techniques));
    let ends = [&found.source, &found.target].map(|name| name.as_deref());
    let [source, target] = ends.map(|name| name.map(|name| (name, known.get(name).copied())));
    if let Some((name, host)) = target.or(source) {
        let host = object([
            ("name", name.into()),
            ("ip", addresses(name, host).into()),
            ("type", host.and_then(|host| host.role.as_deref()).into()),
        ]);
        put(&mut record, "host", host);
    }
    if target.is_some() {
        put(&mut record, "source", source.map(endpoint));
        put(&mut record, "destination", target.map(endpoint));
    }
    let first = |kind| names(found, kind).first().map(String::as_str);
    put(&mut record, "user", object([("name", first(EntityKind::Account).into())]));
    put(&mut record, "process", object([("entity_id", first(EntityKind::Process).into())]));
    let file = [("path", first(EntityKind::File).into()), ("name", first(EntityKind::FileName).into())];
    put(&mut record, "file", object(file));
    put(&mut record, "related", related(found, [source, target]));
    let more = object([
        ("made", made.into()),
        ("count", found.count.into()),
        ("entities", json!(found.entities)),
        ("events", json!(found.events)),
    ]);
    put(&mut record, "tieline", json!({"incident": {"id": own.id, "title": own.title}, "finding": more}));
    record.into()
}

/// Everything by which a finding is found again.
fn related(found: &FindingSeen, ends: [Option<(&str, Option<&HostSeen>)>; 2]) -> Value {
    let ends = || ends.into_iter().flatten();
    let names_of = ends().map(|(name, _)| name);
    let domains = names(found, EntityKind::Domain).iter().map(String::as_str);
    let hosts: BTreeSet<&str> = names_of.chain(domains).collect();
    let all: BTreeSet<String> = ends().flat_map(|(name, host)| addresses(name, host)).collect();
    object([
        ("hosts", json!(hosts)),
        ("ip", json!(all)),
        ("user", names(found, EntityKind::Account).into()),
        ("hash", names(found, EntityKind::Hash).into()),
    ])
}

fn endpoint((name, host): (&str, Option<&HostSeen>)) -> Value {
    object([("address", name.into()), ("ip", addresses(name, host).into_iter().next().into())])
}

fn head(time: &str, message: &str, event: Map<String, Value>) -> Map<String, Value> {
    let mut record = Map::new();
    put(&mut record, "@timestamp", time);
    put(&mut record, "ecs", json!({"version": VERSION}));
    put(&mut record, "message", message);
    put(&mut record, "event", event);
    put(
        &mut record,
        "observer",
        json!({"vendor": "Tieline", "product": "Tieline", "version": env!("CARGO_PKG_VERSION")}),
    );
    record
}

fn event(dataset: &str, level: Level, [first, last]: [&str; 2]) -> Map<String, Value> {
    let mut event = Map::new();
    put(&mut event, "kind", "alert");
    put(&mut event, "category", json!(["intrusion_detection"]));
    put(&mut event, "type", json!(["info"]));
    put(&mut event, "module", "tieline");
    put(&mut event, "dataset", dataset);
    put(&mut event, "severity", severity(level));
    put(&mut event, "start", first);
    put(&mut event, "end", last);
    event
}

/// The numbers that Elastic's own rules use for their levels.
const fn severity(level: Level) -> u32 {
    match level {
        Level::Informational => 1,
        Level::Low => 21,
        Level::Medium => 47,
        Level::High => 73,
        Level::Critical => 99,
    }
}

/// Tactics and techniques of findings, each once, in their order.
fn distinct(findings: &[FindingSeen]) -> (Vec<String>, Vec<String>) {
    let mut seen = BTreeSet::new();
    let mut once = |of: fn(&FindingSeen) -> &[String]| -> Vec<String> {
        findings.iter().flat_map(of).filter(|name| seen.insert(name.as_str())).cloned().collect()
    };
    let tactics = once(|found| &found.tactics);
    (tactics, once(|found| &found.techniques))
}

fn threat(tactics: &[String], techniques: &[String]) -> Value {
    if tactics.is_empty() && techniques.is_empty() {
        return Value::Null;
    }
    let told: Vec<attack::Tactic> = tactics.iter().map(|words| attack::tactic(words, techniques)).collect();
    let (subs, whole): (Vec<&String>, Vec<&String>) = techniques.iter().partition(|id| attack::parent(id).is_some());
    let parents: BTreeSet<&str> =
        whole.iter().map(|id| id.as_str()).chain(subs.iter().filter_map(|id| attack::parent(id))).collect();
    let pages: Vec<String> = parents.iter().filter_map(|id| attack::page(id)).collect();
    let technique =
        object([("id", json!(parents)), ("reference", pages.into()), ("subtechnique", object([("id", json!(subs))]))]);
    object([
        ("framework", "MITRE ATT&CK".into()),
        (
            "tactic",
            object([
                ("id", told.iter().filter_map(|tactic| tactic.id).collect::<Vec<_>>().into()),
                ("name", told.iter().map(|tactic| tactic.name.as_str()).collect::<Vec<_>>().into()),
            ]),
        ),
        ("technique", technique),
    ])
}
