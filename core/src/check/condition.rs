//! Conditions with their names resolved to selections.
//!
//! ```text
//! "1 of sel_* and not f"   ─▶   And [ Of { 1, [0, 1] }, Not (Selection 2) ]
//! ```
//!
//! A list of conditions is joined with `or`. Selections that no condition uses are told, because they are
//! usually a slip of the pen.

use super::{Condition, Options, Report};
use crate::diagnostic::{Code, Span, nearest};
use crate::syntax::condition::{self as written, Count, Pattern};
use crate::syntax::document::Detection;

/// Parses and resolves the conditions of a detection section.
pub(super) fn resolve(detection: &Detection, options: &Options, report: &mut Report<'_>) -> Option<Condition> {
    let names: Vec<&str> = detection.selections.iter().map(|selection| selection.name.as_str()).collect();
    let mut resolver = Resolver::new(names, Over::Selections, report);
    let mut resolved = Vec::new();
    for (text, span) in &detection.conditions {
        let parsed = match written::parse(text, resolver.report.source, *span, &options.limits) {
            Ok(parsed) => parsed,
            Err(fault) => {
                resolver.report.push(*fault);
                return None;
            }
        };
        resolved.push(resolver.resolve(parsed)?);
    }
    let Resolver { used, report, .. } = resolver;
    for (selection, _) in detection.selections.iter().zip(used).filter(|(_, used)| !used) {
        let message = format!("selection `{}` is not used by the condition", selection.name);
        report.tell(Code::UnusedSelection, selection.span, message);
    }
    if resolved.len() == 1 { resolved.pop() } else { Some(Condition::Or(resolved)) }
}

/// Resolves an expression over the rules of a correlation, and says which of them it uses.
pub(super) fn over_rules(
    names: Vec<&str>,
    parsed: written::Condition,
    report: &mut Report<'_>,
) -> Option<(Condition, Vec<bool>)> {
    let mut resolver = Resolver::new(names, Over::Rules, report);
    let resolved = resolver.resolve(parsed)?;
    Some((resolved, resolver.used))
}

/// What the names of a condition stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Selections,
    Rules,
}

struct Resolver<'a, 'b> {
    names: Vec<&'a str>,
    used: Vec<bool>,
    over: Over,
    report: &'a mut Report<'b>,
}

impl<'a, 'b> Resolver<'a, 'b> {
    fn new(names: Vec<&'a str>, over: Over, report: &'a mut Report<'b>) -> Self {
        Self { used: vec![false; names.len()], names, over, report }
    }

    fn resolve(&mut self, condition: written::Condition) -> Option<Condition> {
        match condition {
            written::Condition::Name { name, span } => self.name(&name, span),
            written::Condition::Of { count, pattern, span } => self.quantifier(count, &pattern, span),
            written::Condition::Not(inner) => Some(Condition::Not(Box::new(self.resolve(*inner)?))),
            written::Condition::And(parts) => self.all(parts).map(Condition::And),
            written::Condition::Or(parts) => self.all(parts).map(Condition::Or),
        }
    }

    fn all(&mut self, parts: Vec<written::Condition>) -> Option<Vec<Condition>> {
        let resolved: Vec<_> = parts.into_iter().map(|part| self.resolve(part)).collect();
        resolved.into_iter().collect()
    }

    fn name(&mut self, name: &str, span: Span) -> Option<Condition> {
        if let Some(at) = self.names.iter().position(|known| *known == name) {
            self.mark(at);
            return Some(Condition::Selection(at));
        }
        let (code, message) = match self.over {
            Over::Selections => {
                (Code::UndefinedSelection, format!("the condition names `{name}`, but there is no such selection"))
            }
            Over::Rules => {
                (Code::CorrelationCondition, format!("the condition names `{name}`, which `rules` does not list"))
            }
        };
        let help = match nearest(name, self.names.iter().copied()) {
            Some(near) if name.strip_prefix('!') == Some(near) => format!("write `not {near}`"),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", self.names.join(", ")),
        };
        self.report.advise(code, span, message, help);
        None
    }

    fn quantifier(&mut self, count: Count, pattern: &Pattern, span: Span) -> Option<Condition> {
        let selections: Vec<usize> =
            (0..self.names.len()).filter(|at| self.names.get(*at).is_some_and(|name| pattern.matches(name))).collect();
        let shown = match pattern {
            Pattern::Them => "them",
            Pattern::Names(pattern) => pattern,
        };
        if selections.is_empty() {
            let noun = if self.over == Over::Selections { "selection" } else { "rule" };
            let message = format!("`{shown}` matches no {noun}");
            self.report.advise(
                Code::PatternMatchesNothing,
                span,
                message,
                format!("there are: {}", self.names.join(", ")),
            );
            return None;
        }
        selections.iter().for_each(|at| self.mark(*at));
        let (needed, quantifier) = match count {
            Count::All => (selections.len(), "all".to_owned()),
            Count::AtLeast(needed) => (usize::try_from(needed).unwrap_or(usize::MAX), needed.to_string()),
        };
        if needed > selections.len() {
            let message = format!("`{needed} of {shown}` asks for more than match, which is {}", selections.len());
            self.report.tell(Code::CountOutOfRange, span, message);
            return None;
        }
        if needed > 1 && count != Count::All {
            let message = format!("`{needed} of` is an extension; the specification has `1 of` and `all of`");
            self.report.tell(Code::NotPortable, span, message);
        }
        if count == Count::All && *pattern == Pattern::Them && self.over == Over::Selections {
            let help = "name the selections with a common beginning and write `all of selection_*`";
            self.report.advise(Code::ConventionThem, span, "`all of them` leaves no room for a filter", help);
        }
        Some(Condition::Of { count: needed, selections, written: format!("{quantifier} of {shown}") })
    }

    fn mark(&mut self, at: usize) {
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
    }
}
