//! Whether a flow between two ends is allowed by the conduits of a plant.
//!
//! ```text
//! engineering ─▶ cell-7, s7comm, program_download, 23:10     conduit `programming`: hours are 06:00-18:00 ─▶ denied by hours
//! ```
//!
//! Within a zone all is allowed, unless a conduit leads from the zone to itself. Between zones some conduit has to allow it. What
//! an event does not say (protocol, operation, time) is not held against it; who it is, is.

use super::hours::Hours;
use super::index::{ANY, End, OUTSIDE};
use super::model::{Conduit, Plant};
use jiff::Timestamp;

/// The usual ports of protocols, for events that name a port and no protocol.
const PORTS: &[(&str, u16)] = &[
    ("ads", 48898),
    ("bacnet", 47808),
    ("bsap", 1234),
    ("cip", 44818),
    ("dnp3", 20000),
    ("enip", 44818),
    ("ftp", 21),
    ("ge_srtp", 18245),
    ("hart_ip", 5094),
    ("http", 80),
    ("iec104", 2404),
    ("mms", 102),
    ("modbus", 502),
    ("omron_fins", 9600),
    ("opcua", 4840),
    ("opcua_binary", 4840),
    ("rdp", 3389),
    ("s7comm", 102),
    ("s7comm_plus", 102),
    ("smb", 445),
    ("ssh", 22),
    ("ssl", 443),
    ("synchrophasor", 4712),
    ("telnet", 23),
    ("tls", 443),
    ("umas", 502),
    ("vnc", 5900),
    ("winrm", 5985),
];

/// The names of protocols that have a usual port.
pub(super) fn protocols() -> impl Iterator<Item = &'static str> {
    PORTS.iter().map(|(name, _)| *name)
}

/// Why a conduit does not let a flow pass, in the words of `flow.denied_by`.
pub(super) const REASONS: [&str; 5] = ["conduit", "protocol", "operation", "role", "hours"];
const CONDUIT: u8 = 1;
const PROTOCOL: u8 = 1 << 1;
const OPERATION: u8 = 1 << 2;
const ROLE: u8 = 1 << 3;
const HOURS: u8 = 1 << 4;

/// The names of reasons, by their bits.
pub(crate) fn reasons(bits: u8) -> impl Iterator<Item = &'static str> {
    REASONS.iter().enumerate().filter(move |(at, _)| bits & 1 << at != 0).map(|(_, name)| *name)
}

/// A conduit's protocols, prepared.
#[derive(Debug, Default)]
pub(super) struct Gate {
    names: Vec<String>,
    ports: Vec<u16>,
    /// Whether each name has a usual port.
    has_all_ports: bool,
}

impl Gate {
    pub(super) fn new(conduit: &Conduit) -> Self {
        let mut gate = Self { has_all_ports: true, ..Self::default() };
        for protocol in conduit.protocols.iter().flatten() {
            let number = protocol.split_once('/').map_or(protocol.as_str(), |(port, _)| port);
            match number.parse() {
                Ok(port) => gate.ports.push(port),
                Err(_) => {
                    let name = protocol.to_lowercase();
                    let before = gate.ports.len();
                    gate.ports.extend(PORTS.iter().filter(|(own, _)| *own == name).map(|(_, port)| port));
                    gate.has_all_ports &= gate.ports.len() > before;
                    gate.names.push(name);
                }
            }
        }
        gate
    }

    /// Whether a protocol may pass; `None` when the event does not say enough.
    fn passes(&self, facts: &Facts<'_>) -> Option<bool> {
        let by_port = || facts.port.is_some_and(|port| self.ports.contains(&port));
        if let Some(protocol) = facts.protocol {
            // Sensors name several layers at once: `ssl,http`.
            let named =
                protocol.split(',').any(|one| self.names.iter().any(|name| name.eq_ignore_ascii_case(one.trim())));
            // A name that says more than the port counts before it, and only ports have no name.
            return Some(named || (self.names.is_empty() && by_port()));
        }
        facts.port?;
        if by_port() { Some(true) } else { self.has_all_ports.then_some(false) }
    }
}

