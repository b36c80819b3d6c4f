//! One message as a layout reads it: the values of its inputs.
//!
//! ```text
//! layout: code ◀─ func_code     object 2 of 3     ─▶  value(code) = 16     values(address) = 100, 101
//! ```

use super::conditions::{Conditions, Value, Want};
use super::plan::{self, Plan};
use super::taxonomy::{Bytes, Choice, From, Layout, Origin, PathId, Protocol, Reading, Row, Table};
use super::{CODE, INPUTS_MAX, InputId, SUBCODE};
use super::{bytes, names};
use crate::event::slots::{Derived, Kind, Placed, PlacedValues, Seen, Slots};
use crate::program::SlotId;
use std::borrow::Cow;
use std::ops::Range;

/// The first value of an input, if it has any.
#[derive(Debug, Clone, Default)]
struct Kept<'e> {
    value: Option<Value<'e>>,
    /// Whether there may be more.
    has_more: bool,
}

/// Inputs that most messages are asked for; room for more is made when it is needed.
// PERF: what takes more than a thousand bytes, the allocator does not keep at hand.
const KEPT: usize = 24;

/// Which of the objects of an event the message is, and where its values stand.
#[derive(Debug, Clone)]
pub(super) struct Part {
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

impl<'e> Event<'e> {
    /// Where the objects of a field begin.
    pub(super) fn objects(self, slot: SlotId) -> impl Iterator<Item = u32> + use<'e> {
        self.slots.objects(slot, self.text)
    }
}

/// The values of a field that belong to a message.
struct Values<'e> {
    placed: Option<PlacedValues<'e>>,
    /// Where they may stand.
    places: Range<u32>,
    /// Which of them it is, when it is one.
    only: Option<usize>,
    at: usize,
}

impl<'e> Iterator for Values<'e> {
    type Item = Placed<'e>;

    fn next(&mut self) -> Option<Placed<'e>> {
        loop {
            let placed = self.placed.as_mut()?.next().filter(|placed| placed.at < self.places.end)?;
            if placed.at < self.places.start {
                continue;
            }
            let at = self.at;
            self.at += 1;
            if self.only.is_none_or(|only| only == at) {
                return Some(placed);
            }
        }
    }
}

/// How far the values of a field were read: those that are left stand at this place or behind it.
struct Cursor<'e> {
    path: PathId,
    from: u32,
    left: PlacedValues<'e>,
}

/// One message after the other, of those that a layout finds in an event.
pub(super) struct Frame<'e> {
    plan: &'e Plan,
    pub(super) protocol: &'e Protocol,
    pub(super) layout: &'e Layout,
    pub(super) event: Event<'e>,
    /// Nothing, when all of the event is the message; and nothing, when there is one object around all messages.
    part: Option<Part>,
    outer: Option<Part>,
    /// Whether the message is an object, be it the only one.
    is_object: bool,
    /// Fields with objects in an event that has none of this layout.
    holders: Vec<&'e plan::Part>,
    /// Where the objects around messages begin.
    outers: Vec<u32>,
    cursors: Vec<Cursor<'e>>,
    /// First values of inputs, and what was found out about the message so far.
    kept: Vec<Kept<'e>>,
    /// For each input where it is kept, from 1.
    places: [u8; INPUTS_MAX],
}

impl<'e> Frame<'e> {
    pub(super) fn new(plan: &'e Plan, protocol: &'e Protocol, layout: &'e Layout, event: Event<'e>) -> Self {
        Self {
            plan,
            protocol,
            layout,
            event,
            part: None,
            outer: None,
            is_object: false,
            holders: Vec::new(),
            outers: Vec::new(),
            cursors: Vec::new(),
            kept: Vec::with_capacity(KEPT),
            places: [0; INPUTS_MAX],
        }
    }

    /// Goes to a message. Those in objects come in the order in which they stand in the event.
    pub(super) fn begin(&mut self, part: Option<Part>, is_object: bool) {
        if part.is_some() && self.outers.is_empty() {
            let slot = self.layout.outer.and_then(|outer| self.plan.slot(outer));
            self.outers.extend(slot.into_iter().flat_map(|slot| self.event.objects(slot)));
        }
        let around = |part: &Part| {
            let number = self.outers.partition_point(|start| *start <= part.places.start).checked_sub(1)?;
            let places = *self.outers.get(number)?..self.outers.get(number + 1).copied().unwrap_or(u32::MAX);
            Some(Part { places, number, count: self.outers.len() })
        };
        self.outer = part.as_ref().and_then(around);
        self.part = part;
        self.is_object = is_object;
        if self.layout.each.is_some() && !is_object {
            self.holders.extend(self.plan.holders(self.event.slots, self.event.text));
        }
        self.kept.clear();
        self.places.fill(0);
    }

