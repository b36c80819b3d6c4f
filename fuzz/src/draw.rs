//! Makes rules, filters, a pipeline and events out of bytes, such that they load and often meet.
//!
//! ```text
//! [3, 0, 7, 200, ...]  ─▶  A|contains: [ab, '*b']      {"A":"xab","a.b":{"b":[1,"1"]}}
//! ```
//!
//! A fuzzer that writes YAML letter by letter seldom gets past the parser. Here each byte is one choice from a
//! table, so nearly every input is a pack of rules that loads, and a changed byte is a changed rule. Whether
//! the answers are right is not known here; two evaluators are compared.

use std::fmt::Write;
use tieline::Shortcuts;

/// Bytes that are used up one choice at a time; when there are none left, every choice is the first.
pub(crate) struct Draw<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

/// What was drawn.
pub(crate) struct Case {
    pub(crate) rules: String,
    pub(crate) pipeline: Option<String>,
    pub(crate) events: Vec<String>,
    pub(crate) shortcuts: Shortcuts,
}

const SOURCES: &[&str] = &[
    "{category: c}",
    "{product: windows, category: process_creation}",
    "{product: windows, service: security}",
    "{product: linux}",
];
const FIELDS: &[&str] = &["A", "B", "a.b", "a.b.c", "Channel", "EventID", "x", "Hashes", "a b", "a"];
const TEXTS: &[&str] = &[
    "a", "ab", "abc", "A", "aB", "*a*", "a*", "*b", "a?c", "?", "*", r"\*", r"a\b", r"\\a", "-a", "a -b", "/a", "é",
    "ſ", "K", "σ", "1", "10", "4624", "", " ", "%p%", "a%p%", "YWJj", "10.0.0.1", "MD5=AA", "true",
];
const EXPRESSIONS: &[&str] =
    &["a.c", "^a", "b$", "[ab]+1?", "(foo|ab)", "A", ".", "ſ", "(?:a|b)c*", r"\bab", "a{2}", "^$", r"\d+", "é|É"];
