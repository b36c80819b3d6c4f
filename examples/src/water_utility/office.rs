//! A working day at ten office desks.
//!
//! ```text
//! 07:00 log on, mail ──▶ browse, write, calculate, open documents, background work ──▶ 16:00 log off
//! ```
//!
//! Every desk has its own rhythm. Nobody here does anything wrong; a few people mistype their password.

use super::Span;
use super::activity::Place;
use super::clock::{MINUTE, Moment, SECOND};
use super::plant::{ADM02, DC01, DESKS, HELP_DESK, Host, MAIL01, OFFICE07, SITES};
use super::programs::{BROWSER, DEFENDER, EXCEL, EXPLORER, LSASS, OUTLOOK, SERVICES, SVCHOST, WINWORD};
use super::tape::Stage;
use super::windows::{Launch, Process, SYSTEM};
use super::zeek::{Flow, lasting};

/// Mean pause between two things that happen at one desk, while somebody sits there.
const PAUSE_AT_WORK: i64 = 52 * SECOND;
/// The same for a PC that is alone.
const PAUSE_ALONE: i64 = 6 * MINUTE;

/// Documents people work on.
const DOCUMENTS: [&str; 8] = [
    r"Minutes\board-november.docx",
    r"Accounts\invoices-2026.xlsx",
    r"Planning\network-renewal.docx",
    r"Laboratory\chlorine-weekly.xlsx",
    r"Customers\meter-exchange.xlsx",
    r"Staff\rota-december.xlsx",
    r"Purchasing\pump-spares.xlsx",
    r"Permits\well-field-3.docx",
];

/// What Windows does by itself: parent, program, arguments.
const BACKGROUND: [(&str, &str, &str); 9] = [
    (
        SVCHOST,
        r"C:\Windows\System32\backgroundTaskHost.exe",
        "-ServerName:App.AppXmtcan0h2tfbfy7k9kn8hbxb6dmzz1zh0.mca",
    ),
    (SVCHOST, r"C:\Windows\System32\RuntimeBroker.exe", "-Embedding"),
    (SVCHOST, r"C:\Windows\System32\taskhostw.exe", ""),
    (SVCHOST, r"C:\Windows\System32\taskhostw.exe", "Install $(Arg0)"),
    (SVCHOST, r"C:\Windows\System32\wbem\WmiPrvSE.exe", "-secured -Embedding"),
    (SVCHOST, r"C:\Windows\System32\usoclient.exe", "StartScan"),
    (
        r"C:\Windows\System32\SearchIndexer.exe",
        r"C:\Windows\System32\SearchProtocolHost.exe",
        "Global\\UsGthrFltPipeMssGthrPipe",
    ),
    (SERVICES, SVCHOST, "-k netsvcs -p -s BITS"),
    (
        SVCHOST,
        r"C:\Windows\System32\schtasks.exe",
        r#"/query /tn "\Microsoft\Windows\UpdateOrchestrator\Schedule Scan""#,
    ),
];

