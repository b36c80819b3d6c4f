//! Who listens to whom: rules, correlations, and the fields that are asked of each.
//!
//! ```text
//! rule 3 ─▶ many_failed (position 0: group by TargetUserName) ─▶ takeover (position 0: group by User)
//! rule 7 ──────────────────────────────────────────────────────▶ takeover (position 1: group by User)
//! ```
//!
//! Names of fields become numbers here, once. What an inner correlation must remember for those further out is found
//! from the outermost inwards, and what an event or an alert means to who listens is made here. No state is known.

use super::alert::Finding;
use super::correlator::{Behaviour, Correlator, Plan, Refused};
use super::machine::{Mask, What};
use super::sighting::{Fields, Heard, Missing, Sighting};
use super::values;
use crate::check::{Correlation, Target};
use crate::event::Value;
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap};
use xxhash_rust::xxh3::xxh3_128;

/// A correlation and its surroundings.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) correlator: Correlator,
    /// For each position of `rules` the fields that are read.
    pub(crate) sources: Vec<Source>,
    /// The fields that its alerts offer, by number.
    pub(crate) offers: Vec<(usize, Offer)>,
    /// Who listens to its alerts: a correlation and a position in its `rules`.
    pub(crate) listeners: Vec<(u32, u16)>,
    /// Whether nothing is a signal to it, because it lacks a rule that it needs.
    is_muted: bool,
    /// Whether its alerts are for the caller, too.
    pub(crate) alerts: bool,
    /// Its place in what the caller gave.
    pub(crate) index: usize,
}

/// Numbers of fields.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) group: Vec<usize>,
    pub(crate) values: Vec<usize>,
    pub(crate) carried: Vec<usize>,
}

/// What of an alert a field is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Offer {
    Group(usize),
    Carried(usize),
}

/// All correlations that can be evaluated.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) links: Vec<Link>,
    /// The fields that correlations read, in the order of their numbers.
    pub(crate) fields: Vec<String>,
    /// For each rule of the pack who listens to it: a correlation and a position in its `rules`.
    of_rules: HashMap<u32, Vec<(u32, u16)>, RandomState>,
}

impl Links {
    /// Those that must be left out come back with the reason, by their position.
    pub(crate) fn new(
        correlations: &[Correlation],
        alerts: &[bool],
        behaviour: Behaviour,
    ) -> (Self, Vec<(usize, Refused)>) {
        let mut refused = Vec::new();
        let mut made = Vec::with_capacity(correlations.len());
        for (at, correlation) in correlations.iter().enumerate() {
            made.push(Correlator::new(correlation, behaviour).map_err(|why| refused.push((at, why))).ok());
        }
        let carried = carried(correlations);
        let mut links = Self::default();
        let mut numbers = HashMap::new();
        let mut places: Vec<Option<usize>> = Vec::with_capacity(correlations.len());
        for (index, (correlation, correlator)) in correlations.iter().zip(made).enumerate() {
            let lacks = correlation.rules.iter().find_map(|reference| match reference.target {
                Target::Correlation(inner) if places.get(inner).copied().flatten().is_none() => Some(inner),
                _ => None,
            });
            let correlator = match (correlator, lacks) {
                (Some(_), Some(inner)) => {
                    refused.push((index, Refused::Inner(inner)));
                    None
                }
                (correlator, _) => correlator,
            };
            let Some(mut correlator) = correlator else {
                places.push(None);
                continue;
            };
            let place = links.links.len();
            places.push(Some(place));
            for (position, reference) in correlation.rules.iter().enumerate() {
                let listener = (place as u32, position as u16);
                match reference.target {
                    Target::Rule(rule) => links.of_rules.entry(rule as u32).or_default().push(listener),
                    Target::Correlation(inner) => {
                        let inner = places.get(inner).copied().flatten();
                        if let Some(inner) = inner.and_then(|inner| links.links.get_mut(inner)) {
                            inner.listeners.push(listener);
                        }
                    }
                }
            }
            let mut number = |name: &str| links.number(&mut numbers, name);
            let carried: Vec<&str> = carried.get(index).into_iter().flatten().map(String::as_str).collect();
            correlator.carried = carried.len();
            let sources = (0..correlation.rules.len()).map(|position| Source {
                group: correlation.group_by.iter().map(|name| number(correlation.field_of(name, position))).collect(),
                values: correlation.fields.iter().map(|name| number(correlation.field_of(name, position))).collect(),
                carried: carried.iter().map(|name| number(correlation.field_of(name, position))).collect(),
            });
            let sources = sources.collect();
            let groups = correlation.group_by.iter().enumerate().map(|(at, name)| (number(name), Offer::Group(at)));
            let mut offers: Vec<_> = groups.collect();
            offers.extend(carried.iter().enumerate().map(|(at, name)| (number(name), Offer::Carried(at))));
            let alerts = alerts.get(index).copied().unwrap_or(true);
            links.links.push(Link {
                correlator,
                sources,
                offers,
                listeners: Vec::new(),
                is_muted: false,
                alerts,
                index,
            });
        }
        (links, refused)
    }

    fn number(&mut self, numbers: &mut HashMap<String, usize>, name: &str) -> usize {
        if let Some(number) = numbers.get(name) {
            return *number;
        }
        let number = self.fields.len();
        self.fields.push(name.to_owned());
        numbers.insert(name.to_owned(), number);
        number
    }
}

