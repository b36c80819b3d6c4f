//! Long lists of indicators: every form in which they are kept finds what the reference finds, and survives saving.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use tieline::{Compiler, JsonEvent, Rules, Scanner};

const RULES: &str = r"
title: contains
logsource: {category: c}
detection: {s: {A|contains|expand: '%list%'}, condition: s}
---
title: contains in another partition
logsource: {category: c}
detection: {s: {A|contains|expand: '%list%', B: 1}, condition: s}
---
title: starts
logsource: {category: c}
detection: {s: {A|startswith|expand: '%list%'}, condition: s}
---
title: ends
logsource: {category: c}
detection: {s: {A|endswith|expand: '%list%'}, condition: s}
---
title: whole, and not starting so
logsource: {category: c}
detection: {s: {A|expand: '%list%'}, f: {C|startswith|cased|expand: '%list%'}, condition: s and not f}
---
title: cased
logsource: {category: c}
detection: {s: {A|contains|cased|expand: 'x%list%'}, condition: s}
---
title: not at the end
logsource: {category: c}
detection: {s: {A|endswith|neq|expand: '%list%'}, condition: s}
---
title: networks
logsource: {category: c}
detection: {s: {A|cidr|expand: '%nets%'}, condition: s}
---
title: keywords
logsource: {category: c}
detection: {s: {'|expand': ['%list%']}, condition: s}
";

/// Texts of four to forty bytes, some of them parts of others, and a few that are no plain texts.
fn texts(count: usize) -> Vec<String> {
    let text = |number: usize| match number % 7 {
        0 => format!("{number:x}.example.net"),
        1 => format!("{:032X}", number * 0x9e37_79b9),
        2 => format!("Ordner\\É{number}"),
        3 => format!("n{number:03}"),
        4 => format!("{:040x}.tail{number}", number * 7),
        5 if number % 1000 == 5 => format!("wild{number}*x"),
        _ => format!("\\path{number}\\{}", "ab".repeat(number % 15)),
    };
    let mut texts: Vec<String> = (0..count).map(text).collect();
    texts.push("z".repeat(300));
    texts
}

fn networks(count: usize) -> Vec<String> {
    let network = |number: usize| match number % 4 {
        0 => format!("10.{}.{}.0/24", number / 256 % 256, number % 256),
        1 => format!("172.16.{}.{}", number / 256 % 256, number % 256),
        2 => format!("2001:db8:{:x}::/48", number % 65536),
        _ => format!("192.{}.0.0/16", number % 256),
    };
    (0..count).map(network).collect()
}

fn rules(count: usize) -> Rules {
    let rules = Compiler::new()
        .rules(Some("lists.yml"), RULES)
        .placeholder("list", texts(count))
        .placeholder("nets", networks(count))
        .build()
        .unwrap();
    assert!(rules.diagnostics().iter().all(|told| !told.is_error()), "{:?}", rules.diagnostics());
    rules
}

fn check(rules: &Rules, value: &str, matched: &mut usize) {
    let event = serde_json::json!({"A": value, "B": 1, "C": value.to_uppercase(), "D": [value]}).to_string();
    let read = JsonEvent::parse(event.as_bytes()).unwrap();
    let mut scanner = Scanner::new(rules);
    let found: Vec<usize> = scanner.scan_json(event.as_bytes()).unwrap().map(|hit| hit.index()).collect();
    let expected: Vec<usize> = (0..rules.len()).filter(|rule| rules.reference_matches(*rule, &read)).collect();
    assert_eq!(found, expected, "{event}");
    *matched += found.len();
}

#[test]
fn every_kind_of_list_equals_the_reference() {
    for (count, step) in [(70, 9), (5_000, 700), (70_000, 17_000)] {
        let rules = rules(count);
        let saved = Rules::from_bytes(&rules.to_bytes()).unwrap();
        let mut matched = 0;
        let picked = texts(count).into_iter().step_by(step).chain(["Z".repeat(300), "wild5 x".into()]);
        for text in picked {
            let short: String = text.chars().take(text.chars().count() - 1).collect();
            for value in [text.clone(), format!("x{text}"), format!("{}y", text.to_uppercase()), short] {
                check(&rules, &value, &mut matched);
                check(&saved, &value, &mut matched);
            }
        }
        for value in ["10.0.4.7", "172.16.0.1", "172.17.0.1", "::ffff:10.0.4.7", "2001:db8:2::1", "192.3.4.5", "10.0.4"]
        {
            check(&rules, value, &mut matched);
        }
        assert!(matched > 100, "{matched} of {count}");
    }
}

/// Two long lists in one event are not compared each with each, and the answer stays the same.
#[test]
fn two_fields_with_many_values_equal_the_reference() {
    let rule = |modifiers: &str| {
        format!(
            "title: '{modifiers}'\nlogsource: {{category: c}}\ndetection: {{s: {{A|fieldref{modifiers}: B}}, condition: s}}"
        )
    };
    let kinds =
        ["", "|contains", "|startswith", "|endswith", "|contains|cased", "|startswith|cased", "|endswith|cased"];
    let rules = Compiler::new().rules(None, kinds.map(rule).join("\n---\n")).build().unwrap();
    assert_eq!(rules.len(), kinds.len());
    let mut matched = 0;
    for (lefts, rights) in [(1, 1), (1, 400), (40, 20), (40, 40), (150, 150), (2, 3_000)] {
        for tail in ["none", "inÉside", "É", ""] {
            let left = |number: usize| format!("Left{number}-inéSide-{number:05}É");
            let right = |number: usize| if number == rights / 2 { tail.to_owned() } else { format!("right{number}") };
            let mut lists = [(0..lefts).map(left).collect::<Vec<_>>(), (0..rights).map(right).collect::<Vec<_>>()];
            for start in ["-", "left1-INÉ", "Left0"] {
                lists[1].push(start.to_owned());
                let event = serde_json::json!({"A": lists[0], "B": lists[1]}).to_string();
                for rule in &rules_of(&rules, &event) {
                    matched += usize::from(*rule);
                }
            }
        }
    }
    assert!(matched > 100, "{matched}");
}

/// Whether each rule matches, which the reference confirms.
fn rules_of(rules: &Rules, event: &str) -> Vec<bool> {
    let read = JsonEvent::parse(event.as_bytes()).unwrap();
    let mut scanner = Scanner::new(rules);
    let found: Vec<usize> = scanner.scan_json(event.as_bytes()).unwrap().map(|hit| hit.index()).collect();
    let is_found = (0..rules.len()).map(|rule| found.contains(&rule)).collect::<Vec<_>>();
    let expected: Vec<bool> = (0..rules.len()).map(|rule| rules.reference_matches(rule, &read)).collect();
    assert_eq!(is_found, expected, "{} bytes", event.len());
    expected
}

#[test]
fn evidence_names_the_text_that_was_found() {
    let rules = rules(5_000);
    let event = JsonEvent::parse(br#"{"A":"c:\\n500"}"#).unwrap();
    let shown = rules.explain(0, &event).to_string();
    assert!(shown.contains("A contains 'n500'   saw 'c:\\n500'"), "{shown}");
    assert!(rules.rule(7).show().contains("- '2001:db8:2::/48'\n"));
}
