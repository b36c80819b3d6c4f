//! Steps: one entry of `transformations`, read and applied.
//!
//! ```text
//! - {id: m, type: field_name_mapping, mapping: {a: b}, rule_conditions: [...]}
//!        └ does the rule pass? ─▶ do item and field name pass? ─▶ change them, and remember `m`
//! ```
//!
//! What each transformation does to names and values is said in `rename`, `values` and `hashes`; here are
//! those that are about the rule as a whole, and the ones that hold steps of their own.

use super::Refusal;
use super::condition::{self, Gate, OnField, OnItem, OnRule};
use super::draft::{Change, Draft, Facts, Work};
use super::hashes::{Extract, Hashes};
use super::params::{Params, Reader};
use super::rename::Rename;
use super::require::Requirement;
use super::values::Values;
use crate::check::{LogSource, Placeholders};
use crate::config::Limits;
use crate::diagnostic::{Code, Span, nearest};
use crate::syntax::yaml::Node;
use serde_json::Value;

/// What steps need besides the rule.
pub(super) struct Run<'a> {
    pub(super) vars: &'a Placeholders,
    pub(super) limits: &'a Limits,
}

/// One entry of `transformations`.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) id: Option<String>,
    transformation: Transformation,
    rule: Gate<OnRule>,
    pub(super) item: Gate<OnItem>,
    pub(super) field: Gate<OnField>,
}

#[derive(Debug)]
enum Transformation {
    Rename(Rename),
    Values(Values),
    Hashes(Hashes),
    Extract(Extract),
    DropItem,
    ItemFailure(String),
    RuleFailure(String),
    StrictMapping,
    Require(Requirement),
    ChangeLogSource(LogSource),
    SetState(String, Value),
    SetCustom(String, Value),
    Fields(Fields, Vec<String>),
    Nest(Vec<Step>),
    Alternatives(Vec<(String, Vec<Step>)>),
}

/// What is done to the rule's list of fields.
#[derive(Debug, Clone, Copy)]
enum Fields {
    Add,
    Remove,
    Set,
}

const NAMES: &[&str] = &[
    "field_name_mapping",
    "field_name_prefix_mapping",
    "field_name_prefix",
    "field_name_suffix",
    "field_name_transform",
    "drop_detection_item",
    "hashes_fields",
    "extract_fields",
    "wildcard_placeholders",
    "value_placeholders",
    "add_condition",
    "change_logsource",
    "add_field",
    "remove_field",
    "set_field",
    "replace_string",
    "map_string",
    "set_state",
    "regex",
    "set_value",
    "convert_type",
    "case",
    "rule_failure",
    "detection_item_failure",
    "strict_field_mapping_failure",
    "set_custom_attribute",
    "nest",
    "alternatives",
];

/// Transformations that other tools have, and why they are not here.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("query_expression_placeholders", "it writes query text, and Tieline evaluates rules without a query"),
    ("file_placeholders", "rules are compiled without reading files; give the list as a placeholder instead"),
    ("http_placeholders", "rules are compiled without a network; give the list as a placeholder instead"),
    ("command_placeholders", "rules are compiled without running commands; give the list as a placeholder instead"),
];

/// Reads a list of steps.
pub(super) fn read_all(node: &Node, depth: usize, reader: &mut Reader<'_>) -> Option<Vec<Step>> {
    if depth > reader.limits.pipeline_depth_max {
        let message = format!("nested deeper than {}", reader.limits.pipeline_depth_max);
        return reader.refuse(Code::PipelineLimit, node.span, message);
    }
    let Some(items) = node.as_list() else {
        let message = format!("transformations belong in a list, not in {}", node.noun());
        return reader.refuse(Code::PipelineSyntax, node.span, message);
    };
    // Every item is read, so that every fault is told.
    let steps: Vec<_> = items.iter().map(|item| Step::read(item, depth, reader)).collect();
    steps.into_iter().collect()
}

impl Step {
    fn read(node: &Node, depth: usize, reader: &mut Reader<'_>) -> Option<Self> {
        reader.steps += 1;
        if reader.steps > reader.limits.pipeline_items_max {
            let message = format!("more than {} transformations", reader.limits.pipeline_items_max);
            return reader.refuse(Code::PipelineLimit, node.span, message);
        }
        let mut params = Params::new(node, "a transformation", reader)?;
        let kind = params.need_text("type", reader)?;
        let place = node.get("type").map_or(node.span, |kind| kind.span);
        known(&kind, place, reader)?;
        params.owner = format!("`{kind}`");
        let id = params.text("id", reader);
        let transformation = Transformation::read(&kind, &mut params, depth, reader);
        let rule = condition::gate(&mut params, &condition::RULE, reader);
        let item = condition::gate(&mut params, &condition::ITEM, reader);
        let field = condition::gate(&mut params, &condition::FIELD, reader);
        let step = Self { id, transformation: transformation?, rule: rule?, item: item?, field: field? };
        params.finish(reader);
        Some(step)
    }

