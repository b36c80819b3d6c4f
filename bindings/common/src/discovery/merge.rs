//! Which addresses, MACs and host names are one asset, and what it is.
//!
//! ```text
//! 10.1.7.2 ─ 00:1b:1b:.. ─ plc-7      one MAC, one address: one asset
//! 10.9.0.1, 10.9.0.2 ─ 00:00:0c:..    one MAC, many addresses: a router, and the MAC is that of none of them
//! ```
//!
//! A MAC is that of an address when it speaks for no other of the same kind; link-local addresses never come through a router, so they
//! do not count. A host name is that of all its addresses, but of none that another name has had too. Nothing is merged across sites.

use super::entities::{Entities, Entity, Told, Who, earliest};
use super::signs::RoleSign;
use crate::time::rfc3339;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use tieline::context::{Asset, Context, Zone};

/// An asset that was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SeenAsset {
    /// What it is. Its id is its host name, else its address, else its MAC, with the site before it.
    #[serde(flatten)]
    pub asset: Asset,
    /// Its operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// How far `role`, `vendor`, `model`, `firmware`, `serial`, `name` and `os` are to be trusted, from 0 to 1.
    pub confidence: BTreeMap<String, f64>,
    /// Protocols and services by which it answers, or sends on its own.
    pub serves: Vec<String>,
    /// Those by which it asks others.
    pub uses: Vec<String>,
    /// Operation classes that it has asked others for.
    pub acts: Vec<String>,
    /// With whom it spoke, by id.
    pub peers: Vec<String>,
    /// Whether it has sent anything, and was not only spoken to.
    pub heard: bool,
    /// Events and records in which it took part.
    pub events: u64,
    /// The earliest time of one of them; `None` when none has a time.
    pub first: Option<String>,
    /// The latest.
    pub last: Option<String>,
    /// What says all this.
    pub evidence: Vec<Evidence>,
}

/// Why something is believed of an asset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// What it is about: `vendor`, `serves`, `acts`, ...
    pub tells: String,
    /// What is told.
    pub value: String,
    /// The field that told it.
    pub field: String,
    /// How often.
    pub count: u64,
    /// The earliest time; `None` when none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// Roles are never certain.
const CONFIDENCE_MAX: f64 = 0.99;

/// Makes assets of entities.
pub(super) fn assets(all: &Entities, sites: &[String], roles: &[RoleSign], plant: Option<&Context>) -> Vec<SeenAsset> {
    let mut groups = Groups((0..all.all.len() as u32).collect());
    let mut routers: HashMap<u32, usize> = HashMap::new();
    for (id, (entity, (_, who))) in (0_u32..).zip(all.all.iter().zip(&all.names)) {
        match who {
            Who::Mac(_) => join_mac(id, entity, all, &mut groups, &mut routers),
            Who::Host(_) => join_host(id, entity, all, &mut groups),
            Who::Ip(..) => {}
        }
    }
    join_short_names(all, &mut groups);
    join_stations(all, &mut groups);
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for id in 0..all.all.len() as u32 {
        members.entry(groups.root(id)).or_default().push(id);
    }
    let zones = Zones::new(plant);
    let mut told = Vec::with_capacity(members.len());
    for ids in members.values() {
        let carries = ids.iter().filter_map(|id| routers.get(id)).max().copied().unwrap_or(0);
        let group = Group::new(ids, all, carries);
        if group.is_asset() {
            told.push((ids, group.asset(sites, roles, &zones)));
        }
    }
    name(&mut told, all);
    let mut assets: Vec<SeenAsset> = told.into_iter().map(|(_, asset)| asset).collect();
    let order = |seen: &SeenAsset| {
        let asset = &seen.asset;
        (asset.site.clone(), asset.ip.is_empty(), asset.ip.first().copied(), asset.station.clone(), asset.id.clone())
    };
    assets.sort_by_cached_key(order);
    assets
}

/// Which entities are one: for each the number of one that stands for it.
struct Groups(Vec<u32>);

impl Groups {
    fn root(&mut self, id: u32) -> u32 {
        let mut at = id;
        while let Some(&above) = self.0.get(at as usize).filter(|above| **above != at) {
            let further = self.0.get(above as usize).copied().unwrap_or(above);
            if let Some(own) = self.0.get_mut(at as usize) {
                *own = further;
            }
            at = above;
        }
        at
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(own) = self.0.get_mut(one.max(other) as usize) {
            *own = one.min(other);
        }
    }
}

