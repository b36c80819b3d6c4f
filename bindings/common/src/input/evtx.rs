//! Binary Windows event logs, each record as the JSON object that `evtx_dump -o jsonl` prints.
//!
//! ```text
//!  | file header 4 KiB | chunk 64 KiB: records | chunk | ...
//!                          └▶ {"Event":{"#attributes":{..},"System":{..},"EventData":{..}}}
//! ```
//!
//! A chunk or a record that cannot be read is a fault, and reading goes on with the next. Chunks are
//! read in the order of their records, which in a log that has wrapped is not that of the file.
//! Checksums are not judged: a log copied from a running machine has stale ones.

use std::error::Error;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use ::evtx::{EvtxChunkData, EvtxParser, IntoIterChunks, ParserSettings};

use super::batch::Batch;
use super::error::Broken;
use super::fault::{Fault, FaultKind};
use super::options::{BATCH_FAULTS_MAX, Limits};
use super::source::{Progress, Source, Stop};

const HEADER_BYTES: u64 = 4096;
const CHUNK_BYTES: u64 = 65_536;

/// A log that can be read at any place.
trait Log: Read + Seek + Send {}

impl<T: Read + Seek + Send> Log for T {}

/// Converts a log chunk by chunk.
pub(super) struct Evtx {
    chunks: IntoIterChunks<Box<dyn Log>>,
    settings: Arc<ParserSettings>,
    limits: Limits,
    /// Of a file read where it lies: where to count, and its size.
    progress: Option<(Arc<Progress>, u64)>,
    chunks_read: u64,
    /// Records begun so far.
    number: u64,
    /// The records of the chunk read last, and how many of them were handed out.
    chunk: Batch,
    given: usize,
    /// Faults not yet handed out.
    faults: Vec<Fault>,
    /// What is wrong with the end of the log.
    tail: Option<(FaultKind, String)>,
    incomplete: bool,
}

impl Evtx {
    /// Reads a file where it lies.
    pub(super) fn from_file(file: File, progress: Arc<Progress>, limits: Limits) -> Result<Evtx, Broken> {
        let bytes = file.metadata()?.len();
        let mut evtx = Evtx::new(Box::new(file), limits)?;
        evtx.progress = Some((progress, bytes));
        Ok(evtx)
    }

    /// Reads a stream or a packed file, which has to be held in memory whole.
    pub(super) fn from_source(mut source: Source, head: Vec<u8>, limits: Limits) -> Result<Evtx, Broken> {
        let mut bytes = head;
        let stop = read_whole(&mut source, &mut bytes, limits.evtx_buffer_bytes_max)?;
        let mut evtx = Evtx::new(Box::new(Cursor::new(bytes)), limits)?;
        match stop {
            Some(Stop::Failed(error)) => return Err(Broken::Io(error)),
            Some(Stop::CutOff(what)) => evtx.tail = Some((FaultKind::CutOff, what)),
            Some(Stop::Damaged(what)) => evtx.tail = Some((FaultKind::Damaged, what)),
            None | Some(Stop::ForNow) => {}
        }
        Ok(evtx)
    }

    fn new(mut log: Box<dyn Log>, limits: Limits) -> Result<Evtx, Broken> {
        let bytes = log.seek(SeekFrom::End(0))?;
        log.seek(SeekFrom::Start(0))?;
        if bytes < HEADER_BYTES {
            return Err(Broken::Format(format!("an EVTX log that ends inside its header, after {bytes} bytes")));
        }
        let parser = EvtxParser::from_read_seek(log)
            .map_err(|error| Broken::Format(format!("an EVTX log with a damaged header: {}", causes(&error))))?;
        let found = (bytes - HEADER_BYTES) / CHUNK_BYTES;
        let stated = u64::from(parser.header().chunk_count);
        let rest = (bytes - HEADER_BYTES) % CHUNK_BYTES;
        let tail = if rest > 0 {
            Some(format!("the log ends inside chunk {}, after {rest} of its {CHUNK_BYTES} bytes", found + 1))
        } else if found < stated {
            Some(format!("the log ends after {found} of {stated} chunks"))
        } else {
            None
        };
        Ok(Evtx {
            chunks: parser.into_chunks(),
            settings: Arc::new(ParserSettings::default()),
            limits,
            progress: None,
            chunks_read: 0,
            number: 0,
            chunk: Batch::default(),
            given: 0,
            faults: Vec::new(),
            tail: tail.map(|message| (FaultKind::CutOff, message)),
            incomplete: false,
        })
    }

