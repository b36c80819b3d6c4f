//! The shipped packs as a whole: what each rule says about itself, and that packs go together.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use tieline::{Compiler, Level, Metadata, Rules};

/// The rules of these packs, each named by its pack and file.
fn compiled(packs: &[&str]) -> Rules {
    let shipped = tieline_rules::packs().iter().filter(|(pack, _)| packs.contains(pack));
    let texts =
        shipped.flat_map(|(pack, rules)| rules.iter().map(move |(file, text)| (format!("{pack}/{file}"), *text)));
    let compiler = texts.fold(Compiler::new(), |compiler, (name, text)| compiler.rules(Some(&name), text));
    let rules = compiler.build().unwrap();
    let errors: Vec<_> = rules.diagnostics().iter().filter(|told| told.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    rules
}

fn names_a_technique(meta: &Metadata) -> bool {
    meta.tags
        .iter()
        .any(|tag| tag.strip_prefix("attack.t").is_some_and(|id| id.starts_with(|c: char| c.is_ascii_digit())))
}

#[test]
fn the_packs_are_part_of_the_library() {
    let packs: Vec<_> = tieline_rules::packs().iter().map(|(pack, rules)| (*pack, rules.len())).collect();
    let least = [("it", 31), ("ot", 100), ("policy", 20), ("over_time", 3), ("cross_domain", 70)];
    assert!(packs.iter().zip(least).all(|(pack, least)| pack.0 == least.0 && pack.1 >= least.1), "{packs:?}");
}

#[test]
fn correlations_across_it_and_ot_leave_the_rules_of_both_packs_alerting() {
    let rules = compiled(&["it", "ot", "cross_domain"]);
    let own = |path: Option<&str>| path.is_some_and(|path| path.starts_with("cross_domain/"));
    let silent: Vec<_> =
        rules.iter().filter(|rule| !own(rule.path()) && !rule.alerts()).map(|rule| rule.title()).collect();
    assert!(silent.is_empty(), "{silent:?}");
    // What is there to be counted and joined is told by whoever counts it.
    let noisy: Vec<_> = rules
        .iter()
        .filter(|rule| own(rule.path()) && rule.alerts())
        .map(|rule| (rule.title(), rule.level()))
        .collect();
    assert!(noisy.iter().all(|(_, level)| *level > Some(Level::Informational)), "{noisy:?}");
    let mut alerting = BTreeSet::new();
    for info in rules.correlations().filter(|info| own(info.path())) {
        let is_stage = info.level() == Some(Level::Informational);
        assert!(!(is_stage && info.alerts()), "{} is a stage, and alerts", info.title());
        if info.alerts() {
            assert!(alerting.insert(info.path().unwrap().to_owned()), "two of {:?} alert", info.path());
        }
    }
    assert!(alerting.len() >= 40, "{}", alerting.len());
}

#[test]
fn correlations_say_what_an_operator_needs() {
    let packs = tieline_rules::packs().iter().filter(|(pack, _)| *pack == "cross_domain");
    for (file, text) in packs.flat_map(|(_, rules)| *rules) {
        for key in [
            "title:",
            "id:",
            "status:",
            "description:",
            "references:",
            "author:",
            "date:",
            "tags:",
            "falsepositives:",
            "level:",
            "response:",
        ] {
            assert!(text.lines().any(|line| line.starts_with(key)), "{file} has no `{key}`");
        }
    }
    let rules = compiled(&["it", "ot", "cross_domain"]);
    for info in rules.correlations() {
        assert!(names_a_technique(info.metadata()), "{} names no technique", info.title());
    }
}
