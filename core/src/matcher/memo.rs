//! Values repeat: a bounded memory from a value to its effects.
//!
//! ```text
//! (matcher 7, "C:\Windows\System32\svchost.exe")   ─▶   hash ─▶ bucket of four places ─▶ record: value, effects [12, 40]
//! ```
//!
//! Records lie one behind the other in a ring, so the newest overwrite the oldest and nothing is ever cleaned up. A value
//! gets a record when it is seen for the second time: what comes once costs no copy and pushes nobody out. Where a
//! matcher's values hardly ever repeat, the memory is left alone for a while. Keys are compared byte for byte, so a
//! collision of hashes is never an error.

use crate::event::slots::Seen;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

/// Words of the ring.
const RING: usize = 1 << 20;
/// Buckets of the index, as a power of two.
const BUCKETS_LOG: u32 = 14;
/// Values whose first sight is remembered, as a power of two.
const SIGHTS_LOG: u32 = 14;
/// Longer values are not kept.
const VALUE_BYTES_MAX: usize = 1 << 14;
/// Values with more effects are not worth a record.
const EFFECTS_MAX: usize = 1024;

/// Lookups after which a matcher's hits are counted up.
const ROUND: u16 = 512;
/// With fewer hits in a round the memory does not pay: a vain look costs about a quarter of a search.
// PERF: where one hit in 16 is enough, values of which one in ten repeats take 1.16 times as long as without the memory;
// where one in six is, values of which one in five does take 1.08 times as long.
const HITS_MIN: u16 = ROUND / 4;
/// A pause is one round after the first bad one, and at most so many, as a power of two.
const PAUSE_LOG_MAX: u8 = 5;

/// Remembers the effects of values; the default remembers nothing.
#[derive(Debug, Default)]
pub(super) struct Memo {
    ring: Vec<u32>,
    /// Where the next record is written, counted from the very first word on.
    head: u64,
    index: Vec<Bucket>,
    /// A part of the hash of values that were seen once.
    sights: Vec<u16>,
    gauges: Vec<Gauge>,
    hasher: foldhash::fast::RandomState,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket([Place; 4]);

/// Where a record stands, and a part of its hash.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    start: u64,
    check: u32,
}

/// Whether the memory pays for a matcher.
#[derive(Debug, Clone, Copy, Default)]
struct Gauge {
    looks: u16,
    hits: u16,
    /// Lookups that are left out.
    pause: u16,
    pause_log: u8,
}

/// What a value is looked up by.
#[derive(Debug)]
pub(super) struct Key {
    hash: u64,
    tag: u32,
}

/// Words before a record's effects: tag, bytes of the value, number of effects. The value comes last.
const HEADER: usize = 3;

impl Memo {
    pub(super) fn new(matchers: usize) -> Self {
        Self {
            ring: vec![0; RING],
            // Nothing stands at 0, where unused places point.
            head: RING as u64 + 1,
            index: vec![Bucket::default(); 1 << BUCKETS_LOG],
            sights: vec![0; 1 << SIGHTS_LOG],
            gauges: vec![Gauge::default(); matchers],
            hasher: foldhash::fast::RandomState::default(),
        }
    }

    /// What to look a value up by; `None` for one that is not worth it.
    #[inline(always)]
    pub(super) fn key(&mut self, matcher: u32, seen: &Seen<'_>) -> Option<Key> {
        let gauge = self.gauges.get_mut(matcher as usize)?;
        if gauge.pause > 0 {
            gauge.pause -= 1;
            return None;
        }
        if seen.raw.len() > VALUE_BYTES_MAX {
            return None;
        }
        // Numbers and booleans with the text of a text are other values, and so is a text with other escapes.
        let tag = matcher << 3 | u32::from(seen.is_written) << 2 | seen.kind as u32 & 3;
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(tag);
        hasher.write(seen.raw.as_bytes());
        Some(Key { hash: hasher.finish(), tag })
    }

    /// Where the effects of a value stand, if they are known.
    #[inline(always)]
    pub(super) fn find(&mut self, key: &Key, seen: &Seen<'_>) -> Option<Range<usize>> {
        let found = self.look_up(key, seen.raw.as_bytes());
        if let Some(gauge) = self.gauges.get_mut((key.tag >> 3) as usize) {
            gauge.count(found.is_some());
        }
        found
    }

    /// The effects that stand at a place which was found since anything was put.
    #[inline(always)]
    pub(super) fn effects(&self, place: Range<usize>) -> &[u32] {
        self.ring.get(place).unwrap_or_default()
    }

    #[inline(always)]
    fn look_up(&self, key: &Key, text: &[u8]) -> Option<Range<usize>> {
        let bucket = self.index.get(key.bucket())?;
        let check = key.check();
        let place = bucket.0.iter().find(|place| place.check == check && place.start + RING as u64 >= self.head)?;
        let start = place.start as usize % RING;
        let (header, rest) = self.ring.get(start..)?.split_first_chunk::<HEADER>()?;
        let [tag, length, effects] = *header;
        if tag != key.tag || length as usize != text.len() {
            return None;
        }
        let value: &[u8] = bytemuck::cast_slice(rest.get(effects as usize..)?);
        let effects = start + HEADER..start + HEADER + effects as usize;
        (value.get(..text.len())? == text).then_some(effects)
    }

