//! What a scan found: a sequence that makes a detection when it is looked at.
//!
//! ```text
//!  Scan { hits: 10 million × 16 bytes } ─▶ Detections ─▶ [7] ─▶ Detection(rule_title='Whoami', …)
//! ```
//!
//! Rules are shared, so a detection costs little. What was pickled, and what files gave, is held as records.

use crate::arrow::capsule;
use crate::errors::{fault, work};
use crate::plain::{class, module, records, to_python, value};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::slice::PySliceIndices;
use pyo3::types::{PyCapsule, PyDict, PyList, PySlice};
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tieline::Evidence;
use tieline_common::waist::{DetectionRecord, Hit, Kind, Results, RuleSet, Scan};

/// One rule that matched one event.
///
/// Of events in memory it has `event_index`; of files, `file`, `line` and `time`. `selections` and `fields` are empty
/// unless `evidence=True` was asked for, and `event` is None unless `event=True` was.
///
/// >>> found = tieline.compile(WHOAMI).scan({"Image": "C:\\whoami.exe"}, evidence=True)[0]
/// >>> found
/// Detection(rule_title='Whoami', level='low', event_index=0)
/// >>> found.selections, found.fields[0].value
/// (['sel'], 'C:\\whoami.exe')
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Detection(Of);

enum Of {
    Hit { rules: Arc<RuleSet>, hit: Hit, evidence: Option<Box<Evidence>> },
    Record(Value),
}

impl Detection {
    pub(crate) fn of_record(record: Value) -> Self {
        Self(Of::Record(record))
    }

    fn record(&self) -> Option<DetectionRecord<'_>> {
        match &self.0 {
            Of::Hit { rules, hit, evidence } => DetectionRecord::new(rules, hit, evidence.as_deref()),
            Of::Record(_) => None,
        }
    }

    /// The record as plain data.
    fn plain(&self) -> Value {
        match &self.0 {
            Of::Hit { .. } => self.record().map(|record| value(&record)).unwrap_or_default(),
            Of::Record(record) => record.clone(),
        }
    }

    fn member(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            Of::Hit { .. } => None,
            Of::Record(record) => record.get(name),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Value::as_str)
    }
}

/// A detection that was pickled.
#[pyfunction]
pub(crate) fn _detection(py: Python<'_>, json: &str) -> PyResult<Detection> {
    read(py, json).map(Detection::of_record)
}

fn read(py: Python<'_>, json: &str) -> PyResult<Value> {
    serde_json::from_str(json).map_err(|error| fault(py, Kind::Saved, format!("a detection is damaged: {error}")))
}

#[pymethods]
impl Detection {
    /// The rule's id, else its name; None when it has neither.
    #[getter]
    fn rule_id(&self) -> Option<&str> {
        self.record().map_or_else(|| self.text("rule_id"), |record| record.rule_id)
    }

    /// The rule's title.
    #[getter]
    fn rule_title(&self) -> &str {
        self.record().map_or_else(|| self.text("rule_title").unwrap_or_default(), |record| record.rule_title)
    }

    /// How serious it is: informational, low, medium, high or critical; None when the rule does not say.
    #[getter]
    fn level(&self) -> Option<&str> {
        self.record().map_or_else(|| self.text("level"), |record| record.level.map(tieline::Level::as_str))
    }

    /// Always "detection".
    #[getter]
    fn kind(&self) -> &'static str {
        "detection"
    }

    /// The number of the event, from 0; None for events of files.
    #[getter]
    fn event_index(&self) -> Option<u64> {
        match &self.0 {
            Of::Hit { hit, .. } => Some(hit.event),
            Of::Record(_) => self.member("event_index").and_then(Value::as_u64),
        }
    }

    /// The rule's tags.
    #[getter]
    fn tags(&self) -> Vec<&str> {
        let texts = |tags: &Value| tags.as_array().map(|all| all.len()).unwrap_or_default();
        match (self.record(), self.member("tags")) {
            (Some(record), _) => record.tags.iter().map(String::as_str).collect(),
            (None, Some(tags)) if texts(tags) > 0 => {
                tags.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The source by which the rules were mapped; None when there is none.
    #[getter]
    fn source(&self) -> Option<&str> {
        self.record().map_or_else(|| self.text("source"), |record| record.source)
    }

    /// The selections that held; empty unless evidence was asked for.
    #[getter]
    fn selections<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match (&self.0, self.member("selections")) {
            (Of::Hit { evidence: Some(evidence), .. }, _) => PyList::new(py, &evidence.selections),
            (Of::Record(_), Some(own)) => Ok(to_python(py, own)?.cast_into()?),
            _ => Ok(PyList::empty(py)),
        }
    }

    /// The fields that held, with their values; empty unless evidence was asked for.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match (&self.0, self.member("fields")) {
            (Of::Hit { evidence: Some(evidence), .. }, _) => records(py, "FieldEvidence", &evidence.fields),
            (Of::Record(_), Some(own)) => records(py, "FieldEvidence", own.as_array().into_iter().flatten()),
            _ => Ok(PyList::empty(py)),
        }
    }

    /// The indicators that the event holds and with which the rule matches it; empty unless evidence was asked for and the
    /// rule is about indicators. Scans of files tell them without being asked.
    #[getter]
    fn indicators<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match (&self.0, self.member("indicators")) {
            (Of::Hit { evidence: Some(evidence), .. }, _) => records(py, "IndicatorSeen", &evidence.indicators),
            (Of::Record(_), Some(own)) => records(py, "IndicatorSeen", own.as_array().into_iter().flatten()),
            _ => Ok(PyList::empty(py)),
        }
    }

    /// The file of the event; None for events in memory.
    #[getter]
    fn file(&self) -> Option<&str> {
        self.text("file")
    }

    /// The line or record of the event in its file, from 1; None for events in memory.
    #[getter]
    fn line(&self) -> Option<u64> {
        self.member("line").and_then(Value::as_u64)
    }

    /// The event's own time, as it is written; None for events in memory, or without a time.
    #[getter]
    fn time(&self) -> Option<&str> {
        self.text("time")
    }

    /// The event; None unless it was asked for.
    #[getter]
    fn event<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.member("event").map(|event| to_python(py, event)).transpose()
    }

    /// The record as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.plain())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.plain() == other.get().plain())
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.rule_id(), self.rule_title(), self.event_index(), self.file(), self.line()).hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((module(py, "_native")?.getattr("_detection")?, (self.plain().to_string(),)))
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        module(slf.py(), "_records")?.getattr("repr_detection")?.call1((slf,))
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        module(slf.py(), "_html")?.getattr("detection")?.call1((slf,))
    }
}

