//! The regression cases of a rule repository: a recorded event log for each rule, as `evtx_dump` writes it,
//! on which the rule must fire exactly as often as the project says, in each shape that has a pipeline.
//!
//! They need the corpus; without it they say so and pass.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod common;

use common::{corpus, rule_files};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use tieline::{Compiler, JsonEvent, Rules, Scanner, SourceInfo};

/// Cases whose log holds more matching events than the project writes down; its own runner takes a count for
/// a minimum, and a surplus for a warning. How often the rule fires by its text, event by event, was counted by
/// hand. No reading of the rules gives the count written down: the events of a case differ only in the value
/// that its list of alternatives is about, so a reading under which one of them counts makes the others count.
const MORE_IN_THE_LOG: &[(&str, usize)] = &[
    // Three files named as in the list; three more are their `:Zone.Identifier` streams, which do not count.
    ("file_event_win_cred_dump_tools_dropped_files.yml", 3),
    // The value is set for `https`, `http` and `*`.
    ("registry_set_change_security_zones.yml", 3),
    // Both `AutoShareServer` and `AutoShareWks` are set to zero.
    ("registry_set_disable_administrative_share.yml", 2),
];

fn pipeline(name: &str) -> &'static str {
    tieline_rules::pipeline(name).unwrap()
}

/// One rule fitted by a pipeline; why not, when it is left out.
fn fitted(path: &Path, pipeline: &str) -> Result<Rules, String> {
    let text = std::fs::read_to_string(path).unwrap();
    let rules = Compiler::new().rules(path.to_str(), text).pipeline(None, pipeline).build().unwrap();
    match rules.len() {
        1 => Ok(rules),
        _ => Err(rules.diagnostics().iter().map(|told| format!("{told}\n")).collect()),
    }
}

/// The recorded events in the shape that a pipeline is for.
type Shape = fn(&Value) -> Value;

#[test]
fn every_regression_case_fires_as_often_as_it_should() {
    fn as_recorded(event: &Value) -> Value {
        event.clone()
    }
    check("windows-evtx", as_recorded, None);
}

#[test]
fn regression_cases_fire_as_often_in_every_other_shape() {
    check("windows", |event| joined(&[("", values(event)), ("", system(event, SIGMA))]), None);
    check("windows", |event| joined(&[("", values(event)), ("", system(event, NXLOG))]), None);
    check("winlogbeat-6", |event| joined(&[("event_data", values(event)), ("", system(event, BEAT_6))]), None);
    let beat_8: Shape = |event| {
        let inner = joined(&[("event_data", values(event)), ("", system(event, BEAT_8))]);
        joined(&[("winlog", inner)])
    };
    check("winlogbeat", beat_8, None);
    check("sysmon", |event| joined(&[("", values(event)), ("", system(event, &["EventID"]))]), Some("Sysmon"));
}

/// What the channel, the event id, the provider and the computer are called, in this order.
const SIGMA: &[&str] = &["EventID", "Channel", "Provider_Name", "Computer"];
const NXLOG: &[&str] = &["EventID", "Channel", "SourceName", "Hostname"];
const BEAT_6: &[&str] = &["event_id", "log_name", "source_name", "computer_name"];
const BEAT_8: &[&str] = &["event_id", "channel", "provider_name", "computer_name"];

fn system(event: &Value, names: &[&str]) -> Value {
    let paths = ["/EventID", "/Channel", "/Provider/#attributes/Name", "/Computer"];
    let part = |path: &str| event.pointer(&format!("/Event/System{path}")).cloned().unwrap_or_default();
    names.iter().zip(paths).map(|(name, path)| ((*name).to_owned(), part(path))).collect()
}

