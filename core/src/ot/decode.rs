//! Records of an event, from its slots and into its slots.
//!
//! ```text
//! filled slots ─▶ layouts they may mean ─▶ those that fit ─▶ their objects ─▶ record 0, record 1, ...
//! ```
//!
//! Values that the event writes as a record has them are not copied. Memory is kept from event to event.

use super::conditions::Value;
use super::frame::{Event, Frame, Part};
use super::plan::{Plan, Wanted};
use super::taxonomy::{Case, Layout, Row};
use super::{
    ADDRESS, CLASSES, CODE, DESTINATION, DIRECTION, DIRECTIONS, ERROR_CODE, ERROR_NAME, FILE, FLAG, InputId, NAME,
    OBJECT, OPERATION, OUTCOME, PROTOCOL, QUANTITY, SENSOR, SOURCE, SUBCODE, SUBNAME, UNKNOWN, VALUE,
};
use crate::config::{OT_ADDRESSES_MAX, OT_RECORDS_MAX};
use crate::event::slots::{Derived, Kind, Slots};
use crate::program::SlotId;

/// The records of the event at hand.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// The fields of all records, those of one behind the other.
    entries: Vec<(SlotId, Derived)>,
    texts: String,
    fill: Fill,
    /// For each record where its fields end, and their texts.
    ends: Vec<(usize, usize)>,
    /// Whether messages are read that only wrap others, and how many were passed over.
    wraps: Wraps,
    passed: usize,
    layouts: Vec<u16>,
    parts: Vec<u32>,
    /// Whether the event has more records than are read.
    is_cut: bool,
}

/// Which fields of a record are filled.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// All for which rules ask.
    #[default]
    All,
    /// Of these, those that may change an answer: what rules ask for which demand another protocol, class or direction does not.
    Wanted,
}

/// What becomes of messages that only wrap others.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Wraps {
    #[default]
    Passed,
    Read,
}

/// The flag of a record that does not tell all.
const TRUNCATED: &str = "truncated";

impl Records {
    /// Reads the records of an event, and says how many there are.
    pub(crate) fn read(&mut self, plan: &Plan, fill: Fill, slots: &Slots, text: &str) -> usize {
        self.fill = fill;
        self.is_cut = false;
        self.entries.clear();
        self.texts.clear();
        self.ends.clear();
        self.layouts.clear();
        for slot in slots.filled() {
            self.layouts.extend_from_slice(plan.triggered(*slot));
        }
        // An event that has fields of a record is normalised already.
        if self.layouts.is_empty() || plan.asked.iter().any(|(_, slot)| slots.is_filled(SlotId(*slot))) {
            return 0;
        }
        self.layouts.sort_unstable();
        self.layouts.dedup();
        let layouts = std::mem::take(&mut self.layouts);
        // Messages that only wrap others count where there is nothing in them.
        for wraps in [Wraps::Passed, Wraps::Read] {
            self.wraps = wraps;
            self.passed = 0;
            self.is_cut = false;
            self.layouts(plan, &layouts, slots, text);
            if !self.ends.is_empty() || self.passed == 0 {
                break;
            }
        }
        self.layouts = layouts;
        if self.is_cut {
            self.flag_last(plan);
        }
        self.ends.len()
    }

    fn layouts(&mut self, plan: &Plan, layouts: &[u16], slots: &Slots, text: &str) {
        for number in layouts {
            let Some((number, layout)) = plan.layouts.get(usize::from(*number)) else { continue };
            let Some(protocol) = plan.protocols.get(usize::from(*number)) else { continue };
            let Some(layout) = protocol.layouts.get(usize::from(*layout)) else { continue };
            if fits(plan, layout, slots, text) {
                self.layout(plan, plan.wanted(*number), Frame::new(plan, protocol, layout, Event { slots, text }));
            }
        }
    }

