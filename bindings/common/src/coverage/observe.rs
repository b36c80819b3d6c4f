//! Which logs, fields and operations events hold, in bounded memory.
//!
//! ```text
//! event ─▶ source, log kind ("zeek", "modbus"), fields that rules ask for ─▶ one row of counts for each kind
//!       └▶ records ot.* ─▶ sensor and protocol        port of the server ─▶ protocols of that port
//! ```
//!
//! Only fields that some rule asks for are counted. Beyond [`KINDS_MAX`] kinds, further ones are counted together, and
//! are taken to have every field. What rules make of it is decided elsewhere.

use super::attack::rows;
use super::ports;
use crate::peek::{Nulls, Peek};
use crate::source::{Plan, SourceId};
use crate::time;
use serde::Serialize;
use serde_json::Map;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tieline::{EventError, JsonEvent, Normaliser};

/// Kinds of logs that are told apart.
pub const KINDS_MAX: usize = 4096;

/// Places of events that nothing recognised.
const PLACES_MAX: usize = 5;

/// Characters of the text that names a kind.
const KIND_CHARS_MAX: usize = 128;

/// Sensors and protocols that are told apart; tables that a caller brings may have any number.
const OPERATIONS_MAX: usize = 4096;

/// How many, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many events, or records.
    pub events: u64,
    /// The earliest time that one of them has, as text.
    pub first: Option<String>,
    /// The latest.
    pub last: Option<String>,
}

impl Count {
    fn add(&mut self, time: Option<&str>) {
        self.events += 1;
        let Some(time) = time else { return };
        if self.first.as_deref().is_none_or(|first| time < first) {
            self.first = Some(time.to_owned());
        }
        if self.last.as_deref().is_none_or(|last| time > last) {
            self.last = Some(time.to_owned());
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.events += other.events;
        self.first = [self.first.take(), other.first.clone()].into_iter().flatten().min();
        self.last = self.last.take().max(other.last.clone());
    }
}

/// A kind of events: all those that have the same source, say that they are of the same log, and tell of the same protocol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) source: SourceId,
    /// The fields that name the log, and their texts.
    pub(super) log: Vec<(String, String)>,
    /// The protocol of the records.
    pub(super) protocol: Option<String>,
}

impl Key {
    /// What all events of the kind say in a field that names their log or protocol.
    pub(super) fn names(&self, field: &str) -> Option<&str> {
        let log = self.log.iter().find(|(own, _)| own == field).map(|(_, text)| text.as_str());
        log.or(self.protocol.as_deref().filter(|_| field == "ot.protocol"))
    }
}

/// What a kind of events holds.
#[derive(Debug, Default)]
pub(super) struct Kind {
    pub(super) count: Count,
    /// Fields that rules ask for, and how many events have each.
    pub(super) fields: BTreeMap<String, u64>,
}

/// Fields that name the zones of an event's ends.
const ZONES: [&str; 3] = ["source.zone", "destination.zone", "host.zone"];

/// Watches events go by.
#[derive(Debug)]
pub struct Observer<'a> {
    plan: &'a Plan,
    normaliser: Normaliser,
    likely: Option<SourceId>,
    pub(super) logs: Logs,
}

/// Which logs, fields and operations were seen.
#[derive(Debug)]
pub(crate) struct Logs {
    peek: Peek,
    asked: BTreeSet<String>,
    kind_fields: Vec<&'static str>,
    port_fields: Vec<(&'static str, &'static str)>,
    pub(super) kinds: HashMap<Key, Kind>,
    /// Sources whose further kinds did not find room.
    pub(super) crowded: BTreeMap<SourceId, Count>,
    pub(super) all: Count,
    /// By sensor and protocol.
    pub(super) operations: BTreeMap<(String, String), Count>,
    /// By place in the table of ports, and port.
    pub(super) ports: BTreeMap<(usize, u16), Count>,
    /// Zones in which an end of an event lies.
    pub(super) zones: BTreeSet<String>,
    pub(super) unreadable: u64,
    pub(super) unrecognised: Count,
    pub(super) unrecognised_at: Vec<(String, u64)>,
}

impl<'a> Observer<'a> {
    /// An observer of events for the rules of a plan, all forms of which are to be compiled.
    #[must_use]
    pub fn new(plan: &'a Plan, normaliser: Normaliser) -> Self {
        Self { plan, normaliser, likely: None, logs: Logs::new(plan) }
    }

    /// Counts an event that could not even be cut out of its file.
    pub fn push_unreadable(&mut self) {
        self.logs.push_unreadable();
    }

    /// Looks at an event; `file` and `line` say where it is.
    ///
    /// # Errors
    /// When it is no JSON object; it is counted as unreadable.
    pub fn push(&mut self, event: &[u8], file: &str, line: u64) -> Result<(), EventError> {
        let records = self.normaliser.records_json(event);
        let parsed = JsonEvent::parse(event);
        let (records, parsed) = match (records, parsed) {
            (Ok(records), Ok(parsed)) => (records, parsed),
            (Err(error), _) | (_, Err(error)) => {
                self.push_unreadable();
                return Err(error);
            }
        };
        let source = self.plan.choose(event, self.likely);
        self.likely = Some(source);
        let is_known = self.plan.source(source).is_some();
        let time = time::of_event(&parsed);
        self.logs.add(&Told { event, records: &records, source, is_known, time: time.as_deref(), file, line });
        Ok(())
    }
}

