//! Events as JSON against the same events as tables of Arrow, in one process.
//!
//! ```text
//! lane ─▶ JSON ────────────────────────────▶ scan_json ──┐
//!      ─▶ plain, views, dictionaries, batches ─▶ scan_batch ─┴▶ equal answers? ─▶ interleaved rounds ─▶ a table
//! ```
//!
//! `columns [LANE] [ROUNDS]`. Making the tables is not timed: whoever has events in tables has them there already. Each form is scanned
//! by scanners that are new, and by one that has seen it before. With `columns LANE profile FORM [again]` one form (json, plain, views,
//! dictionaries) is scanned over and over, for a profiler.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod tables;

use arrow_array::RecordBatch;
use std::cell::RefCell;
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

/// Events of a profile: enough that what comes before is little.
const EVENTS: usize = 10_000_000;

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
        let form = arguments.next().unwrap_or_default();
        profile(&rules, &lane, &form, arguments.next().is_some_and(|word| word == "again"));
        return ExitCode::SUCCESS;
    }
    let contenders = contenders(&lane);
    let expected = by_json(&mut Scanner::new(&rules), &lane);
    for (name, batches) in &contenders {
        let found = by_table(&mut Scanner::new(&rules), batches);
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

fn by_json(scanner: &mut Scanner, lane: &Lane) -> Vec<(u64, u32)> {
    let mut found = Vec::new();
    for (row, event) in (0..).zip(lane.events()) {
        if let Ok(detections) = scanner.scan_json(event) {
            found.extend(detections.map(|detection| (row, detection.index() as u32)));
        }
    }
    found
}

fn by_table(scanner: &mut Scanner, batches: &[RecordBatch]) -> Found {
    let mut found = Found::default();
    batches.iter().for_each(|batch| scan_batch(scanner, batch, &mut found));
    found
}

/// Times of one form: by scanners that are new, and by one that has seen all of it before.
struct Times {
    first: Runs,
    again: Runs,
    scanner: Scanner,
}

impl Times {
    fn new(rules: &Rules) -> Self {
        Self { first: Runs::default(), again: Runs::default(), scanner: Scanner::new(rules) }
    }

    fn add<R>(&mut self, rules: &Rules, scan: impl Fn(&mut Scanner) -> R) {
        self.first.add(timing::cpu(|| scan(&mut Scanner::new(rules))).0);
        self.again.add(timing::cpu(|| scan(&mut self.scanner)).0);
    }
}

fn measure(rules: &Rules, lane: &Lane, contenders: &[(&str, Vec<RecordBatch>)], rounds: usize) {
    let mut json = Times::new(rules);
    let mut tables: Vec<Times> = contenders.iter().map(|_| Times::new(rules)).collect();
    by_json(&mut json.scanner, lane);
    for ((_, batches), times) in contenders.iter().zip(&mut tables) {
        by_table(&mut times.scanner, batches);
    }
    for _ in 0..rounds {
        json.add(rules, |scanner| by_json(scanner, lane));
        for ((_, batches), times) in contenders.iter().zip(&mut tables) {
            times.add(rules, |scanner| by_table(scanner, batches));
        }
    }
    let head = [
        "events as",
        "us per event",
        "spread",
        "times as fast as JSON",
        "us, seen before",
        "times as JSON, seen before",
    ];
    let mut table = Table::new(&head);
    let rows = [("JSON", &json)].into_iter().chain(contenders.iter().map(|(name, _)| *name).zip(&tables));
    for (name, times) in rows {
        let each = |runs: &Runs| format!("{:.2}", runs.median() / lane.len().max(1) as f64 * 1e6);
        let spread = format!("{:.0} %", times.first.spread() * 100.0);
        let ratio = |json: &Runs, own: &Runs| format!("{:.2}", json.median() / own.median());
        let (first, again) = (ratio(&json.first, &times.first), ratio(&json.again, &times.again));
        table.row(vec![name.to_owned(), each(&times.first), spread, first, each(&times.again), again]);
    }
    println!("{}", table.markdown());
}

/// Only one form, over and over, with new scanners or with one that has seen it `again`.
fn profile(rules: &Rules, lane: &Lane, form: &str, is_again: bool) {
    let scanner = RefCell::new(Scanner::new(rules));
    let passes = (EVENTS / lane.len().max(1)).max(1);
    let repeat = |scan: &dyn Fn(&mut Scanner) -> usize| {
        let pass = || if is_again { scan(&mut scanner.borrow_mut()) } else { scan(&mut Scanner::new(rules)) };
        let (time, found) = timing::cpu(|| (0..passes).map(|_| pass()).sum::<usize>());
        println!("{found} detections, {:.2} us per event", time.as_secs_f64() * 1e6 / (passes * lane.len()) as f64);
    };
    let form = match form {
        "json" => return repeat(&|scanner| by_json(scanner, lane).len()),
        "plain" => Form::Plain,
        "views" => Form::Views,
        _ => Form::Dictionaries,
    };
    let batches = batches(lane, form, usize::MAX);
    repeat(&|scanner| by_table(scanner, &batches).rules.len());
}
