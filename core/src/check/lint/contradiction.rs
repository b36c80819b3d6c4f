//! Tests that can never hold, or always do.
//!
//! ```text
//! Image: 'C:\a.exe'          no single value of `Image` can be both
//! Image|endswith: '\b.exe'
//! ```
//!
//! Only what is plain to see is told: within one map, on one field. An array in an event could hold two
//! values that together satisfy both, which is why this is a warning and no fault.

use crate::check::{Body, Branch, Condition, Item, Join, Relation, Report, Test, TimePart};
use crate::diagnostic::{Code, Span};
use crate::number::{Number, bits_of_text};

/// Values of one item that are tried against the items beside it; longer lists are left alone.
const VALUES_TRIED_MAX: usize = 64;
/// Items of one map that are compared with each other; larger maps are left alone.
const ITEMS_TRIED_MAX: usize = 64;

/// Looks through selections and condition; `span` is the place of the condition.
pub(super) fn check(branch: &Branch, span: Span, report: &mut Report<'_>) {
    for selection in &branch.selections {
        body(&selection.body, report);
    }
    if let Some(selection) = denied(&branch.condition).and_then(|at| branch.selections.get(at)) {
        let message = format!("the condition wants `{}` to hold and not to hold", selection.name);
        report.tell(Code::NeverMatches, span, message);
    }
}

fn body(part: &Body, report: &mut Report<'_>) {
    match part {
        Body::Item(item) => alone(item, report),
        Body::All(parts) => {
            parts.iter().for_each(|part| body(part, report));
            let items: Vec<&Item> =
                parts.iter().filter_map(|part| if let Body::Item(item) = part { Some(item) } else { None }).collect();
            if items.len() <= ITEMS_TRIED_MAX {
                together(&items, report);
            }
        }
        Body::Any(parts) => {
            parts.iter().for_each(|part| body(part, report));
            mixed_null(parts, report);
        }
    }
}

/// What an item says that no value, or every value, can satisfy.
fn alone(item: &Item, report: &mut Report<'_>) {
    let field = item.field.as_deref().unwrap_or_default();
    if let (Join::All, Some(values), false) = (item.join, exact(item), item.negated)
        && let Some((first, other)) = values.first().zip(values.iter().skip(1).find(|value| !value.is(values.first())))
        && item.field.is_some()
    {
        let (first, other) = (first.shown(), other.shown());
        let message = format!("`all` wants `{field}` to be both `{first}` and `{other}`, which no single value is");
        report.advise(Code::NeverMatches, item.span, message, "remove `all`, or add `contains` before it");
    }
    for test in &item.tests {
        let Test::Time(part, relation, number) = test else { continue };
        let Some((low, high)) = bounds(*part) else { continue };
        let count = (low..=high).filter(|value| relation.holds(Number::Integer(*value), *number)).count();
        let says = match count {
            0 => "can never hold",
            all if (low..=high).count() == all => "always holds",
            _ => continue,
        };
        let message = format!("`{} {} {number}` {says}", part.name(), relation.sign());
        let help = format!("{} lies between {low} and {high}", part.name());
        report.advise(Code::NeverMatches, item.span, message, help);
    }
}

fn bounds(part: TimePart) -> Option<(i128, i128)> {
    match part {
        TimePart::Minute => Some((0, 59)),
        TimePart::Hour => Some((0, 23)),
        TimePart::Day => Some((1, 31)),
        TimePart::Week => Some((1, 53)),
        TimePart::Month => Some((1, 12)),
        TimePart::Year => None,
    }
}

/// Items of one map, all of which must hold.
fn together(items: &[&Item], report: &mut Report<'_>) {
    for (at, left) in items.iter().enumerate() {
        for right in items.iter().skip(at + 1).filter(|right| right.field.is_some() && right.field == left.field) {
            if excludes(left, right) || excludes(right, left) || empty_range(left, right) {
                let field = right.field.as_deref().unwrap_or_default();
                let message =
                    format!("no single value of `{field}` satisfies this and the test on line {}", left.span.line);
                let help = "put them into a list of maps, or into two selections joined with `or`";
                report.advise(Code::NeverMatches, right.span, message, help);
            }
        }
    }
}

/// Whether nothing that satisfies `left` can satisfy `right`.
fn excludes(left: &Item, right: &Item) -> bool {
    if left.negated || left.join == Join::All {
        return false;
    }
    if left.tests.iter().all(|test| matches!(test, Test::Null | Test::Exists(false))) && !left.tests.is_empty() {
        // A null is there, so `exists: true` and null can hold together.
        let null = left.tests.contains(&Test::Null);
        return !right.negated
            && right.tests.iter().all(|test| needs_value(test) || (*test == Test::Exists(true) && !null));
    }
    exact(left).is_some_and(|values| {
        let verdicts: Option<Vec<bool>> = values.iter().map(|value| value.satisfies(right)).collect();
        verdicts.is_some_and(|verdicts| !verdicts.contains(&true))
    })
}

/// Whether the test holds only of a field that has a value.
fn needs_value(test: &Test) -> bool {
    match test {
        Test::Null | Test::Exists(_) => false,
        Test::AnyOf(tests) => tests.iter().all(needs_value),
        _ => true,
    }
}

