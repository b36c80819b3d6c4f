//! Files that grow, are rotated, truncated, appear and vanish while they are scanned, and rules that change.
//!
//! ```text
//!  test thread: write ─▶ files ─▶ scan on a thread of its own ─▶ lines such as "+ a.ndjson:3" ─▶ expected
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tieline_common::load::RuleOptions;
use tieline_common::reload::{Recipe, RuleWatch};
use tieline_common::scan::{End, Follow, Notice, Outcome, ScanOptions, Totals, scan};
use tieline_common::source::SourceChoice;

/// Far more than anything here takes.
const TOO_LONG: Duration = Duration::from_secs(20);

fn rule(title: &str, value: &str) -> String {
    format!(
        "title: {title}\nlogsource: {{product: any}}\ndetection:\n    s: {{hit: {value}}}\n    condition: s\nlevel: low\n"
    )
}

struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let room = Self { folder: tempfile::tempdir().unwrap() };
        room.write("rules/hit.yml", &rule("Hit", "yes"));
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn follow(&self, names: &[&str]) -> Running {
        self.start(names, None, 2)
    }

    fn start(&self, names: &[&str], idle: Option<Duration>, threads: usize) -> Running {
        let files: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        let recipe = Recipe {
            rules: vec![self.path("rules")],
            options: RuleOptions::default(),
            choice: SourceChoice::None,
            ..Recipe::default()
        };
        let (stop, root) = (Arc::new(AtomicBool::new(false)), self.folder.path().to_path_buf());
        let (sender, told) = channel();
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let rules = RuleWatch::new(recipe);
            let mut plan = rules.recipe().plan().unwrap();
            let follow = Some(Follow { idle, rules: Some(rules) });
            let options = ScanOptions { follow, stop: flag, threads, ..ScanOptions::default() };
            scan(&mut plan, &files, &options, &mut |notice| tell(&notice, &root, &sender)).unwrap()
        });
        Running { told, stop, thread }
    }
}

/// A notice as one line.
fn tell(notice: &Notice<'_>, root: &Path, sender: &Sender<String>) -> ControlFlow<()> {
    let short = |file: &str| Path::new(file).strip_prefix(root).unwrap().display().to_string();
    let line = match notice {
        Notice::Found(found) => format!("{} {}:{}", found.rule_title, short(found.file), found.line),
        Notice::Changed { file, change } => format!("{}: {change:?}", short(file)),
        Notice::BadEvent(event) => format!("bad {}:{}", short(event.file), event.line),
        Notice::BadFile(error) => format!("bad {}", short(&error.path().display().to_string())),
        Notice::Reloaded { changes, .. } => format!("reloaded: {changes}"),
        Notice::Kept { diagnostics, .. } => format!("kept, {} faults", diagnostics.len()),
        _ => return ControlFlow::Continue(()),
    };
    sender.send(line).map_or(ControlFlow::Break(()), |()| ControlFlow::Continue(()))
}

struct Running {
    told: Receiver<String>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Outcome>,
}

impl Running {
    /// The next lines are these.
    #[track_caller]
    fn expect(&self, lines: &[&str]) {
        for expected in lines {
            let found = self.told.recv_timeout(TOO_LONG);
            assert_eq!(found.as_deref(), Ok(*expected));
        }
    }

    #[track_caller]
    fn expect_silence(&self, time: Duration) {
        assert_eq!(self.told.recv_timeout(time), Err(RecvTimeoutError::Timeout));
    }

    /// Stops the scan: these lines come, and no more.
    #[track_caller]
    fn stop(self, lines: &[&str]) -> Totals {
        self.stop.store(true, Ordering::Relaxed);
        let Outcome { totals, end, .. } = self.thread.join().unwrap();
        assert_eq!(end, End::Interrupted);
        assert_eq!(self.told.iter().collect::<Vec<_>>(), lines);
        totals
    }
}

const HIT: &str = "{\"hit\":\"yes\"}\n";
const MISS: &str = "{\"hit\":\"no\"}\n";

#[test]
fn what_is_appended_is_scanned_and_a_half_line_waits() {
    for threads in [1, 2] {
        let room = Room::new();
        room.write("a.ndjson", &format!("{HIT}{MISS}"));
        let run = room.start(&["a.ndjson"], None, threads);
        run.expect(&["Hit a.ndjson:1"]);
        room.append("a.ndjson", format!("{HIT}{{\"hit\":"));
        run.expect(&["Hit a.ndjson:3"]);
        run.expect_silence(Duration::from_millis(500));
        room.append("a.ndjson", "\"yes\"}");
        run.expect_silence(Duration::from_millis(500));
        room.append("a.ndjson", "\n");
        run.expect(&["Hit a.ndjson:4"]);
        room.append("a.ndjson", "{\"hit\":\"yes\"}");
        run.expect_silence(Duration::from_millis(500));
        let totals = run.stop(&["Hit a.ndjson:5"]);
        assert_eq!((totals.events, totals.detections, totals.bad_events, totals.files), (5, 4, 0, 1));
        assert_eq!(totals.bytes, fs::metadata(room.path("a.ndjson")).unwrap().len());
    }
}

