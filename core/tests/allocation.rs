//! Once a scanner has seen what its events are like, it takes no memory for another one.
//!
//! All of a test runs on one thread, whose allocations are counted. Warming up means: buffers are as long as the longest
//! value, expressions have their caches, and the memory of values has been full once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod common;

use common::{corpus, lines, live_rules, read, rule_files};
use std::path::Path;
use tieline::{Compiler, Scanner};

/// Allocations and detections while all events are scanned.
fn count<E: AsRef<[u8]>>(scanner: &mut Scanner, events: &[E]) -> (u64, usize) {
    let mut found = 0;
    let counted = allocation_counter::measure(|| {
        for event in events {
            found += scanner.scan_json(event.as_ref()).unwrap().len();
        }
    });
    (counted.count_total, found)
}

fn shipped() -> Compiler {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/it");
    let rules = rule_files(&folder).into_iter().fold(Compiler::new(), |compiler, file| {
        compiler.rules(Some(&file.display().to_string()), std::fs::read_to_string(&file).unwrap())
    });
    rules.pipeline(Some("windows"), tieline_rules::pipeline("windows").unwrap())
}

/// An event that no other one equals in any value.
fn event(number: usize) -> String {
    format!(
        r#"{{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Image":"C:\\Programs\\p{number:07}.exe","CommandLine":"\"p{number:07}.exe\" -a \u00e9 {number:032x}","ParentImage":"C:\\x\\q{number:07}.exe","User":"W\\u{number:07}","IntegrityLevel":{number:07},"nested":{{"a":[{{"b":"{number:07}"}}]}}}}"#,
        number = 1_000_000 + number,
    )
}

#[test]
fn nothing_is_allocated_for_values_never_seen_before() {
    let rules = shipped().build().unwrap();
    let mut scanner = Scanner::new(&rules);
    let events: Vec<String> = (0..150_000).map(event).collect();
    let (warm, measured) = events.split_at(120_000);
    assert!(count(&mut scanner, warm).0 > 0, "nothing is counted");
    assert_eq!(count(&mut scanner, measured), (0, 0));
}

#[test]
fn nothing_is_allocated_for_the_events_of_the_shipped_rules() {
    let rules = shipped().build().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/it");
    for ending in [".silent.ndjson", ".match.ndjson"] {
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.to_string_lossy().ends_with(ending));
        let text = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect::<Vec<u8>>();
        let mut scanner = Scanner::new(&rules);
        for _ in 0..3 {
            count(&mut scanner, &lines(&text));
        }
        let (allocations, found) = count(&mut scanner, &lines(&text));
        assert!(allocations == 0 && found > 0, "{ending}: {allocations} allocations, {found} detections");
    }
}

#[test]
fn nothing_is_allocated_for_recorded_events() {
    let (Some(sigmahq), Some(events)) = (corpus("sigmahq"), corpus("bench/windows_structured_10k.ndjson.gz")) else {
        return;
    };
    let rules = live_rules(&sigmahq).pipeline(Some("windows"), tieline_rules::pipeline("windows").unwrap());
    let rules = rules.build().unwrap();
    let (mut scanner, bytes) = (Scanner::new(&rules), read(&events));
    for _ in 0..2 {
        count(&mut scanner, &lines(&bytes));
    }
    let (allocations, found) = count(&mut scanner, &lines(&bytes));
    assert!(allocations == 0 && found > 0, "{allocations} allocations, {found} detections");
}
