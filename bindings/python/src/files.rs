//! A scan of files as an iterator of Python.
//!
//! ```text
//!  scan thread ─▶ Told ─▶ __next__: Detection, Alert        beside it: faults, bad_files, not_counted, a bar of progress
//! ```
//!
//! It waits without the lock of Python, and hears interrupts while it waits.

use crate::errors::{fault, work};
use crate::options::Options;
use crate::plain::{module, record, records};
use crate::scan::{Detection, alert};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tieline_common::waist::{FileScan as Inner, Kind, Next, RuleSet, Told};

/// How long an interrupt is not heard at most.
const PATIENCE: Duration = Duration::from_millis(50);

/// A scan of files that goes on: an iterator of `Detection` and `Alert`.
///
/// `faults` tells events that cannot be read, `bad_files` files, and `not_counted` events that correlations do not
/// count, of what was taken so far. `totals` is complete when the iterator has ended.
#[pyclass(frozen, module = "tieline")]
pub(crate) struct FileScan {
    inner: Mutex<Option<Inner>>,
    /// What is told beside findings.
    beside: Mutex<Beside>,
    /// What is called with bytes and events, and with None at the end.
    progress: Option<Py<PyAny>>,
}

#[derive(Default)]
struct Beside {
    faults: Vec<Value>,
    bad_files: Vec<Value>,
    not_counted: Vec<Value>,
    totals: Value,
}

impl FileScan {
    pub(crate) fn new(
        py: Python<'_>,
        rules: &RuleSet,
        paths: &[PathBuf],
        progress: Option<bool>,
        mut options: Options,
    ) -> PyResult<Self> {
        let (files, stream, asked) = (options.take(py)?, options.take(py)?, options.take(py)?);
        options.end(py)?;
        let progress = module(py, "_progress")?.getattr("bar")?.call1((progress, paths))?;
        let progress = (!progress.is_none()).then(|| progress.unbind());
        let inner = work(py, || Inner::new(rules, paths, &files, &asked, &stream))?;
        let beside = Mutex::new(Beside { totals: totals(&inner), ..Beside::default() });
        Ok(Self { inner: Mutex::new(Some(inner)), beside, progress })
    }

    /// What was told beside findings, kept for whoever asks.
    fn keep(&self, told: Told) -> Option<Value> {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        match told {
            Told::Found(record) => return Some(record),
            Told::BadEvent(record) => beside.faults.push(record),
            Told::BadFile(record) => beside.bad_files.push(record),
            Told::NotCounted(record) => beside.not_counted.push(record),
            Told::Progress { .. } => {}
        }
        None
    }

    fn beside<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        of: impl FnOnce(&Beside) -> &Vec<Value>,
    ) -> PyResult<Bound<'py, PyList>> {
        let own = of(&self.beside.lock().unwrap_or_else(PoisonError::into_inner)).clone();
        records(py, name, own)
    }

    fn show(&self, py: Python<'_>, read: Option<(u64, u64)>) -> PyResult<()> {
        self.progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, (read,)).map(|_| ()))
    }

    /// Waits for what comes next.
    fn wait(&self, py: Python<'_>) -> PyResult<Option<Next>> {
        work(py, || {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(scan) = inner.as_mut() else { return Ok(None) };
            let next = scan.next_within(PATIENCE);
            if matches!(next, Ok(Next::End) | Err(_)) {
                self.beside.lock().unwrap_or_else(PoisonError::into_inner).totals = totals(scan);
                *inner = None;
            }
            next.map(Some)
        })
    }
}

fn totals(scan: &Inner) -> Value {
    let own = scan.totals();
    json!({
        "files": own.files, "bad_files": own.bad_files, "events": own.events, "bad_events": own.bad_events,
        "detections": own.detections, "alerts": own.alerts, "bytes": own.bytes,
    })
}

#[pymethods]
impl FileScan {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        loop {
            if let Err(interrupt) = py.check_signals() {
                self.close(py)?;
                return Err(interrupt);
            }
            let Some(next) = self.wait(py)? else { return Ok(None) };
            match next {
                Next::Told(Told::Progress { bytes, events }) => self.show(py, Some((bytes, events)))?,
                Next::Told(told) => {
                    let Some(record) = self.keep(told) else { continue };
                    if record.get("kind").and_then(Value::as_str) == Some("correlation") {
                        return alert(py, &record).map(Some);
                    }
                    return Detection::of_record(record).into_bound_py_any(py).map(Some);
                }
                Next::Quiet => {}
                Next::End => {
                    self.show(py, None)?;
                    return Ok(None);
                }
            }
        }
    }

    /// Events that cannot be read.
    #[getter]
    fn faults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.beside(py, "Fault", |beside| &beside.faults)
    }

    /// Files that cannot be read, or not further.
    #[getter]
    fn bad_files<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.beside(py, "BadFile", |beside| &beside.bad_files)
    }

    /// Events that correlations do not count.
    #[getter]
    fn not_counted<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.beside(py, "NotCounted", |beside| &beside.not_counted)
    }

    /// What was scanned; complete when the iterator has ended.
    #[getter]
    fn totals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let totals = self.beside.lock().unwrap_or_else(PoisonError::into_inner).totals.clone();
        record(py, "Totals", &totals)
    }

    /// Asks the scan to end: what was found already is still given. For `follow`, from another thread.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| {
            if let Some(inner) = self.inner.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                inner.stop();
            }
        });
    }

    /// Ends the scan; what was not taken is dropped.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let inner = py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(scan) = inner {
            py.detach(|| drop(scan));
            self.show(py, None)?;
        }
        Ok(())
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }

    fn __reduce__(&self, py: Python<'_>) -> PyResult<()> {
        Err(fault(py, Kind::Argument, "a scan of files cannot be pickled; make a list of what it finds"))
    }

    fn __repr__(&self, py: Python<'_>) -> &'static str {
        let is_over = py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).is_none());
        if is_over { "FileScan(over)" } else { "FileScan(running)" }
    }
}
