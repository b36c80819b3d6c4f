//! Incidents as records of the Open Cybersecurity Schema Framework, version 1.6: a line for each incident (Incident Finding, 2005) or for
//! each finding (Detection Finding, 2004).
//!
//! ```text
//! {"class_uid": 2005, "type_uid": 200501, "severity_id": 5, "time": 1795727045123, "finding_info_list": [...], ...}
//! {"class_uid": 2004, "type_uid": 200401, "finding_info": {"uid": ...}, "metadata": {"correlation_uid": "inc-1"}, ...}
//! ```
//!
//! The profile `security_control` is used for what risk there is. What the schema has no place for (way, spread, hints, terms of the score)
//! is under `unmapped.tieline`. An incident must be assigned to somebody: to whoever answers for its first host with an owner, else to the
//! group `unassigned`.

use super::attack;
use super::record::{Room, addresses, finding_id, hosts, millis, names, object, put};
use crate::check::Level;
use crate::config::INCIDENT_LISTED_MAX;
use crate::incident::finding::{EntityKind, Made};
use crate::incident::path::Hop;
use crate::incident::score::Term;
use crate::incident::show::{FindingSeen, HostSeen, Incident};
use hashbrown::{HashMap, HashSet};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The version of the schema.
const VERSION: &str = "1.6.0";

/// An incident as Incident Finding.
pub(super) fn incident(own: &Incident) -> Value {
    let mut room = Room::default();
    let findings = room.of("findings", &own.findings);
    let (activity, status) = if own.is_closed { ((3, "Close"), (5, "Closed")) } else { ((1, "Create"), (1, "New")) };
    let mut record = head((2005, "Incident Finding"), activity, own.level, [&own.first, &own.last]);
    put(&mut record, "status_id", status.0);
    put(&mut record, "status", status.1);
    put(&mut record, "message", own.title.as_str());
    put(&mut record, "desc", way(own));
    rate(&mut record, own);
    let owner = own.hosts.iter().find_map(|host| host.owner.as_deref()).filter(|owner| !owner.is_empty());
    put(&mut record, "assignee_group", json!({"name": owner.unwrap_or("unassigned")}));
    let stages = own.findings.iter().map(|found| (found.tactics.as_slice(), found.techniques.as_slice()));
    let distinct: HashSet<_> = stages.clone().collect();
    let mut seen = HashSet::with_capacity(distinct.len());
    put(&mut record, "attacks", attack::ocsf(stages.filter(|stage| seen.insert(*stage)).take(INCIDENT_LISTED_MAX)));
    put(&mut record, "finding_info_list", findings.iter().map(info).collect::<Vec<_>>());
    put(&mut record, "observables", observables_of(own, &mut room));
    put(&mut record, "metadata", metadata(&own.id, None));
    let more = object([
        ("accounts", json!(room.of("accounts", &own.accounts))),
        ("hosts", json!(room.of("hosts", &own.hosts))),
        ("stages", json!(own.stages)),
        ("path", json!(own.path)),
        ("spread", spread(own, &mut room)),
        ("score", json!(own.score)),
        ("hints", json!(own.hints)),
        ("merged", json!(room.of("merged", &own.merged))),
        ("split", json!(room.of("split", &own.split))),
        ("left_out", room.left_out().unwrap_or_default()),
    ]);
    put(&mut record, "unmapped", json!({"tieline": more}));
    record.into()
}

/// The findings of an incident, each as Detection Finding.
pub(super) fn detections(own: &Incident) -> impl Iterator<Item = Value> {
    let known = hosts(own);
    own.findings.iter().map(move |found| detection(own, found, &known))
}

