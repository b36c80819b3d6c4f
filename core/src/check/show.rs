//! A checked rule as text, in the words of Sigma: what a rule means after pipelines have fitted it.
//!
//! ```text
//! Item { field: NewProcessName, tests: [Text(*\a.exe)] }   ─▶   NewProcessName|endswith: '\a.exe'
//! ```
//!
//! The text is for readers. Where Sigma has no words, in a selection that joins parts in a way that only a
//! condition could, it says `any of:` and `all of:`.

use super::{Anchor, Body, Branch, Condition, Item, Join, Part, Pattern, Relation, Rule, Test};
use crate::syntax::condition::Pattern as Names;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The rule with its title, log source, selections and conditions.
pub(crate) fn show(rule: &Rule) -> String {
    let mut out = String::new();
    let mut line = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = writeln!(out, "{key}: {}", text(value));
        }
    };
    line("title", Some(&rule.meta.title).filter(|title| !title.is_empty()).map(String::as_str));
    line("id", rule.meta.id.as_deref());
    let source = &rule.logsource;
    let parts = [("category", &source.category), ("product", &source.product), ("service", &source.service)];
    let _ = writeln!(out, "logsource:");
    for (key, value) in parts {
        if let Some(value) = value {
            let _ = writeln!(out, "    {key}: {value}");
        }
    }
    match rule.branches.as_slice() {
        [only] if only.label.is_empty() => {
            out.push_str("detection:\n");
            branch(only, 4, &mut out);
        }
        branches => {
            out.push_str("alternatives:\n");
            for own in branches {
                let _ = writeln!(out, "    {}:", key(&own.label));
                branch(own, 8, &mut out);
            }
        }
    }
    if !rule.meta.fields.is_empty() {
        out.push_str("fields:\n");
        for field in &rule.meta.fields {
            let _ = writeln!(out, "    - {}", text(field));
        }
    }
    out
}

fn branch(branch: &Branch, indent: usize, out: &mut String) {
    for selection in &branch.selections {
        let _ = writeln!(out, "{:indent$}{}:", "", key(&selection.name));
        body(&selection.body, indent + 4, out);
    }
    let _ = writeln!(out, "{:indent$}condition: {}", "", condition(&branch.condition, branch, Binding::Or));
}

fn body(own: &Body, indent: usize, out: &mut String) {
    match own {
        Body::All(parts) => {
            let mut seen: Vec<String> = Vec::new();
            for part in parts {
                entry(part, indent, &mut seen, out);
            }
        }
        Body::Any(parts) => list(parts, indent, out),
        Body::Item(item) if item.field.is_none() && plain_keywords(item) => values(item, indent, out),
        single => entry(single, indent, &mut Vec::new(), out),
    }
}

/// One entry of a map: an item under its field, or a group.
fn entry(part: &Body, indent: usize, seen: &mut Vec<String>, out: &mut String) {
    let mut unique = |name: String| {
        let mut wanted = name.clone();
        let mut number = 2;
        while seen.contains(&wanted) {
            wanted = format!("{name} ({number})");
            number += 1;
        }
        seen.push(wanted.clone());
        wanted
    };
    match part {
        Body::Item(item) => match uniform(item) {
            Some((modifiers, values)) => {
                let name = unique(format!("{}{modifiers}", item.field.as_deref().unwrap_or_default()));
                scalar_or_list(&key(&name), &values, indent, out);
            }
            None => {
                let all = item.join == Join::All;
                let negated = if item.negated { "not " } else { "" };
                let group = unique(format!("{negated}{}", if all { "all of" } else { "any of" }));
                let _ = writeln!(out, "{:indent$}{group}:", "");
                for test in &item.tests {
                    let single = Item { tests: vec![test.clone()], join: Join::Any, negated: false, ..item.clone() };
                    let single = match test {
                        Test::AnyOf(tests) => Item { tests: tests.clone(), ..single },
                        _ => match test.listed() {
                            Some(tests) => Item { tests: tests.collect(), ..single },
                            None => single,
                        },
                    };
                    let _ = write!(out, "{:1$}- ", "", indent + 4);
                    tail(&Body::Item(single), indent + 6, out);
                }
            }
        },
        Body::All(parts) => {
            let _ = writeln!(out, "{:indent$}{}:", "", unique("all of".to_owned()));
            list(parts, indent + 4, out);
        }
        Body::Any(parts) => {
            let _ = writeln!(out, "{:indent$}{}:", "", unique("any of".to_owned()));
            list(parts, indent + 4, out);
        }
    }
}

