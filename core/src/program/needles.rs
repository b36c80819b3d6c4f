//! Many texts sought anywhere in a value, by a few bytes of each.
//!
//! ```text
//! needle "invoke-webrequest"           windows of 4 bytes at 8 places in a row: "ke-w" "e-we" "-web" ... "eque"
//! value  "... invoke-webrequest ..."   is looked at every 8 bytes only: one of the places is met, whatever the alignment
//! ```
//!
//! Each window that is looked at is hashed and asked of a small bit table; most say no. Where it says yes, the needles
//! with that window are compared in full. Longer needles allow longer strides, so they are kept apart from shorter ones.
//! Nothing here knows what a needle is for.

use aho_corasick::packed::{Config, Searcher};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::sync::LazyLock;

/// Bytes between two windows that are looked at, at most.
const STRIDE_MAX: usize = 8;

/// Sets up to this size are first searched for any needle at all.
///
/// PERF: most values hold none; a packed search says so at several GB/s.
const FEW: usize = 64;

/// Windows at the beginning of a needle among which the best ones are chosen.
const WINDOWS_MAX: usize = 48;

/// Bits of a filter for each window, before it is rounded up: the more, the fewer false alarms.
const FILTER_BITS: usize = 32;
/// The bits of the largest filter, as a power of two: it should stay in the first cache.
const FILTER_LOG_MAX: u32 = 17;

/// What logs are full of; windows that stand here make bad witnesses.
const COMMON: &str = r"c:\windows\system32\ c:\windows\syswow64\ c:\program files (x86)\microsoft\ .exe .dll .sys .tmp .log .txt \users\ \appdata\local\temp\ roaming \software\microsoft\windows nt\currentversion\ hklm\system\currentcontrolset\services\ powershell https://www. http:// .com/ .net -command /c cmd.exe version= string system. true false null 0000000000 11111111";

type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// A frozen set of needles, numbered in the order in which they were given.
#[derive(Debug, Default)]
pub(super) struct Needles {
    texts: Vec<Box<[u8]>>,
    groups: Vec<Group>,
    /// The same needles, when they are few, in a form that tells several times faster that none stands in a value.
    any: Option<Searcher>,
}

#[derive(Debug)]
struct Group {
    window: usize,
    stride: usize,
    filter: Box<[u64]>,
    /// How far a hash is shifted so that it numbers a bit of the filter.
    shift: u32,
    windows: HashTable<Window>,
    places: Vec<Place>,
}

/// A window and where it stands in which needles.
#[derive(Debug, Clone, Copy)]
struct Window {
    bytes: u32,
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    needle: u32,
    offset: u32,
}

impl Needles {
    /// Builds the set. No needle may be empty.
    pub(super) fn new(needles: Vec<String>) -> Self {
        let texts: Vec<Box<[u8]>> = needles.into_iter().map(|needle| needle.into_bytes().into()).collect();
        let cut = cut(&texts);
        // The length from which on needles belong to a group, and the bytes of its windows.
        let mut groups = Vec::new();
        let mut longest = usize::MAX;
        for (length_min, window) in [(cut, 4), (3, 3), (2, 2), (1, 1)] {
            let is_own = |text: &[u8]| (length_min..longest).contains(&text.len());
            let own: Vec<u32> =
                (0_u32..).zip(&texts).filter(|(_, text)| is_own(text)).map(|(number, _)| number).collect();
            groups.extend(Group::new(window, &own, &texts));
            longest = length_min;
        }
        let any = (texts.len() <= FEW).then(|| Config::new().builder().extend(&texts).build()).flatten();
        Self { texts, groups, any }
    }

    /// Whether any needle stands in the value.
    pub(super) fn is_any_in(&self, value: &[u8]) -> bool {
        if let Some(any) = &self.any {
            return any.find(value).is_some();
        }
        let mut is_any = false;
        self.search(value, |_| is_any = true);
        is_any
    }

