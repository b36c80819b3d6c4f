//! Assets that events tell of, as an object of Python.
//!
//! ```text
//!  Discovery("plant.yml") ─▶ push_lines(bytes) ─▶ assets() ─▶ [SeenAsset(id='plc-7', role='controller', …)]
//! ```

use crate::errors::work;
use crate::events::lines;
use crate::held;
use crate::plain::{record, records};
use crate::rules::names;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use tieline_common::waist;

/// Learns from events which assets there are, without asking any device.
///
/// `context` is a plant: paths, YAML texts of more than one line, or a list of them; its sites say where sensors stand, its zones where
/// addresses belong. The option `taxonomy` takes tables of OT protocols in place of the shipped ones. What is broken in them
/// raises `ArgumentError`, whose diagnostics say where, and paths that cannot be read `LoadError`. Threads may share it, but not a fork.
///
/// >>> discovery = tieline.Discovery()
/// >>> discovery.push({"_path": "modbus", "id.orig_h": "10.2.0.6", "id.resp_h": "10.1.7.2", "func": "READ_COILS_EXCEPTION"})
/// >>> for asset in discovery.assets():
/// ...     print(asset.id, asset.role, asset.serves, asset.uses)
/// 10.1.7.2 controller ['modbus'] []
/// 10.2.0.6 hmi [] ['modbus']
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Discovery {
    inner: waist::Discovery,
}

#[pymethods]
impl Discovery {
    #[new]
    #[pyo3(signature = (context = None, **options))]
    fn new(py: Python<'_>, context: Option<&Bound<'_, PyAny>>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let options: waist::NormaliserOptions = held::in_context(py, context, options)?;
        Ok(Self { inner: work(py, || waist::Discovery::new(&options))? })
    }

    /// Takes in one event: a dict, or JSON text. One that cannot be read raises `EventError`.
    fn push(&self, py: Python<'_>, event: &Bound<'_, PyAny>) -> PyResult<()> {
        held::push(py, event, |event| self.inner.push(event))
    }

    /// Takes in a text with one JSON object a line. Events that cannot be read are told by `Taken.faults`.
    fn push_lines<'py>(&self, py: Python<'py>, text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        held::push_lines(py, text, |text| self.inner.push_lines(text))
    }

    /// Takes in events of a list, or of any iterable, of dicts and JSON texts.
    fn push_events<'py>(&self, py: Python<'py>, events: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        held::push_events(py, events, |events| self.inner.push_events(events))
    }

    /// The assets known so far, by site and address, with what says so.
    fn assets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let assets = work(py, || self.inner.assets())?;
        records(py, "SeenAsset", assets)
    }

    /// How what was seen differs from an inventory, or from the plant that it began with.
    ///
    /// >>> tieline.Discovery().compare("id,ip\nplc-7,10.1.7.2\n")
    /// [Difference(kind='silent', declared='plc-7', seen=None, what=None, was=None, now=None)]
    #[pyo3(signature = (context = None))]
    fn compare<'py>(&self, py: Python<'py>, context: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyList>> {
        let context = context.map_or_else(|| Ok(Vec::new()), |own| names(own))?;
        let differences = work(py, || self.inner.compare(&context))?;
        records(py, "Difference", differences)
    }

    /// The assets as an inventory in the form `yaml`, `csv`, `netbox` or `cyclonedx`.
    #[pyo3(signature = (form = "yaml"))]
    fn inventory(&self, py: Python<'_>, form: &str) -> PyResult<String> {
        work(py, || self.inner.inventory(form))
    }

    /// How much was taken in, and what found no room.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stats = work(py, || self.inner.stats())?;
        record(py, "DiscoveryStats", &stats)
    }

    /// All that is known as bytes.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || self.inner.snapshot())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on with what a snapshot knows. `StateError` when it is none, is damaged, or of another version; then nothing changes.
    fn restore(&self, py: Python<'_>, snapshot: &Bound<'_, PyAny>) -> PyResult<()> {
        let snapshot = lines(snapshot)?;
        let bytes = snapshot.as_bytes();
        work(py, || self.inner.restore(bytes))
    }

    /// Goes on over another plant, or none. What was learned stays, with the sites that it was learned at; what is broken in the plant raises
    /// `ArgumentError`, and nothing changes.
    #[pyo3(signature = (context = None))]
    fn reload(&self, py: Python<'_>, context: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let context = context.map_or_else(|| Ok(Vec::new()), |own| names(own))?;
        work(py, || self.inner.reload(&context))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match py.detach(|| self.inner.stats()) {
            Ok(stats) => format!("Discovery(events={})", stats.events),
            Err(error) => format!("Discovery({})", error.kind().code()),
        }
    }
}
