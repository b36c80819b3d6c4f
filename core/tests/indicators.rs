//! Lists of every form and what is found of them in events; what is told of them, as filed in `data/indicators`; and the
//! shipped ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use serde::Deserialize;
use std::sync::Arc;
use tieline::stream::{Stream, StreamOptions};
use tieline::{Compiler, Indicators, JsonEvent, Rules, Scanner};

#[derive(Deserialize)]
struct Case {
    name: String,
    list: Option<String>,
    fields: Option<String>,
    told: Vec<String>,
}

const RULE: &str = "
title: Any indicator
logsource: {category: indicator}
detection: {selection: {indicator.kind|exists: true}, condition: selection}
";

#[test]
fn faults_are_told_with_their_places() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/indicators/faults.yml")).unwrap();
    let cases: Vec<Case> = serde_saphyr::from_str(&text).unwrap();
    for case in cases {
        let told: Vec<String> = match (case.list, case.fields) {
            (Some(list), _) => {
                let indicators = Indicators::read([("list", list)]);
                indicators.diagnostics().iter().map(ToString::to_string).collect()
            }
            (_, fields) => {
                let compiler = Compiler::new().rules(None, RULE).indicator_fields(Some("fields"), fields.unwrap());
                compiler.build().unwrap_err().diagnostics().iter().map(ToString::to_string).collect()
            }
        };
        assert_eq!(told, case.told, "{}", case.name);
    }
}

#[test]
fn the_shipped_table_and_rules_are_sound() {
    let compiler = Compiler::new().indicator_fields(Some("fields.yml"), tieline_rules::indicator_fields());
    let compiler = tieline_rules::indicator_rules()
        .iter()
        .fold(compiler, |compiler, (name, yaml)| compiler.rules(Some(name), *yaml));
    let rules = compiler.build().unwrap();
    assert!(rules.diagnostics().is_empty(), "{:?}", rules.diagnostics());
    assert_eq!(rules.len(), 25);
    assert!(rules.iter().all(|rule| rule.asks_indicators()));
    // Pipelines leave fields that the engine fills alone.
    for (name, yaml) in tieline_rules::pipelines() {
        let compiler = tieline_rules::indicator_rules()
            .iter()
            .fold(Compiler::new().pipeline(Some(name), *yaml), |compiler, (name, yaml)| {
                compiler.rules(Some(name), *yaml)
            });
        let rules = compiler.build().unwrap();
        assert_eq!(rules.len(), 25, "{name}");
        assert!(rules.fields().iter().all(|field| field.starts_with("indicator.")), "{name}: {:?}", rules.fields());
    }
}

const FIELDS_OF_TESTS: &str = "
prefixes: ['', Event.EventData.]
address: [src, dst]
domain: [query, host]
url: [url]
hash: [sha256, md5]
hashes: [Hashes]
imphash: [imphash]
file_name: [file]
file_path: [Image]
email: [from]
";

const RULES: &str = "
title: Any indicator
name: any
logsource: {category: indicator}
detection: {selection: {indicator.kind|exists: true}, condition: selection}
---
title: High address
logsource: {category: indicator}
detection: {selection: {indicator.kind: address, indicator.level: high}, condition: selection}
---
title: Operation of a listed host
logsource: {category: indicator}
detection: {selection: {indicator.tag: c2, op: write}, condition: selection}
---
title: Two of one host
correlation: {type: event_count, rules: [any], group-by: [indicator.id], timespan: 1h, condition: {gte: 2}, generate: true}
";

fn rules(indicators: Indicators) -> Rules {
    let compiler = Compiler::new().rules(None, RULES).indicator_fields(Some("fields.yml"), FIELDS_OF_TESTS);
    let rules = compiler.build().unwrap();
    assert!(rules.diagnostics().is_empty(), "{:?}", rules.diagnostics());
    rules.with_indicators(Arc::new(indicators))
}

