//! Events that lie in memory, against rules.
//!
//! ```text
//!  {"a":1}\n{"a":2}\n…  ─▶ pieces that end with a line ─▶ a worker for each thread ─▶ hits in the order of the events
//! ```
//!
//! An event that cannot be read is told beside the hits and ends nothing. Where a line lies is told by its number alone.

use super::findings::FaultRecord;
use super::options::ScanOptions;
use super::{Error, Kind, RuleSet, threads};
use crate::scan::Select;
use crate::source::SourceId;
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tieline::stream::Sighting;
use tieline::{Detection, Evidence, JsonEvent, LogSource, Rules, Scanner};

/// Bytes of a piece that one thread takes.
const PIECE_BYTES: usize = 1 << 18;

/// Events of a piece, where events come one by one.
const PIECE_EVENTS: usize = 256;

/// For scans that nobody stops.
static NEVER: AtomicBool = AtomicBool::new(false);

/// One rule that matched one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The number of the event, from 0; of lines, unreadable and empty ones are counted too.
    pub event: u64,
    /// The rule's position in its form.
    pub rule: u32,
    /// The form of the rules.
    pub form: u32,
}

/// What a scan found.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// Events that were looked at, unreadable ones among them.
    pub events: u64,
    /// Rules that matched, in the order of the events.
    pub hits: Vec<Hit>,
    /// Why each of them did; empty unless it was asked for.
    pub evidence: Vec<Evidence>,
    /// Events that cannot be read.
    pub faults: Vec<FaultRecord>,
}

/// What is asked, read once for many events.
#[derive(Debug)]
pub(super) struct Ask {
    select: Option<Select>,
    source: Option<LogSource>,
    evidence: bool,
    threads: usize,
    /// Whether what only a correlation is to tell is left to it.
    is_over_time: bool,
}

impl Ask {
    pub(super) fn new(options: &ScanOptions, rules: &RuleSet) -> Result<Self, Error> {
        let select = options.select(rules)?;
        let is_all = select == Select::default();
        let (source, threads) = (options.source(), options.threads());
        let select = (!is_all).then_some(select);
        Ok(Self { select, source, evidence: options.evidence, threads, is_over_time: false })
    }

    pub(super) fn for_stream(options: &ScanOptions, rules: &RuleSet) -> Result<Self, Error> {
        Ok(Self { is_over_time: true, ..Self::new(options, rules)? })
    }

    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    pub(super) fn wants_evidence(&self) -> bool {
        self.evidence
    }

    /// The rules of a form that are told; `None` when all are.
    fn taken(&self, rules: &Rules) -> Option<Vec<bool>> {
        let takes = |rule| self.select.as_ref().is_none_or(|select| select.takes(rule));
        let tells = |rule: &tieline::RuleInfo<'_>| !self.is_over_time || rule.alerts();
        let taken: Vec<bool> = rules.iter().map(|rule| tells(&rule) && takes(rule)).collect();
        taken.contains(&false).then_some(taken)
    }

    /// Whether all rules are told, whatever they are.
    fn takes_all(&self) -> bool {
        self.select.is_none() && !self.is_over_time
    }
}

/// Scanners of one thread, one for each form of the rules.
#[derive(Debug, Default)]
pub(super) struct Worker {
    of_lines: Forms,
    /// PERF: what is remembered of values that are written as JSON is of no use for those of tables, and would only take the room of theirs.
    of_tables: Forms,
    likely: Option<SourceId>,
}

/// Scanners by the form of the rules.
#[derive(Debug, Default)]
struct Forms(Vec<Option<Form>>);

#[derive(Debug)]
pub(super) struct Form {
    pub(super) scanner: Scanner,
    /// The rules that are of interest, when not all of them are.
    pub(super) taken: Option<Vec<bool>>,
}

impl Form {
    fn new(rules: &Rules, ask: &Ask) -> Self {
        let mut form = Self { scanner: Scanner::new(rules), taken: None };
        form.begin(rules, ask);
        form
    }

    fn begin(&mut self, rules: &Rules, ask: &Ask) {
        self.scanner.set_source(ask.source.clone());
        self.taken = if ask.takes_all() { None } else { ask.taken(rules) };
    }
}

