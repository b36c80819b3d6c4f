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

use bytemuck::Zeroable;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

/// Words of the ring.
const RING: usize = 1 << 20;
/// Buckets of the index, as a power of two.
const BUCKETS_LOG: u32 = 13;
/// Values whose first sight is remembered, as a power of two.
const SIGHTS_LOG: u32 = 14;
/// Longer values are not kept.
const VALUE_BYTES_MAX: usize = 1 << 14;
/// Values with more effects are not worth a record.
const EFFECTS_MAX: usize = 1024;

/// Lookups after which a matcher's hits are counted up.
const ROUND: u16 = 512;
/// When a memory pays.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Worth {
    /// With fewer hits in a round it does not.
    hits_min: u16,
    /// A pause is one round after the first bad one, and at most so many, as a power of two.
    pause_log_max: u8,
}

impl Worth {
    /// Of single values: a vain look costs about a quarter of a search.
    // PERF: where one hit in 16 is enough, values of which one in ten repeats take 1.16 times as long as without the memory;
    // where one in six is, values of which one in five does take 1.08 times as long.
    pub(super) const OF_VALUES: Self = Self { hits_min: ROUND / 4, pause_log_max: 5 };
    /// Of whole events: a vain look costs about a tenth of an event, and a hit saves half of it.
    pub(super) const OF_EVENTS: Self = Self { hits_min: ROUND / 4, pause_log_max: 2 };
}

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
    worth: Worth,
    hasher: foldhash::fast::RandomState,
}

#[derive(Debug, Clone, Copy, Zeroable)]
#[repr(C, align(64))]
struct Bucket([Place; 4]);

