//! A multiset cut at a rank: medians and percentiles of what comes and goes.
//!
//! ```text
//! low: the k smallest   │   high: all others          percentile = the last of low
//! 1 2 2                 │   5 9
//! ```
//!
//! Adding, taking away and moving the cut by one are steps down a tree; nothing is ever sorted anew.

use crate::number::Number;
use std::collections::BTreeMap;

/// Numbers, each with how often it is there.
#[derive(Debug, Clone, Default)]
struct Bag {
    numbers: BTreeMap<Number, u64>,
    len: u64,
}

impl Bag {
    fn add(&mut self, number: Number) {
        *self.numbers.entry(number).or_default() += 1;
        self.len += 1;
    }

    /// Takes one away, if it is there.
    fn remove(&mut self, number: Number) -> bool {
        let Some(times) = self.numbers.get_mut(&number) else { return false };
        *times -= 1;
        if *times == 0 {
            self.numbers.remove(&number);
        }
        self.len -= 1;
        true
    }

    fn first(&self) -> Option<Number> {
        self.numbers.first_key_value().map(|(number, _)| *number)
    }

    fn last(&self) -> Option<Number> {
        self.numbers.last_key_value().map(|(number, _)| *number)
    }
}

/// Numbers in two parts: the smallest ones, and the others.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranked {
    low: Bag,
    high: Bag,
}

impl Ranked {
    pub(super) fn add(&mut self, number: Number) {
        if self.high.first().is_some_and(|first| first <= number) { &mut self.high } else { &mut self.low }.add(number);
    }

    /// Takes a number away that was added before.
    pub(super) fn remove(&mut self, number: Number) {
        if !self.low.remove(number) {
            self.high.remove(number);
        }
    }

    /// The number at a rank from 1 on, and the one behind it.
    pub(super) fn at(&mut self, rank: u64) -> (Option<Number>, Option<Number>) {
        while self.low.len < rank
            && let Some(first) = self.high.first()
        {
            self.high.remove(first);
            self.low.add(first);
        }
        while self.low.len > rank
            && let Some(last) = self.low.last()
        {
            self.low.remove(last);
            self.high.add(last);
        }
        (self.low.last(), self.high.first())
    }

    pub(super) fn bytes(&self) -> usize {
        // A node of the tree has room for eleven; two thirds of it are full on average.
        (self.low.numbers.len() + self.high.numbers.len()) * 72
    }
}
