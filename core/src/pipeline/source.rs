//! What kind of events a pipeline is for: how to know one, and which rules can be about it.
//!
//! ```text
//! source:
//!     name: windows                            what `--source` calls it
//!     title: Windows event logs, flat JSON     what to tell a reader
//!     logsource: {product: windows}            what holds for every event; rules that say otherwise go elsewhere
//!     generic: {categories: [...]}             rules without a product belong here with these only
//!     never: {categories: [...]}               what this source does not hold, although the product fits
//!     detect: [[Channel, EventID], {EventID: '*', Channel: 'Microsoft-*'}]
//! ```
//!
//! A rule is kept unless something in its log source contradicts the events; what is unknown contradicts
//! nothing. Events are not read here: the caller looks fields up.

use super::params::{Params, Reader};
use crate::check::{LogSource, Pattern};
use crate::config::Limits;
use crate::diagnostic::{Code, Source};
use crate::syntax::yaml::Node;

/// The kind of events that a pipeline is for.
#[derive(Debug, Clone)]
pub struct SourceInfo {
    /// The name by which a caller may choose it, for example `windows-evtx`.
    pub name: String,
    /// One line for readers.
    pub title: String,
    /// What every event of this source is; unknown parts are `None`.
    pub logsource: LogSource,
    generic: Option<Kinds>,
    never: Kinds,
    /// Any of these sets of signs shows an event of this source.
    signs: Vec<Vec<Sign>>,
}

#[derive(Debug, Clone, Default)]
struct Kinds {
    categories: Vec<String>,
    services: Vec<String>,
}

#[derive(Debug, Clone)]
struct Sign {
    field: String,
    wanted: Wanted,
}

#[derive(Debug, Clone)]
enum Wanted {
    Present,
    Absent,
    OneOf(Vec<Pattern>),
}

impl SourceInfo {
    /// What a pipeline says about the events that it is for; `None` when it says nothing or cannot be used.
    ///
    /// ```
    /// let source = tieline::SourceInfo::of_pipeline("source: {name: mine, detect: [[kind, host]]}").unwrap();
    /// assert!(source.recognises(&mut |field| (field != "nothing").then(|| "x".to_owned())));
    /// ```
    #[must_use]
    pub fn of_pipeline(yaml: &str) -> Option<Self> {
        let (pipelines, _) = super::Pipeline::parse(&Source::new(None, yaml), &Limits::DEFAULT);
        super::Pipelines::new(pipelines).source().cloned()
    }

    pub(super) fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut params = Params::new(node, "`source`", reader)?;
        let name = params.need_text("name", reader)?;
        let title = params.text("title", reader).unwrap_or_else(|| name.clone());
        let logsource = match params.get("logsource") {
            Some(node) => {
                let mut own = Params::new(node, "`logsource`", reader)?;
                let source = LogSource {
                    category: own.text("category", reader),
                    product: own.text("product", reader),
                    service: own.text("service", reader),
                    definition: None,
                };
                own.finish(reader);
                source
            }
            None => LogSource::default(),
        };
        let generic = match params.get("generic") {
            Some(node) => Some(Kinds::read(node, reader)?),
            None => None,
        };
        let never = match params.get("never") {
            Some(node) => Kinds::read(node, reader)?,
            None => Kinds::default(),
        };
        let mut signs = Vec::new();
        if let Some(node) = params.get("detect") {
            let Some(items) = node.as_list() else { return params.wrong("detect", "a list", node, reader) };
            for item in items {
                signs.push(set_of_signs(item, reader)?);
            }
        }
        params.finish(reader);
        Some(Self { name, title, logsource, generic, never, signs })
    }

    /// Whether a rule of this log source can be about events of this source.
    #[must_use]
    pub fn admits(&self, rule: &LogSource) -> bool {
        if !self.logsource.may_be(rule) || self.never.names(rule) {
            return false;
        }
        match &self.generic {
            Some(generic) if rule.product.is_none() => generic.allow(rule),
            _ => true,
        }
    }

    /// Whether the source says how to know its events.
    pub(super) fn has_signs(&self) -> bool {
        !self.signs.is_empty()
    }

    /// The fields by which [`recognises`](Self::recognises) knows an event; some may come twice.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.signs.iter().flatten().map(|sign| sign.field.as_str())
    }

    /// Those of [`fields`](Self::fields) whose text matters; of the others it matters only whether they are there.
    pub fn fields_by_text(&self) -> impl Iterator<Item = &str> {
        let by_text = |sign: &&Sign| match &sign.wanted {
            Wanted::OneOf(patterns) => !patterns.iter().any(|pattern| pattern.written() == "*"),
            Wanted::Present | Wanted::Absent => false,
        };
        self.signs.iter().flatten().filter(by_text).map(|sign| sign.field.as_str())
    }

    /// Whether an event, seen through `lookup`, shows signs of this source. `lookup` gives a field as text,
    /// and `None` when it is missing.
    pub fn recognises(&self, lookup: &mut dyn FnMut(&str) -> Option<String>) -> bool {
        self.signs.iter().any(|signs| {
            signs.iter().all(|sign| match (&sign.wanted, lookup(&sign.field)) {
                (Wanted::Present, value) => value.is_some(),
                (Wanted::Absent, value) => value.is_none(),
                (Wanted::OneOf(patterns), Some(value)) => patterns.iter().any(|pattern| pattern.matches(&value)),
                (Wanted::OneOf(_), None) => false,
            })
        })
    }
}

impl Kinds {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut params = Params::new(node, "a list of kinds", reader)?;
        let kinds =
            Self { categories: params.texts("categories", reader)?, services: params.texts("services", reader)? };
        params.finish(reader);
        Some(kinds)
    }

    /// Whether the category or the service of a rule is named.
    fn names(&self, rule: &LogSource) -> bool {
        named(&self.categories, rule.category.as_deref()) == Some(true)
            || named(&self.services, rule.service.as_deref()) == Some(true)
    }

    /// Whether neither the category nor the service of a rule is one that is not named.
    fn allow(&self, rule: &LogSource) -> bool {
        named(&self.categories, rule.category.as_deref()) != Some(false)
            && named(&self.services, rule.service.as_deref()) != Some(false)
    }
}

fn named(list: &[String], name: Option<&str>) -> Option<bool> {
    name.map(|name| list.iter().any(|own| own.eq_ignore_ascii_case(name)))
}

fn set_of_signs(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<Sign>> {
    let present = |field: &Node| Some(Sign { field: field.text()?.to_owned(), wanted: Wanted::Present });
    let signs: Option<Vec<Sign>> = match (node.as_list(), node.as_map()) {
        (Some(fields), _) => fields.iter().map(present).collect(),
        (_, Some(entries)) => entries.iter().map(|(field, value)| sign(field, value)).collect(),
        _ => present(node).map(|sign| vec![sign]),
    };
    match signs {
        Some(signs) if !signs.is_empty() => Some(signs),
        _ => {
            let message = "signs are a field, a list of fields, or a map of fields to values";
            reader.refuse(Code::PipelineParameter, node.span, message)
        }
    }
}

fn sign(field: &Node, value: &Node) -> Option<Sign> {
    let field = field.text()?.to_owned();
    if value.is_null() {
        return Some(Sign { field, wanted: Wanted::Absent });
    }
    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
    let patterns: Option<Vec<Pattern>> = items.iter().map(|item| item.text().map(Pattern::parse)).collect();
    Some(Sign { field, wanted: Wanted::OneOf(patterns?) })
}
