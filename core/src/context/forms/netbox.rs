//! Devices as NetBox exports them.
//!
//! ```text
//! Name,Status,Site,Role,Manufacturer,Type,Serial number,IPv4 Address
//! plc-7,Active,north,PLC,Siemens,CPU 1516-3,S C-X4U4,10.1.7.2/24     ─▶   {id: plc-7, site: north, role: plc, vendor: Siemens, ...}
//! ```
//!
//! Headings are those of the list of devices, in versions 3 and 4, or those of its import form; others are passed over. A status
//! other than active, and the location, become tags. Two devices with one name at different sites are told apart by the site.

use super::csv::{Cell, each_row, push_row};
use super::{map, put, role_word, text};
use crate::context::model::Asset;
use crate::diagnostic::{Diagnostic, Source};
use crate::syntax::form::Form;
use crate::syntax::yaml::Node;
use std::collections::HashSet;

/// Headings, lower case with `_` between words, and the key of an asset that each stands for.
const HEADINGS: &[(&str, &str)] = &[
    ("name", "id"),
    ("id", "number"),
    ("asset_tag", "label"),
    ("description", "name"),
    ("status", "status"),
    ("tenant", "owner"),
    ("site", "site"),
    ("location", "location"),
    ("role", "role"),
    ("device_role", "role"),
    ("manufacturer", "vendor"),
    ("type", "model"),
    ("device_type", "model"),
    ("serial", "serial"),
    ("serial_number", "serial"),
    ("ip_address", "ip"),
    ("primary_ip", "ip"),
    ("ipv4_address", "ip"),
    ("primary_ip4", "ip"),
    ("ipv6_address", "ip"),
    ("primary_ip6", "ip"),
    ("oob_ip", "ip"),
    ("mac_address", "mac"),
    ("firmware", "firmware"),
    ("firmware_version", "firmware"),
    ("cf_firmware", "firmware"),
    ("tags", "tags"),
];

/// Headings that only NetBox has; one of them beside a name is enough.
const TELLING: &[&str] = &[
    "status",
    "tenant",
    "location",
    "rack",
    "device_role",
    "manufacturer",
    "type",
    "device_type",
    "asset_tag",
    "primary_ip4",
    "ipv4_address",
];

fn heading(cell: &str) -> String {
    cell.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Whether these are headings of a list of devices.
pub(super) fn is_header(cells: &[String]) -> bool {
    let names: Vec<String> = cells.iter().map(|cell| heading(cell)).collect();
    let has = |name: &str| names.iter().any(|own| own == name);
    has("name") && TELLING.iter().filter(|name| has(name)).count() > 1
}

/// The devices.
pub(super) fn assets(source: &Source, found: &mut Vec<Diagnostic>) -> Vec<Node> {
    let mut assets = Vec::new();
    let mut ids = HashSet::new();
    let column = |_: usize, cell: &Cell, _: &mut Form<'_>| {
        let name = heading(&cell.text);
        HEADINGS.iter().find(|(own, _)| *own == name).map(|(_, key)| *key)
    };
    each_row(source, found, column, |span, cells| {
        let of = |key: &str| cells.iter().find(|(own, _)| *own == key).map(|(_, cell)| cell.text.clone());
        let site = of("site");
        // A device needs no name; then its label or its number in NetBox stand for it.
        let id = of("id").or_else(|| of("label")).or_else(|| of("number").map(|number| format!("netbox-{number}")));
        let mut entries = Vec::new();
        if let Some(id) = id {
            let place = cells.iter().find(|(key, _)| *key == "id").map_or(span, |(_, cell)| cell.span);
            let id = match &site {
                Some(site) if ids.contains(&id) => format!("{site}/{id}"),
                _ => id,
            };
            ids.insert(id.clone());
            put(&mut entries, "id", text(id, place));
        }
        let mut addresses = HashSet::new();
        for (key, cell) in cells {
            let at = cell.span;
            match key {
                "id" | "number" => {}
                "label" => put(&mut entries, "tags", text(format!("asset_tag:{}", cell.text), at)),
                "status" if cell.text.eq_ignore_ascii_case("active") => {}
                "status" | "location" => put(&mut entries, "tags", text(format!("{key}:{}", cell.text), at)),
                "tags" => cell.text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).for_each(|tag| {
                    put(&mut entries, "tags", text(tag, at));
                }),
                "ip" => {
                    let address = cell.text.split('/').next().unwrap_or_default();
                    if addresses.insert(address.to_owned()) {
                        put(&mut entries, "ip", text(address, at));
                    }
                }
                "role" => put(&mut entries, "role", text(role_word(&cell.text), at)),
                _ => put(&mut entries, key, text(cell.text, at)),
            }
        }
        assets.push(map(span, entries));
    });
    assets
}

const COLUMNS: [&str; 15] = [
    "Name",
    "Status",
    "Tenant",
    "Site",
    "Location",
    "Role",
    "Manufacturer",
    "Type",
    "Serial number",
    "Asset tag",
    "IP Address",
    "IPv4 Address",
    "IPv6 Address",
    "Description",
    "Tags",
];

/// Writes devices under the headings of the list.
pub(super) fn write(assets: &[Asset]) -> String {
    let mut out = COLUMNS.join(",") + "\n";
    for asset in assets {
        let prefixed =
            |prefix: &str| asset.tags.iter().find_map(|tag| tag.strip_prefix(prefix)).unwrap_or_default().to_owned();
        let own = |value: &Option<String>| value.clone().unwrap_or_default();
        let of_kind = |is_v4: bool| asset.ip.iter().find(|ip| ip.is_ipv4() == is_v4).map(ToString::to_string);
        let is_own =
            |tag: &&String| !["status:", "location:", "asset_tag:"].iter().any(|prefix| tag.starts_with(prefix));
        let status = prefixed("status:");
        let cells = [
            asset.id.clone(),
            if status.is_empty() { "Active".to_owned() } else { status },
            own(&asset.owner),
            own(&asset.site),
            prefixed("location:"),
            own(&asset.role),
            own(&asset.vendor),
            own(&asset.model),
            own(&asset.serial),
            prefixed("asset_tag:"),
            of_kind(true).or_else(|| of_kind(false)).unwrap_or_default(),
            of_kind(true).unwrap_or_default(),
            of_kind(false).unwrap_or_default(),
            own(&asset.name),
            asset.tags.iter().filter(is_own).cloned().collect::<Vec<_>>().join(","),
        ];
        push_row(&mut out, cells.into_iter());
    }
    out
}
