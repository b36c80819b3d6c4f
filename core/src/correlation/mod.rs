//! Correlations over time: windows, groups, chains.
//!
//! ```text
//! rule matches, event time, fields ─▶ Table ─▶ alerts
//!                                      │ holds back until the watermark has passed
//!                                      └▶ one machine per (correlation, group)
//! ```
//!
//! `correlator` makes a checked correlation ready, `machine` is the state of one group, `table` keeps all groups, and
//! `reference` says by brute force what is right. No event is read here and no clock: a signal says which rules
//! matched, when, and offers its fields.

pub(crate) mod alert;
pub(crate) mod correlator;
pub(crate) mod machine;
#[cfg(test)]
mod reference;
pub(crate) mod table;
#[cfg(test)]
mod tests;
