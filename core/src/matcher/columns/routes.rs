//! To which partitions rows are routed; values that were seen together are routed once.
//!
//! ```text
//! rows 64..128    Channel: code 4 ─▶ state 7    EventID: 1 ─▶ state 12     state 12 ─▶ route 3 ─▶ partitions [17]
//! ```
//!
//! Slot after slot, all rows of a block go from state to state: rows that end in the same one have the same values in all that the router
//! may ask. A value is a step only where it is a code, a number or a short text; rows with others are routed by themselves.

use super::super::Buffers;
use super::super::walked::step;
use super::block::{Present, ROWS, ones};
use super::{Row, with_seen};
use crate::event::Value;
use crate::event::columns::Column;
use crate::number::Number;
use crate::program::{Router, SlotId};
use hashbrown::HashMap;

/// States that are remembered, texts as well; a block of rows may add to as many before all are forgotten.
const STATES_MAX: usize = 1 << 14;

/// Longer texts are not remembered.
const TEXT_BYTES_MAX: usize = 256;

/// Steps that are found without a search.
const NEAR: usize = 256;

/// Where rows of the table at hand were routed.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// All that the router asks.
    slots: Vec<SlotId>,
    steps: Steps,
    /// For each state one more than the route of rows that end there, and 0 if it is not known. All begin in the first.
    ends: Vec<u32>,
    /// The partitions of each route.
    routes: Vec<Box<[u32]>>,
    by_partitions: HashMap<Box<[u32]>, u32, foldhash::fast::RandomState>,
    texts: Texts,
    /// For each slot the text that was read last, and its number.
    last: Vec<(String, u64)>,
    found: Vec<u32>,
}

/// From a state, by what stands in a slot, to the next one.
#[derive(Debug, Default)]
struct Steps {
    all: HashMap<Step, u32, foldhash::fast::RandomState>,
    // PERF: most steps were made a few rows before.
    near: Vec<(Step, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Step {
    state: u32,
    slot: u32,
    /// From 1 on.
    word: u64,
}

/// Texts by which rows were routed, numbered.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Box<str>, u64, foldhash::fast::RandomState>,
}

impl Routes {
    /// Forgets all.
    pub(super) fn begin(&mut self, router: &Router<'_>) {
        self.forget();
        self.slots.clear();
        add_slots(router, &mut self.slots);
        self.slots.sort_unstable();
        self.slots.dedup();
        self.last.clear();
        self.last.resize_with(self.slots.len(), Default::default);
    }

    /// Forgets all rows.
    fn forget(&mut self) {
        self.steps.all.clear();
        self.steps.near.clear();
        self.steps.near.resize(NEAR, Default::default());
        self.ends.clear();
        self.ends.push(0);
        self.routes.clear();
        self.by_partitions.clear();
        self.texts.numbers.clear();
        self.last.iter_mut().for_each(|last| last.1 = 0);
    }

    /// The partitions of a route.
    #[inline]
    pub(super) fn partitions(&self, route: u32) -> &[u32] {
        self.routes.get(route as usize).map_or(&[], |partitions| partitions)
    }

