//! Very many known values in little memory: two generations of a Bloom filter.
//!
//! ```text
//! generation   0      1      2           at the time of 2, what was added in 1 or 2 is known;
//! value        a      b      c           a is forgotten, one to two timespans after it was seen
//! ```
//!
//! What was added is always known. What was not is taken for known in at most 1 of 1,000 cases, as long as no
//! generation has more than 16 times as many values as are counted exactly. It grows no further, whatever comes.

use serde::{Deserialize, Serialize};

/// Bits that a value sets. With 16 bits for each of `n` values 0.5 of them are set in the end, and 0.5 ^ 11 of values
/// that are not there are found in a generation: 0.46 in 1,000, and twice that in two of them.
const PROBES: u64 = 11;
/// Words for each value that would be counted exactly: 16 times as many values with 16 bits each.
const WORDS_PER_CAP: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sketch {
    /// The number of the present generation: times divided by the timespan.
    generation: i64,
    present: Vec<u64>,
    past: Vec<u64>,
}

impl Sketch {
    pub(super) fn new(cap: usize, generation: i64) -> Self {
        let empty = vec![0; Self::words(cap)];
        Self { generation, present: empty.clone(), past: empty }
    }

    fn words(cap: usize) -> usize {
        cap.saturating_mul(WORDS_PER_CAP)
    }

    /// Goes on to a generation, which is not before the present one.
    pub(super) fn turn(&mut self, generation: i64) {
        if generation <= self.generation {
            return;
        }
        std::mem::swap(&mut self.present, &mut self.past);
        self.present.fill(0);
        if generation.wrapping_sub(self.generation) != 1 {
            self.past.fill(0);
        }
        self.generation = generation;
    }

    /// Adds a value that was seen in the present generation or in the one before it.
    pub(super) fn add(&mut self, hash: u128, generation: i64) {
        let words = if generation == self.generation { &mut self.present } else { &mut self.past };
        for bit in bits(hash, words.len()) {
            if let Some(word) = words.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
    }

    /// Whether a value was added in one of the two generations.
    pub(super) fn has(&self, hash: u128) -> bool {
        let has = |words: &[u64]| {
            bits(hash, words.len()).all(|bit| words.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1))
        };
        has(&self.present) || has(&self.past)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + (self.present.capacity() + self.past.capacity()) * size_of::<u64>()
    }

    /// Whether it can be one of this size, at the time of this generation.
    pub(super) fn is_sound(&self, cap: usize, generation: i64) -> bool {
        let words = Self::words(cap);
        (self.present.len(), self.past.len()) == (words, words) && self.generation <= generation
    }
}

/// The bits of a value: the halves of its hash are a start and a step.
fn bits(hash: u128, words: usize) -> impl Iterator<Item = usize> {
    let (start, step) = (hash as u64, (hash >> 64) as u64 | 1);
    let len = words as u128 * 64;
    // A number below 2^64 times the length, divided by 2^64, is below the length.
    (0..PROBES).map(move |probe| {
        let point = start.wrapping_add(step.wrapping_mul(probe));
        ((u128::from(point) * len) >> 64) as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_128;

    fn hash(value: u64) -> u128 {
        xxh3_128(&value.to_le_bytes())
    }

    #[test]
    fn one_in_a_thousand_is_taken_for_known() {
        let (cap, each) = (4_096, 16 * 4_096);
        let mut sketch = Sketch::new(cap, 0);
        for generation in 0..2 {
            sketch.turn(generation);
            (0..each).for_each(|value| sketch.add(hash(value + each * generation as u64), generation));
        }
        assert!((0..2 * each).all(|value| sketch.has(hash(value))), "what was added is known");
        let tries = 1_000_000;
        let found = (0..tries).filter(|value| sketch.has(hash(1_000_000_000 + value))).count();
        assert!((500..1_000).contains(&found), "{found} of {tries}");
        assert!(sketch.bytes() < 64 * cap + 100);
    }

    #[test]
    fn a_value_is_known_for_its_generation_and_the_next() {
        let mut sketch = Sketch::new(64, -1);
        sketch.add(hash(1), -1);
        sketch.turn(0);
        sketch.add(hash(2), -1);
        sketch.add(hash(3), 0);
        assert!([1, 2, 3].iter().all(|value| sketch.has(hash(*value))));
        sketch.turn(1);
        assert_eq!([1, 2, 3].map(|value| sketch.has(hash(value))), [false, false, true]);
        sketch.turn(3);
        assert!(!sketch.has(hash(3)));
    }
}
