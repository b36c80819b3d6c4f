//! When an event happened: whatever form its time has becomes nanoseconds since 1970.
//!
//! ```text
//! "2026-11-23T08:35:46.174Z"  "2026-11-23 08:35:46,174"  1795422946174  "1795422946.174"  "/Date(1795422946174)/"
//! 134398965461740000 (Windows)  "20261123083546.174000+000" (WMI)          ─▶   1795422946174000000
//! ```
//!
//! Texts without a zone are UTC. Numbers tell their unit by their size: seconds, milli-, micro- and nanoseconds since 1970
//! between the years 2001 and 2286, and units of 100 nanoseconds since 1601 (Windows) between 1918 and 2235. No two of
//! these ranges meet.

use super::TimeUnit;
use crate::number::Number;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

const NANOS: i128 = 1_000_000_000;

/// Seconds between the beginnings of Windows' time (1601) and of Unix's (1970).
const WINDOWS_EPOCH: i128 = 11_644_473_600;

/// How numbers without a unit are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Bare {
    /// Their size tells the unit; what is too small is no time.
    #[default]
    BySize,
    /// The same, but small ones are seconds since 1970: somebody has said that they are times.
    SmallAreSeconds,
    /// All are in this unit.
    In(TimeUnit),
}

/// The time that a text says, in nanoseconds since 1970.
pub(crate) fn of_text(text: &str, bare: Bare) -> Option<i64> {
    let text = text.trim();
    let inner = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/"));
    if let Some(inner) = inner {
        // ASP.NET and PowerShell write milliseconds, and sometimes a zone that changes nothing.
        let digits =
            inner.get(1..).and_then(|rest| rest.find(['+', '-'])).map_or(inner, |at| inner.get(..=at).unwrap_or(inner));
        return nanoseconds(digits.parse::<i128>().ok()?.checked_mul(1_000_000)?);
    }
    if text.as_bytes().get(4) == Some(&b'-') {
        return of_usual(text).or_else(|| of_date(text));
    }
    of_decimal(text, bare).or_else(|| of_wmi(text))
}

/// The time that a number says.
pub(crate) fn of_number(number: Number, bare: Bare) -> Option<i64> {
    // The shortest text that gives a float is what the event said.
    of_decimal(&number.text(), bare)
}

/// The form that most logs write, `2026-11-23T08:35:46.174Z` or without the `T`, the fraction or the `Z`. Other forms, and
/// what is no time, are left to [`of_date`], which says the same of these.
// PERF: 70 instead of 1,200 instructions; with correlations this is done for every event.
pub(crate) fn of_usual(text: &str) -> Option<i64> {
    let (head, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *head else {
        return None;
    };
    let (year, month, day) = (two(y1, y2)? * 100 + two(y3, y4)?, two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    if year == 0 || hour > 23 || minute > 59 || second > 59 || day == 0 || day > days_of(year, month)? {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    seconds.checked_mul(NANOS as i64)?.checked_add(of_fraction(rest.strip_suffix(b"Z").unwrap_or(rest))?)
}

/// The number that two digits write.
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

/// Nanoseconds from `.174` or `,174`.
fn of_fraction(text: &[u8]) -> Option<i64> {
    let digits = match text {
        [] => return Some(0),
        [b'.' | b',', digits @ ..] if (1..=9).contains(&digits.len()) => digits,
        _ => return None,
    };
    let read = |value: i64, digit: &u8| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'));
    Some(digits.iter().try_fold(0, read)? * 10_i64.pow(9 - digits.len() as u32))
}

fn days_of(year: i64, month: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    })
}

/// Counts in years that begin in March, so that the day that leap years add is the last of a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let before_year = year * 365 + year / 4 - year / 100 + year / 400;
    before_year + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// RFC 3339, or the same with a blank for the `T`, a comma before the fraction, or without a zone.
fn of_date(text: &str) -> Option<i64> {
    let comma = text.contains(',').then(|| text.replacen(',', ".", 1));
    let text = comma.as_deref().unwrap_or(text);
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
    };
    nanoseconds(instant.as_nanosecond())
}

/// A number with or without a fraction; its digits are kept, however many there are.
fn of_decimal(text: &str, bare: Bare) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 20 || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let kept = fraction.get(..fraction.len().min(9))?;
    let fraction = kept.parse::<i128>().unwrap_or(0) * 10_i128.pow(9 - kept.len() as u32);
    of_parts(whole.parse().ok()?, fraction, bare)
}

/// A number, and billionths of its unit.
fn of_parts(whole: i128, billionths: i128, bare: Bare) -> Option<i64> {
    let in_unit = |per_second: i128| nanoseconds(whole * (NANOS / per_second) + billionths / per_second);
    match bare {
        Bare::In(unit) => return in_unit(unit.per_second()),
        Bare::SmallAreSeconds if whole < 1_000_000_000 => return in_unit(1),
        _ => {}
    }
    // 18 digits are no nanoseconds of our days, but they are Windows' time.
    if (100_000_000_000_000_000..=200_000_000_000_000_000).contains(&whole) {
        return nanoseconds(whole * 100 - WINDOWS_EPOCH * NANOS);
    }
    let per_second = [1, 1_000, 1_000_000, NANOS];
    let unit = per_second.into_iter().find(|unit| (1_000_000_000..10_000_000_000).contains(&(whole / unit)))?;
    in_unit(unit)
}

