//! EVTX logs, built here byte by byte after the published layout of the format, then broken.

use std::io::Write;
use std::path::Path;

use serde_json::Value;
use tieline_common::input::{FaultKind, Format, InputErrorKind, InputOptions, Reader};

use crate::support::{All, read, read_file, read_named, read_to_end, read_with};

const HEADER: usize = 4096;
const CHUNK: usize = 65_536;

/// An event as BinXML, beginning at `offset` of its chunk.
struct BinXml {
    bytes: Vec<u8>,
    offset: usize,
}

impl BinXml {
    /// The inline name that `at` the place of its reference follows.
    fn name(&mut self, name: &str) {
        let place = u32::try_from(self.offset + self.bytes.len() + 4).unwrap();
        self.bytes.extend(place.to_le_bytes());
        self.bytes.extend([0; 6]);
        self.text(name);
        self.bytes.extend([0; 2]);
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend(u16::try_from(text.encode_utf16().count()).unwrap().to_le_bytes());
        self.bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }

    fn open(&mut self, name: &str) {
        self.bytes.extend([0x01, 0, 0, 0, 0]);
        self.name(name);
        self.bytes.push(0x02);
    }

    fn close(&mut self) {
        self.bytes.push(0x04);
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.open(name);
        self.bytes.extend([0x05, 0x01]);
        self.text(text);
        self.close();
    }
}

fn record(id: u64, offset: usize) -> Vec<u8> {
    let mut event = BinXml { bytes: vec![0x0f, 1, 1, 0], offset: offset + 24 };
    event.open("Event");
    event.open("System");
    event.leaf("Channel", "Security");
    event.leaf("EventRecordID", &id.to_string());
    event.close();
    event.open("EventData");
    event.leaf("CommandLine", "cmd /c \"echo grün\"");
    event.close();
    event.close();
    event.bytes.push(0);
    let size = u32::try_from(event.bytes.len() + 28).unwrap().to_le_bytes();
    let mut record = b"**\0\0".to_vec();
    record.extend(size);
    record.extend(id.to_le_bytes());
    record.extend(132_000_000_000_000_000u64.to_le_bytes());
    record.extend(event.bytes);
    record.extend(size);
    record
}

fn chunk(ids: std::ops::Range<u64>) -> Vec<u8> {
    let mut chunk = vec![0; 512];
    let mut last = 0;
    for id in ids.clone() {
        last = chunk.len();
        let next = record(id, last);
        chunk.extend(next);
    }
    let free = u32::try_from(chunk.len()).unwrap();
    let (first_id, last_id) = (ids.start.to_le_bytes(), (ids.end - 1).to_le_bytes());
    let fields: [(usize, &[u8]); 8] = [
        (0, b"ElfChnk\0"),
        (8, &first_id),
        (16, &last_id),
        (24, &first_id),
        (32, &last_id),
        (40, &128u32.to_le_bytes()),
        (44, &u32::try_from(last).unwrap().to_le_bytes()),
        (48, &free.to_le_bytes()),
    ];
    for (at, bytes) in fields {
        chunk[at..at + bytes.len()].copy_from_slice(bytes);
    }
    assert!(chunk.len() <= CHUNK);
    chunk.resize(CHUNK, 0);
    chunk
}

/// A log of `chunks` chunks with 50 records each, numbered from 1.
fn log(chunks: u16) -> Vec<u8> {
    let mut log = vec![0; HEADER];
    let fields: [(usize, &[u8]); 6] = [
        (0, b"ElfFile\0"),
        (32, &128u32.to_le_bytes()),
        (36, &1u16.to_le_bytes()),
        (38, &3u16.to_le_bytes()),
        (40, &4096u16.to_le_bytes()),
        (42, &chunks.to_le_bytes()),
    ];
    for (at, bytes) in fields {
        log[at..at + bytes.len()].copy_from_slice(bytes);
    }
    for index in 0..u64::from(chunks) {
        log.extend(chunk(index * 50 + 1..index * 50 + 51));
    }
    log
}

