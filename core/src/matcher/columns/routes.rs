//! To which partitions a row is routed; rows with the same codes are routed once.
//!
//! ```text
//! Channel: code 4, EventID: 1   ─▶   partitions [17]
//! ```
//!
//! A row is remembered only where all that the router may ask is a code, a number, or not there.

use super::super::Buffers;
use super::super::walked::step;
use super::{Row, with_seen};
use crate::event::Value;
use crate::event::columns::Column;
use crate::number::Number;
use crate::program::{Router, SlotId};
use hashbrown::HashMap;

/// Routes that are remembered at most.
const ROUTES_MAX: usize = 1 << 12;

/// Where rows of the table at hand were routed.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// All that the router asks.
    slots: Vec<SlotId>,
    known: HashMap<Box<[u64]>, Box<[u32]>, foldhash::fast::RandomState>,
    key: Vec<u64>,
}

impl Routes {
    /// Forgets all.
    pub(super) fn begin(&mut self, router: &Router<'_>) {
        self.known.clear();
        self.slots.clear();
        add_slots(router, &mut self.slots);
        self.slots.sort_unstable();
        self.slots.dedup();
    }

    /// Finds the partitions of a row.
    #[inline]
    pub(super) fn find(&mut self, router: &Router<'_>, row: Row<'_>, buffers: &mut Buffers, found: &mut Vec<u32>) {
        if !self.read(row) {
            return route(router, row, buffers, found);
        }
        if let Some(known) = self.known.get(self.key.as_slice()) {
            return found.extend_from_slice(known);
        }
        route(router, row, buffers, found);
        if self.known.len() == ROUTES_MAX {
            self.known.clear();
        }
        self.known.insert(self.key.as_slice().into(), found.as_slice().into());
    }

    /// Reads what the router may ask of the row, and says whether that is all.
    #[inline]
    fn read(&mut self, row: Row<'_>) -> bool {
        self.key.clear();
        for held in self.slots.iter().filter_map(|slot| row.table.held(*slot)) {
            let word = match held.column {
                Column::Dictionary(dictionary) => Some(dictionary.code(row.row).map_or(0, |code| u64::from(code) + 1)),
                Column::Values(values) => word_of(values.value(row.row)),
                Column::Lists(_) => None,
            };
            match word {
                Some(word) => self.key.push(word),
                None => return false,
            }
        }
        true
    }
}

/// A word that no other value of a column has.
fn word_of(value: Option<Value<'_>>) -> Option<u64> {
    match value {
        None => Some(0),
        Some(Value::Number(Number::Integer(number @ 0..0x1_0000_0000))) => Some((number as u64) << 1 | 1),
        Some(_) => None,
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
