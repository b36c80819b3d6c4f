//! What a rule says about itself: names, level, tags, log source, and everything else its author wrote.
//!
//! ```text
//! level: high, tags: [attack.t1059]   ─▶   Metadata { level: Some(High), tags: ["attack.t1059"], .. }
//! ```
//!
//! Nothing here changes a verdict. What the official JSON schemas refuse is told here, form by form. A field of the wrong form is told as a warning and kept as text where
//! that is possible; fields that the specification does not know are kept as JSON.

mod form;

use super::Report;
use crate::diagnostic::{Code, Span, nearest};
use crate::syntax::Document;
use crate::syntax::yaml::{Node, Scalar};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

/// How serious a detection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For information; many matches are expected.
    Informational,
    /// Worth noting, rarely an incident.
    Low,
    /// To be reviewed.
    Medium,
    /// To be reviewed promptly.
    High,
    /// An incident, almost certainly.
    Critical,
}

/// How ripe a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Fit for production.
    Stable,
    /// Mostly stable.
    Test,
    /// May be noisy.
    Experimental,
    /// Replaced by another rule.
    Deprecated,
    /// Cannot be used as it is.
    Unsupported,
}

macro_rules! names {
    ($type:ident, $($variant:ident = $name:literal),*) => {
        impl $type {
            /// The name in lower case, as rules write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            const NAMES: &'static [&'static str] = &[$($name,)*];
        }
        impl FromStr for $type {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> { match text { $($name => Ok(Self::$variant),)* _ => Err(()) } }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

names!(Level, Informational = "informational", Low = "low", Medium = "medium", High = "high", Critical = "critical");
names!(
    Status,
    Stable = "stable",
    Test = "test",
    Experimental = "experimental",
    Deprecated = "deprecated",
    Unsupported = "unsupported"
);

/// Everything a rule says about itself but its log source and its detection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The title; empty when the rule has none.
    pub title: String,
    /// The id as written, usually a UUID.
    pub id: Option<String>,
    /// The name by which correlations may refer to the rule.
    pub name: Option<String>,
    /// Other rules this one is related to.
    pub related: Vec<Related>,
    /// The taxonomy of its field names; `None` means `sigma`.
    pub taxonomy: Option<String>,
    /// How ripe it is.
    pub status: Option<Status>,
    /// How serious its detections are.
    pub level: Option<Level>,
    /// What it detects.
    pub description: Option<String>,
    /// Its licence, as an SPDX id.
    pub license: Option<String>,
    /// Its authors.
    pub author: Option<String>,
    /// When it was written, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// When it was last changed.
    pub modified: Option<String>,
    /// Where its idea comes from.
    pub references: Vec<String>,
    /// Tags such as `attack.t1059`.
    pub tags: Vec<String>,
    /// Fields an analyst wants to see.
    pub fields: Vec<String>,
    /// What may trigger it without being bad.
    pub falsepositives: Vec<String>,
    /// Where it is meant to run.
    pub scope: Vec<String>,
    /// All other top-level keys, as one JSON object; `{}` when there are none.
    pub custom: String,
}

impl Metadata {
    /// The id, else the name, else the title: what identifies the rule in output.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.id.as_deref().or(self.name.as_deref()).unwrap_or(&self.title)
    }
}

/// A reference to another rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// The other rule's id.
    pub id: String,
    /// `derived`, `obsolete`, `merged`, `renamed` or `similar`.
    pub kind: String,
}

/// What kind of log a rule reads, or an event comes from. `None` is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogSource {
    /// For example `process_creation`.
    pub category: Option<String>,
    /// For example `windows`.
    pub product: Option<String>,
    /// For example `security`.
    pub service: Option<String>,
    /// What must be configured so that the log exists; never compared.
    pub definition: Option<String>,
}

