//! SigmaHQ's conventions, for those who keep them.
//!
//! ```text
//! title: detects foo.   ─▶   TL0201: a title names what is found, in title case, without a full stop
//! ```
//!
//! Asked for by the caller, because a rule may be sound without them. They are measured on the public
//! rules: where those do not follow the written convention, the practice counts. Prefixes of file names
//! are left out, since they name folders of one repository.

use super::values::{each_item, has};
use crate::check::Report;
use crate::check::pattern::{Part, Pattern};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::syntax::document::Detection;
use crate::syntax::yaml::Node;
use crate::syntax::{Document, Item, Kind, Modifier, Value};

pub(super) fn check(document: &Document, detection: Option<&Detection>, report: &mut Report<'_>) {
    title(document, report);
    if matches!(document.kind, Kind::Rule(_)) {
        required(document, report);
    }
    references(document, report);
    falsepositives(document, report);
    for node in document.root.get("tags").and_then(Node::as_list).unwrap_or_default() {
        if let Some(text) = node.text() {
            tag(text, node.span, report);
        }
    }
    for selection in detection.map_or(&[][..], |detection| &detection.selections) {
        each_item(&selection.body, &mut |item| escapes(item, report));
    }
}

/// Characters of a title, and of a file name without its ending.
const TITLE_CHARS_MAX: usize = 110;
const FILE_CHARS_MIN: usize = 10;
const FILE_CHARS_MAX: usize = 90;

/// Looks at the name of each file once, however many documents it holds.
pub(super) fn file_names(documents: &[Document], diagnostics: &mut Vec<Diagnostic>) {
    for (at, document) in documents.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| documents.get(at));
        if before.is_none_or(|before| !before.source.is_same(&document.source)) {
            let mut report = Report::new(&document.source, None);
            file_name(document, &mut report);
            diagnostics.append(&mut report.found);
        }
    }
}

fn file_name(document: &Document, report: &mut Report<'_>) {
    let Some(path) = document.source.name() else { return };
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let Some((stem, "yml")) = file.rsplit_once('.') else {
        let message = format!("`{file}` does not end in `.yml`");
        report.tell(Code::ConventionFile, Span::default(), message);
        return;
    };
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !stem.chars().all(is_plain) || !stem.contains('_') {
        let message = format!("`{file}` is not made of lower case letters and digits joined by `_`");
        report.tell(Code::ConventionFile, Span::default(), message);
    }
    let length = file.chars().count();
    if !(FILE_CHARS_MIN..=FILE_CHARS_MAX).contains(&length) {
        let message = format!("`{file}` has {length} characters, not between {FILE_CHARS_MIN} and {FILE_CHARS_MAX}");
        report.tell(Code::ConventionFile, Span::default(), message);
    }
}

/// Words that stay in lower case within a title.
const SMALL_WORDS: &[&str] = &[
    "a", "an", "and", "as", "at", "but", "by", "for", "from", "if", "in", "into", "is", "it", "like", "near", "new",
    "nor", "not", "of", "off", "on", "or", "over", "per", "so", "than", "that", "the", "then", "to", "up", "upon",
    "via", "vs", "when", "with", "without", "yet", "be", "are", "has", "was", "its", "using",
];

fn title(document: &Document, report: &mut Report<'_>) {
    let Some(node) = document.root.get("title") else { return };
    let Some(title) = node.text() else { return };
    let length = title.chars().count();
    if length > TITLE_CHARS_MAX {
        let message = format!("the title has {length} characters, but {TITLE_CHARS_MAX} is the most");
        report.tell(Code::ConventionTitle, node.span, message);
    }
    if title.ends_with('.') {
        report.tell(Code::ConventionTitle, node.span, "the title ends with a full stop");
    }
    let first = title.split(' ').next().unwrap_or_default();
    if ["detects", "detection"].iter().any(|word| first.eq_ignore_ascii_case(word)) {
        let help = "name what is found: every rule detects something";
        report.advise(Code::ConventionTitle, node.span, format!("the title begins with `{first}`"), help);
    }
    // Names of files, options and functions keep their own spelling, so only plain words are looked at.
    let small = title.split(' ').enumerate().find(|(at, word)| {
        let plain = word.chars().all(|c| c.is_ascii_lowercase());
        plain && !word.is_empty() && (*at == 0 || !SMALL_WORDS.contains(word))
    });
    if let Some((_, word)) = small {
        let message = format!("the title is not in title case: `{word}`");
        report.advise(Code::ConventionTitle, node.span, message, "begin every word but the small ones with a capital");
    }
}

