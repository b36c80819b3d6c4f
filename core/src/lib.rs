//! Tieline compiles Sigma rules and evaluates them over IT and OT event streams.

mod check;
mod compile;
mod config;
mod detection;
pub mod diagnostic;
mod engine;
mod event;
mod fold;
mod matcher;
mod number;
mod program;
mod reference;
mod syntax;

pub use check::{Level, LogSource, Metadata, Related, Status};
pub use config::Limits;
pub use detection::{Detection, Evidence, FieldEvidence};
pub use engine::{BatchResult, Compiler, Error, ErrorKind, RuleInfo, Rules, Scanner};
pub use event::json::EventError;
pub use event::{Event, JsonEvent, TimeOptions, TimeUnit, Value};
pub use number::Number;
pub use reference::{Explanation, Step, ValueSeen};
