//! What is different from the report before.
//!
//! ```text
//! last.json ─▶ Past      document now ─▶ assets that are new, gone, changed; incidents, rules, requirements, flows
//! ```
//!
//! Of the document before only what is compared is read, so one of an older version will do as long as its form is known.

use super::document::{AssetStatus, Document, FORM, Status};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Names of a list that are told.
const NAMES_MAX: usize = 500;

/// A document before, as far as it is compared.
#[derive(Debug, Clone, Deserialize)]
pub struct Past {
    period: PastPeriod,
    #[serde(default)]
    assets: Vec<PastAsset>,
    #[serde(default)]
    incidents: Vec<PastIncident>,
    #[serde(default)]
    rules: Vec<PastRule>,
    #[serde(default)]
    conduits: Vec<PastConduit>,
    #[serde(default)]
    policy: PastPolicy,
    #[serde(default)]
    governance: PastGovernance,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct PastPeriod {
    first: Option<String>,
    last: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct PastAsset {
    id: String,
    status: String,
    firmware: Option<String>,
    zone: Option<String>,
    role: Option<String>,
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default)]
    exposures: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct PastIncident {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    is_closed: bool,
    #[serde(default)]
    findings: Vec<PastFinding>,
}

#[derive(Debug, Clone, Deserialize)]
struct PastFinding {
    #[serde(default)]
    count: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct PastRule {
    id: String,
    #[serde(default)]
    detections: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct PastConduit {
    name: String,
    #[serde(default)]
    allowed: u64,
    #[serde(default)]
    denied: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct PastPolicy {
    #[serde(default)]
    allowed: u64,
    #[serde(default)]
    denied: u64,
    #[serde(default)]
    flows: Vec<PastFlow>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct PastFlow {
    source: String,
    target: String,
    what: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct PastGovernance {
    #[serde(default)]
    iec62443: Vec<PastRequirement>,
    #[serde(default)]
    nist_csf: Vec<PastRequirement>,
}

#[derive(Debug, Clone, Deserialize)]
struct PastRequirement {
    id: String,
    status: Status,
}

/// Why a document before cannot be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastError(String);

impl fmt::Display for PastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PastError {}

/// What is different.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The last time of the report before.
    pub since: Option<String>,
    /// Assets.
    pub assets: AssetChanges,
    /// Incidents.
    pub incidents: IncidentChanges,
    /// Rules.
    pub rules: RuleChanges,
    /// Requirements of all standards.
    pub requirements: RequirementChanges,
    /// Conduits that were used now and not before.
    pub conduits_in_use: Vec<String>,
    /// Denied flows that were not there before: from whom to whom, and what.
    pub flows_denied: Vec<String>,
    /// How many more events the policy allows and denies than before; less, when below 0.
    pub policy: BTreeMap<&'static str, i64>,
    /// Names that were left out of these lists.
    pub left_out: u64,
}

/// Assets that are different.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AssetChanges {
    /// Those that were not in the report before.
    pub new: Vec<String>,
    /// Those that are in this report no more, or of which nothing was heard any more.
    pub gone: Vec<String>,
    /// Those that are otherwise, and how.
    pub changed: Vec<String>,
    /// Those with more to be concerned about than before, and what.
    pub exposed: Vec<String>,
}

/// Incidents that are different.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IncidentChanges {
    /// New ones, by id.
    pub new: Vec<String>,
    /// Those that are over now, or are told no more.
    pub closed: Vec<String>,
    /// Those with more findings than before.
    pub grown: Vec<Grown>,
}

/// An incident with more findings than before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Grown {
    /// Its id.
    pub id: String,
    /// Its findings before.
    pub was: u64,
    /// Its findings now.
    pub is: u64,
}

/// Rules that are different.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleChanges {
    /// Rules that did not fire before, by id.
    pub firing: Vec<String>,
    /// Rules that fired before and do not now.
    pub quiet: Vec<String>,
}

/// Requirements that are different.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RequirementChanges {
    /// Those that are met now and were not.
    pub met: Vec<String>,
    /// Those with a gap now and without one before.
    pub gap: Vec<String>,
    /// Those of which nothing can be told any more.
    pub unknown: Vec<String>,
}

