//! More rules than there are: each real rule again, with other texts in it.
//!
//! ```text
//! Image|endswith: '\rubeus.exe'                       Image|endswith: '\tomard.exe'
//! CommandLine|contains: ' kerberoast '        ─▶      CommandLine|contains: ' salneredit '
//! EventID: 4688                                       EventID: 4688
//! ```
//!
//! Structure, fields, modifiers, regular expressions, numbers of values and lengths of texts stay as they are. Words are
//! replaced by made-up ones of the same length and the same kinds of characters, drawn by how often each letter stands in
//! the real rules. Words that many rules share (`exe`, `windows`, `microsoft`) stay, because more real rules would share
//! them as well, unless a value would then be the same as before. What tells log sources apart stays, and so do selections
//! that are called filters: they say what is normal on the machines that the events are from.

use crate::corpus::{RuleFile, RulePack};
use crate::generated::Chance;
use std::collections::{HashMap, HashSet};

/// A word of at least so many rules is one that further rules would use as well.
const SHARED_BY: usize = 40;

/// Fields whose values say what kind of event is meant.
const KINDS: [&str; 12] = [
    "EventID",
    "Channel",
    "Provider_Name",
    "eventSource",
    "eventName",
    "EventType",
    "LogonType",
    "IntegrityLevel",
    "Initiated",
    "category",
    "product",
    "service",
];

/// A pack of `times` as many rules as `pack` has: the real ones, and variants of them.
#[must_use]
pub fn grown(pack: &RulePack, times: usize) -> RulePack {
    let words = Words::of(pack);
    let mut files = pack.files.clone();
    for round in 1..times {
        let mut chance = Chance::new(round as u64);
        files.extend(
            pack.files.iter().enumerate().map(|(number, file)| words.variant(file, round, number, &mut chance)),
        );
    }
    RulePack { name: format!("{} x {times}", pack.name), files }
}

/// What is known of the words of a pack.
#[derive(Debug)]
struct Words {
    shared: HashSet<String>,
    /// Letters and digits as often as they stand in the rules.
    letters: Vec<u8>,
    digits: Vec<u8>,
}

impl Words {
    fn of(pack: &RulePack) -> Self {
        let mut rules: HashMap<String, usize> = HashMap::new();
        let (mut letters, mut digits) = (Vec::new(), Vec::new());
        for file in &pack.files {
            let mut own = HashSet::new();
            each_value(&file.text, &mut |value| {
                for word in value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
                    own.insert(word.to_ascii_lowercase());
                    letters.extend(word.bytes().filter(u8::is_ascii_alphabetic).map(|byte| byte.to_ascii_lowercase()));
                    digits.extend(word.bytes().filter(u8::is_ascii_digit));
                }
                None
            });
            own.into_iter().for_each(|word| *rules.entry(word).or_default() += 1);
        }
        let shared = rules.into_iter().filter(|(_, rules)| *rules >= SHARED_BY).map(|(word, _)| word).collect();
        Self { shared, letters, digits }
    }

    fn variant(&self, file: &RuleFile, round: usize, number: usize, chance: &mut Chance) -> RuleFile {
        let mut made: HashMap<String, String> = HashMap::new();
        let text = each_value(&file.text, &mut |value| Some(self.value(value, &mut made, chance)));
        let id = format!("{round:08x}-0000-4000-8000-{number:012x}");
        let lines = text.lines().map(|line| match line.split_once(':') {
            Some(("id", _)) => format!("id: {id}\n"),
            Some(("title", title)) => format!("title:{title} {round}\n"),
            _ => format!("{line}\n"),
        });
        RuleFile { name: format!("{round}/{}", file.name), text: lines.collect(), id: id.clone() }
    }

    /// A value with other words; the same word of one rule becomes the same other word.
    fn value(&self, value: &str, made: &mut HashMap<String, String>, chance: &mut Chance) -> String {
        let is_expression = value.contains(['(', '[', '+']) && value.contains('\\');
        let spans: Vec<(usize, usize)> =
            words(value).filter(|(start, end)| is_free(value, *start, *end, is_expression)).collect();
        let is_shared = |(start, end): &(usize, usize)| self.shared.contains(&value[*start..*end].to_ascii_lowercase());
        let longest = spans.iter().copied().max_by_key(|(start, end)| end - start);
        let all_shared = spans.iter().all(is_shared);
        let mut out = String::with_capacity(value.len());
        let mut from = 0;
        for span in spans {
            if is_shared(&span) && !(all_shared && Some(span) == longest) {
                continue;
            }
            let word = &value[span.0..span.1];
            out.push_str(&value[from..span.0]);
            let other = made.entry(word.to_owned()).or_insert_with(|| self.word(word, chance));
            out.push_str(other);
            from = span.1;
        }
        out.push_str(&value[from..]);
        out
    }

    fn word(&self, word: &str, chance: &mut Chance) -> String {
        let is_hex = word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let draw = |byte: u8, chance: &mut Chance| {
            let from: &[u8] = match byte {
                _ if is_hex => b"0123456789abcdef",
                b'0'..=b'9' => &self.digits,
                _ => &self.letters,
            };
            let drawn = from.get(chance.below(from.len())).copied().unwrap_or(byte);
            char::from(if byte.is_ascii_uppercase() { drawn.to_ascii_uppercase() } else { drawn })
        };
        word.bytes().map(|byte| draw(byte, chance)).collect()
    }
}

