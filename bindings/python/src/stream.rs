//! A stream as an object of Python.
//!
//! ```text
//!  with rules.stream(lateness="5m") as stream: stream.push(event) ─▶ Pushed { detections, alerts, … }
//! ```
//!
//! Whoever pushes waits without the lock of Python, so threads may share a stream.

use crate::arrow::Table;
use crate::errors::{guarded, work};
use crate::events::{Many, lines, one};
use crate::options::Options;
use crate::plain::{record, records};
use crate::rules::Rules;
use crate::scan::{Detections, alert};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use std::sync::Arc;
use tieline::stream::{Alert, Restored};
use tieline_common::waist::{AlertRecord, Pushed as Answer, RuleSet, Stream as Inner};

/// Correlations over time.
///
/// `Rules.stream` makes it. It can be used by many threads, but only in the process that made it; a fork takes a
/// snapshot. As a context manager it is closed at the end.
///
/// >>> with tieline.compile([WHOAMI, TWICE]).stream() as stream:
/// ...     first = stream.push({"Image": "C:\\whoami.exe", "User": "anna"}, time_ns=0)
/// ...     second = stream.push({"Image": "C:\\whoami.exe", "User": "anna"}, time_ns=10**9)
/// ...     alerts = second.alerts + stream.flush()
/// >>> [(it.rule_title, it.group, it.count) for it in alerts]
/// [('Twice', {'User': 'anna'}, 2)]
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Stream {
    inner: Inner,
}

impl Stream {
    pub(crate) fn new(py: Python<'_>, rules: &Arc<RuleSet>, mut options: Options) -> PyResult<Self> {
        let (settings, asked) = (options.take(py)?, options.take(py)?);
        options.end(py)?;
        let inner = work(py, || Inner::new(Arc::clone(rules), &settings, &asked))?;
        Ok(Self { inner })
    }

    fn alerts<'py>(py: Python<'py>, alerts: &[Alert]) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for own in alerts {
            list.append(alert(py, &crate::plain::value(&AlertRecord::new(own)))?)?;
        }
        Ok(list)
    }
}

/// What became of state, as plain data.
pub(crate) fn restored<'py>(py: Python<'py>, restored: &Restored) -> PyResult<Bound<'py, PyAny>> {
    let plain = serde_json::json!({"kept": restored.kept, "dropped": restored.dropped});
    record(py, "Restored", &plain)
}

#[pymethods]
impl Stream {
    /// Pushes one event: a dict, or JSON text. `time_ns`, nanoseconds since 1970, is used in place of its own time.
    #[pyo3(signature = (event, time_ns = None))]
    fn push(&self, py: Python<'_>, event: &Bound<'_, PyAny>, time_ns: Option<i64>) -> PyResult<Pushed> {
        let event = guarded(py, || one(event))?;
        let answer = work(py, || self.inner.push(&event, time_ns))?;
        Pushed::new(py, answer)
    }

