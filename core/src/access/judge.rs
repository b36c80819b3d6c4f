//! Judges one operation: what does the plant ask for, and what of it is missing?
//!
//! ```text
//! ews-1 ◀─ rdp as mk from jump-1 ◀─ rdp as mk from 10.71.8.23 ◀─ no VPN session ─▶ missing: session:vpn
//! ```
//!
//! The way is walked backwards, from the host that has sent the operation. Where several sessions could be meant (a shared
//! jump host), the one counts that explains most, of these the one with the same user, of these the latest.

use super::sessions::{Place, Session, Sessions};
use super::watch::Act;
use crate::config::TRUST_TRIES_MAX;
use crate::context::{Begins, Chain, Context, TrustPolicy};
use jiff::Timestamp;
use serde::Serialize;
use std::cmp::Reverse;

/// An operation on a device, and whether what the plant asks for is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// When it happened, by its event.
    pub time: String,
    /// Where its event stands, as the caller has said.
    pub at: String,
    /// The operation class.
    pub operation: String,
    /// The protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Who has asked for it: the id of an asset, or else an address or name.
    pub source: String,
    /// The device.
    pub destination: String,
    /// The conduit that allows it, or comes nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conduit: Option<String>,
    /// The chain that explains it, or comes nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// What is missing, nothing when it is explained: `conduit`, `protocol`, `operation`, `role`, `hours`, `user`, and `session:`
    /// with `vpn` or the role of a host.
    pub missing: Vec<String>,
    /// The sessions that were found, from the beginning of the chain.
    pub sessions: Vec<SessionSeen>,
}

impl Judgement {
    /// Whether the operation is allowed and explained.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.missing.is_empty()
    }
}

/// A session on the way to an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionSeen {
    /// What it stands for: `vpn`, or the role of its host.
    pub step: String,
    /// How it was begun: `vpn`, `console`, `rdp`, `ssh`, or another word of the tables of logons.
    pub kind: String,
    /// The account, in lower case and without its domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// On which host; of a VPN the address it has given out.
    pub host: String,
    /// When it began.
    pub begun: String,
    /// Where the event of the logon stands.
    pub at: String,
}

pub(super) fn judge(context: &Context, sessions: &Sessions, act: &Act, time: i64, at: Box<str>) -> Judgement {
    let policy = context.trust();
    let mut best: Option<(&Chain, Found)> = None;
    for chain in applying(context, act) {
        let mut walk = Walk { context, policy, sessions, chain, time, tries: TRUST_TRIES_MAX };
        let found = walk.step(act.from.as_ref(), 0, None);
        if best.as_ref().is_none_or(|(_, best)| found.rank() > best.rank()) {
            best = Some((chain, found));
        }
    }
    let name = |place: &Option<Place>| place.as_ref().map_or_else(|| "unknown".to_owned(), |own| own.name(context));
    let mut missing: Vec<String> = act.denied.iter().map(|reason| (*reason).to_owned()).collect();
    let (chain, found) = best.unzip();
    let found = found.unwrap_or_default();
    missing.extend(found.missing.iter().rev().cloned());
    if chain.is_none() {
        missing.push("session".to_owned());
    } else if policy.same_user && found.users > 0 {
        missing.push("user".to_owned());
    }
    let seen = |(step, number): &(String, u64)| {
        let session = sessions.get(*number)?;
        Some(SessionSeen {
            step: step.clone(),
            kind: session.kind.to_string(),
            user: session.user.as_deref().map(str::to_owned),
            from: session.from.as_ref().map(|place| place.name(context)),
            host: session.on.first().map_or_else(String::new, |place| place.name(context)),
            begun: moment(session.begun),
            at: session.at.to_string(),
        })
    };
    let conduit = act.conduit.and_then(|conduit| context.conduits().get(conduit as usize));
    Judgement {
        time: moment(time),
        at: at.into(),
        operation: act.operation.to_string(),
        protocol: act.protocol.as_deref().map(str::to_owned),
        source: name(&act.from),
        destination: name(&act.to),
        conduit: conduit.map(|conduit| conduit.name.clone()),
        chain: chain.map(|chain| chain.name.clone()),
        missing,
        sessions: found.chain.iter().rev().filter_map(seen).collect(),
    }
}

/// The chains that are for a device: those that name its zone or role, else those that name none.
fn applying<'c>(context: &'c Context, act: &Act) -> Vec<&'c Chain> {
    let chains = &context.trust().chains;
    let role = act.to.as_ref().and_then(|place| place.role(context));
    let is_for = |chain: &&Chain| {
        let by_zone = chain.zones.is_empty() || lies_in(context, act.zone, &chain.zones);
        let by_role = chain.devices.is_empty() || role.is_some_and(|role| chain.devices.iter().any(|own| own == role));
        by_zone && by_role
    };
    let is_plain = |chain: &&Chain| chain.zones.is_empty() && chain.devices.is_empty();
    let special: Vec<&Chain> = chains.iter().filter(|chain| !is_plain(chain) && is_for(chain)).collect();
    if special.is_empty() { chains.iter().filter(is_plain).collect() } else { special }
}

