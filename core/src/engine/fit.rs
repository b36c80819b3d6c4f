//! Rules fitted to the events they will see, by the caller's pipelines.
//!
//! ```text
//! pack of rules ─▶ each through all pipelines ─▶ mapped · about other events, left out · refused, told
//! ```
//!
//! What a pipeline does is said in `pipeline`; here is only what becomes of the pack.

use super::{Error, ErrorKind};
use crate::check::{Options, Pack, Rule};
use crate::config::Limits;
use crate::diagnostic::{Diagnostic, Source};
use crate::pipeline::{Mapped, Pipeline, Pipelines};

/// Reads pipelines; one that is broken is an error, because without it every rule would mean something else.
pub(super) fn read(
    texts: &[(Option<String>, String)],
    limits: &Limits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Pipelines, Error> {
    let mut pipelines = Vec::new();
    let mut broken = Vec::new();
    for (name, text) in texts {
        let (read, found) = Pipeline::parse(&Source::new(name.as_deref(), text.as_str()), limits);
        pipelines.extend(read);
        let (errors, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
        broken.extend(errors);
        diagnostics.extend(rest);
    }
    if broken.is_empty() {
        Ok(Pipelines::new(pipelines))
    } else {
        Err(Error::new(ErrorKind::Pipeline, "a pipeline cannot be used").with(broken))
    }
}

/// Fits rules one after the other, and keeps what became of each.
pub(super) struct Fit<'a> {
    pipelines: &'a Pipelines,
    options: &'a Options,
    /// For each pipeline whether it did anything.
    used: Vec<bool>,
    /// For each rule whether it can be about the events that the pipelines are for.
    here: Vec<bool>,
    /// For each of those whether it was taken.
    taken: Vec<bool>,
}

impl<'a> Fit<'a> {
    pub(super) fn new(pipelines: &'a Pipelines, options: &'a Options) -> Self {
        let used = vec![false; pipelines.iter().count()];
        Self { pipelines, options, used, here: Vec::new(), taken: Vec::new() }
    }

    /// Maps a rule and gives it to `take`, which may refuse it. Refused rules are told; rules about other events are left
    /// out without a word.
    pub(super) fn rule(
        &mut self,
        rule: Rule,
        take: impl FnOnce(Rule) -> Result<(), Box<Diagnostic>>,
    ) -> Option<Box<Diagnostic>> {
        let outcome = self.pipelines.apply(rule, &self.options.limits, &self.options.placeholders);
        self.used.iter_mut().zip(&outcome.used).for_each(|(all, one)| *all |= one);
        self.here.push(!matches!(outcome.mapped, Mapped::Elsewhere));
        let fault = match outcome.mapped {
            Mapped::Rule(rule) => take(*rule).err(),
            Mapped::Refused(fault) => Some(fault),
            Mapped::Elsewhere => return None,
        };
        self.taken.push(fault.is_none());
        fault
    }

    /// What fields of a rule are called in the events that the pipelines are for, one list for each name.
    pub(super) fn fields(&self, rule: &Rule, names: &[String]) -> Vec<Vec<String>> {
        self.pipelines.fields(rule, names, &self.options.limits)
    }

    /// For each rule whether it was refused.
    pub(super) fn refused(&self) -> Vec<bool> {
        let mut taken = self.taken.iter();
        self.here.iter().map(|here| *here && taken.next() == Some(&false)).collect()
    }

    /// Leaves out the correlations that need rules which were left out, and tells of those whose rules were refused. Returns
    /// how many rules are about other events.
    pub(super) fn finish(self, pack: &mut Pack, diagnostics: &mut Vec<Diagnostic>) -> usize {
        let told = pack.diagnostics.len();
        pack.leave_out(&self.here);
        pack.diagnostics.truncate(told);
        pack.leave_out(&self.taken);
        if self.taken.contains(&true) {
            diagnostics.extend(self.pipelines.unused(&self.used));
        }
        self.here.iter().filter(|here| !**here).count()
    }
}
