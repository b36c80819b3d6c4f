//! Tables that come from other programs, and go to them, by the C Data Interface of Arrow.
//!
//! ```text
//! FFI_ArrowArrayStream ─▶ import_stream ─▶ batches, which are checked when they are read       RecordBatch ─▶ export ─▶ FFI_ArrowArray, FFI_ArrowSchema
//! ```
//!
//! Memory is handed over and not copied. That a pointer leads to such a struct cannot be checked, so making a struct from one is
//! left to whoever was given the pointer; from here on nothing is trusted that can be looked at.

use super::kin::Kin;
use super::presence::Presence;
use super::unread::are_rows_right;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch, RecordBatchIterator, RecordBatchReader, StringViewArray, StructArray};
use arrow_data::{ByteView, MAX_INLINE_VIEW_LEN};
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

/// A batch of another program whose memory holds what its types say, but perhaps for the rows of its texts and codes: those are checked
/// when they are read, at the latest when the batch is scanned. What stands behind null is not looked at, and may be anything.
#[derive(Debug, Clone)]
pub struct Loose {
    batch: RecordBatch,
    is_checked: bool,
    /// Its number by the dictionaries that it has, if that is known.
    kin: Option<u128>,
}

impl From<RecordBatch> for Loose {
    /// A batch of which it is known that its memory holds what its types say.
    fn from(batch: RecordBatch) -> Self {
        Self { batch, is_checked: true, kin: None }
    }
}

impl Loose {
    /// Of a batch from foreign memory.
    ///
    /// # Errors
    /// When memory that is checked at once does not hold what its type says; the message names the column.
    pub fn new(batch: RecordBatch) -> Result<Self, BadTable> {
        Self::after(batch, &mut Kin::default())
    }

    /// The same, of one that may have the dictionaries of another one, which need not be checked again.
    fn after(batch: RecordBatch, kin: &mut Kin) -> Result<Self, BadTable> {
        let are_rows = |of: &DataType| matches!(of, DataType::Utf8 | DataType::LargeUtf8 | DataType::Dictionary(..));
        check(&batch, |array| are_rows(array.data_type()) || is_right(array))?;
        let number = kin.number_when_right(&batch, || {
            check(&batch, |array| array.as_any_dictionary_opt().is_none_or(|own| is_right(own.values())))
        })?;
        Ok(Self { batch, is_checked: false, kin: Some(number) })
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// So many rows from one on.
    #[must_use]
    pub fn slice(&self, first: usize, rows: usize) -> Self {
        let batch = if rows == self.rows() { self.batch.clone() } else { self.batch.slice(first, rows) };
        Self { batch, is_checked: self.is_checked, kin: self.kin }
    }

    /// The batch, when all of it is right.
    ///
    /// # Errors
    /// When it is not; the message names the column.
    pub fn checked(self) -> Result<RecordBatch, BadTable> {
        if !self.is_checked {
            // All else was looked at when it came.
            check(&self.batch, |array| are_rows_right(array).unwrap_or(true))?;
        }
        Ok(self.batch)
    }

    /// What may be unchecked; `None` where all is checked.
    pub(super) fn unchecked(&self) -> Option<&RecordBatch> {
        (!self.is_checked).then_some(&self.batch)
    }

    /// The number of the batch by the dictionaries that it has.
    pub fn kin(&self, kin: &mut Kin) -> u128 {
        self.kin.unwrap_or_else(|| kin.number(&self.batch))
    }
}

/// The same batch, when its memory holds what its types say: places within bounds, and texts that are UTF-8. A batch from foreign
/// memory must pass this before any value of it is read. What stands behind null is not looked at, and may be anything.
///
/// # Errors
/// When it does not; the message names the column.
pub fn checked(batch: RecordBatch) -> Result<RecordBatch, BadTable> {
    check(&batch, is_right)?;
    Ok(batch)
}

fn check(batch: &RecordBatch, is_right: impl Fn(&dyn Array) -> bool) -> Result<(), BadTable> {
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if !is_right(array) {
            array.to_data().validate_full().map_err(|error| BadTable::of_column(field.name(), &error))?;
        }
    }
    Ok(())
}

/// Whether the memory of an array surely holds what its type says; false also where only a full check can tell.
fn is_right(array: &dyn Array) -> bool {
    let values = |array: &dyn Array| array.as_any_dictionary_opt().is_none_or(|own| is_right(own.values()));
    match array.data_type() {
        DataType::Utf8View => array.as_string_view_opt().is_some_and(are_views),
        _ => are_rows_right(array).unwrap_or(false) && values(array),
    }
}

/// Whether all texts of an array, each of which lies anywhere, surely lie within its memory and are UTF-8.
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

/// Batches of another program.
#[derive(Debug)]
pub struct Imported {
    reader: RecordBatchStreamReader,
    kin: Kin,
}

impl Imported {
    /// The columns that all batches have.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }
}

impl Iterator for Imported {
    type Item = Result<Loose, BadTable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next().map(|batch| Loose::after(batch?, &mut self.kin))
    }
}

/// Takes over the batches of another program.
///
/// # Errors
/// When the stream is released already, or tells no columns.
pub fn import_stream(stream: FFI_ArrowArrayStream) -> Result<Imported, BadTable> {
    Ok(Imported { reader: RecordBatchStreamReader::try_new(stream)?, kin: Kin::default() })
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
