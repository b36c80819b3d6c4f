//! Context over random plants and events: what the engine says is what going through all assets, zones and conduits says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use std::net::IpAddr;
use tieline::context::{Asset, Conduit, Context, Zone};
use tieline::diagnostic::Source;
use tieline::{Compiler, JsonEvent, Rules, Scanner};

/// A small world, so that things meet: addresses of few networks at two sites.
#[derive(Debug, Clone)]
struct World {
    yaml: String,
    events: Vec<String>,
}

const SITES: [&str; 2] = ["north", "south"];

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0_u8..3, 0_u8..6).prop_map(|(net, host)| format!("10.0.{net}.{host}")),
        1 => (0_u8..3).prop_map(|host| format!("fd00::{host}")),
        1 => prop::sample::select(&["239.1.1.1", "127.0.0.1", "::1"][..]).prop_map(str::to_owned),
    ]
}

fn network() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("10.0.0.0/16".to_owned()),
        (0_u8..3).prop_map(|net| format!("10.0.{net}.0/24")),
        (0_u8..3, 0_u8..2).prop_map(|(net, half)| format!("10.0.{net}.{}/30", half * 4)),
        prop::sample::select(&["fd00::/64", "0.0.0.0/0", "::/0", "127.0.0.0/8"][..]).prop_map(str::to_owned),
    ]
}

fn maybe(what: &'static str, values: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), values.prop_map(move |value| format!(", {what}: {value}"))]
}

fn site() -> impl Strategy<Value = String> {
    maybe("site", prop::sample::select(&SITES[..]).prop_map(str::to_owned))
}

fn zone_name() -> impl Strategy<Value = String> {
    (0_u8..4).prop_map(|zone| format!("z{zone}"))
}

fn asset() -> impl Strategy<Value = String> {
    let role = prop::sample::select(&["controller", "hmi"][..]).prop_map(str::to_owned);
    let tag = prop::sample::select(&["t0", "t1"][..]).prop_map(str::to_owned);
    (address(), site(), maybe("zone", zone_name()), maybe("role", role), maybe("tags", tag))
        .prop_map(|(ip, site, zone, role, tag)| format!("ip: '{ip}'{site}{zone}{role}{tag}"))
}

fn zone() -> impl Strategy<Value = String> {
    let networks = prop::collection::vec(network(), 0..3)
        .prop_map(|all| format!("['{}']", all.join("', '")).replace("['']", "[]"));
    let level = (0_u8..5).prop_map(|level| level.to_string());
    let tag = prop::sample::select(&["t0", "t1"][..]).prop_map(str::to_owned);
    (networks, site(), maybe("parent", zone_name()), maybe("purdue_level", level), maybe("tags", tag))
        .prop_map(|(networks, site, parent, level, tag)| format!("networks: {networks}{site}{parent}{level}{tag}"))
}

fn conduit() -> impl Strategy<Value = String> {
    let end = || prop_oneof![6 => zone_name(), 1 => Just("outside".to_owned()), 1 => Just("'*'".to_owned())];
    let protocols = prop::sample::select(&["[modbus]", "[ssh, 502/tcp]", "[]"][..]).prop_map(str::to_owned);
    let roles = prop::sample::select(&["[controller]", "[hmi, controller]"][..]).prop_map(str::to_owned);
    let hours = prop::sample::select(&["['Mon-Fri 06:00-18:00']", "['22:00-02:00', Sun]"][..]).prop_map(str::to_owned);
    (end(), end(), maybe("protocols", protocols), maybe("roles", roles), maybe("hours", hours))
        .prop_map(|(from, to, protocols, roles, hours)| format!("from: {from}, to: {to}{protocols}{roles}{hours}"))
}

