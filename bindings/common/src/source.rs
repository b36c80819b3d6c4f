//! Decides by which pipelines rules are mapped before they meet an event.
//!
//! ```text
//!  --source none                     rules as they are
//!  --source windows                  rules mapped to that source
//!  --source auto   event ─▶ which source is it? ─▶ rules mapped to that one, compiled when first met
//!                           none of them ─▶ rules as they are
//! ```
//!
//! A [`Plan`] holds the pack and one compiled form of it for each source that was met. It reads no file; the
//! shipped pipelines are data of `tieline-rules`, and whether an event is of a source is said by the pipeline
//! itself.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use tieline::context::Context;
use tieline::diagnostic::Diagnostic;
use tieline::{CheckedRules, LogSource, Rules, SourceInfo, TimeOptions};

use crate::context::read_context;
use crate::indicators::Lists;
use crate::load::{LoadError, PipelineText, RuleOptions, RulePack, read_pipeline};
use crate::peek::{Peek, Seen};

/// Which source events come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SourceChoice {
    /// Found out for each event, by its fields.
    #[default]
    Auto,
    /// Not asked: every rule sees every event, as far as the named pipelines say nothing else.
    None,
    /// All events come from the shipped source of this name.
    Named(String),
}

/// A source whose pipeline is shipped.
#[derive(Debug)]
pub struct Known {
    info: SourceInfo,
    pipeline: PipelineText,
}

impl Known {
    /// What `--source` calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// One line for readers.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.info.title
    }

    /// Whether a rule of this log source can be about its events.
    pub(crate) fn admits(&self, rule: &LogSource) -> bool {
        self.info.admits(rule)
    }
}

/// A pack together with how it is mapped, compiled once for every source that is met.
#[derive(Debug)]
pub struct Plan {
    pack: RulePack,
    options: RuleOptions,
    pipelines: Vec<PipelineText>,
    known: &'static [Known],
    choice: Choice,
    /// The plant that events are seen in.
    context: Option<Context>,
    /// Reads the fields by which sources are known.
    peek: Peek,
    /// Whether something was compiled already.
    is_begun: AtomicBool,
    /// The pack as it is checked, kept when it is compiled for a second source.
    checked: OnceLock<CheckedRules>,
    /// One for each source, and the last for events of none.
    compiled: Vec<OnceLock<Rules>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Auto,
    Fixed(SourceId),
}

/// Whether all fields that a question was about were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Complete,
    Partial,
}
use Sight::Complete;

/// A form of the pack: for a known source, or as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// Why a plan cannot be made.
#[derive(Debug)]
pub enum PlanError {
    /// A pipeline or source does not exist or cannot be read.
    Load(LoadError),
    /// A pipeline or an option is broken.
    Compile(tieline::Error),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::Compile(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PlanError {}

impl From<LoadError> for PlanError {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

impl From<tieline::Error> for PlanError {
    fn from(error: tieline::Error) -> Self {
        Self::Compile(error)
    }
}

/// The sources whose pipelines are shipped, the most telling first. They are read once, which takes some milliseconds.
#[must_use]
pub fn known_sources() -> &'static [Known] {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let known = |(name, yaml): &(&str, &str)| {
            let info = SourceInfo::of_pipeline(yaml)?;
            Some(Known { info, pipeline: PipelineText { name: (*name).to_owned(), yaml: (*yaml).to_owned() } })
        };
        tieline_rules::pipelines().iter().filter_map(known).collect()
    });
    &KNOWN
}

/// Finds a pipeline by the name of a shipped one, else by path; a text of more than one line is the pipeline itself.
///
/// # Errors
/// When there is neither.
pub fn find_pipeline(name: &str) -> Result<PipelineText, LoadError> {
    let path = Path::new(name);
    match tieline_rules::pipeline(name) {
        Some(yaml) => Ok(PipelineText { name: name.to_owned(), yaml: yaml.to_owned() }),
        None if name.contains('\n') => Ok(PipelineText { name: "pipeline".to_owned(), yaml: name.to_owned() }),
        None if path.is_file() => read_pipeline(path),
        None => {
            let shipped: Vec<&str> = tieline_rules::pipelines().iter().map(|(name, _)| *name).collect();
            let message = format!("is neither a file nor one of the shipped pipelines {}", shipped.join(", "));
            Err(LoadError::new(path, message))
        }
    }
}

