//! Joins a finding to the groups with which it has enough in common.
//!
//! ```text
//! marks of a finding ─▶ traces that others left ─▶ evidence for each group ─▶ the groups that it joins
//! ```
//!
//! Traces are kept in two generations, so that the oldest are forgotten without looking for them.

use super::evidence::{
    About, ELSEWHERE, ENOUGH, Evidence, HUB, Habit, OTHER_ACCOUNT, OTHER_SESSION, OUT_OF_SESSION, Sign, UNRELATED,
};
use super::finding::Finding;
use super::groups::{Because, Groups, Member, MemberId};
use super::hosts::HostId;
use super::register::{Register, nanos};
use super::score;
use super::signs::{self, Mark};
use crate::check::Level;
use crate::seal::{Damage, read_all, write_all};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::{Deserialize, Serialize};

/// Who left a key last, group by group.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Trace {
    group: u32,
    member: MemberId,
    time: i64,
    tree: u64,
    account: u64,
    habit: Habit,
    level: Level,
}

/// How a finding stands to others: when, in which session, by whom, and whether it is something usual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    time: i64,
    tree: u64,
    account: u64,
    pub(super) habit: Habit,
    level: Level,
}

impl Trace {
    /// What a finding of a group leaves.
    pub(super) fn of(group: u32, id: MemberId, member: &Member) -> Self {
        let tree = member.trees.first().copied().unwrap_or(0);
        let (account, habit, level) = (account_of(&member.finding), member.habit, member.finding.rule.level);
        Self { group, member: id, time: member.last, tree, account, habit, level }
    }

    /// How a finding that leaves it stood when it came.
    pub(super) fn stand(&self, time: i64) -> Stand {
        let Self { tree, account, habit, level, .. } = *self;
        Stand { time, tree, account, habit, level }
    }

    /// The same when it is not later than this.
    pub(super) fn until(self, time: i64) -> Self {
        Self { time: self.time.min(time), ..self }
    }

    pub(super) fn time(&self) -> i64 {
        self.time
    }

    pub(super) fn within(self, group: u32) -> Self {
        Self { group, ..self }
    }
}

impl Stand {
    /// What a sign counts after the time between, and whether it is about something usual.
    fn fades(&self, sign: Sign, trace: &Trace) -> (f64, bool) {
        let apart = self.time.saturating_sub(trace.time);
        // A correlation of what is usual is as usual.
        let is_alike = sign == Sign::MadeOf && self.habit.is_usual() == trace.habit.is_usual();
        // To what comes after it, routine is no more than usual.
        let habit = if is_alike { Habit::No } else { self.habit.max(trace.habit.min(Habit::Usual)) };
        let value = match habit {
            Habit::No if self.level.min(trace.level) <= Level::Low => sign.after_low(apart),
            Habit::No => sign.after(apart),
            Habit::Usual | Habit::Routine => sign.after_habit(apart, habit),
        };
        (value, habit.is_usual())
    }
}

/// Times at which something happens: those that lie within this time, in nanoseconds, are one.
const OCCASION: i64 = 1_800_000_000_000;

/// A group that a finding may join: all that speaks for it, what of that is not usual, and what speaks most.
pub(super) struct Found {
    pub(super) group: u32,
    pub(super) all: Evidence,
    pub(super) fresh: Evidence,
    pub(super) because: Because,
}

/// Groups that a key remembers.
pub(super) const TRACES: usize = 6;

/// Traces by their keys.
#[derive(Debug)]
pub(super) struct Traces {
    young: HashMap<u64, Left>,
    old: HashMap<u64, Left>,
    max: usize,
}

/// The traces under one key. PERF: most keys have one, and it stands in the table itself.
#[derive(Debug, Serialize, Deserialize)]
struct Left {
    first: Trace,
    more: Vec<Trace>,
}

