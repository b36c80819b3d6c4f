//! What packs cover on made-up events.

use super::*;
use crate::load::{RuleOptions, RulePack, with_taxonomy};
use crate::source::SourceChoice;
use tieline::{Compiler, Normaliser};

fn rule(title: &str, tag: &str, logsource: &str, detection: &str) -> (String, String) {
    let text = format!(
        "title: {title}\nlevel: high\ntags: [attack.{tag}]\nlogsource: {{{logsource}}}\ndetection:\n  s: {{{detection}}}\n  condition: s\n"
    );
    (format!("packs/{}/{title}.yml", if logsource.contains("zeek") { "net" } else { "other" }), text)
}

fn rules() -> Vec<(String, String)> {
    vec![
        rule("dns", "t0885", "product: zeek, service: dns", "query|endswith: '.x'"),
        rule("conn", "t1692.001", "product: zeek, service: conn", "orig_bytes|gt: 5"),
        rule("http", "t1071.001", "product: zeek, service: http", "uri: '/x'"),
        rule("stop", "ics.t0858", "category: ot_operation", "ot.operation: mode_stop"),
        rule("s7", "t0843", "category: ot_operation", "ot.protocol: s7comm, ot.operation: program_download"),
        rule("logon", "t1078", "product: windows, service: security", "EventID: 4624"),
    ]
}

const DNS: &str = r#"{"_path":"dns","ts":1795422946.0,"uid":"C1","query":"a.x"}"#;
const CONN: &str = r#"{"_path":"conn","ts":1795422947.0,"uid":"C2","id.resp_p":2404,"proto":"tcp","orig_bytes":7}"#;
const HTTP: &str = r#"{"_path":"http","ts":1795422948.0,"uid":"C3","uri":"/"}"#;
const MODBUS: &str = r#"{"_path":"modbus_detailed","ts":1795422949.0,"uid":"C4","id.resp_p":502,"proto":"tcp","source_h":"10.0.0.1","destination_h":"10.0.0.2","func":"WRITE_SINGLE_REGISTER","request_response":"REQUEST","address":3,"unit":1}"#;
const LOGON: &str = r#"{"Channel":"Security","EventID":4624,"Provider_Name":"x","UtcTime":"2026-11-23 08:35:46"}"#;

fn seen(rules: Vec<(String, String)>, events: &[&str]) -> Coverage {
    seen_in(rules, events, &[])
}

fn seen_in(rules: Vec<(String, String)>, events: &[&str], context: &[&str]) -> Coverage {
    let pack = RulePack::from_texts(rules);
    let context = context.iter().map(|text| (*text).to_owned()).collect();
    let plan = Plan::new(pack, RuleOptions { context, ..RuleOptions::default() }, &[], &SourceChoice::Auto).unwrap();
    plan.compile(plan.as_is()).unwrap();
    assert!(plan.sources().all(|id| plan.compile(id).is_ok()));
    let compiler = with_taxonomy(Compiler::new(), &[]);
    let normaliser = match plan.context() {
        Some(context) => Normaliser::in_context(compiler, context),
        None => Normaliser::new(compiler),
    };
    let mut observer = Observer::new(&plan, normaliser.unwrap());
    for (at, event) in events.iter().enumerate() {
        let _ = observer.push(event.as_bytes(), "e", at as u64 + 1);
    }
    coverage(&plan, &["packs/net".into(), "packs".into()], Some(&observer))
}

fn blind(report: &Coverage) -> Vec<(String, String)> {
    let why = |missing: &Missing| {
        format!("{:?} {} {}", missing.kind, missing.field.as_deref().unwrap_or(""), missing.values.join("|"))
    };
    let rows = &report.data.as_ref().unwrap().blind;
    rows.iter().map(|rule| (rule.title.clone(), rule.missing.iter().map(why).collect::<Vec<_>>().join(", "))).collect()
}

#[test]
fn a_log_that_is_taken_away_is_the_one_that_is_missing() {
    let all = [DNS, CONN, HTTP, MODBUS, LOGON];
    let s7 = ("s7".to_owned(), "Log ot.protocol s7comm".to_owned());
    assert_eq!(blind(&seen(rules(), &all)), std::slice::from_ref(&s7));
    for (event, title, missing) in [
        (DNS, "dns", "Log _path dns"),
        (CONN, "conn", "Log _path conn"),
        (HTTP, "http", "Log _path http"),
        (LOGON, "logon", "Source  windows/security"),
    ] {
        let left: Vec<&str> = all.into_iter().filter(|own| *own != event).collect();
        let mut found = blind(&seen(rules(), &left));
        found.retain(|row| *row != s7);
        assert_eq!(found, [(title.to_owned(), missing.to_owned())]);
    }
    let left = [DNS, CONN, HTTP, LOGON];
    let found = blind(&seen(rules(), &left));
    assert_eq!(found.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(), ["stop", "s7"], "{found:?}");
}

