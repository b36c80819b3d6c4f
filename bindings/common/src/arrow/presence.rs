//! In which rows an array of Arrow holds anything.
//!
//! ```text
//! nulls of the struct around it  1 0 1 1
//! its own                        1 1 0 1    ─▶    1 0 0 1
//! ```
//!
//! What stands in a row is not known here.

use arrow_array::Array;
use arrow_buffer::NullBuffer;
use std::ops::Range;

/// The rows that are not null.
#[derive(Debug, Clone)]
pub(super) struct Presence {
    rows: usize,
    nulls: Option<NullBuffer>,
}

impl Presence {
    /// Of an array that lies in structs with these nulls.
    pub(super) fn new(array: &dyn Array, around: Option<&NullBuffer>) -> Self {
        let nulls = NullBuffer::union(array.nulls(), around).filter(|nulls| nulls.null_count() > 0);
        Self { rows: array.len(), nulls }
    }

    pub(super) fn nulls(&self) -> Option<&NullBuffer> {
        self.nulls.as_ref()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    #[inline]
    pub(super) fn has(&self, row: usize) -> bool {
        row < self.rows && self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
    }

    /// Those of some rows that are not null.
    pub(super) fn those_of(&self, rows: Range<usize>) -> impl Iterator<Item = usize> {
        let end = rows.end.min(self.rows);
        let blocks = (rows.start..end).step_by(64).zip(self.words(rows.start..end));
        blocks.flat_map(|(start, mut bits)| {
            std::iter::from_fn(move || {
                let at = bits.trailing_zeros() as usize;
                bits &= bits.wrapping_sub(1);
                (at < 64).then_some(start + at)
            })
        })
    }

    /// Calls `each` for every 64 rows with one bit for each that is not null.
    #[inline]
    pub(super) fn each(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.words(rows).for_each(each);
    }

    /// Every 64 rows of which any is not null.
    pub(super) fn filled(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = (0..self.rows).step_by(64).zip(self.words(0..self.rows)).filter(|(_, bits)| *bits != 0);
        starts.map(|(start, _)| start..self.rows.min(start + 64))
    }

    /// For every 64 rows one bit for each that is not null.
    // PERF: what begins with a byte is read as it lies; a table has hundreds of columns, nearly all of them null nearly everywhere.
    pub(super) fn words(&self, rows: Range<usize>) -> impl Iterator<Item = u64> {
        let start = self.nulls.as_ref().map(|nulls| (nulls.inner().offset() + rows.start, nulls.inner().values()));
        let bytes = start.filter(|(start, _)| start % 8 == 0).and_then(|(start, bytes)| bytes.get(start / 8..));
        let whole = bytes.unwrap_or_default().as_chunks::<8>().0;
        let whole = whole.get(..rows.len() / 64).unwrap_or_default();
        (0..rows.len().div_ceil(64)).map(move |at| match whole.get(at) {
            Some(word) => u64::from_le_bytes(*word),
            None => self.bits(rows.start + 64 * at..rows.end.min(rows.start + 64 * (at + 1))),
        })
    }

    /// One bit for each of at most 64 rows.
    #[inline]
    pub(super) fn bits(&self, rows: Range<usize>) -> u64 {
        let count = rows.len().min(64);
        let all = if count == 64 { u64::MAX } else { (1 << count) - 1 };
        let Some(nulls) = &self.nulls else { return all };
        let start = nulls.inner().offset() + rows.start;
        let bytes = nulls.inner().values().get(start / 8..).unwrap_or_default();
        // 64 bits that begin within a byte lie in nine bytes.
        // PERF: bytes that are copied one by one are a call to the machine's library, for each column of each block.
        let many = bytes.first_chunk::<16>().copied().unwrap_or_else(|| {
            let mut nine = [0; 16];
            bytes.iter().take(9).zip(&mut nine).for_each(|(byte, place)| *place = *byte);
            nine
        });
        (u128::from_le_bytes(many) >> (start % 8)) as u64 & all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Int32Array;

    #[test]
    fn bits_are_those_of_the_rows() {
        let array: Int32Array = (0..300).map(|row| (row % 7 != 0 && row % 3 != 1).then_some(row)).collect();
        let around: NullBuffer = (0..290).map(|row| row % 11 != 0).collect();
        let presence = Presence::new(&array.slice(10, 290), Some(&around));
        for start in [0, 1, 63, 64, 200, 256, 280, 289] {
            let end = (start + 64).min(290);
            let bits = presence.bits(start..end);
            for at in 0..64 {
                let row = start + at;
                assert_eq!(bits >> at & 1 == 1, row < end && presence.has(row), "{start} {at}");
            }
        }
        for (start, rows) in [(0, 290), (0, 64), (6, 280), (8, 290), (62, 190), (64, 63), (280, 290)] {
            let bits = |start: usize| presence.bits(start..rows.min(start + 64));
            assert!(presence.words(start..rows).eq((start..rows).step_by(64).map(bits)), "{start} {rows}");
        }
        let own: Vec<usize> = (7..290).filter(|row| presence.has(*row)).collect();
        assert!(presence.those_of(7..1000).eq(own));
        assert!(!presence.has(290) && !presence.has(usize::MAX));
    }
}
