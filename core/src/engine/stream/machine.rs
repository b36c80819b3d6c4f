//! The state machines of a stream, one for each correlation and group, for whoever keeps keyed state himself.
//!
//! ```text
//! sighting ─▶ signals ─▶ to the worker that owns the key ─▶ update, expire ─▶ alerts ─▶ signals of who refers to them
//!                                        KeyState: to_bytes, from_bytes
//! ```
//!
//! A distributed engine brings signals of one key together, in the order of their times, and calls the machine; a
//! [`Stream`](super::Stream) does the same in one place, so both say the same. Whoever calls keeps the watermark.

use super::{Alert, CorrelationInfo, StreamOptions};
use crate::correlation::alert::{Finding, FindingKind};
use crate::correlation::links::{Link, Links};
use crate::correlation::machine::{self, State};
use crate::correlation::sighting::Sighting;
use crate::correlation::{table, values};
use crate::engine::{Error, ErrorKind, Rules};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an event, or an alert, is to one correlation and one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    correlation: u32,
    key: Box<[u8]>,
    time_ns: i64,
    signal: machine::Signal,
}

impl Signal {
    /// The correlation, numbered as in [`Rules::correlations`], and the key of the group: what keyed state is kept by.
    #[must_use]
    pub fn key(&self) -> (u32, &[u8]) {
        (self.correlation, &self.key)
    }

    /// The values of the group, in the order of [`CorrelationInfo::group_by`]; `None` where the lack of one makes a group.
    #[must_use]
    pub fn group(&self) -> Vec<Option<String>> {
        values::read(&self.key)
    }

    /// Its time in nanoseconds since 1970.
    #[must_use]
    pub fn time_ns(&self) -> i64 {
        self.time_ns
    }

    /// The signal as bytes, to be sent elsewhere.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: signals hold only types that postcard can write.
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// A signal from what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are no signal.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        postcard::from_bytes(bytes).map_err(|_| Error::new(ErrorKind::Saved, "these bytes are no signal"))
    }
}

/// The state of one correlation and one group.
#[derive(Debug, Clone)]
pub struct KeyState {
    correlation: u32,
    key: Box<[u8]>,
    state: State,
}

#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    correlation: u32,
    content: u64,
    key: &'a [u8],
    state: &'a [u8],
}

impl KeyState {
    /// The empty state of the group that a signal is for.
    #[must_use]
    pub fn new(signal: &Signal) -> Self {
        Self { correlation: signal.correlation, key: signal.key.clone(), state: State::default() }
    }

    /// The correlation and the key of the group.
    #[must_use]
    pub fn key(&self) -> (u32, &[u8]) {
        (self.correlation, &self.key)
    }
}

/// What all machines of a rule set have in common. It holds no state.
#[derive(Debug)]
pub struct Machine {
    links: Links,
    infos: Vec<Arc<CorrelationInfo>>,
}

impl Machine {
    /// The machines for the correlations of a rule set. Of the options those count that say how a group behaves.
    #[must_use]
    pub fn new(rules: &Rules, options: &StreamOptions) -> Self {
        let links = rules.inner().listening().new_links(options.behaviour());
        Self { links, infos: rules.inner().correlations().to_vec() }
    }

    /// The signals of an event; none when it has no time.
    #[must_use]
    pub fn signals(&self, sighting: &Sighting) -> Vec<Signal> {
        sighting.time.map(|time| signals(sighting, time)).unwrap_or_default()
    }

    /// The signals that an alert is to correlations which refer to its rule. They are of the time of the alert, and to be
    /// taken in with all others of that time. Correlations have higher numbers than those they refer to. Updates are no
    /// signals.
    #[must_use]
    pub fn signals_of(&self, alert: &Alert) -> Vec<Signal> {
        let link = self.links.links.iter().find(|link| link.index == alert.index);
        let Some(link) = link.filter(|_| alert.finding.kind == FindingKind::Alert) else { return Vec::new() };
        let mut sighting = Sighting::default();
        self.links.sight_alert(link, &alert.group, &alert.finding, &mut sighting);
        signals(&sighting, alert.finding.time_ns)
    }

