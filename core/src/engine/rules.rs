//! A compiled rule set: frozen, cheap to clone, shared by threads.
//!
//! ```text
//! Rules ─┬▶ Scanner (thread 1)
//!        └▶ Scanner (thread 2)      rules.explain(0, &event)
//! ```
//!
//! It keeps the checked rules beside the program, because explanations and evidence are told in their words.

use crate::check::{Level, LogSource, Metadata, Rule, Status};
use crate::config::Limits;
use crate::diagnostic::Diagnostic;
use crate::event::Event;
use crate::program::Program;
use crate::reference::{self, Context, Explanation, Regexes};
use crate::time::{Clock, TimeOptions};
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A compiled rule set. Clones share it.
#[derive(Clone)]
pub struct Rules {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) rules: Vec<Rule>,
    pub(super) program: Program,
    pub(super) time: TimeOptions,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    diagnostics: Vec<Diagnostic>,
    pub(super) counts: LoadCounts,
    /// Expressions for explanations, compiled when the first is asked for.
    regexes: OnceLock<Regexes>,
}

impl Inner {
    pub(super) fn new(
        rules: Vec<Rule>,
        program: Program,
        clock: Clock,
        time: TimeOptions,
        limits: Limits,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        let counts = LoadCounts { documents: rules.len(), rules: rules.len(), ..LoadCounts::default() };
        Self { rules, program, time, limits, clock, diagnostics, counts, regexes: OnceLock::new() }
    }
}

impl From<Inner> for Rules {
    fn from(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// What was read when rules were loaded, before pipelines saw them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LoadCounts {
    /// Documents of all texts.
    pub documents: usize,
    /// Detection rules without a fault.
    pub rules: usize,
    /// Correlation rules without a fault.
    pub correlations: usize,
    /// Filters.
    pub filters: usize,
    /// Of the detection rules, those that are about other events than the pipelines are for.
    pub elsewhere: usize,
}

/// What a rule says about itself.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo<'a> {
    rule: &'a Rule,
}

impl<'a> RuleInfo<'a> {
    /// Everything but log source and detection.
    #[must_use]
    pub fn metadata(&self) -> &'a Metadata {
        &self.rule.meta
    }

    /// The title; empty when the rule has none.
    #[must_use]
    pub fn title(&self) -> &'a str {
        &self.rule.meta.title
    }

    /// The id, when the rule has one.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.rule.meta.id.as_deref()
    }

    /// The level, when the rule has one.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.rule.meta.level
    }

    /// The status, when the rule has one.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.rule.meta.status
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &'a [String] {
        &self.rule.meta.tags
    }

    /// The log source whose events the rule reads.
    #[must_use]
    pub fn logsource(&self) -> &'a LogSource {
        &self.rule.logsource
    }

    /// The rule as text, after filters and pipelines have changed it: what is really evaluated.
    #[must_use]
    pub fn show(&self) -> String {
        crate::check::show::show(self.rule)
    }

    /// The file or other name of the text the rule was read from; `None` after loading saved rules.
    #[must_use]
    pub fn path(&self) -> Option<&'a str> {
        self.rule.origin.as_ref().and_then(|origin| origin.source.name())
    }
}

impl Rules {
    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// How many rules can match.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.rules.len()
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.rules.is_empty()
    }

    /// Everything that was found wrong or doubtful while the rules were read and compiled.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.inner.diagnostics
    }

    /// What was read when the rules were loaded. Saved rules know only of rules.
    #[must_use]
    pub fn counts(&self) -> LoadCounts {
        self.inner.counts
    }

    /// What a rule says about itself.
    ///
    /// # Panics
    /// When there is no rule with this index; indices run from 0 to [`len`](Self::len).
    #[must_use]
    pub fn rule(&self, index: usize) -> RuleInfo<'_> {
        RuleInfo { rule: &self.inner.rules[index] }
    }

    /// All rules, in the order in which they were read.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RuleInfo<'_>> {
        self.inner.rules.iter().map(|rule| RuleInfo { rule })
    }

    /// The position of the rule with this id, name or title.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let by =
            |of: fn(&Metadata) -> Option<&str>| self.inner.rules.iter().position(|rule| of(&rule.meta) == Some(name));
        by(|meta| meta.id.as_deref())
            .or_else(|| by(|meta| meta.name.as_deref()))
            .or_else(|| by(|meta| Some(&meta.title)))
    }

    /// The fields that the rules read, in no particular order.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        self.inner.program.fields.names()
    }

    /// The whole condition tree of one rule on one event, with a verdict on every step.
    ///
    /// # Panics
    /// When there is no rule with this index.
    #[must_use]
    pub fn explain(&self, index: usize, event: &dyn Event) -> Explanation {
        self.with_context(|context| reference::explain(&self.inner.rules[index], event, context))
    }

    /// The verdict of the slow reference evaluator on one rule and one event; scanning gives the same.
    ///
    /// # Panics
    /// When there is no rule with this index.
    #[must_use]
    pub fn reference_matches(&self, index: usize, event: &dyn Event) -> bool {
        self.with_context(|context| reference::matches(&self.inner.rules[index], event, context))
    }

    fn with_context<T>(&self, call: impl FnOnce(&Context<'_>) -> T) -> T {
        let regexes = self.inner.regexes.get_or_init(|| {
            let mut regexes = Regexes::default();
            self.inner.rules.iter().for_each(|rule| regexes.add_rule(rule));
            regexes
        });
        call(&Context { clock: &self.inner.clock, regexes })
    }
}
