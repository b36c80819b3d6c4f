//! What is known of each address, MAC and host name, in bounded memory.
//!
//! ```text
//! (north, 10.1.7.2)  ─▶  serves modbus 120, model "CPU 315-2" from an SZL, linked with 00:1b:1b:..., last seen 10:02
//! ```
//!
//! An entity is one name by which something was seen; which of them are one asset is decided in `merge`.

use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

/// What is kept at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Addresses, MACs and host names.
    pub(super) entities: usize,
    /// Different things that are said of one.
    pub(super) told: usize,
    /// Peers, and other names, of one.
    pub(super) links: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entities: super::ENTITIES_MAX, told: super::TOLD_MAX, links: super::LINKS_MAX }
    }
}

/// What did not find room, or was left aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// Times that an address, MAC or host name was new when there was no room for more.
    pub assets: u64,
    /// Times that something new was said of an asset of which much is known already.
    pub signs: u64,
    /// Peers and other names beyond what is kept of one asset.
    pub links: u64,
    /// Times that an address outside of the plant was seen in traffic that is not OT; such are no assets.
    pub outside: u64,
}

/// A name by which something is seen at a site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Who {
    /// An address, and a station or slot behind it.
    Ip(IpAddr, Option<String>),
    /// Lower case with colons.
    Mac(String),
    /// Lower case.
    Host(String),
}

impl Who {
    /// The address, if it is one.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip, _) => Some(*ip),
            _ => None,
        }
    }
}

/// What was said, how often, by which field, and when.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) weight: f64,
    pub(super) field: String,
    pub(super) count: u64,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
}

impl Told {
    pub(super) fn join(&mut self, other: &Self) {
        if other.weight > self.weight || self.field.is_empty() {
            self.weight = other.weight;
            self.field.clone_from(&other.field);
        }
        self.count += other.count;
        self.first = earliest(self.first, other.first);
        self.last = self.last.max(other.last);
    }
}

pub(super) fn earliest(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    [one, other].into_iter().flatten().min()
}

/// One entity.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Entity {
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) events: u64,
    /// Whether it has sent anything, and is not only spoken to.
    pub(super) heard: bool,
    /// By what it is about (`vendor`, `serves`, `acts` ...) and the value.
    pub(super) told: BTreeMap<(String, String), Told>,
    pub(super) links: BTreeSet<u32>,
    pub(super) peers: BTreeSet<u32>,
    /// Servers that it uses.
    pub(super) reaches: BTreeSet<u32>,
}

/// All entities.
#[derive(Debug, Default)]
pub(super) struct Entities {
    pub(super) limits: Limits,
    ids: HashMap<(Option<u32>, Who), u32>,
    pub(super) names: Vec<(Option<u32>, Who)>,
    pub(super) all: Vec<Entity>,
    pub(super) given_up: GivenUp,
}

impl Entities {
    /// Entities as they were saved; `None` when nothing can have left them so.
    pub(super) fn of(names: Vec<(Option<u32>, Who)>, all: Vec<Entity>, given_up: GivenUp) -> Option<Self> {
        let limits = Limits::default();
        let is_possible = |own: &Entity| {
            let sets = [&own.links, &own.peers, &own.reaches];
            let links =
                sets.iter().all(|set| set.len() <= limits.links && set.iter().all(|id| (*id as usize) < all.len()));
            let counts = own.told.values().all(|told| told.count < 1 << 62 && told.weight.is_finite());
            links && counts && own.told.len() <= limits.told && own.events < 1 << 62
        };
        let GivenUp { assets, signs, links, outside } = given_up;
        let counts = [assets, signs, links, outside].iter().all(|count| *count < 1 << 62);
        if names.len() != all.len() || all.len() > limits.entities || !counts || !all.iter().all(is_possible) {
            return None;
        }
        let ids = names.iter().cloned().zip(0..).collect();
        Some(Self { limits, ids, names, all, given_up })
    }

    /// The entity with a name, new if there is room.
    pub(super) fn get(&mut self, site: Option<u32>, who: Who) -> Option<u32> {
        let key = (site, who);
        if let Some(id) = self.ids.get(&key) {
            return Some(*id);
        }
        if self.all.len() >= self.limits.entities {
            self.given_up.assets += 1;
            return None;
        }
        let id = self.all.len() as u32;
        self.names.push(key.clone());
        self.ids.insert(key, id);
        self.all.push(Entity::default());
        Some(id)
    }

    /// The entity with a name, if there is one.
    pub(super) fn known(&self, site: Option<u32>, who: &Who) -> Option<u32> {
        self.ids.get(&(site, who.clone())).copied()
    }

    /// It took part in an event.
    pub(super) fn seen(&mut self, id: u32, time: Option<i64>, heard: bool) {
        if let Some(entity) = self.all.get_mut(id as usize) {
            entity.events += 1;
            entity.first = earliest(entity.first, time);
            entity.last = entity.last.max(time);
            entity.heard |= heard;
        }
    }

    /// Something is said of it.
    pub(super) fn tell(&mut self, id: u32, about: &str, value: &str, field: &str, weight: f64, time: Option<i64>) {
        let Some(entity) = self.all.get_mut(id as usize) else { return };
        let room = entity.told.len() < self.limits.told;
        let told = match entity.told.entry((about.to_owned(), value.to_owned())) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) if room => entry.insert(Told::default()),
            Entry::Vacant(_) => {
                self.given_up.signs += 1;
                return;
            }
        };
        if told.count == 0 || weight > told.weight {
            told.weight = weight;
            field.clone_into(&mut told.field);
        }
        told.count += 1;
        told.first = earliest(told.first, time);
        told.last = told.last.max(time);
    }

    /// Two entities are names of one thing, or seem to be.
    pub(super) fn link(&mut self, one: u32, other: u32) {
        self.note(one, other, |entity| &mut entity.links);
        self.note(other, one, |entity| &mut entity.links);
    }

    /// Two entities speak with each other.
    pub(super) fn meet(&mut self, client: u32, server: u32) {
        self.note(client, server, |entity| &mut entity.peers);
        self.note(server, client, |entity| &mut entity.peers);
    }

    pub(super) fn reach(&mut self, client: u32, server: u32) {
        self.note(client, server, |entity| &mut entity.reaches);
    }

    fn note(&mut self, of: u32, other: u32, set: impl Fn(&mut Entity) -> &mut BTreeSet<u32>) {
        let Some(entity) = self.all.get_mut(of as usize).filter(|_| of != other) else { return };
        let set = set(entity);
        if set.len() < self.limits.links {
            set.insert(other);
        } else if !set.contains(&other) {
            self.given_up.links += 1;
        }
    }
}
