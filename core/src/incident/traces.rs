//! What findings leave for others to find: for each key the groups that left it.
//!
//! ```text
//! key of "from ews-1" ─▶ finding 7, finding 9 (usual) ─▶ their seats: when, in which session, by whom, of which group
//! ```
//!
//! A key knows findings by their numbers. What has to be known of them to weigh them is kept once for each, close together, and not once for
//! each of its keys. Keys are kept in two generations, so that the oldest are forgotten without looking for them.

use super::evidence::{Habit, Sign};
use super::finding::Finding;
use super::groups::{Groups, Member, MemberId};
use super::hosts::HostId;
use super::signs::Mark;
use crate::check::Level;
use crate::seal::{Damage, read_all, write_all};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::hash::BuildHasher;

/// A finding as it stands to others: of which group, when, in which session, by whom, and whether it is something usual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trace {
    pub(super) group: u32,
    pub(super) member: MemberId,
    pub(super) time: i64,
    pub(super) tree: u64,
    pub(super) account: u64,
    pub(super) habit: Habit,
    pub(super) level: Level,
    pub(super) source: Option<HostId>,
    pub(super) target: Option<HostId>,
}

/// How a finding stands to others: when, in which session, by whom, and whether it is something usual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    pub(super) time: i64,
    pub(super) tree: u64,
    pub(super) account: u64,
    pub(super) habit: Habit,
    pub(super) level: Level,
}

impl Trace {
    /// How a finding that leaves it stood when it came.
    pub(super) fn stand(&self, time: i64) -> Stand {
        let Self { tree, account, habit, level, .. } = *self;
        Stand { time, tree, account, habit, level }
    }

    /// The same when it is not later than this.
    pub(super) fn until(self, time: i64) -> Self {
        Self { time: self.time.min(time), ..self }
    }
}

impl Stand {
    /// What a sign counts after the time between, and whether it is about something usual.
    pub(super) fn fades(&self, sign: Sign, trace: &Trace) -> (f64, bool) {
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

/// The account of a finding, as a number; 0 for none.
pub(super) fn account_of(finding: &Finding) -> u64 {
    finding.accounts().next().map_or(0, |name| xxhash_rust::xxh3::xxh3_64(name.as_bytes()) | 1)
}

/// A finding that left a trace. When its number is given to another, its turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TraceId {
    member: MemberId,
    /// The turn of the seat, which is even, and one more for a trace of something usual.
    turn: u32,
}

impl TraceId {
    pub(super) fn member(self) -> MemberId {
        self.member
    }

    fn is_usual(self) -> bool {
        !self.turn.is_multiple_of(2)
    }
}

/// What has to be known of a finding by whoever comes upon its traces. PERF: a line of memory in place of all of the finding.
#[derive(Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub(super) struct Seat {
    /// The group in which it was put.
    pub(super) group: u32,
    turn: u32,
    tree: u64,
    account: u64,
    /// When it was last found as something that is not usual, and as something that is.
    times: [i64; 2],
    is_left: [bool; 2],
    /// How usual the latter was.
    habit: Habit,
    level: Level,
    source: Option<HostId>,
    target: Option<HostId>,
}

impl Seat {
    /// A seat that nobody has.
    pub(super) const fn free(turn: u32) -> Self {
        Self {
            group: 0,
            turn,
            tree: 0,
            account: 0,
            times: [0; 2],
            is_left: [false; 2],
            habit: Habit::No,
            level: Level::Informational,
            source: None,
            target: None,
        }
    }

    /// A finding of a group takes it.
    pub(super) fn take(&mut self, group: u32, member: &Member) {
        let Member { finding, trees, .. } = member;
        let (tree, account) = (trees.first().copied().unwrap_or(0), account_of(finding));
        let (source, target, level) = (finding.source, finding.target, finding.rule.level);
        *self = Self { group, tree, account, level, source, target, ..Self::free(self.turn) };
    }

    /// The finding is forgotten: nobody comes upon its traces any more.
    pub(super) fn leave(&mut self) {
        *self = Self::free(self.turn.wrapping_add(2));
    }

    /// Whether it can be the seat of a finding that is there, or of none.
    pub(super) fn is_sound(&self, is_taken: bool) -> bool {
        self.turn.is_multiple_of(2) && (is_taken || self.is_left == [false; 2])
    }

    /// The finding was found once more; the trace that this leaves.
    pub(super) fn again(&mut self, member: MemberId, time: i64, habit: Habit) -> TraceId {
        let half = usize::from(habit.is_usual());
        self.times.get_mut(half).into_iter().for_each(|own| *own = time);
        self.is_left.get_mut(half).into_iter().for_each(|own| *own = true);
        if habit.is_usual() {
            self.habit = habit;
        }
        TraceId { member, turn: self.turn | u32::from(habit.is_usual()) }
    }

    /// Whether its finding left a trace.
    fn has_left(&self, id: TraceId) -> bool {
        self.turn == id.turn & !1 && self.is_left.get(usize::from(id.is_usual())) == Some(&true)
    }

    /// The trace that its finding left, in the group in which it was put; none when its turn is over.
    pub(super) fn trace(&self, id: TraceId) -> Option<Trace> {
        let habit = if id.is_usual() { self.habit } else { Habit::No };
        let time = self.times.get(usize::from(id.is_usual())).filter(|_| self.has_left(id))?;
        Some(self.at(id.member, *time, habit))
    }

