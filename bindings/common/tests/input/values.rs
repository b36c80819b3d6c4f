//! JSON arrays and objects over several lines.

use proptest::prelude::*;
use tieline_common::input::{FaultKind, Format, InputOptions, Reader};

use crate::support::{Pieces, read, read_named, read_to_end, read_with};

#[test]
fn arrays_give_their_objects_by_number() {
    let all = read(b"\xef\xbb\xbf [ {\"a\":1},\r\n{\"b\":[{}, \"}\\\"\"]}\n,{\"c\":\n2}]\n");
    let expected = ["{\"a\":1}", "{\"b\":[{}, \"}\\\"\"]}", "{\"c\":\n2}"];
    assert_eq!((all.texts(), all.numbers()), (expected.to_vec(), vec![1, 2, 3]));
    assert_eq!(all.faults, []);
}

#[test]
fn objects_over_several_lines_give_one_record_each() {
    let all = read(b"{\n  \"a\": 1\n}\n{\n  \"a\": {\"b\":\n 2}\n}{\"c\":3}\n");
    assert_eq!(all.texts(), ["{\n  \"a\": 1\n}", "{\n  \"a\": {\"b\":\n 2}\n}", "{\"c\":3}"]);
    assert_eq!((all.numbers(), all.faults), (vec![1, 2, 3], vec![]));
}

#[test]
fn arrays_may_follow_each_other() {
    assert_eq!(read(b"[{\"a\":1}]\n[]\n\xef\xbb\xbf[{\"a\":2}]").texts(), ["{\"a\":1}", "{\"a\":2}"]);
}

#[test]
fn what_is_no_object_is_a_fault() {
    let cases: [(&[u8], &[u64], &str); 6] = [
        (b"[[{\"a\":1}],{\"a\":2}]", &[2], "1 (byte 1): an array where a JSON object belongs"),
        (b"[\"x]\\\"\",{\"a\":2}]", &[2], "1 (byte 1): a string where a JSON object belongs"),
        (b"[12,{\"a\":2}]", &[2], "1 (byte 1): something else where a JSON object belongs"),
        (b"[{\"a\":2}]]", &[1], "2 (byte 9): `]` without `[` before it"),
        (b"[{\"a\":2}]\0\0\0", &[1], "2 (byte 9): something else where a JSON object belongs"),
        (b"[{\"a\":1},null]", &[1], "2 (byte 9): something else where a JSON object belongs"),
    ];
    for (text, numbers, fault) in cases {
        let all = read(text);
        assert_eq!(all.numbers(), numbers);
        let faults: Vec<String> = all.faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, [fault], "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn an_end_inside_a_record_or_an_array_is_a_fault() {
    let cases: [(&[u8], &[u64], &str); 4] = [
        (b"[{\"a\":1},{\"a\":", &[1], "2 (byte 9): the input ends inside this object"),
        (b"[{\"a\":1}", &[1], "2 (byte 8): the input ends before the `]` of its array"),
        (b"[{\"a\":1},{\"a\":\"x", &[1], "2 (byte 9): the input ends inside this object"),
        (b"{\n\"a\":1}\n{", &[1], "2 (byte 9): the input ends inside this object"),
    ];
    for (text, numbers, fault) in cases {
        let all = read(text);
        assert_eq!((all.numbers().as_slice(), all.faults[0].to_string().as_str()), (numbers, fault));
        assert_eq!(all.fault_kinds()[0].1, FaultKind::CutOff);
    }
}

#[test]
fn a_line_end_inside_a_string_loses_one_record() {
    let text = "[\n  {\n    \"a\": \"cut\n  },\n  {\n    \"x\": [\n    {\"b\": 2}]\n  }\n]\n";
    let all = read(text.as_bytes());
    assert_eq!(all.texts(), ["{\n    \"x\": [\n    {\"b\": 2}]\n  }"]);
    assert_eq!(all.fault_kinds(), [(1, FaultKind::CutOff)]);
}

#[test]
fn deep_nesting_is_passed_on() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(read(format!("[{deep},{deep}]").as_bytes()).texts(), [deep.as_str(), deep.as_str()]);
}

