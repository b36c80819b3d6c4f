//! An event for `rsigma-eval` over the tree of `simd-json`, which borrows from the bytes.
//!
//! ```text
//! bytes ─▶ simd_json::BorrowedValue ─▶ SimdEvent: Event
//! ```
//!
//! `rsigma-eval` ships an event over `serde_json::Value` only, but its trait is open. This one answers as that
//! one does: a flat key first, then the dotted path, arrays followed into every element.

use rsigma_eval::{Event, EventValue};
use simd_json::prelude::*;
use simd_json::{BorrowedValue, StaticNode};
use std::borrow::Cow;

/// An event over a borrowed tree.
#[derive(Debug)]
pub struct SimdEvent<'a> {
    /// The tree.
    pub tree: BorrowedValue<'a>,
}

fn value<'a>(tree: &'a BorrowedValue<'_>) -> EventValue<'a> {
    match tree {
        BorrowedValue::Static(StaticNode::Null) => EventValue::Null,
        BorrowedValue::Static(StaticNode::Bool(value)) => EventValue::Bool(*value),
        BorrowedValue::Static(StaticNode::I64(value)) => EventValue::Int(*value),
        BorrowedValue::Static(StaticNode::U64(value)) => {
            i64::try_from(*value).map_or(EventValue::Float(*value as f64), EventValue::Int)
        }
        BorrowedValue::Static(StaticNode::F64(value)) => EventValue::Float(*value),
        BorrowedValue::String(text) => EventValue::Str(Cow::Borrowed(text.as_ref())),
        BorrowedValue::Array(members) => EventValue::Array(members.iter().map(value).collect()),
        BorrowedValue::Object(object) => {
            EventValue::Map(object.iter().map(|(key, own)| (Cow::Borrowed(key.as_ref()), value(own))).collect())
        }
    }
}

fn collect<'a>(tree: &'a BorrowedValue<'_>, path: &str, found: &mut Vec<EventValue<'a>>) {
    match tree {
        BorrowedValue::Array(members) => members.iter().for_each(|member| collect(member, path, found)),
        BorrowedValue::Object(object) => match path.split_once('.') {
            Some((first, rest)) => {
                if let Some(next) = object.get(first) {
                    collect(next, rest, found);
                }
            }
            None => found.extend(object.get(path).map(value)),
        },
        _ => {}
    }
}

fn visit(tree: &BorrowedValue<'_>, each: &mut dyn FnMut(&str)) {
    match tree {
        BorrowedValue::String(text) => each(text.as_ref()),
        BorrowedValue::Static(StaticNode::Null | StaticNode::Bool(_)) => {}
        BorrowedValue::Static(number) => each(&number.to_string()),
        BorrowedValue::Array(members) => members.iter().for_each(|member| visit(member, each)),
        BorrowedValue::Object(object) => object.values().for_each(|member| visit(member, each)),
    }
}

impl Event for SimdEvent<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        let object = self.tree.as_object()?;
        if let Some(own) = object.get(path) {
            return Some(value(own));
        }
        let (first, _) = path.split_once('.')?;
        if !object.contains_key(first) {
            return None;
        }
        let mut found = Vec::new();
        collect(&self.tree, path, &mut found);
        match found.len() {
            0 | 1 => found.pop(),
            _ => Some(EventValue::Array(found)),
        }
    }

    fn any_string_value(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        let mut any = false;
        visit(&self.tree, &mut |text| any = any || holds(text));
        any
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let mut all = Vec::new();
        visit(&self.tree, &mut |text| all.push(Cow::Owned(text.to_owned())));
        all
    }

    fn visit_string_values(&self, each: &mut dyn FnMut(&str)) {
        visit(&self.tree, each);
    }

    fn to_json(&self) -> serde_json::Value {
        value(&self.tree).to_json()
    }

    fn top_level_keys(&self) -> Option<Vec<Cow<'_, str>>> {
        Some(self.tree.as_object()?.keys().map(|key| Cow::Borrowed(key.as_ref())).collect())
    }

    fn visit_top_level_keys(&self, each: &mut dyn FnMut(&str)) -> bool {
        let Some(object) = self.tree.as_object() else { return false };
        object.keys().for_each(|key| each(key.as_ref()));
        true
    }
}
