//! Records of the waist as plain data of Python, and as the classes of the package that show them.
//!
//! ```text
//!  Diagnostic ─▶ {"code": "TL0010", "line": 3, …} ─▶ tieline.Diagnostic
//! ```
//!
//! Names of members are those of the records.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde::Serialize;
use serde_json::Value;
use tieline::diagnostic::Diagnostic;

/// A module of the package.
pub(crate) fn module<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyModule>> {
    py.import(format!("tieline.{name}"))
}

/// The class of a record.
pub(crate) fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("tieline")?.getattr(name)
}

/// A value as Python's own types.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => py.None().into_bound_py_any(py),
        Value::Bool(truth) => truth.into_bound_py_any(py),
        Value::String(text) => text.into_bound_py_any(py),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_bound_py_any(py),
            (None, Some(number)) => number.into_bound_py_any(py),
            (None, None) => number.as_f64().into_bound_py_any(py),
        },
        Value::Array(members) => {
            let list = PyList::empty(py);
            members.iter().try_for_each(|member| list.append(to_python(py, member)?))?;
            list.into_bound_py_any(py)
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            members.iter().try_for_each(|(name, member)| dict.set_item(name, to_python(py, member)?))?;
            dict.into_bound_py_any(py)
        }
    }
}

/// A record as plain data; names and texts can always be written.
pub(crate) fn value(record: &impl Serialize) -> Value {
    serde_json::to_value(record).unwrap_or_default()
}

/// A record as its class.
pub(crate) fn record<'py>(py: Python<'py>, name: &str, record: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    class(py, name)?.call1((to_python(py, &value(record))?,))
}

/// The same with the form for people.
pub(crate) fn record_with_text<'py>(
    py: Python<'py>,
    name: &str,
    record: &impl Serialize,
    text: &str,
) -> PyResult<Bound<'py, PyAny>> {
    class(py, name)?.call1((to_python(py, &value(record))?, text))
}

/// Several records as a list.
pub(crate) fn records<'py, R: Serialize>(
    py: Python<'py>,
    name: &str,
    records: impl IntoIterator<Item = R>,
) -> PyResult<Bound<'py, PyList>> {
    let (class, list) = (class(py, name)?, PyList::empty(py));
    for record in records {
        list.append(class.call1((to_python(py, &value(&record))?,))?)?;
    }
    Ok(list)
}

/// A diagnostic.
pub(crate) fn diagnostic<'py>(py: Python<'py>, told: &Diagnostic) -> PyResult<Bound<'py, PyAny>> {
    record_with_text(py, "Diagnostic", told, &told.render())
}
