//! `tieline incidents EVENTS --rules RULES --context PLANT`: which findings are one attack, where it came from and how far it got.
//!
//! ```text
//! SCORE  LEVEL  FIRST                 FINDINGS  HOSTS  INCIDENT
//!    74  high   2026-11-26T21:02:11Z        14      5  Suspicious Controller Stop Command on plc-7
//!       203.0.113.50 ─vpn as mk→ 10.71.8.23 ─rdp→ jump-1 ─rdp→ ews-1 ─mode_stop→ plc-7   (0.61)
//! ```

use super::check::write_error;
use super::every::Tally;
use super::plan;
use super::trust::tell;
use crate::args::GivenArgs;
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, Screen, counted};
use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tieline::incidents::{Change, Hop, Incident, IncidentForm, IncidentOptions, Skew};
use tieline_common::incidents::{Investigation, Marks};
use tieline_common::load::{PipelineText, read_taxonomy};
use tieline_common::source::Plan;

/// Arguments of `incidents`.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct IncidentsArgs {
    #[command(flatten)]
    given: GivenArgs,
    /// What to print [default: table on a terminal, else ndjson]
    #[arg(long, short, value_name = "FORM")]
    output: Option<IncidentsForm>,
    /// How many seconds later than others an event may come
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    lateness: u64,
    /// After this many hours without a finding an incident is over
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    quiet_hours: u64,
    /// A host that deals with more others than this joins little
    #[arg(long, value_name = "N", default_value_t = 16)]
    hub_peers: u32,
    /// Only the incident of this id (may be repeated)
    #[arg(long = "incident", value_name = "ID")]
    only: Vec<String>,
    /// Seconds to add to the times of a source: a sensor, a file, or a kind such as zeek; `auto` reads all twice, and
    /// takes what the first time shows
    #[arg(long, value_name = "SOURCE=SECONDS|auto", value_parser = clock_offset, allow_hyphen_values = true)]
    clock_offset: Vec<ClockOffset>,
    /// Keep the state in FILE and go on from there; what was read of a file is not read again
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// End with exit code 1 when there is an incident
    #[arg(long)]
    fail: bool,
}

/// By how much a clock is off.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ClockOffset {
    Auto,
    Of(String, i64),
}

fn clock_offset(text: &str) -> Result<ClockOffset, String> {
    if text == "auto" {
        return Ok(ClockOffset::Auto);
    }
    let parts = text.rsplit_once('=').filter(|(name, _)| !name.is_empty());
    let parsed = parts.and_then(|(name, seconds)| Some(ClockOffset::Of(name.to_owned(), seconds.trim().parse().ok()?)));
    parsed.ok_or_else(|| "write a source and seconds, such as ot.ndjson=-420, or auto".to_owned())
}

/// Above this many seconds a clock that seems to be off is told.
const SKEW_TOLD_S: f64 = 30.0;

/// What `incidents` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum IncidentsForm {
    /// A line for each, with the way below it
    Table,
    /// One JSON object for each
    Ndjson,
    /// What became of incidents while events passed: one JSON object for each change, with the event after which it was seen
    Changes,
    /// One OCSF 1.6 Incident Finding for each
    Ocsf,
    /// One OCSF 1.6 Detection Finding for each finding
    OcsfDetections,
    /// Documents of the Elastic Common Schema 8.11: for each incident, and for each of its findings
    Ecs,
    /// One STIX 2.1 bundle, with a flow (Attack Flow 2.0) for each
    Stix,
    /// One graph of hosts and accounts in GraphML, for Gephi, yEd and networkx
    #[value(name = "graphml")]
    GraphMl,
    /// The same graph for Graphviz
    Dot,
    /// The same graph as JSON (node-link), for networkx and d3
    JsonGraph,
}

