//! Turns the files and directories a user names into a list of files.
//!
//! ```text
//!  -  logs/  odd.txt   ─▶   -  logs/a.ndjson  logs/b/conn.log.gz  odd.txt
//! ```
//!
//! Inside a directory only files with the extension of an event file count; a file that is named is
//! always taken. No file is opened here.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::error::{InputError, InputErrorKind};
use super::format::Extension;

/// Directories nested deeper than this are not entered.
const DIRECTORY_DEPTH_MAX: usize = 256;

/// The files that `paths` stand for, in the order given and inside a directory in the order of
/// their names.
///
/// Directories are walked to their end; inside them hidden files are passed over, and only files
/// ending in `.json`, `.jsonl`, `.ndjson`, `.log`, `.csv` or `.evtx` are taken, with or without `.gz` or
/// `.zst` after it. Linked files are taken unless the link leads back into the same directory;
/// linked directories are not entered. `-`, standard input, is kept as it is.
///
/// # Errors
///
/// When a path does not exist or cannot be listed, and when a directory holds no event file.
pub fn expand_paths(paths: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(path.clone());
            continue;
        }
        let metadata = fs::metadata(path).map_err(|error| InputError::on_open(path, error))?;
        if metadata.is_dir() {
            expand_directory(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn expand_directory(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), InputError> {
    let before = files.len();
    let root = fs::canonicalize(directory).map_err(|error| InputError::on_open(directory, error))?;
    let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.path());
    let walk = WalkDir::new(directory).max_depth(DIRECTORY_DEPTH_MAX).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(visible) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(directory).to_path_buf();
            let reason = error.into_io_error().map_or_else(|| "a loop of links".to_owned(), |error| error.to_string());
            InputError::new(InputErrorKind::Unreadable, &path, format!("cannot be listed: {reason}"))
        })?;
        if Extension::of(entry.path()).is_some() && is_own_file(&entry, &root) {
            files.push(entry.into_path());
        }
    }
    if files.len() == before {
        let expected = "holds no event file; expected .json, .jsonl, .ndjson, .log, .csv or .evtx, \
                        also with .gz or .zst after it";
        return Err(InputError::new(InputErrorKind::NoEventFiles, directory, expected));
    }
    Ok(())
}

/// Whether an entry is a file that the walk does not meet under another name.
fn is_own_file(entry: &DirEntry, root: &Path) -> bool {
    if !entry.path_is_symlink() {
        return entry.file_type().is_file();
    }
    let target = fs::canonicalize(entry.path());
    target.is_ok_and(|target| target.is_file() && !(target.starts_with(root) && Extension::of(&target).is_some()))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
