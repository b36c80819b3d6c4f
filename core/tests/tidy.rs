//! Keeps the house in order: layers, headers, lengths, and a place in the docs for every diagnostic code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which rooms a room may use. Rooms without a row of their own are leaves that use only leaves.
const MAY_USE: &[(&str, &[&str])] = &[
    ("syntax", &["diagnostic"]),
    ("check", &["diagnostic", "syntax"]),
    ("pipeline", &["diagnostic", "syntax", "check"]),
    ("compile", &["diagnostic", "check", "program"]),
    ("program", &[]),
    ("event", &["program"]),
    ("matcher", &["event", "program"]),
    ("ot", &["diagnostic", "syntax", "event", "program"]),
    ("intel", &["diagnostic", "syntax", "check", "event", "program"]),
    ("context", &["diagnostic", "syntax", "event", "program", "ot"]),
    ("access", &["context"]),
    ("incident", &["diagnostic", "syntax", "check", "context", "access"]),
    ("reference", &["check", "event"]),
    ("detection", &["reference", "intel"]),
    ("correlation", &["check", "event"]),
    (
        "engine",
        &[
            "diagnostic",
            "syntax",
            "check",
            "pipeline",
            "compile",
            "program",
            "event",
            "matcher",
            "reference",
            "detection",
            "correlation",
            "ot",
            "intel",
            "context",
            "access",
            "incident",
        ],
    ),
];

/// Words that every room may use: numbers, texts, times, limits and shortcuts know no rooms.
const LEAVES: &[&str] = &["config", "number", "shortcut", "text", "time", "lanes", "seal", "diagnostic"];

/// Lines of a file at most, tests included.
const LINES_MAX: usize = 700;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "target" | "node_modules" | ".git") {
            found.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The first part of a path below `src`, without `.rs`.
fn room(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("core/src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_depend_one_way() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("core/src")) {
        let own = room(&file);
        if own == "lib" {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let used: BTreeSet<&str> = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| line.split("crate::").skip(1))
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
            .filter(|name| name.starts_with(|c: char| c.is_lowercase()))
            .collect();
        let allowed = MAY_USE.iter().find(|(name, _)| *name == own).map_or(&[] as &[&str], |(_, allowed)| allowed);
        for name in used.iter().filter(|name| **name != own && !allowed.contains(name) && !LEAVES.contains(name)) {
            wrong.push(format!("{} (room {own}) uses {name}", file.display()));
        }
        if LEAVES.contains(&own.as_str()) {
            for name in used.iter().filter(|name| !LEAVES.contains(name)) {
                wrong.push(format!("{} is a leaf but uses {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_begin_with_a_header_and_stay_short() {
    let mut wrong = Vec::new();
    for folder in ["core", "bindings", "rules", "examples", "benches", "fuzz"] {
        for file in rust_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            if !text.starts_with("//!") {
                wrong.push(format!("{} has no header", file.display()));
            }
            if text.lines().count() > LINES_MAX {
                wrong.push(format!("{} has {} lines", file.display(), text.lines().count()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_diagnostic_code_is_shown_by_an_example() {
    let mut text = std::fs::read_to_string(root().join("core/tests/limits.rs")).unwrap();
    let mut folders = vec![root().join("core/tests/data")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension().and_then(|end| end.to_str()) {
                None if path.is_dir() => folders.push(path),
                Some("yml" | "txt" | "md") => text += &std::fs::read_to_string(&path).unwrap(),
                _ => {}
            }
        }
    }
    // Files that cannot be read are shown by the tests of whoever reads files.
    let elsewhere = [tieline::diagnostic::Code::UnreadableFile, tieline::diagnostic::Code::NotUtf8];
    let missing: Vec<_> = tieline::diagnostic::Code::ALL
        .iter()
        .filter(|code| !elsewhere.contains(code) && !text.contains(code.as_str()))
        .map(|code| format!("{code} {}", code.name()))
        .collect();
    assert!(missing.is_empty(), "no test data shows: {}", missing.join(", "));
}

#[test]
fn every_diagnostic_code_is_documented() {
    let documented = std::fs::read_to_string(root().join("core/DIAGNOSTICS.md")).unwrap_or_default();
    let mut expected = "# Diagnostics\n\nEvery code that a rule, a filter, a correlation or a pipeline can raise. Errors leave it out;\nwarnings and notes can be switched off by code. This table is written by `UPDATE_EXPECT=1 cargo test --test tidy`.\n\n| code | severity | name | meaning |\n|--|--|--|--|\n".to_owned();
    for code in tieline::diagnostic::Code::ALL {
        let row = format!(
            "| {code} | {} | `{}` | {} |\n",
            code.severity().as_str(),
            code.name(),
            code.meaning().replace('|', "\\|")
        );
        expected += &row;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(root().join("core/DIAGNOSTICS.md"), &expected).unwrap();
    } else {
        assert_eq!(documented, expected, "run `UPDATE_EXPECT=1 cargo test -p tieline --test tidy`");
    }
}

#[test]
fn no_machine_is_named() {
    // Split, so that this file does not name them itself.
    let forbidden = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("crates", ".io/"),
        concat!("pypi", ".org"),
        concat!("registry.", "npmjs"),
    ];
    let mut wrong = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name == ".git" {
                continue;
            }
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | "node_modules" | ".git" | "corpus" | "artifacts" | "demo") {
                    folders.push(path);
                }
            } else if !name.ends_with(".lock") && !name.ends_with(".node") && !name.starts_with("package-lock") {
                let text = std::fs::read(&path).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                wrong.extend(
                    forbidden
                        .iter()
                        .filter(|word| text.contains(**word))
                        .map(|word| format!("{}: {word}", path.display())),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