/// An event, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'e> {
    pub(crate) event: &'e [u8],
    /// What a normaliser makes of it, in context when there is a plant.
    pub(crate) records: &'e [Map<String, serde_json::Value>],
    pub(crate) source: SourceId,
    /// Whether that is a source that is known.
    pub(crate) is_known: bool,
    pub(crate) time: Option<&'e str>,
    /// Where it is.
    pub(crate) file: &'e str,
    pub(crate) line: u64,
}

impl Logs {
    /// Nothing was seen; all forms of the plan are to be compiled.
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut asked = BTreeSet::new();
        for (_, rules) in plan.compiled() {
            let mut ask = |field: &str| {
                asked.insert(field.to_owned());
            };
            rules.iter().for_each(|rule| rule.needs().each_field(&mut ask));
        }
        let (mut kind_fields, mut port_fields) = (Vec::new(), Vec::new());
        for row in rows(tieline_rules::coverage_fields()) {
            match *row.as_slice() {
                ["kind", field] => kind_fields.push(field),
                ["port", field, transport] => port_fields.push((field, transport)),
                _ => {}
            }
        }
        let own = ["ot.protocol", "ot.sensor"];
        let ports = port_fields.iter().flat_map(|(port, transport)| [*port, *transport]);
        let fields = asked.iter().map(String::as_str).chain(own).chain(kind_fields.iter().copied()).chain(ports);
        let peek = Peek::new(fields).nulls(Nulls::Values);
        Self {
            peek,
            asked,
            kind_fields,
            port_fields,
            kinds: HashMap::new(),
            crowded: BTreeMap::new(),
            all: Count::default(),
            operations: BTreeMap::new(),
            ports: BTreeMap::new(),
            zones: BTreeSet::new(),
            unreadable: 0,
            unrecognised: Count::default(),
            unrecognised_at: Vec::new(),
        }
    }

    /// Counts an event that could not even be cut out of its file.
    pub(crate) fn push_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// Looks at an event.
    pub(crate) fn add(&mut self, told: &Told<'_>) {
        let Told { event, records, source, is_known, time, file, line } = *told;
        self.all.add(time);
        let seen = self.peek.until(event, |_| false);
        let text = |field: &str| seen.text(field).filter(|text| *text != "null");
        let log: Vec<(String, String)> = self
            .kind_fields
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), cut(text(field).filter(|text| !text.is_empty())?))))
            .collect();
        let mut own: BTreeSet<&str> =
            seen.fields().map(|(field, _)| field).filter(|field| self.asked.contains(*field)).collect();
        // What was normalised before has its record in its own fields.
        let mut told: Vec<(Option<String>, BTreeSet<&str>)> = Vec::new();
        let mut operation = |sensor: &str, protocol: &str| {
            let key = (sensor.to_owned(), protocol.to_owned());
            if self.operations.len() < OPERATIONS_MAX || self.operations.contains_key(&key) {
                self.operations.entry(key).or_default().add(time);
            }
        };
        for record in records {
            let part = |field: &str| record.get(field).and_then(serde_json::Value::as_str);
            for zone in ZONES.iter().filter_map(|field| part(field)) {
                if !self.zones.contains(zone) {
                    self.zones.insert(zone.to_owned());
                }
            }
            let fields = record.keys().filter_map(|field| self.asked.get(field.as_str())).map(String::as_str);
            // A connection whose protocol only the port tells was not decoded.
            let Some(protocol) = part("ot.protocol").filter(|_| part("ot.operation").is_some()) else {
                // What a plant or the port says of an event without an operation.
                own.extend(fields);
                continue;
            };
            operation(part("ot.sensor").unwrap_or_default(), protocol);
            let fields: BTreeSet<&str> = own.iter().copied().chain(fields).collect();
            match told.iter_mut().find(|(known, _)| known.as_deref() == Some(protocol)) {
                Some((_, known)) => known.extend(fields),
                None => told.push((Some(protocol.to_owned()), fields)),
            }
        }
        if told.is_empty() {
            let protocol = text("ot.protocol").map(cut);
            if let Some(protocol) = &protocol {
                operation(&cut(text("ot.sensor").unwrap_or_default()), protocol);
            }
            told.push((protocol, own));
        }
        if !is_known && log.is_empty() && told.iter().all(|(protocol, _)| protocol.is_none()) {
            self.unrecognised.add(time);
            if self.unrecognised_at.len() < PLACES_MAX {
                self.unrecognised_at.push((file.to_owned(), line));
            }
        }
        for (field, transport) in &self.port_fields {
            let Some(port) = text(field).and_then(|port| port.parse().ok()) else { continue };
            let transport = transport.strip_prefix('=').or_else(|| text(transport)).unwrap_or_default();
            for row in ports::of_port(port, transport) {
                self.ports.entry((row, port)).or_default().add(time);
            }
            break;
        }
        for (protocol, fields) in told {
            let key = Key { source, log: log.clone(), protocol };
            if self.kinds.len() >= KINDS_MAX && !self.kinds.contains_key(&key) {
                self.crowded.entry(source).or_default().add(time);
                continue;
            }
            let kind = self.kinds.entry(key).or_default();
            kind.count.add(time);
            for field in fields {
                match kind.fields.get_mut(field) {
                    Some(count) => *count += 1,
                    None => drop(kind.fields.insert(field.to_owned(), 1)),
                }
            }
        }
    }
}

/// A text that names a log is short; of a longer one the beginning is kept.
fn cut(text: &str) -> String {
    text.chars().take(KIND_CHARS_MAX).collect()
}
