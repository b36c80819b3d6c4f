//! Conduits that what was seen would need, as an object of Python.
//!
//! ```text
//!  Learner("plant.yml") ─▶ push_lines(bytes) ─▶ proposal() ─▶ "conduits: …"
//! ```

use crate::errors::work;
use crate::held;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tieline_common::waist;

/// Learns from events what passes between the zones of a plant, and proposes conduits for a person to review.
///
/// `context` is the plant so far, maybe none: paths, YAML texts of more than one line, or a list of them. The option `taxonomy` takes tables
/// of OT protocols in place of the shipped ones. What is broken raises `ArgumentError`. Threads may share it, but not a fork.
///
/// >>> learner = tieline.Learner()
/// >>> learner.push({"id.orig_h": "10.0.0.9", "id.resp_h": "10.0.1.2", "service": "http", "ts": 1795681232.3})
/// >>> "- http" in learner.proposal()
/// True
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Learner {
    inner: waist::Learner,
}

#[pymethods]
impl Learner {
    #[new]
    #[pyo3(signature = (context = None, **options))]
    fn new(py: Python<'_>, context: Option<&Bound<'_, PyAny>>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options: waist::NormaliserOptions = held::in_context(py, context, options)?;
        Ok(Self { inner: work(py, || waist::Learner::new(&options))? })
    }

    /// Takes note of one event: a dict, or JSON text. One that cannot be read raises `EventError`.
    fn push(&self, py: Python<'_>, event: &Bound<'_, PyAny>) -> PyResult<()> {
        held::push(py, event, |event| self.inner.push(event))
    }

    /// Takes note of a text with one JSON object a line. Events that cannot be read are told by `Taken.faults`.
    fn push_lines<'py>(&self, py: Python<'py>, text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        held::push_lines(py, text, |text| self.inner.push_lines(text))
    }

    /// Takes note of events of a list, or of any iterable, of dicts and JSON texts.
    fn push_events<'py>(&self, py: Python<'py>, events: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        held::push_events(py, events, |events| self.inner.push_events(events))
    }

    /// Zones and conduits as YAML, to be read beside the plant. With them all that was seen is allowed, unless something was given up.
    fn proposal(&self, py: Python<'_>) -> PyResult<String> {
        work(py, || self.inner.proposal())
    }

    /// Flows for which there was no room.
    #[getter]
    fn given_up(&self, py: Python<'_>) -> PyResult<u64> {
        work(py, || self.inner.given_up())
    }
}
