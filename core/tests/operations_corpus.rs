//! Records of OT operations in recorded traffic, with the shipped tables. Skipped, and said so, where the corpus is absent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tieline::{Compiler, JsonEvent, Normaliser, Rules, Scanner};

mod common;

use common::{corpus, lines, read};

fn captures() -> Option<PathBuf> {
    corpus("ot/pcap")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.to_string_lossy().contains(".ndjson") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn compiler() -> Compiler {
    tieline_rules::protocols().fold(Compiler::new(), |compiler, (name, yaml)| compiler.protocols(Some(name), yaml))
}

/// The numbers that stand in an event under a key, wherever it is, in order.
fn numbers(event: &Value, key: &str, found: &mut Vec<i64>) {
    match event {
        Value::Object(entries) => {
            for (own, value) in entries {
                if own == key {
                    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                    found.extend(values.iter().filter_map(|value| number(value.as_str()?)));
                }
                numbers(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| numbers(item, key, found)),
        _ => {}
    }
}

fn number(text: &str) -> Option<i64> {
    text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| i64::from_str_radix(hex, 16).ok())
}

/// Protocols of which the sensor writes the code of each message under one key, and what of it is the code.
const CODES: &[(&str, &str, i64)] = &[
    ("modbus", "modbus_modbus_func_code", 0xff),
    ("dnp3", "dnp3_dnp3_al_func", 0xff),
    ("cip", "cip_cip_service", 0x7f),
    ("iec104", "iec60870_asdu_iec60870_asdu_typeid", 0xff),
    ("omron_fins", "omron_omron_command", 0xffff),
];

#[test]
fn messages_have_a_class_and_the_code_of_the_sensor() {
    let Some(folder) = captures() else { return };
    let mut normaliser = Normaliser::new(compiler()).unwrap();
    let mut classes: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut strange: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    let mut silent = BTreeMap::<String, u64>::new();
    for path in files(&folder) {
        let bytes = read(&path);
        for line in lines(&bytes) {
            let records = normaliser.records_json(line).unwrap();
            let event: Value = serde_json::from_slice(line).unwrap();
            if records.is_empty() {
                let layers: Vec<&str> = event["layers"].as_object().unwrap().keys().map(String::as_str).collect();
                *silent.entry(layers.join(" ")).or_default() += 1;
            }
            for record in &records {
                let known = classes.entry(record["ot.protocol"].as_str().unwrap().to_owned()).or_default();
                known[usize::from(record["ot.operation"] == "unknown")] += 1;
            }
            for (protocol, key, mask) in CODES {
                let mut own = Vec::new();
                numbers(&event, key, &mut own);
                let own: Vec<i64> = own.into_iter().map(|code| code & mask).collect();
                let of = |record: &&serde_json::Map<String, Value>| record["ot.protocol"] == **protocol;
                let codes = records.iter().filter(of).filter_map(|record| record.get("ot.code")?.as_i64());
                let count = strange.entry(protocol).or_default();
                for code in codes {
                    count[usize::from(!own.contains(&code))] += 1;
                }
            }
        }
    }
    println!("protocol: [with a class, unknown] {classes:?}");
    println!("protocol: [codes of the sensor, others] {strange:?}");
    println!("no record: {silent:?}");
    for (protocol, [known, unknown]) in &classes {
        let may_be_unknown = match &**protocol {
            // Eight messages hold an invoke id and no service.
            "mms" => 8,
            // One capture tries every function code there is, most of which are in no table.
            "modbus" => (known + unknown) / 50,
            _ => (known + unknown) / 100,
        };
        assert!(*unknown <= may_be_unknown.max(1), "{protocol}: {unknown} of {} are unknown", known + unknown);
    }
    assert!(classes.len() >= 15, "{classes:?}");
    for (protocol, [same, other]) in strange {
        // U and S frames of IEC 104 and link frames of DNP3 have codes of their own.
        let may_differ = if protocol == "iec104" { same } else { same / 1_000 };
        assert!(same > 0 && other <= may_differ, "{protocol}: {other} codes are not the sensor's, {same} are");
    }
}

/// Captures of single acts by the beginning of their name, and a record that one of their messages must have.
const ACTS: &[(&str, &[(&str, &str)])] = &[
    ("step7_s300_stop", &[("ot.operation", "mode_stop"), ("ot.protocol", "s7comm")]),
    ("snap7_s300_stop", &[("ot.operation", "mode_stop"), ("ot.name", "PLC Stop")]),
    ("cip_stop_plc", &[("ot.operation", "mode_stop"), ("ot.protocol", "cip")]),
    ("dnp3_file_del", &[("ot.operation", "file_delete")]),
    ("cold_restart_and_response", &[("ot.operation", "restart"), ("ot.direction", "request")]),
    ("dnp3_select_operate", &[("ot.operation", "control"), ("ot.flag", "select")]),
    ("dnp3_del_measure", &[("ot.operation", "time_sync")]),
    ("mms-initiateDownloadSequence", &[("ot.operation", "program_download")]),
    ("mms-initiateUploadSequence", &[("ot.operation", "program_upload")]),
    ("mms-killRequest", &[("ot.operation", "mode_stop")]),
    ("cip-multiple-1", &[("ot.protocol", "cip"), ("ot.code", "3")]),
];

#[test]
fn acts_are_told_as_what_they_are() {
    let Some(folder) = captures() else { return };
    let mut normaliser = Normaliser::new(compiler()).unwrap();
    let mut seen = 0;
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let name = name.rsplit("__").next().unwrap();
        for (_, wanted) in ACTS.iter().filter(|(act, _)| name.starts_with(act)) {
            let holds = |record: &serde_json::Map<String, Value>| {
                wanted.iter().all(|(field, value)| match record.get(*field) {
                    Some(Value::Array(own)) => own.iter().any(|own| own == value),
                    Some(Value::Number(own)) => own.to_string() == *value,
                    own => own.and_then(Value::as_str) == Some(value),
                })
            };
            let bytes = read(&path);
            let records: Vec<_> =
                lines(&bytes).into_iter().flat_map(|line| normaliser.records_json(line).unwrap()).collect();
            assert!(records.iter().any(holds), "{}: {wanted:?} is not among {records:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= ACTS.len() - 2, "only {seen} captures were there");
}

fn pack() -> Rules {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/ot");
    let mut compiler = compiler();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "yml") {
            compiler = compiler.rules(path.to_str(), std::fs::read_to_string(&path).unwrap());
        }
    }
    compiler.build().unwrap()
}

#[test]
fn the_engine_finds_what_the_tree_of_an_event_tells() {
    let Some(folder) = captures() else { return };
    let rules = pack();
    let mut scanner = Scanner::new(&rules);
    let (mut looked, mut matches) = (0, 0);
    for path in files(&folder) {
        let bytes = read(&path);
        // Each of a small capture; of a large one some, since the slow evaluator is slow.
        let step = (bytes.len() / 20_000).max(1);
        for (number, line) in lines(&bytes).into_iter().enumerate() {
            let found: Vec<usize> = scanner.scan_json(line).unwrap().map(|found| found.index()).collect();
            matches += found.len();
            if number % step == 0 {
                let event = JsonEvent::parse(line).unwrap();
                let expected: Vec<usize> =
                    (0..rules.len()).filter(|rule| rules.reference_matches(*rule, &event)).collect();
                assert_eq!(found, expected, "{} line {}", path.display(), number + 1);
                looked += 1;
            }
        }
    }
    println!("{looked} events looked at, {matches} matches");
    assert!(looked > 400 && matches > 100);
}

/// What Suricata 7 wrote of acts on a small Modbus server and a DNP3 outstation, which `examples/embed/plant` does. The records were held
/// against those of the acts and of the packets as tshark tells them.
#[test]
fn a_recording_of_suricata_has_the_records_of_what_was_done() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/operations");
    let mut normaliser = Normaliser::new(compiler()).unwrap();
    let aside =
        ["ot.sensor", "ot.session", "ot.source.ip", "ot.source.port", "ot.destination.ip", "ot.destination.port"];
    let mut told = String::new();
    for event in lines(&read(&data.join("suricata.ndjson"))) {
        for mut record in normaliser.records_json(event).unwrap() {
            let is_client = record.get("ot.source.ip") == Some(&Value::from("127.0.0.1"));
            assert_eq!(record["ot.direction"] == "request", is_client, "whoever asks is the client");
            aside.iter().for_each(|name| drop(record.shift_remove(*name)));
            told += &format!("{}\n", Value::Object(record));
        }
    }
    let path = data.join("suricata.records.ndjson");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    assert_eq!(told, std::fs::read_to_string(&path).unwrap(), "UPDATE_EXPECT=1 writes what is told now");
}
