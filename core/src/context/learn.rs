//! Proposes conduits from the flows that were seen, for a person to review.
//!
//! ```text
//! hmi-1 ─▶ plc-7, s7comm, read, 812 times in 9 days     ─▶   - {name: supervision-to-cell-7, protocols: [s7comm], ...}
//! ```
//!
//! What conduits allow already is not proposed again. Ends in no zone get one for each network of 256 addresses (64 bits of
//! IPv6); addresses of the internet that no asset has stay `outside`. With what is proposed beside what was declared, the same events are all
//! allowed. What is rare, and what changes controllers, is marked.

use super::flow::Decision;
use super::lens::{Party, Passing};
use super::model::Context;
use crate::config::{LEARNED_CONDUITS_MAX, LEARNED_PROTOCOLS_MAX};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

/// Hours are proposed when they were watched for so long.
const WEEK_NS: i64 = 7 * 86_400 * 1_000_000_000;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Layers below the protocol that somebody speaks.
const CARRIERS: [&str; 5] = ["ssl", "tls", "gssapi", "ntlm", "krb"];

/// Where an end of a flow is: in a zone that is declared, in one that is proposed, or in none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Zone(u32),
    Net(IpNet, Option<u32>),
    /// Devices that are known by their MAC alone, at whatever site.
    Macs,
    Outside,
}

/// How often something was seen, and when.
#[derive(Debug, Clone, Default)]
struct Times {
    count: u64,
    span: Option<(i64, i64)>,
}

impl Times {
    fn add(&mut self, time: Option<i64>) {
        self.count += 1;
        if let Some(time) = time {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
        }
    }

    fn text(&self) -> String {
        let count = if self.count == 1 { "once".to_owned() } else { format!("{} times", self.count) };
        let moment = |time: i64| {
            Timestamp::from_nanosecond(time.into()).map_or_else(|_| time.to_string(), |own| own.to_string())
        };
        match self.span {
            Some((first, last)) if first == last => format!("seen {count}, {}", moment(first)),
            Some((first, last)) => format!("seen {count}, {} to {}", moment(first), moment(last)),
            None => format!("seen {count}"),
        }
    }
}

/// What was seen from one place to another.
#[derive(Debug, Default)]
struct Way {
    times: Times,
    protocols: BTreeMap<String, u64>,
    ports: BTreeMap<u16, u64>,
    has_too_many_protocols: bool,
    operations: BTreeMap<String, Times>,
    roles: BTreeSet<String>,
    has_no_role: bool,
    /// For each day of the week the hours, as bits, where the device stands.
    week: [u32; 7],
    day: Option<i64>,
    has_more_days: bool,
}

/// All that was seen.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    ways: BTreeMap<(Spot, Spot), Way>,
    macs: BTreeSet<String>,
    /// For each place the roles of assets there.
    roles: BTreeMap<Spot, BTreeMap<String, BTreeSet<u32>>>,
    span: Times,
    allowed: u64,
    given_up: u64,
}

impl Learned {
    /// Flows for which there was no room any more.
    pub(crate) fn given_up(&self) -> u64 {
        self.given_up
    }

    pub(crate) fn add(&mut self, context: &Context, passing: &Passing<'_>) {
        let Passing { from, to, decision, time, .. } = passing;
        if !from.end.is_there || !to.end.is_there {
            return;
        }
        self.span.add(*time);
        let key = (self.spot(context, from), self.spot(context, to));
        let is_new = |spot: &Spot| matches!(spot, Spot::Net(..) | Spot::Macs);
        // What gets a zone is outside no more, so what allows it from outside does so no longer.
        if decision.is_some_and(|decision| decision.denied == 0 && decision.conduit.is_some())
            && !is_new(&key.0)
            && !is_new(&key.1)
        {
            self.allowed += 1;
            return;
        }
        let is_denied = decision.is_some_and(|decision: Decision| decision.denied != 0);
        if key.0 == key.1 && !is_denied {
            return;
        }
        if self.ways.len() >= LEARNED_CONDUITS_MAX && !self.ways.contains_key(&key) {
            self.given_up += 1;
            return;
        }
        self.ways.entry(key).or_default().add(context, passing);
    }

