//! An insider at the engineering workstation of a factory.
//!
//! After what is public about changes by people who had the right to work there, such as Maroochy (2000) and court cases about former
//! engineers: right role, right station, right software, at a time at which nobody works. No border is crossed from outside.

use super::{CMD, EXPLORER, Script, Tale};
use crate::clock::{MINUTE, Moment, SECOND};
use crate::plant::Asset;
use crate::plant::places::{EWS01, FACTORY, FACTORY_PACK, FACTORY_PAINT};
use crate::sensors::{Launch, Point};
use crate::tape::Mark;

pub(super) const SCRIPT: Script = Script {
    name: "insider",
    title: "An engineer changes the logic of the paint shop at night and clears the logs",
    plant: &FACTORY,
    end: Moment::local(6, 2, 0),
    play,
};

const INSIDER: &str = "tmaurer";
const LOGIX: &str =
    r"C:\Program Files (x86)\Rockwell Software\Studio 5000\Logix Designer\ENU\v33\Bin\LogixDesigner.exe";
const ROUTINE: Point = Point { kind: "Routine", number: 1 };

fn play(tale: &mut Tale<'_>) {
    comes_at_night(tale);
    blinds(tale);
    reads_logic(tale);
    changes_logic(tale);
    clears(tale);
}

fn comes_at_night(tale: &mut Tale<'_>) {
    tale.step(
        "collection",
        "logs on at the console in the night from Saturday to Sunday and packs the projects for a stick",
        &["T1078", "T0859", "T1560.001", "T0893"],
        "account:tmaurer asset:ews01",
    );
    let at = tale.before_end(150);
    let event = tale.pen.logon(at, &EWS01, INSIDER, 2, "-");
    let logon = tale.quiet(event);
    tale.hop("account:tmaurer", "asset:ews01", "logon", None, vec![logon]);
    let pack = Launch {
        account: INSIDER,
        parent: CMD,
        image: r"C:\Program Files\7-Zip\7z.exe",
        command: r"7z.exe a E:\p.7z C:\Projects\Paint\Paint.ACD",
    };
    tale.command(at.plus(8 * MINUTE), &EWS01, pack);
}

fn blinds(tale: &mut Tale<'_>) {
    tale.step(
        "defense-evasion",
        "the program that records what happens on the station is stopped",
        &["T1562.001"],
        "account:tmaurer asset:ews01",
    );
    let at = tale.before_end(130);
    let stop = Launch {
        account: INSIDER,
        parent: CMD,
        image: r"C:\Windows\System32\sc.exe",
        command: "sc.exe config Sense start= disabled",
    };
    tale.command(at, &EWS01, stop);
}

fn reads_logic(tale: &mut Tale<'_>) {
    tale.step(
        "collection",
        "the project on the stick is opened, and routines are read from both controllers",
        &["T0845", "T0888"],
        "account:tmaurer asset:ews01 asset:plc-paint asset:plc-pack",
    );
    let at = tale.before_end(110);
    let software =
        Launch { account: INSIDER, parent: EXPLORER, image: LOGIX, command: "LogixDesigner.exe E:\\Paint.ACD" };
    tale.command(at, &EWS01, software);
    let devices: [&'static Asset; 2] = [&FACTORY_PAINT, &FACTORY_PACK];
    for (number, device) in (0..).zip(devices) {
        let at = at.plus((5 + number * 4) * MINUTE);
        let wire = tale.pen.reaches(&EWS01, device);
        let event = tale.pen.connects(at.plus(-SECOND), &EWS01, software, device.ip, 44_818);
        tale.quiet(event);
        let event = tale.pen.identifies(at, &wire, device);
        tale.seen(event);
        for step in 0..4 {
            let event = tale.pen.fetches(at.plus((3 + step) * SECOND), &wire, device, ROUTINE);
            tale.seen(event);
        }
    }
}

fn changes_logic(tale: &mut Tale<'_>) {
    tale.step(
        "impair-process-control",
        "routines of both controllers are changed; the paint shop's is stopped and started again for it",
        &["T0843", "T0858", "T0889", "T0833"],
        "account:tmaurer asset:ews01 asset:plc-paint asset:plc-pack",
    );
    let at = tale.before_end(75);
    let wire = tale.pen.reaches(&EWS01, &FACTORY_PAINT);
    let event = tale.pen.stops(at, &wire, &FACTORY_PAINT);
    let mut marks = vec![tale.seen(event)];
    marks.extend(loads(tale, at.plus(4 * SECOND), &FACTORY_PAINT));
    let event = tale.pen.starts(at.plus(20 * SECOND), &wire, &FACTORY_PAINT);
    marks.push(tale.seen(event));
    tale.hop("asset:ews01", "asset:plc-paint", "operation", Some(("programming", false)), marks.clone());
    tale.effect(&FACTORY_PAINT, "program_download", marks);
    let marks = loads(tale, at.plus(9 * MINUTE), &FACTORY_PACK);
    tale.effect(&FACTORY_PACK, "program_download", marks);
}

fn loads(tale: &mut Tale<'_>, at: Moment, device: &'static Asset) -> Vec<Mark> {
    let wire = tale.pen.reaches(&EWS01, device);
    let event = tale.pen.conn(at, &wire, "", 25);
    tale.seen(event);
    (0..3)
        .map(|number| {
            let event = tale.pen.loads(at.plus((1 + number) * 3 * SECOND), &wire, device, ROUTINE);
            tale.seen(event)
        })
        .collect()
}

fn clears(tale: &mut Tale<'_>) {
    tale.step(
        "defense-evasion",
        "logs of the station are cleared, and he leaves",
        &["T1070.001", "T0872"],
        "account:tmaurer asset:ews01",
    );
    let at = tale.before_end(45);
    let clear = Launch {
        account: INSIDER,
        parent: CMD,
        image: r"C:\Windows\System32\wevtutil.exe",
        command: "wevtutil cl System",
    };
    tale.command(at, &EWS01, clear);
    let event = tale.pen.clears(at.plus(SECOND), &EWS01, INSIDER, "System");
    tale.seen(event);
    let event = tale.pen.clears(at.plus(9 * SECOND), &EWS01, INSIDER, "Security");
    tale.seen(event);
    let event = tale.pen.logoff(at.plus(2 * MINUTE), &EWS01, INSIDER, 2);
    tale.quiet(event);
}
