//! Makes incidents of events: scans, correlates and observes them, and hands on what belongs together.
//!
//! ```text
//! event ─┬▶ stream: rules that match, correlations that hold ─┐
//!        └▶ observer: who dealt with whom, logons, operations  ┴▶ register ─▶ incidents
//! ```

mod clocks;
mod saved;

use super::observer::{Observed, Observer};
use super::stream::{Stream, StreamOptions};
use super::trust::{act, logon};
use super::{Compiler, Error, Rules, Scanner};
use crate::check::{Level, Metadata};
use crate::config::{INCIDENT_ENTITIES_MAX, INCIDENT_NAME_MAX};
use crate::context::Context;
use crate::correlation::sighting::Sighting;
use crate::event::json::EventError;
use crate::incident::{
    Change, Class, Clocks, Contact, ContactKind, Entities, EntityKind, Entry, Finding, FindingRule, Host, HostId,
    Incident, IncidentOptions, IncidentStats, Made, Note, Register, Reported, What, plain_account, read_named,
};
use crate::program::SlotId;
use crate::time;
use clocks::Clock;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Events that correlations may still name, and what they are about.
const KEPT_MAX: usize = 1 << 16;

/// Services by which machines are used from afar, by port.
const REMOTE: &[(u16, &str)] = &[
    (22, "ssh"),
    (23, "telnet"),
    (135, "rpc"),
    (445, "smb"),
    (3389, "rdp"),
    (5900, "vnc"),
    (5985, "winrm"),
    (5986, "winrm"),
];

/// Joins findings to incidents, and traces where they came from and how far they got.
///
/// The compiler brings the tables of OT protocols, of logons and of entities; the shipped ones are in `tieline-rules`. Rules and
/// correlations are those of the rule set, seen in the plant. Events come in any order within the lateness; what waits is taken by
/// [`finish`](Self::finish).
///
/// ```
/// use tieline::context::Context;
/// use tieline::incidents::{IncidentOptions, Incidents};
/// let rules = tieline::Compiler::new()
///     .rules(None, "
/// title: Audit log cleared
/// logsource: {product: windows}
/// detection: {selection: {EventID: 1102}, condition: selection}
/// level: high
/// ---
/// title: New service
/// logsource: {product: windows}
/// detection: {selection: {EventID: 7045}, condition: selection}
/// level: medium
/// ")
///     .build()?;
/// let tables = tieline::Compiler::new().entity_fields(None, "{account: [SubjectUserName]}");
/// let mut incidents = Incidents::new(&rules, tables, &Context::read(&[]), IncidentOptions::default())?;
/// for (time, id, host) in [("08:00", 7045, "hmi-1"), ("08:10", 1102, "hmi-1"), ("08:11", 1102, "office-3")] {
///     let event = format!(r#"{{"time": "2026-11-26T{time}:00Z", "EventID": {id}, "Computer": "{host}"}}"#);
///     incidents.push_json(event.as_bytes(), time)?;
/// }
/// incidents.finish();
/// let all = incidents.incidents();
/// assert_eq!(all.iter().map(|own| own.findings.len()).collect::<Vec<_>>().iter().sum::<usize>(), 3);
/// assert_eq!(all.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Incidents {
    stream: Stream,
    scanner: Option<Scanner>,
    sighting: Sighting,
    observer: Observer,
    entities: Vec<(SlotId, Class)>,
    /// Where events say which end is the host that writes them.
    initiated: Vec<SlotId>,
    register: Register,
    /// Rules and correlations that were found to hold, by what they are known by.
    rules: HashMap<String, Arc<FindingRule>>,
    /// What events are about that correlations may name, by their numbers.
    kept: BTreeMap<u64, About>,
    has_plant: bool,
    clocks: Clocks,
    /// Names of the source of events to come, the most telling first.
    source: Vec<String>,
}

