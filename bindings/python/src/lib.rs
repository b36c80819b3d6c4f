//! Tieline for Python: the module `tieline._native`, which the package `tieline` shows.
//!
//! ```text
//!  dict, list, bytes ─▶ events: one buffer of JSON ─▶ the waist, without the lock of Python ─▶ scan: Detections
//!  keyword arguments ─▶ options ──────────────────────┘                                        └▶ errors: an exception
//! ```
//!
//! It converts arguments, calls the waist, and converts the answer. What needs no speed, such as exceptions, records
//! and HTML, is written in Python beside it.

mod arrow;
mod discovery;
mod errors;
mod events;
mod files;
mod held;
mod incidents;
mod learner;
mod normaliser;
mod options;
mod plain;
mod report;
mod rules;
mod scan;
mod stream;
mod trust;
mod write;

use pyo3::prelude::*;

/// Sigma detection and correlation over IT and OT events.
// A stable wheel does not serve interpreters without a lock; where one loads it all the same, it turns its lock on.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<rules::Rules>()?;
    module.add_class::<scan::Detection>()?;
    module.add_class::<scan::Detections>()?;
    module.add_class::<scan::DetectionsIterator>()?;
    module.add_class::<stream::Stream>()?;
    module.add_class::<stream::Pushed>()?;
    module.add_class::<files::FileScan>()?;
    module.add_class::<normaliser::Normaliser>()?;
    module.add_class::<discovery::Discovery>()?;
    module.add_class::<trust::Trust>()?;
    module.add_class::<learner::Learner>()?;
    module.add_class::<incidents::Incidents>()?;
    module.add_class::<report::Report>()?;
    module.add_function(wrap_pyfunction!(rules::compile, module)?)?;
    module.add_function(wrap_pyfunction!(rules::load, module)?)?;
    module.add_function(wrap_pyfunction!(rules::check, module)?)?;
    module.add_function(wrap_pyfunction!(rules::_rules, module)?)?;
    module.add_function(wrap_pyfunction!(scan::_detection, module)?)?;
    module.add_function(wrap_pyfunction!(scan::_detections, module)?)?;
    Ok(())
}
