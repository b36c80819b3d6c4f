//! The three plants: a water utility, a factory and a grid operator.
//!
//! All have the same office, DMZ and operations rooms, as many small plants do that were planned by one book; what is controlled
//! differs. Addresses are those of the example plant in `rules/it`, companies and people are invented.

use super::{Asset, People, Plant, Speaks, Zone};

pub(crate) const DC01: Asset = Asset::host("DC01", "10.10.10.10", "domain_controller").owned("IT service", "high");
pub(crate) const NPS01: Asset = Asset::host("NPS01", "10.10.10.5", "radius_server");
pub(crate) const FS01: Asset = Asset::host("FS01", "10.10.10.20", "file_server").owned("IT service", "medium");
pub(crate) const MAIL01: Asset = Asset::host("MAIL01", "10.10.10.30", "mail_server").owned("IT service", "medium");
pub(crate) const PROXY01: Asset = Asset::host("PROXY01", "10.10.10.40", "proxy");
pub(crate) const BACKUP01: Asset =
    Asset::host("BACKUP01", "10.10.10.50", "backup_server").owned("IT service", "medium");
pub(crate) const SCAN01: Asset = Asset::host("SCAN01", "10.10.10.60", "vulnerability_scanner");
pub(crate) const ADM01: Asset = Asset::host("ADM01", "10.10.90.21", "admin_workstation").owned("IT service", "medium");
pub(crate) const VPN01: Asset = Asset::host("VPN01", "10.10.80.1", "vpn_gateway").made("Example Networks", "EN-VPN");
pub(crate) const JUMP01: Asset = Asset::host("JUMP01", "10.30.0.10", "jump_host").owned("Plant IT", "high");
pub(crate) const MIRROR01: Asset =
    Asset::host("MIRROR01", "10.30.0.20", "historian_mirror").owned("Plant IT", "medium");
pub(crate) const PATCH01: Asset = Asset::host("PATCH01", "10.30.0.30", "patch_server").owned("Plant IT", "medium");
pub(crate) const TIME01: Asset = Asset::host("TIME01", "10.40.10.9", "time_server").owned("Plant IT", "medium");
pub(crate) const DCOT01: Asset = Asset::host("DCOT01", "10.40.10.10", "domain_controller").owned("Plant IT", "high");
pub(crate) const EWS01: Asset =
    Asset::host("EWS01", "10.40.10.20", "engineering_workstation").owned("Automation", "high");
pub(crate) const HIST01: Asset = Asset::host("HIST01", "10.40.10.40", "historian").owned("Plant IT", "medium");
pub(crate) const SCADA01: Asset = Asset::host("SCADA01", "10.40.15.10", "scada_server").owned("Operations", "critical");
pub(crate) const HMI01: Asset = Asset::host("HMI01", "10.40.15.31", "hmi").owned("Operations", "high");
pub(crate) const HMI02: Asset = Asset::host("HMI02", "10.40.15.32", "hmi").owned("Operations", "high");
pub(crate) const AIR01: Asset = Asset::device("AIR01", "10.40.60.11", "controller", Speaks::Bacnet)
    .owned("Building services", "low")
    .made("Example Climate", "EC-20");

/// PCs of the office.
pub(crate) const OFFICE: [Asset; 10] = [
    Asset::host("OFFICE01", "10.10.20.11", "office_pc"),
    Asset::host("OFFICE02", "10.10.20.12", "office_pc"),
    Asset::host("OFFICE03", "10.10.20.13", "office_pc"),
    Asset::host("OFFICE04", "10.10.20.14", "office_pc"),
    Asset::host("OFFICE05", "10.10.20.15", "office_pc"),
    Asset::host("OFFICE06", "10.10.20.16", "office_pc"),
    Asset::host("OFFICE07", "10.10.20.17", "office_pc"),
    Asset::host("OFFICE08", "10.10.20.18", "office_pc"),
    Asset::host("OFFICE09", "10.10.20.19", "office_pc"),
    Asset::host("OFFICE10", "10.10.20.20", "office_pc"),
];

