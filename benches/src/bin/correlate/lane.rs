//! What correlations add to detection on recorded events, where rules match and few correlations alert.
//!
//! ```text
//! all rules                    ─▶ Scanner::scan_json ─┐
//! all rules + 50 correlations  ─▶ Stream::scan_json  ─┴▶ in turn, from bytes; the same detections
//! ```
//!
//! The rules that match most often on the lane are listened to, so this is dearer than most packs would be.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::time::Duration;
use tieline::stream::StreamOptions;
use tieline::{Compiler, Rules, Scanner, Stream};
use tieline_benches::contenders::tieline::Pipeline;
use tieline_benches::corpus::{self, RulePack};
use tieline_benches::lane::Lane;
use tieline_benches::report::{Table, grouped, short};
use tieline_benches::timing::{self, Runs};

const CORRELATIONS: usize = 50;
const ROUNDS: usize = 5;
const LANES: [&str; 2] = ["windows_structured_10k", "windows_structured"];

/// Both lanes, with and without.
pub fn part() -> io::Result<String> {
    let mut table = Table::new(&[
        "lane",
        "rules heard",
        "detections",
        "signals",
        "alerts",
        "without, us",
        "no rule heard, us",
        "50 correlations, us",
        "x",
        "x, no rule heard",
    ]);
    for name in LANES {
        let Both { lane, plain, with, deaf, heard } = both(name)?;
        let mut runs: [Runs; 3] = Default::default();
        let mut detections = [0; 3];
        let mut stats = Default::default();
        let passes = if lane.len() > 20_000 { 1 } else { 5 };
        for _ in 0..ROUNDS {
            let (mut times, mut scanners) = ([Duration::ZERO; 3], Vec::new());
            for _ in 0..passes {
                let mut scanner = Scanner::new(&plain);
                let (time, found) = timing::cpu(|| scan(&mut scanner, &lane));
                (times[0], detections[0]) = (times[0] + time, found);
                for (at, rules) in [(1, &deaf), (2, &with)] {
                    let mut stream = new_stream(rules);
                    let (time, found) = timing::cpu(|| correlate(&mut stream, &lane));
                    (times[at], detections[at]) = (times[at] + time, found);
                    scanners.push(stream);
                }
            }
            runs.iter_mut().zip(times).for_each(|(runs, time)| runs.add(time / passes));
            stats = scanners.last().map(|stream| stream.stats()).unwrap_or_default();
        }
        if detections != [detections[0]; 3] {
            return Err(io::Error::other(format!("{name}: other detections, {detections:?}")));
        }
        let [plain, deaf, with] = runs.map(|runs| runs.median() * 1e6 / lane.len() as f64);
        if stats.late > 0 || stats.signals == 0 {
            return Err(io::Error::other(format!("{name}: {stats:?}")));
        }
        table.row(vec![
            lane.name.clone(),
            heard.to_string(),
            grouped(detections[0] as f64),
            grouped(stats.signals as f64),
            grouped(stats.alerts as f64),
            short(plain),
            short(deaf),
            short(with),
            format!("{:.3}", with / plain),
            format!("{:.3}", deaf / plain),
        ]);
    }
    Ok(format!(
        "All live SigmaHQ rules with routing, from bytes to detections and alerts; CPU time per event, medians of {ROUNDS} rounds \
         in turn. `no rule heard` has one correlation whose rule never matches, so only the time of each event is read.\n\n{}",
        table.markdown()
    ))
}

/// Only scans the short lane, for a profiler: expressions are compiled by a first pass, the second is `measured_pass`.
pub fn profile(with: bool) -> io::Result<()> {
    let Both { lane, plain, with: correlating, .. } = both(LANES[0])?;
    let pass = || {
        if with { correlate(&mut new_stream(&correlating), &lane) } else { scan(&mut Scanner::new(&plain), &lane) }
    };
    pass();
    let found = measured_pass(pass);
    println!("{}: {} events, {found} detections", lane.name, lane.len());
    Ok(())
}

/// A name for a profiler to begin and end at.
#[inline(never)]
fn measured_pass(pass: impl Fn() -> usize) -> usize {
    std::hint::black_box(pass())
}

/// Some events tell their time in whole seconds only, so they may be late by one.
fn new_stream(rules: &Rules) -> Stream {
    Stream::new(rules, StreamOptions { lateness: Duration::from_secs(1), ..StreamOptions::default() })
}

fn scan(scanner: &mut Scanner, lane: &Lane) -> usize {
    lane.events().map(|event| scanner.scan_json(event).map_or(0, Iterator::count)).sum()
}

fn correlate(stream: &mut Stream, lane: &Lane) -> usize {
    let found = lane.events().map(|event| stream.scan_json(event).map_or(0, Iterator::count)).sum();
    stream.finish();
    found
}

struct Both {
    lane: Lane,
    plain: Rules,
    with: Rules,
    deaf: Rules,
    heard: usize,
}