impl LogSource {
    /// Whether nothing in the two sources contradicts; what is unknown contradicts nothing.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let agree = |left: &Option<String>, right: &Option<String>| match (left, right) {
            (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
            _ => true,
        };
        agree(&self.category, &other.category)
            && agree(&self.product, &other.product)
            && agree(&self.service, &other.service)
    }

    /// Whether every event of `other` is also one of this source.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let covers = |own: &Option<String>, others: &Option<String>| match (own, others) {
            (None, _) => true,
            (Some(own), Some(other)) => own.eq_ignore_ascii_case(other),
            (Some(_), None) => false,
        };
        covers(&self.category, &other.category)
            && covers(&self.product, &other.product)
            && covers(&self.service, &other.service)
    }
}

impl fmt::Display for LogSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("product", &self.product), ("category", &self.category), ("service", &self.service)];
        let known: Vec<String> =
            parts.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?))).collect();
        if known.is_empty() { f.write_str("any") } else { f.write_str(&known.join(" ")) }
    }
}

const KNOWN_KEYS: &[&str] = &[
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "license",
    "references",
    "author",
    "date",
    "modified",
    "logsource",
    "detection",
    "fields",
    "falsepositives",
    "level",
    "tags",
    "scope",
    "correlation",
    "filter",
    "generate",
    "action",
];

const SOURCE_KEYS: &[&str] = &["category", "product", "service", "definition"];

/// Reads the metadata of a document.
pub(super) fn read(document: &Document, report: &mut Report<'_>) -> Metadata {
    let mut reader = Reader { root: &document.root, report };
    let custom: serde_json::Map<String, serde_json::Value> = document
        .root
        .as_map()
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| Some((key.text()?, value)))
        .filter(|(key, _)| !KNOWN_KEYS.contains(key))
        .map(|(key, value)| (key.to_owned(), value.to_json()))
        .collect();
    reader.misspellings(KNOWN_KEYS);
    let meta = Metadata {
        title: reader.title(document),
        id: reader.uuid("id"),
        name: reader.short("name", form::NAME_CHARS_MAX),
        related: reader.related(),
        taxonomy: reader.short("taxonomy", form::NAME_CHARS_MAX),
        status: reader.one_of("status", Status::NAMES),
        level: reader.one_of("level", Level::NAMES),
        description: reader.short("description", form::DESCRIPTION_CHARS_MAX),
        license: reader.text("license"),
        author: reader.text("author"),
        date: reader.date("date"),
        modified: reader.date("modified"),
        references: reader.distinct("references"),
        tags: reader.tags(),
        fields: reader.distinct("fields"),
        falsepositives: reader.entries("falsepositives", document),
        scope: reader.entries("scope", document),
        custom: serde_json::Value::Object(custom).to_string(),
    };
    if let Some(status @ (Status::Deprecated | Status::Unsupported)) = meta.status {
        let span = document.root.get("status").map_or(document.span, |node| node.span);
        reader.report.tell(Code::RuleUnsupported, span, format!("the rule's status is `{status}`"));
    }
    meta
}

struct Reader<'a, 'b, 'c> {
    root: &'a Node,
    report: &'b mut Report<'c>,
}

impl<'a> Reader<'a, '_, '_> {
    fn invalid(&mut self, span: Span, message: String, help: &str) {
        self.report.tell(Code::MetadataInvalid, span, message).help = (!help.is_empty()).then(|| help.to_owned());
    }

    /// Tells keys that are nearly one of the known ones. Others are custom, which is allowed.
    fn misspellings(&mut self, known: &[&str]) {
        for (key, _) in self.root.as_map().unwrap_or_default() {
            let Some(text) = key.text().filter(|text| !known.contains(text)) else { continue };
            if let Some(near) = nearest(text, known.iter().copied().filter(|known| self.root.get(known).is_none())) {
                let message = format!("unknown key `{text}`");
                self.report.advise(Code::UnknownKey, key.span, message, format!("did you mean `{near}`?"));
            }
        }
    }

