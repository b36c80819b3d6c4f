//! The engine must equal the reference evaluator on any rule and any event.
//!
//! Rules and events are drawn from small alphabets, so that they meet often: every modifier, nested and
//! missing fields, lists, numbers near each other, conditions of every form. Shortcuts are left out at random, so that
//! each is held against the reference alone and together with others. What differs is shrunk and printed as YAML and JSON.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::table::{Form, Scalar, TestColumn, json, table};
use proptest::prelude::*;
use tieline::columns::{Column, Columns, Lists};
use tieline::{Compiler, JsonEvent, Rules, Scanner, Shortcut, Shortcuts, Value};

const FIELDS: [&str; 7] = ["A", "B", "a.b", "a.b.c", "Channel", "EventID", "x"];
const TEXTS: [&str; 30] = [
    "a",
    "b",
    "ab",
    "abc",
    "A",
    "aB",
    "ſk",
    "K",
    "Σ",
    "ς",
    "é",
    "1",
    "10",
    "4624",
    "true",
    "-a",
    "/a",
    "a -b",
    "10.0.0.1",
    "::1",
    "2024-05-01T23:30:00Z",
    "YWJj",
    "abbaab",
    "x ABBAAB and more x",
    "a*b",
    r"a\b",
    "",
    " ",
    "0x1A",
    "0x1212",
];
const PATTERNS: [&str; 24] = [
    "a", "b", "ab", "A", "k", "S", "σ", "*a*", "a*", "*b", "a?c", "?", "*", r"\*", "a*b", "-a", "a -b", "é", "1", "10",
    "4624", "", "*a*b*", "??",
];
const NUMBERS: [&str; 9] =
    ["1", "10", "4624", "4624.0", "-1", "9007199254740993", "9007199254740992", "18446744073709551615", "1.5"];

const MASKS: [&str; 7] = ["1", "2", "0x0a", "16", "0x1200", "0x20000000000000", "9223372036854775807"];

