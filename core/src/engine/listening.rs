//! What correlations need to know of compiled rules: which rules they listen to, and where their fields stand.
//!
//! ```text
//! pack: rule 12 is "failed_logon", takeover groups by User, windows calls it TargetUserName
//!       ─▶   compiled rule 9 is rule 12 of the pack; field 0 is in slot 31
//! ```
//!
//! Correlations know rules by their place in the pack as it was checked, whatever a pipeline leaves out. So what programs for
//! different sources see comes together in one stream. No state is kept here.

use super::fit::Fit;
use crate::check::{Correlation, Metadata, Pack, Rule, Target};
use crate::compile::Collector;
use crate::correlation::correlator::{Behaviour, Refused};
use crate::correlation::links::Links;
use crate::diagnostic::{Code, Diagnostic};
use crate::program::SlotId;
use crate::time::instant::Bare;
use crate::time::{self, Clock};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64;

/// What is kept beside a program for correlations.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Listening {
    /// All correlations of the pack.
    pub(super) correlations: Vec<Correlation>,
    /// For each of them whether it alerts by itself.
    pub(super) alerts: Vec<bool>,
    /// Compiled rules that correlations listen to, by their index.
    heard: BTreeMap<u32, Heard>,
    /// Compiled rules that give no alert of their own, in order.
    silent: Vec<u32>,
    /// Where the time of an event may stand, the first that holds one counts.
    pub(super) times: Vec<u32>,
    /// Whether the caller has named them.
    times_named: bool,
    /// Correlations that need rules which were refused.
    muted: Vec<u32>,
    /// How many of the program's fields rules and correlations ask for; those behind them are there for the time.
    pub(super) fields: u32,
    /// Of all correlations: what sightings for one stream have in common.
    pub(super) pack: u64,
    #[serde(skip)]
    links: OnceLock<Links>,
}

/// A compiled rule to which correlations listen.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Heard {
    /// Its place in the pack.
    pub(super) rule: u32,
    /// For each field that is read of its events: the number among [`Links::fields`], and where it may stand.
    pub(super) fields: Vec<(u32, Vec<u32>)>,
}

/// What a rule of the pack is asked for, by the numbers of fields and what they are called in events.
pub(super) type Asked = Vec<(u32, Vec<String>)>;

impl Listening {
    /// Prepares for the correlations of a pack, and tells of those that cannot be evaluated.
    pub(super) fn new(pack: &Pack, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut correlations = pack.correlations.clone();
        // Which of them alert depends on nothing that is left out, so it is the same for all sources.
        let alerts = pack.correlations_that_alert();
        let (links, refused) = Links::new(&correlations, &alerts, Behaviour::default());
        for (at, why) in refused {
            if let Some(correlation) = correlations.get_mut(at) {
                diagnostics.push(told(correlation, why, pack));
            }
        }
        // INVARIANT: checked correlations hold only types that postcard can write.
        let sum = postcard::to_stdvec(&correlations).map_or(0, |bytes| xxh3_64(&bytes));
        Self { correlations, alerts, pack: sum, links: links.into(), ..Self::default() }
    }

    /// Who listens to whom.
    pub(super) fn links(&self) -> &Links {
        self.links.get_or_init(|| self.new_links(Behaviour::default()))
    }

    /// The same for groups that behave in some way.
    pub(super) fn new_links(&self, behaviour: Behaviour) -> Links {
        let (mut links, _) = Links::new(&self.correlations, &self.alerts, behaviour);
        self.muted.iter().for_each(|index| links.mute(*index as usize));
        links
    }

    /// What of the events of a rule is read, if correlations listen to it.
    pub(super) fn asked(&self, number: usize, rule: &Rule, fit: &Fit<'_>) -> Option<Asked> {
        let number = number as u32;
        if self.links().listeners(number).is_empty() {
            return None;
        }
        let fields: Vec<usize> = self.links().fields_of(number).into_iter().collect();
        let name = |field: &usize| self.links().fields.get(*field).cloned().unwrap_or_default();
        let names: Vec<String> = fields.iter().map(name).collect();
        let mapped = fit.fields(rule, &names);
        Some(fields.into_iter().map(|field| field as u32).zip(mapped).collect())
    }

