//! The flow of an attack: what was done, in order, on which assets, and what it led to.
//!
//! ```text
//! condition: how it came to ews-1 was not seen
//!   └▶ action: rdp as mk, jump-1 to ews-1 ─▶ action: mode_stop, ews-1 to plc-7 (T0858)
//!        └▶ action: Credential dump on ews-1 (T1003)
//! ```
//!
//! Hops of the way lead to one another. What was found on a host is an effect of the hop by which it was reached; what was found where no
//! hop leads begins by itself. A hop that a finding tells of has its technique. What nobody saw is a condition.

use super::observables;
use super::{Bundle, EXTENSION, domain_object, host_id, id_of, name, pattern_id};
use crate::config::INCIDENT_LISTED_MAX;
use crate::incident::export::attack;
use crate::incident::export::record::{self, finding_id, names, short};
use crate::incident::finding::EntityKind;
use crate::incident::path::{Hop, Path};
use crate::incident::show::{FindingSeen, HostSeen, Incident};
use hashbrown::{HashMap, HashSet};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Adds the flow of an incident, with everything that it refers to.
pub(super) fn add(own: &Incident, incident: &str, bundle: &mut Bundle<'_, impl Write>) -> io::Result<()> {
    let flow = Flow::of(own);
    let starts = flow.starts();
    let title = name(if own.title.is_empty() { &own.id } else { &own.title });
    if starts.is_empty() {
        return Ok(());
    }
    if let (Some(id), Some(gap)) = (&flow.gap, &own.path.gap) {
        let next: Vec<&String> = flow.hops.first().into_iter().collect();
        let more = [("description", gap.as_str().into()), ("on_true_refs", json!(next))];
        bundle.add(&extended("attack-condition", id, [&own.first, &own.first], more))?;
    }
    for (number, hop) in hops(&own.path).enumerate() {
        flow.add_hop(number, hop, bundle)?;
    }
    for (found, id) in flow.findings() {
        flow.add_finding(found, id, bundle)?;
    }
    let description = super::way(own);
    let more = [
        ("name", title),
        ("description", description.into()),
        ("scope", "incident".into()),
        ("start_refs", json!(starts)),
    ];
    let id = id_of("attack-flow", &[&own.id]);
    bundle.add(&extended("attack-flow", &id, [&own.first, &own.last], more))?;
    bundle.relate([&id, incident], "related-to", &own.first)
}

/// An object of the extension.
fn extended<const N: usize>(kind: &str, id: &str, times: [&str; 2], more: [(&str, Value); N]) -> Value {
    let mut object = domain_object(kind, id, times, more);
    if let Some(members) = object.as_object_mut() {
        members.insert("extensions".to_owned(), json!({EXTENSION: {"extension_type": "new-sdo"}}));
    }
    object
}

/// The ids of actions, and what leads to what.
struct Flow<'a> {
    own: &'a Incident,
    known: HashMap<&'a str, &'a HostSeen>,
    gap: Option<String>,
    hops: Vec<String>,
    /// For each hop the finding that tells of it.
    proofs: Vec<Option<&'a FindingSeen>>,
    /// For each finding that is an action of its own the hop that led to it.
    after: Vec<(&'a FindingSeen, String, Option<usize>)>,
}

impl<'a> Flow<'a> {
    fn of(own: &'a Incident) -> Self {
        let proofs: Vec<Option<&FindingSeen>> = hops(&own.path).map(|hop| proof(own, hop)).collect();
        let used: HashSet<String> = proofs.iter().flatten().map(|found| finding_id(found)).collect();
        let listed = own.findings.iter().take(INCIDENT_LISTED_MAX);
        let mut seen = HashSet::new();
        let after = listed
            .map(|found| (found, finding_id(found)))
            .filter(|(_, id)| !used.contains(id) && seen.insert(id.clone()))
            .map(|(found, id)| {
                let on = found.source.as_deref().or(found.target.as_deref());
                let led = own.path.hops.iter().rposition(|hop| Some(hop.to.as_str()) == on && hop.first <= found.first);
                (found, id_of("attack-action", &[&own.id, &id]), led)
            })
            .collect();
        let id = |number: usize| id_of("attack-action", &[&own.id, "hop", &number.to_string()]);
        Self {
            own,
            known: record::hosts(own),
            gap: own.path.gap.as_ref().map(|_| id_of("attack-condition", &[&own.id])),
            hops: (0..proofs.len()).map(id).collect(),
            proofs,
            after,
        }
    }

    fn findings(&self) -> impl Iterator<Item = (&'a FindingSeen, &str)> {
        self.after.iter().map(|(found, id, _)| (*found, id.as_str()))
    }

    /// Where the flow begins.
    fn starts(&self) -> Vec<&str> {
        let way = self.gap.as_ref().or(self.hops.first()).map(String::as_str);
        let alone = self.after.iter().filter(|(.., led)| led.is_none()).map(|(_, id, _)| id.as_str());
        way.into_iter().chain(alone).collect()
    }