    fn layout<'e>(&mut self, plan: &'e Plan, wanted: &[Wanted], mut frame: Frame<'e>) {
        self.parts.clear();
        if let Some(slot) = frame.layout.each.and_then(|each| plan.slot(each)) {
            self.parts.extend(frame.event.objects(slot));
        }
        let count = self.parts.len();
        if count < 2 {
            frame.begin(None, count > 0);
            return self.record(wanted, &mut frame);
        }
        for number in 0..count {
            let start = self.parts.get(number).copied().unwrap_or(0);
            let end = self.parts.get(number + 1).copied().unwrap_or(u32::MAX);
            frame.begin(Some(Part { places: start..end, number, count }), true);
            self.record(wanted, &mut frame);
        }
    }

    /// Says in the last record that there were more.
    fn flag_last(&mut self, plan: &Plan) {
        if let Some(slot) = plan.filling(FLAG)
            && self.ends.pop().is_some()
        {
            self.push_text(slot, TRUNCATED);
            self.ends.push((self.entries.len(), self.texts.len()));
        }
    }

    /// Where the fields of a record begin, and their texts.
    fn start(&self, record: usize) -> (usize, usize) {
        record.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default()
    }

    /// Puts a record into the slots, in place of the one before.
    pub(crate) fn put(&self, number: usize, slots: &mut Slots) {
        let (start, (entries, texts)) = (self.start(number), self.ends.get(number).copied().unwrap_or_default());
        let (entries, texts) = (self.entries.get(start.0..entries), self.texts.get(start.1..texts));
        slots.derive(entries.unwrap_or_default(), texts.unwrap_or_default());
    }

    fn record<'e>(&mut self, wanted: &[Wanted], frame: &mut Frame<'e>) {
        if self.is_cut
            || (frame.layout.each.is_some() && frame.value(CODE).is_none() && !frame.has_any())
            || !frame.holds(&frame.layout.when)
        {
            return;
        }
        if self.ends.len() + self.passed >= OT_RECORDS_MAX {
            self.is_cut = true;
            return;
        }
        let row = frame.row();
        // What is known by its port only, and not even that, or that has been read as what it is.
        if frame.protocol.is_by_port && (row.is_none() || !self.ends.is_empty() || self.passed > 0) {
            return;
        }
        if self.wraps == Wraps::Passed && row.is_some_and(|row| row.carries) {
            self.passed += 1;
            return;
        }
        let found = Found::of(row, frame);
        let direction = found.direction.and_then(|direction| DIRECTIONS.iter().position(|own| *own == direction));
        let now = Wanted::bit(found.class, direction);
        for wanted in wanted {
            if self.fill == Fill::All || wanted.is_for(now) {
                self.field(wanted.field, SlotId(wanted.slot), &found, frame);
            }
        }
        self.ends.push((self.entries.len(), self.texts.len()));
    }

    fn field<'e>(&mut self, field: InputId, slot: SlotId, found: &Found<'e>, frame: &mut Frame<'e>) {
        let named = |name: fn(&'e Row) -> &'e str| found.row.map(name).filter(|name| !name.is_empty());
        let text = match field {
            SENSOR => Some(&*frame.layout.sensor),
            PROTOCOL => Some(named(|row| row.protocol.as_deref().unwrap_or_default()).unwrap_or(&frame.protocol.name)),
            OPERATION => CLASSES.get(usize::from(found.class)).copied(),
            DIRECTION => found.direction,
            OUTCOME => found.outcome,
            NAME => named(|row| &row.name),
            SUBNAME => named(|row| &row.subname)
                .or_else(|| frame.number(SUBCODE).and_then(|subcode| frame.protocol.subnames.name(subcode))),
            ERROR_NAME if frame.value(ERROR_NAME).is_none() => {
                frame.number(ERROR_CODE).and_then(|code| frame.protocol.errors.name(code))
            }
            _ => None,
        };
        if let Some(text) = text {
            return self.push_text(slot, text);
        }
        match field {
            SENSOR | PROTOCOL | OPERATION | DIRECTION | OUTCOME => {}
            FLAG => {
                let protocol = frame.protocol;
                for case in protocol.flags.iter() {
                    if frame.holds(&case.when) {
                        self.push_text(slot, &case.is);
                    }
                }
                if frame.layout.is_consecutive
                    && frame.number(QUANTITY).is_some_and(|count| count > OT_ADDRESSES_MAX)
                    && frame.number(ADDRESS).is_some()
                {
                    self.push_text(slot, TRUNCATED);
                }
            }
            // The sensor's own name, or the one that stands where the code should.
            NAME => self.own_name(NAME, CODE, slot, frame),
            SUBNAME => self.own_name(SUBNAME, SUBCODE, slot, frame),
            ERROR_NAME => self.own_name(ERROR_NAME, ERROR_CODE, slot, frame),
            CODE | SUBCODE | ERROR_CODE => {
                if !frame.protocol.is_by_port
                    && let Some(number) = frame.number(field)
                {
                    self.push_number(slot, number);
                }
            }
            ADDRESS if frame.layout.is_consecutive => self.addresses(slot, frame),
            OBJECT => self.objects(slot, frame),
            ADDRESS | VALUE | FILE => self.values(field, slot, frame, usize::MAX),
            _ => {
                let field = exchanged(field, frame);
                match frame.plain(field) {
                    Some(value) => self.entries.push((slot, value)),
                    None => self.values(field, slot, frame, 1),
                }
            }
        }
    }

    fn own_name<'e>(&mut self, name: InputId, code: InputId, slot: SlotId, frame: &mut Frame<'e>) {
        for input in [name, code] {
            if let Some(Value::Text(text)) = frame.value(input) {
                return self.push_text(slot, text);
            }
        }
    }

    /// Every address from the first one on.
    fn addresses<'e>(&mut self, slot: SlotId, frame: &mut Frame<'e>) {
        match (frame.number(ADDRESS), frame.number(QUANTITY)) {
            (Some(first), Some(count)) if count > 1 => {
                let count = count.min(OT_ADDRESSES_MAX);
                (first..first.saturating_add(count)).for_each(|address| self.push_number(slot, address));
            }
            _ => self.values(ADDRESS, slot, frame, usize::MAX),
        }
    }

    fn objects<'e>(&mut self, slot: SlotId, frame: &mut Frame<'e>) {
        let objects = &frame.protocol.objects;
        frame.each(OBJECT, |_, value| match &value {
            Value::Number(number) => match objects.name(*number) {
                Some(name) => self.push_text(slot, name),
                None => self.push_number(slot, *number),
            },
            Value::Text(text) => self.push_text(slot, text),
        });
    }

    /// The values of an input, at most so many.
    fn values<'e>(&mut self, input: InputId, slot: SlotId, frame: &mut Frame<'e>, most: usize) {
        let mut count = 0;
        frame.each(input, |placed, value| {
            count += 1;
            if count > most {
                return;
            }
            // As it stands in the event, where that says the same. Sensors write numbers with a fraction as texts.
            match placed.filter(|placed| value.is_spelled(placed.seen.raw)) {
                Some(placed) => {
                    let is_number = matches!(value, Value::Number(_));
                    self.entries.push((slot, placed.derived(if is_number { Kind::Number } else { placed.seen.kind })));
                }
                None => match &value {
                    Value::Number(number) => self.push_number(slot, *number),
                    // A number that JSON can write in several ways.
                    Value::Text(text) if placed.is_some_and(|placed| placed.seen.is_number(text)) => {
                        self.push(slot, Kind::Number, text);
                    }
                    Value::Text(text) => self.push_text(slot, text),
                },
            }
        });
    }

    fn push_text(&mut self, slot: SlotId, text: &str) {
        self.push(slot, Kind::Text, text);
    }

    fn push_number(&mut self, slot: SlotId, number: i64) {
        self.push(slot, Kind::Number, itoa::Buffer::new().format(number));
    }

    fn push(&mut self, slot: SlotId, kind: Kind, text: &str) {
        let (_, before) = self.start(self.ends.len());
        let start = self.texts.len() - before;
        self.texts.push_str(text);
        self.entries.push((slot, Derived::text(kind, start..self.texts.len() - before)));
    }
}