/// Whether two comparisons leave nothing between them.
fn empty_range(left: &Item, right: &Item) -> bool {
    let (false, false) = (left.negated, right.negated) else { return false };
    let ([Test::Compare(left, low)], [Test::Compare(right, high)]) = (left.tests.as_slice(), right.tests.as_slice())
    else {
        return false;
    };
    let is_lower = |relation| matches!(relation, Relation::Greater | Relation::GreaterOrEqual);
    let is_upper = |relation| matches!(relation, Relation::Less | Relation::LessOrEqual);
    let (low, high, inclusive) = if is_lower(*left) && is_upper(*right) {
        (low, high, (*left, *right) == (Relation::GreaterOrEqual, Relation::LessOrEqual))
    } else if is_lower(*right) && is_upper(*left) {
        (high, low, (*right, *left) == (Relation::GreaterOrEqual, Relation::LessOrEqual))
    } else {
        return false;
    };
    low > high || (low == high && !inclusive)
}

/// A value that a test accepts and no other.
enum Exact<'a> {
    Text(&'a str),
    Number(Number),
}

/// The values of an item that accepts only these.
fn exact(item: &Item) -> Option<Vec<Exact<'_>>> {
    if item.tests.len() > VALUES_TRIED_MAX {
        return None;
    }
    item.tests
        .iter()
        .map(|test| match test {
            Test::Text(pattern) => pattern.as_literal().map(Exact::Text),
            Test::Number(number) => Some(Exact::Number(*number)),
            _ => None,
        })
        .collect()
}

impl Exact<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Number(number) => number.text(),
        }
    }

    /// Whether a field may hold both at once.
    fn is(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|other| crate::text::folded(&self.shown()) == crate::text::folded(&other.shown()))
    }

    /// Whether the value satisfies an item; `None` when that is not plain to see.
    fn satisfies(&self, item: &Item) -> Option<bool> {
        let verdicts: Option<Vec<bool>> = item.tests.iter().map(|test| self.passes(test)).collect();
        let verdicts = verdicts?;
        let holds = match item.join {
            Join::Any => verdicts.contains(&true),
            Join::All => !verdicts.contains(&false),
        };
        Some(holds != item.negated)
    }

    fn passes(&self, test: &Test) -> Option<bool> {
        let number = match self {
            Self::Text(text) => Number::from_numeric_text(text),
            Self::Number(number) => Some(*number),
        };
        match test {
            // What case the event has is open, so only a difference beyond case counts.
            Test::Text(pattern) => {
                let pattern = crate::check::Pattern { cased: false, ..pattern.clone() };
                Some(pattern.matches(&self.shown()))
            }
            Test::Number(own) => Some(self.shown() == own.text()),
            Test::Bool(value) => Some(self.shown().eq_ignore_ascii_case(if *value { "true" } else { "false" })),
            Test::Null => Some(false),
            Test::Exists(wanted) => Some(*wanted),
            Test::Bits(bits) => {
                let own = match self {
                    Self::Text(text) => bits_of_text(text),
                    Self::Number(number) => number.bits(),
                };
                Some(own.is_some_and(|own| own & bits == *bits))
            }
            Test::Compare(relation, bound) => Some(number.is_some_and(|number| relation.holds(number, *bound))),
            _ => None,
        }
    }
}

/// A list of maps that takes a field both when it is null and when it has a certain value.
fn mixed_null(parts: &[Body], report: &mut Report<'_>) {
    let items = |part: &Body| -> Vec<Item> {
        match part {
            Body::Item(item) => vec![item.clone()],
            Body::All(parts) => parts
                .iter()
                .filter_map(|part| if let Body::Item(item) = part { Some(item.clone()) } else { None })
                .collect(),
            Body::Any(_) => Vec::new(),
        }
    };
    let is_null = |item: &Item| !item.negated && item.tests == [Test::Null];
    let lists: Vec<Vec<Item>> = parts.iter().map(items).collect();
    let nulls = lists.iter().filter_map(|list| if let [only] = list.as_slice() { Some(only) } else { None });
    for null in nulls.filter(|item| is_null(item)) {
        let other = lists.iter().flatten().find(|item| {
            item.field == null.field && item.tests.iter().any(|test| needs_value(test) && !is_empty_text(test))
        });
        if let Some(other) = other {
            let field = null.field.as_deref().unwrap_or_default();
            let message =
                format!("the list takes `{field}` both when it is null and by its value on line {}", other.span.line);
            let help = "test for null in a selection of its own and join the two in the condition";
            report.advise(Code::MixedNull, null.span, message, help);
        }
    }
}

fn is_empty_text(test: &Test) -> bool {
    matches!(test, Test::Text(pattern) if pattern.as_literal() == Some(""))
}

/// A selection that the condition's outermost `and` both asks for and denies.
fn denied(condition: &Condition) -> Option<usize> {
    let Condition::And(parts) = condition else { return None };
    parts.iter().find_map(|part| match part {
        Condition::Not(inner) => match inner.as_ref() {
            Condition::Selection(at) if parts.contains(&Condition::Selection(*at)) => Some(*at),
            _ => None,
        },
        _ => None,
    })
}
