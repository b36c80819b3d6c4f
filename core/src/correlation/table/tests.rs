//! The table must say the same in whatever order events come, wherever it is interrupted.
//!
//! ```text
//! random events ─┬▶ reference, group by group ──────────────────────────┐
//!                └▶ table: shuffled, saved and restored in between ─────┴▶ equal
//! ```

use super::*;
use crate::check::correlation::{Alias, Comparison, CorrelationType, Criterion};
use crate::check::{Correlation, Target};
use crate::correlation::correlator::{Correlator, Mode, Refused};
use crate::correlation::machine::What;
use crate::correlation::reference::Reference;
use crate::correlation::sighting::Fields;
use crate::correlation::tests::{Raw, correlation, rule, signals};
use crate::event::Value;
use crate::number::Number;
use proptest::prelude::*;

/// An event as its fields, in the order of the table's names.
pub(super) struct Row(pub(super) Vec<Option<String>>);

impl Fields for Row {
    fn value(&self, _: u32, field: usize) -> Value<'_> {
        match self.0.get(field).and_then(|value| value.as_deref()) {
            Some("[]") => Value::Composite,
            Some(text) => Number::from_numeric_text(text).map_or(Value::Text(text), Value::Number),
            None => Value::Null,
        }
    }
}

/// The row of an event with these fields.
pub(super) fn row(table: &Table, fields: &[(&str, &str)]) -> Row {
    let value = |name: &String| fields.iter().find(|(field, _)| field == name).map(|(_, value)| (*value).to_owned());
    Row(table.links.fields.iter().map(value).collect())
}

impl Table {
    /// Takes in an event that some rules matched.
    pub(super) fn see(&mut self, time: i64, event: u64, rules: &[usize], fields: &dyn Fields) -> Pushed {
        let mut sighting = Sighting::new(self.options.missing);
        sighting.begin(event);
        self.links.sight(rules.iter().map(|rule| *rule as u32), fields, &mut sighting);
        self.push(time, &sighting)
    }
}

pub(super) fn at_least(kind: CorrelationType, rules: usize, span: u64, count: i128) -> Correlation {
    correlation(kind, rules, span, Criterion::Compare(vec![(Comparison::Gte, Number::Integer(count))]))
}

pub(super) fn table(correlations: &[Correlation], options: TableOptions) -> Table {
    let (links, refused) = Links::new(correlations, &vec![true; correlations.len()], options.behaviour);
    assert!(refused.is_empty());
    Table::new(links, options)
}

/// What an alert says: which correlation, which group, when, since when, how many.
type Said = (usize, Vec<Option<String>>, i64, i64, u64);

fn said(alerts: Vec<Alert>) -> Vec<Said> {
    let said = |alert: Alert| {
        (alert.correlation, alert.group, alert.finding.time_ns, alert.finding.first_ns, alert.finding.count)
    };
    alerts.into_iter().map(said).collect()
}

/// A time, a rule and fields.
type Matched<'a> = (i64, usize, &'a [(&'a str, &'a str)]);

