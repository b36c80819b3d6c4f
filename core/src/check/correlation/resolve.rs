//! References resolved: every correlation learns which rules and correlations it means.
//!
//! ```text
//! drafts: c → b, b → rule, x → y → x   ─▶   [b, c] in an order in which each stands behind what it
//!                                            refers to; x and y are told their circle and left out
//! ```
//!
//! Works in rounds over whatever is ready, never by recursion, so a long chain costs no stack. What a
//! correlation computes is not looked at here.

use super::read::{Draft, Written};
use super::{Alias, Correlation, CorrelationType, Criterion, Reference, Target};
use crate::check::{Options, Pack, Report, Rule, Test};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::number::Number;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Members of a circle that a message names.
const CIRCLE_SHOWN_MAX: usize = 10;

/// What a name or id stands for before correlations have found their place in the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Found {
    Rule(usize),
    Draft(usize),
}

/// What became of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Waiting,
    LeftOut,
    /// Its position in the pack, and how deep its chain of correlations is.
    Placed(usize, usize),
}

/// Puts every sound correlation into the pack; `left_out` holds ids and names of documents with faults.
pub(in crate::check) fn resolve(drafts: &[Draft], left_out: &HashSet<String>, options: &Options, pack: &mut Pack) {
    let index = index(&pack.rules, drafts);
    let edges: Vec<Vec<Option<Found>>> = drafts
        .iter()
        .map(|draft| draft.references.iter().map(|reference| index.get(reference.text.as_str()).copied()).collect())
        .collect();
    let mut resolver = Resolver { drafts, left_out, options, fates: vec![Fate::Waiting; drafts.len()], edges };
    let order = Waiting::new(&resolver.edges);
    order.visit(|at| resolver.place(at, &index, pack));
    resolver.circles(pack);
    for at in (0..drafts.len()).filter(|at| resolver.fate(*at) == Fate::Waiting).collect::<Vec<_>>() {
        // It waits for a member of a circle, which is left out by now.
        resolver.place(at, &index, pack);
    }
}

/// Who is known by which id or name; the first one wins, and doubles are told elsewhere.
fn index(rules: &[Rule], drafts: &[Draft]) -> HashMap<String, Found> {
    let rules = rules.iter().enumerate().map(|(at, rule)| (&rule.meta, Found::Rule(at)));
    let drafts = drafts.iter().enumerate().map(|(at, draft)| (&draft.meta, Found::Draft(at)));
    let all: Vec<_> = rules.chain(drafts).collect();
    let ids = all.iter().filter_map(|(meta, found)| Some((meta.id.clone()?, *found)));
    let names = all.iter().filter_map(|(meta, found)| Some((meta.name.clone()?, *found)));
    let mut index = HashMap::new();
    for (key, found) in ids.chain(names) {
        index.entry(key).or_insert(found);
    }
    index
}

/// Which drafts wait for how many others, and who is to be told when one is done.
struct Waiting {
    missing: Vec<usize>,
    dependents: Vec<Vec<usize>>,
}

impl Waiting {
    fn new(edges: &[Vec<Option<Found>>]) -> Self {
        let mut missing = vec![0; edges.len()];
        let mut dependents = vec![Vec::new(); edges.len()];
        for (at, found) in edges.iter().enumerate() {
            let needed: HashSet<usize> = found.iter().filter_map(|found| found.and_then(Found::draft)).collect();
            if let Some(count) = missing.get_mut(at) {
                *count = needed.len();
            }
            for on in needed {
                if let Some(waiting) = dependents.get_mut(on) {
                    waiting.push(at);
                }
            }
        }
        Self { missing, dependents }
    }

    /// Calls `each` for every draft that does not hang on a circle, after all that it refers to.
    fn visit(mut self, mut each: impl FnMut(usize)) {
        let mut ready: BTreeSet<usize> =
            self.missing.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| at).collect();
        while let Some(at) = ready.pop_first() {
            each(at);
            for dependent in self.dependents.get_mut(at).map(std::mem::take).unwrap_or_default() {
                if let Some(count) = self.missing.get_mut(dependent) {
                    *count -= 1;
                    if *count == 0 {
                        ready.insert(dependent);
                    }
                }
            }
        }
    }
}

