//! What is right: a correlator that looks at all signals of a group, at every time, from the beginning.
//!
//! ```text
//! for time in times:  window = [signal for signal in signals if time - span < signal.time <= time]
//!                     report if the condition holds of the window
//! ```
//!
//! It keeps nothing between two times but until when to be quiet, sorts and searches without shame, and defines what
//! the machine must say.

mod extended;

use super::alert::FindingKind;
use super::correlator::{Correlator, Mode, Plan};
use super::machine::{Order, Signal, What};
use crate::check::correlation::{CorrelationType, Criterion};
use crate::check::{Condition, Correlation};
use crate::number::Number;
use std::collections::{BTreeMap, BTreeSet};

/// A signal and when it was.
pub(crate) type Timed = (i64, Signal);

/// What the machine must say, but for the events it names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    pub(crate) kind: FindingKind,
    pub(crate) time: i64,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) count: u64,
    pub(crate) value: Number,
    pub(crate) carried: Vec<Option<Box<str>>>,
}

/// What holds of a window: since when, how many contribute, and the value.
struct Held {
    first: i64,
    count: u64,
    value: Number,
}

pub(crate) struct Reference<'a> {
    pub(crate) correlation: &'a Correlation,
    pub(crate) correlator: &'a Correlator,
    /// In the order of their times.
    pub(crate) signals: &'a [Timed],
}

