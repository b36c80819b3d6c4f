//! Collects rules and options, and compiles them.
//!
//! ```text
//! Compiler::new().rules("a.yml", text).placeholder("admins", [...]).build()? ─▶ Rules + diagnostics
//! ```
//!
//! A broken rule is left out and told; building fails only when an option or a pipeline is broken.

use super::filed::Filer;
use super::fit::{self, Fit};
use super::frozen::{self, Frozen, Options};
use super::listening::Listening;
use super::rules::{Inner, LoadCounts, Origins, Rules};
use super::{Error, ErrorKind};
use crate::check::{self, Checker, Pack};
use crate::compile::Collector;
use crate::config::Limits;
use crate::context::{self, Lens};
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::incident::EntityTable;
use crate::intel::{self, Table};
use crate::ot::{self, Plan, Taxonomy};
use crate::shortcut::Shortcuts;
use crate::syntax;
use crate::time::{Clock, TimeOptions};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Texts that are parsed at the same time, by all threads; more would keep more trees in memory.
const PARSED_AT_ONCE: usize = 32;

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
    options: check::Options,
    time: TimeOptions,
    sources: Vec<Source>,
    pipelines: Vec<(Option<String>, String)>,
    protocols: Vec<Source>,
    indicator_fields: Vec<Source>,
    entity_fields: Vec<Source>,
    allowed: BTreeSet<Code>,
    shortcuts: Shortcuts,
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
    pub fn rules(self, name: Option<&str>, yaml: impl Into<String>) -> Self {
        self.source(Source::new(name, yaml))
    }

    /// The same for a text that is held elsewhere as well; it is not copied.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Adds a processing pipeline, which rewrites every rule before it is compiled. Pipelines are applied in the
    /// order of their `priority`, equal ones in the order in which they were added.
    #[must_use]
    pub fn pipeline(mut self, name: Option<&str>, yaml: impl Into<String>) -> Self {
        self.pipelines.push((name.map(str::to_owned), yaml.into()));
        self
    }

    /// Adds tables of OT protocols, or of the sensors that tell of them. From them the fields `ot.*` of an event are filled,
    /// one record for each operation, when a rule asks for such a field; else they are not even read. The shipped ones are
    /// those of the crate `tieline-rules`.
    ///
    /// ```
    /// let sensor = "
    /// sensor: s
    /// inputs: {source.ip: src}
    /// ";
    /// let protocol = "
    /// protocol: modbus
    /// sources: {spec: MODBUS Application Protocol Specification V1.1b3}
    /// sensors: [{sensor: s, needs: [func], inputs: {code: func}}]
    /// operations: [{code: 6, name: WRITE_SINGLE_REGISTER, class: write, source: spec}]
    /// ";
    /// let rules = tieline::Compiler::new()
    ///     .protocols(None, sensor)
    ///     .protocols(None, protocol)
    ///     .rules(None, "
    /// title: Something is written
    /// logsource: {category: operation}
    /// detection: {selection: {ot.operation: write}, condition: selection}
    /// ")
    ///     .build()?;
    /// let mut scanner = tieline::Scanner::new(&rules);
    /// assert_eq!(scanner.scan_json(br#"{"src": "10.0.0.7", "func": 6}"#)?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn protocols(mut self, name: Option<&str>, yaml: impl Into<String>) -> Self {
        self.protocols.push(Source::new(name, yaml));
        self
    }

    /// Adds a table of the fields in which events hold addresses, names and hashes. When a rule asks for a field `indicator.*`,
    /// indicators are looked for in these fields; which indicators, [`Rules::with_indicators`] says later. The shipped table is
    /// that of the crate `tieline-rules`.
    #[must_use]
    pub fn indicator_fields(mut self, name: Option<&str>, yaml: impl Into<String>) -> Self {
        self.indicator_fields.push(Source::new(name, yaml));
        self
    }

    /// Adds a table of the fields in which events hold accounts, processes, files and the like, by which incidents are joined
    /// ([`Incidents`](super::Incidents)). The shipped table is that of the crate `tieline-rules`.
    #[must_use]
    pub fn entity_fields(mut self, name: Option<&str>, yaml: impl Into<String>) -> Self {
        self.entity_fields.push(Source::new(name, yaml));
        self
    }

    /// What stands in which field, by the tables that were added.
    pub(super) fn entities(&mut self) -> Result<EntityTable, Error> {
        let (table, found) = EntityTable::parse(&std::mem::take(&mut self.entity_fields), &self.options.limits);
        if found.is_empty() {
            return Ok(table);
        }
        Err(Error::new(ErrorKind::IndicatorFields, "a table of the fields that hold entities cannot be used")
            .with(found))
    }

    /// Gives the list that stands for `%name%` in values under `expand`. Wildcards in it stay wildcards.
    #[must_use]
    pub fn placeholder(mut self, name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values = values.into_iter().map(Into::<String>::into).collect();
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

    /// Takes only these shortcuts when compiling; for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn shortcuts(mut self, shortcuts: Shortcuts) -> Self {
        self.shortcuts = shortcuts;
        self
    }

    /// Compiles everything. Rules that cannot be used are left out; [`Rules::diagnostics`] tells which and why.
    ///
    /// # Errors
    /// When the time zone is unknown or a pipeline is broken.
    pub fn build(self) -> Result<Rules, Error> {
        let CheckedRules { pack, settings, diagnostics } = self.check()?;
        settings.compile(pack, &settings.pipelines, diagnostics)
    }

    /// A program without rules that has a slot for some fields.
    pub(super) fn asking(mut self, fields: impl IntoIterator<Item = String>) -> Result<Rules, Error> {
        self.sources.clear();
        let CheckedRules { pack, settings, diagnostics } = self.check()?;
        settings.compile_asking(pack, &[], diagnostics, fields)
    }

    /// Reads and checks the rules, and leaves it open by which pipelines they are mapped; pipelines that were added
    /// here come first. Worth it where the same rules are compiled for several sources of events.
    ///
    /// # Errors
    /// When the time zone is unknown.
    pub fn check(self) -> Result<CheckedRules, Error> {
        let Some(clock) = Clock::new(&self.time) else {
            let zone = self.time.zone.unwrap_or_default();
            let message = format!("unknown time zone `{zone}`; write an IANA name or an offset such as `+02:00`");
            return Err(Error::new(ErrorKind::Option, message));
        };
        let mut diagnostics = Vec::new();
        let mut checker = Checker::new(&self.options);
        let limits = self.options.limits;
        for sources in self.sources.chunks(PARSED_AT_ONCE) {
            let parsed: Vec<_> = sources.par_iter().map(|source| syntax::parse(source, &limits)).collect();
            for (read, found) in parsed {
                diagnostics.extend(found);
                read.into_iter().for_each(|document| checker.add(document));
            }
        }
        let pack = checker.finish();
        let Self { options, time, pipelines, protocols, indicator_fields, allowed, shortcuts, .. } = self;
        let taxonomy = OnceLock::new();
        let settings =
            Settings { options, time, clock, pipelines, protocols, indicator_fields, taxonomy, allowed, shortcuts };
        Ok(CheckedRules { pack, settings, diagnostics })
    }
}

