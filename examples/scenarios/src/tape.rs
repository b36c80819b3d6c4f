//! Takes all events of a story and puts them in order.
//!
//! ```text
//! office, servers, control ──▶ put, told ──▶│      │──▶ sorted by arrival ──▶ lines 1, 2, 3, ...
//! the intrusion            ──▶ put ────────▶│ Tape │──▶ Mark ──▶ number of the line
//! ```
//!
//! It does not know what events mean. With `shuffle` each arrives up to so many seconds late; their own times stay.

use std::collections::BTreeMap;

use crate::chance::Chance;
use crate::clock::{SECOND, Span};
use crate::line::Event;

/// An event that was put on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(usize);

/// Why rules tell of an ordinary event, and at which level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    /// What it is.
    pub(crate) why: &'static str,
    /// `low` and above, or `informational`.
    pub(crate) level: &'static str,
}

/// All events of a story.
#[derive(Debug)]
pub(crate) struct Tape {
    span: Span,
    events: Vec<Event>,
    told: BTreeMap<Told, Vec<Mark>>,
}

/// Events in the order of their arrival.
#[derive(Debug)]
pub(crate) struct Merged {
    /// The events.
    pub(crate) events: Vec<Event>,
    /// For each mark its line.
    lines: Vec<usize>,
    /// For each mark its time.
    times: Vec<i64>,
}

impl Tape {
    pub(crate) fn new(span: Span) -> Tape {
        Tape { span, events: Vec::new(), told: BTreeMap::new() }
    }

    /// An event that always counts.
    pub(crate) fn put(&mut self, event: Event) -> Mark {
        self.events.push(event);
        Mark(self.events.len() - 1)
    }

    /// An ordinary event; outside the span it is left out.
    pub(crate) fn work(&mut self, event: Event) {
        if self.span.holds(event.at) {
            self.put(event);
        }
    }

    /// An ordinary event of which rules tell by nature.
    pub(crate) fn told(&mut self, told: Told, event: Event) {
        if self.span.holds(event.at) {
            let mark = self.put(event);
            self.told.entry(told).or_default().push(mark);
        }
    }

    /// Puts all in order; ordinary events of which rules tell come beside.
    pub(crate) fn merge(self, shuffle_s: u32, seed: u64) -> (Merged, BTreeMap<Told, Vec<Mark>>) {
        let mut chance = Chance::new(seed, "arrival");
        let late = i64::from(shuffle_s) * SECOND;
        let mut order: Vec<(i64, usize)> =
            self.events.iter().enumerate().map(|(mark, event)| (event.at.0 + chance.between(0, late), mark)).collect();
        order.sort_unstable();
        let times = self.events.iter().map(|event| event.at.0).collect();
        let mut lines = vec![0; order.len()];
        let mut slots: Vec<Option<Event>> = self.events.into_iter().map(Some).collect();
        let mut events = Vec::with_capacity(order.len());
        for (_, mark) in order {
            if let (Some(line), Some(event)) = (lines.get_mut(mark), slots.get_mut(mark).and_then(Option::take)) {
                events.push(event);
                *line = events.len();
            }
        }
        (Merged { events, lines, times }, self.told)
    }
}

impl Merged {
    /// The lines of these marks, in order and each once.
    pub(crate) fn lines(&self, marks: &[Mark]) -> Vec<usize> {
        let mut lines: Vec<usize> = marks.iter().filter_map(|mark| self.lines.get(mark.0).copied()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// The time of the earliest of these marks.
    pub(crate) fn earliest_ns(&self, marks: &[Mark]) -> i64 {
        marks.iter().filter_map(|mark| self.times.get(mark.0).copied()).min().unwrap_or(0)
    }
}
