//! Helpers: reading everything from bytes or a file, and streams that read in odd pieces.

use std::io::{self, Read};
use std::path::Path;

use tieline_common::input::{Batch, Fault, FaultKind, InputError, InputOptions, Reader};

/// Everything a reader gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct All {
    pub(crate) records: Vec<(u64, String)>,
    pub(crate) faults: Vec<Fault>,
}

impl All {
    /// The faults as number and kind.
    pub(crate) fn fault_kinds(&self) -> Vec<(u64, FaultKind)> {
        self.faults.iter().map(|fault| (fault.number, fault.kind)).collect()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.records.iter().map(|(number, _)| *number).collect()
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.records.iter().map(|(_, text)| text.as_str()).collect()
    }
}

pub(crate) fn read_to_end(reader: &mut Reader) -> Result<All, InputError> {
    let mut all = All { records: Vec::new(), faults: Vec::new() };
    let mut batch = Batch::default();
    while reader.next_batch(&mut batch, &mut all.faults)? {
        assert_eq!(batch.iter().len(), batch.len());
        for record in batch.iter() {
            all.records.push((record.number, String::from_utf8_lossy(record.bytes).into_owned()));
        }
    }
    assert!(!reader.next_batch(&mut batch, &mut all.faults)? && batch.is_empty(), "the end is final");
    Ok(all)
}

/// Reads bytes as a stream with a name, with default options.
pub(crate) fn read_named(name: &str, bytes: &[u8]) -> Result<All, InputError> {
    read_with(name, bytes, &InputOptions::default())
}

pub(crate) fn read_with(name: &str, bytes: &[u8], options: &InputOptions) -> Result<All, InputError> {
    read_to_end(&mut Reader::from_read(name, Box::new(io::Cursor::new(bytes.to_vec())), options)?)
}

/// Reads bytes as a stream without a hint in its name.
pub(crate) fn read(bytes: &[u8]) -> All {
    read_named("stdin", bytes).unwrap()
}

/// Writes bytes to a file in a fresh directory and reads that.
pub(crate) fn read_file(name: &str, bytes: &[u8]) -> Result<All, InputError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    open_path(&path)
}

pub(crate) fn open_path(path: &Path) -> Result<All, InputError> {
    read_to_end(&mut Reader::open(path, &InputOptions::default())?)
}

/// A stream that gives at most the next of `sizes` bytes per read, over and over, and sometimes is
/// interrupted.
pub(crate) struct Pieces {
    pub(crate) bytes: io::Cursor<Vec<u8>>,
    pub(crate) sizes: Vec<usize>,
    pub(crate) turn: usize,
}

impl Pieces {
    pub(crate) fn new(bytes: &[u8], sizes: &[usize]) -> Self {
        Pieces { bytes: io::Cursor::new(bytes.to_vec()), sizes: sizes.to_vec(), turn: 0 }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        let size = self.sizes[self.turn % self.sizes.len()];
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = size.min(buffer.len());
        self.bytes.read(&mut buffer[..size])
    }
}
