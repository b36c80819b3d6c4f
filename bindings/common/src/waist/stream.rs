//! Events over time, as every language pushes them.
//!
//! ```text
//!  push, push_lines ─▶ detections of rules that alert by themselves, alerts of correlations, events that were not counted
//!  advance, flush   ─▶ alerts          snapshot ─▶ bytes ─▶ restore          reload ─▶ what was dropped
//! ```
//!
//! Whoever pushes waits for who pushes already. A stream belongs to the process that made it, because state that is in two
//! places is true in neither.

use super::scan::{Ask, Form, Place, Scan, Worker, check_lines, lines};
use super::tables::within_bounds;
use super::{Error, FaultRecord, Kind, RuleSet, ScanOptions, StreamSettings};
use crate::arrow::{BadTable, JsonRows, Loose, with_columns};
use arrow_array::RecordBatch;
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tieline::columns::Columns;
use tieline::stream::{Alert, Arrival, MissingTime, Restored, Sighting, Stream as CoreStream, StreamStats};

/// Events whose groups are looked up together.
const BLOCK: usize = 64;

/// Rows of a table that are written as JSON together.
const PIECE_ROWS: usize = 1024;

/// What came of events that were pushed.
#[derive(Debug, Default)]
pub struct Pushed {
    /// Events, rules that matched and alert by themselves, and events that cannot be read or have no time where that is an
    /// error.
    pub scan: Scan,
    /// The number of the first event; events are counted from the beginning of the stream.
    pub first: u64,
    /// Correlations that hold, in the order of their times.
    pub alerts: Vec<Alert>,
    /// Events that correlations do not count because they are too late, or too far ahead.
    pub not_counted: Vec<NotCounted>,
    /// Events that correlations do not count because they have no time.
    pub untimed: u64,
    /// The rules that were asked, by which hits are read; another thread may have given the stream others meanwhile.
    pub rules: Option<Arc<RuleSet>>,
}

/// An event that correlations do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NotCounted {
    /// The number of the event, from 0.
    pub event_index: u64,
    /// `late`: older than the lateness allows; `ahead`: further ahead of all before it than a clock may jump.
    pub why: &'static str,
}

/// Correlates events over time.
#[derive(Debug)]
pub struct Stream {
    process: u32,
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    rules: Arc<RuleSet>,
    core: CoreStream,
    worker: Worker,
    ask: Ask,
    block: Block,
    /// Where an event without a time is an error, each event is counted by itself.
    block_max: usize,
}

impl Stream {
    /// A stream without any state. Of `asked`, threads do not matter.
    ///
    /// # Errors
    /// When an option is wrong.
    pub fn new(rules: Arc<RuleSet>, settings: &StreamSettings, asked: &ScanOptions) -> Result<Self, Error> {
        let options = settings.options()?;
        let core = CoreStream::new(rules.rules(), options);
        let ask = Ask::for_stream(asked, &rules)?;
        let worker = rules.worker(&ask);
        let block_max = if matches!(options.missing_time, MissingTime::Error) { 1 } else { BLOCK };
        let state = State { rules, core, worker, ask, block: Block::default(), block_max };
        Ok(Self { process: std::process::id(), state: Mutex::new(Some(state)) })
    }

    /// Pushes one event; `time_ns`, nanoseconds since 1970, is used in place of the time that it holds.
    ///
    /// # Errors
    /// When it cannot be read, or has no time and that is an error, or the stream is closed. The stream can be used on.
    pub fn push(&self, event: &[u8], time_ns: Option<i64>) -> Result<Pushed, Error> {
        let mut pushed = self.push_all(std::iter::once((0, event)), time_ns)?;
        match pushed.scan.faults.pop() {
            Some(fault) => Err(Error::new(Kind::Event, fault.message).at(fault.byte)),
            None => Ok(pushed),
        }
    }

