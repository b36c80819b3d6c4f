//! Assets that events tell of: who is there, what it is and what it does, learned without asking any device.
//!
//! ```text
//! events ─▶ records ot.*: who serves and who programs whom ─┐
//!        └▶ signs: what devices and sensors say of identity ─┴▶ entities (addresses, MACs, host names) ─▶ assets with evidence
//!                                                              declared inventory ─▶ unknown, silent, moved, changed
//! ```
//!
//! What is an asset: whatever has sent something, or serves or uses an OT protocol. Of other traffic, addresses outside of the private
//! ranges count only when the plant declares them. Groups of receivers, loopback and unspecified addresses are nobody. Equal addresses at
//! several sites are several assets; the site of an event is what its field `site` says, or where its sensor stands. All memory is
//! bounded, and what found no room is counted. Times that are masked or missing leave `first` and `last` empty.

mod compare;
mod entities;
mod merge;
mod saved;
mod signs;
#[cfg(test)]
mod tests;

pub(crate) use compare::matches;
pub use compare::{Difference, DifferenceKind, compare};
pub use entities::GivenUp;
pub(crate) use merge::Zones;
pub use merge::{Evidence, SeenAsset};

pub use crate::seal::Damage;

use crate::coverage::ports;
use crate::time;
use entities::{Entities, Who};
use jiff::Timestamp;
use serde_json::{Map, Value};
use signs::{EndFields, Tables, Whom};
use std::collections::HashMap;
use std::net::IpAddr;
use tieline::context::{Context, Site};
use tieline::{EventError, JsonEvent, Normaliser};

/// Addresses, MACs and host names that are kept.
pub const ENTITIES_MAX: usize = 1 << 18;
/// Different things said of one of them that are kept.
pub const TOLD_MAX: usize = 256;
/// Peers, and other names, of one of them that are kept.
pub const LINKS_MAX: usize = 256;

/// Fields that name the site of an event, and those that name its sensor.
const SITES: &[&str] = &["site"];
const SENSORS: &[&str] =
    &["observer.name", "observer.hostname", "_system_name", "sensor_name", "sensor", "host", "agent.name"];

/// Learns assets from events.
///
/// ```
/// use tieline::{Compiler, Normaliser};
/// use tieline_common::discovery::Discovery;
/// use tieline_common::load::with_taxonomy;
///
/// let mut discovery = Discovery::new(Normaliser::new(with_taxonomy(Compiler::new(), &[]))?, None);
/// discovery.push(br#"{"_path":"modbus","id.orig_h":"10.2.0.6","id.resp_h":"10.1.7.2","func":"READ_COILS_EXCEPTION"}"#)?;
/// let assets = discovery.assets();
/// let server = assets.iter().find(|seen| seen.asset.id == "10.1.7.2").unwrap();
/// assert_eq!(server.asset.role.as_deref(), Some("controller"));
/// assert_eq!(server.serves, ["modbus"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Discovery {
    normaliser: Normaliser,
    tables: Tables,
    entities: Entities,
    sites: Vec<String>,
    by_sensor: HashMap<String, String>,
    declared: Option<Context>,
    events: u64,
}

/// What an event says of one end.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) mac: Option<String>,
    pub(crate) host: Option<String>,
}

impl Discovery {
    /// Begins with nothing known. The sites of a plant say where its sensors stand, its zones where addresses belong.
    #[must_use]
    pub fn new(normaliser: Normaliser, plant: Option<&Context>) -> Self {
        let mut own = Self {
            normaliser,
            tables: Tables::shipped(),
            entities: Entities::default(),
            sites: Vec::new(),
            by_sensor: HashMap::new(),
            declared: None,
            events: 0,
        };
        own.reload(plant);
        own
    }

    /// Goes on over another plant, or none: what was learned stays, with the sites that it was learned at; where sensors stand, which addresses
    /// outside count, and in which zone an asset is, is as the new plant says.
    pub fn reload(&mut self, plant: Option<&Context>) {
        let sites = plant.map_or(&[][..], Context::sites);
        let of_site =
            |site: &Site| site.sensors.iter().map(|sensor| (sensor.clone(), site.name.clone())).collect::<Vec<_>>();
        self.by_sensor = sites.iter().flat_map(of_site).collect();
        self.declared = plant.cloned();
    }

