//! What more of something costs: rules, indicators, bytes of hostile events.
//!
//! ```text
//! parent ─▶ child process "rules 10": load, then nine passes over the lane ─▶ one line of figures
//! ```
//!
//! Each figure comes from a process of its own, so that memory is that of one load.

use crate::adversary::Attack;
use crate::contenders::tieline::{Pipeline, compile};
use crate::corpus::RulePack;
use crate::generated::Chance;
use crate::indicators::Kind;
use crate::lane::Lane;
use crate::timing::{self, Runs};
use crate::{machine, variants};
use std::process::Command;
use tieline::{Compiler, Rules, Scanner};

/// Passes over the lane.
const PASSES: usize = 9;

/// What a child measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// Rules, or values of the list.
    pub loaded: f64,
    /// CPU milliseconds from texts to a program.
    pub load_ms: f64,
    /// Resident megabytes that loading added, at its peak and for good.
    pub peak_mb: f64,
    /// Those that stay.
    pub stays_mb: f64,
    /// Microseconds per event: the median of the passes.
    pub event_us: f64,
    /// The fastest pass.
    pub event_us_least: f64,
    /// Detections of one pass.
    pub detections: f64,
}

impl Figures {
    fn line(&self) -> String {
        let Self { loaded, load_ms, peak_mb, stays_mb, event_us, event_us_least, detections } = self;
        format!("{loaded} {load_ms} {peak_mb} {stays_mb} {event_us} {event_us_least} {detections}")
    }

    fn read(line: &str) -> Option<Self> {
        let numbers: Vec<f64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [loaded, load_ms, peak_mb, stays_mb, event_us, event_us_least, detections] = *numbers else { return None };
        Some(Self { loaded, load_ms, peak_mb, stays_mb, event_us, event_us_least, detections })
    }
}

/// Starts this program again with these arguments and reads its figures.
#[must_use]
pub fn child(arguments: &[&str]) -> Option<Figures> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).arg("--child").args(arguments).output().ok()?;
    Figures::read(String::from_utf8(output.stdout).ok()?.lines().last()?)
}

/// The work of a child that loads `times` as many rules, and says what it costs.
pub fn rules(times: usize, pack: &RulePack, pipelines: &[Pipeline], lane: &Lane) {
    let pack = variants::grown(pack, times);
    let before = machine::memory().unwrap_or_default();
    let (time, rules) = timing::cpu(|| compile(&pack, pipelines));
    let after = machine::memory().unwrap_or_default();
    let count = pack.files.len();
    drop(pack);
    say(count, time.as_secs_f64(), before, after, &rules, lane);
}

/// The work of a child that loads a list beside all rules; none, when `count` is zero.
pub fn list(kind: Kind, count: usize, pack: &RulePack, pipelines: &[Pipeline], lane: &Lane) {
    let before = machine::memory().unwrap_or_default();
    let (time, rules) = timing::cpu(|| {
        let mut compiler = Compiler::new();
        if count > 0 {
            compiler = compiler.rules(Some("list.yml"), kind.rule()).placeholder("list", kind.values(count));
        }
        for (name, yaml) in pipelines {
            compiler = compiler.pipeline(Some(name), yaml.as_str());
        }
        let all =
            pack.files.iter().fold(compiler, |compiler, file| compiler.rules(Some(&file.name), file.text.as_str()));
        all.build().unwrap_or_else(|error| panic!("tieline does not compile the rules: {error}"))
    });
    let after = machine::memory().unwrap_or_default();
    say(count, time.as_secs_f64(), before, after, &rules, lane);
}

fn say(loaded: usize, load: f64, before: (u64, u64), after: (u64, u64), rules: &Rules, lane: &Lane) {
    let (mut runs, mut detections) = (Runs::default(), 0);
    for _ in 0..PASSES {
        let mut scanner = Scanner::new(rules);
        let (time, found) = timing::cpu(|| pass(&mut scanner, lane.events()));
        runs.add(time);
        detections = found;
    }
    let megabytes = |after: u64, before: u64| after.saturating_sub(before) as f64 / 1e6;
    let per_event = 1e6 / lane.len().max(1) as f64;
    let figures = Figures {
        loaded: loaded as f64,
        load_ms: load * 1e3,
        peak_mb: megabytes(after.0, before.1),
        stays_mb: megabytes(after.1, before.1),
        event_us: runs.median() * per_event,
        event_us_least: runs.least() * per_event,
        detections: detections as f64,
    };
    println!("{}", figures.line());
}

fn pass<'e>(scanner: &mut Scanner, events: impl Iterator<Item = &'e [u8]>) -> usize {
    events.map(|event| scanner.scan_json(event).map_or(0, |found| found.len())).sum()
}

/// Nanoseconds per byte of an attack with events of so many bytes: the fastest of a few passes.
#[must_use]
pub fn attack(attack: &Attack, bytes: usize, pack: &Rules) -> f64 {
    let own = attack.rules.map(|rules| {
        Compiler::new().rules(None, rules()).build().unwrap_or_else(|error| panic!("rules of an attack: {error}"))
    });
    let mut chance = Chance::new(bytes as u64);
    let events: Vec<String> = (0..(4_000_000 / bytes).max(8)).map(|_| (attack.event)(bytes, &mut chance)).collect();
    let total: usize = events.iter().map(String::len).sum();
    let mut runs = Runs::default();
    for _ in 0..5 {
        let mut scanner = Scanner::new(own.as_ref().unwrap_or(pack));
        runs.add(timing::cpu(|| pass(&mut scanner, events.iter().map(String::as_bytes))).0);
    }
    runs.least() * 1e9 / total as f64
}