/// The `EventRecordID` of each record.
fn ids(all: &All) -> Vec<u64> {
    let id = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        value["Event"]["System"]["EventRecordID"].as_str().unwrap().parse().unwrap()
    };
    all.records.iter().map(|(_, text)| id(text)).collect()
}

#[test]
fn records_have_the_nested_shape_and_their_number() {
    let all = read_file("Security.evtx", &log(3)).unwrap();
    let expected: Value = serde_json::json!({"Event": {
        "System": {"Channel": "Security", "EventRecordID": "1"},
        "EventData": {"CommandLine": "cmd /c \"echo grün\""},
    }});
    assert_eq!(serde_json::from_str::<Value>(&all.records[0].1).unwrap(), expected);
    assert_eq!((all.numbers(), all.faults.as_slice()), ((1..=150).collect(), &[][..]));
    assert_eq!(ids(&all), all.numbers());
}

#[test]
fn streams_and_packed_logs_read_like_files() {
    let log = log(3);
    let expected = read_file("a.evtx", &log).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&log).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(read(&log), expected);
    assert_eq!(read(&packed), expected);
    assert_eq!(read_file("misnamed.log", &packed).unwrap(), expected);
    let all = read_file("a.evtx.gz", &packed[..packed.len() / 2]).unwrap();
    assert!(all.records.len() >= 50 && expected.records.starts_with(&all.records));
    assert_eq!(all.fault_kinds(), [(all.records.len() as u64 + 1, FaultKind::CutOff)]);
}

#[test]
fn a_log_that_must_be_held_has_a_limit() {
    let options = InputOptions { evtx_buffer_bytes_max: 100_000, ..InputOptions::default() };
    let error = read_with("stdin", &log(3), &options).unwrap_err();
    assert_eq!(error.kind(), InputErrorKind::TooLarge);
    assert!(error.to_string().contains("larger than 100000 bytes"), "{error}");
    assert_eq!(read_with("stdin", &log(1), &options).unwrap().records.len(), 50);
}

#[test]
fn batches_and_progress_follow_the_chunks() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.evtx");
    std::fs::write(&path, log(4)).unwrap();
    let options = InputOptions { batch_records_max: 30, ..InputOptions::default() };
    let mut reader = Reader::open(&path, &options).unwrap();
    assert_eq!(reader.format(), Format::Evtx);
    let (mut batch, mut faults, mut counts) = (Default::default(), Vec::new(), Vec::new());
    while reader.next_batch(&mut batch, &mut faults).unwrap() {
        counts.push(batch.len());
        assert!(reader.bytes_read() as usize >= HEADER + counts.len() * 30 / 50 * CHUNK);
    }
    assert_eq!(counts, [30, 30, 30, 30, 30, 30, 20]);
    assert_eq!(Some(reader.bytes_read()), reader.bytes_total());
}

#[test]
fn a_damaged_chunk_loses_only_itself() {
    let mut damaged = log(3);
    damaged[HEADER + CHUNK..HEADER + CHUNK + 8].copy_from_slice(b"notachnk");
    let all = read_file("a.evtx", &damaged).unwrap();
    assert_eq!(ids(&all), (1..=50).chain(101..=150).collect::<Vec<_>>());
    assert_eq!(all.fault_kinds(), [(51, FaultKind::Damaged)]);
    assert!(all.faults[0].message.contains("chunk"), "{}", all.faults[0]);
}

#[test]
fn a_log_of_which_a_chunk_is_lost_is_known_to_be_incomplete() {
    let whole = log(3);
    let mut damaged = whole.clone();
    damaged[HEADER + CHUNK..HEADER + CHUNK + 8].copy_from_slice(b"notachnk");
    for (bytes, incomplete) in [(&whole[..], false), (&damaged[..], true), (&whole[..HEADER + CHUNK + 9], true)] {
        let stream = std::io::Cursor::new(bytes.to_vec());
        let mut reader = Reader::from_read("a.evtx", Box::new(stream), &InputOptions::default()).unwrap();
        read_to_end(&mut reader).unwrap();
        assert_eq!(reader.is_incomplete(), incomplete);
    }
}

