//! Remembers what context said of ends that were seen before.
//!
//! ```text
//! 10.2.0.5 → 10.1.7.2, s7comm, mode_stop, minute 29840220   ─▶   destination.zone: cell-7, flow.allowed: false, ...
//! ```
//!
//! In a plant the same few speak with the same few, so most events ask what was asked before. Everything that an answer depends
//! on is in the key, as the event writes it, so the memo changes no answer.

use crate::config::CONTEXT_MEMO_MAX;
use crate::event::slots::{Derived, Kind, Slots};
use crate::program::SlotId;
use hashbrown::HashMap;

/// A longer key is not remembered.
const KEY_MAX: usize = 1024;

/// What is put into slots: values, and the text they stand in.
#[derive(Debug, Default, Clone)]
pub(super) struct Answer {
    pub(super) entries: Vec<(SlotId, Derived)>,
    pub(super) texts: String,
}

impl Answer {
    pub(super) fn push(&mut self, slot: SlotId, kind: Kind, text: &str) {
        let start = self.texts.len();
        self.texts.push_str(text);
        self.entries.push((slot, Derived::text(kind, start..self.texts.len())));
    }

    pub(super) fn put(&self, slots: &mut Slots) {
        slots.derive_more(&self.entries, &self.texts);
    }
}

/// Answers by what they depend on.
#[derive(Debug, Default)]
pub(super) struct Memo {
    answers: HashMap<Box<[u8]>, Answer>,
    key: Vec<u8>,
}

impl Memo {
    /// Makes the key of the event at hand. `role` says what a slot is to the answer; `minute` is asked when it depends on the time.
    /// An event that says itself what would be told has no key.
    pub(super) fn ask(
        &mut self,
        slots: &Slots,
        text: &str,
        role: impl Fn(SlotId) -> Role,
        minute: Option<i64>,
    ) -> bool {
        self.key.clear();
        self.key.extend_from_slice(&minute.unwrap_or(i64::MIN).to_le_bytes());
        for slot in slots.filled() {
            match role(*slot) {
                Role::None => continue,
                Role::Told => return false,
                Role::Read => {}
            }
            for seen in slots.values(*slot, text) {
                self.key.extend_from_slice(&slot.0.to_le_bytes());
                self.key.push(seen.kind as u8 | u8::from(seen.is_written) << 7);
                self.key.extend_from_slice(&(seen.raw.len() as u32).to_le_bytes());
                self.key.extend_from_slice(seen.raw.as_bytes());
            }
        }
        self.key.len() <= KEY_MAX
    }

    /// The answer to what was asked last.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.answers.get(self.key.as_slice())
    }

    /// Remembers the answer to what was asked last. When there are too many, all are forgotten.
    pub(super) fn learn(&mut self, answer: &Answer) {
        if self.answers.len() >= CONTEXT_MEMO_MAX {
            self.answers.clear();
        }
        self.answers.insert(self.key.as_slice().into(), answer.clone());
    }
}

/// What a slot is to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    None,
    /// The answer depends on it.
    Read,
    /// The answer would fill it.
    Told,
}
