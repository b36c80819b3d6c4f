//! Very many beginnings, ends or whole values: one lookup for each length that they have.
//!
//! ```text
//! ends "evil.com", "bad.net", "x.org"   ─▶   lengths 5, 7, 8      "www.bad.net"  ─▶  ".net"? no ·· "bad.net" yes
//! ```
//!
//! A trie of a million texts takes hundreds of bytes for each and misses the cache at every step. Here a text costs a few
//! bytes, and the lookups do not wait for each other. Which texts there are is for `indicators`; here are only their numbers.

use super::index::{self, Index};
use super::indicators::Listed;
use super::tables::{Reader, Writer};
use bytemuck::{Pod, Zeroable};
use xxhash_rust::xxh3::xxh3_64;

/// A frozen set of texts that a value begins with, ends with, or is.
#[derive(Debug, Default)]
pub(super) struct Affixes<'a> {
    /// The lengths that texts have, in ascending order.
    lengths: &'a [u32],
    rows: Index<'a, Row>,
}

/// A text, and a part of its hash, so that few other texts are looked at.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Row {
    tag: u32,
    number: u32,
}

/// Writes the set of these texts, which are distinct.
pub(super) fn write<'t>(texts: impl Iterator<Item = &'t str>, writer: &mut Writer) {
    let (mut rows, mut has_length) = (Vec::new(), Vec::new());
    for (number, text) in texts.enumerate() {
        has_length.resize(has_length.len().max(text.len() + 1), false);
        if let Some(has) = has_length.get_mut(text.len()) {
            *has = true;
        }
        let hash = xxh3_64(text.as_bytes());
        rows.push((hash, Row { tag: hash as u32, number: number as u32 }));
    }
    let lengths = (0_u32..).zip(has_length).filter(|(_, has)| *has).map(|(length, _)| length);
    writer.table(&lengths.collect::<Vec<u32>>());
    index::write(rows, writer);
}

impl<'a> Affixes<'a> {
    /// Reads what [`write`] wrote.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self { lengths: reader.table()?, rows: Index::read(reader)? })
    }

    /// Whether one of the texts equals `part`.
    #[inline]
    pub(super) fn has(&self, part: &[u8], texts: &Listed<'_>) -> bool {
        let hash = xxh3_64(part);
        let rows = self.rows.bucket(hash).iter();
        rows.filter(|row| row.tag == hash as u32).any(|row| texts.get(row.number) == Some(part))
    }

    /// Whether the value begins with one of the texts.
    pub(super) fn has_start_of(&self, value: &[u8], texts: &Listed<'_>) -> bool {
        let mut parts = self.lengths.iter().map_while(|length| value.get(..*length as usize));
        parts.any(|part| self.has(part, texts))
    }

    /// Whether the value ends with one of the texts.
    pub(super) fn has_end_of(&self, value: &[u8], texts: &Listed<'_>) -> bool {
        let starts = self.lengths.iter().map_while(|length| value.len().checked_sub(*length as usize));
        starts.filter_map(|start| value.get(start..)).any(|part| self.has(part, texts))
    }
}