    /// Pushes a text with one JSON object a line. An event that cannot be read is told in the answer.
    ///
    /// # Errors
    /// When the text is no such text at all, or the stream is closed.
    pub fn push_lines(&self, text: &[u8]) -> Result<Pushed, Error> {
        check_lines(text)?;
        self.push_all(lines(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)), None)
    }

    /// Pushes events that are JSON objects of their own.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn push_events(&self, events: &[&[u8]]) -> Result<Pushed, Error> {
        self.push_all((0..).zip(events.iter().copied()), None)
    }

    /// Pushes the rows of tables of Arrow, one after the other.
    ///
    /// # Errors
    /// When the stream is closed, or a batch cannot be read; rows of the batches before it are counted.
    pub fn push_batches(
        &self,
        batches: impl IntoIterator<Item = Result<impl Into<Loose>, BadTable>>,
    ) -> Result<Pushed, Error> {
        self.with(|state| {
            let mut all = state.push_all(std::iter::empty(), None)?;
            for batch in batches {
                state.push_batch(&within_bounds(batch?)?.checked()?, &mut all)?;
            }
            Ok(all)
        })
    }

    fn push_all<'e>(
        &self,
        events: impl Iterator<Item = (u64, &'e [u8])>,
        time_ns: Option<i64>,
    ) -> Result<Pushed, Error> {
        self.with(|state| state.push_all(events, time_ns))
    }

    /// Says that no event older than this, in nanoseconds since 1970, will come any more.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn advance(&self, time_ns: i64) -> Result<Vec<Alert>, Error> {
        self.with(|state| {
            state.core.advance(time_ns);
            Ok(state.core.take_alerts())
        })
    }

    /// Says that no event will come any more: all windows close.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn flush(&self) -> Result<Vec<Alert>, Error> {
        self.with(|state| {
            state.core.finish();
            Ok(state.core.take_alerts())
        })
    }

    /// What is older is too late; `None` before the first event.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn watermark_ns(&self) -> Result<Option<i64>, Error> {
        self.with(|state| Ok(state.core.watermark_ns()))
    }

    /// What was counted so far, and what is held.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn stats(&self) -> Result<StreamStats, Error> {
        self.with(|state| Ok(state.core.stats()))
    }

    /// All state as bytes.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        self.with(|state| Ok(state.core.snapshot()))
    }

    /// Goes on with the state that a snapshot holds. Nothing changes when it is refused.
    ///
    /// # Errors
    /// When the bytes are no state, are damaged, or come from another version; or the stream is closed.
    pub fn restore(&self, bytes: &[u8]) -> Result<Restored, Error> {
        self.with(|state| state.core.restore(bytes).map_err(|error| Error::new(Kind::State, error.to_string())))
    }

    /// Goes on with other rules; correlations that are the same keep their windows.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn reload(&self, rules: Arc<RuleSet>) -> Result<Restored, Error> {
        self.with(|state| {
            let restored = state.core.reload(rules.rules());
            state.worker = rules.worker(&state.ask);
            state.block = Block::default();
            state.rules = rules;
            Ok(restored)
        })
    }

    /// The rules of the stream.
    ///
    /// # Errors
    /// When the stream is closed.
    pub fn rules(&self) -> Result<Arc<RuleSet>, Error> {
        self.with(|state| Ok(Arc::clone(&state.rules)))
    }

    /// Frees all state; every call after it but this one is an error.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn close(&self) -> Result<(), Error> {
        *self.lock()? = None;
        Ok(())
    }

    fn lock(&self) -> Result<MutexGuard<'_, Option<State>>, Error> {
        if std::process::id() != self.process {
            let message = "a stream belongs to the process that made it; take a snapshot there, and restore it here";
            return Err(Error::new(Kind::Forked, message));
        }
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<R>(&self, work: impl FnOnce(&mut State) -> Result<R, Error>) -> Result<R, Error> {
        let mut state = self.lock()?;
        work(state.as_mut().ok_or_else(|| Error::closed("stream"))?)
    }
}

impl State {
    fn push_batch(&mut self, batch: &RecordBatch, all: &mut Pushed) -> Result<(), Error> {
        let rows = JsonRows::new(batch);
        let by_columns = with_columns(batch, None, |columns| self.push_columns(columns, &rows));
        if let Some(pushed) = by_columns.transpose()?.flatten() {
            all.append(pushed);
            return Ok(());
        }
        for first in (0..batch.num_rows()).step_by(PIECE_ROWS) {
            let text = |row| {
                let mut text = String::new();
                rows.write(row, &mut text);
                text
            };
            let texts: Vec<String> = (first..batch.num_rows().min(first + PIECE_ROWS)).map(text).collect();
            all.append(self.push_all((0..).zip(texts.iter().map(String::as_bytes)), None)?);
        }
        Ok(())
    }

