//! Operations on controllers that have a reason, and those that have none: scenarios of logons and acts in the shipped tables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use serde_json::{Value, json};
use std::time::Duration;
use tieline::Compiler;
use tieline::context::Context;
use tieline::diagnostic::Source;
use tieline::trust::{Judgement, Trust};

const PLANT: &str = "
assets:
  - {id: jump-1, ip: 10.71.0.10, host: jump-1.dairy.example, role: jump_host}
  - {id: vpn-1, ip: 10.71.0.1, host: vpn-1, role: vpn_gateway}
  - {id: ews-1, ip: 10.72.0.20, nat: {cell: [10.74.0.1]}, host: ews-1.dairy.example, role: engineering_workstation}
  - {id: hmi-1, ip: 10.73.0.30, host: hmi-1.dairy.example, role: hmi}
  - {id: ews-2, ip: 10.75.0.20, host: ews-2, role: engineering_workstation}
  - {id: plc-1, ip: 10.74.1.11, role: controller}
  - {id: plc-safety, ip: 10.75.0.11, role: safety_controller}
sites: [{name: cell, sensors: [tap-cell]}]
zones:
  - {name: remote, networks: [10.71.8.0/24]}
  - {name: dmz, networks: [10.71.0.0/24]}
  - {name: operations, networks: [10.72.0.0/24]}
  - {name: supervision, networks: [10.73.0.0/24]}
  - {name: cells, networks: [10.74.0.0/16]}
  - {name: safety, networks: [10.75.0.0/24]}
conduits:
  - {name: programming, from: operations, to: cells, roles: [engineering_workstation], hours: ['06:00-18:00']}
";

fn compiler() -> Compiler {
    let tables = tieline_rules::protocols().chain([("logons", tieline_rules::logons())]);
    tables.fold(Compiler::new(), |compiler, (name, yaml)| compiler.protocols(Some(name), yaml))
}

fn plant(more: &str) -> Context {
    let context = Context::read(&[Source::new(Some("plant.yml"), format!("{PLANT}{more}"))]);
    assert_eq!(context.diagnostics(), []);
    context
}

#[track_caller]
fn judged(more: &str, events: &[Value]) -> Vec<Judgement> {
    let mut trust = Trust::new(compiler(), &plant(more)).unwrap();
    let mut backwards = Trust::new(compiler(), &plant(more)).unwrap();
    for (number, event) in events.iter().enumerate() {
        trust.push_json(event.to_string().as_bytes(), &format!("e:{number}")).unwrap();
    }
    for (number, event) in events.iter().enumerate().rev() {
        backwards.push_json(event.to_string().as_bytes(), &format!("e:{number}")).unwrap();
    }
    trust.finish();
    backwards.finish();
    let judged = trust.take();
    assert_eq!(judged, backwards.take(), "the order of arrival decides nothing");
    judged
}

/// What is missing for each operation.
#[track_caller]
fn missing(more: &str, events: &[Value]) -> Vec<Vec<String>> {
    judged(more, events).into_iter().map(|judgement| judgement.missing).collect()
}

fn at(time: &str) -> String {
    format!("2026-11-26T{time}:00Z")
}

fn stop(time: &str, from: &str, to: &str) -> Value {
    json!({"_path": "s7comm", "ts": at(time), "uid": "C1", "id.orig_h": from, "id.orig_p": 50000, "id.resp_h": to, "id.resp_p": 102,
        "is_orig": true, "source_h": from, "source_p": 50000, "destination_h": to, "destination_p": 102, "rosctr_code": 1,
        "rosctr_name": "Job-Request", "pdu_reference": 7, "function_code": "0x29", "function_name": "PLC Stop"})
}

fn logon(time: &str, host: &str, kind: u8, from: &str, user: &str, id: &str) -> Value {
    json!({"EventID": 4624, "Channel": "Security", "Computer": host, "TimeCreated": at(time), "LogonType": kind, "IpAddress": from,
        "TargetUserName": user, "TargetLogonId": id})
}

