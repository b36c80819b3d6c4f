//! Fields become keys of groups, values to count, and numbers to compute with.
//!
//! ```text
//! User: "Anna", Port: 22    ─▶  key  4 "Anna" 2 "22"          a byte for the length, or five from 254 on
//!                                                             22, 22.0 and "22" are one value
//! User missing, or a list   ─▶  not counted
//! ```
//!
//! Texts differ by case; a number is its own spelling. Who asks decides what happens when there is no value.

use super::sighting::{Fields, Missing};
use crate::event::Value;

/// Stands for a value that is missing, where missing values make a group.
const ABSENT: u8 = u8::MAX;
/// Stands before a length that takes four bytes.
const LONG: u8 = u8::MAX - 1;

/// Writes the values of fields one behind the other; `false` when one of them has none.
pub(super) fn write(key: &mut Vec<u8>, fields: &[usize], rule: u32, event: &dyn Fields, missing: Missing) -> bool {
    key.clear();
    fields.iter().all(|field| {
        let value = event.value(rule, *field);
        match (value, value.text()) {
            (_, Some(text)) => {
                match u8::try_from(text.len()) {
                    Ok(len) if len < LONG => key.push(len),
                    _ => {
                        key.push(LONG);
                        key.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
                    }
                }
                key.extend(text.as_bytes());
                true
            }
            (Value::Null, None) if missing == Missing::Group => {
                key.push(ABSENT);
                true
            }
            _ => false,
        }
    })
}

/// Reads what `write` wrote.
pub(crate) fn read(mut key: &[u8]) -> Vec<Option<String>> {
    let mut values = Vec::new();
    while let Some((len, rest)) = key.split_first() {
        let (len, rest) = match (*len, rest.split_first_chunk()) {
            (ABSENT, _) => {
                values.push(None);
                key = rest;
                continue;
            }
            (LONG, Some((len, rest))) => (u32::from_le_bytes(*len), rest),
            (len, _) => (u32::from(len), rest),
        };
        let (text, rest) = rest.split_at_checked(len as usize).unwrap_or((rest, &[]));
        values.push(Some(String::from_utf8_lossy(text).into_owned()));
        key = rest;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    struct Texts<'a>(&'a [Option<String>]);

    impl Fields for Texts<'_> {
        fn value(&self, _: u32, field: usize) -> Value<'_> {
            self.0[field].as_deref().map_or(Value::Null, Value::Text)
        }
    }

    #[test]
    fn what_is_written_can_be_read_and_no_two_keys_are_equal() {
        let text = |len: usize| Some("x".repeat(len));
        let all = [None, text(0), text(1), text(253), text(254), text(255), text(256), text(70_000)];
        let mut keys = BTreeSet::new();
        for values in all.iter().flat_map(|left| all.iter().map(|right| [left.clone(), right.clone()])) {
            let mut key = Vec::new();
            assert!(write(&mut key, &[0, 1], 0, &Texts(&values), Missing::Group));
            assert_eq!(read(&key), values);
            assert!(keys.insert(key));
        }
        assert!(!write(&mut Vec::new(), &[0], 0, &Texts(&all), Missing::Skip));
    }
}
