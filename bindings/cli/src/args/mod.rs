//! What can be written on the command line.
//!
//! ```text
//! tieline scan --rules PATH... [--pipeline NAME-OR-PATH]... [--source auto|none|NAME] --output ndjson FILE...
//! ```
//!
//! This form is fixed; scripts rely on it. `--rules` takes several paths, so what follows it may be rules or
//! events; [`ScanArgs::split`] tells them apart when no other option stands between.

mod plant;

use crate::commands::incidents::IncidentsArgs;
use crate::commands::report::ReportArgs;
use crate::exit::TABLE;
use crate::screen::ColorWhen;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
pub(crate) use plant::{
    AssetsArgs, AssetsForm, DifferenceForm, LearnArgs, NormaliseArgs, NormaliseForm, TrustArgs, TrustForm,
};
use std::path::PathBuf;
use std::time::Duration;
use tieline::diagnostic::Code;
use tieline::{Level, TimeUnit};
use tieline_common::indicators::moment;
use tieline_common::input::Format;
use tieline_common::load::looks_like_rules;
use tieline_common::source::SourceChoice;
use tieline_common::waist::timespan;

/// Evaluates Sigma rules on event files: Windows, Linux, Zeek and more.
#[derive(Debug, Parser)]
#[command(name = "tieline", version, after_help = TABLE, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print results and errors only: no progress, no summary, no notes
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = false)]
    pub(crate) color: ColorWhen,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find the events that rules match
    Scan(Box<ScanArgs>),
    /// Load rules and tell what is wrong or doubtful in them
    Check(CheckArgs),
    /// Show step by step why a rule matches an event, or why not
    Explain(ExplainArgs),
    /// Run the events filed beside rules: X.match.ndjson must fire X.yml, X.silent.ndjson must not. Beside a correlation they
    /// are sequences, with a blank line between them
    Test(TestArgs),
    /// List the fields that rules read
    Fields(FieldsArgs),
    /// Tell which ATT&CK techniques rules are about, and which rules can never fire on events like these
    Coverage(CoverageArgs),
    /// Tell in one form what OT operations events are about, whatever sensor saw them
    Normalise(NormaliseArgs),
    /// Tell which assets events tell of, and how they differ from the inventory
    Assets(AssetsArgs),
    /// Tell who has changed controllers, and what is missing to explain it: a conduit, role, hours, or a session on the way
    Trust(TrustArgs),
    /// Join what was found to incidents: which findings are one attack, by which way it came, and how far it got
    Incidents(Box<IncidentsArgs>),
    /// Write what happened in a plant over a period: incidents, assets, policy, blind spots, requirements of standards, and what
    /// changed since the last report
    Report(Box<ReportArgs>),
    /// Propose conduits between the zones of a plant from what events show, as YAML for a person to review
    Learn(LearnArgs),
    /// Save compiled rules, to be loaded with --rules without reading YAML again
    Compile(CompileArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
}

