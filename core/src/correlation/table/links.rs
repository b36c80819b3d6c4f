//! Who listens to whom: rules, correlations, and the fields that are asked of each.
//!
//! ```text
//! rule 3 ─▶ many_failed (position 0: group by TargetUserName) ─▶ takeover (position 0: group by User)
//! rule 7 ──────────────────────────────────────────────────────▶ takeover (position 1: group by User)
//! ```
//!
//! Names of fields become numbers here, once. What an inner correlation must remember for those further out is found
//! from the outermost inwards. No value is read here.

use crate::check::{Correlation, Target};
use crate::correlation::correlator::{Behaviour, Correlator, Refused};
use std::collections::{BTreeSet, HashMap};

/// A correlation and its surroundings.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) correlator: Correlator,
    /// For each position of `rules` the fields that are read.
    pub(super) sources: Vec<Source>,
    /// The fields that its alerts offer, by number.
    pub(super) offers: Vec<(usize, Offer)>,
    /// Who listens to its alerts: a correlation and a position in its `rules`.
    pub(super) listeners: Vec<(u32, u16)>,
    /// Whether its alerts are for the caller, too.
    pub(super) alerts: bool,
    /// Its place in what the caller gave.
    pub(super) index: usize,
}

/// Numbers of fields.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) group: Vec<usize>,
    pub(super) values: Vec<usize>,
    pub(super) carried: Vec<usize>,
}

/// What of an alert a field is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Offer {
    Group(usize),
    Carried(usize),
}

/// All correlations that can be evaluated.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) links: Vec<Link>,
    pub(super) fields: Vec<String>,
    pub(super) of_rules: HashMap<usize, Vec<(u32, u16)>>,
}

impl Links {
    /// Those that must be left out come back with the reason, by their position.
    pub(super) fn new(
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
                    Target::Rule(rule) => links.of_rules.entry(rule).or_default().push(listener),
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
            links.links.push(Link { correlator, sources, offers, listeners: Vec::new(), alerts, index });
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
