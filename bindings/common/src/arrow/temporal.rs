//! Dates and times of Arrow as texts.
//!
//! ```text
//! Timestamp(ns) 1763884800000000001 ─▶ 2025-11-23T08:00:00.000000001Z     Date32 20415 ─▶ 2025-11-23     Time64 ─▶ 08:00:00.5
//! ```
//!
//! A timestamp without a zone is taken for UTC, as the core reads times without one; one with a zone is the same moment in UTC.
//! What lies beyond the years that have four digits, and a duration, is a number in its unit.

use super::scalars::{Reader, Scalar};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tieline::Number;

/// What part of a moment is meant.
#[derive(Debug, Clone, Copy)]
enum Part {
    Whole,
    Date,
    Time,
    /// It is no moment.
    None,
}

const SECOND: i128 = 1_000_000_000;

/// Reads the rows of an array of dates, times or durations; `None` if it is another one.
pub(super) fn reader(array: &ArrayRef) -> Option<Reader> {
    match array.data_type() {
        DataType::Date32 => of::<Date32Type>(array, 86_400 * SECOND, Part::Date),
        DataType::Date64 => of::<Date64Type>(array, SECOND / 1_000, Part::Date),
        DataType::Time32(TimeUnit::Second) => of::<Time32SecondType>(array, SECOND, Part::Time),
        DataType::Time32(_) => of::<Time32MillisecondType>(array, SECOND / 1_000, Part::Time),
        DataType::Time64(TimeUnit::Microsecond) => of::<Time64MicrosecondType>(array, 1_000, Part::Time),
        DataType::Time64(_) => of::<Time64NanosecondType>(array, 1, Part::Time),
        DataType::Timestamp(TimeUnit::Second, _) => of::<TimestampSecondType>(array, SECOND, Part::Whole),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            of::<TimestampMillisecondType>(array, SECOND / 1_000, Part::Whole)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => of::<TimestampMicrosecondType>(array, 1_000, Part::Whole),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => of::<TimestampNanosecondType>(array, 1, Part::Whole),
        DataType::Duration(TimeUnit::Second) => of::<DurationSecondType>(array, 1, Part::None),
        DataType::Duration(TimeUnit::Millisecond) => of::<DurationMillisecondType>(array, 1, Part::None),
        DataType::Duration(TimeUnit::Microsecond) => of::<DurationMicrosecondType>(array, 1, Part::None),
        DataType::Duration(TimeUnit::Nanosecond) => of::<DurationNanosecondType>(array, 1, Part::None),
        _ => None,
    }
}

fn of<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef, unit_ns: i128, part: Part) -> Option<Reader> {
    let array = array.as_primitive_opt::<T>()?.clone();
    Some(Box::new(move |row| {
        let value: i128 = array.value(row).into();
        text(value * unit_ns, part).map_or(Scalar::Number(Number::Integer(value)), Scalar::Text)
    }))
}

fn text(ns: i128, part: Part) -> Option<String> {
    let moment = Timestamp::from_nanosecond(ns).ok()?;
    let read = moment.to_zoned(TimeZone::UTC).datetime();
    if !(0..=9999).contains(&read.year()) {
        return None;
    }
    match part {
        Part::Whole => Some(moment.to_string()),
        Part::Date => Some(read.date().to_string()),
        Part::Time => (0..86_400 * SECOND).contains(&ns).then(|| read.time().to_string()),
        Part::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_digits() {
        for (ns, part, expected) in [
            (1_763_884_800_000_000_001, Part::Whole, Some("2025-11-23T08:00:00.000000001Z")),
            (-1, Part::Whole, Some("1969-12-31T23:59:59.999999999Z")),
            (1_763_884_800 * SECOND, Part::Whole, Some("2025-11-23T08:00:00Z")),
            (20_415 * 86_400 * SECOND, Part::Date, Some("2025-11-23")),
            (SECOND / 2, Part::Time, Some("00:00:00.5")),
            (86_400 * SECOND, Part::Time, None),
            (i128::from(i64::MAX) * SECOND, Part::Whole, None),
            (253_402_300_800 * SECOND, Part::Whole, None),
            (5, Part::None, None),
        ] {
            assert_eq!(text(ns, part).as_deref(), expected, "{ns} {part:?}");
        }
    }
}
