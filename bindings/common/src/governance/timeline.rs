//! Events and findings over time, in equal buckets whose width grows with the period.
//!
//! ```text
//! 08:00:01 it, 08:00:02 ot high, ...  ─▶  1 s buckets ─▶ 5 s ─▶ 15 s ─▶ ...   until they are few enough
//! ```
//!
//! Nothing has to be known of the period beforehand. Only buckets in which something happened are kept while events come, so one clock that is
//! wrong costs one bucket.

use super::document::{Bucket, LeftOut};
use crate::time::rfc3339;
use std::collections::BTreeMap;
use tieline::Level;

/// Buckets that a document has at most.
const BUCKETS_MAX: i64 = 400;
/// Buckets that are kept while events come.
const KEPT_MAX: usize = 4_096;
/// Of so many events one may be left out at the ends, when it lies far from all others.
const STRAY_OF: u64 = 500;
/// Seconds; each is a part of the next.
const WIDTHS: [i64; 13] = [1, 5, 15, 30, 60, 120, 600, 1_200, 3_600, 7_200, 21_600, 43_200, 86_400];
/// All levels, in their order.
const LEVELS: [Level; 5] = [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];
const SECOND: i64 = 1_000_000_000;

/// Which domain an event is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Offices and servers.
    It,
    /// The plant: an OT operation, or an end on Purdue level 3 or below.
    Ot,
}

impl Domain {
    /// Whether it is the plant.
    #[must_use]
    pub fn is_ot(self) -> bool {
        self == Self::Ot
    }
}

/// What happened in a span of time.
#[derive(Debug, Clone, Default)]
struct Counts {
    it: u64,
    ot: u64,
    levels: [u64; 5],
}

impl Counts {
    fn events(&self) -> u64 {
        self.it + self.ot
    }

    fn join(&mut self, other: &Self) {
        self.it += other.it;
        self.ot += other.ot;
        for (own, other) in self.levels.iter_mut().zip(other.levels) {
            *own += other;
        }
    }
}

/// Counts by time.
#[derive(Debug)]
pub(super) struct Timeline {
    width: i64,
    buckets: BTreeMap<i64, Counts>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: SECOND, buckets: BTreeMap::new() }
    }
}

impl Timeline {
    pub(super) fn event(&mut self, time: i64, domain: Domain) {
        let counts = self.at(time);
        match domain {
            Domain::It => counts.it += 1,
            Domain::Ot => counts.ot += 1,
        }
        self.shrink();
    }

    pub(super) fn finding(&mut self, time: i64, level: Level) {
        if let Some(count) = self.at(time).levels.get_mut(level as usize) {
            *count += 1;
        }
        self.shrink();
    }

    fn at(&mut self, time: i64) -> &mut Counts {
        self.buckets.entry(time.div_euclid(self.width)).or_default()
    }

    fn shrink(&mut self) {
        while self.buckets.len() > KEPT_MAX {
            self.widen();
        }
    }

    fn widen(&mut self) {
        let seconds = self.width / SECOND;
        let next = WIDTHS.iter().find(|width| **width > seconds).copied().unwrap_or(seconds.saturating_mul(2));
        let times = next / seconds.max(1);
        self.width = next.saturating_mul(SECOND);
        let mut wider: BTreeMap<i64, Counts> = BTreeMap::new();
        for (at, counts) in &self.buckets {
            wider.entry(at.div_euclid(times.max(1))).or_default().join(counts);
        }
        self.buckets = wider;
    }

    /// The buckets from the first to the last, also those in which nothing happened.
    pub(super) fn finish(mut self, left_out: &mut Vec<LeftOut>) -> Vec<Bucket> {
        self.drop_strays(left_out);
        let span = |own: &Self| {
            let (first, last) = (own.buckets.first_key_value()?.0, own.buckets.last_key_value()?.0);
            Some((*first, *last))
        };
        while span(&self).is_some_and(|(first, last)| last.saturating_sub(first) >= BUCKETS_MAX) {
            self.widen();
        }
        let Some((first, last)) = span(&self) else { return Vec::new() };
        (first..=last)
            .map(|at| {
                let counts = self.buckets.get(&at).cloned().unwrap_or_default();
                let findings = LEVELS.iter().zip(counts.levels).map(|(level, count)| (level.as_str(), count));
                Bucket {
                    start: rfc3339(at.saturating_mul(self.width)),
                    it: counts.it,
                    ot: counts.ot,
                    findings: findings.collect(),
                }
            })
            .collect()
    }

    /// Leaves out what few events say far from all others: their clocks are wrong.
    fn drop_strays(&mut self, left_out: &mut Vec<LeftOut>) {
        let all: u64 = self.buckets.values().map(Counts::events).sum();
        let mut dropped = 0;
        while let Some(at) = self.stray(all / STRAY_OF, dropped) {
            dropped += self.buckets.remove(&at).map_or(0, |counts| counts.events());
        }
        if dropped > 0 {
            let what = "events of the timeline whose time lies far from all others".to_owned();
            left_out.push(LeftOut { what, count: dropped });
        }
    }

    fn stray(&self, most: u64, dropped: u64) -> Option<i64> {
        let (first, last) = (*self.buckets.first_key_value()?.0, *self.buckets.last_key_value()?.0);
        let (second, before) = (*self.buckets.keys().nth(1)?, *self.buckets.keys().nth_back(1)?);
        let is_few = |at: &i64| self.buckets.get(at).is_some_and(|counts| counts.events() + dropped <= most);
        let rest = |from: i64, to: i64| to.saturating_sub(from).max(86_400 * SECOND / self.width.max(1));
        if is_few(&first) && second.saturating_sub(first) > rest(second, last).saturating_mul(4) {
            return Some(first);
        }
        (is_few(&last) && last.saturating_sub(before) > rest(first, before).saturating_mul(4)).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_680_000 * SECOND;

    #[test]
    fn buckets_are_equal_few_and_complete() {
        let mut line = Timeline::default();
        for minute in 0..(3 * 24 * 60) {
            line.event(START + minute * 60 * SECOND, if minute % 2 == 0 { Domain::It } else { Domain::Ot });
        }
        line.finding(START, Level::High);
        let mut left = Vec::new();
        let buckets = line.finish(&mut left);
        assert!(buckets.len() <= 400 && buckets.len() > 200, "{}", buckets.len());
        assert_eq!(buckets.iter().map(|own| own.it + own.ot).sum::<u64>(), 3 * 24 * 60);
        assert_eq!(buckets[0].findings["high"], 1);
        assert!(left.is_empty());
    }

    #[test]
    fn a_wrong_clock_does_not_flatten_all_else() {
        let mut line = Timeline::default();
        line.event(0, Domain::It);
        for second in 0..3_600 {
            line.event(START + second * SECOND, Domain::It);
        }
        let mut left = Vec::new();
        let buckets = line.finish(&mut left);
        assert_eq!(left[0].count, 1);
        assert_eq!(buckets.len(), 240);
        assert!(Timeline::default().finish(&mut Vec::new()).is_empty());
    }
}
