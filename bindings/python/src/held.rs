//! Events on their way into what learns from them, in any form but tables.
//!
//! ```text
//!  push_events([{…}, '{…}']) ─▶ pieces of some megabytes ─▶ the waist, without the lock of Python ─▶ Taken
//! ```

use crate::errors::{guarded, work};
use crate::events::{Many, lines, one};
use crate::options::Options;
use crate::plain::record;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tieline_common::waist::{Error, Taken};

/// Options, of which `context` may come first and without its name.
pub(crate) fn in_context<T: Default + Serialize + DeserializeOwned>(
    py: Python<'_>,
    context: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<T> {
    let all = options.map_or_else(|| Ok(PyDict::new(py)), PyDictMethods::copy)?;
    if let Some(context) = context {
        all.set_item("context", context)?;
    }
    let mut given = Options::new(Some(&all))?;
    let own = given.take(py)?;
    given.end(py)?;
    Ok(own)
}

/// One event, as a dict or JSON text.
pub(crate) fn push(
    py: Python<'_>,
    event: &Bound<'_, PyAny>,
    push: impl FnOnce(&[u8]) -> Result<(), Error> + Send,
) -> PyResult<()> {
    let event = guarded(py, || one(event))?;
    work(py, || push(&event))
}

/// A text with one event a line.
pub(crate) fn push_lines<'py>(
    py: Python<'py>,
    text: &Bound<'py, PyAny>,
    push: impl FnOnce(&[u8]) -> Result<Taken, Error> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let text = lines(text)?;
    let bytes = text.as_bytes();
    let taken = work(py, || push(bytes))?;
    record(py, "Taken", &taken)
}

/// Events one after the other.
pub(crate) fn push_events<'py>(
    py: Python<'py>,
    events: &Bound<'py, PyAny>,
    push: impl Fn(&[&[u8]]) -> Result<Taken, Error> + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let mut events = guarded(py, || Many::new(events))?;
    let mut all = Taken::default();
    while guarded(py, || events.next_piece(py))?.is_some() {
        let piece = events.piece();
        let taken = work(py, || push(&piece))?;
        all.events += taken.events;
        all.faults.extend(taken.faults);
    }
    record(py, "Taken", &all)
}