#[test]
fn a_field_that_never_occurs_is_named() {
    let conn = CONN.replace("orig_bytes", "other");
    let found = blind(&seen(rules(), &[DNS, &conn, HTTP, MODBUS, LOGON]));
    assert_eq!(found[0], ("conn".to_owned(), "Field orig_bytes ".to_owned()));
}

#[test]
fn of_several_ways_to_match_the_one_for_a_log_that_is_there_is_told() {
    let (id, text) = rule("reserve", "t0885", "category: ot_operation", "ot.protocol: modbus, ot.subcode: 16");
    let text = text.replace("condition: s", "other: {ot.protocol: cip}\n  condition: s or other");
    let rules = vec![(id, text)];
    assert_eq!(blind(&seen(rules.clone(), &[MODBUS])), [("reserve".to_owned(), "Field ot.subcode ".to_owned())]);
    let (title, missing) = &blind(&seen(rules, &[DNS]))[0];
    assert_eq!((title.as_str(), missing.as_str()), ("reserve", "Log ot.protocol modbus"));
}

#[test]
fn a_plant_has_fields_and_zones_without_a_sensor() {
    let plant = "zones:\n  - {name: cell, networks: [10.0.0.2/32]}\n  - {name: dark, networks: [10.9.0.0/16]}\n";
    let rules = || vec![rule("denied", "t0885", "category: ot_operation", "flow.allowed: false")];
    let events = [MODBUS, DNS];
    assert_eq!(blind(&seen(rules(), &events)), [("denied".to_owned(), "Field flow.allowed ".to_owned())]);
    let report = seen_in(rules(), &events, &[plant]);
    assert!(blind(&report).is_empty());
    let data = report.data.as_ref().unwrap();
    assert_eq!(data.zones_unseen, ["dark"]);
    assert_eq!(data.operations.len(), 1);
}

