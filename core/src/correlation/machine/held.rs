//! What a group remembers of its events, in the smallest form its correlation can do with.
//!
//! ```text
//! event_count    two entries, then a queue         temporal           the latest entry of each rule
//! value_sum ..   a queue with numbers and a tool   temporal_ordered   for each step its latest start
//! value_count    the latest entry of each value    ... counted at the end: the longest way so far
//! extensions     see `extended`
//! ```
//!
//! It answers for a window; when a window is judged, and whether the answer is enough, is not known here.

use super::distinct::{self, FEW_MAX, Item, Many, Sample};
use super::extended::Own;
use super::steps::{Longest, NEVER};
use super::window::Numbers;
use super::{ALLOCATION, Entry, Plan, Signal, What};
use crate::correlation::alert::REFERENCES_MAX;
use crate::number::Number;
use std::collections::VecDeque;

/// What is remembered.
#[derive(Debug, Clone, Default)]
pub(super) enum Held {
    #[default]
    Nothing,
    One(Entry),
    Two([Entry; 2]),
    Events(VecDeque<Entry>),
    Numbers(Box<Numbers>),
    Value(Item),
    Few(Vec<Item>),
    Distinct(Box<Many>),
    Rules(Box<[Entry]>),
    Words(Vec<u64>),
    Longest(Box<Way>),
    Own(Box<Own>),
}

/// The longest way through steps, and the events in its window.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) longest: Longest,
    pub(super) first: i64,
    /// The latest of them.
    pub(super) events: VecDeque<u64>,
    pub(super) count: u64,
}

/// Who contributes to an answer.
pub(super) struct Detail {
    pub(super) first: i64,
    pub(super) count: u64,
    pub(super) events: Vec<u64>,
}

impl Held {
    /// Looks at what the next event will change, so that it is in the cache by then.
    pub(super) fn glance(&self) -> u64 {
        match self {
            Self::Events(events) => events.back().map_or(0, |entry| entry.event),
            Self::Few(few) => few.last().map_or(0, |item| item.entry.event),
            Self::Rules(latest) => latest.first().map_or(0, |entry| entry.event),
            Self::Words(words) => words.first().copied().unwrap_or(0),
            _ => 0,
        }
    }

    /// Takes in all events of one time.
    pub(super) fn add(&mut self, plan: &Plan, time: i64, batch: &[Signal]) {
        match plan {
            Plan::Steps { orders, watched } => self.steps(orders, watched, time, batch),
            Plan::Longest { steps } => self.longest(steps, time, batch),
            _ => batch.iter().for_each(|signal| self.add_one(plan, time, signal)),
        }
    }

    fn add_one(&mut self, plan: &Plan, time: i64, signal: &Signal) {
        let entry = Entry { time, event: signal.event };
        match (plan, &signal.what) {
            (Plan::Events, _) => self.add_event(entry),
            (Plan::Numbers(aggregate), What::Number(number)) => {
                if !matches!(self, Self::Numbers(_)) {
                    *self = Self::Numbers(Box::new(Numbers::new(*aggregate)));
                }
                if let Self::Numbers(numbers) = self {
                    numbers.add(entry, *number, *aggregate);
                }
            }
            (Plan::Distinct { .. }, What::Value(hash)) => self.add_value(Item::new(*hash, entry)),
            (Plan::Rules { rules, .. }, What::Rules(matched)) => {
                if !matches!(self, Self::Rules(_)) {
                    *self = Self::Rules(vec![Entry { time: NEVER, event: 0 }; *rules].into());
                }
                if let Self::Rules(latest) = self {
                    latest
                        .iter_mut()
                        .enumerate()
                        .filter(|(at, _)| matched.has(*at as u16))
                        .for_each(|(_, own)| *own = entry);
                }
            }
            _ => {}
        }
    }

    fn add_event(&mut self, entry: Entry) {
        match self {
            Self::One(one) => *self = Self::Two([*one, entry]),
            Self::Two([one, two]) => {
                let mut events = VecDeque::with_capacity(4);
                events.extend([*one, *two, entry]);
                *self = Self::Events(events);
            }
            Self::Events(events) => events.push_back(entry),
            _ => *self = Self::One(entry),
        }
    }

