//! The condition `rule_attribute`: what a rule says about itself, compared with a value.
//!
//! ```text
//! {type: rule_attribute, attribute: level, value: medium, op: gte}     high ≥ medium   ─▶   true
//! ```
//!
//! Levels and statuses have an order, dates and numbers too; texts are only equal or not; lists contain or
//! do not. An attribute that the rule does not have makes the condition false, whatever it asks.

use super::condition::{RELATIONS, Relation, compare};
use super::params::{Params, Reader};
use crate::check::{Level, Metadata, Status};
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Attribute {
    name: String,
    value: Value,
    relation: Relation,
}

impl Attribute {
    pub(super) fn read(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let name = params.need_text("attribute", reader)?;
        let node = params.need("value", reader)?;
        let relations = [RELATIONS, &[("in", Relation::In), ("not_in", Relation::NotIn)]].concat();
        let relation = params.choice("op", &relations, reader)?;
        let value = match name.as_str() {
            // Dates, versions and ids are texts, however they are written.
            "level" | "status" | "date" | "modified" | "id" => Value::from(node.text().unwrap_or_default()),
            _ => node.to_json(),
        };
        let known = match name.as_str() {
            "level" => value.as_str().and_then(level).is_some(),
            "status" => value.as_str().and_then(status).is_some(),
            _ => true,
        };
        if !known {
            return params.wrong("value", &format!("a {name} of the specification"), node, reader);
        }
        Some(Self { name, value, relation })
    }

    pub(super) fn holds(&self, meta: &Metadata) -> bool {
        let ranked = |own: Option<u8>, other: Option<u8>| own.is_some() && self.relation.holds(own.partial_cmp(&other));
        let wanted = self.value.as_str();
        match self.name.as_str() {
            "level" => ranked(meta.level.map(level_rank), wanted.and_then(level)),
            "status" => ranked(meta.status.map(status_rank), wanted.and_then(status)),
            "date" => self.date(meta.date.as_deref()),
            "modified" => self.date(meta.modified.as_deref()),
            name => attribute(meta, name).is_some_and(|own| self.value_holds(&own)),
        }
    }

    fn date(&self, own: Option<&str>) -> bool {
        let plain = |text: &str| text.replace('/', "-");
        match (own, self.value.as_str()) {
            (Some(own), Some(other)) => self.relation.holds(Some(plain(own).cmp(&plain(other)))),
            _ => false,
        }
    }

    fn value_holds(&self, own: &Value) -> bool {
        match (own, &self.value, self.relation) {
            (Value::Array(own), wanted, Relation::In) => own.contains(wanted),
            (Value::Array(own), wanted, Relation::NotIn) => !own.contains(wanted),
            (own, Value::Array(list), Relation::In) => list.contains(own),
            (own, Value::Array(list), Relation::NotIn) => !list.contains(own),
            (Value::String(own), Value::String(other), Relation::Equal) => own == other,
            (Value::String(own), Value::String(other), Relation::NotEqual) => own != other,
            (Value::String(_), ..) => false,
            (own, other, relation) => match compare(own, other) {
                None if relation != Relation::NotEqual => false,
                order => relation.holds(order),
            },
        }
    }
}

fn attribute(meta: &Metadata, name: &str) -> Option<Value> {
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let list = |values: &[String]| Some(Value::from(values.to_vec()));
    match name {
        "title" => Some(meta.title.clone().into()),
        "id" => text(&meta.id),
        "name" => text(&meta.name),
        "taxonomy" => text(&meta.taxonomy),
        "description" => text(&meta.description),
        "license" => text(&meta.license),
        "author" => text(&meta.author),
        "references" => list(&meta.references),
        "tags" => list(&meta.tags),
        "fields" => list(&meta.fields),
        "falsepositives" => list(&meta.falsepositives),
        "scope" => list(&meta.scope),
        custom => serde_json::from_str::<Value>(&meta.custom).ok()?.get(custom).cloned(),
    }
}

fn level(text: &str) -> Option<u8> {
    text.parse().ok().map(level_rank)
}

fn level_rank(level: Level) -> u8 {
    match level {
        Level::Informational => 0,
        Level::Low => 1,
        Level::Medium => 2,
        Level::High => 3,
        Level::Critical => 4,
    }
}

fn status(text: &str) -> Option<u8> {
    text.parse().ok().map(status_rank)
}

fn status_rank(status: Status) -> u8 {
    match status {
        Status::Unsupported => 0,
        Status::Deprecated => 1,
        Status::Experimental => 2,
        Status::Test => 3,
        Status::Stable => 4,
    }
}
