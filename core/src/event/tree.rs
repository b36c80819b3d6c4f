//! An event of JSON as a tree: the obvious form, for explanations and for the reference evaluator.
//!
//! ```text
//! path "a.b.c":  the key "a.b.c", else "c" below "a.b", else "b.c" below "a", else "c" below "b" below "a"
//! ```
//!
//! A key that occurs twice holds both values, as if they were in a list. The engine does not use trees;
//! it fills slots while it walks the bytes. Texts without an escape are not copied one by one; they stay in the text of the event.

use super::json::{self, EventError};
use super::{Event, Value};
use crate::number::Number;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// An event read from JSON.
///
/// ```
/// use tieline::{Event, JsonEvent, Value};
///
/// let event = JsonEvent::parse(br#"{"a": [{"b": "x"}, {"b": "y"}]}"#)?;
/// let mut seen = Vec::new();
/// event.values("a.b", &mut |value| seen.push(value.text().unwrap_or_default().into_owned()));
/// assert_eq!(seen, ["x", "y"]);
/// # Ok::<(), tieline::EventError>(())
/// ```
#[derive(Debug, Clone)]
pub struct JsonEvent {
    tree: Arc<Tree>,
}

impl PartialEq for JsonEvent {
    fn eq(&self, other: &Self) -> bool {
        self.root() == other.root()
    }
}

self_cell::self_cell!(
    /// The text of an event, and the tree that refers to it.
    struct Tree {
        owner: Box<str>,
        #[covariant]
        dependent: Node,
    }

    impl {Debug}
);

#[derive(Debug, PartialEq)]
enum Node<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'t, str>, Self)>),
}

impl JsonEvent {
    /// Reads one JSON object. Half of a surrogate pair that stands alone is read as the replacement character, a number
    /// beyond all floats as the largest of them.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, not JSON, nested deeper than 127, or not an object.
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        let text = json::utf8(bytes)?;
        json::within_depth(text)?;
        let tree = |text: Box<str>| Tree::try_new(text, |text| read(text));
        let read = tree(text.into());
        let read = read.or_else(|error| json::mended(text).map_or(Err(error), |mended| tree(mended.into())));
        let own = Self { tree: Arc::new(read.map_err(|error| json::error(text, &error))?) };
        match own.root() {
            Node::Object(_) => Ok(own),
            _ => Err(EventError::new("an event must be a JSON object", Some(0))),
        }
    }

    fn root(&self) -> &Node<'_> {
        self.tree.borrow_dependent()
    }
}

fn read(text: &str) -> Result<Node<'_>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Seed.deserialize(&mut reader).and_then(|root| reader.end().map(|()| root))
}

impl Event for JsonEvent {
    fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>)) {
        self.root().values(field, each);
    }

    fn leaves(&self, each: &mut dyn FnMut(Value<'_>)) {
        self.root().leaves(each);
    }

    fn objects(&self, field: &str, each: &mut dyn FnMut(&dyn Event)) {
        self.root().objects(field, each);
    }

    fn is_list(&self, field: &str) -> bool {
        self.root().is_list(field)
    }
}

/// An object in an event is as good as an event.
impl Event for Node<'_> {
    fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>)) {
        self.resolve(field, &mut |node| node.each_value(each));
    }

    fn leaves(&self, each: &mut dyn FnMut(Value<'_>)) {
        self.each_leaf(each);
    }

    fn objects(&self, field: &str, each: &mut dyn FnMut(&dyn Event)) {
        self.resolve(field, &mut |node| node.each_object(each));
    }

    fn is_list(&self, field: &str) -> bool {
        let mut is_list = false;
        self.resolve(field, &mut |node| is_list |= matches!(node, Node::List(_)));
        is_list
    }
}

