//! Arrays of Arrow of which each row holds one value, as values of events.
//!
//! ```text
//! Utf8, LargeUtf8, Utf8View    text where it lies        Int, UInt, Float, Decimal     number
//! Binary of every form         text, if it is UTF-8      Timestamp, Date, Time         RFC 3339, all digits kept
//! Boolean                      boolean                   Duration                      number, in its unit
//! ```
//!
//! Null is a missing field. NaN and the infinities are no numbers: they are the texts `NaN`, `inf` and `-inf`. Bytes that are not
//! UTF-8 are a missing field as well. Values that hold others (structs, lists, maps) are not for this file.

use super::near;
use super::presence::Presence;
use super::temporal;
use super::unread::{Pending, Rows, TextRows, Unread};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, ByteArrayType, ByteViewType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Float64Type, GenericStringType, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, GenericByteArray, GenericByteViewArray, OffsetSizeTrait,
    PrimitiveArray,
};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use arrow_data::{ByteView, MAX_INLINE_VIEW_LEN};
use arrow_schema::DataType;
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;
use std::sync::OnceLock;
use tieline::columns::Values;
use tieline::{Number, Value};

/// The values of an array that lies in structs with these nulls; `None` if each may hold several.
pub(super) fn values(array: &ArrayRef, around: Option<&NullBuffer>) -> Option<Box<dyn Values>> {
    let rows = Presence::new(array, around);
    Some(match array.data_type() {
        DataType::Null => Box::new(Nothing),
        DataType::Utf8 => Box::new(Texts { array: array.as_string_opt::<i32>()?.clone(), rows }),
        DataType::LargeUtf8 => Box::new(Texts { array: array.as_string_opt::<i64>()?.clone(), rows }),
        DataType::Utf8View => Box::new(Views { array: array.as_string_view_opt()?.clone(), rows }),
        DataType::Binary => Box::new(Texts { array: array.as_binary_opt::<i32>()?.clone(), rows }),
        DataType::LargeBinary => Box::new(Texts { array: array.as_binary_opt::<i64>()?.clone(), rows }),
        DataType::BinaryView => Box::new(Views { array: array.as_binary_view_opt()?.clone(), rows }),
        DataType::FixedSizeBinary(_) => Box::new(Fixed { array: array.as_fixed_size_binary_opt()?.clone(), rows }),
        DataType::Boolean => Box::new(Booleans { array: array.as_boolean_opt()?.clone(), rows }),
        DataType::Int8 => integers::<Int8Type>(array, rows)?,
        DataType::Int16 => integers::<Int16Type>(array, rows)?,
        DataType::Int32 => integers::<Int32Type>(array, rows)?,
        DataType::Int64 => integers::<Int64Type>(array, rows)?,
        DataType::UInt8 => integers::<UInt8Type>(array, rows)?,
        DataType::UInt16 => integers::<UInt16Type>(array, rows)?,
        DataType::UInt32 => integers::<UInt32Type>(array, rows)?,
        DataType::UInt64 => integers::<UInt64Type>(array, rows)?,
        DataType::Float16 => numbers::<Float16Type>(array, rows, |value| float(value.to_f64()))?,
        // The number that is written with the fewest digits, not the nearest of twice the width.
        DataType::Float32 => numbers::<Float32Type>(array, rows, |value| {
            let wide = if value.is_finite() { value.to_string().parse() } else { Ok(value.into()) };
            float(wide.unwrap_or_else(|_| value.into()))
        })?,
        DataType::Float64 => numbers::<Float64Type>(array, rows, float)?,
        DataType::Decimal32(..) => decimals::<Decimal32Type>(array, rows)?,
        DataType::Decimal64(..) => decimals::<Decimal64Type>(array, rows)?,
        DataType::Decimal128(..) => decimals::<Decimal128Type>(array, rows)?,
        DataType::Decimal256(..) => decimals::<Decimal256Type>(array, rows)?,
        _ => Box::new(Made::new(rows, temporal::reader(array)?)),
    })
}

/// How many values of an array are bytes that are not UTF-8.
pub(super) fn not_text(array: &dyn Array) -> u64 {
    let bytes: Box<dyn Iterator<Item = Option<&[u8]>> + '_> = match array.data_type() {
        DataType::Binary => Box::new(array.as_binary_opt::<i32>().into_iter().flatten()),
        DataType::LargeBinary => Box::new(array.as_binary_opt::<i64>().into_iter().flatten()),
        DataType::BinaryView => Box::new(array.as_binary_view_opt().into_iter().flatten()),
        DataType::FixedSizeBinary(_) => Box::new(array.as_fixed_size_binary_opt().into_iter().flatten()),
        _ => return 0,
    };
    bytes.flatten().filter(|bytes| std::str::from_utf8(bytes).is_err()).count() as u64
}

