//! Conduits that are proposed from what was seen: read back beside the plant, they allow it all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use serde_json::{Value, json};
use tieline::context::Context;
use tieline::diagnostic::Source;
use tieline::{Compiler, Learner, Normaliser};

const PLANT: &str = "
sites: [{name: north, time_zone: Europe/Berlin, sensors: [tap-1]}, {name: south, sensors: [tap-2]}]
assets:
  - {id: hmi, site: north, ip: 10.0.2.5, host: hmi, role: hmi}
  - {id: ews, site: north, ip: 10.0.2.6, host: ews, role: engineering_workstation}
  - {id: plc, site: north, ip: 10.0.3.7, mac: '02:00:00:00:00:07', role: controller}
  - {id: abroad, ip: 203.0.113.7, role: server}
zones:
  - {name: cell, site: north, networks: [10.0.3.0/24]}
  - {name: inner, site: north, parent: cell, networks: [10.0.3.128/25]}
  - {name: net-10.0.9, networks: [10.9.9.0/24]}
conduits:
  - {name: known, from: outside, to: cell, protocols: [443/tcp]}
  - {name: within, from: inner, to: inner, protocols: [modbus]}
";

fn compiler() -> Compiler {
    let tables = tieline_rules::protocols().filter(|(name, _)| matches!(*name, "sensors" | "modbus"));
    tables.fold(Compiler::new(), |compiler, (name, yaml)| compiler.protocols(Some(name), yaml))
}

fn plant(texts: &[&str]) -> Context {
    let sources: Vec<Source> = texts.iter().map(|text| Source::new(Some("plant.yml"), *text)).collect();
    Context::read(&sources)
}

fn learned(plant: &Context, events: &[Value]) -> String {
    let mut learner = Learner::new(compiler(), plant).unwrap();
    events.iter().for_each(|event| learner.push_json(event.to_string().as_bytes()).unwrap());
    assert_eq!(learner.given_up(), 0);
    learner.proposal()
}

/// With what is proposed nothing is denied.
fn check(known: &str, events: &[Value]) -> String {
    let text = learned(&plant(&[known]), events);
    let backwards: Vec<Value> = events.iter().rev().cloned().collect();
    assert_eq!(text, learned(&plant(&[known]), &backwards), "the order of events decides nothing");
    let context = plant(&[known, &text]);
    assert_eq!(context.diagnostics(), [], "{text}");
    let mut normaliser = Normaliser::in_context(compiler(), &context).unwrap();
    for event in events {
        for record in normaliser.records_json(event.to_string().as_bytes()).unwrap() {
            let allowed = record.get("flow.allowed");
            assert_ne!(allowed, Some(&json!(false)), "{event} {record:?}\n{text}");
        }
    }
    text
}

fn modbus(time: &str, from: &str, to: &str, function: &str) -> Value {
    json!({"_path": "modbus", "_system_name": "tap-1", "ts": time, "uid": "C", "id.orig_h": from, "id.orig_p": 50000, "id.resp_h": to,
        "id.resp_p": 502, "tid": 1, "unit": 1, "func": function, "pdu_type": "REQ"})
}

#[test]
fn a_proposal_says_what_was_seen_and_marks_what_matters() {
    let mut events: Vec<Value> = (10..25)
        .map(|day| modbus(&format!("2026-11-{day}T09:30:00Z"), "10.0.2.5", "10.0.3.7", "READ_HOLDING_REGISTERS"))
        .collect();
    events.push(modbus("2026-11-12T21:10:00Z", "10.0.2.6", "10.0.3.7", "FIRMWARE_REPLACEMENT"));
    events.push(json!({"_path": "conn", "_system_name": "tap-1", "ts": "2026-11-12T08:00:00Z", "id.orig_h": "10.0.3.7", "id.resp_h": "198.51.100.9",
        "id.resp_p": 8443, "proto": "tcp"}));
    events.push(json!({"_path": "conn", "_system_name": "tap-1", "ts": "2026-11-12T08:00:00Z", "id.orig_h": "198.51.100.9", "id.resp_h": "10.0.3.7",
        "id.resp_p": 443, "proto": "tcp", "service": "ssl,http"}));
    let text = check(PLANT, &events);
    let expected = "\
# Proposed from what was seen, to be reviewed: delete what nobody can explain, and tighten the rest.
# 18 flows seen 18 times, 2026-11-10T09:30:00Z to 2026-11-24T09:30:00Z; 1 of them are allowed already.

zones:
  - name: engineering_workstation-10.0.2-north  # say what it is, and its purdue_level and security_level
    site: north
    networks: ['10.0.2.0/24']

conduits:

  # seen once, 2026-11-12T08:00:00Z
  # RARE: seen once; find out what it was before it is allowed
  # OUTSIDE: from or to addresses that belong to no zone; name them as zones, or delete this
  - name: cell-to-outside
    from: cell
    to: outside
    protocols:
      - '8443'  # 1, of a protocol that no sensor has named
    roles:
      - controller
    hours:
      - Thu 09:00-10:00

  # seen 16 times, 2026-11-10T09:30:00Z to 2026-11-24T09:30:00Z
  # PRIVILEGED: firmware_update; allow it by role and hours, or delete it
  - name: engineering_workstation-10.0.2-north-to-cell
    from: engineering_workstation-10.0.2-north
    to: cell
    protocols:
      - modbus  # 16
    operations:
      - firmware_update  # PRIVILEGED, seen once, 2026-11-12T21:10:00Z
      - read  # seen 15 times, 2026-11-10T09:30:00Z to 2026-11-24T09:30:00Z
    roles:
      - engineering_workstation
      - hmi
    hours:
      - Mon,Tue,Wed,Thu,Fri,Sat,Sun 10:00-11:00
      - Thu 22:00-23:00
";
    assert_eq!(text, expected);
    assert!(check(PLANT, &[]).contains("conduits: []"));
}