fn pick(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(values).prop_map(str::to_owned)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn values(one: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    let one = one.boxed();
    prop_oneof![
        3 => one.clone(),
        2 => prop::collection::vec(one, 1..4).prop_map(|values| format!("[{}]", values.join(", "))),
    ]
    .boxed()
}

/// One line of a selection: a field with modifiers, and its values.
fn item() -> BoxedStrategy<String> {
    let text = values(pick(&PATTERNS).prop_map(|text| quoted(&text)));
    let number = values(pick(&NUMBERS));
    let regex = values(
        prop::sample::select(vec!["'a.c'", "'^a'", "'b$'", "'[ab]+1?'", "'(foo|ab)'", "'A'", "'.'", "'ſ'"])
            .prop_map(str::to_owned),
    );
    let text_modifiers = prop::sample::select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|cased",
        "|contains|cased",
        "|windash",
        "|windash|contains",
        "|neq",
        "|contains|neq",
        "|all",
        "|contains|all",
        "|contains|all|neq",
        "|startswith|cased|all",
    ]);
    let plain = (pick(&FIELDS), text_modifiers, text)
        .prop_map(|(field, modifiers, value)| format!("{field}{modifiers}: {value}"));
    let base64 =
        (pick(&FIELDS), prop::sample::select(vec!["|base64", "|base64offset|contains", "|wide|base64offset|contains"]))
            .prop_map(|(field, modifiers)| format!("{field}{modifiers}: 'abc'"));
    let numbers =
        (pick(&FIELDS), prop::sample::select(vec!["", "|lt", "|lte", "|gt", "|gte", "|neq", "|gt|neq"]), number)
            .prop_map(|(field, modifiers, value)| format!("{field}{modifiers}: {value}"));
    let masks = values(pick(&MASKS));
    let bits = (pick(&FIELDS), prop::sample::select(vec!["|bits", "|bits|neq", "|bits|all", "|bits|all|neq"]), masks)
        .prop_map(|(field, modifiers, value)| format!("{field}{modifiers}: {value}"));
    let times = (pick(&FIELDS), prop::sample::select(vec!["|hour", "|day|gte", "|week|lt", "|year|neq"]), 0..30_u32)
        .prop_map(|(field, modifiers, value)| format!("{field}{modifiers}: {value}"));
    let regexes = (pick(&FIELDS), prop::sample::select(vec!["|re", "|re|i", "|re|neq", "|re|i|s", "|re|all"]), regex)
        .prop_map(|(field, modifiers, value)| format!("{field}{modifiers}: {value}"));
    // Long enough to be kept as lists.
    let lists =
        (pick(&FIELDS), prop::sample::select(vec!["", "|contains", "|startswith|cased", "|endswith"]), 0..8_u32)
            .prop_map(|(field, modifiers, more)| {
                let texts: Vec<String> =
                    (0..64 + more).map(|number| format!("{number:06b}").replace('0', "a").replace('1', "b")).collect();
                format!("{field}{modifiers}: [{}]", texts.join(", "))
            });
    let networks = (pick(&FIELDS), 0..4_u32).prop_map(|(field, first)| {
        let networks: Vec<String> = (first..first + 64).map(|number| format!("10.0.{number}.0/24")).collect();
        format!("{field}|cidr: [{}, '::/120']", networks.join(", "))
    });
    let others = (
        pick(&FIELDS),
        prop::sample::select(vec![
            ": null",
            "|exists: true",
            "|exists: false",
            ": true",
            ": false",
            "|cidr: '10.0.0.0/8'",
            "|cidr|neq: '::/64'",
            "|fieldref: B",
            "|fieldref|contains: A",
            "|fieldref|neq: a.b",
            "|fieldref|cased|startswith: x",
            ": []",
        ]),
    )
        .prop_map(|(field, rest)| format!("{field}{rest}"));
    let keywords = (
        prop::sample::select(vec!["", "|all", "|re", "|cased", "|startswith", "|neq"]),
        values(pick(&TEXTS[..8]).prop_map(|text| quoted(&text))),
    )
        .prop_map(|(modifiers, value)| format!("'{modifiers}': {value}"));
    prop_oneof![
        12 => plain, 2 => base64, 4 => numbers, 2 => bits, 2 => times, 4 => regexes, 1 => lists, 1 => networks, 6 => others,
        2 => keywords
    ]
    .boxed()
}

/// A selection: a map, a list of maps, or keywords.
fn selection() -> BoxedStrategy<String> {
    let map = prop::collection::vec(item(), 1..4).prop_map(|items| {
        let mut seen = Vec::new();
        let mut lines = Vec::new();
        for item in items {
            let key = item.split(": ").next().unwrap_or_default().to_owned();
            if !seen.contains(&key) {
                seen.push(key);
                lines.push(item);
            }
        }
        lines
    });
    let keywords = prop::collection::vec(pick(&TEXTS[..20]).prop_filter("empty", |text| !text.is_empty()), 1..3)
        .prop_map(|words| format!(" [{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ")));
    let shown = |lines: Vec<String>, first: &str| {
        lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("\n    {}{line}", if at == 0 { first } else { "  " }))
            .collect::<String>()
    };
    prop_oneof![
        5 => map.clone().prop_map(move |lines| shown(lines, "  ")),
        2 => prop::collection::vec(map, 1..3).prop_map(move |maps| maps.into_iter().map(|lines| shown(lines, "- ")).collect()),
        1 => keywords,
    ]
    .boxed()
}

const CONDITIONS: [&str; 14] = [
    "s0",
    "not s0",
    "s0 and s1",
    "s0 or s1",
    "s0 and not s1",
    "1 of s*",
    "all of s*",
    "2 of s*",
    "not 1 of s*",
    "s0 and (s1 or not s2)",
    "not (s0 and s1) and s2",
    "1 of s* and not 2 of s*",
    "not 2 of s*",
    "s0 or s1 and s2",
];

