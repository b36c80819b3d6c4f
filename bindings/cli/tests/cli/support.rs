//! Runs the program in a directory of its own.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Two rules: `whoami` is low, `clear` is high and has a tag.
pub(crate) const WHOAMI: &str = "\
title: Whoami Started
id: 11111111-1111-4111-8111-111111111111
status: test
description: Detects whoami
author: Tieline authors
date: 2026-01-01
level: low
tags: [attack.discovery, attack.t1033]
logsource: {category: process_creation, product: windows}
detection:
    selection: {Image|endswith: '\\whoami.exe'}
    condition: selection
";
pub(crate) const CLEAR: &str = "\
title: Log Cleared
id: 22222222-2222-4222-8222-222222222222
status: test
description: Detects a cleared log
author: Tieline authors
date: 2026-01-01
level: high
tags: [attack.t1070.001]
logsource: {product: windows, service: security}
detection:
    selection: {EventID: 1102}
    condition: selection
";
pub(crate) const EVENTS: &str = "\
{\"EventID\":1,\"Image\":\"C:\\\\Windows\\\\whoami.exe\",\"UtcTime\":\"2026-01-01 10:00:00.000\"}
{\"EventID\":2,\"Image\":\"C:\\\\Windows\\\\cmd.exe\"}
{\"EventID\":1102,\"Channel\":\"Security\"}
";

/// A directory with rules and events, and a program to run there.
pub(crate) struct Room {
    folder: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Room {
    /// `rules/whoami.yml`, `rules/deep/clear.yml`, `events.ndjson`.
    pub(crate) fn new() -> Self {
        let room = Self::empty();
        room.file("rules/whoami.yml", WHOAMI);
        room.file("rules/deep/clear.yml", CLEAR);
        room.file("events.ndjson", EVENTS);
        room
    }

    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
        command.current_dir(self.folder.path()).args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command
    }

    /// Runs the words of a line; nothing is split further, so words hold no blanks.
    pub(crate) fn run(&self, line: &str) -> Answer {
        answer(self.command(line.split_whitespace()).stdin(Stdio::null()).output().unwrap())
    }

    pub(crate) fn run_with_stdin(&self, line: &str, stdin: &[u8]) -> Answer {
        let mut command = self.command(line.split_whitespace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        answer(output)
    }
}

fn answer(output: std::process::Output) -> Answer {
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Answer {
    /// The objects of NDJSON output.
    pub(crate) fn objects(&self) -> Vec<serde_json::Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// `title:line` of every detection.
    pub(crate) fn hits(&self) -> Vec<String> {
        let objects = self.objects();
        let hit = |object: &serde_json::Value| format!("{}:{}", object["rule_title"].as_str().unwrap(), object["line"]);
        objects.iter().map(hit).collect()
    }

    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nout: {}\nerr: {}", self.out, self.err);
        self
    }
}

/// The checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
