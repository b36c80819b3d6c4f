//! Where events hold accounts, processes, files and the like, and what their texts mean.
//!
//! ```text
//! entity_fields:
//!   - {account: [TargetUserName, User], process: [ProcessGuid], file: [TargetFilename]}
//! WATER\Anna ─▶ account anna      administrator on hmi-1 ─▶ account administrator@hmi-1      SYSTEM ─▶ nothing
//! ```
//!
//! Names that every machine has say nothing, or count only on the host where they were seen. The shipped table is
//! `rules/incidents/entities.yml`.

use super::finding::{Entity, EntityKind};
use crate::config::Limits;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::syntax::fields::FieldForm;
use compact_str::{CompactString, format_compact};
use std::collections::BTreeSet;

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Account,
    Session,
    Process,
    /// A file that was written, or is what the event is about.
    File,
    /// A file that is mentioned: run, loaded or opened.
    Image,
    Hash,
    /// Several with their names: `SHA256=...,IMPHASH=...`.
    Hashes,
    Domain,
    Program,
    /// Whether the host that writes the event is the source of what it tells of, or the destination.
    Initiated,
}

const FORM: FieldForm<Class> = FieldForm {
    key: "entity_fields",
    code: Code::IndicatorFields,
    classes: &[
        ("account", Class::Account),
        ("session", Class::Session),
        ("process", Class::Process),
        ("file", Class::File),
        ("image", Class::Image),
        ("hash", Class::Hash),
        ("hashes", Class::Hashes),
        ("domain", Class::Domain),
        ("program", Class::Program),
        ("initiated", Class::Initiated),
    ],
};

/// Fields and what stands in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct EntityTable(pub(crate) BTreeSet<(String, Class)>);

impl EntityTable {
    /// Reads tables. When one has a fault, the diagnostics say where.
    pub(crate) fn parse(sources: &[Source], limits: &Limits) -> (Self, Vec<Diagnostic>) {
        let (table, found) = FORM.parse(sources, limits);
        (Self(table), found)
    }
}

/// Accounts that every machine has: they are nobody.
const NOBODY: &[&str] = &[
    "system",
    "local service",
    "network service",
    "anonymous logon",
    "iusr",
    "n/a",
    "unknown",
    "lokaler dienst",
    "netzwerkdienst",
    "nobody",
    "daemon",
    "null",
];
/// Accounts whose names are the same on many machines and mean another on each.
const LOCAL: &[&str] = &[
    "administrator",
    "admin",
    "root",
    "guest",
    "user",
    "operator",
    "engineer",
    "service",
    "ubuntu",
    "pi",
    "hmi",
    "scada",
    "test",
];
/// Logon sessions of the system itself.
const OF_SYSTEM: &[&str] = &["", "-", "0", "0x0", "0x3e7", "0x3e4", "0x3e5", "999"];
/// Endings of files that do something.
const ACTIVE: &[&str] = &[
    "exe", "dll", "sys", "ps1", "bat", "cmd", "vbs", "js", "hta", "msi", "scr", "jar", "sh", "elf", "lnk", "iso",
    "docm", "xlsm", "py",
];

/// What the host is called on which something means something. PERF: it is asked when that is so, and lies anywhere in memory.
pub(crate) type Host<'h> = &'h dyn Fn() -> &'h str;

impl Class {
    /// What a text in a field of this class means on a host.
    pub(crate) fn read(self, text: &str, host: Host<'_>, each: &mut dyn FnMut(Entity)) {
        let text = text.trim();
        let mut put = |kind, name: CompactString, is_mentioned| each(Entity { kind, name, is_mentioned });
        match self {
            Self::Account => {
                if let Some(name) = account(text, host) {
                    put(EntityKind::Account, name, false);
                }
            }
            Self::Session => {
                let id = lower(text);
                if !OF_SYSTEM.contains(&&*id) {
                    put(EntityKind::Session, format_compact!("{id}@{}", host()), false);
                }
            }
            Self::Process => {
                let id = lower(text.trim_matches(['{', '}']));
                if id.len() > 8 && id.contains(|own: char| !matches!(own, '0' | '-')) {
                    put(EntityKind::Process, id, false);
                }
            }
            Self::File | Self::Image => {
                let name = lower(text);
                let is_mentioned = self == Self::Image;
                let base = name.rsplit(['\\', '/']).next().unwrap_or_default();
                let is_active = base.rsplit_once('.').is_some_and(|(_, ending)| ACTIVE.contains(&ending));
                if is_active && !is_mentioned {
                    put(EntityKind::FileName, base.into(), false);
                }
                if base.len() < name.len() {
                    put(EntityKind::File, format_compact!("{name}@{}", host()), is_mentioned);
                }
            }
            Self::Hash => hash(text, &mut put),
            Self::Hashes => text.split(',').for_each(|one| {
                if let Some((name, digits)) = one.split_once('=')
                    && !name.trim().eq_ignore_ascii_case("imphash")
                {
                    hash(digits, &mut put);
                }
            }),
            Self::Domain => {
                let name = lower(text.trim_end_matches('.'));
                if name.contains('.') && name.parse::<std::net::IpAddr>().is_err() && !name.ends_with(".arpa") {
                    put(EntityKind::Domain, name, false);
                }
            }
            Self::Program if !text.is_empty() => put(EntityKind::Program, format_compact!("{text}@{}", host()), false),
            Self::Program | Self::Initiated => {}
        }
    }

