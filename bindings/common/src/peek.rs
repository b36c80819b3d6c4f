//! Reads a few named fields of an event, without reading the rest.
//!
//! ```text
//! Peek::new(["Channel", "Event.System.EventID"]).until(br#"{"Channel":"Security","x":[...]}"#, |_| false)
//!   .text("Channel") ─▶ "Security"      .text("Event.System.EventID") ─▶ None
//! ```
//!
//! One walk over the bytes that follows quotes and brackets and looks into nothing it was not asked for. A key
//! that is dotted itself and a path through objects are the same to it. What follows a fault is not seen; whether
//! an event is right JSON is for the engine to say.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::{memchr, memchr2};

/// Lists and objects inside each other that are looked into; what lies deeper is passed over.
const DEPTH_MAX: usize = 32;

/// The fields to be read.
#[derive(Debug, Clone)]
pub(crate) struct Peek {
    /// Every field, and every dotted beginning of one.
    places: HashMap<String, Place>,
    /// For each first byte of a key in `places`: which lengths there are, one bit for each.
    ///
    /// PERF: most keys of an event are no field, and this tells nearly all of them without hashing.
    lengths: Box<[u32; 256]>,
    nulls: Nulls,
}

/// What `null` is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// For nothing: the field is missing.
    Missing,
    /// For a value, the text `null`.
    Values,
}

/// What a path is.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    is_field: bool,
    /// Whether fields lie below it.
    below: bool,
}

/// What was read of one event: the fields that it has, in its order.
#[derive(Debug, Default)]
pub(crate) struct Seen<'a> {
    texts: Vec<(&'a str, Cow<'a, str>)>,
}

impl Peek {
    pub(crate) fn new<'a>(fields: impl Iterator<Item = &'a str>) -> Self {
        let mut places = HashMap::<String, Place>::new();
        for field in fields {
            for (dot, _) in field.match_indices('.') {
                places.entry(field.get(..dot).unwrap_or_default().to_owned()).or_default().below = true;
            }
            places.entry(field.to_owned()).or_default().is_field = true;
        }
        let mut lengths = Box::new([0; 256]);
        for place in places.keys() {
            if let Some(lengths) = place.bytes().next().and_then(|first| lengths.get_mut(usize::from(first))) {
                *lengths |= length_bit(place.len());
            }
        }
        Self { places, lengths, nulls: Nulls::Missing }
    }

    /// The same, with another meaning of `null`.
    pub(crate) fn nulls(self, nulls: Nulls) -> Self {
        Self { nulls, ..self }
    }

    /// Reads an event until `enough` says so; it is asked whenever a field was found.
    pub(crate) fn until<'a>(&'a self, event: &'a [u8], mut enough: impl FnMut(&Seen<'_>) -> bool) -> Seen<'a> {
        let event = event.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(event);
        let mut walk = Walk { peek: self, bytes: event, at: 0, seen: Seen::default(), enough: &mut enough };
        // A fault in the event is told by the engine; what stands before it is seen.
        if walk.next() == Some(b'{') {
            let _ = walk.object("", 0);
        }
        walk.seen
    }

    /// Whether a key, as it is written, may be one that [`place`](Self::place) knows.
    fn may_hold(&self, path: &str, key: &[u8]) -> bool {
        let lengths = key.first().and_then(|first| self.lengths.get(usize::from(*first)));
        !path.is_empty()
            || lengths.is_some_and(|lengths| lengths & length_bit(key.len()) != 0)
            || memchr(b'\\', key).is_some()
    }

    /// The field, or the beginning of one, that `path` and a key make together.
    fn place(&self, path: &str, key: &str) -> Option<(&str, Place)> {
        let found = match path {
            "" => self.places.get_key_value(key),
            _ => self.places.get_key_value(format!("{path}.{key}").as_str()),
        };
        found.map(|(name, place)| (name.as_str(), *place))
    }
}

/// Lengths from 31 share a bit.
fn length_bit(length: usize) -> u32 {
    1 << length.min(31)
}

impl Seen<'_> {
    /// The fields that the event has, each with the text of its first value.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(name, text)| (*name, text.as_ref()))
    }

    /// The field's value as text, empty for objects; `None` when it is missing or null.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_ref())
    }
}

/// A place in an event. Steps give `None` where the event ends or is no JSON, and when enough was seen; then the walk
/// is over.
struct Walk<'a, 'b> {
    peek: &'a Peek,
    bytes: &'a [u8],
    at: usize,
    seen: Seen<'a>,
    enough: &'b mut dyn FnMut(&Seen<'_>) -> bool,
}

