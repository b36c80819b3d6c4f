//! Threads that work for every caller of a process.
//!
//! ```text
//!  threads: 1 ─▶ the calling thread        threads: n ─▶ pool of n, made once        after a fork ─▶ a new pool
//! ```
//!
//! A forked process has the pool of its parent in memory and none of its threads, so whoever waits for them waits for
//! ever. Pools remember their process, and are found without a lock, because a lock may have been held at the fork.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Error, Kind};

/// Pools that a process and its forks make at most; a process makes one for each number of threads that is asked for.
const POOLS_MAX: usize = 64;

struct Place {
    is_taken: AtomicBool,
    pool: OnceLock<(u32, usize, ThreadPool)>,
}

static POOLS: [Place; POOLS_MAX] =
    [const { Place { is_taken: AtomicBool::new(false), pool: OnceLock::new() } }; POOLS_MAX];

/// Runs work on so many threads; on the calling one alone when that is 1.
///
/// # Errors
/// When threads cannot be started.
pub(super) fn run<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R, Error> {
    Ok(find(threads)?.install(work))
}

/// Threads that compile rules: one for each core.
pub(super) fn on_all<R: Send>(work: impl FnOnce() -> R + Send) -> Result<R, Error> {
    run(std::thread::available_parallelism().map_or(1, usize::from), work)
}

fn find(threads: usize) -> Result<&'static ThreadPool, Error> {
    let process = std::process::id();
    let is_own = |own: &&(u32, usize, ThreadPool)| own.0 == process && own.1 == threads;
    if let Some((_, _, pool)) = POOLS.iter().filter_map(|place| place.pool.get()).find(is_own) {
        return Ok(pool);
    }
    let fault = |why: &str| Error::new(Kind::Limit, format!("{threads} threads cannot be started: {why}"));
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|at| format!("tieline-{at}"));
    let pool = pool.build().map_err(|error| fault(&error.to_string()))?;
    let free = POOLS.iter().find(|place| !place.is_taken.swap(true, Ordering::AcqRel));
    let free = free.ok_or_else(|| fault("too many pools of other sizes; ask for one of these"))?;
    Ok(&free.pool.get_or_init(|| (process, threads, pool)).2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_made_once_for_each_number() {
        let pools = [2, 3, 2].map(|threads| std::ptr::from_ref(find(threads).unwrap()));
        assert_eq!(pools[0], pools[2]);
        assert_ne!(pools[0], pools[1]);
        assert_eq!(run(3, rayon::current_num_threads).unwrap(), 3);
    }
}
