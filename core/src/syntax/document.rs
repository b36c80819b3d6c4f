//! One document as a rule, a correlation or a filter, still as its author wrote it.
//!
//! ```text
//! selection:                      Selection { name: "selection",
//!     Image|endswith: [a, b]        body: All [ Item { field: Image, modifiers: [EndsWith], values: [a, b] } ] }
//! ```
//!
//! Every key that the specification names is taken; all other keys are kept as metadata. Selections stay
//! near their text: no modifier is applied and no name resolved here.

use super::modifier::Modifier;
use super::yaml::{self, Node, Scalar};
use crate::diagnostic::{Code, Diagnostic, Source, Span, nearest};
use crate::number::Number;

/// A document of one of the three kinds that the specification defines.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) source: Source,
    pub(crate) span: Span,
    /// The whole document, from which metadata is read.
    pub(crate) root: Node,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Rule(Detection),
    Correlation(Node),
    Filter {
        rules: Option<Node>,
        detection: Detection,
    },
    /// Left out because of a fault that is told; kept so that others know that it was there.
    Broken,
}

/// The `detection` section of a rule, or the same parts of a filter.
#[derive(Debug)]
pub(crate) struct Detection {
    pub(crate) span: Span,
    pub(crate) selections: Vec<Selection>,
    pub(crate) conditions: Vec<(String, Span)>,
}

#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) body: Body,
}

/// A selection is a tree: a map holds when all its parts do, a list when any does.
#[derive(Debug)]
pub(crate) enum Body {
    Item(Item),
    All(Vec<Body>),
    Any(Vec<Body>),
}

/// One field with its modifiers and values; keywords have no field.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) field: Option<String>,
    pub(crate) modifiers: Vec<(Modifier, Span)>,
    pub(crate) values: Vec<(Value, Span)>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// The number and its spelling in the rule.
    Number(Number, String),
    Text(String),
}

impl Document {
    /// The title, else the name, else the id: what to call the document in a message.
    pub(crate) fn label(&self) -> Option<&str> {
        ["title", "name", "id"].iter().find_map(|key| self.root.get(key)?.text())
    }

    /// Drops the parts that only checking needs; what names the document stays.
    pub(crate) fn shed(&mut self) {
        if let yaml::Kind::Map(entries) = &mut self.root.kind {
            entries.retain(|(key, _)| matches!(key.spelled(), Some("title" | "name" | "id")));
            entries.shrink_to_fit();
        }
        if let Kind::Rule(detection) | Kind::Filter { detection, .. } = &mut self.kind {
            detection.selections = Vec::new();
        }
    }

    /// The id and the name, by which others refer to the document.
    pub(crate) fn handles(&self) -> impl Iterator<Item = String> {
        ["id", "name"].iter().filter_map(|key| Some(self.root.get(key)?.text()?.to_owned()))
    }
}

