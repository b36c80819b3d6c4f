//! Rows of foreign memory that nobody has read yet: each block of them is checked just before.
//!
//! ```text
//! rows 0..64  ✓ read      64..128  ✓ read      128..192  -  checked at the end, so that a wrong table is an error whoever reads it
//! ```
//!
//! Checked beforehand, all memory of a table comes near twice. What a text or a code has to be is said here and nowhere else; what
//! stands behind null may be anything.

use super::presence::Presence;
use arrow_array::cast::AsArray;
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{
    Array, ArrowNativeTypeOp, GenericStringArray, OffsetSizeTrait, PrimitiveArray, downcast_dictionary_array,
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;
use std::cell::Cell;
use std::ops::{BitOr, Range};
use std::rc::Rc;

/// Rows of a block.
const ROWS: usize = 64;

/// Rows of which it can be said whether they are what their type says.
pub(super) trait Rows {
    /// In which of them there is anything.
    fn presence(&self) -> &Presence;

    /// Whether those of one block are right, in which there is something.
    fn are_right(&self, rows: Range<usize>) -> bool;

    /// Whether all are. Where no row of a block has anything, none of them is read.
    fn all_are_right(&self) -> bool {
        self.presence().filled().all(|rows| self.are_right(rows))
    }
}

/// Texts that lie one behind the other.
pub(super) struct TextRows<O: OffsetSizeTrait> {
    pub(super) array: GenericStringArray<O>,
    presence: Presence,
}

/// Keys of a dictionary with so many values.
pub(super) struct CodeRows<K: ArrowDictionaryKeyType> {
    keys: PrimitiveArray<K>,
    presence: Presence,
    distinct: usize,
}

impl<O: OffsetSizeTrait> TextRows<O> {
    pub(super) fn new(array: &GenericStringArray<O>) -> Self {
        Self { array: array.clone(), presence: Presence::new(array, None) }
    }
}

impl<K: ArrowDictionaryKeyType> CodeRows<K> {
    pub(super) fn new(keys: &PrimitiveArray<K>, distinct: usize) -> Self {
        Self { keys: keys.clone(), presence: Presence::new(keys, None), distinct }
    }
}

impl<O: OffsetSizeTrait + ArrowNativeTypeOp + BitOr<Output = O>> Rows for TextRows<O> {
    fn presence(&self) -> &Presence {
        &self.presence
    }

    // PERF: looked at one after the other, texts took a quarter of a scan. Those of a block are one text, and each ends between two
    // characters of it.
    fn are_right(&self, rows: Range<usize>) -> bool {
        let (places, bytes) = (self.array.value_offsets(), self.array.value_data());
        let check = || {
            // Whoever reads many rows at once reads from the first place of all to the last.
            let all = places.first()?..=places.last()?;
            let own = places.get(rows.start..=rows.end)?;
            let (start, end, behind) = (own.first()?, own.last()?, own.get(1..)?);
            // A negative number has its highest bit set, and so have all together.
            let backwards =
                own.iter().zip(behind).fold(*start, |all, (own, next)| all | *next | next.sub_wrapping(*own));
            let is_within = backwards >= O::ZERO && all.contains(&start) && all.contains(&end);
            let bytes = bytes.get(start.to_usize()?..end.to_usize()?).filter(|_| is_within)?;
            let ends_right = |text: &str| own.iter().all(|place| text.is_char_boundary((*place - *start).as_usize()));
            (bytes.is_ascii() || str::from_utf8(bytes).is_ok_and(ends_right)).then_some(())
        };
        check().is_some()
    }
}

impl<K: ArrowDictionaryKeyType> Rows for CodeRows<K> {
    fn presence(&self) -> &Presence {
        &self.presence
    }

    fn are_right(&self, rows: Range<usize>) -> bool {
        let (keys, distinct) = (self.keys.values(), self.distinct);
        if let (DataType::Int32 | DataType::UInt32, Ok(distinct)) = (K::DATA_TYPE, i32::try_from(distinct)) {
            let keys = keys.inner().typed_data::<i32>().get(rows.clone()).unwrap_or_default();
            // A negative number has its highest bit set, and so have all together.
            if keys.iter().fold(0, |all, key| all | key | (distinct - 1).wrapping_sub(*key)) >= 0 {
                return true;
            }
        }
        self.presence.those_of(rows).all(|row| keys.get(row).is_some_and(|key| key.as_usize() < distinct))
    }
}

/// Rows that are checked when they are read.
pub(super) struct Unread<R> {
    pub(super) rows: R,
    /// One bit for each block that was checked.
    checked: Box<[Cell<u64>]>,
    is_wrong: Cell<bool>,
}

impl<R: Rows> Unread<R> {
    pub(super) fn new(rows: R) -> Rc<Self> {
        let words = rows.presence().rows().div_ceil(ROWS * 64);
        Rc::new(Self { rows, checked: vec![Cell::new(0); words].into(), is_wrong: Cell::new(false) })
    }

    /// Whether a row may be read, which is checked with its block.
    #[inline]
    pub(super) fn may_read(&self, row: usize) -> bool {
        let block = row / ROWS;
        let is_checked = self.checked.get(block / 64).is_some_and(|word| word.get() >> (block % 64) & 1 == 1);
        is_checked || self.check(block)
    }

    #[inline(never)]
    fn check(&self, block: usize) -> bool {
        let (start, presence) = (block * ROWS, self.rows.presence());
        let rows = start..presence.rows().min(start + ROWS);
        let is_right = presence.bits(rows.clone()) == 0 || self.rows.are_right(rows);
        match self.checked.get(block / 64) {
            Some(word) if is_right => word.set(word.get() | 1 << (block % 64)),
            _ => self.is_wrong.set(true),
        }
        is_right
    }
}

/// Rows of a column some of which may not be checked yet.
pub(super) trait Pending {
    /// Checks those of some rows, and so brings them near.
    fn read(&self, rows: Range<usize>);

    /// Checks all others, and says whether all are right.
    fn are_right(&self) -> bool;
}

impl<R: Rows> Pending for Unread<R> {
    fn read(&self, rows: Range<usize>) {
        (rows.start / ROWS..rows.end.div_ceil(ROWS)).for_each(|block| {
            self.may_read(block * ROWS);
        });
    }

    fn are_right(&self) -> bool {
        // PERF: in a table of many kinds of events a column has nothing nearly everywhere.
        self.rows.presence().filled().for_each(|rows| self.read(rows));
        !self.is_wrong.get()
    }
}

/// Whether all rows of an array surely are right, if it is one of texts or codes; the values of a dictionary are not looked at.
pub(super) fn are_rows_right(array: &dyn Array) -> Option<bool> {
    Some(downcast_dictionary_array!(
        array => CodeRows::new(array.keys(), array.values().len()).all_are_right(),
        DataType::Utf8 => TextRows::new(array.as_string_opt::<i32>()?).all_are_right(),
        DataType::LargeUtf8 => TextRows::new(array.as_string_opt::<i64>()?).all_are_right(),
        _ => return None
    ))
}