/// What a scan found: a sequence of `Detection`.
///
/// `events` is how many events were looked at, and `faults` tells those that cannot be read.
///
/// >>> found = tieline.compile(WHOAMI).scan(b'{"Image": "C:\\\\whoami.exe"}\n{"Image":\n')
/// >>> len(found), found.events, found.faults[0].event_index
/// (1, 2, 1)
#[pyclass(frozen, sequence, module = "tieline")]
pub(crate) struct Detections {
    found: Found,
}

enum Found {
    Scan(Arc<RuleSet>, Scan),
    /// Events, detections, faults.
    Records(u64, Vec<Value>, Vec<Value>),
}

impl Detections {
    pub(crate) fn new(rules: Arc<RuleSet>, scan: Scan) -> Self {
        Self { found: Found::Scan(rules, scan) }
    }

    fn len(&self) -> usize {
        match &self.found {
            Found::Scan(_, scan) => scan.hits.len(),
            Found::Records(_, detections, _) => detections.len(),
        }
    }

    fn at(&self, at: usize) -> Option<Detection> {
        match &self.found {
            Found::Scan(rules, scan) => {
                let (rules, hit) = (Arc::clone(rules), *scan.hits.get(at)?);
                let evidence = scan.evidence.get(at).cloned().map(Box::new);
                Some(Detection(Of::Hit { rules, hit, evidence }))
            }
            Found::Records(_, detections, _) => detections.get(at).cloned().map(Detection::of_record),
        }
    }

    fn plain(&self) -> impl Iterator<Item = Value> {
        (0..self.len()).filter_map(|at| self.at(at)).map(|own| own.plain())
    }

    fn faults_plain(&self) -> Vec<Value> {
        match &self.found {
            Found::Scan(_, scan) => scan.faults.iter().map(value).collect(),
            Found::Records(_, _, faults) => faults.clone(),
        }
    }
}

/// Detections that were pickled.
#[pyfunction]
pub(crate) fn _detections(py: Python<'_>, events: u64, detections: &str, faults: &str) -> PyResult<Detections> {
    let list = |json| match read(py, json)? {
        Value::Array(list) => Ok(list),
        _ => Err(fault(py, Kind::Saved, "detections are damaged")),
    };
    Ok(Detections { found: Found::Records(events, list(detections)?, list(faults)?) })
}

#[pymethods]
impl Detections {
    /// How many events were looked at, unreadable ones among them.
    #[getter]
    fn events(&self) -> u64 {
        match &self.found {
            Found::Scan(_, scan) => scan.events,
            Found::Records(events, _, _) => *events,
        }
    }

