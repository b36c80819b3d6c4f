//! Timelines as data: what correlations mean, case by case, told by a stream.
//!
//! ```text
//! lines: [1 a u=x, 2 a u=x]   ─▶   alerts: [2 c x 1 2 2]        in any order of lines within the lateness
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::time::Duration;
use tieline::stream::{Arrival, StreamOptions};
use tieline::{Compiler, Rules, Stream};

const SECOND: i64 = 1_000_000_000;

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    rules: String,
    lines: Vec<String>,
    alerts: Vec<String>,
}

/// A line: its time, and an event that names the rules it matches.
type Line = (i64, String);

fn line(text: &str) -> Line {
    let mut words = text.split(' ');
    let time: i64 = words.next().unwrap().parse().unwrap();
    let rules: Vec<&str> = words.next().unwrap().split(',').collect();
    let mut event = serde_json::json!({ "rules": rules });
    for (field, value) in words.map(|word| word.split_once('=').unwrap()) {
        // What is no JSON is text.
        event[field] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    }
    (time * SECOND, event.to_string())
}

fn rules(case: &Case) -> Rules {
    let names: BTreeSet<&str> = case.lines.iter().flat_map(|line| line.split(' ').nth(1).unwrap().split(',')).collect();
    let mut text = case.rules.clone();
    for name in names {
        let detection = format!("detection: {{s: {{rules: {name}}}, condition: s}}");
        text += &format!("\n---\ntitle: {name}\nname: {name}\nlogsource: {{category: c}}\n{detection}\n");
    }
    let rules = Compiler::new().rules(None, text).build().unwrap();
    let errors: Vec<_> = rules.diagnostics().iter().filter(|told| told.is_error()).collect();
    assert!(errors.is_empty(), "{}: {errors:?}", case.name);
    // What was saved means the same.
    Rules::from_bytes(&rules.to_bytes()).unwrap()
}

/// The alerts of a stream that sees the lines in the given order and is saved and restored before each.
fn alerts(rules: &Rules, lines: &[Line], lateness: Duration) -> Vec<String> {
    let new = || Stream::new(rules, StreamOptions { lateness, ..StreamOptions::default() });
    let mut stream = new();
    let mut found = Vec::new();
    for (time, event) in lines {
        found.extend(stream.take_alerts());
        let bytes = stream.snapshot();
        stream = new();
        stream.restore(&bytes).unwrap();
        stream.scan_json_at(event.as_bytes(), Some(*time)).unwrap().count();
        assert_eq!(stream.arrival(), Arrival::InTime);
    }
    stream.finish();
    found.extend(stream.take_alerts());
    let show = |alert: tieline::stream::Alert| {
        let group: Vec<&str> = alert.group().map(|(_, value)| value.unwrap_or("-")).collect();
        let (time, first) = (alert.time_ns() / SECOND, alert.first_ns() / SECOND);
        format!("{time} {} {} {first} {} {}", alert.rule().title(), group.join(","), alert.count(), alert.value())
    };
    found.into_iter().map(show).collect()
}

#[test]
fn correlations_mean_what_the_cases_say() {
    let cases: Vec<Case> = serde_saphyr::from_str(include_str!("data/correlation/meaning.yml")).unwrap();
    assert!(cases.len() > 15);
    for case in &cases {
        let rules = rules(case);
        let mut lines: Vec<Line> = case.lines.iter().map(|text| line(text)).collect();
        lines.sort_by_key(|(time, ..)| *time);
        assert_eq!(alerts(&rules, &lines, Duration::ZERO), case.alerts, "{}", case.name);
        let span = lines.last().unwrap().0 - lines[0].0;
        lines.reverse();
        assert_eq!(
            alerts(&rules, &lines, Duration::from_nanos(span.unsigned_abs())),
            case.alerts,
            "{}, in reverse",
            case.name
        );
    }
}

/// A case as a picture: a column for each time, a row for what happens, and one for each correlation and group that alerts.
fn drawn(case: &Case) -> String {
    let number = |text: &str| text.split(' ').next().unwrap().parse::<i64>().unwrap();
    let times: BTreeSet<i64> = case.lines.iter().chain(&case.alerts).map(|text| number(text)).collect();
    let width = times.iter().map(|time| time.to_string().len()).max().unwrap_or(1) + 2;
    let mut rows: Vec<(String, BTreeSet<i64>, Vec<String>)> = Vec::new();
    let mut add = |name: String, time: i64, told: Option<String>| {
        let at = rows.iter().position(|(own, ..)| *own == name).unwrap_or_else(|| {
            rows.push((name, BTreeSet::new(), Vec::new()));
            rows.len() - 1
        });
        rows[at].1.insert(time);
        rows[at].2.extend(told);
    };
    for text in &case.lines {
        add(text.split_once(' ').unwrap().1.to_owned(), number(text), None);
    }
    for text in &case.alerts {
        let words: Vec<&str> = text.split(' ').collect();
        let (head, tail) = words.split_at(words.len() - 3);
        let told = format!("{}: since {}, count {}, value {}", words[0], tail[0], tail[1], tail[2]);
        add(format!("▲ {}", head[1..].join(" ").trim()), number(text), Some(told));
    }
    let label = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).max(4);
    let mut text = format!("### {}\n\n```yaml\n{}```\n\n```text\n", case.name, case.rules);
    let times: Vec<i64> = times.into_iter().collect();
    text += &format!("{:label$}{}\n", "time", times.iter().map(|time| format!("{time:>width$}")).collect::<String>());
    for (name, at, told) in &rows {
        let mark = if name.starts_with('▲') { "▲" } else { "●" };
        let marks: String =
            times.iter().map(|time| format!("{:>width$}", if at.contains(time) { mark } else { "·" })).collect();
        text += &format!("{name:label$}{marks}");
        text += &if told.is_empty() { "\n".to_owned() } else { format!("   {}\n", told.join("; ")) };
    }
    if case.alerts.is_empty() {
        text += "no alert\n";
    }
    text + "```\n"
}

#[test]
fn the_timelines_are_published() {
    const MARK: &str =
        "<!-- The rest is drawn from tests/data/correlation/meaning.yml; UPDATE_EXPECT=1 draws it anew. -->\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("CORRELATIONS.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let head = text.split_once(MARK).unwrap().0;
    let cases: Vec<Case> = serde_saphyr::from_str(include_str!("data/correlation/meaning.yml")).unwrap();
    let drawn: Vec<String> = cases.iter().map(drawn).collect();
    let expected = format!("{head}{MARK}\n{}", drawn.join("\n"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, expected).unwrap();
    } else {
        assert!(text == expected, "CORRELATIONS.md is not drawn from the cases; UPDATE_EXPECT=1 draws it anew");
    }
}
