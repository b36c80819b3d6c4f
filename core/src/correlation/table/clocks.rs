//! Which clocks are believed, where one may be wrong.
//!
//! ```text
//! newest 2026, may jump 30 days      2099: one wrong clock, not counted
//!                                    2099, 2099, .. 16 times with nothing else between: time has really passed
//! first 2099, then 2026 16 times     the first clock was the wrong one: all begins anew in 2026
//! ```
//!
//! No clock of the machine is asked: only events tell what time it is.

/// Events in a row that make a time believed which alone would be a wrong clock.
pub(super) const BELIEVED: u32 = 16;

/// Events that are too far from those that are counted.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// Events that were counted so far, up to [`BELIEVED`].
    counted: u32,
    /// The last events in a row that were too far, and near each other.
    count: u32,
    first: i64,
}

impl Strangers {
    /// Strangers to events that are believed, whatever others say.
    pub(super) const TO_MANY: Self = Self { counted: BELIEVED, count: 0, first: 0 };

    /// Notes an event that is counted.
    pub(super) fn note_counted(&mut self) {
        *self = Self { counted: self.counted.saturating_add(1).min(BELIEVED), ..Self::default() };
    }

    /// Notes an event that is late and not too far.
    pub(super) fn note_late(&mut self) {
        self.count = 0;
    }

    /// Whether so few events were counted that their clocks may have been the wrong ones.
    pub(super) fn may_be_right(&self) -> bool {
        self.counted < BELIEVED
    }

    /// Notes an event that is further than `max` from those that are counted. Says whether it is believed now.
    pub(super) fn note(&mut self, time: i64, max: u64) -> bool {
        if self.count == 0 || time.abs_diff(self.first) > max {
            *self = Self { count: 0, first: time, ..*self };
        }
        self.count += 1;
        self.count >= BELIEVED
    }
}
