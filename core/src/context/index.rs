//! Finds assets and zones by what events say of them.
//!
//! ```text
//! 10.1.7.2 seen at site north ─▶ asset plc-7 ─▶ zone cell-7          10.1.7.99 ─▶ no asset, 10.1.7.0/24 ─▶ zone cell-7
//! ```
//!
//! Every question is a look into a hash table; of networks one for each length of prefix that occurs. Equal addresses at
//! several sites are told apart by the site of the event; where that is not known, none of them is meant.

use super::flow::Gate;
use super::lens::Party;
use super::model::{Asset, Context};
use super::read::mac;
use hashbrown::HashMap;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Stands for whatever is in no zone, where a number of a zone is expected.
pub(super) const OUTSIDE: u32 = u32::MAX;
/// Stands for any zone, and for what is in none.
pub(super) const ANY: u32 = u32::MAX - 1;

/// An asset or zone, and the site at which it is known by some key; everywhere, when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) what: u32,
    pub(super) site: Option<u32>,
}

/// Tables by which assets and zones are found.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Assets by their ids.
    pub(super) ids: HashMap<String, u32>,
    pub(super) addresses: HashMap<IpAddr, Vec<Placed>>,
    pub(super) macs: HashMap<String, Vec<Placed>>,
    /// Host names in lower case, whole and without their domain.
    pub(super) hosts: HashMap<String, Vec<Placed>>,
    pub(super) sensors: HashMap<String, u32>,
    pub(super) site_names: HashMap<String, u32>,
    pub(super) networks: Networks,
    pub(super) zone_macs: HashMap<String, Vec<Placed>>,
    /// For each asset its zone, when that does not follow from its address.
    pub(super) zone_of: Vec<Option<u32>>,
    /// For each asset its site.
    pub(super) site_of: Vec<Option<u32>>,
    /// For each zone its site.
    pub(super) site_of_zone: Vec<Option<u32>>,
    /// For each zone itself and those in which it lies, from the inside.
    pub(super) lines: Vec<Vec<u32>>,
    /// Conduits by the zones that they join.
    pub(super) conduits: HashMap<(u32, u32), Vec<u32>>,
    /// For each conduit what it asks for, prepared.
    pub(super) gates: Vec<Gate>,
    /// For each site its clocks.
    pub(super) clocks: Vec<TimeZone>,
}

/// Networks by the length of their prefix, the longest first.
#[derive(Debug, Default)]
pub(super) struct Networks {
    v4: Vec<(u8, HashMap<IpNet, Vec<Placed>>)>,
    v6: Vec<(u8, HashMap<IpNet, Vec<Placed>>)>,
}

impl Networks {
    /// The zones that have exactly this network.
    pub(super) fn entry(&mut self, network: IpNet) -> &mut Vec<Placed> {
        let tables = if network.addr().is_ipv4() { &mut self.v4 } else { &mut self.v6 };
        let prefix = network.prefix_len();
        let at = match tables.binary_search_by(|(own, _)| prefix.cmp(own)) {
            Ok(at) => at,
            Err(at) => {
                tables.insert(at, (prefix, HashMap::new()));
                at
            }
        };
        // INVARIANT: the table has just been found or made.
        #[expect(clippy::indexing_slicing, reason = "just found or made")]
        tables[at].1.entry(network).or_default()
    }

    /// The zone of the smallest network in which an address lies, of those that are known at a site.
    pub(super) fn find(&self, address: IpAddr, site: Option<u32>) -> Option<u32> {
        // What never leaves a host is only in networks of such addresses.
        let least = match address {
            IpAddr::V4(v4) if v4.is_loopback() => 8,
            IpAddr::V6(v6) if v6.is_loopback() => 128,
            _ => 0,
        };
        self.around(address, least..=u8::MAX).find_map(|zones| pick(zones, site))
    }

    /// The zones of networks around an address, with prefixes of such lengths, the smallest network first.
    pub(super) fn around(&self, address: IpAddr, lengths: RangeInclusive<u8>) -> impl Iterator<Item = &[Placed]> {
        let tables = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        tables.iter().filter(move |(prefix, _)| lengths.contains(prefix)).filter_map(move |(prefix, networks)| {
            let network = IpNet::new(address, *prefix).ok()?.trunc();
            networks.get(&network).map(Vec::as_slice)
        })
    }
}

/// The one that is meant at a site: what is known there, else what is known everywhere. Without a site only what is known by
/// this key alone.
pub(super) fn pick(all: &[Placed], site: Option<u32>) -> Option<u32> {
    match site {
        Some(_) => all.iter().find(|one| one.site == site).or_else(|| all.iter().find(|one| one.site.is_none())),
        None => all.first().filter(|first| all.iter().all(|one| one.what == first.what)),
    }
    .map(|one| one.what)
}

/// What an event says of one end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Named<'e> {
    pub(super) ip: Option<IpAddr>,
    /// As the event writes it.
    pub(super) mac: Option<&'e str>,
    pub(super) host: Option<&'e str>,
    pub(super) unit: Option<&'e str>,
}

/// An end of an event, found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) asset: Option<u32>,
    pub(crate) zone: Option<u32>,
    pub(crate) site: Option<u32>,
    /// Whether the event says who it is at all, and it is neither a group of receivers nor the host itself.
    pub(crate) is_there: bool,
}

