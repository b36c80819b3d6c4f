//! `tieline-scenarios STORY|all --out DIR`: writes labelled stories into folders.
//!
//! ```text
//! cargo run --release -p tieline-scenarios -- mail-to-pump --out story --seed 7
//! ```
//!
//! It only reads its arguments and writes files; the stories are in the library.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use tieline_scenarios::{Options, Story};

const USAGE: &str =
    "usage: tieline-scenarios STORY|all --out DIR [--seed N] [--hours H] [--density D] [--shuffle SECONDS]";

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

/// Tells what is asked for; of several stories each has a folder of its name.
fn run(arguments: impl Iterator<Item = String>) -> Result<String, String> {
    let (stories, folder, options) = read(arguments)?;
    let mut report = String::new();
    for story in &stories {
        let folder = if stories.len() > 1 { folder.join(story.name()) } else { folder.clone() };
        let made = story.generate(&options).map_err(|error| error.to_string())?;
        made.write_into(&folder).map_err(|error| error.to_string())?;
        let (events, steps) = (made.events.len(), made.truth.steps.len());
        let _ = writeln!(report, "{events:>8} events, {steps} steps  {}", folder.display());
    }
    Ok(report)
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<(Vec<Story>, PathBuf, Options), String> {
    let (mut stories, mut folder, mut options) = (Vec::new(), None, Options::default());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => folder = Some(PathBuf::from(arguments.next().ok_or("`--out` needs a folder")?)),
            "--seed" => options.seed = number(&argument, arguments.next())?,
            "--hours" => options.hours = number(&argument, arguments.next())?,
            "--density" => options.density = number(&argument, arguments.next())?,
            "--shuffle" => options.shuffle_s = number(&argument, arguments.next())?,
            "--help" | "-h" => return Err(USAGE.to_owned()),
            flag if flag.starts_with('-') => return Err(format!("unknown option `{flag}`\n{USAGE}")),
            name if !stories.is_empty() => return Err(format!("one story is enough, what is `{name}`?\n{USAGE}")),
            "all" => stories.extend(Story::all()),
            name => stories.push(Story::named(name).ok_or_else(|| unknown(name))?),
        }
    }
    match folder {
        Some(folder) if !stories.is_empty() => Ok((stories, folder, options)),
        _ => Err(USAGE.to_owned()),
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = Story::all().map(|story| format!("`{}`", story.name())).collect();
    format!("no story `{name}`; there are {} and `all`", names.join(", "))
}

fn number<N: std::str::FromStr>(option: &str, text: Option<String>) -> Result<N, String> {
    let text = text.ok_or_else(|| format!("`{option}` needs a number\n{USAGE}"))?;
    text.parse().map_err(|_| format!("`{option}` needs a number, not `{text}`"))
}