/// Runs of letters and digits.
fn words(value: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = value.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes.get(at..)?.iter().position(u8::is_ascii_alphanumeric)?;
        let length = bytes.get(start..)?.iter().position(|byte| !byte.is_ascii_alphanumeric());
        at = length.map_or(bytes.len(), |length| start + length);
        Some((start, at))
    })
}

/// Whether a word may be replaced: numbers stay, and in an expression only words that can be nothing but text.
fn is_free(value: &str, start: usize, end: usize, is_expression: bool) -> bool {
    let word = value.as_bytes().get(start..end).unwrap_or_default();
    let has_letters = word.iter().any(u8::is_ascii_alphabetic);
    let before = start.checked_sub(1).and_then(|at| value.as_bytes().get(at));
    let is_plain = word.len() >= 4
        && word.iter().all(u8::is_ascii_alphabetic)
        && !matches!(before, Some(b'\\' | b'[' | b'<' | b'-'));
    has_letters && (!is_expression || is_plain)
}

/// Calls `each` for every value of the detections that is a text, and writes what it gives in its place.
fn each_value(rule: &str, each: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(rule.len());
    let (mut inside, mut key) = (false, String::new());
    // How far the names of selections are indented, and whether the selection at hand says what is normal.
    let (mut indent, mut is_filter) = (None, false);
    for line in rule.lines() {
        if !line.starts_with([' ', '#', '\t']) && line.contains(':') {
            inside = line.starts_with("detection:");
            indent = None;
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let head = if inside { head(line, &mut key) } else { line.len() };
        let own = line.len() - line.trim_start().len();
        let is_entry = inside && !line.trim_start().starts_with(['#', '-']) && !line.trim().is_empty();
        if is_entry && *indent.get_or_insert(own) == own {
            is_filter = key.starts_with("filter");
        }
        let (head, value) = line.split_at(head);
        out.push_str(head);
        let is_kind = KINDS.contains(&key.as_str()) || key == "condition" || key == "timeframe" || is_filter;
        let quoted = value.trim_start().starts_with(['\'', '"']);
        let is_text =
            !value.trim().is_empty() && !is_kind && (quoted || value.bytes().any(|byte| byte.is_ascii_alphabetic()));
        let is_word = matches!(value.trim(), "null" | "true" | "false" | "yes" | "no" | ">" | "|" | ">-" | "|-");
        let new = if is_text && !is_word { each(without_comment(value)) } else { None };
        out.push_str(new.as_deref().unwrap_or(value));
        out.push('\n');
    }
    out
}

/// The text without what stands behind a ` #`.
fn without_comment(value: &str) -> &str {
    value.rfind(" #").filter(|at| !value[*at..].contains(['\'', '"'])).map_or(value, |at| &value[..at])
}

/// Where the value of a line begins; `key` is the field it belongs to.
fn head(line: &str, key: &mut String) -> usize {
    let mut at = line.len() - line.trim_start().len();
    while line[at..].starts_with("- ") {
        at += 2;
    }
    let rest = &line[at..];
    if rest.starts_with('#') {
        return line.len();
    }
    // Keys of keywords stand in quotes: `'|all':`.
    let quoted = ["'|", "\"|"].iter().any(|quote| rest.starts_with(quote)) && rest.ends_with(':');
    let name = if quoted {
        Some(rest.len() - 1)
    } else {
        rest.find(|c: char| !(c.is_alphanumeric() || "_.-|/@ ".contains(c)))
    };
    match name {
        Some(end)
            if rest[end..].starts_with(':') && (rest[end + 1..].is_empty() || rest[end + 1..].starts_with(' ')) =>
        {
            *key = rest[..end].split('|').next().unwrap_or_default().to_owned();
            at + end + 1
        }
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_differs_in_its_words_only() {
        let text = "title: A\nid: 1\ndetection:\n    s:\n        Image|endswith: '\\rubeus.exe'\n        EventID: 4688\n        CommandLine|contains:\n            - ' kerberoast '\n            - 'rubeus'\n    condition: s\n";
        let file = RuleFile { name: "a.yml".into(), id: "1".into(), text: text.into() };
        let pack = RulePack { name: "p".into(), files: vec![file] };
        let (grown, again) = (grown(&pack, 3), super::grown(&pack, 3));
        assert_eq!(grown.files.len(), 3);
        for (number, (file, again)) in grown.files.iter().zip(&again.files).enumerate().skip(1) {
            assert_eq!(file.text, again.text);
            assert_eq!(file.text.len(), text.len() + 2 + 35);
            assert!(file.text.contains(&format!("title: A {number}\n")), "{}", file.text);
            assert!(file.text.contains("EventID: 4688\n") && file.text.contains("condition: s\n"), "{}", file.text);
            assert!(!file.text.contains("rubeus") && !file.text.contains("kerberoast"), "{}", file.text);
        }
    }
}
