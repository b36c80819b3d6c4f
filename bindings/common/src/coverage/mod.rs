//! What a pack covers: of the techniques of ATT&CK, and of the events that are really there.
//!
//! ```text
//! rules, their tags        ─▶ techniques with rules and without, and why without
//! events, what rules need  ─▶ rules that can never fire here, and the log or field that is missing
//!                          ─▶ layers of the ATT&CK Navigator
//! ```
//!
//! Coverage says that a rule is there and could fire. It does not say that the rule finds every way to do what the technique is
//! about, and nothing here pretends so.

mod attack;
mod data;
mod judge;
mod navigator;
mod observe;
pub(crate) mod ports;
#[cfg(test)]
mod tests;

pub use attack::{Domain, IcsTechnique, Shows, VERSION, ics};
pub(crate) use attack::{enterprise, sort_stages};
pub use data::{
    BlindRule, DataReport, FieldMissing, LogMissing, LogSeen, Missing, MissingKind, OperationSeen, PlaceSeen, PortSeen,
};
pub use navigator::layer;
pub use observe::{Count, KINDS_MAX, Observer};
pub(crate) use observe::{Logs, Told};

use crate::source::Plan;
use attack::Meant;
use judge::Judge;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tieline::{Level, Metadata};

/// What rules cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The version of ATT&CK whose ids for ICS are told.
    pub attack: &'static str,
    /// Rules and correlations.
    pub rules: usize,
    /// The packs, as they were named.
    pub packs: Vec<Pack>,
    /// The tactics of ATT&CK for ICS.
    pub ics_tactics: Vec<Tactic>,
    /// Every technique of ATT&CK for ICS.
    pub ics: Vec<Technique>,
    /// Ids for ICS that tags name and that are no technique of that version.
    pub ics_other: Vec<Technique>,
    /// The techniques of ATT&CK for Enterprise that tags name.
    pub enterprise: Vec<Technique>,
    /// What was seen of events, when there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<DataReport>,
}

/// A file or directory of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pack {
    /// As it was named.
    pub name: String,
    /// Rules and correlations.
    pub rules: usize,
    /// Those without the id of a technique.
    pub untagged: usize,
    /// Techniques for ICS that they name.
    pub ics: usize,
    /// Techniques for Enterprise that they name.
    pub enterprise: usize,
    /// Rules that could fire on the events that were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<usize>,
}

/// A tactic of ATT&CK for ICS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tactic {
    /// Its short name, such as `lateral-movement`.
    pub name: &'static str,
    /// How many techniques it has.
    pub techniques: usize,
    /// For how many there is a rule.
    pub covered: usize,
    /// For how many a rule could fire on the events that were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<usize>,
}

/// A technique and its rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Technique {
    /// The id; of ICS that in version 18.
    pub id: String,
    /// The name, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    /// The id in version 19, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v19: Option<&'static str>,
    /// The tactics, where they are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tactics: Vec<&'static str>,
    /// Where it shows, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shows: Option<Shows>,
    /// By what it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// The highest level of its rules.
    pub level: Option<Level>,
    /// How many of its rules each pack has.
    pub packs: BTreeMap<String, usize>,
    /// How many rules could fire on the events that were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<usize>,
    /// The rules.
    pub rules: Vec<TaggedRule>,
}

/// A rule that names a technique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaggedRule {
    /// Its id, else its name.
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Option<Level>,
    /// Its pack.
    pub pack: String,
    /// Whether it could fire on the events that were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<bool>,
}

/// What the rules of a plan cover; of the events that were seen, when there are any. The form of the pack as it is must be
/// compiled; `named` are the paths that rules were read from.
#[must_use]
pub fn coverage(plan: &Plan, named: &[PathBuf], seen: Option<&Observer<'_>>) -> Coverage {
    of_logs(plan, named, seen.map(|seen| &seen.logs)).coverage
}

/// Coverage, and of each rule and correlation whether it could hold.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) coverage: Coverage,
    /// What is missing for each rule to match, in the order of the form of the pack as it is; nothing, when it could.
    pub(crate) missing: Vec<Option<Vec<Missing>>>,
    /// For each correlation whether it could hold.
    pub(crate) correlations: Vec<bool>,
}

/// The same of logs that were seen, rule by rule.
pub(crate) fn judged(plan: &Plan, named: &[PathBuf], logs: &Logs) -> Judged {
    of_logs(plan, named, Some(logs))
}

fn of_logs(plan: &Plan, named: &[PathBuf], seen: Option<&Logs>) -> Judged {
    let mut report = Coverage {
        attack: VERSION,
        rules: 0,
        packs: named.iter().map(|path| Pack { name: path.display().to_string(), ..Pack::default() }).collect(),
        ics_tactics: Vec::new(),
        ics: ics().iter().map(Technique::of).collect(),
        ics_other: Vec::new(),
        enterprise: Vec::new(),
        data: None,
    };
    let Some(rules) = plan.rules(plan.fixed().unwrap_or(plan.as_is())) else {
        return Judged { coverage: report, missing: Vec::new(), correlations: Vec::new() };
    };
    let judge = seen.map(|seen| Judge::new(plan, seen));
    let missing: Vec<_> = match &judge {
        Some(judge) => rules.iter().map(|rule| judge.missing(rule)).collect(),
        None => Vec::new(),
    };
    let could = |at: usize| missing.get(at).is_some_and(Option::is_none);
    let mut others = Others::default();
    let mut correlations = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let home = pack_of(rule.path(), named);
        report.add(rule.metadata(), &home, judge.as_ref().map(|_| could(at)), &mut others);
    }
    for correlation in rules.correlations() {
        let home = pack_of(correlation.path(), named);
        let here = judge.as_ref().map(|_| Judge::can_hold(correlation, rules, &could, 0));
        correlations.extend(here);
        report.add(correlation.metadata(), &home, here, &mut others);
    }
    report.enterprise = others.enterprise.into_values().collect();
    report.ics_other = others.ics.into_values().collect();
    report.finish(judge.is_some());
    report.data = seen.map(|seen| data::report(plan, seen, rules, &missing, &|rule| pack_of(rule.path(), named)));
    Judged { coverage: report, missing, correlations }
}

