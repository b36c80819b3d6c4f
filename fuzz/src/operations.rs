//! What the targets `tables` and `records` do: tables of OT protocols that somebody wrote, and events that the shipped ones read.
//!
//! ```text
//! tables   text, events       ─▶  faults with their places, or records that every form of an event has
//! records  [3, 0, 7, 200, …]  ─▶  {"layers":{"modbus":[{"modbus_modbus_func_code":"0x2b"},…]}}  ─▶  the same
//! ```
//!
//! Events are drawn from the words of the shipped tables, so that most of them are messages; which, is not known here.

use super::draw::Draw;
use super::{LIMITS, compare_with};
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};
use tieline::{Compiler, JsonEvent, Normaliser, Rules, Scanner};

/// A table with everything that one can say.
const TABLE: &str = include_str!("../../core/tests/data/operations/everything.yml");
/// What rules ask of records.
const DETECTIONS: &str = include_str!("../../core/tests/data/operations/detections.txt");
/// Of one input of forged tables, so that it is quick.
const FORGERIES_MAX: usize = 16;

pub(crate) const EVENTS: &[&str] = &[
    r#"{"src":"10.0.0.1","l":{"p":{"c":"0x02","o":"TWO","a":[3],"n":3,"v":["7","0x0a",500]},"u":"0"}}"#,
    r#"{"l":{"p":[{"c":3,"d":"5a:04:41","in":[{"c":1,"sub":4},{"c":4,"e":129}]},{"c":2,"t":"sub: FOUR"}],"b":[{"f":"f1"},{"f":2}]}}"#,
    r#"{"q":[{"c":1,"w":null},{"k":8,"v":"x"}],"sp":5,"id":"s"}"#,
    r#"{"_path":"one","func":"STOP_X","unit":1,"kind":"response","t":"FOUR-1"}"#,
    "{}",
];

const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "\"1\"",
    "\"0x01\"",
    "\"00:01:02:03\"",
    "\"\"",
    "-1",
    "1.5",
    "{}",
    "[]",
    "65535",
    "\"4294967295\"",
    "9223372036854775807",
    "\"\\u0031\"",
    "\"10.0.0.1\"",
    "\"é\\\\x01\"",
    "1e2",
    "\"a$Oper\"",
];

fn with_rules(compiler: Compiler) -> Compiler {
    let rule = |(number, detection): (usize, &str)| {
        format!("title: r{number}\nlogsource: {{category: c}}\ndetection:\n  s: {detection}\n  condition: s\n---\n")
    };
    compiler.rules(None, DETECTIONS.lines().enumerate().map(rule).collect::<String>())
}

/// Rules about records, with the tables that they need.
pub(crate) fn sound() -> Rules {
    with_rules(Compiler::new().protocols(None, TABLE)).build().unwrap_or_else(|error| panic!("{error}"))
}

/// Every form of an event must have the same records, for rules and as they are told.
fn compare_records(scanner: &mut Scanner, rules: &Rules, normaliser: &mut Normaliser, event: &[u8]) {
    compare_with(scanner, rules, event);
    let own = normaliser.records_json(event);
    assert_eq!(own.is_ok(), JsonEvent::parse(event).is_ok());
    let (Ok(own), Ok(text)) = (own, std::str::from_utf8(event)) else { return };
    // A key with an escape makes the walk give up, and a tree is read.
    let open = text.trim_end().strip_suffix('}').unwrap_or_else(|| panic!("no object: {text}"));
    let by_tree = format!("{open},\"\\u006b\\u006b\":1}}").replacen("{,", "{", 1);
    if JsonEvent::parse(by_tree.as_bytes()).is_ok() {
        let by_tree = normaliser.records_json(by_tree.as_bytes());
        assert_eq!(by_tree.unwrap_or_else(|error| panic!("{error}")), own, "{text}");
    }
}

fn read<'e>(text: &str, events: impl Iterator<Item = &'e [u8]>) {
    let compiler = || Compiler::new().limits(LIMITS).protocols(Some("fuzz.yml"), text);
    let (rules, normaliser) = (with_rules(compiler()).build(), Normaliser::new(compiler()));
    let (rules, mut normaliser) = match (rules, normaliser) {
        (Ok(rules), Ok(normaliser)) => (rules, normaliser),
        (Err(error), Err(_)) => {
            assert!(!error.diagnostics().is_empty());
            for told in error.diagnostics() {
                assert!(told.line > 0 && !told.message.is_empty() && !told.render().is_empty(), "{told}");
            }
            return;
        }
        (rules, normaliser) => panic!("{:?} {:?}", rules.err(), normaliser.err()),
    };
    let mut scanner = Scanner::new(&rules);
    events.for_each(|event| compare_records(&mut scanner, &rules, &mut normaliser, event));
}

/// Any text as tables, with events behind NULs; and bytes as forgeries of a sound table: a word in place of another.
pub fn tables(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
    read(&text, parts.chain(EVENTS.iter().map(|event| event.as_bytes())));
    let words: Vec<&str> = TABLE.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).collect();
    let mut forged = words.clone();
    for forgery in data.chunks_exact(4).take(FORGERIES_MAX) {
        let number = |from: usize| usize::from(u16::from_le_bytes([forgery[from], forgery[from + 1]])) % words.len();
        forged[number(0)] = words[number(2)];
    }
    read(&forged.concat(), EVENTS.iter().map(|event| event.as_bytes()));
}

