//! Two fields of one event against each other (`fieldref`).
//!
//! ```text
//! SubjectUserName|fieldref: TargetUserName   ─▶   any value of the one equals any value of the other
//! ```
//!
//! Few rules ask this, so nothing is prepared: both texts are folded when they are compared. A missing field, and null, equal nothing.
//! Where both fields are long lists, comparing each with each would take time by the square of the event, so then the
//! right values become one automaton in which each left one is looked up.

use crate::event::slots::{Seen, Slots};
use crate::program::Pair;
use crate::text::{self, Anchor};
use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, StartKind};
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
/// Pairs of values from which on an automaton is built; for fewer that takes longer than comparing.
const PAIRS_MANY: usize = 1_000;
/// Bytes of right values that one automaton may hold; each byte takes some hundred bytes in it.
const BATCH_BYTES: usize = 1 << 17;

/// Whether any value of the left field stands in the wanted relation to any of the right one.
pub(super) fn holds(pair: &Pair, slots: &Slots, event: &str, buffers: &mut Buffers) -> bool {
    let lefts = || slots.values(pair.left, event).filter(Seen::has_text);
    let rights = || slots.values(pair.right, event).filter(Seen::has_text);
    let Buffers { left: [left_read, left_folded], right: [right_read, right_folded], hashes, hasher } = buffers;
    hashes.clear();
    if rights().nth(MANY).is_some() {
        // Else two long lists would be compared each with each.
        if pair.anchor == Anchor::Whole {
            let hash = |right: Seen<'_>| hasher.hash_one(cased_or_folded(right.text(right_read), pair, right_folded));
            hashes.extend(rights().map(hash));
            hashes.sort_unstable();
        } else if lefts().count() * rights().count() > PAIRS_MANY {
            return many_hold(pair, lefts, rights);
        }
    }
    lefts().any(|left| {
        let left = cased_or_folded(left.text(left_read), pair, left_folded);
        if !hashes.is_empty() && hashes.binary_search(&hasher.hash_one(left)).is_err() {
            return false;
        }
        rights().any(|right| pair.anchor.holds(left, cased_or_folded(right.text(right_read), pair, right_folded)))
    })
}

/// The same where one must stand in the other, for many values of both; this takes memory.
fn many_hold<'e, L, R>(pair: &Pair, lefts: impl Fn() -> L, rights: impl Fn() -> R) -> bool
where
    L: Iterator<Item = Seen<'e>>,
    R: Iterator<Item = Seen<'e>>,
{
    let (mut read, mut folded) = (String::new(), String::new());
    let mut bytes = |seen: Seen<'_>| {
        let mut bytes = cased_or_folded(seen.text(&mut read), pair, &mut folded).as_bytes().to_vec();
        if pair.anchor == Anchor::End {
            bytes.reverse();
        }
        bytes
    };
    let anchored = if pair.anchor == Anchor::Anywhere { Anchored::No } else { Anchored::Yes };
    let mut rights = rights().peekable();
    while rights.peek().is_some() {
        let (mut batch, mut length) = (Vec::new(), 0);
        while length < BATCH_BYTES
            && let Some(right) = rights.next()
        {
            let right = bytes(right);
            length += right.len();
            batch.push(right);
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .start_kind(StartKind::Both)
            .prefilter(false)
            .build(&batch);
        let found = |left: &[u8]| match &automaton {
            Ok(automaton) => {
                matches!(automaton.try_find(Input::new(left).anchored(anchored).earliest(true)), Ok(Some(_)))
            }
            // A single text of gigabytes is too long for an automaton.
            Err(_) if anchored == Anchored::No => batch.iter().any(|right| memchr::memmem::find(left, right).is_some()),
            Err(_) => batch.iter().any(|right| left.starts_with(right)),
        };
        if lefts().any(|left| found(&bytes(left))) {
            return true;
        }
    }
    false
}

fn cased_or_folded<'t>(text: &'t str, pair: &Pair, folded: &'t mut String) -> &'t str {
    if pair.cased {
        return text;
    }
    folded.clear();
    text::push_folded(text, folded);
    folded
}
