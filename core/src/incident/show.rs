//! Incidents as they are told.
//!
//! ```text
//! group of findings ─▶ Incident { id, title, level, score, findings, hosts, path, spread, hints }
//! ```

use super::finding::{EntityKind, Made};
use super::groups::{Group, Member};
use super::hosts::{HostId, Known};
use super::path::{self, Own, Path};
use super::register::Register;
use super::score::{self, Score};
use super::spread::{self, Spread};
use crate::access::Place;
use crate::check::Level;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Findings that are one attack, where it came from, how far it got, and what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// The same in every run over the same events.
    pub id: String,
    /// The worst that was found, and where.
    pub title: String,
    /// The highest level of its rules.
    pub level: Level,
    /// The time of the first finding.
    pub first: String,
    /// The time of the last one.
    pub last: String,
    /// Whether it has been quiet for so long that it is over.
    pub is_closed: bool,
    /// How likely it is one, and what depends on it.
    pub score: Score,
    /// ATT&CK tactics in the order in which they occur first, each with the techniques of rules that name it. Of a rule with several of both it is
    /// not known here which belongs to which.
    pub stages: Vec<(String, Vec<String>)>,
    /// Accounts that occur in it.
    pub accounts: Vec<String>,
    /// Hosts that occur in it, in the order in which they do.
    pub hosts: Vec<HostSeen>,
    /// From the beginning to the worst effect.
    pub path: Path,
    /// What was reached, and what can be.
    pub spread: Spread,
    /// What was found, in the order of time.
    pub findings: Vec<FindingSeen>,
    /// What to do: what to contain, what has to keep running, whom to call. Nothing is ever done by itself.
    pub hints: Vec<String>,
    /// Ids of incidents that turned out to be part of this one, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<(String, String)>,
    /// Ids of what was part of this one and turned out to be by itself, and why. What is of a low level is no incident.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<(String, String)>,
}

/// A rule that was found to hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingSeen {
    /// The rule's id, else its name, else its title.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// What made it.
    pub made: Made,
    /// When it was found first.
    pub first: String,
    /// When it was found last.
    pub last: String,
    /// How often.
    pub count: u64,
    /// From which host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// On which host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The operation class, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// ATT&CK tactics of its rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tactics: Vec<String>,
    /// ATT&CK techniques of its rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub techniques: Vec<String>,
    /// Accounts and other things that it names, by kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entities: BTreeMap<EntityKind, Vec<String>>,
    /// Where its events stand, at most 16.
    pub events: Vec<String>,
    /// What it has in common with another finding of the incident; nothing for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// A host of an incident.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HostSeen {
    /// The asset's id, or else an address or a name.
    pub name: String,
    /// Whether it is in the inventory.
    pub is_asset: bool,
    /// Its addresses, as the inventory or its events tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Its role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The Purdue level of its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// Its criticality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criticality: Option<String>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it occurs first.
    pub first: String,
}

impl Register {
    /// All incidents, the highest score first.
    pub(crate) fn incidents(&self) -> Vec<Incident> {
        let mut all: Vec<Incident> =
            self.groups.all().filter(|group| group.is_told).map(|group| self.show(group)).collect();
        all.sort_by(|one, other| other.score.total.cmp(&one.score.total).then_with(|| one.id.cmp(&other.id)));
        all
    }

    fn show(&self, group: &Group) -> Incident {
        let mut members: Vec<&Member> = group.members.iter().filter_map(|id| self.groups.member(*id)).collect();
        members.sort_by(|one, other| {
            (one.first, &one.at, &one.finding.rule.id).cmp(&(other.first, &other.at, &other.finding.rule.id))
        });
        let own = Own::new(self, &members);
        // The first that is about as bad as the worst: what came after it is spread.
        let most = members.iter().map(|member| score::effect(self, member)).max().unwrap_or(0);
        let worst = members.iter().find(|member| score::effect(self, member) * 100 >= most * 85);
        let path = worst.map_or_else(Path::default, |worst| path::trace(self, &own, worst));
        let title = worst.map_or_else(String::new, |worst| {
            let host = worst.finding.target.or(worst.finding.source).map(|host| self.hosts.name(host));
            let on = host.map(|host| format!(" on {host}")).unwrap_or_default();
            format!("{}{on}", worst.finding.rule.title)
        });
        let mut accounts: Vec<String> = own.accounts.iter().map(|account| (*account).to_owned()).collect();
        accounts.sort_unstable();
        let hosts = self.hosts_of(&own);
        Incident {
            id: group.id.to_string(),
            title,
            level: group.level.unwrap_or(Level::Informational),
            first: moment(group.first),
            last: moment(group.last),
            is_closed: group.is_closed,
            score: score::score(self, &own, &members),
            stages: stages(&members),
            accounts,
            path,
            spread: spread::spread(self, &own),
            findings: members.iter().map(|member| self.finding(member)).collect(),
            hints: hints(&members, &hosts),
            hosts,
            merged: group.past().merged.iter().map(|(id, why)| (id.to_string(), why.words().to_owned())).collect(),
            split: group.past().split.iter().map(|(id, why)| (id.to_string(), why.clone())).collect(),
        }
    }

