//! Servers, administrators and the software distribution: the ordinary work that looks most like an intrusion.
//!
//! ```text
//! every few minutes   service work and logons on hosts that run day and night
//! at night            backups: large copies, shadow copies listed, project folders mirrored
//! in the morning      an administrator on the jump host by remote desktop
//! once per desk       the software distribution writes a program to ADMIN$ and starts a service
//! ```
//!
//! The engineer's own visit is in `control.rs`.

use super::Span;
use super::clock::{MILLI, MINUTE, Moment, SECOND};
use super::plant::{
    ADM01, ADMIN, ALWAYS_ON, BACKUP, DC01, DESKS, EWS01, FS01, HIST01, Host, JUMP01, MAIL01, STORAGE, SWD01,
};
use super::programs::{CMD, DEFENDER, EXPLORER, LSASS, MSTSC, POWERSHELL, SERVICES, SVCHOST};
use super::tape::Stage;
use super::windows::{Launch, Process, SYSTEM};
use super::zeek::{Flow, Wire, lasting};

/// Mean pause between two things a server does.
const PAUSE: i64 = 75 * SECOND;

/// Scheduled work on servers: program and command line.
const CHORES: [(&str, &str); 7] = [
    (POWERSHELL, r"powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File D:\Scripts\disk-report.ps1"),
    (POWERSHELL, r"powershell.exe -WindowStyle Hidden -File D:\Scripts\rotate-logs.ps1"),
    (r"C:\Windows\System32\wevtutil.exe", "wevtutil qe System /c:50 /rd:true /f:text"),
    (r"C:\Windows\System32\certutil.exe", r"certutil -verify -urlfetch D:\Certificates\mail.cer"),
    (r"C:\Windows\System32\vssadmin.exe", "vssadmin list shadows"),
    (r"C:\Windows\System32\schtasks.exe", "schtasks /query /fo csv /v"),
    (r"C:\Windows\System32\wbem\WmiPrvSE.exe", "C:\\Windows\\System32\\wbem\\wmiprvse.exe -secured -Embedding"),
];

/// Plays all servers.
pub(crate) fn play(stage: &mut Stage<'_>, span: Span) {
    for host in ALWAYS_ON {
        server(stage, span, host);
    }
    mail_in(stage, span);
    backups(stage, span);
    administrator(stage, span);
    distribution(stage, span);
}

fn server(stage: &mut Stage<'_>, span: Span, host: Host) {
    let mut at = span.start.plus(stage.chance.pause(PAUSE));
    while at < span.end() {
        match stage.chance.between(1, 20) {
            1..=2 => chore(stage, at, host),
            3..=7 => {
                let defender = Process::standing(host, SYSTEM, DEFENDER);
                let target = Process::standing(host, SYSTEM, if stage.chance.often(30) { LSASS } else { SERVICES });
                stage.opens_process(at, host, &defender, &target, "0x1410");
            }
            8..=11 => {
                let machine = format!("{}$", host.name);
                stage.ticket(at, &machine, host.address, "cifs/FS01");
                stage.logon(at.plus(30 * MILLI), DC01, &machine, 3, host.address);
                stage.logoff(at.plus(2 * SECOND), DC01, &machine, 3);
            }
            12..=15 => {
                let service = Process::standing(host, SYSTEM, SVCHOST);
                let key = r"HKLM\System\CurrentControlSet\Services\W32Time\Config\LastKnownGoodTime";
                stage.sets_value(at, host, &service, key, "QWORD");
            }
            16..=17 => stage.dns(at, host.address, DC01.address, "dc01.water.example.net", DC01.address),
            _ => {
                let state = if stage.chance.often(50) { "running" } else { "stopped" };
                stage.service_state(at, host, "Windows Modules Installer", state);
            }
        }
        at = at.plus(stage.chance.pause(PAUSE));
    }
}

fn chore(stage: &mut Stage<'_>, at: Moment, host: Host) {
    let (image, command) = *stage.chance.pick(&CHORES, &CHORES[0]);
    let scheduler = Process::standing(host, SYSTEM, SVCHOST);
    let work = stage.process(at, host, &scheduler, Launch { account: SYSTEM, image, command });
    let end = at.plus(stage.chance.pause(15 * SECOND));
    stage.process_end(end, host, &work);
}

/// Mail that comes in from the world.
fn mail_in(stage: &mut Stage<'_>, span: Span) {
    let mut at = span.start.plus(stage.chance.pause(2 * MINUTE));
    while at < span.end() {
        let from = format!("198.51.100.{}", stage.chance.between(130, 190));
        let wire = Wire::new(&mut stage.chance, &from, MAIL01.address, 25);
        let (micros, sent) = (lasting(&mut stage.chance, 300, 6_000), stage.chance.pause(70_000));
        stage.conn(at, &wire, Flow { service: "smtp,ssl", micros, sent, received: 1_900 });
        at = at.plus(stage.chance.pause(110 * SECOND));
    }
}

/// The backups of the night; the last ones run while the early shift comes in.
fn backups(stage: &mut Stage<'_>, span: Span) {
    let mut at = span.start.plus(4 * MINUTE);
    while at < span.end() {
        if !(7..22).contains(&at.local_hour()) {
            let host = *stage.chance.pick(&[FS01, DC01, MAIL01, HIST01], &FS01);
            backup(stage, at, host);
            mirror_projects(stage, at.plus(3 * MINUTE));
        }
        at = at.plus(12 * MINUTE);
    }
}

