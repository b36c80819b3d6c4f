//! One file that is followed: what has come of it, and what comes.
//!
//! ```text
//!  Unsettled ── first line is whole ─▶ Grows ── truncated ─▶ Unsettled
//!      └─────── cannot grow ─▶ Settling ── its size stays ─▶ Done
//! ```
//!
//! A tail is bound to a file and not to a name; names are the business of `follow`.

use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant, SystemTime};

use super::change::Change;
use super::feed::{Memory, Message};
use crate::input::{Format, Growing, Growth, Identity, InputOptions, Reader};

/// A file that cannot grow is read when its size has not changed for so long, as it may just be copied.
const STEADY: Duration = Duration::from_secs(1);

/// Batches of one file, beyond what it held when it was looked at, before the next file has its turn.
const BATCHES_MORE: usize = 4;

/// Where messages go.
pub(super) struct Outlet {
    pub(super) sender: SyncSender<Message>,
    pub(super) used: Receiver<Memory>,
    pub(super) quit: Arc<AtomicBool>,
    pub(super) options: InputOptions,
    /// Memory that was taken and not filled.
    kept: Option<Memory>,
    /// Files opened so far.
    opened: u32,
}

impl Outlet {
    pub(super) fn new(
        sender: SyncSender<Message>,
        used: Receiver<Memory>,
        quit: Arc<AtomicBool>,
        options: InputOptions,
    ) -> Self {
        Self { sender, used, quit, options, kept: None, opened: 0 }
    }

