//! The native half of the Node package: it converts arguments, calls the waist, and converts the answer.
//!
//! ```text
//!  lib/*.js: objects ─▶ bytes, options ─▶ JSON ─▶ here ─▶ tieline_common::waist
//!                     Detection, Alert, errors ◀─ numbers of hits, JSON ◀─
//! ```
//!
//! It has no types that users see; those are in `lib/`. Nothing here decides about rules or events, and nothing keeps memory
//! that belongs to JavaScript longer than a call.

pub mod arrow;
pub mod errors;
pub mod files;
pub mod held;
pub mod incidents;
pub mod later;
pub mod normaliser;
pub mod options;
pub mod report;
pub mod rules;
pub mod scan;
pub mod stream;
