//! A row of a batch as JSON: what no column can say is said here.
//!
//! ```text
//! Map {"a": 1}, List<Struct> [{"b": "x"}, {}]   ─▶   {"m": {"a": 1}, "l": [{"b": "x"}, {}]}
//! ```
//!
//! What a column holds is found out once for a batch, and a row is written value by value. Null is left out in objects, and written in lists.

use super::repeated;
use super::scalars::key;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, FieldRef, Fields};
use std::sync::Arc;
use tieline::Value;
use tieline::columns::Values;

/// The rows of a batch as JSON.
pub struct JsonRows {
    members: Vec<Member>,
}

/// A column, or a field of a struct.
struct Member {
    /// As JSON.
    name: String,
    cells: Cells,
}

/// What can be written for each row.
enum Cells {
    Values(Box<dyn Values>),
    Objects(Option<NullBuffer>, Vec<Member>),
    /// What has to be looked at anew for each row.
    Others(ArrayRef),
}

impl JsonRows {
    /// Of a batch.
    #[must_use]
    pub fn new(batch: &RecordBatch) -> Self {
        Self { members: members(batch.schema_ref().fields(), batch.columns()) }
    }

    /// Writes a row behind what is there.
    pub fn write(&self, row: usize, out: &mut String) {
        object(&self.members, row, out);
    }
}

fn members(fields: &Fields, columns: &[ArrayRef]) -> Vec<Member> {
    let member = |(field, array): (&FieldRef, &ArrayRef)| {
        let mut name = String::new();
        push_text(field.name(), &mut name);
        Member { name, cells: Cells::new(array) }
    };
    fields.iter().zip(columns).map(member).collect()
}

fn object(members: &[Member], row: usize, out: &mut String) {
    let mut object = Object::begin(out);
    members.iter().for_each(|member| object.spelled(&member.name, |out| member.cells.write(row, out)));
    object.end();
}

impl Cells {
    fn new(array: &ArrayRef) -> Self {
        if let (DataType::Struct(fields), Some(own)) = (array.data_type(), array.as_struct_opt()) {
            return Self::Objects(own.nulls().cloned(), members(fields, own.columns()));
        }
        repeated::values(array, None).map_or_else(|| Self::Others(Arc::clone(array)), Self::Values)
    }

    /// Writes the value of a row; says whether there is any, and writes nothing if not.
    fn write(&self, row: usize, out: &mut String) -> bool {
        match self {
            Self::Values(values) => scalar(values.value(row), out),
            Self::Objects(Some(nulls), _) if nulls.is_null(row) => false,
            Self::Objects(_, members) => {
                object(members, row, out);
                true
            }
            Self::Others(array) => value(array, row, out),
        }
    }
}

/// Writes a value; says whether there is any, and writes nothing if not.
fn value(array: &ArrayRef, row: usize, out: &mut String) -> bool {
    if row >= array.len() || array.is_null(row) {
        return false;
    }
    match array.data_type() {
        DataType::Struct(_) => array.as_struct_opt().is_some_and(|own| structure(own, row, out)),
        DataType::Map(..) => array.as_map_opt().is_some_and(|own| map(&own.value(row), out)),
        DataType::List(_) => array.as_list_opt::<i32>().is_some_and(|own| list(&own.value(row), out)),
        DataType::LargeList(_) => array.as_list_opt::<i64>().is_some_and(|own| list(&own.value(row), out)),
        DataType::ListView(_) => array.as_list_view_opt::<i32>().is_some_and(|own| list(&own.value(row), out)),
        DataType::LargeListView(_) => array.as_list_view_opt::<i64>().is_some_and(|own| list(&own.value(row), out)),
        DataType::FixedSizeList(..) => array.as_fixed_size_list_opt().is_some_and(|own| list(&own.value(row), out)),
        DataType::Union(..) => array.as_union_opt().is_some_and(|own| value(&own.value(row), 0, out)),
        DataType::Dictionary(..) => array.as_any_dictionary_opt().is_some_and(|own| {
            let code = own.normalized_keys().get(row).copied();
            code.is_some_and(|code| value(own.values(), code, out))
        }),
        _ => repeated::values(&array.slice(row, 1), None).is_some_and(|values| scalar(values.value(0), out)),
    }
}

fn structure(array: &StructArray, row: usize, out: &mut String) -> bool {
    let mut object = Object::begin(out);
    for (field, inner) in array.fields().iter().zip(array.columns()) {
        object.member(field.name(), |out| value(inner, row, out));
    }
    object.end();
    true
}

fn map(entries: &StructArray, out: &mut String) -> bool {
    let [keys, values] = entries.columns() else { return false };
    let Some(names) = repeated::values(keys, None) else { return false };
    let mut object = Object::begin(out);
    for row in 0..entries.len() {
        let name = names.value(row).map(key).unwrap_or_default();
        object.member(&name, |out| value(values, row, out));
    }
    object.end();
    true
}

fn list(members: &ArrayRef, out: &mut String) -> bool {
    out.push('[');
    for row in 0..members.len() {
        if row > 0 {
            out.push(',');
        }
        if !value(members, row, out) {
            out.push_str("null");
        }
    }
    out.push(']');
    true
}

fn scalar(value: Option<Value<'_>>, out: &mut String) -> bool {
    match value {
        None => return false,
        Some(Value::Text(text)) => push_text(text, out),
        Some(Value::Null) => out.push_str("null"),
        Some(Value::Composite) => out.push_str("{}"),
        Some(value) => out.push_str(&key(value)),
    }
    true
}

fn push_text(text: &str, out: &mut String) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        // INVARIANT: a text can always be written as JSON.
        return out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// An object that is being written.
struct Object<'o> {
    out: &'o mut String,
    has_member: bool,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, has_member: false }
    }

    /// Adds a member, unless `write` says that there is no value.
    fn member(&mut self, name: &str, write: impl FnOnce(&mut String) -> bool) {
        let mut spelled = String::new();
        push_text(name, &mut spelled);
        self.spelled(&spelled, write);
    }

    /// The same with a name that is spelled as JSON already.
    fn spelled(&mut self, name: &str, write: impl FnOnce(&mut String) -> bool) {
        let before = self.out.len();
        if self.has_member {
            self.out.push(',');
        }
        self.out.push_str(name);
        self.out.push(':');
        if write(self.out) {
            self.has_member = true;
        } else {
            self.out.truncate(before);
        }
    }

    fn end(self) {
        self.out.push('}');
    }
}
