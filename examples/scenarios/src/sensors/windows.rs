//! Windows hosts: Security, System and Sysmon as flat records.
//!
//! ```text
//! process(at, EWS01, Launch { account, parent, image, command }) ──▶ {"EventID":1,"Image":...,"ParentImage":...}
//! ```
//!
//! Message texts are not written.

use super::{Pen, Wire};
use crate::chance::hash;
use crate::clock::Moment;
use crate::line::{Event, Line};
use crate::plant::Asset;

const SYSMON: &str = "Microsoft-Windows-Sysmon";
const SYSMON_CHANNEL: &str = "Microsoft-Windows-Sysmon/Operational";
const AUDITING: &str = "Microsoft-Windows-Security-Auditing";

/// The account under which services run.
pub(crate) const SYSTEM: &str = "SYSTEM";

/// A program that starts.
#[derive(Clone, Copy)]
pub(crate) struct Launch<'a> {
    /// The account it runs under.
    pub(crate) account: &'a str,
    /// Full path of the program that starts it.
    pub(crate) parent: &'a str,
    /// Full path.
    pub(crate) image: &'a str,
    /// As it was typed.
    pub(crate) command: &'a str,
}

impl Pen {
    fn windows(&self, at: Moment, host: &Asset, provider: &str, channel: &str, id: i64) -> Line {
        Line::new()
            .with("Provider_Name", provider)
            .with("EventID", id)
            .with("Channel", channel)
            .with("Computer", self.plant.full_name(host))
            .with("TimeCreated_SystemTime", at.windows())
    }

    fn sysmon(&self, at: Moment, host: &Asset, id: i64) -> Line {
        self.windows(at, host, SYSMON, SYSMON_CHANNEL, id).with("UtcTime", at.sysmon())
    }

    fn security(&self, at: Moment, host: &Asset, id: i64) -> Line {
        self.windows(at, host, AUDITING, "Security", id)
    }

    /// An account with its domain.
    fn full_account(&self, account: &str) -> String {
        if account == SYSTEM { r"NT AUTHORITY\SYSTEM".to_owned() } else { format!(r"{}\{account}", self.plant.domain) }
    }

    fn subject(&self, line: Line, host: &Asset, account: &str) -> Line {
        line.with("SubjectUserSid", self.plant.sid(account))
            .with("SubjectUserName", account)
            .with("SubjectDomainName", self.plant.domain)
            .with("SubjectLogonId", logon_id(host, account))
    }

    /// A program starts (Sysmon 1).
    pub(crate) fn process(&mut self, at: Moment, host: &Asset, launch: Launch<'_>) -> Event {
        let id = self.chance.between(250, 6_000) * 4;
        self.sysmon(at, host, 1)
            .with("ProcessGuid", guid(host, launch.image, id))
            .with("ProcessId", id)
            .with("Image", launch.image)
            .with("CommandLine", launch.command)
            .with("User", self.full_account(launch.account))
            .with("LogonId", logon_id(host, launch.account))
            .with("Hashes", hashes(launch.image))
            .with("ParentProcessGuid", guid(host, launch.parent, 4))
            .with("ParentImage", launch.parent)
            .with("ParentCommandLine", launch.parent)
            .end(at)
    }

    /// A program opens a connection (Sysmon 3).
    pub(crate) fn connects(&mut self, at: Moment, host: &Asset, launch: Launch<'_>, to: &str, port: i64) -> Event {
        let near = self.chance.port();
        self.sysmon(at, host, 3)
            .with("Image", launch.image)
            .with("User", self.full_account(launch.account))
            .with("Protocol", "tcp")
            .with("Initiated", "true")
            .with("SourceIp", host.ip)
            .with("SourceHostname", self.plant.full_name(host))
            .with("SourcePort", near)
            .with("DestinationIp", to)
            .with("DestinationPort", port)
            .end(at)
    }

    /// A program asks for a name (Sysmon 22).
    pub(crate) fn asks(&mut self, at: Moment, host: &Asset, launch: Launch<'_>, name: &str, answer: &str) -> Event {
        self.sysmon(at, host, 22)
            .with("Image", launch.image)
            .with("User", self.full_account(launch.account))
            .with("QueryName", name)
            .with("QueryStatus", "0")
            .with("QueryResults", format!("::ffff:{answer};"))
            .end(at)
    }

    /// A program creates a file (Sysmon 11).
    pub(crate) fn creates(&mut self, at: Moment, host: &Asset, launch: Launch<'_>, target: &str) -> Event {
        self.sysmon(at, host, 11)
            .with("Image", launch.image)
            .with("TargetFilename", target)
            .with("User", self.full_account(launch.account))
            .end(at)
    }

    /// A program sets a registry value (Sysmon 13).
    pub(crate) fn sets(&mut self, at: Moment, host: &Asset, launch: Launch<'_>, key: &str, details: &str) -> Event {
        self.sysmon(at, host, 13)
            .with("EventType", "SetValue")
            .with("Image", launch.image)
            .with("TargetObject", key)
            .with("Details", details)
            .with("User", self.full_account(launch.account))
            .end(at)
    }

    /// A program opens the memory of LSASS (Sysmon 10).
    pub(crate) fn reads_lsass(&mut self, at: Moment, host: &Asset, launch: Launch<'_>) -> Event {
        self.sysmon(at, host, 10)
            .with("SourceImage", launch.image)
            .with("TargetImage", r"C:\Windows\System32\lsass.exe")
            .with("GrantedAccess", "0x1fffff")
            .with("SourceUser", self.full_account(launch.account))
            .with("TargetUser", r"NT AUTHORITY\SYSTEM")
            .end(at)
    }

