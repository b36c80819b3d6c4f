//! Numbers that compare exactly, and the texts that count as numbers.
//!
//! ```text
//! 4624 = 4624.0 = "4624"      9007199254740993 ≠ 9007199254740992.0      "04624", "1e3" are text
//! ```
//!
//! Integers are kept as `i128`, so every i64 and u64 is exact; all else is an f64. A comparison never
//! goes through a lossy cast. Equality of a number with a text is equality with the number's own
//! spelling, [`Number::text`].

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A finite number from a rule or an event.
///
/// INVARIANT: a float that is integral and below 2^127 is kept as an integer, so equal numbers are equal
/// variants, hash alike and have one text. The constructors see to it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Number {
    /// An integer, exact.
    Integer(i128),
    /// Anything else; never NaN, never an infinity.
    Float(f64),
}

/// 2^127: the first power of two that an `i128` cannot hold.
const TWO_POW_127: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// Whether a text is a JSON number without exponent.
pub(crate) fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && (whole.len() == 1 || !whole.starts_with('0')) && fraction.is_none_or(is_digits)
}

/// The bits of a text that spells a whole number, or one in hexadecimal behind `0x`, as sensors write flags.
pub(crate) fn bits_of_text(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+')),
        None => Number::from_numeric_text(text)?.bits(),
    }
}

impl Number {
    /// The number with this value, an integer where it is one; `None` for NaN and infinities.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            None
        } else if value.fract() == 0.0 && value.abs() < TWO_POW_127 {
            #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^127, so the cast is exact")]
            Some(Self::Integer(value as i128))
        } else {
            Some(Self::Float(value))
        }
    }

    /// A JSON number without exponent or leading zeros, such as `-5` or `4624.50`; anything else is text.
    #[must_use]
    pub fn from_numeric_text(text: &str) -> Option<Self> {
        is_plain(text).then(|| Self::parse(text, !text.contains('.')))?
    }

    /// A number as YAML 1.2's core schema writes it, but for leading zeros, which make a text.
    pub(crate) fn from_yaml(text: &str) -> Option<Self> {
        if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
            return None;
        }
        if let Some(hex) = text.strip_prefix("0x") {
            return i128::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with(['+', '-'])).map(Self::Integer);
        }
        if let Some(octal) = text.strip_prefix("0o") {
            return i128::from_str_radix(octal, 8).ok().filter(|_| !octal.starts_with(['+', '-'])).map(Self::Integer);
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (unsigned.get(..at)?, unsigned.get(at + 1..)),
            None => (unsigned, None),
        };
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, rest)| (whole, Some(rest)));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let exponent_fits = exponent.is_none_or(|part| {
            let part = part.strip_prefix(['-', '+']).unwrap_or(part);
            !part.is_empty() && digits(part)
        });
        let empty = whole.is_empty() && fraction.is_none_or(str::is_empty);
        if empty
            || !digits(whole)
            || !fraction.is_none_or(digits)
            || !exponent_fits
            || (whole.len() > 1 && whole.starts_with('0'))
        {
            return None;
        }
        Self::parse(text.strip_prefix('+').unwrap_or(text), fraction.is_none() && exponent.is_none())
    }

    fn parse(text: &str, integer: bool) -> Option<Self> {
        match text.parse::<i128>() {
            Ok(value) if integer => Some(Self::Integer(value)),
            _ => text.parse::<f64>().ok().and_then(Self::from_f64),
        }
    }

    /// The number's own spelling: decimal, no exponent, no superfluous zeros. Equal numbers have equal texts.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
        }
    }

    /// The bits of a whole number from 0 to the largest u64; no other number has any.
    pub(crate) fn bits(self) -> Option<u64> {
        match self {
            Self::Integer(value) => u64::try_from(value).ok(),
            Self::Float(_) => None,
        }
    }

    pub(crate) fn to_json(self) -> serde_json::Value {
        match self {
            Self::Integer(value) => i64::try_from(value)
                .map(Into::into)
                .or_else(|_| u64::try_from(value).map(Into::into))
                .unwrap_or_else(|_| value.to_string().into()),
            Self::Float(value) => value.into(),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Self::Integer(value) => value.hash(state),
            Self::Float(value) => value.to_bits().hash(state),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(&right),
            (Self::Float(left), Self::Float(right)) => left.total_cmp(&right),
            (Self::Integer(left), Self::Float(right)) => compare(left, right),
            (Self::Float(left), Self::Integer(right)) => compare(right, left).reverse(),
        }
    }
}

