//! Findings that belong together, in groups that may become one.
//!
//! ```text
//! group 3: [finding 7, finding 9]   group 5: [finding 8]   ─merge▶   group 3: [7, 8, 9]      5 is 3 from now on
//! ```
//!
//! Groups are merged as sets are (union by size), so a number of a group stays good when it has become part of another.

use super::evidence::{Habit, Sign};
use super::finding::Finding;
use super::sessions::TreesOf;
use super::traces::Seat;
use super::{Bytes, COUNT_MAX};
use crate::check::Level;
use crate::config::INCIDENTS_CLOSED_MAX;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// The number of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct MemberId(pub(super) u32);

/// The id of a group: a hash of its first finding, so that it is the same in every run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct GroupId(u64);

impl GroupId {
    /// The id of a group that begins with a finding.
    fn of(member: &Member) -> Self {
        let at = member.at.first().map_or("", |at| at);
        let mut bytes = Bytes::from_slice(member.finding.rule.id.as_bytes());
        for part in ["\0", itoa::Buffer::new().format(member.first), "\0", at] {
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(xxh3_64(&bytes))
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inc-{:016x}", self.0)
    }
}

/// What speaks most for a finding being part of its group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Because {
    pub(super) sign: Sign,
    pub(super) with: MemberId,
    pub(super) value: f64,
}

/// A finding, once or several times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) finding: Finding,
    pub(super) trees: TreesOf,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u64,
    /// Where the first and the latest of its events stand.
    pub(super) at: SmallVec<[Box<str>; 1]>,
    pub(super) because: Option<Because>,
    pub(super) habit: Habit,
}

/// The parent of a group that was forgotten.
const FREE: u32 = u32::MAX;

/// Places of events that are kept of a finding; then the last is replaced.
const PLACES: usize = 16;

impl Member {
    pub(super) fn new(finding: Finding, trees: TreesOf, time: i64, at: Box<str>, because: Option<Because>) -> Self {
        let habit = Habit::No;
        Self { finding, trees, first: time, last: time, count: 1, at: smallvec![at], because, habit }
    }
}

/// The findings of a group: most have few, which need no memory of their own.
type Members = SmallVec<[MemberId; 4]>;

/// Findings that belong together. PERF: a line of memory.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[repr(align(64))]
pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) members: Members,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) level: Option<Level>,
    /// Whether it is an incident.
    pub(super) is_told: bool,
    pub(super) is_closed: bool,
    /// What few have.
    past: Option<Box<Past>>,
}

/// What a group was made of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Past {
    /// Ids of incidents that became part of this one, and why.
    pub(super) merged: Vec<(GroupId, Sign)>,
    /// Ids of what was part of this one, and why it no longer is.
    pub(super) split: Vec<(GroupId, String)>,
    /// Numbers of groups that became part of it.
    parts: Vec<u32>,
}

