//! Why a rule fired: the selections that held, and what in the event made them hold.
//!
//! ```text
//! explanation (whole tree)  ─▶  Evidence { selections: ["sel"], fields: [Image = 'C:\\a.exe' endswith '\\a.exe'] }
//! ```
//!
//! Evidence is the true part of an explanation, made flat. What a condition negates is no evidence.

use crate::intel::{Hit, Indicator};
use crate::reference::{Explanation, Step};
use serde::Serialize;

/// Why a detection fired: the selections that held and what in the event made them hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Selections that held and that the condition does not negate, in the rule's order.
    pub selections: Vec<String>,
    /// Fields of these selections with the value and the test it passed.
    pub fields: Vec<FieldEvidence>,
    /// The indicators that the event holds and with which the rule matches it; none, when the rule asks for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<IndicatorSeen>,
}

/// An indicator that an event holds, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndicatorSeen {
    /// The indicator.
    #[serde(flatten)]
    pub indicator: Indicator,
    /// The field of the event.
    pub field: String,
    /// Its value, of which the indicator's may be a part.
    pub seen: String,
}

impl IndicatorSeen {
    pub(crate) fn new(hit: Hit<'_>) -> Self {
        Self { indicator: hit.indicator.clone(), field: hit.field.to_owned(), seen: hit.seen.to_owned() }
    }
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

impl Evidence {
    pub(crate) fn new(explanation: &Explanation) -> Self {
        let mut evidence = Self { selections: Vec::new(), fields: Vec::new(), indicators: Vec::new() };
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
