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
#[cfg(test)]
mod corpus_tests;
pub(crate) mod correlation;
mod encode;
mod filter;
pub(crate) mod lint;
pub(crate) mod list;
mod lower;
pub(crate) mod metadata;
mod needs;
mod nested;
pub(crate) mod pattern;
pub(crate) mod placeholder;
pub(crate) mod regex;
pub(crate) mod rule;
pub(crate) mod show;
#[cfg(test)]
mod tests;
mod windash;

pub(crate) use crate::number::Relation;
pub(crate) use crate::text::Anchor;
pub(crate) use crate::time::TimePart;
pub(crate) use correlation::{Correlation, Target};
pub(crate) use lint::LintOptions;
pub(crate) use list::{List, Networks};
pub use metadata::{Level, LogSource, Metadata, Related, Status};
pub use needs::Needs;
pub(crate) use pattern::{Part, Pattern};
pub(crate) use placeholder::Placeholders;
pub(crate) use rule::{Body, Branch, Condition, FieldRef, Item, Join, Origin, Regex, Rule, Selection, Test};

use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Disabled, Source, Span, clipped};
use crate::syntax::yaml::{Node, Scalar};
use crate::syntax::{self, Document};
use std::collections::HashSet;

/// What the caller says about how rules are to be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) limits: Limits,
    pub(crate) placeholders: Placeholders,
    pub(crate) lint: LintOptions,
    /// Warnings and notes that `check` does not tell; what `syntax` found is the caller's to filter.
    pub(crate) disabled: Disabled,
}

/// Everything that a set of documents means.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pack {
    pub(crate) rules: Vec<Rule>,
    /// Each stands behind all correlations that it refers to.
    pub(crate) correlations: Vec<Correlation>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many documents and filters there were, sound or not.
    pub(crate) documents: usize,
    pub(crate) filters: usize,
}

#[cfg_attr(not(test), expect(dead_code, reason = "read once correlations are evaluated"))]
impl Pack {
    /// Whether each rule gives alerts of its own: not when a correlation without `generate` refers to it.
    pub(crate) fn rules_that_alert(&self) -> Vec<bool> {
        self.alerting(self.rules.len(), |target| if let Target::Rule(at) = target { Some(at) } else { None })
    }

    /// The same for each correlation.
    pub(crate) fn correlations_that_alert(&self) -> Vec<bool> {
        self.alerting(
            self.correlations.len(),
            |target| if let Target::Correlation(at) = target { Some(at) } else { None },
        )
    }

    fn alerting(&self, length: usize, position: impl Fn(Target) -> Option<usize>) -> Vec<bool> {
        let mut alerting = vec![true; length];
        let silent = self.correlations.iter().filter(|correlation| !correlation.generate);
        for at in silent.flat_map(|correlation| &correlation.rules).filter_map(|rule| position(rule.target)) {
            if let Some(alerts) = alerting.get_mut(at) {
                *alerts = false;
            }
        }
        alerting
    }
}

impl Pack {
    /// Takes out the correlations that cannot do without rules that a later stage leaves out.
    ///
    /// `keep` has one entry for each rule, and rules are numbered anew without those; what is taken out is told with `TL0044`.
    pub(crate) fn leave_out(&mut self, keep: &[bool]) {
        correlation::leave_out(self, keep);
    }
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
        diagnostic.rule = self.label.map(|label| clipped(label.to_owned()));
        self.found.push(diagnostic);
        // INVARIANT: one was pushed just now, so there is a last one.
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Notes a finding with a help text.
    pub(crate) fn advise(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.tell(code, span, message).help = Some(clipped(help.into()));
    }

    /// Notes a scalar that stands where only texts belong; it is taken as it is spelled.
    pub(crate) fn expect_text(&mut self, key: &str, node: &Node) {
        if node.text().is_some() && !matches!(node.scalar(), Some(Scalar::Text(_))) {
            let message = format!("`{key}` must hold texts, not {}", node.noun());
            self.advise(Code::MetadataInvalid, node.span, message, "put it in quotes");
        }
    }

