//! How far the clocks of sources are apart, by what two of them tell of the same thing.
//!
//! ```text
//! zeek: jump-1 ─3389─▶ ews-1  08:10:00   windows: rdp jump-1 ─▶ ews-1  08:17:03   ─▶   423 s; once more 421 s; 425 s  ─▶  423 s apart
//! ```
//!
//! What counts is when hosts begin to deal with each other over a port, and not that they go on. Each beginning is compared with the latest
//! beginnings of the same that others told; of all differences between two sources the densest minute counts, when it stands out. Nothing is corrected
//! here: offsets are given by whoever reads the estimate.

use super::COUNT_MAX;
use super::hosts::HostId;
use crate::config::{INCIDENT_CLOCK_KEYS_MAX, INCIDENT_CLOCKS_MAX, INCIDENT_OFFSET_S_MAX};
use crate::seal::{Damage, read, read_all, write, write_all};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// What a source tells of the same within this time is one beginning, in nanoseconds.
const NEAR: i64 = 300_000_000_000;
/// Beginnings that are kept of one source and key.
const BEGINNINGS: usize = 8;
/// Differences that are kept of two sources.
const SAMPLES: usize = 2_048;
/// Differences this close to each other are one, in nanoseconds.
const WIDTH: i64 = 60_000_000_000;
/// From so many pairs on a difference is told.
const PAIRS_MIN: usize = 4;
const SECOND: i64 = 1_000_000_000;

/// How far the clock of a source is off, by what another source tells of the same.
///
/// ```
/// use tieline::incidents::Skew;
/// let skew = Skew { source: "ot".to_owned(), against: "it".to_owned(), offset_s: 420.0, pairs: 12, spread_s: 1.5 };
/// assert!(skew.offset_s > 60.0, "the clock of `ot` is seven minutes slow");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Skew {
    /// The source.
    pub source: String,
    /// The source that it is compared with: the one that most others are.
    pub against: String,
    /// Seconds that are to be added to its times: the median of the differences.
    pub offset_s: f64,
    /// Things of which both told.
    pub pairs: usize,
    /// Half of the differences are no farther than this from the median, in seconds.
    pub spread_s: f64,
}

/// When a source told of beginnings of something.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Told {
    clock: u16,
    last: i64,
    begun: Vec<i64>,
}

/// Differences between two sources, of all that were seen an even choice.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Sample {
    seen: u64,
    kept: Vec<i64>,
}

/// The clocks of sources.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    names: Vec<String>,
    by_name: HashMap<String, u16>,
    /// What was told, in two generations, so that the oldest is forgotten without looking for it.
    young: HashMap<u64, Vec<Told>>,
    old: HashMap<u64, Vec<Told>>,
    samples: BTreeMap<(u16, u16), Sample>,
}

