//! Assets, zones, conduits and sites, as they were declared.

use super::hours::Hours;
use super::index::{End, Index, Named};
use super::policy::TrustPolicy;
use crate::config::Limits;
use crate::diagnostic::{Diagnostic, Source};
use ipnet::IpNet;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

/// A device, host or application, and what it is known by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asset {
    /// Its name in the inventory; no two have the same.
    pub id: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The site where it stands. Equal addresses at several sites are different assets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The zone it belongs to, when that does not follow from its address, MAC or tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Its IP addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip: Vec<IpAddr>,
    /// Addresses by which sensors of other sites see it, behind a translation (NAT), by site.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub nat: BTreeMap<String, Vec<IpAddr>>,
    /// Its MAC addresses, lower case with colons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mac: Vec<String>,
    /// Its host names, short or with their domain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<String>,
    /// Units, stations or slots behind its address, when several assets share one (`ot.unit`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub station: Vec<String>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// What it is there for, such as `controller`, `hmi`, `engineering_workstation`, `jump_host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its product or order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The version of its firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How much depends on it: `low`, `medium`, `high` or `critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criticality: Option<String>,
    /// Any other words, by which zones may choose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A group of assets with the same demands on security (IEC 62443-3-2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Zone {
    /// Its name; no two have the same.
    pub name: String,
    /// The site to which it belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The zone in which it lies. Conduits of that are conduits of this one too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its Purdue level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purdue_level: Option<Level>,
    /// Its target security level, SL-T, from 0 to 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_level: Option<u8>,
    /// Its networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<IpNet>,
    /// MAC addresses in it, lower case with colons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// Assets with any of these tags belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Assets in it, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<String>,
}

/// A level of the Purdue model, 0 to 5, in tenths: the DMZ between 3 and 4 is 3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub(super) u8);

impl Level {
    /// The level as a number.
    #[must_use]
    pub fn number(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// The steps between two levels.
    pub(super) fn steps(self, other: Self) -> Self {
        Self(self.0.abs_diff(other.0))
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
        match (whole.as_bytes(), tenth.as_bytes()) {
            ([whole @ b'0'..=b'5'], [tenth @ b'0'..=b'9']) => {
                let level = (whole - b'0') * 10 + (tenth - b'0');
                if level <= 50 { Ok(Self(level)) } else { Err(()) }
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}", self.0 / 10),
            tenth => write!(f, "{}.{tenth}", self.0 / 10),
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(10) {
            serializer.serialize_u8(self.0 / 10)
        } else {
            serializer.serialize_f64(self.number())
        }
    }
}

/// What may pass between zones (IEC 62443-3-2). What is left out is not restricted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Conduit {
    /// Its name; no two have the same.
    pub name: String,
    /// Zones from which it is entered, by name; `outside` is whatever is in no zone.
    pub from: Vec<String>,
    /// Zones to which it leads.
    pub to: Vec<String>,
    /// Protocols, as `ot.protocol` or the sensor names them; a port such as `22/tcp` stands for what is spoken there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Vec<String>>,
    /// Operation classes (`ot.operation`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<String>>,
    /// Roles of the asset that enters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Hours in the time zone of the site to which it leads, such as `Mon-Fri 06:00-22:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Vec<Hours>>,
}

/// A place with networks of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// The zone of its clocks, an IANA name; UTC unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Sensors that stand there, as events name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sensors: Vec<String>,
}

/// A plant: its assets, zones, conduits and sites, found by address in constant time. Clones share it.
///
/// ```
/// use tieline::diagnostic::Source;
/// let plant = "
/// zones:
///   - {name: office, networks: [10.0.0.0/16], purdue_level: 4}
///   - {name: cell, networks: [10.1.0.0/16], purdue_level: 1}
/// conduits:
///   - {name: reading, from: office, to: cell, operations: [read]}
/// ";
/// let context = tieline::context::Context::read(&[Source::new(Some("plant.yml"), plant)]);
/// assert!(context.diagnostics().is_empty());
/// let rules = tieline::Compiler::new()
///     .rules(None, "
/// title: Flow that no conduit allows
/// logsource: {category: network_connection}
/// detection: {selection: {flow.allowed: false, destination.purdue_level|lte: 2}, condition: selection}
/// ")
///     .build()?
///     .with_context(&context);
/// let mut scanner = tieline::Scanner::new(&rules);
/// assert_eq!(scanner.scan_json(br#"{"SourceIp": "192.0.2.9", "DestinationIp": "10.1.0.5"}"#)?.len(), 1);
/// assert_eq!(scanner.scan_json(br#"{"SourceIp": "10.0.0.9", "DestinationIp": "10.1.0.5"}"#)?.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Context {
    pub(super) plant: Arc<Plant>,
    /// The site of events that do not say theirs.
    pub(super) here: Option<u32>,
}

