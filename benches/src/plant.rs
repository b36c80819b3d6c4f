//! A large plant, always the same: zones of a class C network each, assets in them, and conduits between neighbours.
//!
//! ```text
//! 5,000 zones 192.168.0.0/24, 192.168.1.0/24, ..., 10.0.0.0/24, ...   20 assets in each   a conduit to the next
//! ```
//!
//! Networks begin with those that captures of plants mostly have.

use std::fmt::Write as _;
use tieline::context::Context;
use tieline::diagnostic::Source;

/// Zones of the plant.
pub const ZONES: usize = 5_000;
/// Assets of the plant.
pub const ASSETS: usize = 100_000;

const ROLES: [&str; 5] = ["controller", "hmi", "engineering_workstation", "historian", "rtu"];

/// The plant.
///
/// # Panics
/// When it is not what it should be; the message says why.
#[must_use]
pub fn plant() -> Context {
    let context = Context::read(&[Source::new(Some("plant"), text())]);
    assert!(context.diagnostics().is_empty(), "{:?}", context.diagnostics().first());
    assert_eq!((context.assets().len(), context.zones().len()), (ASSETS, ZONES));
    context
}

/// The first bytes of the network of a zone.
fn network(zone: usize) -> String {
    match zone {
        0..256 => format!("192.168.{zone}"),
        _ => format!("10.{}.{}", (zone - 256) / 256, (zone - 256) % 256),
    }
}

fn text() -> String {
    let mut zones = "zones:\n".to_owned();
    let mut assets = "assets:\n".to_owned();
    let mut conduits = "conduits:\n".to_owned();
    for zone in 0..ZONES {
        let (network, level) = (network(zone), zone % 5);
        // Writing to a text does not fail.
        let _ = writeln!(
            zones,
            "  - {{name: z{zone}, networks: [{network}.0/24], purdue_level: {level}, security_level: 2}}"
        );
        let _ = writeln!(
            conduits,
            "  - {{name: c{zone}, from: z{zone}, to: z{}, protocols: [modbus, s7comm], roles: [hmi], hours: [Mon-Fri 06:00-18:00]}}",
            (zone + 1) % ZONES
        );
        for number in 0..ASSETS / ZONES {
            let role = ROLES.get((zone + number) % ROLES.len()).unwrap_or(&"");
            let _ = writeln!(
                assets,
                "  - {{id: a{zone}-{number}, ip: {network}.{}, role: {role}, vendor: v{level}, criticality: high}}",
                number * 12 + 1
            );
        }
    }
    zones + &assets + &conduits
}