fn security(time: &str, event: u16, host: &str, user: &str, id: &str) -> Value {
    let (name, number) = if event < 4700 { ("TargetUserName", "TargetLogonId") } else { ("AccountName", "LogonID") };
    json!({"EventID": event, "Channel": "Security", "Computer": host, "TimeCreated": at(time), name: user, number: id})
}

fn vpn(time: &str, user: &str, from: &str, given: &str) -> Value {
    json!({"@timestamp": at(time), "host": {"name": "vpn-1"},
        "message": format!("%ASA-4-722051: Group <plant> User <{user}> IP <{from}> IPv4 Address <{given}> IPv6 address <::> assigned to session")})
}

fn vpn_end(time: &str, user: &str, from: &str) -> Value {
    json!({"@timestamp": at(time), "host": {"name": "vpn-1"},
        "message": format!("%ASA-4-113019: Group = plant, Username = {user}, IP = {from}, Session disconnected. Session Type: SSL")})
}

const EWS: &str = "10.72.0.20";
const PLC: &str = "10.74.1.11";
const JUMP: &str = "10.71.0.10";

/// The whole way of one user, from 08:00.
fn way(user: &str) -> Vec<Value> {
    vec![
        vpn("08:00", user, "203.0.113.50", "10.71.8.23"),
        logon("08:05", "JUMP-1.dairy.example", 10, "10.71.8.23", user, "0x1a"),
        logon("08:10", "EWS-1", 10, JUMP, &format!("DAIRY\\{user}"), "0x2a"),
    ]
}

#[test]
fn a_whole_way_explains_an_operation_and_is_shown() {
    let mut events = way("mk");
    events.push(stop("08:30", EWS, PLC));
    let judged = judged("", &events);
    let [one] = &judged[..] else { panic!("{judged:?}") };
    assert!(one.is_explained(), "{one:?}");
    assert_eq!((&*one.source, &*one.destination, one.conduit.as_deref()), ("ews-1", "plc-1", Some("programming")));
    assert_eq!((&*one.time, one.chain.as_deref(), &*one.at), ("2026-11-26T08:30:00Z", Some("remote"), "e:3"));
    let steps: Vec<_> =
        one.sessions.iter().map(|own| (&*own.step, &*own.kind, own.from.as_deref(), &*own.host, &*own.at)).collect();
    assert_eq!(
        steps,
        [
            ("vpn", "vpn", Some("203.0.113.50"), "10.71.8.23", "e:0"),
            ("jump_host", "rdp", Some("10.71.8.23"), "jump-1", "e:1"),
            ("engineering_workstation", "rdp", Some("jump-1"), "ews-1", "e:2"),
        ]
    );
    assert!(one.sessions.iter().all(|own| own.user.as_deref() == Some("mk")));
}

#[test]
fn what_is_missing_is_said() {
    let act = || stop("08:30", EWS, PLC);
    let ews = || logon("08:10", "EWS-1", 10, JUMP, "mk", "0x2a");
    let jump = || logon("08:05", "JUMP-1", 10, "10.71.8.23", "mk", "0x1a");
    assert_eq!(missing("", &[act()]), [["session:engineering_workstation"]]);
    assert_eq!(missing("", &[ews(), act()]), [["session:vpn", "session:jump_host"]]);
    assert_eq!(missing("", &[ews(), jump(), act()]), [["session:vpn"]]);
    // From the office, past the jump host.
    let past = logon("08:10", "EWS-1", 10, "10.70.1.1", "mk", "0x2a");
    assert_eq!(missing("", &[past, act()]), [["session:vpn", "session:jump_host"]]);
    // Somebody at the console is reason enough.
    assert_eq!(missing("", &[logon("08:00", "EWS-1", 2, "127.0.0.1", "mk", "0x3")]), [[""; 0]; 0]);
    let console = logon("08:00", "EWS-1", 2, "-", "mk", "0x3");
    assert_eq!(missing("", &[console.clone(), act()]), [[""; 0]]);
    assert_eq!(missing("", &[console.clone(), stop("18:30", EWS, PLC)]), [["hours"]]);
    // Network logons are no sessions.
    assert_eq!(
        missing("", &[logon("08:00", "EWS-1", 3, JUMP, "mk", "0x3"), act()]),
        [["session:engineering_workstation"]]
    );
    let hmi = [logon("08:00", "HMI-1", 2, "-", "op", "0x3"), stop("08:30", "10.73.0.30", PLC)];
    assert_eq!(missing("", &hmi), [["conduit", "session:engineering_workstation"]]);
}

