//! Incidents that are saved and go on, as if they had never stopped; also with other rules and in another plant.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::Duration;
use tieline::context::Context;
use tieline::diagnostic::Source;
use tieline::incidents::{EntityKind, Incident, IncidentOptions, Incidents, Reported};
use tieline::{Compiler, Level, Rules};

const PLANT: &str = "
sites: [{name: works}, {name: grid}]
assets:
  - {id: office-1, ip: 10.0.0.5, host: office-1, role: office_pc, owner: IT}
  - {id: jump-1, ip: 10.0.1.5, host: jump-1, role: jump_host}
  - {id: ews-1, ip: 10.0.2.5, host: ews-1, role: engineering_workstation, criticality: high}
  - {id: plc-1, ip: 10.0.3.5, role: controller, criticality: critical, owner: Shift}
zones:
  - {name: office, networks: [10.0.0.0/24], purdue_level: 4}
  - {name: dmz, networks: [10.0.1.0/24], purdue_level: 3.5}
  - {name: operations, networks: [10.0.2.0/24], purdue_level: 3}
  - {name: cell, networks: [10.0.3.0/24], purdue_level: 1}
conduits: [{name: programming, from: operations, to: cell}]
";
const TABLES: &str = "
sensor: s
inputs: {source.ip: from, destination.ip: to, user: who, session: id}
---
protocol: logon
sources: {own: example}
sensors: [{sensor: s, needs: [kind], inputs: {code: kind}}]
operations:
  - {code: 1, name: console, subname: begins, class: auth, source: own}
  - {code: 2, name: rdp, subname: begins, class: auth, source: own}
  - {code: 3, name: rdp, subname: ends, class: auth, source: own}
---
protocol: plc
sources: {own: example}
sensors: [{sensor: s, needs: [stop], inputs: {code: stop}}]
direction: [{is: request}]
operations: [{code: 1, name: STOP, class: mode_stop, source: own}]
";
const RULES: &str = "
title: Tool
name: tool
logsource: {category: test}
detection: {selection: {tool: '*'}, condition: selection}
level: high
---
title: Stop
name: stop
logsource: {category: test}
detection: {selection: {stop: 1}, condition: selection}
level: medium
tags: [attack.t0858]
---
title: Tools
name: tools
correlation: {type: event_count, rules: [tool], group-by: [hostname], timespan: 20m, condition: {gte: 2}, generate: true}
level: critical
";

fn plant(text: &str) -> Context {
    let context = Context::read(&[Source::new(Some("plant.yml"), text)]);
    assert_eq!(context.diagnostics(), []);
    context
}

fn rules(text: &str) -> Rules {
    Compiler::new().rules(Some("rules.yml"), text).build().unwrap()
}

fn made(rules: &Rules, context: &Context) -> Incidents {
    let tables = Compiler::new().protocols(None, TABLES).entity_fields(None, "{account: [who], file: [tool]}");
    let options = IncidentOptions {
        lateness: Duration::from_mins(10),
        quiet: Duration::from_hours(2),
        findings_max: 40,
        contacts_max: 40,
        hub_peers: 3,
        ..IncidentOptions::default()
    };
    Incidents::new(rules, tables, context, options).unwrap()
}

static BASE: LazyLock<(Rules, Context)> = LazyLock::new(|| (rules(RULES), plant(PLANT)));

fn new() -> Incidents {
    made(&BASE.0, &BASE.1)
}

/// One thing that happens: what, when by the minute, and to whom.
type Happens = (u8, i64, u8, u8, u8);

fn happens() -> impl Strategy<Value = Vec<Happens>> {
    proptest::collection::vec((0..7_u8, 0..10_i64, 0..8_u8, 0..8_u8, 0..3_u8), 0..120)
}