    /// The plant that it goes by.
    #[must_use]
    pub fn plant(&self) -> Option<&Context> {
        self.declared.as_ref()
    }

    /// Takes in an event.
    ///
    /// # Errors
    /// When the bytes are no JSON object.
    pub fn push(&mut self, event: &[u8]) -> Result<(), EventError> {
        let records = self.normaliser.records_json(event)?;
        let event = JsonEvent::parse(event)?;
        let time = time::of_event(&event).and_then(|time| time.parse::<Timestamp>().ok());
        let time = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
        let ends = self.ends(&event);
        self.add(&event, &ends, &records.iter().collect::<Vec<_>>(), time);
        Ok(())
    }

    /// The ends of an event: source, destination, and the host that it is of.
    pub(crate) fn ends(&self, event: &JsonEvent) -> [Named; 3] {
        let tables = &self.tables;
        let [mut source, destination, host] =
            [&tables.source, &tables.destination, &tables.host].map(|fields| named(event, fields));
        // Of a remote logon Windows names the host itself as the workstation, beside the address of another.
        let short = |named: &Named| named.host.as_deref().and_then(|host| host.split('.').next().map(str::to_owned));
        if short(&source).is_some_and(|name| Some(name) == short(&host)) {
            source.host = None;
        }
        [source, destination, host]
    }

    /// Takes in an event that was read: its ends, the records of its operations, and its time.
    pub(crate) fn add(
        &mut self,
        event: &JsonEvent,
        [source, destination, host]: &[Named; 3],
        records: &[&Map<String, Value>],
        time: Option<i64>,
    ) {
        self.events += 1;
        let site = self.site(event);
        for record in records {
            self.record(record, site, time);
        }
        let is_ot = !records.is_empty();
        let mut told = Vec::new();
        for said in self.tables.of(event) {
            told.push((said.of, said.station, said.tells.to_owned(), said.value, said.field.to_owned(), said.weight));
        }
        // Whoever sends is there; of a receiver that is known only when something says so. Records have told that of theirs.
        let mut ids = [self.end(site, source, is_ot), self.end(site, host, is_ot), None];
        for id in ids.into_iter().flatten().filter(|_| !is_ot) {
            self.entities.seen(id, time, true);
        }
        for (of, station, tells, value, field, weight) in told {
            let end = match of {
                Whom::Source => ids[0],
                Whom::Host => ids[1],
                Whom::Destination => {
                    ids[2] = ids[2].or_else(|| {
                        let id = self.end(site, destination, is_ot)?;
                        self.entities.seen(id, time, true);
                        Some(id)
                    });
                    ids[2]
                }
                Whom::Ip(text) => address(&text).and_then(|ip| self.ip(site, ip, is_ot)),
                Whom::Mac(text) => mac(&text).and_then(|mac| self.entities.get(site, Who::Mac(mac))),
            };
            let station = || match (station, end.and_then(|end| self.entities.names.get(end as usize)?.1.ip())) {
                (None, _) => Some(None),
                (Some(station), Some(ip)) => Some(Some((ip, station))),
                (Some(_), None) => None,
            };
            let (Some(end), Some(station)) = (end, station()) else { continue };
            let end = match station {
                None => Some(end),
                Some((ip, station)) => self.entities.get(site, Who::Ip(ip, Some(station))).inspect(|id| {
                    self.entities.seen(*id, time, true);
                }),
            };
            let Some(end) = end else { continue };
            self.tell(end, site, &tells, &value, &field, weight, time);
        }
        if let (Some(client), Some(server)) = (ids[0], ids[2]) {
            self.entities.meet(client, server);
        }
    }

