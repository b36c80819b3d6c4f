//! Scans events as they come, and correlates what is found over their own time.
//!
//! ```text
//! event ─▶ Scanner ─▶ Sighting ─▶ Table ─▶ alerts
//!            │                      └ state of all groups: snapshot, restore, reload
//!            └▶ detections
//! ```
//!
//! A stream owns all that changes. It reads no clock: time comes with the events, or from the caller.

mod alert;
mod machine;
mod options;
pub(super) mod sight;

pub use alert::{Alert, CorrelationInfo};
pub use machine::{KeyState, Machine, Signal};
pub use options::{Arrival, MissingTime, StreamOptions, Tells};

use super::{Detection, Detections, Error, ErrorKind, Rules, Scanner};
use crate::check::LogSource;
use crate::correlation::sighting::Sighting;
use crate::correlation::table::{Pushed, Restored, Stats as StreamStats, Table};
use crate::event::Event;
use crate::event::columns::Columns;
use crate::event::json::EventError;

/// Events whose groups are looked up together.
const BLOCK: usize = 32;

/// Scans events and correlates them.
///
/// ```
/// let rules = tieline::Compiler::new()
///     .rules(Some("guessing.yml"), "
/// title: Failed logon
/// name: failed_logon
/// logsource: {product: windows, service: security}
/// detection: {selection: {EventID: 4625}, condition: selection}
/// ---
/// title: Password guessing
/// correlation:
///   type: event_count
///   rules: [failed_logon]
///   group-by: [User]
///   timespan: 5m
///   condition: {gte: 3}
/// ")
///     .build()?;
/// let mut stream = tieline::Stream::new(&rules, Default::default());
/// for second in 10..20 {
///     let event = format!(r#"{{"EventID": 4625, "User": "anna", "time": "2026-11-23T08:00:{second}Z"}}"#);
///     stream.scan_json(event.as_bytes())?;
/// }
/// stream.finish();
/// let alerts = stream.take_alerts();
/// assert_eq!((alerts.len(), alerts[0].count(), alerts[0].rule().title()), (1, 3, "Password guessing"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stream {
    rules: Rules,
    scanner: Scanner,
    options: StreamOptions,
    table: Table,
    sighting: Sighting,
    /// Alerts of rules that were loaded before these.
    made: Vec<Alert>,
    arrival: Arrival,
}

impl Stream {
    /// A stream without any state.
    #[must_use]
    pub fn new(rules: &Rules, options: StreamOptions) -> Self {
        Self {
            rules: rules.clone(),
            scanner: Scanner::new(rules),
            options,
            table: Table::new(options.links(rules), options.table()),
            sighting: Sighting::new(options.missing),
            made: Vec::new(),
            arrival: Arrival::InTime,
        }
    }

    /// Says from which log source the events to come are, as [`Scanner::set_source`] does.
    pub fn set_source(&mut self, source: Option<LogSource>) {
        self.scanner.set_source(source);
    }

