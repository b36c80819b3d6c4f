//! The time an event says it happened, for people who read a list of detections.
//!
//! ```text
//! {"UtcTime":"2026-11-23 08:35:46.174"}  ─▶  2026-11-23T08:35:46.174Z
//! {"ts":1795422946.174}                  ─▶  2026-11-23T08:35:46.174Z
//! ```
//!
//! Usual names are tried in order. The times are shown and compared as text, never calculated with.

use jiff::Timestamp;
use tieline::stream::{TIME_FIELDS, time_of};
use tieline::{Event, Value};

/// The event's time as RFC 3339 text, when one of the usual fields holds one.
pub(crate) fn of_event(event: &dyn Event) -> Option<String> {
    TIME_FIELDS.iter().find_map(|field| {
        let mut time = None;
        event.values(field, &mut |value| time = time.take().or_else(|| read(value)));
        time
    })
}

fn read(value: Value<'_>) -> Option<String> {
    let written = if let Value::Text(text) = value { from_text(text) } else { None };
    written.or_else(|| time_of(&value).map(rfc3339))
}

/// `2026-11-23 08:35:46.174` and `2026-11-23T08:35:46.174Z` alike; a zone other than UTC is kept. Other forms are told in UTC.
fn from_text(text: &str) -> Option<String> {
    let text = text.trim();
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let rest = rest.strip_prefix(['T', ' '])?;
    let (clock, rest) = (rest.get(..8)?, rest.get(8..)?);
    let digits = rest.strip_prefix('.').map_or(0, |digits| digits.bytes().take_while(u8::is_ascii_digit).count());
    let (fraction, zone) = rest.split_at(if digits == 0 { 0 } else { digits + 1 });
    let zone = match zone.trim_start() {
        "" | "Z" | "z" | "UTC" => "Z",
        zone if has_shape(zone, "+00:00") || has_shape(zone, "-00:00") => zone,
        _ => return None,
    };
    // More digits than any clock has are no time, and would fill the line.
    let is_time = has_shape(date, "0000-00-00") && has_shape(clock, "00:00:00") && digits <= 18;
    is_time.then(|| format!("{date}T{clock}{fraction}{zone}"))
}

/// Whether a text has a digit wherever the shape has `0`, and is the same elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(own, wanted): (u8, u8)| if wanted == b'0' { own.is_ascii_digit() } else { own == wanted };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// A time in nanoseconds since 1970 as RFC 3339 text in UTC, with as many digits as it needs.
pub(crate) fn rfc3339(time_ns: i64) -> String {
    Timestamp::from_nanosecond(time_ns.into()).map_or_else(|_| time_ns.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline::JsonEvent;

    fn check(event: &str, expected: Option<&str>) {
        let event = JsonEvent::parse(event.as_bytes()).unwrap();
        assert_eq!(of_event(&event).as_deref(), expected, "{event:?}");
    }

    #[test]
    fn the_usual_fields_give_the_time() {
        check(r#"{"UtcTime":"2026-11-23 08:35:46.174"}"#, Some("2026-11-23T08:35:46.174Z"));
        check(r#"{"@timestamp":"2026-11-23T08:35:46+02:00"}"#, Some("2026-11-23T08:35:46+02:00"));
        check(r#"{"timestamp":"2026-11-23T08:35:46.174000+0000"}"#, Some("2026-11-23T08:35:46.174Z"));
        check(r#"{"timestamp":"2026-11-23 08:35:46,174"}"#, Some("2026-11-23T08:35:46.174Z"));
        check(r#"{"ts":1795422946.174}"#, Some("2026-11-23T08:35:46.174Z"));
        check(r#"{"ts":1795422946}"#, Some("2026-11-23T08:35:46Z"));
        check(r#"{"timestamp":"1795422946174"}"#, Some("2026-11-23T08:35:46.174Z"));
        check(r#"{"ts":951782400}"#, None);
        check(r#"{"time":1709164800}"#, Some("2024-02-29T00:00:00Z"));
        check(r#"{"time":"yesterday","EventTime":"2020-01-01 00:00:00"}"#, Some("2020-01-01T00:00:00Z"));
        let nested = r##"{"Event":{"System":{"TimeCreated":{"#attributes":{"SystemTime":"2020-01-01T00:00:00Z"}}}}}"##;
        check(nested, Some("2020-01-01T00:00:00Z"));
        check(r#"{"a":1}"#, None);
    }

    #[test]
    fn a_text_that_only_begins_as_a_time_is_none() {
        check(r#"{"UtcTime":"2026-11-23 08:35:46 UTC"}"#, Some("2026-11-23T08:35:46Z"));
        for text in
            ["2026-11-23 08:35:46\\u001b[2J", "2026-11-23 08:35:46 x", "2026-11-23 08:35:46.", "----------T::::::::"]
        {
            check(&format!(r#"{{"UtcTime":"{text}"}}"#).replace("\\\\", "\\"), None);
        }
        check(&format!(r#"{{"UtcTime":"2026-11-23 08:35:46.{}"}}"#, "1".repeat(1000)), None);
    }
}
