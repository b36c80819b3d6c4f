//! The machine must say what the reference says, whatever the rule, the times and the values.
//!
//! ```text
//! random correlation, random signals ─┬▶ reference, on all of them at once ──────────────┐
//!                                     └▶ machine, by batches, saved and read in between ─┴▶ equal
//! ```

use super::alert::FindingKind;
use super::correlator::{Behaviour, Correlator, Mode};
use super::machine::{Mask, Signal, State, What};
use super::reference::{Expected, Reference, Timed, holds};
use crate::check::correlation::{Comparison, CorrelationType, Criterion, Learning, Reference as Refer};
use crate::check::{Condition, Correlation, Metadata, Target};
use crate::diagnostic::Span;
use crate::number::Number;
use proptest::prelude::*;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_128;

const KINDS: [CorrelationType; 10] = [
    CorrelationType::EventCount,
    CorrelationType::ValueCount,
    CorrelationType::Temporal,
    CorrelationType::TemporalOrdered,
    CorrelationType::ValueSum,
    CorrelationType::ValueAvg,
    CorrelationType::ValuePercentile,
    CorrelationType::ValueMedian,
    CorrelationType::ValueMin,
    CorrelationType::ValueMax,
];

pub(super) fn correlation(kind: CorrelationType, rules: usize, span: u64, criterion: Criterion) -> Correlation {
    let rule = |at| Refer { written: format!("r{at}"), target: Target::Rule(at), span: Span::default() };
    Correlation {
        meta: Metadata { title: "c".to_owned(), ..Metadata::default() },
        kind,
        rules: (0..rules).map(rule).collect(),
        group_by: Vec::new(),
        aliases: Vec::new(),
        timespan_ns: span,
        criterion,
        fields: Vec::new(),
        percentile: Number::Integer(50),
        learning: Learning::default(),
        generate: false,
        origin: None,
    }
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison as C;
    prop::sample::select(vec![C::Gt, C::Gte, C::Gte, C::Gte, C::Lt, C::Lte, C::Eq, C::Neq])
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        4 => (0_usize..4).prop_map(Condition::Selection),
        1 => (1_usize..3).prop_map(|count| Condition::Of { count, selections: vec![0, 1, 2, 3], written: String::new() }),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
            prop::collection::vec(inner, 2..4).prop_map(Condition::Or),
        ]
    })
    .prop_filter("sets itself off", |condition| !holds(condition, false, &|_, _| false))
}

pub(crate) fn rule() -> impl Strategy<Value = Correlation> {
    prop_oneof![5 => specified(), 2 => extension()]
}

fn specified() -> impl Strategy<Value = Correlation> {
    let bounds = prop::collection::vec((comparison(), -1_i128..7), 1..3).prop_map(|bounds| {
        Criterion::Compare(bounds.into_iter().map(|(comparison, bound)| (comparison, Number::Integer(bound))).collect())
    });
    let bounds = bounds.boxed();
    let temporal = prop_oneof![
        2 => Just(Criterion::EveryRule),
        2 => bounds.clone(),
        3 => condition().prop_map(Criterion::Expression),
    ];
    let kinds = (prop::sample::select(KINDS.to_vec()), 1_usize..5, 1_u64..9, bounds, temporal);
    (kinds, 0_i128..=100).prop_map(|((kind, rules, span, bounds, temporal), percentile)| {
        let criterion = if kind.is_temporal() { temporal } else { bounds };
        let rules = if matches!(criterion, Criterion::Expression(_)) { 4 } else { rules };
        let mut correlation = correlation(kind, rules, span, criterion);
        correlation.percentile = Number::Integer(percentile);
        correlation
    })
}

fn extension() -> impl Strategy<Value = Correlation> {
    use Comparison as C;
    let kinds = vec![
        CorrelationType::Absence,
        CorrelationType::NewValue,
        CorrelationType::RareValue,
        CorrelationType::RateChange,
    ];
    let bounds = prop::collection::vec((prop::sample::select(vec![C::Gt, C::Gte, C::Lt, C::Lte]), 0_u8..7), 1..3);
    let learning = (prop_oneof![Just(0_u64), 0_u64..8], 0_u64..4, prop_oneof![0_u64..3, 0_u64..30]);
    (prop::sample::select(kinds), 1_usize..4, 1_u64..9, bounds, learning).prop_map(
        |(kind, rules, span, bounds, (span_ns, maturity, more))| {
            let bounds = bounds.into_iter().map(|(comparison, bound)| match kind {
                CorrelationType::RareValue => {
                    let comparison = if comparison.is_lower_bound() { C::Lte } else { comparison };
                    (comparison, Number::from_f64(f64::from(bound + 2) / 10.0).unwrap())
                }
                // No ratio is exactly that.
                _ => (comparison, Number::from_f64(f64::from(bound) * 0.370_071 + 0.013_337).unwrap()),
            });
            let criterion = match kind {
                CorrelationType::Absence | CorrelationType::NewValue => Criterion::EveryRule,
                _ => Criterion::Compare(bounds.collect()),
            };
            let mut correlation = correlation(kind, rules, span, criterion);
            correlation.learning = Learning { span_ns, maturity, baseline_ns: span + more };
            correlation
        },
    )
}

