//! What is held back: signals in the order of their times, until the watermark has passed them.
//!
//! ```text
//! push 7, 5, 9, 5   ─▶   take before 8: 5, 5, 7          9 waits
//! ```
//!
//! What is sorted is small, a time and a number; the signals themselves stay where they are.

use crate::correlation::machine::{Signal, What};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A signal for a group.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) correlation: u32,
    pub(super) slot: u32,
    pub(super) signal: Signal,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    order: BinaryHeap<Reverse<(i64, u32)>>,
    held: Vec<Held>,
    free: Vec<u32>,
    carried: usize,
}

impl Queue {
    pub(super) fn push(&mut self, time: i64, held: Held) {
        self.carried += carried(&held.signal);
        let place = match self.free.pop() {
            Some(place) => place,
            None => self.held.len() as u32,
        };
        match self.held.get_mut(place as usize) {
            Some(free) => *free = held,
            None => self.held.push(held),
        }
        self.order.push(Reverse((time, place)));
    }

    /// The earliest time.
    pub(super) fn next(&self) -> Option<i64> {
        self.order.peek().map(|Reverse((time, _))| *time)
    }

    /// Takes one of the earliest, if it has this time.
    pub(super) fn take(&mut self, time: i64) -> Option<Held> {
        self.next().filter(|next| *next == time)?;
        let Reverse((_, place)) = self.order.pop()?;
        self.free.push(place);
        let held = self.held.get_mut(place as usize)?;
        let none = Signal { event: 0, what: What::Event, carried: Box::default() };
        let signal = std::mem::replace(&mut held.signal, none);
        self.carried -= carried(&signal);
        Some(Held { correlation: held.correlation, slot: held.slot, signal })
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.order.len() * (size_of::<Held>() + size_of::<(i64, u32)>()) + self.carried
    }

    /// All that is held back, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Held)> {
        self.order.iter().filter_map(|Reverse((time, place))| Some((*time, self.held.get(*place as usize)?)))
    }
}

fn carried(signal: &Signal) -> usize {
    signal.carried.iter().map(|value| size_of::<Box<str>>() + value.as_ref().map_or(0, |value| value.len())).sum()
}
