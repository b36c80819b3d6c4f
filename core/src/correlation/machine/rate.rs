//! Events per timespan against what is usual: an average that forgets slowly.
//!
//! ```text
//! buckets of 1 h       │ 4 │ 4 │ 5 │ 13 │ 14 │ 0 │ 0 │ 3 │
//! usual before         │   │ 4 │ 4 │ 4.2│ ..               each bucket moves it a little
//! ratio                │   │ 1 │1.2│ 3.1│ 2.. │ 0 │        alert at the end of the fourth with `gte: 3`
//! ```
//!
//! Buckets lie at multiples of the timespan since 1970. Of empty ones in a row only the first is judged; the others are
//! made up for at once when something comes.

use super::extended::Told;
use super::held::Detail;
use super::tail::Tail;
use super::{Signal, new_value::generation};
use crate::correlation::alert::FindingKind;
use crate::correlation::correlator::{Correlator, Mode};
use crate::number::Number;
use serde::{Deserialize, Serialize};

/// Baselines without an event after which nothing is remembered.
const IDLE_BASELINES: u64 = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rate {
    /// The begin of the first bucket.
    began: i64,
    /// The number of the present bucket; all before it are in `usual`.
    bucket: i64,
    /// What the present bucket holds.
    tail: Option<Tail>,
    /// Whether the present bucket is to be judged, should it stay empty.
    is_awaited: bool,
    /// Whether the condition held of the last bucket that was judged.
    held: bool,
    /// Events in all buckets before.
    seen: u64,
    /// Events per bucket on average, once there was one.
    usual: Option<f64>,
}

impl Rate {
    pub(super) fn new(time: i64, span: u64) -> Self {
        let bucket = generation(time, span);
        let began = begin(bucket, span);
        Self { began, bucket, tail: None, is_awaited: false, held: false, seen: 0, usual: None }
    }

    /// When the present bucket is judged.
    pub(super) fn deadline(&self, span: u64) -> Option<i64> {
        (self.is_awaited || self.tail.is_some()).then(|| begin(self.bucket.saturating_add(1), span))
    }

    pub(super) fn bytes(&self) -> usize {
        self.tail.as_ref().map_or(0, Tail::bytes)
    }

    /// Whether it can be, where the last event was at `last`.
    pub(super) fn is_sound(&self, last: i64, span: u64) -> bool {
        let bucket = generation(last, span);
        let is_near = (bucket..=bucket.saturating_add(2)).contains(&self.bucket);
        let usual = self.usual.is_none_or(|usual| usual.is_finite() && usual >= 0.0);
        is_near && usual && self.began <= last && self.tail.as_ref().is_none_or(|tail| tail.is_sound(last))
    }
}

/// When a bucket begins; at the ends of all time as near as can be.
fn begin(bucket: i64, span: u64) -> i64 {
    bucket.saturating_mul(i64::try_from(span).unwrap_or(i64::MAX))
}

impl Correlator {
    /// Takes in all events of one time; buckets that are over by then were judged.
    pub(super) fn count_rate(&self, rate: &mut Rate, time: i64, batch: &[Signal]) {
        let bucket = generation(time, self.span);
        if bucket > rate.bucket {
            let empty = bucket.saturating_sub(rate.bucket) as f64;
            rate.usual = rate.usual.map(|usual| usual * (-empty * self.weight()).exp());
            rate.bucket = bucket;
        }
        let tail = rate.tail.get_or_insert_with(|| Tail::new(time));
        batch.iter().for_each(|signal| tail.add(time, signal.event));
    }

    /// Judges the present bucket if it is over at the watermark, and then perhaps an empty one behind it.
    pub(super) fn close_buckets(&self, rate: &mut Rate, watermark: i64, told: &mut Vec<Told>) {
        while rate.deadline(self.span).is_some_and(|close| close <= watermark) {
            let (open, close) = (begin(rate.bucket, self.span), begin(rate.bucket.saturating_add(1), self.span));
            let tail = rate.tail.take();
            let count = tail.as_ref().map_or(0, |tail| tail.count);
            let is_mature =
                rate.seen >= self.learning.maturity && !super::is_within(rate.began, self.learning.span_ns, open);
            let ratio = rate.usual.filter(|usual| is_mature && *usual > 0.0).map(|usual| count as f64 / usual);
            let ratio = ratio.and_then(Number::from_f64).filter(|ratio| self.holds(*ratio));
            let kind = match self.mode {
                Mode::Update if rate.held => Some(FindingKind::Update),
                Mode::Suppress if rate.held => None,
                _ => Some(FindingKind::Alert),
            };
            rate.held = ratio.is_some();
            rate.is_awaited = tail.is_some();
            if let (Some(value), Some(kind)) = (ratio, kind) {
                let last = tail.as_ref().map_or(close, |tail| tail.last);
                let empty = || Detail { first: open, count: 0, events: Vec::new() };
                let detail = tail.map_or_else(empty, Tail::into_detail);
                told.push(Told { kind, time: close, last, value, detail });
            }
            let count_now = count as f64;
            let learnt = |usual: f64| usual + (count_now - usual) * -(-self.weight()).exp_m1();
            rate.usual = Some(rate.usual.map_or(count_now, learnt));
            rate.seen = rate.seen.saturating_add(count);
            rate.bucket = rate.bucket.saturating_add(1);
        }
    }

    /// When a group whose last event was at `last` is as good as new.
    pub(super) fn rate_idle_at(&self, last: i64) -> i64 {
        let end = begin(generation(last, self.span).saturating_add(1), self.span);
        end.saturating_add_unsigned(self.learning.baseline_ns.saturating_mul(IDLE_BASELINES))
    }

    /// How many baselines a bucket is.
    fn weight(&self) -> f64 {
        self.span as f64 / self.learning.baseline_ns.max(1) as f64
    }
}
