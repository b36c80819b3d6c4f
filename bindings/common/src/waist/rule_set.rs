//! Rules as every language holds them: compiled, never changed, shared by all threads.
//!
//! ```text
//!  texts, paths, saved bytes ─▶ RuleSet { as they are, mapped to windows, mapped to zeek, … }
//!                                          each form is compiled when the first event asks for it
//! ```
//!
//! It holds scanners that nobody uses at the moment. What rules mean is a matter of the core.

use super::options::CompileOptions;
use super::scan::Worker;
use super::{Error, Hit, Kind, threads};
use crate::indicators::Lists;
use crate::load::RulePack;
use crate::report::LoadReport;
use crate::rule_tests::{TestReport, run_tests};
use crate::source::{Plan, SourceId};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Mutex;
use tieline::diagnostic::Diagnostic;
use tieline::{Explanation, JsonEvent, RuleInfo, Rules};

/// Scanners that are kept for the next call at most; each takes some megabytes.
const IDLE_MAX: usize = 64;

/// What saved texts of rules begin with.
const PACK_MAGIC: &[u8; 8] = b"TLPACK\0\x02";

/// Compiled rules.
#[derive(Debug)]
pub struct RuleSet {
    plan: Plan,
    /// The form that is shown: that for all events, or the one as rules are.
    shown: Rules,
    options: CompileOptions,
    idle: Mutex<Vec<Worker>>,
}

/// Rules as they are saved when they are not compiled for one source only.
#[derive(Serialize, Deserialize)]
struct SavedPack {
    options: CompileOptions,
    texts: Vec<(String, String)>,
}

impl RuleSet {
    /// Compiles rules from YAML texts, each with the name that messages show. A broken rule is an error unless
    /// `strict` is false; then it is left out and told by [`diagnostics`](Self::diagnostics).
    ///
    /// # Errors
    /// When an option is wrong, a pipeline is broken, or a rule is.
    pub fn compile(texts: impl IntoIterator<Item = (String, String)>, options: &CompileOptions) -> Result<Self, Error> {
        let rules = Self::of_pack(RulePack::from_texts(texts), options)?;
        if options.strict.unwrap_or(true) { rules.whole() } else { Ok(rules) }
    }

    /// Compiles the rules of files and directories, or loads saved ones. Broken rules are left out and told by
    /// [`diagnostics`](Self::diagnostics), unless `strict` is true.
    ///
    /// # Errors
    /// When a path cannot be read or holds no rules, and as for [`compile`](Self::compile).
    pub fn load(paths: &[PathBuf], options: &CompileOptions) -> Result<Self, Error> {
        let rules = Self::of_pack(RulePack::read(paths)?, options)?;
        if options.strict.unwrap_or(false) { rules.whole() } else { Ok(rules) }
    }

