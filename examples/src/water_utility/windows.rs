//! What Windows hosts write: Sysmon, Security and System events as flat records.
//!
//! ```text
//! process(at, EWS01, "tlindqvist", STEP7, ...)   Sysmon host ──▶ Sysmon 1      Image, ParentImage, ...
//! process(at, HMI01, "operator", ...)            audit host  ──▶ Security 4688 NewProcessName, ParentProcessName, ...
//! ```
//!
//! Only the fields that rules and people read are written, under their own names. Message texts are not.

use super::chance::hash;
use super::clock::Moment;
use super::plant::{Host, Sensor};
use super::programs::resource;
use super::record::Record;
use super::tape::{Log, Stage};
use super::zeek::Wire;

const SYSMON: &str = "Microsoft-Windows-Sysmon";
const SYSMON_CHANNEL: &str = "Microsoft-Windows-Sysmon/Operational";
const AUDITING: &str = "Microsoft-Windows-Security-Auditing";
const SECURITY: &str = "Security";
const DOMAIN: &str = "WATER";
const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";

/// The account under which services run.
pub(crate) const SYSTEM: &str = "SYSTEM";

/// A running process, as much of it as later events need.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pid: i64,
    guid: String,
    image: String,
    command: String,
    account: String,
}

impl Process {
    /// A process that was there before the story began, such as the desktop or the service manager.
    pub(crate) fn standing(host: Host, account: &str, image: &str) -> Process {
        let bits = hash(&format!("{}{account}{image}", host.name));
        Process {
            pid: pid(bits),
            guid: guid(host, bits),
            image: image.to_owned(),
            command: image.to_owned(),
            account: account.to_owned(),
        }
    }
}

/// A new program: its path and its command line.
#[derive(Clone, Copy)]
pub(crate) struct Launch<'a> {
    /// The account it runs under.
    pub(crate) account: &'a str,
    /// Full path.
    pub(crate) image: &'a str,
    /// As it was typed.
    pub(crate) command: &'a str,
}

fn event(at: Moment, host: Host, provider: &str, channel: &str, id: i64) -> Record {
    Record::default()
        .with("Provider_Name", provider)
        .with("EventID", id)
        .with("Level", if provider == AUDITING { 0 } else { 4 })
        .with("Channel", channel)
        .with("Computer", host.full_name())
        .with("TimeCreated_SystemTime", at.windows())
}

fn sysmon(at: Moment, host: Host, id: i64) -> Record {
    event(at, host, SYSMON, SYSMON_CHANNEL, id).with("RuleName", "-").with("UtcTime", at.sysmon())
}

/// A Security event.
pub(crate) fn security(at: Moment, host: Host, id: i64) -> Record {
    event(at, host, AUDITING, SECURITY, id)
}

/// A System event of the service control manager.
pub(crate) fn service_control(at: Moment, host: Host, id: i64) -> Record {
    event(at, host, "Service Control Manager", "System", id)
}

/// The event that a log was cleared: 1102 in Security, 104 in System.
pub(crate) fn log_cleared(at: Moment, host: Host, channel: &str, id: i64, account: &str) -> Record {
    event(at, host, "Microsoft-Windows-Eventlog", channel, id)
        .with("SubjectUserSid", sid(account))
        .with("SubjectUserName", account)
        .with("SubjectDomainName", DOMAIN)
        .with("SubjectLogonId", logon_id(host, account))
}

/// The four values by which Security events name who acts.
pub(crate) fn subject(record: Record, host: Host, account: &str) -> Record {
    record
        .with("SubjectUserSid", sid(account))
        .with("SubjectUserName", account)
        .with("SubjectDomainName", DOMAIN)
        .with("SubjectLogonId", logon_id(host, account))
}

