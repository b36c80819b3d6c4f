//! Reading event files, seen from outside: whole files, hostile files, odd block sizes, the corpus.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod corpus;
mod evtx;
mod packed;
mod paths;
mod splitting;
mod support;
mod tables;
mod values;
