//! The crate `sigma-rust`: one rule after the other on every event.
//!
//! ```text
//! event_from_json ─▶ for each rule: rule.is_match(&event)
//! ```
//!
//! It offers no rule set, so the loop over rules is ours.

use super::{Contender, Kind, Pass};
use crate::corpus::RulePack;
use crate::lane::Lane;
use crate::timing;
use std::hint::black_box;

/// All rules that `sigma-rust` accepts.
#[derive(Debug)]
pub struct SigmaRust {
    rules: Vec<(String, sigma_rust::Rule)>,
    refused: usize,
}

impl SigmaRust {
    /// Loads what it can.
    #[must_use]
    pub fn new(pack: &RulePack) -> Self {
        let rules: Vec<_> = pack
            .files
            .iter()
            .filter_map(|file| Some((file.id.clone(), sigma_rust::rule_from_yaml(&file.text).ok()?)))
            .collect();
        Self { refused: pack.files.len() - rules.len(), rules }
    }

    /// How many rules it would not take.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    fn event(bytes: &[u8]) -> Option<sigma_rust::Event> {
        sigma_rust::event_from_json(std::str::from_utf8(bytes).ok()?).ok()
    }
}

impl Contender for SigmaRust {
    fn name(&self) -> &str {
        "sigma-rust"
    }

    fn kind(&self) -> Kind {
        Kind::Rival
    }

    fn pass(&mut self, lane: &Lane) -> Pass {
        let rules = &self.rules;
        let matching = |bytes: &[u8]| {
            Self::event(bytes).map_or(0, |event| rules.iter().filter(|(_, rule)| rule.is_match(&event)).count())
        };
        let (time, detections) = timing::cpu(|| lane.events().map(|bytes| black_box(matching(bytes))).sum());
        Pass { time, detections }
    }

    fn verdict(&mut self, event: &[u8], ids: &mut Vec<String>) {
        ids.clear();
        if let Some(event) = Self::event(event) {
            ids.extend(self.rules.iter().filter(|(_, rule)| rule.is_match(&event)).map(|(id, _)| id.clone()));
        }
    }
}
