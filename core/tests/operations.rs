//! Records of OT operations: the engine must see those that the tree of an event holds, whatever its form.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use std::cell::RefCell;
use std::sync::LazyLock;
use tieline::{Compiler, JsonEvent, Normaliser, Rules, Scanner};

/// A protocol that uses everything that a table can say.
const TABLES: &str = include_str!("data/operations/everything.yml");

fn with_tables(compiler: Compiler) -> Compiler {
    compiler.protocols(None, TABLES)
}

/// A rule for each of these detections.
const DETECTIONS: &str = include_str!("data/operations/detections.txt");

/// What rules demand beside that, in turn, so that hardly any field is wanted in every record.
const DEMANDS: &[&str] = &[
    "{ot.protocol: p}",
    "{ot.protocol: P, ot.operation: [read, write, session]}",
    "{ot.operation: mode_stop, ot.direction: request}",
    "[{ot.direction: response}, {ot.direction: request, ot.operation: control}]",
    "{ot.protocol|contains: e, ot.direction: [request, x]}",
    "{ot.operation: unknown, ot.protocol: [p, second]}",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| compiled(&["{nothing: null}"]));
static NARROW: LazyLock<Rules> = LazyLock::new(|| compiled(DEMANDS));

fn compiled(demands: &[&str]) -> Rules {
    let rule = |((number, detection), demand): ((usize, &str), &&str)| {
        let text = "logsource: {category: c}\ndetection:\n  condition: s and d";
        format!("title: r{number}\n{text}\n  s: {detection}\n  d: {demand}\n---\n")
    };
    let yaml: String = DETECTIONS.lines().enumerate().zip(demands.iter().cycle()).map(rule).collect();
    let rules = with_tables(Compiler::new()).rules(None, yaml).build().unwrap();
    assert!(rules.diagnostics().iter().all(|told| !told.is_error()), "{:?}", rules.diagnostics());
    rules
}

thread_local! {
    static SCANNER: RefCell<(Scanner, Normaliser)> =
        RefCell::new((Scanner::new(&RULES), Normaliser::new(with_tables(Compiler::new())).unwrap()));
    static NARROWED: RefCell<Scanner> = RefCell::new(Scanner::new(&NARROW));
    static SHIPPED: RefCell<Normaliser> = RefCell::new({
        let tables = tieline_rules::protocols();
        Normaliser::new(tables.fold(Compiler::new(), |to, (name, yaml)| to.protocols(Some(name), yaml))).unwrap()
    });
}

fn titles(rules: impl Iterator<Item = usize>) -> Vec<usize> {
    rules.collect()
}

/// All ways to look at an event must see the same.
fn check(event: &str) -> Result<(), TestCaseError> {
    let Ok(tree) = JsonEvent::parse(event.as_bytes()) else { return Ok(()) };
    // A key with an escape makes the walk give up.
    let by_tree = format!("{},\"\\u006b\\u006b\":1}}", event.trim_end().strip_suffix('}').unwrap());
    let by_tree = by_tree.replacen("{,", "{", 1);
    NARROWED.with_borrow_mut(|scanner| {
        let expected = titles((0..NARROW.len()).filter(|rule| NARROW.reference_matches(*rule, &tree)));
        let narrowed = titles(scanner.scan_json(event.as_bytes()).unwrap().map(|found| found.index()));
        prop_assert_eq!(&narrowed, &expected, "what rules demand, on {}", event);
        Ok(())
    })?;
    SCANNER.with_borrow_mut(|(scanner, normaliser)| {
        let expected = titles((0..RULES.len()).filter(|rule| RULES.reference_matches(*rule, &tree)));
        let walked = titles(scanner.scan_json(event.as_bytes()).unwrap().map(|found| found.index()));
        prop_assert_eq!(&walked, &expected, "the walk on {}", event);
        let treed = titles(scanner.scan_json(by_tree.as_bytes()).unwrap().map(|found| found.index()));
        prop_assert_eq!(&treed, &expected, "the tree on {}", &by_tree);
        let any = titles(scanner.scan(&tree).map(|found| found.index()));
        prop_assert_eq!(&any, &expected, "an event of any type, {}", event);
        let records = normaliser.records_json(event.as_bytes()).unwrap();
        prop_assert_eq!(&normaliser.records_json(by_tree.as_bytes()).unwrap(), &records, "records of {}", event);
        for record in &records {
            // What was normalised is taken as it is, and each record by itself matches what the event matches.
            let whole = format!(
                "{},{}",
                event.trim_end().strip_suffix('}').unwrap(),
                &serde_json::to_string(record).unwrap()[1..]
            );
            let whole = whole.replacen("{,", "{", 1);
            prop_assert!(normaliser.records_json(whole.as_bytes()).unwrap().is_empty());
            let own = titles(scanner.scan_json(whole.as_bytes()).unwrap().map(|found| found.index()));
            prop_assert!(own.iter().all(|rule| expected.contains(rule)), "{:?} of {:?} on {}", own, expected, whole);
        }
        Ok(())
    })
}

