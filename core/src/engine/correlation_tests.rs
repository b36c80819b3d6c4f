//! Timelines as data: what correlations mean, case by case.
//!
//! ```text
//! lines: [1 a u=x, 2 a u=x]   ─▶   alerts: [2 c x 1 2 2]        in any order of lines within the lateness
//! ```

use crate::check::{self, Checker, Pack};
use crate::correlation::sighting::{Fields, Sighting};
use crate::correlation::table::{Pushed, Table, TableOptions};
use crate::diagnostic::Source;
use crate::event::Value;
use crate::number::Number;
use crate::syntax;
use std::collections::BTreeSet;

const SECOND: i64 = 1_000_000_000;

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    rules: String,
    lines: Vec<String>,
    alerts: Vec<String>,
}

/// The fields of a line by the numbers of the table; what is no number is text.
struct Row(Vec<Option<String>>);

impl Fields for Row {
    fn value(&self, _: u32, field: usize) -> Value<'_> {
        let text = self.0.get(field).and_then(|value| value.as_deref());
        text.map_or(Value::Null, |text| Number::from_numeric_text(text).map_or(Value::Text(text), Value::Number))
    }
}

/// A line: its time, the rules that match, the fields.
type Line<'a> = (i64, Vec<&'a str>, Vec<(&'a str, &'a str)>);

fn line(text: &str) -> Line<'_> {
    let mut words = text.split(' ');
    let time: i64 = words.next().unwrap().parse().unwrap();
    let rules = words.next().unwrap().split(',').collect();
    (time * SECOND, rules, words.map(|word| word.split_once('=').unwrap()).collect())
}

fn pack(case: &Case, lines: &[Line<'_>]) -> Pack {
    let names: BTreeSet<&str> = lines.iter().flat_map(|(_, rules, _)| rules.iter().copied()).collect();
    let mut text = case.rules.clone();
    for name in names {
        let detection = "detection: {s: {x: 1}, condition: s}";
        text += &format!("\n---\ntitle: {name}\nname: {name}\nlogsource: {{category: c}}\n{detection}\n");
    }
    let options = check::Options::default();
    let (documents, told) = syntax::parse(&Source::new(None, text), &options.limits);
    let mut checker = Checker::new(&options);
    documents.into_iter().for_each(|document| checker.add(document));
    let pack = checker.finish();
    assert!(told.iter().chain(&pack.diagnostics).all(|told| !told.is_error()), "{}: {:?}", case.name, pack.diagnostics);
    pack
}

/// The alerts of a table that sees the lines in the given order and is saved and restored before each.
fn alerts(pack: &Pack, lines: &[Line<'_>], lateness_ns: u64) -> Vec<String> {
    let options = TableOptions { lateness_ns, ..TableOptions::default() };
    let new = || Table::new(&pack.correlations, &pack.correlations_that_alert(), options).0;
    let mut table = new();
    let mut found = Vec::new();
    for (event, (time, rules, fields)) in lines.iter().enumerate() {
        found.extend(table.take());
        let bytes = table.snapshot();
        table = new();
        table.restore(&bytes).unwrap();
        let place = |name: &&str| pack.rules.iter().position(|rule| rule.meta.name.as_deref() == Some(*name)).unwrap();
        let rules: Vec<u32> = rules.iter().map(|name| place(name) as u32).collect();
        let value =
            |name: &String| fields.iter().find(|(field, _)| field == name).map(|(_, value)| (*value).to_owned());
        let row = Row(table.links().fields.iter().map(value).collect());
        let mut sighting = Sighting::default();
        sighting.begin(event as u64);
        table.links().sight(rules.into_iter(), &row, &mut sighting);
        assert_eq!(table.push(*time, &sighting), Pushed::InTime);
    }
    table.flush();
    found.extend(table.take());
    let show = |alert: crate::correlation::table::Alert| {
        let title = &pack.correlations[alert.correlation].meta.title;
        let group: Vec<&str> = alert.group.iter().map(|value| value.as_deref().unwrap_or("-")).collect();
        let (time, first) = (alert.finding.time_ns / SECOND, alert.finding.first_ns / SECOND);
        format!("{time} {title} {} {first} {} {}", group.join(","), alert.finding.count, alert.finding.value)
    };
    found.into_iter().map(show).collect()
}

#[test]
fn correlations_mean_what_the_cases_say() {
    let text = include_str!("../../tests/data/correlation/meaning.yml");
    let cases: Vec<Case> = serde_saphyr::from_str(text).unwrap();
    assert!(cases.len() > 15);
    for case in &cases {
        let mut lines: Vec<Line<'_>> = case.lines.iter().map(|text| line(text)).collect();
        let pack = pack(case, &lines);
        let lateness = 1_000 * SECOND.unsigned_abs();
        lines.sort_by_key(|(time, ..)| *time);
        assert_eq!(alerts(&pack, &lines, 0), case.alerts, "{}", case.name);
        lines.reverse();
        assert_eq!(alerts(&pack, &lines, lateness), case.alerts, "{}, in reverse", case.name);
    }
}
