//! What a Zeek sensor writes at the core switch: tables with a head of `#` lines, and the two logs every flow appears in.
//!
//! ```text
//! #separator \x09
//! #fields  ts  uid  id.orig_h  ...
//! #types  time  string  addr  ...
//! 1795410000.120000  CmQ2...  10.10.20.17  ...
//! #close  2026-11-23-13-00-00
//! ```
//!
//! Rows are sorted by `ts`, the beginning of a connection, where a real Zeek writes them when it ends.
//! The protocol logs are in `protocols.rs`.

use super::chance::Chance;
use super::clock::{MILLI, Moment, SECOND};
use super::record::{Datum, Record};
use super::tape::{Log, Stage};

/// A Zeek table: its path and its columns with their types.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    path: &'static str,
    /// Name and type of each column.
    pub(crate) columns: &'static [(&'static str, &'static str)],
}

/// `conn.log`
pub(crate) const CONN: Table = Table {
    path: "conn",
    columns: &[
        ("ts", "time"),
        ("uid", "string"),
        ("id.orig_h", "addr"),
        ("id.orig_p", "port"),
        ("id.resp_h", "addr"),
        ("id.resp_p", "port"),
        ("proto", "enum"),
        ("service", "string"),
        ("duration", "interval"),
        ("orig_bytes", "count"),
        ("resp_bytes", "count"),
        ("conn_state", "string"),
        ("local_orig", "bool"),
        ("local_resp", "bool"),
        ("missed_bytes", "count"),
        ("history", "string"),
        ("orig_pkts", "count"),
        ("orig_ip_bytes", "count"),
        ("resp_pkts", "count"),
        ("resp_ip_bytes", "count"),
        ("tunnel_parents", "set[string]"),
    ],
};

/// `dns.log`
pub(crate) const DNS: Table = Table {
    path: "dns",
    columns: &[
        ("ts", "time"),
        ("uid", "string"),
        ("id.orig_h", "addr"),
        ("id.orig_p", "port"),
        ("id.resp_h", "addr"),
        ("id.resp_p", "port"),
        ("proto", "enum"),
        ("trans_id", "count"),
        ("rtt", "interval"),
        ("query", "string"),
        ("qclass", "count"),
        ("qclass_name", "string"),
        ("qtype", "count"),
        ("qtype_name", "string"),
        ("rcode", "count"),
        ("rcode_name", "string"),
        ("AA", "bool"),
        ("TC", "bool"),
        ("RD", "bool"),
        ("RA", "bool"),
        ("Z", "count"),
        ("answers", "vector[string]"),
        ("TTLs", "vector[interval]"),
        ("rejected", "bool"),
    ],
};

/// `modbus.log`
pub(crate) const MODBUS: Table = Table {
    path: "modbus",
    columns: &[
        ("ts", "time"),
        ("uid", "string"),
        ("id.orig_h", "addr"),
        ("id.orig_p", "port"),
        ("id.resp_h", "addr"),
        ("id.resp_p", "port"),
        ("tid", "count"),
        ("unit", "count"),
        ("func", "string"),
        ("pdu_type", "string"),
        ("exception", "string"),
    ],
};

impl Table {
    /// The `#` lines before the rows.
    pub(crate) fn head(self, open: Moment) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let types: Vec<&str> = self.columns.iter().map(|(_, kind)| *kind).collect();
        format!(
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{}\n#open\t{}\n#fields\t{}\n#types\t{}\n",
            self.path,
            open.zeek_header(),
            names.join("\t"),
            types.join("\t"),
        )
    }
}

/// The `#` line after the rows.
pub(crate) fn tail(close: Moment) -> String {
    format!("#close\t{}\n", close.zeek_header())
}

/// The two ends of a connection and Zeek's name for it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    uid: String,
    from: String,
    from_port: i64,
    to: String,
    to_port: i64,
}

impl Wire {
    /// A connection from a fresh port.
    pub(crate) fn new(chance: &mut Chance, from: &str, to: &str, to_port: i64) -> Self {
        let uid = uid(chance);
        Wire { uid, from: from.to_owned(), from_port: chance.between(49_152, 65_000), to: to.to_owned(), to_port }
    }

    /// The port at the near end.
    pub(crate) fn near_port(&self) -> i64 {
        self.from_port
    }

    /// The beginning that all Zeek records share.
    pub(crate) fn record(&self, at: Moment) -> Record {
        self.extend(Record::default(), at)
    }