impl Stage<'_> {
    /// A program starts; the answer is the new process.
    pub(crate) fn process(&mut self, at: Moment, host: Host, parent: &Process, launch: Launch<'_>) -> Process {
        let bits = self.chance.bits();
        let child = Process {
            pid: pid(bits),
            guid: guid(host, bits),
            image: launch.image.to_owned(),
            command: launch.command.to_owned(),
            account: launch.account.to_owned(),
        };
        let record = match host.sensor {
            Sensor::Sysmon => process_sysmon(at, host, parent, &child),
            Sensor::Audit => process_audit(at, host, parent, &child),
        };
        self.put(at, Log::Windows, record);
        child
    }

    /// A program ends.
    pub(crate) fn process_end(&mut self, at: Moment, host: Host, process: &Process) {
        let record = match host.sensor {
            Sensor::Sysmon => acting(sysmon(at, host, 5), process),
            Sensor::Audit => subject(security(at, host, 4689), host, &process.account)
                .with("ProcessId", format!("0x{:x}", process.pid))
                .with("ProcessName", process.image.as_str())
                .with("Status", "0x0"),
        };
        self.put(at, Log::Windows, record);
    }

    /// A program opens a connection (Sysmon 3).
    pub(crate) fn connects(&mut self, at: Moment, host: Host, process: &Process, wire: &Wire, to: &str, port: i64) {
        let record = acting(sysmon(at, host, 3), process)
            .with("Protocol", "tcp")
            .with("Initiated", "true")
            .with("SourceIsIpv6", "false")
            .with("SourceIp", host.address)
            .with("SourceHostname", host.full_name())
            .with("SourcePort", wire.near_port())
            .with("DestinationIsIpv6", "false")
            .with("DestinationIp", to)
            .with("DestinationHostname", "-")
            .with("DestinationPort", port);
        self.put(at, Log::Windows, record);
    }

    /// A program asks for a name (Sysmon 22).
    pub(crate) fn asks_name(&mut self, at: Moment, host: Host, process: &Process, name: &str, answer: &str) {
        let record = acting(sysmon(at, host, 22), process)
            .with("QueryName", name)
            .with("QueryStatus", "0")
            .with("QueryResults", format!("::ffff:{answer};"));
        self.put(at, Log::Windows, record);
    }

    /// A program creates a file (Sysmon 11).
    pub(crate) fn creates_file(&mut self, at: Moment, host: Host, process: &Process, target: &str) {
        let record =
            acting(sysmon(at, host, 11), process).with("TargetFilename", target).with("CreationUtcTime", at.sysmon());
        self.put(at, Log::Windows, record);
    }

    /// A program sets a registry value (Sysmon 13).
    pub(crate) fn sets_value(&mut self, at: Moment, host: Host, process: &Process, key: &str, details: &str) {
        let record = acting(sysmon(at, host, 13), process)
            .with("EventType", "SetValue")
            .with("TargetObject", key)
            .with("Details", details);
        self.put(at, Log::Windows, record);
    }

    /// A program opens another one (Sysmon 10).
    pub(crate) fn opens_process(&mut self, at: Moment, host: Host, source: &Process, target: &Process, access: &str) {
        let record = sysmon(at, host, 10)
            .with("SourceProcessGUID", source.guid.as_str())
            .with("SourceProcessId", source.pid)
            .with("SourceThreadId", self.chance.between(1_000, 9_000))
            .with("SourceImage", source.image.as_str())
            .with("TargetProcessGUID", target.guid.as_str())
            .with("TargetProcessId", target.pid)
            .with("TargetImage", target.image.as_str())
            .with("GrantedAccess", access)
            .with("CallTrace", r"C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+2c13e")
            .with("SourceUser", full_account(&source.account))
            .with("TargetUser", full_account(&target.account));
        self.put(at, Log::Windows, record);
    }

    /// Somebody logs on (4624). Types: 2 at the keyboard, 3 over the network, 10 by remote desktop.
    pub(crate) fn logon(&mut self, at: Moment, host: Host, account: &str, kind: i64, from: &str) {
        let (process, package) = match kind {
            3 => ("Kerberos", "Kerberos"),
            _ => ("User32", "Negotiate"),
        };
        let record = security(at, host, 4624)
            .with("TargetUserSid", sid(account))
            .with("TargetUserName", account)
            .with("TargetDomainName", DOMAIN)
            .with("TargetLogonId", logon_id(host, account))
            .with("LogonType", kind)
            .with("LogonProcessName", process)
            .with("AuthenticationPackageName", package)
            .with("WorkstationName", if kind == 3 { "-" } else { host.name })
            .with("IpAddress", from)
            .with("IpPort", self.chance.between(49_152, 65_000));
        self.put(at, Log::Windows, record);
    }

    /// Somebody logs off (4634).
    pub(crate) fn logoff(&mut self, at: Moment, host: Host, account: &str, kind: i64) {
        let record = security(at, host, 4634)
            .with("TargetUserSid", sid(account))
            .with("TargetUserName", account)
            .with("TargetDomainName", DOMAIN)
            .with("TargetLogonId", logon_id(host, account))
            .with("LogonType", kind);
        self.put(at, Log::Windows, record);
    }

    /// A service is installed (7045).
    pub(crate) fn installs_service(&mut self, at: Moment, host: Host, name: &str, path: &str, start: &str) {
        let record = service_control(at, host, 7045)
            .with("ServiceName", name)
            .with("ImagePath", path)
            .with("ServiceType", "user mode service")
            .with("StartType", start)
            .with("AccountName", "LocalSystem");
        self.put(at, Log::Windows, record);
    }

    /// A service starts or stops (7036).
    pub(crate) fn service_state(&mut self, at: Moment, host: Host, name: &str, state: &str) {
        let record = service_control(at, host, 7036).with("param1", name).with("param2", state);
        self.put(at, Log::Windows, record);
    }

    /// A file on a share is opened (5145).
    pub(crate) fn opens_share(&mut self, at: Moment, host: Host, account: &str, from: &str, share: &str, file: &str) {
        let record = subject(security(at, host, 5145), host, account)
            .with("ObjectType", "File")
            .with("IpAddress", from)
            .with("IpPort", self.chance.between(49_152, 65_000))
            .with("ShareName", format!(r"\\*\{share}"))
            .with("RelativeTargetName", file)
            .with("AccessMask", "0x120089");
        self.put(at, Log::Windows, record);
    }
}

