//! A rule while pipelines work on it.
//!
//! ```text
//! check::Branch ─▶ Draft { tree of items, each with the ids of what was applied to it } ─▶ check::Branch
//! ```
//!
//! A draft carries what only pipelines need: the state they set, and what was applied to the rule, to each
//! item and to each field name. It decides nothing; conditions and transformations do.

use super::Refusal;
use crate::check::{Branch, Condition, Item, Join, LogSource, Metadata, Selection, Test};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One branch of a rule, on its way through the steps.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) label: String,
    pub(super) selections: Vec<(String, Body)>,
    pub(super) condition: Condition,
    pub(super) logsource: LogSource,
    pub(super) meta: Metadata,
    pub(super) facts: Facts,
    values_max: usize,
}

/// What pipelines remember about a rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) state: BTreeMap<String, Value>,
    /// Ids of the steps that were applied.
    pub(super) applied: BTreeSet<String>,
    /// Ids of the steps that gave a field its name.
    pub(super) named_by: BTreeMap<String, BTreeSet<String>>,
    /// Whether any step changed anything.
    pub(super) changed: bool,
    /// Whether the condition is already a row of parts that steps have added.
    required: bool,
}

/// As `check::Body`, with a memory on each item.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Item(Work),
    All(Vec<Body>),
    Any(Vec<Body>),
}

/// An item and what was done to it.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) item: Item,
    pub(super) applied: BTreeSet<String>,
    /// Whether a step has renamed the item's field.
    pub(super) renamed: bool,
}

impl Draft {
    pub(super) fn new(branch: Branch, logsource: &LogSource, meta: &Metadata, values_max: usize) -> Self {
        let selections = branch.selections.into_iter().map(|selection| (selection.name, selection.body.into()));
        Self {
            label: branch.label,
            selections: selections.collect(),
            condition: branch.condition,
            logsource: logsource.clone(),
            meta: meta.clone(),
            facts: Facts::default(),
            values_max,
        }
    }

    pub(super) fn into_branch(self) -> Branch {
        let selections = self.selections.into_iter().map(|(name, body)| Selection { name, body: body.into() });
        Branch { label: self.label, selections: selections.collect(), condition: self.condition }
    }

    /// Every item, in order.
    pub(super) fn items(&self) -> Vec<&Item> {
        let mut items = Vec::new();
        for (_, body) in &self.selections {
            body.collect(&mut items);
        }
        items
    }

    /// Lets `each` rewrite every item, up to the limit of values. What it drops is gone from its selection; a selection of which
    /// nothing remains is gone from the condition.
    pub(super) fn rewrite(&mut self, each: &mut Each<'_>) -> Result<(), Refusal> {
        let mut kept = Vec::new();
        let mut places = Vec::new();
        let (mut values, max) = (0_usize, self.values_max);
        let mut counted = |work: Work, facts: &Facts| {
            let change = each(work, facts)?;
            values = values.saturating_add(change.values());
            if values > max { Err(Refusal::too_many_values(max)) } else { Ok(change) }
        };
        for (name, body) in std::mem::take(&mut self.selections) {
            match rewrite(body, &self.facts, &mut counted)? {
                Some(body) => {
                    places.push(Some(kept.len()));
                    kept.push((name, body));
                }
                None => places.push(None),
            }
        }
        self.selections = kept;
        if places.iter().any(Option::is_none) {
            let old = std::mem::replace(&mut self.condition, Condition::And(Vec::new()));
            self.condition = without(old, &places).ok_or(Refusal::nothing_left())?;
        }
        Ok(())
    }

    /// Joins a selection to the condition, which then needs it to hold, or not to.
    pub(super) fn require(&mut self, name: String, body: Body, negated: bool) {
        let added = Condition::Selection(self.selections.len());
        self.selections.push((name, body));
        let added = if negated { Condition::Not(Box::new(added)) } else { added };
        let old = std::mem::replace(&mut self.condition, Condition::And(Vec::new()));
        self.condition = match old {
            // What earlier steps added stands in one row with this.
            Condition::And(mut parts) if self.facts.required => {
                parts.insert(0, added);
                Condition::And(parts)
            }
            old => Condition::And(vec![added, old]),
        };
        self.facts.required = true;
    }
}

