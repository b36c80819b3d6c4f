//! Who changes controllers, and whether that is allowed and explained, as every language asks it.
//!
//! ```text
//!  push, push_lines, push_events ─▶ Trust ─▶ advance, finish ─▶ take ─▶ [Judgement]     snapshot ─▶ bytes ─▶ restore, reload
//! ```
//!
//! What is a session, and what explains an operation, is a matter of the core.

use super::held::{Held, Place, Taken};
use super::normaliser::plant_of;
use super::{Error, Kind, TrustOptions};
use crate::load::{find_taxonomy, with_logons};
use tieline::Compiler;
use tieline::context::Context;
use tieline::trust::{Judgement, TrustStats};

/// Judges each operation that changes a controller by the policy of a plant and by who is logged on.
///
/// ```
/// use tieline_common::waist::{Trust, TrustOptions};
///
/// let plant = "assets:\n  - {id: ews, ip: 10.0.0.2, role: engineering_workstation}\n  - {id: plc, ip: 10.0.1.2, role: controller}\n";
/// let trust = Trust::new(&TrustOptions { context: vec![plant.to_owned()], ..TrustOptions::default() })?;
/// let write = br#"{"_path":"modbus","ts":1795681232.3,"id.orig_h":"10.0.0.2","id.resp_h":"10.0.1.2","func":"FORCE_COIL","pdu_type":"REQ"}"#;
/// trust.push(write, None)?;
/// trust.finish()?;
/// assert!(trust.take()?.iter().all(|judgement| !judgement.is_explained()));
/// # Ok::<(), tieline_common::waist::Error>(())
/// ```
#[derive(Debug)]
pub struct Trust {
    held: Held<tieline::trust::Trust>,
}

impl Trust {
    /// Nothing has been seen yet. Without a lateness all waits until [`finish`](Self::finish).
    ///
    /// # Errors
    /// When there is no plant, a file cannot be read, or holds something broken; then the diagnostics say where.
    pub fn new(options: &TrustOptions) -> Result<Self, Error> {
        let context = required(&options.context)?;
        let compiler = with_logons(Compiler::new(), &find_taxonomy(&options.taxonomy)?);
        let trust = tieline::trust::Trust::new(compiler, &context)?;
        let lateness = options.lateness.as_ref().map_or(Ok(None), |span| span.read("lateness"))?;
        let trust = lateness.into_iter().fold(trust, tieline::trust::Trust::lateness);
        Ok(Self { held: Held::new("trust", trust) })
    }

    /// Takes in one event, a JSON object. `at` says where it stands, for judgements to name it; without it that is its number, from 0.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn push(&self, event: &[u8], at: Option<&str>) -> Result<(), Error> {
        self.held.push(event, |own, event, place| match at {
            Some(at) => own.push_json(event, at),
            None => own.push_json(event, &place.number.to_string()),
        })
    }

    /// Takes in a text with one JSON object a line. Where events stand is told as `name:line`, or as their numbers without a name.
    ///
    /// # Errors
    /// When the text is no such text at all. An event that cannot be read is told in the answer.
    pub fn push_lines(&self, text: &[u8], name: Option<&str>) -> Result<Taken, Error> {
        self.held.push_lines(text, |own, event, Place { number, line }| match name {
            Some(name) => own.push_json(event, &format!("{name}:{line}")),
            None => own.push_json(event, &number.to_string()),
        })
    }

    /// Takes in events that are JSON objects of their own.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn push_events(&self, events: &[&[u8]]) -> Result<Taken, Error> {
        self.held.push_all((0..).zip(events.iter().copied()), |own, event, place| {
            own.push_json(event, &place.number.to_string())
        })
    }

    /// Judges all that has happened before a time, in nanoseconds since 1970.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn advance(&self, time_ns: i64) -> Result<(), Error> {
        self.held.with(|own| own.advance(time_ns))
    }

    /// Judges all that still waits.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn finish(&self) -> Result<(), Error> {
        self.held.with(tieline::trust::Trust::finish)
    }

    /// What was judged since this was asked last, in the order of time.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn take(&self) -> Result<Vec<Judgement>, Error> {
        self.held.with(tieline::trust::Trust::take)
    }

    /// What was seen so far, and what had to be given up.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn stats(&self) -> Result<TrustStats, Error> {
        self.held.with(|own| own.stats())
    }

    /// All state as bytes. Judgements that were not taken are not in it.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        self.held.with(|own| own.snapshot())
    }

    /// Goes on with the state that a snapshot holds. Nothing changes when it is refused.
    ///
    /// # Errors
    /// When the bytes are no such state, are damaged, or come from another version.
    pub fn restore(&self, bytes: &[u8]) -> Result<(), Error> {
        self.held.with(|own| own.restore(bytes))?.map_err(|error| Error::new(Kind::State, error.to_string()))
    }

    /// Goes on over another plant; sessions and what waits stay.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn reload(&self, context: &[String]) -> Result<(), Error> {
        let context = required(context)?;
        self.held.with(|own| own.reload(&context))
    }
}

fn required(context: &[String]) -> Result<Context, Error> {
    let missing = "`context` is empty; give the plant whose controllers are looked after";
    plant_of(context)?.ok_or_else(|| Error::new(Kind::Argument, missing))
}
