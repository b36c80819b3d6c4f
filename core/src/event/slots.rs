//! An event's values by slot: filled in one walk over the bytes, without a tree.
//!
//! ```text
//! {"EventID":1,"Image":"C:\\a.exe","Other":"..."}
//!    slot 0 ─▶ "1" (number)   slot 7 ─▶ "C:\a.exe" (text)      Other: no rule asks, skipped
//! ```
//!
//! Texts of all values stand one behind the other in one buffer that is reused, so filling allocates
//! nothing once it is warm. When an event offers a field by two ways (the key `a.b` and `b` below `a`), the
//! walk cannot know which counts; then the tree of `JsonEvent` decides, which is slow and very rare.

use super::json::{self, EventError};
use super::{Event, JsonEvent, Value};
use crate::number::Number;
use crate::program::{Edge, Fields, NodeId, SlotId};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What kind of value a text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    Composite,
}

/// One value of a slot, or one leaf.
#[derive(Debug, Clone, Copy)]
struct Cell {
    kind: Kind,
    start: u32,
    end: u32,
    /// The slot's next value.
    next: u32,
}

/// The end of a chain of cells.
const END: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Head {
    epoch: u32,
    first: u32,
    last: u32,
    /// The way by which the first value was found.
    way: u64,
}

/// The values of one event, by slot.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    text: String,
    cells: Vec<Cell>,
    heads: Vec<Head>,
    leaves: Vec<u32>,
    epoch: u32,
    conflicts: Vec<SlotId>,
    keep_leaves: bool,
}

impl Slots {
    /// Empties all slots, for a program with `slots` of them; leaves are kept only when asked for.
    fn reset(&mut self, slots: usize, keep_leaves: bool) {
        self.text.clear();
        self.cells.clear();
        self.leaves.clear();
        self.conflicts.clear();
        self.keep_leaves = keep_leaves;
        if self.heads.len() != slots || self.epoch == u32::MAX {
            self.heads.clear();
            self.heads.resize(slots, Head { epoch: 0, first: END, last: END, way: 0 });
            self.epoch = 0;
        }
        self.epoch += 1;
    }

    /// Fills the slots from one JSON object.
    pub(crate) fn fill_json(&mut self, bytes: &[u8], fields: &Fields, keep_leaves: bool) -> Result<(), EventError> {
        self.reset(fields.len(), keep_leaves);
        let text = json::utf8(bytes)?;
        if text.len() > u32::MAX as usize / 2 {
            return Err(EventError::new("an event of more than 2 GiB", None));
        }
        json::within_depth(text)?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let walk =
            Walk { slots: self, fields, node: Some(Fields::ROOT), slot: None, way: 0, way_below: 0, is_root: true };
        walk.deserialize(&mut reader).and_then(|()| reader.end()).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => EventError::new("an event must be a JSON object", Some(0)),
            _ => json::error(text, &error),
        })?;
        if !self.conflicts.is_empty() {
            self.settle(&JsonEvent::parse(bytes)?, fields);
        }
        Ok(())
    }

    /// Fills the slots by asking an event for every field.
    pub(crate) fn fill_event(&mut self, event: &dyn Event, fields: &Fields, keep_leaves: bool) {
        self.reset(fields.len(), keep_leaves);
        for (number, name) in fields.names().iter().enumerate() {
            let slot = SlotId(u32::try_from(number).unwrap_or(u32::MAX));
            event.values(name, &mut |value| self.put_value(slot, value));
        }
        if keep_leaves {
            event.leaves(&mut |value| {
                let cell = self.cell_of(value);
                self.leaves.push(cell);
            });
        }
    }

    /// Fills again the slots that were reached by two ways, as the tree resolves them.
    fn settle(&mut self, event: &JsonEvent, fields: &Fields) {
        let mut conflicts = std::mem::take(&mut self.conflicts);
        conflicts.sort_unstable();
        conflicts.dedup();
        for slot in conflicts.drain(..) {
            if let (Some(head), Some(name)) = (self.heads.get_mut(slot.index()), fields.names().get(slot.index())) {
                head.epoch = 0;
                event.values(name, &mut |value| self.put_value(slot, value));
            }
        }
        self.conflicts = conflicts;
    }

    fn put_value(&mut self, slot: SlotId, value: Value<'_>) {
        let cell = self.cell_of(value);
        self.link(slot, 0, cell);
    }

    fn cell_of(&mut self, value: Value<'_>) -> u32 {
        match value {
            Value::Null => self.cell(Kind::Null, ""),
            Value::Composite => self.cell(Kind::Composite, ""),
            Value::Bool(value) => self.cell(Kind::Bool, if value { "true" } else { "false" }),
            Value::Number(Number::Integer(value)) => self.cell(Kind::Number, itoa::Buffer::new().format(value)),
            Value::Number(number) => self.cell(Kind::Number, &number.text()),
            Value::Text(text) => self.cell(Kind::Text, text),
        }
    }

    fn cell(&mut self, kind: Kind, text: &str) -> u32 {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.cells.push(Cell { kind, start, end: self.text.len() as u32, next: END });
        self.cells.len() as u32 - 1
    }

    fn link(&mut self, slot: SlotId, way: u64, cell: u32) {
        let epoch = self.epoch;
        let Some(head) = self.heads.get_mut(slot.index()) else { return };
        if head.epoch != epoch {
            *head = Head { epoch, first: cell, last: cell, way };
            return;
        }
        if head.way != way {
            self.conflicts.push(slot);
        }
        if let Some(last) = self.cells.get_mut(head.last as usize) {
            last.next = cell;
        }
        head.last = cell;
    }

    /// The values of a slot, in the event's order; none when the field is missing.
    pub(crate) fn values(&self, slot: SlotId) -> impl Iterator<Item = (Kind, &str)> {
        let mut at = match self.heads.get(slot.index()) {
            Some(head) if head.epoch == self.epoch => head.first,
            _ => END,
        };
        std::iter::from_fn(move || {
            let cell = self.cells.get(at as usize)?;
            at = cell.next;
            Some((cell.kind, self.text_of(cell)))
        })
    }

    /// Every scalar of the event, when leaves were kept.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.leaves.iter().filter_map(|at| self.cells.get(*at as usize)).map(|cell| (cell.kind, self.text_of(cell)))
    }

    /// The texts of all values that were kept, one behind the other.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn text_of(&self, cell: &Cell) -> &str {
        self.text.get(cell.start as usize..cell.end as usize).unwrap_or_default()
    }
}

