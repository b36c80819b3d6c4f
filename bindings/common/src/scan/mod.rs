//! Scans files with a plan, and hands out what is found in the order of the events.
//!
//! ```text
//!  files ─▶ feed: reads ahead ─▶ batch ─▶ workers: split over threads ─▶ Notice::Found, Notice::BadEvent, ...
//!           one thread                    one scanner each                in the order of files and lines
//! ```
//!
//! Two batches are held at a time, so memory does not depend on the size of files, and the order of what is
//! handed out does not depend on the number of threads. Files that are followed come in the order in which they
//! grow. Printing is the caller's.

mod change;
mod feed;
mod follow;
mod live;
mod over_time;
mod tail;
mod workers;

pub use change::Change;
pub use over_time::Correlate;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use tieline::diagnostic::Diagnostic;
use tieline::stream::{Arrival, Restored, StreamStats};
use tieline::{Level, Metadata, Profile, RuleInfo, Rules};

use crate::input::{Batch, Fault, Format, InputError, InputOptions};
use crate::record::{BadEvent, Found, Place, identity, raw_event};
use crate::reload::{Changes, RuleWatch};
use crate::source::{Known, Plan, PlanError, SourceId};
use feed::{Feed, Message};
use over_time::OverTime;
use workers::{EventHits, Wanted, Workers};

/// How to scan.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// How files are read.
    pub input: InputOptions,
    /// Threads that evaluate; 1 reads and evaluates files on the calling thread.
    pub threads: usize,
    /// Which rules are of interest.
    pub select: Select,
    /// Whether records carry the selections and fields that held.
    pub evidence: Detail,
    /// Whether records carry the event.
    pub event: Detail,
    /// Whether it is counted and timed what rules, fields and tests cost, which makes evaluating about a third slower.
    pub profile: Detail,
    /// What an unreadable event or file does.
    pub faults: OnFault,
    /// Whether files are read on as they grow.
    pub follow: Option<Follow>,
    /// How events are correlated.
    pub correlate: Correlate,
    /// Set by someone else to end the scan early.
    pub stop: Arc<AtomicBool>,
}

/// How files are followed.
#[derive(Debug, Clone, Default)]
pub struct Follow {
    /// The scan ends when nothing came for so long; without it, it goes on until it is stopped.
    pub idle: Option<Duration>,
    /// Rules that are read anew when their files change.
    pub rules: Option<RuleWatch>,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            input: InputOptions::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            select: Select::default(),
            evidence: Detail::Omitted,
            event: Detail::Omitted,
            profile: Detail::Omitted,
            faults: OnFault::GoOn,
            follow: None,
            correlate: Correlate::default(),
            stop: Arc::default(),
        }
    }
}

/// Whether an optional part of a record is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Left out.
    Omitted,
    /// Filled in, which costs some time.
    Included,
}

/// What to do about an event or a file that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFault {
    /// Tell it and go on.
    GoOn,
    /// Tell it and end the scan.
    Stop,
}

/// Which rules are of interest; all of them unless something is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select {
    /// The least level; rules without a level are then left out.
    pub level_min: Option<Level>,
    /// Any of these tags, or one below it: `attack.t1059` takes `attack.t1059.001` too.
    pub tags: Vec<String>,
    /// Any of these ids, names or titles.
    pub rules: Vec<String>,
}

impl Select {
    /// Whether a rule is of interest.
    #[must_use]
    pub fn takes(&self, rule: RuleInfo<'_>) -> bool {
        self.takes_meta(rule.metadata(), identity(rule), rule.title())
    }

    /// Whether any rule or correlation is of interest.
    pub(crate) fn takes_any(&self, rules: &Rules) -> bool {
        rules.iter().any(|rule| self.takes(rule)) || rules.correlations().any(|rule| self.takes_correlation(rule))
    }

    fn takes_meta(&self, meta: &Metadata, identity: Option<&str>, title: &str) -> bool {
        let level = self.level_min.is_none_or(|least| meta.level.is_some_and(|level| level >= least));
        let tag =
            self.tags.is_empty() || self.tags.iter().any(|wanted| meta.tags.iter().any(|tag| is_below(tag, wanted)));
        let own = [identity, meta.name.as_deref(), Some(title)];
        let named = |name: &String| own.contains(&Some(name));
        level && tag && (self.rules.is_empty() || self.rules.iter().any(named))
    }
}

