//! `incidents`.

use super::support::Room;

const RULES: &str = "title: Log Cleared
id: 11111111-1111-4111-8111-111111111111
logsource: {product: windows}
detection: {selection: {EventID: 1102}, condition: selection}
level: high
tags: [attack.defense-evasion, attack.t1070.001]
---
title: Service Installed
id: 22222222-2222-4222-8222-222222222222
logsource: {product: windows}
detection: {selection: {EventID: 7045}, condition: selection}
level: medium
response: [Ask who installs services there]
";

const PLANT: &str = "assets:
  - {id: jump, ip: 10.1.0.5, host: jump.plant.example, role: jump_host}
  - {id: hmi, ip: 10.2.0.5, host: hmi.plant.example, role: hmi, criticality: high, owner: Shift}
zones:
  - {name: dmz, networks: [10.1.0.0/24], purdue_level: 3.5}
  - {name: supervision, networks: [10.2.0.0/24], purdue_level: 2}
";

const EVENTS: &str = r#"{"TimeCreated_SystemTime": "2026-11-26T08:00:00Z", "EventID": 7045, "Channel": "System", "Computer": "jump.plant.example"}
{"ts": "2026-11-26T08:10:00Z", "id.orig_h": "10.1.0.5", "id.resp_h": "10.2.0.5", "id.resp_p": 3389, "service": "rdp"}
{"TimeCreated_SystemTime": "2026-11-26T08:10:05Z", "EventID": 4624, "Channel": "Security", "Computer": "hmi.plant.example", "LogonType": 10, "TargetUserName": "anna", "TargetLogonId": "0x51", "IpAddress": "10.1.0.5"}
{"TimeCreated_SystemTime": "2026-11-26T08:12:00Z", "EventID": 7045, "Channel": "System", "Computer": "hmi.plant.example", "SubjectUserName": "anna", "SourceAddress": "10.1.0.5"}
{"TimeCreated_SystemTime": "2026-11-26T08:20:00Z", "EventID": 1102, "Channel": "Security", "Computer": "hmi.plant.example", "SubjectUserName": "anna", "SubjectLogonId": "0x51"}
{"TimeCreated_SystemTime": "2026-11-26T08:21:00Z", "EventID": 1102, "Channel": "Security", "Computer": "<script>alert(1)</script>"}
"#;

fn room() -> Room {
    let room = Room::empty();
    room.file("rules.yml", RULES);
    room.file("plant.yml", PLANT);
    room.file("events.ndjson", EVENTS);
    room
}

#[test]
fn the_field_of_the_time_can_be_named() {
    let room = room();
    let events = EVENTS.lines().next().unwrap();
    room.file("two.ndjson", events.replace("\"EventID\"", "\"Written\": \"2026-11-26T07:30:00Z\", \"EventID\""));
    let first = |more: &str| {
        let ran = room.run(&format!("incidents two.ndjson --rules rules.yml --context plant.yml{more}")).expect(0);
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["first"].clone()
    };
    assert_eq!(first(""), "2026-11-26T08:00:00Z");
    assert_eq!(first(" --time-field Written"), "2026-11-26T07:30:00Z");
}

#[test]
fn findings_of_one_attack_are_one_incident_with_its_way() {
    let ran = room().run("incidents events.ndjson --rules rules.yml --context plant.yml").expect(0);
    let all: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(all.len(), 2, "{}", ran.out);
    let own = &all[0];
    assert_eq!(own["findings"].as_array().unwrap().len(), 3, "{own:#}");
    let way: Vec<&str> =
        own["path"]["hops"].as_array().unwrap().iter().map(|hop| hop["to"].as_str().unwrap()).collect();
    assert_eq!(
        (own["path"]["hops"][0]["from"].as_str(), way.as_slice()),
        (Some("jump"), ["hmi"].as_slice()),
        "{own:#}"
    );
    assert_eq!(own["spread"]["zones"], serde_json::json!({"dmz": 1, "supervision": 1}));
    let hints = own["hints"].to_string();
    assert!(hints.contains("call Shift") && hints.contains("Ask who installs services there"), "{hints}");
    assert!(ran.err.contains("6 events read: 4 findings, 2 incidents"), "{}", ran.err);
    assert_eq!(all[1]["hosts"][0]["name"], "<script>alert(1)</script>", "text stays what it is");
}

#[test]
fn a_table_shows_the_way_and_fail_says_that_there_is_one() {
    let ran = room().run("incidents events.ndjson --rules rules.yml --context plant.yml -o table --fail").expect(1);
    assert!(ran.out.starts_with("SCORE  LEVEL"), "{}", ran.out);
    assert!(ran.out.contains("jump ─") && ran.out.contains("→ hmi"), "{}", ran.out);
    assert!(ran.out.contains("how it came to jump was not seen"), "{}", ran.out);
}