impl Plan {
    /// A plan for a pack. Nothing is compiled yet.
    ///
    /// # Errors
    /// When a source or a pipeline is not known, or a pipeline cannot be read.
    pub fn new(
        mut pack: RulePack,
        options: RuleOptions,
        pipelines: &[String],
        choice: &SourceChoice,
    ) -> Result<Self, LoadError> {
        let pipelines = pipelines.iter().map(|name| find_pipeline(name)).collect::<Result<_, _>>()?;
        let context = if options.context.is_empty() { None } else { Some(read_context(&options.context)?) };
        pack.tell_context(context.as_ref().map_or(&[], Context::diagnostics));
        let known = known_sources();
        let as_is = SourceId(known.len());
        let choice = match choice {
            SourceChoice::Auto if pack.is_saved() || known.is_empty() => Choice::Fixed(as_is),
            SourceChoice::Auto => Choice::Auto,
            SourceChoice::None => Choice::Fixed(as_is),
            SourceChoice::Named(name) => match known.iter().position(|source| source.name() == name) {
                Some(at) => Choice::Fixed(SourceId(at)),
                None => return Err(unknown_source(name, known)),
            },
        };
        let compiled = (0..=known.len()).map(|_| OnceLock::new()).collect();
        let peek = Peek::new(known.iter().flat_map(|source| source.info.fields()));
        let (is_begun, checked) = (AtomicBool::new(false), OnceLock::new());
        Ok(Self { pack, options, pipelines, known, choice, context, peek, is_begun, checked, compiled })
    }

    /// The same plan with what was compiled so far, to be used elsewhere.
    #[must_use]
    pub fn again(&self) -> Self {
        self.again_with(self.pack.clone())
    }

    /// The same plan with other indicators in place of those before; what was compiled stays.
    #[must_use]
    pub fn with_indicators(&self, lists: Lists) -> Self {
        let indicators = Arc::clone(lists.indicators());
        let mut plan = self.again_with(self.pack.clone().exchange_indicators(lists));
        for place in &mut plan.compiled {
            if let Some(rules) = place.take() {
                *place = OnceLock::from(rules.with_indicators(Arc::clone(&indicators)));
            }
        }
        plan
    }

    fn again_with(&self, pack: RulePack) -> Self {
        Self {
            pack,
            options: self.options.clone(),
            pipelines: self.pipelines.clone(),
            known: self.known,
            choice: self.choice,
            context: self.context.clone(),
            peek: self.peek.clone(),
            is_begun: AtomicBool::new(self.is_begun.load(Ordering::Relaxed)),
            checked: OnceLock::new(),
            compiled: self.compiled.clone(),
        }
    }

    /// The same plan with the shipped rules behind those of its pack; nothing of it is compiled yet.
    #[must_use]
    pub(crate) fn with_shipped(&self) -> Self {
        let mut more = Self { compiled: (0..=self.known.len()).map(|_| OnceLock::new()).collect(), ..self.again() };
        more.is_begun = AtomicBool::new(false);
        more.pack.add_shipped();
        more
    }

    /// The form that all events meet; `None` when each event is asked.
    #[must_use]
    pub fn fixed(&self) -> Option<SourceId> {
        match self.choice {
            Choice::Auto => None,
            Choice::Fixed(id) => Some(id),
        }
    }

    /// The form for events of no known source: the pack with no more than the named pipelines.
    #[must_use]
    pub fn as_is(&self) -> SourceId {
        SourceId(self.known.len())
    }

    /// The form for an event: the first known source that recognises it. `likely` is the source that it probably
    /// is, by which nothing but time is won.
    #[must_use]
    pub fn choose(&self, event: &[u8], likely: Option<SourceId>) -> SourceId {
        if let Choice::Fixed(id) = self.choice {
            return id;
        }
        let mut found = None;
        let seen = self.peek.until(event, |seen| {
            found = likely.and_then(|likely| self.certain(seen, likely));
            found.is_some()
        });
        found.or_else(|| self.sources().find(|id| self.is(*id, &seen).0)).unwrap_or(self.as_is())
    }

    /// The form for an event that is no text: `lookup` gives a field as text, empty for an object, and `None` when it is
    /// missing.
    pub(crate) fn choose_by(&self, lookup: &mut dyn FnMut(&str) -> Option<String>) -> SourceId {
        let known = self.known.iter().position(|known| known.info.recognises(lookup));
        self.fixed().unwrap_or(known.map_or(self.as_is(), SourceId))
    }

    /// The fields by which sources are known, and whether their texts matter; some may come twice.
    pub(crate) fn asked(&self) -> impl Iterator<Item = (&str, bool)> {
        let present = self.known.iter().flat_map(|known| known.info.fields()).map(|field| (field, false));
        self.known.iter().flat_map(|known| known.info.fields_by_text()).map(|field| (field, true)).chain(present)
    }

