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
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::time::Duration;

use super::ScanOptions;
use crate::input::{Batch, Fault, Format, InputError, InputOptions, Reader};

/// Batches that wait to be evaluated.
const AHEAD: usize = 2;

/// How often a waiting scan looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(50);

pub(super) enum Message {
    Opened {
        file: String,
        format: Format,
    },
    Batch {
        batch: Batch,
        faults: Vec<Fault>,
        bytes: u64,
    },
    /// Not all of the file could be read; a fault has said why.
    Incomplete,
    Failed(InputError),
}

type Memory = (Batch, Vec<Fault>);

pub(super) enum Feed {
    Here { files: Files, memory: Option<Memory> },
    Ahead { messages: Receiver<Message>, memory: std::sync::mpsc::Sender<Memory>, stop: Arc<AtomicBool> },
}

impl Feed {
    pub(super) fn start(files: &[PathBuf], options: &ScanOptions) -> Self {
        let all = Files { files: Vec::from(files).into_iter(), reader: None, options: options.input.clone() };
        let waits = files.iter().any(|file| is_stdin(file) || !file.is_file());
        if options.threads <= 1 && !waits {
            return Self::Here { files: all, memory: None };
        }
        let (sender, messages) = sync_channel(AHEAD);
        let (memory, used) = channel();
        // The thread is not joined: it may wait for input that never comes, and it ends when nobody listens.
        std::thread::spawn(move || read_ahead(all, &sender, &used));
        Self::Ahead { messages, memory, stop: Arc::clone(&options.stop) }
    }

    /// The next message; `None` at the end, or when the scan is to stop.
    pub(super) fn next(&mut self) -> Option<Message> {
        match self {
            Self::Here { files, memory } => files.next(memory.take().unwrap_or_default()),
            Self::Ahead { messages, stop, .. } => loop {
                match messages.recv_timeout(PATIENCE) {
                    Ok(message) => return Some(message),
                    Err(RecvTimeoutError::Disconnected) => return None,
                    Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => return None,
                    Err(RecvTimeoutError::Timeout) => {}
                }
            },
        }
    }

    /// Takes memory of a batch back to fill it again.
    pub(super) fn give_back(&mut self, batch: Batch, mut faults: Vec<Fault>) {
        faults.clear();
        match self {
            Self::Here { memory, .. } => *memory = Some((batch, faults)),
            Self::Ahead { memory, .. } => {
                // When the reading thread has ended there is nothing to fill.
                let _ = memory.send((batch, faults));
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

/// All files, one after another.
pub(super) struct Files {
    files: std::vec::IntoIter<PathBuf>,
    reader: Option<Reader>,
    options: InputOptions,
}

impl Files {
    fn next(&mut self, (mut batch, mut faults): Memory) -> Option<Message> {
        loop {
            let Some(reader) = &mut self.reader else {
                let path = self.files.next()?;
                return Some(match self.open(&path) {
                    Ok(reader) => {
                        let format = reader.format();
                        self.reader = Some(reader);
                        Message::Opened { file: path.display().to_string(), format }
                    }
                    Err(error) => Message::Failed(error),
                });
            };
            match reader.next_batch(&mut batch, &mut faults) {
                Ok(true) => return Some(Message::Batch { batch, faults, bytes: reader.bytes_read() }),
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
