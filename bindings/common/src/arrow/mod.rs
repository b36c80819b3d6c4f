//! Events in tables of Arrow: scanned column by column where they lie.
//!
//! ```text
//! RecordBatch ─▶ flat: columns by their dotted names ─▶ Scanner::scan_columns ─┬▶ Found
//!             └▶ json: a text for each row ───────────▶ Scanner::scan_json ────┘
//! foreign memory ─▶ exchange: taken over, new dictionaries checked ─▶ Loose ─▶ unread: rows are checked when they are read
//! ```
//!
//! Null is a missing field; what each type of Arrow is to a rule stands in `scalars`, `temporal`, `repeated`, `lists` and `flat`.
//! No value is copied, but those of types that events do not have (dates, times, decimals), once for a batch.

mod exchange;
mod flat;
mod json;
mod kin;
mod lists;
mod near;
mod presence;
mod repeated;
mod scalars;
mod temporal;
mod unread;

pub use exchange::{BadTable, Imported, Loose, checked, export, export_stream, import_stream};
pub use json::JsonRows;
pub use kin::Kin;

use arrow_array::RecordBatch;
use flat::Flat;
use tieline::columns::Columns;
use tieline::{EventError, LogSource, Rules, Scanner, Stream};

/// Rows that could not be scanned of which it is kept why.
const REFUSED_KEPT: usize = 100;

/// What was found in tables.
#[derive(Debug, Default)]
pub struct Found {
    /// For each detection the row, counted over all batches.
    pub rows: Vec<u64>,
    /// For each detection the position of the rule in the rule set.
    pub rules: Vec<u32>,
    /// How many rows there were.
    pub scanned: u64,
    /// How many rows were no events, because they are nested too deep.
    pub refused: u64,
    /// The first of them, and why.
    pub refusals: Vec<(u64, EventError)>,
    /// Binary values that are not UTF-8; to rules they are missing.
    pub not_text: u64,
    kin: Kin,
}

impl Found {
    fn refuse(&mut self, row: u64, error: EventError) {
        self.refused += 1;
        if self.refusals.len() < REFUSED_KEPT {
            self.refusals.push((row, error));
        }
    }
}

/// Scans the rows of batches one after the other. `source` is as for [`Scanner::set_source`].
#[must_use]
pub fn scan_batches(
    rules: &Rules,
    source: Option<&LogSource>,
    batches: impl IntoIterator<Item = RecordBatch>,
) -> Found {
    let mut scanner = Scanner::new(rules);
    scanner.set_source(source.cloned());
    let mut found = Found::default();
    batches.into_iter().for_each(|batch| scan_batch(&mut scanner, &batch, &mut found));
    found
}

/// Scans the rows of one more batch.
pub fn scan_batch(scanner: &mut Scanner, batch: &RecordBatch, found: &mut Found) {
    let first = found.scanned;
    if let Some(flat) = Flat::new(batch)
        && let Some(columns) = flat.columns()
    {
        found.not_text += flat.not_text;
        let columns = columns.kin(found.kin.number(batch));
        scanner.scan_columns(&columns, |row, detections| {
            found.rows.extend(std::iter::repeat_n(first + row as u64, detections.len()));
            found.rules.extend(detections.map(|detection| detection.index() as u32));
        });
    } else {
        let (rows, mut text) = (JsonRows::new(batch), String::new());
        for row in 0..batch.num_rows() {
            text.clear();
            rows.write(row, &mut text);
            let number = first + row as u64;
            match scanner.scan_json(text.as_bytes()) {
                Ok(detections) => {
                    found.rows.extend(std::iter::repeat_n(number, detections.len()));
                    found.rules.extend(detections.map(|detection| detection.index() as u32));
                }
                Err(error) => found.refuse(number, error),
            }
        }
    }
    found.scanned += batch.num_rows() as u64;
}

/// The same, and what is found is correlated; alerts are taken from the stream.
pub fn correlate_batch(stream: &mut Stream, batch: &RecordBatch, found: &mut Found) {
    let first = found.scanned;
    if let Some(flat) = Flat::new(batch)
        && let Some(columns) = flat.columns()
    {
        found.not_text += flat.not_text;
        stream.scan_columns(&columns, |row, detections| {
            let number = first + row as u64;
            match detections {
                Ok(detections) => {
                    found.rows.extend(std::iter::repeat_n(number, detections.len()));
                    found.rules.extend(detections.map(|detection| detection.index() as u32));
                }
                Err(error) => found.refuse(number, error),
            }
        });
    } else {
        let (rows, mut text) = (JsonRows::new(batch), String::new());
        for row in 0..batch.num_rows() {
            text.clear();
            rows.write(row, &mut text);
            let number = first + row as u64;
            match stream.scan_json(text.as_bytes()) {
                Ok(detections) => detections.for_each(|detection| {
                    found.rows.push(number);
                    found.rules.push(detection.index() as u32);
                }),
                Err(error) => found.refuse(number, error),
            }
        }
    }
    found.scanned += batch.num_rows() as u64;
}

/// One row of a batch as JSON, to be shown or explained. For many rows, [`JsonRows`] is quicker.
#[must_use]
pub fn row_as_json(batch: &RecordBatch, row: usize) -> String {
    let mut text = String::new();
    JsonRows::new(batch).write(row, &mut text);
    text
}

/// Calls `read` with the columns of a batch; gives `None` where the batch has to be written as JSON. `kin` is its number by [`Kin`], if
/// it was asked for.
pub fn with_columns<R>(batch: &RecordBatch, kin: Option<u128>, read: impl FnOnce(&Columns<'_>) -> R) -> Option<R> {
    Flat::new(batch).and_then(|flat| Some(read(&of_kin(flat.columns()?, kin))))
}

/// The same for a batch that may not be checked yet. What was read of it is right, and so is all the rest, if there is no error.
///
/// # Errors
/// When memory does not hold what its type says; the message names the column.
pub fn with_loose_columns<R>(
    batch: &Loose,
    kin: Option<u128>,
    read: impl FnOnce(&Columns<'_>) -> R,
) -> Result<Option<R>, BadTable> {
    let Some(own) = batch.unchecked() else { return Ok(with_columns(&batch.clone().checked()?, kin, read)) };
    let flat = Flat::unread(own);
    let Some((flat, columns)) = flat.as_ref().and_then(|flat| Some((flat, flat.columns()?))) else { return Ok(None) };
    let answer = read(&of_kin(columns, kin));
    match flat.are_right() {
        true => Ok(Some(answer)),
        // The full check says what is wrong, and where.
        false => {
            Err(checked(own.clone()).err().unwrap_or_else(|| BadTable::new("the table is not what its types say")))
        }
    }
}

fn of_kin(columns: Columns<'_>, kin: Option<u128>) -> Columns<'_> {
    match kin {
        Some(number) => columns.kin(number),
        None => columns,
    }
}
