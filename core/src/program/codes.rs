//! Lists of codes, those that stand behind each other and are equal only once.
//!
//! ```text
//! a million literals, all with effect 7   ─▶   one list [7], and its number for each literal
//! ```

use super::Span;
use super::tables::{Reader, Writer};

/// Lists of codes by their numbers.
#[derive(Debug, Default)]
pub(super) struct Codes<'a> {
    lists: &'a [Span],
    codes: &'a [u32],
}

/// Collects lists of codes.
#[derive(Debug, Default)]
pub(super) struct CodesBuilder {
    lists: Vec<Span>,
    codes: Vec<u32>,
}

impl CodesBuilder {
    /// Adds a list, unless the one before is the same, and gives its number.
    pub(super) fn put(&mut self, codes: impl Iterator<Item = u32>) -> u32 {
        let start = self.codes.len();
        self.codes.extend(codes);
        if let Some(last) = self.lists.last()
            && Some(last.of(&self.codes)) == self.codes.get(start..)
        {
            self.codes.truncate(start);
        } else {
            self.lists.push(Span { start: start as u32, end: self.codes.len() as u32 });
        }
        self.lists.len() as u32 - 1
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.table(&self.lists);
        writer.table(&self.codes);
    }
}

impl<'a> Codes<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self { lists: reader.table()?, codes: reader.table()? })
    }

    pub(super) fn of(&self, list: u32) -> &'a [u32] {
        self.lists.get(list as usize).map_or(&[], |span| span.of(self.codes))
    }
}
