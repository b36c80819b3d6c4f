//! What an event must have for a rule to match it at all, whatever else its values are.
//!
//! ```text
//! selection: {_path: dns, query|endswith: '.x'}          ─▶   2 of (_path, which is `dns`; query)
//! filter: {rcode: 0}, condition: selection and not filter       the filter asks for nothing: a missing field does no harm
//! ```
//!
//! It may ask for too little, never for too much: an event that lacks something of it cannot match, one that has all may.
//! Values are told where they are whole texts, by which logs are told apart. No event is read here.

use super::{Body, Branch, Condition, Item, Join, Rule, Test};

/// Texts of one field that are told at most; of longer lists only the field is.
const TEXTS_MAX: usize = 64;

/// What an event must have for a rule to match it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// A field that is there.
    Field {
        /// Its name.
        name: String,
        /// It has one of these texts, upper and lower case alike; empty when that is not all that is asked.
        texts: Vec<String>,
    },
    /// A field that is missing, null, or not there as such.
    Missing {
        /// Its name.
        name: String,
    },
    /// So many of these; 0 of none is no need at all, 1 of none can never be.
    Of {
        /// How many.
        count: usize,
        /// Of which.
        parts: Vec<Needs>,
    },
}

impl Default for Needs {
    /// No need at all.
    fn default() -> Self {
        Self::Of { count: 0, parts: Vec::new() }
    }
}

/// How something is to come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    True,
    False,
}

impl Wanted {
    const fn turned(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
        }
    }
}

impl Needs {
    /// What any of the rule's branches asks for.
    pub(crate) fn of_rule(rule: &Rule) -> Self {
        any(rule.branches.iter().map(|branch| of_condition(&branch.condition, branch, Wanted::True)).collect())
    }

    /// Calls `each` with the name of every field it is about, with some more than once.
    pub fn each_field<'a>(&'a self, each: &mut impl FnMut(&'a str)) {
        match self {
            Self::Field { name, .. } | Self::Missing { name } => each(name),
            Self::Of { parts, .. } => parts.iter().for_each(|part| part.each_field(each)),
        }
    }

    fn field(name: &str, texts: Vec<String>) -> Self {
        Self::Field { name: name.to_owned(), texts }
    }
}

/// At least `count` of the parts, without those that ask for nothing or can never be.
fn of(count: usize, parts: Vec<Needs>) -> Needs {
    let (mut left, mut kept) = (count, Vec::new());
    for part in parts {
        match part {
            Needs::Of { count: 0, .. } => left = left.saturating_sub(1),
            Needs::Of { count, ref parts } if count > parts.len() => {}
            part => kept.push(part),
        }
    }
    match (left, kept.len()) {
        (0, _) => Needs::default(),
        (left, kept) if left > kept => Needs::Of { count: 1, parts: Vec::new() },
        (1, 1) => kept.pop().unwrap_or_default(),
        _ => Needs::Of { count: left, parts: kept },
    }
}

fn all(parts: Vec<Needs>) -> Needs {
    of(parts.len(), parts)
}

fn any(parts: Vec<Needs>) -> Needs {
    of(1, parts)
}

fn of_condition(condition: &Condition, branch: &Branch, wanted: Wanted) -> Needs {
    let parts = |inner: &[Condition]| inner.iter().map(|part| of_condition(part, branch, wanted)).collect();
    match (condition, wanted) {
        (Condition::Selection(at), _) => of_selection(*at, branch, wanted),
        (Condition::Of { count, selections, .. }, _) => {
            let parts: Vec<_> = selections.iter().map(|at| of_selection(*at, branch, wanted)).collect();
            match wanted {
                Wanted::True => of(*count, parts),
                // Fewer than `count` hold when at least the others do not.
                Wanted::False => of((parts.len() + 1).saturating_sub(*count), parts),
            }
        }
        (Condition::Not(inner), _) => of_condition(inner, branch, wanted.turned()),
        (Condition::And(inner), Wanted::True) | (Condition::Or(inner), Wanted::False) => all(parts(inner)),
        (Condition::Or(inner), Wanted::True) | (Condition::And(inner), Wanted::False) => any(parts(inner)),
    }
}

fn of_selection(at: usize, branch: &Branch, wanted: Wanted) -> Needs {
    branch.selections.get(at).map(|selection| of_body(&selection.body, wanted)).unwrap_or_default()
}

fn of_body(body: &Body, wanted: Wanted) -> Needs {
    let parts = |inner: &[Body]| inner.iter().map(|part| of_body(part, wanted)).collect();
    match (body, wanted) {
        (Body::Item(item), _) => of_item(item, if item.negated { wanted.turned() } else { wanted }),
        (Body::All(inner), Wanted::True) | (Body::Any(inner), Wanted::False) => all(parts(inner)),
        (Body::Any(inner), Wanted::True) | (Body::All(inner), Wanted::False) => any(parts(inner)),
    }
}

