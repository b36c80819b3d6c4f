//! Tables of fields by what stands in them.
//!
//! ```text
//! indicator_fields:
//!   - prefixes: ['', Event.EventData.]     put in front of every name of this group; none is the name itself
//!     address: [SourceIp, DestinationIp]   ─▶   SourceIp, Event.EventData.SourceIp, ...
//! ```
//!
//! Which classes there are is known by whoever reads.

use super::yaml::{self, Node};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source, Span, nearest};
use std::collections::BTreeSet;

/// The form of a table.
pub(crate) struct FieldForm<C: 'static> {
    /// The key below which its groups stand.
    pub(crate) key: &'static str,
    /// What may stand in a field, by name.
    pub(crate) classes: &'static [(&'static str, C)],
    pub(crate) code: Code,
}

impl<C: Copy + Ord> FieldForm<C> {
    /// Reads tables. When one has a fault, the diagnostics say where, and what could not be read is left out.
    pub(crate) fn parse(&self, sources: &[Source], limits: &Limits) -> (BTreeSet<(String, C)>, Vec<Diagnostic>) {
        let mut table = BTreeSet::new();
        let mut found = Vec::new();
        for source in sources {
            let (nodes, faults) = yaml::read(source, limits);
            found.extend(faults);
            for node in &nodes {
                let refuse = |span: Span, message: String| {
                    found.push(Diagnostic::new(self.code, source, span, message));
                };
                self.document(node, &mut table, refuse);
            }
        }
        (table, found)
    }

    fn document(&self, node: &Node, table: &mut BTreeSet<(String, C)>, mut refuse: impl FnMut(Span, String)) {
        let node = node.get(self.key).unwrap_or(node);
        for group in node.as_list().unwrap_or(std::slice::from_ref(node)) {
            let Some(entries) = group.as_map() else {
                refuse(group.span, format!("a group of fields must be a map, not {}", group.noun()));
                continue;
            };
            let prefixes = group.get("prefixes").map_or(vec![""], |node| texts(node, &mut refuse));
            for (key, fields) in entries {
                let name = key.text().unwrap_or("null");
                match self.classes.iter().find(|(own, _)| *own == name) {
                    Some((_, class)) => {
                        for field in texts(fields, &mut refuse) {
                            table.extend(prefixes.iter().map(|prefix| (format!("{prefix}{field}"), *class)));
                        }
                    }
                    None if matches!(name, "prefixes" | "title") => {}
                    None => {
                        let known = || self.classes.iter().map(|(own, _)| *own);
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
