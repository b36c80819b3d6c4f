//! Lines: what counts as a record, which number it has, and what hostile lines do.

use std::io;

use proptest::prelude::*;
use tieline_common::input::{Batch, FaultKind, Format, InputErrorKind, InputOptions, Reader};

use crate::support::{All, Pieces, read, read_file, read_named, read_to_end, read_with};

fn small(record_bytes_max: usize) -> InputOptions {
    InputOptions { record_bytes_max, ..InputOptions::default() }
}

#[test]
fn lines_keep_their_physical_number() {
    let all = read(b"\xef\xbb\xbf{\"a\":1}\r\n\r\n   \n  {\"a\":2} \t\r\n{\"a\":3}");
    assert_eq!(all.records, [(1, "{\"a\":1}".to_owned()), (4, "{\"a\":2}".to_owned()), (5, "{\"a\":3}".to_owned())]);
    assert_eq!(all.faults, []);
}

#[test]
fn a_byte_order_mark_inside_a_joined_file_is_dropped() {
    assert_eq!(read(b"{\"a\":1}\n\xef\xbb\xbf{\"a\":2}\n").texts(), ["{\"a\":1}", "{\"a\":2}"]);
}

#[test]
fn broken_json_and_broken_utf8_are_passed_on_with_their_line() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let mut text = b"{\"a\":1}\n{\"a\":\n{\"a\":\"\xff\xfe\"}\n{\"a\":\"\0\"}\n{\"a\":1,\"a\":2}\n".to_vec();
    text.extend_from_slice(deep.as_bytes());
    let all = read(&text);
    assert_eq!(all.numbers(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(all.records[5].1, deep);
    assert_eq!(all.faults, []);
}

#[test]
fn a_line_over_the_limit_is_reported_with_its_length_and_skipped() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(992));
    let text = format!("{{\"a\":1}}\n{long}\n{{\"a\":2}}\n{long}");
    let all = read_with("stdin", text.as_bytes(), &small(999)).unwrap();
    assert_eq!(all.numbers(), [1, 3]);
    assert_eq!(all.fault_kinds(), [(2, FaultKind::TooLong), (4, FaultKind::TooLong)]);
    assert_eq!(all.faults[0].byte, Some(8));
    assert_eq!(all.faults[0].message, "line of 1000 bytes is longer than the limit of 999 bytes");
    assert_eq!(read_with("stdin", text.as_bytes(), &small(1000)).unwrap().numbers(), [1, 2, 3, 4]);
}

#[test]
fn a_line_of_100_megabytes_is_skipped() {
    struct Long(u64);
    impl io::Read for Long {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let left = usize::try_from(self.0).unwrap().min(buffer.len());
            buffer[..left].fill(b'x');
            self.0 -= left as u64;
            Ok(left)
        }
    }
    let text =
        io::Read::chain(io::Read::chain(&b"{\"a\":1}\n{\"a\":\""[..], Long(100_000_000)), &b"\"}\n{\"a\":2}\n"[..]);
    let mut reader = Reader::from_read("stdin", Box::new(text), &InputOptions::default()).unwrap();
    let all = read_to_end(&mut reader).unwrap();
    assert_eq!(all.numbers(), [1, 3]);
    assert_eq!(all.faults[0].message, "line of 100000008 bytes is longer than the limit of 16777216 bytes");
}

#[test]
fn bulk_actions_of_tshark_are_passed_over_and_counted() {
    let text = "{\"index\":{\"_index\":\"packets-2024-01-01\",\"_type\":\"doc\"}}\n{\"timestamp\":\"1\"}\n".repeat(2);
    let mut reader = Reader::from_read("stdin", Box::new(io::Cursor::new(text)), &InputOptions::default()).unwrap();
    assert_eq!(read_to_end(&mut reader).unwrap().numbers(), [2, 4]);
    assert_eq!(reader.records_skipped(), 2);
}

#[test]
fn utf16_files_with_and_without_a_mark_are_read() {
    let text = "\u{feff}{\"a\":\"ü😀\"}\r\n{\"a\":2}\r\n";
    let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [le, be] {
        for bytes in [&bytes[..], &bytes[2..]] {
            assert_eq!(read(bytes).texts(), ["{\"a\":\"ü😀\"}", "{\"a\":2}"]);
        }
    }
}

