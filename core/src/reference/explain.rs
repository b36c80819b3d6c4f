//! Why a rule matched an event, or why it did not: the condition tree with a verdict on every step.
//!
//! ```text
//! ✓ selection and not filter
//!   ✓ selection
//!     ✓ Image endswith '\a.exe'      saw 'C:\a.exe'
//!   ✓ not filter
//!     ✗ filter
//!       ✗ User = 'root'              field is missing
//! ```
//!
//! Every step is evaluated, also those that the verdict does not need, so that a reader sees all of it.
//! The verdict is that of `matches`, by construction: both ask the same tests.

use super::Context;
use super::test::{self, each_value};
use crate::check::{Anchor, Body, Branch, Condition, Item, Join, Part, Rule, Test};
use crate::event::{Event, Value};
use serde::Serialize;
use std::fmt;

/// Values of one field that an explanation shows at most.
const VALUES_SHOWN_MAX: usize = 8;

/// Why a rule matched an event or did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The rule's id, name or title.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// The verdict.
    pub matched: bool,
    /// The condition tree; several roots when a pipeline gave the rule several forms.
    pub steps: Vec<Step>,
}

/// One step of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is asked: `and`, `not`, a selection's name, or a test on a field.
    pub what: String,
    /// Whether it holds.
    pub held: bool,
    /// The field, for tests on a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The values of the field that were looked at; empty when it is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueSeen>,
    /// The selection this step is the root of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// What the step is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// A value that a test looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueSeen {
    /// The value as text; `null` and objects as such.
    pub value: String,
    /// Whether this value passed the test.
    pub passed: bool,
}

/// Explains the verdict of a rule on an event.
pub(crate) fn explain(rule: &Rule, event: &dyn Event, context: &Context<'_>) -> Explanation {
    let explainer = Explainer { event, context };
    let steps: Vec<Step> = rule
        .branches
        .iter()
        .map(|branch| {
            let mut step = explainer.condition(&branch.condition, branch);
            if !branch.label.is_empty() {
                step.what = format!("[{}] {}", branch.label, step.what);
            }
            step
        })
        .collect();
    let matched = steps.iter().any(|step| step.held);
    Explanation { rule: rule.meta.identity().to_owned(), title: rule.meta.title.clone(), matched, steps }
}

struct Explainer<'a> {
    event: &'a dyn Event,
    context: &'a Context<'a>,
}

fn join(what: &str, held: bool, steps: Vec<Step>) -> Step {
    Step { what: what.to_owned(), held, field: None, values: Vec::new(), selection: None, steps }
}

impl Explainer<'_> {
    fn condition(&self, condition: &Condition, branch: &Branch) -> Step {
        let all =
            |parts: &[Condition]| -> Vec<Step> { parts.iter().map(|part| self.condition(part, branch)).collect() };
        match condition {
            Condition::Selection(at) => self.selection(*at, branch),
            Condition::Of { count, selections, written } => {
                let steps: Vec<Step> = selections.iter().map(|at| self.selection(*at, branch)).collect();
                let held = steps.iter().filter(|step| step.held).count() >= *count;
                join(written, held, steps)
            }
            Condition::Not(inner) => {
                let step = self.condition(inner, branch);
                join("not", !step.held, vec![step])
            }
            Condition::And(parts) => {
                let steps = all(parts);
                join("and", steps.iter().all(|step| step.held), steps)
            }
            Condition::Or(parts) => {
                let steps = all(parts);
                join("or", steps.iter().any(|step| step.held), steps)
            }
        }
    }

    fn selection(&self, at: usize, branch: &Branch) -> Step {
        let Some(selection) = branch.selections.get(at) else { return join("?", false, Vec::new()) };
        let inner = self.body(&selection.body);
        let held = inner.held;
        // A map's own `all of these` says nothing that the selection's name does not.
        let is_group = inner.field.is_none() && inner.what == ALL;
        let steps = if is_group { inner.steps } else { vec![inner] };
        Step { selection: Some(selection.name.clone()), ..join(&selection.name, held, steps) }
    }

    fn body(&self, body: &Body) -> Step {
        let all = |parts: &[Body]| -> Vec<Step> { parts.iter().map(|part| self.body(part)).collect() };
        match body {
            Body::Item(item) => self.item(item),
            Body::All(parts) => {
                let steps = all(parts);
                join(ALL, steps.iter().all(|step| step.held), steps)
            }
            Body::Any(parts) => {
                let steps = all(parts);
                join("any of these", steps.iter().any(|step| step.held), steps)
            }
        }
    }

    fn item(&self, item: &Item) -> Step {
        let steps: Vec<Step> = item.tests.iter().map(|test| self.test(test, item)).collect();
        let joined = match item.join {
            Join::Any => steps.iter().any(|step| step.held),
            Join::All => steps.iter().all(|step| step.held),
        };
        let what = match (item.negated, item.join, steps.len()) {
            (false, _, 1) => return steps.into_iter().next().unwrap_or_else(|| join("?", joined, Vec::new())),
            (false, Join::Any, _) => "any value of",
            (false, Join::All, _) => "every value of",
            (true, Join::Any, _) => "no value of",
            (true, Join::All, _) => "not every value of",
        };
        let name = item.field.as_deref().unwrap_or("keywords");
        Step { field: item.field.clone(), ..join(&format!("{what} {name}"), joined != item.negated, steps) }
    }

    fn test(&self, test: &Test, item: &Item) -> Step {
        let field = item.field.as_deref();
        let held = test::holds(test, field, self.event, self.context);
        let mut values = Vec::new();
        // Of a long list those texts are shown that were found.
        let mut found = Vec::new();
        each_value(field, self.event, &mut |value| {
            if held && test.count() > VALUES_SHOWN_MAX {
                each_single(test, &mut |single| {
                    if found.len() < VALUES_SHOWN_MAX && test::value_passes(single, value, self.context) {
                        found.push(describe(single, field));
                    }
                });
            }
            let passed = match test {
                Test::FieldRef(_) => held,
                _ => test::value_passes(test, value, self.context),
            };
            // Of an event's leaves only those that a keyword hit are worth showing.
            if values.len() < VALUES_SHOWN_MAX && (passed || field.is_some()) {
                values.push(ValueSeen { value: shown(value), passed });
            }
        });
        let what = if found.is_empty() { describe(test, field) } else { found.join(" or ") };
        Step { field: field.map(str::to_owned), values, ..join(&what, held, Vec::new()) }
    }
}

