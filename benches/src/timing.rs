//! Time of one pass, and interleaved medians of several.
//!
//! ```text
//! round 1:  A B C     round 2:  A B C     round 3:  A B C     ─▶  median and spread of A, of B, of C
//! ```
//!
//! Contenders take turns, so that a machine that slows down slows all of them. One-thread passes are timed in
//! CPU time of the thread, which other work on the machine disturbs least.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// CPU time that the current thread has used.
#[must_use]
pub fn thread_cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Runs `work` and gives its CPU time with its result.
pub fn cpu<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = thread_cpu();
    let result = work();
    (thread_cpu().saturating_sub(before), result)
}

/// Runs `work` and gives the time on the clock with its result.
pub fn wall<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = Instant::now();
    let result = work();
    (before.elapsed(), result)
}

/// Several measurements of the same thing.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    seconds: Vec<f64>,
}

impl Runs {
    /// Adds a measurement.
    pub fn add(&mut self, time: Duration) {
        self.seconds.push(time.as_secs_f64());
        self.seconds.sort_by(f64::total_cmp);
    }

    /// The median in seconds; NaN without any measurement.
    #[must_use]
    pub fn median(&self) -> f64 {
        let middle = self.seconds.len() / 2;
        match (self.seconds.get(middle), self.seconds.len() % 2) {
            (Some(upper), 0) => (upper + self.seconds.get(middle - 1).unwrap_or(upper)) / 2.0,
            (Some(middle), _) => *middle,
            (None, _) => f64::NAN,
        }
    }

    /// The shortest in seconds; NaN without any measurement.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.seconds.first().copied().unwrap_or(f64::NAN)
    }

    /// The distance from the smallest to the largest, as a part of the median.
    #[must_use]
    pub fn spread(&self) -> f64 {
        match (self.seconds.first(), self.seconds.last()) {
            (Some(first), Some(last)) => (last - first) / self.median(),
            _ => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Runs;
    use std::time::Duration;

    #[test]
    fn medians_of_odd_and_even_numbers_of_runs() {
        let mut runs = Runs::default();
        for seconds in [5, 1, 3] {
            runs.add(Duration::from_secs(seconds));
        }
        assert!((runs.median() - 3.0).abs() < 1e-9);
        runs.add(Duration::from_secs(4));
        assert!((runs.median() - 3.5).abs() < 1e-9);
        assert!((runs.spread() - 4.0 / 3.5).abs() < 1e-9);
    }
}
