//! What the targets `incidents` and `trust` do: events, findings of others, forged state and other rules in any order, and all that is asked after.
//!
//! ```text
//! bytes as events, then as choices ─▶ event, finding, advance, forged state, reload, forms ...  ─▶ answers, and an end
//! ```
//!
//! Whether what is joined is right is not known here; nothing fails, what is refused changes nothing, and what was taken can be saved again.

use super::draw::Draw;
use super::forged;
use std::sync::LazyLock;
use std::time::Duration;
use tieline::context::Context;
use tieline::diagnostic::Source;
use tieline::incidents::{EntityKind, IncidentForm, IncidentOptions, Incidents, Reported};
use tieline::trust::Trust;
use tieline::{Compiler, Level, Rules};

/// A small plant; the second is another.
pub(crate) const PLANTS: [&str; 2] = [
    "
assets:
  - {id: pc, ip: 10.0.0.5, host: pc, owner: IT}
  - {id: jump, ip: 10.0.1.5, host: jump, role: jump_host}
  - {id: ews, ip: 10.0.2.5, host: ews, role: engineering_workstation}
  - {id: plc, ip: 10.0.3.5, role: controller, criticality: critical}
zones:
  - {name: office, networks: [10.0.0.0/24], purdue_level: 4}
  - {name: operations, networks: [10.0.2.0/24], purdue_level: 3}
  - {name: cell, networks: [10.0.3.0/24], purdue_level: 1}
conduits: [{name: programming, from: operations, to: cell, roles: [engineering_workstation], hours: ['06:00-18:00']}]
",
    "
sites: [{name: works, sensors: [tap]}]
assets: [{id: pc, ip: 10.0.9.9, host: pc, site: works}, {id: plc, ip: 10.0.3.5, role: hmi}]
",
];
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
pub(crate) const RULES: &str = "
title: Tool
name: tool
logsource: {category: test}
detection: {selection: {tool: '*'}, condition: selection}
level: high
tags: [attack.execution, attack.t1059]
---
title: Stop
name: stop
logsource: {category: test}
detection: {selection: {stop: 1}, condition: selection}
level: medium
---
title: Tools
name: tools
correlation: {type: event_count, rules: [tool], group-by: [hostname], timespan: 20m, condition: {gte: 2}, generate: true}
level: critical
";
const NAMES: &[&str] = &[
    "pc",
    "jump",
    "ews",
    "10.0.0.5",
    "10.0.2.5",
    "10.0.3.5",
    "203.0.113.9",
    "fe80::1%3",
    "PC.works.example",
    "",
    "é\\u202e\\\"<b>",
    "CORP\\\\\\\\anna",
    "SYSTEM",
    "127.0.0.1",
    "10.0.0.77",
    "srv-7",
];
/// Of one input, so that it is quick.
const STEPS_MAX: usize = 48;

/// Rules, the same with another name and one less, and the two plants.
pub(crate) type Base = ([Rules; 2], [Context; 2]);

pub(crate) static BASE: LazyLock<Base> = LazyLock::new(|| {
    let rules = |text: &str| {
        let built = Compiler::new().rules(None, text).build();
        built.unwrap_or_else(|error| panic!("{error}"))
    };
    let plant = |text: &str| Context::read(&[Source::new(None, text)]);
    let other = RULES
        .replace("title: Tool\n", "title: Other tool\n")
        .replace("---\ntitle: Stop\nname: stop", "---\ntitle: Halt\nname: halt");
    ([rules(RULES), rules(&other)], PLANTS.map(plant))
});

fn tables() -> Compiler {
    Compiler::new()
        .protocols(None, TABLES)
        .entity_fields(None, "{account: [who], file: [tool], hash: [md5], domain: [query]}")
}