/// What is seen in an event: `value@field`, and of which rules, by every way to scan.
fn seen(rules: &Rules, event: &str) -> (Vec<String>, Vec<String>) {
    let mut scanner = Scanner::new(rules);
    let tree = JsonEvent::parse(event.as_bytes()).unwrap();
    let (mut titles, mut hits) = (Vec::new(), Vec::new());
    for detection in scanner.scan_json(event.as_bytes()).unwrap() {
        titles.push(detection.rule().title().to_owned());
        if detection.rule().title() == "Any indicator" {
            let all = detection.indicators(&tree);
            hits.extend(all.iter().map(|seen| format!("{}@{}", seen.indicator.value, seen.field)));
        }
    }
    let by_tree: Vec<String> = scanner.scan(&tree).map(|found| found.rule().title().to_owned()).collect();
    assert_eq!(titles, by_tree, "{event}");
    for (index, rule) in rules.iter().enumerate() {
        assert_eq!(rules.reference_matches(index, &tree), titles.iter().any(|own| own == rule.title()), "{event}");
    }
    (titles, hits)
}

fn list(text: &str) -> Indicators {
    Indicators::read([("list", text)])
}

fn check(indicators: &str, event: &str, expected: &[&str]) {
    let indicators = list(indicators);
    assert!(indicators.diagnostics().is_empty(), "{:?}", indicators.diagnostics());
    assert_eq!(seen(&rules(indicators), event).1, expected, "{event}");
}

