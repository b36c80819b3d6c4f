//! A file that others append to while it is read.
//!
//! ```text
//!  {"a":1}\n{"a":2}\n{"a"        read ─▶ lines, then "would block": nothing more for now
//!                        ^ present end
//!  {"a":1}\n{"a":2}\n{"a":3}\n   read ─▶ the rest, and so on until it is closed
//! ```
//!
//! It stays the same file when it is renamed, as long as it is open. Whether a path leads to another file by now
//! is for [`Identity`] to tell; when to look is not decided here.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::format::Format;
use super::reader::Reader;

/// How a file can be followed.
pub(crate) enum Growth {
    /// Line by line.
    Lines(Box<Reader>, Growing),
    /// Not at all: it is packed.
    Packed,
    /// Not at all: the format has an end of its own.
    Whole(Format),
    /// Its first line is not finished, so nothing is known yet.
    Unsettled(Vec<u8>),
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    number: u64,
    /// A number is given again when a file is gone; the time of its making then differs.
    created_ns: u128,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let created = metadata.created().unwrap_or(SystemTime::UNIX_EPOCH);
        let created_ns = created.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let (device, number) = numbers(metadata);
        Self { device, number, created_ns }
    }
}

#[cfg(unix)]
fn numbers(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere the time of making has to do.
#[cfg(not(unix))]
fn numbers(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// The bytes of a file that may grow; clones are the same file.
#[derive(Debug, Clone)]
pub(crate) struct Growing {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    file: Option<File>,
    path: PathBuf,
    identity: Identity,
    position: u64,
    ended: bool,
}

impl Growing {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let identity = Identity::of(&file.metadata()?);
        let inner = Inner { file: Some(file), path: path.to_path_buf(), identity, position: 0, ended: false };
        Ok(Self { inner: Arc::new(Mutex::new(inner)) })
    }

    fn with<T>(&self, of: impl FnOnce(&mut Inner) -> T) -> T {
        of(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn identity(&self) -> Identity {
        self.with(|inner| inner.identity)
    }

    /// From now on the present end is the end.
    pub(crate) fn end(&self) {
        self.with(|inner| inner.ended = true);
    }

    /// The file has another name by now.
    pub(crate) fn rename(&self, path: &Path) {
        self.with(|inner| inner.path = path.to_path_buf());
    }

    /// Closes the file until it is read again, by its name; what is appended after it lost that name is not found.
    pub(crate) fn park(&self) {
        self.with(|inner| inner.file = None);
    }

    pub(crate) fn is_parked(&self) -> bool {
        self.with(|inner| inner.file.is_none())
    }
}

impl Inner {
    /// The file, opened anew when it was parked; `None` when its name leads to another one.
    fn file(&mut self) -> io::Result<Option<&mut File>> {
        if self.file.is_none() {
            let mut file = File::open(&self.path)?;
            if Identity::of(&file.metadata()?) != self.identity {
                return Ok(None);
            }
            file.seek(SeekFrom::Start(self.position))?;
            self.file = Some(file);
        }
        Ok(self.file.as_mut())
    }
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|inner| {
            if inner.ended {
                return Ok(0);
            }
            let read = match inner.file() {
                Ok(Some(file)) => file.read(buffer)?,
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(None) | Err(_) => 0,
            };
            inner.position += read as u64;
            if read == 0 && !buffer.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(read) }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::input::{Batch, Fault, InputOptions};
    use proptest::prelude::*;
    use std::io::Write as _;

    type Records = Vec<(u64, String)>;

    fn options() -> InputOptions {
        InputOptions { record_bytes_max: 60, batch_bytes: 100, ..InputOptions::default() }
    }

    fn drain(reader: &mut Reader, records: &mut Records, faults: &mut Vec<Fault>) {
        let mut batch = Batch::default();
        while reader.next_batch(&mut batch, faults).unwrap() {
            records
                .extend(batch.iter().map(|record| (record.number, String::from_utf8_lossy(record.bytes).into_owned())));
        }
    }

    fn whole(path: &Path) -> (Format, Records, Vec<Fault>) {
        let (mut records, mut faults) = (Records::new(), Vec::new());
        let mut reader = Reader::open(path, &options()).unwrap();
        drain(&mut reader, &mut records, &mut faults);
        (reader.format(), records, faults)
    }

    /// The same file, which comes in pieces; closed and opened again between some of them.
    fn in_pieces(path: &Path, content: &[u8], sizes: &[usize]) -> Option<(Format, Records, Vec<Fault>)> {
        let mut file = File::create(path).unwrap();
        let (mut records, mut faults) = (Records::new(), Vec::new());
        let mut open = None;
        let mut rest = content;
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            file.write_all(piece).unwrap();
            rest = after;
            if open.is_none()
                && let Growth::Lines(reader, growing) = Reader::grow(path, &options()).unwrap()
            {
                open = Some((reader, growing));
            }
            if let Some((reader, growing)) = &mut open {
                drain(reader, &mut records, &mut faults);
                match size % 3 {
                    0 => reader.shrink(),
                    1 => growing.park(),
                    _ => {}
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        let (mut reader, growing) = open?;
        growing.end();
        drain(&mut reader, &mut records, &mut faults);
        Some((reader.format(), records, faults))
    }

    fn check(content: &[u8], sizes: &[usize]) {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.log"), folder.path().join("other.log"));
        std::fs::write(&one, content).unwrap();
        let Some(found) = in_pieces(&other, content, sizes) else { panic!("never told what it is") };
        assert_eq!(found, whole(&one));
    }

    fn lines(line: &'static str) -> impl Strategy<Value = String> {
        let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")];
        let lines = prop::collection::vec((line, end), 0..12);
        lines.prop_map(|lines| lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// In whatever pieces a file comes, its records, their numbers and its faults are those of the whole file.
        #[test]
        fn a_file_in_pieces_is_the_file(
            json in lines(r#"[ ]{0,2}\{"[a-zä]{1,70}":1\}?|"#),
            csv in lines(r#"([a-z]{0,4}|"[a-z,\n]{0,9}"?|[a-z]{70}),[a-zö]{0,3}"#),
            zeek in lines("[a-z]{0,4}\t[a-zü]{0,70}|#close x"),
            last in "|\\{\"last\":1\\}",
            sizes in prop::collection::vec(1_usize..40, 1..8),
        ) {
            let json = format!("{{\"first\":1}}\n{json}{last}");
            check(json.as_bytes(), &sizes);
            check(format!("one,two\n{csv}x,y").as_bytes(), &sizes);
            let header = "#separator \\x09\n#fields\ta\tb\n#types\tstring\tstring\n";
            check(format!("{header}{zeek}x\ty").as_bytes(), &sizes);
            let utf16: Vec<u8> = format!("\u{feff}{json}").encode_utf16().flat_map(u16::to_le_bytes).collect();
            check(&utf16, &sizes);
        }
    }
}
