//! Tieline compiles Sigma rules and evaluates them over IT and OT event streams.

mod check;
mod config;
pub mod diagnostic;
mod event;
mod fold;
mod number;
mod reference;
mod syntax;

pub use config::Limits;
pub use event::json::EventError;
pub use event::{Event, JsonEvent, TimeOptions, TimeUnit, Value};
pub use number::Number;
pub use reference::{Explanation, Step, ValueSeen};
