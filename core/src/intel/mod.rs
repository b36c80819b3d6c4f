//! Threat intelligence: indicators from lists, and which of them an event holds.
//!
//! ```text
//! lists (STIX, MISP, CSV) ─▶ Indicators: a hash of every value          once, exchanged at any time
//! slots of an event ─▶ addresses, names, hashes in them ─▶ hits ─▶ slots `indicator.kind`, `indicator.level` ...
//! ```
//!
//! A program knows only which fields its rules ask for ([`Lens`]); the lists are given to rules that are compiled already, so
//! they are exchanged without compiling anything. Nothing is looked up when no rule asks for a field `indicator.*`. Which
//! fields of an event may hold an address or a hash is data ([`Table`]). What rules make of a hit is not known here.

mod hits;
mod lens;
mod list;
mod misp;
mod model;
mod pattern;
mod read;
mod stix;
mod table;
mod value;

pub(crate) use hits::{Hit, Hits, Watch};
pub(crate) use lens::{Lens, is_field};
pub use model::{Indicator, IndicatorKind, Indicators};
pub(crate) use table::Table;

/// What stands in front of the name of every field that a hit fills.
pub(crate) const PREFIX: &str = "indicator.";

/// These fields. All but `tag` have one value at most.
pub(crate) const FIELDS: &[&str] =
    &["kind", "value", "id", "name", "list", "level", "confidence", "tag", "field", "seen"];
