//! What a scan cost: the most costly fields, tests, rules and kinds of events for people, all of them as JSON.
//!
//! ```text
//!     TIME  SHARE     VALUES REMEMBERED  SEARCHED  FIELD
//!  12.3 ms   34 %     12,345       38 %    1.2 MB  CommandLine
//! ```
//!
//! Where a name does not fit behind the numbers, it has the next line for itself.
//!
//! Shares are of all the time that scanning took, added up over threads. Reading files is no part of it.

use crate::exit::Failure;
use crate::screen::{BOLD, DIM, Screen, bytes, counted, grouped, visible};
use std::fs;
use std::path::Path;
use tieline::{FieldCost, PartitionCost, Profile, RuleCost, RuleName, TestCost};

/// Rows of each table.
const ROWS: usize = 10;

/// Columns before the names, and before those that have a line for themselves.
const INDENT: usize = 51;
const INDENT_BELOW: usize = 18;

/// Writes the whole profile to a file, as one JSON object.
pub(crate) fn save(profile: &Profile, file: &Path) -> Result<(), Failure> {
    let fault = |error: &dyn std::fmt::Display| Failure::Input(format!("cannot write {}: {error}", file.display()));
    let mut text = serde_json::to_string_pretty(profile).map_err(|error| fault(&error))?;
    text.push('\n');
    fs::write(file, text).map_err(|error| fault(&error))
}

/// Prints tables on standard error.
pub(crate) fn tell(profile: &Profile, screen: &Screen) {
    let total = profile.reading_ns + profile.routing_ns + profile.detecting_ns;
    let share = |ns: u64| percent(ns, total);
    screen.say("");
    screen.say(&format!(
        "{}: {}, {}; finding fields {}, choosing rules {}, evaluating them {}",
        screen.paint_err(BOLD, format!("{} for {}", time(total), counted(profile.events, "event"))),
        bytes(profile.bytes),
        format_args!("{} for each event", time(total.checked_div(profile.events).unwrap_or(0))),
        share(profile.reading_ns),
        share(profile.routing_ns),
        share(profile.detecting_ns),
    ));
    let table = Table { screen, total, width: screen.width_err() };
    table.print(["VALUES", "REMEMBERED", "SEARCHED", "FIELD"], &profile.fields);
    table.print(["RUNS", "HELD", "SEARCHED", "TEST"], &profile.tests);
    table.print(["WOKEN", "MATCHED", "DECISIONS", "RULE"], &profile.rules);
    table.print(["EVENTS", "", "EACH", "EVENTS WITH"], &profile.partitions);
}

struct Table<'a> {
    screen: &'a Screen,
    total: u64,
    /// Columns of the terminal, if it is one.
    width: Option<usize>,
}

/// One line of a table.
struct Line {
    ns: u64,
    numbers: [String; 3],
    name: String,
    /// What is said below the name.
    more: Option<String>,
}

impl Table<'_> {
    fn print<'r, R>(&self, heads: [&str; 4], rows: &'r [R])
    where
        Line: From<&'r R>,
    {
        if rows.is_empty() {
            return;
        }
        let [first, second, third, name] = heads;
        let head = format!("{:>9} {:>6} {first:>10} {second:>10} {third:>9}  {name}", "TIME", "SHARE");
        self.screen.say("");
        self.screen.say(&self.screen.paint_err(BOLD, head).to_string());
        for line in rows.iter().take(ROWS).map(Line::from) {
            let [first, second, third] = &line.numbers;
            let (time, share) = (time(line.ns), percent(line.ns, self.total));
            let numbers = format!("{time:>9} {share:>6} {first:>10} {second:>10} {third:>9}");
            let name = visible(&line.name);
            if self.width.is_none_or(|width| INDENT + console::measure_text_width(&name) <= width) {
                self.screen.say(&format!("{numbers}  {name}"));
            } else {
                self.screen.say(&numbers);
                self.screen.say(&self.below(&name));
            }
            if let Some(more) = line.more {
                self.screen.say(&self.screen.paint_err(DIM, self.below(&visible(&more))).to_string());
            }
        }
        if rows.len() > ROWS {
            self.screen.say(&self.below(&format!("and {} more; --profile=FILE has all", rows.len() - ROWS)));
        }
    }

    /// A line below the numbers, cut at the end of the terminal.
    fn below(&self, text: &str) -> String {
        let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(INDENT_BELOW).max(20));
        format!("{:INDENT_BELOW$}{}", "", console::truncate_str(text, room, "…"))
    }
}

impl From<&FieldCost> for Line {
    fn from(row: &FieldCost) -> Self {
        let numbers = [grouped(row.values), percent(row.remembered, row.values), bytes(row.searched_bytes)];
        Self { ns: row.ns, numbers, name: row.field.clone(), more: None }
    }
}

impl From<&TestCost> for Line {
    fn from(row: &TestCost) -> Self {
        let numbers = [grouped(row.runs), grouped(row.held), bytes(row.bytes)];
        let more = row.rules.first().map(|first| match row.rules.len() - 1 {
            0 => title(first).to_owned(),
            others => format!("{} and {}", title(first), counted(others as u64, "more rule")),
        });
        Self { ns: row.ns, numbers, name: format!("{} {}", row.field, row.test), more }
    }
}

impl From<&RuleCost> for Line {
    fn from(row: &RuleCost) -> Self {
        let numbers = [grouped(row.woken), grouped(row.matched), grouped(row.decisions)];
        Self { ns: row.ns, numbers, name: title(&row.rule).to_owned(), more: None }
    }
}

impl From<&PartitionCost> for Line {
    fn from(row: &PartitionCost) -> Self {
        let numbers = [grouped(row.events), String::new(), time(row.ns.checked_div(row.events).unwrap_or(0))];
        Self { ns: row.ns, numbers, name: row.events_with.clone(), more: None }
    }
}

fn title(rule: &RuleName) -> &str {
    if rule.title.is_empty() { rule.id.as_deref().unwrap_or("-") } else { &rule.title }
}

/// `34 %`, and `0.7 %` where a whole number would say little.
fn percent(part: u64, whole: u64) -> String {
    let thousandths = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    match thousandths {
        0 | 100.. => format!("{} %", thousandths / 10),
        _ => format!("{}.{} %", thousandths / 10, thousandths % 10),
    }
}

/// Nanoseconds for people: `12.3 ms`.
#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn time(ns: u64) -> String {
    let number = ns as f64;
    match number {
        ..1e3 => format!("{ns} ns"),
        ..1e6 => format!("{:.1} µs", number / 1e3),
        ..1e9 => format!("{:.1} ms", number / 1e6),
        _ => format!("{:.2} s", number / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::{percent, time};

    #[test]
    fn numbers_are_short() {
        let cases = [(7, "7 ns"), (1_500, "1.5 µs"), (12_345_678, "12.3 ms"), (61_000_000_000, "61.00 s")];
        cases.iter().for_each(|(ns, text)| assert_eq!(time(*ns), *text));
        let percents = [percent(1, 3), percent(0, 0), percent(5, 5), percent(7, 1_000)];
        assert_eq!(percents, ["33 %", "0 %", "100 %", "0.7 %"]);
    }
}
