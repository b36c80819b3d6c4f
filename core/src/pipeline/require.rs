//! `add_condition`: a selection that the rule must hold, or must not, besides its own condition.
//!
//! ```text
//! conditions: {EventID: 1, Channel: ...}      condition: X   ─▶   _added_1 and (X)
//! ```
//!
//! The selection is written as in a rule, modifiers included. With `template`, `$category`, `$product` and
//! `$service` in its values stand for the parts of the rule's log source; a part that it lacks is `*`.

use super::Refusal;
use super::draft::{Body, Draft};
use super::params::{Params, Reader};
use super::step::Run;
use crate::check::{self, LogSource};
use crate::diagnostic::{Code, Source};
use crate::syntax::yaml::{Kind, Node};

#[derive(Debug)]
pub(super) struct Requirement {
    name: Option<String>,
    body: check::Body,
    /// What is written, when it holds names of parts of the log source.
    template: Option<(Node, Source)>,
    negated: bool,
}

impl Requirement {
    pub(super) fn read(params: &mut Params<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let node = params.need("conditions", reader)?;
        let name = params.text("name", reader);
        let template = params.flag("template", reader).then(|| (node.clone(), reader.source.clone()));
        let negated = params.flag("negated", reader);
        match check::selection(node, reader.source, reader.limits) {
            Ok(body) => Some(Self { name, body, template, negated }),
            Err(found) => {
                for fault in found {
                    let mut own = fault.clone();
                    own.code = Code::PipelineParameter;
                    own.severity = own.code.severity();
                    reader.found.push(own);
                }
                None
            }
        }
    }

    pub(super) fn apply(&self, draft: &mut Draft, run: &Run<'_>) -> Result<(), Refusal> {
        let body = match &self.template {
            Some((node, source)) => {
                let filled = fill(node, &draft.logsource);
                check::selection(&filled, source, run.limits).map_err(|found| {
                    let message = found.into_iter().next().map(|fault| fault.message).unwrap_or_default();
                    Refusal::new(Code::PipelineFailure, format!("`add_condition` does not fit the rule: {message}"))
                })?
            }
            None => self.body.clone(),
        };
        let taken = |name: &str| draft.selections.iter().any(|(own, _)| own == name);
        let wanted = self.name.clone().filter(|name| !taken(name));
        let name = wanted.or_else(|| (1..).map(|number| format!("_added_{number}")).find(|name| !taken(name)));
        draft.require(name.unwrap_or_default(), Body::from(body), self.negated);
        Ok(())
    }
}

/// The node with names of parts of the log source replaced in its values.
fn fill(node: &Node, source: &LogSource) -> Node {
    let kind = match &node.kind {
        Kind::Text { text, plain } => {
            Kind::Text { text: substituted(text, source), plain: *plain && !text.contains('$') }
        }
        Kind::List(items) => Kind::List(items.iter().map(|item| fill(item, source)).collect()),
        Kind::Map(entries) => {
            Kind::Map(entries.iter().map(|(key, value)| (key.clone(), fill(value, source))).collect())
        }
    };
    Node { span: node.span, kind }
}

fn substituted(text: &str, source: &LogSource) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let braced = after.strip_prefix('{');
        let inner = braced.unwrap_or(after);
        let parts = [("category", &source.category), ("product", &source.product), ("service", &source.service)];
        let found = parts.into_iter().find_map(|(name, value)| {
            let behind = inner.strip_prefix(name)?;
            let behind = if braced.is_some() { behind.strip_prefix('}')? } else { behind };
            Some((value.as_deref().unwrap_or("*"), behind))
        });
        rest = match (found, after.strip_prefix('$')) {
            (Some((value, behind)), _) => {
                out.push_str(value);
                behind
            }
            (None, Some(behind)) => {
                out.push('$');
                behind
            }
            (None, None) => {
                out.push('$');
                after
            }
        };
    }
    out.push_str(rest);
    out
}