impl Left {
    fn all(&self) -> impl Iterator<Item = &Trace> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl Traces {
    pub(super) fn new(max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), max }
    }

    fn left(&self, key: u64) -> Option<&Left> {
        self.young.get(&key).or_else(|| self.old.get(&key))
    }

    fn of(&self, key: u64) -> impl Iterator<Item = &Trace> {
        self.left(key).into_iter().flat_map(Left::all)
    }

    /// Writes all behind what is there.
    pub(super) fn save(&self, bytes: &mut Vec<u8>) {
        for traces in [&self.young, &self.old] {
            let mut all: Vec<_> = traces.iter().collect();
            all.sort_unstable_by_key(|(key, _)| **key);
            write_all(bytes, all.into_iter());
        }
    }

    /// Reads what was written, into new ones.
    pub(super) fn load(&mut self, bytes: &mut &[u8]) -> Result<(), Damage> {
        for traces in [&mut self.young, &mut self.old] {
            *traces = read_all::<(u64, Left)>(bytes, usize::MAX)?.into_iter().collect();
        }
        Ok(())
    }

    /// Forgets what leads to groups that were forgotten.
    pub(super) fn forget(&mut self, groups: &Groups) {
        for traces in [&mut self.young, &mut self.old] {
            traces.retain(|_, left| {
                left.more.retain(|trace| groups.is_live(trace.group));
                if !groups.is_live(left.first.group) {
                    let Some(next) = left.more.pop() else { return false };
                    left.first = next;
                }
                true
            });
        }
    }

    /// The groups that left something under a key.
    pub(super) fn groups(&self, key: u64) -> impl Iterator<Item = u32> {
        self.of(key).map(|trace| trace.group)
    }

    /// Takes away what a group left under a key.
    pub(super) fn take(&mut self, key: u64, group: u32, groups: &Groups) {
        for traces in [&mut self.young, &mut self.old] {
            let Some(mut left) = traces.remove(&key) else { continue };
            left.more.retain(|trace| groups.find(trace.group) != group);
            if groups.find(left.first.group) == group {
                if left.more.is_empty() {
                    continue;
                }
                left.first = left.more.remove(0);
            }
            traces.insert(key, left);
        }
    }

    pub(super) fn leave(&mut self, key: u64, trace: Trace, groups: &Groups) {
        if self.young.len() >= self.max / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        let older = self.old.remove(&key);
        let left = match self.young.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => match older {
                Some(older) => free.insert(older),
                None => {
                    free.insert(Left { first: trace, more: Vec::new() });
                    return;
                }
            },
        };
        // What is usual does not hide what is not.
        let is_usual = trace.habit.is_usual();
        let is_same = |own: &Trace| groups.find(own.group) == trace.group && own.habit.is_usual() == is_usual;
        let mut all = std::iter::once(&mut left.first).chain(&mut left.more);
        if let Some(own) = all.find(|own| is_same(own)) {
            *own = trace;
            return;
        }
        if left.more.len() + 1 >= TRACES {
            left.first = left.more.remove(0);
        }
        left.more.push(trace);
    }
}

impl Register {
    /// Joins a finding to what it belongs to.
    pub(super) fn find(&mut self, finding: Finding, time: i64, at: Box<str>) {
        self.stats.findings += 1;
        if !(self.keep)(self.stats.findings) {
            return;
        }
        self.make_room();
        self.deal_in(&finding, time);
        let mut marks = std::mem::take(&mut self.marks);
        let level = finding.rule.level;
        let trees = self.trees_of(&finding, time);
        let same = signs::sameness(&finding, &trees);
        let hosts = &self.hosts;
        let is_outside = |host: HostId| hosts.get(host).is_some_and(|known| known.is_outside);
        signs::marks(&finding, &trees, is_outside, &mut marks);
        let habit = self.habit(&finding, &marks, time, &at);
        let tree = trees.first().copied().unwrap_or(0);
        let stand = Stand { time, tree, account: account_of(&finding), habit, level };
        let known = self.same.get(&same).copied().filter(|known| {
            self.groups.member(*known).is_some_and(|known| time.saturating_sub(known.last) <= self.sameness())
        });
        let member = if let Some(known) = known {
            self.groups.again(known, time, &at);
            known
        } else {
            let joined = self.weigh(&finding, &marks, stand);
            let member = self.enter(finding, trees, (time, at), joined);
            self.groups.note_habit(member, habit);
            self.same.insert(same, member);
            member
        };
        let group = self.groups.group_of(member);
        let Stand { tree, account, .. } = stand;
        let trace = Trace { group, member, time, tree, account, habit, level };
        for mark in marks.iter().filter(|mark| mark.leaves) {
            self.traces.leave(mark.key, trace, &self.groups);
        }
        self.marks = marks;
    }

    /// The groups for which there is evidence enough, the strongest first, each with what speaks for it most.
    fn weigh(&self, finding: &Finding, marks: &[Mark], stand: Stand) -> Vec<(u32, Because)> {
        let likely = self.likely(marks, stand);
        let mut found =
            self.weigh_all(finding, stand, likely.iter().map(|(group, mark, trace)| (*group, *mark, **trace)));
        self.choose(&mut found, stand.habit.is_usual());
        found.into_iter().map(|found| (found.group, found.because)).collect()
    }

    /// What speaks for each group, by what was found of it.
    pub(super) fn weigh_all<'m>(
        &self,
        finding: &Finding,
        stand: Stand,
        all: impl Iterator<Item = (u32, &'m Mark, Trace)>,
    ) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for (group, mark, trace) in all {
            let (value, is_usual) = self.value(mark, &trace, finding, stand);
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
        found
    }

