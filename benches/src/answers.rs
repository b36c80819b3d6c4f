//! Answers before times: what Tieline finds is checked, what rivals find otherwise is counted.
//!
//! ```text
//! every event of a lane ─▶ detections per rule ─▶ equal to expected/<lane>.tsv?
//! a sample              ─▶ engine = reference?      ─▶ (event, rule) pairs only here, only there
//! ```
//!
//! Rivals are known to differ (see the conformance suite); their difference is reported, never an error.

use crate::contenders::Contender;
use crate::contenders::tieline::Tieline;
use crate::lane::Lane;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Detections per rule on a whole lane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// How many events were asked.
    pub events: usize,
    /// Detections by the rule's id.
    pub by_rule: BTreeMap<String, usize>,
}

/// How far the answers of two contenders are apart on the same events.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// How many events were asked.
    pub events: usize,
    /// Pairs of event and rule that both found.
    pub both: usize,
    /// Pairs that only Tieline found.
    pub only_own: usize,
    /// Pairs that only the other found.
    pub only_other: usize,
    /// Rules with any difference.
    pub rules: BTreeSet<String>,
}

impl Answer {
    /// Asks for every event of the lane.
    #[must_use]
    pub fn of(contender: &mut dyn Contender, lane: &Lane) -> Self {
        let mut answer = Self { events: lane.len(), ..Self::default() };
        let mut ids = Vec::new();
        for event in lane.events() {
            contender.verdict(event, &mut ids);
            for id in ids.drain(..) {
                *answer.by_rule.entry(id).or_default() += 1;
            }
        }
        answer
    }

    /// All detections together.
    #[must_use]
    pub fn detections(&self) -> usize {
        self.by_rule.values().sum()
    }

    fn path(name: &str) -> PathBuf {
        let slug: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        Path::new(env!("CARGO_MANIFEST_DIR")).join("expected").join(format!("{slug}.tsv"))
    }

    /// Writes the answer as the expected one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn store(&self, name: &str) -> io::Result<()> {
        let mut text = format!("events\t{}\n", self.events);
        for (id, count) in &self.by_rule {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{id}\t{count}");
        }
        let path = Self::path(name);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(path, text)
    }

    /// The expected answer, when one is stored.
    #[must_use]
    pub fn expected(name: &str) -> Option<Self> {
        let text = fs::read_to_string(Self::path(name)).ok()?;
        let mut lines = text.lines().filter_map(|line| {
            let (key, count) = line.split_once('\t')?;
            Some((key.to_owned(), count.parse().ok()?))
        });
        let (_, events) = lines.next()?;
        Some(Self { events, by_rule: lines.collect() })
    }

    /// Rules whose count is another one in `expected`, as lines.
    #[must_use]
    pub fn against(&self, expected: &Self) -> Vec<String> {
        let ids: BTreeSet<&String> = self.by_rule.keys().chain(expected.by_rule.keys()).collect();
        let count = |answer: &Self, id: &String| answer.by_rule.get(id).copied().unwrap_or(0);
        ids.into_iter()
            .filter(|id| count(self, id) != count(expected, id))
            .map(|id| format!("{id}: {} detections, expected {}", count(self, id), count(expected, id)))
            .collect()
    }
}

/// Events of the lane on which the engine does not say what the reference evaluator says.
#[must_use]
pub fn against_reference(own: &mut Tieline, lane: &Lane) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids = Vec::new();
    for (number, event) in lane.events().enumerate() {
        own.verdict(event, &mut ids);
        let (engine, reference) = (as_set(&ids), own.reference(event));
        let reference = as_set(&reference);
        if engine != reference {
            let apart: Vec<_> = engine.symmetric_difference(&reference).collect();
            faults.push(format!("event {number}: engine and reference differ on {apart:?}"));
        }
    }
    faults
}

fn as_set(ids: &[String]) -> BTreeSet<String> {
    ids.iter().cloned().collect()
}

/// Compares the answers of two contenders, event by event.
pub fn difference(own: &mut dyn Contender, other: &mut dyn Contender, lane: &Lane) -> Difference {
    let mut difference = Difference { events: lane.len(), ..Difference::default() };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for event in lane.events() {
        own.verdict(event, &mut ours);
        other.verdict(event, &mut theirs);
        let (ours, theirs) = (as_set(&ours), as_set(&theirs));
        difference.both += ours.intersection(&theirs).count();
        difference.only_own += ours.difference(&theirs).count();
        difference.only_other += theirs.difference(&ours).count();
        difference.rules.extend(ours.symmetric_difference(&theirs).cloned());
    }
    difference
}
