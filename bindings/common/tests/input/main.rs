//! Reading event files, seen from outside: whole files, hostile files, odd block sizes, the corpus.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod corpus;
mod packed;
mod paths;
mod splitting;
mod support;
