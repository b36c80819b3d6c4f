//! Which findings are one attack, as an object of Python.
//!
//! ```text
//!  Incidents(rules, "plant.yml") ─▶ push_lines(bytes), add({…}) ─▶ finish() ─▶ incidents() ─▶ [Incident(title=…, path=…)]
//! ```

use crate::errors::{guarded, work};
use crate::events::{lines, one};
use crate::held;
use crate::plain::{module, record, records};
use crate::rules::{Rules, names};
use crate::stream::restored;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tieline_common::waist;

/// Joins findings that are likely one attack, and traces where they came from and how far they got.
///
/// `rules` find, and `context` is the plant in place of that of the rules: paths, YAML texts of more than one line, or a list of them.
/// Options: `lateness` (how much later than others an event may come: `"5m"`, seconds, or a timedelta), `quiet` (after this time without a
/// finding an incident is over), `hub_peers`, `level`, `findings_max`, `contacts_max`, `clock_offsets_s` (seconds that are
/// added to the times of a source, by the name of a sensor or file), and `taxonomy`, which takes tables of OT protocols in place
/// of the shipped ones. What is broken raises `ArgumentError`. Threads may share it, but not a fork.
///
/// >>> incidents = tieline.Incidents(tieline.compile(WHOAMI), level="low")
/// >>> incidents.push({"Image": r"C:\whoami.exe", "Computer": "hmi-1", "UtcTime": "2026-11-26 09:00:00", "EventID": 1})
/// >>> incidents.add({"time": "2026-11-26T09:01:00Z", "rule": "edr-17", "title": "Credential dump", "source": "hmi-1"})
/// >>> incidents.finish()
/// >>> for incident in incidents.incidents():
/// ...     print(incident.title, [found.because for found in incident.findings])
/// Credential dump on hmi-1 [None, 'from the same host as "Whoami" at 0']
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Incidents {
    inner: waist::Incidents,
}

#[pymethods]
impl Incidents {
    #[new]
    #[pyo3(signature = (rules, context = None, **options))]
    fn new(
        py: Python<'_>,
        rules: &Bound<'_, Rules>,
        context: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let options: waist::IncidentSettings = held::in_context(py, context, options)?;
        let set = rules.get().set();
        Ok(Self { inner: work(py, || waist::Incidents::new(set, &options))? })
    }

    /// Takes in one event: a dict, or JSON text. Incidents name it by `at`, or by its number, from 0.
    #[pyo3(signature = (event, at = None))]
    fn push(&self, py: Python<'_>, event: &Bound<'_, PyAny>, at: Option<&str>) -> PyResult<()> {
        held::push(py, event, |event| self.inner.push(event, at))
    }

    /// Takes in a text with one JSON object a line. Incidents name events as `name:line`, or by their numbers without a name.
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

    /// Takes in a finding that was made elsewhere, such as an alert of another product: a dict or JSON text with `time` (RFC 3339, or a
    /// datetime) and `rule`, and maybe `title`, `level`, `tags`, `source` and `target` (hosts), `entities` (names by kind, such as `account`
    /// or `hash`), and `at`, where it stands. What is no finding raises `EventError`.
    fn add(&self, py: Python<'_>, finding: &Bound<'_, PyAny>) -> PyResult<()> {
        let finding = guarded(py, || one(finding))?;
        work(py, || self.inner.add(&finding))
    }

    /// Says that no event older than this will come any more, in nanoseconds since 1970.
    fn advance(&self, py: Python<'_>, time_ns: i64) -> PyResult<()> {
        work(py, || self.inner.advance(time_ns))
    }

    /// Takes all that still waits for events that may come late.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        work(py, || self.inner.finish())
    }

    /// All incidents so far, the highest score first. Ways, scores and spread are worked out now.
    fn incidents<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let incidents = work(py, || self.inner.incidents())?;
        records(py, "Incident", incidents)
    }

    /// Incidents in a form for other programs: `ndjson`, `ocsf`, `ocsf-detections`, `ecs`, `stix`, `graphml`, `dot` or `json-graph`; all, or the
    /// one of an id.
    #[pyo3(signature = (form, id = None))]
    fn export(&self, py: Python<'_>, form: &str, id: Option<&str>) -> PyResult<String> {
        work(py, || self.inner.export(form, id))
    }

    /// What became of incidents since this was asked last: they were opened, grew, were merged, or closed.
    fn take_changes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let changes = work(py, || self.inner.take_changes())?;
        records(py, "IncidentChange", changes)
    }

    /// What was seen so far, and what had to be given up.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stats = work(py, || self.inner.stats())?;
        record(py, "IncidentStats", &stats)
    }

    /// How far clocks of sources seem to be apart, beyond the option `clock_offsets_s`. It is only told; nothing is corrected by it.
    fn skews<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let skews = work(py, || self.inner.skews())?;
        records(py, "Skew", skews)
    }

    /// All state as bytes: findings, contacts, sessions, what waits, and counts.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || self.inner.snapshot())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on with the state of a snapshot, as if there had been no stop. `StateError` when it is none, is damaged, or of another version;
    /// then nothing changes.
    fn restore<'py>(&self, py: Python<'py>, snapshot: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let snapshot = lines(snapshot)?;
        let bytes = snapshot.as_bytes();
        restored(py, &work(py, || self.inner.restore(bytes))?)
    }

    /// Goes on with other rules, and over another plant: that of `context`, else that of the rules.
    #[pyo3(signature = (rules, context = None))]
    fn reload<'py>(
        &self,
        py: Python<'py>,
        rules: &Bound<'py, Rules>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (set, context) = (rules.get().set(), context.map_or_else(|| Ok(Vec::new()), names)?);
        restored(py, &work(py, || self.inner.reload(set, &context))?)
    }

    /// Incidents as a DataFrame of pandas: a row for each of the `incidents`, of their `findings`, or of the `hops` of their ways.
    #[pyo3(signature = (what = "incidents"))]
    fn to_pandas<'py>(slf: &Bound<'py, Self>, what: &str) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        module(py, "_frames")?.getattr("incidents_to_pandas")?.call1((slf.get().incidents(py)?, what))
    }

    /// Incidents, all or the one of an id, as a graph of networkx (a `MultiDiGraph`): hosts and accounts, and what leads from one to another, as
    /// `export("json-graph")` writes it. It needs networkx.
    #[pyo3(signature = (id = None))]
    fn to_networkx<'py>(slf: &Bound<'py, Self>, id: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        module(py, "_frames")?.getattr("incidents_to_networkx")?.call1((slf.get().export(py, "json-graph", id)?,))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match py.detach(|| self.inner.stats()) {
            Ok(stats) => format!("Incidents(findings={}, contacts={})", stats.findings, stats.contacts),
            Err(error) => format!("Incidents({})", error.kind().code()),
        }
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        module(py, "_incident_html")?.getattr("incidents")?.call1((slf.get().incidents(py)?,))
    }
}
