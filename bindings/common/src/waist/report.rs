//! What happened in a plant over a period, as every language asks it.
//!
//! ```text
//!  push, push_lines, push_events ─▶ Report ─▶ finish, maybe since the last ─▶ json, markdown, html
//! ```
//!
//! What is told, and how, is a matter of [`governance`](crate::governance) and [`page`](crate::page).

use super::held::{Held, Place, Taken};
use super::incidents::plan_of;
use super::options::ReportSettings;
use super::{Error, Kind, RuleSet, threads};
use crate::governance::{self, Document, Past, markdown};
use crate::load::find_taxonomy;
use crate::page::page;
use tieline::EventError;

/// Makes a report of events that go by: assets, exposures, incidents, rules, blind spots, requirements met and not.
///
/// ```
/// use tieline_common::waist::{CompileOptions, Report, ReportSettings, RuleSet};
///
/// let rule = "title: Audit log cleared\nlogsource: {product: windows}\nlevel: high\ndetection: {s: {EventID: 1102}, condition: s}\n";
/// let rules = RuleSet::compile([("rule.yml".to_owned(), rule.to_owned())], &CompileOptions::default())?;
/// let report = Report::new(&rules, &ReportSettings::default())?;
/// report.push(br#"{"EventID": 1102, "Channel": "Security", "Computer": "hmi-1"}"#, None)?;
/// report.finish(None)?;
/// assert!(report.markdown()?.starts_with("# Security report"));
/// # Ok::<(), tieline_common::waist::Error>(())
/// ```
#[derive(Debug)]
pub struct Report {
    held: Held<State>,
}

/// A report is made once.
#[derive(Debug)]
enum State {
    Open(Box<governance::Report>),
    Done(Box<Document>),
    /// It could not be finished.
    Failed,
}

impl State {
    /// Takes an event, or says that another thread has finished the report meanwhile.
    fn take(&mut self, event: &[u8], at: &str, is_late: &mut bool) -> Result<(), EventError> {
        match self {
            Self::Open(own) => own.push(event, at),
            Self::Done(_) | Self::Failed => {
                *is_late = true;
                Ok(())
            }
        }
    }
}

impl Report {
    /// Nothing has been seen yet. The plant is that of the settings, else that of the rules, else none.
    ///
    /// # Errors
    /// When a setting is wrong, a file cannot be read, or holds something broken; then the diagnostics say where.
    pub fn new(rules: &RuleSet, settings: &ReportSettings) -> Result<Self, Error> {
        let (options, taxonomy) = (settings.options()?, find_taxonomy(&settings.incidents.taxonomy)?);
        let plan = plan_of(rules, &settings.incidents.context)?;
        let own = threads::on_all(|| governance::Report::new(plan, &taxonomy, options))??;
        Ok(Self { held: Held::new("report", State::Open(Box::new(own))) })
    }

    /// Takes in one event, a JSON object. `at` says where it stands; without it that is its number, from 0.
    ///
    /// # Errors
    /// When it cannot be read, or the report is finished.
    pub fn push(&self, event: &[u8], at: Option<&str>) -> Result<(), Error> {
        self.while_open(|is_late| {
            self.held.push(event, |own, event, place| match at {
                Some(at) => own.take(event, at, is_late),
                None => own.take(event, &place.number.to_string(), is_late),
            })
        })
    }

    /// Takes in a text with one JSON object a line. Where events stand is told as `name:line`, or as their numbers without a name.
    ///
    /// # Errors
    /// When the text is no such text at all, or the report is finished. An event that cannot be read is told in the answer.
    pub fn push_lines(&self, text: &[u8], name: Option<&str>) -> Result<Taken, Error> {
        self.while_open(|is_late| {
            self.held.push_lines(text, |own, event, Place { number, line }| match name {
                Some(name) => own.take(event, &format!("{name}:{line}"), is_late),
                None => own.take(event, &number.to_string(), is_late),
            })
        })
    }

    /// Takes in events that are JSON objects of their own.
    ///
    /// # Errors
    /// In a fork of the process, or when the report is finished.
    pub fn push_events(&self, events: &[&[u8]]) -> Result<Taken, Error> {
        self.while_open(|is_late| {
            self.held.push_all((0..).zip(events.iter().copied()), |own, event, place| {
                own.take(event, &place.number.to_string(), is_late)
            })
        })
    }

    /// Makes the document. `since` is the document of the last report, as [`json`](Self::json) gives it: then what changed is told.
    ///
    /// # Errors
    /// When `since` is no such document; then events may still come. When the report is finished, or rules could not be compiled for a
    /// source that was met.
    pub fn finish(&self, since: Option<&[u8]>) -> Result<(), Error> {
        let wrong = |error: governance::PastError| Error::new(Kind::Argument, format!("`since` {error}"));
        let before = since.map(Past::read).transpose().map_err(wrong)?;
        self.held.with(|own| match std::mem::replace(own, State::Failed) {
            State::Open(report) => {
                *own = State::Done(Box::new(report.finish_since(before.as_ref())?));
                Ok(())
            }
            done => {
                *own = done;
                Err(finished())
            }
        })?
    }

    /// The document as JSON: `bindings/common/schema/report.schema.json` says what is in it.
    ///
    /// # Errors
    /// Before the report is finished.
    pub fn json(&self) -> Result<String, Error> {
        self.with_document(|document| serde_json::to_string(document).map_err(internal))
    }

    /// The document as a value.
    ///
    /// # Errors
    /// Before the report is finished.
    pub fn document(&self) -> Result<serde_json::Value, Error> {
        self.with_document(|document| serde_json::to_value(document).map_err(internal))
    }

    /// The document as Markdown, for mails and tickets.
    ///
    /// # Errors
    /// Before the report is finished.
    pub fn markdown(&self) -> Result<String, Error> {
        self.with_document(|document| Ok(markdown(document)))
    }

    /// The document as a page: one file with everything in it, which needs no server and no network.
    ///
    /// # Errors
    /// Before the report is finished.
    pub fn html(&self) -> Result<String, Error> {
        self.with_document(|document| {
            let (text, mut html) = (serde_json::to_vec(document).map_err(internal)?, Vec::new());
            page(&text, &mut html).map_err(internal)?;
            String::from_utf8(html).map_err(internal)
        })
    }

    /// Pushes, unless the report is finished, or becomes so while this waits for others.
    fn while_open<R>(&self, push: impl FnOnce(&mut bool) -> Result<R, Error>) -> Result<R, Error> {
        let mut is_late = !self.held.with(|own| matches!(own, State::Open(_)))?;
        if is_late {
            return Err(finished());
        }
        let taken = push(&mut is_late)?;
        if is_late { Err(finished()) } else { Ok(taken) }
    }

    fn with_document<R>(&self, work: impl FnOnce(&Document) -> Result<R, Error>) -> Result<R, Error> {
        self.held.with(|own| match own {
            State::Done(document) => work(document),
            State::Open(_) | State::Failed => {
                Err(Error::new(Kind::Closed, "the report is not finished: call `finish` first".to_owned()))
            }
        })?
    }
}

fn finished() -> Error {
    Error::new(Kind::Closed, "the report is finished; make another one".to_owned())
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Internal, error.to_string())
}
