//! `scan`: forms of output, selection of rules, ways to name files.

use super::support::{CLEAR, EVENTS, Room, WHOAMI, root};
use std::io::{Read as _, Write as _};
use std::process::Stdio;

const BOTH: [&str; 2] = ["Whoami Started:1", "Log Cleared:3"];

#[test]
fn the_form_for_scripts_is_fixed() {
    let room = Room::new();
    let found = room.run("scan --rules rules --source none --output ndjson events.ndjson").expect(0);
    let first = &found.objects()[0];
    assert_eq!(first["rule_id"], "11111111-1111-4111-8111-111111111111");
    assert_eq!(first["rule_title"], "Whoami Started");
    assert_eq!(first["level"], "low");
    assert_eq!(first["kind"], "detection");
    assert_eq!(first["file"], "events.ndjson");
    assert_eq!(first["line"], 1);
    assert_eq!(first["time"], "2026-01-01T10:00:00.000Z");
    assert_eq!(found.hits(), BOTH);
}

#[test]
fn rules_and_files_are_told_apart_wherever_they_stand() {
    let room = Room::new();
    for line in [
        "scan --rules rules/whoami.yml rules/deep --source none --output ndjson events.ndjson",
        "scan --rules rules/whoami.yml --rules rules/deep events.ndjson --source none --output ndjson",
        "scan --output ndjson --source none --rules rules/whoami.yml --rules rules/deep events.ndjson",
        "scan --output ndjson --source none --rules rules events.ndjson",
        "scan events.ndjson --output ndjson --source none --rules rules",
        "scan --output ndjson --source none --rules rules -- events.ndjson",
    ] {
        assert_eq!(room.run(line).expect(0).hits(), BOTH, "{line}");
    }
    room.file("events/a.ndjson", EVENTS);
    assert_eq!(room.run("scan -o ndjson --source none --rules rules events").expect(0).hits(), BOTH);
}

#[test]
fn events_may_come_by_standard_input() {
    let room = Room::new();
    for line in ["scan --rules rules -o ndjson --source none", "scan --rules rules -o ndjson --source none -"] {
        let found = room.run_with_stdin(line, EVENTS.as_bytes()).expect(0);
        assert_eq!(found.hits(), BOTH, "{line}");
        assert_eq!(found.objects()[0]["file"], "-");
    }
}

#[test]
fn packed_files_directories_and_formats_mix() {
    let room = Room::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(EVENTS.as_bytes()).unwrap();
    room.file("mixed/a.ndjson.gz", packed.finish().unwrap());
    room.file("mixed/b.csv", "EventID,Image\n1102,x\n3,y\n");
    room.file("mixed/sub/c.json", "[{\"EventID\":7},\n{\"EventID\":1102}]");
    room.file("mixed/notes.txt", "no events here");
    let found = room.run("scan --rules rules -o ndjson --source none mixed events.ndjson").expect(0);
    assert!(found.err.contains("1 file in directories passed over"), "{}", found.err);
    let places: Vec<String> = found
        .objects()
        .iter()
        .map(|object| format!("{}:{}", object["file"].as_str().unwrap(), object["line"]))
        .collect();
    assert_eq!(
        places,
        [
            "mixed/a.ndjson.gz:1",
            "mixed/a.ndjson.gz:3",
            "mixed/b.csv:2",
            "mixed/sub/c.json:2",
            "events.ndjson:1",
            "events.ndjson:3"
        ]
    );
}

#[test]
fn order_does_not_depend_on_threads() {
    let room = Room::new();
    room.file("many.ndjson", EVENTS.repeat(5_000));
    let one = room.run("scan --rules rules -o ndjson --source none --threads 1 many.ndjson").expect(0);
    let four = room.run("scan --rules rules -o ndjson --source none --threads 4 many.ndjson").expect(0);
    assert_eq!(one.hits().len(), 10_000);
    assert!(one.out == four.out);
}

#[test]
fn level_tag_and_rule_select() {
    let room = Room::new();
    let scan = |more: &str| {
        room.run(&format!("scan --rules rules -o ndjson --source none {more} events.ndjson")).expect(0).hits()
    };
    assert_eq!(scan("--level medium"), ["Log Cleared:3"]);
    assert_eq!(scan("--level LOW"), BOTH);
    assert_eq!(scan("--tag attack.t1070"), ["Log Cleared:3"]);
    assert_eq!(scan("--tag attack.t1070.001 --tag attack.discovery"), BOTH);
    assert_eq!(scan("--tag attack.t10"), [] as [&str; 0]);
    assert_eq!(scan("--rule 11111111-1111-4111-8111-111111111111"), ["Whoami Started:1"]);
}