/// What the event itself says, wherever its log puts it.
fn values(event: &Value) -> Value {
    let data = event.pointer("/Event/EventData").filter(|data| data.is_object()).cloned();
    let user = event.pointer("/Event/UserData").and_then(Value::as_object).and_then(|user| user.values().next());
    data.or_else(|| user.cloned()).unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

fn joined(parts: &[(&str, Value)]) -> Value {
    let mut whole = serde_json::Map::new();
    for (name, part) in parts {
        match part {
            Value::Object(entries) if name.is_empty() => whole.extend(entries.clone()),
            part => drop(whole.insert((*name).to_owned(), part.clone())),
        }
    }
    Value::Object(whole)
}

/// Runs every case, or those of one provider, with a pipeline over events brought into its shape.
fn check(name: &str, shape: Shape, provider: Option<&str>) {
    let Some(folder) = corpus("sigmahq") else { return };
    let mut wrong = Vec::new();
    let mut cases = 0;
    each_case(&folder, &mut |path, _, wanted, log| {
        if provider.is_some_and(|provider| !log.lines().next().is_some_and(|line| line.contains(provider))) {
            return;
        }
        cases += 1;
        let count = match fitted(&folder.join(path), pipeline(name)) {
            Ok(rules) => fires(&rules, log, shape),
            Err(reason) => {
                wrong.push(format!("{path}: {reason}"));
                return;
            }
        };
        if !wanted.map_or(count > 0, |wanted| count == wanted) {
            wrong.push(format!("{path}: fires {count} times instead of {wanted:?}"));
        }
    });
    println!("{name}: {cases} cases, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{name}\n{}", wrong.join("\n"));
    assert!(cases > 100, "only {cases} cases");
}

/// Looks at one case: path and id of the rule, how often it is to fire (`None`: at least once), the log.
type EachCase<'a> = &'a mut dyn FnMut(&str, &str, Option<usize>, &str);

/// Calls `each` with every case that has a log and returns how many there are.
fn each_case(folder: &Path, each: EachCase<'_>) -> usize {
    let manifest = std::fs::read_to_string(folder.join("regression_manifest.tsv")).unwrap();
    let mut cases = 0;
    for line in manifest.lines().skip(1) {
        let column: Vec<&str> = line.split('\t').collect();
        let (id, path, wanted) = (column[0], column[1], column[5].parse().ok());
        let log = folder.join(column[3].replace(".ndjson", ".evtx.ndjson"));
        let Ok(log) = std::fs::read_to_string(log) else { continue };
        let more = MORE_IN_THE_LOG.iter().find(|(name, _)| path.ends_with(name)).map(|(_, count)| *count);
        each(path, id, more.or(wanted), log.trim());
        cases += 1;
    }
    cases
}

/// How many events of a log the rule fires on; engine and reference must agree on each.
fn fires(rules: &Rules, log: &str, shape: Shape) -> usize {
    let mut scanner = Scanner::new(rules);
    let mut count = 0;
    for line in log.lines().filter(|line| !line.trim().is_empty()) {
        let event = shape(&serde_json::from_str(line).unwrap()).to_string();
        let fired = scanner.scan_json(event.as_bytes()).unwrap().count() > 0;
        let reference = rules.reference_matches(0, &JsonEvent::parse(event.as_bytes()).unwrap());
        assert_eq!(fired, reference, "{event}");
        count += usize::from(fired);
    }
    count
}

/// With all rules loaded and the source found by the events themselves, as a scan does it.
#[test]
fn regression_cases_fire_as_often_among_all_rules() {
    let Some(folder) = corpus("sigmahq") else { return };
    let sources: Vec<(&str, SourceInfo)> =
        tieline_rules::pipelines().iter().map(|(name, yaml)| (*name, SourceInfo::of_pipeline(yaml).unwrap())).collect();
    let rules = common::live_rules(&folder).pipeline(None, pipeline("windows-evtx")).build().unwrap();
    let mut scanner = Scanner::new(&rules);
    let mut wrong = Vec::new();
    let cases = each_case(&folder, &mut |path, id, wanted, log| {
        let mut count = 0;
        for line in log.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let mut lookup = |path: &str| {
                let found = event.pointer(&format!("/{}", path.replace('.', "/"))).filter(|found| !found.is_null())?;
                Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
            };
            let source = sources.iter().find(|(_, source)| source.recognises(&mut lookup));
            assert_eq!(source.map(|(name, _)| *name), Some("windows-evtx"), "{line}");
            let found = scanner.scan_json(line.as_bytes()).unwrap();
            count += found.filter(|found| found.rule().metadata().identity() == id).count();
        }
        if !wanted.map_or(count > 0, |wanted| count == wanted) {
            wrong.push(format!("{path}: fires {count} times instead of {wanted:?}"));
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases > 100, "only {cases} cases");
}

/// Every rule of the repository is fitted by every shipped pipeline or goes elsewhere; none is refused.
#[test]
fn shipped_pipelines_refuse_no_rule() {
    let Some(folder) = corpus("sigmahq") else { return };
    // Rules with placeholders need lists, which is another matter.
    let parts = common::LIVE.iter().filter(|part| **part != "rules-placeholder");
    let files = parts.flat_map(|part| rule_files(&folder.join(part)));
    let texts: Vec<String> = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let build = |compiler: Compiler| {
        texts.iter().fold(compiler, |compiler, text| compiler.rules(None, text.as_str())).build().unwrap()
    };
    let plain = build(Compiler::new());
    let before: BTreeSet<String> = plain.diagnostics().iter().map(ToString::to_string).collect();
    for (name, yaml) in tieline_rules::pipelines() {
        let rules = build(Compiler::new().pipeline(Some(name), *yaml));
        let new: Vec<String> =
            rules.diagnostics().iter().map(ToString::to_string).filter(|told| !before.contains(told)).collect();
        println!("{name}: {} of {} rules", rules.len(), plain.len());
        assert!(new.is_empty(), "{name}\n{}", new.join("\n"));
        assert!(rules.len() > 50, "{name}: {} rules", rules.len());
    }
}

/// Every log source of Windows that the repository's rules name becomes a channel or a provider.
#[test]
fn every_windows_log_source_is_known() {
    let Some(folder) = corpus("sigmahq") else { return };
    let (mut known, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    let files = common::LIVE.iter().flat_map(|part| rule_files(&folder.join(part)));
    for path in files.filter(|path| path.to_string_lossy().contains("windows")) {
        let Ok(rules) = fitted(&path, pipeline("windows")) else { continue };
        let rule = rules.rule(0);
        let source = rule.logsource();
        if source.category.is_none() && source.service.is_none() {
            continue;
        }
        let shown = rule.show();
        let added =
            shown.split("_added_").skip(1).any(|part| part.contains("Channel:") || part.contains("Provider_Name:"));
        let list = if added { &mut known } else { &mut unknown };
        list.insert(source.to_string());
    }
    assert!(known.len() > 60, "only {} log sources", known.len());
    assert!(unknown.is_empty(), "{unknown:#?}");
}