/// What an event is about.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct About {
    time: Option<i64>,
    at: Box<str>,
    source: Option<HostId>,
    target: Option<HostId>,
    entities: Entities,
    operation: Option<Box<str>>,
    conduit: Option<Box<str>>,
    denied: u8,
    crosses: bool,
}

impl Incidents {
    /// Nothing has been seen yet.
    ///
    /// # Errors
    /// When a table is broken.
    pub fn new(
        rules: &Rules,
        mut tables: Compiler,
        context: &Context,
        options: IncidentOptions,
    ) -> Result<Self, Error> {
        clocks::check(&options)?;
        let table = tables.entities()?;
        let names = table.0.iter().map(|(name, _)| name.clone());
        let observer = Observer::asking(tables, context, names)?;
        let slots = observer.slots_of(table.0.iter().map(|(name, _)| name.as_str()));
        let entities = slots.into_iter().zip(&table.0).filter_map(|(slot, (_, class))| Some((slot?, *class)));
        let (initiated, entities): (Vec<_>, Vec<_>) = entities.partition(|(_, class)| *class == Class::Initiated);
        let stream = StreamOptions { lateness: options.lateness, ..StreamOptions::default() };
        let rules = rules.with_context(context);
        let stream = Stream::new(&rules, stream);
        Ok(Self {
            sighting: stream.sighting(),
            scanner: Some(Scanner::new(&rules)),
            stream,
            observer,
            entities,
            initiated: initiated.into_iter().map(|(slot, _)| slot).collect(),
            register: Register::new(options, context),
            rules: HashMap::new(),
            kept: BTreeMap::new(),
            has_plant: !context.assets().is_empty(),
            clocks: Clocks::default(),
            source: Vec::new(),
        })
    }

    /// Takes an event; `at` says where it stands, for incidents to name it.
    ///
    /// # Errors
    /// When the bytes are no JSON object, as for [`Scanner::scan_json`](super::Scanner::scan_json). The incidents can be used on.
    pub fn push_json(&mut self, event: &[u8], at: &str) -> Result<(), EventError> {
        let Some(mut scanner) = self.scanner.take() else { return Ok(()) };
        let pushed = self.push_json_with(&mut scanner, event, at);
        self.scanner = Some(scanner);
        pushed
    }

    /// The same with a scanner for the rules as they are mapped to the source of the event; they must be of the same pack as those
    /// that this was made with.
    ///
    /// # Errors
    /// As for [`push_json`](Self::push_json).
    pub fn push_json_with(&mut self, scanner: &mut Scanner, event: &[u8], at: &str) -> Result<(), EventError> {
        let number = self.stream.take_number();
        let found: Vec<Arc<FindingRule>> = scanner
            .sight_json(event, number, &mut self.sighting)?
            .filter(|detection| detection.rule().alerts())
            .map(|detection| known(&mut self.rules, detection.rule().metadata(), Made::Detection))
            .collect();
        let heard = !self.sighting.is_empty();
        let (mut about, mut offset, mut entries) = (None, 0, Vec::new());
        let Self { observer, register, entities, initiated, has_plant, clocks, source, .. } = self;
        observer.each(event, |observed| {
            introduce(observed, initiated, register);
            let clock = Clock::of(observed, source, register);
            offset = clock.offset;
            let mut own = About::read(observed, register, entities, at);
            own.time = own.time.map(|time| time.saturating_add(offset));
            if let Some(logon) = logon_of(observed) {
                entries.push(Entry { time: own.time, at: at.into(), what: What::Logon(logon) });
            }
            if let Some(contact) = contact(observed, &own) {
                clock.tell(clocks, &contact, observed.passing.port, own.time);
                entries.push(Entry { time: own.time, at: at.into(), what: What::Contact(contact) });
            }
            if *has_plant && let Some(act) = act(observed, register.context()) {
                let finding = Box::new(own.finding(Register::unexplained(), Some(number)));
                entries.push(Entry { time: own.time, at: at.into(), what: What::Act(act, finding) });
            }
            about.get_or_insert(own);
        })?;
        let about = about.unwrap_or_else(|| About { at: at.into(), ..About::default() });
        let sighted = self.sighting.time.map(|time| time.saturating_add(offset));
        let collected = about.time.filter(|own| sighted.is_some_and(|time| time::are_of_two_clocks(*own, time)));
        self.sighting.time = collected.or(sighted);
        // What cannot be correlated is still found.
        drop(self.stream.push(&self.sighting));
        // Time passes for correlations, whatever they have heard of.
        let time = about.time;
        if let Some(time) = time {
            self.stream.advance(self.register.passed(time));
        }
        for rule in found {
            let finding = about.finding(rule, Some(number));
            entries.push(Entry { time: about.time, at: at.into(), what: What::Finding(Box::new(finding)) });
        }
        if heard {
            if self.kept.len() >= KEPT_MAX {
                self.kept.pop_first();
            }
            self.kept.insert(number, about);
        }
        // Alerts are of what came before, as far as events may be late.
        self.take_alerts();
        entries.into_iter().for_each(|entry| self.register.push(entry));
        time.into_iter().for_each(|time| self.register.pass(time));
        Ok(())
    }

