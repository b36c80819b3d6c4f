//! Detections for programs: one JSON object a line, or one object with all of them.
//!
//! ```text
//! ndjson   {"rule_id":...}\n{"rule_id":...}\n                      the summary goes to standard error
//! json     {"detections":[{...},{...}],"summary":{...}}
//! ```

use super::Printer;
use super::summary::Summary;
use crate::exit::Failure;
use crate::screen::Screen;
use std::io::Write as _;
use tieline_common::record::Found;

/// One object a line.
pub(super) struct Ndjson;

impl Printer for Ndjson {
    fn found(&mut self, found: &Found<'_>, screen: &mut Screen) -> Result<(), Failure> {
        write(found, screen)?;
        Ok(screen.out().write_all(b"\n")?)
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        tell(summary, screen)
    }
}

/// One object with everything.
#[derive(Default)]
pub(super) struct Json {
    begun: bool,
}

impl Json {
    fn separate(&mut self, screen: &mut Screen) -> Result<(), Failure> {
        let separator = if self.begun { ",\n" } else { "{\"detections\":[\n" };
        self.begun = true;
        Ok(screen.out().write_all(separator.as_bytes())?)
    }
}

impl Printer for Json {
    fn found(&mut self, found: &Found<'_>, screen: &mut Screen) -> Result<(), Failure> {
        self.separate(screen)?;
        write(found, screen)
    }

    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
        let head = if self.begun { "\n" } else { "{\"detections\":[" };
        write!(screen.out(), "{head}],\n\"summary\":")?;
        write(&summary.record(), screen)?;
        writeln!(screen.out(), "}}")?;
        tell(summary, screen)
    }
}

fn write(record: &impl serde::Serialize, screen: &mut Screen) -> Result<(), Failure> {
    serde_json::to_writer(screen.out(), record).map_err(|error| std::io::Error::from(error).into())
}

/// The summary for people beside output for programs.
pub(super) fn tell(summary: &Summary, screen: &mut Screen) -> Result<(), Failure> {
    screen.finish()?;
    for line in summary.lines(|style, text| screen.paint_err(style, text)) {
        screen.note(&line);
    }
    Ok(())
}
