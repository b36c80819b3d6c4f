//! How a stream behaves, and what becomes of events in it.

use crate::correlation::correlator::{Behaviour, Mode};
use crate::correlation::links::Links;
use crate::correlation::sighting::Missing;
use crate::correlation::table::TableOptions;
use crate::engine::Rules;
use std::time::Duration;

/// How a [`Stream`](super::Stream) behaves.
///
/// ```
/// use std::time::Duration;
/// use tieline::stream::StreamOptions;
///
/// let options = StreamOptions { lateness: Duration::from_secs(300), ..StreamOptions::default() };
/// assert_eq!(options.state_bytes_max, 1 << 30);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct StreamOptions {
    /// How much older than the newest event one may be and still count. Events wait that long, in event time, before they
    /// are judged. Zero unless said otherwise.
    pub lateness: Duration,
    /// How far an event may be ahead of all before it; a clock that jumps further is not believed. `None`, the default,
    /// believes every clock, which is right for files.
    pub jump_max: Option<Duration>,
    /// Bytes for all state. Over it the groups untouched for longest are given up, and counted.
    pub state_bytes_max: usize,
    /// Groups of one correlation, if there is a limit. Beyond it the group untouched for longest is given up, and counted.
    pub groups_max: Option<usize>,
    /// Bytes for what one group remembers. Beyond it the group forgets its oldest events, and they are counted.
    pub group_bytes_max: usize,
    /// What becomes of an event without a time.
    pub missing_time: MissingTime,
    /// What becomes of an event that lacks a field of `group-by`.
    pub missing: Missing,
    /// What happens when a correlation goes on to hold for a group after an alert.
    pub mode: Mode,
    /// Distinct values of one group that are counted exactly; more are estimated.
    pub distinct_max: usize,
    /// Whose alerts are told.
    pub tells: Tells,
}

impl Default for StreamOptions {
    fn default() -> Self {
        let TableOptions { bytes_max, groups_max, group_bytes_max, missing, behaviour, .. } = TableOptions::default();
        Self {
            lateness: Duration::ZERO,
            jump_max: None,
            state_bytes_max: bytes_max,
            groups_max,
            group_bytes_max,
            missing_time: MissingTime::Skip,
            missing,
            mode: behaviour.mode,
            distinct_max: behaviour.distinct_max,
            tells: Tells::Alerting,
        }
    }
}

impl StreamOptions {
    /// Who listens to whom among the correlations of these rules, and whose alerts are told.
    pub(super) fn links(&self, rules: &Rules) -> Links {
        let mut links = rules.inner().listening().new_links(self.behaviour());
        if self.tells == Tells::Every {
            links.links.iter_mut().for_each(|link| link.alerts = true);
        }
        links
    }

    pub(super) fn behaviour(&self) -> Behaviour {
        Behaviour { mode: self.mode, distinct_max: self.distinct_max }
    }

    pub(super) fn table(&self) -> TableOptions {
        TableOptions {
            lateness_ns: nanoseconds(self.lateness),
            jump_ns_max: self.jump_max.map(nanoseconds),
            bytes_max: self.state_bytes_max,
            groups_max: self.groups_max,
            group_bytes_max: self.group_bytes_max,
            missing: self.missing,
            behaviour: self.behaviour(),
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What becomes of an event in which no field holds a time.
#[derive(Debug, Clone, Copy, Default)]
pub enum MissingTime {
    /// Rules see it, correlations do not; it is counted.
    #[default]
    Skip,
    /// It happened when it came: the function tells nanoseconds since 1970.
    Arrival(fn() -> i64),
    /// It is refused with an error.
    Error,
}

/// Whose alerts a stream tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tells {
    /// Of correlations that alert by themselves, as [`CorrelationInfo::alerts`](super::CorrelationInfo::alerts) says.
    #[default]
    Alerting,
    /// Of those as well that only others hear: for tests of rules, and to see why an outer correlation holds or does not.
    Every,
}

/// What became of an event in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Correlations count it, or none of them asks for it.
    InTime,
    /// It is older than the watermark, so correlations do not count it.
    TooLate,
    /// It is further ahead than a clock may jump, so correlations do not count it.
    TooFarAhead,
    /// No field holds its time, so correlations do not count it.
    NoTime,
}
