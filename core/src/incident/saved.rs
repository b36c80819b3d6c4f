//! The state of incidents as bytes, and back, also over another plant.
//!
//! ```text
//! rules │ plant, times, counts │ hosts │ contacts │ groups and findings │ traces │ sessions │ what waits │ ..
//! ```
//!
//! Rules are written once, and findings say which is theirs by its number. Hosts keep their numbers, so all that names them stays as it is. In the
//! same plant everything goes on as if nothing had happened; in another one hosts are looked up there. Limits are those of the
//! register that takes the state over.

use super::COUNT_MAX;
use super::contacts::Contact;
use super::finding::{Finding, FindingRule};
use super::groups::Groups;
use super::hosts::{HostId, Hosts};
use super::register::{Change, IncidentStats, Register, What};
use super::sessions::Trees;
use crate::access::{self, Names, Plant, SavedWhat};
use crate::config::{INCIDENT_CHANGES_MAX, INCIDENT_HELD_MAX};
use crate::context::Context;
use crate::seal::{Damage, read, read_all, write, write_all};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rules by the numbers under which they are saved.
#[derive(Debug, Default)]
pub(crate) struct SavedRules {
    numbers: HashMap<usize, u32>,
    rules: Vec<Arc<FindingRule>>,
}

impl SavedRules {
    /// The number of a rule, which is noted when it is met first.
    pub(crate) fn number(&mut self, rule: &Arc<FindingRule>) -> u32 {
        *self.numbers.entry(Arc::as_ptr(rule).addr()).or_insert_with(|| {
            self.rules.push(Arc::clone(rule));
            self.rules.len() as u32 - 1
        })
    }

    pub(crate) fn save(&self, bytes: &mut Vec<u8>) {
        write_all(bytes, self.rules.iter().map(|rule| &**rule));
    }

    pub(crate) fn load(bytes: &mut &[u8]) -> Result<Self, Damage> {
        let rules = read_all::<FindingRule>(bytes, usize::MAX)?.into_iter().map(Arc::new).collect();
        Ok(Self { numbers: HashMap::new(), rules })
    }

    /// The rule of a number.
    pub(crate) fn get(&self, number: u32) -> Result<Arc<FindingRule>, Damage> {
        self.rules.get(number as usize).map(Arc::clone).ok_or(Damage::Broken)
    }
}

/// What comes first.
#[derive(Serialize, Deserialize)]
struct Head {
    plant: u64,
    latest: Option<i64>,
    taken: i64,
    swept: i64,
    explained: (i64, Vec<Box<str>>),
    stats: IncidentStats,
}

/// Something that waits.
#[derive(Serialize, Deserialize)]
enum SavedEntry {
    Logon(SavedWhat),
    Contact(Contact),
    Act(SavedWhat, u32, Box<Finding>),
    Finding(u32, Box<Finding>),
}

/// A change, as it is saved.
#[derive(Serialize, Deserialize)]
enum SavedChange {
    Opened(String),
    Grew(String),
    Merged(String, String, String),
    Split(String, String, String),
    Closed(String),
}

impl Register {
    /// Writes all behind what is there, but for the rules.
    pub(crate) fn save(&self, bytes: &mut Vec<u8>, rules: &mut SavedRules) {
        let head = Head {
            plant: self.context.fingerprint(),
            latest: self.latest,
            taken: self.taken,
            swept: self.swept,
            explained: self.explained.clone(),
            stats: self.stats,
        };
        write(bytes, &head);
        self.hosts.save(bytes, &self.context);
        self.contacts.save(bytes);
        write(bytes, &self.groups);
        let numbers: Vec<u32> = self.groups.members().map(|member| rules.number(&member.finding.rule)).collect();
        write(bytes, &numbers);
        self.traces.save(bytes);
        self.trees.save(bytes);
        write(bytes, &self.watch.snapshot());
        let mut same: Vec<_> = self.same.iter().collect();
        same.sort_unstable();
        write_all(bytes, same.into_iter());
        let mut habits: Vec<_> = self.habits.iter().collect();
        habits.sort_unstable();
        write_all(bytes, habits.into_iter());
        write(bytes, &(self.held.len() as u64));
        for ((time, _, at, _), what) in &self.held {
            write(bytes, &(time, at, SavedEntry::of(what, &self.context, rules)));
        }
        write_all(bytes, self.changes.iter().map(SavedChange::of));
    }