impl IncidentsForm {
    /// The form of the library; none for what is not made of incidents alone.
    const fn form(self) -> Option<IncidentForm> {
        Some(match self {
            Self::Table | Self::Changes => return None,
            Self::Ndjson => IncidentForm::Ndjson,
            Self::Ocsf => IncidentForm::Ocsf,
            Self::OcsfDetections => IncidentForm::OcsfDetections,
            Self::Ecs => IncidentForm::Ecs,
            Self::Stix => IncidentForm::Stix,
            Self::GraphMl => IncidentForm::GraphMl,
            Self::Dot => IncidentForm::Dot,
            Self::JsonGraph => IncidentForm::JsonGraph,
        })
    }
}

pub(crate) fn run(mut args: IncidentsArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    args.given.split();
    let plan = plan::plan(&args.given.rules, &args.given.how)?;
    if let Some(context) = plan.context() {
        tell(context, screen);
    }
    let as_is = plan.fixed().unwrap_or_else(|| plan.as_is());
    plan.compile(as_is)?;
    plan::loaded(&plan, as_is, screen, &args.given.how)?;
    let taxonomy = read_taxonomy(&args.given.how.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
    let options = IncidentOptions {
        lateness: Duration::from_secs(args.lateness),
        quiet: Duration::from_secs(args.quiet_hours.saturating_mul(3_600)),
        hub_peers: args.hub_peers,
        clock_offsets_s: offsets(&args, &plan, &taxonomy, screen)?,
        ..IncidentOptions::default()
    };
    let mut investigation = Investigation::new(plan, &taxonomy, options)?;
    let mut marks = match &args.state {
        Some(path) => resume(&mut investigation, path, screen)?,
        None => Marks::default(),
    };
    let form =
        args.output.unwrap_or(if screen.out_is_terminal() { IncidentsForm::Table } else { IncidentsForm::Ndjson });
    let mut told = Ok(());
    let kept = args.state.as_ref().map(|_| &mut marks);
    let tally = Tally::beyond(&args.given.files, screen, kept, |event, at, screen| {
        let pushed = investigation.push(event, at);
        if form == IncidentsForm::Changes && told.is_ok() {
            told = changes(&investigation.incidents().take_changes(), Some(at), screen);
        }
        pushed
    });
    told?;
    if let Some(path) = &args.state {
        investigation.save(path, &marks)?;
    }
    investigation.finish()?;
    let mut all = investigation.told();
    let incidents = investigation.incidents();
    if !args.only.is_empty() {
        all.retain(|own| args.only.contains(&own.id));
    }
    match form.form() {
        None if form == IncidentsForm::Changes => changes(&incidents.take_changes(), None, screen)?,
        None => table(&all, screen)?,
        Some(form) => form.write_into(&all, screen.out())?,
    }
    let stats = incidents.stats();
    let (events, findings) = (counted(tally.events, "event"), counted(stats.findings, "finding"));
    screen.note(&format!("{events} read: {findings}, {}", counted(all.len() as u64, "incident")));
    if stats.late + stats.given_up > 0 {
        screen.note(&format!("{} came late, {} had no room", stats.late, stats.given_up));
    }
    for skew in incidents.skews().iter().filter(|skew| skew.offset_s.abs() > SKEW_TOLD_S) {
        screen.warning(&format!("{}; `--clock-offset {}={:.0}` puts it right", off(skew), skew.source, skew.offset_s));
    }
    tally.exit(if args.fail && !all.is_empty() { Exit::Findings } else { Exit::Fine })
}

/// One line for each change; `after` says after which event it was seen, none when all were read.
fn changes(changes: &[Change], after: Option<&str>, screen: &mut Screen) -> Result<(), Failure> {
    for change in changes {
        serde_json::to_writer(screen.out(), &Changed { after, change }).map_err(write_error)?;
        writeln!(screen.out())?;
    }
    Ok(())
}

/// A change as it is printed.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
    #[serde(flatten)]
    change: &'a Change,
}