const REQUIRED: &[&str] =
    &["id", "status", "description", "references", "author", "date", "tags", "falsepositives", "level"];

fn required(document: &Document, report: &mut Report<'_>) {
    let missing: Vec<String> = REQUIRED
        .iter()
        .filter(|key| document.root.get(key).is_none_or(Node::is_null))
        .map(|key| format!("`{key}`"))
        .collect();
    if !missing.is_empty() {
        let span = document.root.get("title").map_or(document.span, |node| node.span);
        let message = format!("the rule lacks what SigmaHQ's rules have: {}", missing.join(", "));
        report.tell(Code::ConventionField, span, message);
    }
}

fn references(document: &Document, report: &mut Report<'_>) {
    for node in document.root.get("references").and_then(Node::as_list).unwrap_or_default() {
        let Some(text) = node.text() else { continue };
        if text.contains("://attack.mitre.org") {
            let message = "a reference to ATT&CK";
            report.advise(Code::ConventionField, node.span, message, "write it as a tag, such as `attack.t1059`");
        }
        let moving = ["/blob/master/", "/blob/main/", "/tree/master/", "/tree/main/"];
        if ["github.com", "gitlab.com"].iter().any(|host| text.contains(host))
            && moving.iter().any(|branch| text.contains(branch))
        {
            let message = "a link into a branch, which may change";
            report.advise(Code::ConventionField, node.span, message, "link to a commit instead");
        }
    }
}

fn falsepositives(document: &Document, report: &mut Report<'_>) {
    const REFUSED: &[&str] = &["none", "pentest", "penetration test", "penetration testing", "red team"];
    for node in document.root.get("falsepositives").and_then(Node::as_list).unwrap_or_default() {
        if let Some(text) = node.text().filter(|text| REFUSED.contains(&text.trim().to_lowercase().as_str())) {
            let message = format!("`{text}` says nothing about false positives");
            report.advise(Code::ConventionField, node.span, message, "write `Unknown` or `Unlikely`, or name them");
        }
    }
}

/// Tactics of ATT&CK, also those of its newest version.
const TACTICS: &[&str] = &[
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
    // Of ATT&CK for industrial control systems.
    "evasion",
    "inhibit-response-function",
    "impair-process-control",
];

