//! Reads files batch by batch, ahead of who evaluates them.
//!
//! ```text
//!  reading thread:    read 3 ─┐    read 4
//!  calling thread:  evaluate 2 └▶ evaluate 3      at most two batches wait
//! ```
//!
//! With one thread, files are read by the caller itself; standard input always has a thread of its own, so that
//! a scan can be interrupted while it waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::ScanOptions;
use super::change::Change;
use super::follow::Follower;
use super::tail::Outlet;
use crate::input::{Batch, Fault, Format, InputError, InputOptions, Reader};

/// Batches that wait to be evaluated.
const AHEAD: usize = 2;

/// The number of the first stream, beyond those of files that are followed.
const STREAM: u32 = u32::MAX / 2;

/// How often a waiting scan looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(50);

pub(super) enum Message {
    /// `at` is its number, from here until it is closed.
    Opened {
        at: u32,
        file: String,
        format: Format,
    },
    Batch {
        at: u32,
        batch: Batch,
        faults: Vec<Fault>,
        bytes: u64,
    },
    /// Not all of the file could be read; a fault has said why.
    Incomplete,
    Failed(InputError),
    Closed {
        at: u32,
    },
    /// Something happened to a file that is followed.
    Changed {
        file: String,
        change: Change,
    },
    /// Nothing came for a moment.
    Quiet,
    /// All that was to be followed is told.
    End,
}

pub(super) type Memory = (Batch, Vec<Fault>);

pub(super) enum Feed {
    Here { files: Files, memory: Option<Memory> },
    Ahead { messages: Receiver<Message>, memory: SyncSender<Memory> },
    Follow { messages: Receiver<Message>, memory: SyncSender<Memory>, quit: Arc<AtomicBool> },
}

impl Feed {
    pub(super) fn start(files: &[PathBuf], options: &ScanOptions) -> Self {
        if options.follow.is_some() && !files.iter().all(|file| is_stream(file)) {
            return Self::follow(files, options);
        }
        let all = Files::new(files, STREAM, options);
        let waits = files.iter().any(|file| is_stdin(file) || !file.is_file());
        if options.threads <= 1 && !waits {
            return Self::Here { files: all, memory: None };
        }
        let (sender, messages) = sync_channel(AHEAD);
        let (memory, used) = sync_channel(AHEAD + 1);
        // The thread is not joined: it may wait for input that never comes, and it ends when nobody listens.
        std::thread::spawn(move || read_ahead(all, &sender, &used));
        Self::Ahead { messages, memory }
    }

    /// Files are followed on one thread; streams have one each, as nobody knows when they go on.
    fn follow(files: &[PathBuf], options: &ScanOptions) -> Self {
        let (sender, messages) = sync_channel(AHEAD);
        let (memory, used) = sync_channel(AHEAD + 1);
        let quit = Arc::new(AtomicBool::new(false));
        let (streams, named): (Vec<PathBuf>, Vec<PathBuf>) = files.iter().cloned().partition(|file| is_stream(file));
        for (stream, at) in streams.into_iter().zip(STREAM..) {
            let (files, sender) = (Files::new(&[stream], at, options), sender.clone());
            // Nothing comes back here: memory is for who reads the most.
            let (_, unused) = sync_channel(0);
            std::thread::spawn(move || read_ahead(files, &sender, &unused));
        }
        let follower = Follower::new(named, Outlet::new(sender, used, Arc::clone(&quit), options.input.clone()));
        std::thread::spawn(move || follower.run());
        Self::Follow { messages, memory, quit }
    }

    /// Whether files are followed, so that there is no end but by [`Feed::quit`].
    pub(super) fn follows(&self) -> bool {
        matches!(self, Self::Follow { .. })
    }

    /// Asks for what is left to tell, and then [`Message::End`].
    pub(super) fn quit(&self) {
        if let Self::Follow { quit, .. } = self {
            quit.store(true, Ordering::Relaxed);
        }
    }

    /// The next message; `None` at the end. It never waits for long, so that a scan can stop or keep its state meanwhile.
    pub(super) fn next(&mut self) -> Option<Message> {
        match self {
            Self::Here { files, memory } => files.next(memory.take().unwrap_or_default()),
            Self::Ahead { messages, .. } | Self::Follow { messages, .. } => match messages.recv_timeout(PATIENCE) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => Some(Message::Quiet),
                Err(RecvTimeoutError::Disconnected) => None,
            },
        }
    }

    /// Takes memory of a batch back to fill it again.
    pub(super) fn give_back(&mut self, batch: Batch, mut faults: Vec<Fault>) {
        faults.clear();
        match self {
            Self::Here { memory, .. } => *memory = Some((batch, faults)),
            Self::Ahead { memory, .. } | Self::Follow { memory, .. } => {
                // When the reading thread has ended, or has enough, there is nothing to fill.
                let _ = memory.try_send((batch, faults));
            }
        }
    }
}

fn read_ahead(mut files: Files, sender: &SyncSender<Message>, used: &Receiver<Memory>) {
    while let Some(message) = files.next(used.try_recv().unwrap_or_default()) {
        if sender.send(message).is_err() {
            return;
        }
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether reading it may wait for who writes it: standard input, or a pipe with a name.
fn is_stream(path: &Path) -> bool {
    is_stdin(path) || path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// All files, one after another.
pub(super) struct Files {
    files: std::vec::IntoIter<PathBuf>,
    reader: Option<Reader>,
    options: InputOptions,
    /// The number that all have, as one is open at a time.
    at: u32,
}

impl Files {
    fn new(files: &[PathBuf], at: u32, options: &ScanOptions) -> Self {
        Self { files: Vec::from(files).into_iter(), reader: None, options: options.input.clone(), at }
    }

    fn next(&mut self, (mut batch, mut faults): Memory) -> Option<Message> {
        loop {
            let Some(reader) = &mut self.reader else {
                let path = self.files.next()?;
                return Some(match self.open(&path) {
                    Ok(reader) => {
                        let format = reader.format();
                        self.reader = Some(reader);
                        Message::Opened { at: self.at, file: path.display().to_string(), format }
                    }
                    Err(error) => Message::Failed(error),
                });
            };
            match reader.next_batch(&mut batch, &mut faults) {
                Ok(true) => return Some(Message::Batch { at: self.at, batch, faults, bytes: reader.bytes_read() }),
                Ok(false) => {
                    let incomplete = reader.is_incomplete();
                    self.reader = None;
                    if incomplete {
                        return Some(Message::Incomplete);
                    }
                }
                Err(error) => {
                    self.reader = None;
                    return Some(Message::Failed(error));
                }
            }
        }
    }

    fn open(&self, path: &Path) -> Result<Reader, InputError> {
        if is_stdin(path) {
            Reader::from_read("-", Box::new(std::io::stdin()), &self.options)
        } else {
            Reader::open(path, &self.options)
        }
    }
}
