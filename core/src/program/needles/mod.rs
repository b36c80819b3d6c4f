//! Many texts sought anywhere in a value, by a few bytes of each.
//!
//! ```text
//! "-enc", "invoke-webrequest"   ─▶   few or short: one window each, at every place     many and long: a stride apart
//! ```
//!
//! Needles and values are spelled as in JSON (see `text`), needles folded, values in any case of ASCII letters and else
//! folded. Longer needles allow longer strides, so they are kept apart from shorter ones. Nothing here knows what a needle
//! is for.

mod nibbles;
mod plan;
mod windows;

use super::Span;
use super::tables::{Reader, Writer};
use crate::text::Escapes;
use bytemuck::{Pod, Zeroable};
use foldhash::fast::FixedState;
use nibbles::Gram;
use std::sync::LazyLock;
use windows::Windows;

/// What logs are full of; windows that stand here make bad witnesses.
const COMMON: &str = include_str!("common.txt");

/// The bit that tells upper from lower case, in each byte of a window.
const CASE: u32 = 0x2020_2020;

type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// A frozen set of needles, numbered in the order in which they were given.
#[derive(Debug)]
pub(super) struct Needles<'a> {
    needles: Texts<'a>,
    /// Needles of similar length.
    groups: Vec<Windows<'a>>,
    /// The same for needles that are not ASCII; few values are not.
    others: Vec<Windows<'a>>,
}

/// Needles by their numbers.
#[derive(Debug, Clone, Copy)]
struct Texts<'a> {
    spans: &'a [Span],
    texts: &'a str,
}

/// One place in one needle.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Place {
    needle: u32,
    offset: u16,
    /// How far behind the place its key stands in the needle.
    key_at: i16,
    /// Four bytes of the needle that say most, as a window.
    key: u32,
}

/// Where the key of a needle stands that is too short for one.
const NO_KEY: i16 = i16::MIN;

/// Places of a needle among which its key is chosen.
const KEYS_MAX: usize = 96;

/// A value that is searched, and who is told.
struct Search<'s> {
    needles: Texts<'s>,
    value: &'s [u8],
    escapes: Escapes<'s>,
    found: &'s mut dyn FnMut(u32),
    /// Windows of this search all of whose needles were found, the last few.
    known: [u32; 4],
}

impl<'a> Texts<'a> {
    #[inline(always)]
    fn get(&self, needle: u32) -> Option<&'a [u8]> {
        let span = self.spans.get(needle as usize)?;
        self.texts.as_bytes().get(span.start as usize..span.end as usize)
    }
}

impl Place {
    fn new(needle: u32, text: &[u8], offset: usize) -> Self {
        let common = Common::of(4);
        // Bytes that are known already say nothing.
        let cost = |(at, window): &(usize, u32)| (common.count(*window), 4_usize.saturating_sub(at.abs_diff(offset)));
        let keys = text.windows(4).take(KEYS_MAX).map(window_of).enumerate();
        let (key_at, key) = keys.min_by_key(cost).map_or((NO_KEY, 0), |(at, key)| (at as i16 - offset as i16, key));
        Self { needle, offset: offset as u16, key_at, key }
    }

    /// Whether the key of the needle stands where it would if this place were `at` in the value.
    #[inline(always)]
    fn has_key(&self, value: &[u8], at: usize) -> bool {
        let from = at.wrapping_add_signed(self.key_at.into());
        let bytes = value.get(from..).and_then(|rest| rest.first_chunk::<4>());
        bytes.is_some_and(|bytes| window_of(bytes) == self.key) || self.key_at == NO_KEY
    }
}

impl Search<'_> {
    /// Compares the needles that hold a window, which stands in the value at `at`, and says whether all were found.
    fn compare(&mut self, places: &[Place], at: usize) -> bool {
        let mut all = true;
        for place in places {
            if place.has_key(self.value, at)
                && let Some(start) = at.checked_sub(place.offset as usize)
                && let Some(text) = self.needles.get(place.needle)
                && let Some(part) = self.value.get(start..start + text.len())
                && part.eq_ignore_ascii_case(text)
                && !self.escapes.is_cut_at(start)
            {
                (self.found)(place.needle);
            } else {
                all = false;
            }
        }
        all
    }
}

