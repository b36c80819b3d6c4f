//! The state machine of one correlation and one group.
//!
//! ```text
//! signals of one time ─▶ update ─┐
//! the watermark       ─▶ expire ─┼─▶ findings
//!                       State ───┘    to_bytes / from_bytes
//! ```
//!
//! It is fed with whole batches: all signals of the group with one and the same time, times rising. So equal times
//! satisfy any order, and the order of arrival, which is the business of whoever feeds it, cannot matter. It knows no
//! other group, no clock and no event beyond the number that it is called by.

mod absence;
mod distinct;
mod expression;
mod extended;
mod held;
mod new_value;
mod ranked;
mod rare;
mod rate;
mod saved;
mod sketch;
mod steps;
mod sum;
mod tail;
mod window;

pub(crate) use expression::{Wanted, has_not};
pub(crate) use steps::Order;
pub(crate) use window::Aggregate;

use super::alert::{Finding, FindingKind, REFERENCES_MAX};
use super::correlator::{Correlator, Mode, Plan, Verdict};
use crate::number::Number;
use expression::Seen;
use held::{Detail, Held};
use serde::{Deserialize, Serialize};
use steps::NEVER;

/// An event at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) time: i64,
    pub(crate) event: u64,
}

impl Entry {
    /// Whether it lies in the window of this span that ends at `time`, which is not before it.
    fn is_within(&self, span: u64, time: i64) -> bool {
        self.time != NEVER && is_within(self.time, span, time)
    }
}

/// Whether `then` lies in the half-open window of this span that ends at `now`.
pub(crate) fn is_within(then: i64, span: u64, now: i64) -> bool {
    // The difference of two i64 fits an u64 when it is not negative.
    then > now || now.wrapping_sub(then).cast_unsigned() < span
}

/// A set of positions in `rules`, of which there are at most 256.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Mask([u64; 4]);

impl Mask {
    pub(crate) const LEN: usize = 256;

    pub(crate) fn of(rule: u16) -> Self {
        let mut mask = Self::default();
        mask.add(rule);
        mask
    }

    pub(crate) fn add(&mut self, rule: u16) {
        if let Some(word) = self.0.get_mut(usize::from(rule / 64)) {
            *word |= 1 << (rule % 64);
        }
    }

    pub(crate) fn add_all(&mut self, others: Self) {
        self.0.iter_mut().zip(others.0).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn has(self, rule: u16) -> bool {
        self.0.get(usize::from(rule / 64)).is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }
}

/// What an event is to one correlation and one group.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Signal {
    pub(crate) event: u64,
    pub(crate) what: What,
    /// For each field that the correlation carries, its value in the event; empty when it carries none.
    pub(crate) carried: Box<[Option<Box<str>>]>,
}

/// What of an event is counted or computed with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    Event,
    Number(Number),
    /// The hash of the values whose combinations are counted.
    Value(u128),
    /// Which of the correlation's rules it matched.
    Rules(Mask),
}

impl Clone for Signal {
    // Most signals carry nothing, and this is done for every event.
    #[inline]
    fn clone(&self) -> Self {
        let carried = if self.carried.is_empty() { Box::default() } else { self.carried.clone() };
        Self { event: self.event, what: self.what, carried }
    }
}

impl Signal {
    fn rules(&self) -> Mask {
        if let What::Rules(rules) = self.what { rules } else { Mask::default() }
    }
}

/// Bytes that a piece of memory takes beside its content.
const ALLOCATION: usize = 16;

/// What is remembered of one group. Millions of them are kept, and most remember one event, so that it lies in here.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The time of the latest batch; [`NEVER`] before the first.
    last: i64,
    phase: Phase,
    held: Held,
    #[expect(clippy::box_collection, reason = "few correlations carry fields, and states must be small")]
    runs: Option<Box<Vec<Run>>>,
}

impl Default for State {
    fn default() -> Self {
        Self { last: NEVER, phase: Phase::Idle, held: Held::Nothing, runs: None }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Idle,
    /// After an alert, until this time.
    Quiet(i64),
    /// A window that is judged when it closes; it opened at this time.
    Open(i64),
    Pending(Box<Pending>),
}

/// All that must match has matched, and nothing that must not; the window has still to close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    start: i64,
    /// When the last that must match came.
    complete: i64,
    order: usize,
}

