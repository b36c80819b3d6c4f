//! Runs the sequences of events that are filed beside correlations.
//!
//! ```text
//!  X.yml   X.match.ndjson   line 1  ┐ a sequence: some correlation of X.yml must alert
//!                           line 2  ┘
//!                           (blank)
//!                           line 4  ┐ another one, which knows nothing of the first
//!                           line 5  ┘
//!          X.silent.ndjson          likewise; none may alert
//! ```
//!
//! Events stand in the order of their times, whatever log each is of, and all windows close at the end of a sequence. The
//! correlations that must alert are those to which no other one of the file refers. What a correlation means is a matter of the core.

use super::{Test, Trial};
use crate::record::identity_of;
use crate::source::{Plan, SourceId};
use crate::time;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use tieline::stream::{Alert, Arrival, CorrelationInfo, Machine, Stream, StreamOptions, Tells};
use tieline::{JsonEvent, Metadata, Rules, Scanner};

/// The sequences of a file, one after the other.
pub(super) struct Sequences {
    rule: String,
    scanners: BTreeMap<SourceId, Scanner>,
    /// What the file is about; made with the first event.
    subject: Option<Subject>,
    open: Option<Sequence>,
    /// Whether it was told that there is no correlation.
    is_told: bool,
}

/// The correlations of a file, and what they build on.
struct Subject {
    rules: Rules,
    machine: Machine,
    /// Positions of the correlations in the file.
    own: Vec<usize>,
    /// Those of them that must alert.
    outer: Vec<usize>,
    /// Ids and names that they refer to, directly or through others.
    heard: BTreeSet<String>,
}

struct Sequence {
    stream: Stream,
    lines: Vec<Line>,
}

/// What an event was to the correlations.
struct Line {
    number: u64,
    /// Titles of the rules that matched and that some correlation hears.
    rules: Vec<String>,
    /// Ids and names of these.
    names: Vec<String>,
    /// Its groups, for people.
    groups: BTreeSet<String>,
}

impl Sequences {
    /// For the events beside a rule file.
    pub(super) fn new(rule: &str) -> Self {
        Self { rule: rule.to_owned(), scanners: BTreeMap::new(), subject: None, open: None, is_told: false }
    }

    /// Whether the file has a correlation, told once.
    fn prepare(&mut self, test: &mut Test<'_>, line: u64) -> bool {
        if self.subject.is_none() && !self.is_told {
            let rules = test.plan.compiled().next().map(|(_, rules)| rules.clone());
            self.subject = rules.as_ref().and_then(|rules| Subject::new(rules, &self.rule));
            self.is_told = true;
            if self.subject.is_none() {
                let broken = rules.as_ref().and_then(|rules| test.broken(rules)).map(ToString::to_string);
                let why = broken.map_or(String::new(), |broken| format!(": {broken}"));
                test.fail(line, format!("no correlation of the file could be loaded{why}"), None);
            }
        }
        self.subject.is_some()
    }
}

impl Trial for Sequences {
    fn event(&mut self, test: &mut Test<'_>, id: SourceId, line: u64, bytes: &[u8], _: &JsonEvent) {
        if !self.prepare(test, line) {
            return;
        }
        let follows = |sequence: &Sequence| sequence.lines.last().is_none_or(|last| line == last.number + 1);
        if !self.open.as_ref().is_none_or(follows) {
            self.end(test);
        }
        let (Some(subject), Some(rules)) = (&self.subject, test.rules(id)) else { return };
        let sequence = self.open.get_or_insert_with(|| Sequence::new(&subject.rules));
        let scanner = self.scanners.entry(id).or_insert_with(|| Scanner::new(&rules));
        if let Some(fault) = sequence.take_in(subject, &rules, scanner, line, bytes) {
            test.fail(line, fault.to_owned(), None);
        }
    }

