//! A frozen table that is looked up by a hash: rows with the same leading bits of it stand next to each other.
//!
//! ```text
//! starts  0 2 2 3     rows  [a b] [] [c]      the first bits of a hash choose the bucket
//! ```
//!
//! There is nothing to probe and nothing is empty, so it is small, and a forged one cannot make a search run on. Hashes must
//! be the same on every machine and for ever, and their leading bits must be good ones.

use super::tables::{Reader, Writer};
use bytemuck::{AnyBitPattern, NoUninit};

/// Rows by their hash.
#[derive(Debug)]
pub(super) struct Index<'a, T> {
    /// Where each bucket begins, and where the last one ends.
    starts: &'a [u32],
    rows: &'a [T],
    /// How far a hash is shifted so that it numbers a bucket.
    shift: u32,
}

impl<T> Default for Index<'_, T> {
    fn default() -> Self {
        Self { starts: &[], rows: &[], shift: 0 }
    }
}

impl<'a, T: AnyBitPattern> Index<'a, T> {
    /// Reads what [`write`] wrote.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let shift = reader.word()?;
        Some(Self { shift: (shift < u64::BITS).then_some(shift)?, starts: reader.table()?, rows: reader.table()? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All rows, in no particular order.
    pub(super) fn rows(&self) -> &'a [T] {
        self.rows
    }

    /// The rows whose hash may be this one.
    #[inline]
    pub(super) fn bucket(&self, hash: u64) -> &'a [T] {
        let bucket = (hash >> self.shift) as usize;
        match self.starts.get(bucket..).and_then(|starts| starts.first_chunk()) {
            Some([start, end]) => self.rows.get(*start as usize..*end as usize).unwrap_or_default(),
            None => &[],
        }
    }
}

/// Writes rows with their hashes; the order of rows with the same hash is kept.
pub(super) fn write<T: NoUninit>(mut rows: Vec<(u64, T)>, writer: &mut Writer) {
    let log = rows.len().next_power_of_two().ilog2().max(1);
    let shift = u64::BITS - log;
    rows.sort_by_key(|(hash, _)| *hash);
    let mut starts = Vec::with_capacity((1 << log) + 1);
    for (at, (hash, _)) in rows.iter().enumerate() {
        starts.resize(starts.len().max((hash >> shift) as usize + 1), at as u32);
    }
    if !rows.is_empty() {
        starts.resize((1 << log) + 1, rows.len() as u32);
    }
    writer.word(shift);
    writer.table(&starts);
    writer.table(&rows.into_iter().map(|(_, row)| row).collect::<Vec<T>>());
}

#[cfg(test)]
mod tests {
    use super::super::tables::tests::written;
    use super::*;

    #[test]
    fn every_row_is_in_the_bucket_of_its_hash() {
        for count in 0..40_u64 {
            let hash = |number: u64| (number / 2).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let rows = (0..count).map(|number| (hash(number), number)).collect();
            written(
                |writer| write(rows, writer),
                |reader| {
                    let index = Index::<u64>::read(reader).unwrap();
                    for number in 0..count {
                        assert!(index.bucket(hash(number)).contains(&number), "{number} of {count}");
                    }
                    assert!(index.bucket(hash(200)).len() < 8);
                },
            );
        }
    }
}
