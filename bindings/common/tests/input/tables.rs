//! Zeek logs and CSV, as whole files.

use proptest::prelude::*;
use tieline_common::input::{FaultKind, Format, InputErrorKind, InputOptions, Reader};

use crate::support::{Pieces, read, read_named, read_to_end, read_with};

const CONN: &str = "### a comment above\n#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
    #path\tconn\n#open\t2024-01-01-00-00-00\n#fields\tts\tid.orig_h\tid.resp_p\tlocal\ttunnels\n\
    #types\ttime\taddr\tport\tbool\tset[string]\n1.500000\t10.0.0.1\t502\tT\t(empty)\n\
    2.000000\t10.0.0.2\t-\tF\ta,b\n#close\t2024-01-01-01-00-00\n";

#[test]
fn zeek_rows_become_objects_with_their_line() {
    let expected = [
        (10, r#"{"ts":1.500000,"id.orig_h":"10.0.0.1","id.resp_p":502,"local":true,"tunnels":[],"_path":"conn"}"#),
        (11, r#"{"ts":2.000000,"id.orig_h":"10.0.0.2","id.resp_p":null,"local":false,"tunnels":["a","b"],"_path":"conn"}"#),
    ]
    .map(|(number, text)| (number, text.to_owned()));
    assert_eq!(read(CONN.as_bytes()).records, expected);
    assert_eq!(read(CONN.replace('\n', "\r\n").as_bytes()).records, expected);
    assert_eq!(read(CONN.trim_end().as_bytes()).records, expected);
}

#[test]
fn joined_zeek_logs_change_their_header() {
    let dns = "#separator \\x09\n#path\tdns\n#fields\tquery\n#types\tstring\nexample.org\n";
    let all = read(format!("{CONN}{dns}{CONN}").as_bytes());
    assert_eq!(all.numbers(), [10, 11, 17, 27, 28]);
    assert_eq!(all.records[2].1, r#"{"query":"example.org","_path":"dns"}"#);
    assert_eq!(all.faults, []);
}

#[test]
fn zeek_rows_that_do_not_fit_are_faults() {
    let all = read(b"#fields\ta\tb\n1\t2\n1\n1\t2\t3\n\t\n#types\tcount\n3\t4\n");
    assert_eq!(all.records.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 7]);
    let faults: Vec<String> = all.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "3: row of 1 columns under a header of 2 columns",
            "4: row of 3 columns under a header of 2 columns",
            "6: `#types` has 1 columns and `#fields` has 2",
        ]
    );
}

#[test]
fn text_that_only_begins_as_a_zeek_log_does_is_a_wrong_format() {
    let error = read_named("readme.md", b"# About\n\n# More\n").unwrap_err();
    assert_eq!(error.kind(), InputErrorKind::WrongFormat);
    assert!(error.to_string().contains("text without a `#fields` line"), "{error}");
    assert_eq!(read(b"#separator \\x09\n#fields\ta\n#close\tx\n").records, []);
}