fn is_below(tag: &str, wanted: &str) -> bool {
    let begins = tag.get(..wanted.len()).is_some_and(|head| head.eq_ignore_ascii_case(wanted));
    begins && matches!(tag.as_bytes().get(wanted.len()), None | Some(b'.'))
}

/// What a scan hands out.
#[derive(Debug)]
pub enum Notice<'a> {
    /// A file was opened.
    Opened {
        /// The file.
        file: &'a str,
        /// Its format.
        format: Format,
    },
    /// A file holds events of this source; told once for each, when the source is found out.
    Source {
        /// The file.
        file: &'a str,
        /// The source; `None` when no known one fits.
        source: Option<&'a Known>,
    },
    /// The pack was compiled for a source, `None` for the pack as it is.
    Compiled {
        /// The form; [`Plan::rules`] has it.
        id: SourceId,
        /// The plan.
        plan: &'a Plan,
    },
    /// A rule matched an event, or a correlation holds for a group.
    Found(Found<'a>),
    /// Correlations do not count an event.
    NotCounted {
        /// Where it is.
        place: Place<'a>,
        /// Why.
        arrival: Arrival,
    },
    /// An event cannot be read.
    BadEvent(BadEvent<'a>),
    /// A file cannot be read, or not further.
    BadFile(&'a InputError),
    /// Something happened to a file that is followed.
    Changed {
        /// The file.
        file: &'a str,
        /// What happened.
        change: Change,
    },
    /// Other rules are used from here on; what they are compiled to is told next.
    Reloaded {
        /// How they differ from those before.
        changes: Changes,
        /// The new plan.
        plan: &'a Plan,
    },
    /// Files of rules have changed, but cannot be used; those before stay.
    Kept {
        /// Why.
        error: &'a PlanError,
        /// What is wrong with single rules.
        diagnostics: &'a [Diagnostic],
    },
    /// State goes on that was there before: of an earlier scan, or before rules changed.
    Restored(&'a Restored),
    /// What the scan cost; told last, if it is wanted.
    Profile(Profile),
    /// A batch is done; so many bytes of all files, as stored, are read.
    Progress {
        /// Bytes of all files so far.
        bytes: u64,
        /// Events so far.
        events: u64,
    },
}

/// What was scanned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Files that were opened.
    pub files: u64,
    /// Files that could not be read, or not to their end.
    pub bad_files: u64,
    /// Events, unreadable ones included.
    pub events: u64,
    /// Events that cannot be read.
    pub bad_events: u64,
    /// Detections handed out.
    pub detections: u64,
    /// Alerts of correlations handed out.
    pub alerts: u64,
    /// Bytes of the files as stored.
    pub bytes: u64,
}

/// What a scan came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What was scanned.
    pub totals: Totals,
    /// Why it ended.
    pub end: End,
    /// What correlations counted; `None` when there were none.
    pub stream: Option<StreamStats>,
}

/// Why a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// All files were read.
    Finished,
    /// The stop flag was set.
    Interrupted,
    /// Something could not be read, and [`OnFault::Stop`] was asked for.
    Fault,
    /// The receiver of notices asked for it.
    Receiver,
}

