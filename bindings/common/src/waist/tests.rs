//! The waist, called as a language calls it.

use super::*;
use std::sync::Arc;

const RULES: &str = "title: Whoami
id: 11111111-1111-4111-8111-111111111111
name: whoami
level: low
tags: [attack.t1033]
logsource: {category: process_creation}
detection: {s: {Image|endswith: '\\whoami.exe'}, condition: s}
---
title: Often
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
  type: event_count
  rules: [whoami]
  group-by: [User]
  timespan: 1m
  condition: {gte: 2}
";

fn rules(options: &CompileOptions) -> RuleSet {
    RuleSet::compile([("r.yml".to_owned(), RULES.to_owned())], options).unwrap()
}

fn event(user: &str, second: u32) -> String {
    format!(r#"{{"Image":"C:\\whoami.exe","User":"{user}","UtcTime":"2026-11-26 04:00:{second:02}"}}"#)
}

#[test]
fn lines_are_scanned_the_same_by_any_number_of_threads() {
    let rules = rules(&CompileOptions::default());
    let mut text = String::new();
    for number in 0..20_000 {
        text += &match number % 5 {
            0 => event("anna", 1),
            1 => "no event".to_owned(),
            2 => String::new(),
            _ => r#"{"Image":"x"}"#.to_owned(),
        };
        text += "\n";
    }
    let scan = |threads| {
        let options = ScanOptions { threads: Some(threads), ..ScanOptions::default() };
        rules.scan_lines(text.as_bytes(), &options).unwrap()
    };
    let (one, three) = (scan(1), scan(3));
    assert_eq!((one.events, one.hits.len(), one.faults.len()), (16_000, 4_000, 4_000));
    assert_eq!((three.events, &three.hits, &three.faults), (one.events, &one.hits, &one.faults));
    assert_eq!((one.hits[1].event, one.faults[1].event_index), (5, 6));
    let record = DetectionRecord::new(&rules, &one.hits[1], None).unwrap();
    assert_eq!((record.rule_title, record.event_index, record.source), ("Whoami", 5, None));
}

#[test]
fn a_scan_that_is_stopped_tells_nothing() {
    let rules = rules(&CompileOptions::default());
    let text = format!("{}\n", event("anna", 1)).repeat(10_000);
    let events = vec![text.lines().next().unwrap().as_bytes(); 10_000];
    for threads in [1, 3] {
        let options = ScanOptions { threads: Some(threads), ..ScanOptions::default() };
        let stop = std::sync::atomic::AtomicBool::new(true);
        let stopped = [
            rules.scan_lines_until(text.as_bytes(), &options, &stop),
            rules.scan_events_until(&events, &options, &stop),
        ];
        assert!(stopped.into_iter().all(|scan| scan.unwrap_err().kind() == Kind::Cancelled));
        let going = rules.scan_events(&events, &options).unwrap();
        assert_eq!(going.hits.len(), 10_000);
    }
}

#[test]
fn what_is_asked_holds_for_one_call() {
    let rules = rules(&CompileOptions::default());
    let event = event("anna", 1);
    let count = |options: &ScanOptions| rules.scan(event.as_bytes(), options).unwrap().hits.len();
    let high = ScanOptions { level: Some("High".into()), ..ScanOptions::default() };
    for name in ["11111111-1111-4111-8111-111111111111", "whoami", "Whoami"] {
        let named = ScanOptions { rules: vec![name.to_owned()], ..ScanOptions::default() };
        assert_eq!(count(&named), 1, "{name}");
    }
    let linux = LogSourceRecord { category: Some("webserver".into()), ..LogSourceRecord::default() };
    let elsewhere = ScanOptions { logsource: Some(linux), ..ScanOptions::default() };
    for _ in 0..2 {
        assert_eq!((count(&ScanOptions::default()), count(&high), count(&elsewhere)), (1, 0, 0));
    }
}

#[test]
fn saved_rules_find_the_same_in_every_form() {
    for source in [None, Some("none".to_owned())] {
        let rules = rules(&CompileOptions { source, ..CompileOptions::default() });
        let bytes = rules.to_bytes();
        let again = RuleSet::from_bytes(&bytes).unwrap();
        let scan = |rules: &RuleSet| rules.scan(event("anna", 1).as_bytes(), &ScanOptions::default()).unwrap().hits;
        assert_eq!(scan(&again), scan(&rules));
        assert_eq!(again.to_bytes(), bytes);
        for at in [0, 8, 20, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert_eq!(RuleSet::from_bytes(&broken).unwrap_err().kind(), Kind::Saved, "{at}");
        }
    }
}

#[test]
fn a_broken_rule_is_an_error_or_a_diagnostic() {
    let broken = RULES.replace("endswith", "endwith");
    let texts = || [("r.yml".to_owned(), broken.clone())];
    let error = RuleSet::compile(texts(), &CompileOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.diagnostics()[0].line), (Kind::Rules, 7));
    assert!(error.to_string().contains("did you mean `endswith`"), "{error}");
    let lenient = CompileOptions { strict: Some(false), ..CompileOptions::default() };
    let rules = RuleSet::compile(texts(), &lenient).unwrap();
    assert_eq!((rules.rules().len(), rules.diagnostics().next().map(|told| told.line)), (0, Some(7)));
    let error = rules.explain("Whoami", b"{}").unwrap_err();
    assert!(error.to_string().contains("was left out"), "{error}");
}

