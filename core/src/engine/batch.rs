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
use std::sync::{Mutex, PoisonError};

/// The rules that match one event of a batch, by their positions; or why it is no event.
pub type BatchResult = Result<Vec<u32>, EventError>;

/// Events that one piece of work holds at least, so that a scanner pays for itself.
const CHUNK_MIN: usize = 64;
/// Pieces of work for each thread: when one thread is slower, others take more of them.
const CHUNKS_PER_THREAD: usize = 16;

impl Rules {
    /// Scans JSON events on all threads of the current rayon pool. `source` is as for
    /// [`Scanner::set_source`]. Each thread makes its own scanner.
    #[must_use]
    pub fn scan_batch(&self, events: &[&[u8]], source: Option<&LogSource>) -> Vec<BatchResult> {
        let new_scanner = || {
            let mut scanner = Scanner::new(self);
            scanner.set_source(source.cloned());
            scanner
        };
        let scan = |scanner: &mut Scanner, events: &[&[u8]]| -> Vec<BatchResult> {
            events.iter().map(|event| scanner.detect_json(event).map(|_| scanner.matched().collect())).collect()
        };
        let threads = rayon::current_num_threads();
        if threads < 2 || events.len() <= CHUNK_MIN {
            return scan(&mut new_scanner(), events);
        }
        // A scanner remembers what it has seen, so it goes from one piece to the next.
        let idle = Mutex::new(Vec::new());
        let take = || idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let chunk = events.len().div_ceil(threads * CHUNKS_PER_THREAD).max(CHUNK_MIN);
        let chunks = events.par_chunks(chunk).map(|events| {
            let mut scanner = take().unwrap_or_else(new_scanner);
            let results = scan(&mut scanner, events);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(scanner);
            results
        });
        chunks.collect::<Vec<_>>().into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Compiler;

    #[test]
    fn results_stand_in_the_order_of_the_events() {
        let yaml = "title: t\nlogsource: {category: c}\ndetection: {s: {A|endswith: '7'}, condition: s}";
        let rules = Compiler::new().rules(None, yaml).build().unwrap();
        let events: Vec<String> = (0..5_000).map(|number| format!("{{\"A\": {number}}}")).chain(["x".into()]).collect();
        let events: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let results = pool.install(|| rules.scan_batch(&events, None));
        let mut scanner = Scanner::new(&rules);
        for (event, result) in events.iter().zip(&results) {
            let alone = scanner.detect_json(event).map(|_| scanner.matched().collect::<Vec<u32>>());
            assert_eq!(&alone, result);
        }
        assert_eq!((results.len(), results.iter().filter(|result| result.is_err()).count()), (5_001, 1));
    }
}
