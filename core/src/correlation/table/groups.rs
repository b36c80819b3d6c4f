//! All groups of all correlations: found by one lookup, forgotten when they are idle or memory is short.
//!
//! ```text
//! (correlation, key) ─▶ hash ─▶ slot ─▶ Group { key, state, .. }
//!                                        ▲ ▼ for each correlation a list, the longest untouched first
//! ```
//!
//! Times rise, so the group that was touched first is also the first to be idle: nobody searches for it. Which correlation
//! has the group that was untouched for longest is known by a heap that is corrected only when somebody asks.

use super::key::Key;
use crate::correlation::machine::State;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::{BuildHasher, Hasher};

/// No slot.
const NONE: u32 = u32::MAX;
/// Stands in `before` of a group that is in no list.
const UNLISTED: u32 = u32::MAX - 1;
/// Bytes that a group takes beside its slot: its place in the table, which is between 7/16 and 7/8 full, and its share of
/// slots that are still free.
const OVERHEAD: usize = 32;

#[derive(Debug)]
pub(super) struct Group {
    pub(super) state: State,
    pub(super) key: Key,
    pub(super) correlation: u32,
    /// Signals that are held back; as long as there are any, the slot stays.
    pub(super) waiting: u32,
    before: u32,
    /// In a free slot the next free one.
    after: u32,
}

impl Group {
    /// Bytes of memory, but for its state's.
    fn own_bytes(&self) -> usize {
        size_of::<Self>() + OVERHEAD + self.key.bytes()
    }

    fn is_listed(&self) -> bool {
        self.before != UNLISTED
    }
}

/// Where a group is, and half of its hash, so that the table can grow without looking at groups.
#[derive(Debug, Clone, Copy)]
struct Place {
    slot: u32,
    hash: u32,
}

impl Place {
    /// The hash by which the table files it.
    fn filed(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    last: u32,
    len: usize,
    /// Whether `eldest` has an entry for it.
    is_ranked: bool,
}

/// The groups.
#[derive(Debug)]
pub(super) struct Groups {
    table: HashTable<Place>,
    slots: Vec<Group>,
    free: u32,
    lists: Vec<List>,
    /// For each list that is not empty when its first group was touched, or earlier.
    eldest: BinaryHeap<Reverse<(i64, u32)>>,
    hasher: RandomState,
    bytes: usize,
}

impl Groups {
    /// Bytes of a group with a short key that remembers next to nothing.
    pub(super) const GROUP_BYTES: usize = size_of::<Group>() + OVERHEAD;