impl Past {
    /// Reads a document that was written before.
    ///
    /// # Errors
    /// When it is cut off, no such document, or of a form that is not known.
    ///
    /// ```
    /// use tieline_common::governance::Past;
    /// let error = Past::read(b"{\"form\": \"tieline.report/1\", \"per").unwrap_err().to_string();
    /// assert!(error.contains("line 1") && error.contains("cut off"), "{error}");
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, PastError> {
        #[derive(Deserialize)]
        struct Head {
            form: Option<String>,
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let again = "write it again with `tieline report -o json`";
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(PastError(format!("is empty; {again}")));
        }
        let fault = |error: &serde_json::Error| {
            let at = format!("line {}, column {}", error.line(), error.column());
            let what = match error.classify() {
                serde_json::error::Category::Eof => "is cut off".to_owned(),
                serde_json::error::Category::Data => {
                    let text = error.to_string();
                    let text = text.split(" at line ").next().unwrap_or_default();
                    format!("is no report that can be compared with: {text}")
                }
                _ => "is no JSON".to_owned(),
            };
            PastError(format!("{what} at {at}; {again}"))
        };
        let head: Head = serde_json::from_slice(bytes).map_err(|error| fault(&error))?;
        match head.form.as_deref() {
            Some(FORM) => serde_json::from_slice(bytes).map_err(|error| fault(&error)),
            Some(other) => {
                let other: String = other.chars().take(64).collect();
                Err(PastError(format!("is of the form `{other}`; this version reads `{FORM}`; {again}")))
            }
            None => Err(PastError(format!("is no report: it has no `form`; {again}"))),
        }
    }

    /// What is different now.
    #[must_use]
    pub fn changes(&self, now: &Document) -> Changes {
        let mut changes = Changes {
            since: self.period.last.clone().or_else(|| self.period.first.clone()),
            assets: self.assets(now),
            incidents: self.incidents(now),
            rules: self.rules(now),
            requirements: self.requirements(now),
            ..Changes::default()
        };
        let before: BTreeSet<&str> =
            self.conduits.iter().filter(|own| own.allowed + own.denied > 0).map(|own| own.name.as_str()).collect();
        let used = now.conduits.iter().filter(|own| own.allowed + own.denied > 0).map(|own| own.name.as_str());
        changes.conduits_in_use = used.filter(|name| !before.contains(name)).map(str::to_owned).collect();
        let before: BTreeSet<&PastFlow> = self.policy.flows.iter().collect();
        for flow in &now.policy.flows {
            let own = PastFlow { source: flow.source.clone(), target: flow.target.clone(), what: flow.what.clone() };
            if !before.contains(&own) {
                changes.flows_denied.push(format!("{} to {}: {}", own.source, own.target, own.what));
            }
        }
        let more = |now: u64, before: u64| i64::try_from(i128::from(now) - i128::from(before)).unwrap_or(i64::MAX);
        changes.policy = BTreeMap::from([
            ("allowed", more(now.policy.allowed, self.policy.allowed)),
            ("denied", more(now.policy.denied, self.policy.denied)),
        ]);
        changes.bound();
        changes
    }

    fn assets(&self, now: &Document) -> AssetChanges {
        let before: BTreeMap<&str, &PastAsset> = self.assets.iter().map(|own| (own.id.as_str(), own)).collect();
        let mut changes = AssetChanges::default();
        let mut here = BTreeSet::new();
        for row in &now.assets {
            here.insert(row.id.as_str());
            let Some(past) = before.get(row.id.as_str()) else {
                changes.new.push(row.id.clone());
                continue;
            };
            let is_silent = row.status == AssetStatus::Silent;
            if is_silent && past.status != "silent" {
                changes.gone.push(row.id.clone());
            }
            let mut how = Vec::new();
            for (what, was, is) in [
                ("firmware", &past.firmware, &row.firmware),
                ("zone", &past.zone, &row.zone),
                ("role", &past.role, &row.role),
            ] {
                if was != is && !is_silent {
                    let text = |own: &Option<String>| own.clone().unwrap_or_else(|| "none".to_owned());
                    how.push(format!("{what} {} is {}", text(was), text(is)));
                }
            }
            let new: Vec<&str> =
                row.addresses.iter().filter(|own| !past.addresses.contains(own)).map(String::as_str).collect();
            if !new.is_empty() {
                how.push(format!("also at {}", new.join(", ")));
            }
            if !how.is_empty() {
                changes.changed.push(format!("{}: {}", row.id, how.join("; ")));
            }
            // Counts and places differ from report to report; what comes before them does not.
            let kind = |text: &str| {
                text.split([',', '(']).next().unwrap_or_default().replace(|c: char| c.is_ascii_digit(), "")
            };
            let known: BTreeSet<String> = past.exposures.iter().map(|own| kind(own)).collect();
            let more: Vec<&str> =
                row.exposures.iter().filter(|own| !known.contains(&kind(own))).map(String::as_str).collect();
            if !more.is_empty() {
                changes.exposed.push(format!("{}: {}", row.id, more.join("; ")));
            }
        }
        changes.gone.extend(before.keys().filter(|id| !here.contains(*id)).map(|id| (*id).to_owned()));
        changes
    }

