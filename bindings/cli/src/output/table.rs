//! Rules that matched, the most serious first, readable in 80 columns.
//!
//! ```text
//! LEVEL         HITS  RULE
//! critical         1  LSASS Memory Dump Command Line
//!                     OFFICE07  2026-11-23 08:12:40  windows.ndjson:18034
//! high             3  Suspicious Shell Started By A Remote Execution Service
//!                     HIST01, ENG02 and 1 more  2026-11-23 09:00:01 to 09:04:10  windows.ndjson:22817
//! ```

use super::ranked::{self, INDENT, fit, room};
use super::summary::{Row, Summary, to_second};
use super::{Printer, short_host};
use crate::exit::Failure;
use crate::screen::{DIM, Screen, visible};
use std::io::Write as _;
use tieline_common::record::Found;

/// Hosts that are named for each rule, when they are no longer than that together.
const HOSTS_SHOWN: usize = 2;
const HOSTS_WIDTH: usize = 24;

/// The table; rows are kept by the summary.
pub(super) struct Table {
    top: usize,
}

impl Table {
    pub(super) fn new(top: usize) -> Self {
        Self { top }
    }
}

impl Printer for Table {
    fn found(&mut self, _: &Found<'_>, _: &mut Screen) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        let head = ranked::Head { number: "HITS", title: "RULE", row: "rule" };
        ranked::print(&head, &summary.rows(), self.top, summary, screen, |row, screen| print(row, screen))
    }

    fn streams(&self) -> bool {
        false
    }
}

fn print(row: &Row, screen: &mut Screen) -> Result<(), Failure> {
    let title = if row.rule_title.is_empty() { row.rule_id.as_deref().unwrap_or("-") } else { &row.rule_title };
    ranked::print_title(row.level, row.hits, title, screen)?;
    let found = [hosts(row), when(row)].into_iter().flatten().collect::<Vec<_>>().join("  ");
    let found = fit(&found, screen);
    let place = screen.paint(DIM, fit(&place(row, &found, room(screen)), screen)).to_string();
    let gap = if found.is_empty() { "" } else { "  " };
    writeln!(screen.out(), "{:INDENT$}{}{gap}{place}", "", found)?;
    Ok(())
}

/// The first hosts by their short names.
fn hosts(row: &Row) -> Option<String> {
    let mut named: Vec<&str> = row.hosts.iter().take(HOSTS_SHOWN).map(|host| short_host(host)).collect();
    // Both ends of a connection fill the line.
    if named.iter().map(|name| name.len()).sum::<usize>() > HOSTS_WIDTH {
        named.truncate(1);
    }
    let more = row.hosts.len().saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| visible(&format!("{}{more}", named.join(", "))).into_owned())
}

fn when(row: &Row) -> Option<String> {
    Some(visible(&span(row.first.as_deref()?, row.last.as_deref()?)).into_owned())
}

/// Where the first hit is, in the room that is left; a long path loses its beginning, never the line.
fn place(row: &Row, found: &str, room: Option<usize>) -> String {
    let place = visible(&format!("{}:{}", row.file, row.line)).into_owned();
    let length = place.chars().count();
    match room.map(|room| room.saturating_sub(found.chars().count() + 2)) {
        Some(left) if length > left && left > 1 => {
            let end: String = place.chars().skip(length - left + 1).collect();
            format!("…{end}")
        }
        _ => place,
    }
}

/// Two times without repeating the date.
fn span(first: &str, last: &str) -> String {
    let (first, last) = (to_second(first), to_second(last));
    match (first.split_once(' '), last.split_once(' ')) {
        _ if first == last => first,
        (Some((date, _)), Some((same, clock))) if date == same => format!("{first} to {clock}"),
        _ => format!("{first} to {last}"),
    }
}
