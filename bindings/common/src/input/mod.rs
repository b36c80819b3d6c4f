//! Reads event files of many formats as batches of JSON events.
//!
//! ```text
//!  path, stdin ─▶ source ─▶ window ─▶ one splitter per format ─▶ Batch of JSON objects
//!                 gzip,     blocks,   ndjson, values (arrays),   + faults, with line
//!                 zstd,     bounded   zeek, csv, evtx              or record number
//!                 UTF-16    memory
//! ```
//!
//! ```no_run
//! use std::path::Path;
//! use tieline_common::input::{Batch, InputError, InputOptions, Reader};
//!
//! # fn main() -> Result<(), InputError> {
//! let mut reader = Reader::open(Path::new("events.ndjson.gz"), &InputOptions::default())?;
//! let (mut batch, mut faults) = (Batch::default(), Vec::new());
//! while reader.next_batch(&mut batch, &mut faults)? {
//!     for record in batch.iter() {
//!         println!("{}: {} bytes", record.number, record.bytes.len());
//!     }
//!     for fault in faults.drain(..) {
//!         eprintln!("{}: {fault}", reader.name());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! One bad record never ends a file: it becomes a [`Fault`] with its line or record number, and
//! reading goes on. Only what makes the rest of a file unreadable is an [`InputError`].
//!
//! What this module does not do: it does not parse JSON. A record cut from a JSON file holds
//! whatever the file holds between two line ends (or two brackets); whether that is a valid
//! object, valid UTF-8 or nested too deeply is found by the engine, which reports it per record.

mod batch;
mod csv;
mod error;
mod evtx;
mod fault;
mod foreign;
mod format;
mod growing;
mod json;
mod lines;
mod ndjson;
mod options;
mod paths;
mod reader;
mod sniff;
mod source;
mod unpack;
mod values;
mod window;
mod zeek;
mod zeek_header;

pub use batch::{Batch, Record};
pub use error::{InputError, InputErrorKind};
pub use fault::{Fault, FaultKind};
pub use format::{Format, ParseFormatError};
pub(crate) use growing::{Growing, Growth, Identity};
pub use options::{
    BATCH_BYTES, BATCH_RECORDS_MAX, EVTX_BUFFER_BYTES_MAX, InputOptions, RECORD_BYTES_LIMIT, RECORD_BYTES_MAX,
};
pub use paths::{EventFiles, expand_paths};
pub use reader::Reader;