/// Which rules, and how they are read.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Rules")]
pub(crate) struct RuleArgs {
    /// Apply a processing pipeline: a shipped one by name, or a file (may be repeated)
    #[arg(long = "pipeline", value_name = "NAME-OR-PATH")]
    pub(crate) pipelines: Vec<String>,
    /// Where events come from: auto finds out by their fields, none leaves rules as they are
    /// [default: auto; none with --pipeline]
    #[arg(long, value_name = "auto|none|NAME")]
    pub(crate) source: Option<String>,
    /// The values that %NAME% stands for under `expand` (may be repeated); @FILE reads one value per line
    #[arg(long = "placeholder", value_name = "NAME=V1,V2")]
    pub(crate) placeholders: Vec<String>,
    /// Such values as a JSON object of lists
    #[arg(long = "placeholders", value_name = "FILE")]
    pub(crate) placeholder_files: Vec<PathBuf>,
    /// The zone in which `hour`, `day` and the like are taken: an IANA name or +02:00 [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// The unit of times that are bare numbers, for `hour`, `day` and the like
    #[arg(long, value_name = "s|ms|us|ns", value_parser = time_unit)]
    pub(crate) time_unit: Option<TimeUnit>,
    /// The field that holds the time of an event, for correlations (may be repeated; the first that holds a time counts)
    /// [default: the usual ones, such as @timestamp, UtcTime, ts]
    #[arg(long = "time-field", value_name = "NAME")]
    pub(crate) time_fields: Vec<String>,
    /// Tables of OT protocols in place of the shipped ones, by which fields `ot.*` are filled: files or directories
    #[arg(long, value_name = "PATH")]
    pub(crate) taxonomy: Vec<PathBuf>,
    /// Indicators to be looked for, as STIX 2.1, MISP or CSV: a file, or a directory of them (may be repeated); rules about
    /// them come along
    #[arg(long, value_name = "PATH", help_heading = "Indicators")]
    pub(crate) indicators: Vec<PathBuf>,
    /// The time that counts for events without one: now, or 2026-11-26T08:00:00Z [default: any indicator counts for them]
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Indicators")]
    pub(crate) indicators_at: Option<i64>,
    /// More fields in which indicators are looked for, as a table such as the shipped one (may be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Indicators")]
    pub(crate) indicator_fields: Vec<PathBuf>,
    /// The plant that events are seen in: inventories, zones and conduits, by which fields such as `source.asset.role`,
    /// `destination.zone` and `flow.allowed` are filled: files or directories (may be repeated)
    #[arg(long, value_name = "PATH")]
    pub(crate) context: Vec<String>,
    /// Switch a warning off, by its code or its name (may be repeated)
    #[arg(long, value_name = "CODE", value_parser = code)]
    pub(crate) allow: Vec<Code>,
    /// Stop at the first broken rule, and at the first event that cannot be read
    #[arg(long)]
    pub(crate) strict: bool,
}

impl RuleArgs {
    /// The source that is meant.
    pub(crate) fn choice(&self) -> SourceChoice {
        match self.source.as_deref() {
            None if self.pipelines.is_empty() => SourceChoice::Auto,
            None | Some("none") => SourceChoice::None,
            Some("auto") => SourceChoice::Auto,
            Some(name) => SourceChoice::Named(name.to_owned()),
        }
    }
}

/// Event files, and the rules that are about them.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct GivenArgs {
    /// Event files or directories of them; - is standard input, which scan also takes when nothing is named and it is a pipe
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Rule files or directories of them, each a pack, or saved rules (takes several, may be repeated)
    #[arg(long, short, value_name = "PATH", num_args = 1.., required_unless_present = "indicators", help_heading = "Rules")]
    pub(crate) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) how: RuleArgs,
}

impl GivenArgs {
    /// Moves what was named behind the last rules but holds events to the event files.
    ///
    /// Only needed when no file stands elsewhere: `--rules rules/ events/` and `--rules a --rules b FILE`.
    pub(crate) fn split(&mut self) {
        if self.files.is_empty() {
            let last = self.rules.iter().rposition(|path| looks_like_rules(path)).map_or(1, |last| last + 1);
            self.files = self.rules.split_off(last.min(self.rules.len()));
        }
    }
}

