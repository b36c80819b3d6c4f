//! A record of what happened in a plant over a period, and what that says of its security: the document of `tieline report`.
//!
//! ```text
//! events ─┬▶ rules, correlations ─▶ incidents, findings, privileged operations ┐
//!         └▶ records in context ─▶ assets, logs, flows                         ┴▶ Document ─▶ JSON, Markdown, page
//!            plant: inventory, zones, conduits      the document before ─▶ what changed
//! ```
//!
//! Events are read once and go by; what is kept is bounded. No clock is read: the same events give the same document. What the document means for
//! requirements of standards is data of `rules/governance`. It says what was observed, and never that a plant complies.

mod assets;
mod blind;
mod changes;
mod document;
mod findings;
mod mapping;
mod markdown;
mod risk;
mod timeline;
mod traffic;
mod words;

pub use changes::{AssetChanges, Changes, Grown, IncidentChanges, Past, PastError, RequirementChanges, RuleChanges};
pub use document::{
    AssetRow, AssetStatus, Attack, BlindSpot, Bucket, ConduitRow, DeniedFlow, Document, Events, FORM, Governance,
    LeftOut, Period, Policy, Privileged, ReasonRow, RequirementRow, Risk, RiskRow, RiskTerm, RuleRow, SourceRow,
    Status, TechniqueRow, ZoneRow,
};
pub use markdown::markdown;
pub use timeline::Domain;

use crate::coverage::{self, Logs, Told};
use crate::discovery::{self, Discovery};
use crate::incidents::{Investigation, file_of};
use crate::load::{PipelineText, with_taxonomy};
use crate::source::{Plan, SourceId};
use crate::time::{self, rfc3339};
use findings::Findings;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tieline::context::Context;
use tieline::incidents::IncidentOptions;
use tieline::{Compiler, EventError, JsonEvent, Normaliser};
use timeline::Timeline;
use traffic::{Passing, Traffic, cut};

/// How a report is made.
///
/// ```
/// let options = tieline_common::governance::ReportOptions { incidents_max: 100, ..Default::default() };
/// assert_eq!(options.assets_max, 10_000);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReportOptions {
    /// How findings become incidents.
    pub incidents: IncidentOptions,
    /// The paths that rules were read from, by which packs are named.
    pub packs: Vec<PathBuf>,
    /// Events before this time are left out, in nanoseconds since 1970. Those without a time never are.
    pub from_ns: Option<i64>,
    /// Events at this time or later are left out.
    pub to_ns: Option<i64>,
    /// Incidents that the document names, the highest scores.
    pub incidents_max: usize,
    /// Assets that it names, those of most concern.
    pub assets_max: usize,
    /// Privileged operations that it names, those first that nothing explains.
    pub privileged_max: usize,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            incidents: IncidentOptions::default(),
            packs: Vec::new(),
            from_ns: None,
            to_ns: None,
            incidents_max: 1_000,
            assets_max: 10_000,
            privileged_max: 1_000,
        }
    }
}

/// Makes the document of a report from events that go by.
///
/// ```
/// use tieline_common::governance::{Report, ReportOptions};
/// use tieline_common::load::{RuleOptions, RulePack};
/// use tieline_common::source::{Plan, SourceChoice};
///
/// let rule = "title: Log Cleared\nlogsource: {product: windows}\ndetection: {s: {EventID: 1102}, condition: s}\nlevel: high\n";
/// let pack = RulePack::from_texts([("rules.yml".to_owned(), rule.to_owned())]);
/// let plan = Plan::new(pack, RuleOptions::default(), &[], &SourceChoice::Auto)?;
/// let mut report = Report::new(plan, &[], ReportOptions::default())?;
/// let event = br#"{"TimeCreated_SystemTime": "2026-11-26T08:20:00Z", "EventID": 1102, "Channel": "Security", "Computer": "hmi"}"#;
/// report.push(event, "events.ndjson:1")?;
/// let document = report.finish()?;
/// assert_eq!((document.events.read, document.incidents.len()), (1, 1));
/// assert_eq!(document.rules[0].detections, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Report {
    options: ReportOptions,
    investigation: Investigation,
    normaliser: Normaliser,
    discovery: Discovery,
    logs: Logs,
    traffic: Traffic,
    findings: Findings,
    timeline: Timeline,
    sources: BTreeMap<(Option<SourceId>, Domain), Span>,
    all: Span,
    untimed: u64,
    read: u64,
    broken: u64,
    outside: u64,
}

