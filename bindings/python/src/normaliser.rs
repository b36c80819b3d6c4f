//! What OT operations events tell of, as an object of Python.
//!
//! ```text
//!  Normaliser() ─▶ records({"layers": …}) ─▶ [{"ot.protocol": "modbus", "ot.operation": "write", …}]
//! ```

use crate::errors::{guarded, work};
use crate::events::one;
use crate::options::Options;
use crate::plain::to_python;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::Value;
use tieline_common::waist;

/// Reads the OT operations that events tell of, as rules see them in the fields `ot.*`.
///
/// Options are paths, YAML texts of more than one line, or lists of them: `taxonomy` takes tables of OT protocols in place
/// of the shipped ones, `context` an inventory, zones and conduits, whose fields records then have too. What is broken in
/// them raises `ArgumentError`, whose diagnostics say where, and paths that cannot be read `LoadError`. It never
/// changes, so threads share it.
///
/// >>> normaliser = tieline.Normaliser()
/// >>> for record in normaliser.records(COIL):
/// ...     print(record["ot.protocol"], record["ot.operation"], record["ot.name"], record["ot.address"])
/// modbus control WRITE_SINGLE_COIL [12]
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Normaliser {
    inner: waist::Normaliser,
}

#[pymethods]
impl Normaliser {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut given = Options::new(options)?;
        let options: waist::NormaliserOptions = given.take(py)?;
        given.end(py)?;
        Ok(Self { inner: work(py, || waist::Normaliser::new(&options))? })
    }

    /// The records of one event, a dict or JSON text: one dict for each operation, with the fields that are known.
    ///
    /// The list is empty when the event tells of no operation, or has fields `ot.*` already. An event that cannot be read
    /// raises `EventError`.
    ///
    /// >>> tieline.Normaliser().records('{"EventID": 1}')
    /// []
    fn records<'py>(&self, py: Python<'py>, event: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let event = guarded(py, || one(event))?;
        let records = work(py, || self.inner.records(&event))?;
        let list = PyList::empty(py);
        records.into_iter().try_for_each(|record| list.append(to_python(py, &Value::Object(record))?))?;
        Ok(list)
    }
}
