//! What the command line and every language binding share.
//!
//! ```text
//!  rule files ──▶ load ──▶ source: which pipelines? ──▶ Plan ─┐
//!  files, stdin ──▶ input ──▶ batches of JSON events ─────────┴▶ scan ──▶ record: Found, BadEvent
//! ```
//!
//! Bindings convert arguments, call one of these operations, and convert the answer. What rules mean is decided
//! in `tieline`; nothing is printed here.

pub mod arrow;
pub mod context;
pub mod coverage;
pub mod discovery;
pub mod event;
pub mod fields;
pub mod governance;
mod host;
pub mod incidents;
pub mod indicators;
pub mod input;
pub mod load;
pub mod page;
mod peek;
pub mod record;
pub mod reload;
pub mod report;
pub mod rule_tests;
pub mod scan;
mod seal;
pub mod source;
mod state;
mod time;
pub mod waist;
