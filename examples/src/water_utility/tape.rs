//! The tape: every event of the story, in any order while it is played, in time order when it is written.
//!
//! ```text
//! put(at, log, record) ... ──▶ sort by time ──▶ one file per log ──▶ truth.json: step ──▶ file, line
//! ```
//!
//! It does not make events up; it sorts, numbers and writes them.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::clock::Moment;
use super::record::{Datum, Record};
use super::steps::STEPS;
use super::{File, Options, Span, zeek};

/// Which file an event goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Log {
    /// `windows.ndjson`
    Windows,
    /// `conn.log`
    Conn,
    /// `dns.log`
    Dns,
    /// `modbus.log`
    Modbus,
    /// `zeek_json.ndjson`
    ZeekJson,
}

impl Log {
    const ALL: [Log; 5] = [Log::Windows, Log::Conn, Log::Dns, Log::Modbus, Log::ZeekJson];

    fn file_name(self) -> &'static str {
        match self {
            Log::Windows => "windows.ndjson",
            Log::Conn => "conn.log",
            Log::Dns => "dns.log",
            Log::Modbus => "modbus.log",
            Log::ZeekJson => "zeek_json.ndjson",
        }
    }

    /// The columns of a Zeek table; `None` for a file of JSON lines.
    fn table(self) -> Option<zeek::Table> {
        match self {
            Log::Windows | Log::ZeekJson => None,
            Log::Conn => Some(zeek::CONN),
            Log::Dns => Some(zeek::DNS),
            Log::Modbus => Some(zeek::MODBUS),
        }
    }
}

/// One event and where it belongs.
struct Entry {
    at: Moment,
    log: Log,
    record: Record,
    step: Option<usize>,
}

/// All events so far.
#[derive(Default)]
pub(crate) struct Tape(Vec<Entry>);

/// What an actor plays on: the tape and the actor's own stream of chance.
pub(crate) struct Stage<'t> {
    tape: &'t mut Tape,
    /// The actor's own randomness.
    pub(crate) chance: Chance,
    /// Position in [`STEPS`] of the step that is being played; `None` for ordinary work.
    pub(crate) step: Option<usize>,
}

impl<'t> Stage<'t> {
    /// A stage for one actor.
    pub(crate) fn new(tape: &'t mut Tape, chance: Chance) -> Self {
        Stage { tape, chance, step: None }
    }

    /// Puts one event on the tape.
    pub(crate) fn put(&mut self, at: Moment, log: Log, record: Record) {
        self.tape.0.push(Entry { at, log, record, step: self.step });
    }
}

impl Tape {
    /// Sorts the tape and writes all files. What lies outside the span is cut off, as a sensor would.
    pub(crate) fn into_files(mut self, options: Options, span: Span) -> Vec<File> {
        self.0.retain(|entry| span.holds(entry.at));
        // Stable: events of one moment stay in the order in which they were played.
        self.0.sort_by_key(|entry| entry.at);
        let mut record_ids = BTreeMap::new();
        let mut places: Vec<Vec<Record>> = STEPS.iter().map(|_| Vec::new()).collect();
        let mut begun: Vec<Option<Moment>> = STEPS.iter().map(|_| None).collect();
        let mut texts: BTreeMap<Log, (String, i64)> = BTreeMap::new();
        for log in Log::ALL {
            let head = log.table().map_or_else(String::new, |table| table.head(span.start));
            let lines = head.lines().count();
            texts.insert(log, (head, i64::try_from(lines).unwrap_or(0)));
        }
        for entry in self.0 {
            let Some((text, line)) = texts.get_mut(&entry.log) else { continue };
            let written = match entry.log.table() {
                Some(table) => entry.record.row(table.columns),
                None if entry.log == Log::Windows => number(entry.record, &mut record_ids).json(),
                None => entry.record.json(),
            };
            text.push_str(&written);
            text.push('\n');
            *line += 1;
            let Some(step) = entry.step else { continue };
            if let (Some(place), Some(begin)) = (places.get_mut(step), begun.get_mut(step)) {
                place.push(Record::default().with("file", entry.log.file_name()).with("line", *line));
                begin.get_or_insert(entry.at);
            }
        }
        let mut files: Vec<File> = Vec::new();
        for (log, (mut text, _)) in texts {
            if log.table().is_some() {
                text.push_str(&zeek::tail(span.end()));
            }
            files.push(File { name: log.file_name(), bytes: text.into_bytes() });
        }
        let truth = truth(options, span, places, begun).json_pretty() + "\n";
        files.push(File { name: "truth.json", bytes: truth.into_bytes() });
        files
    }
}

/// Gives a Windows event the next number of its host's log.
fn number(record: Record, record_ids: &mut BTreeMap<(String, String), i64>) -> Record {
    let key = (record.text("Computer").to_owned(), record.text("Channel").to_owned());
    // Logs of living hosts do not begin at one.
    let first = i64::try_from(super::chance::hash(&format!("{}{}", key.0, key.1)) % 900_000).unwrap_or(0);
    let id = record_ids.entry(key).or_insert(first);
    *id += 1;
    record.with("EventRecordID", *id)
}

fn truth(options: Options, span: Span, places: Vec<Vec<Record>>, begun: Vec<Option<Moment>>) -> Record {
    let owned = |texts: &[&str]| Datum::List(texts.iter().map(|text| (*text).to_owned()).collect());
    let steps = STEPS
        .iter()
        .zip(places)
        .zip(begun)
        .map(|((step, events), begin)| {
            Record::default()
                .with("step", step.name)
                .with("title", step.title)
                .with("begins", begin.unwrap_or(span.start).windows())
                .with("techniques", owned(step.techniques))
                .with("rules", owned(step.rules))
                .with("events", Datum::Records(events))
        })
        .collect();
    Record::default()
        .with("story", "water-utility")
        .with("seed", options.seed.to_string())
        .with("hours", i64::from(options.hours))
        .with("begins", span.start.windows())
        .with("ends", span.end().windows())
        .with("steps", Datum::Records(steps))
}
