//! What a scan came to: hits by rule and level, first and last time, what could not be read.
//!
//! ```text
//! 57,012 events in 5 files, 16.2 MB in 0.8 s
//! 14 detections of 9 rules: 2 critical, 10 high, 2 medium
//! ```
//!
//! Memory grows with the number of rules that matched, never with the number of detections.

use crate::commands::scan::short;
use crate::screen::{BOLD, Painted, bytes, counted, grouped, style_of, visible};
use anstyle::Style;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use tieline::Level;
use tieline::stream::StreamStats;
use tieline_common::record::Found;
use tieline_common::scan::{End, Totals};

/// Files with unreadable events that are counted one by one.
const BAD_FILES_MAX: usize = 10_000;

/// Files with unreadable events that a line names.
const BAD_FILES_SHOWN: usize = 3;

/// Hosts that are kept for each rule.
const HOSTS_MAX: usize = 100;

/// What a scan came to.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) totals: Totals,
    pub(crate) end: Option<End>,
    pub(crate) seconds: f64,
    /// What correlations counted; `None` without any.
    pub(crate) stream: Option<StreamStats>,
    /// Whether a detection reached `--fail-on`.
    pub(crate) failed: bool,
    /// Rows by the id, else the title, of their rule.
    rules: HashMap<String, Vec<Row>>,
    bad: BTreeMap<String, u64>,
    bad_events: u64,
    /// Detections, alerts of correlations among them.
    detections: u64,
    alerts: u64,
}

/// One rule that matched.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) rule_id: Option<String>,
    pub(crate) rule_title: String,
    pub(crate) level: Option<Level>,
    pub(crate) hits: u64,
    /// The place of the first hit.
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
    /// The hosts of its events, in the order in which they were met.
    pub(crate) hosts: Vec<String>,
}

/// The summary as it is serialised.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    totals: Totals,
    seconds: f64,
    end: Option<End>,
    levels: BTreeMap<&'static str, u64>,
    rules: Vec<&'a Row>,
}

impl Summary {
    pub(crate) fn add(&mut self, found: &Found<'_>) {
        self.detections += 1;
        self.alerts += u64::from(found.correlation.is_some());
        // Two rules may have the same id by mistake, and are two all the same.
        let rows = match self.rules.get_mut(found.rule_id.unwrap_or(found.rule_title)) {
            Some(rows) => rows,
            None => self.rules.entry(found.rule_id.unwrap_or(found.rule_title).to_owned()).or_default(),
        };
        match rows.iter_mut().find(|row| row.rule_title == found.rule_title) {
            Some(row) => row.add(found),
            None => {
                let mut row = Row::new(found);
                row.add(found);
                rows.push(row);
            }
        }
    }

    pub(crate) fn bad_event(&mut self, file: &str) {
        self.bad_events += 1;
        if let Some(count) = self.bad.get_mut(file) {
            *count += 1;
        } else if self.bad.len() < BAD_FILES_MAX {
            self.bad.insert(file.to_owned(), 1);
        }
    }

    pub(crate) fn bad_events(&self) -> u64 {
        self.bad_events
    }

    pub(crate) fn detections(&self) -> u64 {
        self.detections
    }

    /// The rules that matched, the most serious and then the most frequent first.
    pub(crate) fn rows(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rules.values().flatten().collect();
        rows.sort_by(|a, b| (b.level, b.hits).cmp(&(a.level, a.hits)).then_with(|| a.rule_title.cmp(&b.rule_title)));
        rows
    }

    /// Hits by level, the most serious first; rules without a level come last.
    fn levels(&self) -> Vec<(Option<Level>, u64)> {
        let mut levels: BTreeMap<Option<Level>, u64> = BTreeMap::new();
        for row in self.rules.values().flatten() {
            *levels.entry(row.level).or_default() += row.hits;
        }
        levels.into_iter().rev().collect()
    }

