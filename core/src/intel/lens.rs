//! Which slots indicators are looked for in, and which a hit fills.
//!
//! ```text
//! rules ask for indicator.kind, indicator.level   ─▶   slots of all fields of the table, of the time, and of these two
//! ```
//!
//! A lens belongs to a program and is saved with it. The indicators are not.

use super::table::{Class, Table};
use super::{FIELDS, PREFIX};
use crate::event::slots::{Kind, Slots};
use crate::program::SlotId;
use crate::time::instant::{self, Bare};
use serde::{Deserialize, Serialize};

/// A field of a hit by its place in [`FIELDS`].
pub(super) type FieldId = u8;

/// Whether a field is one that a hit fills.
pub(crate) fn is_field(name: &str) -> bool {
    number_of(name).is_some()
}

fn number_of(name: &str) -> Option<FieldId> {
    let name = name.strip_prefix(PREFIX)?;
    FIELDS.iter().position(|field| *field == name).and_then(|at| FieldId::try_from(at).ok())
}

/// The slots of one program that have to do with indicators.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Lens {
    /// What is looked for in a slot, in the order of slots, and the name of its field.
    watched: Vec<(u32, Class, String)>,
    /// One bit for each slot that is watched.
    bits: Vec<u64>,
    /// The fields that are filled, and their slots.
    pub(super) asked: Vec<(FieldId, u32)>,
    /// The rules that ask for them, by their index.
    asking: Vec<u32>,
    /// Where the time of an event may stand, the first that holds one counts.
    times: Vec<u32>,
    /// Whether the caller has named them.
    times_named: bool,
}

impl Lens {
    /// Asks for slots for all fields of a table and of the time. `slot` gives the slot of a field.
    pub(crate) fn new<'n>(
        table: &Table,
        asked: impl IntoIterator<Item = &'n str>,
        asking: Vec<u32>,
        times: &[String],
        mut slot: impl FnMut(&str) -> SlotId,
    ) -> Self {
        let usual = crate::time::FIELDS.iter().map(|name| (*name).to_owned());
        let names: Vec<String> = if times.is_empty() { usual.collect() } else { times.to_vec() };
        let asked = asked.into_iter().filter_map(|name| Some((number_of(name)?, slot(name).0))).collect();
        let mut watched: Vec<_> = table.0.iter().map(|(name, class)| (slot(name).0, *class, name.clone())).collect();
        watched.sort_unstable();
        let mut bits = vec![0; watched.last().map_or(0, |(last, _, _)| *last as usize / 64 + 1)];
        for (slot, _, _) in &watched {
            if let Some(word) = bits.get_mut(*slot as usize / 64) {
                *word |= 1_u64 << (slot % 64);
            }
        }
        let times_named = !times.is_empty();
        Self { watched, bits, asked, asking, times: names.iter().map(|name| slot(name).0).collect(), times_named }
    }

    /// What is looked for in a slot.
    #[inline]
    pub(super) fn watched(&self, slot: SlotId) -> &[(u32, Class, String)] {
        let index = slot.index();
        if self.bits.get(index / 64).is_none_or(|word| word >> (index % 64) & 1 == 0) {
            return &[];
        }
        let from = self.watched.partition_point(|(own, _, _)| *own < slot.0);
        let len = self.watched.iter().skip(from).take_while(|(own, _, _)| *own == slot.0).count();
        self.watched.get(from..from + len).unwrap_or_default()
    }

    /// Whether a rule asks for a field of a hit.
    pub(crate) fn is_asking(&self, rule: usize) -> bool {
        u32::try_from(rule).is_ok_and(|rule| self.asking.binary_search(&rule).is_ok())
    }

    /// Slots in which something is looked for.
    pub(crate) fn slots(&self) -> Vec<SlotId> {
        let mut slots: Vec<SlotId> = self.watched.iter().map(|(slot, _, _)| SlotId(*slot)).collect();
        slots.dedup();
        slots
    }

    /// The slot that a hit fills for a field.
    pub(crate) fn filled(&self, name: &str) -> Option<SlotId> {
        let field = number_of(name)?;
        self.asked.iter().find(|(own, _)| *own == field).map(|(_, slot)| SlotId(*slot))
    }

    /// When the event in the slots happened, in nanoseconds since 1970. A list is no time.
    pub(super) fn time(&self, slots: &Slots, text: &str, bare: Bare) -> Option<i64> {
        let bare = if self.times_named && bare == Bare::BySize { Bare::SmallAreSeconds } else { bare };
        let mut buffer = String::new();
        self.times.iter().find_map(|slot| {
            let mut values = slots.values(SlotId(*slot), text);
            let (seen, None) = (values.next()?, values.next()) else { return None };
            match seen.kind {
                Kind::Text | Kind::Number => instant::of_text(seen.text(&mut buffer), bare),
                _ => None,
            }
        })
    }
}
