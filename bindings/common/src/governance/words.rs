//! Which services and operations are of concern: the table `rules/governance/exposures.yml`.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A number and its noun: `1 event`, `2 events`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Names of services, protocols and operations.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) remote: BTreeSet<String>,
    pub(super) plain: BTreeSet<String>,
    ports: BTreeMap<u16, String>,
    pub(super) unauthenticated: BTreeSet<String>,
    pub(super) changes: BTreeSet<String>,
}

impl Default for Words {
    /// Those that are shipped.
    fn default() -> Self {
        let none = || Self {
            remote: BTreeSet::new(),
            plain: BTreeSet::new(),
            ports: BTreeMap::new(),
            unauthenticated: BTreeSet::new(),
            changes: BTreeSet::new(),
        };
        // A test reads the shipped table.
        serde_saphyr::from_str(tieline_rules::exposures()).unwrap_or_else(|_| none())
    }
}

impl Words {
    /// The service of a port, or its number.
    pub(super) fn of_port(&self, port: u16) -> String {
        self.ports.get(&port).cloned().unwrap_or_else(|| format!("port {port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_read() {
        let words = Words::default();
        assert!(
            words.remote.contains("ssh") && words.unauthenticated.contains("modbus") && words.changes.contains("write")
        );
        assert_eq!(words.of_port(3389), "rdp");
    }
}
