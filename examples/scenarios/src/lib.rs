//! Labelled stories of intrusions into a utility, a factory and a grid, each embedded in hours of ordinary traffic.
//!
//! ```text
//!  ordinary/  office, servers, control, engineering ──┐
//!                                                     ├──▶ Tape ──▶ merged by time ──▶ events, truth, plant
//!  stories/   one script for each story ──────────────┘
//! ```
//!
//! ```
//! use tieline_scenarios::{Options, Story};
//!
//! let story = Story::named("mail-to-pump").unwrap();
//! let made = story.generate(&Options { hours: 4, density: 0.2, ..Options::default() }).unwrap();
//! let stop = made.truth.path.last().unwrap();
//! assert_eq!((stop.to.id.as_str(), stop.how), ("plc-pump3", "operation"));
//! assert!(made.events[stop.lines[1] - 1].line.contains("PLC Stop"));
//! ```
//!
//! The same options give the same bytes, on every machine. Nothing here knows rules or the engine: what is true is told by
//! the scripts. Whether the shipped rules tell of it is asked by the tests.

mod chance;
mod clock;
mod line;
mod ordinary;
mod plant;
mod sensors;
mod stories;
mod tape;
mod truth;

use std::fmt;
use std::path::Path;

use clock::{HOUR, Span};
use stories::{SCRIPTS, Script, Tale};
use tape::Tape;
pub use truth::{Crossing, Effect, Entities, Hop, Node, Ordinary, Spread, Step, Truth};

/// Fewest hours of a story; all its steps lie in the last four.
pub const HOURS_MIN: u32 = 4;
/// Most hours of a story.
pub const HOURS_MAX: u32 = 72;
/// Least density of ordinary work.
pub const DENSITY_MIN: f64 = 0.05;
/// Most density of ordinary work.
pub const DENSITY_MAX: f64 = 20.0;

/// What the caller chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The source of all randomness.
    pub seed: u64,
    /// Hours of traffic, from [`HOURS_MIN`] to [`HOURS_MAX`]; more of them stand in front of the intrusion.
    pub hours: u32,
    /// How much ordinary work there is, from [`DENSITY_MIN`] to [`DENSITY_MAX`]; 1 is about 25,000 events in eight hours.
    pub density: f64,
    /// Events arrive up to so many seconds late, each by its own chance; their own times stay.
    pub shuffle_s: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: 1, hours: 8, density: 1.0, shuffle_s: 0 }
    }
}

/// A story that can be told.
#[derive(Clone, Copy)]
pub struct Story(&'static Script);

impl fmt::Debug for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Story").field(&self.0.name).finish()
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The line of JSON, without its end.
    pub line: String,
    /// Its own time, in nanoseconds since 1970.
    pub time_ns: i64,
}

/// A story that was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// All events in the order of their arrival; the first is line 1.
    pub events: Vec<Event>,
    /// What truly happened.
    pub truth: Truth,
    /// The plant, as `--context` takes it.
    pub plant: String,
}

/// Why no story was told.
#[derive(Debug)]
pub enum Error {
    /// The number of hours is outside [`HOURS_MIN`]..=[`HOURS_MAX`].
    Hours(u32),
    /// The density is outside [`DENSITY_MIN`]..=[`DENSITY_MAX`].
    Density(f64),
    /// A file could not be written.
    Write(String, std::io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Hours(hours) => write!(f, "`{hours}` hours are outside {HOURS_MIN} to {HOURS_MAX}"),
            Error::Density(density) => write!(f, "a density of `{density}` is outside {DENSITY_MIN} to {DENSITY_MAX}"),
            Error::Write(path, error) => write!(f, "cannot write `{path}`: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl Story {
    /// All stories, in the order of the README.
    pub fn all() -> impl Iterator<Item = Story> {
        SCRIPTS.iter().map(Story)
    }

    /// The story of this name; `None` when there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Story> {
        Story::all().find(|story| story.name() == name)
    }

    /// Its name, as the command line takes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// One line for people.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.0.title
    }

    /// Tells the story. Eight hours take about a tenth of a second in release.
    ///
    /// # Errors
    /// When hours or density are outside their limits.
    pub fn generate(&self, options: &Options) -> Result<Generated, Error> {
        if !(HOURS_MIN..=HOURS_MAX).contains(&options.hours) {
            return Err(Error::Hours(options.hours));
        }
        if !(DENSITY_MIN..=DENSITY_MAX).contains(&options.density) {
            return Err(Error::Density(options.density));
        }
        let Script { name, title, plant, end, play } = self.0;
        let span = Span { begin: end.plus(-i64::from(options.hours) * HOUR), end: *end };
        let mut tape = Tape::new(span);
        ordinary::play(&mut tape, plant, span, options.seed, options.density);
        let mut tale = Tale::new(&mut tape, plant, span, options.seed);
        play(&mut tale);
        let told = tale.end();
        let (merged, ordinary) = tape.merge(options.shuffle_s, options.seed);
        let account = told.account(&merged);
        let ordinary = ordinary
            .iter()
            .map(|(told, marks)| Ordinary {
                label: "benign but detected",
                why: told.why,
                level: told.level,
                lines: merged.lines(marks),
            })
            .collect();
        let truth = Truth {
            story: name,
            title,
            plant: plant.name,
            seed: options.seed,
            hours: options.hours,
            events: merged.events.len(),
            begin_ns: span.begin.0,
            end_ns: span.end.0,
            steps: account.steps,
            path: account.path,
            effects: account.effects,
            spread: account.spread,
            ordinary,
        };
        let events = merged.events.into_iter().map(|event| Event { line: event.line, time_ns: event.at.0 }).collect();
        Ok(Generated { events, truth, plant: plant.yaml() })
    }
}

impl Generated {
    /// All lines, each with its end.
    #[must_use]
    pub fn ndjson(&self) -> String {
        let bytes = self.events.iter().map(|event| event.line.len() + 1).sum();
        self.events.iter().fold(String::with_capacity(bytes), |mut text, event| {
            text.push_str(&event.line);
            text.push('\n');
            text
        })
    }

    /// Writes `events.ndjson`, `plant.yml` and `truth.json` into a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
    pub fn write_into(&self, folder: &Path) -> Result<(), Error> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error| Error::Write(path, error)
        };
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
        // Texts, numbers and lists only, so there is nothing to fail.
        let truth = serde_json::to_string_pretty(&self.truth).unwrap_or_default() + "\n";
        for (name, text) in [("events.ndjson", &self.ndjson()), ("plant.yml", &self.plant), ("truth.json", &truth)] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(failed(&path))?;
        }
        Ok(())
    }
}
