//! What is right of the extensions, by looking at all signals again and again.
//!
//! ```text
//! signals of a group  ─▶  stretches without a pause in which it is forgotten  ─▶  findings, time by time
//! ```
//!
//! Baselines are computed bucket by bucket here, so they differ from the machine's in the last digits.

use super::{Expected, Held, Reference, matched};
use crate::check::correlation::CorrelationType;
use crate::correlation::alert::FindingKind;
use crate::correlation::correlator::Mode;
use crate::correlation::machine::{Signal, What};
use crate::number::Number;
use std::collections::{BTreeMap, BTreeSet};

fn value(signal: &Signal) -> Option<u128> {
    if let What::Value(value) = signal.what { Some(value) } else { None }
}

impl Reference<'_> {
    /// The findings, if the correlation is an extension.
    pub(super) fn extended(&self, times: &BTreeSet<i64>) -> Option<Vec<Expected>> {
        let span = self.correlation.timespan_ns as i64;
        match self.correlation.kind {
            CorrelationType::Absence => Some(self.absence(times)),
            CorrelationType::NewValue => Some(self.stretches(times, |last| last + span, Self::new_values)),
            CorrelationType::RareValue => Some(self.stretches(times, |last| last + span, Self::rare_values)),
            CorrelationType::RateChange => {
                let baseline = self.correlation.learning.baseline_ns as i64;
                let end = |last: i64| (last.div_euclid(span) + 1) * span + 10 * baseline;
                Some(self.stretches(times, end, Self::rate_changes))
            }
            _ => None,
        }
    }

    /// The findings of each run of times, where a time at or behind `end` of the one before it begins anew.
    fn stretches(
        &self,
        times: &BTreeSet<i64>,
        end: impl Fn(i64) -> i64,
        findings: fn(&Self, &[i64]) -> Vec<Expected>,
    ) -> Vec<Expected> {
        let times: Vec<i64> = times.iter().copied().collect();
        times.chunk_by(|left, right| *right < end(*left)).flat_map(|stretch| findings(self, stretch)).collect()
    }

    fn absence(&self, times: &BTreeSet<i64>) -> Vec<Expected> {
        let alone = self.correlation.rules.len() == 1;
        let others = 1..self.correlation.rules.len() as u16;
        let opens = |time: i64| self.between(time, time).iter().any(|(_, signal)| matched(signal, 0));
        let answers = |time: i64| {
            let at = self.between(time, time);
            at.iter().any(|(_, signal)| alone || others.clone().any(|rule| matched(signal, rule)))
        };
        let mut found = Vec::new();
        let mut next = times.first().copied();
        while let Some(start) = next {
            next = times.range(start + 1..).next().copied();
            if !opens(start) {
                continue;
            }
            let end = self.end(start);
            let answered = times.range(start + i64::from(alone)..end).copied().find(|time| answers(*time));
            if let Some(answered) = answered {
                next = times.range(answered + i64::from(!alone)..).next().copied();
                continue;
            }
            let count = self.between(start, end - 1).len() as u64;
            let last = *times.range(..end).next_back().unwrap();
            let held = Held { first: start, count, value: Number::Integer(count.into()) };
            found.push(self.expected(FindingKind::Alert, end, last, held));
            next = times.range(end..).next().copied();
        }
        found
    }

    /// Whether the group has learnt enough at a time of a stretch, with so many events.
    fn is_mature(&self, began: i64, time: i64, events: usize) -> bool {
        let learning = &self.correlation.learning;
        time - began >= learning.span_ns as i64 && events as u64 >= learning.maturity
    }

    fn new_values(&self, stretch: &[i64]) -> Vec<Expected> {
        let mut found = Vec::new();
        for time in stretch {
            let known = self.between(time - self.correlation.timespan_ns as i64 + 1, time - 1);
            let known: BTreeSet<_> = known.iter().map(|(_, signal)| value(signal)).collect();
            let now: BTreeSet<_> = self.between(*time, *time).iter().map(|(_, signal)| value(signal)).collect();
            let count = now.difference(&known).count() as u64;
            if count > 0 && self.is_mature(stretch[0], *time, self.between(stretch[0], time - 1).len()) {
                let held = Held { first: *time, count, value: Number::Integer(count.into()) };
                found.push(self.expected(FindingKind::Alert, *time, *time, held));
            }
        }
        found
    }

    fn rare_values(&self, stretch: &[i64]) -> Vec<Expected> {
        let mut found = Vec::new();
        let mut quiet = BTreeMap::new();
        for time in stretch {
            let window = self.between(time - self.correlation.timespan_ns as i64 + 1, *time);
            let mut judged = BTreeSet::new();
            for (_, signal) in self.between(*time, *time) {
                if !judged.insert(value(signal)) || !self.is_mature(stretch[0], *time, window.len()) {
                    continue;
                }
                let own: Vec<_> = window.iter().filter(|(_, other)| value(other) == value(signal)).collect();
                let share = Number::from_f64(own.len() as f64 / window.len() as f64).unwrap();
                let is_quiet = quiet.get(&value(signal)).is_some_and(|until| time < until);
                let kind = if is_quiet { FindingKind::Update } else { FindingKind::Alert };
                if !self.correlator.holds(share) || (is_quiet && self.correlator.mode != Mode::Update) {
                    continue;
                }
                if !is_quiet && self.correlator.mode != Mode::Repeat {
                    quiet.insert(value(signal), self.end(*time));
                }
                let held = Held { first: own[0].0, count: own.len() as u64, value: share };
                found.push(self.expected(kind, *time, *time, held));
            }
        }
        found
    }

    fn rate_changes(&self, stretch: &[i64]) -> Vec<Expected> {
        let span = self.correlation.timespan_ns as i64;
        let (first, last) = (stretch[0].div_euclid(span), stretch[stretch.len() - 1].div_euclid(span));
        let alpha = 1.0 - (-(span as f64) / self.correlation.learning.baseline_ns as f64).exp();
        let (mut found, mut usual, mut held, mut was_empty) = (Vec::new(), 0.0, false, false);
        for bucket in first..=last + 1 {
            let (open, end) = (bucket * span, (bucket + 1) * span);
            let events = self.between(open, end - 1);
            let count = events.len() as f64;
            if !(was_empty && events.is_empty()) {
                let before = self.between(first * span, open - 1).len();
                let ratio = Number::from_f64(count / usual).filter(|_| bucket > first);
                let ratio =
                    ratio.filter(|ratio| self.is_mature(first * span, open, before) && self.correlator.holds(*ratio));
                let kind = match self.correlator.mode {
                    Mode::Update if held => FindingKind::Update,
                    _ => FindingKind::Alert,
                };
                if let Some(value) = ratio.filter(|_| !held || self.correlator.mode != Mode::Suppress) {
                    let first = events.first().map_or(open, |(time, _)| *time);
                    let last = events.last().map_or(end, |(time, _)| *time);
                    let told = Held { first, count: events.len() as u64, value };
                    let carried = self.expected(kind, end, if events.is_empty() { first - 1 } else { last }, told);
                    found.push(Expected { last, ..carried });
                }
                held = ratio.is_some();
            }
            usual = if bucket == first { count } else { usual + (count - usual) * alpha };
            was_empty = events.is_empty();
        }
        found
    }
}
