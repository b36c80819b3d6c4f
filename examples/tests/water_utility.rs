//! What a reader of the story may rely on: the same bytes every time, lines that parse, tables that fit their head, and
//! a truth file whose every line exists.
//!
//! Whether rules fire on the story is not tested here, but where the engine is.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tieline_examples::water_utility::{File, HOURS_MAX, HOURS_MIN, Options, generate};

type Outcome = Result<(), Box<dyn Error>>;

fn story(seed: u64, hours: u32) -> Result<Vec<File>, Box<dyn Error>> {
    Ok(generate(Options { seed, hours })?)
}

fn text(file: &File) -> Result<&str, Box<dyn Error>> {
    Ok(std::str::from_utf8(&file.bytes)?)
}

fn named<'f>(files: &'f [File], name: &str) -> Result<&'f File, Box<dyn Error>> {
    files.iter().find(|file| file.name == name).ok_or_else(|| format!("no file `{name}`").into())
}

fn list<'v>(value: &'v Value, key: &str) -> Result<&'v Vec<Value>, Box<dyn Error>> {
    value.get(key).and_then(Value::as_array).ok_or_else(|| format!("`{key}` is no list in {value}").into())
}

#[test]
fn the_same_seed_gives_the_same_bytes() -> Outcome {
    assert!(story(7, 8)? == story(7, 8)?);
    assert!(story(7, 8)? != story(8, 8)?);
    Ok(())
}

#[test]
fn a_shift_has_the_promised_size() -> Outcome {
    let files = story(1, 8)?;
    let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
    assert!(bytes < 40_000_000, "{bytes} bytes");
    let mut events = 0;
    for file in files.iter().filter(|file| file.name != "truth.json") {
        events += text(file)?.lines().filter(|line| !line.starts_with('#')).count();
    }
    assert!((20_000..60_000).contains(&events), "{events} events");
    Ok(())
}

#[test]
fn json_lines_parse_and_follow_in_time() -> Outcome {
    let files = story(1, 8)?;
    let mut last = String::new();
    for line in text(named(&files, "windows.ndjson")?)?.lines() {
        let event: Value = serde_json::from_str(line)?;
        for key in ["Channel", "Computer", "Provider_Name"] {
            assert!(event.get(key).is_some_and(Value::is_string), "{key} in {line}");
        }
        assert!(event.get("EventID").is_some_and(Value::is_u64), "EventID in {line}");
        let time = event.get("TimeCreated_SystemTime").and_then(Value::as_str).ok_or("no time")?;
        assert!(last.as_str() <= time && time.ends_with('Z'), "{time} after {last}");
        last = time.to_owned();
    }
    let mut last = 0.0;
    for line in text(named(&files, "zeek_json.ndjson")?)?.lines() {
        let event: Value = serde_json::from_str(line)?;
        assert!(event.get("_path").is_some_and(Value::is_string), "_path in {line}");
        assert!(event.get("id.resp_p").is_some_and(Value::is_u64), "id.resp_p in {line}");
        let time = event.get("ts").and_then(Value::as_f64).ok_or("no time")?;
        assert!(last <= time, "{time} after {last}");
        last = time;
    }
    Ok(())
}

#[test]
fn a_key_appears_once_in_an_event() -> Outcome {
    for file in story(1, 4)?.iter().filter(|file| file.name.ends_with(".ndjson")) {
        for line in text(file)?.lines() {
            // A map keeps one of two equal keys, so the lengths would differ.
            let event: BTreeMap<String, Value> = serde_json::from_str(line)?;
            assert_eq!(serde_json::to_string(&event)?.len(), line.len(), "{line}");
        }
    }
    Ok(())
}

#[test]
fn zeek_tables_fit_their_head() -> Outcome {
    let files = story(1, 8)?;
    for (name, path) in [("conn.log", "conn"), ("dns.log", "dns"), ("modbus.log", "modbus")] {
        let content = text(named(&files, name)?)?;
        let head: BTreeMap<&str, Vec<&str>> = content
            .lines()
            .take_while(|line| line.starts_with('#'))
            .filter_map(|line| line.split_once(['\t', ' ']))
            .map(|(key, rest)| (key, rest.split('\t').collect()))
            .collect();
        assert_eq!(head.get("#separator"), Some(&vec!["\\x09"]), "{name}");
        assert_eq!(head.get("#path"), Some(&vec![path]), "{name}");
        assert_eq!(head.get("#open"), Some(&vec!["2026-11-23-05-00-00"]), "{name}");
        let columns = head.get("#fields").map_or(0, Vec::len);
        assert_eq!(head.get("#types").map(Vec::len), Some(columns), "{name}");
        assert_eq!(content.lines().last(), Some("#close\t2026-11-23-13-00-00"), "{name}");
        for line in content.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('\t').count(), columns, "{name}: {line}");
            assert!(line.split('\t').all(|cell| !cell.is_empty()), "{name}: {line}");
        }
    }
    Ok(())
}