    /// Takes in one thing that is said.
    #[expect(clippy::too_many_arguments, reason = "they are one sentence")]
    fn tell(
        &mut self,
        of: u32,
        site: Option<u32>,
        tells: &str,
        value: &str,
        field: &str,
        weight: f64,
        time: Option<i64>,
    ) {
        let other = match tells {
            "ip" => address(value).map(|ip| Who::Ip(ip, None)),
            "mac" => mac(value).map(Who::Mac),
            "host" => host(value).map(Who::Host),
            "heard" => {
                self.entities.seen(of, time, true);
                return;
            }
            _ => {
                self.entities.tell(of, tells, value, field, weight, time);
                return;
            }
        };
        if let Some(id) = other.and_then(|other| self.entities.get(site, other)) {
            self.entities.seen(id, time, true);
            self.entities.link(of, id);
            self.entities.tell(id, tells, value, field, weight, time);
        }
    }

    /// Takes in an operation: who serves, who asks, and what is done to whom.
    fn record(&mut self, record: &Map<String, Value>, site: Option<u32>, time: Option<i64>) {
        let text = |field: &str| record.get(field).and_then(Value::as_str);
        let end = |ip: &str, by_mac: &str| Named {
            ip: text(ip).and_then(address),
            mac: text(by_mac).and_then(mac),
            host: None,
        };
        let (protocol, direction) = (text("ot.protocol").unwrap_or_default(), text("ot.direction"));
        let source = self.end(site, &end("ot.source.ip", "ot.source.mac"), true);
        let destination = self.end(site, &end("ot.destination.ip", "ot.destination.mac"), true);
        source.into_iter().for_each(|id| self.entities.seen(id, time, true));
        // Whoever is answered has asked, and a request of which it is known how it ended was answered.
        let is_answered = direction == Some("request") && text("ot.outcome").is_some();
        let is_heard = is_answered || direction == Some("response");
        destination.into_iter().for_each(|id| self.entities.seen(id, time, is_heard));
        let at_port = |field: &str| {
            let port = record.get(field).and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
            port.is_some_and(|port| ports::is_of(port, protocol))
        };
        // Who serves is known by the port: of S7, a controller that is programmed sends the requests itself.
        let from_server = match (at_port("ot.source.port"), at_port("ot.destination.port"), direction) {
            (true, false, _) => true,
            (false, true, _) => false,
            (.., Some("request")) => false,
            (.., Some("response" | "unsolicited")) => true,
            _ => return,
        };
        let (client, server) = if from_server { (destination, source) } else { (source, destination) };
        let class = text("ot.operation");
        if let Some(server) = server {
            let serves = from_server || is_answered;
            let says = if serves { "serves" } else { "asked" };
            self.entities.tell(server, says, protocol, "ot.protocol", 0.9, time);
            if let Some(class) = class {
                self.entities.tell(server, "underwent", class, "ot.operation", 0.9, time);
            }
            if let Some(unit) = record.get("ot.unit").filter(|_| serves && protocol == "modbus") {
                self.entities.tell(server, "units", &unit.to_string(), "ot.unit", 0.9, time);
            }
        }
        if let Some(client) = client.filter(|_| direction != Some("unsolicited")) {
            self.entities.tell(client, "uses", protocol, "ot.protocol", 0.9, time);
            if let Some(class) = class {
                self.entities.tell(client, "acts", class, "ot.operation", 0.9, time);
            }
        }
        if let (Some(client), Some(server)) = (client, server) {
            self.entities.meet(client, server);
            self.entities.reach(client, server);
        }
    }

    fn site(&mut self, event: &JsonEvent) -> Option<u32> {
        let first =
            |fields: &[&str]| fields.iter().find_map(|field| signs::texts(event, event, field).into_iter().next());
        let name = first(SITES).or_else(|| {
            let sensors = SENSORS.iter().flat_map(|field| signs::texts(event, event, field));
            sensors.into_iter().find_map(|sensor| self.by_sensor.get(&sensor).cloned())
        })?;
        let at = self.sites.iter().position(|own| *own == name).or_else(|| {
            // Sites that nobody declared are bounded like all else.
            (self.sites.len() < LINKS_MAX).then(|| {
                self.sites.push(name);
                self.sites.len() - 1
            })
        });
        at.map(|at| at as u32)
    }

