//! Field names: mapped, prefixed, suffixed, rewritten.
//!
//! ```text
//! {Image: [a, b]}      Image: x     ─▶  any of (a: x, b: x)
//!                  not Image: x     ─▶  not any of ...          Image|neq: x  ─▶  all of (a|neq: x, b|neq: x)
//!                      Image: null  ─▶  all of (a: null, b: null)
//! ```
//!
//! A field with several new names is one value that stands under any of them. So a test for a value holds
//! when one name passes it, and a test for absence when the value is under none; negation turns both round.
//! References to fields and the rule's list of fields get the new names too. Values are not touched.

use super::Refusal;
use super::condition::leaves;
use super::draft::{Body, Change, Draft, Work};
use super::params::{Params, Reader};
use super::step::{Run, Step};
use crate::check::{FieldRef, Test};
use crate::diagnostic::Code;
use crate::syntax::yaml::Node;
use std::borrow::Cow;
use std::collections::BTreeSet;

#[derive(Debug)]
pub(super) enum Rename {
    Names(Mapping),
    Prefixes(Mapping),
    Prefix(String),
    Suffix(String),
    Spelling { known: Mapping, spelling: Spelling, keywords: bool },
}

/// Fields that the engine fills have the same names in all events.
const FILLED: &str = "indicator.";

/// Old names, `None` for keywords, and what each becomes.
type Mapping = Vec<(Option<String>, Vec<String>)>;

/// A way to spell names and values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spelling {
    Lower,
    Upper,
    Title,
    Snake,
    Camel,
    Pascal,
}

const SPELLINGS: &[(&str, Spelling)] = &[
    ("lower", Spelling::Lower),
    ("upper", Spelling::Upper),
    ("title", Spelling::Title),
    ("snake_case", Spelling::Snake),
    ("camel_case", Spelling::Camel),
    ("pascal_case", Spelling::Pascal),
];

/// The spellings that values can get.
pub(super) const CASES: &[(&str, Spelling)] =
    &[("lower", Spelling::Lower), ("upper", Spelling::Upper), ("snake_case", Spelling::Snake)];

impl Rename {
    pub(super) fn read(kind: &str, params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        Some(match kind {
            "field_name_mapping" => Self::Names(mapping(params, Presence::Required, reader)?),
            "field_name_prefix_mapping" => Self::Prefixes(mapping(params, Presence::Required, reader)?),
            "field_name_prefix" => Self::Prefix(params.need_text("prefix", reader)?),
            "field_name_suffix" => Self::Suffix(params.need_text("suffix", reader)?),
            _ => {
                params.need("transform_func", reader)?;
                Self::Spelling {
                    known: mapping(params, Presence::Optional, reader)?,
                    spelling: params.choice("transform_func", SPELLINGS, reader)?,
                    keywords: params.flag("apply_keyword", reader),
                }
            }
        })
    }

    /// The new names of a field; `None` when it keeps its own.
    fn names(&self, field: Option<&str>) -> Option<Vec<String>> {
        if field.is_some_and(|field| field.starts_with(FILLED)) {
            return None;
        }
        let known =
            |mapping: &Mapping| mapping.iter().find(|(old, _)| old.as_deref() == field).map(|(_, names)| names.clone());
        match self {
            Self::Names(mapping) => known(mapping),
            Self::Prefixes(mapping) => {
                let field = field?;
                mapping.iter().find_map(|(prefix, names)| {
                    let rest = field.strip_prefix(prefix.as_deref()?)?;
                    Some(names.iter().map(|name| format!("{name}{rest}")).collect())
                })
            }
            Self::Prefix(prefix) => Some(vec![format!("{prefix}{}", field?)]),
            Self::Suffix(suffix) => Some(vec![format!("{}{suffix}", field?)]),
            Self::Spelling { known: mapping, spelling, keywords } => match field {
                None if !keywords => None,
                field => known(mapping).or_else(|| Some(vec![spelling.apply(field?)])),
            },
        }
    }