fn push(incidents: &mut Incidents, number: usize, (what, minute, one, other, who): Happens) {
    // Events come in waves, and within each in any order.
    let minute = minute + number as i64 * 3;
    let ip = |number: u8| match number {
        0 => "10.0.0.5".to_owned(),
        own @ 1..4 => format!("10.0.{own}.5"),
        own => format!("10.0.0.{own}0"),
    };
    let host = ["office-1", "jump-1", "ews-1", "hmi-1", "srv-1", "srv-2", "srv-3", "srv-4"];
    let at = format!("log:{number}");
    // No two happen at one time.
    let (day, hour, second) = (24 + minute / 1_440, minute / 60 % 24, number % 60);
    let time = format!("2026-11-{day:02}T{hour:02}:{:02}:{second:02}Z", minute % 60);
    let who = ["anna", "kim", "operator"][who as usize];
    let (from, to, on) = (ip(one), ip(other), host[one as usize]);
    let event = match what {
        0 => format!(r#"{{"ts": "{time}", "hostname": "{on}", "tool": "C:\\t\\x{other}.exe", "who": "{who}"}}"#),
        1 => format!(r#"{{"ts": "{time}", "from": "{from}", "to": "{to}", "stop": 1}}"#),
        2 => format!(r#"{{"ts": "{time}", "hostname": "{on}", "kind": 1, "who": "{who}"}}"#),
        3 | 4 => format!(
            r#"{{"ts": "{time}", "hostname": "{}", "kind": {}, "who": "{who}", "from": "{from}", "id": "0x{one}"}}"#,
            host[other as usize],
            what - 1
        ),
        5 => format!(r#"{{"ts": "{time}", "from": "{from}", "to": "{to}", "id.resp_p": 3389}}"#),
        _ => {
            let reported = Reported {
                time_ns: 1_795_478_400_000_000_000 + (minute * 60 + second as i64) * 1_000_000_000,
                at: &at,
                rule: "edr",
                title: "Alert",
                level: Level::High,
                source: Some(on),
                entities: &[(EntityKind::Account, who)],
                ..Reported::default()
            };
            return incidents.add(&reported);
        }
    };
    incidents.push_json(event.as_bytes(), &at).unwrap();
}

/// Everything that can be asked.
fn asked(mut incidents: Incidents) -> (Vec<Incident>, String) {
    incidents.finish();
    (incidents.incidents(), format!("{:?} {:?}", incidents.take_changes(), incidents.stats()))
}

fn run(all: &[Happens], meanwhile: impl Fn(usize, Incidents) -> Incidents) -> (Vec<Incident>, String) {
    let mut incidents = new();
    for (number, one) in all.iter().enumerate() {
        incidents = meanwhile(number, incidents);
        push(&mut incidents, number, *one);
    }
    asked(incidents)
}

fn again(incidents: &Incidents) -> Incidents {
    let (mut other, saved) = (new(), incidents.snapshot());
    let restored = other.restore(&saved).unwrap();
    assert_eq!(restored.dropped, []);
    assert_eq!(other.snapshot(), saved);
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("TIELINE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40)
    ))]

    #[test]
    fn saved_state_goes_on_as_if_it_had_never_stopped(all in happens(), cut in 0..120_usize) {
        let expected = run(&all, |_, incidents| incidents);
        prop_assert_eq!(&run(&all, |at, own| if at == cut { again(&own) } else { own }), &expected);
    }

    #[test]
    fn the_order_of_arrival_within_the_lateness_changes_nothing(all in happens()) {
        let mut ordered: Vec<(usize, Happens)> = all.iter().copied().enumerate().collect();
        ordered.sort_by_key(|(number, one)| (one.1 + *number as i64 * 3, *number % 60));
        let (mut late, mut in_time) = (new(), new());
        all.iter().enumerate().for_each(|(number, one)| push(&mut late, number, *one));
        ordered.iter().for_each(|(number, one)| push(&mut in_time, *number, *one));
        prop_assert_eq!(asked(late), asked(in_time));
    }

    #[test]
    fn any_names_are_kept(names in proptest::collection::vec(any::<String>(), 1..12)) {
        let mut incidents = new();
        for (number, name) in names.iter().enumerate() {
            let tool = format!("C:\\\\{name}\\\\x.exe");
            let event = serde_json::json!({"ts": "2026-11-26T08:00:00Z", "hostname": name, "tool": tool, "who": name});
            incidents.push_json(event.to_string().as_bytes(), &format!("{name}:{number}")).unwrap();
        }
        let mut other = again(&incidents);
        other.finish();
        incidents.finish();
        prop_assert_eq!(other.incidents(), incidents.incidents());
        let kept: u64 = incidents.incidents().iter().flat_map(|own| &own.findings).map(|own| own.count).sum();
        prop_assert!(kept as usize >= names.len());
    }

    #[test]
    fn the_same_rules_and_plant_loaded_again_change_nothing(all in happens(), every in 1..40_usize) {
        let expected = run(&all, |_, incidents| incidents);
        let reloaded = run(&all, |at, mut own| {
            if at % every == 0 {
                own.reload(&rules(RULES), &plant(PLANT));
            }
            own
        });
        prop_assert_eq!(&reloaded, &expected);
    }
}

/// A story with a bit of everything; some of it waits.
fn story() -> Vec<Happens> {
    (0..24).map(|number| (number % 7, i64::from(number % 4), number % 5, (number + 2) % 8, number % 3)).collect()
}

fn told() -> Incidents {
    let mut incidents = new();
    story().into_iter().enumerate().for_each(|(number, one)| push(&mut incidents, number, one));
    incidents
}

#[test]
fn what_is_no_saved_state_is_refused_and_changes_nothing() {
    let saved = told().snapshot();
    let fault = |bytes: &[u8]| {
        let mut incidents = told();
        let error = incidents.restore(bytes).unwrap_err();
        assert_eq!(error.kind(), tieline::ErrorKind::Saved);
        assert_eq!(incidents.snapshot(), saved, "nothing changes");
        error.to_string()
    };
    assert!(fault(b"").contains("no saved state"));
    let stream = tieline::Stream::new(&BASE.0, tieline::stream::StreamOptions::default());
    assert!(fault(&stream.snapshot()).contains("of this kind"));
    let mut other = saved.clone();
    other[8] = 99;
    assert!(fault(&other).contains("format 99"));
    let mut flipped = saved.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(fault(&flipped).contains("does not fit the bytes from 20 on"));
    let cut = format!("cut off at byte 99 of {}", saved.len());
    assert!(fault(&saved[..99]).contains(&cut));
    let mut incidents = new();
    for length in 0..saved.len() {
        assert!(incidents.restore(&saved[..length]).is_err(), "{length}");
    }
}

/// Bytes with a sum that fits: each cut is refused, and whatever is read can be used.
#[test]
fn forged_state_is_refused_or_can_be_used() {
    let saved = told().snapshot();
    let sealed = |mut bytes: Vec<u8>| {
        let length = bytes.len() as u64 - 28;
        bytes[20..28].copy_from_slice(&length.to_le_bytes());
        let sum = xxhash_rust::xxh3::xxh3_64(&bytes[20..]);
        bytes[12..20].copy_from_slice(&sum.to_le_bytes());
        bytes
    };
    let (mut incidents, mut read) = (new(), 0);
    for at in 28..saved.len() {
        assert!(incidents.restore(&sealed(saved[..at].to_vec())).is_err(), "{at}");
        for byte in [[0, 0x7f], [1, 0xff]][at % 2] {
            let mut forged = saved.clone();
            forged[at] = byte;
            if incidents.restore(&sealed(forged)).is_ok() {
                read += 1;
                push(&mut incidents, 25, (at as u8 % 7, 0, 0, 1, 0));
                if at % 16 == 0 {
                    incidents.finish();
                    assert!(incidents.incidents().len() <= 60 && !incidents.snapshot().is_empty());
                }
            }
        }
    }
    assert!(read > 100, "some bytes are no more than times and names: {read}");
}

#[test]
fn a_changed_plant_shows_in_what_was_found_before() {
    let mut incidents = told();
    let text = PLANT
        .replace("owner: Shift", "owner: Turbines")
        .replace("assets:\n", "assets:\n  - {id: new, ip: 10.0.9.9}\n  - {id: srv-1, ip: 10.0.0.40, host: srv-1}\n")
        .replace("name: cell, networks: [10.0.3.0/24], purdue_level: 1", "name: line, networks: [10.0.3.0/24]")
        .replace("to: cell", "to: line");
    let before = new_hosts(&told());
    assert!(before.iter().any(|(name, zone, owner, _)| name == "plc-1" && zone == "cell" && owner == "Shift"));
    assert!(before.iter().any(|(name, _, _, is_asset)| name == "srv-1" && !is_asset), "{before:?}");
    incidents.reload(&BASE.0, &plant(&text));
    let after = new_hosts(&incidents);
    assert!(after.iter().any(|(name, zone, owner, _)| name == "plc-1" && zone == "line" && owner == "Turbines"));
    assert!(after.iter().any(|(name, _, _, is_asset)| name == "srv-1" && *is_asset), "{after:?}");
    assert!(
        incidents
            .incidents()
            .iter()
            .zip(told().incidents())
            .all(|(own, before)| own.id == before.id || own.score != before.score)
    );
    // An asset that is gone keeps its name and what was known of it.
    incidents.reload(
        &BASE.0,
        &plant(
            &PLANT
                .replace("  - {id: plc-1, ip: 10.0.3.5, role: controller, criticality: critical, owner: Shift}\n", ""),
        ),
    );
    assert!(new_hosts(&incidents).iter().any(|(name, _, owner, _)| name == "plc-1" && owner == "Turbines"));
    // What was saved in one plant goes on in another.
    let mut other = made(&BASE.0, &plant(&text));
    other.restore(&told().snapshot()).unwrap();
    assert!(new_hosts(&other).iter().any(|(name, zone, _, _)| name == "plc-1" && zone == "line"));
}

/// Hosts of incidents, after what waits was taken: name, zone, owner, and whether each is an asset.
#[test]
fn rules_of_which_nothing_is_kept_are_saved_in_one_order() {
    let mut incidents = new();
    for (number, rule) in ["a", "b", "c", "d", "e", "f", "g", "h", "last"].into_iter().enumerate() {
        // The last comes days later, when what the others found is over and forgotten.
        let day = if rule == "last" { 4 } else { 0 };
        let time_ns = 1_795_478_400_000_000_000 + day * 86_400_000_000_000 + number as i64;
        incidents.add(&Reported { time_ns, rule, level: Level::Low, source: Some("hmi-1"), ..Reported::default() });
    }
    incidents.finish();
    again(&incidents);
}

fn new_hosts(incidents: &Incidents) -> Vec<(String, String, String, bool)> {
    let mut hosts: Vec<_> = incidents
        .incidents()
        .into_iter()
        .flat_map(|own| own.hosts)
        .map(|host| (host.name, host.zone.unwrap_or_default(), host.owner.unwrap_or_default(), host.is_asset))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

#[test]
fn what_rules_that_are_gone_have_found_stays() {
    let titles = |incidents: &Incidents| {
        let all = incidents.incidents();
        all.iter()
            .flat_map(|own| &own.findings)
            .filter(|found| found.rule == "tool")
            .map(|found| (found.level, found.count))
            .collect::<Vec<_>>()
    };
    let mut incidents = told();
    // What has waited is taken.
    push(&mut incidents, 29, (5, 59, 0, 1, 0));
    let before = titles(&incidents);
    assert!(!before.is_empty());
    let (_, other) = RULES.split_once("---\n").unwrap();
    let (stop, _) = other.split_once("---\n").unwrap();
    incidents.reload(&rules(&stop.replace("level: medium", "level: critical")), &BASE.1);
    for number in 30..40 {
        push(&mut incidents, number, (0, 0, 0, 1, 0));
        push(&mut incidents, number, (1, 0, 2, 3, 0));
    }
    assert_eq!(titles(&incidents), before, "none is new and none is gone");
    let all = incidents.incidents();
    let stops = || all.iter().flat_map(|own| &own.findings).filter(|found| found.title == "Stop");
    assert!(stops().any(|found| found.level == Level::Critical), "a rule that is loaded anew says what it says now");
}

#[test]
fn equal_addresses_and_names_at_two_sites_join_nothing() {
    let plant = plant("sites: [{name: north, sensors: [tap-n]}, {name: south, sensors: [tap-s]}]\n");
    let mut incidents = made(&BASE.0, &plant);
    for (number, sensor) in ["tap-n", "tap-s"].into_iter().enumerate() {
        let event = format!(
            r#"{{"ts": "2026-11-26T08:0{number}:00Z", "sensor": "{sensor}", "from": "10.9.0.1", "to": "10.9.0.2", "stop": 1}}"#
        );
        incidents.push_json(event.as_bytes(), sensor).unwrap();
    }
    incidents.finish();
    let all = incidents.incidents();
    let mut names: Vec<&str> = all.iter().map(|own| own.hosts[0].name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["north:10.9.0.1", "south:10.9.0.1"]);
}

#[test]
#[ignore = "takes a minute; prints what half a million hosts take"]
fn half_a_million_hosts() {
    let mut incidents = Incidents::new(&BASE.0, Compiler::new(), &BASE.1, IncidentOptions::default()).unwrap();
    for part in 0..5_i64 {
        let begun = std::time::Instant::now();
        for number in part * 100_000..(part + 1) * 100_000 {
            let source = format!("host-{number}");
            let reported = Reported {
                time_ns: number * 1_000_000_000,
                at: "x",
                rule: "edr",
                title: "Alert",
                source: Some(&source),
                target: Some("server"),
                ..Reported::default()
            };
            incidents.add(&reported);
        }
        println!("hosts {}: {:?}", (part + 1) * 100_000, begun.elapsed());
    }
    let begun = std::time::Instant::now();
    let saved = incidents.snapshot();
    println!("snapshot {} MB in {:?}", saved.len() >> 20, begun.elapsed());
    let begun = std::time::Instant::now();
    incidents.restore(&saved).unwrap();
    println!("restored in {:?}", begun.elapsed());
    println!("{:?}", incidents.stats());
}

#[test]
fn findings_of_others_are_read_as_those_of_events() {
    let mut incidents = new();
    let long = "x".repeat(5_000);
    let many: Vec<String> = (0..300).map(|number| format!("d{number}.example")).collect();
    let many: Vec<(EntityKind, &str)> = many.iter().map(|name| (EntityKind::Domain, name.as_str())).collect();
    let entities = [
        (EntityKind::Account, "CORP\\Anna"),
        (EntityKind::Account, "anna@corp.example"),
        (EntityKind::Account, "SYSTEM"),
        (EntityKind::Hash, "ABCDEF0123456789ABCDEF0123456789"),
        (EntityKind::Domain, "Evil.Example."),
        (EntityKind::Process, "4711"),
        (EntityKind::FileName, "Report.docx"),
        (EntityKind::Indicator, ""),
        (EntityKind::Program, &long),
    ];
    for entities in [&entities[..], &many] {
        let reported =
            Reported { rule: "edr", level: Level::High, source: Some("10.9.0.77"), entities, ..Reported::default() };
        incidents.add(&reported);
    }
    incidents.finish();
    assert_eq!(incidents.stats().given_up, 1 + 44, "one name was cut, and 44 were too many");
    let all = incidents.incidents();
    assert_eq!(all[0].accounts, ["anna"]);
    let shown = serde_json::to_string(&all).unwrap();
    assert!(!shown.contains(&long) && shown.contains(&long[..1_000]), "a name has at most 1,024 bytes");
    for name in ["abcdef0123456789abcdef0123456789", "evil.example", "4711@10.9.0.77", "report.docx"] {
        assert!(shown.contains(&format!("\"{name}\"")), "{name} in {shown}");
    }
    assert!(!shown.contains("SYSTEM") && !shown.contains("CORP"));
}

#[test]
fn a_server_that_many_findings_come_to_joins_no_others() {
    let mut incidents = new();
    let add = |incidents: &mut Incidents, minute: i64, rule: &str, from: &str, to: &str| {
        let time_ns = 1_795_478_400_000_000_000 + minute * 60_000_000_000;
        let (source, target) = (Some(from), Some(to));
        incidents.add(&Reported {
            time_ns,
            rule,
            title: rule,
            level: Level::High,
            source,
            target,
            ..Reported::default()
        });
    };
    add(&mut incidents, 0, "roast", "ws-1", "dc-1");
    add(&mut incidents, 5, "onward", "dc-1", "srv-9");
    let ids = |incidents: &Incidents| incidents.incidents().iter().map(|own| own.findings.len()).collect::<Vec<_>>();
    for number in 2..=17 {
        add(&mut incidents, 5 + number, &format!("rule {number}"), &format!("ws-{number}"), "dc-1");
    }
    incidents.finish();
    assert_eq!(ids(&incidents), [1; 18], "one is a server of seventeen");
}

#[test]
fn hints_of_many_hosts_name_some_and_count_the_rest() {
    let assets: String = (0..60).map(|at| format!("  - {{id: h-{at:02}, host: h-{at:02}, owner: Shift}}\n")).collect();
    let options = IncidentOptions { hub_peers: u32::MAX, ..IncidentOptions::default() };
    let context = plant(&format!("assets:\n{assets}"));
    let mut incidents = Incidents::new(&rules(RULES), Compiler::new(), &context, options).unwrap();
    for at in 0..59 {
        let (source, target) = (format!("h-{at:02}"), format!("h-{:02}", at + 1));
        let reported = Reported {
            time_ns: at * 1_000_000_000,
            rule: "edr",
            level: Level::High,
            source: Some(&source),
            target: Some(&target),
            ..Reported::default()
        };
        incidents.add(&reported);
    }
    incidents.finish();
    let all = incidents.incidents();
    let called = all.iter().flat_map(|own| &own.hints).find(|hint| hint.starts_with("call Shift")).unwrap();
    assert!(called.starts_with("call Shift, who answers for h-00, h-01, "), "{called}");
    assert!(called.ends_with(", h-49 and 10 more"), "{called}");
    assert_eq!(all[0].hosts.len(), 60);
}
