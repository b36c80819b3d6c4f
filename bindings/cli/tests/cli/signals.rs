//! Ctrl-C: the scan ends, and what was found so far is told.
#![cfg(unix)]

use super::support::{EVENTS, Room};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

fn interrupt(line: &str) -> (i32, String, String) {
    let room = Room::new();
    let mut child = room
        .command(line.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Standard input stays open, so the scan waits for more.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(EVENTS.as_bytes()).unwrap();
    stdin.flush().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    if line.contains("ndjson") {
        // The first detection shows that the program is at work.
        out.read_line(&mut text).unwrap();
    } else {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    out.read_to_string(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    (output.status.code().unwrap_or(-1), text, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_was_found_is_told_when_interrupted() {
    for threads in ["1", "2"] {
        let line = format!("scan --rules rules --source none -o ndjson --threads {threads} -");
        let (code, out, err) = interrupt(&line);
        assert_eq!(code, 130, "{err}");
        assert_eq!(out.lines().count(), 2, "{out}");
        assert!(err.contains("interrupted") && err.contains("2 detections"), "{err}");
    }
}

#[test]
fn the_table_comes_when_interrupted() {
    let (code, out, err) = interrupt("scan --rules rules --source none -");
    assert_eq!(code, 130, "{err}");
    assert!(out.contains("Log Cleared") && out.contains("3 events"), "{out}");
}
