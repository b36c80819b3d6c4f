//! Opens one input and reads it batch by batch, whatever its format.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::Batch;
use super::csv::Csv;
use super::error::{Broken, InputError, InputErrorKind};
use super::evtx::Evtx;
use super::fault::Fault;
use super::format::{Extension, Format};
use super::growing::{Growing, Growth};
use super::lines::Lines;
use super::ndjson::Ndjson;
use super::options::{HEAD_BYTES_MAX, InputOptions, Limits};
use super::sniff;
use super::source::{Pace, Packing, Progress, Source};
use super::values::Values;
use super::window::Window;
use super::zeek::Zeek;

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
    Values(Box<Values>),
    Zeek(Box<Zeek>),
    Csv(Box<Csv>),
    Evtx(Box<Evtx>),
    /// Failed; what is wrong, when that was not told yet.
    Failed(Option<Box<InputError>>),
}

/// An input as it is opened.
struct Input {
    name: PathBuf,
    bytes: Box<dyn Read + Send>,
    pace: Pace,
    /// The size of a regular file.
    total: Option<u64>,
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
        Reader::start(Input { name: path.to_path_buf(), bytes: Box::new(file), pace, total }, options)
    }

    /// Reads from any stream, such as standard input. Packing, encoding and format are found from
    /// its content, and complete records are handed out as soon as they have come (from Zstandard, up to
    /// a window of the frame later). `name` is used in messages, and its extension as a hint.
    ///
    /// # Errors
    ///
    /// When the content is of no known format. Waits for the first line.
    pub fn from_read(
        name: impl Into<PathBuf>,
        stream: Box<dyn Read + Send>,
        options: &InputOptions,
    ) -> Result<Reader, InputError> {
        Reader::start(Input { name: name.into(), bytes: stream, pace: Pace::Live, total: None }, options)
    }

    fn start(input: Input, options: &InputOptions) -> Result<Reader, InputError> {
        let Input { name, bytes, pace, total } = input;
        let progress = Arc::new(Progress::default());
        let (source, head) = Source::open(bytes, pace, Arc::clone(&progress));
        let format = format_of(&name, &head, options)?;
        let body = Body::start(&name, format, source, head, &progress, &Limits::new(options))
            .map_err(|broken| report(&name, format, broken))?;
        Ok(Reader { name, format, progress, total, body })
    }

    /// Opens a file that may grow, as far as its content lets it be told what it is. While it rests at its present
    /// end, [`Reader::next_batch`] gives `false` and may be asked again; an unfinished last line is held.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or is of no known format.
    pub(crate) fn grow(path: &Path, options: &InputOptions) -> Result<Growth, InputError> {
        let growing = Growing::open(path).map_err(|error| InputError::on_open(path, error))?;
        let progress = Arc::new(Progress::default());
        let (source, head) = Source::open(Box::new(growing.clone()), Pace::Growing, Arc::clone(&progress));
        if source.packing() != Packing::Plain {
            return Ok(Growth::Packed);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
        let is_line = memchr::memchr(b'\n', text).is_some() || head.len() >= HEAD_BYTES_MAX;
        if !is_line && (text.is_empty() || !matches!(sniff::sniff(&head, None), Ok(Format::Evtx | Format::JsonArray))) {
            return Ok(Growth::Unsettled(head));
        }
        // A half line says little about what a file is.
        let whole = memchr::memrchr(b'\n', &head).and_then(|end| head.get(..=end)).unwrap_or(&head);
        let format = format_of(path, whole, options)?;
        match format {
            Format::Evtx | Format::JsonArray => return Ok(Growth::Whole(format)),
            // JSON over several lines may begin like that; the next line tells.
            Format::Ndjson if whole.len() < HEAD_BYTES_MAX && is_one_half(whole) => {
                return Ok(Growth::Unsettled(head));
            }
            _ => {}
        }
        let body = Body::start(path, format, source, head, &progress, &Limits::new(options))
            .map_err(|broken| report(path, format, broken))?;
        let reader = Reader { name: path.to_path_buf(), format, progress, total: None, body };
        Ok(Growth::Lines(Box::new(reader), growing))
    }

    /// The unfinished line at the present end of a file that grows.
    pub(crate) fn held(&mut self) -> &[u8] {
        self.window().map_or(&[], |window| window.unread())
    }

    /// Gives back memory while a file that grows rests.
    pub(crate) fn shrink(&mut self) {
        if let Some(window) = self.window() {
            window.shrink();
        }
    }

    fn window(&mut self) -> Option<&mut Window> {
        match &mut self.body {
            Body::Ndjson(ndjson) => Some(ndjson.window()),
            Body::Zeek(zeek) => Some(zeek.window()),
            Body::Csv(csv) => Some(csv.window()),
            Body::Values(_) | Body::Evtx(_) | Body::Failed(_) => None,
        }
    }

    /// Replaces what is in `batch` by the next records, and appends what is wrong with others to
    /// `faults`. `false` at the end, with nothing in either; `true` with an empty batch means that
    /// only faults were found so far.
    ///
    /// # Errors
    ///
    /// When reading fails, or the content turns out not to be of its format; what was read before comes first, in a batch of
    /// its own. After an error the input is at its end.
    pub fn next_batch(&mut self, batch: &mut Batch, faults: &mut Vec<Fault>) -> Result<bool, InputError> {
        let faults_before = faults.len();
        let result = match &mut self.body {
            Body::Ndjson(ndjson) => ndjson.next_batch(batch, faults),
            Body::Values(values) => values.next_batch(batch, faults),
            Body::Zeek(zeek) => zeek.next_batch(batch, faults),
            Body::Csv(csv) => csv.next_batch(batch, faults),
            Body::Evtx(evtx) => return Ok(evtx.next_batch(batch, faults)),
            Body::Failed(error) => {
                batch.clear();
                return error.take().map_or(Ok(false), |error| Err(*error));
            }
        };
        let found = !batch.is_empty() || faults.len() > faults_before;
        let Err(broken) = result else { return Ok(found) };
        let error = report(&self.name, self.format, broken);
        // What was read before it is not lost.
        let (now, later) = if found { (Ok(true), Some(Box::new(error))) } else { (Err(error), None) };
        self.body = Body::Failed(later);
        now
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

    /// Whether an unknown number of events could not be read: packed data is cut off or damaged, an EVTX log has a
    /// damaged chunk or is shorter than it says. To be asked when all batches were read; a fault has said what was
    /// wrong.
    pub fn is_incomplete(&self) -> bool {
        let log = matches!(&self.body, Body::Evtx(evtx) if evtx.is_incomplete());
        log || self.progress.is_incomplete()
    }

    /// Lines passed over because they are no events and no faults: bulk actions between events, as
    /// `tshark -T ek` writes them.
    pub fn records_skipped(&self) -> u64 {
        match &self.body {
            Body::Ndjson(ndjson) => ndjson.skipped(),
            _ => 0,
        }
    }
}

impl Body {
    fn start(
        name: &Path,
        format: Format,
        source: Source,
        head: Vec<u8>,
        progress: &Arc<Progress>,
        limits: &Limits,
    ) -> Result<Body, Broken> {
        if format == Format::Evtx {
            let in_place = source.pace() == Pace::File && source.packing() == Packing::Plain;
            let evtx = if in_place {
                Evtx::from_file(File::open(name)?, Arc::clone(progress), *limits)
            } else {
                Evtx::from_source(source, head, *limits)
            };
            return Ok(Body::Evtx(Box::new(evtx?)));
        }
        let delimiter = sniff::delimiter_of(&head);
        let window = Window::new(source, head, limits);
        Ok(match format {
            Format::Csv => Body::Csv(Box::new(Csv::new(window, delimiter, *limits))),
            Format::JsonArray => Body::Values(Box::new(Values::new(window, *limits))),
            Format::ZeekTsv => Body::Zeek(Box::new(Zeek::new(Lines::new(window, limits), *limits))),
            Format::Ndjson | Format::Evtx => Body::Ndjson(Box::new(Ndjson::new(Lines::new(window, limits), *limits))),
        })
    }
}

fn format_of(name: &Path, head: &[u8], options: &InputOptions) -> Result<Format, InputError> {
    let found = match options.format {
        Some(format) => sniff::contradicts(head, format).map_or(Ok(format), Err),
        None => sniff::sniff(head, Extension::of(name)),
    };
    found.map_err(|found| wrong_format(name, &found, options.format))
}

/// Whether there is one line only, and it does not hold a JSON value.
fn is_one_half(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    memchr::memchr(b'\n', text).is_none() && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_err()
}

fn report(name: &Path, format: Format, broken: Broken) -> InputError {
    match broken {
        Broken::Io(error) => InputError::on_read(name, error),
        Broken::Format(found) => wrong_format(name, &found, Some(format)),
        Broken::TooLarge(message) => InputError::new(InputErrorKind::TooLarge, name, message),
    }
}

fn wrong_format(name: &Path, found: &str, expected: Option<Format>) -> InputError {
    let expected = expected.map_or("JSON lines, a JSON array, a Zeek log, CSV or an EVTX log", Format::describe);
    InputError::new(InputErrorKind::WrongFormat, name, format!("{found}; expected {expected}"))
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("name", &self.name).field("format", &self.format).finish_non_exhaustive()
    }
}
