//! Times in events: texts and numbers become instants and their calendar parts.
//!
//! ```text
//! "2024-05-01T23:30:00Z" in +02:00   ─▶   hour 1, day 2, ISO week 18
//! ```
//!
//! Texts are RFC 3339 or the same with a blank for the `T` and without a zone (then UTC), as Windows and
//! Sysmon write it. Numbers are times only when the caller names their unit. No clock is read here.

use super::Value;
use crate::check::TimePart;
use crate::number::Number;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// The unit of times that are bare numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    /// Seconds since 1970, also with a fraction, as Zeek writes them.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
    /// Nanoseconds since 1970.
    Nanoseconds,
}

/// How rules with time modifiers (`hour`, `week`, ...) read times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeOptions {
    /// The zone in which parts are taken: an IANA name or an offset such as `+02:00`; `None` is UTC.
    pub zone: Option<String>,
    /// The unit of bare numbers; `None` means that bare numbers are not times.
    pub unit: Option<TimeUnit>,
}

/// The options with the zone looked up.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
    unit: Option<TimeUnit>,
}

impl Clock {
    /// Looks the zone up; `None` when there is none of that name.
    pub(crate) fn new(options: &TimeOptions) -> Option<Self> {
        let zone = match options.zone.as_deref() {
            None => TimeZone::UTC,
            Some(name) => match offset(name) {
                Some(zone) => zone,
                None => TimeZone::get(name).ok()?,
            },
        };
        Some(Self { zone, unit: options.unit })
    }

    /// A part of the time that `value` holds, when it holds one.
    pub(crate) fn part(&self, value: Value<'_>, part: TimePart) -> Option<Number> {
        let time = self.read(value)?;
        let number: i128 = match part {
            TimePart::Minute => time.minute().into(),
            TimePart::Hour => time.hour().into(),
            TimePart::Day => time.day().into(),
            TimePart::Week => time.date().iso_week_date().week().into(),
            TimePart::Month => time.month().into(),
            TimePart::Year => time.year().into(),
        };
        Some(Number::Integer(number))
    }

    fn read(&self, value: Value<'_>) -> Option<Zoned> {
        let instant = match value {
            Value::Number(number) => self.instant(number)?,
            // Only texts of the form `2024-05...` are dates; `20240501` is a number.
            Value::Text(text) if text.as_bytes().get(4) == Some(&b'-') => match text.parse::<Timestamp>() {
                Ok(instant) => instant,
                Err(_) => TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
            },
            Value::Text(text) => self.instant(Number::from_numeric_text(text)?)?,
            _ => return None,
        };
        Some(instant.to_zoned(self.zone.clone()))
    }

    fn instant(&self, number: Number) -> Option<Timestamp> {
        let factor: i64 = match self.unit? {
            TimeUnit::Seconds => 1_000_000_000,
            TimeUnit::Milliseconds => 1_000_000,
            TimeUnit::Microseconds => 1_000,
            TimeUnit::Nanoseconds => 1,
        };
        let nanoseconds = match number {
            Number::Integer(value) => value.checked_mul(factor.into())?,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "a float has no more digits to keep"
            )]
            Number::Float(value) => (value * factor as f64) as i128,
        };
        Timestamp::from_nanosecond(nanoseconds).ok()
    }
}

/// A zone of the form `+02:00` or `-05:30`.
fn offset(text: &str) -> Option<TimeZone> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let seconds = hours.parse::<u8>().ok()? as i32 * 3600 + minutes.parse::<u8>().ok()? as i32 * 60;
    jiff::tz::Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(zone: Option<&str>, unit: Option<TimeUnit>, value: Value<'_>) -> Option<String> {
        let clock = Clock::new(&TimeOptions { zone: zone.map(str::to_owned), unit }).unwrap();
        clock.part(value, TimePart::Hour).map(Number::text)
    }

    #[test]
    fn times_are_read_in_the_callers_zone() {
        let text = Value::Text;
        for (zone, value, expected) in [
            (None, text("2024-05-01T23:30:00Z"), Some("23")),
            (None, text("2024-05-01T23:30:00.123456789+02:00"), Some("21")),
            (None, text("2024-05-01 23:30:00.123"), Some("23")),
            (None, text("2024-05-01T23:30:00"), Some("23")),
            (Some("+02:00"), text("2024-05-01T23:30:00Z"), Some("1")),
            (Some("-05:30"), text("2024-05-01T00:30:00Z"), Some("19")),
            (Some("Europe/Paris"), text("2024-05-01T23:30:00Z"), Some("1")),
            (None, text("yesterday"), None),
            (None, text("1714606200"), None),
            (None, Value::Number(Number::Integer(1_714_606_200)), None),
            (None, Value::Null, None),
        ] {
            assert_eq!(hour(zone, None, value).as_deref(), expected, "{zone:?} {value:?}");
        }
        assert!(Clock::new(&TimeOptions { zone: Some("Nowhere/At all".into()), unit: None }).is_none());
    }

    #[test]
    fn bare_numbers_need_a_unit() {
        let seconds = Some(TimeUnit::Seconds);
        assert_eq!(hour(None, seconds, Value::Number(Number::Integer(1_714_606_200))).as_deref(), Some("23"));
        assert_eq!(hour(None, seconds, Value::Text("1714606200.5")).as_deref(), Some("23"));
        assert_eq!(hour(None, Some(TimeUnit::Milliseconds), Value::Text("1714606200000")).as_deref(), Some("23"));
        assert_eq!(hour(None, seconds, Value::Number(Number::Integer(i128::MAX))), None);
    }
}
