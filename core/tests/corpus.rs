//! Foreign rules and events: everything loads, and the engine equals the reference evaluator.
//!
//! These tests need the corpus; without it they say so and pass. `TIELINE_FULL=1` compares every event of
//! the long lane too, and raw recordings with the pipelines of their shapes: every event of the nested ones, and
//! every tenth of the flat ones (`TIELINE_EVERY=1` for all of them, which takes hours).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod common;

use common::{corpus, lines, live_rules, read, rule_files};
use std::collections::BTreeMap;
use std::path::Path;
use tieline::{Compiler, JsonEvent, Rules, Scanner};

#[test]
fn every_live_rule_loads_but_for_a_few_with_a_reason() {
    let Some(sigmahq) = corpus("sigmahq") else { return };
    let rules = live_rules(&sigmahq).build().unwrap();
    let errors: Vec<_> = rules.diagnostics().iter().filter(|told| told.is_error()).collect();
    for error in &errors {
        println!("{error}");
    }
    println!("{} rules load, {} do not", rules.len(), errors.len());
    assert!(errors.len() < 10);
    assert!(errors.iter().all(|error| error.line > 0 && error.path.is_some()));
}

#[test]
fn old_rules_load_or_are_refused_with_a_reason() {
    let Some(sigmahq) = corpus("sigmahq") else { return };
    for folder in ["unsupported", "deprecated"] {
        for file in rule_files(&sigmahq.join(folder)) {
            let rules =
                Compiler::new().rules(Some("old.yml"), std::fs::read_to_string(&file).unwrap()).build().unwrap();
            let refused = rules.diagnostics().iter().any(|told| told.is_error());
            assert!(!rules.is_empty() || refused, "{} vanished without a word", file.display());
        }
    }
}

/// Compares engine and reference on every event and returns how many rules matched in all.
fn compare(rules: &Rules, bytes: &[u8]) -> usize {
    use rayon::prelude::*;
    let events: Vec<&[u8]> = lines(bytes);
    let compare_part = |events: &[&[u8]]| {
        let mut scanner = Scanner::new(rules);
        let mut matches = 0;
        for event in events {
            let tree = JsonEvent::parse(event).unwrap();
            let engine: Vec<usize> = scanner.scan_json(event).unwrap().map(|detection| detection.index()).collect();
            let reference: Vec<usize> =
                (0..rules.len()).filter(|index| rules.reference_matches(*index, &tree)).collect();
            let name = |index: &usize| rules.rule(*index).title();
            assert_eq!(
                engine.iter().map(name).collect::<Vec<_>>(),
                reference.iter().map(name).collect::<Vec<_>>(),
                "{}",
                String::from_utf8_lossy(event)
            );
            matches += engine.len();
        }
        matches
    };
    events.par_chunks(64).map(compare_part).sum()
}

/// Compares a file of events, as the rules are and with the pipeline that recognises its events.
fn compare_file(path: &str, pipeline: &str) -> [usize; 2] {
    let (Some(sigmahq), Some(lane)) = (corpus("sigmahq"), corpus(path)) else { return [usize::MAX; 2] };
    let bytes = read(&lane);
    let plain = compare(&live_rules(&sigmahq).build().unwrap(), &bytes);
    let fitted = compare(&fitted(&sigmahq, pipeline), &bytes);
    println!("{path}: {plain} matches, {fitted} with {pipeline}");
    [plain, fitted]
}

fn fitted(sigmahq: &Path, pipeline: &str) -> Rules {
    live_rules(sigmahq).pipeline(Some(pipeline), tieline_rules::pipeline(pipeline).unwrap()).build().unwrap()
}

fn full() -> bool {
    let full = std::env::var("TIELINE_FULL").is_ok_and(|full| full == "1");
    if !full {
        println!("skipped: set TIELINE_FULL=1 to run this test");
    }
    full
}

#[test]
fn engine_equals_reference_on_mixed_events() {
    compare_file("bench/windows_structured_10k.ndjson.gz", "windows");
}

#[test]
fn engine_equals_reference_on_process_creations() {
    let [plain, fitted] = compare_file("bench/windows_process_creation.ndjson.gz", "windows");
    assert!(plain > 100 && fitted > 100);
}

#[test]
fn engine_equals_reference_on_the_long_lane() {
    if full() {
        compare_file("bench/windows_structured.ndjson.gz", "windows");
    }
}

#[test]
fn engine_equals_reference_on_nested_recordings() {
    let path = "events/evtx_attack_samples/evtx_attack_samples_01.ndjson.gz";
    let (Some(sigmahq), Some(lane)) = (corpus("sigmahq"), corpus(path)) else { return };
    let bytes = read(&lane);
    let events = lines(&bytes);
    let every = if full() { 1 } else { 5 };
    let some: Vec<&[u8]> = events.iter().step_by(every).copied().collect();
    let matches = compare(&fitted(&sigmahq, "windows-evtx"), &some.join(&b'\n'));
    println!("{path}: {matches} matches");
    assert!(matches > 200);
}

#[test]
fn engine_equals_reference_on_flat_recordings() {
    let (Some(sigmahq), Some(folder)) = (corpus("sigmahq"), corpus("events/otrf")) else { return };
    if !full() {
        return;
    }
    let every = std::env::var("TIELINE_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(10);
    let shapes = ["windows", "winlogbeat-6"].map(|name| (name, fitted(&sigmahq, name)));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "gz"));
    files.sort();
    for file in files {
        let bytes = read(&file);
        let mut of_shape = [Vec::new(), Vec::new()];
        for event in lines(&bytes).into_iter().step_by(every) {
            let beat = event.windows(10).any(|part| part == b"\"log_name\"");
            of_shape[usize::from(beat)].push(event);
        }
        for ((name, rules), events) in shapes.iter().zip(of_shape) {
            let matches = compare(rules, &events.join(&b'\n'));
            println!("{}: {name}, {} events, {matches} matches", file.display(), events.len());
        }
    }
}

#[test]
fn the_engine_counts_the_same_each_time_and_after_saving() {
    let (Some(sigmahq), Some(lane)) = (corpus("sigmahq"), corpus("bench/windows_process_creation.ndjson.gz")) else {
        return;
    };
    let rules = live_rules(&sigmahq).build().unwrap();
    let saved = Rules::from_bytes(&rules.to_bytes()).unwrap();
    let bytes = read(&lane);
    let events = lines(&bytes);
    let count = |rules: &Rules| -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for matched in rules.scan_batch(&events, None) {
            for index in matched.unwrap() {
                *counts.entry(rules.rule(index as usize).metadata().identity().to_owned()).or_default() += 1;
            }
        }
        counts
    };
    assert_eq!(count(&rules), count(&saved));
}