fn detection(own: &Incident, found: &FindingSeen, known: &HashMap<&str, &HostSeen>) -> Value {
    let mut room = Room::default();
    let mut record = head((2004, "Detection Finding"), (1, "Create"), found.level, [&found.first, &found.last]);
    put(&mut record, "status_id", 1);
    put(&mut record, "status", "New");
    put(&mut record, "count", i32::try_from(found.count).unwrap_or(i32::MAX));
    put(&mut record, "message", found.title.as_str());
    put(&mut record, "is_alert", true);
    put(&mut record, "attacks", attack::ocsf([(found.tactics.as_slice(), found.techniques.as_slice())]));
    put(&mut record, "finding_info", info(found));
    put(&mut record, "resources", resources(found, known));
    put(&mut record, "evidences", vec![evidence(found, known)]);
    put(&mut record, "observables", observables(found, known, &mut room));
    put(&mut record, "metadata", metadata(&finding_id(found), Some(&own.id)));
    let more = object([
        ("incident", json!({"id": own.id, "title": own.title, "score": own.score.total})),
        ("made", json!(found.made)),
        ("operation", json!(found.operation)),
        ("entities", json!(found.entities)),
        ("left_out", room.left_out().unwrap_or_default()),
    ]);
    put(&mut record, "unmapped", json!({"tieline": more}));
    record.into()
}

/// What every finding begins with: its class, what happened to it, how bad it is, and when it was.
fn head(class: (u32, &str), activity: (u32, &str), level: Level, [first, last]: [&str; 2]) -> Map<String, Value> {
    let (severity, caption) = severity(level);
    let (start, end) = (millis(first), millis(last));
    let mut record = Map::new();
    put(&mut record, "activity_id", activity.0);
    put(&mut record, "activity_name", activity.1);
    put(&mut record, "category_uid", 2);
    put(&mut record, "category_name", "Findings");
    put(&mut record, "class_uid", class.0);
    put(&mut record, "class_name", class.1);
    put(&mut record, "type_uid", class.0 * 100 + activity.0);
    put(&mut record, "type_name", format!("{}: {}", class.1, activity.1));
    put(&mut record, "severity_id", severity);
    put(&mut record, "severity", caption);
    put(&mut record, "time", end);
    put(&mut record, "start_time", start);
    put(&mut record, "end_time", end);
    put(&mut record, "duration", end.saturating_sub(start));
    record
}

const fn severity(level: Level) -> (u32, &'static str) {
    match level {
        Level::Informational => (1, "Informational"),
        Level::Low => (2, "Low"),
        Level::Medium => (3, "Medium"),
        Level::High => (4, "High"),
        Level::Critical => (5, "Critical"),
    }
}

/// How sure it is, what depends on it, and the two together.
fn rate(record: &mut Map<String, Value>, own: &Incident) {
    let score = &own.score;
    let sure = [(1, "Low"), (2, "Medium"), (3, "High"), (3, "High")];
    let bad = [(1, "Low"), (2, "Medium"), (3, "High"), (4, "Critical")];
    let rows = [
        ("confidence", score.likelihood, sure, "confidence_score"),
        ("impact", score.consequence, bad, "impact_score"),
        ("risk_level", score.total, bad, "risk_score"),
    ];
    for (name, points, captions, score) in rows {
        let (id, caption) = captions.get(points as usize / 25).copied().unwrap_or(captions[3]);
        put(record, &format!("{name}_id"), id);
        put(record, name, caption);
        put(record, score, points);
    }
    let terms = |terms: &[Term]| {
        let told = terms.iter().map(|term| format!("{} {} ({})", term.name, term.points, term.why));
        told.collect::<Vec<_>>().join(", ")
    };
    let (likely, bad) = (terms(&score.likelihood_terms), terms(&score.consequence_terms));
    let details = format!("likelihood {}: {likely}; consequence {}: {bad}", score.likelihood, score.consequence);
    put(record, "risk_details", details);
    put(record, "is_alert", true);
}

