//! Correlations over time as `scan` tells them.

use super::support::{Answer, Room};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

const RULES: &str = "\
title: Failed Logon
name: failed
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: Guessing
id: 33333333-3333-4333-8333-333333333333
level: high
tags: [attack.t1110]
correlation:
  type: event_count
  rules: [failed]
  group-by: [User]
  timespan: 1m
  condition: {gte: 3}
---
title: Quiet Host
id: 44444444-4444-4444-8444-444444444444
level: low
correlation: {type: event_count, rules: [failed], group-by: [Host], timespan: 1m, condition: {lt: 2}}
";

/// An event each ten seconds, of two users and three hosts.
fn events(numbers: std::ops::Range<u64>) -> String {
    let event = |number: u64| {
        let (user, host) = (["anna", "eve"][(number / 2 % 2) as usize], number * number % 3);
        let (minute, second) = (number / 6, number % 6 * 10);
        format!(
            "{{\"EventID\":4625,\"User\":\"{user}\",\"Host\":\"h{host}\",\"when\":\"2026-11-23T08:{minute:02}:{second:02}Z\"}}\n"
        )
    };
    numbers.map(event).collect()
}

const SCAN: &str = "scan --rules rules.yml --source none --time-field when -o ndjson";

fn room() -> Room {
    let room = Room::empty();
    room.file("rules.yml", RULES);
    room.file("a.ndjson", events(0..30));
    room.file("b.ndjson", events(30..60));
    room.file("all.ndjson", events(0..60));
    room
}

/// What the alerts say, whatever the files are called.
fn said(answers: &[&Answer]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for object in answers.iter().flat_map(|answer| answer.objects()) {
        assert_eq!(object["kind"], "correlation");
        let parts = ["rule_id", "group", "time", "first", "last", "count"].map(|part| object[part].to_string());
        said.push(parts.join(" "));
    }
    said.sort();
    said
}

#[test]
fn an_alert_is_one_object() {
    let room = room();
    let answer = room.run(&format!("{SCAN} --lateness 5m a.ndjson")).expect(0);
    let first = answer.objects().into_iter().find(|object| object["rule_title"] == "Guessing").unwrap();
    let expected = serde_json::json!({
        "rule_id": "33333333-3333-4333-8333-333333333333", "rule_title": "Guessing", "level": "high",
        "kind": "correlation", "type": "event_count", "tags": ["attack.t1110"], "file": "a.ndjson", "line": 5,
        "time": "2026-11-23T08:00:40Z", "first": "2026-11-23T08:00:00Z", "last": "2026-11-23T08:00:40Z",
        "group": {"User": "anna"}, "count": 3, "value": 3,
        "events": [{"file": "a.ndjson", "line": 1}, {"file": "a.ndjson", "line": 2}, {"file": "a.ndjson", "line": 5}],
    });
    assert_eq!(first, expected);
    room.run(&format!("{SCAN} --fail-on high a.ndjson")).expect(1);
    room.run(&format!("{SCAN} --fail-on critical a.ndjson")).expect(0);
    let others = room.run(&format!("{SCAN} --rule 44444444-4444-4444-8444-444444444444 a.ndjson")).expect(0);
    assert_eq!(others.out, "");
}

#[test]
fn several_files_share_one_clock_and_their_order_does_not_matter_within_the_lateness() {
    let room = room();
    let all = said(&[&room.run(&format!("{SCAN} all.ndjson")).expect(0)]);
    assert!(all.len() > 10);
    for line in [
        "a.ndjson b.ndjson",
        "--lateness 1h b.ndjson a.ndjson",
        "--threads 1 a.ndjson b.ndjson",
        "--lateness 1h all.ndjson",
    ] {
        assert_eq!(said(&[&room.run(&format!("{SCAN} {line}")).expect(0)]), all, "{line}");
    }
    let late = room.run(&format!("{SCAN} b.ndjson a.ndjson")).expect(0);
    assert!(late.err.contains("a.ndjson:1: the event is older than --lateness allows"), "{}", late.err);
    assert!(late.err.contains("30 events too late"), "{}", late.err);
}