    /// Takes in all signals of one group and one time; times must rise from call to call. Gives what came of them, also
    /// alerts of correlations that only others hear, which [`CorrelationInfo::alerts`] tells.
    pub fn update(&self, state: &mut KeyState, signals: &[Signal]) -> Vec<Alert> {
        let (Some(link), Some(first)) = (self.link(state), signals.first()) else { return Vec::new() };
        let same = signals.iter().filter(|signal| signal.time_ns == first.time_ns && signal.key() == state.key());
        let mut batch: Vec<machine::Signal> = same.map(|signal| signal.signal.clone()).collect();
        let mut found = Vec::new();
        link.correlator.update(&mut state.state, first.time_ns, &mut batch, &mut found);
        self.alerts(link, state, found)
    }

    /// Judges the windows that close at the watermark or before. All signals before it must have been taken in.
    pub fn expire(&self, state: &mut KeyState, watermark_ns: i64) -> Vec<Alert> {
        let Some(link) = self.link(state) else { return Vec::new() };
        let mut found = Vec::new();
        link.correlator.expire(&mut state.state, watermark_ns, &mut found);
        self.alerts(link, state, found)
    }

    /// The watermark at which [`expire`](Self::expire) may have something to judge; `None` while nothing waits. A heartbeat
    /// that goes on moves it without a word, so it is to be asked again after each call.
    #[must_use]
    pub fn deadline_ns(&self, state: &KeyState) -> Option<i64> {
        self.link(state)?.correlator.deadline(&state.state)
    }

    /// The watermark at which the state is as good as empty and may be forgotten.
    #[must_use]
    pub fn idle_ns(&self, state: &KeyState) -> i64 {
        self.link(state).map_or(i64::MIN, |link| link.correlator.idle_at(&state.state))
    }

    /// A state as bytes.
    #[must_use]
    pub fn to_bytes(&self, state: &KeyState) -> Vec<u8> {
        let content = self.link(state).map_or(0, |link| link.correlator.content);
        let bytes = state.state.to_bytes();
        let saved = Saved { correlation: state.correlation, content, key: &state.key, state: &bytes };
        // INVARIANT: writing plain data into memory cannot fail.
        postcard::to_stdvec(&saved).unwrap_or_default()
    }

    /// A state from what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are no state, or that of a correlation which has changed.
    pub fn from_bytes(&self, bytes: &[u8]) -> Result<KeyState, Error> {
        let fault = |message| Error::new(ErrorKind::Saved, message);
        let saved: Saved<'_> = postcard::from_bytes(bytes).map_err(|_| fault("these bytes are no state"))?;
        let link = self.links.links.get(saved.correlation as usize);
        let link = link.filter(|link| link.correlator.content == saved.content);
        let link = link.ok_or_else(|| fault("this is the state of a correlation that is not there, or has changed"))?;
        let state = State::from_bytes(&link.correlator, saved.state);
        let state = state.ok_or_else(|| fault("this is no state of its correlation"))?;
        Ok(KeyState { correlation: saved.correlation, key: saved.key.into(), state })
    }

    fn link(&self, state: &KeyState) -> Option<&Link> {
        self.links.links.get(state.correlation as usize)
    }

    fn alerts(&self, link: &Link, state: &KeyState, found: Vec<Finding>) -> Vec<Alert> {
        let group = values::read(&state.key);
        let alert = |finding| table::Alert { correlation: link.index, group: group.clone(), finding };
        found.into_iter().map(alert).filter_map(|alert| Alert::new(alert, &self.infos)).collect()
    }
}

fn signals(sighting: &Sighting, time_ns: i64) -> Vec<Signal> {
    let one = |keyed: &crate::correlation::sighting::Keyed| Signal {
        correlation: keyed.correlation,
        key: sighting.key_of(keyed).into(),
        time_ns,
        signal: keyed.signal.clone(),
    };
    sighting.signals.iter().map(one).collect()
}
