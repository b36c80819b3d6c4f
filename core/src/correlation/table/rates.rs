//! Measures a table: updates per second, bytes per group, snapshots. Run it by
//! `cargo test --release --lib -- --ignored --nocapture rates_of`.
//!
//! ```text
//! a block of sightings, not timed ─▶ push, push, ..., timed ─▶ the next block
//! ```
//!
//! Only sightings are taken in and pushed; nothing is scanned, and no text is made while the clock runs.

use super::tests::{Row, at_least, by, table};
use super::*;
use crate::check::correlation::{CorrelationType, Criterion};
use crate::check::{Correlation, Target};
use crate::correlation::tests::correlation;
use std::time::{Duration, Instant};

const BLOCK: u64 = 512;

/// What is measured, and on how many groups.
struct Case {
    name: &'static str,
    rules: Vec<Correlation>,
    groups: u64,
    events: u64,
    /// The time of an event.
    time: fn(u64) -> i64,
    options: TableOptions,
}

impl Case {
    /// One event for each nanosecond, in order, and all the memory that is needed.
    fn new(name: &'static str, rule: Correlation, groups: u64) -> Self {
        let events = std::env::var("EVENTS").ok().and_then(|events| events.parse().ok()).unwrap_or(2_000_000);
        let options = TableOptions { bytes_max: 4 << 30, ..TableOptions::default() };
        Self { name, rules: vec![rule], groups, events, time: |event| event as i64, options }
    }

    fn table(&self) -> Table {
        table(&self.rules, self.options)
    }

    fn sight(&self, table: &Table, event: u64, sighting: &mut Sighting) {
        let mixed = event.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        // The first events make each group once.
        let group = if event < self.groups { event } else { mixed % self.groups };
        let fields = [("User", format!("user{group:06}")), ("V", format!("v{}", mixed % 97))];
        let value = |name: &String| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
        let row = Row(table.links.fields.iter().map(value).collect());
        let rule = (mixed >> 20) as usize % self.rules.len().max(self.rules[0].rules.len());
        sighting.begin(event);
        table.links.sight([rule as u32].into_iter(), &row, sighting);
    }

    /// How long pushes took, apart from the first of each group.
    fn run(&self, table: &mut Table) -> f64 {
        let mut block = vec![Sighting::new(Missing::Skip); BLOCK as usize];
        let mut took = Duration::ZERO;
        let end = self.groups + self.events;
        for begin in (0..end).step_by(BLOCK as usize) {
            block.iter_mut().zip(begin..).for_each(|(sighting, event)| self.sight(table, event, sighting));
            let clock = Instant::now();
            push_all(table, &block, begin, self.time);
            if begin >= self.groups {
                took += clock.elapsed();
            }
        }
        (self.events as f64) / took.as_secs_f64() / 1e6
    }
}

/// A function of its own, so that a profiler can tell what is in it.
#[inline(never)]
fn push_all(table: &mut Table, block: &[Sighting], begin: u64, time: fn(u64) -> i64) {
    for (sighting, event) in block.iter().zip(begin..) {
        table.push(time(event), sighting);
    }
}

/// Up to 10,000 away from where it should be.
fn jittered(event: u64) -> i64 {
    event as i64 + (event.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as i64 % 10_000
}

fn count(span: u64) -> Correlation {
    by(at_least(CorrelationType::EventCount, 1, span, 1_000_000), &["User"])
}

fn distinct() -> Correlation {
    let mut distinct = by(at_least(CorrelationType::ValueCount, 1, 1 << 40, 1_000_000), &["User"]);
    distinct.fields = vec!["V".to_owned()];
    distinct
}

fn ordered() -> Correlation {
    by(correlation(CorrelationType::TemporalOrdered, 5, 1 << 40, Criterion::EveryRule), &["User"])
}

fn is_asked_for(name: &str) -> bool {
    std::env::var("RATES").map_or(true, |asked| name.contains(&asked))
}

/// What the allocator has handed out and the process has in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

#[test]
#[ignore = "measures"]
fn rates_of_updates() {
    let long = 1 << 40;
    let many = (0..1_000).map(|at| {
        let mut count = count(long);
        count.rules[0].target = Target::Rule(at);
        count
    });
    let over = TableOptions { bytes_max: 10 << 20, ..TableOptions::default() };
    let late = TableOptions { lateness_ns: 20_000, ..TableOptions::default() };
    for case in [
        Case::new("event_count, 1k groups", count(long), 1_000),
        Case::new("event_count, 10k groups", count(long), 10_000),
        Case::new("event_count, 100k groups", count(long), 100_000),
        Case::new("event_count, 1M groups", count(long), 1_000_000),
        Case::new("event_count, 1M groups, soon idle", count(2_000_000), 1_000_000),
        Case::new("value_count, 10k groups", distinct(), 10_000),
        Case::new("value_count, 1M groups", distinct(), 1_000_000),
        Case::new("temporal_ordered, 10k groups", ordered(), 10_000),
        Case::new("temporal_ordered, 1M groups", ordered(), 1_000_000),
        Case::new("window of 10", count(10), 1),
        Case::new("window of 1,000", count(1_000), 1),
        Case::new("window of 100,000", count(100_000), 1),
        Case { time: |event| (event / 1_000) as i64, ..Case::new("1,000 at one time", count(long), 10_000) },
        Case { options: late, ..Case::new("held back, in order", count(long), 10_000) },
        Case { options: late, time: jittered, ..Case::new("held back, in no order", count(long), 10_000) },
        Case { options: over, ..Case::new("over budget", count(long), 1_000_000) },
        Case { options: over, rules: many.collect(), ..Case::new("over budget, 1,000 rules", count(long), 1_000_000) },
    ] {
        if !is_asked_for(case.name) {
            continue;
        }
        let mut table = case.table();
        let rate = case.run(&mut table);
        let stats = table.stats();
        eprintln!(
            "{:36} {rate:.2} M/s, {} groups, {} bytes each",
            case.name,
            stats.groups,
            stats.bytes / stats.groups.max(1)
        );
    }
}

#[test]
#[ignore = "measures"]
fn rates_of_saving() {
    for (name, rule) in [("event_count", count(1 << 40)), ("value_count", distinct()), ("temporal_ordered", ordered())]
    {
        if !is_asked_for(name) {
            continue;
        }
        let before = resident();
        let case = Case { events: 0, ..Case::new(name, rule, 1_000_000) };
        let mut table = case.table();
        let allocated = allocation_counter::measure(|| {
            case.run(&mut table);
        });
        let (stats, rss) = (table.stats(), resident() - before);
        let mut clock = Instant::now();
        let bytes = table.snapshot();
        let saved = clock.elapsed();
        let mut other = case.table();
        clock = Instant::now();
        other.restore(&bytes).unwrap();
        eprintln!(
            "{name}: {} groups; bytes each: {} told, {} allocated, {} resident; snapshot {saved:?} ({} bytes), restore {:?}",
            stats.groups,
            stats.bytes / stats.groups,
            allocated.bytes_current as u64 / stats.groups,
            rss / stats.groups,
            bytes.len(),
            clock.elapsed()
        );
    }
}
