//! What a rule says about itself: names, level, tags, log source, and everything else its author wrote.
//!
//! ```text
//! level: high, tags: [attack.t1059]   ─▶   Metadata { level: Some(High), tags: ["attack.t1059"], .. }
//! ```
//!
//! Nothing here changes a verdict. A field of the wrong form is told as a warning and kept as text where
//! that is possible; fields that the specification does not know are kept as JSON.

use super::Report;
use crate::diagnostic::{Code, Span, nearest};
use crate::syntax::Document;
use crate::syntax::yaml::Node;
use serde::{Deserialize, Serialize};
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

/// Reads the metadata of a document.
pub(super) fn read(document: &Document, report: &mut Report<'_>) -> Metadata {
    let mut reader = Reader { root: &document.root, report };
    let title = reader.text("title");
    if title.is_none() {
        reader.report.tell(Code::MetadataInvalid, document.span, "the rule has no title");
    }
    let custom: serde_json::Map<String, serde_json::Value> = document
        .root
        .as_map()
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| Some((key.text()?, value)))
        .filter(|(key, _)| !KNOWN_KEYS.contains(key))
        .map(|(key, value)| (key.to_owned(), value.to_json()))
        .collect();
    for (key, _) in document.root.as_map().unwrap_or_default() {
        let Some(text) = key.text().filter(|text| !KNOWN_KEYS.contains(text)) else { continue };
        if let Some(near) = nearest(text, KNOWN_KEYS.iter().copied().filter(|known| document.root.get(known).is_none()))
        {
            let message = format!("unknown key `{text}`");
            reader.report.advise(Code::UnknownKey, key.span, message, format!("did you mean `{near}`?"));
        }
    }
    Metadata {
        title: title.unwrap_or_default(),
        id: reader.text("id"),
        name: reader.text("name"),
        related: reader.related(),
        taxonomy: reader.text("taxonomy"),
        status: reader.one_of("status", Status::NAMES),
        level: reader.one_of("level", Level::NAMES),
        description: reader.text("description"),
        license: reader.text("license"),
        author: reader.text("author"),
        date: reader.text("date"),
        modified: reader.text("modified"),
        references: reader.texts("references"),
        tags: reader.texts("tags"),
        fields: reader.texts("fields"),
        falsepositives: reader.texts("falsepositives"),
        scope: reader.texts("scope"),
        custom: serde_json::Value::Object(custom).to_string(),
    }
}

struct Reader<'a, 'b, 'c> {
    root: &'a Node,
    report: &'b mut Report<'c>,
}

impl Reader<'_, '_, '_> {
    fn invalid(&mut self, span: Span, message: String) {
        self.report.tell(Code::MetadataInvalid, span, message);
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let node = self.root.get(key)?;
        if node.text().is_none() {
            self.invalid(node.span, format!("`{key}` must be a text, not {}", node.noun()));
        }
        node.text().map(str::to_owned)
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(node) = self.root.get(key) else { return Vec::new() };
        if node.as_list().is_none() {
            self.invalid(node.span, format!("`{key}` must be a list, not {}", node.noun()));
        }
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        for item in items.iter().filter(|item| item.text().is_none()) {
            self.invalid(item.span, format!("`{key}` must hold texts, not {}", item.noun()));
        }
        items.iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    fn one_of<T: FromStr>(&mut self, key: &str, names: &[&'static str]) -> Option<T> {
        let text = self.text(key)?;
        let value = text.parse().ok();
        if let (None, Some(node)) = (&value, self.root.get(key)) {
            let message = format!("`{key}` cannot be `{text}`");
            self.report.advise(
                Code::MetadataInvalid,
                node.span,
                message,
                format!("write one of: {}", names.join(", ")),
            );
        }
        value
    }

    fn related(&mut self) -> Vec<Related> {
        let Some(node) = self.root.get("related") else { return Vec::new() };
        let mut related = Vec::new();
        for item in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            match (item.get("id").and_then(Node::text), item.get("type").and_then(Node::text)) {
                (Some(id), Some(kind)) => related.push(Related { id: id.to_owned(), kind: kind.to_owned() }),
                _ => self.invalid(item.span, "`related` must hold maps of `id` and `type`".to_owned()),
            }
        }
        related
    }
}

/// Reads the log source of a document.
pub(super) fn logsource(document: &Document, report: &mut Report<'_>) -> LogSource {
    let Some(node) = document.root.get("logsource") else { return LogSource::default() };
    let mut reader = Reader { root: node, report };
    let source = LogSource {
        category: reader.text("category"),
        product: reader.text("product"),
        service: reader.text("service"),
        definition: reader.text("definition"),
    };
    if source.category.is_none() && source.product.is_none() && source.service.is_none() {
        let message = "the log source names neither category, product nor service";
        report.tell(Code::LogsourceEmpty, node.span, message);
    }
    source
}