const fn common() -> [Asset; 30] {
    let [a, b, c, d, e, f, g, h, i, j] = OFFICE;
    [
        a, b, c, d, e, f, g, h, i, j, DC01, NPS01, FS01, MAIL01, PROXY01, BACKUP01, SCAN01, ADM01, VPN01, JUMP01,
        MIRROR01, PATCH01, TIME01, DCOT01, EWS01, HIST01, SCADA01, HMI01, HMI02, AIR01,
    ]
}

/// What all plants have.
pub(crate) static COMMON: [Asset; 30] = common();

/// Zones that all plants have.
pub(crate) static ZONES: [Zone; 8] = [
    Zone { name: "office", prefix: "10.10.20.", level: 4.0, security: 1 },
    Zone { name: "servers", prefix: "10.10.10.", level: 4.0, security: 1 },
    Zone { name: "admin", prefix: "10.10.90.", level: 4.0, security: 2 },
    Zone { name: "remote", prefix: "10.10.80.", level: 3.5, security: 1 },
    Zone { name: "dmz", prefix: "10.30.0.", level: 3.5, security: 2 },
    Zone { name: "operations", prefix: "10.40.10.", level: 3.0, security: 2 },
    Zone { name: "supervision", prefix: "10.40.15.", level: 2.0, security: 2 },
    Zone { name: "building", prefix: "10.40.60.", level: 1.0, security: 1 },
];

/// Conduits that all plants have.
pub(crate) const CONDUITS: &str = "  - {name: office-services, from: [office, admin, remote], to: servers}
  - {name: service-replies, from: servers, to: [office, admin, remote]}
  - {name: reports, from: [office, servers], to: dmz, protocols: [ssl, 443/tcp]}
  - {name: remote-access, from: [remote, admin], to: dmz, protocols: [rdp, ssh, 3389/tcp, 22/tcp], hours: ['06:00-19:00']}
  - {name: engineering-access, from: dmz, to: operations, protocols: [rdp, ssh, 3389/tcp, 22/tcp], roles: [jump_host], hours: ['06:00-19:00']}
  - {name: mirroring, from: operations, to: dmz, protocols: [ssl, 443/tcp]}
  - {name: updates, from: [operations, supervision], to: dmz, protocols: [http, 8530/tcp]}
  - {name: plant-services, from: supervision, to: operations}
  - {name: trends, from: operations, to: supervision, protocols: [opcua, 4840/tcp], roles: [historian]}
  - {name: climate, from: supervision, to: building, protocols: [bacnet, 47808/udp]}
";

/// From which sessions somebody may change a controller.
pub(crate) const TRUST: &str = "trust:
  session_hours: 12
  remote: [rdp, ssh]
  chains:
    - {name: console, begins: console, station: engineering_workstation}
    - {name: remote, begins: vpn, over: [jump_host], station: engineering_workstation}
";

/// A water utility.
pub(crate) static WATER: Plant = Plant {
    name: "waterworks",
    title: "Waterworks of the Lindental valley, a small water utility",
    domain: "WATER",
    dns: "example.net",
    people: People {
        office: [
            "abergmann", "bfinke", "cgruber", "dhollmann", "ejaeger", "fkessler", "glorenz", "hmoser", "inagel",
            "joster",
        ],
        engineer: "kpohl",
        admin: "msander",
        supplier: "ext-pumpcare",
    },
    own: &[WATER_PUMP1, WATER_PUMP2, WATER_PUMP3, WATER_DOSE, WATER_TANK],
    own_zones: &[
        Zone { name: "pumping", prefix: "10.40.20.", level: 1.0, security: 3 },
        Zone { name: "dosing", prefix: "10.40.21.", level: 1.0, security: 3 },
        Zone { name: "reservoir", prefix: "10.40.30.", level: 1.0, security: 2 },
    ],
    own_conduits: "  - {name: programming, from: operations, to: [pumping, dosing], protocols: [s7comm, modbus, 102/tcp, 502/tcp], roles: [engineering_workstation], hours: [Mon-Fri 06:00-18:00]}
  - {name: operating, from: supervision, to: [pumping, dosing, reservoir], protocols: [modbus, s7comm, dnp3, 502/tcp, 102/tcp, 20000/tcp], operations: [read, write, control, session, discovery, diagnostics, time_sync], roles: [scada_server, hmi]}
  - {name: cell-time, from: [pumping, dosing, reservoir], to: operations, protocols: [ntp, 123/udp]}
",
    maintained: WATER_DOSE,
};

