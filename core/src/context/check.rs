//! Judges whether what was declared makes sense together, and makes the tables by which it is found.
//!
//! ```text
//! zones: [{name: a, networks: [10.0.0.0/8]}, {name: b, networks: [10.0.0.0/8]}]   ─▶   warning: both; `a` keeps the network
//! ```
//!
//! What contradicts something declared before it is left out, and told; the rest counts.

use super::flow::Gate;
use super::index::{ANY, OUTSIDE, Placed};
use super::model::{Asset, Conduit, Context, Plant, Site, Zone};
use super::policy::TrustPolicy;
use super::read::{Declarations, Declared};
use super::spelling::Spelling;
use crate::diagnostic::{Code, Diagnostic, nearest};
use ipnet::IpNet;
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Names that stand for no zone of the plant.
const RESERVED: &[(&str, u32)] = &[("outside", OUTSIDE), ("*", ANY)];

/// Makes a context of what was declared, after what was found wrong so far.
pub(super) fn build(declared: Declarations, found: Vec<Diagnostic>) -> Context {
    let mut builder = Builder { plant: Plant { diagnostics: found, ..Plant::default() }, zones: HashMap::new() };
    builder.sites(declared.sites);
    let (zones, assets) = (builder.named_zones(declared.zones), builder.named_assets(declared.assets));
    builder.parents(&zones);
    builder.assets(&assets);
    builder.zones(&zones, &assets);
    let spelling = Spelling::new(&assets);
    let found = &mut builder.plant.diagnostics;
    zones.iter().for_each(|zone| spelling.zone(zone, found));
    declared.conduits.iter().for_each(|conduit| spelling.conduit(conduit, found));
    declared.trust.iter().for_each(|trust| spelling.trust(trust, found));
    builder.conduits(declared.conduits);
    builder.trust(declared.trust);
    builder.levels(&zones);
    let Builder { mut plant, .. } = builder;
    plant.zones = zones.into_iter().map(|zone| zone.what).collect();
    plant.assets = assets.into_iter().map(|asset| asset.what).collect();
    Context { plant: Arc::new(plant), here: None }
}

struct Builder {
    plant: Plant,
    zones: HashMap<String, u32>,
}

/// Something with a name that nothing else of its kind has.
trait Distinct {
    const KIND: &'static str;
    fn name(&self) -> &str;
}

impl Distinct for Site {
    const KIND: &'static str = "site";
    fn name(&self) -> &str {
        &self.name
    }
}

impl Distinct for Asset {
    const KIND: &'static str = "asset";
    fn name(&self) -> &str {
        &self.id
    }
}

impl Distinct for Zone {
    const KIND: &'static str = "zone";
    fn name(&self) -> &str {
        &self.name
    }
}

impl Distinct for Conduit {
    const KIND: &'static str = "conduit";
    fn name(&self) -> &str {
        &self.name
    }
}

