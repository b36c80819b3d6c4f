//! A few windows, sought at every place of a value, a register of bytes at a time.
//!
//! ```text
//! windows "lsa" "kat" "::p" ...   ─▶   eight buckets
//! byte 0: the buckets of its lower half  &  the buckets of its upper half     "l" = 6C  ─▶  low[0][C] & high[0][6]
//! a window of bucket 3 may begin where bit 3 is left after all its bytes
//! ```
//!
//! This is the search of Hyperscan called Teddy (Wang et al., "Hyperscan", NSDI 2019), but for two things. A window is filed
//! under the upper halves of both cases, so a value needs no folded copy and a letter costs no more than a sign. And of
//! most windows only lower halves are looked at: windows are ASCII, and the instruction that looks a lower half up takes the
//! byte as it is and gives nothing for one that is not. What is announced is only a beginning; `windows` looks the window up.

use super::COMMON;
use crate::lanes::{self, Lanes, Work};
use std::sync::LazyLock;

/// Bytes of a window at most.
pub(super) const LENGTH_MAX: usize = 8;
const BUCKETS: usize = 8;

/// Places that fit one mask.
const BLOCK: usize = 64;
/// Registers of the narrowest kind that make a block.
const ROWS_MAX: usize = 4;

/// By how much the upper halves of the two cases of a letter differ.
const CASE: u32 = 2;

/// A window, each byte as `window_of` has it; zeros behind it.
pub(super) type Gram = [u8; LENGTH_MAX];

/// How much of a window is looked at: the lower halves of `low` bytes, and of the first `high` of them the upper ones too.
///
/// A lower half is looked up by the byte itself, so it takes half of the instructions of an upper one. Several of them
/// say more than both halves of few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) low: usize,
    high: usize,
}

/// The shapes that there are, the cheapest first.
pub(super) const SHAPES: [Shape; 12] = [
    Shape { low: 1, high: 1 },
    Shape { low: 4, high: 0 },
    Shape { low: 3, high: 1 },
    Shape { low: 6, high: 0 },
    Shape { low: 4, high: 1 },
    Shape { low: 2, high: 2 },
    Shape { low: 3, high: 2 },
    Shape { low: 8, high: 0 },
    Shape { low: 6, high: 1 },
    Shape { low: 4, high: 2 },
    Shape { low: 3, high: 3 },
    Shape { low: 4, high: 4 },
];

/// For each byte of a window, the buckets to which its halves may belong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nibbles {
    shape: Shape,
    tables: Tables,
}

/// For each byte of a window the buckets of each half, of the lower halves first.
pub(super) type Tables = [[[u8; 16]; LENGTH_MAX]; 2];

impl Shape {
    /// What it costs to look at a byte, in instructions.
    pub(super) fn cost(self) -> f64 {
        (5 + 2 * self.low + 4 * self.high) as f64 / 32.0
    }

    /// The chance that a window is announced where nothing like it stands, guessed.
    pub(super) fn chance(self) -> f64 {
        8_f64.powi(-(self.low as i32)) * 2_f64.powi(-(self.high as i32))
    }

    pub(super) fn sizes(self) -> [usize; 2] {
        [self.low, self.high]
    }

    pub(super) fn of(low: usize, high: usize) -> Option<Self> {
        SHAPES.into_iter().find(|shape| *shape == Self { low, high })
    }
}

