//! Two fields of one event against each other (`fieldref`).
//!
//! ```text
//! SubjectUserName|fieldref: TargetUserName   ─▶   any value of the one equals any value of the other
//! ```
//!
//! Few rules ask this, so nothing is prepared: both texts are folded when they are compared. A missing field, and null, equal nothing.

use crate::event::slots::{Seen, Slots};
use crate::program::Pair;
use crate::text;

/// Whether any value of the left field stands in the wanted relation to any of the right one.
pub(super) fn holds(pair: &Pair, slots: &Slots, event: &str) -> bool {
    let (mut left_buffer, mut right_buffer) = (String::new(), String::new());
    slots.values(pair.left, event).filter(Seen::has_text).any(|left| {
        let left = left.text(&mut left_buffer);
        slots.values(pair.right, event).filter(Seen::has_text).any(|right| {
            let right = right.text(&mut right_buffer);
            if pair.cased {
                return pair.anchor.holds(left, right);
            }
            pair.anchor.holds(&text::folded(left), &text::folded(right))
        })
    })
}
