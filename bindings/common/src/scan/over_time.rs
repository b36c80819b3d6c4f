//! Correlations of a scan: one stream for all files and all sources, whose state may outlive the scan.
//!
//! ```text
//!  workers ─▶ sightings in the order of the events ─▶ Stream ─▶ alerts
//!                                                       └ state file: read at the start, written now and then and at the end
//! ```
//!
//! Alerts name events by their numbers, which say file and line. What a correlation means is a matter of the core.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tieline::Rules;
use tieline::stream::{Arrival, Restored, Sighting, Stream, StreamOptions, StreamStats};

use super::workers::Seen;
use super::{End, Scan, Select, Step, asked};
use crate::input::Batch;
use crate::load::LoadError;
use crate::record::{Correlated, Found, Place, identity_of};
use crate::scan::{Notice, OpenFile};
use crate::source::{Plan, PlanError};
use crate::state::{Marks, ScanState, StateFile};

/// Bits of an event's number that are its line.
const LINE_BITS: u32 = 40;

/// How often state is written while a scan goes on.
const SAVE_EVERY: Duration = Duration::from_secs(10);

/// How events are correlated.
#[derive(Debug, Clone, Default)]
pub struct Correlate {
    /// How the stream behaves.
    pub stream: StreamOptions,
    /// The file in which its state is kept, so that the next scan goes on where this one stopped. Without it all windows
    /// close when the files end.
    pub state: Option<PathBuf>,
}

/// What lives across batches.
pub(super) struct OverTime {
    options: Correlate,
    stream: Option<Stream>,
    /// Whether rules were changed since the stream was told.
    is_stale: bool,
    /// Files by which events are numbered.
    names: Vec<String>,
    /// How far files were read, in this scan or before it.
    marks: Marks,
    /// State of an earlier scan that no stream has taken over yet.
    saved: Option<Vec<u8>>,
    saved_at: Instant,
    /// Whether something came after the state was written.
    is_changed: bool,
    /// What earlier scans counted.
    before: StreamStats,
}

impl OverTime {
    /// Reads the state of the scan before this one.
    pub(super) fn new(options: &Correlate) -> Result<Self, LoadError> {
        let state = match &options.state {
            Some(path) => ScanState::read(path)?,
            None => None,
        };
        let ScanState { stream, names, marks } = state.unwrap_or_default();
        Ok(Self {
            options: options.clone(),
            stream: None,
            is_stale: true,
            names,
            marks,
            saved: Some(stream).filter(|stream| !stream.is_empty()),
            saved_at: Instant::now(),
            is_changed: false,
            before: StreamStats::default(),
        })
    }

    /// Says that other rules were loaded.
    pub(super) fn renew(&mut self) {
        self.is_stale = true;
    }

    /// Makes the stream, or gives it the rules that were loaded meanwhile. Tells what became of state that was there.
    fn prepare(&mut self, plan: &Plan) -> Result<Option<Restored>, PlanError> {
        if !self.is_stale {
            return Ok(None);
        }
        let Some((_, rules)) = plan.compiled().next() else { return Ok(None) };
        self.is_stale = false;
        match &mut self.stream {
            Some(stream) => Ok(Some(stream.reload(rules))),
            None if rules.correlations().len() > 0 || self.options.state.is_some() => self.begin(rules),
            None => Ok(None),
        }
    }

    fn begin(&mut self, rules: &Rules) -> Result<Option<Restored>, PlanError> {
        let mut stream = Stream::new(rules, self.options.stream);
        let restored = match (self.saved.take(), &self.options.state) {
            (Some(saved), Some(path)) => {
                let fault = |error: tieline::Error| PlanError::Load(LoadError::new(path, error.to_string()));
                let restored = stream.restore(&saved).map_err(fault)?;
                self.before = stream.stats();
                Some(restored)
            }
            _ => None,
        };
        self.stream = Some(stream);
        Ok(restored)
    }

    /// An empty sighting, when events are to be sighted.
    pub(super) fn sighting(&self) -> Option<Sighting> {
        self.stream.as_ref().map(Stream::sighting)
    }

