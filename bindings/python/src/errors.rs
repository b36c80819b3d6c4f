//! Errors of the waist as exceptions of Python.
//!
//! ```text
//!  Error { kind: Rules, … } ─▶ tieline.RuleError(code="rules", diagnostics=[…], line=3)
//!  a panic                  ─▶ tieline.InternalError
//! ```
//!
//! The classes are written in Python, where one class may have several bases.

use crate::plain::{diagnostic, module};
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tieline_common::waist::{Error, Kind};

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    make(py, error).unwrap_or_else(|fault| fault)
}

fn make(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let diagnostics = PyList::empty(py);
    for told in error.diagnostics() {
        diagnostics.append(diagnostic(py, told)?)?;
    }
    let arguments = (error.kind().code(), error.to_string(), diagnostics, error.byte());
    Ok(PyErr::from_value(module(py, "_errors")?.getattr("of_kind")?.call1(arguments)?))
}

/// The exception for a kind and a message.
pub(crate) fn fault(py: Python<'_>, kind: Kind, message: impl Into<String>) -> PyErr {
    exception(py, &Error::new(kind, message))
}

/// Works without the lock of Python, so that other threads go on.
pub(crate) fn work<T: Send>(py: Python<'_>, job: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    let done = py.detach(|| catch_unwind(AssertUnwindSafe(job)));
    match done {
        Ok(answer) => answer.map_err(|error| exception(py, &error)),
        Err(_) => Err(broke_off(py)),
    }
}

/// Works with the lock of Python held.
pub(crate) fn guarded<T>(py: Python<'_>, job: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(broke_off(py)))
}

fn broke_off(py: Python<'_>) -> PyErr {
    fault(py, Kind::Internal, "the call broke off; please report this with what standard error says")
}