    /// Takes a finding that was made elsewhere.
    pub fn add(&mut self, reported: &Reported<'_>) {
        let Self { register, rules, .. } = self;
        let rule = rules.get(reported.rule).map(Arc::clone).unwrap_or_else(|| {
            let rule = Arc::new(FindingRule {
                id: reported.rule.to_owned(),
                title: reported.title.to_owned(),
                level: reported.level,
                tags: reported.tags.iter().map(|tag| (*tag).to_owned()).collect(),
                response: Vec::new(),
                made: Made::Elsewhere,
            });
            rules.insert(reported.rule.to_owned(), Arc::clone(&rule));
            rule
        });
        let mut host = |name: Option<&str>| name.and_then(|name| register.named(name));
        let (source, target) = (host(reported.source), host(reported.target));
        let on = || target.or(source).map_or("", |host| register.name(host));
        let (entities, given_up) = entities(reported.entities, &on);
        register.give_up(given_up);
        let about = About { source, target, ..About::default() };
        let what = What::Finding(Box::new(Finding { entities, ..about.finding(rule, None) }));
        // Time passes for correlations as well.
        self.stream.advance(self.register.passed(reported.time_ns));
        self.take_alerts();
        self.register.push(Entry { time: Some(reported.time_ns), at: reported.at.into(), what });
    }

    /// Says that no event older than this will come any more, in nanoseconds since 1970.
    pub fn advance(&mut self, time_ns: i64) {
        self.stream.advance(time_ns);
        self.take_alerts();
        self.register.advance(time_ns);
    }

    /// Takes all that still waits.
    pub fn finish(&mut self) {
        self.stream.finish();
        self.take_alerts();
        self.register.finish();
    }

    /// All incidents so far, the highest score first. Ways, scores and spread are worked out now.
    #[must_use]
    pub fn incidents(&self) -> Vec<Incident> {
        self.register.incidents()
    }

