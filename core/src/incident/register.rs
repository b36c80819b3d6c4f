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
use super::evidence::{
    About, ELSEWHERE, ENOUGH, Evidence, HUB, LOW, OTHER_ACCOUNT, OTHER_SESSION, OUT_OF_SESSION, Sign, UNRELATED,
};
use super::finding::{Finding, FindingRule, Made};
use super::groups::{Because, Group, Groups, Member, MemberId};
use super::hosts::{HostId, Hosts};
use super::sessions::Trees;
use super::signs::{self, Mark};
use crate::access::{self, Act, Logon, Watch};
use crate::check::Level;
use crate::config::{INCIDENT_FINDINGS_MAX, INCIDENT_HELD_MAX, INCIDENT_KEYS_MAX};
use crate::context::{Context, Party};
use hashbrown::HashMap;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

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
}

impl Default for IncidentOptions {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        Self { lateness: Duration::ZERO, quiet: hours(24), hub_peers: 16, level: Level::Medium }
    }
}

/// What was seen so far, and what had to be given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
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
    fn rank(&self) -> u8 {
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

/// Who left a key last, group by group.
#[derive(Debug, Clone, Copy)]
struct Trace {
    group: u32,
    member: MemberId,
    time: i64,
    tree: u64,
    account: u64,
    is_habit: bool,
    level: Level,
}

/// How a finding stands to others: when, in which session, by whom, and whether it is something usual.
#[derive(Debug, Clone, Copy)]
struct Stand {
    time: i64,
    tree: u64,
    account: u64,
    is_habit: bool,
}

/// Times at which something happens: those that lie within this time, in nanoseconds, are one.
const OCCASION: i64 = 1_800_000_000_000;

/// A group that a finding may join: all that speaks for it, what of that is not usual, and what speaks most.
struct Found {
    group: u32,
    all: Evidence,
    fresh: Evidence,
    because: Because,
}

/// Groups that a key remembers.
const TRACES: usize = 6;

/// All that is known, over time.
#[derive(Debug)]
pub(crate) struct Register {
    pub(super) options: IncidentOptions,
    pub(super) context: Context,
    pub(super) hosts: Hosts,
    pub(super) contacts: Contacts,
    pub(super) groups: Groups,
    watch: Watch,
    pub(super) trees: Trees,
    held: BTreeMap<(i64, u8, Box<str>, u64), What>,
    next: u64,
    latest: Option<i64>,
    taken: i64,
    traces: HashMap<u64, Vec<Trace>>,
    older: HashMap<u64, Vec<Trace>>,
    same: HashMap<u64, MemberId>,
    /// When something happened last, and on how many occasions.
    habits: HashMap<u64, (i64, u32)>,
    /// Of operations at the time at hand, those that are explained.
    explained: (i64, Vec<Box<str>>),
    stats: IncidentStats,
    changes: Vec<Change>,
    marks: Vec<Mark>,
    swept: i64,
    keep: fn(u64) -> bool,
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
            options,
            context: context.clone(),
            hosts: Hosts::default(),
            contacts: Contacts::default(),
            groups: Groups::default(),
            watch: Watch::new(context, Some(0)),
            trees: Trees::default(),
            held: BTreeMap::new(),
            next: 0,
            latest: None,
            taken: i64::MIN,
            traces: HashMap::new(),
            older: HashMap::new(),
            same: HashMap::new(),
            habits: HashMap::new(),
            explained: (i64::MIN, Vec::new()),
            stats: IncidentStats::default(),
            changes: Vec::new(),
            marks: Vec::new(),
            swept: i64::MIN,
            keep: |_| true,
        }
    }

    pub(crate) fn unexplained() -> Arc<FindingRule> {
        Arc::clone(&UNEXPLAINED)
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// The host at an end of an event.
    pub(crate) fn host(&mut self, party: &Party) -> Option<HostId> {
        self.hosts.of(party, &self.context)
    }

    /// The host at a place.
    #[cfg(test)]
    pub(super) fn host_at(&mut self, place: &access::Place) -> Option<HostId> {
        self.hosts.at(place, None, &self.context)
    }

    pub(crate) fn name(&self, host: HostId) -> &str {
        self.hosts.name(host)
    }

    pub(crate) fn stats(&self) -> IncidentStats {
        let given_up = self.stats.given_up + self.hosts.given_up + self.contacts.given_up;
        IncidentStats { given_up, ..self.stats }
    }

    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn keep_findings(&mut self, keep: fn(u64) -> bool) {
        self.keep = keep;
    }

    /// Takes something in.
    pub(crate) fn push(&mut self, entry: Entry) {
        let Entry { time, at, what } = entry;
        let time = time.or(self.latest).unwrap_or(0);
        self.stats.late += u64::from(time < self.taken);
        self.latest = self.latest.max(Some(time));
        self.held.insert((time, what.rank(), at, self.next), what);
        self.next += 1;
        if self.held.len() > INCIDENT_HELD_MAX {
            self.stats.early += 1;
            self.take_first();
        }
        let lateness = i64::try_from(self.options.lateness.as_nanos()).unwrap_or(i64::MAX);
        self.advance(self.latest.unwrap_or(time).saturating_sub(lateness));
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
                self.trees.note(self.watch.sessions(), time);
            }
            What::Contact(contact) => self.meet(contact, time, &at),
            What::Finding(finding) => self.find(*finding, time, at),
            What::Act(act, finding) => {
                self.watch.push(access::Entry { time: Some(time), at: at.clone(), what: access::What::Act(act) });
                self.watch.advance(time.saturating_add(1));
                let judged = self.watch.take();
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
            self.hosts.get_mut(from).into_iter().for_each(|known| known.peers_out += 1);
            self.hosts.get_mut(to).into_iter().for_each(|known| known.peers_in += 1);
        }
    }

    /// Joins a finding to what it belongs to.
    fn find(&mut self, finding: Finding, time: i64, at: Box<str>) {
        self.stats.findings += 1;
        if !(self.keep)(self.stats.findings) {
            return;
        }
        let mut marks = std::mem::take(&mut self.marks);
        let level = finding.rule.level;
        let trees = self.trees_of(&finding, time);
        let same = signs::sameness(&finding, &trees);
        let hosts = &self.hosts;
        let is_outside = |host: HostId| hosts.get(host).is_some_and(|known| known.is_outside);
        signs::marks(&finding, &trees, is_outside, &mut marks);
        let is_habit = self.is_habit(&finding, &marks, time, &at);
        let stand = Stand { time, tree: trees.first().copied().unwrap_or(0), account: account_of(&finding), is_habit };
        let quiet = nanos(self.options.quiet);
        let known = self.same.get(&same).copied().filter(|known| {
            self.groups
                .member(*known)
                .is_some_and(|known| time.saturating_sub(known.last) <= quiet.min(3_600_000_000_000))
        });
        let member = if let Some(known) = known {
            self.groups.again(known, time, &at);
            known
        } else {
            let joined = self.weigh(&finding, &marks, stand);
            let Some(member) = self.enter(finding, trees, (time, at), joined) else {
                self.marks = marks;
                return;
            };
            self.same.insert(same, member);
            member
        };
        let group = self.groups.group_of(member);
        let Stand { tree, account, .. } = stand;
        let trace = Trace { group, member, time, tree, account, is_habit, level };
        for mark in marks.iter().filter(|mark| mark.leaves) {
            self.leave(mark.key, trace);
        }
        self.marks = marks;
    }

    /// The groups for which there is evidence enough, the strongest first, each with what speaks for it most.
    fn weigh(&self, finding: &Finding, marks: &[Mark], stand: Stand) -> Vec<(u32, Because)> {
        let mut found: Vec<Found> = Vec::new();
        for mark in marks.iter().filter(|mark| mark.looks) {
            let traces = self.traces.get(&mark.key).or_else(|| self.older.get(&mark.key));
            for trace in traces.into_iter().flatten() {
                let Some((value, is_usual)) = self.value(mark, trace, finding, stand) else { continue };
                let group = self.groups.find(trace.group);
                let because = Because { sign: mark.sign, with: trace.member, value };
                let at = found.iter().position(|own| own.group == group).unwrap_or_else(|| {
                    found.push(Found { group, all: Evidence::default(), fresh: Evidence::default(), because });
                    found.len() - 1
                });
                let Some(own) = found.get_mut(at) else { continue };
                own.all.add(mark.sign, value);
                if !is_usual {
                    own.fresh.add(mark.sign, value);
                }
                if value > own.because.value {
                    own.because = because;
                }
            }
        }
        self.choose(&mut found, stand.is_habit);
        found.into_iter().map(|found| (found.group, found.because)).collect()
    }

    /// What a trace counts for a finding, and whether it is about something usual.
    fn value(&self, mark: &Mark, trace: &Trace, finding: &Finding, stand: Stand) -> Option<(f64, bool)> {
        let Stand { time, tree, account, is_habit } = stand;
        let apart = time.saturating_sub(trace.time);
        if apart > nanos(self.options.quiet) {
            return None;
        }
        // A correlation of what is usual is as usual.
        let is_alike = mark.sign == Sign::MadeOf && is_habit == trace.is_habit;
        let is_usual = (is_habit || trace.is_habit) && !is_alike;
        let mut value = if is_usual { mark.sign.after_habit(apart) } else { mark.sign.after(apart) };
        let is_elsewhere = tree != 0 && trace.tree != 0 && tree != trace.tree;
        if matches!(mark.sign, Sign::SameSource | Sign::Onward | Sign::SameTarget | Sign::SameRule) {
            if is_elsewhere {
                value *= OTHER_SESSION;
            } else if account != 0 && trace.account != 0 && account != trace.account {
                value *= OTHER_ACCOUNT;
            }
            if mark.sign == Sign::Onward && tree != 0 && trace.tree == 0 {
                value *= OUT_OF_SESSION;
            }
            if self.is_hub(mark.sign, finding, trace) {
                value *= HUB;
            }
            if !is_usual && finding.rule.level.min(trace.level) <= Level::Low {
                value *= LOW;
            }
        } else if matches!(mark.sign, Sign::Account | Sign::AccountOnHost) {
            if is_elsewhere {
                value *= ELSEWHERE;
            } else if !self.are_related(finding, trace) {
                value *= UNRELATED;
            }
        }
        Some((value, is_usual))
    }

    /// Leaves the groups that a finding joins, the strongest first.
    fn choose(&self, found: &mut Vec<Found>, is_habit: bool) {
        found.retain(|found| found.all.sum() >= ENOUGH);
        // A correlation belongs to what it is made of.
        let is_part = |found: &Found| found.all.of(About::Cause) >= 1.0;
        if found.iter().any(is_part) {
            found.retain(is_part);
        }
        found.sort_by(|one, other| other.all.sum().total_cmp(&one.all.sum()).then(one.group.cmp(&other.group)));
        // What is the same as before stays with its like when nothing else speaks for it.
        let is_other = |found: &Found| found.all.without_rule() >= ENOUGH;
        if found.iter().any(is_other) {
            found.retain(is_other);
        } else if let Some(first) = found.iter().map(|found| found.group).min_by_key(|group| self.groups.begin(*group))
        {
            return found.retain(|found| found.group == first);
        }
        // What is usual makes no one of two, neither by itself nor for others.
        let is_fresh = |found: &Found| found.fresh.sum() >= ENOUGH;
        if is_habit {
            found.truncate(1);
        } else if found.iter().any(is_fresh) {
            found.retain(is_fresh);
        } else {
            found.retain(|found| self.groups.get(found.group).is_some_and(|group| group.is_told));
            found.truncate(1);
        }
    }

    /// Whether a finding is something usual: it happens again and again, or it is explained. A correlation is when all it is made
    /// of is.
    fn is_habit(&mut self, finding: &Finding, marks: &[Mark], time: i64, at: &str) -> bool {
        if !finding.made_of.is_empty() {
            let of = marks.iter().filter(|mark| mark.sign == Sign::MadeOf);
            let mut known =
                of.filter_map(|mark| self.traces.get(&mark.key).or_else(|| self.older.get(&mark.key))).flatten();
            if let Some(first) = known.next() {
                return first.is_habit && known.all(|trace| trace.is_habit);
            }
        }
        if self.explained.0 == time && self.explained.1.iter().any(|own| **own == *at) {
            return true;
        }
        let (last, occasions) = self.habits.entry(signs::again(finding)).or_insert((time, 0));
        if *occasions == 0 || time.saturating_sub(*last) > OCCASION {
            *occasions += 1;
        }
        *last = time.max(*last);
        *occasions > 1
    }

    /// Whether a host of a finding is one of another, or they had to do with each other.
    fn are_related(&self, finding: &Finding, trace: &Trace) -> bool {
        let Some(other) = self.groups.member(trace.member) else { return false };
        let hosts = |finding: &Finding| [finding.source, finding.target].into_iter().flatten();
        hosts(finding).any(|host| {
            let other = hosts(&other.finding);
            other.into_iter().any(|other| host == other || self.contacts.are_known(host, other))
        })
    }

    /// Whether what a finding has in common with another is a host with which many deal, or the other came from one that deals with many.
    fn is_hub(&self, sign: Sign, finding: &Finding, trace: &Trace) -> bool {
        let is_busy = |host: Option<HostId>| {
            let known = host.and_then(|host| self.hosts.get(host));
            known.is_some_and(|known| known.peers_out > self.options.hub_peers)
        };
        let came_from = || self.groups.member(trace.member).and_then(|member| member.finding.source);
        if matches!(sign, Sign::SameTarget | Sign::Onward) && is_busy(came_from()) {
            return true;
        }
        let (host, as_source) = match sign {
            Sign::SameTarget => (finding.target, false),
            Sign::Onward => (finding.source, false),
            _ => (finding.source, true),
        };
        let peers = host.and_then(|host| self.hosts.get(host));
        peers.is_some_and(|known| (if as_source { known.peers_out } else { known.peers_in }) > self.options.hub_peers)
    }

    /// Puts a finding into the groups that it joins, or into one of its own.
    fn enter(
        &mut self,
        finding: Finding,
        trees: Vec<u64>,
        (time, at): (i64, Box<str>),
        joined: Vec<(u32, Because)>,
    ) -> Option<MemberId> {
        if self.groups.len() >= INCIDENT_FINDINGS_MAX {
            self.stats.given_up += 1;
            return None;
        }
        let because = joined.first().map(|(_, because)| *because);
        let level = finding.rule.level;
        let member = Member::new(finding, trees, time, at, because);
        let group = match joined.first() {
            Some((group, _)) => *group,
            None => self.groups.open(),
        };
        let was_told = self.groups.get(group).is_some_and(|group| group.is_told);
        let member = self.groups.add(group, member);
        for (other, because) in joined.iter().skip(1) {
            self.merge(*other, group, *because);
        }
        let own = self.groups.find(group);
        let wanted = self.options.level;
        let Some(group) = self.groups.get_mut(own) else { return Some(member) };
        group.level = group.level.max(Some(level));
        let id = group.id.clone();
        if was_told {
            self.changes.push(Change::Grew { id });
        } else if group.level >= Some(wanted) && !group.is_told {
            group.is_told = true;
            self.changes.push(Change::Opened { id });
        }
        Some(member)
    }

    fn merge(&mut self, one: u32, other: u32, because: Because) {
        let Some((kept, gone)) = self.groups.merge(one, other, because.sign.words()) else { return };
        let Group { id: into, is_told, .. } = kept;
        if gone.is_told && *is_told {
            let because = because.sign.words().to_owned();
            self.changes.push(Change::Merged { id: gone.id, into: into.clone(), because });
        } else if gone.is_told {
            kept.is_told = true;
            let (id, into) = (gone.id, into.clone());
            self.changes.push(Change::Opened { id: into.clone() });
            self.changes.push(Change::Merged { id, into, because: because.sign.words().to_owned() });
        }
    }

    fn leave(&mut self, key: u64, trace: Trace) {
        if self.traces.len() >= INCIDENT_KEYS_MAX / 2 {
            self.older = std::mem::take(&mut self.traces);
        }
        let older = &mut self.older;
        let traces = self.traces.entry(key).or_insert_with(|| older.remove(&key).unwrap_or_default());
        let groups = &self.groups;
        // What is usual does not hide what is not.
        let is_same = |own: &Trace| groups.find(own.group) == trace.group && own.is_habit == trace.is_habit;
        if let Some(own) = traces.iter_mut().find(|own| is_same(own)) {
            *own = trace;
            return;
        }
        if traces.len() >= TRACES {
            traces.remove(0);
        }
        traces.push(trace);
    }

    /// The sessions in which something may have happened, each by the one with which it began.
    fn trees_of(&self, finding: &Finding, time: i64) -> Vec<u64> {
        let place = |host: Option<HostId>| self.hosts.get(host?)?.place.as_ref();
        let accounts: Vec<&str> = finding.accounts().collect();
        let life = self.watch.life();
        self.trees.of(self.watch.sessions(), place(finding.source), place(finding.target), &accounts, (time, life))
    }

    /// Closes what has been quiet for too long.
    fn sweep(&mut self, time: i64) {
        let quiet = nanos(self.options.quiet);
        if time.saturating_sub(self.swept) < quiet / 16 {
            return;
        }
        self.swept = time;
        for group in self.groups.quiet_since(time.saturating_sub(quiet)) {
            if group.is_told {
                self.changes.push(Change::Closed { id: group.id.clone() });
            }
        }
        let (groups, since) = (&self.groups, time.saturating_sub(quiet));
        self.habits.retain(|_, (last, _)| *last >= since.saturating_sub(6 * quiet));
        self.same.retain(|_, member| groups.member(*member).is_some_and(|member| member.last >= since));
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn account_of(finding: &Finding) -> u64 {
    finding.accounts().next().map_or(0, |name| xxhash_rust::xxh3::xxh3_64(name.as_bytes()) | 1)
}
