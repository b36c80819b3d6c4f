//! Very many long texts sought anywhere in a value, by one window of each.
//!
//! ```text
//! needle  "9f86d081884c7d659a2feaa0c55ad015"      windows of 8 bytes, hashed; of any 25 in a row the least is a mark
//! value   "MD5=9f86d081884c7d659a2feaa0c55ad015"  the same windows, so the same marks: 2 or 3 lookups for the whole value
//! ```
//!
//! Wherever the needle stands, the value has its windows in a row, so the mark of the needle is a mark of the value. Each
//! needle is filed under one of its marks, the one that fewest others use. That takes some twenty bytes, and where few
//! bytes of a value are marks, few lookups miss the cache. Texts of a rule, which are few, are sought faster by `needles`.

use super::index::{self, Index};
use super::indicators::Listed;
use super::tables::{Reader, Writer};
use crate::text::Texts;
use bytemuck::{Pod, Zeroable};
use hashbrown::HashMap;

/// Bytes of a window.
const WINDOW: usize = 8;

/// Needles hold at least one window.
pub(super) const LENGTH_MIN: usize = WINDOW;

/// Lengths from which on needles are sought by a search of their own, with longer rows of windows.
const LENGTHS: [usize; 4] = [LENGTH_MIN, 12, 20, 32];

/// Bits of an entry that say where in the needle its mark stands.
const OFFSET_BITS: u32 = 8;

/// Frozen sets of needles; their texts are elsewhere.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    groups: Vec<Group<'a>>,
}

#[derive(Debug)]
struct Group<'a> {
    /// Windows in a row of which the least is a mark.
    row: usize,
    entries: Index<'a, Entry>,
}

/// A needle, and behind each other 24 bits of its mark's hash and where the mark stands in it.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Entry {
    needle: u32,
    mark: u32,
}

/// Writes the sets of the texts with these numbers, which have at least [`LENGTH_MIN`] bytes.
pub(super) fn write(numbers: &[u32], texts: &Texts, writer: &mut Writer) {
    let length = |number: &u32| texts.get(*number as usize).map_or(0, str::len);
    let groups = LENGTHS.iter().enumerate().filter_map(|(at, length_min)| {
        let length_max = LENGTHS.get(at + 1).copied().unwrap_or(usize::MAX);
        let is_own = |number: &&u32| (*length_min..length_max).contains(&length(number));
        let own: Vec<u32> = numbers.iter().filter(is_own).copied().collect();
        let shortest = own.iter().map(length).min()?;
        Some((shortest.min(1 << OFFSET_BITS) + 1 - WINDOW, own))
    });
    let groups: Vec<(usize, Vec<u32>)> = groups.collect();
    writer.size(groups.len());
    groups.iter().for_each(|(row, own)| write_group(*row, own, texts, writer));
}

fn write_group(row: usize, needles: &[u32], texts: &Texts, writer: &mut Writer) {
    let mut entries = Vec::with_capacity(needles.len());
    // How many needles are filed under a mark.
    let mut loads: HashMap<u64, u32, foldhash::fast::FixedState> = HashMap::default();
    for needle in needles {
        let text = texts.get(*needle as usize).unwrap_or_default().as_bytes();
        let mut best: Option<(u32, usize, u64)> = None;
        each_mark(text, row, |at, hash| {
            let load = loads.get(&hash).copied().unwrap_or(0);
            if at < 1 << OFFSET_BITS && best.is_none_or(|(least, ..)| load < least) {
                best = Some((load, at, hash));
            }
        });
        // INVARIANT: a needle has at least one row of windows, and of the first row the mark is near enough.
        let Some((_, at, hash)) = best else { continue };
        *loads.entry(hash).or_default() += 1;
        entries.push((hash, Entry { needle: *needle, mark: tag(hash) | at as u32 }));
    }
    writer.size(row);
    index::write(entries, writer);
}

impl<'a> Marks<'a> {
    /// Reads what [`write`] wrote.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let group = |reader: &mut Reader<'a>| {
            let row = reader.word()? as usize;
            let is_row = (1..=1 << OFFSET_BITS).contains(&row);
            is_row.then_some(Group { row, entries: Index::read(reader)? })
        };
        Some(Self { groups: reader.many(group)? })
    }

    /// Calls `found` with the number of every needle that stands in the value, for every place where it does.
    pub(super) fn search(&self, value: &[u8], texts: &Listed<'_>, mut found: impl FnMut(u32)) {
        for group in &self.groups {
            each_mark(value, group.row, |at, hash| group.look(value, texts, at, hash, &mut found));
        }
    }
}

impl Group<'_> {
    /// Compares the needles that are filed under the mark, which stands in the value at `at`.
    fn look(&self, value: &[u8], texts: &Listed<'_>, at: usize, hash: u64, found: &mut dyn FnMut(u32)) {
        for entry in self.entries.bucket(hash) {
            let offset = (entry.mark & ((1 << OFFSET_BITS) - 1)) as usize;
            if entry.mark & !((1 << OFFSET_BITS) - 1) == tag(hash)
                && let Some(rest) = at.checked_sub(offset).and_then(|start| value.get(start..))
                && texts.get(entry.needle).is_some_and(|text| rest.starts_with(text))
            {
                found(entry.needle);
            }
        }
    }
}

/// Calls `each` for every window that is the least of some `row` windows next to each other; of equal ones the last.
fn each_mark(text: &[u8], row: usize, mut each: impl FnMut(usize, u64)) {
    let (mut least, mut least_at, mut told) = (u64::MAX, 0, None);
    for (at, window) in text.array_windows().enumerate() {
        let hash = hash_of(window);
        if hash <= least {
            (least, least_at) = (hash, at);
        } else if at >= least_at + row {
            // The least one has fallen out of the row.
            let from = at + 1 - row;
            let rest = text.get(from..at + WINDOW).unwrap_or_default();
            let hashes = rest.array_windows().map(hash_of).enumerate();
            let (offset, hash) = hashes.fold((0, u64::MAX), |best, own| if own.1 <= best.1 { own } else { best });
            (least, least_at) = (hash, from + offset);
        }
        if at + 1 >= row && told != Some(least_at) {
            told = Some(least_at);
            each(least_at, least);
        }
    }
}

#[inline]
fn hash_of(window: &[u8; WINDOW]) -> u64 {
    let mixed = u64::from_le_bytes(*window).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// The bits of a hash that an entry keeps.
fn tag(hash: u64) -> u32 {
    (hash >> 16) as u32 & !((1 << OFFSET_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::super::tables::tests::written;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_needle_is_found_wherever_it_stands(
            texts in prop::collection::btree_set("[ab]{8,40}|a{8,300}|[abé]{8}", 1..60),
            picks in prop::collection::vec((0_usize..60, "[ab]{0,9}"), 0..4),
        ) {
            let all = Texts::from_iter(&texts);
            let value: String =
                picks.iter().map(|(at, more)| format!("{}{more}", all.get(at % all.len()).unwrap())).collect();
            let mut found = BTreeSet::new();
            let write_all = |writer: &mut Writer| super::super::indicators::write(&all, super::super::Place::Inside, writer);
            written(write_all, |reader| {
                let texts = Listed::read(reader).unwrap();
                Marks::read(reader).unwrap().search(value.as_bytes(), &texts, |needle| { found.insert(needle); });
            });
            let expected: BTreeSet<u32> =
                (0_u32..).zip(all.iter()).filter(|(_, text)| value.contains(text)).map(|(at, _)| at).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
