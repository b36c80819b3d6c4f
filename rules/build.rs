//! Lists the files of the rule packs, so that they are part of the library.
//!
//! ```text
//!  it/*.yml  ot/*.yml  ...   ─▶   const PACKS: &[("it", &[("name.yml", include_str!(...)), ...]), ...]
//! ```
//!
//! Files that hold neither a rule nor a correlation, such as tables, are passed over.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PACKS: &[&str] = &["it", "ot", "policy", "over_time", "cross_domain"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut text = String::from("/// The packs.\nconst PACKS: &[(&str, &[(&str, &str)])] = &[\n");
    for pack in PACKS {
        println!("cargo:rerun-if-changed={pack}");
        text += &listed(pack, &root.join(pack))?;
    }
    text += "];\n";
    println!("cargo:rerun-if-changed=build.rs");
    fs::write(out.join("packs.rs"), text)
}

fn listed(pack: &str, directory: &Path) -> io::Result<String> {
    let mut files = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    let mut text = format!("    ({pack:?}, &[\n");
    for path in files {
        let is_rule = |line: &str| line.starts_with("detection:") || line.starts_with("correlation:");
        if fs::read_to_string(&path)?.lines().any(is_rule) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Writing to a text cannot fail.
            let _ = writeln!(text, "        ({name:?}, include_str!({:?})),", path.display().to_string());
        }
    }
    Ok(text + "    ]),\n")
}
