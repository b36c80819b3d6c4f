//! `report`.

use super::schema::faults;
use super::support::Room;
use serde_json::Value;

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
---
title: Controller Stopped
id: 33333333-3333-4333-8333-333333333333
logsource: {category: ot_operation}
detection: {selection: {ot.operation: mode_stop}, condition: selection}
level: critical
tags: [attack.impact, attack.t0858]
---
title: Needs DNS
id: 44444444-4444-4444-8444-444444444444
logsource: {product: zeek, service: dns}
detection: {selection: {query: bad.example}, condition: selection}
level: low
";

const PLANT: &str = "sites: [{name: works, time_zone: UTC}]
assets:
  - {id: jump, ip: 10.1.0.5, host: jump.plant.example, role: jump_host}
  - {id: hmi, ip: 10.2.0.5, host: hmi.plant.example, role: hmi, criticality: high, owner: Shift}
  - {id: plc, ip: 10.3.0.5, role: controller, criticality: critical, owner: Shift}
  - {id: spare, ip: 10.3.0.9, role: controller}
zones:
  - {name: dmz, networks: [10.1.0.0/24], purdue_level: 3.5}
  - {name: supervision, networks: [10.2.0.0/24], purdue_level: 2, security_level: 2}
  - {name: cell, networks: [10.3.0.0/24], purdue_level: 1, security_level: 2}
  - {name: dark, networks: [10.9.0.0/24], purdue_level: 1}
conduits:
  - {name: remote-desktop, from: dmz, to: supervision, protocols: [rdp]}
  - {name: control, from: supervision, to: cell, protocols: [modbus]}
";

const EVENTS: &str = r#"{"TimeCreated_SystemTime": "2026-11-26T08:00:00Z", "EventID": 7045, "Channel": "System", "Computer": "jump.plant.example"}
{"ts": "2026-11-26T08:05:00Z", "_path": "conn", "uid": "C0", "id.orig_h": "203.0.113.7", "id.resp_h": "10.1.0.5", "id.resp_p": 3389, "proto": "tcp", "service": "rdp", "conn_state": "SF"}
{"ts": "2026-11-26T08:10:00Z", "_path": "conn", "uid": "C1", "id.orig_h": "10.1.0.5", "id.resp_h": "10.2.0.5", "id.resp_p": 3389, "proto": "tcp", "service": "rdp", "conn_state": "SF"}
{"TimeCreated_SystemTime": "2026-11-26T08:10:05Z", "EventID": 4624, "Channel": "Security", "Computer": "hmi.plant.example", "LogonType": 10, "TargetUserName": "anna", "TargetLogonId": "0x51", "IpAddress": "10.1.0.5"}
{"TimeCreated_SystemTime": "2026-11-26T08:12:00Z", "EventID": 7045, "Channel": "System", "Computer": "hmi.plant.example", "SubjectUserName": "anna", "SourceAddress": "10.1.0.5"}
{"ts": "2026-11-26T08:15:00Z", "_path": "s7comm", "uid": "C2", "id.orig_h": "10.2.0.5", "id.orig_p": 50000, "id.resp_h": "10.3.0.5", "id.resp_p": 102, "rosctr_code": 1, "rosctr_name": "Job", "function_code": "0x29", "function_name": "PLC Stop"}
{"ts": "2026-11-26T08:16:00Z", "_path": "conn", "uid": "C3", "id.orig_h": "10.2.0.77", "id.resp_h": "10.3.0.5", "id.resp_p": 23, "proto": "tcp", "service": "telnet", "conn_state": "SF"}
{"TimeCreated_SystemTime": "2026-11-26T08:20:00Z", "EventID": 1102, "Channel": "Security", "Computer": "hmi.plant.example", "SubjectUserName": "anna", "SubjectLogonId": "0x51"}
{"TimeCreated_SystemTime": "2026-11-26T08:21:00Z", "EventID": 1102, "Channel": "Security", "Computer": "<script>alert(1)</script>|x"}
"#;

fn room() -> Room {
    let room = Room::empty();
    room.file("rules.yml", RULES);
    room.file("plant.yml", PLANT);
    room.file("events.ndjson", EVENTS);
    room
}

const ALL: &str = "report events.ndjson --rules rules.yml --context plant.yml";

fn document(text: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../common/schema/report.schema.json")).unwrap();
    let wrong = faults(&schema, &document);
    assert!(wrong.is_empty(), "{wrong:#?}");
    document
}

