//! One file per command.

pub(crate) mod assets;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod coverage;
mod every;
pub(crate) mod explain;
pub(crate) mod fields;
pub(crate) mod incidents;
pub(crate) mod learn;
pub(crate) mod normalise;
mod plan;
pub(crate) mod report;
pub(crate) mod scan;
pub(crate) mod test;
pub(crate) mod trust;
