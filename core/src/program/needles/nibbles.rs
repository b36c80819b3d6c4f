//! A few windows, sought at every place of a value, a register of bytes at a time.
//!
//! ```text
//! windows "lsa" "kat" "::p" ...   ─▶   eight buckets
//! byte 0: the buckets of its lower half  &  the buckets of its upper half     "l" = 6C  ─▶  low[0][C] & high[0][6]
//! a window of bucket 3 may begin where bit 3 is left after all its bytes
//! ```
//!
//! This is the search of Hyperscan called Teddy (Wang et al., "Hyperscan", NSDI 2019), but for case: a window is filed under
//! the upper halves of both cases, so a value needs no folded copy and a letter costs no more than a sign. What it
//! announces is only a beginning; `windows` looks the window up.

use super::COMMON;
use crate::lanes::{self, Lanes, Work};
use std::array;
use std::sync::LazyLock;

/// Bytes of a window at most.
const LENGTH_MAX: usize = 4;
const BUCKETS: usize = 8;

/// Places that fit one mask.
const BLOCK: usize = 64;

/// By how much the upper halves of the two cases of a letter differ.
const CASE: u32 = 2;

/// For each byte of a window, the buckets to which its halves may belong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nibbles {
    length: usize,
    tables: Tables,
}

/// For each byte of a window the buckets of each half, of the lower halves first.
pub(super) type Tables = [[[u8; 16]; LENGTH_MAX]; 2];

impl Nibbles {
    /// Builds the search for windows of one length, given as `window_of` gives them.
    pub(super) fn new(length: usize, windows: impl Iterator<Item = u32>) -> Self {
        let mut buckets = [Bucket::default(); BUCKETS];
        for window in windows {
            let added = |bucket: &Bucket| bucket.with(window, length);
            let growth = |bucket: &&mut Bucket| added(bucket).rate(length) - bucket.rate(length);
            if let Some(best) = buckets.iter_mut().min_by(|a, b| growth(a).total_cmp(&growth(b))) {
                *best = added(best);
            }
        }
        let [mut low, mut high] = Tables::default();
        for (number, bucket) in buckets.iter().enumerate() {
            for at in 0..length.min(LENGTH_MAX) {
                let fill = |row: &mut [u8; 16], halves: u16| {
                    let has = |half: usize| halves >> half & 1 == 1;
                    row.iter_mut()
                        .enumerate()
                        .filter(|(half, _)| has(*half))
                        .for_each(|(_, buckets)| *buckets |= 1 << number);
                };
                fill(&mut low[at], bucket.low[at]);
                // Windows hold the lower case.
                fill(&mut high[at], bucket.high[at] | bucket.high[at] >> CASE);
            }
        }
        Self { length, tables: [low, high] }
    }

    /// The search that has these tables; `None` where looking them up is so slow that every place had better be looked at.
    pub(super) fn of(length: usize, tables: &[Tables]) -> Option<Self> {
        tables.first().filter(|_| lanes::has_lookup()).map(|tables| Self { length, tables: *tables })
    }

    pub(super) fn tables(&self) -> &[Tables] {
        std::slice::from_ref(&self.tables)
    }

    /// The share of places in what logs are full of that are announced.
    pub(super) fn rate(&self) -> f64 {
        let mut count = 0;
        self.search(COMMON.as_bytes(), |_| count += 1);
        f64::from(count) / COMMON.len() as f64
    }

    /// Calls `alarm` with every place where a window may begin.
    #[inline(always)]
    pub(super) fn search(&self, value: &[u8], alarm: impl FnMut(usize)) {
        lanes::run(Search { nibbles: self, value, alarm });
    }
}

/// Windows that are announced alike.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// For each byte of a window one bit for each half that it may have.
    low: [u16; LENGTH_MAX],
    high: [u16; LENGTH_MAX],
}

impl Bucket {
    fn with(mut self, window: u32, length: usize) -> Self {
        let halves = self.low.iter_mut().zip(&mut self.high);
        for ((low, high), byte) in halves.zip(window.to_le_bytes()).take(length) {
            *low |= 1 << (byte & 15);
            *high |= 1 << (byte >> 4);
        }
        self
    }

    /// How likely it is to be announced at some place.
    fn rate(&self, length: usize) -> f32 {
        self.low.iter().zip(&self.high).take(length).map(|(low, high)| share(*low, *high)).product()
    }
}

