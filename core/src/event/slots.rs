//! An event's values by slot, as the event writes them.
//!
//! ```text
//! {"EventID":1,"Image":"C:\\a.exe","Other":"..."}
//!    slot 0 ─▶ bytes 11..12 (number)   slot 7 ─▶ bytes 22..31 (text)      Other: no rule asks, passed over
//! ```
//!
//! Filling allocates nothing once it is warm, and a value is unescaped only when somebody has to read it. When an
//! event offers a field by two ways (the key `a.b` and `b` below `a`), the walk cannot know which counts; then the tree
//! of `JsonEvent` decides, which is slow and rare. So it does for whatever else the walk leaves to it.

mod cells;
mod parts;
mod reading;

pub(in crate::event) use cells::Cells;
pub(crate) use parts::{Derived, Parts, Placed, PlacedValues};
pub(crate) use reading::Reading;

use super::gaps::Gaps;
use super::json::{self, EventError};
use super::quotes::Quotes;
use super::walk;
use super::{Event, JsonEvent, Value};
use crate::number::Number;
use crate::program::{Fields, SlotId, Written};
use crate::shortcut::Shortcuts;
use cells::{Cell, END};
use std::borrow::Cow;

/// What kind of value a text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    Composite,
}

/// One value as it was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'e> {
    pub(crate) kind: Kind,
    /// Whether `raw` is as JSON writes it, with escapes and any spelling of numbers.
    pub(crate) is_written: bool,
    /// Whether escapes in `raw`, if it has any, are known to be those with which JSON writes the text shortest.
    pub(crate) is_spelled: bool,
    pub(crate) raw: &'e str,
}

impl<'e> Seen<'e> {
    /// Whether the value has a text at all: null and composites have none.
    pub(crate) fn has_text(&self) -> bool {
        !matches!(self.kind, Kind::Null | Kind::Composite)
    }

    /// Whether the value is the number with this text.
    pub(crate) fn is_number(&self, text: &str) -> bool {
        self.kind == Kind::Number && self.cow() == text
    }

    /// The text of the value as it is read; it is copied when it is not written like that.
    pub(crate) fn cow(&self) -> Cow<'e, str> {
        let mut buffer = String::new();
        match self.text(&mut buffer).len() {
            // Nothing was put into the buffer.
            _ if buffer.is_empty() => Cow::Borrowed(self.raw),
            _ => Cow::Owned(buffer),
        }
    }

    /// The text of the value; `buffer` holds it when it is not written as it is.
    pub(crate) fn text<'b>(&self, buffer: &'b mut String) -> &'b str
    where
        'e: 'b,
    {
        match self.kind {
            Kind::Text if self.is_written && memchr::memchr(b'\\', self.raw.as_bytes()).is_some() => {
                buffer.clear();
                json::push_unescaped(self.raw, buffer);
                buffer
            }
            Kind::Number if self.is_written && !is_own_spelling(self.raw) => {
                buffer.clear();
                buffer.push_str(&json::number(self.raw).text());
                buffer
            }
            _ => self.raw,
        }
    }
}

/// Whether a JSON number is spelled as [`Number::text`] does: an integer that no other type takes for a float.
fn is_own_spelling(raw: &str) -> bool {
    raw.len() <= 18 && raw != "-0" && raw.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}

/// The values of one event, by slot.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    cells: Cells,
    quotes: Quotes,
    gaps: Gaps,
    /// Texts that do not stand in the event as they are.
    copies: String,
    /// Every scalar of an event that was not walked.
    leaves: Vec<Cell>,
    is_walked: bool,
    /// Slots of which somebody asks whether they hold a list, in order; and those that do, in an event that was not walked.
    singles: Box<[SlotId]>,
    lists: Vec<SlotId>,
    /// Set while there are derived values.
    mark: Option<parts::Mark>,
    /// Values that need not be read one by one to know all of them.
    numbered: parts::Numbered,
    /// Whether values do not stand in the order of the event.
    is_unordered: bool,
}

impl Slots {
    pub(crate) fn new(shortcuts: Shortcuts) -> Self {
        Self { gaps: Gaps::new(shortcuts), ..Self::default() }
    }

    /// Says of which slots the [`single`](Self::single) value will be asked, in their order.
    pub(crate) fn ask_single(&mut self, slots: &[SlotId]) {
        self.singles = slots.into();
    }

