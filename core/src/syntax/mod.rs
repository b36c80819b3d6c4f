//! What is written: YAML text becomes documents whose every part knows its place.
//!
//! ```text
//! text ─▶ yaml (tree with spans) ─▶ stream (documents, `action:` merged) ─▶ document (rule, correlation, filter)
//! ```
//!
//! This room knows the words of Sigma but not their meaning: names are not resolved, modifiers are not
//! applied, and nothing is matched.

pub(crate) mod condition;
pub(crate) mod document;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod modifier;
mod stream;
pub(crate) mod yaml;

pub(crate) use document::{Body, Document, Item, Kind, Value};
pub(crate) use modifier::Modifier;

use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source};

/// Reads every document of a source; what cannot be read is told by a diagnostic and left out.
pub(crate) fn parse(source: &Source, limits: &Limits) -> (Vec<Document>, Vec<Diagnostic>) {
    let (nodes, mut diagnostics) = yaml::read(source, limits);
    let nodes = stream::merge_actions(nodes, source, &mut diagnostics);
    let documents: Vec<_> = nodes.into_iter().map(|node| document::parse(node, source, &mut diagnostics)).collect();
    if documents.is_empty() && diagnostics.is_empty() {
        let empty = Diagnostic::without_place(Code::NothingInFile, source.name(), "there is no rule in it");
        diagnostics.push(empty.help("write a rule, or leave the file out"));
    }
    (documents, diagnostics)
}
