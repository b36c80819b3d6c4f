//! A line for each detection, for people who want to see them in order.
//!
//! ```text
//! 2026-11-23 08:12:40  critical       LSASS Memory Dump Command Line  ENG02  windows.ndjson:18034
//!                                       selection: CommandLine contains 'comsvcs'   'rundll32 …'
//! ```

use super::summary::{Summary, to_second};
use super::{Printer, short_host};
use crate::exit::Failure;
use crate::screen::{DIM, Screen, counted, level_name, style_of, visible};
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
        let place = screen.paint(DIM, visible(&format!("{}:{}", found.file, found.line))).to_string();
        let title = visible(if found.rule_title.is_empty() { found.rule_id.unwrap_or("-") } else { found.rule_title });
        let host = found.host.map(|host| format!("  {}", visible(short_host(host)))).unwrap_or_default();
        writeln!(screen.out(), "{time:<19}  {level}{:padding$} {title}{host}  {place}", "")?;
        if let Some(told) = found.correlation {
            let events = counted(told.count, "event");
            let value =
                if told.value.as_u64() == Some(told.count) { String::new() } else { format!(", value {}", told.value) };
            let group: Vec<String> =
                told.group.iter().map(|(name, value)| format!("{name} {}", value.unwrap_or("-"))).collect();
            let since = format!(
                "{events} from {} to {}{value}  {}",
                to_second(&told.first),
                to_second(&told.last),
                group.join(", ")
            );
            let since = screen.paint(DIM, visible(since.trim_end())).to_string();
            writeln!(screen.out(), "{:35} {since}", "")?;
        }
        for field in found.evidence.iter().flat_map(|evidence| &evidence.fields) {
            let value = field.value.as_deref().map(|value| format!("   saw '{}'", visible(value))).unwrap_or_default();
            let value = screen.paint(DIM, value).to_string();
            let asked = format!("{}: {}", field.selection, field.pattern);
            writeln!(screen.out(), "{:35} {}{value}", "", visible(&asked))?;
        }
        for own in found.evidence.iter().flat_map(|evidence| &evidence.indicators) {
            let tieline::Indicator { value, kind, name, list, .. } = &own.indicator;
            let name = name.as_deref().map(|name| format!(", {name}")).unwrap_or_default();
            let told = format!("indicator {value} ({}{name}, {list})", kind.as_str());
            let seen = screen.paint(DIM, visible(&format!("   {} saw '{}'", own.field, own.seen))).to_string();
            writeln!(screen.out(), "{:35} {}{seen}", "", visible(&told))?;
        }
        if let Some(event) = &found.event {
            writeln!(screen.out(), "{:35} {}", "", visible(event.get()))?;
        }
        Ok(())
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        if !screen.is_quiet() {
            if summary.detections() > 0 {
                writeln!(screen.out())?;
            }
            for line in summary.lines(|style, text| screen.paint(style, text)) {
                writeln!(screen.out(), "{line}")?;
            }
        }
        Ok(())
    }
}
