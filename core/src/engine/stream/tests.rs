//! A stream must say what the reference says, from rules and events as they are written to the alerts.
//!
//! ```text
//! random correlation ─┬─────────────────────────────── random signals ─▶ reference ──────────┐
//!                     └▶ YAML ─▶ Rules ─▶ Stream ◀─ JSON, late, saved, reloaded in between ──┴▶ equal
//! ```
//!
//! The reference gets the correlation as it was drawn, so reading, compiling and scanning are held to it as well. Bounds of
//! memory are not met here.

use super::*;
use crate::check::correlation::{CorrelationType, Criterion};
use crate::check::{Condition, Correlation};
use crate::correlation::correlator::{Behaviour, Correlator, Mode};
use crate::correlation::machine::What;
use crate::correlation::reference::Reference;
use crate::correlation::tests::{Raw, nearly, rule, signals};
use crate::engine::Compiler;
use crate::number::Number;
use proptest::prelude::*;
use std::time::Duration;

const ID: &str = "00000000-0000-4000-8000-000000000001";
const SECOND: i64 = 1_000_000_000;
/// 2026-11-23T08:00:00Z, the first time of all.
const BASE: i64 = 1_795_420_800 * SECOND;
const GROUPS: [&str; 3] = ["g0", "7", "true"];

/// What an alert says: when, of which group, of which kind, since and until when, how many, and the value.
type Said = (i64, String, AlertKind, i64, i64, u64, Number);
type AlertKind = crate::correlation::alert::FindingKind;

/// An event as it is drawn.
#[derive(Debug, Clone)]
struct Drawn {
    raw: Raw,
    group: usize,
    /// How much later than it happened it comes, in half seconds, if the lateness allows it.
    delay: i64,
    lack: Lack,
    spelling: usize,
    /// Whether it is scanned by the stream, or elsewhere and pushed alone or in a block.
    way: u8,
    /// Whether the event tells its time, or the caller does.
    tells_time: bool,
}

/// What an event lacks to be counted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lack {
    Nothing,
    Rule,
    Group,
    Value,
}

/// What happens to the stream between two events.
#[derive(Debug, Clone, Copy)]
enum Step {
    Take,
    /// Its state goes on in a new stream, with some form of the pack.
    Restore(u8),
    Reload(u8),
    /// The watermark goes as far as the events to come allow.
    Advance,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let raw = (0_i64..48, 1_u64..16, -12_i128..24, Just(0_u8), Just(0_u8));
    let lack =
        prop_oneof![12 => Just(Lack::Nothing), 1 => Just(Lack::Rule), 1 => Just(Lack::Group), 1 => Just(Lack::Value)];
    (raw, 0_usize..3, 0_i64..20, lack, 0_usize..6, 0_u8..3, any::<bool>()).prop_map(
        |(mut raw, group, delay, lack, spelling, way, tells_time)| {
            raw.0 = BASE + raw.0 * SECOND / 2;
            Drawn { raw, group, delay, lack, spelling, way, tells_time }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Take),
        any::<u8>().prop_map(Step::Restore),
        any::<u8>().prop_map(Step::Reload),
        Just(Step::Advance)
    ]
}

/// A correlation as rules can say it: in seconds, by a group, each comparison once.
fn sayable(mut correlation: Correlation) -> Correlation {
    correlation.group_by = vec!["G".to_owned()];
    if correlation.kind.has_field() {
        correlation.fields = vec!["V".to_owned()];
    }
    correlation.meta.id = Some(ID.to_owned());
    correlation.timespan_ns *= SECOND as u64;
    correlation.learning.span_ns *= SECOND as u64;
    correlation.learning.baseline_ns *= SECOND as u64;
    if let Criterion::Compare(bounds) = &mut correlation.criterion {
        let first = bounds[0].0;
        let mut at = 0;
        bounds.retain(|(comparison, _)| {
            at += 1;
            at == 1 || *comparison != first
        });
    }
    correlation
}

fn expression(condition: &Condition) -> String {
    let joined = |parts: &[Condition], word| parts.iter().map(expression).collect::<Vec<_>>().join(word);
    match condition {
        Condition::Selection(rule) => format!("r{rule}"),
        Condition::Of { count, .. } => format!("{count} of r*"),
        Condition::Not(inner) => format!("not ({})", expression(inner)),
        Condition::And(parts) => format!("({})", joined(parts, " and ")),
        Condition::Or(parts) => format!("({})", joined(parts, " or ")),
    }
}

