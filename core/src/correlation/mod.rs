//! Correlations over time: windows, groups, chains.
//!
//! ```text
//! rule matches, event time, fields ─▶ Sighting ─▶ Table ─▶ alerts
//!                                                  │ holds back until the watermark has passed
//!                                                  └▶ one machine per (correlation, group)
//! ```
//!
//! `correlator` makes a checked correlation ready, `links` says who listens to whom, a `sighting` is what an event means to
//! all of them, `machine` is the state of one group, `table` keeps all groups, and `reference` says by brute force what is
//! right. No event is read here and no clock: who makes a sighting says which rules matched, when, and offers fields.

pub(crate) mod alert;
pub(crate) mod correlator;
pub(crate) mod links;
pub(crate) mod machine;
#[cfg(test)]
pub(crate) mod reference;
pub(crate) mod sighting;
pub(crate) mod table;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod values;
