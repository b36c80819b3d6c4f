//! Keyword arguments as the options of the waist.
//!
//! ```text
//!  compile(text, source="windows", lateness=timedelta(minutes=5)) ─▶ {"source": "windows", "lateness": 300.0} ─▶ records
//! ```
//!
//! `None` stands for what is not given. What names mean, and which values are allowed, is known by the waist.

use crate::errors::{exception, fault};
use crate::write::{Fault, Writer};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tieline_common::waist::{Error, Kind, from_json};

/// Options that were given and are not read yet.
#[derive(Debug, Default)]
pub(crate) struct Options {
    given: Map<String, Value>,
    known: Vec<String>,
}

impl Options {
    /// Reads keyword arguments.
    pub(crate) fn new(given: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut options = Self::default();
        let Some(given) = given else { return Ok(options) };
        let py = given.py();
        for (name, value) in given.iter().filter(|(_, value)| !value.is_none()) {
            let name: String = name.extract()?;
            let mut writer = Writer::default();
            let written = writer.value(&plain(&value)?).map_err(|inner| inner.inside(&name).named("options"));
            written.map_err(|inner| refused(py, inner))?;
            let value = serde_json::from_slice(&writer.out);
            options.given.insert(name, value.map_err(|error| fault(py, Kind::Argument, format!("options: {error}")))?);
        }
        Ok(options)
    }

    /// Takes the options of one record, by their names.
    pub(crate) fn take<T: Default + Serialize + DeserializeOwned>(&mut self, py: Python<'_>) -> PyResult<T> {
        let Ok(Value::Object(names)) = serde_json::to_value(T::default()) else { return Ok(T::default()) };
        self.known.extend(names.keys().cloned());
        let own: Map<String, Value> = names.keys().filter_map(|name| self.given.remove_entry(name)).collect();
        if own.is_empty() {
            return Ok(T::default());
        }
        from_json(&Value::Object(own).to_string()).map_err(|error| exception(py, &error))
    }

    /// Refuses options that nothing took.
    pub(crate) fn end(self, py: Python<'_>) -> PyResult<()> {
        let Some(name) = self.given.keys().next() else { return Ok(()) };
        let message = format!("there is no option `{name}`; write one of {}", self.known.join(", "));
        Err(fault(py, Kind::Argument, message))
    }
}

/// Paths as text and lengths of time as seconds.
fn plain<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let members = value.try_iter()?.map(|member| plain(&member?)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(value.py(), members)?.into_any());
    }
    if value.hasattr("__fspath__")? {
        return value.call_method0("__fspath__");
    }
    if value.hasattr("total_seconds")? {
        return value.call_method0("total_seconds");
    }
    Ok(value.clone())
}

fn refused(py: Python<'_>, inner: Fault) -> PyErr {
    inner.raise(py, |message| exception(py, &Error::new(Kind::Argument, message)))
}
