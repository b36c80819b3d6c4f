//! Indicators, and the index by which they are found.
//!
//! ```text
//! "a.evil.example" in a field of names   ─▶   a.evil.example? evil.example? example?    one hash each
//! "192.0.2.7" in a field of addresses    ─▶   192.0.2.7/32? 192.0.2.0/24?               one hash for each prefix that there is
//! ```
//!
//! An indicator is found by its folded value. Whether it is valid at some time is asked when it was found.

use super::read::{self, Told};
use super::value::Value;
use crate::check::Level;
use crate::config::INDICATORS_MAX;
use crate::diagnostic::{Diagnostic, Source};
use crate::text;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use ipnet::IpNet;
use serde::Serialize;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

/// What an indicator is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndicatorKind {
    /// An IP address or a network.
    Address,
    /// A domain, and all names below it.
    Domain,
    /// A URL.
    Url,
    /// The hash of a file: MD5, SHA-1, SHA-256 or SHA-512, told apart by their length.
    Hash,
    /// The hash of a program's imports.
    Imphash,
    /// The name of a file, in whatever folder.
    FileName,
    /// A file with its folder.
    FilePath,
    /// An e-mail address.
    Email,
}

impl IndicatorKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Address,
        Self::Domain,
        Self::Url,
        Self::Hash,
        Self::Imphash,
        Self::FileName,
        Self::FilePath,
        Self::Email,
    ];

    /// The kind as the field `indicator.kind` says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Domain => "domain",
            Self::Url => "url",
            Self::Hash => "hash",
            Self::Imphash => "imphash",
            Self::FileName => "file_name",
            Self::FilePath => "file_path",
            Self::Email => "email",
        }
    }
}

/// One value that means trouble, and what its list says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Indicator {
    /// Its id in the list; the value, when the list gives none.
    pub id: String,
    /// What the list calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// What the value is.
    pub kind: IndicatorKind,
    /// The value, with its usual dots and colons.
    pub value: String,
    /// The name of the list, usually a path.
    pub list: Arc<str>,
    /// How serious it is to see it: what the list says, else what its confidence makes of it.
    pub level: Level,
    /// How sure the list is, from 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// From when on it counts, in nanoseconds since 1970; records have it as RFC 3339, without `_ns`.
    #[serde(rename = "valid_from", serialize_with = "rfc3339", skip_serializing_if = "Option::is_none")]
    pub valid_from_ns: Option<i64>,
    /// Up to when it counts; at that time it does not any more.
    #[serde(rename = "valid_until", serialize_with = "rfc3339", skip_serializing_if = "Option::is_none")]
    pub valid_until_ns: Option<i64>,
    /// Labels, and tags of ATT&CK as rules write them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub tags: Arc<[String]>,
}

impl Indicator {
    /// Whether it counts at this time, in nanoseconds since 1970.
    #[must_use]
    pub fn is_valid_at(&self, time_ns: i64) -> bool {
        self.valid_from_ns.is_none_or(|from| from <= time_ns) && self.valid_until_ns.is_none_or(|until| time_ns < until)
    }

    /// Whether it has a begin or an end.
    pub(super) fn has_times(&self) -> bool {
        self.valid_from_ns.is_some() || self.valid_until_ns.is_some()
    }
}

/// Indicators of one or more lists, to be looked for in events.
///
/// ```
/// let list = "value,name,valid_until\n198.51.100.7,Beacon,2027-01-01\nevil.example,Dropper,\n";
/// let indicators = tieline::Indicators::read([("feed.csv", list)]);
/// assert_eq!(indicators.len(), 2);
/// assert!(indicators.diagnostics().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Indicators {
    all: Vec<Entry>,
    /// Those that are no networks, by kind and folded value.
    by_value: HashTable<u32>,
    by_network: HashTable<u32>,
    /// The prefixes that networks have, of v4 and of v6.
    prefixes: [BTreeSet<u8>; 2],
    /// How many values must be seen together, for indicators that ask for several.
    groups: Vec<u32>,
    diagnostics: Vec<Diagnostic>,
    at_ns: Option<i64>,
}

/// An indicator in the index.
#[derive(Debug)]
struct Entry {
    indicator: Indicator,
    network: Option<IpNet>,
    /// The values with which it must be seen together, and its number among them.
    group: Option<(u32, u32)>,
}

impl Indicators {
    /// Reads lists, names and texts: STIX 2.1 bundles, MISP events as JSON, CSV with a header, or one value on a line. What
    /// they are is seen by their text. What cannot be used is left out and told by [`diagnostics`](Self::diagnostics).
    #[must_use]
    pub fn read<N: AsRef<str>, T: Into<String>>(lists: impl IntoIterator<Item = (N, T)>) -> Self {
        let mut indicators = Self::default();
        for (name, text) in lists {
            read::list(&Source::new(Some(name.as_ref()), text), &mut indicators);
        }
        indicators
    }

    /// Says which time counts for events that have none, in nanoseconds since 1970. Unless it is said, such events are asked
    /// for every indicator, whenever it is valid.
    #[must_use]
    pub fn at(mut self, time_ns: Option<i64>) -> Self {
        self.at_ns = time_ns;
        self
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them, in the order of the lists.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Indicator> {
        self.all.iter().map(|entry| &entry.indicator)
    }

    /// What was found wrong or doubtful while lists were read.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    pub(super) fn tell(&mut self, told: Diagnostic) {
        self.diagnostics.push(told);
    }

