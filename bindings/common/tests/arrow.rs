//! Tables of Arrow: what each type is to a rule, that columns and rows as JSON say the same, and what goes in and out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder, StringViewBuilder};
use arrow_array::types::{Int8Type, Int32Type, UInt16Type};
use arrow_array::*;
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Schema};
use proptest::prelude::*;
use std::ops::Range;
use std::sync::Arc;
use tieline::{Compiler, Event, JsonEvent, Rules, Scanner, Stream, Value};
use tieline_common::arrow::{self, Found};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

fn shown(event: &dyn Event, field: &str) -> String {
    let mut all = Vec::new();
    event.values(field, &mut |value| {
        all.push(match value {
            Value::Null => "null".to_owned(),
            Value::Composite => "{}".to_owned(),
            Value::Text(text) => format!("'{text}'"),
            other => other.text().unwrap().into_owned(),
        });
    });
    all.join(" ")
}

/// What a column says in each row, by the column and by the row as JSON.
fn check(array: ArrayRef, field: &str, expected: &[&str]) {
    let rows = array.len();
    let batch = batch(vec![("a", array)]);
    let by_json: Vec<String> = (0..rows)
        .map(|row| shown(&JsonEvent::parse(arrow::row_as_json(&batch, row).as_bytes()).unwrap(), field))
        .collect();
    assert_eq!(by_json, expected, "{field} as JSON of {:?}", batch.schema());
    let by_column = arrow::with_columns(&batch, None, |columns| {
        (0..rows).map(|row| shown(&columns.event(row), field)).collect::<Vec<_>>()
    });
    if let Some(by_column) = by_column {
        assert_eq!(by_column, expected, "{field} of {:?}", batch.schema());
    }
}

#[test]
fn texts_of_every_form_are_texts() {
    let texts = [Some("x"), None, Some("é \"q\" \\"), Some("")];
    let expected = ["'x'", "", "'é \"q\" \\'", "''"];
    check(Arc::new(StringArray::from_iter(texts)), "a", &expected);
    check(Arc::new(LargeStringArray::from_iter(texts)), "a", &expected);
    check(Arc::new(StringViewArray::from_iter(texts)), "a", &expected);
    check(Arc::new(DictionaryArray::<Int8Type>::from_iter(texts)), "a", &expected);
    check(Arc::new(DictionaryArray::<UInt16Type>::from_iter(texts)), "a", &expected);
    check(Arc::new(RunArray::<Int32Type>::from_iter(texts)), "a", &expected);
    let bytes = texts.map(|text| text.map(str::as_bytes));
    check(Arc::new(BinaryArray::from_iter(bytes)), "a", &expected);
    check(Arc::new(LargeBinaryArray::from_iter(bytes)), "a", &expected);
    check(Arc::new(BinaryViewArray::from_iter(bytes)), "a", &expected);
    let sliced = StringArray::from_iter([Some("0"), None].into_iter().chain(texts)).slice(2, 4);
    check(Arc::new(sliced), "a", &expected);
    let runs = RunArray::<Int32Type>::from_iter(["x", "x", "y", "y"]).slice(1, 3);
    check(Arc::new(runs), "a", &["'x'", "'y'", "'y'"]);
}

#[test]
fn bytes_that_are_no_text_are_missing_and_counted() {
    let array: ArrayRef = Arc::new(BinaryArray::from_iter([Some(b"x".as_slice()), Some(b"\xff"), None]));
    check(array.clone(), "a", &["'x'", "", ""]);
    let found = arrow::scan_batches(&rules(&["s: {a: x}"]), None, [batch(vec![("a", array)])]);
    assert_eq!((found.rows, found.not_text, found.scanned), (vec![0], 1, 3));
}

#[test]
fn numbers_are_numbers() {
    check(Arc::new(Int8Array::from(vec![Some(-1), None])), "a", &["-1", ""]);
    check(Arc::new(UInt64Array::from(vec![u64::MAX])), "a", &["18446744073709551615"]);
    check(Arc::new(Float32Array::from(vec![0.1, f32::NAN, f32::INFINITY])), "a", &["0.1", "'NaN'", "'inf'"]);
    check(Arc::new(Float64Array::from(vec![1.0, f64::NEG_INFINITY])), "a", &["1", "'-inf'"]);
    check(Arc::new(BooleanArray::from(vec![Some(true), None])), "a", &["true", ""]);
    let decimals = Decimal128Array::from(vec![12_345, -5, 100]).with_precision_and_scale(10, 2).unwrap();
    check(Arc::new(decimals), "a", &["123.45", "-0.05", "1"]);
    check(Arc::new(NullArray::new(2)), "a", &["", ""]);
    check(Arc::new(DurationSecondArray::from(vec![60])), "a", &["60"]);
}

