//! Reads rules anew when their files change.
//!
//! ```text
//!  rules/*.yml, pipeline.yml ─▶ sizes and times, once a second ─▶ changed, and then the same twice ─▶ Plan
//!  old pack, new pack ─▶ "12 added, 3 removed, 1 changed"
//! ```
//!
//! Files that are still being written are waited for. Nothing is evaluated here, and whoever has the old plan
//! keeps it until the new one is compiled.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tieline::diagnostic::Diagnostic;

use crate::context::context_files;
use crate::indicators::{Lists, list_files};
use crate::load::{LoadError, RuleOptions, RulePack, rule_files};
use crate::source::{Plan, PlanError, SourceChoice, SourceId};

/// Between two looks at the files.
const PAUSE: Duration = Duration::from_secs(1);

/// A look takes at most one part in so many of the time, however many files there are.
const PAUSE_PARTS: u32 = 20;

/// What a plan is made of.
#[derive(Debug, Clone, Default)]
pub struct Recipe {
    /// Rule files and directories, or saved rules.
    pub rules: Vec<PathBuf>,
    /// How rules are compiled.
    pub options: RuleOptions,
    /// Pipelines by name or path.
    pub pipelines: Vec<String>,
    /// Which source events come from.
    pub choice: SourceChoice,
    /// Files and directories of indicators.
    pub indicators: Vec<PathBuf>,
    /// The time that counts for events without one when indicators are looked for, in nanoseconds since 1970.
    pub indicators_at_ns: Option<i64>,
}

impl Recipe {
    /// Reads everything; nothing is compiled yet.
    ///
    /// # Errors
    /// When a path, a source or a pipeline does not exist or cannot be read.
    pub fn plan(&self) -> Result<Plan, LoadError> {
        // Indicators bring rules of their own along.
        let is_bare = self.rules.is_empty() && !self.indicators.is_empty();
        let mut pack = if is_bare { RulePack::default() } else { RulePack::read(&self.rules)? };
        if !self.indicators.is_empty() {
            pack = pack.with_indicators(Lists::read(&self.indicators, self.indicators_at_ns)?)?;
        }
        Plan::new(pack, self.options.clone(), &self.pipelines, &self.choice)
    }

    /// What would differ if a file were written.
    fn stamp(&self) -> Stamp {
        let pipelines = self.pipelines.iter().filter(|name| tieline_rules::pipeline(name).is_none()).map(PathBuf::from);
        let files = rule_files(&self.rules).into_iter().chain(pipelines).chain(context_files(&self.options.context));
        let files = files.chain(list_files(&self.indicators));
        files
            .map(|path| {
                let seen = seen(&path);
                (path, seen)
            })
            .collect()
    }
}

/// Files with size and time of writing; none of a file that is not there.
type Stamp = Vec<(PathBuf, Option<(u64, Option<SystemTime>)>)>;

