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
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tieline_common::waist::{Error, Kind};

/// From so many bytes on a scan may last longer than anyone waits for Ctrl-C.
const LONG_BYTES: usize = 1 << 24;

const SIGNALS_EVERY: Duration = Duration::from_millis(50);

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

/// Works on so many bytes without the lock of Python. Ctrl-C is heard while it lasts, where that may be long: then another
/// thread works, and `job` is told to stop.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    bytes: usize,
    job: impl FnOnce(&AtomicBool) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    if bytes < LONG_BYTES {
        return work(py, || job(&stop));
    }
    let (is_done, caller) = (AtomicBool::new(false), std::thread::current());
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let answer = catch_unwind(AssertUnwindSafe(|| job(&stop)));
            is_done.store(true, Ordering::Release);
            caller.unpark();
            answer
        });
        let mut interrupt = Ok(());
        while interrupt.is_ok() && !is_done.load(Ordering::Acquire) {
            py.detach(|| std::thread::park_timeout(SIGNALS_EVERY));
            interrupt = py.check_signals();
        }
        stop.store(interrupt.is_err(), Ordering::Relaxed);
        let answer = py.detach(|| worker.join());
        interrupt?;
        match answer {
            Ok(Ok(answer)) => answer.map_err(|error| exception(py, &error)),
            _ => Err(broke_off(py)),
        }
    })
}

/// Works without the lock of Python. Ctrl-C is heard whenever `job` asks whether it is stopped.
// PERF: another thread is begun on another core, where nothing is remembered: short scans take up to 1.4 times as long there.
pub(crate) fn listening<T: Send>(
    py: Python<'_>,
    job: impl FnOnce(&mut dyn FnMut() -> bool) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let mut interrupt = Ok(());
    let answer = work(py, || {
        job(&mut || {
            interrupt = Python::attach(|py| py.check_signals());
            interrupt.is_err()
        })
    });
    interrupt?;
    answer
}

/// Works with the lock of Python held.
pub(crate) fn guarded<T>(py: Python<'_>, job: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(broke_off(py)))
}

fn broke_off(py: Python<'_>) -> PyErr {
    fault(py, Kind::Internal, "the call broke off; please report this with what standard error says")
}
