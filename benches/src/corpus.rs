//! Rules and recorded events: from the corpus beside the checkout, when it is there.
//!
//! ```text
//! ../shared/corpus (or $TIELINE_CORPUS) ─▶ lanes of real events, all live SigmaHQ rules
//! absent                                ─▶ the rules of rules/it, and generated events
//! ```
//!
//! Files are read here and nowhere else; contenders get texts and bytes.

use crate::lane::Lane;
use flate2::read::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The folders of live SigmaHQ rules that need no lists of the user.
const LIVE: [&str; 4] = ["rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance"];

/// One rule file.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// Its path below the folder of the pack.
    pub name: String,
    /// What it holds.
    pub text: String,
    /// The rule's id; the name of the file when it has none.
    pub id: String,
}

/// A rule pack.
#[derive(Debug, Clone)]
pub struct RulePack {
    /// What it is called in tables.
    pub name: String,
    /// Its files, sorted by name.
    pub files: Vec<RuleFile>,
}

/// The folder of the corpus, when there is one.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("TIELINE_CORPUS").map_or_else(beside, PathBuf::from);
    folder.join("bench").is_dir().then_some(folder)
}

/// All live SigmaHQ rules, or the pack of `rules/it` without a corpus.
///
/// # Errors
/// When a file cannot be read.
pub fn rules(corpus: Option<&Path>) -> io::Result<RulePack> {
    let mut files = Vec::new();
    let Some(corpus) = corpus else {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/it");
        collect(&own, &own, &mut files)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        return Ok(RulePack { name: "rules/it".into(), files });
    };
    let sigmahq = corpus.join("sigmahq");
    for folder in LIVE {
        collect(&sigmahq.join(folder), &sigmahq, &mut files)?;
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(RulePack { name: "SigmaHQ, all live rules".into(), files })
}

/// The rules of `rules/ot`, without the tables of protocols and ports.
///
/// # Errors
/// When a file cannot be read.
pub fn ot_rules() -> io::Result<RulePack> {
    let is_table = |name: &str| name.starts_with("taxonomy") || name.starts_with("discovery");
    own_rules("rules/ot", is_table)
}

/// The rules of policy, which ask for what a plant says of events.
///
/// # Errors
/// When files cannot be read.
pub fn policy_rules() -> io::Result<RulePack> {
    own_rules("rules/policy", |name| name == "context.yml")
}

fn own_rules(name: &str, is_other: impl Fn(&str) -> bool) -> io::Result<RulePack> {
    let mut files = Vec::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    collect(&own, &own, &mut files)?;
    files.retain(|file| !is_other(&file.name));
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(RulePack { name: name.into(), files })
}

fn collect(folder: &Path, root: &Path, files: &mut Vec<RuleFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, root, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            let text = fs::read_to_string(&path)?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            let id = text.lines().find_map(|line| line.strip_prefix("id:")).map(|id| id.trim().to_owned());
            files.push(RuleFile { id: id.unwrap_or_else(|| name.clone()), name, text });
        }
    }
    Ok(())
}

/// A packed NDJSON file, at most `bytes_max` of it, cut at a line end.
fn unpack(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(File::open(path)?).take(bytes_max).read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    bytes.truncate(end);
    Ok(bytes)
}

/// A lane of the `bench` folder, such as `windows_structured_10k`.
///
/// # Errors
/// When the file cannot be read.
pub fn bench_lane(corpus: &Path, name: &str) -> io::Result<Lane> {
    let bytes = unpack(&corpus.join("bench").join(format!("{name}.ndjson.gz")), u64::MAX)?;
    Ok(Lane::new(&format!("bench/{name}"), bytes))
}

/// The captures of OT traffic below `ot/pcap`, as `tshark -T ek` tells them.
///
/// # Errors
/// When a file cannot be read.
pub fn captures_lane(corpus: &Path) -> io::Result<Lane> {
    let mut paths = Vec::new();
    let mut folders = vec![corpus.join("ot/pcap")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    let mut bytes = Vec::new();
    for path in paths {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => bytes.extend(unpack(&path, u64::MAX)?),
            Some("ndjson") => bytes.extend(fs::read(&path)?),
            _ => {}
        }
    }
    Ok(Lane::new("ot/pcap", bytes))
}

/// The beginning of each of the pieces below `events/<folder>`, `bytes_max` of each at most.
///
/// # Errors
/// When a file cannot be read.
pub fn events_lane(corpus: &Path, folder: &str, bytes_max: u64) -> io::Result<Lane> {
    let mut paths = fs::read_dir(corpus.join("events").join(folder))?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.to_string_lossy().ends_with(".ndjson.gz"));
    paths.sort();
    let mut bytes = Vec::new();
    for path in paths {
        bytes.extend(unpack(&path, bytes_max)?);
    }
    Ok(Lane::new(&format!("events/{folder}"), bytes))
}