    /// A register with the options and the plant of this one that goes on with what was written.
    pub(crate) fn load(&self, bytes: &mut &[u8], rules: &SavedRules) -> Result<Self, Damage> {
        let Head { plant, latest, taken, swept, explained, stats } = read(bytes)?;
        let plant = if plant == self.context.fingerprint() { Plant::Same } else { Plant::MaybeOther };
        let mut new = Self::new(self.options.clone(), &self.context);
        (new.latest, new.taken, new.swept, new.explained, new.stats) = (latest, taken, swept, explained, stats);
        new.hosts = Hosts::load(bytes, &self.context, plant)?;
        let hosts = new.hosts.count();
        let is_host = |host: HostId| (host.0 as usize) < hosts;
        new.contacts.load(bytes, is_host)?;
        new.groups = read::<Groups>(bytes)?;
        let numbers: Vec<u32> = read(bytes)?;
        if !new.groups.is_sound() || numbers.len() != new.groups.len() || !stats.is_possible() {
            return Err(Damage::Broken);
        }
        for (member, number) in new.groups.members_mut().zip(numbers) {
            member.finding.rule = rules.get(number)?;
            check(&member.finding, is_host)?;
        }
        new.traces.load(bytes)?;
        new.trees = Trees::load(bytes)?;
        new.watch.restore(&read::<Vec<u8>>(bytes)?, plant)?;
        new.same = read_all(bytes, usize::MAX)?.into_iter().collect();
        new.habits = read_all::<(u64, (i64, u32))>(bytes, usize::MAX)?.into_iter().collect();
        if new.habits.values().any(|(_, occasions)| *occasions > u32::MAX / 2) {
            return Err(Damage::Broken);
        }
        let names = Names::new(&self.context, plant);
        for (time, at, entry) in read_all::<(i64, Box<str>, SavedEntry)>(bytes, INCIDENT_HELD_MAX)? {
            let what = entry.what(&names, rules, is_host)?;
            new.held.insert((time, what.rank(), at, new.next), what);
            new.next += 1;
        }
        new.changes = read_all(bytes, INCIDENT_CHANGES_MAX)?.into_iter().map(SavedChange::change).collect();
        new.keep = self.keep;
        // Notes are for who takes them, and no part of the state.
        new.notes = self.notes.as_ref().map(|_| super::notes::Notes::default());
        Ok(new)
    }

    /// Goes on over another plant: hosts keep their numbers, and what is known of them is what that plant says.
    pub(crate) fn reload(&mut self, context: &Context) {
        let (mut bytes, mut rules) = (Vec::new(), SavedRules::default());
        self.save(&mut bytes, &mut rules);
        self.context = context.clone();
        let loaded = self.load(&mut bytes.as_slice(), &rules);
        debug_assert!(loaded.is_ok(), "what was just written can be read");
        if let Ok(mut loaded) = loaded {
            loaded.notes = self.notes.take();
            *self = loaded;
        }
    }
}

/// Whether all hosts that a finding names are there.
fn check(finding: &Finding, is_host: impl Fn(HostId) -> bool) -> Result<(), Damage> {
    if [finding.source, finding.target].into_iter().flatten().all(is_host) { Ok(()) } else { Err(Damage::Broken) }
}

impl SavedEntry {
    fn of(what: &What, context: &Context, rules: &mut SavedRules) -> Self {
        match what {
            What::Logon(logon) => Self::Logon(SavedWhat::logon(logon, context)),
            What::Contact(contact) => Self::Contact(contact.clone()),
            What::Act(act, finding) => {
                Self::Act(SavedWhat::act(act, context), rules.number(&finding.rule), finding.clone())
            }
            What::Finding(finding) => Self::Finding(rules.number(&finding.rule), finding.clone()),
        }
    }

    fn what(self, names: &Names<'_>, rules: &SavedRules, is_host: impl Fn(HostId) -> bool) -> Result<What, Damage> {
        let ruled = |number: u32, mut finding: Box<Finding>| {
            finding.rule = rules.get(number)?;
            check(&finding, &is_host).map(|()| finding)
        };
        Ok(match self {
            Self::Logon(logon) => match names.what(logon)? {
                access::What::Logon(logon) => What::Logon(logon),
                access::What::Act(_) => return Err(Damage::Broken),
            },
            Self::Contact(contact) if is_host(contact.from) && is_host(contact.to) => What::Contact(contact),
            Self::Contact(_) => return Err(Damage::Broken),
            Self::Act(act, number, finding) => match names.what(act)? {
                access::What::Act(act) => What::Act(act, ruled(number, finding)?),
                access::What::Logon(_) => return Err(Damage::Broken),
            },
            Self::Finding(number, finding) => What::Finding(ruled(number, finding)?),
        })
    }
}

impl SavedChange {
    fn of(change: &Change) -> Self {
        match change.clone() {
            Change::Opened { id } => Self::Opened(id),
            Change::Grew { id } => Self::Grew(id),
            Change::Merged { id, into, because } => Self::Merged(id, into, because),
            Change::Split { id, part, because } => Self::Split(id, part, because),
            Change::Closed { id } => Self::Closed(id),
        }
    }

    fn change(self) -> Change {
        match self {
            Self::Opened(id) => Change::Opened { id },
            Self::Grew(id) => Change::Grew { id },
            Self::Merged(id, into, because) => Change::Merged { id, into, because },
            Self::Split(id, part, because) => Change::Split { id, part, because },
            Self::Closed(id) => Change::Closed { id },
        }
    }
}

impl IncidentStats {
    /// Whether something can have counted so far, so that it can go on.
    fn is_possible(self) -> bool {
        let Self { findings, contacts, late, early, given_up } = self;
        [findings, contacts, late, early, given_up].iter().all(|count| *count < COUNT_MAX)
    }
}
