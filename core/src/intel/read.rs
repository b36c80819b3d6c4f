//! Reads lists of whatever form, and tells what is wrong in them.
//!
//! ```text
//! {"type":"bundle",...}  ─▶ stix        {"Event":{...}}  ─▶ misp        value,type,...  ─▶ list
//! ```
//!
//! One indicator that cannot be used is left out and told, and the rest goes on. A text that is no list at all, or is cut off,
//! gives no indicator.

use super::model::Indicators;
use super::{IndicatorKind, list, misp, stix, value};
use crate::check::Level;
use crate::config::INDICATOR_LIST_BYTES_MAX;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::time::instant::{self, Bare};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Diagnostics of one code that a list gives; the rest is counted.
const TOLD_MAX: usize = 100;

/// Bytes of a line that a diagnostic shows.
const LINE_SHOWN_MAX: usize = 400;

/// What a list says about one or more values.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) list: Arc<str>,
    pub(super) id: Option<String>,
    pub(super) name: Option<Arc<str>>,
    pub(super) level: Option<Level>,
    pub(super) confidence: Option<u8>,
    pub(super) valid_from_ns: Option<i64>,
    pub(super) valid_until_ns: Option<i64>,
    pub(super) tags: Arc<[String]>,
}

/// Reads a list.
pub(super) fn list(source: &Source, into: &mut Indicators) {
    list_of(source, into, INDICATOR_LIST_BYTES_MAX);
}

pub(super) fn list_of(source: &Source, into: &mut Indicators, bytes_max: usize) {
    let mut reader = Reader { source, into, counts: BTreeMap::new(), added: 0 };
    let text = source.text();
    if text.len() > bytes_max {
        let message = format!("the list has more than {bytes_max} bytes; cut it into several");
        return reader.tell(Code::IndicatorList, None, &message);
    }
    let start = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    // An object or a list is JSON; an address of v6 in brackets is not.
    let is_json = start.starts_with('{') || (start.starts_with('[') && !start.starts_with("[.]") && is_array(start));
    if is_json {
        reader.json(start)
    } else {
        list::read(&mut reader, text)
    }
    reader.conclude();
}

/// Whether what begins with a bracket is an array of JSON.
fn is_array(text: &str) -> bool {
    text.get(1..).is_some_and(|rest| rest.trim_start().starts_with(['{', ']', '[', '"']))
}

/// A list while it is read.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    pub(super) into: &'a mut Indicators,
    counts: BTreeMap<Code, usize>,
    added: usize,
}

/// The keys by which forms are known.
#[derive(Deserialize)]
struct Top<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    objects: Option<&'a RawValue>,
    #[serde(borrow, rename = "Event")]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow, rename = "Attribute")]
    attributes: Option<&'a RawValue>,
}

