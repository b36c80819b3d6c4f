//! Rules as an object of Python.
//!
//! ```text
//!  compile(text), load(paths), pickle ─▶ Rules ─▶ scan, scan_files, explain, test, stream, to_bytes
//! ```
//!
//! It is never changed, so threads and copies share it.

use crate::arrow::Table;
use crate::errors::{guarded, interruptible, listening, work};
use crate::events::{Given, Many, lines, one};
use crate::files::FileScan;
use crate::options::Options;
use crate::plain::{diagnostic, module, record, record_with_text, records};
use crate::scan::Detections;
use crate::stream::Stream;
use crate::write::of_class;
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tieline::diagnostic::Diagnostic;
use tieline_common::fields::fields;
use tieline_common::waist::{CompileOptions, RuleRecord, RuleSet, Scan, ScanOptions};

/// Compiled rules.
///
/// `compile`, `load` and `Rules.from_bytes` make them. They are never changed: threads share them, and so do
/// copies. They can be pickled.
///
/// >>> rules = tieline.compile(WHOAMI)
/// >>> len(rules)
/// 1
/// >>> rules["Whoami"].level
/// 'low'
#[pyclass(frozen, module = "tieline")]
pub(crate) struct Rules {
    set: Arc<RuleSet>,
    all: PyOnceLock<Py<PyTuple>>,
    correlations: PyOnceLock<Py<PyTuple>>,
}

impl Rules {
    fn new(set: RuleSet) -> Self {
        Self::of(Arc::new(set))
    }

    pub(crate) fn of(set: Arc<RuleSet>) -> Self {
        Self { set, all: PyOnceLock::new(), correlations: PyOnceLock::new() }
    }

    pub(crate) fn set(&self) -> &Arc<RuleSet> {
        &self.set
    }

    fn all<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyTuple>> {
        let make = || {
            let all = records(py, "Rule", self.set.rules().iter().map(RuleRecord::of_rule))?;
            PyResult::Ok(all.to_tuple().unbind())
        };
        Ok(self.all.get_or_try_init(py, make)?.bind(py))
    }
}

/// Compiles Sigma rules.
///
/// `rules` is a YAML text, a list of texts or of pairs of a name and a text, or a dict of names and texts; names are
/// shown by messages. Options are `pipelines`, `source`, `placeholders`, `timezone`, `time_unit`, `time_fields`,
/// `context`, `taxonomy`, `indicators`, `indicators_at`, `indicator_fields`, `allow` and `strict`. A broken rule raises
/// `RuleError`; with `strict=False` it is left out and told by
/// `Rules.diagnostics`.
///
/// >>> tieline.compile(WHOAMI)
/// Rules(rules=1, correlations=0)
#[pyfunction]
#[pyo3(signature = (rules, **options))]
pub(crate) fn compile(
    py: Python<'_>,
    rules: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Rules> {
    let (texts, options) = (texts(rules)?, compile_options(py, options)?);
    work(py, || RuleSet::compile(texts, &options)).map(Rules::new)
}

/// Loads rules from files and directories, or rules that were saved.
///
/// Broken rules are left out and told by `Rules.diagnostics`; with `strict=True` they raise `RuleError`. Options are
/// those of `compile`.
///
/// >>> tieline.load(FOLDER)
/// Rules(rules=1, correlations=0)
#[pyfunction]
#[pyo3(signature = (paths, **options))]
pub(crate) fn load(py: Python<'_>, paths: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Rules> {
    let (paths, options) = (self::paths(paths)?, compile_options(py, options)?);
    work(py, || RuleSet::load(&paths, &options)).map(Rules::new)
}

/// Says what is wrong in rules, without keeping them: errors and warnings.
///
/// Takes what `compile` takes.
///
/// >>> [told.code for told in tieline.check(WHOAMI.replace("endswith", "endwith"))]
/// ['TL0010']
#[pyfunction]
#[pyo3(signature = (rules, **options))]
pub(crate) fn check<'py>(
    py: Python<'py>,
    rules: &Bound<'py, PyAny>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyList>> {
    let (texts, options) = (texts(rules)?, compile_options(py, options)?);
    let told = work(py, || tieline_common::waist::check(texts, &options))?;
    diagnostics(py, told.iter())
}

/// Rules that were saved; for pickle.
#[pyfunction]
pub(crate) fn _rules(py: Python<'_>, saved: &Bound<'_, PyAny>) -> PyResult<Rules> {
    let saved = lines(saved)?;
    let bytes = saved.as_bytes();
    work(py, || RuleSet::from_bytes(bytes)).map(Rules::new)
}

