//! What a plant says about itself: its assets, zones and conduits, and what that makes of an event.
//!
//! ```text
//! files (YAML, CSV, NetBox, CycloneDX) ─▶ Context: assets, zones, conduits, and tables to find them by address          once, exchanged at any time
//! slots of an event ─▶ its ends ─▶ asset, zone ─▶ slots `source.asset.role`, `destination.zone`, `flow.allowed` ...
//! ```
//!
//! A program knows only which fields its rules ask for (`Lens`); the plant is given to rules that are compiled already, so it
//! is exchanged without compiling them again. Nothing is looked up when no rule asks for such a field. Zones and conduits are
//! those of IEC 62443-3-2, levels those of the Purdue model. Nothing here knows of rules or of sensors beyond the names of fields.

#![doc = include_str!("../../CONTEXT.md")]

mod check;
mod fields;
mod flow;
mod forms;
mod hours;
mod index;
mod learn;
mod lens;
mod memo;
mod model;
mod policy;
mod read;
mod spelling;

pub(crate) use fields::{fields, is_field};
pub(crate) use flow::reasons;
pub use forms::InventoryForm;
pub use hours::Hours;
pub(crate) use index::End;
pub(crate) use learn::Learned;
pub(crate) use lens::{Lens, Party, Passing, Seen};
pub use model::{Asset, Conduit, Context, Level, Site, Zone};
pub use policy::{Begins, Chain, TrustPolicy};

#[cfg(test)]
mod tests;
