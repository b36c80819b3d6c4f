//! What one event means to correlations: its time, and a signal for every group that it belongs to.
//!
//! ```text
//! rules 3 and 7 match, User: anna    ─▶    Sighting { time, [(many_failed, "anna", event), (takeover, "anna", rule 1)] }
//! ```
//!
//! A sighting is made where events are scanned, on any thread, and taken in where all events come together in order. It
//! keeps its memory from event to event. No state is known here.

use super::machine::{Signal, What};
use crate::event::Value;
use std::ops::Range;

/// The fields of an event as a rule of the pack sees them, by the rule's number and their numbers in
/// [`Links::fields`](super::links::Links). What is missing is null, and a list is a composite.
pub(crate) trait Fields {
    fn value(&self, rule: u32, field: usize) -> Value<'_>;
}

/// What becomes of an event that lacks a field of `group-by`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Missing {
    /// It is not counted.
    #[default]
    Skip,
    /// The lack of a value makes a group like any value.
    Group,
}

/// A correlation that hears of a rule: its number, the rule's position in it, and the rule.
pub(crate) type Heard = (u32, u16, u32);

/// What one event means to correlations: its time, and a signal for every group that it belongs to.
///
/// It is made by `Scanner::sight_json` and taken in by `Stream::push`, and keeps its memory from event to event.
#[derive(Debug, Clone, Default)]
pub struct Sighting {
    pub(crate) time: Option<i64>,
    /// Of which correlations it knows.
    pub(crate) pack: u64,
    /// What alerts call the event by.
    pub(crate) event: u64,
    pub(super) missing: Missing,
    pub(crate) signals: Vec<Keyed>,
    /// The keys of all signals, one behind the other.
    keys: Vec<u8>,
    /// Signals that have no group, and those that have nothing to count or to compute with.
    pub(super) ungrouped: u64,
    pub(super) unvalued: u64,
    /// How many signals there were before the part of the event that is seen in another way now.
    view: Option<usize>,
    /// Memory that is used again.
    pub(super) heard: Vec<Heard>,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// A signal for a group.
#[derive(Debug, Clone)]
pub(crate) struct Keyed {
    pub(crate) correlation: u32,
    key: Range<usize>,
    pub(crate) signal: Signal,
}

impl Sighting {
    pub(crate) fn new(missing: Missing) -> Self {
        Self { missing, ..Self::default() }
    }

    /// The time of the event in nanoseconds since 1970; `None` when no field holds one.
    #[must_use]
    pub fn time_ns(&self) -> Option<i64> {
        self.time
    }

    /// The same event at a time that the caller knows, in nanoseconds since 1970; `None` when it has none.
    #[must_use]
    pub fn at(mut self, time_ns: Option<i64>) -> Self {
        self.time = time_ns;
        self
    }

    /// Whether the event means nothing but that time has passed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.signals.is_empty() && self.ungrouped + self.unvalued == 0
    }

    /// Forgets the event before and begins with another.
    pub(crate) fn begin(&mut self, event: u64) {
        self.time = None;
        self.event = event;
        (self.ungrouped, self.unvalued) = (0, 0);
        self.view = None;
        self.signals.clear();
        self.keys.clear();
    }

    /// Says that what is sighted next is the same part of the event, seen in another way, as all that was sighted since there
    /// were `signals`: it counts once.
    pub(crate) fn go_on_from(&mut self, signals: Option<usize>) {
        self.view = signals;
    }

    /// How many signals there are.
    pub(crate) fn len(&self) -> usize {
        self.signals.len()
    }

    /// From which signal on those of the same correlation count as one event.
    pub(super) fn first_of_view(&self) -> usize {
        self.view.unwrap_or(self.signals.len())
    }

    /// The key of the group that a signal is for.
    pub(crate) fn key_of(&self, keyed: &Keyed) -> &[u8] {
        self.keys.get(keyed.key.clone()).unwrap_or_default()
    }

    /// Adds a signal for the group whose key was just written. `begin` is the first signal of the same correlation: an event
    /// counts once, whatever number of the rules it matches.
    pub(super) fn add(
        &mut self,
        begin: usize,
        correlation: u32,
        what: What,
        carried: impl FnOnce() -> Box<[Option<Box<str>>]>,
    ) {
        let (keys, key) = (&self.keys, &self.key);
        let mut same = self.signals.iter_mut().skip(begin);
        let merged = same.any(|known| {
            known.correlation == correlation
                && keys.get(known.key.clone()) == Some(key.as_slice())
                && match (&mut known.signal.what, what) {
                    (What::Rules(rules), What::Rules(more)) => {
                        rules.add_all(more);
                        true
                    }
                    (What::Value(known), What::Value(value)) => *known == value,
                    // With the number of the first rule that has one.
                    _ => true,
                }
        });
        if merged {
            return;
        }
        let start = self.keys.len();
        self.keys.extend_from_slice(&self.key);
        let key = start..self.keys.len();
        self.signals.push(Keyed { correlation, key, signal: Signal { event: self.event, what, carried: carried() } });
    }
}
