//! `tieline check PATH...`: what is wrong or doubtful in rules, and what was loaded.
//!
//! ```text
//! warning[TL0104]: the selection `other` is never used
//!  --> rules/a.yml:9:5 ...
//! 31 files, 31 documents: 31 rules loaded
//! ```

use super::plan;
use crate::args::{CheckArgs, ReportForm};
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, GREEN, RED, Screen, YELLOW, counted, visible};
use crate::told::{SHOWN_MAX, painted};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use tieline::context::Context;
use tieline::diagnostic::{Code, Diagnostic};
use tieline_common::context::{is_plant, read_context};
use tieline_common::report::{LoadReport, Reason};
use tieline_common::source::SourceId;

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    load: &'a LoadReport,
    diagnostics: Vec<&'a Diagnostic>,
}

pub(crate) fn run(args: &CheckArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    if let Some(name) = &args.show_mapped {
        return show_mapped(name, args, screen);
    }
    let (plants, paths): (Vec<PathBuf>, _) = args.rules.all().into_iter().partition(|path| is_plant(path));
    let mut how = args.how.clone();
    how.context.extend(plants.iter().map(|path| path.display().to_string()));
    if paths.is_empty() {
        return plant_alone(&how.context, args, screen);
    }
    let (plan, id) = plan::plan_without_events(&paths, &how)?;
    let Some(rules) = plan.rules(id) else { return Err(Failure::Rules(plan::no_rules(&plan))) };
    let report = LoadReport::new(plan.pack(), rules);
    let mut diagnostics: Vec<&Diagnostic> = plan.pack().diagnostics().iter().chain(rules.diagnostics()).collect();
    diagnostics.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
    match args.format {
        ReportForm::Json => {
            serde_json::to_writer_pretty(screen.out(), &Report { load: &report, diagnostics }).map_err(write_error)?;
            writeln!(screen.out())?;
        }
        ReportForm::Text => {
            print_diagnostics(&diagnostics, args, screen)?;
            print_report(&report, screen)?;
            plan.context().map_or(Ok(()), |context| print_plant(context, screen))?;
        }
    }
    let own = report.warnings.iter().filter(|reason| reason.code == Code::NotPortable).map(|reason| reason.count).sum();
    let refused = if args.portable { own } else { 0 };
    if refused > 0 {
        let places = counted(refused as u64, "place");
        screen.error(&format!("{places} with an extension that other Sigma tools refuse"));
    }
    Ok(match report.errors() + refused {
        0 => Exit::Fine,
        _ if args.how.strict => Exit::Strict,
        _ => Exit::Findings,
    })
}

/// Checks a plant without rules.
fn plant_alone(names: &[String], args: &CheckArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let context = read_context(names).map_err(|error| Failure::Rules(error.to_string()))?;
    let diagnostics: Vec<&Diagnostic> = context.diagnostics().iter().collect();
    let is_broken = diagnostics.iter().any(|told| told.is_error());
    match args.format {
        ReportForm::Json => {
            let report = serde_json::json!({ "diagnostics": diagnostics });
            serde_json::to_writer_pretty(screen.out(), &report).map_err(write_error)?;
            writeln!(screen.out())?;
        }
        ReportForm::Text => {
            print_diagnostics(&diagnostics, args, screen)?;
            print_plant(&context, screen)?;
        }
    }
    Ok(match (is_broken, args.how.strict) {
        (false, _) => Exit::Fine,
        (true, true) => Exit::Strict,
        (true, false) => Exit::Findings,
    })
}

fn print_plant(context: &Context, screen: &mut Screen) -> Result<(), Failure> {
    let counts = [
        (context.assets().len(), "asset"),
        (context.zones().len(), "zone"),
        (context.conduits().len(), "conduit"),
        (context.sites().len(), "site"),
    ];
    let counts = counts.map(|(number, noun)| counted(number as u64, noun)).join(", ");
    let line = format!("{}: {counts}", screen.paint(BOLD, "plant"));
    writeln!(screen.out(), "{line}")?;
    Ok(())
}

