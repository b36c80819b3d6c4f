//! The time of single events: medians, tails and the worst one.
//!
//! ```text
//! 3 passes, each with a new scanner ─▶ the shortest time of each event ─▶ p50, p99, p99.9, worst
//! ```
//!
//! The shortest of three passes is taken so that the machine's own interruptions do not count as the
//! engine's; the memory of values is as cold or warm as it is at that place of the lane.

use crate::lane::Lane;
use std::time::{Duration, Instant};
use tieline::{Rules, Scanner};

/// The distribution of times of single events.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    /// Half of the events take at most this.
    pub p50: Duration,
    /// 99 % of the events take at most this.
    pub p99: Duration,
    /// 99.9 % of the events take at most this.
    pub p999: Duration,
    /// The slowest event.
    pub worst: Duration,
    /// Where in the lane it stands.
    pub worst_at: usize,
    /// Its size in bytes.
    pub worst_bytes: usize,
}

/// Times every event of the lane.
#[must_use]
pub fn measure(rules: &Rules, lane: &Lane) -> Latency {
    let mut best = vec![Duration::MAX; lane.len()];
    for _ in 0..3 {
        let mut scanner = Scanner::new(rules);
        for (event, best) in lane.events().zip(&mut best) {
            let start = Instant::now();
            let found = scanner.scan_json(event).map_or(0, |detections| detections.len());
            let time = start.elapsed();
            std::hint::black_box(found);
            *best = time.min(*best);
        }
    }
    let worst_at = (0..best.len()).max_by_key(|at| best[*at]).unwrap_or(0);
    let worst_bytes = lane.events().nth(worst_at).map_or(0, <[u8]>::len);
    best.sort_unstable();
    let quantile = |part: f64| {
        let at = ((best.len() as f64 * part) as usize).min(best.len().saturating_sub(1));
        best.get(at).copied().unwrap_or_default()
    };
    let worst = best.last().copied().unwrap_or_default();
    Latency { p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999), worst, worst_at, worst_bytes }
}
