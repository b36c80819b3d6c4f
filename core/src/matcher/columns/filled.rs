//! Which probes of a partition have anything to look at, in rows of a block that are routed alike.
//!
//! ```text
//! partition 17 probes Image, CommandLine, Hashes, ... (90)   rows 64..128: Image, User are filled   ─▶   probes 0, 31
//! ```
//!
//! What a probe looks for is not known here.

use super::super::Place;
use super::Row;
use super::block::Block;
use crate::program::{Probe, Subject};
use std::ops::Range;

/// The probes of the block at hand that find a column filled in some of its rows.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// The first row of the block.
    start: usize,
    lists: Vec<List>,
    probes: Vec<Probe>,
}

/// The probes of a partition for rows of which each has a bit.
#[derive(Debug)]
struct List {
    partition: u32,
    rows: u64,
    probes: Range<usize>,
}

impl Filled {
    /// Forgets all.
    pub(super) fn begin(&mut self) {
        self.lists.clear();
        self.probes.clear();
    }

    /// Where the probes of the partition stand that may find anything in the row.
    #[inline]
    pub(super) fn of(&mut self, at: &Place<'_, Row<'_>>, block: &Block) -> Range<usize> {
        if self.start != block.start() {
            self.start = block.start();
            self.begin();
        }
        let bit = block.bit(at.event.row);
        let known = self.lists.iter().find(|list| list.rows & bit != 0 && list.partition == at.id);
        match known {
            Some(list) => list.probes.clone(),
            None => self.add(at, block),
        }
    }

    #[inline(never)]
    fn add(&mut self, at: &Place<'_, Row<'_>>, block: &Block) -> Range<usize> {
        let (start, rows) = (self.probes.len(), block.alike(at.event.row));
        let is_filled = |probe: &&Probe| match probe.subject.subject() {
            Subject::Slot(slot) => at.event.table.held(slot).is_some_and(|held| block.present(held.number) & rows != 0),
            Subject::Leaves | Subject::Pair(_) => true,
        };
        self.probes.extend(at.partition.probes.iter().filter(is_filled));
        let probes = start..self.probes.len();
        self.lists.push(List { partition: at.id, rows, probes: probes.clone() });
        probes
    }

    /// The probe that stands there.
    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<Probe> {
        self.probes.get(at).copied()
    }
}
