//! Where events hold addresses, names and hashes: a table of field names by what stands in them.
//!
//! ```text
//! indicator_fields:
//!   - prefixes: ['', Event.EventData.]     put in front of every name of this group; none is the name itself
//!     address: [SourceIp, DestinationIp]   ─▶   SourceIp, Event.EventData.SourceIp, ...
//!     hashes: [Hashes]                          `SHA256=...,IMPHASH=...`
//! ```
//!
//! The shipped table is `rules/indicators/fields.yml`; users add their own.

use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span, nearest};
use crate::syntax::yaml::{self, Node};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Class {
    /// One address, or several in a list.
    Address,
    /// A name of a host, or its address.
    Domain,
    /// A URL, whose host counts too.
    Url,
    /// The digits of a hash.
    Hash,
    /// Several hashes with their names: `SHA256=...,IMPHASH=...`.
    Hashes,
    /// The digits of a hash of imports.
    Imphash,
    /// The name of a file.
    FileName,
    /// A file with its folder.
    FilePath,
    /// An e-mail address.
    Email,
}

const CLASSES: &[(&str, Class)] = &[
    ("address", Class::Address),
    ("domain", Class::Domain),
    ("url", Class::Url),
    ("hash", Class::Hash),
    ("hashes", Class::Hashes),
    ("imphash", Class::Imphash),
    ("file_name", Class::FileName),
    ("file_path", Class::FilePath),
    ("email", Class::Email),
];

/// Fields and what stands in them; a field may stand in several classes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(pub(super) BTreeSet<(String, Class)>);

impl Table {
    /// Reads tables. When one has a fault, the diagnostics say where, and what could not be read is left out.
    pub(crate) fn parse(sources: &[Source], limits: &Limits) -> (Self, Vec<Diagnostic>) {
        let mut table = Self::default();
        let mut found = Vec::new();
        for source in sources {
            let (nodes, faults) = yaml::read(source, limits);
            found.extend(faults);
            for node in &nodes {
                let refuse = |span: Span, message: String| {
                    found.push(Diagnostic::new(Code::IndicatorFields, source, span, message));
                };
                table.document(node, refuse);
            }
        }
        (table, found)
    }

    fn document(&mut self, node: &Node, mut refuse: impl FnMut(Span, String)) {
        let node = node.get("indicator_fields").unwrap_or(node);
        for group in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            let Some(entries) = group.as_map() else {
                refuse(group.span, format!("a group of fields must be a map, not {}", group.noun()));
                continue;
            };
            let prefixes = group.get("prefixes").map_or(vec![""], |node| texts(node, &mut refuse));
            for (key, fields) in entries {
                let name = key.text().unwrap_or("null");
                match CLASSES.iter().find(|(own, _)| *own == name) {
                    Some((_, class)) => {
                        for field in texts(fields, &mut refuse) {
                            self.0.extend(prefixes.iter().map(|prefix| (format!("{prefix}{field}"), *class)));
                        }
                    }
                    None if matches!(name, "prefixes" | "title") => {}
                    None => {
                        let known = || CLASSES.iter().map(|(own, _)| *own);
                        let help = match nearest(name, known()) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!("write one of {}", known().collect::<Vec<_>>().join(", ")),
                        };
                        refuse(key.span, format!("fields do not hold `{name}`; {help}"));
                    }
                }
            }
        }
    }
}

/// The names in a list, or the one name.
fn texts<'n>(node: &'n Node, refuse: &mut impl FnMut(Span, String)) -> Vec<&'n str> {
    let mut names = Vec::new();
    for item in node.as_list().unwrap_or(std::slice::from_ref(node)) {
        match item.text() {
            Some(name) => names.push(name),
            None => refuse(item.span, format!("a name of a field must be a text, not {}", item.noun())),
        }
    }
    names
}
