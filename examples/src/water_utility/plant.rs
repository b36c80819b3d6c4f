//! The water utility: its networks, hosts, controllers and people.
//!
//! ```text
//! office 10.10.20.0/24     servers 10.10.10.0/24     admins 10.10.90.0/24     VPN 10.10.80.0/24
//! ───────────────────────────────────── firewall ─────────────────────────────────────────────
//! plant DMZ 10.30.0.0/24              JUMP01, HIST01
//! ───────────────────────────────────── firewall ─────────────────────────────────────────────
//! supervision 10.40.10.0/24           EWS01, HMI01
//! control 10.40.20.0/24               PUMP-PLC1, PUMP-PLC2 (Modbus), DOSING-PLC (S7)
//! ```
//!
//! Only facts are here, nothing happens. All names and numbers are invented.

/// What a Windows host writes about its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sensor {
    /// Sysmon and the Security log.
    Sysmon,
    /// The Security log alone: the vendor of the HMI allows no further software.
    Audit,
}

/// A Windows host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// Short name.
    pub(crate) name: &'static str,
    /// Its only address.
    pub(crate) address: &'static str,
    /// What it writes.
    pub(crate) sensor: Sensor,
}

const fn host(name: &'static str, address: &'static str) -> Host {
    Host { name, address, sensor: Sensor::Sysmon }
}

/// Domain controller and name server.
pub(crate) const DC01: Host = host("DC01", "10.10.10.10");
/// File server.
pub(crate) const FS01: Host = host("FS01", "10.10.10.20");
/// Mail server.
pub(crate) const MAIL01: Host = host("MAIL01", "10.10.10.30");
/// Administrator's workstation.
pub(crate) const ADM01: Host = host("ADM01", "10.10.90.4");
/// Help desk workstation.
pub(crate) const ADM02: Host = host("ADM02", "10.10.90.6");
/// Software distribution.
pub(crate) const SWD01: Host = host("SWD01", "10.10.90.5");
/// Jump host, the only way from the office to the plant.
pub(crate) const JUMP01: Host = host("JUMP01", "10.30.0.10");
/// Historian.
pub(crate) const HIST01: Host = host("HIST01", "10.30.0.20");
/// Engineering workstation.
pub(crate) const EWS01: Host = host("EWS01", "10.40.10.20");
/// Operator station.
pub(crate) const HMI01: Host = Host { name: "HMI01", address: "10.40.10.30", sensor: Sensor::Audit };

/// The PC where the story begins.
pub(crate) const OFFICE07: Host = host("OFFICE07", "10.10.20.17");

/// Office PCs and who sits there.
pub(crate) const DESKS: [(Host, &str); 10] = [
    (host("OFFICE01", "10.10.20.11"), "lbrandt"),
    (host("OFFICE02", "10.10.20.12"), "jnovak"),
    (host("OFFICE03", "10.10.20.13"), "sokafor"),
    (host("OFFICE04", "10.10.20.14"), "pferrari"),
    (host("OFFICE05", "10.10.20.15"), "hyilmaz"),
    (host("OFFICE06", "10.10.20.16"), "dsilva"),
    (OFFICE07, "mkeller"),
    (host("OFFICE08", "10.10.20.18"), "akowalski"),
    (host("OFFICE09", "10.10.20.19"), "rjensen"),
    (host("OFFICE10", "10.10.20.20"), "cmoreau"),
];

/// Hosts that run day and night.
pub(crate) const ALWAYS_ON: [Host; 7] = [DC01, FS01, MAIL01, JUMP01, HIST01, EWS01, SWD01];

/// The backup storage, not a Windows host.
pub(crate) const STORAGE: &str = "10.10.10.40";
/// The engineer's laptop at home, behind the VPN.
pub(crate) const VPN_LAPTOP: &str = "10.10.80.15";

/// Controllers of the two pump stations; they speak Modbus.
pub(crate) const PUMP_PLCS: [&str; 2] = ["10.40.20.11", "10.40.20.12"];
/// Controller of the chlorine dosing; it speaks S7.
pub(crate) const DOSING_PLC: &str = "10.40.20.13";

/// The administrator.
pub(crate) const ADMIN: &str = "adm-ruiz";
/// The help desk's account, whose password is stolen in the story.
pub(crate) const HELP_DESK: &str = "adm-osei";
/// The control engineer.
pub(crate) const ENGINEER: &str = "tlindqvist";
/// The account of the operators' shift.
pub(crate) const OPERATOR: &str = "operator";
/// The account of the backup jobs.
pub(crate) const BACKUP: &str = "svc-backup";

/// Where the attacker's script fetches its program.
pub(crate) const LURE_HOST: (&str, &str) = ("parcel-track.duckdns.org", "203.0.113.66");
/// Where the attacker's tunnel ends.
pub(crate) const TUNNEL_HOST: (&str, &str) = ("pump-sync.ddns.net", "203.0.113.50");
/// The attacker's mail server.
pub(crate) const LURE_MAIL: &str = "203.0.113.25";

/// Places on the internet that the office visits: name and address.
pub(crate) const SITES: [(&str, &str); 14] = [
    ("www.example.com", "198.51.100.10"),
    ("news.example.org", "198.51.100.21"),
    ("weather.example.org", "198.51.100.22"),
    ("cdn.example.net", "198.51.100.30"),
    ("fonts.example.net", "198.51.100.31"),
    ("maps.example.com", "198.51.100.40"),
    ("bank.example.com", "198.51.100.55"),
    ("portal.waterboard.example", "198.51.100.60"),
    ("shop.pumps.example", "198.51.100.71"),
    ("docs.valves.example", "198.51.100.72"),
    ("meet.example.com", "198.51.100.80"),
    ("travel.example.org", "198.51.100.91"),
    ("telemetry.os.example", "198.51.100.120"),
    ("update.os.example", "198.51.100.121"),
];

impl Host {
    /// The full name, as in the field `Computer`.
    pub(crate) fn full_name(self) -> String {
        format!("{}.water.example.net", self.name)
    }
}