/// Reads one document; what makes it unusable is told.
pub(crate) fn parse(root: Node, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Document {
    let mut reader = DocumentReader { source, found: Vec::new() };
    let kind = reader.kind(&root);
    let label = ["title", "name", "id"].iter().find_map(|key| root.get(key)?.text()).map(str::to_owned);
    diagnostics.extend(reader.found.into_iter().map(|found| match &label {
        Some(label) => found.about(label.clone()),
        None => found,
    }));
    Document { source: source.clone(), span: root.span, kind: kind.unwrap_or(Kind::Broken), root }
}

/// Modifiers as they are called elsewhere, which no likeness of letters would find.
const SLIPS: &[(&str, &str)] = &[("regex", "re"), ("not", "neq"), ("ne", "neq"), ("ip", "cidr"), ("case", "cased")];

/// Where a key that is missing may have been meant, and what it should be; else the whole map.
fn slip(map: &Node, wanted: &[&str]) -> (Span, Option<String>) {
    let entries = map.as_map().unwrap_or_default();
    let found = entries.iter().find_map(|(key, _)| Some((key.span, nearest(key.text()?, wanted.iter().copied())?)));
    match found {
        Some((span, near)) => (span, Some(format!("did you mean `{near}`?"))),
        None => (map.span, None),
    }
}

/// Reads one selection by itself; what makes it unusable is told and `None` comes back.
pub(crate) fn selection(node: &Node, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Body> {
    let mut reader = DocumentReader { source, found: Vec::new() };
    let body = reader.body(node);
    diagnostics.append(&mut reader.found);
    body
}

struct DocumentReader<'a> {
    source: &'a Source,
    found: Vec<Diagnostic>,
}

impl DocumentReader<'_> {
    fn kind(&mut self, root: &Node) -> Option<Kind> {
        if root.as_map().is_none() {
            let message = format!("a rule must be a map, not {}", root.noun());
            let is_path = |text: &str| !text.contains('\n') && (text.contains(['/', '\\']) || text.ends_with(".yml"));
            let help = root.text().is_some_and(is_path).then(|| {
                "if this is where rules are, load it instead: here stands the text of rules itself".to_owned()
            });
            return self.refuse(Code::NotARule, root.span, message, help);
        }
        if let Some(section) = root.get("correlation") {
            return Some(Kind::Correlation(section.clone()));
        }
        if let Some(section) = root.get("filter") {
            let detection = self.detection(section, &["rules"], Code::FilterMissing)?;
            return Some(Kind::Filter { rules: section.get("rules").cloned(), detection });
        }
        let Some(section) = root.get("detection") else {
            let (span, help) = slip(root, &["detection", "correlation", "filter"]);
            return self.refuse(Code::MissingSection, span, "a rule needs a `detection` section".to_owned(), help);
        };
        match root.get("logsource") {
            Some(logsource) if logsource.as_map().is_some() => {}
            Some(other) => {
                let message = format!("`logsource` must be a map, not {}", other.noun());
                let help = Some("write `product: windows` or the like below it".to_owned());
                return self.refuse(Code::WrongType, other.span, message, help);
            }
            None => {
                let (span, help) = slip(root, &["logsource"]);
                let help = help.or_else(|| Some("name at least one of `category`, `product` and `service`".to_owned()));
                return self.refuse(Code::MissingSection, span, "a rule needs a `logsource` section".to_owned(), help);
            }
        }
        Some(Kind::Rule(self.detection(section, &[], Code::MissingSection)?))
    }

    fn refuse<T>(&mut self, code: Code, span: Span, message: String, help: Option<String>) -> Option<T> {
        let mut diagnostic = Diagnostic::new(code, self.source, span, message);
        diagnostic.help = help;
        self.found.push(diagnostic);
        None
    }

    /// `missing` is the code for a part that is not there.
    fn detection(&mut self, section: &Node, skip: &[&str], missing: Code) -> Option<Detection> {
        let Some(entries) = section.as_map() else {
            return self.refuse(
                Code::WrongType,
                section.span,
                format!("selections belong in a map, not in {}", section.noun()),
                None,
            );
        };
        let conditions = self.conditions(section, missing)?;
        let mut selections = Vec::new();
        let mut sound = true;
        for (key, value) in entries {
            let Some(name) = key.text() else {
                sound = self
                    .refuse(Code::WrongType, key.span, "a selection needs a name".to_owned(), None)
                    .unwrap_or(false);
                continue;
            };
            if name == "condition" || name == "timeframe" || skip.contains(&name) {
                continue;
            }
            match self.body(value) {
                Some(body) => selections.push(Selection { name: name.to_owned(), span: key.span, body }),
                None => sound = false,
            }
        }
        if selections.is_empty() && sound {
            let help = Some("write what the condition names, such as `selection: {field: value}`".to_owned());
            return self.refuse(missing, section.span, "there is no selection".to_owned(), help);
        }
        sound.then_some(Detection { span: section.span, selections, conditions })
    }

    fn conditions(&mut self, section: &Node, code: Code) -> Option<Vec<(String, Span)>> {
        let missing = "a `condition` is missing".to_owned();
        let example = || Some("write `condition: selection`, or how the selections are joined".to_owned());
        let Some(node) = section.get("condition") else {
            let (span, help) = slip(section, &["condition"]);
            return self.refuse(code, span, missing, help.or_else(example));
        };
        let parts = node.as_list().unwrap_or(std::slice::from_ref(node));
        let mut conditions = Vec::new();
        for part in parts {
            match part.scalar() {
                Some(Scalar::Text(text)) => conditions.push((text.to_owned(), part.span)),
                _ if part.is_null() => return self.refuse(code, part.span, missing, example()),
                _ => {
                    let message = format!("a condition must be a text, not {}", part.noun());
                    let help = part.text().map(|_| "put it in quotes, if a selection has this name".to_owned());
                    return self.refuse(Code::WrongType, part.span, message, help);
                }
            }
        }
        if conditions.is_empty() { self.refuse(code, node.span, missing, example()) } else { Some(conditions) }
    }

    fn body(&mut self, node: &Node) -> Option<Body> {
        let empty =
            |node: &Node| node.as_map().is_some_and(<[_]>::is_empty) || node.as_list().is_some_and(<[_]>::is_empty);
        if empty(node) || node.is_null() {
            let help = Some("write a field with a value, or a list of words to look for".to_owned());
            return self.refuse(Code::EmptySelection, node.span, "the selection is empty".to_owned(), help);
        }
        match &node.kind {
            yaml::Kind::Text { .. } => self.keywords(std::slice::from_ref(node), false, node.span),
            yaml::Kind::Map(entries) => {
                let parts: Vec<_> = entries.iter().map(|(key, value)| self.item(key, value)).collect();
                parts.into_iter().collect::<Option<Vec<_>>>().map(Body::All)
            }
            yaml::Kind::List(items) if items.iter().all(|item| matches!(item.kind, yaml::Kind::Text { .. })) => {
                self.keywords(items, true, node.span)
            }
            yaml::Kind::List(items) => {
                let parts: Vec<_> = items
                    .iter()
                    .map(|item| match item.as_list() {
                        Some(_) => {
                            let help = Some("write all words into one list, or a map for each".to_owned());
                            self.refuse(Code::WrongType, item.span, "a list in a list of selections".to_owned(), help)
                        }
                        None => self.body(item),
                    })
                    .collect();
                parts.into_iter().collect::<Option<Vec<_>>>().map(Body::Any)
            }
        }
    }

    fn keywords(&mut self, items: &[Node], listed: bool, span: Span) -> Option<Body> {
        let values = self.values(items, listed)?;
        Some(Body::Item(Item { field: None, modifiers: Vec::new(), values, span }))
    }

    fn item(&mut self, key: &Node, value: &Node) -> Option<Body> {
        let written = match &key.kind {
            yaml::Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        let mut parts = written.split('|');
        let field = parts.next().unwrap_or_default();
        let mut offset = field.chars().count() + 1;
        let quoted =
            usize::from((key.span.end_column.saturating_sub(key.span.column)) as usize > written.chars().count());
        let mut modifiers = Vec::new();
        for name in parts {
            let length = name.chars().count();
            let span = key.span.part(offset + quoted, length);
            offset += length + 1;
            match Modifier::from_name(name) {
                Some(modifier) => modifiers.push((modifier, span)),
                None if name.is_empty() => {
                    let help = "remove the `|`, or write a modifier behind it".to_owned();
                    let message = "a modifier is missing behind `|`".to_owned();
                    // The bar itself is the place: there is nothing behind it to point at.
                    let bar = key.span.part((offset + quoted).saturating_sub(length + 2), 1);
                    return self.refuse(Code::UnknownModifier, bar, message, Some(help));
                }
                None => {
                    let known = Modifier::ALL.iter().map(|modifier| modifier.name());
                    let slip = SLIPS.iter().find(|(slip, _)| *slip == name).map(|(_, meant)| *meant);
                    let help = match slip.or_else(|| nearest(name, known)) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => {
                            let known: Vec<&str> = Modifier::ALL.iter().map(|modifier| modifier.name()).collect();
                            format!("known are: {}", known.join(", "))
                        }
                    };
                    let message = format!("unknown modifier `{name}`");
                    return self.refuse(Code::UnknownModifier, span, message, Some(help));
                }
            }
        }
        let listed = value.as_list().is_some();
        let values = self.values(value.as_list().unwrap_or(std::slice::from_ref(value)), listed)?;
        let field = (!field.is_empty()).then(|| field.to_owned());
        Some(Body::Item(Item { field, modifiers, values, span: key.span }))
    }

    fn values(&mut self, nodes: &[Node], listed: bool) -> Option<Vec<(Value, Span)>> {
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            let value = match node.scalar() {
                Some(Scalar::Text(text)) => Value::Text(text.to_owned()),
                Some(Scalar::Number(number)) => Value::Number(number, node.text().unwrap_or_default().to_owned()),
                Some(Scalar::Bool(value)) => Value::Bool(value),
                Some(Scalar::Null) if listed => {
                    let help =
                        Some("test for null in a selection of its own and join the two in the condition".to_owned());
                    return self.refuse(Code::NullInList, node.span, "null in a list of values".to_owned(), help);
                }
                Some(Scalar::Null) => Value::Null,
                None => {
                    let message = format!("{} where a value belongs", node.noun());
                    let help = match node.kind {
                        yaml::Kind::Map(_) => "reach into a field by its path, such as `process.name: x`",
                        _ => "write all values into one list",
                    };
                    return self.refuse(Code::WrongType, node.span, message, Some(help.to_owned()));
                }
            };
            values.push((value, node.span));
        }
        Some(values)
    }
}
