//! A profile counts exactly, names what it counts, and divides times as it says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::cell::Cell;
use tieline::{Compiler, LogSource, Profile, RuleCost, RuleName, Rules, Scanner};

const RULES: &str = r"
title: Whoami
id: 11111111-1111-4111-8111-111111111111
logsource: {category: process_creation, product: windows}
detection: {s: {Image|endswith: '\whoami.exe'}, condition: s}
---
title: Numbers
logsource: {category: process_creation, product: windows}
detection: {s: {Image|endswith: '\cmd.exe', CommandLine|re: 'x[0-9]+y'}, condition: s}
---
title: Numbers too
logsource: {category: process_creation, product: windows}
detection: {s: {Image|endswith: '\calc.exe', CommandLine|re: 'x[0-9]+y'}, condition: s}
";

const EVENTS: [&str; 6] = [
    r#"{"Image":"C:\\cmd.exe","CommandLine":"x12y"}"#,
    r#"{"Image":"C:\\cmd.exe","CommandLine":"other"}"#,
    r#"{"Image":"C:\\a.exe","CommandLine":"x12y"}"#,
    r#"{"Image":"C:\\whoami.exe","CommandLine":"whoami"}"#,
    r#"{"Image":"C:\\cmd.exe","CommandLine":"x12y"}"#,
    r#"{"Image":"C:\\cmd.exe","CommandLine":"x12y"}"#,
];

/// A clock by which every question takes a nanosecond.
fn ticking() -> u64 {
    thread_local!(static TIME: Cell<u64> = const { Cell::new(0) });
    TIME.with(|time| time.replace(time.get() + 1))
}

fn rules(yaml: &str) -> Rules {
    let rules = Compiler::new().rules(None, yaml).build().unwrap();
    assert!(!rules.diagnostics().iter().any(tieline::diagnostic::Diagnostic::is_error));
    rules
}

fn profile(rules: &Rules, events: &[&str]) -> Profile {
    let mut scanner = Scanner::profiled(rules, ticking);
    events.iter().for_each(|event| assert!(scanner.scan_json(event.as_bytes()).is_ok()));
    scanner.profile().unwrap()
}

#[test]
fn counts_are_exact() {
    let profile = profile(&rules(RULES), &EVENTS);
    assert_eq!((profile.events, profile.bytes), (6, EVENTS.iter().map(|event| event.len() as u64).sum()));
    let [command_line, image] = profile.fields.as_slice() else { panic!("{:?}", profile.fields) };
    // A value is remembered when it comes for the second time, and known from the third time on.
    let bytes = r"C:\\cmd.exe".len() * 2 + r"C:\\a.exe".len() + r"C:\\whoami.exe".len();
    assert_eq!((image.field.as_str(), image.values, image.remembered), ("Image", 6, 2));
    assert_eq!(image.searched_bytes, bytes as u64);
    // Only a woken rule looks at the command line.
    assert_eq!((command_line.field.as_str(), command_line.values, command_line.remembered), ("CommandLine", 4, 1));
    assert_eq!(command_line.searched_bytes, "x12yotherx12y".len() as u64);
    let [test] = profile.tests.as_slice() else { panic!("{:?}", profile.tests) };
    assert_eq!((test.field.as_str(), test.test.as_str()), ("CommandLine", "/x[0-9]+y/"));
    assert_eq!((test.runs, test.held, test.bytes), (3, 2, 13));
    let titles: Vec<&str> = test.rules.iter().map(|rule| rule.title.as_str()).collect();
    assert_eq!(titles, ["Numbers", "Numbers too"]);
    let rows = |row: &RuleCost| (row.rule.title.clone(), row.woken, row.matched, row.decisions);
    let expected = [("Numbers", 4, 3, 8), ("Numbers too", 0, 0, 0), ("Whoami", 1, 1, 1)];
    let mut rows: Vec<_> = profile.rules.iter().map(rows).collect();
    rows.sort();
    assert_eq!(rows, expected.map(|(title, woken, matched, decisions)| (title.to_owned(), woken, matched, decisions)));
    let [partition] = profile.partitions.as_slice() else { panic!("{:?}", profile.partitions) };
    assert_eq!((partition.events_with.as_str(), partition.events), ("any values", 6));
}

