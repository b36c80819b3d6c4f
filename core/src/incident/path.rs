//! The way from an effect back to where it likely began.
//!
//! ```text
//! 203.0.113.50 ─vpn as anna─▶ 10.71.8.23 ─rdp─▶ jump-1 ─rdp─▶ ews-1 ─mode_stop─▶ plc-7      each hop no later than the next
//! ```
//!
//! From the effect the search goes backwards over contacts, each no later than what it leads to, the most credible first (Dijkstra over
//! the negative logarithms of confidences). The beginning is the earliest part of the incident that is reached, and from there
//! the logons of its accounts that led to it. A contact that nothing found is used where it fits; a hop that nobody saw is a gap, and named.

use super::contacts::{Contact, ContactId, ContactKind, Kept, Span};
use super::groups::Member;
use super::hosts::HostId;
use super::register::Register;
use super::score::of_operation;
use super::show::moment;
use crate::config::PATH_SPANS_MAX;
use hashbrown::{HashMap, HashSet};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A way through hosts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Path {
    /// From the beginning to the effect.
    pub hops: Vec<Hop>,
    /// The product of the confidences of all hops.
    pub confidence: f64,
    /// Where the host at which it begins fetched something from, just then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetched: Option<String>,
    /// What is missing: between the earliest part of the incident and the beginning of the way nobody saw a contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
    /// What the host at which it ends then did to a device, when the effect is no operation: an operation of which no finding tells. It is
    /// no part of the way, and its confidence, how likely it belongs to it, none of that of the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onward: Option<Hop>,
}

/// From one host to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Hop {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// `logon`, `remote`, `operation` or `flow`.
    pub kind: String,
    /// The kind of logon, the operation class, or the protocol.
    pub what: String,
    /// The account, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The time of the first contact.
    pub first: String,
    /// The time of the last one that is no later than what it led to, as far as that is known.
    pub last: String,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// Where events stand that prove it.
    pub events: Vec<String>,
    /// The zones it goes between, when it leaves one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<[String; 2]>,
    /// Their Purdue levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<[f64; 2]>,
    /// The conduit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conduit: Option<String>,
    /// Other hosts from which a contact came that is as credible.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
}

/// The hosts and accounts of an incident.
pub(super) struct Own<'a> {
    /// For each host when it first occurs.
    pub(super) hosts: HashMap<HostId, i64>,
    pub(super) accounts: HashSet<&'a str>,
    pub(super) pairs: HashSet<(HostId, HostId)>,
    pub(super) first: i64,
}

impl<'a> Own<'a> {
    pub(super) fn new(register: &'a Register, members: &[&'a Member]) -> Self {
        let mut own = Self { hosts: HashMap::new(), accounts: HashSet::new(), pairs: HashSet::new(), first: i64::MAX };
        for member in members {
            let finding = &member.finding;
            for host in finding.source.into_iter().chain(finding.target) {
                let first = own.hosts.entry(host).or_insert(member.first);
                *first = member.first.min(*first);
            }
            own.pairs.extend(finding.source.zip(finding.target));
            own.accounts.extend(finding.accounts());
            own.first = own.first.min(member.first);
            for tree in &member.trees {
                own.accounts.extend(register.trees.accounts(*tree).iter().map(|account| &**account));
            }
        }
        own
    }
}

/// A contact that may be a hop.
#[derive(Debug, Clone, Copy)]
struct Step {
    contact: ContactId,
    span: usize,
    /// No later than this.
    bound: i64,
    confidence: f64,
    cost: f64,
    /// The step that follows, towards the effect.
    next: Option<usize>,
}

