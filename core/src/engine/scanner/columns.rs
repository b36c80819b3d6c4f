//! Scans events that are held column by column.
//!
//! ```text
//! Columns ─▶ names are resolved once ─▶ row 0, row 1, ... ─▶ (row, detections)
//! ```
//!
//! The answer for a row is that of [`Scanner::scan`] on the same event. Memory of columns is neither kept nor copied.

use super::Scanner;
use crate::correlation::sighting::Sighting;
use crate::engine::{Detection, Rules};
use crate::event::columns::Columns;
use crate::matcher::Table;
use crate::program::{RuleId, SlotId};

/// The rules that match a row.
#[derive(Debug, Clone)]
pub struct Detections<'a> {
    rules: &'a Rules,
    matched: std::slice::Iter<'a, RuleId>,
}

impl<'a> Iterator for Detections<'a> {
    type Item = Detection<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.matched.next().map(|id| Detection::new(self.rules, id.0 as usize))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.matched.size_hint()
    }
}

impl ExactSizeIterator for Detections<'_> {}

/// A table whose rows are sighted.
#[derive(Debug)]
pub(in crate::engine) struct Sighted<'c> {
    table: Table<'c>,
    /// Slots of which correlations ask the single value.
    asked: Vec<SlotId>,
}

impl Scanner {
    /// Finds the rules that match the rows of a table, and calls `each` for every row that any rule matches, in order.
    pub fn scan_columns(&mut self, columns: &Columns<'_>, each: impl FnMut(usize, Detections<'_>)) {
        self.scan_rows(columns, 0..columns.rows(), each);
    }

    /// The same for some rows of the table, in the order in which they are given.
    pub fn scan_rows(
        &mut self,
        columns: &Columns<'_>,
        rows: impl IntoIterator<Item = usize>,
        mut each: impl FnMut(usize, Detections<'_>),
    ) {
        let table = self.begin_columns(columns);
        for row in rows {
            self.detect_row(&table, row);
            if !self.scratch.matched.is_empty() {
                each(row, self.row_detections());
            }
        }
    }

    /// Finds the rules that match the rows of a table, and what each row means to correlations, for
    /// [`Stream::push`](crate::Stream::push). `each` is called for every row, in order. Alerts will call the first row by
    /// `number`, and so on.
    pub fn sight_columns(
        &mut self,
        columns: &Columns<'_>,
        number: u64,
        sighting: &mut Sighting,
        mut each: impl FnMut(usize, Detections<'_>, &Sighting),
    ) {
        let sighted = self.begin_sighting(columns);
        for row in 0..columns.rows() {
            self.sight_row(&sighted, row, number + row as u64, sighting);
            each(row, self.row_detections(), sighting);
        }
    }

    /// Prepares for the rows of a table, which are sighted one by one.
    pub(in crate::engine) fn begin_sighting<'c>(&mut self, columns: &'c Columns<'c>) -> Sighted<'c> {
        let table = self.begin_columns(columns);
        let asked = table.held_of(&self.rules.inner().listening().slots());
        Sighted { table, asked }
    }

    /// Finds the rules that match a row, and what it means to correlations.
    pub(in crate::engine) fn sight_row(&mut self, of: &Sighted<'_>, row: usize, number: u64, sighting: &mut Sighting) {
        sighting.begin(number);
        if self.has_derived {
            return self.detect(&of.table.columns.event(row), Some(sighting));
        }
        self.detect_row(&of.table, row);
        let Self { rules, scratch, .. } = self;
        let event = of.table.columns.event(row);
        scratch.slots.fill_some(&event, &rules.inner().program().fields, &of.asked);
        self.sight_scanned("", sighting);
    }

    /// The rules that match the row that was scanned last.
    pub(in crate::engine) fn row_detections(&self) -> Detections<'_> {
        Detections { rules: &self.rules, matched: self.scratch.matched.iter() }
    }

    /// Drops matches of rules that give no alert of their own.
    pub(in crate::engine) fn keep_loud(&mut self) {
        let Self { rules, scratch, .. } = self;
        let listening = rules.inner().listening();
        scratch.matched.retain(|id| !listening.is_silent(id.0));
    }

    fn begin_columns<'c>(&mut self, columns: &'c Columns<'c>) -> Table<'c> {
        let inner = self.rules.inner();
        self.scratch.begin_table(inner.program(), columns.of_kin());
        let table = Table::new(columns, &inner.program().fields);
        let triggers = inner.plan().map(|plan| plan.triggers()).into_iter();
        let triggers = triggers.chain(self.rules.seen_in().map(|(lens, _)| lens.triggers()));
        let triggers = triggers.chain(self.rules.watch().map(|watch| watch.lens.slots()));
        self.has_derived = triggers.flatten().any(|slot| !table.held_of(&[slot]).is_empty());
        table
    }

    fn detect_row(&mut self, table: &Table<'_>, row: usize) {
        // A row that may tell of operations, hold indicators, or has context, is seen as an event.
        if self.has_derived {
            return self.detect(&table.columns.event(row), None);
        }
        let (program, clock) = (self.rules.inner().program(), &self.rules.inner().clock);
        self.scratch.begin();
        self.scratch.detect_row(program, clock, table, row);
        self.keep_source();
    }
}
