//! Two fields of one event against each other (`fieldref`).
//!
//! ```text
//! SubjectUserName|fieldref: TargetUserName   ─▶   any value of the one equals any value of the other
//! ```
//!
//! Few rules ask this, so nothing is prepared: texts are folded character by character while they are
//! compared. A missing field, and null, equal nothing.

use crate::check::Anchor;
use crate::event::slots::{Kind, Slots};
use crate::fold;
use crate::program::Pair;

/// Whether any value of the left field stands in the wanted relation to any of the right one.
pub(super) fn holds(pair: &Pair, slots: &Slots) -> bool {
    let has_text = |(kind, _): &(Kind, &str)| !matches!(kind, Kind::Null | Kind::Composite);
    slots.values(pair.left).filter(has_text).any(|(_, left)| {
        slots.values(pair.right).filter(has_text).any(|(_, right)| {
            if pair.reference.cased {
                return relates(pair.reference.anchor, left, right);
            }
            relates(pair.reference.anchor, &fold::text(left), &fold::text(right))
        })
    })
}

fn relates(anchor: Anchor, left: &str, right: &str) -> bool {
    match anchor {
        Anchor::Whole => left == right,
        Anchor::Start => left.starts_with(right),
        Anchor::End => left.ends_with(right),
        Anchor::Anywhere => left.contains(right),
    }
}
