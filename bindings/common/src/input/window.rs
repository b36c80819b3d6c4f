//! A buffer over a source: what was read and not yet used.
//!
//! ```text
//!  bytes  .....{"a":1}\n{"a":2}\n{"a":..............
//!         used ^start                   ^end   room
//! ```
//!
//! Splitters look at [`Window::unread`], [`Window::consume`] what they understood, and ask for more.
//! NDJSON and JSON values hand whole records to the batch without copying them
//! ([`Window::hand_over`]). The window knows no formats.

use super::batch::Batch;
use super::options::{BLOCK_BYTES_MIN, Limits};
use super::source::{Pace, Source, Stop};

/// See the module.
pub(super) struct Window {
    source: Source,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The place of `bytes[0]` in the stream.
    base: u64,
    block_bytes: usize,
    flow: Flow,
}

/// Whether more bytes may come.
#[derive(Debug)]
pub(super) enum Flow {
    /// Yes.
    Open,
    /// Not now: the file may grow, and [`Window::wake`] looks again.
    Resting,
    /// No: all were read.
    Ended,
    /// No: something is wrong with the input, and what is unread may lack its end.
    Stopped(Stop),
}

impl Window {
    pub(super) fn new(source: Source, head: Vec<u8>, limits: &Limits) -> Self {
        let end = head.len();
        let block_bytes = limits.batch_bytes.max(BLOCK_BYTES_MIN);
        Window { source, bytes: head, start: 0, end, base: 0, block_bytes, flow: Flow::Open }
    }

    /// What was read and not consumed.
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The index of the first unread byte in the buffer, for spans of a batch.
    pub(super) fn index(&self) -> usize {
        self.start
    }

    /// The place of the first unread byte in the unpacked content.
    pub(super) fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Bytes of the buffer between two indices.
    pub(super) fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    pub(super) fn pace(&self) -> Pace {
        self.source.pace()
    }

    pub(super) fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Takes the reason of an early end; after it the input counts as ended.
    pub(super) fn take_stop(&mut self) -> Option<Stop> {
        match std::mem::replace(&mut self.flow, Flow::Ended) {
            Flow::Stopped(stop) => Some(stop),
            before @ (Flow::Open | Flow::Resting) => {
                self.flow = before;
                None
            }
            Flow::Ended => None,
        }
    }

    /// Whether [`Window::read_in_place`] can read.
    pub(super) fn has_room(&self) -> bool {
        self.end < self.bytes.len()
    }

    /// Reads once without moving what is there, so that spans into the buffer stay valid.
    pub(super) fn read_in_place(&mut self) {
        if !matches!(self.flow, Flow::Open) || !self.has_room() {
            return;
        }
        // A buffer that grew for one long record is still filled block by block.
        let until = self.bytes.len().min(self.end + self.block_bytes);
        match self.source.read(self.bytes.get_mut(self.end..until).unwrap_or_default()) {
            Ok(0) => self.flow = Flow::Ended,
            Ok(read) => self.end = (self.end + read).min(self.bytes.len()),
            Err(Stop::ForNow) => self.flow = Flow::Resting,
            Err(stop) => self.flow = Flow::Stopped(stop),
        }
    }

    /// Lets a file that was at its present end be read again.
    pub(super) fn wake(&mut self) {
        if matches!(self.flow, Flow::Resting) {
            self.flow = Flow::Open;
        }
    }

    /// Gives back the memory that the unread bytes do not need, while nothing comes.
    pub(super) fn shrink(&mut self) {
        self.base += self.start as u64;
        self.bytes = self.unread().to_vec();
        (self.start, self.end) = (0, self.bytes.len());
    }

    /// Reads once and makes room for that: moves the unread bytes to the front, and doubles the
    /// buffer when they fill it. Spans into the buffer are void afterwards.
    pub(super) fn read_more(&mut self) {
        let kept = self.end - self.start;
        // PERF: moving is a copy, so a short rest of room is used up first.
        if self.start > 0 && (kept == 0 || self.bytes.len() - self.end < self.bytes.len() / 2) {
            self.bytes.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            (self.start, self.end) = (0, kept);
        }
        if self.bytes.len() < self.block_bytes {
            self.bytes.resize(self.block_bytes, 0);
        } else if !self.has_room() {
            self.bytes.resize(self.bytes.len().saturating_mul(2), 0);
        }
        self.read_in_place();
    }

    /// Gives the batch the bytes its spans point into. `first` is the index of the first byte that
    /// belongs to a span; everything from there to the unread bytes has been consumed.
    ///
    /// PERF: either the buffers change places and the unread bytes are copied back, or the
    /// records are copied out: whichever is shorter.
    pub(super) fn hand_over(&mut self, batch: &mut Batch, first: usize) {
        let unread = self.end - self.start;
        let given = self.start.saturating_sub(first);
        if unread <= given {
            std::mem::swap(&mut batch.bytes, &mut self.bytes);
            if self.bytes.len() < unread.max(self.block_bytes) {
                self.bytes.resize(unread.max(self.block_bytes), 0);
            }
            if let (Some(to), Some(from)) = (self.bytes.get_mut(..unread), batch.bytes.get(self.start..self.end)) {
                to.copy_from_slice(from);
            }
            self.base += self.start as u64;
            (self.start, self.end) = (0, unread);
        } else {
            batch.bytes.clear();
            batch.bytes.extend_from_slice(self.bytes.get(first..self.start).unwrap_or_default());
            for span in &mut batch.spans {
                span.start = span.start.saturating_sub(first);
                span.end = span.end.saturating_sub(first);
            }
        }
    }
}
