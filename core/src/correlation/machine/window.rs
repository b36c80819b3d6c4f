//! Numbers in a window: sum, average, least, greatest, percentile, median, each in steps that do not count the window.
//!
//! ```text
//! time    1   2   3   4          least, kept as a queue that only rises:
//! number  7   3   5   4    ─▶    3 4      5 will never be the least: 4 came later and is smaller
//! ```
//!
//! What a rule asks of the numbers chooses one tool; the others are not built. All can be built anew from the numbers,
//! so only these are saved.

use super::Entry;
use super::ranked::Ranked;
use super::sum::{self, Sum};
use crate::number::Number;
use std::cmp::Ordering;
use std::collections::VecDeque;

/// What a rule asks of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Sum,
    Average,
    Least,
    Greatest,
    Median,
    /// The nearest rank is `count · numerator / denominator`, rounded up.
    Percentile {
        numerator: u128,
        denominator: u128,
    },
}

/// The numbers of a window and the tool that answers for them.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) entries: VecDeque<(Entry, Number)>,
    /// How many were forgotten, so that each has a number of its own.
    gone: u64,
    tool: Tool,
}

#[derive(Debug, Clone)]
enum Tool {
    Sum(Sum),
    /// Each is better than all before it that are still there.
    Best(VecDeque<(u64, Number)>),
    Ranked(Ranked),
}

impl Numbers {
    pub(super) fn new(aggregate: Aggregate) -> Self {
        let tool = match aggregate {
            Aggregate::Sum | Aggregate::Average => Tool::Sum(Sum::default()),
            Aggregate::Least | Aggregate::Greatest => Tool::Best(VecDeque::new()),
            Aggregate::Median | Aggregate::Percentile { .. } => Tool::Ranked(Ranked::default()),
        };
        Self { entries: VecDeque::new(), gone: 0, tool }
    }

    pub(super) fn add(&mut self, entry: Entry, number: Number, aggregate: Aggregate) {
        match &mut self.tool {
            Tool::Sum(sum) => sum.add(number),
            Tool::Ranked(ranked) => ranked.add(number),
            Tool::Best(queue) => {
                let worse = if aggregate == Aggregate::Least { Ordering::Less } else { Ordering::Greater };
                while queue.back().is_some_and(|(_, last)| last.cmp(&number) != worse) {
                    queue.pop_back();
                }
                queue.push_back((self.gone + self.entries.len() as u64, number));
            }
        }
        self.entries.push_back((entry, number));
    }

    /// Forgets the oldest.
    pub(super) fn forget(&mut self) {
        let Some((_, number)) = self.entries.pop_front() else { return };
        match &mut self.tool {
            Tool::Sum(sum) => sum.remove(number),
            Tool::Ranked(ranked) => ranked.remove(number),
            Tool::Best(queue) => {
                if queue.front().is_some_and(|(at, _)| *at == self.gone) {
                    queue.pop_front();
                }
            }
        }
        self.gone += 1;
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        if let Tool::Best(queue) = &mut self.tool {
            queue.shrink_to_fit();
        }
    }

    /// The answer for all numbers that are there.
    pub(super) fn value(&mut self, aggregate: Aggregate) -> Option<Number> {
        let len = self.entries.len() as u64;
        match &mut self.tool {
            _ if len == 0 => None,
            Tool::Sum(sum) if aggregate == Aggregate::Average => Some(sum::average(sum.total(), len)),
            Tool::Sum(sum) => Some(sum.total()),
            Tool::Best(queue) => queue.front().map(|(_, number)| *number),
            Tool::Ranked(ranked) => {
                let (at, behind) = ranked.at(aggregate.rank(len));
                if aggregate == Aggregate::Median && len.is_multiple_of(2) { Some(middle(at?, behind?)) } else { at }
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let tool = match &self.tool {
            Tool::Sum(sum) => sum.bytes(),
            Tool::Best(queue) => queue.capacity() * size_of::<(u64, Number)>(),
            Tool::Ranked(ranked) => ranked.bytes(),
        };
        size_of::<Self>() + self.entries.capacity() * size_of::<(Entry, Number)>() + tool
    }
}

impl Aggregate {
    /// The percentile as a ratio, by its decimal digits: the percentile 99.9 of 1,000 numbers is the 999th.
    pub(crate) fn percentile(percentile: Number) -> Self {
        const DIGITS_MAX: usize = 15;
        let text = percentile.text();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits: String = whole.chars().chain(fraction.chars().take(DIGITS_MAX)).collect();
        let places = fraction.len().min(DIGITS_MAX) as u32;
        Self::Percentile { numerator: digits.parse().unwrap_or(0), denominator: 100 * 10_u128.pow(places) }
    }

    /// The rank, from 1 on, of the number that answers for `len` numbers.
    pub(super) fn rank(self, len: u64) -> u64 {
        match self {
            Self::Percentile { numerator, denominator } => {
                let rank = (u128::from(len) * numerator).div_ceil(denominator);
                u64::try_from(rank).unwrap_or(len).clamp(1, len.max(1))
            }
            _ => len.div_ceil(2),
        }
    }
}

/// The number in the middle of two.
pub(super) fn middle(left: Number, right: Number) -> Number {
    let mut sum = Sum::default();
    sum.add(left);
    sum.add(right);
    sum::average(sum.total(), 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_the_digits_of_the_percentile() {
        for (percentile, len, rank) in [
            ("50", 4, 2),
            ("50", 5, 3),
            ("0", 5, 1),
            ("100", 5, 5),
            ("99.9", 1000, 999),
            ("99.9", 1001, 1000),
            ("1", 50, 1),
        ] {
            let number = Number::from_numeric_text(percentile).unwrap();
            assert_eq!(Aggregate::percentile(number).rank(len), rank, "{percentile} of {len}");
        }
    }

    #[test]
    fn every_tool_agrees_with_looking_at_all_numbers() {
        let numbers: Vec<Number> = (0..200_i128).map(|at| Number::Integer(at * 7919 % 31 - 15)).collect();
        let percentile = Aggregate::percentile(Number::Integer(90));
        for aggregate in [Aggregate::Least, Aggregate::Greatest, Aggregate::Median, percentile, Aggregate::Sum] {
            let mut window = Numbers::new(aggregate);
            for (at, number) in numbers.iter().enumerate() {
                window.add(Entry { time: at as i64, event: 0 }, *number, aggregate);
                while window.entries.len() > 1 + at % 17 {
                    window.forget();
                }
                let mut sorted: Vec<Number> = window.entries.iter().map(|(_, number)| *number).collect();
                sorted.sort_unstable();
                let len = sorted.len();
                let expected = match aggregate {
                    Aggregate::Least => sorted[0],
                    Aggregate::Greatest => sorted[len - 1],
                    Aggregate::Median => middle(sorted[(len - 1) / 2], sorted[len / 2]),
                    Aggregate::Percentile { .. } => sorted[(len * 90).div_ceil(100) - 1],
                    _ => Number::Integer(sorted.iter().map(|n| if let Number::Integer(n) = n { *n } else { 0 }).sum()),
                };
                assert_eq!(window.value(aggregate), Some(expected), "{aggregate:?} at {at}");
            }
        }
    }
}
