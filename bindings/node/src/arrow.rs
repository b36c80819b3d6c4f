//! Tables of Arrow as bytes: the stream and the file of its IPC format, both ways.
//!
//! ```text
//!  messages, or a file: "ARROW1" messages footer "ARROW1" ─▶ each looked at ─▶ batches, validated ─▶ waist
//!  event, head, event, head, … and heads as JSON ─▶ Results ─▶ messages
//! ```
//!
//! Bytes are copied once, because JavaScript may change them. Columns that are compressed with zstd are refused.

use crate::errors::guarded;
use crate::later::{Answer, Later, NativeStop, later};
use crate::options::list;
use crate::rules::NativeRules;
use crate::scan::Found;
use crate::stream::{FoundOverTime, NativeStream, go_on};
use arrow_array::RecordBatch;
use arrow_buffer::Buffer as Bytes;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, StreamDecoder};
use arrow_ipc::writer::StreamWriter;
use arrow_ipc::{Block as Place, CompressionType, Message, RecordBatch as Block, root_as_footer, root_as_message};
use arrow_schema::ArrowError;
use napi::bindgen_prelude::{AsyncTask, Buffer, BufferSlice, Float64Array};
use napi_derive::napi;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tieline_common::arrow::BadTable;
use tieline_common::waist::{Error, Kind, Pushed, Results, Scan, ScanOptions, from_json};

/// A file begins with it, padded to eight bytes, and ends with it.
const MAGIC: &[u8] = b"ARROW1";

/// Before the length of a message.
const GO_ON: &[u8] = &[0xff; 4];

/// The end of messages.
const END: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// How much longer bytes may become than they are compressed; LZ4 cannot do more.
const GROWTH_MAX: u64 = 256;

/// Bytes of one message when it is not compressed any more.
const PLAIN_BYTES_MAX: u64 = 1 << 32;

/// Batches that lie in bytes.
enum Table {
    Stream { rest: Bytes, decoder: Box<StreamDecoder> },
    File { decoder: Box<FileDecoder>, batches: std::vec::IntoIter<(Place, Bytes)> },
}

impl Table {
    /// Looks at all messages.
    fn new(bytes: Vec<u8>) -> Result<Self, BadTable> {
        if bytes.starts_with(MAGIC) { Self::of_file(bytes) } else { Self::of_stream(bytes) }
    }

    fn of_stream(mut bytes: Vec<u8>) -> Result<Self, BadTable> {
        let mut end = 0;
        while let Some(length) = next_message(bytes.get(end..).unwrap_or_default())? {
            end += length;
        }
        if end == 0 {
            return Err(unreadable("they hold no message; give what `tableToIPC` gives, or a file of Arrow"));
        }
        // A message without a body is read when something comes behind it.
        bytes.truncate(end);
        bytes.extend_from_slice(END);
        Ok(Self::Stream { rest: Bytes::from_vec(bytes), decoder: Box::default() })
    }

    fn of_file(bytes: Vec<u8>) -> Result<Self, BadTable> {
        let place = footer(&bytes).ok_or_else(|| unreadable("the file is cut off, or its end is damaged"))?;
        let bytes = Bytes::from_vec(bytes);
        let damaged = |error: &dyn std::fmt::Display| unreadable(&format!("the end of the file is damaged: {error}"));
        let footer = root_as_footer(bytes.get(place).unwrap_or_default()).map_err(|error| damaged(&error))?;
        let schema = footer.schema().ok_or_else(|| damaged(&"it names no columns"))?;
        let schema = caught(|| try_fb_to_schema(schema))?;
        let mut decoder = Box::new(FileDecoder::new(Arc::new(schema), footer.version()));
        for place in footer.dictionaries().into_iter().flatten() {
            let part = part(&bytes, place)?;
            caught(|| decoder.read_dictionary(place, &part))?;
        }
        let batches = footer.recordBatches().into_iter().flatten().map(|place| Ok((*place, part(&bytes, place)?)));
        let batches = batches.collect::<Result<Vec<_>, BadTable>>()?.into_iter();
        Ok(Self::File { decoder, batches })
    }
}

impl Iterator for Table {
    type Item = Result<RecordBatch, BadTable>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Stream { rest, .. } if rest.is_empty() => None,
            Self::Stream { rest, decoder } => caught(|| decoder.decode(rest)).transpose(),
            Self::File { decoder, batches } => {
                let (place, part) = batches.next()?;
                caught(|| decoder.read_record_batch(&place, &part)).transpose()
            }
        }
    }
}

/// Reads; bytes that are wrong in a way that the reader does not look for make it panic.
fn caught<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, BadTable> {
    let read = catch_unwind(AssertUnwindSafe(read));
    Ok(read.unwrap_or_else(|_| Err(ArrowError::IpcError("its messages are damaged".to_owned())))?)
}

/// A message of a file with its body.
fn part(bytes: &Bytes, place: &Place) -> Result<Bytes, BadTable> {
    let beyond = || unreadable("the end of the file names a message that is not there");
    let length = i64::from(place.metaDataLength()).checked_add(place.bodyLength()).ok_or_else(beyond)?;
    let (first, length) = usize::try_from(place.offset()).ok().zip(usize::try_from(length).ok()).ok_or_else(beyond)?;
    let part = bytes.get(first..).and_then(|rest| rest.get(..length)).ok_or_else(beyond)?;
    next_message(part)?.ok_or_else(beyond)?;
    Ok(bytes.slice_with_length(first, length))
}

fn unreadable(what: &str) -> BadTable {
    BadTable::new(format!("the bytes are no table of Arrow: {what}"))
}