#[test]
fn a_last_line_that_breaks_off_is_told_and_not_evaluated() {
    let room = Room::new();
    room.write("a.ndjson", &format!("{HIT}{{\"hit\":\"y"));
    room.write("b.ndjson", "{\"hit\":\"yes\"}");
    room.write("c.ndjson", "{\"hit\":");
    room.write("d.ndjson", " \n");
    let run = room.follow(&["a.ndjson", "b.ndjson", "c.ndjson", "d.ndjson"]);
    run.expect(&["Hit a.ndjson:1"]);
    run.expect_silence(Duration::from_millis(500));
    run.stop(&["a.ndjson: HalfLine", "Hit b.ndjson:1", "c.ndjson: HalfLine"]);
}

#[test]
fn several_files_of_several_formats_are_interleaved_as_they_grow() {
    let room = Room::new();
    room.write("a.ndjson", HIT);
    room.write("b.csv", "hit,other\nyes,1\n");
    let zeek = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tx\n#fields\thit\n#types\tstring\n";
    room.write("c.log", &format!("{zeek}yes\n"));
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    room.append("d.ndjson", utf16(&format!("\u{feff}{HIT}")));
    let run = room.follow(&["a.ndjson", "b.csv", "c.log", "d.ndjson"]);
    run.expect(&["Hit a.ndjson:1", "Hit b.csv:2", "Hit c.log:8", "Hit d.ndjson:1"]);
    for turn in 1..4 {
        room.append("b.csv", "no,2\nye");
        room.append("b.csv", "s,2\n");
        run.expect(&[&format!("Hit b.csv:{}", 2 + 2 * turn)]);
        room.append("d.ndjson", utf16(HIT));
        run.expect(&[&format!("Hit d.ndjson:{}", turn + 1)]);
        room.append("c.log", "no\nyes\n");
        run.expect(&[&format!("Hit c.log:{}", 8 + 2 * turn)]);
        room.append("a.ndjson", HIT);
        run.expect(&[&format!("Hit a.ndjson:{}", turn + 1)]);
    }
    run.stop(&[]);
}

#[test]
fn a_rotated_file_is_finished_before_the_new_one_begins() {
    let room = Room::new();
    room.write("a.ndjson", HIT);
    let run = room.follow(&["a.ndjson"]);
    run.expect(&["Hit a.ndjson:1"]);
    room.append("a.ndjson", format!("{MISS}{HIT}"));
    room.rename("a.ndjson", "a.ndjson.1");
    room.write("a.ndjson", HIT);
    run.expect(&["Hit a.ndjson:3", "a.ndjson: Rotated", "Hit a.ndjson:1"]);
    // Who writes may find out late.
    room.append("a.ndjson.1", HIT);
    run.expect(&["Hit a.ndjson:4"]);
    room.append("a.ndjson", HIT);
    run.expect(&["Hit a.ndjson:2"]);
    let totals = run.stop(&[]);
    assert_eq!((totals.files, totals.events), (2, 6));
}

#[test]
fn a_file_renamed_within_its_directory_is_not_read_again() {
    let room = Room::new();
    room.write("logs/b.ndjson", HIT);
    let run = room.follow(&["logs"]);
    run.expect(&["Hit logs/b.ndjson:1"]);
    room.rename("logs/b.ndjson", "logs/a-old.ndjson");
    room.write("logs/b.ndjson", HIT);
    run.expect(&["logs/b.ndjson: Rotated", "Hit logs/b.ndjson:1"]);
    // Long enough to be looked at again, under its new name.
    std::thread::sleep(Duration::from_secs(2));
    room.append("logs/a-old.ndjson", HIT);
    let line = run.told.recv_timeout(TOO_LONG).unwrap();
    assert!(line == "Hit logs/b.ndjson:2" || line == "Hit logs/a-old.ndjson:2", "{line}");
    // What a rotating tool packs was read before.
    room.write("logs/a-old.ndjson.gz", "\u{1f}");
    run.expect(&["logs/a-old.ndjson.gz: PackedCopy"]);
    run.stop(&[]);
}

#[test]
fn a_truncated_file_begins_anew() {
    let room = Room::new();
    room.write("a.ndjson", &format!("{MISS}{HIT}"));
    let run = room.follow(&["a.ndjson"]);
    run.expect(&["Hit a.ndjson:2"]);
    room.write("a.ndjson", "");
    run.expect(&["a.ndjson: Truncated"]);
    room.append("a.ndjson", HIT);
    run.expect(&["Hit a.ndjson:1"]);
    run.stop(&[]);
}

