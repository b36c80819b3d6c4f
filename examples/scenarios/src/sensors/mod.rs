//! What sensors write, one function for each event.
//!
//! ```text
//! windows.rs   Security, System, Sysmon as flat JSON      zeek.rs   conn, dns, http, rdp, ssh, smb, RPC, mail
//! gateway.rs   VPN gateway, RADIUS, network policy server  ot.rs     ICSNPP and zeek-iec104
//! sessions.rs  what all of them write of one remote session
//! ```
//!
//! Who does what and when is not known here. Only fields that rules and people read are written, under their own names.

mod gateway;
mod ot;
mod sessions;
mod windows;
mod zeek;

pub(crate) use ot::Point;
pub(crate) use sessions::{Pushed, Session};
pub(crate) use windows::{Launch, SYSTEM};
pub(crate) use zeek::Wire;

use crate::chance::Chance;
use crate::plant::Plant;

/// Writes the events of one plant; ports, ids and the like come from its own stream of random numbers.
#[derive(Debug)]
pub(crate) struct Pen {
    pub(crate) plant: &'static Plant,
    pub(crate) chance: Chance,
}

impl Pen {
    pub(crate) fn new(plant: &'static Plant, seed: u64, actor: &str) -> Pen {
        Pen { plant, chance: Chance::new(seed, &format!("{}/{actor}", plant.name)) }
    }
}
