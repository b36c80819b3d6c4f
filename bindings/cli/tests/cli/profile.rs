//! `scan --profile`: tables for people on standard error, everything as JSON in a file.

use crate::support::Room;

const SHAPE: &str = "\
title: Numbers In A Command
logsource: {category: process_creation, product: windows}
detection:
    selection:
        Image|endswith: '\\cmd.exe'
        CommandLine|re: 'x[0-9]+y'
    condition: selection
";

fn room() -> Room {
    let room = Room::new();
    room.file("rules/shape.yml", SHAPE);
    room.file("more.ndjson", "{\"Image\":\"C:\\\\cmd.exe\",\"CommandLine\":\"cmd x12y\"}\n".repeat(300));
    room
}

#[test]
fn tables_name_what_costs_most_beside_clean_output() {
    let room = room();
    let plain = room.run("scan --rules rules --source none -o ndjson more.ndjson").expect(0);
    let found = room.run("scan --rules rules --source none -o ndjson --threads 2 --profile more.ndjson").expect(0);
    assert_eq!(found.out, plain.out);
    let line = |end: &str| {
        let line = found.err.lines().find(|line| line.ends_with(end));
        line.unwrap_or_else(|| panic!("no line ends with {end}: {}", found.err)).to_owned()
    };
    assert!(found.err.contains("for 300 events"), "{}", found.err);
    assert!(line("  CommandLine").contains(" 300 "));
    assert!(line("  CommandLine /x[0-9]+y/").contains(" %"));
    assert_eq!(found.err.matches("Numbers In A Command").count(), 2, "once below its test, and as a rule");
    assert!(line("  any values").contains(" 300 "));
    // It was asked for, so it is a result.
    let quiet = room.run("scan -q --rules rules --source none -o ndjson --profile more.ndjson").expect(0);
    assert!(quiet.err.contains("  CommandLine"));
    assert!(!plain.err.contains("CommandLine"));
}

#[test]
fn a_file_gets_all_as_json() {
    let room = room();
    let line = "scan --rules rules --source none -o json --profile=costs.json more.ndjson events.ndjson";
    let found = room.run(line).expect(0);
    assert!(!found.err.contains("WOKEN"), "{}", found.err);
    let text = std::fs::read_to_string(room.path("costs.json")).unwrap();
    let profile: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(profile["events"], 303);
    let row = |list: &str, key: &str, value: &str| {
        let rows = profile[list].as_array().unwrap();
        rows.iter().find(|row| row[key] == value).unwrap_or_else(|| panic!("no {value} in {list}")).clone()
    };
    assert_eq!(row("fields", "field", "CommandLine")["values"], 300);
    let test = row("tests", "test", "/x[0-9]+y/");
    assert_eq!((&test["field"], &test["rules"][0]["title"]), (&"CommandLine".into(), &"Numbers In A Command".into()));
    assert_eq!(row("rules", "title", "Numbers In A Command")["matched"], 300);
    assert_eq!(row("rules", "title", "Whoami Started")["id"], "11111111-1111-4111-8111-111111111111");
    assert_eq!(row("partitions", "events_with", "any values")["events"], 303);
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let found = room().run("scan --rules rules --source none --profile=no/such/place.json more.ndjson");
    assert!(found.expect(3).err.contains("place.json"));
}
