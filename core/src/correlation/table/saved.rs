//! The state of a table as bytes, and back, also into a table of other rules.
//!
//! ```text
//! "TLSTATE\0" │ format (u32) │ checksum (u64) │ times, counts │ section │ .. │ signals held back
//!                                               section: id, content, bytes │ key, state │ key, state │ ..
//! ```
//!
//! Groups are filed under the id of their correlation and a hash of its content. A correlation that has changed finds
//! nothing of its own and begins anew; what nobody asks for is counted and left.

use super::clocks::Strangers;
use super::groups::Groups;
use super::queue::Held;
use super::{Before, Stats, TIME_MAX, TIME_MIN, Table};
use crate::correlation::correlator::Correlator;
use crate::correlation::links::Links;
use crate::correlation::machine::{Signal, State};
use crate::seal::{Damage, Seal, read, write};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const SEAL: Seal = Seal { magic: b"TLSTATE\0", format: 3 };

/// What became of saved state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Groups that go on.
    pub kept: u64,
    /// For each correlation that is gone or has changed, its id and how many groups it had; the same for groups that do
    /// not fit their correlation.
    pub dropped: Vec<(String, u64)>,
}

/// What comes first.
#[derive(Serialize, Deserialize)]
struct Head {
    newest: Option<i64>,
    watermark: i64,
    stats: Stats,
    sections: u32,
    waiting: u64,
}

/// What comes before the groups of a correlation.
#[derive(Serialize, Deserialize)]
struct Section {
    known_by: KnownBy,
    /// Keys and states that follow, the longest untouched first.
    states: u64,
    /// Bytes that these take.
    bytes: u64,
    /// Groups that have no state yet, but for which signals are held back.
    waiting: u64,
}

/// A signal that is held back.
#[derive(Serialize, Deserialize)]
struct Waiting<'a, S> {
    section: u32,
    key: &'a [u8],
    time: i64,
    signal: S,
}

