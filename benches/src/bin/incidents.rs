//! A million findings over a hundred thousand hosts: how many a second become incidents, and what memory that takes.
//!
//! ```text
//! attacks that go from host to host, among single findings and a flood of one rule ─▶ each attack one incident? ─▶ findings a second
//! ```
//!
//! `incidents [FINDINGS]`. It ends with failure when attacks are not told apart, never because of a time.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::{Duration, Instant};
use tieline::context::Context;
use tieline::incidents::{EntityKind, IncidentOptions, Incidents, Reported};
use tieline::{Compiler, Level};
use tieline_benches::machine;

/// Hosts, each with an account of its own.
const HOSTS: usize = 100_000;
/// Hosts to which one attack goes.
const WAY: usize = 8;
/// Of so many findings one is part of an attack.
const SELDOM: usize = 50;
/// Findings that come at once.
const PIECE: usize = 1_000;
const SECOND: i64 = 1_000_000_000;

fn main() -> ExitCode {
    let findings = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(1_000_000);
    let rules = match Compiler::new().build() {
        Ok(rules) => rules,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let context = Context::read(&[]);
    let Ok(mut incidents) = Incidents::new(&rules, Compiler::new(), &context, IncidentOptions::default()) else {
        return ExitCode::FAILURE;
    };
    println!("- Machine: {}; one thread.", machine::describe());
    let mut state = 7_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let (mut marks, mut taken) = (Vec::new(), Duration::ZERO);
    // As from a wire: findings are read piece by piece, each with its own texts, and only what becomes of them is timed.
    for first in (0..findings).step_by(PIECE) {
        let last = findings.min(first + PIECE);
        let piece: Vec<Alert> = (first..last).map(|number| alert(number, &mut next)).collect();
        let begun = Instant::now();
        piece.iter().for_each(|own| own.add(&mut incidents));
        taken += begun.elapsed();
        if last % (findings / 10).max(1) < PIECE {
            marks.push((last, taken.as_secs_f64()));
        }
    }
    let begun = Instant::now();
    incidents.finish();
    let seconds = (taken + begun.elapsed()).as_secs_f64();
    let mut before = (0, 0.0);
    for mark in marks {
        println!("- up to {:>9}: {:>9.0} a second", mark.0, (mark.0 - before.0) as f64 / (mark.1 - before.1));
        before = mark;
    }
    println!("- {findings} findings in {seconds:.2} s: {:.0} a second", findings as f64 / seconds);
    println!("- {} MB at most", resident());
    let all = incidents.incidents();
    let whole =
        all.iter().filter(|own| own.findings.iter().filter(|found| found.rule != "noise").count() == WAY).count();
    println!("- {} incidents, {whole} of them whole attacks; {:?}", all.len(), incidents.stats());
    if whole * 10 < all.len() * 9 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A finding as another product tells it.
struct Alert {
    number: usize,
    rule: &'static str,
    level: Level,
    source: String,
    target: Option<String>,
    account: String,
}

/// Attacks of a hundred kinds go on at the same time, each along hosts of its own.
fn alert(number: usize, next: &mut impl FnMut() -> usize) -> Alert {
    let host = |at: usize| {
        let at = at % HOSTS;
        format!("10.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255)
    };
    let is_attack = number.is_multiple_of(SELDOM);
    let attack = number / SELDOM % 100;
    let step = number / SELDOM / 100;
    let lane = (step / WAY * 100 + attack) * (WAY + 1) % HOSTS;
    let (source, target, account) = match is_attack {
        true => (lane + step % WAY, Some(lane + step % WAY + 1), lane),
        false => (next() % HOSTS, None, next() % HOSTS),
    };
    let rule = if is_attack { ["a", "b", "c", "d", "e", "f", "g", "h"][step % WAY] } else { "noise" };
    let level = if is_attack { Level::High } else { Level::Low };
    Alert {
        number,
        rule,
        level,
        source: host(source),
        target: target.map(host),
        account: format!("user{}", account % HOSTS),
    }
}

impl Alert {
    fn add(&self, incidents: &mut Incidents) {
        incidents.add(&Reported {
            time_ns: self.number as i64 * SECOND / 4,
            at: "",
            rule: self.rule,
            title: self.rule,
            level: self.level,
            source: Some(&self.source),
            target: self.target.as_deref(),
            entities: &[(EntityKind::Account, &self.account)],
            ..Reported::default()
        });
    }
}

/// The most memory that was resident, in MB; 0 where nobody says.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1_024
}
