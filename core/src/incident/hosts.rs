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

/// The number of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct HostId(pub(super) u32);

/// What is known of a host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    /// The id of the asset, or else an address or a name.
    pub(super) name: String,
    pub(super) is_asset: bool,
    /// Whether it is no host but an account that sits at a console.
    pub(super) is_account: bool,
    /// Whether it is an address of no zone that may be anybody's.
    pub(super) is_outside: bool,
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
    /// Where it was seen last.
    #[serde(skip)]
    pub(super) place: Option<Place>,
    /// Different hosts that it went to, and from which others came.
    pub(super) peers_out: u32,
    pub(super) peers_in: u32,
}

/// All hosts that were seen.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    by_place: HashMap<Place, u32>,
    by_name: HashMap<String, u32>,
    known: Vec<Known>,
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
        let number = match self.by_name.get(&name) {
            Some(number) => *number,
            None if self.known.len() >= INCIDENT_HOSTS_MAX => {
                self.given_up += 1;
                return None;
            }
            None => {
                let number = self.known.len() as u32;
                self.by_name.insert(name.clone(), number);
                self.known.push(Known::default());
                number
            }
        };
        if let Some(known) = self.known.get_mut(number as usize) {
            known.learn(name, place, party.map(|party| party.end), context);
        }
        self.by_place.insert(place.clone(), number);
        Some(HostId(number))
    }

    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// A host by its name.
    pub(super) fn named(&self, name: &str) -> Option<HostId> {
        self.by_name.get(name).map(|number| HostId(*number))
    }

    /// Whoever sits at a console, by the account.
    pub(super) fn account(&mut self, account: &str, context: &Context) -> Option<HostId> {
        let host = self.at(&Place::Host(account.to_owned()), None, context)?;
        self.get_mut(host).into_iter().for_each(|known| known.is_account = true);
        Some(host)
    }

    pub(super) fn get(&self, host: HostId) -> Option<&Known> {
        self.known.get(host.0 as usize)
    }

    pub(super) fn get_mut(&mut self, host: HostId) -> Option<&mut Known> {
        self.known.get_mut(host.0 as usize)
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
        write_all(bytes, self.known.iter().map(|known| (known, known.place.as_ref().map(place))));
        let mut places: Vec<(u32, &Place)> = self.by_place.iter().map(|(place, number)| (*number, place)).collect();
        places.sort_unstable();
        write_all(bytes, places.into_iter().map(|(number, own)| (number, place(own))));
    }

    /// Reads what was written. In another plant what is known of hosts is that plant's; a host that it does not know keeps what was known.
    pub(super) fn load(bytes: &mut &[u8], context: &Context, plant: Plant) -> Result<Self, Damage> {
        let names = Names::new(context, plant);
        let mut own = Self { given_up: read(bytes)?, ..Self::default() };
        for (mut known, place) in read_all::<(Known, Option<SavedPlace>)>(bytes, INCIDENT_HOSTS_MAX)? {
            known.place = place.and_then(|place| names.place(place));
            known.asset = known.place.as_ref().and_then(Place::asset);
            own.known.push(known);
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
        if plant == Plant::MaybeOther {
            own.learn_anew(context);
        }
        own.by_name = (0..).zip(&own.known).map(|(number, known)| (known.name.clone(), number)).collect();
        let is_sound = own.by_name.len() == own.known.len() && own.given_up < COUNT_MAX;
        let is_countable = |known: &Known| known.peers_in.max(known.peers_out) < u32::MAX / 2;
        if is_sound && own.known.iter().all(is_countable) { Ok(own) } else { Err(Damage::Broken) }
    }

    /// Takes what the plant says of hosts in place of what was known, as far as it knows them.
    fn learn_anew(&mut self, context: &Context) {
        let (mut taken, mut others) = (HashSet::new(), Vec::new());
        for (number, known) in (0..).zip(&mut self.known) {
            // An account is no host, and a host that was merged with another is past.
            let is_current = |place: &Place| self.by_place.get(place) == Some(&number);
            let place = known.place.clone().filter(|place| !known.is_account && is_current(place));
            let end = place.as_ref().map(|place| place.end(context));
            match place.zip(end) {
                Some((place, end)) if end.asset.is_some() || !known.is_asset => {
                    let name = name(&place, context);
                    if taken.insert(name.clone()) {
                        known.learn(name, &place, Some(end), context);
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
    fn learn(&mut self, name: String, place: &Place, end: Option<End>, context: &Context) {
        self.name = name;
        self.place = Some(place.clone());
        let asset = match place {
            Place::Asset(asset) => context.assets().get(*asset as usize).map(|own| (*asset, own)),
            _ => None,
        };
        self.is_asset = asset.is_some();
        self.asset = asset.map(|(number, _)| number);
        let end = end.or_else(|| self.asset.map(|asset| context.end_of(asset)));
        let zone = end.and_then(|end| context.zones().get(end.zone? as usize));
        self.zone = zone.map(|zone| zone.name.clone());
        self.level = zone.and_then(|zone| zone.purdue_level).map(crate::context::Level::number);
        self.security_level = zone.and_then(|zone| zone.security_level);
        let site = end.and_then(|end| context.sites().get(end.site? as usize));
        self.site = site.map(|site| site.name.clone());
        let is_foreign = |ip: IpAddr| is_public(ip);
        self.is_outside = zone.is_none() && matches!(place, Place::Ip(ip, _) if is_foreign(*ip));
        if let Some((_, asset)) = asset {
            self.role.clone_from(&asset.role);
            self.criticality.clone_from(&asset.criticality);
            self.owner.clone_from(&asset.owner);
        }
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