impl<'a> Reader<'a> {
    fn json(&mut self, text: &'a str) {
        // Looked at as a whole first: what is cut off is no list.
        let whole: &RawValue = match serde_json::from_str(text) {
            Ok(whole) => whole,
            Err(error) => {
                let at = self.offset_of(text) + offset(text, error.line(), error.column());
                let why = if error.is_eof() { "the list is cut off" } else { "the list is no JSON" };
                return self.tell(Code::IndicatorList, Some((at, 1)), &format!("{why}: {error}"));
            }
        };
        if text.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(whole.get()).unwrap_or_default();
            return items.into_iter().for_each(|item| self.object(item));
        }
        self.object(whole);
    }

    fn object(&mut self, raw: &'a RawValue) {
        let place = self.place(raw);
        let top: Top<'_> = match serde_json::from_str(raw.get()) {
            Ok(top) => top,
            Err(error) => return self.tell(Code::IndicatorList, Some(place), &format!("this is no list: {error}")),
        };
        if let Some(objects) = top.objects {
            return match serde_json::from_str::<Vec<&RawValue>>(objects.get()) {
                Ok(objects) => stix::read(self, &objects),
                Err(error) => {
                    let message = format!("`objects` must be a list of STIX objects: {error}");
                    self.tell(Code::IndicatorList, Some(self.place(objects)), &message);
                }
            };
        }
        if let Some(event) = top.event {
            return misp::event(self, event);
        }
        if let Some(response) = top.response {
            return match serde_json::from_str::<Vec<&RawValue>>(response.get()) {
                Ok(items) => items.into_iter().for_each(|item| self.object(item)),
                Err(_) => self.object(response),
            };
        }
        if top.attributes.is_some() {
            return misp::event(self, raw);
        }
        if top.kind.is_some() {
            return stix::read(self, &[raw]);
        }
        let message = "this is neither a STIX bundle (`objects`) nor a MISP event (`Event`)";
        self.tell(Code::IndicatorList, Some(place), message);
    }

    /// Adds a value of a kind that is known, or is to be guessed.
    pub(super) fn add(&mut self, told: &Told, kind: Option<IndicatorKind>, text: &str, place: (usize, usize)) {
        if let Some(value) = self.value(told, kind, text, place) {
            self.add_read(told, value, None, place);
        }
    }

    /// Reads a value, and tells what is wrong with it.
    pub(super) fn value(
        &mut self,
        told: &Told,
        kind: Option<IndicatorKind>,
        text: &str,
        place: (usize, usize),
    ) -> Option<value::Value> {
        let Some(kind) = kind.or_else(|| value::guess(text)) else {
            let message = format!("`{}` is no address, name, URL or hash; say what it is as its type", text.trim());
            self.refuse(told.id.as_deref(), place, &message);
            return None;
        };
        match value::read(kind, text) {
            Ok((value, doubt)) => {
                if let Some(doubt) = doubt {
                    self.doubt(told.id.as_deref(), place, &doubt);
                }
                Some(value)
            }
            Err(why) => {
                self.refuse(told.id.as_deref(), place, &why);
                None
            }
        }
    }

    pub(super) fn add_read(
        &mut self,
        told: &Told,
        value: value::Value,
        group: Option<(u32, u32)>,
        place: (usize, usize),
    ) {
        let shown = value.text.clone();
        match self.into.add(told, value, group) {
            Ok(true) => self.added += 1,
            Ok(false) => self.doubt(told.id.as_deref(), place, &format!("`{shown}` is listed twice")),
            Err(why) => self.refuse(told.id.as_deref(), place, &why),
        }
    }

    /// A time as it is written; one that is none is told, and then does not limit anything.
    pub(super) fn time(
        &mut self,
        id: Option<&str>,
        name: &str,
        text: Option<&str>,
        place: (usize, usize),
    ) -> Result<Option<i64>, ()> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
        // A date alone is its midnight. What is said to be a time may be a small number.
        if let Some(time) = instant::of_text(text, Bare::SmallAreSeconds) {
            return Ok(Some(time));
        }
        self.refuse(
            id,
            place,
            &format!("`{name}` is `{text}`, which is no time; write one such as 2026-11-26T08:00:00Z"),
        );
        Err(())
    }

    /// What a list says, with its times looked at; `None` when they cannot be used.
    pub(super) fn with_times(
        &mut self,
        told: Told,
        [from, until]: [(&str, Option<&str>); 2],
        place: (usize, usize),
    ) -> Option<Told> {
        let id = told.id.clone();
        let valid_from_ns = self.time(id.as_deref(), from.0, from.1, place).ok()?;
        let valid_until_ns = self.time(id.as_deref(), until.0, until.1, place).ok()?;
        if let (Some(from_ns), Some(until_ns)) = (valid_from_ns, valid_until_ns)
            && until_ns <= from_ns
        {
            let message = format!("`{}` is not before `{}`, so it is never valid", from.0, until.0);
            self.refuse(id.as_deref(), place, &message);
            return None;
        }
        Some(Told { valid_from_ns, valid_until_ns, ..told })
    }

    /// What every indicator of the list has in common.
    pub(super) fn told(&self) -> Told {
        Told {
            list: self.source.name().unwrap_or("list").into(),
            id: None,
            name: None,
            level: None,
            confidence: None,
            valid_from_ns: None,
            valid_until_ns: None,
            tags: Arc::from([]),
        }
    }

    /// Where a piece of the text stands, and how long it is.
    pub(super) fn place(&self, raw: &RawValue) -> (usize, usize) {
        (self.offset_of(raw.get()), raw.get().len())
    }

    /// Where a piece of the text stands.
    fn offset_of(&self, piece: &str) -> usize {
        (piece.as_ptr() as usize).saturating_sub(self.source.text().as_ptr() as usize)
    }

    pub(super) fn refuse(&mut self, id: Option<&str>, place: (usize, usize), message: &str) {
        self.tell_about(Code::IndicatorRefused, id, Some(place), message);
    }

    pub(super) fn doubt(&mut self, id: Option<&str>, place: (usize, usize), message: &str) {
        self.tell_about(Code::IndicatorDoubtful, id, Some(place), message);
    }

    pub(super) fn tell(&mut self, code: Code, place: Option<(usize, usize)>, message: &str) {
        self.tell_about(code, None, place, message);
    }

    fn tell_about(&mut self, code: Code, id: Option<&str>, place: Option<(usize, usize)>, message: &str) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count > TOLD_MAX {
            return;
        }
        let mut told = match place {
            Some((at, length)) => diagnostic(self.source, code, at, length, message),
            None => Diagnostic::without_place(code, self.source.name(), message),
        };
        if let Some(id) = id {
            told = told.about(id);
        }
        self.into.tell(told);
    }

    /// Tells how much more there was, or that there was nothing.
    fn conclude(&mut self) {
        for (code, count) in std::mem::take(&mut self.counts) {
            if count > TOLD_MAX {
                let message = format!("{} more of {code} ({}) in this list", count - TOLD_MAX, code.name());
                self.into.tell(Diagnostic::without_place(code, self.source.name(), message));
            }
        }
    }

    /// How many indicators the list has given so far.
    pub(super) fn added(&self) -> usize {
        self.added
    }
}

