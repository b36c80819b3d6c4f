//! `test` beside correlations: sequences of events that must make them alert, or must not.

use super::support::{Room, root};

/// Correlations over the rules of the room.
const CORRELATIONS: &str = "\
title: Cleared Twice
name: twice
correlation:
  type: event_count
  rules: [22222222-2222-4222-8222-222222222222]
  group-by: [Computer]
  timespan: 1m
  condition: {gte: 2}
---
title: Looked Around, Then Cleared Twice
name: looked_and_cleared
correlation:
  type: temporal_ordered
  rules: [11111111-1111-4111-8111-111111111111, twice]
  group-by: [Computer]
  timespan: 10m
";

fn whoami(host: &str, minute: u32) -> String {
    format!(
        "{{\"EventID\":1,\"Image\":\"C:\\\\whoami.exe\",\"Computer\":\"{host}\",\"UtcTime\":\"2026-01-01 10:{minute:02}:00\"}}\n"
    )
}

fn clear(host: &str, minute: u32) -> String {
    let time = format!("2026-01-01T10:{minute:02}");
    let source = "Microsoft-Windows-Eventlog";
    let one = |second| {
        format!(
            "{{\"Provider_Name\":\"{source}\",\"EventID\":1102,\"Channel\":\"Security\",\"Computer\":\"{host}\",\"@timestamp\":\"{time}:{second}Z\"}}\n"
        )
    };
    one("10") + &one("20")
}

#[test]
fn a_blank_line_stands_between_sequences() {
    let room = Room::new();
    room.file("rules/twice.yml", CORRELATIONS);
    let good = [whoami("a", 0) + &clear("a", 1), whoami("b", 0) + &whoami("a", 1) + &clear("b", 9)];
    room.file("rules/twice.match.ndjson", good.join("\n"));
    // The first half of one and the second of another are no whole.
    let bad = [clear("a", 0) + &whoami("a", 1), whoami("a", 0) + &clear("b", 1), whoami("b", 0), clear("b", 1)];
    room.file("rules/twice.silent.ndjson", bad.join("\n"));
    let answer = room.run("test rules").expect(0);
    assert!(answer.out.contains("1 rule file, 16 events: all as filed"), "{}", answer.out);
    assert!(answer.err.is_empty(), "{}", answer.err);

    // Correlations to which one of another file refers are tested as well.
    room.file(
        "rules/over.yml",
        "title: Again\ncorrelation: {type: event_count, rules: [looked_and_cleared], timespan: 1d, condition: {gte: 2}}\n",
    );
    room.run("test rules").expect(0);
}

#[test]
fn a_sequence_that_does_otherwise_is_told_with_what_each_line_was() {
    let room = Room::new();
    room.file("rules/twice.yml", CORRELATIONS);
    room.file("rules/twice.match.ndjson", whoami("a", 0) + &clear("b", 1));
    room.file("rules/twice.silent.ndjson", whoami("a", 0) + &clear("b", 1) + "\n" + &whoami("a", 0) + &clear("a", 1));
    let answer = room.run("test rules").expect(1);
    let expected = "\
FAIL rules/twice.match.ndjson:1: lines 1 to 3 must make `Looked Around, Then Cleared Twice` alert, but do not
     line 1: `Whoami Started`; Computer=a
     line 2: `Log Cleared`; Computer=b
     line 3: `Log Cleared`; Computer=b
     `Cleared Twice` alerts at 2026-01-01T10:01:20Z for Computer=b (lines 2, 3)
FAIL rules/twice.silent.ndjson:5: lines 5 to 7 must stay silent, but `Looked Around, Then Cleared Twice` alerts at \
2026-01-01T10:01:20Z for Computer=a (lines 5, 7)
";
    assert!(answer.out.starts_with(expected), "{}", answer.out);
    let json = room.run("test rules --format json").expect(1);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let failures = report["failures"].as_array().unwrap();
    assert_eq!((failures.len(), &failures[1]["line"], &failures[0]["rule"]), (2, &5.into(), &"rules/twice.yml".into()));
    assert!(failures[0]["explanation"].as_str().unwrap().contains("line 2: `Log Cleared`"), "{}", json.out);
}

#[test]
fn events_without_time_or_out_of_order_are_no_sequence() {
    let room = Room::new();
    room.file("rules/twice.yml", CORRELATIONS);
    let untimed = r#"{"EventID":1102,"Channel":"Security","Computer":"a","when":"2026-01-01T10:08:00Z"}"#;
    room.file("rules/twice.silent.ndjson", whoami("a", 9) + &whoami("a", 8) + untimed + "\n[]\n");
    let answer = room.run("test rules").expect(1);
    for told in [
        "silent.ndjson:2: is older than an event before it",
        "silent.ndjson:3: has no time that can be read",
        "silent.ndjson:4: ",
    ] {
        assert!(answer.out.contains(told), "{told} in {}", answer.out);
    }
    room.file("rules/twice.silent.ndjson", format!("{untimed}\n"));
    room.run("test rules --time-field when").expect(0);
    room.file("rules/twice.yml", CORRELATIONS.replace("timespan: 10m", "timespan: ten"));
    let broken = room.run("test rules --time-field when").expect(0);
    assert!(broken.err.contains("TL0042"), "what is left of the file is tested: {}", broken.err);
    room.file("rules/twice.yml", CORRELATIONS.replace("timespan: 1m", "timespan: ten"));
    let broken = room.run("test rules").expect(1);
    assert!(broken.out.contains("no correlation of the file could be loaded: "), "{}", broken.out);
}

#[test]
fn references_that_lead_nowhere_else_lead_to_the_shipped_rules() {
    let room = Room::empty();
    let shipped = "f0e00000-0000-4000-8000-000000000000";
    let correlation = |id: &str| {
        format!(
            "title: Cleared\ncorrelation: {{type: event_count, rules: [{id}], timespan: 1m, condition: {{gte: 2}}}}\n"
        )
    };
    room.file("rules/cleared.yml", correlation(shipped));
    room.file("rules/cleared.match.ndjson", clear("a", 1));
    let unknown = room.run("test rules").expect(1);
    assert!(unknown.out.contains(shipped), "{}", unknown.out);

    let text = std::fs::read_to_string(root().join("rules/it/win_security_audit_log_cleared.yml")).unwrap();
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    room.file("rules/cleared.yml", correlation(id));
    let known = room.run("test rules").expect(0);
    assert!(known.out.contains("1 rule file, 2 events: all as filed"), "{}", known.out);
    assert!(!known.err.contains("TL0044"), "{}", known.err);
}