/// An event of one of the kinds that the tables know, some minutes after the last.
pub(crate) fn event(draw: &mut Draw<'_>, minute: &mut i64) -> String {
    *minute += [0, 1, 5, 40, 1_500, -3, -90, 0][draw.below(8)];
    let name = |draw: &mut Draw<'_>| draw.pick(NAMES);
    let (from, to, on, who) = (name(draw), name(draw), name(draw), name(draw));
    let time = match draw.below(8) {
        0 => String::new(),
        1 => r#""ts": "never", "#.to_owned(),
        _ => format!(r#""ts": {}, "#, 1_795_478_400_i64 + *minute * 60),
    };
    let what = match draw.below(6) {
        0 => format!(r#""hostname": "{on}", "tool": "C:\\t\\{from}.exe", "who": "{who}", "md5": "{to}""#),
        1 => format!(r#""from": "{from}", "to": "{to}", "stop": 1"#),
        2 => format!(r#""hostname": "{on}", "kind": 1, "who": "{who}""#),
        3 => format!(r#""hostname": "{on}", "kind": 2, "who": "{who}", "from": "{from}", "id": "0x1""#),
        4 => format!(r#""hostname": "{on}", "kind": 3, "who": "{who}", "from": "{from}", "id": "0x1""#),
        _ => format!(r#""from": "{from}", "to": "{to}", "id.resp_p": 3389, "query": "{who}""#),
    };
    format!("{{{time}{what}}}")
}

fn finding(draw: &mut Draw<'_>, own: &mut Incidents, minute: i64) {
    let kinds = [EntityKind::Account, EntityKind::Hash, EntityKind::Domain, EntityKind::Process, EntityKind::Program];
    let entities = [(kinds[draw.below(kinds.len())], draw.pick(NAMES))];
    let named = |draw: &mut Draw<'_>| Some(draw.pick(NAMES)).filter(|name| !name.is_empty());
    let time_ns = match draw.below(8) {
        0 => i64::MAX,
        1 => i64::MIN,
        _ => (1_795_478_400 + minute * 60) * 1_000_000_000,
    };
    let (source, target) = (named(draw), named(draw));
    own.add(&Reported {
        time_ns,
        rule: "edr",
        level: Level::High,
        source,
        target,
        entities: &entities,
        ..Reported::default()
    });
}

/// All that can be asked of incidents.
fn ask(own: &mut Incidents) {
    let all = own.incidents();
    assert!(all.iter().all(|one| one.score.total <= 100 && !one.findings.is_empty()));
    for form in IncidentForm::ALL {
        let text = form.write(&all);
        assert!(all.is_empty() || !text.is_empty(), "{}", form.name());
    }
    let _ = (own.take_changes(), own.skews(), own.stats());
}

/// Any bytes as events, then as choices of what happens.
pub fn incidents(data: &[u8]) {
    let (rules, plants) = &*BASE;
    let mut draw = Draw::new(data);
    let options = IncidentOptions {
        lateness: Duration::from_mins([0, 10][draw.below(2)]),
        quiet: Duration::from_hours(2),
        findings_max: [4, 60][draw.below(2)],
        contacts_max: [4, 60][draw.below(2)],
        hub_peers: [2, 16][draw.below(2)],
        ..IncidentOptions::default()
    };
    let mut own = Incidents::new(&rules[0], tables(), &plants[0], options).unwrap_or_else(|error| panic!("{error}"));
    for part in data.split(|byte| *byte == 0).take(4) {
        let _ = own.push_json(part, "fuzz:1");
    }
    let mut minute = 0;
    for number in 0..draw.below(STEPS_MAX) {
        match draw.below(16) {
            0..10 => {
                let event = event(&mut draw, &mut minute);
                assert!(own.push_json(event.as_bytes(), &format!("log:{number}")).is_ok(), "{event}");
            }
            10 => finding(&mut draw, &mut own, minute),
            11 => own.advance((1_795_478_400 + minute * 60).saturating_mul(1_000_000_000)),
            12 => {
                let before = own.snapshot();
                if own.restore(&forged::state(&before, draw.rest(12))).is_err() {
                    assert!(own.snapshot() == before, "what is refused changes nothing");
                }
            }
            13 => drop(own.reload(&rules[draw.below(2)], &plants[draw.below(2)])),
            14 => ask(&mut own),
            _ => own.finish(),
        }
    }
    own.finish();
    ask(&mut own);
    let again = own.snapshot();
    assert!(own.restore(&again).is_ok(), "what was taken can be saved and read again");
}

/// The same for operations that somebody has to explain.
pub fn trust(data: &[u8]) {
    let plants = &BASE.1;
    let mut draw = Draw::new(data);
    let own = Trust::new(tables(), &plants[0]).unwrap_or_else(|error| panic!("{error}"));
    let mut own = if draw.below(2) == 0 { own } else { own.lateness(Duration::from_mins(10)) };
    for part in data.split(|byte| *byte == 0).take(4) {
        let _ = own.push_json(part, "fuzz:1");
    }
    let mut minute = 0;
    for number in 0..draw.below(STEPS_MAX) {
        match draw.below(16) {
            0..11 => {
                let event = event(&mut draw, &mut minute);
                assert!(own.push_json(event.as_bytes(), &format!("log:{number}")).is_ok(), "{event}");
            }
            11 => own.advance((1_795_478_400 + minute * 60).saturating_mul(1_000_000_000)),
            12 => {
                let before = own.snapshot();
                if own.restore(&forged::state(&before, draw.rest(12))).is_err() {
                    assert!(own.snapshot() == before, "what is refused changes nothing");
                }
            }
            13 => own.reload(&plants[draw.below(2)]),
            14 => drop(own.take()),
            _ => own.finish(),
        }
    }
    own.finish();
    let _ = (own.take(), own.stats());
    let again = own.snapshot();
    assert!(own.restore(&again).is_ok(), "what was taken can be saved and read again");
}
