//! One message as a layout reads it: the values of its inputs.
//!
//! ```text
//! layout: code ◀─ func_code     object 2 of 3     ─▶  value(code) = 16     values(address) = 100, 101
//! ```

use super::conditions::{Conditions, Value};
use super::names::{self, Names};
use super::plan::Plan;
use super::taxonomy::{From, Layout, Origin, PathId, Protocol, Reading, Row};
use super::{CODE, DIRECTION, ERROR_CODE, InputId, OBJECT, OPERATION, OUTCOME, SUBCODE};
use crate::event::slots::{Kind, Placed, Slots};
use std::borrow::Cow;
use std::ops::Range;

/// Values that are kept while a message is read.
const KEPT: usize = 16;

/// Which of the objects of an event the message is.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Where its values stand.
    pub(super) places: Range<u32>,
    pub(super) number: usize,
    pub(super) count: usize,
}

/// An event in slots.
#[derive(Clone, Copy)]
pub(super) struct Event<'e> {
    pub(super) slots: &'e Slots,
    pub(super) text: &'e str,
}

/// One message.
pub(super) struct Frame<'e> {
    plan: &'e Plan,
    pub(super) protocol: &'e Protocol,
    pub(super) layout: &'e Layout,
    event: Event<'e>,
    /// Nothing, when all of the event is the message.
    part: Option<Part>,
    kept: [Option<(InputId, Option<Value<'e>>)>; KEPT],
    kept_count: usize,
    /// What was found out about the message so far.
    pub(super) class: Option<&'e str>,
    pub(super) direction: Option<&'e str>,
    pub(super) outcome: Option<&'e str>,
}

impl<'e> Frame<'e> {
    pub(super) fn new(plan: &'e Plan, protocol: &'e Protocol, layout: &'e Layout, event: Event<'e>, part: Option<Part>) -> Self {
        let kept = [const { None }; KEPT];
        Self { plan, protocol, layout, event, part, kept, kept_count: 0, class: None, direction: None, outcome: None }
    }

    pub(super) fn holds(&mut self, conditions: &Conditions) -> bool {
        conditions.hold(|input, want| want.holds(self.value(input).as_ref()))
    }

    /// Whether anything of the object that is the message has a value.
    pub(super) fn has_any(&self) -> bool {
        let mut origins = self.layout.inputs.iter().flat_map(|(_, origins)| origins);
        origins.any(|origin| matches!(origin.from, From::Part(_)) && self.placed(&origin.from).next().is_some())
    }

    /// The first value of an input.
    pub(super) fn value(&mut self, input: InputId) -> Option<Value<'e>> {
        let found = match input {
            OPERATION => self.class,
            DIRECTION if self.direction.is_some() => self.direction,
            OUTCOME if self.outcome.is_some() => self.outcome,
            _ => {
                let kept = self.kept.iter().take(self.kept_count).flatten().find(|(own, _)| *own == input);
                if let Some((_, value)) = kept {
                    return value.clone();
                }
                let value = self.first(input);
                if let Some(place) = self.kept.get_mut(self.kept_count) {
                    *place = Some((input, value.clone()));
                    self.kept_count += 1;
                }
                return value;
            }
        };
        found.map(|text| Value::Text(Cow::Borrowed(text)))
    }

    pub(super) fn number(&mut self, input: InputId) -> Option<i64> {
        match self.value(input) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    fn first(&mut self, input: InputId) -> Option<Value<'e>> {
        let layout = self.layout;
        layout.origins(input).iter().find_map(|origin| {
            if !self.holds(&origin.when) {
                return None;
            }
            let constant = match &origin.from {
                From::Text(text) => Some(Value::Text(Cow::Borrowed(&**text))),
                From::Number(number) => Some(Value::Number(*number)),
                _ => None,
            };
            constant.or_else(|| {
                let placed: Placed<'e> = self.placed(&origin.from).find(|placed| placed.seen.has_text())?;
                self.read(input, origin, &placed)
            })
        })
    }

    /// The origin from which an input has values.
    pub(super) fn origin(&mut self, input: InputId) -> Option<&'e Origin> {
        let layout = self.layout;
        layout.origins(input).iter().find(|origin| {
            self.holds(&origin.when)
                && (matches!(origin.from, From::Text(_) | From::Number(_))
                    || self.placed(&origin.from).any(|placed| placed.seen.has_text()))
        })
    }

    /// All values of an origin, where they stand and as they are read.
    pub(super) fn each(&mut self, input: InputId, origin: &'e Origin, mut each: impl FnMut(Option<&Placed<'e>>, Value<'e>)) {
        match &origin.from {
            From::Text(text) => each(None, Value::Text(Cow::Borrowed(&**text))),
            From::Number(number) => each(None, Value::Number(*number)),
            from => {
                // Its values do not change what is read, so they may be looked at twice.
                let mut at = 0;
                while let Some(placed) = self.placed(from).nth(at) {
                    at += 1;
                    if let Some(value) = self.read(input, origin, &placed) {
                        each(Some(&placed), value);
                    }
                }
            }
        }
    }

    /// The values of a field, of the object or of the event.
    fn placed(&self, from: &From) -> impl Iterator<Item = Placed<'e>> + use<'e> {
        let (path, is_own) = match from {
            From::Part(path) => (Some(*path), true),
            From::Event(path) => (Some(*path), false),
            _ => (None, false),
        };
        let (places, only) = match &self.part {
            Some(part) if is_own => (part.places.clone(), None),
            // What stands beside the objects, one for each.
            Some(part) if self.all(path).count() == part.count => (0..u32::MAX, Some(part.number)),
            _ => (0..u32::MAX, None),
        };
        let values = self.all(path).filter(move |placed| places.contains(&placed.at));
        values.enumerate().filter(move |(at, _)| only.is_none_or(|only| only == *at)).map(|(_, placed)| placed)
    }

    fn all(&self, path: Option<PathId>) -> impl Iterator<Item = Placed<'e>> + use<'e> {
        let Event { slots, text } = self.event;
        let slot = path.and_then(|path| self.plan.slot(path));
        slot.into_iter().flat_map(move |slot| slots.placed(slot, text))
    }

    fn read(&mut self, input: InputId, origin: &'e Origin, placed: &Placed<'e>) -> Option<Value<'e>> {
        let text = match placed.seen.kind {
            Kind::Null | Kind::Composite => return None,
            Kind::Bool if origin.read == Reading::Any => return Some(Value::Number((placed.seen.raw == "true").into())),
            _ => placed.seen.cow(),
        };
        if text.is_empty() {
            return None;
        }
        let value = match &origin.read {
            Reading::Any => names::number(&text).map_or(Value::Text(text), Value::Number),
            Reading::Number => Value::Number(names::number(&text)?),
            Reading::Hex => Value::Number(names::number(&format_hex(&text))?),
            Reading::Text => Value::Text(text),
            Reading::Name { endings } => self.by_name(input, endings, text),
            Reading::Byte(at) => Value::Number(byte(&text, *at)?),
        };
        Some(match (value, origin.bits) {
            (Value::Number(number), Some((mask, shift))) => Value::Number((number & mask) >> shift),
            (value, _) => value,
        })
    }

    /// The number that a name stands for, or the name without its ending.
    fn by_name(&mut self, input: InputId, endings: &[String], text: Cow<'e, str>) -> Value<'e> {
        let short = endings.iter().find_map(|ending| text.strip_suffix(&**ending)).map_or(text.len(), str::len);
        let protocol = self.protocol;
        let number = {
            let name = text.get(..short).unwrap_or_default();
            let of_code = |code: Option<i64>| {
                let code = code.unwrap_or(i64::MIN);
                let at = protocol.subcodes.binary_search_by_key(&code, |(own, _)| *own).ok()?;
                protocol.subcodes.get(at).map(|(_, names)| names)
            };
            let names = match input {
                CODE => &protocol.codes,
                SUBCODE => of_code(self.number(CODE)).unwrap_or(Names::NONE),
                ERROR_CODE => &protocol.errors,
                OBJECT => &protocol.objects,
                _ => Names::NONE,
            };
            names.number(name)
        };
        number.map_or_else(
            || {
                Value::Text(match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.get(..short).unwrap_or_default()),
                    Cow::Owned(mut text) => {
                        text.truncate(short);
                        Cow::Owned(text)
                    }
                })
            },
            Value::Number,
        )
    }

    /// The row of the message.
    pub(super) fn row(&mut self) -> Option<&'e Row> {
        let (code, subcode) = (self.number(CODE), self.number(SUBCODE));
        let protocol = self.protocol;
        protocol.rows(code).find(|row| {
            (row.subcode.is_none() || row.subcode == subcode) && self.holds(&row.when)
        })
    }
}

fn format_hex(text: &str) -> Cow<'_, str> {
    if text.starts_with("0x") || text.starts_with("0X") { Cow::Borrowed(text) } else { Cow::Owned(format!("0x{text}")) }
}

/// One of the bytes that are written in hexadecimal digits, with or without something between them.
fn byte(text: &str, at: usize) -> Option<i64> {
    let text = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let step = if text.get(2).is_some_and(|byte| !byte.is_ascii_hexdigit()) { 3 } else { 2 };
    let start = at.checked_mul(step)?;
    let digits = std::str::from_utf8(text.get(start..start + 2)?).ok()?;
    i64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_with_or_without_something_between_them() {
        for (text, at, expected) in [
            ("5a:00:41", 2, Some(0x41)),
            ("5a0041", 1, Some(0)),
            ("0x5a0041", 0, Some(0x5a)),
            ("5a 00", 1, Some(0)),
            ("5a", 1, None),
            ("5", 0, None),
            ("zz", 0, None),
            ("5a:0", 1, None),
        ] {
            assert_eq!(byte(text, at), expected, "{text} {at}");
        }
    }
}
