//! YAML as a tree whose every node knows where it stands and how it was written.
//!
//! ```text
//! EventID: 00000429   ─▶   Map [ (Text "EventID", Text "00000429" plain, line 1 column 10) ]
//! ```
//!
//! The reader keeps the original text of scalars, because `00000429`, `no` and `1e3` mean what the rule's
//! author wrote. Types come later, from [`Node::scalar`], by the core schema of YAML 1.2. Aliases and merge
//! keys (`<<`) are followed up to a limit; tags are ignored.

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
        match &self.kind {
            Kind::Text { text, plain } if !(*plain && is_null(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar as written, also of one that means null.
    pub(crate) fn spelled(&self) -> Option<&str> {
        if let Kind::Text { text, .. } = &self.kind { Some(text) } else { None }
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
        // No section of a rule is spelled like a null, so the spelling decides and no type is needed.
        self.as_map()?.iter().find(|(name, _)| name.spelled() == Some(key)).map(|(_, value)| value)
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

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The core schema of YAML 1.2, chapter 10.3, but for numbers with leading zeros, which stay text.
fn resolve(text: &str) -> Scalar<'_> {
    if is_null(text) {
        return Scalar::Null;
    }
    match text {
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
            Ok(mut read) => nodes.append(&mut read),
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (nodes, diagnostics)
}

/// Cuts a stream into documents, so that a broken one does not hide those behind it.
///
/// A line that begins with `---` or `...` ends a document wherever it stands (YAML 1.2, 9.1.2), also in a
/// quoted text. Directives and comments before `---` belong to the document behind it.
fn documents(text: &str) -> Vec<(u32, &str)> {
    let is_marker = |line: &str, marker: &str| {
        line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let mut documents = Vec::new();
    let (mut line_start, mut start, mut at, mut says_something) = (0_u32, 0_usize, 0_usize, false);
    for (number, line) in (0_u32..).zip(text.split_inclusive('\n')) {
        let ends = is_marker(line, "...");
        if says_something && (ends || is_marker(line, "---")) {
            documents.extend(text.get(start..at).map(|document| (line_start, document)));
            (line_start, start, says_something) = (number, at, false);
        }
        at += line.len();
        if ends {
            (line_start, start) = (number + 1, at);
        }
        // The BOM may only stand at the very beginning, where it says nothing.
        let content = line.trim_start_matches('\u{feff}').trim_start();
        says_something |= !ends && !content.is_empty() && !content.starts_with(['#', '%']);
    }
    if says_something {
        documents.extend(text.get(start..).map(|document| (line_start, document)));
    }
    documents
}

/// What to do about the faults that are most often made, by a part of the parser's message.
const HELPS: &[(&str, &str)] = &[
    ("unprintable", "remove the control character"),
    ("tab", "indent with blanks, not with tabs"),
    ("unknown escape", "in double quotes a backslash begins an escape; use single quotes"),
    ("quoted scalar", "close the quotation mark; within single quotes write `''` for one"),
    ("mapping values are not allowed", "put a text that holds `: ` in quotes"),
    ("flow sequence", "close the list with `]`, and put commas between its values"),
    ("flow mapping", "close the map with `}`, and put commas between its entries"),
    ("node content", "write a value here, or close the bracket before it"),
    ("unexpected eof", "close the bracket"),
    ("unknown anchor", "a text that begins with `*` needs quotes; an alias needs its `&name` before it"),
    ("expected key", "check the indentation: the keys of one map begin in one column"),
    ("expected '-' indicator", "check the indentation: the values of one list begin in one column"),
    ("unexpected character", "put a text that begins with a special character in quotes"),
    ("trailing content", "put the whole text in one pair of quotes"),
];

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
    fn read(&mut self, text: &str) -> Result<Vec<Node>, Fault> {
        let mut roots = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| self.syntax_fault(&error, text))?;
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
            roots.extend(done.filter(|node| !node.is_null()));
        }
        Ok(roots)
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
        if let Kind::Map(entries) = &mut node.kind {
            merge(entries).map_err(|span| {
                let message = "`<<` merges a map or a list of maps, nothing else".to_owned();
                self.fault(Code::WrongType, span, message)
            })?;
        }
        // A flow collection is closed by a bracket, which belongs to it.
        let bracket = self.source.line(end.line).chars().nth((end.column as usize).saturating_sub(1));
        let closes = matches!((bracket, &node.kind), (Some(']'), Kind::List(_)) | (Some('}'), Kind::Map(_)));
        (node.span.end_line, node.span.end_column) = (end.line, end.column + u32::from(closes));
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
                    let Some(text) = node.spelled() else {
                        let message = format!("a key must be a text, not {}", node.noun());
                        return Err(self.fault(Code::WrongType, node.span, message));
                    };
                    if !open.keys_seen.insert(text.to_owned()) {
                        let first = entries.iter().find(|(key, _)| key.spelled() == Some(text));
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

    fn syntax_fault(&self, error: &saphyr_parser::ScanError, text: &str) -> Fault {
        let mut place = self.span(saphyr_parser::Span { start: *error.marker(), end: *error.marker() });
        // What is missing at the end is missing behind the last thing that was written.
        let last =
            text.trim_end().split('\n').zip(1_u32..).last().map(|(line, number)| (line, number + self.line_offset));
        if let Some((line, number)) = last.filter(|(_, number)| place.line > *number) {
            let column = u32::try_from(line.trim_end().chars().count()).unwrap_or(u32::MAX).max(1);
            place = Span { line: number, column, end_line: number, end_column: column.saturating_add(1) };
        }
        let mut fault = self.fault(Code::YamlSyntax, place, error.info().to_owned());
        fault.help = HELPS.iter().find(|(part, _)| error.info().contains(part)).map(|(_, help)| (*help).to_owned());
        fault
    }

    fn fault(&self, code: Code, span: Span, message: String) -> Fault {
        Box::new(Diagnostic::new(code, self.source, span, message))
    }
}

/// Puts the entries of merged maps (`<<: *base`) where the key stands; the map's own keys win, then the first map.
fn merge(entries: &mut Vec<(Node, Node)>) -> Result<(), Span> {
    let is_merge = |key: &Node| matches!(&key.kind, Kind::Text { text, plain: true } if text == "<<");
    let Some(at) = entries.iter().position(|(key, _)| is_merge(key)) else { return Ok(()) };
    let (_, value) = entries.remove(at);
    let mut seen: HashSet<String> = entries.iter().filter_map(|(key, _)| key.spelled().map(str::to_owned)).collect();
    let mut merged = Vec::new();
    for map in value.as_list().unwrap_or(std::slice::from_ref(&value)) {
        for (key, node) in map.as_map().ok_or(map.span)? {
            if key.spelled().is_some_and(|text| seen.insert(text.to_owned())) {
                merged.push((key.clone(), node.clone()));
            }
        }
    }
    entries.splice(at..at, merged);
    Ok(())
}

fn count(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::Text { .. } => 0,
        Kind::List(items) => items.iter().map(count).sum(),
        Kind::Map(entries) => entries.iter().map(|(key, value)| count(key) + count(value)).sum(),
    }
}

#[cfg(test)]
mod tests;
