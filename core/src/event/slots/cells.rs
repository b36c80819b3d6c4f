//! Where the values of an event stand, by slot: one in the slot itself, those behind it in a chain.
//!
//! ```text
//! slot 7 ─▶ bytes 22..31 ─▶ bytes 40..44      filled: 0, 7      conflicts: none
//! ```

use super::Kind;
use crate::program::SlotId;

/// One value of a slot, or one leaf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) kind: Kind,
    /// Whether the place is one in the event; else it is in the buffer of copies.
    pub(super) is_written: bool,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The slot's next value.
    pub(super) next: u32,
}

impl Cell {
    #[inline(always)]
    fn written(kind: Kind, start: usize, end: usize) -> Self {
        // An event is shorter than 2 GiB.
        Self { kind, is_written: true, start: start as u32, end: end as u32, next: END }
    }
}

/// The end of a chain of cells.
pub(super) const END: u32 = u32::MAX;

/// What a slot holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    epoch: u32,
    /// The cell of the last value, when there are several.
    last: u32,
    /// The way by which the first value was found.
    pub(super) way: u64,
    pub(super) first: Cell,
}

impl Head {
    const EMPTY: Self = Self {
        epoch: 0,
        last: END,
        way: 0,
        first: Cell { kind: Kind::Null, is_written: true, start: 0, end: 0, next: END },
    };
}

/// Where the values of one event stand, by slot.
#[derive(Debug, Default)]
pub(in crate::event) struct Cells {
    heads: Vec<Head>,
    /// Slots that have a value, in the event's order.
    pub(super) filled: Vec<SlotId>,
    /// Values behind the first one of their slot.
    pub(super) more: Vec<Cell>,
    epoch: u32,
    /// Slots that were reached by two ways.
    pub(super) conflicts: Vec<SlotId>,
    /// Whether a number of the event may have another text than the one it is written with.
    pub(in crate::event) has_odd_numbers: bool,
}

impl Cells {
    pub(super) fn reset(&mut self, slots: usize) {
        self.has_odd_numbers = false;
        self.more.clear();
        self.filled.clear();
        self.conflicts.clear();
        if self.heads.len() != slots || self.epoch == u32::MAX {
            self.heads.clear();
            self.heads.resize(slots, Head::EMPTY);
            self.epoch = 0;
        }
        self.epoch += 1;
    }

    /// Notes a value that stands in the event; nothing when there is no such slot.
    #[inline(always)]
    pub(in crate::event) fn note(&mut self, slot: SlotId, way: u64, kind: Kind, start: usize, end: usize) {
        self.link(slot, way, || Cell::written(kind, start, end));
    }

    // PERF: a cell that is put together before it is known where it goes is put together on the stack, and what is written there in
    // small pieces and read back as a whole is waited for.
    #[inline(always)]
    pub(super) fn link(&mut self, slot: SlotId, way: u64, cell: impl FnOnce() -> Cell) {
        let Some(head) = self.heads.get_mut(slot.index()) else { return };
        if head.epoch == self.epoch {
            return self.link_more(slot, way, cell());
        }
        *head = Head { epoch: self.epoch, last: END, way, first: cell() };
        self.filled.push(slot);
    }

    #[inline(never)]
    fn link_more(&mut self, slot: SlotId, way: u64, cell: Cell) {
        let Some(head) = self.heads.get_mut(slot.index()) else { return };
        if head.way != way {
            self.conflicts.push(slot);
        }
        let own = self.more.len() as u32;
        match self.more.get_mut(head.last as usize) {
            Some(last) => last.next = own,
            None => head.first.next = own,
        }
        head.last = own;
        self.more.push(cell);
    }

    /// What a slot holds, if it has a value.
    #[inline]
    pub(super) fn head(&self, slot: SlotId) -> Option<&Head> {
        self.heads.get(slot.index()).filter(|head| head.epoch == self.epoch)
    }

    /// Takes the values of a slot away; it still stands among those that are filled.
    pub(super) fn clear(&mut self, slot: SlotId) {
        self.heads.get_mut(slot.index()).into_iter().for_each(|head| head.epoch = 0);
    }

    /// Takes away what was put since so many slots were filled and so many values stood behind others.
    pub(super) fn cut(&mut self, filled: usize, more: usize) {
        for slot in self.filled.drain(filled..) {
            self.heads.get_mut(slot.index()).into_iter().for_each(|head| head.epoch = 0);
        }
        self.more.truncate(more);
    }
}
