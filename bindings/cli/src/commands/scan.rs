//! `tieline scan`: which events do rules match?
//!
//! ```text
//! scan ─▶ Notice::Source     "a.ndjson: Windows event logs (windows)"   messages on standard error
//!         Notice::Compiled   broken rules with carets
//!         Notice::BadEvent   the first few
//!         Notice::Found      ─▶ output: table, list, ndjson, json, csv
//! ```

use super::{compile, plan};
use crate::args::{AlertsForm, ClockJump, FailOn, MissingGroupForm, MissingTimeForm, OutputForm, ScanArgs};
use crate::exit::{Exit, Failure};
use crate::output::{self, Printer, Summary};
use crate::screen::{Screen, counted, visible};
use crate::told::Told;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, IsTerminal, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tieline::Profile;
use tieline::stream::{Arrival, Missing, MissingTime, Mode, Restored, StreamOptions};
use tieline_common::input::{EventFiles, InputOptions, expand_paths};
use tieline_common::record::{BadEvent, Found, Place};
use tieline_common::reload::RuleWatch;
use tieline_common::scan::{
    Change, Correlate, Detail, End, Follow, Notice, OnFault, Outcome, ScanOptions, Select, scan,
};
use tieline_common::source::{Known, Plan, SourceId};
use tieline_common::waist::now;

/// Unreadable events that are shown; the rest is counted.
const BAD_EVENTS_SHOWN: u64 = 5;

/// Files whose source is told; the rest is counted.
const SOURCES_SHOWN: usize = 8;

/// Files that cannot be followed and are shown; the rest is counted.
const READ_ONCE_SHOWN: u64 = 5;

/// Events that correlations do not count and that are shown; the rest is counted.
const NOT_COUNTED_SHOWN: u64 = 3;

/// How far clocks of live input may jump.
const LIVE_JUMP_MAX: Duration = Duration::from_secs(30 * 86_400);

/// A scan that takes longer has a progress bar.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

pub(crate) fn run(mut args: ScanArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    args.given.split();
    check_follow(&args)?;
    let EventFiles { files, mut errors, passed_over } = event_files(&args.given.files)?;
    if args.follow {
        // What is not there may come; whoever follows tells the rest.
        errors.clear();
    }
    for error in &errors {
        screen.error(&error.to_string());
    }
    if !errors.is_empty() && args.given.how.strict {
        return Err(Failure::Strict("stopped by --strict before anything was scanned".to_owned()));
    }
    let files = if args.follow && !args.given.files.is_empty() { args.given.files.clone() } else { files };
    if files.is_empty() {
        return Ok(Exit::Input);
    }
    if passed_over > 0 {
        let others = counted(passed_over as u64, "file");
        screen.note(&format!("{others} in directories passed over; name a file to read it whatever it is called"));
    }
    let recipe = plan::recipe(&args.given.rules, &args.given.how)?;
    let watch = args.watch_rules.then(|| RuleWatch::new(recipe.clone()));
    let mut plan = plan::plan_of(&recipe)?;
    if let Some(path) = &args.save {
        let Some(id) = plan.fixed() else {
            let message = "--save needs to know the source; write --source none or the name of one";
            return Err(Failure::Usage(message.to_owned()));
        };
        plan.compile(id)?;
        if let Some(rules) = plan.rules(id) {
            compile::save(rules, path, screen)?;
        }
    }
    let follow = args.follow.then_some(Follow { idle: args.follow_idle, rules: watch });
    let options = ScanOptions { follow, ..options(&args)? };
    let mut run = Run::new(&args, &options.select, &files, screen);
    run.begin(&mut plan)?;
    let outcome = scan(&mut plan, &files, &options, &mut |notice| run.notice(notice));
    run.finish_bar();
    if let Some(failure) = run.failure.take() {
        return Err(failure);
    }
    let Outcome { totals, end, stream } = outcome?;
    if plan.compiled().next().is_none() {
        // Without events nothing was compiled, but broken rules are to be told all the same.
        let as_is = plan.as_is();
        plan.compile(as_is)?;
        run.compiled(as_is, &plan)?;
    }
    run.expect_selected()?;
    run.summary.totals = totals;
    run.summary.totals.bad_files += errors.len() as u64;
    run.summary.end = Some(end);
    run.summary.stream = stream;
    run.end()
}