/// Ids that are in no row of the matrix for ICS.
#[derive(Default)]
struct Others {
    ics: BTreeMap<String, Technique>,
    enterprise: BTreeMap<String, Technique>,
}

impl Technique {
    fn of(row: &IcsTechnique) -> Self {
        Self {
            id: row.id.to_owned(),
            name: Some(row.name),
            v19: row.v19,
            tactics: row.tactics.clone(),
            shows: Some(row.shows),
            by: Some(row.by),
            ..Self::default()
        }
    }

    fn add(&mut self, rule: TaggedRule) {
        self.level = self.level.max(rule.level);
        *self.packs.entry(rule.pack.clone()).or_default() += 1;
        if let Some(here) = rule.here {
            *self.here.get_or_insert(0) += usize::from(here);
        }
        self.rules.push(rule);
    }
}

impl Coverage {
    /// Adds a rule to all techniques that it names.
    fn add(&mut self, meta: &Metadata, pack: &str, here: Option<bool>, others: &mut Others) {
        self.rules += 1;
        let meant: BTreeSet<String> = meta
            .tags
            .iter()
            .filter_map(|tag| attack::meant(tag))
            .map(|meant| {
                let rule = TaggedRule {
                    id: crate::record::identity_of(meta).map(str::to_owned),
                    title: meta.title.clone(),
                    level: meta.level,
                    pack: pack.to_owned(),
                    here,
                };
                let technique = match meant {
                    Meant::Ics(at) => self.ics.get_mut(at),
                    Meant::OtherIcs(id) => Some(others.ics.entry(id.clone()).or_insert_with(|| Technique {
                        name: attack::later_name(&id),
                        id,
                        ..Technique::default()
                    })),
                    Meant::Enterprise(id) => Some(
                        others.enterprise.entry(id.clone()).or_insert_with(|| Technique { id, ..Technique::default() }),
                    ),
                };
                let Some(technique) = technique else { return String::new() };
                // A rule that names both ids of a technique is one rule.
                if technique.rules.last() != Some(&rule) {
                    technique.add(rule);
                }
                technique.id.clone()
            })
            .collect();
        if !self.packs.iter().any(|known| known.name == pack) {
            self.packs.push(Pack { name: pack.to_owned(), ..Pack::default() });
        }
        if let Some(pack) = self.packs.iter_mut().find(|known| known.name == pack) {
            pack.rules += 1;
            pack.untagged += usize::from(meant.is_empty());
            if let Some(here) = here {
                *pack.here.get_or_insert(0) += usize::from(here);
            }
        }
    }

    /// Sums up by tactic and by pack.
    fn finish(&mut self, is_seen: bool) {
        let named = |techniques: &[Technique], pack: &str| {
            techniques.iter().filter(|technique| technique.packs.contains_key(pack)).count()
        };
        for pack in &mut self.packs {
            pack.ics = named(&self.ics, &pack.name) + named(&self.ics_other, &pack.name);
            pack.enterprise = named(&self.enterprise, &pack.name);
        }
        for technique in &self.ics {
            for name in &technique.tactics {
                let known = self.ics_tactics.iter().position(|tactic| tactic.name == *name);
                let at = known.unwrap_or_else(|| {
                    let here = is_seen.then_some(0);
                    self.ics_tactics.push(Tactic { name, techniques: 0, covered: 0, here });
                    self.ics_tactics.len() - 1
                });
                let Some(tactic) = self.ics_tactics.get_mut(at) else { continue };
                tactic.techniques += 1;
                tactic.covered += usize::from(!technique.rules.is_empty());
                if let Some(here) = &mut tactic.here {
                    *here += usize::from(technique.here > Some(0));
                }
            }
        }
        self.ics_tactics.sort_by_key(|tactic| TACTICS.iter().position(|name| *name == tactic.name));
    }

    /// The techniques of a domain, without ids that are in no row of its matrix.
    #[must_use]
    pub fn techniques(&self, domain: Domain) -> &[Technique] {
        match domain {
            Domain::Ics => &self.ics,
            Domain::Enterprise => &self.enterprise,
        }
    }
}

/// The tactics for ICS in the order of the matrix.
const TACTICS: &[&str] = &[
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "evasion",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "inhibit-response-function",
    "impair-process-control",
    "impact",
];

/// The longest of the named paths that a rule was read from; the first, when it does not say.
fn pack_of(path: Option<&str>, named: &[PathBuf]) -> String {
    let within = |named: &&PathBuf| path.is_some_and(|path| Path::new(path).starts_with(named));
    let longest = named.iter().filter(within).max_by_key(|path| path.components().count());
    longest.or(named.first()).map(|path| path.display().to_string()).unwrap_or_default()
}
