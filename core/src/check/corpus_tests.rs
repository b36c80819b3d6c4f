//! All public Sigma rules, when they are there: what loads, what does not, and what is told.
//!
//! The rules are looked for in `TIELINE_CORPUS`, else in `../shared/corpus` beside the checkout. Without
//! them these tests pass and say that they did nothing.

use super::{LintOptions, Options, Pack, check};
use crate::diagnostic::{Code, Severity, Source};
use crate::syntax;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const LIVE: &[&str] =
    &["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance", "rules-placeholder"];

/// The folder of public rules, when it is there.
fn sigmahq() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("TIELINE_CORPUS").map_or_else(beside, PathBuf::from).join("sigmahq");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there; TIELINE_CORPUS may name another folder", folder.display());
    None
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push(path);
        }
    }
}

/// Loads all rule files below the folders as one pack, and says how many files there were.
fn load(root: &Path, folders: &[&str], options: &Options) -> (Pack, usize) {
    let mut paths = Vec::new();
    folders.iter().for_each(|folder| files(&root.join(folder), &mut paths));
    let (mut documents, mut diagnostics) = (Vec::new(), Vec::new());
    for path in &paths {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        let source = Source::new(Some(name), std::fs::read_to_string(path).unwrap());
        let (read, told) = syntax::parse(&source, &options.limits);
        documents.extend(read);
        diagnostics.extend(told);
    }
    let mut pack = check(documents, options);
    diagnostics.append(&mut pack.diagnostics);
    (Pack { diagnostics, ..pack }, paths.len())
}

fn by_code(pack: &Pack) -> BTreeMap<Code, usize> {
    let mut counts = BTreeMap::new();
    pack.diagnostics.iter().for_each(|told| *counts.entry(told.code).or_default() += 1);
    counts
}

fn report(title: &str, pack: &Pack, files: usize) {
    eprintln!("{title}: {files} files, {} rules", pack.rules.len());
    for (code, count) in by_code(pack) {
        eprintln!("  {code} {:24} {count}", code.name());
        let max = if code.severity() == Severity::Error { 1000 } else { 12 };
        let told = pack.diagnostics.iter().filter(|told| told.code == code);
        told.step_by((count / max).max(1)).take(max).for_each(|told| eprintln!("      {told}"));
    }
}

/// The examples that the specification's own schema tests use.
#[test]
fn examples_of_the_specification_load() {
    let Some(root) = sigmahq() else { return };
    let Some(root) = root.parent().map(|corpus| corpus.join("sigma-specification/schema-examples")) else { return };
    for folder in ["rules", "filter", "correlation"] {
        let (pack, files) = load(&root, &[folder], &Options::default());
        report(folder, &pack, files);
        // The examples share ids, and what filters and correlations refer to is not among them.
        let expected =
            [Code::UnresolvedReference, Code::FilterMatchesNothing, Code::FilterWithoutNot, Code::DuplicateId];
        assert!(pack.diagnostics.iter().all(|told| expected.contains(&told.code)), "{folder}");
    }
}

/// Warnings are for rules that are odd; these are not, so a check that finds many of them is wrong.
#[test]
fn live_rules_load_and_few_are_odd() {
    let Some(root) = sigmahq() else { return };
    let lint = LintOptions { conventions: true };
    let (pack, files) = load(&root, LIVE, &Options { lint, ..Options::default() });
    report("live", &pack, files);
    assert_eq!(pack.rules.len(), files, "every rule loads");
    for (code, count) in by_code(&pack) {
        assert!(!matches!(code.severity(), Severity::Error), "{code} sinks a live rule");
        let max = if code.is_convention() { files / 40 } else { files / 200 };
        assert!(count <= max, "{code} is told {count} times");
    }
}

#[test]
fn old_rules_load_or_are_refused_with_a_reason() {
    let Some(root) = sigmahq() else { return };
    for folder in ["unsupported", "deprecated"] {
        let (pack, files) = load(&root, &[folder], &Options::default());
        report(folder, &pack, files);
        let refused = pack.diagnostics.iter().filter(|told| told.is_error()).count();
        assert!(pack.rules.len() + refused >= files, "{folder}: a rule is left out without a reason");
    }
}