/// The offsets that were given; those that clocks seem to need, when that was asked for.
fn offsets(
    args: &IncidentsArgs,
    plan: &Plan,
    taxonomy: &[PipelineText],
    screen: &mut Screen,
) -> Result<BTreeMap<String, i64>, Failure> {
    let given = args.clock_offset.iter().filter_map(|own| match own {
        ClockOffset::Of(name, seconds) => Some((name.clone(), *seconds)),
        ClockOffset::Auto => None,
    });
    let mut offsets: BTreeMap<String, i64> = given.collect();
    if !args.clock_offset.contains(&ClockOffset::Auto) {
        return Ok(offsets);
    }
    if args.given.files.iter().any(|file| file.as_os_str() == "-") {
        return Err(Failure::Usage("`--clock-offset auto` reads all twice, which standard input cannot be".to_owned()));
    }
    let options = IncidentOptions { clock_offsets_s: offsets.clone(), ..IncidentOptions::default() };
    let mut first = Investigation::new(plan.again(), taxonomy, options)?;
    let quiet = |event: &[u8], at: &str, _: &mut Screen| {
        drop(first.push(event, at));
        Ok(())
    };
    Tally::of(&args.given.files, screen, quiet);
    for skew in first.incidents().skews().iter().filter(|skew| skew.offset_s.abs() > SKEW_TOLD_S) {
        screen.note(&format!("{}; that is put right", off(skew)));
        *offsets.entry(skew.source.clone()).or_default() += skew.offset_s.round() as i64;
    }
    Ok(offsets)
}

/// How far a clock seems to be off.
fn off(skew: &Skew) -> String {
    let Skew { source, against, offset_s, pairs, spread_s } = skew;
    let way = if *offset_s > 0.0 { "slow" } else { "fast" };
    format!(
        "the clock of `{source}` seems to be {:.0} s {way} against `{against}` ({pairs} things of which both tell, +/- {spread_s:.0} s)",
        offset_s.abs()
    )
}

/// Goes on with the state of the run before.
fn resume(investigation: &mut Investigation, path: &Path, screen: &mut Screen) -> Result<Marks, Failure> {
    let Some((restored, marks)) = investigation.resume(path)? else { return Ok(Marks::default()) };
    let all = investigation.incidents().incidents().len() as u64;
    screen.note(&format!("the state of {} goes on", counted(all, "incident")));
    for (id, groups) in restored.dropped {
        let groups = counted(groups, "group");
        screen.warning(&format!("the correlation `{id}` has changed or is gone; the state of {groups} is dropped"));
    }
    Ok(marks)
}

/// One line for each incident, with its way below it.
fn table(all: &[Incident], screen: &mut Screen) -> Result<(), Failure> {
    let time = all.iter().map(|own| own.first.len()).max().unwrap_or(0).max("FIRST".len());
    let head = format!("SCORE  {:13}  {:time$}  FINDINGS  HOSTS  INCIDENT", "LEVEL", "FIRST");
    let head = screen.paint(BOLD, head).to_string();
    writeln!(screen.out(), "{head}")?;
    for own in all {
        let level = own.level.to_string();
        writeln!(
            screen.out(),
            "{:>5}  {level:13}  {:time$}  {:>8}  {:>5}  {}",
            own.score.total,
            own.first,
            own.findings.len(),
            own.hosts.len(),
            own.title
        )?;
        if let Some(first) = own.path.hops.first() {
            let mut text = format!("       {}", first.from);
            text.extend(own.path.hops.iter().map(arrow));
            text += &format!("   ({:.2})", own.path.confidence);
            let text = screen.paint(DIM, text).to_string();
            writeln!(screen.out(), "{text}")?;
        }
        if let Some(gap) = &own.path.gap {
            let text = screen.paint(DIM, format!("       {gap}")).to_string();
            writeln!(screen.out(), "{text}")?;
        }
        if let Some(act) = &own.path.onward {
            let text = format!(
                "       then {}{}, not among the findings ({}, {})",
                act.from,
                arrow(act),
                act.first,
                act.events.join(", ")
            );
            let text = screen.paint(DIM, text).to_string();
            writeln!(screen.out(), "{text}")?;
        }
    }
    Ok(())
}

/// How a hop goes on to its end.
fn arrow(hop: &Hop) -> String {
    let account = hop.account.as_ref().map(|account| format!(" as {account}")).unwrap_or_default();
    format!(" ─{}{account}→ {}", hop.what, hop.to)
}
