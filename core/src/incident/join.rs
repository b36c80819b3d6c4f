//! Joins a finding to the groups with which it has enough in common.
//!
//! ```text
//! marks of a finding ─▶ traces that others left ─▶ evidence for each group ─▶ the groups that it joins
//! ```

use super::evidence::{
    About, ELSEWHERE, ENOUGH, Evidence, HUB, Habit, OTHER_ACCOUNT, OTHER_SESSION, OUT_OF_SESSION, Sign, UNRELATED,
};
use super::finding::Finding;
use super::groups::Because;
use super::hosts::HostId;
use super::register::{Register, nanos};
use super::score;
use super::signs::{self, Mark};
use super::traces::{Stand, Trace, TraceId, account_of};
use crate::check::Level;
use smallvec::SmallVec;

/// Times at which something happens: those that lie within this time, in nanoseconds, are one.
const OCCASION: i64 = 1_800_000_000_000;

/// Groups that a finding may join.
pub(super) type FoundGroups = SmallVec<[Found; 2]>;

/// A trace that a finding comes upon, and what that counts when nothing makes it weaker.
pub(super) struct Met<'m> {
    mark: &'m Mark,
    pub(super) trace: Trace,
    value: f64,
    is_usual: bool,
}

impl<'m> Met<'m> {
    pub(super) fn new(mark: &'m Mark, trace: Trace, stand: Stand) -> Self {
        let (value, is_usual) = stand.fades(mark.sign, &trace);
        Self { mark, trace, value, is_usual }
    }
}