    fn add_hop(&self, number: usize, hop: &Hop, bundle: &mut Bundle<'_, impl Write>) -> io::Result<()> {
        let Some(id) = self.hops.get(number) else { return Ok(()) };
        let next = self.hops.get(number + 1).map(String::as_str);
        let found = self.after.iter().filter(|(.., led)| *led == Some(number)).map(|(_, id, _)| id.as_str());
        let effects: Vec<&str> = next.into_iter().chain(found).collect();
        let account = hop.account.as_deref().map(|account| format!(" as {account}")).unwrap_or_default();
        let conduit = hop.conduit.as_deref().map(|conduit| format!(", conduit {conduit}")).unwrap_or_default();
        let others = match hop.alternatives.is_empty() {
            true => String::new(),
            false => format!(", as credible from {}", hop.alternatives.join(", ")),
        };
        let unfound = if number < self.own.path.hops.len() { "" } else { ", not among the findings" };
        let description = format!(
            "{} from {} to {}{account}{conduit}{others}{unfound}; proved by {}",
            hop.kind,
            hop.from,
            hop.to,
            hop.events.join(", ")
        );
        let is_console = hop.kind == "logon" && hop.what == "console";
        let from = if is_console { self.asset_of_account(&hop.from, bundle)? } else { self.asset(&hop.from, bundle)? };
        let mut assets = vec![from, self.asset(&hop.to, bundle)?];
        if let Some(account) = hop.account.as_deref().filter(|account| !is_console && !account.is_empty()) {
            assets.push(self.asset_of_account(account, bundle)?);
        }
        let proof = self.proofs.get(number).copied().flatten();
        let [tactic, technique, pattern] = technique_of(proof);
        let confidence = (hop.confidence.clamp(0.0, 1.0) * 100.0).round() as u64;
        let more = [
            ("name", name(&proof.map_or_else(|| hop.what.clone(), |found| found.title.clone()))),
            ("description", description.into()),
            ("confidence", confidence.into()),
            ("tactic_id", tactic),
            ("technique_id", technique),
            ("technique_ref", pattern),
            ("execution_start", short(&hop.first).into()),
            ("execution_end", short(&hop.last).into()),
            ("asset_refs", json!(once_each(assets))),
            ("effect_refs", json!(effects)),
        ];
        bundle.add(&extended("attack-action", id, [&self.own.first, &self.own.last], more))
    }

    fn add_finding(&self, found: &FindingSeen, id: &str, bundle: &mut Bundle<'_, impl Write>) -> io::Result<()> {
        let mut assets = Vec::new();
        for name in found.source.iter().chain(&found.target) {
            assets.push(self.asset(name, bundle)?);
        }
        for account in names(found, EntityKind::Account).iter().filter(|account| !account.is_empty()) {
            assets.push(self.asset_of_account(account, bundle)?);
        }
        let [tactic, technique, pattern] = technique_of(Some(found));
        let because = found.because.as_deref().map(|because| format!("{because}; ")).unwrap_or_default();
        let more = [
            ("name", name(&found.title)),
            ("description", format!("{because}proved by {}", found.events.join(", ")).into()),
            ("tactic_id", tactic),
            ("technique_id", technique),
            ("technique_ref", pattern),
            ("execution_start", short(&found.first).into()),
            ("execution_end", short(&found.last).into()),
            ("asset_refs", json!(once_each(assets))),
        ];
        bundle.add(&extended("attack-action", id, [&self.own.first, &self.own.last], more))
    }

    /// The asset that a host is, which is added with the host.
    fn asset(&self, host: &str, bundle: &mut Bundle<'_, impl Write>) -> io::Result<String> {
        let known = self.known.get(host).copied();
        let (_, object) = host_id(host, known);
        let only_named = HostSeen { name: host.to_owned(), first: self.own.first.clone(), ..HostSeen::default() };
        bundle.add(&super::host_object(known.unwrap_or(&only_named), &self.own.first))?;
        let role = known.and_then(|known| known.role.as_deref()).into();
        self.add_asset(&object, host, role, bundle)
    }

    fn asset_of_account(&self, account: &str, bundle: &mut Bundle<'_, impl Write>) -> io::Result<String> {
        let object = observables::account(if account.is_empty() { "-" } else { account });
        let Some(object) = object else { return Ok(String::new()) };
        bundle.add(&object)?;
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        self.add_asset(id, account, "account".into(), bundle)
    }

    fn add_asset(&self, of: &str, title: &str, what: Value, bundle: &mut Bundle<'_, impl Write>) -> io::Result<String> {
        let id = id_of("attack-asset", &[&self.own.id, of]);
        let more = [("name", name(title)), ("description", what), ("object_ref", of.into())];
        bundle.add(&extended("attack-asset", &id, [&self.own.first, &self.own.last], more))?;
        Ok(id)
    }
}

/// The hops, and what the last host then did.
fn hops(path: &Path) -> impl Iterator<Item = &Hop> {
    path.hops.iter().chain(&path.onward)
}

/// The finding that tells of a hop: of the same operation, or of the same rule, between the same hosts.
fn proof<'a>(own: &'a Incident, hop: &Hop) -> Option<&'a FindingSeen> {
    own.findings.iter().find(|found| {
        let is_between = found.source.as_deref() == Some(&hop.from) && found.target.as_deref() == Some(&hop.to);
        is_between && (found.operation.as_deref() == Some(&hop.what) || found.title == hop.what)
    })
}

/// The tactic, the technique and its pattern of a finding, the first when there are several.
fn technique_of(found: Option<&FindingSeen>) -> [Value; 3] {
    let Some(found) = found else { return [Value::Null, Value::Null, Value::Null] };
    let tactic = found.tactics.first().map(|words| attack::tactic(words, &found.techniques));
    let tactic = tactic.map(|tactic| tactic.id.map_or(tactic.name, str::to_owned));
    let technique = found.techniques.first().map(String::as_str);
    [tactic.into(), technique.into(), technique.map(pattern_id).into()]
}

fn once_each(mut all: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    all.retain(|own| seen.insert(own.clone()));
    all
}