    fn end(&mut self, test: &mut Test<'_>) {
        let (Some(subject), Some(mut sequence)) = (&self.subject, self.open.take()) else { return };
        sequence.stream.finish();
        let alerts = sequence.stream.take_alerts();
        let told = alerts.iter().find(|alert| subject.is_outer(alert.rule()));
        let Some((first, span)) = sequence.span() else { return };
        match (test.fires, told) {
            (true, None) => {
                let title = subject.titles();
                let text = subject.explain(&sequence.lines, &alerts, test.plan);
                test.fail(first, format!("{span} must make {title} alert, but do not"), Some(text));
            }
            (false, Some(alert)) => {
                let title = alert.rule().title();
                let text = subject.explain(&sequence.lines, &alerts, test.plan);
                let message = format!("{span} must stay silent, but `{title}` alerts {}", about(alert));
                test.fail(first, message, Some(text));
            }
            _ => {}
        }
    }
}

impl Subject {
    /// `None` when no correlation was read from this file.
    fn new(rules: &Rules, path: &str) -> Option<Self> {
        let all: Vec<&CorrelationInfo> = rules.correlations().collect();
        let own: Vec<usize> = (0..all.len()).filter(|at| all[*at].path() == Some(path)).collect();
        let is_heard =
            |at: usize| own.iter().any(|other| all[*other].rules().iter().any(|name| is(all[at].metadata(), name)));
        let outer: Vec<usize> = own.iter().copied().filter(|at| !is_heard(*at)).collect();
        // Each stands behind those it refers to, so one walk from the last to the first finds all.
        let mut heard = BTreeSet::new();
        for at in (0..all.len()).rev() {
            let meta = all[at].metadata();
            if own.contains(&at) || heard.iter().any(|name: &String| is(meta, name)) {
                heard.extend(all[at].rules().iter().cloned());
            }
        }
        let machine = Machine::new(rules, &StreamOptions::default());
        (!own.is_empty()).then(|| Self { rules: rules.clone(), machine, own, outer, heard })
    }

    fn is_outer(&self, rule: &CorrelationInfo) -> bool {
        self.outer.iter().any(|at| self.rules.correlations().nth(*at) == Some(rule))
    }

    fn titles(&self) -> String {
        let titles = self.rules.correlations().enumerate().filter(|(at, _)| self.outer.contains(at));
        titles.map(|(_, info)| format!("`{}`", info.title())).collect::<Vec<_>>().join(" or ")
    }

    /// The ids and names to which correlations of the file refer.
    fn named(&self) -> BTreeSet<&str> {
        let own = self.rules.correlations().enumerate().filter(|(at, _)| self.own.contains(at));
        own.flat_map(|(_, info)| info.rules()).map(String::as_str).collect()
    }

    /// What each line was to the correlations, what inner ones told, and what the file refers to and never came.
    fn explain(&self, lines: &[Line], alerts: &[Alert], plan: &Plan) -> String {
        let (mut text, named) = (String::new(), self.named());
        for line in lines {
            let what = if line.rules.is_empty() { "nothing that is referred to".into() } else { line.rules.join(", ") };
            let groups = match line.groups.is_empty() {
                true if line.names.iter().any(|name| named.contains(name.as_str())) => {
                    "; in no group, as it lacks a value to group by".to_owned()
                }
                true => String::new(),
                false => format!("; {}", line.groups.iter().cloned().collect::<Vec<_>>().join(" / ")),
            };
            let _ = writeln!(text, "line {}: {what}{groups}", line.number);
        }
        let heard = |alert: &&Alert| self.heard.iter().any(|name| is(alert.rule().metadata(), name));
        for alert in alerts.iter().filter(heard) {
            let _ = writeln!(text, "`{}` alerts {}", alert.rule().title(), about(alert));
        }
        let is_there = |name: &str| {
            lines.iter().any(|line| line.names.iter().any(|own| own == name))
                || alerts.iter().any(|alert| is(alert.rule().metadata(), name))
        };
        for name in named.into_iter().filter(|name| !is_there(name)) {
            let _ = writeln!(text, "never: {}", self.title_of(name, plan));
        }
        text
    }

