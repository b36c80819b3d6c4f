//! What the document means for requirements of standards: tables of `rules/governance`, judged by figures of the document.
//!
//! ```text
//! {id: ID.AM-01, when: [{figure: assets.unknown, at_most: 0}], seen: [{figure: assets.declared, at_least: 1}]}
//! assets.unknown = 3 ("3 assets are not in the inventory: 10.1.7.9, ...")     ─▶ gap, with that sentence as evidence
//! ```
//!
//! `seen` says what must have been observed before anything can be told. Met means: nothing that was observed speaks against it. A table
//! cannot say that a plant complies.

use super::document::{AssetStatus, Document, RequirementRow, Status};
use super::findings::Findings;
use super::traffic::{Kind, Traffic};
use super::words::counted;
use serde::Deserialize;
use std::collections::BTreeMap;
use tieline::Level;
use tieline::context::Context;

/// What rules with any of these tags are about.
const TAGGED: &[(&str, &str, &[&str])] = &[
    ("guessing", "guessed passwords", &["attack.t1110", "attack.t1110.001", "attack.t1110.003", "attack.t1110.004"]),
    ("malware", "running code that should not run", &["attack.execution"]),
    (
        "tampered_logs",
        "cleared logs or disabled defences",
        &[
            "attack.t1070",
            "attack.t1070.001",
            "attack.t1070.002",
            "attack.t1562.001",
            "attack.t1562.002",
            "attack.t0872",
        ],
    ),
    (
        "firmware",
        "changed programs or firmware of devices",
        &["attack.t0843", "attack.t0857", "attack.t0839", "attack.t0889", "attack.t0821", "attack.t0836"],
    ),
    (
        "denial",
        "denied service or lost control",
        &[
            "attack.t0814",
            "attack.t0813",
            "attack.t0815",
            "attack.t0826",
            "attack.t0827",
            "attack.t1498",
            "attack.t1499",
        ],
    ),
];

/// Names that a sentence gives.
const NAMES_MAX: usize = 5;

/// A standard that there is a table for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standard {
    Iec62443,
    NistCsf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    requirements: Vec<Requirement>,
}

/// A row of a table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    id: String,
    title: String,
    /// Without all of these nothing can be told.
    #[serde(default)]
    seen: Vec<Condition>,
    /// It is met when all of these hold.
    when: Vec<Condition>,
    /// Figures that are told as well.
    #[serde(default)]
    tell: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    figure: String,
    at_most: Option<u64>,
    at_least: Option<u64>,
}

/// A number of the document, and a sentence about it.
#[derive(Debug)]
struct Figure {
    value: u64,
    text: String,
}

/// A sentence about many things as one about a single one.
fn one(what: &str) -> String {
    let words = [
        ("assets were ", "asset was "),
        ("assets are ", "asset is "),
        ("assets of the inventory were", "asset of the inventory was"),
        ("assets of the inventory have", "asset of the inventory has"),
        ("assets of the inventory are", "asset of the inventory is"),
        ("that are not", "that is not"),
        ("devices have no record of their", "device has no record of its"),
        ("zones have", "zone has"),
        ("conduits were", "conduit was"),
        ("incidents whose", "incident whose"),
        ("incidents with", "incident with"),
        ("incidents are", "incident is"),
        ("sources of", "source of"),
    ];
    words.iter().fold(what.to_owned(), |text, (many, single)| text.replace(many, single))
}

/// Numbers of the document by name.
#[derive(Debug, Default)]
pub(super) struct Figures(BTreeMap<String, Figure>);

impl Figures {
    fn put(&mut self, name: &str, value: u64, text: String) {
        self.0.insert(name.to_owned(), Figure { value, text });
    }

