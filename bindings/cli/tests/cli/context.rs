//! `--context`: a plant with its assets, zones and conduits, and what is wrong in it.

use crate::support::Room;

const PLANT: &str = "
assets:
  - {id: plc-7, ip: 10.1.7.2, role: controller}
  - {id: ews-1, ip: 10.2.0.5, role: engineering_workstation}
zones:
  - {name: cell-7, networks: [10.1.7.0/24], purdue_level: 1}
  - {name: engineering, networks: [10.2.0.0/16], purdue_level: 2}
conduits:
  - {name: programming, from: engineering, to: cell-7, roles: [engineering_workstation]}
";

const EVENTS: &str = r#"{"_path":"modbus","ts":"2026-11-25T10:00:00Z","id.orig_h":"10.2.0.9","id.resp_h":"10.1.7.2","id.resp_p":502,"func":"WRITE_SINGLE_REGISTER","uid":"C1"}
{"_path":"modbus","ts":"2026-11-25T10:00:00Z","id.orig_h":"10.2.0.5","id.resp_h":"10.1.7.2","id.resp_p":502,"func":"WRITE_SINGLE_REGISTER","uid":"C2"}
"#;

const RULE: &str = "
title: Denied
logsource: {category: ot_operation}
detection: {selection: {flow.allowed: false}, condition: selection}
level: high
";

fn room() -> Room {
    let room = Room::empty();
    room.file("plant.yml", PLANT);
    room.file("rules/denied.yml", RULE);
    room.file("events.ndjson", EVENTS);
    room
}

#[test]
fn rules_see_the_plant_that_is_given() {
    let room = room();
    let scan = room.run("scan --rules rules --context plant.yml -o ndjson events.ndjson").expect(0);
    assert_eq!(scan.out.lines().count(), 1, "{}", scan.out);
    assert!(room.run("scan --rules rules -o ndjson events.ndjson").expect(0).out.is_empty());
    let why = room.run("explain --rules rules --context plant.yml --event events.ndjson:1").expect(0);
    assert!(why.out.contains("flow.allowed"), "{}", why.out);
    let records = room.run("normalise -o records --context plant.yml events.ndjson").expect(0);
    let first = records.out.lines().next().unwrap_or_default();
    assert!(first.contains(r#""destination.asset.id":"plc-7""#), "{first}");
    assert!(first.contains(r#""flow.allowed":false,"flow.denied_by":["role"]"#), "{first}");
    // A plant that lies beside rules is no rule; one that is named is checked.
    room.file("rules/plant.yml", PLANT);
    let beside = room.run("check rules").expect(0);
    assert!(beside.out.contains("passed over: 1 file that holds no rules"), "{}", beside.out);
    let named = room.run("check plant.yml").expect(0);
    assert!(named.out.contains("2 assets, 2 zones, 1 conduit, 0 sites"), "{}", named.out);
    room.file("broken.yml", PLANT.replace("role: controller", "rloe: controller"));
    let broken = room.run("check broken.yml rules").expect(1);
    assert!(broken.out.contains("broken.yml:3:31: error[TL0090]: an asset has no key `rloe`"), "{}", broken.out);
}

#[test]
fn what_is_wrong_in_a_plant_is_told_and_the_rest_counts() {
    let room = room();
    room.file("plant.yml", PLANT.replace("ip: 10.2.0.5", "ip: [10.2.0.5, 10.2.0.500]"));
    let scan = room.run("scan --rules rules --context plant.yml -o ndjson events.ndjson").expect(0);
    assert_eq!(scan.out.lines().count(), 1, "{}", scan.out);
    assert!(scan.err.contains("plant.yml:4:32") && scan.err.contains("TL0090"), "{}", scan.err);
    let strict = room.run("scan --strict --rules rules --context plant.yml -o ndjson events.ndjson").expect(5);
    assert!(strict.err.contains("TL0090"), "{}", strict.err);
    let records = room.run("normalise -o records --context plant.yml events.ndjson").expect(0);
    assert!(records.err.contains("1 error in the plant; `tieline check` shows them"), "{}", records.err);
    room.run("scan --rules rules --context nowhere.yml events.ndjson").expect(4);
    room.file("latin.yml", b"zones:\n  - {name: \xe9}\n");
    let latin = room.run("scan --rules rules --context latin.yml events.ndjson").expect(4);
    assert!(latin.err.contains("byte 18"), "{}", latin.err);
}
