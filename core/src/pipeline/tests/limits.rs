//! Limits that pipelines reach, and the shipped pipelines. What is said about each fault of a pipeline is data,
//! in `core/tests/data/pipelines/faults.yml`.

use super::faults;
use crate::config::Limits;

#[test]
fn pipelines_have_limits() {
    let limits = Limits { pipeline_items_max: 2, pipeline_depth_max: 3, ..Limits::DEFAULT };
    let step = "  - {type: field_name_prefix, prefix: a}\n";
    let found = faults(&format!("transformations:\n{}", step.repeat(3)), &limits);
    assert_eq!(found, ["TL0066 4: more than 2 transformations"]);
    let mut nested = "{type: field_name_prefix, prefix: a}".to_owned();
    for _ in 0..4 {
        nested = format!("{{type: nest, items: [{nested}]}}");
    }
    let limits = Limits { pipeline_depth_max: 3, ..Limits::DEFAULT };
    let found = faults(&format!("transformations: [{nested}]"), &limits);
    assert_eq!(found, ["TL0066 1: nested deeper than 3"]);
}

#[test]
fn rules_may_not_grow_without_end() {
    use super::{pipelines, rule};
    use crate::check::Placeholders;
    use crate::pipeline::Mapped;
    let told = |pipeline: &str, limits: &Limits, text: &str| match pipelines(pipeline)
        .apply(rule(text), limits, &Placeholders::new())
        .mapped
    {
        Mapped::Refused(fault) => fault.to_string(),
        other => format!("{other:?}"),
    };
    let head = "title: t\nlogsource: {product: windows}\ndetection:\n    condition: sel\n    sel: ";
    let double =
        "  - {type: alternatives, alternatives: [{id: a, transformations: []}, {id: b, transformations: []}]}\n";
    let found = told(&format!("transformations:\n{}", double.repeat(40)), &Limits::DEFAULT, &format!("{head}{{a: 1}}"));
    assert!(found.contains("TL0066") && found.contains("more than 64 branches"), "{found}");
    let limits = Limits { rule_values_max: 4, ..Limits::DEFAULT };
    let spread = "transformations:\n  - {type: field_name_mapping, mapping: {a: [b, c, d, e, f]}}\n";
    let found = told(spread, &limits, &format!("{head}{{a: 1}}"));
    assert!(found.contains("TL0066") && found.contains("more than 4 values"), "{found}");
    let again = format!("transformations:\n{}", "  - {type: field_name_mapping, mapping: {a: [a, a]}}\n".repeat(60));
    let found = told(&again, &limits, &format!("{head}{{a: 1}}"));
    assert!(found.contains("TL0066") && found.contains("more than 4 values"), "{found}");
    let found = told(&again, &limits, &format!("fields: [a]\n{head}{{b|fieldref: a}}"));
    assert!(found.contains("TL0066") && found.contains("too many names"), "{found}");
    let wider =
        format!("transformations:\n{}", "  - {type: field_name_prefix_mapping, mapping: {'': [x, y]}}\n".repeat(60));
    let found = told(&wider, &limits, &format!("fields: [a]\n{head}[keyword]"));
    assert!(found.contains("TL0066") && found.contains("more than 4 values"), "{found}");
    let vars = "vars: {p: [1, 2, 3]}\ntransformations:\n  - {type: value_placeholders}\n";
    let found = told(vars, &limits, &format!("{head}{{a|expand: '%p%%p%'}}"));
    assert!(found.contains("TL0066") && found.contains("placeholders make more than 4 values"), "{found}");
    let dashes = "transformations:\n  - {type: replace_string, regex: x, replacement: y}\n";
    let found = told(dashes, &Limits::DEFAULT, &format!("{head}{{a|windash: '-a -b -c -d -x'}}"));
    assert!(found.contains("TL0066") && found.contains("too many `windash` places"), "{found}");
}

#[test]
fn shipped_pipelines_read_without_a_word() {
    for (name, yaml) in tieline_rules::pipelines() {
        assert_eq!(faults(yaml, &Limits::DEFAULT), Vec::<String>::new(), "{name}");
        let pipelines = super::pipelines(yaml);
        assert_eq!(pipelines.source().map(|source| source.name.as_str()), Some(*name));
    }
}

#[test]
fn sources_know_their_events_by_sight() {
    let known = |event: &str| -> Vec<&str> {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        let mut lookup = |path: &str| {
            let found = event.get(path).or_else(|| event.pointer(&format!("/{}", path.replace('.', "/"))))?;
            Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
        };
        let sources = tieline_rules::pipelines().iter();
        let known = sources.filter(|(_, yaml)| super::pipelines(yaml).source().unwrap().recognises(&mut lookup));
        known.map(|(name, _)| *name).collect()
    };
    for (event, names) in [
        (r#"{"Event":{"System":{"EventID":1,"Channel":"Security"}}}"#, vec!["windows-evtx"]),
        (
            r#"{"Event":{"System":{"EventID":1,"Channel":"Linux-Sysmon/Operational"}}}"#,
            vec!["sysmon-linux", "windows-evtx"],
        ),
        (r#"{"winlog":{"event_id":1,"channel":"Security"}}"#, vec!["winlogbeat"]),
        (r#"{"event_id":1,"log_name":"Security"}"#, vec!["winlogbeat-6"]),
        (r#"{"EventID":1,"Channel":"security"}"#, vec!["windows"]),
        (r#"{"EventID":1,"UtcTime":"x","ProcessGuid":"{1}"}"#, vec!["sysmon"]),
        (r#"{"EventID":1,"Channel":"Linux-Sysmon/Operational"}"#, vec!["sysmon-linux", "windows"]),
        (r#"{"_path":"dns","ts":1.5,"uid":"C"}"#, vec!["zeek"]),
        (r#"{"uid":"C","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2"}"#, vec!["zeek"]),
        (r#"{"event_type":"flow","src_ip":"10.0.0.1","dest_ip":"10.0.0.2"}"#, vec!["suricata"]),
        (r#"{"type":"EXECVE","msg":"audit(1:2)","a0":"dd"}"#, vec!["linux-auditd"]),
        (r#"{"message":"hello"}"#, vec![]),
    ] {
        assert_eq!(known(event), names, "{event}");
    }
}
