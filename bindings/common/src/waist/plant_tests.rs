//! What learns from events, called as a language calls it.

use super::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

const PLANT: &str = "
assets:
  - {id: ews-1, ip: 10.2.0.6, role: engineering_workstation}
  - {id: plc-7, ip: 10.1.7.2, role: controller}
zones:
  - {name: engineering, networks: [10.2.0.0/24]}
  - {name: cell, networks: [10.1.7.0/24]}
";

fn plant() -> Vec<String> {
    vec![PLANT.to_owned()]
}

fn stop(time: &str) -> String {
    format!(
        r#"{{"_path":"s7comm","ts":"2026-11-26T{time}Z","id.orig_h":"10.2.0.6","id.orig_p":50000,"id.resp_h":"10.1.7.2","id.resp_p":102,"is_orig":true,"source_h":"10.2.0.6","source_p":50000,"destination_h":"10.1.7.2","destination_p":102,"rosctr_code":1,"rosctr_name":"Job-Request","function_code":"0x29","function_name":"PLC Stop"}}"#
    )
}

fn trust(lateness: Option<&str>) -> Trust {
    let lateness = lateness.map(|text| Span::Text(text.to_owned()));
    Trust::new(&TrustOptions { context: plant(), lateness, ..TrustOptions::default() }).unwrap()
}

#[test]
fn events_are_numbered_and_faults_are_told() {
    let discovery = Discovery::new(&NormaliserOptions::default()).unwrap();
    discovery.push(b"{}").unwrap();
    let text = format!("\u{feff}{}\n\nno event\n{{}}\n", stop("09:00:00"));
    let taken = discovery.push_lines(text.as_bytes()).unwrap();
    assert_eq!((taken.events, taken.faults.len(), taken.faults[0].event_index), (3, 1, 2));
    assert_eq!(discovery.push(b"[]").unwrap_err().kind(), Kind::Event);
    assert_eq!(discovery.push_lines(b"[{}]").unwrap_err().kind(), Kind::Event);
    assert_eq!(discovery.push_events(&[b"{}", b"x"]).unwrap().faults[0].event_index, 6);
    assert_eq!(discovery.stats().unwrap().events, 4);
    assert_eq!(discovery.assets().unwrap().len(), 2);
}

#[test]
fn what_was_discovered_is_compared_written_and_saved() {
    let discovery = Discovery::new(&NormaliserOptions { context: plant(), ..NormaliserOptions::default() }).unwrap();
    discovery.push(stop("09:00:00").as_bytes()).unwrap();
    let kinds = |differences: Vec<crate::discovery::Difference>| -> Vec<(&str, Option<String>)> {
        differences.into_iter().map(|own| (own.kind.as_str(), own.declared.or(own.seen))).collect()
    };
    assert_eq!(kinds(discovery.compare(&[]).unwrap()), [("silent", Some("plc-7".to_owned()))]);
    assert_eq!(kinds(discovery.compare(&["id,ip\nx,10.9.9.9\n".to_owned()]).unwrap()).len(), 2);
    for form in ["yaml", "csv", "netbox", "cyclonedx"] {
        assert!(discovery.inventory(form).unwrap().contains("10.2.0.6"), "{form}");
    }
    assert!(discovery.inventory("xml").unwrap_err().to_string().contains("write one of yaml, csv, netbox, cyclonedx"));
    let broken = discovery.compare(&["assets: 5\n".to_owned()]).unwrap_err();
    assert_eq!((broken.kind(), broken.diagnostics().len()), (Kind::Argument, 1));
    let other = Discovery::new(&NormaliserOptions::default()).unwrap();
    assert_eq!(other.compare(&[]).unwrap_err().kind(), Kind::Argument);
    other.restore(&discovery.snapshot().unwrap()).unwrap();
    assert_eq!(
        other.inventory("yaml").unwrap(),
        discovery.inventory("yaml").unwrap().replace("    zone: engineering\n", "").replace("    zone: cell\n", "")
    );
    assert_eq!(other.stats().unwrap(), discovery.stats().unwrap());
    assert_eq!(other.snapshot().unwrap(), discovery.snapshot().unwrap());
    for bytes in [&b""[..], b"TLASSETS but no more of it", &trust(None).snapshot().unwrap()] {
        assert_eq!(other.restore(bytes).unwrap_err().kind(), Kind::State);
    }
}