    /// Scans one JSON object, and correlates what is found. The detections are those of rules that alert by themselves;
    /// [`arrival`](Self::arrival) tells what became of the event, [`take_alerts`](Self::take_alerts) what came of it.
    /// Events are numbered from 0, unreadable ones as well.
    ///
    /// # Errors
    /// When it is no event, as for [`Scanner::scan_json`], or has no time and [`MissingTime::Error`] was asked for.
    /// The stream can be used on.
    pub fn scan_json(&mut self, event: &[u8]) -> Result<impl Iterator<Item = Detection<'_>>, EventError> {
        self.scan_json_at(event, None)
    }

    /// The same for an event whose time the caller knows, in nanoseconds since 1970; `None` lets the event tell it.
    ///
    /// # Errors
    /// As for [`scan_json`](Self::scan_json).
    pub fn scan_json_at(
        &mut self,
        event: &[u8],
        time_ns: Option<i64>,
    ) -> Result<impl Iterator<Item = Detection<'_>>, EventError> {
        let number = self.take_number();
        self.scanner.detect_and_sight_json(event, number, &mut self.sighting)?;
        self.correlate(time_ns)?;
        Ok(self.detections())
    }

    /// Scans an event of any type, as [`scan_json_at`](Self::scan_json_at) does.
    ///
    /// # Errors
    /// When it has no time and [`MissingTime::Error`] was asked for.
    pub fn scan_at(
        &mut self,
        event: &dyn Event,
        time_ns: Option<i64>,
    ) -> Result<impl Iterator<Item = Detection<'_>>, EventError> {
        let number = self.take_number();
        self.scanner.detect_and_sight(event, number, &mut self.sighting);
        self.correlate(time_ns)?;
        Ok(self.detections())
    }

    /// Scans the rows of a table one after the other, as [`scan_at`](Self::scan_at) does for events. `each` is called for every
    /// row; with an error for one that has no time when [`MissingTime::Error`] was asked for.
    pub fn scan_columns(
        &mut self,
        columns: &Columns<'_>,
        mut each: impl FnMut(usize, Result<Detections<'_>, EventError>),
    ) {
        let sighted = self.scanner.begin_sighting(columns);
        for row in 0..columns.rows() {
            let number = self.table.number();
            self.scanner.sight_row(&sighted, row, number, &mut self.sighting);
            let taken = self.correlate(None);
            self.scanner.keep_loud();
            each(row, taken.map(|()| self.scanner.row_detections()));
        }
    }

    fn detections(&self) -> impl Iterator<Item = Detection<'_>> {
        let listening = self.rules.inner().listening();
        self.scanner
            .matched()
            .filter(|index| !listening.is_silent(*index))
            .map(|index| Detection::new(&self.rules, index as usize))
    }

    fn correlate(&mut self, time_ns: Option<i64>) -> Result<(), EventError> {
        let Self { table, options, sighting, .. } = self;
        sighting.time = time_ns.or(sighting.time);
        let taken = take_in(table, options.missing_time, sighting);
        // Only an event without a time is an error.
        self.arrival = *taken.as_ref().unwrap_or(&Arrival::NoTime);
        taken.map(|_| ())
    }

    /// An empty sighting for [`Scanner::sight_json`], which may work on another thread and with another source's form of the
    /// same rules.
    #[must_use]
    pub fn sighting(&self) -> Sighting {
        let mut sighting = Sighting::new(self.options.missing);
        sighting.pack = self.rules.inner().listening().pack;
        sighting
    }

    /// The number of the next event, for [`Scanner::sight_json`]. It is counted as one event, also when it turns out unreadable.
    pub fn take_number(&mut self) -> u64 {
        self.table.number()
    }

    /// Takes in what an event means that was scanned elsewhere. Events must come in the order in which they are to be
    /// counted; it matters only to those that are late.
    ///
    /// # Errors
    /// When the sighting was made with other rules, or has no time and [`MissingTime::Error`] was asked for.
    pub fn push(&mut self, sighting: &Sighting) -> Result<Arrival, Error> {
        if sighting.pack != self.rules.inner().listening().pack {
            return Err(Error::new(
                ErrorKind::Option,
                "the sighting was made with other correlations than the stream has",
            ));
        }
        let taken = take_in(&mut self.table, self.options.missing_time, sighting);
        self.arrival = *taken.as_ref().unwrap_or(&Arrival::NoTime);
        taken.map_err(|error| Error::new(ErrorKind::Option, error.to_string()))
    }

    /// Takes in several events one after the other, as [`push`](Self::push) does, and tells what became of each. With many
    /// groups this is faster than one by one, since memory is waited for together.
    ///
    /// # Errors
    /// As for [`push`](Self::push); the events before the one at fault are counted, those behind it are not.
    pub fn push_all(&mut self, sightings: &[Sighting]) -> Result<Vec<Arrival>, Error> {
        let mut arrivals = Vec::with_capacity(sightings.len());
        for block in sightings.chunks(BLOCK) {
            self.table.glance(block);
            for sighting in block {
                arrivals.push(self.push(sighting)?);
            }
        }
        Ok(arrivals)
    }

    /// What became of the last event that could be read.
    #[must_use]
    pub fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// Takes the alerts that are complete, in the order of their times.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        let infos = self.rules.inner().correlations();
        let mut alerts = std::mem::take(&mut self.made);
        alerts.extend(self.table.take().into_iter().filter_map(|alert| Alert::new(alert, infos)));
        alerts
    }

    /// Says that no event older than this will come any more, in nanoseconds since 1970. A source that is idle is waited
    /// for no longer.
    pub fn advance(&mut self, watermark_ns: i64) {
        self.table.advance(watermark_ns);
    }

    /// Says that no event older than the newest will come any more, nor one of its time, whatever the lateness.
    pub fn catch_up(&mut self) {
        self.table.catch_up();
    }

    /// What is older is too late; `None` before the first event.
    #[must_use]
    pub fn watermark_ns(&self) -> Option<i64> {
        Some(self.table.watermark()).filter(|watermark| *watermark != i64::MIN)
    }

    /// Says that no event will come any more: everything is judged, all windows close.
    pub fn finish(&mut self) {
        self.table.flush();
    }

    /// What was seen so far, and what is held.
    #[must_use]
    pub fn stats(&self) -> StreamStats {
        self.table.stats()
    }

    /// All state as bytes, for [`restore`](Self::restore). Alerts that were not taken are not in it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        self.table.snapshot()
    }

    /// Begins anew with the state that [`snapshot`](Self::snapshot) gave, of a stream with the same or with other rules:
    /// correlations with the id and content of one before go on where it was, and what was dropped is told. Nothing changes
    /// when the bytes are refused.
    ///
    /// # Errors
    /// When the bytes are no state, come from another version, or are damaged.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<Restored, Error> {
        self.table.restore(bytes).map_err(|damage| Error::new(ErrorKind::Saved, damage.to_string()))
    }

    /// Changes to other rules. No event is lost, and correlations with the id and content of one before keep their windows.
    /// Alerts that were not taken stay. It is told what was dropped.
    pub fn reload(&mut self, rules: &Rules) -> Restored {
        // Alerts name correlations by their place among those before.
        let made = self.take_alerts();
        self.made = made;
        let restored = self.table.reload(self.options.links(rules));
        self.scanner.change_rules(rules);
        self.rules = rules.clone();
        restored
    }
}

fn take_in(table: &mut Table, missing: MissingTime, sighting: &Sighting) -> Result<Arrival, EventError> {
    let time = match (sighting.time, missing) {
        (Some(time), _) => time,
        (None, MissingTime::Arrival(clock)) => clock(),
        (None, missing) => {
            table.note_untimed();
            if let MissingTime::Error = missing {
                return Err(EventError::new("the event has no time that can be read", None));
            }
            return Ok(Arrival::NoTime);
        }
    };
    Ok(match table.push(time, sighting) {
        Pushed::InTime => Arrival::InTime,
        Pushed::TooLate => Arrival::TooLate,
        Pushed::TooFarAhead => Arrival::TooFarAhead,
    })
}

#[cfg(test)]
mod tests;