    /// Says what an input is, whatever the event tells.
    pub(super) fn state(&mut self, input: InputId, text: &'e str) {
        let place = self.place(input);
        self.keep_at(place, Value::Text(Cow::Borrowed(text)));
    }

    pub(super) fn holds(&mut self, conditions: &'e Conditions) -> bool {
        conditions.0.iter().all(|(input, wants)| {
            let kept = self.keep(*input);
            let (value, has_more) = (kept.value.as_ref(), kept.has_more);
            wants.iter().any(|want| want.holds(value))
                || (has_more && wants.iter().any(|want| *want != Want::Absent && self.any_holds(*input, want)))
        })
    }

    /// Whether any value of an input is as wanted.
    fn any_holds(&mut self, input: InputId, want: &Want) -> bool {
        let mut holds = false;
        self.each(input, |_, value| holds |= want.holds(Some(&value)));
        holds
    }

    /// Whether anything of the object that is the message has a value.
    pub(super) fn has_any(&mut self) -> bool {
        let layout = self.layout;
        layout.inputs.origins.iter().any(|origin| {
            let is_part = matches!(origin.from, From::Part(_));
            is_part && self.may_have(&origin.from) && self.placed(&origin.from).next().is_some()
        })
    }

    /// The first value of an input.
    pub(super) fn value(&mut self, input: InputId) -> Option<&Value<'e>> {
        self.keep(input).value.as_ref()
    }

    pub(super) fn number(&mut self, input: InputId) -> Option<i64> {
        match self.value(input) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    fn keep(&mut self, input: InputId) -> &Kept<'e> {
        const NONE: &Kept<'static> = &Kept { value: None, has_more: false };
        let known = self.places.get(usize::from(input)).copied().unwrap_or(0);
        let place = if known > 0 {
            usize::from(known) - 1
        } else if self.layout.origins(input).is_empty() {
            return NONE;
        } else {
            // An input that is asked for while it is looked for has no value.
            let place = self.place(input);
            self.find_first(input, place);
            place
        };
        self.kept.get(place).unwrap_or(NONE)
    }

    /// A new place for an input.
    fn place(&mut self, input: InputId) -> usize {
        self.kept.push(Kept::default());
        if let Some(known) = self.places.get_mut(usize::from(input)) {
            *known = u8::try_from(self.kept.len()).unwrap_or(0);
        }
        self.kept.len() - 1
    }

    /// Keeps a value, or that there is more than one; says whether another one would tell anything new.
    // PERF: a value that is handed from one function to the next is put on the stack in small pieces, read back as a whole, and
    // waited for each time.
    #[inline(always)]
    fn keep_at(&mut self, place: usize, value: Value<'e>) -> bool {
        let Some(kept) = self.kept.get_mut(place) else { return false };
        kept.has_more = kept.value.is_some();
        if !kept.has_more {
            kept.value = Some(value);
        }
        !kept.has_more
    }

    /// Keeps the first value of an input.
    fn find_first(&mut self, input: InputId, place: usize) {
        let layout = self.layout;
        for origin in layout.origins(input) {
            if let Some(Kept { value: Some(_), has_more }) = self.kept.get_mut(place) {
                // Values of those behind it may be added.
                *has_more |= origin.is_added;
            } else if self.may_have(&origin.from) && self.holds(&origin.when) {
                self.find_first_of(origin, place);
            }
        }
    }

    /// Keeps the first value of an origin, and whether it has more.
    fn find_first_of(&mut self, origin: &'e Origin, place: usize) {
        let repeats = matches!(origin.read, Reading::Bytes { repeats: true, .. });
        if origin.choice.is_some() || repeats || matches!(origin.from, From::Text(_) | From::Number(_)) {
            let (mut first, mut has_more) = (None, false);
            self.each_of(origin, &mut |_, value| {
                has_more = first.is_some();
                first.get_or_insert(value);
                !has_more
            });
            if let (Some(first), Some(kept)) = (first, self.kept.get_mut(place)) {
                *kept = Kept { value: Some(first), has_more };
            }
            return;
        }
        for placed in self.placed(&origin.from) {
            let goes_on = match origin.whole_number(&placed) {
                Some(number) => self.keep_at(place, Value::Number(number)),
                None => self.read_closely(origin, &placed).is_none_or(|value| self.keep_at(place, value)),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Calls `each` for all values of an input, those of the first origin that has any and of those that are added to it.
    pub(super) fn each(&mut self, input: InputId, mut each: impl FnMut(Option<&Placed<'e>>, Value<'e>)) {
        let layout = self.layout;
        let mut has_any = false;
        for origin in layout.origins(input) {
            if has_any && !origin.is_added || !self.may_have(&origin.from) || !self.holds(&origin.when) {
                continue;
            }
            self.each_of(origin, &mut |placed, value| {
                has_any = true;
                each(placed, value);
                true
            });
        }
    }

    /// The first value of an input as a value of some kind, where it stands in the event as a record tells it, and surely belongs
    /// to the message. `None` when that takes a closer look.
    pub(super) fn plain(&self, input: InputId) -> Option<Derived> {
        let Event { slots, text } = self.event;
        for origin in self.layout.origins(input) {
            let From::Event(path) = origin.from else { return None };
            let Some(slot) = self.plan.slot(path) else { continue };
            let mut values = slots.placed(slot, text);
            let Some(placed) = values.next() else { continue };
            let is_only = self.part.is_none() || values.next().is_none();
            let is_free = origin.when.0.is_empty() && origin.choice.is_none() && origin.bits.is_none();
            return if is_only && is_free { plain(&origin.read, &placed) } else { None };
        }
        None
    }

    /// Calls `each` for the values of an origin until it has enough.
    fn each_of(&mut self, origin: &'e Origin, each: &mut dyn FnMut(Option<&Placed<'e>>, Value<'e>) -> bool) {
        match &origin.from {
            From::Text(text) => drop(each(None, Value::Text(Cow::Borrowed(&**text)))),
            From::Number(number) => drop(each(None, Value::Number(*number))),
            from => {
                let (skip, is_last) = origin.choice.as_ref().map_or((0, false), |choice| (choice.skip, choice.is_last));
                let mut last = None;
                let mut passed = 0;
                for placed in self.placed(from) {
                    if let Reading::Bytes { form, at, length, is_little, repeats: true } = origin.read {
                        let numbers = bytes::numbers(&placed.seen.cow(), form, at, length, is_little);
                        if !numbers.into_iter().all(|number| each(Some(&placed), Value::Number(number))) {
                            return;
                        }
                        continue;
                    }
                    let Some(value) = self.read(origin, &placed) else { continue };
                    passed += 1;
                    if passed <= skip {
                        continue;
                    }
                    if is_last {
                        last = Some((placed, value));
                    } else if !each(Some(&placed), value) {
                        return;
                    }
                }
                if let Some((placed, value)) = last {
                    each(Some(&placed), value);
                }
            }
        }
    }

    /// Whether an origin may have a value in the event: nearly all of a layout have none.
    fn may_have(&self, from: &From) -> bool {
        match from {
            From::Part(path) | From::Outer(path) | From::Beside(_, path) | From::Event(path) => {
                self.plan.slot(*path).is_some_and(|slot| self.event.slots.is_filled(slot))
            }
            From::Text(_) | From::Number(_) => true,
        }
    }

    /// The values of a field, of the object or of the event.
    fn placed(&mut self, from: &From) -> Values<'e> {
        const ALL: Range<u32> = 0..u32::MAX;
        let none = Values { placed: None, places: ALL, only: None, at: 0 };
        let (From::Part(path) | From::Outer(path) | From::Beside(_, path) | From::Event(path)) = from else {
            return none;
        };
        let Event { slots, text } = self.event;
        let Some(placed) = self.plan.slot(*path).map(|slot| slots.placed(slot, text)) else { return none };
        let layout = self.layout;
        let objects = match from {
            From::Part(_) => layout.each,
            From::Outer(_) => layout.outer,
            From::Beside(beside, _) => Some(*beside),
            _ => None,
        };
        if objects.is_some_and(|objects| self.is_object && !self.plan.are_inside(slots, *path, objects)) {
            return none;
        }
        if self.holders.iter().any(|holder| self.plan.are_beside(slots, *path, holder)) {
            return none;
        }
        let (places, only) = match (from, &self.part) {
            (From::Part(_), Some(part)) => (part.places.clone(), None),
            (From::Outer(_), Some(_)) => (self.outer.as_ref().map_or(ALL, |outer| outer.places.clone()), None),
            (From::Beside(beside, _), Some(part)) => (self.beside(*beside, part), None),
            (From::Event(_), Some(part)) => {
                // What stands beside the objects, or beside those around them, one for each.
                let count = placed.clone().count();
                let outer = self.outer.as_ref().filter(|outer| outer.count == count);
                let only = if count == part.count { Some(part.number) } else { outer.map(|outer| outer.number) };
                (ALL, only)
            }
            _ => (ALL, None),
        };
        let placed = if places == ALL { placed } else { self.left(*path, placed, places.start) };
        Values { placed: Some(placed), places, only, at: 0 }
    }

    /// Of all values of a field those that stand at a place or behind it. Nearly always it is behind the place of the message
    /// before, so that messages share one way along the values.
    fn left(&mut self, path: PathId, all: PlacedValues<'e>, from: u32) -> PlacedValues<'e> {
        let at = self.cursors.iter().position(|cursor| cursor.path == path).unwrap_or_else(|| {
            self.cursors.push(Cursor { path, from: 0, left: all.clone() });
            self.cursors.len() - 1
        });
        let Some(cursor) = self.cursors.get_mut(at) else { return all };
        if cursor.from > from {
            cursor.left = all;
        }
        cursor.from = from;
        cursor.left.pass_before(from);
        cursor.left.clone()
    }

    /// Where the object stands that belongs to a part, among as many as there are parts, or parts that have one.
    fn beside(&self, beside: PathId, part: &Part) -> Range<u32> {
        let starts = || self.plan.slot(beside).into_iter().flat_map(|slot| self.event.objects(slot));
        let count = starts().count();
        let number = if count == part.count { Some(part.number) } else { self.accompanied(part, count) };
        let mut own = number.into_iter().flat_map(|number| starts().skip(number));
        own.next().map_or(0..0, |start| start..own.next().unwrap_or(u32::MAX))
    }

    /// Which of the parts that have an object beside them a part is, when there are so many of them.
    fn accompanied(&self, part: &Part, count: usize) -> Option<usize> {
        let (path, wants) = self.layout.accompanied.as_ref()?;
        // A key of the whole way belongs to none of them.
        let objects = self.layout.each?;
        if self.is_object && !self.plan.are_inside(self.event.slots, *path, objects) {
            return None;
        }
        let placed = self.event.slots.placed(self.plan.slot(*path)?, self.event.text);
        let (mut all, mut before, mut is_one) = (0, 0, false);
        for placed in placed {
            let value = names::number(&placed.seen.cow()).map(Value::Number);
            if wants.iter().any(|want| want.holds(value.as_ref())) {
                all += 1;
                before += usize::from(placed.at < part.places.start);
                is_one |= part.places.contains(&placed.at);
            }
        }
        (is_one && all == count).then_some(before)
    }

    fn read(&mut self, origin: &'e Origin, placed: &Placed<'e>) -> Option<Value<'e>> {
        match origin.whole_number(placed) {
            Some(number) => Some(Value::Number(number)),
            None => self.read_closely(origin, placed),
        }
    }

    /// The same for a value that is not surely a whole number.
    fn read_closely(&mut self, origin: &'e Origin, placed: &Placed<'e>) -> Option<Value<'e>> {
        let text = match placed.seen.kind {
            _ if origin.read == Reading::Present => return Some(Value::Number(1)),
            Kind::Null | Kind::Composite => return None,
            Kind::Bool if matches!(origin.read, Reading::Any | Reading::Number) => {
                Cow::Borrowed(if placed.seen.raw == "true" { "1" } else { "0" })
            }
            _ => placed.seen.cow(),
        };
        let choice = origin.choice.as_deref();
        let text = match choice {
            Some(choice) => chosen(text, choice)?,
            None => text,
        };
        if text.is_empty() {
            return None;
        }
        let value = match &origin.read {
            Reading::Any => names::number(&text).map_or(Value::Text(text), Value::Number),
            Reading::Number => Value::Number(names::number(&text)?),
            Reading::Hex => Value::Number(bytes::hex(&text)?),
            Reading::Text | Reading::Present => Value::Text(text),
            Reading::Name { of, endings } => self.by_name(*of, endings, text),
            Reading::Digits(Bytes::Hex) => Value::Text(bytes::digits(text)),
            Reading::Digits(Bytes::Raw) => Value::Text(bytes::raw_digits(&text).into()),
            Reading::Bytes { form, at, length, is_little, .. } => {
                Value::Number(bytes::number(&text, *form, *at, *length, *is_little)?)
            }
        };
        let value = match value {
            Value::Number(number) => Value::Number(origin.counted(number)),
            text => text,
        };
        let counts = choice
            .is_none_or(|choice| choice.only.is_empty() || choice.only.iter().any(|want| want.holds(Some(&value))));
        counts.then_some(value)
    }

    /// The number that a name stands for, or the name without its ending.
    fn by_name(&mut self, of: Table, endings: &[String], text: Cow<'e, str>) -> Value<'e> {
        let short = endings.iter().find_map(|ending| text.strip_suffix(&**ending)).map_or(text.len(), str::len);
        let protocol = self.protocol;
        let name = text.get(..short).unwrap_or_default();
        let number = match of {
            Table::Codes => protocol.codes.number(name),
            Table::Errors => protocol.errors.number(name),
            Table::Objects => protocol.objects.number(name),
            Table::None => names::number_at_end(name),
            Table::Subcodes => {
                let code = self.number(CODE);
                let known = |code: Option<i64>| protocol.subcodes(code).and_then(|names| names.known(name));
                known(code).or_else(|| known(None)).or_else(|| protocol.subnames.number(name))
            }
        };
        number.map_or_else(|| Value::Text(cut(text, 0..short)), Value::Number)
    }

    /// The row of the message.
    pub(super) fn row(&mut self) -> Option<&'e Row> {
        let (code, subcode) = (self.number(CODE), self.number(SUBCODE));
        let protocol = self.protocol;
        protocol.rows(code).find(|row| (row.subcode.is_none() || row.subcode == subcode) && self.holds(&row.when))
    }
}

