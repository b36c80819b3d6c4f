//! Values repeat: a bounded memory from a value to its effects.
//!
//! ```text
//! (matcher 7, "C:\Windows\System32\svchost.exe")   ─▶   effects [12, 40]
//! ```
//!
//! Keys are compared byte for byte, so a collision of hashes is never an error. When the memory is full it
//! is emptied as a whole: what is common comes back within a few events, and nothing has to be counted.

use crate::event::slots::Seen;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};

/// Bytes of values that are kept at most.
const BYTES_MAX: usize = 4 << 20;
/// Values that are kept at most.
const VALUES_MAX: usize = 1 << 16;
/// Longer values are rarely seen twice.
const VALUE_BYTES_MAX: usize = 2048;

/// Remembers the effects of values.
#[derive(Debug, Default)]
pub(super) struct Memo {
    table: HashTable<Entry>,
    bytes: Vec<u8>,
    effects: Vec<u32>,
    hasher: foldhash::fast::RandomState,
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    tag: u32,
    start: u32,
    length: u32,
    effects: (u32, u32),
}

/// What a value is looked up by.
#[derive(Debug)]
pub(super) struct Key {
    hash: u64,
    tag: u32,
}

impl Memo {
    /// What to look a value up by; `None` for one that is not worth it.
    pub(super) fn key(&self, matcher: u32, seen: &Seen<'_>) -> Option<Key> {
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

    pub(super) fn get(&self, key: &Key, seen: &Seen<'_>) -> Option<&[u32]> {
        let text = seen.raw.as_bytes();
        let entry = self.table.find(key.hash, |entry| {
            entry.tag == key.tag
                && self.bytes.get(entry.start as usize..(entry.start + entry.length) as usize) == Some(text)
        })?;
        self.effects.get(entry.effects.0 as usize..entry.effects.1 as usize)
    }

    pub(super) fn put(&mut self, key: &Key, seen: &Seen<'_>, effects: &[u32]) {
        let text = seen.raw;
        if self.bytes.len() + text.len() > BYTES_MAX || self.table.len() >= VALUES_MAX || self.effects.len() > BYTES_MAX
        {
            self.table.clear();
            self.bytes.clear();
            self.effects.clear();
        }
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text.as_bytes());
        let first = self.effects.len() as u32;
        self.effects.extend_from_slice(effects);
        let entry = Entry {
            hash: key.hash,
            tag: key.tag,
            start,
            length: text.len() as u32,
            effects: (first, self.effects.len() as u32),
        };
        self.table.insert_unique(key.hash, entry, |entry| entry.hash);
    }
}