/// Where a record stands, and a part of its hash.
#[derive(Debug, Clone, Copy, Zeroable)]
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
    pub(super) fn new(owners: usize, worth: Worth) -> Self {
        Self {
            ring: vec![0; RING],
            // Nothing stands at 0, where unused places point.
            head: RING as u64 + 1,
            index: bytemuck::zeroed_vec(1 << BUCKETS_LOG),
            sights: vec![0; 1 << SIGHTS_LOG],
            gauges: vec![Gauge::default(); owners],
            worth,
            hasher: foldhash::fast::RandomState::default(),
        }
    }

    /// Whether the memory has paid for an owner of late, so that it may be asked.
    #[inline(always)]
    pub(super) fn pays(&mut self, owner: u32) -> bool {
        let Some(gauge) = self.gauges.get_mut(owner as usize) else { return false };
        let is_resting = gauge.pause > 0;
        gauge.pause -= u16::from(is_resting);
        !is_resting
    }

    /// What to look a value of an owner up by; `None` for one that is too long. Values of another `kind`, of which there are
    /// eight, are others.
    #[inline(always)]
    pub(super) fn key(&self, owner: u32, kind: u32, value: &[u8]) -> Option<Key> {
        if value.len() > VALUE_BYTES_MAX {
            return None;
        }
        let tag = owner << 3 | kind & 7;
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(tag);
        hasher.write(value);
        Some(Key { hash: hasher.finish(), tag })
    }

    /// Where the effects of a value stand, if they are known.
    #[inline(always)]
    pub(super) fn find(&mut self, key: &Key, value: &[u8]) -> Option<Range<usize>> {
        let found = self.look_up(key, value);
        self.count(key.tag >> 3, found.is_some());
        found
    }

    /// Counts an attempt of an owner.
    #[inline(always)]
    pub(super) fn count(&mut self, owner: u32, is_hit: bool) {
        if let Some(gauge) = self.gauges.get_mut(owner as usize) {
            gauge.count(is_hit, self.worth);
        }
    }

    /// The effects that stand at a place which was found since anything was put.
    #[inline(always)]
    pub(super) fn effects(&self, place: Range<usize>) -> &[u32] {
        self.ring.get(place).unwrap_or_default()
    }

    #[inline(always)]
    fn look_up(&self, key: &Key, value: &[u8]) -> Option<Range<usize>> {
        let bucket = self.index.get(key.bucket())?;
        let check = key.check();
        let place = bucket.0.iter().find(|place| place.check == check && place.start + RING as u64 >= self.head)?;
        let start = place.start as usize % RING;
        let (header, rest) = self.ring.get(start..)?.split_first_chunk::<HEADER>()?;
        let [tag, length, effects] = *header;
        if tag != key.tag || length as usize != value.len() {
            return None;
        }
        let kept: &[u8] = bytemuck::cast_slice(rest.get(effects as usize..)?);
        let effects = start + HEADER..start + HEADER + effects as usize;
        (kept.get(..value.len())? == value).then_some(effects)
    }

    /// Remembers the effects of a value that was looked for in vain.
    pub(super) fn put(&mut self, key: &Key, value: &[u8], effects: &[u32]) {
        let Some(sight) = self.sights.get_mut(key.sight()) else { return };
        let mark = key.hash as u16 | 1;
        if *sight != mark {
            *sight = mark;
            return;
        }
        self.keep(key, value, effects);
    }

    /// Remembers the effects of a value at first sight.
    pub(super) fn keep(&mut self, key: &Key, value: &[u8], effects: &[u32]) {
        let length = HEADER + effects.len() + value.len().div_ceil(4);
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
        let (own_effects, own_value) = rest.split_at_mut(effects.len());
        header.copy_from_slice(&[key.tag, value.len() as u32, effects.len() as u32]);
        own_effects.copy_from_slice(effects);
        let Some(own_value) = bytemuck::cast_slice_mut(own_value).get_mut(..value.len()) else { return };
        own_value.copy_from_slice(value);
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
    fn count(&mut self, is_hit: bool, worth: Worth) {
        self.looks += 1;
        self.hits += u16::from(is_hit);
        if self.looks == ROUND {
            self.end_round(worth);
        }
    }

    #[cold]
    fn end_round(&mut self, worth: Worth) {
        if self.hits < worth.hits_min {
            self.pause = ROUND << self.pause_log;
            self.pause_log = (self.pause_log + 1).min(worth.pause_log_max);
        } else {
            self.pause_log = 0;
        }
        (self.looks, self.hits) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the memory says after it was asked once, and told if it did not know.
    fn ask(memo: &mut Memo, matcher: u32, raw: &str) -> Option<Vec<u32>> {
        let key = if memo.pays(matcher) { memo.key(matcher, 0, raw.as_bytes())? } else { return None };
        if let Some(place) = memo.find(&key, raw.as_bytes()) {
            return Some(memo.effects(place).to_vec());
        }
        memo.put(&key, raw.as_bytes(), &of(matcher, raw));
        None
    }

    fn of(matcher: u32, raw: &str) -> Vec<u32> {
        (0..raw.len() as u32 % 5).map(|number| number + matcher).collect()
    }

    #[test]
    fn the_third_time_is_answered() {
        let mut memo = Memo::new(2, Worth::OF_VALUES);
        for round in 0..4 {
            for (matcher, raw) in [(0, "abc"), (1, "abc"), (0, ""), (1, "abcd")] {
                assert_eq!(ask(&mut memo, matcher, raw), (round > 1).then(|| of(matcher, raw)), "{matcher} {raw}");
            }
        }
    }

    #[test]
    fn the_newest_push_out_the_oldest_and_no_answer_is_wrong() {
        let mut memo = Memo::new(1, Worth::OF_VALUES);
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
        let mut memo = Memo::new(1, Worth::OF_VALUES);
        let asked = (0..100_000).filter(|number| {
            memo.pays(0) && {
                let raw = number.to_string();
                let key = memo.key(0, 0, raw.as_bytes()).unwrap();
                memo.find(&key, raw.as_bytes()).is_none()
            }
        });
        assert!(asked.count() < 8_000);
        let mut hits = 0;
        (0..100_000).for_each(|number| hits += usize::from(ask(&mut memo, 0, ["a", "b"][number % 2]).is_some()));
        assert!(hits > 60_000, "{hits}");
    }
}