    /// The source of an event of which not all is seen, when what is not seen cannot change it: the likely one
    /// recognises it without leaning on a field that is missing, and none before it claims it by what it saw.
    /// A source that comes before another and is a part of it must be known by the same fields as that one.
    fn certain(&self, seen: &Seen<'_>, likely: SourceId) -> Option<SourceId> {
        if self.is(likely, seen) != (true, Complete) {
            return None;
        }
        let before = self.sources().take(likely.0).find(|id| self.is(*id, seen).0);
        Some(before.unwrap_or(likely))
    }

    /// Whether an event is of a source, and whether every field was there that was asked for.
    fn is(&self, id: SourceId, seen: &Seen<'_>) -> (bool, Sight) {
        let mut sight = Complete;
        let mut lookup = |field: &str| {
            let text = seen.text(field);
            if text.is_none() {
                sight = Sight::Partial;
            }
            text.map(str::to_owned)
        };
        let is = self.known.get(id.0).is_some_and(|known| known.info.recognises(&mut lookup));
        (is, sight)
    }

    /// The forms for all known sources.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..self.known.len()).map(SourceId)
    }

    /// The source that a form is for; `None` for the pack as it is.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<&Known> {
        self.known.get(id.0)
    }

    /// Compiles a form of the pack unless that was done before, and says whether it was done now. Threads that ask at the
    /// same time may both do the work, and get the same.
    ///
    /// # Errors
    /// When a pipeline or an option is broken.
    pub fn compile(&self, id: SourceId) -> Result<bool, tieline::Error> {
        let Some(place) = self.compiled.get(id.0).filter(|place| place.get().is_none()) else { return Ok(false) };
        // Nobody waits for a lock here: who holds one may be gone, in a process that was forked meanwhile.
        let rules = self.form(id)?;
        let rules = self.context.as_ref().map_or_else(|| rules.clone(), |context| rules.with_context(context));
        Ok(place.set(rules).is_ok())
    }

    /// The same plan over another plant; nothing is compiled again.
    ///
    /// # Errors
    /// As for [`read_context`].
    pub fn in_context(&self, names: &[String]) -> Result<Self, LoadError> {
        let mut plan = self.again();
        let context = read_context(names)?;
        plan.options.context = names.to_vec();
        for rules in &mut plan.compiled {
            *rules = rules.get().map(|rules| rules.with_context(&context)).map_or_else(OnceLock::new, OnceLock::from);
        }
        plan.pack.tell_context(context.diagnostics());
        plan.context = Some(context);
        Ok(plan)
    }

    /// The plant that events are seen in.
    #[must_use]
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// How times are read.
    #[must_use]
    pub fn time(&self) -> &TimeOptions {
        &self.options.time
    }

    fn form(&self, id: SourceId) -> Result<Rules, tieline::Error> {
        let rules = self.form_alone(id)?;
        Ok(match self.pack.indicators() {
            Some(lists) => rules.with_indicators(Arc::clone(lists.indicators())),
            None => rules,
        })
    }

    fn form_alone(&self, id: SourceId) -> Result<Rules, tieline::Error> {
        if let Some(saved) = self.pack.saved() {
            return Ok(saved.clone());
        }
        let source = self.known.get(id.0).map(|known| &known.pipeline);
        let pipelines = source.into_iter().chain(&self.pipelines).map(PipelineText::named);
        // PERF: most scans meet one source, and checked rules that are kept for others cost 20 MB with all of
        // SigmaHQ. From the second source on they save reading and checking, a third of a second each time.
        if !self.is_begun.swap(true, Ordering::Relaxed) {
            let compiler = self.pack.compiler(&self.options);
            return pipelines.fold(compiler, |compiler, (name, yaml)| compiler.pipeline(name, yaml)).build();
        }
        let pipelines: Vec<_> = pipelines.collect();
        if let Some(checked) = self.checked.get() {
            return checked.compile(&pipelines);
        }
        let checked = self.pack.compiler(&self.options).check()?;
        let rules = checked.compile(&pipelines)?;
        let _ = self.checked.set(checked);
        Ok(rules)
    }

    /// A form of the pack; `None` before it was compiled.
    #[must_use]
    pub fn rules(&self, id: SourceId) -> Option<&Rules> {
        self.compiled.get(id.0)?.get()
    }

    /// All forms that were compiled so far.
    pub fn compiled(&self) -> impl Iterator<Item = (SourceId, &Rules)> {
        self.compiled.iter().enumerate().filter_map(|(at, rules)| Some((SourceId(at), rules.get()?)))
    }

    /// Whether another plan is made of the same texts, and so is the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (own, others) = (self.pack.indicators(), other.pack.indicators());
        let same_lists = match (own, others) {
            (Some(own), Some(others)) => own.is_same(others),
            (own, others) => own.is_none() && others.is_none(),
        };
        same_lists && self.has_same_rules(other)
    }

    /// Whether another plan has the same rules, and at most other indicators.
    pub(crate) fn has_same_rules(&self, other: &Self) -> bool {
        let faults = |plan: &Self| {
            let of_lists = |told: &&Diagnostic| {
                let lists = plan.pack.indicators();
                !lists.is_some_and(|lists| lists.indicators().diagnostics().contains(told))
            };
            plan.pack.diagnostics().iter().filter(of_lists).map(ToString::to_string).collect::<Vec<_>>()
        };
        !self.pack.is_saved()
            && !other.pack.is_saved()
            && self.pack.texts().eq(other.pack.texts())
            && self.pipelines == other.pipelines
            && self.context.is_none()
            && other.context.is_none()
            && faults(self) == faults(other)
    }

    /// The pack.
    #[must_use]
    pub fn pack(&self) -> &RulePack {
        &self.pack
    }
}