    fn title(&mut self, document: &Document) -> String {
        let title = self.short("title", form::NAME_CHARS_MAX);
        if document.root.get("title").is_none() {
            self.invalid(
                document.span,
                "the rule has no title".to_owned(),
                "add `title`, a few words about what it finds",
            );
        }
        title.unwrap_or_default()
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let node = self.root.get(key)?;
        match node.scalar() {
            Some(Scalar::Text(_)) => {}
            Some(Scalar::Null) => {
                self.invalid(node.span, format!("`{key}` is empty"), "write a text, or remove the line")
            }
            Some(_) => {
                let message = format!("`{key}` must be a text, not {}", node.noun());
                self.invalid(node.span, message, "put it in quotes");
            }
            None => self.invalid(node.span, format!("`{key}` must be a text, not {}", node.noun()), ""),
        }
        node.text().map(str::to_owned)
    }

    /// A text of not more than `max` characters.
    fn short(&mut self, key: &str, max: usize) -> Option<String> {
        let text = self.text(key)?;
        let length = text.chars().count();
        if length > max {
            let span = self.span(key);
            self.invalid(span, format!("`{key}` has {length} characters, but {max} is the most"), "shorten it");
        }
        Some(text)
    }

    /// Whether the value is a text, so that its form can be looked at.
    fn is_text(&self, key: &str) -> bool {
        self.root.get(key).is_some_and(|node| matches!(node.scalar(), Some(Scalar::Text(_))))
    }

    fn uuid(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        if self.is_text(key) && !form::is_uuid(&text) {
            let span = self.span(key);
            self.invalid(span, format!("`{text}` is not a UUID"), UUID_HELP);
        }
        Some(text)
    }

    fn date(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        if self.is_text(key) && !form::is_date(&text) {
            let span = self.span(key);
            let message = format!("`{text}` is not a date of the form YYYY-MM-DD");
            let dashed = text.replace(['/', '.'], "-");
            let help = if form::is_date(&dashed) { format!("write `{dashed}`") } else { String::new() };
            self.invalid(span, message, &help);
        }
        Some(text)
    }

    fn span(&self, key: &str) -> Span {
        self.root.get(key).map_or(self.root.span, |node| node.span)
    }

    /// The texts of a list, with their nodes.
    fn texts(&mut self, key: &str) -> Vec<(&'a Node, String)> {
        let Some(node) = self.root.get(key) else { return Vec::new() };
        if node.as_list().is_none() {
            self.invalid(node.span, format!("`{key}` must be a list, not {}", node.noun()), "");
        }
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        for item in items.iter().filter(|item| !matches!(item.scalar(), Some(Scalar::Text(_)))) {
            // A null that stands for the whole list has been told already.
            if node.as_list().is_some() {
                let help = if item.text().is_some() { "put it in quotes" } else { "" };
                self.invalid(item.span, format!("`{key}` must hold texts, not {}", item.noun()), help);
            }
        }
        items.iter().filter_map(|item| Some((item, item.text()?.to_owned()))).collect()
    }

    /// The texts of a list none of which may stand twice.
    fn distinct(&mut self, key: &str) -> Vec<String> {
        let texts = self.texts(key);
        self.once(key, texts)
    }

    fn once(&mut self, key: &str, texts: Vec<(&Node, String)>) -> Vec<String> {
        let mut seen = HashSet::new();
        for (node, text) in &texts {
            if !seen.insert(text.as_str()) {
                self.invalid(node.span, format!("`{key}` lists `{text}` twice"), "remove one of the two");
            }
        }
        texts.into_iter().map(|(_, text)| text).collect()
    }

    fn tags(&mut self) -> Vec<String> {
        let tags = self.texts("tags");
        for (node, text) in &tags {
            if !form::is_tag(text) {
                let message = format!("`{text}` is not a tag of the form `namespace.name`");
                let lower = text.to_lowercase().replace(' ', "-");
                let help = if form::is_tag(&lower) { format!("write `{lower}`") } else { TAG_HELP.to_owned() };
                self.invalid(node.span, message, &help);
            }
        }
        self.once("tags", tags)
    }