const NUMBERS: &[&str] = &[
    "1",
    "10",
    "4624",
    "4624.0",
    "-1",
    "0",
    "-0.0",
    "1.5",
    "1e3",
    "9007199254740993",
    "9007199254740992.0",
    "18446744073709551615",
    "-9223372036854775808",
    "1e300",
    "0.1",
];
const TEXT_MODIFIERS: &[&str] = &[
    "",
    "|contains",
    "|startswith",
    "|endswith",
    "|cased",
    "|contains|cased",
    "|windash|contains",
    "|neq",
    "|all",
    "|contains|all",
    "|contains|all|neq",
    "|expand",
    "|contains|expand",
    "|base64offset|contains",
    "|base64",
    "|wide|base64offset|contains",
    "|endswith|cased|neq",
    "|windash",
    "|contains|expand|all",
];
const OTHER_ITEMS: &[&str] = &[
    ": null",
    "|exists: true",
    "|exists: false",
    ": true",
    ": false",
    "|cidr: 10.0.0.0/8",
    "|cidr|neq: ['::/64', 10.0.0.1]",
    "|fieldref: B",
    "|fieldref|contains: A",
    "|fieldref|neq: a.b",
    "|fieldref|cased|startswith: x",
    "|fieldref|endswith: a b",
    ": []",
    "|hour: 23",
    "|day|gte: 2",
    "|week|lt: 20",
    "|year|neq: 2024",
    "|minute: [0, 30]",
    "|month|lte: 5",
    "|bits: 0x0a",
    "|bits: [1, 0x1200]",
    "|bits|all: [2, 8]",
    "|bits|neq: 0x20000000000001",
];
const CONDITIONS: &[&str] = &[
    "s0",
    "not s0",
    "s0 and s1",
    "s0 or s1",
    "s0 and not s1",
    "1 of s*",
    "all of s*",
    "2 of s*",
    "not 1 of s*",
    "s0 and (s1 or not s2)",
    "not (s0 and s1) and s2",
    "1 of s* and not 2 of s*",
    "not all of them",
    "[s0, s1 and s2]",
    "any of them",
    "not not s0 or s1",
];
const STEPS: &[&str] = &[
    "{type: field_name_mapping, mapping: {A: [A, x.b], B: a.c}}",
    "{type: field_name_mapping, mapping: {EventID: [EventID, a.b.c]}}",
    "{type: field_name_mapping, mapping: {A: null}}",
    "{type: field_name_prefix_mapping, mapping: {'a': ['a', 'x'], '': ['', 'a.']}}",
    "{type: field_name_prefix, prefix: 'a.', field_name_conditions: [{type: include_fields, fields: [b, x]}]}",
    "{type: field_name_suffix, suffix: .b, field_name_conditions: [{type: exclude_fields, fields: [A, B]}]}",
    "{type: field_name_transform, transform_func: lower}",
    "{type: add_condition, conditions: {EventID: [1, 2]}}",
    "{type: add_condition, negated: true, conditions: {B: 10}}",
    "{type: add_condition, conditions: {Channel: 'C*', A: null}}",
    "{type: alternatives, alternatives: [{id: l, transformations: [{type: add_condition, conditions: {EventID: 1}}]}, {id: r, transformations: [{type: field_name_mapping, mapping: {A: B}}]}]}",
    "{type: map_string, mapping: {ab: [abc, x], a: '*'}}",
    "{type: replace_string, regex: 'a', replacement: 'b'}",
    "{type: replace_string, regex: '^(.*)b$', replacement: '*\\1', interpret_special: true}",
    "{type: convert_type, target_type: num}",
    "{type: convert_type, target_type: str}",
    "{type: case, method: upper}",
    "{type: hashes_fields, valid_hash_algos: [MD5, SHA1], field_prefix: x}",
    "{type: set_value, value: ab}",
    "{type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [x]}]}",
    "{type: regex, method: ignore_case_flag}",
    "{type: wildcard_placeholders}",
    "{type: value_placeholders}",
    "{type: change_logsource, product: windows}",
    "{type: rule_failure, message: no, rule_conditions: [{type: contains_field, field: x}]}",
    "{type: nest, items: [{type: field_name_mapping, mapping: {x: [A, a.b]}}, {type: case, method: lower}]}",
];
const KEYS: &[&str] = &[
    "A",
    "B",
    "a",
    "a.b",
    "a.b.c",
    "b",
    "b.c",
    "c",
    "x",
    "xb",
    "Channel",
    "EventID",
    "Hashes",
    "a b",
    "other",
    "\\u0041",
    "a\\u002eb",
];
const SCALARS: &[&str] = &[
    "\"a\"",
    "\"ab\"",
    "\"xabc\"",
    "\"B\"",
    "\"c1\"",
    "\"C2\"",
    "1",
    "2",
    "10",
    "\"1\"",
    "\"10\"",
    "4624",
    "4624.0",
    "\"4624\"",
    "4.624e3",
    "null",
    "true",
    "\"true\"",
    "false",
    "\"\"",
    "\" \"",
    "\"ſk\"",
    "\"\\u017f\"",
    "\"É\"",
    "\"Σς\"",
    "\"a -b\"",
    "\"\\u2013a\"",
    "\"a\\\\b\"",
    "\"*\"",
    "\"2024-05-01T23:30:00Z\"",
    "\"10.0.0.1\"",
    "\"::ffff:10.0.0.1\"",
    "\"::1\"",
    "\"MD5=AA,SHA1=BB\"",
    "\"xxYWJjxx\"",
    "9007199254740993",
    "18446744073709551616",
    "-0",
    "1e300",
    "\"\\ud83d\\ude00\"",
    "\"0x0C\"",
    "\"\\u0030x1a\"",
    "-1",
    "\"foo\\nab\"",
    "\"\\u0000a\"",
    "0.1",
];

