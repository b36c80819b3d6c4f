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

use tieline::stream::Sighting;
use tieline::{Detection, EventError, Evidence, JsonEvent, Profile, Rules, Scanner};

use super::{Detail, Select, over_time};
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

/// What an event means to correlations.
pub(super) struct Seen {
    pub(super) at: u32,
    pub(super) time: Option<i64>,
    /// Only when it means more than that time has passed.
    pub(super) sighting: Option<Box<Sighting>>,
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
    seen: Vec<Seen>,
    sighting: Sighting,
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

    /// Evaluates every event of a batch with the rules for its source, which must be compiled. With an empty `sighting` to
    /// begin with, it is told as well what each event means to correlations.
    pub(super) fn evaluate(
        &mut self,
        batch: &Batch,
        file: u64,
        select: &Select,
        plan: &Plan,
        sighting: Option<&Sighting>,
    ) -> (Vec<EventHits>, Vec<Seen>) {
        let (sources, wanted) = (&self.sources, self.wanted);
        let sight = if sighting.is_some() { Detail::Included } else { Detail::Omitted };
        for worker in &mut self.workers {
            worker.get_mut().unwrap_or_else(PoisonError::into_inner).sighting = sighting.cloned().unwrap_or_default();
        }
        self.each_piece(batch, &|worker, at, record| {
            let Some((source, rules)) = sources.get(at).and_then(|id| Some((*id, plan.rules(*id)?))) else { return };
            let event = InBatch { at, number: over_time::number(file, record.number), record, source, sight };
            worker.evaluate(&event, rules, select, wanted);
        });
        let (mut hits, mut seen) = (Vec::new(), Vec::new());
        for worker in &mut self.workers {
            let worker = worker.get_mut().unwrap_or_else(PoisonError::into_inner);
            hits.append(&mut worker.hits);
            seen.append(&mut worker.seen);
        }
        hits.sort_unstable_by_key(|event| event.at);
        seen.sort_unstable_by_key(|seen| seen.at);
        (hits, seen)
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

/// An event of a batch.
struct InBatch<'a> {
    at: usize,
    number: u64,
    record: Record<'a>,
    source: SourceId,
    sight: Detail,
}

impl Worker {
    fn evaluate(&mut self, event: &InBatch<'_>, rules: &Rules, select: &Select, wanted: Wanted) {
        let index = event.source.index();
        if self.scanners.len() <= index {
            self.scanners.resize_with(index + 1, || None);
        }
        let Some(place) = self.scanners.get_mut(index) else { return };
        let (scanner, taken) = place.get_or_insert_with(|| {
            let scanner = if wanted.profile { Scanner::profiled(rules, nanoseconds) } else { Scanner::new(rules) };
            // What only a correlation is to tell is told by it.
            (scanner, rules.iter().map(|rule| rule.alerts() && select.takes(rule)).collect())
        });
        // INVARIANT: a batch holds far fewer events than a `u32` counts.
        #[expect(clippy::cast_possible_truncation, reason = "a batch holds at most some thousand events")]
        let at = event.at as u32;
        let bytes = event.record.bytes;
        let mut hits = EventHits { at, source: event.source, rules: Vec::new(), time: None, host: None, error: None };
        let mut tree = None;
        let mut note = |detection: Detection<'_>| {
            if !taken.get(detection.index()).is_some_and(|taken| *taken) {
                return;
            }
            let tree: &Option<JsonEvent> = tree.get_or_insert_with(|| JsonEvent::parse(bytes).ok());
            // That an indicator was seen says little without the indicator.
            let wants_evidence = wanted.evidence || detection.rule().asks_indicators();
            let evidence = tree.as_ref().filter(|_| wants_evidence).map(|tree| detection.evidence(tree));
            #[expect(clippy::cast_possible_truncation, reason = "the engine counts rules in 32 bits")]
            hits.rules.push((detection.index() as u32, evidence));
        };
        let scanned = if event.sight == Detail::Included {
            scanner.sight_json(bytes, event.number, &mut self.sighting).map(|found| found.for_each(&mut note))
        } else {
            scanner.scan_json(bytes).map(|found| found.for_each(&mut note))
        };
        if scanned.is_ok() && event.sight == Detail::Included {
            let (time, sighting) = (self.sighting.time_ns(), &self.sighting);
            let sighting = (!sighting.is_empty()).then(|| Box::new(sighting.clone()));
            self.seen.push(Seen { at, time, sighting });
        }
        hits.error = scanned.err();
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
