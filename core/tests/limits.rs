//! Limits that one rule or event reaches only by size: each is hit, told with its code, and nothing else suffers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use tieline::diagnostic::Code;
use tieline::stream::StreamOptions;
use tieline::{Compiler, JsonEvent, Limits, Rules, Scanner, Stream};

const GOOD: &str = "title: good\nlogsource: {category: c}\ndetection: {s: {A: 1}, condition: s}";

fn rule(detection: &str) -> String {
    format!("title: large\nlogsource: {{category: c}}\ndetection:\n{detection}")
}

/// The rule is left out with this code; the good one beside it loads and matches.
fn check(limits: Limits, yaml: String, code: Code) -> Rules {
    let rules =
        Compiler::new().limits(limits).rules(Some("large.yml"), yaml).rules(Some("good.yml"), GOOD).build().unwrap();
    let errors: Vec<_> = rules.diagnostics().iter().filter(|told| told.is_error()).collect();
    assert_eq!(errors.iter().map(|told| told.code).collect::<Vec<_>>(), [code], "{errors:?}");
    assert_eq!(rules.len(), 1);
    assert_eq!(Scanner::new(&rules).scan_json(br#"{"A":1}"#).unwrap().len(), 1);
    rules
}

#[test]
fn an_expression_that_compiles_to_too_much_is_left_out() {
    assert_eq!(Code::RegexTooLarge.as_str(), "TL0015");
    check(Limits::DEFAULT, rule("  s: {A|re: '(\\w{200}){200}'}\n  condition: s"), Code::RegexTooLarge);
    let limits = Limits { regex_bytes_max: 1_000, ..Limits::DEFAULT };
    check(limits, rule("  s: {A|re: '[a-z]{50}'}\n  condition: s"), Code::RegexTooLarge);
}

#[test]
fn a_condition_that_counts_too_much_is_left_out() {
    assert_eq!(Code::ProgramLimit.as_str(), "TL0070");
    let selections: String = (0..3000).map(|n| format!("  s{n}: {{A: {n}}}\n")).collect();
    check(Limits::DEFAULT, rule(&format!("{selections}  condition: 1500 of s*")), Code::ProgramLimit);
}

#[test]
fn an_event_nested_too_deeply_is_refused_by_every_reader() {
    let rules = Compiler::new().rules(None, GOOD).build().unwrap();
    let nested = |depth: usize| format!("{{\"A\":1,\"x\":{}0{}}}", "[".repeat(depth), "]".repeat(depth));
    let mut scanner = Scanner::new(&rules);
    for depth in [1, 100] {
        assert_eq!(scanner.scan_json(nested(depth).as_bytes()).unwrap().len(), 1);
        assert!(JsonEvent::parse(nested(depth).as_bytes()).is_ok());
    }
    for depth in [200, 10_000, 1_000_000] {
        assert!(scanner.scan_json(nested(depth).as_bytes()).is_err());
        assert!(JsonEvent::parse(nested(depth).as_bytes()).is_err());
    }
    assert_eq!(scanner.scan_json(br#"{"A":1}"#).unwrap().len(), 1, "the scanner goes on");
}

#[test]
fn a_large_event_is_no_trouble() {
    let rules = Compiler::new()
        .rules(None, rule("  s: {A|contains: needle}\n  k: [straw]\n  condition: s and k"))
        .build()
        .unwrap();
    let mut scanner = Scanner::new(&rules);
    let fields: String = (0..10_000).map(|n| format!("\"f{n}\":\"{}\",", "hay ".repeat(16))).collect();
    let event = format!("{{{fields}\"A\":\"{}needle\",\"B\":\"a straw\"}}", "x".repeat(4 << 20));
    assert_eq!(scanner.scan_json(event.as_bytes()).unwrap().len(), 1);
}

#[test]
fn a_stream_keeps_within_its_bounds_and_counts_what_they_cost() {
    let count = "title: many\ncorrelation: {type: event_count, rules: [good], group-by: [U], timespan: 1d, condition: {gte: 99}}";
    let rules = format!("{}\nname: good\n---\n{count}", GOOD);
    let rules = Compiler::new().rules(None, rules).build().unwrap();
    let stats = |options: StreamOptions, groups: i64| {
        let mut stream = Stream::new(&rules, options);
        for time in 0..10_000 {
            let event = format!("{{\"A\":1,\"U\":\"u{}\"}}", time % groups);
            stream.scan_json_at(event.as_bytes(), Some(time)).unwrap().count();
        }
        stream.finish();
        stream.stats()
    };
    let plenty = stats(StreamOptions::default(), 1_000);
    assert_eq!((plenty.evicted, plenty.crowded, plenty.trimmed), (0, 0, 0));
    let budget = stats(StreamOptions { state_bytes_max: 20_000, ..StreamOptions::default() }, 1_000);
    assert!(budget.evicted > 9_000 && budget.crowded == 0);
    let few = stats(StreamOptions { groups_max: Some(10), ..StreamOptions::default() }, 1_000);
    assert!(few.crowded > 9_000 && few.evicted == 0);
    let small = stats(StreamOptions { group_bytes_max: 1_000, ..StreamOptions::default() }, 1);
    assert!(small.trimmed > 9_000 && small.alerts == 0);
}