#[test]
fn incidents_are_written_in_the_forms_of_others() {
    let room = room();
    let run = |form: &str| {
        room.run(&format!("incidents events.ndjson --rules rules.yml --context plant.yml -o {form}")).expect(0)
    };
    let records = |form: &str| -> Vec<serde_json::Value> {
        run(form).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = records("ndjson");
    assert_eq!(records("ocsf").iter().map(|own| own["class_uid"].as_u64()).collect::<Vec<_>>(), [Some(2005); 2]);
    assert_eq!(records("ocsf-detections").len(), 4);
    assert_eq!(records("ecs").len(), 2 + 4);
    assert_eq!(records("ecs")[0]["host"], serde_json::Value::Null);
    let flows = |own: &&serde_json::Value| own["type"] == "attack-flow";
    let bundle: serde_json::Value = serde_json::from_str(&run("stix").out).unwrap();
    assert_eq!(bundle["objects"].as_array().unwrap().iter().filter(flows).count(), 2);
    let graph: serde_json::Value = serde_json::from_str(&run("json-graph").out).unwrap();
    assert_eq!(graph["nodes"][0]["label"], "jump");
    assert!(run("graphml").out.contains("<graph id=\"incidents\" edgedefault=\"directed\">"));
    assert!(run("dot").out.contains("label=\"dmz (level 3.5)\""));
    let only = format!("ndjson --incident {}", all[1]["id"].as_str().unwrap());
    assert_eq!(records(&only), [all[1].clone()]);
    assert!(!run("graphml").out.contains("<script>"));
}

#[test]
fn what_becomes_of_incidents_is_told_while_events_pass() {
    let ran = room().run("incidents events.ndjson --rules rules.yml --context plant.yml -o changes").expect(0);
    let all: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = all.iter().map(|own| (own["change"].as_str().unwrap(), own["after"].as_str())).collect();
    // An event is taken when a later one comes, the last ones when there are no more.
    assert_eq!(told.first(), Some(&("opened", Some("events.ndjson:2"))), "{}", ran.out);
    assert_eq!(told.iter().filter(|(change, _)| *change == "opened").count(), 2, "{}", ran.out);
    assert_eq!(told.last().map(|(_, after)| *after), Some(None), "{}", ran.out);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_counts() {
    let room = room();
    room.file("broken.ndjson", "{\"EventID\": 1102, \"Computer\": \"a\"}\n{cut off\n");
    let ran = room.run("incidents broken.ndjson missing.ndjson --rules rules.yml").expect(3);
    assert!(ran.out.contains("Log Cleared on a"), "{}", ran.out);
    assert!(ran.err.contains("broken.ndjson:2") && ran.err.contains("missing.ndjson"), "{}", ran.err);
    room.run("incidents events.ndjson --rules missing.yml").expect(4);
}

/// What two runs with a state file say is what one says of all.
#[test]
fn the_state_of_a_run_goes_on_in_the_next() {
    let room = room();
    let (first, second) = EVENTS.split_at(EVENTS.lines().take(3).map(|line| line.len() + 1).sum());
    let run = |more: &str| room.run(&format!("incidents --rules rules.yml --context plant.yml {more}")).expect(0);
    // Ids are of what was found where.
    room.file("grows.ndjson", EVENTS);
    let whole = run("grows.ndjson");
    room.file("grows.ndjson", first);
    run("grows.ndjson --state kept");
    room.file("grows.ndjson", [first, second].concat());
    let goes_on = run("grows.ndjson --state kept");
    assert_eq!(goes_on.out, whole.out);
    assert!(goes_on.err.contains("3 events read"), "{}", goes_on.err);
    assert!(goes_on.err.contains("the state of 1 incident goes on"), "{}", goes_on.err);
    // Nothing is read twice.
    assert_eq!(run("grows.ndjson --state kept").out, goes_on.out);
    let kept = std::fs::read(room.path("kept")).unwrap();
    for (bad, told) in [(&kept[..kept.len() / 2], "is cut off at byte"), (b"else", "is no state of incidents")] {
        std::fs::write(room.path("kept"), bad).unwrap();
        let answer = room.run("incidents --rules rules.yml --context plant.yml grows.ndjson --state kept");
        assert!(answer.code != 0 && answer.err.contains(told), "{}", answer.err);
    }
}

#[test]
fn a_clock_that_is_off_is_told_and_put_right_when_asked_to() {
    let room = room();
    let (mut it, mut ot) = (String::new(), String::new());
    for number in 0..8 {
        let time = 1_795_680_000 + number * number * 2_000;
        let line = |time: i64| {
            format!(
                r#"{{"_path": "conn", "ts": {time}, "uid": "C1", "id.orig_h": "10.1.0.{number}", "id.orig_p": 50000, "id.resp_h": "10.2.0.5", "id.resp_p": 3389}}"#
            )
        };
        it += &format!("{}\n", line(time));
        ot += &format!("{}\n", line(time - 420));
    }
    room.file("it.ndjson", it);
    room.file("ot.ndjson", ot);
    let run =
        |more: &str| room.run(&format!("incidents it.ndjson ot.ndjson --rules rules.yml --context plant.yml {more}"));
    let told = run("").expect(0);
    assert!(
        told.err.contains("the clock of `ot.ndjson:zeek` seems to be 420 s slow against `it.ndjson:zeek`"),
        "{}",
        told.err
    );
    assert!(told.err.contains("--clock-offset ot.ndjson:zeek=420"), "{}", told.err);
    for right in ["--clock-offset ot.ndjson=420", "--clock-offset ot.ndjson:zeek=418"] {
        assert!(!run(right).expect(0).err.contains("seems to be"), "{right}");
    }
    let auto = run("--clock-offset auto").expect(0);
    assert!(auto.err.contains("that is put right") && !auto.err.contains("puts it right"), "{}", auto.err);
    for (wrong, why) in
        [("--clock-offset ot", "such as ot.ndjson=-420"), ("--clock-offset ot.ndjson=-50000", "at most 43200 s")]
    {
        let answer = run(wrong);
        assert!(answer.code == 2 && answer.err.contains(why), "{} {}", answer.code, answer.err);
    }
}
