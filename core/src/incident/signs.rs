//! What a finding shows of itself, as keys by which others like it are found.
//!
//! ```text
//! mode_stop, ews-1 ─▶ plc-7, session 12   ─▶   looks for: goes out from ews-1, came to ews-1, to plc-7, session 12
//!                                              leaves:    goes out from ews-1,                to plc-7, session 12
//! ```
//!
//! Keys are hashes that are the same on every machine and in every run.

use super::Bytes;
use super::evidence::Sign;
use super::finding::{Entity, EntityKind, Finding};
use super::hosts::HostId;
use xxhash_rust::xxh3::xxh3_64;

/// A key by which findings are found, and what it says when it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) key: u64,
    pub(super) sign: Sign,
    /// Which entity, by its place in the finding; none for hosts.
    pub(super) entity: Option<u16>,
    pub(super) looks: bool,
    pub(super) leaves: bool,
}

/// Classes of keys.
#[derive(Clone, Copy)]
enum Class {
    Event = 1,
    Tree,
    Source,
    Target,
    Entity,
    OnHost,
    Rule,
    Again,
}

/// PERF: parts are numbers, texts by their hashes, so that each key is hashed at once from where it stands.
fn key(class: Class, parts: [u64; 3]) -> u64 {
    let [one, two, three] = parts.map(u64::to_le_bytes);
    xxh3_64([(class as u64).to_le_bytes(), one, two, three].as_flattened())
}

fn of_text(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

fn of(host: Option<HostId>) -> u64 {
    host.map_or(u64::MAX, |host| host.0.into())
}

/// All marks of a finding. `trees` are the sessions in which it may have happened, each by the one with which it began; `is_outside` says
/// whether a host is an address outside.
pub(super) fn marks(finding: &Finding, trees: &[u64], is_outside: impl Fn(HostId) -> bool, into: &mut Vec<Mark>) {
    into.clear();
    let mut put = |key: u64, sign: Sign, entity: Option<u16>, looks: bool, leaves: bool| {
        into.push(Mark { key, sign, entity, looks, leaves });
    };
    let event = |number: u64| key(Class::Event, [number, 0, 0]);
    for number in &finding.made_of {
        put(event(*number), Sign::MadeOf, None, true, false);
    }
    if let Some(number) = finding.event {
        // Rules that match the same event are about the same.
        put(event(number), Sign::MadeOf, None, true, true);
    }
    for tree in trees {
        put(key(Class::Tree, [*tree, 0, 0]), Sign::SessionTree, None, true, true);
    }
    let host = |class: Class, host: HostId| key(class, [of(Some(host)), 0, 0]);
    if let Some(source) = finding.source {
        put(host(Class::Source, source), Sign::SameSource, None, true, true);
        put(host(Class::Target, source), Sign::Onward, None, true, false);
        let rule = key(Class::Rule, [of_text(&finding.rule.id), of(Some(source)), 0]);
        put(rule, Sign::SameRule, None, true, true);
        put(again(finding), Sign::Again, None, true, true);
    }
    if let Some(target) = finding.target {
        put(host(Class::Target, target), Sign::SameTarget, None, true, true);
    }
    for (number, entity) in finding.entities.iter().enumerate() {
        let Entity { kind, name, is_mentioned } = entity;
        let (number, text) = (u16::try_from(number).ok(), of_text(name));
        put(key(Class::Entity, [*kind as u64, text, 0]), sign_of(*kind), number, true, !is_mentioned);
        if *kind == EntityKind::Account
            && let Some(host) = finding.target.or(finding.source)
        {
            let own = key(Class::OnHost, [text, of(Some(host)), 0]);
            put(own, Sign::AccountOnHost, number, true, !is_mentioned);
        }
    }
    // PERF: hosts are asked last, so that no key waits for what lies anywhere in memory.
    for mark in into {
        let host = match mark.sign {
            Sign::SameSource => finding.source,
            Sign::SameTarget => finding.target,
            _ => None,
        };
        if host.is_some_and(&is_outside) {
            mark.sign = Sign::Outside;
        }
    }
}

/// What a finding has in common with itself at another time: the rule and the hosts.
pub(super) fn again(finding: &Finding) -> u64 {
    key(Class::Again, [of_text(&finding.rule.id), of(finding.source), of(finding.target)])
}

/// The keys under which findings lie that a host may have joined.
pub(super) fn of_host(host: HostId) -> [u64; 2] {
    [Class::Source, Class::Target].map(|class| key(class, [of(Some(host)), 0, 0]))
}

const fn sign_of(kind: EntityKind) -> Sign {
    match kind {
        EntityKind::Account => Sign::Account,
        EntityKind::Session => Sign::Session,
        EntityKind::Process => Sign::Process,
        EntityKind::File => Sign::File,
        EntityKind::FileName => Sign::FileName,
        EntityKind::Hash => Sign::Hash,
        EntityKind::Domain => Sign::Domain,
        EntityKind::Program => Sign::Program,
        EntityKind::Indicator => Sign::Indicator,
    }
}

/// What findings that are one and the same, but for their time, have in common: the rule, the hosts, the accounts.
pub(super) fn sameness(finding: &Finding, trees: &[u64]) -> u64 {
    let mut bytes = Bytes::from_slice(finding.rule.id.as_bytes());
    for host in [finding.source, finding.target] {
        bytes.extend_from_slice(&host.map_or(u32::MAX, |host| host.0).to_le_bytes());
    }
    bytes.extend_from_slice(finding.operation.as_deref().unwrap_or_default().as_bytes());
    for entity in finding.entities.iter().filter(|entity| !entity.is_mentioned) {
        bytes.push(entity.kind as u8);
        bytes.extend_from_slice(entity.name.as_bytes());
    }
    trees.iter().for_each(|tree| bytes.extend_from_slice(&tree.to_le_bytes()));
    xxh3_64(&bytes)
}
