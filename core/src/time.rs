//! Times in events: texts and numbers become instants and their calendar parts.
//!
//! ```text
//! "2024-05-01T23:30:00Z" in +02:00   ─▶   hour 1, day 2, ISO week 18
//! ```
//!
//! Texts are RFC 3339 or the same with a blank for the `T` and without a zone (then UTC), as Windows and
//! Sysmon write it. Numbers are times only when the caller names their unit. No clock is read here.

pub(crate) mod instant;

use crate::number::Number;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
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

impl TimeUnit {
    fn per_second(self) -> i128 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }
}

/// How times are read: by rules with time modifiers (`hour`, `week`, ...), and the time of an event by correlations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeOptions {
    /// The zone in which parts are taken: an IANA name or an offset such as `+02:00`; `None` is UTC.
    pub zone: Option<String>,
    /// The unit of bare numbers; `None` means that bare numbers are not times.
    pub unit: Option<TimeUnit>,
    /// Fields that hold the time of an event; the first that holds a time counts. None stands for the usual ones of Windows,
    /// Sysmon, Zeek, ECS and others. In them the unit of bare numbers is known by their size, unless `unit` says it; in
    /// fields that are named here small numbers are seconds since 1970.
    pub fields: Vec<String>,
}

/// Fields that usually hold the time of an event, the more exact ones first.
pub const FIELDS: &[&str] = &[
    "UtcTime",
    "TimeCreated_SystemTime",
    "Event.System.TimeCreated.#attributes.SystemTime",
    "Event.System.TimeCreated.SystemTime",
    "TimeCreated",
    "@timestamp",
    "ts",
    "timestamp",
    "EventTime",
    "SystemTime",
    "time",
];

/// Of the times that an event says, each with its place in [`FIELDS`], the one by which other events of the same collector go.
///
/// Sysmon says its own time in UTC. Some collectors write the time of the record in local time as if it were UTC; then other events of the
/// host have that clock, and so has this one, or its neighbours would be hours away.
pub(crate) fn collected(mut said: impl Iterator<Item = (usize, i64)>) -> Option<i64> {
    let (place, time) = said.next()?;
    let name = |place: usize| FIELDS.get(place).copied().unwrap_or_default();
    if name(place) != "UtcTime" {
        return Some(time);
    }
    let Some((place, record)) = said.next() else { return Some(time) };
    let is_of_record = name(place).contains("TimeCreated") || matches!(name(place), "EventTime" | "SystemTime");
    Some(if is_of_record && are_of_two_clocks(record, time) { record } else { time })
}

/// Whether two times of one event are too far from each other to be of one clock: Sysmon hands on what it saw within seconds.
pub(crate) fn are_of_two_clocks(one: i64, other: i64) -> bool {
    one.abs_diff(other) > 600_000_000_000
}

