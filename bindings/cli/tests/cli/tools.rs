//! `explain`, `test`, `fields`, `completions`.

use super::support::{EVENTS, Room, root};

#[test]
fn explain_says_why_and_why_not() {
    let room = Room::new();
    let explain = |rule: &str, event: &str| {
        room.run(&format!("explain --rules rules --source none --rule {rule} --event {event}"))
    };
    let (whoami, clear) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");
    let hit = explain(whoami, "events.ndjson:1").expect(0);
    assert!(hit.out.contains("Whoami Started matches"), "{}", hit.out);
    let miss = explain(whoami, "events.ndjson:2").expect(0);
    assert!(miss.out.contains("does not match") && miss.out.contains(r"saw 'C:\Windows\cmd.exe'"), "{}", miss.out);
    let missing = explain(clear, r#"{"x":1}"#).expect(0);
    assert!(missing.out.contains("field is missing"), "{}", missing.out);
    explain("no-such-rule", "events.ndjson:1").expect(4);
    explain(whoami, "events.ndjson:99").expect(3);
    explain(whoami, "missing.ndjson:1").expect(3);
    explain(whoami, "{").expect(3);
    let line = format!("explain --rules rules --source none --rule {whoami} --event - --format json");
    let json = room.run_with_stdin(&line, EVENTS.lines().next().unwrap().as_bytes()).expect(0);
    let trees: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(trees[0]["matched"], true);
}

#[test]
fn explain_leaves_out_what_did_not_decide() {
    let room = Room::empty();
    let many = |name: &str| (0..9).map(|n| format!("'{name}{n}'")).collect::<Vec<_>>().join(", ");
    let rule = format!(
        "title: Many\nlogsource: {{product: windows}}\ndetection:\n  one: {{a: [{}]}}\n  two: {{b: [{}]}}\n  three: {{c: d}}\n  \
         condition: one and two and not three\n",
        many("x"),
        many("y")
    );
    room.file("many.yml", rule);
    let explain =
        |more: &str, event: &str| room.run(&format!("explain many.yml --source none --event {event}{more}")).expect(0);
    let hit = explain("", r#"{"a":"x7","b":"y1"}"#).out;
    assert!(hit.contains("✓ a = 'x7'") && hit.contains("… and 8 that do not hold") && hit.contains("--full"), "{hit}");
    assert!(!hit.contains("'x3'"), "{hit}");
    let miss = explain("", r#"{"a":"x7","b":"no"}"#).out;
    assert!(miss.contains("✓ one   …"), "what holds did not decide: {miss}");
    assert!(miss.contains("✗ b = 'y0'") && miss.contains("… and 5 more like these"), "{miss}");
    let full = explain(" --full", r#"{"a":"x7","b":"no"}"#).out;
    assert!(full.contains("✗ a = 'x3'") && full.contains("✗ b = 'y8'") && !full.contains('…'), "{full}");
}

#[test]
fn explain_says_when_a_rule_is_about_other_events() {
    let room = Room::new();
    let event = r#"{"uid":"C1","id.orig_h":"1","id.resp_h":"2"}"#;
    let rule = "11111111-1111-4111-8111-111111111111";
    let answer = room.run(&format!("explain --rules rules --rule {rule} --event {event}")).expect(4);
    assert!(answer.err.contains("about windows/process_creation") && answer.err.contains("`zeek`"), "{}", answer.err);
}

#[test]
fn without_a_rule_those_that_match_are_explained() {
    let room = Room::new();
    let hit = room.run("explain --rules rules --source none --event events.ndjson:3").expect(0);
    assert!(hit.out.contains("Log Cleared matches") && !hit.out.contains("Whoami"), "{}", hit.out);
    let none = room.run("explain --rules rules --source none --event events.ndjson:2").expect(0);
    assert!(none.err.contains("none of 2 rules matches"), "{}", none.err);
}

#[test]
fn tests_beside_rules_run() {
    let room = Room::new();
    room.run("test rules --source none").expect(3);
    room.file("rules/whoami.match.ndjson", EVENTS.lines().next().unwrap());
    room.file("rules/whoami.silent.ndjson", EVENTS.lines().nth(1).unwrap());
    let good = room.run("test rules --source none").expect(0);
    assert!(good.out.contains("1 rule file, 2 events: all as filed"), "{}", good.out);
    assert!(good.out.contains("1 rule file without events"), "{}", good.out);

    room.file("rules/whoami.silent.ndjson", EVENTS);
    room.file("rules/deep/clear.match.ndjson", EVENTS);
    let bad = room.run("test rules --source none").expect(1);
    assert!(bad.out.contains("whoami.silent.ndjson:1: must stay silent"), "{}", bad.out);
    assert!(bad.out.contains("clear.match.ndjson:2: must fire"), "{}", bad.out);
    assert!(bad.out.contains("EventID = 1102"), "failures are explained: {}", bad.out);
    let json = room.run("test rules --source none --format json").expect(1);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["failures"].as_array().unwrap().len(), 3);
}

#[test]
fn a_broken_rule_fails_its_tests() {
    let room = Room::new();
    room.file("rules/broken.yml", "title: x\n");
    room.file("rules/broken.match.ndjson", EVENTS);
    let answer = room.run("test rules --source none").expect(1);
    assert!(answer.out.contains("no rule of the file could be loaded"), "{}", answer.out);
    assert!(answer.out.contains("1 failure"), "{}", answer.out);
}

#[test]
fn the_shipped_rules_do_as_their_events_say() {
    let room = Room::empty();
    // Rules about connections of any sensor have to be mapped to the one that saw them.
    for (pack, sources) in [
        ("rules/it", &["none", "auto"][..]),
        ("rules/ot", &["none", "auto"]),
        ("rules/over_time", &["none", "auto"]),
        ("rules/cross_domain", &["none", "auto"]),
        ("rules/policy", &["auto"]),
    ] {
        let rules = root().join(pack);
        for source in sources {
            let output = room.command(["test", rules.to_str().unwrap(), "--source", source]).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{source}: {}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

#[test]
fn events_are_tested_in_the_plant_beside_their_rule() {
    let room = Room::empty();
    room.file(
        "rules/role.yml",
        "title: x\nlogsource: {category: any}\ndetection: {s: {source.asset.role: hmi}, condition: s}\n",
    );
    room.file("rules/role.match.ndjson", "{\"SourceIp\": \"10.0.0.1\"}\n");
    room.run("test rules --source none").expect(1);
    room.file("rules/context.yml", "assets: [{id: a, ip: 10.0.0.1, role: hmi}]\n");
    room.run("test rules --source none").expect(0);
    room.file("other.yml", "assets: [{id: a, ip: 10.0.0.1, role: drive}]\n");
    room.run("test rules --source none --context other.yml").expect(1);
    room.file("rules/context.yml", "assets: [{id: a, ip: 10.0.0.1, role: hmi, rloe: x}]\n");
    let answer = room.run("test rules --source none").expect(1);
    assert!(answer.out.contains("context.yml:1: an asset has no key `rloe`"), "{}", answer.out);
}

#[test]
fn operations_are_explained_by_logons_and_conduits_are_proposed() {
    let room = Room::empty();
    let plant = "
assets:
  - {id: ews, ip: 10.0.2.6, host: ews, role: engineering_workstation}
  - {id: plc, ip: 10.0.3.7, role: controller}
zones: [{name: engineering, networks: [10.0.2.0/24]}, {name: cell, networks: [10.0.3.0/24]}]
";
    room.file("plant.yml", plant);
    let update = |hour: u8| {
        format!(
            "{{\"_path\": \"modbus\", \"ts\": \"2026-11-26T{hour:02}:00:00Z\", \"uid\": \"C\", \"id.orig_h\": \"10.0.2.6\", \"id.orig_p\": 50000, \
             \"id.resp_h\": \"10.0.3.7\", \"id.resp_p\": 502, \"tid\": 1, \"unit\": 1, \"func\": \"FIRMWARE_REPLACEMENT\", \"pdu_type\": \"REQ\"}}\n"
        )
    };
    room.file("events/modbus.ndjson", &(update(9) + &update(8)));
    let logon = "{\"EventID\": 4624, \"Channel\": \"Security\", \"Computer\": \"ews\", \"TimeCreated\": \"2026-11-26T08:30:00Z\", \
                 \"LogonType\": 2, \"TargetUserName\": \"mk\", \"TargetLogonId\": \"0x1\"}\n";
    room.file("events/security.ndjson", logon);
    let answer = room.run("learn events --context plant.yml").expect(0);
    assert!(answer.out.contains("name: engineering-to-cell") && answer.out.contains("PRIVILEGED"), "{}", answer.out);
    room.file("learned.yml", &answer.out);
    let lines = |answer: &str| {
        answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>()
    };
    let answer = room.run("trust events --context plant.yml").expect(0);
    assert_eq!(lines(&answer.out)[1]["missing"], serde_json::json!(["conduit"]), "{}", answer.out);
    let answer = room.run("trust events --context plant.yml --context learned.yml --fail").expect(1);
    let told = lines(&answer.out);
    assert_eq!((told.len(), &told[0]["missing"]), (1, &serde_json::json!(["session:engineering_workstation"])));
    assert!(
        answer.err.contains("3 events read: 1 logon event, 2 privileged operations, 1 unexplained"),
        "{}",
        answer.err
    );
    let answer = room.run("trust events --context plant.yml --context learned.yml --all -o table").expect(0);
    assert!(
        answer.out.contains("engineering_workstation: mk by console on ews since 2026-11-26T08:30:00Z"),
        "{}",
        answer.out
    );
    room.run("trust events").expect(2);
    room.run("trust events --context nowhere.yml").expect(4);
}

#[test]
fn fields_are_listed_with_their_rules() {
    let room = Room::new();
    let text = room.run("fields rules").expect(0);
    assert!(text.out.contains("    1  EventID  windows/security"), "{}", text.out);
    let json = room.run("fields --rules rules --format json").expect(0);
    let rows: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 2);
}

#[test]
fn completions_are_printed_for_every_shell() {
    let room = Room::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let answer = room.run(&format!("completions {shell}")).expect(0);
        assert!(answer.out.contains("tieline") && answer.out.contains("fail-on"), "{shell}");
    }
    room.run("completions tcsh").expect(2);
}

#[test]
fn help_documents_exit_codes() {
    let room = Room::empty();
    for line in ["--help", "scan --help", "help check"] {
        let answer = room.run(line).expect(0);
        assert!(answer.out.contains("130  interrupted"), "{line}: {}", answer.out);
    }
    assert!(room.run("--version").expect(0).out.starts_with("tieline "));
}
