//! What happens to files while they are followed.
//!
//! ```text
//! `a.ndjson`: was rotated; the new file is read from its start
//! ```

use std::fmt;

use crate::input::Format;

/// Something about a followed file that a reader should know; [`fmt::Display`] says it after the file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is packed, so it is read once.
    Packed,
    /// Its format cannot grow, so it is read once.
    Whole(Format),
    /// A file that is read once was written after that.
    ChangedLater,
    /// Another file has taken its name.
    Rotated,
    /// It became shorter.
    Truncated,
    /// It is not there any more.
    Gone,
    /// It was named and is not there yet.
    Awaited,
    /// It is read once, and was written to the last.
    StillWritten,
    /// It ends within a line.
    HalfLine,
    /// It is the packed form of a file that was followed.
    PackedCopy,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packed => f.write_str("is packed and cannot be followed; it is read once"),
            Self::Whole(Format::Evtx) => f.write_str("is an EVTX log, which cannot be followed; it is read once"),
            Self::Whole(_) => {
                f.write_str("is JSON that is not one object per line, which cannot be followed; it is read once")
            }
            Self::ChangedLater => f.write_str("was changed after it was read, and is not read again"),
            Self::Rotated => f.write_str("was rotated; the new file is read from its start"),
            Self::Truncated => f.write_str("was truncated; it is read from its start"),
            Self::Gone => f.write_str("is gone; it is read again when it comes back"),
            Self::Awaited => f.write_str("is not there yet; it is read when it comes"),
            Self::StillWritten => f.write_str("was still being written at the end, and is not read"),
            Self::HalfLine => f.write_str("ends within a line, which was not evaluated"),
            Self::PackedCopy => f.write_str("is the packed form of a file that was followed, and is not read again"),
        }
    }
}
