//! Tieline compiles Sigma rules and evaluates them over IT and OT event streams.

mod check;
mod config;
pub mod diagnostic;
mod fold;
mod number;
mod syntax;

pub use config::Limits;