fn value() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "8",
        "9",
        "\"1\"",
        "\"0x02\"",
        "\"0x83\"",
        "\"03\"",
        "\"READ\"",
        "\"rd\"",
        "\"STOP_X\"",
        "\"unknown-4\"",
        "\"5a:04:41\"",
        "\"5A04\"",
        "\"sub: FOUR\"",
        "\"FOUR-1\"",
        "\"one\"",
        "\"10.0.0.1\"",
        "\"response\"",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\\\\b\"",
        "\"\\u0031\"",
        "1.5",
        "1e2",
        "-1",
        "{}",
        "[]",
        "12345678901234567890",
        "\"f1\"",
        "\"BAD\"",
    ])
    .prop_map(str::to_owned);
    let list = prop::collection::vec(scalar.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(",")));
    prop_oneof![4 => scalar, 1 => list]
}

fn object(keys: Vec<&'static str>, inner: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    let entry = (prop::sample::select(keys), value()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    let entries = prop_oneof![5 => entry, 1 => inner];
    prop::collection::vec(entries, 0..7).prop_map(|entries| format!("{{{}}}", entries.join(","))).boxed()
}

fn one_or_more(key: &'static str, objects: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let several = prop::collection::vec(objects.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(",")));
    prop_oneof![objects, several].prop_map(move |objects| format!("\"{key}\":{objects}")).boxed()
}

fn event() -> impl Strategy<Value = String> {
    let part = vec!["c", "sub", "d", "t", "n", "a", "a2", "v", "o", "e", "w", "k", "in"];
    let none = Just("\"z\":1".to_owned());
    let inner = one_or_more("in", object(part.clone(), none.clone()));
    let messages = object(part, inner);
    let beside = object(vec!["f", "z"], none.clone());
    let layers = prop_oneof![
        3 => one_or_more("p", messages.clone()),
        1 => one_or_more("b", beside),
        1 => value().prop_map(|value| format!("\"u\":{value}")),
    ];
    let layers = prop::collection::vec(layers, 0..4).prop_map(|entries| format!("\"l\":{{{}}}", entries.join(",")));
    let flat = (
        prop::sample::select(vec![
            "src", "host.ip", "sp", "dst", "dp", "id", "func", "unit", "kind", "t", "_path", "l.p.c", "l.p.a",
            "l.p.in.c", "q.c", "l.u",
        ]),
        prop_oneof![3 => value(), 1 => prop::sample::select(vec!["\"one\"", "\"two\"", "\"three\""]).prop_map(str::to_owned)],
    );
    let flat = flat.prop_map(|(key, value)| format!("\"{key}\":{value}"));
    let entry = prop_oneof![3 => layers, 1 => one_or_more("q", messages), 4 => flat];
    prop::collection::vec(entry, 0..6).prop_map(|entries| format!("{{{}}}", entries.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("TIELINE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(3_000)
    ))]

    #[test]
    fn every_form_of_an_event_has_the_same_records(event in event()) {
        check(&event)?;
    }
}

fn records(event: &str) -> Vec<String> {
    let mut normaliser = Normaliser::new(with_tables(Compiler::new())).unwrap();
    let records = normaliser.records_json(event.as_bytes()).unwrap();
    records.iter().map(|record| serde_json::to_string(record).unwrap()).collect()
}

