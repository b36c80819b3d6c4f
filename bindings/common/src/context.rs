//! From files to a plant: inventories, zones and conduits.
//!
//! ```text
//! plant.yml, "zones: [...]\n"  ─▶  Context, with what was found wrong in it
//! ```

use crate::load::{LoadError, opening, rule_files};
use std::fs;
use std::path::{Path, PathBuf};
use tieline::context::Context;
use tieline::diagnostic::Source;

/// Reads the plant that some names stand for: paths of files, directories of YAML files, or YAML texts (of more than one line).
/// Faults in them are told by [`Context::diagnostics`]; what has none counts.
///
/// # Errors
/// When a file does not exist, cannot be read, or is not UTF-8 text.
pub fn read_context(names: &[String]) -> Result<Context, LoadError> {
    let mut sources = Vec::new();
    for name in names {
        if name.contains('\n') {
            sources.push(Source::new(Some("context"), name.as_str()));
            continue;
        }
        for path in rule_files(&[PathBuf::from(name)]) {
            sources.push(read(&path)?);
        }
    }
    Ok(Context::read(&sources))
}

fn read(path: &Path) -> Result<Source, LoadError> {
    let bytes = fs::read(path).map_err(|error| LoadError::new(path, opening(&error)))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        LoadError::new(path, format!("is not UTF-8 text (byte {at}); save it as UTF-8"))
    })?;
    Ok(Source::new(Some(&path.display().to_string()), text))
}

/// The files that [`read_context`] would read.
pub(crate) fn context_files(names: &[String]) -> Vec<PathBuf> {
    let paths: Vec<PathBuf> = names.iter().filter(|name| !name.contains('\n')).map(PathBuf::from).collect();
    rule_files(&paths)
}
