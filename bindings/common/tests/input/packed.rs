//! gzip and Zstandard: round trips, several members, cut-off and damaged streams.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tieline_common::input::{FaultKind, InputErrorKind, InputOptions, Reader};

use crate::support::{read, read_file, read_named, read_to_end};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// Lines that do not pack to almost nothing.
fn events(count: u64) -> Vec<u8> {
    (0..count)
        .map(|n| format!("{{\"n\":{n},\"hash\":\"{:016x}\"}}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect::<String>()
        .into_bytes()
}

#[test]
fn packed_files_and_streams_read_like_plain_ones() {
    let plain = events(100_000);
    let expected = read(&plain);
    for packed in [gzip(&plain), zstd(&plain)] {
        assert!(read(&packed) == expected);
        assert!(read_file("misnamed.json", &packed).unwrap() == expected);
    }
}

#[test]
fn members_of_a_packed_file_follow_each_other() {
    for pack in [gzip, zstd] {
        let mut packed = pack(b"{\"a\":1}\n{\"a\"");
        packed.extend_from_slice(&pack(b":2}\n"));
        assert_eq!(read(&packed).texts(), ["{\"a\":1}", "{\"a\":2}"]);
    }
}

#[test]
fn a_cut_off_packed_file_keeps_its_whole_lines() {
    let plain = events(100_000);
    let expected = read(&plain);
    for packed in [gzip(&plain), zstd(&plain)] {
        for part in [3, 5, 9] {
            let cut = packed.get(..packed.len() / 10 * part).unwrap();
            let all = read_file("a.json.gz", cut).unwrap();
            assert!(expected.records.starts_with(&all.records));
            assert!(all.records.len() > 10_000 * (part - 2), "{}", all.records.len());
            let last = all.records.len() as u64;
            assert_eq!(all.fault_kinds(), [(last + 1, FaultKind::CutOff)]);
            assert!(all.faults[0].message.contains("data ends too early"), "{}", all.faults[0]);
        }
    }
}

#[test]
fn that_a_file_is_not_whole_is_known_at_its_end() {
    let (plain, packed) = (events(1000), gzip(&events(1000)));
    for (bytes, incomplete) in [
        (&plain[..], false),
        (&plain[..plain.len() - 5], false),
        (&packed[..], false),
        (&packed[..packed.len() - 5], true),
    ] {
        let mut reader =
            Reader::from_read("a", Box::new(std::io::Cursor::new(bytes.to_vec())), &InputOptions::default()).unwrap();
        read_to_end(&mut reader).unwrap();
        assert_eq!(reader.is_incomplete(), incomplete);
    }
}

#[test]
fn damage_in_a_packed_file_is_a_fault() {
    let plain = events(50_000);
    for packed in [gzip(&plain), zstd(&plain)] {
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0xff);
        let all = read_file("a.json.gz", &damaged).unwrap();
        assert_eq!(all.faults.last().unwrap().kind, FaultKind::Damaged);
        assert!(all.records.len() > 10_000);
        let mut followed = packed;
        followed.extend_from_slice(b"something else");
        let all = read(&followed);
        assert_eq!((all.records.len(), all.fault_kinds()), (50_000, vec![(50_001, FaultKind::Damaged)]));
    }
}

#[test]
fn nothing_but_the_first_bytes_of_a_packed_file_is_a_fault() {
    for bytes in [&b"\x1f\x8b"[..], b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"] {
        let all = read(bytes);
        assert_eq!((all.records.len(), all.fault_kinds()), (0, vec![(1, FaultKind::CutOff)]));
    }
}

#[test]
fn a_file_packed_twice_is_of_no_known_format() {
    let error = read_named("a.gz.gz", &gzip(&gzip(b"{\"a\":1}\n"))).unwrap_err();
    assert_eq!(error.kind(), InputErrorKind::WrongFormat);
}
