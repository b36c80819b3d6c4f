//! `rsigma-eval` as a careful user would set it up for speed: one engine per kind of Windows event.
//!
//! ```text
//! Channel, EventID ─▶ log sources that mean it ─▶ an engine with only the rules of these
//! ```
//!
//! Which log source means which event is a small table, data/windows_sources.tsv. Pruning inside one engine
//! comes after its index has already looked at the event for all rules; this leaves them out beforehand.

use super::rsigma::{self, Options};
use rsigma_eval::{Engine, Event};
use rsigma_parser::SigmaCollection;
use std::collections::HashMap;

const SOURCES: &str = include_str!("../../data/windows_sources.tsv");

/// Engines by kind of event.
pub(super) struct Routed {
    collection: SigmaCollection,
    options: Options,
    by_kind: HashMap<(String, String), usize>,
    by_rules: HashMap<Vec<usize>, usize>,
    engines: Vec<Engine>,
}

impl Routed {
    pub(super) fn new(collection: SigmaCollection, options: Options) -> Self {
        Self {
            collection,
            options: Options { windows: false, sysmon: false, ..options },
            by_kind: HashMap::new(),
            by_rules: HashMap::new(),
            engines: Vec::new(),
        }
    }

    /// The engine for an event; made when it is the first of its kind.
    pub(super) fn engine_for<E: Event>(&mut self, event: &E) -> &Engine {
        let text = |name: &str| {
            let value = event.get_field(name);
            value.and_then(|value| value.as_str().map(|text| text.to_lowercase())).unwrap_or_default()
        };
        let kind = (text("Channel"), text("EventID"));
        let at = match self.by_kind.get(&kind) {
            Some(at) => *at,
            None => {
                let at = self.make(&kind.0, &kind.1);
                self.by_kind.insert(kind, at);
                at
            }
        };
        &self.engines[at]
    }

    fn make(&mut self, channel: &str, event_id: &str) -> usize {
        let (categories, services) = sources(channel, event_id);
        let fits = |own: Option<&str>, allowed: &[&str]| own.is_none_or(|own| allowed.contains(&own));
        let rules = &self.collection.rules;
        let members: Vec<usize> = (0..rules.len())
            .filter(|at| {
                let source = &rules[*at].logsource;
                fits(source.product.as_deref(), &["windows"])
                    && fits(source.category.as_deref(), &categories)
                    && fits(source.service.as_deref(), &services)
            })
            .collect();
        if let Some(at) = self.by_rules.get(&members) {
            return *at;
        }
        let mut collection = SigmaCollection::new();
        collection.rules = members.iter().map(|at| rules[*at].clone()).collect();
        self.engines.push(rsigma::engine(&collection, self.options));
        self.by_rules.insert(members, self.engines.len() - 1);
        self.engines.len() - 1
    }
}

/// The categories and services that an event belongs to.
fn sources(channel: &str, event_id: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut categories, mut services) = (Vec::new(), Vec::new());
    for line in SOURCES.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (Some(kind), Some(name), Some(own), Some(ids)) =
            (columns.next(), columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        if own.eq_ignore_ascii_case(channel) && (ids == "*" || ids.split(',').any(|id| id == event_id)) {
            if kind == "category" { categories.push(name) } else { services.push(name) }
        }
    }
    (categories, services)
}
