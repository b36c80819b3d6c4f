//! The cases of `bindings/parity`, which every language passes, on the waist itself; it also writes them.
//!
//! `UPDATE_EXPECT=1` writes `conformance.json` and `correlations.json` from the cases of the core, and the answers of all
//! others, which are then to be read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod drawn;
mod runner;

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../parity")
}

/// A suite as it is filed: a line for each case, so that a change shows.
fn written(suite: &str, about: &str, cases: &[Value]) -> String {
    let mut text = format!("{{\"suite\":{},\"about\":{},\"cases\":[\n", json!(suite), json!(about));
    for (at, case) in cases.iter().enumerate() {
        let comma = if at + 1 < cases.len() { "," } else { "" };
        writeln!(text, "{case}{comma}").unwrap();
    }
    text + "]}\n"
}

/// Runs a file of cases, and gives it as it should be.
fn run(name: &str) -> usize {
    let path = directory().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let suite: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut cases = suite["cases"].as_array().unwrap().clone();
    let mut wrong = Vec::new();
    for case in &mut cases {
        wrong.extend(runner::run(case, update).into_iter().map(|what| format!("{name}: {}: {what}", case["name"])));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if update {
        let text = |key: &str| suite[key].as_str().unwrap().to_owned();
        std::fs::write(path, written(&text("suite"), &text("about"), &cases)).unwrap();
    }
    cases.len()
}

#[test]
fn every_case_has_its_answer() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut count = 0;
    for (name, about, mut cases) in drawn::suites() {
        cases.iter_mut().for_each(|case| drop(runner::run(case, true)));
        let (path, text) = (directory().join(format!("{name}.json")), written(name, about, &cases));
        if update {
            std::fs::write(&path, &text).unwrap();
        }
        let is_same = std::fs::read_to_string(&path).is_ok_and(|own| own == text);
        assert!(is_same, "{name}.json is not what the cases of the core give; write it with UPDATE_EXPECT=1");
        count += cases.len();
    }
    for name in [
        "scan.json",
        "context.json",
        "indicators.json",
        "stream.json",
        "errors.json",
        "limits.json",
        "operations.json",
        "plant.json",
        "incidents.json",
        "report.json",
    ] {
        count += run(name);
    }
    assert!(count > 1_300, "{count}");
}
