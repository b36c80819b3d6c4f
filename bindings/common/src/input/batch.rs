//! Records side by side in one buffer.
//!
//! ```text
//!  bytes  {"a":1}\n{"a":2}\r\n\n{"a":3}\n......
//!  spans  ^^^^^^^ 1 ^^^^^^^ 2    ^^^^^^^ 4         number = line in the file
//! ```
//!
//! A batch is given to the reader again and again and keeps its memory; bytes between the spans
//! belong to no record. It knows nothing of formats.

use std::ops::Range;

/// A run of records. Starts empty ([`Batch::default`]); the reader fills it.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: Vec<Span>,
}

/// Where one record lies in the buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) number: u64,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// One JSON object without surrounding blanks; not yet checked to be one.
    pub bytes: &'a [u8],
    /// Line formats: the 1-based physical line where the record starts. JSON arrays, JSON values
    /// over several lines, and EVTX: the 1-based number of the record in the file.
    pub number: u64,
}

impl Batch {
    /// The number of records.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The record at `index`, or `None` past the end.
    pub fn get(&self, index: usize) -> Option<Record<'_>> {
        self.spans.get(index).map(|span| self.slice(*span))
    }

    /// The record at `index`; an empty record with number 0 past the end.
    pub fn record(&self, index: usize) -> Record<'_> {
        self.get(index).unwrap_or(Record { bytes: &[], number: 0 })
    }

    /// All records in file order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'_>> + Clone {
        self.spans.iter().map(|span| self.slice(*span))
    }

    /// Removes all records and keeps the memory.
    pub fn clear(&mut self) {
        self.spans.clear();
    }

    /// Records of a format that is converted are appended to the buffer; this empties it.
    pub(super) fn clear_bytes(&mut self) {
        self.spans.clear();
        self.bytes.clear();
    }

    pub(super) fn push_span(&mut self, place: Range<usize>, number: u64) {
        self.spans.push(Span { start: place.start, end: place.end, number });
    }

    fn slice(&self, span: Span) -> Record<'_> {
        // INVARIANT: a span is pushed for bytes of the window that `hand_over` moves here whole.
        Record { bytes: self.bytes.get(span.start..span.end).unwrap_or_default(), number: span.number }
    }
}
