//! Tables of Arrow as every language scans them: rows are told what the same events as JSON are told, of whatever source each is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use arrow_array::types::Int8Type;
use arrow_array::*;
use arrow_buffer::NullBuffer;
use arrow_schema::{Field, Schema};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use tieline_common::arrow::{BadTable, row_as_json};
use tieline_common::waist::{
    CompileOptions, Error, Kind, Pushed, Results, RuleSet, Scan, ScanOptions, Stream, StreamSettings,
};

const RULES: &str = r"title: Windows
id: 11111111-1111-4111-8111-111111111111
level: high
tags: [attack.t1033, attack.discovery]
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: '\whoami.exe'}, condition: s}
---
title: Linux
logsource: {product: linux, category: process_creation}
detection: {s: {Image|endswith: whoami}, condition: s}
---
title: Audit
logsource: {product: linux, service: auditd}
detection: {s: {type: EXECVE}, condition: s}
---
title: Any
name: any
logsource: {}
detection: {s: [who*], condition: s}
---
title: Nested
logsource: {product: windows}
detection: {s: {EventID: 1}, condition: s}
";

fn rules(source: Option<&str>) -> RuleSet {
    let options = CompileOptions { source: source.map(str::to_owned), ..CompileOptions::default() };
    RuleSet::compile([("r.yml".to_owned(), RULES.to_owned())], &options).unwrap()
}

static FORMS: LazyLock<[RuleSet; 3]> = LazyLock::new(|| [None, Some("none"), Some("windows")].map(rules));

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

fn options(threads: u32, evidence: bool) -> ScanOptions {
    ScanOptions { threads: Some(threads), evidence, ..ScanOptions::default() }
}

fn scan(rules: &RuleSet, batches: &[RecordBatch], options: &ScanOptions) -> Result<Scan, Error> {
    rules.scan_batches(batches.iter().cloned().map(Ok), options)
}

const ROWS: usize = 40;

/// A column of some of these texts.
fn texts(of: &'static [&'static str]) -> impl Strategy<Value = ArrayRef> {
    let text = prop::option::weighted(0.6, prop::sample::select(of));
    (prop::collection::vec(text, ROWS), 0..3_u8).prop_map(|(texts, form)| -> ArrayRef {
        match form {
            0 => Arc::new(StringArray::from_iter(texts)),
            1 => Arc::new(StringViewArray::from_iter(texts)),
            _ => Arc::new(DictionaryArray::<Int8Type>::from_iter(texts)),
        }
    })
}

fn numbers() -> impl Strategy<Value = ArrayRef> {
    let number = prop::option::weighted(0.7, prop::sample::select(vec![1_i64, 3, 4624]));
    prop::collection::vec(number, ROWS).prop_map(|all| -> ArrayRef { Arc::new(Int64Array::from_iter(all)) })
}

/// Lists in a field by which sources are known, empty ones and null among them.
fn lists() -> impl Strategy<Value = ArrayRef> {
    let list = prop::option::of(prop::collection::vec(prop::option::of(Just(1)), 0..3));
    prop::collection::vec(list, ROWS)
        .prop_map(|all| -> ArrayRef { Arc::new(ListArray::from_iter_primitive::<types::Int32Type, _, _>(all)) })
}

fn table() -> impl Strategy<Value = RecordBatch> {
    let top = (
        texts(&["Security", "Linux-Sysmon/Operational", "0:Linux-Sysmon/x", "", ","]),
        prop_oneof![3 => numbers(), 1 => lists()],
        texts(&["EXECVE", "x"]),
        texts(&["C:\\whoami.exe", "/usr/bin/whoami", "c:\\a.exe"]),
        // What is flat and nested at once is of no source for certain.
        prop_oneof![
            prop::sample::subsequence(vec![0, 1, 2, 3, 4], 1..=5),
            prop::sample::subsequence(vec![2, 3, 5], 1..=3)
        ],
    );
    let nested = (numbers(), texts(&["Linux-Sysmon/a", "Security"]), prop::collection::vec(any::<bool>(), ROWS));
    (top, nested).prop_map(|((channel, id, kind, image, kept), (inner_id, inner_channel, hidden))| {
        let system = StructArray::from(batch(vec![("EventID", inner_id), ("Channel", inner_channel)]));
        let (fields, columns, _) = system.into_parts();
        let system: ArrayRef = Arc::new(StructArray::new(fields, columns, Some(NullBuffer::from(hidden))));
        let event: ArrayRef = Arc::new(StructArray::from(batch(vec![("System", system)])));
        let all = [
            ("Channel", channel),
            ("EventID", id),
            ("type", kind.clone()),
            ("Image", image),
            ("UtcTime", kind),
            ("Event", event),
        ];
        batch(kept.into_iter().map(|at| all[at].clone()).collect())
    })
}

