//! Who is logged on where, and from where.
//!
//! ```text
//! ews-1: [rdp as mk from jump-1 since 09:12]      10.71.8.23: [vpn as mk from 203.0.113.50 since 09:08]
//! ```
//!
//! A host is the asset it is, or else its address or name; so hosts whose names and addresses both occur in logs belong in
//! the inventory. Sessions end by a logoff, by their age, or when there are too many.

use crate::config::{SESSIONS_MAX, SESSIONS_OF_HOST_MAX};
use crate::context::{Context, End, Party};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// A host, by what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Asset(u32),
    /// An address, at a site.
    Ip(IpAddr, Option<u32>),
    Mac(String),
    /// A host name in lower case.
    Host(String),
}

impl Place {
    /// The host that an end of an event is; nothing when it is the host itself (loopback) or not told.
    pub(crate) fn of(party: &Party) -> Option<Self> {
        if let Some(asset) = party.end.asset {
            return Some(Self::Asset(asset));
        }
        if let Some(ip) = party.ip {
            let is_real = !ip.is_loopback() && !ip.is_unspecified();
            return is_real.then_some(Self::Ip(ip, party.end.site));
        }
        let host = || party.host.as_deref().filter(|host| !matches!(*host, "" | "-")).map(str::to_lowercase);
        party.mac.clone().map(Self::Mac).or_else(|| host().map(Self::Host))
    }

    /// What people call it.
    pub(crate) fn name(&self, context: &Context) -> String {
        match self {
            Self::Asset(asset) => context.assets().get(*asset as usize).map_or_else(String::new, |own| own.id.clone()),
            Self::Ip(ip, _) => ip.to_string(),
            Self::Mac(name) | Self::Host(name) => name.clone(),
        }
    }

    /// The asset that it is.
    pub(crate) fn asset(&self) -> Option<u32> {
        if let Self::Asset(asset) = self { Some(*asset) } else { None }
    }

    /// Where it stands in a plant.
    pub(crate) fn end(&self, context: &Context) -> End {
        match self {
            Self::Asset(asset) => context.end_of(*asset),
            Self::Ip(ip, site) => {
                let site = site.and_then(|site| context.sites().get(site as usize)).map(|site| site.name.as_str());
                context.end(Some(*ip), None, None, site)
            }
            Self::Mac(mac) => context.end(None, Some(mac), None, None),
            Self::Host(host) => context.end(None, None, Some(host), None),
        }
    }

    /// Its role, when it is in the inventory.
    pub(crate) fn role<'c>(&self, context: &'c Context) -> Option<&'c str> {
        match self {
            Self::Asset(asset) => context.assets().get(*asset as usize)?.role.as_deref(),
            _ => None,
        }
    }
}

/// Somebody who is logged on.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) kind: Box<str>,
    /// The account in lower case, without its domain.
    pub(crate) user: Option<Box<str>>,
    /// What holds logon and logoff together.
    pub(super) id: Option<Box<str>>,
    pub(crate) from: Option<Place>,
    /// The host; of a VPN the address it has given out, and the gateway.
    pub(super) on: Vec<Place>,
    /// When it began, in nanoseconds since 1970.
    pub(crate) begun: i64,
    /// When it was last begun or resumed.
    pub(crate) seen: i64,
    /// Whether it is locked or disconnected.
    pub(crate) is_paused: bool,
    /// Where the event of the logon stands.
    pub(crate) at: Box<str>,
}

/// All sessions, by their number and by their hosts.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: BTreeMap<u64, Session>,
    on: HashMap<Place, Vec<u64>>,
    next: u64,
    /// Sessions that were forgotten because there were too many.
    pub(super) given_up: u64,
}

impl Sessions {
    pub(super) fn get(&self, number: u64) -> Option<&Session> {
        self.all.get(&number)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All sessions with their numbers, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Session)> {
        self.all.iter().map(|(number, session)| (*number, session))
    }

    /// Sessions on a host, the oldest first.
    pub(crate) fn on(&self, place: &Place) -> impl DoubleEndedIterator<Item = (u64, &Session)> {
        let numbers = self.on.get(place).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|number| Some((*number, self.all.get(number)?)))
    }

    /// The session that was added last.
    pub(crate) fn newest(&self) -> Option<&Session> {
        self.all.last_key_value().map(|(_, session)| session)
    }

    pub(super) fn add(&mut self, session: Session) {
        for place in &session.on {
            let oldest = self.on.get(place).filter(|on| on.len() >= SESSIONS_OF_HOST_MAX).and_then(|on| on.first());
            if let Some(oldest) = oldest.copied() {
                self.remove(oldest);
                self.given_up += 1;
            }
        }
        if self.all.len() >= SESSIONS_MAX
            && let Some(oldest) = self.all.keys().next().copied()
        {
            self.remove(oldest);
            self.given_up += 1;
        }
        for place in &session.on {
            self.on.entry(place.clone()).or_default().push(self.next);
        }
        self.all.insert(self.next, session);
        self.next += 1;
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Session> {
        let session = self.all.remove(&number)?;
        for place in &session.on {
            if let Some(on) = self.on.get_mut(place) {
                on.retain(|own| *own != number);
                if on.is_empty() {
                    self.on.remove(place);
                }
            }
        }
        Some(session)
    }

    pub(super) fn pause(&mut self, number: u64) {
        self.all.get_mut(&number).into_iter().for_each(|session| session.is_paused = true);
    }

    /// Forgets those that are older than they may become.
    pub(super) fn expire(&mut self, now: i64, life: i64) {
        while let Some((number, session)) = self.all.first_key_value()
            && session.seen.saturating_add(life) <= now
        {
            let number = *number;
            self.remove(number);
        }
    }
}
