//! Could a rule match on events like those that were seen, and if not, what is missing?
//!
//! ```text
//! needs: _path=dns, query       kinds: zeek conn {id.orig_h, ...}, zeek http {...}
//!                               ─▶ no kind has `_path: dns`: the log is missing
//! ```
//!
//! A rule is asked about each kind by itself, in the form that events of its source meet. It says *no* only where no event
//! of the kind can match: a field is missing in all of them, or names another log.

use super::observe::{Key, Kind, Logs};
use super::{Missing, MissingKind};
use crate::fields::logsource;
use crate::source::{Plan, SourceId};
use std::collections::{BTreeSet, HashMap};
use tieline::stream::CorrelationInfo;
use tieline::{Needs, RuleInfo, Rules};

/// Correlations of correlations that are followed.
const CHAIN_MAX: usize = 64;

/// What a rule is known by in every form of a pack.
type Identity<'a> = (Option<&'a str>, Option<&'a str>, &'a str);

pub(super) fn identity(rule: RuleInfo<'_>) -> Identity<'_> {
    (rule.path(), rule.metadata().id.as_deref().or(rule.metadata().name.as_deref()), rule.title())
}

/// Judges the rules of a plan by what an observer saw.
pub(super) struct Judge<'a> {
    plan: &'a Plan,
    /// For each source of which there are events: its rules by what they are known by, and its kinds.
    met: Vec<Met<'a>>,
    /// Kinds' fields that name logs, in any event.
    naming: BTreeSet<&'a str>,
}

