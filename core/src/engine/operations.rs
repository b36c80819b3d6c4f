//! Events seen view by view: one for each OT operation that they tell of, with each indicator that they hold and what context
//! says of it.
//!
//! ```text
//! event ─┬▶ neither: the event itself                     rules of one view are one another's; a rule that matches
//!        └▶ record 0 with hit 0, record 0 with hit 1, ... any view matches the event
//! ```
//!
//! What a record holds is found in `ot`, what a hit is in `intel`. Here an event becomes several, for `reference` as for the
//! engine.

use crate::context::{Context, Lens, Seen};
use crate::event::json;
use crate::event::slots::{Kind, Leaves, Slots};
use crate::event::{Event, Value};
use crate::intel::{self, Hit, Hits, Watch};
use crate::ot::{Fill, Plan, Records};
use crate::program::Fields;

/// Tells whose values belong together, where slots were not filled in the order of the event.
pub(super) fn put_in_order(plan: &Plan, slots: &mut Slots, event: &dyn Event) {
    if slots.are_unordered() && slots.filled().iter().any(|slot| plan.may_read(*slot)) {
        slots.fill_parts(event, &plan.parts());
    }
}

/// What makes several views of one event.
#[derive(Clone, Copy)]
pub(super) struct Views<'a> {
    pub(super) fields: &'a Fields<'a>,
    pub(super) plan: Option<&'a Plan>,
    pub(super) context: Option<(&'a Lens, &'a Context)>,
    pub(super) watch: Option<Watch<'a>>,
}

/// Calls `each` for every record of an event with every indicator it holds, until it says that it has seen enough; for the
/// event itself when it has none.
pub(super) fn each_view(of: Views<'_>, event: &dyn Event, each: &mut dyn FnMut(&dyn Event, Option<Hit<'_>>) -> bool) {
    let Views { fields, plan, context, watch } = of;
    if plan.is_none() && context.is_none() && watch.is_none() {
        each(event, None);
        return;
    }
    let (mut slots, mut records, mut seen, mut hits) =
        (Slots::default(), Records::default(), Seen::default(), Hits::default());
    slots.fill_event(event, fields, Leaves::Dropped);
    let count = plan.map_or(0, |plan| {
        put_in_order(plan, &mut slots, event);
        records.read(plan, Fill::All, &slots, "")
    });
    for record in 0..count.max(1) {
        let (mut number, mut found) = (0, 1);
        while number < found {
            records.put(record, &mut slots);
            let mut hit = None;
            if let Some(watch) = &watch {
                if number == 0 {
                    found = hits.read(watch, &slots, "").max(1);
                }
                hits.put(number, watch, &mut slots);
                hit = hits.get(number, watch);
            }
            if let Some((lens, context)) = context {
                seen.put(lens, context, &mut slots, "");
            }
            let plan = plan.filter(|_| count > 0);
            let watched = watch.map(|watch| watch.lens).filter(|_| hit.is_some());
            let lens = context.map(|(lens, _)| lens);
            if each(&View { event, slots: &slots, plan, lens, watched }, hit) {
                return;
            }
            number += 1;
        }
    }
}

/// An event with one of its records and one of its indicators, and what context says of it.
struct View<'a> {
    event: &'a dyn Event,
    slots: &'a Slots,
    plan: Option<&'a Plan>,
    lens: Option<&'a Lens>,
    watched: Option<&'a intel::Lens>,
}

impl Event for View<'_> {
    fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>)) {
        let of_record = self.plan.and_then(|plan| plan.filled(field));
        let of_context = || self.lens.and_then(|lens| lens.filled(field));
        let of_hit = || self.watched.and_then(|lens| lens.filled(field));
        let Some(slot) = of_record.or_else(of_context).or_else(of_hit) else {
            return self.event.values(field, each);
        };
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
