//! Forms in which detections are printed.
//!
//! ```text
//! table   rules that matched, at the end      for people
//! list    a line for each detection           for people
//! sightings   indicators that were seen       for people
//! ndjson  csv  json  stix                     for programs
//! ```

mod csv;
mod json;
mod list;
mod profile;
mod ranked;
mod sightings;
mod summary;
mod table;

use crate::args::{OutputForm, ScanArgs};
use crate::exit::Failure;
use crate::screen::Screen;
pub(crate) use profile::{save as save_profile, tell as tell_profile};
pub(crate) use summary::Summary;
use tieline_common::record::Found;

/// One form of output.
pub(crate) trait Printer {
    /// Prints a detection, or keeps it for the end.
    fn found(&mut self, found: &Found<'_>, screen: &mut Screen) -> Result<(), Failure>;

    /// Says, before anything is printed, that alerts of correlations may come.
    fn expect_correlations(&mut self) {}

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
        OutputForm::Sightings => Box::new(sightings::Table::new(args.top)),
        OutputForm::Stix => Box::new(sightings::Stix::default()),
        OutputForm::Csv => Box::new(csv::Csv::new(args.evidence, args.event)),
    }
}

/// A host's name without its domain, for narrow columns; addresses stay as they are.
fn short_host(host: &str) -> &str {
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !host.contains([' ', ':']);
    match host.split_once('.') {
        Some((name, _)) if is_name => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::short_host;

    #[test]
    fn only_names_are_shortened() {
        let cases = [("eng02.plant.example", "eng02"), ("HMI01", "HMI01"), ("10.0.0.1", "10.0.0.1")];
        for (host, short) in cases.into_iter().chain([("a.b > c.d", "a.b > c.d"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4")])
        {
            assert_eq!(short_host(host), short);
        }
    }
}