fn address_of(all: &Entities, id: u32) -> Option<IpAddr> {
    match all.names.get(id as usize)? {
        (_, Who::Ip(ip, None)) => Some(*ip),
        _ => None,
    }
}

fn is_link_local(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

fn join_mac(id: u32, entity: &Entity, all: &Entities, groups: &mut Groups, routers: &mut HashMap<u32, usize>) {
    let addresses: Vec<(u32, IpAddr)> =
        entity.links.iter().filter_map(|link| Some((*link, address_of(all, *link)?))).collect();
    let routed = |v4: bool| addresses.iter().filter(|(_, ip)| ip.is_ipv4() == v4 && !is_link_local(ip)).count();
    let (four, six) = (routed(true), routed(false));
    let is_own = four <= 1 && six <= 1;
    if !is_own {
        routers.insert(id, four.max(six));
    }
    for (link, ip) in &addresses {
        // An address may have moved from one card to another; a MAC beside it that speaks for others is that of a router.
        if is_own || is_link_local(ip) {
            groups.join(id, *link);
        }
    }
}

fn join_host(id: u32, entity: &Entity, all: &Entities, groups: &mut Groups) {
    for link in &entity.links {
        let is_host = |other: &&u32| matches!(all.names.get(**other as usize), Some((_, Who::Host(_))));
        let of_link = all.all.get(*link as usize);
        let names: Vec<&str> = of_link
            .into_iter()
            .flat_map(|other| other.links.iter().filter(is_host))
            .filter_map(|host| match all.names.get(*host as usize)? {
                (_, Who::Host(name)) => Some(name.split('.').next().unwrap_or_default()),
                _ => None,
            })
            .collect();
        if names.windows(2).all(|pair| pair[0] == pair[1]) {
            groups.join(id, *link);
        }
    }
}

/// A short name is that of the only longer one that begins with it.
fn join_short_names(all: &Entities, groups: &mut Groups) {
    let mut long: HashMap<(Option<u32>, &str), Vec<u32>> = HashMap::new();
    let hosts = || {
        (0_u32..).zip(&all.names).filter_map(|(id, (site, who))| match who {
            Who::Host(name) => Some((id, *site, name.as_str())),
            _ => None,
        })
    };
    for (id, site, name) in hosts() {
        if let Some((short, _)) = name.split_once('.') {
            long.entry((site, short)).or_default().push(id);
        }
    }
    for (id, site, name) in hosts().filter(|(.., name)| !name.contains('.')) {
        if let Some([only]) = long.get(&(site, name)).map(Vec::as_slice) {
            groups.join(id, *only);
        }
    }
}

/// A slot whose module has the serial number of what answers at the address is that itself.
fn join_stations(all: &Entities, groups: &mut Groups) {
    let serials = |entity: &Entity| -> BTreeSet<String> {
        entity.told.keys().filter(|(about, _)| about == "serial").map(|(_, serial)| serial.clone()).collect()
    };
    for (id, ((site, who), entity)) in (0_u32..).zip(all.names.iter().zip(&all.all)) {
        let Who::Ip(ip, Some(_)) = who else { continue };
        let Some(whole) = all.known(*site, &Who::Ip(*ip, None)) else { continue };
        let own = all.all.get(whole as usize).map(serials).unwrap_or_default();
        if !serials(entity).is_disjoint(&own) {
            groups.join(id, whole);
        }
    }
}

/// The zones of a plant by their networks, the smallest first.
pub(crate) struct Zones<'p> {
    networks: Vec<(&'p Zone, usize)>,
}

impl<'p> Zones<'p> {
    pub(crate) fn new(plant: Option<&'p Context>) -> Self {
        let zones = plant.map_or(&[][..], Context::zones).iter();
        let mut networks: Vec<_> =
            zones.flat_map(|zone| (0..zone.networks.len()).map(move |number| (zone, number))).collect();
        let length = |(zone, number): &(&Zone, usize)| zone.networks.get(*number).map(|network| network.prefix_len());
        networks.sort_by_key(|place| std::cmp::Reverse(length(place)));
        Self { networks }
    }

    /// The zone of an address.
    pub(crate) fn find(&self, ip: IpAddr, site: Option<&str>) -> Option<String> {
        let fits = |(zone, number): &&(&Zone, usize)| {
            zone.networks.get(*number).is_some_and(|network| network.contains(&ip))
                && (zone.site.is_none() || site.is_none() || zone.site.as_deref() == site)
        };
        self.networks.iter().find(fits).map(|(zone, _)| zone.name.clone())
    }
}

/// The entities of one asset, put together.
struct Group<'e> {
    site: Option<u32>,
    names: Vec<&'e Who>,
    entity: Entity,
    carries: usize,
}