/// How many, and from when to when.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    count: u64,
    first: Option<i64>,
    last: Option<i64>,
}

impl Span {
    fn add(&mut self, time: Option<i64>) {
        self.count += 1;
        if let Some(time) = time {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = self.last.max(Some(time));
        }
    }
}

impl Report {
    /// Nothing has been seen yet. The plant is that of the plan; `taxonomy` are tables of OT protocols in place of the shipped ones.
    ///
    /// # Errors
    /// When rules, pipelines or tables are broken so that nothing can be compiled.
    pub fn new(plan: Plan, taxonomy: &[PipelineText], options: ReportOptions) -> Result<Self, tieline::Error> {
        // Whether rules could match is told of every source that may come.
        if plan.fixed().is_none() {
            plan.sources().try_for_each(|id| plan.compile(id).map(drop))?;
        }
        let investigation = Investigation::noting(plan, taxonomy, options.incidents.clone())?;
        let plan = investigation.plan();
        let compiler = with_taxonomy(Compiler::new(), taxonomy);
        let normaliser = match plan.context() {
            Some(plant) => Normaliser::in_context(compiler, plant)?,
            None => Normaliser::new(compiler)?,
        };
        Ok(Self {
            discovery: Discovery::new(normaliser.clone(), plan.context()),
            logs: Logs::new(plan),
            normaliser,
            investigation,
            options,
            traffic: Traffic::default(),
            findings: Findings::default(),
            timeline: Timeline::default(),
            sources: BTreeMap::new(),
            all: Span::default(),
            untimed: 0,
            read: 0,
            broken: 0,
            outside: 0,
        })
    }

    /// Takes an event; `at` says where it stands, as `file:line`.
    ///
    /// # Errors
    /// When the bytes are no JSON object; it is counted, and the report can be used on.
    pub fn push(&mut self, event: &[u8], at: &str) -> Result<(), EventError> {
        self.read += 1;
        let taken = self.take(event, at);
        self.broken += u64::from(taken.is_err());
        taken
    }

    fn take(&mut self, event: &[u8], at: &str) -> Result<(), EventError> {
        let parsed = JsonEvent::parse(event)?;
        let time = time::of_event(&parsed);
        let time_ns = time.as_deref().and_then(nanos);
        let is_before = time_ns.zip(self.options.from_ns).is_some_and(|(time, from)| time < from);
        if is_before || time_ns.zip(self.options.to_ns).is_some_and(|(time, to)| time >= to) {
            self.outside += 1;
            return Ok(());
        }
        let records = self.normaliser.records_json(event)?;
        let source = self.investigation.choose(event);
        let is_known = self.investigation.plan().source(source).is_some();
        let file = file_of(at);
        let line = at.rsplit(':').next().and_then(|line| line.parse().ok()).unwrap_or(0);
        self.logs.add(&Told { event, records: &records, source, is_known, time: time.as_deref(), file, line });
        let operations: Vec<_> = records.iter().filter(|record| record.contains_key("ot.operation")).collect();
        let ends = self.discovery.ends(&parsed);
        self.discovery.add(&parsed, &ends, &operations, time_ns);
        self.traffic.add(&Passing { event: &parsed, records: &records, ends: &ends, at });
        let domain = traffic::domain(&records);
        self.sources.entry((is_known.then_some(source), domain)).or_default().add(time_ns);
        self.all.add(time_ns);
        self.untimed += u64::from(time_ns.is_none());
        if let Some(time) = time_ns {
            self.timeline.event(time, domain);
        }
        self.investigation.push_as(source, event, at)?;
        self.take_notes();
        Ok(())
    }

    /// Counts events that could not even be cut out of their files.
    pub fn push_unreadable(&mut self, count: u64) {
        self.broken += count;
        (0..count).for_each(|_| self.logs.push_unreadable());
    }

    fn take_notes(&mut self) {
        for note in self.investigation.incidents().take_notes() {
            self.findings.add(note, &mut self.timeline);
        }
    }

    /// The document.
    ///
    /// # Errors
    /// When the rules could not be compiled for a source that was met.
    pub fn finish(self) -> Result<Document, tieline::Error> {
        self.finish_since(None)
    }

