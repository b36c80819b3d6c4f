//! Takes in what happens, in order of time, and keeps groups of findings.
//!
//! ```text
//! entries in any order ─▶ held until the lateness has passed ─▶ logon: sessions     contact: contacts
//!                                                               finding: marks ─▶ evidence for groups ─▶ joins one, merges some, or opens one
//! ```
//!
//! A group is an incident once something in it is serious enough. Findings that differ by nothing but their time are one with a count.
//! All memory is bounded; what is given up is counted.

use super::contacts::{Added, Contact, Contacts};
use super::finding::{Finding, FindingRule, Made};
use super::groups::{Because, Groups, Member, MemberId};
use super::hosts::{HostId, Hosts};
use super::notes::{Found, Note, Notes};
use super::sessions::{Trees, TreesOf};
use super::signs::Mark;
use super::traces::Traces;
use crate::access::{self, Act, Logon, Watch};
use crate::check::Level;
use crate::config::{INCIDENT_CHANGES_MAX, INCIDENT_HELD_MAX};
use crate::context::{Context, Party};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Keys by which findings are found, for each that is kept.
const KEYS_OF_FINDING: usize = 8;

/// How incidents are made of findings.
///
/// ```
/// let options = tieline::incidents::IncidentOptions { lateness: std::time::Duration::from_secs(60), ..Default::default() };
/// assert_eq!(options.hub_peers, 16);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentOptions {
    /// How much later than others an event may come; it is put where its time says.
    pub lateness: Duration,
    /// After this time without a finding an incident is over. What comes then is another one.
    pub quiet: Duration,
    /// A host that deals with more others than this is a hub: that findings have it in common means little.
    pub hub_peers: u32,
    /// A group is an incident when a finding of it has at least this level.
    pub level: Level,
    /// Findings that are kept, equal ones once. When there are more, what has been quiet for longest is closed and forgotten.
    pub findings_max: usize,
    /// Spans of contacts that are kept. When there are more, the oldest quarter is forgotten. Who dealt with whom is kept of twice as many pairs of
    /// hosts; then those without a span are forgotten.
    pub contacts_max: usize,
    /// Seconds that are added to the times of a source, by its name: see [`Incidents::set_source`](crate::incidents::Incidents::set_source). At most twelve
    /// hours either way.
    pub clock_offsets_s: BTreeMap<String, i64>,
}

impl Default for IncidentOptions {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        Self {
            lateness: Duration::ZERO,
            quiet: hours(24),
            hub_peers: 16,
            level: Level::Medium,
            findings_max: 1 << 20,
            contacts_max: 1 << 21,
            clock_offsets_s: BTreeMap::new(),
        }
    }
}

/// What was seen so far, and what had to be given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentStats {
    /// Findings.
    pub findings: u64,
    /// Contacts between hosts.
    pub contacts: u64,
    /// What came later than the lateness allows; it was taken when it came.
    pub late: u64,
    /// What was taken before its time because too much waited.
    pub early: u64,
    /// Findings, hosts and contacts for which there was no room.
    pub given_up: u64,
}

/// What became of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Change {
    /// A group has become an incident.
    Opened {
        /// Its id.
        id: String,
    },
    /// Findings were added to it.
    Grew {
        /// Its id.
        id: String,
    },
    /// Two incidents turned out to be one.
    Merged {
        /// The id that is no more.
        id: String,
        /// The id that counts now: that of the one that began first.
        into: String,
        /// What they have in common.
        because: String,
    },
    /// An incident turned out to be several.
    Split {
        /// The id of the incident.
        id: String,
        /// The id of the part that is by itself now; it may be no incident.
        part: String,
        /// Why what had joined it no longer does.
        because: String,
    },
    /// Nothing was added for so long that it is over.
    Closed {
        /// Its id.
        id: String,
    },
}

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Nanoseconds since 1970; the latest time so far when the event does not say.
    pub(crate) time: Option<i64>,
    /// Where its event stands.
    pub(crate) at: Box<str>,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Logon(Logon),
    Contact(Contact),
    /// A privileged operation, to be judged, and the finding that it is when nothing explains it.
    Act(Act, Box<Finding>),
    Finding(Box<Finding>),
}

impl What {
    /// What comes first of what happens at the same time.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Logon(logon) if logon.begins() => 0,
            Self::Contact(_) => 1,
            Self::Act(..) => 2,
            // Correlations come after what they are made of.
            Self::Finding(finding) if finding.made_of.is_empty() => 3,
            Self::Finding(_) => 4,
            Self::Logon(_) => 5,
        }
    }
}

