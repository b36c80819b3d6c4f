//! Tables of Arrow, against rules.
//!
//! ```text
//!  RecordBatch ─▶ pieces of some thousand rows ─▶ which source is each row of? ─▶ columns against the rules for it ─▶ hits
//!                                                └▶ a table that columns cannot say: each row as JSON ────────────▶ hits
//! ```
//!
//! Rows are numbered over all batches. The answer for a row is that for the same event as JSON.

use super::findings::FaultRecord;
use super::scan::{Ask, Form, Place, Scan, Worker};
use super::{Error, Kind, RuleSet, ScanOptions, threads};
use crate::arrow::{BadTable, JsonRows, Kin, Loose, with_loose_columns};
use crate::source::{Plan, SourceId};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use tieline::columns::Columns;
use tieline::{Event, Value};

/// Rows that a thread takes before it looks whether it is stopped.
// PERF: a piece of hundreds of columns costs half a millisecond before its first row is read.
const PIECE_ROWS: usize = 1 << 16;

/// Rows that each of several threads takes.
const SHARED_ROWS: usize = 1 << 13;

/// Pieces for each thread that are taken before they are scanned.
const PIECES_AHEAD: usize = 8;

/// Kinds of rows whose source is remembered.
const KINDS_MAX: usize = 1 << 12;

/// Rows of a batch at most: columns of nothing but null may claim any number of them, and take no memory for it.
const BATCH_ROWS_MAX: usize = u32::MAX as usize;

/// The same batch, unless it claims to have more rows than anyone looks at.
pub(super) fn within_bounds(batch: impl Into<Loose>) -> Result<Loose, Error> {
    let batch = batch.into();
    let rows = batch.rows();
    if rows > BATCH_ROWS_MAX {
        let message = format!("a batch says that it has {rows} rows, and {BATCH_ROWS_MAX} are allowed; give several");
        return Err(Error::new(Kind::Limit, message));
    }
    Ok(batch)
}

/// Rows that one thread scans at once.
struct Piece {
    batch: Loose,
    /// The number of its first row.
    first: u64,
    /// Pieces of this number have the same dictionaries.
    kin: u128,
}

fn go_on(is_stopped: &mut dyn FnMut() -> bool) -> Result<(), Error> {
    if is_stopped() { Err(Error::new(Kind::Cancelled, "the scan was cancelled")) } else { Ok(()) }
}

impl RuleSet {
    /// Scans tables of Arrow. Rows are events, numbered from 0 over all batches.
    ///
    /// # Errors
    /// When an option is wrong, or a batch cannot be read. Single rows that are no events are told in the answer.
    pub fn scan_batches(
        &self,
        batches: impl IntoIterator<Item = Result<impl Into<Loose>, BadTable>>,
        options: &ScanOptions,
    ) -> Result<Scan, Error> {
        self.scan_batches_until(batches, options, &mut || false)
    }

    /// The same, until `is_stopped` says so, which is asked by this thread now and then: while one thread scans, every 65,536 rows.
    ///
    /// # Errors
    /// As for [`scan_batches`](Self::scan_batches), and when it was stopped.
    pub fn scan_batches_until(
        &self,
        batches: impl IntoIterator<Item = Result<impl Into<Loose>, BadTable>>,
        options: &ScanOptions,
        is_stopped: &mut dyn FnMut() -> bool,
    ) -> Result<Scan, Error> {
        let ask = Ask::new(options, self)?;
        let (mut all, mut waiting, mut rows, mut kin) = (Scan::default(), Vec::new(), 0, Kin::default());
        let (most, size) =
            if ask.threads() == 1 { (1, PIECE_ROWS) } else { (ask.threads() * PIECES_AHEAD, SHARED_ROWS) };
        for batch in batches {
            let batch = within_bounds(batch?)?;
            let kin = batch.kin(&mut kin);
            for first in (0..batch.rows()).step_by(size) {
                let own = batch.slice(first, size.min(batch.rows() - first));
                waiting.push(Piece { batch: own, first: rows + first as u64, kin });
                if waiting.len() == most {
                    go_on(is_stopped)?;
                    self.scan_pieces(&ask, &waiting, &mut all)?;
                    waiting.clear();
                }
            }
            rows += batch.rows() as u64;
        }
        go_on(is_stopped)?;
        self.scan_pieces(&ask, &waiting, &mut all)?;
        Ok(all)
    }

    fn scan_pieces(&self, ask: &Ask, pieces: &[Piece], all: &mut Scan) -> Result<(), Error> {
        let scan = |piece: &Piece| {
            let mut found = Scan::default();
            self.with_worker(ask, |worker| worker.scan_piece(self, ask, piece, &mut found))?;
            Ok::<Scan, Error>(found)
        };
        if let [one] = pieces {
            all.append(scan(one)?);
            return Ok(());
        }
        let found: Vec<_> = threads::run(ask.threads(), || pieces.par_iter().with_max_len(1).map(scan).collect())?;
        found.into_iter().try_for_each(|found| {
            all.append(found?);
            Ok(())
        })
    }

    /// The source of each row, so far as it was asked for by fields; `None` where a row has to be read as JSON.
    fn sources(&self, columns: &Columns<'_>) -> Option<BTreeMap<SourceId, Vec<usize>>> {
        let mut rows = BTreeMap::<SourceId, Vec<usize>>::new();
        if let Some(fixed) = self.plan().fixed() {
            rows.insert(fixed, (0..columns.rows()).collect());
            return Some(rows);
        }
        let mut kinds = Kinds::new(self.plan(), columns);
        for row in 0..columns.rows() {
            rows.entry(kinds.source(row)?).or_default().push(row);
        }
        Some(rows)
    }
}

