//! CSV with a header row, each further row as one JSON object of strings.
//!
//! ```text
//!  host;message                     {"host":"hmi-1","message":"two\nlines"}     line 2
//!  hmi-1;"two
//!  lines"
//! ```
//!
//! A row is held as it stands until it is whole. When it turns out not to fit the header, or a quote in
//! it is never closed, only its first line is given up and reading goes on with the next, so that one
//! stray quote does not swallow the rest of a file. Types are not guessed: every value is a string. A line
//! `sep=;` before the header names the delimiter.

use csv_core::{ReadRecordResult, Reader as Parser, ReaderBuilder};
use memchr::{memchr, memchr_iter};

use super::batch::Batch;
use super::error::Broken;
use super::fault::{Fault, FaultKind};
use super::json;
use super::options::{BATCH_FAULTS_MAX, CSV_COLUMNS_MAX, Limits};
use super::source::{Pace, Stop};
use super::window::{Flow, Window};

/// What UTF-8 may begin with.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Converts an input row by row.
pub(super) struct Csv {
    window: Window,
    limits: Limits,
    parser: Parser,
    /// `{"name":` for the first column, `,"name":` for the others; empty before the header.
    keys: Vec<Vec<u8>>,
    row: Row,
    /// The line of the first unread byte.
    line: u64,
    /// Bytes that were parsed again after a row was given up.
    reparsed: u64,
}

/// The row being parsed.
#[derive(Default)]
struct Row {
    begun: bool,
    /// Unread bytes parsed so far.
    scanned: usize,
    cells: Vec<u8>,
    cells_length: usize,
    ends: Vec<usize>,
    ends_length: usize,
}

enum Step {
    /// A row was appended to the batch, or passed over.
    Moved,
    Fault(Fault),
    NeedMore,
}

impl Csv {
    pub(super) fn new(mut window: Window, delimiter: u8, limits: Limits) -> Self {
        if window.unread().starts_with(MARK) {
            window.consume(MARK.len());
        }
        let named = named_delimiter(window.unread());
        if let Some((_, length)) = named {
            window.consume(length);
        }
        let line = 1 + u64::from(named.is_some());
        let parser = ReaderBuilder::new().delimiter(named.map_or(delimiter, |(delimiter, _)| delimiter)).build();
        Csv { window, limits, parser, keys: Vec::new(), row: Row::default(), line, reparsed: 0 }
    }

    pub(super) fn window(&mut self) -> &mut Window {
        &mut self.window
    }