impl Clocks {
    /// The number of a source; none when there are too many.
    pub(crate) fn of(&mut self, name: &str) -> Option<u16> {
        if let Some(known) = self.by_name.get(name) {
            return Some(*known);
        }
        let number =
            u16::try_from(self.names.len()).ok().filter(|number| usize::from(*number) < INCIDENT_CLOCKS_MAX)?;
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), number);
        Some(number)
    }

    /// A source tells that one host deals with another over a port.
    pub(crate) fn tell(&mut self, clock: u16, (from, to): (HostId, HostId), port: u16, time: i64) {
        let key = xxh3_64([from.0, to.0, u32::from(port)].map(u32::to_le_bytes).as_flattened());
        if self.young.len() >= INCIDENT_CLOCK_KEYS_MAX / 2 && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        let older = self.old.remove(&key);
        let told = self.young.entry(key).or_insert_with(|| older.unwrap_or_default());
        let own = told.iter_mut().find(|own| own.clock == clock);
        if let Some(own) = own {
            let is_new = time.saturating_sub(own.last).saturating_abs() > NEAR;
            own.last = own.last.max(time);
            if !is_new || own.begun.iter().any(|begun| time.saturating_sub(*begun).saturating_abs() <= NEAR) {
                return;
            }
            if own.begun.len() >= BEGINNINGS {
                own.begun.remove(0);
            }
            own.begun.push(time);
        } else if told.len() < INCIDENT_CLOCKS_MAX {
            told.push(Told { clock, last: time, begun: vec![time] });
        }
        for other in told.iter().filter(|other| other.clock != clock) {
            for begun in &other.begun {
                let apart = time.saturating_sub(*begun);
                let (pair, apart) = if clock < other.clock {
                    ((clock, other.clock), apart)
                } else {
                    ((other.clock, clock), apart.saturating_neg())
                };
                if apart.unsigned_abs() <= (INCIDENT_OFFSET_S_MAX * SECOND).unsigned_abs() {
                    self.samples.entry(pair).or_default().add(apart);
                }
            }
        }
    }

    /// The sources whose clocks can be compared with others, each with how far it is off. The one that most are compared with is right.
    pub(crate) fn skews(&self) -> Vec<Skew> {
        let pairs = self.samples.iter().filter_map(|(pair, sample)| Some((*pair, sample.middle()?)));
        let mut edges: Vec<((u16, u16), Middle)> = pairs.collect();
        edges.sort_by_key(|(pair, middle)| (std::cmp::Reverse(middle.pairs), *pair));
        let mut weight: BTreeMap<u16, usize> = BTreeMap::new();
        for ((one, other), middle) in &edges {
            *weight.entry(*one).or_default() += middle.pairs;
            *weight.entry(*other).or_default() += middle.pairs;
        }
        // What a source adds to its times; whoever is known first is right.
        let mut known: BTreeMap<u16, i64> = BTreeMap::new();
        let mut skews = Vec::new();
        loop {
            let next = edges.iter().find(|((one, other), _)| known.contains_key(one) != known.contains_key(other));
            let Some(((one, other), middle)) = next else {
                let best = weight.iter().filter(|(clock, _)| !known.contains_key(clock));
                let Some((first, _)) = best.max_by_key(|(clock, weight)| (**weight, std::cmp::Reverse(**clock))) else {
                    break;
                };
                known.insert(*first, 0);
                continue;
            };
            // The difference is that of the first to the second.
            let (own, against, offset) = match (known.get(one), known.get(other)) {
                (Some(right), _) => (*other, *one, right.saturating_add(middle.apart)),
                (None, right) => (*one, *other, right.copied().unwrap_or(0).saturating_sub(middle.apart)),
            };
            known.insert(own, offset);
            let name = |clock: u16| self.names.get(usize::from(clock)).cloned().unwrap_or_default();
            skews.push(Skew {
                source: name(own),
                against: name(against),
                offset_s: seconds(offset),
                pairs: middle.pairs,
                spread_s: seconds(middle.spread),
            });
        }
        skews.sort_by(|one, other| one.source.cmp(&other.source));
        skews
    }

    /// Writes all behind what is there.
    pub(crate) fn save(&self, bytes: &mut Vec<u8>) {
        write(bytes, &self.names);
        for told in [&self.young, &self.old] {
            let mut all: Vec<_> = told.iter().collect();
            all.sort_unstable_by_key(|(key, _)| **key);
            write_all(bytes, all.into_iter());
        }
        write_all(bytes, self.samples.iter());
    }

    /// Reads what was written.
    pub(crate) fn load(bytes: &mut &[u8]) -> Result<Self, Damage> {
        let names: Vec<String> = read(bytes)?;
        if names.len() > INCIDENT_CLOCKS_MAX {
            return Err(Damage::Broken);
        }
        let by_name = names.iter().cloned().zip(0..).collect();
        let mut told = || read_all::<(u64, Vec<Told>)>(bytes, INCIDENT_CLOCK_KEYS_MAX);
        let (young, old) = (told()?.into_iter().collect(), told()?.into_iter().collect());
        let pairs = INCIDENT_CLOCKS_MAX * INCIDENT_CLOCKS_MAX;
        let samples: BTreeMap<_, Sample> = read_all(bytes, pairs)?.into_iter().collect();
        if samples.values().any(|sample| sample.kept.len() > SAMPLES || sample.seen >= COUNT_MAX) {
            return Err(Damage::Broken);
        }
        Ok(Self { names, by_name, young, old, samples })
    }
}

/// The densest of the differences between two sources.
struct Middle {
    apart: i64,
    pairs: usize,
    spread: i64,
}

impl Sample {
    fn add(&mut self, apart: i64) {
        self.seen += 1;
        if self.kept.len() < SAMPLES {
            return self.kept.push(apart);
        }
        // As likely for each that was seen, and the same in every run.
        let at = self.seen.wrapping_mul(0x9e37_79b9_7f4a_7c15) % self.seen;
        if let Some(place) = usize::try_from(at).ok().and_then(|at| self.kept.get_mut(at)) {
            *place = apart;
        }
    }