#[test]
fn a_field_that_is_null_may_be_what_a_rule_asks_for() {
    let rules = vec![rule("null", "t0885", "product: zeek, service: dns", "query|exists: true")];
    assert!(blind(&seen(rules, &[r#"{"_path":"dns","uid":"C1","query":null}"#])).is_empty());
}

#[test]
fn techniques_have_rules_packs_and_levels() {
    let report = seen(rules(), &[DNS, CONN, MODBUS, "{\"x\":1}", "{broken"]);
    let technique = |id: &str| report.ics.iter().find(|technique| technique.id == id).unwrap();
    let command = technique("T0855");
    assert_eq!((command.rules.len(), command.here, command.v19), (1, Some(1), Some("T1692.001")));
    assert_eq!(command.packs.keys().collect::<Vec<_>>(), ["packs/net"]);
    assert_eq!(technique("T0843").here, Some(0));
    assert!(technique("T0880").rules.is_empty() && technique("T0880").shows == Some(Shows::Nowhere));
    assert_eq!(report.enterprise.iter().map(|technique| &*technique.id).collect::<Vec<_>>(), ["T1071.001", "T1078"]);
    assert_eq!(report.ics_tactics.len(), 12);
    let data = report.data.as_ref().unwrap();
    assert_eq!((data.all.events, data.unreadable, data.unrecognised.events), (4, 1, 1));
    assert_eq!(data.unrecognised_at, [PlaceSeen { file: "e".to_owned(), line: 4 }]);
    assert_eq!(
        data.operations.iter().map(|row| (&*row.sensor, &*row.protocol)).collect::<Vec<_>>(),
        [("zeek", "modbus")]
    );
    assert_eq!(data.not_decoded.iter().map(|row| (&*row.protocol, row.port)).collect::<Vec<_>>(), [("iec104", 2404)]);
    let dns = data.logs.iter().find(|log| log.log == "dns").unwrap();
    assert_eq!((dns.count.events, dns.fields["query"]), (1, 1));
    assert_eq!(dns.count.first.as_deref(), Some("2026-11-23T08:35:46Z"));
}

#[test]
fn correlations_hold_when_the_rules_they_need_can_fire() {
    let correlation = |kind: &str| {
        let text = format!(
            "title: both\ntags: [attack.t0886]\ncorrelation:\n  type: {kind}\n  rules: [one, two]\n  timespan: 1m\n{}",
            if kind == "event_count" { "  condition: {gte: 2}\n" } else { "" }
        );
        let named = |name: &str, rule: (String, String)| (rule.0, format!("name: {name}\n{}", rule.1));
        let mut rules: Vec<_> = rules().into_iter().take(3).collect();
        rules[0] = named("one", rules[0].clone());
        rules[2] = named("two", rules[2].clone());
        rules.push(("packs/both.yml".to_owned(), text));
        let report = seen(rules, &[DNS]);
        report.ics.iter().find(|technique| technique.id == "T0886").unwrap().here
    };
    assert_eq!(correlation("temporal"), Some(0));
    assert_eq!(correlation("event_count"), Some(1));
}

/// The fields of a layer in format 4.5 and no others, each of its type.
fn check_layer(layer: &serde_json::Value, domain: &str) {
    fn check(object: &serde_json::Value, fields: &[(&str, &str, bool)]) {
        let object = object.as_object().unwrap();
        for (name, value) in object {
            let (_, kind, _) = fields.iter().find(|(known, ..)| known == name).unwrap_or_else(|| panic!("{name}"));
            let is_right = match *kind {
                "text" => value.is_string(),
                "number" => value.is_number(),
                "bool" => value.is_boolean(),
                "object" => value.is_object(),
                _ => value.is_array(),
            };
            assert!(is_right, "{name}: {value}");
        }
        fields
            .iter()
            .filter(|(.., needed)| *needed)
            .for_each(|(name, ..)| assert!(object.contains_key(*name), "{name}"));
    }
    let metadata = |list: &serde_json::Value| {
        for row in list.as_array().unwrap() {
            check(row, &[("name", "text", true), ("value", "text", true)]);
            assert!(!row["value"].as_str().unwrap().is_empty());
        }
    };
    check(
        layer,
        &[
            ("name", "text", true),
            ("versions", "object", true),
            ("domain", "text", true),
            ("description", "text", false),
            ("sorting", "number", false),
            ("layout", "object", false),
            ("hideDisabled", "bool", false),
            ("techniques", "list", true),
            ("gradient", "object", true),
            ("legendItems", "list", false),
            ("metadata", "list", false),
        ],
    );
    assert_eq!(layer["domain"], domain);
    check(&layer["versions"], &[("attack", "text", true), ("navigator", "text", true), ("layer", "text", true)]);
    assert_eq!((&layer["versions"]["layer"], &layer["versions"]["attack"]), (&"4.5".into(), &"18".into()));
    assert!((0..=3).contains(&layer["sorting"].as_i64().unwrap()));
    check(
        &layer["layout"],
        &[
            ("layout", "text", false),
            ("showID", "bool", false),
            ("showName", "bool", false),
            ("expandedSubtechniques", "text", false),
        ],
    );
    check(&layer["gradient"], &[("colors", "list", true), ("minValue", "number", true), ("maxValue", "number", true)]);
    let bound = |name: &str| layer["gradient"][name].as_u64().unwrap();
    assert!(bound("maxValue") > bound("minValue") && layer["gradient"]["colors"].as_array().unwrap().len() >= 2);
    for item in layer["legendItems"].as_array().unwrap() {
        check(item, &[("label", "text", true), ("color", "text", true)]);
    }
    metadata(&layer["metadata"]);
    let mut ids = BTreeSet::new();
    for technique in layer["techniques"].as_array().unwrap() {
        check(
            technique,
            &[
                ("techniqueID", "text", true),
                ("score", "number", false),
                ("comment", "text", false),
                ("enabled", "bool", false),
                ("metadata", "list", false),
            ],
        );
        let id = technique["techniqueID"].as_str().unwrap();
        assert!(attack::meant(&format!("attack.{id}")).is_some() && ids.insert(id), "{id}");
        assert!(technique["score"].as_u64().is_none_or(|score| score <= bound("maxValue")));
        technique.get("metadata").iter().for_each(|list| metadata(list));
    }
}

#[test]
fn layers_have_the_form_of_the_navigator() {
    let report = seen(rules(), &[DNS, CONN, MODBUS]);
    let ics = layer(&report, Domain::Ics);
    check_layer(&ics, "ics-attack");
    assert_eq!(ics["techniques"].as_array().unwrap().len(), 83);
    let technique =
        |id: &str| ics["techniques"].as_array().unwrap().iter().find(|row| row["techniqueID"] == id).unwrap();
    assert_eq!((&technique("T0855")["score"], &technique("T0855")["comment"]), (&1.into(), &"conn".into()));
    assert_eq!(
        (&technique("T0843")["score"], &technique("T0843")["comment"]),
        (&0.into(), &"s7 (not on these events)".into())
    );
    assert!(technique("T0880").get("score").is_none());
    assert!(technique("T0880")["comment"].as_str().unwrap().starts_with("no rule; not observable"));
    let enterprise = layer(&report, Domain::Enterprise);
    check_layer(&enterprise, "enterprise-attack");
    assert_eq!(enterprise["techniques"].as_array().unwrap().len(), 2);
    check_layer(&layer(&seen(Vec::new(), &[]), Domain::Enterprise), "enterprise-attack");
}

#[test]
fn kinds_beyond_the_bound_are_taken_to_have_everything() {
    let events: Vec<String> = (0..=KINDS_MAX).map(|number| format!(r#"{{"_path":"log{number}","uid":"C"}}"#)).collect();
    let report = seen(rules(), &events.iter().map(String::as_str).collect::<Vec<_>>());
    let data = report.data.as_ref().unwrap();
    assert_eq!((data.logs.len(), data.further), (KINDS_MAX, 1));
    assert_eq!(blind(&report).iter().map(|(title, _)| &**title).collect::<Vec<_>>(), ["logon"]);
}