/// A cost that can be ordered.
#[derive(PartialEq)]
struct Cost(f64);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The way to the effect that a member of an incident tells of.
pub(super) fn trace(register: &Register, own: &Own<'_>, effect: &Member) -> Path {
    let finding = &effect.finding;
    let Some(start) = finding.source.or(finding.target) else { return Path::default() };
    let steps = search(register, own, start, effect.first);
    let mut hops = Vec::new();
    let mut at = beginning(register, own, &steps, start);
    let (mut first, mut bound) = (start, effect.first);
    if let Some(step) = at.and_then(|at| steps.get(at)) {
        (first, bound) = (register.contacts.get(step.contact).map_or(start, |kept| kept.contact.from), step.bound);
    }
    while let Some(step) = at.and_then(|at| steps.get(at)) {
        hops.push(hop(register, own, step, &steps));
        at = step.next;
    }
    if let Some((from, to)) = finding.source.zip(finding.target).filter(|(from, to)| from != to) {
        hops.push(effect_hop(register, effect, from, to));
    }
    let (before, fetched) = entry(register, own, &mut first, bound);
    let hops: Vec<Hop> = before.into_iter().rev().chain(hops).collect();
    let gap = gap(register, own, first, &hops, fetched.as_ref());
    let confidence = hops.iter().map(|hop| hop.confidence).product();
    Path { hops, confidence, fetched, gap, onward: onward(register, own, effect) }
}

/// How many logons are followed to before the incident.
const ENTRY_MAX: usize = 8;
/// A logon that ended longer before did not lead to it, in nanoseconds.
const ENTRY_LONG: i64 = 12 * 3_600_000_000_000;

/// How somebody came to the host at which an incident begins, backwards: by logons of its accounts from elsewhere, or at its console;
/// or what the host fetched from outside.
fn entry(register: &Register, own: &Own<'_>, first: &mut HostId, mut bound: i64) -> (Vec<Hop>, Option<String>) {
    let mut hops = Vec::new();
    let mut seen: HashSet<HostId> = [*first].into_iter().collect();
    while hops.len() < ENTRY_MAX {
        let logon = |is_console: bool| {
            let fits = |contact: &Contact| {
                let is_own = contact.account.as_ref().is_some_and(|account| own.accounts.contains(&**account));
                contact.kind == ContactKind::Logon && is_own && (&*contact.what == "console") == is_console
            };
            let all = register.contacts.leading_to(*first).filter(|(_, kept)| fits(&kept.contact));
            latest(all, bound, |kept| kept.contact.from)
        };
        let fetched = || {
            let is_outside = |host: HostId| register.hosts.peers(host).is_outside;
            let all = register.contacts.out_of(*first);
            let of_own =
                all.filter(|(_, kept)| is_outside(kept.contact.to) && own.hosts.contains_key(&kept.contact.to));
            latest(of_own, bound, |kept| kept.contact.to).or_else(|| strange(register, own, *first))
        };
        let from_elsewhere = logon(false);
        if hops.is_empty()
            && from_elsewhere.is_none()
            && let Some((from, _, span, _)) = fetched()
        {
            let (host, from) = (register.hosts.name(*first), register.hosts.name(from));
            let text = format!("{host} was in contact with {from} at {} ({})", moment(span.first), span.at_first);
            return (hops, Some(text));
        }
        let found = from_elsewhere.or_else(|| new(register, *first, bound)).or_else(|| logon(true));
        let Some((from, id, span, time)) = found.filter(|found| seen.insert(found.0)) else { break };
        let Some(kept) = register.contacts.get(id) else { break };
        let confidence = confidence(own, &kept.contact, span, bound).max(0.5);
        let events = vec![span.at_first.to_string()];
        hops.push(Hop {
            kind: kind(kept.contact.kind).to_owned(),
            what: kept.contact.what.to_string(),
            account: kept.contact.account.as_deref().map(str::to_owned),
            first: moment(span.first),
            last: moment(time),
            confidence,
            events,
            conduit: kept.contact.conduit.as_deref().map(str::to_owned),
            ..between(register, from, *first)
        });
        (*first, bound) = (from, time);
    }
    (hops, None)
}

/// Who came to a host for the first time shortly before.
fn new(register: &Register, host: HostId, bound: i64) -> Option<(HostId, ContactId, &Span, i64)> {
    let is_way = |contact: &Contact| matches!(contact.kind, ContactKind::Logon | ContactKind::Remote);
    let all = register
        .contacts
        .leading_to(host)
        .filter(|(_, kept)| is_way(&kept.contact) && &*kept.contact.what != "console");
    let is_new = |kept: &Kept| kept.spans.first().is_some_and(|span| bound.saturating_sub(span.first) <= NEW_SINCE);
    latest(all.filter(|(_, kept)| is_new(kept)), bound, |kept| kept.contact.from)
}

