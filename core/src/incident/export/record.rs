//! What records of every form need: times, numbers that stay the same, hosts by name, and lists that end.
//!
//! ```text
//! "2026-11-26T21:04:05.123456789Z" ─▶ 1795727045123, "2026-11-26T21:04:05.123Z"      ["finding", ...] ─▶ UUID, always the same
//! ```

use crate::config::INCIDENT_LISTED_MAX;
use crate::incident::finding::EntityKind;
use crate::incident::show::{FindingSeen, HostSeen, Incident};
use hashbrown::HashMap;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::net::IpAddr;
use uuid::Uuid;

/// The namespace of ids that are made here (UUID 5 of the name `tieline` among URLs).
const NAMESPACE: Uuid = Uuid::from_u128(0xf5a9_3bd3_0c77_5a35_9da6_62fb_2d62_2d09);

/// A UUID of version 5 of some texts; the same texts have the same.
pub(super) fn uuid(parts: &[&str]) -> Uuid {
    // As JSON, so that no two lists of texts are one text.
    let name = serde_json::to_vec(parts).unwrap_or_default();
    Uuid::new_v5(&NAMESPACE, &name)
}

/// The same finding has the same in every form.
pub(super) fn finding_id(found: &FindingSeen) -> String {
    let entities = serde_json::to_string(&found.entities).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (source, target, operation) = (text(&found.source), text(&found.target), text(&found.operation));
    let event = found.events.first().map_or("", String::as_str);
    uuid(&["finding", &found.rule, &found.first, &source, &target, &operation, &entities, event]).to_string()
}

/// A time in milliseconds since 1970.
pub(super) fn millis(time: &str) -> i64 {
    time.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
}

/// A time with three digits of a second.
pub(super) fn short(time: &str) -> String {
    time.parse::<Timestamp>().map_or_else(|_| "1970-01-01T00:00:00.000Z".to_owned(), |time| format!("{time:.3}"))
}

/// Hosts of an incident by their names.
pub(super) fn hosts(own: &Incident) -> HashMap<&str, &HostSeen> {
    own.hosts.iter().map(|host| (host.name.as_str(), host)).collect()
}

/// The addresses of a host: those that are known, or what its name is.
pub(super) fn addresses(name: &str, known: Option<&HostSeen>) -> Vec<String> {
    let all: Vec<String> = known.into_iter().flat_map(|known| &known.addresses).cloned().collect();
    // At one of several sites an address has the site before it.
    let own = || name.parse::<IpAddr>().or_else(|_| name.split_once(':').map_or("", |(_, ip)| ip).parse());
    if all.is_empty() { own().into_iter().map(|ip| ip.to_string()).collect() } else { all }
}

/// The names of a kind that a finding tells of.
pub(super) fn names(found: &FindingSeen, kind: EntityKind) -> &[String] {
    found.entities.get(&kind).map_or(&[], Vec::as_slice)
}

/// Lists of a record, and how many members had no room.
#[derive(Debug, Default)]
pub(super) struct Room {
    left_out: Map<String, Value>,
}

impl Room {
    /// The members of a list for which there is room.
    pub(super) fn of<'a, T>(&mut self, what: &str, all: &'a [T]) -> &'a [T] {
        self.within(what, all, INCIDENT_LISTED_MAX)
    }

    pub(super) fn within<'a, T>(&mut self, what: &str, all: &'a [T], most: usize) -> &'a [T] {
        let (listed, rest) = all.split_at(all.len().min(most));
        self.leave_out(what, rest.len());
        listed
    }

    /// Counts members for which there is no room.
    pub(super) fn leave_out(&mut self, what: &str, count: usize) {
        if count > 0 {
            self.left_out.insert(what.to_owned(), count.into());
        }
    }

    /// What had no room, by the name of its list; none when all had.
    pub(super) fn left_out(self) -> Option<Value> {
        (!self.left_out.is_empty()).then(|| self.left_out.into())
    }
}

/// Adds a member unless there is nothing to say.
pub(super) fn put(record: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    let value = value.into();
    let is_nothing = match &value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    };
    if !is_nothing {
        record.insert(name.to_owned(), value);
    }
}

/// An object from names and values, without those that say nothing.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut record = Map::new();
    members.into_iter().for_each(|(name, value)| put(&mut record, name, value));
    record.into()
}
