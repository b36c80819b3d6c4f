//! Remote access misuse at a water utility.
//!
//! After what is public about Oldsmar (2021), where somebody used remote access to a treatment plant to change a dosing set point, and
//! about later break-ins at water utilities through accounts of suppliers. A supplier's account is guessed, leads over the VPN to
//! the jump host in the evening, and from there to the engineering workstation, a display and two set points.

use super::{CMD, EXPLORER, Says, Script, Tale};
use crate::clock::{MILLI, MINUTE, Moment, SECOND};
use crate::plant::places::{EWS01, HMI01, JUMP01, SCADA01, WATER, WATER_PUMP1};
use crate::sensors::Launch;

pub(super) const SCRIPT: Script = Script {
    name: "remote-access",
    title: "A supplier's account is guessed and set points of a water utility are changed",
    plant: &WATER,
    end: Moment::local(3, 23, 30),
    play,
};

const OUTSIDE: &str = "198.51.100.77";
const GIVEN: &str = "10.10.80.21";
const SUPPLIER: &str = "ext-pumpcare";
const ENGINEER: &str = "kpohl";
const TOOL: &str = r"C:\Users\Public\AnyDesk.exe";

fn play(tale: &mut Tale<'_>) {
    comes_in(tale);
    steals_account(tale);
    goes_to_station(tale);
    stays(tale);
    goes_to_display(tale);
    changes_set_points(tale);
    clears(tale);
}

fn comes_in(tale: &mut Tale<'_>) {
    tale.step(
        "initial-access",
        "the account of the supplier is guessed at the VPN and opens a desktop on the jump host in the evening",
        &["T1110.001", "T1133", "T1078", "T0822", "T1021.001"],
        "account:ext-pumpcare address:198.51.100.77 address:10.10.80.21 asset:jump01",
    );
    let at = tale.before_end(172);
    for attempt in 0..12 {
        for event in tale.pen.vpn_refused(at.plus(attempt * 9 * SECOND), SUPPLIER, OUTSIDE) {
            tale.quiet(event);
        }
    }
    let at = at.plus(3 * MINUTE);
    let entry: Vec<_> =
        tale.pen.vpn_in(at, SUPPLIER, OUTSIDE, GIVEN).into_iter().map(|event| tale.quiet(event)).collect();
    tale.hop("address:198.51.100.77", "address:10.10.80.21", "logon", None, entry);
    let session = tale.pen.desktop(at.plus(2 * MINUTE), GIVEN, &JUMP01, SUPPLIER, 150);
    let marks = tale.session(session, Says::Something, Says::Nothing);
    tale.hop("address:10.10.80.21", "asset:jump01", "remote_session", Some(("remote-access", false)), marks);
}

fn steals_account(tale: &mut Tale<'_>) {
    tale.step(
        "credential-access",
        "the memory of LSASS on the jump host is written to a file; the password of the engineer is in it",
        &["T1003.001"],
        "account:ext-pumpcare asset:jump01",
    );
    let at = tale.before_end(150);
    let dump = Launch {
        account: SUPPLIER,
        parent: CMD,
        image: r"C:\Windows\System32\rundll32.exe",
        command: r"rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 684 C:\Windows\Temp\d.bin full",
    };
    let whoami =
        Launch { account: SUPPLIER, parent: CMD, image: r"C:\Windows\System32\whoami.exe", command: "whoami /all" };
    let event = tale.pen.process(at.plus(-2 * MINUTE), &JUMP01, whoami);
    tale.quiet(event);
    tale.command(at, &JUMP01, dump);
    let event = tale.pen.reads_lsass(at.plus(300 * MILLI), &JUMP01, dump);
    tale.seen(event);
}

fn goes_to_station(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "with the engineer's password to the engineering workstation, on the same way as he, but at night",
        &["T1021.001", "T0886", "T1078", "T0859"],
        "account:kpohl asset:jump01 asset:ews01",
    );
    let at = tale.before_end(120);
    let session = tale.pen.desktop(at, JUMP01.ip, &EWS01, ENGINEER, 105);
    let marks = tale.session(session, Says::Something, Says::Nothing);
    tale.hop("asset:jump01", "asset:ews01", "remote_session", Some(("engineering-access", false)), marks);
}

