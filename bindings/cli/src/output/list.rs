//! A line for each detection, for people who want to see them in order.
//!
//! ```text
//! 2026-11-23 08:12:40  critical       LSASS Memory Dump Command Line  windows.ndjson:18034
//!                                       selection: CommandLine contains 'comsvcs'   'rundll32 …'
//! ```

use super::Printer;
use super::summary::{Summary, to_second};
use crate::exit::Failure;
use crate::screen::{DIM, Screen, level_name, style_of};
use std::io::Write as _;
use tieline_common::record::Found;

/// The list.
pub(super) struct List;

impl Printer for List {
    fn found(&mut self, found: &Found<'_>, screen: &mut Screen) -> Result<(), Failure> {
        let time = found.time.map_or_else(|| "-".to_owned(), to_second);
        let name = level_name(found.level);
        let padding = 13_usize.saturating_sub(name.len());
        let level = screen.paint(style_of(found.level), name).to_string();
        let place = screen.paint(DIM, format!("{}:{}", found.file, found.line)).to_string();
        let title = if found.rule_title.is_empty() { found.rule_id.unwrap_or("-") } else { found.rule_title };
        writeln!(screen.out(), "{time:<19}  {level}{:padding$} {title}  {place}", "")?;
        for field in found.evidence.iter().flat_map(|evidence| &evidence.fields) {
            let value = field.value.as_deref().map(|value| format!("   saw '{value}'")).unwrap_or_default();
            let value = screen.paint(DIM, value).to_string();
            writeln!(screen.out(), "{:35} {}: {}{value}", "", field.selection, field.pattern)?;
        }
        if let Some(event) = &found.event {
            writeln!(screen.out(), "{:35} {}", "", event.get())?;
        }
        Ok(())
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        if !screen.is_quiet() {
            writeln!(screen.out())?;
            for line in summary.lines(|style, text| screen.paint(style, text)) {
                writeln!(screen.out(), "{line}")?;
            }
        }
        Ok(())
    }
}
