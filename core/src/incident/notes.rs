//! What was found, one by one, for whoever counts it.
//!
//! ```text
//! findings, judged operations ─▶ notes ─▶ taken by the caller, event by event
//! ```
//!
//! Incidents keep what belongs together; single findings below the level of an incident are only noted here. Nothing is noted unless
//! somebody asks for it.

use super::finding::{Finding, Made};
use crate::access::Judgement;
use crate::check::Level;
use crate::config::INCIDENT_NOTES_MAX;

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// A rule that matched, a correlation that held, or what was found elsewhere.
    Found(Found),
    /// A privileged operation, explained or not.
    Judged(Judgement),
}

/// A rule that was found to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The rule's id, else its name, else its title.
    pub rule: String,
    /// Its level.
    pub level: Level,
    /// What made it.
    pub made: Made,
    /// When, in nanoseconds since 1970; `None` when the event does not say.
    pub time_ns: Option<i64>,
    /// From which host: the id of an asset, or else an address or name.
    pub source: Option<String>,
    /// On which host.
    pub target: Option<String>,
}

/// Notes that wait to be taken.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    all: Vec<Note>,
    /// Those for which there was no room.
    pub(crate) given_up: u64,
}

impl Notes {
    pub(crate) fn put(&mut self, note: Note) {
        if self.all.len() < INCIDENT_NOTES_MAX {
            self.all.push(note);
        } else {
            self.given_up += 1;
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.all)
    }
}

impl Found {
    pub(super) fn new(finding: &Finding, time_ns: Option<i64>, name: impl Fn(super::HostId) -> String) -> Self {
        Self {
            rule: finding.rule.id.clone(),
            level: finding.rule.level,
            made: finding.rule.made,
            time_ns,
            source: finding.source.map(&name),
            target: finding.target.map(&name),
        }
    }
}