proptest! {
    #[test]
    fn rows_are_told_what_lines_are_told(first in table(), second in table(), evidence: bool, form in 0..3_usize) {
        let rules = &FORMS[form];
        let batches = [first.slice(0, 7), second, first.slice(7, ROWS - 7)];
        let rows = batches.iter().flat_map(|one| (0..one.num_rows()).map(move |row| row_as_json(one, row)));
        let lines: Vec<String> = rows.collect();
        let expected = rules.scan_lines(lines.join("\n").as_bytes(), &options(1, evidence)).unwrap();
        for threads in [1, 3] {
            let found = scan(rules, &batches, &options(threads, evidence)).unwrap();
            prop_assert_eq!(&found.hits, &expected.hits, "{}", lines.join("\n"));
            prop_assert_eq!((found.events, found.evidence.len()), (expected.events, expected.evidence.len()));
            prop_assert_eq!(format!("{:?}", found.evidence), format!("{:?}", expected.evidence));
        }
    }
}

#[test]
fn what_is_known_of_a_dictionary_goes_on_to_the_next_call_that_has_the_same() {
    let rules = &rules(Some("windows"));
    let images = |keys: &[i8], values: [&str; 2]| -> ArrayRef {
        let values: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        Arc::new(DictionaryArray::<Int8Type>::new(keys.to_vec().into(), values))
    };
    let ids = |id: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![id; 4])) };
    let channel: ArrayRef = Arc::new(StringArray::from(vec!["Microsoft-Windows-Sysmon/Operational"; 4]));
    let known = ["C:\\whoami.exe", "C:\\whoaru.exe"];
    // Again and again, so that calls meet the scanners of those before, and more of them than are remembered.
    let calls = [
        ([0, 1, 0, 1], known, 1, vec![0, 2]),
        ([1, 0, 0, 1], known, 1, vec![1, 2]),
        ([1, 0, 0, 1], ["C:\\whoaru.exe", "C:\\whoami.exe"], 1, vec![0, 3]),
        ([1, 0, 0, 1], ["C:\\whoami.exe", "D:\\whoami.exe"], 1, vec![0, 1, 2, 3]),
        ([1, 1, 1, 1], known, 1, vec![]),
        ([0, 0, 1, 1], ["C:\\whoaru.exe", "E:\\whoami.exe"], 1, vec![2, 3]),
        ([0, 0, 1, 1], ["D:\\whoami.exe", "C:\\whoaru.exe"], 1, vec![0, 1]),
        ([0, 1, 1, 1], ["C:\\whoaru.exe", "D:\\whoami.exe"], 1, vec![1, 2, 3]),
        ([0, 0, 0, 1], known, 3, vec![]),
        ([0, 0, 0, 1], known, 1, vec![0, 1, 2]),
    ];
    for (keys, values, id, rows) in calls.iter().chain(&calls) {
        let only = ScanOptions { rules: vec!["Windows".to_owned()], ..options(1, false) };
        let columns = vec![("Image", images(keys, *values)), ("EventID", ids(*id)), ("Channel", channel.clone())];
        let found = scan(rules, &[batch(columns)], &only);
        let found: Vec<u64> = found.unwrap().hits.iter().map(|hit| hit.event).collect();
        assert_eq!(found, *rows, "{keys:?} {values:?}");
    }
}

#[test]
fn large_batches_are_cut_and_rows_are_counted_on() {
    let rules = &FORMS[0];
    let images = (0..70_000).map(|row| if row % 1000 == 7 { "C:\\whoami.exe" } else { "b" });
    let images: ArrayRef = Arc::new(StringArray::from_iter_values(images));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1; 70_000]));
    let channel: ArrayRef = Arc::new(StringArray::from(vec!["Microsoft-Windows-Sysmon/Operational"; 70_000]));
    let batch = batch(vec![("Image", images), ("EventID", ids), ("Channel", channel)]);
    for threads in [1, 2] {
        let options = ScanOptions { rules: vec!["Windows".to_owned()], ..options(threads, false) };
        let found = scan(rules, &[batch.clone(), batch.clone()], &options).unwrap();
        let rows: Vec<u64> = found.hits.iter().map(|hit| hit.event).collect();
        assert_eq!((found.events, rows), (140_000, (0..140).map(|at| at * 1000 + 7).collect()));
    }
}

