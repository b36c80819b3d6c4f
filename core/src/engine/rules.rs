//! A compiled rule set: frozen, cheap to clone, shared by threads.
//!
//! ```text
//! Rules ─┬▶ Scanner (thread 1)
//!        └▶ Scanner (thread 2)      rules.explain(0, &event)
//! ```
//!
//! It keeps the checked rules beside the program, because explanations and evidence are told in their words. They are
//! filed as bytes, and each is read when it is asked for.

use super::filed::{Heading, Read, Whole};
use super::frozen::{Frozen, View};
use super::listening::Listening;
use super::operations::{self, Views};
use super::stream::CorrelationInfo;
use crate::check::{Level, LogSource, Metadata, Needs, Rule, Status};
use crate::context::{Context as Plant, Lens};
use crate::detection::IndicatorSeen;
use crate::diagnostic::Diagnostic;
use crate::event::Event;
use crate::intel::{Hit, Indicators, Watch};
use crate::ot::Plan;
use crate::program::Program;
use crate::reference::{self, Context, Explanation, Regexes};
use crate::text::Texts;
use crate::time::Clock;
use crate::time::instant::Bare;
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

/// A compiled rule set. Clones share it.
#[derive(Clone)]
pub struct Rules {
    inner: Arc<Inner>,
    /// What is looked for in events, when somebody gave lists.
    indicators: Option<Arc<Indicators>>,
    /// The plant that events are seen in.
    plant: Option<Plant>,
}

pub(super) struct Inner {
    frozen: Frozen,
    read: Read,
    pub(super) clock: Clock,
    diagnostics: Vec<Diagnostic>,
    pub(super) counts: LoadCounts,
    pub(super) origins: Origins,
    /// The same for correlations.
    pub(super) homes: Origins,
    /// The names of all fields, when somebody asked for them.
    fields: OnceLock<Vec<String>>,
    /// What correlations say about themselves, when somebody asked.
    correlations: OnceLock<Vec<Arc<CorrelationInfo>>>,
}

impl Inner {
    pub(super) fn new(frozen: Frozen, clock: Clock, diagnostics: Vec<Diagnostic>) -> Self {
        let rules = &frozen.borrow_dependent().rules;
        let counts = LoadCounts { documents: rules.len(), rules: rules.len(), ..LoadCounts::default() };
        let (read, origins, homes) = (Read::new(rules), Origins::default(), Origins::default());
        Self {
            frozen,
            read,
            clock,
            diagnostics,
            counts,
            origins,
            homes,
            fields: OnceLock::new(),
            correlations: OnceLock::new(),
        }
    }

    pub(super) fn view(&self) -> &View<'_> {
        self.frozen.borrow_dependent()
    }

    pub(super) fn program(&self) -> &Program<'_> {
        &self.view().program
    }

    /// How fields of OT operations are filled, when a rule asks for any.
    pub(super) fn plan(&self) -> Option<&Plan> {
        self.view().plan.as_ref()
    }

    /// How fields of assets, zones and flows are filled, when a rule asks for any.
    pub(super) fn lens(&self) -> Option<&Lens> {
        self.view().lens.as_ref()
    }

    /// What correlations need to know of the rules.
    pub(super) fn listening(&self) -> &Listening {
        &self.view().listening
    }

    /// What each correlation of the pack says about itself.
    pub(super) fn correlations(&self) -> &[Arc<CorrelationInfo>] {
        self.correlations.get_or_init(|| {
            let Listening { correlations, alerts, .. } = self.listening();
            let info = |(at, (correlation, alerts)): (usize, (_, &bool))| {
                Arc::new(CorrelationInfo::new(correlation, *alerts, self.homes.get(at)))
            };
            correlations.iter().zip(alerts).enumerate().map(info).collect()
        })
    }

    pub(super) fn heading(&self, index: usize) -> Option<&Heading> {
        self.read.heading(index, &self.view().rules)
    }

    fn whole(&self, index: usize) -> Option<&Whole> {
        self.read.whole(index, &self.view().rules)
    }
}

/// The names of the texts that rules were read from.
#[derive(Debug, Default)]
pub(super) struct Origins {
    names: Texts,
    /// For each rule the number of its text's name; none are there after loading saved rules.
    of_rules: Vec<u32>,
}

impl Origins {
    /// Adds the name of the next rule's text. Rules of one text come one after the other.
    pub(super) fn push(&mut self, name: Option<&str>) {
        let last = self.names.len().checked_sub(1);
        let is_last = last.is_some_and(|last| self.names.get(last) == name);
        let is_there = name.is_some_and(|name| is_last || self.names.push(name));
        self.of_rules.push(if is_there { self.names.len() as u32 - 1 } else { u32::MAX });
    }

    /// Gives memory back that was only there to grow.
    pub(super) fn shrink(&mut self) {
        self.names.shrink();
        self.of_rules.shrink_to_fit();
    }

