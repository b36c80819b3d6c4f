//! `tieline coverage --rules PATH... [FILE...]`: which techniques are rules about, and which rules can never fire here?
//!
//! ```text
//! ATT&CK for ICS 18.1: 47 of 83 techniques have a rule, 12 a rule that could fire on these events
//! TACTIC            TECHNIQUES  RULES  HERE  ...
//! 9 of 60 rules can never fire on these events; missing: _path = dns (3 rules) ...
//! ```

use super::check::write_error;
use super::plan;
use crate::args::{CoverageArgs, CoverageForm, DomainForm};
use crate::exit::{Exit, Failure};
use crate::screen::{BOLD, DIM, GREEN, RED, Screen, YELLOW, counted, grouped, level_name, style_of, visible};
use std::fs;
use std::io::Write;
use std::path::Path;
use tieline::{Compiler, Normaliser};
use tieline_common::coverage::{
    Coverage, DataReport, Domain, Missing, MissingKind, Observer, Technique, coverage, layer,
};
use tieline_common::input::{Batch, EventFiles, InputOptions, Reader, expand_paths};
use tieline_common::load::{read_taxonomy, with_taxonomy};
use tieline_common::source::Plan;

/// Unreadable events that are shown; the rest is counted.
const BAD_EVENTS_SHOWN: u64 = 5;

/// Rows of a table of what was seen.
const ROWS_MAX: usize = 20;

pub(crate) fn run(mut args: CoverageArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    args.given.split();
    let plan = plan::plan(&args.given.rules, &args.given.how)?;
    compile(&plan, &args, screen)?;
    let mut exit = Exit::Fine;
    let report = if args.given.files.is_empty() {
        coverage(&plan, &args.given.rules, None)
    } else {
        let taxonomy = read_taxonomy(&args.given.how.taxonomy).map_err(|error| Failure::Rules(error.to_string()))?;
        let compiler = with_taxonomy(Compiler::new(), &taxonomy);
        let normaliser = match plan.context() {
            Some(context) => Normaliser::in_context(compiler, context)?,
            None => Normaliser::new(compiler)?,
        };
        let mut seen = Observer::new(&plan, normaliser);
        exit = observe(&mut seen, &args, screen)?;
        coverage(&plan, &args.given.rules, Some(&seen))
    };
    let domain = args.domain.map(|domain| match domain {
        DomainForm::Ics => Domain::Ics,
        DomainForm::Enterprise => Domain::Enterprise,
    });
    let text = match args.format {
        CoverageForm::Text => None,
        CoverageForm::Json => Some(serde_json::to_string_pretty(&of_domain(&report, domain)).map_err(write_error)?),
        CoverageForm::Navigator => {
            let layer = layer(&report, domain.unwrap_or(Domain::Ics));
            Some(serde_json::to_string_pretty(&layer).map_err(write_error)?)
        }
    };
    let mut page = Page { out: Vec::new(), screen, is_file: args.output.is_some() };
    match text {
        Some(text) => writeln!(page.out, "{text}")?,
        None => page.report(&report, domain)?,
    }
    let out = page.out;
    match &args.output {
        Some(path) => save(path, &out, screen)?,
        None => screen.out().write_all(&out)?,
    }
    Ok(exit)
}

/// The rules for every source that events may be of; that there are some is checked.
fn compile(plan: &Plan, args: &CoverageArgs, screen: &Screen) -> Result<(), Failure> {
    let base = plan.fixed().unwrap_or(plan.as_is());
    plan.compile(base)?;
    let rules = plan::loaded(plan, base, screen, &args.given.how)?;
    if rules.is_empty() && rules.counts().correlations == 0 {
        return Err(Failure::Rules("all rules are about other events".to_owned()));
    }
    if plan.fixed().is_none() && !args.given.files.is_empty() {
        plan.sources().try_for_each(|id| plan.compile(id).map(drop))?;
    }
    Ok(())
}