    /// A list whose entries have at least two characters. A correlation may write one text instead.
    fn entries(&mut self, key: &str, document: &Document) -> Vec<String> {
        if let (Some(node), true) = (self.root.get(key), document.root.get("correlation").is_some())
            && let Some(Scalar::Text(text)) = node.scalar()
        {
            return vec![text.to_owned()];
        }
        let entries = if key == "falsepositives" {
            self.distinct(key)
        } else {
            self.texts(key).into_iter().map(|(_, text)| text).collect()
        };
        let is_short = |node: &&Node| match node.scalar() {
            Some(Scalar::Text(text)) => text.chars().count() < form::ENTRY_CHARS_MIN,
            _ => false,
        };
        let nodes = self.root.get(key).and_then(Node::as_list).unwrap_or_default();
        for node in nodes.iter().filter(is_short) {
            let text = node.text().unwrap_or_default();
            self.invalid(node.span, format!("`{text}` is too short for `{key}`"), "write at least two characters");
        }
        entries
    }

    fn one_of<T: FromStr>(&mut self, key: &str, names: &[&'static str]) -> Option<T> {
        let text = self.text(key)?;
        let value = text.parse().ok();
        if value.is_none() {
            let span = self.span(key);
            self.invalid(span, format!("`{key}` cannot be `{text}`"), &choice(&text, names));
        }
        value
    }

    fn related(&mut self) -> Vec<Related> {
        let Some(node) = self.root.get("related") else { return Vec::new() };
        if node.as_list().is_none() {
            self.invalid(node.span, format!("`related` must be a list, not {}", node.noun()), RELATED_HELP);
        }
        let mut related = Vec::new();
        for item in node.as_list().unwrap_or_default() {
            let (Some(id), Some(kind)) = (item.get("id"), item.get("type")) else {
                self.invalid(item.span, "`related` must hold maps of `id` and `type`".to_owned(), RELATED_HELP);
                continue;
            };
            let (id_text, kind_text) = (id.text().unwrap_or_default(), kind.text().unwrap_or_default());
            if !form::is_uuid(id_text) {
                self.invalid(id.span, format!("`{id_text}` is not a UUID"), UUID_HELP);
            }
            if !form::RELATED_TYPES.contains(&kind_text) {
                let help = choice(kind_text, form::RELATED_TYPES);
                self.invalid(kind.span, format!("a rule cannot be related as `{kind_text}`"), &help);
            }
            related.push(Related { id: id_text.to_owned(), kind: kind_text.to_owned() });
        }
        related
    }
}

const UUID_HELP: &str = "write a random UUID, such as `929a690e-bef0-4204-a928-ef5e620d6fcc`";
const TAG_HELP: &str = "write it in lower case, such as `attack.t1059`";
const RELATED_HELP: &str = "write a list of `{id: .., type: ..}`";

/// What to write instead of a word that is none of the known ones.
fn choice(word: &str, names: &[&str]) -> String {
    match nearest(word, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of: {}", names.join(", ")),
    }
}

/// Reads the log source of a document.
pub(super) fn logsource(document: &Document, report: &mut Report<'_>) -> LogSource {
    let Some(node) = document.root.get("logsource") else { return LogSource::default() };
    let mut reader = Reader { root: node, report };
    reader.misspellings(SOURCE_KEYS);
    let source = LogSource {
        category: reader.text("category"),
        product: reader.text("product"),
        service: reader.text("service"),
        definition: reader.text("definition"),
    };
    if source.category.is_none() && source.product.is_none() && source.service.is_none() {
        let message = "the log source names neither category, product nor service";
        report.advise(Code::LogsourceEmpty, node.span, message, "the rule is tried on every event; name at least one");
    }
    source
}