/// Raw material for signals: what each becomes depends on the type of the correlation.
pub(crate) type Raw = (i64, u64, i128, u8, u8);

pub(crate) fn signals(correlation: &Correlation, raw: &[Raw]) -> Vec<Timed> {
    let kind = correlation.kind;
    let mut timed: Vec<Timed> = Vec::new();
    for (event, (time, bits, number, carried, _)) in raw.iter().enumerate() {
        let what = match kind {
            CorrelationType::EventCount | CorrelationType::RateChange => What::Event,
            CorrelationType::ValueCount | CorrelationType::NewValue | CorrelationType::RareValue => {
                What::Value(*number as u128 & 7)
            }
            CorrelationType::Temporal | CorrelationType::TemporalOrdered | CorrelationType::Absence => {
                let mut rules = Mask::default();
                let bits = 1 + bits % ((1 << correlation.rules.len()) - 1);
                (0..4).filter(|rule| bits >> rule & 1 == 1).for_each(|rule| rules.add(rule));
                What::Rules(rules)
            }
            _ => What::Number(Number::from_f64(*number as f64 / 4.0).unwrap()),
        };
        let carried = [None, Some("x"), Some("x"), Some("y")][usize::from(*carried)].map(Box::from);
        timed.push((*time, Signal { event: event as u64, what, carried: Box::new([carried]) }));
    }
    timed.sort_by_key(|(time, _)| *time);
    timed
}

/// What the machine says, fed by batches; `saved` says at which of them it is saved and read.
fn machine(correlator: &Correlator, timed: &[Timed], raw: &[Raw]) -> Vec<super::alert::Finding> {
    let (mut state, mut found) = (State::default(), Vec::new());
    for (at, batch) in timed.chunk_by(|(left, _), (right, _)| left == right).enumerate() {
        let time = batch[0].0;
        let extra = raw.get(at).map_or(0, |raw| raw.4);
        if extra & 1 == 1 {
            state = State::from_bytes(correlator, &state.to_bytes()).expect("what was saved can be read");
        }
        if extra & 2 == 2 {
            correlator.expire(&mut state, time - i64::from(extra & 1), &mut found);
        }
        // Any order within a batch.
        let mut batch: Vec<Signal> = batch.iter().map(|(_, signal)| signal.clone()).collect();
        if extra & 4 == 4 {
            batch.reverse();
        }
        correlator.update(&mut state, time, &mut batch, &mut found);
        if correlator.idle_at(&state) <= time {
            panic!("a state that has just changed is not idle");
        }
    }
    correlator.expire(&mut state, i64::MAX, &mut found);
    found
}

fn agree(correlation: &Correlation, mode: Mode, raw: &[Raw]) {
    let behaviour = Behaviour { mode, ..Behaviour::default() };
    let Ok(mut correlator) = Correlator::new(correlation, behaviour) else { return };
    correlator.carried = 1;
    let timed = signals(correlation, raw);
    let expected = Reference { correlation, correlator: &correlator, signals: &timed }.findings();
    let found = machine(&correlator, &timed, raw);
    let shown: Vec<Expected> = found
        .iter()
        .enumerate()
        .map(|(at, found)| Expected {
            kind: found.kind,
            time: found.time_ns,
            first: found.first_ns,
            last: found.last_ns,
            count: found.count,
            value: expected.get(at).map_or(found.value, |expected| nearly(found.value, expected.value)),
            carried: found.carried.clone(),
        })
        .collect();
    assert_eq!(shown, expected, "{correlation:#?}\n{timed:#?}");
    for found in &found {
        let times: Vec<i64> = found.events.iter().filter_map(|event| time_of(&timed, *event)).collect();
        assert!(times.is_sorted() && times.len() == found.events.len());
        assert!(times.iter().all(|time| found.first_ns <= *time && *time <= found.last_ns), "{found:?}\n{timed:#?}");
    }
}

/// What is expected, where what was found differs only in the last digits of a float.
pub(crate) fn nearly(found: Number, expected: Number) -> Number {
    let value = |number: Number| number.text().parse::<f64>().unwrap();
    let is_near = (value(found) - value(expected)).abs() <= 1e-9 * value(expected).abs();
    if is_near { expected } else { found }
}

