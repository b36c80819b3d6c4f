//! Correlations: what several detections mean together.
//!
//! ```text
//! type: event_count          Correlation { kind: EventCount, rules: [failed_login → Rule 3],
//! rules: [failed_login]   ─▶              group_by: [User], timespan_ns: 600 s,
//! group-by: [User]                        criterion: Compare [>= 10], alerts: true }
//! timespan: 10m
//! condition: {gte: 10}
//! ```
//!
//! `read` takes one document, `resolve` finds what all of them refer to. The record holds everything
//! that evaluation over time needs; no event, window or state is known here.

mod learning;
mod read;
mod resolve;
mod timespan;

#[cfg(test)]
mod tests;

pub(super) use read::{Draft, read};
pub(super) use resolve::{leave_out, resolve};

use super::{Condition, Metadata, Origin};
use crate::diagnostic::Span;
use crate::number::Number;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A correlation whose references are resolved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Correlation {
    pub(crate) meta: Metadata,
    pub(crate) kind: CorrelationType,
    /// What it refers to, in the order of `rules`. Only `temporal_ordered` may hold one target twice.
    pub(crate) rules: Vec<Reference>,
    /// Fields or aliases whose values make a group; empty when all events are one group.
    pub(crate) group_by: Vec<String>,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) timespan_ns: u64,
    pub(crate) criterion: Criterion,
    /// Fields or aliases whose values are counted or computed; types that compute with numbers have one, and
    /// types without a field none.
    pub(crate) fields: Vec<String>,
    /// From 0 to 100; for `value_percentile` only.
    pub(crate) percentile: Number,
    /// Of types that learn what is usual.
    pub(crate) learning: Learning,
    /// Whether the rules it refers to also give alerts of their own.
    pub(crate) generate: bool,
    #[serde(skip)]
    pub(crate) origin: Option<Origin>,
}

/// How long and of how much a correlation learns before it alerts; nothing for types that do not learn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Learning {
    /// Since the first event of the group, in event time.
    pub(crate) span_ns: u64,
    /// Events that there must be.
    pub(crate) maturity: u64,
    /// Over how long the rate is averaged; for `rate_change` only.
    pub(crate) baseline_ns: u64,
}

macro_rules! types {
    ($($ident:ident = $name:literal, $portable:literal, $meaning:literal;)*) => {
        /// What a correlation does with its events.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub(crate) enum CorrelationType { $(#[doc = $meaning] $ident,)* }

        impl CorrelationType {
            const ALL: &'static [Self] = &[$(Self::$ident,)*];

            /// The name as it is written in rules.
            pub(crate) const fn name(self) -> &'static str { match self { $(Self::$ident => $name,)* } }

            /// Whether the specification 2.1.0 defines it, so that other tools know it too.
            const fn is_portable(self) -> bool { match self { $(Self::$ident => $portable,)* } }
        }
    };
}

types! {
    EventCount = "event_count", true, "counts events";
    ValueCount = "value_count", true, "counts distinct values of a field";
    Temporal = "temporal", true, "several rules match within the timespan";
    TemporalOrdered = "temporal_ordered", true, "several rules match within the timespan, in order";
    ValueSum = "value_sum", true, "adds the values of a field";
    ValueAvg = "value_avg", true, "the average of the values of a field";
    ValuePercentile = "value_percentile", true, "a percentile of the values of a field";
    ValueMedian = "value_median", false, "the median of the values of a field";
    ValueMin = "value_min", false, "the least value of a field";
    ValueMax = "value_max", false, "the greatest value of a field";
    Absence = "absence", false, "the first rule matches, and then none of the others";
    NewValue = "new_value", false, "a value of a field that is not known yet";
    RareValue = "rare_value", false, "a value of a field with a small share of the events";
    RateChange = "rate_change", false, "many more or fewer events than usual";
}

impl CorrelationType {
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    pub(crate) fn is_temporal(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }

    pub(crate) fn has_field(self) -> bool {
        !self.is_temporal() && !matches!(self, Self::EventCount | Self::Absence | Self::RateChange)
    }

    /// Whether it computes with the field's values as numbers.
    pub(crate) fn is_numeric(self) -> bool {
        self.has_field() && !matches!(self, Self::ValueCount | Self::NewValue | Self::RareValue)
    }

    /// Whether it learns what is usual before it alerts.
    fn learns(self) -> bool {
        matches!(self, Self::NewValue | Self::RareValue | Self::RateChange)
    }
}

/// A rule or correlation that a correlation refers to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reference {
    /// The id or name by which it is referred to.
    pub(crate) written: String,
    pub(crate) target: Target,
    #[serde(skip)]
    pub(crate) span: Span,
}

/// What a reference means: a position in the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Target {
    /// The rule at this position of `Pack::rules`.
    Rule(usize),
    /// The correlation at this position of `Pack::correlations`.
    Correlation(usize),
}

/// A name that stands for one field in the events of one rule and for another in those of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) name: String,
    /// Position in `Correlation::rules`, and the field. A rule that is not listed uses the alias as field name.
    pub(crate) fields: Vec<(usize, String)>,
}

/// When the correlation holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Criterion {
    /// Every rule matched; for temporal types without a condition.
    EveryRule,
    /// All comparisons hold: of the count, of the computed value, or of the number of distinct rules.
    Compare(Vec<(Comparison, Number)>),
    /// A boolean expression over the rules; `Condition::Selection` is a position in `Correlation::rules`.
    Expression(Condition),
}

/// A comparison of a computed number with the one in the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Comparison {
    Gt,
    Gte,
    Lt,
    Lte,
    Eq,
    Neq,
}

impl Comparison {
    const ALL: [Self; 6] = [Self::Gt, Self::Gte, Self::Lt, Self::Lte, Self::Eq, Self::Neq];

    /// The name as it is written in rules.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Eq => "eq",
            Self::Neq => "neq",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.name() == name)
    }

    /// Whether `left` compares to `right` in this way.
    pub(crate) fn holds(self, left: Number, right: Number) -> bool {
        let order = left.cmp(&right);
        match self {
            Self::Gt => order == Ordering::Greater,
            Self::Gte => order != Ordering::Less,
            Self::Lt => order == Ordering::Less,
            Self::Lte => order != Ordering::Greater,
            Self::Eq => order == Ordering::Equal,
            Self::Neq => order != Ordering::Equal,
        }
    }

    /// Whether the comparison stays true while the number grows, so that it may fire before a window closes.
    pub(crate) fn is_lower_bound(self) -> bool {
        matches!(self, Self::Gt | Self::Gte)
    }
}

impl Correlation {
    /// The field that `name` of `group-by` or `field` stands for in events of the rule at `rule`.
    pub(crate) fn field_of<'a>(&'a self, name: &'a str, rule: usize) -> &'a str {
        self.aliases
            .iter()
            .find(|alias| alias.name == name)
            .and_then(|alias| alias.fields.iter().find(|(at, _)| *at == rule))
            .map_or(name, |(_, field)| field)
    }
}
