//! `coverage`: techniques, blind spots, layers.

use super::support::{EVENTS, Room, root};

const DNS: &str = "\
title: Odd Name
level: medium
tags: [attack.t0885, attack.t1568]
logsource: {product: zeek, service: dns}
detection:
    selection: {query|endswith: '.x'}
    condition: selection
";

fn room() -> Room {
    let room = Room::new();
    room.file("net/dns.yml", DNS);
    room.file("dns.ndjson", "{\"_path\":\"dns\",\"ts\":1795422946.0,\"uid\":\"C1\",\"query\":\"a.b\"}\n");
    room.file(
        "windows.ndjson",
        EVENTS
            .replace("{\"EventID\":", "{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":")
            .replace(",\"Channel\":\"Security\"", ""),
    );
    room
}

#[test]
fn techniques_are_told_by_matrix_and_pack() {
    let room = room();
    let text = room.run("coverage --rules rules net").expect(0);
    for part in [
        "rules      2      0           2         0",
        "1 of 83 techniques have a rule",
        "T0885",
        "net 1",
        "T1033",
        "T1692.001",
        "not observable in events",
    ] {
        assert!(text.out.contains(part), "{part} in {}", text.out);
    }
    assert!(!text.out.contains('\u{1b}'), "{}", text.out);
    let ics = room.run("coverage --rules rules net --domain ics").expect(0);
    assert!(!ics.out.contains("T1033"), "{}", ics.out);
    let enterprise = room.run("coverage --rules rules net --domain enterprise").expect(0);
    assert!(!enterprise.out.contains("T0885") && enterprise.out.contains("T1568"), "{}", enterprise.out);
}

#[test]
fn correlations_count_for_the_pack_they_were_read_from() {
    let room = room();
    room.file(
        "time/often.yml",
        "title: Often\ntags: [attack.t0885, attack.t0855]\ncorrelation: {type: event_count, rules: [\
         11111111-1111-4111-8111-111111111111], timespan: 1m, condition: {gte: 2}}\n",
    );
    let answer = room.run("coverage --rules rules net time --format json").expect(0);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(
        (&report["packs"][2]["name"], &report["packs"][2]["ics"]),
        (&"time".into(), &2.into()),
        "{}",
        answer.out
    );
    let odd = report["ics"].as_array().unwrap().iter().find(|technique| technique["id"] == "T0885").unwrap();
    assert_eq!(odd["packs"], serde_json::json!({"net": 1, "time": 1}));
}

#[test]
fn what_rules_are_blind_for_is_named() {
    let room = room();
    let json = |files: &str| {
        let answer = room.run(&format!("coverage --rules rules net --format json {files}")).expect(0);
        serde_json::from_str::<serde_json::Value>(&answer.out).unwrap()
    };
    let both = json("dns.ndjson windows.ndjson");
    let blind = both["data"]["blind"].as_array().unwrap();
    assert_eq!(blind.len(), 1, "{both}");
    assert_eq!(blind[0]["title"], "Log Cleared");
    assert_eq!(both["ics"].as_array().unwrap().len(), 83);
    let windows = json("windows.ndjson");
    let missing = windows["data"]["missing_logs"].as_array().unwrap();
    assert!(missing.iter().any(|row| row["values"] == serde_json::json!(["zeek/dns"])), "{windows}");
    let text = room.run("coverage --rules rules net dns.ndjson").expect(0);
    assert!(text.out.contains("2 of 3 rules can never fire"), "{}", text.out);
    assert!(text.out.contains("no events of windows/process_creation"), "{}", text.out);
}

#[test]
fn a_layer_is_one_file() {
    let room = room();
    room.run("coverage --rules rules net --format navigator --output layer.json").expect(0);
    let layer: serde_json::Value = serde_json::from_slice(&std::fs::read(room.path("layer.json")).unwrap()).unwrap();
    assert_eq!((&layer["domain"], &layer["versions"]["layer"]), (&"ics-attack".into(), &"4.5".into()));
    let answer = room.run("coverage --rules rules net --format navigator --domain enterprise").expect(0);
    let layer: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let ids: Vec<_> =
        layer["techniques"].as_array().unwrap().iter().map(|row| row["techniqueID"].as_str().unwrap()).collect();
    assert_eq!(ids, ["T1033", "T1070.001", "T1568"]);
    room.run("coverage --rules rules --output no/where/at/all.json").expect(3);
}

#[test]
fn bad_input_is_told() {
    let room = room();
    room.run("coverage --rules missing").expect(4);
    room.file("broken/a.yml", DNS.replace("query|endswith", "query|endwith"));
    room.run("coverage --rules broken").expect(4);
    let missing = room.run("coverage --rules net -- missing.ndjson dns.ndjson").expect(3);
    assert!(
        missing.err.contains("missing.ndjson") && missing.out.contains("Seen: 1 event"),
        "{}{}",
        missing.out,
        missing.err
    );
    room.file("bad.ndjson", "{\"_path\":\"dns\",\"query\":\"a\"}\n{\"x\"\n");
    let bad = room.run("coverage --rules net bad.ndjson").expect(0);
    assert!(
        bad.err.contains("bad.ndjson:2:") && bad.out.contains("1 event could not be read"),
        "{}{}",
        bad.out,
        bad.err
    );
    room.run("coverage --strict --rules net bad.ndjson").expect(5);
    let piped = room
        .run_with_stdin("coverage --rules net -- -", b"{\"_path\":\"dns\",\"uid\":\"C\",\"query\":\"a\"}\n")
        .expect(0);
    assert!(piped.out.contains("each of 1 rule could fire"), "{}", piped.out);
}

#[test]
fn shipped_packs_name_techniques_of_the_matrix_alone() {
    let room = Room::empty();
    let rules = root().join("rules");
    let line = format!("coverage --rules {0}/it {0}/ot --format json", rules.display());
    let report: serde_json::Value = serde_json::from_str(&room.run(&line).expect(0).out).unwrap();
    assert_eq!(report["ics_other"], serde_json::json!([]));
    assert!(report["packs"].as_array().unwrap().iter().all(|pack| pack["untagged"] == 0), "{}", report["packs"]);
}
