//! What truly happened in a story, told by its script and never by running detection.
//!
//! ```text
//! steps     what the intruder did, with the lines that show it
//! path      from where it began to the effect, hop by hop
//! spread    what was reached
//! ordinary  lines of ordinary work that rules tell of by nature: joining them to the incident is an error
//! ```
//!
//! Lines are numbers of lines of the merged file, from 1.

use serde::Serialize;

/// The ground truth of a story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Its name, as the command line takes it.
    pub story: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// The plant in which it plays.
    pub plant: &'static str,
    /// The source of all randomness.
    pub seed: u64,
    /// Hours of traffic.
    pub hours: u32,
    /// How many lines the merged file has.
    pub events: usize,
    /// When the traffic begins, in nanoseconds since 1970.
    pub begin_ns: i64,
    /// When it ends.
    pub end_ns: i64,
    /// What the intruder did, in the order of time.
    pub steps: Vec<Step>,
    /// The way from the beginning to the first effect, in order.
    pub path: Vec<Hop>,
    /// What was done to the plant in the end, in the order of time.
    pub effects: Vec<Effect>,
    /// What was reached.
    pub spread: Spread,
    /// What rules tell of ordinary work.
    pub ordinary: Vec<Ordinary>,
}

/// One step of the intruder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// A tactic of ATT&CK, such as `lateral-movement`.
    pub stage: &'static str,
    /// What was done.
    pub tells: &'static str,
    /// Techniques of ATT&CK (Enterprise and ICS).
    pub techniques: Vec<&'static str>,
    /// Time of its first event, in nanoseconds since 1970.
    pub time_ns: i64,
    /// All lines that belong to it.
    pub lines: Vec<usize>,
    /// Those of them of which a single rule of the shipped packs tells.
    pub detected: Vec<usize>,
    /// Who and what takes part.
    pub entities: Entities,
}

/// Who and what takes part in a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Entities {
    /// Host names, as Windows writes them.
    pub hosts: Vec<String>,
    /// Accounts, without domain.
    pub accounts: Vec<String>,
    /// Assets, as the inventory calls them.
    pub assets: Vec<String>,
    /// Addresses, of assets and others.
    pub addresses: Vec<String>,
}

/// An end of a hop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// `asset`, `address` or `account`.
    pub kind: &'static str,
    /// Id of the asset, the address, or the account.
    pub id: String,
    /// Address of an asset.
    pub address: Option<String>,
    /// Its zone; `None` outside the plant.
    pub zone: Option<&'static str>,
    /// Purdue level of the zone.
    pub level: Option<f64>,
}

/// One hop of the path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hop {
    /// From where.
    pub from: Node,
    /// To where.
    pub to: Node,
    /// `logon`, `remote_session`, `remote_execution` or `operation`.
    pub how: &'static str,
    /// Time of its first proof, in nanoseconds since 1970.
    pub time_ns: i64,
    /// Lines that prove it.
    pub lines: Vec<usize>,
    /// Which border it crosses; `None` within a zone.
    pub crosses: Option<Crossing>,
}

/// A border between zones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Crossing {
    /// The conduit it takes; `None` when the plant has none for it.
    pub conduit: Option<&'static str>,
    /// Whether the plant allows it at that time, as that role and with that protocol.
    pub allowed: bool,
    /// Purdue levels between both ends; `None` when one of them lies outside.
    pub levels: Option<f64>,
}

/// What was done to an asset in the end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// The asset.
    pub asset: String,
    /// What was done: a class of `ot.operation`, or `encrypted`, `wiped`, `stopped`.
    pub what: &'static str,
    /// Lines that show it.
    pub lines: Vec<usize>,
}

/// What was reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Assets on which the intruder acted, in alphabetical order.
    pub assets: Vec<String>,
    /// Their zones, in alphabetical order.
    pub zones: Vec<String>,
}

/// Lines of ordinary work of which rules tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ordinary {
    /// Always `benign but detected`.
    pub label: &'static str,
    /// What it is.
    pub why: &'static str,
    /// Whether rules of level `low` and above tell of it, or `informational` ones only.
    pub level: &'static str,
    /// Its lines.
    pub lines: Vec<usize>,
}
