//! A correlation made ready: which machine its groups get, and when their windows are judged.
//!
//! ```text
//! type: event_count, gte: 10, 10m   ─▶   Correlator { plan: Events, verdict: AtOnce, bounds: [>= 10], span: 600 s }
//! type: temporal, a and not b       ─▶   Correlator { plan: Rules, verdict: Expression { nots }, .. }
//! ```
//!
//! It is frozen and shared by all groups; what changes is in their states. No field of an event is read here.

use super::machine::{Aggregate, Mask, Order, Wanted, has_not};
use crate::check::correlation::{Comparison, CorrelationType, Criterion, Learning};
use crate::check::{Condition, Correlation};
use crate::number::Number;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

/// Orders that the condition of one `temporal_ordered` may allow.
const ORDERS_MAX: usize = 256;

/// What happens when the condition of a group goes on to hold after an alert.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing, for the length of a timespan.
    #[default]
    Suppress,
    /// Every event with which it holds gives an alert.
    Repeat,
    /// Every event with which it holds, for the length of a timespan, gives an update of the alert.
    Update,
}

/// Which machine a group gets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plan {
    Events,
    Numbers(Aggregate),
    /// Distinct values; more than `cap` are estimated.
    Distinct {
        cap: usize,
    },
    /// The latest event of each of so many rules.
    Rules {
        rules: usize,
    },
    /// Any of some orders of steps; `watched` are the rules that some order says must not match.
    Steps {
        orders: Vec<Order>,
        watched: Vec<u16>,
    },
    /// How many steps were taken in order, for a window that is judged when it closes.
    Longest {
        steps: Vec<u16>,
    },
    /// What the first rule begins and another ends; a rule that is alone ends what it began.
    Absence {
        is_alone: bool,
    },
    /// Values that were not there before; more than `cap` are kept in a sketch.
    NewValue {
        cap: usize,
    },
    /// The share of values among the latest `cap` events at most.
    RareValue {
        cap: usize,
    },
    /// Events per timespan against their average.
    RateChange,
}

/// When a group is judged, and by what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// At every event, by the bounds; or by the steps, all of which must be taken.
    AtOnce,
    /// When a window closes, by the bounds.
    AtClose,
    /// By a condition over rules: at every event, or, with `not`, when a window closes.
    Expression { condition: Condition, nots: bool },
    /// When and by what the machine of an extension says.
    Own,
}

/// How the groups of a table behave, apart from what the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Behaviour {
    pub(crate) mode: Mode,
    /// Distinct values of one group that are counted exactly.
    pub(crate) distinct_max: usize,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { mode: Mode::Suppress, distinct_max: 1 << 16 }
    }
}

/// A correlation that can be evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Correlator {
    pub(crate) span: u64,
    pub(crate) plan: Plan,
    pub(crate) verdict: Verdict,
    pub(crate) bounds: Vec<(Comparison, Number)>,
    pub(crate) learning: Learning,
    pub(crate) mode: Mode,
    /// How many fields of its events it hands on to correlations further out.
    pub(crate) carried: usize,
    /// By what it is known, also after rules were loaded anew.
    pub(crate) id: String,
    /// Of all that its state depends on.
    pub(crate) content: u64,
}

/// Why a correlation cannot be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It refers to more rules than the limit.
    Rules(usize),
    /// The condition of `temporal_ordered` allows more orders than the limit.
    Orders(usize),
    /// The correlation at this position, to which it refers, cannot be evaluated.
    Inner(usize),
}

