//! Whole events repeat as well, but for their times and numbers: a memory from what is read of an event to the rules it meets.
//!
//! ```text
//! partition 4 reads Image, CommandLine, User:   "C:\\a.exe" "a -x" "SYSTEM"   ─▶   rules 17, 230
//! ```
//!
//! The rules of a partition depend on the values of the fields that any of its tests reads, and on nothing else of the event
//! while no keyword stands in it. So an event whose values were all seen together before need not be looked at one by one.

use super::Place;
use super::memo::{Key, Memo, Worth};
use super::walked::Walked;
use crate::event::slots::Reading;
use crate::program::{Partition, Program, SlotId, Subject};

/// Atoms, decisions and filled slots for an event from which on remembering it may save more than it costs.
// PERF: SigmaHQ's rules for process creations take 65, those for other events at most 20, and where a partition takes that few
// the memory makes events slower by 4 to 9 %.
const WORK_MIN: u64 = 24;
/// What is supposed while little is known, so that the first events of a partition are remembered.
const WORK_AT_FIRST: u64 = (4 * WORK_MIN) << WORK_LOG;
/// Events over which work is averaged, as a power of two.
const WORK_LOG: u32 = 4;

/// Remembers which rules of a partition events meet; the default remembers nothing.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    memo: Memo,
    /// For each partition what it reads, found out when it is first asked for.
    reads: Vec<Option<Reads>>,
    /// What is read of the event at hand.
    read: Reading,
}

/// What a partition reads.
#[derive(Debug, Default)]
struct Reads {
    /// One bit for each slot that it reads.
    slots: Box<[u64]>,
    /// How much was to be done for its last events.
    work: u64,
}

impl Verdicts {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let partitions = program.partitions.len();
        Self {
            memo: Memo::new(partitions, Worth::OF_EVENTS),
            reads: (0..partitions).map(|_| None).collect(),
            read: Reading::default(),
        }
    }

    /// What to look an event up by; `None` where that is not worth it, or where a keyword may stand in the event.
    #[inline]
    pub(super) fn key(&mut self, at: &Place<'_, Walked<'_>>) -> Option<Key> {
        let id = at.id;
        let reads = self.reads.get_mut(id as usize)?.get_or_insert_with(|| Reads::of(at.program, at.partition));
        if reads.work >> WORK_LOG < WORK_MIN || !self.memo.pays(id) {
            return None;
        }
        if !at.has_no_keyword() {
            self.memo.count(id, false);
            return None;
        }
        self.read.truncate(0);
        let Walked { slots, text } = at.event;
        self.read.push_filled(slots, text, |slot| reads.has(slot));
        self.memo.key(id, 0, self.read.bytes()?)
    }

    /// Whether an event of a partition is worth to be looked up.
    #[inline]
    pub(super) fn are_worth<E>(&mut self, at: &Place<'_, E>) -> bool {
        let Some(reads) = self.reads.get_mut(at.id as usize) else { return false };
        let reads = reads.get_or_insert_with(|| Reads::of(at.program, at.partition));
        reads.work >> WORK_LOG >= WORK_MIN && self.memo.pays(at.id)
    }

    /// Notes that an event of a partition could not be looked up.
    pub(super) fn forgo(&mut self, id: u32) {
        self.memo.count(id, false);
    }

    /// The slots that a partition reads, in order.
    pub(super) fn slots_of(&self, id: u32) -> Vec<SlotId> {
        let reads = self.reads.get(id as usize).and_then(Option::as_ref);
        let slots = reads.map_or(0, |reads| reads.slots.len() * 64) as u32;
        (0..slots).map(SlotId).filter(|slot| reads.is_some_and(|reads| reads.has(*slot))).collect()
    }

    /// Where the caller writes what is read of an event.
    pub(super) fn begin_key(&mut self) -> &mut Reading {
        self.read.truncate(0);
        &mut self.read
    }

    /// What to look an event up by of which that was written.
    pub(super) fn end_key(&self, id: u32) -> Option<Key> {
        self.memo.key(id, 0, self.read.bytes()?)
    }

    /// Notes how much was to be done for an event, in atoms, decisions and filled slots.
    #[inline]
    pub(super) fn note_work(&mut self, id: u32, work: u64) {
        let Some(Some(reads)) = self.reads.get_mut(id as usize) else { return };
        reads.work = reads.work - (reads.work >> WORK_LOG) + work;
    }

    /// The rules that the event meets, if they are known.
    #[inline]
    pub(super) fn find(&mut self, key: &Key) -> Option<&[u32]> {
        let place = self.memo.find(key, self.read.bytes()?)?;
        Some(self.memo.effects(place))
    }

    /// Remembers the rules of the event that was asked for last.
    pub(super) fn put(&mut self, key: &Key, rules: &[u32]) {
        self.memo.keep(key, self.read.bytes().unwrap_or_default(), rules);
    }
}

impl Reads {
    fn of(program: &Program<'_>, partition: &Partition<'_>) -> Self {
        let mut slots = vec![0; program.fields.len().div_ceil(64)];
        let mut add =
            |slot: SlotId| slots.get_mut(slot.index() / 64).map_or((), |word| *word |= 1 << (slot.index() % 64));
        for probe in partition.probes.iter().chain(partition.rest) {
            match probe.subject.subject() {
                Subject::Slot(slot) => add(slot),
                Subject::Pair(number) => {
                    let pair = program.pairs.get(number as usize);
                    pair.into_iter().flat_map(|pair| [pair.left, pair.right]).for_each(&mut add);
                }
                Subject::Leaves => {}
            }
        }
        Self { slots: slots.into(), work: WORK_AT_FIRST }
    }

    #[inline]
    fn has(&self, slot: SlotId) -> bool {
        self.slots.get(slot.index() / 64).is_some_and(|word| word >> (slot.index() % 64) & 1 == 1)
    }
}