fn check_follow(args: &ScanArgs) -> Result<(), Failure> {
    let option = match (args.follow, args.watch_rules, args.follow_idle) {
        (false, true, _) => "--watch-rules",
        (false, _, Some(_)) => "--follow-idle",
        _ => return Ok(()),
    };
    Err(Failure::Usage(format!("{option} is for scans that go on; write --follow as well")))
}

/// The files that are meant; standard input when none is named and it is no terminal.
fn event_files(named: &[PathBuf]) -> Result<EventFiles, Failure> {
    if named.is_empty() {
        if io::stdin().is_terminal() {
            let message = "no event files; name files or directories, or - for standard input\n\n\
                           for example: tieline scan --rules rules/ --output table events/";
            return Err(Failure::Usage(message.to_owned()));
        }
        return Ok(expand_paths(&[PathBuf::from("-")]));
    }
    Ok(expand_paths(named))
}

fn options(args: &ScanArgs) -> Result<ScanOptions, Failure> {
    let detail = |wanted| if wanted { Detail::Included } else { Detail::Omitted };
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // Who asks twice does not want to wait for the summary.
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.code().into());
        }
    })
    .map_err(|error| Failure::Input(format!("Ctrl-C cannot be caught: {error}")))?;
    let defaults = ScanOptions::default();
    Ok(ScanOptions {
        input: InputOptions { format: args.format, ..InputOptions::default() },
        threads: args.threads.map_or(defaults.threads, usize::from),
        select: Select { level_min: args.level, tags: args.tags.clone(), rules: args.only.clone() },
        evidence: detail(args.evidence),
        event: detail(args.event),
        profile: detail(args.profile.is_some()),
        faults: if args.given.how.strict { OnFault::Stop } else { OnFault::GoOn },
        follow: defaults.follow,
        correlate: correlate(args),
        stop,
    })
}

/// How events are correlated. Clocks of live input are not believed to any length, files are taken as they are.
fn correlate(args: &ScanArgs) -> Correlate {
    let own = &args.correlate;
    let is_live =
        args.follow || args.given.files.is_empty() || args.given.files.iter().any(|file| file == Path::new("-"));
    let jump_max = match own.clock_jump {
        Some(ClockJump::Off) => None,
        Some(ClockJump::Max(max)) => Some(max),
        None => is_live.then_some(LIVE_JUMP_MAX),
    };
    let stream = StreamOptions {
        lateness: own.lateness.unwrap_or_default(),
        jump_max,
        state_bytes_max: usize::try_from(u64::from(own.state_memory) << 20).unwrap_or(usize::MAX),
        missing_time: match own.missing_time {
            MissingTimeForm::Skip => MissingTime::Skip,
            MissingTimeForm::Arrival => MissingTime::Arrival(now),
            MissingTimeForm::Error => MissingTime::Error,
        },
        missing: match own.missing_group {
            MissingGroupForm::Skip => Missing::Skip,
            MissingGroupForm::Group => Missing::Group,
        },
        mode: match own.alerts {
            AlertsForm::Once => Mode::Suppress,
            AlertsForm::Repeat => Mode::Repeat,
            AlertsForm::Update => Mode::Update,
        },
        ..StreamOptions::default()
    };
    Correlate { stream, state: own.state.clone() }
}

/// A scan as it is told.
struct Run<'a> {
    args: &'a ScanArgs,
    select: &'a Select,
    /// Whether a rule that is asked for was met.
    selected: bool,
    screen: &'a mut Screen,
    printer: Box<dyn Printer>,
    summary: Summary,
    told: Told,
    /// Events that correlations do not count.
    not_counted: u64,
    /// Files that are scanned.
    files: usize,
    sources_told: usize,
    /// Files with their sources that were told or counted, while they are followed.
    files_told: BTreeSet<String>,
    /// Files that cannot be followed.
    read_once: u64,
    /// Sources that were told.
    sources: BTreeSet<String>,
    /// Files beyond those, by source.
    sources_more: BTreeMap<String, u64>,
    /// What the scan cost, if that was asked for.
    profile: Option<Profile>,
    failure: Option<Failure>,
    started: Instant,
    /// Bytes of all files; `None` when one of them is a stream.
    bytes: Option<u64>,
    bar_wanted: bool,
}

