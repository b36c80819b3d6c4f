//! What servers do by themselves: domain, clocks, updates, mirrors, backups, the vulnerability scanner.

use super::Stage;
use crate::clock::{MILLI, MINUTE, SECOND};
use crate::plant::places::{
    BACKUP01, DC01, DCOT01, EWS01, FS01, HIST01, JUMP01, MAIL01, MIRROR01, OFFICE, PATCH01, SCADA01, SCAN01, TIME01,
};
use crate::sensors::Launch;
use crate::tape::Told;

const DYNAMIC_NAME: Told = Told { why: "a private camera asks for its dynamic name from the office", level: "low" };
const SCANNER: Told = Told { why: "the vulnerability scanner opens the desktop port of the jump host", level: "low" };

pub(super) fn play(stage: &mut Stage<'_>) {
    clocks(stage);
    plant_services(stage);
    stage.again(4 * MINUTE, |stage, at| {
        let name = stage.pen.chance.pick(&["Windows Update", "Software Protection", "Windows Modules Installer"]);
        let state = stage.pen.chance.pick(&["running", "stopped"]);
        let host = if stage.pen.chance.often(50) { &FS01 } else { &MAIL01 };
        let event = stage.pen.service(at, host, name, state);
        stage.work(event);
    });
    stage.again(MINUTE, |stage, at| {
        let wire = stage.pen.wire(MAIL01.ip, DC01.ip, 88);
        let events = [
            stage.pen.ticket(at, &DC01, "MAIL01$", MAIL01.ip, "DC01$"),
            stage.pen.conn(at, &wire, "krb_tcp", 0),
            stage.pen.dns(at.plus(20 * MILLI), MAIL01.ip, DC01.ip, "mx.supplier.example.org", "198.51.100.25"),
        ];
        stage.works(events);
    });
    backups(stage);
    scanner(stage);
    stage.again(90 * MINUTE, |stage, at| {
        let event = stage.pen.dns(at, OFFICE[2].ip, DC01.ip, "garden-camera.ddns.net", "198.51.100.201");
        stage.told(DYNAMIC_NAME, event);
    });
}

fn clocks(stage: &mut Stage<'_>) {
    let plant = stage.plant();
    stage.again(17 * MINUTE, |stage, at| {
        for asset in plant.devices().chain([&SCADA01, &HIST01, &EWS01]) {
            let wire = stage.pen.wire(asset.ip, TIME01.ip, 123);
            let later = at.plus(stage.pen.chance.between(0, MINUTE));
            let event = stage.pen.conn(later, &wire, "ntp", 0);
            stage.work(event);
        }
    });
}

fn plant_services(stage: &mut Stage<'_>) {
    stage.again(MINUTE, |stage, at| {
        let wire = stage.pen.wire(HIST01.ip, MIRROR01.ip, 443);
        let event = stage.pen.conn(at, &wire, "ssl", 4);
        stage.work(event);
    });
    stage.again(5 * MINUTE, |stage, at| {
        let wire = stage.pen.wire(OFFICE[5].ip, MIRROR01.ip, 443);
        let events = [
            stage.pen.conn(at, &wire, "ssl", 9),
            stage.pen.dns(at, OFFICE[5].ip, DC01.ip, "reports.example.net", MIRROR01.ip),
        ];
        stage.works(events);
    });
    let plant = stage.plant();
    stage.again(30 * MINUTE, |stage, at| {
        for asset in plant.with_role("hmi").chain([&EWS01, &SCADA01, &HIST01]) {
            let later = at.plus(stage.pen.chance.between(0, 5 * MINUTE));
            let (updates, domain) =
                (stage.pen.wire(asset.ip, PATCH01.ip, 8530), stage.pen.wire(asset.ip, DCOT01.ip, 88));
            let mut events = vec![
                stage.pen.ticket(later, &DCOT01, &format!("{}$", asset.name), asset.ip, "krbtgt"),
                stage.pen.conn(later.plus(SECOND), &domain, "krb_tcp", 0),
            ];
            if !asset.ip.starts_with("10.50.") {
                events.push(stage.pen.conn(later.plus(2 * SECOND), &updates, "http", 3));
            }
            stage.works(events);
        }
    });
}

fn backups(stage: &mut Stage<'_>) {
    let agent = r"C:\Program Files\Backup\agent.exe";
    for hour in [1, 3, 19, 22] {
        for at in stage.daily(hour, 10) {
            for (number, server) in [&FS01, &MAIL01, &DC01].into_iter().enumerate() {
                let later = at.plus(i64::try_from(number).unwrap_or(0) * 12 * MINUTE);
                let wire = stage.pen.wire(BACKUP01.ip, server.ip, 445);
                let launch = Launch {
                    account: "svc-backup",
                    parent: r"C:\Windows\System32\services.exe",
                    image: agent,
                    command: agent,
                };
                let events = [
                    stage.pen.logon(later, server, "svc-backup", 3, BACKUP01.ip),
                    stage.pen.process(later.plus(SECOND), server, launch),
                    stage.pen.conn(later, &wire, "gssapi,smb", 640),
                    stage.pen.logoff(later.plus(11 * MINUTE), server, "svc-backup", 3),
                ];
                stage.works(events);
            }
        }
    }
}

/// It looks at the servers and the DMZ every two hours and stays out of the plant.
fn scanner(stage: &mut Stage<'_>) {
    for hour in (0..24).step_by(2) {
        for at in stage.daily(hour, 40) {
            for (number, server) in [&DC01, &FS01, &MAIL01, &MIRROR01, &PATCH01, &JUMP01].into_iter().enumerate() {
                let later = at.plus(i64::try_from(number).unwrap_or(0) * 20 * SECOND);
                for (step, port) in [21, 22, 80, 135, 1433, 5900, 8443].into_iter().enumerate() {
                    let when = later.plus(i64::try_from(step).unwrap_or(0) * SECOND);
                    let event =
                        stage.pen.probe(when, SCAN01.ip, server.ip, port, if step % 2 == 0 { "REJ" } else { "S0" });
                    stage.work(event);
                }
            }
            let wire = stage.pen.wire(SCAN01.ip, JUMP01.ip, 3389);
            let event = stage.pen.conn(at.plus(3 * MINUTE), &wire, "", 2);
            stage.told(SCANNER, event);
        }
    }
}