impl<'e> Group<'e> {
    fn new(ids: &[u32], all: &'e Entities, carries: usize) -> Self {
        let mut group = Self { site: None, names: Vec::new(), entity: Entity::default(), carries };
        for id in ids {
            let (Some((site, who)), Some(own)) = (all.names.get(*id as usize), all.all.get(*id as usize)) else {
                continue;
            };
            group.site = *site;
            group.names.push(who);
            let entity = &mut group.entity;
            entity.first = earliest(entity.first, own.first);
            entity.last = entity.last.max(own.last);
            entity.events += own.events;
            entity.heard |= own.heard;
            entity.peers.extend(&own.peers);
            entity.reaches.extend(&own.reaches);
            for (key, told) in &own.told {
                entity.told.entry(key.clone()).or_default().join(told);
            }
        }
        group
    }

    /// Whether it is one: a MAC that is only that of frames from elsewhere is none, nor is an address that never answered and is
    /// that of a whole network by its look.
    fn is_asset(&self) -> bool {
        let about = |name: &str| self.entity.told.keys().any(|(about, _)| about == name);
        let is_network = |who: &&Who| matches!(who, Who::Ip(IpAddr::V4(ip), _) if matches!(ip.octets()[3], 0 | 255));
        match self.names.first() {
            Some(Who::Mac(_)) if self.names.len() == 1 => self.carries >= 3 || self.entity.events > 0,
            Some(who) if !self.entity.heard => about("asked") && !is_network(who),
            other => other.is_some(),
        }
    }

    fn asset(&self, sites: &[String], roles: &[RoleSign], zones: &Zones<'_>) -> SeenAsset {
        let mut seen = SeenAsset { heard: self.entity.heard, events: self.entity.events, ..SeenAsset::default() };
        let asset = &mut seen.asset;
        asset.site = self.site.and_then(|site| sites.get(site as usize)).cloned();
        let mut addresses = BTreeSet::new();
        let is_whole = self.names.iter().any(|who| matches!(who, Who::Ip(_, None)));
        for who in &self.names {
            match who {
                Who::Ip(ip, station) => {
                    addresses.insert(*ip);
                    asset.station.extend(station.clone().filter(|_| !is_whole));
                }
                Who::Mac(mac) => asset.mac.push(mac.clone()),
                Who::Host(host) => asset.host.push(host.clone()),
            }
        }
        // Those by which others reach it come first.
        asset.ip = addresses.into_iter().collect();
        asset.ip.sort_by_key(|ip| (is_link_local(ip), *ip));
        // The fuller of two names comes first.
        asset.host.sort_by_key(|host| (!host.contains('.'), host.clone()));
        asset.mac.sort();
        asset.zone = asset.ip.first().and_then(|ip| zones.find(*ip, asset.site.as_deref()));
        for about in ["vendor", "model", "firmware", "serial", "name", "os"] {
            let Some((value, told)) = self.best(about) else { continue };
            seen.confidence.insert(about.to_owned(), told.weight);
            let place = match about {
                "vendor" => &mut asset.vendor,
                "model" => &mut asset.model,
                "firmware" => &mut asset.firmware,
                "serial" => &mut asset.serial,
                "name" => &mut asset.name,
                _ => &mut seen.os,
            };
            *place = Some(value.to_owned());
        }
        if let Some((role, confidence)) = self.role(roles) {
            seen.asset.role = Some(role);
            seen.confidence.insert("role".to_owned(), confidence);
        }
        let values = |about: &str| -> Vec<String> {
            self.entity.told.keys().filter(|(own, _)| own == about).map(|(_, value)| value.clone()).collect()
        };
        (seen.serves, seen.uses, seen.acts) = (values("serves"), values("uses"), values("acts"));
        seen.first = self.entity.first.map(rfc3339);
        seen.last = self.entity.last.map(rfc3339);
        seen.evidence = self.entity.told.iter().map(|((about, value), told)| evidence(about, value, told)).collect();
        seen
    }

