//! Cases that follow from those of the core: conformance and correlations.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Name, what it is about, and cases without answers.
pub(crate) fn suites() -> [(&'static str, &'static str, Vec<Value>); 2] {
    [
        ("conformance", "What a Sigma rule means, case by case.", conformance()),
        (
            "correlations",
            "What a correlation means, timeline by timeline, forwards, in reverse, and interrupted.",
            timelines(),
        ),
    ]
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../core/tests/data").join(name)
}

#[derive(Deserialize)]
struct Suite {
    suite: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    detection: Option<String>,
    rules: Option<String>,
    #[serde(default)]
    r#match: Vec<String>,
    #[serde(default)]
    no_match: Vec<String>,
    #[serde(default)]
    match_ids: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    placeholders: BTreeMap<String, Vec<String>>,
    pipeline: Option<String>,
    timezone: Option<String>,
    time_unit: Option<String>,
    logsource: Option<Value>,
}

fn conformance() -> Vec<Value> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(data("conformance")).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yml"));
    files.sort();
    let suites = files.iter().map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        serde_saphyr::from_str::<Suite>(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    });
    suites.flat_map(|suite| suite.cases.into_iter().map(move |case| of_case(&suite.suite, case))).collect()
}

fn of_case(suite: &str, case: Case) -> Value {
    let yaml = case.rules.unwrap_or_else(|| {
        let detection: String = case.detection.unwrap().lines().map(|line| format!("  {line}\n")).collect();
        format!("title: case\nlogsource:\n  category: test\ndetection:\n{detection}")
    });
    let mut options = Map::new();
    let mut give = |name: &str, value: Value| drop(options.insert(name.to_owned(), value));
    give("source", json!("none"));
    give("strict", json!(false));
    case.pipeline.into_iter().for_each(|pipeline| give("pipelines", json!([pipeline])));
    case.timezone.into_iter().for_each(|zone| give("timezone", json!(zone)));
    case.time_unit.into_iter().for_each(|unit| give("time_unit", json!(unit)));
    if !case.placeholders.is_empty() {
        give("placeholders", json!(case.placeholders));
    }
    let asked = case.logsource.map_or(json!({}), |source| json!({ "logsource": source }));
    let mut steps = vec![json!({"do": "compile", "texts": [["case.yml", yaml]], "options": options})];
    for event in case.r#match.iter().chain(&case.no_match).chain(case.match_ids.keys()) {
        steps.push(json!({"do": "scan", "event": event, "options": asked}));
    }
    json!({"name": format!("{suite}: {}", case.name), "steps": steps})
}

#[derive(Deserialize)]
struct Timeline {
    name: String,
    rules: String,
    lines: Vec<String>,
}

fn timelines() -> Vec<Value> {
    let text = std::fs::read_to_string(data("correlation/meaning.yml")).unwrap();
    let cases: Vec<Timeline> = serde_saphyr::from_str(&text).unwrap();
    cases.iter().flat_map(|case| [of_timeline(case, Order::Forwards), of_timeline(case, Order::Reverse)]).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Forwards,
    Reverse,
}

fn of_timeline(case: &Timeline, order: Order) -> Value {
    let names: BTreeSet<&str> = case.lines.iter().flat_map(|line| line.split(' ').nth(1).unwrap().split(',')).collect();
    let mut yaml = case.rules.clone();
    for name in names {
        let detection = format!("detection: {{s: {{rules: {name}}}, condition: s}}");
        yaml += &format!("\n---\ntitle: {name}\nname: {name}\nlogsource: {{category: c}}\n{detection}\n");
    }
    let mut events: Vec<(i64, Value)> = case.lines.iter().map(|line| event(line)).collect();
    events.sort_by_key(|(second, _)| *second);
    let span = events.last().unwrap().0 - events[0].0;
    if order == Order::Reverse {
        events.reverse();
    }
    let lateness = if order == Order::Reverse { span } else { 0 };
    let mut steps = vec![
        json!({"do": "compile", "texts": [["case.yml", yaml]], "options": {"source": "none"}}),
        json!({"do": "stream", "settings": {"lateness": lateness}}),
    ];
    let half = events.len() / 2;
    for (at, (second, event)) in events.into_iter().enumerate() {
        if at == half {
            steps.push(json!({"do": "save"}));
            steps.push(json!({"do": "stream", "settings": {"lateness": lateness}}));
            steps.push(json!({"do": "restore"}));
        }
        steps.push(json!({"do": "push", "event": event.to_string(), "time_ns": format!("{second}000000000")}));
    }
    steps.push(json!({"do": "flush"}));
    let how = if order == Order::Reverse { "in reverse" } else { "forwards" };
    json!({"name": format!("{}, {how}", case.name), "steps": steps})
}

/// An event that names the rules it matches.
fn event(line: &str) -> (i64, Value) {
    let mut words = line.split(' ');
    let second = words.next().unwrap().parse().unwrap();
    let rules: Vec<&str> = words.next().unwrap().split(',').collect();
    let mut event = json!({ "rules": rules });
    for (field, value) in words.map(|word| word.split_once('=').unwrap()) {
        event[field] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    }
    (second, event)
}
