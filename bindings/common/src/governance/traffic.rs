//! What passed between whom: verdicts of the plant's policy, and facts of which exposures are made.
//!
//! ```text
//! event with its records in context ─▶ allowed or denied, by conduit and reason
//!                                   └▶ reached from outside, remote access, writes without authentication, denied flows ─▶ facts by asset
//! ```
//!
//! One event is counted once, whatever number of operations it tells of. Connections that were not answered reach nobody. All tables are
//! bounded, and what found no room is counted.

use super::document::{ConduitRow, DeniedFlow, LeftOut, Policy, ReasonRow};
use super::timeline::Domain;
use super::words::Words;
use crate::discovery::Named;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tieline::context::{Conduit, Context};
use tieline::{Event as _, JsonEvent};

/// Facts that are told apart.
const FACTS_MAX: usize = 1 << 17;
/// Denied flows that are told apart.
const FLOWS_MAX: usize = 1 << 14;
/// Denied flows that a document names.
const FLOWS_TOLD: usize = 500;
/// Peers that a fact names.
const PEERS_TOLD: usize = 3;
/// Peers of a fact that are counted.
const PEERS_MAX: usize = 64;
/// The lowest level of the office.
const OFFICE: f64 = 4.0;
/// Purdue levels up to this one are of the plant.
const PLANT: f64 = 3.0;

/// Fields that name what is spoken, and the port to which it goes.
const SERVICES: &[&str] = &["service", "app_proto", "network.protocol"];
const PORTS: &[&str] = &["id.resp_p", "destination.port", "dest_port", "DestinationPort", "DestPort"];
/// States of Zeek's connections that were not answered, or refused.
const UNANSWERED: &[&str] = &["S0", "REJ", "SH", "SHR", "RSTOS0", "OTH"];

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// Somebody outside of all zones came to it.
    Outside,
    /// Somebody of another zone used it from afar.
    Remote,
    /// It was spoken to in plain text.
    Plain,
    /// It was written to by a protocol that asks nobody who he is.
    Written,
    /// The policy denies what came to it.
    Denied,
}

/// A fact about an asset.
#[derive(Debug, Clone, Default)]
pub(super) struct Fact {
    pub(super) count: u64,
    peers: BTreeSet<String>,
    pub(super) first: String,
}

impl Fact {
    /// With whom, for readers.
    pub(super) fn peers(&self) -> String {
        let named: Vec<&str> = self.peers.iter().take(PEERS_TOLD).map(String::as_str).collect();
        let more = self.peers.len().saturating_sub(PEERS_TOLD);
        let at_least = if self.peers.len() >= PEERS_MAX { "at least " } else { "" };
        match more {
            0 => named.join(", "),
            _ => format!("{} and {at_least}{more} more", named.join(", ")),
        }
    }
}

/// An event, as this room sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing<'e> {
    pub(super) event: &'e JsonEvent,
    pub(super) records: &'e [Map<String, Value>],
    pub(super) ends: &'e [Named; 3],
    pub(super) at: &'e str,
}

/// What is counted of traffic.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    words: Words,
    allowed: u64,
    denied: u64,
    conduits: HashMap<String, [u64; 2]>,
    reasons: BTreeMap<String, u64>,
    flows: HashMap<[String; 3], DeniedFlow>,
    facts: BTreeMap<(String, Kind, String), Fact>,
    /// Writes and other changes of devices, and how many of them by protocols without authentication.
    pub(super) changes: u64,
    pub(super) changes_plain: u64,
    unplaced: u64,
}

fn text<'r>(record: &'r Map<String, Value>, field: &str) -> Option<&'r str> {
    record.get(field).and_then(Value::as_str)
}

fn level(record: &Map<String, Value>, end: &str) -> Option<f64> {
    record.get(&format!("{end}.purdue_level")).and_then(Value::as_f64)
}

/// The domain of an event.
pub(super) fn domain(records: &[Map<String, Value>]) -> Domain {
    let is_ot = records.iter().any(|record| {
        record.contains_key("ot.operation")
            || ["host", "destination", "source"]
                .iter()
                .any(|end| level(record, end).is_some_and(|level| level <= PLANT))
    });
    if is_ot { Domain::Ot } else { Domain::It }
}

