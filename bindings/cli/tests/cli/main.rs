//! The command line as its users meet it: the real program, run on real files.
//!
//! ```text
//! Run::new(["scan", "--rules", ...]).stdin(...) ─▶ Output { code, out, err }
//! ```

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod assets;
mod bad_input;
mod check;
mod context;
mod correlate;
mod coverage;
mod follow;
mod incidents;
mod indicators;
mod normalise;
mod parity;
mod profile;
mod report;
mod scan;
mod schema;
mod sequences;
mod signals;
mod support;
mod tools;
