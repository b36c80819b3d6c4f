//! What hosts did with hosts over time, made short.
//!
//! ```text
//! jump-1 ─rdp as anna─▶ ews-1   09:12-09:40 (3 times, security.ndjson:18 .. :91), 14:02 (once)
//! ```
//!
//! Contacts of one kind that lie close together are one span. Spans carry where their first and last events stand, so every hop of a way can be
//! looked up. When there are too many, those of hosts without incidents that were not renewed for longest are forgotten.

use super::hosts::HostId;
use super::{Bytes, COUNT_MAX};
use crate::seal::{Damage, read, read_all, write, write_all};
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Contacts that follow each other within this time, in nanoseconds, are one span.
const NEAR: i64 = 600_000_000_000;

/// How one host dealt with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ContactKind {
    /// Somebody was let in: VPN, console, RDP, SSH, or over the network.
    Logon,
    /// A connection to a service by which machines are used from afar.
    Remote,
    /// An operation on a device.
    Operation,
    /// Any other flow.
    Flow,
}

/// One host dealt with another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) from: HostId,
    pub(crate) to: HostId,
    pub(crate) kind: ContactKind,
    /// The kind of logon, the operation class, or the protocol.
    pub(crate) what: Box<str>,
    pub(crate) account: Option<Box<str>>,
    pub(crate) conduit: Option<Box<str>>,
    pub(crate) is_denied: bool,
}

impl Contact {
    /// What is the same in all contacts of a kind; the conduit and the verdict on the first count for all.
    fn key(&self) -> u64 {
        let mut bytes = Bytes::from_slice(&self.from.0.to_le_bytes());
        bytes.extend_from_slice(&self.to.0.to_le_bytes());
        bytes.extend_from_slice(&[self.kind as u8, u8::from(self.account.is_some())]);
        bytes.extend_from_slice(&(self.what.len() as u64).to_le_bytes());
        bytes.extend_from_slice(self.what.as_bytes());
        bytes.extend_from_slice(self.account.as_deref().unwrap_or_default().as_bytes());
        xxh3_64(&bytes)
    }
}

/// The number of a span's contact among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ContactId(pub(super) u32);

/// Contacts of one kind that lie close together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u64,
    pub(super) at_first: Box<str>,
    pub(super) at_last: Box<str>,
}

/// All spans of one kind of contact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) contact: Contact,
    pub(super) spans: Vec<Span>,
}

#[derive(Debug, Default)]
pub(super) struct Contacts {
    all: Vec<Kept>,
    /// By a hash of all but the times.
    by_what: HashMap<u64, u32>,
    /// When one host dealt with another first.
    pairs: HashMap<(HostId, HostId), i64>,
    leading_to: HashMap<HostId, Vec<u32>>,
    out_of: HashMap<HostId, Vec<u32>>,
    spans: usize,
    max: usize,
    /// Spans that were forgotten.
    pub(super) given_up: u64,
}

/// Whether a contact is the first between two hosts.
pub(super) enum Added {
    NewPair,
    Known,
}

