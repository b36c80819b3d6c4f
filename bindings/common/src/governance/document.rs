//! The document of a report, as plain records.
//!
//! ```text
//! { "form": "tieline.report/1", "period": {..}, "events": {..}, "incidents": [..], "assets": [..], "governance": {..}, ... }
//! ```
//!
//! What its fields mean is told in `REPORT.md`; its JSON schema is `report.schema.json`.

use super::changes::Changes;
use super::timeline::Domain;
use serde::Serialize;
use std::collections::BTreeMap;
use tieline::Level;
use tieline::incidents::Incident;

/// The form of the document that is written here.
pub const FORM: &str = "tieline.report/1";

/// What was seen of a plant over a period, and what that says of its security.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// Always [`FORM`].
    pub form: &'static str,
    /// The program and its version.
    pub made_by: String,
    /// From the first to the last event.
    pub period: Period,
    /// The site, when the plant has one.
    pub site: Option<String>,
    /// What was read.
    pub events: Events,
    /// Events and findings over time, in equal buckets.
    pub timeline: Vec<Bucket>,
    /// Incidents, the highest score first.
    pub incidents: Vec<Incident>,
    /// Assets of the inventory, and those that were seen beside it.
    pub assets: Vec<AssetRow>,
    /// The zones of the plant.
    pub zones: Vec<ZoneRow>,
    /// The conduits of the plant, and what passed through them.
    pub conduits: Vec<ConduitRow>,
    /// Where risk concentrates.
    pub risk: Risk,
    /// Rules and correlations, those that fired most first.
    pub rules: Vec<RuleRow>,
    /// What cannot be seen, and why.
    pub blind_spots: Vec<BlindSpot>,
    /// Privileged operations, those that nothing explains first.
    pub privileged: Vec<Privileged>,
    /// What the policy of the plant says of the flows that were seen.
    pub policy: Policy,
    /// What all this means for the requirements of standards.
    pub governance: Governance,
    /// What is different from the last report; `None` without one.
    pub changes: Option<Changes>,
    /// What limits have left out.
    pub left_out: Vec<LeftOut>,
}

/// From when to when; `None` when no event has a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Period {
    /// The time of the first event.
    pub first: Option<String>,
    /// The time of the last one.
    pub last: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Events {
    /// Events that were read.
    pub read: u64,
    /// Those that could not be.
    pub broken: u64,
    /// Those that the period leaves out.
    pub outside_period: u64,
    /// Those without a time that can be read.
    pub without_time: u64,
    /// Those that came later than the lateness allows; they were taken when they came.
    pub late: u64,
    /// By source and domain, most events first.
    pub by_source: Vec<SourceRow>,
}

/// Events of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceRow {
    /// The name of the source; `other` when it is none of those that are known.
    pub source: String,
    /// The domain.
    pub domain: Domain,
    /// How many.
    pub events: u64,
    /// The time of the first.
    pub first: Option<String>,
    /// The time of the last.
    pub last: Option<String>,
}

/// What happened in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Where it begins.
    pub start: String,
    /// Events of offices and servers.
    pub it: u64,
    /// Events of the plant.
    pub ot: u64,
    /// Findings by level.
    pub findings: BTreeMap<&'static str, u64>,
}

/// How an asset stands to the inventory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AssetStatus {
    /// Seen as it is declared; without an inventory, seen.
    #[default]
    Seen,
    /// Declared, and nothing was heard of it.
    Silent,
    /// Seen, and not declared.
    Unknown,
    /// Seen, and otherwise than declared.
    Changed,
}

/// An asset.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AssetRow {
    /// Its id in the inventory; else its host name, address or MAC.
    pub id: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The Purdue level of its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// How much depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criticality: Option<String>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The version of its firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Addresses, MACs and host names.
    pub addresses: Vec<String>,
    /// Protocols that it serves or uses.
    pub protocols: Vec<String>,
    /// When it was seen first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// When it was seen last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
    /// How it stands to the inventory.
    pub status: AssetStatus,
    /// Findings of any level that it takes part in.
    pub findings: u64,
    /// Ids of incidents in which it occurs.
    pub incidents: Vec<String>,
    /// What about it is of concern, each in a short sentence.
    pub exposures: Vec<String>,
}

/// A zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ZoneRow {
    /// Its name.
    pub name: String,
    /// Its site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its Purdue level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// Its target security level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sl_t: Option<u8>,
    /// Assets in it, declared or seen.
    pub assets: u64,
    /// The sum of the scores of incidents that touch it.
    pub risk: u64,
    /// Whether an end of any event lies in it.
    pub has_sensor: bool,
}