/// What a context holds.
#[derive(Default)]
pub(super) struct Plant {
    pub(super) sites: Vec<Site>,
    pub(super) assets: Vec<Asset>,
    pub(super) zones: Vec<Zone>,
    pub(super) conduits: Vec<Conduit>,
    pub(super) trust: TrustPolicy,
    pub(super) index: Index,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Context {
    /// Reads YAML texts with any of `sites`, `assets`, `zones` and `conduits`; what they hold is put together. What cannot be
    /// used is left out, and [`diagnostics`](Self::diagnostics) says what and why; the rest counts. Inventories in other forms
    /// are known by their beginning ([`InventoryForm`](super::InventoryForm)); the sites that they name are declared by that.
    ///
    /// ```yaml
    /// sites: [{name: north, time_zone: Europe/Berlin, sensors: [tap-1]}]
    /// assets:
    ///   - {id: plc-7, site: north, ip: 10.1.7.2, mac: '00:1b:1b:00:00:07', role: controller, vendor: Siemens, criticality: high}
    /// zones:
    ///   - {name: cell-7, site: north, networks: [10.1.7.0/24], purdue_level: 1, security_level: 2}
    /// conduits:
    ///   - {name: programming, from: engineering, to: cell-7, protocols: [s7comm], roles: [engineering_workstation],
    ///      hours: [Mon-Fri 06:00-18:00]}
    /// ```
    #[must_use]
    pub fn read(sources: &[Source]) -> Self {
        let limits = Limits { yaml_bytes_max: 1 << 30, yaml_nodes_max: 100_000_000, ..Limits::DEFAULT };
        let (declared, found) = super::read::read(sources, &limits);
        super::check::build(declared, found)
    }

    /// The same plant, of which events that name no site and no known sensor are seen at this site; `None` when it has no such
    /// site.
    #[must_use]
    pub fn at(&self, site: &str) -> Option<Self> {
        let here = self.plant.sites.iter().position(|known| known.name == site)? as u32;
        Some(Self { plant: Arc::clone(&self.plant), here: Some(here) })
    }

    /// The assets, in the order in which they were read.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.plant.assets
    }

    /// The zones.
    #[must_use]
    pub fn zones(&self) -> &[Zone] {
        &self.plant.zones
    }

    /// The conduits.
    #[must_use]
    pub fn conduits(&self) -> &[Conduit] {
        &self.plant.conduits
    }

    /// What has to be true before somebody may change a controller; the default, when the plant says nothing of it.
    #[must_use]
    pub fn trust(&self) -> &TrustPolicy {
        &self.plant.trust
    }

    /// The sites.
    #[must_use]
    pub fn sites(&self) -> &[Site] {
        &self.plant.sites
    }

    /// Whom an address, MAC or host name means at a site.
    pub(crate) fn end(&self, ip: Option<IpAddr>, mac: Option<&str>, host: Option<&str>, site: Option<&str>) -> End {
        let site = site.and_then(|site| self.plant.index.site_names.get(site).copied());
        self.plant.index.end(&self.plant.assets, &Named { ip, mac, host, unit: None }, site)
    }

    /// Whether a site declares a sensor of this name.
    pub(crate) fn has_sensor(&self, name: &str) -> bool {
        self.plant.index.sensors.contains_key(name)
    }

    /// What tells this plant from others: saved state of the same one means the same by every name.
    pub(crate) fn fingerprint(&self) -> u64 {
        let Plant { sites, assets, zones, conduits, .. } = &*self.plant;
        // INVARIANT: writing plain data into memory cannot fail.
        let text = serde_json::to_vec(&(sites, assets, zones, conduits, self.here)).unwrap_or_default();
        xxhash_rust::xxh3::xxh3_64(&text)
    }

    /// What was found wrong or doubtful while it was read.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.plant.diagnostics
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("assets", &self.plant.assets.len())
            .field("zones", &self.plant.zones.len())
            .field("conduits", &self.plant.conduits.len())
            .finish_non_exhaustive()
    }
}
