//! Lists of Arrow whose members are single values.
//!
//! ```text
//! ["a", null], [], null   ─▶   "a" and null, a list without values, a missing field
//! ```
//!
//! Lists of lists and of structs are not for this file.

use super::presence::Presence;
use super::repeated;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::DataType;
use std::ops::Range;
use tieline::Value;
use tieline::columns::{Lists, Values};

/// The lists of an array; `None` if it holds no lists, or a member may hold several values.
pub(super) fn lists(array: &ArrayRef, around: Option<&NullBuffer>) -> Option<Box<dyn Lists>> {
    match array.data_type() {
        DataType::List(_) => listed::<i32>(array, around),
        DataType::LargeList(_) => listed::<i64>(array, around),
        DataType::FixedSizeList(_, size) => {
            let (own, size) = (array.as_fixed_size_list_opt()?, usize::try_from(*size).ok()?);
            let members = repeated::values(own.values(), None)?;
            let place = move |row: usize| row * size..(row + 1) * size;
            Some(Box::new(Listed { rows: Presence::new(array, around), members, place: Box::new(place) }))
        }
        _ => None,
    }
}

fn listed<O: OffsetSizeTrait>(array: &ArrayRef, around: Option<&NullBuffer>) -> Option<Box<dyn Lists>> {
    let own = array.as_list_opt::<O>()?;
    let members = repeated::values(own.values(), None)?;
    let offsets: OffsetBuffer<O> = own.offsets().clone();
    let place = move |row: usize| {
        let at = |row: usize| offsets.get(row).map_or(0, |place| place.as_usize());
        at(row)..at(row + 1)
    };
    Some(Box::new(Listed { rows: Presence::new(array, around), members, place: Box::new(place) }))
}

/// Lists, and where the members of each stand.
struct Listed {
    rows: Presence,
    members: Box<dyn Values>,
    place: Box<dyn Fn(usize) -> Range<usize>>,
}

impl Lists for Listed {
    fn values(&self, row: usize, each: &mut dyn FnMut(Value<'_>)) {
        if !self.rows.has(row) {
            return;
        }
        let place = (self.place)(row);
        if place.is_empty() {
            each(Value::Composite);
        }
        place.for_each(|member| each(self.members.value(member).unwrap_or(Value::Null)));
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }
}
