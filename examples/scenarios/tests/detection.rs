//! Whether the shipped packs tell of the steps, and of ordinary work only where the truth says so.
//!
//! ```text
//! a line of a step      told ⇔ the step says `detected`
//! an ordinary line      told ⇔ it is labelled, with rules of that level
//! ```
//!
//! Single rules of the packs `it`, `ot` and `policy` are asked, in the plant of the story.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use tieline_common::waist::{CompileOptions, DetectionRecord, RuleSet, ScanOptions};
use tieline_scenarios::{Generated, Options, Story};

/// For each line what rules tell of it: level and title.
fn detections(made: &Generated) -> BTreeMap<usize, Vec<(String, String)>> {
    let packs = tieline_rules::packs().iter().filter(|(pack, _)| matches!(*pack, "it" | "ot" | "policy"));
    let texts = packs
        .flat_map(|(pack, rules)| rules.iter().map(move |(file, text)| (format!("{pack}/{file}"), (*text).to_owned())));
    let options = CompileOptions { context: vec![made.plant.clone()], ..CompileOptions::default() };
    let rules = RuleSet::compile(texts, &options).unwrap();
    let scan = rules.scan_lines(made.ndjson().as_bytes(), &ScanOptions::default()).unwrap();
    assert!(scan.faults.is_empty(), "{:?}", scan.faults);
    let mut found: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    for hit in &scan.hits {
        let record = DetectionRecord::new(&rules, hit, None).unwrap();
        let line = usize::try_from(hit.event).unwrap() + 1;
        let level = record.level.map_or("none", |level| level.as_str()).to_owned();
        found.entry(line).or_default().push((level, record.rule_title.to_owned()));
    }
    found
}

fn is_low_or_more(told: &[(String, String)]) -> bool {
    told.iter().any(|(level, _)| level != "informational")
}

fn check(story: Story, options: &Options) {
    let made = story.generate(options).unwrap();
    let found = detections(&made);
    let line = |number: usize| made.events[number - 1].line.as_str();
    let mut of_steps = BTreeSet::new();
    for step in &made.truth.steps {
        of_steps.extend(step.lines.iter().copied());
        let told: Vec<usize> = step.lines.iter().copied().filter(|number| found.contains_key(number)).collect();
        let differ: Vec<_> = step
            .lines
            .iter()
            .filter(|number| told.contains(number) != step.detected.contains(number))
            .map(|number| (line(*number), found.get(number)))
            .collect();
        assert!(differ.is_empty(), "{}, step {}: {differ:#?}", story.name(), step.number);
    }
    let mut labelled = BTreeMap::new();
    for work in &made.truth.ordinary {
        for number in &work.lines {
            labelled.insert(*number, work.level);
            let told = found.get(number).unwrap_or_else(|| panic!("no rule tells of {}: {}", work.why, line(*number)));
            assert_eq!(is_low_or_more(told), work.level == "low", "{}: {told:?}", work.why);
        }
    }
    let others: Vec<_> = found
        .iter()
        .filter(|(number, _)| !of_steps.contains(number) && !labelled.contains_key(number))
        .map(|(number, told)| (line(*number), told))
        .collect();
    assert!(others.is_empty(), "{}: {others:#?}", story.name());
    let noise: usize = labelled
        .iter()
        .filter(|(_, level)| **level == "low")
        .filter_map(|(number, _)| found.get(number))
        .map(Vec::len)
        .sum();
    assert!((5..=50).contains(&noise), "{}: {noise} detections of ordinary work", story.name());
}

#[test]
fn rules_tell_of_every_step_and_of_labelled_work_only() {
    for story in Story::all() {
        check(story, &Options::default());
    }
}

#[test]
fn so_they_do_with_another_seed_and_late_events() {
    for story in Story::all() {
        check(story, &Options { seed: 23, hours: 5, density: 0.3, shuffle_s: 300 });
    }
}
