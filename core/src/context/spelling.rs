//! Tells of names that nothing in a plant has, where something has a similar one.
//!
//! ```text
//! roles: [engineering_workstaton]   ─▶   warning: no asset has the role `engineering_workstaton`; did you mean `engineering_workstation`?
//! ```
//!
//! A name that is similar to none may well be right: of an inventory that is not complete, or a protocol that only one sensor knows.

use super::flow::protocols;
use super::model::{Asset, Conduit, Zone};
use super::policy::TrustPolicy;
use super::read::Declared;
use crate::diagnostic::{Code, Diagnostic, nearest};
use std::collections::BTreeSet;

/// Names of protocols that are shorter are taken as they are.
const NAME_BYTES_MIN: usize = 6;

/// What assets have.
pub(super) struct Spelling<'a> {
    roles: BTreeSet<&'a str>,
    tags: BTreeSet<&'a str>,
}

impl<'a> Spelling<'a> {
    pub(super) fn new(assets: &'a [Declared<Asset>]) -> Self {
        let assets = || assets.iter().map(|asset| &asset.what);
        Self {
            roles: assets().filter_map(|asset| asset.role.as_deref()).collect(),
            tags: assets().flat_map(|asset| &asset.tags).map(String::as_str).collect(),
        }
    }

    pub(super) fn conduit(&self, conduit: &Declared<Conduit>, found: &mut Vec<Diagnostic>) {
        let owner = format!("the conduit `{}`", conduit.what.name);
        for role in conduit.what.roles.iter().flatten() {
            self.role(conduit, &owner, role, found);
        }
        for protocol in conduit.what.protocols.iter().flatten() {
            let known: BTreeSet<&str> = match protocol.split_once('/') {
                Some((_, transport)) if ["tcp", "udp"].contains(&transport) => continue,
                Some((port, transport)) => {
                    let near = nearest(transport, ["tcp", "udp"]).map(|near| format!("{port}/{near}"));
                    tell(conduit, &format!("{owner} names `{protocol}`, which is no port"), near.as_deref(), found);
                    continue;
                }
                // Short names are near each other: `sftp` is not `ftp`.
                None if protocol.len() < NAME_BYTES_MIN => continue,
                None => protocols().collect(),
            };
            let name = protocol.to_lowercase();
            similar(conduit, &name, &known, || format!("{owner} names an unknown protocol `{protocol}`"), found);
        }
    }

    pub(super) fn zone(&self, zone: &Declared<Zone>, found: &mut Vec<Diagnostic>) {
        for tag in &zone.what.tags {
            let message = || format!("the zone `{}` chooses assets by the tag `{tag}`, which none has", zone.what.name);
            similar(zone, tag, &self.tags, message, found);
        }
    }

    pub(super) fn trust(&self, trust: &Declared<TrustPolicy>, found: &mut Vec<Diagnostic>) {
        for chain in &trust.what.chains {
            let owner = format!("the chain `{}`", chain.name);
            for role in chain.devices.iter().chain(&chain.over).chain([&chain.station]) {
                self.role(trust, &owner, role, found);
            }
        }
    }

    fn role<T>(&self, of: &Declared<T>, owner: &str, role: &str, found: &mut Vec<Diagnostic>) {
        similar(of, role, &self.roles, || format!("{owner} names the role `{role}`, which no asset has"), found);
    }
}

/// Tells of a name that is not known when one like it is.
fn similar<T>(
    of: &Declared<T>,
    name: &str,
    known: &BTreeSet<&str>,
    message: impl Fn() -> String,
    found: &mut Vec<Diagnostic>,
) {
    if !known.contains(name)
        && let Some(near) = nearest(name, known.iter().copied())
    {
        tell(of, &message(), Some(near), found);
    }
}

fn tell<T>(of: &Declared<T>, message: &str, near: Option<&str>, found: &mut Vec<Diagnostic>) {
    let told = Diagnostic::new(Code::ContextMisspelling, &of.source, of.span, message);
    found.push(match near {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help("write a port as `22/tcp`"),
    });
}
