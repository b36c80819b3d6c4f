//! Tables of which the first rows are shown, readable in 80 columns.
//!
//! ```text
//! LEVEL         HITS  RULE
//! high             3  Suspicious Shell Started By A Remote Execution Service
//!                     and 4 more rules; --top 24 shows all
//! ```
//!
//! What stands in a row behind its level, number and title is known by whoever prints it.

use super::summary::Summary;
use crate::exit::Failure;
use crate::screen::{BOLD, Screen, counted, grouped, level_name, style_of, visible};
use std::io::Write as _;
use tieline::Level;

/// Where titles begin.
pub(super) const INDENT: usize = 20;

/// What a table calls its rows: how often each was there, and what it is.
pub(super) struct Head {
    pub(super) number: &'static str,
    pub(super) title: &'static str,
    /// One of them, in words.
    pub(super) row: &'static str,
}

/// Prints the first rows under a head, how many there are more, and the summary.
pub(super) fn print<R>(
    head: &Head,
    rows: &[R],
    top: usize,
    summary: &Summary,
    screen: &mut Screen,
    row: impl Fn(&R, &mut Screen) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if !rows.is_empty() {
        let line = screen.paint(BOLD, format!("{:<12} {:>5}  {}", "LEVEL", head.number, head.title)).to_string();
        writeln!(screen.out(), "{line}")?;
    }
    rows.iter().take(top).try_for_each(|one| row(one, screen))?;
    if rows.len() > top {
        let more = counted((rows.len() - top) as u64, &format!("more {}", head.row));
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

/// The first line of a row: its level, how often it was there, and its title.
pub(super) fn print_title(level: Option<Level>, count: u64, title: &str, screen: &mut Screen) -> Result<(), Failure> {
    let name = level_name(level);
    // Painted alone, so that a coloured ground does not run on to the next column.
    let padding = 13_usize.saturating_sub(name.len());
    let level = screen.paint(style_of(level), name).to_string();
    let title = fit(&visible(title), screen);
    Ok(writeln!(screen.out(), "{level}{:padding$}{:>5}  {title}", "", grouped(count))?)
}

/// The room behind the indent, when the screen has an end.
pub(super) fn room(screen: &Screen) -> Option<usize> {
    screen.width().map(|width| width.saturating_sub(INDENT).max(20))
}

/// A text in the room behind the indent.
pub(super) fn fit(text: &str, screen: &Screen) -> String {
    match room(screen) {
        Some(room) => console::truncate_str(text, room, "…").into_owned(),
        None => text.to_owned(),
    }
}
