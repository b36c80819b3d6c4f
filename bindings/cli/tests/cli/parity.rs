//! The cases of `bindings/parity` that are whole files: the command line gives what every language gives.

use crate::support::Room;
use serde_json::Value;
use std::path::Path;

/// Records of a kind, without what only the command line adds.
fn records(text: &str, kind: &str) -> Vec<Value> {
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let of_kind = |mut record: Value| match record.as_object_mut().unwrap().remove("record") {
        Some(own) if own != kind => None,
        _ => Some(record),
    };
    lines.filter_map(of_kind).collect()
}

fn list(answer: &Value) -> &[Value] {
    answer.as_array().unwrap()
}

/// Checks the answers of a case and says how many there were.
fn check(case: &Value) -> usize {
    let steps = case["steps"].as_array().unwrap();
    let room = Room::empty();
    let plant = steps[0].pointer("/options/context/0").and_then(Value::as_str);
    room.file("events.ndjson", steps[1]["text"].as_str().unwrap());
    plant.into_iter().for_each(|plant| room.file("plant.yml", plant));
    let with = if plant.is_some() { "--context plant.yml events.ndjson" } else { "events.ndjson" };
    let run = |command: String| room.run(&command).expect(0).out;
    let mut checked = 0;
    for step in steps {
        let (answer, name) = (&step["answer"], &case["name"]);
        match step["do"].as_str().unwrap() {
            "assets" => assert_eq!(records(&run(format!("assets {with}")), "asset"), list(answer), "{name}"),
            "compare" if step.get("context").is_none() => {
                assert_eq!(records(&run(format!("assets {with}")), "difference"), list(answer), "{name}");
            }
            "inventory" => {
                let form = step["form"].as_str().unwrap();
                assert_eq!(run(format!("assets --format {form} {with}")), answer.as_str().unwrap(), "{name}: {form}");
            }
            "take" if !list(answer).is_empty() => {
                assert_eq!(records(&run(format!("trust --all -o ndjson {with}")), ""), list(answer), "{name}");
            }
            "proposal" => assert_eq!(run(format!("learn {with}")), answer.as_str().unwrap(), "{name}"),
            _ => continue,
        }
        checked += 1;
    }
    checked
}

fn cases(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../parity").join(name);
    let suite: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    suite["cases"].as_array().unwrap().clone()
}

#[test]
fn incidents_are_those_of_every_language() {
    let mut checked = 0;
    for case in cases("incidents.json") {
        let steps = case["steps"].as_array().unwrap();
        let is_file = |step: &Value| step["name"] == "events.ndjson" && step["do"] == "learn_lines";
        // What is added comes from no file.
        let Some(events) = steps.iter().find(|step| is_file(step)) else { continue };
        if steps.iter().any(|step| step["do"] == "add") {
            continue;
        }
        let told = steps.iter().rfind(|step| step["do"] == "told").unwrap();
        let room = Room::empty();
        room.file("rules.yml", steps[0].pointer("/texts/0/1").and_then(Value::as_str).unwrap());
        room.file("events.ndjson", events["text"].as_str().unwrap());
        let plant = steps[1].pointer("/options/context/0").and_then(Value::as_str);
        plant.into_iter().for_each(|plant| room.file("plant.yml", plant));
        let with = if plant.is_some() { "--context plant.yml " } else { "" };
        let run = room.run(&format!("incidents --rules rules.yml -o ndjson {with}events.ndjson"));
        assert_eq!(records(&run.expect(0).out, ""), list(&told["answer"]), "{}", case["name"]);
        checked += 1;
    }
    assert!(checked >= 2, "{checked}");
}

#[test]
fn whole_files_give_what_every_language_gives() {
    let cases = cases("plant.json");
    let whole = cases.iter().filter(|case| case.pointer("/steps/1/name").is_some_and(|name| name == "events.ndjson"));
    let checked: usize = whole.map(check).sum();
    assert!(checked >= 9, "{checked}");
}