/// The condition of a correlation as it is written; `None` where there is nothing to say.
fn condition(correlation: &Correlation) -> Option<String> {
    use CorrelationType as C;
    let (kind, learning) = (correlation.kind, correlation.learning);
    let seconds = |nanoseconds: u64| nanoseconds / SECOND as u64;
    let mut parts = Vec::new();
    if kind.has_field() {
        parts.push("field: V".to_owned());
    }
    if kind == C::ValuePercentile {
        parts.push(format!("percentile: {}", correlation.percentile.text()));
    }
    if matches!(kind, C::NewValue | C::RareValue | C::RateChange) {
        parts.push(format!("learning: {}s, maturity: {}", seconds(learning.span_ns), learning.maturity));
    }
    if kind == C::RateChange {
        parts.push(format!("baseline: {}s", seconds(learning.baseline_ns)));
    }
    match &correlation.criterion {
        Criterion::Expression(condition) => return Some(format!("\"{}\"", expression(condition))),
        Criterion::Compare(bounds) => {
            let bound = |(comparison, bound): &(crate::check::correlation::Comparison, Number)| {
                format!("{}: {}", comparison.name(), bound.text())
            };
            parts.extend(bounds.iter().map(bound));
        }
        Criterion::EveryRule => {}
    }
    (!parts.is_empty()).then(|| format!("{{{}}}", parts.join(", ")))
}

/// Rules with a correlation; `form` says under which title, in which order, and what else is there.
fn pack(correlation: &Correlation, form: u8) -> Rules {
    let rule = |at: usize| {
        let at = (at + usize::from(form >> 3)) % 4;
        format!(
            "title: r{at}\nname: r{at}\nlogsource: {{category: c}}\ndetection: {{s: {{R: r{at}}}, condition: s}}\n---\n"
        )
    };
    let names: Vec<String> = (0..correlation.rules.len()).map(|at| format!("r{at}")).collect();
    let own = format!(
        "title: form {form}\nid: {ID}\nname: own\ncorrelation:\n  type: {}\n  rules: [{}]\n  group-by: [G]\n  timespan: {}s\n{}",
        correlation.kind.name(),
        names.join(", "),
        correlation.timespan_ns / SECOND as u64,
        condition(correlation).map(|text| format!("  condition: {text}\n")).unwrap_or_default()
    );
    let other = |title: &str, of: &str| {
        format!(
            "title: {title}\ncorrelation: {{type: event_count, rules: [{of}], group-by: [V], timespan: 5s, \
             condition: {{gte: 1}}}}\ngenerate: true\n---\n"
        )
    };
    let mut text: String = (0..4).map(rule).collect();
    text += &if form & 1 == 1 { other("before", "r3, r0") } else { String::new() };
    // Whoever builds on it must not change what it says.
    text += &if form & 2 == 2 { other("around", "own").replace("group-by: [V], ", "") } else { String::new() };
    text += &own;
    text += &if form & 4 == 4 { format!("---\n{}", other("behind", "r1, r2")) } else { String::new() };
    let rules = Compiler::new().rules(None, &text).build().unwrap();
    let errors: Vec<_> = rules.diagnostics().iter().filter(|told| told.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    rules
}

/// The event that is this to the correlation.
fn json(correlation: &Correlation, event: &Drawn) -> String {
    let one = signals(correlation, std::slice::from_ref(&event.raw)).remove(0).1;
    let bits = 1 + event.raw.1 % ((1 << correlation.rules.len()) - 1);
    let is_matched = |rule: &u16| match one.what {
        What::Rules(mask) => mask.has(*rule),
        _ => bits >> rule & 1 == 1,
    };
    let matched: Vec<String> = (0..4).filter(is_matched).map(|rule| format!("\"r{rule}\"")).collect();
    let spelt = |text: &str| match event.spelling % 3 {
        0 => text.to_owned(),
        1 => format!("\"{text}\""),
        _ => format!("{text}e0"),
    };
    let value = match one.what {
        _ if event.lack == Lack::Value => ["null", "[1]", "{}"][event.spelling % 3].to_owned(),
        What::Number(number) => spelt(&number.text()),
        What::Value(value) => spelt(&(value as u8).to_string()),
        _ => "\"x\"".to_owned(),
    };
    let group = match (event.group, event.spelling % 2) {
        _ if event.lack == Lack::Group => ["null", "[\"g0\"]"][event.spelling % 2],
        (0, 0) => "\"g0\"",
        (0, _) => "\"g\\u0030\"",
        (1, 0) => "7.0",
        (1, _) => "\"7\"",
        (_, 0) => "true",
        _ => "\"true\"",
    };
    let matched = if event.lack == Lack::Rule { String::new() } else { matched.join(", ") };
    let half = (event.raw.0 - BASE) / (SECOND / 2);
    let time = format!("\"time\": \"2026-11-23T08:00:{:02}.{}Z\", ", half / 2, half % 2 * 5);
    let time = if event.tells_time { time } else { String::new() };
    format!("{{{time}\"R\": [{matched}], \"G\": {group}, \"V\": {value}}}")
}

/// What the reference says, sorted.
fn expected(correlation: &Correlation, correlator: &Correlator, events: &[Drawn]) -> Vec<Said> {
    let is_counted = |event: &&Drawn| match event.lack {
        Lack::Nothing => true,
        Lack::Value => !correlation.kind.has_field(),
        Lack::Rule | Lack::Group => false,
    };
    let mut said = Vec::new();
    for (at, group) in GROUPS.iter().enumerate() {
        let own = events.iter().filter(is_counted).filter(|event| event.group == at);
        let timed = signals(correlation, &own.map(|event| event.raw).collect::<Vec<_>>());
        let found = Reference { correlation, correlator, signals: &timed }.findings();
        said.extend(found.into_iter().map(|found| {
            (found.time, (*group).to_owned(), found.kind, found.first, found.last, found.count, found.value)
        }));
    }
    said.sort();
    said
}

/// A stream whose alerts are kept, and who scans for it.
struct Run<'a> {
    correlation: &'a Correlation,
    options: StreamOptions,
    stream: Stream,
    scanner: Scanner,
    alerts: Vec<Alert>,
}