fn stays(tale: &mut Tale<'_>) {
    tale.step(
        "command-and-control",
        "a remote access tool is started from a public folder and calls outside",
        &["T1219.002", "T0823", "T0869"],
        "account:kpohl asset:ews01 address:203.0.113.50",
    );
    let at = tale.before_end(110);
    let tool = Launch { account: ENGINEER, parent: EXPLORER, image: TOOL, command: TOOL };
    let event = tale.pen.creates(at.plus(-MINUTE), &EWS01, Launch { image: EXPLORER, ..tool }, TOOL);
    tale.quiet(event);
    tale.command(at, &EWS01, tool);
    let wire = tale.pen.wire(EWS01.ip, "203.0.113.50", 443);
    let event = tale.pen.conn(at.plus(4 * SECOND), &wire, "ssl", 5_400);
    tale.seen(event);
}

fn goes_to_display(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "from the engineering workstation to a display of the pumping shift",
        &["T1021.001", "T0886"],
        "account:operator asset:ews01 asset:hmi01",
    );
    let at = tale.before_end(80);
    let session = tale.pen.desktop(at, EWS01.ip, &HMI01, "operator", 70);
    let marks = tale.session(session, Says::Something, Says::Something);
    tale.hop("asset:ews01", "asset:hmi01", "remote_session", None, marks);
}

fn changes_set_points(tale: &mut Tale<'_>) {
    tale.step(
        "impair-process-control",
        "a small program on the display writes registers of a pump controller; the dosing set point is written over OPC UA",
        &["T0836", "T0855", "T0831"],
        "account:operator asset:hmi01 asset:plc-pump1 asset:scada01",
    );
    let at = tale.before_end(60);
    let program = Launch {
        account: "operator",
        parent: CMD,
        image: r"C:\Users\Public\mbset.exe",
        command: r"C:\Users\Public\mbset.exe 10.40.20.11 40100 0",
    };
    let event = tale.pen.process(at, &HMI01, program);
    let mut proof = vec![tale.quiet(event)];
    let event = tale.pen.connects(at.plus(SECOND), &HMI01, program, WATER_PUMP1.ip, 502);
    proof.push(tale.seen(event));
    let wire = tale.pen.reaches(&HMI01, &WATER_PUMP1);
    let mut writes = Vec::new();
    for number in 0..6 {
        let event = tale.pen.set(at.plus(2 * SECOND + number * 700 * MILLI), &wire, &WATER_PUMP1, 100 + number);
        writes.push(tale.seen(event));
    }
    let event = tale.pen.conn(at.plus(SECOND), &wire, "modbus", 8);
    tale.quiet(event);
    proof.extend(&writes);
    tale.hop("asset:hmi01", "asset:plc-pump1", "operation", Some(("operating", true)), proof);
    tale.effect(&WATER_PUMP1, "write", writes);
    let wire = tale.pen.wire(HMI01.ip, SCADA01.ip, 4840);
    let at = tale.before_end(50);
    let event = tale.pen.opcua_opens(at, &wire);
    tale.seen(event);
    let event = tale.pen.opcua(at.plus(SECOND), &wire, 673, "WriteRequest");
    let write = tale.seen(event);
    tale.effect(&SCADA01, "write", vec![write]);
}

fn clears(tale: &mut Tale<'_>) {
    tale.step(
        "defense-evasion",
        "the logs of the engineering workstation are cleared",
        &["T1070.001", "T0872"],
        "account:kpohl asset:ews01",
    );
    let at = tale.before_end(20);
    let clear = Launch {
        account: ENGINEER,
        parent: CMD,
        image: r"C:\Windows\System32\wevtutil.exe",
        command: "wevtutil cl Security",
    };
    tale.command(at, &EWS01, clear);
    let event = tale.pen.clears(at.plus(SECOND), &EWS01, ENGINEER, "Security");
    tale.seen(event);
    let event = tale.pen.clears(at.plus(5 * SECOND), &EWS01, ENGINEER, "System");
    tale.seen(event);
}