struct Met<'a> {
    source: SourceId,
    rules: &'a Rules,
    places: HashMap<Identity<'a>, usize>,
    kinds: Vec<(&'a Key, &'a Kind)>,
    is_crowded: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(plan: &'a Plan, seen: &'a Logs) -> Self {
        let sources: BTreeSet<SourceId> =
            seen.kinds.keys().map(|key| key.source).chain(seen.crowded.keys().copied()).collect();
        let met = |source: SourceId| {
            let rules = plan.rules(source)?;
            let places = rules.iter().enumerate().map(|(at, rule)| (identity(rule), at)).collect();
            let mut kinds: Vec<_> = seen.kinds.iter().filter(|(key, _)| key.source == source).collect();
            kinds.sort_by_key(|(key, _)| *key);
            Some(Met { source, rules, places, kinds, is_crowded: seen.crowded.contains_key(&source) })
        };
        let naming = seen.kinds.keys().flat_map(|key| key.log.iter().map(|(field, _)| field.as_str()));
        let naming = naming.chain(std::iter::once("ot.protocol")).collect();
        Self { plan, met: sources.into_iter().filter_map(met).collect(), naming }
    }

    /// What is missing for a rule to match; `None` when it could.
    pub(super) fn missing(&self, rule: RuleInfo<'a>) -> Option<Vec<Missing>> {
        let mut least: Option<Vec<Missing>> = None;
        for met in &self.met {
            let Some(at) = met.places.get(&identity(rule)) else { continue };
            if met.is_crowded {
                return None;
            }
            let needs = met.rules.rule(*at).needs();
            for (key, kind) in &met.kinds {
                let missing = self.lacks(&needs, key, kind);
                if missing.is_empty() {
                    return None;
                }
                if least.as_ref().is_none_or(|least| distance(&missing) < distance(least)) {
                    least = Some(missing);
                }
            }
        }
        let is_about = |met: &Met<'_>| self.plan.source(met.source).is_some_and(|known| known.admits(rule.logsource()));
        let has_home =
            self.plan.sources().filter_map(|id| self.plan.source(id)).any(|known| known.admits(rule.logsource()));
        let is_elsewhere = has_home && rule.logsource().product.is_some() && !self.met.iter().any(is_about);
        if least.is_none() || (self.plan.fixed().is_none() && is_elsewhere) {
            // No source that the rule is about was met.
            let what = logsource(rule.logsource());
            return Some(vec![Missing { kind: MissingKind::Source, field: None, values: vec![what] }]);
        }
        least
    }

    /// What events of a kind lack, at least.
    fn lacks(&self, needs: &Needs, key: &Key, kind: &Kind) -> Vec<Missing> {
        match needs {
            Needs::Field { name, texts } => {
                let is_there = match key.names(name) {
                    Some(own) => texts.is_empty() || texts.iter().any(|text| is_same(text, own)),
                    None => kind.fields.contains_key(name),
                };
                if is_there {
                    return Vec::new();
                }
                let is_log = !texts.is_empty() && self.naming.contains(name.as_str());
                let (kind, values) =
                    if is_log { (MissingKind::Log, texts.clone()) } else { (MissingKind::Field, Vec::new()) };
                vec![Missing { kind, field: Some(name.clone()), values }]
            }
            Needs::Missing { name } => {
                if key.names(name).is_some() {
                    vec![Missing { kind: MissingKind::Absence, field: Some(name.clone()), values: Vec::new() }]
                } else {
                    Vec::new()
                }
            }
            Needs::Of { count, parts } => {
                if *count > parts.len() {
                    return vec![Missing { kind: MissingKind::Never, field: None, values: Vec::new() }];
                }
                // Of several ways to match, one that is about this log counts before those that lack less.
                let of_part = |part| {
                    let lacks = self.lacks(part, key, kind);
                    let is_own = lacks.iter().all(|own| own.kind != MissingKind::Log) && self.is_about(part, key);
                    (!is_own, lacks)
                };
                let mut lacks: Vec<(bool, Vec<Missing>)> = parts.iter().map(of_part).collect();
                lacks.sort_by_key(|(is_other, lacks)| (*is_other && !lacks.is_empty(), weight(lacks)));
                let mut all: Vec<Missing> = lacks.into_iter().take(*count).flat_map(|(_, lacks)| lacks).collect();
                all.sort();
                all.dedup();
                // A log that is missing says why its fields are.
                if all.iter().any(|missing| missing.kind == MissingKind::Log) {
                    all.retain(|missing| missing.kind == MissingKind::Log);
                }
                all
            }
        }
    }

    /// Whether a rule asks for the very log of a kind by its name, or for its protocol.
    fn is_about(&self, needs: &Needs, key: &Key) -> bool {
        match needs {
            Needs::Field { name, texts } => {
                key.names(name).is_some_and(|own| texts.iter().any(|text| is_same(text, own)))
            }
            Needs::Missing { .. } => false,
            Needs::Of { parts, .. } => parts.iter().any(|part| self.is_about(part, key)),
        }
    }

    /// Whether a correlation could hold, by the rules it refers to.
    pub(super) fn can_hold(
        correlation: &CorrelationInfo,
        rules: &Rules,
        could: &dyn Fn(usize) -> bool,
        depth: usize,
    ) -> bool {
        let holds = |name: &String| {
            if let Some(at) = rules.find(name) {
                return could(at);
            }
            let inner = rules.correlations().find(|inner| {
                let meta = inner.metadata();
                meta.id.as_ref() == Some(name) || meta.name.as_ref() == Some(name)
            });
            // What is not found is not said to be missing.
            inner.is_none_or(|inner| depth >= CHAIN_MAX || Self::can_hold(inner, rules, could, depth + 1))
        };
        correlation.rules().iter().filter(|name| holds(name)).count() >= correlation.rules_min()
    }
}

/// Whether a text of a rule may be that of an event: numbers are, however they are written.
fn is_same(wanted: &str, own: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    wanted.to_lowercase() == own.to_lowercase() || number(own).is_some_and(|own| number(wanted) == Some(own))
}

/// How far events of a kind are from what a rule asks for: those of another log further than those without a field.
fn distance(lacks: &[Missing]) -> (bool, (usize, usize)) {
    (lacks.iter().any(|missing| missing.kind == MissingKind::Log), weight(lacks))
}

/// What is nearer to being there comes first: few missing things, logs of a known kind before fields, presence before absence.
fn weight(lacks: &[Missing]) -> (usize, usize) {
    let score = |missing: &Missing| match missing.kind {
        MissingKind::Log => 0,
        MissingKind::Field | MissingKind::Source => 1,
        MissingKind::Absence => 3,
        MissingKind::Never => 9,
    };
    (lacks.len(), lacks.iter().map(score).sum())
}
