//! The plant at work: polling, operators, the historian, and the engineer's visit.
//!
//! ```text
//! HMI01 ──every 5 s──▶ PUMP-PLC1, PUMP-PLC2   Modbus, READ_HOLDING_REGISTERS; now and then a set point
//! HMI01 ──every 10 s─▶ DOSING-PLC             S7, Read Variable
//! HIST01 ─every minute▶ HMI01                 OPC UA
//! VPN ──▶ JUMP01 ──▶ EWS01 ──▶ DOSING-PLC     the engineer looks, and changes nothing
//! ```
//!
//! In this plant nobody downloads a program during the shift; that is what makes the intrusion's download stand out.

use super::Span;
use super::clock::{MILLI, MINUTE, Moment, SECOND};
use super::plant::{DOSING_PLC, ENGINEER, EWS01, HIST01, HMI01, JUMP01, OPERATOR, PUMP_PLCS, VPN_LAPTOP};
use super::programs::{EXPLORER, MSTSC, SERVICES, STEP7, SVCHOST};
use super::protocols::{S7_READ, S7_SETUP, S7_WRITE};
use super::tape::Stage;
use super::windows::{Launch, Process, SYSTEM};
use super::zeek::{Flow, Wire, lasting};

/// Pause between two polls of a pump controller.
const PUMP_POLL: i64 = 5 * SECOND;
/// Pause between two polls of the dosing controller.
const DOSING_POLL: i64 = 10 * SECOND;
/// The HMI renews its connections after this time.
const RENEW: i64 = 60 * MINUTE;

/// Plays the plant.
pub(crate) fn play(stage: &mut Stage<'_>, span: Span) {
    for (number, controller) in (0..).zip(PUMP_PLCS) {
        pumps(stage, span, controller, number);
    }
    dosing(stage, span);
    historian(stage, span);
    operators(stage, span);
    engineer(stage, span);
}

/// How long a connection that begins now may live.
fn life(at: Moment, span: Span) -> i64 {
    RENEW.min(span.end().0 - at.0)
}

fn pumps(stage: &mut Stage<'_>, span: Span, controller: &str, number: i64) {
    let mut begin = span.start.plus(number * 700 * MILLI);
    while begin < span.end() {
        let micros = life(begin, span);
        let wire = Wire::new(&mut stage.chance, HMI01.address, controller, 502);
        stage.conn(
            begin,
            &wire,
            Flow { service: "modbus", micros, sent: micros / 400_000, received: micros / 200_000 },
        );
        let mut at = begin.plus(30 * MILLI);
        let mut tid = stage.chance.between(1, 60_000);
        while at.0 < begin.0 + micros {
            tid += 1;
            let function = if tid % 12 == 0 { "READ_COILS" } else { "READ_HOLDING_REGISTERS" };
            stage.modbus(at, &wire, tid, function);
            if stage.chance.between(1, 260) == 1 {
                // The operator sets a new level, or starts and stops a pump.
                let function = if stage.chance.often(70) { "WRITE_SINGLE_REGISTER" } else { "WRITE_SINGLE_COIL" };
                tid += 1;
                stage.modbus(at.plus(900 * MILLI), &wire, tid, function);
            }
            at = at.plus(PUMP_POLL + stage.chance.between(-60, 60) * MILLI);
        }
        begin = begin.plus(RENEW + 400 * MILLI);
    }
}

fn dosing(stage: &mut Stage<'_>, span: Span) {
    let mut begin = span.start.plus(1_900 * MILLI);
    while begin < span.end() {
        let micros = life(begin, span);
        let wire = Wire::new(&mut stage.chance, HMI01.address, DOSING_PLC, 102);
        stage.conn(
            begin,
            &wire,
            Flow { service: "cotp,s7comm", micros, sent: micros / 320_000, received: micros / 210_000 },
        );
        stage.s7(begin.plus(20 * MILLI), &wire, 1, S7_SETUP);
        let mut at = begin.plus(SECOND);
        let mut reference = 2;
        while at.0 < begin.0 + micros {
            stage.s7(at, &wire, reference, S7_READ);
            if stage.chance.between(1, 400) == 1 {
                reference += 1;
                stage.s7(at.plus(SECOND), &wire, reference, S7_WRITE);
            }
            reference += 1;
            at = at.plus(DOSING_POLL + stage.chance.between(-80, 80) * MILLI);
        }
        begin = begin.plus(RENEW + 600 * MILLI);
    }
}

