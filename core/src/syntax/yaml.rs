//! YAML as a tree whose every node knows where it stands and how it was written.
//!
//! ```text
//! EventID: 00000429   ─▶   Map [ (Text "EventID", Text "00000429" plain, line 1 column 10) ]
//! ```
//!
//! The reader keeps the original text of scalars, because `00000429`, `no` and `1e3` mean what the rule's
//! author wrote. Types come later, from [`Node::scalar`], by the core schema of YAML 1.2. Anchors and
//! merge-free aliases are followed up to a limit; tags are ignored.

use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span};
use crate::number::Number;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::HashSet;

/// A node of a YAML document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Text { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// A scalar with the type that YAML 1.2 gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(&'a str),
}

impl Node {
    /// The scalar with its type; `None` for lists and maps.
    pub(crate) fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.kind {
            Kind::Text { text, plain: true } => Some(resolve(text)),
            Kind::Text { text, plain: false } => Some(Scalar::Text(text)),
            _ => None,
        }
    }

    /// The text of a scalar as written, whatever its type; `None` for lists, maps and null.
    pub(crate) fn text(&self) -> Option<&str> {
        match (&self.kind, self.scalar()) {
            (_, Some(Scalar::Null)) => None,
            (Kind::Text { text, .. }, _) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.scalar() == Some(Scalar::Null)
    }

    pub(crate) fn as_map(&self) -> Option<&[(Node, Node)]> {
        if let Kind::Map(entries) = &self.kind { Some(entries) } else { None }
    }

    pub(crate) fn as_list(&self) -> Option<&[Node]> {
        if let Kind::List(items) = &self.kind { Some(items) } else { None }
    }

    /// The value below `key` of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// What the node is, in the words of a message.
    pub(crate) fn noun(&self) -> &'static str {
        match (&self.kind, self.scalar()) {
            (Kind::List(_), _) => "a list",
            (Kind::Map(_), _) => "a map",
            (_, Some(Scalar::Null)) => "null",
            (_, Some(Scalar::Bool(_))) => "a boolean",
            (_, Some(Scalar::Number(_))) => "a number",
            _ => "a text",
        }
    }

    /// The node as JSON, for metadata that Tieline keeps but does not read.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match (&self.kind, self.scalar()) {
            (Kind::List(items), _) => items.iter().map(Node::to_json).collect(),
            (Kind::Map(entries), _) => Value::Object(
                entries.iter().map(|(key, value)| (key.text().unwrap_or("null").to_owned(), value.to_json())).collect(),
            ),
            (_, None | Some(Scalar::Null)) => Value::Null,
            (_, Some(Scalar::Bool(value))) => Value::Bool(value),
            (_, Some(Scalar::Number(number))) => number.to_json(),
            (_, Some(Scalar::Text(text))) => Value::String(text.to_owned()),
        }
    }
}

/// The core schema of YAML 1.2, chapter 10.3, but for numbers with leading zeros, which stay text.
fn resolve(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    Number::from_yaml(text).map_or(Scalar::Text(text), Scalar::Number)
}

/// Reads every document of a source. A document that is broken gives a diagnostic and the next one is read.
pub(crate) fn read(source: &Source, limits: &Limits) -> (Vec<Node>, Vec<Diagnostic>) {
    let mut nodes = Vec::new();
    let mut diagnostics = Vec::new();
    let text = source.text();
    if text.len() > limits.yaml_bytes_max {
        let message = format!("{} bytes of YAML, but the limit is {}", text.len(), limits.yaml_bytes_max);
        diagnostics.push(Diagnostic::new(Code::YamlLimit, source, Span::default(), message).help("split the file"));
        return (nodes, diagnostics);
    }
    for (line_offset, document) in documents(text) {
        let mut reader =
            Reader { source, limits, line_offset, stack: Vec::new(), anchors: Vec::new(), nodes: 0, aliases: 0 };
        match reader.read(document) {
            Ok(Some(node)) => nodes.push(node),
            Ok(None) => {}
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (nodes, diagnostics)
}

/// Cuts a stream at its `---` lines, so that one broken document does not hide those behind it.
///
/// A line that begins with `---` ends a document wherever it stands (YAML 1.2, 9.1.2), also in a block scalar.
fn documents(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut cuts = vec![(0_u32, 0_usize)];
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let marker =
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if marker && number > 0 {
            cuts.push((u32::try_from(number).unwrap_or(u32::MAX), at));
        }
        at += line.len();
    }
    let ends: Vec<usize> = cuts.iter().skip(1).map(|(_, at)| *at).chain([text.len()]).collect();
    let says_something =
        |part: &&str| part.lines().any(|line| !line.trim_start().is_empty() && !line.starts_with(['#', '%']));
    cuts.into_iter()
        .zip(ends)
        .filter_map(move |((line, start), end)| Some((line, text.get(start..end).filter(says_something)?)))
}

/// A collection that is being read: what it holds so far and, for a map, the key that waits for its value.
struct Open {
    node: Node,
    key: Option<Node>,
    anchor: usize,
    keys_seen: HashSet<String>,
}

struct Reader<'a> {
    source: &'a Source,
    limits: &'a Limits,
    line_offset: u32,
    stack: Vec<Open>,
    anchors: Vec<(usize, Node, usize)>,
    nodes: usize,
    aliases: usize,
}