    /// Whether the step is about an item, by its values and its field name.
    pub(super) fn takes(&self, work: &Work, facts: &Facts) -> bool {
        self.item.holds(|condition| condition.holds(work, facts))
            && self.field.holds(|condition| condition.holds_for(work, facts))
    }
}

fn known(kind: &str, place: Span, reader: &mut Reader<'_>) -> Option<()> {
    if NAMES.contains(&kind) {
        return Some(());
    }
    if let Some((_, why)) = UNSUPPORTED.iter().find(|(name, _)| *name == kind) {
        let message = format!("the transformation `{kind}` does not apply here");
        return reader.advise(Code::TransformationUnsupported, place, message, (*why).to_owned());
    }
    let message = format!("unknown transformation `{kind}`");
    let help = match nearest(kind, NAMES.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the README of the shipped pipelines lists all".to_owned(),
    };
    reader.advise(Code::TransformationUnknown, place, message, help)
}

impl Transformation {
    fn read(kind: &str, params: &mut Params<'_>, depth: usize, reader: &mut Reader<'_>) -> Option<Self> {
        Some(match kind {
            "hashes_fields" => Self::Hashes(Hashes::read(params, reader)?),
            "extract_fields" => Self::Extract(Extract::read(params, reader)?),
            "drop_detection_item" => Self::DropItem,
            "detection_item_failure" => Self::ItemFailure(params.need_text("message", reader)?),
            "rule_failure" => Self::RuleFailure(params.need_text("message", reader)?),
            "strict_field_mapping_failure" => Self::StrictMapping,
            "add_condition" => Self::Require(Requirement::read(params, reader)?),
            "change_logsource" => Self::ChangeLogSource(LogSource {
                category: params.text("category", reader),
                product: params.text("product", reader),
                service: params.text("service", reader),
                definition: None,
            }),
            "set_state" => {
                let key = params.need_text("key", reader)?;
                Self::SetState(key, params.need("val", reader)?.to_json())
            }
            "set_custom_attribute" => {
                let key = params.need_text("attribute", reader)?;
                Self::SetCustom(key, params.need("value", reader)?.to_json())
            }
            "add_field" => Self::Fields(Fields::Add, params.need_texts("field", reader)?),
            "remove_field" => Self::Fields(Fields::Remove, params.need_texts("field", reader)?),
            "set_field" => Self::Fields(Fields::Set, params.need_texts("fields", reader)?),
            "nest" => Self::Nest(read_all(params.need("items", reader)?, depth + 1, reader)?),
            "alternatives" => Self::Alternatives(alternatives(params, depth, reader)?),
            name if name.starts_with("field_name_") => Self::Rename(Rename::read(name, params, reader)?),
            name => Self::Values(Values::read(name, params, reader)?),
        })
    }
}

fn alternatives(params: &mut Params<'_>, depth: usize, reader: &mut Reader<'_>) -> Option<Vec<(String, Vec<Step>)>> {
    let node = params.need("alternatives", reader)?;
    let items = match node.as_list() {
        Some(items) if !items.is_empty() => items,
        _ => return params.wrong("alternatives", "a list of maps of `id` and `transformations`", node, reader),
    };
    let mut read: Vec<(String, Vec<Step>)> = Vec::with_capacity(items.len());
    for item in items {
        let mut own = Params::new(item, "an alternative", reader)?;
        let id = own.need_text("id", reader)?;
        let steps = read_all(own.need("transformations", reader)?, depth + 1, reader)?;
        own.finish(reader);
        if read.iter().any(|(other, _)| *other == id) {
            let message = format!("two alternatives have the id `{id}`");
            return reader.refuse(Code::PipelineParameter, item.span, message);
        }
        read.push((id, steps));
    }
    Some(read)
}

/// Applies steps, one after the other. A branch that a step refuses is left out; when all are refused, the
/// rule is, for the first reason.
pub(super) fn apply_all(steps: &[Step], mut drafts: Vec<Draft>, run: &Run<'_>) -> Result<Vec<Draft>, Refusal> {
    for step in steps {
        let mut next = Vec::with_capacity(drafts.len());
        let mut refusal = None;
        for draft in drafts {
            match step.apply(draft, run) {
                Ok(branches) => next.extend(branches),
                Err(reason) => refusal = refusal.or(Some(reason)),
            }
        }
        if let (true, Some(reason)) = (next.is_empty(), refusal) {
            return Err(reason);
        }
        if next.len() > run.limits.pipeline_branches_max {
            let message = format!("pipelines make more than {} branches of the rule", run.limits.pipeline_branches_max);
            return Err(Refusal::new(Code::PipelineLimit, message));
        }
        drafts = next;
    }
    Ok(drafts)
}

