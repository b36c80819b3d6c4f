//! Conditions of the types that learn what is usual: new values, rare values, changes of a rate.
//!
//! ```text
//! condition: {field: F, lte: 0.01, learning: 7d}   ─▶   share <= 0.01, learning 7 d, maturity 100
//! ```
//!
//! They are extensions of the specification. What is usual, and when an alert comes, is not known here.

use super::read::Reader;
use super::{Comparison, CorrelationType};
use crate::diagnostic::Code;
use crate::number::Number;
use crate::syntax::yaml::{Node, Scalar};

/// Timespans in the baseline of a rule that names none.
pub(super) const BASELINE_TIMESPANS: u64 = 20;

impl CorrelationType {
    /// The comparisons that mean something to it.
    pub(super) fn comparisons(self) -> &'static [Comparison] {
        use Comparison as C;
        match self {
            Self::NewValue | Self::Absence => &[],
            Self::RareValue => &[C::Lt, C::Lte],
            Self::RateChange => &[C::Gt, C::Gte, C::Lt, C::Lte],
            _ => &Comparison::ALL,
        }
    }

    /// What to write instead of a comparison that means nothing.
    pub(super) fn choices(self) -> String {
        let names: Vec<&str> = self.comparisons().iter().map(|comparison| comparison.name()).collect();
        match *names {
            [] => "write `field`, and `learning` or `maturity` if need be".to_owned(),
            _ => format!("write one of `{}`", names.join(" ")),
        }
    }

    /// What stands in a condition.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::NewValue => "field: User",
            Self::RareValue => "lte: 0.01",
            Self::RateChange => "gte: 3",
            _ => "gte: 10",
        }
    }

    /// Events that there must be before it alerts, if the rule does not say.
    pub(super) fn maturity(self) -> u64 {
        match self {
            Self::NewValue => 1,
            Self::RareValue => 100,
            Self::RateChange => 10,
            _ => 0,
        }
    }
}

impl Reader<'_, '_, '_> {
    pub(super) fn maturity(&mut self, node: &Node) -> Option<u64> {
        let whole = match node.scalar() {
            Some(Scalar::Number(Number::Integer(whole))) => u64::try_from(whole).ok(),
            _ => None,
        };
        whole.or_else(|| {
            let what = match node.scalar() {
                Some(Scalar::Number(number)) => number.to_string(),
                _ => node.noun().to_owned(),
            };
            let message = format!("`maturity` must be a whole number of events, not {what}");
            self.refuse(Code::CorrelationCondition, node.span, message, "write a number from 0 on, without quotes")
        })
    }

    pub(super) fn baseline(&mut self, node: &Node, timespan_ns: u64) -> Option<u64> {
        let baseline_ns = self.span("baseline", node)?;
        if baseline_ns < timespan_ns {
            let message = "`baseline` is shorter than `timespan`, so there is nothing to compare with";
            let help = "write a baseline of many timespans, such as `1d` where the timespan is `1h`";
            return self.refuse(Code::CorrelationCondition, node.span, message, help);
        }
        Some(baseline_ns)
    }

    /// Refuses a comparison that means nothing to the type.
    pub(super) fn fits(&mut self, kind: CorrelationType, comparison: Comparison, key: &Node) -> Option<()> {
        if kind.comparisons().contains(&comparison) {
            return Some(());
        }
        let message = format!("`{}` means nothing to `{}`", comparison.name(), kind.name());
        self.refuse(Code::CorrelationCondition, key.span, message, &kind.choices())
    }

    /// Looks at the bounds of shares and ratios.
    pub(super) fn usual(&mut self, kind: CorrelationType, node: &Node, bounds: &[(Comparison, Number)]) -> Option<()> {
        if kind == CorrelationType::RareValue {
            let is_share = |bound: &Number| *bound > Number::Integer(0) && *bound < Number::Integer(1);
            if let Some((_, bound)) = bounds.iter().find(|(_, bound)| !is_share(bound)) {
                let message = format!("a share is compared with a number between 0 and 1, not with {bound}");
                return self.refuse(Code::CorrelationCondition, node.span, message, "one percent is 0.01");
            }
        }
        if kind == CorrelationType::RateChange && !any_ratio(bounds) {
            let help = "a ratio is at least 0: 1 is the usual rate, 3 three times as many events, 0 none";
            self.report.advise(Code::NeverMatches, node.span, "no ratio satisfies the condition", help);
        }
        Some(())
    }
}

/// Whether some ratio from 0 on satisfies all comparisons.
fn any_ratio(bounds: &[(Comparison, Number)]) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "near enough to tell bounds apart that anybody would write")]
    let value = |number: Number| match number {
        Number::Integer(whole) => whole as f64,
        Number::Float(value) => value,
    };
    let mut ends: Vec<f64> = bounds.iter().map(|(_, bound)| value(*bound).max(0.0)).chain([0.0]).collect();
    ends.sort_by(f64::total_cmp);
    // Verdicts change only at a bound, so the bounds and what lies between them stand for all.
    let between = ends.iter().zip(ends.iter().skip(1)).map(|(left, right)| left.midpoint(*right));
    let beyond = ends.last().map(|last| last * 2.0 + 1.0);
    let mut candidates = ends.iter().copied().chain(between).chain(beyond).filter_map(Number::from_f64);
    candidates.any(|ratio| bounds.iter().all(|(comparison, bound)| comparison.holds(ratio, *bound)))
}
