//! Tieline on recorded OT traffic, beside a parser that only reads the same bytes.
//!
//! ```text
//! captures as tshark tells them ─▶ tables and rules of rules/ot ─▶ expected? reference? ─▶ rounds: tape, Tieline ─▶ ratios
//! ```
//!
//! `operations [ROUNDS] [--update-expected]`. It ends with failure when an answer is not the expected one, never because of a
//! time; without the corpus it says so and ends.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use tieline_benches::answers::{self, Answer};
use tieline_benches::contenders::Contender;
use tieline_benches::contenders::parsers::Parser;
use tieline_benches::contenders::tieline::{self as own, Tieline};
use tieline_benches::lane::Lane;
use tieline_benches::report::{Table, grouped};
use tieline_benches::timing::Runs;
use tieline_benches::{corpus, machine, plant};

/// Events on which engine and reference are compared.
const REFERENCE_EVENTS: usize = 500;

fn main() -> ExitCode {
    let (words, numbers): (Vec<String>, _) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let update = words.iter().any(|word| word == "--update-expected");
    let rounds = numbers.first().and_then(|number| number.parse().ok()).unwrap_or(5);
    let Some(folder) = corpus::folder() else {
        eprintln!("there is no corpus beside the checkout, and nothing to measure");
        return ExitCode::SUCCESS;
    };
    let (lane, pack, policy) = match (corpus::captures_lane(&folder), corpus::ot_rules(), corpus::policy_rules()) {
        (Ok(lane), Ok(pack), Ok(policy)) => (lane, pack, policy),
        (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => {
            eprintln!("captures or rules cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    // One for each way to set Tieline up.
    let rules = own::compile_ot(&pack);
    let mut both = pack;
    both.files.extend(policy.files);
    let with_policy = own::compile_ot(&both);
    let in_plant = with_policy.with_context(&plant::plant());
    let mut contenders = [
        Tieline::new("tieline, rules of ot", rules),
        Tieline::new("tieline, rules of ot and policy", with_policy),
        Tieline::new("tieline, the same in a plant of 100,000 assets", in_plant),
    ];
    println!("- Machine: {}; one thread, CPU time.", machine::describe());
    for contender in &mut contenders {
        let faults = faults(contender, &lane, update);
        if !faults.is_empty() {
            eprintln!("{}:\n{}", contender.name(), faults.join("\n"));
            return ExitCode::FAILURE;
        }
    }
    println!("{}", measured(&lane, &mut contenders, rounds));
    ExitCode::SUCCESS
}

/// What is wrong with the answers of a contender.
fn faults(contender: &mut Tieline, lane: &Lane, update: bool) -> Vec<String> {
    let name = format!("{} {}", lane.name, contender.name());
    let answer = Answer::of(contender, lane);
    let (events, detections) = (grouped(lane.len() as f64), grouped(answer.detections() as f64));
    println!("- {name}: {events} events, {detections} detections.");
    if update && let Err(error) = answer.store(&name) {
        return vec![format!("the expected answer cannot be written: {error}")];
    }
    let mut faults = match Answer::expected(&name) {
        Some(expected) if expected.events == answer.events => answer.against(&expected),
        Some(expected) => vec![format!("{} events, expected {}", answer.events, expected.events)],
        None => vec!["no answer is expected; --update-expected stores one".to_owned()],
    };
    faults.extend(answers::against_reference(contender, &lane.thinned(REFERENCE_EVENTS)));
    faults
}

/// Times as a table, all beside the tape.
fn measured(lane: &Lane, contenders: &mut [Tieline], rounds: usize) -> String {
    let mut tape = Parser::SimdTape;
    let mut all: Vec<&mut dyn Contender> = vec![&mut tape];
    all.extend(contenders.iter_mut().map(|contender| contender as &mut dyn Contender));
    let mut runs = vec![Runs::default(); all.len()];
    for _ in 0..rounds {
        for (contender, runs) in all.iter_mut().zip(&mut runs) {
            runs.add(contender.pass(lane).time);
        }
    }
    let yardstick = runs.first().map_or(f64::NAN, Runs::median);
    let mut table = Table::new(&["contender", "us per event", "MB/s", "spread", "times the tape"]);
    for (contender, runs) in all.iter().zip(&runs) {
        let median = runs.median();
        table.row(vec![
            contender.name().to_owned(),
            format!("{:.2}", median / lane.len().max(1) as f64 * 1e6),
            grouped(lane.bytes() as f64 / median / 1e6),
            format!("{:.0} %", runs.spread() * 100.0),
            format!("{:.2}", median / yardstick),
        ]);
    }
    table.markdown()
}