#[test]
fn times_keep_their_digits() {
    let moments = TimestampNanosecondArray::from(vec![Some(1_763_884_800_000_000_001), None]);
    check(Arc::new(moments.clone()), "a", &["'2025-11-23T08:00:00.000000001Z'", ""]);
    check(Arc::new(moments.with_timezone("Europe/Berlin")), "a", &["'2025-11-23T08:00:00.000000001Z'", ""]);
    check(Arc::new(TimestampSecondArray::from(vec![i64::MAX])), "a", &["9223372036854775807"]);
    check(Arc::new(Date32Array::from(vec![20_415])), "a", &["'2025-11-23'"]);
    check(Arc::new(Time64MicrosecondArray::from(vec![500_000])), "a", &["'00:00:00.5'"]);
}

#[test]
fn structs_are_dotted_names_and_lists_are_several_values() {
    let inner: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), Some("y"), None]));
    let field = Arc::new(Field::new("b", DataType::Utf8, true));
    let outer = StructArray::new(vec![field].into(), vec![inner], Some(NullBuffer::from(vec![true, false, true])));
    check(Arc::new(outer.clone()), "a.b", &["'x'", "", ""]);
    check(Arc::new(outer), "a", &["{}", "", "{}"]);
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), Some(vec![]), None]);
    check(Arc::new(lists.clone()), "a", &["1 null", "{}", ""]);
    check(Arc::new(lists.slice(1, 2)), "a", &["{}", ""]);
    let fixed = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        [Some(vec![Some(1), Some(2)]), None, Some(vec![Some(3), None])],
        2,
    );
    check(Arc::new(fixed.slice(1, 2)), "a", &["", "3 null"]);
}

#[test]
fn what_columns_cannot_say_is_written_as_json() {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    maps.keys().append_value("k\"");
    maps.values().append_value(7);
    maps.append(true).unwrap();
    maps.append(false).unwrap();
    let maps: ArrayRef = Arc::new(maps.finish());
    check(maps.clone(), "a.k\"", &["7", ""]);
    let mut lists = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
    lists.values().values().append_value(1);
    lists.values().append(true);
    lists.values().append(false);
    lists.append(true);
    check(Arc::new(lists.finish()), "a", &["1 null"]);
    let found = arrow::scan_batches(&rules(&["s: {'a.k\"': 7}"]), None, [batch(vec![("a", maps)])]);
    assert_eq!((found.rows, found.rules), (vec![0], vec![0]));
    let texts = |text| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let twice = batch(vec![("a", texts("x")), ("a", texts("y"))]);
    assert!(arrow::with_columns(&twice, None, |_| ()).is_none());
    assert_eq!(arrow::scan_batches(&rules(&["s: {a: y}"]), None, [twice]).rows, [0]);
}

fn rules(selections: &[&str]) -> Rules {
    let rule = |(at, selection): (usize, &&str)| {
        format!(
            "title: t{at}\nid: 00000000-0000-4000-8000-00000000000{at}\nlevel: high\ntags: [attack.t1059]\n\
             logsource: {{}}\ndetection: {{{selection}, condition: s}}\n"
        )
    };
    let texts = selections.iter().enumerate().map(rule).collect::<Vec<_>>();
    texts.into_iter().fold(Compiler::new(), |compiler, text| compiler.rules(None, text)).build().unwrap()
}

#[test]
fn rows_are_counted_over_batches() {
    let rules = rules(&["s: {a: x}", "s: {a|contains: x}"]);
    let texts = |texts: [&str; 3]| batch(vec![("a", Arc::new(StringArray::from(texts.to_vec())) as ArrayRef)]);
    let found = arrow::scan_batches(&rules, None, [texts(["x", "y", "xx"]), texts(["y", "x", "y"])]);
    assert_eq!(
        (&*found.rows, &*found.rules, found.scanned),
        ([0, 0, 2, 4, 4].as_slice(), [0, 1, 1, 0, 1].as_slice(), 6)
    );
}

