//! Which batches have the same dictionaries, so that what is known of their values goes on from one to the next, also when they
//! are given in different calls.
//!
//! ```text
//! batch 1  Image: keys, values "a" "b"  ─▶  5e0c…     batch 2  Image: other keys, values "a" "b"  ─▶  5e0c…     batch 3  values "a" "c"  ─▶  91d4…
//! ```
//!
//! Values that lie at the same place as those of the batch before are the same: that batch is held, so nothing else can lie there.
//! Of others a sum is made. It has 128 bits and a secret that each process draws anew, so nobody can make up two dictionaries
//! that have the same one. So dictionaries of other programs that were found right are known as right when they come again.

use super::presence::Presence;
use arrow_array::cast::AsArray;
use arrow_array::types::ByteArrayType;
use arrow_array::{Array, ArrayRef, GenericByteArray, RecordBatch};
use arrow_buffer::{ArrowNativeType, ToByteSlice};
use arrow_schema::DataType;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use xxhash_rust::xxh3::{Xxh3, Xxh3Builder};

/// The number of the last table of which no sum could be made.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Dictionaries that were found right of which it is kept; a scan may have several tables.
const RIGHT_MAX: usize = 16;

/// What sums are made with.
static SECRET: LazyLock<[u8; 192]> = LazyLock::new(|| {
    let mut secret = [0; 192];
    let words = secret.as_chunks_mut::<8>().0.iter_mut().zip(0_u64..);
    words.for_each(|(word, number)| *word = RandomState::new().hash_one(number).to_le_bytes());
    secret
});

/// Numbers batches by the dictionaries that they have.
#[derive(Debug, Default)]
pub struct Kin {
    last: Option<(RecordBatch, u128)>,
}

impl Kin {
    /// The number of a batch, which no batch has that has other columns or dictionaries. For
    /// [`Columns::kin`](tieline::columns::Columns::kin).
    pub fn number(&mut self, batch: &RecordBatch) -> u128 {
        let known = self.of_last(batch).or_else(|| sum(batch));
        let number = known.unwrap_or_else(|| u128::from(LAST.fetch_add(1, Ordering::Relaxed)));
        self.last = Some((batch.clone(), number));
        number
    }

    /// The same of a batch from foreign memory. `check` says whether its dictionaries are right, and is asked unless a batch had the same
    /// ones before.
    pub(super) fn number_when_right<E>(
        &mut self,
        batch: &RecordBatch,
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<u128, E> {
        if let Some(number) = self.of_last(batch) {
            return Ok(number);
        }
        let sum = if has_views(batch) { None } else { sum(batch) };
        if !sum.is_some_and(|sum| right().contains(&sum)) {
            check()?;
        }
        let Some(number) = sum else { return Ok(self.number(batch)) };
        let mut right = right();
        if !right.contains(&number) {
            right.truncate(RIGHT_MAX - 1);
            right.push_front(number);
        }
        self.last = Some((batch.clone(), number));
        Ok(number)
    }

    fn of_last(&self, batch: &RecordBatch) -> Option<u128> {
        self.last.as_ref().filter(|(last, _)| are_kin(last, batch)).map(|(_, number)| *number)
    }
}

/// The numbers of the last dictionaries that were found right.
fn right() -> MutexGuard<'static, VecDeque<u128>> {
    static RIGHT: Mutex<VecDeque<u128>> = Mutex::new(VecDeque::new());
    RIGHT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there are dictionaries whose values cannot be added before they are checked, as each lies anywhere.
fn has_views(batch: &RecordBatch) -> bool {
    let dictionaries = batch.columns().iter().filter_map(|array| array.as_any_dictionary_opt());
    dictionaries.map(|own| own.values().data_type()).any(|values| *values == DataType::Utf8View)
}

fn are_kin(one: &RecordBatch, other: &RecordBatch) -> bool {
    let same = |(one, other): (&ArrayRef, &ArrayRef)| match (one.as_any_dictionary_opt(), other.as_any_dictionary_opt())
    {
        (Some(one), Some(other)) => one.values().to_data().ptr_eq(&other.values().to_data()),
        _ => !has_codes(one.data_type()),
    };
    one.schema_ref() == other.schema_ref() && one.columns().iter().zip(other.columns()).all(same)
}

/// Whether there are codes in an array that is none of codes itself; runs are codes as well.
fn has_codes(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(..) | DataType::RunEndEncoded(..) => true,
        DataType::List(own)
        | DataType::LargeList(own)
        | DataType::FixedSizeList(own, _)
        | DataType::ListView(own)
        | DataType::LargeListView(own)
        | DataType::Map(own, _) => has_codes(own.data_type()),
        DataType::Struct(fields) => fields.iter().any(|own| has_codes(own.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, own)| has_codes(own.data_type())),
        _ => false,
    }
}

