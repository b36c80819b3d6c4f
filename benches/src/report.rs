//! Tables in Markdown.
//!
//! ```text
//! | contender | us per event | GB/s | events/s | detections |
//! ```
//!
//! This file formats figures; it measures nothing.

use std::fmt::Write;

/// A table: a head and rows of the same length.
#[derive(Debug, Default)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as Markdown; the first column to the left, all others to the right.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        text.push_str(&line(&self.head));
        let rule = |at: usize| if at == 0 { "---" } else { "---:" };
        // Writing into a text cannot fail.
        let _ = writeln!(text, "|{}|", (0..self.head.len()).map(rule).collect::<Vec<_>>().join("|"));
        self.rows.iter().for_each(|row| text.push_str(&line(row)));
        text
    }
}

/// A number with thousands apart: `12,600`.
#[must_use]
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with about three digits that count.
#[must_use]
pub fn short(number: f64) -> String {
    match number {
        number if !number.is_finite() => "-".into(),
        number if number >= 100.0 => format!("{number:.0}"),
        number if number >= 10.0 => format!("{number:.1}"),
        number => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, grouped, short};

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!([grouped(7.0), grouped(12_600.0), grouped(1_234_567.0)], ["7", "12,600", "1,234,567"]);
        assert_eq!([short(0.5), short(12.34), short(1234.5), short(f64::NAN)], ["0.50", "12.3", "1234", "-"]);
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(&["who", "us"]);
        table.row(vec!["a".into(), "1".into()]);
        assert_eq!(table.markdown(), "| who | us |\n|---|---:|\n| a | 1 |\n");
    }
}
