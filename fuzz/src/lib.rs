//! What each fuzz target does with its bytes; also replayed by the library's own tests.
//!
//! Every target takes any bytes and must neither panic nor hang, and where two ways lead to one answer it
//! compares them.

mod draw;
mod files;
mod forged;
mod joined;
mod operations;
mod plant;
mod stream;

pub use files::files;
pub use joined::{incidents, trust};
pub use operations::{records, tables};
pub use plant::{assets, inventory, report};
use std::sync::Arc;
pub use stream::stream;
use tieline::{Compiler, Indicators, JsonEvent, Limits, Rules, Scanner, Shortcuts};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("rules", rules),
    ("condition", condition),
    ("item", item),
    ("event", event),
    ("pipeline", pipeline),
    ("saved", saved),
    ("differential", differential),
    ("drawn", drawn),
    ("stream", stream),
    ("tables", tables),
    ("records", records),
    ("indicators", indicators),
    ("incidents", incidents),
    ("trust", trust),
    ("files", files),
    ("inventory", inventory),
    ("assets", assets),
    ("report", report),
];

/// Limits low enough that one input is quick.
const LIMITS: Limits = Limits {
    yaml_bytes_max: 64 << 10,
    yaml_nodes_max: 10_000,
    rule_values_max: 10_000,
    regex_bytes_max: 256 << 10,
    ..Limits::DEFAULT
};

const EVENTS: &[&str] = &[
    r#"{"A":"abc","B":4624,"a":{"b":["x",null,1.5]},"Channel":"c1","EventID":1}"#,
    r#"{"A":"","a.b":"x","B":["4624",true],"t":"2024-05-01T23:30:00Z","ip":"10.0.0.1"}"#,
    "{}",
];

fn compile(text: &str) -> Rules {
    compile_with(Shortcuts::ALL, text)
}

fn compile_with(shortcuts: Shortcuts, text: &str) -> Rules {
    let compiler = Compiler::new().limits(LIMITS).shortcuts(shortcuts).placeholder("p", ["x", "y*"]);
    let built = compiler.rules(Some("fuzz.yml"), text).build();
    let rules = built.unwrap_or_else(|error| panic!("{error}"));
    for told in rules.diagnostics() {
        assert!(!told.render().is_empty() && !told.message.is_empty());
    }
    rules
}

/// The engine, by bytes and by the trait, must say what the reference says.
fn compare(rules: &Rules, event: &[u8]) {
    compare_with(&mut Scanner::new(rules), rules, event);
}

/// The same with a scanner that may have seen other events before.
fn compare_with(scanner: &mut Scanner, rules: &Rules, event: &[u8]) {
    let tree = JsonEvent::parse(event);
    let found: Result<Vec<usize>, _> = scanner.scan_json(event).map(|found| found.map(|one| one.index()).collect());
    assert_eq!(tree.is_ok(), found.is_ok(), "{tree:?} {found:?}");
    let (Ok(tree), Ok(found)) = (tree, found) else { return };
    let reference: Vec<usize> = (0..rules.len()).filter(|index| rules.reference_matches(*index, &tree)).collect();
    assert_eq!(found, reference, "{}", String::from_utf8_lossy(event));
    let by_trait: Vec<usize> = scanner.scan(&tree).map(|one| one.index()).collect();
    assert_eq!(by_trait, reference);
    for index in 0..rules.len() {
        assert_eq!(rules.explain(index, &tree).matched, reference.contains(&index));
    }
}

/// Any text as rules.
pub fn rules(data: &[u8]) {
    let rules = compile(&String::from_utf8_lossy(data));
    EVENTS.iter().for_each(|event| compare(&rules, event.as_bytes()));
    let again = Rules::from_bytes(&rules.to_bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.len(), rules.len());
}

/// Any text as a condition over three selections.
pub fn condition(data: &[u8]) {
    let condition = String::from_utf8_lossy(data).replace('\'', "''").replace(['\n', '\r'], " ");
    let rules = compile(&format!(
        "title: t\nlogsource: {{category: c}}\ndetection:\n  s1: {{A: abc}}\n  s2: {{B: 4624}}\n  _s: {{a.b: x}}\n  condition: '{condition}'\n"
    ));
    EVENTS.iter().for_each(|event| compare(&rules, event.as_bytes()));
}

/// A field with modifiers, and a value, separated by a line end.
pub fn item(data: &[u8]) {
    let text = String::from_utf8_lossy(data).replace('\'', "''").replace('\r', " ");
    let (key, value) = text.split_once('\n').unwrap_or((&text, ""));
    let values: Vec<String> = value.split('\n').map(|value| format!("'{value}'")).collect();
    for value in [format!("[{}]", values.join(", ")), values.concat().replace('\'', "")] {
        let yaml =
            format!("title: t\nlogsource: {{category: c}}\ndetection:\n  s:\n    '{key}': {value}\n  condition: s\n");
        let rules = compile(&yaml);
        EVENTS.iter().for_each(|event| compare(&rules, event.as_bytes()));
    }
}

/// Any bytes as events, separated by NULs, before rules of every kind.
pub fn event(data: &[u8]) {
    static RULES: std::sync::LazyLock<Rules> = std::sync::LazyLock::new(|| compile(include_str!("rules.yml")));
    assert!(RULES.len() > 10, "the rules of the target do not load");
    let mut scanner = Scanner::new(&RULES);
    data.split(|byte| *byte == 0).for_each(|event| compare_with(&mut scanner, &RULES, event));
}

