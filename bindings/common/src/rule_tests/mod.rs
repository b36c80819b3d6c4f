//! Runs the events that are filed beside rules.
//!
//! ```text
//!  whoami.yml   whoami.match.ndjson    every event must fire a rule of whoami.yml
//!               whoami.silent.ndjson   no event may
//! ```
//!
//! Each event meets the form of the rules that its source asks for, as in a scan. All of the pack is loaded, so
//! that filters have their say. Beside a file with a correlation stand sequences of events (`sequences`). What correlations
//! refer to and what is not in the pack is taken from the shipped rules. Nothing is printed here.

mod sequences;

use std::path::{Path, PathBuf};

use serde::Serialize;
use tieline::context::Context;
use tieline::diagnostic::{Code, Diagnostic};
use tieline::{JsonEvent, Rules};

use crate::context::read_context;
use crate::fields::logsource;
use crate::input::{Batch, InputError, InputOptions, Reader};
use crate::load::holds_correlation;
use crate::record::identity;
use crate::source::{Plan, SourceId};
use sequences::Sequences;

/// Suffixes of files with events, in place of `.yml`.
const MATCH: &str = "match";
const SILENT: &str = "silent";

/// The plant of the rules beside it.
const CONTEXT: &str = "context.yml";

/// Endings of files with events; the first that exists is taken.
const ENDINGS: &[&str] = &["ndjson", "ndjson.gz", "json", "evtx"];

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// Rule files with events beside them.
    pub tested: usize,
    /// Rule files without.
    pub untested: Vec<String>,
    /// Events that were tried.
    pub events: usize,
    /// What went wrong.
    pub failures: Vec<TestFailure>,
}

/// An event, or a sequence of events, that did not do what its file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestFailure {
    /// The rule file.
    pub rule: String,
    /// The file with the event.
    pub file: String,
    /// Its line or record, from 1; the first one of a sequence, and 0 when the whole file is meant.
    pub line: u64,
    /// What is wrong, in one line.
    pub message: String,
    /// The condition tree with its verdicts; of a sequence what each event was to the correlations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// Runs all events beside the rules of a plan's pack.
///
/// # Errors
/// When a pipeline is broken. Files of events that cannot be read are failures in the report.
pub fn run_tests(plan: &mut Plan, each: &mut dyn FnMut(&str)) -> Result<TestReport, tieline::Error> {
    let mut report = TestReport::default();
    let rule_files: Vec<(String, bool)> =
        plan.pack().texts().map(|(path, text)| (path.to_owned(), holds_correlation(text))).collect();
    if rule_files.iter().any(|(_, is_correlation)| *is_correlation) {
        complete(plan)?;
    }
    let mut plant = None;
    for (rule, is_correlation) in rule_files {
        each(&rule);
        let files: Vec<(PathBuf, bool)> = [(MATCH, true), (SILENT, false)]
            .into_iter()
            .filter_map(|(suffix, fires)| Some((beside(Path::new(&rule), suffix)?, fires)))
            .collect();
        if files.is_empty() {
            report.untested.push(rule);
            continue;
        }
        report.tested += 1;
        if plan.context().is_none() {
            let directory = Path::new(&rule).parent().unwrap_or(Path::new(""));
            if plant.as_ref().is_none_or(|plant: &Plant| plant.directory != directory) {
                plant = Some(Plant::read(directory, &mut report));
            }
        }
        for (file, fires) in files {
            let file_name = file.display().to_string();
            let context = plant.as_ref().and_then(|plant| plant.context.as_ref());
            let mut test = Test { rule: &rule, file: file_name, fires, plan, context, report: &mut report };
            if is_correlation { test.run(&file, &mut Sequences::new(&rule))? } else { test.run(&file, &mut EachEvent)? }
        }
    }
    Ok(report)
}

/// Puts the shipped rules behind those of the plan when references of correlations lead nowhere.
fn complete(plan: &mut Plan) -> Result<(), tieline::Error> {
    let base = plan.fixed().unwrap_or(plan.as_is());
    plan.compile(base)?;
    let told = plan.rules(base).map_or(&[][..], Rules::diagnostics);
    if told.iter().any(|told| told.code == Code::UnresolvedReference) {
        *plan = plan.with_shipped();
    }
    Ok(())
}

/// The file `X.match.ndjson` or the like beside `X.yml`.
fn beside(rule: &Path, suffix: &str) -> Option<PathBuf> {
    let stem = rule.file_stem()?.to_str()?;
    ENDINGS.iter().map(|ending| rule.with_file_name(format!("{stem}.{suffix}.{ending}"))).find(|path| path.is_file())
}

/// The plant beside the rules of a directory, if there is one.
struct Plant {
    directory: PathBuf,
    context: Option<Context>,
}

impl Plant {
    fn read(directory: &Path, report: &mut TestReport) -> Self {
        let path = directory.join(CONTEXT);
        let file = path.display().to_string();
        let mut fail = |line: u32, message: String| {
            let (rule, file) = (file.clone(), file.clone());
            report.failures.push(TestFailure { rule, file, line: line.into(), message, explanation: None });
        };
        let mut context = None;
        if path.is_file() {
            match read_context(std::slice::from_ref(&file)) {
                Ok(read) => {
                    read.diagnostics().iter().for_each(|told| fail(told.line, told.message.clone()));
                    context = Some(read);
                }
                Err(error) => fail(0, error.to_string()),
            }
        }
        Self { directory: directory.to_path_buf(), context }
    }
}

