//! `tieline test DIR`: do rules fire on their own examples, and stay silent on the others?

use super::check::write_error;
use super::plan;
use crate::args::{ReportForm, TestArgs};
use crate::exit::{Exit, Failure};
use crate::screen::{GREEN, RED, Screen, counted};
use crate::told::Told;
use std::io::Write as _;
use tieline_common::rule_tests::{TestReport, run_tests};

/// Failures that are shown with their explanation.
const SHOWN_MAX: usize = 20;

pub(crate) fn run(args: &TestArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut plan = plan::plan(&args.rules.all(), &args.how)?;
    if plan.pack().is_saved() {
        let message = "saved rules have no events beside them; name the rules themselves";
        return Err(Failure::Usage(message.to_owned()));
    }
    let report = run_tests(&mut plan, &mut |_| {})?;
    let mut told = Told::default();
    let found = || plan.pack().diagnostics().iter().chain(plan.compiled().flat_map(|(_, rules)| rules.diagnostics()));
    if args.how.strict {
        plan::refuse_broken(found(), screen)?;
    }
    told.show(found(), screen);
    told.conclude(screen);
    if report.tested == 0 {
        let message = "no rule has events beside it; file them as X.match.ndjson and X.silent.ndjson beside X.yml";
        return Err(Failure::Input(message.to_owned()));
    }
    match args.format {
        ReportForm::Json => {
            serde_json::to_writer_pretty(screen.out(), &report).map_err(write_error)?;
            writeln!(screen.out())?;
        }
        ReportForm::Text => print(&report, screen)?,
    }
    Ok(if report.failures.is_empty() { Exit::Fine } else { Exit::Findings })
}

fn print(report: &TestReport, screen: &mut Screen) -> Result<(), Failure> {
    for failure in report.failures.iter().take(SHOWN_MAX) {
        let place = if failure.line == 0 { failure.file.clone() } else { format!("{}:{}", failure.file, failure.line) };
        let line = format!("{} {place}: {}", screen.paint(RED, "FAIL"), failure.message);
        writeln!(screen.out(), "{line}")?;
        for line in failure.explanation.iter().flat_map(|text| text.lines()) {
            writeln!(screen.out(), "     {line}")?;
        }
    }
    if report.failures.len() > SHOWN_MAX {
        let more = report.failures.len() - SHOWN_MAX;
        writeln!(screen.out(), "{more} more failures; --format json has all")?;
    }
    let tested = counted(report.tested as u64, "rule file");
    let events = counted(report.events as u64, "event");
    let verdict = match report.failures.len() {
        0 => screen.paint(GREEN, "all as filed".to_owned()),
        failures => screen.paint(RED, counted(failures as u64, "failure")),
    };
    let line = format!("{tested}, {events}: {verdict}");
    writeln!(screen.out(), "{line}")?;
    if !report.untested.is_empty() {
        let files = counted(report.untested.len() as u64, "rule file");
        writeln!(screen.out(), "{files} without events beside them")?;
    }
    Ok(())
}
