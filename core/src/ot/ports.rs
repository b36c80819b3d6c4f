//! Protocols that are known by the port of a connection, where no table reads their messages.
//!
//! ```text
//! - {port: 1502/udp, protocol: tristation, ...}   ─▶   a row for code 1502, transport udp, without a class
//! ```
//!
//! The port takes the place of a code, so a connection costs one lookup, however many ports there are. Rows that are only a
//! hint are left out, and so are ports at which a protocol with a table of its own may be spoken.

use super::conditions::{Conditions, Want};
use super::read::{Reader, SENSORS_KEY, sources};
use super::taxonomy::{Protocol, Row};
use super::{DIRECTIONS, NO_CLASS};
use crate::syntax::yaml::Node;
use std::collections::HashSet;

const KEYS: &[&str] = &["ports", "sources", SENSORS_KEY, "direction"];
const ROW_KEYS: &[&str] = &["port", "protocol", "title", "class", "hint", "source"];
const TRANSPORTS: &[&str] = &["tcp", "udp"];

/// Ports that one row may be for.
const RANGE_MAX: u16 = 64;

/// A row as it is written.
struct Written {
    first: u16,
    last: u16,
    transport: String,
    protocol: String,
    title: String,
    is_hint: bool,
}

impl Reader<'_> {
    /// Reads a table of ports. `read` are the names of protocols whose messages are read.
    pub(super) fn ports(&mut self, node: &Node, read: &HashSet<String>) -> Option<Protocol> {
        self.form.keys(node, KEYS, "a table of ports")?;
        let mut table = Protocol { is_by_port: true, ..Protocol::default() };
        for layout in node.get(SENSORS_KEY).and_then(Node::as_list).unwrap_or_default() {
            table.layouts.extend(self.layouts(layout).unwrap_or_default());
        }
        table.direction = self.cases(node, "direction", DIRECTIONS);
        let sources = sources(node);
        let transport = self.input_named("transport", node)?;
        let rows = node.get("ports").and_then(Node::as_list).unwrap_or_default();
        let rows: Vec<Written> = rows.iter().filter_map(|row| self.port(row, &sources)).collect();
        let ports = |row: &Written| {
            let transport = row.transport.clone();
            (row.first..=row.last).map(move |port| (port, transport.clone()))
        };
        let mut taken: HashSet<(u16, String)> =
            rows.iter().filter(|row| read.contains(&row.protocol)).flat_map(ports).collect();
        // Of rows for one port the first is the more likely.
        for row in rows.iter().filter(|row| !row.is_hint) {
            for (port, name) in ports(row).filter(|port| taken.insert(port.clone())) {
                table.rows.push(Row {
                    code: Some(port.into()),
                    subcode: None,
                    name: row.title.clone(),
                    subname: String::new(),
                    class: NO_CLASS,
                    when: Conditions(vec![(transport, vec![Want::Text(name)])]),
                    carries: false,
                    protocol: Some(row.protocol.clone()),
                });
            }
        }
        table.rows.sort_by_key(|row| row.code);
        self.finished(node, table)
    }

    fn port(&mut self, node: &Node, sources: &[String]) -> Option<Written> {
        self.form.keys(node, ROW_KEYS, "a port")?;
        self.source(node, sources, "a port")?;
        let port = self.need_text(node, "port", "a port")?;
        let read = || {
            let (ports, transport) = port.split_once('/')?;
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
            let is_range = first <= last && last - first < RANGE_MAX && TRANSPORTS.contains(&transport);
            is_range.then(|| (first, last, transport.to_owned()))
        };
        let Some((first, last, transport)) = read() else {
            let message =
                format!("`{port}` is no port; write `1502/udp`, or `11740-11743/tcp` for at most {RANGE_MAX}");
            return self.form.refuse(node.span, message);
        };
        Some(Written {
            first,
            last,
            transport,
            protocol: self.need_text(node, "protocol", "a port")?,
            title: self.need_text(node, "title", "a port")?,
            is_hint: node.get("hint").and_then(Node::text) == Some("true"),
        })
    }
}