    /// Events that cannot be read.
    #[getter]
    fn faults<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        records(py, "Fault", self.faults_plain())
    }

    /// All detections as dicts.
    fn to_dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        self.plain().try_for_each(|own| list.append(to_python(py, &own)?))?;
        Ok(list)
    }

    /// Detections by column: the same names for every scan, for tables.
    fn to_columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let names = ["event_index", "rule_id", "rule_title", "level", "tags", "source"];
        let columns: Vec<_> = names.iter().map(|_| PyList::empty(py)).collect();
        for own in (0..self.len()).filter_map(|at| self.at(at)) {
            let row = [
                own.event_index().into_bound_py_any(py)?,
                own.rule_id().into_bound_py_any(py)?,
                own.rule_title().into_bound_py_any(py)?,
                own.level().into_bound_py_any(py)?,
                own.tags().into_bound_py_any(py)?,
                own.source().into_bound_py_any(py)?,
            ];
            columns.iter().zip(row).try_for_each(|(column, member)| column.append(member))?;
        }
        let dict = PyDict::new(py);
        names.iter().zip(columns).try_for_each(|(name, column)| dict.set_item(name, column))?;
        Ok(dict)
    }

    /// The detections as a table of Arrow with the columns of `to_columns`; so `pyarrow.table(found)`,
    /// `pandas.DataFrame.from_arrow(found)` and DuckDB read them.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A producer may give its own types, whatever is asked for.
        drop(requested_schema);
        let table = work(py, || match &self.found {
            Found::Scan(rules, scan) => rules.results(scan),
            Found::Records(..) => {
                let mut results = Results::default();
                for own in (0..self.len()).filter_map(|at| self.at(at)) {
                    let members = [own.rule_id(), own.level(), own.source()];
                    results.push(own.event_index(), members, own.rule_title(), own.tags());
                }
                results.finish()
            }
        })?;
        capsule(py, table)
    }

    /// The detections as a pandas DataFrame; pandas must be installed.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        module(slf.py(), "_frames")?.getattr("to_pandas")?.call1((slf,))
    }

    /// The detections as a polars DataFrame; polars must be installed.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        module(slf.py(), "_frames")?.getattr("to_polars")?.call1((slf,))
    }

    /// Where a detection stands first; ValueError when it does not.
    #[pyo3(signature = (value, start = 0, stop = None))]
    fn index(&self, value: &Bound<'_, PyAny>, start: isize, stop: Option<isize>) -> PyResult<usize> {
        let length = self.len();
        let place = |at: isize| if at < 0 { length.saturating_sub(at.unsigned_abs()) } else { at.unsigned_abs() };
        let (start, stop) = (place(start), stop.map_or(length, place).min(length));
        let found = (start..stop).find(|at| self.at(*at).is_some_and(|own| own.__eq__(value)));
        found.ok_or_else(|| PyValueError::new_err("there is no such detection"))
    }

    /// How often a detection stands here.
    fn count(&self, value: &Bound<'_, PyAny>) -> usize {
        (0..self.len()).filter_map(|at| self.at(at)).filter(|own| own.__eq__(value)).count()
    }

    fn __len__(&self) -> usize {
        self.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, at: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let length = isize::try_from(self.len()).unwrap_or(isize::MAX);
        if let Ok(slice) = at.cast::<PySlice>() {
            let PySliceIndices { start, step, slicelength, .. } = slice.indices(length)?;
            let list = PyList::empty(py);
            for number in 0..slicelength {
                let at = start + step * isize::try_from(number).unwrap_or(isize::MAX);
                if let Some(own) = usize::try_from(at).ok().and_then(|at| self.at(at)) {
                    list.append(own)?;
                }
            }
            return Ok(list.into_any());
        }
        let given: isize = at.extract()?;
        let at = if given < 0 { given + length } else { given };
        let own = usize::try_from(at).ok().and_then(|at| self.at(at));
        let none = || PyIndexError::new_err(format!("there is no detection {given}, because there are {length}"));
        own.ok_or_else(none)?.into_bound_py_any(py)
    }

    fn __iter__(slf: Bound<'_, Self>) -> DetectionsIterator {
        DetectionsIterator { of: slf.unbind(), at: AtomicUsize::new(0) }
    }

    fn __contains__(&self, value: &Bound<'_, PyAny>) -> bool {
        (0..self.len()).filter_map(|at| self.at(at)).any(|own| own.__eq__(value))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let other = other.get();
            self.events() == other.events() && self.len() == other.len() && self.plain().eq(other.plain())
        })
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.events(), self.len()).hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (u64, String, String))> {
        let (detections, faults) = (Value::Array(self.plain().collect()), Value::Array(self.faults_plain()));
        let parts = (self.events(), detections.to_string(), faults.to_string());
        Ok((module(py, "_native")?.getattr("_detections")?, parts))
    }

    fn __repr__(&self) -> String {
        format!("Detections({} of {} events, {} faults)", self.len(), self.events(), self.faults_plain().len())
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        module(slf.py(), "_html")?.getattr("detections")?.call1((slf,))
    }
}

/// Gives detections one after the other.
#[pyclass(frozen, module = "tieline._native")]
pub(crate) struct DetectionsIterator {
    of: Py<Detections>,
    at: AtomicUsize,
}

#[pymethods]
impl DetectionsIterator {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self) -> Option<Detection> {
        self.of.get().at(self.at.fetch_add(1, Ordering::Relaxed))
    }

    fn __length_hint__(&self) -> usize {
        self.of.get().len().saturating_sub(self.at.load(Ordering::Relaxed))
    }
}

/// The class that shows alerts.
pub(crate) fn alert<'py>(py: Python<'py>, record: &Value) -> PyResult<Bound<'py, PyAny>> {
    class(py, "Alert")?.call1((to_python(py, record)?,))
}