/// All that is known, over time.
#[derive(Debug)]
pub(crate) struct Register {
    pub(super) options: IncidentOptions,
    pub(super) context: Context,
    pub(super) hosts: Hosts,
    pub(super) contacts: Contacts,
    pub(super) groups: Groups,
    pub(super) watch: Watch,
    pub(super) trees: Trees,
    pub(super) held: BTreeMap<(i64, u8, Box<str>, u64), What>,
    pub(super) next: u64,
    pub(super) latest: Option<i64>,
    pub(super) taken: i64,
    pub(super) traces: Traces,
    /// Of findings that are the same the one that stands for all, and when it was found last.
    pub(super) same: HashMap<u64, (i64, MemberId)>,
    /// When something happened last, and on how many occasions.
    pub(super) habits: HashMap<u64, (i64, u32)>,
    /// Of operations at the time at hand, those that are explained.
    pub(super) explained: (i64, Vec<Box<str>>),
    pub(super) stats: IncidentStats,
    pub(super) changes: VecDeque<Change>,
    pub(super) marks: Vec<Mark>,
    pub(super) swept: i64,
    pub(super) keep: fn(u64) -> bool,
    /// What was found, when somebody asks for it.
    pub(super) notes: Option<Notes>,
}

static UNEXPLAINED: LazyLock<Arc<FindingRule>> = LazyLock::new(|| {
    Arc::new(FindingRule {
        id: "tieline.trust".to_owned(),
        title: "Privileged operation that nothing explains".to_owned(),
        level: Level::High,
        tags: vec!["attack.t0886".to_owned(), "attack.lateral-movement".to_owned()],
        response: Vec::new(),
        made: Made::Trust,
    })
});

impl Register {
    pub(crate) fn new(options: IncidentOptions, context: &Context) -> Self {
        Self {
            context: context.clone(),
            hosts: Hosts::default(),
            contacts: Contacts::new(options.contacts_max),
            groups: Groups::default(),
            watch: Watch::new(context, Some(0)),
            trees: Trees::default(),
            held: BTreeMap::new(),
            next: 0,
            latest: None,
            taken: i64::MIN,
            traces: Traces::new(options.findings_max.saturating_mul(KEYS_OF_FINDING)),
            same: HashMap::new(),
            habits: HashMap::new(),
            explained: (i64::MIN, Vec::new()),
            stats: IncidentStats::default(),
            changes: VecDeque::new(),
            marks: Vec::new(),
            swept: i64::MIN,
            keep: |_| true,
            notes: None,
            options,
        }
    }

