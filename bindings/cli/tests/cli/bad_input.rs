//! What goes wrong, and what is said about it.

use super::support::{CLEAR, EVENTS, Room, WHOAMI};

#[test]
fn broken_rules_are_told_and_the_others_run() {
    let room = Room::new();
    room.file("rules/broken.yml", CLEAR.replace("EventID:", "EventID|startwith:"));
    let found = room.run("scan --rules rules -o ndjson --source none events.ndjson").expect(0);
    assert_eq!(found.hits().len(), 2);
    assert!(found.err.contains("error[TL0010]"), "{}", found.err);
    assert!(found.err.contains("did you mean `startswith`?"), "{}", found.err);
    assert!(found.err.contains("^^^"), "{}", found.err);
    assert!(found.err.contains("rules/broken.yml:"), "{}", found.err);
    let strict = room.run("scan --strict --rules rules -o ndjson --source none events.ndjson").expect(5);
    assert_eq!(strict.out, "");
    assert!(strict.err.contains("error[TL0010]"), "{}", strict.err);
}

#[test]
fn many_faults_of_a_kind_are_summed_up() {
    let room = Room::new();
    for number in 0..30 {
        room.file(&format!("rules/broken{number}.yml"), CLEAR.replace("EventID:", "EventID|startwith:"));
    }
    let found = room.run("scan --rules rules -o ndjson --source none events.ndjson").expect(0);
    assert_eq!(found.err.matches("error[TL0010]").count(), 20);
    assert!(found.err.contains("10 more of TL0010"), "{}", found.err);
}

#[test]
fn broken_events_are_told_with_their_place() {
    let room = Room::new();
    let mut events = EVENTS.as_bytes().to_vec();
    events.extend_from_slice(b"{\"EventID\":1102,\"x\"\n\xff{}\n{\"EventID\":1102}\n{\"EventID\": 1102, \"cut\": \"of");
    room.file("bad.ndjson", events);
    let found = room.run("scan --rules rules -o ndjson --source none bad.ndjson").expect(0);
    assert_eq!(found.hits(), ["Whoami Started:1", "Log Cleared:3", "Log Cleared:6"]);
    for place in ["bad.ndjson:4:", "bad.ndjson:5:", "bad.ndjson:7:"] {
        assert!(found.err.contains(place), "{place} in {}", found.err);
    }
    assert!(found.err.contains("3 events could not be read"), "{}", found.err);
    let strict = room.run("scan --strict --rules rules -o ndjson --source none bad.ndjson").expect(5);
    assert_eq!(strict.hits(), ["Whoami Started:1", "Log Cleared:3"]);
    assert!(strict.err.contains("bad.ndjson:4:") && !strict.err.contains("bad.ndjson:5:"), "{}", strict.err);
}

#[test]
fn of_many_broken_events_the_first_are_shown() {
    let room = Room::new();
    room.file("bad.ndjson", format!("{{\"a\":1}}\n{}", "{\"a\":\n".repeat(1000)));
    let found = room.run("scan --rules rules --source none bad.ndjson").expect(0);
    assert!(found.err.lines().count() < 12, "{}", found.err);
    assert!(found.out.contains("1,000 events could not be read"), "{}", found.out);
}

#[test]
fn hostile_events_do_no_harm() {
    let room = Room::new();
    let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(20 << 20));
    let hostile = format!(
        "\u{feff}{{\"EventID\":1102}}\r\n{deep}\n{long}\n{{\"EventID\":7,\"EventID\":1102}}\r\n{{\"a\":\"\\u0000\"}}\n\u{0}\n{{\"EventID\":1102}}\n"
    );
    room.file("hostile.ndjson", hostile);
    let found = room.run("scan --rules rules -o ndjson --source none hostile.ndjson").expect(0);
    assert_eq!(found.hits(), ["Log Cleared:1", "Log Cleared:4", "Log Cleared:7"]);
    assert!(found.err.contains("hostile.ndjson:2:") && found.err.contains("hostile.ndjson:3:"), "{}", found.err);
}

#[test]
fn files_that_cannot_be_read_give_three() {
    let room = Room::new();
    room.file("empty/readme.txt", "nothing");
    room.file("picture.ndjson", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0");
    for (files, said) in [
        ("missing.ndjson", "`missing.ndjson`: no such file"),
        ("empty", "holds no event file"),
        ("picture.ndjson", "expected"),
        ("--format evtx events.ndjson", "ElfFile"),
    ] {
        let answer = room.run(&format!("scan --rules rules --source none -o ndjson {files}")).expect(3);
        assert!(answer.err.contains(said), "{files}: {}", answer.err);
    }
    // The others are read all the same.
    let found = room.run("scan --rules rules --source none -o ndjson picture.ndjson events.ndjson").expect(3);
    assert_eq!(found.hits().len(), 2);
    room.run("scan --strict --rules rules --source none -o ndjson picture.ndjson events.ndjson").expect(5);
}

#[test]
fn rules_that_cannot_be_loaded_give_four() {
    let room = Room::new();
    room.file("none/readme.txt", "nothing");
    room.file("broken.yml", "title: [");
    for (rules, said) in [
        ("missing.yml", "`missing.yml`: no such file"),
        ("none", "holds no rules"),
        ("broken.yml", "no rule could be loaded"),
        ("rules --pipeline no-such-pipeline", "no-such-pipeline"),
        ("rules --source no-such-source", "no-such-source"),
    ] {
        let answer = room.run(&format!("scan --rules {rules} -o ndjson events.ndjson")).expect(4);
        assert!(answer.err.contains(said), "{rules}: {}", answer.err);
    }
    let events = room.run("scan --rules events.ndjson --source none events.ndjson").expect(4);
    assert!(events.err.contains("expected rules in YAML"), "{}", events.err);
}

#[test]
fn odd_rule_files_are_diagnostics() {
    let room = Room::new();
    room.file("rules/latin.yml", b"title: caf\xe9\n");
    room.file("rules/huge.yml", format!("title: {}\n", "x".repeat(17 << 20)));
    room.file("rules/bomb.yml", "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n");
    let found = room.run("scan --rules rules -o ndjson --source none events.ndjson").expect(0);
    assert!(found.err.contains("TL0007") && found.err.contains("latin.yml:1:11"), "{}", found.err);
    assert!(found.err.contains("TL0003") && found.err.contains("huge.yml"), "{}", found.err);
}

#[cfg(unix)]
#[test]
fn a_rule_file_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = Room::new();
    room.file("rules/secret.yml", WHOAMI);
    let secret = room.path("rules/secret.yml");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&secret).is_ok() {
        return; // Root may read everything.
    }
    let found = room.run("scan --rules rules -o ndjson --source none events.ndjson").expect(0);
    assert!(found.err.contains("TL0009") && found.err.contains("secret.yml"), "{}", found.err);
}

#[test]
fn a_wrong_command_line_gives_two() {
    let room = Room::new();
    for line in [
        "scan events.ndjson",
        "scan --rules rules --output xml events.ndjson",
        "scan --rules rules --threads 0 events.ndjson",
        "scan --rules rules --allow TL9999 events.ndjson",
        "scan --rules rules --format xml events.ndjson",
        "frobnicate",
        "",
    ] {
        room.run(line).expect(2);
    }
}