#[test]
fn sessions_end_by_logoff_disconnection_and_age() {
    let with = |more: Value, time: &str| {
        let mut events = way("mk");
        events.extend([more, stop(time, EWS, PLC)]);
        missing("", &events)
    };
    assert_eq!(with(security("08:20", 4634, "EWS-1", "mk", "0x2a"), "08:30"), [["session:engineering_workstation"]]);
    assert_eq!(with(security("08:40", 4634, "EWS-1", "mk", "0x2a"), "08:30"), [[""; 0]], "logged off afterwards");
    assert_eq!(with(security("08:30", 4634, "EWS-1", "mk", "0x2a"), "08:30"), [[""; 0]], "at the same time");
    assert_eq!(with(security("08:20", 4634, "EWS-1", "mk", "0x99"), "08:30"), [[""; 0]], "another session");
    assert_eq!(with(security("08:20", 4779, "JUMP-1", "mk", "0x1a"), "08:30"), [["session:vpn", "session:jump_host"]]);
    assert_eq!(with(vpn_end("08:20", "mk", "203.0.113.50"), "08:30"), [["session:vpn"]]);
    assert_eq!(with(vpn_end("08:20", "other", "203.0.113.51"), "08:30"), [[""; 0]]);
    // Twelve hours after 08:00 the VPN session is over, the others are not yet; the conduit is closed by then.
    assert_eq!(with(json!({}), "20:02"), [["hours", "session:vpn"]]);
    let mut events = way("mk");
    events.extend([
        security("08:20", 4779, "EWS-1", "mk", "0x2a"),
        stop("08:25", EWS, PLC),
        security("08:27", 4778, "EWS-1", "mk", "0x2a"),
        stop("08:30", EWS, PLC),
    ]);
    assert_eq!(missing("", &events), [vec!["session:engineering_workstation"], vec![]]);
}

#[test]
fn a_shared_jump_host_is_walked_by_the_user_who_fits() {
    let mut events = way("mk");
    // The other user came later, over no VPN; he is not taken for the first.
    events.push(logon("08:20", "JUMP-1", 10, "10.71.0.99", "other", "0x4"));
    events.push(stop("08:30", EWS, PLC));
    let judged = judged("", &events);
    assert!(judged[0].is_explained() && judged[0].sessions[1].user.as_deref() == Some("mk"), "{judged:?}");
    // Two users on one way are told where the plant asks for one.
    let events = [
        vpn("08:00", "mk", "203.0.113.50", "10.71.8.23"),
        logon("08:05", "JUMP-1", 10, "10.71.8.23", "mk", "0x1a"),
        logon("08:10", "EWS-1", 10, JUMP, "admin", "0x2a"),
        stop("08:30", EWS, PLC),
    ];
    assert_eq!(missing("", &events), [[""; 0]]);
    assert_eq!(missing("trust: {same_user: true}", &events), [["user"]]);
    // Other sessions of the same two users do not mix.
    let mut both = way("mk");
    both.extend([
        vpn("08:00", "admin", "203.0.113.60", "10.71.8.24"),
        logon("08:06", "JUMP-1", 10, "10.71.8.24", "admin", "0x1b"),
        stop("08:30", EWS, PLC),
    ]);
    assert_eq!(missing("trust: {same_user: true}", &both), [[""; 0]]);
}

