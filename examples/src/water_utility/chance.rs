//! Random numbers, one independent stream per actor.
//!
//! ```text
//! seed 1 + "office"    ──▶ 17, 3, 92, ...
//! seed 1 + "intrusion" ──▶ 40, 8, 51, ...     more work in the office does not move the intrusion
//! ```
//!
//! No cryptography, no global state, no clock.

/// A stream of random numbers.
pub(crate) struct Chance(fastrand::Rng);

impl Chance {
    /// The stream that belongs to this seed and this actor.
    pub(crate) fn new(seed: u64, actor: &str) -> Self {
        Chance(fastrand::Rng::with_seed(seed ^ hash(actor)))
    }

    /// A number from `low` up to and including `high`; `low` when they are the wrong way round.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        if low < high { self.0.i64(low..=high) } else { low }
    }

    /// One of the values, each equally often. `otherwise` is taken when there is none.
    pub(crate) fn pick<'v, T>(&mut self, values: &'v [T], otherwise: &'v T) -> &'v T {
        if values.is_empty() { otherwise } else { values.get(self.0.usize(0..values.len())).unwrap_or(otherwise) }
    }

    /// True `percent` times out of a hundred.
    pub(crate) fn often(&mut self, percent: u8) -> bool {
        self.0.u8(0..100) < percent
    }

    /// Sixty-four random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A pause around `mean`: mostly shorter, now and then three times as long, never zero.
    pub(crate) fn pause(&mut self, mean: i64) -> i64 {
        let (low, high) = if self.often(15) { (mean, mean * 3) } else { (mean / 5, mean * 6 / 5) };
        self.between(low, high).max(1)
    }
}

/// A fixed hash of a text (FNV-1a), for everything that must be the same in every run.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