pub(crate) const WATER_PUMP1: Asset = Asset::device("PLC-PUMP1", "10.40.20.11", "controller", Speaks::Modbus)
    .owned("Pumping shift", "high")
    .made("Schneider Electric", "M340");
pub(crate) const WATER_PUMP2: Asset = Asset::device("PLC-PUMP2", "10.40.20.12", "controller", Speaks::Modbus)
    .owned("Pumping shift", "high")
    .made("Schneider Electric", "M340");
pub(crate) const WATER_PUMP3: Asset = Asset::device("PLC-PUMP3", "10.40.20.13", "controller", Speaks::S7)
    .owned("Pumping shift", "critical")
    .made("Siemens", "S7-300");
pub(crate) const WATER_DOSE: Asset = Asset::device("PLC-DOSE", "10.40.21.11", "controller", Speaks::S7)
    .owned("Water quality", "critical")
    .made("Siemens", "S7-300");
pub(crate) const WATER_TANK: Asset = Asset::device("RTU-TANK", "10.40.30.11", "rtu", Speaks::Dnp3)
    .owned("Pumping shift", "medium")
    .made("Example Telecontrol", "ET-5");

/// A factory.
pub(crate) static FACTORY: Plant = Plant {
    name: "factory",
    title: "Halberg Profiles, a factory with a press, a paint shop and packing",
    domain: "HALBERG",
    dns: "example.com",
    people: People {
        office: [
            "aahrens", "bbrandt", "cdietz", "deckert", "efrank", "fgeiger", "gheinz", "hjahn", "ikraus", "jlange",
        ],
        engineer: "kmertens",
        admin: "mnolte",
        supplier: "ext-pressworks",
    },
    own: &[FACTORY_HMI3, FACTORY_PRESS1, FACTORY_PRESS2, FACTORY_PAINT, FACTORY_PACK],
    own_zones: &[
        Zone { name: "press", prefix: "10.40.20.", level: 1.0, security: 3 },
        Zone { name: "paint", prefix: "10.40.21.", level: 1.0, security: 3 },
        Zone { name: "packing", prefix: "10.40.22.", level: 1.0, security: 2 },
    ],
    own_conduits: "  - {name: programming, from: operations, to: [press, paint, packing], protocols: [s7comm, cip, enip, 102/tcp, 44818/tcp], roles: [engineering_workstation], hours: [Mon-Fri 06:00-18:00]}
  - {name: operating, from: supervision, to: [press, paint, packing], protocols: [s7comm, cip, enip, 102/tcp, 44818/tcp], operations: [read, write, control, session, discovery, diagnostics], roles: [scada_server, hmi]}
  - {name: cell-time, from: [press, paint, packing], to: operations, protocols: [ntp, 123/udp]}
",
    maintained: FACTORY_PRESS2,
};

pub(crate) const FACTORY_HMI3: Asset = Asset::host("HMI03", "10.40.15.33", "hmi").owned("Paint shop", "high");
pub(crate) const FACTORY_PRESS1: Asset = Asset::device("PLC-PRESS1", "10.40.20.11", "controller", Speaks::S7)
    .owned("Press shift", "critical")
    .made("Siemens", "S7-400");
pub(crate) const FACTORY_PRESS2: Asset = Asset::device("PLC-PRESS2", "10.40.20.12", "controller", Speaks::S7)
    .owned("Press shift", "high")
    .made("Siemens", "S7-300");