    /// The title of what is referred to; what it is called by, when there is none in any form of the rules.
    fn title_of(&self, name: &str, plan: &Plan) -> String {
        let rule =
            |rules: &Rules| rules.iter().find(|rule| is(rule.metadata(), name)).map(|rule| rule.title().to_owned());
        let correlation = self.rules.correlations().find(|info| is(info.metadata(), name)).map(CorrelationInfo::title);
        let title = correlation.map(str::to_owned).or_else(|| plan.compiled().find_map(|(_, rules)| rule(rules)));
        title.map_or_else(|| format!("`{name}`, as no event is of its log"), |title| format!("`{title}`"))
    }
}

impl Sequence {
    fn new(rules: &Rules) -> Self {
        let options = StreamOptions { tells: Tells::Every, ..StreamOptions::default() };
        Self { stream: Stream::new(rules, options), lines: Vec::new() }
    }

    /// Takes an event in; tells why it cannot be a part of a sequence.
    fn take_in(
        &mut self,
        subject: &Subject,
        rules: &Rules,
        scanner: &mut Scanner,
        number: u64,
        bytes: &[u8],
    ) -> Option<&'static str> {
        let mut line = Line { number, rules: Vec::new(), names: Vec::new(), groups: BTreeSet::new() };
        let mut sighting = self.stream.sighting();
        // That it can be read was found out before.
        for found in scanner.sight_json(bytes, number, &mut sighting).into_iter().flatten() {
            let rule = rules.rule(found.index());
            let meta = rule.metadata();
            if subject.heard.iter().any(|name| is(meta, name)) {
                line.rules.push(format!("`{}`", rule.title()));
                line.names.extend([meta.id.clone(), meta.name.clone()].into_iter().flatten());
            }
        }
        for signal in subject.machine.signals(&sighting) {
            let info = subject.rules.correlations().nth(signal.key().0 as usize);
            if let Some(info) = info.filter(|_| subject.own.contains(&(signal.key().0 as usize))) {
                let group = signal.group();
                let values = info.group_by().iter().zip(&group).map(|(name, value)| (name.as_str(), value.as_deref()));
                line.groups.insert(shown(values));
            }
        }
        self.lines.push(line);
        match self.stream.push(&sighting) {
            Ok(Arrival::TooLate) => {
                Some("is older than an event before it; events of a sequence stand in the order of their times")
            }
            Ok(Arrival::NoTime) => {
                Some("has no time that can be read, so correlations do not count it; --time-field names its field")
            }
            Ok(Arrival::InTime | Arrival::TooFarAhead) => None,
            Err(_) => Some("is seen by other correlations than the events before it"),
        }
    }

    /// The first line, and all of them for people.
    fn span(&self) -> Option<(u64, String)> {
        let (first, last) = (self.lines.first()?.number, self.lines.last()?.number);
        Some((first, if first == last { format!("line {first} alone") } else { format!("lines {first} to {last}") }))
    }
}

/// Whether something is meant by an id or a name.
fn is(meta: &Metadata, name: &str) -> bool {
    identity_of(meta) == Some(name) || meta.name.as_deref() == Some(name)
}

/// When an alert holds, for which group, and by which lines.
fn about(alert: &Alert) -> String {
    let group = shown(alert.group());
    let group = if group == ALL { String::new() } else { format!(" for {group}") };
    let lines: Vec<String> = alert.events().iter().map(ToString::to_string).collect();
    let lines = match lines.len() {
        0 => String::new(),
        1 => format!(" (line {})", lines[0]),
        _ => format!(" (lines {})", lines.join(", ")),
    };
    format!("at {}{group}{lines}", time::rfc3339(alert.time_ns()))
}

/// What stands for the group of all events.
const ALL: &str = "one group";

fn shown<'a>(group: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let pairs: Vec<String> = group.map(|(name, value)| format!("{name}={}", value.unwrap_or("(none)"))).collect();
    if pairs.is_empty() { ALL.to_owned() } else { pairs.join(" ") }
}
