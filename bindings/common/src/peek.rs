//! Reads a few named fields of an event, without reading the rest.
//!
//! ```text
//! Peek::new(["Channel", "Event.System.EventID"]).until(br#"{"Channel":"Security","x":[...]}"#, |_| false)
//!   .text("Channel") ─▶ "Security"      .text("Event.System.EventID") ─▶ None
//! ```
//!
//! One walk over the bytes, which keeps only texts that were asked for. A key that is dotted itself and a path
//! through objects are the same to it. What follows a fault is not seen; the engine reports the fault.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// The fields to be read.
#[derive(Debug)]
pub(crate) struct Peek {
    /// Every field, and every dotted beginning of one.
    places: HashMap<String, Place>,
    fields: usize,
}

/// What a path is.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The number of the field, when it is one.
    at: Option<usize>,
    /// Whether fields lie below it.
    below: bool,
}

/// What was read of one event.
pub(crate) struct Seen<'a> {
    places: &'a HashMap<String, Place>,
    texts: Vec<Option<String>>,
}

impl Peek {
    pub(crate) fn new<'a>(fields: impl Iterator<Item = &'a str>) -> Self {
        let (mut places, mut number) = (HashMap::<String, Place>::new(), 0);
        for field in fields {
            for (dot, _) in field.match_indices('.') {
                places.entry(field.get(..dot).unwrap_or_default().to_owned()).or_default().below = true;
            }
            let place = places.entry(field.to_owned()).or_default();
            if place.at.is_none() {
                place.at = Some(number);
                number += 1;
            }
        }
        Self { places, fields: number }
    }

    /// Reads an event until `enough` says so; it is asked whenever a field was found.
    pub(crate) fn until(&self, event: &[u8], mut enough: impl FnMut(&Seen<'_>) -> bool) -> Seen<'_> {
        let mut seen = Seen { places: &self.places, texts: vec![None; self.fields] };
        let event = event.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(event);
        let mut reader = serde_json::Deserializer::from_slice(event);
        let walk = Walk { seen: &mut seen, enough: &mut enough, path: Some(""), at: None };
        // A fault in the event is told by the engine; what stands before it is seen.
        let _ = reader.deserialize_map(walk);
        seen
    }
}

impl Seen<'_> {
    /// The field's value as text, empty for objects; `None` when it is missing or null.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.texts.get(self.places.get(field)?.at?)?.as_deref()
    }

    /// Keeps the first value of a field, and says whether it was the first.
    fn put(&mut self, at: Option<usize>, text: &str) -> bool {
        let Some(place) = at.and_then(|at| self.texts.get_mut(at)) else { return false };
        let first = place.is_none();
        place.get_or_insert_with(|| text.to_owned());
        first
    }
}

/// A value. It is itself the field at `at`, and holds fields below `path`, where these are given.
struct Walk<'a, 'b> {
    seen: &'a mut Seen<'b>,
    enough: &'a mut dyn FnMut(&Seen<'_>) -> bool,
    path: Option<&'a str>,
    at: Option<usize>,
}

impl Walk<'_, '_> {
    /// Keeps a value; an error ends the walk.
    fn put<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if self.seen.put(self.at, text) && (self.enough)(self.seen) {
            return Err(E::custom("enough"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.put(text)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.put(if value { "true" } else { "false" })
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.put(&value.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.put(&value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.put(&value.to_string())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items
            .next_element_seed(Walk { seen: self.seen, enough: self.enough, path: self.path, at: self.at })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if self.seen.put(self.at, "") && (self.enough)(self.seen) {
            return Err(serde::de::Error::custom("enough"));
        }
        while let Some(key) = entries.next_key_seed(Key { places: self.seen.places, path: self.path })? {
            match key {
                None => {
                    entries.next_value::<IgnoredAny>()?;
                }
                Some((at, below)) => {
                    let path = below.as_deref();
                    entries.next_value_seed(Walk { seen: self.seen, enough: self.enough, path, at })?;
                }
            }
        }
        Ok(())
    }
}

/// Says of a key which field it is, and the path below it when there are fields further down; `None` when it is
/// neither.
struct Key<'a> {
    places: &'a HashMap<String, Place>,
    path: Option<&'a str>,
}

type Way = Option<(Option<usize>, Option<String>)>;

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Way;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Way, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Way;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Way, E> {
        let Some(path) = self.path else { return Ok(None) };
        // PERF: most keys stand at the top and are no field, so nothing is put together for them.
        let whole = if path.is_empty() { Cow::Borrowed(key) } else { Cow::Owned(format!("{path}{key}")) };
        let way = |place: &Place| (place.at, place.below.then(|| format!("{whole}.")));
        Ok(self.places.get(whole.as_ref()).map(way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, expected: [Option<&str>; 3]) {
        let peek = Peek::new(["Channel", "Event.System.EventID", "EventID"].into_iter());
        let seen = peek.until(event.as_bytes(), |_| false);
        assert_eq!(["Channel", "Event.System.EventID", "EventID"].map(|field| seen.text(field)), expected, "{event}");
    }

    #[test]
    fn fields_are_found_as_keys_and_as_paths() {
        check(r#"{"Channel":"Security","EventID":4624}"#, [Some("Security"), None, Some("4624")]);
        check(r#"{"x":[1,{"Channel":"no"}],"Channel":"y"}"#, [Some("y"), None, None]);
        check(r#"{"Event":{"System":{"EventID":1,"Channel":"no"},"EventID":3}}"#, [None, Some("1"), None]);
        check(r#"{"Event.System":{"EventID":"1"}}"#, [None, Some("1"), None]);
        check(r#"{"Event":{"System":{"EventID":{"text":{"EventID":7}}}}}"#, [None, Some(""), None]);
        check(r#"{"Channel":null,"EventID":[null,5,6]}"#, [None, None, Some("5")]);
    }

    #[test]
    fn nothing_is_read_behind_what_is_enough() {
        let peek = Peek::new(["Channel", "EventID", "x"].into_iter());
        let event = br#"{"EventID":{"x":1},"Channel":["a","b"],"x":2}"#;
        let seen = peek.until(event, |seen| seen.text("Channel").is_some());
        assert_eq!(["Channel", "EventID", "x"].map(|field| seen.text(field)), [Some("a"), Some(""), None]);
    }

    #[test]
    fn what_stands_before_a_fault_is_seen() {
        check(r#"{"Channel":"a","EventID":"#, [Some("a"), None, None]);
        check("[1]", [None; 3]);
        check("", [None; 3]);
    }
}
