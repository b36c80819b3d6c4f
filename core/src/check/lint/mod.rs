//! Checks beyond correctness: a rule loads, but says something that its author hardly means.
//!
//! ```text
//! document ─▶ portable (what the official schemas refuse) · values (duplicates, needless expressions)
//! rule     ─▶ contradiction (tests that can never, or must always, hold)
//! pack     ─▶ identity (two rules with one id)            asked for ─▶ convention (SigmaHQ's style)
//! ```
//!
//! Everything told here is a warning or a note, so nothing here decides whether a rule loads. The caller
//! may switch off any of its codes.

mod contradiction;
mod convention;
mod identity;
mod portable;
mod values;

use super::{Branch, Report};
use crate::diagnostic::Diagnostic;
use crate::syntax::document::Detection;
use crate::syntax::{Document, Kind};

/// What the linter looks at beyond what every caller wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LintOptions {
    /// Also hold rules against SigmaHQ's conventions (`TL02xx`).
    pub(crate) conventions: bool,
}

/// Checks one document; `branch` is what its selections mean, when they mean something.
///
/// A document with a fault is left alone: what is told about it should be the fault.
pub(super) fn document(document: &Document, branch: Option<&Branch>, lint: LintOptions, report: &mut Report<'_>) {
    if report.failed() {
        return;
    }
    portable::check(document, report);
    let detection: Option<&Detection> = match &document.kind {
        Kind::Rule(detection) | Kind::Filter { detection, .. } => Some(detection),
        Kind::Correlation(_) | Kind::Broken => None,
    };
    if let Some(detection) = detection {
        values::check(detection, report);
    }
    if let (Some(branch), Some(detection)) = (branch, detection) {
        let span = detection.conditions.first().map_or(detection.span, |(_, span)| *span);
        contradiction::check(branch, span, report);
    }
    if lint.conventions {
        convention::check(document, detection, report);
    }
}

/// Checks what only all documents together show.
pub(super) fn documents(documents: &[Document], lint: LintOptions, diagnostics: &mut Vec<Diagnostic>) {
    identity::check(documents, diagnostics);
    if lint.conventions {
        convention::file_names(documents, diagnostics);
    }
}
