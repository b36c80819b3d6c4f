//! Scans files with a plan, and hands out what is found in the order of the events.
//!
//! ```text
//!  files ─▶ feed: reads ahead ─▶ batch ─▶ workers: split over threads ─▶ Notice::Found, Notice::BadEvent, ...
//!           one thread                    one scanner each                in the order of files and lines
//! ```
//!
//! Two batches are held at a time, so memory does not depend on the size of files, and the order of what is
//! handed out does not depend on the number of threads. Printing is the caller's.

mod feed;
mod workers;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use tieline::{Level, Profile, RuleInfo};

use crate::input::{Batch, Fault, Format, InputError, InputOptions};
use crate::record::{BadEvent, Found, identity, raw_event};
use crate::source::{Known, Plan, SourceId};
use feed::{Feed, Message};
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
    /// Set by someone else to end the scan early.
    pub stop: Arc<AtomicBool>,
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
        let level = self.level_min.is_none_or(|least| rule.level().is_some_and(|level| level >= least));
        let tag =
            self.tags.is_empty() || self.tags.iter().any(|wanted| rule.tags().iter().any(|tag| is_below(tag, wanted)));
        let named = |name: &String| identity(rule) == Some(name) || rule.title() == *name;
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
    /// A rule matched an event.
    Found(Found<'a>),
    /// An event cannot be read.
    BadEvent(BadEvent<'a>),
    /// A file cannot be read, or not further.
    BadFile(&'a InputError),
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
    /// Bytes of the files as stored.
    pub bytes: u64,
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

/// Scans files in the order given. `-` is standard input.
///
/// `each` is called on the calling thread with everything that is found; when it breaks, the scan ends.
///
/// # Errors
/// When a pipeline or an option turns out to be broken.
pub fn scan(
    plan: &mut Plan,
    files: &[PathBuf],
    options: &ScanOptions,
    each: &mut dyn FnMut(Notice<'_>) -> ControlFlow<()>,
) -> Result<(Totals, End), tieline::Error> {
    let wanted =
        Wanted { evidence: options.evidence == Detail::Included, profile: options.profile == Detail::Included };
    let mut scan = Scan {
        workers: Workers::new(options.threads.max(1), wanted),
        plan,
        options,
        each,
        totals: Totals::default(),
        bytes_of_files: 0,
        file: String::new(),
        format: None,
        main: None,
        met: Vec::new(),
    };
    if let Some(fixed) = scan.plan.fixed()
        && scan.compile(fixed)?.is_break()
    {
        return Ok((scan.totals, End::Receiver));
    }
    let mut feed = Feed::start(files, options);
    let end = loop {
        if options.stop.load(Ordering::Relaxed) {
            break End::Interrupted;
        }
        let Some(message) = feed.next() else { break End::Finished };
        match scan.message(message, &mut feed)? {
            ControlFlow::Continue(()) => {}
            ControlFlow::Break(end) => break end,
        }
    };
    if wanted.profile {
        // Nothing comes after it that could be broken off.
        let _ = (scan.each)(Notice::Profile(scan.workers.profile()));
    }
    // An interrupted feed ends early, and then this is why.
    let end = if options.stop.load(Ordering::Relaxed) { End::Interrupted } else { end };
    Ok((scan.totals, end))
}

struct Scan<'a> {
    plan: &'a mut Plan,
    options: &'a ScanOptions,
    each: &'a mut dyn FnMut(Notice<'_>) -> ControlFlow<()>,
    workers: Workers,
    totals: Totals,
    /// Bytes of the files before the present one.
    bytes_of_files: u64,
    file: String,
    format: Option<Format>,
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
    fn message(&mut self, message: Message, feed: &mut Feed) -> Result<Step, tieline::Error> {
        match message {
            Message::Opened { file, format } => {
                self.file = file;
                self.format = Some(format);
                self.bytes_of_files = self.totals.bytes;
                self.main = None;
                self.met.clear();
                self.totals.files += 1;
                Ok(asked((self.each)(Notice::Opened { file: &self.file, format })))
            }
            Message::Batch { batch, faults, bytes } => {
                let step = self.batch(&batch, &faults)?;
                feed.give_back(batch, faults);
                self.totals.bytes = self.bytes_of_files + bytes;
                if step.is_break() {
                    return Ok(step);
                }
                let Totals { bytes, events, .. } = self.totals;
                Ok(asked((self.each)(Notice::Progress { bytes, events })))
            }
            Message::Incomplete => {
                self.totals.bad_files += 1;
                Ok(Step::Continue(()))
            }
            Message::Failed(error) => {
                self.totals.bad_files += 1;
                let step = asked((self.each)(Notice::BadFile(&error)));
                Ok(if self.options.faults == OnFault::Stop { Step::Break(End::Fault) } else { step })
            }
        }
    }

    fn batch(&mut self, batch: &Batch, faults: &[Fault]) -> Result<Step, tieline::Error> {
        if self.choose_sources(batch)?.is_break() {
            return Ok(Step::Break(End::Receiver));
        }
        self.totals.events += (batch.len() + faults.len()) as u64;
        let hits = self.workers.evaluate(batch, &self.options.select, self.plan);
        let mut faults = faults.iter().peekable();
        for event in &hits {
            let line = batch.record(event.at as usize).number;
            while let Some(fault) = faults.next_if(|fault| fault.number <= line) {
                if let Step::Break(end) = self.fault(fault) {
                    return Ok(Step::Break(end));
                }
            }
            if let Step::Break(end) = self.event(batch, event) {
                return Ok(Step::Break(end));
            }
        }
        for fault in faults {
            if let Step::Break(end) = self.fault(fault) {
                return Ok(Step::Break(end));
            }
        }
        Ok(Step::Continue(()))
    }

    /// Finds the source of every event of a batch and compiles the forms that are new.
    fn choose_sources(&mut self, batch: &Batch) -> Result<ControlFlow<()>, tieline::Error> {
        if batch.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let as_is = self.plan.as_is();
        if self.main.is_none() && self.plan.fixed().is_none() {
            self.main = batch.iter().map(|record| self.plan.choose(record.bytes, None)).find(|id| *id != as_is);
        }
        let found = self.workers.choose(batch, self.plan, self.main);
        for id in found {
            if self.met.contains(&id) {
                continue;
            }
            self.met.push(id);
            // Single events of no source in a file that has one are not worth a word.
            if self.plan.fixed().is_none() && (id != as_is || self.main.is_none()) {
                let notice = Notice::Source { file: &self.file, source: self.plan.source(id) };
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

    fn compile(&mut self, id: SourceId) -> Result<ControlFlow<()>, tieline::Error> {
        if self.plan.compile(id)? {
            return Ok((self.each)(Notice::Compiled { id, plan: self.plan }));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn event(&mut self, batch: &Batch, event: &EventHits) -> Step {
        let record = batch.record(event.at as usize);
        if let Some(error) = &event.error {
            let (byte, message) = (error.byte(), error.to_string());
            let plain = byte.and_then(|byte| message.strip_suffix(&format!(" at byte {byte}")));
            return match plain {
                // A byte of what was made of the row or record stands nowhere in the file.
                Some(plain) if !self.format.is_some_and(Format::is_json) => self.bad(record.number, None, plain),
                _ => self.bad(record.number, byte.map(|byte| byte as u64), &message),
            };
        }
        let Some(rules) = self.plan.rules(event.source) else { return Step::Continue(()) };
        let source = self.plan.source(event.source).map(|source| source.name());
        let raw = if self.options.event == Detail::Included { raw_event(record.bytes) } else { None };
        for (rule, evidence) in &event.rules {
            self.totals.detections += 1;
            let mut found = Found::new(rules.rule(*rule as usize), &self.file, record.number);
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

    fn fault(&mut self, fault: &Fault) -> Step {
        self.bad(fault.number, fault.byte, &fault.message)
    }

    fn bad(&mut self, line: u64, byte: Option<u64>, message: &str) -> Step {
        self.totals.bad_events += 1;
        let step = asked((self.each)(Notice::BadEvent(BadEvent { file: &self.file, line, byte, message })));
        if self.options.faults == OnFault::Stop { Step::Break(End::Fault) } else { step }
    }
}
