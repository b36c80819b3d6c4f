//! `--follow` and `--watch-rules` as they are told.

use super::support::{EVENTS, Room, WHOAMI};
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

#[test]
fn a_scan_that_follows_ends_when_nothing_comes() {
    let room = Room::new();
    room.file("logs/a.ndjson", EVENTS);
    room.file("logs/b.json", "[]");
    room.file("logs/half.ndjson", "{\"EventID\":");
    let line = "scan --rules rules --source none -o ndjson --follow --follow-idle 0.5 logs";
    let answer = room.run(line).expect(0);
    assert_eq!(answer.hits(), ["Whoami Started:1", "Log Cleared:3"]);
    for told in [
        "logs/b.json: is JSON that is not one object per line, which cannot be followed; it is read once",
        "logs/half.ndjson: ends within a line, which was not evaluated",
        "3 events",
    ] {
        assert!(answer.err.contains(told), "{told}\n{}", answer.err);
    }
    let quiet = room.run(&format!("{line} --quiet")).expect(0);
    assert_eq!((quiet.hits().len(), quiet.err.as_str()), (2, ""));
}

#[test]
fn the_table_comes_at_the_end_and_the_exit_code_is_that_of_any_scan() {
    let room = Room::new();
    let line = "scan --rules rules --source none --fail-on high -F --follow-idle 0.3 events.ndjson";
    let answer = room.run(line).expect(1);
    assert!(answer.out.contains("Log Cleared") && answer.out.contains("3 events"), "{}", answer.out);
    let missing = room.run("scan --rules rules --source none -F --follow-idle 0.3 missing.ndjson").expect(3);
    assert!(missing.err.contains("missing.ndjson: is not there yet; it is read when it comes"), "{}", missing.err);
    assert!(missing.err.contains("`missing.ndjson`: no such file or directory"), "{}", missing.err);
}

#[test]
fn standard_input_is_read_to_its_end() {
    let room = Room::new();
    let line = "scan --rules rules --source none -o ndjson --follow -";
    let answer = room.run_with_stdin(line, EVENTS.as_bytes()).expect(0);
    assert_eq!(answer.hits().len(), 2);
    let both = "scan --rules rules --source none -o ndjson --follow --follow-idle 0.5 - events.ndjson";
    assert_eq!(room.run_with_stdin(both, EVENTS.as_bytes()).expect(0).hits().len(), 4);
}

#[test]
fn options_that_need_follow_say_so() {
    let room = Room::new();
    for option in ["--watch-rules", "--follow-idle=3"] {
        let answer = room.run(&format!("scan --rules rules {option} events.ndjson")).expect(2);
        assert!(answer.err.contains("is for scans that go on; write --follow as well"), "{}", answer.err);
    }
    let answer = room.run("scan --rules rules --follow --follow-idle soon events.ndjson").expect(2);
    assert!(answer.err.contains("write a number of seconds such as 30 or 0.5"), "{}", answer.err);
}

#[test]
fn broken_rules_are_told_before_the_first_event() {
    let room = Room::new();
    room.file("rules/broken.yml", "title: Broken\ndetection: [\n");
    room.file("empty.ndjson", "");
    let answer = room.run("scan --rules rules -F --follow-idle 0.3 empty.ndjson").expect(0);
    assert!(answer.err.contains("rules/broken.yml:"), "{}", answer.err);
    let answer = room.run("scan --rules rules --rule nobody -F empty.ndjson").expect(4);
    assert!(answer.err.contains("`nobody`"), "{}", answer.err);
}

#[test]
fn an_empty_directory_is_waited_for_also_under_strict() {
    let room = Room::new();
    std::fs::create_dir(room.path("logs")).unwrap();
    room.run("scan --rules rules --strict -F --follow-idle 0.3 logs").expect(0);
}

struct Running {
    room: Room,
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Running {
    fn start(line: &str) -> Self {
        let room = Room::new();
        let mut command = room.command(line.split(' '));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        Self { room, child, out, err }
    }

    fn append(&self, text: &str) {
        let mut file = OpenOptions::new().append(true).open(self.room.path("events.ndjson")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// Messages up to the one with this text.
    fn errors_until(&mut self, text: &str) -> String {
        let mut all = String::new();
        while !all.contains(text) {
            assert!(self.err.read_line(&mut all).unwrap() > 0, "{all}");
        }
        all
    }

    fn interrupt(mut self) -> (i32, String, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        let mut err = String::new();
        self.err.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), out, err)
    }
}

#[cfg(unix)]
#[test]
fn results_come_at_once_and_an_interrupted_scan_tells_its_summary() {
    let mut run = Running::start("scan --rules rules --source none -o list --follow events.ndjson");
    assert!(run.line().contains("Whoami Started"));
    assert!(run.line().contains("Log Cleared"));
    run.append("{\"EventID\":1102}\n");
    let line = run.line();
    assert!(line.contains("Log Cleared") && line.contains("events.ndjson:4"), "{line}");
    run.append("{\"EventID\":1102}");
    std::thread::sleep(Duration::from_millis(1500));
    let (code, out, err) = run.interrupt();
    assert_eq!(code, 130, "{err}");
    assert!(out.contains("events.ndjson:5"), "{out}");
    assert!(err.contains("interrupted") && out.contains("5 events"), "{out}{err}");
}

#[cfg(unix)]
#[test]
fn rules_that_change_are_told_with_what_is_wrong_with_them() {
    let mut run = Running::start("scan --rules rules --source none -o ndjson --follow --watch-rules events.ndjson");
    assert!(run.line().contains("Whoami Started"));
    assert!(run.line().contains("Log Cleared"));
    run.room.file("rules/whoami.yml", WHOAMI.replace("whoami.exe", "cmd.exe").replace("Whoami Started", "Shell"));
    run.room.file("rules/broken.yml", "title: Broken\ndetection: [\n");
    let before = run.errors_until("rules reloaded");
    run.append(EVENTS);
    let line = run.line();
    assert!(line.contains("\"Shell\"") && line.contains("\"line\":5"), "{line}");
    let (code, _, after) = run.interrupt();
    let err = format!("{before}{after}");
    assert_eq!(code, 130, "{err}");
    assert!(err.contains("rules reloaded: 1 added, 0 removed, 1 changed"), "{err}");
    assert!(err.contains("rules/broken.yml:"), "{err}");
}
