//! Which files a list of paths stands for.

use std::fs;
use std::path::{Path, PathBuf};

use tieline_common::input::{EventFiles, InputErrorKind, InputOptions, Reader, expand_paths};

fn names(root: &Path, files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| file.strip_prefix(root).unwrap_or(file).display().to_string()).collect()
}

#[test]
fn directories_give_their_event_files_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("b/.git")).unwrap();
    for name in ["z.json", "b/conn.log.gz", "b/.hidden.json", "b/.git/x.json", "a.EVTX", "notes.txt", "b/x.csv.zst"] {
        fs::write(root.join(name), "").unwrap();
    }
    let paths = [root.join("notes.txt"), root.to_path_buf(), PathBuf::from("-")];
    let EventFiles { files, passed_over, .. } = expand_paths(&paths);
    assert_eq!(passed_over, 1);
    assert_eq!(names(root, &files), ["notes.txt", "a.EVTX", "b/conn.log.gz", "b/x.csv.zst", "z.json", "-"]);
}

#[cfg(unix)]
#[test]
fn linked_files_are_taken_once() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("logs");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a.log"), "").unwrap();
    fs::write(directory.path().join("data"), "").unwrap();
    std::os::unix::fs::symlink(root.join("a.log"), root.join("current.log")).unwrap();
    std::os::unix::fs::symlink(directory.path().join("data"), root.join("pod.log")).unwrap();
    std::os::unix::fs::symlink(&root, root.join("loop.log")).unwrap();
    assert_eq!(names(&root, &expand_paths(std::slice::from_ref(&root)).files), ["a.log", "pod.log"]);
}

#[test]
fn what_is_missing_or_empty_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.txt"), "").unwrap();
    fs::write(directory.path().join("b.json"), "").unwrap();
    fs::create_dir(directory.path().join("empty")).unwrap();
    let paths = ["no.json", "b.json", "empty"].map(|name| directory.path().join(name));
    let found = expand_paths(&paths);
    assert_eq!(names(directory.path(), &found.files), ["b.json"]);
    let kinds: Vec<InputErrorKind> = found.errors.iter().map(|error| error.kind()).collect();
    assert_eq!(kinds, [InputErrorKind::NotFound, InputErrorKind::NoEventFiles]);
    let texts: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    assert!(texts[0].ends_with("no.json`: no such file or directory"), "{texts:?}");
    assert!(texts[1].contains("expected .json, .jsonl"), "{texts:?}");
}

#[test]
fn opening_what_is_no_file_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let open = |path: &Path| Reader::open(path, &InputOptions::default()).unwrap_err();
    assert_eq!(open(directory.path()).kind(), InputErrorKind::IsDirectory);
    let missing = directory.path().join("no.json");
    let error = open(&missing);
    assert_eq!((error.kind(), error.path()), (InputErrorKind::NotFound, missing.as_path()));
}