    /// The document, and what is different from one before it.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish).
    pub fn finish_since(mut self, before: Option<&Past>) -> Result<Document, tieline::Error> {
        let stats = self.investigation.finish()?.stats();
        self.take_notes();
        let mut left_out = Vec::new();
        let mut incidents = self.investigation.told();
        let all_incidents = incidents.len();
        let plan = self.investigation.plan();
        let plant = plan.context();
        let judged = coverage::judged(plan, &self.options.packs, &self.logs);
        let seen = self.discovery.assets();
        let mut assets = assets::rows(plant, seen, &incidents, &self.findings, &self.traffic);
        let risk = risk::of(&incidents, &assets, &mut left_out);
        let mut zones = assets::zones(plant, &assets.rows, &judged.coverage);
        risk::into_zones(&risk, &mut zones);
        let (timeline, by_rule) = std::mem::take(&mut self.timeline).finish(&mut left_out);
        let rules = self.findings.rules(plan, &judged, &self.options.packs, &by_rule);
        let policy = self.traffic.policy(&mut left_out);
        let conduits = self.traffic.conduits(plant);
        let blind_spots = blind::spots(&judged.coverage, &assets.rows, &mut left_out);
        let attack = blind::attack(&judged.coverage, &rules);
        cut(&mut incidents, self.options.incidents_max, "incidents with lower scores", &mut left_out);
        let mut document = Document {
            form: FORM,
            made_by: concat!("tieline ", env!("CARGO_PKG_VERSION")).to_owned(),
            period: Period { first: self.all.first.map(rfc3339), last: self.all.last.map(rfc3339) },
            site: site(plant),
            events: self.events(stats.late),
            timeline,
            incidents,
            assets: Vec::new(),
            zones,
            conduits,
            risk,
            rules,
            blind_spots,
            privileged: self.findings.privileged(self.options.privileged_max, &mut left_out),
            policy,
            governance: Governance { attack, ..Governance::default() },
            changes: None,
            left_out: Vec::new(),
        };
        document.assets = std::mem::take(&mut assets.rows);
        let figures = mapping::Figures::of(&document, all_incidents, &self.traffic, &self.findings, plant);
        document.governance.iec62443 = mapping::judge(mapping::Standard::Iec62443, &figures);
        document.governance.nist_csf = mapping::judge(mapping::Standard::NistCsf, &figures);
        document.changes = before.map(|before| before.changes(&document));
        cut(&mut document.assets, self.options.assets_max, "assets of less concern", &mut left_out);
        lost(&self.discovery, stats, assets.only_spoken_to, &mut left_out);
        document.left_out = left_out;
        Ok(document)
    }

    fn events(&self, late: u64) -> Events {
        let plan = self.investigation.plan();
        let row = |((source, domain), span): (&(Option<SourceId>, Domain), &Span)| SourceRow {
            source: source.and_then(|id| plan.source(id)).map_or("other", |known| known.name()).to_owned(),
            domain: *domain,
            events: span.count,
            first: span.first.map(rfc3339),
            last: span.last.map(rfc3339),
        };
        let mut by_source: Vec<SourceRow> = self.sources.iter().map(row).collect();
        by_source.sort_by(|one, other| {
            (other.events, &one.source, one.domain).cmp(&(one.events, &other.source, other.domain))
        });
        Events {
            read: self.read,
            broken: self.broken,
            outside_period: self.outside,
            without_time: self.untimed,
            late,
            by_source,
        }
    }
}

/// The site, when the plant has one; all of them, when it has a few.
fn site(plant: Option<&Context>) -> Option<String> {
    let sites: Vec<&str> = plant?.sites().iter().map(|site| site.name.as_str()).take(4).collect();
    (!sites.is_empty()).then(|| sites.join(", "))
}

/// What found no room.
fn lost(
    discovery: &Discovery,
    stats: tieline::incidents::IncidentStats,
    only_spoken_to: u64,
    left_out: &mut Vec<LeftOut>,
) {
    let discovery::GivenUp { assets, signs, links, .. } = discovery.given_up();
    let rows = [
        ("addresses that were only spoken to and never answered", only_spoken_to),
        ("times that a new asset was met when there was no room for more", assets),
        ("facts and peers of assets of which much is known already", signs + links),
        ("findings, hosts and contacts of incidents for which there was no room", stats.given_up),
    ];
    for (what, count) in rows.into_iter().filter(|(_, count)| *count > 0) {
        left_out.push(LeftOut { what: what.to_owned(), count });
    }
}

/// A time as text in nanoseconds since 1970.
fn nanos(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok())
}
