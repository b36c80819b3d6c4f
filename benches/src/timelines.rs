//! Timelines as data: what correlations must tell of a few lines, and what decides that.
//!
//! ```text
//! core/tests/data/correlation/meaning.yml + data/decided.yml ─┐
//! data/timelines.yml ─────────────────────────────────────────┴▶ Timeline ─▶ alerts of a stream
//! ```
//!
//! Types of correlations that Sigma does not have are left out: no other engine is asked for them.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tieline::stream::{Alert, StreamOptions};
use tieline::{Compiler, Stream};

const MEANING: &str = include_str!("../../core/tests/data/correlation/meaning.yml");
const DECIDED: &str = include_str!("../data/decided.yml");
const FURTHER: &str = include_str!("../data/timelines.yml");

const SECOND: i64 = 1_000_000_000;

/// The types of Sigma 2.1.0, and the median.
const TYPES: [&str; 8] = [
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
];

/// What decides whether an answer is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decided {
    /// The specification says so.
    Specification,
    /// The specification is silent, but another answer would miss or invent what the rule asks for.
    Sense,
    /// Another answer can be defended as well.
    #[default]
    Open,
}

/// A case.
#[derive(Debug, Clone, Deserialize)]
pub struct Timeline {
    /// What it shows.
    pub name: String,
    /// What decides it.
    #[serde(default)]
    pub decided: Decided,
    /// Why that decides it.
    #[serde(default)]
    pub why: String,
    /// By how many seconds lines may be late; they come as they are written. Without it they are sorted.
    #[serde(default)]
    late: Option<u64>,
    rules: String,
    lines: Vec<String>,
    /// The alerts that must come, as `time correlation group first count value`.
    pub alerts: Vec<String>,
}

#[derive(Deserialize)]
struct Decision {
    decided: Decided,
    why: String,
}

/// An event of a timeline.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it happened, in nanoseconds.
    pub time_ns: i64,
    /// The event itself, without its time.
    pub event: serde_json::Value,
}

/// All timelines that are about Sigma.
///
/// # Errors
/// When the data are broken.
pub fn all() -> Result<Vec<Timeline>, String> {
    let fault = |error: serde_saphyr::Error| error.to_string();
    let decisions: BTreeMap<String, Decision> = serde_saphyr::from_str(DECIDED).map_err(fault)?;
    let mut all: Vec<Timeline> = serde_saphyr::from_str(MEANING).map_err(fault)?;
    for timeline in &mut all {
        if let Some(decision) = decisions.get(&timeline.name) {
            timeline.decided = decision.decided;
            timeline.why.clone_from(&decision.why);
        }
    }
    all.extend(serde_saphyr::from_str::<Vec<Timeline>>(FURTHER).map_err(fault)?);
    all.retain(Timeline::is_sigma);
    Ok(all)
}

impl Timeline {
    fn is_sigma(&self) -> bool {
        let types = self.rules.split("type:").skip(1).filter_map(|rest| rest.split([',', '\n', '}']).next());
        types.into_iter().all(|name| TYPES.contains(&name.trim()))
    }

    /// Its rules, with those that its lines name made up.
    #[must_use]
    pub fn rules(&self) -> String {
        let names = self.lines.iter().filter_map(|line| line.split(' ').nth(1));
        let names: BTreeSet<&str> = names.flat_map(|names| names.split(',')).collect();
        let mut text = self.rules.clone();
        for name in names {
            let detection = format!("detection: {{s: {{rules: {name}}}, condition: s}}");
            text += &format!("\n---\ntitle: {name}\nname: {name}\nlogsource: {{category: c}}\n{detection}\n");
        }
        text
    }

    /// Its lines, in the order in which they come.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.lines.iter().filter_map(|text| line(text)).collect();
        if self.late.is_none() {
            lines.sort_by_key(|line| line.time_ns);
        }
        lines
    }

    /// What a stream of this project tells.
    ///
    /// # Errors
    /// When it takes the rules or an event for broken.
    pub fn ours(&self) -> Result<Vec<String>, String> {
        let rules = Compiler::new().rules(None, self.rules()).build().map_err(|error| error.to_string())?;
        if let Some(told) = rules.diagnostics().iter().find(|told| told.is_error()) {
            return Err(format!("{}: {told:?}", self.name));
        }
        let lateness = Duration::from_secs(self.late.unwrap_or(0));
        let mut stream = Stream::new(&rules, StreamOptions { lateness, ..StreamOptions::default() });
        for line in self.lines() {
            let event = line.event.to_string();
            stream.scan_json_at(event.as_bytes(), Some(line.time_ns)).map_err(|error| error.to_string())?.count();
        }
        stream.finish();
        Ok(stream.take_alerts().iter().map(show).collect())
    }
}

/// `time rules field=value ...`; what is no JSON is text.
fn line(text: &str) -> Option<Line> {
    let mut words = text.split(' ');
    let seconds: f64 = words.next()?.parse().ok()?;
    let rules: Vec<&str> = words.next()?.split(',').collect();
    let mut event = serde_json::json!({ "rules": rules });
    for (field, value) in words.filter_map(|word| word.split_once('=')) {
        event[field] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    }
    Some(Line { time_ns: (seconds * SECOND as f64).round() as i64, event })
}

fn show(alert: &Alert) -> String {
    let group: Vec<&str> = alert.group().map(|(_, value)| value.unwrap_or("-")).collect();
    let (time, first) = (seconds(alert.time_ns()), seconds(alert.first_ns()));
    format!("{time} {} {} {first} {} {}", alert.rule().title(), group.join(","), alert.count(), alert.value())
}

fn seconds(nanoseconds: i64) -> String {
    format!("{}", nanoseconds as f64 / SECOND as f64)
}

#[cfg(test)]
mod tests {
    use super::{Decided, all};

    #[test]
    fn streams_tell_what_the_timelines_say() {
        let all = all().unwrap();
        assert!(all.len() >= 48, "{} timelines", all.len());
        for timeline in &all {
            assert_eq!(timeline.ours().as_ref(), Ok(&timeline.alerts), "{}", timeline.name);
        }
    }

    #[test]
    fn what_is_decided_says_why() {
        for timeline in all().unwrap() {
            assert!(timeline.decided == Decided::Open || !timeline.why.is_empty(), "{}", timeline.name);
        }
    }
}