    /// Somebody logs on (4624). Types: 2 at the keyboard, 3 over the network, 10 by remote desktop.
    pub(crate) fn logon(&mut self, at: Moment, host: &Asset, account: &str, kind: i64, from: &str) -> Event {
        let (process, package) = if kind == 3 { ("Kerberos", "Kerberos") } else { ("User32", "Negotiate") };
        let port = self.chance.port().to_string();
        let line = self
            .security(at, host, 4624)
            .with("TargetUserSid", self.plant.sid(account))
            .with("TargetUserName", account)
            .with("TargetDomainName", self.plant.domain)
            .with("TargetLogonId", logon_id(host, account))
            .with("LogonType", kind)
            .with("LogonProcessName", process)
            .with("AuthenticationPackageName", package)
            .with("WorkstationName", if kind == 3 { "-" } else { host.name });
        let (from, port) = if kind == 2 { ("127.0.0.1", "0") } else { (from, port.as_str()) };
        line.with("IpAddress", from).with("IpPort", port).end(at)
    }

    /// Somebody logs off (4634).
    pub(crate) fn logoff(&mut self, at: Moment, host: &Asset, account: &str, kind: i64) -> Event {
        self.security(at, host, 4634)
            .with("TargetUserSid", self.plant.sid(account))
            .with("TargetUserName", account)
            .with("TargetDomainName", self.plant.domain)
            .with("TargetLogonId", logon_id(host, account))
            .with("LogonType", kind)
            .end(at)
    }

    /// A domain controller gives out a ticket: 4768 for a logon, 4769 for a service.
    pub(crate) fn ticket(&mut self, at: Moment, dc: &Asset, account: &str, from: &str, service: &str) -> Event {
        let id = if service == "krbtgt" { 4768 } else { 4769 };
        self.security(at, dc, id)
            .with("TargetUserName", account)
            .with("TargetDomainName", self.plant.domain)
            .with("ServiceName", service)
            .with("TicketEncryptionType", "0x12")
            .with("IpAddress", format!("::ffff:{from}"))
            .with("Status", "0x0")
            .end(at)
    }

    /// A service is installed (7045).
    pub(crate) fn installs(&mut self, at: Moment, host: &Asset, name: &str, path: &str) -> Event {
        self.windows(at, host, "Service Control Manager", "System", 7045)
            .with("ServiceName", name)
            .with("ImagePath", path)
            .with("ServiceType", "user mode service")
            .with("StartType", "demand start")
            .with("AccountName", "LocalSystem")
            .end(at)
    }

    /// A service starts or stops (7036).
    pub(crate) fn service(&mut self, at: Moment, host: &Asset, name: &str, state: &str) -> Event {
        self.windows(at, host, "Service Control Manager", "System", 7036)
            .with("param1", name)
            .with("param2", state)
            .end(at)
    }

    /// A task is registered (4698).
    pub(crate) fn registers(&mut self, at: Moment, host: &Asset, account: &str, name: &str, command: &str) -> Event {
        let content = format!(
            "<?xml version=\"1.0\"?><Task><Actions Context=\"Author\"><Exec><Command>{command}</Command></Exec></Actions></Task>"
        );
        let line = self.security(at, host, 4698);
        self.subject(line, host, account).with("TaskName", name).with("TaskContent", content).end(at)
    }

    /// A log is cleared: 1102 in Security, 104 in System.
    pub(crate) fn clears(&mut self, at: Moment, host: &Asset, account: &str, channel: &str) -> Event {
        let id = if channel == "Security" { 1102 } else { 104 };
        let line = self.windows(at, host, "Microsoft-Windows-Eventlog", channel, id);
        self.subject(line, host, account).end(at)
    }

    /// What a host and the network see of a file that is opened on a share.
    pub(crate) fn opens_share(
        &mut self,
        at: Moment,
        account: &str,
        wire: &Wire<'_>,
        host: &Asset,
        file: &str,
    ) -> Event {
        let line = self.security(at, host, 5145);
        self.subject(line, host, account)
            .with("ObjectType", "File")
            .with("IpAddress", wire.from)
            .with("IpPort", wire.near.to_string())
            .with("ShareName", r"\\*\data")
            .with("RelativeTargetName", file)
            .with("AccessMask", "0x120089")
            .end(at)
    }
}

fn guid(host: &Asset, image: &str, id: i64) -> String {
    let (machine, bits) = (hash(host.name), hash(image));
    format!("{{{:08x}-{:04x}-{:04x}-0000-{id:012x}}}", machine >> 32, bits >> 48, (bits >> 32) & 0xffff)
}

fn logon_id(host: &Asset, account: &str) -> String {
    if account == SYSTEM {
        return "0x3e7".to_owned();
    }
    format!("0x{:x}", hash(&format!("{}/{account}", host.name)) & 0xff_ffff | 0x1_0000)
}

/// Invented, and always the same for one path.
fn hashes(image: &str) -> String {
    let word = |salt: &str| hash(&format!("{salt}{image}"));
    let (a, b, c, d) = (word("a"), word("b"), word("c"), word("d"));
    format!("SHA256={a:016X}{b:016X}{c:016X}{d:016X}")
}
