//! Memory that is soon read here and there is read once in order before.
//!
//! ```text
//! rows 64..128 of a column:  offsets  ~ ~      texts  ~ ~ ~ ~ ~ ~      (~ one byte of each line)
//! ```
//!
//! Rows are looked at one by one, so each of some twenty columns would wait for its own memory. Read in order nothing waits for
//! anything.

use std::hint::black_box;
use std::ops::Range;

/// Bytes that come together.
const LINE: usize = 64;
/// So many of the bytes of a row's text are brought near, on average: nobody may ask for it, and long ones lie in order.
const TEXT_BYTES: usize = 1 << 10;

/// Brings a part of a slice near.
// PERF: a scan of a table of texts took 1.1 times as long without it.
#[inline]
pub(super) fn slice<T: Copy>(of: &[T], part: Range<usize>) {
    let part = of.get(part).unwrap_or_default();
    part.iter().step_by((LINE / size_of::<T>().max(1)).max(1)).for_each(|one| {
        black_box(*one);
    });
}

/// The same, of the texts of some rows; places of foreign memory may lead anywhere.
#[inline]
pub(super) fn texts(of: &[u8], part: Range<usize>, rows: usize) {
    slice(of, part.start..part.end.min(part.start.saturating_add(rows * TEXT_BYTES)));
}
