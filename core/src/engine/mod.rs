//! The surface: rules are compiled once, shared, and scanned with.
//!
//! ```text
//! Compiler ─▶ Rules (frozen, shared) ─▶ Scanner (one per thread) ─▶ Detection
//!                                    └▶ Stream (one, over time) ─▶ Alert
//! ```
//!
//! This room sees all others and no other sees it. It holds no logic of matching; it keeps things together.

mod batch;
mod compiler;
mod detection;
mod error;
mod filed;
mod fit;
mod frozen;
mod incidents;
mod learner;
mod listening;
mod normaliser;
mod observer;
mod operations;
mod profile;
mod rules;
mod saved;
mod scanner;
mod stream;
mod trust;

pub use batch::BatchResult;
pub use compiler::{CheckedRules, Compiler};
pub use detection::Detection;
pub use error::{Error, ErrorKind};
pub use incidents::Incidents;
pub use learner::Learner;
pub use normaliser::Normaliser;
pub use profile::{FieldCost, PartitionCost, Profile, RuleCost, RuleName, TestCost};
pub use rules::{LoadCounts, RuleInfo, Rules};
pub use scanner::{Detections, Scanner};
pub use stream::sight::time_of;
pub use stream::{
    Alert, Arrival, CorrelationInfo, KeyState, Machine, MissingTime, Signal, Stream, StreamOptions, Tells,
};
pub use trust::Trust;
