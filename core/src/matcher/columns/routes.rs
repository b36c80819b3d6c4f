//! To which partitions a row is routed; rows with the same codes are routed once.
//!
//! ```text
//! Channel: code 4, EventID: 1   ─▶   partitions [17]
//! ```
//!
//! A row is remembered only where all that the router may ask is a code, a number, a short text, or not there.

use super::super::Buffers;
use super::super::walked::step;
use super::block::Asked;
use super::{Row, with_seen};
use crate::event::Value;
use crate::event::columns::Column;
use crate::number::Number;
use crate::program::{Router, SlotId};
use hashbrown::HashMap;

/// Routes that are remembered at most.
const ROUTES_MAX: usize = 1 << 12;

/// Longer texts are not remembered.
const TEXT_BYTES_MAX: usize = 256;

/// Where rows of the table at hand were routed.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// All that the router asks.
    slots: Vec<SlotId>,
    known: HashMap<Box<[u64]>, Box<[u32]>, foldhash::fast::RandomState>,
    key: Vec<u64>,
    texts: Texts,
    /// For each slot the text that was read last, and its number.
    last: Vec<(String, u64)>,
}

/// Texts by which rows were routed, numbered.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Box<str>, u64, foldhash::fast::RandomState>,
}

impl Routes {
    /// Forgets all.
    pub(super) fn begin(&mut self, router: &Router<'_>) {
        self.known.clear();
        self.texts.numbers.clear();
        self.slots.clear();
        add_slots(router, &mut self.slots);
        self.slots.sort_unstable();
        self.slots.dedup();
        self.last.clear();
        self.last.resize_with(self.slots.len(), Default::default);
    }

    /// Finds the partitions of a row.
    #[inline]
    pub(super) fn find(
        &mut self,
        router: &Router<'_>,
        (row, asked): (Row<'_>, Asked<'_>),
        buffers: &mut Buffers,
        found: &mut Vec<u32>,
    ) {
        if !self.read(row, asked) {
            return route(router, row, buffers, found);
        }
        if let Some(known) = self.known.get(self.key.as_slice()) {
            return found.extend(known.iter());
        }
        route(router, row, buffers, found);
        if self.known.len() == ROUTES_MAX {
            self.known.clear();
        }
        self.known.insert(self.key.as_slice().into(), found.as_slice().into());
    }

    /// Reads what the router may ask of the row, and says whether that is all.
    #[inline]
    fn read(&mut self, row: Row<'_>, asked: Asked<'_>) -> bool {
        self.key.clear();
        for (held, last) in self.slots.iter().zip(&mut self.last) {
            let Some(held) = row.table.held(*held) else { continue };
            let word = match held.column {
                _ if !asked.has(held.number) => Some(0),
                Column::Dictionary(dictionary) => {
                    Some(held.code(dictionary, row.row).map_or(0, |code| u64::from(code) + 1))
                }
                Column::Values(values) => self.texts.word_of(values.value(row.row), last),
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

impl Texts {
    /// A word that no other value of a column has.
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
        (self.numbers.len() < ROUTES_MAX).then(|| self.numbers.insert(text.into(), number))?;
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