    /// Remembers the effects of a value that was looked for in vain.
    pub(super) fn put(&mut self, key: &Key, seen: &Seen<'_>, effects: &[u32]) {
        let text = seen.raw.as_bytes();
        let Some(sight) = self.sights.get_mut(key.sight()) else { return };
        let mark = key.hash as u16 | 1;
        if *sight != mark {
            *sight = mark;
            return;
        }
        let length = HEADER + effects.len() + text.len().div_ceil(4);
        let room = RING - self.head as usize % RING;
        if effects.len() > EFFECTS_MAX || self.head > u64::MAX / 2 {
            return;
        }
        if room < length {
            self.head += room as u64;
        }
        let at = self.head as usize % RING;
        let Some(record) = self.ring.get_mut(at..at + length) else { return };
        let (header, rest) = record.split_at_mut(HEADER);
        let (own_effects, value) = rest.split_at_mut(effects.len());
        header.copy_from_slice(&[key.tag, text.len() as u32, effects.len() as u32]);
        own_effects.copy_from_slice(effects);
        let Some(value) = bytemuck::cast_slice_mut(value).get_mut(..text.len()) else { return };
        value.copy_from_slice(text);
        let start = self.head;
        self.head += length as u64;
        // The place of the oldest record is the one that is needed least.
        let Some(bucket) = self.index.get_mut(key.bucket()) else { return };
        if let Some(oldest) = bucket.0.iter_mut().min_by_key(|place| place.start) {
            *oldest = Place { start, check: key.check() };
        }
    }
}

impl Key {
    fn bucket(&self) -> usize {
        (self.hash >> (u64::BITS - BUCKETS_LOG)) as usize
    }

    fn check(&self) -> u32 {
        (self.hash >> 8) as u32
    }

    fn sight(&self) -> usize {
        (self.hash >> 20) as usize % (1 << SIGHTS_LOG)
    }
}

impl Gauge {
    #[inline]
    fn count(&mut self, is_hit: bool) {
        self.looks += 1;
        self.hits += u16::from(is_hit);
        if self.looks == ROUND {
            self.end_round();
        }
    }

    #[cold]
    fn end_round(&mut self) {
        if self.hits < HITS_MIN {
            self.pause = ROUND << self.pause_log;
            self.pause_log = (self.pause_log + 1).min(PAUSE_LOG_MAX);
        } else {
            self.pause_log = 0;
        }
        (self.looks, self.hits) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::slots::Kind;

    fn seen(raw: &str) -> Seen<'_> {
        Seen { kind: Kind::Text, is_written: true, is_spelled: false, raw }
    }

    /// What the memory says after it was asked once, and told if it did not know.
    fn ask(memo: &mut Memo, matcher: u32, raw: &str) -> Option<Vec<u32>> {
        let key = memo.key(matcher, &seen(raw))?;
        if let Some(place) = memo.find(&key, &seen(raw)) {
            return Some(memo.effects(place).to_vec());
        }
        memo.put(&key, &seen(raw), &of(matcher, raw));
        None
    }

    fn of(matcher: u32, raw: &str) -> Vec<u32> {
        (0..raw.len() as u32 % 5).map(|number| number + matcher).collect()
    }

    #[test]
    fn the_third_time_is_answered() {
        let mut memo = Memo::new(2);
        for round in 0..4 {
            for (matcher, raw) in [(0, "abc"), (1, "abc"), (0, ""), (1, "abcd")] {
                assert_eq!(ask(&mut memo, matcher, raw), (round > 1).then(|| of(matcher, raw)), "{matcher} {raw}");
            }
        }
    }

    #[test]
    fn the_newest_push_out_the_oldest_and_no_answer_is_wrong() {
        let mut memo = Memo::new(1);
        let long = "x".repeat(1_500);
        // Marks of first sights may be the same by chance, so a rare value is kept at once.
        let mut early = 0;
        for number in 0..6_000_u32 {
            let raw = format!("{number}{}", long.get(number as usize % 1_000..).unwrap());
            for sight in 0..3 {
                if let Some(effects) = ask(&mut memo, 0, &raw) {
                    assert_eq!(effects, of(0, &raw));
                    early += u32::from(sight < 2);
                }
            }
            if let Some(effects) = ask(&mut memo, 0, "0x") {
                assert_eq!(effects, of(0, "0x"));
            }
        }
        assert!(early < 20, "{early}");
    }

    #[test]
    fn values_that_never_repeat_are_soon_left_alone() {
        let mut memo = Memo::new(1);
        let asked = (0..100_000).filter(|number| {
            memo.key(0, &seen(&number.to_string())).is_some_and(|key| {
                memo.find(&key, &seen(&number.to_string()));
                true
            })
        });
        assert!(asked.count() < 8_000);
        let mut hits = 0;
        (0..100_000).for_each(|number| hits += usize::from(ask(&mut memo, 0, ["a", "b"][number % 2]).is_some()));
        assert!(hits > 60_000, "{hits}");
    }
}