/// The share of bytes in what logs are full of that have one of some lower and one of some upper halves.
fn share(low: u16, high: u16) -> f32 {
    static SHARES: LazyLock<[[f32; 16]; 16]> = LazyLock::new(|| {
        let mut shares = [[0.0; 16]; 16];
        for byte in COMMON.bytes().map(|byte| byte | 0x20).chain(0..=u8::MAX) {
            shares[usize::from(byte >> 4)][usize::from(byte & 15)] += 1.0 / (COMMON.len() + 256) as f32;
        }
        shares
    });
    let has = |halves: u16, half: usize| halves >> half & 1 == 1;
    let rows = SHARES.iter().enumerate().filter(|(half, _)| has(high, *half));
    rows.flat_map(|(_, row)| row.iter().enumerate()).filter(|(half, _)| has(low, *half)).map(|(_, share)| share).sum()
}

struct Search<'s, F> {
    nibbles: &'s Nibbles,
    value: &'s [u8],
    alarm: F,
}

impl<F: FnMut(usize)> Work for Search<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        match self.nibbles.length {
            1 => self.by::<L, 1>(lanes),
            2 => self.by::<L, 2>(lanes),
            3 => self.by::<L, 3>(lanes),
            _ => self.by::<L, LENGTH_MAX>(lanes),
        }
    }
}

impl<F: FnMut(usize)> Search<'_, F> {
    #[inline(always)]
    fn by<L: Lanes, const LENGTH: usize>(mut self, lanes: L) {
        let [low, high] = &self.nibbles.tables;
        let tables: [_; LENGTH] = array::from_fn(|at| (lanes.repeat(&low[at]), lanes.repeat(&high[at])));
        let places = (self.value.len() + 1).saturating_sub(LENGTH);
        let Some(last) = places.checked_sub(BLOCK) else {
            let mut padded = [0; BLOCK + LENGTH_MAX];
            if let Some(copy) = padded.get_mut(..self.value.len()) {
                copy.copy_from_slice(self.value);
            }
            let found = block(lanes, &tables, &padded, places);
            return self.announce(found & !(u64::MAX << places), 0);
        };
        for at in (0..places).step_by(BLOCK) {
            // The last block overlaps the one before it.
            let start = at.min(last);
            let Some(bytes) = self.value.get(start..start + BLOCK + LENGTH - 1) else { return };
            self.announce(block(lanes, &tables, bytes, BLOCK) >> (at - start), at);
        }
    }

    #[inline(always)]
    fn announce(&mut self, mut found: u64, at: usize) {
        while found != 0 {
            (self.alarm)(at + found.trailing_zeros() as usize);
            found &= found - 1;
        }
    }
}

/// The places of a block, or the first of them, where a window may begin.
#[inline(always)]
fn block<L: Lanes, const LENGTH: usize>(
    lanes: L,
    tables: &[(L::Bytes, L::Bytes); LENGTH],
    bytes: &[u8],
    places: usize,
) -> u64 {
    let mut found = 0;
    for at in (0..places).step_by(L::BYTES) {
        let mut buckets = lanes.splat(u8::MAX);
        for (offset, (low, high)) in tables.iter().enumerate() {
            let bytes = lanes.load(bytes, at + offset);
            let low = lanes.look_up(*low, lanes.and(bytes, lanes.splat(15)));
            buckets = lanes.and(buckets, lanes.and(low, lanes.look_up(*high, lanes.high(bytes))));
        }
        found |= lanes.non_zero(buckets) << at;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Narrow;
    use crate::program::needles::window_of;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn every_window_is_announced_in_registers_of_any_width(
            length in 1..=LENGTH_MAX,
            windows in prop::collection::vec("[abn\\\\|é0-9]{4}", 1..40),
            value in "[abnABN\\\\|é\n0-9]{0,200}",
        ) {
            let value = value.as_bytes();
            let windows: Vec<u32> = windows.iter().filter_map(|text| text.as_bytes().get(..length)).map(window_of).collect();
            let nibbles = Nibbles::new(length, windows.iter().copied());
            let (mut wide, mut narrow) = (Vec::new(), Vec::new());
            nibbles.search(value, |at| wide.push(at));
            Search { nibbles: &nibbles, value, alarm: |at| narrow.push(at) }.run(Narrow);
            prop_assert_eq!(&wide, &narrow);
            prop_assert!(wide.is_sorted_by(|a, b| a < b));
            let stands = |at: &usize| value.get(*at..*at + length).is_some_and(|bytes| windows.contains(&window_of(bytes)));
            prop_assert!((0..value.len()).filter(stands).all(|at| wide.contains(&at)));
        }
    }
}
