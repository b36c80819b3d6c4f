//! Conditions over rules: what must have matched, and what must not.
//!
//! ```text
//! a and b and not c, span 10        a at 3, b at 7: complete at 7, the window is [3, 13)
//!                                   c anywhere in (-3, 13) spoils it: every window of 10 that holds a and b
//!                                   and c as well lies there
//! ```
//!
//! It is enough to know when each rule matched last: what must match is asked of the time since the start of the
//! window, and what must not of a longer time, so the last match says whether there was any.

use super::{Entry, is_within};
use crate::check::Condition;

/// The latest event of each rule, and how far back is looked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) latest: &'a [Entry],
    /// What must match must not be older than this.
    pub(super) since: i64,
    /// What must not match is looked for from one span before `complete` on.
    pub(super) span: u64,
    pub(super) complete: i64,
}

impl<'a> Seen<'a> {
    /// What the window that ends at `time` holds.
    pub(super) fn at(latest: &'a [Entry], span: u64, time: i64) -> Self {
        let since = time.saturating_sub_unsigned(span).saturating_add(1);
        Self { latest, since, span, complete: time }
    }

    pub(super) fn holds(&self, condition: &Condition) -> bool {
        self.is_true(condition, Wanted::Match)
    }

    /// The latest time such that what has happened since then is enough; `None` when nothing is.
    pub(super) fn tightest(&self, condition: &Condition) -> Option<i64> {
        if !self.holds(condition) {
            return None;
        }
        let mut times: Vec<i64> =
            self.latest.iter().map(|entry| entry.time).filter(|time| *time >= self.since).collect();
        times.sort_unstable_by(|left, right| right.cmp(left));
        times.into_iter().find(|since| Self { since: *since, ..*self }.holds(condition))
    }

    fn is_true(&self, condition: &Condition, wanted: Wanted) -> bool {
        match condition {
            Condition::Selection(rule) => self.matched(*rule, wanted),
            Condition::Of { count, selections, .. } => {
                selections.iter().filter(|rule| self.matched(**rule, wanted)).count() >= *count
            }
            Condition::Not(inner) => !self.is_true(inner, wanted.other()),
            Condition::And(parts) => parts.iter().all(|part| self.is_true(part, wanted)),
            Condition::Or(parts) => parts.iter().any(|part| self.is_true(part, wanted)),
        }
    }

    fn matched(&self, rule: usize, wanted: Wanted) -> bool {
        self.latest.get(rule).is_some_and(|entry| match wanted {
            Wanted::Match => entry.time >= self.since,
            Wanted::NoMatch => entry.time != i64::MIN && is_within(entry.time, self.span, self.complete),
        })
    }
}

/// Whether a rule stands behind an even or an odd number of `not`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Match,
    NoMatch,
}

impl Wanted {
    pub(crate) fn other(self) -> Self {
        if self == Self::Match { Self::NoMatch } else { Self::Match }
    }
}

/// Whether the condition says of any rule that it must not match.
pub(crate) fn has_not(condition: &Condition, wanted: Wanted) -> bool {
    match condition {
        Condition::Selection(_) => wanted == Wanted::NoMatch,
        Condition::Of { selections, .. } => wanted == Wanted::NoMatch && !selections.is_empty(),
        Condition::Not(inner) => has_not(inner, wanted.other()),
        Condition::And(parts) | Condition::Or(parts) => parts.iter().any(|part| has_not(part, wanted)),
    }
}
