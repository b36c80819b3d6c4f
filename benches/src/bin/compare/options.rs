//! What the command line asks for.
//!
//! ```text
//! compare --quick | --full  [--lane NAME]...  [--write FILE]  [--update-expected]
//! compare --profile LANE [--passes N]
//! ```
//!
//! Only words are read here; nothing is run.

/// The options of one run.
#[derive(Debug, Default)]
pub struct Options {
    /// All lanes in full length, more rounds.
    pub full: bool,
    /// Only lanes whose name contains one of these.
    pub lanes: Vec<String>,
    /// Also write the report to this file.
    pub write: Option<String>,
    /// Take what is found as expected from now on.
    pub update_expected: bool,
    /// Rounds, when not as the mode says.
    pub rounds: Option<usize>,
    /// Run only Tieline on this lane, for a profiler.
    pub profile: Option<String>,
    /// Passes of such a run.
    pub passes: usize,
    /// Leave the pipelines out in a run for a profiler.
    pub no_pipeline: bool,
    /// Load this and say how much memory it took; for child processes of this program.
    pub child: Option<String>,
    /// Save the compiled rules to this file and end.
    pub save: Option<String>,
}

impl Options {
    /// Reads the words of the command line.
    ///
    /// # Errors
    /// When a word is unknown or its value is missing.
    pub fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { passes: 10, ..Self::default() };
        let mut words = words;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => options.full = false,
                "--full" => options.full = true,
                "--update-expected" => options.update_expected = true,
                "--no-pipeline" => options.no_pipeline = true,
                "--lane" => options.lanes.push(value()?),
                "--write" => options.write = Some(value()?),
                "--profile" => options.profile = Some(value()?),
                "--child" => options.child = Some(value()?),
                "--save" => options.save = Some(value()?),
                "--rounds" => options.rounds = Some(number(&value()?)?),
                "--passes" => options.passes = number(&value()?)?,
                "--bench" => {}
                other => return Err(format!("unknown option {other}")),
            }
        }
        Ok(options)
    }

    /// Whether a lane of this name is wanted.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.lanes.is_empty() || self.lanes.iter().any(|own| name.contains(own.as_str()))
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}