impl<'a> Walk<'a, '_> {
    /// Keeps the first value of a field.
    fn put(&mut self, field: Option<&'a str>, text: Cow<'a, str>) -> Option<()> {
        if let Some(field) = field
            && self.seen.text(field).is_none()
        {
            self.seen.texts.push((field, text));
            return if (self.enough)(&self.seen) { None } else { Some(()) };
        }
        Some(())
    }

    /// Goes to the next byte that is no blank.
    fn next(&mut self) -> Option<u8> {
        loop {
            match *self.bytes.get(self.at)? {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Walks the object that begins here; `path` is where it lies.
    fn object(&mut self, path: &str, depth: usize) -> Option<()> {
        self.at += 1;
        loop {
            match self.next()? {
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b',' => self.at += 1,
                b'"' => {
                    let key = self.string()?;
                    if self.next()? != b':' {
                        return None;
                    }
                    self.at += 1;
                    let place = if self.peek.may_hold(path, key) { self.text(key) } else { None };
                    match place.and_then(|key| self.peek.place(path, &key)) {
                        None => self.skip()?,
                        Some((name, place)) => {
                            self.value(place.is_field.then_some(name), place.below.then_some(name), depth)?;
                        }
                    }
                }
                _ => return None,
            }
        }
    }

    /// Reads a value. It is itself `field`, and holds fields below `path`, where these are given.
    fn value(&mut self, field: Option<&'a str>, path: Option<&'a str>, depth: usize) -> Option<()> {
        match self.next()? {
            b'"' => {
                let text = self.string()?;
                if let Some(text) = self.text(text) {
                    self.put(field, text)?;
                }
            }
            b'{' => {
                self.put(field, Cow::Borrowed(""))?;
                match path {
                    Some(path) if depth < DEPTH_MAX => self.object(path, depth + 1)?,
                    _ => self.skip()?,
                }
            }
            b'[' if depth < DEPTH_MAX => {
                self.at += 1;
                loop {
                    match self.next()? {
                        b']' => break,
                        b',' => self.at += 1,
                        _ => self.value(field, path, depth + 1)?,
                    }
                }
                self.at += 1;
            }
            b'[' => self.skip()?,
            _ => {
                let word = self.word()?;
                if (word != b"null" || self.peek.nulls == Nulls::Values)
                    && let Ok(text) = std::str::from_utf8(word)
                {
                    self.put(field, Cow::Borrowed(text))?;
                }
            }
        }
        Some(())
    }

    /// Passes over a value.
    fn skip(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    open = open.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if open > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    self.word()?;
                }
            }
            if open == 0 {
                return Some(());
            }
        }
    }

    /// Passes over the string that begins here, and gives what stands between its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            end += memchr2(b'"', b'\\', self.bytes.get(end..)?)?;
            if self.bytes.get(end) == Some(&b'"') {
                self.at = end + 1;
                return self.bytes.get(start..end);
            }
            // The byte behind a backslash ends nothing.
            end += 2;
        }
    }

    /// Passes over a number or a word, which has at least one byte.
    fn word(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':' | b'"' | b' ' | b'\t' | b'\r' | b'\n');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).filter(|word| !word.is_empty())
    }

    /// The text of what stands between quotes; `None` when that is none.
    fn text(&self, inner: &'a [u8]) -> Option<Cow<'a, str>> {
        if !inner.contains(&b'\\') {
            return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
        }
        let quoted = [b"\"", inner, b"\""].concat();
        serde_json::from_slice::<String>(&quoted).ok().map(Cow::Owned)
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
    fn escapes_are_resolved_in_keys_and_values() {
        check(r#"{"x":"\"Channel\":1\\","\u0043hannel":"a\tb","EventID" : 5 }"#, [Some("a\tb"), None, Some("5")]);
    }

    #[test]
    fn a_key_that_comes_twice_counts_once_and_lists_give_their_first_value() {
        check(r#"{"Channel":"a","Channel":"b","EventID":[[],[null,[7]]]}"#, [Some("a"), None, Some("7")]);
    }

    #[test]
    fn what_is_nested_without_end_is_passed_over() {
        let nested = format!(r#"{{"EventID":{}1{},"Channel":"a"}}"#, "[".repeat(10_000), "]".repeat(10_000));
        check(&nested, [Some("a"), None, None]);
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
        check(r#"{"Channel":"a" "EventID":1}"#, [Some("a"), None, Some("1")]);
        check(r#"{"Channel":"a","x":},"EventID":1}"#, [Some("a"), None, None]);
        check(r#"{"Channel":"a","EventID":"#, [Some("a"), None, None]);
        check("[1]", [None; 3]);
        check("", [None; 3]);
    }
}
