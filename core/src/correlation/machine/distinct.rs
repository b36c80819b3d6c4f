//! Distinct values in a window, each kept once, with the latest event that has it.
//!
//! ```text
//! time    1  2  3  4            window of 3 at time 4:  b, a, c  ─▶  3
//! value   a  b  a  c            a moved from 1 to 3 when it came again
//! ```
//!
//! Up to a cap the count is exact. Beyond it only values whose hash begins with a zero bit are kept, then two zero bits,
//! and so on, and what is kept is multiplied: a sample whose standard error is one by the square root of how many are
//! kept. When few are left, the sample is widened again, and counted from when the window holds nothing older.

use super::Entry;
use crate::number::Number;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Values that are looked through one by one; with more, they are looked up.
pub(super) const FEW_MAX: usize = 16;

/// A value, as the hash of its text, and the latest event that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// The halves of the hash; as one number they would take another word, for their alignment.
    hash: [u64; 2],
    pub(super) entry: Entry,
}

impl Item {
    pub(super) fn new(hash: u128, entry: Entry) -> Self {
        Self { hash: [(hash >> 64) as u64, hash as u64], entry }
    }

    pub(super) fn hash(&self) -> u128 {
        let [high, low] = self.hash;
        u128::from(high) << 64 | u128::from(low)
    }
}

/// Adds a value to a few, the oldest first.
pub(super) fn add_few(few: &mut Vec<Item>, item: Item) {
    if let Some(at) = few.iter().position(|known| known.hash == item.hash) {
        few.remove(at);
    }
    few.push(item);
}

/// More than a few values.
#[derive(Debug, Clone)]
pub(super) struct Many {
    /// For each value the number of its latest item.
    latest: HashMap<u128, u64, RandomState>,
    /// The oldest first; those that a later one has replaced are dropped when they come to the front or are too many.
    items: VecDeque<(u64, Item)>,
    next: u64,
    pub(super) sample: Sample,
}

/// Which values are kept, and which of them are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// Zero bits with which the hash of a kept value begins.
    pub(super) kept: u32,
    /// The same for those that are counted; more than `kept` while the sample is being widened.
    pub(super) counted: u32,
    /// When it was widened.
    pub(super) since: i64,
    /// How many of the kept are counted.
    len: usize,
}

impl Sample {
    pub(super) fn saved(kept: u32, counted: u32, since: i64) -> Self {
        Self { kept, counted, since, len: 0 }
    }
}

impl Many {
    pub(super) fn new(few: &[Item], sample: Sample) -> Self {
        let mut many =
            Self { latest: HashMap::default(), items: VecDeque::new(), next: 0, sample: Sample { len: 0, ..sample } };
        few.iter().for_each(|item| many.add(*item));
        many
    }

    pub(super) fn add(&mut self, item: Item) {
        let zeros = item.hash().leading_zeros();
        if zeros < self.sample.kept {
            return;
        }
        if self.latest.insert(item.hash(), self.next).is_none() && zeros >= self.sample.counted {
            self.sample.len += 1;
        }
        self.items.push_back((self.next, item));
        self.next += 1;
        if self.items.len() > 2 * self.latest.len() + FEW_MAX {
            let latest = &self.latest;
            self.items.retain(|(number, item)| latest.get(&item.hash()) == Some(number));
        }
    }

    /// Forgets what is older than `span` at `time`.
    pub(super) fn forget(&mut self, time: i64, span: u64) {
        while let Some((number, item)) = self.items.front() {
            let is_latest = self.latest.get(&item.hash()) == Some(number);
            if is_latest && item.entry.is_within(span, time) {
                break;
            }
            if is_latest {
                self.latest.remove(&item.hash());
                self.sample.len -= usize::from(item.hash().leading_zeros() >= self.sample.counted);
            }
            self.items.pop_front();
        }
    }

