//! Streams as their users see them: time, lateness, groups, several sources, state that is saved, rules that change.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::table::{Form, Scalar, TestColumn, table};
use std::time::Duration;
use tieline::stream::{Alert, AlertKind, Arrival, Missing, MissingTime, Mode, StreamOptions, Tells};
use tieline::{Compiler, Event, Number, Rules, Scanner, Stream, TimeOptions, Value};

const SECOND: i64 = 1_000_000_000;

const LOGON: &str = "
title: Failed logon
name: failed
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
";

fn counting(parts: &str) -> String {
    format!(
        "{LOGON}---\ntitle: Guessing\nid: 00000000-0000-4000-8000-000000000001\ncorrelation: {{type: event_count, \
         rules: [failed], {parts}}}\n"
    )
}

fn compiled(yaml: &str) -> Rules {
    let rules = Compiler::new().rules(None, yaml).build().unwrap();
    let errors: Vec<_> = rules.diagnostics().iter().filter(|told| told.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    rules
}

fn by_user() -> Rules {
    compiled(&counting("group-by: [User], timespan: 10s, condition: {gte: 2}"))
}

fn seconds(seconds: u64) -> StreamOptions {
    StreamOptions { lateness: Duration::from_secs(seconds), ..StreamOptions::default() }
}

/// What alerts say: seconds, values of the group, count.
fn said(alerts: &[Alert]) -> Vec<(i64, String, u64)> {
    let group = |alert: &Alert| alert.group().map(|(_, value)| value.unwrap_or("-")).collect::<Vec<_>>().join(",");
    alerts.iter().map(|alert| (alert.time_ns() / SECOND, group(alert), alert.count())).collect()
}

fn scan(stream: &mut Stream, second: i64, event: &str) -> Arrival {
    stream.scan_json_at(event.as_bytes(), Some(second * SECOND)).unwrap().count();
    stream.arrival()
}

fn logon(user: &str) -> String {
    format!(r#"{{"EventID": 4625, "User": {user}}}"#)
}

#[test]
fn rules_that_a_correlation_refers_to_are_silent_unless_it_generates() {
    let event = logon(r#""anna""#);
    for (generate, detections) in [("", 0), (", generate: true", 1), (", generate: false", 0)] {
        let rules = compiled(&counting(&format!("timespan: 10s, condition: {{gte: 2}}{generate}")));
        assert_eq!(rules.rule(0).alerts(), detections == 1);
        let mut stream = Stream::new(&rules, StreamOptions::default());
        assert_eq!(stream.scan_json_at(event.as_bytes(), Some(0)).unwrap().count(), detections);
        assert_eq!(Scanner::new(&rules).scan_json(event.as_bytes()).unwrap().len(), 1, "a scanner tells all");
    }
}

#[test]
fn correlations_that_only_others_hear_are_told_when_every_one_is_asked_for() {
    let rules = compiled(&format!(
        "{}---\ntitle: Twice\ncorrelation: {{type: event_count, rules: [00000000-0000-4000-8000-000000000001], \
         group-by: [User], timespan: 1m, condition: {{gte: 2}}}}\n",
        counting("group-by: [User], timespan: 1s, condition: {gte: 1}")
    ));
    assert!(rules.correlations().all(|info| info.path().is_none()), "no name was given");
    for (tells, expected) in [(Tells::Alerting, vec!["Twice"]), (Tells::Every, vec!["Guessing", "Guessing", "Twice"])] {
        let mut stream = Stream::new(&rules, StreamOptions { tells, ..StreamOptions::default() });
        for second in [1, 5] {
            scan(&mut stream, second, &logon(r#""anna""#));
        }
        stream.finish();
        let alerts = stream.take_alerts();
        assert_eq!(alerts.iter().map(|alert| alert.rule().title()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_group_is_of_equal_single_values() {
    // Two events are one group, or are not counted, or are two groups.
    let rules = by_user();
    let groups = |left: &str, right: &str, missing: Missing| {
        let mut stream = Stream::new(&rules, StreamOptions { missing, ..StreamOptions::default() });
        for (second, user) in [left, right].into_iter().enumerate() {
            let event = if user.is_empty() { r#"{"EventID": 4625}"#.to_owned() } else { logon(user) };
            scan(&mut stream, second as i64, &event);
        }
        stream.finish();
        let stats = stream.stats();
        (said(&stream.take_alerts()).into_iter().map(|(_, group, _)| group).collect::<Vec<_>>(), stats.ungrouped)
    };
    let skip = |left, right| groups(left, right, Missing::Skip);
    let one = |name: &str| (vec![name.to_owned()], 0);
    assert_eq!(skip(r#""anna""#, r#""anna""#), one("anna"));
    assert_eq!(skip("22", r#""22""#), one("22"));
    assert_eq!(skip("22.0", "22"), one("22"));
    assert_eq!(skip("true", r#""true""#), one("true"));
    assert_eq!(skip(r#""""#, r#""""#), one(""));
    assert_eq!(skip(r#""a\u0062""#, r#""ab""#), one("ab"));
    assert_eq!(skip(r#""anna""#, r#""Anna""#), (vec![], 0));
    assert_eq!(skip(r#""022""#, "22"), (vec![], 0));
    for none in ["", "null", r#"["a", "b"]"#, r#"["a"]"#, "[ \"a\" ]", "[]", "{}", r#"{"a": 1}"#, "[[1]]", "[7]"] {
        assert_eq!(skip(none, none), (vec![], 2), "{none}");
        // A number that the walk leaves to the tree makes no difference.
        let event =
            format!(r#"{{"EventID": 4625, "User": {}, "x": 1e999}}"#, if none.is_empty() { "null" } else { none });
        let mut stream = Stream::new(&rules, StreamOptions::default());
        scan(&mut stream, 0, &event);
        assert_eq!(stream.stats().ungrouped, 1, "{event}");
    }
    for missing in ["", "null"] {
        assert_eq!(groups(missing, missing, Missing::Group), (vec!["-".to_owned()], 0));
    }
    assert_eq!(groups(r#"["a"]"#, r#"["a"]"#, Missing::Group), (vec![], 2));
}

#[test]
fn own_events_say_themselves_what_is_a_list() {
    struct Own(bool);
    impl Event for Own {
        fn values(&self, field: &str, each: &mut dyn FnMut(Value<'_>)) {
            match field {
                "EventID" => each(Value::Number(Number::Integer(4625))),
                "User" => each(Value::Text("anna")),
                "time" => each(Value::Text("2026-11-23T08:00:00Z")),
                _ => {}
            }
        }
        fn leaves(&self, _: &mut dyn FnMut(Value<'_>)) {}
        fn is_list(&self, field: &str) -> bool {
            self.0 && field == "User"
        }
    }
    for (is_list, groups) in [(false, 1), (true, 0)] {
        let mut stream = Stream::new(&by_user(), StreamOptions::default());
        stream.scan_at(&Own(is_list), None).unwrap().count();
        assert_eq!((stream.arrival(), stream.stats().groups), (Arrival::InTime, groups));
    }
}

#[test]
fn time_is_found_in_the_usual_fields_or_in_those_that_are_named() {
    let now = 1_795_422_946_174_000_000;
    let time_of = |fields: &[&str], event: &str| {
        let time =
            TimeOptions { fields: fields.iter().map(|field| (*field).to_owned()).collect(), ..TimeOptions::default() };
        let rules = Compiler::new().rules(None, by_user_text()).time(time).build().unwrap();
        let mut sighting = Stream::new(&rules, StreamOptions::default()).sighting();
        Scanner::new(&rules).sight_json(event.as_bytes(), 0, &mut sighting).unwrap().count();
        sighting.time_ns()
    };
    for event in [
        r#"{"@timestamp": "2026-11-23T08:35:46.174Z"}"#,
        r#"{"UtcTime": "2026-11-23 08:35:46.174"}"#,
        r#"{"ts": 1795422946.174}"#,
        r#"{"ts": 1795422946174}"#,
        r#"{"time": 1795422946174000}"#,
        r#"{"time": "1795422946174000000"}"#,
        r#"{"TimeCreated": "/Date(1795422946174)/"}"#,
        r#"{"TimeCreated": 134398965461740000}"#,
        r##"{"Event": {"System": {"TimeCreated": {"#attributes": {"SystemTime": "2026-11-23T08:35:46.174Z"}}}}}"##,
        r#"{"UtcTime": "-", "@timestamp": "2026-11-23T09:35:46.174+01:00"}"#,
        r#"{"ts": 1.795422946174e9}"#,
    ] {
        assert_eq!(time_of(&[], event), Some(now), "{event}");
    }
    assert_eq!(time_of(&["when"], r#"{"when": "2026-11-23T08:35:46.174Z", "ts": 1}"#), Some(now));
    assert_eq!(time_of(&["a.b", "when"], r#"{"a": {"b": 1795422946174}, "when": 1}"#), Some(now));
    for none in [r#"{"ts": "yesterday"}"#, r#"{"ts": [1795422946174]}"#, r#"{"ts": null}"#, "{}", r#"{"ts": 12}"#] {
        assert_eq!(time_of(&[], none), None, "{none}");
    }
    assert_eq!(time_of(&["when"], r#"{"ts": 1795422946174}"#), None);
    assert_eq!(time_of(&["when"], r#"{"when": 12}"#), Some(12 * SECOND));
}

fn by_user_text() -> String {
    counting("group-by: [User], timespan: 10s, condition: {gte: 2}")
}

#[test]
fn events_without_a_time_are_skipped_or_are_of_now_or_are_refused() {
    let event = logon(r#""anna""#);
    let run = |missing_time| {
        let mut stream = Stream::new(&by_user(), StreamOptions { missing_time, ..StreamOptions::default() });
        let results: Vec<bool> = (0..2).map(|_| stream.scan_json(event.as_bytes()).is_ok()).collect();
        let arrival = stream.arrival();
        stream.finish();
        (results, arrival, stream.stats().untimed, stream.take_alerts().len())
    };
    assert_eq!(run(MissingTime::Skip), (vec![true; 2], Arrival::NoTime, 2, 0));
    assert_eq!(run(MissingTime::Arrival(|| 7)), (vec![true; 2], Arrival::InTime, 0, 1));
    assert_eq!(run(MissingTime::Error), (vec![false; 2], Arrival::NoTime, 2, 0));
}

#[test]
fn late_events_count_up_to_the_lateness() {
    let mut stream = Stream::new(&by_user(), seconds(5));
    let anna = logon(r#""anna""#);
    assert_eq!(scan(&mut stream, 100, "{}"), Arrival::InTime);
    assert_eq!(stream.watermark_ns(), Some(95 * SECOND));
    assert_eq!(scan(&mut stream, 94, &anna), Arrival::TooLate);
    assert_eq!(scan(&mut stream, 95, &anna), Arrival::InTime);
    assert_eq!(scan(&mut stream, 97, &anna), Arrival::InTime);
    assert!(stream.take_alerts().is_empty(), "others may still come");
    stream.advance(98 * SECOND);
    assert_eq!(said(&stream.take_alerts()), [(97, "anna".to_owned(), 2)]);
    assert_eq!(scan(&mut stream, 97, &anna), Arrival::TooLate);
    assert_eq!(stream.stats().late, 2);
}

#[test]
fn a_clock_that_jumps_is_not_believed() {
    let day = 86_400;
    let options = StreamOptions { jump_max: Some(Duration::from_secs(30 * 86_400)), ..seconds(5) };
    let mut stream = Stream::new(&by_user(), options);
    let anna = logon(r#""anna""#);
    assert_eq!(scan(&mut stream, 1_000_000_000, &anna), Arrival::InTime);
    assert_eq!(scan(&mut stream, 4_070_908_800, &anna), Arrival::TooFarAhead);
    assert_eq!(scan(&mut stream, 0, &anna), Arrival::TooLate);
    assert_eq!(scan(&mut stream, 1_000_000_003, &anna), Arrival::InTime);
    assert_eq!(scan(&mut stream, 1_000_000_003 + 30 * day, "{}"), Arrival::InTime);
    assert_eq!(said(&stream.take_alerts()), [(1_000_000_003, "anna".to_owned(), 2)]);
    let stats = stream.stats();
    assert_eq!((stats.late, stats.ahead), (1, 1));
}

#[test]
fn what_many_say_is_believed_in_the_end() {
    let options = StreamOptions { jump_max: Some(Duration::from_secs(86_400)), ..seconds(5) };
    let anna = logon(r#""anna""#);
    let week = 7 * 86_400;
    // Time has really passed.
    let mut stream = Stream::new(&by_user(), options);
    assert!((0..20).all(|second| scan(&mut stream, week + second, &anna) == Arrival::InTime));
    let arrivals: Vec<Arrival> = (0..17).map(|second| scan(&mut stream, 3 * week + second, &anna)).collect();
    assert_eq!(
        (&arrivals[..15], arrivals[15], arrivals[16]),
        (&[Arrival::TooFarAhead; 15][..], Arrival::InTime, Arrival::InTime)
    );
    // Old events do not set the clock back.
    assert!((0..40).all(|second| scan(&mut stream, second, &anna) == Arrival::TooLate));
    // But when the first of all had the wrong clock, all begins anew.
    let mut stream = Stream::new(&by_user(), options);
    scan(&mut stream, 3 * week, &anna);
    let arrivals: Vec<Arrival> = (0..17).map(|second| scan(&mut stream, week + second, &anna)).collect();
    assert_eq!(
        (&arrivals[..15], arrivals[15], arrivals[16]),
        (&[Arrival::TooLate; 15][..], Arrival::InTime, Arrival::InTime)
    );
    stream.finish();
    assert_eq!(said(&stream.take_alerts()), [(week + 16, "anna".to_owned(), 2)]);
    let stats = stream.stats();
    assert_eq!((stats.set_back, stats.dropped, stats.late), (1, 1, 15));
}

#[test]
fn several_sightings_are_taken_in_as_if_one_by_one() {
    let rules = by_user();
    let mut stream = Stream::new(&rules, seconds(5));
    let mut scanner = Scanner::new(&rules);
    let mut sightings = vec![stream.sighting(); 100];
    for (number, sighting) in sightings.iter_mut().enumerate() {
        let event = logon(&format!("\"user{}\"", number % 7));
        scanner.sight_json(event.as_bytes(), number as u64, sighting).unwrap().count();
        *sighting = sighting.clone().at(Some((number as i64 - i64::from(number == 90) * 50) * SECOND));
    }
    let arrivals = stream.push_all(&sightings).unwrap();
    assert_eq!((arrivals.len(), arrivals[90], arrivals[99]), (100, Arrival::TooLate, Arrival::InTime));
    stream.finish();
    let together = stream.take_alerts();
    let mut stream = Stream::new(&rules, seconds(5));
    assert!(sightings.iter().zip(arrivals).all(|(sighting, arrival)| stream.push(sighting).unwrap() == arrival));
    stream.finish();
    assert_eq!(stream.take_alerts(), together);
    assert!(together.len() > 40);
}

#[test]
fn unreadable_events_are_errors_and_change_nothing() {
    let mut stream = Stream::new(&by_user(), StreamOptions::default());
    scan(&mut stream, 1, &logon(r#""anna""#));
    assert!(stream.scan_json(b"{\"EventID\": 46").is_err());
    scan(&mut stream, 2, &logon(r#""anna""#));
    stream.finish();
    let alerts = stream.take_alerts();
    assert_eq!((said(&alerts), alerts[0].events()), (vec![(2, "anna".to_owned(), 2)], &[0, 2][..]));
}

#[test]
fn modes_say_once_or_each_time() {
    for (mode, expected) in [
        (Mode::Suppress, vec![AlertKind::Alert]),
        (Mode::Repeat, vec![AlertKind::Alert; 3]),
        (Mode::Update, vec![AlertKind::Alert, AlertKind::Update, AlertKind::Update]),
    ] {
        let mut stream = Stream::new(&by_user(), StreamOptions { mode, ..StreamOptions::default() });
        assert!((0..4).all(|second| scan(&mut stream, second, &logon(r#""anna""#)) == Arrival::InTime));
        stream.finish();
        assert_eq!(stream.take_alerts().iter().map(Alert::kind).collect::<Vec<_>>(), expected);
    }
}

const TWO_WORLDS: &str = "
title: Logon to the jump host
name: office
logsource: {product: windows}
detection: {s: {EventID: 4624}, condition: s}
---
title: Controller stopped
name: plant
logsource: {product: zeek}
detection: {s: {function: stop}, condition: s}
---
title: From the office to the plant
correlation:
  type: temporal_ordered
  rules: [office, plant]
  group-by: [Address]
  timespan: 1m
  aliases: {Address: {office: IpAddress, plant: id.orig_h}}
";

const WINDOWS: &str = "
name: windows
transformations:
  - {type: field_name_mapping, mapping: {IpAddress: Event.Data.IpAddress, EventID: Event.Id}}
  - type: rule_failure
    message: about other events
    rule_conditions: [{type: logsource, product: nothing}]
";

#[test]
fn programs_for_several_sources_feed_one_stream() {
    let checked = Compiler::new().rules(None, TWO_WORLDS).check().unwrap();
    let windows = checked.compile(&[(Some("windows"), WINDOWS)]).unwrap();
    let zeek = checked.compile(&[]).unwrap();
    let mut stream = Stream::new(&zeek, StreamOptions::default());
    let mut sighting = stream.sighting();
    let events = [
        (&windows, r#"{"Event": {"Id": 4624, "Data": {"IpAddress": "10.0.0.7"}}, "time": "2026-11-23T08:00:00Z"}"#),
        (&zeek, r#"{"function": "stop", "id.orig_h": "10.0.0.7", "ts": 1795420830.5}"#),
    ];
    for (number, (rules, event)) in events.into_iter().enumerate() {
        let mut scanner = Scanner::new(rules);
        assert_eq!(scanner.sight_json(event.as_bytes(), number as u64, &mut sighting).unwrap().len(), 1);
        assert_eq!(stream.push(&sighting).unwrap(), Arrival::InTime);
    }
    stream.finish();
    let alerts = stream.take_alerts();
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].group().collect::<Vec<_>>(), [("Address", Some("10.0.0.7"))]);
    assert_eq!((alerts[0].time_ns(), alerts[0].events()), (1_795_420_830_500_000_000, &[0, 1][..]));
    let others = by_user();
    Scanner::new(&others).sight_json(b"{}", 0, &mut sighting).unwrap().count();
    assert!(stream.push(&sighting).unwrap_err().to_string().contains("other correlations"));
}

#[test]
fn a_correlation_that_lacks_a_refused_rule_is_told_and_deaf_and_its_other_rules_speak() {
    let refusing = "
transformations:
  - type: rule_failure
    message: no
    rule_conditions: [{type: logsource, product: zeek}]
";
    let checked = Compiler::new().rules(None, TWO_WORLDS).check().unwrap();
    let rules = checked.compile(&[(None, refusing)]).unwrap();
    let codes: Vec<_> = rules.diagnostics().iter().map(|told| told.code.as_str()).collect();
    assert_eq!(codes, ["TL0064", "TL0044"]);
    assert!(rules.rule(0).alerts());
    let mut stream = Stream::new(&rules, StreamOptions::default());
    let event = r#"{"EventID": 4624, "IpAddress": "10.0.0.7"}"#;
    assert_eq!(stream.scan_json_at(event.as_bytes(), Some(0)).unwrap().count(), 1);
    assert_eq!(stream.stats().groups, 0);
}

#[test]
fn rules_change_and_windows_stay() {
    let mut stream = Stream::new(&by_user(), StreamOptions::default());
    let anna = logon(r#""anna""#);
    scan(&mut stream, 1, &anna);
    // Another title and another rule in front change nothing; the alert of before is still there.
    scan(&mut stream, 2, &logon(r#""eve""#));
    scan(&mut stream, 3, &logon(r#""eve""#));
    let other = TWO_WORLDS.to_owned() + "---" + &by_user_text().replace("title: Guessing", "title: Password guessing");
    stream.reload(&compiled(&other));
    scan(&mut stream, 4, &anna);
    stream.finish();
    let alerts = stream.take_alerts();
    assert_eq!(said(&alerts), [(3, "eve".to_owned(), 2), (4, "anna".to_owned(), 2)]);
    assert_eq!(alerts[1].rule().title(), "Password guessing");
    // Another timespan is another correlation.
    let mut stream = Stream::new(&by_user(), StreamOptions::default());
    scan(&mut stream, 1, &anna);
    scan(&mut stream, 2, "{}");
    stream.reload(&compiled(&by_user_text().replace("10s", "11s")));
    scan(&mut stream, 3, &anna);
    stream.finish();
    assert_eq!((stream.take_alerts().len(), stream.stats().dropped), (0, 1));
}

#[test]
fn state_that_is_none_is_refused_and_changes_nothing() {
    let mut stream = Stream::new(&by_user(), StreamOptions::default());
    scan(&mut stream, 1, &logon(r#""anna""#));
    let good = stream.snapshot();
    for bad in [&b""[..], b"{}", &good[..good.len() - 1], &good[1..], &[good.as_slice(), b"x"].concat()] {
        let error = stream.restore(bad).unwrap_err();
        assert_eq!(error.kind(), tieline::ErrorKind::Saved);
    }
    scan(&mut stream, 2, &logon(r#""anna""#));
    stream.finish();
    assert_eq!(stream.take_alerts().len(), 1);
}

#[test]
fn a_table_means_what_its_rows_mean() {
    let rules = compiled(&counting("group-by: [User], timespan: 10s, condition: {gte: 2}, generate: true"));
    let text = |text: &str| Some(vec![Scalar::Text(text.to_owned())]);
    let users = ["anna", "bert", "anna", "é", "é", "bert"].map(text).to_vec();
    let listed = [None, text("anna"), text("anna"), text("anna"), None, text("anna")].to_vec();
    let times = (0..6).map(|second| text(&format!("2026-11-23T08:00:{:02}Z", second * 2))).collect::<Vec<_>>();
    let ids = [4625, 4625, 4625, 4625, 4625, 4624].map(|id| Some(vec![Scalar::Integer(id)])).to_vec();
    for (users, form) in [(users.clone(), Form::Values), (users, Form::Dictionary), (listed, Form::Lists)] {
        let columns = [
            TestColumn::new("time", Form::Values, times.clone()),
            TestColumn::new("User", form, users),
            TestColumn::new("EventID", Form::Values, ids.clone()),
        ];
        let table = table(&columns, 6);
        let (mut whole, mut single) = (Stream::new(&rules, seconds(60)), Stream::new(&rules, seconds(60)));
        let mut pushed = Stream::new(&rules, seconds(60));
        let (mut sighting, mut scanner) = (pushed.sighting(), Scanner::new(&rules));
        let mut counts = [Vec::new(), Vec::new(), Vec::new()];
        whole.scan_columns(&table, |_, detections| counts[0].push(detections.unwrap().len()));
        for row in 0..6 {
            counts[1].push(single.scan_at(&table.event(row), None).unwrap().count());
        }
        scanner.sight_columns(&table, 0, &mut sighting, |_, detections, sighting| {
            counts[2].push(detections.len());
            pushed.push(sighting).unwrap();
        });
        assert_eq!(counts, [vec![1, 1, 1, 1, 1, 0], vec![1, 1, 1, 1, 1, 0], vec![1, 1, 1, 1, 1, 0]]);
        let alerts = [whole, single, pushed].map(|mut stream| {
            stream.finish();
            let alerts = stream.take_alerts();
            (said(&alerts), alerts.iter().map(|alert| alert.events().to_vec()).collect::<Vec<_>>())
        });
        assert_eq!(alerts[0], alerts[1]);
        assert_eq!(alerts[0], alerts[2]);
        assert_eq!(alerts[0].0.len(), if form == Form::Lists { 0 } else { 2 });
    }
}

#[test]
fn a_row_without_a_time_is_an_error_of_its_own() {
    let column = |name, ids: [Option<i64>; 2]| {
        TestColumn::new(name, Form::Values, ids.map(|id| Some(vec![Scalar::Integer(id?)])).to_vec())
    };
    let columns = [column("EventID", [Some(4625), Some(4625)]), column("time", [None, Some(1_700_000_000)])];
    let options = StreamOptions { missing_time: MissingTime::Error, ..StreamOptions::default() };
    let mut stream = Stream::new(&by_user(), options);
    let mut told = Vec::new();
    stream.scan_columns(&table(&columns, 2), |row, detections| told.push((row, detections.is_ok())));
    assert_eq!((told, stream.stats().untimed), (vec![(0, false), (1, true)], 1));
}