    fn hosts_of(&self, own: &Own<'_>) -> Vec<HostSeen> {
        let mut hosts: Vec<_> = own.hosts.iter().map(|(host, first)| (*first, *host)).collect();
        hosts.sort_unstable_by_key(|(first, host)| (*first, self.hosts.name(*host)));
        let seen = |(first, host): &(i64, _)| {
            let known = self.hosts.get(*host).cloned().unwrap_or_default();
            HostSeen {
                addresses: self.addresses(*host, &known),
                name: known.name,
                is_asset: known.is_asset,
                role: known.role,
                site: known.site,
                zone: known.zone,
                level: known.level,
                criticality: known.criticality,
                owner: known.owner,
                first: moment(*first),
            }
        };
        hosts.iter().map(seen).collect()
    }

    /// The addresses of a host: those of the inventory, and those that events call it by.
    fn addresses(&self, host: HostId, known: &Known) -> Vec<String> {
        let asset = known.asset.and_then(|asset| self.context.assets().get(asset as usize));
        // The plant may have been exchanged since.
        let declared = asset.filter(|asset| asset.id == known.name).into_iter().flat_map(|asset| &asset.ip);
        let called = self.hosts.places(Some(host)).iter().filter_map(|place| match place {
            Place::Ip(ip, _) => Some(ip),
            _ => None,
        });
        let all: BTreeSet<_> = declared.chain(called).collect();
        all.into_iter().map(ToString::to_string).collect()
    }

    fn finding(&self, member: &Member) -> FindingSeen {
        let finding = &member.finding;
        let name = |host: Option<_>| host.map(|host| self.hosts.name(host).to_owned());
        let mut entities: BTreeMap<EntityKind, Vec<String>> = BTreeMap::new();
        for own in &finding.entities {
            entities.entry(own.kind).or_default().push(own.name.to_string());
        }
        let because = member.because.and_then(|because| {
            let with = self.groups.member(because.with)?;
            Some(format!("{} as \"{}\" at {}", because.sign.words(), with.finding.rule.title, with.at.first()?))
        });
        FindingSeen {
            rule: finding.rule.id.clone(),
            title: finding.rule.title.clone(),
            level: finding.rule.level,
            made: finding.rule.made,
            first: moment(member.first),
            last: moment(member.last),
            count: member.count,
            source: name(finding.source),
            target: name(finding.target),
            operation: finding.operation.as_deref().map(str::to_owned),
            tactics: score::tactics(&finding.rule.tags).map(str::to_owned).collect(),
            techniques: score::techniques(&finding.rule.tags).map(str::to_uppercase).collect(),
            entities,
            events: member.at.iter().map(|at| at.to_string()).collect(),
            because,
        }
    }
}

/// Tactics in the order in which they occur first, each with its techniques.
fn stages(members: &[&Member]) -> Vec<(String, Vec<String>)> {
    let mut stages: Vec<(String, Vec<String>)> = Vec::new();
    for member in members {
        let tags = &member.finding.rule.tags;
        for tactic in score::tactics(tags) {
            let at = stages.iter().position(|(own, _)| own == tactic).unwrap_or_else(|| {
                stages.push((tactic.to_owned(), Vec::new()));
                stages.len() - 1
            });
            let Some((_, known)) = stages.get_mut(at) else { continue };
            for technique in score::techniques(tags).map(str::to_uppercase) {
                if !known.contains(&technique) {
                    known.push(technique);
                }
            }
        }
    }
    stages
}

/// What to do, in the order in which people need it: whom to call, what has to keep running, what to contain, what rules advise.
fn hints(members: &[&Member], hosts: &[HostSeen]) -> Vec<String> {
    let mut hints = Vec::new();
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for host in hosts {
        if let Some(owner) = &host.owner {
            owners.entry(owner).or_default().push(&host.name);
        }
    }
    hints.extend(owners.iter().map(|(owner, hosts)| format!("call {owner}, who answers for {}", some(hosts))));
    let is_process = |host: &&HostSeen| host.level.is_some_and(|level| level <= 2.0);
    let running: Vec<&str> = hosts.iter().filter(is_process).map(|host| host.name.as_str()).collect();
    if !running.is_empty() {
        let names = some(&running);
        hints.push(format!("keep running: {names}; do not cut off or restart without whoever operates the process"));
    }
    let outer: Vec<&str> = hosts
        .iter()
        .filter(|host| host.level.is_some_and(|level| level > 2.0))
        .map(|host| host.name.as_str())
        .collect();
    if !outer.is_empty() {
        hints.push(format!("contain first, from the outside in: {}", some(&outer)));
    }
    let responses: BTreeSet<&str> =
        members.iter().flat_map(|own| own.finding.rule.response.iter().map(String::as_str)).collect();
    hints.extend(responses.into_iter().map(str::to_owned));
    hints
}

/// Names that a hint tells; all are in the list of hosts.
const HINT_NAMES: usize = 50;

/// The first names, and how many more there are.
fn some(names: &[&str]) -> String {
    let told = names.iter().take(HINT_NAMES).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(HINT_NAMES) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

pub(super) fn moment(time: i64) -> String {
    Timestamp::from_nanosecond(time.into()).map_or_else(|_| time.to_string(), |time| time.to_string())
}