    /// Forgets so many values, those that came last the longest ago first.
    pub(super) fn trim(&mut self, mut values: usize) {
        while values > 0
            && let Some((number, item)) = self.items.pop_front()
        {
            if self.latest.get(&item.hash()) == Some(&number) {
                self.latest.remove(&item.hash());
                self.sample.len -= usize::from(item.hash().leading_zeros() >= self.sample.counted);
                values -= 1;
            }
        }
        self.items.shrink_to_fit();
        self.latest.shrink_to_fit();
    }

    /// Makes the sample smaller or wider, as the number of kept values demands.
    pub(super) fn settle(&mut self, time: i64, span: u64, cap: usize) {
        while self.latest.len() > cap {
            let kept = self.sample.kept + 1;
            self.latest.retain(|hash, _| hash.leading_zeros() >= kept);
            self.items.retain(|(_, item)| item.hash().leading_zeros() >= kept);
            self.sample.kept = kept;
            self.sample.counted = self.sample.counted.max(kept);
            self.recount();
        }
        let Sample { kept, counted, since, .. } = self.sample;
        if counted > kept && time.wrapping_sub(since) as u64 >= span {
            self.sample.counted = kept;
            self.recount();
        } else if counted == kept && kept > 0 && self.latest.len() < cap / 8 {
            self.sample.kept = kept - 1;
            self.sample.since = time;
        }
    }

    fn recount(&mut self) {
        let counted = self.sample.counted;
        self.sample.len = self.latest.keys().filter(|hash| hash.leading_zeros() >= counted).count();
    }

    /// How many values there are, exactly or as the sample says.
    pub(super) fn count(&self) -> Number {
        // At most 128 zero bits, but more than 64 would take more values than there are.
        Number::Integer((self.sample.len as i128) << self.sample.counted.min(60))
    }

    /// The kept values, the oldest first.
    pub(super) fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.iter().filter(|(number, item)| self.latest.get(&item.hash()) == Some(number)).map(|(_, item)| item)
    }

    pub(super) fn len(&self) -> usize {
        self.latest.len()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.latest.allocation_size() + self.items.capacity() * size_of::<(u64, Item)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_128;

    fn item(value: u64, time: i64) -> Item {
        Item::new(xxh3_128(&value.to_le_bytes()), Entry { time, event: value })
    }

    fn count(many: &Many) -> f64 {
        if let Number::Integer(count) = many.count() { count as f64 } else { f64::NAN }
    }

    #[test]
    fn the_count_is_exact_up_to_the_cap_and_near_beyond_it() {
        let (cap, span) = (4_096, 1_000_000);
        let mut many = Many::new(&[], Sample::default());
        for value in 0..200_000 {
            many.add(item(value, value as i64));
            many.add(item(value / 2, value as i64));
            many.forget(value as i64, span);
            many.settle(value as i64, span, cap);
            let exact = (value + 1) as f64;
            if value < 4_096 {
                assert!((count(&many) - exact).abs() < 0.5, "{value}");
            }
            // Four standard errors of a sample of at least half the cap.
            assert!((count(&many) - exact).abs() / exact < 4.0 / (2_048_f64).sqrt(), "{value}: {}", count(&many));
        }
        assert!(many.bytes() < 1 << 20);
    }

    #[test]
    fn the_sample_is_widened_when_values_become_few() {
        let (cap, span) = (1_024, 10_000);
        let mut many = Many::new(&[], Sample::default());
        let mut time = 0;
        let mut run = |many: &mut Many, values: u64, distinct: u64| {
            for value in 0..values {
                time += 1;
                many.add(item(value % distinct, time));
                many.forget(time, span);
                many.settle(time, span, cap);
            }
        };
        run(&mut many, 20_000, 20_000);
        assert!(many.sample.counted >= 3 && (count(&many) - 10_000.0).abs() < 1_200.0);
        run(&mut many, 100_000, 100);
        assert_eq!((count(&many), many.sample.counted), (100.0, 0));
    }
}
