//! What learns from events, for the languages: an object that any thread may use, and events that are numbered.
//!
//! ```text
//!  push, push_lines, push_events ─▶ one after the other ─▶ Taken { events: 3, faults: [{"event_index": 1, …}] }
//! ```
//!
//! Whoever pushes waits for who pushes already. It belongs to the process that made it, because state that is in two places is true
//! in neither.

use super::scan::{check_lines, lines};
use super::{Error, FaultRecord, Kind};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use tieline::EventError;

/// What came of events that were pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Events, those that cannot be read among them.
    pub events: u64,
    /// Events that cannot be read; they are numbered from the first that was ever pushed.
    pub faults: Vec<FaultRecord>,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Its number, from 0.
    pub(super) number: u64,
    /// Its line in its text, from 1.
    pub(super) line: u64,
}

/// An object that learns from events.
#[derive(Debug)]
pub(super) struct Held<T> {
    what: &'static str,
    process: u32,
    state: Mutex<(T, u64)>,
}

impl<T> Held<T> {
    /// `what` is the word for it in messages.
    pub(super) fn new(what: &'static str, own: T) -> Self {
        Self { what, process: std::process::id(), state: Mutex::new((own, 0)) }
    }

    /// Works on the object, alone.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Result<R, Error> {
        self.with_numbers(|own, _| work(own))
    }

    fn with_numbers<R>(&self, work: impl FnOnce(&mut T, &mut u64) -> R) -> Result<R, Error> {
        if std::process::id() != self.process {
            let message = format!("a {} belongs to the process that made it; make another one here", self.what);
            return Err(Error::new(Kind::Forked, message));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, next) = &mut *state;
        Ok(work(own, next))
    }

    /// Takes in one event.
    pub(super) fn push(
        &self,
        event: &[u8],
        take: impl FnOnce(&mut T, &[u8], Place) -> Result<(), EventError>,
    ) -> Result<(), Error> {
        Ok(self.with_numbers(|own, next| {
            let number = *next;
            *next += 1;
            take(own, event, Place { number, line: 1 })
        })??)
    }

    /// Takes in a text with one event a line.
    pub(super) fn push_lines(
        &self,
        text: &[u8],
        take: impl FnMut(&mut T, &[u8], Place) -> Result<(), EventError>,
    ) -> Result<Taken, Error> {
        check_lines(text)?;
        self.push_all(lines(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)), take)
    }

    /// Takes in events, each with a number of a line from 0.
    pub(super) fn push_all<'e>(
        &self,
        events: impl Iterator<Item = (u64, &'e [u8])>,
        mut take: impl FnMut(&mut T, &[u8], Place) -> Result<(), EventError>,
    ) -> Result<Taken, Error> {
        self.with_numbers(|own, next| {
            let mut taken = Taken::default();
            for (line, event) in events {
                let number = *next;
                *next += 1;
                taken.events += 1;
                if let Err(error) = take(own, event, Place { number, line: line + 1 }) {
                    taken.faults.push(FaultRecord::new(number, &error.into()));
                }
            }
            taken
        })
    }
}