impl Correlator {
    pub(crate) fn new(correlation: &Correlation, behaviour: Behaviour) -> Result<Self, Refused> {
        let rules = correlation.rules.len();
        if rules > Mask::LEN {
            return Err(Refused::Rules(Mask::LEN));
        }
        let bounds = match &correlation.criterion {
            Criterion::Compare(bounds) => bounds.clone(),
            Criterion::EveryRule => vec![(Comparison::Gte, Number::Integer(rules as i128))],
            Criterion::Expression(_) => Vec::new(),
        };
        let at_once = bounds.iter().all(|(comparison, _)| comparison.is_lower_bound());
        let verdict = match &correlation.criterion {
            _ if is_extension(correlation.kind) => Verdict::Own,
            Criterion::Expression(condition) => {
                Verdict::Expression { condition: condition.clone(), nots: has_not(condition, Wanted::Match) }
            }
            _ if at_once => Verdict::AtOnce,
            _ => Verdict::AtClose,
        };
        let plan = match correlation.kind {
            CorrelationType::EventCount => Plan::Events,
            CorrelationType::ValueCount => Plan::Distinct { cap: behaviour.distinct_max.max(1) },
            CorrelationType::Temporal => Plan::Rules { rules },
            CorrelationType::TemporalOrdered => ordered(rules as u16, &verdict, &bounds)?,
            CorrelationType::ValueSum => Plan::Numbers(Aggregate::Sum),
            CorrelationType::ValueAvg => Plan::Numbers(Aggregate::Average),
            CorrelationType::ValueMin => Plan::Numbers(Aggregate::Least),
            CorrelationType::ValueMax => Plan::Numbers(Aggregate::Greatest),
            CorrelationType::ValueMedian => Plan::Numbers(Aggregate::Median),
            CorrelationType::ValuePercentile => Plan::Numbers(Aggregate::percentile(correlation.percentile)),
            CorrelationType::Absence => Plan::Absence { is_alone: rules == 1 },
            CorrelationType::NewValue => Plan::NewValue { cap: behaviour.distinct_max.max(1) },
            CorrelationType::RareValue => Plan::RareValue { cap: behaviour.distinct_max.clamp(1, 1 << 24) },
            CorrelationType::RateChange => Plan::RateChange,
        };
        Ok(Self {
            span: correlation.timespan_ns,
            plan,
            verdict,
            bounds,
            learning: correlation.learning,
            mode: behaviour.mode,
            carried: 0,
            id: correlation.meta.identity().to_owned(),
            content: content(correlation),
        })
    }

    /// Whether a value satisfies all comparisons.
    pub(crate) fn holds(&self, value: Number) -> bool {
        self.bounds.iter().all(|(comparison, bound)| comparison.holds(value, *bound))
    }
}

/// Whether its machine decides by itself when to alert.
fn is_extension(kind: CorrelationType) -> bool {
    use CorrelationType as C;
    matches!(kind, C::Absence | C::NewValue | C::RareValue | C::RateChange)
}

/// A hash of all that state depends on: what else a rule says may change without losing it.
fn content(correlation: &Correlation) -> u64 {
    let rules: Vec<&str> = correlation.rules.iter().map(|rule| rule.written.as_str()).collect();
    let parts = (
        correlation.kind,
        rules,
        &correlation.group_by,
        (&correlation.aliases, &correlation.fields),
        correlation.timespan_ns,
        &correlation.criterion,
        correlation.percentile,
        correlation.learning,
    );
    // INVARIANT: writing plain data into memory cannot fail.
    postcard::to_stdvec(&parts).map_or(0, |bytes| xxh3_64(&bytes))
}

/// The machine for `temporal_ordered`.
fn ordered(rules: u16, verdict: &Verdict, bounds: &[(Comparison, Number)]) -> Result<Plan, Refused> {
    let found = match verdict {
        Verdict::AtClose | Verdict::Own => return Ok(Plan::Longest { steps: (0..rules).collect() }),
        Verdict::AtOnce => {
            // As many steps as the bounds ask for; when they ask for more than there are, no order will do.
            let holds = |count: u16| {
                bounds.iter().all(|(comparison, bound)| comparison.holds(Number::Integer(count.into()), *bound))
            };
            match (1..=rules).find(|count| holds(*count)) {
                Some(count) => subsets(&(0..rules).collect::<Vec<_>>(), count.into(), Truth::Yes),
                None => Some(Vec::new()),
            }
        }
        Verdict::Expression { condition, .. } => alternatives(condition, Truth::Yes),
    };
    let mut found = found.ok_or(Refused::Orders(ORDERS_MAX))?;
    // Whoever needs less is content wherever the other is.
    found.retain(|way| !way.must.is_empty() && way.must.is_disjoint(&way.must_not));
    let watched: BTreeSet<u16> = found.iter().flat_map(|way| way.must_not.iter().copied()).collect();
    let mut from = watched.len();
    let mut orders = Vec::with_capacity(found.len());
    for way in found {
        let steps: Vec<u16> = way.must.into_iter().collect();
        let mut nots = Mask::default();
        way.must_not.into_iter().for_each(|rule| nots.add(rule));
        let words = Order::words(steps.len());
        orders.push(Order { steps, nots, from });
        from += words;
    }
    Ok(Plan::Steps { orders, watched: watched.into_iter().collect() })
}

