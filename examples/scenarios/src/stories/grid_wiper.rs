//! Stations of a grid are switched off, then what could show and repair it is destroyed.
//!
//! After what is public about the attacks on Ukrainian grid operators of 2015, 2016 and 2022: operators' remote access, a script from a mounted
//! image on the control server, commands over IEC 104, broken firmware for the gateways to serial lines, and wiping at the end.

use super::{CMD, EXPLORER, SERVICES, Says, Script, Tale};
use crate::clock::{MILLI, MINUTE, Moment, SECOND};
use crate::plant::Asset;
use crate::plant::places::{
    GRID, GRID_GW_NORTH, GRID_GW_SOUTH, GRID_HMI_NORTH, GRID_HMI_SOUTH, GRID_RTU_NORTH, GRID_RTU_SOUTH, HIST01, JUMP01,
    SCADA01,
};
use crate::sensors::{Launch, SYSTEM};

pub(super) const SCRIPT: Script = Script {
    name: "grid-wiper",
    title: "Switches of two grid stations are opened, then gateways and displays are destroyed",
    plant: &GRID,
    end: Moment::local(3, 23, 50),
    play,
};

const OUTSIDE: &str = "203.0.113.41";
const GIVEN: &str = "10.10.80.23";
const DISPATCHER: &str = "dispatcher";
const ADMIN: &str = "mmeinert";

fn play(tale: &mut Tale<'_>) {
    comes_in(tale);
    goes_to_historian(tale);
    goes_to_server(tale);
    runs_script(tale);
    switches(tale);
    breaks_gateways(tale);
    wipes(tale);
}

fn comes_in(tale: &mut Tale<'_>) {
    tale.step(
        "initial-access",
        "with a stolen account of a dispatcher over the VPN to the jump host, late in the evening",
        &["T1133", "T1078", "T0822", "T1021.001"],
        "account:dispatcher address:203.0.113.41 address:10.10.80.23 asset:jump01",
    );
    let at = tale.before_end(190);
    let entry: Vec<_> =
        tale.pen.vpn_in(at, DISPATCHER, OUTSIDE, GIVEN).into_iter().map(|event| tale.quiet(event)).collect();
    tale.hop("address:203.0.113.41", "address:10.10.80.23", "logon", None, entry);
    let session = tale.pen.desktop(at.plus(MINUTE), GIVEN, &JUMP01, DISPATCHER, 180);
    let marks = tale.session(session, Says::Something, Says::Nothing);
    tale.hop("address:10.10.80.23", "asset:jump01", "remote_session", Some(("remote-access", false)), marks);
}

fn goes_to_historian(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "to the historian, whose database gives a shell; registry hives are copied there",
        &["T1021.001", "T0886", "T1505.001", "T1003.002"],
        "account:dispatcher asset:jump01 asset:hist01",
    );
    let at = tale.before_end(165);
    let session = tale.pen.desktop(at, JUMP01.ip, &HIST01, DISPATCHER, 150);
    let marks = tale.session(session, Says::Something, Says::Nothing);
    tale.hop("asset:jump01", "asset:hist01", "remote_session", Some(("engineering-access", false)), marks);
    let shell = Launch {
        account: SYSTEM,
        parent: r"C:\Program Files\Microsoft SQL Server\MSSQL15.MSSQLSERVER\MSSQL\Binn\sqlservr.exe",
        image: CMD,
        command: "\"C:\\Windows\\system32\\cmd.exe\" /c whoami",
    };
    tale.command(at.plus(7 * MINUTE), &HIST01, shell);
    let hive = Launch {
        account: SYSTEM,
        parent: CMD,
        image: r"C:\Windows\System32\reg.exe",
        command: r"reg save HKLM\SAM C:\Windows\Temp\s.hiv",
    };
    tale.command(at.plus(15 * MINUTE), &HIST01, hive);
}

fn goes_to_server(tale: &mut Tale<'_>) {
    tale.step(
        "lateral-movement",
        "from the historian to the control server by a service",
        &["T1021.002", "T1569.002", "T1570", "T0867"],
        "account:mmeinert asset:hist01 asset:scada01",
    );
    let at = tale.before_end(125);
    let pushed = tale.pen.pushed(at, HIST01.ip, &SCADA01, ADMIN, "PSEXESVC");
    let marks = tale.pushed(pushed, Says::Something);
    tale.hop("asset:hist01", "asset:scada01", "remote_execution", None, marks);
}

fn runs_script(tale: &mut Tale<'_>) {
    tale.step(
        "execution",
        "on the control server a script of a mounted image runs a program of the control system",
        &["T0895", "T0853", "T0807"],
        "account:dispatcher asset:scada01",
    );
    let at = tale.before_end(95);
    let script = Launch {
        account: DISPATCHER,
        parent: EXPLORER,
        image: r"C:\Windows\System32\wscript.exe",
        command: r#""C:\Windows\System32\WScript.exe" "D:\lun.vbs""#,
    };
    tale.command(at, &SCADA01, script);
    let scil = Launch {
        account: DISPATCHER,
        parent: CMD,
        image: r"C:\sc\prog\exec\scilc.exe",
        command: r"C:\sc\prog\exec\scilc.exe -do pack\scil\s1.txt",
    };
    tale.command(at.plus(2 * SECOND), &SCADA01, scil);
}