    /// Rules that [`to_bytes`](Self::to_bytes) saved, or the command line.
    ///
    /// # Errors
    /// When the bytes are no saved rules, are damaged, or come from another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let Some(rest) = bytes.strip_prefix(PACK_MAGIC) else {
            return Self::of_pack(RulePack::of_saved(Rules::from_bytes(bytes)?), &CompileOptions::default());
        };
        let fault = || Error::new(Kind::Saved, "saved rules are damaged");
        let (sum, body) = rest.split_first_chunk::<8>().ok_or_else(fault)?;
        if u64::from_le_bytes(*sum) != xxhash_rust::xxh3::xxh3_64(body) {
            return Err(fault());
        }
        let SavedPack { options, texts } = postcard::from_bytes(body).map_err(|_| fault())?;
        Self::of_pack(RulePack::from_texts(texts), &options)
    }

    /// The rules as bytes. Those for one source are saved as they are compiled and load in milliseconds; else the texts are
    /// saved and compiled again.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.plan.fixed().is_some() {
            return self.shown.to_bytes();
        }
        let texts = self.plan.pack().texts().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        // Plants and lists are given anew to rules that were saved: what was known then is old.
        let options = CompileOptions { context: Vec::new(), indicators: Vec::new(), ..self.options.clone() };
        // Text and numbers can always be written.
        let body = postcard::to_stdvec(&SavedPack { options, texts }).unwrap_or_default();
        [PACK_MAGIC.as_slice(), &xxhash_rust::xxh3::xxh3_64(&body).to_le_bytes(), &body].concat()
    }

    /// The same rules with other indicators: paths of lists, or lists themselves, as in [`CompileOptions::indicators`]. When the
    /// rules ask for indicators already, nothing is compiled, and streams go on with them by [`Stream::reload`].
    ///
    /// # Errors
    /// When a path cannot be read, or the rules are saved ones that ask for none.
    ///
    /// [`Stream::reload`]: super::Stream::reload
    pub fn with_indicators(&self, lists: &[String]) -> Result<Self, Error> {
        let lists = self.options.lists_of(lists)?;
        if self.shown.asks_indicators() {
            return Self::of_plan(self.plan.with_indicators(lists), &self.options);
        }
        Self::of_pack_with(with_lists(self.plan.pack().clone(), lists)?, &self.options)
    }

    fn of_pack(pack: RulePack, options: &CompileOptions) -> Result<Self, Error> {
        let pack = match options.lists()? {
            Some(lists) => with_lists(pack, lists)?,
            None => pack,
        };
        Self::of_pack_with(pack, options)
    }

    fn of_pack_with(pack: RulePack, options: &CompileOptions) -> Result<Self, Error> {
        // Paths were read before; what is left are the names of sources and pipelines.
        let kind = if options.names_known_source() { Kind::Pipeline } else { Kind::Argument };
        let plan = Plan::new(pack, options.rule_options()?, &options.pipelines, &options.choice())
            .map_err(|error| Error::new(kind, error.to_string()))?;
        Self::of_plan(plan, options)
    }

    fn of_plan(plan: Plan, options: &CompileOptions) -> Result<Self, Error> {
        let main = plan.fixed().unwrap_or(plan.as_is());
        threads::on_all(|| plan.compile(main))??;
        let shown = plan.rules(main).cloned().ok_or_else(|| Error::new(Kind::Internal, "no rules were compiled"))?;
        Ok(Self { plan, shown, options: options.clone(), idle: Mutex::default() })
    }

    /// The same rules over another plant: paths or YAML texts (of more than one line) of inventories, zones and conduits, by
    /// which fields such as `source.asset.role`, `destination.zone` and `flow.allowed` are filled. Nothing is compiled again.
    ///
    /// # Errors
    /// When a file does not exist or cannot be read.
    pub fn in_context(&self, names: &[String]) -> Result<Self, Error> {
        let plan = self.plan.in_context(names).map_err(|error| Error::new(Kind::Load, error.to_string()))?;
        let main = plan.fixed().unwrap_or(plan.as_is());
        let shown = plan.rules(main).cloned().unwrap_or_else(|| self.shown.clone());
        let options = CompileOptions { context: names.to_vec(), ..self.options.clone() };
        Ok(Self { plan, shown, options, idle: Mutex::default() })
    }

    fn whole(self) -> Result<Self, Error> {
        let faults: Vec<Diagnostic> = self.diagnostics().filter(|told| told.is_error()).cloned().collect();
        Error::of_faults(Kind::Rules, faults).map_or(Ok(self), Err)
    }

    /// The rules in the form that is shown.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.shown
    }

    /// The number of the form that is shown, as hits name it.
    #[must_use]
    pub fn form_shown(&self) -> u32 {
        let id = self.plan.fixed().unwrap_or(self.plan.as_is());
        u32::try_from(id.index()).unwrap_or(u32::MAX)
    }

    /// How many forms there are; those of sources that no event came from are not compiled.
    #[must_use]
    pub fn forms_len(&self) -> usize {
        self.plan.as_is().index() + 1
    }

    /// The rules in a form, as hits number it; `None` when it was not compiled yet.
    #[must_use]
    pub fn rules_in(&self, form: u32) -> Option<&Rules> {
        self.form(SourceId::at(form as usize))
    }

    /// The rules in the form for a source, if some event asked for it.
    pub(super) fn form(&self, id: SourceId) -> Option<&Rules> {
        self.plan.rules(id)
    }

    /// The plan behind the rules.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The rule that a hit is about.
    #[must_use]
    pub fn rule(&self, hit: &Hit) -> Option<RuleInfo<'_>> {
        let rules = self.form(SourceId::at(hit.form as usize))?;
        ((hit.rule as usize) < rules.len()).then(|| rules.rule(hit.rule as usize))
    }

    /// What was found wrong in files and rules, and warnings.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.plan.pack().diagnostics().iter().chain(self.rules().diagnostics())
    }

    /// What was loaded, and what was left out and why.
    #[must_use]
    pub fn report(&self) -> LoadReport {
        LoadReport::new(self.plan.pack(), self.rules())
    }

    /// Why a rule, by its id, name or title, matches an event or does not; `None` lists the rules that match.
    ///
    /// # Errors
    /// When there is no such rule for events like this one, or the event cannot be read.
    pub fn explain(&self, rule: &str, event: &[u8]) -> Result<Explanation, Error> {
        let tree = JsonEvent::parse(event)?;
        let id = self.choose(event, None)?;
        let rules = self.form(id).unwrap_or(self.rules());
        // A rule for other sources is explained as it is.
        let (rules, index) = match rules.find(rule) {
            Some(index) => (rules, index),
            None => (self.rules(), self.rules().find(rule).ok_or_else(|| self.not_there(rule))?),
        };
        Ok(rules.explain(index, &tree))
    }

    fn not_there(&self, rule: &str) -> Error {
        let is_about = |told: &&Diagnostic| told.is_error() && told.rule.as_deref() == Some(rule);
        let refused = self.diagnostics().find(is_about);
        let message = match refused {
            Some(told) => format!("the rule `{rule}` was left out: {told}"),
            None => format!("there is no rule with the id, name or title `{rule}`"),
        };
        Error::new(Kind::Argument, message).with(refused.cloned().into_iter().collect())
    }

    /// Runs the events that lie beside rule files: `X.match.ndjson` must fire, `X.silent.ndjson` must not; beside correlations
    /// these hold sequences.
    ///
    /// # Errors
    /// When a pipeline is broken.
    pub fn test(&self) -> Result<TestReport, Error> {
        let mut plan = self.plan.again();
        Ok(run_tests(&mut plan, &mut |_| ())?)
    }

    /// The form for an event, compiled.
    pub(super) fn choose(&self, event: &[u8], likely: Option<SourceId>) -> Result<SourceId, Error> {
        let id = match self.plan.fixed() {
            Some(fixed) => fixed,
            None => self.plan.choose(event, likely),
        };
        self.compile_form(id)?;
        Ok(id)
    }

    pub(super) fn compile_form(&self, id: SourceId) -> Result<(), Error> {
        if self.form(id).is_none() {
            threads::on_all(|| self.plan.compile(id))??;
        }
        Ok(())
    }

    /// A worker that nobody uses, or a new one. Nobody is waited for.
    pub(super) fn take_worker(&self) -> Worker {
        self.idle.try_lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default()
    }

    pub(super) fn give_back(&self, worker: Worker) {
        if let Ok(mut idle) = self.idle.try_lock()
            && idle.len() < IDLE_MAX
        {
            idle.push(worker);
        }
    }
}

fn with_lists(pack: RulePack, lists: Lists) -> Result<RulePack, Error> {
    pack.with_indicators(lists).map_err(|error| Error::new(Kind::Argument, error.to_string()))
}

/// What is wrong in rules, without keeping them: all diagnostics, errors and warnings.
///
/// # Errors
/// When an option is wrong or a pipeline is broken.
pub fn check(
    texts: impl IntoIterator<Item = (String, String)>,
    options: &CompileOptions,
) -> Result<Vec<Diagnostic>, Error> {
    let rules = RuleSet::of_pack(RulePack::from_texts(texts), options)?;
    Ok(rules.diagnostics().cloned().collect())
}