impl<'a> Run<'a> {
    fn new(correlation: &'a Correlation, options: StreamOptions) -> Self {
        let rules = pack(correlation, 0);
        let (stream, scanner) = (Stream::new(&rules, options), Scanner::new(&rules));
        Self { correlation, options, stream, scanner, alerts: Vec::new() }
    }

    /// `to_come` are the times of events that are still to come.
    fn step(&mut self, step: Step, to_come: &[i64]) {
        let restored = match step {
            Step::Take => {
                self.take();
                return;
            }
            Step::Advance => {
                to_come.iter().min().into_iter().for_each(|time| self.stream.advance(*time));
                return;
            }
            Step::Restore(form) => {
                self.take();
                let (state, rules) = (self.stream.snapshot(), pack(self.correlation, form));
                (self.stream, self.scanner) = (Stream::new(&rules, self.options), Scanner::new(&rules));
                self.stream.restore(&state).unwrap()
            }
            Step::Reload(form) => {
                let rules = pack(self.correlation, form);
                self.scanner = Scanner::new(&rules);
                self.stream.reload(&rules)
            }
        };
        assert!(restored.dropped.iter().all(|(id, _)| id != ID), "{restored:?}");
    }

    fn see(&mut self, number: usize, event: &Drawn) {
        let text = json(self.correlation, event);
        let time = (!event.tells_time).then_some(event.raw.0);
        if event.way == 0 {
            self.stream.scan_json_at(text.as_bytes(), time).unwrap().count();
        } else {
            let mut sighting = self.stream.sighting();
            self.scanner.sight_json(text.as_bytes(), number as u64, &mut sighting).unwrap().count();
            if time.is_some() {
                sighting = sighting.at(time);
            }
            match event.way {
                1 => self.stream.push(&sighting).map(|_| ()).unwrap(),
                _ => self.stream.push_all(&[sighting]).map(|_| ()).unwrap(),
            }
        }
        assert_eq!(self.stream.arrival(), Arrival::InTime, "{text}");
    }

    fn take(&mut self) {
        let taken = self.stream.take_alerts();
        self.alerts.extend(taken.into_iter().filter(|alert| alert.rule().identity() == ID));
    }

    /// What was said in the end, sorted.
    fn finish(mut self) -> Vec<Said> {
        self.stream.finish();
        self.take();
        assert!(self.alerts.is_sorted_by_key(Alert::time_ns), "alerts come in the order of their times");
        assert_eq!((self.stream.stats().groups, self.stream.stats().late), (0, 0));
        let said = |alert: &Alert| {
            let group = alert.group().map(|(_, value)| value.unwrap().to_owned()).collect();
            let (time, first, last) = (alert.time_ns(), alert.first_ns(), alert.last_ns());
            (time, group, alert.kind(), first, last, alert.count(), alert.value())
        };
        let mut said: Vec<Said> = self.alerts.iter().map(said).collect();
        said.sort();
        said
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_says_what_the_reference_says(
        correlation in rule().prop_map(sayable),
        mode in prop::sample::select(vec![Mode::Suppress, Mode::Repeat, Mode::Update]),
        lateness in prop::sample::select(vec![0_i64, 1, 5, 20]),
        mut events in prop::collection::vec(drawn(), 0..30),
        steps in prop::collection::vec((0_usize..30, step()), 0..6),
    ) {
        let behaviour = Behaviour { mode, ..Behaviour::default() };
        let correlator = Correlator::new(&correlation, behaviour);
        prop_assume!(correlator.is_ok());
        let expected = expected(&correlation, &correlator.unwrap(), &events);
        events.sort_by_key(|event| (event.raw.0 + event.delay.min(lateness) * SECOND / 2, event.spelling));
        let lateness = Duration::from_millis(lateness as u64 * 500);
        let mut run = Run::new(&correlation, StreamOptions { lateness, mode, ..StreamOptions::default() });
        for (at, event) in events.iter().enumerate() {
            let to_come: Vec<i64> = events[at..].iter().map(|event| event.raw.0).collect();
            steps.iter().filter(|(before, _)| *before == at).for_each(|(_, step)| run.step(*step, &to_come));
            run.see(at, event);
        }
        let mut found = run.finish();
        found.iter_mut().zip(&expected).for_each(|(found, expected)| found.6 = nearly(found.6, expected.6));
        prop_assert_eq!(found, expected);
    }
}
