//! Arrays of Arrow that say once what repeats: dictionaries, and runs of equal values.
//!
//! ```text
//! keys 0 0 1 0   values "a" "b"    ─▶   codes 0 0 1 0          ends 2 3 4   values "a" "b" "a"   ─▶   codes 0 0 1 2
//! ```
//!
//! A key that is null, and one that means null, is a missing field.

use super::near;
use super::presence::Presence;
use super::scalars;
use super::unread::{CodeRows, Pending, Unread};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowDictionaryKeyType, Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow_array::{Array, ArrayRef, DictionaryArray, PrimitiveArray, RunArray, downcast_dictionary_array};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use arrow_schema::DataType;
use std::ops::Range;
use std::rc::Rc;
use tieline::Value;
use tieline::columns::{Dictionary, Values};

/// A dictionary, or runs; `None` if the array is neither, or its values may each hold several.
pub(super) fn dictionary(array: &ArrayRef, around: Option<&NullBuffer>) -> Option<Box<dyn Dictionary>> {
    if let DataType::RunEndEncoded(ends, _) = array.data_type() {
        return match ends.data_type() {
            DataType::Int16 => runs::<Int16Type>(array, around),
            DataType::Int32 => runs::<Int32Type>(array, around),
            DataType::Int64 => runs::<Int64Type>(array, around),
            _ => None,
        };
    }
    downcast_dictionary_array!(
        array => Some(Box::new(Coded::new(array, around)?)),
        _ => None
    )
}

/// A dictionary whose codes are not checked, and what is pending of them.
pub(super) fn unread(array: &ArrayRef, pending: &mut Vec<Rc<dyn Pending>>) -> Option<Box<dyn Dictionary>> {
    downcast_dictionary_array!(
        array => {
            let unread = Unread::new(CodeRows::new(array.keys(), array.values().len()));
            pending.push(Rc::clone(&unread) as Rc<dyn Pending>);
            Some(Box::new(Coded { unread: Some(unread), ..Coded::new(array, None)? }))
        },
        _ => None
    )
}

/// One value for each row, also where the array says once what repeats.
pub(super) fn values(array: &ArrayRef, around: Option<&NullBuffer>) -> Option<Box<dyn Values>> {
    if let Some(values) = scalars::values(array, around) {
        return Some(values);
    }
    dictionary(array, around).map(|dictionary| Box::new(Spread(dictionary)) as Box<dyn Values>)
}

/// Values behind keys.
struct Coded<K: ArrowDictionaryKeyType> {
    keys: PrimitiveArray<K>,
    rows: Presence,
    values: Box<dyn Values>,
    distinct: usize,
    /// What is to be told of rows before they are read, if codes are not checked. One that is no code of any value does no harm.
    unread: Option<Rc<Unread<CodeRows<K>>>>,
}

impl<K: ArrowDictionaryKeyType> Coded<K> {
    fn new(array: &DictionaryArray<K>, around: Option<&NullBuffer>) -> Option<Self> {
        let (keys, values) = (array.keys().clone(), values(array.values(), None)?);
        Some(Self { keys, rows: Presence::new(array, around), values, distinct: array.values().len(), unread: None })
    }
}

impl<K: ArrowDictionaryKeyType> Dictionary for Coded<K> {
    fn distinct(&self) -> usize {
        self.distinct
    }

    fn value(&self, code: u32) -> Option<Value<'_>> {
        self.values.value(code as usize)
    }

    fn texts(&self, each: &mut dyn FnMut(&[u8])) -> bool {
        self.values.texts(0..self.distinct, each)
    }

    #[inline]
    fn code(&self, row: usize) -> Option<u32> {
        if !self.rows.has(row) {
            return None;
        }
        self.keys.values().get(row).and_then(|key| u32::try_from(key.as_usize()).ok())
    }

    fn codes(&self) -> Option<&[u32]> {
        // Keys of 32 bits are codes as they lie there; a negative one is no code of any value.
        let keys = self.keys.values().inner();
        matches!(K::DATA_TYPE, DataType::Int32 | DataType::UInt32).then(|| keys.typed_data())
    }

    fn prefetch(&self, rows: Range<usize>) {
        match &self.unread {
            Some(unread) => unread.read(rows),
            None => near::slice(self.keys.values(), rows),
        }
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }
}

/// Values that stand for several rows each.
struct Runs<R: RunEndIndexType> {
    array: RunArray<R>,
    rows: Presence,
    values: Box<dyn Values>,
}

fn runs<R: RunEndIndexType>(array: &ArrayRef, around: Option<&NullBuffer>) -> Option<Box<dyn Dictionary>> {
    let array = array.as_run_opt::<R>()?;
    let values = values(array.values(), None)?;
    Some(Box::new(Runs { array: array.clone(), rows: Presence::new(array, around), values }))
}

impl<R: RunEndIndexType> Dictionary for Runs<R> {
    fn distinct(&self) -> usize {
        self.array.values().len()
    }

    fn value(&self, code: u32) -> Option<Value<'_>> {
        self.values.value(code as usize)
    }

    fn texts(&self, each: &mut dyn FnMut(&[u8])) -> bool {
        self.values.texts(0..self.distinct(), each)
    }

    fn code(&self, row: usize) -> Option<u32> {
        self.rows.has(row).then(|| self.array.get_physical_index(row)).and_then(|code| u32::try_from(code).ok())
    }

    fn present(&self, rows: Range<usize>, each: &mut dyn FnMut(u64)) {
        self.rows.each(rows, each);
    }
}

/// A dictionary that is asked by rows.
struct Spread(Box<dyn Dictionary>);

impl Values for Spread {
    fn value(&self, row: usize) -> Option<Value<'_>> {
        let code = self.0.code(row).filter(|code| (*code as usize) < self.0.distinct())?;
        self.0.value(code)
    }
}