#[test]
fn a_scan_goes_on_where_it_stopped() {
    let room = room();
    let all = said(&[&room.run(&format!("{SCAN} all.ndjson")).expect(0)]);
    let with_state = |line: &str| room.run(&format!("{SCAN} --state state {line}")).expect(0);
    let first = with_state("a.ndjson");
    assert!(first.err.contains("groups kept"), "{}", first.err);
    let saved = fs::read(room.path("state")).unwrap();
    // What was read of a file is not read again, and a file that has grown is read from there.
    let second = with_state("a.ndjson b.ndjson");
    assert!(second.err.contains("30 events in 2 files"), "{}", second.err);
    let open: BTreeSet<String> = all.iter().cloned().collect();
    let found: BTreeSet<String> = said(&[&first, &second]).into_iter().collect();
    // Windows that are open at the end are not judged.
    assert!(found.is_subset(&open) && open.len() - found.len() <= 4, "{found:#?}");
    // Killed after the first state was written: what came then is told again.
    fs::write(room.path("state"), saved).unwrap();
    assert_eq!(said(&[&with_state("a.ndjson b.ndjson")]), said(&[&second]));
    fs::remove_file(room.path("state")).unwrap();
    room.file("c.ndjson", events(0..20));
    let first = with_state("c.ndjson");
    room.file("c.ndjson", events(0..60));
    let second = with_state("c.ndjson");
    assert_eq!(said(&[&first, &second]).into_iter().collect::<BTreeSet<_>>(), found);
}

#[test]
fn state_that_is_torn_or_foreign_is_refused() {
    let room = room();
    room.run(&format!("{SCAN} --state state a.ndjson")).expect(0);
    let good = fs::read(room.path("state")).unwrap();
    for (bad, told) in [
        (&good[..good.len() / 2], "is cut off at byte"),
        (&b"not a state"[..], "is no state of a scan"),
        (&[good.as_slice(), b"x"].concat()[..], "is torn or damaged"),
    ] {
        fs::write(room.path("state"), bad).unwrap();
        let answer = room.run(&format!("{SCAN} --state state b.ndjson"));
        assert!(answer.code != 0 && answer.out.is_empty(), "{}", answer.out);
        assert!(answer.err.contains("`state`") && answer.err.contains(told), "{}", answer.err);
        assert_eq!(fs::read(room.path("state")).unwrap(), bad, "it is left as it was");
    }
    let answer = room.run(&format!("{SCAN} --state nowhere/state a.ndjson"));
    assert!(answer.code != 0 && answer.err.contains("`nowhere/state`: the state cannot be written"), "{}", answer.err);
}

#[test]
fn rules_that_changed_begin_anew_and_the_others_go_on() {
    let room = room();
    let all = said(&[&room.run(&format!("{SCAN} all.ndjson")).expect(0)]);
    let first = room.run(&format!("{SCAN} --state state a.ndjson")).expect(0);
    room.file("rules.yml", RULES.replace("{lt: 2}", "{lt: 3}"));
    let second = room.run(&format!("{SCAN} --state state b.ndjson")).expect(0);
    assert!(
        second.err.contains("the correlation `44444444-4444-4444-8444-444444444444` has changed or is gone"),
        "{}",
        second.err
    );
    let guessing = |said: Vec<String>| said.into_iter().filter(|line| line.contains("33333333")).collect::<Vec<_>>();
    assert_eq!(guessing(said(&[&first, &second])), guessing(all));
}