fn world() -> impl Strategy<Value = World> {
    let listed = |name: &'static str, key: &'static str, items: Vec<String>| {
        let rows: String =
            items.iter().enumerate().map(|(at, item)| format!("  - {{{key}: {}{at}, {item}}}\n", &name[..1])).collect();
        format!("{name}:\n{rows}")
    };
    let plant = (
        prop::collection::vec(asset(), 0..8),
        prop::collection::vec(zone(), 1..5),
        prop::collection::vec(conduit(), 0..5),
    );
    let plant = plant.prop_map(move |(assets, zones, conduits)| {
        [
            "sites: [{name: north, time_zone: Europe/Berlin, sensors: [tap]}, {name: south}]\n".to_owned(),
            listed("assets", "id", assets),
            listed("zones", "name", zones),
            listed("conduits", "name", conduits),
        ]
        .concat()
    });
    let place = prop::sample::select(&["", r#","site":"north""#, r#","site":"south""#, r#","sensor":"tap""#][..]);
    let more = prop::sample::select(
        &[
            "",
            r#","id.resp_p":502"#,
            r#","service":"ssh""#,
            r#","service":"-","id.resp_p":22"#,
            r#","service":"modbus,tls""#,
        ][..],
    );
    let time = (0_u32..10_080).prop_map(|minute| {
        let (day, minute) = (minute / 1440, minute % 1440);
        format!(r#","ts":"2026-11-{:02}T{:02}:{:02}:00Z""#, 23 + day, minute / 60, minute % 60)
    });
    let time = prop_oneof![4 => time, 1 => Just(String::new())];
    let event = (address(), address(), place, more, time).prop_map(|(from, to, place, more, time)| {
        format!(r#"{{"id.orig_h":"{from}","id.resp_h":"{to}"{place}{more}{time}}}"#)
    });
    (plant, prop::collection::vec(event, 1..5)).prop_map(|(yaml, events)| World { yaml, events })
}

/// The one of several that is known at a site, by going through all.
fn known<'a, T>(all: &[&'a T], of: impl Fn(&T) -> Option<&str>, site: Option<&str>) -> Option<&'a T> {
    match site {
        Some(site) => {
            let at = |wanted: Option<&str>| all.iter().find(|one| of(one) == wanted).copied();
            at(Some(site)).or_else(|| at(None))
        }
        None if all.len() == 1 => all.first().copied(),
        None => None,
    }
}

struct Slow<'a> {
    context: &'a Context,
    site: Option<&'a str>,
    event: serde_json::Value,
}

/// Names of an asset, a zone, and a site.
type Found<'a> = (Option<&'a Asset>, Option<&'a Zone>, Option<String>);

impl<'a> Slow<'a> {
    fn new(context: &'a Context, event: &str) -> Self {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        let named = event["site"].as_str().and_then(|name| SITES.iter().find(|site| **site == name).copied());
        let site = named.or_else(|| event["sensor"].as_str().map(|_| "north"));
        Self { context, site, event }
    }

