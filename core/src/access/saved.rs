//! The state of a watch as bytes, and back, also over another plant.
//!
//! ```text
//! "TLTRUST\0" │ format (u32) │ checksum (u64) │ times, counts │ session │ .. │ what waits │ ..
//! ```
//!
//! Hosts are saved by what is known of them, so they are found again when the inventory has changed: an asset that it does not hold any more
//! goes on under its first address, MAC or name, and an address that has become an asset's is that asset. What conduits said of an
//! operation that waits stays as it was.

use super::sessions::{Place, Session, Sessions};
use super::watch::{Act, Entry, Logon, TrustStats, Turn, Watch, What};
use crate::config::{SESSIONS_MAX, TRUST_HELD_MAX};
use crate::context::{Context, End, reasons};
use crate::seal::{Damage, Seal, read, write};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;

const SEAL: Seal = Seal { magic: b"TLTRUST\0", format: 2 };

/// Hosts of one session: that of a VPN has an address and a gateway.
const PLACES_MAX: usize = 2;

/// What comes first.
#[derive(Serialize, Deserialize)]
struct Head {
    latest: Option<i64>,
    taken: i64,
    stats: TrustStats,
    sessions: u64,
    held: u64,
}

/// Whether saved state goes on in the plant in which it was saved: then every host is what it was, and none is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    Same,
    MaybeOther,
}

/// A host, as it is saved.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedPlace {
    asset: Option<String>,
    ip: Option<IpAddr>,
    mac: Option<String>,
    host: Option<String>,
    site: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SavedSession {
    kind: Box<str>,
    user: Option<Box<str>>,
    id: Option<Box<str>>,
    from: Option<SavedPlace>,
    on: Vec<SavedPlace>,
    begun: i64,
    seen: i64,
    is_paused: bool,
    at: Box<str>,
}

#[derive(Serialize, Deserialize)]
struct SavedEntry {
    time: i64,
    at: Box<str>,
    what: SavedWhat,
}

/// Something that waits, as it is saved.
#[derive(Serialize, Deserialize)]
pub(crate) enum SavedWhat {
    Logon {
        turn: Turn,
        kind: Box<str>,
        user: Option<String>,
        id: Option<Box<str>>,
        from: Option<SavedPlace>,
        on: Option<SavedPlace>,
        host: Option<SavedPlace>,
    },
    Act {
        operation: Box<str>,
        protocol: Option<Box<str>>,
        from: Option<SavedPlace>,
        to: Option<SavedPlace>,
        zone: Option<String>,
        conduit: Option<String>,
        denied: Vec<String>,
    },
}

impl SavedPlace {
    pub(crate) fn of(place: &Place, context: &Context) -> Self {
        let none = Self { asset: None, ip: None, mac: None, host: None, site: None };
        match place {
            Place::Asset(asset) => context.assets().get(*asset as usize).map_or(none, |own| Self {
                asset: Some(own.id.clone()),
                ip: own.ip.first().copied(),
                mac: own.mac.first().cloned(),
                host: own.host.first().map(|host| host.to_lowercase()),
                site: own.site.clone(),
            }),
            Place::Ip(ip, site) => {
                let site = site.and_then(|site| context.sites().get(site as usize)).map(|site| site.name.clone());
                Self { ip: Some(*ip), site, ..none }
            }
            Place::Mac(mac) => Self { mac: Some(mac.clone()), ..none },
            Place::Host(host) => Self { host: Some(host.clone()), ..none },
        }
    }

    /// Whether it was an asset.
    pub(crate) fn is_asset(&self) -> bool {
        self.asset.is_some()
    }

    fn maybe(place: Option<&Place>, context: &Context) -> Option<Self> {
        place.map(|own| Self::of(own, context))
    }
}

/// What saved names mean in a plant.
pub(crate) struct Names<'c> {
    context: &'c Context,
    plant: Plant,
    assets: HashMap<&'c str, u32>,
}

impl<'c> Names<'c> {
    pub(crate) fn new(context: &'c Context, plant: Plant) -> Self {
        let assets = (0..).zip(context.assets()).map(|(number, asset)| (asset.id.as_str(), number)).collect();
        Self { context, plant, assets }
    }

    pub(crate) fn place(&self, saved: SavedPlace) -> Option<Place> {
        if let Some(asset) = saved.asset.and_then(|id| self.assets.get(id.as_str())) {
            return Some(Place::Asset(*asset));
        }
        let (mac, host) = (saved.mac.as_deref(), saved.host.as_deref());
        let end = match self.plant {
            Plant::Same => {
                let named = |name: &str| self.context.sites().iter().position(|site| site.name == name);
                let site = saved.site.as_deref().and_then(named).and_then(|site| u32::try_from(site).ok());
                End { site, ..End::default() }
            }
            Plant::MaybeOther => self.context.end(saved.ip, mac, host, saved.site.as_deref()),
        };
        let name = || saved.ip.map(|ip| Place::Ip(ip, end.site)).or(saved.mac.map(Place::Mac));
        end.asset.map(Place::Asset).or_else(name).or(saved.host.map(Place::Host))
    }

    fn maybe(&self, saved: Option<SavedPlace>) -> Option<Place> {
        saved.and_then(|own| self.place(own))
    }

