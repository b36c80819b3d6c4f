//! Every form over an incident with a way, one with hardly anything, and one of hostile text.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::graph::Graph;
use super::*;
use crate::check::Level;
use crate::incident::{EntityKind, FindingSeen, Hop, HostSeen, Made, Path, Reach, Score, Spread, Term};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) fn finding(title: &str, ends: [Option<&str>; 2], minute: u32) -> FindingSeen {
    FindingSeen {
        rule: format!("rule-of-{title}"),
        title: title.to_owned(),
        level: Level::High,
        made: Made::Detection,
        first: format!("2026-11-26T21:{minute:02}:00Z"),
        last: format!("2026-11-26T21:{minute:02}:30.123456789Z"),
        count: 1,
        source: ends[0].map(str::to_owned),
        target: ends[1].map(str::to_owned),
        operation: None,
        tactics: vec!["lateral-movement".to_owned()],
        techniques: vec!["T1021.001".to_owned()],
        entities: BTreeMap::new(),
        events: vec![format!("events.ndjson:{minute}")],
        because: None,
    }
}

fn host(name: &str, zone: Option<&str>, level: Option<f64>) -> HostSeen {
    HostSeen {
        name: name.to_owned(),
        is_asset: zone.is_some(),
        zone: zone.map(str::to_owned),
        level,
        first: "2026-11-26T21:00:00Z".to_owned(),
        ..HostSeen::default()
    }
}

fn hop(from: &str, to: &str, kind: &str, what: &str) -> Hop {
    Hop {
        from: from.to_owned(),
        to: to.to_owned(),
        kind: kind.to_owned(),
        what: what.to_owned(),
        first: "2026-11-26T21:00:00Z".to_owned(),
        last: "2026-11-26T21:02:00Z".to_owned(),
        confidence: 0.85,
        events: vec!["vpn.log:7".to_owned()],
        ..Hop::default()
    }
}

/// From outside over two hosts to a controller.
pub(super) fn story() -> Incident {
    let mut dumped = finding("Credential dump", [Some("ews-1"), None], 10);
    dumped.entities.insert(EntityKind::Account, vec!["mk".to_owned(), "admin".to_owned()]);
    dumped.entities.insert(EntityKind::Hash, vec!["d41d8cd98f00b204e9800998ecf8427e".to_owned()]);
    dumped.entities.insert(EntityKind::File, vec!["ews-1\\c:\\temp\\a.exe".to_owned()]);
    dumped.entities.insert(EntityKind::Process, vec!["{8a7b}".to_owned()]);
    dumped.entities.insert(EntityKind::Domain, vec!["files.example".to_owned()]);
    let mut stop = finding("Controller stopped", [Some("ews-1"), Some("plc-7")], 20);
    stop.operation = text("mode_stop");
    stop.level = Level::Critical;
    stop.count = 3;
    stop.tactics = vec!["inhibit-response-function".to_owned(), "impact".to_owned()];
    stop.techniques = vec!["T0858".to_owned()];
    stop.because = text("onward from the host that it reached as \"Credential dump\" at events.ndjson:10");
    let mut plc = host("plc-7", Some("cell-7"), Some(1.0));
    plc.role = text("controller");
    plc.criticality = text("critical");
    plc.owner = text("Shift");
    plc.addresses = vec!["10.1.7.2".to_owned()];
    let mut outside = host("203.0.113.50", None, None);
    outside.addresses = vec!["203.0.113.50".to_owned()];
    let mut vpn = hop("203.0.113.50", "ews-1", "logon", "vpn");
    vpn.account = text("mk");
    vpn.zones = Some(["outside".to_owned(), "operations".to_owned()]);
    vpn.alternatives = vec!["198.51.100.9".to_owned()];
    let mut stopped = hop("ews-1", "plc-7", "operation", "mode_stop");
    stopped.zones = Some(["operations".to_owned(), "cell-7".to_owned()]);
    stopped.levels = Some([3.0, 1.0]);
    stopped.conduit = text("engineering");
    let next = Reach {
        host: "plc-8".to_owned(),
        zone: text("cell-7"),
        level: Some(1.0),
        criticality: text("high"),
        from: vec!["ews-1".to_owned()],
    };
    let term = |name, points| Term { name, points, why: "a reason".to_owned() };
    Incident {
        id: "inc-1".to_owned(),
        title: "Controller stopped on plc-7".to_owned(),
        level: Level::Critical,
        first: dumped.first.clone(),
        last: stop.last.clone(),
        is_closed: false,
        score: Score {
            total: 70,
            likelihood: 78,
            consequence: 90,
            likelihood_terms: vec![term("level", 78)],
            consequence_terms: vec![term("criticality", 90)],
        },
        stages: vec![
            ("lateral-movement".to_owned(), vec!["T1021.001".to_owned()]),
            ("impact".to_owned(), vec!["T0858".to_owned()]),
        ],
        accounts: vec!["admin".to_owned(), "mk".to_owned()],
        hosts: vec![outside, host("ews-1", Some("operations"), Some(3.0)), plc],
        path: Path { hops: vec![vpn, stopped], confidence: 0.72, ..Path::default() },
        spread: Spread {
            reached: Vec::new(),
            next: vec![next],
            zones: BTreeMap::from([("operations".to_owned(), 1), ("cell-7".to_owned(), 1)]),
            lowest_level: Some(1.0),
        },
        findings: vec![dumped, stop],
        hints: vec!["call Shift, who answers for plc-7".to_owned()],
        merged: vec![("inc-2".to_owned(), "the same account".to_owned())],
        split: Vec::new(),
    }
}

