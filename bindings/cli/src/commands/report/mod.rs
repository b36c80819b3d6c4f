//! `tieline report EVENTS --rules RULES --context PLANT`: what happened in a plant over a period, and what that says of its security.
//!
//! ```text
//! events, plant, rules ─▶ document ─▶ JSON for programs, Markdown for mails and tickets, one screen for people
//!                       └▶ page.html
//! last.json ─────────────▶ what changed
//! ```

mod table;

use super::check::write_error;
use super::coverage::save;
use super::every::Tally;
use super::plan;
use super::trust::tell;
use crate::args::{FailOn, GivenArgs, fail_on};
use crate::exit::{Exit, Failure, TABLE};
use crate::screen::{Screen, counted};
use clap::{Args as ClapArgs, ValueEnum};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tieline::incidents::IncidentOptions;
use tieline_common::governance::{Document, Past, Report, ReportOptions, markdown};
use tieline_common::indicators::moment;
use tieline_common::load::read_taxonomy;
use tieline_common::page::page;

/// Arguments of `report`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    given: GivenArgs,
    /// What to print [default: table on a terminal, else json]
    #[arg(long, short, value_name = "FORM", help_heading = "Output")]
    output: Option<DocumentForm>,
    /// Write the document to FILE as well, as JSON, for --since of the next report
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    save: Option<PathBuf>,
    /// Write a page to FILE as well, with everything in it; it needs no server and no network
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,
    /// The document of the last report: what is different since then is told
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    since: Option<PathBuf>,
    /// Leave out events before this time, such as 2026-11-26T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<i64>,
    /// Leave out events at this time or later
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<i64>,
    /// How many seconds later than others an event may come
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    lateness: u64,
    /// After this many hours without a finding an incident is over
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    quiet_hours: u64,
    /// A host that deals with more others than this joins little
    #[arg(long, value_name = "N", default_value_t = 16)]
    hub_peers: u32,
    /// Incidents that the document names at most, the highest scores
    #[arg(long, value_name = "N", default_value_t = 1_000, help_heading = "Output")]
    incidents_max: usize,
    /// Assets that it names at most, those of most concern
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Output")]
    assets_max: usize,
    /// Exit with 1 when an incident has this level or above; any takes every one
    #[arg(long, value_name = "LEVEL|any", value_parser = fail_on, help_heading = "Output")]
    fail_on: Option<FailOn>,
}

/// What `report` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DocumentForm {
    /// One screen, for people
    Table,
    /// The whole document
    Json,
    /// For mails and tickets
    Markdown,
}

pub(crate) fn run(mut args: ReportArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    args.given.split();
    // What cannot be compared with is told before hours of events are read.
    let before = args.since.as_deref().map(past).transpose()?;
    if args.given.files.is_empty() {
        return Err(Failure::Usage("no events are named; name files, directories, or - for standard input".to_owned()));
    }
    let plan = plan::plan(&args.given.rules, &args.given.how)?;
    if let Some(context) = plan.context() {
        tell(context, screen);
    }
    let as_is = plan.fixed().unwrap_or_else(|| plan.as_is());
    plan.compile(as_is)?;
    plan::loaded(&plan, as_is, screen, &args.given.how)?;
    let taxonomy = read_taxonomy(&args.given.how.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
    let mut report = Report::new(plan, &taxonomy, options(&args))?;
    let tally = Tally::of(&args.given.files, screen, |event, at, _| report.push(event, at));
    report.push_unreadable(tally.faults());
    let document = report.finish_since(before.as_ref())?;
    write_files(&document, &args, screen)?;
    let is_page = screen.out_is_terminal();
    match args.output.unwrap_or(if is_page { DocumentForm::Table } else { DocumentForm::Json }) {
        DocumentForm::Table => table::print(&document, screen)?,
        DocumentForm::Json => {
            serde_json::to_writer(screen.out(), &document).map_err(write_error)?;
            writeln!(screen.out())?;
        }
        DocumentForm::Markdown => screen.out().write_all(markdown(&document).as_bytes())?,
    }
    screen.note(&format!(
        "{} read: {}, {}",
        counted(document.events.read, "event"),
        counted(document.incidents.len() as u64, "incident"),
        counted(document.assets.len() as u64, "asset")
    ));
    tally.exit(if args.fail_on.is_some_and(|least| fails(&document, least)) { Exit::Findings } else { Exit::Fine })
}

/// What was asked for beside the output.
fn write_files(document: &Document, args: &ReportArgs, screen: &Screen) -> Result<(), Failure> {
    if args.save.is_none() && args.html.is_none() {
        return Ok(());
    }
    let mut text = serde_json::to_vec(document).map_err(write_error)?;
    if let Some(path) = &args.html {
        let mut html = Vec::new();
        page(&text, &mut html)?;
        save(path, &html, screen)?;
    }
    text.push(b'\n');
    args.save.as_ref().map_or(Ok(()), |path| save(path, &text, screen))
}

fn options(args: &ReportArgs) -> ReportOptions {
    ReportOptions {
        incidents: IncidentOptions {
            lateness: Duration::from_secs(args.lateness),
            quiet: Duration::from_secs(args.quiet_hours.saturating_mul(3_600)),
            hub_peers: args.hub_peers,
            ..IncidentOptions::default()
        },
        packs: args.given.rules.clone(),
        from_ns: args.from,
        to_ns: args.to,
        incidents_max: args.incidents_max,
        assets_max: args.assets_max,
        ..ReportOptions::default()
    }
}

fn past(path: &Path) -> Result<Past, Failure> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| Failure::Input(format!("`{name}`: cannot be read: {error}")))?;
    Past::read(&bytes).map_err(|error| Failure::Input(format!("`{name}`: {error}")))
}

fn fails(document: &Document, least: FailOn) -> bool {
    document.incidents.iter().any(|incident| match least {
        FailOn::Any => true,
        FailOn::Level(level) => incident.level >= level,
    })
}
