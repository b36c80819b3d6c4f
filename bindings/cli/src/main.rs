//! The command line `tieline`: arguments in, operations of `tieline-common` called, answers printed.
//!
//! ```text
//!  args ─▶ commands/scan, check, explain, test, fields, coverage, normalise, assets, trust, incidents, report, learn, compile, completions ─▶ output ─▶ exit code
//! ```
//!
//! What rules mean, which pipeline fits an event and how files are read is decided elsewhere; here is only what
//! a person or a script at a terminal sees.

mod args;
mod commands;
mod exit;
mod output;
mod screen;
mod told;

use args::{Args, Command};
use clap::Parser;
use exit::{Exit, Failure};
use screen::Screen;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let mut screen = Screen::new(args.color, args.quiet);
    let outcome = match args.command {
        Command::Scan(args) => commands::scan::run(*args, &mut screen),
        Command::Check(args) => commands::check::run(&args, &mut screen),
        Command::Explain(args) => commands::explain::run(&args, &mut screen),
        Command::Test(args) => commands::test::run(&args, &mut screen),
        Command::Fields(args) => commands::fields::run(&args, &mut screen),
        Command::Coverage(args) => commands::coverage::run(args, &mut screen),
        Command::Normalise(args) => commands::normalise::run(&args, &mut screen),
        Command::Assets(args) => commands::assets::run(&args, &mut screen),
        Command::Trust(args) => commands::trust::run(&args, &mut screen),
        Command::Incidents(args) => commands::incidents::run(*args, &mut screen),
        Command::Report(args) => commands::report::run(*args, &mut screen),
        Command::Learn(args) => commands::learn::run(&args, &mut screen),
        Command::Compile(args) => commands::compile::run(&args, &mut screen),
        Command::Completions(args) => commands::completions::run(&args, &mut screen),
    };
    let outcome = outcome.and_then(|exit| screen.finish().map(|()| exit));
    let exit = match outcome {
        Ok(exit) => exit,
        // Whoever read the output has seen enough.
        Err(Failure::Closed) => Exit::Fine,
        Err(failure) => {
            let _ = screen.finish();
            screen.error(&failure.to_string());
            failure.exit()
        }
    };
    ExitCode::from(exit.code())
}
