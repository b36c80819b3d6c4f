//! What a plant is: assets, zones, conduits and people, and how it is written for `--context`.
//!
//! ```text
//! office 4 ── servers 4 ── admin 4      remote 3.5      dmz 3.5 ── operations 3 ── supervision 2 ── cells 1
//! ```
//!
//! The three plants themselves stand in [`places`]. Facts only; nothing happens here.

pub(crate) mod places;

use std::fmt::Write as _;

use crate::chance::hash;

/// What a device speaks with those that poll it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// Nothing that is polled.
    Nothing,
    /// Modbus TCP.
    Modbus,
    /// S7comm.
    S7,
    /// EtherNet/IP with CIP.
    Cip,
    /// DNP3.
    Dnp3,
    /// IEC 60870-5-104.
    Iec104,
    /// BACnet/IP.
    Bacnet,
}

/// A host or a device of the inventory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asset {
    /// Host name in capitals; the id of the inventory is the same in small letters.
    pub(crate) name: &'static str,
    pub(crate) ip: &'static str,
    pub(crate) role: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) criticality: &'static str,
    pub(crate) vendor: &'static str,
    pub(crate) model: &'static str,
    pub(crate) speaks: Speaks,
}

impl Asset {
    /// A host with Windows.
    pub(crate) const fn host(name: &'static str, ip: &'static str, role: &'static str) -> Asset {
        Asset {
            name,
            ip,
            role,
            owner: "IT service",
            criticality: "low",
            vendor: "Microsoft",
            model: "Windows",
            speaks: Speaks::Nothing,
        }
    }

    /// A device that controls something.
    pub(crate) const fn device(name: &'static str, ip: &'static str, role: &'static str, speaks: Speaks) -> Asset {
        Asset { speaks, ..Asset::host(name, ip, role) }.made("Example Automation", "EA-100")
    }

    pub(crate) const fn owned(self, owner: &'static str, criticality: &'static str) -> Asset {
        Asset { owner, criticality, ..self }
    }

    pub(crate) const fn made(self, vendor: &'static str, model: &'static str) -> Asset {
        Asset { vendor, model, ..self }
    }

    pub(crate) fn id(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// A locally administered address, made of the IP address.
    pub(crate) fn mac(&self) -> String {
        self.ip.split('.').filter_map(|part| part.parse::<u8>().ok()).fold("02:00".to_owned(), |mut mac, part| {
            let _ = write!(mac, ":{part:02x}");
            mac
        })
    }

    pub(crate) fn is_device(&self) -> bool {
        self.speaks != Speaks::Nothing
    }
}

/// A zone with one network of 256 addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    /// The first three bytes of its addresses, with the point behind them.
    pub(crate) prefix: &'static str,
    pub(crate) level: f64,
    pub(crate) security: i64,
}

/// Who works at a plant; all names are invented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct People {
    /// Each sits at the office PC with the same number.
    pub(crate) office: [&'static str; 10],
    pub(crate) engineer: &'static str,
    pub(crate) admin: &'static str,
    /// A supplier who comes by VPN.
    pub(crate) supplier: &'static str,
}

/// A plant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plant {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// `NetBIOS` name of the Windows domain.
    pub(crate) domain: &'static str,
    /// Suffix of host names.
    pub(crate) dns: &'static str,
    pub(crate) people: People,
    /// What this plant has beside what all have.
    pub(crate) own: &'static [Asset],
    pub(crate) own_zones: &'static [Zone],
    /// The YAML of conduits of its own.
    pub(crate) own_conduits: &'static str,
    /// The controller on which the engineer works by day.
    pub(crate) maintained: Asset,
}

impl Plant {
    pub(crate) fn assets(&self) -> impl Iterator<Item = &'static Asset> {
        places::COMMON.iter().chain(self.own)
    }

    pub(crate) fn devices(&self) -> impl Iterator<Item = &'static Asset> {
        self.assets().filter(|asset| asset.is_device())
    }

    pub(crate) fn with_role(&self, role: &'static str) -> impl Iterator<Item = &'static Asset> {
        self.assets().filter(move |asset| asset.role == role)
    }

    pub(crate) fn asset(&self, id: &str) -> Option<&'static Asset> {
        self.assets().find(|asset| asset.id() == id)
    }

    pub(crate) fn zone_of(&self, ip: &str) -> Option<&'static Zone> {
        places::ZONES.iter().chain(self.own_zones).find(|zone| ip.starts_with(zone.prefix))
    }

    /// A host as Windows names it in full.
    pub(crate) fn full_name(&self, asset: &Asset) -> String {
        format!("{}.{}", asset.name, self.dns)
    }

    /// Invented, and always the same for one account.
    pub(crate) fn sid(&self, account: &str) -> String {
        format!("S-1-5-21-1004336348-{}-682003330-{}", hash(self.domain) % 2_000_000_000, 1_100 + hash(account) % 800)
    }

    /// The plant as `--context` takes it.
    pub(crate) fn yaml(&self) -> String {
        let mut text = format!("# {}. All names are invented.\n", self.title);
        let _ = writeln!(text, "sites:\n  - {{name: {}, time_zone: Europe/Berlin}}\n\nassets:", self.name);
        for asset in self.assets() {
            let host = if asset.is_device() { String::new() } else { format!("host: {}, ", self.full_name(asset)) };
            let _ = writeln!(
                text,
                "  - {{id: {}, site: {}, ip: {}, mac: '{}', {host}role: {}, vendor: '{}', model: '{}', owner: '{}', criticality: {}}}",
                asset.id(),
                self.name,
                asset.ip,
                asset.mac(),
                asset.role,
                asset.vendor,
                asset.model,
                asset.owner,
                asset.criticality
            );
        }
        text += "\nzones:\n";
        for zone in places::ZONES.iter().chain(self.own_zones) {
            let _ = writeln!(
                text,
                "  - {{name: {}, site: {}, purdue_level: {}, security_level: {}, networks: [{}0/24]}}",
                zone.name, self.name, zone.level, zone.security, zone.prefix
            );
        }
        let _ = write!(text, "\nconduits:\n{}{}\n{}", places::CONDUITS, self.own_conduits, places::TRUST);
        text
    }
}
