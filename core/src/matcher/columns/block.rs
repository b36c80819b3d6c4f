//! Rows that are looked at together: where each of them is routed, and which columns hold anything there.
//!
//! ```text
//! rows 64..128    routed: [17] [17] [3] ...     present: column 0 ─▶ 1111...   column 9 ─▶ 0010...
//! ```
//!
//! A table of many kinds of events has hundreds of columns of which a row fills twenty; so what a column has is asked for 64 rows
//! at once. What the values are is not known here.

use super::Row;
use crate::event::columns::{Column, Columns};
use std::ops::Range;

/// Rows of a block: one for each bit of a word.
pub(super) const ROWS: usize = 64;

/// Blocks for which columns are asked at once what they have.
// PERF: what a column knows of 64 rows lies in eight bytes, somewhere; hundreds of columns that are asked for no more wait for each of them.
const AHEAD: usize = 64;

/// The rows at hand.
#[derive(Debug, Default)]
pub(super) struct Block {
    rows: Range<usize>,
    present: Present,
    /// The first row of which it is known what columns have, and what they have in some blocks from there on, one block behind the other.
    ahead: (usize, Vec<u64>),
    /// The columns that hold anything.
    columns: Vec<u32>,
    /// The route of each row.
    routes: Vec<u32>,
    /// Each route with one bit for each row that has it.
    ways: Vec<(u32, u64)>,
}

/// For each column one bit for each row in which it may hold anything.
#[derive(Debug, Default)]
pub(super) struct Present(Vec<u64>);

impl Present {
    /// The rows in which a column may hold anything.
    #[inline]
    pub(super) fn rows(&self, column: u32) -> u64 {
        self.0.get(column as usize).copied().unwrap_or(0)
    }
}

impl Block {
    /// Forgets the rows.
    pub(super) fn begin(&mut self) {
        self.rows = 0..0;
        self.ahead.1.clear();
    }

    /// The first row.
    #[inline]
    pub(super) fn start(&self) -> usize {
        self.rows.start
    }

    /// The route of a row. When it is the first of its block, `find` is asked for those of all rows of it: of so many from one on.
    #[inline]
    pub(super) fn route(&mut self, row: Row<'_>, find: impl FnMut((Row<'_>, usize, &Present), &mut Vec<u32>)) -> u32 {
        if !self.rows.contains(&row.row) {
            self.enter(row, find);
        }
        self.routes.get(row.row - self.rows.start).copied().unwrap_or(u32::MAX)
    }

    #[inline(never)]
    fn enter(&mut self, row: Row<'_>, mut find: impl FnMut((Row<'_>, usize, &Present), &mut Vec<u32>)) {
        let (start, columns) = (row.row / ROWS * ROWS, row.table.columns);
        self.ask(columns, start);
        self.rows = start..columns.rows().min(start + ROWS);
        let Self { rows, present, columns: held, routes, ways, .. } = self;
        held.clear();
        held.extend((0..).zip(&present.0).filter(|(_, rows)| **rows != 0).map(|(number, _)| number));
        row.table.prefetch(start, present);
        routes.clear();
        find((Row { row: start, ..row }, rows.len(), present), routes);
        ways.clear();
        for (at, own) in routes.iter().enumerate() {
            match ways.iter_mut().find(|(route, _)| route == own) {
                Some((_, rows)) => *rows |= 1 << at,
                None => ways.push((*own, 1 << at)),
            }
        }
    }

    /// Asks all columns what they have in the block that begins there; when it follows the one before, also in those behind it.
    fn ask(&mut self, columns: &Columns<'_>, start: usize) {
        let (first, ahead) = &mut self.ahead;
        let count = columns.all().len();
        let known = start.checked_sub(*first).map(|rows| rows / ROWS * count).and_then(|at| ahead.get(at..at + count));
        if let Some(known) = known.filter(|_| !ahead.is_empty()) {
            self.present.0.clear();
            return self.present.0.extend(known);
        }
        let blocks = if start == self.rows.end { AHEAD } else { 1 };
        let end = columns.rows().min(start + blocks * ROWS);
        *first = start;
        ahead.clear();
        ahead.resize(count * (end - start).div_ceil(ROWS), 0);
        for (number, column) in columns.all().iter().enumerate() {
            let mut own = ahead.iter_mut().skip(number).step_by(count);
            column.present(start..end, &mut |bits| own.next().into_iter().for_each(|present| *present = bits));
        }
        self.present.0.clear();
        self.present.0.extend(ahead.iter().take(count));
    }

    /// One bit for each row that is routed as this one is.
    pub(super) fn alike(&self, row: usize) -> u64 {
        let bit = self.bit(row);
        self.ways.iter().map(|(_, rows)| *rows).find(|rows| rows & bit != 0).unwrap_or(bit)
    }

    /// One bit, of this row.
    #[inline]
    pub(super) fn bit(&self, row: usize) -> u64 {
        1 << (row - self.rows.start)
    }

    /// The columns that hold anything in some of the rows, and in which of those; only `among` them, if that is told.
    pub(super) fn columns<'a, 'c>(
        &'a self,
        of: &'c Columns<'c>,
        among: Option<&'a [u32]>,
        rows: u64,
    ) -> impl Iterator<Item = (u32, Column<'c>, u64)> + use<'a, 'c> {
        let own = among.unwrap_or(&self.columns).iter();
        let own = own.map(move |number| (*number, self.present.rows(*number) & rows));
        let own = own.filter(|(_, rows)| *rows != 0);
        own.filter_map(move |(number, rows)| Some((number, *of.all().get(number as usize)?, rows)))
    }

    /// The rows in which a column may hold anything.
    #[inline]
    pub(super) fn present(&self, column: u32) -> u64 {
        self.present.rows(column)
    }
}

/// The places of the bits that are set.
pub(super) fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (at < 64).then_some(at)
    })
}