#[test]
fn translated_addresses_lead_to_their_hosts() {
    // The gateway puts its own address in place of those it gives out.
    let mut events = way("mk");
    events[1] = logon("08:05", "JUMP-1", 10, "10.71.0.1", "mk", "0x1a");
    events.push(stop("08:30", EWS, PLC));
    assert_eq!(missing("", &events), [[""; 0]]);
    // In the cell the station is seen behind a firewall.
    let mut seen = stop("08:30", "10.74.0.1", PLC);
    seen["_system_name"] = json!("tap-cell");
    let mut events = way("mk");
    events.push(seen);
    let judged = judged("", &events);
    assert_eq!((&*judged[0].source, &judged[0].missing), ("ews-1", &Vec::<String>::new()));
}

#[test]
fn unknown_ends_are_told_by_their_addresses() {
    let events = [vpn("08:00", "mk", "203.0.113.50", "10.71.8.23"), stop("08:30", "10.71.8.23", PLC)];
    let judged = judged("", &events);
    assert_eq!(judged[0].missing, ["conduit", "session:jump_host", "session:engineering_workstation"]);
    assert_eq!((&*judged[0].source, judged[0].sessions[0].user.as_deref()), ("10.71.8.23", Some("mk")));
    let nowhere = [stop("08:30", "198.51.100.1", "198.51.100.2")];
    assert_eq!(missing("", &nowhere), [["conduit", "session:engineering_workstation"]]);
}

#[test]
fn zones_may_ask_for_chains_of_their_own() {
    let more = "
trust:
  operations: [mode_stop]
  remote: [rdp, ssh, rdp_connection]
  chains:
    - {name: any, begins: any, station: engineering_workstation}
    - {name: safety, zones: [safety], begins: console, station: engineering_workstation}
";
    let safety = stop("08:30", "10.75.0.20", "10.75.0.11");
    let remote = logon("08:00", "EWS-2", 10, JUMP, "mk", "0x5");
    assert_eq!(missing(more, &[remote, safety.clone()]), [["session:engineering_workstation"]]);
    assert_eq!(missing(more, &[logon("08:00", "EWS-2", 2, "-", "mk", "0x5"), safety]), [[""; 0]]);
    let rdp = json!({"_path": "rdp", "ts": at("08:00"), "uid": "C9", "id.orig_h": JUMP, "id.resp_h": EWS, "id.resp_p": 3389,
        "cookie": "mk", "result": "encrypted"});
    assert_eq!(missing(more, &[rdp.clone(), stop("08:30", EWS, PLC)]), [[""; 0]]);
    // That two hosts speak RDP is no logon, unless the plant says so.
    assert_eq!(missing("", &[rdp, stop("08:30", EWS, PLC)]), [["session:engineering_workstation"]]);
}