/// The walk below one key: which node of the fields it is at, and which slot the value itself fills.
struct Walk<'a> {
    slots: &'a mut Slots,
    fields: &'a Fields,
    node: Option<NodeId>,
    slot: Option<SlotId>,
    /// The dots at which the walk went down to reach this value.
    way: u64,
    /// The same for what is below this value.
    way_below: u64,
    is_root: bool,
}

impl Walk<'_> {
    fn scalar(self, kind: Kind, text: &str) {
        if self.slot.is_none() && !self.slots.keep_leaves {
            return;
        }
        let cell = self.slots.cell(kind, text);
        if self.slots.keep_leaves {
            self.slots.leaves.push(cell);
        }
        if let Some(slot) = self.slot {
            self.slots.link(slot, self.way, cell);
        }
    }

    fn composite(&mut self) {
        if let Some(slot) = self.slot {
            let cell = self.slots.cell(Kind::Composite, "");
            self.slots.link(slot, self.way, cell);
        }
    }

    /// Whether anything below this value may be asked for.
    fn is_idle(&self) -> bool {
        self.node.is_none() && self.slot.is_none() && !self.slots.keep_leaves
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.guard::<E>()?.scalar(Kind::Null, "");
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.guard::<E>()?.scalar(Kind::Bool, if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.guard::<E>()?.scalar(Kind::Number, itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.guard::<E>()?.scalar(Kind::Number, itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.guard::<E>()?.scalar(Kind::Number, &json::float(value).text());
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.guard::<E>()?.scalar(Kind::Text, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Self { slots, fields, node, slot, way, way_below, .. } = self.guard::<A::Error>()?;
        let mut empty = true;
        loop {
            let member = Walk { slots, fields, node, slot, way, way_below, is_root: false };
            if access.next_element_seed(member)?.is_none() {
                break;
            }
            empty = false;
        }
        if empty {
            Walk { slots, fields, node, slot, way, way_below, is_root: false }.composite();
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        self.composite();
        let Self { slots, fields, node, way_below, .. } = self;
        while let Some(edge) = access.next_key_seed(Key { fields, node })? {
            let edge = edge.unwrap_or_default();
            let gone_down = edge.node.map_or(0, |_| 1_u64.rotate_left(edge.dots.into()));
            let below = Walk {
                slots,
                fields,
                node: edge.node,
                slot: edge.slot,
                way: way_below,
                way_below: way_below | gone_down,
                is_root: false,
            };
            if below.is_idle() {
                access.next_value::<IgnoredAny>()?;
            } else {
                access.next_value_seed(below)?;
            }
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// Only an object is an event.
    fn guard<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.is_root { Err(E::custom("not an object")) } else { Ok(self) }
    }
}

/// A key, looked up while it is read.
struct Key<'a> {
    fields: &'a Fields,
    node: Option<NodeId>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<Edge>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<Edge>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.node.and_then(|node| self.fields.step(node, key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_tree(event: &dyn Event, name: &str) -> Vec<String> {
        let mut seen = Vec::new();
        event.values(name, &mut |value| seen.push(value.text().map_or("-".to_owned(), |text| text.into_owned())));
        seen
    }

    /// Every slot must hold what the tree finds at its path.
    fn check(event: &str, names: &[&str]) {
        let fields = Fields::new(names.iter().map(|name| (*name).to_owned()).collect());
        let tree = JsonEvent::parse(event.as_bytes()).unwrap();
        let mut slots = Slots::default();
        for _ in 0..2 {
            slots.fill_json(event.as_bytes(), &fields, true).unwrap();
            for (number, name) in names.iter().enumerate() {
                let shown = |(kind, text): (Kind, &str)| match kind {
                    Kind::Null | Kind::Composite => "-".to_owned(),
                    _ => text.to_owned(),
                };
                let own: Vec<String> = slots.values(SlotId(number as u32)).map(shown).collect();
                assert_eq!(own, by_tree(&tree, name), "{name} in {event}");
            }
            let mut leaves = Vec::new();
            tree.leaves(&mut |value| leaves.push(value.text().unwrap_or_default().into_owned()));
            assert_eq!(slots.leaves().map(|(_, text)| text.to_owned()).collect::<Vec<_>>(), leaves);
        }
    }

    #[test]
    fn slots_hold_what_the_tree_finds() {
        let names = ["a", "a.b", "a.b.c", "b.c", "x.y.z.w", "x"];
        for event in [
            r#"{"a":1,"a.b":2,"a.b.c":[3,null]}"#,
            r#"{"a":{"b":{"c":1}},"a.b":{"c":2},"a.b.c":3}"#,
            r#"{"a.b":{"c":2},"a":{"b":{"c":1},"b.c":5}}"#,
            r#"{"a":[{"b":1},{"b":{"c":2}},{"b.c":3},4,[]]}"#,
            r#"{"x":{"y.z":{"w":1},"y":{"z.w":2}},"x.y":{"z":{"w":3}}}"#,
            r#"{"a":1,"a":{"b":2},"a":[3.0,1e2,-0.0,true]}"#,
            r#"{"b":[],"b":{"c":{}},"a":{}}"#,
            "{}",
        ] {
            check(event, &names);
        }
    }

    #[test]
    fn only_objects_are_events() {
        let fields = Fields::new(vec!["a".into()]);
        let mut slots = Slots::default();
        for bytes in ["1", "[]", "[{}]", "\"x\"", "null", "", "{", "{}x"] {
            assert!(slots.fill_json(bytes.as_bytes(), &fields, false).is_err(), "{bytes}");
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf =
            prop_oneof![Just("1".to_owned()), Just("\"t\"".to_owned()), Just("null".to_owned()), Just("[]".to_owned())];
        let key = prop::sample::select(vec!["a", "b", "c", "a.b", "b.c", "a.b.c", "d"]);
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let object = prop::collection::vec((key.clone(), inner.clone()), 0..4)
                .prop_map(|entries| {
                    entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect::<Vec<_>>().join(",")
                })
                .prop_map(|inside| format!("{{{inside}}}"));
            let list = prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(",")));
            prop_oneof![object, list]
        })
    }

    proptest! {
        #[test]
        fn any_event_fills_slots_as_the_tree_does(inside in json()) {
            check(&format!("{{\"a\":{inside},\"b\":{inside}}}"), &["a", "b", "a.b", "a.b.c", "a.a.b.c", "b.c.d", "a.b.c.a.b"]);
        }
    }
}
