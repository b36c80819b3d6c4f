//! Fields become keys of groups, values to count, and numbers to compute with.
//!
//! ```text
//! User: "Anna", Port: 22    ─▶  key  4 "Anna" 2 "22"          22, 22.0 and "22" are one value
//! User missing, or a list   ─▶  not counted
//! ```
//!
//! Texts differ by case; a number is its own spelling. Who asks decides what happens when there is no value.

use super::sighting::{Fields, Missing};
use crate::event::Value;

/// Stands for a value that is missing, where missing values make a group.
const ABSENT: u32 = u32::MAX;

/// Writes the values of fields one behind the other; `false` when one of them has none.
pub(super) fn write(key: &mut Vec<u8>, fields: &[usize], rule: u32, event: &dyn Fields, missing: Missing) -> bool {
    key.clear();
    fields.iter().all(|field| {
        let value = event.value(rule, *field);
        match (value, value.text()) {
            (_, Some(text)) => {
                key.extend(u32::try_from(text.len()).unwrap_or(ABSENT - 1).to_le_bytes());
                key.extend(text.as_bytes());
                true
            }
            (Value::Null, None) if missing == Missing::Group => {
                key.extend(ABSENT.to_le_bytes());
                true
            }
            _ => false,
        }
    })
}

/// Reads what `write` wrote.
pub(crate) fn read(mut key: &[u8]) -> Vec<Option<String>> {
    let mut values = Vec::new();
    while let Some((len, rest)) = key.split_first_chunk() {
        let len = u32::from_le_bytes(*len);
        if len == ABSENT {
            values.push(None);
            key = rest;
        } else {
            let (text, rest) = rest.split_at_checked(len as usize).unwrap_or((rest, &[]));
            values.push(Some(String::from_utf8_lossy(text).into_owned()));
            key = rest;
        }
    }
    values
}
