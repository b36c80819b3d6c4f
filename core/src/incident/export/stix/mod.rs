//! Incidents as one bundle of STIX 2.1, with the flow of each attack in the extension Attack Flow 2.0.
//!
//! ```text
//! incident ◀─related-to─ attack-flow ─start▶ attack-action ─effect▶ attack-action ─asset▶ attack-asset ─object▶ identity (a host)
//!          ◀─related-to─ observed-data ─▶ ipv4-addr, user-account, file, domain-name
//! ```
//!
//! Ids are UUIDs of version 5: the same incident has the same ids in every run, and observables have those that the specification gives
//! them, so bundles can be joined. Hosts of the plant are identities of class `system`, addresses outside of it infrastructure. Techniques
//! are attack patterns with the number of ATT&CK, from which a reader finds its own. Times have three digits of a second.

mod flow;
mod observables;

use super::attack;
use super::ocsf::way;
use super::record::{addresses, finding_id, hosts, object, short, uuid};
use crate::config::INCIDENT_LISTED_MAX;
use crate::incident::show::{FindingSeen, HostSeen, Incident};
use hashbrown::HashSet;
use serde_json::{Value, json};
use std::io::{self, Write};

/// The extension Attack Flow and its authors, as it is published.
const EXTENSION: &str = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4";
const EXTENSION_BY: &str = "identity--d673f8cb-c168-42da-8ed4-0cb26725f86c";
const EXTENSION_TIME: &str = "2022-08-02T19:34:35.143Z";
/// When the identity of Tieline was made: an identity is the same in every bundle.
const OWN_TIME: &str = "2026-01-01T00:00:00.000Z";

/// A bundle that is written object by object, each once.
struct Bundle<'w, W> {
    out: &'w mut W,
    seen: HashSet<String>,
}

impl<W: Write> Bundle<'_, W> {
    /// Adds an object that is not there yet.
    fn add(&mut self, object: &Value) -> io::Result<()> {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        if self.seen.contains(id) {
            return Ok(());
        }
        self.out.write_all(if self.seen.is_empty() { b"\n" } else { b",\n" })?;
        self.seen.insert(id.to_owned());
        serde_json::to_writer(&mut *self.out, object)?;
        Ok(())
    }

    fn relate(&mut self, [from, to]: [&str; 2], kind: &str, time: &str) -> io::Result<()> {
        let id = id_of("relationship", &[from, kind, to]);
        let more = [("relationship_type", kind.into()), ("source_ref", from.into()), ("target_ref", to.into())];
        self.add(&domain_object("relationship", &id, [time, time], more))
    }
}

pub(super) fn write(incidents: &[Incident], out: &mut impl Write) -> io::Result<()> {
    let ids: Vec<&str> = incidents.iter().flat_map(|own| [own.id.as_str(), own.last.as_str()]).collect();
    write!(out, "{{\"type\":\"bundle\",\"id\":\"bundle--{}\",\"objects\":[", uuid(&ids))?;
    let mut bundle = Bundle { out, seen: HashSet::new() };
    bundle.add(&maker())?;
    bundle.add(&json!({
        "type": "identity", "spec_version": "2.1", "id": EXTENSION_BY, "created_by_ref": EXTENSION_BY,
        "created": EXTENSION_TIME, "modified": EXTENSION_TIME,
        "name": "MITRE Center for Threat-Informed Defense", "identity_class": "organization",
    }))?;
    bundle.add(&json!({
        "type": "extension-definition", "spec_version": "2.1", "id": EXTENSION, "created_by_ref": EXTENSION_BY,
        "created": EXTENSION_TIME, "modified": EXTENSION_TIME, "name": "Attack Flow",
        "schema": "https://center-for-threat-informed-defense.github.io/attack-flow/stix/attack-flow-schema-2.0.0.json",
        "version": "2.0.0", "extension_types": ["new-sdo"],
    }))?;
    for own in incidents {
        add(own, &mut bundle)?;
    }
    out.write_all(b"]}\n")
}

fn add(own: &Incident, bundle: &mut Bundle<'_, impl Write>) -> io::Result<()> {
    let left_out = own.findings.len().saturating_sub(INCIDENT_LISTED_MAX);
    let incident = incident(own, left_out);
    let id = incident_id(own);
    bundle.add(&incident)?;
    let time = short(&own.first);
    for host in &own.hosts {
        let object = host_object(host, &own.first);
        bundle.add(&object)?;
        let of = object.get("id").and_then(Value::as_str).unwrap_or_default();
        if object.get("type").is_some_and(|kind| kind == "infrastructure") {
            for address in addresses(&host.name, Some(host)).iter().filter_map(|ip| observables::address(ip)) {
                bundle.add(&address)?;
                let address = address.get("id").and_then(Value::as_str).unwrap_or_default();
                bundle.relate([of, address], "consists-of", &time)?;
            }
        }
        bundle.relate([&id, of], "related-to", &time)?;
    }
    let known = hosts(own);
    for found in own.findings.iter().take(INCIDENT_LISTED_MAX) {
        for pattern in found.techniques.iter().map(|technique| pattern(found, technique)) {
            bundle.add(&pattern)?;
        }
        let seen = observables::of(found, &known);
        let Some(observed) = observed(found, &seen) else { continue };
        seen.iter().try_for_each(|object| bundle.add(object))?;
        bundle.add(&observed)?;
        let observed = observed.get("id").and_then(Value::as_str).unwrap_or_default();
        bundle.relate([observed, &id], "related-to", &time)?;
    }
    flow::add(own, &id, bundle)
}

