//! Values with their places: which of them stand in one object, and values that are put beside those of the event.
//!
//! ```text
//! {"p":[{"c":1},{"c":2,"v":9}]}      objects of p at 5, 13      v of the second one: it stands behind 13
//!                                    derived: slot of ot.value ─▶ the same bytes 22..23
//! ```
//!
//! The walk notes where each value stands, and that tells what belongs together. An event that is no text is filled object by
//! object, so that the places of copies tell the same.

use super::cells::{Cell, END};
use super::{Kind, Seen, Slots};
use crate::event::Event;
use crate::program::SlotId;
use std::ops::Range;

/// A value, and where it stands: what is behind another in the event stands behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<'s> {
    pub(crate) seen: Seen<'s>,
    pub(crate) at: u32,
    is_written: bool,
    end: u32,
}

impl Placed<'_> {
    /// The same value for another slot, as a value of some kind.
    pub(crate) fn derived(&self, kind: Kind) -> Derived {
        Derived { kind, from: if self.is_written { From::Event } else { From::Copies }, start: self.at, end: self.end }
    }
}

/// A value that does not stand in its slot by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Derived {
    kind: Kind,
    from: From,
    start: u32,
    end: u32,
}

impl Derived {
    /// A value in a text that is given along with it.
    pub(crate) fn text(kind: Kind, range: Range<usize>) -> Self {
        Self { kind, from: From::Text, start: range.start as u32, end: range.end as u32 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum From {
    Event,
    Copies,
    Text,
}

/// A field that holds objects, and what stands in them: slots of fields with the rest of their names, and more objects.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) slot: SlotId,
    pub(crate) path: &'a str,
    /// The same from the event on.
    pub(crate) whole: &'a str,
    pub(crate) fields: Vec<(SlotId, &'a str)>,
    pub(crate) inner: Vec<Parts<'a>>,
}

/// Which of the filled slots hold values that go with a number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// How much there was before values were derived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    filled: usize,
    more: usize,
    copies: usize,
    lists: usize,
}

/// The values of a slot and where they stand, in the order in which they were found.
#[derive(Debug, Clone)]
pub(crate) struct PlacedValues<'s> {
    slots: &'s Slots,
    event: &'s str,
    next: Option<&'s Cell>,
}

impl PlacedValues<'_> {
    /// Leaves out the values in front of the first one that stands at a place or behind it.
    pub(crate) fn pass_before(&mut self, place: u32) {
        while let Some(cell) = self.next.filter(|cell| cell.start < place) {
            self.next = self.slots.cells.more.get(cell.next as usize);
        }
    }
}

impl<'s> Iterator for PlacedValues<'s> {
    type Item = Placed<'s>;

    #[inline]
    fn next(&mut self) -> Option<Placed<'s>> {
        let cell = self.next?;
        self.next = self.slots.cells.more.get(cell.next as usize);
        let seen = self.slots.seen(cell, self.event);
        Some(Placed { seen, at: cell.start, is_written: cell.is_written, end: cell.end })
    }
}

impl Slots {
    /// Whether values stand by their field and not in the order of the event, so that [`fill_parts`](Self::fill_parts) has to
    /// tell which of them belong to one object.
    pub(crate) fn are_unordered(&self) -> bool {
        self.is_unordered
    }