#[test]
fn times_that_are_missing_or_wrong_are_told() {
    let room = room();
    let odd =
        "{\"EventID\":4625,\"User\":\"eve\",\"Host\":\"h\"}\n{\"EventID\":4625,\"User\":\"eve\",\"when\":\"soon\"}\n";
    room.file("odd.ndjson", odd);
    let answer = room.run(&format!("{SCAN} odd.ndjson")).expect(0);
    assert!(
        answer.err.contains("odd.ndjson:1: the event has no time that can be read; --time-field"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("2 events without a time"), "{}", answer.err);
    let answer = room.run(&format!("{SCAN} --missing-time error odd.ndjson")).expect(0);
    assert!(answer.err.contains("odd.ndjson:2: the event has no time that can be read"), "{}", answer.err);
    room.run(&format!("{SCAN} --missing-time error --strict odd.ndjson")).expect(5);
    let answer = room.run(&format!("{SCAN} --missing-time arrival odd.ndjson")).expect(0);
    assert_eq!(said(&[&answer]).len(), 1, "a host with one event within a minute, the other event has none");
    // A clock that jumps to 2099 closes no window, and one of 1970 is late.
    let jump =
        events(0..2) + &events(2..3).replace("2026", "2099") + &events(3..4).replace("2026", "1970") + &events(4..6);
    let answer = room.run_with_stdin(SCAN, jump.as_bytes()).expect(0);
    assert!(
        answer.err.contains("-:3: the event is further ahead of all before it than --clock-jump allows"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("1 event too late, 1 event too far ahead"), "{}", answer.err);
    assert!(answer.out.contains("\"User\":\"anna\""), "{}", answer.out);
    let answer = room.run_with_stdin(&format!("{SCAN} --clock-jump off"), jump.as_bytes()).expect(0);
    assert!(answer.err.contains("4 events too late") || answer.err.contains("3 events too late"), "{}", answer.err);
    let small: String =
        [1, 20, 50].map(|second| format!("{{\"EventID\":4625,\"User\":\"x\",\"when\":{second}}}\n")).concat();
    let answer = room.run_with_stdin(SCAN, small.as_bytes()).expect(0);
    assert!(answer.out.contains("\"time\":\"1970-01-01T00:00:50Z\""), "{}", answer.out);
    let answer = room.run_with_stdin(&format!("{SCAN} --time-unit ms"), small.as_bytes()).expect(0);
    assert!(answer.out.contains("\"time\":\"1970-01-01T00:00:00.05Z\""), "{}", answer.out);
    for option in ["--lateness soon", "--lateness 5", "--lateness -1s", "--clock-jump on", "--missing-time never"] {
        room.run(&format!("{SCAN} {option} a.ndjson")).expect(2);
    }
}

#[test]
fn alerts_come_in_every_form() {
    let room = room();
    let scan = "scan --rules rules.yml --source none --time-field when a.ndjson -o";
    let list = room.run(&format!("{scan} list")).expect(0);
    assert!(list.out.contains("3 events from 2026-11-23 08:00:00 to 2026-11-23 08:00:40  User anna"), "{}", list.out);
    let csv = room.run(&format!("{scan} csv")).expect(0);
    assert!(csv.out.contains(",User=anna,2026-11-23T08:00:00Z,2026-11-23T08:00:40Z,3\n"), "{}", csv.out);
    let table = room.run(&format!("{scan} table")).expect(0);
    assert!(table.out.contains("anna, eve  2026-11-23 08:00:40"), "{}", table.out);
    let json = room.run(&format!("{scan} json")).expect(0);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["summary"]["alerts"].as_u64().unwrap() as usize, value["detections"].as_array().unwrap().len());
}

#[test]
fn what_other_tools_refuse_is_told_when_that_is_asked() {
    let room = room();
    room.run("check rules.yml").expect(0);
    room.run("check --portable rules.yml").expect(0);
    for correlation in [
        "{type: absence, rules: [failed], group-by: [Host], timespan: 1m}",
        "{type: new_value, rules: [failed], group-by: [Host], timespan: 1d, condition: {field: User}}",
        "{type: rare_value, rules: [failed], group-by: [Host], timespan: 1d, condition: {field: User, lte: 0.01}}",
        "{type: rate_change, rules: [failed], group-by: [Host], timespan: 1h, condition: {gte: 3}}",
        "{type: value_median, rules: [failed], group-by: [Host], timespan: 1h, condition: {field: n, gte: 3}}",
        "{type: temporal, rules: [failed], group-by: [Host], timespan: 1h, condition: failed}",
    ] {
        room.file("own.yml", format!("{RULES}---\ntitle: Own\nlevel: low\ncorrelation: {correlation}\n"));
        room.run("check own.yml").expect(0);
        let answer = room.run("check --portable own.yml").expect(1);
        assert!(answer.out.contains("TL0121") && answer.err.contains("other Sigma tools refuse"), "{}", answer.err);
    }
    room.file(
        "own.yml",
        "title: Own\nlevel: low\nlogsource: {product: x}\ndetection: {s: {Status|bits: 0x0c}, condition: s}\n",
    );
    room.run("check own.yml").expect(0);
    let answer = room.run("check --portable own.yml").expect(1);
    assert!(answer.out.contains("modifier `bits` is an extension"), "{}", answer.out);
}

/// A scan that is waiting has its state on disk, so that a kill loses ten seconds and not the hours of quiet before it.
#[test]
fn state_is_written_while_nothing_comes() {
    let room = room();
    room.file("grows.ndjson", events(0..5));
    let start = |line: &str| {
        let mut command = room.command(line.split(' '));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut follows = start(&format!("{SCAN} --state follows --follow grows.ndjson"));
    let mut waits = start(&format!("{SCAN} --state waits --follow -"));
    // Standard input stays open, as that of a pipe whose producer is at rest.
    waits.stdin.as_mut().unwrap().write_all(events(0..5).as_bytes()).unwrap();
    let begun = Instant::now();
    while !(room.path("follows").exists() && room.path("waits").exists()) && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(100));
    }
    for child in [&mut follows, &mut waits] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    room.file("grows.ndjson", events(0..60));
    let whole = room.run(&format!("{SCAN} --state whole all.ndjson"));
    let rest = room.run(&format!("{SCAN} --state follows grows.ndjson"));
    assert_eq!(said(&[&rest]), said(&[&whole]), "{}", rest.err);
    assert!(rest.err.contains("correlations go on with the state of"), "{}", rest.err);
    let rest = room.run_with_stdin(&format!("{SCAN} --state waits -"), events(5..60).as_bytes());
    assert_eq!(said(&[&rest]), said(&[&whole]), "{}", rest.err);
}