impl RuleSet {
    /// The source of all rows; `None` where there are several, or one has to be read as JSON.
    pub(super) fn source_of_all(&self, columns: &Columns<'_>) -> Option<SourceId> {
        if let Some(fixed) = self.plan().fixed() {
            return Some(fixed);
        }
        let mut kinds = Kinds::new(self.plan(), columns);
        let mut all = None;
        for row in 0..columns.rows() {
            let id = kinds.source(row)?;
            if *all.get_or_insert(id) != id {
                return None;
            }
        }
        all
    }
}

impl Worker {
    /// Looks at the rows of a piece.
    fn scan_piece(&mut self, rules: &RuleSet, ask: &Ask, piece: &Piece, found: &mut Scan) -> Result<(), Error> {
        let (mut batch, first) = (Cow::Borrowed(&piece.batch), piece.first);
        // Rows that are written as JSON are checked before.
        let texts = if ask.wants_evidence() {
            let checked = batch.into_owned().checked()?;
            let texts = JsonRows::new(&checked);
            batch = Cow::Owned(checked.into());
            Some(texts)
        } else {
            None
        };
        let by_columns = with_loose_columns(&batch, Some(piece.kin), |columns| {
            let Some(sources) = rules.sources(columns) else { return Ok(false) };
            let (before, is_mixed) = (found.hits.len(), sources.len() > 1);
            for (id, rows) in sources {
                rules.compile_form(id)?;
                let Some(form) = self.form_of_tables(rules, ask, id) else { continue };
                form.scan_rows(ask, id, columns, rows, (texts.as_ref(), first), found);
            }
            if is_mixed {
                found.sort_from(before);
            }
            Ok::<bool, Error>(true)
        });
        found.events += batch.rows() as u64;
        if by_columns?.transpose()? == Some(true) {
            return Ok(());
        }
        let batch = batch.into_owned().checked()?;
        let texts = texts.unwrap_or_else(|| JsonRows::new(&batch));
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            let number = first + row as u64;
            text.clear();
            texts.write(row, &mut text);
            match self.scan(rules, ask, text.as_bytes(), number, found) {
                Err(error) if error.kind() == Kind::Event => found.faults.push(FaultRecord::new(number, &error)),
                other => other?,
            }
        }
        Ok(())
    }
}

impl Form {
    fn scan_rows(
        &mut self,
        ask: &Ask,
        id: SourceId,
        columns: &Columns<'_>,
        rows: Vec<usize>,
        (texts, first): (Option<&JsonRows>, u64),
        found: &mut Scan,
    ) {
        let Self { scanner, taken } = self;
        scanner.scan_rows(columns, rows, |row, detections| {
            let mut text = String::new();
            if let Some(texts) = texts {
                texts.write(row, &mut text);
            }
            let place = Place { id, bytes: text.as_bytes(), number: first + row as u64 };
            found.add(detections, taken.as_deref(), ask, place);
        });
    }
}

/// What rows have in common, as far as their source depends on it.
struct Kinds<'a> {
    plan: &'a Plan,
    columns: &'a Columns<'a>,
    /// Fields that the table has, and whether their texts matter.
    asked: Vec<(&'a str, bool)>,
    known: HashMap<String, SourceId>,
    kind: String,
}

impl<'a> Kinds<'a> {
    fn new(plan: &'a Plan, columns: &'a Columns<'a>) -> Self {
        let mut asked: Vec<(&str, bool)> = Vec::new();
        for (field, by_text) in plan.asked() {
            if columns.has(field) && !asked.iter().any(|(known, _)| *known == field) {
                asked.push((field, by_text));
            }
        }
        Self { plan, columns, asked, known: HashMap::new(), kind: String::new() }
    }

    /// The source of a row; `None` where a field holds what only JSON tells apart.
    fn source(&mut self, row: usize) -> Option<SourceId> {
        let Self { plan, columns, asked, known, kind } = self;
        let event = columns.event(row);
        kind.clear();
        for (field, by_text) in asked.iter() {
            let (mut is_there, mut is_plain) = (false, true);
            event.values(field, &mut |value| {
                if is_there || value == Value::Null {
                    return;
                }
                is_there = true;
                is_plain = !(value == Value::Composite && event.is_list(field));
                let text = if *by_text { value.text().unwrap_or_default() } else { Cow::Borrowed("") };
                // A text can always be written to.
                let _ = write!(kind, "{}:{text}", text.len());
            });
            if !is_plain {
                return None;
            }
            kind.push(',');
        }
        if let Some(id) = known.get(kind.as_str()) {
            return Some(*id);
        }
        let id = plan.choose_by(&mut |field| first_text(&event, field));
        if known.len() == KINDS_MAX {
            known.clear();
        }
        known.insert(kind.clone(), id);
        Some(id)
    }
}

/// The first value of a field that is not null, as text.
fn first_text(event: &impl Event, field: &str) -> Option<String> {
    let mut first = None;
    event.values(field, &mut |value| {
        if first.is_none() && value != Value::Null {
            first = Some(value.text().unwrap_or_default().into_owned());
        }
    });
    first
}