    /// Where an end is; takes note of its role, or of its MAC.
    fn spot(&mut self, context: &Context, party: &Party) -> Spot {
        let asset = party.end.asset.and_then(|asset| context.assets().get(asset as usize));
        // Without an address of its own the event means that of the asset.
        let ip = party.ip.or_else(|| asset?.ip.first().copied());
        let site = party.end.site;
        let spot = match (party.end.zone, ip, &party.mac) {
            (Some(zone), ..) => Spot::Zone(zone),
            (None, Some(ip), _) if asset.is_some() || is_inside(ip) => Spot::Net(network(ip), site),
            // The MAC of an asset stays with that, also where another site sees it.
            (None, None, Some(mac)) if !context.plant.index.macs.contains_key(mac) => {
                if self.macs.len() < LEARNED_CONDUITS_MAX || self.macs.contains(mac) {
                    self.macs.insert(mac.clone());
                } else {
                    self.given_up += 1;
                }
                Spot::Macs
            }
            _ => Spot::Outside,
        };
        if let (Some(role), Some(number)) = (asset.and_then(|asset| asset.role.as_ref()), party.end.asset) {
            self.roles.entry(spot.clone()).or_default().entry(role.clone()).or_default().insert(number);
        }
        spot
    }

    /// The proposal, in the form in which plants are read. `privileged` are the operations to be marked.
    pub(crate) fn write(&self, context: &Context, privileged: &[String]) -> String {
        let merged = self.merged();
        let mut taken: BTreeSet<&str> = context.zones().iter().map(|zone| &*zone.name).collect();
        let mut names: BTreeMap<Spot, String> = BTreeMap::new();
        let spots: BTreeSet<Spot> = self.ways.keys().flat_map(|(from, to)| [from, to]).map(&merged).collect();
        let fresh: Vec<(Spot, String)> =
            spots.into_iter().map(|spot| (spot.clone(), self.name(context, &spot))).collect();
        for (spot, name) in &fresh {
            let is_new = matches!(spot, Spot::Net(..) | Spot::Macs);
            let name = if is_new { distinct(name, &mut |name| taken.contains(name)) } else { name.clone() };
            names.insert(spot.clone(), name);
        }
        taken.clear();
        let mut out = String::new();
        let _ = writeln!(
            out,
            "# Proposed from what was seen, to be reviewed: delete what nobody can explain, and tighten the rest."
        );
        let _ = writeln!(
            out,
            "# {} flows {}; {} of them are allowed already.",
            self.span.count,
            self.span.text(),
            self.allowed
        );
        if self.given_up > 0 {
            let _ = writeln!(out, "# INCOMPLETE: for {} flows there was no room.", self.given_up);
        }
        self.write_zones(&mut out, context, &names);
        self.write_conduits(&mut out, context, &names, &merged, privileged);
        out
    }

    /// Networks that were seen also without a site are one zone for all sites.
    fn merged(&self) -> impl Fn(&Spot) -> Spot {
        let everywhere: BTreeSet<Spot> = self
            .ways
            .keys()
            .flat_map(|(from, to)| [from, to])
            .filter(|spot| matches!(spot, Spot::Net(_, None)))
            .cloned()
            .collect();
        move |spot| {
            let without = match spot {
                Spot::Net(network, _) => Spot::Net(*network, None),
                other => other.clone(),
            };
            if everywhere.contains(&without) { without } else { spot.clone() }
        }
    }

    fn name(&self, context: &Context, spot: &Spot) -> String {
        let at = |site: &Option<u32>| {
            let site = site.and_then(|site| context.sites().get(site as usize));
            site.map(|site| format!("-{}", site.name)).unwrap_or_default()
        };
        match spot {
            Spot::Zone(zone) => context.zones().get(*zone as usize).map_or_else(String::new, |zone| zone.name.clone()),
            Spot::Outside => "outside".to_owned(),
            Spot::Macs => "layer-2".to_owned(),
            Spot::Net(network, site) => {
                let roles = self.roles.iter().filter(|(own, _)| matches!(own, Spot::Net(net, _) if net == network));
                let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
                for (role, assets) in roles.flat_map(|(_, roles)| roles) {
                    *counts.entry(role).or_default() += assets.len();
                }
                // Of equals the first in the alphabet.
                let role = counts.iter().rev().max_by_key(|(_, count)| **count).map_or("net", |(role, _)| *role);
                let address = network.to_string();
                let address = address.trim_end_matches("/24").trim_end_matches(".0").replace("::/64", "");
                format!("{role}-{address}{}", at(site))
            }
        }
    }

