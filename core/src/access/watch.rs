//! Puts what happens in order, keeps sessions, and judges operations.
//!
//! ```text
//! entries in any order ─▶ held until the lateness has passed ─▶ one by one: logon, logoff, or an operation that is judged
//! ```

use super::judge::{self, Judgement};
use super::sessions::{Place, Session, Sessions};
use crate::config::TRUST_HELD_MAX;
use crate::context::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const NANOS_OF_HOUR: i64 = 3_600_000_000_000;

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Nanoseconds since 1970; the latest time so far when the event does not say.
    pub(crate) time: Option<i64>,
    /// Where its event stands.
    pub(crate) at: Box<str>,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Logon(Logon),
    Act(Act),
}

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Turn {
    Begins,
    Resumes,
    Pauses,
    Ends,
}

/// A logon, logoff, lock, or the like.
#[derive(Debug)]
pub(crate) struct Logon {
    pub(crate) turn: Turn,
    pub(crate) kind: Box<str>,
    pub(crate) user: Option<String>,
    pub(crate) id: Option<Box<str>>,
    pub(crate) from: Option<Place>,
    /// The host, or the address that a VPN has given out.
    pub(crate) on: Option<Place>,
    /// The host that has written the event.
    pub(crate) host: Option<Place>,
}

impl Logon {
    /// Who begins or goes on with a session at the console of a host.
    pub(crate) fn at_console(&self) -> Option<(&str, &Place)> {
        let place = self.on.as_ref().or(self.host.as_ref())?;
        self.user.as_deref().filter(|_| self.begins() && &*self.kind == "console").map(|user| (user, place))
    }

    /// Whether a session begins or goes on.
    pub(crate) fn begins(&self) -> bool {
        matches!(self.turn, Turn::Begins | Turn::Resumes)
    }
}

/// An operation on a device.
#[derive(Debug)]
pub(crate) struct Act {
    pub(crate) operation: Box<str>,
    pub(crate) protocol: Option<Box<str>>,
    pub(crate) from: Option<Place>,
    pub(crate) to: Option<Place>,
    /// The zone of the device.
    pub(crate) zone: Option<u32>,
    /// The conduit that allows it or comes nearest.
    pub(crate) conduit: Option<u32>,
    /// Why conduits do not allow it.
    pub(crate) denied: Vec<&'static str>,
}

/// What was seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustStats {
    /// Logons, logoffs and the like.
    pub logons: u64,
    /// Operations that were judged.
    pub operations: u64,
    /// Those of them that nothing explains.
    pub unexplained: u64,
    /// What came later than the lateness allows; it was taken when it came.
    pub late: u64,
    /// What was taken before its time because too much waited.
    pub early: u64,
    /// Sessions that were forgotten because there were too many.
    pub sessions_given_up: u64,
}

impl TrustStats {
    /// Whether something can have counted so far, so that it can go on.
    pub(super) fn is_possible(&self) -> bool {
        let Self { logons, operations, unexplained, late, early, sessions_given_up } = *self;
        [logons, operations, unexplained, late, early, sessions_given_up].iter().all(|count| *count < 1 << 62)
    }
}

/// Sessions and operations of a plant over time.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(super) context: Context,
    /// Nanoseconds; without it all waits until the end.
    pub(super) lateness: Option<i64>,
    /// By time, then logons before operations before logoffs, then in the order in which they came.
    pub(super) held: BTreeMap<(i64, u8, u64), Entry>,
    next: u64,
    pub(super) latest: Option<i64>,
    /// Up to here all was taken.
    pub(super) taken: i64,
    pub(super) sessions: Sessions,
    pub(super) stats: TrustStats,
    pub(super) judged: Vec<Judgement>,
}