/// The way in one line.
pub(super) fn way(own: &Incident) -> String {
    let to = |hop: &Hop| {
        let account = hop.account.as_deref().map(|account| format!(" as {account}")).unwrap_or_default();
        format!(" -[{}{account}]-> {}", hop.what, hop.to)
    };
    let mut out = own.path.hops.first().map_or_else(String::new, |hop| hop.from.clone());
    out.extend(own.path.hops.iter().map(to));
    let onward = own.path.onward.as_ref().map(|hop| format!("then, not among the findings: {}{}", hop.from, to(hop)));
    let all = [&out].into_iter().chain(&own.path.fetched).chain(&own.path.gap).chain(&onward);
    all.filter(|text| !text.is_empty()).map(String::as_str).collect::<Vec<_>>().join("; ")
}

fn spread(own: &Incident, room: &mut Room) -> Value {
    let spread = &own.spread;
    json!({
        "reached": room.of("reached", &spread.reached),
        "next": room.of("next", &spread.next),
        "zones": spread.zones,
        "lowest_level": spread.lowest_level,
    })
}

fn metadata(id: &str, incident: Option<&str>) -> Value {
    object([
        ("version", VERSION.into()),
        ("uid", id.into()),
        ("correlation_uid", json!(incident)),
        ("profiles", json!(["security_control"])),
        ("product", json!({"name": "Tieline", "vendor_name": "Tieline", "version": env!("CARGO_PKG_VERSION")})),
    ])
}

/// What was found, by which rule, and where its events stand.
fn info(found: &FindingSeen) -> Value {
    let kind = match found.made {
        Made::Correlation => (2, "Behavioral"),
        Made::Trust | Made::Detection => (1, "Rule"),
        Made::Elsewhere => (0, "Unknown"),
    };
    let event = |at: &String| json!({"uid": at, "type": "Event"});
    object([
        ("uid", finding_id(found).into()),
        ("title", found.title.as_str().into()),
        ("desc", json!(found.because)),
        ("analytic", json!({"name": found.title, "uid": found.rule, "type_id": kind.0, "type": kind.1})),
        ("attacks", attack::ocsf([(found.tactics.as_slice(), found.techniques.as_slice())]).into()),
        ("created_time", millis(&found.first).into()),
        ("first_seen_time", millis(&found.first).into()),
        ("last_seen_time", millis(&found.last).into()),
        ("related_events", found.events.iter().map(event).collect::<Vec<_>>().into()),
        ("related_events_count", i32::try_from(found.count).unwrap_or(i32::MAX).into()),
    ])
}

/// The hosts of a finding: who acts, and on whom.
fn resources(found: &FindingSeen, known: &HashMap<&str, &HostSeen>) -> Vec<Value> {
    let role = |is_target: bool| if is_target { (1, "Target") } else { (2, "Actor") };
    let ends = [(&found.source, found.target.is_none()), (&found.target, true)];
    let all = ends.into_iter().filter_map(|(name, is_target)| Some((name.as_deref()?, role(is_target))));
    all.map(|(name, (role_id, role))| {
        let host = known.get(name).copied();
        object([
            ("name", name.into()),
            ("uid", name.into()),
            ("role_id", role_id.into()),
            ("role", role.into()),
            ("type", host.and_then(|host| host.role.as_deref()).into()),
            ("criticality", host.and_then(|host| host.criticality.as_deref()).into()),
            ("labels", host.and_then(|host| host.zone.as_ref()).map(|zone| vec![format!("zone {zone}")]).into()),
            ("owner", host.and_then(|host| host.owner.as_deref()).map(|owner| json!({"name": owner})).into()),
            ("ip", addresses(name, host).into_iter().next().into()),
        ])
    })
    .collect()
}

