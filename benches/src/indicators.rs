//! Lists of made-up indicators, and the rules that look for them.
//!
//! ```text
//! Kind "hashes"   ─▶   Hashes|contains|expand: '%list%'   with 9f86d081884c7d65…, 60303ae22b998861…, …
//! ```

use crate::generated::Chance;

/// A kind of list.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What it is called in tables.
    pub name: &'static str,
    item: &'static str,
    category: &'static str,
    value: fn(&mut Chance) -> String,
}

/// All kinds.
pub const KINDS: [Kind; 6] = [
    Kind { name: "SHA-256, contains", item: "Hashes|contains|expand", category: "process_creation", value: sha256 },
    Kind { name: "MD5, contains", item: "Hashes|contains|expand", category: "process_creation", value: md5 },
    Kind {
        name: "domains, endswith",
        item: "DestinationHostname|endswith|expand",
        category: "network_connection",
        value: domain,
    },
    Kind {
        name: "domains, contains",
        item: "CommandLine|contains|expand",
        category: "process_creation",
        value: domain,
    },
    Kind { name: "addresses, whole", item: "DestinationIp|expand", category: "network_connection", value: address },
    Kind { name: "networks, cidr", item: "DestinationIp|expand|cidr", category: "network_connection", value: network },
];

impl Kind {
    /// The rule that looks for `%list%`.
    #[must_use]
    pub fn rule(&self) -> String {
        let Self { item, category, .. } = self;
        format!(
            "title: list\nlogsource: {{product: windows, category: {category}}}\ndetection:\n  s:\n    {item}: '%list%'\n  condition: s\n"
        )
    }

    /// So many values.
    pub fn values(&self, count: usize) -> impl Iterator<Item = String> {
        let (value, mut chance) = (self.value, Chance::new(7));
        (0..count).map(move |_| value(&mut chance))
    }
}

fn hex(chance: &mut Chance, length: usize) -> String {
    (0..length).map(|_| char::from(b"0123456789abcdef"[chance.below(16)])).collect()
}

fn sha256(chance: &mut Chance) -> String {
    hex(chance, 64)
}

fn md5(chance: &mut Chance) -> String {
    hex(chance, 32)
}

fn domain(chance: &mut Chance) -> String {
    let length = 4 + chance.below(14);
    let name: String = (0..length).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz"[chance.below(26)])).collect();
    format!("{name}{}", [".com", ".net", ".xyz", ".top", ".duckdns.org"][chance.below(5)])
}

fn address(chance: &mut Chance) -> String {
    format!("{}.{}.{}.{}", 1 + chance.below(223), chance.below(256), chance.below(256), chance.below(256))
}

fn network(chance: &mut Chance) -> String {
    match chance.below(4) {
        0 => format!("2001:{:x}:{:x}::/48", chance.below(1 << 16), chance.below(1 << 16)),
        1 => format!("{}.{}.{}.0/24", 1 + chance.below(223), chance.below(256), chance.below(256)),
        _ => format!("{}/32", address(chance)),
    }
}