fn acting(record: Record, process: &Process) -> Record {
    record
        .with("ProcessGuid", process.guid.as_str())
        .with("ProcessId", process.pid)
        .with("Image", process.image.as_str())
        .with("User", full_account(&process.account))
}

fn process_sysmon(at: Moment, host: Host, parent: &Process, child: &Process) -> Record {
    let about = resource(&child.image);
    sysmon(at, host, 1)
        .with("ProcessGuid", child.guid.as_str())
        .with("ProcessId", child.pid)
        .with("Image", child.image.as_str())
        .with("FileVersion", about.version)
        .with("Description", about.description)
        .with("Product", about.product)
        .with("Company", about.company)
        .with("OriginalFileName", about.original)
        .with("CommandLine", child.command.as_str())
        .with("CurrentDirectory", r"C:\Windows\system32\")
        .with("User", full_account(&child.account))
        .with("LogonId", logon_id(host, &child.account))
        .with("TerminalSessionId", i64::from(child.account != SYSTEM))
        .with("IntegrityLevel", if child.account == SYSTEM { "System" } else { "Medium" })
        .with("Hashes", hashes(&child.image))
        .with("ParentProcessGuid", parent.guid.as_str())
        .with("ParentProcessId", parent.pid)
        .with("ParentImage", parent.image.as_str())
        .with("ParentCommandLine", parent.command.as_str())
        .with("ParentUser", full_account(&parent.account))
}

fn process_audit(at: Moment, host: Host, parent: &Process, child: &Process) -> Record {
    subject(security(at, host, 4688), host, &child.account)
        .with("NewProcessId", format!("0x{:x}", child.pid))
        .with("NewProcessName", child.image.as_str())
        .with("TokenElevationType", "%%1936")
        .with("ProcessId", format!("0x{:x}", parent.pid))
        .with("CommandLine", child.command.as_str())
        .with("TargetUserSid", "S-1-0-0")
        .with("TargetUserName", "-")
        .with("ParentProcessName", parent.image.as_str())
        .with("MandatoryLabel", "S-1-16-8192")
}

fn pid(bits: u64) -> i64 {
    // Process ids are multiples of four.
    i64::try_from(bits % 6_000).unwrap_or(0) * 4 + 600
}

fn guid(host: Host, bits: u64) -> String {
    let machine = hash(host.name);
    format!(
        "{{{:08x}-{:04x}-{:04x}-0000-{:012x}}}",
        machine >> 32,
        bits >> 48,
        (bits >> 32) & 0xffff,
        bits & 0xffff_ffff
    )
}

/// An account with its domain. Machine accounts end with `$`.
pub(crate) fn full_account(account: &str) -> String {
    if account == SYSTEM { r"NT AUTHORITY\SYSTEM".to_owned() } else { format!(r"{DOMAIN}\{account}") }
}

/// The security identifier of an account of the domain.
pub(crate) fn sid(account: &str) -> String {
    if account == SYSTEM { "S-1-5-18".to_owned() } else { format!("{DOMAIN_SID}-{}", 1_100 + hash(account) % 800) }
}

fn logon_id(host: Host, account: &str) -> String {
    if account == SYSTEM {
        return "0x3e7".to_owned();
    }
    format!("0x{:x}", hash(&format!("{}/{account}", host.name)) & 0xff_ffff | 0x1_0000)
}

/// Invented hashes, always the same for one path.
fn hashes(image: &str) -> String {
    let word = |salt: &str| hash(&format!("{salt}{image}"));
    let (a, b, c, d, e) = (word("a"), word("b"), word("c"), word("d"), word("e"));
    format!("SHA256={a:016X}{b:016X}{c:016X}{d:016X},IMPHASH={e:016X}{:016X}", a ^ e)
}
