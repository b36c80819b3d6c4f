//! What can be wrong with a call, as opposed to a rule.
//!
//! The kinds are few and stable; the message says the rest. Faults of rules are diagnostics.

use crate::diagnostic::Diagnostic;
use std::fmt;

/// Why a call failed.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    diagnostics: Vec<Diagnostic>,
}

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A processing pipeline is broken; the diagnostics say where.
    Pipeline,
    /// A table of OT protocols is broken; the diagnostics say where.
    Taxonomy,
    /// A table of the fields that hold addresses, accounts, names and hashes is broken; the diagnostics say where.
    IndicatorFields,
    /// An option has a value that is not allowed.
    Option,
    /// Saved rules come from another version, or are damaged.
    Saved,
    /// A file or directory of rules cannot be read.
    Load,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), diagnostics: Vec::new() }
    }

    pub(crate) fn with(mut self, diagnostics: Vec<Diagnostic>) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The diagnostics behind the error; empty for most kinds.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.diagnostics.first() {
            Some(first) => write!(f, ": {first}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