fn both(name: &str) -> io::Result<Both> {
    let folder = corpus::folder().ok_or_else(|| io::Error::other("there is no corpus"))?;
    let (pack, lane) = (corpus::rules(Some(&folder))?, flowing(&corpus::bench_lane(&folder, name)?));
    let pipelines = pipelines()?;
    let plain = compile(&pack, &pipelines, "")?;
    let heard = often(&plain, &lane);
    let with = compile(&pack, &pipelines, &correlations(&heard))?;
    let silent = (0..plain.len()).filter_map(|index| plain.rule(index).id().map(str::to_owned));
    let silent: Vec<String> = silent.filter(|id| !heard.contains(id)).take(1).collect();
    let deaf = compile(&pack, &pipelines, &correlation(0, &silent))?;
    Ok(Both { lane, plain, with, deaf, heard: heard.len() })
}

/// The events as one stream: recordings of many years stand side by side in the lane, so most of them would be late.
/// Their times are written anew in their own form, 7 ms apart.
fn flowing(lane: &Lane) -> Lane {
    let mut bytes = Vec::new();
    for (at, event) in lane.events().enumerate() {
        let mut text = String::from_utf8_lossy(event).into_owned();
        let time = at as u64 * 7;
        for key in [r#""UtcTime":""#, r#""TimeCreated_SystemTime":""#] {
            write_time(&mut text, key, time);
        }
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
    }
    Lane::new(&lane.name, bytes)
}

/// Puts a time of day into a text such as `2022-08-08T01:39:10.643Z` behind a key, and leaves all else as it is.
fn write_time(text: &mut String, key: &str, ms: u64) {
    let Some(start) = text.find(key).map(|at| at + key.len()) else { return };
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let clock = format!("{:02}:{:02}:{:02}", 8 + seconds / 3_600, seconds / 60 % 60, seconds % 60);
    for (from, new) in [(0, "2026-11-23"), (11, clock.as_str()), (20, format!("{ms:03}").as_str())] {
        let place = start + from..start + from + new.len();
        let is_like =
            |old: &str| old.chars().zip(new.chars()).all(|(old, new)| old.is_ascii_digit() == new.is_ascii_digit());
        if text.get(place.clone()).is_some_and(is_like) {
            text.replace_range(place, new);
        }
    }
}

fn pipelines() -> io::Result<Vec<Pipeline>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/pipelines");
    let read = |name: &str| Ok((name.to_owned(), std::fs::read_to_string(folder.join(format!("{name}.yml")))?));
    ["windows-logsources", "windows"].into_iter().map(read).collect()
}

/// Ids of all rules that match on the lane, the most frequent first.
fn often(rules: &Rules, lane: &Lane) -> Vec<String> {
    let mut scanner = Scanner::new(rules);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for event in lane.events() {
        let Ok(detections) = scanner.scan_json(event) else { continue };
        for id in detections.filter_map(|detection| detection.rule().id().map(str::to_owned)) {
            *counts.entry(id).or_default() += 1;
        }
    }
    let mut ids: Vec<(usize, String)> = counts.into_iter().map(|(id, count)| (count, id)).collect();
    ids.sort_by(|a, b| b.cmp(a));
    ids.into_iter().map(|(_, id)| id).collect()
}

fn correlations(heard: &[String]) -> String {
    (0..CORRELATIONS).map(|at| correlation(at, heard)).collect::<Vec<_>>().join("---\n")
}

/// Correlations of all kinds, each for one to three of the rules that match.
fn correlation(at: usize, heard: &[String]) -> String {
    let (kind, rules, condition) = match at % 4 {
        0 => ("event_count", 1, "{gte: 100}"),
        1 => ("value_count", 2, "{field: Image, gte: 20}"),
        2 => ("temporal", 3, "{gte: 3}"),
        _ => ("temporal_ordered", 2, "{gte: 2}"),
    };
    let group = if at.is_multiple_of(2) { "Computer" } else { "Computer, User" };
    let ids: Vec<&str> =
        (0..rules).filter_map(|own| heard.get((at + own * 7) % heard.len())).map(String::as_str).collect();
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = write!(
        text,
        "title: correlation {at}\nid: c0000000-0000-4000-8000-{at:012}\ngenerate: true\ncorrelation:\n  type: {kind}\n  rules: \
         [{}]\n  group-by: [{group}]\n  timespan: 10m\n  condition: {condition}\n",
        ids.join(", ")
    );
    text
}

fn compile(pack: &RulePack, pipelines: &[Pipeline], correlations: &str) -> io::Result<Rules> {
    let mut compiler = Compiler::new();
    for (name, yaml) in pipelines {
        compiler = compiler.pipeline(Some(name), yaml.as_str());
    }
    for file in &pack.files {
        compiler = compiler.rules(Some(&file.name), file.text.as_str());
    }
    if !correlations.is_empty() {
        compiler = compiler.rules(Some("correlations.yml"), correlations);
    }
    let rules = compiler.build().map_err(|error| io::Error::other(error.to_string()))?;
    let about =
        |told: &&tieline::diagnostic::Diagnostic| told.is_error() && told.path.as_deref() == Some("correlations.yml");
    match rules.diagnostics().iter().find(about) {
        Some(told) => Err(io::Error::other(format!("{told:?}"))),
        None => Ok(rules),
    }
}