    /// Pushes a text with one JSON object a line. Events that cannot be read are told by `Pushed.faults`.
    fn push_lines(&self, py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<Pushed> {
        let text = lines(text)?;
        let bytes = text.as_bytes();
        let answer = work(py, || self.inner.push_lines(bytes))?;
        Pushed::new(py, answer)
    }

    /// Pushes events of a list, or of any iterable, of dicts and JSON texts; or the rows of a table of Arrow.
    fn push_events(&self, py: Python<'_>, events: &Bound<'_, PyAny>) -> PyResult<Pushed> {
        if let Some(mut table) = guarded(py, || Table::new(events))? {
            let answer = work(py, || self.inner.push_batches(&mut table))?;
            return Pushed::new(py, answer);
        }
        let mut events = guarded(py, || Many::new(events))?;
        let mut all: Option<Answer> = None;
        while guarded(py, || events.next_piece(py))?.is_some() {
            let piece = events.piece();
            let answer = work(py, || self.inner.push_events(&piece))?;
            match &mut all {
                None => all = Some(answer),
                Some(all) => all.append(answer),
            }
        }
        let answer = match all {
            Some(answer) => answer,
            None => work(py, || self.inner.push_events(&[]))?,
        };
        Pushed::new(py, answer)
    }

    /// Says that no event older than this will come any more, and gives the alerts of windows that close.
    fn advance<'py>(&self, py: Python<'py>, time_ns: i64) -> PyResult<Bound<'py, PyList>> {
        let alerts = work(py, || self.inner.advance(time_ns))?;
        Self::alerts(py, &alerts)
    }

    /// Says that no event will come any more: all windows close.
    fn flush<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let alerts = work(py, || self.inner.flush())?;
        Self::alerts(py, &alerts)
    }

    /// All state as bytes.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || self.inner.snapshot())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on with the state of a snapshot, and says what was dropped. `StateError` when it is damaged.
    fn restore<'py>(&self, py: Python<'py>, snapshot: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let snapshot = lines(snapshot)?;
        let bytes = snapshot.as_bytes();
        let answer = work(py, || self.inner.restore(bytes))?;
        restored(py, &answer)
    }

    /// Goes on with other rules; correlations that are the same keep their windows.
    fn reload<'py>(&self, py: Python<'py>, rules: &Bound<'py, Rules>) -> PyResult<Bound<'py, PyAny>> {
        let rules = Arc::clone(rules.get().set());
        let answer = work(py, || self.inner.reload(rules))?;
        restored(py, &answer)
    }

    /// What was counted so far, and what is held, by name.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stats = work(py, || self.inner.stats())?;
        record(py, "StreamStats", &stats)
    }

    /// What is older, in nanoseconds since 1970, is too late; None before the first event.
    #[getter]
    fn watermark_ns(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        work(py, || self.inner.watermark_ns())
    }

    /// The rules of the stream.
    #[getter]
    fn rules(&self, py: Python<'_>) -> PyResult<Rules> {
        work(py, || self.inner.rules()).map(Rules::of)
    }

    /// Frees all state. Every call after it but this one raises `ClosedError`.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        work(py, || self.inner.close())
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match py.detach(|| self.inner.stats()) {
            Ok(stats) => format!("Stream(events={}, groups={}, bytes={})", stats.events, stats.groups, stats.bytes),
            Err(error) => format!("Stream({})", error.kind().code()),
        }
    }
}

/// What came of events that were pushed.
///
/// `detections` of rules that alert by themselves, `alerts` of correlations, and what correlations do not count.
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Pushed {
    detections: Py<Detections>,
    alerts: Py<PyList>,
    not_counted: Py<PyList>,
    /// Events that correlations do not count because they have no time.
    #[pyo3(get)]
    untimed: u64,
    /// The number of the first event; events are counted from the beginning of the stream.
    #[pyo3(get)]
    first: u64,
}

impl Pushed {
    fn new(py: Python<'_>, answer: Answer) -> PyResult<Self> {
        let alerts = Stream::alerts(py, &answer.alerts)?.unbind();
        let not_counted = records(py, "NotCounted", &answer.not_counted)?.unbind();
        let rules = answer.rules.ok_or_else(|| {
            crate::errors::fault(py, tieline_common::waist::Kind::Internal, "no rules were asked; please report this")
        })?;
        let detections = Py::new(py, Detections::new(rules, answer.scan))?;
        Ok(Self { detections, alerts, not_counted, untimed: answer.untimed, first: answer.first })
    }
}

#[pymethods]
impl Pushed {
    /// Rules that matched and alert by themselves.
    #[getter]
    fn detections(&self, py: Python<'_>) -> Py<Detections> {
        self.detections.clone_ref(py)
    }

    /// Correlations that hold, in the order of their times.
    #[getter]
    fn alerts(&self, py: Python<'_>) -> Py<PyList> {
        self.alerts.clone_ref(py)
    }

    /// Events that correlations do not count because they are too late, or too far ahead.
    #[getter]
    fn not_counted(&self, py: Python<'_>) -> Py<PyList> {
        self.not_counted.clone_ref(py)
    }

    /// How many events were pushed.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.detections.bind(py).getattr("events")
    }

    /// Events that cannot be read.
    #[getter]
    fn faults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.detections.bind(py).getattr("faults")
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (detections, alerts) = (self.detections.bind(py).len()?, self.alerts.bind(py).len());
        Ok(format!("Pushed(detections={detections}, alerts={alerts}, untimed={})", self.untimed))
    }
}