fn compile_options(py: Python<'_>, given: Option<&Bound<'_, PyDict>>) -> PyResult<CompileOptions> {
    let mut options = Options::new(given)?;
    let own = options.take(py)?;
    options.end(py)?;
    Ok(own)
}

pub(crate) fn scan_options(py: Python<'_>, given: Option<&Bound<'_, PyDict>>) -> PyResult<ScanOptions> {
    let mut options = Options::new(given)?;
    let own = options.take(py)?;
    options.end(py)?;
    Ok(own)
}

fn diagnostics<'py, 'd>(py: Python<'py>, told: impl Iterator<Item = &'d Diagnostic>) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for told in told {
        list.append(diagnostic(py, told)?)?;
    }
    Ok(list)
}

/// Texts of rules with their names.
fn texts(given: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let text = |value: &Bound<'_, PyAny>, what: &str| match value.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => Err(PyTypeError::new_err(format!("{what} is {}; write YAML text as a str", of_class(value)))),
    };
    if given.is_instance_of::<PyString>() {
        return Ok(vec![("rule".to_owned(), text(given, "the rule")?)]);
    }
    if let Ok(dict) = given.cast::<PyDict>() {
        return dict.iter().map(|(name, value)| Ok((text(&name, "a name")?, text(&value, "a rule")?))).collect();
    }
    let wrong = |_| {
        PyTypeError::new_err(format!(
            "rules are {}; write a str, a list or a dict; `load` takes paths",
            of_class(given)
        ))
    };
    let mut all = Vec::new();
    for (at, member) in given.try_iter().map_err(wrong)?.enumerate() {
        let member = member?;
        let what = format!("`rules[{at}]`");
        let is_text = member.is_instance_of::<PyString>();
        all.push(match if is_text { None } else { pair(&member) } {
            Some((name, value)) => (text(&name, &what)?, text(&value, &what)?),
            None => (format!("rules[{at}]"), text(&member, &what)?),
        });
    }
    Ok(all)
}

/// A name and a text, when that is what a value is.
fn pair<'py>(value: &Bound<'py, PyAny>) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let is_row = value.is_instance_of::<PyTuple>() || value.is_instance_of::<PyList>();
    let is_pair = is_row && value.len().is_ok_and(|length| length == 2);
    if is_pair { value.get_item(0).ok().zip(value.get_item(1).ok()) } else { None }
}

/// One path, or several.
pub(crate) fn paths(given: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    let path = |value: &Bound<'_, PyAny>| {
        let wrong = |_| PyTypeError::new_err(format!("a path is {}; write a str or a path", of_class(value)));
        value.extract::<PathBuf>().map_err(wrong)
    };
    if given.is_instance_of::<PyString>() || given.hasattr("__fspath__")? {
        return Ok(vec![path(given)?]);
    }
    let wrong = |_| PyTypeError::new_err(format!("paths are {}; write a path, or a list of them", of_class(given)));
    given.try_iter().map_err(wrong)?.map(|member| path(&member?)).collect()
}

/// The same as text, which may be YAML as well.
pub(crate) fn names(given: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    Ok(paths(given)?.iter().map(|path| path.to_string_lossy().into_owned()).collect())
}

#[pymethods]
impl Rules {
    /// Rules that `to_bytes` or the command line saved.
    ///
    /// >>> tieline.Rules.from_bytes(tieline.compile(WHOAMI).to_bytes())
    /// Rules(rules=1, correlations=0)
    #[staticmethod]
    fn from_bytes(py: Python<'_>, saved: &Bound<'_, PyAny>) -> PyResult<Self> {
        _rules(py, saved)
    }

    /// The rules as bytes, for a cache or another process.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || Ok(self.set.to_bytes()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The same rules with other indicators in place of those before: paths of lists, or lists as text.
    ///
    /// Nothing is compiled when the rules are about indicators already; `Stream.reload` goes on with them.
    ///
    /// >>> rules = tieline.compile([], indicators="value\n198.51.100.7\n")
    /// >>> [seen.value for it in rules.scan({"dest_ip": "198.51.100.7"}, evidence=True) for seen in it.indicators]
    /// ['198.51.100.7']
    /// >>> len(rules.with_indicators("value\nevil.example\n").scan({"dest_ip": "198.51.100.7"}))
    /// 0
    fn with_indicators(&self, py: Python<'_>, lists: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path = |path: PathBuf| path.into_os_string().into_string();
        let lists = paths(lists)?.into_iter().map(path).collect::<Result<Vec<_>, _>>();
        let lists = lists.map_err(|_| PyTypeError::new_err("a path of a list is no text"))?;
        work(py, || self.set.with_indicators(&lists)).map(Self::new)
    }

