//! Which batches have the same dictionaries, so that what is known of their values goes on from one to the next.
//!
//! ```text
//! batch 1  Image: keys, values at 0x7f10   ─▶  7        batch 2  Image: other keys, values at 0x7f10   ─▶  7        batch 3  values at 0x7f90  ─▶  8
//! ```
//!
//! Values are the same when they lie at the same place. The batch before is held, so that nothing else can lie there.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of the last table that shares dictionaries with no table before.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Numbers batches by the dictionaries that they have.
#[derive(Debug, Default)]
pub struct Kin {
    last: Option<(RecordBatch, u64)>,
}

impl Kin {
    /// The number of a batch: that of the one before, if it has the same columns and dictionaries, or one that no other has. For
    /// [`Columns::kin`](tieline::columns::Columns::kin).
    pub fn number(&mut self, batch: &RecordBatch) -> u64 {
        let number = match &self.last {
            Some((last, number)) if are_kin(last, batch) => *number,
            _ => LAST.fetch_add(1, Ordering::Relaxed) + 1,
        };
        self.last = Some((batch.clone(), number));
        number
    }
}

fn are_kin(one: &RecordBatch, other: &RecordBatch) -> bool {
    let same = |(one, other): (&ArrayRef, &ArrayRef)| match (one.as_any_dictionary_opt(), other.as_any_dictionary_opt())
    {
        (Some(one), Some(other)) => one.values().to_data().ptr_eq(&other.values().to_data()),
        _ => !has_codes(one.data_type()),
    };
    one.schema_ref() == other.schema_ref() && one.columns().iter().zip(other.columns()).all(same)
}

/// Whether there are codes in an array that is none of codes itself; runs are codes as well.
fn has_codes(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(..) | DataType::RunEndEncoded(..) => true,
        DataType::List(own)
        | DataType::LargeList(own)
        | DataType::FixedSizeList(own, _)
        | DataType::ListView(own)
        | DataType::LargeListView(own)
        | DataType::Map(own, _) => has_codes(own.data_type()),
        DataType::Struct(fields) => fields.iter().any(|own| has_codes(own.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, own)| has_codes(own.data_type())),
        _ => false,
    }
}
