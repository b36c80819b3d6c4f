//! Incidents of recorded exercises: does each become one, and does it stay apart from the others?
//!
//! ```text
//! manifest of the recordings ─▶ each alone, and all one after the other ─▶ findings in the exercise's largest incident (recall),
//!                                                                         findings that are of an incident's main exercise (precision)
//! ```
//!
//! `exercises`. The recordings are of one lab each, with all that hosts do besides, so that not every finding belongs to the exercise; and
//! several exercises were held after each other in the same sessions by the same account. Both figures are therefore lower than what a
//! person would say. Without the corpus it says so and ends.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tieline::Level;
use tieline::incidents::{Incident, IncidentOptions};
use tieline_benches::corpus;
use tieline_benches::exercises::{Exercise, exercises};
use tieline_common::incidents::Investigation;
use tieline_common::load::{RuleOptions, RulePack};
use tieline_common::source::{Plan, SourceChoice};

/// What is said of a number of exercises.
#[derive(Default)]
struct Tally {
    exercises: usize,
    whole: usize,
    findings: usize,
    in_largest: usize,
}

fn main() -> ExitCode {
    let Some(folder) = corpus::folder() else {
        eprintln!("there is no corpus beside the checkout, and nothing to look at");
        return ExitCode::SUCCESS;
    };
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let exercises = exercises(folder)?;
    let pack = RulePack::read(&[folder.join("sigmahq/rules")])?;
    let plan = Plan::new(pack, RuleOptions::default(), &[], &SourceChoice::Auto)?;
    for event in exercises.iter().filter_map(|own| own.text.lines().next()) {
        plan.compile(plan.choose(event.as_bytes(), None))?;
    }
    let all: Vec<&Exercise> = exercises.iter().collect();
    let start = Instant::now();
    let (mut alone, mut together) = (BTreeMap::new(), BTreeMap::new());
    for exercise in &exercises {
        judge(&incidents(plan.again(), &[exercise])?, &exercises, &mut alone);
    }
    let incidents = incidents(plan.again(), &all)?;
    let (right, joined) = judge(&incidents, &exercises, &mut together);
    println!("{} exercises, {} rules, {:.0?}", exercises.len(), plan.pack().paths().len(), start.elapsed());
    println!("findings of level medium and above in the largest incident of their exercise:");
    for (what, per) in [("each alone", &alone), ("one after the other", &together)] {
        for (which, hosts) in [("all", 1), ("of several hosts", 3)] {
            let mut tally = Tally::default();
            let of = per.iter().filter(|(number, _)| exercises.get(**number).is_some_and(|own| own.hosts >= hosts));
            of.for_each(|(_, counts)| tally.add(counts));
            let Tally { exercises, whole, findings, in_largest } = tally;
            let share = in_largest as f64 / findings.max(1) as f64;
            println!("  {what:20} {which:17} {share:.3} of {findings:4}; {whole} of {exercises} exercises are whole");
        }
    }
    println!(
        "precision one after the other: {:.3} of {joined} findings are of their incident's main exercise",
        right as f64 / joined.max(1) as f64
    );
    Ok(())
}

impl Tally {
    fn add(&mut self, counts: &BTreeMap<String, usize>) {
        let largest = counts.values().copied().max().unwrap_or(0);
        self.exercises += 1;
        self.whole += usize::from(counts.len() == 1);
        self.findings += counts.values().sum::<usize>();
        self.in_largest += largest;
    }
}

fn incidents(plan: Plan, exercises: &[&Exercise]) -> Result<Vec<Incident>, Box<dyn std::error::Error>> {
    let options = IncidentOptions { lateness: Duration::from_secs(600), ..IncidentOptions::default() };
    let mut investigation = Investigation::new(plan, &[], options)?;
    for exercise in exercises {
        for (number, line) in exercise.text.lines().enumerate() {
            // What is no event is passed over, as by the command line.
            drop(investigation.push(line.as_bytes(), &format!("{}:{number}", exercise.number)));
        }
    }
    Ok(investigation.finish()?.incidents())
}

/// Counts findings by exercise and incident; says how many are of their incident's main exercise, and how many there are.
fn judge(
    incidents: &[Incident],
    exercises: &[Exercise],
    per: &mut BTreeMap<usize, BTreeMap<String, usize>>,
) -> (usize, usize) {
    let known: HashSet<usize> = exercises.iter().map(|own| own.number).collect();
    let (mut right, mut joined) = (0, 0);
    for incident in incidents {
        let mut own: BTreeMap<usize, usize> = BTreeMap::new();
        for finding in incident.findings.iter().filter(|finding| finding.level >= Level::Medium) {
            let at = finding.events.first().and_then(|at| at.split_once(':')?.0.parse().ok());
            let Some(number) = at.filter(|number| known.contains(number)) else { continue };
            *own.entry(number).or_default() += 1;
            *per.entry(number).or_default().entry(incident.id.clone()).or_default() += 1;
        }
        right += own.values().copied().max().unwrap_or(0);
        joined += own.values().sum::<usize>();
    }
    (right, joined)
}
