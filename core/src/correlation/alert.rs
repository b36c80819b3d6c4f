//! What comes out of a correlation.
//!
//! ```text
//! at 09:41:07 · 12 events since 09:32:50 · value 12 · events [.., 881, 902, 917]
//! ```
//!
//! A finding is what one machine says of its group; whose group it was is known by the table.

use crate::number::Number;

/// How many contributing events an alert names: the latest ones.
pub(crate) const REFERENCES_MAX: usize = 16;

/// What a finding is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// Something new.
    Alert,
    /// The latest state of an alert whose window is not over; only when updates are asked for.
    Update,
}

/// The condition of a correlation holds for a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) kind: FindingKind,
    /// The time of the event that completes it, or when its window closed.
    pub(crate) time_ns: i64,
    /// The times of the first and the last event that contribute.
    pub(crate) first_ns: i64,
    pub(crate) last_ns: i64,
    /// How many contribute: all in the window; for distinct values and for rules the latest of each.
    pub(crate) count: u64,
    /// What the condition was about: the count, the computed value, or the number of rules.
    pub(crate) value: Number,
    /// The latest of the contributing events, the oldest first, at most [`REFERENCES_MAX`].
    pub(crate) events: Vec<u64>,
    /// For each field that a correlation further out asks for, the value on which all events from the first to the
    /// last agree that have one.
    pub(crate) carried: Vec<Option<Box<str>>>,
}
