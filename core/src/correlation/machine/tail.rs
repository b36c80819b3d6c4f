//! The latest of some events, and how many there were.
//!
//! ```text
//! events 1 2 .. 40   ─▶   first 1, last 40, count 40, the latest 16 by number
//! ```
//!
//! It never forgets by time; whoever needs a window starts a new one.

use super::held::Detail;
use crate::correlation::alert::REFERENCES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tail {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u64,
    events: VecDeque<u64>,
}

impl Tail {
    /// No events yet, the first of which will be at `time`.
    pub(super) fn new(time: i64) -> Self {
        Self { first: time, last: time, count: 0, events: VecDeque::new() }
    }

    pub(super) fn add(&mut self, time: i64, event: u64) {
        self.last = time;
        self.count = self.count.saturating_add(1);
        if self.events.len() == REFERENCES_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    pub(super) fn into_detail(self) -> Detail {
        Detail { first: self.first, count: self.count, events: self.events.into() }
    }

    pub(super) fn bytes(&self) -> usize {
        self.events.capacity() * size_of::<u64>()
    }

    /// Whether it can be, where nothing is later than `last`.
    pub(super) fn is_sound(&self, last: i64) -> bool {
        let len = self.events.len();
        self.first <= self.last && self.last <= last && len <= REFERENCES_MAX && len as u64 <= self.count
    }
}