#[test]
fn forged_assets_are_refused_or_can_be_used() {
    let discovery = Discovery::new(&NormaliserOptions::default()).unwrap();
    discovery.push_lines([stop("09:00:00"), stop("09:01:00")].join("\n").as_bytes()).unwrap();
    let saved = discovery.snapshot().unwrap();
    let sealed = |mut bytes: Vec<u8>| {
        let length = bytes.len() as u64 - 28;
        bytes[20..28].copy_from_slice(&length.to_le_bytes());
        let sum = xxhash_rust::xxh3::xxh3_64(&bytes[20..]);
        bytes[12..20].copy_from_slice(&sum.to_le_bytes());
        bytes
    };
    for at in 0..saved.len() {
        assert!(discovery.restore(&saved[..at]).is_err(), "{at}");
        if at < 28 {
            continue;
        }
        assert!(discovery.restore(&sealed(saved[..at].to_vec())).is_err(), "{at}");
        for byte in [0, 1, 0x7f, 0xff] {
            let mut forged = saved.clone();
            forged[at] = byte;
            if discovery.restore(&sealed(forged)).is_ok() {
                discovery.push(stop("09:02:00").as_bytes()).unwrap();
                drop((discovery.assets().unwrap(), discovery.inventory("csv").unwrap()));
                discovery.snapshot().unwrap();
            }
        }
    }
}

#[test]
fn operations_are_judged_over_a_plant_that_may_be_exchanged() {
    for context in [vec![], vec!["nowhere.yml".to_owned()], vec!["assets: 5\n".to_owned()]] {
        assert!(Trust::new(&TrustOptions { context, ..TrustOptions::default() }).is_err());
    }
    let wrong =
        TrustOptions { context: plant(), lateness: Some(Span::Text("soon".to_owned())), ..TrustOptions::default() };
    assert!(Trust::new(&wrong).unwrap_err().to_string().contains("`lateness`"));
    let trust = trust(Some("5m"));
    trust.push(stop("09:00:00").as_bytes(), None).unwrap();
    trust.push(stop("09:01:00").as_bytes(), Some("tap:7")).unwrap();
    let text = format!("\n{}\nx\n", stop("09:10:00"));
    let taken = trust.push_lines(text.as_bytes(), Some("s7.log")).unwrap();
    assert_eq!((taken.events, taken.faults[0].event_index), (2, 3));
    let places = |judged: Vec<tieline::trust::Judgement>| -> Vec<String> {
        judged.into_iter().map(|own| format!("{} {} {}", own.at, own.source, own.missing.join(" "))).collect()
    };
    let missing = "ews-1 conduit session:engineering_workstation";
    assert_eq!(places(trust.take().unwrap()), [format!("0 {missing}"), format!("tap:7 {missing}")]);
    let saved = trust.snapshot().unwrap();
    trust.reload(&["assets: [{id: other, ip: 10.2.0.6}]\n".to_owned()]).unwrap();
    trust.finish().unwrap();
    assert_eq!(places(trust.take().unwrap()), ["s7.log:2 other conduit session:engineering_workstation"]);
    trust.restore(&saved).unwrap();
    trust.advance(i64::MAX).unwrap();
    assert_eq!(trust.take().unwrap().len(), 1);
    assert_eq!((trust.stats().unwrap().operations, trust.stats().unwrap().unexplained), (3, 3));
    assert_eq!(trust.restore(b"x").unwrap_err().kind(), Kind::State);
    assert!(trust.reload(&[]).is_err());
}

#[test]
fn conduits_are_proposed() {
    let learner = Learner::new(&NormaliserOptions { context: plant(), ..NormaliserOptions::default() }).unwrap();
    learner.push(stop("09:00:00").as_bytes()).unwrap();
    assert_eq!(learner.push_lines(stop("09:01:00").as_bytes()).unwrap().events, 1);
    assert_eq!(learner.push_events(&[b"x"]).unwrap().faults.len(), 1);
    assert!(learner.proposal().unwrap().contains("name: engineering-to-cell"));
    assert_eq!(learner.given_up().unwrap(), 0);
}

