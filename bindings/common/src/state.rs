//! What a scan, or the search for incidents, that is to be continued keeps in a file.
//!
//! ```text
//! "TLSCAN\0\0" │ format (u32) │ checksum (u64) │ state of the stream, names of files, how far each was read
//! ```
//!
//! A file is written beside the old one and then takes its name, so that there is always a whole one. What is torn or of
//! something else is refused before anything is read from it. The state of the stream is a matter of the core.

use crate::load::LoadError;
use crate::seal::{Damage, Seal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes at the beginning of a file by which it is known again.
const HEAD_BYTES: u64 = 1024;
/// Bytes of a state file.
const STATE_BYTES_MAX: u64 = 16 << 30;

/// What is kept of a scan.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ScanState {
    /// What the stream gave.
    pub(crate) stream: Vec<u8>,
    /// The files that events were numbered by.
    pub(crate) names: Vec<String>,
    /// How far files were read.
    pub(crate) marks: Marks,
}

/// How far a file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The file, by its whole path.
    path: PathBuf,
    head: Head,
    /// The last line or record that was read.
    record: u64,
}

/// The beginning of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    length: u64,
    hash: u64,
}

impl Head {
    /// The beginning, up to `length` bytes; `None` when the file has fewer, or cannot be read.
    fn of(path: &Path, length: u64) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(path).ok()?.take(length).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 == length).then(|| Self { length, hash: xxh3_64(&bytes) })
    }
}

impl Mark {
    /// A mark at the beginning of a file; `None` for what is no file, such as standard input.
    fn begin(file: &str) -> Option<Self> {
        let path = fs::canonicalize(file).ok()?;
        let data = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let head = Head::of(&path, data.len().min(HEAD_BYTES))?;
        Some(Self { path, head, record: 0 })
    }

    /// Whether a mark at the beginning of a file is of the same file as this one, which may have grown since.
    fn is_of(&self, begun: &Self) -> bool {
        self.path == begun.path && Head::of(&begun.path, self.head.length) == Some(self.head)
    }
}

impl Mark {
    /// Whether both are of files of one name.
    fn is_beside(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

/// How far files were read, by their whole paths and their beginnings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Marks(Vec<Mark>);

impl Marks {
    /// The number of the mark of a file that is opened, and the last line or record of it that was read before. What is no file, such as
    /// standard input, has no mark.
    pub fn open(&mut self, name: &str) -> (Option<usize>, u64) {
        let Some(begun) = Mark::begin(name) else { return (None, 0) };
        let known = self.0.iter().position(|mark| mark.is_of(&begun)).unwrap_or_else(|| {
            self.0.retain(|mark| !mark.is_beside(&begun));
            self.0.push(begun);
            self.0.len() - 1
        });
        (Some(known), self.0.get(known).map_or(0, |mark| mark.record))
    }

    /// Notes how far a file was read.
    pub fn note(&mut self, mark: Option<usize>, record: u64) {
        if let Some(mark) = mark.and_then(|mark| self.0.get_mut(mark)) {
            mark.record = mark.record.max(record);
        }
    }
}

/// What is kept of an investigation.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct IncidentState {
    /// What the incidents gave.
    pub(crate) incidents: Vec<u8>,
    /// How far files were read.
    pub(crate) marks: Marks,
}

/// What is kept in a file of its own.
pub(crate) trait StateFile: Serialize + DeserializeOwned {
    /// What the file begins with.
    const SEAL: Seal;
    /// What it is called when the file is of something else.
    const WHAT: &'static str;

    /// Reads a state file; `None` when there is none yet.
    fn read(path: &Path) -> Result<Option<Self>, LoadError> {
        let fault = |message: &str| LoadError::new(path, message);
        let mut bytes = Vec::new();
        match File::open(path).and_then(|file| file.take(STATE_BYTES_MAX).read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(&format!("the state cannot be read: {error}"))),
        }
        Self::SEAL.open(&bytes).map(Some).map_err(|damage| match damage {
            Damage::Other => {
                fault(&format!("is no state of {}; name another file, or remove it to begin anew", Self::WHAT))
            }
            Damage::Format { found, known } => {
                fault(&format!("is a state of format {found}, but this version reads format {known}"))
            }
            Damage::CutOff { at, of } => fault(&format!("is cut off at byte {at} of {of}; remove it to begin anew")),
            Damage::Torn => fault("is torn or damaged: the checksum does not fit; remove it to begin anew"),
        })
    }

    /// Writes the state so that whoever reads finds either the old or the new one.
    fn write(&self, path: &Path) -> Result<(), LoadError> {
        let fault = |error: io::Error| LoadError::new(path, format!("the state cannot be written: {error}"));
        let bytes = Self::SEAL.close(self);
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = PathBuf::from(name);
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&new, path)
        };
        write().map_err(fault)
    }
}

impl StateFile for ScanState {
    const SEAL: Seal = Seal { magic: b"TLSCAN\0\0", format: 2 };
    const WHAT: &'static str = "a scan";
}

impl StateFile for IncidentState {
    const SEAL: Seal = Seal { magic: b"TLINCSC\0", format: 2 };
    const WHAT: &'static str = "incidents";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        assert!(ScanState::read(&path).unwrap().is_none());
        let state = ScanState { stream: vec![1, 2, 3], names: vec!["a".to_owned()], marks: Marks::default() };
        state.write(&path).unwrap();
        state.write(&path).unwrap();
        assert_eq!(ScanState::read(&path).unwrap().unwrap().stream, [1, 2, 3]);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let good = fs::read(&path).unwrap();
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert!(ScanState::read(&path).is_err(), "{length}");
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(ScanState::read(&path).is_err(), "{at}");
        }
    }

    #[test]
    fn a_file_is_known_again_when_it_has_grown_and_not_when_it_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let name = path.to_str().unwrap();
        assert_eq!(Mark::begin(name), None);
        fs::write(&path, "one").unwrap();
        let mark = Mark::begin(name).unwrap();
        for (text, same) in [("one", true), ("one two", true), ("on", false), ("two one", false)] {
            fs::write(&path, text).unwrap();
            assert_eq!(mark.is_of(&Mark::begin(name).unwrap()), same, "{text}");
        }
        assert_eq!(Mark::begin(directory.path().to_str().unwrap()), None);
    }
}