    /// Fills the slots from one JSON object, and gives the text in which they lie.
    pub(crate) fn fill_json<'e>(&mut self, bytes: &'e [u8], fields: &Fields<'_>) -> Result<&'e str, EventError> {
        let bytes = json::without_mark(bytes);
        if bytes.len() > u32::MAX as usize / 2 {
            return Err(EventError::new("an event of more than 2 GiB", None));
        }
        // PERF: whether all is ASCII costs two instructions for 64 bytes along with the quotes, and fourteen by itself.
        let text = match self.quotes.find(bytes) {
            Some(ascii) => ascii,
            None => json::utf8(bytes)?,
        };
        self.begin(fields);
        self.is_walked = true;
        let Self { quotes, gaps, cells, .. } = self;
        let walked = quotes.are_sound.then(|| walk::walk(text, quotes, fields, gaps, cells)).flatten();
        if walked.is_none() {
            self.fill_event(&JsonEvent::parse(bytes)?, fields, Leaves::Kept);
        } else if !self.cells.conflicts.is_empty() {
            self.settle(&JsonEvent::parse(bytes)?, fields);
        }
        Ok(text)
    }

    fn begin(&mut self, fields: &Fields<'_>) {
        self.cells.reset(fields.len());
        self.copies.clear();
        self.lists.clear();
        self.mark = None;
        self.numbered = parts::Numbered::default();
        self.is_unordered = false;
    }

    /// Fills the slots by asking an event for every field.
    pub(crate) fn fill_event(&mut self, event: &dyn Event, fields: &Fields<'_>, leaves: Leaves) {
        self.begin(fields);
        self.leaves.clear();
        self.is_walked = false;
        self.is_unordered = true;
        for (number, name) in fields.names().enumerate() {
            let slot = SlotId(u32::try_from(number).unwrap_or(u32::MAX));
            self.put_field(slot, name, event);
        }
        if leaves == Leaves::Kept {
            event.leaves(&mut |value| {
                let cell = self.cell_of(value);
                self.leaves.push(cell);
            });
        }
    }

    /// Fills only some slots.
    pub(crate) fn fill_some(&mut self, event: &dyn Event, fields: &Fields<'_>, slots: &[SlotId]) {
        self.begin(fields);
        self.leaves.clear();
        self.is_walked = false;
        self.is_unordered = true;
        for slot in slots {
            if let Some(name) = fields.names().nth(slot.index()) {
                self.put_field(*slot, name, event);
            }
        }
    }

    /// Fills again the slots that were reached by two ways, as the tree resolves them.
    fn settle(&mut self, event: &JsonEvent, fields: &Fields<'_>) {
        let mut conflicts = std::mem::take(&mut self.cells.conflicts);
        self.is_unordered = true;
        conflicts.sort_unstable();
        conflicts.dedup();
        for slot in conflicts.drain(..) {
            if let Some(name) = fields.names().nth(slot.index()) {
                self.cells.clear(slot);
                self.put_field(slot, name, event);
            }
        }
        self.cells.conflicts = conflicts;
    }

    fn put_field(&mut self, slot: SlotId, name: &str, event: &dyn Event) {
        event.values(name, &mut |value| {
            let cell = self.cell_of(value);
            self.cells.link(slot, 0, || cell);
        });
        if self.singles.binary_search(&slot).is_ok() && event.is_list(name) {
            self.lists.push(slot);
        }
    }

    fn cell_of(&mut self, value: Value<'_>) -> Cell {
        match value {
            Value::Null => self.copy(Kind::Null, ""),
            Value::Composite => self.copy(Kind::Composite, "["),
            Value::Bool(value) => self.copy(Kind::Bool, if value { "true" } else { "false" }),
            Value::Number(Number::Integer(value)) => self.copy(Kind::Number, itoa::Buffer::new().format(value)),
            Value::Number(number) => self.copy(Kind::Number, &number.text()),
            Value::Text(text) => self.copy(Kind::Text, text),
        }
    }

    fn copy(&mut self, kind: Kind, text: &str) -> Cell {
        let start = self.copies.len() as u32;
        self.copies.push_str(text);
        Cell { kind, is_written: false, start, end: self.copies.len() as u32, next: END }
    }

    /// The values of a slot, in the event's order; none when the field is missing. `event` is the text that
    /// [`fill_json`](Self::fill_json) gave.
    #[inline]
    pub(crate) fn values<'s>(&'s self, slot: SlotId, event: &'s str) -> impl Iterator<Item = Seen<'s>> {
        let head = self.cells.head(slot);
        let mut next = head.map(|head| &head.first);
        std::iter::from_fn(move || {
            let cell = next?;
            next = self.cells.more.get(cell.next as usize);
            Some(self.seen(cell, event))
        })
    }