/// The same when nothing found that the controller was stopped: the way ends before it, and what was done then is told beside it.
pub(super) fn unfound() -> Incident {
    let mut own = story();
    own.id = "inc-2".to_owned();
    own.findings.pop();
    own.path.onward = own.path.hops.pop();
    own
}

/// A finding without hosts, accounts or techniques, and nothing else.
pub(super) fn bare() -> Incident {
    let mut only = finding("Alone", [None, None], 1);
    (only.tactics, only.techniques, only.events) = (Vec::new(), Vec::new(), Vec::new());
    Incident {
        id: "inc-3".to_owned(),
        title: String::new(),
        level: Level::Medium,
        first: only.first.clone(),
        last: only.last.clone(),
        is_closed: true,
        score: Score::default(),
        stages: Vec::new(),
        accounts: Vec::new(),
        hosts: Vec::new(),
        path: Path { gap: text("how it came to nowhere was not seen"), ..Path::default() },
        spread: Spread::default(),
        findings: vec![only],
        hints: Vec::new(),
        merged: Vec::new(),
        split: Vec::new(),
    }
}

/// Text that tries to be something else; two hosts and an account of one name, and a very long one.
pub(super) fn hostile(long: usize) -> Incident {
    let name = "a\"b\\<script>alert('1')</script>&amp;\u{0}\u{1b}[31m\u{202e}\u{ffff}\r\n\t😀]]>-->";
    let long = "x".repeat(long);
    let mut found = finding(name, [Some(name), Some(&long)], 1);
    found.entities.insert(EntityKind::Account, vec![name.to_owned()]);
    found.entities.insert(EntityKind::Hash, vec![name.to_owned()]);
    found.tactics = vec![name.to_owned()];
    found.techniques = vec![name.to_owned()];
    found.events = vec![name.to_owned()];
    let mut own = bare();
    own.title = name.to_owned();
    own.accounts = vec![name.to_owned()];
    own.hosts = vec![host(name, Some(name), Some(2.0)), host(&long, Some("\\"), None)];
    own.path.hops = vec![hop(name, name, "logon", "console"), hop(name, &long, "flow", name)];
    own.stages = vec![(name.to_owned(), vec![name.to_owned()])];
    own.findings.push(found);
    own.id = name.to_owned();
    own
}

/// What a form gives for the story is written in a file; `UPDATE_EXPECT=1` writes it anew.
#[test]
fn forms_are_as_they_are_kept() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/incidents");
    for form in IncidentForm::ALL {
        for (name, all) in [("story", vec![story(), unfound(), bare()]), ("hostile", vec![hostile(300)])] {
            let written = form.write(&all).replace(env!("CARGO_PKG_VERSION"), "0.0.0");
            let path = folder.join(format!("{name}.{}", form.name()));
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &written).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(written == kept, "{} differs; UPDATE_EXPECT=1 writes it anew", path.display());
        }
    }
}

#[test]
fn nothing_is_written_as_well() {
    for form in IncidentForm::ALL {
        let (none, some) = (form.write(&[]), form.write(&[bare(), hostile(100_000)]));
        assert_eq!(some, form.write(&[bare(), hostile(100_000)]), "{}", form.name());
        assert!(none.len() < some.len(), "{}", form.name());
    }
}

