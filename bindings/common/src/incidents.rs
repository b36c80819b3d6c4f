//! Makes incidents of events of any source, with the rules as they are mapped to it.
//!
//! ```text
//! event ─▶ which source is it? ─▶ scanner for that source ─▶ incidents ─▶ state file, so that the next run goes on
//! ```

use crate::coverage::sort_stages;
use crate::load::{LoadError, PipelineText, with_entities};
use crate::source::{Plan, SourceId};
use crate::state::{IncidentState, StateFile};
use std::collections::HashMap;
use std::path::Path;
use tieline::context::Context;
use tieline::incidents::{Incident, IncidentOptions, Incidents};
use tieline::stream::Restored;
use tieline::{Compiler, EventError, Rules, Scanner};

pub use crate::state::Marks;

/// Events of any source on their way to incidents.
#[derive(Debug)]
pub struct Investigation {
    plan: Plan,
    incidents: Incidents,
    scanners: HashMap<SourceId, Scanner>,
    likely: Option<SourceId>,
    /// From which source and file the last event was.
    last: Option<(SourceId, String)>,
    fault: Option<tieline::Error>,
}

impl Investigation {
    /// Nothing has been seen yet. The plant is that of the plan; `taxonomy` are tables of OT protocols in place of the shipped ones.
    ///
    /// # Errors
    /// When rules, pipelines or tables are broken so that nothing can be compiled.
    pub fn new(plan: Plan, taxonomy: &[PipelineText], options: IncidentOptions) -> Result<Self, tieline::Error> {
        let (rules, context) = base(&plan)?;
        let tables = with_entities(Compiler::new().time(plan.time().clone()), taxonomy);
        let incidents = Incidents::new(&rules, tables, &context, options)?;
        Ok(Self { plan, incidents, scanners: HashMap::new(), likely: None, last: None, fault: None })
    }

    /// The same, with notes of all that is found.
    pub(crate) fn noting(
        plan: Plan,
        taxonomy: &[PipelineText],
        options: IncidentOptions,
    ) -> Result<Self, tieline::Error> {
        let own = Self::new(plan, taxonomy, options)?;
        Ok(Self { incidents: own.incidents.with_notes(), ..own })
    }

    /// Takes an event; `at` says where it stands: a file, a colon, and a line. Its clock is known as that of its sensor when it names one, else as
    /// `file:kind`, such as `ot.ndjson:zeek`; [`IncidentOptions::clock_offsets_s`] may also name the file, with or without its folders, or the kind.
    ///
    /// # Errors
    /// When the bytes are no JSON object.
    pub fn push(&mut self, event: &[u8], at: &str) -> Result<(), EventError> {
        let id = self.choose(event);
        self.push_as(id, event, at)
    }

    /// The source of an event.
    pub(crate) fn choose(&mut self, event: &[u8]) -> SourceId {
        let id = self.plan.fixed().unwrap_or_else(|| self.plan.choose(event, self.likely));
        self.likely = Some(id);
        id
    }

    /// Takes an event whose source is known.
    pub(crate) fn push_as(&mut self, id: SourceId, event: &[u8], at: &str) -> Result<(), EventError> {
        if !self.scanners.contains_key(&id) {
            if let Err(error) = self.plan.compile(id) {
                self.fault.get_or_insert(error);
                return Ok(());
            }
            if let Some(rules) = self.plan.rules(id) {
                self.scanners.insert(id, Scanner::new(rules));
            }
        }
        let file = file_of(at);
        if self.last.as_ref().is_none_or(|(last, name)| *last != id || name != file) {
            let kind = self.plan.source(id).map_or("events", |known| known.name());
            let name = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or(file);
            let both = format!("{name}:{kind}");
            let of_file = [both.as_str(), name, file].into_iter().filter(|_| !file.is_empty());
            let names: Vec<&str> = of_file.chain([kind]).collect();
            self.incidents.set_source(&names);
            self.last = Some((id, file.to_owned()));
        }
        match self.scanners.get_mut(&id) {
            Some(scanner) => self.incidents.push_json_with(scanner, event, at),
            None => Ok(()),
        }
    }

    /// Goes on with other rules and another plant, those of a plan, as [`Incidents::reload`] does.
    ///
    /// # Errors
    /// When rules or pipelines are broken so that nothing can be compiled; then nothing changes.
    pub fn reload(&mut self, plan: Plan) -> Result<Restored, tieline::Error> {
        let (rules, context) = base(&plan)?;
        let restored = self.incidents.reload(&rules, &context);
        self.plan = plan;
        self.scanners.clear();
        (self.likely, self.last) = (None, None);
        Ok(restored)
    }

    /// Writes the state into a file, with how far files were read. Whoever reads it meanwhile finds the old or the new one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path, marks: &Marks) -> Result<(), LoadError> {
        IncidentState { incidents: self.incidents.snapshot(), marks: marks.clone() }.write(path)
    }

    /// Goes on with the state in a file, and tells how far files were read; nothing when there is no such file yet.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or is of something else.
    pub fn resume(&mut self, path: &Path) -> Result<Option<(Restored, Marks)>, LoadError> {
        let Some(IncidentState { incidents, marks }) = IncidentState::read(path)? else { return Ok(None) };
        let fault = |error: tieline::Error| LoadError::new(path, error.to_string());
        Ok(Some((self.incidents.restore(&incidents).map_err(fault)?, marks)))
    }

    /// Takes all that still waits.
    ///
    /// # Errors
    /// When the rules could not be compiled for a source that was met.
    pub fn finish(&mut self) -> Result<&mut Incidents, tieline::Error> {
        self.incidents.finish();
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(&mut self.incidents),
        }
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// All incidents so far, as [`Incidents::incidents`] tells them, but for the stages: a technique stands under those tactics of its rule that
    /// ATT&CK has it in, where there are any.
    #[must_use]
    pub fn told(&self) -> Vec<Incident> {
        let mut all = self.incidents.incidents();
        all.iter_mut().for_each(|own| sort_stages(&mut own.stages));
        all
    }

    /// The incidents, while events go on coming.
    pub fn incidents(&mut self) -> &mut Incidents {
        &mut self.incidents
    }
}

/// The file of a place. A number alone is that of an event that was pushed without a name, and no file.
pub(crate) fn file_of(at: &str) -> &str {
    match at.rsplit_once(':') {
        Some((file, _)) => file,
        None if at.bytes().all(|byte| byte.is_ascii_digit()) => "",
        None => at,
    }
}

/// The rules as they are, and the plant of a plan.
fn base(plan: &Plan) -> Result<(Rules, Context), tieline::Error> {
    let context = plan.context().cloned().unwrap_or_else(|| Context::read(&[]));
    let as_is = plan.fixed().unwrap_or_else(|| plan.as_is());
    plan.compile(as_is)?;
    let rules = plan.rules(as_is).cloned().map_or_else(|| Compiler::new().build(), Ok)?;
    Ok((rules, context))
}