    fn zone(&self, name: &str) -> Option<&'a Zone> {
        self.context.zones().iter().find(|zone| zone.name == name)
    }

    fn at(&self, field: &str) -> Option<IpAddr> {
        self.event[field].as_str().unwrap().parse::<IpAddr>().ok().filter(|address| !address.is_multicast())
    }

    fn in_network(&self, address: IpAddr, site: Option<&str>) -> Option<&'a Zone> {
        (0..=128_u8).rev().find_map(|prefix| {
            let holds = |zone: &&Zone| {
                zone.networks.iter().any(|network| {
                    let is_local = !address.is_loopback() || network.addr().is_loopback();
                    network.prefix_len() == prefix && network.contains(&address) && is_local
                })
            };
            let mut zones: Vec<&Zone> = self.context.zones().iter().filter(holds).collect();
            // Of two zones of a site with one network the first has it.
            let mut sites = Vec::new();
            zones.retain(|zone| {
                !sites.contains(&zone.site) && {
                    sites.push(zone.site.clone());
                    true
                }
            });
            known(&zones, |zone| zone.site.as_deref(), site)
        })
    }

    fn end(&self, field: &str) -> Option<Found<'a>> {
        let address = self.at(field)?;
        let mut assets: Vec<&Asset> =
            self.context.assets().iter().filter(|asset| asset.ip.contains(&address)).collect();
        let mut sites = Vec::new();
        assets.retain(|asset| {
            !sites.contains(&asset.site) && {
                sites.push(asset.site.clone());
                true
            }
        });
        let asset = known(&assets, |asset| asset.site.as_deref(), self.site);
        let site = self.site.map(str::to_owned).or_else(|| asset?.site.clone());
        let own = asset.and_then(|asset| self.zone(asset.zone.as_deref()?));
        let tagged = || {
            let asset = asset?;
            let meets = |zone: &&Zone| {
                zone.tags.iter().any(|tag| asset.tags.contains(tag))
                    && (zone.site.is_none() || asset.site.is_none() || zone.site == asset.site)
            };
            self.context.zones().iter().find(meets)
        };
        let zone = own.or_else(tagged).or_else(|| self.in_network(address, site.as_deref()));
        if asset.is_none() && zone.is_none() && address.is_loopback() {
            return None;
        }
        let site = site.or_else(|| zone?.site.clone());
        Some((asset, zone, site))
    }

    /// The zone and those around it.
    fn line(&self, zone: Option<&'a Zone>) -> Vec<String> {
        let Some(zone) = zone else { return vec!["outside".to_owned(), "*".to_owned()] };
        let mut line = vec![zone];
        while let Some(parent) = line.last().and_then(|last| self.zone(last.parent.as_deref()?)) {
            if line.iter().any(|own| own.name == parent.name) {
                break;
            }
            line.push(parent);
        }
        line.iter().map(|zone| zone.name.clone()).chain(["*".to_owned()]).collect()
    }

    fn denied(&self, conduit: &Conduit, from: &Found<'_>, to: &Found<'_>) -> Vec<&'static str> {
        let mut denied = Vec::new();
        if let Some(protocols) = &conduit.protocols {
            let service = self.event["service"].as_str().filter(|service| *service != "-");
            let port = self.event["id.resp_p"].as_u64();
            let usual = [("modbus", 502), ("ssh", 22)];
            let ports: Vec<u64> = protocols
                .iter()
                .filter_map(|own| match own.split('/').next().unwrap().parse() {
                    Ok(port) => Some(port),
                    Err(_) => usual.iter().find(|(name, _)| name == own).map(|(_, port)| *port),
                })
                .collect();
            let passes = match (service, port) {
                (Some(service), _) => service.split(',').any(|one| protocols.iter().any(|own| own == one)),
                (None, Some(port)) => ports.contains(&port),
                (None, None) => true,
            };
            if !passes {
                denied.push("protocol");
            }
        }
        let role = from.0.and_then(|asset| asset.role.as_ref());
        if conduit.roles.as_ref().is_some_and(|roles| role.is_none_or(|role| !roles.contains(role))) {
            denied.push("role");
        }
        if let (Some(hours), Some(time)) = (&conduit.hours, self.event["ts"].as_str()) {
            let site = to.2.as_deref().or(from.2.as_deref());
            // Berlin is an hour ahead of UTC in November.
            let shift = if site == Some("north") { 60 } else { 0 };
            let number = |range: std::ops::Range<usize>| time[range].parse::<u32>().unwrap();
            // The 23rd is a Monday.
            let minutes = (number(8..10) - 23) * 1440 + number(11..13) * 60 + number(14..16) + shift;
            let (day, minute) = (minutes / 1440 % 7, minutes % 1440);
            let is_open = hours.iter().any(|hours| match hours.to_string().as_str() {
                "Mon-Fri 06:00-18:00" => day < 5 && (360..1080).contains(&minute),
                "22:00-02:00" => !(120..1320).contains(&minute),
                _ => day == 6,
            });
            if !is_open {
                denied.push("hours");
            }
        }
        denied
    }

    /// Whether the flow is allowed, by which conduit, and why not.
    fn flow(&self) -> Option<(bool, Option<String>, Vec<&'static str>)> {
        let (from, to) = (self.end("id.orig_h")?, self.end("id.resp_h")?);
        if from.1.is_none() && to.1.is_none() {
            return None;
        }
        let names = (from.1.map(|zone| &zone.name), to.1.map(|zone| &zone.name));
        let crosses = names.0 != names.1;
        let (froms, tos) = (self.line(from.1), self.line(to.1));
        let mut nearest: Option<(&Conduit, Vec<&'static str>)> = None;
        let pairs: Vec<(String, String)> = if crosses {
            froms.iter().flat_map(|from| tos.iter().map(move |to| (from.clone(), to.clone()))).collect()
        } else {
            vec![(froms[0].clone(), tos[0].clone())]
        };
        for (one, other) in pairs {
            for conduit in
                self.context.conduits().iter().filter(|own| own.from.contains(&one) && own.to.contains(&other))
            {
                let denied = self.denied(conduit, &from, &to);
                if nearest.as_ref().is_none_or(|(_, best)| denied.len() < best.len()) {
                    nearest = Some((conduit, denied));
                }
            }
        }
        Some(match nearest {
            Some((conduit, denied)) => (denied.is_empty(), Some(conduit.name.clone()), denied),
            None if crosses => (false, None, vec!["conduit"]),
            None => (true, None, Vec::new()),
        })
    }

    /// The tests that hold, by going through all.
    fn expected(&self) -> Vec<String> {
        let mut held = Vec::new();
        for (end, field) in [("source", "id.orig_h"), ("destination", "id.resp_h")] {
            let Some((asset, zone, site)) = self.end(field) else { continue };
            held.extend(asset.map(|asset| format!("{end}.asset.id: {}", asset.id)));
            held.extend(zone.map(|zone| format!("{end}.zone: {}", zone.name)));
            held.extend(zone.and_then(|zone| zone.purdue_level).map(|level| format!("{end}.purdue_level: {level}")));
            held.extend(site.map(|site| format!("{end}.site: {site}")));
            held.push(format!("{end}.asset.known: {}", asset.is_some()));
        }
        if let Some((allowed, conduit, denied)) = self.flow() {
            held.push(format!("flow.allowed: {allowed}"));
            held.extend(conduit.map(|conduit| format!("flow.conduit: {conduit}")));
            held.extend(denied.iter().map(|reason| format!("flow.denied_by: {reason}")));
        }
        held.sort();
        held
    }
}