#[test]
fn tables_are_correlated() {
    let yaml = "title: a\nname: a\nlogsource: {}\ndetection: {s: {a: x}, condition: s}\n---\ntitle: c\ncorrelation: \
                {type: event_count, rules: [a], group-by: [u], timespan: 1m, condition: {gte: 2}}\n";
    let mut stream = Stream::new(&Compiler::new().rules(None, yaml).build().unwrap(), Default::default());
    let columns = || -> Vec<(&str, ArrayRef)> {
        vec![
            ("a", Arc::new(StringArray::from(vec!["x", "x", "x"]))),
            ("u", Arc::new(DictionaryArray::<Int8Type>::from_iter(["p", "q", "p"]))),
            (
                "time",
                Arc::new(TimestampMillisecondArray::from(vec![
                    1_700_000_000_000,
                    1_700_000_001_000,
                    1_700_000_002_000,
                ])),
            ),
        ]
    };
    let mut found = Found::default();
    arrow::correlate_batch(&mut stream, &batch(columns()), &mut found);
    stream.finish();
    let alerts = stream.take_alerts();
    assert_eq!((alerts.len(), alerts[0].count(), found.scanned, found.refused), (1, 2, 3, 0));
}

#[test]
fn tables_go_out_and_come_back() {
    let own = batch(vec![
        ("a", Arc::new(StringArray::from(vec![Some("x"), None])) as ArrayRef),
        ("d", Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("y"), Some("y")]))),
    ]);
    let stream = arrow::export_stream(own.schema(), vec![own.clone(), own.slice(1, 1)]);
    let back = arrow::import_stream(stream).unwrap().map(|batch| batch.unwrap().checked().unwrap());
    let back: Vec<RecordBatch> = back.collect();
    assert_eq!(back, [own.clone(), own.slice(1, 1)]);
    let (array, schema) = arrow::export(&own).unwrap();
    assert_eq!(DataType::try_from(&schema).unwrap(), DataType::Struct(own.schema().fields().clone()));
    drop(array);
}

#[test]
fn foreign_memory_is_checked_before_it_is_read() {
    // What a broken program may hand over: bytes that it calls a text.
    let broken = |bytes: &'static [u8]| {
        let told = Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, true)]));
        let bytes: ArrayRef = Arc::new(BinaryArray::from_iter([Some(bytes)]));
        let mut stream = arrow::import_stream(arrow::export_stream(told, vec![batch(vec![("a", bytes)])])).unwrap();
        let batch = stream.next().unwrap().unwrap();
        // It is the same error whether anybody reads the rows or not.
        let unread = arrow::with_loose_columns(&batch, None, |_| ()).map_err(|error| error.to_string());
        let checked = batch.checked().map(|batch| batch.num_rows()).map_err(|error| error.to_string());
        assert_eq!(unread.map(|_| 1), checked);
        checked
    };
    assert_eq!(broken(b"fine"), Ok(1));
    let message = broken(b"\xff\xfe").unwrap_err();
    assert!(message.starts_with("the column `a` is not what its type says"), "{message}");
}

#[test]
fn dictionaries_are_checked_unless_the_same_were_right_before() {
    let coded = |values: [&[u8]; 2]| {
        let values: ArrayRef = Arc::new(BinaryArray::from_iter(values.map(Some)));
        let coded: ArrayRef = Arc::new(DictionaryArray::<Int8Type>::new(vec![0, 1, 0].into(), values));
        batch(vec![("a", coded)])
    };
    let import = |batches: Vec<RecordBatch>| {
        let of = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
        let told = Arc::new(Schema::new(vec![Field::new("a", of, true)]));
        let stream = arrow::import_stream(arrow::export_stream(told, batches)).unwrap();
        stream.map(|batch| batch.is_ok()).collect::<Vec<bool>>()
    };
    let (right, cut) = (coded([b"x", "é".as_bytes()]), coded([b"x\xC3", b"\xA9"]));
    for _ in 0..3 {
        assert_eq!(import(vec![right.clone(), right.clone(), coded([b"x", "é".as_bytes()])]), [true; 3]);
        assert_eq!(import(vec![cut.clone(), right.clone(), cut.clone(), cut.clone()]), [false, true, false, false]);
    }
    // More than are remembered.
    let many = |number: u8| coded([b"x", number.to_string().as_bytes()]);
    assert_eq!(import((0..40).map(many).chain([cut, right]).collect()), [vec![true; 40], vec![false, true]].concat());
}

