//! Findings are joined by what they have in common, ways respect time, and nothing depends on the order of arrival.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::finding::Entity;
use super::*;
use crate::check::Level;
use crate::context::Context;
use crate::diagnostic::Source;
use std::sync::Arc;
use std::time::Duration;

const MINUTE: i64 = 60_000_000_000;

fn plant() -> Context {
    Context::read(&[Source::new(
        Some("plant.yml"),
        "
assets:
  - {id: office, ip: 10.0.0.5, host: office, role: office_pc}
  - {id: jump, ip: 10.0.1.5, host: jump, role: jump_host, owner: Plant IT}
  - {id: ews, ip: 10.0.2.5, host: ews, role: engineering_workstation, criticality: high}
  - {id: plc, ip: 10.0.3.5, role: controller, criticality: critical, owner: Shift}
  - {id: other, ip: 10.0.3.6, role: controller}
  - {id: probe, ip: 10.0.1.7, role: vulnerability_scanner}
zones:
  - {name: it, networks: [10.0.0.0/24], purdue_level: 4}
  - {name: dmz, networks: [10.0.1.0/24], purdue_level: 3.5}
  - {name: operations, networks: [10.0.2.0/24], purdue_level: 3}
  - {name: cell, networks: [10.0.3.0/24], purdue_level: 1, security_level: 2}
",
    )])
}

/// A register, and how tests speak to it.
struct Told {
    register: Register,
    entries: Vec<Entry>,
}

impl Told {
    fn new(options: IncidentOptions) -> Self {
        Self { register: Register::new(options, &plant()), entries: Vec::new() }
    }

    fn host(&mut self, name: &str) -> Option<HostId> {
        let asset = self.register.context().assets().iter().position(|asset| asset.id == name);
        let place = match (asset, name.parse()) {
            (Some(asset), _) => crate::access::Place::Asset(asset as u32),
            (None, Ok(ip)) => crate::access::Place::Ip(ip, None),
            (None, Err(_)) => crate::access::Place::Host(name.to_owned()),
        };
        self.register.host_at(&place)
    }

    /// A finding of a rule at a minute: `source`, `target` (none when empty), and accounts; what has a dot is an indicator.
    fn find(&mut self, minute: i64, rule: &str, level: Level, ends: [&str; 2], accounts: &[&str]) -> &mut Self {
        let rule = FindingRule {
            id: rule.to_owned(),
            title: rule.to_owned(),
            level,
            tags: vec!["attack.impact".to_owned(), "attack.t0881".to_owned()],
            response: Vec::new(),
            made: Made::Detection,
        };
        let [source, target] = ends.map(|name| if name.is_empty() { None } else { self.host(name) });
        let entity = |name: &&str| {
            let kind = if name.contains('.') { EntityKind::Indicator } else { EntityKind::Account };
            Entity { kind, name: (*name).into(), is_mentioned: false }
        };
        let finding = Finding {
            rule: Arc::new(rule),
            source,
            target,
            entities: accounts.iter().map(entity).collect(),
            operation: None,
            conduit: None,
            denied: 0,
            crosses: false,
            event: None,
            made_of: Box::default(),
        };
        self.entry(minute, What::Finding(Box::new(finding)))
    }

    fn meet(&mut self, minute: i64, from: &str, to: &str, kind: ContactKind, what: &str) -> &mut Self {
        let (from, to) = (self.host(from).unwrap(), self.host(to).unwrap());
        let contact = Contact { from, to, kind, what: what.into(), account: None, conduit: None, is_denied: false };
        self.entry(minute, What::Contact(contact))
    }

    fn entry(&mut self, minute: i64, what: What) -> &mut Self {
        let at = format!("log:{}", self.entries.len() + 1).into();
        self.entries.push(Entry { time: Some(minute * MINUTE), at, what });
        self
    }

    /// All incidents after the entries have come in some order.
    fn incidents(mut self, order: impl FnOnce(&mut Vec<Entry>)) -> Vec<Incident> {
        order(&mut self.entries);
        for entry in self.entries {
            self.register.push(entry);
        }
        self.register.finish();
        self.register.incidents()
    }
}

