//! One JSON object per line.
//!
//! ```text
//!  {"index":{"_index":"packets"}}     passed over: Elasticsearch's bulk format, as tshark writes it
//!  {"timestamp":"1","layers":{}}      line 2
//! ```
//!
//! PERF: lines are found with one search for LF and never copied; only the unfinished line at the
//! end of a block moves.

use super::batch::Batch;
use super::error::Broken;
use super::fault::Fault;
use super::lines::{Lines, Step};
use super::options::{BATCH_FAULTS_MAX, Limits};
use super::source::Pace;
use super::window::Window;

/// Splits an input into lines that are records.
pub(super) struct Ndjson {
    lines: Lines,
    limits: Limits,
    skipped: u64,
}

impl Ndjson {
    pub(super) fn new(lines: Lines, limits: Limits) -> Self {
        Ndjson { lines, limits, skipped: 0 }
    }

    /// Lines passed over because they only announce the next one.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    pub(super) fn window(&mut self) -> &mut Window {
        &mut self.lines.window
    }

    pub(super) fn next_batch(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<(), Broken> {
        batch.clear();
        self.lines.window.wake();
        let filled = self.fill(batch, faults);
        if let Some(first) = batch.spans.first().map(|span| span.start) {
            self.lines.window.hand_over(batch, first);
        }
        filled
    }

    fn fill(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<(), Broken> {
        let faults_max = faults.len().saturating_add(BATCH_FAULTS_MAX);
        let faults_before = faults.len();
        let mut bytes = 0;
        loop {
            let full = bytes >= self.limits.batch_bytes
                || batch.len() >= self.limits.batch_records_max
                || faults.len() >= faults_max;
            let step = if full { break } else { self.lines.step() };
            match step {
                Step::Line { start, end, number } => bytes += self.keep(batch, start, end, number),
                Step::Fault(fault) => faults.push(fault),
                Step::NeedMore if self.lines.is_resting() => break,
                Step::NeedMore if self.lines.is_open() => {
                    let found = !batch.is_empty() || faults.len() > faults_before;
                    let wait = self.lines.window.pace() != Pace::Live && self.lines.window.has_room();
                    if found && !wait {
                        break;
                    }
                    if batch.is_empty() {
                        self.lines.window.read_more();
                    } else {
                        self.lines.window.read_in_place();
                    }
                }
                Step::NeedMore => match self.lines.finish().transpose()? {
                    None => break,
                    Some(Step::Line { start, end, number }) => bytes += self.keep(batch, start, end, number),
                    Some(Step::Fault(fault)) => faults.push(fault),
                    Some(Step::NeedMore) => break,
                },
            }
        }
        Ok(())
    }

    fn keep(&mut self, batch: &mut Batch, start: usize, end: usize, number: u64) -> usize {
        let line = self.lines.window.slice(start, end);
        if announces_next(line) {
            self.skipped += 1;
            return 0;
        }
        let text = line.trim_ascii_start();
        let start = start + (line.len() - text.len());
        let length = text.trim_ascii_end().len();
        batch.push_span(start..start + length, number);
        length
    }
}

/// Whether a line is an action of Elasticsearch's bulk format: an object whose only key is `index`,
/// holding a flat object.
fn announces_next(line: &[u8]) -> bool {
    let Some(inner) = line.strip_prefix(b"{\"index\":{") else {
        return false;
    };
    memchr::memchr(b'}', inner).is_some_and(|first| inner.get(first..) == Some(b"}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_bulk_action_announces_the_next_line() {
        let cases: [(&[u8], bool); 6] = [
            (br#"{"index":{"_index":"packets-2024-01-01","_type":"doc"}}"#, true),
            (br#"{"index":{}}"#, true),
            (br#"{"index":{"a":1},"event":1}"#, false),
            (br#"{"index":{"a":{}}}"#, false),
            (br#"{"index":{"a":1}"#, false),
            (br#"{"index":5}"#, false),
        ];
        for (line, expected) in cases {
            assert_eq!(announces_next(line), expected, "{}", String::from_utf8_lossy(line));
        }
    }
}