#[test]
fn keywords_are_found_in_views_wherever_their_texts_lie() {
    let texts: Vec<String> = (0..300)
        .map(|row| match row % 6 {
            0 => "short".to_owned(),
            1 => format!("a text of row {row} that lies behind the one before"),
            2 => "a text that many rows have".to_owned(),
            3 => if row % 5 == 0 { "a needle" } else { "needles, not" }.to_owned(),
            4 => format!(
                "in row {row} of the hay lies {} that is found",
                if row % 7 == 0 { "a needle" } else { "nothing" }
            ),
            _ => String::new(),
        })
        .collect();
    let views = |texts: &[String]| {
        let mut builder = StringViewBuilder::new().with_fixed_block_size(512).with_deduplicate_strings();
        texts.iter().for_each(|text| builder.append_value(text));
        builder.finish()
    };
    // What is found comes when more was looked through than lies there.
    let ends = ["", "."].into_iter().cycle().take(68).chain(std::iter::repeat_n(", a needle", 17));
    let by_turns: Vec<String> = ends.map(|end| "hay ".repeat(300) + end).collect();
    let (apart, shared) = (views(&texts), views(&by_turns));
    let turned = apart.views().iter().rev().copied().collect::<Vec<_>>().into();
    let turned = StringViewArray::new(turned, apart.data_buffers().to_vec(), None);
    let rules = rules(&["s: ['a needle']"]);
    let found = |array: ArrayRef| arrow::scan_batches(&rules, None, [batch(vec![("a", array)])]).rows;
    let turned_texts = texts.iter().rev().cloned().collect();
    for (views, texts) in [(apart, texts), (turned, turned_texts), (shared, by_turns)] {
        let rows = found(Arc::new(StringArray::from(texts)));
        assert_eq!((found(Arc::new(views)), rows.len()), (rows, 17));
    }
}

/// A column of texts in any form.
fn column() -> impl Strategy<Value = ArrayRef> {
    column_of(0..6)
}

fn column_of(forms: Range<u8>) -> impl Strategy<Value = ArrayRef> {
    let text = prop::option::of(prop::sample::select(vec![
        "x",
        "xy",
        "evil",
        "a\\b",
        "é",
        "",
        "4624",
        "K",
        "some long text that is evil",
        "some long text that is not",
    ]));
    (prop::collection::vec(text, 8..100), forms, 0..4_usize).prop_map(|(texts, form, skipped)| {
        let texts: Vec<Option<&str>> = (0..100).map(|row| texts[row % texts.len()]).collect();
        let whole: ArrayRef = match form {
            0 => Arc::new(StringArray::from_iter(texts)),
            1 => Arc::new(StringViewArray::from_iter(texts)),
            2 => Arc::new(DictionaryArray::<Int8Type>::from_iter(texts)),
            3 => Arc::new(BinaryArray::from_iter(texts.into_iter().map(|text| text.map(str::as_bytes)))),
            4 => Arc::new(RunArray::<Int32Type>::from_iter(texts)),
            _ => Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(
                texts.into_iter().map(|text| text.map(|text| vec![Some(text.len() as i32), None])),
            )),
        };
        whole.slice(skipped, 90)
    })
}