#[test]
fn incidents_are_made_of_events_and_of_findings_of_others() {
    let rule = "title: Audit log cleared\nlevel: medium\nlogsource: {product: windows}\ndetection: {s: {EventID: 1102}, condition: s}\n";
    let texts = [("rule.yml".to_owned(), rule.to_owned())];
    let context = vec![PLANT.replace("ip: 10.2.0.6,", "ip: 10.2.0.6, host: ews-1,")];
    let rules = RuleSet::compile(texts, &CompileOptions { context, ..CompileOptions::default() }).unwrap();
    let incidents = Incidents::new(&rules, &IncidentSettings::default()).unwrap();
    let text = format!("{}\nx\n", stop("09:00:00"));
    assert_eq!(incidents.push_lines(text.as_bytes(), Some("s7.log")).unwrap().faults[0].event_index, 1);
    // Windows events are of another source, for which the rules are compiled now.
    let cleared = br#"{"EventID":1102,"Channel":"Security","Computer":"ews-1","TimeCreated":"2026-11-26T09:05:00Z"}"#;
    incidents.push(cleared, Some("log:7")).unwrap();
    assert_eq!(incidents.push(b"[]", None).unwrap_err().kind(), Kind::Event);
    assert_eq!(incidents.push_events(&[b"{}", b"x"]).unwrap().faults[0].event_index, 5);
    incidents
        .add(br#"{"time":"2026-11-26T09:06:00Z","rule":"edr","source":"ews-1","tags":"attack.t1003","level":"High"}"#)
        .unwrap();
    for wrong in [
        "",
        "{}",
        r#"{"time":"soon","rule":"a"}"#,
        r#"{"time":"2026-11-26T09:06:00Z","rule":"a","entities":{"a":"b"}}"#,
    ] {
        assert_eq!(incidents.add(wrong.as_bytes()).unwrap_err().kind(), Kind::Event, "{wrong}");
    }
    incidents.advance(i64::MIN).unwrap();
    incidents.finish().unwrap();
    let told = incidents.incidents().unwrap();
    let events: Vec<&str> = told[0].findings.iter().flat_map(|own| &own.events).map(String::as_str).collect();
    assert_eq!((told.len(), events), (1, vec!["s7.log:1", "log:7", "edr"]));
    assert_eq!(told[0].path.hops[0].to, "plc-7");
    assert_eq!(incidents.take_changes().unwrap().len(), 2, "opened, and then it grew");
    assert_eq!(incidents.stats().unwrap().findings, 3);
    for context in ["assets: 5\n", "nowhere.yml"] {
        let settings = IncidentSettings { context: vec![context.to_owned()], ..IncidentSettings::default() };
        assert!(Incidents::new(&rules, &settings).is_err(), "{context}");
    }
}

#[test]
fn a_report_is_made_once_and_told_in_three_forms() {
    let rule = "title: Audit log cleared\nlevel: high\nlogsource: {product: windows}\ndetection: {s: {EventID: 1102}, condition: s}\n";
    let options = CompileOptions { context: plant(), ..CompileOptions::default() };
    let rules = RuleSet::compile([("rule.yml".to_owned(), rule.to_owned())], &options).unwrap();
    let make = || Report::new(&rules, &ReportSettings::default()).unwrap();
    let (first, report) = (make(), make());
    assert_eq!(report.json().unwrap_err().kind(), Kind::Closed, "it is not finished");
    first.finish(None).unwrap();
    let cleared = br#"{"EventID":1102,"Channel":"Security","Computer":"ews-1","TimeCreated":"2026-11-26T09:05:00Z"}"#;
    report.push(cleared, Some("log:7")).unwrap();
    assert_eq!(
        report.push_lines(format!("{}\nx\n", stop("09:00:00")).as_bytes(), Some("s7.log")).unwrap().faults.len(),
        1
    );
    assert_eq!(report.push_events(&[b"{}"]).unwrap().events, 1);
    assert_eq!(report.push(b"[", None).unwrap_err().kind(), Kind::Event);
    for since in ["", "{}", "{\"form\": \"tieline.report/1\", \"per"] {
        assert_eq!(report.finish(Some(since.as_bytes())).unwrap_err().kind(), Kind::Argument, "{since}");
    }
    report.finish(Some(first.json().unwrap().as_bytes())).unwrap();
    let document = report.document().unwrap();
    assert_eq!((&document["events"]["read"], &document["events"]["broken"]), (&json!(5), &json!(2)));
    assert_eq!(document["changes"]["incidents"]["new"], json!([document["incidents"][0]["id"]]));
    assert_eq!(document, serde_json::from_str::<Value>(&report.json().unwrap()).unwrap());
    assert!(report.markdown().unwrap().contains("Audit log cleared"));
    assert!(report.html().unwrap().starts_with("<!doctype html>"));
    assert_eq!(report.finish(None).unwrap_err().kind(), Kind::Closed);
    assert_eq!(report.push(cleared, None).unwrap_err().kind(), Kind::Closed);
    assert_eq!(report.push_lines(cleared, None).unwrap_err().kind(), Kind::Closed);
    assert_eq!(report.push_events(&[cleared]).unwrap_err().kind(), Kind::Closed);
}

#[test]
fn a_report_that_another_thread_finishes_loses_no_event() {
    let options = CompileOptions { context: plant(), ..CompileOptions::default() };
    let rules = RuleSet::compile([], &options).unwrap();
    let report = Report::new(&rules, &ReportSettings::default()).unwrap();
    let taken = AtomicU64::new(0);
    let push_until_closed = |lines: &str| {
        let error = loop {
            match report.push_lines(lines.as_bytes(), None) {
                Ok(own) => taken.fetch_add(own.events, Ordering::Relaxed),
                Err(error) => break error,
            };
        };
        assert_eq!(error.kind(), Kind::Closed);
    };
    std::thread::scope(|scope| {
        for lines in ["{}", "{}\n{}\n{}\n"] {
            scope.spawn(move || push_until_closed(lines));
        }
        while taken.load(Ordering::Relaxed) < 200 {
            std::thread::yield_now();
        }
        report.finish(None).unwrap();
    });
    assert_eq!(report.document().unwrap()["events"]["read"], taken.load(Ordering::Relaxed));
}

#[test]
fn clocks_that_are_off_are_told_and_put_right() {
    let rule = "title: R\nlogsource: {category: x}\ndetection: {s: {a: 1}, condition: s}\n";
    let rules = RuleSet::compile([("rule.yml".to_owned(), rule.to_owned())], &CompileOptions::default()).unwrap();
    let skew = |offset: Option<i64>| {
        let clock_offsets_s = offset.map(|offset| ("ot.log".to_owned(), offset)).into_iter().collect();
        let incidents =
            Incidents::new(&rules, &IncidentSettings { clock_offsets_s, ..IncidentSettings::default() }).unwrap();
        for number in 0..9 {
            for (name, late) in [("it.log", 0), ("ot.log", 480)] {
                let time = 1_795_680_000 + number * number * 3_000 - late;
                let event = format!(
                    r#"{{"ts": {time}, "id.orig_h": "10.0.0.{number}", "id.resp_h": "10.0.1.1", "id.resp_p": 22}}"#
                );
                incidents.push(event.as_bytes(), Some(&format!("{name}:1"))).unwrap();
            }
        }
        incidents.skews().unwrap().first().map(|skew| skew.offset_s)
    };
    assert_eq!((skew(None), skew(Some(420))), (Some(480.0), Some(60.0)));
    // Events without a name are of one source for each kind, however many they are.
    let incidents = Incidents::new(&rules, &IncidentSettings::default()).unwrap();
    for number in 0..9 {
        let event = |late: i64| {
            let time = 1_795_680_000 + number * number * 3_000 - late;
            format!(r#"{{"ts": {time}, "id.orig_h": "10.0.0.{number}", "id.resp_h": "10.0.1.1", "id.resp_p": 22}}"#)
        };
        incidents.push(event(0).as_bytes(), Some("it.log:1")).unwrap();
        incidents.push_events(&[event(480).as_bytes()]).unwrap();
    }
    let skews = incidents.skews().unwrap();
    let told: Vec<_> =
        skews.iter().map(|skew| (skew.source.as_str(), skew.against.as_str(), skew.offset_s, skew.pairs)).collect();
    assert_eq!(told, [("events", "it.log:events", 480.0, 9)]);
}