impl Group {
    /// What it was made of.
    pub(super) fn past(&self) -> &Past {
        const NONE: &Past = &Past { merged: Vec::new(), split: Vec::new(), parts: Vec::new() };
        self.past.as_deref().unwrap_or(NONE)
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Groups {
    members: Vec<Option<Member>>,
    /// For each number of a finding what is asked most.
    seats: Vec<Seat>,
    groups: Vec<Group>,
    /// Of which group each has become part; itself when of none.
    parents: Vec<u32>,
    /// What is not over, with a time before which it is not. PERF: the groups themselves lie all over memory.
    open: Vec<(i64, u32)>,
    /// Incidents that are over, the oldest first.
    closed: VecDeque<u32>,
    /// Numbers that can be given again.
    free_members: Vec<u32>,
    free_groups: Vec<u32>,
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.members.len() - self.free_members.len()
    }

    pub(super) fn member(&self, member: MemberId) -> Option<&Member> {
        self.members.get(member.0 as usize)?.as_ref()
    }

    /// The group as which a group is known now.
    pub(super) fn find(&self, group: u32) -> u32 {
        let mut at = group;
        while let Some(parent) =
            self.parents.get(at as usize).copied().filter(|parent| *parent != at && *parent != FREE)
        {
            at = parent;
        }
        at
    }

    pub(super) fn group_of(&self, member: MemberId) -> u32 {
        self.seat(member).map_or(0, |seat| self.find(seat.group))
    }

    pub(super) fn seat(&self, member: MemberId) -> Option<&Seat> {
        self.seats.get(member.0 as usize)
    }

    pub(super) fn seat_mut(&mut self, member: MemberId) -> Option<&mut Seat> {
        self.seats.get_mut(member.0 as usize)
    }

    pub(super) fn get(&self, group: u32) -> Option<&Group> {
        self.groups.get(self.find(group) as usize)
    }

    /// When a group begins, and its id.
    pub(super) fn begin(&self, group: u32) -> (i64, GroupId) {
        self.get(group).map_or((i64::MAX, GroupId::default()), |group| (group.first, group.id))
    }

    pub(super) fn get_mut(&mut self, group: u32) -> Option<&mut Group> {
        let group = self.find(group);
        self.groups.get_mut(group as usize)
    }

    /// All that are listed, also what has become part of others.
    fn numbers(&self) -> impl Iterator<Item = u32> {
        self.open.iter().map(|(_, number)| *number).chain(self.closed.iter().copied())
    }

    /// Incidents, and groups that are none yet.
    pub(super) fn all(&self) -> impl Iterator<Item = &Group> {
        self.numbers().filter(|number| self.is_own(*number)).filter_map(|number| self.get(number))
    }

    pub(super) fn open(&mut self, time: i64) -> u32 {
        let number = self.free_groups.pop().unwrap_or_else(|| {
            self.groups.push(Group::default());
            self.parents.push(0);
            self.groups.len() as u32 - 1
        });
        if let (Some(group), Some(parent)) =
            (self.groups.get_mut(number as usize), self.parents.get_mut(number as usize))
        {
            *group = Group { first: i64::MAX, last: i64::MIN, ..Group::default() };
            *parent = number;
        }
        self.open.push((time, number));
        number
    }

    /// Whether a group was not forgotten.
    pub(super) fn is_live(&self, group: u32) -> bool {
        self.parents.get(group as usize).is_some_and(|parent| *parent != FREE)
    }

    /// Whether a group is no part of another.
    fn is_own(&self, group: u32) -> bool {
        self.parents.get(group as usize) == Some(&group)
    }

    pub(super) fn add(&mut self, group: u32, member: Member) -> MemberId {
        let free = self.free_members.pop();
        let id = MemberId(free.unwrap_or(self.members.len() as u32));
        if free.is_none() {
            self.seats.push(Seat::free(0));
        }
        let group = self.find(group);
        self.seat_mut(id).into_iter().for_each(|seat| seat.take(group, &member));
        if let Some(own) = self.groups.get_mut(group as usize) {
            if member.first < own.first {
                own.first = member.first;
                // Whoever was told of an incident knows it by its id.
                if !own.is_told {
                    own.id = GroupId::of(&member);
                }
            }
            own.last = own.last.max(member.last);
            own.members.push(id);
        }
        match self.members.get_mut(id.0 as usize) {
            Some(place) => *place = Some(member),
            None => self.members.push(Some(member)),
        }
        id
    }

    /// The same was found again.
    pub(super) fn again(&mut self, member: MemberId, time: i64, at: &str) {
        let group = self.group_of(member);
        if let Some(Some(own)) = self.members.get_mut(member.0 as usize) {
            own.count += 1;
            own.last = own.last.max(time);
            if own.at.len() >= PLACES {
                own.at.pop();
            }
            own.at.push(at.into());
        }
        self.get_mut(group).into_iter().for_each(|group| group.last = group.last.max(time));
    }

    /// Makes one of two groups; what is kept, and what is no more. Nothing when they are one already.
    pub(super) fn merge(&mut self, one: u32, other: u32, why: Sign) -> Option<(&mut Group, Group)> {
        let (mut kept, mut gone) = (self.find(one), self.find(other));
        if kept == gone {
            return None;
        }
        let size = |group: u32| self.groups.get(group as usize).map_or(0, |group| group.members.len());
        if size(kept) < size(gone) {
            std::mem::swap(&mut kept, &mut gone);
        }
        let mut gone_group = std::mem::take(self.groups.get_mut(gone as usize)?);
        if gone_group.is_closed || self.groups.get(kept as usize)?.is_closed {
            // What is over was not cleared of what became part of others; numbers that are given again are to be listed once.
            self.open.retain(|(_, number)| *number != gone);
            self.closed.retain(|number| *number != gone);
        }
        *self.parents.get_mut(gone as usize)? = kept;
        let kept_group = self.groups.get_mut(kept as usize)?;
        kept_group.members.append(&mut gone_group.members);
        kept_group.level = kept_group.level.max(gone_group.level);
        kept_group.last = kept_group.last.max(gone_group.last);
        let past = kept_group.past.get_or_insert_default();
        past.parts.push(gone);
        let Past { merged, split, parts } = gone_group.past.take().map(|past| *past).unwrap_or_default();
        past.parts.extend(parts);
        past.merged.extend(merged);
        past.split.extend(split);
        past.split.retain(|(part, _)| *part != gone_group.id && *part != kept_group.id);
        // The one that began first gives the id.
        if (gone_group.first, gone_group.id) < (kept_group.first, kept_group.id) {
            std::mem::swap(&mut kept_group.id, &mut gone_group.id);
            std::mem::swap(&mut kept_group.first, &mut gone_group.first);
            std::mem::swap(&mut kept_group.is_told, &mut gone_group.is_told);
        }
        if gone_group.is_told {
            past.merged.push((gone_group.id, why));
        }
        Some((kept_group, gone_group))
    }

    pub(super) fn note_habit(&mut self, member: MemberId, habit: Habit) {
        let own = self.members.get_mut(member.0 as usize).and_then(Option::as_mut);
        own.into_iter().for_each(|own| own.habit = habit);
    }

    /// Makes a group of its own of some of a group's findings, which are in the order of time and not the first.
    pub(super) fn split(&mut self, group: u32, moved: &[MemberId], why: &str) -> u32 {
        let number = self.open(i64::MIN);
        let is_moved: HashSet<MemberId> = moved.iter().copied().collect();
        for id in moved {
            self.seat_mut(*id).into_iter().for_each(|seat| seat.group = number);
        }
        let id = moved.first().and_then(|id| self.member(*id)).map(GroupId::of).unwrap_or_default();
        let Some(kept) = self.groups.get_mut(group as usize) else { return number };
        kept.members.retain(|own| !is_moved.contains(own));
        let past = kept.past.get_or_insert_default();
        past.merged.retain(|(merged, _)| *merged != id);
        past.split.push((id, why.to_owned()));
        if let Some(part) = self.groups.get_mut(number as usize) {
            (part.id, part.members) = (id, moved.into());
        }
        for number in [group, number] {
            let members = self.groups.get(number as usize).map_or(&[][..], |own| &own.members);
            let members = members.iter().filter_map(|id| self.member(*id));
            let (mut first, mut last, mut level) = (i64::MAX, i64::MIN, None);
            for member in members {
                (first, last) = (first.min(member.first), last.max(member.last));
                level = level.max(Some(member.finding.rule.level));
            }
            if let Some(own) = self.groups.get_mut(number as usize) {
                (own.first, own.last, own.level) = (first, last, level);
            }
        }
        // It may be over before what was known of it.
        let open = self.open.iter_mut().filter(|(_, own)| *own == group);
        open.for_each(|(last, _)| *last = i64::MIN);
        number
    }

    /// A finding was joined anew. What spoke for it stays when it still is of the same group.
    pub(super) fn rejoined(&mut self, id: MemberId, because: Option<Because>) {
        let group = self.group_of(id);
        let is_within = |because: &Because| self.member(because.with).is_some() && self.group_of(because.with) == group;
        let before = self.member(id).and_then(|member| member.because);
        if before.is_none_or(|before| is_within(&before)) {
            return;
        }
        let because = because.filter(is_within);
        let own = self.members.get_mut(id.0 as usize).and_then(Option::as_mut);
        own.into_iter().for_each(|own| own.because = because);
    }

    /// Closes groups whose last finding is older than this; gives the incidents among them.
    pub(super) fn quiet_since(&mut self, time: i64) -> Vec<GroupId> {
        let mut closed = Vec::new();
        for (before, number) in std::mem::take(&mut self.open) {
            if !self.is_own(number) {
                continue;
            }
            let last = if before < time { self.get(number).map_or(before, |group| group.last) } else { before };
            if last < time {
                closed.extend(self.close(number));
            } else {
                self.open.push((last, number));
            }
        }
        closed
    }

    /// Closes and forgets an eighth of the groups: those that are over, and those that have been quiet for longest. Gives the incidents
    /// that are closed.
    pub(super) fn make_room(&mut self) -> Vec<GroupId> {
        let wanted = self.len() / 8;
        let mut freed = 0;
        let mut forget = |own: &mut Self, number: u32| {
            freed += own.get(number).map_or(0, |group| group.members.len());
            own.release(number);
            freed >= wanted
        };
        while let Some(number) = self.closed.pop_front() {
            if forget(self, number) {
                return Vec::new();
            }
        }
        let mut open = std::mem::take(&mut self.open);
        open.retain(|(_, number)| self.is_own(*number));
        open.sort_by_key(|(_, number)| std::cmp::Reverse(self.get(*number).map_or(i64::MIN, |group| group.last)));
        let mut closed = Vec::new();
        while let Some((_, number)) = open.pop() {
            closed.extend(self.get(number).filter(|group| group.is_told).map(|group| group.id));
            if forget(self, number) {
                break;
            }
        }
        self.open = open;
        closed
    }

    /// Closes a group; gives it when it is an incident. What never was one is forgotten, and the oldest incidents when there are too many.
    fn close(&mut self, number: u32) -> Option<GroupId> {
        let group = self.groups.get_mut(number as usize)?;
        group.is_closed = true;
        let id = group.id;
        if !group.is_told {
            self.release(number);
            return None;
        }
        self.closed.push_back(number);
        if self.closed.len() > INCIDENTS_CLOSED_MAX
            && let Some(oldest) = self.closed.pop_front()
        {
            self.release(oldest);
        }
        Some(id)
    }

    /// Forgets a group and its findings; their numbers are given again.
    fn release(&mut self, number: u32) {
        let Some(group) = self.groups.get_mut(number as usize).map(std::mem::take) else { return };
        for member in &group.members {
            self.members.get_mut(member.0 as usize).into_iter().for_each(|place| *place = None);
            self.seat_mut(*member).into_iter().for_each(Seat::leave);
            self.free_members.push(member.0);
        }
        for free in group.past().parts.iter().copied().chain([number]) {
            self.parents.get_mut(free as usize).into_iter().for_each(|parent| *parent = FREE);
            self.free_groups.push(free);
        }
    }
}

/// Saved state: groups as they are, and then whether they can be.
impl Groups {
    /// Findings that are kept, in the order of their numbers.
    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().flatten()
    }

