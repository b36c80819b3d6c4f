//! `water-utility OUT_DIR [--seed N] [--hours H]`: writes the demo story of a water utility into a folder.
//!
//! ```text
//! cargo run --release -p tieline-examples --bin water-utility -- story --seed 7
//! ```
//!
//! It only reads its arguments and writes files; the story itself is in the library.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use tieline_examples::water_utility::{self, Options};

const USAGE: &str = "usage: water-utility OUT_DIR [--seed N] [--hours H]";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(report) => {
            // A closed pipe is no reason to fail: the files are written.
            let _ = std::io::stdout().write_all(report.as_bytes());
            ExitCode::SUCCESS
        }
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: impl Iterator<Item = String>) -> Result<String, String> {
    let (folder, options) = read(arguments)?;
    let files = water_utility::generate(options).map_err(|error| error.to_string())?;
    water_utility::write_into(&folder, &files).map_err(|error| error.to_string())?;
    let mut report = String::new();
    for file in &files {
        let lines = file.bytes.iter().filter(|byte| **byte == b'\n').count();
        report.push_str(&format!("{:>8} lines {:>10} bytes  {}\n", lines, file.bytes.len(), file.name));
    }
    Ok(report)
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<(PathBuf, Options), String> {
    let mut folder = None;
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => options.seed = number(&argument, arguments.next())?,
            "--hours" => options.hours = number(&argument, arguments.next())?,
            "--help" | "-h" => return Err(USAGE.to_owned()),
            flag if flag.starts_with('-') => return Err(format!("unknown option `{flag}`\n{USAGE}")),
            _ if folder.is_none() => folder = Some(PathBuf::from(argument)),
            extra => return Err(format!("one folder is enough, what is `{extra}`?\n{USAGE}")),
        }
    }
    match folder {
        Some(folder) => Ok((folder, options)),
        None => Err(USAGE.to_owned()),
    }
}

fn number<N: std::str::FromStr>(option: &str, text: Option<String>) -> Result<N, String> {
    let text = text.ok_or_else(|| format!("`{option}` needs a number\n{USAGE}"))?;
    text.parse().map_err(|_| format!("`{option}` needs a number, not `{text}`"))
}