/// Rules that were read and checked, to be compiled once for each source of events.
///
/// ```
/// let rules = "
/// title: Whoami
/// logsource: {category: process_creation, product: windows}
/// detection: {selection: {Image|endswith: '\\whoami.exe'}, condition: selection}
/// ";
/// let checked = tieline::Compiler::new().rules(Some("whoami.yml"), rules).check()?;
/// let prefixed = "transformations: [{type: field_name_prefix, prefix: 'win.'}]";
/// assert_eq!(checked.compile(&[])?.fields(), ["Image"]);
/// assert_eq!(checked.compile(&[(Some("prefix.yml"), prefixed)])?.fields(), ["win.Image"]);
/// # Ok::<(), tieline::Error>(())
/// ```
#[derive(Debug)]
pub struct CheckedRules {
    pack: Pack,
    settings: Settings,
    diagnostics: Vec<Diagnostic>,
}

/// What the caller said, apart from the rules.
#[derive(Debug)]
struct Settings {
    options: check::Options,
    time: TimeOptions,
    clock: Clock,
    pipelines: Vec<(Option<String>, String)>,
    protocols: Vec<Source>,
    indicator_fields: Vec<Source>,
    /// The tables of OT protocols, when a rule has asked for them.
    taxonomy: OnceLock<Result<Taxonomy, Error>>,
    allowed: BTreeSet<Code>,
    shortcuts: Shortcuts,
}