/// An integer against a float that is no integer below 2^127: whole parts first, then the fraction.
// PERF: in line, the rounding would be done for two integers as well: 40 instructions for every count that is compared.
#[cold]
#[inline(never)]
fn compare(left: i128, right: f64) -> Ordering {
    if right >= TWO_POW_127 {
        return Ordering::Less;
    }
    if right < -TWO_POW_127 {
        return Ordering::Greater;
    }
    let floor = right.floor();
    #[expect(clippy::cast_possible_truncation, reason = "within ±2^127 after the checks above")]
    let whole = floor as i128;
    left.cmp(&whole).then(if right > floor { Ordering::Less } else { Ordering::Equal })
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// How a number is compared with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    /// Whether `left` stands in this relation to `right`.
    pub(crate) fn holds(self, left: Number, right: Number) -> bool {
        let order = left.cmp(&right);
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }

    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::from_yaml(text).unwrap()
    }

    #[test]
    fn comparison_is_exact_at_the_edges() {
        assert!(number("9007199254740993") > Number::from_f64(9_007_199_254_740_992.0).unwrap());
        assert_eq!(number("4624"), number("4624.0"));
        assert!(number("18446744073709551615") < number("18446744073709551616"));
        assert_eq!(number("18446744073709551616"), Number::from_f64(18_446_744_073_709_551_616.0).unwrap());
        assert!(number("-9223372036854775808") < number("-9223372036854774000.5"));
        assert!(number("10") < number("10.5") && number("11") > number("10.5"));
        assert!(number("-10") > number("-10.5") && number("-11") < number("-10.5"));
        assert!(number("1e300") > number("170141183460469231731687303715884105727"));
        assert!(number("-1e300") < number("-170141183460469231731687303715884105728"));
    }

    #[test]
    fn only_plain_spellings_are_numeric_texts() {
        for text in ["0", "-5", "4624.50", "123456789012345678901234567890123456789012345"] {
            assert!(Number::from_numeric_text(text).is_some(), "{text}");
        }
        for text in ["", "-", "04", "+5", " 5", "5 ", "1e3", "0x10", ".5", "5.", "1_000", "NaN", "inf", "--1"] {
            assert!(Number::from_numeric_text(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_whole_numbers_of_64_bits_have_bits() {
        for (text, bits) in [
            ("12", 12),
            ("12.0", 12),
            ("0", 0),
            ("-0", 0),
            ("18446744073709551615", u64::MAX),
            ("0x0c", 12),
            ("0X0C", 12),
            ("0xffffffffffffffff", u64::MAX),
            ("0x00000000000000000000c", 12),
        ] {
            assert_eq!(bits_of_text(text), Some(bits), "{text}");
        }
        for text in [
            "",
            "0x",
            "x0c",
            "0xg",
            "0x+c",
            "0x-c",
            "0x 1",
            "-0x1",
            "0x1.0",
            "0x1_0",
            "0c",
            "012",
            "-1",
            "1.5",
            "1e3",
            "+1",
            " 1",
            "0b11",
            "0o17",
            "true",
            "18446744073709551616",
            "0x10000000000000000",
        ] {
            assert_eq!(bits_of_text(text), None, "{text}");
        }
    }

    #[test]
    fn yaml_numbers_follow_the_core_schema_but_for_leading_zeros() {
        assert_eq!(number("0x10"), Number::Integer(16));
        assert_eq!(number("0o17"), Number::Integer(15));
        assert_eq!(number("+12"), Number::Integer(12));
        assert_eq!(number("1e3"), Number::Integer(1000));
        for text in ["00000429", "1_000", "", ".", "-", "e5", "1e", "0x", ".inf", "1.2.3", "0x-1"] {
            assert!(Number::from_yaml(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        let cases = [("4624.0", "4624"), ("1e20", "100000000000000000000"), ("1.50", "1.5"), ("-0.0", "0")];
        for (written, spelled) in cases {
            assert_eq!(number(written).text(), spelled);
        }
    }
}