impl Found {
    fn draft(self) -> Option<usize> {
        if let Self::Draft(at) = self { Some(at) } else { None }
    }
}

struct Resolver<'a> {
    drafts: &'a [Draft],
    left_out: &'a HashSet<String>,
    options: &'a Options,
    fates: Vec<Fate>,
    edges: Vec<Vec<Option<Found>>>,
}

impl Resolver<'_> {
    fn fate(&self, at: usize) -> Fate {
        self.fates.get(at).copied().unwrap_or(Fate::LeftOut)
    }

    fn settle(&mut self, at: usize, fate: Fate) {
        if let Some(slot) = self.fates.get_mut(at) {
            *slot = fate;
        }
    }

    /// Resolves one draft, all of whose references are settled.
    fn place(&mut self, at: usize, index: &HashMap<String, Found>, pack: &mut Pack) {
        let Some(draft) = self.drafts.get(at) else { return };
        let mut report = Report::new(&draft.origin.source, draft.label());
        let placed = self.references(at, draft, index, &mut report).and_then(|(references, depth)| {
            let max = self.options.limits.correlation_depth_max;
            if depth > max {
                let message = format!("a chain of {depth} correlations, but the limit is {max}");
                report.tell(Code::CorrelationLimit, draft.origin.span, message);
                return None;
            }
            let correlation = build(draft, references, index, &self.fates, &mut report)?;
            numeric(&correlation, draft, &pack.rules, &mut report);
            pack.correlations.push(correlation);
            Some(Fate::Placed(pack.correlations.len() - 1, depth))
        });
        pack.diagnostics.append(&mut report.found);
        self.settle(at, placed.unwrap_or(Fate::LeftOut));
    }

    /// The references with their targets, and the depth of the chain that ends here.
    fn references(
        &self,
        at: usize,
        draft: &Draft,
        index: &HashMap<String, Found>,
        report: &mut Report<'_>,
    ) -> Option<(Vec<Reference>, usize)> {
        let mut depth = 1;
        let mut references = Vec::with_capacity(draft.references.len());
        for (written, found) in draft.references.iter().zip(self.edges.get(at)?) {
            let Some(found) = found else {
                self.unresolved(written, index, report);
                continue;
            };
            let Some(target) = target(*found, &self.fates) else {
                left_out(&written.text, report.tell(Code::UnresolvedReference, written.span, ""));
                continue;
            };
            if let Some(Fate::Placed(_, inner)) = found.draft().map(|inner| self.fate(inner)) {
                depth = depth.max(inner + 1);
            }
            references.push(Reference { written: written.text.clone(), target, span: written.span });
        }
        (!report.failed()).then_some((references, depth))
    }

    fn unresolved(&self, written: &Written, index: &HashMap<String, Found>, report: &mut Report<'_>) {
        let text = &written.text;
        let told = report.tell(Code::UnresolvedReference, written.span, format!("there is no rule `{text}`"));
        if self.left_out.contains(text) {
            left_out(text, told);
        } else if let Some(near) = nearest(text, index.keys().map(String::as_str).collect::<BTreeSet<_>>()) {
            told.help = Some(format!("did you mean `{near}`?"));
        } else {
            told.help = Some("refer to the `id` or the `name` of a rule that is loaded together with it".to_owned());
        }
    }

    /// Tells and leaves out every correlation that is part of a circle.
    fn circles(&mut self, pack: &mut Pack) {
        // Following the first waiting reference of each waiting draft must lead into a circle.
        let next = |this: &Self, at: usize| -> Option<(usize, usize)> {
            let edges = this.edges.get(at)?;
            edges.iter().enumerate().find_map(|(position, found)| {
                let to = found.and_then(Found::draft)?;
                (this.fate(to) == Fate::Waiting).then_some((to, position))
            })
        };
        let mut walked = vec![0; self.drafts.len()];
        let mut circles: Vec<Vec<usize>> = Vec::new();
        for start in 0..self.drafts.len() {
            let walk = start + 1;
            let mut path = Vec::new();
            let mut at = start;
            while self.fate(at) == Fate::Waiting && walked.get(at) == Some(&0) {
                if let Some(mark) = walked.get_mut(at) {
                    *mark = walk;
                }
                path.push(at);
                let Some((to, _)) = next(self, at) else { break };
                at = to;
            }
            if walked.get(at) == Some(&walk)
                && let Some(begin) = path.iter().position(|member| *member == at)
            {
                circles.push(path.split_off(begin));
            }
        }
        for circle in &circles {
            for (shift, &at) in circle.iter().enumerate() {
                let (Some(draft), Some((_, position))) = (self.drafts.get(at), next(self, at)) else { continue };
                let span = draft.references.get(position).map_or(draft.origin.span, |reference| reference.span);
                let mut report = Report::new(&draft.origin.source, draft.label());
                let message = self.circle_message(circle, shift);
                report.advise(
                    Code::CorrelationCircle,
                    span,
                    message,
                    "a correlation can only build on what ends at rules",
                );
                pack.diagnostics.append(&mut report.found);
            }
        }
        for at in circles.into_iter().flatten() {
            self.settle(at, Fate::LeftOut);
        }
    }

    fn circle_message(&self, circle: &[usize], shift: usize) -> String {
        let name = |at: &usize| self.drafts.get(*at).map_or("", |draft| draft.called());
        if let [only] = circle {
            return format!("the correlation `{}` refers to itself", name(only));
        }
        let members = circle.iter().cycle().skip(shift).take(circle.len());
        let mut names: Vec<String> = members.take(CIRCLE_SHOWN_MAX).map(|at| format!("`{}`", name(at))).collect();
        if circle.len() > CIRCLE_SHOWN_MAX {
            names.push(format!("({} more)", circle.len() - CIRCLE_SHOWN_MAX));
        }
        names.extend(names.first().cloned());
        format!("correlations refer to each other in a circle: {}", names.join(" → "))
    }
}

