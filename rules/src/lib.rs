//! The pipelines, tables and rule packs that come with Tieline, as text.
//!
//! ```
//! let yaml = tieline_rules::pipeline("windows-evtx").unwrap();
//! assert!(yaml.contains("Event.System.Channel"));
//! ```
//!
//! A text holds one or two YAML documents; give it to the compiler as it is. What each pipeline is for is
//! written at its head and in `pipelines/README.md`. This crate knows nothing about rules or events.

macro_rules! windows {
    ($file:literal) => {
        concat!(include_str!("../pipelines/windows-logsources.yml"), "---\n", include_str!($file))
    };
}

/// Every pipeline with its name, in the order in which sources are tried: the most telling first.
const PIPELINES: &[(&str, &str)] = &[
    ("sysmon-linux", include_str!("../pipelines/sysmon-linux.yml")),
    ("windows-evtx", windows!("../pipelines/windows-evtx.yml")),
    ("winlogbeat", windows!("../pipelines/winlogbeat.yml")),
    ("winlogbeat-6", windows!("../pipelines/winlogbeat-6.yml")),
    ("windows", windows!("../pipelines/windows.yml")),
    ("sysmon", include_str!("../pipelines/sysmon.yml")),
    ("zeek", include_str!("../pipelines/zeek.yml")),
    ("suricata", include_str!("../pipelines/suricata.yml")),
    ("linux-auditd", include_str!("../pipelines/linux-auditd.yml")),
];

macro_rules! protocols {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../ot/taxonomy/", $name, ".yml")))),*] };
}

/// The tables of OT protocols, in the order of their names.
const PROTOCOLS: &[(&str, &str)] = protocols! {
    "ads"
    "bacnet"
    "bsap"
    "c1222"
    "cip"
    "dnp3"
    "enip"
    "ethercat"
    "ge_srtp"
    "genisys"
    "goose"
    "hart_ip"
    "iec104"
    "mms"
    "modbus"
    "omron_fins"
    "opcua"
    "pccc"
    "ports"
    "profinet_dcp"
    "profinet_io"
    "roc_plus"
    "s7comm"
    "s7comm_plus"
    "sv"
    "synchrophasor"
};

/// Where sensors write what all protocols have in common.
const SENSORS: &str = include_str!("../ot/taxonomy/sensors.yml");

include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The shipped rule packs: the name of each, and its files by name with their text.
///
/// ```
/// let (_, rules) = tieline_rules::packs().iter().find(|(name, _)| *name == "ot").unwrap();
/// assert!(rules.iter().any(|(file, yaml)| *file == "ot_all_mode_stop.yml" && yaml.contains("ot.operation")));
/// ```
#[must_use]
pub fn packs() -> &'static [(&'static str, &'static [(&'static str, &'static str)])] {
    PACKS
}

/// The tables that say what messages of OT protocols do, name and YAML; the first is about sensors, the others each about
/// one protocol.
///
/// ```
/// assert!(tieline_rules::protocols().any(|(name, _)| name == "modbus"));
/// ```
pub fn protocols() -> impl Iterator<Item = (&'static str, &'static str)> {
    std::iter::once(("sensors", SENSORS)).chain(PROTOCOLS.iter().copied())
}

/// The table of fields in which events hold accounts, sessions, processes, files and the like, by which incidents are joined.
#[must_use]
pub fn entity_fields() -> &'static str {
    include_str!("../incidents/entities.yml")
}

/// The techniques of ATT&CK for Enterprise: id, name and tactics, separated by tabs.
#[must_use]
pub fn attack_enterprise() -> &'static str {
    include_str!("../attack/enterprise.tsv")
}

/// The table of requirements of IEC 62443, and by what of a report each is judged, as YAML.
#[must_use]
pub fn iec62443() -> &'static str {
    include_str!("../governance/iec62443.yml")
}

/// The same for the NIST Cybersecurity Framework 2.0.
#[must_use]
pub fn nist_csf() -> &'static str {
    include_str!("../governance/nist_csf.yml")
}

/// The table of services and operations that make an exposure, as YAML.
#[must_use]
pub fn exposures() -> &'static str {
    include_str!("../governance/exposures.yml")
}

/// The table that says what is a logon, for the tables of OT protocols beside it. Its protocol is called `logon`.
#[must_use]
pub fn logons() -> &'static str {
    include_str!("../trust/logons.yml")
}

/// The pipeline of this name, as YAML; `None` when there is none.
#[must_use]
pub fn pipeline(name: &str) -> Option<&'static str> {
    PIPELINES.iter().find(|(own, _)| *own == name).map(|(_, yaml)| *yaml)
}

/// All pipelines, name and YAML, the most telling source first.
#[must_use]
pub fn pipelines() -> &'static [(&'static str, &'static str)] {
    PIPELINES
}

/// Rules about events that hold an indicator, one for each kind and level: name and YAML.
#[must_use]
pub fn indicator_rules() -> &'static [(&'static str, &'static str)] {
    &[
        ("indicators/indicator_address.yml", include_str!("../indicators/indicator_address.yml")),
        ("indicators/indicator_domain.yml", include_str!("../indicators/indicator_domain.yml")),
        ("indicators/indicator_email.yml", include_str!("../indicators/indicator_email.yml")),
        ("indicators/indicator_file.yml", include_str!("../indicators/indicator_file.yml")),
        ("indicators/indicator_url.yml", include_str!("../indicators/indicator_url.yml")),
    ]
}

/// The fields in which the usual sensors write addresses, names and hashes, as YAML: where indicators are looked for.
#[must_use]
pub fn indicator_fields() -> &'static str {
    include_str!("../indicators/fields.yml")
}

/// The techniques of ATT&CK for ICS 18.1, as tab-separated text: id, name, tactics, where the technique shows, and by what.
/// Lines that begin with `#` are remarks; the first other line names the columns.
#[must_use]
pub fn attack_ics() -> &'static str {
    include_str!("../attack/ics.tsv")
}

/// What became of these techniques in ATT&CK for ICS 19, in the same form: id there, name, id in version 18.
#[must_use]
pub fn attack_ics_v19() -> &'static str {
    include_str!("../attack/ics-v19.tsv")
}

/// Where events say which log they are of and to which port a connection goes, in the same form: what, field, transport.
#[must_use]
pub fn coverage_fields() -> &'static str {
    include_str!("../coverage/fields.tsv")
}

/// What events say of the assets in them, as tab-separated text; `ot/discovery/README.md` tells the columns.
#[must_use]
pub fn discovery_signs() -> &'static str {
    include_str!("../ot/discovery/signs.tsv")
}

/// What such signs make of an asset, in the same form: sign, least number, role, weight.
#[must_use]
pub fn discovery_roles() -> &'static str {
    include_str!("../ot/discovery/roles.tsv")
}

/// Names of numbers by which devices tell their vendor or their kind, in the same form: table, number, name.
#[must_use]
pub fn discovery_names() -> &'static str {
    include_str!("../ot/discovery/names.tsv")
}

/// Ports of OT protocols, as YAML with one port to a line.
#[must_use]
pub fn ports() -> &'static str {
    include_str!("../ot/taxonomy/ports.yml")
}