    fn get(&self, index: usize) -> Option<&str> {
        self.names.get(*self.of_rules.get(index)? as usize)
    }
}

impl From<Inner> for Rules {
    fn from(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), plant: None, indicators: None }
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

/// What a rule says about itself. It is read when it is asked for the first time.
#[derive(Clone, Copy)]
pub struct RuleInfo<'a> {
    inner: &'a Inner,
    index: usize,
}

impl fmt::Debug for RuleInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleInfo").field("index", &self.index).field("title", &self.title()).finish_non_exhaustive()
    }
}

impl<'a> RuleInfo<'a> {
    fn heading(&self) -> &'a Heading {
        static NONE: LazyLock<Heading> = LazyLock::new(Heading::default);
        // INVARIANT: there is a rule with this index, else there would be no information about it.
        self.inner.heading(self.index).unwrap_or(&NONE)
    }

    /// Everything but log source and detection.
    #[must_use]
    pub fn metadata(&self) -> &'a Metadata {
        &self.heading().meta
    }

    /// The title; empty when the rule has none.
    #[must_use]
    pub fn title(&self) -> &'a str {
        &self.metadata().title
    }

    /// The id, when the rule has one.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.metadata().id.as_deref()
    }

    /// The level, when the rule has one.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.metadata().level
    }

    /// The status, when the rule has one.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.metadata().status
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &'a [String] {
        &self.metadata().tags
    }

    /// Whether a match is an alert of its own. A correlation that refers to the rule without `generate: true` keeps it
    /// silent; then only the correlation alerts.
    #[must_use]
    pub fn alerts(&self) -> bool {
        u32::try_from(self.index).is_ok_and(|index| !self.inner.listening().is_silent(index))
    }

    /// Whether the rule asks for a field `indicator.*`: then its evidence tells which indicators an event holds.
    #[must_use]
    pub fn asks_indicators(&self) -> bool {
        self.inner.view().watched.as_ref().is_some_and(|lens| lens.is_asking(self.index))
    }

    /// The log source whose events the rule reads.
    #[must_use]
    pub fn logsource(&self) -> &'a LogSource {
        &self.heading().logsource
    }

    /// The rule as text, after filters and pipelines have changed it: what is really evaluated.
    #[must_use]
    pub fn show(&self) -> String {
        self.inner.whole(self.index).map(|whole| crate::check::show::show(&whole.rule)).unwrap_or_default()
    }

    /// What an event must have for the rule to match it, after filters and pipelines have changed it. The whole rule is
    /// read for it.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.inner.whole(self.index).map(|whole| Needs::of_rule(&whole.rule)).unwrap_or_default()
    }

    /// The file or other name of the text the rule was read from; `None` after loading saved rules.
    #[must_use]
    pub fn path(&self) -> Option<&'a str> {
        self.inner.origins.get(self.index)
    }
}