fn rule() -> BoxedStrategy<String> {
    (prop::collection::vec(selection(), 3), pick(&CONDITIONS), prop::option::of((0..3_u32, 0..2_u32)))
        .prop_map(|(selections, condition, routed)| {
            let mut text = "title: t\nlogsource: {category: test}\ndetection:\n".to_owned();
            for (at, selection) in selections.iter().enumerate() {
                text += &format!("  s{at}:{selection}\n");
            }
            match routed {
                // Some rules demand a channel, so that events are routed.
                Some((channel, id)) => {
                    text += &format!(
                        "  r:\n    Channel: C{channel}\n    EventID: {id}\n  condition: r and ({condition})\n"
                    );
                }
                None => text += &format!("  condition: {condition}\n"),
            }
            text
        })
        .boxed()
}

fn json_value() -> BoxedStrategy<String> {
    let text = pick(&TEXTS).prop_map(|text| serde_json::to_string(&text).unwrap());
    let scalar =
        prop_oneof![6 => text, 2 => pick(&NUMBERS), 1 => Just("null".to_owned()), 1 => Just("true".to_owned())];
    scalar
        .prop_recursive(3, 12, 3, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(",")));
            let object = prop::collection::vec((prop::sample::select(vec!["b", "c", "b.c", "x"]), inner), 0..3)
                .prop_map(|entries| {
                    let inside: Vec<String> = entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", inside.join(","))
                });
            prop_oneof![list, object]
        })
        .boxed()
}

fn event() -> BoxedStrategy<String> {
    let key = prop::sample::select(vec!["A", "B", "a", "a.b", "a.b.c", "x", "other"]);
    let routing =
        (prop::option::of(0..4_u32), prop::option::of(prop_oneof![Just("0"), Just("1"), Just("\"1\""), Just("[0,1]")]));
    (prop::collection::vec((key, json_value()), 0..6), routing)
        .prop_map(|(entries, (channel, id))| {
            let mut inside: Vec<String> = entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
            inside.extend(channel.map(|number| format!("\"Channel\":\"c{number}\"")));
            inside.extend(id.map(|id| format!("\"EventID\":{id}")));
            format!("{{{}}}", inside.join(","))
        })
        .boxed()
}

fn scalar() -> impl Strategy<Value = Scalar> {
    let number = prop::sample::select(vec![1, 10, 4624, -1, i64::MAX]).prop_map(Scalar::Integer);
    let float = prop::sample::select(vec![1.5, -0.25, 1e300]).prop_map(Scalar::Float);
    prop_oneof![
        8 => pick(&TEXTS).prop_map(Scalar::Text), 2 => number, 1 => float, 1 => Just(Scalar::Null),
        1 => any::<bool>().prop_map(Scalar::Bool), 1 => Just(Scalar::Composite)
    ]
}

fn column(name: &'static str, rows: usize) -> impl Strategy<Value = TestColumn> {
    let cell = prop_oneof![
        1 => Just(None), 3 => prop::collection::vec(scalar(), 1).prop_map(Some),
        1 => prop::collection::vec(scalar(), 1..4).prop_map(Some)
    ];
    // Columns of nothing but numbers: small ones, the largest of those, and others.
    let number = prop::sample::select(vec![0, 1, 10, 4624, 65_535, 65_536, 0x1_0000_000A, -1, i64::MAX])
        .prop_map(Scalar::Integer);
    let number = prop_oneof![9 => number, 1 => Just(Scalar::Float(1.5))];
    let (cell, number) = match name {
        "Channel" => {
            let channel =
                prop::option::of((0..4_u32).prop_map(|channel| vec![Scalar::Text(format!("c{channel}"))])).boxed();
            (channel.clone(), channel)
        }
        "EventID" => {
            let id = prop_oneof![(0..2_i64).prop_map(Scalar::Integer), Just(Scalar::Text("1".to_owned()))];
            let number = (0..2_i64).prop_map(|id| vec![Scalar::Integer(id)]);
            (prop::option::of(prop::collection::vec(id, 1..3)).boxed(), prop::option::of(number).boxed())
        }
        _ => (cell.boxed(), prop::option::of(number.prop_map(|number| vec![number])).boxed()),
    };
    let few = prop_oneof![3 => prop::collection::vec(cell, 1..8), 1 => prop::collection::vec(number, 1..8)];
    let form = prop::sample::select(vec![Form::Values, Form::Dictionary, Form::LooseDictionary, Form::Lists]);
    // A few cells over and over, so that there are several blocks of rows, and repeats.
    let cells = (few, prop::collection::vec(any::<prop::sample::Index>(), rows));
    (form, cells).prop_map(move |(form, (cells, order))| {
        TestColumn::new(name, form, order.iter().map(|index| cells[index.index(cells.len())].clone()).collect())
    })
}

