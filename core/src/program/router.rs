//! Chooses the partition for an event by the values of a few fields, as a decision tree.
//!
//! ```text
//! Channel = "security"  ─▶  EventID = "4624" ─▶ partition 7     otherwise ─▶ partition 8
//! otherwise             ─▶  partition 0
//! ```
//!
//! A step may ask several fields at once, where events of one kind write the same thing under several names.
//!
//! Where the values come from is for `matcher`; which fields are worth asking is for `compile`.

use super::hash::{CASE, hash};
use super::index::{self, Index};
use super::tables::{Reader, Writer};
use super::{SlotId, Span};
use bytemuck::{Pod, Zeroable};

/// Steps that may be taken one after the other; only a forged tree is deeper.
const DEPTH_MAX: usize = 4;

/// A step of the tree.
#[derive(Debug)]
pub(crate) enum Router<'a> {
    Partition(u32),
    Slots { slots: &'a [SlotId], by_value: ByValue<'a>, otherwise: Box<Router<'a>> },
}

/// Where each of a field's values leads.
#[derive(Debug)]
pub(crate) struct ByValue<'a> {
    rows: Index<'a, Row>,
    texts: &'a [u8],
    next: Vec<Router<'a>>,
}

/// A folded value, and the number of the step to which it leads.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Row {
    value: Span,
    next: u32,
}

/// A step of a tree that is being built.
#[derive(Debug)]
pub(crate) enum RouterDraft {
    Partition(u32),
    /// Each value is folded, and stands there once.
    Slots {
        slots: Vec<SlotId>,
        by_value: Vec<(String, RouterDraft)>,
        otherwise: Box<RouterDraft>,
    },
}

impl Router<'_> {
    /// Whether any event is led by the values of a slot.
    pub(crate) fn asks(&self, slot: SlotId) -> bool {
        match self {
            Self::Partition(_) => false,
            Self::Slots { slots, by_value, otherwise } => {
                slots.contains(&slot) || by_value.next.iter().chain([&**otherwise]).any(|next| next.asks(slot))
            }
        }
    }
}

impl RouterDraft {
    /// Writes the tree.
    pub(crate) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Partition(id) => {
                writer.word(1);
                writer.word(*id);
            }
            Self::Slots { slots, by_value, otherwise } => {
                writer.word(0);
                writer.table(slots);
                let row = |(next, (value, _)): (usize, &(String, Self))| {
                    let row = Row { value: writer.text(value), next: next as u32 };
                    (hash(value.as_bytes(), CASE), row)
                };
                let rows = by_value.iter().enumerate().map(row).collect();
                index::write(rows, writer);
                writer.size(by_value.len());
                by_value.iter().for_each(|(_, next)| next.write(writer));
                otherwise.write(writer);
            }
        }
    }
}

impl<'a> Router<'a> {
    /// Reads what a draft wrote.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Self::read_at(reader, 0)
    }

    fn read_at(reader: &mut Reader<'a>, depth: usize) -> Option<Self> {
        if depth > DEPTH_MAX {
            return None;
        }
        if reader.word()? != 0 {
            return reader.word().map(Self::Partition);
        }
        let (slots, rows) = (reader.table()?, Index::read(reader)?);
        let next = reader.many(|reader| Self::read_at(reader, depth + 1))?;
        let otherwise = Box::new(Self::read_at(reader, depth + 1)?);
        Some(Self::Slots { slots, by_value: ByValue { rows, texts: reader.texts().as_bytes(), next }, otherwise })
    }
}

impl<'a> ByValue<'a> {
    /// All values and where they lead, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &Router<'a>)> {
        let value = |row: &Row| std::str::from_utf8(row.value.of(self.texts)).unwrap_or_default();
        self.rows.rows().iter().filter_map(move |row| Some((value(row), self.next.get(row.next as usize)?)))
    }

    /// Where a value leads. A value that is not ASCII has to be folded.
    pub(crate) fn get(&self, value: &str) -> Option<&Router<'a>> {
        let rows = self.rows.bucket(hash(value.as_bytes(), CASE));
        let row = rows.iter().find(|row| row.value.of(self.texts).eq_ignore_ascii_case(value.as_bytes()))?;
        self.next.get(row.next as usize)
    }
}