#[test]
fn new_files_in_a_directory_are_read_and_files_that_vanish_are_told_once() {
    let room = Room::new();
    fs::create_dir_all(room.path("logs")).unwrap();
    let run = room.follow(&["logs", "later.ndjson"]);
    run.expect(&["later.ndjson: Awaited"]);
    room.write("logs/deep/a.ndjson", HIT);
    room.write("logs/deep/a.txt", HIT);
    room.write("logs/.hidden.ndjson", HIT);
    run.expect(&["Hit logs/deep/a.ndjson:1"]);
    room.write("later.ndjson", HIT);
    run.expect(&["Hit later.ndjson:1"]);
    fs::remove_file(room.path("logs/deep/a.ndjson")).unwrap();
    run.expect(&["logs/deep/a.ndjson: Gone"]);
    run.expect_silence(Duration::from_millis(1500));
    room.write("logs/deep/a.ndjson", HIT);
    run.expect(&["Hit logs/deep/a.ndjson:1"]);
    run.stop(&[]);
}

#[test]
fn what_cannot_grow_is_read_once_and_told() {
    let room = Room::new();
    room.write("logs/a.json", "[{\"hit\":\"yes\"}]");
    let run = room.follow(&["logs"]);
    run.expect(&["logs/a.json: Whole(JsonArray)", "Hit logs/a.json:1"]);
    room.write("logs/b.json", "[{\"hit\":\"yes\"},");
    std::thread::sleep(Duration::from_millis(1300));
    room.append("logs/b.json", "{\"hit\":\"yes\"}]");
    run.expect(&["logs/b.json: Whole(JsonArray)", "Hit logs/b.json:1", "Hit logs/b.json:2"]);
    room.write("logs/a.json", "[]");
    run.expect(&["logs/a.json: ChangedLater"]);
    // One object over several lines looks like a broken line at first.
    room.write("logs/c.json", "{\n");
    std::thread::sleep(Duration::from_millis(1300));
    room.append("logs/c.json", "  \"hit\": \"yes\"\n}\n");
    run.expect(&["logs/c.json: Whole(JsonArray)", "Hit logs/c.json:1"]);
    run.stop(&[]);
}

#[test]
fn a_file_that_never_comes_is_an_error_in_the_end() {
    let room = Room::new();
    let run = room.follow(&["never.ndjson"]);
    run.expect(&["never.ndjson: Awaited"]);
    let totals = run.stop(&["bad never.ndjson"]);
    assert_eq!(totals.bad_files, 1);
}

#[test]
fn a_quiet_scan_ends_when_that_is_asked_for() {
    let room = Room::new();
    room.write("a.ndjson", &format!("{HIT}{HIT}"));
    let started = Instant::now();
    let run = room.start(&["a.ndjson"], Some(Duration::from_millis(700)), 2);
    run.expect(&["Hit a.ndjson:1", "Hit a.ndjson:2"]);
    room.append("a.ndjson", "{\"hit\":\"yes\"}");
    let Outcome { totals, end, .. } = run.thread.join().unwrap();
    assert_eq!((end, totals.events), (End::Finished, 3));
    assert!(started.elapsed() >= Duration::from_millis(700));
}

#[test]
fn long_files_are_read_whole_and_in_order() {
    let room = Room::new();
    let padded = format!("{{\"hit\":\"no\",\"pad\":\"{}\"}}\n", "x".repeat(1000));
    // More than the batches of one turn.
    let text = padded.repeat(20_000) + HIT;
    room.write("a.ndjson", &text);
    room.write("b.ndjson", HIT);
    let run = room.follow(&["a.ndjson", "b.ndjson"]);
    run.expect(&["Hit a.ndjson:20001", "Hit b.ndjson:1"]);
    room.append("a.ndjson", &text);
    run.expect(&["Hit a.ndjson:40002"]);
    let totals = run.stop(&[]);
    assert_eq!(totals.events, 40_003);
}