/// A rule for each thing that may be said.
fn rules() -> Rules {
    let mut tests = Vec::new();
    for end in ["source", "destination"] {
        tests.extend((0..8).map(|asset| format!("{end}.asset.id: a{asset}")));
        tests.extend((0..5).map(|zone| format!("{end}.zone: z{zone}")));
        tests.extend((0..5).map(|level| format!("{end}.purdue_level: {level}")));
        tests.extend(SITES.iter().map(|site| format!("{end}.site: {site}")));
        tests.extend([true, false].iter().map(|known| format!("{end}.asset.known: {known}")));
    }
    tests.extend([true, false].iter().map(|allowed| format!("flow.allowed: {allowed}")));
    tests.extend((0..5).map(|conduit| format!("flow.conduit: c{conduit}")));
    tests.extend(["conduit", "protocol", "role", "hours"].iter().map(|reason| format!("flow.denied_by: {reason}")));
    let rule = |test: &String| {
        format!("title: '{test}'\nlogsource: {{category: any}}\ndetection: {{s: {{{test}}}, condition: s}}\n---\n")
    };
    Compiler::new().rules(None, tests.iter().map(rule).collect::<String>()).build().unwrap()
}

#[test]
fn the_same_flow_is_judged_anew_when_hours_have_passed() {
    let plant = "zones: [{name: z0, networks: [10.0.0.0/24]}, {name: z1, networks: [10.0.1.0/24]}]\n\
        conduits: [{name: c0, from: z0, to: z1, hours: ['Mon-Fri 06:00-18:00']}]\n";
    let context = Context::read(&[Source::new(None, plant)]);
    assert!(context.diagnostics().is_empty(), "{:?}", context.diagnostics());
    let rules = rules().with_context(&context);
    let mut scanner = Scanner::new(&rules);
    for (time, is_allowed) in [("10:00", true), ("20:00", false), ("10:00", true), ("10:01", true), ("20:00", false)] {
        let event = format!(r#"{{"id.orig_h":"10.0.0.1","id.resp_h":"10.0.1.1","ts":"2026-11-23T{time}:00Z"}}"#);
        let found: Vec<String> =
            scanner.scan_json(event.as_bytes()).unwrap().map(|found| found.rule().title().to_owned()).collect();
        assert!(found.contains(&format!("flow.allowed: {is_allowed}")), "{time}: {found:?}");
    }
}

#[test]
fn lookups_say_what_going_through_all_says() {
    let rules = rules();
    let cases = std::env::var("TIELINE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(3_000);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(world in world())| {
        let context = Context::read(&[Source::new(Some("plant.yml"), world.yaml.as_str())]);
        let over = rules.with_context(&context);
        let mut scanner = Scanner::new(&over);
        // Twice, since what was said before is remembered.
        for event in world.events.iter().chain(&world.events) {
            let mut found: Vec<String> =
                scanner.scan_json(event.as_bytes()).unwrap().map(|found| found.rule().title().to_owned()).collect();
            found.sort();
            prop_assert_eq!(&found, &Slow::new(&context, event).expected(), "{}\n{}", world.yaml, event);
            let tree = JsonEvent::parse(event.as_bytes()).unwrap();
            let slow = (0..over.len()).filter(|rule| over.reference_matches(*rule, &tree)).count();
            prop_assert_eq!(slow, found.len());
            prop_assert_eq!(scanner.scan(&tree).len(), found.len());
        }
    });
}

#[test]
fn a_plant_with_faults_is_told_of_each() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/context");
    let text = std::fs::read_to_string(folder.join("faults.yml")).unwrap();
    let context = Context::read(&[Source::new(Some("faults.yml"), text)]);
    let told: String = context.diagnostics().iter().map(|told| format!("{told}\n")).collect();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(folder.join("faults.txt"), &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(folder.join("faults.txt")).unwrap_or_default());
}
