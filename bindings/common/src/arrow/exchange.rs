//! Tables that come from other programs, and go to them, by the C Data Interface of Arrow.
//!
//! ```text
//! FFI_ArrowArrayStream ─▶ import_stream ─▶ batches, each checked        RecordBatch ─▶ export ─▶ FFI_ArrowArray, FFI_ArrowSchema
//! ```
//!
//! Memory is handed over and not copied. That a pointer leads to such a struct cannot be checked, so making a struct from one is
//! left to whoever was given the pointer; from here on nothing is trusted that can be looked at.

use super::presence::Presence;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{
    Array, ArrowNativeTypeOp, DictionaryArray, GenericStringArray, OffsetSizeTrait, RecordBatch, RecordBatchIterator,
    RecordBatchReader, StringViewArray, StructArray, downcast_dictionary_array,
};
use arrow_buffer::ArrowNativeType;
use arrow_data::{ByteView, MAX_INLINE_VIEW_LEN};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use std::fmt;
use std::ops::BitOr;

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
/// memory must pass this before any value of it is read. What stands behind null is not looked at, and may be anything.
///
/// # Errors
/// When it does not; the message names the column.
pub fn checked(batch: RecordBatch) -> Result<RecordBatch, BadTable> {
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if !is_right(array) {
            array.to_data().validate_full().map_err(|error| BadTable::of_column(field.name(), &error))?;
        }
    }
    Ok(batch)
}

/// Whether the memory of an array surely holds what its type says; false also where only a full check can tell.
fn is_right(array: &dyn Array) -> bool {
    downcast_dictionary_array!(
        array => are_codes(array) && is_right(array.values()),
        DataType::Utf8 => array.as_string_opt::<i32>().is_some_and(are_texts),
        DataType::LargeUtf8 => array.as_string_opt::<i64>().is_some_and(are_texts),
        DataType::Utf8View => array.as_string_view_opt().is_some_and(are_views),
        _ => false
    )
}

/// Whether all keys of a dictionary surely are those of values.
// PERF: where no row of 64 has a key, none of them is read; in a table of many kinds of events that is nearly everywhere.
fn are_codes<K: ArrowDictionaryKeyType>(array: &DictionaryArray<K>) -> bool {
    let (keys, distinct) = (array.keys(), array.values().len());
    let present = keys.nulls().map(|nulls| nulls.inner().bit_chunks().iter_padded().collect::<Vec<_>>());
    let is_asked = |chunk: usize| present.as_ref().and_then(|bits| bits.get(chunk)).is_none_or(|bits| *bits != 0);
    if let (DataType::Int32 | DataType::UInt32, Ok(distinct)) = (K::DATA_TYPE, i32::try_from(distinct)) {
        let keys = keys.values().inner().typed_data::<i32>().chunks(64);
        // A negative number has its highest bit set, and so have all together.
        let outside = |keys: &[i32]| keys.iter().fold(0, |all, key| all | key | (distinct - 1).wrapping_sub(*key));
        return keys.enumerate().all(|(chunk, keys)| !is_asked(chunk) || outside(keys) >= 0);
    }
    let is_code = |key: &K::Native| key.as_usize() < distinct;
    keys.values().chunks(64).enumerate().all(|(chunk, keys)| !is_asked(chunk) || keys.iter().all(is_code))
}

/// Whether all texts of an array surely lie within its memory and are UTF-8. Nothing is said of rows that are null.
// PERF: looked at one after the other, texts took a quarter of a scan. All of them are one text, and each ends between two
// characters of it. As with codes, where no row of 64 has a text, it is not looked where their texts would end.
fn are_texts<O>(array: &GenericStringArray<O>) -> bool
where
    O: OffsetSizeTrait + ArrowNativeTypeOp + BitOr<Output = O>,
{
    let (places, bytes) = (array.value_offsets(), array.value_data());
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return false };
    let all = first.to_usize().zip(last.to_usize()).and_then(|(first, last)| bytes.get(first..last));
    let Some(all) = all.filter(|_| *first >= O::ZERO) else { return false };
    let presence = Presence::new(array, None);
    let asked = || {
        let blocks = (0..array.len()).step_by(64).map(|start| start..array.len().min(start + 64));
        blocks.filter(|rows| presence.bits(rows.clone()) != 0).filter_map(|rows| places.get(rows.start..=rows.end))
    };
    let are_within = |places: &[O]| {
        let (Some(start), Some(end)) = (places.first(), places.last()) else { return false };
        let behind = places.get(1..).unwrap_or_default();
        // A negative number has its highest bit set, and so have all together.
        let backwards =
            places.iter().zip(behind).fold(*start, |all, (own, next)| all | *next | next.sub_wrapping(*own));
        (*first..=*last).contains(start) && (*first..=*last).contains(end) && backwards >= O::ZERO
    };
    let ends_right = |all: &str| asked().flatten().all(|place| all.is_char_boundary((*place - *first).as_usize()));
    asked().all(are_within) && (all.is_ascii() || str::from_utf8(all).is_ok_and(ends_right))
}

/// The same for texts each of which lies anywhere.
fn are_views(array: &StringViewArray) -> bool {
    let buffers = array.data_buffers();
    let are_ascii = buffers.iter().all(|buffer| buffer.is_ascii());
    let is_text = |bytes: &[u8]| str::from_utf8(bytes).is_ok();
    let is_right = |view: &u128| {
        let (length, rest) = (*view as u32, view >> 32);
        if length <= MAX_INLINE_VIEW_LEN {
            let own = rest.to_le_bytes();
            return rest >> (8 * length) == 0
                && (rest & NO_ASCII == 0 || own.get(..length as usize).is_some_and(is_text));
        }
        let view = ByteView::from(*view);
        let (start, buffer) = (view.offset as usize, buffers.get(view.buffer_index as usize));
        let own = buffer.and_then(|buffer| buffer.get(start..start.checked_add(length as usize)?));
        own.is_some_and(|own| own.starts_with(&view.prefix.to_le_bytes()) && (are_ascii || is_text(own)))
    };
    Presence::new(array, None).those_of(0..array.len()).all(|row| array.views().get(row).is_some_and(is_right))
}

/// The bits that no byte of ASCII has.
const NO_ASCII: u128 = u128::from_le_bytes([0x80; 16]);

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
