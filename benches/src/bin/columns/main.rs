//! Events as JSON against the same events as tables of Arrow, in one process.
//!
//! ```text
//! lane ─▶ JSON ────────────────────────────▶ scan_json ──┐
//!      ─▶ plain, views, dictionaries, batches ─▶ scan_batch ─┴▶ equal answers? ─▶ interleaved rounds ─▶ a table
//! ```
//!
//! `columns [LANE] [ROUNDS]`. Making the tables is not timed: whoever has events in tables has them there already. With
//! `columns LANE profile FORM` one form (json, plain, views, dictionaries) is scanned over and over, for a profiler.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod tables;

use arrow_array::RecordBatch;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use tables::{Form, batches};
use tieline::{Rules, Scanner};
use tieline_benches::contenders::tieline::compile;
use tieline_benches::corpus;
use tieline_benches::lane::Lane;
use tieline_benches::machine;
use tieline_benches::report::Table;
use tieline_benches::timing::{self, Runs};
use tieline_common::arrow::{Found, scan_batch};

/// Passes of a profile.
const PASSES: usize = 100;

/// Rows of a batch where a table is cut, as many programs do by default.
const BATCH_ROWS: usize = 8_192;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "windows_structured".to_owned());
    let second = arguments.next().unwrap_or_else(|| "3".to_owned());
    let Some(folder) = corpus::folder() else {
        eprintln!("there is no corpus beside the checkout, and nothing to measure");
        return ExitCode::SUCCESS;
    };
    let (pack, lane) = match (corpus::rules(Some(&folder)), corpus::bench_lane(&folder, &name)) {
        (Ok(pack), Ok(lane)) => (pack, lane),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("the corpus cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let pipelines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/pipelines");
    let pipeline = |name: &str| {
        let text = fs::read_to_string(pipelines.join(format!("{name}.yml"))).unwrap_or_default();
        (name.to_owned(), text)
    };
    let rules = compile(&pack, &["windows-logsources", "windows"].map(pipeline));
    if second == "profile" {
        profile(&rules, &lane, &arguments.next().unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    let contenders = contenders(&lane);
    let expected = by_json(&rules, &lane);
    for (name, batches) in &contenders {
        let found = by_table(&rules, batches);
        let found: Vec<(u64, u32)> = found.rows.into_iter().zip(found.rules).collect();
        if found != expected {
            let differ = found.iter().zip(&expected).find(|(one, other)| one != other);
            eprintln!("{name}: {} detections instead of {}, first {differ:?}", found.len(), expected.len());
            return ExitCode::FAILURE;
        }
    }
    println!("- Machine: {}; one thread, CPU time.", machine::describe());
    println!("- {}, {} events, {} detections, equal in all forms.\n", lane.name, lane.len(), expected.len());
    measure(&rules, &lane, &contenders, second.parse().unwrap_or(3));
    ExitCode::SUCCESS
}

fn contenders(lane: &Lane) -> Vec<(&'static str, Vec<RecordBatch>)> {
    let cut = |form, rows| batches(lane, form, rows);
    vec![
        ("Utf8", cut(Form::Plain, usize::MAX)),
        ("Utf8View", cut(Form::Views, usize::MAX)),
        ("dictionaries", cut(Form::Dictionaries, usize::MAX)),
        ("Utf8, in batches", cut(Form::Plain, BATCH_ROWS)),
        ("dictionaries, in batches", cut(Form::Dictionaries, BATCH_ROWS)),
        (
            "dictionaries, in batches that share them",
            cut(Form::Dictionaries, usize::MAX).iter().flat_map(shared).collect(),
        ),
    ]
}

/// A table as its pieces.
fn shared(whole: &RecordBatch) -> Vec<RecordBatch> {
    let starts = (0..whole.num_rows()).step_by(BATCH_ROWS);
    starts.map(|start| whole.slice(start, BATCH_ROWS.min(whole.num_rows() - start))).collect()
}

fn by_json(rules: &Rules, lane: &Lane) -> Vec<(u64, u32)> {
    let mut scanner = Scanner::new(rules);
    let mut found = Vec::new();
    for (row, event) in (0..).zip(lane.events()) {
        if let Ok(detections) = scanner.scan_json(event) {
            found.extend(detections.map(|detection| (row, detection.index() as u32)));
        }
    }
    found
}

fn by_table(rules: &Rules, batches: &[RecordBatch]) -> Found {
    let (mut scanner, mut found) = (Scanner::new(rules), Found::default());
    batches.iter().for_each(|batch| scan_batch(&mut scanner, batch, &mut found));
    found
}

fn measure(rules: &Rules, lane: &Lane, contenders: &[(&str, Vec<RecordBatch>)], rounds: usize) {
    let mut json = Runs::default();
    let mut runs = vec![Runs::default(); contenders.len()];
    for _ in 0..rounds {
        json.add(timing::cpu(|| by_json(rules, lane)).0);
        for ((_, batches), runs) in contenders.iter().zip(&mut runs) {
            runs.add(timing::cpu(|| by_table(rules, batches)).0);
        }
    }
    let mut table = Table::new(&["events as", "us per event", "spread", "times as fast as JSON"]);
    let rows = [("JSON", &json)].into_iter().chain(contenders.iter().map(|(name, _)| *name).zip(&runs));
    for (name, runs) in rows {
        let each = runs.median() / lane.len().max(1) as f64 * 1e6;
        let ratio = json.median() / runs.median();
        let spread = format!("{:.0} %", runs.spread() * 100.0);
        table.row(vec![name.to_owned(), format!("{each:.2}"), spread, format!("{ratio:.2}")]);
    }
    println!("{}", table.markdown());
}

/// Only one form, over and over.
fn profile(rules: &Rules, lane: &Lane, form: &str) {
    let repeat = |scan: &dyn Fn() -> usize| {
        let (time, found) = timing::cpu(|| (0..PASSES).map(|_| scan()).sum::<usize>());
        println!("{found} detections, {:.2} us per event", time.as_secs_f64() * 1e6 / (PASSES * lane.len()) as f64);
    };
    let form = match form {
        "json" => return repeat(&|| by_json(rules, lane).len()),
        "plain" => Form::Plain,
        "views" => Form::Views,
        _ => Form::Dictionaries,
    };
    let batches = batches(lane, form, usize::MAX);
    repeat(&|| by_table(rules, &batches).rules.len());
}