impl Forms {
    fn begin(&mut self, rules: &RuleSet, ask: &Ask) {
        for (at, form) in self.0.iter_mut().enumerate() {
            if let (Some(form), Some(rules)) = (form, rules.form(SourceId::at(at))) {
                form.begin(rules, ask);
            }
        }
    }

    fn get(&mut self, rules: &RuleSet, ask: &Ask, id: SourceId) -> Option<&mut Form> {
        let index = id.index();
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        let place = self.0.get_mut(index)?;
        match place {
            Some(form) => Some(form),
            none => Some(none.insert(Form::new(rules.form(id)?, ask))),
        }
    }
}

impl Worker {
    pub(super) fn begin(&mut self, rules: &RuleSet, ask: &Ask) {
        self.of_lines.begin(rules, ask);
        self.of_tables.begin(rules, ask);
    }

    pub(super) fn form(&mut self, rules: &RuleSet, ask: &Ask, id: SourceId) -> Option<&mut Form> {
        self.of_lines.get(rules, ask, id)
    }

    /// The scanners for rows of tables.
    pub(super) fn form_of_tables(&mut self, rules: &RuleSet, ask: &Ask, id: SourceId) -> Option<&mut Form> {
        self.of_tables.get(rules, ask, id)
    }

    /// The scanners for one event.
    fn for_event(&mut self, rules: &RuleSet, ask: &Ask, bytes: &[u8]) -> Result<Option<(SourceId, &mut Form)>, Error> {
        let id = rules.choose(bytes, self.likely)?;
        self.likely = Some(id);
        Ok(self.form(rules, ask, id).map(|form| (id, form)))
    }

    /// Looks at one event.
    pub(super) fn scan(
        &mut self,
        rules: &RuleSet,
        ask: &Ask,
        bytes: &[u8],
        number: u64,
        found: &mut Scan,
    ) -> Result<(), Error> {
        let Some((id, Form { scanner, taken })) = self.for_event(rules, ask, bytes)? else { return Ok(()) };
        found.add(scanner.scan_json(bytes)?, taken.as_deref(), ask, Place { id, bytes, number });
        Ok(())
    }

    /// Looks at one event, also for what it means to correlations.
    pub(super) fn sight(
        &mut self,
        rules: &RuleSet,
        ask: &Ask,
        bytes: &[u8],
        sighting: &mut Sighting,
        number: u64,
        found: &mut Scan,
    ) -> Result<(), Error> {
        let Some((id, Form { scanner, taken })) = self.for_event(rules, ask, bytes)? else { return Ok(()) };
        let detections = scanner.sight_json(bytes, number, sighting)?;
        found.add(detections, taken.as_deref(), ask, Place { id, bytes, number });
        Ok(())
    }

    fn scan_all<'e>(
        &mut self,
        rules: &RuleSet,
        ask: &Ask,
        stop: &AtomicBool,
        events: impl Iterator<Item = (u64, &'e [u8])>,
    ) -> Result<Scan, Error> {
        let mut found = Scan::default();
        for (number, bytes) in events {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::new(Kind::Cancelled, "the scan was cancelled"));
            }
            found.events += 1;
            match self.scan(rules, ask, bytes, number, &mut found) {
                Err(error) if error.kind() == Kind::Event => found.faults.push(FaultRecord::new(number, &error)),
                other => other?,
            }
        }
        Ok(found)
    }
}

/// An event that is looked at.
pub(super) struct Place<'e> {
    pub(super) id: SourceId,
    pub(super) bytes: &'e [u8],
    pub(super) number: u64,
}