fn told(indicators: &Indicators) -> Vec<String> {
    indicators.diagnostics().iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_is_found_where_it_may_stand() {
    let sha = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";
    let md5 = "0123456789abcdef0123456789abcdef";
    check("198.51.100.7", r#"{"src":"10.0.0.1","dst":"198.51.100.7"}"#, &["198.51.100.7@dst"]);
    check("198.51.100.7", r#"{"dst":"::ffff:198.51.100.7"}"#, &["198.51.100.7@dst"]);
    check("198.51.100.7", r#"{"dst":"198.51.100.70"}"#, &[]);
    check("198.51.100.0/24", r#"{"dst":["10.0.0.1","198.51.100.200"]}"#, &["198.51.100.0/24@dst"]);
    check("2001:db8::/32", r#"{"dst":"2001:DB8::5"}"#, &["2001:db8::/32@dst"]);
    check("198.51.100.7", r#"{"host":"198.51.100.7"}"#, &["198.51.100.7@host"]);
    check("198.51.100.7", r#"{"url":"http://198.51.100.7:8080/x"}"#, &["198.51.100.7@url"]);
    check("evil.example", r#"{"query":"A.Evil.Example."}"#, &["evil.example@query"]);
    check("evil.example", r#"{"query":"evil.example"}"#, &["evil.example@query"]);
    check("evil.example", r#"{"query":"notevil.example"}"#, &[]);
    check("evil.example", r#"{"query":"evil.example.org"}"#, &[]);
    check("evil.example", r#"{"host":"a.evil.example:8443"}"#, &["evil.example@host"]);
    check("evil.example", r#"{"url":"https://user@a.evil.example/x?y"}"#, &["evil.example@url"]);
    check("http://x.example/A", r#"{"url":"HTTP://x.example/a"}"#, &["http://x.example/A@url"]);
    check("http://x.example", r#"{"url":"http://x.example/"}"#, &["http://x.example/@url"]);
    check("http://x.example/a", r#"{"url":"http://x.example/ab"}"#, &[]);
    check(sha, &format!(r#"{{"sha256":"{}"}}"#, sha.to_uppercase()), &[&format!("{sha}@sha256")]);
    check(sha, &format!(r#"{{"Hashes":"MD5={md5},SHA256={sha},IMPHASH={md5}"}}"#), &[&format!("{sha}@Hashes")]);
    check(md5, &format!(r#"{{"Hashes":"IMPHASH={md5}"}}"#), &[]);
    let import = format!("value,type\n{md5},imphash");
    check(
        &import,
        &format!(r#"{{"Hashes":"SHA256={sha},IMPHASH={md5}","imphash":"{md5}","md5":"{md5}"}}"#),
        &[&format!("{md5}@Hashes"), &format!("{md5}@imphash")],
    );
    check("dropper.exe", r#"{"file":"Dropper.EXE"}"#, &["dropper.exe@file"]);
    check("dropper.exe", r#"{"Image":"C:\\Temp\\dropper.exe"}"#, &["dropper.exe@Image"]);
    check("dropper.exe", r#"{"Image":"C:\\Temp\\notdropper.exe"}"#, &[]);
    check(r"C:\Temp\a.exe", r#"{"Image":"c:\\temp\\A.exe"}"#, &[r"C:\Temp\a.exe@Image"]);
    check("anna@mail.example", r#"{"from":"Anna <Anna@mail.example>"}"#, &["anna@mail.example@from"]);
    check(
        "dropper.exe",
        r#"{"Event":{"EventData":{"Image":"/tmp/dropper.exe"}}}"#,
        &["dropper.exe@Event.EventData.Image"],
    );
    check("198.51.100.7", r#"{"other":"198.51.100.7","dst":null,"src":7}"#, &[]);
}

#[test]
fn tests_of_a_rule_are_about_one_indicator() {
    let text = "value,level,tags\n198.51.100.7,low,\nevil.example,high,c2";
    let rules = rules(list(text));
    let (titles, hits) = seen(&rules, r#"{"dst":"198.51.100.7","query":"evil.example","op":"write"}"#);
    assert_eq!(titles, ["Any indicator", "Operation of a listed host"]);
    assert_eq!(hits, ["198.51.100.7@dst", "evil.example@query"]);
    let (titles, _) = seen(&rules, r#"{"dst":"198.51.100.7","op":"write"}"#);
    assert_eq!(titles, ["Any indicator"]);
    // Whoever has looked already is believed.
    let (titles, _) = seen(&rules, r#"{"dst":"198.51.100.7","indicator.kind":"address","indicator.level":"high"}"#);
    assert_eq!(titles, ["Any indicator", "High address"]);
}

#[test]
fn an_indicator_counts_while_it_is_valid_by_the_time_of_the_event() {
    let text = "value,valid_from,valid_until\n198.51.100.7,2026-01-01,2026-02-01T00:00:00Z\n198.51.100.8,,\n";
    let at = |event: &str, now: Option<i64>| {
        let indicators = list(text).at(now);
        assert!(indicators.diagnostics().is_empty());
        !seen(&rules(indicators), event).1.is_empty()
    };
    for (time, expected) in [
        (r#""2025-12-31T23:59:59.999Z""#, false),
        (r#""2026-01-01T00:00:00Z""#, true),
        (r#""2026-01-31 23:59:59""#, true),
        (r#""2026-02-01T00:00:00Z""#, false),
        (r#""2026-02-01T00:30:00+01:00""#, true),
        ("1768000000", true),
        ("1768000000.5", true),
        ("1780000000", false),
    ] {
        assert_eq!(at(&format!(r#"{{"dst":"198.51.100.7","ts":{time}}}"#), None), expected, "{time}");
        assert!(at(&format!(r#"{{"dst":"198.51.100.8","ts":{time}}}"#), None), "{time}");
    }
    let untimed = r#"{"dst":"198.51.100.7"}"#;
    let january = 1_768_000_000_000_000_000;
    assert_eq!([None, Some(january), Some(2 * january)].map(|now| at(untimed, now)), [true, true, false]);
}

#[test]
fn correlations_group_by_what_a_hit_says() {
    let indicators = list("value,id,valid_until\n198.51.100.7,one,2027-01-01\nevil.example,two,2026-01-01\n");
    let rules = rules(indicators);
    let mut stream = Stream::new(&rules, StreamOptions::default());
    for second in 10..14 {
        let event = format!(r#"{{"ts":"2026-11-26T08:00:{second}Z","dst":"198.51.100.7","query":"evil.example"}}"#);
        stream.scan_json(event.as_bytes()).map(Iterator::count).unwrap();
    }
    stream.finish();
    let alerts = stream.take_alerts();
    let groups: Vec<_> = alerts.iter().map(|alert| alert.group().next().and_then(|(_, value)| value)).collect();
    assert_eq!(groups, [Some("one")]);
}

#[test]
fn an_event_counts_once_however_many_indicators_it_holds() {
    let yaml = "
title: Write
name: write
logsource: {category: c}
detection: {s: {op: write}, condition: s}
---
title: Seen
name: seen
logsource: {category: indicator}
detection: {s: {indicator.kind|exists: true}, condition: s}
---
title: Writes
correlation: {type: event_count, rules: [write], group-by: [src], timespan: 1h, condition: {gte: 2}}
---
title: Sightings
correlation: {type: event_count, rules: [seen, write], group-by: [src], timespan: 1h, condition: {gte: 2}}
---
title: Two kinds
correlation: {type: temporal, rules: [seen, write], group-by: [src], timespan: 1h}
";
    let compiler = Compiler::new().rules(None, yaml).indicator_fields(None, FIELDS_OF_TESTS);
    let rules = compiler.build().unwrap().with_indicators(Arc::new(list("198.51.100.7\nevil.example\n")));
    let event = r#"{"ts":"2026-11-26T08:00:00Z","src":"a","op":"write","dst":"198.51.100.7","query":"evil.example"}"#;
    let alerts = |events: &[String]| {
        let mut stream = Stream::new(&rules, StreamOptions::default());
        for event in events {
            stream.scan_json(event.as_bytes()).map(Iterator::count).unwrap();
        }
        stream.finish();
        let alerts = stream.take_alerts();
        let mut shown: Vec<_> = alerts.iter().map(|own| format!("{} {}", own.rule().title(), own.count())).collect();
        shown.sort();
        shown
    };
    let second = event.replace("08:00:00", "08:00:01");
    let both = [event.to_owned(), second];
    let single = both.clone().map(|event| event.replace("evil.example", "x.example"));
    assert_eq!(alerts(&both[..1]), alerts(&single[..1]));
    assert_eq!(alerts(&both), alerts(&single));
    assert_eq!(alerts(&both), ["Sightings 2", "Two kinds 2", "Writes 2"]);
}

#[test]
fn lists_are_exchanged_without_compiling() {
    let event = r#"{"dst":"198.51.100.7"}"#;
    let first = rules(list("198.51.100.7"));
    let second = first.with_indicators(Arc::new(list("198.51.100.8")));
    let none = first.with_indicators(Arc::default());
    let count = |rules: &Rules| seen(rules, event).1.len();
    assert_eq!([&first, &second, &none].map(count), [1, 0, 0]);
    // Saved rules know where to look, and lists are given to them anew.
    let saved = Rules::from_bytes(&first.to_bytes()).unwrap();
    assert_eq!(count(&saved), 0);
    assert_eq!(count(&saved.with_indicators(Arc::new(list("198.51.100.7")))), 1);
    assert!(saved.asks_indicators());
}

#[test]
fn tables_give_what_events_give() {
    use tieline::Value;
    use tieline::columns::{Column, Columns, Values};
    struct Texts([&'static str; 3]);
    impl Values for Texts {
        fn value(&self, row: usize) -> Option<Value<'_>> {
            self.0.get(row).map(|text| Value::Text(text))
        }
    }
    let rules = rules(list("198.51.100.7\nevil.example"));
    let (dst, query) =
        (Texts(["10.0.0.1", "198.51.100.7", "10.0.0.2"]), Texts(["a.example", "b.example", "c.evil.example"]));
    let (dst, query) = (Column::Values(&dst), Column::Values(&query));
    let columns = Columns::new(3).with("dst", dst).with("query", query);
    let mut found = Vec::new();
    let mut scanner = Scanner::new(&rules);
    scanner.scan_columns(&columns, |row, detections| {
        let event = columns.event(row);
        found.extend(detections.flat_map(|own| own.indicators(&event)).map(|seen| (row, seen.indicator.value)));
    });
    assert_eq!(found, [(1, "198.51.100.7".to_owned()), (2, "evil.example".to_owned())]);
}

#[test]
fn bundles_of_stix_are_read() {
    let bundle = r#"{"type":"bundle","id":"bundle--1","objects":[
 {"type":"indicator","id":"indicator--1","name":"Beacon","pattern_type":"stix","pattern":"[ipv4-addr:value = '198.51.100.7']",
  "valid_from":"2026-01-01T00:00:00Z","valid_until":"2027-01-01T00:00:00Z","confidence":85,"labels":["c2"]},
 {"type":"indicator","id":"indicator--2","pattern_type":"stix","pattern":"[file:name = 'a.exe' AND file:hashes.MD5 = '0123456789abcdef0123456789abcdef']"},
 {"type":"indicator","id":"indicator--3","pattern_type":"stix","pattern":"[domain-name:value = 'old.example']","modified":"2026-01-01T00:00:00Z"},
 {"type":"indicator","id":"indicator--3","pattern_type":"stix","pattern":"[domain-name:value = 'new.example']","modified":"2026-02-01T00:00:00Z"},
 {"type":"indicator","id":"indicator--4","pattern_type":"stix","pattern":"[domain-name:value = 'gone.example']","revoked":true},
 {"type":"attack-pattern","id":"attack-pattern--1","name":"Application Layer Protocol","external_references":[{"source_name":"mitre-attack","external_id":"T1071.001"}]},
 {"type":"relationship","id":"relationship--1","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"attack-pattern--1"},
 {"type":"x-other","id":"x-other--1","pattern":7}
]}"#;
    let indicators = list(bundle);
    assert_eq!(told(&indicators), Vec::<String>::new());
    let first = indicators.iter().next().unwrap().clone();
    assert_eq!(
        (first.name.as_deref(), first.level, first.confidence),
        (Some("Beacon"), tieline::Level::High, Some(85))
    );
    assert_eq!(&*first.tags, ["attack.t1071.001", "c2"]);
    let rules = rules(indicators);
    let hits = |event: &str| seen(&rules, event).1;
    assert_eq!(hits(r#"{"dst":"198.51.100.7","ts":"2026-06-01T00:00:00Z"}"#), ["198.51.100.7@dst"]);
    assert_eq!(hits(r#"{"query":"old.example"}"#), Vec::<String>::new());
    assert_eq!(hits(r#"{"query":"new.example","host":"gone.example"}"#), ["new.example@query"]);
    assert_eq!(hits(r#"{"file":"a.exe"}"#), Vec::<String>::new());
    assert_eq!(
        hits(r#"{"file":"a.exe","md5":"0123456789abcdef0123456789abcdef"}"#),
        ["a.exe@file", "0123456789abcdef0123456789abcdef@md5"]
    );
}

#[test]
fn what_cannot_be_read_of_stix_is_told_and_the_rest_goes_on() {
    let bundle = r#"{"type":"bundle","objects":[
{"type":"indicator","id":"i1","pattern_type":"stix","pattern":"[ipv4-addr:value != '198.51.100.7']"},
{"type":"indicator","id":"i2","pattern_type":"yara","pattern":"rule x {}"},
{"type":"indicator","id":"i3","pattern_type":"stix"},
{"type":"indicator","id":"i4","pattern_type":"stix","pattern":7},
{"type":"indicator","id":"i5","pattern_type":"stix","pattern":"[ipv4-addr:value = '198.51.100.9']","valid_from":"soon"},
{"type":"indicator","id":"i6","pattern_type":"stix","pattern":"[ipv4-addr:value = '198.51.100.9']","valid_from":"2026-01-01T00:00:00Z","valid_until":"2025-01-01T00:00:00Z"},
{"type":"indicator","id":"i7","pattern_type":"stix","pattern":"[ipv4-addr:value = '0.0.0.0/0']"},
{"type":"indicator","id":"i8","confidence":"much","pattern":"[ipv4-addr:value = '198.51.100.9']"},
{"id":"i9"}, 5,
{"type":"indicator","id":"good","pattern_type":"stix","pattern":"[ipv4-addr:value = '198.51.100.7']"}]}"#;
    let indicators = list(bundle);
    let found = told(&indicators);
    let expected = [
        "list:2:81: warning[TL0130]: `!=` cannot be looked up in a list; write a rule for it",
        "list:3:1: warning[TL0130]: its pattern is of type `yara`; only `stix` is read",
        "list:4:1: warning[TL0130]: an indicator needs a `pattern`",
        "list:5:63: warning[TL0130]: `pattern` must be a text",
        "list:6:1: warning[TL0130]: `valid_from` is `soon`, which is no time; write one such as 2026-11-26T08:00:00Z",
        "list:7:1: warning[TL0130]: `valid_from` is not before `valid_until`, so it is never valid",
        "list:8:65: warning[TL0130]: `0.0.0.0/0` holds too much of all addresses; networks must have a prefix of /8 or more",
        "list:9:1: warning[TL0130]: this is no STIX indicator",
        "list:10:1: warning[TL0130]: a STIX object needs a `type`",
        "list:10:14: warning[TL0130]: this is no STIX object",
    ];
    let mut found = found.clone();
    found.sort();
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    assert_eq!(indicators.diagnostics().iter().find(|told| told.line == 2).unwrap().rule.as_deref(), Some("i1"));
    assert_eq!(indicators.iter().map(|own| own.id.as_str()).collect::<Vec<_>>(), ["good"]);
}

#[test]
fn events_of_misp_are_read() {
    let event = r#"{"response":[{"Event":{"info":"Campaign","threat_level_id":"1","Tag":[{"name":"tlp:amber"}],"Attribute":[
 {"uuid":"u1","type":"ip-dst","value":"198.51.100.7","to_ids":true,"Tag":[{"name":"misp-galaxy:mitre-attack-pattern=\"Web Protocols - T1071.001\""}]},
 {"uuid":"u2","type":"domain|ip","value":"evil.example|198.51.100.8","to_ids":true},
 {"uuid":"u3","type":"filename|sha256","value":"a.exe|8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4","to_ids":"1"},
 {"uuid":"u4","type":"ip-dst|port","value":"198.51.100.9|443","to_ids":true},
 {"uuid":"u5","type":"domain","value":"context.example","to_ids":false},
 {"uuid":"u6","type":"domain","value":"deleted.example","to_ids":true,"deleted":true},
 {"uuid":"u7","type":"mutex","value":"x","to_ids":true},
 {"uuid":"u8","type":"domain","value":7,"to_ids":true}],
 "Object":[{"name":"file","Attribute":[{"uuid":"u9","type":"md5","value":"0123456789abcdef0123456789abcdef","to_ids":true,"first_seen":"2026-01-01T00:00:00Z"}]}]}}]}"#;
    let indicators = list(event);
    let shown: Vec<String> =
        indicators.iter().map(|own| format!("{} {} {}", own.id, own.kind.as_str(), own.value)).collect();
    assert_eq!(
        shown,
        [
            "u1 address 198.51.100.7",
            "u2 domain evil.example",
            "u2 address 198.51.100.8",
            "u3 hash 8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
            "u4 address 198.51.100.9",
            "u9 hash 0123456789abcdef0123456789abcdef",
        ]
    );
    let first = indicators.iter().next().unwrap();
    assert_eq!((first.name.as_deref(), first.level), (Some("Campaign"), tieline::Level::High));
    assert_eq!(&*first.tags, ["tlp:amber", "attack.t1071.001"]);
    assert_eq!(indicators.iter().last().unwrap().valid_from_ns, Some(1_767_225_600_000_000_000));
    let found = told(&indicators);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("list:8:2: warning[TL0130]: attributes of type `mutex` are not looked for"),
        "{found:?}"
    );
    assert!(found[1].starts_with("list:9:2: warning[TL0130]: this is no MISP attribute"), "{found:?}");
}

#[test]
fn tables_of_text_are_read() {
    let text = "# a remark\nvalue;type;name;valid_until;confidence;tags;level;revoked\n\n\
                198[.]51[.]100[.]7;ip;\"Beacon; first\";2027-01-01;90;c2|T1071;;\nevil.example;FQDN;;;20;;critical;\n\
                gone.example;;;;;;;true\nx.example;mutex;;;;;;\nevil.example;domain;;;;;;\n;;;;;;;\nnothing;;;;;;;\n\
                y.example;;;2027-13-01;;;;\nz.example;;;;lots;;urgent;\n";
    let indicators = list(text);
    let shown: Vec<String> =
        indicators.iter().map(|own| format!("{} {} {:?}", own.value, own.level.as_str(), own.tags)).collect();
    assert_eq!(
        shown,
        [r#"198.51.100.7 high ["c2", "attack.t1071"]"#, "evil.example critical []", "z.example medium []",]
    );
    assert_eq!(indicators.iter().next().unwrap().name.as_deref(), Some("Beacon; first"));
    let expected = [
        "list:7:1: warning[TL0130]: `mutex` is no type",
        "list:8:1: warning[TL0131]: `evil.example` is listed twice",
        "list:10:1: warning[TL0130]: `nothing` is no address",
        "list:11:1: warning[TL0130]: `valid_until` is `2027-13-01`, which is no time",
        "list:12:1: warning[TL0131]: `urgent` is no level",
        "list:12:1: warning[TL0131]: the confidence `lots` is no number",
    ];
    let found = told(&indicators);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn what_is_no_list_is_told_with_its_place() {
    let check = |text: &str, expected: &str| {
        let indicators = list(text);
        assert_eq!(indicators.len(), 0, "{text}");
        let found = told(&indicators);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    };
    check("", "list: error[TL0092]: the list is empty");
    check("# nothing\n", "list: error[TL0092]: the list is empty");
    check("{\"objects\":[\n{\"type\":\"ind", "list:2:1");
    check("{\"objects\":[}", "list:1:13: error[TL0092]: the list is no JSON");
    check("{\"objects\":{}}", "list:1:12: error[TL0092]: `objects` must be a list");
    check("{\"objects\":[]}", "list: error[TL0092]: the bundle holds no object of the type `indicator`");
    check("{\"a\":1}", "list:1:1: error[TL0092]: this is neither");
    check("{\"Event\":[]}", "list:1:10: error[TL0092]: this is no MISP event");
    check("what,ever\n1,2\n", "list:1:1: error[TL0092]: the first line names no column `value`");
    check("[[[", "list:1:3: error[TL0092]: the list is cut off");
    // Many faults are counted, and long lines are not shown.
    let many = (0..500).map(|number| format!("{{\"id\":\"{number}\"}}")).collect::<Vec<_>>().join(",");
    let indicators = list(&format!("{{\"objects\":[{many}]}}"));
    assert_eq!(indicators.diagnostics().len(), 102);
    assert!(told(&indicators).iter().any(|told| told.contains("400 more of TL0130")));
    assert!(indicators.diagnostics().iter().all(|told| told.render().len() < 400));
}

#[test]
fn tables_of_fields_are_checked() {
    let check = |yaml: &str, expected: &str| {
        let compiler = Compiler::new().rules(None, RULES).indicator_fields(Some("fields.yml"), yaml);
        let error = compiler.build().unwrap_err();
        assert_eq!(error.kind(), tieline::ErrorKind::IndicatorFields);
        assert!(error.to_string().contains(expected), "{error}");
    };
    check("adress: [a]", "fields.yml:1:1: error[TL0093]: fields do not hold `adress`; did you mean `address`?");
    check("address: [[a]]", "fields.yml:1:11: error[TL0093]: a name of a field must be a text");
    check("- a", "fields.yml:1:3: error[TL0093]: a group of fields must be a map");
}

#[test]
fn an_event_tells_of_so_many_indicators_at_most() {
    let text: String = (0..100).map(|number| format!("198.51.100.{number}\n")).collect();
    let all: Vec<String> = (0..100).map(|number| format!("\"198.51.100.{number}\"")).collect();
    let (_, hits) = seen(&rules(list(&text)), &format!("{{\"dst\":[{}]}}", all.join(",")));
    assert_eq!(hits.len(), 64);
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_read_makes_it_fall(text in "[\\[\\]{}(),:;='\"a-z0-9./\\\\ \n-]{0,80}") {
        list(&text);
        list(&format!("{{\"objects\":[{{\"type\":\"indicator\",\"pattern\":{}}}]}}", serde_json::json!(text)));
        list(&format!("value\n{text}"));
    }
}