/// Calls `each` for every test that a test stands for.
fn each_single(test: &Test, each: &mut impl FnMut(&Test)) {
    match (test, test.listed()) {
        (Test::AnyOf(tests), _) => tests.iter().for_each(|test| each_single(test, each)),
        (_, Some(listed)) => listed.for_each(|test| each(&test)),
        (single, None) => each(single),
    }
}

const ALL: &str = "all of these";

fn shown(value: Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Composite => "an object or an empty list".to_owned(),
        other => other.text().unwrap_or_default().into_owned(),
    }
}

/// A test in words, such as `Image endswith '\a.exe'`.
pub(crate) fn describe(test: &Test, field: Option<&str>) -> String {
    let name = field.unwrap_or("any value");
    match test {
        Test::AnyOf(tests) => {
            let shown: Vec<String> = tests.iter().take(VALUES_SHOWN_MAX).map(|test| describe(test, field)).collect();
            shown.join(" or ")
        }
        Test::List(_) | Test::Networks(_) => {
            let tests = test.listed().into_iter().flatten().take(VALUES_SHOWN_MAX);
            tests.map(|test| describe(&test, field)).collect::<Vec<_>>().join(" or ")
        }
        Test::Text(pattern) => {
            let cased = if pattern.cased { " cased" } else { "" };
            let inner = |parts: &[Part]| {
                let inner = crate::check::Pattern { parts: parts.to_vec(), cased: pattern.cased };
                inner.written()
            };
            match pattern.parts.as_slice() {
                [Part::Many, middle @ .., Part::Many] if !middle.is_empty() => {
                    format!("{name} contains{cased} '{}'", inner(middle))
                }
                [Part::Many, middle @ ..] if !middle.is_empty() => {
                    format!("{name} endswith{cased} '{}'", inner(middle))
                }
                [middle @ .., Part::Many] if !middle.is_empty() => {
                    format!("{name} startswith{cased} '{}'", inner(middle))
                }
                parts => format!("{name} ={cased} '{}'", inner(parts)),
            }
        }
        Test::Number(number) => format!("{name} = {number}"),
        Test::Bool(value) => format!("{name} = {value}"),
        Test::Null => format!("{name} is null or missing"),
        Test::Exists(true) => format!("{name} exists"),
        Test::Exists(false) => format!("{name} does not exist"),
        Test::Regex(regex) => {
            let flags = [(regex.insensitive, 'i'), (regex.multiline, 'm'), (regex.dot_all, 's')];
            let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag).collect();
            format!("{name} matches /{}/{flags}", regex.pattern)
        }
        Test::Cidr(network) => format!("{name} in {network}"),
        Test::Compare(relation, number) => format!("{name} {} {number}", relation.sign()),
        Test::Bits(bits) => format!("{name} has bits {bits:#04x}"),
        Test::Time(part, relation, number) => format!("{} of {name} {} {number}", part.name(), relation.sign()),
        Test::FieldRef(reference) => {
            let verb = match reference.anchor {
                Anchor::Whole => "=",
                Anchor::Start => "startswith",
                Anchor::End => "endswith",
                Anchor::Anywhere => "contains",
            };
            format!("{name} {verb} field {}", reference.field)
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.matched { "matches" } else { "does not match" };
        writeln!(f, "{} {verdict}", if self.title.is_empty() { &self.rule } else { &self.title })?;
        self.steps.iter().try_for_each(|step| step.write(f, 1))
    }
}

impl Step {
    /// Whether the step holds because what is below it does not.
    pub(crate) fn is_negation(&self) -> bool {
        self.what == "not" || self.what.starts_with("no value of") || self.what.starts_with("not every value of")
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mark = if self.held { '✓' } else { '✗' };
        write!(f, "{:width$}{mark} {}", "", self.what, width = depth * 2)?;
        if self.steps.is_empty() && self.field.is_some() {
            let passed = self.values.iter().find(|seen| seen.passed);
            match passed.or(self.values.first()) {
                Some(seen) => write!(f, "   saw '{}'", seen.value)?,
                None => write!(f, "   field is missing")?,
            }
        } else if let (true, Some(seen)) = (self.steps.is_empty(), self.values.first()) {
            write!(f, "   saw '{}'", seen.value)?;
        }
        writeln!(f)?;
        self.steps.iter().try_for_each(|step| step.write(f, depth + 1))
    }
}
