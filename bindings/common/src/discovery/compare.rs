//! What was seen, beside what was declared.
//!
//! ```text
//! declared plc-7: 10.1.7.2, firmware V2.8      seen 10.1.7.2: firmware V2.9        ─▶  changed firmware
//! declared hmi-1: 00:1b:1b:00:00:05            seen with that MAC at 10.9.0.4      ─▶  moved
//! ```
//!
//! A MAC, serial number or host name says more than an address, so these are compared first. What is not declared of an asset is not
//! compared, nor what was seen with little confidence.

use super::merge::SeenAsset;
use super::signs::Tables;
use serde::Serialize;
use std::collections::HashMap;
use tieline::context::{Asset, Context};

/// Below this, what was seen of a role, vendor, model or firmware contradicts nothing.
const CONFIDENCE_MIN: f64 = 0.7;

/// How what was seen differs from what was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// Seen, not declared.
    Unknown,
    /// Declared, not seen.
    Silent,
    /// Known by MAC, serial number or host name, but at another address or in another zone.
    Moved,
    /// At its place, but with another MAC, serial number, vendor, model, firmware or role.
    Changed,
}

impl DifferenceKind {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Silent => "silent",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its kind.
    pub kind: DifferenceKind,
    /// The id of the declared asset; `None` when there is none.
    pub declared: Option<String>,
    /// The id of what was seen; `None` when nothing was.
    pub seen: Option<String>,
    /// What differs: `ip`, `zone`, `mac`, `serial`, `vendor`, `model`, `firmware` or `role`; `None` of unknown and silent ones.
    pub what: Option<&'static str>,
    /// What was declared of it.
    pub was: Option<String>,
    /// What was seen of it.
    pub is: Option<String>,
    /// How far that is to be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// When it was first seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// When it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// Compares what was seen with the inventory of a plant. Assets that were only spoken to and never heard are not unknown, and
/// do not break a silence.
#[must_use]
pub fn compare(plant: &Context, seen: &[SeenAsset]) -> Vec<Difference> {
    let (index, tables) = (Index::new(plant.assets()), Tables::shipped());
    let mut differences = Vec::new();
    let mut heard = vec![false; plant.assets().len()];
    for one in seen.iter().filter(|one| one.heard) {
        let Some((at, by_place)) = index.find(one) else {
            differences.push(difference(DifferenceKind::Unknown, None, Some(one), None));
            continue;
        };
        if let Some(heard) = heard.get_mut(at) {
            *heard = true;
        }
        if let Some(declared) = plant.assets().get(at) {
            differences.extend(of_pair(&tables, plant, declared, one, by_place));
        }
    }
    let silent = plant.assets().iter().zip(&heard).filter(|(_, heard)| !**heard);
    differences.extend(silent.map(|(asset, _)| difference(DifferenceKind::Silent, Some(asset), None, None)));
    differences
        .sort_by(|one, other| (one.kind, &one.declared, &one.seen).cmp(&(other.kind, &other.declared, &other.seen)));
    differences
}

/// For each asset that was seen the place of the declared one that it is, where there is one.
pub(crate) fn matches(plant: &Context, seen: &[SeenAsset]) -> Vec<Option<usize>> {
    let index = Index::new(plant.assets());
    seen.iter().map(|one| index.find(one).map(|(at, _)| at)).collect()
}

fn difference(
    kind: DifferenceKind,
    declared: Option<&Asset>,
    seen: Option<&SeenAsset>,
    what: Option<(&'static str, String, String)>,
) -> Difference {
    let (what, was, is) = match what {
        Some((what, was, is)) => (Some(what), Some(was), Some(is)),
        None => (None, None, None),
    };
    Difference {
        kind,
        declared: declared.map(|asset| asset.id.clone()),
        seen: seen.map(|seen| seen.asset.id.clone()),
        confidence: what.and_then(|what| seen?.confidence.get(what).copied()),
        what,
        was,
        is,
        first: seen.and_then(|seen| seen.first.clone()),
        last: seen.and_then(|seen| seen.last.clone()),
    }
}

/// A kind of key and its text.
type Key = (&'static str, String);

/// Declared assets, with their sites, by what they are known by.
struct Index<'p> {
    keys: HashMap<Key, Vec<(usize, Option<&'p str>)>>,
}

impl<'p> Index<'p> {
    fn new(assets: &'p [Asset]) -> Self {
        let mut keys: HashMap<_, Vec<_>> = HashMap::new();
        for (at, asset) in assets.iter().enumerate() {
            let site = asset.site.as_deref();
            let mut put = |kind, key: String, site| keys.entry((kind, key)).or_default().push((at, site));
            asset.serial.iter().for_each(|serial| put("serial", plain(serial), site));
            asset.mac.iter().for_each(|mac| put("mac", mac.clone(), site));
            for host in &asset.host {
                put("host", host.to_lowercase(), site);
                if let Some((short, _)) = host.split_once('.') {
                    put("host", short.to_lowercase(), site);
                }
            }
            asset.ip.iter().for_each(|ip| put("ip", place(ip, asset.station.first()), site));
            for (at_site, addresses) in &asset.nat {
                addresses.iter().for_each(|ip| put("ip", place(ip, asset.station.first()), Some(at_site)));
            }
        }
        Self { keys }
    }

    /// The one declared asset that has a key, at the site if that is known.
    fn one(&self, kind: &'static str, key: String, site: Option<&str>) -> Option<usize> {
        let all = self.keys.get(&(kind, key))?;
        let here = |(_, own): &&(usize, Option<&str>)| own.is_none() || site.is_none() || *own == site;
        let mut found = all.iter().filter(here).map(|(at, _)| *at);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// The declared asset that was seen, and whether it is known by nothing but its address.
    fn find(&self, seen: &SeenAsset) -> Option<(usize, bool)> {
        let (asset, site) = (&seen.asset, seen.asset.site.as_deref());
        let by_address = || {
            asset.ip.iter().find_map(|ip| {
                let station = asset.station.first();
                // A module behind an address that is declared as one belongs to that.
                self.one("ip", place(ip, station), site).or_else(|| self.one("ip", place(ip, None), site))
            })
        };
        let sure = seen.confidence.get("serial").is_some_and(|confidence| *confidence >= CONFIDENCE_MIN);
        let by_serial = asset.serial.iter().filter(|_| sure).find_map(|serial| self.one("serial", plain(serial), site));
        let by_mac = || asset.mac.iter().find_map(|mac| self.one("mac", mac.clone(), site));
        let by_host = || asset.host.iter().find_map(|host| self.one("host", host.clone(), site));
        let by_name = by_serial.or_else(by_mac).or_else(by_host);
        by_name.map(|at| (at, false)).or_else(|| by_address().map(|at| (at, true)))
    }
}

/// Serial numbers are written with and without leading zeros, blanks and `0x`.
fn plain(serial: &str) -> String {
    let serial: String = serial.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let digits = serial.strip_prefix("0x").unwrap_or(&serial).trim_start_matches('0');
    digits.to_owned()
}

fn place(ip: &std::net::IpAddr, station: Option<&String>) -> String {
    station.map_or(ip.to_string(), |station| format!("{ip}#{station}"))
}

/// The differences of an asset from what was declared of it.
fn of_pair(tables: &Tables, plant: &Context, declared: &Asset, seen: &SeenAsset, by_place: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    let is = &seen.asset;
    let mut tell = |kind, what, was: String, now: String| {
        found.push(difference(kind, Some(declared), Some(seen), Some((what, was, now))));
    };
    let known = |ip| declared.ip.contains(ip) || declared.nat.values().any(|addresses| addresses.contains(ip));
    let new_ip: Vec<String> = is.ip.iter().filter(|ip| !known(ip)).map(ToString::to_string).collect();
    let stays = is.ip.iter().any(known);
    if !declared.ip.is_empty() && !new_ip.is_empty() && !stays {
        tell(DifferenceKind::Moved, "ip", joined(&declared.ip), new_ip.join(" "));
    }
    if let (Some(was), Some(now)) = (zone_of(plant, declared), &is.zone)
        && was != *now
    {
        tell(DifferenceKind::Moved, "zone", was, now.clone());
    }
    // A slot behind an address is not what was declared at the address.
    if is.station != declared.station && by_place {
        return found;
    }
    if by_place
        && !declared.mac.is_empty()
        && !is.mac.is_empty()
        && !is.mac.iter().any(|mac| declared.mac.contains(mac))
    {
        tell(DifferenceKind::Changed, "mac", declared.mac.join(" "), is.mac.join(" "));
    }
    let values = [
        ("serial", &declared.serial, &is.serial),
        ("vendor", &declared.vendor, &is.vendor),
        ("model", &declared.model, &is.model),
        ("firmware", &declared.firmware, &is.firmware),
        ("role", &declared.role, &is.role),
    ];
    for (what, was, now) in values {
        let (Some(was), Some(now)) = (was, now) else { continue };
        let sure = seen.confidence.get(what).is_some_and(|confidence| *confidence >= CONFIDENCE_MIN);
        if sure && !is_same(tables, what, was, now) {
            tell(DifferenceKind::Changed, what, was.clone(), now.clone());
        }
    }
    found
}

/// Whether two texts mean the same. Of a vendor, model or role one may be longer; `V2.8` is `2.8`, and a `plc` a controller.
fn is_same(tables: &Tables, what: &str, was: &str, now: &str) -> bool {
    if what == "firmware" {
        let version = |text: &str| text.trim().to_lowercase().trim_start_matches('v').trim().to_owned();
        return version(was) == version(now);
    }
    let word = |text: &str| plain(tables.name("role", text).filter(|_| what == "role").unwrap_or(text));
    let (was, now) = (word(was), word(now));
    was == now || matches!(what, "vendor" | "model" | "role") && (was.contains(&now) || now.contains(&was))
}

/// The zone of a declared asset: what it says, or the smallest network in which its first address lies.
fn zone_of(plant: &Context, asset: &Asset) -> Option<String> {
    let (site, ip) = (asset.site.as_deref(), asset.ip.first());
    let by_network = || {
        let zones =
            plant.zones().iter().filter(|zone| zone.site.is_none() || site.is_none() || zone.site.as_deref() == site);
        let networks = zones.flat_map(|zone| zone.networks.iter().map(move |network| (network, &zone.name)));
        let within = networks.filter(|(network, _)| ip.is_some_and(|ip| network.contains(ip)));
        within.max_by_key(|(network, _)| network.prefix_len()).map(|(_, name)| name.clone())
    };
    asset.zone.clone().or_else(by_network)
}

fn joined(addresses: &[std::net::IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
