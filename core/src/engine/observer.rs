//! Tells of events who does what to whom, without any rule: for what keeps count of it over time.
//!
//! ```text
//! event ─▶ for each operation, or once: its ends, its flow, and fields of its record
//! ```
//!
//! As for the normaliser it is a program without rules that asks for fields.

use super::{Compiler, Error, Rules, operations};
use crate::context::{Context, Passing};
use crate::event::JsonEvent;
use crate::event::json::EventError;
use crate::event::slots::Slots;
use crate::ot::{Fill, Records};
use crate::program::SlotId;
use std::borrow::Cow;
use std::collections::HashMap;

/// Fields of a record that may be asked for.
const ASKED: &[&str] =
    &["ot.protocol", "ot.operation", "ot.direction", "ot.name", "ot.subname", "ot.user", "ot.session"];

#[derive(Debug)]
pub(super) struct Observer {
    rules: Rules,
    slots: Slots,
    records: Records,
}

/// What an event tells of, one operation of it if it has any.
pub(super) struct Observed<'a> {
    pub(super) passing: Passing<'a>,
    rules: &'a Rules,
    slots: &'a Slots,
    text: &'a str,
    has_record: bool,
}

impl Observed<'_> {
    /// Shows every text in a slot.
    pub(super) fn texts(&self, slot: SlotId, each: &mut dyn FnMut(&str)) {
        for seen in self.slots.values(slot, self.text).filter(|seen| seen.has_text()) {
            each(&seen.cow());
        }
    }

    /// A field of the record, when the event has one.
    pub(super) fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        let slot: SlotId = self.rules.inner().plan().filter(|_| self.has_record)?.filled(name)?;
        self.slots.values(slot, self.text).find(|seen| seen.has_text()).map(|seen| seen.cow())
    }
}

impl Observer {
    pub(super) fn new(compiler: Compiler, context: &Context) -> Result<Self, Error> {
        Self::asking(compiler, context, [])
    }

    /// The same with some more fields of events.
    pub(super) fn asking(
        compiler: Compiler,
        context: &Context,
        more: impl IntoIterator<Item = String>,
    ) -> Result<Self, Error> {
        let asked = ASKED.iter().chain(&["flow.allowed"]).map(|field| (*field).to_owned()).chain(more);
        let rules = compiler.asking(asked)?.with_context(context);
        Ok(Self { rules, slots: Slots::default(), records: Records::default() })
    }

    /// Goes on over another plant.
    pub(super) fn reload(&mut self, context: &Context) {
        self.rules = self.rules.with_context(context);
    }

    /// The slots of fields by their names.
    pub(super) fn slots_of<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<Option<SlotId>> {
        let known: HashMap<&str, u32> = self.rules.inner().program().fields.names().zip(0..).collect();
        names.map(|name| known.get(name).map(|slot| SlotId(*slot))).collect()
    }

    /// Shows what an event tells of.
    pub(super) fn each(&mut self, event: &[u8], mut show: impl FnMut(&Observed<'_>)) -> Result<(), EventError> {
        let Self { rules, slots, records } = self;
        let text = slots.fill_json(event, &rules.inner().program().fields)?;
        let mut count = 0;
        if let Some(plan) = rules.inner().plan() {
            if slots.are_unordered() {
                operations::put_in_order(plan, slots, &JsonEvent::parse(event)?);
            }
            count = records.read(plan, Fill::All, slots, text);
        }
        let Some((lens, context)) = rules.seen_in() else { return Ok(()) };
        for number in 0..count.max(1) {
            records.put(number, slots);
            let passing = lens.passing(context, slots, text);
            show(&Observed { passing, rules, slots, text, has_record: count > 0 });
        }
        Ok(())
    }
}
