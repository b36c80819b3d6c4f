//! All groups of all correlations: found by one lookup, forgotten when they are idle or memory is short.
//!
//! ```text
//! (correlation, key) ─▶ hash ─▶ slot ─▶ Group { key, state, .. }
//!                                        ▲ ▼ for each correlation a list, the longest untouched first
//! ```
//!
//! Times rise, so the group that was touched first is also the first to be idle: nobody searches for it.

use crate::correlation::machine::State;
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// No slot.
const NONE: u32 = u32::MAX;
/// Bytes beside a group's own: its place in the table, and what an allocation costs.
const OVERHEAD: usize = 8 + 16;

#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: Box<[u8]>,
    pub(super) correlation: u32,
    /// Signals that are held back; as long as there are any, the slot stays.
    pub(super) waiting: u32,
    before: u32,
    after: u32,
    is_listed: bool,
    /// What `state` took when it was last counted.
    counted: u32,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

/// The groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    table: HashTable<u32>,
    slots: Vec<Group>,
    free: Vec<u32>,
    lists: Vec<List>,
    hasher: RandomState,
    bytes: usize,
}

impl Groups {
    pub(super) fn new(correlations: usize) -> Self {
        Self { lists: vec![List { first: NONE, last: NONE }; correlations], ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes of all groups.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The slot of a group, which is made if it is not there.
    pub(super) fn slot(&mut self, correlation: u32, key: &[u8]) -> u32 {
        let hash = self.hasher.hash_one((correlation, key));
        let (slots, hasher) = (&self.slots, &self.hasher);
        let is_it = |slot: &u32| {
            slots.get(*slot as usize).is_some_and(|group| group.correlation == correlation && *group.key == *key)
        };
        if let Some(slot) = self.table.find(hash, is_it) {
            return *slot;
        }
        let group = Group {
            key: key.into(),
            correlation,
            waiting: 0,
            before: NONE,
            after: NONE,
            is_listed: false,
            counted: 0,
            state: State::default(),
        };
        self.bytes += size_of::<Group>() + OVERHEAD + key.len();
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.slots.len() as u32,
        };
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = group,
            None => self.slots.push(group),
        }
        let slots = &self.slots;
        self.table.insert_unique(hash, slot, |slot| {
            slots.get(*slot as usize).map_or(0, |group| hasher.hash_one((group.correlation, &*group.key)))
        });
        slot
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Group> {
        self.slots.get(slot as usize)
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Group> {
        self.slots.get_mut(slot as usize)
    }

    /// Counts the memory of a group anew and puts it at the end of its correlation's list.
    pub(super) fn touch(&mut self, slot: u32) {
        self.unlink(slot);
        let Some(group) = self.slots.get_mut(slot as usize) else { return };
        let Some(list) = self.lists.get_mut(group.correlation as usize) else { return };
        let bytes = u32::try_from(group.state.bytes()).unwrap_or(u32::MAX);
        self.bytes = self.bytes + bytes as usize - group.counted as usize;
        (group.counted, group.is_listed, group.before, group.after) = (bytes, true, list.last, NONE);
        let before = std::mem::replace(&mut list.last, slot);
        match self.slots.get_mut(before as usize) {
            Some(before) => before.after = slot,
            None => list.first = slot,
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Some(group) = self.slots.get_mut(slot as usize).filter(|group| group.is_listed) else { return };
        group.is_listed = false;
        let (before, after, correlation) = (group.before, group.after, group.correlation);
        let Some(list) = self.lists.get_mut(correlation as usize) else { return };
        match self.slots.get_mut(before as usize) {
            Some(before) => before.after = after,
            None => list.first = after,
        }
        match self.slots.get_mut(after as usize) {
            Some(after) => after.before = before,
            None => list.last = before,
        }
    }

    /// The group of a correlation that was not touched for the longest time.
    pub(super) fn oldest(&self, correlation: usize) -> Option<(u32, &Group)> {
        let slot = self.lists.get(correlation)?.first;
        Some((slot, self.slots.get(slot as usize)?))
    }

    /// The groups of a correlation, the longest untouched first.
    pub(super) fn of(&self, correlation: usize) -> impl Iterator<Item = &Group> {
        let mut next = self.lists.get(correlation).map_or(NONE, |list| list.first);
        std::iter::from_fn(move || {
            let group = self.slots.get(next as usize)?;
            next = group.after;
            Some(group)
        })
    }

    pub(super) fn correlations(&self) -> usize {
        self.lists.len()
    }

    /// Forgets the state of a group, and the group itself unless signals wait for it.
    pub(super) fn forget(&mut self, slot: u32) {
        self.unlink(slot);
        let Some(group) = self.slots.get_mut(slot as usize) else { return };
        group.state = State::default();
        self.bytes -= std::mem::take(&mut group.counted) as usize;
        if group.waiting > 0 {
            return;
        }
        let hash = self.hasher.hash_one((group.correlation, &*group.key));
        self.bytes -= size_of::<Group>() + OVERHEAD + group.key.len();
        group.key = Box::default();
        if let Ok(found) = self.table.find_entry(hash, |known| *known == slot) {
            found.remove();
            self.free.push(slot);
        }
    }
}