impl CheckedRules {
    /// Compiles the rules as these pipelines, names and YAML texts, map them. [`Rules::diagnostics`] has what was
    /// found when they were checked as well.
    ///
    /// # Errors
    /// When a pipeline is broken.
    pub fn compile(&self, pipelines: &[(Option<&str>, &str)]) -> Result<Rules, Error> {
        let added = pipelines.iter().map(|(name, yaml)| (name.map(str::to_owned), (*yaml).to_owned()));
        let pipelines: Vec<_> = self.settings.pipelines.iter().cloned().chain(added).collect();
        self.settings.compile(self.pack.clone(), &pipelines, self.diagnostics.clone())
    }
}

impl Settings {
    fn compile(
        &self,
        pack: Pack,
        pipelines: &[(Option<String>, String)],
        diagnostics: Vec<Diagnostic>,
    ) -> Result<Rules, Error> {
        self.compile_asking(pack, pipelines, diagnostics, [])
    }

    /// Compiles the rules to a program that has slots for some more fields.
    fn compile_asking(
        &self,
        mut pack: Pack,
        pipelines: &[(Option<String>, String)],
        mut diagnostics: Vec<Diagnostic>,
        more: impl IntoIterator<Item = String>,
    ) -> Result<Rules, Error> {
        let options = &self.options;
        let pipelines = fit::read(pipelines, &options.limits, &mut diagnostics)?;
        let mut counts = LoadCounts {
            documents: pack.documents,
            rules: pack.rules.len(),
            correlations: pack.correlations.len(),
            filters: pack.filters,
            elsewhere: 0,
        };
        let mut fit = Fit::new(&pipelines, options);
        let mut collector = Collector::new(options.limits, self.shortcuts);
        let mut writer = frozen::begin(&Options { time: self.time.clone(), limits: options.limits });
        let (mut filer, mut origins, mut homes) = (Filer::default(), Origins::default(), Origins::default());
        let mut listening = Listening::new(&pack, &mut diagnostics);
        let mut asking = Vec::new();
        for correlation in &pack.correlations {
            homes.push(correlation.origin.as_ref().and_then(|origin| origin.source.name()));
        }
        // Rule by rule, so that none is kept in two forms for longer than it takes.
        for (number, rule) in std::mem::take(&mut pack.rules).into_iter().enumerate() {
            let asked = listening.asked(number, &rule, &fit);
            let fault = fit.rule(rule, |mut rule| {
                collector.add(&rule)?;
                // Nothing more is told about the rule, so the text it was read from may go.
                let origin = rule.origin.take();
                origins.push(origin.as_ref().and_then(|origin| origin.source.name()));
                let asks_indicators = rule.asks_any(intel::is_field);
                let index = filer.put(rule, &mut writer);
                asking.extend(asks_indicators.then_some(index as u32));
                asked.into_iter().for_each(|asked| listening.put(index, number, asked, &mut collector));
                Ok(())
            });
            diagnostics.extend(fault.map(|fault| *fault));
        }
        for field in more {
            collector.field(&field);
        }
        listening.finish(&fit.refused(), &self.time.fields, &mut collector);
        let asked: Vec<String> = collector.names().filter(|name| context::is_field(name)).map(str::to_owned).collect();
        let is_about_flows = Lens::is_about_flows(asked.iter().map(String::as_str));
        let plan = self.plan(&mut collector, is_about_flows)?;
        let times: Vec<&str> = self.time.fields.iter().map(String::as_str).collect();
        let times = ((!times.is_empty()).then_some(&*times), listening.bare(&self.clock));
        let lens = (!asked.is_empty())
            .then(|| Lens::new(asked.iter().map(String::as_str), plan.is_some(), times, |name| collector.field(name)));
        let watched = self.watched(asking, &mut collector)?;
        counts.elsewhere = fit.finish(&mut pack, &mut diagnostics);
        diagnostics.append(&mut pack.diagnostics);
        diagnostics.retain(|told| told.is_error() || !self.allowed.contains(&told.code));
        drop(pack);
        origins.shrink();
        collector.finish(&mut writer);
        filer.write(&mut writer);
        frozen::end(&listening, plan.as_ref(), lens.as_ref(), watched.as_ref(), &mut writer);
        // INVARIANT: what was just written can be read, unless it is too much for the numbers of tables.
        let frozen = writer.finish().and_then(|bytes| Frozen::read(Box::new(bytes)));
        let fault = || Error::new(ErrorKind::Load, "the rules take more than four gigabytes when they are compiled");
        let mut inner = Inner::new(frozen.ok_or_else(fault)?, self.clock.clone(), diagnostics);
        (inner.origins, inner.homes, inner.counts) = (origins, homes, counts);
        Ok(Rules::from(inner))
    }

