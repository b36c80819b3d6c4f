//! Which fields tell of the ends of an event, and which fields context fills.
//!
//! ```text
//! id.orig_h, SourceIp, ...  ─▶  the address of the source  ─▶  source.zone, source.asset.role, flow.allowed, ...
//! ```
//!
//! How they get slots, and what is made of their values, is for `lens`.

use serde::{Deserialize, Serialize};

/// Ends of which an event may tell. The host is where the event happened.
pub(super) const ENDS: [&str; 3] = ["source", "destination", "host"];
pub(super) const SOURCE: usize = 0;
pub(super) const DESTINATION: usize = 1;
pub(super) const HOST: usize = 2;

/// What is told of each end.
pub(super) const OF_END: [&str; 14] = [
    "zone",
    "purdue_level",
    "security_level",
    "site",
    "asset.known",
    "asset.id",
    "asset.name",
    "asset.role",
    "asset.vendor",
    "asset.model",
    "asset.firmware",
    "asset.owner",
    "asset.criticality",
    "asset.tag",
];

/// What is told of the flow between source and destination.
pub(super) const OF_FLOW: [&str; 5] = ["crosses", "levels", "conduit", "allowed", "denied_by"];

/// Fields that are read, by what they say. The first that has a value counts; those of a record come first.
pub(super) const INPUTS: [(Input, &[&str]); 15] = [
    (
        Input::Ip(SOURCE),
        &[
            "ot.source.ip",
            "id.orig_h",
            "source.ip",
            "src_ip",
            "layers.ip.ip_ip_src",
            "layers.ipv6.ipv6_ipv6_src",
            "SourceIp",
            "Event.EventData.SourceIp",
            "winlog.event_data.SourceIp",
            "IpAddress",
            "Event.EventData.IpAddress",
            "winlog.event_data.IpAddress",
            "SourceAddress",
            "Event.EventData.SourceAddress",
            "ClientAddress",
            "client.ip",
            "src",
        ],
    ),
    (
        Input::Ip(DESTINATION),
        &[
            "ot.destination.ip",
            "id.resp_h",
            "destination.ip",
            "dest_ip",
            "layers.ip.ip_ip_dst",
            "layers.ipv6.ipv6_ipv6_dst",
            "DestinationIp",
            "Event.EventData.DestinationIp",
            "winlog.event_data.DestinationIp",
            "DestAddress",
            "Event.EventData.DestAddress",
            "server.ip",
            "dst",
        ],
    ),
    (Input::Ip(HOST), &["host.ip"]),
    (
        Input::Mac(SOURCE),
        &["ot.source.mac", "orig_l2_addr", "source.mac", "ether.src_mac", "layers.eth.eth_eth_src", "src_mac"],
    ),
    (
        Input::Mac(DESTINATION),
        &[
            "ot.destination.mac",
            "resp_l2_addr",
            "destination.mac",
            "ether.dest_mac",
            "layers.eth.eth_eth_dst",
            "dst_mac",
        ],
    ),
    (Input::Mac(HOST), &["host.mac"]),
    (
        Input::Host(SOURCE),
        &[
            "source.domain",
            "SourceHostname",
            "WorkstationName",
            "Event.EventData.WorkstationName",
            "winlog.event_data.WorkstationName",
            "ClientName",
        ],
    ),
    (Input::Host(DESTINATION), &["destination.domain", "DestinationHostname"]),
    (
        Input::Host(HOST),
        &[
            "Computer",
            "Event.System.Computer",
            "winlog.computer_name",
            "host.name",
            "host.hostname",
            "ComputerName",
            "Hostname",
            "hostname",
            "_HOSTNAME",
        ],
    ),
    (
        Input::Port,
        &[
            "ot.destination.port",
            "id.resp_p",
            "destination.port",
            "dest_port",
            "layers.tcp.tcp_tcp_dstport",
            "layers.udp.udp_udp_dstport",
            "DestinationPort",
            "Event.EventData.DestinationPort",
            "winlog.event_data.DestinationPort",
            "DestPort",
        ],
    ),
    (Input::SourcePort, &["ot.source.port", "layers.tcp.tcp_tcp_srcport", "layers.udp.udp_udp_srcport"]),
    (Input::Protocol, &["ot.protocol", "service", "network.protocol", "app_proto"]),
    (Input::Operation, &["ot.operation"]),
    (Input::Direction, &["ot.direction"]),
    (Input::Unit, &["ot.unit"]),
];

/// Fields that name the site of an event, or the sensor that saw it.
pub(super) const PLACES: (&[&str], &[&str]) =
    (&["site"], &["observer.name", "observer.hostname", "_system_name", "sensor_name", "sensor", "host", "agent.name"]);

/// What a field may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Input {
    Ip(usize),
    Mac(usize),
    Host(usize),
    Port,
    SourcePort,
    Protocol,
    Operation,
    Direction,
    Unit,
    Site,
    Sensor,
    Time,
}

/// A field that context fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Field {
    /// Of an end.
    End(u8, u8),
    /// Of the flow.
    Flow(u8),
}

pub(super) fn field(name: &str) -> Option<Field> {
    let (owner, rest) = name.split_once('.')?;
    let at = |names: &[&str], name: &str| names.iter().position(|own| *own == name).map(|at| at as u8);
    match owner {
        "flow" => at(&OF_FLOW, rest).map(Field::Flow),
        _ => Some(Field::End(at(&ENDS, owner)?, at(&OF_END, rest)?)),
    }
}

/// Whether a field is one that context fills.
pub(crate) fn is_field(name: &str) -> bool {
    field(name).is_some()
}

/// Every field that context fills.
pub(crate) fn fields() -> impl Iterator<Item = String> {
    let of_ends = ENDS.iter().flat_map(|end| OF_END.iter().map(move |name| format!("{end}.{name}")));
    of_ends.chain(OF_FLOW.iter().map(|name| format!("flow.{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stands_for_one_thing_and_those_of_records_come_first() {
        let places = [(Input::Site, PLACES.0), (Input::Sensor, PLACES.1)];
        let mut all: Vec<&str> = INPUTS.iter().chain(&places).flat_map(|(_, fields)| fields.iter().copied()).collect();
        all.sort_unstable();
        assert_eq!(all.iter().zip(&all[1..]).find(|(one, next)| one == next), None);
        for (input, fields) in &INPUTS {
            let of_records: Vec<_> = fields.iter().map(|field| crate::ot::is_field(field)).collect();
            assert!(of_records[1..].iter().all(|is_record| !is_record), "{input:?}: {of_records:?}");
        }
    }
}
