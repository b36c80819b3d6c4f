//! Why a file cannot be read, or not further.
//!
//! ```text
//! `plant.bin`: binary data; expected JSON lines, a JSON array, a Zeek log, CSV or an EVTX log
//! ```

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An input that cannot be read, with its name and what was expected.
#[derive(Debug)]
pub struct InputError {
    kind: InputErrorKind,
    path: PathBuf,
    message: String,
    source: Option<io::Error>,
}

/// The sorts of [`InputError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputErrorKind {
    /// There is no such file.
    NotFound,
    /// The file or directory cannot be opened or listed.
    Unreadable,
    /// A directory was given where a file belongs.
    IsDirectory,
    /// A directory holds no event file.
    NoEventFiles,
    /// The content is of none of the known formats, or not of the one asked for.
    WrongFormat,
    /// The content must be held in memory and is larger than the limit for that.
    TooLarge,
    /// Reading failed on the way.
    Read,
}

/// What makes a splitter give up its input.
#[derive(Debug)]
pub(super) enum Broken {
    Io(io::Error),
    /// The content is not of the format; says what it is.
    Format(String),
    TooLarge(String),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Broken::Io(error)
    }
}

impl InputError {
    pub(super) fn new(kind: InputErrorKind, path: &Path, message: impl Into<String>) -> Self {
        InputError { kind, path: path.to_path_buf(), message: message.into(), source: None }
    }

    /// An operating system's error, on opening or listing.
    pub(super) fn on_open(path: &Path, source: io::Error) -> Self {
        let (kind, message) = match source.kind() {
            io::ErrorKind::NotFound => (InputErrorKind::NotFound, "no such file or directory".to_owned()),
            io::ErrorKind::IsADirectory => (InputErrorKind::IsDirectory, "is a directory".to_owned()),
            _ => (InputErrorKind::Unreadable, format!("cannot be opened: {source}")),
        };
        InputError { kind, path: path.to_path_buf(), message, source: Some(source) }
    }

    /// An operating system's error, while reading.
    pub(super) fn on_read(path: &Path, source: io::Error) -> Self {
        let message = format!("reading failed: {source}");
        InputError { kind: InputErrorKind::Read, path: path.to_path_buf(), message, source: Some(source) }
    }

    /// What sort of error this is.
    pub fn kind(&self) -> InputErrorKind {
        self.kind
    }

    /// The file or directory it is about; the given name when the input is no file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.message)
    }
}

impl Error for InputError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn Error + 'static))
    }
}