    pub(super) fn new(correlations: usize) -> Self {
        let list = List { first: NONE, last: NONE, len: 0, is_ranked: false };
        Self {
            table: HashTable::new(),
            slots: Vec::new(),
            free: NONE,
            lists: vec![list; correlations],
            eldest: BinaryHeap::new(),
            hasher: RandomState::default(),
            bytes: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes of all groups.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes room for some groups more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.table.reserve(more, |place| Place::filed(place.hash));
        self.slots.reserve_exact(more);
    }

    fn hash(&self, correlation: u32, key: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(correlation);
        hasher.write(key);
        (hasher.finish() >> 32) as u32
    }

    /// The slot of a group, which is made if it is not there.
    pub(super) fn slot(&mut self, correlation: u32, key: &[u8]) -> u32 {
        let hash = self.hash(correlation, key);
        let slots = &self.slots;
        let is_it = |place: &Place| {
            place.hash == hash
                && slots.get(place.slot as usize).is_some_and(|own| own.correlation == correlation && *own.key == *key)
        };
        match self.table.find(Place::filed(hash), is_it) {
            Some(place) => place.slot,
            None => self.make(correlation, key, hash),
        }
    }

    /// Looks at a group, if it is there, so that it is in the cache when it is asked for.
    pub(super) fn glance(&self, correlation: u32, key: &[u8]) -> u64 {
        let hash = self.hash(correlation, key);
        let place = self.table.find(Place::filed(hash), |place| place.hash == hash);
        place.and_then(|place| self.slots.get(place.slot as usize)).map_or(0, |group| group.state.glance())
    }

    fn make(&mut self, correlation: u32, key: &[u8], hash: u32) -> u32 {
        let state = State::default();
        let group = Group { state, key: Key::new(key), correlation, waiting: 0, before: UNLISTED, after: NONE };
        self.bytes += group.own_bytes();
        let slot = match self.slots.get_mut(self.free as usize) {
            Some(free) => {
                let slot = std::mem::replace(&mut self.free, free.after);
                *free = group;
                slot
            }
            None => {
                if self.slots.len() == self.slots.capacity() {
                    // Large vectors are not doubled: half of them would be empty.
                    self.slots.reserve_exact(64 + self.slots.len() / 8);
                }
                self.slots.push(group);
                self.slots.len() as u32 - 1
            }
        };
        self.table.insert_unique(Place::filed(hash), Place { slot, hash }, |place| Place::filed(place.hash));
        slot
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&Group> {
        self.slots.get(slot as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Group> {
        self.slots.get_mut(slot as usize)
    }

    /// Notes that a signal waits for a group.
    #[inline]
    pub(super) fn wait(&mut self, slot: u32) {
        if let Some(group) = self.slots.get_mut(slot as usize) {
            group.waiting += 1;
        }
    }

    /// Notes how many bytes a state took and takes now, and puts its group at the end of its list.
    #[inline]
    pub(super) fn touch(&mut self, slot: u32, before: usize, now: usize) {
        self.bytes = self.bytes + now - before;
        let Some(group) = self.slots.get(slot as usize) else { return };
        let is_last = self.lists.get(group.correlation as usize).is_none_or(|list| list.last == slot);
        if !is_last {
            self.unlink(slot);
            self.link(slot);
        }
    }

    /// Puts a group that is in no list at the end of its own.
    fn link(&mut self, slot: u32) {
        let Some(group) = self.slots.get_mut(slot as usize) else { return };
        let (correlation, last) = (group.correlation, group.state.last());
        let Some(list) = self.lists.get_mut(correlation as usize) else { return };
        (group.before, group.after) = (list.last, NONE);
        list.len += 1;
        if !list.is_ranked {
            list.is_ranked = true;
            self.eldest.push(Reverse((last, correlation)));
        }
        let before = std::mem::replace(&mut list.last, slot);
        match self.slots.get_mut(before as usize) {
            Some(before) => before.after = slot,
            None => list.first = slot,
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Some(group) = self.slots.get_mut(slot as usize).filter(|group| group.is_listed()) else { return };
        let (before, after, correlation) = (group.before, group.after, group.correlation);
        group.before = UNLISTED;
        let Some(list) = self.lists.get_mut(correlation as usize) else { return };
        list.len -= 1;
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
    pub(super) fn oldest(&self, correlation: u32) -> Option<(u32, &Group)> {
        let slot = self.lists.get(correlation as usize)?.first;
        Some((slot, self.slots.get(slot as usize)?))
    }

    /// The group of all correlations that was not touched for the longest time.
    pub(super) fn eldest(&mut self) -> Option<u32> {
        while let Some(Reverse((last, correlation))) = self.eldest.pop() {
            // Lists change behind the heap's back, but their first group is only ever replaced by one touched later.
            if let Some((slot, now)) = self.oldest(correlation).map(|(slot, group)| (slot, group.state.last())) {
                self.eldest.push(Reverse((now, correlation)));
                if now == last {
                    return Some(slot);
                }
            } else if let Some(list) = self.lists.get_mut(correlation as usize) {
                list.is_ranked = false;
            }
        }
        None
    }

    /// How many groups of a correlation remember something.
    pub(super) fn len_of(&self, correlation: u32) -> usize {
        self.lists.get(correlation as usize).map_or(0, |list| list.len)
    }

    /// The groups of a correlation that remember something, the longest untouched first.
    pub(super) fn of(&self, correlation: usize) -> impl Iterator<Item = &Group> {
        let mut next = self.lists.get(correlation).map_or(NONE, |list| list.first);
        std::iter::from_fn(move || {
            let group = self.slots.get(next as usize)?;
            next = group.after;
            Some(group)
        })
    }

    /// For each correlation the groups that remember nothing, but for which signals are held back.
    pub(super) fn only_waiting(&self) -> Vec<u64> {
        let mut all = vec![0; self.lists.len()];
        for group in self.slots.iter().filter(|group| group.waiting > 0 && !group.is_listed()) {
            if let Some(len) = all.get_mut(group.correlation as usize) {
                *len += 1;
            }
        }
        all
    }

    /// Forgets the state of a group, and the group itself unless signals wait for it.
    pub(super) fn forget(&mut self, slot: u32) {
        self.unlink(slot);
        let Some(group) = self.slots.get_mut(slot as usize) else { return };
        let state = std::mem::take(&mut group.state);
        self.bytes -= state.bytes();
        if group.waiting > 0 {
            return;
        }
        let bytes = group.own_bytes();
        let (key, correlation) = (std::mem::replace(&mut group.key, Key::new(&[])), group.correlation);
        let hash = self.hash(correlation, &key);
        if let Ok(found) = self.table.find_entry(Place::filed(hash), |known| known.slot == slot) {
            found.remove();
            self.bytes -= bytes;
            if let Some(group) = self.slots.get_mut(slot as usize) {
                group.after = std::mem::replace(&mut self.free, slot);
            }
        }
    }
}