impl Origin {
    /// The bits of a number that count.
    fn counted(&self, number: i64) -> i64 {
        self.bits.map_or(number, |(mask, shift)| (number & mask).wrapping_shr(shift))
    }

    /// What a value counts that surely is a whole number.
    // PERF: nine of ten values are, and they are not looked through for escapes.
    #[inline(always)]
    fn whole_number(&self, placed: &Placed<'_>) -> Option<i64> {
        let may_be = self.choice.is_none()
            && placed.seen.kind == Kind::Text
            && matches!(self.read, Reading::Any | Reading::Number);
        may_be.then(|| names::number(placed.seen.raw)).flatten().map(|number| self.counted(number))
    }
}

/// A value that is told as it stands: a number that is spelled as any is, or what surely is a text.
fn plain(read: &Reading, placed: &Placed<'_>) -> Option<Derived> {
    let Seen { kind, raw, .. } = placed.seen;
    let raw = raw.as_bytes();
    let digits = raw.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_number = digits == raw.len() && digits <= 18 && matches!(raw, [b'0'] | [b'1'..=b'9', ..]);
    // Signs, `0x`, and escapes may begin what is a number after all.
    let is_text = raw.get(digits).is_some_and(|byte| !matches!(byte, b'+' | b'-' | b'\\' | b'x' | b'X'));
    let told = match (read, kind) {
        (Reading::Any, Kind::Text | Kind::Number) | (Reading::Text, Kind::Number) if is_number => Kind::Number,
        (Reading::Any | Reading::Text, Kind::Text) if is_text => Kind::Text,
        _ => return None,
    };
    Some(placed.derived(told))
}

