//! Chooses the partition for an event by the values of a few fields, as a decision tree.
//!
//! ```text
//! Channel = "security"  ─▶  EventID = "4624" ─▶ partition 7     otherwise ─▶ partition 8
//! otherwise             ─▶  partition 0
//! ```
//!
//! A step may ask several fields at once, where events of one kind write the same thing under several names.
//!
//! Where the values come from is for `matcher`; which fields are worth asking is for `compile`.

use super::SlotId;
use super::hash::{CASE, hash};
use hashbrown::HashTable;

/// A step of the tree.
#[derive(Debug)]
pub(crate) enum Router {
    Partition(u32),
    Slots { slots: Box<[SlotId]>, by_value: ByValue, otherwise: Box<Router> },
}

/// Where each of a field's values leads.
#[derive(Debug, Default)]
pub(crate) struct ByValue {
    table: HashTable<(Box<str>, Router)>,
}

impl ByValue {
    /// Says where a folded value leads.
    pub(crate) fn insert(&mut self, value: &str, next: Router) {
        let rehash = |(value, _): &(Box<str>, Router)| hash(value.as_bytes(), CASE);
        self.table.insert_unique(hash(value.as_bytes(), CASE), (value.into(), next), rehash);
    }

    /// All values and where they lead, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Router)> {
        self.table.iter().map(|(value, next)| (&**value, next))
    }

    /// Where a value leads. A value that is not ASCII has to be folded.
    pub(crate) fn get(&self, value: &str) -> Option<&Router> {
        let found = self.table.find(hash(value.as_bytes(), CASE), |(own, _)| own.eq_ignore_ascii_case(value));
        found.map(|(_, next)| next)
    }
}