fn historian(stage: &mut Stage<'_>, span: Span) {
    let collector = Process::standing(HIST01, SYSTEM, r"C:\Program Files\Historian\collector.exe");
    let mut at = span.start.plus(3 * SECOND);
    while at < span.end() {
        let wire = Wire::new(&mut stage.chance, HIST01.address, HMI01.address, 4840);
        let (micros, received) = (lasting(&mut stage.chance, 700, 2_500), stage.chance.between(30_000, 44_000));
        stage.conn(at, &wire, Flow { service: "", micros, sent: 6_100, received });
        if stage.chance.often(12) {
            let hour = at.local_hour();
            let name = format!(r"D:\Archive\2026\11\23\block-{hour:02}-{}.hda", at.0 / MINUTE % 60);
            stage.creates_file(at.plus(SECOND), HIST01, &collector, &name);
        }
        at = at.plus(MINUTE);
    }
}

/// The operators' station, which writes only the Security log.
fn operators(stage: &mut Stage<'_>, span: Span) {
    stage.logon(span.start.plus(5 * MINUTE), HMI01, OPERATOR, 2, "127.0.0.1");
    let desktop = Process::standing(HMI01, OPERATOR, EXPLORER);
    let manager = Process::standing(HMI01, SYSTEM, SERVICES);
    let mut at = span.start.plus(6 * MINUTE);
    while at < span.end() {
        let (parent, launch) = if stage.chance.often(45) {
            let launch = Launch {
                account: OPERATOR,
                image: r"C:\Program Files\Scada\trend-viewer.exe",
                command: r#""C:\Program Files\Scada\trend-viewer.exe" /station:wells"#,
            };
            (&desktop, launch)
        } else {
            (&manager, Launch { account: SYSTEM, image: SVCHOST, command: "svchost.exe -k netsvcs -p -s Schedule" })
        };
        let program = stage.process(at, HMI01, parent, launch);
        let end = at.plus(stage.chance.pause(4 * MINUTE));
        stage.process_end(end, HMI01, &program);
        at = at.plus(stage.chance.pause(7 * MINUTE));
    }
}

/// The engineer comes by VPN and jump host, and looks at the dosing controller.
fn engineer(stage: &mut Stage<'_>, span: Span) {
    let at = span.start.plus(span.minutes * MINUTE * 22 / 100);
    let length = span.minutes * MINUTE * 10 / 100;
    let logon = stage.remote_desktop(at, (VPN_LAPTOP, "LAPTOP-TL"), JUMP01, ENGINEER, length);
    let desktop = Process::standing(JUMP01, ENGINEER, EXPLORER);
    let launch = Launch { account: ENGINEER, image: MSTSC, command: "mstsc.exe /v:EWS01" };
    stage.process(logon.plus(30 * SECOND), JUMP01, &desktop, launch);
    let at = logon.plus(34 * SECOND);
    let logon = stage.remote_desktop(at, (JUMP01.address, JUMP01.name), EWS01, ENGINEER, length * 8 / 10);
    let desktop = Process::standing(EWS01, ENGINEER, EXPLORER);
    let launch = Launch {
        account: ENGINEER,
        image: STEP7,
        command: r#""C:\Program Files (x86)\Siemens\Step7\S7bin\S7tgtopx.exe""#,
    };
    let manager = stage.process(logon.plus(MINUTE), EWS01, &desktop, launch);
    let wire = Wire::new(&mut stage.chance, EWS01.address, DOSING_PLC, 102);
    stage.connects(logon.plus(2 * MINUTE), EWS01, &manager, &wire, DOSING_PLC, 102);
    let micros = length / 2;
    let begin = logon.plus(2 * MINUTE);
    stage.conn(begin, &wire, Flow { service: "cotp,s7comm", micros, sent: 41_000, received: 160_000 });
    stage.s7(begin.plus(20 * MILLI), &wire, 1, S7_SETUP);
    let mut at = begin.plus(SECOND);
    for reference in 2..60 {
        stage.s7(at, &wire, reference, S7_READ);
        at = at.plus(micros / 60);
    }
    stage.process_end(logon.plus(MINUTE + length * 7 / 10), EWS01, &manager);
}