    /// What became of incidents since this was asked last.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.register.take_changes()
    }

    /// Keeps a note of each finding and of each privileged operation from now on; they are taken with
    /// [`take_notes`](Self::take_notes).
    #[must_use]
    pub fn with_notes(mut self) -> Self {
        self.register.note();
        self
    }

    /// What was found since this was asked last, one by one; nothing without [`with_notes`](Self::with_notes). Whoever waits too long
    /// loses the latest, which [`IncidentStats::given_up`] counts.
    ///
    /// ```
    /// use tieline::context::Context;
    /// use tieline::incidents::{IncidentOptions, Incidents, Note};
    /// let rule = "
    /// title: Audit log cleared
    /// logsource: {product: windows}
    /// detection: {selection: {EventID: 1102}, condition: selection}
    /// level: low
    /// ";
    /// let rules = tieline::Compiler::new().rules(None, rule).build()?;
    /// let tables = tieline::Compiler::new();
    /// let mut incidents = Incidents::new(&rules, tables, &Context::read(&[]), IncidentOptions::default())?.with_notes();
    /// incidents.push_json(br#"{"EventID": 1102, "Computer": "hmi-1"}"#, "events:1")?;
    /// let notes = incidents.take_notes();
    /// let [Note::Found(found)] = notes.as_slice() else { panic!("{notes:?}") };
    /// assert_eq!((found.rule.as_str(), found.source.as_deref()), ("Audit log cleared", Some("hmi-1")));
    /// assert!(incidents.incidents().is_empty(), "one of level low is none");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_notes(&mut self) -> Vec<Note> {
        self.register.take_notes()
    }

    /// What was seen so far, and what had to be given up.
    #[must_use]
    pub fn stats(&self) -> IncidentStats {
        self.register.stats()
    }

    /// Leaves findings out, for tests: `keep` is asked with their numbers.
    #[doc(hidden)]
    pub fn keep_findings(&mut self, keep: fn(u64) -> bool) {
        self.register.keep_findings(keep);
    }

    fn take_alerts(&mut self) {
        for alert in self.stream.take_alerts() {
            let of: Vec<&About> = alert.events().iter().filter_map(|number| self.kept.get(number)).collect();
            let mut about = of.last().map_or_else(About::default, |last| (*last).clone());
            for own in &of {
                about.entities.extend(own.entities.iter().cloned());
                if about.source.or(about.target).is_none() {
                    (about.source, about.target) = (own.source, own.target);
                }
            }
            about.entities.sort_unstable();
            about.entities.dedup();
            let at = if about.at.is_empty() { Box::from(alert.rule().identity()) } else { about.at.clone() };
            let made_of = alert.events().into();
            let rule = known(&mut self.rules, alert.rule().metadata(), Made::Correlation);
            let finding = Finding { made_of, ..about.finding(rule, None) };
            let entry = Entry { time: Some(alert.time_ns()), at, what: What::Finding(Box::new(finding)) };
            self.register.push(entry);
        }
    }
}

/// A rule as findings name it; made once.
fn known(rules: &mut HashMap<String, Arc<FindingRule>>, meta: &Metadata, made: Made) -> Arc<FindingRule> {
    if let Some(known) = rules.get(meta.identity()) {
        return Arc::clone(known);
    }
    let rule = rule(meta, made);
    rules.insert(meta.identity().to_owned(), Arc::clone(&rule));
    rule
}

fn rule(meta: &Metadata, made: Made) -> Arc<FindingRule> {
    let custom: serde_json::Value = serde_json::from_str(&meta.custom).unwrap_or_default();
    let texts = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let response = match custom.get("response") {
        Some(serde_json::Value::Array(all)) => all.iter().filter_map(texts).collect(),
        Some(one) => texts(one).into_iter().collect(),
        None => Vec::new(),
    };
    Arc::new(FindingRule {
        id: meta.identity().to_owned(),
        title: meta.title.clone(),
        level: meta.level.unwrap_or(Level::Informational),
        tags: meta.tags.clone(),
        response,
        made,
    })
}

/// What a finding of another product names, read as in events, and how much of it was cut.
fn entities(named: &[(EntityKind, &str)], on: Host<'_>) -> (Entities, u64) {
    let mut given_up = named.len().saturating_sub(INCIDENT_ENTITIES_MAX) as u64;
    let mut entities = Entities::new();
    for (kind, name) in named.iter().take(INCIDENT_ENTITIES_MAX) {
        let end = name.floor_char_boundary(INCIDENT_NAME_MAX);
        given_up += u64::from(end < name.len());
        read_named(*kind, name.get(..end).unwrap_or_default(), on, &mut |entity| entities.push(entity));
    }
    entities.sort_unstable();
    entities.dedup();
    (entities, given_up)
}