    fn write_zones(&self, out: &mut String, context: &Context, names: &BTreeMap<Spot, String>) {
        let fresh: Vec<_> = names.iter().filter(|(spot, _)| matches!(spot, Spot::Net(..) | Spot::Macs)).collect();
        if fresh.is_empty() {
            return;
        }
        let _ = writeln!(out, "\nzones:");
        for (spot, name) in fresh {
            let _ =
                writeln!(out, "  - name: {}  # say what it is, and its purdue_level and security_level", quoted(name));
            let site = match spot {
                Spot::Net(_, site) => *site,
                _ => None,
            };
            if let Some(site) = site.and_then(|site| context.sites().get(site as usize)) {
                let _ = writeln!(out, "    site: {}", quoted(&site.name));
            }
            match spot {
                Spot::Net(network, _) => {
                    let _ = writeln!(out, "    networks: ['{network}']");
                }
                _ => {
                    let _ = writeln!(out, "    macs:");
                    self.macs.iter().for_each(|mac| {
                        let _ = writeln!(out, "      - '{mac}'");
                    });
                }
            }
        }
    }

    fn write_conduits(
        &self,
        out: &mut String,
        context: &Context,
        names: &BTreeMap<Spot, String>,
        merged: &dyn Fn(&Spot) -> Spot,
        privileged: &[String],
    ) {
        let _ = writeln!(out, "\nconduits:{}", if self.ways.is_empty() { " []" } else { "" });
        let mut taken: BTreeSet<String> = context.conduits().iter().map(|own| own.name.clone()).collect();
        let is_week = self.span.span.is_some_and(|(first, last)| last.saturating_sub(first) >= WEEK_NS);
        for ((from, to), way) in &self.ways {
            let name = |spot: &Spot| names.get(&merged(spot)).cloned().unwrap_or_default();
            if from != to && merged(from) == merged(to) {
                continue;
            }
            let (from, to) = (name(from), name(to));
            let own = distinct(&format!("{from}-to-{to}"), &mut |name| taken.contains(name));
            let _ = writeln!(out, "\n  # {}", way.times.text());
            way.write(out, [&own, &from, &to], is_week, privileged);
            taken.insert(own);
        }
    }
}

impl Way {
    fn add(&mut self, context: &Context, passing: &Passing<'_>) {
        self.times.add(passing.time);
        let room = self.protocols.len() + self.ports.len() < LEARNED_PROTOCOLS_MAX;
        match (passing.protocol.as_deref().and_then(spoken), passing.port) {
            (Some(name), _) if room || self.protocols.contains_key(&name) => {
                *self.protocols.entry(name).or_default() += 1
            }
            (None, Some(port)) if room || self.ports.contains_key(&port) => *self.ports.entry(port).or_default() += 1,
            (None, None) => {}
            _ => self.has_too_many_protocols = true,
        }
        if let Some(operation) = passing.operation.as_deref() {
            self.operations.entry(operation.to_owned()).or_default().add(passing.time);
        }
        let asset = passing.from.end.asset.and_then(|asset| context.assets().get(asset as usize));
        match asset.and_then(|asset| asset.role.as_ref()) {
            Some(role) => drop(self.roles.insert(role.clone())),
            None => self.has_no_role = true,
        }
        if let Some(instant) = passing.time.and_then(|time| Timestamp::from_nanosecond(time.into()).ok()) {
            let site = passing.to.end.site.or(passing.from.end.site);
            let clock = site.and_then(|site| context.plant.index.clocks.get(site as usize)).cloned();
            let there = instant.to_zoned(clock.unwrap_or(TimeZone::UTC));
            // INVARIANT: days and hours count from 0.
            let day = usize::from(there.weekday().to_monday_zero_offset().unsigned_abs());
            self.week.get_mut(day).into_iter().for_each(|hours| *hours |= 1 << there.hour().unsigned_abs());
            let day = instant.as_second().div_euclid(86_400);
            self.has_more_days |= *self.day.get_or_insert(day) != day;
        }
    }