/// Whether a zone is one of these, or lies in one.
fn lies_in(context: &Context, zone: Option<u32>, names: &[String]) -> bool {
    let zones = context.zones();
    let mut at = zone.and_then(|zone| zones.get(zone as usize));
    // Zones that lie in themselves are told of, and end here.
    for _ in 0..=zones.len() {
        let Some(zone) = at else { return false };
        if names.contains(&zone.name) {
            return true;
        }
        at = zone.parent.as_ref().and_then(|parent| zones.iter().find(|zone| zone.name == *parent));
    }
    false
}

/// Part of a way, from some step on.
#[derive(Debug, Clone, Default)]
struct Found {
    /// What is missing, from the operation on backwards.
    missing: Vec<String>,
    /// The sessions, in the same order, with what they stand for.
    chain: Vec<(String, u64)>,
    /// How often the user changes.
    users: usize,
}

impl Found {
    fn rank(&self) -> (usize, Reverse<usize>, Reverse<usize>) {
        (self.chain.len(), Reverse(self.missing.len()), Reverse(self.users))
    }
}

struct Walk<'a> {
    context: &'a Context,
    policy: &'a TrustPolicy,
    sessions: &'a Sessions,
    chain: &'a Chain,
    time: i64,
    /// Sessions that may still be tried.
    tries: usize,
}

impl<'a> Walk<'a> {
    /// The best way back from a host; `step` counts from the station.
    fn step(&mut self, place: Option<&Place>, step: usize, user: Option<&str>) -> Found {
        let Chain { over, station, begins, .. } = self.chain;
        let role = if step == 0 { Some(station) } else { over.len().checked_sub(step).and_then(|at| over.get(at)) };
        let name = match (role, begins) {
            (Some(role), _) => role.as_str(),
            (None, Begins::Vpn) => "vpn",
            (None, Begins::Console | Begins::Any) => return Found::default(),
        };
        let is_there = role.is_none() || place.and_then(|place| place.role(self.context)) == Some(name);
        if !is_there {
            // A host in place of the one that was asked for may still have come the rest of the way.
            let mut rest = self.step(place, step + 1, user);
            rest.missing.insert(0, format!("session:{name}"));
            return rest;
        }
        let is_first = step == over.len() && *begins != Begins::Vpn;
        let mut best: Option<Found> = None;
        for (number, session) in self.candidates(place, role.is_some(), is_first) {
            let Some(left) = self.tries.checked_sub(1) else { break };
            self.tries = left;
            let own = session.user.as_deref();
            let mut found = match role {
                Some(_) if !is_first => self.step(session.from.as_ref(), step + 1, own.or(user)),
                _ => Found::default(),
            };
            found.chain.insert(0, (name.to_owned(), number));
            found.users += usize::from(own.zip(user).is_some_and(|(own, user)| own != user));
            // The latest comes first, and stays among equals.
            if best.as_ref().is_none_or(|best| found.rank() > best.rank()) {
                best = Some(found);
            }
        }
        best.unwrap_or_else(|| {
            let mut rest = if role.is_some() { self.step(None, step + 1, user) } else { Found::default() };
            rest.missing.insert(0, format!("session:{name}"));
            rest
        })
    }

    /// Live sessions that could be meant, the latest first.
    fn candidates(&self, place: Option<&Place>, on_host: bool, is_first: bool) -> Vec<(u64, &'a Session)> {
        let is_remote = |session: &Session| self.policy.remote.iter().any(|own| **own == *session.kind);
        let is_console = |session: &Session| &*session.kind == "console";
        let fits = |session: &Session| match (on_host, is_first, self.chain.begins) {
            (false, ..) => &*session.kind == "vpn",
            (true, true, Begins::Console) => is_console(session),
            (true, true, _) => is_console(session) || is_remote(session),
            (true, false, _) => is_remote(session),
        };
        let life = i64::from(self.policy.session_hours).saturating_mul(3_600_000_000_000);
        let is_live = |session: &Session| {
            !session.is_paused && session.begun <= self.time && self.time < session.seen.saturating_add(life)
        };
        let sessions = self.sessions;
        let all = place.into_iter().flat_map(|place| sessions.on(place).rev());
        all.filter(|(_, session)| is_live(session) && fits(session)).collect()
    }
}

fn moment(time: i64) -> String {
    Timestamp::from_nanosecond(time.into()).map_or_else(|_| time.to_string(), |time| time.to_string())
}
