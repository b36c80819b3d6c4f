//! All that is known of assets as bytes, and back.
//!
//! ```text
//! "TLASSETS" │ format (u32) │ checksum (u64) │ sites, names, what is known of each, counts
//! ```
//!
//! Names are those of addresses, MACs and hosts, so another plant may be told by them afterwards.

use super::entities::{Entities, Entity, GivenUp, Who};
use super::{Discovery, LINKS_MAX};
use crate::seal::{Damage, Seal};
use serde::{Deserialize, Serialize};

const SEAL: Seal = Seal { magic: b"TLASSETS", format: 2 };

#[derive(Serialize, Deserialize)]
struct Saved {
    sites: Vec<String>,
    names: Vec<(Option<u32>, Who)>,
    all: Vec<Entity>,
    given_up: GivenUp,
    events: u64,
}

impl Discovery {
    /// All that is known so far as bytes, for [`restore`](Self::restore).
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let Entities { names, all, given_up, .. } = &self.entities;
        SEAL.close(&(&self.sites, names, all, given_up, self.events))
    }

    /// Goes on with what [`snapshot`](Self::snapshot) gave.
    ///
    /// # Errors
    /// When the bytes are no such state, are damaged, or come from another version; then nothing changes.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        let Saved { sites, names, all, given_up, events } = SEAL.open(bytes)?;
        let is_site = |site: &Option<u32>| site.is_none_or(|site| (site as usize) < sites.len());
        let is_possible = sites.len() <= LINKS_MAX && names.iter().all(|(site, _)| is_site(site)) && events < 1 << 62;
        let entities = Entities::of(names, all, given_up).filter(|_| is_possible).ok_or(Damage::Torn)?;
        (self.sites, self.entities, self.events) = (sites, entities, events);
        Ok(())
    }
}