    fn write(&self, out: &mut String, [name, from, to]: [&String; 3], is_week: bool, privileged: &[String]) {
        if self.times.count == 1 {
            let _ = writeln!(out, "  # RARE: seen once; find out what it was before it is allowed");
        } else if !self.has_more_days && self.day.is_some() {
            let _ = writeln!(out, "  # RARE: seen on one day");
        }
        if from == "outside" || to == "outside" {
            let _ = writeln!(
                out,
                "  # OUTSIDE: from or to addresses that belong to no zone; name them as zones, or delete this"
            );
        }
        let marked: Vec<&str> =
            self.operations.keys().filter(|own| privileged.contains(own)).map(String::as_str).collect();
        if !marked.is_empty() {
            let _ = writeln!(out, "  # PRIVILEGED: {}; allow it by role and hours, or delete it", marked.join(", "));
        }
        let _ = writeln!(out, "  - name: {}\n    from: {}\n    to: {}", quoted(name), quoted(from), quoted(to));
        if self.has_too_many_protocols {
            let _ =
                writeln!(out, "    # SCAN? more than {LEARNED_PROTOCOLS_MAX} protocols and ports, so none are named");
        } else if !self.protocols.is_empty() || !self.ports.is_empty() {
            let _ = writeln!(out, "    protocols:");
            for (protocol, count) in &self.protocols {
                let _ = writeln!(out, "      - {}  # {count}", quoted(protocol));
            }
            for (port, count) in &self.ports {
                let _ = writeln!(out, "      - '{port}'  # {count}, of a protocol that no sensor has named");
            }
        }
        if !self.operations.is_empty() {
            let _ = writeln!(out, "    operations:");
            for (operation, times) in &self.operations {
                let mark = if privileged.contains(operation) { "PRIVILEGED, " } else { "" };
                let _ = writeln!(out, "      - {}  # {mark}{}", quoted(operation), times.text());
            }
        }
        if self.roles.is_empty() || self.has_no_role {
            let roles: Vec<String> = self.roles.iter().map(|role| quoted(role)).chain(["none".to_owned()]).collect();
            let _ = writeln!(out, "    # roles seen: {}", roles.join(", "));
        } else {
            let _ = writeln!(out, "    roles:");
            self.roles.iter().for_each(|role| {
                let _ = writeln!(out, "      - {}", quoted(role));
            });
        }
        let hours = hours(&self.week);
        if !hours.is_empty() && is_week {
            let _ = writeln!(out, "    hours:");
            hours.iter().for_each(|span| {
                let _ = writeln!(out, "      - {span}");
            });
        } else if !hours.is_empty() {
            let _ = writeln!(out, "    # hours seen, too short a time to propose them: {}", hours.join("; "));
        }
    }
}

/// Spans of hours in which something was seen; nothing when it was seen at all times.
fn hours(week: &[u32; 7]) -> Vec<String> {
    const ALL: u32 = (1 << 24) - 1;
    if week.iter().all(|hours| *hours == ALL) {
        return Vec::new();
    }
    let mut spans: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (day, hours) in week.iter().enumerate() {
        let mut hour = 0;
        while hour < 24 {
            let length = (hour..24).take_while(|hour| hours & 1 << hour != 0).count();
            if length > 0 {
                spans.entry((hour, hour + length)).or_default().push(day);
            }
            hour += length.max(1);
        }
    }
    let names = |days: &[usize]| days.iter().filter_map(|day| DAYS.get(*day).copied()).collect::<Vec<_>>().join(",");
    spans.iter().map(|((from, to), days)| format!("{} {from:02}:00-{to:02}:00", names(days))).collect()
}

/// The protocol of several layers that somebody speaks.
fn spoken(protocol: &str) -> Option<String> {
    let parts = || protocol.split(',').map(str::trim).filter(|part| !part.is_empty());
    let own = parts().find(|part| !CARRIERS.contains(&part.to_lowercase().as_str())).or_else(|| parts().next());
    own.map(str::to_lowercase)
}

/// Whether an address belongs to somebody inside rather than to the internet.
fn is_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn network(ip: IpAddr) -> IpNet {
    IpNet::new(ip, if ip.is_ipv4() { 24 } else { 64 }).map_or_else(|_| IpNet::from(ip), |network| network.trunc())
}

/// A name that is not taken yet.
fn distinct(name: &str, is_taken: &mut dyn FnMut(&str) -> bool) -> String {
    let mut own = name.to_owned();
    let mut number = 2;
    while is_taken(&own) {
        own = format!("{name}-{number}");
        number += 1;
    }
    own
}

/// A text as YAML: plain where that is safe, else in double quotes.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && !matches!(text, "null" | "true" | "false");
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