fn seen(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

/// Rules that are watched. It is to be made before the plan is, so that no change falls between them.
#[derive(Debug, Clone)]
pub struct RuleWatch {
    recipe: Recipe,
    /// The files as they were read.
    read: Stamp,
    /// The files at the last look.
    last: Stamp,
    next: Instant,
}

impl RuleWatch {
    /// Watches from now on.
    #[must_use]
    pub fn new(recipe: Recipe) -> Self {
        let read = recipe.stamp();
        Self { recipe, last: read.clone(), read, next: Instant::now() + PAUSE }
    }

    /// What the plan is made of.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// A new plan when files have changed and are not being written any more; `None` when nothing is to be done.
    pub(crate) fn poll(&mut self, old: &Plan) -> Option<Result<Reload, Refused>> {
        let started = Instant::now();
        if started < self.next {
            return None;
        }
        let stamp = self.recipe.stamp();
        let is_steady = stamp == self.last;
        self.next = Instant::now() + PAUSE.max(started.elapsed().saturating_mul(PAUSE_PARTS));
        self.last = stamp;
        if !is_steady || self.last == self.read {
            return None;
        }
        self.read.clone_from(&self.last);
        match self.recipe.plan() {
            Ok(plan) if plan.is_same(old) => None,
            Ok(plan) if plan.has_same_rules(old) => plan.pack().indicators().cloned().map(|lists| exchange(lists, old)),
            Ok(plan) => Some(compile(plan, old)),
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// A plan that may take the place of the old one.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) plan: Plan,
    pub(crate) changes: Changes,
    /// The forms that are compiled.
    pub(crate) forms: Vec<SourceId>,
}

/// Why new rules do not take the place of the old ones.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: PlanError,
    /// What is wrong with single rules.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<E: Into<PlanError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self { error: error.into(), diagnostics: Vec::new() }
    }
}

/// Takes other indicators for the rules that are compiled. A list that cannot be read, as one that is cut off, does not take
/// the place of a whole one.
fn exchange(lists: Lists, old: &Plan) -> Result<Reload, Refused> {
    let told = lists.indicators().diagnostics();
    if let Some(broken) = told.iter().find(|told| told.is_error()) {
        let path = Path::new(broken.path.as_deref().unwrap_or_default());
        let error = LoadError::new(path, "is no list of indicators that can be read").into();
        return Err(Refused { error, diagnostics: told.to_vec() });
    }
    let changes = Changes { indicators: Some(lists.indicators().len()), ..Changes::default() };
    let plan = old.with_indicators(lists);
    let forms = plan.compiled().map(|(id, _)| id).collect();
    Ok(Reload { plan, changes, forms })
}

/// Compiles what was compiled before, so that the new plan can do whatever the old one could.
fn compile(plan: Plan, old: &Plan) -> Result<Reload, Refused> {
    let changes = Changes::between(old.pack(), plan.pack());
    let mut forms: Vec<SourceId> = old.compiled().map(|(id, _)| id).collect();
    if forms.is_empty() {
        forms.push(plan.fixed().unwrap_or(plan.as_is()));
    }
    for id in &forms {
        plan.compile(*id)?;
        let Some(rules) = plan.rules(*id) else { continue };
        if rules.is_empty() && rules.counts().elsewhere == 0 {
            let path = plan.pack().paths().next().unwrap_or_default();
            let message = match plan.pack().paths().len() + plan.pack().diagnostics().len() {
                0 | 1 => "holds no rule that can be used".to_owned(),
                files => format!("holds no rule that can be used, nor does any other of {files} files"),
            };
            let error = LoadError::new(Path::new(path), message).into();
            let diagnostics = plan.pack().diagnostics().iter().chain(rules.diagnostics()).cloned().collect();
            return Err(Refused { error, diagnostics });
        }
    }
    Ok(Reload { plan, changes, forms })
}

/// How rules differ from those before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rules that are new.
    pub added: usize,
    /// Rules that are gone.
    pub removed: usize,
    /// Rules of the same id, or title, with another text.
    pub changed: usize,
    /// How many indicators there are now, when their lists were read anew.
    pub indicators: Option<usize>,
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, removed, changed, indicators } = self;
        if let Some(count) = indicators {
            let plural = if *count == 1 { "" } else { "s" };
            return write!(f, "{count} indicator{plural}, no other rules");
        }
        write!(f, "{added} added, {removed} removed, {changed} changed")
    }
}

impl Changes {
    /// Compares by id, else by title.
    #[must_use]
    pub fn between(old: &RulePack, new: &RulePack) -> Self {
        let (old, new) = (contents(old), contents(new));
        let added = new.keys().filter(|name| !old.contains_key(*name)).count();
        let removed = old.keys().filter(|name| !new.contains_key(*name)).count();
        let changed = new.iter().filter(|(name, text)| old.get(*name).is_some_and(|before| before != *text)).count();
        Self { added, removed, changed, indicators: None }
    }
}

/// The rules of a pack: id or title, and text.
fn contents(pack: &RulePack) -> BTreeMap<String, String> {
    if let Some(saved) = pack.saved() {
        let named = |rule: tieline::RuleInfo<'_>| {
            let metadata = rule.metadata();
            (metadata.identity().to_owned(), format!("{metadata:?}{}", rule.show()))
        };
        return saved.iter().map(named).collect();
    }
    let mut found = BTreeMap::new();
    for (path, text) in pack.texts() {
        for (number, document) in documents(text).enumerate() {
            let value = |key: &str| document.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
            let name = value("id:").or_else(|| value("title:")).map(str::to_owned);
            found.insert(name.unwrap_or_else(|| format!("{path} {number}")), document.to_owned());
        }
    }
    found
}

/// The YAML documents of a text that hold anything.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n---").map(str::trim).filter(|document| !document.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(texts: &[&str]) -> RulePack {
        RulePack::from_texts(texts.iter().enumerate().map(|(at, text)| (format!("{at}.yml"), (*text).to_owned())))
    }

    #[test]
    fn rules_are_compared_by_id_or_title_wherever_they_stand() {
        let old = pack(&["title: A\nid: 1\nlevel: low\n", "title: B\n---\ntitle: C\nlevel: low\n"]);
        let cases: [(&[&str], [usize; 3]); 4] = [
            (&["title: B\n", "title: C\nlevel: low\n---\ntitle: A\nid: 1\nlevel: low\n"], [0, 0, 0]),
            (&["title: A\nid: 1\nlevel: high\n", "title: B\n"], [0, 1, 1]),
            (&["title: A\nid: 2\nlevel: low\n", "title: B\n---\ntitle: C\nlevel: low\n"], [1, 1, 0]),
            (&[], [0, 3, 0]),
        ];
        for (texts, [added, removed, changed]) in cases {
            assert_eq!(
                Changes::between(&old, &pack(texts)),
                Changes { added, removed, changed, indicators: None },
                "{texts:?}"
            );
        }
    }
}
