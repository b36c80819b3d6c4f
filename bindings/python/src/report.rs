//! What happened in a plant over a period, as an object of Python.
//!
//! ```text
//!  Report(rules, "plant.yml") ─▶ push_lines(bytes, "events.ndjson") ─▶ finish(since=last) ─▶ {…}, to_markdown(), to_html()
//! ```

use crate::errors::{guarded, work};
use crate::events::one;
use crate::held;
use crate::plain::{module, to_python};
use crate::rules::Rules;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use tieline_common::waist;

/// Makes a report of events that go by: assets and exposures, zones, incidents, rules, blind spots, requirements of IEC 62443 and NIST CSF,
/// and what changed since the last one.
///
/// `rules` find, and `context` is the plant in place of that of the rules: paths, YAML texts of more than one line, or a list of them.
/// Options are those of `Incidents`, and those that say what the document names. What is broken raises `ArgumentError`. Threads may share it, but not a fork.
///
/// >>> report = tieline.Report(tieline.compile(WHOAMI), level="low")
/// >>> report.push({"Image": r"C:\whoami.exe", "Computer": "hmi-1", "UtcTime": "2026-11-26 09:00:00", "EventID": 1})
/// >>> document = report.finish()
/// >>> document["events"]["read"], [own["title"] for own in document["incidents"]]
/// (1, ['Whoami on hmi-1'])
/// >>> print(report.to_markdown().splitlines()[0])
/// # Security report
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Report {
    inner: waist::Report,
}

#[pymethods]
impl Report {
    #[new]
    #[pyo3(signature = (rules, context = None, **options))]
    fn new(
        py: Python<'_>,
        rules: &Bound<'_, Rules>,
        context: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let options: waist::ReportSettings = held::in_context(py, context, options)?;
        let set = rules.get().set();
        Ok(Self { inner: work(py, || waist::Report::new(set, &options))? })
    }

    /// Takes in one event: a dict, or JSON text. The report names it by `at`, or by its number, from 0. `ClosedError` when it is finished.
    #[pyo3(signature = (event, at = None))]
    fn push(&self, py: Python<'_>, event: &Bound<'_, PyAny>, at: Option<&str>) -> PyResult<()> {
        held::push(py, event, |event| self.inner.push(event, at))
    }

    /// Takes in a text with one JSON object a line. The report names events as `name:line`, or by their numbers without a name.
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

    /// Makes the document, and gives it as a dict (`bindings/common/schema/report.schema.json` says what is in it). `since` is the document of the
    /// last report, as a dict or JSON text: then `changes` tells what is different. `ArgumentError` when it is none; events may still come then.
    #[pyo3(signature = (since = None))]
    fn finish<'py>(&self, py: Python<'py>, since: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let since = since.map(|since| guarded(py, || one(since))).transpose()?;
        work(py, || self.inner.finish(since.as_deref()))?;
        self.document(py)
    }

    /// The document as JSON text, as `finish(since=…)` of the next report takes it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        work(py, || self.inner.json())
    }

    /// The document as Markdown, for mails and tickets.
    fn to_markdown(&self, py: Python<'_>) -> PyResult<String> {
        work(py, || self.inner.markdown())
    }

    /// The document as a page: one HTML file with everything in it, which needs no server and no network. With a `path` it is written there, and
    /// the answer is `None`; `OSError` when it cannot be.
    #[pyo3(signature = (path = None))]
    fn to_html(&self, py: Python<'_>, path: Option<PathBuf>) -> PyResult<Option<String>> {
        let html = work(py, || self.inner.html())?;
        let Some(path) = path else { return Ok(Some(html)) };
        py.detach(|| std::fs::write(&path, html))?;
        Ok(None)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let is_finished = py.detach(|| self.inner.json()).is_ok();
        if is_finished { "Report(finished)".to_owned() } else { "Report()".to_owned() }
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        module(py, "_incident_html")?.getattr("report")?.call1((slf.get().document(py).ok(),))
    }
}

impl Report {
    fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let document = work(py, || self.inner.document())?;
        to_python(py, &document)
    }
}