/// What an event says of a flow.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Facts<'e> {
    pub(super) protocol: Option<&'e str>,
    pub(super) port: Option<u16>,
    pub(super) operation: Option<&'e str>,
    /// Nanoseconds since 1970.
    pub(super) time: Option<i64>,
}

/// What the plant says of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) crosses: bool,
    /// The conduit that allows it, or the one that comes nearest.
    pub(crate) conduit: Option<u32>,
    /// Why it is not allowed; nothing when it is.
    pub(crate) denied: u8,
    /// Whether that may depend on the time.
    pub(super) is_timed: bool,
}

impl Plant {
    /// Decides on a flow, from the end that began it; nothing when no end is in any zone.
    pub(super) fn decide(&self, from: &End, to: &End, facts: &Facts<'_>) -> Option<Decision> {
        if !from.is_there || !to.is_there || (from.zone.is_none() && to.zone.is_none()) {
            return None;
        }
        let crosses = from.zone != to.zone;
        let mut nearest: Option<(u32, u8)> = None;
        let mut is_timed = false;
        let mut consider = |number: u32| {
            is_timed |= self.conduits.get(number as usize).is_some_and(|conduit| conduit.hours.is_some());
            let denied = self.denied(number, from, to, facts);
            let is_nearer = nearest.is_none_or(|(_, best)| {
                // The first of equals counts; one that allows it before any other.
                denied.count_ones() < best.count_ones()
            });
            if is_nearer {
                nearest = Some((number, denied));
            }
        };
        let joining = |from: u32, to: u32| self.index.conduits.get(&(from, to)).into_iter().flatten().copied();
        if crosses {
            for from in self.line(from.zone) {
                for to in self.line(to.zone) {
                    joining(from, to).for_each(&mut consider);
                }
            }
        } else if let Some(zone) = from.zone {
            joining(zone, zone).for_each(&mut consider);
        }
        Some(match nearest {
            Some((conduit, denied)) => Decision { crosses, conduit: Some(conduit), denied, is_timed },
            None => Decision { crosses, conduit: None, denied: if crosses { CONDUIT } else { 0 }, is_timed },
        })
    }

    /// A zone, those around it, and what stands for any.
    fn line(&self, zone: Option<u32>) -> impl Iterator<Item = u32> {
        let line = zone.map_or(&[OUTSIDE][..], |zone| self.index.lines.get(zone as usize).map_or(&[], Vec::as_slice));
        line.iter().copied().chain([ANY])
    }

    /// Why a conduit does not let a flow pass.
    fn denied(&self, number: u32, from: &End, to: &End, facts: &Facts<'_>) -> u8 {
        let (Some(conduit), Some(gate)) = (self.conduits.get(number as usize), self.index.gates.get(number as usize))
        else {
            return CONDUIT;
        };
        let mut denied = 0;
        if conduit.protocols.is_some() && gate.passes(facts) == Some(false) {
            denied |= PROTOCOL;
        }
        if let (Some(operations), Some(operation)) = (&conduit.operations, facts.operation)
            && !operations.iter().any(|own| own == operation)
        {
            denied |= OPERATION;
        }
        if let Some(roles) = &conduit.roles {
            let asset = from.asset.and_then(|asset| self.assets.get(asset as usize));
            let role = asset.and_then(|asset| asset.role.as_deref());
            if !role.is_some_and(|role| roles.iter().any(|own| own == role)) {
                denied |= ROLE;
            }
        }
        if let (Some(hours), Some(time)) = (&conduit.hours, facts.time)
            && !self.is_open(hours, to.site.or(from.site), time)
        {
            denied |= HOURS;
        }
        denied
    }

    fn is_open(&self, hours: &[Hours], site: Option<u32>, time: i64) -> bool {
        let zone = site.and_then(|site| self.index.clocks.get(site as usize)).cloned();
        let Ok(instant) = Timestamp::from_nanosecond(time.into()) else { return false };
        let there = instant.to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC));
        // INVARIANT: days count from 0 and hours and minutes from 0.
        let day = there.weekday().to_monday_zero_offset().unsigned_abs();
        let minute = u16::from(there.hour().unsigned_abs()) * 60 + u16::from(there.minute().unsigned_abs());
        hours.iter().any(|own| own.contain(day.into(), minute))
    }
}