    /// The entity of an end: its address, else its MAC, else its name. An address and the MAC or name beside it are linked.
    fn end(&mut self, site: Option<u32>, named: &Named, is_ot: bool) -> Option<u32> {
        let mac = named.mac.clone().filter(|mac| !is_group_mac(mac));
        let main = match (named.ip, &mac, &named.host) {
            (Some(ip), ..) => self.ip(site, ip, is_ot)?,
            (None, Some(mac), _) => self.entities.get(site, Who::Mac(mac.clone()))?,
            (None, None, Some(host)) => self.entities.get(site, Who::Host(host.clone()))?,
            (None, None, None) => return None,
        };
        if let Some(mac) = mac.filter(|_| named.ip.is_some())
            && let Some(mac) = self.entities.get(site, Who::Mac(mac))
        {
            self.entities.link(main, mac);
        }
        if let Some(host) = named.host.clone().filter(|_| named.ip.is_some())
            && let Some(host) = self.entities.get(site, Who::Host(host))
        {
            self.entities.link(main, host);
        }
        Some(main)
    }

    /// The entity of an address, unless it is nobody's or lies outside.
    fn ip(&mut self, site: Option<u32>, ip: IpAddr, is_ot: bool) -> Option<u32> {
        if is_nobody(ip) {
            return None;
        }
        let who = Who::Ip(ip, None);
        if !is_ot && !is_private(ip) && self.entities.known(site, &who).is_none() && !self.is_declared(ip) {
            self.entities.given_up.outside += 1;
            return None;
        }
        self.entities.get(site, who)
    }

    fn is_declared(&self, ip: IpAddr) -> bool {
        self.declared.as_ref().is_some_and(|plant| {
            plant.zones().iter().any(|zone| zone.networks.iter().any(|network| network.contains(&ip)))
                || plant.assets().iter().any(|asset| asset.ip.contains(&ip))
        })
    }

    /// The assets known so far, by site and address.
    #[must_use]
    pub fn assets(&self) -> Vec<SeenAsset> {
        merge::assets(&self.entities, &self.sites, &self.tables.roles, self.declared.as_ref())
    }

    /// Events that were taken in.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What did not find room, or was left aside.
    #[must_use]
    pub fn given_up(&self) -> GivenUp {
        self.entities.given_up
    }
}

fn named(event: &JsonEvent, fields: &EndFields) -> Named {
    fn first<T>(event: &JsonEvent, fields: &[String], read: impl Fn(&str) -> Option<T>) -> Option<T> {
        fields.iter().flat_map(|field| signs::texts(event, event, field)).find_map(|text| read(&text))
    }
    Named {
        ip: first(event, &fields.ip, address),
        mac: first(event, &fields.mac, mac),
        host: first(event, &fields.host, host),
    }
}

/// An address without its zone id; one of IPv4 in IPv6 is of IPv4.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// A MAC in lower case with colons.
fn mac(text: &str) -> Option<String> {
    let mut mac = String::with_capacity(17);
    for (at, digit) in text.chars().filter(|own| !matches!(own, ':' | '-' | '.')).enumerate() {
        if at >= 12 || !digit.is_ascii_hexdigit() {
            return None;
        }
        if at > 0 && at % 2 == 0 {
            mac.push(':');
        }
        mac.push(digit.to_ascii_lowercase());
    }
    Some(mac).filter(|mac| mac.len() == 17 && !is_group_mac(mac))
}

/// A host name in lower case; an address, or the name of this host for itself, is none.
fn host(text: &str) -> Option<String> {
    let name = text.trim_end_matches(['.', '$']).to_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name =
        !name.is_empty() && name != "localhost" && name.chars().all(is_part) && name.parse::<IpAddr>().is_err();
    is_name.then_some(name)
}

/// Whether an address is that of many receivers, of none, or of every host for itself.
fn is_nobody(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_multicast() || v6.is_unspecified() || v6.is_loopback(),
    }
}

fn is_group_mac(mac: &str) -> bool {
    let low = mac.get(1..2).and_then(|digit| u8::from_str_radix(digit, 16).ok()).unwrap_or(0);
    low % 2 == 1 || mac == "00:00:00:00:00:00"
}

/// Whether an address is of a range that everybody may use inside.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_link_local() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