    pub(super) fn members_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().flatten()
    }

    /// Whether all numbers lead somewhere, and only once.
    pub(super) fn is_sound(&self) -> bool {
        let count = self.groups.len();
        if self.parents.len() != count || self.closed.len() > INCIDENTS_CLOSED_MAX {
            return false;
        }
        // Each group is free, or stands by itself and is listed, or is part of one that does.
        let mut is_met = vec![false; count];
        let mut meet = |number: u32| is_met.get_mut(number as usize).is_some_and(|met| !std::mem::replace(met, true));
        for number in self.numbers().filter(|number| self.is_own(*number)) {
            let Some(group) = self.groups.get(number as usize) else { return false };
            if !meet(number) || !group.past().parts.iter().all(|part| meet(*part) && self.leads_to(*part, number)) {
                return false;
            }
        }
        if !self.free_groups.iter().all(|free| meet(*free) && !self.is_live(*free)) || is_met.contains(&false) {
            return false;
        }
        self.are_members_sound()
    }

    fn are_members_sound(&self) -> bool {
        let mut is_met = vec![false; self.members.len()];
        let mut meet = |number: u32| is_met.get_mut(number as usize).is_some_and(|met| !std::mem::replace(met, true));
        let numbers = (0..).zip(&self.groups).filter(|(number, _)| self.is_own(*number));
        for (number, group) in numbers {
            let is_sound = |id: &MemberId| {
                let is_countable = |own: &Member| own.count < COUNT_MAX && !own.at.is_empty();
                self.member(*id).is_some_and(is_countable)
                    && self.seat(*id).is_some_and(|seat| self.leads_to(seat.group, number))
            };
            if !group.members.iter().all(|member| meet(member.0) && is_sound(member)) {
                return false;
            }
        }
        let mut seats = self.seats.iter().zip(&self.members);
        if self.seats.len() != self.members.len() || !seats.all(|(seat, member)| seat.is_sound(member.is_some())) {
            return false;
        }
        let is_free = |free: u32| self.members.get(free as usize).is_some_and(Option::is_none);
        self.free_members.iter().all(|free| meet(*free) && is_free(*free)) && !is_met.contains(&false)
    }

    /// Whether a group has become part of another, or is it. Groups are merged by their size, so no way is longer than a number has bits.
    fn leads_to(&self, group: u32, other: u32) -> bool {
        let parent = |group: &u32| self.parents.get(*group as usize).copied();
        std::iter::successors(Some(group), parent).take(usize::BITS as usize).any(|own| own == other)
    }
}
