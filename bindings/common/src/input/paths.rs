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

/// What a list of paths stands for.
#[derive(Debug, Default)]
pub struct EventFiles {
    /// The files, in the order given and inside a directory in the order of their names.
    pub files: Vec<PathBuf>,
    /// Paths that do not exist or cannot be listed, and directories without an event file.
    pub errors: Vec<InputError>,
    /// How many files in directories were passed over because their names are not those of event files.
    pub passed_over: usize,
}

/// The files that `paths` stand for. One path that is wrong does not keep the others from being read.
///
/// Directories are walked to their end; inside them hidden files are passed over, and only files
/// ending in `.json`, `.jsonl`, `.ndjson`, `.log`, `.csv` or `.evtx` are taken, with or without `.gz` or
/// `.zst` after it. Linked files are taken unless the link leads back into the same directory;
/// linked directories are not entered. `-`, standard input, is kept as it is.
#[must_use]
pub fn expand_paths(paths: &[PathBuf]) -> EventFiles {
    let mut found = EventFiles::default();
    for path in paths {
        match fs::metadata(path) {
            _ if path.as_os_str() == "-" => found.files.push(path.clone()),
            Ok(metadata) if metadata.is_dir() => expand_directory(path, &mut found),
            Ok(_) => found.files.push(path.clone()),
            Err(error) => found.errors.push(InputError::on_open(path, error)),
        }
    }
    found
}

fn expand_directory(directory: &Path, found: &mut EventFiles) {
    let before = found.files.len() + found.errors.len();
    let root = match fs::canonicalize(directory) {
        Ok(root) => root,
        Err(error) => return found.errors.push(InputError::on_open(directory, error)),
    };
    let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.path());
    let walk = WalkDir::new(directory).max_depth(DIRECTORY_DEPTH_MAX).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if Extension::of(entry.path()).is_some() && is_own_file(&entry, &root) => {
                found.files.push(entry.into_path());
            }
            Ok(entry) => {
                let is_other = entry.file_type().is_file() && Extension::of(entry.path()).is_none();
                found.passed_over += usize::from(is_other);
            }
            Err(error) => {
                let path = error.path().unwrap_or(directory).to_path_buf();
                let reason =
                    error.into_io_error().map_or_else(|| "a loop of links".to_owned(), |error| error.to_string());
                let message = format!("cannot be listed: {reason}");
                found.errors.push(InputError::new(InputErrorKind::Unreadable, &path, message));
            }
        }
    }
    if found.files.len() + found.errors.len() == before {
        let expected = "holds no event file; expected .json, .jsonl, .ndjson, .log, .csv or .evtx, \
                        also with .gz or .zst after it";
        found.errors.push(InputError::new(InputErrorKind::NoEventFiles, directory, expected));
    }
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
