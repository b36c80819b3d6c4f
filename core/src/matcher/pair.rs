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

/// Memory for reading the two texts.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    left: [String; 2],
    right: [String; 2],
}

/// Whether any value of the left field stands in the wanted relation to any of the right one.
pub(super) fn holds(pair: &Pair, slots: &Slots, event: &str, buffers: &mut Buffers) -> bool {
    let Buffers { left: [left_read, left_folded], right: [right_read, right_folded] } = buffers;
    slots.values(pair.left, event).filter(Seen::has_text).any(|left| {
        let left = cased_or_folded(left.text(left_read), pair, left_folded);
        slots
            .values(pair.right, event)
            .filter(Seen::has_text)
            .any(|right| pair.anchor.holds(left, cased_or_folded(right.text(right_read), pair, right_folded)))
    })
}

fn cased_or_folded<'t>(text: &'t str, pair: &Pair, folded: &'t mut String) -> &'t str {
    if pair.cased {
        return text;
    }
    folded.clear();
    text::push_folded(text, folded);
    folded
}
