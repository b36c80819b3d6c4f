//! What is around bytes that are kept: what they are of, their format, and a sum by which damage is noticed.
//!
//! ```text
//! "TLSCAN\0\0" │ format (u32) │ checksum (u64) of what follows │ length of the body (u64) │ body
//! ```
//!
//! The sum is no protection against forgery; who reads the body bears any.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes before what the checksum is of: magic, format, checksum.
const SUMMED: usize = 20;
/// Bytes before the body.
const LENGTH: usize = 28;

/// A kind of bytes that are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seal {
    /// What they begin with.
    pub(crate) magic: &'static [u8; 8],
    /// Raised whenever the saved form changes.
    pub(crate) format: u32,
}

/// Why kept bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// They are of something else.
    Other,
    /// They are of another version.
    Format {
        /// Theirs.
        found: u32,
        /// The one that is read.
        known: u32,
    },
    /// They end too early.
    CutOff {
        /// How many there are.
        at: u64,
        /// How many there were.
        of: u64,
    },
    /// They are not what they were.
    Torn,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => f.write_str("these bytes are no saved state of this kind"),
            Self::Format { found, known } => {
                write!(f, "saved state of format {found}, but this version reads format {known}")
            }
            Self::CutOff { at, of } => {
                write!(f, "saved state is cut off at byte {at} of {of}; take a whole copy, or begin anew")
            }
            Self::Torn => write!(
                f,
                "saved state is damaged: the checksum does not fit the bytes from {SUMMED} on; take another copy, or begin anew"
            ),
        }
    }
}

impl Seal {
    /// A value as sealed bytes.
    pub(crate) fn close(self, value: &impl Serialize) -> Vec<u8> {
        // INVARIANT: writing plain data into memory cannot fail.
        let mut bytes = postcard::to_extend(value, vec![0; LENGTH]).unwrap_or_default();
        let length = (bytes.len().saturating_sub(LENGTH) as u64).to_le_bytes();
        bytes.iter_mut().skip(SUMMED).zip(length).for_each(|(own, byte)| *own = byte);
        let sum = xxh3_64(bytes.get(SUMMED..).unwrap_or_default());
        let seal = self.magic.iter().copied().chain(self.format.to_le_bytes()).chain(sum.to_le_bytes());
        bytes.iter_mut().zip(seal).for_each(|(own, byte)| *own = byte);
        bytes
    }

    /// The value in sealed bytes.
    pub(crate) fn open<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, Damage> {
        let field = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
        if field(0, 8) != self.magic {
            return Err(Damage::Other);
        }
        let found = u32::from_le_bytes(field(8, 12).try_into().unwrap_or_default());
        if found != self.format {
            return Err(Damage::Format { found, known: self.format });
        }
        let length = u64::from_le_bytes(field(20, 28).try_into().unwrap_or_default()).saturating_add(LENGTH as u64);
        if bytes.len() < LENGTH || (bytes.len() as u64) < length {
            return Err(Damage::CutOff { at: bytes.len() as u64, of: length.max(LENGTH as u64) });
        }
        if field(12, 20) != xxh3_64(field(SUMMED, bytes.len())).to_le_bytes() {
            return Err(Damage::Torn);
        }
        let body = field(LENGTH, bytes.len());
        match postcard::take_from_bytes(body) {
            Ok((value, [])) => Ok(value),
            _ => Err(Damage::Torn),
        }
    }
}
