//! Cases as data: `core/tests/data/pipelines/*.yml`, one document each with `pipeline`, `rule` and `mapped`, or
//! `pipeline` and `told` when it is about a pipeline that cannot be used.
//!
//! `UPDATE_EXPECT=1` writes what happens into the files; then read them.

use super::{apply, faults, pipelines, rule, told};
use crate::config::Limits;
use crate::diagnostic::Source;
use crate::pipeline::Mapped;
use crate::syntax::yaml;
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn rules_are_mapped_and_faults_told_as_the_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pipelines");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut count = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "yml")) {
        let text = std::fs::read_to_string(file).unwrap();
        let source = Source::new(None, &*text);
        let (nodes, found) = yaml::read(&source, &Limits::DEFAULT);
        assert!(found.is_empty(), "{}: {found:?}", file.display());
        let mut written =
            text.lines().take_while(|line| line.starts_with('#')).fold(String::new(), |all, line| all + line + "\n");
        for node in &nodes {
            let part = |key: &str| node.get(key).and_then(|node| node.text()).unwrap_or_default();
            let (key, got) = match node.get("rule") {
                Some(_) => ("mapped", mapped(part("pipeline"), part("rule"))),
                None => ("told", faults(part("pipeline"), &Limits::DEFAULT).join("\n")),
            };
            let got = without_head(&got);
            written.push_str("---\n");
            if node.get("name").is_some() {
                let _ = writeln!(written, "name: {}", part("name"));
            }
            for (name, text) in [("pipeline", part("pipeline")), ("rule", part("rule")), (key, &*got)] {
                if name == "rule" && node.get("rule").is_none() {
                    continue;
                }
                let _ = writeln!(written, "{name}: |");
                for line in text.lines() {
                    let _ = writeln!(written, "    {line}");
                }
            }
            if std::env::var_os("UPDATE_EXPECT").is_none() {
                assert_eq!(got.trim_end(), part(key).trim_end(), "{}: {}", file.display(), part("pipeline"));
            }
            count += 1;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(file, written).unwrap();
        }
    }
    assert!(count > 100, "only {count} cases");
}

/// The rule after the pipelines, and a warning about each that did nothing.
fn mapped(pipeline: &str, text: &str) -> String {
    let pipelines = pipelines(pipeline);
    let outcome = apply(&pipelines, rule(&full_rule(text)));
    let unused = match outcome.mapped {
        Mapped::Rule(_) => pipelines.unused(&outcome.used),
        _ => Vec::new(),
    };
    unused.iter().fold(told(&outcome), |all, fault| format!("{all}# {}: {}\n", fault.code, fault.message))
}

/// Cases leave out what is the same for all: title and log source, and the condition when there is one selection.
fn full_rule(text: &str) -> String {
    let mut whole = String::new();
    if !text.contains("title:") {
        whole.push_str("title: t\n");
    }
    if !text.contains("logsource:") {
        whole.push_str("logsource: {category: process_creation, product: windows}\n");
    }
    whole.push_str(text);
    if !text.contains("condition:") {
        whole.push_str("\n    condition: sel\n");
    }
    whole
}

fn without_head(shown: &str) -> String {
    match shown.strip_prefix("title: 't'\nlogsource:\n    category: process_creation\n    product: windows\n") {
        Some(rest) => rest.to_owned(),
        None => shown.to_owned(),
    }
}
