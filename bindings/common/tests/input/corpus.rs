//! Real recordings: every file reads with the record count its manifest states.
//!
//! The corpus lies in `../shared/corpus` beside the checkout, or where `TIELINE_CORPUS` says. Without
//! it these tests say so and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tieline_common::input::{Batch, Format, InputOptions, Reader, expand_paths};

fn corpus() -> Option<PathBuf> {
    let path = match std::env::var_os("TIELINE_CORPUS") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no corpus at {}", path.display());
    None
}

/// The rows of a manifest, as column name to value.
fn manifest(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| names.iter().zip(line.split('\t')).map(|(n, v)| ((*n).to_owned(), v.to_owned())).collect())
        .collect()
}

/// The records of a file; a fault fails the test.
fn count(path: &Path) -> usize {
    let mut reader = Reader::open(path, &InputOptions::default()).unwrap();
    let (mut batch, mut faults, mut records) = (Batch::default(), Vec::new(), 0);
    while reader.next_batch(&mut batch, &mut faults).unwrap() {
        assert!(faults.is_empty(), "{}: {}", path.display(), faults[0]);
        records += batch.len();
    }
    assert_eq!(Some(reader.bytes_read()), reader.bytes_total(), "{}", path.display());
    records
}

#[test]
fn windows_recordings_have_the_lines_of_their_manifests() {
    let Some(corpus) = corpus() else { return };
    for folder in ["otrf", "evtx_attack_samples"] {
        let folder = corpus.join("events").join(folder);
        let mut lines = BTreeMap::<String, usize>::new();
        for row in manifest(&folder.join("manifest.tsv")) {
            *lines.entry(row["piece"].clone()).or_default() += row["lines"].parse::<usize>().unwrap();
        }
        for (piece, lines) in lines {
            // One recording is the text of a Linux audit log, no JSON.
            if piece.ends_with(".log") {
                assert!(Reader::open(&folder.join(piece), &InputOptions::default()).is_err());
                continue;
            }
            assert_eq!(count(&folder.join(&piece)), lines, "{piece}");
        }
    }
}

#[test]
fn zeek_logs_have_the_records_of_their_manifest() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("ot/zeek");
    let mut records = 0;
    for row in manifest(&folder.join("manifest.tsv")) {
        let expected: usize = row["records"].parse().unwrap();
        assert_eq!(count(&folder.join(&row["file"])), expected, "{}", row["file"]);
        records += expected;
    }
    assert!(records > 50_000, "{records}");
}

#[test]
fn every_record_of_the_zeek_logs_is_a_json_object() {
    let Some(corpus) = corpus() else { return };
    let files = expand_paths(&[corpus.join("ot/zeek")]).files;
    let (mut batch, mut faults) = (Batch::default(), Vec::new());
    for path in files {
        let mut reader = Reader::open(&path, &InputOptions::default()).unwrap();
        while reader.next_batch(&mut batch, &mut faults).unwrap() {
            for record in batch.iter() {
                let value: serde_json::Value = serde_json::from_slice(record.bytes).unwrap();
                assert!(value["_path"].is_string() || reader.format() == Format::Ndjson, "{}", path.display());
            }
        }
    }
}

#[test]
fn tshark_captures_are_objects_per_line() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("ot/pcap");
    let files = expand_paths(&[folder]).files;
    assert!(files.iter().map(|path| count(path)).sum::<usize>() > 50_000);
}
