//! Ids and names that more than one document has.
//!
//! ```text
//! a.yml: id: 929a..    b.yml: id: 929a..   ─▶   TL0102 at the second, naming the first
//! ```
//!
//! A correlation or filter that refers to such an id means the first document, which is why it matters.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::syntax::Document;
use crate::syntax::yaml::Node;
use std::collections::HashMap;

pub(super) fn check(documents: &[Document], diagnostics: &mut Vec<Diagnostic>) {
    for (key, code) in [("id", Code::DuplicateId), ("name", Code::DuplicateName)] {
        let mut first: HashMap<&str, (&Document, Span)> = HashMap::with_capacity(documents.len());
        for document in documents {
            let Some(node) = document.root.get(key) else { continue };
            let Some(text) = node.text() else { continue };
            match first.get(text) {
                None => {
                    first.insert(text, (document, node.span));
                }
                // `action: global` gives one written id to several rules, as its author means it.
                Some((other, span)) if *span == node.span && other.source.is_same(&document.source) => {}
                Some((other, span)) => diagnostics.push(double(document, node, code, key, other, *span)),
            }
        }
    }
}

fn double(document: &Document, node: &Node, code: Code, key: &str, other: &Document, span: Span) -> Diagnostic {
    let place = match other.source.name() {
        Some(path) if !other.source.is_same(&document.source) => format!("{path}:{}", span.line),
        _ => format!("line {}", span.line),
    };
    let text = node.text().unwrap_or_default();
    let message = format!("the {key} `{text}` is taken by another rule, at {place}");
    let help = if key == "id" { "give each rule a random UUID of its own" } else { "give each rule a name of its own" };
    let told = Diagnostic::new(code, &document.source, node.span, message).help(help);
    match document.label() {
        Some(label) => told.about(label),
        None => told,
    }
}
