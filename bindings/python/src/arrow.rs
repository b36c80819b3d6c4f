//! Tables of other libraries, by the Arrow PyCapsule interface.
//!
//! ```text
//!  df.__arrow_c_stream__() ─▶ PyCapsule "arrow_array_stream" ─▶ Table: batches, checked when read     RecordBatch ─▶ capsule
//! ```
//!
//! Memory is handed over and not copied. This is the one file of the binding with unsafe code: that a capsule of this name holds
//! such a struct is what the interface says, and nothing here can look. What the struct leads to is checked.

#![expect(unsafe_code, reason = "structs of the interface are taken over by their address")]

use crate::errors::fault;
use crate::write::of_class;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatch, make_array};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use std::ffi::CStr;
use std::ptr::NonNull;
use tieline_common::arrow::{BadTable, Imported, Loose, export_stream, import_stream};
use tieline_common::waist::Kind;

const STREAM: &CStr = c"arrow_array_stream";
const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

/// Batches of another library.
pub(crate) enum Table {
    Stream(Imported),
    /// Batches that are made one by one, for which code of Python may run.
    Lazy(Imported),
    One(Option<Loose>),
}

impl Table {
    /// The table behind a value; `None` when it is no table.
    pub(crate) fn new(value: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if value.hasattr("__arrow_c_stream__")? {
            let given = value.call_method0("__arrow_c_stream__")?;
            let pointer = pointer::<FFI_ArrowArrayStream>(&given, STREAM)?;
            // SAFETY: a capsule of this name holds such a struct, which is ours from here on; the capsule keeps an empty one.
            let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
            let read = import_stream(stream).map_err(|error| refused(value, &error))?;
            let is_there = value.hasattr("__len__")?;
            return Ok(Some(if is_there { Self::Stream(read) } else { Self::Lazy(read) }));
        }
        if !value.hasattr("__arrow_c_array__")? {
            return Ok(None);
        }
        let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
            value.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?.extract()?;
        let (schema, array) = (pointer::<FFI_ArrowSchema>(&schema, SCHEMA)?, pointer::<FFI_ArrowArray>(&array, ARRAY)?);
        // SAFETY: as above.
        let (schema, array) =
            unsafe { (FFI_ArrowSchema::from_raw(schema.as_ptr()), FFI_ArrowArray::from_raw(array.as_ptr())) };
        if array.is_released() {
            return Err(fault(value.py(), Kind::Event, "the array of Arrow is released; make it anew"));
        }
        // SAFETY: both came together from one producer, so the array is of this type.
        let data = unsafe { from_ffi(array, &schema) };
        let array = make_array(data.map_err(|error| refused(value, &error.into()))?);
        let rows = array.as_struct_opt().filter(|rows| rows.null_count() == 0);
        let no_table =
            || PyTypeError::new_err("the array of Arrow is no table; give one of structs, none of which is null");
        let batch = RecordBatch::from(rows.ok_or_else(no_table)?);
        let batch = Loose::new(batch).map_err(|error| refused(value, &error))?;
        Ok(Some(Self::One(Some(batch))))
    }
}

impl Iterator for Table {
    type Item = Result<Loose, BadTable>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Stream(stream) | Self::Lazy(stream) => stream.next(),
            Self::One(batch) => batch.take().map(Ok),
        }
    }
}

/// Hands a table over to whoever asks.
pub(crate) fn capsule(py: Python<'_>, table: RecordBatch) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, export_stream(table.schema(), vec![table]), STREAM)
}

/// Where the struct of a capsule lies.
fn pointer<T>(given: &Bound<'_, PyAny>, name: &CStr) -> PyResult<NonNull<T>> {
    let capsule = given.cast::<PyCapsule>().map_err(|_| {
        let (name, what) = (name.to_string_lossy(), of_class(given));
        PyTypeError::new_err(format!("the table gives {what} in place of a capsule `{name}`"))
    })?;
    Ok(capsule.pointer_checked(Some(name))?.cast())
}

fn refused(value: &Bound<'_, PyAny>, error: &BadTable) -> PyErr {
    fault(value.py(), Kind::Event, error.to_string())
}
