//! Reads what correlations ask of an event that was just scanned: its time, and fields of the rules that matched.
//!
//! ```text
//! slots of the event, rule 9 matched   ─▶   time 2026-11-23T08:35:46Z, field 0 of rule 12: "anna"   ─▶   Sighting
//! ```
//!
//! A list has no value here, also one of a single member. No state is known, and no clock.

use crate::correlation::sighting::{Fields, Sighting};
use crate::engine::listening::Listening;
use crate::event::Value;
use crate::event::json;
use crate::event::slots::{Kind, Seen, Slots};
use crate::number::Number;
use crate::program::SlotId;
use crate::time::instant::{self, Bare};
use std::ops::Range;

/// Memory for reading events, kept from one to the next.
#[derive(Debug, Default)]
pub(in crate::engine) struct Sight {
    /// Rules of the pack that matched and that correlations listen to.
    rules: Vec<u32>,
    values: Vec<(u32, u32, Known)>,
    texts: String,
    buffer: String,
    times: Times,
}

/// A value that was read.
#[derive(Debug, Clone)]
enum Known {
    Null,
    List,
    Bool(bool),
    Number(Number),
    Text(Range<usize>),
}

/// The text of the last time that had no usual form, and what it says: events of one moment come together.
#[derive(Debug, Default)]
struct Times {
    text: String,
    time: Option<i64>,
}

/// An event whose slots are filled, and what of it matters.
pub(in crate::engine) struct Scanned<'a> {
    pub(in crate::engine) listening: &'a Listening,
    pub(in crate::engine) slots: &'a Slots,
    /// The event as it is written.
    pub(in crate::engine) text: &'a str,
    /// How numbers are read where its time may stand.
    pub(in crate::engine) bare: Bare,
}

impl Sight {
    /// Fills a sighting with the time of an event and with what the rules that matched mean, given by their index.
    pub(in crate::engine) fn read(
        &mut self,
        event: &Scanned<'_>,
        matched: impl Iterator<Item = u32>,
        sighting: &mut Sighting,
    ) {
        sighting.time = self.time(event);
        self.rules.clear();
        self.values.clear();
        self.texts.clear();
        for index in matched {
            let Some(heard) = event.listening.heard(index) else { continue };
            self.rules.push(heard.rule);
            for (field, slots) in &heard.fields {
                let value = self.value(event, slots);
                self.values.push((heard.rule, *field, value));
            }
        }
        if !self.rules.is_empty() {
            event.listening.links().sight(self.rules.iter().copied(), &Values(self), sighting);
        }
    }

    /// The time of the event: what the first of the fields says that holds a time.
    fn time(&mut self, event: &Scanned<'_>) -> Option<i64> {
        let Self { buffer, times, .. } = self;
        event.listening.times.iter().find_map(|slot| {
            let seen = event.slots.single(SlotId(*slot), event.text)?;
            match seen.kind {
                Kind::Text => times.of(seen.text(buffer), event.bare),
                // As it is written, a number has all its digits.
                Kind::Number => instant::of_text(seen.raw, event.bare)
                    .or_else(|| instant::of_number(json::number(seen.raw), event.bare)),
                _ => None,
            }
        })
    }

    /// The value of a field that may stand in several slots: that of the first which has one.
    fn value(&mut self, event: &Scanned<'_>, slots: &[u32]) -> Known {
        for slot in slots {
            match event.slots.single(SlotId(*slot), event.text) {
                None => return Known::List,
                Some(seen) if seen.kind == Kind::Null => {}
                Some(seen) => return self.known(&seen),
            }
        }
        Known::Null
    }

    fn known(&mut self, seen: &Seen<'_>) -> Known {
        match seen.kind {
            Kind::Null => Known::Null,
            Kind::Composite => Known::List,
            Kind::Bool => Known::Bool(seen.raw == "true"),
            Kind::Number => Known::Number(json::number(seen.raw)),
            Kind::Text => {
                let start = self.texts.len();
                self.texts.push_str(seen.text(&mut self.buffer));
                Known::Text(start..self.texts.len())
            }
        }
    }
}

/// The time that a value says, in nanoseconds since 1970, as a [`Stream`](crate::Stream) reads it in one of the
/// [usual fields](crate::stream::TIME_FIELDS): RFC 3339 and its kin (texts without a zone are UTC), and numbers whose size tells their unit. `None` when
/// it says no time.
///
/// ```
/// use tieline::{Value, stream::time_of};
///
/// assert_eq!(time_of(&Value::Text("2026-11-23T08:35:46.5+0000")), Some(1_795_422_946_500_000_000));
/// assert_eq!(time_of(&Value::Text("1795422946174")), Some(1_795_422_946_174_000_000));
/// assert_eq!(time_of(&Value::Text("yesterday")), None);
/// ```
#[must_use]
pub fn time_of(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Text(text) => instant::of_text(text, Bare::BySize),
        Value::Number(number) => instant::of_number(*number, Bare::BySize),
        Value::Null | Value::Bool(_) | Value::Composite => None,
    }
}

impl Times {
    fn of(&mut self, text: &str, bare: Bare) -> Option<i64> {
        // Reading the usual form takes no longer than comparing and keeping it.
        instant::of_usual(text).or_else(|| self.unusual(text, bare))
    }

    fn unusual(&mut self, text: &str, bare: Bare) -> Option<i64> {
        if self.text != text {
            self.text.clear();
            self.text.push_str(text);
            self.time = instant::of_text(text, bare);
        }
        self.time
    }
}

struct Values<'a>(&'a Sight);

impl Fields for Values<'_> {
    fn value(&self, rule: u32, field: usize) -> Value<'_> {
        let mut values = self.0.values.iter();
        match values.find(|(own, number, _)| (*own, *number as usize) == (rule, field)).map(|(_, _, value)| value) {
            None | Some(Known::Null) => Value::Null,
            Some(Known::List) => Value::Composite,
            Some(Known::Bool(value)) => Value::Bool(*value),
            Some(Known::Number(number)) => Value::Number(*number),
            Some(Known::Text(range)) => Value::Text(self.0.texts.get(range.clone()).unwrap_or_default()),
        }
    }
}