/// A contact is new that was first seen within this time, in nanoseconds.
const NEW_SINCE: i64 = 2 * 3_600_000_000_000;

/// What a host fetched, when something was first found on it, from somewhere outside where nobody else went.
fn strange<'r>(register: &'r Register, own: &Own<'_>, host: HostId) -> Option<(HostId, ContactId, &'r Span, i64)> {
    let found = own.hosts.get(&host).copied()?;
    let is_strange = |host: HostId| {
        let peers = register.hosts.peers(host);
        peers.is_outside && peers.inwards <= 1
    };
    let all = register.contacts.out_of(host).filter(|(_, kept)| is_strange(kept.contact.to));
    let spans = all.flat_map(|(id, kept)| kept.spans.iter().map(move |span| (kept.contact.to, id, span, span.first)));
    let near = spans.filter(|(.., time)| (-FETCHED_BEFORE..=FETCHED_AFTER).contains(&time.saturating_sub(found)));
    near.min_by_key(|(_, id, span, time)| (time.abs_diff(found), &span.at_first, *id))
}

/// What was fetched within this time before the first finding belongs to it, in nanoseconds: a finding before may be lost.
const FETCHED_BEFORE: i64 = 1_200_000_000_000;
/// The same after it.
const FETCHED_AFTER: i64 = 300_000_000_000;

/// Of some contacts the latest that is no later than a time and not much earlier: from whom, which, its span, and when.
fn latest<'r>(
    all: impl Iterator<Item = (ContactId, &'r Kept)>,
    bound: i64,
    from: impl Fn(&Kept) -> HostId,
) -> Option<(HostId, ContactId, &'r Span, i64)> {
    let spans = all.flat_map(|(id, kept)| {
        let from = from(kept);
        kept.spans
            .iter()
            .filter(move |span| span.first <= bound)
            .map(move |span| (from, id, span, span.last.min(bound)))
    });
    spans
        .filter(|(.., time)| bound.saturating_sub(*time) <= ENTRY_LONG)
        .max_by_key(|(_, id, span, time)| (*time, &span.at_last, *id))
}

fn search(register: &Register, own: &Own<'_>, start: HostId, time: i64) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut queue = BinaryHeap::new();
    let mut done: HashSet<(ContactId, usize)> = HashSet::new();
    let mut tries = 0;
    let mut expand =
        |host: HostId, bound: i64, cost: f64, next: Option<usize>, steps: &mut Vec<Step>, queue: &mut BinaryHeap<_>| {
            for (id, kept) in register.contacts.leading_to(host) {
                if !may_be(own, &kept.contact) {
                    continue;
                }
                for (at, span) in kept.spans.iter().enumerate().take_while(|(_, span)| span.first <= bound) {
                    tries += 1;
                    if tries > PATH_SPANS_MAX {
                        return;
                    }
                    let confidence = confidence(own, &kept.contact, span, bound);
                    let bound = span.last.min(bound);
                    let cost = cost - confidence.ln();
                    queue.push(Reverse((Cost(cost), Reverse(bound), id, at, steps.len())));
                    steps.push(Step { contact: id, span: at, bound, confidence, cost, next });
                }
            }
        };
    expand(start, time, 0.0, None, &mut steps, &mut queue);
    let mut found = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    while let Some(Reverse((Cost(cost), Reverse(bound), id, at, number))) = queue.pop() {
        if !done.insert((id, at)) {
            continue;
        }
        let Some(step) = steps.get(number).copied() else { continue };
        let next = step.next.and_then(|next| places.get(&next).copied());
        places.insert(number, found.len());
        found.push(Step { next, ..step });
        let from = register.contacts.get(id).map(|kept| kept.contact.from);
        if let Some(from) = from.filter(|from| *from != start) {
            expand(from, bound, cost, Some(number), &mut steps, &mut queue);
        }
    }
    found
}

/// Whether a contact may be part of the way: between hosts of the incident, or a logon or remote session to one.
fn may_be(own: &Own<'_>, contact: &Contact) -> bool {
    let is_between = own.hosts.contains_key(&contact.from) && own.hosts.contains_key(&contact.to);
    is_between || matches!(contact.kind, ContactKind::Logon | ContactKind::Remote)
}