    /// A number of things, some of which are named.
    fn names<'n>(&mut self, name: &str, what: &str, all: impl Iterator<Item = &'n str>) {
        let all: Vec<&str> = all.collect();
        let mut text = match all.len() {
            1 => format!("1 {}", one(what)),
            count => format!("{count} {what}"),
        };
        if !all.is_empty() {
            let more = if all.len() > NAMES_MAX { ", ..." } else { "" };
            text += &format!(": {}{more}", all.iter().take(NAMES_MAX).copied().collect::<Vec<_>>().join(", "));
        }
        self.put(name, all.len() as u64, text);
    }

    pub(super) fn of(
        document: &Document,
        incidents: usize,
        traffic: &Traffic,
        findings: &Findings,
        plant: Option<&Context>,
    ) -> Self {
        let mut own = Self::default();
        own.of_assets(document, traffic, plant);
        own.of_flows(document, traffic, plant);
        own.of_rules(document, findings);
        own.put("events.read", document.events.read, format!("{} events were read", document.events.read));
        let untimed = document.events.without_time;
        own.put(
            "events.without_time",
            untimed,
            format!("{} without a time that can be read", counted(untimed, "event")),
        );
        own.put(
            "events.broken",
            document.events.broken,
            format!("{} events could not be read", document.events.broken),
        );
        own.put("incidents.all", incidents as u64, format!("{incidents} incidents"));
        own.names("incidents.serious", "incidents with a score of 40 or more", {
            document.incidents.iter().filter(|own| own.score.total >= 40).map(|own| own.title.as_str())
        });
        own.names("incidents.open", "incidents are not over", {
            document.incidents.iter().filter(|own| !own.is_closed).map(|own| own.title.as_str())
        });
        own.names("incidents.without_way", "incidents whose beginning was not seen", {
            document.incidents.iter().filter(|own| own.path.gap.is_some()).map(|own| own.title.as_str())
        });
        let all = findings.explained + findings.unexplained;
        own.put("privileged.all", all, format!("{} on devices", counted(all, "privileged operation")));
        let nobody = findings.without_account;
        own.put(
            "privileged.without_account",
            nobody,
            format!("of {nobody} of {all} privileged operations no account is known"),
        );
        let unexplained = findings.unexplained;
        own.put(
            "privileged.unexplained",
            unexplained,
            format!("{unexplained} of {all} privileged operations that nothing explains"),
        );
        own
    }

    fn of_assets(&mut self, document: &Document, traffic: &Traffic, plant: Option<&Context>) {
        let declared = plant.map_or(0, |plant| plant.assets().len());
        self.put("assets.declared", declared as u64, format!("{declared} assets are in the inventory"));
        let with = |status| document.assets.iter().filter(move |row| row.status == status).map(|row| row.id.as_str());
        self.names("assets.unknown", "assets were seen that are not in the inventory", with(AssetStatus::Unknown));
        self.names("assets.silent", "assets of the inventory were not heard of", with(AssetStatus::Silent));
        self.names("assets.changed", "assets are not as the inventory says", with(AssetStatus::Changed));
        let heard = document.assets.iter().filter(|row| row.first_seen.is_some()).count();
        self.put("assets.heard", heard as u64, format!("{heard} assets were heard of"));
        let lack = |what: fn(&super::AssetRow) -> bool| {
            document
                .assets
                .iter()
                .filter(move |row| row.status != AssetStatus::Unknown && what(row))
                .map(|row| row.id.as_str())
        };
        self.names("assets.without_owner", "assets of the inventory have no owner", lack(|row| row.owner.is_none()));
        self.names(
            "assets.without_criticality",
            "assets of the inventory have no criticality",
            lack(|row| row.criticality.is_none()),
        );
        self.names("assets.without_zone", "assets of the inventory are in no zone", lack(|row| row.zone.is_none()));
        let devices = document.assets.iter().filter(|row| super::assets::is_device(row)).count();
        self.put("assets.devices", devices as u64, format!("{devices} controllers and other devices"));
        let no_firmware = |row: &super::AssetRow| row.exposures.iter().any(|own| own == "no record of its firmware");
        self.names("assets.without_firmware", "devices have no record of their firmware", {
            document.assets.iter().filter(|row| no_firmware(row)).map(|row| row.id.as_str())
        });
        let count = |kind| traffic.assets_with(kind) as u64;
        let (outside, remote, plain) = (count(Kind::Outside), count(Kind::Remote), count(Kind::Plain));
        self.put(
            "assets.from_outside",
            outside,
            format!("{} below the office reached from outside of all zones", counted(outside, "asset")),
        );
        self.put("assets.remote", remote, format!("{} used from afar, from another zone", counted(remote, "asset")));
        self.put("assets.plain", plain, format!("{} spoken to in plain text", counted(plain, "asset")));
    }

    fn of_flows(&mut self, document: &Document, traffic: &Traffic, plant: Option<&Context>) {
        let zones = document.zones.len();
        self.put("zones.all", zones as u64, format!("{zones} zones are declared"));
        let zones = || document.zones.iter();
        self.names(
            "zones.unseen",
            "zones have no sensor",
            zones().filter(|own| !own.has_sensor).map(|own| own.name.as_str()),
        );
        self.names(
            "zones.without_sl_t",
            "zones have no target security level",
            zones().filter(|own| own.sl_t.is_none()).map(|own| own.name.as_str()),
        );
        let conduits = document.conduits.len();
        self.put("conduits.all", conduits as u64, format!("{conduits} conduits are declared"));
        let unused = document.conduits.iter().filter(|own| own.allowed + own.denied == 0);
        self.names("conduits.unused", "conduits were not used", unused.map(|own| own.name.as_str()));
        let policy = &document.policy;
        let judged = policy.allowed + policy.denied;
        self.put("flows.judged", judged, format!("{judged} events were judged by the policy of the plant"));
        self.put("flows.denied", policy.denied, format!("the policy denies {} of {judged} events", policy.denied));
        for (figure, reason) in [
            ("flows.denied_by_conduit", "conduit"),
            ("flows.denied_by_protocol", "protocol"),
            ("flows.denied_by_operation", "operation"),
            ("flows.denied_by_role", "role"),
            ("flows.denied_by_hours", "hours"),
        ] {
            let count = policy.by_reason.iter().find(|row| row.reason == reason).map_or(0, |row| row.count);
            self.put(figure, count, format!("the policy denies {count} events by {reason}"));
        }
        let (all, plain) = (traffic.changes, traffic.changes_plain);
        self.put("changes.all", all, format!("{all} writes and other changes of devices were asked for"));
        self.put(
            "changes.unauthenticated",
            plain,
            format!("{plain} of {all} changes of devices came over protocols without authentication"),
        );
        let chains = plant.map_or(0, |plant| plant.trust().chains.len());
        self.put("trust.chains", chains as u64, format!("{chains} chains of sessions are allowed to change devices"));
    }

    fn of_rules(&mut self, document: &Document, findings: &Findings) {
        let rules = document.rules.len();
        self.put("rules.all", rules as u64, format!("{rules} rules and correlations"));
        let could = document.rules.iter().filter(|row| row.can_match).count();
        self.put(
            "rules.can_match",
            could as u64,
            format!("{could} of {rules} rules could match the logs that were seen"),
        );
        for (name, what, tags) in TAGGED {
            let has = |row: &&super::RuleRow| row.tags.iter().any(|tag| tags.contains(&tag.as_str()));
            let could = document.rules.iter().filter(has).filter(|row| row.can_match).count() as u64;
            let serious = document.rules.iter().filter(has).filter(|row| row.level >= Level::Medium);
            let count: u64 = serious.map(|row| row.detections).sum();
            self.put(&format!("rules.{name}"), could, format!("{could} rules for {what} could match"));
            self.put(&format!("found.{name}"), count, format!("{} of {what}", counted(count, "finding")));
        }
        let all = findings.all();
        self.put("found.all", all, format!("{all} findings"));
        let serious: u64 = findings.by_level.range(Level::High..).map(|(_, count)| count).sum();
        self.put("found.serious", serious, format!("{serious} findings of level high or above"));
        let sources = |domain| {
            document.events.by_source.iter().filter(move |row| row.domain == domain).map(|row| row.source.as_str())
        };
        self.names("sources.it", "sources of IT events", sources(super::Domain::It));
        self.names("sources.ot", "sources of OT events", sources(super::Domain::Ot));
        let techniques = |rows: &[super::TechniqueRow]| {
            let ids: std::collections::BTreeSet<&str> =
                rows.iter().filter(|row| row.here > 0).map(|row| row.id.as_str()).collect();
            ids.len() as u64
        };
        let ics = techniques(&document.governance.attack.ics);
        self.put("techniques.ics", ics, format!("{ics} techniques of ATT&CK for ICS have a rule that could match"));
        let enterprise = techniques(&document.governance.attack.enterprise);
        self.put(
            "techniques.enterprise",
            enterprise,
            format!("{enterprise} techniques of ATT&CK for Enterprise have a rule that could match"),
        );
    }
}

