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
        let blocks = (rows.start..end).step_by(64).map(move |start| (start, self.bits(start..end.min(start + 64))));
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
        (rows.start..rows.end).step_by(64).for_each(|start| each(self.bits(start..rows.end.min(start + 64))));
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
        let own: Vec<usize> = (7..290).filter(|row| presence.has(*row)).collect();
        assert!(presence.those_of(7..1000).eq(own));
        assert!(!presence.has(290) && !presence.has(usize::MAX));
    }
}
