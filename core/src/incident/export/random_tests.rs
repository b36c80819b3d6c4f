//! Forms of incidents that nobody wrote: any text in any place, and very many hosts and findings.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::tests::{bare, finding, objects, story};
use super::*;
use crate::config::INCIDENT_LISTED_MAX;
use crate::incident::{HostSeen, Reach};
use proptest::prelude::*;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../incident.schema.json");

/// The story with other texts in all places that events or plants fill.
fn retold(texts: &[String]) -> Incident {
    let mut own = story();
    let mut next = texts.iter().cycle().cloned();
    let mut text = || next.next().unwrap_or_default();
    own.title = text();
    own.accounts.iter_mut().for_each(|name| *name = text());
    for host in &mut own.hosts {
        (host.name, host.zone, host.role, host.owner) = (text(), Some(text()), Some(text()), Some(text()));
    }
    for hop in &mut own.path.hops {
        (hop.from, hop.to, hop.what, hop.account) = (text(), text(), text(), Some(text()));
        (hop.alternatives, hop.events) = (vec![text()], vec![text()]);
    }
    own.path.gap = Some(text());
    for reach in &mut own.spread.next {
        (reach.host, reach.from) = (text(), vec![text()]);
    }
    for found in &mut own.findings {
        (found.title, found.rule, found.source, found.target) = (text(), text(), Some(text()), Some(text()));
        found.tactics.iter_mut().chain(&mut found.techniques).for_each(|name| *name = text());
        found.entities.values_mut().flatten().for_each(|name| *name = text());
    }
    own
}

/// Whether a value is built as a part of the schema says: no name that it does not give, none missing that it wants, types as given.
fn check(value: &Value, schema: &Value, all: &Value, place: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        return check(value, &all["$defs"][name.trim_start_matches("#/$defs/")], all, place);
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{place}: {value}");
    }
    let is_of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    assert!(is_of_type, "{place}: {value}");
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{place} has no {name}");
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(own), _) => check(member, own, all, &place),
            (None, Some(other)) if other.is_object() => check(member, other, all, &place),
            _ => panic!("the schema does not know {place}"),
        }
    }
    for (number, member) in value.as_array().into_iter().flatten().enumerate() {
        let own = schema["prefixItems"].get(number).unwrap_or(&schema["items"]);
        check(member, own, all, &format!("{place}[{number}]"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_stays_text(texts in proptest::collection::vec(any::<String>(), 1..24)) {
        let all = [retold(&texts), bare(), retold(&texts[..1])];
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        for line in objects(IncidentForm::Ndjson, &all) {
            check(&line, &schema, &schema, "incident");
        }
        for form in [IncidentForm::Ocsf, IncidentForm::OcsfDetections, IncidentForm::Ecs] {
            prop_assert!(objects(form, &all).iter().all(Value::is_object));
        }
        let bundle: Value = serde_json::from_str(&IncidentForm::Stix.write(&all)).unwrap();
        prop_assert!(bundle["objects"].as_array().unwrap().iter().all(|own| own["id"].is_string()));
        let graph: Value = serde_json::from_str(&IncidentForm::JsonGraph.write(&all)).unwrap();
        let (nodes, edges) = (graph["nodes"].as_array().unwrap().len(), graph["edges"].as_array().unwrap().len());
        let xml = IncidentForm::GraphMl.write(&all);
        let mut reader = quick_xml::Reader::from_str(&xml);
        let mut seen = (0, 0);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(own) if own.name().0 == "node" => seen.0 += 1,
                quick_xml::events::Event::Start(own) if own.name().0 == "edge" => seen.1 += 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        prop_assert_eq!(seen, (nodes, edges));
    }
}

/// An incident of very many hosts, each with a finding and one that can be reached next.
fn large(hosts: usize) -> Incident {
    let mut own = bare();
    own.findings.clear();
    for number in 0..hosts {
        let name = format!("host-{number}");
        own.findings.push(finding("Wiped", [Some("dc-1"), Some(&name)], 1));
        own.spread.next.push(Reach { host: format!("next-{number}"), from: vec![name.clone()], ..Reach::default() });
        own.hosts.push(HostSeen { name, first: own.first.clone(), ..HostSeen::default() });
    }
    own
}

/// Twice the hosts are twice the bytes. `TIELINE_FULL=1` asks for half a million nodes, and tells how long each form takes.
#[test]
fn large_incidents_are_linear() {
    let full = std::env::var_os("TIELINE_FULL").is_some();
    let hosts = if full { 250_000 } else { 4_000 };
    let (one, two) = ([large(hosts / 2)], [large(hosts)]);
    for form in IncidentForm::ALL {
        let began = std::time::Instant::now();
        let (small, large) = (form.write(&one).len(), form.write(&two).len());
        if full {
            println!("{}: {large} bytes, {:?} for both", form.name(), began.elapsed());
        }
        assert!(large < small * 9 / 4, "{}: {small} and {large} bytes", form.name());
    }
}

#[test]
fn what_a_record_has_no_room_for_is_counted() {
    let own = [large(INCIDENT_LISTED_MAX + 7)];
    let told = &objects(IncidentForm::Ocsf, &own)[0];
    assert_eq!(told["finding_info_list"].as_array().unwrap().len(), INCIDENT_LISTED_MAX);
    let left_out = &told["unmapped"]["tieline"]["left_out"];
    assert_eq!((&left_out["findings"], &left_out["hosts"], &left_out["next"]), (&7.into(), &7.into(), &7.into()));
    let told = &objects(IncidentForm::Ecs, &own)[0];
    assert_eq!(told["tieline"]["incident"]["left_out"]["hosts"], 7);
    assert!(IncidentForm::Stix.write(&own).contains("7 findings are left out"));
}
