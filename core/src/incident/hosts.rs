//! Hosts by number, and what is known of them.
//!
//! ```text
//! ews-1 ─▶ 4: zone operations, level 3, role engineering_workstation
//! ```
//!
//! A host is the asset that it is, or else its address or name. What is known stays, also when the plant is exchanged.

use super::COUNT_MAX;
use crate::access::{Names, Place, Plant, SavedPlace};
use crate::config::INCIDENT_HOSTS_MAX;
use crate::context::{Context, End, Party};
use crate::seal::{Damage, read, read_all, write, write_all};
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Addresses that are learned of one host.
const PLACES_MAX: usize = 64;

/// The number of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct HostId(pub(super) u32);

/// Roles of hosts to which many come, and of those that go to many, whatever was seen of them.
// Mail and files that servers hand on may be how an attack goes on, so these have to be seen as hubs first.
const SERVES_MANY: &[&str] =
    &["domain_controller", "dns_server", "time_server", "ntp_server", "dhcp_server", "radius_server", "log_server"];
const GOES_TO_MANY: &[&str] = &["vulnerability_scanner", "scanner", "monitoring_server", "backup_server"];

/// What is known of a host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    /// The id of the asset, or else an address or a name.
    pub(super) name: String,
    pub(super) is_asset: bool,
    /// Whether it is no host but an account that sits at a console.
    pub(super) is_account: bool,
    /// Saved by the place.
    #[serde(skip)]
    pub(super) asset: Option<u32>,
    pub(super) site: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) level: Option<f64>,
    pub(super) security_level: Option<u8>,
    pub(super) role: Option<String>,
    pub(super) criticality: Option<String>,
    pub(super) owner: Option<String>,
    /// What it was known by first, or what tells more.
    #[serde(skip)]
    pub(super) place: Option<Place>,
    /// All that events call it.
    #[serde(skip)]
    places: Vec<Place>,
}

/// With how many others a host deals. PERF: asked of several hosts for each finding, so all of these lie close together.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Peers {
    /// Different hosts that it went to, and that came to it.
    pub(super) outwards: u32,
    pub(super) inwards: u32,
    /// Whether its role says that it goes to many, and that many come to it.
    goes_to_many: bool,
    serves_many: bool,
    /// Whether it is an address of no zone that may be anybody's.
    pub(super) is_outside: bool,
}

impl Peers {
    /// Whether the host goes to more others than so many (`outwards`), or they come to it, or its role says so.
    pub(super) fn is_hub(self, outwards: bool, most: u32) -> bool {
        let (peers, says) =
            if outwards { (self.outwards, self.goes_to_many) } else { (self.inwards, self.serves_many) };
        says || peers > most
    }
}

/// All hosts that were seen.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    by_place: HashMap<Place, u32>,
    by_name: HashMap<String, u32>,
    /// Hosts by the first part of their names; none when there are several of the same.
    by_label: HashMap<String, Option<u32>>,
    known: Vec<Known>,
    peers: Vec<Peers>,
    /// Hosts for which there was no room.
    pub(super) given_up: u64,
}

impl Hosts {
    /// The host at an end of an event; none when the event does not tell, or names the machine itself.
    pub(super) fn of(&mut self, party: &Party, context: &Context) -> Option<HostId> {
        let place = Place::of(party)?;
        self.at(&place, Some(party), context)
    }