impl Traffic {
    pub(super) fn add(&mut self, passing: &Passing<'_>) {
        let Some(first) = passing.records.first() else { return };
        let source = passing.name(first, "source", 0);
        let target = passing.name(first, "destination", 1).or_else(|| passing.name(first, "host", 2));
        let what = self.what(passing, first);
        self.judge(passing, source.as_deref(), target.as_deref(), &what);
        let (Some(source), Some(target)) = (source, target) else { return };
        if source == target || passing.is_unanswered() {
            return;
        }
        for record in passing.records {
            self.changes_of(record, &source, &target, passing.at);
        }
        let zone = |end: &str| first.get(&format!("{end}.zone")).and_then(Value::as_str);
        let Some(to) = zone("destination").or_else(|| zone("host")) else { return };
        let Some(service) = what.service else { return };
        let depth = level(first, "destination").or_else(|| level(first, "host"));
        let is_within = depth.is_some_and(|depth| depth < OFFICE);
        match zone("source") {
            None if is_within => self.note(&target, Kind::Outside, &service, &source, passing.at),
            Some(from) if from != to && is_within && self.words.remote.contains(&service) => {
                self.note(&target, Kind::Remote, &service, &source, passing.at);
            }
            _ => {}
        }
        if is_within && self.words.plain.contains(&service) {
            self.note(&target, Kind::Plain, &service, &source, passing.at);
        }
    }

    /// What is spoken, as far as the event says it.
    fn what(&self, passing: &Passing<'_>, record: &Map<String, Value>) -> What {
        let operation = text(record, "ot.operation").map(str::to_owned);
        let spoken = operation.as_ref().and_then(|_| text(record, "ot.protocol").map(str::to_owned));
        let named =
            || SERVICES.iter().find_map(|field| passing.text(field)).filter(|name| !name.is_empty() && name != "-");
        let port = || PORTS.iter().find_map(|field| passing.text(field)?.parse::<u16>().ok());
        let service = spoken.or_else(|| {
            // A sensor that recognises several layers names the outer one first.
            let named = named().map(|name| name.split(',').next().unwrap_or_default().to_lowercase());
            named.or_else(|| port().map(|port| self.words.of_port(port)))
        });
        What { service, operation }
    }

