//! Exit codes, the one table of them, and the failures that end a command.
//!
//! ```text
//! 0 fine   1 findings   2 usage   3 input   4 rules   5 --strict   130 Ctrl-C
//! ```
//!
//! When several apply, the largest is taken, so an incomplete scan never looks like a complete one.

use std::fmt;
use std::io;

/// The table as `--help` prints it.
pub(crate) const TABLE: &str = "\
Exit codes (the largest that applies):
    0  fine; also when the reader of the output closed it early
    1  a detection reached --fail-on, a rule test failed, or check found errors
    2  the command line is wrong
    3  a file could not be read or written, or only in part: missing, wrong format, damaged
    4  rules or a pipeline could not be loaded, or no rule was left
    5  --strict met an unreadable event or file, or a broken rule
  130  interrupted by Ctrl-C; what was found so far is complete";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Fine = 0,
    Findings = 1,
    Usage = 2,
    Input = 3,
    Rules = 4,
    Strict = 5,
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command cannot go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The options contradict each other or lack something.
    Usage(String),
    /// A file cannot be read or written.
    Input(String),
    /// Rules or pipelines cannot be loaded.
    Rules(String),
    /// `--strict`, and something is broken.
    Strict(String),
    /// Nobody reads the output any more.
    Closed,
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Input(_) => Exit::Input,
            Self::Rules(_) => Exit::Rules,
            Self::Strict(_) => Exit::Strict,
            Self::Closed => Exit::Fine,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Input(message) | Self::Rules(message) | Self::Strict(message) => {
                f.write_str(message)
            }
            Self::Closed => f.write_str("the output was closed"),
        }
    }
}

impl From<io::Error> for Failure {
    /// Errors of writing to standard output; files have messages of their own.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Input(format!("cannot write the output: {error}")),
        }
    }
}

impl From<tieline_common::load::LoadError> for Failure {
    fn from(error: tieline_common::load::LoadError) -> Self {
        Self::Rules(error.to_string())
    }
}

impl From<tieline::Error> for Failure {
    fn from(error: tieline::Error) -> Self {
        let mut text = error.to_string();
        for diagnostic in error.diagnostics() {
            text.push('\n');
            text.push_str(diagnostic.render().trim_end());
        }
        match error.kind() {
            tieline::ErrorKind::Option => Self::Usage(text),
            _ => Self::Rules(text),
        }
    }
}

impl From<tieline_common::source::PlanError> for Failure {
    fn from(error: tieline_common::source::PlanError) -> Self {
        match error {
            tieline_common::source::PlanError::Load(error) => error.into(),
            tieline_common::source::PlanError::Compile(error) => error.into(),
        }
    }
}

impl From<tieline_common::input::InputError> for Failure {
    fn from(error: tieline_common::input::InputError) -> Self {
        Self::Input(error.to_string())
    }
}
