//! Rules that matched, the most serious first, readable in 80 columns.
//!
//! ```text
//! LEVEL         HITS  RULE
//! critical         1  LSASS Memory Dump Command Line
//!                     windows.ndjson:18034  2026-11-23 08:12:40
//! high             3  Suspicious Shell Started By A Remote Execution Service
//!                     windows.ndjson:22817  2026-11-23 09:00:01 to 09:04:10
//! ```

use super::Printer;
use super::summary::{Row, Summary, to_second};
use crate::exit::Failure;
use crate::screen::{BOLD, DIM, Screen, counted, grouped, level_name, style_of};
use std::io::Write as _;
use tieline_common::record::Found;

/// Where titles begin.
const INDENT: usize = 20;

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
        let rows = summary.rows();
        if !rows.is_empty() {
            let head = screen.paint(BOLD, format!("{:<12} {:>5}  RULE", "LEVEL", "HITS")).to_string();
            writeln!(screen.out(), "{head}")?;
        }
        for row in rows.iter().take(self.top) {
            print(row, screen)?;
        }
        if rows.len() > self.top {
            let more = counted((rows.len() - self.top) as u64, "more rule");
            writeln!(screen.out(), "{:INDENT$}and {more}; --top {} shows all", "", rows.len())?;
        }
        if screen.is_quiet() {
            return Ok(());
        }
        if !rows.is_empty() {
            writeln!(screen.out())?;
        }
        for line in summary.lines(|style, text| screen.paint(style, text)) {
            writeln!(screen.out(), "{line}")?;
        }
        Ok(())
    }

    fn streams(&self) -> bool {
        false
    }
}

fn print(row: &Row, screen: &mut Screen) -> Result<(), Failure> {
    let room = screen.width().map(|width| width.saturating_sub(INDENT).max(20));
    let fit = |text: &str| match room {
        Some(room) => console::truncate_str(text, room, "…").into_owned(),
        None => text.to_owned(),
    };
    let name = level_name(row.level);
    // Painted alone, so that a coloured ground does not run on to the next column.
    let padding = 13_usize.saturating_sub(name.len());
    let level = screen.paint(style_of(row.level), name).to_string();
    let title = if row.rule_title.is_empty() { row.rule_id.as_deref().unwrap_or("-") } else { &row.rule_title };
    let (hits, title) = (grouped(row.hits), fit(title));
    writeln!(screen.out(), "{level}{:padding$}{hits:>5}  {title}", "")?;
    let place = screen.paint(DIM, fit(&place(row, room))).to_string();
    writeln!(screen.out(), "{:INDENT$}{place}", "")?;
    Ok(())
}

/// Where and when; a long path loses its beginning, never the line.
fn place(row: &Row, room: Option<usize>) -> String {
    let when = match (&row.first, &row.last) {
        (Some(first), Some(last)) => span(first, last),
        _ => String::new(),
    };
    let place = format!("{}:{}", row.file, row.line);
    let left = room.map(|room| room.saturating_sub(when.chars().count() + 2));
    let length = place.chars().count();
    match left {
        Some(left) if length > left && left > 1 => {
            let end: String = place.chars().skip(length - left + 1).collect();
            format!("…{end}  {when}")
        }
        _ => format!("{place}  {when}"),
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
