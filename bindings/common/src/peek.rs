//! Reads a few named fields of an event, without reading the rest.
//!
//! ```text
//! Peek::new(["Channel", "Event.System.EventID"]).at(br#"{"Channel":"Security","x":[...]}"#)
//!   .text("Channel") ─▶ "Security"      .text("Event.System.EventID") ─▶ None
//! ```
//!
//! One walk over the bytes, which keeps only texts that were asked for. A key that is dotted itself and a path
//! through objects are the same to it. What follows a fault is not seen; the engine reports the fault.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The fields to be read.
#[derive(Debug)]
pub(crate) struct Peek {
    fields: Vec<String>,
}

/// What was read of one event.
pub(crate) struct Seen<'a> {
    fields: &'a [String],
    texts: Vec<Option<String>>,
}

impl Peek {
    pub(crate) fn new<'a>(fields: impl Iterator<Item = &'a str>) -> Self {
        let mut fields: Vec<String> = fields.map(str::to_owned).collect();
        fields.sort_unstable();
        fields.dedup();
        Self { fields }
    }

    pub(crate) fn at(&self, event: &[u8]) -> Seen<'_> {
        let mut seen = Seen { fields: &self.fields, texts: vec![None; self.fields.len()] };
        let event = event.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(event);
        let mut reader = serde_json::Deserializer::from_slice(event);
        // A fault in the event is told by the engine; what stands before it is seen.
        let _ = reader.deserialize_map(Walk { seen: &mut seen, path: Some(""), at: None });
        seen
    }
}

impl Seen<'_> {
    /// The field's value as text, empty for objects; `None` when it is missing or null.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        let at = self.fields.iter().position(|own| own == field)?;
        self.texts.get(at)?.as_deref()
    }

    fn put(&mut self, at: Option<usize>, text: &str) {
        if let Some(place) = at.and_then(|at| self.texts.get_mut(at)) {
            place.get_or_insert_with(|| text.to_owned());
        }
    }
}

/// A value. It is itself the field at `at`, and holds fields below `path`, where these are given.
struct Walk<'a, 'b> {
    seen: &'a mut Seen<'b>,
    path: Option<&'a str>,
    at: Option<usize>,
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

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.seen.put(self.at, text);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.seen.put(self.at, if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.seen.put(self.at, &value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.seen.put(self.at, &value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.seen.put(self.at, &value.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Walk { seen: self.seen, path: self.path, at: self.at })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.seen.put(self.at, "");
        while let Some(key) = entries.next_key_seed(Key { fields: self.seen.fields, path: self.path })? {
            match key {
                (None, None) => {
                    entries.next_value::<IgnoredAny>()?;
                }
                (at, below) => entries.next_value_seed(Walk { seen: self.seen, path: below.as_deref(), at })?,
            }
        }
        Ok(())
    }
}

/// Says of a key which field it is, and the path below it when there are fields further down.
struct Key<'a> {
    fields: &'a [String],
    path: Option<&'a str>,
}

type Place = (Option<usize>, Option<String>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Place;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Place, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Place, E> {
        let Some(path) = self.path else { return Ok((None, None)) };
        let (mut at, mut below) = (None, false);
        for (index, field) in self.fields.iter().enumerate() {
            match field.strip_prefix(path).and_then(|rest| rest.strip_prefix(key)) {
                Some("") => at = Some(index),
                Some(rest) if rest.starts_with('.') => below = true,
                _ => {}
            }
        }
        Ok((at, below.then(|| format!("{path}{key}."))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, expected: [Option<&str>; 3]) {
        let peek = Peek::new(["Channel", "Event.System.EventID", "EventID"].into_iter());
        let seen = peek.at(event.as_bytes());
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
    fn what_stands_before_a_fault_is_seen() {
        check(r#"{"Channel":"a","EventID":"#, [Some("a"), None, None]);
        check("[1]", [None; 3]);
        check("", [None; 3]);
    }
}
