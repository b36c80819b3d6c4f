//! Foreign rules and events: everything loads, and the engine equals the reference evaluator.
//!
//! These tests need the corpus; without it they say so and pass. `TIELINE_FULL=1` compares every event of
//! the long lane too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod common;

use common::{corpus, lines, live_rules, read, rule_files};
use std::collections::BTreeMap;
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

#[test]
fn engine_equals_reference_on_mixed_events() {
    let (Some(sigmahq), Some(lane)) = (corpus("sigmahq"), corpus("bench/windows_structured_10k.ndjson.gz")) else {
        return;
    };
    let rules = live_rules(&sigmahq).build().unwrap();
    println!("{} matches", compare(&rules, &read(&lane)));
}

#[test]
fn engine_equals_reference_on_process_creations() {
    let (Some(sigmahq), Some(lane)) = (corpus("sigmahq"), corpus("bench/windows_process_creation.ndjson.gz")) else {
        return;
    };
    let rules = live_rules(&sigmahq).build().unwrap();
    let matches = compare(&rules, &read(&lane));
    println!("{matches} matches");
    assert!(matches > 100);
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