    /// The one value of a slot, unless it stands in a list; null when there is none. `None` for lists.
    pub(crate) fn single<'s>(&'s self, slot: SlotId, event: &'s str) -> Option<Seen<'s>> {
        let null = Seen { kind: Kind::Null, is_written: false, is_spelled: false, raw: "" };
        let Some(head) = self.cells.head(slot) else {
            return Some(null);
        };
        let is_list = if head.first.is_written {
            // What stands in front of a value tells: a colon, or the bracket of a list.
            let before = event.as_bytes().get(..head.first.start as usize).unwrap_or_default();
            let before = if head.first.kind == Kind::Text {
                before.split_last().map_or(before, |(_, rest)| rest)
            } else {
                before
            };
            before.trim_ascii_end().last() == Some(&b'[')
        } else {
            self.lists.contains(&slot)
        };
        (head.first.next == END && !is_list).then(|| self.seen(&head.first, event))
    }

    /// Whether a slot has a value.
    #[inline]
    pub(crate) fn is_filled(&self, slot: SlotId) -> bool {
        self.cells.head(slot).is_some()
    }

    /// The slots that have a value, in the event's order; a slot that two ways lead to stands there twice.
    pub(crate) fn filled(&self) -> &[SlotId] {
        &self.cells.filled
    }

    /// Calls `each` for every scalar of the event that has a text.
    pub(crate) fn each_leaf<'s>(&'s self, event: &'s str, mut each: impl FnMut(Seen<'s>)) {
        let mut each = |seen: Seen<'s>| {
            if seen.has_text() {
                each(seen);
            }
        };
        if self.is_walked {
            let is_spelled = self.quotes.are_shortest();
            walk::each_leaf(event, &self.quotes, |kind, raw| each(Seen { kind, is_written: true, is_spelled, raw }));
        } else {
            self.leaves.iter().for_each(|cell| each(self.seen(cell, event)));
        }
    }

    /// The event as it is written, if it was read by the walk.
    pub(crate) fn written<'e>(&self, event: &'e str) -> Option<Written<'e>> {
        let Quotes { is_ascii, has_code_points, has_slashes, .. } = self.quotes;
        let has_odd_numbers = self.cells.has_odd_numbers;
        self.is_walked.then_some(Written { text: event, is_ascii, has_code_points, has_slashes, has_odd_numbers })
    }

    #[inline]
    fn seen<'s>(&'s self, cell: &Cell, event: &'s str) -> Seen<'s> {
        let text = if cell.is_written { event } else { &self.copies };
        let raw = text.get(cell.start as usize..cell.end as usize).unwrap_or_default();
        let is_spelled = cell.is_written && self.quotes.are_shortest();
        Seen { kind: cell.kind, is_written: cell.is_written, is_spelled, raw }
    }
}

