//! A million findings over a hundred thousand hosts: how many a second become incidents, and what memory that takes.
//!
//! ```text
//! attacks that go from host to host, among single findings and a flood of one rule ─▶ each attack one incident? ─▶ findings a second
//! ```
//!
//! `incidents [FINDINGS]`. It ends with failure when attacks are not told apart, never because of a time.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;
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
    let hosts: Vec<String> =
        (0..HOSTS).map(|number| format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)).collect();
    let accounts: Vec<String> = (0..HOSTS).map(|number| format!("user{number}")).collect();
    println!("- Machine: {}; one thread.", machine::describe());
    let mut state = 7_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut marks = Vec::new();
    let begun = Instant::now();
    for number in 0..findings {
        let time_ns = number as i64 * SECOND / 4;
        let is_attack = number % SELDOM == 0;
        // Attacks of a hundred kinds go on at the same time, each along hosts of its own.
        let attack = number / SELDOM % 100;
        let step = number / SELDOM / 100;
        let lane = (step / WAY * 100 + attack) * (WAY + 1) % HOSTS;
        let (source, target, account) = match is_attack {
            true => (lane + step % WAY, Some(lane + step % WAY + 1), lane),
            false => (next() % HOSTS, None, next() % HOSTS),
        };
        let name = |at: usize| hosts.get(at % HOSTS).map(String::as_str);
        let entities = [(EntityKind::Account, accounts.get(account % HOSTS).map_or("", String::as_str))];
        let rule = if is_attack { ["a", "b", "c", "d", "e", "f", "g", "h"][step % WAY] } else { "noise" };
        incidents.add(&Reported {
            time_ns,
            at: "",
            rule,
            title: rule,
            level: if is_attack { Level::High } else { Level::Low },
            source: name(source),
            target: target.and_then(name),
            entities: &entities,
            ..Reported::default()
        });
        if (number + 1) % (findings / 10).max(1) == 0 {
            marks.push((number + 1, begun.elapsed().as_secs_f64()));
        }
    }
    incidents.finish();
    let seconds = begun.elapsed().as_secs_f64();
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

/// The most memory that was resident, in MB; 0 where nobody says.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1_024
}
