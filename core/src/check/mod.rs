//! What is meant: documents become checked rules, correlations and filters.
//!
//! ```text
//! Document ─▶ metadata · selections (modifiers applied) · condition (names resolved) ─▶ Rule
//!                                             filters are joined to the rules they mean ─▶ Pack
//! ```
//!
//! A fault sinks the one rule it is in and is told; the others load. This room compiles nothing: it knows
//! neither slots nor automata, and it never sees an event.

mod condition;
mod encode;
mod filter;
mod lower;
pub(crate) mod metadata;
pub(crate) mod pattern;
pub(crate) mod placeholder;
pub(crate) mod regex;
pub(crate) mod rule;

pub use metadata::{Level, LogSource, Metadata, Related, Status};
pub(crate) use pattern::{Part, Pattern};
pub(crate) use placeholder::Placeholders;
pub(crate) use rule::{
    Anchor, Body, Branch, Condition, FieldRef, Item, Join, Origin, Regex, Relation, Rule, Selection, Test, TimePart,
};

use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span};
use crate::syntax::{self, Document};

/// What the caller says about how rules are to be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) placeholders: Placeholders,
}

/// Everything that a set of documents means.
#[derive(Debug, Default)]
pub(crate) struct Pack {
    pub(crate) rules: Vec<Rule>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Collects what is found about one document.
pub(crate) struct Report<'a> {
    pub(crate) source: &'a Source,
    pub(crate) label: Option<&'a str>,
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(source: &'a Source, label: Option<&'a str>) -> Self {
        Self { source, label, found: Vec::new() }
    }

    /// Notes a finding.
    pub(crate) fn tell(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let mut diagnostic = Diagnostic::new(code, self.source, span, message);
        diagnostic.rule = self.label.map(str::to_owned);
        self.found.push(diagnostic);
        // INVARIANT: one was pushed just now, so there is a last one.
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Notes a finding with a help text.
    pub(crate) fn advise(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.tell(code, span, message).help = Some(help.into());
    }

    pub(crate) fn failed(&self) -> bool {
        self.found.iter().any(Diagnostic::is_error)
    }
}

/// Checks all documents of a pack together, so that filters find their rules.
pub(crate) fn check(documents: &[Document], options: &Options) -> Pack {
    let mut pack = Pack::default();
    let mut filters = Vec::new();
    for document in documents {
        let mut report = Report::new(&document.source, document.label());
        match &document.kind {
            syntax::Kind::Rule(detection) => {
                let meta = metadata::read(document, &mut report);
                let logsource = metadata::logsource(document, &mut report);
                let branch = branch(detection, options, &mut report);
                if let (Some(branch), false) = (branch, report.failed()) {
                    let origin = Some(Origin { source: document.source.clone(), span: document.span });
                    pack.rules.push(Rule { meta, logsource, branches: vec![branch], origin });
                }
            }
            syntax::Kind::Filter { rules, detection } => {
                filters.extend(filter::read(document, rules.as_ref(), detection, options, &mut report));
            }
            syntax::Kind::Correlation(_) => {}
        }
        pack.diagnostics.append(&mut report.found);
    }
    filter::apply(&filters, &mut pack);
    pack
}

/// Selections and condition of a rule or a filter.
fn branch(detection: &syntax::document::Detection, options: &Options, report: &mut Report<'_>) -> Option<Branch> {
    let mut values = 0;
    let selections: Option<Vec<Selection>> = detection
        .selections
        .iter()
        .map(|selection| {
            let body = lower::body(&selection.body, options, &mut values, report)?;
            Some(Selection { name: selection.name.clone(), body })
        })
        .collect();
    let condition = condition::resolve(detection, options, report);
    Some(Branch { label: String::new(), selections: selections?, condition: condition? })
}
