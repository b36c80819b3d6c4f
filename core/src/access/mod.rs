//! Whether somebody who changes a controller may do so, and has come the way that the plant asks for.
//!
//! ```text
//! vpn logon of 203.0.113.50 as mk     ─▶ 10.71.8.23 has a VPN session ┐
//! rdp logon on jump-1 from 10.71.8.23 ─▶ jump-1 has a session         ├─ chain `remote` ─▶ explained
//! rdp logon on ews-1 from jump-1      ─▶ ews-1 has a session          ┘
//! ews-1 programs plc-7                    conduit, role, hours of the plant allow it     else: what is missing
//! ```
//!
//! What an operation needs is said by [`TrustPolicy`](crate::context::TrustPolicy); what is a logon is said by tables, read by
//! the same interpreter as those of OT protocols. All that happens is put in order of its time first: what comes late by no more than the
//! lateness is taken as if it had come in time, what comes later is taken when it comes, and counted. At equal times logons come first, then operations, then
//! logoffs. Nothing here reads events.

mod judge;
mod saved;
mod sessions;
mod watch;

pub use judge::{Judgement, SessionSeen};
pub(crate) use saved::{Names, Plant, SavedPlace, SavedWhat};
pub(crate) use sessions::{Place, Session, Sessions};
pub use watch::TrustStats;
pub(crate) use watch::{Act, Entry, Logon, Turn, Watch, What};

#[cfg(test)]
mod tests;
