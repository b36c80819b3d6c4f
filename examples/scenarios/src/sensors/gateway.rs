//! The way in from outside: VPN gateway, RADIUS on the wire, network policy server.
//!
//! ```text
//! account at 198.51.100.77 ──▶ VPN01 ──RADIUS──▶ NPS01 ──▶ let in (6272) with 10.10.80.21, or not (6273)
//! ```

use super::Pen;
use crate::clock::{MILLI, Moment};
use crate::line::{Event, Line};
use crate::plant::places::{NPS01, VPN01};

impl Pen {
    /// Somebody is let in and gets an address.
    pub(crate) fn vpn_in(&mut self, at: Moment, account: &str, from: &str, given: &str) -> [Event; 3] {
        let later = at.plus(80 * MILLI);
        let message = format!("{account}/{from}:1194 MULTI_sva: pool returned IPv4={given}, IPv6=(Not enabled)");
        [
            self.radius(at, account, "success"),
            self.policy_server(later, account, from, 6272),
            self.openvpn(later, message),
        ]
    }

    /// Somebody is not let in.
    pub(crate) fn vpn_refused(&mut self, at: Moment, account: &str, from: &str) -> [Event; 2] {
        [self.radius(at, account, "failed"), self.policy_server(at.plus(80 * MILLI), account, from, 6273)]
    }

    /// Somebody leaves.
    pub(crate) fn vpn_out(&mut self, at: Moment, account: &str, from: &str) -> Event {
        self.openvpn(at, format!("{account}/{from}:1194 SIGTERM[soft,remote-exit] received, client-instance exiting"))
    }

    fn radius(&mut self, at: Moment, account: &str, result: &str) -> Event {
        let wire = self.wire(VPN01.ip, NPS01.ip, 1812);
        wire.line(at, "radius").with("username", account).with("connect_info", "IPSec").with("result", result).end(at)
    }

    fn policy_server(&self, at: Moment, account: &str, from: &str, id: i64) -> Event {
        let line = Line::new()
            .with("Provider_Name", "Microsoft-Windows-Security-Auditing")
            .with("EventID", id)
            .with("Channel", "Security")
            .with("Computer", self.plant.full_name(&NPS01))
            .with("TimeCreated_SystemTime", at.windows())
            .with("SubjectUserName", account)
            .with("SubjectDomainName", self.plant.domain)
            .with("CallingStationID", from)
            .with("NASIPv4Address", VPN01.ip)
            .with("NASPortType", "Virtual");
        if id == 6273 { line.with("ReasonCode", "16").end(at) } else { line.end(at) }
    }

    fn openvpn(&self, at: Moment, message: String) -> Event {
        Line::new()
            .with("@timestamp", at.windows())
            .with("host.name", self.plant.full_name(&VPN01))
            .with("process.name", "openvpn")
            .with("message", message)
            .end(at)
    }
}
