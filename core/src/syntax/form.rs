//! Reads maps of a known form from YAML, with a finding for each key or value that does not fit.
//!
//! ```text
//! {nam: cell}   ─▶   error: a zone has no key `nam`; did you mean `name`?
//! ```
//!
//! What keys mean is known by whoever reads.

use super::yaml::Node;
use crate::diagnostic::{Code, Diagnostic, Source, Span, nearest};

/// A text that is read, and what was found in it.
pub(crate) struct Form<'a> {
    pub(crate) source: &'a Source,
    pub(crate) code: Code,
    pub(crate) found: &'a mut Vec<Diagnostic>,
}

impl Form<'_> {
    /// Tells of a fault; what it was found in has no value.
    pub(crate) fn refuse<T>(&mut self, span: Span, message: impl Into<String>) -> Option<T> {
        self.found.push(Diagnostic::new(self.code, self.source, span, message));
        None
    }

    /// The same with what to write instead.
    pub(crate) fn refuse_with<T>(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.found.push(Diagnostic::new(self.code, self.source, span, message).help(help));
        None
    }

    /// The entries of a map that has no other keys than these.
    pub(crate) fn keys(&mut self, node: &Node, known: &[&'static str], owner: &str) -> Option<()> {
        let Some(entries) = node.as_map() else {
            return self.refuse(node.span, format!("{owner} must be a map, not {}", node.noun()));
        };
        for (key, _) in entries {
            let text = key.text().unwrap_or("null");
            if !known.contains(&text) {
                let help = suggestion(text, known, "it has");
                self.refuse_with::<()>(key.span, format!("{owner} has no key `{text}`"), help);
            }
        }
        Some(())
    }

    /// A text or a list of texts with their places; nothing when there is no such key, or it is null.
    pub(crate) fn texts<'n>(&mut self, node: &'n Node, key: &str) -> Option<Vec<(&'n str, Span)>> {
        let value = node.get(key).filter(|value| !value.is_null())?;
        let mut texts = Vec::new();
        for item in value.as_list().unwrap_or(std::slice::from_ref(value)) {
            match item.text() {
                Some(text) => texts.push((text, item.span)),
                None => drop(self.refuse::<()>(item.span, format!("`{key}` takes texts, not {}", item.noun()))),
            }
        }
        Some(texts)
    }

    /// A text; nothing when there is no such key, or it is null.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, key: &str) -> Option<(&'n str, Span)> {
        let value = node.get(key).filter(|value| !value.is_null())?;
        match value.text() {
            Some(text) => Some((text, value.span)),
            None => self.refuse(value.span, format!("`{key}` takes a text, not {}", value.noun())),
        }
    }

    /// A text that has to be there.
    pub(crate) fn need_text<'n>(&mut self, node: &'n Node, key: &str, owner: &str) -> Option<&'n str> {
        if node.get(key).is_none_or(Node::is_null) {
            return self.refuse(node.span, format!("{owner} needs the text `{key}`"));
        }
        self.text(node, key).map(|(text, _)| text)
    }

    /// Whether a word is one of those that are known.
    pub(crate) fn one_of(&mut self, text: &str, span: Span, known: &[&'static str], what: &str) -> Option<()> {
        if known.contains(&text) {
            return Some(());
        }
        self.refuse_with(span, format!("`{text}` is no {what}"), suggestion(text, known, "there are"))
    }
}

fn suggestion(text: &str, known: &[&'static str], all: &str) -> String {
    match nearest(text, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{all}: {}", known.join(", ")),
    }
}