/// Arguments of `scan`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    pub(crate) given: GivenArgs,
    /// What to print
    #[arg(long, short, value_name = "FORM", default_value = "table", help_heading = "Output")]
    pub(crate) output: OutputForm,
    /// Only rules of this level or above
    #[arg(long, value_name = "LEVEL", value_parser = level, help_heading = "Output")]
    pub(crate) level: Option<Level>,
    /// Only rules with this tag, or one below it (may be repeated)
    #[arg(long = "tag", value_name = "TAG", help_heading = "Output")]
    pub(crate) tags: Vec<String>,
    /// Only the rule of this id, name or title (may be repeated)
    #[arg(long = "rule", value_name = "ID", help_heading = "Output")]
    pub(crate) only: Vec<String>,
    /// Add the selections that held and the fields behind them
    #[arg(long, help_heading = "Output")]
    pub(crate) evidence: bool,
    /// Add the event
    #[arg(long, help_heading = "Output")]
    pub(crate) event: bool,
    /// Rules that the table shows
    #[arg(long, value_name = "N", default_value_t = 30, help_heading = "Output")]
    pub(crate) top: usize,
    /// Exit with 1 when a detection has this level or above; any takes rules without a level too
    #[arg(long, value_name = "LEVEL|any", value_parser = fail_on, help_heading = "Output")]
    pub(crate) fail_on: Option<FailOn>,
    /// Count and time what fields, tests and rules cost, and tell the most costly on standard error;
    /// all of it goes to FILE as JSON when one is named. A scan takes about a tenth longer
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, help_heading = "Output")]
    pub(crate) profile: Option<Option<PathBuf>>,
    /// Go on with what is appended: files that grow, are rotated or truncated, and new ones in directories.
    /// Ctrl-C ends the scan with its summary
    #[arg(long, short = 'F', help_heading = "Input")]
    pub(crate) follow: bool,
    /// With --follow: end when nothing came for so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Input")]
    pub(crate) follow_idle: Option<Duration>,
    /// With --follow: read rules, pipelines and indicators anew when their files change
    #[arg(long, help_heading = "Rules")]
    pub(crate) watch_rules: bool,
    #[command(flatten)]
    pub(crate) correlate: CorrelateArgs,
    /// Read all files as this format instead of finding it out: ndjson, json, evtx, zeek, csv
    #[arg(long, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) format: Option<Format>,
    /// Threads that evaluate [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Input")]
    pub(crate) threads: Option<u16>,
    /// Save the compiled rules as well; not with --source auto
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub(crate) save: Option<PathBuf>,
}

/// How events are correlated.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Correlations")]
pub(crate) struct CorrelateArgs {
    /// How much older than the newest event one may be and still count, such as 5m; correlations wait that long, in the
    /// time of the events [default: 0s]
    #[arg(long, value_name = "TIMESPAN", value_parser = timespan)]
    pub(crate) lateness: Option<Duration>,
    /// Keep the state of correlations in FILE and go on from there; windows that are open at the end stay open, and what
    /// was read of a file is not read again
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// What becomes of an event without a time: it is skipped, counts as of now, or is an error
    #[arg(long, value_name = "skip|arrival|error", default_value = "skip", hide_possible_values = true)]
    pub(crate) missing_time: MissingTimeForm,
    /// What becomes of an event that lacks a field of `group-by`
    #[arg(long, value_name = "skip|group", default_value = "skip", hide_possible_values = true)]
    pub(crate) missing_group: MissingGroupForm,
    /// How often a correlation tells that it holds for a group: once in a timespan, each time, or with updates
    #[arg(long, value_name = "once|repeat|update", default_value = "once", hide_possible_values = true)]
    pub(crate) alerts: AlertsForm,
    /// How far the time of an event may be ahead of all before it; what is further is not counted
    /// [default: off for files, 30d for - and --follow]
    #[arg(long, value_name = "TIMESPAN|off", value_parser = clock_jump)]
    pub(crate) clock_jump: Option<ClockJump>,
    /// Memory for the state of correlations, in MiB; what does not fit is given up, the longest untouched first
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) state_memory: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MissingTimeForm {
    Skip,
    Arrival,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MissingGroupForm {
    Skip,
    Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlertsForm {
    Once,
    Repeat,
    Update,
}

/// How far a clock may jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockJump {
    Off,
    Max(Duration),
}

fn clock_jump(text: &str) -> Result<ClockJump, String> {
    if text == "off" { Ok(ClockJump::Off) } else { timespan(text).map(ClockJump::Max) }
}

/// What `scan` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// Rules that matched, the most serious first, for people
    Table,
    /// One line per detection, for people
    List,
    /// One JSON object per detection and line
    Ndjson,
    /// One JSON object with all detections and the summary
    Json,
    /// One row per detection
    Csv,
    /// Indicators that were seen, the most serious first, for people
    Sightings,
    /// One STIX 2.1 bundle with a sighting for each indicator that was seen
    Stix,
}

/// From which level on detections make the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailOn {
    Any,
    Level(Level),
}

