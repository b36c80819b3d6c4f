//! Opens one input and reads it batch by batch, whatever its format.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::Batch;
use super::error::{InputError, InputErrorKind};
use super::fault::Fault;
use super::format::{Extension, Format};
use super::lines::Lines;
use super::ndjson::Ndjson;
use super::options::{InputOptions, Limits};
use super::sniff;
use super::source::{Pace, Progress, Source};
use super::window::Window;

/// One input being read.
pub struct Reader {
    name: PathBuf,
    format: Format,
    progress: Arc<Progress>,
    total: Option<u64>,
    body: Body,
}

/// The splitter for the format.
enum Body {
    Ndjson(Box<Ndjson>),
    /// Read to its end, or failed.
    Done,
}

impl Reader {
    /// Opens a file. Packing, encoding and format are found from its content.
    ///
    /// # Errors
    ///
    /// When there is no such file, it cannot be opened, is a directory, or is of no known format.
    pub fn open(path: &Path, options: &InputOptions) -> Result<Reader, InputError> {
        let metadata = fs::metadata(path).map_err(|error| InputError::on_open(path, error))?;
        if metadata.is_dir() {
            let message = "is a directory; expected an event file";
            return Err(InputError::new(InputErrorKind::IsDirectory, path, message));
        }
        let file = File::open(path).map_err(|error| InputError::on_open(path, error))?;
        let (pace, total) = if metadata.is_file() { (Pace::File, Some(metadata.len())) } else { (Pace::Live, None) };
        Reader::start(path.to_path_buf(), Box::new(file), pace, total, options)
    }

    /// Reads from any stream, such as standard input. Packing, encoding and format are found from
    /// its content, and complete records are handed out as soon as they have come. `name` is used in
    /// messages, and its extension as a hint.
    ///
    /// # Errors
    ///
    /// When the content is of no known format. Waits for the first line.
    pub fn from_read(
        name: impl Into<PathBuf>,
        stream: Box<dyn Read + Send>,
        options: &InputOptions,
    ) -> Result<Reader, InputError> {
        Reader::start(name.into(), stream, Pace::Live, None, options)
    }

    fn start(
        name: PathBuf,
        raw: Box<dyn Read + Send>,
        pace: Pace,
        total: Option<u64>,
        options: &InputOptions,
    ) -> Result<Reader, InputError> {
        let progress = Arc::new(Progress::default());
        let (source, head) = Source::open(raw, pace, Arc::clone(&progress));
        let format = match options.format {
            Some(format) => sniff::contradicts(&head, format).map_or(Ok(format), Err),
            None => sniff::sniff(&head, Extension::of(&name)),
        };
        let format = format.map_err(|found| {
            let expected = match options.format {
                Some(format) => format.describe(),
                None => "JSON lines, a JSON array, a Zeek log, CSV or an EVTX log",
            };
            InputError::new(InputErrorKind::WrongFormat, &name, format!("{found}; expected {expected}"))
        })?;
        let limits = Limits::new(options);
        let window = Window::new(source, head, &limits);
        let body = match format {
            Format::Ndjson => Body::Ndjson(Box::new(Ndjson::new(Lines::new(window, &limits), limits))),
            _ => {
                let message = format!("format {format} is not supported yet");
                return Err(InputError::new(InputErrorKind::WrongFormat, &name, message));
            }
        };
        Ok(Reader { name, format, progress, total, body })
    }

    /// Replaces what is in `batch` by the next records, and appends what is wrong with others to
    /// `faults`. `false` at the end, with nothing in either; `true` with an empty batch means that
    /// only faults were found so far.
    ///
    /// # Errors
    ///
    /// When reading fails, or the content turns out not to be of its format. After an error the
    /// input is at its end.
    pub fn next_batch(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<bool, InputError> {
        let result = match &mut self.body {
            Body::Ndjson(ndjson) => ndjson.next_batch(batch, faults),
            Body::Done => {
                batch.clear();
                return Ok(false);
            }
        };
        result.map_err(|error| {
            self.body = Body::Done;
            batch.clear();
            self.error(error)
        })
    }

    fn error(&self, error: io::Error) -> InputError {
        InputError::on_read(&self.name, error)
    }

    /// The path or name the input was opened with.
    pub fn name(&self) -> std::path::Display<'_> {
        self.name.display()
    }

    /// The format of the input.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Bytes of the file read so far, as stored: packed ones where the file is packed.
    pub fn bytes_read(&self) -> u64 {
        self.progress.bytes()
    }

    /// The size of the file as stored, or `None` for streams.
    pub fn bytes_total(&self) -> Option<u64> {
        self.total
    }

    /// Lines passed over because they are no events and no faults: bulk actions between events, as
    /// `tshark -T ek` writes them.
    pub fn records_skipped(&self) -> u64 {
        match &self.body {
            Body::Ndjson(ndjson) => ndjson.skipped(),
            Body::Done => 0,
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("name", &self.name).field("format", &self.format).finish_non_exhaustive()
    }
}
