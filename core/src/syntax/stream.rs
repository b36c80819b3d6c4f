//! Documents that change the ones behind them: `action: global`, `reset` and `repeat`.
//!
//! ```text
//! action: global      every rule behind it gets these parts, until the next `global` or a `reset`
//! ---
//! detection: ...      a rule = its own parts + the global ones
//! ---
//! action: repeat      the rule (or the global parts) before it, with some parts replaced
//! ```
//!
//! Old rules use this to say one thing for several log sources. New rules do not need it, so every use is
//! noted as deprecated. Maps are merged key by key; everything else is replaced. Correlations and filters
//! stand for themselves: nothing is added to them, and they are not repeated.

use super::yaml::{Kind, Node};
use crate::diagnostic::{Code, Diagnostic, Source};

/// Applies the actions of a stream and returns the documents that are rules, correlations or filters.
pub(super) fn merge_actions(nodes: Vec<Node>, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Vec<Node> {
    let mut global: Option<Node> = None;
    let mut previous: Option<Node> = None;
    let mut merged = Vec::new();
    for mut node in nodes {
        let action = take_action(&mut node);
        let known = |text: &str| text == "reset" || text == "global" || (text == "repeat" && previous.is_some());
        if let Some(action) = action.as_ref().filter(|action| action.text().is_some_and(known)) {
            let message = format!("`action: {}` is old syntax", action.text().unwrap_or_default());
            let help = "write the rules out, or use `related` and filters";
            diagnostics.push(Diagnostic::new(Code::Deprecated, source, action.span, message).help(help));
        }
        match action.as_ref().map(Node::text) {
            None if node.get("correlation").is_some() || node.get("filter").is_some() => merged.push(node),
            None => {
                let rule = match &global {
                    Some(global) => overlay(node, global),
                    None => node,
                };
                previous = Some(rule.clone());
                merged.push(rule);
            }
            Some(Some("global")) => {
                previous = Some(node.clone());
                global = Some(node);
            }
            Some(Some("reset")) => global = None,
            Some(Some("repeat")) => match previous.take() {
                Some(earlier) => {
                    let span = node.span;
                    let mut rule = overlay(earlier, &node);
                    rule.span = span;
                    previous = Some(rule.clone());
                    merged.push(rule);
                }
                None => diagnostics.push(Diagnostic::new(
                    Code::BadAction,
                    source,
                    node.span,
                    "`action: repeat` has no rule before it",
                )),
            },
            Some(other) => {
                let span = action.as_ref().map_or(node.span, |action| action.span);
                let message = format!("unknown action `{}`", other.unwrap_or("null"));
                let help = "write `global`, `reset` or `repeat`";
                diagnostics.push(Diagnostic::new(Code::BadAction, source, span, message).help(help));
            }
        }
    }
    merged
}

fn take_action(node: &mut Node) -> Option<Node> {
    let Kind::Map(entries) = &mut node.kind else { return None };
    let at = entries.iter().position(|(key, _)| key.text() == Some("action"))?;
    Some(entries.remove(at).1)
}

/// `base` with every part of `top`; where both are maps they are merged, else `top` wins.
fn overlay(base: Node, top: &Node) -> Node {
    match (base.kind, &top.kind) {
        (Kind::Map(mut entries), Kind::Map(news)) => {
            for (key, value) in news {
                match entries.iter().position(|(own, _)| own.text() == key.text()) {
                    Some(at) => {
                        let (own, old) = entries.remove(at);
                        entries.insert(at, (own, overlay(old, value)));
                    }
                    None => entries.push((key.clone(), value.clone())),
                }
            }
            Node { span: base.span, kind: Kind::Map(entries) }
        }
        _ => top.clone(),
    }
}