    fn add_value(&mut self, item: Item) {
        match self {
            Self::Value(one) if one.hash() == item.hash() => *one = item,
            Self::Value(one) => *self = Self::Few(vec![*one, item]),
            Self::Few(few) => {
                distinct::add_few(few, item);
                if few.len() > FEW_MAX {
                    *self = Self::Distinct(Box::new(Many::new(few, Sample::default())));
                }
            }
            Self::Distinct(many) => many.add(item),
            _ => *self = Self::Value(item),
        }
    }

    fn steps(&mut self, orders: &[super::Order], watched: &[u16], time: i64, batch: &[Signal]) {
        if !matches!(self, Self::Words(_)) {
            *self = Self::Words(vec![NEVER.cast_unsigned(); watched.len()]);
        }
        let Self::Words(words) = self else { return };
        for (word, rule) in words.iter_mut().zip(watched) {
            if batch.iter().any(|signal| signal.rules().has(*rule)) {
                *word = time.cast_unsigned();
            }
        }
        orders.iter().for_each(|order| order.update(words, time, batch));
    }

    fn longest(&mut self, steps: &[u16], time: i64, batch: &[Signal]) {
        if !matches!(self, Self::Longest(_)) {
            let longest = Longest { most: vec![0; steps.len()] };
            *self = Self::Longest(Box::new(Way { longest, first: time, events: VecDeque::new(), count: 0 }));
        }
        let Self::Longest(way) = self else { return };
        way.longest.update(steps, batch);
        way.count = way.count.saturating_add(batch.len() as u64);
        way.events.extend(batch.iter().map(|signal| signal.event));
        way.events.drain(..way.events.len().saturating_sub(REFERENCES_MAX));
    }

    /// Forgets what is older than the span at `time`.
    pub(super) fn forget(&mut self, plan: &Plan, time: i64, span: u64) {
        match self {
            Self::Events(events) => {
                while events.front().is_some_and(|entry| !entry.is_within(span, time)) {
                    events.pop_front();
                }
                if events.capacity() > 64 && events.len() * 4 < events.capacity() {
                    events.shrink_to(events.len() * 2);
                }
                if let (Some(one), 1) = (events.front().copied(), events.len()) {
                    *self = Self::One(one);
                }
            }
            Self::Numbers(numbers) => {
                while numbers.entries.front().is_some_and(|(entry, _)| !entry.is_within(span, time)) {
                    numbers.forget();
                }
                if numbers.entries.capacity() > 64 && numbers.entries.len() * 4 < numbers.entries.capacity() {
                    numbers.shrink();
                }
            }
            Self::Few(few) => {
                few.retain(|item| item.entry.is_within(span, time));
                if let [one] = few.as_slice() {
                    *self = Self::Value(*one);
                }
            }
            Self::Distinct(many) => {
                many.forget(time, span);
                if let Plan::Distinct { cap } = plan {
                    many.settle(time, span, *cap);
                }
                if many.len() <= FEW_MAX / 2 && many.sample.kept == 0 && many.sample.counted == 0 {
                    *self = Self::Few(many.items().copied().collect());
                }
            }
            Self::One(entry) | Self::Value(Item { entry, .. }) if !entry.is_within(span, time) => *self = Self::Nothing,
            Self::Two([one, two]) if !one.is_within(span, time) => {
                *self = if two.is_within(span, time) { Self::One(*two) } else { Self::Nothing };
            }
            _ => {}
        }
    }

    /// Forgets the older half of the events, or everything where there is no half, and says how many were forgotten.
    pub(super) fn trim(&mut self) -> u64 {
        let half = |len: usize| if len > 2 { len / 2 } else { len };
        let forgotten = match self {
            Self::Events(events) => {
                let forgotten = half(events.len());
                events.drain(..forgotten);
                events.shrink_to_fit();
                forgotten
            }
            Self::Numbers(numbers) => {
                let forgotten = half(numbers.entries.len());
                (0..forgotten).for_each(|_| numbers.forget());
                numbers.shrink();
                forgotten
            }
            Self::Few(few) => {
                let forgotten = half(few.len());
                few.drain(..forgotten);
                few.shrink_to_fit();
                forgotten
            }
            Self::Distinct(many) => {
                let forgotten = half(many.len());
                many.trim(forgotten);
                forgotten
            }
            Self::Nothing => 0,
            Self::Two(_) => 2,
            Self::One(_) | Self::Value(_) | Self::Own(_) | Self::Rules(_) | Self::Words(_) | Self::Longest(_) => 1,
        };
        let is_left = match self {
            Self::Events(events) => !events.is_empty(),
            Self::Numbers(numbers) => !numbers.entries.is_empty(),
            Self::Few(few) => !few.is_empty(),
            Self::Distinct(many) => many.len() > 0,
            _ => false,
        };
        if !is_left {
            *self = Self::Nothing;
        }
        forgotten as u64
    }