impl Node<'_> {
    /// Gives what stands at `path` and says whether there was anything.
    fn resolve(&self, path: &str, each: &mut dyn FnMut(&Self)) -> bool {
        match self {
            Self::Object(entries) => {
                // The whole path as one key, then ever shorter beginnings of it.
                let ends = std::iter::once(path.len()).chain(memchr::memrchr_iter(b'.', path.as_bytes()));
                for end in ends {
                    let (Some(key), rest) = (path.get(..end), path.get(end + 1..)) else { continue };
                    let mut found = false;
                    for (_, value) in entries.iter().filter(|(own, _)| own == key) {
                        found |= match rest {
                            Some(rest) => value.resolve(rest, each),
                            None => {
                                each(value);
                                true
                            }
                        };
                    }
                    if found {
                        return true;
                    }
                }
                false
            }
            Self::List(items) => {
                let mut found = false;
                for item in items {
                    found |= item.resolve(path, each);
                }
                found
            }
            _ => false,
        }
    }

    /// The values that a field with this content has.
    fn each_value(&self, each: &mut dyn FnMut(Value<'_>)) {
        match self {
            Self::Null => each(Value::Null),
            Self::Bool(value) => each(Value::Bool(*value)),
            Self::Number(number) => each(Value::Number(*number)),
            Self::Text(text) => each(Value::Text(text)),
            Self::Object(_) => each(Value::Composite),
            Self::List(items) if items.is_empty() => each(Value::Composite),
            Self::List(items) => items.iter().for_each(|item| item.each_value(each)),
        }
    }

    fn each_object(&self, each: &mut dyn FnMut(&dyn Event)) {
        match self {
            Self::Object(_) => each(self),
            Self::List(items) => items.iter().for_each(|item| item.each_object(each)),
            _ => {}
        }
    }

    fn each_leaf(&self, each: &mut dyn FnMut(Value<'_>)) {
        match self {
            Self::List(items) => items.iter().for_each(|item| item.each_leaf(each)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.each_leaf(each)),
            scalar => scalar.each_value(each),
        }
    }
}

struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(Number::Integer(value.into())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(Number::Integer(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Number(json::float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(Seed)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key_seed(Seed)? {
            // Keys of JSON are texts.
            let key = if let Node::Text(key) = key { key } else { Cow::default() };
            entries.push((key, access.next_value_seed(Seed)?));
        }
        Ok(Node::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(event: &str, path: &str) -> String {
        let event = JsonEvent::parse(event.as_bytes()).unwrap();
        let mut out = Vec::new();
        event.values(path, &mut |value| {
            out.push(match value {
                Value::Null => "null".to_owned(),
                Value::Composite => "{}".to_owned(),
                other => other.text().unwrap().into_owned(),
            });
        });
        out.join(" ")
    }

    #[test]
    fn paths_take_the_longest_key_first() {
        for (event, path, expected) in [
            (r#"{"a.b":1,"a":{"b":2}}"#, "a.b", "1"),
            (r#"{"a":{"b":2}}"#, "a.b", "2"),
            (r#"{"a":{"b.c":3,"b":{"c":4}}}"#, "a.b.c", "3"),
            (r#"{"a.b":{"d":1},"a":{"b.c":3}}"#, "a.b.c", "3"),
            (r#"{"a":[{"b":1},{"b":[2,3]},{"c":4},5]}"#, "a.b", "1 2 3"),
            (r#"{"a":1,"a":2}"#, "a", "1 2"),
            (r#"{"a":[]}"#, "a", "{}"),
            (r#"{"a":[]}"#, "a.b", ""),
            (r#"{"a":{"b":null}}"#, "a.b", "null"),
            (r#"{"a":[[1],[2,[3]]]}"#, "a", "1 2 3"),
            (r#"{"":1}"#, "", "1"),
            (r#"{"a":{"":1}}"#, "a.", "1"),
        ] {
            assert_eq!(values(event, path), expected, "{event} {path}");
        }
    }

    #[test]
    fn what_the_parser_refuses_without_need_is_mended() {
        assert_eq!(
            values(r#"{"a":["\ud83d","x\udE00y","\ud83d\ude00","\\ud83d","\ud83d\ud83d\ude00"]}"#, "a"),
            "\u{fffd} x\u{fffd}y 😀 \\ud83d \u{fffd}😀"
        );
        assert_eq!(values(r#"{"a":[1e400,-1e999,"1e400",1e5]}"#, "a"), format!("{0} -{0} 1e400 100000", f64::MAX));
        assert!(JsonEvent::parse(br#"{"a":1e400e1}"#).is_err());
        assert!(JsonEvent::parse(br#"{"a":01e400}"#).is_err());
        assert!(JsonEvent::parse(br#"{"a":"\ud83"}"#).is_err());
        assert!(JsonEvent::parse(br#"{"a":"\ud83d","b":}"#).is_err());
    }

    #[test]
    fn broken_events_name_the_byte() {
        let byte = |bytes: &[u8]| JsonEvent::parse(bytes).unwrap_err().byte();
        assert_eq!(byte(b"{\"a\":\xff}"), Some(5));
        assert_eq!(byte(b"[1]"), Some(0));
        assert!(byte(b"{\"a\":1").is_some());
        assert!(byte(format!("{}1{}", "{\"a\":[".repeat(10_000), "]}".repeat(10_000)).as_bytes()).is_some());
        assert!(JsonEvent::parse(b"\xEF\xBB\xBF{}").is_ok());
        assert!(JsonEvent::parse(b"{} x").is_err());
    }
}
