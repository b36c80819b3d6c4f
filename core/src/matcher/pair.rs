//! Two fields of one event against each other (`fieldref`).
//!
//! ```text
//! SubjectUserName|fieldref: TargetUserName   ─▶   any value of the one equals any value of the other
//! ```
//!
//! Few rules ask this, so nothing is prepared: both texts are folded when they are compared. A missing field, and null, equal nothing.

use crate::event::slots::{Kind, Slots};
use crate::program::Pair;
use crate::text;

/// Whether any value of the left field stands in the wanted relation to any of the right one.
pub(super) fn holds(pair: &Pair, slots: &Slots) -> bool {
    let has_text = |(kind, _): &(Kind, &str)| !matches!(kind, Kind::Null | Kind::Composite);
    slots.values(pair.left).filter(has_text).any(|(_, left)| {
        slots.values(pair.right).filter(has_text).any(|(_, right)| {
            if pair.cased {
                return pair.anchor.holds(left, right);
            }
            pair.anchor.holds(&text::folded(left), &text::folded(right))
        })
    })
}