/// Writes the set. No needle may be empty. Without `dense` all are sought a stride apart.
pub(super) fn write(needles: Vec<String>, dense: bool, writer: &mut Writer) {
    let spans: Vec<Span> = needles.iter().map(|needle| writer.text(needle)).collect();
    let (ascii, others) = (0..needles.len() as u32)
        .partition::<Vec<u32>, _>(|number| needles.get(*number as usize).is_some_and(|needle| needle.is_ascii()));
    let texts: Vec<Box<[u8]>> = needles.into_iter().map(|needle| needle.into_bytes().into()).collect();
    writer.table(&spans);
    for numbers in [ascii, others] {
        let groups = plan::cheapest(&numbers, &texts, dense);
        writer.size(groups.len());
        groups.into_iter().for_each(|group| group.write(&texts, writer));
    }
}

impl<'a> Needles<'a> {
    /// Reads what [`write`] wrote.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let needles = Texts { spans: reader.table()?, texts: reader.texts() };
        Some(Self { needles, groups: reader.many(Windows::read)?, others: reader.many(Windows::read)? })
    }

    /// Whether there are no needles.
    pub(super) fn is_empty(&self) -> bool {
        self.needles.spans.is_empty()
    }

    /// Whether any needle stands in the value.
    pub(super) fn is_any_in(&self, value: &[u8]) -> bool {
        let mut is_any = false;
        self.search(value, &mut |_| is_any = true);
        is_any
    }

    /// The same for a text that has no escapes: a backslash is one.
    pub(super) fn is_any_in_plain(&self, value: &[u8]) -> bool {
        let mut is_any = false;
        self.search_in(value, Escapes::new(&[]), &mut |_| is_any = true);
        is_any
    }

    /// Calls `found` with the number of every needle that stands in the value, once or several times.
    #[inline]
    pub(super) fn search(&self, value: &[u8], found: &mut dyn FnMut(u32)) {
        self.search_in(value, Escapes::new(value), found);
    }

    #[inline(always)]
    fn search_in(&self, value: &[u8], escapes: Escapes<'_>, found: &mut dyn FnMut(u32)) {
        let mut search = Search { needles: self.needles, value, escapes, found, known: [0; 4] };
        for group in &self.groups {
            group.search(&mut search);
        }
        if !self.others.is_empty() && !value.is_ascii() {
            self.others.iter().for_each(|group| group.search(&mut search));
        }
    }
}

/// A window as a number, the same for upper and lower case.
#[inline(always)]
fn window_of(bytes: &[u8]) -> u32 {
    CASE | match *bytes {
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        [a, b] => u32::from_le_bytes([a, b, 0, 0]),
        [a] => u32::from(a),
        _ => 0,
    }
}

/// A window of up to eight bytes, each the same for upper and lower case.
fn gram_of(bytes: &[u8]) -> Gram {
    let mut gram = Gram::default();
    gram.iter_mut().zip(bytes).for_each(|(own, byte)| *own = byte | 0x20);
    gram
}

/// How often each window of one length stands in what logs are full of. Windows with the same hash are counted together.
struct Common([u16; 1 << 16]);

impl Common {
    /// The windows of so many bytes, of one to four.
    fn of(length: usize) -> &'static Self {
        static COUNTS: LazyLock<Vec<Common>> = LazyLock::new(|| (1..=4).map(Common::new).collect());
        &COUNTS[length.clamp(1, 4) - 1]
    }

    fn new(length: usize) -> Self {
        let mut counts = [0; 1 << 16];
        COMMON.as_bytes().windows(length).for_each(|bytes| counts[Self::at(window_of(bytes))] += 1);
        Self(counts)
    }

    fn count(&self, window: u32) -> usize {
        self.0[Self::at(window)].into()
    }

    fn at(window: u32) -> usize {
        (window.wrapping_mul(0x9E37_79B1) >> 16) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::tests::written;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn search(needles: &Needles<'_>, value: &str) -> BTreeSet<u32> {
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
            dense in any::<bool>(),
        ) {
            let spelled = texts.iter().map(|text| crate::text::spelled(text)).collect();
            let folded = value.to_ascii_lowercase();
            let expected: BTreeSet<u32> =
                texts.iter().enumerate().filter(|(_, text)| folded.contains(text.as_str())).map(|(at, _)| at as u32).collect();
            let value = crate::text::spelled(&value);
            let (found, is_any) = written(
                |writer| write(spelled, dense, writer),
                |reader| {
                    let needles = Needles::read(reader).unwrap();
                    (search(&needles, &value), needles.is_any_in(value.as_bytes()))
                },
            );
            prop_assert_eq!(is_any, !expected.is_empty());
            prop_assert_eq!(found, expected);
        }
    }
}