impl Reference<'_> {
    /// All findings, up to the end of all time.
    pub(crate) fn findings(&self) -> Vec<Expected> {
        let times: BTreeSet<i64> = self.signals.iter().map(|(time, _)| *time).collect();
        if let Some(found) = self.extended(&times) {
            return found;
        }
        let nots = match &self.correlation.criterion {
            Criterion::Expression(condition) => mentions_not(condition, false),
            Criterion::Compare(bounds) if bounds.iter().any(|(comparison, _)| !comparison.is_lower_bound()) => {
                return self.tumbling(&times);
            }
            _ => false,
        };
        if nots { self.pending(&times) } else { self.sliding(&times) }
    }

    fn end(&self, time: i64) -> i64 {
        time + self.correlation.timespan_ns as i64
    }

    /// Judged at every time; quiet after an alert.
    fn sliding(&self, times: &BTreeSet<i64>) -> Vec<Expected> {
        let mut found = Vec::new();
        let mut quiet = i64::MIN;
        for &time in times {
            let kind = if time < quiet { FindingKind::Update } else { FindingKind::Alert };
            if kind == FindingKind::Update && self.correlator.mode != Mode::Update {
                continue;
            }
            let window = self.between(time - self.correlation.timespan_ns as i64 + 1, time);
            let Some(held) = self.window_holds(&window, time) else { continue };
            found.push(self.expected(kind, time, time, held));
            if kind == FindingKind::Alert && self.correlator.mode != Mode::Repeat {
                quiet = self.end(time);
            }
        }
        found
    }

    /// Windows side by side, each opened by the first event behind the one before; judged at their ends.
    fn tumbling(&self, times: &BTreeSet<i64>) -> Vec<Expected> {
        let mut found = Vec::new();
        let mut next = times.first().copied();
        while let Some(start) = next {
            let end = self.end(start);
            let window = self.between(start, end - 1);
            let last = window.iter().map(|(time, _)| *time).max().unwrap();
            if let Some(held) = self.window_holds(&window, last) {
                found.push(self.expected(FindingKind::Alert, end, last, held));
            }
            next = times.range(end..).next().copied();
        }
        found
    }

    /// Conditions with `not`: what must match opens a window, and nothing that must not may come near it.
    fn pending(&self, times: &BTreeSet<i64>) -> Vec<Expected> {
        let mut found = Vec::new();
        let mut next = times.first().copied();
        while let Some(time) = next {
            next = times.range(time + 1..).next().copied();
            let Some((start, order)) = self.tightest(time) else { continue };
            let end = self.end(start);
            let spoiled = times.range(time + 1..end).find(|later| !self.still(start, time, **later, order));
            if let Some(later) = spoiled {
                next = Some(*later);
                continue;
            }
            let last = *times.range(..end).next_back().unwrap();
            let count = match order {
                Some(order) => order.steps.len() as u64,
                None => self.rules(&self.between(start, last)).len() as u64,
            };
            let held = Held { first: start, count, value: Number::Integer(count.into()) };
            found.push(self.expected(FindingKind::Alert, end, last, held));
            let quiet = if self.correlator.mode == Mode::Repeat { end } else { self.end(end) };
            next = times.range(quiet..).next().copied();
        }
        found
    }

    fn between(&self, from: i64, to: i64) -> Vec<&Timed> {
        self.signals.iter().filter(|(time, _)| from <= *time && *time <= to).collect()
    }

    fn expected(&self, kind: FindingKind, time: i64, last: i64, held: Held) -> Expected {
        let Held { first, count, value } = held;
        let window = self.between(first, last);
        let carried = (0..self.correlator.carried).map(|at| {
            let values: BTreeSet<_> = window.iter().filter_map(|(_, signal)| signal.carried[at].clone()).collect();
            values.first().cloned().filter(|_| values.len() == 1)
        });
        Expected { kind, time, first, last, count, value, carried: carried.collect() }
    }

    /// The latest time of each rule in a window.
    fn rules(&self, window: &[&Timed]) -> BTreeMap<u16, i64> {
        let mut latest = BTreeMap::new();
        for (time, signal) in window {
            for rule in (0..self.correlation.rules.len() as u16).filter(|rule| matched(signal, *rule)) {
                latest.insert(rule, *time);
            }
        }
        latest
    }

    fn window_holds(&self, window: &[&Timed], time: i64) -> Option<Held> {
        let held = match (self.correlation.kind, &self.correlation.criterion) {
            (CorrelationType::TemporalOrdered, Criterion::Compare(bounds)) if !self.is_at_once(bounds) => {
                let steps: Vec<u16> = (0..self.correlation.rules.len() as u16).collect();
                let most = (1..=steps.len()).rev().find(|count| {
                    subsets(&steps, *count)
                        .iter()
                        .any(|steps| latest_start(steps, window, i64::MIN, &mut Vec::new()).is_some())
                });
                let value = Number::Integer(most.unwrap_or(0) as i128);
                Held { first: window.first()?.0, count: window.len() as u64, value }
            }
            (CorrelationType::TemporalOrdered, _) | (_, Criterion::Expression(_)) => {
                let (first, order) = self.tightest(time)?;
                let count = match order {
                    Some(order) => order.steps.len() as u64,
                    None => self.rules(&self.between(first, time)).len() as u64,
                };
                return Some(Held { first, count, value: Number::Integer(count.into()) });
            }
            (CorrelationType::Temporal, _) => {
                let latest = self.rules(window);
                let count = latest.len();
                Held { first: *latest.values().min()?, count: count as u64, value: Number::Integer(count as i128) }
            }
            (CorrelationType::EventCount, _) => Held {
                first: window.first()?.0,
                count: window.len() as u64,
                value: Number::Integer(window.len() as i128),
            },
            (CorrelationType::ValueCount, _) => {
                let value = |signal: &Signal| if let What::Value(value) = signal.what { value } else { 0 };
                let latest: BTreeMap<u128, i64> = window.iter().map(|(time, signal)| (value(signal), *time)).collect();
                let count = latest.len();
                Held { first: *latest.values().min()?, count: count as u64, value: Number::Integer(count as i128) }
            }
            (kind, _) => self.computed(kind, window)?,
        };
        self.correlator.holds(held.value).then_some(held)
    }

    fn is_at_once(&self, bounds: &[(crate::check::correlation::Comparison, Number)]) -> bool {
        bounds.iter().all(|(comparison, _)| comparison.is_lower_bound())
    }

    /// Numbers are quarters here, so that their sum is exact.
    fn computed(&self, kind: CorrelationType, window: &[&Timed]) -> Option<Held> {
        let quarter = |signal: &Signal| match signal.what {
            What::Number(Number::Integer(integer)) => integer * 4,
            What::Number(Number::Float(float)) => (float * 4.0) as i128,
            _ => 0,
        };
        let mut quarters: Vec<i128> = window.iter().map(|(_, signal)| quarter(signal)).collect();
        quarters.sort_unstable();
        let (len, sum) = (quarters.len(), quarters.iter().sum::<i128>());
        let number = |quarters: i128, parts: usize| Number::from_f64(quarters as f64 / 4.0 / parts as f64).unwrap();
        let value = match kind {
            CorrelationType::ValueSum => number(sum, 1),
            CorrelationType::ValueAvg => number(sum, len),
            CorrelationType::ValueMin => number(quarters[0], 1),
            CorrelationType::ValueMax => number(quarters[len - 1], 1),
            CorrelationType::ValueMedian => number(quarters[(len - 1) / 2] + quarters[len / 2], 2),
            _ => {
                let Number::Integer(percentile) = self.correlation.percentile else { return None };
                number(quarters[(percentile as usize * len).div_ceil(100).max(1) - 1], 1)
            }
        };
        Some(Held { first: window.first()?.0, count: len as u64, value })
    }

    /// The latest start of what makes the condition hold at `time`, by the window that ends there.
    fn tightest(&self, time: i64) -> Option<(i64, Option<&Order>)> {
        let oldest = time - self.correlation.timespan_ns as i64 + 1;
        let window = self.between(oldest, time);
        if let Plan::Steps { orders, .. } = &self.correlator.plan {
            let mut best = None;
            for order in orders {
                let clear = window
                    .iter()
                    .all(|(_, signal)| (0..256).all(|rule| !order.nots.has(rule) || !matched(signal, rule)));
                let start = latest_start(&order.steps, &window, i64::MIN, &mut Vec::new()).filter(|_| clear);
                if start.is_some_and(|start| best.is_none_or(|(other, _)| start > other)) {
                    best = start.map(|start| (start, Some(order)));
                }
            }
            return best;
        }
        let Criterion::Expression(condition) = &self.correlation.criterion else { return None };
        let mut starts: Vec<i64> = window.iter().map(|(time, _)| *time).collect();
        starts.reverse();
        let starts = starts.into_iter().find(|start| {
            holds(condition, false, &|rule, negated| {
                let from = if negated { oldest } else { *start };
                self.rules(&self.between(from, time)).contains_key(&rule)
            })
        });
        starts.map(|start| (start, None))
    }

    /// Whether what opened a window at `start`, complete at `complete`, still holds at `time`.
    fn still(&self, start: i64, complete: i64, time: i64, order: Option<&Order>) -> bool {
        let oldest = complete - self.correlation.timespan_ns as i64 + 1;
        let near = self.between(oldest, time);
        match (order, &self.correlation.criterion) {
            (Some(order), _) => {
                near.iter().all(|(_, signal)| (0..256).all(|rule| !order.nots.has(rule) || !matched(signal, rule)))
            }
            (_, Criterion::Expression(condition)) => holds(condition, false, &|rule, negated| {
                let from = if negated { oldest } else { start };
                self.rules(&self.between(from, time)).contains_key(&rule)
            }),
            _ => false,
        }
    }
}

