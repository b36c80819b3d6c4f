//! Makes several groups of one when a host that joined them turns out to be a hub.
//!
//! ```text
//! one ─(both go on from dc-1)─ two       17 hosts have come to dc-1 now     ─▶     one │ two
//! ```
//!
//! The findings of a group are joined anew in the order of time, by the same evidence, once as if the host were none and once as it is. What
//! holds together in the one and not in the other is split; the part with the first finding keeps the id. Only hosts to which others come are
//! looked at: one that goes to many may be the attacker's, and then all of it is one attack.

use super::evidence::{About, ENOUGH};
use super::groups::{Because, Group, MemberId};
use super::hosts::HostId;
use super::join::{Found, FoundGroups, Met};
use super::register::{Change, Register, nanos};
use super::signs::{self, Mark};
use super::traces::{TRACES, Trace};
use crate::config::INCIDENT_SPLIT_MAX;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A finding of a group that is looked at again.
struct Again {
    id: MemberId,
    first: i64,
    trace: Trace,
    marks: Vec<Mark>,
}

impl Again {
    fn leaves(&self) -> impl Iterator<Item = u64> {
        self.marks.iter().filter(|mark| mark.leaves).map(|mark| mark.key)
    }
}

/// Findings of a group joined anew: for each the part to which it belongs, by the place of a finding of it, and what speaks for that.
struct Rejoined {
    parts: Vec<usize>,
    reasons: Vec<Option<Because>>,
}

impl Rejoined {
    fn is_whole(&self) -> bool {
        self.parts.windows(2).all(|pair| pair.first() == pair.last())
    }
}

impl Register {
    /// Another host has come to this one. Looks again at the groups that it may have joined, when that makes it a hub.
    pub(super) fn turned_out(&mut self, hub: HostId) {
        let peers = self.options.hub_peers.saturating_add(1);
        let own = self.hosts.peers(hub);
        if own.inwards != peers || own.is_outside {
            return;
        }
        let mut groups: Vec<u32> = signs::of_host(hub)
            .into_iter()
            .flat_map(|key| self.traces.of(key))
            .filter_map(|id| self.groups.trace(*id))
            .map(|trace| trace.group)
            .collect();
        groups.sort_unstable_by_key(|group| self.groups.begin(*group));
        groups.dedup();
        for group in groups {
            let is_open = |own: &Group| !own.is_closed && (2..=INCIDENT_SPLIT_MAX).contains(&own.members.len());
            if self.groups.get(group).is_some_and(is_open) {
                self.split(group, hub);
            }
        }
    }

    fn split(&mut self, group: u32, hub: HostId) {
        let all = self.again(group);
        let after = self.rejoin(&all);
        if after.is_whole() {
            return;
        }
        let peers = self.hosts.peers_mut(hub).map_or(0, |own| std::mem::take(&mut own.inwards));
        let before = self.rejoin(&all);
        self.hosts.peers_mut(hub).into_iter().for_each(|own| own.inwards = peers);
        if !before.is_whole() {
            // It was joined by more than is known now.
            return;
        }
        let why = format!("more than {} others come to {}", self.options.hub_peers, self.hosts.name(hub));
        for key in all.iter().flat_map(Again::leaves) {
            self.traces.take(key, group, &self.groups);
        }
        let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
        for part in &after.parts {
            if numbers.is_empty() {
                numbers.insert(*part, group);
            } else if !numbers.contains_key(part) {
                let of_part = all.iter().zip(&after.parts).filter(|(_, own)| *own == part);
                let moved: Vec<MemberId> = of_part.map(|(own, _)| own.id).collect();
                numbers.insert(*part, self.groups.split(group, &moved, &why));
            }
        }
        for (own, because) in all.iter().zip(after.reasons) {
            self.groups.rejoined(own.id, because);
        }
        for own in &all {
            let Trace { member, time, habit, .. } = own.trace;
            let Some(left) = self.groups.seat_mut(member).map(|seat| seat.again(member, time, habit)) else { continue };
            let number = self.groups.group_of(member);
            own.leaves().for_each(|key| self.traces.leave(key, left, number, &self.groups));
        }
        self.tell_parts(group, numbers.into_values().filter(|number| *number != group), &why);
    }