/// Any text as a pipeline.
pub fn pipeline(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let built =
        Compiler::new().limits(LIMITS).rules(None, include_str!("rules.yml")).pipeline(Some("fuzz"), text).build();
    match built {
        Ok(rules) => EVENTS.iter().for_each(|event| compare(&rules, event.as_bytes())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Any text as a list of indicators, and what follows it behind NULs as events that may hold some.
pub fn indicators(data: &[u8]) {
    static RULES: std::sync::LazyLock<Option<Rules>> = std::sync::LazyLock::new(|| {
        let rule =
            "title: a\nlogsource: {category: indicator}\ndetection: {s: {indicator.kind|exists: true}, condition: s}";
        let fields =
            "{address: [A, ip], domain: [B], url: [a.b], hash: [A], hashes: [B], file_path: [a.b], email: [B]}";
        Compiler::new().rules(None, rule).indicator_fields(None, fields).build().ok()
    });
    let text = String::from_utf8_lossy(data).into_owned();
    let mut parts = text.split('\0');
    let list = Indicators::read([("fuzz", parts.next().unwrap_or_default())]);
    let rules = RULES.as_ref().expect("the rule of the target does not load").with_indicators(Arc::new(list));
    EVENTS.iter().copied().chain(parts).for_each(|event| compare(&rules, event.as_bytes()));
}

/// Any bytes as saved rules: as they are, with a seal that fits them, and as forgeries of words of sound ones.
pub fn saved(data: &[u8]) {
    static SOUND: std::sync::LazyLock<[Vec<u8>; 2]> =
        std::sync::LazyLock::new(|| [compile(include_str!("rules.yml")).to_bytes(), operations::sound().to_bytes()]);
    let _ = Rules::from_bytes(data);
    SOUND.iter().for_each(|sound| forged(data, sound));
}

fn forged(data: &[u8], sound: &[u8]) {
    let sealed = |body: &[u8]| {
        let checksum = xxhash_rust::xxh3::xxh3_64(body).to_le_bytes();
        [&sound[..16], checksum.as_slice(), body].concat()
    };
    let mut body = sound[24..].to_vec();
    for forgery in data.chunks_exact(8) {
        let number = |from: usize| u32::from_le_bytes([0, 1, 2, 3].map(|at| forgery[from + at]));
        let at = number(0) as usize % (body.len() / 4) * 4;
        body[at..at + 4].copy_from_slice(&number(4).to_ne_bytes());
    }
    for bytes in [sealed(data), sealed(&body)] {
        if let Ok(rules) = Rules::from_owner(bytes) {
            use_up(&rules);
        }
    }
}

/// Asks rules for all they can give.
fn use_up(rules: &Rules) {
    let mut scanner = Scanner::new(rules);
    for event in EVENTS.iter().chain(operations::EVENTS) {
        let _ = scanner.scan_json(event.as_bytes()).map(|found| found.count());
    }
    for rule in rules.iter().take(20) {
        let _ = (rule.title(), rule.show());
    }
}

/// Rules and events, separated by NULs.
pub fn differential(data: &[u8]) {
    for shortcuts in [Shortcuts::ALL, Shortcuts::all_but(checksum(data) as u32)] {
        let mut parts = data.split(|byte| *byte == 0);
        let rules = compile_with(shortcuts, &String::from_utf8_lossy(parts.next().unwrap_or_default()));
        let mut scanner = Scanner::with_shortcuts(&rules, shortcuts);
        compare_with(&mut scanner, &rules, parts.next().unwrap_or_default());
        parts.for_each(|event| compare_with(&mut scanner, &rules, event));
    }
}

/// A number that any change of the input changes.
fn checksum(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Bytes as choices: rules, filters, a pipeline, events and shortcuts, see [`draw`].
pub fn drawn(data: &[u8]) {
    let case = draw::Draw::new(data).case();
    let mut compiler = Compiler::new().limits(LIMITS).shortcuts(case.shortcuts).placeholder("p", ["x", "y*"]);
    compiler = compiler.rules(Some("fuzz.yml"), case.rules.as_str());
    if let Some(pipeline) = &case.pipeline {
        compiler = compiler.pipeline(Some("fuzz"), pipeline.as_str());
    }
    // A pipeline may turn out to be wrong for these rules; that is an answer too.
    let Ok(rules) = compiler.build() else { return };
    let saved = Rules::from_bytes(&rules.to_bytes()).unwrap_or_else(|error| panic!("{error}"));
    // Twice, so that what is remembered from the first time is used the second; saved rules take all shortcuts.
    let mut scanner = Scanner::with_shortcuts(&rules, case.shortcuts);
    let mut scanner_of_saved = Scanner::new(&saved);
    for event in case.events.iter().chain(&case.events) {
        let show = || {
            let pipeline = case.pipeline.as_deref().unwrap_or_default();
            format!("{}\n{pipeline}\n{event}\n{:?}", case.rules, case.shortcuts)
        };
        let tree = JsonEvent::parse(event.as_bytes());
        let found = scanner.scan_json(event.as_bytes());
        assert_eq!(tree.is_ok(), found.is_ok(), "{}", show());
        let (Ok(tree), Ok(found)) = (tree, found) else { continue };
        let found: Vec<usize> = found.map(|one| one.index()).collect();
        let reference: Vec<usize> = (0..rules.len()).filter(|index| rules.reference_matches(*index, &tree)).collect();
        assert_eq!(found, reference, "{}", show());
        let by_trait: Vec<usize> = scanner.scan(&tree).map(|one| one.index()).collect();
        assert_eq!(by_trait, reference, "by the trait\n{}", show());
        let found = scanner_of_saved.scan_json(event.as_bytes()).map(|found| found.map(|one| one.index()).collect());
        assert_eq!(found.ok().as_ref(), Some(&reference), "after saving\n{}", show());
        for index in 0..rules.len() {
            assert_eq!(rules.explain(index, &tree).matched, reference.contains(&index), "explained\n{}", show());
        }
    }
}
