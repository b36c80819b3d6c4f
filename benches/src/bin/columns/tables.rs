//! The events of a lane as tables of Arrow.
//!
//! ```text
//! {"EventID": 1, "Image": "a"} {"EventID": 3}   ─▶   EventID: Int64 [1, 3]   Image: Utf8 or dictionary ["a", null]
//! ```
//!
//! A field whose values are all integers, or all lists, is a column of those; every other one is a column of texts.

use arrow_array::builder::{
    ArrayBuilder, Int64Builder, ListBuilder, StringBuilder, StringDictionaryBuilder, StringViewBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use tieline_benches::lane::Lane;

/// How texts are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One behind the other.
    Plain,
    /// Each anywhere.
    Views,
    /// By codes.
    Dictionaries,
}

/// The kind of all values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    List,
    Text,
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Number(number) if number.is_i64() => Kind::Integer,
        Value::Array(_) => Kind::List,
        _ => Kind::Text,
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The events as batches of so many rows.
pub fn batches(lane: &Lane, form: Form, rows: usize) -> Vec<RecordBatch> {
    let events: Vec<Map<String, Value>> =
        lane.events().map(|event| serde_json::from_slice(event).unwrap_or_default()).collect();
    let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
    for (name, value) in events.iter().flatten().filter(|(_, value)| !value.is_null()) {
        let kind = kind(value);
        kinds.entry(name).and_modify(|own| *own = if *own == kind { kind } else { Kind::Text }).or_insert(kind);
    }
    let batch = |events: &[Map<String, Value>]| {
        let columns: Vec<(&str, ArrayRef)> =
            kinds.iter().map(|(name, kind)| (*name, column(events, name, *kind, form))).collect();
        let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
        let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
        let columns = columns.into_iter().map(|(_, array)| array).collect();
        RecordBatch::try_new(Arc::new(schema), columns).unwrap_or_else(|error| panic!("no table: {error}"))
    };
    events.chunks(rows.min(events.len().max(1))).map(batch).collect()
}

fn column(events: &[Map<String, Value>], name: &str, kind: Kind, form: Form) -> ArrayRef {
    let values = || events.iter().map(|event| event.get(name).filter(|value| !value.is_null()));
    let mut builder: Box<dyn ArrayBuilder> = match (kind, form) {
        (Kind::Integer, _) => {
            let mut builder = Int64Builder::new();
            values().for_each(|value| builder.append_option(value.and_then(Value::as_i64)));
            Box::new(builder)
        }
        (Kind::List, _) => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for value in values() {
                let items = value.and_then(Value::as_array);
                items.into_iter().flatten().for_each(|item| builder.values().append_value(text(item)));
                builder.append(items.is_some());
            }
            Box::new(builder)
        }
        (Kind::Text, Form::Plain) => {
            let mut builder = StringBuilder::new();
            values().for_each(|value| builder.append_option(value.map(text)));
            Box::new(builder)
        }
        (Kind::Text, Form::Views) => {
            let mut builder = StringViewBuilder::new();
            values().for_each(|value| builder.append_option(value.map(text)));
            Box::new(builder)
        }
        (Kind::Text, Form::Dictionaries) => {
            let mut builder = StringDictionaryBuilder::<Int32Type>::new();
            values().for_each(|value| builder.append_option(value.map(text)));
            Box::new(builder)
        }
    };
    builder.finish()
}
