//! Processing pipelines: how rules are fitted to the events they will see.
//!
//! ```text
//! rule ─▶ does its log source fit the events? ─▶ steps of each pipeline, by priority ─▶ mapped rule
//!           └ no: it goes elsewhere                 └ one refuses it: told, left out
//!
//! EventID, Channel      ◀── add_condition ── category: process_creation
//! winlog.event_data.X   ◀── field_name_prefix ── X
//! ```
//!
//! Pipelines are read from YAML in the form of pySigma's, with two additions: `alternatives` and `source`.
//! They work on checked rules, once, before these are compiled; an event never meets a pipeline. What is
//! about query text (postprocessing, finalizers, query expressions) is refused when the pipeline is read.

mod attribute;
mod condition;
mod draft;
mod hashes;
mod params;
mod rename;
mod require;
mod source;
mod step;
#[cfg(test)]
mod tests;
mod text;
mod values;

pub use source::SourceInfo;

use crate::check::{LogSource, Placeholders, Rule, Test};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span, nearest};
use crate::syntax::yaml::{self, Node};
use crate::text::Texts;
use draft::{Change, Draft};
use params::{Params, Reader};
use step::{Run, Step};
use values::{Missing, Names};

/// One pipeline, read and ready to be applied.
#[derive(Debug)]
pub(crate) struct Pipeline {
    name: String,
    priority: i64,
    vars: Placeholders,
    steps: Vec<Step>,
    source_info: Option<SourceInfo>,
    origin: Source,
    span: Span,
}

const KEYS: &[&str] =
    &["name", "priority", "vars", "transformations", "source", "allowed_backends", "postprocessing", "finalizers"];

impl Pipeline {
    /// Reads the pipelines of a text, one per document. When one has a fault, none comes back.
    pub(crate) fn parse(source: &Source, limits: &Limits) -> (Vec<Self>, Vec<Diagnostic>) {
        let (nodes, found) = yaml::read(source, limits);
        let mut reader = Reader { source, limits, found, steps: 0 };
        if nodes.is_empty() && reader.found.is_empty() {
            reader.refuse::<()>(Code::PipelineSyntax, Span::default(), "there is no pipeline here");
        }
        let pipelines: Vec<Self> = nodes.iter().filter_map(|node| Self::read(node, &mut reader)).collect();
        let failed = reader.found.iter().any(Diagnostic::is_error);
        (if failed { Vec::new() } else { pipelines }, reader.found)
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut params = Params::new(node, "a pipeline", reader)?;
        let name = params.text("name", reader);
        let priority = match params.text("priority", reader).map(|text| text.parse()) {
            Some(Ok(priority)) => priority,
            Some(Err(_)) => {
                reader.refuse::<()>(Code::PipelineParameter, node.span, "`priority` must be a whole number");
                0
            }
            None => 0,
        };
        let vars = match params.get("vars") {
            Some(node) => read_vars(node, &params, reader),
            None => Placeholders::new(),
        };
        let steps = match params.get("transformations").filter(|node| !node.is_null()) {
            Some(node) => step::read_all(node, 1, reader),
            None => Some(Vec::new()),
        };
        let source_info = params.get("source").and_then(|node| SourceInfo::read(node, reader));
        for (key, what) in [("postprocessing", "changes query text"), ("finalizers", "puts query text together")] {
            if let Some(node) = params.get(key).filter(|node| node.as_list() != Some(&[])) {
                let message = format!("`{key}` {what}, and Tieline evaluates rules without a query");
                let help = format!("remove `{key}`; the transformations do not need it");
                reader.advise::<()>(Code::TransformationUnsupported, node.span, message, help);
            }
        }
        for (key, _) in node.as_map().unwrap_or_default() {
            let text = key.text().unwrap_or("null");
            if KEYS.contains(&text) {
                continue;
            }
            let message = format!("a pipeline has no key `{text}`");
            let help = match nearest(text, KEYS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has: {}", KEYS.join(", ")),
            };
            reader.advise::<()>(Code::UnknownKey, key.span, message, help);
        }
        let name = name.or_else(|| source_info.as_ref().map(|source| source.name.clone()));
        let name = name.or_else(|| reader.source.name().map(str::to_owned)).unwrap_or_else(|| "pipeline".to_owned());
        let origin = reader.source.clone();
        Some(Self { name, priority, vars, steps: steps?, source_info, origin, span: node.span })
    }

    /// What the pipeline is called in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What kind of events it is for, when it says so.
    pub(crate) fn source_info(&self) -> Option<&SourceInfo> {
        self.source_info.as_ref()
    }
}

