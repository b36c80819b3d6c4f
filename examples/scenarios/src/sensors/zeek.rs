//! The network sensor: JSON lines of Zeek's logs for IT protocols.
//!
//! ```text
//! wire(JUMP01, EWS01, 3389) ──▶ conn(at, &wire, "rdp", seconds), rdp(at, &wire, account), ...   one `uid`
//! ```

use super::Pen;
use crate::clock::Moment;
use crate::line::{Event, Line, Number};

/// Two ends of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Wire<'a> {
    pub(crate) uid: String,
    pub(crate) from: &'a str,
    pub(crate) near: i64,
    pub(crate) to: &'a str,
    pub(crate) port: i64,
}

impl Wire<'_> {
    /// The beginning of a line of this log.
    pub(super) fn line(&self, at: Moment, path: &str) -> Line {
        Line::new()
            .with("_path", path)
            .with("ts", Number(at.zeek()))
            .with("uid", self.uid.as_str())
            .with("id.orig_h", self.from)
            .with("id.orig_p", self.near)
            .with("id.resp_h", self.to)
            .with("id.resp_p", self.port)
    }
}

impl Pen {
    /// A new connection.
    pub(crate) fn wire<'a>(&mut self, from: &'a str, to: &'a str, port: i64) -> Wire<'a> {
        Wire { uid: self.chance.uid(), from, near: self.chance.port(), to, port }
    }

    /// A connection that was made, with its length in seconds; an empty service is left out.
    pub(crate) fn conn(&mut self, at: Moment, wire: &Wire<'_>, service: &str, seconds: i64) -> Event {
        self.conn_as(at, wire, service, seconds, "SF")
    }

    /// A connection that nobody answered, or that was refused.
    pub(crate) fn probe(&mut self, at: Moment, from: &str, to: &str, port: i64, state: &str) -> Event {
        let wire = self.wire(from, to, port);
        self.conn_as(at, &wire, "", 0, state)
    }

    fn conn_as(&mut self, at: Moment, wire: &Wire<'_>, service: &str, seconds: i64, state: &str) -> Event {
        let proto = if matches!(wire.port, 53 | 69 | 123 | 1812 | 47_808) { "udp" } else { "tcp" };
        let mut line = wire.line(at, "conn").with("proto", proto);
        if !service.is_empty() {
            line = line.with("service", service);
        }
        if state == "SF" {
            let (millis, sent) = (self.chance.between(1, 999), self.chance.between(120, 4_000));
            line = line
                .with("duration", Number(format!("{seconds}.{millis:03}")))
                .with("orig_bytes", sent * (1 + seconds / 60))
                .with("resp_bytes", sent * (3 + seconds / 20));
        }
        line.with("conn_state", state).end(at)
    }

    /// A name is asked.
    pub(crate) fn dns(&mut self, at: Moment, from: &str, server: &str, name: &str, answer: &str) -> Event {
        self.wire(from, server, 53)
            .line(at, "dns")
            .with("proto", "udp")
            .with("query", name)
            .with("qtype_name", "A")
            .with("rcode_name", if answer.is_empty() { "NXDOMAIN" } else { "NOERROR" })
            .with("answers", answer)
            .end(at)
    }

    /// A web page is fetched, through the proxy or past it.
    pub(crate) fn http(&mut self, at: Moment, wire: &Wire<'_>, method: &str, host: &str, uri: &str) -> Event {
        let bytes = self.chance.between(300, 60_000);
        wire.line(at, "http")
            .with("trans_depth", 1)
            .with("method", method)
            .with("host", host)
            .with("uri", uri)
            .with("user_agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)")
            .with("status_code", 200)
            .with("response_body_len", bytes)
            .end(at)
    }

    /// A mail is handed over.
    pub(crate) fn smtp(&mut self, at: Moment, wire: &Wire<'_>, from: &str, to: &str, subject: &str) -> Event {
        wire.line(at, "smtp")
            .with("trans_depth", 1)
            .with("helo", "mail")
            .with("mailfrom", from)
            .with("rcptto", to)
            .with("subject", subject)
            .with("last_reply", "250 2.0.0 Ok")
            .end(at)
    }

    /// A remote desktop begins.
    pub(crate) fn rdp(&mut self, at: Moment, wire: &Wire<'_>, account: &str) -> Event {
        wire.line(at, "rdp")
            .with("cookie", account)
            .with("result", "encrypted")
            .with("security_protocol", "HYBRID")
            .with("cert_count", 0)
            .end(at)
    }

    /// A secure shell lets somebody in.
    pub(crate) fn ssh(&mut self, at: Moment, wire: &Wire<'_>) -> Event {
        wire.line(at, "ssh")
            .with("version", 2)
            .with("auth_success", true)
            .with("auth_attempts", 1)
            .with("client", "SSH-2.0-OpenSSH_for_Windows_9.5")
            .with("server", "SSH-2.0-OpenSSH_for_Windows_9.5")
            .end(at)
    }

    /// A file on a share.
    pub(crate) fn smb_file(&mut self, at: Moment, wire: &Wire<'_>, action: &str, share: &str, name: &str) -> Event {
        let size = self.chance.between(4_000, 900_000);
        wire.line(at, "smb_files")
            .with("action", action)
            .with("path", format!(r"\\{}\{share}", wire.to))
            .with("name", name)
            .with("size", size)
            .end(at)
    }

    /// A call over RPC.
    pub(crate) fn rpc(&mut self, at: Moment, wire: &Wire<'_>, endpoint: &str, operation: &str) -> Event {
        wire.line(at, "dce_rpc")
            .with("rtt", Number("0.0007".to_owned()))
            .with("named_pipe", format!(r"\pipe\{endpoint}"))
            .with("endpoint", endpoint)
            .with("operation", operation)
            .end(at)
    }

    /// A file over TFTP.
    pub(crate) fn tftp(&mut self, at: Moment, wire: &Wire<'_>, name: &str) -> Event {
        let blocks = self.chance.between(900, 1_800);
        wire.line(at, "tftp")
            .with("wrq", true)
            .with("fname", name)
            .with("mode", "octet")
            .with("size", blocks * 512)
            .with("block_sent", blocks)
            .with("block_acked", blocks)
            .end(at)
    }
}
