//! What incidents are made of: a rule that was found to hold, where, by whom and on what.
//!
//! ```text
//! mode_stop on plc-7 from ews-1, 21:30   ─▶   Finding { rule, source: ews-1, target: plc-7, entities: [account anna], .. }
//! ```
//!
//! Hosts are numbers of the register; other entities are texts that mean the same wherever they occur.

use super::hosts::HostId;
use crate::check::Level;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;

/// What made a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Made {
    /// A rule that matched an event.
    Detection,
    /// A correlation that held.
    Correlation,
    /// A privileged operation that nothing explains.
    Trust,
    /// Somebody else.
    Elsewhere,
}

/// The rule of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FindingRule {
    /// The id, else the name, else the title.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) level: Level,
    /// Tags as rules write them: `attack.t0858`.
    pub(crate) tags: Vec<String>,
    /// What an operator may do.
    pub(crate) response: Vec<String>,
    pub(crate) made: Made,
}

/// A finding that was made elsewhere, such as an alert of another product.
///
/// ```
/// use tieline::incidents::Reported;
/// let alert = Reported { time_ns: 1_795_681_232_000_000_000, rule: "edr-17", title: "Credential dump", source: Some("hmi-1"), ..Reported::default() };
/// assert_eq!(alert.level, tieline::Level::Medium);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Reported<'a> {
    /// When it happened, in nanoseconds since 1970.
    pub time_ns: i64,
    /// Where it stands, for incidents to name it.
    pub at: &'a str,
    /// What names the rule; findings of the same rule have the same.
    pub rule: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its level.
    pub level: Level,
    /// Its tags, as rules write them: `attack.t1003`.
    pub tags: &'a [&'a str],
    /// From which host: an address, a host name, or the id of an asset.
    pub source: Option<&'a str>,
    /// On which host.
    pub target: Option<&'a str>,
    /// Accounts and other things that it names, by kind. They are read as those of events are: `CORP\\Anna` and `anna@corp` are the account `anna`, hashes and
    /// domains have no upper case, and what means something on one host only (sessions, files with their folders) counts there. What says nothing, such as the
    /// account `SYSTEM`, is left out. Of more than 256 the first are taken, of each the first 1,024 bytes; what is cut is counted
    /// ([`IncidentStats::given_up`](crate::incidents::IncidentStats::given_up)).
    pub entities: &'a [(EntityKind, &'a str)],
}

impl Default for Reported<'_> {
    fn default() -> Self {
        Self {
            time_ns: 0,
            at: "",
            rule: "",
            title: "",
            level: Level::Medium,
            tags: &[],
            source: None,
            target: None,
            entities: &[],
        }
    }
}

/// What an entity is, apart from hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// An account, in lower case and without its domain.
    Account,
    /// A logon session, by its id on a host.
    Session,
    /// A process, by its GUID.
    Process,
    /// A file by its folder and name on a host.
    File,
    /// A file by its name alone.
    FileName,
    /// A hash of a file.
    Hash,
    /// A name that was asked for or connected to.
    Domain,
    /// A program or data block of a controller.
    Program,
    /// An indicator that was seen.
    Indicator,
}

impl EntityKind {
    /// Its name, as incidents write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Session => "session",
            Self::Process => "process",
            Self::File => "file",
            Self::FileName => "file_name",
            Self::Hash => "hash",
            Self::Domain => "domain",
            Self::Program => "program",
            Self::Indicator => "indicator",
        }
    }
}

/// What a finding is about, apart from hosts. Names mean the same wherever they occur: what is only known on one host has its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Entity {
    pub(crate) kind: EntityKind,
    /// PERF: most names are short and need no memory of their own.
    pub(crate) name: CompactString,
    /// Whether it was only mentioned, so that it is like others of this name but makes nothing like it.
    pub(crate) is_mentioned: bool,
}

/// Most findings name one, which needs no memory of its own.
pub(crate) type Entities = SmallVec<[Entity; 1]>;

/// A rule that was found to hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// Saved as a number, beside the rest.
    #[serde(skip, default = "super::Register::unexplained")]
    pub(crate) rule: Arc<FindingRule>,
    /// Who acts: the host from which something came, or on which something happened.
    pub(crate) source: Option<HostId>,
    /// On whom.
    pub(crate) target: Option<HostId>,
    pub(crate) entities: Entities,
    /// The operation class, when it is about one.
    pub(crate) operation: Option<Box<str>>,
    /// The conduit that allows it, or comes nearest.
    pub(crate) conduit: Option<Box<str>>,
    /// Why conduits do not allow it, by the bits of [`reasons`](crate::context::reasons).
    pub(crate) denied: u8,
    /// Whether it goes from one zone to another.
    pub(crate) crosses: bool,
    /// The event's number, by which correlations name it.
    pub(crate) event: Option<u64>,
    /// For a correlation the numbers of events that contribute.
    pub(crate) made_of: Box<[u64]>,
}

impl Finding {
    /// The accounts that it names, without what tells equal ones apart.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &str> {
        let accounts = self.entities.iter().filter(|own| own.kind == EntityKind::Account);
        accounts.map(|own| own.name.split_once('@').map_or(own.name.as_str(), |(plain, _)| plain))
    }
}