#[test]
fn without_any_plant_networks_become_zones() {
    let events = [
        modbus("2026-11-12T08:00:00Z", "10.0.2.5", "10.0.3.7", "READ_COILS"),
        modbus("2026-11-12T08:00:00Z", "fd00::5", "fd00:1::7", "READ_COILS"),
        modbus("2026-11-12T08:00:00Z", "192.0.2.1", "10.0.3.7", "READ_COILS"),
        json!({"layers": {"eth": {"eth_eth_src": "00:30:a7:00:00:01", "eth_eth_dst": "00:30:a7:00:00:02"}}}),
        json!({"SourceIp": "10.0.2.5", "DestinationIp": "10.0.2.6", "DestinationPort": 445}),
    ];
    let text = check("", &events);
    for part in
        ["net-10.0.2-to-net-10.0.3", "name: \"net-fd00:1\"", "outside-to-net-10.0.3", "# hours seen, too short a time"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains("layer-2") && !text.contains("445"), "what stays in one place needs no conduit\n{text}");
}

#[test]
fn too_many_ports_are_not_listed() {
    let scan = |port: u16| json!({"src_ip": "10.0.2.9", "dest_ip": "10.0.3.7", "dest_port": port, "host": "tap-1"});
    let text = check(PLANT, &(1..100).map(scan).collect::<Vec<_>>());
    assert!(text.contains("# SCAN? more than 64 protocols and ports") && !text.contains("protocols:\n"), "{text}");
}

fn event() -> impl Strategy<Value = Value> {
    let address = || {
        prop::sample::select(vec![
            "10.0.2.5",
            "10.0.2.6",
            "10.0.2.9",
            "10.0.3.7",
            "10.0.3.200",
            "10.0.3.201",
            "10.9.9.9",
            "10.77.0.1",
            "203.0.113.7",
            "198.51.100.2",
            "fd00:5::1",
            "fe80::1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "x",
        ])
    };
    let text = |all: &[&'static str]| prop::sample::select(all.to_vec());
    let sensor = text(&["tap-1", "tap-2", "other"]);
    let service = text(&["-", "http", "ssl,http", "ssl", "Modbus", "x: y\n#", "'", "s7comm"]);
    let function = text(&["READ_COILS", "WRITE_SINGLE_COIL", "FIRMWARE_REPLACEMENT", "unknown-99"]);
    (address(), address(), sensor, service, function, 0..5_u8, 0..2_000_000_u32, 0..1_000_u16).prop_map(
        |(from, to, sensor, service, function, form, time, port)| {
            let time = 1_795_000_000 + time;
            match form {
                0 => {
                    let mut event = modbus("", from, to, function);
                    event["ts"] = json!(time);
                    event["_system_name"] = json!(sensor);
                    event
                }
                1 => json!({"_path": "conn", "_system_name": sensor, "ts": time, "id.orig_h": from, "id.resp_h": to, "id.resp_p": port,
                    "service": service}),
                2 => json!({"src_ip": from, "dest_ip": to, "dest_port": port, "timestamp": time, "host": sensor}),
                3 => json!({"Computer": if port % 2 == 0 { "ews" } else { "nobody" }, "IpAddress": from, "sensor": sensor}),
                _ => json!({"layers": {"eth": {"eth_eth_src": format!("02:00:00:00:00:{:02x}", port % 9),
                    "eth_eth_dst": format!("02:00:00:00:00:{:02x}", time % 9)}}, "sensor": sensor}),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn what_was_seen_is_allowed_by_what_is_proposed(events in prop::collection::vec(event(), 0..40), is_known in any::<bool>()) {
        check(if is_known { PLANT } else { "" }, &events);
    }
}

/// Conduits that a proposal has room for, as `config.rs` says.
const CONDUITS_MAX: usize = 4_096;

#[test]
fn flows_beyond_the_bound_are_counted_and_told() {
    let mut learner = Learner::new(compiler(), &plant(&["zones: [{name: cell, networks: [10.200.0.0/24]}]"])).unwrap();
    let mut push = |number: usize| {
        let from = format!("10.{}.{}.5", number >> 8, number & 0xff);
        let event =
            json!({"_path": "conn", "id.orig_h": from, "id.resp_h": "10.200.0.1", "id.resp_p": 502, "proto": "tcp"});
        learner.push_json(event.to_string().as_bytes()).unwrap();
    };
    (0..CONDUITS_MAX + 3).for_each(&mut push);
    // Those that are known still count, and cost no room.
    push(0);
    assert_eq!(learner.given_up(), 3);
    let proposal = learner.proposal();
    assert!(proposal.contains("# INCOMPLETE: for 3 flows there was no room.\n"));
    assert_eq!(proposal.matches("\n    from: ").count(), CONDUITS_MAX);
    assert_eq!(proposal.matches("\n  # seen 2 times").count(), 1);
}
