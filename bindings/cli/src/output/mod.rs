//! Forms in which detections are printed.
//!
//! ```text
//! table   rules that matched, at the end      for people
//! list    a line for each detection           for people
//! ndjson  csv  json                           for programs
//! ```

mod csv;
mod json;
mod list;
mod summary;
mod table;

use crate::args::{OutputForm, ScanArgs};
use crate::exit::Failure;
use crate::screen::Screen;
pub(crate) use summary::Summary;
use tieline_common::record::Found;

/// One form of output.
pub(crate) trait Printer {
    /// Prints a detection, or keeps it for the end.
    fn found(&mut self, found: &Found<'_>, screen: &mut Screen) -> Result<(), Failure>;

    /// Prints what is left, and the summary in the form's own way.
    fn end(&mut self, summary: &Summary, screen: &mut Screen) -> Result<(), Failure>;

    /// Whether detections are printed when they are found.
    fn streams(&self) -> bool {
        true
    }
}

/// The printer that the arguments ask for.
pub(crate) fn printer(args: &ScanArgs) -> Box<dyn Printer> {
    match args.output {
        OutputForm::Table => Box::new(table::Table::new(args.top)),
        OutputForm::List => Box::new(list::List),
        OutputForm::Ndjson => Box::new(json::Ndjson),
        OutputForm::Json => Box::new(json::Json::default()),
        OutputForm::Csv => Box::new(csv::Csv::new(args.evidence, args.event)),
    }
}