/// Pushes events and takes all alerts.
fn run(table: &mut Table, events: &[Matched<'_>]) -> Vec<Said> {
    for (event, (time, rule, fields)) in events.iter().enumerate() {
        let row = row(table, fields);
        table.see(*time, event as u64, &[*rule], &row);
    }
    table.flush();
    said(table.take())
}

fn anna() -> Vec<Option<String>> {
    vec![Some("anna".to_owned())]
}

pub(super) fn by(mut correlation: Correlation, fields: &[&str]) -> Correlation {
    correlation.group_by = fields.iter().map(|field| (*field).to_owned()).collect();
    correlation
}

/// What a table says of events in the given order, saved and restored before those that `saved` names, and given other
/// rules before those that `reloaded` names.
fn tabled(
    correlation: &Correlation,
    mode: Mode,
    events: &[(usize, Raw, u8)],
    saved: &[usize],
    reloaded: &[usize],
) -> Vec<(String, Finding)> {
    let mut other = at_least(CorrelationType::EventCount, 1, 5, 1);
    (other.meta.title, other.rules[0].target) = ("other".to_owned(), Target::Rule(9));
    let behaviour = Behaviour { mode, ..Behaviour::default() };
    let options = TableOptions { lateness_ns: 24, behaviour, ..TableOptions::default() };
    let mut current = table(std::slice::from_ref(correlation), options);
    let mut found = Vec::new();
    for (at, (event, raw, group)) in events.iter().enumerate() {
        if saved.contains(&at) {
            found.extend(current.take());
            let bytes = current.snapshot();
            current = table(std::slice::from_ref(correlation), options);
            current.restore(&bytes).unwrap();
        }
        if reloaded.contains(&at) {
            // Another correlation comes or goes in front of it.
            found.extend(current.take());
            let all = [other.clone(), correlation.clone()];
            let links = Links::new(&all[at % 2..], &[true; 2][at % 2..], behaviour).0;
            let restored = current.reload(links);
            assert!(restored.dropped.is_empty());
        }
        let one = signals(correlation, std::slice::from_ref(raw)).remove(0).1;
        let (rules, value) = match one.what {
            What::Event => (vec![0], String::new()),
            What::Number(number) => (vec![0], number.text()),
            What::Value(value) => (vec![0], format!("v{value}")),
            What::Rules(mask) => ((0..4).filter(|rule| mask.has(*rule as u16)).collect(), String::new()),
        };
        let group = format!("g{group}");
        let row = row(&current, &[("G", &group), ("V", &value)]);
        assert_eq!(current.see(raw.0, *event as u64, &rules, &row), Pushed::InTime);
    }
    current.flush();
    found.extend(current.take());
    assert_eq!(current.stats().groups, 0, "everything is forgotten in the end");
    found.into_iter().map(|alert| (alert.group[0].clone().unwrap(), alert.finding)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, max_shrink_iters: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn order_of_arrival_and_interruptions_change_nothing(
        correlation in rule(),
        mode in prop::sample::select(vec![Mode::Suppress, Mode::Repeat, Mode::Update]),
        events in prop::collection::vec(((0_i64..24, 1_u64..16, -12_i128..24, 0_u8..4, 0_u8..8), 0_u8..3), 0..20),
        shuffle in prop::collection::vec(any::<u32>(), 20),
        saved in prop::collection::vec(0_usize..20, 0..3),
        reloaded in prop::collection::vec(0_usize..20, 0..3),
    ) {
        let mut correlation = by(correlation, &["G"]);
        if correlation.kind.has_field() {
            correlation.fields = vec!["V".to_owned()];
        }
        prop_assume!(Correlator::new(&correlation, Behaviour::default()).is_ok());
        let behaviour = Behaviour { mode, ..Behaviour::default() };
        let correlator = Correlator::new(&correlation, behaviour).unwrap();
        let mut expected = Vec::new();
        for group in 0..3_u8 {
            let raw: Vec<Raw> = events.iter().filter(|(_, own)| *own == group).map(|(raw, _)| *raw).collect();
            let timed = signals(&correlation, &raw);
            let findings = Reference { correlation: &correlation, correlator: &correlator, signals: &timed }.findings();
            expected.extend(findings.into_iter().map(|found| (found.time, format!("g{group}"), found.first, found.count)));
        }
        expected.sort();
        let numbered: Vec<(usize, Raw, u8)> = events.iter().enumerate().map(|(at, (raw, group))| (at, *raw, *group)).collect();
        let mut sorted = numbered.clone();
        sorted.sort_by_key(|(_, raw, _)| raw.0);
        let mut shuffled = numbered;
        shuffled.sort_by_key(|(at, ..)| shuffle[*at]);
        let in_order = tabled(&correlation, mode, &sorted, &[], &[]);
        let mut shown: Vec<_> =
            in_order.iter().map(|(group, found)| (found.time_ns, group.clone(), found.first_ns, found.count)).collect();
        shown.sort();
        prop_assert_eq!(shown, expected);
        prop_assert_eq!(&in_order, &tabled(&correlation, mode, &shuffled, &saved, &reloaded));
    }
}

#[test]
fn what_is_older_than_the_lateness_is_counted_and_nothing_else() {
    let options = TableOptions { lateness_ns: 10, ..TableOptions::default() };
    let mut table = table(&[by(at_least(CorrelationType::EventCount, 1, 100, 2), &["User"])], options);
    let row = row(&table, &[("User", "anna")]);
    assert_eq!(table.see(50, 0, &[0], &row), Pushed::InTime);
    assert_eq!(table.see(39, 1, &[0], &row), Pushed::TooLate);
    assert_eq!(table.see(40, 2, &[0], &row), Pushed::InTime);
    assert_eq!((table.stats().late, table.stats().waiting, table.take().len()), (1, 2, 0));
    table.advance(51);
    assert_eq!(said(table.take()), [(0, anna(), 50, 40, 2)]);
    assert_eq!(table.see(50, 3, &[0], &row), Pushed::TooLate);
}

#[test]
fn a_clock_that_jumps_is_not_believed() {
    let options = TableOptions { jump_ns_max: Some(1_000), ..TableOptions::default() };
    let mut table = table(&[at_least(CorrelationType::EventCount, 1, 100, 2)], options);
    let row = row(&table, &[]);
    assert_eq!(table.see(1, 0, &[0], &row), Pushed::InTime);
    assert_eq!(table.see(1_002, 1, &[0], &row), Pushed::TooFarAhead);
    assert_eq!(table.see(2, 2, &[0], &row), Pushed::InTime);
    assert_eq!((table.stats().ahead, table.watermark()), (1, 2));
}

/// Three failures of a user, then a success: the specification's own chain. What is referred to stands first.
fn chain(outer: &[&str]) -> Vec<Correlation> {
    let inner = by(at_least(CorrelationType::EventCount, 1, 100, 3), &["User"]);
    let mut ordered = by(correlation(CorrelationType::TemporalOrdered, 2, 100, Criterion::EveryRule), outer);
    ordered.rules[0].target = Target::Correlation(0);
    ordered.rules[1].target = Target::Rule(1);
    ordered.meta.title = "outer".to_owned();
    vec![inner, ordered]
}

#[test]
fn an_alert_is_a_signal_of_who_refers_to_it() {
    let user: &[(&str, &str)] = &[("User", "anna"), ("Host", "a")];
    let mut table = table(&chain(&["User"]), TableOptions::default());
    let found = run(&mut table, &[(1, 0, user), (5, 1, user), (6, 0, user), (7, 0, user), (8, 1, user)]);
    assert_eq!(found, [(0, anna(), 7, 1, 3), (1, anna(), 8, 7, 2)]);
}

#[test]
fn who_builds_on_what_cannot_be_evaluated_is_refused_with_it() {
    let mut correlations = chain(&["User"]);
    correlations[0] = by(at_least(CorrelationType::TemporalOrdered, 20, 100, 10), &["User"]);
    let (links, refused) = Links::new(&correlations, &[true; 2], Behaviour::default());
    assert_eq!(refused, [(0, Refused::Orders(256)), (1, Refused::Inner(0))]);
    let table = Table::new(links, TableOptions::default());
    assert!(table.links.listeners(0).is_empty() && table.links.listeners(1).is_empty());
}

#[test]
fn an_alert_has_the_fields_on_which_its_events_agree() {
    let a: &[(&str, &str)] = &[("User", "anna"), ("Host", "a")];
    let b: &[(&str, &str)] = &[("User", "anna"), ("Host", "b")];
    let host = |name: &str| vec![Some(name.to_owned())];
    let mut agreeing = table(&chain(&["Host"]), TableOptions::default());
    let found = run(&mut agreeing, &[(1, 0, a), (2, 0, a), (3, 0, a), (4, 1, a)]);
    assert_eq!(found, [(0, anna(), 3, 1, 3), (1, host("a"), 4, 3, 2)]);
    let mut differing = table(&chain(&["Host"]), TableOptions::default());
    let found = run(&mut differing, &[(1, 0, a), (2, 0, b), (3, 0, a), (4, 1, a)]);
    assert_eq!(found, [(0, anna(), 3, 1, 3)]);
    assert_eq!(differing.stats().ungrouped, 1);
}

#[test]
fn an_event_counts_once_whatever_rules_it_matches() {
    let mut correlation = by(at_least(CorrelationType::EventCount, 2, 100, 2), &["user"]);
    let fields = vec![(0, "From".to_owned()), (1, "To".to_owned())];
    correlation.aliases = vec![Alias { name: "user".to_owned(), fields }];
    let mut table = table(&[correlation], TableOptions::default());
    let both = row(&table, &[("From", "anna"), ("To", "anna")]);
    let two = row(&table, &[("From", "anna"), ("To", "bert")]);
    table.see(1, 0, &[0, 1], &both);
    table.see(2, 1, &[0, 1], &two);
    table.flush();
    assert_eq!(said(table.take()), [(0, anna(), 2, 1, 2)]);
}

#[test]
fn what_has_no_value_is_not_counted() {
    let mut correlation = by(at_least(CorrelationType::ValueSum, 1, 100, 3), &["User"]);
    correlation.fields = vec!["Bytes".to_owned()];
    let mut table = table(&[correlation], TableOptions::default());
    let found = run(
        &mut table,
        &[
            (1, 0, &[("User", "[]"), ("Bytes", "9")]),
            (2, 0, &[("Bytes", "9")]),
            (3, 0, &[("User", "anna"), ("Bytes", "NaN")]),
            (4, 0, &[("User", "anna"), ("Bytes", "[]")]),
            (5, 0, &[("User", "anna")]),
            (6, 0, &[("User", "anna"), ("Bytes", "1.5")]),
            (7, 0, &[("User", "Anna"), ("Bytes", "1.5")]),
            (8, 0, &[("User", "anna"), ("Bytes", "1.5")]),
        ],
    );
    assert_eq!(found, [(0, anna(), 8, 6, 2)]);
    assert_eq!((table.stats().ungrouped, table.stats().unvalued), (2, 3));
}

#[test]
fn memory_has_a_budget_and_what_is_given_up_is_counted() {
    let options = TableOptions { bytes_max: 50_000, ..TableOptions::default() };
    let mut table = table(&[by(at_least(CorrelationType::EventCount, 1, 1 << 40, 2), &["User"])], options);
    for time in 0..10_000 {
        let user = format!("user{time}");
        let row = row(&table, &[("User", &user)]);
        table.see(time, time as u64, &[0], &row);
        assert!(table.stats().bytes <= 50_000);
    }
    let stats = table.stats();
    assert!(stats.groups > 200 && stats.groups + stats.evicted == 10_000, "{stats:?}");
    // The one touched last is still there.
    let row = row(&table, &[("User", "user9998")]);
    table.see(10_000, 0, &[0], &row);
    table.flush();
    assert_eq!(table.take().len(), 1);
}

#[test]
fn what_is_held_back_is_part_of_the_budget() {
    let options = TableOptions { bytes_max: 20_000, lateness_ns: 1 << 40, ..TableOptions::default() };
    let mut table = table(&[at_least(CorrelationType::EventCount, 1, 10, 5)], options);
    let row = row(&table, &[]);
    for time in 0..1_000 {
        table.see(time, time as u64, &[0], &row);
        assert!(table.stats().bytes <= 20_000);
    }
    assert!(table.stats().hurried > 500);
    assert_eq!(table.see(0, 0, &[0], &row), Pushed::TooLate);
}

#[test]
fn idle_groups_are_forgotten_when_time_passes() {
    let mut table = table(&[by(at_least(CorrelationType::EventCount, 1, 10, 2), &["User"])], TableOptions::default());
    for (time, user) in [(1, "anna"), (2, "bert"), (11, "carl"), (12, "dora")] {
        let row = row(&table, &[("User", user)]);
        table.see(time, 0, &[0], &row);
    }
    assert_eq!((table.stats().groups, table.stats().evicted), (2, 0));
}

#[test]
fn changed_rules_begin_anew_and_others_go_on() {
    let count = by(at_least(CorrelationType::EventCount, 1, 100, 3), &["User"]);
    let titled = |title: &str, span: u64| {
        let mut correlation = count.clone();
        correlation.meta.title = title.to_owned();
        correlation.timespan_ns = span;
        correlation
    };
    let mut table = table(&[titled("kept", 100), titled("changed", 100), titled("gone", 100)], TableOptions::default());
    let anna_row = row(&table, &[("User", "anna")]);
    (1..3).for_each(|time| {
        table.see(time, 0, &[0], &anna_row);
    });
    let others = [titled("new", 100), titled("changed", 101), titled("kept", 100)];
    let restored = table.reload(Links::new(&others, &[true; 3], Behaviour::default()).0);
    let dropped = [("changed".to_owned(), 1), ("gone".to_owned(), 1)];
    assert_eq!(restored, Restored { kept: 1, dropped: dropped.to_vec() });
    table.see(3, 0, &[0], &anna_row);
    table.flush();
    assert_eq!(said(table.take()), [(2, anna(), 3, 1, 3)]);
    assert_eq!(table.stats().dropped, 2);
}

#[test]
fn damaged_state_is_refused() {
    let correlations = [at_least(CorrelationType::EventCount, 1, 100, 3)];
    let mut first = table(&correlations, TableOptions::default());
    let row = row(&first, &[]);
    (1..5).for_each(|time| {
        first.see(time, 0, &[0], &row);
    });
    let bytes = first.snapshot();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(table(&correlations, TableOptions::default()).restore(&damaged).is_err(), "byte {at}");
        assert!(table(&correlations, TableOptions::default()).restore(&bytes[..at]).is_err(), "{at} bytes");
    }
    let kept = Restored { kept: 1, dropped: Vec::new() };
    assert_eq!(table(&correlations, TableOptions::default()).restore(&bytes), Ok(kept));
}
