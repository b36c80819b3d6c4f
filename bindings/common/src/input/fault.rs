//! What is wrong with one record of an otherwise readable file.
//!
//! ```text
//! line 17, byte 20480: line of 104857600 bytes is longer than the limit of 16777216 bytes
//! ```
//!
//! A fault never stops a reader, and a record that has one is not in any batch.

use std::fmt;

/// Something wrong in one record, or at the end of a file; reading went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The 1-based line, or for arrays and EVTX the 1-based record, where it is.
    pub number: u64,
    /// The byte offset in the unpacked content where it is, when known.
    pub byte: Option<u64>,
    /// What is wrong, in one line without the place.
    pub message: String,
    /// What sort of fault it is.
    pub kind: FaultKind,
}

/// The sorts of [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FaultKind {
    /// The record is longer than `record_bytes_max`, and was skipped.
    TooLong,
    /// The file ends inside a record, or a packed file ends too early.
    CutOff,
    /// Packed content or an EVTX chunk is damaged.
    Damaged,
    /// The row has more or fewer columns than the header.
    Columns,
    /// An element of a JSON array is no object, or bytes between records are no JSON.
    NotAnObject,
    /// A header in the middle of the file contradicts itself.
    Header,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FaultKind::TooLong => "too long",
            FaultKind::CutOff => "cut off",
            FaultKind::Damaged => "damaged",
            FaultKind::Columns => "columns",
            FaultKind::NotAnObject => "not an object",
            FaultKind::Header => "header",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        if let Some(byte) = self.byte {
            write!(f, " (byte {byte})")?;
        }
        write!(f, ": {}", self.message)
    }
}
