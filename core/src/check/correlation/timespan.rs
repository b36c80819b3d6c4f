//! Timespans: a number and a unit.
//!
//! ```text
//! 90m   ─▶   5_400_000_000_000 ns
//! ```
//!
//! `s m h d` are the specification's; `w M y` are those of pySigma, whose month and year are the average
//! ones of the Gregorian calendar. Nothing here knows a calendar date.

/// Why a text is no timespan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not a number with a unit behind it.
    Form,
    Zero,
    /// More than the limit.
    TooLong,
}

/// Seconds in each unit, and whether the specification has it.
const UNITS: [(&str, u64, bool); 7] = [
    ("s", 1, true),
    ("m", 60, true),
    ("h", 3_600, true),
    ("d", 86_400, true),
    ("w", 604_800, false),
    ("M", 2_629_746, false),
    ("y", 31_556_952, false),
];

/// The timespan in nanoseconds, and whether its unit is one of the specification's.
pub(super) fn parse(text: &str, seconds_max: u64) -> Result<(u64, bool), Fault> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, seconds, portable) = UNITS.into_iter().find(|(name, ..)| *name == unit).ok_or(Fault::Form)?;
    if number.is_empty() {
        return Err(Fault::Form);
    }
    // Digits alone can only fail to parse when they are too many.
    let count: u64 = number.parse().map_err(|_| Fault::TooLong)?;
    if count == 0 {
        return Err(Fault::Zero);
    }
    let seconds = count.checked_mul(seconds).filter(|seconds| *seconds <= seconds_max).ok_or(Fault::TooLong)?;
    Ok((seconds.checked_mul(1_000_000_000).ok_or(Fault::TooLong)?, portable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timespan_is_a_number_and_a_unit() {
        const NS: u64 = 1_000_000_000;
        let max = crate::Limits::DEFAULT.timespan_seconds_max;
        for (text, outcome) in [
            ("15s", Ok((15 * NS, true))),
            ("90m", Ok((5_400 * NS, true))),
            ("24h", Ok((86_400 * NS, true))),
            ("007d", Ok((7 * 86_400 * NS, true))),
            ("2w", Ok((14 * 86_400 * NS, false))),
            ("1M", Ok((2_629_746 * NS, false))),
            ("1y", Ok((31_556_952 * NS, false))),
            ("0s", Err(Fault::Zero)),
            ("101y", Err(Fault::TooLong)),
            ("99999999999999999999s", Err(Fault::TooLong)),
            ("18446744073709551615d", Err(Fault::TooLong)),
            ("", Err(Fault::Form)),
            ("s", Err(Fault::Form)),
            ("5", Err(Fault::Form)),
            ("5 m", Err(Fault::Form)),
            ("-5m", Err(Fault::Form)),
            ("1.5h", Err(Fault::Form)),
            ("1h30m", Err(Fault::Form)),
            ("5S", Err(Fault::Form)),
            ("٥m", Err(Fault::Form)),
        ] {
            assert_eq!(parse(text, max), outcome, "{text}");
        }
        assert_eq!(parse("99999999999s", u64::MAX), Err(Fault::TooLong));
    }
}
