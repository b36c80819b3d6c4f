//! Lists of codes, those that stand behind each other and are equal only once.
//!
//! ```text
//! a million literals, all with effect 7   ─▶   one list [7], and its number for each literal
//! ```

use super::Span;

/// Lists of codes by their numbers.
#[derive(Debug, Default)]
pub(super) struct Codes {
    lists: Vec<Span>,
    codes: Vec<u32>,
}

impl Codes {
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

    pub(super) fn of(&self, list: u32) -> &[u32] {
        self.lists.get(list as usize).map_or(&[], |span| span.of(&self.codes))
    }
}
