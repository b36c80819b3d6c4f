//! From files to a plant: inventories, zones and conduits.
//!
//! ```text
//! plant.yml, devices.csv, "zones: [...]\n"  ─▶  Context, with what was found wrong in it
//! ```

use crate::load::{LoadError, files_below, holds_plant, opening};
use encoding_rs::Encoding;
use std::fs;
use std::path::{Path, PathBuf};
use tieline::context::Context;
use tieline::diagnostic::Source;

/// How files of a directory end that may be inventories.
const FORMS: &[&str] = &["yml", "yaml", "csv", "json"];

/// Reads the plant that some names stand for: paths of files, directories of them, or texts (of more than
/// one line), in any form of an inventory. UTF-16 is read when the file begins with its mark.
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
        for path in files_below(&[PathBuf::from(name)], FORMS) {
            sources.push(read(&path)?);
        }
    }
    Ok(Context::read(&sources))
}

fn read(path: &Path) -> Result<Source, LoadError> {
    let bytes = fs::read(path).map_err(|error| LoadError::new(path, opening(&error)))?;
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes).filter(|(encoding, _)| *encoding != encoding_rs::UTF_8) {
        let (text, has_fault) = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
        return match has_fault {
            false => Ok(Source::new(Some(&path.display().to_string()), text)),
            true => Err(LoadError::new(
                path,
                format!("is not {} text, though it says so; save it as UTF-8", encoding.name()),
            )),
        };
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        LoadError::new(path, format!("is not UTF-8 text (byte {at}); save it as UTF-8"))
    })?;
    Ok(Source::new(Some(&path.display().to_string()), text))
}

/// Whether a file tells of a plant, as far as can be told by its keys.
#[must_use]
pub fn is_plant(path: &Path) -> bool {
    path.is_file() && fs::read_to_string(path).is_ok_and(|text| holds_plant(&text))
}

/// The files that [`read_context`] would read.
pub(crate) fn context_files(names: &[String]) -> Vec<PathBuf> {
    let paths: Vec<PathBuf> = names.iter().filter(|name| !name.contains('\n')).map(PathBuf::from).collect();
    files_below(&paths, FORMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inventories_of_any_form_and_encoding_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        fs::write(folder.path().join("a.csv"), [b"\xff\xfe".to_vec(), wide("id,ip\nplc-ä,10.0.0.1\n")].concat())
            .unwrap();
        fs::write(folder.path().join("b.yml"), "assets: [{id: b, ip: 10.0.0.2}]").unwrap();
        fs::write(folder.path().join("c.txt"), "not read").unwrap();
        let plant = read_context(&[folder.path().display().to_string(), "id,ip\nc,10.0.0.3\n".to_owned()]).unwrap();
        assert_eq!(plant.diagnostics(), []);
        assert_eq!(plant.assets().iter().map(|asset| &*asset.id).collect::<Vec<_>>(), ["plc-ä", "b", "c"]);
        let latin = folder.path().join("latin.csv");
        fs::write(&latin, b"id,ip\nplc-\xe4,10.0.0.1\n").unwrap();
        let error = read_context(&[latin.display().to_string()]).unwrap_err().to_string();
        assert!(error.contains("latin.csv") && error.contains("byte 10"), "{error}");
        fs::write(&latin, b"\xff\xfei\x00\x00\xd8x\x00").unwrap();
        assert!(read_context(&[latin.display().to_string()]).unwrap_err().to_string().contains("UTF-16LE"));
    }
}
