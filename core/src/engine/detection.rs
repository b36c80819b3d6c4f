//! What fired: one rule on one event, cheap until asked.
//!
//! ```text
//! scan ─▶ Detection (a rule's number)  ─▶ .rule() title, level, tags   ─▶ .evidence(event) field, value, pattern
//! ```
//!
//! A detection is two words until it is asked. Evidence is found by evaluating the one rule once more, as an
//! explanation, so it costs only those who want it.

use super::{RuleInfo, Rules};
use crate::detection::{Evidence, IndicatorSeen};
use crate::event::Event;

/// A rule that matched the event at hand.
#[derive(Debug, Clone, Copy)]
pub struct Detection<'a> {
    rules: &'a Rules,
    index: usize,
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
        let evidence = Evidence::new(&self.rules.explain(self.index, event));
        Evidence { indicators: self.indicators(event), ..evidence }
    }

    /// The indicators in the event that was scanned with which the rule matches it; none, when the rule asks for no field
    /// `indicator.*`. Evaluates the rule once more.
    #[must_use]
    pub fn indicators(&self, event: &dyn Event) -> Vec<IndicatorSeen> {
        self.rules.indicators_seen(self.index, event)
    }
}