impl Draft {
    fn label(&self) -> Option<&str> {
        Some(self.called()).filter(|label| !label.is_empty())
    }

    /// What to call it in a message.
    fn called(&self) -> &str {
        let title = Some(self.meta.title.as_str()).filter(|title| !title.is_empty());
        title.or(self.meta.name.as_deref()).or(self.meta.id.as_deref()).unwrap_or_default()
    }
}

fn target(found: Found, fates: &[Fate]) -> Option<Target> {
    match found {
        Found::Rule(at) => Some(Target::Rule(at)),
        Found::Draft(at) => match fates.get(at) {
            Some(Fate::Placed(position, _)) => Some(Target::Correlation(*position)),
            _ => None,
        },
    }
}

fn left_out(text: &str, told: &mut Diagnostic) {
    told.message = format!("the rule `{text}` was left out, so the correlation cannot be used");
    told.help = Some("mend the rule; its own diagnostic says what is wrong".to_owned());
}

fn build(
    draft: &Draft,
    references: Vec<Reference>,
    index: &HashMap<String, Found>,
    fates: &[Fate],
    report: &mut Report<'_>,
) -> Option<Correlation> {
    let rules = distinct(draft, references, report);
    let mut aliases = Vec::with_capacity(draft.aliases.len());
    for alias in &draft.aliases {
        let mut fields = Vec::new();
        for (written, field) in &alias.fields {
            let target = index.get(&written.text).and_then(|found| target(*found, fates));
            let positions = rules.iter().enumerate().filter(|(_, rule)| Some(rule.target) == target);
            let before = fields.len();
            fields.extend(positions.map(|(at, _)| (at, field.clone())));
            if fields.len() == before {
                let message = format!("alias `{}` names `{}`, which `rules` does not list", alias.name, written.text);
                let listed: Vec<String> = rules.iter().map(|rule| format!("`{}`", rule.written)).collect();
                let help = format!("`rules` lists {}", listed.join(", "));
                // A rule that is there is only of no use; a name that nothing has is a slip of the pen.
                let code = if target.is_some() { Code::MetadataInvalid } else { Code::CorrelationAlias };
                report.advise(code, written.span, message, help);
            }
        }
        aliases.push(Alias { name: alias.name.clone(), fields });
    }
    (!report.failed()).then(|| Correlation {
        meta: draft.meta.clone(),
        kind: draft.kind,
        rules,
        group_by: draft.group_by.clone(),
        aliases,
        timespan_ns: draft.timespan_ns,
        criterion: draft.criterion.clone(),
        fields: draft.fields.clone(),
        percentile: draft.percentile,
        learning: draft.learning,
        generate: draft.generate,
        origin: Some(draft.origin.clone()),
    })
}