fn evidence(found: &FindingSeen, known: &HashMap<&str, &HostSeen>) -> Value {
    let endpoint = |name: &Option<String>| {
        let name = name.as_deref()?;
        let host = known.get(name).copied();
        Some(object([
            ("name", name.into()),
            ("ip", addresses(name, host).into_iter().next().into()),
            ("zone", host.and_then(|host| host.zone.as_deref()).into()),
        ]))
    };
    let first = |kind| names(found, kind).first().map(String::as_str).filter(|name| !name.is_empty());
    let file = first(EntityKind::File).or_else(|| first(EntityKind::FileName));
    object([
        ("src_endpoint", endpoint(&found.source).into()),
        ("dst_endpoint", endpoint(&found.target).into()),
        ("user", first(EntityKind::Account).map(|name| json!({"name": name})).into()),
        ("process", first(EntityKind::Process).map(|uid| json!({"uid": uid})).into()),
        ("file", file.map(|name| json!({"name": name, "type_id": 0})).into()),
        ("query", first(EntityKind::Domain).map(|name| json!({"hostname": name})).into()),
        ("data", json!({"events": found.events, "operation": found.operation})),
    ])
}

/// The kind of an observable, and its caption.
const fn observable_kind(kind: EntityKind) -> (u32, &'static str) {
    match kind {
        EntityKind::Account => (4, "User Name"),
        EntityKind::Process => (39, "Process Entity Object: uid"),
        EntityKind::File => (45, "File Path"),
        EntityKind::FileName => (7, "File Name"),
        EntityKind::Hash => (8, "Hash"),
        EntityKind::Domain => (1, "Hostname"),
        EntityKind::Session | EntityKind::Program | EntityKind::Indicator => (99, "Other"),
    }
}

fn observable(kind: (u32, &str), place: &str, value: &str) -> Value {
    json!({"name": place, "type_id": kind.0, "type": kind.1, "value": value})
}

/// Names and addresses of a host, each with its kind.
fn host_names(name: &str, host: Option<&HostSeen>) -> Vec<((u32, &'static str), String)> {
    let addresses = addresses(name, host);
    let is_address = addresses.iter().any(|own| own == name);
    let own = (!is_address).then(|| ((1, "Hostname"), name.to_owned()));
    own.into_iter().chain(addresses.into_iter().map(|own| ((2, "IP Address"), own))).collect()
}

fn observables(found: &FindingSeen, known: &HashMap<&str, &HostSeen>, room: &mut Room) -> Value {
    let mut all = Vec::new();
    for (name, place) in [(&found.source, "src_endpoint"), (&found.target, "dst_endpoint")] {
        if let Some(name) = name {
            let place = format!("evidences.{place}");
            let names = host_names(name, known.get(name.as_str()).copied());
            all.extend(names.iter().map(|(kind, name)| observable(*kind, &place, name)));
        }
    }
    for (kind, names) in &found.entities {
        let place = format!("unmapped.tieline.entities.{}", kind.name());
        all.extend(names.iter().map(|name| observable(observable_kind(*kind), &place, name)));
    }
    room.of("observables", &all).into()
}

/// Hosts, accounts and everything else that an incident names, each once. What has no room is counted but not made.
fn observables_of(own: &Incident, room: &mut Room) -> Value {
    let hosts = own.hosts.iter().flat_map(|host| {
        host_names(&host.name, Some(host)).into_iter().map(|(kind, name)| (kind, "unmapped.tieline.hosts", name.into()))
    });
    let accounts =
        own.accounts.iter().map(|name| ((4, "User Name"), "unmapped.tieline.accounts", name.as_str().into()));
    let mut seen = HashSet::new();
    let entities = own.findings.iter().flat_map(|found| &found.entities);
    let others = entities
        .filter(|(kind, _)| **kind != EntityKind::Account)
        .flat_map(|(kind, names)| names.iter().map(move |name| (*kind, name)))
        .filter(|named| seen.insert(*named))
        .map(|(kind, name)| (observable_kind(kind), "finding_info_list", Cow::from(name)));
    let mut all = hosts.chain(accounts).chain(others);
    let listed = all.by_ref().take(INCIDENT_LISTED_MAX).map(|(kind, place, name)| observable(kind, place, &name));
    let listed: Vec<Value> = listed.collect();
    room.leave_out("observables", all.count());
    listed.into()
}