    /// Calls `found` with the number of every needle that stands in the value, for every place where it does.
    #[inline]
    pub(super) fn search(&self, value: &[u8], mut found: impl FnMut(u32)) {
        if self.any.as_ref().is_some_and(|any| any.find(value).is_none()) {
            return;
        }
        for group in &self.groups {
            // Each length of windows is a loop of its own, so that the compiler knows it.
            match group.window {
                4 => group.scan::<4>(&self.texts, value, &mut found),
                3 => group.scan::<3>(&self.texts, value, &mut found),
                2 => group.scan::<2>(&self.texts, value, &mut found),
                _ => group.scan::<1>(&self.texts, value, &mut found),
            }
        }
    }
}

/// How far apart windows may be so that every needle of at least `shortest` bytes holds one that is looked at.
fn stride(shortest: usize, window: usize) -> usize {
    (shortest + 1 - window).min(STRIDE_MAX)
}

/// The length from which on needles are sought by windows of four bytes; shorter ones have smaller windows, which give
/// more false alarms. Where the two groups together look at the fewest windows.
fn cut(texts: &[Box<[u8]>]) -> usize {
    let cost = |cut: usize| -> usize {
        let is_long = |text: &&Box<[u8]>| text.len() >= cut;
        let shortest = |lengths: &mut dyn Iterator<Item = usize>, window| {
            lengths.min().map_or(0, |length| 840 / stride(length, window))
        };
        let long = shortest(&mut texts.iter().filter(is_long).map(|text| text.len()), 4);
        let short =
            shortest(&mut texts.iter().filter(|text| !is_long(text) && text.len() > 2).map(|text| text.len()), 3);
        long + short + texts.iter().filter(|text| !is_long(text)).count() * 2
    };
    (7..=11).min_by_key(|cut| cost(*cut)).unwrap_or(7)
}

impl Group {
    fn new(length: usize, needles: &[u32], texts: &[Box<[u8]>]) -> Option<Self> {
        let lengths = needles.iter().filter_map(|needle| texts.get(*needle as usize)).map(|text| text.len());
        let stride = stride(lengths.min()?, length);
        let mut by_window: HashMap<u32, Vec<Place>> = HashMap::default();
        for needle in needles.iter().copied() {
            let text = texts.get(needle as usize)?;
            let windows: Vec<u32> = text.windows(length).take(WINDOWS_MAX).map(window_of).collect();
            // How bad each window is as a witness: others share it, logs are full of it.
            let common = common_windows(length);
            let cost = |window: &u32| {
                common.get(window).map_or(0, |count| count * 4) + by_window.get(window).map_or(0, Vec::len)
            };
            let costs: Vec<usize> = windows.iter().map(cost).collect();
            let rows = costs.windows(stride).map(|row| row.iter().sum::<usize>()).enumerate();
            let (first, _) = rows.min_by_key(|(_, cost)| *cost)?;
            for (offset, window) in windows.iter().enumerate().skip(first).take(stride) {
                by_window.entry(*window).or_default().push(Place { needle, offset: offset as u32 });
            }
        }
        let log = (by_window.len() * FILTER_BITS).next_power_of_two().ilog2().clamp(6, FILTER_LOG_MAX);
        let mut group = Self {
            window: length,
            stride,
            filter: vec![0; 1 << (log - 6)].into(),
            shift: u32::BITS - log,
            windows: HashTable::with_capacity(by_window.len()),
            places: Vec::new(),
        };
        let mut sorted: Vec<(u32, Vec<Place>)> = by_window.into_iter().collect();
        sorted.sort_unstable_by_key(|(window, _)| *window);
        for (bytes, places) in sorted {
            let start = group.places.len() as u32;
            group.places.extend(places);
            let window = Window { bytes, start, end: group.places.len() as u32 };
            group.windows.insert_unique(spread(bytes), window, |window| spread(window.bytes));
            let bit = hash(bytes) >> group.shift;
            *group.filter.get_mut(bit as usize / 64)? |= 1 << (bit % 64);
        }
        Some(group)
    }

