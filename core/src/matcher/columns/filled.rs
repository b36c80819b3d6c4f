//! Which probes of a partition have anything to look at, in rows of a block that are routed alike.
//!
//! ```text
//! partition 17 probes Image, CommandLine, Hashes, ... (90)   rows 64..128: Image, User are filled   ─▶   probes 0, 31
//! ```
//!
//! Those of fields stand before the others: what follows from them may be found for all rows at once. What a probe looks for is not
//! known here.

use super::super::Place;
use super::Row;
use super::block::{Block, ROWS};
use super::effects::Effects;
use crate::program::{Probe, Subject};
use std::ops::Range;

/// The probes of the block at hand that find a column filled in some of its rows.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// The first row of the block.
    start: usize,
    lists: Vec<List>,
    probes: Vec<Probe>,
    /// Those of the list at hand that do not look at a field.
    others: Vec<Probe>,
    /// What follows from the fields of rows, of one list behind the other.
    pub(super) effects: Effects,
}

/// The probes of a partition for rows of which each has a bit.
#[derive(Debug)]
pub(super) struct List {
    partition: u32,
    pub(super) rows: u64,
    /// Where the probes of fields stand.
    pub(super) slots: Range<usize>,
    /// Where the others stand, behind them.
    pub(super) others: Range<usize>,
    /// Where among the effects those of the first row of the block stand, once they are known.
    pub(super) effects: Option<usize>,
}

impl Filled {
    /// Forgets all.
    pub(super) fn begin(&mut self) {
        self.lists.clear();
        self.probes.clear();
        self.effects.begin();
    }

    /// The number of the list with the probes of the partition that may find anything in the row.
    #[inline]
    pub(super) fn of(&mut self, at: &Place<'_, Row<'_>>, block: &Block) -> usize {
        if self.start != block.start() {
            self.start = block.start();
            self.begin();
        }
        let bit = block.bit(at.event.row);
        let known = self.lists.iter().position(|list| list.rows & bit != 0 && list.partition == at.id);
        known.unwrap_or_else(|| self.add(at, block))
    }

    /// The list of a number.
    #[inline]
    pub(super) fn list(&self, number: usize) -> Option<&List> {
        self.lists.get(number)
    }

    /// Makes room for the effects of each row of the block, and says where those of the first one stand.
    pub(super) fn begin_effects(&mut self, number: usize) -> usize {
        let first = self.effects.add_rows(ROWS);
        self.lists.get_mut(number).into_iter().for_each(|list| list.effects = Some(first));
        first
    }

    #[inline(never)]
    fn add(&mut self, at: &Place<'_, Row<'_>>, block: &Block) -> usize {
        let (start, rows) = (self.probes.len(), block.alike(at.event.row));
        self.others.clear();
        for probe in at.partition.probes {
            match probe.subject.subject() {
                Subject::Slot(slot) => {
                    if at.event.table.held(slot).is_some_and(|held| block.present(held.number) & rows != 0) {
                        self.probes.push(*probe);
                    }
                }
                Subject::Leaves | Subject::Pair(_) => self.others.push(*probe),
            }
        }
        let others = self.probes.len();
        self.probes.extend(&self.others);
        let end = self.probes.len();
        self.lists.push(List { partition: at.id, rows, slots: start..others, others: others..end, effects: None });
        self.lists.len() - 1
    }

    /// The probe that stands there.
    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<Probe> {
        self.probes.get(at).copied()
    }
}
