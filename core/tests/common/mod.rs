//! What tests on foreign data share: where the corpus is, and how to read it.
//!
//! The corpus (public rules and events, not part of this project) is looked for in `../shared/corpus` beside
//! the checkout, or where `TIELINE_CORPUS` says. Tests that need it say so and pass when it is absent.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
pub mod table;

use std::io::Read;
use std::path::{Path, PathBuf};
use tieline::Compiler;
use tieline::diagnostic::Code;

/// Folders of rules that are meant to run.
pub const LIVE: [&str; 5] =
    ["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance", "rules-placeholder"];

/// A path in the corpus; `None`, said aloud, when the corpus is not there.
pub fn corpus(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TIELINE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there (set TIELINE_CORPUS to the corpus to run this test)", path.display());
    None
}

/// Every `.yml` file below a folder, in a fixed order.
pub fn rule_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "yml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A compiler with all live rules, and a list for every placeholder they use.
pub fn live_rules(sigmahq: &Path) -> Compiler {
    let files: Vec<(String, String)> = LIVE
        .iter()
        .flat_map(|folder| rule_files(&sigmahq.join(folder)))
        .map(|file| {
            (file.strip_prefix(sigmahq).unwrap().display().to_string(), std::fs::read_to_string(&file).unwrap())
        })
        .collect();
    let all = |compiler: Compiler| {
        files.iter().fold(compiler, |compiler, (name, text)| compiler.rules(Some(name), text.clone()))
    };
    let rules = all(Compiler::new()).build().unwrap();
    let unresolved = rules.diagnostics().iter().filter(|told| told.code == Code::PlaceholderUnresolved);
    let names: Vec<String> =
        unresolved.flat_map(|told| told.message.split('`').skip(1).step_by(2).map(str::to_owned)).collect();
    names.iter().fold(all(Compiler::new()), |compiler, name| compiler.placeholder(name, ["srv*", "adm-?", "10.0.0.5"]))
}

/// The unpacked content of a file.
pub fn read(path: &Path) -> Vec<u8> {
    let packed = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|end| end == "gz") {
        let mut bytes = Vec::new();
        flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
        return bytes;
    }
    packed
}

/// The non-empty lines of a text.
pub fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect()
}