    /// The host at a place.
    pub(super) fn at(&mut self, place: &Place, party: Option<&Party>, context: &Context) -> Option<HostId> {
        if let Some(known) = self.by_place.get(place) {
            return Some(HostId(*known));
        }
        let name = name(place, context);
        let number = match self.by_name.get(&name).copied().or_else(|| self.alike(place)) {
            Some(number) => number,
            None if self.known.len() >= INCIDENT_HOSTS_MAX => {
                self.given_up += 1;
                return None;
            }
            None => {
                let number = self.known.len() as u32;
                self.by_name.insert(name.clone(), number);
                self.known.push(Known::default());
                self.peers.push(Peers::default());
                number
            }
        };
        let own = self.known.get_mut(number as usize).zip(self.peers.get_mut(number as usize));
        if let Some((known, peers)) = own {
            known.learn(name, place, party.map(|party| party.end), context, peers);
        }
        self.by_place.insert(place.clone(), number);
        Some(HostId(number))
    }

    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// The host that is known by its whole name, when this is only the first part of it, or the other way round. When several have the
    /// same first part, it is nobody's.
    fn alike(&mut self, place: &Place) -> Option<u32> {
        let Place::Host(name) = place else { return None };
        let (label, is_whole) = name.split_once('.').map_or((name.as_str(), false), |(label, _)| (label, true));
        if self.known.len() >= INCIDENT_HOSTS_MAX {
            return None;
        }
        let next = self.known.len() as u32;
        let Some(one) = self.by_label.get_mut(label) else {
            self.by_label.insert(label.to_owned(), Some(next));
            return None;
        };
        let number = (*one)?;
        let known = self.known.get(number as usize)?;
        let names = known.places.iter().filter_map(|place| match place {
            Place::Host(name) => Some(name.as_str()),
            _ => None,
        });
        let has_whole = names.clone().any(|name| name.contains('.'));
        if is_whole && has_whole {
            *one = None;
            // From now on the short name may mean either.
            let short = Place::Host(label.to_owned());
            self.by_name.remove(label);
            if let Some(known) = self.by_place.remove(&short).and_then(|own| self.known.get_mut(own as usize)) {
                known.places.retain(|place| *place != short);
            }
            return None;
        }
        (is_whole != has_whole).then_some(number)
    }

    /// An address turns out to be one of a host, from now on.
    pub(super) fn introduce(&mut self, host: &Party, own: &Party, context: &Context) {
        let end = own.end;
        let (Some(host), Some(own)) = (Place::of(host), Place::of(own)) else { return };
        let (host, other) = match (&host, &own) {
            (_, Place::Ip(ip, _)) if !ip.is_multicast() => (host, own),
            (Place::Host(_), Place::Asset(_)) => (own, host),
            _ => return,
        };
        let Some(HostId(number)) = self.at(&host, None, context) else { return };
        if self.by_place.get(&other) == Some(&number) || self.by_place.len() >= 2 * INCIDENT_HOSTS_MAX {
            return;
        }
        if let Some(known) = self.known.get_mut(number as usize) {
            if known.places.len() >= PLACES_MAX {
                return;
            }
            known.is_at(&other);
            if known.zone.is_none() {
                known.is_in(Some(end), context);
            }
        }
        let before = self.by_place.insert(other.clone(), number);
        if let Some(known) = before.and_then(|before| self.known.get_mut(before as usize)) {
            known.places.retain(|place| *place != other);
        }
    }

    /// What events call a host.
    pub(super) fn places(&self, host: Option<HostId>) -> &[Place] {
        host.and_then(|host| self.get(host)).map_or(&[], |known| &known.places)
    }

    /// What events call the host at a place.
    pub(super) fn places_of(&self, place: &Place) -> Option<&[Place]> {
        self.by_place.get(place).map(|host| self.places(Some(HostId(*host))))
    }

    /// A host by its name.
    pub(super) fn named(&self, name: &str) -> Option<HostId> {
        let ip = name.parse().ok().map(|ip| Place::Ip(ip, None));
        let own = ip.and_then(|place| self.by_place.get(&place)).or_else(|| self.by_name.get(name));
        own.map(|number| HostId(*number))
    }

    /// Whoever sits at a console, by the account.
    pub(super) fn account(&mut self, account: &str, context: &Context) -> Option<HostId> {
        // No name of a host is like it.
        let host = self.at(&Place::Mac(account.to_owned()), None, context)?;
        self.get_mut(host).into_iter().for_each(|known| known.is_account = true);
        Some(host)
    }

    pub(super) fn get(&self, host: HostId) -> Option<&Known> {
        self.known.get(host.0 as usize)
    }

    pub(super) fn get_mut(&mut self, host: HostId) -> Option<&mut Known> {
        self.known.get_mut(host.0 as usize)
    }

