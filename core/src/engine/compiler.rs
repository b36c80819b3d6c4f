//! Collects rules and options, and compiles them.
//!
//! ```text
//! Compiler::new().rules("a.yml", text).placeholder("admins", [...]).build()? ─▶ Rules + diagnostics
//! ```
//!
//! A broken rule is left out and told; building fails only when an option or a pipeline is broken.

use super::rules::{Inner, LoadCounts, Rules};
use super::{Error, ErrorKind, fit};
use crate::check::{Checker, Options};
use crate::compile::{self, Regexes};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::syntax;
use crate::time::{Clock, TimeOptions};
use std::collections::BTreeSet;

/// Collects rules, filters, correlations and options.
///
/// ```
/// let rules = tieline::Compiler::new()
///     .rules(Some("whoami.yml"), "
/// title: Whoami
/// logsource: {category: process_creation, product: windows}
/// detection:
///     selection: {Image|endswith: '\\whoami.exe'}
///     condition: selection
/// ")
///     .build()?;
/// assert_eq!(rules.len(), 1);
/// assert!(rules.diagnostics().is_empty());
/// # Ok::<(), tieline::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Compiler {
    options: Options,
    time: TimeOptions,
    sources: Vec<(Option<String>, String)>,
    pipelines: Vec<(Option<String>, String)>,
    allowed: BTreeSet<Code>,
}

impl Compiler {
    /// A compiler without rules and with default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a YAML text of one or more documents: rules, correlations, filters. `name`, usually a path, is
    /// shown in diagnostics.
    #[must_use]
    pub fn rules(mut self, name: Option<&str>, yaml: impl Into<String>) -> Self {
        self.sources.push((name.map(str::to_owned), yaml.into()));
        self
    }

    /// Adds a processing pipeline, which rewrites every rule before it is compiled. Pipelines are applied in the
    /// order of their `priority`, equal ones in the order in which they were added.
    #[must_use]
    pub fn pipeline(mut self, name: Option<&str>, yaml: impl Into<String>) -> Self {
        self.pipelines.push((name.map(str::to_owned), yaml.into()));
        self
    }

    /// Gives the list that stands for `%name%` in values under `expand`. Wildcards in it stay wildcards.
    #[must_use]
    pub fn placeholder(mut self, name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.options.placeholders.insert(name.to_owned(), values);
        self
    }

    /// How time modifiers read times; UTC and no bare numbers unless said otherwise.
    #[must_use]
    pub fn time(mut self, time: TimeOptions) -> Self {
        self.time = time;
        self
    }

    /// Takes other limits than [`Limits::DEFAULT`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Switches a warning or note off. Errors cannot be switched off.
    #[must_use]
    pub fn allow(mut self, code: Code) -> Self {
        self.allowed.insert(code);
        self
    }

    /// Compiles everything. Rules that cannot be used are left out; [`Rules::diagnostics`] tells which and why.
    ///
    /// # Errors
    /// When the time zone is unknown or a pipeline is broken.
    pub fn build(self) -> Result<Rules, Error> {
        let Some(clock) = Clock::new(&self.time) else {
            let zone = self.time.zone.unwrap_or_default();
            let message = format!("unknown time zone `{zone}`; write an IANA name or an offset such as `+02:00`");
            return Err(Error::new(ErrorKind::Option, message));
        };
        let mut diagnostics = Vec::new();
        let mut checker = Checker::new(&self.options);
        for (name, text) in self.sources {
            let source = Source::new(name.as_deref(), text);
            let (read, found) = syntax::parse(&source, &self.options.limits);
            diagnostics.extend(found);
            read.into_iter().for_each(|document| checker.add(document));
        }
        let pipelines = fit::read(&self.pipelines, &self.options.limits, &mut diagnostics)?;
        let mut pack = checker.finish();
        let mut counts = LoadCounts {
            documents: pack.documents,
            rules: pack.rules.len(),
            correlations: pack.correlations.len(),
            filters: pack.filters,
            elsewhere: 0,
        };
        counts.elsewhere = fit::apply(&pipelines, &mut pack, &self.options, &mut diagnostics);
        let mut regexes = Regexes::new(self.options.limits);
        let refused: Vec<Option<Diagnostic>> =
            pack.rules.iter().map(|rule| compile::refuse(rule, &mut regexes)).collect();
        let keep: Vec<bool> = refused.iter().map(Option::is_none).collect();
        diagnostics.extend(refused.into_iter().flatten());
        pack.keep_rules(&keep);
        diagnostics.append(&mut pack.diagnostics);
        let program = compile::compile(&pack.rules, &mut regexes);
        let allowed = &self.allowed;
        diagnostics.retain(|told| told.is_error() || !allowed.contains(&told.code));
        let mut inner = Inner::new(pack.rules, program, clock, self.time, self.options.limits, diagnostics);
        inner.counts = counts;
        Ok(Rules::from(inner))
    }
}