    /// The value with the highest weight, of equal ones the latest, then the most frequent.
    fn best(&self, about: &str) -> Option<(&str, &Told)> {
        let of = self.entity.told.iter().filter(|((own, _), _)| own == about);
        let best = of.max_by(|(_, one), (_, other)| {
            one.weight.total_cmp(&other.weight).then(one.last.cmp(&other.last)).then(one.count.cmp(&other.count))
        });
        best.map(|((_, value), told)| (value.as_str(), told))
    }

    /// The role for which most speaks.
    fn role(&self, roles: &[RoleSign]) -> Option<(String, f64)> {
        // Of signs of one kind, such as several operations, the strongest counts; only different kinds support each other.
        let mut strongest: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        let mut speak = |role, kind, weight: f64| {
            let known = strongest.entry((role, kind)).or_insert(0.0);
            *known = known.max(weight);
        };
        for row in roles {
            let weight =
                self.count(&row.sign, row.least).map(|whole| if whole { row.weight } else { row.weight / 2.0 });
            let kind = row.sign.split(':').next().unwrap_or_default();
            weight.into_iter().for_each(|weight| speak(&row.role, kind, weight));
        }
        for ((about, role), told) in &self.entity.told {
            if about == "role" {
                speak(role, "role", told.weight);
            }
        }
        let mut doubts: BTreeMap<&str, f64> = BTreeMap::new();
        for ((role, _), weight) in strongest {
            *doubts.entry(role).or_insert(1.0) *= 1.0 - weight;
        }
        let best = doubts.into_iter().min_by(|(_, one), (_, other)| one.total_cmp(other))?;
        let confidence = ((1.0 - best.1) * 100.0).round() / 100.0;
        Some((best.0.to_owned(), confidence.min(CONFIDENCE_MAX)))
    }

    /// Whether a sign is there; half of it when somebody was asked and never answered.
    fn count(&self, sign: &str, least: usize) -> Option<bool> {
        let told = |about: &str, value: &str| {
            let count = self.entity.told.get(&(about.to_owned(), value.to_owned())).map_or(0, |told| told.count);
            usize::try_from(count).unwrap_or(usize::MAX) >= least
        };
        let whole = match sign.split_once(':') {
            Some(("serves", protocol)) => {
                let answers = told("serves", protocol);
                return (answers || told("asked", protocol)).then_some(answers);
            }
            Some((about, value)) => told(about, value),
            None => match sign {
                "reaches" => self.entity.reaches.len() >= least,
                "carries" => self.carries >= least,
                _ => self.entity.told.keys().filter(|(about, _)| about == sign).count() >= least,
            },
        };
        whole.then_some(true)
    }
}

fn evidence(about: &str, value: &str, told: &Told) -> Evidence {
    Evidence {
        tells: about.to_owned(),
        value: value.to_owned(),
        field: told.field.clone(),
        count: told.count,
        first: told.first.map(rfc3339),
        last: told.last.map(rfc3339),
    }
}

/// Gives ids that no two assets share, and tells peers by them.
fn name(told: &mut [(&Vec<u32>, SeenAsset)], all: &Entities) {
    let mut taken = BTreeSet::new();
    let mut of_entity: HashMap<u32, String> = HashMap::new();
    for (ids, seen) in told.iter_mut() {
        let asset = &seen.asset;
        let own = asset.host.first().cloned().or_else(|| asset.ip.first().map(ToString::to_string));
        let own = own.or_else(|| asset.mac.first().cloned()).unwrap_or_default();
        let own = asset.station.first().map_or(own.clone(), |station| format!("{own}#{station}"));
        let mut id = asset.site.as_ref().map_or(own.clone(), |site| format!("{site}/{own}"));
        let mut number = 2;
        while !taken.insert(id.clone()) {
            id = format!("{own}~{number}");
            number += 1;
        }
        of_entity.extend(ids.iter().map(|entity| (*entity, id.clone())));
        seen.asset.id = id;
    }
    for (ids, seen) in told.iter_mut() {
        let peers = ids.iter().filter_map(|id| all.all.get(*id as usize)).flat_map(|entity| &entity.peers);
        let peers: BTreeSet<&String> = peers.filter_map(|peer| of_entity.get(peer)).collect();
        seen.peers = peers.into_iter().filter(|peer| **peer != seen.asset.id).cloned().collect();
    }
}
