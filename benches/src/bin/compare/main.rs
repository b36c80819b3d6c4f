//! The harness: Tieline, its rivals and bare parsers over the same bytes in one process.
//!
//! ```text
//! for each lane: answers ─▶ differences ─▶ interleaved rounds ─▶ a table
//! ```
//!
//! It ends with failure when an answer is not the expected one, and never because of a time.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod lanes;
mod options;
mod run;

use options::Options;
use std::process::ExitCode;
use tieline::{Rules, Scanner};
use tieline_benches::contenders::tieline as own;
use tieline_benches::corpus::{self, RulePack};
use tieline_benches::loading;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let folder = corpus::folder();
    let pack = match corpus::rules(folder.as_deref()) {
        Ok(pack) => pack,
        Err(error) => {
            eprintln!("rules cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(name) = &options.child {
        loading::child(name, pack);
        return ExitCode::SUCCESS;
    }
    if let Some(path) = &options.save {
        let saved = std::fs::write(path, own::compile(&pack, &[]).to_bytes());
        return if saved.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let all = match lanes::all(folder.as_deref(), options.full) {
        Ok(all) => all,
        Err(error) => {
            eprintln!("a lane cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(name) = &options.profile {
        profile(&options, &pack, &all, name);
        return ExitCode::SUCCESS;
    }
    let report = run::all(&options, folder.is_some(), &pack, &all);
    if let Some(path) = &options.write
        && let Err(error) = std::fs::write(path, &report.text)
    {
        eprintln!("{path} cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    if report.faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Only Tieline, over and over: something for a profiler to look at.
fn profile(options: &Options, pack: &RulePack, all: &[lanes::Wanted], name: &str) {
    for wanted in all.iter().filter(|wanted| wanted.lane.name.contains(name)) {
        let pipelines = if options.no_pipeline { Vec::new() } else { lanes::pipelines(wanted.shape) };
        let rules: Rules = own::compile(pack, &pipelines);
        let mut found = 0;
        for _ in 0..options.passes {
            let mut scanner = Scanner::new(&rules);
            for event in wanted.lane.events() {
                found += scanner.scan_json(event).map_or(0, |detections| detections.len());
            }
        }
        println!("{}: {} passes, {found} detections", wanted.lane.name, options.passes);
    }
}
