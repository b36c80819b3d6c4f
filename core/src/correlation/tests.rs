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
use crate::check::correlation::{Comparison, CorrelationType, Criterion, Reference as Refer};
use crate::check::{Condition, Correlation, Metadata, Target};
use crate::diagnostic::Span;
use crate::number::Number;
use proptest::prelude::*;

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

pub(super) fn rule() -> impl Strategy<Value = Correlation> {
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

/// Raw material for signals: what each becomes depends on the type of the correlation.
pub(super) type Raw = (i64, u64, i128, u8, u8);

pub(super) fn signals(correlation: &Correlation, raw: &[Raw]) -> Vec<Timed> {
    let kind = correlation.kind;
    let mut timed: Vec<Timed> = Vec::new();
    for (event, (time, bits, number, carried, _)) in raw.iter().enumerate() {
        let what = match kind {
            CorrelationType::EventCount => What::Event,
            CorrelationType::ValueCount => What::Value(*number as u128 & 7),
            CorrelationType::Temporal | CorrelationType::TemporalOrdered => {
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
        .map(|found| Expected {
            kind: found.kind,
            time: found.time_ns,
            first: found.first_ns,
            last: found.last_ns,
            count: found.count,
            value: found.value,
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

fn time_of(timed: &[Timed], event: u64) -> Option<i64> {
    timed.iter().find(|(_, signal)| signal.event == event).map(|(time, _)| *time)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_says_what_the_reference_says(
        correlation in rule(),
        mode in prop::sample::select(vec![Mode::Suppress, Mode::Suppress, Mode::Repeat, Mode::Update]),
        raw in prop::collection::vec((0_i64..24, 1_u64..16, -12_i128..24, 0_u8..4, 0_u8..8), 0..14),
    ) {
        agree(&correlation, mode, &raw);
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
