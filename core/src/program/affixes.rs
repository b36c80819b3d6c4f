//! Very many beginnings, ends or whole values: one lookup for each length that they have.
//!
//! ```text
//! ends "evil.com", "bad.net", "x.org"   ─▶   lengths 5, 7, 8      "www.bad.net"  ─▶  ".net"? no ·· "bad.net" yes
//! ```
//!
//! A trie of a million texts takes hundreds of bytes for each and misses the cache at every step. Here a text costs a few
//! bytes, and the lookups do not wait for each other. Which texts there are is for `indicators`; here are only their numbers.

use crate::text::Texts;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A frozen set of texts that a value begins with, ends with, or is.
#[derive(Debug, Default)]
pub(super) struct Affixes {
    /// The lengths that texts have, in ascending order.
    lengths: Vec<u32>,
    numbers: HashTable<u32>,
}

impl Affixes {
    /// Builds the set of the texts with these numbers, which must be distinct.
    pub(super) fn new(numbers: &[u32], texts: &Texts) -> Self {
        let hash_of = |number: &u32| hash(texts.get(*number as usize).unwrap_or_default().as_bytes());
        let mut set = Self { lengths: Vec::new(), numbers: HashTable::with_capacity(numbers.len()) };
        let mut has_length = Vec::new();
        for number in numbers {
            let length = texts.get(*number as usize).unwrap_or_default().len();
            has_length.resize(has_length.len().max(length + 1), false);
            has_length[length] = true;
            set.numbers.insert_unique(hash_of(number), *number, hash_of);
        }
        set.lengths = (0_u32..).zip(has_length).filter(|(_, has)| *has).map(|(length, _)| length).collect();
        set
    }

    /// The number of the text that equals `part`.
    #[inline]
    pub(super) fn get(&self, part: &[u8], texts: &Texts) -> Option<u32> {
        let is_part = |number: &u32| texts.get(*number as usize).is_some_and(|text| text.as_bytes() == part);
        self.numbers.find(hash(part), is_part).copied()
    }

    /// Calls `found` for every text that the value begins with.
    pub(super) fn starts(&self, value: &[u8], texts: &Texts, mut found: impl FnMut(u32)) {
        let parts = self.lengths.iter().map_while(|length| value.get(..*length as usize));
        parts.filter_map(|part| self.get(part, texts)).for_each(&mut found);
    }

    /// Calls `found` for every text that the value ends with.
    pub(super) fn ends(&self, value: &[u8], texts: &Texts, mut found: impl FnMut(u32)) {
        let starts = self.lengths.iter().map_while(|length| value.len().checked_sub(*length as usize));
        let parts = starts.filter_map(|start| value.get(start..));
        parts.filter_map(|part| self.get(part, texts)).for_each(&mut found);
    }
}

fn hash(text: &[u8]) -> u64 {
    FixedState::default().hash_one(text)
}
