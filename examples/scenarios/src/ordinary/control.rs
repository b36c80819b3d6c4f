//! What keeps a plant going: displays poll, the historian reads trends, operators change set points by day.

use super::Stage;
use crate::clock::{HOUR, MILLI, MINUTE, SECOND};
use crate::plant::places::{HIST01, HMI01, SCADA01};
use crate::plant::{Asset, Speaks};
use crate::tape::Told;

const SET_POINT: Told = Told { why: "an operator changes a set point or operates a switch", level: "informational" };
const OPEN_CHANNEL: Told =
    Told { why: "the historian opens its channel without protection, as configured", level: "low" };
const OLD_ADDRESS: Told = Told { why: "a display asks for a register that is no more", level: "low" };

/// Who polls a device.
fn poller(device: &Asset) -> &'static Asset {
    match device.speaks {
        Speaks::Modbus if device.ip.starts_with("10.40.") => &HMI01,
        _ => &SCADA01,
    }
}

pub(super) fn play(stage: &mut Stage<'_>) {
    for device in stage.plant().devices() {
        let from = poller(device);
        let wire = stage.pen.reaches(from, device);
        let every = if device.speaks == Speaks::Bacnet { 60 * SECOND } else { 9 * SECOND };
        stage.again(every, |stage, at| {
            let events = stage.pen.poll(at, &wire, device);
            stage.works(events);
        });
        stage.again(20 * MINUTE, |stage, at| {
            let event = stage.pen.conn(at, &wire, "", 1_100);
            stage.work(event);
        });
        if !matches!(device.speaks, Speaks::Bacnet) && device.role != "serial_gateway" {
            stage.again(80 * MINUTE, |stage, at| {
                if !(6..20).contains(&at.local_hour()) {
                    return;
                }
                let address = stage.pen.chance.between(4_001, 4_004);
                let event = stage.pen.set(at, &wire, device, address);
                stage.told(SET_POINT, event);
            });
        }
    }
    trends(stage);
}

fn trends(stage: &mut Stage<'_>) {
    let wire = stage.pen.wire(HIST01.ip, SCADA01.ip, 4840);
    stage.again(20 * SECOND, |stage, at| {
        let event = stage.pen.opcua(at, &wire, 631, "ReadRequest");
        stage.work(event);
    });
    stage.again(HOUR, |stage, at| {
        let event = stage.pen.opcua_opens(at, &wire);
        stage.told(OPEN_CHANNEL, event);
    });
    let Some(device) = stage.plant().devices().find(|device| device.speaks == Speaks::Modbus) else { return };
    let wire = stage.pen.reaches(poller(device), device);
    stage.again(2 * HOUR, |stage, at| {
        let event = stage.pen.refuses(at.plus(9 * MILLI), &wire);
        stage.told(OLD_ADDRESS, event);
    });
}
