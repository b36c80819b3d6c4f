//! Who runs on the lanes: Tieline, its rivals, and parsers alone.
//!
//! ```text
//! Contender::pass(lane) ─▶ CPU time of all events, number of detections
//! Contender::verdict(event) ─▶ ids of the rules that match, for the comparison of answers
//! ```
//!
//! Each contender is used as its own documentation says, from bytes to detections. What can be prepared
//! before events come is not timed.

pub mod parsers;
pub mod rsigma;
pub mod rsigma_correlation;
mod rsigma_event;
mod rsigma_routed;
pub mod sigma_rust;
pub mod sigmars;
pub mod tieline;

use crate::lane::Lane;
use std::time::Duration;

/// What a contender is, for tables and for the order of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The engine of this project.
    Own,
    /// Another Sigma evaluator.
    Rival,
    /// A parser that only reads the bytes.
    Parser,
}

/// What one pass over a lane gave.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// CPU time of the thread.
    pub time: Duration,
    /// Detections of all events together.
    pub detections: usize,
}

/// Something that can be timed over a lane.
pub trait Contender {
    /// Its name in tables, with how it is set up.
    fn name(&self) -> &str;

    /// What it is.
    fn kind(&self) -> Kind;

    /// Reads all events, from bytes to detections, beginning cold.
    fn pass(&mut self, lane: &Lane) -> Pass;

    /// The ids of the rules that match one event.
    fn verdict(&mut self, event: &[u8], ids: &mut Vec<String>);
}
