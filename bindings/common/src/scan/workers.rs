//! Evaluates a batch on all threads.
//!
//! ```text
//!  batch  |0..128|128..256|256..384|...     each thread takes the next piece that nobody has,
//!            t1      t2       t1            with its own scanners, which stay warm from batch to batch
//! ```
//!
//! Results are put back into the order of the events. Nothing is printed and nothing is compiled here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

use tieline::{EventError, Evidence, JsonEvent, Profile, Rules, Scanner};

use super::Select;
use crate::input::{Batch, Record};
use crate::source::{Plan, SourceId};
use crate::{host, time};

/// Events that a thread takes at a time.
const PIECE: usize = 128;

/// What is to be found out about events that hit, and about the rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) evidence: bool,
    pub(super) profile: bool,
}

/// An event that some rule matched, or that is none.
pub(super) struct EventHits {
    pub(super) at: u32,
    pub(super) source: SourceId,
    pub(super) rules: Vec<(u32, Option<Evidence>)>,
    pub(super) time: Option<String>,
    pub(super) host: Option<String>,
    pub(super) error: Option<EventError>,
}

pub(super) struct Workers {
    pool: Option<rayon::ThreadPool>,
    workers: Vec<Mutex<Worker>>,
    wanted: Wanted,
    /// The source of every event of the batch.
    sources: Vec<SourceId>,
    /// What rules cost that are not used any more.
    past: Profile,
}

#[derive(Default)]
struct Worker {
    /// For each source, once it was met: the scanner, and which rules are of interest.
    scanners: Vec<Option<(Scanner, Vec<bool>)>>,
    hits: Vec<EventHits>,
    sources: Vec<(usize, SourceId)>,
}

impl Workers {
    pub(super) fn new(threads: usize, wanted: Wanted) -> Self {
        // Without a pool, all is done on the calling thread.
        let pool = if threads > 1 { rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok() } else { None };
        let count = if pool.is_some() { threads } else { 1 };
        Self {
            pool,
            workers: (0..count).map(|_| Mutex::default()).collect(),
            wanted,
            sources: Vec::new(),
            past: Profile::default(),
        }
    }

    /// Finds the source of every event, and which sources there are in the order in which they are met.
    pub(super) fn choose(&mut self, batch: &Batch, plan: &Plan, main: Option<SourceId>) -> Vec<SourceId> {
        self.sources.clear();
        if let Some(fixed) = plan.fixed() {
            self.sources.resize(batch.len(), fixed);
            return vec![fixed];
        }
        self.each_piece(batch, &|worker, at, record| {
            worker.sources.push((at, plan.choose(record.bytes, main)));
        });
        self.sources.resize(batch.len(), plan.as_is());
        for worker in &mut self.workers {
            for (at, id) in worker.get_mut().unwrap_or_else(PoisonError::into_inner).sources.drain(..) {
                if let Some(place) = self.sources.get_mut(at) {
                    *place = id;
                }
            }
        }
        let mut met = Vec::new();
        for id in &self.sources {
            if met.last() != Some(id) && !met.contains(id) {
                met.push(*id);
            }
        }
        met
    }

    /// Evaluates every event of a batch with the rules for its source, which must be compiled.
    pub(super) fn evaluate(&mut self, batch: &Batch, select: &Select, plan: &Plan) -> Vec<EventHits> {
        let (sources, wanted) = (&self.sources, self.wanted);
        self.each_piece(batch, &|worker, at, record| {
            let Some((source, rules)) = sources.get(at).and_then(|id| Some((*id, plan.rules(*id)?))) else { return };
            worker.evaluate(at, record, source, rules, select, wanted);
        });
        let mut hits = Vec::new();
        for worker in &mut self.workers {
            hits.append(&mut worker.get_mut().unwrap_or_else(PoisonError::into_inner).hits);
        }
        hits.sort_unstable_by_key(|event| event.at);
        hits
    }

    /// Forgets the rules, as others come in their place.
    pub(super) fn renew(&mut self) {
        if self.wanted.profile {
            self.past = self.profile();
        }
        for worker in &mut self.workers {
            worker.get_mut().unwrap_or_else(PoisonError::into_inner).scanners.clear();
        }
    }

    /// What evaluating has cost so far, on all threads and with the rules of all sources.
    pub(super) fn profile(&mut self) -> Profile {
        let workers = self.workers.iter_mut().map(|worker| worker.get_mut().unwrap_or_else(PoisonError::into_inner));
        let scanners = workers.flat_map(|worker| worker.scanners.iter().flatten());
        let mut all = self.past.clone();
        scanners.filter_map(|(scanner, _)| scanner.profile()).for_each(|profile| all.merge(profile));
        all
    }

    fn each_piece(&self, batch: &Batch, each: &(dyn Fn(&mut Worker, usize, Record<'_>) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = |index: usize| {
            let Some(worker) = self.workers.get(index) else { return };
            let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                let start = next.fetch_add(PIECE, Ordering::Relaxed);
                if start >= batch.len() {
                    return;
                }
                for at in start..(start + PIECE).min(batch.len()) {
                    each(&mut worker, at, batch.record(at));
                }
            }
        };
        match &self.pool {
            Some(pool) if batch.len() > PIECE => {
                pool.broadcast(|context| work(context.index()));
            }
            _ => work(0),
        }
    }
}

/// Since the first time it was asked.
fn nanoseconds() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Worker {
    fn evaluate(
        &mut self,
        at: usize,
        record: Record<'_>,
        source: SourceId,
        rules: &Rules,
        select: &Select,
        wanted: Wanted,
    ) {
        let index = source.index();
        if self.scanners.len() <= index {
            self.scanners.resize_with(index + 1, || None);
        }
        let Some(place) = self.scanners.get_mut(index) else { return };
        let (scanner, taken) = place.get_or_insert_with(|| {
            let scanner = if wanted.profile { Scanner::profiled(rules, nanoseconds) } else { Scanner::new(rules) };
            (scanner, rules.iter().map(|rule| select.takes(rule)).collect())
        });
        // INVARIANT: a batch holds far fewer events than a `u32` counts.
        #[expect(clippy::cast_possible_truncation, reason = "a batch holds at most some thousand events")]
        let mut hits = EventHits { at: at as u32, source, rules: Vec::new(), time: None, host: None, error: None };
        let mut tree = None;
        match scanner.scan_json(record.bytes) {
            Err(error) => hits.error = Some(error),
            Ok(detections) => {
                for detection in detections.filter(|found| taken.get(found.index()).is_some_and(|taken| *taken)) {
                    let tree: &Option<JsonEvent> = tree.get_or_insert_with(|| JsonEvent::parse(record.bytes).ok());
                    let evidence = tree.as_ref().filter(|_| wanted.evidence).map(|tree| detection.evidence(tree));
                    #[expect(clippy::cast_possible_truncation, reason = "the engine counts rules in 32 bits")]
                    hits.rules.push((detection.index() as u32, evidence));
                }
            }
        }
        if hits.rules.is_empty() && hits.error.is_none() {
            return;
        }
        if let Some(tree) = tree.flatten() {
            hits.time = time::of_event(&tree);
            hits.host = host::of_event(&tree);
        }
        self.hits.push(hits);
    }
}