fn hour() -> IncidentOptions {
    IncidentOptions { lateness: Duration::from_secs(86_400), ..IncidentOptions::default() }
}

/// The hosts of a way, from its beginning.
fn way(path: &Path) -> Vec<&str> {
    let ends = path.hops.iter().map(|hop| hop.to.as_str());
    path.hops.first().map(|hop| hop.from.as_str()).into_iter().chain(ends).collect()
}

/// Names of the rules of each incident, and incidents by their first rule.
fn rules(all: &[Incident]) -> Vec<Vec<&str>> {
    let mut rules: Vec<Vec<&str>> =
        all.iter().map(|own| own.findings.iter().map(|found| found.title.as_str()).collect()).collect();
    rules.sort();
    rules
}

fn story(told: &mut Told) {
    told.find(0, "tool", Level::High, ["office", ""], &["anna"])
        .meet(10, "office", "jump", ContactKind::Remote, "rdp")
        .find(12, "dump", Level::High, ["jump", ""], &["anna"])
        .meet(20, "jump", "ews", ContactKind::Remote, "rdp")
        .find(21, "logon", Level::Medium, ["jump", "ews"], &[])
        .find(30, "stop", Level::High, ["ews", "plc"], &[]);
}

#[test]
fn an_attack_is_one_incident_and_its_way_is_found() {
    let mut told = Told::new(hour());
    story(&mut told);
    let all = told.incidents(|_| ());
    assert_eq!(rules(&all), [["tool", "dump", "logon", "stop"]]);
    assert_eq!(way(&all[0].path), ["office", "jump", "ews", "plc"]);
    assert_eq!(all[0].path.gap.as_deref(), Some("how it came to office was not seen"));
    assert_eq!(all[0].spread.lowest_level, Some(1.0));
    let plc = all[0].hosts.iter().find(|host| host.name == "plc").unwrap();
    assert_eq!(plc.addresses, ["10.0.3.5"]);
    assert_eq!(
        (&all[0].findings[3].tactics[..], &all[0].findings[3].techniques[..]),
        (&["impact".to_owned()][..], &["T0881".to_owned()][..])
    );
    assert!(all[0].hints.iter().any(|hint| hint.contains("Shift") && hint.contains("plc")));
}

#[test]
fn the_order_of_arrival_changes_nothing() {
    let mut told = Told::new(hour());
    story(&mut told);
    let expected = told.incidents(|_| ());
    for turn in 1..6 {
        let mut told = Told::new(hour());
        story(&mut told);
        let all = told.incidents(|entries| {
            entries.reverse();
            entries.rotate_left(turn);
        });
        assert_eq!(all, expected, "turn {turn}");
    }
}

#[test]
fn a_contact_after_the_effect_is_no_part_of_the_way() {
    let mut told = Told::new(hour());
    told.find(0, "tool", Level::High, ["office", ""], &["bad.example"])
        .find(5, "stop", Level::High, ["ews", "plc"], &["bad.example"])
        .meet(6, "office", "jump", ContactKind::Remote, "rdp")
        .meet(7, "jump", "ews", ContactKind::Remote, "rdp");
    let all = told.incidents(|_| ());
    assert_eq!(rules(&all), [["tool", "stop"]]);
    assert_eq!(way(&all[0].path), ["ews", "plc"]);
    assert_eq!(all[0].path.gap.as_deref(), Some("no contact was seen that leads from office to ews"));
}