/// The part of a text that counts; `None` when it has none.
fn chosen<'e>(text: Cow<'e, str>, choice: &Choice) -> Option<Cow<'e, str>> {
    let start = choice.after.as_ref().map_or(Some(0), |after| text.find(&**after).map(|at| at + after.len()))?;
    let rest = text.get(start..)?;
    let end = choice.before.as_ref().map_or(Some(rest.len()), |before| rest.find(&**before))?;
    let inner = rest.get(..end)?;
    let start = start + inner.len() - inner.trim_start().len();
    let range = start..start + inner.trim().len();
    Some(cut(text, range))
}

fn cut(text: Cow<'_, str>, range: Range<usize>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(range).unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_text_counts() {
        let choice = |after: &str, before: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Choice { after: some(after), before: some(before), ..Choice::default() }
        };
        for (text, after, before, expected) in [
            ("enable-disable:  disable (1)", "enable-disable:", "", Some("disable (1)")),
            ("LD0::CSWI1$CO$Pos", "::", "", Some("CSWI1$CO$Pos")),
            ("LD0::CSWI1$CO$Pos", "", "::", Some("LD0")),
            ("a [b] c", "[", "]", Some("b")),
            ("LD0", "::", "", None),
        ] {
            assert_eq!(chosen(text.into(), &choice(after, before)).as_deref(), expected, "{text}");
        }
    }
}
