//! What is around bytes that are kept: what they are of, their format, and a sum by which damage is noticed.
//!
//! ```text
//! "TLSCAN\0\0" │ format (u32) │ checksum (u64) │ body
//! ```
//!
//! The sum is no protection against forgery; who reads the body bears any.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes before the body: magic, format, checksum.
const LENGTH: usize = 20;

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
    /// They are not whole.
    Torn,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => f.write_str("these bytes are no saved state of this kind"),
            Self::Format { found, known } => {
                write!(f, "saved state of format {found}, but this version reads format {known}")
            }
            Self::Torn => f.write_str("saved state is damaged: the checksum does not fit"),
        }
    }
}

impl Seal {
    /// A value as sealed bytes.
    pub(crate) fn close(self, value: &impl Serialize) -> Vec<u8> {
        // INVARIANT: writing plain data into memory cannot fail.
        let mut bytes = postcard::to_extend(value, vec![0; LENGTH]).unwrap_or_default();
        let sum = xxh3_64(bytes.get(LENGTH..).unwrap_or_default());
        let seal = self.magic.iter().copied().chain(self.format.to_le_bytes()).chain(sum.to_le_bytes());
        bytes.iter_mut().zip(seal).for_each(|(own, byte)| *own = byte);
        bytes
    }

    /// The value in sealed bytes.
    pub(crate) fn open<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, Damage> {
        let (seal, body) = bytes.split_first_chunk::<LENGTH>().ok_or(Damage::Other)?;
        let field = |from: usize, to: usize| seal.get(from..to).unwrap_or_default();
        if field(0, 8) != self.magic {
            return Err(Damage::Other);
        }
        let found = u32::from_le_bytes(field(8, 12).try_into().unwrap_or_default());
        if found != self.format {
            return Err(Damage::Format { found, known: self.format });
        }
        if field(12, 20) != xxh3_64(body).to_le_bytes() {
            return Err(Damage::Torn);
        }
        match postcard::take_from_bytes(body) {
            Ok((value, [])) => Ok(value),
            _ => Err(Damage::Torn),
        }
    }
}
