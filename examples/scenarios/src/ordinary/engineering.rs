//! Work that looks like an intrusion and is none: maintenance, suppliers, administrators, the help desk.
//!
//! The engineer works at the console of the engineering workstation, on working days at ten and at twenty past four, while the conduit is
//! open. Suppliers and administrators come by day, over VPN and jump host.

use super::Stage;
use crate::clock::{MINUTE, Moment, SECOND};
use crate::plant::Speaks;
use crate::plant::places::{ADM01, EWS01, FS01, JUMP01, OFFICE, VPN01};
use crate::sensors::{Launch, Point, Session};
use crate::tape::Told;

const MAINTENANCE: Told =
    Told { why: "the engineer loads a change that is planned, at the console, in hours", level: "low" };
const HELP_DESK: Told = Told { why: "the help desk looks at a PC with its remote tool", level: "low" };
const FILE_SERVER: Told =
    Told { why: "a member of the office tidies up the file server by remote desktop", level: "low" };

const ENGINEERING: &str = r"C:\Program Files\Siemens\Automation\Portal V18\Bin\Siemens.Automation.Portal.exe";
const LOGIX: &str =
    r"C:\Program Files (x86)\Rockwell Software\Studio 5000\Logix Designer\ENU\v33\Bin\LogixDesigner.exe";
const EXPLORER: &str = r"C:\Windows\explorer.exe";

/// The software with which a controller is programmed.
pub(crate) fn software(speaks: Speaks) -> &'static str {
    if speaks == Speaks::Cip { LOGIX } else { ENGINEERING }
}

pub(super) fn play(stage: &mut Stage<'_>) {
    for (hour, minute) in [(10, 0), (16, 20)] {
        for at in stage.daily(hour, minute).into_iter().filter(|at| at.is_working_day()) {
            maintenance(stage, at);
        }
    }
    for at in stage.daily(13, 5).into_iter().filter(|at| at.is_working_day()) {
        supplier(stage, at);
    }
    for at in stage.daily(11, 20).into_iter().filter(|at| at.is_working_day()) {
        administrator(stage, at);
    }
    for (hour, pc) in [(9, &OFFICE[1]), (14, &OFFICE[8]), (17, &OFFICE[3]), (20, &OFFICE[0])] {
        for at in stage.daily(hour, 25) {
            let image = r"C:\Program Files\TeamViewer\TeamViewer.exe";
            let account = stage.plant().people.admin;
            let event = stage.pen.process(at, pc, Launch { account, parent: EXPLORER, image, command: image });
            stage.told(HELP_DESK, event);
        }
    }
    for hour in [8, 15, 18, 22, 2] {
        for at in stage.daily(hour, 50) {
            let account = stage.plant().people.office[2];
            let session = stage.pen.desktop(at, OFFICE[2].ip, &FS01, account, 12);
            stage.works([session.conn, session.begins, session.logoff]);
            stage.told(FILE_SERVER, session.logon);
        }
    }
}

fn maintenance(stage: &mut Stage<'_>, at: Moment) {
    let (people, device) = (stage.plant().people, stage.plant().maintained);
    let image = software(device.speaks);
    let launch = Launch { account: people.engineer, parent: EXPLORER, image, command: image };
    let port = if device.speaks == Speaks::Cip { 44_818 } else { 102 };
    let events = [
        stage.pen.logon(at, &EWS01, people.engineer, 2, "-"),
        stage.pen.process(at.plus(MINUTE), &EWS01, launch),
        stage.pen.connects(at.plus(3 * MINUTE), &EWS01, launch, device.ip, port),
        stage.pen.logoff(at.plus(35 * MINUTE), &EWS01, people.engineer, 2),
    ];
    stage.works(events);
    if !matches!(device.speaks, Speaks::S7 | Speaks::Cip) {
        return;
    }
    let wire = stage.pen.wire(EWS01.ip, device.ip, port);
    let block = Point { kind: "Function Block", number: 100 };
    let told = [
        stage.pen.fetches(at.plus(4 * MINUTE), &wire, &device, block),
        stage.pen.loads(at.plus(14 * MINUTE), &wire, &device, block),
        stage.pen.loads(at.plus(14 * MINUTE + SECOND), &wire, &device, Point { kind: "Data Block", number: 7 }),
    ];
    for event in told {
        stage.told(MAINTENANCE, event);
    }
    let event = stage.pen.conn(at.plus(3 * MINUTE), &wire, "", 1_500);
    stage.work(event);
}

fn supplier(stage: &mut Stage<'_>, at: Moment) {
    let account = stage.plant().people.supplier;
    let (from, given) = ("198.51.100.140", "10.10.80.14");
    let entry = stage.pen.vpn_in(at, account, from, given);
    stage.works(entry);
    let first = stage.pen.desktop(at.plus(2 * MINUTE), given, &JUMP01, account, 40);
    let second = stage.pen.desktop(at.plus(5 * MINUTE), JUMP01.ip, &EWS01, account, 30);
    let name = format!("vpn.{}", stage.plant().dns);
    let events = [
        stage.pen.vpn_out(at.plus(45 * MINUTE), account, from),
        stage.pen.dns(at, VPN01.ip, "10.10.10.10", &name, VPN01.ip),
    ];
    stage.works(events);
    session(stage, first);
    session(stage, second);
}

fn administrator(stage: &mut Stage<'_>, at: Moment) {
    let account = stage.plant().people.admin;
    let work = stage.pen.desktop(at, ADM01.ip, &JUMP01, account, 25);
    session(stage, work);
}

fn session(stage: &mut Stage<'_>, session: Session) {
    stage.works([session.conn, session.begins, session.logon, session.logoff]);
}
