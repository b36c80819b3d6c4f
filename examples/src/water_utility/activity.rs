//! Things that leave traces in several logs at once.
//!
//! ```text
//! visit a site     Sysmon 22 + dns.log + conn.log (53) + Sysmon 3 + conn.log (443)
//! remote desktop   conn.log (3389) + rdp + 4624 type 10 + 4634 at the end
//! open a document  conn.log (445) + smb_files + 4624 type 3 + 5145
//! ```
//!
//! Both ordinary work and the intrusion are made of these, so that the intrusion's traces look like everybody's.

use super::clock::{MILLI, Moment, SECOND};
use super::plant::{DC01, FS01, Host};
use super::tape::{Log, Stage};
use super::windows::{Process, security, subject};
use super::zeek::{Flow, Wire, lasting};

/// A place on the network: address, port, and Zeek's name for what is spoken there.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Its address.
    pub(crate) address: &'a str,
    /// Its port.
    pub(crate) port: i64,
    /// What Zeek calls the protocol.
    pub(crate) service: &'static str,
}

impl Stage<'_> {
    /// A program asks for a name and connects to what it is told.
    pub(crate) fn visit(&mut self, at: Moment, host: Host, process: &Process, site: (&str, &str), received: i64) {
        let (name, address) = site;
        self.asks_name(at, host, process, name, address);
        self.dns(at.plus(400), host.address, DC01.address, name, address);
        let sent = self.chance.between(900, 9_000);
        let flow = Flow { service: "ssl", micros: lasting(&mut self.chance, 300, 90_000), sent, received };
        let place = Place { address, port: 443, service: "ssl" };
        self.reach(at.plus(40 * MILLI), host, process, place, flow);
    }

    /// A program connects to an address it knows.
    pub(crate) fn reach(&mut self, at: Moment, host: Host, process: &Process, place: Place<'_>, flow: Flow) -> Wire {
        let wire = Wire::new(&mut self.chance, host.address, place.address, place.port);
        self.connects(at, host, process, &wire, place.address, place.port);
        self.conn(at, &wire, Flow { service: place.service, ..flow });
        wire
    }

    /// A document on the file server is opened.
    pub(crate) fn open_document(&mut self, at: Moment, host: Host, account: &str, share: &str, file: &str) {
        let wire = Wire::new(&mut self.chance, host.address, FS01.address, 445);
        let bytes = self.chance.between(12_000, 900_000);
        let micros = lasting(&mut self.chance, 2_000, 60_000);
        self.conn(at, &wire, Flow { service: "gssapi,smb", micros, sent: bytes / 90 + 4_000, received: bytes });
        let path = format!(r"\\FS01\{share}");
        self.share_file(at.plus(30 * MILLI), &wire, "FILE_OPEN", &path, file, bytes);
        self.logon(at.plus(8 * MILLI), FS01, account, 3, host.address);
        self.opens_share(at.plus(31 * MILLI), FS01, account, host.address, share, file);
        self.logoff(at.plus(micros), FS01, account, 3);
    }

    /// A remote desktop session; the answer is the moment of its logon.
    pub(crate) fn remote_desktop(
        &mut self,
        at: Moment,
        from: (&str, &str),
        to: Host,
        account: &str,
        micros: i64,
    ) -> Moment {
        let (address, client) = from;
        let wire = Wire::new(&mut self.chance, address, to.address, 3389);
        let (sent, received) = (micros / 900, micros / 110);
        self.conn(at, &wire, Flow { service: "rdp", micros, sent, received });
        self.rdp(at.plus(120 * MILLI), &wire, account, client);
        let logon = at.plus(2_400 * MILLI);
        self.logon(logon, to, account, 10, address);
        let privileges = subject(security(logon.plus(2 * MILLI), to, 4672), to, account)
            .with("PrivilegeList", "SeSecurityPrivilege SeBackupPrivilege SeDebugPrivilege");
        if account.starts_with("adm-") {
            self.put(logon.plus(2 * MILLI), Log::Windows, privileges);
        }
        self.logoff(at.plus(micros), to, account, 10);
        logon
    }

    /// A ticket is asked for at the domain controller (4768 and 4769).
    pub(crate) fn ticket(&mut self, at: Moment, account: &str, from: &str, service: &str) {
        let wire = Wire::new(&mut self.chance, from, DC01.address, 88);
        let micros = lasting(&mut self.chance, 2, 30);
        self.conn(at, &wire, Flow { service: "krb_tcp", micros, sent: 1_480, received: 1_560 });
        let first = self.chance.often(20);
        let record = security(at, DC01, if first { 4768 } else { 4769 })
            .with("TargetUserName", account)
            .with("TargetDomainName", "WATER.EXAMPLE.NET")
            .with("ServiceName", if first { "krbtgt" } else { service })
            .with("TicketOptions", "0x40810010")
            .with("TicketEncryptionType", "0x12")
            .with("IpAddress", format!("::ffff:{from}"))
            .with("IpPort", wire.near_port())
            .with("Status", "0x0");
        self.put(at, Log::Windows, record);
    }

    /// A wrong password (4625), then the right one a few seconds later.
    pub(crate) fn typing_error(&mut self, at: Moment, host: Host, account: &str) {
        let record = security(at, host, 4625)
            .with("TargetUserName", account)
            .with("TargetDomainName", "WATER")
            .with("Status", "0xc000006d")
            .with("SubStatus", "0xc000006a")
            .with("LogonType", 2)
            .with("WorkstationName", host.name)
            .with("IpAddress", "127.0.0.1");
        self.put(at, Log::Windows, record);
        let pause = self.chance.between(4, 15) * SECOND;
        self.logon(at.plus(pause), host, account, 2, "127.0.0.1");
    }
}
