//! Values that are written twice, say less than they seem to, or could be said more plainly.
//!
//! ```text
//! Image|re: '^C:\\Temp'   ─▶   TL0109: write `Image|startswith|cased: 'C:\Temp'`
//! ```
//!
//! Works on values as they are written, before modifiers turn them into something else.

use crate::check::Report;
use crate::check::pattern::{Part, Pattern};
use crate::diagnostic::{Code, Span};
use crate::syntax::document::Detection;
use crate::syntax::{Body, Item, Modifier, Value};
use crate::text;
use regex_syntax::hir::{Hir, HirKind, Look};
use std::collections::HashMap;

pub(super) fn check(detection: &Detection, report: &mut Report<'_>) {
    for selection in &detection.selections {
        each_item(&selection.body, &mut |item| {
            duplicates(item, report);
            wildcard_only(item, report);
            empty(item, report);
            if has(item, Modifier::Re) {
                expressions(item, report);
            }
        });
    }
}

pub(super) fn each_item<'a>(body: &'a Body, each: &mut impl FnMut(&'a Item)) {
    match body {
        Body::Item(item) => each(item),
        Body::All(parts) | Body::Any(parts) => parts.iter().for_each(|part| each_item(part, each)),
    }
}

pub(super) fn has(item: &Item, wanted: Modifier) -> bool {
    item.modifiers.iter().any(|(modifier, _)| *modifier == wanted)
}

/// Whether upper and lower case differ in the item's values.
fn is_cased(item: &Item) -> bool {
    use Modifier as M;
    item.modifiers.iter().any(|(modifier, _)| {
        matches!(
            modifier,
            M::Cased | M::Re | M::Base64 | M::Base64Offset | M::Wide | M::Utf16 | M::Utf16Le | M::Utf16Be | M::FieldRef
        )
    })
}

fn duplicates(item: &Item, report: &mut Report<'_>) {
    let cased = is_cased(item);
    let mut seen: HashMap<String, Span> = HashMap::with_capacity(item.values.len());
    for (value, span) in &item.values {
        let (written, text) = match value {
            Value::Text(text) if cased => (text.clone(), text.clone()),
            Value::Text(text) => (text.clone(), text::folded(text)),
            // A number and a text of the same spelling match the same values, but one of them says which is meant.
            Value::Number(number, written) => (written.clone(), format!("\0{}", number.text())),
            Value::Bool(_) | Value::Null => continue,
        };
        match seen.get(&text) {
            None => {
                seen.insert(text, *span);
            }
            Some(first) => {
                let message = format!("`{written}` stands in the list already, on line {}", first.line);
                report.advise(Code::DuplicateValue, *span, message, "remove one of the two");
            }
        }
    }
}

fn wildcard_only(item: &Item, report: &mut Report<'_>) {
    use Modifier as M;
    let plain = item.modifiers.iter().all(|(modifier, _)| {
        matches!(modifier, M::Contains | M::StartsWith | M::EndsWith | M::All | M::Neq | M::Cased | M::Windash)
    });
    for (value, span) in item.values.iter().filter(|_| plain) {
        let Value::Text(text) = value else { continue };
        if !text.is_empty() && Pattern::parse(text).parts == [Part::Many] {
            match &item.field {
                Some(field) => {
                    let message = format!("`{text}` matches whatever `{field}` holds");
                    let wanted = if has(item, M::Neq) { ": null" } else { "|exists: true" };
                    let help = format!("write `{field}{wanted}`, which says so more clearly");
                    report.advise(Code::WildcardOnly, *span, message, help);
                }
                None => {
                    let message = format!("the keyword `{text}` matches every event");
                    report.advise(Code::WildcardOnly, *span, message, "remove it, or write a word to look for");
                }
            }
        }
    }
}