/// What the tests of an item ask for, before it is turned.
fn of_item(item: &Item, wanted: Wanted) -> Needs {
    // Keywords look at whatever there is.
    let Some(field) = item.field.as_deref() else { return Needs::default() };
    if item.join == Join::Any && wanted == Wanted::True && item.tests.iter().all(is_of_values) {
        return Needs::field(field, texts(&item.tests).unwrap_or_default());
    }
    let parts = item.tests.iter().map(|test| of_test(test, field, wanted)).collect();
    match (item.join, wanted) {
        (Join::All, Wanted::True) | (Join::Any, Wanted::False) => all(parts),
        (Join::Any, Wanted::True) | (Join::All, Wanted::False) => any(parts),
    }
}

/// Whether a test looks at values of its field alone.
fn is_of_values(test: &Test) -> bool {
    match test {
        Test::Null | Test::Exists(_) | Test::FieldRef(_) => false,
        Test::AnyOf(tests) => tests.iter().all(is_of_values),
        _ => true,
    }
}

/// The texts of which the field must have one; `None` when the tests ask for anything else.
fn texts(tests: &[Test]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for test in tests {
        match test {
            Test::Text(pattern) => found.push(pattern.as_literal()?.to_owned()),
            Test::Number(number) => found.push(number.text()),
            Test::Bool(value) => found.push(value.to_string()),
            Test::AnyOf(tests) => found.extend(texts(tests)?),
            Test::List(list) if list.texts.len() <= TEXTS_MAX => {
                for pattern in list.patterns() {
                    found.push(pattern.as_literal()?.to_owned());
                }
            }
            _ => return None,
        }
    }
    (!found.is_empty() && found.len() <= TEXTS_MAX).then_some(found)
}

fn of_test(test: &Test, field: &str, wanted: Wanted) -> Needs {
    let missing = || Needs::Missing { name: field.to_owned() };
    match (test, wanted) {
        (Test::AnyOf(tests), Wanted::True) => any(tests.iter().map(|test| of_test(test, field, wanted)).collect()),
        (Test::AnyOf(tests), Wanted::False) => all(tests.iter().map(|test| of_test(test, field, wanted)).collect()),
        (Test::Null | Test::Exists(false), Wanted::True) | (Test::Exists(true), Wanted::False) => missing(),
        (Test::FieldRef(reference), Wanted::True) => {
            all(vec![Needs::field(field, Vec::new()), Needs::field(&reference.field, Vec::new())])
        }
        (Test::Null | Test::Exists(false), Wanted::False) | (_, Wanted::True) => {
            Needs::field(field, texts(std::slice::from_ref(test)).unwrap_or_default())
        }
        // Tests of values do not hold where there are none.
        (_, Wanted::False) => Needs::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::pack;

    fn shown(needs: &Needs) -> String {
        match needs {
            Needs::Field { name, texts } if texts.is_empty() => name.clone(),
            Needs::Field { name, texts } => format!("{name}={}", texts.join("|")),
            Needs::Missing { name } => format!("no {name}"),
            Needs::Of { count, parts } => {
                format!("{count} of ({})", parts.iter().map(shown).collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[track_caller]
    fn check(selections: &str, condition: &str, expected: &str) {
        let text = format!("title: t\nlogsource: {{product: p}}\ndetection:\n{selections}\n  condition: {condition}\n");
        let pack = pack(&text);
        assert_eq!(
            pack.rules.iter().map(Needs::of_rule).map(|needs| shown(&needs)).collect::<Vec<_>>(),
            [expected],
            "{text}"
        );
    }

    #[test]
    fn fields_that_must_be_there_are_needed() {
        check("  s: {a: x, b|contains: y}", "s", "2 of (a=x, b)");
        check("  s: {a: [x, 1, true]}", "s", "a=x|1|true");
        check("  s: {a: [x, 'y*']}", "s", "a");
        check("  s:\n    - a: x\n    - b: y", "s", "1 of (a=x, b=y)");
        check("  s: {a|fieldref: b}", "s", "2 of (a, b)");
        check("  s: {a|exists: true}", "s", "a");
        check("  s1: {a: x}\n  s2: {b: y}\n  s3: {c: z}", "2 of s*", "2 of (a=x, b=y, c=z)");
    }

    #[test]
    fn what_is_denied_needs_nothing() {
        check("  s: {a: x}\n  f: {b: y}", "s and not f", "a=x");
        check("  s: {a|neq: x}", "s", "0 of ()");
        check("  s: [word]", "s", "0 of ()");
        check("  s: {a: x}\n  f: {b: null}", "s and not f", "2 of (a=x, b)");
        check("  s: {a: x}\n  f: {b|exists: true}", "s and not f", "2 of (a=x, no b)");
        check("  s: {a: null}", "s", "no a");
        check("  s: {a|exists: false}", "s", "no a");
        check("  s1: {a: x}\n  s2: {b: y}\n  t: {c: z}", "t or not (s1 or s2)", "0 of ()");
        check("  s1: {a: null}\n  s2: {b: null}\n  s3: {c: null}", "not 2 of s*", "2 of (a, b, c)");
    }

    #[test]
    fn long_lists_need_their_field_alone() {
        let values = (0..=TEXTS_MAX).map(|number| format!("v{number}")).collect::<Vec<_>>().join(", ");
        check(&format!("  s: {{a: [{values}]}}"), "s", "a");
    }
}
