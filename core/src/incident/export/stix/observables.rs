//! What a finding names, as observables of STIX.
//!
//! ```text
//! 10.1.7.2, account mk, files.example ─▶ ipv4-addr, user-account, domain-name
//! ```
//!
//! Their ids are made of what they are, as section 2.9 of the specification says: a UUID of version 5 of the properties that count, as
//! canonical JSON. Only what the form has room for is told: a name that is no domain is none, a hash of unknown length neither.

use crate::incident::export::record::{addresses, names};
use crate::incident::finding::EntityKind;
use crate::incident::show::{FindingSeen, HostSeen};
use hashbrown::HashMap;
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use uuid::Uuid;

/// The namespace of observables that the specification gives.
const NAMESPACE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// All that a finding names, each once.
pub(super) fn of(found: &FindingSeen, known: &HashMap<&str, &HostSeen>) -> Vec<Value> {
    let ends = found.source.iter().chain(&found.target);
    let of_ends = ends.flat_map(|name| addresses(name, known.get(name.as_str()).copied()));
    let mut all: Vec<Value> = of_ends.filter_map(|ip| address(&ip)).collect();
    all.extend(names(found, EntityKind::Account).iter().filter_map(|name| account(name)));
    all.extend(names(found, EntityKind::Domain).iter().filter_map(|name| domain(name)));
    all.extend(names(found, EntityKind::Hash).iter().filter_map(|hash| file_of_hash(hash)));
    all.extend(names(found, EntityKind::FileName).iter().filter_map(|name| file(name)));
    all.dedup_by(|one, other| one.get("id") == other.get("id"));
    all
}

/// An address; none when the text is not one.
pub(super) fn address(text: &str) -> Option<Value> {
    let ip: IpAddr = text.parse().ok()?;
    let kind = if ip.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" };
    Some(observable(kind, json!({"value": ip.to_string()})))
}

/// An account; none without a name.
pub(super) fn account(name: &str) -> Option<Value> {
    (!name.is_empty()).then(|| observable("user-account", json!({"account_login": name})))
}

fn domain(name: &str) -> Option<Value> {
    let is_label = |label: &str| {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(is_word)
    };
    let is_domain = name.len() <= 253 && name.contains('.') && name.split('.').all(is_label);
    is_domain.then(|| observable("domain-name", json!({"value": name})))
}

fn file(name: &str) -> Option<Value> {
    (!name.is_empty()).then(|| observable("file", json!({"name": name})))
}

fn file_of_hash(hash: &str) -> Option<Value> {
    let kind = match hash.len() {
        32 => "MD5",
        40 => "SHA-1",
        64 => "SHA-256",
        128 => "SHA-512",
        _ => return None,
    };
    let is_hex = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| observable("file", json!({"hashes": Map::from_iter([(kind.to_owned(), Value::from(hash))])})))
}

/// An observable with one property, which its id is made of.
fn observable(kind: &str, property: Value) -> Value {
    let name = serde_json::to_vec(&property).unwrap_or_default();
    let mut object = json!({
        "type": kind, "spec_version": "2.1", "id": format!("{kind}--{}", Uuid::new_v5(&NAMESPACE, &name)),
    });
    if let (Some(members), Value::Object(property)) = (object.as_object_mut(), property) {
        members.extend(property);
    }
    object
}
