//! Reading the parameters of transformations and conditions, with a finding for each fault.
//!
//! ```text
//! {type: replace_string, regex: a, replacment: b}   ─▶   TL0063 unknown parameter `replacment`; did you mean ...
//! ```
//!
//! A [`Params`] hands out the keys of one map and remembers which were asked for; the rest are unknown. What
//! the values mean is not known here.

use crate::check::{Pattern, Test, regex};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span, nearest};
use crate::number::Number;
use crate::syntax::yaml::{Node, Scalar};
use regex_automata::meta;

/// What reading a pipeline needs, and what it has found.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    pub(super) limits: &'a Limits,
    pub(super) found: Vec<Diagnostic>,
    /// Steps so far, nested ones included.
    pub(super) steps: usize,
}

impl Reader<'_> {
    /// Notes a finding; always `None`, so that it can end a reading.
    pub(super) fn refuse<T>(&mut self, code: Code, span: Span, message: impl Into<String>) -> Option<T> {
        self.found.push(Diagnostic::new(code, self.source, span, message));
        None
    }

    pub(super) fn advise<T>(&mut self, code: Code, span: Span, message: String, help: String) -> Option<T> {
        self.found.push(Diagnostic::new(code, self.source, span, message).help(help));
        None
    }

    /// Compiles an expression of a pipeline.
    pub(super) fn regex(&mut self, text: &str, span: Span) -> Option<meta::Regex> {
        match compile(text, self.limits) {
            Ok(regex) => Some(regex),
            Err(message) => self.refuse(Code::PipelineParameter, span, message),
        }
    }
}

fn compile(text: &str, limits: &Limits) -> Result<meta::Regex, String> {
    let expression = crate::check::Regex {
        pattern: text.to_owned(),
        insensitive: false,
        multiline: false,
        dot_all: false,
        placeholders: false,
    };
    let hir = regex::parse(&expression).map_err(|fault| fault.message)?;
    let config = meta::Config::new().nfa_size_limit(Some(limits.regex_bytes_max));
    meta::Builder::new()
        .configure(config)
        .build_from_hir(&hir)
        .map_err(|_| format!("the expression needs more than {} bytes", limits.regex_bytes_max))
}

/// The parameters of one transformation or condition.
pub(super) struct Params<'a> {
    entries: &'a [(Node, Node)],
    pub(super) span: Span,
    /// What they belong to, for messages.
    pub(super) owner: String,
    asked: Vec<&'static str>,
}

impl<'a> Params<'a> {
    /// The parameters in a map; `None`, with a finding, when the node is none.
    pub(super) fn new(node: &'a Node, owner: &str, reader: &mut Reader<'_>) -> Option<Self> {
        match node.as_map() {
            Some(entries) => Some(Self { entries, span: node.span, owner: owner.to_owned(), asked: Vec::new() }),
            None => {
                reader.refuse(Code::PipelineSyntax, node.span, format!("{owner} must be a map, not {}", node.noun()))
            }
        }
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.push(key);
        self.entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    pub(super) fn need(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{} needs the parameter `{key}`", self.owner);
            return reader.refuse(Code::PipelineParameter, self.span, message);
        }
        found
    }

    /// A scalar as written; null and absent give `None`.
    pub(super) fn text(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<String> {
        let node = self.get(key).filter(|node| !node.is_null())?;
        self.scalar(key, node, reader)
    }

    pub(super) fn need_text(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<String> {
        let node = self.need(key, reader)?;
        self.scalar(key, node, reader)
    }

    fn scalar(&self, key: &str, node: &Node, reader: &mut Reader<'_>) -> Option<String> {
        match (node.text(), node.scalar()) {
            (Some(text), _) => Some(text.to_owned()),
            _ => self.wrong(key, "a text", node, reader),
        }
    }

    /// One text or a list of texts; an absent parameter gives an empty list.
    pub(super) fn texts(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
        match self.get(key).filter(|node| !node.is_null()) {
            Some(node) => self.list(key, node, reader),
            None => Some(Vec::new()),
        }
    }

    pub(super) fn need_texts(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
        let node = self.need(key, reader)?;
        let texts = self.list(key, node, reader)?;
        if texts.is_empty() {
            return self.wrong(key, "at least one text", node, reader);
        }
        Some(texts)
    }

    fn list(&self, key: &str, node: &Node, reader: &mut Reader<'_>) -> Option<Vec<String>> {
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        let texts: Option<Vec<String>> = items.iter().map(|item| item.text().map(str::to_owned)).collect();
        texts.or_else(|| self.wrong(key, "a text or a list of texts", node, reader))
    }

    /// `true` or `false`; false when absent.
    pub(super) fn flag(&mut self, key: &'static str, reader: &mut Reader<'_>) -> bool {
        let Some(node) = self.get(key) else { return false };
        match node.scalar() {
            Some(Scalar::Bool(value)) => value,
            _ => self.wrong(key, "`true` or `false`", node, reader).unwrap_or(false),
        }
    }

    /// One of several words; the first when absent.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        reader: &mut Reader<'_>,
    ) -> Option<T> {
        let Some(node) = self.get(key) else { return words.first().map(|(_, value)| *value) };
        let found = words.iter().find(|(word, _)| node.text() == Some(word)).map(|(_, value)| *value);
        found.or_else(|| {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.wrong(key, &format!("one of {}", known.join(", ")), node, reader)
        })
    }

    pub(super) fn wrong<T>(&self, key: &str, wanted: &str, node: &Node, reader: &mut Reader<'_>) -> Option<T> {
        let given = node.text().map_or_else(|| node.noun().to_owned(), |text| format!("`{text}`"));
        let message = format!("`{key}` of {} must be {wanted}, not {given}", self.owner);
        reader.refuse(Code::PipelineParameter, node.span, message)
    }

    /// Tells every parameter that nobody asked for.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for (key, _) in self.entries {
            let name = key.text().unwrap_or("null");
            if self.asked.contains(&name) {
                continue;
            }
            let message = format!("{} has no parameter `{name}`", self.owner);
            let known: Vec<&str> = self.asked.iter().copied().filter(|key| *key != "type").collect();
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has: {}", known.join(", ")),
            };
            reader.advise::<()>(Code::PipelineParameter, key.span, message, help);
        }
    }
}

/// A value that a pipeline gives: what it becomes as a test, and what it equals.
#[derive(Debug, Clone)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(Number),
    Text(Pattern),
}

impl Literal {
    /// The value of a scalar; `None` for lists and maps.
    pub(super) fn read(node: &Node) -> Option<Self> {
        Some(match node.scalar()? {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Number(number) => Self::Number(number),
            Scalar::Text(text) => Self::Text(Pattern::parse(text)),
        })
    }

    pub(super) fn test(&self) -> Test {
        match self {
            Self::Null => Test::Null,
            Self::Bool(value) => Test::Bool(*value),
            Self::Number(number) => Test::Number(*number),
            Self::Text(pattern) => Test::Text(pattern.clone()),
        }
    }

    /// Whether a test is for just this value; upper and lower case differ.
    pub(super) fn equals(&self, test: &Test) -> bool {
        match (self, test) {
            (Self::Null, Test::Null) => true,
            (Self::Bool(own), Test::Bool(other)) => own == other,
            (Self::Number(own), Test::Number(other)) => own == other,
            (Self::Text(own), Test::Text(other)) => own.parts == other.parts,
            _ => false,
        }
    }
}
