//! How far an incident got, and where it can go next.
//!
//! ```text
//! reached: jump-1 (dmz), ews-1 (operations), plc-7 (cell-7)     next: plc-8 (cell-7), for ews-1 speaks with it and may
//! ```

use super::path::Own;
use super::register::Register;
use hashbrown::HashMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// Hosts that an incident has reached, and those that it can reach.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Hosts on which or from which something was found.
    pub reached: Vec<Reach>,
    /// Hosts with which those deal, as far as the plant allows it, and where nothing was found yet.
    pub next: Vec<Reach>,
    /// How many are reached in each zone; `outside` for those in none.
    pub zones: BTreeMap<String, u64>,
    /// The lowest Purdue level that is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest_level: Option<f64>,
}

/// A host, and how it is reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reach {
    /// The host.
    pub host: String,
    /// Its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The Purdue level of its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// Its criticality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criticality: Option<String>,
    /// From which of the reached hosts; empty for what is reached already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
}

/// Hosts that are named as next at most.
const NEXT_MAX: usize = 1_000;

pub(super) fn spread(register: &Register, own: &Own<'_>) -> Spread {
    let mut hosts: Vec<_> = own.hosts.iter().map(|(host, first)| (*first, *host)).collect();
    hosts.sort_unstable_by_key(|(first, host)| (*first, register.hosts.name(*host)));
    let reach = |host| {
        let known = register.hosts.get(host).cloned().unwrap_or_default();
        Reach {
            host: known.name,
            zone: known.zone,
            level: known.level,
            criticality: known.criticality,
            from: Vec::new(),
        }
    };
    let mut next: HashMap<_, Reach> = HashMap::new();
    for (_, host) in &hosts {
        for (_, kept) in register.contacts.out_of(*host) {
            let to = kept.contact.to;
            if own.hosts.contains_key(&to)
                || kept.contact.is_denied
                || next.len() >= NEXT_MAX && !next.contains_key(&to)
            {
                continue;
            }
            let from = register.hosts.name(*host);
            let reach = next.entry(to).or_insert_with(|| reach(to));
            if !reach.from.iter().any(|known| known == from) {
                reach.from.push(from.to_owned());
            }
        }
    }
    // Where an intruder comes from outside is not what he has reached.
    let is_inside = |host| !register.hosts.peers(host).is_outside;
    let reached: Vec<Reach> = hosts.iter().filter(|(_, host)| is_inside(*host)).map(|(_, host)| reach(*host)).collect();
    let mut zones = BTreeMap::new();
    for reach in &reached {
        *zones.entry(reach.zone.clone().unwrap_or_else(|| "outside".to_owned())).or_insert(0) += 1;
    }
    let lowest_level = reached.iter().filter_map(|reach| reach.level).min_by(f64::total_cmp);
    let mut next: Vec<Reach> = next.into_values().collect();
    let rank = |reach: &Reach| (weight(reach.criticality.as_deref()), reach.level.map_or(99.0, |level| level));
    next.sort_by(|one, other| {
        let (one_rank, other_rank) = (rank(one), rank(other));
        other_rank.0.cmp(&one_rank.0).then(one_rank.1.total_cmp(&other_rank.1)).then(one.host.cmp(&other.host))
    });
    Spread { reached, next, zones, lowest_level }
}

/// How much depends on a host, by its criticality.
pub(super) fn weight(criticality: Option<&str>) -> u32 {
    match criticality {
        Some("critical") => 4,
        Some("high") => 3,
        Some("medium") => 2,
        Some("low") => 1,
        _ => 0,
    }
}
