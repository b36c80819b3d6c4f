//! The bytes of one input: opened, unpacked, recoded to UTF-8, and counted.
//!
//! ```text
//!  file or stdin ─▶ count ─▶ [gunzip | unzstd] ─▶ [UTF-16 to UTF-8] ─▶ head (64 KiB) and the rest
//! ```
//!
//! It finds packing and encoding by their first bytes only. What the bytes mean is not known here.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use encoding_rs::Encoding;

use super::options::{HEAD_BYTES_MAX, PACKED_BLOCK_BYTES};
use super::unpack::{Gzip, Recoded, Zstd};

/// Any input a source can be made of.
pub(super) type Bytes = Box<dyn Read + Send>;

/// Whether an input is read to its end without waiting, or grows while it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// A regular file.
    File,
    /// A pipe, a terminal or a socket: whole records are given out as soon as they have come.
    Live,
    /// A regular file that may grow: at its present end it says [`io::ErrorKind::WouldBlock`].
    Growing,
}

/// How an input is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// Why no more bytes come, other than that all were read.
#[derive(Debug)]
pub(super) enum Stop {
    /// The operating system failed.
    Failed(io::Error),
    /// A packed input ends too early.
    CutOff(String),
    /// A packed input is damaged.
    Damaged(String),
    /// Nothing but the present end of a file that may grow.
    ForNow,
}

/// What was read so far of the input as it is stored.
#[derive(Debug, Default)]
pub(super) struct Progress {
    bytes: AtomicU64,
    failed: AtomicBool,
    incomplete: AtomicBool,
}

impl Progress {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn set_bytes(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Whether packed data ended too early or was damaged, so that what followed was not read.
    pub(super) fn is_incomplete(&self) -> bool {
        self.incomplete.load(Ordering::Relaxed)
    }
}

/// Counts what passes, and notes errors that are not those of a decoder above it.
struct Counted {
    inner: Bytes,
    progress: Arc<Progress>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(read) => {
                self.progress.bytes.fetch_add(read as u64, Ordering::Relaxed);
                Ok(read)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.progress.failed.store(true, Ordering::Relaxed);
                }
                Err(error)
            }
        }
    }
}

/// An unpacked input.
pub(super) struct Source {
    inner: Bytes,
    progress: Arc<Progress>,
    packing: Packing,
    pace: Pace,
    /// An error met while the head was read; it comes after the head's bytes.
    pending: Option<io::Error>,
}

impl Source {
    /// Opens an input and reads its head: up to 64 KiB of unpacked bytes, of a live input no more
    /// than until its first line is whole. `progress` must be fresh.
    pub(super) fn open(raw: Bytes, pace: Pace, progress: Arc<Progress>) -> (Source, Vec<u8>) {
        let counted = Counted { inner: raw, progress: Arc::clone(&progress) };
        let mut source = Source { inner: Box::new(counted), progress, packing: Packing::Plain, pace, pending: None };
        let mut head = Vec::new();
        source.extend_head(&mut head, |head| head.len() >= 8 || (pace == Pace::Live && has_line(head)));
        source.packing = packing_of(&head);
        if source.packing != Packing::Plain {
            source.unpack(&mut head);
            source.extend_head(&mut head, |head| head.len() >= 8 || (pace == Pace::Live && has_line(head)));
        }
        if let Some(encoding) = encoding_of(&head) {
            source.wrap(&mut head, |bytes| Box::new(Recoded::new(bytes, encoding)));
        }
        source.extend_head(&mut head, |head| pace == Pace::Live && has_line(head));
        (source, head)
    }

    pub(super) fn packing(&self) -> Packing {
        self.packing
    }

    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Reads some bytes; 0 is the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        loop {
            let result = match self.pending.take() {
                Some(error) => Err(error),
                None => self.inner.read(buffer),
            };
            match result {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.is_for_now(&error) => return Err(Stop::ForNow),
                Err(error) => return Err(self.stop(error)),
            }
        }
    }

    fn is_for_now(&self, error: &io::Error) -> bool {
        self.pace == Pace::Growing && error.kind() == io::ErrorKind::WouldBlock
    }

    fn stop(&self, error: io::Error) -> Stop {
        let name = match self.packing {
            Packing::Gzip => "gzip",
            Packing::Zstd => "Zstandard",
            Packing::Plain => return Stop::Failed(error),
        };
        if self.progress.failed.load(Ordering::Relaxed) {
            return Stop::Failed(error);
        }
        self.progress.incomplete.store(true, Ordering::Relaxed);
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Stop::CutOff(format!("the {name} data ends too early"))
        } else {
            Stop::Damaged(format!("the {name} data is damaged: {error}"))
        }
    }

    /// Reads more of the head until `enough`, the end, an error, or the size limit.
    fn extend_head(&mut self, head: &mut Vec<u8>, enough: impl Fn(&[u8]) -> bool) {
        while self.pending.is_none() && head.len() < HEAD_BYTES_MAX && !enough(head) {
            let filled = head.len();
            head.resize(HEAD_BYTES_MAX, 0);
            let result = self.inner.read(head.get_mut(filled..).unwrap_or_default());
            head.truncate(filled + result.as_ref().map_or(0, |read| *read));
            match result {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Not an error of the file, so it must not end what is wrapped around it.
                Err(error) if self.is_for_now(&error) => return,
                Err(error) => self.pending = Some(error),
            }
        }
    }

    fn unpack(&mut self, head: &mut Vec<u8>) {
        let packing = self.packing;
        self.wrap(head, |bytes| {
            let blocks = BufReader::with_capacity(PACKED_BLOCK_BYTES, bytes);
            match packing {
                Packing::Plain => Box::new(blocks),
                Packing::Gzip => Box::new(Gzip::new(blocks)),
                Packing::Zstd => Box::new(Zstd::new(blocks)),
            }
        });
    }

    /// Puts the head back before the rest and wraps both; the head starts anew.
    fn wrap(&mut self, head: &mut Vec<u8>, wrapper: impl FnOnce(Bytes) -> Bytes) {
        let rest = std::mem::replace(&mut self.inner, Box::new(io::empty()));
        let rest: Bytes = match self.pending.take() {
            Some(error) => Box::new(FailsOnce { error: Some(error) }),
            None => rest,
        };
        self.inner = wrapper(Box::new(Cursor::new(std::mem::take(head)).chain(rest)));
    }
}

/// Gives an error that was met earlier, then ends.
struct FailsOnce {
    error: Option<io::Error>,
}

impl Read for FailsOnce {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.error.take().map_or(Ok(0), Err)
    }
}

fn packing_of(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        // A frame, or a skippable frame before one.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        _ => Packing::Plain,
    }
}

/// The encoding of text that is not UTF-8: told by its byte order mark, or by two characters of which every
/// other byte is zero, because Windows tools leave the mark out.
fn encoding_of(head: &[u8]) -> Option<&'static Encoding> {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    match head {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        [first, 0, second, 0, ..] if is_text(first) && is_text(second) => Some(encoding_rs::UTF_16LE),
        [0, first, 0, second, ..] if is_text(first) && is_text(second) => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// Whether a line with more than blanks on it is whole.
fn has_line(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    memchr::memchr(b'\n', text).is_some()
}
