//! Filters: conditions that are joined to rules written elsewhere.
//!
//! ```text
//! rule:   selection                       ─▶   selection and (not admins)
//! filter: not admins   (rules: [rule])         └ the filter's own selections, kept apart
//! ```
//!
//! A filter finds its rules by id, by name, or takes `any`; its log source must contain the rule's. Its
//! condition says what may remain, so one without `not` is usually a mistake and gets a warning.

use super::metadata::{self, LogSource, Metadata};
use super::{Branch, Condition, Options, Origin, Pack, Report, Rule, branch, lint};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Document;
use crate::syntax::document::Detection;
use crate::syntax::yaml::Node;

/// A filter, ready to be joined to rules.
pub(super) struct Filter {
    meta: Metadata,
    logsource: LogSource,
    rules: Targets,
    branch: Branch,
    origin: Origin,
}

enum Targets {
    Any,
    Named(Vec<String>),
}

/// Checks one filter; faults are told and `None` comes back.
pub(super) fn read(
    document: &Document,
    rules: Option<&Node>,
    detection: &Detection,
    options: &Options,
    report: &mut Report<'_>,
) -> Option<Filter> {
    let meta = metadata::read(document, report);
    let logsource = metadata::logsource(document, report);
    if document.root.get("logsource").is_none() {
        report.tell(Code::FilterMissing, document.span, "a filter needs a `logsource` section");
    }
    let rules = targets(document, rules, report);
    let branch = branch(detection, options, report);
    lint::document(document, branch.as_ref(), options.lint, report);
    let (rules, branch) = (rules?, branch?);
    if !has_not(&branch.condition) {
        let message = "the filter has no `not`: only events that its selections describe remain";
        let span = detection.conditions.first().map_or(detection.span, |(_, span)| *span);
        report.advise(Code::FilterWithoutNot, span, message, "to take events away, write `condition: not selection`");
    }
    let origin = Origin { source: document.source.clone(), span: document.span };
    (!report.failed()).then_some(Filter { meta, logsource, rules, branch, origin })
}

fn targets(document: &Document, rules: Option<&Node>, report: &mut Report<'_>) -> Option<Targets> {
    let Some(node) = rules.filter(|node| !node.is_null()) else {
        let help = "list ids or names of rules, or write `any`";
        report.advise(Code::FilterMissing, document.span, "a filter needs `rules`", help);
        return None;
    };
    let items = node.as_list().unwrap_or(std::slice::from_ref(node));
    items.iter().for_each(|item| report.expect_text("rules", item));
    let names: Option<Vec<String>> = items.iter().map(|item| item.text().map(str::to_owned)).collect();
    match names {
        Some(names) if names.iter().any(|name| name.eq_ignore_ascii_case("any")) => Some(Targets::Any),
        Some(names) if !names.is_empty() => Some(Targets::Named(names)),
        _ => {
            report.tell(Code::FilterMissing, node.span, "`rules` must list ids or names of rules, or be `any`");
            None
        }
    }
}

fn has_not(condition: &Condition) -> bool {
    match condition {
        Condition::Not(_) => true,
        Condition::And(parts) | Condition::Or(parts) => parts.iter().any(has_not),
        Condition::Selection(_) | Condition::Of { .. } => false,
    }
}

/// Joins every filter to the rules it means. A filter that means none is told.
pub(super) fn apply(filters: &[Filter], pack: &mut Pack) {
    for filter in filters {
        let mut applied = false;
        for rule in pack.rules.iter_mut().filter(|rule| filter.means(rule)) {
            filter.join(rule);
            applied = true;
        }
        if !applied {
            let origin = &filter.origin;
            let message = "the filter applies to no rule";
            let mut told = Diagnostic::new(Code::FilterMatchesNothing, &origin.source, origin.span, message)
                .help("check the ids or names under `rules`, and that its log source contains theirs");
            told.rule = Some(filter.meta.title.clone());
            pack.diagnostics.push(told);
        }
    }
}

impl Filter {
    fn means(&self, rule: &Rule) -> bool {
        let named = match &self.rules {
            Targets::Any => true,
            Targets::Named(names) => {
                let is = |own: &Option<String>| own.as_ref().is_some_and(|own| names.contains(own));
                is(&rule.meta.id) || is(&rule.meta.name)
            }
        };
        named && self.logsource.contains(&rule.logsource)
    }

    fn join(&self, rule: &mut Rule) {
        for branch in &mut rule.branches {
            let shift = branch.selections.len();
            let label = if self.meta.title.is_empty() { "filter" } else { &self.meta.title };
            branch.selections.extend(self.branch.selections.iter().cloned().map(|mut selection| {
                selection.name = format!("{label}/{}", selection.name);
                selection
            }));
            let own = std::mem::replace(&mut branch.condition, Condition::And(Vec::new()));
            branch.condition = Condition::And(vec![own, shifted(&self.branch.condition, shift)]);
        }
    }
}

/// The condition with every selection moved up by `shift`.
fn shifted(condition: &Condition, shift: usize) -> Condition {
    let all = |parts: &[Condition]| parts.iter().map(|part| shifted(part, shift)).collect();
    match condition {
        Condition::Selection(at) => Condition::Selection(at + shift),
        Condition::Of { count, selections, written } => Condition::Of {
            count: *count,
            selections: selections.iter().map(|at| at + shift).collect(),
            written: written.clone(),
        },
        Condition::Not(inner) => Condition::Not(Box::new(shifted(inner, shift))),
        Condition::And(parts) => Condition::And(all(parts)),
        Condition::Or(parts) => Condition::Or(all(parts)),
    }
}
