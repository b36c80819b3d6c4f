//! What each transformation and condition does to small rules, and what is said about faults.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests stop at the first surprise, and say what they skip"
)]

mod cases;
mod limits;

use super::{Mapped, Outcome, Pipeline, Pipelines};
use crate::check::{Placeholders, Rule, show};
use crate::config::Limits;
use crate::diagnostic::Source;

/// The pipelines of a text.
fn pipelines(text: &str) -> Pipelines {
    let source = Source::new(Some("pipeline.yml"), text);
    let (pipelines, found) = Pipeline::parse(&source, &Limits::DEFAULT);
    assert!(found.is_empty(), "{text}\n{}", found.iter().map(|fault| format!("{fault}\n")).collect::<String>());
    Pipelines::new(pipelines)
}

/// What is said about a pipeline that has faults: code, line, message and help of each.
fn faults(text: &str, limits: &Limits) -> Vec<String> {
    let (pipelines, found) = Pipeline::parse(&Source::new(None, text), limits);
    let fatal = found.iter().any(crate::diagnostic::Diagnostic::is_error);
    assert!(!fatal || pipelines.is_empty(), "{text}");
    let help = |help: &Option<String>| help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    found.iter().map(|fault| format!("{} {}: {}{}", fault.code, fault.line, fault.message, help(&fault.help))).collect()
}

/// The one rule of a text.
fn rule(text: &str) -> Rule {
    let source = Source::new(Some("rule.yml"), text);
    let (documents, found) = crate::syntax::parse(&source, &Limits::DEFAULT);
    assert!(found.is_empty(), "{text}\n{found:?}");
    let mut pack = crate::check::check(documents, &crate::check::Options::default());
    assert!(!pack.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error), "{text}\n{:?}", pack.diagnostics);
    pack.rules.pop().unwrap()
}

fn apply(pipelines: &Pipelines, rule: Rule) -> Outcome {
    pipelines.apply(rule, &Limits::DEFAULT, &Placeholders::new())
}

/// What became of a rule, as text.
fn told(outcome: &Outcome) -> String {
    match &outcome.mapped {
        Mapped::Rule(rule) => show::show(rule),
        Mapped::Elsewhere => "elsewhere\n".to_owned(),
        Mapped::Refused(fault) => format!("{}: {}\n", fault.code, fault.message),
    }
}
