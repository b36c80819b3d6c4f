//! Tactics and techniques of ATT&CK, as other products name them.
//!
//! ```text
//! impair-process-control, T0855     ─▶  TA0106 "Impair Process Control", T0855
//! lateral-movement, T1021.001       ─▶  TA0008 "Lateral Movement", T1021 and its T1021.001
//! ```
//!
//! Rules name tactics by words that both matrices share; the numbers of techniques tell which matrix is meant. What is in neither keeps
//! its words and has no number.

use serde_json::{Value, json};

/// Words, name, number in Enterprise, number in ICS.
type Row = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

const TACTICS: &[Row] = &[
    ("reconnaissance", "Reconnaissance", Some("TA0043"), None),
    ("resource-development", "Resource Development", Some("TA0042"), None),
    ("initial-access", "Initial Access", Some("TA0001"), Some("TA0108")),
    ("execution", "Execution", Some("TA0002"), Some("TA0104")),
    ("persistence", "Persistence", Some("TA0003"), Some("TA0110")),
    ("privilege-escalation", "Privilege Escalation", Some("TA0004"), Some("TA0111")),
    ("defense-evasion", "Defense Evasion", Some("TA0005"), None),
    ("evasion", "Evasion", None, Some("TA0103")),
    ("credential-access", "Credential Access", Some("TA0006"), None),
    ("discovery", "Discovery", Some("TA0007"), Some("TA0102")),
    ("lateral-movement", "Lateral Movement", Some("TA0008"), Some("TA0109")),
    ("collection", "Collection", Some("TA0009"), Some("TA0100")),
    ("command-and-control", "Command and Control", Some("TA0011"), Some("TA0101")),
    ("exfiltration", "Exfiltration", Some("TA0010"), None),
    ("inhibit-response-function", "Inhibit Response Function", None, Some("TA0107")),
    ("impair-process-control", "Impair Process Control", None, Some("TA0106")),
    ("impact", "Impact", Some("TA0040"), Some("TA0105")),
];

/// A tactic of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tactic {
    pub(super) name: String,
    pub(super) id: Option<&'static str>,
}

/// A tactic by its words; techniques found with it tell the matrix.
pub(super) fn tactic(words: &str, techniques: &[String]) -> Tactic {
    let words = words.replace('_', "-");
    let Some((_, name, enterprise, ics)) = TACTICS.iter().find(|(own, ..)| *own == words) else {
        return Tactic { name: words, id: None };
    };
    let is_ics = techniques.iter().any(|id| is_ics(id));
    let id = if is_ics { ics.or(*enterprise) } else { enterprise.or(*ics) };
    Tactic { name: (*name).to_owned(), id }
}

/// Techniques of ICS have numbers below 1000.
pub(super) fn is_ics(technique: &str) -> bool {
    technique.starts_with("T0")
}

/// The page of a technique; none when it has no number as ATT&CK gives them.
pub(super) fn page(technique: &str) -> Option<String> {
    let (of, sub) = technique.split_once('.').map_or((technique, None), |(of, sub)| (of, Some(sub)));
    let is_number = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_known = of.strip_prefix('T').is_some_and(|number| is_number(number, 4));
    if !is_known || sub.is_some_and(|sub| !is_number(sub, 3)) {
        return None;
    }
    Some(format!("https://attack.mitre.org/techniques/{}/", technique.replace('.', "/")))
}

/// The technique that a sub-technique is part of.
pub(super) fn parent(technique: &str) -> Option<&str> {
    technique.split_once('.').map(|(parent, _)| parent)
}

/// `attack` objects of OCSF. A tactic and a technique stand together when there is but one tactic; else nobody says which belongs to which.
pub(super) fn ocsf<'a>(stages: impl IntoIterator<Item = (&'a [String], &'a [String])>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut add = |attack: Value| {
        if !all.contains(&attack) {
            all.push(attack);
        }
    };
    for (tactics, techniques) in stages {
        let told: Vec<Value> = tactics.iter().map(|words| named(&tactic(words, techniques))).collect();
        let only = told.first().filter(|_| told.len() == 1);
        if only.is_none() || techniques.is_empty() {
            told.iter().for_each(|tactic| add(json!({"tactic": tactic})));
        }
        for id in techniques {
            let mut attack = serde_json::Map::new();
            attack.extend(only.map(|tactic| ("tactic".to_owned(), tactic.clone())));
            attack.insert("technique".to_owned(), numbered(parent(id).unwrap_or(id)));
            attack.extend(parent(id).map(|_| ("sub_technique".to_owned(), numbered(id))));
            add(attack.into());
        }
    }
    all
}

fn named(tactic: &Tactic) -> Value {
    match tactic.id {
        Some(id) => {
            json!({"name": tactic.name, "uid": id, "src_url": format!("https://attack.mitre.org/tactics/{id}/")})
        }
        None => json!({"name": tactic.name}),
    }
}

fn numbered(technique: &str) -> Value {
    match page(technique) {
        Some(page) => json!({"uid": technique, "src_url": page}),
        None => json!({"uid": technique}),
    }
}
