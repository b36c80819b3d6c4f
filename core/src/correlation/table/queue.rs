//! What is held back: signals in the order of their times, until the watermark has passed them.
//!
//! ```text
//! push 5, 7, 9   ─▶ run:  5 7 9    what comes in the order of time only waits in line
//! push 6, 5      ─▶ late: 5 6      what is overtaken is sorted          take before 8: 5, 5, 6, 7
//! ```
//!
//! What is sorted is small, a time and a number; the signals themselves stay where they are.

use crate::correlation::machine::{Signal, What};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Places that are kept although they are empty.
const SPARE: usize = 1024;

/// A signal for a group.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) correlation: u32,
    pub(super) slot: u32,
    pub(super) signal: Signal,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Times never fall.
    run: VecDeque<(i64, Held)>,
    late: BinaryHeap<Reverse<(i64, u32)>>,
    held: Vec<Held>,
    free: Vec<u32>,
    /// Bytes of the values that signals carry.
    carried: usize,
}

impl Queue {
    #[inline]
    pub(super) fn push(&mut self, time: i64, held: Held) {
        self.carried += carried(&held.signal);
        if self.run.back().is_none_or(|(last, _)| *last <= time) {
            self.run.push_back((time, held));
        } else {
            self.push_late(time, held);
        }
    }

    fn push_late(&mut self, time: i64, held: Held) {
        let place = match self.free.pop() {
            Some(place) => place,
            None => self.held.len() as u32,
        };
        match self.held.get_mut(place as usize) {
            Some(free) => *free = held,
            None => self.held.push(held),
        }
        self.late.push(Reverse((time, place)));
    }

    /// The earliest time.
    #[inline]
    pub(super) fn next(&self) -> Option<i64> {
        let run = self.run.front().map(|(time, _)| *time);
        match self.late.peek() {
            Some(Reverse((late, _))) if run.is_none_or(|run| *late < run) => Some(*late),
            _ => run,
        }
    }

    /// The only signal of this time, which is the earliest; `None` when there are several, or it came late.
    #[inline]
    pub(super) fn only(&mut self, time: i64) -> Option<&mut Held> {
        let is_other = |next: Option<&(i64, Held)>| next.is_none_or(|(next, _)| *next != time);
        let is_alone = is_other(self.run.get(1)) && self.late.peek().is_none_or(|Reverse((next, _))| *next != time);
        self.run.front_mut().filter(|(next, _)| is_alone && *next == time).map(|(_, held)| held)
    }

    /// Drops what [`only`](Self::only) gave.
    #[inline]
    pub(super) fn drop_only(&mut self) {
        if let Some((_, held)) = self.run.pop_front() {
            self.carried -= carried(&held.signal);
            self.shrink();
        }
    }

    /// Takes one that has this time, which is the earliest.
    pub(super) fn take(&mut self, time: i64) -> Option<Held> {
        let held = match self.run.pop_front_if(|(next, _)| *next == time) {
            Some((_, held)) => held,
            None => self.take_late(time)?,
        };
        self.carried -= carried(&held.signal);
        self.shrink();
        Some(held)
    }

    #[inline]
    fn shrink(&mut self) {
        if self.run.capacity() > SPARE && self.run.len() < self.run.capacity() / 4 {
            self.run.shrink_to(self.run.capacity() / 2);
        }
    }

    fn take_late(&mut self, time: i64) -> Option<Held> {
        self.late.peek().filter(|Reverse((next, _))| *next == time)?;
        let Reverse((_, place)) = self.late.pop()?;
        let none = Signal { event: 0, what: What::Event, carried: Box::default() };
        let none = Held { correlation: 0, slot: 0, signal: none };
        let held = std::mem::replace(self.held.get_mut(place as usize)?, none);
        if !self.late.is_empty() {
            self.free.push(place);
        } else if self.held.capacity() > SPARE {
            (self.late, self.held, self.free) = Default::default();
        } else {
            self.held.clear();
            self.free.clear();
        }
        Some(held)
    }

    pub(super) fn len(&self) -> usize {
        self.run.len() + self.late.len()
    }

    /// Bytes of what waits.
    pub(super) fn bytes(&self) -> usize {
        let late = size_of::<Held>() + size_of::<(i64, u32)>() + size_of::<u32>();
        self.run.len() * size_of::<(i64, Held)>() + self.late.len() * late + self.carried
    }

    /// All that is held back, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Held)> {
        let late = |Reverse((time, place)): &Reverse<(i64, u32)>| Some((*time, self.held.get(*place as usize)?));
        self.run.iter().map(|(time, held)| (*time, held)).chain(self.late.iter().filter_map(late))
    }
}

fn carried(signal: &Signal) -> usize {
    signal
        .carried
        .iter()
        .map(|value| size_of::<Option<Box<str>>>() + value.as_ref().map_or(0, |value| value.len()))
        .sum()
}