/// The way ends at the host that was found last; what it then did is told beside it, what is new first.
#[test]
fn what_the_last_host_then_did_to_a_device_is_told_when_nothing_found_it() {
    let tell = |more: fn(&mut Told)| {
        let mut told = Told::new(hour());
        told.meet(-60, "ews", "plc", ContactKind::Operation, "write")
            .find(0, "tool", Level::High, ["office", ""], &["anna"])
            .meet(10, "office", "jump", ContactKind::Remote, "rdp")
            .find(20, "dump", Level::High, ["jump", "ews"], &["anna"]);
        more(&mut told);
        told.incidents(|_| ()).remove(0).path
    };
    let onward = |path: &Path| path.onward.clone().map(|hop| (hop.from, hop.to, hop.what, hop.confidence, hop.events));
    let act = |what: &str, sure: f64, at: &str| {
        Some(("ews".to_owned(), "plc".to_owned(), what.to_owned(), sure, vec![at.to_owned()]))
    };
    assert_eq!(onward(&tell(|_| ())), None, "what was before is not told");
    let path = tell(|told| {
        told.meet(19, "ews", "plc", ContactKind::Operation, "mode_stop")
            .meet(25, "ews", "plc", ContactKind::Operation, "read")
            .meet(30, "ews", "plc", ContactKind::Flow, "mode_stop")
            .meet(141, "ews", "plc", ContactKind::Operation, "restart");
    });
    assert_eq!(onward(&path), None, "before it, without weight, no operation, long after it");
    let path = tell(|told| {
        told.meet(40, "ews", "plc", ContactKind::Operation, "write");
    });
    assert_eq!((way(&path), onward(&path)), (vec!["office", "jump", "ews"], act("write", 0.2, "log:5")));
    let path = tell(|told| {
        told.meet(35, "ews", "plc", ContactKind::Operation, "write")
            .meet(50, "ews", "plc", ContactKind::Operation, "restart")
            .meet(45, "ews", "plc", ContactKind::Operation, "time_sync");
    });
    assert_eq!(onward(&path), act("restart", 0.5, "log:6"), "what is new before what is usual, of that the worst");
    let path = tell(|told| {
        told.find(30, "stop", Level::High, ["ews", "plc"], &[]);
    });
    assert_eq!(onward(&path), None, "a finding tells of it");
}

/// A host nobody else went to, shortly before the first finding: also when what was found first is lost, but not hours before.
#[test]
fn what_a_host_fetched_before_it_was_found_is_told_beside_the_way() {
    let fetched = |minute: i64| {
        let mut told = Told::new(hour());
        told.meet(minute, "office", "203.0.113.9", ContactKind::Flow, "http")
            .find(0, "tool", Level::High, ["office", ""], &["anna"])
            .find(1, "stop", Level::High, ["office", "plc"], &["anna"]);
        told.incidents(|_| ()).remove(0).path.fetched
    };
    for minute in [-18, -1, 4] {
        let own = fetched(minute).unwrap();
        assert!(own.starts_with("office was in contact with 203.0.113.9 at "), "{own}");
    }
    assert_eq!((fetched(-25), fetched(7)), (None, None));
}

#[test]
fn equal_names_on_different_hosts_join_nothing() {
    let mut told = Told::new(hour());
    told.find(0, "one", Level::High, ["office", ""], &["operator@office"]).find(
        1,
        "two",
        Level::High,
        ["other", ""],
        &["operator@other"],
    );
    assert_eq!(rules(&told.incidents(|_| ())), [["one"], ["two"]]);
}

#[test]
fn findings_without_entities_are_incidents_of_their_own() {
    let mut told = Told::new(hour());
    told.find(0, "one", Level::High, ["", ""], &[]).find(0, "two", Level::High, ["", ""], &[]);
    assert_eq!(rules(&told.incidents(|_| ())), [["one"], ["two"]]);
}

#[test]
fn what_happens_again_and_again_makes_no_one_of_two() {
    let mut told = Told::new(hour());
    for time in 0..5 {
        told.find(time * 60, "write", Level::Low, ["ews", "plc"], &[]);
    }
    told.find(250, "tool", Level::High, ["ews", ""], &["kim"]).find(255, "stop", Level::High, ["ews", "plc"], &["kim"]);
    let all = told.incidents(|_| ());
    assert_eq!(rules(&all), [["tool", "stop"]]);
}