impl Links {
    /// Makes a correlation, by its place in what the caller gave, deaf.
    pub(crate) fn mute(&mut self, index: usize) {
        self.links.iter_mut().filter(|link| link.index == index).for_each(|link| link.is_muted = true);
    }

    /// Who listens to a rule of the pack: correlations, and positions in their `rules`.
    pub(crate) fn listeners(&self, rule: u32) -> &[(u32, u16)] {
        self.of_rules.get(&rule).map_or(&[], Vec::as_slice)
    }

    /// The numbers of the fields that are read of an event that a rule matched.
    pub(crate) fn fields_of(&self, rule: u32) -> BTreeSet<usize> {
        let source = |(correlation, position): &(u32, u16)| {
            self.links.get(*correlation as usize)?.sources.get(usize::from(*position))
        };
        let sources = self.listeners(rule).iter().filter_map(source);
        sources.flat_map(|source| source.group.iter().chain(&source.values).chain(&source.carried)).copied().collect()
    }

    /// Adds what an event means that some rules matched, each once.
    pub(crate) fn sight(&self, rules: impl Iterator<Item = u32>, fields: &dyn Fields, sighting: &mut Sighting) {
        let mut heard = std::mem::take(&mut sighting.heard);
        heard.clear();
        for rule in rules {
            heard.extend(self.listeners(rule).iter().map(|(correlation, position)| (*correlation, *position, rule)));
        }
        self.sight_all(&mut heard, fields, sighting);
        sighting.heard = heard;
    }

    /// Makes a sighting of an alert of a correlation, as an event of its own.
    pub(crate) fn sight_alert(&self, link: &Link, key: &[Option<String>], finding: &Finding, sighting: &mut Sighting) {
        sighting.begin(finding.events.last().copied().unwrap_or(0));
        let mut heard = std::mem::take(&mut sighting.heard);
        heard.clear();
        heard.extend(link.listeners.iter().map(|(correlation, position)| (*correlation, *position, 0)));
        self.sight_all(&mut heard, &Offered { offers: &link.offers, key, finding }, sighting);
        sighting.heard = heard;
    }

    fn sight_all(&self, heard: &mut [Heard], fields: &dyn Fields, sighting: &mut Sighting) {
        heard.sort_unstable();
        for same in heard.chunk_by(|left, right| left.0 == right.0) {
            let begin = sighting.first_of_view();
            for one in same {
                self.signal(*one, begin, fields, sighting);
            }
        }
    }

    /// Makes the signal that a match of one rule is to one correlation.
    fn signal(&self, (correlation, position, rule): Heard, begin: usize, fields: &dyn Fields, sighting: &mut Sighting) {
        let Some(link) = self.links.get(correlation as usize).filter(|link| !link.is_muted) else { return };
        let Some(source) = link.sources.get(usize::from(position)) else { return };
        if !values::write(&mut sighting.key, &source.group, rule, fields, sighting.missing) {
            sighting.ungrouped += 1;
            return;
        }
        let what = match &link.correlator.plan {
            Plan::Events | Plan::RateChange => Some(What::Event),
            Plan::Numbers(_) => {
                source.values.first().and_then(|field| fields.value(rule, *field).number()).map(What::Number)
            }
            Plan::Distinct { .. } | Plan::NewValue { .. } | Plan::RareValue { .. } => {
                let is_whole = values::write(&mut sighting.value, &source.values, rule, fields, Missing::Skip);
                is_whole.then(|| What::Value(xxh3_128(&sighting.value)))
            }
            Plan::Rules { .. } | Plan::Steps { .. } | Plan::Longest { .. } | Plan::Absence { .. } => {
                Some(What::Rules(Mask::of(position)))
            }
        };
        let Some(what) = what else {
            sighting.unvalued += 1;
            return;
        };
        let text = |field: &usize| fields.value(rule, *field).text().map(|text| text.into());
        sighting.add(begin, correlation, what, || source.carried.iter().map(text).collect());
    }
}

/// The fields of an alert.
struct Offered<'a> {
    offers: &'a [(usize, Offer)],
    key: &'a [Option<String>],
    finding: &'a Finding,
}

impl Fields for Offered<'_> {
    fn value(&self, _: u32, field: usize) -> Value<'_> {
        let text = match self.offers.iter().find(|(own, _)| *own == field).map(|(_, offer)| offer) {
            Some(Offer::Group(at)) => self.key.get(*at).and_then(|value| value.as_deref()),
            Some(Offer::Carried(at)) => self.finding.carried.get(*at).and_then(|value| value.as_deref()),
            None => None,
        };
        text.map_or(Value::Null, Value::Text)
    }
}

/// For each correlation the fields, beside those it groups by, that others ask of its alerts.
fn carried(correlations: &[Correlation]) -> Vec<BTreeSet<String>> {
    let mut all: Vec<BTreeSet<String>> = vec![BTreeSet::new(); correlations.len()];
    // INVARIANT: a correlation stands behind all it refers to, so whoever asks is done before who is asked.
    for (at, outer) in correlations.iter().enumerate().rev() {
        let own = all.get(at).cloned().unwrap_or_default();
        for (position, reference) in outer.rules.iter().enumerate() {
            let Target::Correlation(inner) = reference.target else { continue };
            let Some((asked, correlation)) = all.get_mut(inner).zip(correlations.get(inner)) else { continue };
            let names = outer.group_by.iter().chain(&outer.fields).chain(&own);
            let names = names.map(|name| outer.field_of(name, position));
            asked.extend(names.filter(|name| !correlation.group_by.iter().any(|own| own == name)).map(str::to_owned));
        }
    }
    all
}