/// A group that a finding may join: all that speaks for it, what of that is not usual, and what speaks most.
pub(super) struct Found {
    pub(super) group: u32,
    pub(super) all: Evidence,
    pub(super) fresh: Evidence,
    pub(super) because: Because,
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
        let is_outside = |host: HostId| hosts.peers(host).is_outside;
        signs::marks(&finding, &trees, is_outside, &mut marks);
        let (again, account) = (signs::again(&finding), account_of(&finding));
        // PERF: all tables are asked at once, so that the machine waits for memory once.
        let occasions = self.habits.get(&again).copied();
        let known = self.same.get(&same).copied();
        let left = self.traces.left(&marks);
        let (habit, occasions) = self.habit(&finding, &marks, occasions, time, &at);
        let tree = trees.first().copied().unwrap_or(0);
        let stand = Stand { time, tree, account, habit, level };
        let known = known.filter(|(last, known)| {
            time.saturating_sub(*last) <= self.sameness() && self.groups.member(*known).is_some()
        });
        let joined = if known.is_none() { self.weigh(&finding, &left, stand) } else { Vec::new() };
        drop(left);
        let (last, member) = if let Some((last, known)) = known {
            self.groups.again(known, time, &at);
            (last.max(time), known)
        } else {
            let member = self.enter(finding, trees, (time, at), joined);
            self.groups.note_habit(member, habit);
            (time, member)
        };
        self.same.insert(same, (last, member));
        self.habits.extend(occasions.map(|occasions| (again, occasions)));
        let left = self.groups.seat_mut(member).map(|seat| seat.again(member, time, habit));
        let group = self.groups.group_of(member);
        for (mark, left) in marks.iter().filter(|mark| mark.leaves).zip(left.into_iter().cycle()) {
            self.traces.leave(mark.key, left, group, &self.groups);
        }
        self.marks = marks;
    }

    /// The groups for which there is evidence enough, the strongest first, each with what speaks for it most.
    fn weigh(&self, finding: &Finding, left: &[(&Mark, &[TraceId])], stand: Stand) -> Vec<(u32, Because)> {
        let likely = self.likely(left, stand);
        let mut found = self.weigh_all(finding, stand, likely.into_iter());
        self.choose(&mut found, stand.habit.is_usual());
        found.into_iter().map(|found| (found.group, found.because)).collect()
    }

    /// What speaks for each group, by what was found of it.
    pub(super) fn weigh_all<'m>(
        &self,
        finding: &Finding,
        stand: Stand,
        all: impl Iterator<Item = Met<'m>>,
    ) -> FoundGroups {
        let mut found = FoundGroups::new();
        for Met { mark, trace, value, is_usual } in all {
            let group = trace.group;
            let value = value * self.weakened(mark.sign, &trace, finding, stand);
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
    fn likely<'m>(&self, left: &[(&'m Mark, &[TraceId])], stand: Stand) -> Vec<Met<'m>> {
        let quiet = nanos(self.options.quiet);
        // Step by step for all, so that the machine waits for memory once in each step. Whoever counts what was left has fetched it: between two
        // findings there is then so little to do that it waits for all of them together.
        let ids = left.iter().flat_map(|(mark, ids)| ids.iter().map(move |id| (*mark, *id)));
        let mut met = Vec::with_capacity(ids.clone().filter(|(_, id)| self.groups.is_left(*id)).count());
        let traces = ids.filter_map(|(mark, id)| Some((mark, self.groups.seat(id.member())?.trace(id)?)));
        met.extend(traces.filter(|(_, trace)| stand.time.saturating_sub(trace.time) <= quiet));
        met.iter_mut().for_each(|(_, trace)| trace.group = self.groups.find(trace.group));
        let mut most: SmallVec<[(u32, Evidence); 8]> = SmallVec::new();
        let mut likely: Vec<Met<'_>> = met.into_iter().map(|(mark, trace)| Met::new(mark, trace, stand)).collect();
        for Met { mark, trace, value, .. } in &likely {
            match most.iter_mut().find(|(group, _)| *group == trace.group) {
                Some((_, most)) => most.add(mark.sign, *value),
                None => most.push((trace.group, Evidence::from(mark.sign, *value))),
            }
        }
        most.retain(|(_, own)| own.sum() >= ENOUGH);
        likely.retain(|own| most.iter().any(|(group, _)| *group == own.trace.group));
        likely
    }

    /// How much less a trace counts for a finding than what they have in common says.
    fn weakened(&self, sign: Sign, trace: &Trace, finding: &Finding, stand: Stand) -> f64 {
        let Stand { tree, account, .. } = stand;
        let is_elsewhere = tree != 0 && trace.tree != 0 && tree != trace.tree;
        if matches!(sign, Sign::SameSource | Sign::Onward | Sign::SameTarget | Sign::SameRule) {
            let mut factor = 1.0;
            if is_elsewhere {
                factor *= OTHER_SESSION;
            } else if account != 0 && trace.account != 0 && account != trace.account {
                factor *= OTHER_ACCOUNT;
            }
            if sign == Sign::Onward && tree != 0 && trace.tree == 0 {
                factor *= OUT_OF_SESSION;
            }
            if self.is_hub(sign, finding, trace) {
                factor *= HUB;
            }
            return factor;
        }
        match sign {
            Sign::Account | Sign::AccountOnHost if is_elsewhere => ELSEWHERE,
            Sign::Account | Sign::AccountOnHost if !self.are_related(finding, trace) => UNRELATED,
            _ => 1.0,
        }
    }

    /// Leaves the groups that a finding joins, the strongest first.
    fn choose(&self, found: &mut FoundGroups, is_usual: bool) {
        found.retain(|found| found.all.sum() >= ENOUGH);
        // A correlation belongs to what it is made of.
        let is_part = |found: &Found| found.all.of(About::Cause) >= 1.0;
        if found.iter().any(is_part) {
            found.retain(|own| is_part(own));
        }
        found.sort_by(|one, other| other.all.sum().total_cmp(&one.all.sum()).then(one.group.cmp(&other.group)));
        // What is the same as before stays with its like when nothing else speaks for it.
        let is_other = |found: &Found| found.all.without_rule() >= ENOUGH;
        if found.iter().any(is_other) {
            found.retain(|own| is_other(own));
        } else {
            // PERF: most find one, whose beginning lies somewhere in memory.
            let first =
                |found: &[Found]| found.iter().map(|own| own.group).min_by_key(|group| self.groups.begin(*group));
            if let Some(first) = Some(&**found).filter(|found| found.len() > 1).and_then(first) {
                found.retain(|found| found.group == first);
            }
            return;
        }
        // What is usual makes no one of two, neither by itself nor for others.
        let is_fresh = |found: &Found| found.fresh.sum() >= ENOUGH;
        if is_usual {
            found.truncate(1);
        } else if found.iter().any(is_fresh) {
            found.retain(|own| is_fresh(own));
        } else {
            found.retain(|found| self.groups.get(found.group).is_some_and(|group| group.is_told));
            found.truncate(1);
        }
    }

    /// How usual a finding is, by when the same happened last and on how many occasions; and what is known of that now. A correlation is
    /// usual when all it is made of is.
    fn habit(
        &self,
        finding: &Finding,
        marks: &[Mark],
        occasions: Option<(i64, u32)>,
        time: i64,
        at: &str,
    ) -> (Habit, Option<(i64, u32)>) {
        let usual = |is_usual: bool| if is_usual { Habit::Usual } else { Habit::No };
        if !finding.made_of.is_empty() {
            let of = marks.iter().filter(|mark| mark.sign == Sign::MadeOf);
            let mut known = of.flat_map(|mark| self.traces.of(mark.key)).filter_map(|trace| self.groups.trace(*trace));
            if let Some(first) = known.next() {
                let are_usual = first.habit.is_usual() && known.all(|trace| trace.habit.is_usual());
                return (usual(are_usual), None);
            }
        }
        if self.explained.0 == time && self.explained.1.iter().any(|own| **own == *at) {
            return (Habit::Usual, None);
        }
        let (last, before) = occasions.unwrap_or((time, 0));
        let is_another = before == 0 || time.saturating_sub(last) > OCCASION;
        let occasions = (time.max(last), before + u32::from(is_another));
        (self.habit_of(finding, occasions.1, time), Some(occasions))
    }

    /// How usual a finding is that has happened on so many occasions.
    fn habit_of(&self, finding: &Finding, occasions: u32, time: i64) -> Habit {
        let is_of_little = finding.rule.level <= Level::Low;
        if occasions > 1 {
            let is_act = finding.operation.as_deref().is_some_and(|class| score::of_operation(class) > 0);
            return if is_of_little && !is_act { Habit::Routine } else { Habit::Usual };
        }
        // What is of little weight between hosts that have long dealt with each other is part of that.
        let begun = || finding.source.zip(finding.target).and_then(|(from, to)| self.contacts.begun(from, to));
        let is_known = is_of_little && begun().is_some_and(|begun| time.saturating_sub(begun) > OCCASION);
        if is_known { Habit::Usual } else { Habit::No }
    }

    /// Whether a host of a finding is one of another, or they had to do with each other.
    fn are_related(&self, finding: &Finding, trace: &Trace) -> bool {
        [finding.source, finding.target].into_iter().flatten().any(|host| {
            let mut others = [trace.source, trace.target].into_iter().flatten();
            others.any(|other| host == other || self.contacts.are_known(host, other))
        })
    }

    /// Whether what a finding has in common with another is a host with which many deal, or the other came from one that deals with many.
    fn is_hub(&self, sign: Sign, finding: &Finding, trace: &Trace) -> bool {
        let is_hub = |host: Option<HostId>, outwards| {
            host.is_some_and(|host| self.hosts.peers(host).is_hub(outwards, self.options.hub_peers))
        };
        if matches!(sign, Sign::SameTarget | Sign::Onward) && is_hub(trace.source, true) {
            return true;
        }
        match sign {
            Sign::SameTarget => is_hub(finding.target, false),
            Sign::Onward => is_hub(finding.source, false),
            _ => is_hub(finding.source, true),
        }
    }
}
