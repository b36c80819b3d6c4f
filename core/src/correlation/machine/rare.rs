//! The share that each value has of the events in a window.
//!
//! ```text
//! events, the oldest first    a b a a c        a: 3 of 5, from 0 by 2 to 3     c: 1 of 5
//!                             └───┘ │          each event knows how far it is to the one before it and behind it
//!                                 └─┘          that has its value
//! ```
//!
//! A count for each value, and a queue from which the oldest events are taken away: no step looks at the whole window.
//! Beyond a cap the oldest are taken away early, and the latest stand for the window.

use super::extended::Told;
use super::held::Detail;
use super::{Signal, What, is_within};
use crate::check::correlation::Learning;
use crate::correlation::alert::{FindingKind, REFERENCES_MAX};
use crate::correlation::correlator::{Correlator, Mode};
use crate::number::Number;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

#[derive(Debug, Clone)]
pub(super) struct Shares {
    /// The time of the first event.
    pub(super) began: i64,
    events: VecDeque<Event>,
    /// The number of the first of them; numbers rise by one.
    front: u64,
    values: HashMap<u128, Value, RandomState>,
}

#[derive(Debug, Clone, Copy)]
struct Event {
    hash: u128,
    time: i64,
    event: u64,
    /// How far the next event with this value is, and the one before it; none if zero.
    after: u32,
    before: u32,
}

/// A value that some event in the window has.
#[derive(Debug, Clone, Copy)]
struct Value {
    count: u32,
    /// Numbers of its first and its latest event.
    first: u64,
    latest: u64,
    told: Quiet,
}

/// What was told of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quiet {
    /// Since the last alert, until this time.
    until: i64,
    /// When it was judged.
    judged: i64,
}

/// A group as it is saved: its events, and what was told of the values that were told of.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    began: i64,
    events: Vec<(u128, i64, u64)>,
    told: Vec<(u128, Quiet)>,
}

impl Quiet {
    const NEVER: Self = Self { until: i64::MIN, judged: i64::MIN };
}

impl Correlator {
    /// Takes in all events of one time, and judges each of their values.
    pub(super) fn rare(&self, shares: &mut Shares, time: i64, batch: &[Signal], cap: usize, told: &mut Vec<Told>) {
        shares.forget(time, self.span);
        let hash = |signal: &Signal| if let What::Value(hash) = signal.what { Some(hash) } else { None };
        for signal in batch {
            if let Some(hash) = hash(signal) {
                shares.add(hash, time, signal.event);
            }
        }
        shares.shrink(cap);
        let total = shares.events.len() as u64;
        let Learning { span_ns, maturity, .. } = self.learning;
        if total < maturity.min(cap as u64) || is_within(shares.began, span_ns, time) {
            return;
        }
        for hash in batch.iter().filter_map(hash) {
            let Some(value) = shares.values.get_mut(&hash).filter(|value| value.told.judged != time) else { continue };
            value.told.judged = time;
            let share = Number::from_f64(f64::from(value.count) / total as f64).unwrap_or(Number::Integer(1));
            let kind = match self.mode {
                _ if value.told.until <= time => FindingKind::Alert,
                Mode::Update => FindingKind::Update,
                _ => continue,
            };
            if !self.holds(share) {
                continue;
            }
            if kind == FindingKind::Alert && self.mode != Mode::Repeat {
                value.told.until = self.after(time);
            }
            let value = *value;
            told.push(Told { kind, time, last: time, value: share, detail: shares.detail(&value) });
        }
    }
}

impl Shares {
    pub(super) fn new(time: i64) -> Self {
        Self { began: time, events: VecDeque::new(), front: 0, values: HashMap::default() }
    }

    fn add(&mut self, hash: u128, time: i64, event: u64) {
        let number = self.front + self.events.len() as u64;
        let mut before = 0;
        let new = Value { count: 0, first: number, latest: number, told: Quiet::NEVER };
        let value = self.values.entry(hash).or_insert(new);
        if value.count > 0 {
            // INVARIANT: both are in the queue, which is never longer than an u32 can tell.
            before = (number - value.latest) as u32;
            if let Some(latest) = self.events.get_mut((value.latest - self.front) as usize) {
                latest.after = before;
            }
        }
        value.count += 1;
        value.latest = number;
        self.events.push_back(Event { hash, time, event, after: 0, before });
    }

    fn pop(&mut self) {
        let Some(event) = self.events.pop_front() else { return };
        if let Some(value) = self.values.get_mut(&event.hash) {
            value.count -= 1;
            value.first = self.front + u64::from(event.after);
            if value.count == 0 {
                self.values.remove(&event.hash);
            }
        }
        self.front += 1;
    }

    /// Forgets what is older than the span at `time`.
    fn forget(&mut self, time: i64, span: u64) {
        while self.events.front().is_some_and(|event| !is_within(event.time, span, time)) {
            self.pop();
        }
    }

    /// Forgets the oldest events beyond the cap, and gives memory back that is not needed any more.
    fn shrink(&mut self, cap: usize) {
        while self.events.len() > cap {
            self.pop();
        }
        if self.events.capacity() > 64 && self.events.len() * 4 < self.events.capacity() {
            self.events.shrink_to(self.events.len() * 2);
        }
        if self.values.capacity() > 64 && self.values.len() * 4 < self.values.capacity() {
            self.values.shrink_to(self.values.len() * 2);
        }
    }

    fn at(&self, number: u64) -> Option<&Event> {
        self.events.get(number.checked_sub(self.front)? as usize)
    }

    /// The events of a value.
    fn detail(&self, value: &Value) -> Detail {
        let mut events = Vec::with_capacity(REFERENCES_MAX.min(value.count as usize));
        let mut number = value.latest;
        while events.len() < events.capacity()
            && let Some(event) = self.at(number)
        {
            events.push(event.event);
            number = number.saturating_sub(event.before.into());
        }
        events.reverse();
        let first = self.at(value.first).map_or(self.began, |event| event.time);
        Detail { first, count: value.count.into(), events }
    }

    pub(super) fn bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>() + self.values.allocation_size()
    }

    pub(super) fn to_saved(&self) -> Saved {
        let events = self.events.iter().map(|event| (event.hash, event.time, event.event)).collect();
        let told = self.values.iter().map(|(hash, value)| (*hash, value.told));
        let mut told: Vec<_> = told.filter(|(_, told)| *told != Quiet::NEVER).collect();
        told.sort_unstable_by_key(|(hash, _)| *hash);
        Saved { began: self.began, events, told }
    }

    /// What was saved, if it can be, where nothing is later than `last`.
    pub(super) fn from_saved(saved: Saved, last: i64) -> Option<Self> {
        let mut shares = Self::new(saved.began);
        let is_rising = saved.events.iter().map(|(_, time, _)| *time).is_sorted();
        let is_past = saved.began <= last && saved.events.last().is_none_or(|(_, time, _)| *time <= last);
        if !is_rising || !is_past {
            return None;
        }
        saved.events.into_iter().for_each(|(hash, time, event)| shares.add(hash, time, event));
        for (hash, told) in saved.told {
            shares.values.get_mut(&hash)?.told = told;
        }
        Some(shares)
    }
}
