//! A million groups on one thread: updates a second, bytes, what a full window costs, saving and restoring.
//!
//! ```text
//! sightings of a chunk (not timed) ─▶ Stream::push_all (timed) ─▶ the next chunk
//! ```
//!
//! Detection is not part of any figure here, and no condition comes true: it is about keeping state.

use crate::rates::compile;
use std::io;
use std::time::Duration;
use tieline::stream::{Sighting, StreamOptions};
use tieline::{Rules, Scanner, Stream};
use tieline_benches::generated::Chance;
use tieline_benches::machine;
use tieline_benches::report::{Table, grouped, short};
use tieline_benches::timing::{self, Runs};

const GROUPS: usize = 1_000_000;
const ROUNDS: usize = 5;
/// Updates of a round.
const UPDATES: usize = 300_000;
const CHUNK: usize = 2_000;

/// A type of correlation, and how its events vary.
struct Kind {
    name: &'static str,
    wanted: &'static str,
    correlation: &'static str,
    /// Each event matches one of so many rules.
    rules: usize,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "event_count",
        wanted: "1,500,000",
        correlation: "type: event_count, rules: [s0], condition: {gte: 1000000}",
        rules: 1,
    },
    Kind {
        name: "value_count, 8 values",
        wanted: "700,000",
        correlation: "type: value_count, rules: [s0], condition: {field: v, gte: 1000000}",
        rules: 1,
    },
    // The last step never comes, so all others are kept.
    Kind {
        name: "temporal_ordered, 5 steps",
        wanted: "700,000",
        correlation: "type: temporal_ordered, rules: [s0, s1, s2, s3, s4]",
        rules: 4,
    },
];

fn rules(correlation: &str, seconds: u64) -> io::Result<Rules> {
    let mut text = format!("title: c\ncorrelation: {{{correlation}, group-by: [u], timespan: {seconds}s}}\n");
    for at in 0..5 {
        text += &format!("---\ntitle: s{at}\nname: s{at}\nlogsource: {{category: c}}\n");
        text += &format!("detection: {{s: {{kind: {at}}}, condition: s}}\n");
    }
    compile(&text)
}

/// A stream, and what makes events for it.
struct Load {
    scanner: Scanner,
    stream: Stream,
    sightings: Vec<Sighting>,
    chance: Chance,
    kinds: usize,
    values: usize,
    now_us: u64,
    step_us: u64,
    number: u64,
}

impl Load {
    fn new(rules: &Rules, kinds: usize, values: usize, step_us: u64) -> Self {
        let options = StreamOptions { state_bytes_max: 8 << 30, ..StreamOptions::default() };
        let stream = Stream::new(rules, options);
        Self {
            scanner: Scanner::new(rules),
            sightings: (0..CHUNK).map(|_| stream.sighting()).collect(),
            stream,
            chance: Chance::new(9),
            kinds,
            values,
            now_us: 1_700_000_000_000_000,
            step_us,
            number: 0,
        }
    }

    /// Pushes `count` events, each of the group that `group` chooses, and gives the time that pushing took.
    fn push(&mut self, count: usize, mut group: impl FnMut(usize, &mut Chance) -> usize) -> io::Result<Duration> {
        let mut total = Duration::ZERO;
        let mut done = 0;
        while done < count {
            let size = CHUNK.min(count - done);
            for at in 0..size {
                let group = group(done + at, &mut self.chance);
                self.sight(at, group)?;
            }
            let Self { stream, sightings, .. } = self;
            let sightings = sightings.get(..size).unwrap_or_default();
            let (time, arrivals) = timing::cpu(|| stream.push_all(sightings));
            arrivals.map_err(io::Error::other)?;
            total += time;
            done += size;
        }
        Ok(total)
    }

