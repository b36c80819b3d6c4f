//! The slow, obvious evaluator that defines what a rule means.
//!
//! ```text
//! rule ─▶ condition ─▶ selection ─▶ item ─▶ test ─▶ any value of the field passes?
//! ```
//!
//! It reads checked rules as they stand and asks the event for each field each time. The engine must give
//! the same verdict on every rule and event; when the two differ, the engine is wrong. It also explains
//! verdicts (`explain`). Nothing here is fast, cached or prepared, but for compiled expressions.

mod explain;
mod test;

pub(crate) use explain::explain;
pub use explain::{Explanation, Step, ValueSeen};
pub(crate) use test::Regexes;

use crate::check::{Body, Branch, Condition, Item, Join, Rule};
use crate::event::Event;
use crate::time::Clock;

/// What evaluation needs besides the rule and the event.
pub(crate) struct Context<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) regexes: &'a Regexes,
}

/// Whether the rule matches the event.
pub(crate) fn matches(rule: &Rule, event: &dyn Event, context: &Context<'_>) -> bool {
    rule.branches.iter().any(|branch| condition_holds(&branch.condition, branch, event, context))
}

fn condition_holds(condition: &Condition, branch: &Branch, event: &dyn Event, context: &Context<'_>) -> bool {
    let holds = |part: &Condition| condition_holds(part, branch, event, context);
    match condition {
        Condition::Selection(at) => selection_holds(*at, branch, event, context),
        Condition::Of { count, selections, .. } => {
            selections.iter().filter(|at| selection_holds(**at, branch, event, context)).take(*count).count() == *count
        }
        Condition::Not(inner) => !holds(inner),
        Condition::And(parts) => parts.iter().all(holds),
        Condition::Or(parts) => parts.iter().any(holds),
    }
}

fn selection_holds(at: usize, branch: &Branch, event: &dyn Event, context: &Context<'_>) -> bool {
    branch.selections.get(at).is_some_and(|selection| body_holds(&selection.body, event, context))
}

fn body_holds(body: &Body, event: &dyn Event, context: &Context<'_>) -> bool {
    match body {
        Body::Item(item) => item_holds(item, event, context),
        Body::All(parts) => parts.iter().all(|part| body_holds(part, event, context)),
        Body::Any(parts) => parts.iter().any(|part| body_holds(part, event, context)),
    }
}

fn item_holds(item: &Item, event: &dyn Event, context: &Context<'_>) -> bool {
    let field = item.field.as_deref();
    let joined = match item.join {
        Join::Any => test::any_holds(&item.tests, field, event, context),
        Join::All => item.tests.iter().all(|test| test::holds(test, field, event, context)),
    };
    joined != item.negated
}