/// One way to make a condition true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Way {
    must: BTreeSet<u16>,
    must_not: BTreeSet<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
}

/// All ways to make a condition true, or false; `None` when they are too many.
fn alternatives(condition: &Condition, truth: Truth) -> Option<Vec<Way>> {
    let other = if truth == Truth::Yes { Truth::No } else { Truth::Yes };
    match (condition, truth) {
        (Condition::Selection(rule), _) => subsets(&[*rule as u16], 1, truth),
        (Condition::Of { count, selections, .. }, _) => {
            let rules: Vec<u16> = selections.iter().map(|rule| *rule as u16).collect();
            let size = if truth == Truth::Yes { *count } else { (rules.len() + 1).saturating_sub(*count) };
            subsets(&rules, size, truth)
        }
        (Condition::Not(inner), _) => alternatives(inner, other),
        (Condition::And(parts), Truth::Yes) | (Condition::Or(parts), Truth::No) => {
            let mut all = vec![Way::default()];
            for part in parts {
                let ways = alternatives(part, truth)?;
                all = all.iter().flat_map(|left| ways.iter().map(|right| left.with(right))).collect();
                dedup(&mut all);
                if all.len() > ORDERS_MAX {
                    return None;
                }
            }
            Some(all)
        }
        (Condition::Or(parts), Truth::Yes) | (Condition::And(parts), Truth::No) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(alternatives(part, truth)?);
                dedup(&mut all);
                if all.len() > ORDERS_MAX {
                    return None;
                }
            }
            Some(all)
        }
    }
}

fn dedup(ways: &mut Vec<Way>) {
    let mut seen: Vec<Way> = Vec::with_capacity(ways.len());
    ways.retain(|way| {
        let new = !seen.contains(way);
        if new && seen.len() <= ORDERS_MAX {
            seen.push(way.clone());
        }
        new
    });
}

impl Way {
    fn with(&self, other: &Self) -> Self {
        Self {
            must: self.must.union(&other.must).copied().collect(),
            must_not: self.must_not.union(&other.must_not).copied().collect(),
        }
    }
}

/// All choices of `size` rules that must match, or must not.
fn subsets(rules: &[u16], size: usize, truth: Truth) -> Option<Vec<Way>> {
    let mut chosen: Vec<BTreeSet<u16>> = vec![BTreeSet::new()];
    for (at, rule) in rules.iter().enumerate() {
        let left = rules.len() - at;
        let mut next = Vec::with_capacity(chosen.len() * 2);
        for set in chosen {
            if set.len() < size {
                let mut with = set.clone();
                with.insert(*rule);
                next.push(with);
            }
            // Without this rule enough others must be left.
            if set.len() + left > size {
                next.push(set);
            }
        }
        if next.len() > 2 * ORDERS_MAX {
            return None;
        }
        chosen = next;
    }
    let ways = chosen.into_iter().filter(|set| set.len() == size).map(|set| match truth {
        Truth::Yes => Way { must: set, must_not: BTreeSet::new() },
        Truth::No => Way { must: BTreeSet::new(), must_not: set },
    });
    let ways: Vec<Way> = ways.collect();
    (ways.len() <= ORDERS_MAX).then_some(ways)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(ways: Option<Vec<Way>>) -> Vec<String> {
        let show = |way: Way| format!("{:?} not {:?}", way.must, way.must_not);
        ways.unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn a_condition_becomes_the_ways_to_make_it_true() {
        let is = Condition::Selection;
        let not = |inner| Condition::Not(Box::new(inner));
        let either = Condition::Or(vec![is(1), not(Condition::And(vec![is(2), is(3)]))]);
        let condition = Condition::And(vec![is(0), either]);
        assert_eq!(show(alternatives(&condition, Truth::Yes)), ["{0, 1} not {}", "{0} not {2}", "{0} not {3}"]);
        let two = Condition::Of { count: 2, selections: vec![0, 1, 2], written: String::new() };
        assert_eq!(show(alternatives(&two, Truth::Yes)), ["{0, 1} not {}", "{0, 2} not {}", "{1, 2} not {}"]);
        assert_eq!(show(alternatives(&not(two), Truth::Yes)), ["{} not {0, 1}", "{} not {0, 2}", "{} not {1, 2}"]);
        let many = Condition::Of { count: 10, selections: (0..20).collect(), written: String::new() };
        assert_eq!(alternatives(&many, Truth::Yes), None);
    }
}