    pub(crate) fn unexplained() -> Arc<FindingRule> {
        Arc::clone(&UNEXPLAINED)
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn options(&self) -> &IncidentOptions {
        &self.options
    }

    /// The host at an end of an event.
    pub(crate) fn host(&mut self, party: &Party) -> Option<HostId> {
        self.hosts.of(party, &self.context)
    }

    /// An address turns out to be one of a host.
    pub(crate) fn introduce(&mut self, host: &Party, own: &Party) {
        self.hosts.introduce(host, own, &self.context);
    }

    /// The host of an address, a name, or the id of an asset.
    pub(crate) fn named(&mut self, name: &str) -> Option<HostId> {
        if let Some(known) = self.hosts.named(name) {
            return Some(known);
        }
        let party = self.context.party(name);
        self.hosts.of(&party, &self.context)
    }

    /// The host at a place.
    #[cfg(test)]
    pub(super) fn host_at(&mut self, place: &access::Place) -> Option<HostId> {
        self.hosts.at(place, None, &self.context)
    }

    /// Whether there is a host of a number.
    pub(crate) fn is_host(&self, host: HostId) -> bool {
        self.hosts.get(host).is_some()
    }

    pub(crate) fn name(&self, host: HostId) -> &str {
        self.hosts.name(host)
    }

    pub(crate) fn stats(&self) -> IncidentStats {
        let unnoted = self.notes.as_ref().map_or(0, |notes| notes.given_up);
        let given_up = self.stats.given_up + self.hosts.given_up + self.contacts.given_up + unnoted;
        IncidentStats { given_up, ..self.stats }
    }

    /// Counts what there was no room for.
    pub(crate) fn give_up(&mut self, count: u64) {
        self.stats.given_up += count;
    }

    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes).into()
    }

    pub(crate) fn keep_findings(&mut self, keep: fn(u64) -> bool) {
        self.keep = keep;
    }

    /// Keeps notes from now on.
    pub(crate) fn note(&mut self) {
        self.notes.get_or_insert_default();
    }

    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        self.notes.as_mut().map(Notes::take).unwrap_or_default()
    }

    /// Takes something in.
    pub(crate) fn push(&mut self, entry: Entry) {
        let Entry { time, at, what } = entry;
        if let (Some(notes), What::Finding(finding)) = (&mut self.notes, &what) {
            notes.put(Note::Found(Found::new(finding, time, |host| self.hosts.name(host).to_owned())));
        }
        let time = time.or(self.latest).unwrap_or(0);
        // Correlations are told once all that they are made of is there.
        let is_correlation = matches!(&what, What::Finding(finding) if !finding.made_of.is_empty());
        self.stats.late += u64::from(time < self.taken && !is_correlation);
        self.held.insert((time, what.rank(), at, self.next), what);
        self.next += 1;
        if self.held.len() > INCIDENT_HELD_MAX {
            self.stats.early += 1;
            self.take_first();
        }
        self.pass(time);
    }

    /// Something happened at this time, whether or not it is of interest.
    pub(crate) fn pass(&mut self, time: i64) {
        self.latest = self.latest.max(Some(time));
        self.advance(self.passed(time));
    }

    /// Before when nothing will come any more, once something has come of this time.
    pub(crate) fn passed(&self, time: i64) -> i64 {
        let lateness = i64::try_from(self.options.lateness.as_nanos()).unwrap_or(i64::MAX);
        self.latest.unwrap_or(time).max(time).saturating_sub(lateness)
    }

    /// Takes all that happened before a time.
    pub(crate) fn advance(&mut self, time: i64) {
        while self.held.first_key_value().is_some_and(|((held, ..), _)| *held < time) {
            self.take_first();
        }
        self.taken = self.taken.max(time);
    }

    /// Takes all that waits.
    pub(crate) fn finish(&mut self) {
        while !self.held.is_empty() {
            self.take_first();
        }
    }

    fn take_first(&mut self) {
        let Some(((time, _, at, _), what)) = self.held.pop_first() else { return };
        self.taken = self.taken.max(time);
        self.sweep(time);
        match what {
            What::Logon(logon) => {
                self.sit_down(&logon, time, &at);
                self.watch.push(access::Entry { time: Some(time), at, what: access::What::Logon(logon) });
                self.watch.advance(time.saturating_add(1));
                self.trees.note(self.watch.sessions(), &self.hosts, time);
            }
            What::Contact(contact) => self.meet(contact, time, &at),
            What::Finding(finding) => self.find(*finding, time, at),
            What::Act(act, finding) => {
                self.watch.push(access::Entry { time: Some(time), at: at.clone(), what: access::What::Act(act) });
                self.watch.advance(time.saturating_add(1));
                let judged = self.watch.take();
                if let Some(notes) = &mut self.notes {
                    judged.iter().for_each(|judged| notes.put(Note::Judged(judged.clone())));
                }
                if judged.iter().any(|judged| !judged.is_explained()) {
                    return self.find(*finding, time, at);
                }
                if self.explained.0 != time {
                    self.explained = (time, Vec::new());
                }
                self.explained.1.push(at);
            }
        }
    }

    /// Somebody logs on at a console: from nowhere but his own account.
    fn sit_down(&mut self, logon: &Logon, time: i64, at: &str) {
        let Some((account, place)) = logon.at_console() else { return };
        let Some(account) = super::table::plain_account(account) else { return };
        let from = self.hosts.account(&account, &self.context);
        let Some((from, to)) = from.zip(self.hosts.at(place, None, &self.context)) else { return };
        let (kind, what) = (super::contacts::ContactKind::Logon, "console".into());
        let contact = Contact { from, to, kind, what, account: Some(account), conduit: None, is_denied: false };
        self.contacts.add(contact, time, at);
    }

    /// Two hosts dealt with each other.
    fn meet(&mut self, contact: Contact, time: i64, at: &str) {
        self.stats.contacts += 1;
        let (from, to) = (contact.from, contact.to);
        if let Added::NewPair = self.contacts.add(contact, time, at) {
            self.deal(from, to);
        }
    }

    /// Two hosts that were found with each other are known to each other, also when no event tells how they dealt.
    pub(super) fn deal_in(&mut self, finding: &Finding, time: i64) {
        if let Some((from, to)) = finding.source.zip(finding.target).filter(|(from, to)| from != to)
            && let Added::NewPair = self.contacts.pair(from, to, time)
        {
            self.deal(from, to);
        }
    }

    /// One host dealt with another for the first time.
    fn deal(&mut self, from: HostId, to: HostId) {
        let of_hub = self.options.hub_peers;
        // Whoever is known as a hub stays one, though it is forgotten with whom it dealt.
        let fewer = |peers: &mut u32| *peers -= u32::from((1..=of_hub).contains(peers));
        for (from, to) in self.contacts.forget_pairs() {
            self.hosts.peers_mut(from).into_iter().for_each(|peers| fewer(&mut peers.outwards));
            self.hosts.peers_mut(to).into_iter().for_each(|peers| fewer(&mut peers.inwards));
        }
        self.hosts.peers_mut(from).into_iter().for_each(|peers| peers.outwards += 1);
        self.hosts.peers_mut(to).into_iter().for_each(|peers| peers.inwards += 1);
        self.turned_out(to);
    }

    /// Takes note of a change. Whoever never asks loses the oldest.
    pub(super) fn tell(&mut self, change: Change) {
        if self.changes.back() == Some(&change) {
            return;
        }
        if self.changes.len() >= INCIDENT_CHANGES_MAX {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }

    /// Puts a finding into the groups that it joins, or into one of its own.
    pub(super) fn enter(
        &mut self,
        finding: Finding,
        trees: TreesOf,
        (time, at): (i64, Box<str>),
        joined: Vec<(u32, Because)>,
    ) -> MemberId {
        let because = joined.first().map(|(_, because)| *because);
        let level = finding.rule.level;
        let member = Member::new(finding, trees, time, at, because);
        let group = match joined.first() {
            Some((group, _)) => *group,
            None => self.groups.open(time),
        };
        let was_told = self.groups.get(group).is_some_and(|group| group.is_told);
        let member = self.groups.add(group, member);
        for (other, because) in joined.iter().skip(1) {
            self.merge(*other, group, *because);
        }
        let own = self.groups.find(group);
        let wanted = self.options.level;
        let Some(group) = self.groups.get_mut(own) else { return member };
        group.level = group.level.max(Some(level));
        let id = group.id;
        if was_told {
            self.tell(Change::Grew { id: id.to_string() });
        } else if group.level >= Some(wanted) && !group.is_told {
            group.is_told = true;
            self.tell(Change::Opened { id: id.to_string() });
        }
        member
    }

    fn merge(&mut self, one: u32, other: u32, because: Because) {
        let Some((kept, gone)) = self.groups.merge(one, other, because.sign) else { return };
        if !gone.is_told {
            return;
        }
        let (id, into) = (gone.id.to_string(), kept.id.to_string());
        if !std::mem::replace(&mut kept.is_told, true) {
            self.tell(Change::Opened { id: into.clone() });
        }
        self.tell(Change::Merged { id, into, because: because.sign.words().to_owned() });
    }

    /// The sessions in which something may have happened, each by the one with which it began.
    pub(super) fn trees_of(&self, finding: &Finding, time: i64) -> TreesOf {
        let sessions = self.watch.sessions();
        if sessions.is_empty() {
            return TreesOf::new();
        }
        let places = |host: Option<HostId>| self.hosts.places(host);
        let accounts: Vec<&str> = finding.accounts().collect();
        let life = self.watch.life();
        self.trees.of(sessions, places(finding.source), places(finding.target), &accounts, (time, life))
    }

    /// Closes and forgets what has been quiet for longest when there are too many findings, and what leads to it before its numbers
    /// are given again.
    pub(super) fn make_room(&mut self) {
        if self.groups.len() < self.options.findings_max {
            return;
        }
        for id in self.groups.make_room() {
            self.tell(Change::Closed { id: id.to_string() });
        }
        self.traces.forget(&self.groups);
        let groups = &self.groups;
        self.same.retain(|_, (_, member)| groups.member(*member).is_some());
    }

    /// Closes what has been quiet for too long.
    fn sweep(&mut self, time: i64) {
        let quiet = nanos(self.options.quiet);
        if time.saturating_sub(self.swept) < quiet / 16 {
            return;
        }
        self.swept = time;
        for id in self.groups.quiet_since(time.saturating_sub(quiet)) {
            self.tell(Change::Closed { id: id.to_string() });
        }
        let since = time.saturating_sub(quiet.saturating_mul(7));
        self.habits.retain(|_, (last, _)| *last >= since);
        if self.habits.len() > self.options.findings_max {
            self.habits.clear();
        }
        // Findings of groups that were forgotten now are older than this.
        let since = time.saturating_sub(self.sameness());
        self.same.retain(|_, (last, _)| *last >= since);
    }

    /// For how long a finding that is the same but for its time is counted as one.
    pub(super) fn sameness(&self) -> i64 {
        nanos(self.options.quiet).min(3_600_000_000_000)
    }
}

pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
