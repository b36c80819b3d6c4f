//! What was read of an event, as bytes: where they are equal, all was equal that was read.
//!
//! ```text
//! slot 7: text "SYSTEM", slot 9: number 4624     ─▶     7, text, 6│SYSTEM│9, number, 4│4624
//! ```

use super::Slots;
use super::parts::Numbered;
use crate::program::SlotId;
use std::ops::Range;

/// Bytes of values that are kept; beyond them they are only counted.
const BYTES_MAX: usize = 1 << 14;
/// No slot has so high a number, so this begins no value.
const NUMBERED: u64 = 1 << 62;

/// Values of slots with their kinds, one behind the other.
#[derive(Debug)]
pub(crate) struct Reading {
    // PERF: twice as fast as a vector that grows.
    bytes: Box<[u8]>,
    length: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Self { bytes: vec![0; BYTES_MAX].into(), length: 0 }
    }
}

impl Reading {
    /// How many bytes were added, kept or not.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Forgets what was added behind so many bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// All that was added; `None` when that is too much.
    #[inline]
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length)
    }

    /// Adds bytes of one's own, which must not be taken for others that may come here.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(bytes);
        }
        self.length = end;
    }

    /// Adds the values of all slots that are filled and asked for.
    #[inline]
    pub(crate) fn push_filled(&mut self, slots: &Slots, event: &str, is_asked: impl Fn(SlotId) -> bool) {
        let Numbered { number, start, end } = slots.numbered;
        let filled = slots.filled();
        let part = |range: Range<usize>| filled.get(range).unwrap_or_default().iter().copied();
        for slot in part(0..start).chain(part(end..filled.len())).filter(|slot| is_asked(*slot)) {
            self.push_values(slots, slot, event);
        }
        if part(start..end).any(is_asked) {
            self.push(&(NUMBERED | number).to_ne_bytes());
        }
    }

    /// Adds the values of a slot as they are written, each with its kind and where it stands.
    #[inline(always)]
    pub(crate) fn push_values(&mut self, slots: &Slots, slot: SlotId, event: &str) {
        let head = slots.cells.head(slot);
        let mut next = head.map(|head| &head.first);
        while let Some(cell) = next {
            next = slots.cells.more.get(cell.next as usize);
            let text = if cell.is_written { event } else { &slots.copies };
            let raw = text.as_bytes().get(cell.start as usize..cell.end as usize).unwrap_or_default();
            let kind = u8::from(cell.is_written) << 3 | cell.kind as u8;
            self.push(&(u64::from(slot.0) << 40 | u64::from(kind) << 32 | raw.len() as u64).to_ne_bytes());
            self.push(raw);
        }
    }
}
