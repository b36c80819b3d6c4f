//! Findings that belong together, in groups that may become one.
//!
//! ```text
//! group 3: [finding 7, finding 9]   group 5: [finding 8]   ─merge▶   group 3: [7, 8, 9]      5 is 3 from now on
//! ```
//!
//! Groups are merged as sets are (union by size), so a number of a group stays good when it has become part of another.

use super::evidence::Sign;
use super::finding::Finding;
use crate::check::Level;
use xxhash_rust::xxh3::xxh3_64;

/// The number of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct MemberId(pub(super) u32);

/// What speaks most for a finding being part of its group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Because {
    pub(super) sign: Sign,
    pub(super) with: MemberId,
    pub(super) value: f64,
}

/// A finding, once or several times.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) finding: Finding,
    pub(super) trees: Vec<u64>,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u64,
    /// Where the first and the latest of its events stand.
    pub(super) at: Vec<Box<str>>,
    pub(super) because: Option<Because>,
    group: u32,
}

/// Places of events that are kept of a finding; then the last is replaced.
const PLACES: usize = 16;

impl Member {
    pub(super) fn new(finding: Finding, trees: Vec<u64>, time: i64, at: Box<str>, because: Option<Because>) -> Self {
        Self { finding, trees, first: time, last: time, count: 1, at: vec![at], because, group: 0 }
    }
}

/// Findings that belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// Made of its first finding, so that it is the same in every run.
    pub(super) id: String,
    pub(super) members: Vec<MemberId>,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) level: Option<Level>,
    /// Whether it is an incident.
    pub(super) is_told: bool,
    pub(super) is_closed: bool,
    /// Ids of incidents that became part of this one, and why.
    pub(super) merged: Vec<(String, &'static str)>,
}

#[derive(Debug, Default)]
pub(super) struct Groups {
    members: Vec<Member>,
    groups: Vec<Group>,
    /// Of which group each has become part; itself when of none.
    parents: Vec<u32>,
    open: Vec<u32>,
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn member(&self, member: MemberId) -> Option<&Member> {
        self.members.get(member.0 as usize)
    }

    /// The group as which a group is known now.
    pub(super) fn find(&self, group: u32) -> u32 {
        let mut at = group;
        while let Some(parent) = self.parents.get(at as usize).copied().filter(|parent| *parent != at) {
            at = parent;
        }
        at
    }

    pub(super) fn group_of(&self, member: MemberId) -> u32 {
        self.member(member).map_or(0, |member| self.find(member.group))
    }

    pub(super) fn get(&self, group: u32) -> Option<&Group> {
        self.groups.get(self.find(group) as usize)
    }

    /// When a group begins, and its id.
    pub(super) fn begin(&self, group: u32) -> (i64, &str) {
        self.get(group).map_or((i64::MAX, ""), |group| (group.first, &group.id))
    }

    pub(super) fn get_mut(&mut self, group: u32) -> Option<&mut Group> {
        let group = self.find(group);
        self.groups.get_mut(group as usize)
    }

    /// Incidents, and groups that are none yet.
    pub(super) fn all(&self) -> impl Iterator<Item = &Group> {
        let is_own = |at: usize| self.parents.get(at).is_some_and(|parent| *parent as usize == at);
        self.groups.iter().enumerate().filter(move |(at, _)| is_own(*at)).map(|(_, group)| group)
    }

    pub(super) fn open(&mut self) -> u32 {
        let number = self.groups.len() as u32;
        self.groups.push(Group { first: i64::MAX, last: i64::MIN, ..Group::default() });
        self.parents.push(number);
        self.open.push(number);
        number
    }

    pub(super) fn add(&mut self, group: u32, mut member: Member) -> MemberId {
        let id = MemberId(self.members.len() as u32);
        let group = self.find(group);
        member.group = group;
        if let Some(own) = self.groups.get_mut(group as usize) {
            if member.first < own.first {
                own.first = member.first;
                own.id = name(&member);
            }
            own.last = own.last.max(member.last);
            own.members.push(id);
        }
        self.members.push(member);
        id
    }

    /// The same was found again.
    pub(super) fn again(&mut self, member: MemberId, time: i64, at: &str) {
        let group = self.group_of(member);
        if let Some(own) = self.members.get_mut(member.0 as usize) {
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
    pub(super) fn merge(&mut self, one: u32, other: u32, why: &'static str) -> Option<(&mut Group, Group)> {
        let (mut kept, mut gone) = (self.find(one), self.find(other));
        if kept == gone {
            return None;
        }
        let size = |group: u32| self.groups.get(group as usize).map_or(0, |group| group.members.len());
        if size(kept) < size(gone) {
            std::mem::swap(&mut kept, &mut gone);
        }
        let mut gone_group = std::mem::take(self.groups.get_mut(gone as usize)?);
        *self.parents.get_mut(gone as usize)? = kept;
        let kept_group = self.groups.get_mut(kept as usize)?;
        kept_group.members.append(&mut gone_group.members);
        kept_group.level = kept_group.level.max(gone_group.level);
        kept_group.last = kept_group.last.max(gone_group.last);
        kept_group.merged.append(&mut gone_group.merged);
        // The one that began first gives the id.
        if (gone_group.first, &gone_group.id) < (kept_group.first, &kept_group.id) {
            std::mem::swap(&mut kept_group.id, &mut gone_group.id);
            std::mem::swap(&mut kept_group.first, &mut gone_group.first);
            std::mem::swap(&mut kept_group.is_told, &mut gone_group.is_told);
        }
        if gone_group.is_told {
            kept_group.merged.push((gone_group.id.clone(), why));
        }
        Some((kept_group, gone_group))
    }

    /// Closes groups whose last finding is older than this.
    pub(super) fn quiet_since(&mut self, time: i64) -> Vec<Group> {
        let Self { groups, parents, open, .. } = self;
        let mut closed = Vec::new();
        open.retain(|number| {
            let is_own = parents.get(*number as usize) == Some(number);
            let Some(group) = groups.get_mut(*number as usize).filter(|_| is_own) else { return false };
            if group.last < time {
                group.is_closed = true;
                closed.push(Group { members: Vec::new(), ..group.clone() });
            }
            group.last >= time
        });
        closed
    }
}

/// The id of a group that begins with a finding.
fn name(member: &Member) -> String {
    let at = member.at.first().map_or("", |at| at);
    let text = format!("{}\0{}\0{at}", member.finding.rule.id, member.first);
    format!("inc-{:016x}", xxh3_64(text.as_bytes()))
}