fn row<'d>(document: &'d Value, list: &str, id: &str) -> &'d Value {
    let rows = document[list].as_array().unwrap_or_else(|| panic!("no {list}"));
    let found = rows.iter().find(|row| row["id"] == id || row["name"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {list}: {:#}", document[list]))
}

fn requirement<'d>(document: &'d Value, standard: &str, id: &str) -> &'d Value {
    row(&document["governance"], standard, id)
}

#[test]
fn a_report_tells_of_incidents_assets_policy_and_blind_spots() {
    let ran = room().run(ALL).expect(0);
    let own = document(&ran.out);
    assert_eq!((own["site"].as_str(), own["events"]["read"].as_u64()), (Some("works"), Some(9)));
    assert_eq!(own["period"]["first"], "2026-11-26T08:00:00Z");
    assert_eq!(own["incidents"].as_array().unwrap().len(), 2, "{:#}", own["incidents"]);
    let events = |bucket: &Value| bucket["it"].as_u64().unwrap() + bucket["ot"].as_u64().unwrap();
    assert_eq!(own["timeline"].as_array().unwrap().iter().map(events).sum::<u64>(), 9);

    let plc = row(&own, "assets", "plc");
    assert_eq!((plc["status"].as_str(), plc["zone"].as_str()), (Some("seen"), Some("cell")), "{plc:#}");
    let told = plc["exposures"].to_string();
    for part in [
        "no record of its firmware",
        "1 privileged operation that nothing explains: mode_stop",
        "mode_stop over s7comm",
        "policy denies",
        "over telnet",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(row(&own, "assets", "spare")["status"], "silent");
    assert_eq!(row(&own, "assets", "10.2.0.77")["status"], "unknown");
    let jump = row(&own, "assets", "jump")["exposures"].to_string();
    assert!(jump.contains("reached from outside the plant over rdp by 203.0.113.7"), "{jump}");

    assert_eq!(row(&own, "zones", "dark")["has_sensor"], false);
    assert_eq!(
        row(&own, "conduits", "remote-desktop")["allowed"],
        3,
        "a connection, and two events of the host that name its peer"
    );
    assert!(own["policy"]["denied"].as_u64().unwrap() >= 3, "{:#}", own["policy"]);
    let privileged = &own["privileged"][0];
    assert_eq!((privileged["operation"].as_str(), privileged["explained"].as_bool()), (Some("mode_stop"), Some(false)));
    assert_eq!(privileged["event"], "events.ndjson:6");

    assert_eq!(row(&own, "rules", "tieline.trust")["detections"], 1);

    let blind = row(&own, "rules", "44444444-4444-4444-8444-444444444444");
    assert_eq!(blind["can_match"], false, "{blind:#}");
    assert!(blind["blind"].as_str().unwrap().contains("dns"), "{blind:#}");
    assert_eq!(row(&own, "rules", "11111111-1111-4111-8111-111111111111")["detections"], 2);
    assert!(own["blind_spots"].to_string().contains("zone dark"), "{:#}", own["blind_spots"]);
    let score =
        |row: &Value| row["terms"].as_array().unwrap().iter().map(|term| term["points"].as_u64().unwrap()).sum::<u64>();
    for row in own["risk"]["by_asset"].as_array().unwrap() {
        assert_eq!(row["score"].as_u64(), Some(score(row)), "a sum that can be checked: {row:#}");
    }
}

/// Counts by buckets of the timeline add up to what was found, of each rule and technique and in each bucket.
#[test]
fn what_was_found_is_told_by_time() {
    let own = document(&room().run(ALL).expect(0).out);
    let counts = |row: &Value| -> Vec<(usize, u64)> {
        let pairs = row["buckets"].as_array().into_iter().flatten();
        pairs.map(|pair| (pair[0].as_u64().unwrap() as usize, pair[1].as_u64().unwrap())).collect()
    };
    let timeline = own["timeline"].as_array().unwrap();
    let mut by_bucket = vec![0; timeline.len()];
    for row in own["rules"].as_array().unwrap() {
        let own = counts(row);
        assert_eq!(row["detections"], own.iter().map(|(_, count)| count).sum::<u64>(), "{row:#}");
        own.iter().for_each(|(at, count)| by_bucket[*at] += count);
        // The first and the last of them are where the first and the last finding are.
        let starts = |at: usize| timeline[at]["start"].as_str().unwrap();
        if let (Some((first, _)), Some((last, _))) = (own.first(), own.last()) {
            assert!(starts(*first) <= row["first"].as_str().unwrap(), "{row:#}");
            assert!(timeline.get(last + 1).is_none_or(|_| row["last"].as_str().unwrap() < starts(last + 1)), "{row:#}");
        }
    }
    let of_levels = |bucket: &Value| bucket["findings"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(by_bucket, timeline.iter().map(of_levels).collect::<Vec<u64>>());
    assert!(by_bucket.iter().filter(|count| **count > 0).count() > 1, "{by_bucket:?}");
    for row in own["governance"]["attack"]["ics"].as_array().unwrap() {
        assert_eq!(row["detections"], counts(row).iter().map(|(_, count)| count).sum::<u64>(), "{row}");
    }
}

#[test]
fn requirements_are_met_or_not_by_what_was_observed() {
    let own = document(&room().run(ALL).expect(0).out);
    let status = |standard: &str, id: &str| requirement(&own, standard, id)["status"].as_str().unwrap().to_owned();
    assert_eq!(status("iec62443", "SR 7.8"), "gap");
    assert_eq!(status("iec62443", "SR 2.8"), "met");
    assert_eq!(status("nist_csf", "ID.AM-01"), "gap");
    let evidence = requirement(&own, "nist_csf", "ID.AM-01")["evidence"].to_string();
    assert!(evidence.contains("not in the inventory: ") && evidence.contains("10.2.0.77"), "{evidence}");
    assert_eq!(status("iec62443", "SR 1.1"), "gap");
    let ics = own["governance"]["attack"]["ics"].as_array().unwrap();
    let stop = ics.iter().find(|row| row["id"] == "T0858").unwrap();
    assert_eq!((stop["rules"].as_u64(), stop["detections"].as_u64()), (Some(1), Some(1)), "{stop}");
}

#[test]
fn what_changed_since_the_last_report_is_told() {
    let room = room();
    room.run(&format!("{ALL} --save last.json --quiet")).expect(0);
    let same = document(&room.run(&format!("{ALL} --since last.json")).expect(0).out);
    let changes = &same["changes"];
    assert_eq!(changes["since"], "2026-11-26T08:21:00Z");
    for (part, lists) in [
        ("assets", ["new", "gone", "changed", "exposed"]),
        ("incidents", ["new", "closed", "grown", "new"]),
        ("requirements", ["met", "gap", "unknown", "met"]),
    ] {
        for list in lists {
            assert_eq!(changes[part][list], serde_json::json!([]), "{part} {list}");
        }
    }
    let more = r#"{"TimeCreated_SystemTime": "2026-11-26T08:22:00Z", "EventID": 1102, "Channel": "Security", "Computer": "hmi.plant.example", "SubjectUserName": "anna"}
{"ts": "2026-11-26T08:23:00Z", "_path": "dns", "uid": "C9", "id.orig_h": "10.3.0.9", "id.resp_h": "10.3.0.44", "id.resp_p": 53, "proto": "udp", "query": "bad.example"}
"#;
    room.file("events.ndjson", format!("{EVENTS}{more}"));
    let own = document(&room.run(&format!("{ALL} --since last.json")).expect(0).out);
    let changes = &own["changes"];
    assert_eq!(changes["rules"]["firing"][0], "44444444-4444-4444-8444-444444444444", "{changes:#}");
    assert_eq!(changes["incidents"]["grown"].as_array().unwrap().len(), 1, "{changes:#}");
    let ran = room.run(&format!("{ALL} --since last.json -o table")).expect(0);
    assert!(ran.out.contains("Since 2026-11-26T08:21:00Z"), "{}", ran.out);
}

#[test]
fn a_report_before_that_cannot_be_compared_with_is_told_with_its_place() {
    let room = room();
    room.run(&format!("{ALL} --save last.json")).expect(0);
    let whole = std::fs::read(room.path("last.json")).unwrap();
    for (content, told) in [
        (whole[..whole.len() / 2].to_vec(), "is cut off at line 1, column"),
        (Vec::new(), "is empty"),
        (b"{\"findings\": []}".to_vec(), "it has no `form`"),
        (b"{\"form\": \"tieline.report/9\"}".to_vec(), "is of the form `tieline.report/9`"),
        (b"{\"form\": \"tieline.report/1\", \"period\": 7}".to_vec(), "line 1, column"),
        (b"\x00\xff".to_vec(), "is no JSON at line 1"),
    ] {
        room.file("bad.json", content);
        let ran = room.run(&format!("{ALL} --since bad.json")).expect(3);
        assert!(ran.err.contains(told) && ran.err.contains("`bad.json`"), "{told}: {}", ran.err);
        assert!(ran.err.contains("write it again with `tieline report -o json`"), "{}", ran.err);
        assert!(ran.out.is_empty());
    }
    room.run(&format!("{ALL} --since missing.json")).expect(3);
}

#[test]
fn people_get_a_screen_or_markdown_without_surprises() {
    let room = room();
    let table = room.run(&format!("{ALL} -o table")).expect(0);
    assert!(table.out.starts_with("works, 2026-11-26T08:00:00Z to 2026-11-26T08:21:00Z"), "{}", table.out);
    for part in
        ["2 incidents", "1 privileged operation, 1 unexplained", "IEC 62443:", "NIST CSF 2.0:", "blind: zone dark"]
    {
        assert!(table.out.contains(part), "{part}: {}", table.out);
    }
    let text = room.run(&format!("{ALL} -o markdown")).expect(0).out;
    assert!(text.starts_with("# Security report: works\n"), "{text}");
    assert!(text.contains("does not say that a plant complies"), "{text}");
    assert!(!text.contains("<script>") && text.contains("&lt;script&gt;alert\\(1\\)&lt;/script&gt;\\|x"), "{text}");
}

#[test]
fn it_does_without_plant_ot_times_and_events() {
    let room = room();
    let alone = document(&room.run("report events.ndjson --rules rules.yml").expect(0).out);
    assert_eq!((alone["site"].clone(), alone["zones"].clone()), (Value::Null, serde_json::json!([])));
    assert_eq!(requirement(&alone, "iec62443", "SR 5.1")["status"], "unknown");
    assert!(alone["assets"].as_array().unwrap().iter().all(|row| row["status"] == "seen"));
    room.file("office.ndjson", "{\"EventID\": 1102, \"Channel\": \"Security\"}\n");
    let untimed = document(&room.run("report office.ndjson --rules rules.yml --context plant.yml").expect(0).out);
    assert_eq!(
        (untimed["events"]["without_time"].as_u64(), untimed["timeline"].clone()),
        (Some(1), serde_json::json!([]))
    );
    room.file("empty.ndjson", "");
    let empty = document(&room.run("report empty.ndjson --rules rules.yml --context plant.yml").expect(0).out);
    assert_eq!((empty["events"]["read"].as_u64(), empty["period"]["first"].clone()), (Some(0), Value::Null));
    assert_eq!(requirement(&empty, "nist_csf", "PR.PS-04")["status"], "unknown");
    let ran = room.run("report --rules rules.yml").expect(2);
    assert!(ran.err.contains("no events are named"), "{}", ran.err);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_counts() {
    let room = room();
    room.file("broken.ndjson", format!("{EVENTS}{{cut off\n[1]\n"));
    let ran = room.run("report broken.ndjson missing.ndjson --rules rules.yml --context plant.yml").expect(3);
    let own = document(&ran.out);
    assert_eq!(own["events"]["broken"], 2, "{}", own["events"]);
    assert_eq!(own["incidents"].as_array().unwrap().len(), 2);
    assert!(ran.err.contains("broken.ndjson:10") && ran.err.contains("missing.ndjson"), "{}", ran.err);
    let piped = room.run_with_stdin("report - --rules rules.yml --context plant.yml --quiet", EVENTS.as_bytes());
    assert_eq!(document(&piped.expect(0).out)["events"]["read"], 9);
}

#[test]
fn a_period_can_be_cut_out_and_levels_make_an_exit_code() {
    let room = room();
    let part = format!("{ALL} --from 2026-11-26T08:10:00Z --to 2026-11-26T08:20:00Z");
    let own = document(&room.run(&part).expect(0).out);
    assert_eq!(
        (own["events"]["outside_period"].as_u64(), own["period"]["last"].as_str()),
        (Some(4), Some("2026-11-26T08:16:00Z"))
    );
    room.run(&format!("{ALL} --fail-on critical")).expect(1);
    room.run("report events.ndjson --rules rules.yml --to 2026-11-26T08:10:00Z --fail-on high").expect(0);
    room.run(&format!("{ALL} --fail-on any")).expect(1);
}

#[test]
fn the_same_events_give_the_same_document_and_limits_are_told() {
    let room = room();
    let (one, other) = (room.run(ALL).expect(0).out, room.run(ALL).expect(0).out);
    assert_eq!(one, other);
    let own = document(&room.run(&format!("{ALL} --incidents-max 1 --assets-max 2")).expect(0).out);
    assert_eq!((own["incidents"].as_array().unwrap().len(), own["assets"].as_array().unwrap().len()), (1, 2));
    let left = own["left_out"].to_string();
    assert!(left.contains("incidents with lower scores") && left.contains("assets of less concern"), "{left}");
}