/// Tells an empty text that is looked for within a text, where it always is.
fn empty(item: &Item, report: &mut Report<'_>) {
    use Modifier as M;
    let anchor =
        item.modifiers.iter().find(|(modifier, _)| matches!(modifier, M::Contains | M::StartsWith | M::EndsWith));
    let Some((anchor, _)) = anchor.filter(|_| !has(item, M::FieldRef) && !has(item, M::Re)) else { return };
    for (_, span) in item.values.iter().filter(|(value, _)| *value == Value::Text(String::new())) {
        let message = format!("every text passes `{}: ''`", anchor.name());
        let help = format!("write `''` without `{}` for an empty text, or say what to look for", anchor.name());
        report.advise(Code::NeverMatches, *span, message, help);
    }
}

/// Tells regular expressions that a plain text could replace, or that match everything.
fn expressions(item: &Item, report: &mut Report<'_>) {
    use Modifier as M;
    let flags = [M::Insensitive, M::Multiline, M::DotAll].map(|flag| has(item, flag));
    let [insensitive, multiline, dot_all] = flags;
    let known = [M::Re, M::All, M::Neq, M::Cased, M::Insensitive, M::Multiline, M::DotAll];
    if item.modifiers.iter().any(|(modifier, _)| !known.contains(modifier)) {
        return;
    }
    for (value, span) in &item.values {
        let Value::Text(text) = value else { continue };
        // Case is left out of the reading, so that a plain text stays one; the help says it in a modifier.
        let mut parser = regex_syntax::ParserBuilder::new();
        parser.multi_line(multiline).dot_matches_new_line(dot_all);
        let Ok(expression) = parser.build().parse(text) else { continue };
        let field = item.field.as_deref().unwrap_or_default();
        if matches_everything(&expression) {
            let message = format!("the expression `{text}` matches every value");
            let help = format!("write `{field}|exists: true`, or say what the value must hold");
            report.advise(Code::NeverMatches, *span, message, help);
        } else if let Some((plain, start, end)) = plain_text(&expression) {
            let anchor = match (start, end, item.field.is_some()) {
                (true, true, _) => "",
                (true, false, _) => "|startswith",
                (false, true, _) => "|endswith",
                // A keyword is looked for anywhere as it is.
                (false, false, true) => "|contains",
                (false, false, false) => "",
            };
            let all = if has(item, M::All) { "|all" } else { "" };
            let negated = if has(item, M::Neq) { "|neq" } else { "" };
            let cased = if insensitive { "" } else { "|cased" };
            let written = Pattern::literal(plain).written().replace('\'', "''");
            let message = "the regular expression says no more than a plain text would";
            let key = format!("{field}{anchor}{cased}{all}{negated}");
            let help = match item.field {
                Some(_) => format!("write `{key}: '{written}'`"),
                None if key.is_empty() => format!("write the keyword `'{written}'`"),
                None => format!("write `'{key}': '{written}'`"),
            };
            report.advise(Code::RegexIsString, *span, message, help);
        }
    }
}

fn matches_everything(expression: &Hir) -> bool {
    let properties = expression.properties();
    properties.minimum_len() == Some(0) && properties.look_set().is_empty()
}

/// The text that the expression looks for, and whether it must stand at the start and at the end.
fn plain_text(expression: &Hir) -> Option<(String, bool, bool)> {
    let whole = [expression.clone()];
    let mut parts = match expression.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => &whole,
    };
    let is_look = |part: Option<&Hir>, look| part.is_some_and(|part| *part.kind() == HirKind::Look(look));
    let start = is_look(parts.first(), Look::Start);
    parts = parts.get(usize::from(start)..)?;
    let end = is_look(parts.last(), Look::End);
    parts = parts.get(..parts.len() - usize::from(end))?;
    match parts {
        [part] => match part.kind() {
            HirKind::Literal(literal) => Some((String::from_utf8(literal.0.to_vec()).ok()?, start, end)),
            _ => None,
        },
        _ => None,
    }
}
