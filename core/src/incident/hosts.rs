//! Hosts by number, and what is known of them.
//!
//! ```text
//! ews-1 ─▶ 4: zone operations, level 3, role engineering_workstation
//! ```
//!
//! A host is the asset that it is, or else its address or name. What is known stays, also when the plant is exchanged.

use crate::access::Place;
use crate::config::INCIDENT_HOSTS_MAX;
use crate::context::{Context, Party};
use hashbrown::HashMap;
use std::net::IpAddr;

/// The number of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HostId(pub(super) u32);

/// What is known of a host.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    /// The id of the asset, or else an address or a name.
    pub(super) name: String,
    pub(super) is_asset: bool,
    /// Whether it is no host but an account that sits at a console.
    pub(super) is_account: bool,
    /// Whether it is an address of no zone that may be anybody's.
    pub(super) is_outside: bool,
    pub(super) asset: Option<u32>,
    pub(super) site: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) level: Option<f64>,
    pub(super) security_level: Option<u8>,
    pub(super) role: Option<String>,
    pub(super) criticality: Option<String>,
    pub(super) owner: Option<String>,
    /// Where it was seen last.
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
        let name = match place {
            Place::Ip(ip, Some(site)) if !is_public(*ip) => match context.sites().get(*site as usize) {
                Some(site) if context.sites().len() > 1 => format!("{}:{ip}", site.name),
                _ => ip.to_string(),
            },
            _ => place.name(context),
        };
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
            known.learn(name, place, party, context);
        }
        self.by_place.insert(place.clone(), number);
        Some(HostId(number))
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

impl Known {
    fn learn(&mut self, name: String, place: &Place, party: Option<&Party>, context: &Context) {
        self.name = name;
        self.place = Some(place.clone());
        let asset = match place {
            Place::Asset(asset) => context.assets().get(*asset as usize).map(|own| (*asset, own)),
            _ => None,
        };
        self.is_asset = asset.is_some();
        self.asset = asset.map(|(number, _)| number);
        let end = party.map(|party| party.end).or_else(|| self.asset.map(|asset| context.end_of(asset)));
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
