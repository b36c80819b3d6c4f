//! OT protocols by their ports, for connections of which nothing else is known.
//!
//! ```text
//! - {port: 1330-1332/tcp, protocol: factorytalk, title: ..., hint: true, ...}     ─▶     1331, tcp: factorytalk, a guess
//! ```
//!
//! It reads the one line that the shipped table gives each port; what is written otherwise is passed over.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// A port, or several in a row.
#[derive(Debug)]
pub(super) struct PortRow {
    ports: RangeInclusive<u16>,
    transport: &'static str,
    pub(super) protocol: &'static str,
    pub(super) title: &'static str,
    /// Whether other programs use the port as well.
    pub(super) is_guess: bool,
}

static ROWS: LazyLock<Vec<PortRow>> =
    LazyLock::new(|| tieline_rules::ports().lines().filter_map(|line| row(line.trim())).collect());

fn row(line: &'static str) -> Option<PortRow> {
    let inner = line.strip_prefix("- {")?.strip_suffix('}')?;
    let (ports, transport) = value(inner, "port: ")?.split_once('/')?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    Some(PortRow {
        ports: first.parse().ok()?..=last.parse().ok()?,
        transport,
        protocol: value(inner, "protocol: ")?,
        title: value(inner, "title: ")?,
        is_guess: value(inner, "hint: ") == Some("true"),
    })
}

/// What stands behind a key: between quotes, or up to the next comma.
fn value(inner: &'static str, key: &str) -> Option<&'static str> {
    let at = inner.strip_prefix(key).or_else(|| inner.split_once(&format!(", {key}")).map(|(_, rest)| rest))?;
    match at.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next(),
        None => at.split(',').next().map(str::trim),
    }
}

/// The protocols of a port, the most likely first, by their places in the table.
pub(super) fn of_port(port: u16, transport: &str) -> impl Iterator<Item = usize> {
    let fits = move |row: &PortRow| row.ports.contains(&port) && row.transport.eq_ignore_ascii_case(transport);
    ROWS.iter().enumerate().filter(move |(_, row)| fits(row)).map(|(at, _)| at)
}

/// Protocols that share their ports, one within the other.
const CIP: &[&str] = &["cip", "enip", "pccc"];

/// Whether a protocol is spoken at a port of its servers.
pub(crate) fn is_of(port: u16, protocol: &str) -> bool {
    let is_own = |own: &str| own == protocol || CIP.contains(&own) && CIP.contains(&protocol);
    ROWS.iter().any(|row| row.ports.contains(&port) && is_own(row.protocol))
}

/// A row of the table.
pub(super) fn get(at: usize) -> Option<&'static PortRow> {
    ROWS.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = tieline_rules::ports().lines().filter(|line| line.trim().starts_with("- {")).count();
        assert_eq!(ROWS.len(), lines);
        assert!(lines > 100);
    }

    #[test]
    fn ports_have_protocols() {
        let names = |port, transport| -> Vec<&str> {
            of_port(port, transport).filter_map(get).map(|row| row.protocol).collect()
        };
        assert_eq!(names(502, "TCP"), ["modbus"]);
        assert_eq!(names(102, "tcp"), ["s7comm", "s7comm_plus", "mms", "iccp"]);
        assert_eq!(names(1331, "tcp"), ["factorytalk"]);
        assert!(names(502, "icmp").is_empty());
        assert!(is_of(44818, "cip") && is_of(102, "s7comm") && !is_of(102, "modbus"));
        let title = of_port(102, "tcp").next().and_then(get).map(|row| row.title);
        assert_eq!(title, Some("Siemens S7 (ISO transport, also MMS and ICCP)"));
    }
}
