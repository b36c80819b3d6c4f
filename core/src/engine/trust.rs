//! Judges operations on controllers by the policy of a plant and by who is logged on.

use super::observer::{Observed, Observer};
use super::{Compiler, Error, ErrorKind};
use crate::access::{Act, Entry, Judgement, Logon, Place, Plant, TrustStats, Turn, Watch, What};
use crate::context::{Context, reasons};
use crate::event::json::EventError;
use std::time::Duration;

/// The name under which tables tell of logons.
pub(super) const LOGON: &str = "logon";

/// Judges whether whoever changes a controller may do so, and has come the way that the plant asks for: over an allowed conduit, with the
/// role, in the hours, and with live sessions from the VPN or a console to the engineering workstation
/// ([`TrustPolicy`](crate::context::TrustPolicy)).
///
/// The compiler brings the tables of OT protocols and, as protocol `logon`, those of logons; the shipped ones are in `tieline-rules`.
/// Events come in any order: all waits until [`finish`](Self::finish), or until it is older than the lateness.
///
/// ```
/// # use tieline::diagnostic::Source;
/// let plant = "
/// assets:
///   - {id: ews, ip: 10.0.0.2, host: ews, role: engineering_workstation}
///   - {id: plc, ip: 10.0.1.2, role: controller}
/// ";
/// let tables = "
/// sensor: s
/// inputs: {source.ip: from, destination.ip: to, user: who}
/// ---
/// protocol: logon
/// sources: {own: example}
/// sensors: [{sensor: s, needs: [who], inputs: {}}]
/// operations: [{name: console, subname: begins, class: auth, source: own}]
/// ---
/// protocol: plc
/// sources: {own: example}
/// sensors: [{sensor: s, needs: [stop], inputs: {code: stop}}]
/// direction: [{is: request}]
/// operations: [{code: 1, name: STOP, class: mode_stop, source: own}]
/// ";
/// let context = tieline::context::Context::read(&[Source::new(Some("plant.yml"), plant)]);
/// let mut trust = tieline::trust::Trust::new(tieline::Compiler::new().protocols(None, tables), &context)?;
/// let stop = |time: &str| format!(r#"{{"ts": "2026-11-26T{time}Z", "from": "10.0.0.2", "to": "10.0.1.2", "stop": 1}}"#);
/// trust.push_json(stop("09:00:00").as_bytes(), "plc.log:1")?;
/// trust.push_json(stop("08:00:00").as_bytes(), "plc.log:2")?;
/// trust.push_json(br#"{"ts": "2026-11-26T08:30:00Z", "hostname": "ews", "who": "mk"}"#, "host.log:1")?;
/// trust.finish();
/// let judged = trust.take();
/// assert_eq!(judged[0].missing, ["session:engineering_workstation"]);
/// assert!(judged[1].is_explained());
/// assert_eq!(judged[1].sessions[0].user.as_deref(), Some("mk"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Trust {
    observer: Observer,
    watch: Watch,
}

impl Trust {
    /// Nothing has been seen yet; all waits until [`finish`](Self::finish).
    ///
    /// # Errors
    /// When a table is broken.
    pub fn new(compiler: Compiler, context: &Context) -> Result<Self, Error> {
        Ok(Self { observer: Observer::new(compiler, context)?, watch: Watch::new(context, None) })
    }

    /// The same for events that go on coming: what happened longer ago than this, by the latest time seen, is judged.
    #[must_use]
    pub fn lateness(mut self, lateness: Duration) -> Self {
        let nanos = i64::try_from(lateness.as_nanos()).unwrap_or(i64::MAX);
        self.watch = Watch::new(self.watch.context(), Some(nanos));
        self
    }