    /// Fills the slots of some objects again, one object after the other.
    pub(crate) fn fill_parts(&mut self, event: &dyn Event, parts: &[Parts<'_>]) {
        for part in parts {
            self.forget_part(event, part);
            self.fill_part(event, part, part.path);
        }
    }

    fn forget_part(&mut self, event: &dyn Event, part: &Parts<'_>) {
        let mut has_objects = false;
        event.objects(part.whole, &mut |_| has_objects = true);
        // Without objects, whoever holds the event has their fields by whole names.
        if has_objects {
            for slot in part.fields.iter().map(|(slot, _)| *slot).chain([part.slot]) {
                self.cells.clear(slot);
            }
        }
        part.inner.iter().for_each(|inner| self.forget_part(event, inner));
    }

    /// Fills the slots of objects at a path, and says whether there are any.
    fn fill_part(&mut self, event: &dyn Event, part: &Parts<'_>, path: &str) -> bool {
        let mut is_there = false;
        let mut has_inner = vec![false; part.inner.len()];
        event.objects(path, &mut |object| {
            is_there = true;
            // Nothing in front of the object, nor in it, stands where the object does.
            self.copies.push(' ');
            let cell = self.copy(Kind::Composite, "{");
            self.cells.link(part.slot, 0, || cell);
            part.fields.iter().for_each(|(slot, name)| self.put_field(*slot, name, object));
            for (inner, is_there) in part.inner.iter().zip(&mut has_inner) {
                *is_there |= self.fill_part(object, inner, inner.path);
            }
        });
        // One key may stand for the way to both: `{"layers.modbus":{...}}`.
        for (inner, _) in part.inner.iter().zip(has_inner).filter(|(_, is_there)| !is_there) {
            self.fill_part(event, inner, &[path, ".", inner.path].concat());
        }
        is_there
    }

    /// Whether the values of a slot stand in objects at a field whose name and the dot behind it have so many dots.
    #[inline]
    pub(crate) fn are_inside(&self, slot: SlotId, dots: u8) -> bool {
        let way = self.cells.head(slot).map_or(0, |head| head.way);
        self.is_unordered || way & 1_u64.rotate_left(dots.into()) != 0
    }

    /// Puts derived values into slots that the event has left empty, in place of those that were put there before.
    pub(crate) fn derive(&mut self, values: &[(SlotId, Derived)], texts: &str) {
        match self.mark {
            Some(mark) => {
                self.cells.cut(mark.filled, mark.more);
                self.copies.truncate(mark.copies);
                self.lists.truncate(mark.lists);
            }
            None => {
                let (filled, more) = (self.cells.filled.len(), self.cells.more.len());
                self.mark = Some(Mark { filled, more, copies: self.copies.len(), lists: self.lists.len() });
            }
        }
        self.numbered = Numbered::default();
        self.derive_more(values, texts);
    }

    /// Says which slots [`derive_announced`](Self::derive_announced) is going to fill, once for an event or record, with values that
    /// go with a number: others never have it. Until then these slots count as filled and hold nothing.
    pub(crate) fn announce(&mut self, values: &[(SlotId, Derived)], number: u64) {
        let start = self.cells.filled.len();
        self.cells.filled.extend(values.iter().map(|(slot, _)| *slot));
        self.numbered = Numbered { number, start, end: self.cells.filled.len() };
    }

    /// Puts the values beside the others that were announced.
    pub(crate) fn derive_announced(&mut self, values: &[(SlotId, Derived)], texts: &str) {
        self.cells.filled.truncate(self.numbered.start);
        self.derive_more(values, texts);
        self.numbered.end = self.cells.filled.len();
    }

    /// Puts more values beside those.
    pub(crate) fn derive_more(&mut self, values: &[(SlotId, Derived)], texts: &str) {
        let before = self.copies.len() as u32;
        self.copies.push_str(texts);
        for (slot, value) in values {
            let Derived { kind, from, start, end } = *value;
            let by = if from == From::Text { before } else { 0 };
            let cell = || Cell { kind, is_written: from == From::Event, start: start + by, end: end + by, next: END };
            self.cells.link(*slot, 0, cell);
        }
    }

    /// The slots that the event itself has filled, and not derived values.
    pub(crate) fn own(&self) -> &[SlotId] {
        let own = self.mark.map_or(self.cells.filled.len(), |mark| mark.filled);
        self.cells.filled.get(..own).unwrap_or(&self.cells.filled)
    }

    /// Where the objects of a slot begin.
    pub(crate) fn objects<'s>(&'s self, slot: SlotId, event: &'s str) -> impl Iterator<Item = u32> + use<'s> {
        let is_object = move |placed: &Placed<'_>| {
            let text = if placed.is_written { event } else { &self.copies };
            placed.seen.kind == Kind::Composite && text.as_bytes().get(placed.at as usize) == Some(&b'{')
        };
        self.placed(slot, event).filter(is_object).map(|placed| placed.at)
    }

    /// The values of a slot and where they stand.
    #[inline]
    pub(crate) fn placed<'s>(&'s self, slot: SlotId, event: &'s str) -> PlacedValues<'s> {
        let head = self.cells.head(slot);
        PlacedValues { slots: self, event, next: head.map(|head| &head.first) }
    }
}
