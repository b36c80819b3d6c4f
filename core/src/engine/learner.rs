//! Proposes the conduits of a plant from the events of its sensors.

use super::observer::Observer;
use super::{Compiler, Error};
use crate::context::{Context, Learned};
use crate::event::json::EventError;

/// Learns from events what passes between the zones of a plant, and proposes conduits for a person to review.
///
/// ```
/// # use tieline::diagnostic::Source;
/// let zones = "
/// zones:
///   - {name: office, networks: [10.0.0.0/24]}
///   - {name: cell, networks: [10.0.1.0/24]}
/// ";
/// let context = tieline::context::Context::read(&[Source::new(Some("zones.yml"), zones)]);
/// let mut learner = tieline::Learner::new(tieline::Compiler::new(), &context)?;
/// learner.push_json(br#"{"id.orig_h": "10.0.0.9", "id.resp_h": "10.0.1.2", "service": "http", "ts": 1795681232.3}"#)?;
/// let proposed = learner.proposal();
/// assert!(proposed.contains("name: office-to-cell") && proposed.contains("RARE"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Learner {
    observer: Observer,
    context: Context,
    learned: Learned,
}

impl Learner {
    /// A learner that knows a plant so far, maybe an empty one. The compiler brings the tables of OT protocols.
    ///
    /// # Errors
    /// When a table is broken.
    pub fn new(compiler: Compiler, context: &Context) -> Result<Self, Error> {
        let observer = Observer::new(compiler, context)?;
        Ok(Self { observer, context: context.clone(), learned: Learned::default() })
    }

    /// Takes note of an event.
    ///
    /// # Errors
    /// When the bytes are no JSON object, as for [`Scanner::scan_json`](crate::Scanner::scan_json).
    pub fn push_json(&mut self, event: &[u8]) -> Result<(), EventError> {
        let Self { observer, context, learned } = self;
        observer.each(event, |observed| learned.add(context, &observed.passing))
    }

    /// What was learned so far, as YAML to be read beside the plant: zones for what is in none, and a conduit for each pair
    /// of zones between which something passes that no conduit allows yet. With it the same events are all allowed, unless [`given_up`](Self::given_up)
    /// says that there was no room. Comments tell how often and when, and mark what is rare or privileged. The same events give the same text, in whatever
    /// order.
    #[must_use]
    pub fn proposal(&self) -> String {
        self.learned.write(&self.context, &self.context.trust().operations)
    }

    /// Flows for which there was no room.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.learned.given_up()
    }
}