#[test]
fn an_object_over_the_limit_is_skipped_and_measured() {
    let options = InputOptions { record_bytes_max: 100, ..InputOptions::default() };
    let text = format!("[{{\"a\":1}},{{\"b\":\"{}\"}},{{\"c\":3}}]", "x".repeat(100_000));
    let all = read_with("stdin", text.as_bytes(), &options).unwrap();
    assert_eq!(all.numbers(), [1, 3]);
    assert_eq!(all.faults[0].to_string(), "2 (byte 9): object of 100008 bytes is longer than the limit of 100 bytes");
}

#[test]
fn a_cut_first_line_does_not_make_lines_an_array() {
    let reader =
        |text: &'static [u8]| Reader::from_read("stdin", Box::new(text), &InputOptions::default()).unwrap().format();
    assert_eq!(reader(b"{\"a\":\"x\n{\"a\":1}\n"), Format::Ndjson);
    assert_eq!(reader(b"{\n\"a\":1}"), Format::JsonArray);
    assert_eq!(read_named("a.json", b"{\"a\":\"x\n{\"a\":1}\n").unwrap().numbers(), [1, 2]);
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let item = prop_oneof![
        4 => "\\{\"a\": ?[0-9]{1,4}\\}",
        2 => "\\{\n  \"a\": \"[a-z\\]\\}é]{0,80}(\\\\\\\\)?(\\\\\")?\"\n\\}",
        1 => "\\{\"a\":\\[1,\\{\"b\":\\[\\]\\},\n2\\]\\}",
        1 => Just("\"s,]\"".to_owned()),
        1 => Just("[{}]".to_owned()),
        1 => Just("7".to_owned()),
        1 => Just("{\"a\":\"cut\n".to_owned()),
    ];
    let joint = prop_oneof![Just(","), Just(",\n  "), Just("\n"), Just("\r\n,")];
    (prop::collection::vec((item, joint), 0..40), "\\]?").prop_map(|(items, end)| {
        let mut text = "[{\"first\":1},".to_owned();
        items.iter().for_each(|(item, joint)| text.extend([item.as_str(), joint]));
        (text + &end).into_bytes()
    })
}

proptest! {
    #[test]
    fn splitting_does_not_depend_on_block_sizes(
        text in text(),
        sizes in prop::collection::vec(0usize..70, 1..8),
        batch_bytes in 1usize..300,
        batch_records_max in 1usize..20,
        record_bytes_max in 20usize..120,
    ) {
        prop_assume!(sizes.iter().any(|size| *size > 0));
        let options = InputOptions { record_bytes_max, ..InputOptions::default() };
        let whole = read_with("stdin", &text, &options).unwrap();
        let options = InputOptions { batch_bytes, batch_records_max, ..options };
        let mut reader = Reader::from_read("stdin", Box::new(Pieces::new(&text, &sizes)), &options).unwrap();
        prop_assert_eq!(read_to_end(&mut reader).unwrap(), whole);
    }

    #[test]
    fn any_bytes_are_read_to_their_end(
        text in prop::collection::vec(prop::sample::select(b"[]{}\",\\\n \xefa1\0:\t#".to_vec()), 0..200),
        format in prop::sample::select(vec![Format::Ndjson, Format::JsonArray, Format::ZeekTsv, Format::Csv]),
        sizes in prop::collection::vec(1usize..30, 1..4),
    ) {
        let options = InputOptions { format: Some(format), record_bytes_max: 30, ..InputOptions::default() };
        let whole = read_with("stdin", &text, &options);
        let mut reader = Reader::from_read("stdin", Box::new(Pieces::new(&text, &sizes)), &options).unwrap();
        let pieces = read_to_end(&mut reader);
        prop_assert_eq!(pieces.map_err(|error| error.to_string()), whole.map_err(|error| error.to_string()));
    }
}