fn table(standard: Standard) -> Vec<Requirement> {
    let text = match standard {
        Standard::Iec62443 => tieline_rules::iec62443(),
        Standard::NistCsf => tieline_rules::nist_csf(),
    };
    // A test reads the shipped tables.
    serde_saphyr::from_str::<Table>(text).map(|table| table.requirements).unwrap_or_default()
}

pub(super) fn judge(standard: Standard, figures: &Figures) -> Vec<RequirementRow> {
    table(standard).iter().map(|requirement| requirement.judge(figures)).collect()
}

impl Condition {
    /// Whether it holds; `None` when there is no such figure.
    fn holds(&self, figures: &Figures) -> Option<bool> {
        let figure = figures.0.get(self.figure.as_str())?;
        let is_low = self.at_most.is_none_or(|most| figure.value <= most);
        Some(is_low && self.at_least.is_none_or(|least| figure.value >= least))
    }
}

impl Requirement {
    fn judge(&self, figures: &Figures) -> RequirementRow {
        let text = |name: &str| figures.0.get(name).map(|figure| figure.text.clone());
        let of = |conditions: &[&Condition]| -> Vec<String> {
            conditions.iter().filter_map(|own| text(&own.figure)).collect()
        };
        let unseen: Vec<&Condition> = self.seen.iter().filter(|own| own.holds(figures) != Some(true)).collect();
        let failed: Vec<&Condition> = self.when.iter().filter(|own| own.holds(figures) == Some(false)).collect();
        let (status, mut evidence) = match (unseen.is_empty(), failed.is_empty()) {
            (false, _) => (Status::Unknown, of(&unseen)),
            (true, false) => (Status::Gap, of(&failed)),
            (true, true) => (Status::Met, of(&self.when.iter().collect::<Vec<_>>())),
        };
        evidence.extend(self.tell.iter().filter_map(|name| text(name)));
        evidence.dedup();
        RequirementRow { id: self.id.clone(), title: self.title.clone(), status, evidence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::governance::{Report, ReportOptions};
    use crate::load::{RuleOptions, RulePack};
    use crate::source::{Plan, SourceChoice};

    #[test]
    fn tables_ask_for_figures_that_there_are() {
        let rule = "title: Any\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n";
        let pack = RulePack::from_texts([("rules.yml".to_owned(), rule.to_owned())]);
        let plan = Plan::new(pack, RuleOptions::default(), &[], &SourceChoice::None).unwrap();
        let document = Report::new(plan, &[], ReportOptions::default()).unwrap().finish().unwrap();
        let figures = Figures::of(&document, 0, &Traffic::default(), &Findings::default(), None);
        for standard in [Standard::Iec62443, Standard::NistCsf] {
            let rows = table(standard);
            assert!(rows.len() > 20, "{standard:?}: {}", rows.len());
            for row in &rows {
                let asked = row.seen.iter().chain(&row.when).map(|own| &own.figure).chain(&row.tell);
                let unknown: Vec<_> = asked.filter(|name| !figures.0.contains_key(name.as_str())).collect();
                assert!(unknown.is_empty(), "{}: {unknown:?}", row.id);
            }
            let mut ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), rows.len(), "an id stands twice");
        }
        let all = document.governance.iec62443.iter().chain(&document.governance.nist_csf);
        assert!(all.clone().all(|row| !row.evidence.is_empty()), "{all:?}");
    }
}