/// Whether every scalar of an event is kept, for keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaves {
    Kept,
    Dropped,
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
        check_with(&mut Slots::default(), event, names);
    }

    /// The same with slots that may have held other events before.
    fn check_with(slots: &mut Slots, event: &str, names: &[&str]) {
        let fields = Fields::new(names.iter().map(|name| (*name).to_owned()).collect());
        let tree = JsonEvent::parse(event.as_bytes());
        let filled = slots.fill_json(event.as_bytes(), &fields).map(|_| ());
        assert_eq!(filled, tree.as_ref().map(|_| ()).map_err(Clone::clone), "{event}");
        let Ok(tree) = tree else { return };
        for _ in 0..2 {
            let text = slots.fill_json(event.as_bytes(), &fields).unwrap();
            let shown = |seen: Seen<'_>| {
                if seen.has_text() { seen.text(&mut String::new()).to_owned() } else { "-".to_owned() }
            };
            for (number, name) in names.iter().enumerate() {
                let own: Vec<String> = slots.values(SlotId(number as u32), text).map(shown).collect();
                assert_eq!(own, by_tree(&tree, name), "{name} in {event}");
            }
            let (mut leaves, mut own) = (Vec::new(), Vec::new());
            tree.leaves(&mut |value| leaves.extend(value.text().map(|text| text.into_owned())));
            slots.each_leaf(text, |seen| own.push(shown(seen)));
            assert_eq!(own, leaves, "{event}");
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
            assert!(slots.fill_json(bytes.as_bytes(), &fields).is_err(), "{bytes}");
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

    thread_local! {
        /// Slots that have held every event of a test before.
        static LEARNED: std::cell::RefCell<Slots> = std::cell::RefCell::default();
    }

    #[test]
    fn events_that_are_never_alike_are_read_and_forgotten() {
        let mut slots = Slots::default();
        for number in 0..30_000_u32 {
            let nested = "[{\"x\":".repeat(number as usize % 30) + "1" + &"}]".repeat(number as usize % 30);
            let event = format!("{{\"a\":{number},\"k{number}\":\"v\",\"b\":{{\"c\":\"{number}\",\"n\":{nested}}}}}");
            check_with(&mut slots, &event, &["a", "b.c", "b.n.x.x.x"]);
        }
        assert!(slots.gaps.kept().0 < 10_000, "{:?}", slots.gaps.kept());
    }

    #[test]
    fn a_gap_that_is_kept_is_found() {
        let shortcuts = Shortcuts::ALL.without(crate::shortcut::Shortcut::GapGuesses);
        let mut slots = Slots::new(shortcuts);
        let fields = Fields::new(vec!["a".into()]);
        let kept = [1, 2].map(|_| {
            for number in 0..1_000_u32 {
                slots.fill_json(format!("{{\"a\":1,\"k{number}\":\"v\"}}").as_bytes(), &fields).unwrap();
            }
            slots.gaps.kept()
        });
        assert_eq!(kept, [(1_000 + 3, 0); 2]);
    }

    #[test]
    fn objects_in_gaps_that_are_too_long_to_be_kept_are_forgotten() {
        let mut slots = Slots::default();
        let event = format!("{{\"a\":{{}},{}\"b\":1}}", " ".repeat(300));
        (0..20_000).for_each(|_| check_with(&mut slots, &event, &["a", "b"]));
        assert!(slots.gaps.kept().1 < 20_000, "{:?}", slots.gaps.kept());
    }

    #[test]
    fn texts_that_are_no_utf8_are_no_events() {
        let fields = Fields::new(vec!["a".into()]);
        for length in 0..200 {
            let event = format!("\u{feff}{{\"a\":\"{}\u{e9}\"}}", "x".repeat(length));
            let mut slots = Slots::default();
            assert_eq!(slots.fill_json(event.as_bytes(), &fields), Ok(event.trim_start_matches('\u{feff}')));
            let (whole, at) = (event.as_bytes(), event.len() - 4);
            let broken = [&whole[..at], &whole[at + 1..]].concat();
            let error = slots.fill_json(&broken, &fields).unwrap_err();
            assert_eq!(error.byte(), Some(at - 3), "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Whatever is no JSON to the parser must not be an event to the walk.
        #[test]
        fn the_walk_takes_nothing_that_the_parser_refuses(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ":", ",", "\"", "\"a\"", "\"a\":", "\"b.c\":", "1", "-", "0", ".5", "e9", "E+12", "true",
                    "null", "false", " ", "\t", "\n", "\u{b}", "\\", "\\n", "\\u0041", "\\ud800", "\\x", "é", "\u{2028}", "nul", "{\"a\":",
                    "\"x\\\\\"", "123456789012345678901", "1e400", "-0", "00",
                ]),
                0..24,
            ),
            is_wrapped: bool,
        ) {
            let inside = parts.concat();
            let event = if is_wrapped { format!("{{\"a\":{inside}}}") } else { inside };
            check(&event, &["a", "b.c"]);
            LEARNED.with_borrow_mut(|slots| check_with(slots, &event, &["a", "b.c"]));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Keywords rely on it: what an event writes plainly holds the text of every number.
        #[test]
        fn numbers_stand_in_a_plain_event_as_their_texts(number in "-?(0|[1-9][0-9]{0,19})([.][0-9]{1,18})?(e-?[0-9]{1,2})?") {
            let event = format!("{{\"a\":{number}}}");
            let fields = Fields::new(vec!["a".into()]);
            let mut slots = Slots::default();
            let text = slots.fill_json(event.as_bytes(), &fields).unwrap();
            let written = slots.written(text);
            slots.each_leaf(text, |seen| {
                let own = seen.text(&mut String::new()).to_owned();
                assert!(written.is_some_and(|written| written.has_odd_numbers || written.text.contains(&own)), "{own} in {event}");
            });
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// What was learned from an event must not let pass what is nearly the same.
        #[test]
        fn a_byte_more_or_less_is_seen(inside in json(), at: prop::sample::Index, byte in prop::sample::select(b"{}[],:\"1 t\\e-.".to_vec()), kind in 0..3) {
            let event = format!("{{\"a\":{inside},\"b\":{inside}}}");
            let mut bytes = event.clone().into_bytes();
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
            let changed = String::from_utf8(bytes).unwrap();
            let names = ["a", "b", "a.b", "a.b.c"];
            LEARNED.with_borrow_mut(|slots| {
                check_with(slots, &event, &names);
                check_with(slots, &changed, &names);
            });
        }
    }

    proptest! {
        #[test]
        fn any_event_fills_slots_as_the_tree_does(inside in json()) {
            let (event, names) = (format!("{{\"a\":{inside},\"b\":{inside}}}"), ["a", "b", "a.b", "a.b.c", "a.a.b.c", "b.c.d", "a.b.c.a.b"]);
            check(&event, &names);
            LEARNED.with_borrow_mut(|slots| check_with(slots, &event, &names));
        }
    }
}
