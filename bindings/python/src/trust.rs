//! Who changes controllers and whether that is explained, as an object of Python.
//!
//! ```text
//!  Trust("plant.yml") ─▶ push_lines(bytes) ─▶ finish() ─▶ take() ─▶ [Judgement(source='ews-1', missing=['hours'], …)]
//! ```

use crate::errors::work;
use crate::events::lines;
use crate::held;
use crate::plain::{record, records};
use crate::rules::names;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tieline_common::waist;

/// Judges each operation that changes a controller by the policy of a plant and by who is logged on.
///
/// `context` is the plant: paths, YAML texts of more than one line, or a list of them. Events come in any order; all wait until
/// `finish()`, or until they are older than the option `lateness` (`"5m"`, seconds, or a timedelta). The option `taxonomy` takes tables of OT
/// protocols in place of the shipped ones. What is broken raises `ArgumentError`, whose diagnostics say where. Threads may share it, but not a fork.
///
/// >>> plant = '''
/// ... assets:
/// ...   - {id: ews-1, ip: 10.0.0.2, role: engineering_workstation}
/// ...   - {id: plc-7, ip: 10.0.1.2, role: controller}
/// ... '''
/// >>> trust = tieline.Trust(plant)
/// >>> trust.push(STOP)
/// >>> trust.finish()
/// >>> for judged in trust.take():
/// ...     print(judged.source, judged.operation, judged.destination, judged.missing)
/// ews-1 mode_stop plc-7 ['session:engineering_workstation']
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Trust {
    inner: waist::Trust,
}

#[pymethods]
impl Trust {
    #[new]
    #[pyo3(signature = (context = None, **options))]
    fn new(py: Python<'_>, context: Option<&Bound<'_, PyAny>>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options: waist::TrustOptions = held::in_context(py, context, options)?;
        Ok(Self { inner: work(py, || waist::Trust::new(&options))? })
    }

    /// Takes in one event: a dict, or JSON text. Judgements name it by `at`, or by its number, from 0.
    #[pyo3(signature = (event, at = None))]
    fn push(&self, py: Python<'_>, event: &Bound<'_, PyAny>, at: Option<&str>) -> PyResult<()> {
        held::push(py, event, |event| self.inner.push(event, at))
    }

    /// Takes in a text with one JSON object a line. Judgements name events as `name:line`, or by their numbers without a name.
    #[pyo3(signature = (text, name = None))]
    fn push_lines<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
        name: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        held::push_lines(py, text, |text| self.inner.push_lines(text, name))
    }

    /// Takes in events of a list, or of any iterable, of dicts and JSON texts.
    fn push_events<'py>(&self, py: Python<'py>, events: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        held::push_events(py, events, |events| self.inner.push_events(events))
    }

    /// Judges all that has happened before a time, in nanoseconds since 1970.
    fn advance(&self, py: Python<'_>, time_ns: i64) -> PyResult<()> {
        work(py, || self.inner.advance(time_ns))
    }

    /// Judges all that still waits.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        work(py, || self.inner.finish())
    }

    /// What was judged since this was asked last, in the order of time.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let judged = work(py, || self.inner.take())?;
        records(py, "Judgement", judged)
    }

    /// What was seen so far, and what had to be given up.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stats = work(py, || self.inner.stats())?;
        record(py, "TrustStats", &stats)
    }

    /// All state as bytes: sessions, what waits, and counts. Judgements that were not taken are not in it.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || self.inner.snapshot())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on with the state of a snapshot. `StateError` when it is none, is damaged, or of another version; then nothing changes.
    fn restore(&self, py: Python<'_>, snapshot: &Bound<'_, PyAny>) -> PyResult<()> {
        let snapshot = lines(snapshot)?;
        let bytes = snapshot.as_bytes();
        work(py, || self.inner.restore(bytes))
    }

    /// Goes on over another plant; sessions and what waits stay.
    fn reload(&self, py: Python<'_>, context: &Bound<'_, PyAny>) -> PyResult<()> {
        let context = names(context)?;
        work(py, || self.inner.reload(&context))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match py.detach(|| self.inner.stats()) {
            Ok(stats) => format!("Trust(operations={}, unexplained={})", stats.operations, stats.unexplained),
            Err(error) => format!("Trust({})", error.kind().code()),
        }
    }
}