/// The value that a carried field has in all events since a time that have one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    /// The latest; `None` before the first, and after events of one time that disagree.
    value: Option<Box<str>>,
    since: i64,
    /// When the value was last there.
    seen: i64,
}

impl Run {
    /// Whether the value is that of a window which begins at `first`.
    fn covers(&self, first: i64) -> bool {
        self.since <= first && first <= self.seen
    }
}

impl State {
    /// The time of the latest batch; the least of all before the first.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// Looks at what the next event will change, so that it is in the cache by then.
    pub(crate) fn glance(&self) -> u64 {
        self.last.cast_unsigned() ^ self.held.glance()
    }

    /// Bytes of memory beside the value itself.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        let pending = if let Phase::Pending(_) = self.phase { size_of::<Pending>() + ALLOCATION } else { 0 };
        self.held.bytes() + self.carried_bytes() + pending
    }

    #[inline]
    fn carried_bytes(&self) -> usize {
        self.runs.as_ref().map_or(0, |runs| Self::bytes_of(runs))
    }

    fn bytes_of(runs: &[Run]) -> usize {
        let run = |run: &Run| size_of::<Run>() + run.value.as_ref().map_or(0, |value| value.len() + ALLOCATION);
        size_of::<Vec<Run>>() + 2 * ALLOCATION + runs.iter().map(run).sum::<usize>()
    }

    /// Forgets the oldest events until the state takes no more than so many bytes, and says how many were forgotten. What
    /// has no oldest event, such as steps, is forgotten as a whole, and counts as one.
    pub(crate) fn trim(&mut self, bytes_max: usize) -> u64 {
        let mut trimmed = 0;
        if self.carried_bytes() > bytes_max / 2 {
            self.runs = None;
            trimmed += 1;
        }
        while self.bytes() > bytes_max
            && let forgotten @ 1.. = self.held.trim()
        {
            trimmed += forgotten;
        }
        trimmed
    }
}

impl Correlator {
    /// Takes in all signals of one time. Windows that have closed by then are judged first. A batch that is not later
    /// than the one before it changes nothing.
    pub(crate) fn update(&self, state: &mut State, time: i64, batch: &mut [Signal], found: &mut Vec<Finding>) {
        self.expire(state, time, found);
        if state.last >= time || batch.is_empty() {
            return;
        }
        if batch.len() > 1 {
            batch.sort_by_key(|signal| signal.event);
        }
        if self.verdict == Verdict::Own {
            return self.extended(state, time, batch, found);
        }
        state.last = time;
        state.held.add(&self.plan, time, batch);
        state.held.forget(&self.plan, time, self.span);
        self.carry(state, time, batch);
        match &self.verdict {
            Verdict::AtOnce => self.judge(state, time, found),
            Verdict::AtClose => {
                if !matches!(state.phase, Phase::Open(_)) {
                    state.phase = Phase::Open(time);
                }
            }
            Verdict::Expression { nots: false, .. } => self.judge(state, time, found),
            Verdict::Expression { nots: true, .. } => self.watch(state, time),
            Verdict::Own => {}
        }
    }

    /// Judges the windows that close at the watermark or before it. Batches up to the watermark, itself not included,
    /// must have been taken in.
    pub(crate) fn expire(&self, state: &mut State, watermark: i64, found: &mut Vec<Finding>) {
        let Some(close) = self.deadline(state).filter(|close| *close <= watermark) else { return };
        if self.verdict == Verdict::Own {
            return self.expire_extended(state, watermark, found);
        }
        match std::mem::take(&mut state.phase) {
            Phase::Pending(pending) => {
                let detail = self.pending_detail(state, &pending);
                let value = Number::Integer(detail.count.into());
                found.push(self.finding(state, FindingKind::Alert, close, detail, value));
                if self.mode != Mode::Repeat {
                    state.phase = Phase::Quiet(self.after(close));
                }
            }
            _ => {
                let value = state.held.value(&self.plan, state.last, self.span).filter(|value| self.holds(*value));
                if let Some(value) = value {
                    let detail = state.held.detail(NEVER + 1);
                    found.push(self.finding(state, FindingKind::Alert, close, detail, value));
                }
                state.held = Held::Nothing;
            }
        }
    }

