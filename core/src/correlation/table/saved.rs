//! The state of a table as bytes, and back, also into a table of other rules.
//!
//! ```text
//! "TLSTATE\0" │ format (u32) │ checksum (u64) │ times, counts │ id, content: groups │ .. │ signals held back
//! ```
//!
//! Groups are filed under the id of their correlation and a hash of its content. A correlation that has changed finds
//! nothing of its own and begins anew; what nobody asks for is counted and left.

use super::queue::Held;
use super::{Stats, Table};
use crate::correlation::links::Links;
use crate::correlation::machine::{Signal, State};
use serde::{Deserialize, Serialize};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"TLSTATE\0";
/// Raised whenever the saved form changes.
const FORMAT: u32 = 1;
/// Bytes before the body: magic, format, checksum.
const SEAL: usize = 20;

/// Why saved state cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    NotState,
    Format(u32),
    Broken,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotState => f.write_str("this is no saved state of Tieline"),
            Self::Format(format) => {
                write!(f, "saved state of format {format}, but this version reads format {FORMAT}")
            }
            Self::Broken => f.write_str("saved state is damaged: the checksum does not fit"),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Saved {
    newest: Option<i64>,
    watermark: i64,
    stats: Stats,
    sections: Vec<Section>,
    /// Of each section number, key, time and signal.
    waiting: Vec<(u32, Vec<u8>, i64, Signal)>,
}

#[derive(Serialize, Deserialize)]
struct Section {
    id: String,
    content: u64,
    carried: usize,
    /// Keys and states, the longest untouched first.
    groups: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Table {
    /// All state as bytes. Alerts that were not taken are not in it.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let sections = self.links.links.iter().enumerate().map(|(at, link)| Section {
            id: link.correlator.id.clone(),
            content: link.correlator.content,
            carried: link.correlator.carried,
            groups: self.groups.of(at).map(|group| (group.key.to_vec(), group.state.to_bytes())).collect(),
        });
        let waiting = self.queue.iter().filter_map(|(time, held)| {
            let key = self.groups.get(held.slot)?.key.to_vec();
            Some((held.correlation, key, time, held.signal.clone()))
        });
        let saved = Saved {
            newest: self.newest,
            watermark: self.watermark,
            stats: self.stats,
            sections: sections.collect(),
            waiting: waiting.collect(),
        };
        let mut bytes = vec![0; SEAL];
        // INVARIANT: writing plain data into memory cannot fail.
        bytes = postcard::to_extend(&saved, bytes).unwrap_or_default();
        let sum = xxh3_64(bytes.get(SEAL..).unwrap_or_default());
        let seal = MAGIC.iter().copied().chain(FORMAT.to_le_bytes()).chain(sum.to_le_bytes());
        bytes.iter_mut().zip(seal).for_each(|(own, byte)| *own = byte);
        bytes
    }

    /// Takes over saved state; the table must be as good as new. Nothing changes when the bytes cannot be read.
    pub(crate) fn restore(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        let saved = open(bytes)?;
        (self.newest, self.watermark, self.stats) = (saved.newest, saved.watermark, saved.stats);
        let places: Vec<Option<u32>> = saved.sections.iter().map(|section| self.place(section)).collect();
        for (section, place) in saved.sections.into_iter().zip(&places) {
            match place {
                Some(place) => section.groups.into_iter().for_each(|(key, state)| self.put(*place, &key, &state)),
                None => self.stats.dropped += section.groups.len() as u64,
            }
        }
        for (section, key, time, signal) in saved.waiting {
            let Some(correlation) = places.get(section as usize).copied().flatten() else { continue };
            let slot = self.groups.slot(correlation, &key);
            self.made.push(Held { correlation, slot, signal });
            self.hold(time);
        }
        self.fit();
        Ok(())
    }

    /// Changes to other correlations. Those with the id and content of one before go on with its state; alerts that were
    /// not taken are lost.
    pub(crate) fn reload(&mut self, links: Links) {
        let mut table = Self::new(links, self.options);
        let restored = table.restore(&self.snapshot());
        debug_assert!(restored.is_ok(), "what was just written can be read");
        *self = table;
    }

    fn place(&self, section: &Section) -> Option<u32> {
        let known = |correlator: &crate::correlation::correlator::Correlator| {
            (&correlator.id, correlator.content, correlator.carried) == (&section.id, section.content, section.carried)
        };
        self.links.links.iter().position(|link| known(&link.correlator)).map(|at| at as u32)
    }

    fn put(&mut self, correlation: u32, key: &[u8], state: &[u8]) {
        let Some(link) = self.links.links.get(correlation as usize) else { return };
        let Some(state) = State::from_bytes(&link.correlator, state) else {
            self.stats.dropped += 1;
            return;
        };
        let deadline = link.correlator.deadline(&state);
        let slot = self.groups.slot(correlation, key);
        if let Some(group) = self.groups.get_mut(slot) {
            group.state = state;
        }
        self.settle(correlation, slot, None, deadline);
    }
}

fn open(bytes: &[u8]) -> Result<Saved, Damage> {
    let (seal, body) = bytes.split_first_chunk::<SEAL>().ok_or(Damage::NotState)?;
    let field = |from: usize, to: usize| seal.get(from..to).unwrap_or_default();
    if field(0, 8) != MAGIC {
        return Err(Damage::NotState);
    }
    let format = u32::from_le_bytes(field(8, 12).try_into().unwrap_or_default());
    if format != FORMAT {
        return Err(Damage::Format(format));
    }
    if field(12, 20) != xxh3_64(body).to_le_bytes() {
        return Err(Damage::Broken);
    }
    postcard::from_bytes(body).map_err(|_| Damage::Broken)
}
