//! Tieline compiles Sigma rules and evaluates them over IT and OT event streams.

mod check;
mod compile;
mod config;
#[allow(dead_code, reason = "connected to scanning by what comes next")]
mod correlation;
mod detection;
pub mod diagnostic;
mod engine;
mod event;
mod lanes;
mod matcher;
mod number;
mod pipeline;
mod program;
mod reference;
mod shortcut;
mod syntax;
mod text;
mod time;

pub use check::{Level, LogSource, Metadata, Related, Status};
pub use config::Limits;
pub use detection::{Evidence, FieldEvidence};
pub use engine::{
    BatchResult, CheckedRules, Compiler, Detection, Error, ErrorKind, FieldCost, LoadCounts, PartitionCost, Profile,
    RuleCost, RuleInfo, RuleName, Rules, Scanner, TestCost,
};
pub use event::json::EventError;
pub use event::{Event, JsonEvent, Value};
pub use number::Number;
pub use pipeline::SourceInfo;
pub use reference::{Explanation, Step, ValueSeen};
#[doc(hidden)]
pub use shortcut::{Shortcut, Shortcuts};
pub use time::{TimeOptions, TimeUnit};