fn time_of(timed: &[Timed], event: u64) -> Option<i64> {
    timed.iter().find(|(_, signal)| signal.event == event).map(|(time, _)| *time)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_says_what_the_reference_says(
        correlation in specified(),
        mode in prop::sample::select(vec![Mode::Suppress, Mode::Suppress, Mode::Repeat, Mode::Update]),
        raw in prop::collection::vec((0_i64..24, 1_u64..16, -12_i128..24, 0_u8..4, 0_u8..8), 0..14),
    ) {
        agree(&correlation, mode, &raw);
    }

    #[test]
    fn extensions_say_what_the_reference_says(
        correlation in extension(),
        mode in prop::sample::select(vec![Mode::Suppress, Mode::Suppress, Mode::Repeat, Mode::Update]),
        raw in prop::collection::vec((-24_i64..24, 1_u64..16, -12_i128..24, 0_u8..4, 0_u8..8), 0..24),
    ) {
        agree(&correlation, mode, &raw);
    }

    #[test]
    fn damaged_state_is_refused_or_gives_answers(
        correlation in extension(),
        raw in prop::collection::vec((-24_i64..24, 1_u64..16, -12_i128..24, 0_u8..1, 0_u8..1), 1..24),
        cap in 1_usize..40,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let correlator = Correlator::new(&correlation, Behaviour { distinct_max: cap, ..Behaviour::default() }).unwrap();
        let (mut state, mut found) = (State::default(), Vec::new());
        for (time, signal) in signals(&correlation, &raw) {
            correlator.update(&mut state, time, &mut [signal], &mut found);
        }
        let mut bytes = state.to_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut state = State::from_bytes(&correlator, &bytes).unwrap_or_default();
        for (time, signal) in signals(&correlation, &raw) {
            correlator.update(&mut state, time + 30, &mut [signal], &mut found);
        }
        correlator.expire(&mut state, i64::MAX, &mut found);
    }
}

#[test]
fn an_alert_names_the_latest_events_only() {
    let bounds = Criterion::Compare(vec![(Comparison::Gte, Number::Integer(100))]);
    let correlation = correlation(CorrelationType::EventCount, 1, 1_000, bounds);
    let raw: Vec<Raw> = (0..100).map(|time| (time, 1, 0, 0, 0)).collect();
    let correlator = Correlator::new(&correlation, Behaviour::default()).unwrap();
    let found = machine(&correlator, &signals(&correlation, &raw), &raw);
    assert_eq!(found.len(), 1);
    let (kind, count, events) = (found[0].kind, found[0].count, &found[0].events);
    assert_eq!((kind, count, events), (FindingKind::Alert, 100, &(84..100).collect::<Vec<u64>>()));
}

#[test]
fn times_may_lie_anywhere() {
    let bounds = Criterion::Compare(vec![(Comparison::Gte, Number::Integer(2))]);
    let century = 100 * 366 * 86_400 * 1_000_000_000;
    let correlation = correlation(CorrelationType::EventCount, 1, century, bounds);
    let correlator = Correlator::new(&correlation, Behaviour::default()).unwrap();
    let (mut state, mut found) = (State::default(), Vec::new());
    let signal = || Signal { event: 0, what: What::Event, carried: Box::default() };
    for time in [i64::MIN + 1, -1, 0, i64::MAX - 1] {
        correlator.update(&mut state, time, &mut [signal()], &mut found);
    }
    assert_eq!(found.iter().map(|found| found.time_ns).collect::<Vec<_>>(), [0]);
}

/// A correlator for the values of one field, and a signal with a value.
fn of_values(kind: CorrelationType, span: u64, criterion: Criterion, maturity: u64, cap: usize) -> Correlator {
    let mut correlation = correlation(kind, 1, span, criterion);
    correlation.learning.maturity = maturity;
    Correlator::new(&correlation, Behaviour { distinct_max: cap, ..Behaviour::default() }).unwrap()
}

fn with_value(event: u64, value: u64) -> Signal {
    Signal { event, what: What::Value(xxh3_128(&value.to_le_bytes())), carried: Box::default() }
}