#[test]
fn objects_side_by_side_are_told_apart_by_their_brackets() {
    for text in ["{\"a\":1}{\"a\":2} {\"a\":3}\n", "{\"a\":1},\n{\"a\":2},\n{\"a\":3},\n"] {
        let all = read(text.as_bytes());
        assert_eq!((all.numbers(), all.fault_kinds()), (vec![1, 2, 3], vec![]), "{text}");
        assert_eq!(all.texts(), ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"], "{text}");
    }
}

#[test]
fn content_of_no_known_format_says_what_was_expected() {
    let cases: [(&str, &[u8], &str); 5] = [
        ("a.bin", b"\x02\x01\x01\0\0\0", "binary data"),
        ("a.log", b"t\0\x3c\x04x\0t\0", "UTF-16 without a byte order mark"),
        ("a.log", b"Jan  1 host su: failed\n", "text that begins with `Jan  1 host su: failed`"),
        ("a.ndjson", b"<Event/>", "XML; export events as EVTX, JSON or CSV"),
        ("a.evtx", b"", "is empty"),
    ];
    for (name, bytes, found) in cases {
        let error = read_file(name, bytes).unwrap_err();
        assert_eq!(error.kind(), InputErrorKind::WrongFormat);
        let text = error.to_string();
        assert!(text.contains(name), "{text}");
        let expected = "expected JSON lines, a JSON array, a Zeek log, CSV or an EVTX log";
        assert!(text.ends_with(&format!("{found}; {expected}")), "{text}");
    }
}

#[test]
fn a_format_that_was_asked_for_is_not_sniffed() {
    let options = InputOptions { format: Some(Format::Ndjson), ..InputOptions::default() };
    assert_eq!(read_with("a.log", b"no json\n[1]\n", &options).unwrap().numbers(), [1, 2]);
    let error = read_with("a.log", b"ElfFile\0", &options).unwrap_err();
    assert_eq!(error.to_string(), "`a.log`: is an EVTX log; expected one JSON object per line");
}

#[test]
fn an_empty_file_has_no_events_and_no_faults() {
    for bytes in [&b""[..], b"\n \r\n", b"\xef\xbb\xbf"] {
        assert_eq!(read_named("a.json", bytes).unwrap(), All { records: vec![], faults: vec![] });
    }
}

#[test]
fn a_stream_that_waits_hands_out_what_has_come() {
    let (mut there, here) = io::pipe().map(|(read, write)| (write, read)).unwrap();
    io::Write::write_all(&mut there, b"{\"a\":1}\n{\"a\":").unwrap();
    let mut reader = Reader::from_read("stdin", Box::new(here), &InputOptions::default()).unwrap();
    let (mut batch, mut faults) = (Default::default(), Vec::new());
    assert!(reader.next_batch(&mut batch, &mut faults).unwrap());
    assert_eq!(batch.len(), 1);
    io::Write::write_all(&mut there, b"2}\n").unwrap();
    assert!(reader.next_batch(&mut batch, &mut faults).unwrap());
    assert_eq!(batch.record(0).bytes, b"{\"a\":2}");
    drop(there);
    assert!(!reader.next_batch(&mut batch, &mut faults).unwrap());
}

#[test]
fn a_reader_may_move_to_another_thread() {
    fn movable<T: Send>(_: T) {}
    let reader = Reader::from_read("stdin", Box::new(&b"{}\n"[..]), &InputOptions::default()).unwrap();
    movable(reader);
}

#[test]
fn batches_end_at_their_limits() {
    let text = "{\"a\":1}\n".repeat(100);
    for (batch_bytes, batch_records_max, batches) in [(70, 1000, 10), (1 << 20, 7, 15), (1 << 20, 1000, 1)] {
        let options = InputOptions { batch_bytes, batch_records_max, ..InputOptions::default() };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        std::fs::write(&path, &text).unwrap();
        let mut reader = Reader::open(&path, &options).unwrap();
        let (mut batch, mut faults) = (Default::default(), Vec::new());
        let mut counts = Vec::new();
        while reader.next_batch(&mut batch, &mut faults).unwrap() {
            counts.push(batch.len());
        }
        assert_eq!((counts.len(), counts.iter().sum::<usize>()), (batches, 100), "{counts:?}");
        assert_eq!(reader.bytes_read(), text.len() as u64);
        assert_eq!(reader.bytes_total(), Some(text.len() as u64));
    }
}

/// Texts of lines that are short, long, blank, broken, and of bulk actions.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        "\\{\"a\":[0-9]{1,4}\\}\r?",
        "[ \t]{0,3}",
        "\\{\"a\":\"[a-zé]{0,200}\"\\}",
        Just("{\"index\":{\"_index\":\"p\"}}".to_owned()),
        Just("{\"a\":\"cut".to_owned()),
    ];
    (prop::collection::vec(line, 1..60), any::<bool>()).prop_map(|(lines, ends)| {
        let mut text = "{\"first\":true}\n".to_owned() + &lines.join("\n");
        if ends {
            text.push('\n');
        }
        text.into_bytes()
    })
}

proptest! {
    #[test]
    fn splitting_does_not_depend_on_block_sizes(
        text in lines(),
        sizes in prop::collection::vec(0usize..70, 1..8),
        batch_bytes in 1usize..300,
        batch_records_max in 1usize..20,
        record_bytes_max in 40usize..200,
    ) {
        prop_assume!(sizes.iter().any(|size| *size > 0));
        let whole = read_with("stdin", &text, &small(record_bytes_max)).unwrap();
        let options = InputOptions { batch_bytes, batch_records_max, record_bytes_max, ..InputOptions::default() };
        let pieces = Pieces::new(&text, &sizes);
        let mut reader = Reader::from_read("stdin", Box::new(pieces), &options).unwrap();
        prop_assert_eq!(read_to_end(&mut reader).unwrap(), whole);
    }
}

#[test]
fn what_was_read_before_a_failure_is_not_lost() {
    struct Fails(io::Cursor<Vec<u8>>);
    impl io::Read for Fails {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the disk is gone")),
                read => Ok(read),
            }
        }
    }
    for (text, records) in [
        ("{\"a\":1}\n{\"a\":2}\n{\"a\":", 2),
        ("[{\"a\":1},{\"a\":2},{", 2),
        ("#fields\ta\n1\n2\n3", 2),
        ("a,b\n1,2\n3,4\n5", 2),
    ] {
        let stream = Box::new(Fails(io::Cursor::new(text.as_bytes().to_vec())));
        let mut reader = Reader::from_read("events", stream, &InputOptions::default()).unwrap();
        let (mut batch, mut faults, mut read) = (Batch::default(), Vec::new(), 0);
        let error = loop {
            match reader.next_batch(&mut batch, &mut faults) {
                Ok(true) => read += batch.len(),
                Ok(false) => panic!("{text}: no failure"),
                Err(error) => break error,
            }
        };
        assert_eq!((read, faults.len()), (records, 0), "{text}");
        assert!(error.to_string().contains("the disk is gone"), "{error}");
        assert!(!reader.next_batch(&mut batch, &mut faults).unwrap() && batch.is_empty());
    }
}