    /// Looks at windows of `WINDOW` bytes, one every stride.
    #[inline(always)]
    fn scan<const WINDOW: usize>(&self, texts: &[Box<[u8]>], value: &[u8], found: &mut dyn FnMut(u32)) {
        let look = |at: usize, bytes: &[u8; WINDOW]| {
            let window = window_of(bytes);
            let bit = hash(window) >> self.shift;
            if self.filter.get(bit as usize / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1) {
                self.compare(texts, value, at, window, found);
            }
        };
        match self.stride {
            1 => value.array_windows().enumerate().for_each(pair(look)),
            4 => strides::<4, WINDOW>(value, look),
            5 => strides::<5, WINDOW>(value, look),
            6 => strides::<6, WINDOW>(value, look),
            7 => strides::<7, WINDOW>(value, look),
            8 => strides::<8, WINDOW>(value, look),
            stride => value.array_windows().enumerate().step_by(stride).for_each(pair(look)),
        }
    }

    /// Compares the needles that hold the window, which stands in the value at `at`.
    #[inline(never)]
    fn compare(&self, texts: &[Box<[u8]>], value: &[u8], at: usize, window: u32, found: &mut dyn FnMut(u32)) {
        for place in self.places_of(window) {
            if let Some(start) = at.checked_sub(place.offset as usize)
                && let Some(text) = texts.get(place.needle as usize)
                && let Some(part) = value.get(start..start + text.len())
                && part == &**text
            {
                found(place.needle);
            }
        }
    }

    fn places_of(&self, window: u32) -> &[Place] {
        let found = self.windows.find(spread(window), |own| own.bytes == window);
        found.and_then(|own| self.places.get(own.start as usize..own.end as usize)).unwrap_or_default()
    }
}

/// Calls `look` with the window at each multiple of the stride, which is no shorter than a window.
///
/// PERF: with the stride known to the compiler a step takes 9 instructions, else 13.
#[inline(always)]
fn strides<const STRIDE: usize, const WINDOW: usize>(value: &[u8], mut look: impl FnMut(usize, &[u8; WINDOW])) {
    let (chunks, rest) = value.as_chunks::<STRIDE>();
    for (number, chunk) in chunks.iter().enumerate() {
        if let Some(window) = chunk.first_chunk() {
            look(number * STRIDE, window);
        }
    }
    if let Some(window) = rest.first_chunk() {
        look(chunks.len() * STRIDE, window);
    }
}

fn pair<A, B>(mut look: impl FnMut(A, B)) -> impl FnMut((A, B)) {
    move |(a, b)| look(a, b)
}

/// A window as a number.
#[inline(always)]
fn window_of(bytes: &[u8]) -> u32 {
    match *bytes {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        [a, b] => u32::from_le_bytes([a, b, 0, 0]),
        [a] => u32::from(a),
        _ => 0,
    }
}

#[inline(always)]
fn hash(window: u32) -> u32 {
    window.wrapping_mul(0x9E37_79B1)
}

fn spread(window: u32) -> u64 {
    u64::from(window).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// How often each window stands in what logs are full of.
fn common_windows(length: usize) -> &'static HashMap<u32, usize> {
    static COUNTS: LazyLock<[HashMap<u32, usize>; 4]> = LazyLock::new(|| [1, 2, 3, 4].map(count_common));
    let [one, two, three, four] = &*COUNTS;
    match length {
        1 => one,
        2 => two,
        3 => three,
        _ => four,
    }
}

fn count_common(length: usize) -> HashMap<u32, usize> {
    let mut counts = HashMap::default();
    COMMON.as_bytes().windows(length).for_each(|bytes| *counts.entry(window_of(bytes)).or_default() += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn search(needles: &Needles, value: &str) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        needles.search(value.as_bytes(), |needle| {
            found.insert(needle);
        });
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_needle_is_found_wherever_it_stands(
            texts in prop::collection::btree_set("[ab\\\\|é]{1,14}", 1..90),
            value in "[ab\\\\|é]{0,60}",
        ) {
            let needles = Needles::new(texts.iter().cloned().collect());
            let expected: BTreeSet<u32> =
                texts.iter().enumerate().filter(|(_, text)| value.contains(text.as_str())).map(|(at, _)| at as u32).collect();
            prop_assert_eq!(search(&needles, &value), expected.clone());
            prop_assert_eq!(needles.is_any_in(value.as_bytes()), !expected.is_empty());
        }
    }
}