#[test]
fn logons_are_known_in_the_forms_of_many_sensors() {
    let any = "trust: {chains: [{name: any, begins: any, station: engineering_workstation}]}";
    let gateway = "trust: {chains: [{name: vpn, begins: vpn, station: engineering_workstation}]}";
    let check = |more: &str, begin: Value, end: Option<Value>| {
        let mut events = vec![begin, stop("08:30", EWS, PLC)];
        assert_eq!(missing(more, &events), [[""; 0]], "{}", events[0]);
        if let Some(end) = end {
            events.insert(1, end);
            assert_ne!(missing(more, &events), [[""; 0]], "{}", events[1]);
        }
    };
    let time = at("08:00");
    let evtx = |event: u16, data: Value| {
        json!({"Event": {"System": {"EventID": event, "Channel": "Security", "Computer": "ews-1.dairy.example",
            "TimeCreated": {"#attributes": {"SystemTime": at("08:10")}}}, "EventData": data}})
    };
    let own = json!({"TargetUserName": "mk", "TargetLogonId": "0x7", "LogonType": 10, "IpAddress": JUMP});
    check(any, evtx(4624, own), Some(evtx(4647, json!({"TargetUserName": "mk", "TargetLogonId": "0x7"}))));
    let beat = |event: &str, data: Value| {
        json!({"@timestamp": at("08:10"), "winlog": {"event_id": event, "channel": "Security",
            "computer_name": "ews-1.dairy.example", "event_data": data}})
    };
    let own = json!({"TargetUserName": "mk", "TargetLogonId": "0x7", "LogonType": "2", "IpAddress": "-"});
    check(any, beat("4624", own), Some(beat("4634", json!({"TargetUserName": "mk", "TargetLogonId": "0x7"}))));
    let journal = |message: &str, pid: &str| json!({"time": at("08:10"), "_HOSTNAME": "ews-1", "_PID": pid, "SYSLOG_IDENTIFIER": "sshd", "MESSAGE": message});
    check(
        any,
        journal("Accepted publickey for mk from 10.71.0.10 port 50123 ssh2: ED25519 SHA256:x", "88"),
        Some(journal("pam_unix(sshd:session): session closed for user mk", "88")),
    );
    let syslog = |message: &str| json!({"timestamp": at("08:10"), "hostname": "ews-1", "message": message});
    check(
        any,
        syslog("Accepted password for mk from 10.71.0.10 port 50123 ssh2"),
        Some(syslog("pam_unix(sshd:session): session closed for user mk")),
    );
    check(
        any,
        syslog("pam_unix(login:session): session opened for user mk(uid=1000) by LOGIN(uid=0)"),
        Some(syslog("pam_unix(login:session): session closed for user mk")),
    );
    check(
        any,
        json!({"_path": "ssh", "ts": time, "uid": "C2", "id.orig_h": JUMP, "id.resp_h": EWS, "auth_success": true}),
        None,
    );
    check(
        any,
        json!({"@timestamp": time, "event": {"action": "ssh_login", "outcome": "success"}, "user": {"name": "mk"},
            "source": {"ip": JUMP}, "host": {"name": "ews-1"}}),
        None,
    );
    // A VPN straight to the station.
    let ews = logon("08:20", "EWS-1", 10, "10.71.8.23", "mk", "0x2");
    let vpn = |begin: Value, end: Value| {
        let mut events = vec![ews.clone(), begin, stop("08:30", EWS, PLC)];
        assert_eq!(missing(gateway, &events), [[""; 0]], "{}", events[1]);
        events.push(end);
        assert_eq!(missing(gateway, &events), [["session:vpn"]], "{}", events[3]);
    };
    let openvpn = |message: &str| json!({"timestamp": at("08:15"), "hostname": "vpn-2", "message": message});
    vpn(
        openvpn("mk/203.0.113.50:1194 MULTI_sva: pool returned IPv4=10.71.8.23, IPv6=(Not enabled)"),
        openvpn("mk/203.0.113.50:1194 SIGTERM[soft,remote-exit] received, client-instance exiting"),
    );
    let forti = |action: &str| {
        json!({"time": at("08:15"), "type": "event", "subtype": "vpn", "action": action, "tunnelid": 77, "user": "mk",
            "remip": "203.0.113.50", "tunnelip": "10.71.8.23"})
    };
    vpn(forti("tunnel-up"), forti("tunnel-down"));
    let palo = |event: &str| {
        json!({"time": at("08:15"), "eventid": event, "status": "success", "srcuser": "dairy\\mk", "public_ip": "203.0.113.50",
            "private_ip": "10.71.8.23"})
    };
    vpn(palo("gateway-connected"), palo("gateway-logout"));
    let plain = |turn: &str| json!({"time": at("08:15"), "logon": {"kind": "vpn", "turn": turn, "user": "mk", "id": "a", "on": "10.71.8.23"}});
    vpn(plain("begins"), plain("ends"));
}