/// Forms of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// Arguments of `check`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) rules: PathArgs,
    #[command(flatten)]
    pub(crate) how: RuleArgs,
    /// Also refuse what other Sigma tools do not know (TL0121): types of correlations and forms that are extensions
    #[arg(long)]
    pub(crate) portable: bool,
    /// How to print the report
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReportForm,
    /// Print every diagnostic, not only the first 20 of each code
    #[arg(long)]
    pub(crate) all: bool,
    /// Print what becomes of this rule (id, name or title) instead of a report: by the pipelines and the
    /// source given, or by every shipped source that it is about
    #[arg(long, value_name = "RULE")]
    pub(crate) show_mapped: Option<String>,
}

/// Rule files as positional arguments or with `--rules`.
#[derive(Debug, Clone, ClapArgs)]
#[group(required = true, multiple = true)]
pub(crate) struct PathArgs {
    /// Rule files or directories of them, or saved rules
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The same
    #[arg(long, short, value_name = "PATH", num_args = 1.., help_heading = "Rules")]
    rules: Vec<PathBuf>,
}

impl PathArgs {
    /// All of them.
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        self.paths.iter().chain(&self.rules).cloned().collect()
    }
}

/// Arguments of `explain`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) rules: PathArgs,
    #[command(flatten)]
    pub(crate) how: RuleArgs,
    /// The rule's id, name or title; without it, the rules that match are explained
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// The event: a JSON object, FILE:LINE, or - for standard input
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: String,
    /// Show every step, also those that did not decide
    #[arg(long)]
    pub(crate) full: bool,
    /// How to print the explanation
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReportForm,
}

/// Arguments of `test`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) rules: PathArgs,
    #[command(flatten)]
    pub(crate) how: RuleArgs,
    /// How to print the report
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReportForm,
}

/// Arguments of `fields`.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct FieldsArgs {
    #[command(flatten)]
    pub(crate) rules: PathArgs,
    #[command(flatten)]
    pub(crate) how: RuleArgs,
    /// How to print the list
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(crate) format: ReportForm,
}

/// Arguments of `coverage`. With event files, rules are told that can never fire on them.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = TABLE)]
pub(crate) struct CoverageArgs {
    #[command(flatten)]
    pub(crate) given: GivenArgs,
    /// How to print the report
    #[arg(long, value_name = "FORM", default_value = "text", help_heading = "Output")]
    pub(crate) format: CoverageForm,
    /// Only this matrix of ATT&CK [default: both; of a layer, ics]
    #[arg(long, value_name = "ics|enterprise", hide_possible_values = true, help_heading = "Output")]
    pub(crate) domain: Option<DomainForm>,
    /// Write the report to FILE
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
}

/// What `coverage` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageForm {
    /// Tables, for people
    Text,
    /// One JSON object with everything
    Json,
    /// A layer of the ATT&CK Navigator, format 4.5
    Navigator,
}

/// A matrix of ATT&CK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DomainForm {
    Ics,
    Enterprise,
}

/// Arguments of `compile`.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct CompileArgs {
    #[command(flatten)]
    pub(crate) rules: PathArgs,
    #[command(flatten)]
    pub(crate) how: RuleArgs,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Arguments of `completions`.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

fn level(text: &str) -> Result<Level, String> {
    text.to_ascii_lowercase().parse().map_err(|()| "write one of informational, low, medium, high, critical".to_owned())
}

pub(crate) fn fail_on(text: &str) -> Result<FailOn, String> {
    if text.eq_ignore_ascii_case("any") {
        return Ok(FailOn::Any);
    }
    level(text).map(FailOn::Level).map_err(|message| format!("{message}, any"))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "write a number of seconds such as 30 or 0.5".to_owned())
}

fn code(text: &str) -> Result<Code, String> {
    text.parse().map_err(|()| "there is no such diagnostic; codes are like TL0115 or wildcard-only".to_owned())
}

fn time_unit(text: &str) -> Result<TimeUnit, String> {
    match text {
        "s" => Ok(TimeUnit::Seconds),
        "ms" => Ok(TimeUnit::Milliseconds),
        "us" => Ok(TimeUnit::Microseconds),
        "ns" => Ok(TimeUnit::Nanoseconds),
        _ => Err("write one of s, ms, us, ns".to_owned()),
    }
}