fn confidence(own: &Own<'_>, contact: &Contact, span: &Span, bound: i64) -> f64 {
    let base: f64 = match (contact.kind, &*contact.what) {
        (ContactKind::Operation, _) => 0.9,
        (ContactKind::Logon, "network") => 0.7,
        (ContactKind::Logon, _) => 0.85,
        (ContactKind::Remote, _) => 0.6,
        (ContactKind::Flow, _) => 0.2,
    };
    let mut doubt = 1.0 - base;
    if own.pairs.contains(&(contact.from, contact.to)) {
        doubt *= 0.4;
    } else if !own.hosts.contains_key(&contact.from) {
        doubt = (doubt * 1.5).min(0.9);
    }
    match &contact.account {
        Some(account) if own.accounts.contains(&**account) => doubt *= 0.5,
        Some(_) if !own.accounts.is_empty() => doubt = (doubt * 2.0).min(0.95),
        _ => {}
    }
    let hours = (bound.saturating_sub(span.last.min(bound))) as f64 / 3.6e12;
    (1.0 - doubt) * (-hours / 12.0).exp2().max(0.5)
}

/// The step at which the way begins: it comes from the host that is part of the incident first; none when that is where the
/// effect came from itself.
fn beginning(register: &Register, own: &Own<'_>, steps: &[Step], start: HostId) -> Option<usize> {
    let mut best: Option<((i64, Cost), usize)> = None;
    let own_first = own.hosts.get(&start).copied().unwrap_or(i64::MAX);
    for (number, step) in steps.iter().enumerate() {
        let Some(kept) = register.contacts.get(step.contact) else { continue };
        let Some(first) = own.hosts.get(&kept.contact.from).filter(|first| **first < own_first) else { continue };
        let rank = (*first, Cost(step.cost));
        if (-step.cost).exp() >= CREDIBLE && best.as_ref().is_none_or(|(best, _)| rank < *best) {
            best = Some((rank, number));
        }
    }
    best.map(|(_, number)| number)
}

/// A way that is less credible than this is none.
const CREDIBLE: f64 = 0.01;

fn hop(register: &Register, own: &Own<'_>, step: &Step, steps: &[Step]) -> Hop {
    let Some(kept) = register.contacts.get(step.contact) else { return Hop::default() };
    let Some(span) = kept.spans.get(step.span) else { return Hop::default() };
    let contact = &kept.contact;
    let mut events = vec![span.at_first.to_string()];
    if span.at_last != span.at_first && span.last <= step.bound {
        events.push(span.at_last.to_string());
    }
    let mut alternatives: Vec<String> = steps
        .iter()
        .filter(|other| other.next == step.next && (other.confidence - step.confidence).abs() < 0.02)
        .filter_map(|other| register.contacts.get(other.contact))
        .filter(|other| other.contact.from != contact.from)
        .map(|other| register.hosts.name(other.contact.from).to_owned())
        .collect();
    alternatives.sort_unstable();
    alternatives.dedup();
    let of_own = |account: &&str| own.accounts.contains(account);
    let account = contact.account.as_deref();
    Hop {
        kind: kind(contact.kind).to_owned(),
        what: contact.what.to_string(),
        account: account.filter(of_own).or(account).map(str::to_owned),
        first: moment(span.first),
        last: moment(span.last.min(step.bound)),
        confidence: step.confidence,
        events,
        conduit: contact.conduit.as_deref().map(str::to_owned),
        alternatives,
        ..between(register, contact.from, contact.to)
    }
}

fn effect_hop(register: &Register, effect: &Member, from: HostId, to: HostId) -> Hop {
    let finding = &effect.finding;
    Hop {
        kind: kind(if finding.operation.is_some() { ContactKind::Operation } else { ContactKind::Flow }).to_owned(),
        what: finding.operation.as_deref().unwrap_or(&finding.rule.title).to_owned(),
        first: moment(effect.first),
        last: moment(effect.last),
        confidence: 0.95,
        events: effect.at.iter().map(|at| at.to_string()).collect(),
        conduit: finding.conduit.as_deref().map(str::to_owned),
        ..between(register, from, to)
    }
}

