//! What goes wrong, and what is said about it.

use super::support::{CLEAR, EVENTS, Room, WHOAMI};
use std::io::Write as _;

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

#[test]
fn a_file_that_is_missing_does_not_keep_others_from_being_read() {
    let room = Room::new();
    room.file("empty/readme.txt", "nothing");
    let line = "scan --rules rules --source none -o ndjson missing.ndjson empty events.ndjson";
    let found = room.run(line).expect(3);
    assert_eq!(found.hits().len(), 2);
    for said in ["`missing.ndjson`: no such file", "`empty`: holds no event file", "2 files could not be read"] {
        assert!(found.err.contains(said), "{said} in {}", found.err);
    }
    let strict = room.run("scan --strict --rules rules --source none -o ndjson missing.ndjson events.ndjson").expect(5);
    assert_eq!(strict.out, "");
}

#[test]
fn a_packed_file_that_is_cut_off_is_not_taken_for_a_whole_one() {
    let room = Room::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(EVENTS.repeat(50).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    room.file("cut.ndjson.gz", &packed[..packed.len() - 20]);
    let found = room.run("scan --rules rules --source none -o ndjson cut.ndjson.gz events.ndjson").expect(3);
    assert!(found.hits().len() > 2, "what stands before is scanned: {}", found.out);
    assert!(found.err.contains("the gzip data ends too early"), "{}", found.err);
    assert!(found.err.contains("1 file could not be read, or only in part"), "{}", found.err);
}

#[test]
fn files_of_other_kinds_are_named_with_what_to_do() {
    let room = Room::new();
    room.file("a.ndjson", b"\xfd7zXZ\0\0\x04rest");
    room.file("b.log", b"\xd4\xc3\xb2\xa1\x02\0\x04\0rest");
    room.file("c.log", "# notes\n# and more\n");
    room.file("d.csv", b"\x01\x02\x03\x04");
    let found = room.run("scan --rules rules --source none a.ndjson b.log c.log d.csv").expect(3);
    for said in ["xz data; unpack it first", "a packet capture", "text without a `#fields` line", "binary data"] {
        assert!(found.err.contains(said), "{said} in {}", found.err);
    }
}

#[test]
fn a_place_in_a_made_event_is_not_given_as_a_place_in_the_file() {
    let room = Room::new();
    room.file("latin.csv", b"EventID,User\n1102,caf\xe9\n1102,a\n");
    room.file("latin.ndjson", b"{\"EventID\":1102,\"User\":\"caf\xe9\"}\n");
    let found = room.run("scan --rules rules --source none -o ndjson latin.csv latin.ndjson").expect(0);
    assert_eq!(found.hits(), ["Log Cleared:3"]);
    assert!(found.err.contains("latin.csv:2: invalid UTF-8\n"), "{}", found.err);
    assert!(found.err.contains("latin.ndjson:1: invalid UTF-8 at byte 27"), "{}", found.err);
}

#[test]
fn asking_for_rules_that_are_not_there_is_told() {
    let room = Room::new();
    for (asked, said, code) in [
        ("--rule no-such-rule", "no rule for these events has the id, name or title `no-such-rule`", 4),
        ("--tag attack.t9999 --level low", "the tag `attack.t9999` and the level low or above", 0),
        ("--level critical", "the level critical or above", 0),
    ] {
        for source in ["none", "auto"] {
            let line = format!("scan --rules rules --source {source} {asked} -o ndjson events.ndjson");
            let answer = room.run(&line).expect(code);
            assert!(answer.err.contains(said), "{line}: {}", answer.err);
        }
    }
    // Rules about other events are no fault.
    let other = r#"{"_path":"conn","ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2"}"#;
    room.file("zeek.ndjson", other);
    room.run("scan --rules rules -o ndjson zeek.ndjson").expect(0);
}

#[cfg(unix)]
#[test]
fn what_would_act_on_a_terminal_is_shown_as_an_escape() {
    let room = Room::new();
    room.file("rules/red.yml", WHOAMI.replace("Whoami Started", "\"\\e[31mred\"").replace("11111111", "33333333"));
    let event = r#"{"Image":"a\u001b[2J\\whoami.exe","Computer":"a\u202eb\u0007"}"#;
    room.file("e\u{1b}[31m.ndjson", format!("{event}\nbad\n"));
    for line in
        ["scan --rules rules --source none -o table", "scan --rules rules --source none -o list --evidence --event"]
    {
        let mut command = room.command(line.split_whitespace());
        let output = command.arg("e\u{1b}[31m.ndjson").output().unwrap();
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert!(text.contains(r"\u{1b}[31mred") && text.contains(r"e\u{1b}[31m.ndjson"), "{text}");
    }
    let explained = room.run_with_stdin("explain --rules rules --source none --event -", event.as_bytes()).expect(0);
    assert!(!explained.out.contains('\u{1b}') && explained.out.contains(r"\u{1b}[2J"), "{}", explained.out);
}