/// A finding at a byte of a text. Lines of lists may be of any length, so only short ones are shown.
fn diagnostic(source: &Source, code: Code, at: usize, length: usize, message: &str) -> Diagnostic {
    let text = source.text();
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let chars = |from: usize, to: usize| {
        let bytes = text.as_bytes().get(from..to).unwrap_or_default();
        u32::try_from(String::from_utf8_lossy(bytes).chars().count()).unwrap_or(u32::MAX)
    };
    let end_of_line =
        memchr::memchr(b'\n', text.as_bytes().get(at..).unwrap_or_default()).map_or(text.len(), |end| at + end);
    let column = chars(start, at).saturating_add(1);
    let end_column = column.saturating_add(chars(at, (at + length).min(end_of_line)).max(1));
    let line = u32::try_from(line).unwrap_or(u32::MAX);
    if end_of_line - start <= LINE_SHOWN_MAX {
        let span = crate::diagnostic::Span { line, column, end_line: line, end_column };
        return Diagnostic::new(code, source, span, message);
    }
    let mut told = Diagnostic::without_place(code, source.name(), message);
    (told.line, told.column, told.end_line, told.end_column) = (line, column, line, end_column);
    told
}

/// The byte at a line and a column (in bytes), both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', text.as_bytes()).nth(line - 2).map_or(text.len(), |at| at + 1),
    };
    (start + column.saturating_sub(1)).min(text.len())
}

/// Tags as rules write them: techniques of ATT&CK that stand in a text become `attack.t1071.001`, other texts stay.
pub(super) fn tag_of(text: &str) -> String {
    match technique_in(text) {
        Some(technique) if text.to_ascii_lowercase().contains("attack") || text.len() == technique.len() => {
            format!("attack.{}", technique.to_ascii_lowercase())
        }
        _ => text.trim().to_owned(),
    }
}

/// The id of a technique in a text, such as T1071.001.
fn technique_in(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| {
        bytes.get(from..from + count).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
    };
    let is_apart = |at: usize| at == 0 || bytes.get(at - 1).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let starts = |at: &usize| {
        matches!(bytes.get(*at), Some(b'T' | b't')) && is_apart(*at) && digits(at + 1, 4) && !digits(at + 5, 1)
    };
    let at = (0..bytes.len()).find(starts)?;
    let end = if bytes.get(at + 5) == Some(&b'.') && digits(at + 6, 3) { at + 9 } else { at + 5 };
    text.get(at..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_is_refused() {
        let mut indicators = Indicators::default();
        list_of(&Source::new(Some("list"), "198.51.100.7"), &mut indicators, 5);
        let told: Vec<String> = indicators.diagnostics().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["list: error[TL0092]: the list has more than 5 bytes; cut it into several"]);
    }

    #[test]
    fn techniques_become_tags_of_rules() {
        for (text, tag) in [
            ("T1071", "attack.t1071"),
            ("misp-galaxy:mitre-attack-pattern=\"Web Protocols - T1071.001\"", "attack.t1071.001"),
            ("ATTACK1234", "ATTACK1234"),
            ("tlp:amber", "tlp:amber"),
        ] {
            assert_eq!(tag_of(text), tag);
        }
    }
}
