//! What the command line and every language binding share.
//!
//! ```text
//!  files, stdin ──▶ input ──▶ batches of JSON events
//! ```

pub mod input;