struct Test<'a> {
    rule: &'a str,
    file: String,
    fires: bool,
    plan: &'a mut Plan,
    context: Option<&'a Context>,
    report: &'a mut TestReport,
}

/// What is done with the events of a file.
trait Trial {
    /// Tries the next event, which can be read and for whose source the rules are compiled.
    fn event(&mut self, test: &mut Test<'_>, id: SourceId, line: u64, bytes: &[u8], event: &JsonEvent);

    /// Judges what is left when the file ends.
    fn end(&mut self, _: &mut Test<'_>) {}
}

/// Each event by itself fires the rule, or none does.
struct EachEvent;

impl Trial for EachEvent {
    fn event(&mut self, test: &mut Test<'_>, id: SourceId, line: u64, bytes: &[u8], event: &JsonEvent) {
        test.event(id, line, bytes, event);
    }
}

impl Test<'_> {
    fn run(&mut self, path: &Path, trial: &mut dyn Trial) -> Result<(), tieline::Error> {
        let before = self.report.events;
        match self.read(path, trial) {
            Ok(inner) => inner?,
            Err(error) => self.fail(0, error.to_string(), None),
        }
        trial.end(self);
        if self.report.events == before && self.fires {
            self.fail(0, "holds no event".to_owned(), None);
        }
        Ok(())
    }

    fn read(&mut self, path: &Path, trial: &mut dyn Trial) -> Result<Result<(), tieline::Error>, InputError> {
        let mut reader = Reader::open(path, &InputOptions::default())?;
        let (mut batch, mut faults) = (Batch::default(), Vec::new());
        let mut main = None;
        while reader.next_batch(&mut batch, &mut faults)? {
            for fault in faults.drain(..) {
                self.report.events += 1;
                self.fail(fault.number, fault.message, None);
            }
            for record in batch.iter() {
                self.report.events += 1;
                let event = match JsonEvent::parse(record.bytes) {
                    Ok(event) => event,
                    Err(error) => {
                        self.fail(record.number, error.to_string(), None);
                        continue;
                    }
                };
                let id = self.plan.choose(record.bytes, main);
                main = main.or(Some(id));
                if let Err(error) = self.plan.compile(id) {
                    return Ok(Err(error));
                }
                trial.event(self, id, record.number, record.bytes, &event);
            }
        }
        Ok(Ok(()))
    }

    /// The rules for a source, over the plant beside the file.
    fn rules(&self, id: SourceId) -> Option<Rules> {
        let rules = self.plan.rules(id)?;
        Some(self.context.map_or_else(|| rules.clone(), |context| rules.with_context(context)))
    }

    fn event(&mut self, id: SourceId, line: u64, bytes: &[u8], event: &JsonEvent) {
        let Some(rules) = self.rules(id) else { return };
        let own: Vec<usize> = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.path() == Some(self.rule))
            .map(|(index, _)| index)
            .collect();
        if own.is_empty() {
            // Said once for a file, because it is the same for all events like this one.
            let message = self.why_absent(id, &rules);
            let told = |failure: &TestFailure| failure.file == self.file && failure.message == message;
            if self.fires && !self.report.failures.iter().rev().take_while(|last| last.rule == self.rule).any(told) {
                self.fail(line, message, None);
            }
            return;
        }
        let fired = fired(&rules, bytes);
        match (self.fires, own.iter().find(|index| fired.contains(index))) {
            (true, None) => {
                let text: String = own.iter().map(|index| rules.explain(*index, event).to_string()).collect();
                self.fail(line, "must fire the rule, but does not".to_owned(), Some(text));
            }
            (false, Some(index)) => {
                let rule = rules.rule(*index);
                let name = identity(rule).unwrap_or_else(|| rule.title());
                let text = rules.explain(*index, event).to_string();
                self.fail(line, format!("must stay silent, but fires `{name}`"), Some(text));
            }
            _ => {}
        }
    }

    /// The first thing that is wrong in the rule file.
    fn broken<'r>(&self, rules: &'r Rules) -> Option<&'r Diagnostic> {
        rules.diagnostics().iter().find(|told| told.is_error() && told.path.as_deref() == Some(self.rule))
    }

    /// Why no rule of the file can match an event of this source.
    fn why_absent(&self, id: SourceId, rules: &Rules) -> String {
        if let Some(broken) = self.broken(rules) {
            return format!("no rule of the file could be loaded: {broken}");
        }
        let unmapped = self.plan.rules(self.plan.as_is());
        let own = unmapped.and_then(|rules| rules.iter().find(|rule| rule.path() == Some(self.rule)));
        let about = own.map_or(String::new(), |rule| format!(" ({})", logsource(rule.logsource())));
        match self.plan.source(id) {
            Some(source) => {
                format!("the event is of the source `{}`, which the rule is not about{about}", source.name())
            }
            None => format!("no rule of the file is about such events{about}"),
        }
    }

    fn fail(&mut self, line: u64, message: String, explanation: Option<String>) {
        let (rule, file) = (self.rule.to_owned(), self.file.clone());
        self.report.failures.push(TestFailure { rule, file, line, message, explanation });
    }
}

/// The rules that match, as a scan finds them.
fn fired(rules: &Rules, bytes: &[u8]) -> Vec<usize> {
    let results = rules.scan_batch(&[bytes], None);
    let matched = results.into_iter().flatten().flatten();
    matched.map(|index| index as usize).collect()
}