/// Where the footer of a file lies.
fn footer(bytes: &[u8]) -> Option<Range<usize>> {
    let (before, length) = bytes.strip_suffix(MAGIC)?.split_last_chunk::<4>()?;
    let first = before.len().checked_sub(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    (first >= 8).then_some(first..before.len())
}

/// How long the first message is with its body; `None` at the end.
fn next_message(bytes: &[u8]) -> Result<Option<usize>, BadTable> {
    let cut_off = || unreadable("they are cut off");
    let head = if bytes.starts_with(GO_ON) { GO_ON.len() } else { 0 };
    let rest = bytes.get(head..).unwrap_or_default();
    if bytes.is_empty() {
        return Ok(None);
    }
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut_off())?;
    if length == 0 {
        return Ok(None);
    }
    let (message, rest) = rest.split_at_checked(length).ok_or_else(cut_off)?;
    let message = root_as_message(message).map_err(|error| unreadable(&format!("a message is damaged: {error}")))?;
    let body = usize::try_from(message.bodyLength()).ok().and_then(|length| rest.get(..length)).ok_or_else(cut_off)?;
    if let Some(block) = block(message) {
        look_at_lengths(block, body)?;
    }
    Ok(Some(head + 4 + length + body.len()))
}

/// The values that come with a message.
fn block(message: Message<'_>) -> Option<Block<'_>> {
    message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch()?.data())
}

/// Whether memory for the columns of a message can be had, before it is.
fn look_at_lengths(block: Block<'_>, body: &[u8]) -> Result<(), BadTable> {
    let compression = block.compression();
    if compression.is_some_and(|compression| compression.codec() != CompressionType::LZ4_FRAME) {
        return Err(unreadable("its columns are compressed, and not with lz4; write them with lz4, or as they are"));
    }
    let (mut packed, mut plain) = (0, 0);
    for part in block.buffers().into_iter().flatten() {
        let place = usize::try_from(part.offset()).ok().zip(usize::try_from(part.length()).ok());
        let part = place.and_then(|(first, length)| body.get(first..)?.get(..length));
        let part = part.ok_or_else(|| unreadable("a column lies beyond its message"))?;
        if compression.is_none() {
            continue;
        }
        let says = part.first_chunk::<8>().map_or(0, |length| i64::from_le_bytes(*length));
        // A length of -1 is for a column that is not compressed.
        let says = u64::try_from(says).unwrap_or(part.len() as u64);
        packed += part.len() as u64;
        plain += says;
        if says / GROWTH_MAX > part.len() as u64 || packed > body.len() as u64 || plain > PLAIN_BYTES_MAX {
            return Err(unreadable(&format!("a column says that it has {says} bytes, more than it can have")));
        }
    }
    Ok(())
}

/// The rules by which detections are told in a table.
#[derive(serde::Deserialize)]
struct Head(Option<String>, String, Option<String>, Vec<String>, Option<String>);

/// Detections as a stream of messages: two numbers for each, its event and its head.
///
/// # Errors
/// When there are more than a table holds.
#[napi]
pub fn results_to_arrow(heads: String, rows: Float64Array) -> napi::Result<Buffer> {
    guarded(|| {
        let heads = list::<Head>(&heads, "heads")?;
        let mut results = Results::default();
        for [event, head] in rows.as_chunks().0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "both are whole and not negative"
            )]
            let (event, head) = (*event as u64, *head as usize);
            let Head(id, title, level, tags, source) =
                heads.get(head).ok_or_else(|| Error::new(Kind::Internal, "a detection has no head"))?;
            let texts = [id.as_deref(), level.as_deref(), source.as_deref()];
            results.push(Some(event), texts, title, tags.iter().map(String::as_str));
        }
        let table = results.finish()?;
        let write = || {
            let mut writer = StreamWriter::try_new(Vec::new(), &table.schema())?;
            writer.write(&table)?;
            writer.into_inner()
        };
        write().map(Buffer::from).map_err(|error: ArrowError| Error::new(Kind::Internal, error.to_string()))
    })
}

#[napi]
impl NativeRules {
    /// Scans a table.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn scan_arrow(&self, table: BufferSlice<'_>, options: String) -> napi::Result<Found> {
        guarded(|| {
            let options = from_json::<ScanOptions>(&options)?;
            Found::new(&self.inner.scan_batches(Table::new(table.to_vec())?, &options)?)
        })
    }

    /// Scans a table on another thread, until it is stopped.
    #[napi(ts_return_type = "Promise<Found>")]
    #[must_use]
    pub fn scan_arrow_later(
        &self,
        table: BufferSlice<'_>,
        options: String,
        stop: &NativeStop,
    ) -> AsyncTask<Later<Scan>> {
        let (rules, stop, table) = (Arc::clone(&self.inner), Arc::clone(&stop.flag), table.to_vec());
        later(move || {
            let is_stopped = &mut || stop.load(Ordering::Relaxed);
            rules.scan_batches_until(Table::new(table)?, &from_json::<ScanOptions>(&options)?, is_stopped)
        })
    }
}

#[napi]
impl NativeStream {
    /// Pushes a table.
    ///
    /// # Errors
    /// As in the waist.
    #[napi]
    pub fn push_arrow(&self, table: BufferSlice<'_>) -> napi::Result<FoundOverTime> {
        guarded(|| self.inner.push_batches(Table::new(table.to_vec())?)?.shown())
    }

    /// Pushes a table on another thread, unless it is stopped before.
    #[napi(ts_return_type = "Promise<FoundOverTime>")]
    #[must_use]
    pub fn push_arrow_later(&self, table: BufferSlice<'_>, stop: &NativeStop) -> AsyncTask<Later<Pushed>> {
        let (stream, stop, table) = (Arc::clone(&self.inner), Arc::clone(&stop.flag), table.to_vec());
        later(move || {
            go_on(&stop)?;
            stream.push_batches(Table::new(table)?)
        })
    }
}
