//! `scan --indicators`: the shipped examples, beside rules and alone, in every form, and while files are followed.

use crate::support::{Room, root};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The shipped lists and events.
fn examples() -> Room {
    let room = Room::empty();
    for name in ["iocs.csv", "bundle.json", "event.misp.json", "events.ndjson"] {
        let text = std::fs::read(root().join("rules/indicators/example").join(name)).unwrap();
        let folder = if name == "events.ndjson" { "" } else { "lists/" };
        room.file(&format!("{folder}{name}"), text);
    }
    room
}

#[test]
fn the_shipped_examples_are_found_where_they_stand() {
    let room = examples();
    let found = room.run("scan --indicators lists events.ndjson -o ndjson").expect(0);
    let seen: Vec<String> = found
        .objects()
        .iter()
        .flat_map(|object| {
            let line = object["line"].clone();
            let seen = object["indicators"].as_array().unwrap().clone();
            let level = object["level"].as_str().unwrap().to_owned();
            seen.into_iter().map(move |own| {
                let text = |name: &str| own[name].as_str().unwrap().to_owned();
                format!("{line} {level} {} in {} of {}", text("value"), text("field"), text("list"))
            })
        })
        .collect();
    let mut seen = seen;
    seen.sort();
    assert_eq!(
        seen,
        [
            "1 high 198.51.100.7 in id.resp_h of lists/iocs.csv",
            "3 medium 203.0.113.0/28 in id.orig_h of lists/iocs.csv",
            "4 high update.evil.example in dns.rrname of lists/iocs.csv",
            "6 medium 1f0d3a5b7c9e2f4a6b8c0d1e3f5a7b9c1d2e4f6a8b0c2d3e5f7a9b1c3d4e6f80 in Hashes of lists/bundle.json",
            "6 medium loader_example.exe in Image of lists/bundle.json",
            "8 high 192.0.2.44 in destination.ip of lists/bundle.json",
            "8 high billing@mail.example.org in email.from.address of lists/event.misp.json",
            "8 medium http://files.evil.example/stage2.bin in url.full of lists/iocs.csv",
            "9 high 203.0.113.200 in layers.ip.ip_ip_dst of lists/event.misp.json",
        ]
    );
    let first = &found.objects()[0]["indicators"][0];
    assert_eq!((&first["id"], &first["valid_until"]), (&"ex-1".into(), &"2027-01-01T00:00:00Z".into()));
}

#[test]
fn sightings_are_told_for_people_and_as_stix() {
    let room = examples();
    let table = room.run("scan --indicators lists events.ndjson -o sightings").expect(0);
    assert!(
        table.out.contains("high             1  198.51.100.7  address  Beacon of the example dropper"),
        "{}",
        table.out
    );
    assert!(
        table.out.contains("192.168.10.5 > 198.51.100.7  2026-03-01 08:00:00  id.resp_h  events.ndjson:1"),
        "{}",
        table.out
    );
    let list = room.run("scan --indicators lists events.ndjson -o list").expect(0);
    let told = "indicator 198.51.100.7 (address, Beacon of the example dropper, lists/iocs.csv)   id.resp_h saw '198.51.100.7'";
    assert!(list.out.contains(told), "{}", list.out);
    let stix = room.run("scan --indicators lists events.ndjson -o stix").expect(0);
    let bundle: serde_json::Value = serde_json::from_str(&stix.out).unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    assert_eq!((bundle["type"].as_str(), objects.len()), (Some("bundle"), 8));
    let of = "indicator--1d0c2f64-7f5e-4f0a-8a4e-3f6a2b9c1d10";
    let own = objects.iter().find(|own| own["sighting_of_ref"] == of).unwrap();
    assert_eq!((&own["count"], &own["first_seen"]), (&1.into(), &"2026-03-01T08:06:00.000Z".into()));
}

