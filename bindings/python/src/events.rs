//! The forms in which events come: one, lines in a buffer, or many one after the other.
//!
//! ```text
//!  {"a": 1}                     ─▶ Given::One       bytes, str, bytearray, memoryview ─▶ Given::Lines
//!  [{"a": 1}, '{"a": 2}', …]    ─▶ Given::Many, taken in pieces of some megabytes
//!  pyarrow, polars, pandas, …   ─▶ Given::Table, read where it lies
//! ```
//!
//! A buffer that may change while others run is copied; that costs a small part of a scan.

use crate::arrow::Table;
use crate::errors::fault;
use crate::write::{Fault, Writer, of_class};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyIterator, PyList, PyMemoryView, PyString, PyTuple};
use tieline_common::waist::Kind;

/// JSON text that is written before it is scanned.
const PIECE_BYTES: usize = 1 << 22;

/// Events in any form.
pub(crate) enum Given<'py> {
    /// One event, as JSON.
    One(Vec<u8>),
    /// One event a line.
    Lines(Bound<'py, PyBytes>),
    /// Events one after the other.
    Many(Many<'py>),
    /// Rows of a table.
    Table(Table),
}

impl<'py> Given<'py> {
    /// Finds out what was given.
    pub(crate) fn new(events: &Bound<'py, PyAny>) -> PyResult<Self> {
        if events.is_instance_of::<PyDict>() {
            return one(events).map(Self::One);
        }
        if let Some(bytes) = bytes(events)? {
            return Ok(Self::Lines(bytes));
        }
        if let Some(table) = Table::new(events)? {
            return Ok(Self::Table(table));
        }
        Many::new(events).map(Self::Many)
    }
}

/// The bytes of a text or buffer; `None` when it is neither.
pub(crate) fn bytes<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let py = value.py();
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(bytes.clone()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        let refused = |_| fault(py, Kind::Event, "the text holds half of a surrogate pair, which is no text");
        return text.encode_utf8().map(Some).map_err(refused);
    }
    if value.is_instance_of::<PyByteArray>() || value.is_instance_of::<PyMemoryView>() {
        let copied = py.get_type::<PyBytes>().call1((value,));
        let copied = copied.map_err(|error| fault(py, Kind::Event, format!("the buffer cannot be read: {error}")))?;
        return Ok(Some(copied.cast_into::<PyBytes>()?));
    }
    Ok(None)
}

/// The bytes of a text or buffer.
pub(crate) fn lines<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let wrong = || {
        PyTypeError::new_err(format!("the text is {}; write a str, bytes, bytearray or memoryview", of_class(value)))
    };
    bytes(value)?.ok_or_else(wrong)
}

/// One event as JSON.
pub(crate) fn one(event: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let mut writer = Writer::default();
    write(&mut writer, event).map_err(|inner| raise(event.py(), inner.named("event")))?;
    Ok(writer.out)
}

fn raise(py: Python<'_>, inner: Fault) -> PyErr {
    inner.raise(py, |message| fault(py, Kind::Event, message))
}

fn write(writer: &mut Writer, event: &Bound<'_, PyAny>) -> Result<(), Fault> {
    if let Ok(dict) = event.cast::<PyDict>() {
        return writer.dict(dict);
    }
    match bytes(event)? {
        Some(bytes) => {
            writer.out.extend_from_slice(bytes.as_bytes());
            Ok(())
        }
        None => Err(Fault::of_type(format!("is {}; write a dict, or JSON as a str or bytes", of_class(event)))),
    }
}

/// Events that are taken piece by piece.
pub(crate) struct Many<'py> {
    from: From<'py>,
    /// Events that were taken.
    taken: u64,
    writer: Writer,
    ends: Vec<usize>,
}

enum From<'py> {
    List(Bound<'py, PyList>),
    Tuple(Bound<'py, PyTuple>),
    Other(Bound<'py, PyIterator>),
}

impl<'py> Many<'py> {
    /// Events of a list, or of anything that gives them one after the other.
    pub(crate) fn new(events: &Bound<'py, PyAny>) -> PyResult<Self> {
        let from = if let Ok(list) = events.cast::<PyList>() {
            From::List(list.clone())
        } else if let Ok(tuple) = events.cast::<PyTuple>() {
            From::Tuple(tuple.clone())
        } else {
            if events.hasattr("collect")? && !events.hasattr("__next__")? {
                let message =
                    format!("events are {}, which holds none yet; give what its `collect()` gives", of_class(events));
                return Err(PyTypeError::new_err(message));
            }
            let wrong = |_| {
                let what = of_class(events);
                PyTypeError::new_err(format!(
                    "events are {what}; write a dict, a list of dicts, lines of JSON, or a table"
                ))
            };
            From::Other(events.try_iter().map_err(wrong)?)
        };
        Ok(Self { from, taken: 0, writer: Writer::default(), ends: Vec::new() })
    }

    fn next(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        let at = usize::try_from(self.taken).unwrap_or(usize::MAX);
        match &mut self.from {
            // A list may become shorter while it is read.
            From::List(list) => Ok(if at < list.len() { Some(list.get_item(at)?) } else { None }),
            From::Tuple(tuple) => Ok(if at < tuple.len() { Some(tuple.get_item(at)?) } else { None }),
            From::Other(events) => events.next().transpose(),
        }
    }

    /// Takes the next piece, and gives the number of its first event; `None` at the end.
    pub(crate) fn next_piece(&mut self, py: Python<'py>) -> PyResult<Option<u64>> {
        let first = self.taken;
        self.writer.out.clear();
        self.ends.clear();
        while self.writer.out.len() < PIECE_BYTES {
            let Some(event) = self.next()? else { break };
            let at = self.taken;
            write(&mut self.writer, &event).map_err(|inner| raise(py, inner.at(at).named("events")))?;
            self.ends.push(self.writer.out.len());
            self.taken += 1;
        }
        // Interrupts are heard between pieces.
        py.check_signals()?;
        Ok((!self.ends.is_empty()).then_some(first))
    }

    /// The events of the piece.
    pub(crate) fn piece(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).filter_map(|(start, end)| self.writer.out.get(*start..*end)).collect()
    }
}
