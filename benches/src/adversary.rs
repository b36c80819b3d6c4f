//! Events and rules that somebody made to be slow: what does a byte cost, and does it cost more in a larger event?
//!
//! ```text
//! lane "almost, everywhere"    value of 6,400 bytes ─▶ ns per byte      64,000 bytes ─▶ the same, if the cost is linear
//! ```

use crate::generated::Chance;
use std::fmt::Write;

/// A kind of attack.
#[derive(Debug, Clone, Copy)]
pub struct Attack {
    /// What it is called in tables.
    pub name: &'static str,
    /// The rules it is aimed at; `None` for the rules of the pack.
    pub rules: Option<fn() -> String>,
    /// Events of about so many bytes, one JSON object each, no two alike.
    pub event: fn(usize, &mut Chance) -> String,
}

/// All attacks.
pub const ATTACKS: [Attack; 12] = [
    Attack { name: "one long command line", rules: None, event: |bytes, chance| line(&noise(bytes, chance)) },
    Attack { name: "many fields", rules: None, event: fields },
    Attack { name: "values never seen before", rules: None, event: fresh },
    Attack { name: "almost, everywhere", rules: None, event: almost },
    Attack {
        name: "backslashes",
        rules: None,
        event: |bytes, chance| line(&format!("{}{:04}", r"\\".repeat(bytes / 2), chance.below(9999))),
    },
    Attack {
        name: "escapes",
        rules: None,
        event: |bytes, chance| line(&format!("{}{:04}", r"\u0041".repeat(bytes / 6), chance.below(9999))),
    },
    Attack { name: "only quotes", rules: None, event: quotes },
    Attack { name: "lists in lists", rules: None, event: nested },
    Attack {
        name: "overlapping literals (a, aa, aaa, …)",
        rules: Some(overlapping),
        event: |bytes, chance| line(&format!("{}{:04}", "a".repeat(bytes), chance.below(9999))),
    },
    Attack {
        name: "100 expressions without literals",
        rules: Some(expressions),
        event: |bytes, chance| line(&noise(bytes, chance)),
    },
    Attack {
        name: "100 patterns with wildcards",
        rules: Some(wildcards),
        event: |bytes, chance| line(&format!("{}{:04}", "ab".repeat(bytes / 2), chance.below(9999))),
    },
    Attack { name: "two long lists against each other", rules: Some(against), event: two_lists },
];

const HEAD: &str = r#""Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1"#;

fn line(value: &str) -> String {
    format!(r#"{{{HEAD},"Image":"C:\\x.exe","CommandLine":"{value}"}}"#)
}

fn noise(bytes: usize, chance: &mut Chance) -> String {
    let letters = br"eeeetttaaooinshrdlu    ....-/0123456789wxyzcmp_";
    (0..bytes).map(|_| char::from(letters[chance.below(letters.len())])).collect()
}

fn fields(bytes: usize, chance: &mut Chance) -> String {
    let mut event = format!("{{{HEAD}");
    while event.len() < bytes {
        let _ = write!(event, r#","field{}":"{}""#, event.len(), noise(12, chance));
    }
    event + "}"
}

fn fresh(bytes: usize, chance: &mut Chance) -> String {
    let asked =
        ["Image", "CommandLine", "ParentImage", "ParentCommandLine", "User", "OriginalFileName", "Product", "Company"];
    let values: Vec<String> = asked.iter().map(|name| format!(r#""{name}":["{}"]"#, list(bytes / 8, chance))).collect();
    format!("{{{HEAD},{}}}", values.join(","))
}

fn list(bytes: usize, chance: &mut Chance) -> String {
    let values: Vec<String> = (0..bytes / 33).map(|_| noise(30, chance)).collect();
    values.join(r#"",""#)
}

/// Beginnings of what rules look for, without their last letter.
fn almost(bytes: usize, chance: &mut Chance) -> String {
    let words = [
        "powershel",
        "invoke-mimikat",
        "-encodedcomman",
        "certutil -urlcach",
        "downloadstrin",
        "vssadmin delete shadow",
        "rundll3",
        "frombase64strin",
        "net group domain admin",
        "reg ad",
    ];
    let mut value = String::new();
    while value.len() < bytes {
        value.push_str(words[chance.below(words.len())]);
    }
    line(&value)
}

fn two_lists(bytes: usize, chance: &mut Chance) -> String {
    format!(r#"{{{HEAD},"CommandLine":["{}"],"Image":["{}"]}}"#, list(bytes / 2, chance), list(bytes / 2, chance))
}

fn quotes(bytes: usize, chance: &mut Chance) -> String {
    let mut event = format!("{{{HEAD},\"x{}\":[\"\"", chance.below(9999));
    while event.len() < bytes {
        event.push_str(r#","""#);
    }
    event + "]}"
}

fn nested(bytes: usize, chance: &mut Chance) -> String {
    let one = format!("{}{}{}", "[".repeat(100), chance.below(9999), "]".repeat(100));
    format!("{{{HEAD},\"CommandLine\":[{}]}}", vec![one; bytes / 205 + 1].join(","))
}

fn rule(title: &str, items: &[String]) -> String {
    let values: String = items.iter().map(|item| format!("      - '{item}'\n")).collect();
    format!(
        "title: {title}\nlogsource: {{category: c}}\ndetection:\n  s:\n    CommandLine|{title}:\n{values}  condition: s\n"
    )
}

fn overlapping() -> String {
    rule("contains", &(1..=60).map(|length| format!("{}b", "a".repeat(length))).collect::<Vec<_>>())
}

fn expressions() -> String {
    rule("re", &(0..100).map(|number| format!("[a-f]{{{}}}[x-z]\\d+[g-h]", 2 + number % 20)).collect::<Vec<_>>())
}

fn wildcards() -> String {
    rule("contains", &(0..100).map(|number| format!("abab*{}?c", "ab".repeat(2 + number % 30))).collect::<Vec<_>>())
}

fn against() -> String {
    ["", "|contains", "|startswith", "|endswith"]
        .map(|how| {
            format!(
                "title: fieldref{how}\nlogsource: {{category: c}}\n\
                 detection: {{s: {{CommandLine|fieldref{how}: Image}}, condition: s}}\n"
            )
        })
        .join("---\n")
}