#[test]
fn rules_may_ask_for_indicators_and_anything_else_together() {
    let room = examples();
    room.file(
        "rules/write.yml",
        "title: Write By A Listed Host\nid: 33333333-3333-4333-8333-333333333333\nlevel: critical\n\
         logsource: {category: indicator}\ndetection:\n    selection: {func: WRITE_*, indicator.tag: attack.t0846}\n    condition: selection\n",
    );
    let found =
        room.run("scan -r rules --indicators lists/iocs.csv --level critical -o ndjson events.ndjson").expect(0);
    assert_eq!(found.hits(), ["Write By A Listed Host:3"]);
    assert_eq!(found.objects()[0]["indicators"][0]["id"], "ex-2");
    // Without lists there is nothing to be found, and nothing wrong.
    assert!(room.run("scan -r rules -o ndjson events.ndjson").expect(0).out.is_empty());
    room.file("fields.yml", "indicator_fields: {address: [my.peer]}");
    room.file("mine.ndjson", "{\"my\":{\"peer\":\"198.51.100.7\"}}\n");
    let line = "scan --indicators lists/iocs.csv --indicator-fields fields.yml -o ndjson mine.ndjson";
    assert_eq!(room.run(line).expect(0).hits(), ["Address Known As Indicator - High:1"]);
    // What has no time is judged by the time that is named.
    assert!(room.run(&format!("{line} --indicators-at 2028-01-01")).expect(0).out.is_empty());
    let wrong = room.run(&format!("{line} --indicators-at soon")).expect(2);
    assert!(wrong.err.contains("`soon` is no time"), "{}", wrong.err);
}

#[test]
fn lists_that_cannot_be_read_are_told() {
    let room = examples();
    let whole = std::fs::read_to_string(room.path("lists/bundle.json")).unwrap();
    room.file("cut.json", &whole[..whole.len() / 2]);
    let cut = room.run("scan --indicators cut.json --indicators lists/iocs.csv -o ndjson events.ndjson").expect(0);
    assert!(cut.err.contains("error[TL0092]: the list is cut off"), "{}", cut.err);
    assert!(!cut.hits().is_empty());
    room.run("scan --strict --indicators cut.json events.ndjson").expect(5);
    let gone = room.run("scan --indicators gone.csv events.ndjson").expect(4);
    assert!(gone.err.contains("`gone.csv`: no such file"), "{}", gone.err);
    room.file("fields.yml", "indicator_fields: {adress: [a]}");
    let fields = room.run("scan --indicators lists --indicator-fields fields.yml events.ndjson");
    assert!(fields.err.contains("did you mean `address`?"), "{}", fields.err);
    room.file("rules/r.yml", "title: t\nlogsource: {category: c}\ndetection: {s: {a: b}, condition: s}\n");
    room.run("compile --rules rules --out saved.tieline").expect(0);
    let saved = room.run("scan -r saved.tieline --indicators lists events.ndjson");
    assert!(saved.err.contains("saved without rules about indicators"), "{}", saved.err);
}

#[test]
fn a_running_scan_takes_other_lists() {
    let room = examples();
    room.file("list.csv", "value\n198.51.100.1\n");
    room.file("log.ndjson", "{\"dest_ip\":\"198.51.100.1\"}\n{\"dest_ip\":\"198.51.100.2\"}\n");
    let mut command = room.command([
        "scan",
        "--indicators",
        "list.csv",
        "--follow",
        "--watch-rules",
        "--follow-idle",
        "20",
        "-o",
        "ndjson",
        "log.ndjson",
    ]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut child, mut told) = (child, String::new());
    let started = Instant::now();
    let mut lines = {
        use std::io::BufRead as _;
        std::io::BufReader::new(child.stdout.take().unwrap()).lines()
    };
    let mut next = |expected: &str| {
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(expected), "{line}");
        told.push_str(&line);
    };
    next("\"value\":\"198.51.100.1\"");
    // A list that is being written, and is cut off, does not take the place of a whole one.
    room.file("list.csv", "{\"objects\":[");
    std::thread::sleep(Duration::from_millis(2_500));
    append(&room, "{\"dest_ip\":\"198.51.100.1\"}\n");
    next("\"line\":3");
    room.file("list.csv", "value,name\n198.51.100.2,Second\n");
    std::thread::sleep(Duration::from_millis(2_500));
    append(&room, "{\"dest_ip\":\"198.51.100.1\"}\n{\"dest_ip\":\"198.51.100.2\"}\n");
    next("\"line\":5");
    assert!(started.elapsed() < Duration::from_secs(15));
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("the rules are not reloaded, and those before stay"), "{err}");
    assert!(err.contains("rules reloaded: 1 indicator, no other rules"), "{err}");
}

fn append(room: &Room, text: &str) {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).open(room.path("log.ndjson")).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
