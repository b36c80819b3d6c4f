//! What should follow, and does not: a wait that the first rule opens and any other answers.
//!
//! ```text
//! rules a b, span 10     a 1 ── a 3 ─────────── 11: alert, 2 events
//!                        a 1 ──── b 5           answered
//! rules a                a 1 ── a 3 ── a 9 ────────── 19: alert, as nothing came since 9
//! ```
//!
//! It has at most one time at which it wants to be asked, and leaves that where it is when the wait is answered: so a
//! heart that beats every second costs no timer a second.

use super::extended::Told;
use super::tail::Tail;
use super::{Mask, Signal};
use crate::correlation::alert::FindingKind;
use crate::number::Number;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wait {
    /// The events of the first rule since it opened the wait.
    open: Option<Tail>,
    /// When to look, at the end of the wait or before it.
    pub(super) look: Option<i64>,
}

impl Wait {
    /// Takes in all events of one time. Where there is but one rule, it answers itself.
    pub(super) fn update(&mut self, time: i64, batch: &[Signal], is_alone: bool, span: u64) {
        let first = Mask::of(0);
        let is_answered = batch.iter().any(|signal| signal.rules() != first);
        if is_answered || is_alone {
            self.open = None;
        }
        if !is_answered {
            let open = self.open.get_or_insert_with(|| Tail::new(time));
            batch.iter().for_each(|signal| open.add(time, signal.event));
            self.look.get_or_insert(open.first.saturating_add_unsigned(span));
        }
    }

    /// Judges the wait if it is over at the watermark.
    pub(super) fn expire(&mut self, watermark: i64, span: u64) -> Option<Told> {
        self.look = self.look.filter(|look| *look > watermark);
        if self.look.is_some() {
            return None;
        }
        let end = self.open.as_ref()?.first.saturating_add_unsigned(span);
        if end > watermark {
            self.look = Some(end);
            return None;
        }
        let open = self.open.take()?;
        let (last, value) = (open.last, Number::Integer(open.count.into()));
        Some(Told { kind: FindingKind::Alert, time: end, last, value, detail: open.into_detail() })
    }

    pub(super) fn bytes(&self) -> usize {
        self.open.as_ref().map_or(0, Tail::bytes)
    }

    /// Whether it can be, where nothing is later than `last`.
    pub(super) fn is_sound(&self, last: i64, span: u64) -> bool {
        self.open.as_ref().is_none_or(|open| open.is_sound(last) && self.look.is_some())
            && self.look.is_none_or(|look| look <= last.saturating_add_unsigned(span))
    }
}
