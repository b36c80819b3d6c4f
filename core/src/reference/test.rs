//! One test on one field: does any of its values pass?
//!
//! ```text
//! Text(*\a.exe) on Image = ["C:\b.exe", "C:\A.EXE"]   ─▶   true, the second passes
//! ```
//!
//! Tests about presence (`null`, `exists`) and about two fields (`fieldref`) look at all values at once.

use super::Context;
use crate::check::{FieldRef, Regex, Test};
use crate::event::{Event, Value, in_network};
use crate::number::bits_of_text;
use crate::text;
use regex_automata::meta;
use std::collections::HashMap;

/// Expressions of the rules at hand, compiled once.
#[derive(Debug)]
pub(crate) struct Regexes {
    compiled: HashMap<(String, [bool; 3]), meta::Regex>,
    bytes_max: usize,
}

impl Regexes {
    /// No expressions yet; each may take so many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { compiled: HashMap::new(), bytes_max }
    }

    /// Compiles an expression, so that it can be used in evaluation.
    pub(crate) fn add(&mut self, regex: &Regex) {
        let Ok(hir) = crate::check::regex::parse(regex) else { return };
        let config = meta::Config::new().nfa_size_limit(Some(self.bytes_max));
        if let Ok(compiled) = meta::Builder::new().configure(config).build_from_hir(&hir) {
            self.compiled.insert(Self::key(regex), compiled);
        }
    }

    /// Compiles every expression of a rule.
    pub(crate) fn add_rule(&mut self, rule: &crate::check::Rule) {
        rule.each_item(&mut |item| item.tests.iter().for_each(|test| self.add_test(test)));
    }

    fn add_test(&mut self, test: &Test) {
        match test {
            Test::Regex(regex) => self.add(regex),
            Test::AnyOf(tests) => tests.iter().for_each(|test| self.add_test(test)),
            _ => {}
        }
    }

    fn key(regex: &Regex) -> (String, [bool; 3]) {
        (regex.pattern.clone(), [regex.insensitive, regex.multiline, regex.dot_all])
    }

    fn is_match(&self, regex: &Regex, text: &str) -> bool {
        self.compiled.get(&Self::key(regex)).is_some_and(|compiled| compiled.is_match(text))
    }
}

/// Whether any of the tests holds for the field. Tests that look at single values share one look at them.
pub(super) fn any_holds(tests: &[Test], field: Option<&str>, event: &dyn Event, context: &Context<'_>) -> bool {
    if tests.iter().filter(|test| whole(test)).any(|test| holds(test, field, event, context)) {
        return true;
    }
    let mut held = false;
    each_value(field, event, &mut |value| {
        held = held || tests.iter().filter(|test| !whole(test)).any(|test| value_passes(test, value, context));
    });
    held
}

/// Whether a test, or a part of it, looks at more than one value of the field.
fn whole(test: &Test) -> bool {
    match test {
        Test::Exists(_) | Test::Null | Test::FieldRef(_) => true,
        Test::AnyOf(tests) => tests.iter().any(whole),
        _ => false,
    }
}

/// Whether the test holds for the field; `None` stands for keywords, which look at every leaf.
pub(super) fn holds(test: &Test, field: Option<&str>, event: &dyn Event, context: &Context<'_>) -> bool {
    match test {
        Test::AnyOf(tests) => any_holds(tests, field, event, context),
        Test::Exists(wanted) => {
            let mut present = false;
            each_value(field, event, &mut |_| present = true);
            present == *wanted
        }
        Test::Null => {
            let (mut present, mut null) = (false, false);
            each_value(field, event, &mut |value| {
                present = true;
                null |= value == Value::Null;
            });
            null || !present
        }
        Test::FieldRef(reference) => {
            let mut held = false;
            each_value(field, event, &mut |left| {
                event.values(&reference.field, &mut |right| held |= refers(reference, left, right));
            });
            held
        }
        _ => {
            let mut held = false;
            each_value(field, event, &mut |value| held = held || value_passes(test, value, context));
            held
        }
    }
}

pub(super) fn each_value(field: Option<&str>, event: &dyn Event, each: &mut dyn FnMut(Value<'_>)) {
    match field {
        Some(field) => event.values(field, each),
        None => event.leaves(each),
    }
}

/// Whether one value passes a test that looks at single values.
pub(super) fn value_passes(test: &Test, value: Value<'_>, context: &Context<'_>) -> bool {
    match test {
        Test::AnyOf(tests) => tests.iter().any(|test| value_passes(test, value, context)),
        Test::Text(pattern) => value.text().is_some_and(|text| pattern.matches(&text)),
        Test::List(list) => value.text().is_some_and(|text| list.found_in(&text).next().is_some()),
        Test::Number(number) => match value {
            Value::Number(other) => other == *number,
            Value::Text(text) => text == number.text(),
            _ => false,
        },
        Test::Bool(wanted) => match value {
            Value::Bool(other) => other == *wanted,
            Value::Text(text) => text::folded(text) == wanted.to_string(),
            _ => false,
        },
        Test::Regex(regex) => value.text().is_some_and(|text| context.regexes.is_match(regex, &text)),
        Test::Cidr(network) => matches!(value, Value::Text(text) if in_network(*network, text)),
        Test::Networks(networks) => {
            matches!(value, Value::Text(text) if networks.0.iter().any(|network| in_network(*network, text)))
        }
        Test::Compare(relation, number) => value.number().is_some_and(|own| relation.holds(own, *number)),
        Test::Bits(bits) => {
            let own = match value {
                Value::Number(own) => own.bits(),
                Value::Text(text) => bits_of_text(text),
                _ => None,
            };
            own.is_some_and(|own| own & bits == *bits)
        }
        Test::Time(part, relation, number) => {
            let own = match value {
                Value::Number(own) => context.clock.part_of_number(own, *part),
                Value::Text(text) => context.clock.part_of_text(text, *part),
                _ => None,
            };
            own.is_some_and(|own| relation.holds(own, *number))
        }
        Test::Null => value == Value::Null,
        Test::Exists(wanted) => *wanted,
        Test::FieldRef(_) => false,
    }
}

fn refers(reference: &FieldRef, left: Value<'_>, right: Value<'_>) -> bool {
    let case = |text: &str| if reference.cased { text.to_owned() } else { text::folded(text) };
    let (Some(left), Some(right)) = (left.text(), right.text()) else { return false };
    reference.anchor.holds(&case(&left), &case(&right))
}
