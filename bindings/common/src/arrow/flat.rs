//! A batch of Arrow as named columns, where that says the same as its rows.
//!
//! ```text
//! Image: Utf8, Event: Struct { id: Int32, user: Dictionary }   ─▶   Image, Event, Event.id, Event.user
//! ```
//!
//! A struct is there as a field of its own that holds no value. Where a row may mean more than columns can say (lists of structs,
//! maps, unions, two fields of one name), there are no columns; such a batch is for `json`.

use super::presence::Presence;
use super::unread::Pending;
use super::{lists, repeated, scalars};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;
use tieline::Value;
use tieline::columns::{Column, Columns, Dictionary, Lists, Values};

/// Structs that lie in each other, at most.
const DEPTH_MAX: usize = 64;

/// The columns of a batch.
#[derive(Default)]
pub(super) struct Flat<'b> {
    rows: usize,
    columns: Vec<(Cow<'b, str>, Held)>,
    pub(super) not_text: u64,
    /// Of columns that are checked when they are read.
    pending: Vec<Rc<dyn Pending>>,
}

/// How a column holds its values.
enum Held {
    Values(Box<dyn Values>),
    Dictionary(Box<dyn Dictionary>),
    Lists(Box<dyn Lists>),
}

impl<'b> Flat<'b> {
    /// The columns of a batch; `None` where it has to be written as JSON.
    pub(super) fn new(batch: &'b RecordBatch) -> Option<Self> {
        let mut flat = Self { rows: batch.num_rows(), ..Self::default() };
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            flat.add(Cow::Borrowed(field.name()), array, None, 0)?;
        }
        Some(flat)
    }

    /// The same of memory of which rows of texts and codes may not be right.
    pub(super) fn unread(batch: &'b RecordBatch) -> Option<Self> {
        let mut flat = Self { rows: batch.num_rows(), ..Self::default() };
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name();
            let held = match array.data_type() {
                DataType::Utf8 => scalars::unread::<i32>(array, &mut flat.pending).map(Held::Values),
                DataType::LargeUtf8 => scalars::unread::<i64>(array, &mut flat.pending).map(Held::Values),
                DataType::Dictionary(..) => repeated::unread(array, &mut flat.pending).map(Held::Dictionary),
                _ => None,
            };
            match held {
                Some(held) => flat.columns.push((Cow::Borrowed(name), held)),
                None => flat.add(Cow::Borrowed(name), array, None, 0)?,
            }
        }
        Some(flat)
    }

    /// Whether all memory is right, also what was not read.
    pub(super) fn are_right(&self) -> bool {
        self.pending.iter().all(|pending| pending.are_right())
    }

    /// The same for the core, unless two columns have one name.
    pub(super) fn columns(&self) -> Option<Columns<'_>> {
        self.columns.iter().try_fold(Columns::new(self.rows), |columns, (name, held)| {
            let column = match held {
                Held::Values(values) => Column::Values(&**values),
                Held::Dictionary(dictionary) => Column::Dictionary(&**dictionary),
                Held::Lists(lists) => Column::Lists(&**lists),
            };
            (!columns.has(name)).then(|| columns.with(name, column))
        })
    }

    fn add(&mut self, name: Cow<'b, str>, array: &ArrayRef, around: Option<&NullBuffer>, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.not_text += scalars::not_text(array);
        let held = if let DataType::Struct(fields) = array.data_type() {
            let rows = Presence::new(array, around);
            for (field, inner) in fields.iter().zip(array.as_struct_opt()?.columns()) {
                self.add(format!("{name}.{}", field.name()).into(), inner, rows.nulls(), depth + 1)?;
            }
            Held::Values(Box::new(Structs(rows)))
        } else if let Some(dictionary) = repeated::dictionary(array, around) {
            Held::Dictionary(dictionary)
        } else if let Some(lists) = lists::lists(array, around) {
            Held::Lists(lists)
        } else {
            Held::Values(scalars::values(array, around)?)
        };
        self.columns.push((name, held));
        Some(())
    }
}

/// Where there are structs.
struct Structs(Presence);

impl Values for Structs {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        self.0.has(row).then_some(Value::Composite)
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.0.each(rows, each);
    }
}
