//! Random numbers, one independent stream per actor.
//!
//! ```text
//! seed 1 + "office" ──▶ 17, 3, 92, ...
//! seed 1 + "story"  ──▶ 40, 8, 51, ...     more work in the office does not move the intrusion
//! ```
//!
//! No cryptography, no global state, no clock.

/// A stream of random numbers.
#[derive(Debug)]
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

    /// One of the texts, each equally often; empty when there is none.
    pub(crate) fn pick<'v>(&mut self, texts: &[&'v str]) -> &'v str {
        if texts.is_empty() { "" } else { texts.get(self.0.usize(0..texts.len())).copied().unwrap_or_default() }
    }

    /// True `percent` times out of a hundred.
    pub(crate) fn often(&mut self, percent: u8) -> bool {
        self.0.u8(0..100) < percent
    }

    /// Sixty-four random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A pause around `mean`, from a third of it to two thirds more.
    pub(crate) fn pause(&mut self, mean: i64) -> i64 {
        self.between(mean / 3, mean * 5 / 3).max(1)
    }

    /// A port that a client takes.
    pub(crate) fn port(&mut self) -> i64 {
        self.between(49_152, 65_000)
    }

    /// A Zeek connection id.
    pub(crate) fn uid(&mut self) -> String {
        format!("C{:016x}", self.bits())
    }
}

/// A fixed hash of a text (FNV-1a), for everything that must be the same in every run.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
