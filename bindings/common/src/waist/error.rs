//! Why a call failed, in a form that every language can throw.
//!
//! ```text
//!  Error { kind: Rules, message: "`a.yml`:3:5: unknown modifier …", diagnostics: [TL0012 …] }
//!     kind ─▶ a class of exceptions, a status number, a code that never changes
//! ```
//!
//! What is wrong with one event of many is no error; it is told beside the answer.

use crate::arrow::BadTable;
use crate::load::LoadError;
use crate::source::PlanError;
use std::fmt;
use tieline::ErrorKind;
use tieline::diagnostic::Diagnostic;

/// Why a call failed.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    message: String,
    diagnostics: Vec<Diagnostic>,
    byte: Option<u64>,
}

/// The kinds of errors. Their codes and numbers never change; new ones come at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Kind {
    /// An argument has a value that is not allowed.
    Argument = 1,
    /// Rules are broken, and were to be whole.
    Rules = 2,
    /// A pipeline is broken, or not known.
    Pipeline = 3,
    /// An event cannot be read.
    Event = 4,
    /// State of a stream cannot be restored.
    State = 5,
    /// Saved rules are damaged, or come from another version.
    Saved = 6,
    /// A file or directory cannot be read.
    Load = 7,
    /// The object was closed.
    Closed = 8,
    /// The object belongs to the process that made it, and this is a fork of it.
    Forked = 9,
    /// The call was broken off by the caller.
    Cancelled = 10,
    /// A limit was reached.
    Limit = 11,
    /// A fault of Tieline itself.
    Internal = 12,
}

impl Kind {
    /// The name that code may compare, such as `rules`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Rules => "rules",
            Self::Pipeline => "pipeline",
            Self::Event => "event",
            Self::State => "state",
            Self::Saved => "saved",
            Self::Load => "load",
            Self::Closed => "closed",
            Self::Forked => "forked",
            Self::Cancelled => "cancelled",
            Self::Limit => "limit",
            Self::Internal => "internal",
        }
    }
}

impl Error {
    /// An error of a kind.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), diagnostics: Vec::new(), byte: None }
    }

    /// With the diagnostics behind it.
    #[must_use]
    pub fn with(mut self, diagnostics: Vec<Diagnostic>) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// An error that says the first of some faults; none, when there are none.
    pub(super) fn of_faults(kind: Kind, faults: Vec<Diagnostic>) -> Option<Self> {
        let first = faults.first()?;
        let more = match faults.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let help = first.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        Some(Self::new(kind, format!("{first}{help}{more}")).with(faults))
    }

    /// At a byte of the event.
    pub(super) fn at(mut self, byte: Option<u64>) -> Self {
        self.byte = byte;
        self
    }

    pub(super) fn closed(what: &str) -> Self {
        Self::new(Kind::Closed, format!("the {what} is closed; make a new one"))
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The diagnostics behind it; empty for most kinds. The first says file, line and column.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The byte of the event at which reading stopped, from 0, where one is known.
    #[must_use]
    pub fn byte(&self) -> Option<u64> {
        self.byte
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::new(Kind::Load, error.to_string())
    }
}

impl From<tieline::Error> for Error {
    fn from(error: tieline::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Pipeline => Kind::Pipeline,
            ErrorKind::Saved => Kind::Saved,
            ErrorKind::Load => Kind::Load,
            _ => Kind::Argument,
        };
        if error.kind() == ErrorKind::Taxonomy
            && let Some(error) = Self::of_faults(kind, error.diagnostics().to_vec())
        {
            return error;
        }
        Self::new(kind, error.to_string()).with(error.diagnostics().to_vec())
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Load(error) => error.into(),
            PlanError::Compile(error) => error.into(),
        }
    }
}

impl From<BadTable> for Error {
    fn from(error: BadTable) -> Self {
        Self::new(Kind::Event, error.to_string())
    }
}

impl From<tieline::EventError> for Error {
    fn from(error: tieline::EventError) -> Self {
        let byte = error.byte().map(|byte| byte as u64);
        Self::new(Kind::Event, error.to_string()).at(byte)
    }
}