/// Every node and value of the graph of hostile text is found again by a parser.
#[test]
fn hostile_text_stays_text() {
    let json: serde_json::Value = serde_json::from_str(&IncidentForm::JsonGraph.write(&[hostile(100_000)])).unwrap();
    let labels: Vec<_> = json["nodes"].as_array().unwrap().iter().map(|node| node["label"].as_str().unwrap()).collect();
    let name = hostile(1).id;
    assert_eq!(labels.len(), 3, "a host and an account of one name are two nodes");
    assert_eq!(labels.iter().filter(|label| **label == name).count(), 2);
    for line in IncidentForm::Ndjson.write(&[hostile(100_000), story()]).lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object());
    }
    let xml = IncidentForm::GraphMl.write(&[hostile(100_000)]);
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut depth, mut seen) = (0, Vec::new());
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(_) => depth += 1,
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Text(own) => seen.push(own.to_string()),
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    assert!(!xml.contains("<script") && !xml.contains('\u{0}') && !xml.contains('\u{1b}'), "{xml}");
    assert!(seen.iter().any(|own| own.contains("[31m")));
    let dot = IncidentForm::Dot.write(&[hostile(100_000)]);
    assert!(dot.lines().all(|line| !line.contains('\u{0}')) && dot.ends_with("}\n"));
}

