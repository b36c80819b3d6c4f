//! What fired and why: one rule, one event, and the evidence when somebody asks.
//!
//! ```text
//! scan ─▶ Detection (a rule's number)  ─▶ .rule() title, level, tags   ─▶ .evidence(event) field, value, pattern
//! ```
//!
//! A detection is two words until it is asked. Evidence is found by evaluating the one rule once more, as an
//! explanation, so it costs only those who want it.

use crate::engine::{RuleInfo, Rules};
use crate::event::Event;
use crate::reference::{Explanation, Step};
use serde::Serialize;

/// A rule that matched the event at hand.
#[derive(Debug, Clone, Copy)]
pub struct Detection<'a> {
    rules: &'a Rules,
    index: usize,
}

/// Why a detection fired: the selections that held and what in the event made them hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Selections that held and that the condition does not negate, in the rule's order.
    pub selections: Vec<String>,
    /// Fields of these selections with the value and the test it passed.
    pub fields: Vec<FieldEvidence>,
}

/// A field that took part in a detection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldEvidence {
    /// The selection the test belongs to.
    pub selection: String,
    /// The field; `None` for keywords.
    pub field: Option<String>,
    /// The value that passed; `None` when the test asks that there is none.
    pub value: Option<String>,
    /// The test in words, such as `Image endswith '\cmd.exe'`.
    pub pattern: String,
}

impl<'a> Detection<'a> {
    pub(crate) fn new(rules: &'a Rules, index: usize) -> Self {
        Self { rules, index }
    }

    /// The position of the rule in the rule set.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// What the rule says about itself.
    #[must_use]
    pub fn rule(&self) -> RuleInfo<'a> {
        self.rules.rule(self.index)
    }

    /// The evidence in the event that was scanned. Evaluates the rule once more.
    #[must_use]
    pub fn evidence(&self, event: &dyn Event) -> Evidence {
        Evidence::new(&self.rules.explain(self.index, event))
    }
}

impl Evidence {
    fn new(explanation: &Explanation) -> Self {
        let mut evidence = Self { selections: Vec::new(), fields: Vec::new() };
        for step in explanation.steps.iter().filter(|step| step.held) {
            evidence.collect(step, None);
        }
        evidence
    }

    fn collect(&mut self, step: &Step, selection: Option<&str>) {
        // What is negated is no evidence: it is there because it did not hold.
        if !step.held || step.is_negation() {
            return;
        }
        let selection = match &step.selection {
            Some(name) => {
                if !self.selections.contains(name) {
                    self.selections.push(name.clone());
                }
                Some(name.as_str())
            }
            None => selection,
        };
        if step.steps.is_empty() {
            let passed = step.values.iter().find(|seen| seen.passed);
            let entry = FieldEvidence {
                selection: selection.unwrap_or_default().to_owned(),
                field: step.field.clone(),
                value: passed.map(|seen| seen.value.clone()),
                pattern: step.what.clone(),
            };
            if !self.fields.contains(&entry) {
                self.fields.push(entry);
            }
        }
        for inner in &step.steps {
            self.collect(inner, selection);
        }
    }
}