impl<'a> Draw<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % count)
    }

    /// The next bytes as they are, at most so many.
    pub(crate) fn rest(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.as_slice().split_at(count.min(self.bytes.len()));
        self.bytes = rest.iter();
        taken
    }

    pub(crate) fn pick(&mut self, table: &[&'static str]) -> &'static str {
        table[self.below(table.len())]
    }

    pub(crate) fn case(&mut self) -> Case {
        let mut rules = String::new();
        for number in 0..=self.below(5) {
            self.rule(number, &mut rules);
        }
        for _ in 0..self.below(3) {
            self.filter(&mut rules);
        }
        let pipeline = match self.below(5) {
            0 | 1 => None,
            steps => Some(self.pipeline(steps - 1)),
        };
        let events = (0..=self.below(4)).map(|_| self.event()).collect();
        let off = [0, 8, 16].map(|shift| (self.below(256) as u32) << shift);
        Case { rules, pipeline, events, shortcuts: Shortcuts::all_but(off.iter().sum()) }
    }

    fn rule(&mut self, number: usize, out: &mut String) {
        let source = self.pick(SOURCES);
        let _ = write!(out, "---\ntitle: t\nname: r{number}\nlogsource: {source}\ndetection:\n");
        self.selections(out);
        let condition = self.pick(CONDITIONS);
        match self.below(3) {
            0 => {
                let (channel, id) = (self.below(3), self.below(3));
                let condition = condition.trim_matches(['[', ']']).replace(',', " or");
                let _ = writeln!(out, "  r: {{Channel: C{channel}, EventID: {id}}}\n  condition: r and ({condition})");
            }
            _ => {
                let _ = writeln!(out, "  condition: {condition}");
            }
        }
    }

    fn filter(&mut self, out: &mut String) {
        let source = self.pick(SOURCES);
        let rules = self.pick(&["any", "[r0]", "[r1, r0]"]);
        let _ = write!(out, "---\ntitle: f\nlogsource: {source}\nfilter:\n  rules: {rules}\n");
        self.selections(out);
        let condition = self.pick(&["not s0", "not 1 of s*", "s0 or not s1", "s2"]);
        let _ = writeln!(out, "  condition: {condition}");
    }

    fn selections(&mut self, out: &mut String) {
        for name in ["s0", "s1", "s2"] {
            let _ = write!(out, "  {name}:");
            match self.below(8) {
                0 => {
                    let words = [self.quoted(TEXTS), self.quoted(TEXTS)];
                    let _ = writeln!(out, " [{}]", words.join(", "));
                }
                1 => {
                    out.push('\n');
                    for _ in 0..=self.below(2) {
                        self.items("- ", out);
                    }
                }
                _ => {
                    out.push('\n');
                    self.items("  ", out);
                }
            }
        }
    }

    /// A map of items, whose first line begins with a mark.
    fn items(&mut self, mark: &str, out: &mut String) {
        let mut keys = Vec::new();
        for _ in 0..=self.below(3) {
            let item = self.item();
            let key = item.split(": ").next().unwrap_or_default().to_owned();
            if !keys.contains(&key) {
                let _ = writeln!(out, "    {}{item}", if keys.is_empty() { mark } else { "  " });
                keys.push(key);
            }
        }
    }

    fn item(&mut self) -> String {
        let field = self.pick(FIELDS);
        match self.below(12) {
            0..=5 => {
                let modifiers = self.pick(TEXT_MODIFIERS);
                format!("{field}{modifiers}: {}", self.values(&mut |draw| draw.quoted(TEXTS)))
            }
            6 => {
                let modifiers = self.pick(&["", "|lt", "|lte", "|gt", "|gte", "|neq", "|gt|neq"]);
                format!("{field}{modifiers}: {}", self.values(&mut |draw| draw.pick(NUMBERS).to_owned()))
            }
            7 => {
                let modifiers = self.pick(&["|re", "|re|i", "|re|neq", "|re|i|s", "|re|m", "|re|all"]);
                format!("{field}{modifiers}: {}", self.values(&mut |draw| draw.quoted(EXPRESSIONS)))
            }
            8 => {
                let modifiers = self.pick(&["", "|all", "|re", "|cased", "|startswith", "|neq", "|contains|all"]);
                format!("'{modifiers}': {}", self.values(&mut |draw| draw.quoted(&TEXTS[..12])))
            }
            _ => format!("{field}{}", self.pick(OTHER_ITEMS)),
        }
    }

    fn values(&mut self, one: &mut dyn FnMut(&mut Self) -> String) -> String {
        match self.below(5) {
            count @ 0..=2 => {
                let values: Vec<String> = (0..=count).map(|_| one(self)).collect();
                format!("[{}]", values.join(", "))
            }
            _ => one(self),
        }
    }

    fn quoted(&mut self, table: &[&'static str]) -> String {
        format!("'{}'", self.pick(table).replace('\'', "''"))
    }

    fn pipeline(&mut self, steps: usize) -> String {
        let mut text = "name: p\nvars: {p: [ab, 'x*', 10]}\ntransformations:\n".to_owned();
        for _ in 0..=steps {
            let _ = writeln!(text, "  - {}", self.pick(STEPS));
        }
        text
    }

    fn event(&mut self) -> String {
        let mut text = "{".to_owned();
        for at in 0..self.below(8) {
            let comma = if at == 0 { "" } else { "," };
            let key = self.pick(KEYS);
            let _ = write!(text, "{comma}\"{key}\":");
            self.value(3, &mut text);
        }
        text.push('}');
        text
    }

    fn value(&mut self, depth: usize, out: &mut String) {
        match if depth == 0 { 0 } else { self.below(8) } {
            0..=4 => out.push_str(self.pick(SCALARS)),
            5 | 6 => {
                out.push('{');
                for at in 0..self.below(4) {
                    let comma = if at == 0 { "" } else { "," };
                    let key = self.pick(KEYS);
                    let _ = write!(out, "{comma}\"{key}\":");
                    self.value(depth - 1, out);
                }
                out.push('}');
            }
            _ => {
                out.push('[');
                for at in 0..self.below(4) {
                    if at > 0 {
                        out.push(',');
                    }
                    self.value(depth - 1, out);
                }
                out.push(']');
            }
        }
    }
}