/// The sum of the columns and all dictionaries; `None` where there are codes whose values are not added.
fn sum(batch: &RecordBatch) -> Option<u128> {
    let mut sum = Xxh3Builder::new().with_secret(*SECRET).build();
    batch.schema_ref().fields().hash(&mut sum);
    for array in batch.columns() {
        match array.as_any_dictionary_opt() {
            Some(dictionary) => add_values(&mut sum, dictionary.values())?,
            None if has_codes(array.data_type()) => return None,
            None => {}
        }
    }
    Some(sum.digest128())
}

/// Adds values, so that others would have added other bytes.
fn add_values(sum: &mut Xxh3, values: &dyn Array) -> Option<()> {
    let (rows, presence) = (values.len(), Presence::new(values, None));
    sum.update(&rows.to_le_bytes());
    presence.words(0..rows).for_each(|bits| sum.update(&bits.to_le_bytes()));
    match values.data_type() {
        DataType::Utf8 => add_texts(sum, values.as_string_opt::<i32>()?),
        DataType::LargeUtf8 => add_texts(sum, values.as_string_opt::<i64>()?),
        DataType::Utf8View => {
            let texts = values.as_string_view_opt()?;
            for row in presence.those_of(0..rows) {
                let text = texts.value(row);
                sum.update(&text.len().to_le_bytes());
                sum.update(text.as_bytes());
            }
            Some(())
        }
        own => {
            let (width, data) = (own.primitive_width()?, values.to_data());
            let bytes = data.buffers().first()?.get(data.offset() * width..(data.offset() + rows) * width)?;
            sum.update(bytes);
            Some(())
        }
    }
}

/// Adds where texts begin, and all of them: those that are right lie between the first and the last place.
fn add_texts<T: ByteArrayType>(sum: &mut Xxh3, texts: &GenericByteArray<T>) -> Option<()> {
    let places = texts.value_offsets();
    let all = texts.value_data().get(places.first()?.as_usize()..places.last()?.as_usize())?;
    sum.update(places.to_byte_slice());
    sum.update(all);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, Int32Array, Int64Array, LargeStringArray, StringArray, StringViewArray};
    use std::sync::Arc;

    fn batch(name: &str, keys: &[i32], values: ArrayRef) -> RecordBatch {
        let keys = Int32Array::from(keys.to_vec());
        let coded: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(keys, values));
        RecordBatch::try_from_iter([(name, coded)]).unwrap()
    }

    fn number(name: &str, keys: &[i32], values: impl Array + 'static) -> u128 {
        Kin::default().number(&batch(name, keys, Arc::new(values)))
    }

    #[test]
    fn tables_with_the_same_values_in_their_dictionaries_are_kin() {
        let texts = |own: &[Option<&str>]| StringArray::from(own.to_vec());
        let known = number("a", &[0, 1, 1], texts(&[Some("x"), Some("yz"), None]));
        assert_eq!(number("a", &[1], texts(&[Some("x"), Some("yz"), None])), known);
        for other in [
            texts(&[Some("x"), Some("yz")]),
            texts(&[Some("xy"), Some("z"), None]),
            texts(&[Some("x"), Some("yz"), Some("")]),
            texts(&[Some("yz"), Some("x"), None]),
            texts(&[Some("x"), Some("yZ"), None]),
        ] {
            assert_ne!(number("a", &[1], other.clone()), known, "{other:?}");
        }
        assert_ne!(number("b", &[1], texts(&[Some("x"), Some("yz"), None])), known);
        let other = LargeStringArray::from(vec![Some("x"), Some("yz"), None]);
        assert_ne!(number("a", &[1], other.clone()), known);
        assert_eq!(number("a", &[0], other.clone()), number("a", &[1], other));
        let views = |last: &str| StringViewArray::from(vec!["x", "a text that is too long for a view", last]);
        assert_eq!(number("a", &[0], views("y")), number("a", &[1], views("y")));
        assert_ne!(number("a", &[0], views("y")), number("a", &[0], views("a text that is too long for a View")));
        let numbers = |last: i64| Int64Array::from(vec![7, 8, last]);
        assert_eq!(number("a", &[0], numbers(9)), number("a", &[1], numbers(9).slice(0, 3)));
        assert_eq!(number("a", &[0], numbers(9).slice(1, 2)), number("a", &[1], Int64Array::from(vec![8, 9])));
        assert_ne!(number("a", &[0], numbers(9)), number("a", &[0], numbers(10)));
    }

    #[test]
    fn a_table_of_whose_codes_no_sum_is_made_has_only_those_as_kin_that_lie_there() {
        let truths: ArrayRef = Arc::new(arrow_array::BooleanArray::from(vec![true, false]));
        let (one, other) = (batch("a", &[0], truths.clone()), batch("a", &[1], truths.clone()));
        let mut kin = Kin::default();
        assert_eq!(kin.number(&one), kin.number(&other));
        assert_ne!(Kin::default().number(&one), Kin::default().number(&one));
    }
}