    /// The median of the densest minute, when no other is nearly as dense.
    fn middle(&self) -> Option<Middle> {
        let mut all = self.kept.clone();
        all.sort_unstable();
        let within = |from: usize| {
            let first = all.get(from).copied().unwrap_or_default();
            all.partition_point(|apart| *apart <= first.saturating_add(WIDTH)) - from
        };
        let best = (0..all.len()).max_by_key(|from| (within(*from), std::cmp::Reverse(*from)))?;
        let count = within(best);
        let densest = all.get(best..best + count)?;
        let (first, last) = (*densest.first()?, *densest.last()?);
        let is_apart =
            |from: &usize| all.get(*from).is_some_and(|apart| *apart > last || apart.saturating_add(WIDTH) < first);
        let second = (0..all.len()).filter(is_apart).map(within).max().unwrap_or(0);
        if count < PAIRS_MIN || count * 2 < second * 3 {
            return None;
        }
        let apart = *densest.get(count / 2)?;
        let mut spread: Vec<i64> = densest.iter().map(|own| own.saturating_sub(apart).saturating_abs()).collect();
        spread.sort_unstable();
        Some(Middle { apart, pairs: count, spread: *spread.get(count / 2)? })
    }
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / SECOND as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * SECOND;

    /// Two sources that tell of the same connections, one of them with a clock that is off by so much.
    fn told(off: i64, connections: i64, turned: bool) -> Clocks {
        let mut clocks = Clocks::default();
        let (it, ot) = (clocks.of("it").unwrap(), clocks.of("ot").unwrap());
        let mut all = Vec::new();
        for number in 0..connections {
            let hosts = (HostId((number % 5) as u32), HostId(9));
            // Nothing comes at even times.
            let time = number * number * 7 * MINUTE + number * 11 * SECOND;
            all.push((it, hosts, time));
            all.push((it, hosts, time + SECOND));
            all.push((ot, hosts, time + off + (number % 3) * SECOND));
        }
        if turned {
            all.reverse();
        }
        all.into_iter().for_each(|(clock, hosts, time)| clocks.tell(clock, hosts, 3_389, time));
        clocks
    }

    #[test]
    fn a_clock_that_is_off_is_told_whatever_comes_first() {
        for off in [-420, 10_800, 0, 35_000] {
            for turned in [false, true] {
                let skews = told(off * SECOND, 30, turned).skews();
                assert_eq!(skews.len(), 1, "{off}");
                assert_eq!((skews[0].source.as_str(), skews[0].against.as_str()), ("ot", "it"));
                assert!((skews[0].offset_s + off as f64).abs() <= 2.0, "{skews:?}");
                assert!(skews[0].pairs >= 20 && skews[0].spread_s <= 2.0, "{skews:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_known_is_not_told() {
        assert!(told(420 * SECOND, 3, false).skews().is_empty(), "too few");
        let mut clocks = Clocks::default();
        let (it, ot) = (clocks.of("it").unwrap(), clocks.of("ot").unwrap());
        for number in 0..40 {
            // Every half hour: it may be off by none or by many of them.
            clocks.tell(it, (HostId(0), HostId(1)), 502, number * 30 * MINUTE);
            clocks.tell(ot, (HostId(0), HostId(1)), 502, number * 30 * MINUTE + 900 * SECOND);
        }
        assert!(clocks.skews().is_empty(), "{:?}", clocks.skews());
    }

    #[test]
    fn memory_is_bounded() {
        let mut clocks = Clocks::default();
        for number in 0..2_000_u32 {
            let Some(clock) = clocks.of(&format!("c{}", number % 400)) else { continue };
            clocks.tell(clock, (HostId(number % 50), HostId(number)), 22, i64::from(number) * MINUTE);
        }
        assert!(clocks.names.len() <= INCIDENT_CLOCKS_MAX && clocks.of("one more").is_none());
        for number in 0..20_000 {
            clocks.tell((number % 2) as u16, (HostId(1), HostId(2)), 22, number * 10 * MINUTE);
        }
        assert!(clocks.samples.values().all(|sample| sample.kept.len() <= SAMPLES));
        let mut bytes = Vec::new();
        clocks.save(&mut bytes);
        let mut again = Vec::new();
        Clocks::load(&mut bytes.as_slice()).unwrap().save(&mut again);
        assert_eq!(bytes, again);
    }
}
