//! Correlations: what they answer, how fast, with how many groups, and what they add to detection.
//!
//! ```text
//! correlate verdicts | rates | groups | lane     each writes its part of results/correlation.md
//! correlate bytes                                the same, with `--features counting`
//! correlate profile with | without               only scans the lane, for a profiler to look at
//! ```
//!
//! Answers are asserted, times never.

mod groups;
mod lane;
mod rates;
mod shapes;
mod verdicts;

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use tieline_benches::machine;

#[cfg(feature = "counting")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// The parts of the results, in their order.
const PARTS: [&str; 5] = ["Verdicts", "Rates", "Groups", "Bytes", "Lane"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> io::Result<()> {
    match arguments {
        ["verdicts"] => file("Verdicts", &verdicts::part()?),
        ["rates"] => file("Rates", &rates::part()?),
        ["groups"] => file("Groups", &groups::part()?),
        ["bytes"] => file("Bytes", &groups::bytes()?),
        ["lane"] => file("Lane", &lane::part()?),
        ["profile", with] => lane::profile(*with == "with"),
        [] => ["verdicts", "rates", "groups", "lane"].iter().try_for_each(|what| run(&[what])),
        _ => Err(io::Error::other("write `correlate verdicts`, `rates`, `groups`, `bytes` or `lane`")),
    }
}

/// Puts a part into the results; all others stay.
fn file(part: &str, text: &str) -> io::Result<()> {
    println!("## {part}\n\n{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/correlation.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut all = format!("# Correlations\n\n{}.\n", machine::describe());
    for name in PARTS {
        if name == part {
            all += &format!("\n## {part}\n\n{text}");
        } else if let Some(kept) = section(&before, name) {
            all += &format!("\n## {name}\n\n{}\n", kept.trim());
        }
    }
    fs::write(path, all)
}

fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\n## {name}\n"))?;
    Some(rest.split_once("\n## ").map_or(rest, |(own, _)| own))
}