impl Context {
    /// What an address or the name of a host or asset stands for.
    pub(crate) fn party(&self, name: &str) -> Party {
        let ip = name.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        let Self { plant, here } = self;
        if let Some(asset) = plant.index.ids.get(name).filter(|_| ip.is_none()) {
            return Party { end: self.end_of(*asset), ..Party::default() };
        }
        let host = Some(name).filter(|_| ip.is_none());
        let end = plant.index.end(&plant.assets, &Named { ip, host, ..Named::default() }, *here);
        Party { ip, host: host.map(str::to_owned), end, ..Party::default() }
    }

    /// An asset as an end of events.
    pub(crate) fn end_of(&self, asset: u32) -> End {
        let index = &self.plant.index;
        let site = index.site_of.get(asset as usize).copied().flatten();
        let addresses = self.plant.assets.get(asset as usize).map_or(&[][..], |own| own.ip.as_slice());
        let zone = index.zone_of.get(asset as usize).copied().flatten();
        let zone = zone.or_else(|| addresses.iter().find_map(|address| index.networks.find(*address, site)));
        let of_zone = || *index.site_of_zone.get(zone? as usize)?;
        End { asset: Some(asset), zone, site: site.or_else(of_zone), is_there: true }
    }
}

impl Index {
    /// Finds an end.
    pub(super) fn end(&self, assets: &[Asset], named: &Named<'_>, site: Option<u32>) -> End {
        // Of an end with an address the MAC is only asked when the address is no asset's.
        let own = named.ip.and_then(|address| self.addresses.get(&address));
        let mac = named.mac.filter(|_| own.is_none()).and_then(mac);
        let mac = mac.as_deref();
        if named.ip.is_some_and(is_group) || (named.ip.is_none() && mac.is_some_and(is_group_mac)) {
            return End::default();
        }
        let is_there = named.ip.is_some() || mac.is_some() || named.host.is_some();
        let asset = match own {
            Some(all) => at_station(assets, all, named.unit, site),
            None => self.by_name(assets, named, mac, site),
        };
        let site = site.or_else(|| asset.and_then(|asset| *self.site_of.get(asset as usize)?));
        let zone = asset.and_then(|asset| *self.zone_of.get(asset as usize)?);
        let zone = zone.or_else(|| named.ip.and_then(|address| self.networks.find(address, site)));
        let own = || assets.get(asset? as usize)?.ip.iter().find_map(|address| self.networks.find(*address, site));
        let by_mac = || pick(self.zone_macs.get(mac.filter(|_| named.ip.is_none())?)?, site);
        let zone = zone.or_else(by_mac).or_else(own);
        // On loopback a host talks to itself, wherever it stands.
        if asset.is_none() && zone.is_none() && named.ip.is_some_and(|ip| ip.is_loopback()) {
            return End::default();
        }
        let of_zone = || *self.site_of_zone.get(zone? as usize)?;
        End { asset, zone, site: site.or_else(of_zone), is_there }
    }

    /// The asset that is meant where its address is nobody's: by its MAC, which may be that of a router, or its name.
    fn by_name(&self, assets: &[Asset], named: &Named<'_>, mac: Option<&str>, site: Option<u32>) -> Option<u32> {
        let by_mac = mac.and_then(|mac| pick(self.macs.get(mac)?, site));
        // Behind a router all have its MAC; an asset with addresses of its own is seen by those.
        let has_addresses = |asset: &u32| assets.get(*asset as usize).is_some_and(|asset| !asset.ip.is_empty());
        let by_mac = by_mac.filter(|asset| named.ip.is_none() || !has_addresses(asset));
        by_mac.or_else(|| self.host(named.host.filter(|_| named.ip.is_none())?, site))
    }

    fn host(&self, name: &str, site: Option<u32>) -> Option<u32> {
        let name = name.to_lowercase();
        let short = || name.split_once('.').filter(|_| name.parse::<IpAddr>().is_err()).map(|(short, _)| short);
        let found = |name: &str| pick(self.hosts.get(name)?, site);
        found(&name).or_else(|| short().and_then(found))
    }
}

/// Of the assets with one address that behind which a unit is.
fn at_station(assets: &[Asset], all: &[Placed], unit: Option<&str>, site: Option<u32>) -> Option<u32> {
    let stations = |one: &Placed| assets.get(one.what as usize).map_or(&[][..], |asset| &asset.station);
    let behind = |one: &Placed| unit.is_some_and(|unit| stations(one).iter().any(|station| station == unit));
    let of_unit: Vec<Placed> = all.iter().copied().filter(behind).collect();
    if !of_unit.is_empty() {
        return pick(&of_unit, site);
    }
    if all.iter().all(|one| stations(one).is_empty()) {
        return pick(all, site);
    }
    let whole: Vec<Placed> = all.iter().copied().filter(|one| stations(one).is_empty()).collect();
    // An asset that is alone at its address is meant by it, whatever its station.
    pick(if whole.is_empty() { all } else { &whole }, site)
}

/// Whether an address is that of many receivers, or of none.
fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_multicast() || v6.is_unspecified(),
    }
}

/// The same for a MAC: its first byte is odd, or all are zero.
fn is_group_mac(mac: &str) -> bool {
    let low = mac.get(1..2).and_then(|digit| u8::from_str_radix(digit, 16).ok()).unwrap_or(0);
    low % 2 == 1 || mac == "00:00:00:00:00:00"
}