    /// What is compared, for a window that ends at `time`; `None` when nothing is in it.
    pub(super) fn value(&mut self, plan: &Plan, time: i64, span: u64) -> Option<Number> {
        let count = match (self, plan) {
            (Self::One(_) | Self::Value(_), _) => 1,
            (Self::Two(both), _) => both.len(),
            (Self::Events(events), _) => events.len(),
            (Self::Numbers(numbers), Plan::Numbers(aggregate)) => return numbers.value(*aggregate),
            (Self::Few(few), _) => few.len(),
            (Self::Distinct(many), _) => return Some(many.count()),
            (Self::Rules(latest), _) => latest.iter().filter(|entry| entry.is_within(span, time)).count(),
            (Self::Longest(way), _) => way.longest.count().into(),
            _ => return None,
        };
        Some(Number::Integer(count as i128))
    }

    /// Who contributes, of what happened at `since` or later.
    pub(super) fn detail(&self, since: i64) -> Detail {
        let first = self.first().unwrap_or(since);
        let detail = |count: usize, latest: &mut dyn Iterator<Item = &Entry>| {
            let mut events: Vec<u64> = latest.take(REFERENCES_MAX).map(|entry| entry.event).collect();
            events.reverse();
            Detail { first, count: count as u64, events }
        };
        match self {
            Self::One(entry) | Self::Value(Item { entry, .. }) => detail(1, &mut [entry].into_iter()),
            Self::Two(both) => detail(both.len(), &mut both.iter().rev()),
            Self::Events(events) => detail(events.len(), &mut events.iter().rev()),
            Self::Numbers(numbers) => {
                detail(numbers.entries.len(), &mut numbers.entries.iter().rev().map(|(entry, _)| entry))
            }
            Self::Few(few) => detail(few.len(), &mut few.iter().rev().map(|item| &item.entry)),
            Self::Distinct(many) => detail(many.len(), &mut many.items().rev().map(|item| &item.entry)),
            Self::Rules(latest) => {
                let mut entries: Vec<Entry> = latest.iter().filter(|entry| entry.time >= since).copied().collect();
                entries.sort_unstable();
                let mut found = detail(entries.len(), &mut entries.iter().rev());
                found.first = entries.first().map_or(since, |entry| entry.time);
                // One event may be the latest of several rules.
                found.events.dedup();
                found
            }
            Self::Longest(way) => {
                Detail { first: way.first, count: way.count, events: way.events.iter().copied().collect() }
            }
            Self::Nothing | Self::Words(_) | Self::Own(_) => Detail { first: since, count: 0, events: Vec::new() },
        }
    }

    /// The time of the first event in the window.
    pub(super) fn first(&self) -> Option<i64> {
        match self {
            Self::One(entry) | Self::Two([entry, _]) | Self::Value(Item { entry, .. }) => Some(entry.time),
            Self::Events(events) => events.front().map(|entry| entry.time),
            Self::Numbers(numbers) => numbers.entries.front().map(|(entry, _)| entry.time),
            Self::Few(few) => few.first().map(|item| item.entry.time),
            Self::Distinct(many) => many.items().next().map(|item| item.entry.time),
            Self::Longest(way) => Some(way.first),
            Self::Nothing | Self::Rules(_) | Self::Words(_) | Self::Own(_) => None,
        }
    }

    /// Bytes beside the value itself.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Nothing | Self::One(_) | Self::Two(_) | Self::Value(_) => 0,
            Self::Events(events) => ALLOCATION + events.capacity() * size_of::<Entry>(),
            Self::Numbers(numbers) => 3 * ALLOCATION + numbers.bytes(),
            Self::Few(few) => ALLOCATION + few.capacity() * size_of::<Item>(),
            Self::Distinct(many) => 3 * ALLOCATION + many.bytes(),
            Self::Rules(latest) => ALLOCATION + size_of_val(&**latest),
            Self::Own(own) => 3 * ALLOCATION + own.bytes(),
            Self::Words(words) => ALLOCATION + words.capacity() * size_of::<u64>(),
            Self::Longest(way) => {
                let content = size_of_val(&*way.longest.most) + way.events.capacity() * size_of::<u64>();
                3 * ALLOCATION + size_of::<Way>() + content
            }
        }
    }
}