/// Scans files in the order given. `-` is standard input. When files are followed, directories may be among them,
/// whose new files are read as they appear.
///
/// `each` is called on the calling thread with everything that is found; when it breaks, the scan ends.
///
/// # Errors
/// When a pipeline or an option turns out to be broken, or state cannot be read or written.
pub fn scan(
    plan: &mut Plan,
    files: &[PathBuf],
    options: &ScanOptions,
    each: &mut dyn FnMut(Notice<'_>) -> ControlFlow<()>,
) -> Result<Outcome, PlanError> {
    let wanted =
        Wanted { evidence: options.evidence == Detail::Included, profile: options.profile == Detail::Included };
    let follow = options.follow.clone().unwrap_or_default();
    let mut scan = Scan {
        workers: Workers::new(options.threads.max(1), wanted),
        plan,
        options,
        each,
        totals: Totals::default(),
        open: BTreeMap::new(),
        over_time: OverTime::new(&options.correlate)?,
        rules: follow.rules,
        idle: follow.idle,
    };
    let ended = |scan: &Scan<'_>, end| Outcome { totals: scan.totals, end, stream: scan.over_time.stats() };
    if let Some(fixed) = scan.plan.fixed()
        && scan.compile(fixed)?.is_break()
    {
        return Ok(ended(&scan, End::Receiver));
    }
    if scan.prepare()?.is_break() {
        return Ok(ended(&scan, End::Receiver));
    }
    let mut feed = Feed::start(files, options);
    let end = if feed.follows() { scan.follow(&mut feed)? } else { scan.read(&mut feed)? };
    // An interrupted feed ends early, and then this is why.
    let end = if options.stop.load(Ordering::Relaxed) { End::Interrupted } else { end };
    let end = scan.conclude(end)?;
    if wanted.profile {
        // Nothing comes after it that could be broken off.
        let _ = (scan.each)(Notice::Profile(scan.workers.profile()));
    }
    Ok(ended(&scan, end))
}

struct Scan<'a> {
    plan: &'a mut Plan,
    options: &'a ScanOptions,
    each: &'a mut dyn FnMut(Notice<'_>) -> ControlFlow<()>,
    workers: Workers,
    totals: Totals,
    /// The files being read: one, or all that are followed.
    open: BTreeMap<u32, OpenFile>,
    /// Correlations and their state.
    over_time: OverTime,
    /// Rules that are watched.
    rules: Option<RuleWatch>,
    /// How long to wait for more.
    idle: Option<Duration>,
}

/// A file being read.
struct OpenFile {
    name: String,
    /// By which its events are numbered, and where it is noted how far it was read.
    number: u64,
    mark: Option<usize>,
    /// The last line that an earlier scan has read.
    read: u64,
    format: Format,
    /// Bytes of it so far.
    bytes: u64,
    /// The source of the first event of the file that had one.
    main: Option<SourceId>,
    /// The sources met in the file.
    met: Vec<SourceId>,
}

type Step = ControlFlow<End>;

fn asked(flow: ControlFlow<()>) -> Step {
    flow.map_break(|()| End::Receiver)
}