fn read_vars(node: &Node, params: &Params<'_>, reader: &mut Reader<'_>) -> Placeholders {
    let mut vars = Placeholders::new();
    let Some(entries) = node.as_map() else {
        params.wrong::<()>("vars", "a map of names to values", node, reader);
        return vars;
    };
    for (name, value) in entries {
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        let values: Option<Texts> = items.iter().map(Node::text).collect();
        match (name.text(), values) {
            (Some(name), Some(values)) => {
                vars.insert(name.to_owned(), values);
            }
            _ => {
                params.wrong::<()>("vars", "a map of names to values", value, reader);
            }
        }
    }
    vars
}

/// Why a rule cannot be fitted.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: Code,
    message: String,
}

impl Refusal {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn unresolved(name: &str) -> Self {
        Self::new(Code::PlaceholderUnresolved, format!("the placeholder `%{name}%` has no values in `vars`"))
    }

    fn too_many_values(max: usize) -> Self {
        Self::new(Code::PipelineLimit, format!("the rule has more than {max} values"))
    }

    fn nothing_left() -> Self {
        Self::new(Code::PipelineFailure, "nothing of the rule's condition is left")
    }
}

/// What became of a rule.
#[derive(Debug)]
pub(crate) enum Mapped {
    Rule(Box<Rule>),
    /// The rule is about other events; that is no fault.
    Elsewhere,
    /// A pipeline refuses the rule, and this is why.
    Refused(Box<Diagnostic>),
}

/// A rule after all pipelines, and which of them did anything to it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) mapped: Mapped,
    /// One flag for each pipeline, in the order of [`Pipelines::iter`].
    pub(crate) used: Vec<bool>,
}

/// Pipelines in the order in which they are applied.
#[derive(Debug, Default)]
pub(crate) struct Pipelines {
    pipelines: Vec<Pipeline>,
    vars: Placeholders,
}

