//! Conduits that what was seen would need, as every language asks for them.
//!
//! ```text
//!  push, push_lines, push_events ─▶ Learner ─▶ proposal: YAML for a person to review
//! ```
//!
//! What is proposed is a matter of the core.

use super::held::{Held, Taken};
use super::normaliser::plant_of;
use super::{Error, NormaliserOptions};
use crate::load::{find_taxonomy, with_taxonomy};
use tieline::Compiler;
use tieline::context::Context;

/// Learns what passes between the zones of a plant, and proposes conduits.
///
/// ```
/// use tieline_common::waist::{Learner, NormaliserOptions};
///
/// let learner = Learner::new(&NormaliserOptions::default())?;
/// learner.push(br#"{"id.orig_h": "10.0.0.9", "id.resp_h": "10.0.1.2", "service": "http", "ts": 1795681232.3}"#)?;
/// assert!(learner.proposal()?.contains("- http"));
/// # Ok::<(), tieline_common::waist::Error>(())
/// ```
#[derive(Debug)]
pub struct Learner {
    held: Held<tieline::Learner>,
}

impl Learner {
    /// A learner that knows a plant so far, maybe none.
    ///
    /// # Errors
    /// When a file cannot be read, or holds something broken; then the diagnostics say where.
    pub fn new(options: &NormaliserOptions) -> Result<Self, Error> {
        let context = plant_of(&options.context)?.unwrap_or_else(|| Context::read(&[]));
        let compiler = with_taxonomy(Compiler::new(), &find_taxonomy(&options.taxonomy)?);
        Ok(Self { held: Held::new("learner", tieline::Learner::new(compiler, &context)?) })
    }

    /// Takes note of one event, a JSON object.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn push(&self, event: &[u8]) -> Result<(), Error> {
        self.held.push(event, |own, event, _| own.push_json(event))
    }

    /// Takes note of a text with one JSON object a line.
    ///
    /// # Errors
    /// When the text is no such text at all. An event that cannot be read is told in the answer.
    pub fn push_lines(&self, text: &[u8]) -> Result<Taken, Error> {
        self.held.push_lines(text, |own, event, _| own.push_json(event))
    }

    /// Takes note of events that are JSON objects of their own.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn push_events(&self, events: &[&[u8]]) -> Result<Taken, Error> {
        self.held.push_all((0..).zip(events.iter().copied()), |own, event, _| own.push_json(event))
    }

    /// Zones and conduits as YAML, to be read beside the plant.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn proposal(&self) -> Result<String, Error> {
        self.held.with(|own| own.proposal())
    }

    /// Flows for which there was no room.
    ///
    /// # Errors
    /// In a fork of the process.
    pub fn given_up(&self) -> Result<u64, Error> {
        self.held.with(|own| own.given_up())
    }
}