    /// When `expire` has something to judge next.
    #[inline]
    pub(crate) fn deadline(&self, state: &State) -> Option<i64> {
        if let Held::Own(own) = &state.held {
            return own.deadline(self.span);
        }
        match &state.phase {
            Phase::Open(start) => Some(self.after(*start)),
            Phase::Pending(pending) => Some(self.after(pending.start)),
            Phase::Idle | Phase::Quiet(_) => None,
        }
    }

    /// When nothing of the state matters any more, if no signal comes: at this watermark it is as good as new.
    pub(crate) fn idle_at(&self, state: &State) -> i64 {
        let quiet = if let Phase::Quiet(until) = state.phase { until } else { NEVER };
        let over = |last| if self.plan == Plan::RateChange { self.rate_idle_at(last) } else { self.after(last) };
        let last = if state.last == NEVER { NEVER } else { over(state.last) };
        last.max(quiet).max(self.deadline(state).unwrap_or(NEVER))
    }

    /// The end of a window that begins at `time`.
    pub(crate) fn after(&self, time: i64) -> i64 {
        time.saturating_add_unsigned(self.span)
    }

    fn judge(&self, state: &mut State, time: i64, found: &mut Vec<Finding>) {
        let kind = match state.phase {
            Phase::Quiet(until) if time < until && self.mode == Mode::Update => FindingKind::Update,
            Phase::Quiet(until) if time < until => return,
            _ => FindingKind::Alert,
        };
        let Some((value, detail)) = self.answer(state, time) else { return };
        found.push(self.finding(state, kind, time, detail, value));
        if kind == FindingKind::Alert && self.mode != Mode::Repeat {
            state.phase = Phase::Quiet(self.after(time));
        }
    }

    /// What the window that ends at `time` holds, if the condition is content with it.
    fn answer(&self, state: &mut State, time: i64) -> Option<(Number, Detail)> {
        if let (Plan::Steps { orders, watched }, Held::Words(words)) = (&self.plan, &state.held) {
            let (start, order) = self.tightest(orders, watched, words, time)?;
            let detail = orders.get(order)?.detail(words, start);
            return Some((Number::Integer(detail.count.into()), detail));
        }
        if let Verdict::Expression { condition, .. } = &self.verdict {
            let Held::Rules(latest) = &state.held else { return None };
            let start = Seen::at(latest, self.span, time).tightest(condition)?;
            let detail = state.held.detail(start);
            return Some((Number::Integer(detail.count.into()), detail));
        }
        let value = state.held.value(&self.plan, time, self.span).filter(|value| self.holds(*value))?;
        // INVARIANT: `forget` has left nothing but the window, except for rules, whose latest entries may be older.
        let oldest = time.saturating_sub_unsigned(self.span).saturating_add(1).max(NEVER + 1);
        Some((value, state.held.detail(oldest)))
    }

    /// The order all of whose steps were taken within the window, the latest start first.
    fn tightest(&self, orders: &[Order], watched: &[u16], words: &[u64], time: i64) -> Option<(i64, usize)> {
        let is_clear = |order: &Order| !forbidden(order, watched, words, self.span, time);
        let done = orders.iter().enumerate().filter_map(|(at, order)| {
            let start = order.done(words);
            (start != NEVER && is_within(start, self.span, time) && is_clear(order)).then_some((start, at))
        });
        // Of equal starts the first order.
        done.max_by_key(|(start, at)| (*start, std::cmp::Reverse(*at)))
    }

