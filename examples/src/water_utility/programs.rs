//! Programs of the story: where they lie and what their version resource says.
//!
//! ```text
//! C:\Windows\System32\cmd.exe ──▶ Windows Command Processor, Microsoft® Windows® Operating System, Cmd.Exe
//! ```
//!
//! A program that is not listed has no version resource, like many small tools.

/// The command shell.
pub(crate) const CMD: &str = r"C:\Windows\System32\cmd.exe";
/// Windows PowerShell.
pub(crate) const POWERSHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
/// The desktop.
pub(crate) const EXPLORER: &str = r"C:\Windows\explorer.exe";
/// The service control manager.
pub(crate) const SERVICES: &str = r"C:\Windows\System32\services.exe";
/// Host of many services.
pub(crate) const SVCHOST: &str = r"C:\Windows\System32\svchost.exe";
/// The local security authority.
pub(crate) const LSASS: &str = r"C:\Windows\System32\lsass.exe";
/// The web browser.
pub(crate) const BROWSER: &str = r"C:\Program Files\Mozilla Firefox\firefox.exe";
/// The mail client.
pub(crate) const OUTLOOK: &str = r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE";
/// The word processor.
pub(crate) const WINWORD: &str = r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE";
/// The spreadsheet.
pub(crate) const EXCEL: &str = r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE";
/// The endpoint protection.
pub(crate) const DEFENDER: &str = r"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.26090.9-0\MsMpEng.exe";
/// The remote desktop client.
pub(crate) const MSTSC: &str = r"C:\Windows\System32\mstsc.exe";
/// SIMATIC Manager, the engineering software of the dosing controller.
pub(crate) const STEP7: &str = r"C:\Program Files (x86)\Siemens\Step7\S7bin\S7tgtopx.exe";
/// The archiver.
pub(crate) const SEVEN_ZIP: &str = r"C:\Program Files\7-Zip\7z.exe";

/// The version resource of a program.
#[derive(Clone, Copy)]
pub(crate) struct Resource {
    /// What it is.
    pub(crate) description: &'static str,
    /// The product it belongs to.
    pub(crate) product: &'static str,
    /// Who made it.
    pub(crate) company: &'static str,
    /// The name it was built under.
    pub(crate) original: &'static str,
    /// Its version.
    pub(crate) version: &'static str,
}

const NONE: Resource = Resource { description: "-", product: "-", company: "-", original: "-", version: "-" };

const fn windows(description: &'static str, original: &'static str) -> Resource {
    Resource {
        description,
        product: "Microsoft® Windows® Operating System",
        company: "Microsoft Corporation",
        original,
        version: "10.0.19041.5198",
    }
}

const fn office(description: &'static str, original: &'static str) -> Resource {
    let version = "16.0.17928.20392";
    Resource { description, product: "Microsoft Office", company: "Microsoft Corporation", original, version }
}

const TABLE: [(&str, Resource); 27] = [
    ("cmd.exe", windows("Windows Command Processor", "Cmd.Exe")),
    ("powershell.exe", windows("Windows PowerShell", "PowerShell.EXE")),
    ("explorer.exe", windows("Windows Explorer", "EXPLORER.EXE")),
    ("svchost.exe", windows("Host Process for Windows Services", "svchost.exe")),
    ("conhost.exe", windows("Console Window Host", "CONHOST.EXE")),
    ("wscript.exe", windows("Microsoft ® Windows Based Script Host", "wscript.exe")),
    ("rundll32.exe", windows("Windows host process (Rundll32)", "RUNDLL32.EXE")),
    ("schtasks.exe", windows("Task Scheduler Configuration Tool", "schtasks.exe")),
    ("taskhostw.exe", windows("Host Process for Windows Tasks", "taskhostw.exe")),
    ("backgroundTaskHost.exe", windows("Background Task Host", "backgroundTaskHost.exe")),
    ("RuntimeBroker.exe", windows("Runtime Broker", "RuntimeBroker.exe")),
    ("SearchProtocolHost.exe", windows("Microsoft Windows Search Protocol Host", "SearchProtocolHost.exe")),
    ("notepad.exe", windows("Notepad", "NOTEPAD.EXE")),
    ("mstsc.exe", windows("Remote Desktop Connection", "mstsc.exe")),
    ("net.exe", windows("Net Command", "net.exe")),
    ("whoami.exe", windows("whoami - displays logged on user information", "whoami.exe")),
    ("wevtutil.exe", windows("Eventing Command Line Utility", "wevtutil.exe")),
    ("vssadmin.exe", windows("Command Line Interface for Microsoft® Volume Shadow Copy Service", "VSSADMIN.EXE")),
    ("wbadmin.exe", windows("Command Line Interface for Microsoft® BLB Backup", "WBADMIN.EXE")),
    ("robocopy.exe", windows("Microsoft Robocopy", "robocopy.exe")),
    ("usoclient.exe", windows("UsoClient", "UsoClient")),
    ("OUTLOOK.EXE", office("Microsoft Outlook", "Outlook.exe")),
    ("WINWORD.EXE", office("Microsoft Word", "WinWord.exe")),
    ("EXCEL.EXE", office("Microsoft Excel", "Excel.exe")),
    (
        "7z.exe",
        Resource {
            description: "7-Zip Console",
            product: "7-Zip",
            company: "Igor Pavlov",
            original: "7z.exe",
            version: "24.09",
        },
    ),
    (
        "firefox.exe",
        Resource {
            description: "Firefox",
            product: "Firefox",
            company: "Mozilla Corporation",
            original: "firefox.exe",
            version: "140.5.0",
        },
    ),
    (
        "S7tgtopx.exe",
        Resource {
            description: "SIMATIC Manager",
            product: "STEP 7",
            company: "SIEMENS AG",
            original: "S7tgtopx.exe",
            version: "5.7.0.2",
        },
    ),
];

/// The version resource of the program at this path; dashes when it has none.
pub(crate) fn resource(image: &str) -> Resource {
    let name = base_name(image);
    TABLE.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map_or(NONE, |(_, resource)| *resource)
}

/// The last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('\\').next().unwrap_or(path)
}
