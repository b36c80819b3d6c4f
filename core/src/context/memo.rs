//! Remembers what context said of ends that were seen before.
//!
//! ```text
//! 10.2.0.5 → 10.1.7.2, s7comm, mode_stop, minute 29840220   ─▶   destination.zone: cell-7, flow.allowed: false, ...
//! ```
//!
//! In a plant the same few speak with the same few, so most events ask what was asked before. Everything that an answer depends
//! on is in the key, as the event writes it, so the memo changes no answer.

use crate::config::CONTEXT_MEMO_MAX;
use crate::event::slots::{Derived, Kind, Reading, Slots};
use crate::program::SlotId;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;

/// A longer key is not remembered.
const KEY_MAX: usize = 1024;

/// What is put into slots: values, and the text they stand in.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
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

    /// Fills the slots. Where two answers are one they have the same `number`, and no other one has it.
    pub(super) fn put(&self, slots: &mut Slots, number: Option<u64>) {
        slots.derive_numbered(&self.entries, &self.texts, number);
    }
}

/// Answers by what they depend on.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// For each key the number of its answer, or [`BY_MINUTE`].
    numbers: HashMap<Box<[u8]>, u32>,
    /// Each answer once.
    answers: Vec<Answer>,
    by_answer: HashTable<u32>,
    hasher: RandomState,
    /// How many were forgotten.
    forgotten: u64,
    /// The key of what was asked last.
    key: Reading,
    /// How much of the key is of the event itself, whatever its record, once that is known.
    of_event: Option<usize>,
    /// Whether the event says itself what would be told.
    is_told: bool,
    /// Whether the minute is in the key.
    has_minute: bool,
}

/// Stands for an answer that has the minute in its key.
const BY_MINUTE: u32 = u32::MAX;

impl Memo {
    /// Says that the next question is about another event.
    pub(super) fn begin(&mut self) {
        self.of_event = None;
    }

    /// Makes the key of the event or record at hand, without its time. `role` says what a slot is to the answer. An event that says
    /// itself what would be told has no key.
    pub(super) fn ask(&mut self, slots: &Slots, text: &str, role: impl Fn(SlotId) -> Role) -> bool {
        let (own, derived) = slots.own_and_derived();
        match self.of_event {
            Some(length) => self.key.truncate(length),
            None => {
                self.key.truncate(0);
                self.is_told = self.add(own, slots, text, &role);
                self.of_event = Some(self.key.len());
            }
        }
        self.add(derived, slots, text, &role);
        self.has_minute = false;
        !self.is_told && self.key.len() <= KEY_MAX
    }

    /// Adds what the answer depends on; says whether any slot holds what would be told.
    fn add(&mut self, filled: &[SlotId], slots: &Slots, text: &str, role: &impl Fn(SlotId) -> Role) -> bool {
        let mut is_told = false;
        for slot in filled {
            match role(*slot) {
                Role::None => {}
                Role::Told => is_told = true,
                Role::Read => self.key.push_values(slots, *slot, text),
            }
        }
        is_told
    }

    /// The answer to what was asked last, and its number.
    pub(super) fn answer(&mut self, minute: impl FnOnce() -> Option<i64>) -> Option<(&Answer, u64)> {
        let mut number = *self.numbers.get(self.key.bytes()?)?;
        if number == BY_MINUTE {
            self.add_minute(minute());
            number = *self.numbers.get(self.key.bytes()?)?;
        }
        Some((self.answers.get(number as usize)?, self.forgotten + u64::from(number)))
    }

    /// Remembers the answer to what was asked last, for a minute when it may be another one at another time, and gives its number.
    /// When there are too many, all are forgotten.
    pub(super) fn learn(&mut self, answer: &Answer, minute: Option<Option<i64>>) -> u64 {
        if self.numbers.len() >= CONTEXT_MEMO_MAX {
            self.forgotten += self.answers.len() as u64;
            self.numbers.clear();
            self.answers.clear();
            self.by_answer.clear();
        }
        if let Some(minute) = minute.filter(|_| !self.has_minute) {
            self.note(BY_MINUTE);
            self.add_minute(minute);
        }
        let number = self.number_of(answer);
        self.note(number);
        self.forgotten + u64::from(number)
    }

    fn number_of(&mut self, answer: &Answer) -> u32 {
        let Self { answers, by_answer, hasher, .. } = self;
        let is_own = |number: &u32| answers.get(*number as usize) == Some(answer);
        let hash = hasher.hash_one(answer);
        if let Some(known) = by_answer.find(hash, is_own) {
            return *known;
        }
        let number = answers.len() as u32;
        by_answer
            .insert_unique(hash, number, |number| answers.get(*number as usize).map_or(0, |own| hasher.hash_one(own)));
        answers.push(answer.clone());
        number
    }

    fn note(&mut self, number: u32) {
        self.numbers.insert(self.key.bytes().unwrap_or_default().into(), number);
    }

    /// No slot has this number, so what is added is no value.
    fn add_minute(&mut self, minute: Option<i64>) {
        self.has_minute = true;
        self.key.push(&u64::MAX.to_ne_bytes());
        self.key.push(&minute.unwrap_or(i64::MIN).to_ne_bytes());
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
