//! `tieline fields PATH...`: which fields events must have for the rules to see anything.

use super::check::write_error;
use super::plan;
use crate::args::{FieldsArgs, ReportForm};
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, Screen};
use std::io::Write as _;
use tieline_common::fields::fields;

/// Log sources that one row names.
const SOURCES_MAX: usize = 3;

pub(crate) fn run(args: &FieldsArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let (plan, id) = plan::plan_without_events(&args.rules.all(), &args.how)?;
    let rows = fields(plan::loaded(&plan, id, screen, &args.how)?);
    if args.format == ReportForm::Json {
        serde_json::to_writer_pretty(screen.out(), &rows).map_err(write_error)?;
        writeln!(screen.out())?;
        return Ok(Exit::Fine);
    }
    let name = |field: &Option<String>| field.clone().unwrap_or_else(|| "(keywords: all values)".to_owned());
    let width = rows.iter().map(|row| console::measure_text_width(&name(&row.field))).max().unwrap_or(5).max(5);
    let head = screen.paint(BOLD, format!("RULES  {:width$}  LOG SOURCES", "FIELD")).to_string();
    writeln!(screen.out(), "{head}")?;
    let columns = screen.width();
    for row in rows {
        let mut sources = row.logsources.iter().take(SOURCES_MAX).cloned().collect::<Vec<_>>().join(", ");
        if row.logsources.len() > SOURCES_MAX {
            sources.push_str(&format!(" and {} more", row.logsources.len() - SOURCES_MAX));
        }
        if let Some(columns) = columns {
            let room = columns.saturating_sub(width + 9).max(10);
            sources = console::truncate_str(&sources, room, "…").into_owned();
        }
        let name = console::pad_str(&name(&row.field), width, console::Alignment::Left, None).into_owned();
        let sources = screen.paint(DIM, sources).to_string();
        writeln!(screen.out(), "{:>5}  {name}  {sources}", row.rules)?;
    }
    Ok(Exit::Fine)
}
