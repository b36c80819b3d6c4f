//! Events of MISP, as JSON.
//!
//! ```text
//! {"Event": {"info": "...", "threat_level_id": "1", "Attribute": [{"type": "ip-dst", "value": "...", "to_ids": true}],
//!            "Object": [{"Attribute": [...]}]}}
//! ```
//!
//! Only attributes that are for detection (`to_ids`) become indicators. `first_seen` is where one begins to be valid;
//! `last_seen` says nothing about its end. Of `domain|ip` both count, of `filename|sha256` the hash, which says more.

use super::read::{Reader, Told, tag_of};
use super::{IndicatorKind, value};
use crate::check::Level;
use crate::diagnostic::Code;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Deserialize)]
struct Event<'a> {
    info: Option<Cow<'a, str>>,
    #[serde(default)]
    threat_level_id: Value,
    #[serde(borrow, default, rename = "Attribute")]
    attributes: Vec<&'a RawValue>,
    #[serde(borrow, default, rename = "Object")]
    objects: Vec<&'a RawValue>,
    #[serde(default, rename = "Tag")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, default, rename = "Attribute")]
    attributes: Vec<&'a RawValue>,
    #[serde(default)]
    deleted: Value,
}

#[derive(Deserialize)]
struct Attribute<'a> {
    uuid: Option<String>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
    #[serde(default)]
    to_ids: Value,
    #[serde(default)]
    deleted: Value,
    #[serde(default)]
    first_seen: Value,
    #[serde(default, rename = "Tag")]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

/// Reads an event.
pub(super) fn event<'a>(reader: &mut Reader<'a>, raw: &'a RawValue) {
    let place = reader.place(raw);
    let event: Event<'_> = match serde_json::from_str(raw.get()) {
        Ok(event) => event,
        Err(error) => return reader.tell(Code::IndicatorList, Some(place), &format!("this is no MISP event: {error}")),
    };
    let level = match text(&event.threat_level_id).as_deref() {
        Some("1") => Some(Level::High),
        Some("3") => Some(Level::Low),
        _ => None,
    };
    let name = event.info.as_deref().map(str::trim).filter(|info| !info.is_empty()).map(Arc::from);
    let tags = event.tags.iter().map(|tag| tag_of(&tag.name)).collect();
    let common = Told { name, level, tags, ..reader.told() };
    for raw in event.attributes {
        attribute(reader, &common, raw);
    }
    for raw in event.objects {
        match serde_json::from_str::<Object<'_>>(raw.get()) {
            Ok(object) if is_yes(&object.deleted) => {}
            Ok(object) => object.attributes.into_iter().for_each(|raw| attribute(reader, &common, raw)),
            Err(error) => {
                let place = reader.place(raw);
                reader.refuse(None, place, &format!("this is no MISP object: {error}"));
            }
        }
    }
}

fn attribute<'a>(reader: &mut Reader<'a>, common: &Told, raw: &'a RawValue) {
    let place = reader.place(raw);
    let attribute: Attribute<'_> = match serde_json::from_str(raw.get()) {
        Ok(attribute) => attribute,
        Err(error) => return reader.refuse(None, place, &format!("this is no MISP attribute: {error}")),
    };
    if !is_yes(&attribute.to_ids) || is_yes(&attribute.deleted) {
        return;
    }
    let Some(parts) = values(&attribute.kind, &attribute.value) else {
        let message = format!("attributes of type `{}` are not looked for in events", attribute.kind);
        return reader.refuse(attribute.uuid.as_deref(), place, &message);
    };
    let tags = if attribute.tags.is_empty() {
        Arc::clone(&common.tags)
    } else {
        common.tags.iter().cloned().chain(attribute.tags.iter().map(|tag| tag_of(&tag.name))).collect()
    };
    let told = Told { id: attribute.uuid, tags, ..common.clone() };
    let first_seen = text(&attribute.first_seen);
    let times = [("first_seen", first_seen.as_deref()), ("last_seen", None)];
    let Some(told) = reader.with_times(told, times, place) else { return };
    for (kind, text) in parts {
        reader.add(&told, Some(kind), text, place);
    }
}

/// The values of an attribute that are looked for; `None` when there is none.
fn values<'v>(kind: &str, text: &'v str) -> Option<Vec<(IndicatorKind, &'v str)>> {
    let Some((first, second)) = kind.split_once('|') else {
        return Some(vec![(value::kind_named(kind)?, text)]);
    };
    let (left, right) = text.split_once('|').unwrap_or((text, ""));
    match (value::kind_named(first), value::kind_named(second)) {
        (Some(IndicatorKind::Domain), Some(IndicatorKind::Address)) => {
            Some(vec![(IndicatorKind::Domain, left), (IndicatorKind::Address, right)])
        }
        (Some(IndicatorKind::FileName), Some(hash)) => Some(vec![(hash, right)]),
        // What else stands behind a bar is a port.
        (Some(kind), None) if second == "port" => Some(vec![(kind, left)]),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        other => matches!(text(other).as_deref(), Some("1" | "true" | "True")),
    }
}
