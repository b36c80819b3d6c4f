//! What has to be true before somebody may change a controller, as a plant declares it.
//!
//! ```text
//! trust:
//!   chains: [{name: remote, begins: vpn, over: [jump_host], station: engineering_workstation}]
//! ```
//!
//! Whether it is true is judged in `trust`.

use serde::{Serialize, Serializer};
use std::str::FromStr;

/// Operations that change what a controller does, and the sessions from which they may come.
///
/// ```yaml
/// trust:
///   operations: [program_download, mode_stop, force]
///   session_hours: 12
///   remote: [rdp, ssh]
///   same_user: false
///   chains:
///     - {name: at-the-station, begins: console, station: engineering_workstation}
///     - {name: remote, begins: vpn, over: [jump_host], station: engineering_workstation}
///     - {name: safety, zones: [safety], begins: console, station: engineering_workstation}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrustPolicy {
    /// Operation classes that are asked for a reason.
    pub operations: Vec<String>,
    /// How long a session lives when nobody logs off.
    pub session_hours: u32,
    /// Kinds of sessions over the network that count, as the tables of logons name them.
    pub remote: Vec<String>,
    /// Whether all sessions of a chain must be of one user.
    pub same_user: bool,
    /// Chains of sessions; an operation needs one of them. Those that name its device's zone or role take the place of those
    /// that name none.
    pub chains: Vec<Chain>,
}

impl Default for TrustPolicy {
    /// What programs, stops, forces or configures a device comes from an engineering workstation at which somebody is logged
    /// on: at its console, or by way of a VPN and a jump host.
    fn default() -> Self {
        const OPERATIONS: [&str; 11] = [
            "program_download",
            "firmware_update",
            "mode_run",
            "mode_stop",
            "mode_program",
            "restart",
            "force",
            "config_change",
            "memory_clear",
            "file_write",
            "file_delete",
        ];
        let station = || "engineering_workstation".to_owned();
        let chain = |name: &str, begins, over: &[&str]| Chain {
            name: name.to_owned(),
            begins,
            over: over.iter().map(|role| (*role).to_owned()).collect(),
            station: station(),
            ..Chain::default()
        };
        Self {
            operations: OPERATIONS.map(str::to_owned).to_vec(),
            session_hours: 12,
            remote: vec!["rdp".to_owned(), "ssh".to_owned()],
            same_user: false,
            chains: vec![chain("console", Begins::Console, &[]), chain("remote", Begins::Vpn, &["jump_host"])],
        }
    }
}

/// Sessions that lead to a station, one from the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// What it is called.
    pub name: String,
    /// Zones of the devices it is for; all, when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Roles of the devices it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// How it begins.
    pub begins: Begins,
    /// Roles of the hosts it leads over, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<String>,
    /// The role of the host from which the operation comes.
    pub station: String,
}

/// How a chain of sessions begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begins {
    /// With a VPN session of the address from which its first host is reached.
    Vpn,
    /// With somebody at the console of its first host.
    #[default]
    Console,
    /// With any session on its first host.
    Any,
}

impl Begins {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vpn => "vpn",
            Self::Console => "console",
            Self::Any => "any",
        }
    }
}

impl FromStr for Begins {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Vpn, Self::Console, Self::Any].into_iter().find(|begins| begins.as_str() == text).ok_or(())
    }
}

impl Serialize for Begins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
