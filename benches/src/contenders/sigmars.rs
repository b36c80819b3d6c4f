//! The crate `sigmars`: a collection that is asked for the ids of matching rules.
//!
//! ```text
//! serde_json::Value ─▶ collection.get_detection_matches_unfiltered(&event)
//! ```
//!
//! Its filter by log source needs the log source from the caller; events here do not carry one.

use super::{Contender, Kind, Pass};
use crate::corpus::RulePack;
use crate::lane::Lane;
use crate::timing;
use sigmars::{Event, SigmaCollection, SigmaRule};
use std::hint::black_box;

/// All rules that `sigmars` accepts.
#[derive(Debug)]
pub struct Sigmars {
    collection: SigmaCollection,
    refused: usize,
}

impl Sigmars {
    /// Loads what it can.
    #[must_use]
    pub fn new(pack: &RulePack) -> Self {
        let read = pack.files.iter().filter_map(|file| file.text.parse::<SigmaCollection>().ok());
        let rules: Vec<SigmaRule> = read.flat_map(|read| -> Vec<SigmaRule> { read.into() }).collect();
        let collection = SigmaCollection::try_from(rules).unwrap_or_default();
        Self { refused: pack.files.len().saturating_sub(collection.len()), collection }
    }

    /// How many rules it would not take.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    fn matches(&self, bytes: &[u8]) -> Vec<String> {
        let event = serde_json::from_slice::<serde_json::Value>(bytes).map(Event::new);
        event.map_or_else(|_| Vec::new(), |event| self.collection.get_detection_matches_unfiltered(&event))
    }
}

impl Contender for Sigmars {
    fn name(&self) -> &str {
        "sigmars"
    }

    fn kind(&self) -> Kind {
        Kind::Rival
    }

    fn pass(&mut self, lane: &Lane) -> Pass {
        let (time, detections) = timing::cpu(|| lane.events().map(|event| black_box(self.matches(event)).len()).sum());
        Pass { time, detections }
    }

    fn verdict(&mut self, event: &[u8], ids: &mut Vec<String>) {
        ids.clear();
        ids.extend(self.matches(event));
    }
}