/// A conduit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConduitRow {
    /// Its name.
    pub name: String,
    /// Zones from which it is entered.
    pub from: Vec<String>,
    /// Zones to which it leads.
    pub to: Vec<String>,
    /// Events that it allows.
    pub allowed: u64,
    /// Events that it comes nearest to allowing, and does not.
    pub denied: u64,
}

/// Where risk concentrates.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Risk {
    /// By asset, the highest first.
    pub by_asset: Vec<RiskRow>,
    /// By zone.
    pub by_zone: Vec<RiskRow>,
}

/// A sum of scores of incidents.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RiskRow {
    /// The asset or zone.
    pub name: String,
    /// The sum of its terms.
    pub score: u64,
    /// What it is made of: each incident and its score.
    pub terms: Vec<RiskTerm>,
}

/// An incident's part of a risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RiskTerm {
    /// The id of the incident.
    pub incident: String,
    /// Its score.
    pub points: u32,
}

/// The place of a bucket in the timeline, and how often something was found in it. What has no time, or one far from all others, is in
/// none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct InBucket(pub u64, pub u64);

/// A rule or correlation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// Its id, else its name, else its title.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// The file or directory it was read from, as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// How often it was found to hold.
    pub detections: u64,
    /// When first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// When last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// In which parts of the timeline, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<InBucket>,
    /// Whether it tells by itself; others are parts of correlations.
    pub alerts: bool,
    /// Whether it could match events like those that were seen.
    pub can_match: bool,
    /// Why it could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind: Option<String>,
}

/// Something that cannot be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlindSpot {
    /// `zone`, `log`, `field`, `protocol`, `asset`, `technique` or `event`.
    pub kind: &'static str,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A privileged operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Privileged {
    /// When.
    pub time: String,
    /// The operation class.
    pub operation: String,
    /// The protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Who asked for it.
    pub source: String,
    /// The device.
    pub target: String,
    /// The account of the sessions on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The sessions that were found on the way, from its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Whether policy and sessions explain it.
    pub explained: bool,
    /// What is missing.
    pub missing: Vec<String>,
    /// Where its event stands; of several equal ones the first.
    pub event: String,
    /// How many equal ones there were: same source, target, operation and missing parts.
    pub count: u64,
    /// The time of the last.
    pub last: String,
}

/// What the policy of the plant says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Events whose flow is allowed.
    pub allowed: u64,
    /// Events whose flow is denied.
    pub denied: u64,
    /// Why, most events first. An event may have several reasons.
    pub by_reason: Vec<ReasonRow>,
    /// The denied flows, most events first.
    pub flows: Vec<DeniedFlow>,
}

/// Why flows are denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonRow {
    /// `conduit`, `protocol`, `operation`, `role` or `hours`.
    pub reason: String,
    /// Events.
    pub count: u64,
}

/// A flow that the policy denies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeniedFlow {
    /// From whom.
    pub source: String,
    /// To whom.
    pub target: String,
    /// The protocol or port, and the operation, as far as they are known.
    pub what: String,
    /// Why.
    pub reasons: Vec<String>,
    /// The conduit that comes nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conduit: Option<String>,
    /// Events.
    pub count: u64,
    /// Where the first stands.
    pub event: String,
}

/// What all this means for standards. Nothing here says that a plant complies with one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Governance {
    /// Requirements of IEC 62443.
    pub iec62443: Vec<RequirementRow>,
    /// Outcomes of the NIST Cybersecurity Framework 2.0.
    pub nist_csf: Vec<RequirementRow>,
    /// Techniques of ATT&CK.
    pub attack: Attack,
}

/// Whether a requirement is met in what was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing that was observed speaks against it.
    Met,
    /// Something that was observed speaks against it.
    Gap,
    /// Nothing was observed that could tell.
    Unknown,
}

/// A requirement, and what the document says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequirementRow {
    /// Its id, such as `SR 5.1` or `DE.CM-01`.
    pub id: String,
    /// What it asks for, in our words.
    pub title: String,
    /// Its status.
    pub status: Status,
    /// What of the document says so.
    pub evidence: Vec<String>,
}

/// Techniques of ATT&CK that rules are about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// For Enterprise.
    pub enterprise: Vec<TechniqueRow>,
    /// For industrial control systems.
    pub ics: Vec<TechniqueRow>,
}

/// A technique in one tactic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TechniqueRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The tactic; a technique of several has a row in each.
    pub tactic: String,
    /// Rules that name it.
    pub rules: u64,
    /// Of these, those that could match events like those that were seen.
    pub here: u64,
    /// How often these were found to hold.
    pub detections: u64,
    /// In which parts of the timeline, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<InBucket>,
}

/// Something that a limit has cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// How many.
    pub count: u64,
}