#[test]
fn what_is_of_little_weight_is_joined_for_a_short_time() {
    for (minute, joined) in [(20, 2), (100, 1)] {
        for levels in [[Level::Low, Level::High], [Level::High, Level::Informational]] {
            let mut told = Told::new(hour());
            told.find(0, "one", levels[0], ["ews", "plc"], &[]).find(minute, "two", levels[1], ["ews", "plc"], &[]);
            let all = told.incidents(|_| ());
            assert_eq!(all[0].findings.len(), joined, "{levels:?} after {minute} minutes");
        }
    }
}

/// What hosts have done just so before stays out of an attack between them, unless it is of weight or does something to a device.
#[test]
fn routine_is_no_part_of_an_attack() {
    let seldom = Habits { level: Level::Low, operation: None, before: 0 };
    let routine = Habits { before: 2, ..seldom };
    let cases = [
        (seldom, true),
        (routine, false),
        (Habits { operation: Some("read"), ..routine }, false),
        (Habits { operation: Some("write"), ..routine }, true),
        (Habits { level: Level::Medium, ..routine }, true),
    ];
    for (of, is_part) in cases {
        let mut told = Told::new(hour());
        for minute in (0..of.before).map(|time| time * 60).chain([300]) {
            if minute == 300 {
                told.find(minute, "attack", Level::High, ["ews", "plc"], &[]);
            }
            told.find(minute, "habit", of.level, ["ews", "plc"], &[]);
            if let Some(Entry { what: What::Finding(finding), .. }) = told.entries.last_mut() {
                finding.operation = of.operation.map(Into::into);
            }
        }
        let all = told.incidents(|_| ());
        let own = all.iter().find(|own| own.findings.iter().any(|found| found.title == "attack")).unwrap();
        assert_eq!(own.findings.iter().any(|found| found.title == "habit"), is_part, "{of:?}");
    }
}

#[derive(Debug, Clone, Copy)]
struct Habits {
    level: Level,
    operation: Option<&'static str>,
    before: i64,
}

#[test]
fn low_findings_alone_are_no_incident() {
    let mut told = Told::new(hour());
    told.find(0, "one", Level::Low, ["ews", ""], &[]).find(1, "two", Level::Informational, ["ews", ""], &[]);
    assert!(told.incidents(|_| ()).is_empty());
}

#[test]
fn after_a_quiet_time_it_is_another_incident() {
    let mut told = Told::new(IncidentOptions { quiet: Duration::from_secs(7_200), ..hour() });
    told.find(0, "one", Level::High, ["ews", ""], &["kim"]).find(200, "two", Level::High, ["ews", ""], &["kim"]);
    assert_eq!(rules(&told.incidents(|_| ())), [["one"], ["two"]]);
}

#[test]
fn a_flood_of_one_rule_does_not_merge_what_is_unrelated() {
    let mut told = Told::new(hour());
    told.find(0, "one", Level::High, ["office", ""], &["anna"]).find(0, "two", Level::High, ["ews", ""], &["kim"]);
    for number in 0..2_000 {
        let host = if number % 2 == 0 { "office" } else { "ews" };
        told.find(1, "noise", Level::Medium, [host, "10.0.9.1"], &[]);
    }
    let all = told.incidents(|_| ());
    assert_eq!(all.len(), 2);
    assert_eq!(all.iter().flat_map(|own| &own.findings).map(|found| found.count).sum::<u64>(), 2_002);
    assert!(all.iter().all(|own| own.findings.len() == 2), "equal findings are one with a count");
}

#[test]
fn merging_is_told_and_the_earlier_id_stays() {
    let mut told = Told::new(IncidentOptions::default());
    told.find(0, "one", Level::High, ["office", ""], &["anna"])
        .find(2, "two", Level::High, ["ews", ""], &["kim"])
        .find(4, "both", Level::High, ["office", "ews"], &["anna", "kim"]);
    let Told { mut register, entries } = told;
    entries.into_iter().for_each(|entry| register.push(entry));
    register.finish();
    let all = register.incidents();
    let changes = register.take_changes();
    let [Change::Opened { id: one }, Change::Opened { id: two }, ..] = &*changes else { panic!("{changes:?}") };
    assert!(changes.iter().any(|change| matches!(change, Change::Merged { id, into, .. } if id == two && into == one)));
    assert_eq!((all.len(), &all[0].id), (1, one));
    assert_eq!(all[0].merged.len(), 1);
    assert!(register.take_changes().is_empty());
}

