//! Which findings are one attack: how it came, how far it got, and why anybody should believe that.
//!
//! ```text
//! findings, logons, contacts ─▶ held until in order ─▶ signs in common ─▶ groups ─▶ incident: path, spread, score
//! ```
//!
//! A finding is a rule that matched, a correlation that held, or a privileged operation that nothing explains. Two findings are joined by
//! what they have in common, weighed by a short table (`evidence`); what many have in common (`hub`) weighs little. Contacts are what
//! hosts did with hosts, found or not; the way is traced over them. No rule and no event is known here, and no clock is read.

mod clocks;
mod contacts;
mod evidence;
mod export;
mod finding;
mod groups;
mod hosts;
mod join;
mod notes;
mod path;
mod register;
mod saved;
mod score;
mod sessions;
mod show;
mod signs;
mod split;
mod spread;
mod table;
mod traces;

pub(crate) use clocks::Clocks;
pub use clocks::Skew;
pub use export::IncidentForm;
pub(crate) use finding::{Entities, Finding, FindingRule};
pub use finding::{EntityKind, Made, Reported};
pub use notes::{Found, Note};
pub use path::{Hop, Path};
pub use register::{Change, IncidentOptions, IncidentStats};
pub(crate) use register::{Entry, Register, What};
pub(crate) use saved::SavedRules;
pub use score::{Score, Term};
pub use show::{FindingSeen, HostSeen, Incident};
pub use spread::{Reach, Spread};
pub(crate) use table::{Class, EntityTable, Host, plain_account, read_named};

pub(crate) use contacts::{Contact, ContactKind};
pub(crate) use hosts::HostId;

/// What is hashed at once, where it stands together. PERF: what hashes piece by piece first makes half a kilobyte of state.
type Bytes = smallvec::SmallVec<[u8; 128]>;

/// No count that was saved is as high, so that each can go on.
const COUNT_MAX: u64 = 1 << 62;

#[cfg(test)]
mod tests;