#[test]
fn times_are_divided_without_counting_anything_twice() {
    let profile = profile(&rules(RULES), &EVENTS);
    let rule = |title: &str| profile.rules.iter().find(|row| row.rule.title == title).unwrap();
    let field = |name: &str| profile.fields.iter().find(|row| row.field == name).unwrap();
    // Each look, test and walk asks the clock twice, so it takes one nanosecond and what lies in it.
    assert_eq!(profile.tests[0].ns, 3);
    assert_eq!((field("Image").ns, field("Image").tests_ns), (6, 0));
    assert_eq!((field("CommandLine").ns, field("CommandLine").tests_ns), (3 * 3 + 1, 3));
    let numbers = rule("Numbers");
    assert_eq!((numbers.looks_ns, numbers.decisions_ns, numbers.tests_ns), (10 - 3, 4 * 2, 1));
    assert_eq!(numbers.ns, 7 + 8 + 1);
    assert_eq!((rule("Numbers too").ns, rule("Numbers too").tests_ns, rule("Whoami").ns), (1, 1, 1));
    assert_eq!((profile.reading_ns, profile.routing_ns), (6, 6));
    assert_eq!(profile.detecting_ns, profile.partitions[0].ns);
    let parts = field("Image").ns + field("CommandLine").ns + numbers.decisions_ns + rule("Whoami").decisions_ns;
    assert!(profile.detecting_ns >= parts, "{profile:?}");
}

#[test]
fn profiles_are_merged_by_names() {
    let all = rules(RULES);
    let one = profile(&all, &EVENTS);
    let mut both = one.clone();
    both.merge(one.clone());
    assert_eq!((both.events, both.fields[0].values, both.tests[0].runs), (12, 8, 6));
    assert_eq!((both.fields.len(), both.tests.len(), both.rules.len(), both.partitions.len()), (2, 1, 3, 1));
    assert_eq!(both.tests[0].rules, one.tests[0].rules);
    // The same rule in another set is the same rule.
    let other = profile(&rules(RULES.split("---").nth(1).unwrap()), &EVENTS);
    both.merge(other);
    assert_eq!((both.events, both.rules.len(), both.tests[0].rules.len()), (18, 3, 2));
    let numbers = RuleName { id: None, title: "Numbers".to_owned() };
    assert_eq!(both.rules[0].rule, numbers);
    assert_eq!(both.rules[0].woken, 12);
}

#[test]
fn every_kind_of_test_and_field_has_a_name() {
    let yaml = r"
title: Everything
logsource: {category: c}
detection:
    words: ['needle']
    a: {A: 'x*y?z', B|cased: 'x*Y', C|gt: 5, D|hour: 3, E|re|i: 'ab+', F|fieldref: G, H|windash|contains: ' -a*z'}
    condition: words or all of a or not a
";
    let profile = profile(
        &rules(yaml),
        &[
            r#"{"A":"x1y2z","B":"x1Y","C":9,"D":"2026-01-01T03:00:00Z","E":"ABB","F":"q","G":"q","H":"b -a zz"}"#,
            r#"{"other":"a needle"}"#,
        ],
    );
    let mut tests: Vec<(&str, &str)> =
        profile.tests.iter().map(|row| (row.field.as_str(), row.test.as_str())).collect();
    tests.sort_unstable();
    let expected =
        [("A", "x*y?z"), ("B", "x*Y (cased)"), ("C", "> 5"), ("D", "hour = 3"), ("E", "/(?i)ab+/"), ("H", "* -a*z*")];
    assert_eq!(tests, expected);
    let fields: Vec<&str> = profile.fields.iter().map(|row| row.field.as_str()).collect();
    assert!(["(keywords)", "A", "F|fieldref: G", "H"].iter().all(|field| fields.contains(field)), "{fields:?}");
}

#[test]
fn kinds_of_events_are_told_apart() {
    let rule = |number: usize| {
        format!(
            "title: r{number}\nlogsource: {{category: c}}\ndetection: {{s: {{Channel: C{}, A: a{number}}}, condition: s}}\n---\n",
            number % 2
        )
    };
    let rules = rules(&(0..12).map(rule).collect::<String>());
    let events = [r#"{"Channel":"c0","A":"a2"}"#, r#"{"Channel":"C1","A":"a2"}"#, r#"{"Channel":"x"}"#];
    let profile = profile(&rules, &[events[0], events[0], events[1], events[2]]);
    let mut kinds: Vec<(&str, u64)> =
        profile.partitions.iter().map(|row| (row.events_with.as_str(), row.events)).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [("Channel: c0", 2), ("Channel: c1", 1), ("Channel: other", 1)]);
}

#[test]
fn what_the_log_source_forbids_is_no_match() {
    let rules = rules(RULES);
    let mut scanner = Scanner::profiled(&rules, ticking);
    let linux = LogSource { product: Some("linux".to_owned()), ..LogSource::default() };
    scanner.set_source(Some(linux));
    assert_eq!(scanner.scan_json(EVENTS[0].as_bytes()).unwrap().len(), 0);
    let profile = scanner.profile().unwrap();
    let numbers = profile.rules.iter().find(|row| row.rule.title == "Numbers").unwrap();
    assert_eq!((numbers.woken, numbers.matched), (1, 0));
}

#[test]
fn who_does_not_ask_has_no_profile() {
    let rules = rules(RULES);
    let mut scanner = Scanner::new(&rules);
    assert!(scanner.scan_json(EVENTS[0].as_bytes()).is_ok());
    assert_eq!(scanner.profile(), None);
}
