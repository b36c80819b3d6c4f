//! What is around saved state: what it is of, its format, and a sum by which damage is noticed.
//!
//! ```text
//! "TLSTATE\0" │ format (u32) │ checksum (u64) of what follows │ length of the body (u64) │ body
//! ```
//!
//! The sum is no protection against forgery; what reads the body must bear any.

use serde::{Deserialize, Serialize};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes before what the checksum is of: magic, format, checksum.
const SUMMED: usize = 20;
/// Bytes before the body.
const LENGTH: usize = 28;

/// A kind of saved state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seal {
    /// What the bytes begin with.
    pub(crate) magic: &'static [u8; 8],
    /// Raised whenever the saved form changes.
    pub(crate) format: u32,
}

/// Why saved state cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    NotState,
    Format { found: u32, known: u32 },
    CutOff { at: u64, of: u64 },
    Broken,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotState => f.write_str("these bytes are no saved state of this kind"),
            Self::Format { found, known } => {
                write!(f, "saved state of format {found}, but this version reads format {known}")
            }
            Self::CutOff { at, of } => {
                write!(f, "saved state is cut off at byte {at} of {of}; take a whole copy, or begin anew")
            }
            Self::Broken => write!(
                f,
                "saved state is damaged: the checksum does not fit the bytes from {SUMMED} on; take another copy, or begin anew"
            ),
        }
    }
}

impl Seal {
    /// Room for the seal, behind which the body is written.
    pub(crate) fn begin() -> Vec<u8> {
        vec![0; LENGTH]
    }

    /// Fills that room.
    pub(crate) fn close(self, bytes: &mut [u8]) {
        let length = (bytes.len().saturating_sub(LENGTH) as u64).to_le_bytes();
        bytes.iter_mut().skip(SUMMED).zip(length).for_each(|(own, byte)| *own = byte);
        let sum = xxh3_64(bytes.get(SUMMED..).unwrap_or_default());
        let seal = self.magic.iter().copied().chain(self.format.to_le_bytes()).chain(sum.to_le_bytes());
        bytes.iter_mut().zip(seal).for_each(|(own, byte)| *own = byte);
    }

    /// The body.
    pub(crate) fn open(self, bytes: &[u8]) -> Result<&[u8], Damage> {
        let field = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
        if field(0, 8) != self.magic {
            return Err(Damage::NotState);
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
            return Err(Damage::Broken);
        }
        let body = field(LENGTH, bytes.len());
        Ok(body)
    }
}

/// Writes a value behind others.
pub(crate) fn write(bytes: &mut Vec<u8>, value: &impl Serialize) {
    // INVARIANT: writing plain data into memory cannot fail.
    *bytes = postcard::to_extend(value, std::mem::take(bytes)).unwrap_or_default();
}

/// Writes values behind others, and before them how many they are.
pub(crate) fn write_all<T: Serialize>(bytes: &mut Vec<u8>, values: impl ExactSizeIterator<Item = T>) {
    write(bytes, &(values.len() as u64));
    values.for_each(|value| write(bytes, &value));
}

/// Reads values that [`write_all`] wrote, at most so many. Memory is taken for what is there, whatever number was announced.
pub(crate) fn read_all<'a, T: Deserialize<'a>>(bytes: &mut &'a [u8], max: usize) -> Result<Vec<T>, Damage> {
    let count: u64 = read(bytes)?;
    if count > max as u64 {
        return Err(Damage::Broken);
    }
    (0..count).map(|_| read(bytes)).collect()
}

/// Reads a value, and goes on to what is behind it.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &mut &'a [u8]) -> Result<T, Damage> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|_| Damage::Broken)?;
    *bytes = rest;
    Ok(value)
}