fn backup(stage: &mut Stage<'_>, at: Moment, host: Host) {
    let scheduler = Process::standing(host, SYSTEM, SVCHOST);
    let job = Launch {
        account: BACKUP,
        image: r"C:\Windows\System32\wbadmin.exe",
        command: r"wbadmin start backup -backupTarget:\\10.10.10.40\nightly -include:D: -quiet",
    };
    let running = stage.process(at, host, &scheduler, job);
    let list = Launch { account: BACKUP, image: r"C:\Windows\System32\vssadmin.exe", command: "vssadmin list shadows" };
    stage.process(at.plus(5 * SECOND), host, &running, list);
    let wire = Wire::new(&mut stage.chance, host.address, STORAGE, 445);
    let bytes = stage.chance.between(2, 30) * 1_000_000_000;
    let micros = lasting(&mut stage.chance, 240_000, 660_000);
    stage.conn(at.plus(8 * SECOND), &wire, Flow { service: "gssapi,smb", micros, sent: bytes, received: bytes / 400 });
    stage.process_end(at.plus(9 * SECOND + micros), host, &running);
}

/// The engineering workstation mirrors its project folder to the file server. It copies, it does not pack.
fn mirror_projects(stage: &mut Stage<'_>, at: Moment) {
    let scheduler = Process::standing(EWS01, SYSTEM, SVCHOST);
    let job = Launch {
        account: BACKUP,
        image: r"C:\Windows\System32\robocopy.exe",
        command: r"robocopy D:\Projects \\FS01\Engineering\Projects /mir /r:1 /w:1",
    };
    let running = stage.process(at, EWS01, &scheduler, job);
    stage.open_document(at.plus(2 * SECOND), EWS01, BACKUP, "Engineering", r"Projects\Waterworks\Waterworks.s7p");
    stage.process_end(at.plus(50 * SECOND), EWS01, &running);
}

/// The administrator looks after the jump host, by the way that is meant for it.
fn administrator(stage: &mut Stage<'_>, span: Span) {
    let at = span.start.plus(span.minutes * MINUTE * 14 / 100);
    let desktop = Process::standing(ADM01, ADMIN, EXPLORER);
    stage.process(at, ADM01, &desktop, Launch { account: ADMIN, image: MSTSC, command: "mstsc.exe /v:JUMP01" });
    let at = at.plus(4 * SECOND);
    let logon = stage.remote_desktop(at, (ADM01.address, ADM01.name), JUMP01, ADMIN, 21 * MINUTE);
    let desktop = Process::standing(JUMP01, ADMIN, EXPLORER);
    let shell =
        stage.process(logon.plus(MINUTE), JUMP01, &desktop, Launch { account: ADMIN, image: CMD, command: "cmd.exe" });
    let looks = [
        (r"C:\Windows\System32\ipconfig.exe", "ipconfig /all"),
        (r"C:\Windows\System32\sc.exe", "sc query Sysmon64"),
        (r"C:\Windows\System32\wevtutil.exe", r"wevtutil epl Security D:\Archive\security-47.evtx"),
        (r"C:\Windows\System32\OpenSSH\ssh.exe", "ssh -p 22 -l netadmin 10.40.1.1"),
    ];
    for (minute, (image, command)) in (2..).step_by(3).zip(looks) {
        let tool =
            stage.process(logon.plus(minute * MINUTE), JUMP01, &shell, Launch { account: ADMIN, image, command });
        stage.process_end(logon.plus(minute * MINUTE + 40 * SECOND), JUMP01, &tool);
    }
}

/// The software distribution brings its agent to every desk.
fn distribution(stage: &mut Stage<'_>, span: Span) {
    let mut at = span.start.plus(span.minutes * MINUTE * 30 / 100);
    for (host, _) in DESKS {
        let wire = Wire::new(&mut stage.chance, SWD01.address, host.address, 445);
        let micros = lasting(&mut stage.chance, 3_000, 9_000);
        stage.conn(at, &wire, Flow { service: "gssapi,smb,dce_rpc", micros, sent: 2_400_000, received: 21_000 });
        stage.logon(at.plus(20 * MILLI), host, "svc-deploy", 3, SWD01.address);
        let share = format!(r"\\{}\ADMIN$", host.name);
        stage.share_file(at.plus(90 * MILLI), &wire, "FILE_OPEN", &share, r"Agent\agent-setup.exe", 2_390_016);
        for (tenths, operation) in [(6, "OpenSCManagerW"), (7, "CreateServiceW"), (8, "StartServiceW")] {
            stage.remote_call(at.plus(tenths * SECOND / 10), &wire, r"\pipe\svcctl", "svcctl", operation);
        }
        let path = r"C:\Windows\Agent\agent-setup.exe /update";
        stage.installs_service(at.plus(900 * MILLI), host, "Software Agent Setup", path, "demand start");
        let manager = Process::standing(host, SYSTEM, SERVICES);
        let setup = Launch { account: SYSTEM, image: r"C:\Windows\Agent\agent-setup.exe", command: path };
        let running = stage.process(at.plus(SECOND), host, &manager, setup);
        stage.process_end(at.plus(40 * SECOND), host, &running);
        stage.logoff(at.plus(45 * SECOND), host, "svc-deploy", 3);
        at = at.plus(stage.chance.between(60, 200) * SECOND);
    }
}