fn columns() -> impl Strategy<Value = (usize, Vec<TestColumn>)> {
    prop_oneof![12 => 1..12_usize, 3 => 60..150_usize, 1 => 500..1_100_usize].prop_flat_map(|rows| {
        let names = ["A", "B", "a.b", "a.b.c", "x", "Channel", "EventID", "other"];
        let chosen = prop::sample::subsequence(names.to_vec(), 0..=names.len());
        chosen.prop_flat_map(move |names| {
            let columns: Vec<_> = names.into_iter().map(|name| column(name, rows)).collect();
            (Just(rows), columns)
        })
    })
}

/// All shortcuts, all but one, or any of them.
fn shortcuts() -> impl Strategy<Value = Shortcuts> {
    let one = prop::sample::select(Shortcut::ALL.to_vec()).prop_map(|one| Shortcuts::ALL.without(one));
    prop_oneof![2 => Just(Shortcuts::ALL), 3 => one, 3 => any::<u32>().prop_map(Shortcuts::all_but)]
}

fn compare(rules: &Rules, scanner: &mut Scanner, event: &str) -> Result<(), TestCaseError> {
    let tree = JsonEvent::parse(event.as_bytes()).unwrap();
    let reference: Vec<usize> = (0..rules.len()).filter(|index| rules.reference_matches(*index, &tree)).collect();
    let engine: Vec<usize> = scanner.scan_json(event.as_bytes()).unwrap().map(|detection| detection.index()).collect();
    prop_assert_eq!(&engine, &reference, "on {}", event);
    let by_trait: Vec<usize> = scanner.scan(&tree).map(|detection| detection.index()).collect();
    prop_assert_eq!(&by_trait, &reference, "by the trait, on {}", event);
    for index in 0..rules.len() {
        prop_assert_eq!(rules.explain(index, &tree).matched, reference.contains(&index));
    }
    Ok(())
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("TIELINE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    ProptestConfig { cases, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

/// Rules by their condition over `A: a` and a keyword.
fn with_keyword(condition: &str) -> String {
    format!(
        "title: t\nlogsource: {{}}\ndetection:\n  field:\n    A: a\n  keywords:\n    - evil\n  condition: {condition}\n"
    )
}

#[test]
fn events_that_differ_only_where_keywords_look() {
    let conditions = ["field", "field and not keywords", "keywords and not field", "field or keywords", "not keywords"];
    let events = [
        r#"{"A":"a","x":"good"}"#,
        r#"{"A":"a","x":"evil"}"#,
        r#"{"A":"b","x":"good"}"#,
        r#"{"A":"b","x":"evil"}"#,
        r#"{"x":["good"],"A":"a"}"#,
        r#"{"x":["good","evil"],"A":"a"}"#,
        r#"{"A":["a","evil"],"x":"good"}"#,
    ];
    for chosen in 1..1_u32 << conditions.len() {
        let chosen = conditions.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        let rules =
            chosen.fold(Compiler::new(), |compiler, (_, condition)| compiler.rules(None, with_keyword(condition)));
        let rules = rules.build().unwrap();
        for first in 0..events.len() {
            let mut scanner = Scanner::new(&rules);
            for event in std::iter::repeat_n(events[first], 3).chain(events).chain(events) {
                compare(&rules, &mut scanner, event).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_rules_on_any_events(
        texts in prop::collection::vec(rule(), 1..24),
        events in prop::collection::vec(event(), 1..12),
        shortcuts in shortcuts(),
    ) {
        let mut compiler = Compiler::new().shortcuts(shortcuts);
        for text in &texts {
            compiler = compiler.rules(None, text.clone());
        }
        let rules = compiler.build().unwrap();
        let mut scanner = Scanner::with_shortcuts(&rules, shortcuts);
        // Again and again, so that what is remembered is used: single values at once, whole events from the third time on.
        for event in events.iter().flat_map(|event| [event; 3]).chain(&events) {
            compare(&rules, &mut scanner, event)?;
        }
        let mut counting = Scanner::profiled(&rules, || 0);
        for event in &events {
            compare(&rules, &mut counting, event)?;
        }
        let saved = Rules::from_bytes(&rules.to_bytes()).unwrap();
        prop_assert_eq!(saved.len(), rules.len());
        let mut scanner = Scanner::new(&saved);
        for event in &events {
            compare(&saved, &mut scanner, event)?;
        }
    }

    #[test]
    fn any_rules_on_any_table(
        texts in prop::collection::vec(rule(), 1..16),
        tables in prop::collection::vec(columns(), 1..4),
        shortcuts in shortcuts(),
    ) {
        let compiler = texts.iter().fold(Compiler::new().shortcuts(shortcuts), |rules, text| rules.rules(None, text.clone()));
        let rules = compiler.build().unwrap();
        let mut scanner = Scanner::with_shortcuts(&rules, shortcuts);
        let mut counting = Scanner::profiled(&rules, || 0);
        let mut by_row = Scanner::with_shortcuts(&rules, shortcuts);
        // The second time everything is known, but the codes of the third table.
        for (at, (rows, columns)) in tables.iter().enumerate().chain(tables.iter().enumerate()) {
            let table = table(columns, *rows);
            let table = if at % 3 == 2 { table } else { table.kin(at as u128) };
            let mut found = vec![Vec::new(); *rows];
            scanner.scan_columns(&table, |row, detections| found[row] = detections.map(|one| one.index()).collect());
            let mut counted = vec![Vec::new(); *rows];
            counting.scan_columns(&table, |row, detections| counted[row] = detections.map(|one| one.index()).collect());
            prop_assert_eq!(&counted, &found);
            // Here and there, before and behind.
            let some: Vec<usize> = (0..*rows).map(|row| row * 389 % rows).take(150).collect();
            let mut again = found.clone();
            some.iter().for_each(|row| again[*row].clear());
            scanner.scan_rows(&table, some, |row, detections| again[row] = detections.map(|one| one.index()).collect());
            prop_assert_eq!(&again, &found);
            for (row, found) in found.iter().enumerate() {
                let (event, text) = (table.event(row), json(columns, row));
                let alone: Vec<usize> = by_row.scan(&event).map(|one| one.index()).collect();
                prop_assert_eq!(found, &alone, "row {} of {}, {}", row, rows, text);
                let walked: Vec<usize> = by_row.scan_json(text.as_bytes()).unwrap().map(|one| one.index()).collect();
                prop_assert_eq!(found, &walked, "as JSON, row {} of {}, {}", row, rows, text);
                if row < 8 {
                    let judged: Vec<usize> = (0..rules.len()).filter(|index| rules.reference_matches(*index, &event)).collect();
                    prop_assert_eq!(found, &judged, "by the reference, row {} of {}, {}", row, rows, text);
                }
            }
        }
    }
}

#[test]
fn rows_are_routed_by_more_values_than_are_remembered() {
    let selections =
        ["Channel: c7, EventID: 7", "Channel: c300", "EventID: 39999", "Channel: c1, EventID: 30001", "EventID: 5"];
    let rule = |own: &str| format!("title: t\nlogsource: {{}}\ndetection: {{s: {{{own}}}, condition: s}}");
    let rules =
        selections.iter().fold(Compiler::new(), |compiler, own| compiler.rules(None, rule(own))).build().unwrap();
    let cells = |of: &dyn Fn(usize) -> Scalar| (0..40_000).map(|row| Some(vec![of(row)])).collect();
    let columns = [
        TestColumn::new("Channel", Form::Values, cells(&|row| Scalar::Text(format!("c{}", row % 10_000)))),
        TestColumn::new("EventID", Form::Values, cells(&|row| Scalar::Integer(row as i64))),
    ];
    let (table, mut scanner) = (table(&columns, 40_000), Scanner::new(&rules));
    let expected = [(5, 4), (7, 0), (300, 1), (10_300, 1), (20_300, 1), (30_001, 3), (30_300, 1), (39_999, 2)];
    for _ in 0..2 {
        let mut found = Vec::new();
        scanner.scan_columns(&table, |row, detections| found.extend(detections.map(|one| (row, one.index()))));
        assert_eq!(found, expected);
    }
}

#[test]
fn numbers_are_told_from_those_with_the_same_lowest_bits() {
    let numbers = [10, 0x1_0000_000A, 65_535, 65_536, -1, 0xFFFF_FFFF, 0x1_000A, 0];
    let rule = |number: &i64| format!("title: t\nlogsource: {{}}\ndetection: {{s: {{A|gte: {number}}}, condition: s}}");
    let rules = numbers.iter().fold(Compiler::new(), |compiler, own| compiler.rules(None, rule(own))).build().unwrap();
    let cells = (0..200).map(|row| Some(vec![Scalar::Integer(numbers[row % numbers.len()])])).collect();
    let columns = [TestColumn::new("A", Form::Values, cells)];
    let mut scanner = Scanner::new(&rules);
    for _ in 0..2 {
        let mut found = Vec::new();
        let each =
            |row, detections: tieline::columns::Detections<'_>| found.extend(detections.map(|one| (row, one.index())));
        scanner.scan_columns(&table(&columns, 200), each);
        let met = |row: usize| (0..numbers.len()).filter(move |rule| numbers[*rule] <= numbers[row % numbers.len()]);
        assert!(found.into_iter().eq((0..200).flat_map(|row| met(row).map(move |rule| (row, rule)))));
    }
}

/// Lists that write one text after the other into the same memory.
struct OneBuffer;

impl Lists for OneBuffer {
    fn values(&self, _: usize, each: &mut dyn FnMut(Value<'_>)) {
        let mut buffer = String::with_capacity(8);
        for text in [r"a\b", r"c\d", r"e\f"] {
            buffer.clear();
            buffer.push_str(text);
            each(Value::Text(&buffer));
        }
    }
}

/// A long list of a few texts.
struct Long;

impl Lists for Long {
    fn values(&self, row: usize, each: &mut dyn FnMut(Value<'_>)) {
        let texts = ["ab", "bc", "cd", "x"];
        (0..100_000).for_each(|at| each(Value::Text(texts[at % (2 + row)])));
    }
}

#[test]
fn a_long_list_is_looked_at_as_a_short_one_is() {
    let rule =
        |text: &str| format!("title: t\nlogsource: {{}}\ndetection: {{s: {{f|contains: '{text}'}}, condition: s}}");
    let texts = ["a", "b", "c", "d", "ab", "y", "x"];
    let rules = texts.iter().fold(Compiler::new(), |compiler, text| compiler.rules(None, rule(text))).build().unwrap();
    let columns = Columns::new(3).with("f", Column::Lists(&Long));
    let mut found = vec![Vec::new(); 3];
    Scanner::new(&rules).scan_columns(&columns, |row, own| found[row] = own.map(|one| one.index()).collect());
    assert_eq!(found, [vec![0, 1, 2, 4], vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4, 6]]);
}

#[test]
fn texts_that_lie_where_others_lay_are_read_anew() {
    let rule =
        |text: &str| format!("title: t\nlogsource: {{}}\ndetection: {{s: {{f|contains: '{text}'}}, condition: s}}");
    let texts = [r"a\b", r"c\d", r"e\f", r"a\d"];
    let rules = texts.iter().fold(Compiler::new(), |compiler, text| compiler.rules(None, rule(text))).build().unwrap();
    let columns = Columns::new(1).with("f", Column::Lists(&OneBuffer));
    let mut found = Vec::new();
    Scanner::new(&rules).scan_columns(&columns, |_, detections| found.extend(detections.map(|one| one.index())));
    assert_eq!(found, [0, 1, 2]);
}
