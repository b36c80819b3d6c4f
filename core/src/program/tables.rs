//! Tables one behind the other in one piece of memory, which may as well be a file.
//!
//! ```text
//! room for a seal │ where texts and words are │ tables, each at a multiple of 8 │ texts │ words
//! ```
//!
//! A structure writes its tables, and reads them in the same order. *Words* say where they are. What is read is borrowed,
//! so reading does no work for the rows of a table. Equal tables and equal texts are kept once.
//!
//! The bytes may come from anybody: a reader gives `None` where they make no sense, and what a table says about another is
//! always asked for by `get`. Numbers are written as the machine keeps them; the order of bytes is part of the seal.

use super::Span;
use bytemuck::{AnyBitPattern, NoUninit, Pod, Zeroable};
use hashbrown::HashTable;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes at the beginning that belong to whoever keeps the tables.
pub(crate) const SEAL: usize = 24;

/// Bytes before the first table: the seal, and from where to where texts and words are.
const HEADER: usize = SEAL + 4 * 8;

/// Tables begin at multiples of it.
const ALIGN: usize = 8;

/// Where bytes are that were kept by themselves; it may stand in a table.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Kept {
    place: u32,
    length: u32,
}

/// Writes tables.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    texts: String,
    words: Vec<u32>,
    /// Texts and tables that were written already.
    known_texts: HashTable<Span>,
    known_tables: HashTable<Range<usize>>,
    is_full: bool,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            bytes: vec![0; HEADER],
            texts: String::new(),
            words: Vec::new(),
            known_texts: HashTable::new(),
            known_tables: HashTable::new(),
            is_full: false,
        }
    }

    /// Writes a number.
    pub(crate) fn word(&mut self, word: u32) {
        self.words.push(word);
    }

    /// Writes the length of a table, or a number that counts something in memory.
    pub(crate) fn size(&mut self, size: usize) {
        self.is_full |= size > u32::MAX as usize;
        self.words.push(size as u32);
    }

    /// Writes a table.
    pub(crate) fn table<T: NoUninit>(&mut self, rows: &[T]) {
        const { assert!(align_of::<T>() <= ALIGN) };
        let place = if rows.is_empty() { 0 } else { self.place(bytemuck::cast_slice(rows)) };
        self.size(place / ALIGN);
        self.size(rows.len());
    }

    /// Keeps bytes, and says where they are.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Kept {
        let place = self.place(bytes) / ALIGN;
        self.is_full |= place.max(bytes.len()) > u32::MAX as usize;
        Kept { place: place as u32, length: bytes.len() as u32 }
    }

    /// Where these bytes are, which are written unless they are there already.
    fn place(&mut self, table: &[u8]) -> usize {
        let hash = xxh3_64(table);
        let all = &self.bytes;
        let is_it = |known: &Range<usize>| all.get(known.clone()).is_some_and(|known| known == table);
        if let Some(known) = self.known_tables.find(hash, is_it) {
            return known.start;
        }
        let place = self.bytes.len().next_multiple_of(ALIGN);
        self.bytes.resize(place, 0);
        self.bytes.extend_from_slice(table);
        let all = &self.bytes;
        let rehash = |known: &Range<usize>| xxh3_64(all.get(known.clone()).unwrap_or_default());
        self.known_tables.insert_unique(hash, place..place + table.len(), rehash);
        place
    }

    /// Keeps a text, and says where it is among all texts.
    pub(crate) fn text(&mut self, text: &str) -> Span {
        let hash = xxh3_64(text.as_bytes());
        if let Some(known) = self.known_texts.find(hash, |known| known.of_texts(&self.texts) == text) {
            return *known;
        }
        self.is_full |= self.texts.len() + text.len() > u32::MAX as usize;
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        let span = Span { start, end: self.texts.len() as u32 };
        let texts = &self.texts;
        self.known_texts.insert_unique(hash, span, |known| xxh3_64(known.of_texts(texts).as_bytes()));
        span
    }

    /// All that was written, with an empty seal; `None` when it is more than numbers of 32 bits can say.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        drop((self.known_texts, self.known_tables));
        let end = self.bytes.len().next_multiple_of(ALIGN);
        self.bytes.resize(end, 0);
        let texts = self.bytes.len()..self.bytes.len() + self.texts.len();
        self.bytes.reserve_exact(self.texts.len() + ALIGN + self.words.len() * size_of::<u32>());
        self.bytes.extend_from_slice(self.texts.as_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGN), 0);
        let words = self.bytes.len()..self.bytes.len() + self.words.len() * size_of::<u32>();
        self.bytes.extend_from_slice(bytemuck::cast_slice(&self.words));
        let places = [texts.start, texts.end, words.start, words.end].map(|place| place as u64);
        self.bytes.get_mut(SEAL..HEADER)?.copy_from_slice(bytemuck::cast_slice(&places));
        self.bytes.shrink_to_fit();
        (!self.is_full).then_some(self.bytes)
    }
}