/// Registry values that change all day.
const VALUES: [(&str, &str); 5] = [
    (r"HKLM\System\CurrentControlSet\Services\bam\State\UserSettings\Sequence", "QWORD"),
    (r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Orchestrator\LastScan", "DWORD (0x00000001)"),
    (r"HKU\.DEFAULT\Software\Microsoft\Windows\CurrentVersion\Explorer\FileExts\.docx\MRUList", "ab"),
    (r"HKLM\SOFTWARE\Microsoft\Windows Defender\Signature Updates\LastFallbackTime", "Binary Data"),
    (r"HKLM\System\CurrentControlSet\Services\W32Time\Config\LastKnownGoodTime", "QWORD"),
];

/// Plays all desks.
pub(crate) fn play(stage: &mut Stage<'_>, span: Span) {
    for (host, account) in DESKS {
        desk(stage, span, host, account);
    }
    help_desk(stage, span);
}

fn desk(stage: &mut Stage<'_>, span: Span, host: Host, account: &str) {
    let late = stage.chance.between(-20, 35) * MINUTE;
    let mut present = false;
    let mut at = span.start.plus(stage.chance.pause(PAUSE_ALONE));
    while at < span.end() {
        let working = (7..16).contains(&at.plus(-late).local_hour());
        if working && !present {
            arrive(stage, at, host, account);
        } else if present && !working {
            stage.logoff(at, host, account, 2);
        } else if present {
            something(stage, at, host, account);
        } else {
            background(stage, at, host);
        }
        present = working;
        at = at.plus(stage.chance.pause(if present { PAUSE_AT_WORK } else { PAUSE_ALONE }));
    }
}

fn arrive(stage: &mut Stage<'_>, at: Moment, host: Host, account: &str) {
    if stage.chance.often(20) {
        stage.typing_error(at, host, account);
    } else {
        stage.logon(at, host, account, 2, "127.0.0.1");
    }
    stage.ticket(at.plus(SECOND / 2), account, host.address, "DC01$");
    let userinit = Process::standing(host, account, r"C:\Windows\System32\userinit.exe");
    let at = at.plus(20 * SECOND);
    stage.process(at, host, &userinit, Launch { account, image: EXPLORER, command: EXPLORER });
    let desktop = Process::standing(host, account, EXPLORER);
    let script =
        Launch { account, image: r"C:\Windows\System32\net.exe", command: r"net use G: \\FS01\Office /persistent:no" };
    let drive = stage.process(at.plus(2 * SECOND), host, &userinit, script);
    stage.process_end(at.plus(3 * SECOND), host, &drive);
    let mail =
        Launch { account, image: OUTLOOK, command: r#""C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE""# };
    stage.process(at.plus(40 * SECOND), host, &desktop, mail);
}

fn something(stage: &mut Stage<'_>, at: Moment, host: Host, account: &str) {
    match stage.chance.between(1, 100) {
        1..=38 => browse(stage, at, host, account),
        39..=50 => write(stage, at, host, account),
        51..=62 => {
            let file = *stage.chance.pick(&DOCUMENTS, &DOCUMENTS[0]);
            stage.open_document(at, host, account, "Office", file);
        }
        63..=76 => mail(stage, at, host, account),
        77..=80 => stage.ticket(at, account, host.address, "FS01$"),
        _ => background(stage, at, host),
    }
}

fn browse(stage: &mut Stage<'_>, at: Moment, host: Host, account: &str) {
    let browser = Process::standing(host, account, BROWSER);
    let site = *stage.chance.pick(&SITES, &SITES[0]);
    let received = stage.chance.pause(160_000);
    stage.visit(at, host, &browser, site, received);
    if stage.chance.often(25) {
        let helper = Launch {
            account,
            image: BROWSER,
            command: r#""C:\Program Files\Mozilla Firefox\firefox.exe" -contentproc -childID 7 -isForBrowser tab"#,
        };
        let tab = stage.process(at.plus(SECOND / 10), host, &browser, helper);
        let end = at.plus(stage.chance.pause(6 * MINUTE));
        stage.process_end(end, host, &tab);
    }
    if stage.chance.often(8) {
        let number = stage.chance.between(100, 999);
        let name = format!(r"C:\Users\{account}\Downloads\leaflet-{number}.pdf");
        stage.creates_file(at.plus(9 * SECOND), host, &browser, &name);
    }
}

fn write(stage: &mut Stage<'_>, at: Moment, host: Host, account: &str) {
    let file = *stage.chance.pick(&DOCUMENTS, &DOCUMENTS[0]);
    let image = if file.ends_with(".xlsx") { EXCEL } else { WINWORD };
    let attached = stage.chance.often(30);
    let parent = Process::standing(host, account, if attached { OUTLOOK } else { EXPLORER });
    let command = format!(r#""{image}" /n "G:\{file}""#);
    let program = stage.process(at, host, &parent, Launch { account, image, command: &command });
    let saved = at.plus(stage.chance.between(2, 9) * MINUTE);
    let copy =
        format!(r"C:\Users\{account}\AppData\Roaming\Microsoft\Office\Recent\{}.LNK", super::programs::base_name(file));
    stage.creates_file(saved, host, &program, &copy);
    stage.process_end(saved.plus(MINUTE), host, &program);
}

fn mail(stage: &mut Stage<'_>, at: Moment, host: Host, account: &str) {
    let outlook = Process::standing(host, account, OUTLOOK);
    let (sent, received) = (stage.chance.between(2_000, 60_000), stage.chance.pause(90_000));
    let micros = lasting(&mut stage.chance, 200, 40_000);
    let place = Place { address: MAIL01.address, port: 443, service: "ssl" };
    stage.reach(at, host, &outlook, place, Flow { service: "ssl", micros, sent, received });
}

fn background(stage: &mut Stage<'_>, at: Moment, host: Host) {
    let account = SYSTEM;
    match stage.chance.between(1, 10) {
        1..=4 => {
            let (parent, image, arguments) = *stage.chance.pick(&BACKGROUND, &BACKGROUND[0]);
            let parent = Process::standing(host, account, parent);
            let command = format!("{image} {arguments}");
            let task = stage.process(at, host, &parent, Launch { account, image, command: &command });
            let end = at.plus(stage.chance.pause(40 * SECOND));
            stage.process_end(end, host, &task);
        }
        5..=6 => {
            let (key, details) = *stage.chance.pick(&VALUES, &VALUES[0]);
            let service = Process::standing(host, account, SVCHOST);
            stage.sets_value(at, host, &service, key, details);
        }
        7..=8 => {
            let defender = Process::standing(host, account, DEFENDER);
            let target = Process::standing(host, account, if stage.chance.often(40) { LSASS } else { SVCHOST });
            stage.opens_process(at, host, &defender, &target, "0x1410");
        }
        9 => {
            let service = Process::standing(host, account, SVCHOST);
            let (low, high) = (4_000, 400_000);
            let received = stage.chance.between(low, high);
            stage.visit(at, host, &service, ("update.os.example", "198.51.100.121"), received);
        }
        _ => {
            let machine = format!("{}$", host.name);
            stage.ticket(at, &machine, host.address, "LDAP/DC01");
            stage.logon(at.plus(SECOND / 20), DC01, &machine, 3, host.address);
            stage.logoff(at.plus(3 * SECOND), DC01, &machine, 3);
        }
    }
}

/// The help desk repairs a printer at the desk where the story will begin, and leaves its password in memory there.
fn help_desk(stage: &mut Stage<'_>, span: Span) {
    let at = span.start.plus(span.minutes * MINUTE * 17 / 100);
    let micros = 11 * MINUTE;
    let logon = stage.remote_desktop(at, (ADM02.address, ADM02.name), OFFICE07, HELP_DESK, micros);
    let desktop = Process::standing(OFFICE07, HELP_DESK, EXPLORER);
    let dialogue = Launch {
        account: HELP_DESK,
        image: r"C:\Windows\System32\rundll32.exe",
        command: "rundll32.exe printui.dll,PrintUIEntry /il",
    };
    let printer = stage.process(logon.plus(2 * MINUTE), OFFICE07, &desktop, dialogue);
    stage.process_end(logon.plus(5 * MINUTE), OFFICE07, &printer);
}
