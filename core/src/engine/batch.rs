//! Many events at once, split over threads.
//!
//! ```text
//! events 0..1000 ─▶ thread 1: 0..500, thread 2: 500..1000 ─▶ results in the order of the events
//! ```
//!
//! The order of results never depends on the number of threads.

use super::{Rules, Scanner};
use crate::check::LogSource;
use crate::event::json::EventError;
use rayon::prelude::*;

/// The rules that match one event of a batch, by their positions; or why it is no event.
pub type BatchResult = Result<Vec<u32>, EventError>;

/// Events that one piece of work holds at least, so that a scanner pays for itself.
const CHUNK_MIN: usize = 64;

impl Rules {
    /// Scans JSON events on all threads of the current rayon pool. `source` is as for
    /// [`Scanner::set_source`]. Each thread makes its own scanner for its part of the batch.
    #[must_use]
    pub fn scan_batch(&self, events: &[&[u8]], source: Option<&LogSource>) -> Vec<BatchResult> {
        let threads = rayon::current_num_threads().max(1);
        let chunk = events.len().div_ceil(threads).max(CHUNK_MIN);
        let scan = |events: &[&[u8]]| -> Vec<BatchResult> {
            let mut scanner = Scanner::new(self);
            scanner.set_source(source.cloned());
            events.iter().map(|event| scanner.detect_json(event).map(|()| scanner.matched().collect())).collect()
        };
        if events.len() <= chunk {
            return scan(events);
        }
        events.par_chunks(chunk).map(scan).collect::<Vec<_>>().concat()
    }
}