    /// Notes that a rule of the pack was compiled, and what it is asked for.
    pub(super) fn put(&mut self, index: usize, number: usize, asked: Asked, collector: &mut Collector) {
        let mut slots = |names: Vec<String>| names.iter().map(|name| collector.field(name).0).collect();
        let fields = asked.into_iter().map(|(field, names)| (field, slots(names))).collect();
        self.heard.insert(index as u32, Heard { rule: number as u32, fields });
    }

    /// Takes note of rules that were refused: correlations that need them hear nothing more from these events. The others
    /// silence the rules they refer to.
    pub(super) fn finish(&mut self, refused: &[bool], times: &[String], collector: &mut Collector) {
        self.fields = collector.fields() as u32;
        if self.correlations.is_empty() {
            return;
        }
        self.times_named = !times.is_empty();
        let usual = time::FIELDS.iter().map(|name| (*name).to_owned());
        let names: Vec<String> = if times.is_empty() { usual.collect() } else { times.to_vec() };
        self.times = names.iter().map(|name| collector.field(name).0).collect();
        let mut sound: Vec<bool> = Vec::with_capacity(self.correlations.len());
        for correlation in &self.correlations {
            let is_sound = correlation.rules.iter().all(|rule| match rule.target {
                Target::Rule(at) => !refused.get(at).copied().unwrap_or(false),
                Target::Correlation(at) => sound.get(at).copied().unwrap_or(false),
            });
            if !is_sound {
                self.muted.push(sound.len() as u32);
            }
            sound.push(is_sound);
        }
        let places: BTreeMap<u32, u32> = self.heard.iter().map(|(index, heard)| (heard.rule, *index)).collect();
        let mut silent = Vec::new();
        for (correlation, _) in self.correlations.iter().zip(&sound).filter(|(_, sound)| **sound) {
            for rule in &correlation.rules {
                let Target::Rule(at) = rule.target else { continue };
                silent.extend(places.get(&(at as u32)).filter(|_| !correlation.generate));
            }
        }
        silent.sort_unstable();
        silent.dedup();
        self.silent = silent;
    }

    /// How numbers are read where the time of an event may stand.
    pub(super) fn bare(&self, clock: &Clock) -> Bare {
        match clock.unit() {
            Some(unit) => Bare::In(unit),
            None if self.times_named => Bare::SmallAreSeconds,
            None => Bare::BySize,
        }
    }

    /// What correlations hear of a compiled rule.
    pub(super) fn heard(&self, index: u32) -> Option<&Heard> {
        self.heard.get(&index)
    }

    /// Whether a match of a compiled rule is an alert of its own.
    pub(super) fn is_silent(&self, index: u32) -> bool {
        self.silent.binary_search(&index).is_ok()
    }

    /// Slots whose single value is asked for, in their order.
    pub(super) fn slots(&self) -> Vec<SlotId> {
        let fields = self.heard.values().flat_map(|heard| &heard.fields).flat_map(|(_, slots)| slots);
        let mut slots: Vec<SlotId> = fields.chain(&self.times).map(|slot| SlotId(*slot)).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

fn told(correlation: &Correlation, why: Refused, pack: &Pack) -> Diagnostic {
    let (code, message) = match why {
        Refused::Rules(max) => {
            (Code::CorrelationLimit, format!("it refers to more rules than can be told apart, {max}"))
        }
        Refused::Orders(max) => {
            (Code::CorrelationLimit, format!("its condition allows more than {max} orders of its rules"))
        }
        Refused::Inner(at) => {
            let title = pack.correlations.get(at).map_or("", |inner: &Correlation| Metadata::identity(&inner.meta));
            (Code::UnresolvedReference, format!("the correlation `{title}`, to which it refers, was left out"))
        }
    };
    let told = match &correlation.origin {
        Some(origin) => Diagnostic::new(code, &origin.source, origin.span, message),
        None => Diagnostic::without_place(code, None, message),
    };
    told.about(correlation.meta.title.clone())
}