/// What was done this long after an effect may belong to it, in nanoseconds.
const ONWARD_LONG: i64 = 2 * 3_600_000_000_000;
/// How likely what follows an effect belongs to it, when the host had never done so to the device.
const ONWARD_NEW: f64 = 0.5;
/// The same when it had done so before.
const ONWARD_USUAL: f64 = 0.2;

/// What the host at which the way ends then did to a device, of which no finding tells: what is new before what is usual, of that the
/// worst, of that the first.
fn onward(register: &Register, own: &Own<'_>, effect: &Member) -> Option<Hop> {
    let finding = &effect.finding;
    if finding.operation.as_deref().is_some_and(|operation| of_operation(operation) > 0) {
        return None;
    }
    let end = finding.target.or(finding.source)?;
    let after = effect.first..=effect.first.saturating_add(ONWARD_LONG);
    let acts = register.contacts.out_of(end).filter(|(_, kept)| {
        let contact = &kept.contact;
        let is_act = contact.kind == ContactKind::Operation && of_operation(&contact.what) > 0;
        is_act && contact.to != end && !own.pairs.contains(&(end, contact.to))
    });
    let seen = acts.flat_map(|(_, kept)| kept.spans.iter().map(move |span| (kept, span))).take(PATH_SPANS_MAX);
    let told = seen.filter_map(|(kept, span)| {
        // Of what went on before as well, only the last is known to be after it.
        let ends = [(span.first, &span.at_first), (span.last, &span.at_last)];
        let (time, at) = ends.into_iter().find(|(time, _)| after.contains(time))?;
        let is_new = kept.spans.first().is_some_and(|span| span.first >= effect.first);
        let name = register.hosts.name(kept.contact.to);
        Some(((is_new, of_operation(&kept.contact.what), Reverse((time, at, name))), &kept.contact))
    });
    let ((is_new, _, Reverse((time, at, _))), contact) = told.max_by(|(one, _), (other, _)| one.cmp(other))?;
    Some(Hop {
        kind: kind(contact.kind).to_owned(),
        what: contact.what.to_string(),
        account: contact.account.as_deref().map(str::to_owned),
        first: moment(time),
        last: moment(time),
        confidence: if is_new { ONWARD_NEW } else { ONWARD_USUAL },
        events: vec![at.to_string()],
        conduit: contact.conduit.as_deref().map(str::to_owned),
        ..between(register, end, contact.to)
    })
}

fn between(register: &Register, from: HostId, to: HostId) -> Hop {
    let (source, target) = (register.hosts.get(from), register.hosts.get(to));
    let zone = |known: Option<&super::hosts::Known>| known.and_then(|known| known.zone.clone());
    let (one, other) = (zone(source), zone(target));
    let name = |zone: Option<String>| zone.unwrap_or_else(|| "outside".to_owned());
    let levels = source.and_then(|known| known.level).zip(target.and_then(|known| known.level));
    Hop {
        from: register.hosts.name(from).to_owned(),
        to: register.hosts.name(to).to_owned(),
        zones: (one != other).then(|| [name(one), name(other)]),
        levels: levels.map(|(one, other)| [one, other]),
        ..Hop::default()
    }
}

const fn kind(kind: ContactKind) -> &'static str {
    match kind {
        ContactKind::Logon => "logon",
        ContactKind::Remote => "remote",
        ContactKind::Operation => "operation",
        ContactKind::Flow => "flow",
    }
}

/// What is missing when the earliest part of the incident is not on the way.
fn gap(register: &Register, own: &Own<'_>, reached: HostId, hops: &[Hop], fetched: Option<&String>) -> Option<String> {
    let (earliest, _) = own.hosts.iter().min_by_key(|(host, first)| (**first, register.hosts.name(**host)))?;
    let name = register.hosts.name(*earliest);
    let is_on = *earliest == reached || hops.iter().any(|hop| hop.from == name || hop.to == name);
    let known = register.hosts.get(reached)?;
    if !is_on {
        return Some(format!("no contact was seen that leads from {name} to {}", known.name));
    }
    let is_begin = register.hosts.peers(reached).is_outside || known.is_account || fetched.is_some();
    (!is_begin).then(|| format!("how it came to {} was not seen", known.name))
}