fn matched(signal: &Signal, rule: u16) -> bool {
    matches!(signal.what, What::Rules(rules) if rules.has(rule))
}

/// Whether a condition holds, where `seen` is asked for each rule whether it matched, and whether it stands negated.
pub(crate) fn holds(condition: &Condition, negated: bool, seen: &dyn Fn(u16, bool) -> bool) -> bool {
    match condition {
        Condition::Selection(rule) => seen(*rule as u16, negated),
        Condition::Of { count, selections, .. } => {
            selections.iter().filter(|rule| seen(**rule as u16, negated)).count() >= *count
        }
        Condition::Not(inner) => !holds(inner, !negated, seen),
        Condition::And(parts) => parts.iter().all(|part| holds(part, negated, seen)),
        Condition::Or(parts) => parts.iter().any(|part| holds(part, negated, seen)),
    }
}

fn mentions_not(condition: &Condition, negated: bool) -> bool {
    match condition {
        Condition::Selection(_) | Condition::Of { .. } => negated,
        Condition::Not(inner) => mentions_not(inner, !negated),
        Condition::And(parts) | Condition::Or(parts) => parts.iter().any(|part| mentions_not(part, negated)),
    }
}

fn subsets(steps: &[u16], count: usize) -> Vec<Vec<u16>> {
    let all = (0_u32..1 << steps.len()).filter(|bits| bits.count_ones() as usize == count);
    all.map(|bits| steps.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, step)| *step).collect())
        .collect()
}

/// The latest time of a first event, over all ways to give each step an event of its own, in order.
fn latest_start(steps: &[u16], window: &[&Timed], after: i64, used: &mut Vec<usize>) -> Option<i64> {
    let (step, rest) = steps.split_first()?;
    let mut best = None;
    for (at, (time, signal)) in window.iter().enumerate() {
        if *time < after || used.contains(&at) || !matched(signal, *step) {
            continue;
        }
        used.push(at);
        if rest.is_empty() || latest_start(rest, window, *time, used).is_some() {
            best = best.max(Some(*time));
        }
        used.pop();
    }
    best
}
