//! Events seen record by record: one for each OT operation that they tell of, each with what context says of it.
//!
//! ```text
//! event ─┬▶ no records: the event itself          rules of one record are one another's; a rule that matches
//!        └▶ record 0, record 1, ...               any record matches the event
//! ```
//!
//! What a record holds is found in `ot`. Here an event becomes several, for the engine and for `reference` alike.

use crate::context::{Context, Lens, Seen};
use crate::event::json;
use crate::event::slots::{Kind, Leaves, Slots};
use crate::event::{Event, Value};
use crate::ot::{Fill, Plan, Records};
use crate::program::Fields;

/// Tells whose values belong together, where slots were not filled in the order of the event.
pub(super) fn put_in_order(plan: &Plan, slots: &mut Slots, event: &dyn Event) {
    if slots.are_unordered() && slots.filled().iter().any(|slot| plan.may_read(*slot)) {
        slots.fill_parts(event, &plan.parts());
    }
}

/// Calls `each` for every record of an event, until it says that it has seen enough; for the event itself when it has none.
pub(super) fn each_record(
    plan: Option<&Plan>,
    context: Option<(&Lens, &Context)>,
    fields: &Fields<'_>,
    event: &dyn Event,
    each: &mut dyn FnMut(&dyn Event) -> bool,
) {
    if plan.is_none() && context.is_none() {
        each(event);
        return;
    }
    let (mut slots, mut records, mut seen) = (Slots::default(), Records::default(), Seen::default());
    slots.fill_event(event, fields, Leaves::Dropped);
    let count = plan.map_or(0, |plan| {
        put_in_order(plan, &mut slots, event);
        records.read(plan, Fill::All, &slots, "")
    });
    for number in 0..count.max(1) {
        records.put(number, &mut slots);
        if let Some((lens, context)) = context {
            seen.put(lens, context, &mut slots, "");
        }
        let recorded =
            Recorded { event, slots: &slots, plan: plan.filter(|_| count > 0), lens: context.map(|(lens, _)| lens) };
        if each(&recorded) {
            return;
        }
    }
}

/// An event with one of its records, and what context says of it.
struct Recorded<'a> {
    event: &'a dyn Event,
    slots: &'a Slots,
    plan: Option<&'a Plan>,
    lens: Option<&'a Lens>,
}

impl Event for Recorded<'_> {
    fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>)) {
        let slot = self.plan.and_then(|plan| plan.filled(field)).or_else(|| self.lens?.filled(field));
        let Some(slot) = slot else { return self.event.values(field, each) };
        let mut buffer = String::new();
        for seen in self.slots.values(slot, "") {
            match seen.kind {
                Kind::Null => each(Value::Null),
                Kind::Composite => each(Value::Composite),
                Kind::Bool => each(Value::Bool(seen.raw == "true")),
                Kind::Number => each(Value::Number(json::number(seen.raw))),
                Kind::Text => each(Value::Text(seen.text(&mut buffer))),
            }
        }
    }

    fn leaves(&self, each: &mut dyn FnMut(Value<'_>)) {
        self.event.leaves(each);
    }

    fn objects(&self, field: &str, each: &mut dyn FnMut(&dyn Event)) {
        self.event.objects(field, each);
    }

    fn is_list(&self, field: &str) -> bool {
        self.event.is_list(field)
    }
}