impl Rules {
    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// The same rules with these indicators in place of those before, which are looked for when a rule asks for a field
    /// `indicator.*`. Nothing is compiled, so it takes no time. Saved rules do not hold indicators.
    ///
    /// ```
    /// let rules = tieline::Compiler::new()
    ///     .indicator_fields(None, "{address: [dest_ip], domain: [dns.rrname]}")
    ///     .rules(None, "
    /// title: Known bad address
    /// logsource: {category: indicator}
    /// detection: {selection: {indicator.kind: address}, condition: selection}
    /// ")
    ///     .build()?;
    /// let list = std::sync::Arc::new(tieline::Indicators::read([("feed.txt", "198.51.100.7")]));
    /// let mut scanner = tieline::Scanner::new(&rules.with_indicators(list));
    /// assert_eq!(scanner.scan_json(br#"{"dest_ip": "198.51.100.7"}"#)?.len(), 1);
    /// assert_eq!(scanner.scan_json(br#"{"dest_ip": "198.51.100.8"}"#)?.len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_indicators(&self, indicators: Arc<Indicators>) -> Self {
        Self { indicators: Some(indicators), ..self.clone() }
    }

    /// The indicators that are looked for.
    #[must_use]
    pub fn indicators(&self) -> Option<&Arc<Indicators>> {
        self.indicators.as_ref()
    }

    /// Whether any rule asks for indicators, so that it matters which there are.
    #[must_use]
    pub fn asks_indicators(&self) -> bool {
        self.inner.view().watched.is_some()
    }

    /// What is looked for in events, and where; nothing, when no rule asks or nothing was given.
    #[inline]
    pub(super) fn watch(&self) -> Option<Watch<'_>> {
        let lens = self.inner.view().watched.as_ref()?;
        let indicators = self.indicators.as_deref().filter(|indicators| !indicators.is_empty())?;
        let bare = self.inner.clock.unit().map_or(Bare::BySize, Bare::In);
        Some(Watch { lens, indicators, bare })
    }

    /// The same rules over a plant: fields such as `source.asset.role`, `destination.zone` and `flow.allowed` are filled from
    /// its assets, zones and conduits. Costs nothing, and nothing is compiled again: a stream goes on with another plant by
    /// [`Stream::reload`](super::Stream::reload), and what it has seen stays.
    #[must_use]
    pub fn with_context(&self, context: &Plant) -> Self {
        Self { plant: Some(context.clone()), ..self.clone() }
    }

    /// What context fills, and from which plant; nothing when no rule asks or there is no plant.
    pub(super) fn seen_in(&self) -> Option<(&Lens, &Plant)> {
        self.inner.lens().zip(self.plant.as_ref())
    }

    /// How many rules can match.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.view().rules.len()
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
        assert!(index < self.len(), "there is no rule {index}, only {}", self.len());
        RuleInfo { inner: &self.inner, index }
    }

    /// All rules, in the order in which they were read.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RuleInfo<'_>> {
        (0..self.len()).map(|index| RuleInfo { inner: &self.inner, index })
    }

    /// The position of the rule with this id, name or title.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let rules = &self.inner.view().rules;
        let position = |is_it: &dyn Fn(usize) -> bool| (0..rules.len()).find(|index| is_it(*index));
        position(&|index| rules.names(index).1 == Some(name))
            .or_else(|| position(&|index| rules.names(index).2 == Some(name)))
            .or_else(|| position(&|index| rules.names(index).0 == name))
    }

    /// The correlations of the pack, in an order in which each stands behind those it refers to.
    pub fn correlations(&self) -> impl ExactSizeIterator<Item = &CorrelationInfo> {
        self.inner.correlations().iter().map(|info| &**info)
    }

    /// The fields that the rules and correlations read, in no particular order.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        let asked = self.inner.listening().fields as usize;
        let names = || self.inner.program().fields.names().take(asked).map(str::to_owned).collect();
        self.inner.fields.get_or_init(names)
    }

    /// The whole condition tree of one rule on one event, with a verdict on every step.
    ///
    /// # Panics
    /// When there is no rule with this index.
    #[must_use]
    pub fn explain(&self, index: usize, event: &dyn Event) -> Explanation {
        self.with_rule(index, |rule, context| {
            // Of an event that tells of several operations, the first that the rule matches, else the first.
            let mut told = None;
            self.each_view(event, &mut |record, _| {
                let matches = reference::matches(rule, record, context);
                if matches || told.is_none() {
                    told = Some(reference::explain(rule, record, context));
                }
                matches
            });
            told.unwrap_or_else(|| reference::explain(rule, event, context))
        })
    }

    /// The verdict of the slow reference evaluator on one rule and one event; scanning gives the same.
    ///
    /// # Panics
    /// When there is no rule with this index.
    #[must_use]
    pub fn reference_matches(&self, index: usize, event: &dyn Event) -> bool {
        self.with_rule(index, |rule, context| {
            let mut matches = false;
            self.each_view(event, &mut |record, _| {
                matches |= reference::matches(rule, record, context);
                matches
            });
            matches
        })
    }

    /// The indicators in an event with which a rule matches it.
    pub(super) fn indicators_seen(&self, index: usize, event: &dyn Event) -> Vec<IndicatorSeen> {
        let mut seen: Vec<IndicatorSeen> = Vec::new();
        if self.watch().is_none_or(|watch| !watch.lens.is_asking(index)) {
            return seen;
        }
        self.with_rule(index, |rule, context| {
            // A rule that matches without any indicator is not about them.
            if reference::matches(rule, event, context) {
                return;
            }
            self.each_view(event, &mut |view, hit| {
                if let Some(hit) = hit
                    && reference::matches(rule, view, context)
                {
                    let hit = IndicatorSeen::new(hit);
                    if !seen.contains(&hit) {
                        seen.push(hit);
                    }
                }
                false
            });
        });
        seen
    }

    fn each_view(&self, event: &dyn Event, each: &mut dyn FnMut(&dyn Event, Option<Hit<'_>>) -> bool) {
        let (plan, watch) = (self.inner.plan(), self.watch());
        operations::each_view(
            Views { fields: &self.inner.program().fields, plan, context: self.seen_in(), watch },
            event,
            each,
        );
    }

    #[expect(clippy::panic, reason = "documented: the caller asks for a rule that is not there")]
    fn with_rule<T>(&self, index: usize, call: impl FnOnce(&Rule, &Context<'_>) -> T) -> T {
        let Some(whole) = self.inner.whole(index) else { panic!("there is no rule {index}, only {}", self.len()) };
        let regexes = whole.regexes.get_or_init(|| {
            let mut regexes = Regexes::new(self.inner.view().options.limits.regex_bytes_max);
            regexes.add_rule(&whole.rule);
            regexes
        });
        call(&whole.rule, &Context { clock: &self.inner.clock, regexes })
    }
}