#[test]
fn fail_on_makes_the_exit_code_one() {
    let room = Room::new();
    let scan = |more: &str| room.run(&format!("scan --rules rules --source none -q {more} events.ndjson"));
    scan("--fail-on high").expect(1);
    scan("--fail-on any").expect(1);
    scan("--fail-on critical").expect(0);
    scan("--fail-on high --rule 11111111-1111-4111-8111-111111111111").expect(0);
    scan("--fail-on worse").expect(2);
}

#[test]
fn evidence_and_event_are_added_when_asked_for() {
    let room = Room::new();
    room.file("pretty.json", "[{\n  \"EventID\": 1102,\n  \"n\": 1.0\n}]");
    let found = room.run("scan --rules rules -o ndjson --source none --evidence --event pretty.json").expect(0);
    let object = &found.objects()[0];
    assert_eq!(object["selections"][0], "selection");
    assert_eq!(object["fields"][0]["field"], "EventID");
    assert_eq!(object["fields"][0]["value"], "1102");
    assert!(found.out.contains(r#""n": 1.0"#), "the event stays as it was written: {}", found.out);
    let plain = room.run("scan --rules rules -o ndjson --source none pretty.json").expect(0);
    assert!(!plain.out.contains("selections") && !plain.out.contains("\"event\""), "{}", plain.out);
}

#[test]
fn json_is_one_object_with_a_summary() {
    let room = Room::new();
    let found = room.run("scan --rules rules -o json --source none events.ndjson").expect(0);
    let whole: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(whole["detections"].as_array().unwrap().len(), 2);
    assert_eq!(whole["summary"]["events"], 3);
    assert_eq!(whole["summary"]["levels"]["high"], 1);
    let none = room.run("scan --rules rules -o json --source none --level critical events.ndjson").expect(0);
    let whole: serde_json::Value = serde_json::from_str(&none.out).unwrap();
    assert_eq!(whole["detections"], serde_json::json!([]));
}

#[test]
fn csv_has_a_header_and_quotes() {
    let room = Room::new();
    room.file("rules/comma.yml", WHOAMI.replace("Whoami Started", "'One, \"two\"'").replace("1111", "3333"));
    let found = room.run("scan --rules rules/comma.yml -o csv --source none events.ndjson").expect(0);
    let lines: Vec<&str> = found.out.lines().collect();
    assert_eq!(lines[0], "rule_id,rule_title,level,kind,file,line,time,tags,source");
    assert!(lines[1].contains(",\"One, \"\"two\"\"\",low,detection,events.ndjson,1,"), "{}", lines[1]);
}

#[test]
fn the_table_names_rules_and_counts() {
    let room = Room::new();
    let found = room.run("scan --rules rules --source none events.ndjson").expect(0);
    let (high, low) = (found.out.find("Log Cleared").unwrap(), found.out.find("Whoami Started").unwrap());
    assert!(high < low, "the more serious rule comes first: {}", found.out);
    assert!(found.out.contains("3 events in 1 file"), "{}", found.out);
    assert!(found.out.contains("2 detections of 2 rules: 1 high, 1 low"), "{}", found.out);
    assert!(!found.out.contains('\u{1b}'), "no colours in a pipe");
    let list = room.run("scan --rules rules --source none -o list events.ndjson").expect(0);
    assert!(list.out.contains("Whoami Started  events.ndjson:1"), "{}", list.out);
    assert!(
        room.run("scan -q --rules rules --source none -o list --level critical events.ndjson").expect(0).out.is_empty()
    );
    let none = room.run("scan --rules rules --source none -o list --level critical events.ndjson").expect(0);
    assert!(none.out.starts_with("3 events in 1 file"), "{}", none.out);
}

#[test]
fn people_see_hosts_and_times() {
    let room = Room::new();
    let events: String = ["ENG02.plant.example", "HMI01", "HMI01", "10.0.0.7", "DC01"]
        .iter()
        .enumerate()
        .map(|(n, host)| {
            format!("{{\"EventID\":1102,\"Computer\":\"{host}\",\"UtcTime\":\"2026-01-01 10:00:0{n}\"}}\n")
        })
        .collect();
    room.file("hosts.ndjson", events);
    let table = room.run("scan --rules rules --source none hosts.ndjson").expect(0).out;
    let row = "ENG02, HMI01 and 2 more  2026-01-01 10:00:00 to 10:00:04  hosts.ndjson:1";
    assert!(table.contains(row), "{table}");
    let list = room.run("scan --rules rules --source none -o list hosts.ndjson").expect(0).out;
    assert!(list.contains("Log Cleared  ENG02  hosts.ndjson:1"), "{list}");
    let json = room.run("scan --rules rules --source none -o json hosts.ndjson").expect(0).out;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["summary"]["rules"][0]["hosts"].as_array().unwrap().len(), 4);
    assert_eq!(report["detections"][0].get("host"), None);
}

#[test]
fn two_rules_of_one_id_are_two() {
    let room = Room::new();
    room.file("rules/twin.yml", CLEAR.replace("Log Cleared", "Twin"));
    let found = room.run("scan --rules rules --source none events.ndjson").expect(0);
    assert!(found.out.contains("Twin") && found.out.contains("3 detections of 3 rules"), "{}", found.out);
}

#[test]
fn colours_come_when_asked_for() {
    let room = Room::new();
    let line = "scan --rules rules --source none --color always events.ndjson";
    assert!(room.run(line).expect(0).out.contains('\u{1b}'));
    let output = room.command(line.replace("always", "auto").split(' ')).env("NO_COLOR", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn quiet_leaves_results_only() {
    let room = Room::new();
    let found = room.run("scan -q --rules rules -o ndjson --source none events.ndjson").expect(0);
    assert_eq!((found.hits().len(), found.err.as_str()), (2, ""));
    let table = room.run("scan -q --rules rules --source none --level critical events.ndjson").expect(0);
    assert_eq!((table.out.as_str(), table.err.as_str()), ("", ""));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let room = Room::new();
    room.file("many.ndjson", EVENTS.repeat(50_000));
    let mut child = room
        .command("scan --rules rules -o ndjson --source none many.ndjson".split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 64];
    out.read_exact(&mut first).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn saved_rules_find_the_same() {
    let room = Room::new();
    room.run("compile --rules rules --out pack.tieline").expect(0);
    assert_eq!(room.run("scan --rules pack.tieline -o ndjson --source none events.ndjson").expect(0).hits(), BOTH);
    room.run("scan --rules rules --save other.tieline --source none -o ndjson events.ndjson").expect(0);
    assert_eq!(room.run("scan --rules other.tieline -o ndjson events.ndjson").expect(0).hits(), BOTH);
    let joined = room.run("scan --rules pack.tieline --rules rules events.ndjson").expect(4);
    assert!(joined.err.contains("cannot be joined"), "{}", joined.err);
    for mapped in ["--source windows", "--pipeline windows"] {
        let answer = room.run(&format!("scan --rules pack.tieline {mapped} events.ndjson")).expect(2);
        assert!(answer.err.contains("were mapped when they were saved"), "{}", answer.err);
    }
    room.file("bad.tieline", b"TIELINE\0garbage garbage garbage");
    room.run("scan --rules bad.tieline events.ndjson").expect(4);
}

#[test]
fn placeholders_and_times_are_options() {
    let room = Room::new();
    let rule = |detection: &str| CLEAR.replace("{EventID: 1102}", detection);
    room.file("expand.yml", rule("{User|expand: '%admins%'}"));
    room.file("users.ndjson", "{\"User\":\"root\"}\n{\"User\":\"anna\"}\n{\"User\":\"svc_x\"}\n");
    room.run("scan --rules expand.yml users.ndjson").expect(4);
    let scan = |more: &str| room.run(&format!("scan --rules expand.yml -o ndjson --source none {more} users.ndjson"));
    assert_eq!(scan("--placeholder admins=root,svc_*").expect(0).hits(), ["Log Cleared:1", "Log Cleared:3"]);
    room.file("lists.json", r#"{"admins":["anna"]}"#);
    assert_eq!(scan("--placeholders lists.json").expect(0).hits(), ["Log Cleared:2"]);
    room.file("names.txt", "anna\r\nroot\n\n");
    assert_eq!(scan("--placeholder admins=@names.txt").expect(0).hits(), ["Log Cleared:1", "Log Cleared:2"]);
    scan("--placeholder admins").expect(2);
    scan("--placeholders missing.json").expect(3);

    room.file("hour.yml", rule("{t|hour: 1}"));
    room.file(
        "times.ndjson",
        "{\"t\":\"2026-01-01T00:30:00Z\"}\n{\"t\":1767227400}\n{\"t\":\"2026-01-01T01:30:00Z\"}\n",
    );
    let scan = |more: &str| room.run(&format!("scan --rules hour.yml -o ndjson --source none {more} times.ndjson"));
    assert_eq!(scan("").expect(0).hits(), ["Log Cleared:3"]);
    assert_eq!(scan("--timezone +01:00").expect(0).hits(), ["Log Cleared:1"]);
    assert_eq!(scan("--timezone Europe/Berlin --time-unit s").expect(0).hits(), ["Log Cleared:1", "Log Cleared:2"]);
    scan("--timezone Nowhere/Land").expect(2);
}

#[test]
fn the_source_is_found_and_said() {
    let room = Room::new();
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    room.file(
        "flat.ndjson",
        format!(
            "{{\"EventID\":1,\"Channel\":\"{sysmon}\",\"Image\":\"C:\\\\whoami.exe\"}}\n\
             {{\"EventID\":1102,\"Channel\":\"Application\"}}\n\
             {{\"Event\":{{\"System\":{{\"EventID\":1102,\"Channel\":\"Security\"}}}}}}\n\
             {{\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"id.resp_h\":\"10.0.0.2\",\"EventID\":1102}}\n"
        ),
    );
    let found = room.run("scan --rules rules -o ndjson flat.ndjson").expect(0);
    // The event id alone is no Security event, and a Zeek record is none at all.
    assert_eq!(found.hits(), ["Whoami Started:1", "Log Cleared:3"]);
    assert_eq!(found.objects()[0]["source"], "windows");
    assert_eq!(found.objects()[1]["source"], "windows-evtx");
    assert!(found.err.contains("flat.ndjson is windows: Windows event logs, flat JSON"), "{}", found.err);
    assert!(found.err.contains("flat.ndjson is zeek"), "{}", found.err);
    let named = room.run("scan --rules rules -o ndjson --source windows flat.ndjson").expect(0);
    assert_eq!(named.hits(), ["Whoami Started:1"]);
    let by_pipeline = room.run("scan --rules rules -o ndjson --pipeline windows flat.ndjson").expect(0);
    assert_eq!(by_pipeline.hits(), ["Whoami Started:1"]);
    let unknown = room.run_with_stdin("scan --rules rules -o ndjson", b"{\"EventID\":1102}").expect(0);
    assert_eq!(unknown.hits(), ["Log Cleared:1"]);
    assert!(unknown.err.contains("- is of no known source"), "{}", unknown.err);
}

#[test]
fn a_pipeline_may_come_from_a_file() {
    let room = Room::new();
    let pipeline = "name: mine\npriority: 10\ntransformations:\n  - id: m\n    type: field_name_mapping\n    mapping: {EventID: id}\n";
    room.file("mine.yml", pipeline);
    room.file("own.ndjson", "{\"id\":1102}\n{\"EventID\":1102}\n");
    let found = room.run("scan --rules rules -o ndjson --pipeline mine.yml own.ndjson").expect(0);
    assert_eq!(found.hits(), ["Log Cleared:1"]);
    room.file("broken.yml", "name: x\ntransformations:\n  - type: no_such_thing\n");
    let broken = room.run("scan --rules rules --pipeline broken.yml own.ndjson").expect(4);
    assert!(broken.err.contains("TL0061") && broken.err.contains("broken.yml:3"), "{}", broken.err);
}

#[test]
fn the_shipped_pack_finds_its_own_events() {
    let room = Room::empty();
    let rules = root().join("rules/it");
    let event = rules.join("win_security_audit_log_cleared.match.ndjson");
    let words =
        ["scan", "--rules", rules.to_str().unwrap(), "--source", "none", "-o", "ndjson", event.to_str().unwrap()];
    let output = room.command(words).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("144ed335-7cbb-4472-bef7-fdffb28a69ff"));
}
