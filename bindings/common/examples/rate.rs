//! How fast the waist is, and what it adds to the core: the rate that every language is measured against.
//!
//! ```text
//! cargo run --release -p tieline-common --example rate -- RULES EVENTS.ndjson
//! {"core_scan":231000,"scan_lines":229000,"scan_lines_all_threads":430000,"hits":31123}
//! ```
//!
//! The best of five passes each, in events a second. All ways must find the same.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::path::PathBuf;
use std::time::Instant;
use tieline::Scanner;
use tieline_common::waist::{CompileOptions, RuleSet, ScanOptions};

fn main() {
    let mut words = std::env::args().skip(1);
    let (rules, events) = (words.next().unwrap(), words.next().unwrap());
    let source = words.next().unwrap_or_else(|| "windows".to_owned());
    let options = CompileOptions { source: Some(source), ..CompileOptions::default() };
    let rules = RuleSet::load(&[PathBuf::from(rules)], &options).unwrap();
    let text = std::fs::read(events).unwrap();
    let mut scanner = Scanner::new(rules.rules());
    let mut core = || {
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| scanner.scan_json(line).unwrap().len()).sum()
    };
    let lines = |threads| {
        let asked = ScanOptions { threads: Some(threads), ..ScanOptions::default() };
        rules.scan_lines(&text, &asked).unwrap().hits.len()
    };
    let events = rules.scan_lines(&text, &ScanOptions::default()).unwrap().events;
    let (hits, [first, second, third]) = (lines(1), [best(&mut core), best(&mut || lines(1)), best(&mut || lines(0))]);
    assert!([first, second, third].iter().all(|(found, _)| *found == hits), "the ways differ");
    let rate = |(_, seconds): (usize, f64)| (events as f64 / seconds).round();
    println!(
        "{}",
        serde_json::json!({
            "core_scan": rate(first), "scan_lines": rate(second), "scan_lines_all_threads": rate(third), "hits": hits,
        })
    );
}

fn best(pass: &mut dyn FnMut() -> usize) -> (usize, f64) {
    let mut time = || {
        let begin = Instant::now();
        (pass(), begin.elapsed().as_secs_f64())
    };
    (0..5).map(|_| time()).min_by(|left, right| left.1.total_cmp(&right.1)).unwrap()
}