fn observe(seen: &mut Observer<'_>, args: &CoverageArgs, screen: &Screen) -> Result<Exit, Failure> {
    let EventFiles { files, errors, .. } = expand_paths(&args.given.files);
    let mut faults = errors.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut bad = 0_u64;
    for path in &files {
        if let Err(error) = file(seen, path, &mut bad, args, screen)? {
            faults.push(error);
        }
    }
    if bad > 0 {
        screen.error(&format!("{} could not be read", counted(bad, "event")));
    }
    for fault in &faults {
        screen.error(fault);
    }
    match faults.is_empty() {
        true => Ok(Exit::Fine),
        false if args.given.how.strict => {
            Err(Failure::Strict("stopped by --strict at a file that cannot be read".to_owned()))
        }
        false => Ok(Exit::Input),
    }
}

/// Reads a file; the inner error is about the file alone.
fn file(
    seen: &mut Observer<'_>,
    path: &Path,
    bad: &mut u64,
    args: &CoverageArgs,
    screen: &Screen,
) -> Result<Result<(), String>, Failure> {
    let options = InputOptions::default();
    let opened = if path.as_os_str() == "-" {
        Reader::from_read("-", Box::new(std::io::stdin()), &options)
    } else {
        Reader::open(path, &options)
    };
    let mut reader = match opened {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let name = path.display().to_string();
    let mut tell = |message: String| {
        *bad += 1;
        if args.given.how.strict {
            return Err(Failure::Strict(format!("stopped by --strict at an event that cannot be read\n{message}")));
        }
        if *bad <= BAD_EVENTS_SHOWN {
            screen.error(&message);
        }
        Ok(())
    };
    let (mut batch, mut faults) = (Batch::default(), Vec::new());
    loop {
        let more = match reader.next_batch(&mut batch, &mut faults) {
            Ok(more) => more,
            Err(error) => return Ok(Err(error.to_string())),
        };
        for fault in faults.drain(..) {
            seen.push_unreadable();
            tell(format!("{name}: {fault}"))?;
        }
        if !more {
            return Ok(if reader.is_incomplete() {
                Err(format!("`{name}`: could be read only in part"))
            } else {
                Ok(())
            });
        }
        for record in batch.iter() {
            if let Err(error) = seen.push(record.bytes, &name, record.number) {
                tell(format!("{name}:{}: {error}", record.number))?;
            }
        }
    }
}

/// The report without what was not asked for.
fn of_domain(report: &Coverage, domain: Option<Domain>) -> Coverage {
    let mut report = report.clone();
    if domain == Some(Domain::Enterprise) {
        report.ics.clear();
        report.ics_other.clear();
        report.ics_tactics.clear();
    }
    if domain == Some(Domain::Ics) {
        report.enterprise.clear();
    }
    report
}

/// Writes a file, whole or not at all.
pub(super) fn save(path: &Path, bytes: &[u8], screen: &Screen) -> Result<(), Failure> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .map_err(|error| Failure::Input(format!("`{}`: cannot be written: {error}", path.display())))?;
    screen.note(&format!("wrote {}", path.display()));
    Ok(())
}

/// What people read.
struct Page<'a> {
    out: Vec<u8>,
    screen: &'a Screen,
    is_file: bool,
}

