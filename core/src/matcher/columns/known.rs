//! What is known of the table at hand, and of some that were there before and may come again.
//!
//! ```text
//! tables by the numbers of their kin:   5, 5, -, 7, 5     the second and the last go on with what is known of the first
//! ```
//!
//! A table that has no number is like no other.

use super::codes::Codes;
use super::keywords::Keywords;
use super::routes::Routes;
use crate::program::{Program, SlotId};
use std::collections::VecDeque;

/// Tables of before that are remembered at most.
const TABLES_MAX: usize = 3;
/// What may be remembered of them together, in words of four bytes; the oldest are forgotten first.
const WORDS_MAX: usize = 1 << 24;

/// What is known of one table.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// How many tables there were that were not known: codes of two of them are never the same to whoever remembers both.
    pub(super) number: u64,
    kin: Option<u128>,
    pub(super) codes: Codes,
    pub(super) keywords: Keywords,
    pub(super) routes: Routes,
    /// For each partition the slots that it reads and that have a column.
    pub(super) reads: Vec<Option<Box<[SlotId]>>>,
}

impl Known {
    /// Forgets all.
    fn begin(&mut self, number: u64, program: &Program<'_>, kin: Option<u128>) {
        (self.number, self.kin) = (number, kin);
        self.codes.begin(program.matchers.len());
        self.keywords.begin();
        self.routes.begin(&program.router);
        self.reads.clear();
        self.reads.resize(program.partitions.len(), None);
    }

    fn words(&self) -> usize {
        self.codes.words() + self.keywords.words()
    }
}

/// What is known of tables of before, the last one at the end.
#[derive(Debug, Default)]
pub(super) struct Before {
    tables: VecDeque<Known>,
    /// How many tables there were that were not known.
    count: u64,
}

impl Before {
    /// Goes on to another table: with what is known of one that has its number, or with nothing.
    pub(super) fn next(&mut self, at_hand: &mut Known, program: &Program<'_>, kin: Option<u128>) {
        if kin.is_some() && kin == at_hand.kin {
            return at_hand.keywords.go_on();
        }
        if at_hand.kin.is_some() {
            self.tables.push_back(std::mem::take(at_hand));
        }
        if let Some(known) = self.tables.iter().position(|known| known.kin == kin).and_then(|at| self.tables.remove(at))
        {
            *at_hand = known;
            return at_hand.keywords.go_on();
        }
        while self.tables.len() > TABLES_MAX || self.tables.iter().map(Known::words).sum::<usize>() > WORDS_MAX {
            // Its memory is used on.
            *at_hand = self.tables.pop_front().unwrap_or_default();
        }
        self.count += 1;
        at_hand.begin(self.count, program, kin);
    }
}