#[test]
fn results_are_a_table() {
    let rules = &FORMS[0];
    let images: ArrayRef = Arc::new(StringArray::from(vec!["C:\\whoami.exe", "no", "whoami"]));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None]));
    let channel: ArrayRef = Arc::new(StringArray::from(vec![Some("Microsoft-Windows-Sysmon/Operational"), None, None]));
    let found =
        scan(rules, &[batch(vec![("Image", images), ("EventID", ids), ("Channel", channel)])], &options(1, false));
    let table = rules.results(&found.unwrap()).unwrap();
    assert_eq!(table.schema(), Results::schema());
    let lines: Vec<String> = (0..table.num_rows()).map(|row| row_as_json(&table, row)).collect();
    assert_eq!(lines.join("\n"), EXPECTED.trim());
    let none = rules.results(&Scan::default()).unwrap();
    assert_eq!((none.num_rows(), none.schema()), (0, Results::schema()));
}

const EXPECTED: &str = r#"
{"event_index":0,"rule_id":"11111111-1111-4111-8111-111111111111","rule_title":"Windows","level":"high","tags":["attack.t1033","attack.discovery"],"source":"windows"}
{"event_index":0,"rule_id":"any","rule_title":"Any","tags":[],"source":"windows"}
{"event_index":0,"rule_title":"Nested","tags":[],"source":"windows"}
{"event_index":2,"rule_title":"Linux","tags":[]}
{"event_index":2,"rule_id":"any","rule_title":"Any","tags":[]}
"#;

#[test]
fn what_cannot_be_read_ends_the_scan_with_an_error() {
    let broken = || Err::<RecordBatch, _>(BadTable::from(arrow_schema::ArrowError::ComputeError("gone".to_owned())));
    let error = FORMS[0].scan_batches([broken()], &options(1, false)).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (Kind::Event, "the table cannot be read: Compute error: gone".to_owned())
    );
    let endless = batch(vec![("a", Arc::new(NullArray::new(1 << 40)))]);
    let error = scan(&FORMS[0], &[endless], &options(1, false)).unwrap_err();
    assert!(error.kind() == Kind::Limit && error.to_string().contains("1099511627776 rows"), "{error}");
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let stopped = FORMS[0].scan_batches_until([Ok(batch(vec![("a", text)]))], &options(1, false), &mut || true);
    assert_eq!(stopped.unwrap_err().kind(), Kind::Cancelled);
}

#[test]
fn a_stream_takes_rows_as_it_takes_lines() {
    let often = "title: Often\ncorrelation: {type: event_count, rules: [any], group-by: [Image], timespan: 1m, condition: {gte: 2}}";
    let texts = [RULES, often].map(|text| (text.to_owned(), text.to_owned()));
    let rules = Arc::new(RuleSet::compile(texts, &CompileOptions::default()).unwrap());
    let images: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..2500).map(|row| format!("whoami {}", row % 700))));
    let times = (0..2500).map(|row| 1_700_000_000_000_000 + row * 10_000);
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(times));
    // Rows of one source are read by columns; rows of several as JSON.
    let channel = |row| (row % 3 == 0).then_some("Microsoft-Windows-Sysmon/Operational");
    let channel: ArrayRef = Arc::new(StringArray::from_iter((0..2500).map(channel)));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1; 2500]));
    let one = batch(vec![("Image", images.clone()), ("timestamp", times.clone())]);
    let several = batch(vec![("Image", images), ("timestamp", times), ("Channel", channel), ("EventID", ids)]);
    for batch in [one, several] {
        check_stream(&rules, batch);
    }
}

fn check_stream(rules: &Arc<RuleSet>, batch: RecordBatch) {
    let lines: Vec<String> = (0..batch.num_rows()).map(|row| row_as_json(&batch, row)).collect();
    let stream = || Stream::new(Arc::clone(rules), &StreamSettings::default(), &options(1, true)).unwrap();
    let (by_rows, by_lines) = (stream(), stream());
    let mut found = by_rows.push_batches([Ok(batch.clone()), Ok(batch)]).unwrap();
    let mut expected = by_lines.push_lines(lines.join("\n").as_bytes()).unwrap();
    expected.append(by_lines.push_lines(lines.join("\n").as_bytes()).unwrap());
    found.alerts.append(&mut by_rows.flush().unwrap());
    expected.alerts.append(&mut by_lines.flush().unwrap());
    assert!(!expected.alerts.is_empty());
    let alerts = |of: &Pushed| of.alerts.iter().map(|one| (one.time_ns(), one.count())).collect::<Vec<_>>();
    assert_eq!((alerts(&found), &found.scan.hits), (alerts(&expected), &expected.scan.hits));
    assert_eq!(format!("{:?}", found.scan.evidence), format!("{:?}", expected.scan.evidence));
    assert_eq!((found.scan.events, found.untimed, found.first), (5000, 0, 0));
    by_rows.close().unwrap();
    assert_eq!(by_rows.push_batches([] as [Result<RecordBatch, BadTable>; 0]).unwrap_err().kind(), Kind::Closed);
}
