//! Many texts sought anywhere in a value, by a few bytes of each.
//!
//! ```text
//! "-enc", "invoke-webrequest"   ─▶   few and short: packed     many or long: windows, a stride apart
//! ```
//!
//! Needles and values are spelled as in JSON (see `text`), needles folded, values in any case of ASCII letters and else
//! folded. Longer needles allow longer strides, so they are kept apart from shorter ones. Nothing here knows what a needle
//! is for.

mod packed;
mod windows;

use crate::text::Escapes;
use foldhash::fast::FixedState;
use packed::Packed;
use std::sync::LazyLock;
use windows::Windows;

/// With this stride windows are as fast as a packed search that is not small.
const STRIDE_FAST: usize = 6;

/// What logs are full of; windows that stand here make bad witnesses.
const COMMON: &str = r"c:\\windows\\system32\\ c:\\windows\\syswow64\\ c:\\program files (x86)\\microsoft\\ .exe .dll .sys .tmp .log .txt \\users\\ \\appdata\\local\\temp\\ roaming \\software\\microsoft\\windows nt\\currentversion\\ hklm\\system\\currentcontrolset\\services\\ powershell https://www. http:// .com/ .net -command /c cmd.exe version= string system. true false null 0000000000 11111111";

type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// A frozen set of needles, numbered in the order in which they were given.
#[derive(Debug, Default)]
pub(super) struct Needles {
    texts: Vec<Box<[u8]>>,
    groups: Vec<Group>,
}

/// Needles of similar length.
#[derive(Debug)]
struct Group {
    packed: Option<Packed>,
    windows: Windows,
}

/// One place in one needle.
#[derive(Debug, Clone, Copy)]
struct Place {
    needle: u32,
    offset: u32,
}

/// A value that is searched, and who is told.
struct Search<'s> {
    texts: &'s [Box<[u8]>],
    value: &'s [u8],
    escapes: Escapes<'s>,
    found: &'s mut dyn FnMut(u32),
}

impl Search<'_> {
    /// Compares the needles that hold a window, which stands in the value at `at`.
    fn compare(&mut self, places: &[Place], at: usize) {
        for place in places {
            if let Some(start) = at.checked_sub(place.offset as usize)
                && let Some(text) = self.texts.get(place.needle as usize)
                && let Some(part) = self.value.get(start..start + text.len())
                && part.eq_ignore_ascii_case(text)
                && !self.escapes.is_cut_at(start)
            {
                (self.found)(place.needle);
            }
        }
    }
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
        Self { texts, groups }
    }

    /// Leaves all needles to windows; for tests.
    pub(super) fn drop_packed(&mut self) {
        self.groups.iter_mut().for_each(|group| group.packed = None);
    }

    /// Whether any needle stands in the value.
    pub(super) fn is_any_in(&self, value: &[u8]) -> bool {
        let mut is_any = false;
        self.search(value, &mut |_| is_any = true);
        is_any
    }

    /// Calls `found` with the number of every needle that stands in the value, for every place where it does.
    #[inline]
    pub(super) fn search(&self, value: &[u8], found: &mut dyn FnMut(u32)) {
        let mut search = Search { texts: &self.texts, value, escapes: Escapes::new(value), found };
        for group in &self.groups {
            let is_done = group.packed.as_ref().is_some_and(|packed| packed.search(&mut search));
            if !is_done {
                group.windows.search(&mut search);
            }
        }
    }
}

impl Group {
    fn new(window: usize, needles: &[u32], texts: &[Box<[u8]>]) -> Option<Self> {
        let windows = Windows::new(window, needles, texts)?;
        let packed = Packed::new(window, needles, texts);
        let is_faster = |packed: &Packed| packed.is_small() || windows.stride < STRIDE_FAST;
        Some(Self { packed: packed.filter(is_faster), windows })
    }
}

/// The length from which on needles are sought by windows of four bytes; shorter ones have smaller windows, which give
/// more false alarms. Where the two groups together look at the fewest windows.
fn cut(texts: &[Box<[u8]>]) -> usize {
    let looked_at = |lengths: std::ops::Range<usize>, window| -> usize {
        let own = texts.iter().map(|text| text.len()).filter(|length| lengths.contains(length));
        own.min().map_or(0, |shortest| 840 / windows::stride(shortest, window))
    };
    let cost = |cut: usize| {
        let few_bytes = texts.iter().filter(|text| text.len() < cut).count() * 2;
        looked_at(cut..usize::MAX, 4) + looked_at(3..cut, 3) + few_bytes
    };
    (7..=11).min_by_key(|cut| cost(*cut)).unwrap_or(7)
}

/// A window as a number, the same for upper and lower case.
#[inline(always)]
fn window_of(bytes: &[u8]) -> u32 {
    const CASE: u32 = 0x2020_2020;
    CASE | match *bytes {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        [a, b] => u32::from_le_bytes([a, b, 0, 0]),
        [a] => u32::from(a),
        _ => 0,
    }
}

fn letters_of(window: &[u8]) -> usize {
    window.iter().filter(|byte| byte.is_ascii_lowercase()).count()
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
        needles.search(value.as_bytes(), &mut |needle| {
            found.insert(needle);
        });
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_needle_is_found_wherever_it_stands(
            texts in prop::collection::btree_set("[abn\\\\|é]{1,14}", 1..90),
            value in "[abnN\\\\|é\n]{0,60}",
        ) {
            let needles = Needles::new(texts.iter().map(|text| crate::text::spelled(text)).collect());
            let folded = value.to_ascii_lowercase();
            let expected: BTreeSet<u32> =
                texts.iter().enumerate().filter(|(_, text)| folded.contains(text.as_str())).map(|(at, _)| at as u32).collect();
            let value = crate::text::spelled(&value);
            prop_assert_eq!(search(&needles, &value), expected.clone());
            prop_assert_eq!(needles.is_any_in(value.as_bytes()), !expected.is_empty());
        }
    }
}