#[test]
fn a_message_is_told_by_its_row() {
    let told = records(
        r#"{"src":"10.0.0.1","dst":"10.0.0.2","l":{"p":{"c":"0x02","o":"TWO","a":[3],"n":3,"v":["7","0x0a",500]},"u":"0"}}"#,
    );
    let expected = r#"{"ot.sensor":"s","ot.protocol":"p","ot.operation":"write","ot.code":2,"ot.name":"WRITE","ot.direction":"request","ot.unit":0,"ot.object":"TWO","ot.address":[3,4,5],"ot.quantity":3,"ot.value":[7,10],"ot.user":500,"ot.flag":["broadcast","test"],"ot.source.ip":"10.0.0.1","ot.destination.ip":"10.0.0.2"}"#;
    assert_eq!(told, [expected]);
}

#[test]
fn wrappers_are_told_only_when_nothing_is_in_them() {
    let operations = |event: &str| {
        records(event).iter().map(|record| record.split('"').nth(11).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(operations(r#"{"l":{"p":[{"c":3,"in":[{"c":1},{"c":4}]},{"c":2}]}}"#), ["write", "read", "mode_stop"]);
    assert_eq!(operations(r#"{"l":{"p":{"c":3}}}"#), ["session"]);
}

#[test]
fn objects_beside_some_messages_belong_to_those() {
    let files = |messages: &str| -> Vec<String> {
        let event = format!(r#"{{"l":{{"p":[{messages}],"b":[{{"f":"f1"}},{{"f":"f2"}}]}}}}"#);
        let file = |record: &String| {
            let record: serde_json::Value = serde_json::from_str(record).unwrap();
            record.get("ot.file").map_or("-".to_owned(), |file| file.as_str().unwrap().to_owned())
        };
        check(&event).unwrap();
        records(&event).iter().map(file).collect()
    };
    // As many as messages, as those that have one, and neither.
    assert_eq!(files(r#"{"c":2},{"c":4}"#), ["f1", "f2"]);
    assert_eq!(files(r#"{"c":2},{"c":1},{"c":4},{"c":"0x01"}"#), ["-", "f1", "-", "f2"]);
    assert_eq!(files(r#"{"c":2},{"c":1},{"c":4}"#), ["-", "-", "-"]);
}

#[test]
fn a_key_of_the_whole_way_is_beside_nothing() {
    check(r#"{"l":{"p":[{"in":[{},{"sub":0}]}],"b":{"f":0}},"l.p.in.c":"1"}"#).unwrap();
}

/// How many records an event has, and which of them have the flag `truncated`.
fn truncated(event: &str) -> (usize, Vec<usize>) {
    let mut normaliser = Normaliser::new(with_tables(Compiler::new())).unwrap();
    let records = normaliser.records_json(event.as_bytes()).unwrap();
    let is_flagged = |record: &serde_json::Map<String, serde_json::Value>| {
        record
            .get("ot.flag")
            .and_then(|flags| flags.as_array())
            .is_some_and(|flags| flags.contains(&"truncated".into()))
    };
    let flagged = records.iter().enumerate().filter(|(_, record)| is_flagged(record)).map(|(number, _)| number);
    (records.len(), flagged.collect())
}

#[test]
fn records_beyond_the_bound_are_told_by_a_flag_of_the_last() {
    let event = |count: usize, last: &str| {
        let messages = vec![r#"{"c":1,"a":9}"#; count].join(",");
        format!(r#"{{"l":{{"p":[{messages}{last}]}}}}"#)
    };
    assert_eq!(truncated(&event(1_024, "")), (1_024, vec![]));
    assert_eq!(truncated(&event(1_025, "")), (1_024, vec![1_023]));
    assert_eq!(truncated(&event(50_000, "")), (1_024, vec![1_023]));
    // One that only wraps others is left out, so the flag goes to the one before.
    assert_eq!(truncated(&event(1_023, r#",{"c":3},{"c":1}"#)), (1_023, vec![1_022]));
    // A flag of its own stays.
    let flags = &records(&event(1_023, r#",{"c":2,"a":4},{"c":1}"#))[1_023];
    assert!(flags.contains(r#""ot.flag":["test","truncated"]"#), "{flags}");
    check(&event(1_025, "")).unwrap();
    check(&event(1_023, r#",{"c":3},{"c":1}"#)).unwrap();
}

#[test]
fn addresses_beyond_the_bound_are_told_by_a_flag() {
    let event = |count: &str| format!(r#"{{"l":{{"p":{{"c":1,"a":9,"n":{count}}}}}}}"#);
    for (count, addresses, flagged) in
        [("2048", 2_048, vec![]), ("2049", 2_048, vec![0]), ("9223372036854775807", 2_048, vec![0]), ("-1", 1, vec![])]
    {
        assert_eq!(truncated(&event(count)), (1, flagged), "{count}");
        let record: serde_json::Value = serde_json::from_str(&records(&event(count))[0]).unwrap();
        assert_eq!(record["ot.address"].as_array().unwrap().len(), addresses);
        assert_eq!(record["ot.quantity"].to_string(), count);
        check(&event(count)).unwrap();
    }
    // The flag does not depend on what else rules ask for.
    let rule = "title: t\nlogsource: {category: c}\ndetection: {s: {ot.flag: truncated}, condition: s}";
    let rules = with_tables(Compiler::new()).rules(None, rule).build().unwrap();
    let mut scanner = Scanner::new(&rules);
    let matches = ["2048", "2049"].map(|count| scanner.scan_json(event(count).as_bytes()).unwrap().len());
    assert_eq!(matches, [0, 1]);
}

/// The records that the shipped tables make, each as the texts of some fields.
fn shipped(event: &str, fields: &[&str]) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let part = |record: &serde_json::Map<String, serde_json::Value>, field: &str| {
        record.get(&format!("ot.{field}")).map_or("-".to_owned(), text)
    };
    let records = SHIPPED.with_borrow_mut(|normaliser| normaliser.records_json(event.as_bytes()).unwrap());
    records.iter().map(|record| fields.iter().map(|field| part(record, field)).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn s7comm_plus_is_read_where_tshark_leaves_it_as_data() {
    let told = |layers: &str| {
        let event = format!(r#"{{"layers":{{"cotp":{{"cotp_cotp_type":"0x0f"}},{layers}}}}}"#);
        shipped(&event, &["protocol", "name", "operation", "direction", "transaction"])
    };
    let data = |bytes: &str| told(&format!(r#""data":{{"data_data_data":"{bytes}"}}"#));
    let digest = "00:".repeat(32);
    assert_eq!(data("72:02:00:21:31:00:00:05:42:00:00:00:07"), ["s7comm_plus Set Multi Variables write request 7"]);
    assert_eq!(
        data(&format!("72:03:00:42:20:{digest}32:00:00:05:4c:00:00:00:09")),
        ["s7comm_plus Get Multi Variables read response 9"]
    );
    assert_eq!(data("72:02:00:10:33:00:00:00:01"), ["s7comm_plus Notification read unsolicited -"]);
    // Bytes that tshark has left out stand in those of the segment.
    let payload = "03:00:00:f3:02:f0:80:72:01:00:e4:31:00:00:04:ca:00:00:00:01";
    assert_eq!(
        told(&format!(r#""tcp":{{"tcp_tcp_payload":"{payload}"}},"data":{{"filtered":"data"}}"#)),
        ["s7comm_plus Create Object session request 1"]
    );
    for other in ["32:01:00:00", "72:09:00:21:31", "72:02:00:21:40:00:00:05:42", "", "zz"] {
        assert!(data(other).is_empty(), "{other}");
    }
}

/// Tables with a fault, one document each with `table` and what is `told`.
#[test]
fn broken_tables_say_where() {
    for case in cases("faults.yml") {
        let compiler = Compiler::new()
            .protocols(Some("sensors.yml"), "sensor: s\ninputs: {}")
            .protocols(Some("table.yml"), case["table"].as_str().unwrap());
        let error = Normaliser::new(compiler).unwrap_err();
        let told: Vec<String> = error.diagnostics().iter().map(ToString::to_string).collect();
        let help = error.diagnostics().first().and_then(|told| told.help.clone());
        assert_eq!(told.join("\n"), case["told"].as_str().unwrap().trim_end(), "{}", case["table"]);
        assert_eq!(help.as_deref(), case.get("help").and_then(serde_json::Value::as_str), "{}", case["table"]);
    }
}

/// The documents of a file of cases.
fn cases(name: &str) -> Vec<serde_json::Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/operations").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

#[test]
fn what_no_table_reads_is_known_by_its_port() {
    let fields = ["protocol", "name", "operation", "code", "direction", "source.ip", "destination.port"];
    let told = |event: &str| shipped(event, &fields);
    let zeek = |rest: &str| {
        let ends = r#""id.orig_h":"10.2.0.9","id.orig_p":1030,"id.resp_h":"10.1.0.7""#;
        format!(r#"{{"_path":"conn","uid":"C1",{ends},"conn_state":"SF",{rest}}}"#)
    };
    let tristation = "tristation Triconex TriStation - - request 10.2.0.9";
    assert_eq!(told(&zeek(r#""id.resp_p":1502,"proto":"udp""#)), [format!("{tristation} 1502")]);
    // Another transport, what Zeek knows to be something else, protocols that have tables, and ports that say little.
    assert!(told(&zeek(r#""id.resp_p":1502,"proto":"tcp""#)).is_empty());
    assert!(told(&zeek(r#""id.resp_p":20256,"proto":"tcp","service":"http""#)).is_empty());
    assert!(told(&zeek(r#""id.resp_p":502,"proto":"tcp""#)).is_empty());
    assert!(told(&zeek(r#""id.resp_p":2004,"proto":"tcp""#)).is_empty());
    assert!(told(r#"{"_path":"ssl","id.orig_h":"10.2.0.9","id.resp_p":4911,"proto":"tcp"}"#).is_empty());
    assert_eq!(
        told(
            r#"{"event_type":"flow","src_ip":"10.2.0.9","src_port":1030,"dest_ip":"10.1.0.7","dest_port":11741,"proto":"TCP","app_proto":"failed","flow":{"state":"closed"}}"#
        ),
        ["codesys CODESYS V3 runtime - - request 10.2.0.9 11741"]
    );
    assert_eq!(
        told(
            r#"{"event":{"dataset":"conn"},"network":{"transport":"tcp"},"source":{"ip":"10.2.0.9"},"destination":{"ip":"10.1.0.7","port":20256}}"#
        ),
        ["pcom Unitronics PCOM - - request 10.2.0.9 20256"]
    );
    // Payload that tshark does not read, to the port and from it; not what a connection needs besides.
    let tshark = |source: u16, destination: u16, data: &str| {
        let ip = r#""ip":{"ip_ip_src":"10.2.0.9","ip_ip_dst":"10.1.0.7"}"#;
        let udp = format!(r#""udp":{{"udp_udp_srcport":"{source}","udp_udp_dstport":"{destination}"}}"#);
        format!(r#"{{"layers":{{{ip},{udp}{data}}}}}"#)
    };
    let data = r#","data":{"data_data_data":"01:02","data_data_len":"2"}"#;
    assert_eq!(told(&tshark(1030, 1502, data)), [format!("{tristation} 1502")]);
    assert_eq!(told(&tshark(1502, 1030, data)), ["tristation Triconex TriStation - - response 10.2.0.9 1030"]);
    assert_eq!(told(&tshark(1740, 1741, data)), ["codesys CODESYS V3 runtime - - request 10.2.0.9 1741"]);
    assert!(told(&tshark(1030, 1502, "")).is_empty());
}

#[test]
fn nothing_is_read_unless_a_rule_asks() {
    let broken = Compiler::new()
        .protocols(None, "protocol: [")
        .rules(None, "title: t\nlogsource: {category: c}\ndetection: {s: {a: 1}, condition: s}");
    assert_eq!(broken.build().unwrap().len(), 1);
}

#[test]
fn saved_rules_know_the_tables() {
    let saved = Rules::from_bytes(&RULES.to_bytes()).unwrap();
    let mut scanner = Scanner::new(&saved);
    assert_eq!(scanner.scan_json(br#"{"l":{"p":{"c":1}}}"#).unwrap().next().unwrap().rule().title(), "r0");
}
