//! What loads here, but not in every Sigma tool.
//!
//! ```text
//! detection: {selection: foo}   ─▶   TL0121: a list of one word says the same everywhere
//! ```
//!
//! The measure is the specification 2.1.0 with its JSON schemas. Correlations tell their own extensions
//! where they are read.

use super::values::each_item;
use crate::check::Report;
use crate::diagnostic::Code;
use crate::syntax::document::Detection;
use crate::syntax::yaml::{Node, Scalar};
use crate::syntax::{Document, Item, Kind, Modifier};

pub(super) fn check(document: &Document, report: &mut Report<'_>) {
    let (section, detection, own_keys): (_, &Detection, &[&str]) = match &document.kind {
        Kind::Rule(detection) => ("detection", detection, &["condition", "timeframe"]),
        Kind::Filter { detection, .. } => ("filter", detection, &["condition", "timeframe", "rules"]),
        Kind::Correlation(_) | Kind::Broken => return,
    };
    let Some(node) = document.root.get(section) else { return };
    for (key, value) in node.as_map().unwrap_or_default() {
        match key.text().unwrap_or_default() {
            "timeframe" => {
                let message = "`timeframe` belongs to an old aggregation and means nothing here";
                let help = "write a correlation rule with a `timespan`";
                report.advise(Code::Deprecated, key.span, message, help);
            }
            name if !own_keys.contains(&name) => selection(value, report),
            _ => {}
        }
    }
    for selection in &detection.selections {
        each_item(&selection.body, &mut |item| modifiers(item, report));
    }
    conditions(node, report);
    if section == "filter" {
        filter(node, detection, report);
    }
}

/// Modifiers that the specification does not have.
const EXTENSIONS: [Modifier; 1] = [Modifier::Bits];

fn modifiers(item: &Item, report: &mut Report<'_>) {
    for (modifier, span) in item.modifiers.iter().filter(|(modifier, _)| EXTENSIONS.contains(modifier)) {
        let message =
            format!("modifier `{}` is an extension; the specification 2.1.0 does not have it", modifier.name());
        report.advise(Code::NotPortable, *span, message, "list the numbers that have these bits");
    }
}

fn selection(value: &Node, report: &mut Report<'_>) {
    if value.scalar().is_some() {
        let message = "a single value as a selection is an extension; the specification 2.1.0 wants a list";
        report.advise(Code::NotPortable, value.span, message, "write it as a list of one value");
    }
    for item in value.as_list().unwrap_or_default() {
        if matches!(item.scalar(), Some(Scalar::Bool(_))) || item.scalar().is_some_and(|scalar| is_fraction(&scalar)) {
            let message = format!("{} as a keyword is refused by the official schema", item.noun());
            report.advise(Code::NotPortable, item.span, message, "put it in quotes");
        }
    }
}

fn is_fraction(scalar: &Scalar<'_>) -> bool {
    matches!(scalar, Scalar::Number(crate::number::Number::Float(_)))
}

fn conditions(section: &Node, report: &mut Report<'_>) {
    if let Some(list) = section.get("condition").filter(|node| node.as_list().is_some()) {
        let message = "a list of conditions is refused by the official schema";
        report.advise(Code::NotPortable, list.span, message, "join them with `or`");
    }
}

fn filter(section: &Node, detection: &Detection, report: &mut Report<'_>) {
    if detection.selections.iter().all(|selection| selection.name != "selection") {
        let message = "the official schema wants a filter to have a selection named `selection`";
        report.tell(Code::NotPortable, detection.span, message);
    }
    let Some(rules) = section.get("rules") else { return };
    let items = rules.as_list().unwrap_or(std::slice::from_ref(rules));
    if items.iter().any(|item| item.text() == Some("any")) {
        let message = "`any` is an extension; the specification 2.1.0 wants a list of rules";
        report.tell(Code::NotPortable, rules.span, message);
    } else if rules.as_list().is_none() {
        let message = format!("`rules` should be a list, not {}", rules.noun());
        report.advise(Code::MetadataInvalid, rules.span, message, "put the value behind `- ` on its own line");
    }
    for (at, item) in items.iter().enumerate() {
        if items.iter().take(at).any(|earlier| earlier.text() == item.text()) {
            let message = format!("`rules` lists `{}` twice", item.text().unwrap_or_default());
            report.tell(Code::MetadataInvalid, item.span, message);
        }
    }
}