    /// The same rules over a plant, by whose inventory, zones and conduits fields such as `source.asset.role`,
    /// `destination.zone` and `flow.allowed` are filled.
    ///
    /// `context` is a path, a YAML text of more than one line, or a list of these. Nothing is compiled again, so a stream goes on
    /// with another plant by `stream.reload(rules.in_context(...))` and keeps what it has seen. What is wrong in the plant is told
    /// by `diagnostics`. `compile` and `load` take `context` as an option as well.
    ///
    /// >>> plant = """
    /// ... zones:
    /// ...   - {name: office, networks: [10.0.0.0/16]}
    /// ... """
    /// >>> tieline.compile(WHOAMI).in_context(plant)
    /// Rules(rules=1, correlations=0)
    fn in_context(&self, py: Python<'_>, context: &Bound<'_, PyAny>) -> PyResult<Self> {
        let names = names(context)?;
        work(py, || self.set.in_context(&names)).map(Self::new)
    }

    /// The detection rules, in order.
    #[getter]
    fn rules<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.all(py).cloned()
    }

    /// The correlations, in order.
    #[getter]
    fn correlations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let make = || {
            let own = self.set.rules().correlations().map(RuleRecord::of_correlation);
            PyResult::Ok(records(py, "Rule", own)?.to_tuple().unbind())
        };
        Ok(self.correlations.get_or_try_init(py, make)?.bind(py).clone())
    }

    /// What is wrong in the rules, and warnings.
    #[getter]
    fn diagnostics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        diagnostics(py, self.set.diagnostics())
    }

    /// What was loaded, and what was left out and why.
    #[getter]
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        record(py, "LoadReport", &self.set.report())
    }

    /// The fields that rules read, those of most rules first.
    ///
    /// >>> [(use.field, use.rules) for use in tieline.compile(WHOAMI, source="none").fields()]
    /// [('Image', 1)]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let read = work(py, || Ok(fields(self.set.rules())))?;
        records(py, "FieldUse", read)
    }

    /// Scans events in memory.
    ///
    /// `events` is a dict, which is one event; a str or bytes-like object with one JSON object a line; a list or any
    /// iterable of dicts and of JSON texts; or a table whose rows are events and whose columns are fields: anything with
    /// the Arrow PyCapsule interface, such as a DataFrame of polars or pandas, a table of pyarrow, or a relation of DuckDB.
    /// It is read where it lies, column by column; null is a missing field. Options are `threads` (1 is the calling thread, 0 is one for each core),
    /// `level`, `tags`, `rules`, `logsource` and `evidence`. An event that is no JSON is told by `Detections.faults`;
    /// a dict that cannot be JSON raises `EventError` or `TypeError`.
    ///
    /// >>> found = tieline.compile(WHOAMI).scan([{"Image": "C:\\a.exe"}, {"Image": "C:\\whoami.exe"}])
    /// >>> [(it.rule_title, it.event_index) for it in found]
    /// [('Whoami', 1)]
    #[pyo3(signature = (events, **options))]
    fn scan(
        &self,
        py: Python<'_>,
        events: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Detections> {
        let options = scan_options(py, options)?;
        let set = &self.set;
        let found = match guarded(py, || Given::new(events))? {
            Given::One(event) => work(py, || set.scan(&event, &options))?,
            Given::Lines(text) => {
                let text = text.as_bytes();
                interruptible(py, text.len(), |stop| set.scan_lines_until(text, &options, stop))?
            }
            Given::Table(mut table @ Table::Lazy(_)) => interruptible(py, usize::MAX, |stop| {
                set.scan_batches_until(&mut table, &options, &mut || stop.load(Ordering::Relaxed))
            })?,
            Given::Table(mut table) => {
                listening(py, |is_stopped| set.scan_batches_until(&mut table, &options, is_stopped))?
            }
            Given::Many(events) => self.scan_pieces(py, events, &options)?,
        };
        Ok(Detections::new(Arc::clone(set), found))
    }

    /// Scans one event: a dict, or JSON text of any number of lines. One that cannot be read raises `EventError`.
    #[pyo3(signature = (event, **options))]
    fn scan_event(
        &self,
        py: Python<'_>,
        event: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Detections> {
        let options = scan_options(py, options)?;
        let event = guarded(py, || one(event))?;
        let found = work(py, || self.set.scan(&event, &options))?;
        Ok(Detections::new(Arc::clone(&self.set), found))
    }

    /// Scans a text with one JSON object a line.
    #[pyo3(signature = (text, **options))]
    fn scan_lines(
        &self,
        py: Python<'_>,
        text: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Detections> {
        let options = scan_options(py, options)?;
        let text = lines(text)?;
        let bytes = text.as_bytes();
        let found = interruptible(py, bytes.len(), |stop| self.set.scan_lines_until(bytes, &options, stop))?;
        Ok(Detections::new(Arc::clone(&self.set), found))
    }

    /// Scans files and directories, and gives detections and alerts while the scan goes on.
    ///
    /// Formats are found out: NDJSON, JSON, EVTX, Zeek, CSV, also compressed. Correlations are evaluated over all
    /// files. Options are those of `scan` and of `stream`, and `format`, `event`, `follow`, `follow_idle` and `state`.
    /// `progress` shows a bar with tqdm: by default in notebooks.
    ///
    /// >>> with tieline.load(FOLDER).scan_files(EVENTS) as found:
    /// ...     print([(it.rule_title, it.line) for it in found], found.totals.events)
    /// [('Whoami', 2)] 2
    #[pyo3(signature = (paths, *, progress = None, **options))]
    fn scan_files(
        &self,
        py: Python<'_>,
        paths: &Bound<'_, PyAny>,
        progress: Option<bool>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<FileScan> {
        FileScan::new(py, &self.set, &self::paths(paths)?, progress, Options::new(options)?)
    }

    /// A stream, which evaluates correlations over time.
    ///
    /// Options are `lateness`, `clock_jump`, `missing_time`, `missing_group`, `alerts`, `state_memory`, `groups_max`,
    /// and those of `scan` for what is told.
    #[pyo3(signature = (**options))]
    fn stream(&self, py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Stream> {
        Stream::new(py, &self.set, Options::new(options)?)
    }

    /// Why a rule, by its id, name or title, matches an event or does not.
    ///
    /// >>> print(tieline.compile(WHOAMI).explain("Whoami", {"Image": "C:\\a.exe"}))
    /// Whoami does not match
    ///   ✗ sel
    ///     ✗ Image endswith '\whoami.exe'   saw 'C:\a.exe'
    fn explain<'py>(&self, py: Python<'py>, rule: &str, event: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let event = guarded(py, || one(event))?;
        let explanation = work(py, || self.set.explain(rule, &event))?;
        record_with_text(py, "Explanation", &explanation, &explanation.to_string())
    }

    /// Runs the events that lie beside rule files: `NAME.match.ndjson` must fire, `NAME.silent.ndjson` must not; beside correlations
    /// they hold sequences, with a blank line between them.
    fn test<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let report = work(py, || self.set.test())?;
        record(py, "TestReport", &report)
    }

    fn __len__(&self) -> usize {
        self.set.rules().len()
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.all(py)?.try_iter()?.into_any())
    }

    fn __getitem__<'py>(&self, py: Python<'py>, rule: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let all = self.all(py)?;
        let Ok(name) = rule.cast::<PyString>() else { return all.as_any().get_item(rule) };
        let name = name.to_string_lossy();
        match self.set.rules().find(&name) {
            Some(index) => all.get_item(index),
            None => Err(PyKeyError::new_err(format!("there is no rule with the id, name or title `{name}`"))),
        }
    }

    fn __contains__(&self, rule: &Bound<'_, PyAny>) -> bool {
        let name = rule.cast::<PyString>().map(|name| name.to_string_lossy().into_owned());
        name.is_ok_and(|name| self.set.rules().find(&name).is_some())
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        Ok((module(py, "_native")?.getattr("_rules")?, (self.to_bytes(py)?,)))
    }

    fn __repr__(&self) -> String {
        let rules = self.set.rules();
        format!("Rules(rules={}, correlations={})", rules.len(), rules.correlations().len())
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        module(slf.py(), "_html")?.getattr("rules")?.call1((slf,))
    }
}

impl Rules {
    /// Events are written with the lock of Python held, and scanned without it, piece by piece.
    fn scan_pieces<'py>(&self, py: Python<'py>, mut events: Many<'py>, options: &ScanOptions) -> PyResult<Scan> {
        let mut all = Scan::default();
        while let Some(first) = guarded(py, || events.next_piece(py))? {
            let piece = events.piece();
            let mut found = work(py, || self.set.scan_events(&piece, options))?;
            found.hits.iter_mut().for_each(|hit| hit.event += first);
            found.faults.iter_mut().for_each(|fault| fault.event_index += first);
            all.append(found);
        }
        // Options are read even where there is no event.
        if all.events == 0 {
            work(py, || self.set.scan_events(&[], options))?;
        }
        Ok(all)
    }
}
