//! One shift of a small water utility, made up from a seed: ordinary work, and one intrusion hidden in it.
//!
//! ```text
//!            office.rs  servers.rs  control.rs      ordinary work
//!  Options ──▶   │          │           │
//!                └──────────┴─────┬─────┘
//!            intrusion.rs ────────┤                 the story, step by step
//!                                 ▼
//!                               Tape ──▶ sort ──▶ windows.ndjson, conn.log, dns.log, modbus.log,
//!                                                 zeek_json.ndjson, truth.json
//! ```
//!
//! The same options give the same bytes, on every machine. The generator knows nothing about rules or about the engine;
//! `truth.json` names the rules of `rules/it` that a step is meant to wake, as text.

mod activity;
mod chance;
mod clock;
mod control;
mod intrusion;
mod office;
mod plant;
mod programs;
mod protocols;
mod record;
mod servers;
mod steps;
mod tape;
mod windows;
mod zeek;

use std::fmt;
use std::path::Path;

use chance::Chance;
use clock::{MINUTE, Moment, SHIFT_START};
use tape::{Stage, Tape};

/// Fewest hours a story can have: in less, the steps of the intrusion would run into each other.
pub const HOURS_MIN: u32 = 4;
/// Most hours a story can have. Three days are about four hundred thousand events.
pub const HOURS_MAX: u32 = 72;

/// What the caller chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The source of all randomness.
    pub seed: u64,
    /// Length of the story in hours, from [`HOURS_MIN`] to [`HOURS_MAX`].
    pub hours: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: 1, hours: 8 }
    }
}

/// One output file, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: &'static str,
    /// Its whole content.
    pub bytes: Vec<u8>,
}

/// Why no story was written.
#[derive(Debug)]
pub enum Error {
    /// The number of hours is outside [`HOURS_MIN`]..=[`HOURS_MAX`].
    Hours(u32),
    /// A file could not be written.
    Write(String, std::io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Hours(hours) => write!(f, "`{hours}` hours are outside {HOURS_MIN} to {HOURS_MAX}"),
            Error::Write(path, error) => write!(f, "cannot write `{path}`: {error}"),
        }
    }
}

impl std::error::Error for Error {}

/// Makes the story and returns its files, in a fixed order. Takes about a quarter of a second for eight hours in release.
pub fn generate(options: Options) -> Result<Vec<File>, Error> {
    if !(HOURS_MIN..=HOURS_MAX).contains(&options.hours) {
        return Err(Error::Hours(options.hours));
    }
    let span = Span { start: SHIFT_START, minutes: i64::from(options.hours) * 60 };
    let mut tape = Tape::default();
    office::play(&mut Stage::new(&mut tape, Chance::new(options.seed, "office")), span);
    servers::play(&mut Stage::new(&mut tape, Chance::new(options.seed, "servers")), span);
    control::play(&mut Stage::new(&mut tape, Chance::new(options.seed, "control")), span);
    intrusion::play(&mut Stage::new(&mut tape, Chance::new(options.seed, "intrusion")), span);
    Ok(tape.into_files(options, span))
}

/// Writes the files of [`generate`] into a folder, which is made if it is not there.
pub fn write_into(folder: &Path, files: &[File]) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error| Error::Write(path, error)
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    for file in files {
        let path = folder.join(file.name);
        std::fs::write(&path, &file.bytes).map_err(failed(&path))?;
    }
    Ok(())
}

/// The time a story covers, half-open.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: Moment,
    minutes: i64,
}

impl Span {
    fn end(self) -> Moment {
        self.start.plus(self.minutes * MINUTE)
    }

    fn holds(self, at: Moment) -> bool {
        self.start <= at && at < self.end()
    }
}