pub(crate) const FACTORY_PAINT: Asset = Asset::device("PLC-PAINT", "10.40.21.31", "controller", Speaks::Cip)
    .owned("Paint shop", "critical")
    .made("Rockwell Automation", "ControlLogix 1756");
pub(crate) const FACTORY_PACK: Asset = Asset::device("PLC-PACK", "10.40.22.41", "controller", Speaks::Cip)
    .owned("Packing", "medium")
    .made("Rockwell Automation", "CompactLogix 5380");

/// A grid operator.
pub(crate) static GRID: Plant = Plant {
    name: "grid",
    title: "Moorland Netz, a grid operator with a control centre and two stations",
    domain: "MOORNETZ",
    dns: "example.org",
    people: People {
        office: [
            "aarndt", "bblum", "cconrad", "ddorn", "eengel", "ffalk", "ggross", "hhaas", "iillner", "jjunker",
        ],
        engineer: "kkoch",
        admin: "mmeinert",
        supplier: "ext-relayservice",
    },
    own: &[GRID_RTU_NORTH, GRID_RTU_SOUTH, GRID_GW_NORTH, GRID_GW_SOUTH, GRID_HMI_NORTH, GRID_HMI_SOUTH],
    own_zones: &[
        Zone { name: "station-north", prefix: "10.50.20.", level: 1.0, security: 3 },
        Zone { name: "station-south", prefix: "10.50.30.", level: 1.0, security: 3 },
        Zone { name: "station-rooms", prefix: "10.50.10.", level: 2.0, security: 2 },
    ],
    own_conduits: "  - {name: parameters, from: operations, to: [station-north, station-south], protocols: [iec104, modbus, 2404/tcp, 502/tcp], roles: [engineering_workstation], hours: [Mon-Fri 06:00-18:00]}
  - {name: telecontrol, from: supervision, to: [station-north, station-south], protocols: [iec104, modbus, 2404/tcp, 502/tcp], operations: [read, write, control, session, discovery, diagnostics, time_sync, subscribe], roles: [scada_server, hmi]}
  - {name: telecontrol-back, from: [station-north, station-south], to: supervision, protocols: [iec104, 2404/tcp]}
  - {name: local-view, from: station-rooms, to: [station-north, station-south], protocols: [iec104, 2404/tcp], roles: [hmi]}
  - {name: room-services, from: station-rooms, to: operations}
  - {name: cell-time, from: [station-north, station-south], to: operations, protocols: [ntp, 123/udp]}
",
    maintained: GRID_RTU_SOUTH,
};

pub(crate) const GRID_RTU_NORTH: Asset = Asset::device("RTU-NORTH", "10.50.20.11", "rtu", Speaks::Iec104)
    .owned("Grid operation", "critical")
    .made("Example Telecontrol", "ET-9");
pub(crate) const GRID_RTU_SOUTH: Asset = Asset::device("RTU-SOUTH", "10.50.30.11", "rtu", Speaks::Iec104)
    .owned("Grid operation", "critical")
    .made("Example Telecontrol", "ET-9");
pub(crate) const GRID_GW_NORTH: Asset = Asset::device("GW-NORTH", "10.50.20.31", "serial_gateway", Speaks::Modbus)
    .owned("Secondary technology", "high")
    .made("Example Networks", "EN-Serial");
pub(crate) const GRID_GW_SOUTH: Asset = Asset::device("GW-SOUTH", "10.50.30.31", "serial_gateway", Speaks::Modbus)
    .owned("Secondary technology", "high")
    .made("Example Networks", "EN-Serial");
pub(crate) const GRID_HMI_NORTH: Asset =
    Asset::host("HMINORTH", "10.50.10.21", "hmi").owned("Secondary technology", "high");
pub(crate) const GRID_HMI_SOUTH: Asset =
    Asset::host("HMISOUTH", "10.50.10.31", "hmi").owned("Secondary technology", "high");