    /// The same, for a JSON line that names its log first.
    pub(crate) fn json_record(&self, path: &'static str, at: Moment) -> Record {
        self.extend(Record::default().with("_path", path), at)
    }

    fn extend(&self, record: Record, at: Moment) -> Record {
        record
            .with("ts", Datum::Seconds(at.0))
            .with("uid", self.uid.as_str())
            .with("id.orig_h", self.from.as_str())
            .with("id.orig_p", self.from_port)
            .with("id.resp_h", self.to.as_str())
            .with("id.resp_p", self.to_port)
    }
}

/// How a connection went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// Zeek's guess at the protocol; empty when it has none.
    pub(crate) service: &'static str,
    /// How long it lasted, in microseconds.
    pub(crate) micros: i64,
    /// Bytes from the near end.
    pub(crate) sent: i64,
    /// Bytes from the far end.
    pub(crate) received: i64,
}

impl Stage<'_> {
    /// One finished TCP connection in `conn.log`.
    pub(crate) fn conn(&mut self, at: Moment, wire: &Wire, flow: Flow) {
        let packets = |bytes: i64| bytes / 1380 + 3;
        let (out, back) = (packets(flow.sent), packets(flow.received));
        let mut record = wire.record(at).with("proto", "tcp");
        if !flow.service.is_empty() {
            record = record.with("service", flow.service);
        }
        let record = record
            .with("duration", Datum::Seconds(flow.micros))
            .with("orig_bytes", flow.sent)
            .with("resp_bytes", flow.received)
            .with("conn_state", "SF")
            .with("local_orig", wire.from.starts_with("10."))
            .with("local_resp", wire.to.starts_with("10."))
            .with("missed_bytes", 0)
            .with("history", "ShADadFf")
            .with("orig_pkts", out)
            .with("orig_ip_bytes", flow.sent + out * 40)
            .with("resp_pkts", back)
            .with("resp_ip_bytes", flow.received + back * 40);
        self.put(at, Log::Conn, record);
    }

    /// One answered question in `dns.log`, with its packet pair in `conn.log`.
    pub(crate) fn dns(&mut self, at: Moment, from: &str, server: &str, name: &str, answer: &str) {
        let wire = Wire::new(&mut self.chance, from, server, 53);
        let rtt = self.chance.between(300, 24_000);
        let (sent, received) = (name.len() as i64 + 18, name.len() as i64 + 34);
        let question = wire
            .record(at)
            .with("proto", "udp")
            .with("trans_id", self.chance.between(1, 65_535))
            .with("rtt", Datum::Seconds(rtt))
            .with("query", name)
            .with("qclass", 1)
            .with("qclass_name", "C_INTERNET")
            .with("qtype", 1)
            .with("qtype_name", "A")
            .with("rcode", 0)
            .with("rcode_name", "NOERROR")
            .with("AA", false)
            .with("TC", false)
            .with("RD", true)
            .with("RA", true)
            .with("Z", 0)
            .with("answers", Datum::List(vec![answer.to_owned()]))
            .with("TTLs", Datum::List(vec![format!("{}.000000", self.chance.between(30, 3_600))]))
            .with("rejected", false);
        self.put(at, Log::Dns, question);
        let packets = wire
            .record(at)
            .with("proto", "udp")
            .with("service", "dns")
            .with("duration", Datum::Seconds(rtt))
            .with("orig_bytes", sent)
            .with("resp_bytes", received)
            .with("conn_state", "SF")
            .with("local_orig", true)
            .with("local_resp", true)
            .with("missed_bytes", 0)
            .with("history", "Dd")
            .with("orig_pkts", 1)
            .with("orig_ip_bytes", sent + 28)
            .with("resp_pkts", 1)
            .with("resp_ip_bytes", received + 28);
        self.put(at, Log::Conn, packets);
    }
}

/// A duration somewhere in these milliseconds, in microseconds.
pub(crate) fn lasting(chance: &mut Chance, low_ms: i64, high_ms: i64) -> i64 {
    (chance.between(low_ms, high_ms) * MILLI + chance.between(0, 999)).min(24 * 3600 * SECOND)
}

/// Zeek's name for a connection: a letter and sixty-two-based digits.
fn uid(chance: &mut Chance) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::from("C");
    for _ in 0..2 {
        let mut bits = chance.bits();
        for _ in 0..8 {
            text.extend(DIGITS.get((bits % 62) as usize).map(|digit| char::from(*digit)));
            bits /= 62;
        }
    }
    text
}
