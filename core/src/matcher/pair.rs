//! Two fields of one event against each other (`fieldref`).
//!
//! ```text
//! SubjectUserName|fieldref: TargetUserName   ─▶   any value of the one equals any value of the other
//! ```
//!
//! Few rules ask this, so nothing is prepared: both texts are folded when they are compared. A missing field, and null, equal nothing.

use crate::event::slots::{Seen, Slots};
use crate::program::Pair;
use crate::text::{self, Anchor};
use std::hash::BuildHasher;

/// Memory for reading the two texts.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    left: [String; 2],
    right: [String; 2],
    /// Hashes of all right values, in order, where there are many.
    hashes: Vec<u64>,
    hasher: foldhash::fast::RandomState,
}

/// Right values from which on a left one is looked up among their hashes before it is compared with each.
const MANY: usize = 8;

/// Whether any value of the left field stands in the wanted relation to any of the right one.
pub(super) fn holds(pair: &Pair, slots: &Slots, event: &str, buffers: &mut Buffers) -> bool {
    let Buffers { left: [left_read, left_folded], right: [right_read, right_folded], hashes, hasher } = buffers;
    hashes.clear();
    let rights = || slots.values(pair.right, event).filter(Seen::has_text);
    // Else two long lists would be compared each with each.
    if pair.anchor == Anchor::Whole && rights().nth(MANY).is_some() {
        hashes
            .extend(rights().map(|right| hasher.hash_one(cased_or_folded(right.text(right_read), pair, right_folded))));
        hashes.sort_unstable();
    }
    slots.values(pair.left, event).filter(Seen::has_text).any(|left| {
        let left = cased_or_folded(left.text(left_read), pair, left_folded);
        if !hashes.is_empty() && hashes.binary_search(&hasher.hash_one(left)).is_err() {
            return false;
        }
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