/// Reads tables in the order in which they were written.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    texts: &'a str,
    words: &'a [u32],
}

impl<'a> Reader<'a> {
    /// Begins to read; `None` when the bytes hold no tables, or do not begin at a multiple of eight.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        if !is_aligned(bytes) {
            return None;
        }
        let places: &[u64] = bytemuck::try_cast_slice(bytes.get(SEAL..HEADER)?).ok()?;
        let part = |from: usize, to: usize| {
            let place = |at: usize| usize::try_from(*places.get(at)?).ok();
            bytes.get(place(from)?..place(to)?)
        };
        let texts = simdutf8::basic::from_utf8(part(0, 1)?).ok()?;
        let words = bytemuck::try_cast_slice(part(2, 3)?).ok()?;
        Some(Self { bytes, texts, words })
    }

    /// All texts, of which spans are parts.
    pub(crate) fn texts(&self) -> &'a str {
        self.texts
    }

    pub(crate) fn word(&mut self) -> Option<u32> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(*first)
    }

    pub(crate) fn table<T: AnyBitPattern>(&mut self) -> Option<&'a [T]> {
        let (start, rows) = (self.word()? as usize * ALIGN, self.word()? as usize);
        let end = rows.checked_mul(size_of::<T>())?.checked_add(start)?;
        bytemuck::try_cast_slice(self.bytes.get(start..end)?).ok()
    }

    /// The bytes that were kept there; none where nothing is.
    pub(crate) fn kept(&self, kept: Kept) -> &'a [u8] {
        let start = kept.place as usize * ALIGN;
        let end = start.checked_add(kept.length as usize);
        end.and_then(|end| self.bytes.get(start..end)).unwrap_or_default()
    }

    /// Reads as many things as a number before them says.
    pub(crate) fn many<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.word()?;
        // Each takes a word at least, so no number makes this take more memory than the file does.
        let mut all = Vec::with_capacity((count as usize).min(self.words.len()));
        for _ in 0..count {
            all.push(read(self)?);
        }
        Some(all)
    }
}

/// Whether tables could be read where these bytes lie.
pub(crate) fn is_aligned(bytes: &[u8]) -> bool {
    bytes.as_ptr().addr().is_multiple_of(ALIGN)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Calls `then` with a reader of what `write` writes.
    pub(crate) fn written<T>(write: impl FnOnce(&mut Writer), then: impl FnOnce(&mut Reader<'_>) -> T) -> T {
        let mut writer = Writer::new();
        write(&mut writer);
        let bytes = writer.finish().unwrap();
        then(&mut Reader::new(&bytes).unwrap())
    }

    #[test]
    fn what_is_equal_is_kept_once() {
        let write = |writer: &mut Writer| {
            writer.table(&[1_u64, 2]);
            writer.table(&[7_u8; 3]);
            writer.table(&[1_u64, 2]);
            writer.word(5);
            assert_eq!((writer.text("ab"), writer.text("ab")), (writer.text("ab"), Span { start: 0, end: 2 }));
        };
        written(write, |reader| {
            let (first, other) = (reader.table::<u64>().unwrap(), reader.table::<u8>().unwrap());
            let again = reader.table::<u64>().unwrap();
            assert_eq!((first, other, again), ([1, 2].as_slice(), [7; 3].as_slice(), [1, 2].as_slice()));
            assert!(std::ptr::eq(first, again));
            assert_eq!((reader.word(), reader.word(), reader.texts()), (Some(5), None, "ab"));
        });
    }

    #[test]
    fn places_that_are_not_there_give_nothing() {
        for words in [[u32::MAX, 1], [0, u32::MAX], [0, 9]] {
            let write = |writer: &mut Writer| words.into_iter().for_each(|word| writer.word(word));
            written(write, |reader| assert!(reader.table::<u64>().is_none(), "{words:?}"));
        }
        assert!(Reader::new(&[0; 8]).is_none());
    }
}