fn list(parts: &[Body], indent: usize, out: &mut String) {
    for part in parts {
        let _ = write!(out, "{:indent$}- ", "");
        tail(part, indent + 2, out);
    }
}

/// What follows a dash: the first line without its indent.
fn tail(part: &Body, indent: usize, out: &mut String) {
    let mut own = String::new();
    body(part, indent, &mut own);
    out.push_str(own.trim_start());
}

fn plain_keywords(item: &Item) -> bool {
    item.join == Join::Any && !item.negated && item.tests.iter().all(|test| matches!(test, Test::Text(_)))
}

fn values(item: &Item, indent: usize, out: &mut String) {
    for test in &item.tests {
        if let Test::Text(pattern) = test {
            let inner = stripped(pattern, Anchor::Anywhere);
            let _ = writeln!(out, "{:indent$}- {}", "", text(&inner.written()));
        }
    }
}

fn scalar_or_list(name: &str, values: &[String], indent: usize, out: &mut String) {
    match values {
        [only] => {
            let _ = writeln!(out, "{:indent$}{name}: {only}", "");
        }
        several => {
            let _ = writeln!(out, "{:indent$}{name}:", "");
            for value in several {
                let _ = writeln!(out, "{:1$}- {value}", "", indent + 4);
            }
        }
    }
}

/// The modifiers that all tests of an item share and the values as written; `None` when they share none.
fn uniform(item: &Item) -> Option<(String, Vec<String>)> {
    let mut tests: Vec<Cow<'_, Test>> = Vec::new();
    for test in &item.tests {
        match test {
            Test::AnyOf(_) | Test::List(_) | Test::Networks(_) if item.join == Join::All => return None,
            Test::AnyOf(parts) => parts.iter().for_each(|part| single(part, &mut tests)),
            one => single(one, &mut tests),
        }
    }
    let anchors: Vec<Anchor> = tests.iter().map(|test| anchor(test)).collect();
    let shared = anchors.first().filter(|first| anchors.iter().all(|anchor| anchor == *first)).copied();
    let anchor = if item.field.is_none() { Anchor::Whole } else { shared.unwrap_or(Anchor::Whole) };
    let written: Vec<(String, String)> = tests.iter().map(|test| one(test, anchor)).collect();
    let (first, _) = written.first()?;
    if written.iter().any(|(modifiers, _)| modifiers != first) {
        return None;
    }
    let join = if item.join == Join::All && item.tests.len() > 1 { "|all" } else { "" };
    let negated = if item.negated { "|neq" } else { "" };
    Some((format!("{first}{join}{negated}"), written.into_iter().map(|(_, value)| value).collect()))
}

/// Adds a test, or those of a list.
fn single<'t>(test: &'t Test, tests: &mut Vec<Cow<'t, Test>>) {
    match test.listed() {
        Some(listed) => tests.extend(listed.map(Cow::Owned)),
        None => tests.push(Cow::Borrowed(test)),
    }
}

fn anchor(test: &Test) -> Anchor {
    match test {
        Test::Text(pattern) if pattern.parts.len() > 1 => {
            let open = |part: Option<&Part>| part == Some(&Part::Many);
            match (open(pattern.parts.first()), open(pattern.parts.last())) {
                (true, true) if pattern.parts.len() > 2 => Anchor::Anywhere,
                (true, false) => Anchor::End,
                (false, true) => Anchor::Start,
                _ => Anchor::Whole,
            }
        }
        Test::FieldRef(reference) => reference.anchor,
        _ => Anchor::Whole,
    }
}

fn stripped(pattern: &Pattern, anchor: Anchor) -> Pattern {
    let mut inner = pattern.clone();
    if matches!(anchor, Anchor::End | Anchor::Anywhere) && inner.parts.first() == Some(&Part::Many) {
        inner.parts.remove(0);
    }
    if matches!(anchor, Anchor::Start | Anchor::Anywhere) && inner.parts.last() == Some(&Part::Many) {
        inner.parts.pop();
    }
    inner
}