impl SourceId {
    /// Its position, from 0 and without gaps.
    pub(crate) fn at(index: usize) -> Self {
        Self(index)
    }

    /// Its place among all.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

fn unknown_source(name: &str, known: &[Known]) -> LoadError {
    let names: Vec<&str> = known.iter().map(Known::name).collect();
    LoadError::new(Path::new(name), format!("is no known source; write auto, none, or one of {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new(RulePack::default(), RuleOptions::default(), &[], &SourceChoice::Auto).unwrap()
    }

    /// The source is the expected one, whatever was expected, in whatever order the fields come.
    fn check(fields: &[&str], expected: Option<&str>) {
        let plan = plan();
        for turn in 0..fields.len() {
            let mut fields = fields.to_vec();
            fields.rotate_left(turn);
            for event in [fields.join(","), fields.iter().rev().copied().collect::<Vec<_>>().join(",")] {
                let event = format!("{{{event}}}");
                for likely in std::iter::once(None).chain(plan.sources().map(Some)) {
                    let id = plan.choose(event.as_bytes(), likely);
                    assert_eq!(plan.source(id).map(Known::name), expected, "{event}, probably {likely:?}");
                }
            }
        }
    }

    #[test]
    fn the_source_of_an_event_depends_on_nothing_but_its_fields() {
        let other = r#""x":[{"Channel":"no"}]"#;
        check(&[r#""Channel":"Security""#, r#""EventID":4624"#, other], Some("windows"));
        check(&[r#""Channel":"Linux-Sysmon/Operational""#, r#""EventID":1"#, other], Some("sysmon-linux"));
        check(&[r#""SourceName":"PowerShell""#, r#""EventID":400"#, other], Some("windows"));
        check(&[r#""UtcTime":"x""#, r#""EventID":1"#, r#""ProcessGuid":"{1}""#], Some("sysmon"));
        check(&[r#""UtcTime":"x""#, r#""EventID":1"#, r#""ProcessGuid":"{1}""#, r#""Channel":"c""#], Some("windows"));
        check(&[r#""Event":{"System":{"EventID":1,"Channel":"Security"}}"#, other], Some("windows-evtx"));
        check(&[r##""Event":{"System":{"EventID":{"#text":1}}}"##, other], Some("windows-evtx"));
        check(&[r#""Event":{"System":{"EventID":{"a":1},"Channel":null}}"#, other], Some("windows-evtx"));
        check(&[r#""Event":{"System":{"EventID":1,"Channel":"Linux-Sysmon/Operational"}}"#], Some("sysmon-linux"));
        check(&[r#""Event":{"System":{"Channel":"Linux-Sysmon/Operational","EventID":1}}"#], Some("sysmon-linux"));
        check(&[r#""winlog":{"channel":"Security","event_id":4624}"#, other], Some("winlogbeat"));
        check(&[r#""log_name":"Security""#, r#""event_id":4624"#, other], Some("winlogbeat-6"));
        check(&[r#""_path":"dns""#, r#""ts":1.5"#, r#""uid":"C1""#], Some("zeek"));
        check(&[r#""_path":"ldap_search""#, r#""uid":"C1""#], Some("zeek"));
        check(&[r#""@stream":"loaded_scripts""#, r#""@proc":"zeek""#, r#""name":"a.zeek""#], Some("zeek"));
        check(&[r#""uid":"C1""#, r#""id":{"orig_h":"10.0.0.1","resp_h":"10.0.0.2"}"#], Some("zeek"));
        check(&[r#""type":"EXECVE""#, r#""msg":"audit(1:2)""#, r#""a0":"dd""#], Some("linux-auditd"));
        check(&[r#""layers":{"mbtcp":{}}"#, r#""timestamp":"1""#], None);
    }
}
