//! Every package says the same version: that of the workspace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::Path;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file, and a line of it, with `@` for the version.
const SAID: &[(&str, &str)] = &[
    ("Cargo.toml", r#"version = "@""#),
    ("Cargo.toml", r#"tieline = { path = "core", version = "@" }"#),
    ("Cargo.toml", r#"tieline-rules = { path = "rules", version = "@" }"#),
    ("Cargo.toml", r#"tieline-common = { path = "bindings/common", version = "@" }"#),
    ("bindings/node/package.json", r#""version": "@","#),
];

/// Files that take the version from the workspace, and the line by which they do.
const TAKEN: &[(&str, &str)] = &[
    ("core/Cargo.toml", "version.workspace = true"),
    ("rules/Cargo.toml", "version.workspace = true"),
    ("bindings/common/Cargo.toml", "version.workspace = true"),
    ("bindings/cli/Cargo.toml", "version.workspace = true"),
    ("bindings/c/Cargo.toml", "version.workspace = true"),
    ("bindings/node/Cargo.toml", "version.workspace = true"),
    ("bindings/python/Cargo.toml", "version.workspace = true"),
    ("bindings/python/pyproject.toml", r#"dynamic = ["version"]"#),
    ("bindings/c/tieline.pc.in", "Version: @VERSION@"),
    ("bindings/c/TielineConfig.cmake.in", r#"set(Tieline_VERSION "@VERSION@")"#),
    ("bindings/c/TielineConfigVersion.cmake.in", r#"set(PACKAGE_VERSION "@VERSION@")"#),
];

fn text_of(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).expect(file)
}

#[test]
fn packages_say_the_version_of_the_workspace() {
    let said = SAID.iter().map(|(file, line)| (file, line.replace('@', VERSION)));
    let taken = TAKEN.iter().map(|(file, line)| (file, (*line).to_string()));
    for (file, line) in said.chain(taken) {
        let times = text_of(file).lines().filter(|own| own.trim() == line).count();
        assert_eq!(times, 1, "{file} should say `{line}`");
    }
    let lock: serde_json::Value = serde_json::from_str(&text_of("bindings/node/package-lock.json")).unwrap();
    for version in [&lock["version"], &lock["packages"][""]["version"]] {
        assert_eq!(version, VERSION, "npm writes the lock file anew: `npm install --package-lock-only`");
    }
}

/// A release puts a date where `Unreleased` was, which comes back with the next version.
#[test]
fn the_latest_changes_are_those_of_this_version() {
    let text = text_of("CHANGELOG.md");
    let heading = text.lines().find(|line| line.starts_with("## ")).unwrap();
    let known = [format!("## Unreleased ({VERSION})"), format!("## {VERSION} (")];
    assert!(known.iter().any(|start| heading.starts_with(start)), "{heading} should be of version {VERSION}");
}