    /// Whether a chunk was damaged, or the log turned out to end too early.
    pub(super) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    pub(super) fn next_batch(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> bool {
        batch.clear_bytes();
        let faults_before = faults.len();
        let faults_max = faults_before.saturating_add(BATCH_FAULTS_MAX);
        while batch.bytes.len() < self.limits.batch_bytes
            && batch.len() < self.limits.batch_records_max
            && faults.len() < faults_max
        {
            if let Some(record) = self.chunk.get(self.given) {
                let start = batch.bytes.len();
                batch.bytes.extend_from_slice(record.bytes);
                batch.push_span(start..batch.bytes.len(), record.number);
                self.given += 1;
                continue;
            }
            if !self.next_chunk() {
                break;
            }
            faults.append(&mut self.faults);
        }
        !batch.is_empty() || faults.len() > faults_before
    }

    /// Reads the next chunk into `self.chunk` and `self.faults`; `false` at the end.
    fn next_chunk(&mut self) -> bool {
        self.chunk.clear_bytes();
        self.given = 0;
        let Some(chunk) = self.chunks.next() else {
            return self.end();
        };
        self.chunks_read += 1;
        if let Some((progress, bytes)) = &self.progress {
            progress.set_bytes(HEADER_BYTES.saturating_add(self.chunks_read * CHUNK_BYTES).min(*bytes));
        }
        match chunk {
            Err(error) => self.fault(None, &causes(&error)),
            Ok(mut chunk) => {
                let byte = chunk.number.map(|number| HEADER_BYTES + number * CHUNK_BYTES);
                // The parser is not ours: should foreign bytes break an assumption of it, one
                // chunk is lost instead of the process.
                let read = panic::catch_unwind(AssertUnwindSafe(|| self.read_chunk(&mut chunk, byte)));
                if read.is_err() {
                    self.fault(byte, "the chunk cannot be read");
                }
            }
        }
        true
    }

    /// Puts what is wrong with the end of the log into `self.faults`, once.
    fn end(&mut self) -> bool {
        if let Some((progress, bytes)) = &self.progress {
            progress.set_bytes(*bytes);
        }
        let Some((kind, message)) = self.tail.take() else {
            return false;
        };
        self.incomplete = true;
        self.faults.push(Fault { number: self.number + 1, byte: None, message, kind });
        true
    }

    fn read_chunk(&mut self, data: &mut EvtxChunkData, byte: Option<u64>) {
        let mut chunk = match data.parse(Arc::clone(&self.settings)) {
            Ok(chunk) => chunk,
            Err(error) => return self.fault(byte, &causes(&error)),
        };
        for record in chunk.iter() {
            let json = match record.and_then(|record| record.into_json_bytes()) {
                Ok(json) => json.data,
                Err(error) => {
                    self.number += 1;
                    let message = causes(&error);
                    self.faults.push(Fault { number: self.number, byte, message, kind: FaultKind::Damaged });
                    continue;
                }
            };
            self.number += 1;
            let limit = self.limits.record_bytes_max;
            if json.len() > limit {
                let message = format!("record of {} bytes is longer than the limit of {limit} bytes", json.len());
                self.faults.push(Fault { number: self.number, byte, message, kind: FaultKind::TooLong });
                continue;
            }
            let start = self.chunk.bytes.len();
            self.chunk.bytes.extend_from_slice(&json);
            self.chunk.push_span(start..self.chunk.bytes.len(), self.number);
        }
    }

    /// A fault before the next record.
    fn fault(&mut self, byte: Option<u64>, message: &str) {
        let number = self.number + 1;
        self.incomplete = true;
        self.faults.push(Fault { number, byte, message: message.to_owned(), kind: FaultKind::Damaged });
    }
}

/// Reads until the end or until the source stops, which it gives.
fn read_whole(source: &mut Source, bytes: &mut Vec<u8>, bytes_max: usize) -> Result<Option<Stop>, Broken> {
    let mut filled = bytes.len();
    let stop = loop {
        if filled > bytes_max {
            let what = "an EVTX log that is packed or piped has to be held in memory";
            return Err(Broken::TooLarge(format!(
                "{what}, and it is larger than {bytes_max} bytes; unpack it to a file"
            )));
        }
        if filled == bytes.len() {
            let doubled = filled.saturating_mul(2).min(bytes_max.saturating_add(1));
            bytes.resize(doubled.max(filled.saturating_add(4096)), 0);
        }
        match source.read(bytes.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break None,
            Ok(read) => filled += read,
            Err(stop) => break Some(stop),
        }
    };
    bytes.truncate(filled);
    Ok(stop)
}

/// An error and its causes in one line.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text.replace(['\n', '\r'], " ")
}