fn tag(text: &str, span: Span, report: &mut Report<'_>) {
    let Some((namespace, name)) = text.split_once('.') else { return };
    let (known, help) = match namespace {
        "attack" => (is_attack(name), "write a tactic such as `attack.execution` or an id such as `attack.t1059.001`"),
        "car" => (is_car(name), "write it like `car.2016-04-005`"),
        "cve" => (is_cve(name), "write it like `cve.2021-44228`"),
        "d3fend" => (is_d3fend(name), "write it like `d3fend.d3-am`"),
        "detection" => (
            ["dfir", "emerging-threats", "threat-hunting"].contains(&name),
            "write `dfir`, `emerging-threats` or `threat-hunting` behind it",
        ),
        "stp" => (is_stp(name), "write it like `stp.3k`"),
        "tlp" => (
            ["red", "amber", "amber-strict", "green", "clear"].contains(&name),
            "write `red`, `amber`, `amber-strict`, `green` or `clear` behind it",
        ),
        _ => {
            let message = format!("the tag namespace `{namespace}` is not one of the specification's");
            let help = "known are: attack, car, cve, d3fend, detection, stp, tlp";
            report.advise(Code::ConventionTag, span, message, help);
            return;
        }
    };
    if !known {
        let dashed = name.replace('_', "-");
        let help = if namespace == "attack" && is_attack(&dashed) {
            format!("write `attack.{dashed}`")
        } else {
            help.to_owned()
        };
        report.advise(Code::ConventionTag, span, format!("`{text}` is not a tag that the specification knows"), help);
    }
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> bool {
    count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_attack(name: &str) -> bool {
    if TACTICS.contains(&name) {
        return true;
    }
    if let Some((technique, sub)) = name.split_once('.') {
        return technique.strip_prefix('t').is_some_and(|number| digits(number, 4..=4)) && digits(sub, 3..=3);
    }
    // Techniques, groups, software, data sources, mitigations, assets and campaigns.
    ["t", "g", "s", "ds", "m", "a", "c", "ta"]
        .iter()
        .any(|kind| name.strip_prefix(kind).is_some_and(|number| digits(number, 4..=4)))
}

fn is_car(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    matches!(parts.as_slice(), [year, month, number] if digits(year, 4..=4) && digits(month, 2..=2) && digits(number, 3..=3))
}

fn is_cve(name: &str) -> bool {
    name.split_once('-').is_some_and(|(year, number)| digits(year, 4..=4) && digits(number, 4..=7))
}

fn is_d3fend(name: &str) -> bool {
    ["model", "harden", "detect", "isolate", "deceive", "evict"].contains(&name)
        || name.strip_prefix("d3-").or_else(|| name.strip_prefix("d3f-")).is_some_and(|rest| !rest.is_empty())
}

fn is_stp(name: &str) -> bool {
    let mut chars = name.chars();
    matches!(chars.next(), Some('1'..='5'))
        && matches!(chars.next(), None | Some('a' | 'u' | 'k'))
        && chars.next().is_none()
}

/// Wildcards at the ends that a modifier would say, and backslashes that need no escape.
fn escapes(item: &Item, report: &mut Report<'_>) {
    use Modifier as M;
    let own = [M::Contains, M::StartsWith, M::EndsWith].into_iter().find(|modifier| has(item, *modifier));
    let foreign = item.modifiers.iter().any(|(modifier, _)| {
        !matches!(modifier, M::All | M::Neq | M::Cased | M::Windash | M::Contains | M::StartsWith | M::EndsWith)
    });
    for (value, span) in item.values.iter().filter(|_| !foreign) {
        let Value::Text(text) = value else { continue };
        let pattern = Pattern::parse(text);
        let (starts, ends) = match pattern.parts.as_slice() {
            [] | [_] => (false, false),
            [first, .., last] => (*first == Part::Many, *last == Part::Many),
        };
        let wanted = match (starts, ends) {
            (true, true) => Some(M::Contains),
            (false, true) => Some(M::StartsWith),
            (true, false) => Some(M::EndsWith),
            (false, false) => None,
        };
        let inner = text.trim_matches('*');
        match (wanted, own) {
            // A wildcard within keeps its place whatever the ends say, and a list says it the same way for all.
            (Some(wanted), None) if item.field.is_some() && item.values.len() == 1 && !inner.contains(['*', '?']) => {
                let field = item.field.as_deref().unwrap_or_default();
                let message = format!("`{text}` says with wildcards what `{}` says in a word", wanted.name());
                let help = format!("write `{field}|{}: '{}'`", wanted.name(), inner.replace('\'', "''"));
                report.advise(Code::ConventionEscape, *span, message, help);
            }
            (Some(wanted), Some(own)) if own == M::Contains || own == wanted => {
                let message = format!("`{}` makes the `*` at an end of `{text}` needless", own.name());
                let help = r"remove it, or write `\*` for the character itself";
                report.advise(Code::ConventionEscape, *span, message, help);
            }
            _ => {}
        }
    }
}