/// No value in any row.
struct Nothing;

impl Values for Nothing {
    fn value(&self, _: usize) -> Option<Value<'_>> {
        None
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        rows.step_by(64).for_each(|_| each(0));
    }
}

/// What may be read as a text.
trait Text {
    fn text(&self) -> Option<&str>;
}

impl Text for str {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for [u8] {
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }
}

/// Texts that lie one behind the other.
struct Texts<T: ByteArrayType> {
    array: GenericByteArray<T>,
    rows: Presence,
}

impl<T: ByteArrayType> Texts<T> {
    /// Where the text of a row begins.
    fn place(&self, row: usize) -> Option<usize> {
        self.array.value_offsets().get(row).map(|place| place.as_usize())
    }
}

impl<T: ByteArrayType<Native: Text>> Values for Texts<T> {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        if !self.rows.has(row) {
            return None;
        }
        self.array.value(row).text().map(Value::Text)
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }

    fn texts(&self, rows: Range<usize>, each: &mut dyn FnMut(&[u8])) -> bool {
        let places = self.place(rows.start).zip(self.place(rows.end));
        let all = places.and_then(|(start, end)| self.array.value_data().get(start..end));
        all.map(each).is_some()
    }

    fn prefetch(&self, rows: Range<usize>) {
        near::slice(self.array.value_offsets(), rows.clone());
        if let Some((start, end)) = self.place(rows.start).zip(self.place(rows.end)) {
            near::texts(self.array.value_data(), start..end, rows.len());
        }
    }
}

/// Texts that are checked when they are read.
struct Loose<O: OffsetSizeTrait> {
    unread: Rc<Unread<TextRows<O>>>,
    texts: Texts<GenericStringType<O>>,
}

/// The texts of an array that is not checked, and what is pending of them.
pub(super) fn unread<O>(array: &ArrayRef, pending: &mut Vec<Rc<dyn Pending>>) -> Option<Box<dyn Values>>
where
    O: OffsetSizeTrait,
    TextRows<O>: Rows,
{
    let array = array.as_string_opt::<O>()?;
    let unread = Unread::new(TextRows::new(array));
    pending.push(Rc::clone(&unread) as Rc<dyn Pending>);
    Some(Box::new(Loose { unread, texts: Texts { array: array.clone(), rows: Presence::new(array, None) } }))
}

impl<O: OffsetSizeTrait> Values for Loose<O>
where
    TextRows<O>: Rows,
{
    fn value(&self, row: usize) -> Option<Value<'_>> {
        if self.texts.rows.has(row) && self.unread.may_read(row) { self.texts.value(row) } else { None }
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.texts.present(rows, each);
    }

    fn texts(&self, rows: Range<usize>, each: &mut dyn FnMut(&[u8])) -> bool {
        self.texts.texts(rows, each)
    }

    fn prefetch(&self, rows: Range<usize>) {
        // PERF: checked at once, each column would wait for where its texts are, and then for them.
        self.texts.prefetch(rows);
    }
}

/// Texts each of which lies anywhere.
struct Views<T: ByteViewType> {
    array: GenericByteViewArray<T>,
    rows: Presence,
}

impl<T: ByteViewType<Native: Text>> Values for Views<T> {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        if !self.rows.has(row) {
            return None;
        }
        self.array.value(row).text().map(Value::Text)
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }

    fn texts(&self, rows: Range<usize>, each: &mut dyn FnMut(&[u8])) -> bool {
        // Whoever makes views mostly puts their texts one behind the other.
        let (mut short, mut run) = (Vec::new(), 0..0);
        let mut of = 0;
        let buffers = self.array.data_buffers();
        // Texts that rows share are told again and again: no more of them than all buffers hold, which then are told instead.
        let mut left = Some(buffers.iter().map(|buffer| buffer.len()).sum::<usize>());
        let mut tell = |of: u32, run: Range<usize>, short: &mut Vec<u8>| {
            let Some(run) = buffers.get(of as usize).and_then(|own| own.get(run)) else { return };
            left = left.and_then(|left| left.checked_sub(run.len()));
            match left {
                None => {}
                Some(_) if run.len() > RUN_BYTES_MIN => each(run),
                Some(_) => {
                    short.extend_from_slice(run);
                    short.push(b'\n');
                }
            }
        };
        for view in self.rows.those_of(rows).filter_map(|row| self.array.views().get(row)) {
            let Some((buffer, own)) = place_of(*view) else {
                // Its bytes, with zeros behind them where it has fewer.
                short.extend_from_slice(&(view >> 32).to_le_bytes()[..MAX_INLINE_VIEW_LEN as usize]);
                short.push(b'\n');
                continue;
            };
            if buffer == of && run.contains(&own.start) && own.end <= run.end {
                continue;
            }
            if buffer != of || own.start != run.end {
                tell(of, std::mem::replace(&mut run, own.start..own.start), &mut short);
                of = buffer;
            }
            run.end = own.end;
        }
        tell(of, run, &mut short);
        buffers.iter().filter(|_| left.is_none()).for_each(|buffer| each(buffer));
        each(&short);
        true
    }

    fn prefetch(&self, rows: Range<usize>) {
        for (buffer, own) in self.rows.those_of(rows).filter_map(|row| place_of(*self.array.views().get(row)?)) {
            near::texts(self.array.data_buffers().get(buffer as usize).map_or(&[], |own| own), own, 1);
        }
    }
}