    pub(super) fn next_batch(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<(), Broken> {
        batch.clear_bytes();
        self.window.wake();
        let faults_before = faults.len();
        let faults_max = faults_before.saturating_add(BATCH_FAULTS_MAX);
        while batch.bytes.len() < self.limits.batch_bytes
            && batch.len() < self.limits.batch_records_max
            && faults.len() < faults_max
        {
            match self.step(batch)? {
                Step::Moved => {}
                Step::Fault(fault) => faults.push(fault),
                Step::NeedMore if matches!(self.window.flow(), Flow::Resting) => break,
                Step::NeedMore if matches!(self.window.flow(), Flow::Open) => {
                    let found = !batch.is_empty() || faults.len() > faults_before;
                    if found && self.window.pace() == Pace::Live {
                        break;
                    }
                    self.window.read_more();
                }
                Step::NeedMore => match self.finish()? {
                    Some(fault) => faults.push(fault),
                    None => break,
                },
            }
        }
        Ok(())
    }

    fn step(&mut self, batch: &mut Batch) -> Result<Step, Broken> {
        if !self.row.begun && !self.begin() {
            return Ok(Step::NeedMore);
        }
        let ended = matches!(self.window.flow(), Flow::Ended);
        let bytes_max = self.limits.record_bytes_max.saturating_add(1);
        loop {
            let unread = self.window.unread();
            let input = unread.get(self.row.scanned..unread.len().min(bytes_max)).unwrap_or_default();
            let at_end = input.is_empty() && ended;
            if self.row.scanned >= bytes_max {
                let message = format!("row is longer than the limit of {} bytes", self.limits.record_bytes_max);
                return self.give_up(FaultKind::TooLong, message);
            }
            if input.is_empty() && !ended {
                return Ok(Step::NeedMore);
            }
            // A line end closes the last row of the input, unless a quote is open.
            let input = if at_end { &b"\n"[..] } else { input };
            let (result, read) = self.row.parse(&mut self.parser, input);
            self.row.scanned += if at_end { 0 } else { read };
            match result {
                ReadRecordResult::InputEmpty if at_end => {
                    return self.give_up(FaultKind::CutOff, "row with a quote that is never closed".to_owned());
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull => {}
                ReadRecordResult::OutputEndsFull => {
                    if self.row.ends.len() >= CSV_COLUMNS_MAX {
                        let message = format!("row of more than {CSV_COLUMNS_MAX} columns");
                        return self.give_up(FaultKind::Columns, message);
                    }
                }
                ReadRecordResult::Record => return self.take(batch),
                ReadRecordResult::End => {
                    self.consume(self.row.scanned);
                    return Ok(Step::Moved);
                }
            }
        }
    }

    /// Passes over line ends, and marks that files had which were joined, to where a row begins; `false` when none is in the window.
    fn begin(&mut self) -> bool {
        loop {
            let unread = self.window.unread();
            let blank = unread.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let row = unread.get(blank..).unwrap_or_default();
            let mark = if row.starts_with(MARK) { MARK.len() } else { 0 };
            let may_be_mark = mark == 0 && MARK.starts_with(row) && !matches!(self.window.flow(), Flow::Ended);
            let begun = mark == 0 && !row.is_empty() && !may_be_mark;
            self.consume(blank + mark);
            self.row.begun = begun;
            if mark == 0 {
                return begun;
            }
        }
    }

    /// Takes in a whole row: as the header, or as a record.
    fn take(&mut self, batch: &mut Batch) -> Result<Step, Broken> {
        if self.keys.is_empty() {
            self.keys = self.row.cells().enumerate().map(|(index, name)| key(index, name)).collect();
        } else if self.row.ends_length == self.keys.len() {
            let start = batch.bytes.len();
            for (key, cell) in self.keys.iter().zip(self.row.cells()) {
                batch.bytes.extend_from_slice(key);
                json::write_string(&mut batch.bytes, cell);
            }
            batch.bytes.push(b'}');
            batch.push_span(start..batch.bytes.len(), self.line);
        } else {
            let (found, expected) = (self.row.ends_length, self.keys.len());
            let message = format!("row of {found} columns under a header of {expected} columns");
            return self.give_up(FaultKind::Columns, message);
        }
        self.consume(self.row.scanned);
        Ok(Step::Moved)
    }

    /// Gives up the row begun: all of it when it is one line, else its first line only.
    fn give_up(&mut self, kind: FaultKind, mut message: String) -> Result<Step, Broken> {
        if self.keys.is_empty() {
            return Err(Broken::Format(format!("the first line is no header: {message}")));
        }
        let (number, byte) = (self.line, Some(self.window.position()));
        let parsed = self.window.unread().get(..self.row.scanned).unwrap_or_default();
        let first_line = memchr(b'\n', parsed).map_or(parsed.len(), |end| end + 1);
        let lines = memchr_iter(b'\n', parsed).count();
        // Parsing again is bounded, so that hostile quotes cannot make a file cost its square.
        let allowed = self.window.position().saturating_mul(2).saturating_add(self.limits.record_bytes_max as u64);
        let again = (parsed.len() - first_line) as u64;
        let given_up = if self.reparsed + again <= allowed { first_line } else { parsed.len() };
        self.reparsed += (parsed.len() - given_up) as u64;
        if first_line < parsed.len() {
            message = format!("{message}; it spans {lines} line ends, is a quote not closed?");
        }
        self.parser.reset();
        self.consume(given_up);
        Ok(Step::Fault(Fault { number, byte, message, kind }))
    }

    /// What remains once no more bytes come. To be called until it gives `None`.
    fn finish(&mut self) -> Result<Option<Fault>, Broken> {
        let (number, byte) = (self.line, Some(self.window.position()));
        let (kind, what) = match self.window.take_stop() {
            None => return Ok(None),
            Some(Stop::Failed(error)) => return Err(Broken::Io(error)),
            Some(Stop::CutOff(what)) => (FaultKind::CutOff, what),
            Some(Stop::Damaged(what)) => (FaultKind::Damaged, what),
            Some(Stop::ForNow) => return Ok(None),
        };
        let left = self.window.unread().len();
        let message = if left > 0 { format!("{what}; the row that was cut off is not read") } else { what };
        self.consume(left);
        Ok(Some(Fault { number, byte, message, kind }))
    }

    /// Consumes bytes, counts their lines, and forgets the row begun.
    fn consume(&mut self, count: usize) {
        let consumed = self.window.unread().get(..count).unwrap_or_default();
        self.line += memchr_iter(b'\n', consumed).count() as u64;
        self.window.consume(count);
        (self.row.begun, self.row.scanned, self.row.cells_length, self.row.ends_length) = (false, 0, 0, 0);
    }
}

impl Row {
    /// Parses `input` into the cells and makes room where that is full; also says how much was read.
    fn parse(&mut self, parser: &mut Parser, input: &[u8]) -> (ReadRecordResult, usize) {
        if self.cells_length == self.cells.len() {
            self.cells.resize(self.cells.len().saturating_mul(2).max(4096), 0);
        }
        if self.ends_length == self.ends.len() {
            self.ends.resize(self.ends.len().saturating_mul(2).clamp(64, CSV_COLUMNS_MAX), 0);
        }
        let cells = self.cells.get_mut(self.cells_length..).unwrap_or_default();
        let ends = self.ends.get_mut(self.ends_length..).unwrap_or_default();
        let (result, read, written, ended) = parser.read_record(input, cells, ends);
        self.cells_length += written;
        self.ends_length += ended;
        (result, read)
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().take(self.ends_length).map(move |end| {
            let cell = self.cells.get(start..*end).unwrap_or_default();
            start = *end;
            cell
        })
    }
}

/// The delimiter that a first line `sep=;`, as Excel writes and reads it, names, and the length of that line.
pub(super) fn named_delimiter(text: &[u8]) -> Option<(u8, usize)> {
    match text.strip_prefix(b"sep=")? {
        [delimiter, b'\n', ..] => Some((*delimiter, 6)),
        [delimiter, b'\r', b'\n', ..] => Some((*delimiter, 7)),
        _ => None,
    }
}

fn key(index: usize, name: &[u8]) -> Vec<u8> {
    let mut key = if index == 0 { b"{".to_vec() } else { b",".to_vec() };
    json::write_string(&mut key, name);
    key.push(b':');
    key
}