/// What is to become of an item.
pub(super) enum Change {
    Keep(Work),
    Become(Body),
    Drop,
}

impl Change {
    /// The number of single tests.
    fn values(&self) -> usize {
        match self {
            Self::Keep(work) => work.item.tests.iter().map(Test::count).sum(),
            Self::Become(body) => body.values(),
            Self::Drop => 0,
        }
    }
}

pub(super) type Each<'a> = dyn FnMut(Work, &Facts) -> Result<Change, Refusal> + 'a;

fn rewrite(body: Body, facts: &Facts, each: &mut Each<'_>) -> Result<Option<Body>, Refusal> {
    let mut all = |parts: Vec<Body>| -> Result<Option<Vec<Body>>, Refusal> {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            kept.extend(rewrite(part, facts, each)?);
        }
        Ok((!kept.is_empty()).then_some(kept))
    };
    Ok(match body {
        Body::Item(work) => match each(work, facts)? {
            Change::Keep(work) => Some(Body::Item(work)),
            Change::Become(body) => Some(body),
            Change::Drop => None,
        },
        Body::All(parts) => all(parts)?.map(Body::All),
        Body::Any(parts) => all(parts)?.map(Body::Any),
    })
}

/// The condition without the selections that have no new place; `None` when nothing remains.
fn without(condition: Condition, places: &[Option<usize>]) -> Option<Condition> {
    let place = |at: &usize| places.get(*at).copied().flatten();
    let all = |parts: Vec<Condition>| -> Option<Vec<Condition>> {
        let kept: Vec<_> = parts.into_iter().filter_map(|part| without(part, places)).collect();
        (!kept.is_empty()).then_some(kept)
    };
    match condition {
        Condition::Selection(at) => place(&at).map(Condition::Selection),
        Condition::Of { count, selections, written } => {
            let kept: Vec<usize> = selections.iter().filter_map(place).collect();
            let count = count.min(kept.len());
            (!kept.is_empty()).then_some(Condition::Of { count, selections: kept, written })
        }
        Condition::Not(inner) => without(*inner, places).map(|inner| Condition::Not(Box::new(inner))),
        Condition::And(parts) => all(parts).map(Condition::And),
        Condition::Or(parts) => all(parts).map(Condition::Or),
    }
}

impl Work {
    pub(super) fn new(item: Item) -> Self {
        Self { item, applied: BTreeSet::new(), renamed: false }
    }

    /// The same with another field and other tests.
    pub(super) fn with(&self, field: Option<String>, tests: Vec<Test>) -> Self {
        let item = Item { field, tests, ..self.item.clone() };
        Self { item, ..self.clone() }
    }
}

impl Body {
    fn values(&self) -> usize {
        match self {
            Self::Item(work) => work.item.tests.iter().map(Test::count).sum(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::values).sum(),
        }
    }

    fn collect<'a>(&'a self, items: &mut Vec<&'a Item>) {
        match self {
            Self::Item(work) => items.push(&work.item),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect(items)),
        }
    }

    /// Bodies of which any must hold; of negated items, by De Morgan, all.
    pub(super) fn any(mut parts: Vec<Self>, negated: bool) -> Self {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                if negated { Self::All(parts) } else { Self::Any(parts) }
            }
        }
    }

    /// Bodies joined as the tests of an item are.
    pub(super) fn joined(parts: Vec<Self>, join: Join, negated: bool) -> Self {
        Self::any(parts, negated != (join == Join::All))
    }
}

impl From<crate::check::Body> for Body {
    fn from(body: crate::check::Body) -> Self {
        use crate::check::Body as Checked;
        match body {
            Checked::Item(item) => Self::Item(Work::new(item)),
            Checked::All(parts) => Self::All(parts.into_iter().map(Self::from).collect()),
            Checked::Any(parts) => Self::Any(parts.into_iter().map(Self::from).collect()),
        }
    }
}

impl From<Body> for crate::check::Body {
    fn from(body: Body) -> Self {
        match body {
            Body::Item(work) => Self::Item(work.item),
            Body::All(parts) => Self::All(parts.into_iter().map(Self::from).collect()),
            Body::Any(parts) => Self::Any(parts.into_iter().map(Self::from).collect()),
        }
    }
}
