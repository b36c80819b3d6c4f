//! Remembers what context said of ends that were seen before.
//!
//! ```text
//! 10.2.0.5 → 10.1.7.2, s7comm, mode_stop, minute 29840220   ─▶   destination.zone: cell-7, flow.allowed: false, ...
//! ```
//!
//! In a plant the same few speak with the same few, so most events ask what was asked before. Everything that an answer depends
//! on is in the key, as the event writes it, so the memo changes no answer. Where a record says what an event says as well, the
//! record counts, so that of the event is left out; an answer for which the record would not do is not remembered.

use crate::config::CONTEXT_MEMO_MAX;
use crate::event::slots::{Derived, Kind, Reading, Slots};
use crate::program::SlotId;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use serde::{Deserialize, Serialize};
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
    /// What the event itself holds, whatever its record, once that is known.
    own: Option<Inputs>,
    /// Whether the minute is in the key.
    has_minute: bool,
}

/// Stands for an answer that has the minute in its key.
const BY_MINUTE: u32 = u32::MAX;

impl Memo {
    /// Says that the next question is about another event.
    pub(super) fn begin(&mut self) {
        self.own = None;
    }

    /// Makes the key of the event or record at hand, without its time. An event that says itself what would be told has no key.
    pub(super) fn ask(&mut self, slots: &Slots, text: &str, roles: &Roles) -> bool {
        let own = slots.own();
        let of_event = *self.own.get_or_insert_with(|| own.iter().fold(0, |all, slot| all | roles.of(*slot)));
        self.key.truncate(0);
        let mut said = TOLD;
        for (input, slot) in &roles.of_records {
            let before = self.key.len();
            self.key.push_values(slots, SlotId(*slot), text);
            said |= if self.key.len() > before { *input } else { 0 };
        }
        if of_event & !said != 0 {
            let missed = own.iter().filter(|slot| roles.of(**slot) & !said != 0);
            missed.for_each(|slot| self.key.push_values(slots, *slot, text));
        }
        self.has_minute = false;
        of_event & TOLD == 0 && self.key.len() <= KEY_MAX
    }

    /// The number of the answer to what was asked last.
    pub(super) fn answer(&mut self, minute: impl FnOnce() -> Option<i64>) -> Option<u64> {
        let mut number = *self.numbers.get(self.key.bytes()?)?;
        if number == BY_MINUTE {
            self.add_minute(minute());
            number = *self.numbers.get(self.key.bytes()?)?;
        }
        Some(self.forgotten + u64::from(number))
    }

    /// The answer that has a number. Where two answers are one they have the same, and no other one ever has it.
    pub(super) fn get(&self, number: u64) -> Option<&Answer> {
        self.answers.get(number.checked_sub(self.forgotten)? as usize)
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

/// What slots are to an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Roles {
    /// For each slot, by its number; nothing behind the last that is anything.
    of_slots: Vec<Inputs>,
    /// Slots of fields of records, each the only one for its input that counts when it says what it should.
    pub(super) of_records: Vec<(Inputs, u32)>,
}

/// One bit for each input that a slot may stand for, or [`TOLD`].
pub(super) type Inputs = u32;

/// The answer would fill the slot.
pub(super) const TOLD: Inputs = 1 << 31;

impl Roles {
    pub(super) fn set(&mut self, slot: SlotId, role: Inputs) {
        let of_slots = &mut self.of_slots;
        of_slots.resize(of_slots.len().max(slot.index() + 1), 0);
        of_slots.get_mut(slot.index()).into_iter().for_each(|own| *own = role);
    }

    #[inline]
    fn of(&self, slot: SlotId) -> Inputs {
        self.of_slots.get(slot.index()).copied().unwrap_or(0)
    }
}