impl Nibbles {
    /// Builds the search for windows of one shape, all of them ASCII.
    pub(super) fn new(shape: Shape, windows: impl Iterator<Item = Gram>) -> Self {
        let mut buckets = [(Bucket::default(), 0.0); BUCKETS];
        for window in windows {
            let grown = buckets.map(|(bucket, rate)| {
                let grown = bucket.with(window, shape);
                let own = grown.rate(shape);
                (grown, own, own - rate)
            });
            let pairs = buckets.iter_mut().zip(grown);
            if let Some((best, (grown, rate, _))) = pairs.min_by(|(_, a), (_, b)| a.2.total_cmp(&b.2)) {
                *best = (grown, rate);
            }
        }
        let [mut low, mut high] = Tables::default();
        for (number, (bucket, _)) in buckets.iter().enumerate() {
            for at in 0..LENGTH_MAX {
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
        Self { shape, tables: [low, high] }
    }

    /// The search that has these tables; `None` where looking them up is so slow that every place had better be looked at.
    pub(super) fn of(shape: Shape, tables: &[Tables]) -> Option<Self> {
        tables.first().filter(|_| lanes::has_lookup()).map(|tables| Self { shape, tables: *tables })
    }

    pub(super) fn shape(&self) -> Shape {
        self.shape
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
    /// The share of bytes that have these halves, as far as they are looked at.
    shares: [f32; LENGTH_MAX],
}

impl Bucket {
    fn with(mut self, window: Gram, shape: Shape) -> Self {
        for (at, byte) in window.into_iter().enumerate().take(shape.low) {
            let (low, high) = (self.low[at] | 1 << (byte & 15), self.high[at] | 1 << (byte >> 4));
            if (low, high) != (self.low[at], self.high[at]) {
                (self.low[at], self.high[at]) = (low, high);
                self.shares[at] = share(low, if at < shape.high { high } else { ASCII });
            }
        }
        self
    }

    /// How likely it is to be announced at some place.
    fn rate(&self, shape: Shape) -> f32 {
        self.shares.iter().take(shape.low).product()
    }
}

/// The upper halves of ASCII.
const ASCII: u16 = 0xFF;

/// The share of bytes in what logs are full of that have one of some lower and one of some upper halves.
fn share(low: u16, high: u16) -> f32 {
    /// For each upper half and for all of ASCII, for each set of the first eight and of the last eight lower halves.
    type Shares = [[[f32; 256]; 2]; 17];
    static SHARES: LazyLock<Box<Shares>> = LazyLock::new(|| {
        let mut shares: Box<Shares> = Box::new([[[0.0; 256]; 2]; 17]);
        for byte in COMMON.bytes().map(|byte| byte | 0x20).chain(0..=u8::MAX) {
            let (part, bit) = (usize::from(byte >> 3 & 1), 1 << (byte & 7));
            for row in [usize::from(byte >> 4), 16].into_iter().take(1 + usize::from(byte.is_ascii())) {
                let sets = shares[row][part].iter_mut().enumerate().filter(|(set, _)| set & bit != 0);
                sets.for_each(|(_, share)| *share += 1.0 / (COMMON.len() + 256) as f32);
            }
        }
        shares
    });
    let [first, last] = low.to_le_bytes().map(usize::from);
    let [halves @ .., ascii] = &**SHARES;
    let share_of = |[firsts, lasts]: &[[f32; 256]; 2]| firsts[first] + lasts[last];
    if high == ASCII {
        return share_of(ascii);
    }
    halves.iter().enumerate().filter(|(half, _)| high >> half & 1 == 1).map(|(_, row)| share_of(row)).sum()
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
        match self.nibbles.shape.sizes() {
            [1, 1] => self.by::<L, 1, 1>(lanes),
            [2, 2] => self.by::<L, 2, 2>(lanes),
            [3, 1] => self.by::<L, 3, 1>(lanes),
            [3, 2] => self.by::<L, 3, 2>(lanes),
            [3, 3] => self.by::<L, 3, 3>(lanes),
            [4, 0] => self.by::<L, 4, 0>(lanes),
            [4, 1] => self.by::<L, 4, 1>(lanes),
            [4, 2] => self.by::<L, 4, 2>(lanes),
            [4, _] => self.by::<L, 4, 4>(lanes),
            [6, 0] => self.by::<L, 6, 0>(lanes),
            [6, _] => self.by::<L, 6, 1>(lanes),
            _ => self.by::<L, 8, 0>(lanes),
        }
    }
}

impl<F: FnMut(usize)> Search<'_, F> {
    #[inline(always)]
    fn by<L: Lanes, const LOW: usize, const HIGH: usize>(mut self, lanes: L) {
        let low: [_; LOW] = tables(lanes, &self.nibbles.tables[0]);
        let high: [_; HIGH] = tables(lanes, &self.nibbles.tables[1]);
        let value = self.value;
        let places = (value.len() + 1).saturating_sub(LOW);
        let Some(last) = places.checked_sub(BLOCK) else {
            let mut padded = [0; BLOCK + LENGTH_MAX];
            if let Some(copy) = padded.get_mut(..value.len()) {
                copy.copy_from_slice(value);
            }
            let found = mask(lanes, &rows(lanes, &low, &high, &padded, places));
            return self.announce(found & !(u64::MAX << places), 0);
        };
        let mut at = 0;
        while let Some(bytes) = value.get(at..at + BLOCK + LOW - 1) {
            let rows = rows(lanes, &low, &high, bytes, BLOCK);
            let [a, b, c, d] = rows;
            if lanes.has_any(lanes.or(lanes.or(a, b), lanes.or(c, d))) {
                rare();
                self.announce(mask(lanes, &rows), at);
            }
            at += BLOCK;
        }
        // The last block overlaps the one before it.
        if let Some(bytes) = value.get(last..)
            && at < places
        {
            self.announce(mask(lanes, &rows(lanes, &low, &high, bytes, BLOCK)) >> (at - last), at);
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

/// Says to the compiler that it seldom comes here, so that tables stay in registers elsewhere.
#[cold]
fn rare() {}

/// For each place of a block, or of the first of them, the buckets of which a window may begin there.
#[inline(always)]
fn rows<L: Lanes, const LOW: usize, const HIGH: usize>(
    lanes: L,
    low: &[L::Bytes; LOW],
    high: &[L::Bytes; HIGH],
    bytes: &[u8],
    places: usize,
) -> [L::Bytes; ROWS_MAX] {
    let mut rows = [lanes.splat(0); ROWS_MAX];
    for (row, at) in rows.iter_mut().zip((0..places).step_by(L::BYTES)) {
        let mut buckets = lanes.splat(u8::MAX);
        for (offset, table) in low.iter().enumerate() {
            buckets = lanes.and(buckets, lanes.look_up(*table, lanes.load(bytes, at + offset)));
        }
        for (offset, table) in high.iter().enumerate() {
            let upper = lanes.high(lanes.load(bytes, at + offset));
            buckets = lanes.and(buckets, lanes.look_up(*table, upper));
        }
        *row = buckets;
    }
    rows
}

/// The first of some tables, in registers.
#[inline(always)]
fn tables<L: Lanes, const COUNT: usize>(lanes: L, tables: &[[u8; 16]; LENGTH_MAX]) -> [L::Bytes; COUNT] {
    let mut registers = [lanes.splat(0); COUNT];
    for (register, table) in registers.iter_mut().zip(tables) {
        *register = lanes.repeat(table);
    }
    registers
}

/// One bit for each place of a block where a window may begin.
#[inline(always)]
fn mask<L: Lanes>(lanes: L, rows: &[L::Bytes; ROWS_MAX]) -> u64 {
    let mut found = 0;
    for (row, buckets) in rows.iter().enumerate().take(BLOCK / L::BYTES) {
        found |= lanes.non_zero(*buckets) << (row * L::BYTES);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Narrow;
    use crate::program::needles::gram_of;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn every_window_is_announced_in_registers_of_any_width(
            shape in prop::sample::select(&SHAPES[..]),
            windows in prop::collection::vec("[abn\\\\|0-9]{8}", 1..40),
            value in "[abnABN\\\\|é\n0-9]{0,200}",
        ) {
            let value = value.as_bytes();
            let windows: Vec<Gram> = windows.iter().filter_map(|text| text.as_bytes().get(..shape.low)).map(gram_of).collect();
            let nibbles = Nibbles::new(shape, windows.iter().copied());
            let (mut wide, mut narrow) = (Vec::new(), Vec::new());
            nibbles.search(value, |at| wide.push(at));
            Search { nibbles: &nibbles, value, alarm: |at| narrow.push(at) }.run(Narrow);
            prop_assert_eq!(&wide, &narrow);
            prop_assert!(wide.is_sorted_by(|a, b| a < b));
            let stands = |at: &usize| value.get(*at..*at + shape.low).is_some_and(|bytes| windows.contains(&gram_of(bytes)));
            prop_assert!((0..value.len()).filter(stands).all(|at| wide.contains(&at)));
        }
    }
}