pub(super) fn objects(form: IncidentForm, all: &[Incident]) -> Vec<serde_json::Value> {
    form.write(all).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn ocsf_says_what_the_incident_is() {
    let all = objects(IncidentForm::Ocsf, &[story(), bare()]);
    let (own, closed) = (&all[0], &all[1]);
    assert_eq!((&own["class_uid"], &own["type_uid"], &own["severity_id"]), (&2005.into(), &200_501.into(), &5.into()));
    assert_eq!((&own["start_time"], &own["time"]), (&1_795_727_400_000_i64.into(), &1_795_728_030_123_i64.into()));
    assert_eq!(
        (&own["impact"], &own["risk_level"], &own["confidence_score"]),
        (&"Critical".into(), &"High".into(), &78.into())
    );
    assert_eq!(own["assignee_group"]["name"], "Shift");
    assert_eq!(own["finding_info_list"].as_array().unwrap().len(), 2);
    assert_eq!(own["attacks"][0]["tactic"]["uid"], "TA0008");
    assert_eq!(own["attacks"][0]["sub_technique"]["uid"], "T1021.001");
    assert_eq!((&closed["activity_id"], &closed["status_id"]), (&3.into(), &5.into()));
    assert_eq!(closed["assignee_group"]["name"], "unassigned");
    let findings = objects(IncidentForm::OcsfDetections, &[story()]);
    assert_eq!(findings[1]["finding_info"]["uid"], own["finding_info_list"][1]["uid"], "a finding has one id");
    assert_eq!(findings[1]["metadata"]["correlation_uid"], "inc-1");
    assert_eq!(findings[1]["evidences"][0]["dst_endpoint"]["ip"], "10.1.7.2");
    assert_eq!(findings[1]["attacks"][1]["tactic"]["uid"], "TA0105", "the technique is one of ICS");
}

#[test]
fn ecs_has_a_document_for_each_finding() {
    let all = objects(IncidentForm::Ecs, &[story()]);
    let datasets: Vec<_> = all.iter().map(|own| own["event"]["dataset"].as_str().unwrap()).collect();
    assert_eq!(datasets, ["tieline.incident", "tieline.finding", "tieline.finding"]);
    assert_eq!(all[1]["threat"]["technique"]["id"][0], "T1021");
    assert_eq!(all[1]["threat"]["technique"]["subtechnique"]["id"][0], "T1021.001");
    assert_eq!((&all[2]["source"]["address"], &all[2]["destination"]["ip"]), (&"ews-1".into(), &"10.1.7.2".into()));
    assert_eq!(all[1]["tieline"]["incident"]["id"], all[0]["event"]["id"]);
}

#[test]
fn stix_refers_to_nothing_that_is_not_there() {
    for all in [vec![story(), bare()], vec![hostile(1_000)], Vec::new()] {
        let bundle: serde_json::Value = serde_json::from_str(&IncidentForm::Stix.write(&all)).unwrap();
        let objects = bundle["objects"].as_array().unwrap();
        let ids: std::collections::BTreeSet<&str> = objects.iter().map(|own| own["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), objects.len(), "each once");
        for (name, value) in objects.iter().flat_map(|own| own.as_object().unwrap()) {
            let one = value.as_str().filter(|_| name.ends_with("_ref"));
            let several = value.as_array().filter(|_| name.ends_with("_refs")).into_iter().flatten();
            for id in one.into_iter().chain(several.map(|id| id.as_str().unwrap())) {
                assert!(ids.contains(id), "{name} {id}");
            }
        }
    }
}

/// The flow begins outside, and what was found on a host follows from the hop that reached it.
#[test]
fn a_flow_follows_the_way() {
    let bundle: serde_json::Value = serde_json::from_str(&IncidentForm::Stix.write(&[story()])).unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    let by_id = |id: &serde_json::Value| objects.iter().find(|own| own["id"] == *id).unwrap();
    let flow = objects.iter().find(|own| own["type"] == "attack-flow").unwrap();
    assert_eq!(flow["start_refs"].as_array().unwrap().len(), 1);
    let vpn = by_id(&flow["start_refs"][0]);
    assert_eq!(vpn["name"], "vpn");
    let names: Vec<_> = vpn["effect_refs"].as_array().unwrap().iter().map(|id| by_id(id)["name"].clone()).collect();
    assert_eq!(names, ["Controller stopped", "Credential dump"]);
    let stopped = by_id(&vpn["effect_refs"][0]);
    assert_eq!((&stopped["technique_id"], &stopped["tactic_id"]), (&"T0858".into(), &"TA0107".into()));
    assert_eq!(by_id(&by_id(&stopped["asset_refs"][1])["object_ref"])["contact_information"], "Shift");
}

/// What the last host then did follows from the last hop, without a technique; it is where a flow without a way begins.
#[test]
fn a_flow_goes_on_to_what_no_finding_tells() {
    let flow_of =
        |own: Incident| -> serde_json::Value { serde_json::from_str(&IncidentForm::Stix.write(&[own])).unwrap() };
    let action = |bundle: &serde_json::Value, id: &serde_json::Value| {
        bundle["objects"].as_array().unwrap().iter().find(|own| own["id"] == *id).unwrap().clone()
    };
    let start = |bundle: &serde_json::Value| {
        let flow = bundle["objects"].as_array().unwrap().iter().find(|own| own["type"] == "attack-flow").unwrap();
        action(bundle, &flow["start_refs"][0])
    };
    let bundle = flow_of(unfound());
    let vpn = start(&bundle);
    let names: Vec<_> =
        vpn["effect_refs"].as_array().unwrap().iter().map(|id| action(&bundle, id)["name"].clone()).collect();
    assert_eq!((&vpn["name"], &names[..]), (&"vpn".into(), &["mode_stop".into(), "Credential dump".into()][..]));
    let stopped = action(&bundle, &vpn["effect_refs"][0]);
    assert!(stopped["technique_id"].is_null());
    assert!(stopped["description"].as_str().unwrap().contains("not among the findings"), "{stopped}");
    let mut alone = unfound();
    alone.path.hops.clear();
    assert_eq!(start(&flow_of(alone))["name"], "mode_stop");
}

#[test]
fn a_graph_has_an_edge_for_what_no_finding_tells() {
    let all = [unfound()];
    let graph = Graph::of(&all);
    let onward = graph.edges.iter().find(|edge| edge.kind.name() == "onward").unwrap();
    let ends = [onward.from, onward.to].map(|at| (graph.nodes[at].name, graph.nodes[at].is_on_path));
    assert_eq!(ends, [("ews-1", true), ("plc-7", false)]);
}

#[test]
fn a_graph_has_an_edge_for_what_leads_on() {
    let all = [story()];
    let graph = Graph::of(&all);
    let told: Vec<String> = graph
        .edges
        .iter()
        .map(|edge| {
            let name = |at: usize| graph.nodes[at].name;
            format!("{} {} {} {}", name(edge.from), edge.kind.name(), edge.label(), name(edge.to))
        })
        .collect();
    assert_eq!(
        told,
        [
            "203.0.113.50 path vpn as mk ews-1",
            "198.51.100.9 alternative vpn as mk ews-1",
            "ews-1 path mode_stop plc-7",
            "mk account account ews-1",
            "admin account account ews-1",
            "ews-1 finding Controller stopped ×3 plc-7",
            "ews-1 next next plc-8",
        ]
    );
}

#[test]
fn a_host_of_several_incidents_is_one_node() {
    let mut other = story();
    other.id = "inc-9".to_owned();
    let all = [story(), other];
    let (one, both) = (Graph::of(&all[..1]), Graph::of(&all));
    assert_eq!(one.nodes.len(), both.nodes.len());
    assert_eq!(one.edges.len() * 2, both.edges.len());
}

#[test]
fn what_is_behind_a_limit_is_counted() {
    let all = [story()];
    let graph = Graph::within(&all, 2, 1);
    assert_eq!((graph.nodes.len(), graph.edges.len()), (2, 1));
    assert!(graph.nodes_left_out > 0 && graph.edges_left_out > 0);
    let told = format!("{:?}", graph.values());
    assert!(told.contains("nodes_left_out") && told.contains("edges_left_out"), "{told}");
}