    pub(super) fn peers(&self, host: HostId) -> Peers {
        self.peers.get(host.0 as usize).copied().unwrap_or_default()
    }

    pub(super) fn peers_mut(&mut self, host: HostId) -> Option<&mut Peers> {
        self.peers.get_mut(host.0 as usize)
    }

    pub(super) fn name(&self, host: HostId) -> &str {
        self.get(host).map_or("", |known| known.name.as_str())
    }
}

/// Saved state: hosts keep their numbers, and are known again by what they are called.
impl Hosts {
    /// Writes all behind what is there.
    pub(super) fn save(&self, bytes: &mut Vec<u8>, context: &Context) {
        write(bytes, &self.given_up);
        let place = |place: &Place| SavedPlace::of(place, context);
        let places = |known: &Known| known.places.iter().map(place).collect::<Vec<_>>();
        let known = self.known.iter().zip(&self.peers);
        write_all(bytes, known.map(|(known, peers)| (known, peers, known.place.as_ref().map(place), places(known))));
        let mut places: Vec<(u32, &Place)> = self.by_place.iter().map(|(place, number)| (*number, place)).collect();
        places.sort_unstable();
        write_all(bytes, places.into_iter().map(|(number, own)| (number, place(own))));
        let mut by_name: Vec<_> = self.by_name.iter().collect();
        by_name.sort_unstable();
        write_all(bytes, by_name.into_iter());
        let mut by_label: Vec<_> = self.by_label.iter().collect();
        by_label.sort_unstable();
        write_all(bytes, by_label.into_iter());
    }

    /// Reads what was written. In another plant what is known of hosts is that plant's; a host that it does not know keeps what was known.
    pub(super) fn load(bytes: &mut &[u8], context: &Context, plant: Plant) -> Result<Self, Damage> {
        let names = Names::new(context, plant);
        let mut own = Self { given_up: read(bytes)?, ..Self::default() };
        type Saved = (Known, Peers, Option<SavedPlace>, Vec<SavedPlace>);
        for (mut known, peers, place, places) in read_all::<Saved>(bytes, INCIDENT_HOSTS_MAX)? {
            known.places = places.into_iter().filter_map(|place| names.place(place)).collect();
            known.place = place.and_then(|place| names.place(place));
            known.asset = known.place.as_ref().and_then(Place::asset);
            own.known.push(known);
            own.peers.push(peers);
        }
        let mut places = Vec::new();
        for (number, saved) in read_all::<(u32, SavedPlace)>(bytes, usize::MAX)? {
            let known = own.known.get(number as usize).ok_or(Damage::Broken)?;
            let was_asset = saved.is_asset();
            if let Some(place) = names.place(saved) {
                // Where two hosts have become one, it is the one that has its name, else the one that was an asset.
                places.push((known.name != name(&place, context), !was_asset, number, place));
            }
        }
        places.sort_unstable();
        for (_, _, number, place) in places {
            own.by_place.entry(place).or_insert(number);
        }
        own.by_name = read_all(bytes, usize::MAX)?.into_iter().collect();
        own.by_label = read_all(bytes, usize::MAX)?.into_iter().collect();
        if plant == Plant::MaybeOther {
            own.learn_anew(context);
            own.places_anew();
            own.by_name = (0..).zip(&own.known).map(|(number, known)| (known.name.clone(), number)).collect();
        }
        let mut numbers = own.by_name.values().copied().chain(own.by_label.values().filter_map(|label| *label));
        let is_sound = own.given_up < COUNT_MAX && numbers.all(|number| (number as usize) < own.known.len());
        let is_countable = |peers: &Peers| peers.inwards.max(peers.outwards) < u32::MAX / 2;
        if is_sound && own.peers.iter().all(is_countable) { Ok(own) } else { Err(Damage::Broken) }
    }

