//! Devices of a bill of materials, CycloneDX 1.5 and 1.6 as JSON.
//!
//! ```text
//! {"type": "device", "bom-ref": "plc-7", "name": "CPU 1516-3",          {id: plc-7, name: CPU 1516-3, model: CPU 1516-3,
//!  "manufacturer": {"name": "Siemens"},                            ─▶    vendor: Siemens, firmware: V2.9, ip: [10.1.7.2]}
//!  "components": [{"type": "firmware", "name": "fw", "version": "V2.9"}],
//!  "properties": [{"name": "tieline:ip", "value": "10.1.7.2"}]}
//! ```
//!
//! JSON is read as the YAML that it is, so places are known. Devices are found at any depth; the firmware of one stands in it, or is
//! what it directly depends on, or else its own version. Properties are known by the last part of their name. Nothing else is read.

use super::{map, put, put_translated, role_word, text};
use crate::config::Limits;
use crate::context::model::Asset;
use crate::context::read::ASSET_KEYS;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::syntax::form::Form;
use crate::syntax::yaml::{self, Node};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Names of properties, lower case without signs, and the key of an asset that each stands for.
const PROPERTIES: &[(&str, &str)] = &[
    ("ipaddress", "ip"),
    ("ipv4", "ip"),
    ("ipv6", "ip"),
    ("ipv4address", "ip"),
    ("ipv6address", "ip"),
    ("macaddress", "mac"),
    ("hostname", "host"),
    ("fqdn", "host"),
    ("dnsname", "host"),
    ("serialnumber", "serial"),
    ("firmwareversion", "firmware"),
    ("ordernumber", "model"),
    ("partnumber", "model"),
    ("modelnumber", "model"),
    ("tag", "tags"),
];

/// What a bill says of devices and their firmware.
struct Bill<'n> {
    firmware: HashMap<&'n str, &'n Node>,
    depends: HashMap<&'n str, Vec<&'n str>>,
}

/// The devices.
pub(super) fn assets(source: &Source, limits: &Limits, found: &mut Vec<Diagnostic>) -> Vec<Node> {
    let (roots, faults) = yaml::read(source, limits);
    found.extend(faults);
    let mut form = Form { source, code: Code::ContextSyntax, found };
    let Some(root) = roots.first() else { return Vec::new() };
    let version = root.get("specVersion").and_then(Node::text).unwrap_or_default();
    if root.get("bomFormat").and_then(Node::text) != Some("CycloneDX") || !version.starts_with("1.") {
        let message =
            "this is no bill of materials of CycloneDX 1: `bomFormat` must be `CycloneDX`, `specVersion` 1.5 or 1.6";
        form.refuse::<()>(root.span, message);
        return Vec::new();
    }
    let mut components = Vec::new();
    let main = root.get("metadata").and_then(|metadata| metadata.get("component"));
    main.into_iter().for_each(|main| below(main, &mut components));
    within(root, &mut components);
    let reference = |node: &'_ Node| node.get("bom-ref").and_then(Node::text).map(str::to_owned);
    let mut bill = Bill { firmware: HashMap::new(), depends: HashMap::new() };
    for component in components.iter().copied().filter(|component| kind(component) == "firmware") {
        if let Some(name) = component.get("bom-ref").and_then(Node::text) {
            bill.firmware.insert(name, component);
        }
    }
    for entry in root.get("dependencies").and_then(Node::as_list).into_iter().flatten() {
        let on = entry.get("dependsOn").and_then(Node::as_list).into_iter().flatten().filter_map(Node::text);
        if let Some(name) = entry.get("ref").and_then(Node::text) {
            bill.depends.entry(name).or_default().extend(on);
        }
    }
    let devices: Vec<&Node> = components.into_iter().filter(|component| kind(component) == "device").collect();
    if devices.is_empty() {
        form.refuse::<()>(root.span, "this bill of materials has no component of the type `device`");
    }
    devices.into_iter().map(|device| asset(device, &bill, reference(device), &mut form)).collect()
}

fn kind(component: &Node) -> &str {
    component.get("type").and_then(Node::text).unwrap_or_default()
}

/// A component and those in it.
fn below<'n>(component: &'n Node, out: &mut Vec<&'n Node>) {
    out.push(component);
    within(component, out);
}

// Depth is bounded by that of the tree.
fn within<'n>(node: &'n Node, out: &mut Vec<&'n Node>) {
    node.get("components").and_then(Node::as_list).into_iter().flatten().for_each(|component| below(component, out));
}