    /// Follows a condition with `not`: opens a window when all that must match has, drops it when something comes that
    /// must not.
    fn watch(&self, state: &mut State, time: i64) {
        if let Phase::Pending(pending) = &state.phase {
            if self.still_holds(state, pending) {
                return;
            }
            state.phase = Phase::Idle;
        }
        if matches!(state.phase, Phase::Quiet(until) if time < until) {
            return;
        }
        let opened = match (&self.plan, &self.verdict, &state.held) {
            (Plan::Steps { orders, watched }, _, Held::Words(words)) => self.tightest(orders, watched, words, time),
            (_, Verdict::Expression { condition, .. }, Held::Rules(latest)) => {
                Seen::at(latest, self.span, time).tightest(condition).map(|start| (start, 0))
            }
            _ => None,
        };
        state.phase = match opened {
            Some((start, order)) => Phase::Pending(Box::new(Pending { start, complete: time, order })),
            None => Phase::Idle,
        };
    }

    fn still_holds(&self, state: &State, pending: &Pending) -> bool {
        match (&self.plan, &self.verdict, &state.held) {
            (Plan::Steps { orders, watched }, _, Held::Words(words)) => orders
                .get(pending.order)
                .is_some_and(|order| !forbidden(order, watched, words, self.span, pending.complete)),
            (_, Verdict::Expression { condition, .. }, Held::Rules(latest)) => {
                Seen { latest, since: pending.start, span: self.span, complete: pending.complete }.holds(condition)
            }
            _ => false,
        }
    }

    fn pending_detail(&self, state: &State, pending: &Pending) -> Detail {
        match (&self.plan, &self.verdict, &state.held) {
            (Plan::Steps { orders, .. }, _, Held::Words(words)) => match orders.get(pending.order) {
                Some(order) => order.detail_of(words, pending.start),
                None => state.held.detail(pending.start),
            },
            // The event that opened the window may have been followed by another of its rule.
            _ => Detail { first: pending.start, ..state.held.detail(pending.start) },
        }
    }

    fn finding(&self, state: &State, kind: FindingKind, time: i64, detail: Detail, value: Number) -> Finding {
        let Detail { first, count, events } = detail;
        let carried = match &state.runs {
            Some(runs) => runs.iter().map(|run| run.value.clone().filter(|_| run.covers(first) && count > 0)).collect(),
            None => Vec::new(),
        };
        Finding { kind, time_ns: time, first_ns: first, last_ns: state.last, count, value, events, carried }
    }

    /// Keeps, for each carried field, since when all events that have a value have the same.
    fn carry(&self, state: &mut State, time: i64, batch: &[Signal]) {
        if self.carried == 0 {
            return;
        }
        let runs = state
            .runs
            .get_or_insert_with(|| Box::new(vec![Run { value: None, since: time, seen: NEVER }; self.carried]));
        for (at, run) in runs.iter_mut().enumerate() {
            let mut values = batch.iter().filter_map(|signal| signal.carried.get(at)?.as_ref());
            let Some(first) = values.next() else { continue };
            if values.any(|other| other != first) {
                *run = Run { value: None, since: time.saturating_add(1), seen: time };
                continue;
            }
            if run.value.as_ref() != Some(first) {
                if run.value.is_some() {
                    run.since = run.seen.saturating_add(1);
                }
                run.value = Some(first.clone());
            }
            run.seen = time;
        }
    }
}

/// Whether a rule that must not match has, within the span before `complete` or later.
fn forbidden(order: &Order, watched: &[u16], words: &[u64], span: u64, complete: i64) -> bool {
    watched.iter().zip(words).any(|(rule, word)| {
        let seen = word.cast_signed();
        order.nots.has(*rule) && seen != NEVER && is_within(seen, span, complete)
    })
}

impl Order {
    fn detail(&self, words: &[u64], start: i64) -> Detail {
        let mut events = self.events(words).to_vec();
        events.truncate(REFERENCES_MAX);
        Detail { first: start, count: self.steps.len() as u64, events }
    }

    /// The same for a way that may have been replaced by a later one meanwhile; then its events are not known.
    fn detail_of(&self, words: &[u64], start: i64) -> Detail {
        let mut detail = self.detail(words, start);
        if self.done(words) != start {
            detail.events.clear();
        }
        detail
    }
}