#[test]
fn late_events_are_counted_and_change_nothing_that_was_judged() {
    let mut trust = Trust::new(compiler(), &plant("")).unwrap().lateness(Duration::from_secs(600));
    let mut push = |event: Value| trust.push_json(event.to_string().as_bytes(), "x").unwrap();
    push(stop("08:30", EWS, PLC));
    // Ten minutes late is in time.
    push(logon("08:41", "HMI-1", 2, "-", "op", "0x1"));
    push(logon("08:20", "EWS-1", 2, "-", "mk", "0x1"));
    push(stop("08:45", EWS, PLC));
    trust.finish();
    let missing: Vec<_> = trust.take().into_iter().map(|own| own.missing.len()).collect();
    assert_eq!(missing, [1, 0]);
    let stats = trust.stats();
    assert_eq!((stats.late, stats.operations, stats.unexplained, stats.logons), (1, 2, 1, 2));
}

#[test]
fn programs_that_a_controller_fetches_are_the_stations_doing() {
    let mut block = stop("08:30", PLC, EWS);
    block["function_code"] = json!("0x1b");
    block["function_name"] = json!("Download Block");
    assert_eq!(missing("", &[block]), Vec::<Vec<String>>::new());
}

#[test]
fn faults_of_a_policy_are_told() {
    let told = |text: &str| {
        let context = Context::read(&[Source::new(Some("plant.yml"), text)]);
        context.diagnostics().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let text = "
trust:
  operations: [mode_stpo]
  session_hours: 0
  same_user: perhaps
  chain: []
  chains:
    - {name: a, begins: vnp, station: x}
    - {name: b, begins: vpn}
    - {name: c, begins: any, station: x, zones: [nowhere]}
    - {name: d, begins: any, station: x, over: [a, b, c, d, e, f, g, h, i]}
---
trust: {chains: []}
";
    let told = told(text);
    for message in [
        "3:16: error[TL0090]: `mode_stpo` is no operation class",
        "4:18: error[TL0090]: `0` is no number of hours from 1 to 8784",
        "`perhaps` is neither true nor false",
        "has no key `chain`",
        "8:25: error[TL0090]: a chain begins with vpn, console, or any session (any), not with `vnp`",
        "a chain needs the text `station`",
        "the chain `c` names a zone `nowhere` that is not declared",
        "a chain leads over 8 hosts at most",
        "there is one `trust` already",
    ] {
        assert!(told.contains(message), "{message} in {told}");
    }
}

#[test]
fn so_many_sessions_are_tried_the_latest_first() {
    // On the station are later sessions of somebody else; the one that explains the operation best is the oldest.
    let with =
        |on_jump_host: usize| {
            let mut events = way("mk");
            events.extend((0..on_jump_host).map(|number| {
                logon("08:06", "JUMP-1.dairy.example", 10, "10.71.8.23", "mk", &format!("0x1{number:03}"))
            }));
            events.extend((0..40).map(|number| logon("08:20", "EWS-1", 10, JUMP, "other", &format!("0x2{number:03}"))));
            events.push(stop("08:30", EWS, PLC));
            let mut trust = Trust::new(compiler(), &plant("trust: {same_user: true}\n")).unwrap();
            for (number, event) in events.iter().enumerate() {
                trust.push_json(event.to_string().as_bytes(), &format!("e:{number}")).unwrap();
            }
            trust.finish();
            trust.take().into_iter().next().unwrap().missing
        };
    assert_eq!(with(2), [""; 0]);
    // 40 sessions, each with 200 ways back, are more than 4,096: what was found until then counts.
    assert_eq!(with(200), ["user"]);
}

/// A trust that has seen the way of a user, with a lateness of a minute; the last logon waits.
fn on_the_way() -> Trust {
    let mut trust = Trust::new(compiler(), &plant("")).unwrap().lateness(Duration::from_mins(1));
    for (number, event) in way("mk").iter().enumerate() {
        trust.push_json(event.to_string().as_bytes(), &format!("e:{number}")).unwrap();
    }
    trust
}

/// What comes of an operation of the engineering station at 08:30.
fn stopped(mut trust: Trust) -> Judgement {
    trust.push_json(stop("08:30", EWS, PLC).to_string().as_bytes(), "e:3").unwrap();
    trust.finish();
    let [one] = &trust.take()[..] else { panic!("one operation") };
    one.clone()
}

#[test]
fn saved_state_goes_on_where_it_was() {
    let expected = stopped(on_the_way());
    assert!(expected.is_explained(), "{expected:?}");
    let saved = on_the_way().snapshot();
    let mut other = Trust::new(compiler(), &plant("")).unwrap().lateness(Duration::from_mins(1));
    other.restore(&saved).unwrap();
    assert_eq!(other.snapshot(), saved);
    assert_eq!(other.stats(), on_the_way().stats());
    assert_eq!(stopped(other), expected);
    let mut waiting = on_the_way();
    waiting.push_json(stop("08:30", EWS, PLC).to_string().as_bytes(), "e:3").unwrap();
    let mut other = Trust::new(compiler(), &plant("")).unwrap();
    other.restore(&waiting.snapshot()).unwrap();
    other.finish();
    assert_eq!(other.take(), [expected]);
}

#[test]
fn another_plant_keeps_sessions() {
    let other_order = PLANT.replace("assets:\n", "assets:\n  - {id: new, ip: 10.72.0.99}\n");
    let read = |text: String| Context::read(&[Source::new(Some("plant.yml"), text)]);
    let mut trust = on_the_way();
    trust.reload(&read(other_order));
    assert!(stopped(trust).is_explained());
    // Without the jump host its session is known by its address, which is no jump host.
    let jump = "  - {id: jump-1, ip: 10.71.0.10, host: jump-1.dairy.example, role: jump_host}\n";
    let mut trust = on_the_way();
    trust.reload(&read(PLANT.replace(jump, "")));
    trust.reload(&plant(""));
    let judged = stopped(trust);
    assert!(judged.is_explained(), "{judged:?}");
    let mut trust = on_the_way();
    trust.reload(&read(PLANT.replace(jump, "")));
    assert_eq!(stopped(trust).missing, ["session:vpn", "session:jump_host"]);
}

#[test]
fn what_is_no_saved_state_is_refused_and_changes_nothing() {
    let saved = on_the_way().snapshot();
    let fault = |bytes: &[u8]| {
        let mut trust = on_the_way();
        let error = trust.restore(bytes).unwrap_err();
        assert_eq!(error.kind(), tieline::ErrorKind::Saved);
        assert_eq!(trust.snapshot(), saved, "nothing changes");
        error.to_string()
    };
    assert!(fault(b"").contains("no saved state"));
    assert!(
        fault(&tieline::Stream::new(&Compiler::new().build().unwrap(), Default::default()).snapshot())
            .contains("of this kind")
    );
    let mut other = saved.clone();
    other[8] = 9;
    assert!(fault(&other).contains("format 9"));
    let mut flipped = saved.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(fault(&flipped).contains("does not fit the bytes from 20 on"));
    let cut = format!("cut off at byte 99 of {}", saved.len());
    assert!(fault(&saved[..99]).contains(&cut));
    // Bytes with a sum that fits: each cut is refused, and whatever is read can be used.
    let sealed = |mut bytes: Vec<u8>| {
        let length = bytes.len() as u64 - 28;
        bytes[20..28].copy_from_slice(&length.to_le_bytes());
        let sum = xxhash_rust::xxh3::xxh3_64(&bytes[20..]);
        bytes[12..20].copy_from_slice(&sum.to_le_bytes());
        bytes
    };
    let mut trust = on_the_way();
    for at in 28..saved.len() {
        assert!(trust.restore(&sealed(saved[..at].to_vec())).is_err(), "{at}");
        for byte in [0, 1, 0x7f, 0xff] {
            let mut forged = saved.clone();
            forged[at] = byte;
            if trust.restore(&sealed(forged)).is_ok() {
                trust.push_json(stop("08:30", EWS, PLC).to_string().as_bytes(), "e").unwrap();
                trust.finish();
                assert!(trust.take().len() <= 4 && !trust.snapshot().is_empty());
            }
        }
    }
}
