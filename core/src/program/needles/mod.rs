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
mod windows;

use super::Span;
use super::tables::{Reader, Writer};
use crate::text::Escapes;
use bytemuck::{Pod, Zeroable};
use foldhash::fast::FixedState;
use std::sync::LazyLock;
use windows::{Windows, WindowsDraft};

/// What it costs to begin a search, in instructions for each byte of a value of usual length.
const COST_OF_GROUP: f64 = 0.5;

/// What logs are full of; windows that stand here make bad witnesses.
const COMMON: &str = include_str!("common.txt");

type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// A frozen set of needles, numbered in the order in which they were given.
#[derive(Debug)]
pub(super) struct Needles<'a> {
    needles: Texts<'a>,
    /// Needles of similar length.
    groups: Vec<Windows<'a>>,
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
    offset: u32,
}

/// A value that is searched, and who is told.
struct Search<'s> {
    needles: Texts<'s>,
    value: &'s [u8],
    escapes: Escapes<'s>,
    found: &'s mut dyn FnMut(u32),
}

impl<'a> Texts<'a> {
    #[inline(always)]
    fn get(&self, needle: u32) -> Option<&'a [u8]> {
        let span = self.spans.get(needle as usize)?;
        self.texts.as_bytes().get(span.start as usize..span.end as usize)
    }
}

impl Search<'_> {
    /// Compares the needles that hold a window, which stands in the value at `at`.
    fn compare(&mut self, places: &[Place], at: usize) {
        for place in places {
            if let Some(start) = at.checked_sub(place.offset as usize)
                && let Some(text) = self.needles.get(place.needle)
                && let Some(part) = self.value.get(start..start + text.len())
                && part.eq_ignore_ascii_case(text)
                && !self.escapes.is_cut_at(start)
            {
                (self.found)(place.needle);
            }
        }
    }
}

/// Writes the set. No needle may be empty. Without `dense` all are sought a stride apart.
pub(super) fn write(needles: Vec<String>, dense: bool, writer: &mut Writer) {
    let spans: Vec<Span> = needles.iter().map(|needle| writer.text(needle)).collect();
    let texts: Vec<Box<[u8]>> = needles.into_iter().map(|needle| needle.into_bytes().into()).collect();
    let apart = groups(&texts, cut(&texts), dense);
    // All of them by one search, if that is cheaper.
    let together =
        (2..=4).filter(|_| dense && texts.len() <= windows::NEEDLES_MAX).map(|length| groups(&texts, length, dense));
    let cheapest = together.chain([apart]).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or_default();
    writer.table(&spans);
    writer.size(cheapest.len());
    cheapest.into_iter().for_each(|group| group.write(writer));
}

/// Sorts needles by length, those from a length on as one group, and finds the cheapest search for each.
fn groups(texts: &[Box<[u8]>], cut: usize, dense: bool) -> Vec<WindowsDraft> {
    let mut groups = Vec::new();
    let mut longest = usize::MAX;
    for length_min in [cut, 3, 2, 1].into_iter().filter(|length| *length <= cut) {
        let is_own = |text: &[u8]| (length_min..longest).contains(&text.len());
        let own: Vec<u32> = (0_u32..).zip(texts).filter(|(_, text)| is_own(text)).map(|(number, _)| number).collect();
        let length = length_min.min(4);
        let dense = if dense { WindowsDraft::dense(length, &own, texts) } else { None };
        let all = [WindowsDraft::strided(length, &own, texts), dense];
        groups.extend(all.into_iter().flatten().min_by(|a, b| a.cost().total_cmp(&b.cost())));
        longest = length_min;
    }
    groups
}

fn cost(groups: &[WindowsDraft]) -> f64 {
    groups.iter().map(|group| group.cost() + COST_OF_GROUP).sum()
}

impl<'a> Needles<'a> {
    /// Reads what [`write`] wrote.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let needles = Texts { spans: reader.table()?, texts: reader.texts() };
        let groups = reader.many(Windows::read)?;
        Some(Self { needles, groups })
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
        let mut search = Search { needles: self.needles, value, escapes: Escapes::new(value), found };
        for group in &self.groups {
            group.search(&mut search);
        }
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
