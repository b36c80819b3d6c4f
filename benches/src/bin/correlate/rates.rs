//! How many events a second, beside `rsigma-eval`, on shapes as its own benchmarks have them and on larger ones.
//!
//! ```text
//! answers (the same alerts) ─▶ five rounds in turn ─▶ medians: correlating alone · from bytes to alerts
//! ```
//!
//! Correlating alone is what is left when detections are made before the clock starts.

use crate::shapes::{self, Shape};
use std::io;
use std::time::Duration;
use tieline::stream::Sighting;
use tieline::{Compiler, Rules, Scanner, Stream};
use tieline_benches::contenders::rsigma_correlation as rival;
use tieline_benches::report::{Table, short};
use tieline_benches::timing::{self, Runs};

const ROUNDS: usize = 5;
const CHUNK: usize = 2_000;

/// Measures all shapes.
pub fn part() -> io::Result<String> {
    let mut table = Table::new(&[
        "shape",
        "alerts",
        "correlating, us: tieline",
        "rsigma-eval",
        "x",
        "from bytes, us: tieline",
        "rsigma-eval",
        "x",
    ]);
    for shape in shapes::all() {
        table.row(row(&shape)?);
    }
    let note = "Microseconds of CPU time per event, medians of five rounds in turn. rsigma-eval 0.26.0 with \
                `rsigma.suppress` set to each timespan, so that it alerts as often, with room for all groups, and over \
                the borrowed tree of simd-json where bytes are read. Its correlating is the lesser of two: with detections \
                given, and the difference with and without. Both tell the same alerts at the same times.";
    Ok(format!("{note}\n\n{}", table.markdown()))
}

/// Compiles rules that are made up here.
pub fn compile(rules: &str) -> io::Result<Rules> {
    let rules = Compiler::new().rules(None, rules).build().map_err(|error| io::Error::other(error.to_string()))?;
    match rules.diagnostics().iter().find(|told| told.is_error()) {
        Some(told) => Err(io::Error::other(format!("{told:?}"))),
        None => Ok(rules),
    }
}

fn row(shape: &Shape) -> io::Result<Vec<String>> {
    let rules = compile(&shape.rules)?;
    let mut runs: [Runs; 4] = Default::default();
    let mut alerts = 0;
    for _ in 0..ROUNDS {
        let (pushing, mut own) = pushed(&rules, &shape.events)?;
        let reading = read(&rules, &shape.events)?;
        let theirs = rival::pass(&shape.rules, &shape.events).map_err(io::Error::other)?;
        let mut told: Vec<String> = theirs.told.iter().map(|told| format!("{} {}", told.time, told.what)).collect();
        own.sort();
        told.sort();
        if own != told {
            let (first, count) = (own.iter().find(|one| !told.contains(one)), (own.len(), told.len()));
            return Err(io::Error::other(format!("{}: other alerts, {count:?}, such as {first:?}", shape.name)));
        }
        alerts = own.len();
        for (runs, time) in runs.iter_mut().zip([pushing, theirs.correlating, reading, theirs.from_bytes]) {
            runs.add(time);
        }
    }
    let [push, their_push, read, their_read] = runs.map(|runs| runs.median());
    let each = |seconds: f64| short(seconds * 1e6 / shape.events.len() as f64);
    Ok(vec![
        shape.name.to_owned(),
        alerts.to_string(),
        each(push),
        each(their_push),
        short(their_push / push),
        each(read),
        each(their_read),
        short(their_read / read),
    ])
}

/// Correlation alone: what events mean is read before the clock starts.
fn pushed(rules: &Rules, events: &[String]) -> io::Result<(Duration, Vec<String>)> {
    let (mut scanner, mut stream) = (Scanner::new(rules), Stream::new(rules, Default::default()));
    let mut sightings: Vec<Sighting> = (0..CHUNK).map(|_| stream.sighting()).collect();
    let (mut total, mut told) = (Duration::ZERO, Vec::new());
    let mut number = 0;
    for chunk in events.chunks(CHUNK) {
        for (event, sighting) in chunk.iter().zip(&mut sightings) {
            scanner.sight_json(event.as_bytes(), number, sighting).map_err(io::Error::other)?.for_each(drop);
            number += 1;
        }
        let (time, alerts) = timing::cpu(|| {
            let _ = stream.push_all(sightings.get(..chunk.len()).unwrap_or_default());
            stream.take_alerts()
        });
        total += time;
        told.extend(alerts);
    }
    let (time, alerts) = timing::cpu(|| {
        stream.finish();
        stream.take_alerts()
    });
    told.extend(alerts);
    let show = |alert: &tieline::stream::Alert| {
        let group: Vec<&str> = alert.group().map(|(_, value)| value.unwrap_or("-")).collect();
        format!("{} {} {}", alert.time_ns() / 1_000_000_000, alert.rule().title(), group.join(","))
    };
    Ok((total + time, told.iter().map(show).collect()))
}

/// From bytes to alerts.
fn read(rules: &Rules, events: &[String]) -> io::Result<Duration> {
    let mut stream = Stream::new(rules, Default::default());
    let (time, result) = timing::cpu(|| {
        for event in events {
            stream.scan_json(event.as_bytes())?.for_each(drop);
        }
        stream.finish();
        Ok(stream.take_alerts().len())
    });
    result.map(|_: usize| time).map_err(|error: tieline::EventError| io::Error::other(error))
}
