//! People in the office: they log on, open files, read mail, browse.
//!
//! Between seven and six there is something every minute or two; at other times only what programs do by themselves.

use super::Stage;
use crate::clock::{HOUR, MILLI, MINUTE, Moment, SECOND};
use crate::plant::Asset;
use crate::plant::places::{DC01, FS01, MAIL01, OFFICE, PROXY01};
use crate::sensors::{Launch, SYSTEM};

const EXPLORER: &str = r"C:\Windows\explorer.exe";
const SERVICES: &str = r"C:\Windows\System32\services.exe";
const BROWSER: &str = r"C:\Program Files\Browser\browser.exe";
const OFFICE_PROGRAMS: [&str; 3] = [
    r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
    r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE",
    r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE",
];
const HOUSEKEEPING: [&str; 4] = [
    r"C:\Windows\System32\svchost.exe",
    r"C:\Windows\System32\SearchIndexer.exe",
    r"C:\Windows\System32\taskhostw.exe",
    r"C:\Windows\System32\backgroundTaskHost.exe",
];
const SITES: [&str; 6] = [
    "news.example.com",
    "weather.example.org",
    "supplier-portal.example.net",
    "maps.example.com",
    "travel.example.org",
    "bank.example.com",
];
const FILES: [&str; 5] =
    [r"minutes\week48.docx", r"plans\2027.xlsx", r"orders\open.xlsx", r"letters\reply.docx", r"photos\site.jpg"];

pub(super) fn play(stage: &mut Stage<'_>) {
    let people = stage.plant().people.office;
    for (pc, account) in OFFICE.iter().zip(people) {
        mornings(stage, pc, account);
        let mut at = stage.span.begin.plus(stage.pen.chance.between(0, 10 * MINUTE));
        while stage.span.holds(at) {
            let is_work = at.is_working_day() && (7..18).contains(&at.local_hour());
            if is_work {
                somebody(stage, pc, account, at);
            } else {
                housekeeping(stage, pc, at);
            }
            let pause = stage.pause(if is_work { 70 * SECOND } else { 6 * MINUTE });
            at = at.plus(pause);
        }
    }
}

fn mornings(stage: &mut Stage<'_>, pc: &Asset, account: &str) {
    for day in stage.daily(7, 0) {
        if !day.is_working_day() {
            continue;
        }
        let at = day.plus(stage.pen.chance.between(0, HOUR));
        let leaves = day.plus(9 * HOUR + stage.pen.chance.between(0, HOUR));
        let events = [
            stage.pen.ticket(at, &DC01, account, pc.ip, "krbtgt"),
            stage.pen.logon(at.plus(SECOND), pc, account, 2, "-"),
            stage.pen.logoff(leaves, pc, account, 2),
        ];
        stage.works(events);
    }
}

fn somebody(stage: &mut Stage<'_>, pc: &Asset, account: &str, at: Moment) {
    match stage.pen.chance.between(0, 9) {
        0..=3 => browses(stage, pc, account, at),
        4 | 5 => opens_file(stage, pc, account, at),
        6 => mails(stage, pc, account, at),
        7 | 8 => starts(stage, pc, account, at),
        _ => housekeeping(stage, pc, at),
    }
}

fn browses(stage: &mut Stage<'_>, pc: &Asset, account: &str, at: Moment) {
    let site = stage.pen.chance.pick(&SITES);
    let launch = Launch { account, parent: EXPLORER, image: BROWSER, command: BROWSER };
    let wire = stage.pen.wire(pc.ip, PROXY01.ip, 8080);
    let length = stage.pen.chance.between(1, 50);
    let events = [
        stage.pen.dns(at, pc.ip, DC01.ip, site, "198.51.100.9"),
        stage.pen.asks(at.plus(5 * MILLI), pc, launch, site, "198.51.100.9"),
        stage.pen.http(at.plus(40 * MILLI), &wire, "CONNECT", site, &format!("{site}:443")),
        stage.pen.conn(at.plus(30 * MILLI), &wire, "http", length),
    ];
    stage.works(events);
}

fn opens_file(stage: &mut Stage<'_>, pc: &Asset, account: &str, at: Moment) {
    let file = stage.pen.chance.pick(&FILES);
    let wire = stage.pen.wire(pc.ip, FS01.ip, 445);
    let events = [
        stage.pen.ticket(at, &DC01, account, pc.ip, "FS01$"),
        stage.pen.logon(at.plus(20 * MILLI), &FS01, account, 3, pc.ip),
        stage.pen.smb_file(at.plus(60 * MILLI), &wire, "SMB::FILE_OPEN", "data", file),
        stage.pen.opens_share(at.plus(61 * MILLI), account, &wire, &FS01, file),
        stage.pen.conn(at.plus(10 * MILLI), &wire, "gssapi,smb", 12),
        stage.pen.logoff(at.plus(15 * SECOND), &FS01, account, 3),
    ];
    stage.works(events);
}

fn mails(stage: &mut Stage<'_>, pc: &Asset, account: &str, at: Moment) {
    let wire = stage.pen.wire(pc.ip, MAIL01.ip, 587);
    let dns = stage.plant().dns;
    let events = [
        stage.pen.smtp(at, &wire, &format!("{account}@{dns}"), "orders@supplier.example.org", "Re: order"),
        stage.pen.conn(at, &wire, "smtp,ssl", 2),
    ];
    stage.works(events);
}

fn starts(stage: &mut Stage<'_>, pc: &Asset, account: &str, at: Moment) {
    let image = stage.pen.chance.pick(&OFFICE_PROGRAMS);
    let command = format!("\"{image}\"");
    let launch = Launch { account, parent: EXPLORER, image, command: &command };
    let events = [
        stage.pen.process(at, pc, launch),
        stage.pen.creates(at.plus(SECOND), pc, launch, &format!(r"C:\Users\{account}\Documents\~notes.tmp")),
    ];
    stage.works(events);
}

fn housekeeping(stage: &mut Stage<'_>, pc: &Asset, at: Moment) {
    let image = stage.pen.chance.pick(&HOUSEKEEPING);
    let launch = Launch { account: SYSTEM, parent: SERVICES, image, command: image };
    let events = [
        stage.pen.process(at, pc, launch),
        stage.pen.dns(at.plus(SECOND), pc.ip, DC01.ip, "update.example.com", "198.51.100.20"),
    ];
    stage.works(events);
}