impl Page<'_> {
    fn paint(&self, style: anstyle::Style, text: impl Into<String>) -> String {
        let text = text.into();
        if self.is_file { text } else { self.screen.paint(style, text).to_string() }
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        // Only a terminal has a margin.
        let line = match self.screen.width().filter(|_| !self.is_file) {
            Some(width) => console::truncate_str(line, width, "…"),
            None => line.into(),
        };
        Ok(writeln!(self.out, "{}", line.trim_end())?)
    }

    fn head(&mut self, text: &str) -> Result<(), Failure> {
        let text = self.paint(BOLD, text);
        self.line(&text)
    }

    fn report(&mut self, report: &Coverage, domain: Option<Domain>) -> Result<(), Failure> {
        self.packs(report)?;
        if domain != Some(Domain::Enterprise) {
            self.ics(report)?;
        }
        if domain != Some(Domain::Ics) {
            self.enterprise(report)?;
        }
        match &report.data {
            Some(data) => self.data(data),
            None => Ok(()),
        }
    }

    fn packs(&mut self, report: &Coverage) -> Result<(), Failure> {
        let width = report.packs.iter().map(|pack| console::measure_text_width(&pack.name)).max().unwrap_or(4).max(4);
        let here = if report.data.is_some() { "  HERE" } else { "" };
        self.head(&format!("{:width$}  RULES{here}    ICS  ENTERPRISE  UNTAGGED", "PACK"))?;
        for pack in &report.packs {
            let here = pack.here.map(|here| format!("  {here:>4}"));
            let here = here.or(report.data.as_ref().map(|_| format!("  {:>4}", 0))).unwrap_or_default();
            let name = console::pad_str(&pack.name, width, console::Alignment::Left, None);
            self.line(&format!(
                "{name}  {:>5}{here}  {:>5}  {:>10}  {:>8}",
                pack.rules, pack.ics, pack.enterprise, pack.untagged
            ))?;
        }
        Ok(())
    }

    fn ics(&mut self, report: &Coverage) -> Result<(), Failure> {
        let covered = report.ics.iter().filter(|technique| !technique.rules.is_empty()).count();
        let here = report.ics.iter().filter(|technique| technique.here > Some(0)).count();
        let here = report.data.as_ref().map(|_| format!(", {here} a rule that could fire on these events"));
        let here = here.unwrap_or_default();
        self.line("")?;
        self.head(&format!(
            "ATT&CK for ICS {}: {covered} of {} techniques have a rule{here}",
            report.attack,
            report.ics.len()
        ))?;
        for tactic in &report.ics_tactics {
            let here = tactic.here.map(|here| format!(", {here} here")).unwrap_or_default();
            self.line("")?;
            self.head(&format!("{}: {} of {}{here}", tactic.name, tactic.covered, tactic.techniques))?;
            for technique in report.ics.iter().filter(|technique| technique.tactics.contains(&tactic.name)) {
                self.technique(technique)?;
            }
        }
        if !report.ics_other.is_empty() {
            self.line("")?;
            self.head(&format!("other ids, not in version {}", report.attack))?;
            report.ics_other.iter().try_for_each(|technique| self.technique(technique))?;
        }
        Ok(())
    }

    fn technique(&mut self, technique: &Technique) -> Result<(), Failure> {
        let id = match technique.v19 {
            Some(v19) => format!("{} ({v19})", technique.id),
            None => technique.id.clone(),
        };
        let name = technique.name.unwrap_or("");
        if technique.rules.is_empty() {
            let reason = technique.shows.map_or("", |shows| shows.reason());
            let by = technique.by.unwrap_or("");
            let row = self.paint(DIM, format!("  {id:17}      {:13}  {name}: {reason}: {by}", "-"));
            return self.line(&row);
        }
        let rules = match technique.here {
            Some(here) => format!("{here}/{}", technique.rules.len()),
            None => technique.rules.len().to_string(),
        };
        let rules = console::pad_str(&rules, 5, console::Alignment::Right, None).into_owned();
        let rules = self.paint(if technique.here == Some(0) { YELLOW } else { GREEN }, rules);
        let level = self.paint(style_of(technique.level), format!("{:13}", level_name(technique.level)));
        let packs: Vec<String> = technique.packs.iter().map(|(pack, rules)| format!("{pack} {rules}")).collect();
        let packs = self.paint(DIM, packs.join(", "));
        let name = if name.is_empty() { String::new() } else { format!("{name}  ") };
        self.line(&format!("  {id:17}{rules} {level}  {name}{packs}"))
    }

    fn enterprise(&mut self, report: &Coverage) -> Result<(), Failure> {
        self.line("")?;
        let techniques = counted(report.enterprise.len() as u64, "technique");
        self.head(&format!("ATT&CK for Enterprise: {techniques} named by rules"))?;
        report.enterprise.iter().try_for_each(|technique| self.technique(technique))
    }

    fn data(&mut self, data: &DataReport) -> Result<(), Failure> {
        self.line("")?;
        let time = |first: &Option<String>, last: &Option<String>| match (first, last) {
            (Some(first), Some(last)) => format!("  {} to {}", visible(first), visible(last)),
            _ => String::new(),
        };
        let events = counted(data.all.events, "event");
        self.head(&format!("Seen: {events}{}", time(&data.all.first, &data.all.last)))?;
        for log in data.logs.iter().take(ROWS_MAX) {
            let source = log.source.as_deref().unwrap_or("-");
            let name = if log.log.is_empty() { "-" } else { &log.log };
            let count = grouped(log.count.events);
            let when = self.paint(DIM, time(&log.count.first, &log.count.last));
            self.line(&format!("  {count:>11}  {source:12}  {}{when}", visible(name)))?;
        }
        self.rest(data.logs.len(), "logs")?;
        for row in &data.operations {
            let count = grouped(row.count.events);
            let when = self.paint(DIM, time(&row.count.first, &row.count.last));
            self.line(&format!(
                "  {count:>11}  OT operations  {} by {}{when}",
                visible(&row.protocol),
                visible(&row.sensor)
            ))?;
        }
        let mut doubts = Vec::new();
        if data.unreadable > 0 {
            doubts.push(format!("{} could not be read", counted(data.unreadable, "event")));
        }
        if data.unrecognised.events > 0 {
            let at: Vec<String> =
                data.unrecognised_at.iter().map(|place| format!("{}:{}", place.file, place.line)).collect();
            let events = counted(data.unrecognised.events, "event");
            doubts.push(format!("{events} not recognised, such as {}", visible(&at.join(", "))));
        }
        if data.further > 0 {
            doubts.push(format!("{} of further kinds, counted together", counted(data.further, "event")));
        }
        for row in data.not_decoded.iter().take(ROWS_MAX) {
            let guess = if row.guess { "perhaps " } else { "" };
            doubts.push(format!(
                "never decoded: {guess}{} on port {}, {}",
                row.title,
                row.port,
                counted(row.count.events, "event")
            ));
        }
        for zone in data.zones_unseen.iter().take(ROWS_MAX) {
            doubts.push(format!("no sensor: nothing of the zone {}", visible(zone)));
        }
        if let Some(more) = data.zones_unseen.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
            doubts.push(format!("no sensor: nothing of {} more", counted(more as u64, "zone")));
        }
        for doubt in doubts {
            let doubt = self.paint(YELLOW, doubt);
            self.line(&format!("  {doubt}"))?;
        }
        self.blind(data)
    }

    fn blind(&mut self, data: &DataReport) -> Result<(), Failure> {
        self.line("")?;
        let rules = counted((data.rules_here + data.blind.len()) as u64, "rule");
        if data.blind.is_empty() {
            let line = self.paint(GREEN, format!("each of {rules} could fire on such events"));
            return self.line(&line);
        }
        let blind = self.paint(RED, data.blind.len().to_string());
        self.line(&format!("{blind} of {rules} can never fire on such events"))?;
        for row in data.missing_logs.iter().take(ROWS_MAX) {
            let missing = named(row.field.as_deref(), &row.values);
            self.line(&format!("  {:>5}  no events of {missing}", row.rules))?;
        }
        self.rest(data.missing_logs.len(), "logs")?;
        for row in data.missing_fields.iter().take(ROWS_MAX) {
            self.line(&format!("  {:>5}  no field {}", row.rules, visible(&row.field)))?;
        }
        self.rest(data.missing_fields.len(), "fields")?;
        self.line("")?;
        self.head("Rules that can never fire")?;
        for rule in data.blind.iter().take(ROWS_MAX) {
            let why: Vec<String> = rule.missing.iter().map(why).collect();
            let why = self.paint(DIM, why.join(", "));
            self.line(&format!("  {}  {why}", visible(&rule.title)))?;
        }
        self.rest(data.blind.len(), "rules")
    }

    fn rest(&mut self, count: usize, noun: &str) -> Result<(), Failure> {
        match count.checked_sub(ROWS_MAX) {
            None | Some(0) => Ok(()),
            Some(more) => self.line(&format!("         and {more} more {noun}; --format json has all")),
        }
    }
}

fn why(missing: &Missing) -> String {
    let field = missing.field.as_deref().unwrap_or("");
    match missing.kind {
        MissingKind::Source | MissingKind::Log => {
            format!("no events of {}", named(missing.field.as_deref(), &missing.values))
        }
        MissingKind::Field => format!("no field {}", visible(field)),
        MissingKind::Absence => format!("no events without {}", visible(field)),
        MissingKind::Never => "its condition cannot be met".to_owned(),
    }
}

/// A log by its field and values.
fn named(field: Option<&str>, values: &[String]) -> String {
    let values = visible(&values.join(" or ")).into_owned();
    match field {
        Some(field) => format!("{} = {values}", visible(field)),
        None => values,
    }
}