#[test]
fn memory_is_bounded_and_what_is_newer_stays() {
    let options = IncidentOptions { findings_max: 64, contacts_max: 64, ..IncidentOptions::default() };
    let mut told = Told::new(options);
    for number in 0..2_000 {
        let host = format!("10.9.{}.{}", number / 200, number % 200);
        told.find(number * 30, "tool", Level::High, [&host, ""], &[]).meet(
            number * 30,
            &host,
            "plc",
            ContactKind::Flow,
            "x",
        );
    }
    told.find(60_000, "one", Level::High, ["ews", ""], &["kim"]).find(
        60_001,
        "two",
        Level::High,
        ["ews", ""],
        &["kim"],
    );
    let Told { mut register, entries } = told;
    entries.into_iter().for_each(|entry| register.push(entry));
    register.finish();
    let all = register.incidents();
    assert!(all.len() <= 64, "{}", all.len());
    assert!(rules(&all).contains(&vec!["one", "two"]), "{:?}", rules(&all));
    assert!(register.contacts.is_bounded() && register.stats().given_up > 0);
    let plc = register.hosts.named("plc").unwrap();
    assert!(register.hosts.peers(plc).inwards > 16, "a hub stays one");
    let changes = register.take_changes();
    assert_eq!(changes.iter().filter(|change| matches!(change, Change::Opened { .. })).count(), 2_001);
    assert!(changes.iter().filter(|change| matches!(change, Change::Closed { .. })).count() >= 1_900);
}

#[test]
fn every_point_of_a_score_has_a_name() {
    let mut told = Told::new(hour());
    story(&mut told);
    for incident in told.incidents(|_| ()) {
        let Score { total, likelihood, consequence, likelihood_terms, consequence_terms } = incident.score;
        let sum = |terms: &[Term]| terms.iter().map(|term| term.points).sum::<u32>().min(100);
        assert_eq!((likelihood, consequence), (sum(&likelihood_terms), sum(&consequence_terms)));
        assert_eq!(total, likelihood * consequence / 100);
        assert!(likelihood_terms.iter().chain(&consequence_terms).all(|term| !term.why.is_empty()));
    }
}

/// Two unrelated attacks come to one server, which turns out to serve everybody: one of the attackers and so many others.
fn glued(peers: i64) -> Told {
    let mut told = Told::new(IncidentOptions { lateness: Duration::from_secs(60), ..IncidentOptions::default() });
    told.find(0, "one", Level::High, ["office", ""], &["anna"])
        .find(1, "tool", Level::High, ["office", "10.0.1.99"], &[])
        .find(2, "onward", Level::High, ["10.0.1.99", "ews"], &[])
        .find(3, "two", Level::Medium, ["ews", ""], &["kim"]);
    for number in 0..peers {
        told.meet(10 + number, &format!("10.0.5.{number}"), "10.0.1.99", ContactKind::Flow, "dns");
    }
    told
}

/// Changes and incidents after the entries have come in some order.
fn changes(mut told: Told, order: impl FnOnce(&mut Vec<Entry>)) -> (Vec<Change>, Vec<Incident>) {
    order(&mut told.entries);
    told.entries.into_iter().for_each(|entry| told.register.push(entry));
    told.register.finish();
    assert!(told.register.groups.is_sound());
    (told.register.take_changes(), told.register.incidents())
}