#[test]
fn a_damaged_record_loses_only_itself() {
    let mut damaged = log(1);
    let place = HEADER + 512 + record(1, 512).len();
    damaged[place + 24..place + 40].fill(0xff);
    let all = read_file("a.evtx", &damaged).unwrap();
    assert_eq!(ids(&all), [1].into_iter().chain(3..=50).collect::<Vec<_>>());
    assert_eq!((all.fault_kinds(), all.faults[0].byte), (vec![(2, FaultKind::Damaged)], Some(HEADER as u64)));
}

#[test]
fn a_record_over_the_limit_is_a_fault() {
    let options = InputOptions { record_bytes_max: 100, ..InputOptions::default() };
    let all = read_with("a.evtx", &log(1), &options).unwrap();
    assert_eq!((all.records.len(), all.faults.len(), all.faults[0].kind), (0, 50, FaultKind::TooLong));
}

#[test]
fn a_log_that_ends_too_early_is_read_to_there() {
    let whole = log(3);
    let cases = [(HEADER + 2 * CHUNK + 700, "inside chunk 3"), (HEADER + 2 * CHUNK, "after 2 of 3 chunks")];
    for (length, message) in cases {
        let all = read_file("a.evtx", &whole[..length]).unwrap();
        assert_eq!((all.records.len(), all.fault_kinds()), (100, vec![(101, FaultKind::CutOff)]));
        assert!(all.faults[0].message.contains(message), "{}", all.faults[0]);
    }
}

#[test]
fn what_is_no_log_or_only_its_beginning_is_a_wrong_format() {
    let whole = log(1);
    let mut damaged = whole.clone();
    damaged[40..42].fill(0xff);
    let cases: [(&str, &[u8], &str); 4] = [
        ("a.evtx", &whole[..8], "an EVTX log that ends inside its header, after 8 bytes"),
        ("a.evtx", &whole[..HEADER - 1], "ends inside its header, after 4095 bytes"),
        ("a.evtx", b"PK\x03\x04\0\0", "a ZIP archive; unpack it first"),
        ("a.evtx", b"", "is empty"),
    ];
    for (name, bytes, found) in cases {
        for error in [read_file(name, bytes).unwrap_err(), read_named(name, bytes).unwrap_err()] {
            assert_eq!(error.kind(), InputErrorKind::WrongFormat);
            assert!(error.to_string().contains(found), "{error}");
        }
    }
    // A damaged header need not keep anyone from the chunks; whatever comes, it is no panic.
    let _ = read_file("a.evtx", &damaged);
}

#[test]
fn any_damage_ends_in_records_faults_or_an_error() {
    let whole = log(2);
    let mut seed = 1u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for _ in 0..300 {
        let mut damaged = whole.clone();
        for _ in 0..random(20) + 1 {
            let used = HEADER + random(2) * CHUNK + random(12_000);
            damaged[if random(8) == 0 { random(HEADER) } else { used }] = random(256) as u8;
        }
        if let Ok(all) = read_with("a.evtx", &damaged, &InputOptions::default()) {
            assert!(all.records.len() <= 100);
        }
    }
}

/// Real logs, where the reader of this test has some: every `.evtx` in the directory that
/// `TIELINE_EVTX` names.
#[test]
fn real_logs_are_read_without_faults() {
    let Some(folder) = std::env::var_os("TIELINE_EVTX") else {
        eprintln!("skipped: TIELINE_EVTX names no directory of EVTX logs");
        return;
    };
    for path in tieline_common::input::expand_paths(&[Path::new(&folder).to_path_buf()]).files {
        let all = read_to_end(&mut Reader::open(&path, &InputOptions::default()).unwrap()).unwrap();
        assert_eq!(all.faults, [], "{}", path.display());
        for (_, text) in &all.records {
            assert!(serde_json::from_str::<Value>(text).unwrap()["Event"].is_object());
        }
    }
}