    /// The summary as JSON.
    pub(crate) fn record(&self) -> impl Serialize + '_ {
        Record {
            totals: self.totals,
            seconds: (self.seconds * 1e3).round() / 1e3,
            end: self.end,
            levels: self
                .levels()
                .into_iter()
                .map(|(level, hits)| (level.map_or("none", Level::as_str), hits))
                .collect(),
            rules: self.rows(),
        }
    }

    /// The summary for people, in a few lines.
    pub(crate) fn lines(&self, paint: impl Fn(Style, String) -> Painted<String>) -> Vec<String> {
        let totals = &self.totals;
        let mut lines = vec![format!(
            "{} in {}, {} in {}",
            counted(totals.events, "event"),
            counted(totals.files, "file"),
            bytes(totals.bytes),
            seconds(self.seconds)
        )];
        if self.detections == 0 {
            lines.push(paint(BOLD, "no detections".to_owned()).to_string());
        } else {
            let levels: Vec<String> = self
                .levels()
                .into_iter()
                .map(|(level, hits)| {
                    let text = format!("{} {}", grouped(hits), level.map_or("without level", Level::as_str));
                    paint(style_of(level), text).to_string()
                })
                .collect();
            let head = match (self.detections - self.alerts, self.alerts) {
                (detections, 0) => counted(detections, "detection"),
                (0, alerts) => counted(alerts, "alert"),
                (detections, alerts) => {
                    format!("{} and {}", counted(detections, "detection"), counted(alerts, "alert"))
                }
            };
            let rules = counted(self.rules.values().map(Vec::len).sum::<usize>() as u64, "rule");
            lines.push(format!("{} of {rules}: {}", paint(BOLD, head), levels.join(", ")));
        }
        let first = self.rules.values().flatten().filter_map(|row| row.first.as_deref()).min();
        let last = self.rules.values().flatten().filter_map(|row| row.last.as_deref()).max();
        if let (Some(first), Some(last)) = (first, last) {
            let (first, last) = (to_second(first), to_second(last));
            let span = if first == last { format!("at {first}") } else { format!("from {first} to {last}") };
            lines.push(visible(&span).into_owned());
        }
        lines.extend(self.stream_line());
        lines.extend(self.bad_line());
        if totals.bad_files > 0 {
            lines.push(format!("{} could not be read, or only in part", counted(totals.bad_files, "file")));
        }
        lines
    }

    /// What correlations did not count, and what they hold.
    fn stream_line(&self) -> Option<String> {
        let stats = self.stream?;
        let told = [
            (stats.untimed, "event without a time", "events without a time"),
            (stats.late, "event too late", "events too late"),
            (stats.ahead, "event too far ahead", "events too far ahead"),
            (stats.set_back, "time begun anew after a wrong clock", "times begun anew after a wrong clock"),
            (stats.ungrouped, "match without a value to group by", "matches without a value to group by"),
            (stats.unvalued, "match without a value to count", "matches without a value to count"),
            (stats.evicted, "group given up for memory", "groups given up for memory"),
            (
                stats.crowded,
                "group given up because its rule had too many",
                "groups given up because their rule had too many",
            ),
            (stats.trimmed, "event forgotten early in a large group", "events forgotten early in large groups"),
            (stats.hurried, "match judged early for memory", "matches judged early for memory"),
            (stats.groups, "group kept", "groups kept"),
        ];
        let told: Vec<String> = told
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{} {}", grouped(count), if count == 1 { one } else { many }))
            .collect();
        (!told.is_empty()).then(|| format!("correlations: {}", told.join(", ")))
    }

    fn bad_line(&self) -> Option<String> {
        if self.bad_events == 0 {
            return None;
        }
        let mut files: Vec<(&String, &u64)> = self.bad.iter().collect();
        files.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let named: Vec<String> = files
            .iter()
            .take(BAD_FILES_SHOWN)
            .map(|(file, count)| format!("{} {}", visible(short(file)), grouped(**count)))
            .collect();
        let more = files.len().saturating_sub(BAD_FILES_SHOWN);
        let more = if more > 0 { format!(" and {}", counted(more as u64, "more file")) } else { String::new() };
        let events = counted(self.bad_events, "event");
        Some(format!("{events} could not be read: {}{more}", named.join(", ")))
    }
}

impl Row {
    fn new(found: &Found<'_>) -> Self {
        Self {
            rule_id: found.rule_id.map(str::to_owned),
            rule_title: found.rule_title.to_owned(),
            level: found.level,
            hits: 0,
            file: found.file.to_owned(),
            line: found.line,
            first: None,
            last: None,
            hosts: Vec::new(),
        }
    }

    fn add(&mut self, found: &Found<'_>) {
        self.hits += 1;
        if let Some(host) = found.host
            && self.hosts.len() < HOSTS_MAX
            && !self.hosts.iter().any(|own| own == host)
        {
            self.hosts.push(host.to_owned());
        }
        let Some(time) = found.time else { return };
        if self.first.as_deref().is_none_or(|first| time < first) {
            self.first = Some(time.to_owned());
        }
        if self.last.as_deref().is_none_or(|last| time > last) {
            self.last = Some(time.to_owned());
        }
    }
}

/// `2026-11-23 08:35:46`, the zone only when it is not UTC.
pub(crate) fn to_second(time: &str) -> String {
    let clock = time.get(..19).unwrap_or(time).replacen('T', " ", 1);
    let zone = time.get(19..).unwrap_or_default().trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if zone == "Z" { clock } else { format!("{clock}{zone}") }
}

fn seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.2} s") } else { format!("{seconds:.0} s") }
}