impl Table {
    /// All state as bytes. Alerts that were not taken are not in it.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Seal::begin();
        let head = Head {
            newest: self.newest,
            watermark: self.watermark,
            stats: self.stats,
            sections: self.links.links.len() as u32,
            waiting: self.queue.len() as u64,
        };
        write(&mut bytes, &head);
        let waiting = self.groups.only_waiting();
        let mut groups = Vec::new();
        for (at, (link, waiting)) in self.links.links.iter().zip(waiting).enumerate() {
            groups.clear();
            let mut states = 0;
            for group in self.groups.of(at) {
                write(&mut groups, &(&*group.key, group.state.saved()));
                states += 1;
            }
            let known_by = known_by(&link.correlator);
            write(&mut bytes, &Section { known_by, states, bytes: groups.len() as u64, waiting });
            bytes.extend_from_slice(&groups);
        }
        for (time, held) in self.queue.iter() {
            let key = self.groups.get(held.slot).map(|group| &*group.key).unwrap_or_default();
            write(&mut bytes, &Waiting { section: held.correlation, key, time, signal: &held.signal });
        }
        SEAL.close(&mut bytes);
        bytes
    }

    /// Takes over saved state in place of its own. Nothing changes when the bytes cannot be read. Memory is taken for
    /// what is there, whatever number of groups the bytes announce, and never more than the budget.
    pub(crate) fn restore(&mut self, bytes: &[u8]) -> Result<Restored, Damage> {
        let body = SEAL.open(bytes)?;
        let mut new = Self::new(std::mem::take(&mut self.links), self.options);
        match new.load(body) {
            Ok(dropped) => {
                new.alerts = std::mem::take(&mut self.alerts);
                *self = new;
                self.fit();
                Ok(Restored { kept: self.groups.len() as u64, dropped })
            }
            Err(damage) => {
                self.links = new.links;
                Err(damage)
            }
        }
    }

    /// Changes to other correlations. Those with the id and content of one before go on with its state; alerts that were
    /// not taken are lost.
    pub(crate) fn reload(&mut self, links: Links) -> Restored {
        let mut table = Self::new(links, self.options);
        let restored = table.restore(&self.snapshot());
        debug_assert!(restored.is_ok(), "what was just written can be read");
        *self = table;
        restored.unwrap_or_default()
    }

    /// Fills a new table, and says what was dropped.
    fn load(&mut self, mut bytes: &[u8]) -> Result<Vec<(String, u64)>, Damage> {
        let head: Head = read(&mut bytes)?;
        (self.newest, self.watermark, self.stats) = (head.newest, head.watermark, head.stats);
        self.strangers = Strangers::TO_MANY;
        if !head.stats.is_possible() {
            return Err(Damage::Broken);
        }
        let mut known: HashMap<_, Vec<u32>> = HashMap::new();
        for (at, link) in self.links.links.iter().enumerate().rev() {
            known.entry(known_by(&link.correlator)).or_default().push(at as u32);
        }
        let mut dropped = Vec::new();
        let mut places = Vec::new();
        for _ in 0..head.sections {
            let section: Section = read(&mut bytes)?;
            let len = usize::try_from(section.bytes).map_err(|_| Damage::Broken)?;
            let (groups, rest) = bytes.split_at_checked(len).ok_or(Damage::Broken)?;
            bytes = rest;
            let place = known.get_mut(&section.known_by).and_then(Vec::pop);
            let lost = match place {
                Some(place) => self.load_groups(place, section.states, groups)?,
                None => section.states.saturating_add(section.waiting),
            };
            if lost > 0 {
                self.stats.dropped = self.stats.dropped.saturating_add(lost);
                dropped.push((section.known_by.0, lost));
            }
            places.push(place);
        }
        for _ in 0..head.waiting {
            let waiting: Waiting<'_, Signal> = read(&mut bytes)?;
            let Some(correlation) = *places.get(waiting.section as usize).ok_or(Damage::Broken)? else { continue };
            let slot = self.groups.slot(correlation, waiting.key);
            self.groups.wait(slot);
            self.queue.push(waiting.time.clamp(TIME_MIN, TIME_MAX), Held { correlation, slot, signal: waiting.signal });
        }
        if !bytes.is_empty() {
            return Err(Damage::Broken);
        }
        Ok(dropped)
    }

    /// Takes in the groups of a correlation, and says how many of them do not fit it.
    fn load_groups(&mut self, correlation: u32, states: u64, mut bytes: &[u8]) -> Result<u64, Damage> {
        // A group of these few bytes takes a few times as many in memory.
        const GROUP_BYTES: usize = 24;
        let room = (bytes.len() / GROUP_BYTES).min(self.options.bytes_max / Groups::GROUP_BYTES);
        self.groups.reserve(room.min(usize::try_from(states).unwrap_or(usize::MAX)));
        let mut unfit = 0;
        for _ in 0..states {
            let key: &[u8] = read(&mut bytes)?;
            let Some(link) = self.links.links.get(correlation as usize) else { return Err(Damage::Broken) };
            let Some(state) = State::read(&link.correlator, &mut bytes).map_err(|_| Damage::Broken)? else {
                unfit += 1;
                continue;
            };
            let slot = self.groups.slot(correlation, key);
            let Some(group) = self.groups.get_mut(slot) else { continue };
            let bytes = std::mem::replace(&mut group.state, state).bytes();
            self.settle(correlation, slot, Before { bytes, timed: None });
            while self.bytes() > self.options.bytes_max && self.evict() {}
        }
        if bytes.is_empty() { Ok(unfit) } else { Err(Damage::Broken) }
    }
}

/// By what the state of a correlation is filed: its id, its content, and how many fields it carries.
type KnownBy = (String, u64, usize);

fn known_by(correlator: &Correlator) -> KnownBy {
    (correlator.id.clone(), correlator.content, correlator.carried)
}