impl Contacts {
    pub(super) fn new(max: usize) -> Self {
        Self { max, ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn is_bounded(&self) -> bool {
        self.spans <= self.max
            && self.all.iter().map(|kept| kept.spans.len()).sum::<usize>() == self.spans
            && self.pairs.len() <= self.pairs_max()
    }

    /// Forgets the oldest quarter of all spans.
    fn make_room(&mut self) {
        let mut times: Vec<i64> = self.all.iter().flat_map(|kept| &kept.spans).map(|span| span.last).collect();
        let at = times.len() / 4;
        if at >= times.len() {
            return;
        }
        let (_, cut, _) = times.select_nth_unstable(at);
        let (cut, mut all) = (*cut, std::mem::take(&mut self.all));
        for kept in &mut all {
            kept.spans.retain(|span| span.last > cut);
        }
        all.retain(|kept| !kept.spans.is_empty());
        let spans: usize = all.iter().map(|kept| kept.spans.len()).sum();
        self.given_up += self.spans.saturating_sub(spans) as u64;
        let pairs = std::mem::take(&mut self.pairs);
        *self = Self { pairs, given_up: self.given_up, max: self.max, ..Self::default() };
        all.into_iter().for_each(|kept| self.put(kept));
    }

    fn put(&mut self, kept: Kept) {
        let number = self.all.len() as u32;
        self.spans += kept.spans.len();
        self.out_of.entry(kept.contact.from).or_default().push(number);
        self.leading_to.entry(kept.contact.to).or_default().push(number);
        self.by_what.insert(kept.contact.key(), number);
        self.all.push(kept);
    }

    /// Writes all behind what is there.
    pub(super) fn save(&self, bytes: &mut Vec<u8>) {
        write(bytes, &self.given_up);
        write_all(bytes, self.all.iter());
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort_unstable();
        write_all(bytes, pairs.into_iter());
    }

    /// Reads all into a new one. `is_host` says whether there is a host of a number.
    pub(super) fn load(&mut self, bytes: &mut &[u8], is_host: impl Fn(HostId) -> bool) -> Result<(), Damage> {
        self.given_up = read(bytes)?;
        for kept in read_all::<Kept>(bytes, usize::MAX)? {
            let is_sound = kept.spans.iter().all(|span| span.first <= span.last && span.count < COUNT_MAX);
            let Contact { from, to, .. } = kept.contact;
            if kept.spans.is_empty() || !is_sound || !is_host(from) || !is_host(to) {
                return Err(Damage::Broken);
            }
            self.put(kept);
        }
        self.pairs = read_all(bytes, usize::MAX)?.into_iter().collect();
        let is_sound = self.given_up < COUNT_MAX && self.by_what.len() == self.all.len();
        if is_sound { Ok(()) } else { Err(Damage::Broken) }
    }

    /// Takes note of a contact. Times may come in any order.
    pub(super) fn add(&mut self, contact: Contact, time: i64, at: &str) -> Added {
        let key = contact.key();
        let added = self.pair(contact.from, contact.to, time);
        let number = match self.by_what.get(&key) {
            Some(number) => *number,
            None => {
                let number = self.all.len() as u32;
                self.out_of.entry(contact.from).or_default().push(number);
                self.leading_to.entry(contact.to).or_default().push(number);
                self.by_what.insert(key, number);
                self.all.push(Kept { contact, spans: Vec::new() });
                number
            }
        };
        if let Some(kept) = self.all.get_mut(number as usize) {
            self.spans += usize::from(kept.note(time, at));
        }
        if self.spans > self.max {
            self.make_room();
        }
        added
    }

    /// Takes note that one host dealt with another.
    pub(super) fn pair(&mut self, from: HostId, to: HostId, time: i64) -> Added {
        match self.pairs.entry((from, to)) {
            Entry::Occupied(mut known) => {
                let first = time.min(*known.get());
                known.insert(first);
                Added::Known
            }
            Entry::Vacant(free) => {
                free.insert(time);
                Added::NewPair
            }
        }
    }

    /// When one host dealt with another is known of so many pairs: also of those whose contacts are forgotten.
    fn pairs_max(&self) -> usize {
        self.max.saturating_mul(2)
    }

    /// Forgets, when there are too many, the pairs of hosts of which no contact is kept, and those whose contacts are oldest; gives them, for
    /// whoever counts peers.
    pub(super) fn forget_pairs(&mut self) -> Vec<(HostId, HostId)> {
        if self.pairs.len() <= self.pairs_max() {
            return Vec::new();
        }
        self.make_room();
        let kept: HashSet<_> = self.all.iter().map(|kept| (kept.contact.from, kept.contact.to)).collect();
        self.pairs.extract_if(|pair, _| !kept.contains(pair)).map(|(pair, _)| pair).collect()
    }

    /// Whether two hosts had to do with each other.
    pub(super) fn are_known(&self, one: HostId, other: HostId) -> bool {
        self.pairs.contains_key(&(one, other)) || self.pairs.contains_key(&(other, one))
    }

    /// When one host dealt with another first.
    pub(super) fn begun(&self, from: HostId, to: HostId) -> Option<i64> {
        self.pairs.get(&(from, to)).copied()
    }

    pub(super) fn get(&self, id: ContactId) -> Option<&Kept> {
        self.all.get(id.0 as usize)
    }

    /// Contacts that led to a host.
    pub(super) fn leading_to(&self, host: HostId) -> impl Iterator<Item = (ContactId, &Kept)> {
        self.of(self.leading_to.get(&host))
    }

    /// Contacts that a host began.
    pub(super) fn out_of(&self, host: HostId) -> impl Iterator<Item = (ContactId, &Kept)> {
        self.of(self.out_of.get(&host))
    }

    fn of<'s>(&'s self, numbers: Option<&'s Vec<u32>>) -> impl Iterator<Item = (ContactId, &'s Kept)> {
        numbers.into_iter().flatten().filter_map(|number| Some((ContactId(*number), self.all.get(*number as usize)?)))
    }
}

impl Kept {
    /// Takes note of a time, and says whether it made a new span.
    fn note(&mut self, time: i64, at: &str) -> bool {
        let next = self.spans.partition_point(|span| span.first <= time);
        let before = next.checked_sub(1);
        let is_near = |span: &Span| time >= span.first.saturating_sub(NEAR) && time <= span.last.saturating_add(NEAR);
        let near = before.filter(|at| self.spans.get(*at).is_some_and(is_near));
        let near = near.or_else(|| Some(next).filter(|at| self.spans.get(*at).is_some_and(is_near)));
        let Some(place) = near else {
            let span = Span { first: time, last: time, count: 1, at_first: at.into(), at_last: at.into() };
            self.spans.insert(next, span);
            return true;
        };
        if let Some(span) = self.spans.get_mut(place) {
            span.count += 1;
            // Of events at one time the least name counts, so that their order does not matter.
            if (time, at) < (span.first, &*span.at_first) {
                (span.first, span.at_first) = (time, at.into());
            }
            if (time, at) > (span.last, &*span.at_last) {
                (span.last, span.at_last) = (time, at.into());
            }
        }
        // Spans on both sides may have come together.
        let pair = self.spans.get(place).zip(self.spans.get(place + 1));
        if pair.is_some_and(|(one, next)| next.first <= one.last.saturating_add(NEAR)) {
            let next = self.spans.remove(place + 1);
            if let Some(span) = self.spans.get_mut(place) {
                span.count += next.count;
                if (next.last, &next.at_last) > (span.last, &span.at_last) {
                    (span.last, span.at_last) = (next.last, next.at_last);
                }
            }
        }
        false
    }
}