    /// Notes a finding that was made elsewhere.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.rule = self.label.map(|label| clipped(label.to_owned()));
        self.found.push(diagnostic);
    }

    pub(crate) fn failed(&self) -> bool {
        self.found.iter().any(Diagnostic::is_error)
    }
}

/// Checks documents one by one; what concerns them all is checked at the end.
pub(crate) struct Checker<'a> {
    options: &'a Options,
    pack: Pack,
    filters: Vec<filter::Filter>,
    correlations: Vec<correlation::Draft>,
    left_out: HashSet<String>,
    /// What was seen, without the parts that are checked and done with.
    documents: Vec<Document>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self {
            options,
            pack: Pack::default(),
            filters: Vec::new(),
            correlations: Vec::new(),
            left_out: HashSet::new(),
            documents: Vec::new(),
        }
    }

    /// Checks one document by itself.
    pub(crate) fn add(&mut self, mut document: Document) {
        let options = self.options;
        let mut report = Report::new(&document.source, document.label());
        match &document.kind {
            syntax::Kind::Rule(detection) => {
                let meta = metadata::read(&document, &mut report);
                let logsource = metadata::logsource(&document, &mut report);
                let branch = branch(detection, options, &mut report);
                lint::document(&document, branch.as_ref(), options.lint, &mut report);
                if let (Some(branch), false) = (branch, report.failed()) {
                    let origin = Some(Origin { source: document.source.clone(), span: document.span });
                    self.pack.rules.push(Rule { meta, logsource, branches: vec![branch], origin });
                }
            }
            syntax::Kind::Filter { rules, detection } => {
                self.filters.extend(filter::read(&document, rules.as_ref(), detection, options, &mut report));
            }
            syntax::Kind::Correlation(section) => {
                self.correlations.extend(correlation::read(&document, section, options, &mut report));
                lint::document(&document, None, options.lint, &mut report);
            }
            syntax::Kind::Broken => self.left_out.extend(document.handles()),
        }
        if report.failed() {
            self.left_out.extend(document.handles());
        }
        self.pack.diagnostics.append(&mut report.found);
        document.shed();
        self.documents.push(document);
    }

    /// Joins filters and correlations to their rules and tells what only all documents together show.
    pub(crate) fn finish(self) -> Pack {
        let Self { options, mut pack, filters, correlations, left_out, documents } = self;
        filter::apply(&filters, &mut pack);
        correlation::resolve(&correlations, &left_out, options, &mut pack);
        lint::documents(&documents, options.lint, &mut pack.diagnostics);
        pack.documents = documents.len();
        pack.filters = documents.iter().filter(|document| matches!(document.kind, syntax::Kind::Filter { .. })).count();
        pack.diagnostics
            .retain(|told| !options.disabled.hides(told) && (options.lint.conventions || !told.code.is_convention()));
        pack
    }
}

/// Checks all documents of a pack together.
#[cfg(test)]
pub(crate) fn check(documents: Vec<Document>, options: &Options) -> Pack {
    let mut checker = Checker::new(options);
    documents.into_iter().for_each(|document| checker.add(document));
    checker.finish()
}

/// A selection by itself, as pipelines add them to rules.
pub(crate) fn selection(node: &Node, source: &Source, limits: &Limits) -> Result<Body, Vec<Diagnostic>> {
    let mut report = Report::new(source, None);
    let written = syntax::document::selection(node, source, &mut report.found);
    let options = Options { limits: *limits, ..Options::default() };
    let body = written.and_then(|written| lower::body(&written, &options, &mut 0, &mut report));
    body.filter(|_| !report.failed()).ok_or(report.found)
}

/// Selections and condition of a rule or a filter.
fn branch(detection: &syntax::document::Detection, options: &Options, report: &mut Report<'_>) -> Option<Branch> {
    let mut values = 0;
    // All of them are looked at before the first fault counts, so that every fault is told.
    let selections: Vec<Option<Selection>> = detection
        .selections
        .iter()
        .map(|selection| {
            let mut body = lower::body(&selection.body, options, &mut values, report)?;
            body.shrink();
            Some(Selection { name: selection.name.clone(), body })
        })
        .collect();
    let condition = condition::resolve(detection, options, report);
    let selections = selections.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Branch { label: String::new(), selections, condition: condition? })
}