    /// Finds the routes of so many rows from one on.
    pub(super) fn find(
        &mut self,
        router: &Router<'_>,
        (first, count, present): (Row<'_>, usize, &Present),
        buffers: &mut Buffers,
        routes: &mut Vec<u32>,
    ) {
        if self.ends.len() > STATES_MAX || self.routes.len() > STATES_MAX {
            self.forget();
        }
        let mut states = [0; ROWS];
        let alone = self.go(first, present, &mut states);
        for (at, state) in states.iter().enumerate().take(count) {
            let known = if alone >> at & 1 == 1 { 0 } else { self.ends.get(*state as usize).copied().unwrap_or(0) };
            routes.push(match known.checked_sub(1) {
                Some(route) => route,
                None => {
                    let own = self.add(router, Row { row: first.row + at, ..first }, buffers);
                    if let Some(end) = self.ends.get_mut(*state as usize).filter(|_| alone >> at & 1 == 0) {
                        *end = own + 1;
                    }
                    own
                }
            });
        }
    }

    /// Goes to the states of rows by what stands in them, and gives a bit for each that has to be routed by itself.
    fn go(&mut self, first: Row<'_>, present: &Present, states: &mut [u32; ROWS]) -> u64 {
        let Self { slots, steps, ends, texts, last, .. } = self;
        let mut alone = 0;
        for ((slot, number), last) in slots.iter().zip(0..).zip(last) {
            let Some(held) = first.table.held(*slot) else { continue };
            for at in ones(present.rows(held.number)) {
                let row = first.row + at;
                let word = match held.column {
                    Column::Dictionary(_) => Some(held.code(row).map_or(0, |code| u64::from(code) + 1)),
                    Column::Values(values) => texts.word_of(values.value(row), last),
                    Column::Lists(_) => None,
                };
                match (word, states.get_mut(at)) {
                    (None, _) => alone |= 1 << at,
                    // A field that is missing.
                    (Some(0), _) | (_, None) => {}
                    (Some(word), Some(state)) => *state = steps.next(Step { state: *state, slot: number, word }, ends),
                }
            }
        }
        alone
    }

    /// Routes one row by its values.
    fn add(&mut self, router: &Router<'_>, row: Row<'_>, buffers: &mut Buffers) -> u32 {
        self.found.clear();
        route(router, row, buffers, &mut self.found);
        if let Some(known) = self.by_partitions.get(self.found.as_slice()) {
            return *known;
        }
        let (number, partitions) = (self.routes.len() as u32, Box::<[u32]>::from(self.found.as_slice()));
        self.routes.push(partitions.clone());
        self.by_partitions.insert(partitions, number);
        number
    }
}

impl Steps {
    /// The state after a step.
    #[inline]
    fn next(&mut self, step: Step, ends: &mut Vec<u32>) -> u32 {
        let mixed = (step.word << 20 ^ u64::from(step.slot) << 14 ^ u64::from(step.state)).wrapping_mul(MIX);
        let near = self.near.get_mut((mixed >> 56) as usize);
        match near {
            Some((known, next)) if *known == step => *next,
            near => {
                let next = *self.all.entry(step).or_insert_with(|| {
                    ends.push(0);
                    ends.len() as u32 - 1
                });
                near.into_iter().for_each(|near| *near = (step, next));
                next
            }
        }
    }
}

/// An odd number whose bits are spread.
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

impl Texts {
    /// A word that no other value of a column has, and 0 for a field that is missing.
    fn word_of(&mut self, value: Option<Value<'_>>, last: &mut (String, u64)) -> Option<u64> {
        match value {
            None => Some(0),
            Some(Value::Number(Number::Integer(number @ 0..0x1_0000_0000))) => Some((number as u64) << 1 | 1),
            Some(Value::Text(text)) => {
                if last.1 == 0 || last.0 != text {
                    last.1 = self.number_of(text)?;
                    last.0.clear();
                    last.0.push_str(text);
                }
                Some(last.1 << 1)
            }
            Some(_) => None,
        }
    }

    /// The number of a text, from 1 on; `None` when it is long, or there are too many.
    fn number_of(&mut self, text: &str) -> Option<u64> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let number = self.numbers.len() as u64 + 1;
        (self.numbers.len() < STATES_MAX).then(|| self.numbers.insert(text.into(), number))?;
        Some(number)
    }
}

fn add_slots(router: &Router<'_>, slots: &mut Vec<SlotId>) {
    if let Router::Slots { slots: asked, by_value, otherwise } = router {
        slots.extend_from_slice(asked);
        by_value.iter().for_each(|(_, next)| add_slots(next, slots));
        add_slots(otherwise, slots);
    }
}

/// Finds the partitions by the values themselves. A field with several may lead to several.
fn route(router: &Router<'_>, row: Row<'_>, buffers: &mut Buffers, found: &mut Vec<u32>) {
    match router {
        Router::Partition(id) => {
            if !found.contains(id) {
                found.push(*id);
            }
        }
        Router::Slots { slots: asked, by_value, otherwise } => {
            let mut is_known = false;
            for held in asked.iter().filter_map(|slot| row.table.held(*slot)) {
                held.column.each(row.row, &mut |value| {
                    let next = with_seen(value, |seen| step(by_value, seen, buffers));
                    if let Some(next) = next {
                        is_known = true;
                        route(next, row, buffers, found);
                    }
                });
            }
            if !is_known {
                route(otherwise, row, buffers, found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_step_leads_to_a_state_of_its_own() {
        let (mut routes, mut states) = (Routes::default(), HashSet::new());
        routes.begin(&Router::Partition(0));
        let words = |state| (0..2).flat_map(move |slot| (1..3).map(move |word| Step { state, slot, word }));
        let all = || (0..3_000).flat_map(words);
        for step in all() {
            assert!(states.insert(routes.steps.next(step, &mut routes.ends)), "{step:?}");
        }
        let again: HashSet<u32> = all().map(|step| routes.steps.next(step, &mut routes.ends)).collect();
        assert_eq!((again.len(), again, routes.ends.len()), (12_000, states, 12_001));
    }
}
