//! Cuts a window into lines.
//!
//! ```text
//!  BOM first line CR LF | blank | a line longer than the limit LF | last line without LF
//!      ^^^^^^^^^^ 1                 3: only its length is kept       ^^^^^^^^^ 4
//! ```
//!
//! Lines end at LF; a CR before it is not part of the line. Blank lines are counted and passed over.
//! Neither UTF-8 nor the content is looked at.

use memchr::memchr;

use super::fault::{Fault, FaultKind};
use super::options::Limits;
use super::source::Stop;
use super::window::{Flow, Window};

/// The lines of one input.
pub(super) struct Lines {
    pub(super) window: Window,
    /// Unread bytes that are known to hold no line end.
    scanned: usize,
    /// Lines begun so far.
    number: u64,
    bytes_max: usize,
    /// Inside a line that is too long: where it began, and its bytes so far.
    skipping: Option<(u64, u64)>,
}

/// One step through the window.
pub(super) enum Step {
    /// A line with something on it, as indices into the window's buffer.
    Line { start: usize, end: usize, number: u64 },
    /// A line that was skipped.
    Fault(Fault),
    /// No whole line is in the window: read more, or see [`Lines::finish`].
    NeedMore,
}

impl Lines {
    pub(super) fn new(window: Window, limits: &Limits) -> Self {
        Lines { window, scanned: 0, number: 0, bytes_max: limits.record_bytes_max, skipping: None }
    }

    /// The next line of what the window holds; consumes it, and blank lines before it.
    pub(super) fn step(&mut self) -> Step {
        loop {
            let unread = self.window.unread();
            let Some(found) = memchr(b'\n', unread.get(self.scanned..).unwrap_or_default()) else {
                return self.wait();
            };
            let length = self.scanned + found;
            if let Some(step) = self.take(length, length + 1) {
                return step;
            }
        }
    }

    /// What remains once no more bytes come: the last line without a line end, or, when the input
    /// stopped early, a fault in its place. To be called until it gives `None`.
    pub(super) fn finish(&mut self) -> Option<Result<Step, std::io::Error>> {
        let length = self.window.unread().len();
        let position = self.window.position();
        let Some(stop) = self.window.take_stop() else {
            return if length > 0 || self.skipping.is_some() { self.take(length, length).map(Ok) } else { None };
        };
        let (kind, what) = match stop {
            Stop::Failed(error) => return Some(Err(error)),
            Stop::CutOff(what) => (FaultKind::CutOff, what),
            Stop::Damaged(what) => (FaultKind::Damaged, what),
            Stop::ForNow => return None,
        };
        let message = if length > 0 || self.skipping.is_some() {
            format!("{what}; the line that was cut off is not read")
        } else {
            what
        };
        self.window.consume(length);
        self.skipping = None;
        let number = self.number + 1;
        Some(Ok(Step::Fault(Fault { number, byte: Some(position), message, kind })))
    }

    /// Notes that the window holds no line end; drops what belongs to a line that is too long.
    fn wait(&mut self) -> Step {
        self.scanned = self.window.unread().len();
        if self.skipping.is_none() && self.scanned > self.bytes_max {
            self.skipping = Some((self.window.position(), 0));
        }
        if let Some((_, skipped)) = &mut self.skipping {
            *skipped += self.scanned as u64;
            self.window.consume(self.scanned);
            self.scanned = 0;
        }
        Step::NeedMore
    }

    /// Ends a line of `length` bytes and consumes `consumed`; `None` when it is blank.
    fn take(&mut self, length: usize, consumed: usize) -> Option<Step> {
        let number = self.number + 1;
        let (position, start) = (self.window.position(), self.window.index());
        let mut text = self.window.slice(start, start + length);
        let mut start = start;
        if let Some(rest) = text.strip_prefix(b"\xef\xbb\xbf") {
            (text, start) = (rest, start + 3);
        }
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let end = start + text.len();
        let is_blank = text.trim_ascii_start().is_empty();
        self.number = number;
        self.scanned = 0;
        self.window.consume(consumed);
        let (position, total) = match self.skipping.take() {
            Some((position, skipped)) => (position, skipped + length as u64),
            None => (position, length as u64),
        };
        if total > self.bytes_max as u64 {
            let limit = self.bytes_max;
            let message = format!("line of {total} bytes is longer than the limit of {limit} bytes");
            return Some(Step::Fault(Fault { number, byte: Some(position), message, kind: FaultKind::TooLong }));
        }
        (!is_blank).then_some(Step::Line { start, end, number })
    }

    /// Whether more bytes may come.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.window.flow(), Flow::Open)
    }

    /// Whether nothing comes for now.
    pub(super) fn is_resting(&self) -> bool {
        matches!(self.window.flow(), Flow::Resting)
    }
}
