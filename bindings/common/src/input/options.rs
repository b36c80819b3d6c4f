//! The options of a reader, and every limit of this module in one place.
//!
//! Memory of one reader: about `2 * batch_bytes` while records are small, and at most about four
//! times the largest record otherwise; Zstandard adds the window of its frames, 2 to 8 MiB at usual
//! levels. Only a packed or piped EVTX log is held whole ([`InputOptions::evtx_buffer_bytes_max`]).

use super::Format;

/// Default of [`InputOptions::record_bytes_max`]: 16 MiB.
pub const RECORD_BYTES_MAX: usize = 16 << 20;

/// The largest [`InputOptions::record_bytes_max`] that is honoured: 1 GiB.
pub const RECORD_BYTES_LIMIT: usize = 1 << 30;

/// Default of [`InputOptions::batch_bytes`]: 1 MiB.
pub const BATCH_BYTES: usize = 1 << 20;

/// Default of [`InputOptions::batch_records_max`].
pub const BATCH_RECORDS_MAX: usize = 16_384;

/// Default of [`InputOptions::evtx_buffer_bytes_max`]: 1 GiB.
pub const EVTX_BUFFER_BYTES_MAX: usize = 1 << 30;

/// Columns a CSV row may have.
pub(super) const CSV_COLUMNS_MAX: usize = 65_536;

/// Faults after which a batch is handed out even when it holds few records or none.
pub(super) const BATCH_FAULTS_MAX: usize = 1024;

/// The smallest block that is read at once; smaller values of `batch_bytes` only end batches.
pub(super) const BLOCK_BYTES_MIN: usize = 64;

/// Bytes looked at to tell the format of a file.
pub(super) const HEAD_BYTES_MAX: usize = 64 << 10;

/// Bytes read at once from a packed file.
pub(super) const PACKED_BLOCK_BYTES: usize = 128 << 10;

/// The largest window of a Zstandard frame, which is held in memory: 128 MiB, what `zstd` itself unpacks
/// without being asked for more.
pub(super) const ZSTD_WINDOW_BYTES_MAX: u64 = 128 << 20;

/// How to read an event file. Build it with `..InputOptions::default()`, so that later options do
/// not break the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputOptions {
    /// The format to read as; `None` finds it from the content.
    pub format: Option<Format>,
    /// Bytes of the longest record that is kept, at most [`RECORD_BYTES_LIMIT`]. A longer one is
    /// skipped without being held in memory, and reported.
    pub record_bytes_max: usize,
    /// Bytes after which a batch is full. A single longer record still makes a batch of its own.
    pub batch_bytes: usize,
    /// Records after which a batch is full.
    pub batch_records_max: usize,
    /// Bytes of the largest EVTX log that is read from a stream or a packed file. Such a log has to be
    /// held in memory whole; one in a plain file has not.
    pub evtx_buffer_bytes_max: usize,
}

impl Default for InputOptions {
    fn default() -> Self {
        InputOptions {
            format: None,
            record_bytes_max: RECORD_BYTES_MAX,
            batch_bytes: BATCH_BYTES,
            batch_records_max: BATCH_RECORDS_MAX,
            evtx_buffer_bytes_max: EVTX_BUFFER_BYTES_MAX,
        }
    }
}

/// The options with every value brought into its range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) record_bytes_max: usize,
    pub(super) batch_bytes: usize,
    pub(super) batch_records_max: usize,
    pub(super) evtx_buffer_bytes_max: usize,
}

impl Limits {
    pub(super) fn new(options: &InputOptions) -> Self {
        Limits {
            record_bytes_max: options.record_bytes_max.clamp(1, RECORD_BYTES_LIMIT),
            batch_bytes: options.batch_bytes.clamp(1, RECORD_BYTES_LIMIT),
            batch_records_max: options.batch_records_max.max(1),
            evtx_buffer_bytes_max: options.evtx_buffer_bytes_max,
        }
    }
}