impl<'a> Run<'a> {
    fn new(args: &'a ScanArgs, select: &'a Select, files: &[PathBuf], screen: &'a mut Screen) -> Self {
        let size = |file: &PathBuf| fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|data| data.len());
        // Where results scroll by, a bar would only flicker.
        let scrolls = screen.out_is_terminal() && args.output != OutputForm::Table;
        let bar_wanted = io::stderr().is_terminal() && !screen.is_quiet() && !scrolls;
        Self {
            args,
            select,
            selected: *select == Select::default(),
            printer: output::printer(args),
            summary: Summary::default(),
            told: Told::default(),
            not_counted: 0,
            files: files.len(),
            sources_told: 0,
            files_told: BTreeSet::new(),
            read_once: 0,
            sources: BTreeSet::new(),
            sources_more: BTreeMap::new(),
            profile: None,
            failure: None,
            started: Instant::now(),
            bytes: if args.follow { None } else { files.iter().map(size).sum() },
            bar_wanted,
            screen,
        }
    }

    fn begin(&mut self, plan: &mut Plan) -> Result<(), Failure> {
        self.told.show(plan.pack().diagnostics(), self.screen);
        if self.args.given.how.strict {
            plan::refuse_broken(plan.pack().diagnostics().iter(), self.screen)?;
        }
        if self.args.follow && plan.fixed().is_none() {
            // The first event may be far off, and what is wrong with rules is to be told now.
            let as_is = plan.as_is();
            plan.compile(as_is)?;
            self.compiled(as_is, plan)?;
            self.expect_selected()?;
        }
        if self.args.follow && self.bar_wanted {
            self.screen.bar = Some(new_spinner());
            self.progress(0, 0)?;
        }
        Ok(())
    }

    fn notice(&mut self, notice: Notice<'_>) -> ControlFlow<()> {
        let result = match notice {
            Notice::Opened { .. } => Ok(()),
            Notice::Source { file, source } => {
                self.source(file, source);
                Ok(())
            }
            Notice::Compiled { id, plan } => self.compiled(id, plan),
            Notice::Found(found) => self.found(&found),
            Notice::BadEvent(event) => {
                self.bad_event(&event);
                Ok(())
            }
            Notice::NotCounted { place, arrival } => {
                self.not_counted(place, arrival);
                Ok(())
            }
            Notice::BadFile(error) => {
                self.screen.error(&error.to_string());
                Ok(())
            }
            Notice::Changed { file, change } => {
                self.changed(file, change);
                Ok(())
            }
            Notice::Reloaded { changes, plan } => {
                self.told.renew();
                self.screen.note(&format!("rules reloaded: {changes}"));
                self.told.show(plan.pack().diagnostics(), self.screen);
                Ok(())
            }
            Notice::Kept { error, diagnostics } => {
                self.told.renew();
                self.told.show(diagnostics, self.screen);
                self.screen.warning(&format!("the rules are not reloaded, and those before stay: {error}"));
                Ok(())
            }
            Notice::Restored(restored) => {
                self.restored(restored);
                Ok(())
            }
            Notice::Profile(profile) => {
                self.profile = Some(profile);
                Ok(())
            }
            Notice::Progress { bytes, events } => self.progress(bytes, events),
        };
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        }
    }

    fn source(&mut self, file: &str, source: Option<&Known>) {
        let name = source.map_or("", Known::name);
        if self.args.follow && !self.files_told.insert(format!("{name} {file}")) {
            // The file was rotated, which is no news about its source.
            return;
        }
        self.sources_told += 1;
        if self.sources_told > SOURCES_SHOWN {
            let name = source.map_or("no known source", Known::name);
            *self.sources_more.entry(name.to_owned()).or_default() += 1;
            return;
        }
        match source {
            Some(source) => {
                // What a source is needs to be read once only.
                let title = if self.sources.insert(source.name().to_owned()) {
                    format!(": {}", source.title())
                } else {
                    String::new()
                };
                self.screen.note(&format!("{} is {}{title}", visible(file), source.name()));
            }
            None => {
                self.screen.note(&format!("{} is of no known source; rules are taken as they are", visible(file)));
            }
        }
    }

    fn changed(&mut self, file: &str, change: Change) {
        let text = format!("{}: {change}", visible(file));
        match change {
            Change::Packed | Change::Whole(_) => {
                self.read_once += 1;
                if self.read_once <= READ_ONCE_SHOWN {
                    self.screen.note(&text);
                }
            }
            Change::Rotated | Change::PackedCopy => self.screen.note(&text),
            _ => self.screen.warning(&text),
        }
    }

    fn compiled(&mut self, id: SourceId, plan: &Plan) -> Result<(), Failure> {
        let Some(rules) = plan.rules(id) else { return Ok(()) };
        if self.args.given.how.strict {
            plan::refuse_broken(rules.diagnostics().iter(), self.screen)?;
        }
        self.told.show(rules.diagnostics(), self.screen);
        if plan::is_nothing_left(rules) {
            return Err(Failure::Rules(plan::no_rules(plan)));
        }
        if rules.correlations().len() > 0 {
            self.printer.expect_correlations();
        }
        self.selected |= rules.iter().any(|rule| self.select.takes(rule))
            || rules.correlations().any(|rule| self.select.takes_correlation(rule));
        if plan.fixed().is_some() {
            self.expect_selected()?;
        }
        if rules.is_empty() {
            let name = plan.source(id).map_or("such events", |source| source.name());
            self.screen.warning(&format!("no rule is about {name}"));
        }
        Ok(())
    }

    /// That no rule has a tag or a level may be so; that there is no rule of a name is a mistake.
    fn expect_selected(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.selected, true) {
            return Ok(());
        }
        let message = plan::nothing_selected(self.select);
        if self.select.rules.is_empty() {
            self.screen.warning(&message);
            return Ok(());
        }
        Err(Failure::Rules(message))
    }

    fn found(&mut self, found: &Found<'_>) -> Result<(), Failure> {
        self.summary.add(found);
        self.summary.failed |= match self.args.fail_on {
            None => false,
            Some(FailOn::Any) => true,
            Some(FailOn::Level(least)) => found.level.is_some_and(|level| level >= least),
        };
        self.printer.found(found, self.screen)
    }

    fn bad_event(&mut self, event: &BadEvent<'_>) {
        self.summary.bad_event(event.file);
        let shown: u64 = self.summary.bad_events();
        if self.args.given.how.strict {
            self.screen.error(&event.to_string());
        } else if shown <= BAD_EVENTS_SHOWN {
            self.screen.warning(&event.to_string());
        }
    }

    fn restored(&mut self, restored: &Restored) {
        if restored.kept > 0 {
            let groups = counted(restored.kept, "group");
            self.screen.note(&format!("correlations go on with the state of {groups}"));
        }
        for (id, groups) in &restored.dropped {
            let groups = counted(*groups, "group");
            let message =
                format!("the correlation `{}` has changed or is gone; the state of {groups} is dropped", visible(id));
            self.screen.warning(&message);
        }
    }

    fn not_counted(&mut self, place: Place<'_>, arrival: Arrival) {
        self.not_counted += 1;
        if self.not_counted > NOT_COUNTED_SHOWN {
            return;
        }
        let why = match arrival {
            Arrival::TooLate if self.files > 1 => {
                "is older than --lateness allows (files are read one after the other; a lateness as long as they are counts all)"
            }
            Arrival::TooLate => "is older than --lateness allows",
            Arrival::TooFarAhead => "is further ahead of all before it than --clock-jump allows",
            Arrival::NoTime | Arrival::InTime => "has no time that can be read; --time-field names its field",
        };
        let place = format!("{}:{}", place.file, place.line);
        self.screen.warning(&format!("{}: the event {why}; correlations do not count it", visible(&place)));
    }

    fn progress(&mut self, bytes: u64, events: u64) -> Result<(), Failure> {
        if self.printer.streams() {
            // What was found is shown at once, also when events come slowly.
            self.screen.out().flush()?;
        }
        if !self.bar_wanted || (self.started.elapsed() < PATIENCE && !self.args.follow) {
            return Ok(());
        }
        let total = self.bytes;
        let bar = self.screen.bar.get_or_insert_with(|| new_bar(total));
        bar.set_position(bytes);
        let left = total.and_then(|total| seconds_left(self.started.elapsed(), bytes, total));
        let left = left.map(|seconds| format!(", {seconds} s left")).unwrap_or_default();
        let detections = counted(self.summary.detections(), "detection");
        bar.set_message(format!("{}, {detections}{left}", counted(events, "event")));
        Ok(())
    }

    fn finish_bar(&mut self) {
        if let Some(bar) = self.screen.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn end(mut self) -> Result<Exit, Failure> {
        self.summary.seconds = self.started.elapsed().as_secs_f64();
        if !self.sources_more.is_empty() {
            let more: Vec<String> = self
                .sources_more
                .iter()
                .map(|(name, count)| format!("{} of {name}", counted(*count, "file")))
                .collect();
            self.screen.note(&format!("and {}", more.join(", ")));
        }
        if self.read_once > READ_ONCE_SHOWN {
            let more = counted(self.read_once - READ_ONCE_SHOWN, "more file");
            self.screen.note(&format!("{more} could not be followed and were read once"));
        }
        let bad = self.summary.bad_events();
        if bad > BAD_EVENTS_SHOWN && !self.args.given.how.strict {
            let more = counted(bad - BAD_EVENTS_SHOWN, "more event");
            self.screen.warning(&format!("{more} could not be read"));
        }
        self.told.conclude(self.screen);
        if self.summary.end == Some(End::Interrupted) {
            self.screen.warning("interrupted; this is what was found so far");
        }
        self.printer.end(&self.summary, self.screen)?;
        self.screen.finish()?;
        if let Some(profile) = &self.profile {
            match self.args.profile.as_ref().and_then(Option::as_ref) {
                Some(file) => output::save_profile(profile, file)?,
                None => output::tell_profile(profile, self.screen),
            }
        }
        let exits = [
            (self.summary.failed, Exit::Findings),
            (self.summary.totals.bad_files > 0, Exit::Input),
            (self.summary.end == Some(End::Fault), Exit::Strict),
            (self.summary.end == Some(End::Interrupted), Exit::Interrupted),
        ];
        if self.summary.end == Some(End::Fault) {
            self.screen.error("stopped by --strict; the summary is of what was read before");
        }
        Ok(exits.into_iter().filter(|(applies, _)| *applies).map(|(_, exit)| exit).max().unwrap_or(Exit::Fine))
    }
}

/// How long the rest takes when it goes on as it did; a bar's own estimate begins with the bar, which comes late.
fn seconds_left(elapsed: Duration, bytes: u64, total: u64) -> Option<u64> {
    let rest = u128::from(total.saturating_sub(bytes));
    let millis = elapsed.as_millis().saturating_mul(rest).checked_div(u128::from(bytes))?;
    u64::try_from(millis.div_ceil(1000)).ok()
}

pub(super) fn new_bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = match total {
        Some(_) => "{bar:20} {percent:>3}% {msg}",
        None => "{spinner} {bytes} {msg}, {elapsed}",
    };
    // The templates are fixed and right; a bar without style is no reason to stop.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Turns while files are followed, also when nothing comes.
fn new_spinner() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.enable_steady_tick(PATIENCE);
    match ProgressStyle::with_template("{spinner} following: {msg}, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The last parts of a path, for narrow columns.
pub(crate) fn short(file: &str) -> &str {
    Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or(file)
}