    fn session(&self, saved: SavedSession) -> Result<Session, Damage> {
        if saved.on.len() > PLACES_MAX {
            return Err(Damage::Broken);
        }
        let mut on: Vec<Place> = saved.on.into_iter().filter_map(|place| self.place(place)).collect();
        on.dedup();
        let SavedSession { kind, user, id, begun, seen, is_paused, at, .. } = saved;
        Ok(Session { kind, user, id, from: self.maybe(saved.from), on, begun, seen, is_paused, at })
    }

    pub(crate) fn what(&self, saved: SavedWhat) -> Result<What, Damage> {
        Ok(match saved {
            SavedWhat::Logon { turn, kind, user, id, from, on, host } => What::Logon(Logon {
                turn,
                kind,
                user,
                id,
                from: self.maybe(from),
                on: self.maybe(on),
                host: self.maybe(host),
            }),
            SavedWhat::Act { operation, protocol, from, to, zone, conduit, denied } => {
                let at = |found: Option<usize>| found.and_then(|at| u32::try_from(at).ok());
                let zone = zone.and_then(|name| at(self.context.zones().iter().position(|own| own.name == name)));
                let conduit =
                    conduit.and_then(|name| at(self.context.conduits().iter().position(|own| own.name == name)));
                let known = |name: String| reasons(u8::MAX).find(|own| *own == name).ok_or(Damage::Broken);
                let denied = denied.into_iter().map(known).collect::<Result<_, _>>()?;
                let (from, to) = (self.maybe(from), self.maybe(to));
                What::Act(Act { operation, protocol, from, to, zone, conduit, denied })
            }
        })
    }
}

impl Watch {
    /// All state as bytes. Judgements that were not taken are not in it.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Seal::begin();
        let head = Head {
            latest: self.latest,
            taken: self.taken,
            stats: self.stats(),
            sessions: self.sessions.iter().count() as u64,
            held: self.held.len() as u64,
        };
        write(&mut bytes, &head);
        let context = self.context();
        for (_, own) in self.sessions.iter() {
            let Session { kind, user, id, from, on, begun, seen, is_paused, at } = own.clone();
            let from = SavedPlace::maybe(from.as_ref(), context);
            let on = on.iter().map(|place| SavedPlace::of(place, context)).collect();
            write(&mut bytes, &SavedSession { kind, user, id, from, on, begun, seen, is_paused, at });
        }
        for ((time, _, _), entry) in &self.held {
            let what = SavedWhat::of(&entry.what, context);
            write(&mut bytes, &SavedEntry { time: *time, at: entry.at.clone(), what });
        }
        SEAL.close(&mut bytes);
        bytes
    }

    /// Takes over saved state in place of its own. Nothing changes when the bytes cannot be read.
    pub(crate) fn restore(&mut self, bytes: &[u8], plant: Plant) -> Result<(), Damage> {
        let mut bytes = SEAL.open(bytes)?;
        let head: Head = read(&mut bytes)?;
        if head.sessions > SESSIONS_MAX as u64 || head.held > TRUST_HELD_MAX as u64 || !head.stats.is_possible() {
            return Err(Damage::Broken);
        }
        let mut new = Self::new(self.context(), self.lateness);
        let names = Names::new(&self.context, plant);
        let mut sessions = Sessions::default();
        for _ in 0..head.sessions {
            sessions.add(names.session(read(&mut bytes)?)?);
        }
        for _ in 0..head.held {
            let SavedEntry { time, at, what } = read(&mut bytes)?;
            new.hold(time, Entry { time: Some(time), at, what: names.what(what)? });
        }
        if !bytes.is_empty() {
            return Err(Damage::Broken);
        }
        sessions.given_up = head.stats.sessions_given_up;
        (new.sessions, new.stats, new.latest, new.taken) = (sessions, head.stats, head.latest, head.taken);
        new.judged = std::mem::take(&mut self.judged);
        *self = new;
        Ok(())
    }

    /// Goes on over another plant.
    pub(crate) fn reload(&mut self, context: &Context, plant: Plant) {
        let mut new = Self::new(context, self.lateness);
        let restored = new.restore(&self.snapshot(), plant);
        debug_assert!(restored.is_ok(), "what was just written can be read");
        new.judged = std::mem::take(&mut self.judged);
        *self = new;
    }
}

impl SavedWhat {
    fn of(what: &What, context: &Context) -> Self {
        match what {
            What::Logon(own) => Self::logon(own, context),
            What::Act(own) => Self::act(own, context),
        }
    }

    pub(crate) fn logon(own: &Logon, context: &Context) -> Self {
        let maybe = |place: &Option<Place>| SavedPlace::maybe(place.as_ref(), context);
        Self::Logon {
            turn: own.turn,
            kind: own.kind.clone(),
            user: own.user.clone(),
            id: own.id.clone(),
            from: maybe(&own.from),
            on: maybe(&own.on),
            host: maybe(&own.host),
        }
    }

    pub(crate) fn act(own: &Act, context: &Context) -> Self {
        let maybe = |place: &Option<Place>| SavedPlace::maybe(place.as_ref(), context);
        let zone = own.zone.and_then(|zone| context.zones().get(zone as usize));
        let conduit = own.conduit.and_then(|conduit| context.conduits().get(conduit as usize));
        Self::Act {
            operation: own.operation.clone(),
            protocol: own.protocol.clone(),
            from: maybe(&own.from),
            to: maybe(&own.to),
            zone: zone.map(|zone| zone.name.clone()),
            conduit: conduit.map(|conduit| conduit.name.clone()),
            denied: own.denied.iter().map(|reason| (*reason).to_owned()).collect(),
        }
    }
}