    /// Takes an event; `at` says where it stands, for judgements to name it. What is neither a logon nor an operation that
    /// the policy is about is passed over.
    ///
    /// # Errors
    /// When the bytes are no JSON object, as for [`Scanner::scan_json`](crate::Scanner::scan_json).
    pub fn push_json(&mut self, event: &[u8], at: &str) -> Result<(), EventError> {
        let Self { observer, watch } = self;
        observer.each(event, |observed| {
            let what = match observed.field("ot.protocol") {
                Some(protocol) if protocol == LOGON => logon(observed).map(What::Logon),
                Some(_) => act(observed, watch.context()).map(What::Act),
                None => None,
            };
            if let Some(what) = what {
                watch.push(Entry { time: observed.passing.time, at: at.into(), what });
            }
        })
    }

    /// Judges all that has happened before a time, in nanoseconds since 1970.
    pub fn advance(&mut self, time_ns: i64) {
        self.watch.advance(time_ns);
    }

    /// Judges all that still waits.
    pub fn finish(&mut self) {
        self.watch.finish();
    }

    /// What was judged since this was asked last, in the order of time.
    pub fn take(&mut self) -> Vec<Judgement> {
        self.watch.take()
    }

    /// All state as bytes, for [`restore`](Self::restore): sessions, what waits, and counts. Judgements that were not taken are not in it, so
    /// [`take`](Self::take) them before.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        self.watch.snapshot()
    }

    /// Goes on with the state that [`snapshot`](Self::snapshot) gave, over the same plant or another: hosts are known again by their ids, and
    /// by their addresses or names where the inventory has changed. Lateness is that of this one.
    ///
    /// # Errors
    /// When the bytes are no such state, are damaged, or come from another version; then nothing changes.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.watch.restore(bytes, Plant::MaybeOther).map_err(|damage| Error::new(ErrorKind::Saved, damage.to_string()))
    }

    /// Goes on over another plant. Sessions and what waits stay; what conduits said of an operation that waits is not asked again.
    pub fn reload(&mut self, context: &Context) {
        self.observer.reload(context);
        self.watch.reload(context, Plant::MaybeOther);
    }

    /// What was seen so far, and what had to be given up.
    #[must_use]
    pub fn stats(&self) -> TrustStats {
        self.watch.stats()
    }
}

pub(super) fn logon(observed: &Observed<'_>) -> Option<Logon> {
    let turn = match &*observed.field("ot.subname")? {
        "begins" => Turn::Begins,
        "resumes" => Turn::Resumes,
        "pauses" => Turn::Pauses,
        "ends" => Turn::Ends,
        _ => return None,
    };
    let passing = &observed.passing;
    Some(Logon {
        turn,
        kind: observed.field("ot.name")?.into(),
        user: observed.field("ot.user").map(Into::into),
        id: observed.field("ot.session").map(Into::into),
        from: Place::of(&passing.from),
        on: Place::of(&passing.to),
        host: Place::of(&passing.host),
    })
}

pub(super) fn act(observed: &Observed<'_>, context: &Context) -> Option<Act> {
    let passing = &observed.passing;
    let operation = passing.operation.as_deref()?;
    let policy = context.trust();
    if !policy.operations.iter().any(|own| own == operation) || observed.field("ot.direction")? != "request" {
        return None;
    }
    let (from, to) = (Place::of(&passing.from), Place::of(&passing.to));
    // A device that fetches its program from a station asks as well; it is the station that began.
    let role = to.as_ref().and_then(|place| place.role(context));
    if role.is_some_and(|role| policy.chains.iter().any(|chain| chain.station == role)) {
        return None;
    }
    let denied = match passing.decision {
        Some(decision) => reasons(decision.denied).collect(),
        // Nothing of it lies in a zone, so nothing allows it; without zones there is nothing to ask.
        None if context.zones().is_empty() => Vec::new(),
        None => reasons(1).collect(),
    };
    Some(Act {
        operation: operation.into(),
        protocol: passing.protocol.as_deref().map(Into::into),
        from,
        to,
        zone: passing.to.end.zone,
        conduit: passing.decision.and_then(|decision| decision.conduit),
        denied,
    })
}