/// The modifiers and the value of one test.
fn one(test: &Test, anchor: Anchor) -> (String, String) {
    let place = match anchor {
        Anchor::Whole => "",
        Anchor::Start => "|startswith",
        Anchor::End => "|endswith",
        Anchor::Anywhere => "|contains",
    };
    match test {
        Test::Text(pattern) => {
            let dash = if pattern.parts.contains(&Part::Dash) { "|windash" } else { "" };
            let cased = if pattern.cased { "|cased" } else { "" };
            let expand = if pattern.has_placeholder() { "|expand" } else { "" };
            (format!("{expand}{dash}{place}{cased}"), text(&stripped(pattern, anchor).written()))
        }
        Test::Number(number) => (String::new(), number.text()),
        Test::Bool(value) => (String::new(), value.to_string()),
        Test::Null => (String::new(), "null".to_owned()),
        Test::Exists(wanted) => ("|exists".to_owned(), wanted.to_string()),
        Test::Regex(regex) => {
            let flags = [(regex.insensitive, "|i"), (regex.multiline, "|m"), (regex.dot_all, "|s")];
            let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
            let expand = if regex.placeholders { "|expand" } else { "" };
            (format!("{expand}|re{flags}"), text(&regex.pattern))
        }
        Test::Cidr(network) => ("|cidr".to_owned(), text(&network.to_string())),
        Test::Compare(relation, number) => (format!("|{}", relation_name(*relation)), number.text()),
        Test::Bits(bits) => ("|bits".to_owned(), format!("{bits:#04x}")),
        Test::Time(part, Relation::Equal, number) => (format!("|{}", part.name()), number.text()),
        Test::Time(part, relation, number) => (format!("|{}|{}", part.name(), relation_name(*relation)), number.text()),
        Test::FieldRef(reference) => {
            let cased = if reference.cased { "|cased" } else { "" };
            (format!("|fieldref{place}{cased}"), text(&reference.field))
        }
        // INVARIANT: taken apart before.
        Test::AnyOf(_) | Test::List(_) | Test::Networks(_) => (String::new(), String::new()),
    }
}

fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "eq",
        Relation::Less => "lt",
        Relation::LessOrEqual => "lte",
        Relation::Greater => "gt",
        Relation::GreaterOrEqual => "gte",
    }
}

/// How strongly the surroundings bind, which decides where brackets are needed.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Or,
    And,
    Not,
}

fn condition(own: &Condition, branch: &Branch, around: Binding) -> String {
    let name = |at: usize| branch.selections.get(at).map_or("?", |selection| selection.name.as_str());
    let joined = |parts: &[Condition], word: &str, binding: Binding| {
        let shown: Vec<String> = parts.iter().map(|part| condition(part, branch, binding)).collect();
        let shown = shown.join(word);
        if parts.len() > 1 && binding < around { format!("({shown})") } else { shown }
    };
    match own {
        Condition::Selection(at) => key(name(*at)),
        Condition::Not(inner) => format!("not {}", condition(inner, branch, Binding::Not)),
        Condition::And(parts) => joined(parts, " and ", Binding::And),
        Condition::Or(parts) => joined(parts, " or ", Binding::Or),
        Condition::Of { count, selections, written } => {
            let pattern = written.rsplit(' ').next().unwrap_or_default();
            let pattern = if pattern == "them" { Names::Them } else { Names::Names(pattern.to_owned()) };
            let meant: Vec<usize> = (0..branch.selections.len()).filter(|at| pattern.matches(name(*at))).collect();
            if meant == *selections {
                return written.clone();
            }
            let names: Vec<String> = selections.iter().map(|at| key(name(*at))).collect();
            match names.as_slice() {
                [only] => only.clone(),
                several if *count == 1 => bracketed(several.join(" or "), around > Binding::Or),
                several if *count == several.len() => bracketed(several.join(" and "), around > Binding::And),
                several => format!("{count} of ({})", several.join(", ")),
            }
        }
    }
}

fn bracketed(text: String, needed: bool) -> String {
    if needed { format!("({text})") } else { text }
}

/// A name as a key; quoted when YAML would read something else.
fn key(name: &str) -> String {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '|' | '/' | '@' | ' ' | '(' | ')'))
        && name.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { text(name) }
}

fn text(value: &str) -> String {
    if value.chars().any(char::is_control) {
        return serde_json::Value::from(value).to_string();
    }
    format!("'{}'", value.replace('\'', "''"))
}