    /// Finds out again what events call each host, and which hosts are called by the first part of their names.
    fn places_anew(&mut self) {
        self.by_label.clear();
        self.known.iter_mut().for_each(|known| known.places.clear());
        let mut places: Vec<(&Place, u32)> = self.by_place.iter().map(|(place, number)| (place, *number)).collect();
        places.sort_unstable();
        for (place, number) in places {
            if let Some(known) = self.known.get_mut(number as usize) {
                known.is_at(place);
            }
            let Place::Host(name) = place else { continue };
            let label = name.split('.').next().unwrap_or_default();
            // What is short comes before what is whole.
            let one = self.by_label.entry(label.to_owned()).or_insert(Some(number));
            if *one != Some(number) {
                *one = None;
            }
        }
    }

    /// Takes what the plant says of hosts in place of what was known, as far as it knows them.
    fn learn_anew(&mut self, context: &Context) {
        let (mut taken, mut others) = (HashSet::new(), Vec::new());
        for ((number, known), peers) in (0..).zip(&mut self.known).zip(&mut self.peers) {
            // An account is no host, and a host that was merged with another is past.
            let is_current = |place: &Place| self.by_place.get(place) == Some(&number);
            let place = known.place.clone().filter(|place| !known.is_account && is_current(place));
            let end = place.as_ref().map(|place| place.end(context));
            match place.zip(end) {
                Some((place, end)) if end.asset.is_some() || !known.is_asset => {
                    let name = name(&place, context);
                    if taken.insert(name.clone()) {
                        known.learn(name, &place, Some(end), context, peers);
                        continue;
                    }
                }
                _ => {}
            }
            others.push(known);
        }
        for known in others {
            while !taken.insert(known.name.clone()) {
                known.name.push_str(" (before)");
            }
        }
    }
}

impl Known {
    /// Takes note of what events call it.
    fn is_at(&mut self, place: &Place) {
        if !self.places.contains(place) {
            self.places.push(place.clone());
        }
    }

    fn learn(&mut self, name: String, place: &Place, end: Option<End>, context: &Context, peers: &mut Peers) {
        self.is_at(place);
        // The whole name says more than the first part of it.
        if self.name.split_once('.').is_some_and(|(label, _)| label == name)
            && matches!(self.place, Some(Place::Host(_)))
        {
            return;
        }
        self.name = name;
        self.place = Some(place.clone());
        let asset = match place {
            Place::Asset(asset) => context.assets().get(*asset as usize).map(|own| (*asset, own)),
            _ => None,
        };
        self.is_asset = asset.is_some();
        self.asset = asset.map(|(number, _)| number);
        let end = end.or_else(|| self.asset.map(|asset| context.end_of(asset)));
        self.is_in(end, context);
        let is_foreign = |ip: IpAddr| is_public(ip);
        peers.is_outside = self.zone.is_none() && matches!(place, Place::Ip(ip, _) if is_foreign(*ip));
        if let Some((_, asset)) = asset {
            self.role.clone_from(&asset.role);
            self.criticality.clone_from(&asset.criticality);
            self.owner.clone_from(&asset.owner);
        }
        let is_one_of = |roles: &[&str]| self.role.as_deref().is_some_and(|role| roles.contains(&role));
        (peers.goes_to_many, peers.serves_many) = (is_one_of(GOES_TO_MANY), is_one_of(SERVES_MANY));
    }

    fn is_in(&mut self, end: Option<End>, context: &Context) {
        let zone = end.and_then(|end| context.zones().get(end.zone? as usize));
        self.zone = zone.map(|zone| zone.name.clone());
        self.level = zone.and_then(|zone| zone.purdue_level).map(crate::context::Level::number);
        self.security_level = zone.and_then(|zone| zone.security_level);
        let site = end.and_then(|end| context.sites().get(end.site? as usize));
        self.site = site.map(|site| site.name.clone());
    }
}

/// What a host is called in a plant.
fn name(place: &Place, context: &Context) -> String {
    match place {
        Place::Ip(ip, Some(site)) if !is_public(*ip) => match context.sites().get(*site as usize) {
            Some(site) if context.sites().len() > 1 => format!("{}:{ip}", site.name),
            _ => ip.to_string(),
        },
        _ => place.name(context),
    }
}

/// Whether an address is one that the Internet knows, or one of those kept for documents, by which examples mean such.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_broadcast())
        }
        IpAddr::V6(ip) => {
            !(ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local() || ip.is_multicast())
        }
    }
}