    /// Traces of groups for which there would be evidence enough if nothing made it weaker. PERF: most need no closer look, which reads
    /// findings and hosts from all over memory.
    fn likely<'s>(&'s self, marks: &'s [Mark], stand: Stand) -> Vec<(u32, &'s Mark, &'s Trace)> {
        let quiet = nanos(self.options.quiet);
        let mut likely = Vec::new();
        let mut most: Vec<(u32, Evidence)> = Vec::new();
        // All are fetched before any is read, so that the machine waits for memory once.
        let looks = marks.iter().filter(|mark| mark.looks);
        let left: Vec<(&Mark, &Left)> = looks.filter_map(|mark| Some((mark, self.traces.left(mark.key)?))).collect();
        for (mark, left) in left {
            for trace in left.all().filter(|trace| stand.time.saturating_sub(trace.time) <= quiet) {
                let group = self.groups.find(trace.group);
                let value = stand.fades(mark.sign, trace).0;
                likely.push((group, mark, trace));
                match most.iter_mut().find(|(own, _)| *own == group) {
                    Some((_, own)) => own.add(mark.sign, value),
                    None => most.push((group, Evidence::from(mark.sign, value))),
                }
            }
        }
        most.retain(|(_, own)| own.sum() >= ENOUGH);
        likely.retain(|(group, ..)| most.iter().any(|(own, _)| own == group));
        likely
    }

    /// What a trace counts for a finding, and whether it is about something usual.
    fn value(&self, mark: &Mark, trace: &Trace, finding: &Finding, stand: Stand) -> (f64, bool) {
        let Stand { tree, account, .. } = stand;
        let (mut value, is_usual) = stand.fades(mark.sign, trace);
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
        } else if matches!(mark.sign, Sign::Account | Sign::AccountOnHost) {
            if is_elsewhere {
                value *= ELSEWHERE;
            } else if !self.are_related(finding, trace) {
                value *= UNRELATED;
            }
        }
        (value, is_usual)
    }

    /// Leaves the groups that a finding joins, the strongest first.
    fn choose(&self, found: &mut Vec<Found>, is_usual: bool) {
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
        if is_usual {
            found.truncate(1);
        } else if found.iter().any(is_fresh) {
            found.retain(is_fresh);
        } else {
            found.retain(|found| self.groups.get(found.group).is_some_and(|group| group.is_told));
            found.truncate(1);
        }
    }

    /// How usual a finding is. A correlation is usual when all it is made of is.
    fn habit(&mut self, finding: &Finding, marks: &[Mark], time: i64, at: &str) -> Habit {
        let usual = |is_usual: bool| if is_usual { Habit::Usual } else { Habit::No };
        if !finding.made_of.is_empty() {
            let of = marks.iter().filter(|mark| mark.sign == Sign::MadeOf);
            let mut known = of.flat_map(|mark| self.traces.of(mark.key));
            if let Some(first) = known.next() {
                return usual(first.habit.is_usual() && known.all(|trace| trace.habit.is_usual()));
            }
        }
        if self.explained.0 == time && self.explained.1.iter().any(|own| **own == *at) {
            return Habit::Usual;
        }
        let (last, occasions) = self.habits.entry(signs::again(finding)).or_insert((time, 0));
        if *occasions == 0 || time.saturating_sub(*last) > OCCASION {
            *occasions += 1;
        }
        *last = time.max(*last);
        let is_of_little = finding.rule.level <= Level::Low;
        if *occasions > 1 {
            let is_act = finding.operation.as_deref().is_some_and(|class| score::of_operation(class) > 0);
            return if is_of_little && !is_act { Habit::Routine } else { Habit::Usual };
        }
        // What is of little weight between hosts that have long dealt with each other is part of that.
        let begun = || finding.source.zip(finding.target).and_then(|(from, to)| self.contacts.begun(from, to));
        usual(is_of_little && begun().is_some_and(|begun| time.saturating_sub(begun) > OCCASION))
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
        let is_hub = |host: Option<HostId>, outwards| {
            let known = host.and_then(|host| self.hosts.get(host));
            known.is_some_and(|known| known.is_hub(outwards, self.options.hub_peers))
        };
        let came_from = || self.groups.member(trace.member).and_then(|member| member.finding.source);
        if matches!(sign, Sign::SameTarget | Sign::Onward) && is_hub(came_from(), true) {
            return true;
        }
        match sign {
            Sign::SameTarget => is_hub(finding.target, false),
            Sign::Onward => is_hub(finding.source, false),
            _ => is_hub(finding.source, true),
        }
    }
}

fn account_of(finding: &Finding) -> u64 {
    finding.accounts().next().map_or(0, |name| xxhash_rust::xxh3::xxh3_64(name.as_bytes()) | 1)
}