    fn incidents(&self, now: &Document) -> IncidentChanges {
        let count = |own: &PastIncident| own.findings.iter().map(|finding| finding.count.max(1)).sum::<u64>();
        let before: BTreeMap<&str, &PastIncident> = self.incidents.iter().map(|own| (own.id.as_str(), own)).collect();
        let mut changes = IncidentChanges::default();
        let mut here = BTreeSet::new();
        for own in &now.incidents {
            here.insert(own.id.as_str());
            here.extend(own.merged.iter().map(|(id, _)| id.as_str()));
            let Some(past) = before.get(own.id.as_str()) else {
                changes.new.push(own.id.clone());
                continue;
            };
            let (was, is) = (count(past), own.findings.iter().map(|finding| finding.count.max(1)).sum::<u64>());
            if is > was {
                changes.grown.push(Grown { id: own.id.clone(), was, is });
            }
            if own.is_closed && !past.is_closed {
                changes.closed.push(own.id.clone());
            }
        }
        let gone = self.incidents.iter().filter(|own| !here.contains(own.id.as_str()) && !own.is_closed);
        changes.closed.extend(gone.map(|own| format!("{} ({})", own.id, own.title)));
        changes
    }

    fn rules(&self, now: &Document) -> RuleChanges {
        let before: BTreeMap<&str, u64> = self.rules.iter().map(|own| (own.id.as_str(), own.detections)).collect();
        let fired = |id: &str| before.get(id).copied().unwrap_or(0) > 0;
        let firing = now.rules.iter().filter(|own| own.detections > 0 && !fired(&own.id));
        let firing = firing.map(|own| own.id.clone()).collect();
        let quiet = now.rules.iter().filter(|own| own.detections == 0 && fired(&own.id));
        RuleChanges { firing, quiet: quiet.map(|own| own.id.clone()).collect() }
    }

    fn requirements(&self, now: &Document) -> RequirementChanges {
        let all = self.governance.iec62443.iter().chain(&self.governance.nist_csf);
        let before: BTreeMap<&str, Status> = all.map(|own| (own.id.as_str(), own.status)).collect();
        let mut changes = RequirementChanges::default();
        for row in now.governance.iec62443.iter().chain(&now.governance.nist_csf) {
            if before.get(row.id.as_str()).is_none_or(|status| *status == row.status) {
                continue;
            }
            let list = match row.status {
                Status::Met => &mut changes.met,
                Status::Gap => &mut changes.gap,
                Status::Unknown => &mut changes.unknown,
            };
            list.push(row.id.clone());
        }
        changes
    }
}

impl Changes {
    /// Cuts what is too long for a reader.
    fn bound(&mut self) {
        let lists = [
            &mut self.assets.new,
            &mut self.assets.gone,
            &mut self.assets.changed,
            &mut self.assets.exposed,
            &mut self.incidents.new,
            &mut self.incidents.closed,
            &mut self.rules.firing,
            &mut self.rules.quiet,
            &mut self.flows_denied,
        ];
        for list in lists {
            self.left_out += list.len().saturating_sub(NAMES_MAX) as u64;
            list.truncate(NAMES_MAX);
        }
    }
}
