//! Tables that come from other programs, and go to them, by the C Data Interface of Arrow.
//!
//! ```text
//! FFI_ArrowArrayStream ─▶ import_stream ─▶ batches, each checked        RecordBatch ─▶ export ─▶ FFI_ArrowArray, FFI_ArrowSchema
//! ```
//!
//! Memory is handed over and not copied. That a pointer leads to such a struct cannot be checked, so making a struct from one is
//! left to whoever was given the pointer; from here on nothing is trusted that can be looked at.

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{
    Array, GenericStringArray, OffsetSizeTrait, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray,
};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use std::fmt;

/// Why a table cannot be read or handed over.
#[derive(Debug)]
pub struct BadTable {
    message: String,
}

impl BadTable {
    /// With a message of its own.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// A column whose memory does not hold what its type says.
    #[must_use]
    pub fn of_column(name: &str, error: &ArrowError) -> Self {
        Self::new(format!("the column `{name}` is not what its type says: {error}"))
    }
}

impl fmt::Display for BadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadTable {}

impl From<ArrowError> for BadTable {
    fn from(error: ArrowError) -> Self {
        Self::new(format!("the table cannot be read: {error}"))
    }
}

/// The same batch, when its memory holds what its types say: places within bounds, and texts that are UTF-8. A batch from foreign
/// memory must pass this before any value of it is read.
///
/// # Errors
/// When it does not; the message names the column.
pub fn checked(batch: RecordBatch) -> Result<RecordBatch, BadTable> {
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let is_right = match array.data_type() {
            DataType::Utf8 => array.as_string_opt::<i32>().is_some_and(are_texts),
            DataType::LargeUtf8 => array.as_string_opt::<i64>().is_some_and(are_texts),
            _ => false,
        };
        if !is_right {
            array.to_data().validate_full().map_err(|error| BadTable::of_column(field.name(), &error))?;
        }
    }
    Ok(batch)
}

/// Whether all texts of an array surely lie within its memory and are UTF-8.
// PERF: looked at one after the other, texts took a quarter of a scan. All of them are one text, and each ends between two
// characters of it.
fn are_texts<O: OffsetSizeTrait>(array: &GenericStringArray<O>) -> bool {
    let (places, bytes) = (array.value_offsets(), array.value_data());
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return false };
    let all = first.to_usize().zip(last.to_usize()).and_then(|(first, last)| bytes.get(first..last));
    let Some(Ok(all)) = all.map(str::from_utf8) else { return false };
    let ends_right = |place: &O| all.is_char_boundary((*place - *first).as_usize());
    places.is_sorted() && (all.is_ascii() || places.iter().all(ends_right))
}

/// Batches of another program, each of which is checked.
#[derive(Debug)]
pub struct Checked {
    reader: RecordBatchStreamReader,
}

impl Checked {
    /// The columns that all batches have.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }
}

impl Iterator for Checked {
    type Item = Result<RecordBatch, BadTable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().map(|batch| checked(batch?))
    }
}

/// Takes over the batches of another program.
///
/// # Errors
/// When the stream is released already, or tells no columns.
pub fn import_stream(stream: FFI_ArrowArrayStream) -> Result<Checked, BadTable> {
    Ok(Checked { reader: RecordBatchStreamReader::try_new(stream)? })
}

/// Hands a batch over to another program, which releases it. The batch is there as one struct.
///
/// # Errors
/// When a type of it has no name in the interface.
pub fn export(batch: &RecordBatch) -> Result<(FFI_ArrowArray, FFI_ArrowSchema), BadTable> {
    Ok(to_ffi(&StructArray::from(batch.clone()).to_data())?)
}

/// Hands batches of the same columns over to another program.
#[must_use]
pub fn export_stream(schema: SchemaRef, batches: Vec<RecordBatch>) -> FFI_ArrowArrayStream {
    FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new(batches.into_iter().map(Ok), schema)))
}
