//! `tieline compile --rules PATH... --out FILE`: rules as one file that loads without reading YAML.

use super::plan;
use crate::args::CompileArgs;
use crate::exit::{Exit, Failure};
use crate::screen::{Screen, bytes, counted};
use std::fs;
use std::path::Path;
use tieline::Rules;

pub(crate) fn run(args: &CompileArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let (plan, id) = plan::plan_without_events(&args.rules.all(), &args.how)?;
    let rules = plan::loaded(&plan, id, screen, &args.how)?;
    if rules.is_empty() {
        return Err(Failure::Rules("all rules are about other events; nothing is saved".to_owned()));
    }
    save(rules, &args.out, screen)?;
    Ok(Exit::Fine)
}

/// Writes rules to a file, whole or not at all.
pub(super) fn save(rules: &Rules, path: &Path, screen: &Screen) -> Result<(), Failure> {
    let saved = rules.to_bytes();
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    fs::write(&part, &saved)
        .and_then(|()| fs::rename(&part, path))
        .map_err(|error| Failure::Input(format!("`{}`: cannot be written: {error}", path.display())))?;
    let (rules, size) = (counted(rules.len() as u64, "rule"), bytes(saved.len() as u64));
    screen.note(&format!("saved {rules} to {} ({size})", path.display()));
    Ok(())
}
