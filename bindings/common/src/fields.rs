//! What a pack reads: every field, and the rules that ask for it.
//!
//! ```text
//! CommandLine   1034 rules   windows/process_creation, linux/process_creation
//! ```
//!
//! The fields are those after pipelines, so they are the names that events must have.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tieline::{JsonEvent, LogSource, Rules, Step};

/// A field and who reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldUse {
    /// The field's name; `None` for keywords, which read all values of an event.
    pub field: Option<String>,
    /// How many rules read it.
    pub rules: usize,
    /// The log sources of these rules, as `product/category/service` without what is unknown.
    pub logsources: Vec<String>,
}

/// The fields that rules read, those of most rules first.
#[must_use]
pub fn fields(rules: &Rules) -> Vec<FieldUse> {
    let Ok(empty) = JsonEvent::parse(b"{}") else { return Vec::new() };
    let mut uses: BTreeMap<Option<String>, (usize, BTreeSet<String>)> =
        rules.fields().iter().map(|field| (Some(field.clone()), Default::default())).collect();
    for (index, rule) in rules.iter().enumerate() {
        let mut read = BTreeSet::new();
        // An explanation has every test of a rule, whatever the event.
        rules.explain(index, &empty).steps.iter().for_each(|step| collect(step, &mut read));
        let source = logsource(rule.logsource());
        for field in read {
            let entry = uses.entry(field).or_default();
            entry.0 += 1;
            entry.1.insert(source.clone());
        }
    }
    let mut rows: Vec<FieldUse> = uses
        .into_iter()
        .map(|(field, (rules, sources))| FieldUse { field, rules, logsources: sources.into_iter().collect() })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.rules));
    rows
}

fn collect(step: &Step, read: &mut BTreeSet<Option<String>>) {
    if step.steps.is_empty() {
        read.insert(step.field.clone());
    }
    step.steps.iter().for_each(|inner| collect(inner, read));
}

/// A log source as `product/category/service`, without what is unknown; `any` when nothing is known.
#[must_use]
pub fn logsource(source: &LogSource) -> String {
    let parts: Vec<&str> =
        [&source.product, &source.category, &source.service].into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() { "any".to_owned() } else { parts.join("/") }
}
