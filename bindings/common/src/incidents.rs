//! Makes incidents of events of any source, with the rules as they are mapped to it.
//!
//! ```text
//! event ─▶ which source is it? ─▶ scanner for that source ─▶ incidents
//! ```

use crate::load::{PipelineText, with_entities};
use crate::source::{Plan, SourceId};
use std::collections::HashMap;
use tieline::context::Context;
use tieline::incidents::{IncidentOptions, Incidents};
use tieline::{Compiler, EventError, Scanner};

/// Events of any source on their way to incidents.
#[derive(Debug)]
pub struct Investigation {
    plan: Plan,
    incidents: Incidents,
    scanners: HashMap<SourceId, Scanner>,
    likely: Option<SourceId>,
    fault: Option<tieline::Error>,
}

impl Investigation {
    /// Nothing has been seen yet. The plant is that of the plan; `taxonomy` are tables of OT protocols in place of the shipped ones.
    ///
    /// # Errors
    /// When rules, pipelines or tables are broken so that nothing can be compiled.
    pub fn new(plan: Plan, taxonomy: &[PipelineText], options: IncidentOptions) -> Result<Self, tieline::Error> {
        let none = Context::read(&[]);
        let context = plan.context().unwrap_or(&none).clone();
        let as_is = plan.fixed().unwrap_or_else(|| plan.as_is());
        plan.compile(as_is)?;
        let empty = Compiler::new().build()?;
        let rules = plan.rules(as_is).unwrap_or(&empty);
        let tables = with_entities(Compiler::new().time(plan.time().clone()), taxonomy);
        let incidents = Incidents::new(rules, tables, &context, options)?;
        Ok(Self { plan, incidents, scanners: HashMap::new(), likely: None, fault: None })
    }

    /// The same, with notes of all that is found.
    pub(crate) fn noting(
        plan: Plan,
        taxonomy: &[PipelineText],
        options: IncidentOptions,
    ) -> Result<Self, tieline::Error> {
        let Self { plan, incidents, scanners, likely, fault } = Self::new(plan, taxonomy, options)?;
        Ok(Self { plan, incidents: incidents.with_notes(), scanners, likely, fault })
    }

    /// Takes an event; `at` says where it stands.
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
        match self.scanners.get_mut(&id) {
            Some(scanner) => self.incidents.push_json_with(scanner, event, at),
            None => Ok(()),
        }
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

    /// The incidents, while events go on coming.
    pub fn incidents(&mut self) -> &mut Incidents {
        &mut self.incidents
    }
}
