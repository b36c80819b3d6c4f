//! The waist: what every language does, as a dozen operations on plain records.
//!
//! ```text
//!  compile | load | from_bytes ─▶ RuleSet ─▶ scan, scan_lines, scan_files ─▶ Hit, Finding
//!                                   │  └──▶ explain, test, report, to_bytes
//!                                   └─────▶ Stream ─▶ push, push_lines, advance, flush, snapshot, restore, reload
//!                                   └─────▶ Incidents ─▶ push, add, advance, finish, incidents, take_changes
//!                                   └─────▶ Report ─▶ push, finish, json, markdown, html
//!  Normaliser ─▶ records      Discovery ─▶ assets      Trust ─▶ judgements      Learner ─▶ proposal
//! ```
//!
//! A language converts arguments, calls one of these, and converts the answer; it decides nothing about rules or events.
//! Everything here may be called from any thread, and in a process that was forked; nothing here panics on what comes
//! from outside.

mod discovery;
mod error;
mod files;
mod findings;
mod held;
mod incidents;
mod learner;
mod normaliser;
mod options;
mod report;
mod results;
mod rule_set;
mod scan;
mod stream;
mod tables;
mod threads;
mod trust;

#[cfg(test)]
mod plant_tests;
#[cfg(test)]
mod tests;

pub use discovery::{Discovery, DiscoveryStats};
pub use error::{Error, Kind};
pub use files::{FileScan, Next, Stopper, Told};
pub use findings::{AlertRecord, DetectionRecord, FaultRecord, RuleRecord};
pub use held::Taken;
pub use incidents::Incidents;
pub use learner::Learner;
pub use normaliser::Normaliser;
pub use options::{
    CompileOptions, FileOptions, IncidentSettings, LogSourceRecord, NormaliserOptions, ReportSettings, ScanOptions,
    Span, StreamSettings, TrustOptions, from_json, now, timespan,
};
pub use report::Report;
pub use results::Results;
pub use rule_set::{RuleSet, check};
pub use scan::{EventScanner, Hit, Scan};
pub use stream::{NotCounted, Pushed, Stream};
pub use trust::Trust;