    /// Pushes rows that are all of one source; `None` when they are not.
    fn push_columns(&mut self, columns: &Columns<'_>, rows: &JsonRows) -> Result<Option<Pushed>, Error> {
        let rules = Arc::clone(&self.rules);
        let Some(id) = rules.source_of_all(columns) else { return Ok(None) };
        rules.compile_form(id)?;
        let Self { core, worker, ask, .. } = self;
        let Some(Form { scanner, taken }) = worker.form(&rules, ask, id) else { return Ok(None) };
        let mut pushed = Pushed { first: core.stats().events, ..Pushed::default() };
        pushed.scan.events = columns.rows() as u64;
        let mut sighting = core.sighting();
        scanner.sight_columns(columns, pushed.first, &mut sighting, |row, detections, sighting| {
            let (number, mut text) = (core.take_number(), String::new());
            if ask.wants_evidence() && detections.len() > 0 {
                rows.write(row, &mut text);
            }
            pushed.scan.add(detections, taken.as_deref(), ask, Place { id, bytes: text.as_bytes(), number });
            pushed.count(core, std::slice::from_ref(sighting), &[number]);
        });
        pushed.alerts = core.take_alerts();
        pushed.rules = Some(rules);
        Ok(Some(pushed))
    }

    fn push_all<'e>(
        &mut self,
        events: impl Iterator<Item = (u64, &'e [u8])>,
        time_ns: Option<i64>,
    ) -> Result<Pushed, Error> {
        let rules = Some(Arc::clone(&self.rules));
        let mut pushed = Pushed { first: self.core.stats().events, rules, ..Pushed::default() };
        let mut block = std::mem::take(&mut self.block);
        for (_, bytes) in events {
            pushed.scan.events += 1;
            let number = self.core.take_number();
            let sighting = block.next(&self.core, number);
            match self.worker.sight(&self.rules, &self.ask, bytes, sighting, number, &mut pushed.scan) {
                Ok(()) if time_ns.is_some() => *sighting = std::mem::take(sighting).at(time_ns),
                Ok(()) => {}
                Err(error) if error.kind() == Kind::Event => {
                    block.drop_last();
                    pushed.scan.faults.push(FaultRecord::new(number, &error));
                }
                Err(error) => return Err(error),
            }
            if block.numbers.len() == self.block_max {
                block.take_in(&mut self.core, &mut pushed);
            }
        }
        block.take_in(&mut self.core, &mut pushed);
        self.block = block;
        pushed.alerts = self.core.take_alerts();
        Ok(pushed)
    }
}

/// Events that were seen and are not counted yet. Sightings keep their memory.
#[derive(Debug, Default)]
struct Block {
    sightings: Vec<Sighting>,
    numbers: Vec<u64>,
}

impl Block {
    fn next(&mut self, core: &CoreStream, number: u64) -> &mut Sighting {
        let at = self.numbers.len();
        self.numbers.push(number);
        if self.sightings.len() == at {
            self.sightings.push(core.sighting());
        }
        &mut self.sightings[at]
    }

    fn drop_last(&mut self) {
        self.numbers.pop();
    }

    fn take_in(&mut self, core: &mut CoreStream, pushed: &mut Pushed) {
        let sightings = self.sightings.get(..self.numbers.len()).unwrap_or_default();
        pushed.count(core, sightings, &self.numbers);
        self.numbers.clear();
    }
}

impl Pushed {
    /// Adds what came of events that were pushed next.
    pub fn append(&mut self, mut next: Self) {
        self.scan.append(next.scan);
        self.alerts.append(&mut next.alerts);
        self.not_counted.append(&mut next.not_counted);
        self.untimed += next.untimed;
    }

    fn count(&mut self, core: &mut CoreStream, sightings: &[Sighting], numbers: &[u64]) {
        match core.push_all(sightings) {
            Ok(arrivals) => numbers.iter().zip(arrivals).for_each(|(number, arrival)| self.note(*number, arrival)),
            // INVARIANT: sightings are of the same rules, so the event has no time where that is an error; then it is alone.
            Err(error) => {
                let fault = |number: &u64| FaultRecord::new(*number, &Error::new(Kind::Event, error.to_string()));
                self.scan.faults.extend(numbers.first().map(fault));
            }
        }
    }

    fn note(&mut self, event_index: u64, arrival: Arrival) {
        match arrival {
            Arrival::InTime => {}
            Arrival::NoTime => self.untimed += 1,
            Arrival::TooLate => self.not_counted.push(NotCounted { event_index, why: "late" }),
            Arrival::TooFarAhead => self.not_counted.push(NotCounted { event_index, why: "ahead" }),
        }
    }
}
