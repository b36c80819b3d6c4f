//! Names of numbers, and numbers of names.
//!
//! ```text
//! 90 ─▶ PROGRAM_UNITY      program_unity ─▶ 90      unknown-91 ─▶ 91      Run (0x0401) ─▶ 1025
//! ```

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Numbers with names. Names are compared without regard to the case of ASCII letters.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Names {
    /// In the order of the numbers.
    names: Vec<(i64, String)>,
    /// Names and other names, in their order.
    numbers: Vec<(String, i64)>,
}

impl Names {
    /// Adds a name of a number; the first one is its name, the others only lead to it.
    pub(super) fn add(&mut self, number: i64, name: &str) {
        if let Err(at) = self.names.binary_search_by_key(&number, |(own, _)| *own) {
            self.names.insert(at, (number, name.to_owned()));
        }
        if let Err(at) = self.numbers.binary_search_by(|(own, _)| compared(own, name)) {
            self.numbers.insert(at, (name.to_owned(), number));
        }
    }

    pub(super) fn name(&self, number: i64) -> Option<&str> {
        let at = self.names.binary_search_by_key(&number, |(own, _)| *own).ok()?;
        self.names.get(at).map(|(_, name)| &**name)
    }

    /// The number of a name, or that which stands at the end of it.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.known(name).or_else(|| number_at_end(name))
    }

    /// The number of a name that is in the table.
    pub(super) fn known(&self, name: &str) -> Option<i64> {
        let at = self.numbers.binary_search_by(|(own, _)| compared(own, name)).ok()?;
        self.numbers.get(at).map(|(_, number)| *number)
    }
}

fn compared(left: &str, right: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    left.bytes().map(lower).cmp(right.bytes().map(lower))
}

/// The number at the end of a name that no table has: digits, or `0x` and hexadecimal ones, also in brackets.
pub(super) fn number_at_end(name: &str) -> Option<i64> {
    let name = name.trim_end_matches([')', ']', ' ']);
    let digits = name.len() - name.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
    let (before, hex) = name.split_at_checked(digits)?;
    if before.ends_with("0x") || before.ends_with("0X") {
        return i64::from_str_radix(hex, 16).ok();
    }
    let start = name.len() - name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, digits) = name.split_at_checked(start)?;
    // A digit that belongs to a word (`PROGRAM_484`) is no number of its own.
    let is_apart = before.is_empty() || before.ends_with(['-', ' ', '(', '[', ':', '=']);
    is_apart.then(|| digits.parse().ok()).flatten()
}

/// A whole number as tables and sensors write it: decimal, or hexadecimal behind `0x`.
pub(super) fn number(text: &str) -> Option<i64> {
    // PERF: nearly all are short and decimal; and what stands behind the first digits tells addresses and names from numbers.
    let (mut number, mut digits) = (0_i64, 0);
    for digit in text.bytes().map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit < 10) {
        number = number.wrapping_mul(10).wrapping_add(digit.into());
        digits += 1;
    }
    if digits == text.len() && (1..=18).contains(&digits) {
        return Some(number);
    }
    if digits == 0 || digits == text.len() {
        return text.parse().ok();
    }
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    u64::from_str_radix(hex, 16).ok().and_then(|number| i64::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_at_the_end_of_unknown_names() {
        for (name, number) in [
            ("unknown-90", Some(90)),
            ("Run (0x0401)", Some(0x401)),
            ("Reserved [255]", Some(255)),
            ("PROGRAM_484", None),
            ("READ", None),
            ("4", Some(4)),
            ("", None),
            ("Unknown Vendor-0x539", Some(0x539)),
        ] {
            assert_eq!(number_at_end(name), number, "{name}");
        }
    }

    #[test]
    fn names_lead_to_numbers_and_back() {
        let mut names = Names::default();
        for (number, name) in [(3, "WRITE"), (1, "Read"), (1, "read-request"), (2, "readable")] {
            names.add(number, name);
        }
        assert_eq!(
            ["READ", "Read-Request", "READABLE", "write", "x"].map(|name| names.number(name)),
            [Some(1), Some(1), Some(2), Some(3), None]
        );
        assert_eq!(
            [1, 2, 3, 4].map(|number| names.name(number)),
            [Some("Read"), Some("readable"), Some("WRITE"), None]
        );
    }
}