/// `yyyymmddHHMMSS.mmmmmm+UUU`, with the minutes by which the zone is ahead.
fn of_wmi(text: &str) -> Option<i64> {
    let (date, rest) = (text.get(..14)?, text.get(14..)?);
    let part = |from: usize, to: usize| date.get(from..to)?.parse::<i8>().ok();
    let year = date.get(..4)?.parse::<i16>().ok()?;
    let micros = rest.strip_prefix('.')?.get(..6)?.parse::<i32>().ok()?;
    let zone = rest.get(7..)?;
    let minutes: i128 = if zone.is_empty() { 0 } else { zone.parse().ok()? };
    let civil =
        DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, micros * 1_000);
    let instant = TimeZone::UTC.to_timestamp(civil.ok()?).ok()?;
    nanoseconds(instant.as_nanosecond() - minutes * 60 * NANOS)
}

fn nanoseconds(instant: i128) -> Option<i64> {
    i64::try_from(instant).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_422_946_174_000_000;

    #[test]
    fn every_form_says_the_same_time() {
        for text in [
            "2026-11-23T08:35:46.174Z",
            "2026-11-23T10:35:46.174+02:00",
            "2026-11-23 08:35:46.174",
            "2026-11-23 08:35:46,174",
            " 2026-11-23 08:35:46.174 UTC ",
            "1795422946.174",
            "1795422946.174000",
            "1795422946174",
            "1795422946174000",
            "1795422946174000000",
            "134398965461740000",
            "/Date(1795422946174)/",
            "/Date(1795422946174+0100)/",
            "20261123083546.174000+000",
            "20261123103546.174000+120",
        ] {
            assert_eq!(of_text(text, Bare::BySize), Some(NOW), "{text}");
        }
        assert_eq!(of_text("1795422946.1740000019", Bare::BySize), Some(NOW + 1));
        assert_eq!(of_number(Number::Integer(1_795_422_946_174), Bare::BySize), Some(NOW));
        assert_eq!(of_number(Number::Float(1_795_422_946.174), Bare::BySize), Some(NOW));
        assert_eq!(of_text("1969-12-31T23:59:59Z", Bare::BySize), Some(-1_000_000_000));
    }

    #[test]
    fn bare_numbers_are_of_a_unit_or_small_ones_are_seconds() {
        let check = |text: &str, bare, expected| assert_eq!(of_text(text, bare), expected, "{text} {bare:?}");
        for text in ["5", "5.0", "005"] {
            check(text, Bare::BySize, None);
            check(text, Bare::SmallAreSeconds, Some(5_000_000_000));
            check(text, Bare::In(TimeUnit::Milliseconds), Some(5_000_000));
        }
        check("1795422946.174", Bare::SmallAreSeconds, Some(NOW));
        check("1795422946174", Bare::SmallAreSeconds, Some(NOW));
        check("1795422946.174", Bare::In(TimeUnit::Seconds), Some(NOW));
        check("1795422946174", Bare::In(TimeUnit::Seconds), None);
        check("2026-11-23T08:35:46.174Z", Bare::In(TimeUnit::Seconds), Some(NOW));
        check("-5", Bare::SmallAreSeconds, None);
        assert_eq!(of_number(Number::Float(0.5), Bare::SmallAreSeconds), Some(500_000_000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesterday",
            "-",
            "12",
            "2026-13-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "1e9",
            "-1795422946",
            "1795422946.1x",
            "/Date()/",
            "/Date(é)/",
            "99999999999999999999999",
            "20261323083546.174000+000",
            "2026-é",
            "20261123083546.éé",
        ] {
            assert_eq!(of_text(text, Bare::BySize), None, "{text}");
        }
        assert_eq!(of_number(Number::Float(f64::NAN), Bare::BySize), None);
        assert_eq!(of_number(Number::Float(f64::MAX), Bare::BySize), None);
        assert_eq!(of_number(Number::Integer(i128::MAX), Bare::BySize), None);
    }

    #[test]
    fn the_usual_form_says_what_others_would() {
        for text in [
            "2026-11-23T08:35:46.174Z",
            "2026-11-23 08:35:46",
            "2026-11-23 08:35:46,174",
            "2026-11-23T08:35:46.123456789",
            "2026-11-23T08:35:46.1Z",
            "2024-02-29T23:59:59Z",
            "2000-02-29 00:00:00",
            "1969-12-31 23:59:59.999999999",
            "1677-09-21T00:12:44Z",
            "2262-04-11T23:47:16Z",
        ] {
            assert_eq!(of_usual(text), of_date(text), "{text}");
            assert!(of_usual(text).is_some(), "{text}");
        }
        for text in ["2023-02-29T00:00:00", "1900-02-29T00:00:00", "2026-11-23T24:00:00", "2026-11-23T08:35:46."] {
            assert_eq!((of_usual(text), of_date(text)), (None, None), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_parser_says_what_the_usual_form_says(
            text in "(19|20|1[67]|22|0[01]|99)[0-9]{2}-[01][0-9]-[0-3][0-9][T t][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{0,10})?(Z|z| UTC|\\+01:00)?",
        ) {
            if let Some(time) = of_usual(&text) {
                proptest::prop_assert_eq!(Some(time), of_date(&text));
            }
        }
    }
}