/// A part of a time that a rule can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl TimePart {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
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

    /// The unit of bare numbers, when the caller has said it.
    pub(crate) fn unit(&self) -> Option<TimeUnit> {
        self.unit
    }

    /// A part of the time that a text says, when it says one.
    pub(crate) fn part_of_text(&self, text: &str, part: TimePart) -> Option<Number> {
        // Only texts of the form `2024-05...` are dates; `20240501` is a number.
        let instant = if text.as_bytes().get(4) == Some(&b'-') {
            match text.parse::<Timestamp>() {
                Ok(instant) => instant,
                Err(_) => TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
            }
        } else {
            self.instant(Number::from_numeric_text(text)?)?
        };
        Some(self.part(instant, part))
    }

    /// A part of the time that a number says, when the unit of bare numbers is known.
    pub(crate) fn part_of_number(&self, number: Number, part: TimePart) -> Option<Number> {
        Some(self.part(self.instant(number)?, part))
    }

    fn part(&self, instant: Timestamp, part: TimePart) -> Number {
        let time = instant.to_zoned(self.zone.clone());
        let number: i128 = match part {
            TimePart::Minute => time.minute().into(),
            TimePart::Hour => time.hour().into(),
            TimePart::Day => time.day().into(),
            TimePart::Week => time.date().iso_week_date().week().into(),
            TimePart::Month => time.month().into(),
            TimePart::Year => time.year().into(),
        };
        Number::Integer(number)
    }

    fn instant(&self, number: Number) -> Option<Timestamp> {
        let factor = (1_000_000_000 / self.unit?.per_second()) as i64;
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
    #[test]
    fn a_clock_in_local_time_counts_for_all_events_of_its_collector() {
        let hour = 3_600_000_000_000;
        let place = |name: &str| FIELDS.iter().position(|own| *own == name).unwrap();
        let check = |said: &[(&str, i64)], wanted: Option<i64>| {
            assert_eq!(collected(said.iter().map(|(name, time)| (place(name), *time))), wanted, "{said:?}");
        };
        check(&[], None);
        check(&[("UtcTime", 4 * hour)], Some(4 * hour));
        check(&[("UtcTime", 4 * hour), ("TimeCreated", 12 * hour + 20_000_000)], Some(12 * hour + 20_000_000));
        check(&[("UtcTime", 4 * hour), ("EventTime", 9 * hour + hour / 2)], Some(9 * hour + hour / 2));
        check(&[("UtcTime", 4 * hour), ("EventTime", 4 * hour + 20_000_000)], Some(4 * hour));
        check(&[("UtcTime", 4 * hour), ("EventTime", 4 * hour - hour / 7)], Some(4 * hour));
        check(&[("UtcTime", 4 * hour), ("EventTime", 24 * hour)], Some(24 * hour));
        // Others may say when it was taken in.
        check(&[("UtcTime", 4 * hour), ("@timestamp", 5 * hour), ("EventTime", 12 * hour)], Some(4 * hour));
        check(&[("TimeCreated", 4 * hour), ("EventTime", 12 * hour)], Some(4 * hour));
        check(&[("UtcTime", i64::MIN), ("EventTime", i64::MAX)], Some(i64::MAX));
    }

    use super::*;

    fn hour(zone: Option<&str>, unit: Option<TimeUnit>, text: &str) -> Option<String> {
        let clock = Clock::new(&TimeOptions { zone: zone.map(str::to_owned), unit, ..TimeOptions::default() }).unwrap();
        clock.part_of_text(text, TimePart::Hour).map(Number::text)
    }

    #[test]
    fn times_are_read_in_the_callers_zone() {
        for (zone, text, expected) in [
            (None, "2024-05-01T23:30:00Z", Some("23")),
            (None, "2024-05-01T23:30:00.123456789+02:00", Some("21")),
            (None, "2024-05-01 23:30:00.123", Some("23")),
            (None, "2024-05-01T23:30:00", Some("23")),
            (Some("+02:00"), "2024-05-01T23:30:00Z", Some("1")),
            (Some("-05:30"), "2024-05-01T00:30:00Z", Some("19")),
            (Some("Europe/Paris"), "2024-05-01T23:30:00Z", Some("1")),
            (None, "yesterday", None),
            (None, "1714606200", None),
            (None, "20240501", None),
        ] {
            assert_eq!(hour(zone, None, text).as_deref(), expected, "{zone:?} {text}");
        }
        assert!(Clock::new(&TimeOptions { zone: Some("Nowhere/At all".into()), ..TimeOptions::default() }).is_none());
    }

    #[test]
    fn bare_numbers_need_a_unit() {
        let seconds = Some(TimeUnit::Seconds);
        assert_eq!(hour(None, seconds, "1714606200").as_deref(), Some("23"));
        assert_eq!(hour(None, seconds, "1714606200.5").as_deref(), Some("23"));
        assert_eq!(hour(None, Some(TimeUnit::Milliseconds), "1714606200000").as_deref(), Some("23"));
        let clock = |unit| Clock::new(&TimeOptions { unit, ..TimeOptions::default() }).unwrap();
        let number = Number::Integer(1_714_606_200);
        assert_eq!(clock(seconds).part_of_number(number, TimePart::Hour), Some(Number::Integer(23)));
        assert_eq!(clock(None).part_of_number(number, TimePart::Hour), None);
        assert_eq!(clock(seconds).part_of_number(Number::Integer(i128::MAX), TimePart::Hour), None);
    }
}
