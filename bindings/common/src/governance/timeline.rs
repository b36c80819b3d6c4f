//! Events and findings over time, in equal buckets whose width grows with the period.
//!
//! ```text
//! 08:00:01 it, 08:00:02 ot high, ...  ─▶  1 s buckets ─▶ 5 s ─▶ 15 s ─▶ ...   until they are few enough
//! ```
//!
//! Nothing has to be known of the period beforehand. Only buckets in which something happened are kept while events come, so one clock that is
//! wrong costs one bucket.

use super::document::{Bucket, InBucket, LeftOut};
use crate::time::rfc3339;
use std::collections::{BTreeMap, HashMap};
use tieline::Level;

/// Buckets that a document has at most.
const BUCKETS_MAX: i64 = 400;
/// Buckets that are kept while events come.
const KEPT_MAX: usize = 4_096;
/// Counts of rules that are kept while events come, as long as there are more buckets than a document has.
const OF_RULES_MAX: usize = 1 << 18;
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
    /// Findings by the number of their rule.
    rules: BTreeMap<u32, u64>,
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
        for (rule, count) in &other.rules {
            *self.rules.entry(*rule).or_default() += count;
        }
    }
}

/// In which buckets each rule was found and how often, by its number.
pub(super) type ByRule = HashMap<u32, Vec<InBucket>>;

/// Counts by time.
#[derive(Debug)]
pub(super) struct Timeline {
    width: i64,
    buckets: BTreeMap<i64, Counts>,
    /// Counts of rules in all buckets.
    of_rules: usize,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: SECOND, buckets: BTreeMap::new(), of_rules: 0 }
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

    /// A rule was found to hold; `rule` is its number.
    pub(super) fn finding(&mut self, time: i64, level: Level, rule: u32) {
        let counts = self.at(time);
        if let Some(count) = counts.levels.get_mut(level as usize) {
            *count += 1;
        }
        let of_rule = counts.rules.entry(rule).or_default();
        *of_rule += 1;
        self.of_rules += usize::from(*of_rule == 1);
        self.shrink();
    }

    fn at(&mut self, time: i64) -> &mut Counts {
        self.buckets.entry(time.div_euclid(self.width)).or_default()
    }

    fn shrink(&mut self) {
        let are_many = |own: &Self| own.buckets.len() as i64 > BUCKETS_MAX;
        while self.buckets.len() > KEPT_MAX || self.of_rules > OF_RULES_MAX && are_many(self) {
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
        self.of_rules = wider.values().map(|counts| counts.rules.len()).sum();
        self.buckets = wider;
    }

    /// The buckets from the first to the last, also those in which nothing happened, and in which of them each rule was found.
    pub(super) fn finish(mut self, left_out: &mut Vec<LeftOut>) -> (Vec<Bucket>, ByRule) {
        self.drop_strays(left_out);
        let span = |own: &Self| {
            let (first, last) = (own.buckets.first_key_value()?.0, own.buckets.last_key_value()?.0);
            Some((*first, *last))
        };
        while span(&self).is_some_and(|(first, last)| last.saturating_sub(first) >= BUCKETS_MAX) {
            self.widen();
        }
        let Some((first, last)) = span(&self) else { return Default::default() };
        let mut by_rule = ByRule::default();
        let bucket = |at: i64| {
            let counts = self.buckets.remove(&at).unwrap_or_default();
            for (rule, count) in counts.rules {
                by_rule.entry(rule).or_default().push(InBucket((at - first) as u64, count));
            }
            let findings = LEVELS.iter().zip(counts.levels).map(|(level, count)| (level.as_str(), count));
            let start = rfc3339(at.saturating_mul(self.width));
            Bucket { start, it: counts.it, ot: counts.ot, findings: findings.collect() }
        };
        let buckets = (first..=last).map(bucket).collect();
        (buckets, by_rule)
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
        line.finding(START, Level::High, 7);
        line.finding(START + 86_400 * SECOND, Level::Low, 7);
        line.finding(START + 86_401 * SECOND, Level::Low, 7);
        let mut left = Vec::new();
        let (buckets, by_rule) = line.finish(&mut left);
        assert!(buckets.len() <= 400 && buckets.len() > 200, "{}", buckets.len());
        assert_eq!(buckets.iter().map(|own| own.it + own.ot).sum::<u64>(), 3 * 24 * 60);
        assert_eq!(buckets[0].findings["high"], 1);
        let third = buckets.len() as u64 / 3;
        assert_eq!(by_rule, ByRule::from([(7, vec![InBucket(0, 1), InBucket(third, 2)])]));
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
        let (buckets, _) = line.finish(&mut left);
        assert_eq!(left[0].count, 1);
        assert_eq!(buckets.len(), 240);
        assert!(Timeline::default().finish(&mut Vec::new()).0.is_empty());
    }

    #[test]
    fn many_rules_at_many_times_take_bounded_memory() {
        let mut line = Timeline::default();
        for at in 0..(2 * OF_RULES_MAX as i64) {
            line.finding(START + at % 4_000 * SECOND, Level::Low, (at / 4_000) as u32);
        }
        assert!(line.of_rules <= OF_RULES_MAX, "{}", line.of_rules);
        let (buckets, by_rule) = line.finish(&mut Vec::new());
        let of_rules: u64 = by_rule.values().flatten().map(|InBucket(_, count)| count).sum();
        let of_levels: u64 = buckets.iter().map(|own| own.findings["low"]).sum();
        assert_eq!((of_rules, of_levels), (2 * OF_RULES_MAX as u64, 2 * OF_RULES_MAX as u64));
    }
}