    pub(super) fn send(&mut self, message: Message) {
        if self.sender.send(message).is_err() {
            // Nobody listens any more.
            self.quit.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn change(&mut self, file: &str, change: Change) {
        self.send(Message::Changed { file: file.to_owned(), change });
    }

    pub(super) fn is_over(&self) -> bool {
        self.quit.load(Ordering::Relaxed)
    }

    fn memory(&mut self) -> Memory {
        self.kept.take().or_else(|| self.used.try_recv().ok()).unwrap_or_default()
    }

    fn open(&mut self, file: &str, format: Format) -> u32 {
        self.opened += 1;
        self.send(Message::Opened { at: self.opened, file: file.to_owned(), format });
        self.opened
    }
}

pub(super) struct Tail {
    name: String,
    pub(super) identity: Identity,
    state: State,
}

enum State {
    /// Too little is there to tell what it is.
    Unsettled {
        length: Option<u64>,
    },
    /// It cannot grow, and is read once nobody writes it.
    Settling {
        change: Change,
        seen: Seen,
        since: Instant,
    },
    Grows(Grows),
    /// It was read, as far as that was possible.
    Done {
        seen: Seen,
        told: bool,
    },
}

struct Grows {
    at: u32,
    reader: Box<Reader>,
    growing: Growing,
    /// Whether something was left for the next turn.
    pending: bool,
    /// When something came last.
    grown: Instant,
}

/// What of a file changes when it is written.
type Seen = (u64, Option<SystemTime>);

fn seen(metadata: &Metadata) -> Seen {
    (metadata.len(), metadata.modified().ok())
}

impl Tail {
    pub(super) fn new(name: String, metadata: &Metadata) -> Self {
        Self { name, identity: Identity::of(metadata), state: State::Unsettled { length: None } }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn rename(&mut self, path: &Path) {
        if let State::Grows(grows) = &self.state {
            grows.growing.rename(path);
        }
    }

    /// When something came last, while the file is held open.
    pub(super) fn open_since(&self) -> Option<Instant> {
        match &self.state {
            State::Grows(grows) if !grows.growing.is_parked() => Some(grows.grown),
            _ => None,
        }
    }

    pub(super) fn park(&self) {
        if let State::Grows(grows) = &self.state {
            grows.growing.park();
        }
    }

    /// Whether there is more to read without waiting.
    pub(super) fn is_pending(&self) -> bool {
        matches!(&self.state, State::Grows(grows) if grows.pending)
    }

    /// Reads what has come.
    pub(super) fn look(&mut self, path: &Path, metadata: &Metadata, patience: Patience, out: &mut Outlet) {
        match &mut self.state {
            State::Unsettled { length } => {
                if *length != Some(metadata.len()) {
                    self.open(path, metadata, patience, out);
                }
            }
            State::Settling { change, seen: before, since } => {
                if *before != seen(metadata) {
                    (*before, *since) = (seen(metadata), Instant::now());
                } else if since.elapsed() >= STEADY {
                    let change = *change;
                    self.read_once(path, change, metadata, out);
                }
            }
            State::Grows(grows) => {
                let read = grows.reader.bytes_read();
                if metadata.len() < read {
                    self.finish(None, out);
                    out.change(&self.name, Change::Truncated);
                    self.open(path, metadata, patience, out);
                } else if metadata.len() > read || grows.pending {
                    self.read(metadata.len(), out);
                }
            }
            State::Done { seen: before, told } => {
                if *before != seen(metadata) && !std::mem::replace(told, true) {
                    out.change(&self.name, Change::ChangedLater);
                }
            }
        }
    }

    fn open(&mut self, path: &Path, metadata: &Metadata, patience: Patience, out: &mut Outlet) {
        let change = match Reader::grow(path, &out.options) {
            Ok(Growth::Lines(reader, growing)) => {
                self.identity = growing.identity();
                let at = out.open(&self.name, reader.format());
                self.state = State::Grows(Grows { at, reader, growing, pending: true, grown: Instant::now() });
                return self.read(metadata.len(), out);
            }
            Ok(Growth::Unsettled(_)) => return self.state = State::Unsettled { length: Some(metadata.len()) },
            Ok(Growth::Packed) => Change::Packed,
            Ok(Growth::Whole(format)) => Change::Whole(format),
            Err(error) => {
                out.send(Message::Failed(error));
                return self.state = State::Done { seen: seen(metadata), told: true };
            }
        };
        match patience {
            Patience::None => self.read_once(path, change, metadata, out),
            Patience::Some => self.state = State::Settling { change, seen: seen(metadata), since: Instant::now() },
        }
    }

    /// Reads a file that cannot grow.
    fn read_once(&mut self, path: &Path, change: Change, metadata: &Metadata, out: &mut Outlet) {
        self.state = State::Done { seen: seen(metadata), told: false };
        out.change(&self.name, change);
        let mut reader = match Reader::open(path, &out.options) {
            Ok(reader) => reader,
            Err(error) => return out.send(Message::Failed(error)),
        };
        let at = out.open(&self.name, reader.format());
        while !out.is_over() {
            match next(&mut reader, at, out) {
                Ok(true) => {}
                Ok(false) => break,
                Err(()) => return,
            }
        }
        if reader.is_incomplete() {
            out.send(Message::Incomplete);
        }
        out.send(Message::Closed { at });
    }

    /// Reads until nothing is left, or the file has had its turn.
    fn read(&mut self, length: u64, out: &mut Outlet) {
        let State::Grows(grows) = &mut self.state else { return };
        let mut more = 0;
        while more < BATCHES_MORE && !out.is_over() {
            match next(&mut grows.reader, grows.at, out) {
                Ok(true) => {
                    grows.grown = Instant::now();
                    more += usize::from(grows.reader.bytes_read() >= length);
                }
                Ok(false) => {
                    grows.pending = false;
                    grows.reader.shrink();
                    return;
                }
                Err(()) => return self.state = State::Done { seen: (length, None), told: true },
            }
        }
        grows.pending = true;
    }

    /// Reads on in a file that has lost its name; `false` when nothing came for `grace`.
    pub(super) fn read_nameless(&mut self, grace: Duration, out: &mut Outlet) -> bool {
        self.read(u64::MAX, out);
        matches!(&self.state, State::Grows(grows) if grows.pending || grows.grown.elapsed() < grace)
    }

    /// The grace begins now.
    pub(super) fn lose_name(&mut self) {
        if let State::Grows(grows) = &mut self.state {
            grows.grown = Instant::now();
        }
    }

    /// Takes the last line as it is: it is read when it is whole but for its end, and else told.
    pub(super) fn finish(&mut self, path: Option<&Path>, out: &mut Outlet) {
        let before = std::mem::replace(&mut self.state, State::Unsettled { length: None });
        match before {
            State::Grows(mut grows) if !grows.pending => {
                let is_json = grows.reader.format().is_json();
                if is_json && is_half(grows.reader.held()) {
                    out.change(&self.name, Change::HalfLine);
                } else {
                    grows.growing.end();
                    while let Ok(true) = next(&mut grows.reader, grows.at, out) {}
                }
                out.send(Message::Closed { at: grows.at });
            }
            State::Grows(grows) => out.send(Message::Closed { at: grows.at }),
            State::Unsettled { length: Some(1..) } => self.finish_unsettled(path, out),
            State::Settling { .. } => out.change(&self.name, Change::StillWritten),
            State::Unsettled { .. } | State::Done { .. } => {}
        }
    }

    /// A file of one line without an end.
    fn finish_unsettled(&mut self, path: Option<&Path>, out: &mut Outlet) {
        let head = match path.map(|path| Reader::grow(path, &out.options)) {
            Some(Ok(Growth::Unsettled(head))) => head,
            _ => b"{".to_vec(),
        };
        if head.trim_ascii().is_empty() {
            return;
        }
        match path.map(|path| Reader::open(path, &out.options)) {
            Some(Ok(mut reader)) if !is_half(&head) => {
                let at = out.open(&self.name, reader.format());
                while let Ok(true) = next(&mut reader, at, out) {}
                out.send(Message::Closed { at });
            }
            _ => out.change(&self.name, Change::HalfLine),
        }
    }
}

/// Whether a file that cannot grow may still be on its way: not when it was there from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    None,
    Some,
}

/// Hands a batch on; `false` when there was none, an error when reading failed.
fn next(reader: &mut Reader, at: u32, out: &mut Outlet) -> Result<bool, ()> {
    let (mut batch, mut faults) = out.memory();
    match reader.next_batch(&mut batch, &mut faults) {
        Ok(true) => out.send(Message::Batch { at, batch, faults, bytes: reader.bytes_read() }),
        Ok(false) => {
            out.kept = Some((batch, faults));
            return Ok(false);
        }
        Err(error) => {
            out.send(Message::Failed(error));
            out.send(Message::Closed { at });
            return Err(());
        }
    }
    Ok(true)
}

/// Whether a line of JSON breaks off.
fn is_half(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    !line.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err()
}