    fn sight(&mut self, at: usize, group: usize) -> io::Result<()> {
        let (kind, value) = (self.chance.below(self.kinds), self.chance.below(self.values));
        self.now_us += self.step_us;
        self.number += 1;
        let time = self.now_us;
        let event = format!(r#"{{"time":{time},"kind":{kind},"u":"user-{group:07}","v":"value-{value}","n":{value}}}"#);
        let Some(sighting) = self.sightings.get_mut(at) else { return Ok(()) };
        let found = self.scanner.sight_json(event.as_bytes(), self.number, sighting);
        found.map_err(io::Error::other)?.for_each(drop);
        Ok(())
    }

    /// One event of each group, in an order that has nothing to do with their names.
    fn fill(&mut self) -> io::Result<Duration> {
        self.push(GROUPS, |at, _| at * 7_919 % GROUPS)
    }

    fn check(&self, groups: usize, events: u64) -> io::Result<()> {
        let stats = self.stream.stats();
        let right = stats.groups == groups as u64 && stats.signals == events && stats.evicted == 0;
        if right { Ok(()) } else { Err(io::Error::other(format!("{groups} groups, {events} events: {stats:?}"))) }
    }
}

/// Rates, windows, and saving.
pub fn part() -> io::Result<String> {
    let (rates, saving) = million()?;
    Ok(format!(
        "{} live groups, one thread, CPU time of `Stream::push_all` alone; groups in random order. Medians of {ROUNDS} rounds of \
         {} updates in turn, of one stream for each type. `first` is the first event of each group.\n\n{}\nAll groups saved and \
         restored:\n\n{}\nNanoseconds per event with full windows, one group, values any of 50,000:\n\n{}",
        grouped(GROUPS as f64),
        grouped(UPDATES as f64),
        rates.markdown(),
        saving.markdown(),
        windows()?.markdown()
    ))
}

fn million() -> io::Result<(Table, Table)> {
    let mut rates = Table::new(&[
        "correlation",
        "wanted, updates/s",
        "updates/s",
        "spread",
        "first",
        "bytes per group, as counted",
    ]);
    let mut saving = Table::new(&["correlation", "snapshot, s", "restore, s", "MB", "bytes per group"]);
    let mut loads = Vec::new();
    for kind in &KINDS {
        let rules = rules(kind.correlation, 3_600)?;
        let mut load = Load::new(&rules, kind.rules, 8, 10);
        let first = load.fill()?;
        let bytes = load.stream.stats().bytes;
        loads.push((kind, rules, load, first, bytes, Runs::default()));
    }
    for _ in 0..ROUNDS {
        for (_, _, load, _, _, runs) in &mut loads {
            runs.add(load.push(UPDATES, |_, chance| chance.below(GROUPS))?);
        }
    }
    for (kind, rules, load, first, bytes, runs) in loads {
        load.check(GROUPS, (GROUPS + ROUNDS * UPDATES) as u64)?;
        rates.row(vec![
            kind.name.to_owned(),
            kind.wanted.to_owned(),
            grouped(UPDATES as f64 / runs.median()),
            format!("{:.0} %", runs.spread() * 100.0),
            grouped(GROUPS as f64 / first.as_secs_f64()),
            grouped(bytes as f64 / GROUPS as f64),
        ]);
        saving.row(saved(kind, &rules, &load.stream)?);
    }
    Ok((rates, saving))
}

fn saved(kind: &Kind, rules: &Rules, stream: &Stream) -> io::Result<Vec<String>> {
    let (mut saves, mut restores) = (Runs::default(), Runs::default());
    let mut size = 0;
    for _ in 0..3 {
        let (time, bytes) = timing::cpu(|| stream.snapshot());
        saves.add(time);
        size = bytes.len();
        let mut other = Stream::new(rules, StreamOptions { state_bytes_max: 8 << 30, ..StreamOptions::default() });
        let (time, restored) = timing::cpu(|| other.restore(&bytes));
        restores.add(time);
        restored.map_err(|error| io::Error::other(error.to_string()))?;
        if other.stats().groups != stream.stats().groups {
            return Err(io::Error::other(format!("{}: groups are lost", kind.name)));
        }
    }
    Ok(vec![
        kind.name.to_owned(),
        short(saves.median()),
        short(restores.median()),
        short(size as f64 / 1e6),
        grouped(size as f64 / GROUPS as f64),
    ])
}

/// Events that one window holds.
const FULL: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

/// Values are any of 50,000.
const IN_WINDOWS: [(&str, &str, usize); 6] = [
    ("event_count", "type: event_count, rules: [s0], condition: {gte: 1000000}", 1),
    ("value_count", "type: value_count, rules: [s0], condition: {field: v, gte: 1000000}", 1),
    ("value_sum", "type: value_sum, rules: [s0], condition: {field: n, gte: 1000000}", 1),
    ("value_percentile", "type: value_percentile, rules: [s0], condition: {field: n, percentile: 95, gte: 1000000}", 1),
    ("temporal, 5 rules", "type: temporal, rules: [s0, s1, s2, s3, s4]", 4),
    ("temporal_ordered, 5 steps", "type: temporal_ordered, rules: [s0, s1, s2, s3, s4]", 4),
];

fn windows() -> io::Result<Table> {
    let head: Vec<String> = FULL.iter().map(|events| grouped(*events as f64)).collect();
    let head: Vec<&str> = ["events in a window"].into_iter().chain(head.iter().map(String::as_str)).collect();
    let mut table = Table::new(&head);
    for (name, correlation, kinds) in IN_WINDOWS {
        let mut loads = Vec::new();
        for events in FULL {
            let mut load = Load::new(&rules(correlation, 1_000)?, kinds, 50_000, 1_000_000_000 / events as u64);
            load.push(events + events / 10, |_, _| 1)?;
            loads.push((load, Runs::default()));
        }
        for _ in 0..ROUNDS {
            for (load, runs) in &mut loads {
                runs.add(load.push(50_000, |_, _| 1)?);
            }
        }
        let cells = loads.iter().map(|(_, runs)| grouped(runs.median() * 1e9 / 50_000.0));
        table.row(std::iter::once(name.to_owned()).chain(cells).collect());
    }
    Ok(table)
}

/// Bytes of a group that had one event: as the allocator counts them, and what becomes resident.
pub fn bytes() -> io::Result<String> {
    if counted().is_none() {
        return Err(io::Error::other("bytes are counted with `--features counting`"));
    }
    let mut table = Table::new(&["correlation", "allocated", "resident", "as the stream counts", "wanted"]);
    for kind in &KINDS {
        let rules = rules(kind.correlation, 3_600)?;
        let mut load = Load::new(&rules, kind.rules, 8, 10);
        load.push(1, |_, _| 0)?;
        let resident = || machine::memory().map_or(f64::NAN, |(_, now)| now as f64);
        let (before, resident_before) = (counted().unwrap_or_default(), resident());
        load.fill()?;
        let (after, resident_after) = (counted().unwrap_or_default(), resident());
        let each = |bytes: f64| grouped(bytes / GROUPS as f64);
        table.row(vec![
            kind.name.to_owned(),
            each(after as f64 - before as f64),
            each(resident_after - resident_before),
            each(load.stream.stats().bytes as f64),
            "160".to_owned(),
        ]);
    }
    Ok(format!(
        "Bytes of each of {} groups that had one event, their keys of 12 bytes among them.\n\n{}",
        grouped(GROUPS as f64),
        table.markdown()
    ))
}

/// Bytes that are allocated now.
#[cfg(feature = "counting")]
fn counted() -> Option<usize> {
    let stats = stats_alloc::INSTRUMENTED_SYSTEM.stats();
    // A block that grows is counted by its growth, one that shrinks by its loss.
    let grown = isize::try_from(stats.bytes_allocated).ok()? - isize::try_from(stats.bytes_deallocated).ok()?;
    usize::try_from(grown).ok()
}

#[cfg(not(feature = "counting"))]
fn counted() -> Option<usize> {
    None
}
