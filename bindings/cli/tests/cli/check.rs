//! `check`: what is said about rules.

use super::support::{CLEAR, Room, root};

#[test]
fn sound_rules_give_zero() {
    let room = Room::new();
    let answer = room.run("check rules").expect(0);
    assert!(answer.out.contains("2 files, 2 documents: 2 rules loaded"), "{}", answer.out);
    assert!(!answer.out.contains('\u{1b}'));
    room.run("check --rules rules/whoami.yml rules/deep").expect(0);
}

#[test]
fn errors_give_one_with_reasons_by_code() {
    let room = Room::new();
    room.file("rules/broken.yml", CLEAR.replace("condition: selection", "condition: selecton"));
    let answer = room.run("check rules").expect(1);
    assert!(answer.out.contains("rules/broken.yml:"), "{}", answer.out);
    assert!(answer.out.contains("TL0031 undefined-selection"), "{}", answer.out);
    assert!(answer.out.contains("2 rules loaded"), "{}", answer.out);
    room.run("check --strict rules").expect(5);
}

#[test]
fn json_has_counts_and_diagnostics() {
    let room = Room::new();
    room.file("rules/broken.yml", CLEAR.replace("condition: selection", "condition: selecton"));
    let answer = room.run("check --format json rules").expect(1);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(report["files"], 3);
    assert_eq!(report["rules"], 2);
    assert_eq!(report["left_out"][0]["code"], "TL0031");
    assert_eq!(report["diagnostics"][0]["severity"], "error");
}

#[test]
fn warnings_can_be_switched_off() {
    let room = Room::empty();
    room.file("rules/a.yml", CLEAR.replace("    condition:", "    unused: {EventID: 5}\n    condition:"));
    let answer = room.run("check rules").expect(0);
    assert!(answer.out.contains("TL0104"), "{}", answer.out);
    for code in ["TL0104", "unused-selection"] {
        let answer = room.run(&format!("check --allow {code} rules")).expect(0);
        assert!(!answer.out.contains("TL0104"), "{}", answer.out);
    }
}

#[test]
fn pipelines_in_a_directory_of_rules_are_passed_over() {
    let room = Room::new();
    room.file("rules/pipelines/p.yml", "name: p\npriority: 10\ntransformations: []\n");
    let answer = room.run("check rules").expect(0);
    assert!(answer.out.contains("passed over: 1 file"), "{}", answer.out);
}

#[test]
fn a_rule_is_shown_as_it_is_evaluated() {
    let room = Room::new();
    let whoami = "11111111-1111-4111-8111-111111111111";
    let one = room.run(&format!("check rules --source windows-evtx --show-mapped {whoami}")).expect(0);
    assert!(one.out.contains("Event.EventData.Image"), "{}", one.out);
    let all = room.run(&format!("check rules --show-mapped {whoami}")).expect(0);
    assert!(all.out.contains("--source winlogbeat") && all.out.contains("--source sysmon)"), "{}", all.out);
    let elsewhere = room.run(&format!("check rules --source zeek --show-mapped {whoami}")).expect(4);
    assert!(elsewhere.err.contains("is about windows/process_creation"), "{}", elsewhere.err);
    room.run("check rules --show-mapped no-such-rule").expect(4);
}

#[test]
fn the_shipped_pack_has_no_errors() {
    let room = Room::empty();
    let rules = root().join("rules/it");
    let output = room.command(["check", "--format", "json", rules.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