type Fault = Box<Diagnostic>;

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Result<Option<Node>, Fault> {
        let mut root = None;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let place = self.span(saphyr_parser::Span { start: *error.marker(), end: *error.marker() });
                self.fault(Code::YamlSyntax, place, error.info().to_owned())
            })?;
            let span = self.span(span);
            let done = match event {
                Event::Scalar(text, style, anchor, _) => {
                    let plain = matches!(style, ScalarStyle::Plain);
                    let node = Node { span, kind: Kind::Text { text: text.into_owned(), plain } };
                    self.remember(anchor, &node, 1);
                    self.put(node, 1)?
                }
                Event::SequenceStart(anchor, _) => self.open(Kind::List(Vec::new()), span, anchor)?,
                Event::MappingStart(anchor, _) => self.open(Kind::Map(Vec::new()), span, anchor)?,
                Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
                Event::Alias(anchor) => self.alias(anchor, span)?,
                _ => None,
            };
            if done.is_some() {
                root = done;
            }
        }
        Ok(root.filter(|node| !node.is_null()))
    }

    fn open(&mut self, kind: Kind, span: Span, anchor: usize) -> Result<Option<Node>, Fault> {
        if self.stack.len() >= self.limits.yaml_depth_max {
            let message = format!("nested deeper than {}", self.limits.yaml_depth_max);
            return Err(self.fault(Code::YamlLimit, span, message));
        }
        self.stack.push(Open { node: Node { span, kind }, key: None, anchor, keys_seen: HashSet::new() });
        Ok(None)
    }

    fn close(&mut self, end: Span) -> Result<Option<Node>, Fault> {
        let Some(Open { mut node, anchor, .. }) = self.stack.pop() else { return Ok(None) };
        (node.span.end_line, node.span.end_column) = (end.line, end.column);
        if anchor > 0 {
            let size = count(&node);
            self.remember(anchor, &node, size);
        }
        self.put(node, 1)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Option<Node>, Fault> {
        self.aliases += 1;
        if self.aliases > self.limits.yaml_aliases_max {
            let message = format!("more than {} aliases", self.limits.yaml_aliases_max);
            return Err(self.fault(Code::YamlLimit, span, message));
        }
        let Some((_, node, size)) = self.anchors.iter().rfind(|(id, ..)| *id == anchor) else {
            return Err(self.fault(Code::YamlSyntax, span, "an alias refers to itself".to_owned()));
        };
        let (size, mut node) = (*size, node.clone());
        node.span = span;
        self.put(node, size)
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: usize) {
        if anchor > 0 {
            self.anchors.push((anchor, node.clone(), size));
        }
    }

    /// Puts a finished node where it belongs; gives it back when it is the document itself.
    fn put(&mut self, node: Node, size: usize) -> Result<Option<Node>, Fault> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > self.limits.yaml_nodes_max {
            let message = format!("more than {} nodes", self.limits.yaml_nodes_max);
            return Err(self.fault(Code::YamlLimit, node.span, message));
        }
        let Some(open) = self.stack.last_mut() else { return Ok(Some(node)) };
        match &mut open.node.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match open.key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    let Kind::Text { text, .. } = &node.kind else {
                        return Err(self.fault(Code::WrongType, node.span, "a key must be a text".to_owned()));
                    };
                    if !open.keys_seen.insert(text.clone()) {
                        let first = entries
                            .iter()
                            .find(|(key, _)| matches!(&key.kind, Kind::Text { text: other, .. } if other == text));
                        let line = first.map_or(0, |(key, _)| key.span.line);
                        let message = format!("duplicate key `{text}`, first used on line {line}");
                        let help = "a mapping holds a key once: rename one of them, or join their values in a list";
                        let fault = Diagnostic::new(Code::DuplicateKey, self.source, node.span, message).help(help);
                        return Err(Box::new(fault));
                    }
                    open.key = Some(node);
                }
            },
            Kind::Text { .. } => {}
        }
        Ok(None)
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Span {
            line: number(span.start.line()) + self.line_offset,
            column: number(span.start.col()) + 1,
            end_line: number(span.end.line()) + self.line_offset,
            end_column: number(span.end.col()) + 1,
        }
    }

    fn fault(&self, code: Code, span: Span, message: String) -> Fault {
        Box::new(Diagnostic::new(code, self.source, span, message))
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::Text { .. } => 0,
        Kind::List(items) => items.iter().map(count).sum(),
        Kind::Map(entries) => entries.iter().map(|(key, value)| count(key) + count(value)).sum(),
    }
}