impl Scan<'_> {
    fn read(&mut self, feed: &mut Feed) -> Result<End, PlanError> {
        loop {
            if self.options.stop.load(Ordering::Relaxed) {
                return Ok(End::Interrupted);
            }
            let Some(message) = feed.next() else { return Ok(End::Finished) };
            if let ControlFlow::Break(end) = self.message(message, feed)? {
                return Ok(end);
            }
        }
    }

    fn message(&mut self, message: Message, feed: &mut Feed) -> Result<Step, PlanError> {
        match message {
            Message::Opened { at, file, format } => {
                self.totals.files += 1;
                let step = asked((self.each)(Notice::Opened { file: &file, format }));
                let (number, mark, read) = self.over_time.open(&file);
                let file = OpenFile { name: file, number, mark, read, format, bytes: 0, main: None, met: Vec::new() };
                self.open.insert(at, file);
                Ok(step)
            }
            Message::Batch { at, batch, faults, bytes } => {
                // INVARIANT: batches come after their file was opened and before it is closed.
                let Some(mut file) = self.open.remove(&at) else { return Ok(Step::Continue(())) };
                let step = self.batch(&mut file, &batch, &faults)?;
                feed.give_back(batch, faults);
                self.totals.bytes += bytes.saturating_sub(file.bytes);
                file.bytes = bytes;
                self.open.insert(at, file);
                if step.is_break() {
                    return Ok(step);
                }
                let Totals { bytes, events, .. } = self.totals;
                Ok(asked((self.each)(Notice::Progress { bytes, events })))
            }
            Message::Closed { at } => {
                self.open.remove(&at);
                Ok(Step::Continue(()))
            }
            Message::Changed { file, change } => Ok(asked((self.each)(Notice::Changed { file: &file, change }))),
            Message::Incomplete => {
                self.totals.bad_files += 1;
                Ok(Step::Continue(()))
            }
            Message::Failed(error) => {
                self.totals.bad_files += 1;
                let step = asked((self.each)(Notice::BadFile(&error)));
                Ok(if self.options.faults == OnFault::Stop { Step::Break(End::Fault) } else { step })
            }
            Message::Quiet => {
                self.over_time.rest()?;
                Ok(Step::Continue(()))
            }
            Message::End => Ok(Step::Continue(())),
        }
    }

    fn batch(&mut self, file: &mut OpenFile, batch: &Batch, faults: &[Fault]) -> Result<Step, PlanError> {
        let numbers = || batch.iter().map(|record| record.number).chain(faults.iter().map(|fault| fault.number));
        let new = numbers().filter(|number| *number > file.read).count();
        if new == 0 {
            return Ok(Step::Continue(()));
        }
        let last = numbers().max().unwrap_or(0);
        if self.choose_sources(file, batch)?.is_break() {
            return Ok(Step::Break(End::Receiver));
        }
        if let Step::Break(end) = self.prepare()? {
            return Ok(Step::Break(end));
        }
        self.totals.events += new as u64;
        let sighting = self.over_time.sighting();
        let (hits, seen) =
            self.workers.evaluate(batch, file.number, &self.options.select, self.plan, sighting.as_ref());
        let mut faults = faults.iter().filter(|fault| fault.number > file.read).peekable();
        for event in &hits {
            let line = batch.record(event.at as usize).number;
            if line <= file.read {
                continue;
            }
            while let Some(fault) = faults.next_if(|fault| fault.number <= line) {
                if let Step::Break(end) = self.fault(file, fault) {
                    return Ok(Step::Break(end));
                }
            }
            if let Step::Break(end) = self.event(file, batch, event) {
                return Ok(Step::Break(end));
            }
        }
        for fault in faults {
            if let Step::Break(end) = self.fault(file, fault) {
                return Ok(Step::Break(end));
            }
        }
        self.over_time.note(file.mark, last);
        self.correlate(file, batch, seen)
    }

    /// Finds the source of every event of a batch and compiles the forms that are new.
    fn choose_sources(&mut self, file: &mut OpenFile, batch: &Batch) -> Result<ControlFlow<()>, PlanError> {
        if batch.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let as_is = self.plan.as_is();
        if file.main.is_none() && self.plan.fixed().is_none() {
            file.main = batch.iter().map(|record| self.plan.choose(record.bytes, None)).find(|id| *id != as_is);
        }
        let found = self.workers.choose(batch, self.plan, file.main);
        for id in found {
            if file.met.contains(&id) {
                continue;
            }
            file.met.push(id);
            // Single events of no source in a file that has one are not worth a word.
            if self.plan.fixed().is_none() && (id != as_is || file.main.is_none()) {
                let notice = Notice::Source { file: &file.name, source: self.plan.source(id) };
                if (self.each)(notice).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if self.compile(id)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn compile(&mut self, id: SourceId) -> Result<ControlFlow<()>, PlanError> {
        if self.plan.compile(id)? {
            return Ok((self.each)(Notice::Compiled { id, plan: self.plan }));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn event(&mut self, file: &OpenFile, batch: &Batch, event: &EventHits) -> Step {
        let record = batch.record(event.at as usize);
        if let Some(error) = &event.error {
            let (byte, message) = (error.byte(), error.to_string());
            let plain = byte.and_then(|byte| message.strip_suffix(&format!(" at byte {byte}")));
            return match plain {
                // A byte of what was made of the row or record stands nowhere in the file.
                Some(plain) if !file.format.is_json() => self.bad(file, record.number, None, plain),
                _ => self.bad(file, record.number, byte.map(|byte| byte as u64), &message),
            };
        }
        let Some(rules) = self.plan.rules(event.source) else { return Step::Continue(()) };
        let source = self.plan.source(event.source).map(|source| source.name());
        let raw = if self.options.event == Detail::Included { raw_event(record.bytes) } else { None };
        for (rule, evidence) in &event.rules {
            self.totals.detections += 1;
            let mut found = Found::new(rules.rule(*rule as usize), &file.name, record.number);
            found.time = event.time.as_deref();
            found.host = event.host.as_deref();
            found.source = source;
            found.evidence = evidence.as_ref();
            found.event.clone_from(&raw);
            if (self.each)(Notice::Found(found)).is_break() {
                return Step::Break(End::Receiver);
            }
        }
        Step::Continue(())
    }

    fn fault(&mut self, file: &OpenFile, fault: &Fault) -> Step {
        self.bad(file, fault.number, fault.byte, &fault.message)
    }

    fn bad(&mut self, file: &OpenFile, line: u64, byte: Option<u64>, message: &str) -> Step {
        self.totals.bad_events += 1;
        let step = asked((self.each)(Notice::BadEvent(BadEvent { file: &file.name, line, byte, message })));
        if self.options.faults == OnFault::Stop { Step::Break(End::Fault) } else { step }
    }
}