impl Step {
    fn apply(&self, mut draft: Draft, run: &Run<'_>) -> Result<Vec<Draft>, Refusal> {
        if !self.rule.holds(|condition| condition.holds(&draft)) {
            return Ok(vec![draft]);
        }
        let mut branches = match &self.transformation {
            Transformation::Nest(steps) => {
                draft.facts.changed |= !steps.is_empty();
                apply_all(steps, vec![draft], run)?
            }
            Transformation::Alternatives(alternatives) => branch(alternatives, &draft, run)?,
            other => {
                self.change(other, &mut draft, run)?;
                vec![draft]
            }
        };
        for branch in &mut branches {
            branch.facts.applied.extend(self.id.clone());
        }
        Ok(branches)
    }

    fn change(&self, transformation: &Transformation, draft: &mut Draft, run: &Run<'_>) -> Result<(), Refusal> {
        match transformation {
            Transformation::Rename(rename) => return rename.apply(self, draft, run),
            Transformation::Values(values) => return values.apply(self, draft, run),
            Transformation::Hashes(hashes) => return hashes.apply(self, draft),
            Transformation::Extract(extract) => return extract.apply(self, draft),
            Transformation::DropItem => return self.drop_items(draft),
            Transformation::ItemFailure(message) => return self.fail_items(draft, message),
            Transformation::RuleFailure(message) => return Err(Refusal::new(Code::PipelineFailure, message.clone())),
            Transformation::StrictMapping => return all_renamed(draft),
            Transformation::Require(requirement) => requirement.apply(draft, run)?,
            Transformation::ChangeLogSource(source) => draft.logsource = source.clone(),
            Transformation::SetState(key, value) => {
                draft.facts.state.insert(key.clone(), value.clone());
            }
            Transformation::SetCustom(key, value) => set_custom(draft, key, value),
            Transformation::Fields(how, names) => set_fields(draft, *how, names),
            Transformation::Nest(_) | Transformation::Alternatives(_) => {}
        }
        draft.facts.changed = true;
        Ok(())
    }

    fn drop_items(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let mut changed = false;
        draft.rewrite(&mut |work, facts| {
            let drops = self.takes(&work, facts);
            changed |= drops;
            Ok(if drops { Change::Drop } else { Change::Keep(work) })
        })?;
        draft.facts.changed |= changed;
        Ok(())
    }

    fn fail_items(&self, draft: &mut Draft, message: &str) -> Result<(), Refusal> {
        draft.rewrite(&mut |work, facts| match self.takes(&work, facts) {
            true => Err(Refusal::new(Code::PipelineFailure, message.to_owned())),
            false => Ok(Change::Keep(work)),
        })
    }
}

fn branch(alternatives: &[(String, Vec<Step>)], draft: &Draft, run: &Run<'_>) -> Result<Vec<Draft>, Refusal> {
    let mut branches = Vec::new();
    let mut refusal = None;
    for (id, steps) in alternatives {
        let mut own = draft.clone();
        own.label = if own.label.is_empty() { id.clone() } else { format!("{}/{id}", own.label) };
        own.facts.changed = true;
        match apply_all(steps, vec![own], run) {
            Ok(made) => branches.extend(made),
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
    }
    match refusal {
        Some(reason) if branches.is_empty() => Err(reason),
        _ => Ok(branches),
    }
}

fn all_renamed(draft: &mut Draft) -> Result<(), Refusal> {
    let mut missing: Vec<String> = Vec::new();
    draft.rewrite(&mut |work, _| {
        if let (false, Some(field)) = (work.renamed, &work.item.field)
            && !missing.contains(field)
        {
            missing.push(field.clone());
        }
        Ok(Change::Keep(work))
    })?;
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    Err(Refusal::new(Code::PipelineFailure, format!("no pipeline maps the field {}", names.join(", "))))
}

fn set_custom(draft: &mut Draft, key: &str, value: &Value) {
    let mut custom: serde_json::Map<String, Value> = serde_json::from_str(&draft.meta.custom).unwrap_or_default();
    custom.insert(key.to_owned(), value.clone());
    draft.meta.custom = Value::Object(custom).to_string();
}

fn set_fields(draft: &mut Draft, how: Fields, names: &[String]) {
    let fields = &mut draft.meta.fields;
    match how {
        Fields::Set => *fields = names.to_vec(),
        Fields::Remove => fields.retain(|field| !names.contains(field)),
        Fields::Add => {
            let new: Vec<String> = names.iter().filter(|name| !fields.contains(name)).cloned().collect();
            fields.extend(new);
        }
    }
}