/// Prints a rule as it is evaluated, for one source or for all that it is about.
fn show_mapped(name: &str, args: &CheckArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut plan = plan::plan(&args.rules.all(), &args.how)?;
    let forms: Vec<SourceId> = match plan.fixed() {
        Some(fixed) => vec![fixed],
        None => plan.sources().collect(),
    };
    let mut shown = 0;
    for id in &forms {
        plan.compile(*id)?;
        let Some(rules) = plan.rules(*id) else { continue };
        let Some(index) = rules.find(name) else { continue };
        shown += 1;
        if let Some(source) = plan.source(*id) {
            let head = screen.paint(BOLD, format!("# {} (--source {})", source.title(), source.name())).to_string();
            writeln!(screen.out(), "{head}")?;
        }
        writeln!(screen.out(), "{}", rules.rule(index).show().trim_end())?;
    }
    if shown == 0 {
        let id = forms.first().copied().filter(|_| forms.len() == 1).unwrap_or_else(|| plan.as_is());
        return Err(Failure::Rules(plan::not_there(name, &mut plan, id)?));
    }
    Ok(Exit::Fine)
}

pub(super) fn write_error(error: serde_json::Error) -> Failure {
    std::io::Error::from(error).into()
}

/// With carets on a terminal, one line each in a pipe.
fn print_diagnostics(diagnostics: &[&Diagnostic], args: &CheckArgs, screen: &mut Screen) -> Result<(), Failure> {
    if screen.is_quiet() {
        return Ok(());
    }
    let carets = screen.out_is_terminal();
    let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
    for told in diagnostics {
        let count = counts.entry(told.code).or_default();
        *count += 1;
        if *count > SHOWN_MAX && !args.all {
            continue;
        }
        if carets {
            let text = painted(told, |style, text| screen.paint(style, text));
            writeln!(screen.out(), "{text}")?;
        } else {
            let help = told.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
            writeln!(screen.out(), "{}", visible(&format!("{told}{help}")))?;
        }
    }
    for (code, count) in counts.iter().filter(|(_, count)| !args.all && **count > SHOWN_MAX) {
        let more = count - SHOWN_MAX;
        writeln!(screen.out(), "{more} more of {code} ({}); --all shows them", code.name())?;
    }
    Ok(())
}

fn print_report(report: &LoadReport, screen: &mut Screen) -> Result<(), Failure> {
    let mut loaded = vec![format!("{} loaded", counted(report.rules as u64, "rule"))];
    for (number, noun) in [(report.correlations, "correlation"), (report.filters, "filter")] {
        if number > 0 {
            loaded.push(counted(number as u64, noun));
        }
    }
    let read = format!("{}, {}", counted(report.files as u64, "file"), counted(report.documents as u64, "document"));
    let line = format!("{}: {}", screen.paint(BOLD, read), loaded.join(", "));
    writeln!(screen.out(), "{line}")?;
    if report.passed_over > 0 {
        let files = counted(report.passed_over as u64, "file");
        let holds = if report.passed_over == 1 { "holds" } else { "hold" };
        writeln!(screen.out(), "  passed over: {files} that {holds} no rules")?;
    }
    if report.elsewhere > 0 {
        let rules = counted(report.elsewhere as u64, "rule");
        writeln!(screen.out(), "  about other events: {rules}")?;
    }
    print_reasons("errors", &report.left_out, screen)?;
    print_reasons("warnings", &report.warnings, screen)?;
    if report.left_out.is_empty() && report.warnings.is_empty() {
        let line = screen.paint(GREEN, "nothing to complain about").to_string();
        writeln!(screen.out(), "{line}")?;
    }
    Ok(())
}

fn print_reasons(title: &str, reasons: &[Reason], screen: &mut Screen) -> Result<(), Failure> {
    if reasons.is_empty() {
        return Ok(());
    }
    let total: usize = reasons.iter().map(|reason| reason.count).sum();
    let head = screen.paint(if title == "errors" { RED } else { YELLOW }, format!("{title}: {total}")).to_string();
    writeln!(screen.out(), "{head}")?;
    for reason in reasons {
        let meaning = screen.paint(DIM, reason.meaning).to_string();
        writeln!(screen.out(), "{:>7}  {} {}\n         {meaning}", reason.count, reason.code, reason.name)?;
    }
    Ok(())
}