impl About {
    fn read(observed: &Observed<'_>, register: &mut Register, slots: &[(SlotId, Class)], at: &str) -> Self {
        let passing = &observed.passing;
        let (from, to, host) = (register.host(&passing.from), register.host(&passing.to), register.host(&passing.host));
        // What a host tells of itself happened on it.
        let source = from.or(if to.is_none() || to == host { host } else { None });
        let target = to.filter(|to| Some(*to) != source);
        let on = || target.or(source).map_or("", |host| register.name(host));
        let mut entities = Entities::new();
        for (slot, class) in slots {
            observed.texts(*slot, &mut |text| class.read(text, &on, &mut |entity| entities.push(entity)));
        }
        entities.sort_unstable();
        entities.dedup();
        let decision = passing.decision;
        let conduits = register.context().conduits();
        let conduit = decision.and_then(|decision| conduits.get(decision.conduit? as usize));
        Self {
            time: passing.time,
            at: at.into(),
            source,
            target,
            entities,
            operation: observed.field("ot.operation").filter(|_| !is_logon(observed)).map(Into::into),
            conduit: conduit.map(|conduit| conduit.name.as_str().into()),
            denied: decision.map_or(0, |decision| decision.denied),
            crosses: decision.is_some_and(|decision| decision.crosses),
        }
    }

    fn finding(&self, rule: Arc<FindingRule>, event: Option<u64>) -> Finding {
        Finding {
            rule,
            source: self.source,
            target: self.target,
            entities: self.entities.clone(),
            operation: self.operation.clone(),
            conduit: self.conduit.clone(),
            denied: self.denied,
            crosses: self.crosses,
            event,
            made_of: Box::default(),
        }
    }
}

/// Takes note of an address that the host which writes an event says is its own.
fn introduce(observed: &Observed<'_>, initiated: &[SlotId], register: &mut Register) {
    let mut is_source = None;
    for slot in initiated {
        observed.texts(*slot, &mut |text| is_source = is_source.or_else(|| Class::initiated(text)));
    }
    let Some(is_source) = is_source else { return };
    let passing = &observed.passing;
    let own = if is_source == passing.is_turned { &passing.to } else { &passing.from };
    register.introduce(&passing.host, own);
}

fn is_logon(observed: &Observed<'_>) -> bool {
    observed.field("ot.protocol").is_some_and(|protocol| protocol == super::trust::LOGON)
}

fn logon_of(observed: &Observed<'_>) -> Option<crate::access::Logon> {
    logon(observed).filter(|_| is_logon(observed))
}

/// What hosts that an event names did with each other, from the one that began it.
fn contact(observed: &Observed<'_>, about: &About) -> Option<Contact> {
    let (from, to) = about.source.zip(about.target).filter(|(from, to)| from != to)?;
    let passing = &observed.passing;
    let account = about.entities.iter().find(|own| own.kind == EntityKind::Account);
    let account = account.map(|own| own.name.split('@').next().unwrap_or_default().into());
    let account = observed.field("ot.user").and_then(|user| plain_account(&user)).or(account);
    let operation = about.operation.as_deref();
    let remote = passing.port.and_then(|port| REMOTE.iter().find(|(own, _)| *own == port)).map(|(_, name)| *name);
    let (kind, what) = if is_logon(observed) {
        if !logon(observed)?.begins() {
            return None;
        }
        (ContactKind::Logon, observed.field("ot.name")?.into())
    } else if let Some(operation) = operation {
        if observed.field("ot.direction").is_some_and(|direction| direction != "request") {
            return None;
        }
        (ContactKind::Operation, operation.into())
    } else if let Some(name) = remote {
        (ContactKind::Remote, name.into())
    } else {
        let port = passing.port.map(|port| port.to_string());
        let name = passing.protocol.as_deref().filter(|name| !name.is_empty()).map(str::to_owned).or(port);
        (ContactKind::Flow, name.unwrap_or_else(|| "flow".to_owned()).into())
    };
    let is_denied = passing.decision.is_some_and(|decision| decision.denied != 0);
    Some(Contact { from, to, kind, what, account, conduit: about.conduit.clone(), is_denied })
}
