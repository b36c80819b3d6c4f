//! A table that another library made, batch by batch.
//!
//! ```text
//!  ArrowArrayStream, or ArrowArray with ArrowSchema ─▶ taken over ─▶ do the structs fit? ─▶ is memory as types say? ─▶ batch
//! ```
//!
//! Values are not copied. Everything is released when the table is dropped, whether it was read or not.

use super::shape::{ArrowArray, ArrowSchema};
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::{DataType, Schema, SchemaRef};
use std::ffi::CStr;
use std::sync::Arc;
use tieline_common::arrow::BadTable;
use tieline_common::waist::{Error, Kind};

/// Takes over the struct behind a pointer, which is marked as released.
///
/// # Safety
/// It must be null or point to a struct that is filled as the interface says, or released.
pub(super) unsafe fn take<T: Released>(pointer: *mut T, name: &str) -> Result<T, Error> {
    if pointer.is_null() || !pointer.is_aligned() {
        let what = if pointer.is_null() { "null" } else { "not aligned" };
        return Err(Error::new(Kind::Argument, format!("`{name}` is {what}; give a struct of Arrow")));
    }
    // SAFETY: the pointer is neither null nor out of line; the rest the caller says.
    Ok(unsafe { pointer.replace(T::released()) })
}

/// What may be marked as released.
pub(super) trait Released {
    fn released() -> Self;
}

impl Released for FFI_ArrowArrayStream {
    fn released() -> Self {
        Self::empty()
    }
}

impl Released for FFI_ArrowArray {
    fn released() -> Self {
        Self::empty()
    }
}

impl Released for FFI_ArrowSchema {
    fn released() -> Self {
        Self::empty()
    }
}

/// Batches of another library.
pub(super) struct Table {
    source: Source,
    schema: FFI_ArrowSchema,
    columns: SchemaRef,
}

enum Source {
    Stream(FFI_ArrowArrayStream),
    One(Option<FFI_ArrowArray>),
}

impl Table {
    /// The batches of a stream.
    ///
    /// # Safety
    /// The stream must be filled as the interface says, or released.
    pub(super) unsafe fn of_stream(mut stream: FFI_ArrowArrayStream) -> Result<Self, BadTable> {
        let (Some(get_schema), Some(_), Some(_)) = (stream.get_schema(), stream.get_next(), stream.release()) else {
            return Err(BadTable::new(
                "the table cannot be read: the `ArrowArrayStream` is released, or lacks a callback",
            ));
        };
        let mut schema = FFI_ArrowSchema::empty();
        // SAFETY: the stream is not released, and its callbacks are those of the interface.
        let failed = unsafe { get_schema(&raw mut stream, &raw mut schema) };
        if failed != 0 {
            // SAFETY: as above.
            return Err(unsafe { refused(&mut stream, "get_schema", failed) });
        }
        // SAFETY: the caller says so.
        unsafe { Self::new(Source::Stream(stream), schema) }
    }

    /// One batch.
    ///
    /// # Safety
    /// Both structs must be filled as the interface says, or released.
    pub(super) unsafe fn of_batch(array: FFI_ArrowArray, schema: FFI_ArrowSchema) -> Result<Self, BadTable> {
        // SAFETY: the caller says so.
        unsafe { Self::new(Source::One(Some(array)), schema) }
    }

    /// # Safety
    /// As above.
    unsafe fn new(source: Source, schema: FFI_ArrowSchema) -> Result<Self, BadTable> {
        // SAFETY: the caller says so, and both types have the layout of the interface.
        unsafe { (*(&raw const schema).cast::<ArrowSchema>()).look() }.map_err(|what| misfit(&what))?;
        let DataType::Struct(fields) = DataType::try_from(&schema)? else {
            let what = format!("the format of its columns together is `{}`; write `+s`", schema.format());
            return Err(misfit(&what));
        };
        Ok(Self { source, schema, columns: Arc::new(Schema::new(fields)) })
    }

    /// # Safety
    /// The array must be filled as the interface says, or released.
    unsafe fn read(&self, array: FFI_ArrowArray) -> Result<RecordBatch, BadTable> {
        let (own, schema) = (&raw const array, &raw const self.schema);
        // SAFETY: the caller says so, the schema was looked at, and both types have the layout of the interface.
        unsafe { (*own.cast::<ArrowArray>()).look(&*schema.cast::<ArrowSchema>()) }.map_err(|what| misfit(&what))?;
        let rows = DataType::Struct(self.columns.fields().clone());
        // SAFETY: as above; what buffers hold is looked at next.
        let data = unsafe { from_ffi_and_data_type(array, rows) }?;
        for (field, column) in self.columns.fields().iter().zip(data.child_data()) {
            column.validate_full().map_err(|error| BadTable::of_column(field.name(), &error))?;
        }
        data.validate()?;
        let rows = StructArray::from(data);
        if rows.null_count() > 0 {
            return Err(misfit("rows of it are null as a whole"));
        }
        Ok(RecordBatch::from(rows))
    }
}

impl Iterator for Table {
    type Item = Result<RecordBatch, BadTable>;

    fn next(&mut self) -> Option<Self::Item> {
        let array = match &mut self.source {
            Source::One(array) => array.take()?,
            Source::Stream(stream) => {
                let (mut array, get_next) = (FFI_ArrowArray::empty(), stream.get_next()?);
                // SAFETY: the stream is not released, and its callbacks are those of the interface.
                let failed = unsafe { get_next(&raw mut *stream, &raw mut array) };
                if failed != 0 {
                    // SAFETY: as above.
                    return Some(Err(unsafe { refused(stream, "get_next", failed) }));
                }
                if array.is_released() {
                    return None;
                }
                array
            }
        };
        // SAFETY: whoever gave the table said so.
        Some(unsafe { self.read(array) })
    }
}

/// What a stream says that it could not do.
///
/// # Safety
/// The stream must not be released, and its callbacks those of the interface.
unsafe fn refused(stream: &mut FFI_ArrowArrayStream, what: &str, status: i32) -> BadTable {
    // SAFETY: the caller says so.
    let said = stream.get_last_error().map(|said| unsafe { said(&raw mut *stream) }).filter(|text| !text.is_null());
    // SAFETY: the interface says that it is a text with a 0 at its end, which lives until the next call.
    let said = said.map(|text| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned());
    misfit(&format!(
        "`{what}` of its stream failed with {status}: {}",
        said.as_deref().unwrap_or("it does not say why")
    ))
}

fn misfit(what: &str) -> BadTable {
    BadTable::new(format!("the table cannot be read: {what}"))
}
