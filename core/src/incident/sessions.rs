//! Sessions by the one with which they began.
//!
//! ```text
//! vpn of anna ─▶ rdp on jump-1 ─▶ rdp on ews-1        all three are one tree: whatever happens in them is one actor's
//! ```
//!
//! Who is logged on where is known by `access`. A session belongs to the tree of the session from whose host it was begun, that of the same
//! account before others, the latest before others.

use super::hosts::Hosts;
use crate::access::{Place, Session, Sessions};
use crate::config::SESSIONS_MAX;
use crate::seal::{Damage, read_all, write_all};
use hashbrown::HashMap;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

/// Accounts that are kept of one tree.
const ACCOUNTS: usize = 64;

/// The trees in which something may have happened.
pub(super) type TreesOf = SmallVec<[u64; 2]>;

/// For each session, by where its logon stands, its tree.
#[derive(Debug, Default)]
pub(super) struct Trees {
    by_logon: HashMap<Box<str>, u64>,
    accounts: HashMap<u64, Vec<Box<str>>>,
}

impl Trees {
    /// Takes note of the session that began last, if it is new.
    pub(super) fn note(&mut self, sessions: &Sessions, hosts: &Hosts, time: i64) {
        let Some(session) = sessions.newest().filter(|session| session.begun == time) else { return };
        if self.by_logon.contains_key(&session.at) {
            return;
        }
        if self.by_logon.len() >= 2 * SESSIONS_MAX {
            let live: hashbrown::HashSet<&str> = sessions.iter().map(|(_, own)| &*own.at).collect();
            self.by_logon.retain(|at, _| live.contains(&**at));
            let trees: hashbrown::HashSet<u64> = self.by_logon.values().copied().collect();
            self.accounts.retain(|tree, _| trees.contains(tree));
        }
        let tree = parent(sessions, session, hosts).map_or_else(|| root(session), |parent| self.tree(parent));
        self.by_logon.insert(session.at.clone(), tree);
        let accounts = self.accounts.entry(tree).or_default();
        if let Some(user) = session.user.as_ref().filter(|user| !accounts.contains(user) && accounts.len() < ACCOUNTS) {
            accounts.push(user.clone());
        }
    }

    /// Writes all behind what is there.
    pub(super) fn save(&self, bytes: &mut Vec<u8>) {
        let mut by_logon: Vec<_> = self.by_logon.iter().collect();
        by_logon.sort_unstable();
        write_all(bytes, by_logon.into_iter());
        let mut accounts: Vec<_> = self.accounts.iter().collect();
        accounts.sort_unstable();
        write_all(bytes, accounts.into_iter());
    }

    /// Reads what was written.
    pub(super) fn load(bytes: &mut &[u8]) -> Result<Self, Damage> {
        let by_logon = read_all(bytes, 2 * SESSIONS_MAX)?.into_iter().collect();
        let accounts = read_all(bytes, 2 * SESSIONS_MAX)?.into_iter().collect();
        Ok(Self { by_logon, accounts })
    }

    /// The accounts of the sessions of a tree.
    pub(super) fn accounts(&self, tree: u64) -> &[Box<str>] {
        self.accounts.get(&tree).map_or(&[], Vec::as_slice)
    }

    fn tree(&self, session: &Session) -> u64 {
        self.by_logon.get(&session.at).copied().unwrap_or_else(|| root(session))
    }

    /// The trees in which something may have happened that came from one host, maybe to another: of sessions on the first those of the
    /// accounts, else the one begun last; and those that began on the other just then.
    pub(super) fn of(
        &self,
        sessions: &Sessions,
        source: &[Place],
        target: &[Place],
        accounts: &[&str],
        (time, life): (i64, i64),
    ) -> TreesOf {
        let is_live = |session: &&Session| {
            !session.is_paused && session.begun <= time && time < session.seen.saturating_add(life)
        };
        let on = |places: &[Place]| -> Vec<&Session> { of(sessions, places).filter(is_live).collect() };
        let is_own = |session: &&Session| session.user.as_deref().is_some_and(|user| accounts.contains(&user));
        let here = on(source);
        let mut trees: TreesOf = here.iter().copied().filter(is_own).map(|own| self.tree(own)).collect();
        if trees.is_empty() {
            let latest = here.iter().filter(|own| accounts.is_empty() || own.user.is_none());
            trees.extend(latest.max_by_key(|own| own.seen).map(|own| self.tree(own)));
        }
        let begins = on(target).into_iter().filter(|own| own.begun == time || is_own(own));
        trees.extend(begins.map(|own| self.tree(own)));
        trees.sort_unstable();
        trees.dedup();
        trees
    }
}

fn root(session: &Session) -> u64 {
    xxh3_64(session.at.as_bytes()) | 1
}

/// Sessions at the places of a host, those that began first before others.
fn of<'s>(sessions: &'s Sessions, places: &[Place]) -> impl DoubleEndedIterator<Item = &'s Session> {
    let mut all: Vec<(u64, &Session)> = places.iter().flat_map(|place| sessions.on(place)).collect();
    all.sort_unstable_by_key(|(number, _)| *number);
    all.dedup_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, session)| session)
}

/// The session in which another was begun.
fn parent<'s>(sessions: &'s Sessions, session: &Session, hosts: &Hosts) -> Option<&'s Session> {
    let from = session.from.as_ref()?;
    let places = hosts.places_of(from).unwrap_or(std::slice::from_ref(from));
    let is_before = |own: &&Session| !own.is_paused && own.begun <= session.begun && own.at != session.at;
    let all: Vec<&Session> = of(sessions, places).rev().filter(is_before).collect();
    all.iter().find(|own| own.user == session.user).or(all.first()).copied()
}