fn switches(tale: &mut Tale<'_>) {
    tale.step(
        "impair-process-control",
        "all switches of both stations are told to open over IEC 104",
        &["T0855", "T0831", "T0827", "T0806", "T0869"],
        "account:dispatcher asset:scada01 asset:rtu-north asset:rtu-south",
    );
    let at = tale.before_end(90);
    let sender = Launch {
        account: DISPATCHER,
        parent: CMD,
        image: r"C:\Windows\Temp\40_115.exe",
        command: r"C:\Windows\Temp\40_115.exe",
    };
    let stations: [&'static Asset; 2] = [&GRID_RTU_NORTH, &GRID_RTU_SOUTH];
    for (number, device) in (0..).zip(stations) {
        let at = at.plus(number * 2 * MINUTE);
        let event = tale.pen.connects(at, &SCADA01, sender, device.ip, 2_404);
        let mut marks = vec![tale.seen(event)];
        let wire = tale.pen.reaches(&SCADA01, device);
        let event = tale.pen.conn(at, &wire, "", 60);
        tale.quiet(event);
        let event = tale.pen.interrogates(at.plus(SECOND), &wire);
        tale.quiet(event);
        for object in 0..12 {
            let event = tale.pen.set(at.plus(3 * SECOND + object * 500 * MILLI), &wire, device, 4_010 + object);
            marks.push(tale.seen(event));
        }
        if number == 0 {
            tale.hop("asset:scada01", "asset:rtu-north", "operation", Some(("telecontrol", true)), marks.clone());
        }
        tale.effect(device, "control", marks);
    }
}

fn breaks_gateways(tale: &mut Tale<'_>) {
    tale.step(
        "inhibit-response-function",
        "broken firmware is sent to the gateways of the serial lines",
        &["T0857", "T0839", "T0816", "T0805"],
        "account:dispatcher asset:scada01 asset:gw-north asset:gw-south",
    );
    let at = tale.before_end(70);
    let gateways: [&'static Asset; 2] = [&GRID_GW_NORTH, &GRID_GW_SOUTH];
    for (number, device) in (0..).zip(gateways) {
        let at = at.plus(number * MINUTE);
        let wire = tale.pen.wire(SCADA01.ip, device.ip, 69);
        let event = tale.pen.conn(at, &wire, "tftp", 20);
        let conn = tale.seen(event);
        let event = tale.pen.tftp(at.plus(SECOND), &wire, "gateway_v3.rom");
        let file = tale.seen(event);
        tale.effect(device, "firmware_update", vec![conn, file]);
    }
}

fn wipes(tale: &mut Tale<'_>) {
    tale.step(
        "impact",
        "displays of the stations and the control server are wiped",
        &["T1485", "T1561.002", "T0809", "T0815", "T1490", "T0881"],
        "account:mmeinert asset:scada01 asset:hminorth asset:hmisouth",
    );
    let at = tale.before_end(40);
    let hosts: [&'static Asset; 2] = [&GRID_HMI_NORTH, &GRID_HMI_SOUTH];
    for (number, host) in (0..).zip(hosts) {
        let at = at.plus(number * 2 * MINUTE);
        let pushed = tale.pen.pushed(at, SCADA01.ip, host, ADMIN, "PSEXESVC");
        tale.pushed(pushed, Says::Something);
        let marks = destroys(tale, at.plus(10 * SECOND), host, r"C:\Windows\PSEXESVC.exe");
        tale.effect(host, "wiped", marks);
    }
    let marks = destroys(tale, at.plus(15 * MINUTE), &SCADA01, SERVICES);
    tale.effect(&SCADA01, "wiped", marks);
}

/// The display's program is stopped, shadow copies go, logs go, the disk is overwritten.
fn destroys(tale: &mut Tale<'_>, at: Moment, host: &Asset, parent: &str) -> Vec<crate::tape::Mark> {
    let stop =
        Launch { account: SYSTEM, parent, image: r"C:\Windows\System32\sc.exe", command: "sc stop PServiceControl" };
    let delete = Launch {
        account: SYSTEM,
        parent,
        image: r"C:\Windows\System32\vssadmin.exe",
        command: "vssadmin delete shadows /all /quiet",
    };
    let wipe =
        Launch { account: SYSTEM, parent, image: r"C:\Windows\System32\cipher.exe", command: r"cipher.exe /w:C:\" };
    let mut marks = vec![tale.command(at, host, stop), tale.command(at.plus(SECOND), host, delete)];
    marks.push(tale.command(at.plus(3 * SECOND), host, wipe));
    let event = tale.pen.clears(at.plus(2 * SECOND), host, ADMIN, "System");
    marks.push(tale.seen(event));
    marks
}
