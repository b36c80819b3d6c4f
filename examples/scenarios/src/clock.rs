//! Moments of a story and how logs write them.
//!
//! ```text
//! Moment ──▶ 2026-11-23T05:00:00.123Z   Windows
//!        ──▶ 1795410000.123456           Zeek
//! ```
//!
//! Everything is UTC; at the plants it is one hour later, since stories play in November. There is no clock here.

/// A second in the unit of [`Moment`].
pub(crate) const SECOND: i64 = 1_000_000_000;
/// A minute in the unit of [`Moment`].
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// An hour in the unit of [`Moment`].
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// A millisecond in the unit of [`Moment`].
pub(crate) const MILLI: i64 = 1_000_000;

/// Midnight at the plants before Monday, 23 November 2026.
const MONDAY: i64 = (1_795_392_000 - 3_600) * SECOND;

/// Nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// A time at the plant in the week of the stories; Monday is day 0.
    pub(crate) const fn local(day: i64, hour: i64, minute: i64) -> Moment {
        Moment(MONDAY + day * 24 * HOUR + hour * HOUR + minute * MINUTE)
    }

    /// The moment this many nanoseconds later.
    pub(crate) const fn plus(self, nanos: i64) -> Moment {
        Moment(self.0 + nanos)
    }

    /// Hour of the day at the plant.
    pub(crate) fn local_hour(self) -> i64 {
        ((self.0 - MONDAY) / HOUR).rem_euclid(24)
    }

    /// Whether it is a working day at the plant.
    pub(crate) fn is_working_day(self) -> bool {
        (self.0 - MONDAY).div_euclid(24 * HOUR).rem_euclid(7) < 5
    }

    /// As Windows collectors write it.
    pub(crate) fn windows(self) -> String {
        self.text("%Y-%m-%dT%H:%M:%S%.3fZ")
    }

    /// As Sysmon writes its own time field.
    pub(crate) fn sysmon(self) -> String {
        self.text("%Y-%m-%d %H:%M:%S%.3f")
    }

    /// As Zeek writes it.
    pub(crate) fn zeek(self) -> String {
        format!("{}.{:06}", self.0 / SECOND, self.0 % SECOND / 1_000)
    }

    fn text(self, format: &str) -> String {
        // Stories lie in one week of this century, so the conversion cannot leave jiff's range.
        let stamp = jiff::Timestamp::from_microsecond(self.0 / 1_000).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        stamp.strftime(format).to_string()
    }
}

/// The time a story covers, half-open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) begin: Moment,
    pub(crate) end: Moment,
}

impl Span {
    pub(crate) fn holds(self, at: Moment) -> bool {
        self.begin <= at && at < self.end
    }

    /// This time of day at the plant on every day that the span touches, where it lies in the span.
    pub(crate) fn daily(self, hour: i64, minute: i64) -> impl Iterator<Item = Moment> {
        (-7..=14).map(move |day| Moment::local(day, hour, minute)).filter(move |at| self.holds(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn the_week_begins_on_a_monday_at_the_plant() {
        assert_eq!(Moment::local(0, 6, 0).windows(), "2026-11-23T05:00:00.000Z");
        assert_eq!(Moment::local(0, 6, 0).text("%A"), "Monday");
        assert_eq!(Moment::local(3, 23, 30).local_hour(), 23);
        assert!(Moment::local(4, 23, 30).is_working_day() && !Moment::local(5, 0, 30).is_working_day());
        assert_eq!(Moment::local(0, 1, 0).plus(1_234_567).zeek(), "1795392000.001234");
    }
}