#[test]
fn a_csv_may_name_its_delimiter_as_excel_does() {
    for (text, line) in [("sep=;\r\na;b\r\n1;x,y\r\n", 3), ("\u{feff}sep=|\na|b\n1|x,y\n", 3)] {
        for name in ["x.csv", "x.txt"] {
            let all = read_named(name, text.as_bytes()).unwrap();
            assert_eq!(all.records, [(line, r#"{"a":"1","b":"x,y"}"#.to_owned())], "{name} {text:?}");
        }
    }
}

#[test]
fn zeek_rows_without_a_header_are_a_wrong_format() {
    let error = read_named("conn.log", b"#separator \\x09\n1\t2\n").unwrap_err();
    assert_eq!(error.kind(), InputErrorKind::WrongFormat);
    let expected = "`conn.log`: line 2 comes before any `#fields` header; expected a Zeek log with a `#fields` header";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_endless_zeek_line_is_skipped() {
    let options = InputOptions { record_bytes_max: 50, ..InputOptions::default() };
    let text = format!("#fields\ta\n1\n{}\n2\n", "x".repeat(10_000));
    let all = read_with("a.log", text.as_bytes(), &options).unwrap();
    assert_eq!((all.numbers(), all.fault_kinds()), (vec![2, 4], vec![(3, FaultKind::TooLong)]));
}

#[test]
fn csv_rows_become_objects_of_strings() {
    let text = "\u{feff}host;count;\"the \"\"note\"\"\"\r\nhmi-1;12;\"two\r\nlines; \"\"quoted\"\"\"\r\n\r\nhmi-2;;x";
    let all = read_named("a.csv", text.as_bytes()).unwrap();
    let expected = [
        (2, r#"{"host":"hmi-1","count":"12","the \"note\"":"two\r\nlines; \"quoted\""}"#),
        (5, r#"{"host":"hmi-2","count":"","the \"note\"":"x"}"#),
    ];
    assert_eq!(all.records, expected.map(|(number, text)| (number, text.to_owned())));
    assert_eq!(all.faults, []);
}

#[test]
fn csv_delimiters_and_double_names_are_kept() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = "a,b,a\n1,2,3\n".replace(',', delimiter);
        assert_eq!(read_named("a.csv", text.as_bytes()).unwrap().texts(), [r#"{"a":"1","b":"2","a":"3"}"#]);
        assert_eq!(read(text.as_bytes()).texts(), [r#"{"a":"1","b":"2","a":"3"}"#]);
    }
    assert_eq!(read_named("a.csv", b"name\nx\n\"\"\n").unwrap().texts(), [r#"{"name":"x"}"#, r#"{"name":""}"#]);
    assert_eq!(read_named("a.csv", b"a,b\n").unwrap().texts(), [""; 0]);
}

#[test]
fn a_byte_order_mark_before_a_row_of_a_joined_csv_is_dropped() {
    let text = b"\xef\xbb\xbfa,b\n1,2\n1\n\xef\xbb\xbf\"3\",4\n5,6\n\xef\xbb\xbf\n\xef\xbb\xbf";
    let whole = read_named("rows.csv", text).unwrap();
    assert_eq!(whole.texts(), [r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":"4"}"#, r#"{"a":"5","b":"6"}"#]);
    let drips = Box::new(Pieces::new(text, &[1]));
    let drips = read_to_end(&mut Reader::from_read("rows.csv", drips, &InputOptions::default()).unwrap()).unwrap();
    assert_eq!((drips.records, drips.faults), (whole.records, whole.faults));
}

#[test]
fn csv_rows_that_do_not_fit_are_faults() {
    let all = read_named("a.csv", b"a,b\n1,2\n1\n1,2,3\n3,4\n").unwrap();
    assert_eq!(
        (all.numbers(), all.fault_kinds()),
        (vec![2, 5], vec![(3, FaultKind::Columns), (4, FaultKind::Columns)])
    );
}

#[test]
fn a_quote_that_is_never_closed_loses_one_line() {
    let rows: String = (0..1000).map(|n| format!("{n},x\n")).collect();
    for bad in ["1,\"open\n", "\"open,2\n"] {
        let all = read_named("a.csv", format!("a,b\n{bad}{rows}").as_bytes()).unwrap();
        assert_eq!((all.records.len(), all.fault_kinds()), (1000, vec![(2, FaultKind::CutOff)]), "{bad}");
        assert_eq!(all.records[0].0, 3);
    }
    // Closed by a quote much later, it is a row that does not fit.
    let all = read_named("a.csv", format!("a,b\n\"open,2\n{rows}x\",2,3\n").as_bytes()).unwrap();
    assert_eq!((all.records.len(), all.fault_kinds()[0]), (1000, (2, FaultKind::Columns)));
    assert!(all.faults[0].message.ends_with("is a quote not closed?"), "{}", all.faults[0]);
}

#[test]
fn quotes_made_to_be_parsed_again_and_again_cost_little() {
    let text = format!("a,b\n{}", "\"x\",\"\n".repeat(200_000));
    let options = InputOptions { record_bytes_max: 100_000, ..InputOptions::default() };
    let all = read_with("a.csv", text.as_bytes(), &options).unwrap();
    assert_eq!(all.records.len(), 0);
    assert!(all.faults.len() < 1000, "{}", all.faults.len());
}

#[test]
fn a_csv_row_over_the_limit_is_skipped() {
    let options = InputOptions { record_bytes_max: 50, ..InputOptions::default() };
    let text = format!("a,b\n1,{}\n2,y\n", "x".repeat(500));
    let all = read_with("a.csv", text.as_bytes(), &options).unwrap();
    assert_eq!(all.fault_kinds()[0], (2, FaultKind::TooLong));
    assert_eq!(all.numbers(), [3]);
    let error = read_with("a.csv", "x,".repeat(500).as_bytes(), &options).unwrap_err();
    assert_eq!(error.kind(), InputErrorKind::WrongFormat);
}

#[test]
fn bytes_that_are_no_utf8_reach_the_record() {
    let options = InputOptions::default();
    let mut reader = Reader::from_read("a.csv", Box::new(&b"a,b\n\xff,2\n"[..]), &options).unwrap();
    let (mut batch, mut faults) = (Default::default(), Vec::new());
    assert!(reader.next_batch(&mut batch, &mut faults).unwrap());
    assert_eq!(batch.record(0).bytes, b"{\"a\":\"\xff\",\"b\":\"2\"}");
}

fn table() -> impl Strategy<Value = Vec<u8>> {
    let row = prop_oneof![
        6 => "[0-9a-zé\\\\]{0,9}[,\t][0-9]{0,4}\r?\n",
        1 => "\"[a-z,\n]{0,30}\"\"x\",2\r\n",
        1 => "[a-z]{0,5}\n",
        1 => "\n",
        1 => "\"open,2\n",
        1 => "#fields\tc\td\n",
        1 => "x,\"y\"\"",
    ];
    prop::collection::vec(row, 0..40).prop_map(|rows| rows.concat().into_bytes())
}

proptest! {
    #[test]
    fn tables_do_not_depend_on_block_sizes(
        rows in table(),
        is_csv in any::<bool>(),
        sizes in prop::collection::vec(0usize..70, 1..8),
        batch_bytes in 1usize..300,
        batch_records_max in 1usize..20,
        record_bytes_max in 15usize..120,
    ) {
        prop_assume!(sizes.iter().any(|size| *size > 0));
        let format = if is_csv { Format::Csv } else { Format::ZeekTsv };
        let text = [if is_csv { &b"a,b\n"[..] } else { b"#fields\ta\tb\n" }, &rows].concat();
        let options = InputOptions { record_bytes_max, format: Some(format), ..InputOptions::default() };
        let whole = read_with("stdin", &text, &options).unwrap();
        let options = InputOptions { batch_bytes, batch_records_max, ..options };
        let mut reader = Reader::from_read("stdin", Box::new(Pieces::new(&text, &sizes)), &options).unwrap();
        prop_assert_eq!(read_to_end(&mut reader).unwrap(), whole);
    }
}