impl Scan {
    pub(super) fn add<'d>(
        &mut self,
        detections: impl ExactSizeIterator<Item = Detection<'d>>,
        taken: Option<&[bool]>,
        ask: &Ask,
        at: Place<'_>,
    ) {
        if detections.len() == 0 {
            return;
        }
        let tree = if ask.evidence { JsonEvent::parse(at.bytes).ok() } else { None };
        for detection in detections {
            if taken.is_some_and(|taken| !taken.get(detection.index()).is_some_and(|taken| *taken)) {
                continue;
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the engine counts rules in 32 bits, and forms are few"
            )]
            let (rule, form) = (detection.index() as u32, at.id.index() as u32);
            self.hits.push(Hit { event: at.number, rule, form });
            self.evidence.extend(tree.as_ref().map(|tree| detection.evidence(tree)));
        }
    }

    /// Puts what was found from a hit on in the order of the events.
    pub(super) fn sort_from(&mut self, first: usize) {
        let hits = self.hits.split_off(first);
        let evidence = self.evidence.split_off(first.min(self.evidence.len()));
        let mut order: Vec<usize> = (0..hits.len()).collect();
        order.sort_by_key(|at| hits.get(*at).map(|hit| hit.event));
        self.hits.extend(order.iter().filter_map(|at| hits.get(*at)));
        self.evidence.extend(order.iter().filter_map(|at| evidence.get(*at).cloned()));
    }

    /// Adds what was found in the events behind.
    pub fn append(&mut self, mut other: Self) {
        self.events += other.events;
        self.hits.append(&mut other.hits);
        self.evidence.append(&mut other.evidence);
        self.faults.append(&mut other.faults);
    }
}

/// The events of a text with one JSON object a line, with their line numbers from 0. Blank lines hold none.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = Some(text);
    let lines = std::iter::from_fn(move || {
        let text = rest.take()?;
        match memchr::memchr(b'\n', text) {
            Some(end) => {
                rest = text.get(end + 1..);
                text.get(..end)
            }
            None => Some(text),
        }
    });
    (0..).zip(lines).filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
}

/// Cuts a text behind ends of lines.
fn pieces(text: &[u8]) -> Vec<&[u8]> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while rest.len() > PIECE_BYTES {
        let Some((_, tail)) = rest.split_at_checked(PIECE_BYTES) else { break };
        let Some(end) = memchr::memchr(b'\n', tail) else { break };
        let (piece, others) = rest.split_at(PIECE_BYTES + end + 1);
        pieces.push(piece);
        rest = others;
    }
    pieces.push(rest);
    pieces
}

/// Refuses a text that holds events in another way than one a line, where it can be seen at once.
pub(super) fn check_lines(text: &[u8]) -> Result<(), Error> {
    let fault = |message: &str| Err(Error::new(Kind::Event, message));
    match text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text).trim_ascii_start() {
        [b'[', ..] => {
            fault("the text is a JSON array; give its members as a list of events, or write one object a line")
        }
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            fault("the bytes are compressed; unpack them, or scan the file")
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => fault("the text is UTF-16; give UTF-8, or scan the file"),
        [b'E', b'l', b'f', b'F', b'i', b'l', b'e', ..] => fault("the bytes are an EVTX file; scan the file"),
        _ => Ok(()),
    }
}

impl RuleSet {
    /// Scans one event.
    ///
    /// # Errors
    /// When it cannot be read, or an option is wrong.
    pub fn scan(&self, event: &[u8], options: &ScanOptions) -> Result<Scan, Error> {
        let ask = Ask::new(options, self)?;
        let mut found = Scan { events: 1, ..Scan::default() };
        self.with_worker(&ask, |worker| worker.scan(self, &ask, event, 0, &mut found))?;
        Ok(found)
    }

    /// Scans a text with one JSON object a line. Events are numbered by their lines.
    ///
    /// # Errors
    /// When an option is wrong, or the text is no such text at all. Single events that cannot be read are told in the
    /// answer.
    pub fn scan_lines(&self, text: &[u8], options: &ScanOptions) -> Result<Scan, Error> {
        self.scan_lines_until(text, options, &NEVER)
    }