proptest! {
    #[test]
    fn columns_say_what_rows_say(a in column(), b in column(), c in column(), hidden in prop::collection::vec(any::<bool>(), 90)) {
        let field = Arc::new(Field::new("c", c.data_type().clone(), true));
        let outer = StructArray::new(vec![field].into(), vec![c], Some(NullBuffer::from(hidden)));
        let batch = batch(vec![("a", a), ("b", b), ("o", Arc::new(outer) as ArrayRef)]);
        let rules = rules(&[
            "s: {a: x}", "s: {b|contains: 'y'}", "s: {o.c|endswith: 'b'}", "s: ['evil', 'k']", "s: {o: null}",
            "s: {a|fieldref: b}", "s: {o.c|gt: 1}", "s: {b: null, a|exists: true}",
        ]);
        let found = arrow::scan_batches(&rules, None, [batch.clone()]);
        let mut scanner = Scanner::new(&rules);
        let mut expected = Vec::new();
        for row in 0..batch.num_rows() {
            let text = arrow::row_as_json(&batch, row);
            expected.extend(scanner.scan_json(text.as_bytes()).unwrap().map(|one| (row as u64, one.index() as u32)));
        }
        let found: Vec<(u64, u32)> = found.rows.into_iter().zip(found.rules).collect();
        prop_assert_eq!(found, expected);
    }

    /// Pieces of two tables in any order, so that some of them share dictionaries with the one before.
    #[test]
    fn what_is_known_of_a_dictionary_goes_on_only_where_it_is_the_same(
        // Of the same types, so that nothing but the values tells tables from each other.
        [a, b, c, d] in (0..6_u8, 0..6_u8).prop_flat_map(|(one, other)| {
            [one, other, one, other].map(|form| column_of(form..form + 1))
        }),
        cuts in prop::collection::vec((any::<bool>(), 0..90_usize, 1..90_usize), 1..12),
    ) {
        let tables = [batch(vec![("a", a), ("b", b)]), batch(vec![("a", c), ("b", d)])];
        let pieces: Vec<RecordBatch> = cuts.iter().map(|(second, first, rows)| {
            tables[usize::from(*second)].slice(*first, (*rows).min(90 - first))
        }).collect();
        let rules = rules(&[
            "s: {a: x}", "s: {b|contains: 'y'}", "s: ['evil', 'k']", "s: {a|fieldref: b}", "s: {b: null, a|exists: true}",
            "s: {a|contains: evil, b|re: '^.y?$'}", "s: {a|gt: 1}",
        ]);
        let alone: Vec<(u64, u32)> = pieces.iter().scan(0, |first, piece| {
            let found = arrow::scan_batches(&rules, None, [piece.clone()]);
            let own: Vec<(u64, u32)> = found.rows.iter().map(|row| row + *first).zip(found.rules).collect();
            *first += piece.num_rows() as u64;
            Some(own)
        }).flatten().collect();
        let found = arrow::scan_batches(&rules, None, pieces);
        let found: Vec<(u64, u32)> = found.rows.into_iter().zip(found.rules).collect();
        prop_assert_eq!(found, alone);
    }

    #[test]
    fn wrong_texts_are_an_error_whichever_rows_are_read(
        texts in prop::collection::vec(prop::option::weighted(0.5, prop::sample::select(vec![b"x".as_slice(), "é".as_bytes()])), 1..300),
        wrong in prop::option::weighted(0.7, (any::<prop::sample::Index>(), prop::sample::select(vec![b"\xC3".as_slice(), b"\xA9", b"a\xff"]))),
        read in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        large: bool,
        cut in 0..80_usize,
    ) {
        let mut texts: Vec<Option<&[u8]>> = texts;
        if let Some((at, wrong)) = &wrong {
            *at.get_mut(&mut texts) = Some(wrong);
        }
        let cut = cut.min(texts.len());
        let (of, bytes): (DataType, ArrayRef) = if large {
            (DataType::LargeUtf8, Arc::new(LargeBinaryArray::from_iter(&texts).slice(cut, texts.len() - cut)))
        } else {
            (DataType::Utf8, Arc::new(BinaryArray::from_iter(&texts).slice(cut, texts.len() - cut)))
        };
        let texts = &texts[cut..];
        let told = Arc::new(Schema::new(vec![Field::new("a", of, true)]));
        let mut stream = arrow::import_stream(arrow::export_stream(told, vec![batch(vec![("a", bytes)])])).unwrap();
        let loose = stream.next().unwrap().unwrap();
        let is_right = texts.iter().flatten().all(|text| str::from_utf8(text).is_ok());
        let answer = arrow::with_loose_columns(&loose, None, |columns| {
            for at in read.iter().filter(|_| !texts.is_empty()) {
                let row = at.index(texts.len());
                let mut found = None;
                columns.event(row).values("a", &mut |value| found = value.text().map(|text| text.into_owned()));
                let own = texts[row].and_then(|text| str::from_utf8(text).ok());
                // In a block with a wrong one, others may be missing.
                assert!(found.as_deref() == own || (found.is_none() && !is_right), "row {row}: {found:?}");
            }
        });
        prop_assert_eq!(answer.is_ok(), is_right);
        prop_assert_eq!(loose.checked().is_ok(), is_right);
    }
}