#[test]
fn every_line_of_the_truth_exists() -> Outcome {
    for hours in [HOURS_MIN, 8, 24] {
        let files = story(3, hours)?;
        let truth: Value = serde_json::from_str(text(named(&files, "truth.json")?)?)?;
        let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for file in &files {
            lines.insert(file.name, text(file)?.lines().collect());
        }
        for step in list(&truth, "steps")? {
            assert!(!list(step, "events")?.is_empty(), "{step}");
            for event in list(step, "events")? {
                let file = event.get("file").and_then(Value::as_str).ok_or("no file")?;
                let line = event.get("line").and_then(Value::as_u64).ok_or("no line")?;
                let found = usize::try_from(line)?.checked_sub(1).and_then(|index| lines.get(file)?.get(index));
                assert!(found.is_some_and(|line| !line.starts_with('#')), "{event}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_truth_points_at_the_right_lines() -> Outcome {
    let files = story(1, 8)?;
    let truth: Value = serde_json::from_str(text(named(&files, "truth.json")?)?)?;
    let check = |step: &str, file: &str, content: &str| -> Outcome {
        let steps = list(&truth, "steps")?;
        let step = steps.iter().find(|own| own.get("step").is_some_and(|name| name == step)).ok_or("no such step")?;
        let lines: Vec<&str> = text(named(&files, file)?)?.lines().collect();
        let mut found = list(step, "events")?
            .iter()
            .filter(|event| event.get("file").is_some_and(|own| own == file))
            .filter_map(|event| lines.get(usize::try_from(event.get("line")?.as_u64()?).ok()?.checked_sub(1)?));
        assert!(found.any(|line| line.contains(content)), "{content} in {step}");
        Ok(())
    };
    check("credential_dump", "windows.ndjson", "comsvcs.dll")?;
    check("tunnel", "dns.log", "pump-sync.ddns.net")?;
    check("jump_host_desktop", "conn.log", "\t3389\t")?;
    check("dosing_download", "zeek_json.ndjson", "PLC Stop")?;
    check("pump_writes", "modbus.log", "WRITE_SINGLE_COIL")?;
    check("logs_cleared", "windows.ndjson", "\"EventID\":1102")
}

#[test]
fn the_rules_that_a_step_should_wake_are_in_the_pack() -> Outcome {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/it");
    let files = story(1, 8)?;
    let truth: Value = serde_json::from_str(text(named(&files, "truth.json")?)?)?;
    for step in list(&truth, "steps")? {
        for rule in list(step, "rules")? {
            let name = rule.as_str().ok_or("a rule's name is text")?;
            assert!(pack.join(format!("{name}.yml")).is_file(), "{name}");
        }
    }
    Ok(())
}

#[test]
fn hours_outside_the_limits_are_refused() {
    for hours in [HOURS_MIN - 1, HOURS_MAX + 1] {
        let message = generate(Options { seed: 1, hours }).err().map(|error| error.to_string());
        assert_eq!(message, Some(format!("`{hours}` hours are outside {HOURS_MIN} to {HOURS_MAX}")));
    }
}

#[test]
fn the_program_writes_what_the_library_makes() -> Outcome {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("water-utility");
    let program = env!("CARGO_BIN_EXE_water-utility");
    let done = Command::new(program).arg(&folder).args(["--seed", "5", "--hours", "4"]).output()?;
    assert!(done.status.success());
    for file in story(5, 4)? {
        assert!(std::fs::read(folder.join(file.name))? == file.bytes, "{}", file.name);
    }
    let refused = Command::new(program).arg(&folder).args(["--seed", "many"]).output()?;
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr)?.contains("`--seed` needs a number, not `many`"));
    Ok(())
}