    /// The same, until `stop` is set.
    ///
    /// # Errors
    /// As for [`scan_lines`](Self::scan_lines), and when it was stopped.
    pub fn scan_lines_until(&self, text: &[u8], options: &ScanOptions, stop: &AtomicBool) -> Result<Scan, Error> {
        let ask = Ask::new(options, self)?;
        check_lines(text)?;
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        if ask.threads == 1 || text.len() <= PIECE_BYTES {
            return self.with_worker(&ask, |worker| worker.scan_all(self, &ask, stop, lines(text)));
        }
        // Else each thread compiles the form that nearly all events want.
        if let Some((_, first)) = lines(text).next() {
            self.choose(first, None)?;
        }
        let pieces = pieces(text);
        // Lines are counted within their piece first, and moved on by those before it.
        let scan = |piece: &&[u8]| {
            let found = self.with_worker(&ask, |worker| worker.scan_all(self, &ask, stop, lines(piece)))?;
            Ok((found, memchr::memchr_iter(b'\n', piece).count() as u64))
        };
        let found: Vec<Result<(Scan, u64), Error>> =
            threads::run(ask.threads, || pieces.par_iter().with_max_len(1).map(scan).collect())?;
        let (mut all, mut before) = (Scan::default(), 0);
        for piece in found {
            let (mut found, count) = piece?;
            found.hits.iter_mut().for_each(|hit| hit.event += before);
            found.faults.iter_mut().for_each(|fault| fault.event_index += before);
            before += count;
            all.append(found);
        }
        Ok(all)
    }

    /// Scans events that are JSON objects of their own.
    ///
    /// # Errors
    /// When an option is wrong. Single events that cannot be read are told in the answer.
    pub fn scan_events(&self, events: &[&[u8]], options: &ScanOptions) -> Result<Scan, Error> {
        self.scan_events_until(events, options, &NEVER)
    }

    /// The same, until `stop` is set.
    ///
    /// # Errors
    /// As for [`scan_events`](Self::scan_events), and when it was stopped.
    pub fn scan_events_until(&self, events: &[&[u8]], options: &ScanOptions, stop: &AtomicBool) -> Result<Scan, Error> {
        let ask = Ask::new(options, self)?;
        let scan = |(piece, events): (usize, &[&[u8]])| {
            let first = (piece * PIECE_EVENTS) as u64;
            self.with_worker(&ask, |worker| worker.scan_all(self, &ask, stop, (first..).zip(events.iter().copied())))
        };
        if ask.threads == 1 || events.len() <= PIECE_EVENTS {
            return self
                .with_worker(&ask, |worker| worker.scan_all(self, &ask, stop, (0..).zip(events.iter().copied())));
        }
        if let Some(first) = events.first() {
            self.choose(first, None)?;
        }
        let found: Vec<Result<Scan, Error>> =
            threads::run(ask.threads, || events.par_chunks(PIECE_EVENTS).enumerate().map(scan).collect())?;
        found.into_iter().try_fold(Scan::default(), |mut all, found| {
            all.append(found?);
            Ok(all)
        })
    }

    /// A worker that is ready for what is asked.
    pub(super) fn worker(&self, ask: &Ask) -> Worker {
        let mut worker = self.take_worker();
        worker.begin(self, ask);
        worker
    }

    pub(super) fn with_worker<R>(&self, ask: &Ask, work: impl FnOnce(&mut Worker) -> R) -> R {
        let mut worker = self.worker(ask);
        let answer = work(&mut worker);
        self.give_back(worker);
        answer
    }
}

/// Scans one event after the other on one thread, with no more than the rules cost.
#[derive(Debug)]
pub struct EventScanner {
    rules: Arc<RuleSet>,
    ask: Ask,
    worker: Worker,
    found: Scan,
}

impl EventScanner {
    /// A scanner for rules.
    ///
    /// # Errors
    /// When an option is wrong.
    pub fn new(rules: Arc<RuleSet>, options: &ScanOptions) -> Result<Self, Error> {
        let ask = Ask::new(options, &rules)?;
        Ok(Self { worker: rules.worker(&ask), ask, rules, found: Scan::default() })
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// What the latest event matched.
    #[must_use]
    pub fn found(&self) -> &Scan {
        &self.found
    }

    /// What matches an event; it stays until the next one is scanned. Events are numbered from 0.
    ///
    /// # Errors
    /// When it cannot be read. It has its number all the same.
    pub fn scan(&mut self, event: &[u8]) -> Result<&Scan, Error> {
        let Self { rules, ask, worker, found } = self;
        let number = found.events;
        found.events += 1;
        found.hits.clear();
        found.evidence.clear();
        worker.scan(rules, ask, event, number, found)?;
        Ok(found)
    }
}