/// Who made the bundle.
fn maker() -> Value {
    let more = [("name", "Tieline".into()), ("identity_class", "system".into())];
    domain_object("identity", &maker_id(), [OWN_TIME, OWN_TIME], more)
}

fn maker_id() -> String {
    id_of("identity", &["tieline"])
}

fn id_of(kind: &str, parts: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once(kind).chain(parts.iter().copied()).collect();
    format!("{kind}--{}", uuid(&all))
}

fn incident_id(own: &Incident) -> String {
    id_of("incident", &[&own.id])
}

/// A domain object: what all of them have, and more.
fn domain_object<const N: usize>(kind: &str, id: &str, times: [&str; 2], more: [(&str, Value); N]) -> Value {
    let [created, modified] = times.map(short);
    let mut object = json!({
        "type": kind, "spec_version": "2.1", "id": id, "created_by_ref": maker_id(), "created": created, "modified": modified,
    });
    if let Some(members) = object.as_object_mut() {
        more.into_iter().for_each(|(name, value)| super::record::put(members, name, value));
    }
    object
}

fn incident(own: &Incident, left_out: usize) -> Value {
    let mut description = way(own);
    if left_out > 0 {
        description += &format!("; {left_out} findings are left out");
    }
    let title = if own.title.is_empty() { own.id.as_str() } else { own.title.as_str() };
    let reference = json!([{"source_name": "tieline", "external_id": own.id}]);
    let labels = json!([format!("level-{}", own.level), format!("score-{}", own.score.total)]);
    let more = [
        ("name", title.into()),
        ("description", description.into()),
        ("confidence", own.score.likelihood.into()),
        ("labels", labels),
        ("external_references", reference),
    ];
    domain_object("incident", &incident_id(own), [&own.first, &own.last], more)
}

/// A host: of the plant, or outside of it.
fn host_object(host: &HostSeen, first: &str) -> Value {
    let (kind, id) = host_id(&host.name, Some(host));
    let times = [host.first.as_str(), host.first.as_str()].map(|time| if time.is_empty() { first } else { time });
    if kind == "infrastructure" {
        let more = [("name", name(&host.name)), ("infrastructure_types", json!(["unknown"]))];
        return domain_object(kind, &id, times, more);
    }
    let zone = host.zone.as_ref().map(|zone| match host.level {
        Some(level) => format!("zone {zone}, level {level}"),
        None => format!("zone {zone}"),
    });
    let criticality = host.criticality.as_ref().map(|criticality| format!("criticality {criticality}"));
    let told: Vec<String> = zone.into_iter().chain(criticality).collect();
    let more = [
        ("name", name(&host.name)),
        ("description", told.join("; ").into()),
        ("roles", host.role.iter().map(String::as_str).collect::<Vec<_>>().into()),
        ("identity_class", "system".into()),
        ("contact_information", host.owner.as_deref().into()),
    ];
    domain_object(kind, &id, times, more)
}

/// What kind of object a host is, and its id.
fn host_id(name: &str, host: Option<&HostSeen>) -> (&'static str, String) {
    let is_plant = host.is_some_and(|host| host.is_asset || host.zone.is_some());
    let is_outside = !is_plant && name.parse::<std::net::IpAddr>().is_ok();
    let kind = if is_outside { "infrastructure" } else { "identity" };
    (kind, id_of(kind, &["host", name]))
}

/// A name that is not empty.
fn name(text: &str) -> Value {
    if text.is_empty() { "-".into() } else { text.into() }
}

fn pattern_id(technique: &str) -> String {
    id_of("attack-pattern", &[technique])
}

fn pattern(found: &FindingSeen, technique: &str) -> Value {
    let reference = object([
        ("source_name", "mitre-attack".into()),
        ("external_id", technique.into()),
        ("url", attack::page(technique).into()),
    ]);
    // Which tactic is meant is only known when there is one.
    let chain = if attack::is_ics(technique) { "mitre-ics-attack" } else { "mitre-attack" };
    let phase = match found.tactics.as_slice() {
        [tactic] => json!([{"kill_chain_name": chain, "phase_name": tactic.replace('_', "-")}]),
        _ => Value::Null,
    };
    let more = [("name", name(technique)), ("external_references", json!([reference])), ("kill_chain_phases", phase)];
    domain_object("attack-pattern", &pattern_id(technique), [OWN_TIME, OWN_TIME], more)
}

/// What was seen when something was found; none when it names nothing that STIX knows.
fn observed(found: &FindingSeen, seen: &[Value]) -> Option<Value> {
    let refs: Vec<&Value> = seen.iter().filter_map(|object| object.get("id")).collect();
    if refs.is_empty() {
        return None;
    }
    let more = [
        ("first_observed", short(&found.first).into()),
        ("last_observed", short(&found.last).into()),
        ("number_observed", found.count.clamp(1, 999_999_999).into()),
        ("object_refs", json!(refs)),
    ];
    let id = id_of("observed-data", &[&finding_id(found)]);
    Some(domain_object("observed-data", &id, [&found.first, &found.last], more))
}
