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
    own.path.onward = own.path.hops.last().cloned();
    for hop in own.path.hops.iter_mut().chain(&mut own.path.onward) {
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

/// Very many incidents of ten hosts each.
fn many(hosts: usize) -> Vec<Incident> {
    let one = large(10);
    let renamed = |number: usize| {
        let mut own = one.clone();
        own.id = format!("inc-{number}");
        let name = |name: &mut String| *name = format!("{name}-of-{number}");
        own.hosts.iter_mut().for_each(|host| name(&mut host.name));
        own.findings.iter_mut().filter_map(|found| found.target.as_mut()).for_each(name);
        own.spread.next.iter_mut().for_each(|reach| name(&mut reach.host));
        own.spread.next.iter_mut().flat_map(|reach| &mut reach.from).for_each(name);
        own
    };
    (0..hosts / 10).map(renamed).collect()
}

/// Twice the hosts are twice the bytes, in one incident and in many.
#[test]
fn large_incidents_are_linear() {
    for (small, large) in [(vec![large(2_000)], vec![large(4_000)]), (many(2_000), many(4_000))] {
        for form in IncidentForm::ALL {
            let (small, large) = (form.write(&small).len(), form.write(&large).len());
            assert!(large < small * 9 / 4, "{}: {small} and {large} bytes", form.name());
        }
    }
}

/// A number of `/proc/self/status` in kilobytes; none where there is no such file.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim_start_matches(':').split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
#[ignore = "takes a minute; prints what forms of half a million hosts take"]
fn half_a_million_hosts() {
    for hosts in [250_000, 500_000] {
        for (what, all) in [("one incident", vec![large(hosts)]), ("many incidents", many(hosts))] {
            for form in IncidentForm::ALL {
                // Begins the peak anew where that is possible.
                let _ = std::fs::write("/proc/self/clear_refs", "5");
                let (before, began) = (memory("VmRSS"), std::time::Instant::now());
                let mut bytes = Counted(0);
                form.write_into(&all, &mut bytes).unwrap();
                let (time, peak) = (began.elapsed().as_millis(), memory("VmHWM").saturating_sub(before) >> 10);
                println!(
                    "{hosts} hosts, {what}, {}: {} MB in {time} ms, {peak} MB of memory",
                    form.name(),
                    bytes.0 >> 20
                );
            }
        }
    }
}

/// Takes bytes and counts them.
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_a_graph_has_no_room_for_is_counted_once() {
    // The server and its twelve hosts; something was found on each twice, by the same rule and account.
    let mut own = large(12);
    own.spread.next.clear();
    own.findings.iter_mut().for_each(|found| {
        found.entities.insert(crate::incident::EntityKind::Account, vec!["anna".to_owned()]);
    });
    own.findings.extend(own.findings.clone());
    let own = [own];
    let count = |nodes: usize, edges: usize| {
        let graph = Graph::within(&own, nodes, edges);
        let rest = (graph.nodes_left_out as usize, graph.edges_left_out as usize);
        (graph.nodes.len() + rest.0, graph.edges.len() + rest.1)
    };
    let all = count(100, 100);
    for room in [(1, 100), (5, 100), (100, 1), (13, 3), (14, 0), (0, 0)] {
        assert_eq!(count(room.0, room.1), all, "{room:?}");
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