    /// The number of a file that was opened, and the last line of it that an earlier scan has read.
    pub(super) fn open(&mut self, name: &str) -> (u64, Option<usize>, u64) {
        let number = self.names.iter().position(|own| own == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        let (mark, read) = if self.options.state.is_some() { self.marks.open(name) } else { (None, 0) };
        (number as u64, mark, read)
    }

    /// Notes how far a file was read.
    pub(super) fn note(&mut self, mark: Option<usize>, record: u64) {
        self.marks.note(mark, record);
        self.is_changed = true;
    }

    /// Writes the state, if it is time, while nothing comes: a scan that is killed after an hour of quiet is to lose seconds.
    pub(super) fn rest(&mut self) -> Result<(), LoadError> {
        if self.is_changed { self.save(Save::InTime) } else { Ok(()) }
    }

    /// What was counted in this scan.
    pub(super) fn stats(&self) -> Option<StreamStats> {
        let (mut stats, before) = (self.stream.as_ref()?.stats(), &self.before);
        let counts = [
            (&mut stats.events, before.events),
            (&mut stats.untimed, before.untimed),
            (&mut stats.signals, before.signals),
            (&mut stats.alerts, before.alerts),
            (&mut stats.late, before.late),
            (&mut stats.ahead, before.ahead),
            (&mut stats.set_back, before.set_back),
            (&mut stats.ungrouped, before.ungrouped),
            (&mut stats.unvalued, before.unvalued),
            (&mut stats.evicted, before.evicted),
            (&mut stats.crowded, before.crowded),
            (&mut stats.trimmed, before.trimmed),
            (&mut stats.hurried, before.hurried),
        ];
        counts.into_iter().for_each(|(now, before)| *now = now.saturating_sub(before));
        Some(stats)
    }

    /// Writes the state, if it has a file and it is time.
    fn save(&mut self, now: Save) -> Result<(), LoadError> {
        let (Some(path), Some(stream)) = (&self.options.state, &self.stream) else { return Ok(()) };
        if now == Save::InTime && self.saved_at.elapsed() < SAVE_EVERY {
            return Ok(());
        }
        let state = ScanState { stream: stream.snapshot(), names: self.names.clone(), marks: self.marks.clone() };
        state.write(path)?;
        self.saved_at = Instant::now();
        self.is_changed = false;
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Save {
    InTime,
    Now,
}

/// The number of an event.
pub(super) fn number(file: u64, line: u64) -> u64 {
    file << LINE_BITS | line & ((1 << LINE_BITS) - 1)
}

impl Scan<'_> {
    /// Makes the stream ready for a batch.
    pub(super) fn prepare(&mut self) -> Result<Step, PlanError> {
        Ok(match self.over_time.prepare(self.plan)? {
            Some(restored) => asked((self.each)(Notice::Restored(&restored))),
            None => Step::Continue(()),
        })
    }

    /// Takes in what the events of a batch mean, and hands out what comes of it.
    pub(super) fn correlate(&mut self, file: &OpenFile, batch: &Batch, seen: Vec<Seen>) -> Result<Step, PlanError> {
        let Some(mut stream) = self.over_time.stream.take() else { return Ok(Step::Continue(())) };
        let mut empty = stream.sighting();
        let mut step = Step::Continue(());
        for seen in seen {
            let line = batch.record(seen.at as usize).number;
            if line <= file.read {
                continue;
            }
            let arrival = match seen.sighting {
                Some(sighting) => stream.push(&sighting),
                None => {
                    empty = empty.at(seen.time);
                    stream.push(&empty)
                }
            };
            step = match arrival {
                Ok(Arrival::TooLate | Arrival::TooFarAhead | Arrival::NoTime) if step.is_continue() => {
                    let arrival = stream.arrival();
                    asked((self.each)(Notice::NotCounted { place: Place { file: &file.name, line }, arrival }))
                }
                Err(error) if step.is_continue() => self.bad(file, line, None, &error.to_string()),
                _ => step,
            };
            if step.is_break() {
                break;
            }
        }
        let told = self.tell(&mut stream);
        self.over_time.stream = Some(stream);
        self.over_time.save(Save::InTime)?;
        Ok(if step.is_break() { step } else { told })
    }

    fn tell(&mut self, stream: &mut Stream) -> Step {
        let names = &self.over_time.names;
        let place = |event: u64| {
            let file = names.get(usize::try_from(event >> LINE_BITS).ok()?)?;
            Some(Place { file, line: event & ((1 << LINE_BITS) - 1) })
        };
        for alert in stream.take_alerts() {
            if !self.options.select.takes_correlation(alert.rule()) {
                continue;
            }
            self.totals.alerts += 1;
            let correlated = Correlated::new(&alert, place);
            if (self.each)(Notice::Found(Found::of_alert(alert.rule(), &correlated))).is_break() {
                return Step::Break(End::Receiver);
            }
        }
        Step::Continue(())
    }

    /// Closes what is to be closed, and keeps what is to be kept.
    pub(super) fn conclude(&mut self, end: End) -> Result<End, PlanError> {
        // Without events nothing was prepared, and there is state all the same.
        let _ = self.prepare()?;
        let Some(mut stream) = self.over_time.stream.take() else { return Ok(end) };
        let keeps = self.over_time.options.state.is_some();
        if end == End::Finished && !keeps {
            stream.finish();
        } else if end == End::Interrupted && !keeps {
            // What was seen is judged, but no window is closed by force.
            stream.catch_up();
        }
        let step = if end == End::Receiver { Step::Continue(()) } else { self.tell(&mut stream) };
        self.over_time.stream = Some(stream);
        self.over_time.save(Save::Now)?;
        Ok(if let ControlFlow::Break(other) = step { other } else { end })
    }
}

impl Select {
    /// Whether a correlation is of interest.
    #[must_use]
    pub fn takes_correlation(&self, rule: &tieline::stream::CorrelationInfo) -> bool {
        self.takes_meta(rule.metadata(), identity_of(rule.metadata()), rule.title())
    }
}