    /// How the fields of OT operations are filled for which rules ask, or of which it depends whether a flow is allowed;
    /// nothing, when that is none.
    fn plan(&self, collector: &mut Collector, is_about_flows: bool) -> Result<Option<Plan>, Error> {
        let is_asked = is_about_flows || collector.names().any(ot::is_field);
        if self.protocols.is_empty() || !is_asked {
            return Ok(None);
        }
        if collector.names().any(context::is_field) {
            for name in Lens::of_records() {
                collector.field(name);
            }
        }
        let read = || {
            let (taxonomy, found) = Taxonomy::parse(&self.protocols, &self.options.limits);
            let fault = Error::new(ErrorKind::Taxonomy, "a table of OT protocols cannot be used");
            if found.is_empty() { Ok(taxonomy) } else { Err(fault.with(found)) }
        };
        let taxonomy = self.taxonomy.get_or_init(read).as_ref().map_err(Clone::clone)?;
        let demanded = |name: String| {
            let demands = collector.demands(&name, ot::DECIDING);
            (name, demands)
        };
        let asked: Vec<String> = collector.names().filter(|name| ot::is_field(name)).map(str::to_owned).collect();
        let asked: Vec<_> = asked.into_iter().map(demanded).collect();
        Ok(Some(Plan::new(taxonomy, &asked, |name| collector.field(name))))
    }

    /// Where indicators are looked for; nothing, when no rule asks.
    fn watched(&self, asking: Vec<u32>, collector: &mut Collector) -> Result<Option<intel::Lens>, Error> {
        let asked: Vec<String> = collector.names().filter(|name| intel::is_field(name)).map(str::to_owned).collect();
        if asked.is_empty() || self.indicator_fields.is_empty() {
            return Ok(None);
        }
        let (table, found) = Table::parse(&self.indicator_fields, &self.options.limits);
        if !found.is_empty() {
            let message = "a table of the fields that hold indicators cannot be used";
            return Err(Error::new(ErrorKind::IndicatorFields, message).with(found));
        }
        let asked = asked.iter().map(String::as_str);
        Ok(Some(intel::Lens::new(&table, asked, asking, &self.time.fields, |name| collector.field(name))))
    }
}