#[test]
fn rules_are_read_anew_between_batches_and_kept_when_none_is_left() {
    let room = Room::new();
    room.write("a.ndjson", HIT);
    let run = room.follow(&["a.ndjson"]);
    run.expect(&["Hit a.ndjson:1"]);
    room.write("rules/hit.yml", &rule("Hit", "other"));
    room.write("rules/no.yml", &rule("No", "no"));
    run.expect(&["reloaded: 1 added, 0 removed, 1 changed"]);
    room.append("a.ndjson", format!("{HIT}{MISS}"));
    run.expect(&["No a.ndjson:3"]);
    // One is broken, the other is used.
    room.write("rules/hit.yml", "title: Hit\ndetection: [\n");
    run.expect(&["reloaded: 0 added, 0 removed, 1 changed"]);
    room.append("a.ndjson", MISS);
    run.expect(&["No a.ndjson:4"]);
    // Nothing is left, then no file is left: the rules before stay.
    room.write("rules/no.yml", "title: No\ndetection: [\n");
    run.expect(&["kept, 2 faults"]);
    room.append("a.ndjson", MISS);
    run.expect(&["No a.ndjson:5"]);
    room.rename("rules", "gone");
    run.expect(&["kept, 0 faults"]);
    room.append("a.ndjson", MISS);
    run.expect(&["No a.ndjson:6"]);
    room.write("rules/hit.yml", &rule("Hit", "yes"));
    run.expect(&["reloaded: 0 added, 1 removed, 1 changed"]);
    room.append("a.ndjson", format!("{HIT}{MISS}"));
    run.expect(&["Hit a.ndjson:7"]);
    let totals = run.stop(&[]);
    assert_eq!(totals.events, 8);
}

#[test]
fn a_rule_that_is_being_written_is_waited_for() {
    let room = Room::new();
    room.write("a.ndjson", HIT);
    let run = room.follow(&["a.ndjson"]);
    run.expect(&["Hit a.ndjson:1"]);
    for piece in rule("No", "no").split_inclusive('\n') {
        room.append("rules/no.yml", piece);
        run.expect_silence(Duration::from_millis(400));
    }
    run.expect(&["reloaded: 1 added, 0 removed, 0 changed"]);
    room.append("a.ndjson", MISS);
    run.expect(&["No a.ndjson:2"]);
    run.stop(&[]);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_beside_files_and_holds_nothing_up() {
    let room = Room::new();
    room.write("a.ndjson", HIT);
    let pipe = room.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = room.follow(&["pipe", "a.ndjson"]);
    run.expect(&["Hit a.ndjson:1"]);
    let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
    writer.write_all(HIT.as_bytes()).unwrap();
    run.expect(&["Hit pipe:1"]);
    room.append("a.ndjson", HIT);
    run.expect(&["Hit a.ndjson:2"]);
    run.stop(&[]);
}

#[test]
fn no_event_is_lost_or_evaluated_twice_while_rules_change() {
    let room = Room::new();
    room.write("a.ndjson", "");
    let run = room.follow(&["a.ndjson"]);
    let until = Instant::now() + Duration::from_secs(6);
    let (mut written, mut level) = (0_u64, 0);
    while Instant::now() < until {
        room.append("a.ndjson", HIT.repeat(50));
        written += 50;
        if written.is_multiple_of(1000) {
            level += 1;
            room.write("rules/more.yml", &rule(&format!("More {level}"), "more"));
            // The rules rest for a while, so that they are taken.
            std::thread::sleep(Duration::from_millis(1500));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut lines = Vec::new();
    while (lines.len() as u64) < written {
        let line = run.told.recv_timeout(TOO_LONG).unwrap();
        if line.starts_with("Hit") {
            lines.push(line);
        }
    }
    let expected: Vec<String> = (1..=written).map(|line| format!("Hit a.ndjson:{line}")).collect();
    assert_eq!(lines, expected);
    run.stop.store(true, Ordering::Relaxed);
    assert_eq!(run.thread.join().unwrap().totals.detections, written);
}

#[test]
fn windows_stay_when_rules_change() {
    let rule = |name: &str, text: &str| {
        format!(
            "title: {name}\nname: {name}\nlogsource: {{category: c}}\ndetection: {{s: {{a: {text}}}, condition: s}}\n"
        )
    };
    let pair = |title: &str| {
        let correlation = "{type: temporal_ordered, rules: [first, second], timespan: 1h}";
        format!(
            "{}---\n{}---\nid: 00000000-0000-4000-8000-00000000000a\ntitle: {title}\ncorrelation: {correlation}\n",
            rule("first", "1"),
            rule("second", "2")
        )
    };
    let room = Room::new();
    room.write("rules/pair.yml", &pair("pair"));
    room.write("log.ndjson", "{\"a\":1,\"time\":\"2026-11-23T08:00:00Z\"}\n");
    let run = room.follow(&["log.ndjson"]);
    std::thread::sleep(Duration::from_millis(500));
    room.write("rules/pair.yml", &pair("pair of before"));
    room.write("rules/other.yml", &rule("other", "3"));
    let told = run.told.recv_timeout(TOO_LONG).unwrap();
    assert!(told.starts_with("reloaded: 1 added, 0 removed, 1 changed"), "{told}");
    room.append(
        "log.ndjson",
        "{\"a\":2,\"time\":\"2026-11-23T08:10:00Z\"}\n{\"a\":9,\"time\":\"2026-11-23T08:20:00Z\"}\n",
    );
    run.expect(&["pair of before log.ndjson:2"]);
    run.stop(&[]);
}