impl Builder {
    fn tell<T>(&mut self, of: &Declared<T>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::ContextContradiction, &of.source, of.span, message)
    }

    fn warn<T>(&mut self, of: &Declared<T>, message: impl Into<String>) {
        let diagnostic = self.tell(of, message);
        self.plant.diagnostics.push(diagnostic);
    }

    /// Those whose name no other before them has.
    fn distinct<T: Distinct>(&mut self, all: Vec<Declared<T>>) -> Vec<Declared<T>> {
        let mut names = HashSet::new();
        let mut kept = Vec::with_capacity(all.len());
        for one in all {
            let name = one.what.name().to_owned();
            if names.contains(&name) {
                self.warn(&one, format!("there is one {} `{name}` already; this one is left out", T::KIND));
            } else {
                names.insert(name);
                kept.push(one);
            }
        }
        kept
    }

    fn sites(&mut self, sites: Vec<Declared<Site>>) {
        let sites = self.distinct(sites);
        for (number, site) in sites.iter().enumerate() {
            let number = number as u32;
            self.plant.index.site_names.insert(site.what.name.clone(), number);
            for sensor in &site.what.sensors {
                if let Some(other) = self.plant.index.sensors.insert(sensor.clone(), number)
                    && other != number
                {
                    self.plant.index.sensors.insert(sensor.clone(), other);
                    self.warn(site, format!("the sensor `{sensor}` stands at another site already"));
                }
            }
            let zone = site.what.time_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
            self.plant.index.clocks.push(zone.unwrap_or(TimeZone::UTC));
        }
        self.plant.sites = sites.into_iter().map(|site| site.what).collect();
    }

    /// The number of a site that something says it stands at.
    fn site<T: Distinct>(&mut self, of: &Declared<T>, name: Option<&str>) -> Option<u32> {
        let name = name?;
        let found = self.plant.index.site_names.get(name).copied();
        if found.is_none() {
            let message = format!("the {} `{}` names a site `{name}` that is not declared", T::KIND, of.what.name());
            let known = nearest(name, self.plant.sites.iter().map(|site| &*site.name));
            let help =
                known.map_or_else(|| "declare it under `sites`".to_owned(), |near| format!("did you mean `{near}`?"));
            let told = self.tell(of, message).help(help);
            self.plant.diagnostics.push(told);
        }
        found
    }

    /// The number of a zone that something refers to.
    fn zone<T: Distinct>(&mut self, of: &Declared<T>, name: &str) -> Option<u32> {
        let found = self.zones.get(name).copied();
        if found.is_none() {
            let message = format!("the {} `{}` names a zone `{name}` that is not declared", T::KIND, of.what.name());
            let near = nearest(name, self.zones.keys().map(String::as_str));
            let help =
                near.map_or_else(|| "declare it under `zones`".to_owned(), |near| format!("did you mean `{near}`?"));
            let told = self.tell(of, message).help(help);
            self.plant.diagnostics.push(told);
        }
        found
    }

    fn named_zones(&mut self, zones: Vec<Declared<Zone>>) -> Vec<Declared<Zone>> {
        let mut zones = self.distinct(zones);
        zones.retain(|zone| {
            let reserved = RESERVED.iter().any(|(name, _)| *name == zone.what.name);
            if reserved {
                let message = format!("no zone can be called `{}`, which has a meaning of its own", zone.what.name);
                self.warn(zone, message);
            }
            !reserved
        });
        self.zones = zones.iter().enumerate().map(|(at, zone)| (zone.what.name.clone(), at as u32)).collect();
        zones
    }

    fn named_assets(&mut self, assets: Vec<Declared<Asset>>) -> Vec<Declared<Asset>> {
        self.distinct(assets)
    }

    /// The zones in which each zone lies. A circle is cut where it closes.
    fn parents(&mut self, zones: &[Declared<Zone>]) {
        let mut parents: Vec<Option<u32>> = Vec::with_capacity(zones.len());
        for zone in zones {
            let parent = zone.what.parent.as_deref().and_then(|parent| self.zone(zone, parent));
            parents.push(parent);
        }
        for (number, zone) in zones.iter().enumerate() {
            let mut line = vec![number as u32];
            while let Some(parent) = line.last().and_then(|last| *parents.get(*last as usize)?) {
                if line.contains(&parent) {
                    if parent == number as u32 {
                        self.warn(zone, format!("the zone `{}` lies in itself, by its parents", zone.what.name));
                    }
                    break;
                }
                line.push(parent);
            }
            self.plant.index.lines.push(line);
        }
    }

    fn assets(&mut self, assets: &[Declared<Asset>]) {
        for (number, asset) in assets.iter().enumerate() {
            self.plant.index.ids.insert(asset.what.id.clone(), number as u32);
            let site = self.site(asset, asset.what.site.as_deref());
            self.plant.index.site_of.push(site);
            let placed = Placed { what: number as u32, site };
            for address in &asset.what.ip {
                let known = self.plant.index.addresses.entry(*address).or_default();
                let other = clash(known, placed, |other| {
                    assets.get(other as usize).is_some_and(|other| shares_station(&other.what, &asset.what))
                });
                self.clash(asset, assets, other, &address.to_string());
            }
            for (seen_at, addresses) in &asset.what.nat {
                let Some(site) = self.site(asset, Some(seen_at)) else { continue };
                for address in addresses {
                    let known = self.plant.index.addresses.entry(*address).or_default();
                    let other = clash(known, Placed { what: number as u32, site: Some(site) }, |_| true);
                    self.clash(asset, assets, other, &address.to_string());
                }
            }
            for mac in &asset.what.mac {
                let other = clash(self.plant.index.macs.entry(mac.clone()).or_default(), placed, |_| true);
                self.clash(asset, assets, other, mac);
            }
            for host in &asset.what.host {
                let host = host.to_lowercase();
                let other = clash(self.plant.index.hosts.entry(host.clone()).or_default(), placed, |_| true);
                self.clash(asset, assets, other, &host);
                // By its short name it is known only as long as it is alone, so no clash is one.
                if let Some((short, _)) = host.split_once('.') {
                    let known = self.plant.index.hosts.entry(short.to_owned()).or_default();
                    if !known.contains(&placed) {
                        known.push(placed);
                    }
                }
            }
        }
    }

    fn clash(&mut self, asset: &Declared<Asset>, assets: &[Declared<Asset>], other: Option<u32>, key: &str) {
        if let Some(other) = other.and_then(|other| assets.get(other as usize)) {
            let message =
                format!("`{key}` belongs to the asset `{}` already, not to `{}`", other.what.id, asset.what.id);
            let help = "equal addresses need different sites, or different stations";
            let told = self.tell(asset, message).help(help);
            self.plant.diagnostics.push(told);
        }
    }

    fn zones(&mut self, zones: &[Declared<Zone>], assets: &[Declared<Asset>]) {
        for zone in zones {
            let site = self.site(zone, zone.what.site.as_deref());
            self.plant.index.site_of_zone.push(site);
        }
        self.networks(zones);
        for (number, zone) in zones.iter().enumerate() {
            let site = self.plant.index.site_of_zone.get(number).copied().flatten();
            for mac in &zone.what.macs {
                let known = self.plant.index.zone_macs.entry(mac.clone()).or_default();
                if clash(known, Placed { what: number as u32, site }, |_| true).is_some() {
                    self.warn(zone, format!("`{mac}` belongs to another zone already, not to `{}`", zone.what.name));
                }
            }
        }
        self.zones_of_assets(zones, assets);
    }

    fn networks(&mut self, zones: &[Declared<Zone>]) {
        for (number, zone) in zones.iter().enumerate() {
            let site = self.plant.index.site_of_zone.get(number).copied().flatten();
            for network in &zone.what.networks {
                let known = self.plant.index.networks.entry(*network);
                let other = clash(known, Placed { what: number as u32, site }, |_| true);
                if let Some(other) = other.and_then(|other| zones.get(other as usize)) {
                    let (own, other) = (&zone.what.name, &other.what.name);
                    self.warn(
                        zone,
                        format!("the network {network} is that of the zone `{other}` already, not of `{own}`"),
                    );
                }
            }
        }
        for (number, zone) in zones.iter().enumerate() {
            for network in &zone.what.networks {
                self.nested(zones, number, zone, network);
            }
        }
    }

    /// Tells of a network that lies in that of a zone which is not said to be around.
    fn nested(&mut self, zones: &[Declared<Zone>], number: usize, zone: &Declared<Zone>, network: &IpNet) {
        let Some(shorter) = network.prefix_len().checked_sub(1) else { return };
        let site = self.plant.index.site_of_zone.get(number).copied().flatten();
        let index = &self.plant.index;
        let meets = |one: &&Placed| one.site == site || one.site.is_none() || site.is_none();
        let around = index.networks.around(network.addr(), 0..=shorter).flat_map(|all| all.iter().filter(meets)).next();
        let Some(around) = around.map(|one| one.what).filter(|around| *around as usize != number) else { return };
        let line = |zone: usize| index.lines.get(zone).map_or(&[][..], Vec::as_slice);
        if line(number).contains(&around) {
            return;
        }
        if let Some(other) = zones.get(around as usize) {
            let (own, other) = (&zone.what.name, &other.what.name);
            let message =
                format!("{network} of the zone `{own}` lies in a network of `{other}`, which is not its parent");
            let help =
                format!("addresses in it count for `{own}`; say `parent: {other}`, or change one of the networks");
            let told = self.tell(zone, message).help(help);
            self.plant.diagnostics.push(told);
        }
    }

    /// The zone of each asset that says it itself, or that a zone names or chooses by tag.
    fn zones_of_assets(&mut self, zones: &[Declared<Zone>], assets: &[Declared<Asset>]) {
        let (mut listed, mut tagged): (HashMap<&str, u32>, HashMap<&str, Vec<u32>>) = Default::default();
        let ids: HashSet<&str> = assets.iter().map(|asset| &*asset.what.id).collect();
        for (number, zone) in zones.iter().enumerate() {
            for id in &zone.what.assets {
                if !ids.contains(&**id) {
                    self.warn(
                        zone,
                        format!("the zone `{}` names an asset `{id}` that is not declared", zone.what.name),
                    );
                }
                if listed.insert(id, number as u32).is_some_and(|other| other != number as u32) {
                    self.warn(zone, format!("the asset `{id}` is in two zones; it counts for `{}`", zone.what.name));
                }
            }
            zone.what.tags.iter().for_each(|tag| tagged.entry(tag).or_default().push(number as u32));
        }
        for (number, asset) in assets.iter().enumerate() {
            let own = asset.what.zone.as_deref().and_then(|zone| self.zone(asset, zone));
            let site = self.plant.index.site_of.get(number).copied().flatten();
            let site_of_zone = &self.plant.index.site_of_zone;
            let meets = |zone: &&u32| {
                let there = site_of_zone.get(**zone as usize).copied().flatten();
                there.is_none() || site.is_none() || there == site
            };
            let by_tag = asset.what.tags.iter().filter_map(|tag| tagged.get(&**tag)).flatten().find(meets).copied();
            let by_mac =
                asset.what.mac.iter().find_map(|mac| super::index::pick(self.plant.index.zone_macs.get(mac)?, site));
            let chosen = [own, listed.get(&*asset.what.id).copied(), by_mac, by_tag];
            let zone = chosen.into_iter().flatten().next();
            if let Some(other) = chosen.into_iter().flatten().find(|other| Some(*other) != zone) {
                let name = |zone: u32| zones.get(zone as usize).map_or("", |zone| &zone.what.name);
                let (first, other) = (zone.map_or("", name), name(other));
                let message = format!(
                    "the asset `{}` is in the zones `{first}` and `{other}`; it counts for `{first}`",
                    asset.what.id
                );
                self.warn(asset, message);
            }
            self.plant.index.zone_of.push(zone);
            self.elsewhere(zones, asset, zone, site);
        }
    }

    /// Tells of an asset whose address lies in the network of another zone than it is in.
    fn elsewhere(&mut self, zones: &[Declared<Zone>], asset: &Declared<Asset>, zone: Option<u32>, site: Option<u32>) {
        let Some(zone) = zone else { return };
        let lies_in = |other: u32| self.plant.index.lines.get(zone as usize).is_some_and(|line| line.contains(&other));
        let found = asset.what.ip.iter().find_map(|address| {
            let other = self.plant.index.networks.find(*address, site).filter(|other| !lies_in(*other))?;
            Some((address, other))
        });
        if let Some((address, other)) = found {
            let name = |zone: u32| zones.get(zone as usize).map_or("", |zone| &zone.what.name);
            let (own, other) = (name(zone), name(other));
            let message = format!(
                "`{}` is in the zone `{own}`, but its address {address} in a network of `{other}`",
                asset.what.id
            );
            self.warn(asset, message);
        }
    }

    fn conduits(&mut self, conduits: Vec<Declared<Conduit>>) {
        for conduit in self.distinct(conduits) {
            let number = self.plant.conduits.len() as u32;
            let ends = |builder: &mut Self, names: &[String]| -> Vec<u32> {
                let reserved = |name: &str| RESERVED.iter().find(|(own, _)| *own == name).map(|(_, zone)| *zone);
                names.iter().filter_map(|name| reserved(name).or_else(|| builder.zone(&conduit, name))).collect()
            };
            let (from, to) = (ends(self, &conduit.what.from), ends(self, &conduit.what.to));
            for from in &from {
                for to in &to {
                    self.plant.index.conduits.entry((*from, *to)).or_default().push(number);
                }
            }
            self.closed(&conduit);
            self.plant.index.gates.push(Gate::new(&conduit.what));
            self.plant.conduits.push(conduit.what);
        }
    }

    /// Takes the first policy of trust; there can be only one.
    fn trust(&mut self, policies: Vec<Declared<TrustPolicy>>) {
        let mut policies = policies.into_iter();
        let Some(first) = policies.next() else { return };
        for more in policies {
            self.warn(&more, "there is one `trust` already; this one is left out");
        }
        for chain in &first.what.chains {
            for zone in chain.zones.iter().filter(|zone| !self.zones.contains_key(*zone)).collect::<Vec<_>>() {
                self.warn(&first, format!("the chain `{}` names a zone `{zone}` that is not declared", chain.name));
            }
        }
        if first.what.chains.is_empty() {
            self.warn(
                &first,
                "without `chains` nothing can explain an operation; leave the key out for the usual ones",
            );
        }
        self.plant.trust = first.what;
    }

    /// Tells of a conduit through which nothing can pass.
    fn closed(&mut self, conduit: &Declared<Conduit>) {
        let Conduit { protocols, operations, roles, hours, .. } = &conduit.what;
        let empty = |list: Option<usize>| list == Some(0);
        let lists = [
            ("protocols", protocols.as_ref().map(Vec::len)),
            ("operations", operations.as_ref().map(Vec::len)),
            ("roles", roles.as_ref().map(Vec::len)),
            ("hours", hours.as_ref().map(Vec::len)),
        ];
        if let Some((key, _)) = lists.into_iter().find(|(_, length)| empty(*length)) {
            let message =
                format!("the conduit `{}` lets nothing pass, because its `{key}` are empty", conduit.what.name);
            let told = self.tell(conduit, message).help(format!("leave `{key}` out to allow all"));
            self.plant.diagnostics.push(told);
        }
    }

    /// Tells of a zone whose Purdue level is above that of the zone around it.
    fn levels(&mut self, zones: &[Declared<Zone>]) {
        for zone in zones {
            let parent = zone.what.parent.as_ref().and_then(|parent| self.zones.get(parent));
            let parent = parent.and_then(|parent| zones.get(*parent as usize));
            if let Some(parent) = parent
                && let (Some(own), Some(around)) = (zone.what.purdue_level, parent.what.purdue_level)
                && own > around
            {
                let (name, other) = (&zone.what.name, &parent.what.name);
                self.warn(
                    zone,
                    format!("the zone `{name}` has level {own}, above level {around} of its parent `{other}`"),
                );
            }
        }
    }
}

/// Adds a key, unless another has it at the same site in the way that `excludes` says; then that other one.
fn clash(known: &mut Vec<Placed>, own: Placed, excludes: impl Fn(u32) -> bool) -> Option<u32> {
    let other = known.iter().find(|one| one.what != own.what && one.site == own.site && excludes(one.what));
    match other.copied() {
        Some(other) => Some(other.what),
        None => {
            if !known.contains(&own) {
                known.push(own);
            }
            None
        }
    }
}

/// Whether two assets with one address cannot be told apart by their stations.
fn shares_station(one: &Asset, other: &Asset) -> bool {
    let shared = one.station.iter().any(|station| other.station.contains(station));
    shared || (one.station.is_empty() && other.station.is_empty())
}