#[test]
fn beyond_the_cap_no_known_value_is_new_and_few_new_ones_are_missed() {
    let (cap, span) = (256_u64, 4_000);
    let correlator = of_values(CorrelationType::NewValue, span, Criterion::EveryRule, 0, cap as usize);
    let (mut state, mut found) = (State::default(), Vec::new());
    let (mut last, mut missed, mut new) = (HashMap::new(), 0, 0);
    for time in 0..60_000_u64 {
        // Now a value that was never there, now one of those before it.
        let value = if time % 2 == 0 { time } else { ((time * 7_919) % time) & !1 };
        let before: Option<u64> = last.insert(value, time);
        let known = before.is_some_and(|last| time - last < span);
        if time % 5_000 == 0 {
            state = State::from_bytes(&correlator, &state.to_bytes()).unwrap();
        }
        found.clear();
        correlator.update(&mut state, time as i64, &mut [with_value(time, value)], &mut found);
        assert!(!known || found.is_empty(), "{value} is known at {time}");
        // A value that is out of its span may be remembered for another.
        let never_seen = before.is_none();
        (new, missed) = (new + u64::from(never_seen), missed + u64::from(never_seen && found.is_empty()));
        assert!(state.bytes() < 64 * cap as usize + 512 || time < 2 * cap, "{}", state.bytes());
    }
    assert!(new >= 30_000 && missed < 30, "{missed} of {new} were missed");
}

#[test]
fn beyond_the_cap_the_latest_events_stand_for_the_window() {
    let (cap, span) = (64, 1_000);
    let bound = Number::from_f64(0.05).unwrap();
    let criterion = Criterion::Compare(vec![(Comparison::Lte, bound)]);
    let correlator = of_values(CorrelationType::RareValue, span, criterion, 1_000, cap);
    let correlator = Correlator { mode: Mode::Repeat, ..correlator };
    let (mut state, mut found, mut expected) = (State::default(), Vec::new(), Vec::new());
    let values: Vec<u64> = (0..3_000_u64).map(|time| (time * time) % 47 % 12).collect();
    for (time, value) in values.iter().enumerate() {
        if time % 500 == 0 {
            state = State::from_bytes(&correlator, &state.to_bytes()).unwrap();
        }
        correlator.update(&mut state, time as i64, &mut [with_value(time as u64, *value)], &mut found);
        let window = &values[(time + 1).saturating_sub(cap)..=time];
        let events: Vec<u64> =
            (0..=time).rev().take(cap).filter(|at| values[*at] == *value).map(|at| at as u64).collect();
        if window.len() == cap && (events.len() as f64) / (cap as f64) <= 0.05 {
            expected.push((time as i64, events.len() as u64, *events.last().unwrap() as i64, events));
        }
    }
    assert!(expected.len() > 50);
    let said = found.into_iter().map(|found| {
        (found.time_ns, found.count, found.first_ns, found.events.into_iter().rev().collect::<Vec<u64>>())
    });
    assert_eq!(said.collect::<Vec<_>>(), expected);
    assert!(state.bytes() < 16_384);
}

#[test]
fn a_heart_that_beats_leaves_the_time_to_look_where_it_is() {
    let correlation = correlation(CorrelationType::Absence, 1, 100, Criterion::EveryRule);
    let correlator = Correlator::new(&correlation, Behaviour::default()).unwrap();
    let (mut state, mut found, mut looks) = (State::default(), Vec::new(), Vec::new());
    for time in 0..1_000 {
        let signal = Signal { event: 0, what: What::Rules(Mask::of(0)), carried: Box::default() };
        correlator.update(&mut state, time, &mut [signal], &mut found);
        looks.extend(correlator.deadline(&state));
    }
    looks.dedup();
    assert!(found.is_empty() && looks.len() <= 11, "{looks:?}");
    correlator.expire(&mut state, 1_098, &mut found);
    assert!(found.is_empty());
    correlator.expire(&mut state, 1_099, &mut found);
    assert_eq!(found.iter().map(|found| (found.time_ns, found.first_ns)).collect::<Vec<_>>(), [(1_099, 999)]);
}

#[test]
fn extensions_may_lie_at_the_ends_of_time() {
    let century = 100 * 365 * 86_400 * 1_000_000_000;
    let bounds = Criterion::Compare(vec![(Comparison::Lte, Number::from_f64(0.5).unwrap())]);
    for kind in
        [CorrelationType::Absence, CorrelationType::NewValue, CorrelationType::RareValue, CorrelationType::RateChange]
    {
        for span in [1, century] {
            let mut correlation = correlation(kind, 1, span, bounds.clone());
            correlation.learning = Learning { span_ns: century, maturity: 1, baseline_ns: u64::MAX };
            let correlator = Correlator::new(&correlation, Behaviour::default()).unwrap();
            let raw = [(0, 1, 0, 0, 0)];
            let (mut state, mut found) = (State::default(), Vec::new());
            for time in [i64::MIN + 1, -1, 0, i64::MAX - 1] {
                let mut batch = [signals(&correlation, &raw).remove(0).1];
                correlator.update(&mut state, time, &mut batch, &mut found);
                assert!(correlator.idle_at(&state) > time);
                state = State::from_bytes(&correlator, &state.to_bytes()).unwrap();
            }
            correlator.expire(&mut state, i64::MAX, &mut found);
            assert_eq!(correlator.deadline(&state), None, "{kind:?}");
        }
    }
}
