//! Files, scanned on a thread of their own, for callers who take one finding after the other.
//!
//! ```text
//!  scan thread: read, unpack, evaluate, correlate ─▶ at most so many findings wait ─▶ next, next, …
//!                                    ◀─ stop: the caller has enough, or is gone
//! ```
//!
//! The records are those of the command line. What is found is a matter of [`scan`](crate::scan).

use super::options::{FileOptions, ScanOptions, StreamSettings};
use super::{Error, Kind, RuleSet};
use crate::input::expand_paths;
use crate::scan::{Correlate, Detail, Follow, Notice, OnFault, Outcome, ScanOptions as Scanning, Totals, scan};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tieline::stream::Arrival;

/// Findings that wait for the caller at most.
const WAITING_MAX: usize = 1024;

/// What a scan of files tells.
#[derive(Debug, Clone)]
pub enum Told {
    /// A detection or the alert of a correlation, as the command line prints it.
    Found(Value),
    /// An event that cannot be read: `file`, `line`, `byte`, `message`.
    BadEvent(Value),
    /// A file that cannot be read, or not further: `file`, `message`.
    BadFile(Value),
    /// An event that correlations do not count: `file`, `line`, `why`.
    NotCounted(Value),
    /// So much was read of all files.
    Progress {
        /// Bytes, as stored.
        bytes: u64,
        /// Events.
        events: u64,
    },
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// Something was told.
    Told(Told),
    /// Nothing in the time that was waited.
    Quiet,
    /// The scan is over.
    End,
}

/// How long a scan that is dropped is waited for.
const PATIENCE: Duration = Duration::from_millis(250);

/// A scan that goes on while its findings are taken.
#[derive(Debug)]
pub struct FileScan {
    process: u32,
    told: Receiver<Told>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Outcome, Error>>>,
    totals: Totals,
}

/// Ends a scan of files, from any thread.
#[derive(Debug, Clone)]
pub struct Stopper {
    stop: Arc<AtomicBool>,
}

impl Stopper {
    /// Ends the scan early; what it has told already can still be taken.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl FileScan {
    /// Begins to scan files, in the order given. Directories stand for the event files in them; `-` is standard input.
    ///
    /// # Errors
    /// When an option is wrong. A path that does not exist is told as a file that cannot be read.
    pub fn new(
        rules: &RuleSet,
        paths: &[PathBuf],
        files: &FileOptions,
        asked: &ScanOptions,
        stream: &StreamSettings,
    ) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let scanning = scanning(rules, files, asked, stream, Arc::clone(&stop))?;
        let (paths, errors) = if files.follow {
            (paths.to_vec(), Vec::new())
        } else {
            let found = expand_paths(paths);
            (found.files, found.errors)
        };
        let mut plan = rules.plan().again();
        let (sender, told) = sync_channel(WAITING_MAX);
        let work = move || {
            for error in &errors {
                let _ = pass_on(&sender, &Notice::BadFile(error));
            }
            let mut tell = |notice: Notice<'_>| pass_on(&sender, &notice);
            let mut outcome = scan(&mut plan, &paths, &scanning, &mut tell)?;
            outcome.totals.bad_files += errors.len() as u64;
            Ok(outcome)
        };
        let thread = std::thread::Builder::new().name("tieline-scan".to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::new(Kind::Limit, format!("a thread cannot be started: {error}")))?;
        Ok(Self { process: std::process::id(), told, stop, thread: Some(thread), totals: Totals::default() })
    }

    /// What comes next, waited for no longer than `patience`.
    ///
    /// # Errors
    /// When the scan failed as a whole, or this is a fork of the process that began it.
    pub fn next_within(&mut self, patience: Duration) -> Result<Next, Error> {
        if std::process::id() != self.process {
            return Err(Error::new(Kind::Forked, "a scan of files belongs to the process that began it"));
        }
        match self.told.recv_timeout(patience) {
            Ok(told) => Ok(Next::Told(told)),
            Err(RecvTimeoutError::Timeout) => Ok(Next::Quiet),
            Err(RecvTimeoutError::Disconnected) => self.conclude().map(|()| Next::End),
        }
    }

    /// What was scanned; complete when the scan is over.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Ends the scan from another thread, while this one waits for what comes next.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { stop: Arc::clone(&self.stop) }
    }

    /// Ends the scan early; what it has told already can still be taken.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn conclude(&mut self) -> Result<(), Error> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let outcome =
            thread.join().map_err(|_| Error::new(Kind::Internal, "the scan broke off; please report this"))??;
        self.totals = outcome.totals;
        Ok(())
    }
}

impl Drop for FileScan {
    fn drop(&mut self) {
        self.stop();
        if std::process::id() != self.process {
            return;
        }
        // The scan notices at its next finding, or when it looks for more, that it is to stop. One that hangs in reading does not,
        // so nobody waits for ever; it ends by itself.
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.told.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => return drop(self.conclude()),
            }
        }
    }
}

fn scanning(
    rules: &RuleSet,
    files: &FileOptions,
    asked: &ScanOptions,
    stream: &StreamSettings,
    stop: Arc<AtomicBool>,
) -> Result<Scanning, Error> {
    let detail = |wanted: bool| if wanted { Detail::Included } else { Detail::Omitted };
    let mut scanning = Scanning {
        select: asked.select(rules)?,
        evidence: detail(asked.evidence),
        event: detail(files.event),
        faults: OnFault::GoOn,
        correlate: Correlate { stream: stream.options()?, state: files.state.as_ref().map(PathBuf::from) },
        stop,
        ..Scanning::default()
    };
    if asked.threads.is_some_and(|threads| threads > 0) {
        scanning.threads = asked.threads();
    }
    if let Some(format) = &files.format {
        let format = crate::input::Format::from_str(format);
        scanning.input.format = Some(format.map_err(|error| Error::new(Kind::Argument, format!("`format`: {error}")))?);
    }
    if files.follow {
        let idle = files.follow_idle.as_ref().map(|span| span.read("follow_idle")).transpose()?.flatten();
        scanning.follow = Some(Follow { idle, rules: None });
    }
    Ok(scanning)
}

fn pass_on(sender: &SyncSender<Told>, notice: &Notice<'_>) -> ControlFlow<()> {
    let value = |record: serde_json::Result<Value>| record.unwrap_or(Value::Null);
    let told = match notice {
        Notice::Found(found) => Told::Found(value(serde_json::to_value(found))),
        Notice::BadEvent(bad) => Told::BadEvent(value(serde_json::to_value(bad))),
        Notice::BadFile(error) => Told::BadFile(json!({"message": error.to_string()})),
        Notice::NotCounted { place, arrival } => {
            let why = match arrival {
                Arrival::TooLate => "late",
                Arrival::TooFarAhead => "ahead",
                _ => "untimed",
            };
            Told::NotCounted(json!({"file": place.file, "line": place.line, "why": why}))
        }
        Notice::Progress { bytes, events } => Told::Progress { bytes: *bytes, events: *events },
        _ => return ControlFlow::Continue(()),
    };
    match sender.send(told) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}
