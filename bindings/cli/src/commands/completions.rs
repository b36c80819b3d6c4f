//! `tieline completions SHELL`: the script that a shell loads.

use crate::args::{Args, CompletionsArgs};
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use clap::CommandFactory as _;
use std::io::Write as _;

pub(crate) fn run(args: &CompletionsArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    // The generator cannot bear a closed pipe, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "tieline", &mut script);
    screen.out().write_all(&script)?;
    Ok(Exit::Fine)
}