/// A layout of the shipped tables: where its objects stand, and all words in it.
struct Form {
    each: Vec<&'static str>,
    words: Vec<&'static str>,
    /// Words of the whole protocol.
    values: Arc<[&'static str]>,
}

fn words(text: &'static str) -> Vec<&'static str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let mut words: Vec<&str> = text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let mut forms = Vec::new();
    for (_, yaml) in tieline_rules::protocols() {
        let values: Arc<[&str]> = words(yaml).into();
        for layout in yaml.split("\n  - sensor:").skip(1) {
            let layout = layout.split("\ndirection:").next().unwrap_or_default();
            let each = layout.lines().find_map(|line| line.trim_start().strip_prefix("each:"));
            forms.push(Form {
                each: each.map(words).unwrap_or_default(),
                words: words(layout),
                values: Arc::clone(&values),
            });
        }
    }
    forms
});

pub(crate) fn shipped() -> Compiler {
    tieline_rules::protocols().fold(Compiler::new(), |compiler, (name, yaml)| compiler.protocols(Some(name), yaml))
}

static RULES: LazyLock<Rules> =
    LazyLock::new(|| with_rules(shipped()).build().unwrap_or_else(|error| panic!("{error}")));

thread_local! {
    static NORMALISER: RefCell<Normaliser> =
        RefCell::new(Normaliser::new(shipped()).unwrap_or_else(|error| panic!("{error}")));
}

/// Bytes as choices: events of the sensors that the shipped tables know, one after the other.
pub fn records(data: &[u8]) {
    let mut scanner = Scanner::new(&RULES);
    let mut draw = Draw::new(data);
    for _ in 0..4 {
        let event = event(&mut draw);
        assert!(JsonEvent::parse(event.as_bytes()).is_ok(), "{event}");
        NORMALISER.with_borrow_mut(|normaliser| {
            compare_records(&mut scanner, &RULES, normaliser, event.as_bytes());
        });
    }
}

/// An event that some sensor could write, as far as its words go.
pub(crate) fn event(draw: &mut Draw<'_>) -> String {
    let form = &FORMS[draw.below(FORMS.len())];
    let mut entries: Vec<(String, String)> = Vec::new();
    for _ in 0..draw.below(3) + usize::from(!form.each.is_empty()) {
        let Some(path) = form.each.get(draw.below(form.each.len().max(1))) else { break };
        let path = if draw.below(16) == 0 { format!("{path}.{}", word(draw, &form.words)) } else { (*path).to_owned() };
        entries.push((path, objects(draw, form, 2)));
    }
    for _ in 0..draw.below(8) {
        entries.push((word(draw, &form.words).to_owned(), value(draw, form)));
    }
    match draw.below(4) {
        // As whoever flattens events leaves them.
        0 => written(entries.iter().map(|(path, value)| (path.as_str(), value.clone()))),
        _ => nested(&entries.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect::<Vec<_>>(), 0),
    }
}

fn word(draw: &mut Draw<'_>, words: &[&'static str]) -> &'static str {
    // A byte is less than the number of words.
    let at = draw.below(256) << 8 | draw.below(256);
    words.get(at % words.len().max(1)).copied().unwrap_or("x")
}

/// One object, or a list of them.
fn objects(draw: &mut Draw<'_>, form: &Form, depth: usize) -> String {
    let one = |draw: &mut Draw<'_>| {
        let mut entries = Vec::new();
        for _ in 0..draw.below(6) {
            let inner = form.each.get(draw.below(form.each.len().max(1))).filter(|_| depth > 0 && draw.below(6) == 0);
            entries.push(match inner.and_then(|inner| inner.rsplit('.').next()) {
                Some(inner) => (inner, objects(draw, form, depth - 1)),
                None => (word(draw, &form.words), value(draw, form)),
            });
        }
        written(entries.into_iter())
    };
    match draw.below(4) {
        0 => one(draw),
        count => format!("[{}]", (0..count).map(|_| one(draw)).collect::<Vec<_>>().join(",")),
    }
}

fn value(draw: &mut Draw<'_>, form: &Form) -> String {
    match draw.below(8) {
        0 => format!("[{}]", (0..draw.below(4)).map(|_| scalar(draw, form)).collect::<Vec<_>>().join(",")),
        _ => scalar(draw, form),
    }
}

fn scalar(draw: &mut Draw<'_>, form: &Form) -> String {
    match draw.below(8) {
        0..=2 => draw.pick(SCALARS).to_owned(),
        3 => draw.below(256).to_string(),
        4 => format!("\"0x{:02x}\"", draw.below(256)),
        _ => format!("\"{}\"", word(draw, &form.values)),
    }
}

fn written<'e>(entries: impl Iterator<Item = (&'e str, String)>) -> String {
    format!("{{{}}}", entries.map(|(key, value)| format!("\"{key}\":{value}")).collect::<Vec<_>>().join(","))
}

/// Paths as objects within objects; those that begin alike share one.
fn nested(entries: &[(&str, &str)], depth: usize) -> String {
    let mut heads: Vec<&str> = Vec::new();
    let mut members = Vec::new();
    for (path, value) in entries {
        let Some((own, _)) = path.split_once('.').filter(|_| depth < 8) else {
            members.push((*path, (*value).to_owned()));
            continue;
        };
        if !heads.contains(&own) {
            heads.push(own);
            let inner: Vec<(&str, &str)> = entries
                .iter()
                .filter_map(|(path, value)| Some((path.strip_prefix(own)?.strip_prefix('.')?, *value)))
                .collect();
            members.push((own, nested(&inner, depth + 1)));
        }
    }
    written(members.into_iter())
}