    pub(super) fn get(&self, number: u32) -> Option<&Indicator> {
        self.all.get(number as usize).map(|entry| &entry.indicator)
    }

    pub(super) fn group(&self, number: u32) -> Option<(u32, u32)> {
        self.all.get(number as usize)?.group
    }

    /// How many values of a group must be seen together.
    pub(super) fn group_len(&self, group: u32) -> u32 {
        self.groups.get(group as usize).copied().unwrap_or(u32::MAX)
    }

    /// Whether any indicator asks for several values.
    pub(super) fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    pub(super) fn new_group(&mut self, len: u32) -> u32 {
        self.groups.push(len);
        self.groups.len() as u32 - 1
    }

    /// Whether an indicator counts for an event of this time.
    pub(super) fn counts(&self, indicator: &Indicator, time_ns: impl FnOnce() -> Option<i64>) -> bool {
        !indicator.has_times() || time_ns().or(self.at_ns).is_none_or(|time| indicator.is_valid_at(time))
    }

    /// Adds one; false when it was there already, or there is no room for more.
    pub(super) fn add(&mut self, told: &Told, value: Value, group: Option<(u32, u32)>) -> Result<bool, String> {
        if self.all.len() >= INDICATORS_MAX {
            return Err(format!("there are more than {INDICATORS_MAX} indicators; the rest is left out"));
        }
        let Value { kind, text, network } = value;
        let id = told.id.clone().unwrap_or_else(|| text.clone());
        let number = self.all.len() as u32;
        let is_same = |own: &Entry| own.indicator.id == id && own.group.is_none() && group.is_none();
        let (hash, of) = match network {
            Some(network) => (hash_of(&network), &mut self.by_network),
            None => (hash_of(&(kind, text::folded(&text))), &mut self.by_value),
        };
        let all = &self.all;
        let entry = |own: &u32| all.get(*own as usize);
        let there = of.iter_hash(hash).filter_map(entry).any(|own| {
            own.network == network && own.indicator.kind == kind && is_same(own) && own.indicator.list == told.list
        });
        if there {
            return Ok(false);
        }
        of.insert_unique(hash, number, |own| entry(own).map_or(0, key_hash));
        if let Some(network) = network
            && let Some(prefixes) = self.prefixes.get_mut(usize::from(matches!(network, IpNet::V6(_))))
        {
            prefixes.insert(network.prefix_len());
        }
        let indicator = Indicator {
            id,
            name: told.name.clone(),
            kind,
            value: text,
            list: Arc::clone(&told.list),
            level: told.level.unwrap_or_else(|| level_of(told.confidence)),
            confidence: told.confidence,
            valid_from_ns: told.valid_from_ns,
            valid_until_ns: told.valid_until_ns,
            tags: Arc::clone(&told.tags),
        };
        self.all.push(Entry { indicator, network, group });
        Ok(true)
    }

    /// Calls `each` with the indicators of this kind and folded value.
    pub(super) fn find(&self, kind: IndicatorKind, folded: &str, each: &mut dyn FnMut(u32)) {
        let is_it = |own: &&u32| {
            let entry = self.all.get(**own as usize);
            entry.is_some_and(|own| own.indicator.kind == kind && is_folded_to(&own.indicator.value, folded))
        };
        self.by_value.iter_hash(hash_of(&(kind, folded))).filter(is_it).for_each(|own| each(*own));
    }

    /// Calls `each` with the networks in which an address lies.
    pub(super) fn find_address(&self, address: IpAddr, each: &mut dyn FnMut(u32)) {
        let Some(prefixes) = self.prefixes.get(usize::from(address.is_ipv6())) else { return };
        for prefix in prefixes {
            let Ok(network) = IpNet::new(address, *prefix).map(|network| network.trunc()) else { continue };
            let is_it = |own: &&u32| self.all.get(**own as usize).is_some_and(|own| own.network == Some(network));
            self.by_network.iter_hash(hash_of(&network)).filter(is_it).for_each(|own| each(*own));
        }
    }

    /// Whether there is any indicator of these kinds.
    pub(super) fn has_names(&self) -> bool {
        !self.by_value.is_empty()
    }
}

/// A time as RFC 3339 text.
fn rfc3339<S: serde::Serializer>(time_ns: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    let time = time_ns.and_then(|time_ns| jiff::Timestamp::from_nanosecond(time_ns.into()).ok());
    time.map(|time| time.to_string()).serialize(serializer)
}

/// What confidence makes of an indicator whose list says no level.
fn level_of(confidence: Option<u8>) -> Level {
    match confidence {
        Some(..30) => Level::Low,
        Some(70..) => Level::High,
        _ => Level::Medium,
    }
}

/// Whether the folded copy of a text is this one.
fn is_folded_to(text: &str, folded: &str) -> bool {
    text == folded || (text.is_ascii() && text.eq_ignore_ascii_case(folded)) || text::folded(text) == folded
}

fn hash_of(key: &impl std::hash::Hash) -> u64 {
    // Lists choose what they hold, but not how an event is hashed: nobody gains by values that meet in one bucket.
    FixedState::default().hash_one(key)
}

fn key_hash(entry: &Entry) -> u64 {
    match entry.network {
        Some(network) => hash_of(&network),
        None => hash_of(&(entry.indicator.kind, text::folded(&entry.indicator.value))),
    }
}