/// Whether an event has the form of a layout.
fn fits(plan: &Plan, layout: &Layout, slots: &Slots, text: &str) -> bool {
    let has = |path: u32| {
        plan.slot(path).is_some_and(|slot| slots.placed(slot, text).any(|placed| placed.seen.kind != Kind::Null))
    };
    if let Some((path, logs)) = &layout.log
        && let Some(slot) = plan.slot(*path)
    {
        let mut named = slots.placed(slot, text).filter(|placed| placed.seen.has_text()).peekable();
        if named.peek().is_some() {
            return named.any(|placed| logs.iter().any(|log| log == placed.seen.raw));
        }
    }
    layout.each.is_some() || layout.needs.iter().all(|path| has(*path))
}

/// What a message is found to be before its fields are read.
struct Found<'e> {
    row: Option<&'e Row>,
    class: u8,
    direction: Option<&'e str>,
    outcome: Option<&'e str>,
}

impl<'e> Found<'e> {
    /// Each is stated to the frame, for conditions of what is found next.
    fn of(row: Option<&'e Row>, frame: &mut Frame<'e>) -> Self {
        let protocol = frame.protocol;
        let class = row.map_or(UNKNOWN, |row| row.class);
        frame.state(OPERATION, CLASSES.get(usize::from(class)).copied().unwrap_or_default());
        let direction = stated(frame, DIRECTION, &protocol.direction);
        let outcome = stated(frame, OUTCOME, &protocol.outcome);
        Self { row, class, direction, outcome }
    }
}

/// What the sensor says itself, or the first case that holds.
fn stated<'e>(frame: &mut Frame<'e>, field: InputId, cases: &'e [Case]) -> Option<&'e str> {
    let own = match frame.value(field) {
        Some(Value::Text(own)) => cases.iter().find(|case| case.is.eq_ignore_ascii_case(own)),
        _ => None,
    };
    let case = own.or_else(|| cases.iter().find(|case| frame.holds(&case.when)))?;
    frame.state(field, &case.is);
    Some(&case.is)
}

/// The field that is read for another: that of the other end, when sender and receiver change places.
fn exchanged(field: InputId, frame: &mut Frame<'_>) -> InputId {
    let layout = frame.layout;
    let Some(swap) = &layout.swap else { return field };
    let pairs = SOURCE.iter().zip(&DESTINATION);
    let other = pairs.flat_map(|(source, destination)| [(*source, *destination), (*destination, *source)]);
    let other = other.into_iter().find(|(own, _)| *own == field).map(|(_, other)| other);
    other.filter(|_| frame.holds(swap)).unwrap_or(field)
}