impl Watch {
    pub(crate) fn new(context: &Context, lateness: Option<i64>) -> Self {
        Self {
            context: context.clone(),
            lateness,
            held: BTreeMap::new(),
            next: 0,
            latest: None,
            taken: i64::MIN,
            sessions: Sessions::default(),
            stats: TrustStats::default(),
            judged: Vec::new(),
        }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Who is logged on.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    pub(crate) fn stats(&self) -> TrustStats {
        TrustStats { sessions_given_up: self.sessions.given_up, ..self.stats }
    }

    /// What was judged since this was asked last.
    pub(crate) fn take(&mut self) -> Vec<Judgement> {
        std::mem::take(&mut self.judged)
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        let time = entry.time.or(self.latest).unwrap_or(0);
        self.stats.late += u64::from(time < self.taken);
        self.hold(time, entry);
        self.latest = self.latest.max(Some(time));
        if self.held.len() > TRUST_HELD_MAX {
            self.stats.early += 1;
            self.take_first();
        }
        if let Some(lateness) = self.lateness {
            self.advance(self.latest.unwrap_or(time).saturating_sub(lateness));
        }
    }

    pub(super) fn hold(&mut self, time: i64, entry: Entry) {
        let rank = match &entry.what {
            What::Logon(logon) if logon.begins() => 0,
            What::Act(_) => 1,
            What::Logon(_) => 2,
        };
        self.held.insert((time, rank, self.next), entry);
        self.next += 1;
    }

    /// Takes all that happened before a time.
    pub(crate) fn advance(&mut self, time: i64) {
        while self.held.first_key_value().is_some_and(|((held, _, _), _)| *held < time) {
            self.take_first();
        }
        self.taken = self.taken.max(time);
    }

    /// Takes all that waits.
    pub(crate) fn finish(&mut self) {
        while !self.held.is_empty() {
            self.take_first();
        }
    }

    fn take_first(&mut self) {
        let Some(((time, _, _), entry)) = self.held.pop_first() else { return };
        self.taken = self.taken.max(time);
        self.sessions.expire(time, self.life());
        match entry.what {
            What::Logon(logon) => {
                self.stats.logons += 1;
                self.turn(logon, time, entry.at);
            }
            What::Act(act) => {
                let judgement = judge::judge(&self.context, &self.sessions, &act, time, entry.at);
                self.stats.operations += 1;
                self.stats.unexplained += u64::from(!judgement.missing.is_empty());
                self.judged.push(judgement);
            }
        }
    }

    /// How long a session lives without a logoff.
    pub(crate) fn life(&self) -> i64 {
        i64::from(self.context.trust().session_hours).saturating_mul(NANOS_OF_HOUR)
    }

    fn turn(&mut self, logon: Logon, time: i64, at: Box<str>) {
        let Logon { turn, kind, user, id, from, on, host } = logon;
        let is_vpn = &*kind == "vpn";
        let user = user.as_deref().and_then(account);
        let place = on.as_ref().or(host.as_ref());
        let by_id = id.as_deref().and_then(|id| self.by_id(id, place));
        let by_user = || self.by_user(is_vpn, user.as_deref(), from.as_ref(), place);
        let known = match turn {
            Turn::Begins => by_id,
            // An id that is not known belongs to a session that does not count.
            Turn::Ends if id.is_some() && !is_vpn => by_id,
            // Who unlocks a screen gets a new id, which is given back at once.
            Turn::Resumes | Turn::Pauses | Turn::Ends => by_id.or_else(by_user),
        };
        match (turn, known) {
            (Turn::Ends, Some(known)) => drop(self.sessions.remove(known)),
            (Turn::Pauses, Some(known)) => self.sessions.pause(known),
            (Turn::Ends | Turn::Pauses, None) => {}
            (Turn::Begins | Turn::Resumes, Some(known)) => {
                if let Some(known) = self.sessions.remove(known) {
                    let from = from.or_else(|| known.from.clone());
                    self.sessions.add(Session { seen: time, is_paused: false, from, ..known });
                }
            }
            (Turn::Begins | Turn::Resumes, None) => {
                let policy = self.context.trust();
                if !is_vpn && &*kind != "console" && policy.remote.iter().all(|own| **own != *kind) {
                    return;
                }
                let mut places: Vec<Place> =
                    if is_vpn { [on, host] } else { [on.or(host), None] }.into_iter().flatten().collect();
                places.dedup();
                self.sessions.add(Session {
                    kind,
                    user,
                    id,
                    from,
                    on: places,
                    begun: time,
                    seen: time,
                    is_paused: false,
                    at,
                });
            }
        }
    }

    fn by_id(&self, id: &str, on: Option<&Place>) -> Option<u64> {
        let mut on_host = on.into_iter().flat_map(|place| self.sessions.on(place).rev());
        on_host.find(|(_, session)| session.id.as_deref() == Some(id)).map(|(number, _)| number)
    }

    /// The latest session that may be a user's, on a host. A gateway may say only who has left, and not which address was his.
    fn by_user(&self, is_vpn: bool, user: Option<&str>, from: Option<&Place>, on: Option<&Place>) -> Option<u64> {
        if user.is_none() && !is_vpn {
            return None;
        }
        let fits = |(_, session): &(u64, &Session)| {
            let same_user = user.is_none() || session.user.is_none() || session.user.as_deref() == user;
            let same_from = from.is_none() || session.from.is_none() || session.from.as_ref() == from;
            same_user && is_vpn == (&*session.kind == "vpn") && (!is_vpn || same_from)
        };
        let on_host = on.into_iter().flat_map(|place| self.sessions.on(place).rev()).find(fits);
        let anywhere = || self.sessions.iter().rev().find(fits).filter(|_| is_vpn && user.is_some());
        on_host.or_else(anywhere).map(|(number, _)| number)
    }
}

/// An account in lower case, without its domain; nothing for those of machines and for none.
fn account(text: &str) -> Option<Box<str>> {
    let name = text.rsplit_once('\\').map_or(text, |(_, name)| name);
    // Linux writes `mk(uid=1000)` and `mk by LOGIN(uid=0)`.
    let name = name.split(['@', '(', ' ']).next().unwrap_or_default();
    (!matches!(name, "" | "-") && !name.ends_with('$')).then(|| name.to_lowercase().into())
}