    /// The findings of a group in the order in which they came.
    fn again(&self, group: u32) -> Vec<Again> {
        let members = self.groups.get(group).map_or(&[][..], |group| &group.members);
        let outside = |host: HostId| self.hosts.peers(host).is_outside;
        let mut all: Vec<_> = members.iter().filter_map(|id| Some((*id, self.groups.member(*id)?))).collect();
        // Correlations come after what they are made of.
        all.sort_by_key(|(id, own)| (own.first, !own.finding.made_of.is_empty(), own.at.first(), *id));
        let again = |(id, member): (MemberId, &super::groups::Member)| {
            let mut marks = Vec::new();
            signs::marks(&member.finding, &member.trees, outside, &mut marks);
            let trace = self.groups.seat(id)?.at(id, member.last, member.habit);
            Some(Again { id, first: member.first, trace, marks })
        };
        all.into_iter().filter_map(again).collect()
    }

    fn rejoin(&self, all: &[Again]) -> Rejoined {
        let mut parents: Vec<usize> = (0..all.len()).collect();
        let mut left: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut reasons = Vec::with_capacity(all.len());
        for (at, own) in all.iter().enumerate() {
            let found = self.parts_of(own, all, &left, &parents);
            reasons.push(found.first().map(|found| found.because));
            let first = found.first().map_or(at, |found| found.group as usize);
            for part in found.iter().map(|found| found.group as usize).chain([at]) {
                parents.get_mut(part).into_iter().for_each(|parent| *parent = first);
            }
            own.leaves().for_each(|key| left.entry(key).or_default().push(at));
        }
        Rejoined { parts: (0..all.len()).map(|at| root(&parents, at)).collect(), reasons }
    }

    /// The parts that a finding joins, the strongest first, each by the place of a finding of it.
    fn parts_of(&self, own: &Again, all: &[Again], left: &HashMap<u64, Vec<usize>>, parents: &[usize]) -> FoundGroups {
        let Some(member) = self.groups.member(own.id) else { return FoundGroups::new() };
        let (stand, quiet) = (own.trace.stand(own.first), nanos(self.options.quiet));
        let looks = own.marks.iter().filter(|mark| mark.looks);
        // The latest say the most; of those before no more are asked than others leave.
        let latest = |mark: &Mark| left.get(&mark.key).into_iter().flatten().rev().take(TRACES);
        let traces = looks.flat_map(|mark| latest(mark).map(move |at| (mark, *at))).filter_map(|(mark, at)| {
            // What is found again and again goes on when this one comes, if it does not come later.
            let trace = all.get(at)?.trace.until(own.first);
            let is_near = own.first.saturating_sub(trace.time) <= quiet;
            is_near.then(|| Met::new(mark, Trace { group: root(parents, at) as u32, ..trace }, stand))
        });
        let mut found = self.weigh_all(&member.finding, stand, traces);
        found.retain(|found| found.all.sum() >= ENOUGH);
        found.sort_by(|one, other| other.all.sum().total_cmp(&one.all.sum()).then(one.group.cmp(&other.group)));
        let is_fresh = |found: &Found| found.fresh.sum() >= ENOUGH || found.all.of(About::Cause) >= 1.0;
        if stand.habit.is_usual() || !found.iter().any(is_fresh) {
            found.truncate(1);
        } else {
            found.retain(|own| is_fresh(own));
        }
        found
    }

    /// Tells what became of an incident that is several now.
    fn tell_parts(&mut self, group: u32, parts: impl Iterator<Item = u32>, why: &str) {
        let wanted = self.options.level;
        let was_told = self.groups.get(group).is_some_and(|own| own.is_told);
        let id = self.groups.get(group).map(|own| own.id).unwrap_or_default();
        for number in parts {
            let Some(part) = self.groups.get_mut(number) else { continue };
            part.is_told = part.level >= Some(wanted);
            let (is_told, own) = (part.is_told, part.id);
            if was_told {
                self.tell(Change::Split { id: id.to_string(), part: own.to_string(), because: why.to_owned() });
            }
            if is_told {
                self.tell(Change::Opened { id: own.to_string() });
            }
        }
        let Some(kept) = self.groups.get_mut(group) else { return };
        kept.is_told = kept.level >= Some(wanted);
        if was_told && !kept.is_told {
            self.tell(Change::Closed { id: id.to_string() });
        }
    }
}

/// The part of which a finding is, by the place of its first.
fn root(parents: &[usize], part: usize) -> usize {
    let mut at = part;
    while let Some(parent) = parents.get(at).filter(|parent| **parent != at) {
        at = *parent;
    }
    at
}