#[test]
fn streams_tell_detections_alerts_and_what_they_do_not_count() {
    let rules = Arc::new(rules(&CompileOptions::default()));
    let stream = Stream::new(Arc::clone(&rules), &StreamSettings::default(), &ScanOptions::default()).unwrap();
    let text = [event("anna", 10), event("bert", 11), "x".to_owned(), event("anna", 12), event("anna", 1)].join("\n");
    let pushed = stream.push_lines(text.as_bytes()).unwrap();
    assert_eq!((pushed.scan.hits.len(), pushed.scan.events, pushed.scan.faults[0].event_index), (0, 5, 2));
    assert_eq!(pushed.not_counted, [NotCounted { event_index: 4, why: "late" }]);
    let mut alerts = pushed.alerts;
    alerts.extend(stream.flush().unwrap());
    let record = AlertRecord::new(&alerts[0]);
    assert_eq!((alerts.len(), record.count, record.events), (1, 2, [0, 3].as_slice()));
    stream.close().unwrap();
    stream.close().unwrap();
    assert_eq!(stream.push(b"{}", None).unwrap_err().kind(), Kind::Closed);
}

#[test]
fn time_that_must_be_there_is_asked_for_event_by_event() {
    let rules = Arc::new(rules(&CompileOptions::default()));
    let settings = StreamSettings { missing_time: Some("error".into()), ..StreamSettings::default() };
    let stream = Stream::new(rules, &settings, &ScanOptions::default()).unwrap();
    let text = [event("anna", 10), "{}".to_owned(), event("anna", 12)].join("\n");
    let pushed = stream.push_lines(text.as_bytes()).unwrap();
    assert_eq!((pushed.alerts.len(), pushed.scan.faults.len(), pushed.scan.faults[0].event_index), (0, 1, 1));
    assert_eq!(stream.flush().unwrap().len(), 1);
    assert_eq!(stream.push(b"{}", None).unwrap_err().kind(), Kind::Event);
    assert!(stream.push(b"{}", Some(1_895_422_946_000_000_000)).is_ok());
}

#[test]
fn options_name_what_is_allowed() {
    let fault = |json: &str| from_json::<StreamSettings>(json).and_then(|settings| settings.options().map(|_| ()));
    assert!(fault(r#"{"lateness":"5m","clock_jump":"off","alerts":"repeat"}"#).is_ok());
    assert!(fault("").is_ok());
    let told = [
        (r#"{"latenes":"5m"}"#, "unknown field `latenes`"),
        (r#"{"lateness":"5 minutes"}"#, "`lateness`: write a number and one of ms, s, m"),
        (r#"{"lateness":-1}"#, "`lateness`: write seconds of at least 0"),
        (r#"{"alerts":"often"}"#, "`alerts` is `often`; write one of once, repeat, update"),
    ];
    for (json, message) in told {
        assert!(fault(json).unwrap_err().to_string().contains(message), "{json}");
    }
    let error = from_json::<ReportSettings>(r#"{"quite":"1h"}"#).unwrap_err().to_string();
    assert!(
        error.contains("unknown field `quite`") && error.contains("`quiet`") && error.contains("`packs`"),
        "{error}"
    );
}

#[test]
fn files_tell_what_they_hold_and_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.ndjson");
    std::fs::write(&path, [event("anna", 10), "x".to_owned(), event("anna", 12)].join("\n")).unwrap();
    let rules = rules(&CompileOptions::default());
    let paths = [path, directory.path().join("gone.ndjson")];
    let (files, asked, stream) = (FileOptions::default(), ScanOptions::default(), StreamSettings::default());
    let mut scan = FileScan::new(&rules, &paths, &files, &asked, &stream).unwrap();
    let (mut found, mut bad) = (Vec::new(), 0);
    loop {
        match scan.next_within(std::time::Duration::from_secs(10)).unwrap() {
            Next::Told(Told::Found(record)) => found.push(record["rule_title"].as_str().unwrap().to_owned()),
            Next::Told(Told::BadEvent(_) | Told::BadFile(_)) => bad += 1,
            Next::Told(_) => {}
            Next::Quiet => panic!("nothing came"),
            Next::End => break,
        }
    }
    assert_eq!((found, bad, scan.totals().events), (vec!["Often".to_owned()], 2, 3));
    assert_eq!((scan.totals().files, scan.totals().bad_files), (1, 1), "what is not there is a bad file");
}

#[test]
fn one_text_is_a_list_of_one() {
    let rules = rules(&from_json(r#"{"allow":"TL0001"}"#).unwrap());
    let hits = |options| rules.scan(event("anna", 1).as_bytes(), &from_json(options).unwrap()).unwrap().hits.len();
    assert_eq!([r#"{"rules":"whoami"}"#, r#"{"tags":"attack.t1033"}"#, r#"{"tags":"attack.t1"}"#].map(hits), [1, 1, 0]);
    let error = from_json::<ScanOptions>(r#"{"tags":[1]}"#).unwrap_err().to_string();
    assert!(error.contains("expected a text or a list of texts"), "{error}");
}