impl Pipelines {
    /// Orders pipelines by priority, lowest first; those of equal priority stay in the order given. Their
    /// `vars` are common, and a later one wins.
    pub(crate) fn new(mut pipelines: Vec<Pipeline>) -> Self {
        pipelines.sort_by_key(|pipeline| pipeline.priority);
        let vars = pipelines.iter().flat_map(|pipeline| pipeline.vars.clone()).collect();
        Self { pipelines, vars }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pipelines.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pipeline> {
        self.pipelines.iter()
    }

    /// What kind of events the pipelines are for: what the last of them says that knows its events by sight.
    pub(crate) fn source(&self) -> Option<&SourceInfo> {
        let mut sources = self.pipelines.iter().rev().filter_map(Pipeline::source_info);
        sources.clone().find(|source| source.has_signs()).or_else(|| sources.next())
    }

    /// Whether rules of this log source can be about the events that the pipelines are for.
    pub(crate) fn admits(&self, rule: &LogSource) -> bool {
        self.pipelines.iter().filter_map(Pipeline::source_info).all(|source| source.admits(rule))
    }

    /// Fits a rule. `placeholders` are the caller's lists, for conditions that pipelines add.
    pub(crate) fn apply(&self, rule: Rule, limits: &Limits, placeholders: &Placeholders) -> Outcome {
        let mut used = vec![false; self.pipelines.len()];
        if !self.admits(&rule.logsource) {
            return Outcome { mapped: Mapped::Elsewhere, used };
        }
        if self.is_empty() {
            return Outcome { mapped: Mapped::Rule(Box::new(rule)), used };
        }
        let Rule { meta, logsource, branches, origin } = rule;
        let run = Run { vars: &self.vars, limits };
        let drafts =
            branches.into_iter().map(|branch| Draft::new(branch, &logsource, &meta, limits.rule_values_max)).collect();
        let mapped = match self.run(drafts, &run, placeholders, &mut used) {
            Ok(drafts) => {
                let meta = joined(&drafts, meta);
                let logsource = common(&drafts, logsource);
                let branches = drafts.into_iter().map(Draft::into_branch).collect();
                Mapped::Rule(Box::new(Rule { meta, logsource, branches, origin }))
            }
            Err((pipeline, refusal)) => {
                let name = self.pipelines.get(pipeline).map(Pipeline::name).unwrap_or_default();
                let message = format!("the pipeline `{name}` refuses the rule: {}", refusal.message);
                let diagnostic = match &origin {
                    Some(origin) => Diagnostic::new(refusal.code, &origin.source, origin.span, message),
                    None => Diagnostic::without_place(refusal.code, None, message),
                };
                Mapped::Refused(Box::new(diagnostic.about(meta.identity())))
            }
        };
        Outcome { mapped, used }
    }

    fn run(
        &self,
        mut drafts: Vec<Draft>,
        run: &Run<'_>,
        placeholders: &Placeholders,
        used: &mut [bool],
    ) -> Result<Vec<Draft>, (usize, Refusal)> {
        for (at, (pipeline, used)) in self.pipelines.iter().zip(used).enumerate() {
            drafts.iter_mut().for_each(|draft| draft.facts.changed = false);
            match step::apply_all(&pipeline.steps, drafts, run) {
                Ok(made) => drafts = made,
                Err(refusal) => {
                    *used = true;
                    return Err((at, refusal));
                }
            }
            *used = drafts.iter().any(|draft| draft.facts.changed);
        }
        let last = self.pipelines.len().saturating_sub(1);
        for draft in &mut drafts {
            fill_rest(draft, placeholders, run).map_err(|refusal| (last, refusal))?;
        }
        Ok(drafts)
    }

    /// What fields of a rule are called after all pipelines, one list for each name; for correlations.
    pub(crate) fn fields(&self, rule: &Rule, names: &[String], limits: &Limits) -> Vec<Vec<String>> {
        let renamed = |name: &String| {
            let mut asked = rule.clone();
            asked.meta.fields = vec![name.clone()];
            match self.apply(asked, limits, &Placeholders::new()).mapped {
                Mapped::Rule(mapped) => mapped.meta.fields,
                _ => vec![name.clone()],
            }
        };
        names.iter().map(renamed).collect()
    }

    /// A warning for each pipeline that did nothing to any rule; `used` joins the flags of all outcomes.
    ///
    /// One that says what events it is for has done its part with that, and so have those of the same text.
    pub(crate) fn unused(&self, used: &[bool]) -> Vec<Diagnostic> {
        let text = |pipeline: &Pipeline| pipeline.origin.text().as_ptr();
        let busy = |at: *const u8| {
            self.pipelines
                .iter()
                .zip(used)
                .any(|(pipeline, used)| text(pipeline) == at && (*used || pipeline.source_info.is_some()))
        };
        let idle = self.pipelines.iter().zip(used).filter(|(pipeline, _)| !busy(text(pipeline)));
        let idle = idle.filter(|(pipeline, _)| !pipeline.steps.is_empty());
        idle.map(|(pipeline, _)| {
            let message = format!("the pipeline `{}` changes no rule of the pack", pipeline.name);
            Diagnostic::new(Code::PipelineUnused, &pipeline.origin, pipeline.span, message)
        })
        .collect()
    }
}

/// Placeholders that are left, filled from the caller's lists where these have them.
fn fill_rest(draft: &mut Draft, lists: &Placeholders, run: &Run<'_>) -> Result<(), Refusal> {
    if lists.is_empty() || !draft.items().iter().flat_map(|item| &item.tests).any(is_open) {
        return Ok(());
    }
    draft.rewrite(&mut |mut work, _| {
        for test in work.item.tests.iter_mut().filter(|test| is_open(test)) {
            let mut filled = Vec::new();
            for leaf in condition::leaves(std::slice::from_ref(test)) {
                filled.extend(match &*leaf {
                    Test::Text(pattern) => Names::all().fill(pattern, lists, Missing::Kept, run)?,
                    Test::Regex(regex) if regex.placeholders => values::fill_regex(regex, lists, run)?,
                    other => vec![other.clone()],
                });
            }
            *test = Test::any_of(filled);
        }
        Ok(Change::Keep(work))
    })
}

/// Whether a placeholder is left in the test.
fn is_open(test: &Test) -> bool {
    match test {
        Test::Text(pattern) => pattern.has_placeholder(),
        Test::Regex(regex) => regex.placeholders,
        Test::AnyOf(tests) => tests.iter().any(is_open),
        _ => false,
    }
}

/// The metadata of all branches: fields of any, attributes of any.
fn joined(drafts: &[Draft], mut meta: crate::check::Metadata) -> crate::check::Metadata {
    meta.fields.clear();
    let mut custom = serde_json::Map::new();
    for draft in drafts {
        for field in &draft.meta.fields {
            if !meta.fields.contains(field) {
                meta.fields.push(field.clone());
            }
        }
        custom.extend(serde_json::from_str::<serde_json::Map<_, _>>(&draft.meta.custom).unwrap_or_default());
    }
    meta.custom = serde_json::Value::Object(custom).to_string();
    meta
}

/// The log source of all branches, or that of the rule when they differ.
fn common(drafts: &[Draft], own: LogSource) -> LogSource {
    let (first, rest) = match drafts.split_first() {
        Some(parts) => parts,
        None => return own,
    };
    if rest.iter().all(|draft| draft.logsource == first.logsource) {
        LogSource { definition: own.definition, ..first.logsource.clone() }
    } else {
        own
    }
}
