//! Moments of the story and how logs write them.
//!
//! ```text
//! Moment 1795410000123456 ──▶ 2026-11-23T05:00:00.123Z   Windows
//!                         ──▶ 1795410000.123456           Zeek
//! ```
//!
//! Everything is UTC. There is no clock here: the story begins at a fixed moment.

/// A second in the unit of [`Moment`].
pub(crate) const SECOND: i64 = 1_000_000;
/// A minute in the unit of [`Moment`].
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// A millisecond in the unit of [`Moment`].
pub(crate) const MILLI: i64 = 1_000;

/// Monday, 2026-11-23, 05:00 UTC: the early shift begins, it is six in the morning at the plant.
pub(crate) const SHIFT_START: Moment = Moment(1_795_410_000 * SECOND);

/// Microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// The moment this many microseconds later.
    pub(crate) fn plus(self, micros: i64) -> Moment {
        Moment(self.0 + micros)
    }

    /// Hour of the day at the plant, which is one hour ahead of UTC in November.
    pub(crate) fn local_hour(self) -> i64 {
        (self.0 / (60 * MINUTE) + 1).rem_euclid(24)
    }

    /// As Windows collectors write it.
    pub(crate) fn windows(self) -> String {
        self.text("%Y-%m-%dT%H:%M:%S%.3fZ")
    }

    /// As Sysmon writes its own time field.
    pub(crate) fn sysmon(self) -> String {
        self.text("%Y-%m-%d %H:%M:%S%.3f")
    }

    /// As the `#open` and `#close` lines of a Zeek log write it.
    pub(crate) fn zeek_header(self) -> String {
        self.text("%Y-%m-%d-%H-%M-%S")
    }

    fn text(self, format: &str) -> String {
        // The story lies in this century, so the conversion cannot leave jiff's range.
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        stamp.strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::SHIFT_START;

    #[test]
    fn the_shift_begins_on_a_monday_morning() {
        assert_eq!(SHIFT_START.windows(), "2026-11-23T05:00:00.000Z");
        assert_eq!(SHIFT_START.text("%A"), "Monday");
        assert_eq!(SHIFT_START.local_hour(), 6);
    }
}