    /// Whether the host that writes the event is the source of what it tells of.
    pub(crate) fn initiated(text: &str) -> Option<bool> {
        match text {
            "true" | "%%14593" => Some(true),
            "false" | "%%14592" => Some(false),
            _ => None,
        }
    }
}

/// What a text is that is named as an entity of a kind: read as in a field, else as it stands. Who is nobody is left out.
pub(crate) fn read_named(kind: EntityKind, text: &str, host: Host<'_>, each: &mut dyn FnMut(Entity)) {
    let class = match kind {
        EntityKind::Account => Some(Class::Account),
        EntityKind::Session => Some(Class::Session),
        EntityKind::Process => Some(Class::Process),
        EntityKind::File | EntityKind::FileName => Some(Class::File),
        EntityKind::Hash => Some(Class::Hash),
        EntityKind::Domain => Some(Class::Domain),
        EntityKind::Program => Some(Class::Program),
        EntityKind::Indicator => None,
    };
    let mut is_read = matches!(kind, EntityKind::Account | EntityKind::Session);
    class.into_iter().for_each(|class| {
        class.read(text, host, &mut |entity| {
            is_read = true;
            each(entity);
        });
    });
    let name = lower(text.trim());
    if !is_read && !name.is_empty() {
        // A number of a process means another on each host.
        let name = if kind == EntityKind::Process { format_compact!("{name}@{}", host()) } else { name };
        each(Entity { kind, name, is_mentioned: false });
    }
}

fn lower(text: &str) -> CompactString {
    if !text.is_ascii() {
        return text.to_lowercase().into();
    }
    let mut name = CompactString::new(text);
    name.make_ascii_lowercase();
    name
}

fn hash(digits: &str, put: &mut dyn FnMut(EntityKind, CompactString, bool)) {
    let digits = digits.trim();
    let is_one = matches!(digits.len(), 32 | 40 | 64) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_one && digits.bytes().any(|digit| digit != b'0') {
        put(EntityKind::Hash, lower(digits), false);
    }
}

/// An account in lower case, without its domain; none for those of machines.
pub(crate) fn plain_account(text: &str) -> Option<Box<str>> {
    account(text, &|| "").map(|name| name.as_str().into())
}

/// An account in lower case, without its domain; with the host where it means something only there, and none for those of machines.
fn account(text: &str, host: Host<'_>) -> Option<CompactString> {
    let (mut domain, mut name) = (None, text);
    // PERF: most accounts are a name and no more.
    if memchr::memchr3(b'\\', b'@', b'(', text.as_bytes()).is_some() {
        (domain, name) = text.split_once('\\').map_or((None, text), |(domain, name)| (Some(domain), name));
        (name, domain) = name.split_once('@').map_or((name, domain), |(name, domain)| (name, Some(domain)));
        // Linux writes `mk(uid=1000)`.
        name = name.split('(').next().unwrap_or_default();
    }
    let name = lower(name.trim());
    let is_machine = name.ends_with('$') || name.starts_with("dwm-") || name.starts_with("umfd-");
    if name.is_empty() || name == "-" || is_machine || NOBODY.contains(&&*name) {
        return None;
    }
    let short = || host().split('.').next().unwrap_or_default();
    let is_of_host = domain.is_some_and(|domain| domain.eq_ignore_ascii_case(short()) || domain == ".");
    let is_local = is_of_host || LOCAL.contains(&&*name);
    Some(if is_local && !host().is_empty() { format_compact!("{name}@{}", host()) } else { name })
}