/// Shorter texts are copied, so that each call finds something to search.
const RUN_BYTES_MIN: usize = 256;

/// In which buffer the text of a view lies, and where there; `None` if it lies in the view.
#[inline]
fn place_of(view: u128) -> Option<(u32, Range<usize>)> {
    let length = view as u32;
    let view = (length > MAX_INLINE_VIEW_LEN).then(|| ByteView::from(view))?;
    Some((view.buffer_index, view.offset as usize..view.offset as usize + length as usize))
}

/// Texts of one length.
struct Fixed {
    array: FixedSizeBinaryArray,
    rows: Presence,
}

impl Values for Fixed {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        self.rows.has(row).then(|| self.array.value(row))?.text().map(Value::Text)
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }
}

struct Booleans {
    array: BooleanArray,
    rows: Presence,
}

impl Values for Booleans {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        self.rows.has(row).then(|| Value::Bool(self.array.value(row)))
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }
}

/// Numbers, and how each is read.
struct Numbers<T: ArrowPrimitiveType> {
    array: PrimitiveArray<T>,
    rows: Presence,
    read: fn(T::Native) -> Value<'static>,
}

impl<T: ArrowPrimitiveType> Values for Numbers<T> {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        self.rows.has(row).then(|| (self.read)(self.array.value(row)))
    }

    fn prefetch(&self, rows: Range<usize>) {
        near::slice(self.array.values(), rows);
    }

    fn are_numbers(&self) -> bool {
        !T::DATA_TYPE.is_floating()
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }
}

fn numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    rows: Presence,
    read: fn(T::Native) -> Value<'static>,
) -> Option<Box<dyn Values>> {
    Some(Box::new(Numbers { array: array.as_primitive_opt::<T>()?.clone(), rows, read }))
}

fn integers<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef, rows: Presence) -> Option<Box<dyn Values>> {
    numbers::<T>(array, rows, |value| Value::Number(Number::Integer(value.into())))
}

fn float(value: f64) -> Value<'static> {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => Value::Text("NaN"),
        None if value > 0.0 => Value::Text("inf"),
        None => Value::Text("-inf"),
    }
}

/// Decimals are read as JSON would be that is written with all their digits.
fn decimals<T: DecimalType>(array: &ArrayRef, rows: Presence) -> Option<Box<dyn Values>> {
    let decimals = array.as_primitive_opt::<T>()?.clone();
    let read = move |row| {
        let text = decimals.value_as_string(row);
        Number::from_numeric_text(text.trim()).map_or(Scalar::Text(text), Scalar::Number)
    };
    Some(Box::new(Made::new(rows, Box::new(read))))
}

/// A value that does not lie in the array as events have it.
#[derive(Debug)]
pub(super) enum Scalar {
    Number(Number),
    Text(String),
}

/// Makes the value of a row that is not null.
pub(super) type Reader = Box<dyn Fn(usize) -> Scalar>;

/// Values that are made when somebody first asks for one.
struct Made {
    rows: Presence,
    read: Reader,
    values: OnceLock<Vec<Option<Scalar>>>,
}

impl Made {
    fn new(rows: Presence, read: Reader) -> Self {
        Self { rows, read, values: OnceLock::new() }
    }
}

impl Values for Made {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        let make = || (0..self.rows.rows()).map(|row| self.rows.has(row).then(|| (self.read)(row))).collect();
        Some(match self.values.get_or_init(make).get(row)?.as_ref()? {
            Scalar::Number(number) => Value::Number(*number),
            Scalar::Text(text) => Value::Text(text),
        })
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }
}

/// A value as a text that a key of an object can be.
pub(super) fn key(value: Value<'_>) -> Cow<'_, str> {
    value.text().unwrap_or_default()
}
