//! What the target `files` does: a file of any format, read whole and read in drips.
//!
//! ```text
//! [packing, name, lines ...]  ─▶  gzip of UTF-16 of "a,b\r\n\"x" ─▶  one read  ─┬▶ equal records and faults
//!                                                               └▶  7 bytes at a time, 3 records a batch ─┘
//! ```
//!
//! How bytes come must not decide what is read from them.

use super::draw::Draw;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Read, Write};
use tieline_common::input::{Batch, Format, InputOptions, Reader};

const NAMES: &[&str] =
    &["events", "events.ndjson", "events.json", "conn.log", "rows.csv", "System.evtx", "x.gz", "x.zst"];

/// What files are made of. None of it need fit what is before it.
const PARTS: &[&str] = &[
    "{\"a\":1}",
    "{\"a\":\"x, y\"}",
    "{\"a\":[1,{\"b\":null}]}",
    "{\"a\":",
    "\"x\\\"}",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "\r\n",
    "\n\n",
    " ",
    "\t",
    "a,b,c",
    "1,2,3",
    "\"x\ny\",2",
    "\"",
    "é",
    "\u{feff}",
    "\0",
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tuid\tid.orig_p\ttags\n#types\ttime\tstring\tport\tset[string]\n",
    "#fields\tts\tuid\n",
    "#types\ttime\tstring\n",
    "#separator \\x\n",
    "#close\t2026-01-01\n",
    "1795478400.5\tC1\t502\ta,b\n",
    "-\t(empty)\t-\t-\n",
    "1e400\tC\\x09\tx\t\n",
    "{\"index\":{\"_index\":\"packets\"}}\n",
    "ElfFile\0",
    "null",
];

/// A reader that gives few bytes at a time.
struct Drips {
    bytes: io::Cursor<Vec<u8>>,
    most: usize,
}

impl Read for Drips {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = self.most.min(into.len());
        self.bytes.read(&mut into[..most])
    }
}

/// Records with their places, faults, and why it ended early.
#[derive(Debug, PartialEq)]
struct Told {
    records: Vec<(u64, Vec<u8>)>,
    faults: Vec<String>,
    end: Option<String>,
}

fn told(name: &str, bytes: &[u8], most: usize, options: &InputOptions) -> Option<(Format, Told)> {
    let stream = Box::new(Drips { bytes: io::Cursor::new(bytes.to_vec()), most });
    let mut told = Told { records: Vec::new(), faults: Vec::new(), end: None };
    let mut reader = match Reader::from_read(name, stream, options) {
        Ok(reader) => reader,
        Err(error) => {
            assert!(error.to_string().contains(name), "{error}");
            return None;
        }
    };
    let (mut batch, mut faults) = (Batch::default(), Vec::new());
    loop {
        match reader.next_batch(&mut batch, &mut faults) {
            Ok(true) => {
                told.records.extend(batch.iter().map(|record| (record.number, record.bytes.to_vec())));
            }
            Ok(false) => break,
            Err(error) => {
                assert!(error.to_string().contains(name), "{error}");
                told.end = Some(error.to_string());
                break;
            }
        }
    }
    told.faults.extend(faults.iter().map(ToString::to_string));
    Some((reader.format(), told))
}

fn content(draw: &mut Draw<'_>) -> Vec<u8> {
    let bytes = match draw.below(4) {
        0 => draw.rest(usize::MAX).to_vec(),
        _ => (0..draw.below(64)).flat_map(|_| draw.pick(PARTS).bytes()).collect(),
    };
    let units = || String::from_utf8_lossy(&bytes).encode_utf16().collect::<Vec<_>>();
    let mut bytes = match draw.below(8) {
        0 => [0xFEFF].into_iter().chain(units()).flat_map(u16::to_le_bytes).collect(),
        1 => [0xFEFF].into_iter().chain(units()).flat_map(u16::to_be_bytes).collect(),
        _ => bytes,
    };
    if draw.below(4) == 0 {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&bytes).unwrap_or_else(|error| panic!("{error}"));
        bytes = packed.finish().unwrap_or_else(|error| panic!("{error}"));
    }
    for change in draw.rest(draw_changes(&bytes)).chunks_exact(2) {
        let at = usize::from(change[0]) % bytes.len();
        bytes[at] = change[1];
    }
    bytes
}

/// How many bytes say what is changed: mostly nothing is.
fn draw_changes(bytes: &[u8]) -> usize {
    if bytes.len() % 4 == 1 { 6 } else { 0 }
}

/// Any bytes as a file; and files made of parts.
pub fn files(data: &[u8]) {
    let mut draw = Draw::new(data);
    let name = draw.pick(NAMES);
    let most = [1, 7, 64, 4_096][draw.below(4)];
    let small = InputOptions {
        batch_bytes: [1, 100, 5_000][draw.below(3)],
        batch_records_max: 1 + draw.below(4),
        record_bytes_max: [40, 16 << 20][draw.below(2)],
        ..InputOptions::default()
    };
    let bytes = content(&mut draw);
    let Some((format, own)) = told(
        name,
        &bytes,
        usize::MAX,
        &InputOptions { record_bytes_max: small.record_bytes_max, ..InputOptions::default() },
    ) else {
        return;
    };
    // Of a stream it is settled by its first line what it is.
    let settled = InputOptions { format: Some(format), ..small };
    let other = told(name, &bytes, most, &settled).map(|(_, other)| other);
    assert_eq!(other, Some(own), "{format:?} {name} {most}: {:?}", String::from_utf8_lossy(&bytes));
}