    /// How the finding stands when it is found at a time.
    pub(super) fn at(&self, member: MemberId, time: i64, habit: Habit) -> Trace {
        let Self { group, tree, account, source, target, level, .. } = *self;
        Trace { group, member, time, tree, account, habit, level, source, target }
    }
}

impl Groups {
    /// A trace, in the group as which its group is known now; none when its finding was forgotten.
    pub(super) fn trace(&self, id: TraceId) -> Option<Trace> {
        let trace = self.seat(id.member)?.trace(id)?;
        Some(Trace { group: self.find(trace.group), ..trace })
    }

    /// Whether its finding is there.
    pub(super) fn is_left(&self, id: TraceId) -> bool {
        self.seat(id.member).is_some_and(|seat| seat.has_left(id))
    }
}

/// Groups that a key remembers.
pub(super) const TRACES: usize = 6;

/// Traces under one key, those that were left first before others. PERF: a line of memory, so that whoever looks for the key has them all.
#[derive(Debug, Serialize, Deserialize)]
#[repr(align(64))]
struct Left {
    key: u64,
    ids: SmallVec<[TraceId; TRACES]>,
}

/// Traces by their keys.
#[derive(Debug)]
pub(super) struct Traces {
    young: HashTable<Left>,
    old: HashTable<Left>,
    hasher: RandomState,
    max: usize,
}

impl Traces {
    pub(super) fn new(max: usize) -> Self {
        Self { young: HashTable::new(), old: HashTable::new(), hasher: RandomState::default(), max }
    }

    /// What was left under a key.
    pub(super) fn of(&self, key: u64) -> &[TraceId] {
        let hash = self.hasher.hash_one(key);
        let mut both = [&self.young, &self.old].into_iter();
        both.find_map(|traces| traces.find(hash, |own| own.key == key)).map_or(&[], |left| &left.ids)
    }

    /// What was left under each key for which a finding looks.
    pub(super) fn left<'s>(&'s self, marks: &'s [Mark]) -> SmallVec<[(&'s Mark, &'s [TraceId]); 16]> {
        marks.iter().filter(|mark| mark.looks).map(|mark| (mark, self.of(mark.key))).collect()
    }

    /// Writes all behind what is there.
    pub(super) fn save(&self, bytes: &mut Vec<u8>) {
        for traces in [&self.young, &self.old] {
            let mut all: Vec<_> = traces.iter().collect();
            all.sort_unstable_by_key(|left| left.key);
            write_all(bytes, all.into_iter());
        }
    }

    /// Reads what was written, into new ones.
    pub(super) fn load(&mut self, bytes: &mut &[u8]) -> Result<(), Damage> {
        let hash_of = |left: &Left| self.hasher.hash_one(left.key);
        for traces in [&mut self.young, &mut self.old] {
            for left in read_all::<Left>(bytes, usize::MAX)? {
                match traces.entry(hash_of(&left), |own| own.key == left.key, hash_of) {
                    Entry::Occupied(_) => return Err(Damage::Broken),
                    Entry::Vacant(free) => free.insert(left),
                };
            }
        }
        Ok(())
    }

    /// Forgets what leads to findings that were forgotten.
    pub(super) fn forget(&mut self, groups: &Groups) {
        for traces in [&mut self.young, &mut self.old] {
            traces.retain(|left| {
                left.ids.retain(|id| groups.is_left(*id));
                !left.ids.is_empty()
            });
        }
    }

    /// Takes away what a group left under a key.
    pub(super) fn take(&mut self, key: u64, group: u32, groups: &Groups) {
        let hash = self.hasher.hash_one(key);
        for traces in [&mut self.young, &mut self.old] {
            let Ok(mut known) = traces.find_entry(hash, |own| own.key == key) else { continue };
            known.get_mut().ids.retain(|id| groups.trace(*id).is_some_and(|trace| trace.group != group));
            if known.get().ids.is_empty() {
                known.remove();
            }
        }
    }

    /// A finding of a group leaves a trace under a key, in place of that of the one before.
    pub(super) fn leave(&mut self, key: u64, id: TraceId, group: u32, groups: &Groups) {
        if self.young.len() >= self.max / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        let (hash, is_own) = (self.hasher.hash_one(key), |own: &Left| own.key == key);
        let older = self.old.find_entry(hash, is_own).ok().map(|known| known.remove().0);
        let ids = match (self.young.entry(hash, is_own, |own| self.hasher.hash_one(own.key)), older) {
            (Entry::Occupied(known), _) => &mut known.into_mut().ids,
            (Entry::Vacant(free), Some(older)) => &mut free.insert(older).into_mut().ids,
            // PERF: most keys are new, and what was just written is not there yet to be read.
            (Entry::Vacant(free), None) => {
                free.insert(Left { key, ids: smallvec![id] });
                return;
            }
        };
        ids.retain(|own| groups.is_left(*own));
        // What is usual does not hide what is not.
        let is_alike = |own: &TraceId| own.is_usual() == id.is_usual();
        let is_same = |own: &TraceId| is_alike(own) && groups.trace(*own).is_some_and(|trace| trace.group == group);
        if let Some(own) = ids.iter_mut().find(|own| is_same(own)) {
            *own = id;
            return;
        }
        if ids.len() >= TRACES {
            ids.remove(0);
        }
        ids.push(id);
    }
}
