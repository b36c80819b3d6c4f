//! What all sensors write of one remote session, and of a program that is started on another host.
//!
//! ```text
//! desktop(at, from, EWS01, account, 30 min) ──▶ conn, rdp (Zeek), 4624 and 4634 of type 10 (EWS01)
//! pushed(at, from, HMI01, account, service)  ──▶ conn, smb_files, dce_rpc (Zeek), 4624 of type 3, 7045 (HMI01)
//! ```

use super::Pen;
use crate::clock::{MINUTE, Moment, SECOND};
use crate::line::Event;
use crate::plant::Asset;

/// A remote session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The connection, as `conn.log` tells of it.
    pub(crate) conn: Event,
    /// What the protocol's own log tells.
    pub(crate) begins: Event,
    /// The logon on the host to which it leads.
    pub(crate) logon: Event,
    /// The logoff there.
    pub(crate) logoff: Event,
}

/// A program that is copied to another host and started there as a service.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) conn: Event,
    pub(crate) logon: Event,
    /// The file on `ADMIN$`.
    pub(crate) file: Event,
    /// The service is created over RPC.
    pub(crate) rpc: Event,
    /// The service is installed.
    pub(crate) service: Event,
}

impl Pen {
    /// A remote desktop of so many minutes.
    pub(crate) fn desktop(&mut self, at: Moment, from: &str, to: &Asset, account: &str, minutes: i64) -> Session {
        let wire = self.wire(from, to.ip, 3389);
        Session {
            conn: self.conn(at, &wire, "rdp", minutes * 60),
            begins: self.rdp(at.plus(SECOND / 5), &wire, account),
            logon: self.logon(at.plus(3 * SECOND), to, account, 10, from),
            logoff: self.logoff(at.plus(minutes * MINUTE), to, account, 10),
        }
    }

    /// A secure shell of so many minutes on a host with Windows.
    pub(crate) fn shell(&mut self, at: Moment, from: &str, to: &Asset, account: &str, minutes: i64) -> Session {
        let wire = self.wire(from, to.ip, 22);
        Session {
            conn: self.conn(at, &wire, "ssh", minutes * 60),
            begins: self.ssh(at.plus(SECOND / 5), &wire),
            logon: self.logon(at.plus(2 * SECOND), to, account, 3, from),
            logoff: self.logoff(at.plus(minutes * MINUTE), to, account, 3),
        }
    }

    /// A program is copied to `ADMIN$` and started as a service.
    pub(crate) fn pushed(&mut self, at: Moment, from: &str, to: &Asset, account: &str, service: &str) -> Pushed {
        let wire = self.wire(from, to.ip, 445);
        let program = format!("{service}.exe");
        Pushed {
            conn: self.conn(at, &wire, "gssapi,smb,dce_rpc", 40),
            logon: self.logon(at.plus(SECOND), to, account, 3, from),
            file: self.smb_file(at.plus(2 * SECOND), &wire, "SMB::FILE_OPEN", "ADMIN$", &program),
            rpc: self.rpc(at.plus(3 * SECOND), &wire, "svcctl", "CreateServiceW"),
            service: self.installs(at.plus(3 * SECOND), to, service, &format!(r"%SystemRoot%\{program}")),
        }
    }
}