    fn judge(&mut self, passing: &Passing<'_>, source: Option<&str>, target: Option<&str>, what: &What) {
        let verdict = |record: &&Map<String, Value>| record.get("flow.allowed").and_then(Value::as_bool);
        let denied = passing.records.iter().find(|record| verdict(record) == Some(false));
        let Some(record) = denied.or_else(|| passing.records.iter().find(|record| verdict(record).is_some())) else {
            return;
        };
        let is_denied = denied.is_some();
        *if is_denied { &mut self.denied } else { &mut self.allowed } += 1;
        let conduit = text(record, "flow.conduit");
        if let Some(conduit) = conduit {
            let counts = match self.conduits.get_mut(conduit) {
                Some(counts) => counts,
                None => self.conduits.entry(conduit.to_owned()).or_default(),
            };
            counts[usize::from(is_denied)] += 1;
        }
        if !is_denied {
            return;
        }
        let reasons: Vec<String> = match record.get("flow.denied_by") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(one)) => vec![one.clone()],
            _ => Vec::new(),
        };
        for reason in &reasons {
            *self.reasons.entry(reason.clone()).or_default() += 1;
        }
        let spoken = what.show();
        let (source, target) = (source.unwrap_or("unknown").to_owned(), target.unwrap_or("unknown").to_owned());
        self.note(&target, Kind::Denied, &spoken, &source, passing.at);
        let key = [source.clone(), target.clone(), spoken.clone()];
        if self.flows.len() >= FLOWS_MAX && !self.flows.contains_key(&key) {
            self.unplaced += 1;
            return;
        }
        let flow = self.flows.entry(key).or_insert_with(|| DeniedFlow {
            source,
            target,
            what: spoken,
            reasons: Vec::new(),
            conduit: conduit.map(str::to_owned),
            count: 0,
            event: passing.at.to_owned(),
        });
        flow.count += 1;
        for reason in reasons {
            if !flow.reasons.contains(&reason) {
                flow.reasons.push(reason);
            }
        }
    }

    /// What was changed on a device.
    fn changes_of(&mut self, record: &Map<String, Value>, source: &str, target: &str, at: &str) {
        let (Some(operation), Some(protocol)) = (text(record, "ot.operation"), text(record, "ot.protocol")) else {
            return;
        };
        let is_asked = text(record, "ot.direction").is_none_or(|direction| direction == "request");
        if !is_asked || !self.words.changes.contains(operation) {
            return;
        }
        self.changes += 1;
        if self.words.unauthenticated.contains(protocol) {
            self.changes_plain += 1;
            let detail = format!("{operation} over {protocol}");
            self.note(target, Kind::Written, &detail, source, at);
        }
    }

    fn note(&mut self, asset: &str, kind: Kind, detail: &str, peer: &str, at: &str) {
        let key = (asset.to_owned(), kind, detail.to_owned());
        if self.facts.len() >= FACTS_MAX && !self.facts.contains_key(&key) {
            self.unplaced += 1;
            return;
        }
        let fact = self.facts.entry(key).or_default();
        fact.count += 1;
        if fact.first.is_empty() {
            at.clone_into(&mut fact.first);
        }
        if fact.peers.len() < PEERS_MAX && !fact.peers.contains(peer) {
            fact.peers.insert(peer.to_owned());
        }
    }

    /// The facts: asset, kind, what exactly.
    pub(super) fn facts(&self) -> impl Iterator<Item = (&str, Kind, &str, &Fact)> {
        self.facts.iter().map(|((asset, kind, detail), fact)| (asset.as_str(), *kind, detail.as_str(), fact))
    }

    /// How many assets there is a fact of a kind about.
    pub(super) fn assets_with(&self, kind: Kind) -> usize {
        let names = self.facts.keys().filter(|(_, own, _)| *own == kind).map(|(name, ..)| name);
        names.collect::<BTreeSet<_>>().len()
    }

    pub(super) fn policy(&self, left_out: &mut Vec<LeftOut>) -> Policy {
        let mut by_reason: Vec<ReasonRow> =
            self.reasons.iter().map(|(reason, count)| ReasonRow { reason: reason.clone(), count: *count }).collect();
        by_reason.sort_by_key(|row| std::cmp::Reverse(row.count));
        let mut flows: Vec<DeniedFlow> = self.flows.values().cloned().collect();
        flows.sort_by(|one, other| {
            let key = |own: &DeniedFlow| (own.source.clone(), own.target.clone(), own.what.clone());
            other.count.cmp(&one.count).then_with(|| key(one).cmp(&key(other)))
        });
        cut(&mut flows, FLOWS_TOLD, "denied flows", left_out);
        if self.unplaced > 0 {
            let what = "events whose flows or facts of assets found no room".to_owned();
            left_out.push(LeftOut { what, count: self.unplaced });
        }
        Policy { allowed: self.allowed, denied: self.denied, by_reason, flows }
    }

    pub(super) fn conduits(&self, plant: Option<&Context>) -> Vec<ConduitRow> {
        let row = |conduit: &Conduit| {
            let [allowed, denied] = self.conduits.get(&conduit.name).copied().unwrap_or_default();
            ConduitRow {
                name: conduit.name.clone(),
                from: conduit.from.clone(),
                to: conduit.to.clone(),
                allowed,
                denied,
            }
        };
        plant.map_or(&[][..], Context::conduits).iter().map(row).collect()
    }
}

/// Keeps the first so many, and says how many were left out.
pub(super) fn cut<T>(all: &mut Vec<T>, most: usize, what: &str, left_out: &mut Vec<LeftOut>) {
    if all.len() > most {
        left_out.push(LeftOut { what: what.to_owned(), count: (all.len() - most) as u64 });
        all.truncate(most);
    }
}

/// What is spoken.
struct What {
    service: Option<String>,
    operation: Option<String>,
}

impl What {
    fn show(&self) -> String {
        match (&self.service, &self.operation) {
            (Some(service), Some(operation)) => format!("{operation} over {service}"),
            (Some(service), None) => service.clone(),
            (None, Some(operation)) => operation.clone(),
            (None, None) => "traffic".to_owned(),
        }
    }
}

impl Passing<'_> {
    /// The asset at an end; else its address or name.
    fn name(&self, record: &Map<String, Value>, end: &str, at: usize) -> Option<String> {
        let asset = record.get(&format!("{end}.asset.id")).and_then(Value::as_str).map(str::to_owned);
        let by_record = || text(record, &format!("ot.{end}.ip")).map(str::to_owned);
        let by_event = || {
            let named = self.ends.get(at)?;
            named.ip.map(|ip| ip.to_string()).or_else(|| named.host.clone()).or_else(|| named.mac.clone())
        };
        asset.or_else(by_record).or_else(by_event)
    }

    fn text(&self, field: &str) -> Option<String> {
        let mut found = None;
        self.event.values(field, &mut |value| {
            found = found.take().or_else(|| match value {
                tieline::Value::Text(text) => Some(text.to_owned()),
                tieline::Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
        });
        found
    }

    fn is_unanswered(&self) -> bool {
        self.text("conn_state").is_some_and(|state| UNANSWERED.contains(&state.as_str()))
    }
}