    /// Renames whatever the step's conditions let through.
    pub(super) fn apply(&self, step: &Step, draft: &mut Draft, run: &Run<'_>) -> Result<(), Refusal> {
        let mut given: Vec<String> = Vec::new();
        let mut changed = false;
        draft.rewrite(&mut |mut work, facts| {
            if !step.takes(&work, facts) {
                return Ok(Change::Keep(work));
            }
            // An item that is let through may have fields that are not, so each name is looked at too.
            let new_names = |field: Option<&str>| {
                step.field.holds(|condition| condition.holds(field, facts)).then(|| self.names(field)).flatten()
            };
            let mut budget = run.limits.rule_values_max;
            for test in &mut work.item.tests {
                changed |= rename_references(test, &|field| new_names(Some(field)), &mut budget)?;
            }
            let Some(names) = new_names(work.item.field.as_deref()) else { return Ok(Change::Keep(work)) };
            // Looked at before the copies are made, not after.
            if names.len().saturating_mul(work.item.tests.len()) > run.limits.rule_values_max {
                return Err(Refusal::too_many_values(run.limits.rule_values_max));
            }
            given.extend(names.iter().cloned());
            changed = true;
            work.renamed = true;
            work.applied.extend(step.id.clone());
            Ok(Change::Become(spread(&work, names)))
        })?;
        let facts = &mut draft.facts;
        facts.changed |= changed;
        let mut fields: Vec<String> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for field in std::mem::take(&mut draft.meta.fields) {
            let taken = step.field.holds(|condition| condition.holds(Some(&field), facts));
            let names = taken.then(|| self.names(Some(&field))).flatten().unwrap_or_else(|| vec![field]);
            fields.extend(names.into_iter().filter(|name| seen.insert(name.clone())));
            if fields.len() > run.limits.rule_values_max {
                return Err(Refusal::too_many_values(run.limits.rule_values_max));
            }
        }
        draft.meta.fields = fields;
        if let Some(id) = &step.id {
            for name in given {
                facts.named_by.entry(name).or_default().insert(id.clone());
            }
        }
        Ok(())
    }
}

/// The item once for each name.
fn spread(work: &Work, names: Vec<String>) -> Body {
    let absence = work.item.tests.iter().all(|test| matches!(test, Test::Null | Test::Exists(false)));
    let parts = names.into_iter().map(|name| Body::Item(work.with(Some(name), work.item.tests.clone()))).collect();
    Body::any(parts, work.item.negated != absence)
}

/// Gives references their new names; `budget` is how many tests may still come of it.
fn rename_references(
    test: &mut Test,
    names: &dyn Fn(&str) -> Option<Vec<String>>,
    budget: &mut usize,
) -> Result<bool, Refusal> {
    match test {
        Test::FieldRef(reference) => {
            let Some(names) = names(&reference.field) else { return Ok(false) };
            let Some(left) = budget.checked_sub(names.len()) else {
                return Err(Refusal::new(Code::PipelineLimit, "a reference to fields gets too many names"));
            };
            *budget = left;
            let mut tests: Vec<Test> =
                names.into_iter().map(|field| Test::FieldRef(FieldRef { field, ..reference.clone() })).collect();
            *test = match tests.pop() {
                Some(only) if tests.is_empty() => only,
                last => {
                    tests.extend(last);
                    Test::AnyOf(tests)
                }
            };
            Ok(true)
        }
        Test::AnyOf(parts) => {
            let mut changed = false;
            for part in parts.iter_mut() {
                changed |= rename_references(part, names, budget)?;
            }
            if changed {
                *test = Test::any_of(leaves(std::slice::from_ref(test)).into_iter().map(Cow::into_owned).collect());
            }
            Ok(changed)
        }
        _ => Ok(false),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Required,
    Optional,
}

fn mapping(params: &mut Params<'_>, presence: Presence, reader: &mut Reader<'_>) -> Option<Mapping> {
    let node = match presence {
        Presence::Required => params.need("mapping", reader)?,
        Presence::Optional => match params.get("mapping") {
            Some(node) => node,
            None => return Some(Vec::new()),
        },
    };
    let Some(entries) = node.as_map() else { return params.wrong("mapping", "a map of names", node, reader) };
    let mut mapping = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        let names: Option<Vec<String>> = items.iter().map(|item| item.text().map(str::to_owned)).collect();
        match names {
            Some(names) if !names.is_empty() => mapping.push((old_name(key), names)),
            _ => {
                let message = format!("`mapping` of {} must give a name or a list of names", params.owner);
                return reader.refuse(Code::PipelineParameter, value.span, message);
            }
        }
    }
    Some(mapping)
}

/// A key that is null means keywords; an empty text is the empty name.
fn old_name(key: &Node) -> Option<String> {
    key.text().map(str::to_owned)
}

impl Spelling {
    pub(super) fn apply(self, text: &str) -> String {
        let capital = |word: &str| {
            let mut chars = word.chars();
            chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
        };
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Title => {
                let mut start = true;
                text.chars()
                    .flat_map(|c| {
                        let cased: Vec<char> =
                            if start { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
                        start = !c.is_alphabetic();
                        cased
                    })
                    .collect()
            }
            Self::Snake => snake(text),
            Self::Pascal => snake(text).split('_').map(capital).collect(),
            Self::Camel => {
                let pascal: String = snake(text).split('_').map(capital).collect();
                let mut chars = pascal.chars();
                chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
            }
        }
    }
}

/// `_` before every capital but the first character, and all in lower case.
fn snake(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for (at, c) in text.chars().enumerate() {
        if c.is_uppercase() && at > 0 && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