fn asset(device: &Node, bill: &Bill<'_>, reference: Option<String>, form: &mut Form<'_>) -> Node {
    let mut entries = Vec::new();
    let is_own = properties(device, form, &mut entries);
    let name = device.get("name").filter(|name| name.text().is_some());
    if !entries.iter().any(|(key, _)| key.spelled() == Some("id")) {
        let place = device.get("bom-ref").or(name).map_or(device.span, |node| node.span);
        let id = reference.clone().or_else(|| name?.text().map(str::to_owned));
        id.into_iter().for_each(|id| put(&mut entries, "id", text(id, place)));
    }
    let id = entries.iter().find(|(key, _)| key.spelled() == Some("id")).and_then(|(_, id)| id.text());
    let id = id.unwrap_or_default().to_owned();
    if let Some((name, written)) = name.and_then(|name| Some((name, name.text()?))) {
        if written != id {
            put(&mut entries, "name", text(written, name.span));
        }
        // Others name a device by its product.
        if !is_own {
            put(&mut entries, "model", text(written, name.span));
        }
    }
    let of = |node: &Node, key: &str| node.get(key).and_then(|value| Some((value.text()?.to_owned(), value.span)));
    let maker = ["manufacturer", "supplier"].iter().find_map(|key| of(device.get(key)?, "name"));
    let maker = maker.or_else(|| of(device, "manufacturer")).or_else(|| of(device, "publisher"));
    maker.into_iter().for_each(|(maker, place)| put(&mut entries, "vendor", text(maker, place)));
    let mut inside = Vec::new();
    within(device, &mut inside);
    let inside = inside.into_iter().find(|component| kind(component) == "firmware");
    let depends = || bill.depends.get(&*reference?)?.iter().find_map(|name| bill.firmware.get(name).copied());
    let version =
        inside.or_else(depends).and_then(|firmware| of(firmware, "version")).or_else(|| of(device, "version"));
    version.into_iter().for_each(|(version, place)| put(&mut entries, "firmware", text(version, place)));
    for tag in device.get("tags").and_then(Node::as_list).into_iter().flatten() {
        tag.text().into_iter().for_each(|word| put(&mut entries, "tags", text(word, tag.span)));
    }
    map(device.span, entries)
}

/// What properties say; and whether any of them is ours.
fn properties(device: &Node, form: &mut Form<'_>, entries: &mut Vec<(Node, Node)>) -> bool {
    let Some(properties) = device.get("properties") else { return false };
    let Some(properties) = properties.as_list() else {
        form.refuse::<()>(properties.span, format!("`properties` must be a list, not {}", properties.noun()));
        return false;
    };
    let mut is_own = false;
    for property in properties {
        let (Some(name), Some(value)) = (property.get("name").and_then(Node::text), property.get("value")) else {
            continue;
        };
        let Some(written) = value.text().filter(|written| !written.is_empty()) else { continue };
        let own = name.strip_prefix("tieline:");
        is_own |= own.is_some();
        let last = name.rsplit(':').next().unwrap_or_default();
        let word: String = last.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let key = ASSET_KEYS.iter().find(|key| **key == word).copied();
        let key = key.or_else(|| PROPERTIES.iter().find(|(known, _)| *known == word).map(|(_, key)| *key));
        match key {
            // What others call an id or a name need not be one among all devices.
            Some("id" | "name") if own.is_none() => {}
            Some("nat") => put_translated(entries, written, value.span),
            Some("role") if own.is_none() => put(entries, "role", text(role_word(written), value.span)),
            Some("ip") => put(entries, "ip", text(written.split('/').next().unwrap_or_default(), value.span)),
            Some(key) => put(entries, key, text(written, value.span)),
            None => {}
        }
    }
    is_own
}

/// Writes a bill of materials with a device for each asset. It has no serial number and no time, so equal assets give equal bills.
pub(super) fn write(assets: &[Asset]) -> String {
    let components: Vec<Value> = assets.iter().map(component).collect();
    let bill = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components});
    serde_json::to_string_pretty(&bill).unwrap_or_default() + "\n"
}

fn component(asset: &Asset) -> Value {
    let mut device = Map::new();
    device.insert("type".to_owned(), "device".into());
    device.insert("bom-ref".to_owned(), asset.id.as_str().into());
    device.insert("name".to_owned(), asset.name.as_deref().unwrap_or(&asset.id).into());
    if let Some(vendor) = &asset.vendor {
        device.insert("manufacturer".to_owned(), json!({"name": vendor}));
    }
    let written = serde_json::to_value(asset).unwrap_or_default();
    let mut properties = Vec::new();
    let mut property = |key: &str, value: &str| {
        let name = match key {
            "serial" => "cdx:device:serialNumber".to_owned(),
            "mac" => "cdx:device:macAddress".to_owned(),
            _ => format!("tieline:{key}"),
        };
        properties.push(json!({"name": name, "value": value}));
    };
    for key in ASSET_KEYS.iter().filter(|key| !matches!(**key, "name" | "vendor" | "firmware" | "tags")) {
        match written.get(*key) {
            Some(Value::String(value)) => property(key, value),
            Some(Value::Array(values)) => {
                values.iter().filter_map(Value::as_str).for_each(|value| property(key, value))
            }
            Some(Value::Object(sites)) => sites.iter().for_each(|(site, addresses)| {
                let addresses = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
                addresses.for_each(|address| property(key, &format!("{site}={address}")));
            }),
            _ => {}
        }
    }
    device.insert("properties".to_owned(), properties.into());
    if !asset.tags.is_empty() {
        device.insert("tags".to_owned(), asset.tags.clone().into());
    }
    if let Some(firmware) = &asset.firmware {
        let part = json!({"type": "firmware", "name": "firmware", "version": firmware});
        device.insert("components".to_owned(), json!([part]));
    }
    Value::Object(device)
}