/// Drops references to what is referred to already, but where each is a step of its own.
fn distinct(draft: &Draft, references: Vec<Reference>, report: &mut Report<'_>) -> Vec<Reference> {
    let steps = draft.kind == CorrelationType::TemporalOrdered || matches!(draft.criterion, Criterion::Expression(_));
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(references.len());
    for reference in references {
        let first = seen.insert(reference.target);
        if !first {
            let message = format!("`rules` lists `{}` twice", reference.written);
            report.tell(Code::MetadataInvalid, reference.span, message);
        }
        if first || steps {
            kept.push(reference);
        }
    }
    kept
}

/// Fields of the taxonomy that hold text in every event.
const TEXT_FIELDS: &[&str] = &[
    "CommandLine",
    "Computer",
    "ComputerName",
    "CurrentDirectory",
    "Description",
    "Image",
    "ImageLoaded",
    "OriginalFileName",
    "ParentCommandLine",
    "ParentImage",
    "SubjectUserName",
    "TargetFilename",
    "TargetImage",
    "TargetUserName",
    "User",
];

/// Warns when a numeric correlation reads a field that holds text.
fn numeric(correlation: &Correlation, draft: &Draft, rules: &[Rule], report: &mut Report<'_>) {
    let Some(name) = correlation.fields.first().filter(|_| correlation.kind.is_numeric()) else { return };
    let text = correlation.rules.iter().enumerate().find_map(|(at, reference)| {
        let field = correlation.field_of(name, at);
        let rule = if let Target::Rule(rule) = reference.target { rules.get(rule) } else { None };
        (TEXT_FIELDS.contains(&field) || rule.is_some_and(|rule| tests_text(rule, field))).then_some(field)
    });
    if let Some(field) = text {
        let message = format!("`{}` computes with numbers, but `{field}` holds text", correlation.kind.name());
        let help = "name a field with numbers; texts are left out of the computation";
        report.advise(Code::CorrelationNonNumeric, draft.field_span, message, help);
    }
}

/// Whether the rule itself compares the field with text that is no number.
fn tests_text(rule: &Rule, field: &str) -> bool {
    let mut found = false;
    rule.each_item(&mut |item| {
        found |= item.field.as_deref() == Some(field)
            && item.tests.iter().any(|test| match test {
                Test::Text(pattern) => pattern
                    .as_literal()
                    .is_some_and(|text| !text.is_empty() && Number::from_numeric_text(text).is_none()),
                Test::Cidr(_) => true,
                _ => false,
            });
    });
    found
}

/// Takes the correlations out of the pack that need rules for which `keep` says no, and numbers the rest of the rules anew.
pub(in crate::check) fn leave_out(pack: &mut Pack, keep: &[bool]) {
    let mut next = 0;
    let mut place = |kept: &bool| {
        next += usize::from(*kept);
        kept.then(|| next - 1)
    };
    let places: Vec<Option<usize>> = keep.iter().map(&mut place).collect();
    // INVARIANT: a correlation stands behind all it refers to, so one pass settles whole chains.
    let mut correlation_places: Vec<Option<usize>> = Vec::with_capacity(pack.correlations.len());
    let mut sound = Vec::with_capacity(pack.correlations.len());
    for mut correlation in std::mem::take(&mut pack.correlations) {
        let mut whole = true;
        for reference in &mut correlation.rules {
            let place = match reference.target {
                Target::Rule(at) => places.get(at).copied().flatten().map(Target::Rule),
                Target::Correlation(at) => correlation_places.get(at).copied().flatten().map(Target::Correlation),
            };
            match place {
                Some(target) => reference.target = target,
                None => {
                    whole = false;
                    if let Some(origin) = &correlation.origin {
                        let mut told = Diagnostic::new(Code::UnresolvedReference, &origin.source, reference.span, "");
                        told.rule = Some(correlation.meta.title.clone());
                        left_out(&reference.written, &mut told);
                        pack.diagnostics.push(told);
                    }
                }
            }
        }
        correlation_places.push(whole.then_some(sound.len()));
        if whole {
            sound.push(correlation);
        }
    }
    pack.correlations = sound;
}