#[test]
fn a_host_that_turns_out_to_be_a_hub_splits_what_it_glued() {
    let (told, all) = changes(glued(15), |_| ());
    assert_eq!(rules(&all), [["one", "tool", "onward", "two"]], "{told:?}");
    let id = all[0].id.clone();
    let (told, all) = changes(glued(16), |_| ());
    assert_eq!(rules(&all), [["one", "tool"], ["onward", "two"]], "{told:?}");
    let split: Vec<_> = told.iter().filter(|own| matches!(own, Change::Split { .. })).collect();
    let [Change::Split { id: own, part, because }] = &*split else { panic!("{told:?}") };
    assert_eq!(*own, id, "the part with the first finding keeps the id");
    assert!(all.iter().any(|own| own.id == *part) && because == "more than 16 others come to 10.0.1.99", "{because}");
    assert!(told.contains(&Change::Opened { id: part.clone() }));
    assert_eq!(all.iter().map(|own| own.split.len()).sum::<usize>(), 1, "it is listed where it was");
    // What speaks for both makes one of them again.
    let mut told = glued(16);
    told.find(40, "dump", Level::High, ["office", "ews"], &["kim"]);
    let (told, all) = changes(told, |_| ());
    assert!(all.len() == 1 && all[0].split.is_empty() && all[0].merged.len() == 1, "{told:?}");
    // What comes later joins the part to which it belongs.
    let mut told = glued(16);
    told.find(40, "later", Level::High, ["ews", "plc"], &["kim"]);
    assert_eq!(rules(&changes(told, |_| ()).1), [vec!["one", "tool"], vec!["onward", "two", "later"]]);
}

#[test]
fn what_a_declared_scanner_touches_is_not_one_attack() {
    let attacks = |scanner: &str| {
        let mut told = Told::new(IncidentOptions { lateness: Duration::from_secs(60), ..IncidentOptions::default() });
        told.find(0, "probed", Level::Medium, [scanner, "office"], &[])
            .find(1, "one", Level::High, ["office", ""], &["anna"])
            .find(2, "probed too", Level::Medium, [scanner, "ews"], &[])
            .find(3, "two", Level::High, ["ews", ""], &["kim"]);
        rules(&changes(told, |_| ()).1).iter().any(|own| own.contains(&"one") && own.contains(&"two"))
    };
    assert!(attacks("10.0.1.8"), "whoever is not declared may be the attacker");
    assert!(!attacks("probe"));
}

#[test]
fn what_has_more_in_common_than_a_hub_stays_together() {
    let mut told = glued(0);
    told.find(4, "dump", Level::High, ["office", "ews"], &["kim"]);
    for number in 0..30 {
        told.meet(10 + number, &format!("10.0.5.{number}"), "10.0.1.99", ContactKind::Flow, "dns");
    }
    let (told, all) = changes(told, |_| ());
    assert_eq!(all.len(), 1, "{told:?}");
}

#[test]
fn what_a_forgotten_finding_left_leads_to_no_other_of_its_number() {
    let quiet = Duration::from_secs(7_200);
    let mut told = Told::new(IncidentOptions { quiet, ..IncidentOptions::default() });
    told.find(0, "seen", Level::Low, ["office", ""], &["evil.example"])
        .find(300, "one", Level::High, ["ews", ""], &["anna"])
        .find(301, "two", Level::High, ["plc", ""], &["evil.example"]);
    let all = told.incidents(|_| {});
    assert_eq!(rules(&all), [["one"], ["two"]]);
}

#[test]
fn what_is_found_again_is_usual_and_hides_not_what_was_not() {
    let mut told = Told::new(IncidentOptions::default());
    // The same within an hour is one finding, which is usual from the second occasion on.
    told.find(0, "write", Level::High, ["ews", "plc"], &[]).find(45, "write", Level::High, ["ews", "plc"], &[]).find(
        46,
        "stop",
        Level::High,
        ["ews", "plc"],
        &[],
    );
    let all = told.incidents(|_| {});
    assert_eq!(rules(&all), [["write", "stop"]]);
    assert_eq!(all[0].findings[0].count, 2);
}

#[test]
fn a_key_is_there_once() {
    use super::traces::Traces;
    let one = (7_u64, Vec::<(u32, u32)>::new());
    let read = |keys: usize| {
        let mut bytes = Vec::new();
        crate::seal::write_all(&mut bytes, vec![&one; keys].into_iter());
        crate::seal::write_all(&mut bytes, [0_u64; 0].iter());
        Traces::new(8).load(&mut &*bytes)
    };
    assert!(read(1).is_ok());
    assert!(read(2).is_err());
}
